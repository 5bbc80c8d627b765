//! Slowing down those who guess, without locking anybody out: failures are counted by account and source together, or, in
//! a browser that the account knows, by that browser. There is no counter of an account alone before its password is known.

use crate::token::hash;

/// Failures that cost nothing: people mistype.
const FREE: i64 = 5;
/// The longest wait, in ms: a quarter of an hour.
pub const WAIT_MAX_MS: i64 = 15 * 60_000;
/// After so long without a failure a counter begins anew.
pub const FORGET_MS: i64 = 24 * 3_600_000;

/// What is counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counter(pub String);

impl Counter {
    /// Of a source that tries an account, or a name that is none: the two cannot be told apart from outside.
    pub fn of_source(login: &str, source: &str) -> Counter {
        Counter(hash(&format!("source\n{login}\n{source}")))
    }

    /// Of the second factor of an account, over all sources: only who has its password reaches it, and guessing six
    /// digits from many sources must not pay.
    pub fn of_code(account: &str) -> Counter {
        Counter(hash(&format!("code\n{account}")))
    }

    /// Of a browser that this account knows.
    pub fn of_device(login: &str, device_hash: &str) -> Counter {
        Counter(hash(&format!("device\n{login}\n{device_hash}")))
    }
}

/// How long to wait after so many failures: nothing, then 2 s, 4 s, … up to [`WAIT_MAX_MS`].
pub fn wait_ms(failures: i64) -> i64 {
    match failures - FREE {
        ..=0 => 0,
        over => (1000i64 << over.min(20)).min(WAIT_MAX_MS),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_few_slips_cost_nothing_and_guessing_costs_ever_more() {
        let waits: Vec<i64> = [0, 5, 6, 7, 10, 14, 15, 1000].into_iter().map(wait_ms).collect();
        assert_eq!(waits, [0, 0, 2000, 4000, 32_000, 512_000, WAIT_MAX_MS, WAIT_MAX_MS]);
    }

    #[test]
    fn counters_do_not_meet() {
        let all = [
            Counter::of_source("mai", "10.0.0.1"),
            Counter::of_source("mai", "10.0.0.2"),
            Counter::of_source("lan", "10.0.0.1"),
            Counter::of_device("mai", "10.0.0.1"),
            Counter::of_code("mai"),
        ];
        for (at, one) in all.iter().enumerate() {
            assert!(all[at + 1..].iter().all(|other| other != one));
        }
    }

    proptest! {
        #[test]
        fn waits_only_grow_and_end(failures in 0i64..i64::MAX) {
            prop_assert!(wait_ms(failures) <= wait_ms(failures.saturating_add(1)) && wait_ms(failures) <= WAIT_MAX_MS);
        }
    }
}
