//! Where the log was when something of a type was written last, since the start: many ask after every commit whether what they
//! read has changed, and mostly it has not. Only this program writes the log, so its memory is enough; what was written
//! before the start, the database tells.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The last log position of each type; clones share it.
#[derive(Debug, Clone)]
pub(crate) struct LastWritten {
    /// Where the log was at the start.
    since: i64,
    last: Arc<Mutex<HashMap<String, i64>>>,
}

impl LastWritten {
    pub fn since(t: i64) -> LastWritten {
        LastWritten { since: t, last: Arc::default() }
    }

    /// To be called before the write is committed; one that is not committed after all makes somebody ask in vain.
    pub fn note(&self, kind: &str, t: i64) {
        let mut last = self.last();
        match last.get_mut(kind) {
            Some(known) => *known = t.max(*known),
            None => drop(last.insert(kind.to_owned(), t)),
        }
    }

    /// Whether it is known that nothing of these types was written after this position.
    pub fn is_nothing_after(&self, kinds: &[&str], t: i64) -> bool {
        let last = self.last();
        let is_known = t >= self.since || kinds.is_empty();
        is_known && kinds.iter().all(|kind| last.get(*kind).is_none_or(|known| *known <= t))
    }

    fn last(&self) -> MutexGuard<'_, HashMap<String, i64>> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_known_what_was_not_written_since_the_start() {
        let written = LastWritten::since(10);
        written.note("Patient", 12);
        written.note("Patient", 11);
        let nothing = |kinds: &[&str], t| written.is_nothing_after(kinds, t);
        assert!(nothing(&["Patient"], 12) && !nothing(&["Patient"], 11));
        assert!(nothing(&["Group"], 10) && !nothing(&["Group", "Patient"], 10));
        assert!(nothing(&[], 0), "nothing was asked for");
        assert!(!nothing(&["Group"], 9), "what was before the start it does not know");
    }
}
