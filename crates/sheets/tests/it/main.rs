//! Workbooks made here go in, editions of content come out.

#![allow(clippy::unwrap_used)] // a test fails by panicking

mod broken;
mod kit;
mod layouts;
mod writing;
