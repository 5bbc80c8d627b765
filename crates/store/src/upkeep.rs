//! What is done for the engine beside the work: PostgreSQL's lease and statistics, SQLite's log. Each on a thread of its
//! own that ends when the store is let go.

use crate::db::{Connection, Place, lease, schema};
use crate::writer::Job;
use std::fs::File;
use std::sync::Weak;
use std::time::Duration;
use tokio::sync::{mpsc, watch};

/// From how many versions on PostgreSQL's statistics matter, and how often is looked whether there are many more.
const STATISTICS_FROM: i64 = 500;
const STATISTICS_PAUSE: Duration = Duration::from_millis(500);
/// For how long nothing was written before SQLite's log is copied into the file.
const QUIET: Duration = Duration::from_millis(250);

/// What a thread needs to know of the store, without keeping it open.
#[derive(Clone)]
pub struct Upkeep {
    pub place: Place,
    pub committed: watch::Receiver<i64>,
    pub jobs: mpsc::WeakSender<Job>,
    /// The lock of the folder: held while something is done in it.
    pub lock: Weak<File>,
}

impl Upkeep {
    fn is_open(&self) -> bool {
        self.jobs.upgrade().is_some_and(|jobs| !jobs.is_closed())
    }

    /// Lets the writer renew its lease while it has nothing else to do.
    pub fn keep_renewing(&self) {
        loop {
            std::thread::sleep(Duration::from_millis(lease::LEASE_MS as u64 / 5));
            match self.jobs.upgrade() {
                // A full queue means that the writer is busy, and so renews.
                Some(jobs) if !jobs.is_closed() => drop(jobs.try_send(Job::Renew)),
                _ => return,
            }
        }
    }

    /// PostgreSQL plans a statement once, by what it knows of its tables then: nothing, as long as they are new. So they
    /// are looked at again whenever the log has doubled, which also makes every connection plan anew, and marked as seen
    /// by all, so that an index alone may answer; its own housekeeping comes a minute later, or when a tenth has changed.
    pub fn keep_statistics(&self) {
        let known = |connection: &mut Connection| {
            let sql = "SELECT reltuples::bigint FROM pg_class WHERE oid = 'version'::regclass";
            let rows = connection.query(sql, &[]);
            rows.ok().and_then(|rows| rows.first().map(|row| row.int(0))).unwrap_or(0)
        };
        let mut last =
            Connection::reader(&self.place).map_or(0, |mut connection| known(&mut connection)).max(0);
        while self.is_open() {
            let t = *self.committed.borrow();
            if t > STATISTICS_FROM && t > 2 * last {
                let tables =
                    ["version", "head"].into_iter().chain(schema::INDEXES.map(|index| index.table.name));
                let looked = Connection::reader(&self.place).and_then(|mut connection| {
                    tables.into_iter().try_for_each(|table| {
                        connection.execute(&format!("VACUUM (ANALYZE) {table}"), &[]).map(drop)
                    })
                });
                // A database that is away for a while is asked again at the next doubling.
                drop(looked);
                last = t;
            }
            std::thread::sleep(STATISTICS_PAUSE);
        }
    }

    /// SQLite's readers find what is only in its log more slowly than what is in its file, and a program that died reads
    /// the log before it begins. So the log is copied as soon as nobody writes; nobody waits for it.
    pub fn keep_log_short(&self) {
        let (mut copied, mut seen) = (0, 0);
        while self.is_open() {
            let t = *self.committed.borrow();
            if t == seen
                && t != copied
                && let Some(_lock) = self.lock.upgrade()
            {
                // What fails now, because a reader still needs the log, is done after the next write.
                drop(Connection::writer(&self.place).and_then(|mut connection| connection.checkpoint()));
                copied = t;
            }
            seen = t;
            std::thread::sleep(QUIET);
        }
    }
}
