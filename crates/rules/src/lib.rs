//! Rules of content that remind while something is written down: compiled once, asked of what is entered and of what the record knows.
//! A rule fires and becomes a [`Card`]: words, what to do, how grave, on what ground, on which records.
//!
//! A caller makes a [`Case`] (the moment, the patient, what is being entered), asks which searches the rules want answered
//! ([`Library::wanted`]: none, mostly), answers them with what the person at work may see ([`Found`]), and gets a [`Verdict`]
//! ([`Library::judge`]).
//!
//! It deliberately does not know: storage, who asks, HTTP, the clock. It writes nothing. A rule that breaks is told beside the others, which
//! go on; a rule whose question was not answered is not asked, and that is told too.
//!
//! Nothing makes it unbounded: rules, cards, records of a question, and steps of a rule and of all of them have limits ([`limits`]).
//!
//! Start reading at [`Library`], then `judge.rs`; [`example`] tries what content promises.

mod card;
mod case;
mod compile;
mod environment;
pub mod example;
mod judge;
mod library;
pub mod limits;
mod words;

pub use card::{Card, Fault, Verdict};
pub use case::{Case, Found};
pub use library::{Library, Search};
pub use yba_content::rules::{Moment, Severity};
