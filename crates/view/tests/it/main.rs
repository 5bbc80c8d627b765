//! Views from outside: the cases of the specification's working group, and our own.

#![allow(clippy::unwrap_used)] // tests, their helpers included

mod conformance;
mod faults;
mod guide;
mod library;
mod published;
mod rows;
mod soup;
