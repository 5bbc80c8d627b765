//! What apps of others are, ask for and prove: SMART on FHIR 2. <https://hl7.org/fhir/smart-app-launch/STU2.2/>
//!
//! Start at [`scope`] (what is asked), [`client`] (who asks), [`assertion`] and [`keys`] (what is signed), [`tables`] (what this
//! node remembers). Nothing here grants: the gate of `yba-records` does.

pub mod assertion;
pub mod client;
pub mod keys;
pub mod scope;
pub mod tables;

pub use client::Client;
pub use scope::{Narrowing, Scopes};
pub use tables::AppTables;
