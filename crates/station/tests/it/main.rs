//! The station's rooms through their handlers, in process, with the clock in the hands of the test.
#![allow(clippy::unwrap_used)] // a test stops where something is not as it should be

mod house;
mod medicines;
mod month;
mod truth;
mod turns;
