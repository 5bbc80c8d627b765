//! The language as its specification writes it, from outside: files of expressions and what they give.

#![allow(clippy::unwrap_used)] // tests, their helpers included

mod bounds;
mod cases;
mod host;
mod soup;
mod typing;
