//! FHIR R4 resources as JSON trees: parsing with bounds, compact bytes, dates with their precision,
//! the R4 definitions as tables, and the one error ([`Outcome`]) that travels upward.
//!
//! It deliberately does not know: storage, who asks, the network, any profile or law. It does no I/O and
//! reads no clock.
//!
//! Start reading at [`resource`] (what a resource is here), then [`guard`] (what is refused before parsing).

pub mod date;
pub mod defs;
pub mod guard;
pub mod json;
pub mod outcome;
pub mod resource;
pub mod text;
pub mod view;

pub use date::{DateRange, Day};
pub use outcome::{Issue, Kind, Outcome, Severity};
pub use resource::{Limits, Resource};
