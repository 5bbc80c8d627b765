//! Views: rows and columns out of resources, as a ViewDefinition says (SQL on FHIR v2, with `repeat` and `%rowIndex`).
//! Specification: <https://build.fhir.org/ig/FHIR/sql-on-fhir-v2/StructureDefinition-ViewDefinition.html>
//!
//! A definition is compiled once: every fault is told at once with its place
//! (`ViewDefinition.select[0].column[2].path`), expressions are checked against R4's tables. Then it gives rows for
//! one resource after the other, over the JSON tree, without copying it.
//!
//! It deliberately does not know: where resources come from, who asks, other formats than text (Parquet is a crate of
//! its own).
//!
//! Nothing a client sends makes it unbounded: size and depth of a definition, steps, repetitions, rows and cells of
//! one resource have limits ([`Limits`]). How many resources there are is the caller's business.
//!
//! Start reading at [`View`], then [`compile`] (the definition becomes programs) and [`run`] (programs become rows);
//! [`library`] holds the views that content brings.

mod column;
mod compile;
mod constant;
mod fault;
pub mod library;
mod output;
mod read;
mod run;
mod select;

pub use column::{Column, Form};
pub use library::Library;
pub use output::{Format, Writer};
pub use run::{Cell, Row};
pub use select::{Left, Limits, View};
