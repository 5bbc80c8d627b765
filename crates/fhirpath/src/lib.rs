//! FHIRPath: the path and rule language of FHIR, compiled once against the R4 tables and evaluated over JSON trees
//! without copying them. Specification: <http://hl7.org/fhirpath/N1/> (2.0.0, the edition of R4) with the functions of
//! <https://hl7.org/fhir/R4/fhirpath.html>.
//!
//! It deliberately does not know: storage, terminology, profiles, who asks, what time it is. Whatever an expression
//! may ask of the world (`resolve`, `memberOf`, `conformsTo`, `now`) comes from the caller through [`Host`] and
//! [`Environment`]. It does no I/O.
//!
//! Nothing a client sends makes an evaluation unbounded: text, nesting, steps, items, strings and regular
//! expressions all have limits ([`Limits`]).
//!
//! Start reading at [`Program`] (compile and evaluate), then [`parse`] (the grammar), [`schema`] (the types),
//! [`compile`] (names become types) and [`eval`] (what happens at run time).

mod ast;
mod compile;
mod decimal;
mod environment;
mod error;
mod eval;
mod functions;
mod lex;
mod op;
pub mod output;
mod parse;
mod program;
mod quantity;
pub mod schema;
mod shape;
pub mod temporal;
pub mod ucum;
mod unescape;
mod value;

pub use environment::{Environment, Host, Limits, NoHost};
pub use error::PathError;
pub use functions::names as function_names;
pub use program::{CompileOptions, Program};
pub use quantity::Quantity;
pub use rust_decimal::Decimal;
pub use shape::{Shape, system_type};
pub use value::{Item, Node, TypeDescription};
