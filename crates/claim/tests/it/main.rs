//! The reading side of claims, tested on whole files.

// Helpers of tests may panic like tests.
#![allow(clippy::unwrap_used)]

mod dialects;
mod example;
mod hostile;
mod importing;
mod mapping;
mod r4;
mod refusals;
mod synth;
