//! The change log as a follower reads it: what changed where, without the bodies.

use crate::db::Value;
use crate::open::Store;
use crate::search::condition::{Sql, places};
use yba_fhir::Outcome;

/// One position of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Logged {
    pub t: i64,
    /// The position of the first version of the same transaction.
    pub tx: i64,
    pub kind: String,
    pub id: String,
    pub deleted: bool,
}

impl Store {
    /// The positions at which records of these kinds changed, after one position up to another, in order.
    pub async fn logged(&self, kinds: &[&str], after: i64, last: i64) -> Result<Vec<Logged>, Outcome> {
        if self.0.written.is_nothing_after(kinds, after) {
            return Ok(Vec::new());
        }
        let mut sql = Sql::default();
        sql.push(
            "SELECT t, tx, kind, id, deleted FROM version WHERE shard = 0 AND t > {} AND t <= {}",
            [Value::Int(after), Value::Int(last)],
        );
        let kinds = kinds.iter().map(|kind| Value::from(*kind));
        sql.push(&format!(" AND kind IN ({}) ORDER BY t", places(kinds.len())), kinds);
        let rows = self.query(&sql.text, sql.params).await?;
        let logged = rows.into_iter().map(|mut row| Logged {
            t: row.int(0),
            tx: row.int(1),
            kind: row.take_text(2),
            id: row.take_text(3),
            deleted: row.int(4) != 0,
        });
        Ok(logged.collect())
    }

    /// The last position of the transaction to which this position belongs.
    pub async fn transaction_end(&self, of: &Logged) -> Result<i64, Outcome> {
        // Before the question: what is committed after it belongs to others. A transaction is there whole or not at all, so
        // when nothing follows this one, it ended here or earlier.
        let head = self.head_t();
        let along = self.place().along_log();
        let sql =
            format!("SELECT t FROM version{along} WHERE shard = 0 AND t > ?1 AND tx > ?2 ORDER BY t LIMIT 1");
        let rows = self.query(&sql, vec![Value::Int(of.t), Value::Int(of.tx)]).await?;
        Ok(rows.first().map_or(head, |next| next.int(0) - 1))
    }
}
