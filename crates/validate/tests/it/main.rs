//! Judging resources as a caller does.

mod invented;
mod structure;
