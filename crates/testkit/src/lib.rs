//! Records over a temporary store, with a clock that stands and counted ids: for tests only.
//!
//! Everything is real (SQLite, PostgreSQL, files); only time and chance are fixed. Start reading at [`records`] (one
//! node on SQLite) and [`each_engine`] (the same case on both engines).

pub mod postgres;

use postgres::Database;
use std::path::Path;
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
    place: Option<Place>,
    database: Option<Database>,
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

    /// What the clock says, in ms since 1970 UTC.
    pub fn now_ms(&self) -> i64 {
        self.time.load(Ordering::SeqCst)
    }

    /// Where the records are.
    pub fn place(&self) -> Place {
        self.place.clone().unwrap_or_else(|| Place::File(self.folder.path().join("yba.db")))
    }

    /// The PostgreSQL database, when the node is on one.
    pub fn database(&self) -> Option<&Database> {
        self.database.as_ref()
    }

    /// What a store of this node is opened with.
    pub fn options(&self) -> Options {
        self.options_in(self.folder.path())
    }

    /// The same database and clock from another folder: another machine that was given the same address.
    pub fn options_in(&self, folder: &Path) -> Options {
        Options {
            folder: folder.to_owned(),
            place: self.place.clone(),
            clock: Clock::Fixed(self.time.clone()),
        }
    }

    /// Closes the node and opens it again, as a restart does.
    pub async fn reopened(self) -> Kit {
        let options = self.options();
        let Kit { records, folder, time, place, database } = self;
        records.store().close().await;
        drop(records);
        let store = Store::open(options).expect("the store opens again");
        let records = Records::open(store, Ids::Random).expect("records open again");
        Kit { records, folder, time, place, database }
    }
}

/// Records over a new SQLite store.
pub fn records() -> Kit {
    open(None, None)
}

/// Records over a new PostgreSQL database of our own cluster; `None` when the tests were told to do without.
pub fn records_on_postgres() -> Option<Kit> {
    let database = Database::fresh()?;
    Some(open(Some(database.place()), Some(database)))
}

/// Records over a new store in this place (SQLite in the folder when `None`).
pub fn records_at(place: Option<Place>) -> Kit {
    open(place, None)
}

/// A new node on each engine: SQLite always, PostgreSQL unless the tests were told to do without.
///
/// # Panics
/// When PostgreSQL is not installed, with the command that installs it.
pub fn engines() -> Vec<Kit> {
    std::iter::once(records()).chain(records_on_postgres()).collect()
}

/// Runs a case on a new node of each engine, one after the other; the last engine named in the output is the one
/// that failed.
pub async fn each_engine<F: Future<Output = ()>>(case: impl Fn(Kit) -> F) {
    eprintln!("engine: SQLite");
    case(records()).await;
    if let Some(kit) = records_on_postgres() {
        eprintln!("engine: PostgreSQL");
        case(kit).await;
    }
}

fn open(place: Option<Place>, database: Option<Database>) -> Kit {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let time = Arc::new(AtomicI64::new(MORNING_MS));
    let options =
        Options { folder: folder.path().to_owned(), place: place.clone(), clock: Clock::Fixed(time.clone()) };
    let store = Store::open(options).expect("a new store opens");
    let records = Records::open(store, Ids::Counted(Arc::new(AtomicU64::new(0)))).expect("records open");
    Kit { records, folder, time, place, database }
}

/// The code that an authenticator app shows at a moment, for a secret as the page shows it for typing.
pub fn app_code(secret: &str, ms: i64) -> String {
    let (mut bytes, mut held, mut bits) = (Vec::new(), 0u32, 0);
    for letter in secret.bytes().filter(|letter| !letter.is_ascii_whitespace()) {
        let value = if letter.is_ascii_digit() { letter - b'2' + 26 } else { letter - b'A' };
        (held, bits) = ((held << 5 | u32::from(value)) & 0xfff, bits + 5);
        if bits >= 8 {
            bits -= 8;
            bytes.push((held >> bits) as u8);
        }
    }
    yba_auth::totp::Secret(bytes).code(yba_auth::totp::step_at(ms))
}
