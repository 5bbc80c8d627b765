//! Walking over the records of one type: their bodies, in the order in which the records came to be, as all of them were
//! at one log position. For exports and views: nothing but the bodies is read, in pages that are bounded in bytes.

use crate::db::Value;
use crate::index::Numbers;
use crate::open::Store;
use crate::search::Scope;
use crate::search::condition::Sql;
use crate::search::plan::{visible, within};
use crate::version::FORMAT_PLAIN;
use crate::writer::number;
use bytes::Bytes;
use yba_fhir::Outcome;

/// Bytes of bodies that a page has about; records have sizes that differ, so it is an aim.
const PAGE_BYTES: usize = 4 << 20;
/// Records of the first page, and the least and most of any.
const COUNT_FIRST: usize = 256;
const COUNT_LEAST: usize = 16;
const COUNT_MOST: usize = 4096;

/// A walk and how far it has come.
#[derive(Debug)]
pub struct Walk {
    kind: String,
    scope: Scope,
    patients: Vec<String>,
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

    /// Only versions that arrived after this log position.
    pub fn arrived_after(mut self, t: i64) -> Walk {
        self.after_t = t;
        self
    }

    fn sql(&self, numbers: &Numbers) -> Sql {
        let kind = numbers.kind(&self.kind);
        let mut sql = Sql::default();
        sql.push(
            "SELECT l.rid, v.body FROM ix_life l JOIN version v ON v.shard = 0 AND v.t = l.t_from \
             WHERE l.shard = 0 AND l.p = {} AND l.rid > {} AND l.t_from > {} AND ",
            [kind, self.after, self.after_t].map(Value::Int),
        );
        visible(&mut sql, "l.", self.t);
        within(&mut sql, &self.scope, self.t);
        if !self.patients.is_empty() {
            let places = vec!["{}"; self.patients.len()].join(", ");
            let ids = self.patients.iter().map(|id| Value::from(id.as_str()));
            sql.push(" AND l.rid IN (SELECT x.rid FROM ix_patient x WHERE x.shard = 0", []);
            sql.push(&format!(" AND x.patient IN ({places})"), ids);
            sql.push(" AND x.p = {} AND ", [Value::Int(kind)]);
            visible(&mut sql, "x.", self.t);
            sql.push(")", []);
        }
        sql.push(" ORDER BY l.rid LIMIT {}", [Value::Int(self.count as i64)]);
        sql
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
            t: self.head_t(),
            after_t: 0,
            after: 0,
            count: COUNT_FIRST,
            ended: *scope == Scope::Nothing,
        }
    }

    /// The bodies of the next page; none at the end. Refuses with `gone` when the walk takes longer than the index
    /// remembers what was true.
    pub async fn bodies(&self, walk: &mut Walk) -> Result<Vec<Bytes>, Outcome> {
        if walk.ended {
            return Ok(Vec::new());
        }
        let (sql, t) = (walk.sql(self.numbers()), walk.t);
        let (bodies, last) = self
            .scan(move |connection| {
                let rows = connection.query(&sql.text, &sql.params)?;
                // Asked after the rows were read: had any been cleared before, the mark of that is here too.
                if t < number(connection, "pages_from_t")?.unwrap_or(0) {
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
