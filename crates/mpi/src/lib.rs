//! Who is who: what a person typed or scanned, whether two Patients are one person, and finding people.
//!
//! It deliberately does not know: how a claim file or a page looks, where a database is (it reads and writes through
//! `records` and keeps its tables in the derived part of the store), and who may decide a doubt. People are linked,
//! never rewritten: nothing here changes a Patient.
//!
//! [`linking`] weighs two records by all that is known of them; [`link`] decides by numbers alone, as data arrives.
//!
//! Start reading at [`link`] (when two Patients are one person: pure), then [`linkage`] (a decision as FHIR),
//! [`follower`] (deciding as data arrives) and [`find`] (the one search box, which reads [`asked`]).

pub mod asked;
pub mod birth;
pub mod evidence;
pub mod find;
pub mod follower;
pub mod identifier;
pub mod link;
pub mod linkage;
pub mod linking;
pub mod name;
pub mod patient;
pub mod person;
pub mod qr;
pub mod temporary;

mod deciding;
mod intake;
mod rank;
mod table;

pub use asked::{Asked, Query, understand};
