//! Who should come and when: what the vaccination schedules of content ask for a child, when people in a programme of chronic
//! care are expected, and the lists of whom to call.
//!
//! It deliberately does not know: pages, how a dose or a visit is written down, who may see the list (the door says that of each
//! person). Nothing here is typed by anybody: the tables are made of Patients, Immunizations, Conditions and Appointments, and
//! the log alone determines them.
//!
//! Start reading at [`forecast`] (pure: a schedule, a child, the doses so far), [`chronic`] (who is in a programme), then
//! [`follower`] (the tables) and [`list`] (whom to call).

pub mod chronic;
pub mod dose;
pub mod example;
pub mod follower;
pub mod forecast;
pub mod list;

mod table;

pub use dose::Given;
pub use forecast::{Child, Course, Dated, Next, Standing, forecast};

/// The schedule of the national programme for children.
pub const CHILDREN: &str = "epi-child";
