//! What arrives from outside, thrown at the door of the parser.
#![allow(clippy::unwrap_used, reason = "a test that meets the unexpected fails")]

mod members;
mod soup;
