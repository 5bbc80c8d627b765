//! The fenced right to write to a PostgreSQL database: one row with a holder, an epoch and a time by the database's own
//! clock. A writer of an older epoch can commit nothing. SQLite needs none of it: its folder is locked.
//!
//! The row also names the last transaction. So a writer whose connection broke while it committed can learn on a new
//! one whether that commit happened.

use super::{Connection, Error, Result, Value};

/// How long a writer is believed alive after its last sign, in ms.
pub const LEASE_MS: i64 = 30_000;

const NOW: &str = "(extract(epoch FROM clock_timestamp()) * 1000)::bigint";

/// Takes the right to write for `holder`: when it is free, or its holder gave no sign for [`LEASE_MS`], or is `holder`
/// itself (whose folder's lock proves that an earlier program of it is gone). Answers the epoch, `None` when another
/// holds it.
pub fn take(connection: &mut Connection, holder: &str) -> Result<Option<i64>> {
    connection.execute(
        "INSERT INTO lease (holder, epoch, renewed, tx) VALUES ('', 0, 0, 0) ON CONFLICT (shard) DO NOTHING",
        &[],
    )?;
    let sql = format!(
        "UPDATE lease SET holder = ?1, epoch = epoch + 1, renewed = {NOW}, tx = 0 \
         WHERE shard = 0 AND (holder = ?1 OR renewed < {NOW} - {LEASE_MS}) RETURNING epoch"
    );
    Ok(connection.query(&sql, &[Value::from(holder)])?.first().map(|row| row.int(0)))
}

/// Renews the lease inside the open transaction, naming the transaction. Refuses when another has taken over.
pub fn renew(connection: &mut Connection, epoch: i64, tx: i64) -> Result<()> {
    let sql = format!("UPDATE lease SET renewed = {NOW}, tx = ?2 WHERE shard = 0 AND epoch = ?1");
    match connection.execute(&sql, &[Value::Int(epoch), Value::Int(tx)])? {
        1 => Ok(()),
        _ => Err(Error {
            message: "another node has taken over writing to this database".into(),
            retry: false,
        }),
    }
}

/// Whether the transaction named `tx` was committed. Waits until its old connection is done with it either way.
pub fn was_committed(connection: &mut Connection, epoch: i64, tx: i64) -> Result<bool> {
    let sql = "SELECT tx FROM lease WHERE shard = 0 AND epoch = ?1 FOR UPDATE";
    Ok(connection.query(sql, &[Value::Int(epoch)])?.first().is_some_and(|row| row.int(0) == tx))
}

/// Gives the right back, so that another folder need not wait.
pub fn give_back(connection: &mut Connection, epoch: i64) -> Result<()> {
    let sql = "UPDATE lease SET renewed = 0 WHERE shard = 0 AND epoch = ?1";
    connection.execute(sql, &[Value::Int(epoch)]).map(drop)
}
