//! Judging resources as a caller does.

// Helpers of tests may panic like tests.
#![allow(clippy::unwrap_used)]

mod content;
mod damage;
mod hl7;
mod invented;
mod profiles;
mod rules;
mod soup;
mod structure;
