//! What this node asked somebody and waits to have answered: a challenge to an authenticator, a way to another provider. Each
//! answer is taken once, and soon; nothing of it outlives the process.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use yba_auth::token::Token;
use yba_fhir::{Kind, Outcome};

/// Most questions that wait at once, and most of one source; the one that waits longest (of that source) goes when another
/// comes. So nobody asks the questions of others away.
pub const WAITING_MAX: usize = 4_000;
pub const OF_SOURCE_MAX: usize = 200;

/// Questions by the hash of their ticket.
pub(super) struct Waiting<T>(Mutex<HashMap<String, Question<T>>>);

struct Question<T> {
    until_ms: i64,
    source: String,
    what: T,
}

impl<T> Default for Waiting<T> {
    fn default() -> Self {
        Waiting(Mutex::default())
    }
}

impl<T> Waiting<T> {
    /// Keeps what must be known when the answer comes, until a moment. The ticket comes back with the answer. The source is an
    /// address, or an account.
    pub fn add(&self, what: T, source: &str, now_ms: i64, until_ms: i64) -> Token {
        let ticket = Token::random();
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|_, one| one.until_ms > now_ms);
        let of_source = all.values().filter(|one| one.source == source).count();
        let oldest = |among: &dyn Fn(&Question<T>) -> bool| {
            let waiting = all.iter().filter(|(_, one)| among(one));
            waiting.min_by_key(|(_, one)| one.until_ms).map(|(hash, _)| hash.clone())
        };
        let goes = if of_source >= OF_SOURCE_MAX {
            oldest(&|one| one.source == source)
        } else if all.len() >= WAITING_MAX {
            oldest(&|_| true)
        } else {
            None
        };
        goes.and_then(|hash| all.remove(&hash));
        all.insert(ticket.hash(), Question { until_ms, source: source.to_owned(), what });
        ticket
    }

    /// What waits under a ticket; it waits no more. Refuses one that is used, over, or was never given.
    pub fn take(&self, ticket: &str, now_ms: i64) -> Result<T, Outcome> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let found = Token::of(ticket).and_then(|ticket| all.remove(&ticket.hash()));
        found.filter(|one| one.until_ms > now_ms).map(|one| one.what).ok_or_else(over)
    }
}

fn over() -> Outcome {
    let text = "Lần này đã quá lâu hoặc đã dùng rồi. Hãy bấm lại từ đầu.";
    Outcome::new(Kind::Unauthenticated, "question-over", text, "the ticket is used, over or unknown")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_taken_once_and_in_time_and_questions_are_bounded() {
        let waiting = Waiting::default();
        let (one, late) = (waiting.add(1, "a", 0, 10), waiting.add(2, "a", 0, 10));
        assert_eq!(waiting.take(&one.0, 9).unwrap(), 1);
        assert_eq!(waiting.take(&one.0, 9).unwrap_err().issues[0].key, "question-over");
        assert!(waiting.take(&late.0, 10).is_err() && waiting.take("x", 0).is_err());
        let (first, other) = (waiting.add(0, "a", 20, 100), waiting.add(0, "b", 20, 100));
        (0..OF_SOURCE_MAX).for_each(|at| drop(waiting.add(at, "a", 20, 101)));
        assert_eq!(waiting.0.lock().unwrap().len(), OF_SOURCE_MAX + 1);
        assert!(waiting.take(&first.0, 21).is_err(), "the one of its source that waited longest went");
        assert!(waiting.take(&other.0, 21).is_ok(), "nobody asks away what others were asked");
        let first = waiting.add(0, "c", 20, 100);
        (0..WAITING_MAX).for_each(|at| drop(waiting.add(at, &format!("s{}", at / OF_SOURCE_MAX), 20, 101)));
        assert_eq!(waiting.0.lock().unwrap().len(), WAITING_MAX);
        assert!(waiting.take(&first.0, 21).is_err(), "the one that waited longest of all went");
    }
}
