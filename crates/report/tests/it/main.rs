//! Registers and reports on real stores.

#![allow(clippy::unwrap_used)] // a test fails by panicking

mod closing;
mod content;
mod drugs;
mod following;
mod house;
mod reach;
mod station;
