//! The past: versions of a record, of a type or of everything, newest arrival first.
//! <https://hl7.org/fhir/R4/http.html#history>

use crate::db::Value;
use crate::db::fragments::{VERSION_COLUMNS, with_alias};
use crate::db::schema::OPEN;
use crate::index::Numbers;
use crate::open::Store;
use crate::search::Scope;
use crate::search::clause_sql::NOW;
use crate::search::condition::{Sql, places};
use crate::search::scope::{Of, within};
use crate::version::{INTERNAL_KINDS, Version};
use yba_fhir::Outcome;
use yba_fhir::resource::is_id;

/// Which versions are wanted.
#[derive(Debug, Clone)]
pub struct Past {
    /// Of this type; of every type of FHIR when empty.
    pub kind: String,
    /// Of this record of the type; of all when empty.
    pub id: String,
    /// Only versions that arrived after this log position.
    pub after: i64,
    /// Only versions that arrived before this log position: where the page before ended.
    pub before: i64,
    /// Only versions that a record showed at some moment between these log positions.
    pub between: Option<(i64, i64)>,
    /// At most so many.
    pub limit: usize,
}

impl Past {
    /// All versions of a record.
    pub fn of_record(kind: &str, id: &str, limit: usize) -> Past {
        let (kind, id) = (kind.to_owned(), id.to_owned());
        Past { kind, id, after: 0, before: OPEN, between: None, limit }
    }

    fn sql(&self, scope: &Scope, numbers: &Numbers, along: &str) -> Sql {
        let mut sql = Sql::default();
        let columns = with_alias(VERSION_COLUMNS, "v");
        let before = "SELECT w.deleted FROM version w WHERE w.shard = 0 AND w.rid = v.rid AND w.t < v.t \
                      ORDER BY w.t DESC LIMIT 1";
        sql.push(&format!("SELECT {columns}, ({before}) FROM "), []);
        match (self.kind.as_str(), self.id.as_str()) {
            ("", _) => {
                let ours = places(INTERNAL_KINDS.len());
                let kinds = INTERNAL_KINDS.map(Value::from);
                sql.push(&format!("version v{along} WHERE v.shard = 0 AND v.kind NOT IN ({ours})"), kinds);
            }
            (kind, "") => sql.push("version v WHERE v.shard = 0 AND v.kind = {}", [Value::from(kind)]),
            (kind, id) => sql.push(
                "head h JOIN version v ON v.shard = 0 AND v.rid = h.rid \
                 WHERE h.shard = 0 AND h.kind = {} AND h.id = {}",
                [Value::from(kind), Value::from(id)],
            ),
        }
        sql.push(" AND v.t > {} AND v.t < {}", [self.after, self.before].map(Value::Int));
        if let Some((first, last)) = self.between {
            sql.push(
                " AND v.t <= {} AND NOT EXISTS (SELECT 1 FROM version w WHERE w.shard = 0 AND w.rid = v.rid \
                 AND w.t > v.t AND w.t <= {})",
                [last, first].map(Value::Int),
            );
        }
        let of = if self.kind.is_empty() { Of::Life } else { Of::Kind(&self.kind) };
        within(&mut sql, scope, of, "v.", NOW, numbers);
        sql.push(" ORDER BY v.t DESC LIMIT {}", [Value::Int(self.limit as i64)]);
        sql
    }
}

/// A version, and what the record was before it.
#[derive(Debug, Clone)]
pub struct Event {
    pub version: Version,
    /// Whether the record was there, and not deleted, before this version.
    pub was_there: bool,
}

impl Store {
    /// One page of the past, within a scope: of a narrowed one, what is now in the compartments of its patients.
    pub async fn history(&self, past: &Past, scope: &Scope) -> Result<Vec<Event>, Outcome> {
        if !past.id.is_empty() && !is_id(&past.id) {
            return Ok(Vec::new());
        }
        let sql = past.sql(scope, self.numbers(), self.place().along_log());
        self.scan(move |connection| {
            let rows = connection.query(&sql.text, &sql.params)?;
            let event = |mut row: crate::Row| {
                let was_there = matches!(row.0.pop(), Some(Value::Int(0)));
                Ok(Event { version: Version::from_row(row)?, was_there })
            };
            rows.into_iter().map(event).collect()
        })
        .await
    }
}
