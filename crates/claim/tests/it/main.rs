//! The reading side of claims, tested on whole files.

mod example;
mod synth;
