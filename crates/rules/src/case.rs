//! What the rules are asked of.

use std::collections::{BTreeMap, BTreeSet};
use yba_content::Day;
use yba_content::rules::Moment;
use yba_fhir::json::Value;

use crate::limits::RECORDS_MAX;

/// A moment of entry.
#[derive(Debug, Clone, Copy)]
pub struct Case<'c> {
    pub moment: Moment,
    pub now_ms: i64,
    /// The Patient.
    pub patient: &'c Value,
    /// What is being entered, as the resources it would become.
    pub entered: &'c [Value],
    /// What else lies on the table, entered before and not written yet.
    pub beside: &'c [Value],
}

impl Case<'_> {
    /// The day of the act, in Vietnam.
    pub fn today(&self) -> Day {
        Day::of_instant(self.now_ms)
    }
}

/// What the record answered to the searches of [`crate::Library::wanted`].
#[derive(Debug, Clone, Default)]
pub struct Found {
    answers: BTreeMap<String, Vec<Value>>,
    cut: BTreeSet<String>,
}

impl Found {
    /// The records that a search found, in its order; those beyond the bound are left out, and that is told.
    pub fn answer(&mut self, search: &str, mut records: Vec<Value>) {
        if records.len() > RECORDS_MAX {
            records.truncate(RECORDS_MAX);
            self.cut.insert(search.to_owned());
        }
        self.answers.insert(search.to_owned(), records);
    }

    /// There are more than were answered.
    pub fn is_cut(&mut self, search: &str) {
        self.cut.insert(search.to_owned());
    }

    /// Nothing when it was not answered.
    pub(crate) fn of(&self, search: &str) -> Option<&[Value]> {
        self.answers.get(search).map(Vec::as_slice)
    }

    pub(crate) fn was_cut(&self, search: &str) -> bool {
        self.cut.contains(search)
    }
}
