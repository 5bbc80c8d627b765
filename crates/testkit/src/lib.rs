//! Records over a temporary store, with a clock that stands and counted ids: for tests only.
//!
//! Everything is real (SQLite, PostgreSQL, files); only time and chance are fixed.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use tempfile::TempDir;
use yba_records::{Ctx, Ids, Records};
use yba_store::db::Place;
use yba_store::{Clock, Options, Store};

/// 08:00 on 2026-03-02 in Hà Nội, in ms since 1970 UTC.
pub const MORNING_MS: i64 = 1_772_413_200_000;

/// An open node in a temporary folder.
pub struct Kit {
    pub records: Records,
    pub folder: TempDir,
    time: Arc<AtomicI64>,
}

impl Kit {
    /// The store beneath the records.
    pub fn store(&self) -> &Store {
        self.records.store()
    }

    /// The test administrator of `--open` mode.
    pub fn ctx(&self) -> Ctx {
        Ctx::test_administrator("test")
    }

    /// Moves the clock.
    pub fn advance_ms(&self, ms: i64) {
        self.time.fetch_add(ms, Ordering::SeqCst);
    }
}

/// Records over a new SQLite store.
pub fn records() -> Kit {
    records_at(None)
}

/// Records over a new store in this place (SQLite in the folder when `None`).
pub fn records_at(place: Option<Place>) -> Kit {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let time = Arc::new(AtomicI64::new(MORNING_MS));
    let options = Options { folder: folder.path().to_owned(), place, clock: Clock::Fixed(time.clone()) };
    let store = Store::open(options).expect("a new store opens");
    let records = Records::open(store, Ids::Counted(Arc::new(AtomicU64::new(0)))).expect("records open");
    Kit { records, folder, time }
}
