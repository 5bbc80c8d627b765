//! The write chain, checked: its hashes, and that the versions written with each entry are still what they were.

use super::verify::{Chain, Verdict};
use crate::door::Records;
use std::collections::VecDeque;
use yba_fhir::Outcome;
use yba_store::{CONTENT_COLUMNS, Content, Row, Value, audit_hash, covered};

/// Rows read at once.
const PAGE: i64 = 2000;

/// What the entries say of versions.
#[derive(Debug, Default)]
pub(super) struct Covered {
    pub versions: u64,
    /// Entries that were made before entries covered versions.
    before: u64,
    /// Versions that came from other nodes: covered there.
    foreign: u64,
}

impl Covered {
    pub fn say(&self, verdict: &mut Verdict) {
        if self.before > 0 {
            verdict.remarks.push(format!("{} entries are older than the cover of versions", self.before));
        }
        if self.foreign > 0 {
            verdict
                .remarks
                .push(format!("{} versions came from other nodes, whose trails cover them", self.foreign));
        }
    }
}

/// Checks the chain, and covers versions by it. What is wrong is told in `chain`.
pub(super) async fn check(records: &Records, chain: &mut Chain) -> Result<Covered, Outcome> {
    let mut found = Covered::default();
    // The end of the chain before the end of the log: whatever these entries name is in the log by then.
    let began = records.store().query("SELECT MAX(seq) FROM audit WHERE shard = 0", Vec::new()).await?;
    let began = began.first().map_or(0, |row| row.int(0));
    let mut log = Log { records, rows: VecDeque::new(), after: 0, last: records.store().head_t() };
    let mut before = Vec::new();
    // By the place in the chain as it stands, not by what an entry says of itself: a number may be anything there.
    let mut place = i64::MIN;
    loop {
        let sql = "SELECT seq, at, t_first, t_last, entry, hash FROM audit WHERE shard = 0 AND seq > ?1 ORDER BY seq LIMIT ?2";
        let rows = records.store().query(sql, vec![Value::Int(place), Value::Int(PAGE)]).await?;
        let Some(last) = rows.last() else { break };
        place = last.int(0);
        for row in &rows {
            let [seq, at, t_first, t_last] = [0, 1, 2, 3].map(|column| row.int(column));
            let (entry, hash) = (row.blob(4), row.blob(5));
            let should = audit_hash(&before, seq, at, t_first, t_last, &entry);
            chain.entry(seq.max(0).unsigned_abs(), &hash, &should);
            before = hash.to_vec();
            if t_first <= t_last && (seq <= began || t_last <= log.last) {
                cover(&mut log, chain, &mut found, (seq, t_first, t_last), covered(&entry)).await?;
            }
        }
    }
    log.strangers(chain, &mut found, i64::MAX).await?;
    Ok(found)
}

/// Compares the versions from `t_first` to `t_last` with what the entry `seq` says of them.
async fn cover(
    log: &mut Log<'_>,
    chain: &mut Chain,
    found: &mut Covered,
    (seq, t_first, t_last): (i64, i64, i64),
    says: Option<&str>,
) -> Result<(), Outcome> {
    log.strangers(chain, found, t_first).await?;
    let mut content = Content::default();
    while let Some(row) = log.next_before(t_last.saturating_add(1)).await? {
        content.row(&row);
        found.versions += u64::from(says.is_some());
    }
    match says {
        None => found.before += 1,
        Some(says) if content.finish() == says => {}
        Some(_) => chain.problem(format!(
            "the versions at {t_first} to {t_last} are not those that entry {seq} was written for"
        )),
    }
    Ok(())
}

/// The log, row by row, in pages.
struct Log<'r> {
    records: &'r Records,
    rows: VecDeque<Row>,
    after: i64,
    /// What is written after the check began is none of its business.
    last: i64,
}

impl Log<'_> {
    /// The next version, if it stands before position `t`.
    async fn next_before(&mut self, t: i64) -> Result<Option<Row>, Outcome> {
        if self.rows.is_empty() && self.after < self.last {
            let along = self.records.store().place().along_log();
            let sql = format!(
                "SELECT {CONTENT_COLUMNS} FROM version{along} WHERE shard = 0 AND t > ?1 AND t <= ?2 ORDER BY t LIMIT ?3"
            );
            let keys = vec![Value::Int(self.after), Value::Int(self.last), Value::Int(PAGE)];
            self.rows = self.records.store().query(&sql, keys).await?.into();
            self.after = self.rows.back().map_or(self.last, |row| row.int(0));
        }
        match self.rows.front() {
            Some(row) if row.int(0) < t => Ok(self.rows.pop_front()),
            _ => Ok(None),
        }
    }

    /// Passes over versions that stand before position `t` and under no entry. Only what another node wrote may be so.
    async fn strangers(&mut self, chain: &mut Chain, found: &mut Covered, t: i64) -> Result<(), Outcome> {
        let own = &self.records.store().identity().node;
        while let Some(row) = self.next_before(t).await? {
            match row.text(7) == own {
                true => chain.problem(format!("the version at {} was written past the trail", row.int(0))),
                false => found.foreign += 1,
            }
        }
        Ok(())
    }
}
