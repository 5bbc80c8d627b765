//! Walking over the records of one type: their bodies, in the order in which the records came to be, as all of them were
//! at one log position. For exports and views: nothing but the bodies is read, in pages that are bounded in bytes.

use crate::db::Value;
use crate::index::Numbers;
use crate::open::Store;
use crate::search::Scope;
use crate::search::clause_sql::visible;
use crate::search::condition::{Sql, places};
use crate::search::scope::{Of, within};
use crate::version::FORMAT_PLAIN;
use bytes::Bytes;
use yba_fhir::Outcome;

/// Bytes of bodies that a page has about; records have sizes that differ, so it is an aim.
const PAGE_BYTES: usize = 4 << 20;
/// Records of the first page, and the least and most of any.
const COUNT_FIRST: usize = 256;
const COUNT_LEAST: usize = 16;
const COUNT_MOST: usize = 4096;
/// Up to so many patients, their records are listed; of more, each record is asked whose it is.
const LISTED_MAX: usize = 500;

/// A walk and how far it has come.
#[derive(Debug)]
pub struct Walk {
    kind: String,
    scope: Scope,
    patients: Vec<String>,
    /// Only what belongs to some patient.
    of_anyone: bool,
    /// The log position at which everything is seen.
    t: i64,
    /// Only versions that arrived after this log position.
    after_t: i64,
    /// The last record of the page before.
    after: i64,
    count: usize,
    ended: bool,
}

impl Walk {
    /// The log position at which everything is seen.
    pub fn t(&self) -> i64 {
        self.t
    }

    /// Only what belongs to these patients (besides what the scope says).
    pub fn of_patients(mut self, patients: Vec<String>) -> Walk {
        self.patients = patients;
        self
    }

    /// Only what belongs to some patient, whoever it is.
    pub fn of_anyone(mut self, only: bool) -> Walk {
        self.of_anyone = only;
        self
    }

    /// As the records were at an earlier log position.
    pub fn at(mut self, t: i64) -> Walk {
        self.t = t.min(self.t);
        self
    }

    /// Only versions that arrived after this log position.
    pub fn arrived_after(mut self, t: i64) -> Walk {
        self.after_t = t;
        self
    }

    fn sql(&self, numbers: &Numbers) -> Sql {
        let mut sql = Sql::default();
        sql.push("SELECT l.rid, v.body FROM ix_life l JOIN version v ON v.shard = 0 AND v.t = l.t_from", []);
        self.narrow(&mut sql, numbers);
        sql.push(" ORDER BY l.rid LIMIT {}", [Value::Int(self.count as i64)]);
        sql
    }

    /// `WHERE …` of what is left of the walk; the life row of a record is `l`.
    fn narrow(&self, sql: &mut Sql, numbers: &Numbers) {
        let kind = numbers.kind(&self.kind);
        sql.push(
            " WHERE l.shard = 0 AND l.p = {} AND l.rid > {} AND l.t_from > {} AND ",
            [kind, self.after, self.after_t].map(Value::Int),
        );
        visible(sql, "l.", self.t);
        within(sql, &self.scope, Of::Kind(&self.kind), "l.", self.t, numbers);
        let few = (1..=LISTED_MAX).contains(&self.patients.len());
        if few {
            sql.push(
                " AND l.rid IN (SELECT x.rid FROM ix_patient x WHERE x.shard = 0 AND x.p = {} AND ",
                [Value::Int(kind)],
            );
        } else if self.of_anyone || !self.patients.is_empty() {
            sql.push(" AND EXISTS (SELECT 1 FROM ix_patient x WHERE x.shard = 0 AND x.rid = l.rid AND x.p = {} AND ", [Value::Int(kind)]);
        } else {
            return;
        }
        visible(sql, "x.", self.t);
        if !self.patients.is_empty() {
            let listed = places(self.patients.len());
            let ids = self.patients.iter().map(|id| Value::from(id.as_str()));
            sql.push(&format!(" AND x.patient IN ({listed})"), ids);
        }
        sql.push(")", []);
    }

    /// How many records the next page may have, after one of so many bytes.
    fn turn(&mut self, records: usize, bytes: usize, last: Option<i64>) {
        self.ended = records < self.count;
        self.after = last.unwrap_or(self.after);
        let average = (bytes / records.max(1)).max(1);
        self.count = (PAGE_BYTES / average).clamp(COUNT_LEAST, COUNT_MOST);
    }
}

impl Store {
    /// Begins a walk over the records of a type, as they are now.
    pub fn walk(&self, kind: &str, scope: &Scope) -> Walk {
        Walk {
            kind: kind.to_owned(),
            scope: scope.clone(),
            patients: Vec::new(),
            of_anyone: false,
            t: self.head_t(),
            after_t: 0,
            after: 0,
            count: COUNT_FIRST,
            ended: !scope.reaches(kind),
        }
    }

    /// The bodies of the next page; none at the end. Refuses with `gone` when the walk takes longer than the index
    /// remembers what was true.
    pub async fn bodies(&self, walk: &mut Walk) -> Result<Vec<Bytes>, Outcome> {
        if walk.ended {
            return Ok(Vec::new());
        }
        let (sql, t, inner) = (walk.sql(self.numbers()), walk.t, self.0.clone());
        let (bodies, last) = self
            .scan(move |connection| {
                let rows = connection.query(&sql.text, &sql.params)?;
                if inner.kept_from.is_after(t) {
                    return Err(too_late());
                }
                let last = rows.last().map(|row| row.int(0));
                let bodies: Result<Vec<Bytes>, Outcome> = rows.iter().map(|row| plain(row.blob(1))).collect();
                Ok((bodies?, last))
            })
            .await?;
        walk.turn(bodies.len(), bodies.iter().map(Bytes::len).sum(), last);
        Ok(bodies)
    }

    /// How many records are left of a walk.
    pub async fn left(&self, walk: &Walk) -> Result<u64, Outcome> {
        if walk.ended {
            return Ok(0);
        }
        let mut sql = Sql::default();
        sql.push("SELECT count(*) FROM ix_life l", []);
        walk.narrow(&mut sql, self.numbers());
        let (t, inner) = (walk.t, self.0.clone());
        self.scan(move |connection| {
            let rows = connection.query(&sql.text, &sql.params)?;
            match inner.kept_from.is_after(t) {
                false => Ok(rows.first().map_or(0, |row| row.int(0)) as u64),
                true => Err(too_late()),
            }
        })
        .await
    }

    /// The last log position, and when what stands there arrived: whatever comes later arrives at that moment (ms since
    /// 1970 UTC) or after it. A clock read beside the log could be ahead of a commit that is under way.
    pub async fn last_arrival(&self) -> Result<(i64, i64), Outcome> {
        let sql = "SELECT t_last, at FROM audit WHERE shard = 0 ORDER BY seq DESC LIMIT 1";
        let rows = self.query(sql, Vec::new()).await?;
        Ok(rows.first().map_or((0, 0), |row| (row.int(0), row.int(1))))
    }

    /// The log position up to which everything had arrived here before this moment (ms since 1970 UTC).
    pub async fn arrived_before(&self, ms: i64) -> Result<i64, Outcome> {
        self.scan(move |connection| {
            let rows = connection.query("SELECT max(seq) FROM audit WHERE shard = 0", &[])?;
            let (mut low, mut high) = (0, rows.first().map_or(0, |row| row.int(0)));
            // The write chain has an entry for each transaction, numbered from 1, with the moment and its positions.
            let sql = "SELECT at, t_first FROM audit WHERE shard = 0 AND seq = ?1";
            let mut found = None;
            while low < high {
                let middle = low + (high - low) / 2 + 1;
                let rows = connection.query(sql, &[Value::Int(middle)])?;
                let Some(row) = rows.first() else { break };
                if row.int(0) >= ms {
                    found = Some(row.int(1) - 1);
                    high = middle - 1;
                } else {
                    low = middle;
                }
            }
            Ok(found)
        })
        .await
        .map(|found| found.unwrap_or_else(|| self.head_t()))
    }
}

fn plain(stored: Bytes) -> Result<Bytes, Outcome> {
    match stored.first() {
        Some(&FORMAT_PLAIN) => Ok(stored.slice(1..)),
        other => Err(Outcome::fault(format!("unknown body format {other:?}"))),
    }
}

fn too_late() -> Outcome {
    let text = "Việc đọc kéo dài hơn 1 giờ nên không còn nhất quán. Hãy chia nhỏ rồi làm lại.";
    Outcome::new(yba_fhir::Kind::Gone, "walk-expired", text, "the walk took longer than index rows are kept")
}
