//! What an import did, to be shown and kept.

use crate::problem::{Problem, Severity};
use crate::visit::Form;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// Samples kept of each kind of problem.
const SAMPLES: usize = 20;

/// Problems of one kind.
#[derive(Debug, Clone)]
pub struct Tally {
    pub severity: Severity,
    pub count: u64,
    /// The first of them.
    pub samples: Vec<Problem>,
}

/// What became of visits.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Visits {
    pub new: u64,
    /// A newer file changed them: they have a new version.
    pub updated: u64,
    /// The same content was here already.
    pub unchanged: u64,
    /// An older file than the one that is here: left alone.
    pub older: u64,
    /// Not taken in; see the rejects.
    pub refused: u64,
}

impl Visits {
    pub fn total(&self) -> u64 {
        self.new + self.updated + self.unchanged + self.older + self.refused
    }
}

/// What an import did.
#[derive(Debug, Clone, Default)]
pub struct Report {
    /// Files read, each file inside an archive counted.
    pub files: u64,
    /// Files that could not be read at all, or only in part.
    pub files_with_errors: u64,
    /// Files that are neither XML nor zip.
    pub files_skipped: u64,
    pub bytes: u64,
    pub visits: Visits,
    /// Patients that were not here before.
    pub people_new: u64,
    /// Rows taken in, by part (`XML2`).
    pub rows: BTreeMap<String, u64>,
    /// Records written, by type.
    pub written: BTreeMap<String, u64>,
    /// Records of rows that are gone from a corrected file.
    pub withdrawn: u64,
    /// How parts were packed.
    pub forms: BTreeMap<Form, u64>,
    /// Parts kept word for word because they are not mapped.
    pub kept_raw: BTreeMap<String, u64>,
    /// By the problem's key.
    pub problems: BTreeMap<&'static str, Tally>,
    /// Where refused visits were written.
    pub rejects: Option<PathBuf>,
}

impl Report {
    pub(crate) fn add(&mut self, problem: Problem) {
        let tally = self.problems.entry(problem.key).or_insert_with(|| Tally {
            severity: problem.severity,
            count: 0,
            samples: Vec::new(),
        });
        tally.count += 1;
        tally.severity = tally.severity.max(problem.severity);
        if tally.samples.len() < SAMPLES {
            tally.samples.push(problem);
        }
    }

    /// Problems of this weight.
    pub fn count(&self, severity: Severity) -> u64 {
        self.problems.values().filter(|tally| tally.severity == severity).map(|tally| tally.count).sum()
    }
}

/// Where an import stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Progress {
    pub files_done: u64,
    pub files_total: u64,
    pub bytes_done: u64,
    pub bytes_total: u64,
    pub visits: Visits,
}
