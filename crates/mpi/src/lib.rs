//! Who is who: what a person typed or scanned, whether two Patients are one person, and finding people.
//!
//! It deliberately does not know: how a claim file or a page looks, where a database is (it reads and writes through
//! `records` and keeps its tables in the derived part of the store), and who may decide a doubt. People are linked,
//! never rewritten: nothing here changes a Patient.
//!
//! Start reading at [`linking`] (when two records are one person's: pure), then [`linkage`] (a decision as FHIR),
//! [`follower`] (deciding as data arrives), [`by_hand`] (people decide) and [`find`] (the one search box, which reads [`asked`]).

pub mod asked;
pub mod birth;
pub mod by_hand;
pub mod counting;
pub mod doubts;
pub mod evidence;
pub mod find;
pub mod follower;
pub mod identifier;
pub mod linkage;
pub mod linking;
pub mod matching;
pub mod name;
pub mod patient;
pub mod person;
pub mod qr;
pub mod story;
pub mod temporary;
pub mod weights;

mod deciding;
mod group;
mod intake;
mod linker;
mod rank;
mod table;

pub use asked::{Asked, Query, understand};
