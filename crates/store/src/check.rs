//! Looking at everything that is stored, and saying what does not fit: `yba check`. It changes nothing and may run
//! beside a node that works: each page of records is read in one snapshot, and nothing after the start is looked at.

use crate::blob::Blobs;
use crate::chain::audit_hash;
use crate::db::fragments;
use crate::db::schema::{INDEXES, OPEN, TABLES};
use crate::db::{Connection, Value};
use crate::heads::{self, Record};
use crate::index::Numbers;
use crate::open::Store;
use crate::version::{Version, deleted_hash};
use yba_fhir::Outcome;

/// Most problems that are told one by one.
const PROBLEMS_MAX: usize = 1000;
/// Rows of the audit chain read at once.
const AUDIT_PAGE: i64 = 1000;

/// What was found. The store is sound when `problems` is empty.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct CheckReport {
    pub versions: u64,
    pub records: u64,
    pub audit_entries: u64,
    pub blobs: u64,
    /// One line each, in English, with ids and positions and nothing of what is stored.
    pub problems: Vec<String>,
}

/// How far a check has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// What is being looked at.
    pub part: &'static str,
    pub done: u64,
    /// How much there is of it.
    pub total: u64,
}

/// Waits until the index rows are all of this program, then checks the whole store: the engine's own check, the log without gaps, every body against its hash, every record's
/// head, every head's index rows against a fresh extraction, the chain of audit entries, followers, blobs.
pub async fn check(
    store: &Store,
    mut progress: impl FnMut(Progress) + Send + 'static,
) -> Result<CheckReport, Outcome> {
    let mut indexing = store.indexing();
    loop {
        let at = *indexing.borrow_and_update();
        if at.is_done() {
            break;
        }
        progress(Progress { part: "re-indexing", done: at.done as u64, total: at.total as u64 });
        // A store that is closed meanwhile has rows of two programs, and the check says so.
        if indexing.changed().await.is_err() {
            break;
        }
    }
    let (numbers, blobs, last) = (store.numbers().clone(), store.blobs().clone(), store.head_t());
    let watch = store.watch();
    store
        .scan(move |connection| {
            let mut check = Check { connection, numbers, last, report: CheckReport::default(), progress };
            check.engine()?;
            check.log()?;
            let open = check.records()?;
            if *watch.borrow() == last {
                check.strays(&open)?;
            }
            check.audit()?;
            check.followers()?;
            check.blobs(&blobs)?;
            Ok(check.report)
        })
        .await
}

struct Check<'a, P: FnMut(Progress)> {
    connection: &'a mut Connection,
    numbers: Numbers,
    /// Nothing after this position is looked at.
    last: i64,
    report: CheckReport,
    progress: P,
}

impl<P: FnMut(Progress)> Check<'_, P> {
    fn problem(&mut self, text: String) {
        match self.report.problems.len() {
            0..PROBLEMS_MAX => self.report.problems.push(text),
            PROBLEMS_MAX => self.report.problems.push("there are more problems; these are the first".into()),
            _ => {}
        }
    }

    fn engine(&mut self) -> Result<(), Outcome> {
        (self.progress)(Progress { part: "engine", done: 0, total: 1 });
        for found in self.connection.integrity()? {
            self.problem(format!("engine: {found}"));
        }
        Ok(())
    }

    /// The log: positions without gaps, bodies with the hash they had when they were written.
    fn log(&mut self) -> Result<(), Outcome> {
        let mut before = 0;
        loop {
            let page = heads::log_page(self.connection, before, self.last)?;
            let Some(end) = page.last() else { break };
            let end = end.t;
            for version in &page {
                if version.t != before + 1 {
                    let (from, to) = (before + 1, version.t - 1);
                    self.problem(format!(
                        "log: positions {from} to {to} are missing, and no erasure explains it"
                    ));
                }
                before = version.t;
                self.version(version);
            }
            self.report.versions += page.len() as u64;
            let total = self.last as u64;
            (self.progress)(Progress { part: "versions", done: end as u64, total });
        }
        if before < self.last {
            self.problem(format!("log: positions {} to {} are missing", before + 1, self.last));
        }
        Ok(())
    }

    fn version(&mut self, version: &Version) {
        let sound = match version.deleted {
            true => version.body.is_empty() && version.hash == deleted_hash(),
            false => version.content_hash().is_some_and(|hash| version.hash == hash[..]),
        };
        if !sound {
            let (kind, id, version_id) = (&version.kind, &version.id, &version.version_id);
            self.problem(format!(
                "version {version_id} of {kind}/{id} (t {}): changed since it was written",
                version.t
            ));
        }
    }

    /// Heads and their index rows; answers how many open rows each table should have.
    fn records(&mut self) -> Result<[u64; TABLES], Outcome> {
        let (mut after, mut of_records, mut open) = (0, 0, [0; TABLES]);
        loop {
            self.connection.begin_snapshot()?;
            let page = self.record_page(after, &mut open);
            self.connection.rollback();
            let Some((last, versions, records)) = page? else { break };
            (after, of_records) = (last, of_records + versions);
            self.report.records += records;
            let total = self.last as u64;
            (self.progress)(Progress { part: "records", done: last as u64, total });
        }
        if of_records < self.report.versions {
            let lost = self.report.versions - of_records;
            self.problem(format!("{lost} versions belong to no record"));
        }
        let sql = "SELECT COUNT(*) FROM head WHERE shard = 0 AND rid <= ?1";
        let heads =
            self.connection.query(sql, &[Value::Int(self.last)])?.first().map_or(0, |row| row.int(0)) as u64;
        if heads > self.report.records {
            self.problem(format!("{} heads have no version", heads - self.report.records));
        }
        Ok(open)
    }

    /// One page of records; answers its last record's number, how many versions and how many records it had.
    fn record_page(
        &mut self,
        after: i64,
        open: &mut [u64; TABLES],
    ) -> Result<Option<(i64, u64, u64)>, Outcome> {
        let page = heads::page(self.connection, after, self.last)?;
        let Some(last) = page.last() else { return Ok(None) };
        let last = last.rid;
        let keys: Vec<(&str, &str)> =
            page.iter().map(|record| (record.head.kind.as_str(), record.head.id.as_str())).collect();
        let mut stored: std::collections::HashMap<(String, String), crate::db::Row> = Default::default();
        for row in fragments::heads(self.connection, &keys)? {
            stored.insert((row.text(0).to_owned(), row.text(1).to_owned()), row);
        }
        for record in &page {
            let head = &record.head;
            let key = (head.kind.clone(), head.id.clone());
            let fits = stored.get(&key).is_some_and(|row| {
                (row.int(2), row.int(3), row.int(4)) == (record.rid, head.t, head.hlc)
                    && row.text(5) == head.version_id
                    && row.blob(6) == head.hash
                    && (row.int(7) != 0) == head.deleted
            });
            if !fits {
                self.problem(format!(
                    "head of {}/{}: should be version {} (t {})",
                    head.kind, head.id, head.version_id, head.t
                ));
            }
            if record.strangers > 0 {
                self.problem(format!(
                    "versions of {}/{} (t {}) name another record",
                    head.kind, head.id, head.t
                ));
            }
            self.index(record, open)?;
        }
        Ok(Some((last, page.iter().map(|record| record.versions).sum(), page.len() as u64)))
    }

    /// The index rows of a head, all of them and no others.
    fn index(&mut self, record: &Record, open: &mut [u64; TABLES]) -> Result<(), Outcome> {
        let rows = heads::index_rows(&record.head, &self.numbers);
        for (table, index) in INDEXES.iter().enumerate() {
            let expected = heads::cells_of(&record.head, &rows, table, &self.numbers);
            let stored = fragments::open_index_rows(self.connection, table, &[record.rid])?;
            let should = expected.len() / index.table.columns.len();
            open[table] += should as u64;
            if heads::differ(&stored, &expected, index) {
                let (name, head, is) = (index.table.name, &record.head, stored.len());
                self.problem(format!(
                    "index {name} of {}/{}: its rows are not those of its head ({is} stored, {should} expected)",
                    head.kind, head.id
                ));
            }
        }
        Ok(())
    }

    /// Open index rows of records that are none. Only told when nothing was written meanwhile.
    fn strays(&mut self, open: &[u64; TABLES]) -> Result<(), Outcome> {
        for (table, index) in INDEXES.iter().enumerate() {
            let name = index.table.name;
            let sql =
                format!("SELECT COUNT(*) FROM {name} WHERE shard = 0 AND t_to = {OPEN} AND t_from <= ?1");
            let rows = self.connection.query(&sql, &[Value::Int(self.last)])?;
            let stored = rows.first().map_or(0, |row| row.int(0)) as u64;
            if stored > open[table] {
                self.problem(format!("index {name}: {} rows belong to no record", stored - open[table]));
            }
        }
        Ok(())
    }

    /// The chain of the write side. Signed heads and the read side are for `yba audit verify`.
    fn audit(&mut self) -> Result<(), Outcome> {
        let (mut before, mut seq) = (Vec::new(), 0);
        loop {
            let sql = "SELECT seq, at, t_first, t_last, entry, hash FROM audit \
                       WHERE shard = 0 AND seq > ?1 AND t_last <= ?2 ORDER BY seq LIMIT ?3";
            let rows = self
                .connection
                .query(sql, &[Value::Int(seq), Value::Int(self.last), Value::Int(AUDIT_PAGE)])?;
            if rows.is_empty() {
                return Ok(());
            }
            for row in &rows {
                if row.int(0) != seq + 1 {
                    self.problem(format!("audit: entries {} to {} are missing", seq + 1, row.int(0) - 1));
                }
                seq = row.int(0);
                let hash = audit_hash(&before, seq, row.int(1), row.int(2), row.int(3), &row.blob(4));
                if row.blob(5) != hash[..] {
                    self.problem(format!("audit: entry {seq} was changed, or one before it"));
                }
                before = row.blob(5).to_vec();
            }
            self.report.audit_entries = seq as u64;
            (self.progress)(Progress { part: "audit", done: seq as u64, total: seq as u64 });
        }
    }

    fn followers(&mut self) -> Result<(), Outcome> {
        let sql = "SELECT f.name, f.t FROM follower f WHERE f.shard = 0 \
                   AND f.t > (SELECT COALESCE(MAX(v.t), 0) FROM version v WHERE v.shard = 0)";
        for row in self.connection.query(sql, &[])? {
            self.problem(format!(
                "follower {} is at t {}, beyond the end of the log",
                row.text(0),
                row.int(1)
            ));
        }
        Ok(())
    }

    fn blobs(&mut self, blobs: &Blobs) -> Result<(), Outcome> {
        let fault = |error: std::io::Error| Outcome::fault(format!("blobs: {error}"));
        let hashes = blobs.list().map_err(fault)?;
        for (done, hash) in hashes.iter().enumerate() {
            if !blobs.is_sound(hash).map_err(fault)? {
                self.problem(format!("blob {hash}: changed since it was written"));
            }
            (self.progress)(Progress { part: "blobs", done: done as u64 + 1, total: hashes.len() as u64 });
        }
        self.report.blobs = hashes.len() as u64;
        Ok(())
    }
}
