//! The language as its specification writes it, from outside: files of expressions and what they give.

mod bounds;
mod cases;
mod host;
mod soup;
mod typing;
