//! The reading side of claims, tested on whole files.

mod dialects;
mod example;
mod hostile;
mod importing;
mod mapping;
mod r4;
mod refusals;
mod synth;
