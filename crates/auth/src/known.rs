//! Sessions that were looked up before, in memory: a request must not ask the database who it is from.

use crate::tables::Session;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// Most sessions that are known; all are forgotten when another comes.
const KNOWN_MAX: usize = 10_000;

/// Sessions by hash. All writers of the sessions' table tell it what ends.
#[derive(Default)]
pub(crate) struct Known(Mutex<Inner>);

#[derive(Default)]
struct Inner {
    sessions: HashMap<String, Session>,
    /// How often something ended: what was read before the last time may be over.
    ended: u64,
}

/// The moment before a session was read.
pub(crate) struct Before(u64);

impl Known {
    pub fn get(&self, hash: &str) -> Option<Session> {
        self.inner().sessions.get(hash).cloned()
    }

    pub fn before(&self) -> Before {
        Before(self.inner().ended)
    }

    /// Remembers a session as it was read after that moment, unless something has ended since.
    pub fn keep(&self, before: &Before, session: &Session) {
        let mut inner = self.inner();
        if inner.ended != before.0 {
            return;
        }
        if inner.sessions.len() >= KNOWN_MAX {
            inner.sessions.clear();
        }
        inner.sessions.insert(session.hash.clone(), session.clone());
    }

    /// These sessions end: to be called when the table says so, before anybody is told.
    pub fn end(&self, is_over: impl Fn(&Session) -> bool) {
        let mut inner = self.inner();
        inner.ended += 1;
        inner.sessions.retain(|_, session| !is_over(session));
    }

    fn inner(&self) -> std::sync::MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session(hash: String) -> Session {
        Session { hash, account: "a".into(), whole: true, begun_ms: 0, seen_ms: 0, source: String::new() }
    }

    #[test]
    fn what_was_read_before_something_ended_is_not_known_after() {
        let known = Known::default();
        let (before, one) = (known.before(), session("1".into()));
        known.end(|session| session.account == "a");
        known.keep(&before, &one);
        assert!(known.get("1").is_none());
        known.keep(&known.before(), &one);
        assert_eq!(known.get("1"), Some(one));
        known.end(|session| session.hash == "1");
        assert!(known.get("1").is_none());
    }

    #[test]
    fn no_more_than_so_many_are_known() {
        let known = Known::default();
        for number in 0..=KNOWN_MAX {
            known.keep(&known.before(), &session(number.to_string()));
        }
        assert_eq!(known.inner().sessions.len(), 1);
    }
}
