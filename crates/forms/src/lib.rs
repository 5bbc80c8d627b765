//! Forms: a Questionnaire becomes a page, what is typed becomes answers, answers become resources, and what the record holds
//! already is filled in before anybody types. Structured Data Capture: <https://hl7.org/fhir/uv/sdc/STU3/>
//!
//! A questionnaire is compiled once ([`Form::compile`]): every fault is told at once with its place, expressions are checked
//! against R4's tables. A room then gives what surrounds the form ([`Setting`]: whom it is about, the clock, answers to the
//! form's own queries), begins ([`Form::begin`]) or takes what was posted ([`Form::take`]), draws it ([`page`]), and asks for
//! the response and the resources ([`Filling::response`], [`Filling::extract`]).
//!
//! It deliberately does not know: storage, who asks, HTTP, the clock, chance. Queries are texts that the caller answers;
//! ids come from the caller. It writes nothing: what it extracts is handed to the one door by the room.
//!
//! Nothing a browser posts makes it unbounded: fields, lengths, rows, passes and steps have limits ([`limits`]).
//!
//! Start reading at [`Form`] (what a compiled form is), then [`Sheet`] (what stands on it), [`fill`] (how answers
//! move), [`page`] (how it is drawn); [`library`] holds the forms that content brings.

mod choices;
mod compile;
mod enable;
mod evaluate;
mod example;
mod extract;
mod fault;
pub mod fill;
mod form;
mod judge;
pub mod library;
pub mod limits;
mod measure;
pub mod page;
mod post;
pub mod printed;
mod read;
mod response;
mod setting;
mod sheet;
mod value;

#[cfg(test)]
mod tests;

pub use choices::{Choices, NoChoices, OfTerminology};
pub use evaluate::Broken;
pub use example::Played;
pub use extract::{Act, Extracted};
pub use fill::{Filling, Note, Step};
pub use form::{Form, Item, Kind};
pub use judge::{Fault, Weight};
pub use library::Library;
pub use response::Head;
pub use setting::{Query, Setting};
pub use sheet::{Answer, Row, Sheet, Slot, Spot};
