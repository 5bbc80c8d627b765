//! Time as the node sees it, and the hybrid clock of its versions.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

/// Where the time comes from. Passed in, never taken from the air.
#[derive(Debug, Clone)]
pub enum Clock {
    /// The machine's clock moved by some milliseconds (0 in normal use).
    System { offset_ms: i64 },
    /// A clock that stands until a test moves it: milliseconds since 1970 UTC.
    Fixed(Arc<AtomicI64>),
}

impl Clock {
    pub fn system() -> Clock {
        Clock::System { offset_ms: 0 }
    }

    pub fn fixed(ms: i64) -> Clock {
        Clock::Fixed(Arc::new(AtomicI64::new(ms)))
    }

    /// Milliseconds since 1970 UTC.
    pub fn now_ms(&self) -> i64 {
        match self {
            Clock::System { offset_ms } => {
                let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
                since.as_millis() as i64 + offset_ms
            }
            Clock::Fixed(ms) => ms.load(Ordering::SeqCst),
        }
    }
}

/// A hybrid logical clock: 48 bits of milliseconds, 16 bits of counter. It never goes back, and is always greater
/// than every clock this node has seen, so a version is always later than its parents.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Hybrid(pub i64);

impl Hybrid {
    /// The next reading at physical time `now_ms`.
    pub fn next(self, now_ms: i64) -> Hybrid {
        Hybrid((now_ms << 16).max(self.0 + 1))
    }

    /// The physical part, in milliseconds since 1970 UTC.
    pub fn ms(self) -> i64 {
        self.0 >> 16
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hybrid_clock_never_goes_back() {
        let first = Hybrid(0).next(1_000);
        let same_instant = first.next(1_000);
        let clock_set_back = same_instant.next(10);
        assert!(first < same_instant && same_instant < clock_set_back);
        assert_eq!(clock_set_back.ms(), 1_000);
        assert_eq!(clock_set_back.next(2_000).ms(), 2_000);
    }
}
