//! The reading side of insurance claims: the files every Vietnamese hospital system writes (XML of QĐ 4210, 4750,
//! 3176, 1931) become visits in the record (DESIGN 25).
//!
//! It deliberately does not know: HTTP, pages, who people are across facilities (each facility keeps its own Patient;
//! `mpi` follows the log and links), and what the columns are (that is content). Writing claims comes later.
//!
//! Start reading at [`import::import`], the one thing that does I/O. It strings together pure steps, which can be
//! used alone:
//!
//! 1. [`envelope::read`]: bytes to [`visit::VisitFile`]s, whatever the vendor's dialect; [`envelope::join`] for files
//!    without an envelope.
//! 2. [`judge`]: a visit understood by the edition in force when it ended, with everything that is wrong with it.
//! 3. [`map`](fn@map): an understood visit to resources. Nothing is read from the store.
//!
//! Which visit goes in: see `check.rs`. Which of two files about a visit is the newer: see `map/provenance.rs`. What
//! several visits say about one person: see `merge.rs`.

// A refusal is rare and carries its whole place; boxing it would only hide that.
#![allow(clippy::result_large_err)]

pub mod bounds;
mod check;
mod decode;
pub mod envelope;
pub mod id;
pub mod identity;
pub mod import;
pub mod map;
mod merge;
mod money;
pub mod problem;
mod reject;
pub mod report;
mod rows;
pub mod shapes;
mod source;
mod suspect;
pub mod table;
mod take;
pub mod value;
pub mod visit;
mod xml;

pub use bounds::Bounds;
pub use id::{ProvinceKey, organization_id};
pub use import::{Options, import};
pub use map::Mapped;
pub use problem::{Problem, Severity};
pub use report::{Progress, Report, Visits};
pub use shapes::Shapes;
pub use visit::VisitFile;

use problem::Problems;
use yba_content::Content;

/// A visit with the verdict about it.
#[derive(Debug)]
pub struct Judged<'c> {
    pub visit: table::Visit<'c>,
    /// Everything found, errors and hints.
    pub problems: Vec<Problem>,
    /// Whether an error keeps the visit out.
    pub refused: bool,
}

/// Understands a visit by the edition of the day it ended, and checks it.
pub fn judge<'c>(file: &VisitFile, content: &'c Content) -> Judged<'c> {
    let mut problems = Problems::default();
    problems.extend(file.problems.iter().cloned());
    let visit = table::understand(file, content, &mut problems);
    check::check(&visit, content, &mut problems);
    let refused = problems.refuse();
    let problems = problems.finish(&file.origin.file, file.key());
    Judged { visit, problems, refused }
}

/// Maps a visit that was not refused to resources. `None` only when it was refused for lack of a summary or an end.
pub fn map<'c>(visit: &table::Visit<'c>, content: &'c Content, key: &ProvinceKey) -> Option<Mapped> {
    map::map(visit, content, key)
}
