//! What this node asked somebody and waits to have answered: a challenge to an authenticator, a way to another provider. Each
//! answer is taken once, and soon; nothing of it outlives the process.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use yba_auth::token::Token;
use yba_fhir::{Kind, Outcome};

/// Most questions that wait at once; the one that waits longest goes when another comes.
pub const WAITING_MAX: usize = 1000;

/// Questions by the hash of their ticket.
pub(super) struct Waiting<T>(Mutex<HashMap<String, (i64, T)>>);

impl<T> Default for Waiting<T> {
    fn default() -> Self {
        Waiting(Mutex::default())
    }
}

impl<T> Waiting<T> {
    /// Keeps what must be known when the answer comes, until a moment. The ticket comes back with the answer.
    pub fn add(&self, what: T, now_ms: i64, until_ms: i64) -> Token {
        let ticket = Token::random();
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|_, (until, _)| *until > now_ms);
        if all.len() >= WAITING_MAX
            && let Some(oldest) =
                all.iter().min_by_key(|(_, (until, _))| *until).map(|(hash, _)| hash.clone())
        {
            all.remove(&oldest);
        }
        all.insert(ticket.hash(), (until_ms, what));
        ticket
    }

    /// What waits under a ticket; it waits no more. Refuses one that is used, over, or was never given.
    pub fn take(&self, ticket: &str, now_ms: i64) -> Result<T, Outcome> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let found = Token::of(ticket).and_then(|ticket| all.remove(&ticket.hash()));
        found.filter(|(until, _)| *until > now_ms).map(|(_, what)| what).ok_or_else(over)
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
        let (one, late) = (waiting.add(1, 0, 10), waiting.add(2, 0, 10));
        assert_eq!(waiting.take(&one.0, 9).unwrap(), 1);
        assert_eq!(waiting.take(&one.0, 9).unwrap_err().issues[0].key, "question-over");
        assert!(waiting.take(&late.0, 10).is_err() && waiting.take("x", 0).is_err());
        let first = waiting.add(0, 20, 100);
        (0..WAITING_MAX).for_each(|at| drop(waiting.add(at, 20, 101)));
        assert_eq!(waiting.0.lock().unwrap().len(), WAITING_MAX);
        assert!(waiting.take(&first.0, 21).is_err(), "the one that waited longest went");
    }
}
