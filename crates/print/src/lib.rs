//! The month on paper and as files: registers, reports and filled-in forms as PDF, as workbooks and as XML.
//!
//! What is printed becomes a [`paper::Paper`]: columns, typed cells, whose it is and what it was made of. A template of
//! content ([`library`]) draws it; [`typeset`] compiles template and paper to PDF with nothing else within its reach, no
//! file, no network, no clock; [`printer`] does that in a process of its own, one after the other, so that what a sheet
//! took in memory and time ends with it. [`workbook`] and [`xml`] write the same paper for spreadsheets and programs.
//!
//! It deliberately does not know: records, permission, pages, and any particular form.

pub mod bundle;
pub mod child;
pub mod examples;
pub mod filled;
pub mod fridge;
pub mod health_record;
pub mod library;
pub mod paper;
mod person;
pub mod prescription;
pub mod printer;
pub mod reaction;
pub mod session;
pub mod typeset;
pub mod workbook;
pub mod xml;

pub use library::Library;
pub use paper::Paper;
pub use printer::Printer;
