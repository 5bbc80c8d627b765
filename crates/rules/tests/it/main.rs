//! The rules of content and the bounds of the engine.

#![allow(clippy::unwrap_used)] // a test fails by panicking

mod bounds;
mod content;
