//! Who should come and when: what the vaccination schedules of content ask for a child, when people in a programme of chronic
//! care are expected, and the lists of whom to call; and the household book, of everybody a station answers for.
//!
//! It deliberately does not know: pages, how a dose or a visit is written down, who may see the list (the door says that of each
//! person). Nothing here is typed by anybody: the tables are made of Patients, Immunizations, Conditions, Appointments,
//! Encounters and QuestionnaireResponses, and the log alone determines them.
//!
//! Start reading at [`forecast`] (pure: a schedule, a child, the doses so far), [`chronic`] (who is in a programme), then
//! [`follower`] (the tables), [`list`] (whom to call), [`coverage`] (who has got what) and [`book`] (who lives with whom, and what their
//! records lack).

pub mod book;
pub mod chronic;
pub mod cohort;
pub mod coverage;
pub mod dose;
pub mod example;
pub mod follower;
pub mod forecast;
pub mod list;
pub mod standard;

mod member;
mod table;

pub use dose::Given;
pub use forecast::{Child, Course, Dated, Next, Standing, forecast};

/// The schedule of the national programme for children.
pub const CHILDREN: &str = "epi-child";
