//! The registers and reports that content brings: compiled once, found by slug and day.

use crate::register::{Register, Source};
use crate::report::Report;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use yba_content::{Content, Day, Problem};

/// All registers and reports; the editions of each, oldest first.
#[derive(Debug, Default)]
pub struct Library {
    registers: BTreeMap<String, Vec<Arc<Register>>>,
    reports: BTreeMap<String, Vec<Arc<Report>>>,
}

impl Library {
    /// Compiles everything. Answers all problems at once, each with its file and line.
    pub fn load(content: &Content) -> Result<Library, Vec<Problem>> {
        let (mut library, mut problems) = (Library::default(), Vec::new());
        let texts = content.registers();
        for (place, text) in texts.iter().enumerate() {
            let next = texts.get(place + 1).filter(|next| next.slug == text.slug).map(|next| next.from);
            match Register::compile(text, next) {
                Ok(register) => {
                    library.registers.entry(text.slug.clone()).or_default().push(Arc::new(register))
                }
                Err(wrong) => problems.extend(wrong),
            }
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        for text in content.reports() {
            match Report::compile(text, &library.registers) {
                Ok(report) => library.reports.entry(text.slug.clone()).or_default().push(Arc::new(report)),
                Err(wrong) => problems.extend(wrong),
            }
        }
        if problems.is_empty() { Ok(library) } else { Err(problems) }
    }

    /// The edition of a register in force on a day of acts.
    pub fn register(&self, slug: &str, on: Day) -> Option<&Arc<Register>> {
        in_force(&self.registers, slug, |one| one.from <= on)
    }

    /// The edition of a report in force on the first day of a period.
    pub fn report(&self, slug: &str, on: Day) -> Option<&Arc<Report>> {
        in_force(&self.reports, slug, |one| one.from <= on)
    }

    /// Every register in its newest edition, by slug.
    pub fn registers(&self) -> impl Iterator<Item = &Arc<Register>> {
        self.registers.values().filter_map(|editions| editions.last())
    }

    /// Every report in its newest edition, by slug.
    pub fn reports(&self) -> impl Iterator<Item = &Arc<Report>> {
        self.reports.values().filter_map(|editions| editions.last())
    }

    /// Every view that is followed, each once however many registers share it.
    pub(crate) fn sources(&self) -> Vec<&Source> {
        let mut seen = BTreeSet::new();
        let all = self.registers.values().flatten().flat_map(|register| register.sources());
        all.filter(|source| seen.insert(source.id)).collect()
    }
}

fn in_force<'l, T>(
    all: &'l BTreeMap<String, Vec<Arc<T>>>,
    slug: &str,
    holds: impl Fn(&T) -> bool,
) -> Option<&'l Arc<T>> {
    all.get(slug)?.iter().rev().find(|one| holds(one))
}
