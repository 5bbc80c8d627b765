//! The lookups and changes that bind many keys at once. PostgreSQL takes arrays, SQLite runs one prepared
//! statement for each key: both are the fast way there.

use super::postgres::Column;
use super::schema::{HEAD, INDEXES, OPEN, insert_one};
use super::{Bound, Connection, Result, Row, Value};
use std::sync::OnceLock;

const HEAD_COLUMNS: &str = "kind, id, rid, t, hlc, version_id, hash, deleted";
/// The columns of [`versions_at`] and of every query that reads whole versions.
pub const VERSION_COLUMNS: &str =
    "t, tx, rid, kind, id, version_id, parents, origin, hlc, hash, deleted, body";

/// [`VERSION_COLUMNS`] of `v`, and after them the patients in whose compartments that version is, with spaces between; of
/// an older one than pages may show none are known any more.
pub fn shown_columns(connection: &Connection) -> &'static str {
    let made = |all: &str| {
        let columns = with_alias(VERSION_COLUMNS, "v");
        format!(
            "{columns}, (SELECT {all}(x.patient, ' ') FROM ix_patient x \
             WHERE x.shard = 0 AND x.rid = v.rid AND x.t_from <= v.t AND x.t_to > v.t)"
        )
    };
    static SQLITE: OnceLock<String> = OnceLock::new();
    static POSTGRES: OnceLock<String> = OnceLock::new();
    match connection {
        Connection::Sqlite(_) => SQLITE.get_or_init(|| made("group_concat")),
        Connection::Postgres(_) => POSTGRES.get_or_init(|| made("string_agg")),
    }
}

/// Columns of a table by its alias.
pub fn with_alias(columns: &str, alias: &str) -> String {
    columns.split(", ").map(|name| format!("{alias}.{name}")).collect::<Vec<_>>().join(", ")
}

/// The heads of these records, as rows of `kind, id, rid, t, hlc, version_id, hash, deleted`; missing ones are absent.
pub fn heads(connection: &mut Connection, keys: &[(&str, &str)]) -> Result<Vec<Row>> {
    match connection {
        Connection::Sqlite(link) => {
            let sql = format!("SELECT {HEAD_COLUMNS} FROM head WHERE shard = 0 AND kind = ?1 AND id = ?2");
            link.query_each(&sql, keys.iter().map(|(kind, id)| [Value::from(*kind), Value::from(*id)]))
        }
        Connection::Postgres(link) => {
            let kinds = Column::Text(keys.iter().map(|(kind, _)| *kind).collect());
            let ids = Column::Text(keys.iter().map(|(_, id)| *id).collect());
            let columns = with_alias(HEAD_COLUMNS, "h");
            let sql = format!(
                "SELECT {columns} FROM unnest(?1::text[], ?2::text[]) AS k(kind, id) \
                 JOIN head h ON h.shard = 0 AND h.kind = k.kind AND h.id = k.id"
            );
            link.query_arrays(&sql, &[kinds, ids])
        }
    }
}

/// The versions at these log positions, in the order asked.
pub fn versions_at(connection: &mut Connection, positions: &[i64]) -> Result<Vec<Row>> {
    match connection {
        Connection::Sqlite(link) => {
            let sql = format!("SELECT {VERSION_COLUMNS} FROM version WHERE t = ?1");
            link.query_each(&sql, positions.iter().map(|t| [Value::Int(*t)]))
        }
        Connection::Postgres(link) => {
            let asked = Column::Int(positions.to_vec());
            let columns = with_alias(VERSION_COLUMNS, "v");
            let sql = format!(
                "SELECT {columns} FROM unnest(?1::bigint[]) WITH ORDINALITY AS k(t, place) \
                 JOIN version v ON v.shard = 0 AND v.t = k.t ORDER BY k.place"
            );
            link.query_arrays(&sql, &[asked])
        }
    }
}

/// The versions at these log positions with [`shown_columns`], in any order.
pub fn shown_versions_at(connection: &mut Connection, positions: &[i64]) -> Result<Vec<Row>> {
    let columns = shown_columns(connection);
    match connection {
        Connection::Sqlite(link) => {
            let sql = format!("SELECT {columns} FROM version v WHERE v.t = ?1");
            link.query_each(&sql, positions.iter().map(|t| [Value::Int(*t)]))
        }
        Connection::Postgres(link) => {
            let sql =
                format!("SELECT {columns} FROM version v WHERE v.shard = 0 AND v.t = ANY(?1::bigint[])");
            link.query_arrays(&sql, &[Column::Int(positions.to_vec())])
        }
    }
}

/// The patients in whose compartments these records are now.
pub fn patients_of(connection: &mut Connection, rids: &[i64]) -> Result<Vec<Row>> {
    match connection {
        Connection::Sqlite(link) => {
            let sql =
                format!("SELECT patient FROM ix_patient WHERE shard = 0 AND rid = ?1 AND t_to = {OPEN}");
            link.query_each(&sql, rids.iter().map(|rid| [Value::Int(*rid)]))
        }
        Connection::Postgres(link) => {
            let asked = Column::Int(rids.to_vec());
            let sql = format!(
                "SELECT DISTINCT x.patient FROM unnest(?1::bigint[]) AS k(rid) \
                 JOIN ix_patient x ON x.shard = 0 AND x.rid = k.rid AND x.t_to = {OPEN}"
            );
            link.query_arrays(&sql, &[asked])
        }
    }
}

/// The tokens that these records had under these numbers at a log position, as rows of `rid, system, code`.
pub fn tokens_at(connection: &mut Connection, rids: &[i64], numbers: &[i64], t: i64) -> Result<Vec<Row>> {
    let asked: Vec<[i64; 3]> =
        rids.iter().flat_map(|rid| numbers.iter().map(move |p| [*rid, *p, t])).collect();
    match connection {
        Connection::Sqlite(link) => {
            let sql = "SELECT rid, system, code FROM ix_token \
                       WHERE shard = 0 AND rid = ?1 AND p = ?2 AND t_from <= ?3 AND t_to > ?3";
            link.query_each(sql, asked.iter().map(|keys| keys.map(Value::Int)))
        }
        Connection::Postgres(link) => {
            let column = |at: usize| Column::Int(asked.iter().map(|keys| keys[at]).collect());
            let sql = "SELECT x.rid, x.system, x.code FROM unnest(?1::bigint[], ?2::bigint[], ?3::bigint[]) AS k(rid, p, t) \
                       JOIN ix_token x ON x.shard = 0 AND x.rid = k.rid AND x.p = k.p AND x.t_from <= k.t AND x.t_to > k.t";
            link.query_arrays(sql, &[column(0), column(1), column(2)])
        }
    }
}

/// Ends the open index rows of records: `(rid, t)` closes the rows of `rid` from `t` on. Each record at most once: which
/// of two ends an engine would take is its own affair.
pub fn close_index_rows(connection: &mut Connection, closings: &[(i64, i64)]) -> Result<()> {
    if closings.is_empty() {
        return Ok(());
    }
    match connection {
        Connection::Sqlite(link) => {
            for index in INDEXES {
                let name = index.table.name;
                let sql =
                    format!("UPDATE {name} SET t_to = ?2 WHERE shard = 0 AND rid = ?1 AND t_to = {OPEN}");
                for (rid, t) in closings {
                    link.execute(&sql, &[Value::Int(*rid), Value::Int(*t)])?;
                }
            }
            Ok(())
        }
        Connection::Postgres(link) => {
            let arrays = || {
                let rids = Column::Int(closings.iter().map(|(rid, _)| *rid).collect());
                vec![rids, Column::Int(closings.iter().map(|(_, t)| *t).collect())]
            };
            let statements: Vec<(String, Vec<Column<'_>>)> = INDEXES
                .iter()
                .map(|index| {
                    let name = index.table.name;
                    let sql = format!(
                        "UPDATE {name} x SET t_to = k.t FROM unnest(?1::bigint[], ?2::bigint[]) AS k(rid, t) \
                         WHERE x.shard = 0 AND x.rid = k.rid AND x.t_to = {OPEN}"
                    );
                    (sql, arrays())
                })
                .collect();
            link.execute_arrays(&statements)
        }
    }
}

/// The open rows of one index table for these records, all columns, in any order.
pub fn open_index_rows(connection: &mut Connection, table: usize, rids: &[i64]) -> Result<Vec<Row>> {
    let table = &INDEXES[table].table;
    let name = table.name;
    let columns: Vec<String> = table.columns.iter().map(|(column, _)| format!("x.{column}")).collect();
    let columns = columns.join(", ");
    match connection {
        Connection::Sqlite(link) => {
            let sql = format!(
                "SELECT {columns} FROM {name} x WHERE x.shard = 0 AND x.rid = ?1 AND x.t_to = {OPEN}"
            );
            link.query_each(&sql, rids.iter().map(|rid| [Value::Int(*rid)]))
        }
        Connection::Postgres(link) => {
            let sql = format!(
                "SELECT {columns} FROM unnest(?1::bigint[]) AS k(rid) \
                 JOIN {name} x ON x.shard = 0 AND x.rid = k.rid AND x.t_to = {OPEN}"
            );
            link.query_arrays(&sql, &[Column::Int(rids.to_vec())])
        }
    }
}

/// Deletes the open rows of one index table for these records.
pub fn delete_open_index_rows(connection: &mut Connection, table: usize, rids: &[i64]) -> Result<()> {
    if rids.is_empty() {
        return Ok(());
    }
    let name = INDEXES[table].table.name;
    let sql = |rids: &str| format!("DELETE FROM {name} WHERE shard = 0 AND rid {rids} AND t_to = {OPEN}");
    match connection {
        Connection::Sqlite(link) => {
            let sql = sql("= ?1");
            rids.iter().try_for_each(|rid| link.execute(&sql, &[Value::Int(*rid)]).map(drop))
        }
        Connection::Postgres(link) => {
            link.execute_arrays(&[(sql("= ANY(?1::bigint[])"), vec![Column::Int(rids.to_vec())])])
        }
    }
}

/// Writes heads over what stands there: complete rows of the head table, none of them for the same record.
pub fn replace_heads(connection: &mut Connection, cells: &[Bound<'_>]) -> Result<()> {
    if cells.is_empty() {
        return Ok(());
    }
    let update = "ON CONFLICT (shard, kind, id) DO UPDATE SET t = excluded.t, hlc = excluded.hlc, \
                  version_id = excluded.version_id, hash = excluded.hash, deleted = excluded.deleted";
    match connection {
        Connection::Sqlite(link) => {
            link.insert(&format!("{} {update}", insert_one(&HEAD)), HEAD.columns.len(), cells)
        }
        Connection::Postgres(link) => link.insert_with(&HEAD, cells, update),
    }
}

/// What these records refer to under these parameters at a log position: rows of `target`.
pub fn reference_targets(
    connection: &mut Connection,
    rids: &[i64],
    numbers: &[i64],
    t: i64,
) -> Result<Vec<Row>> {
    let under = listed(numbers);
    match connection {
        Connection::Sqlite(link) => {
            let sql = format!(
                "SELECT target FROM ix_reference WHERE shard = 0 AND rid = ?1 AND p IN ({under}) \
                 AND t_from <= ?2 AND t_to > ?2"
            );
            link.query_each(&sql, rids.iter().map(|rid| [Value::Int(*rid), Value::Int(t)]))
        }
        Connection::Postgres(link) => {
            let sql = format!(
                "SELECT x.target FROM unnest(?1::bigint[]) AS k(rid) JOIN ix_reference x ON x.shard = 0 \
                 AND x.rid = k.rid AND x.p IN ({under}) AND x.t_from <= (?2::bigint[])[1] \
                 AND x.t_to > (?2::bigint[])[1]"
            );
            link.query_arrays(&sql, &[Column::Int(rids.to_vec()), Column::Int(vec![t])])
        }
    }
}

/// The records that refer to one of these addresses under these parameters at a log position: rows of `rid`, at most so
/// many of each address.
pub fn references_to(
    connection: &mut Connection,
    addresses: &[String],
    numbers: &[i64],
    t: i64,
    limit: usize,
) -> Result<Vec<Row>> {
    let (under, hint) = (listed(numbers), connection.by_value("ix_reference"));
    match connection {
        Connection::Sqlite(link) => {
            let sql = format!(
                "SELECT rid FROM ix_reference{hint} WHERE shard = 0 AND p IN ({under}) AND target = ?1 \
                 AND t_from <= ?2 AND t_to > ?2 LIMIT {limit}"
            );
            link.query_each(&sql, addresses.iter().map(|one| [Value::from(one.as_str()), Value::Int(t)]))
        }
        Connection::Postgres(link) => {
            let sql = format!(
                "SELECT x.rid FROM unnest(?1::text[]) AS k(target) JOIN ix_reference x ON x.shard = 0 \
                 AND x.p IN ({under}) AND x.target = k.target AND x.t_from <= (?2::bigint[])[1] \
                 AND x.t_to > (?2::bigint[])[1] LIMIT {limit}"
            );
            let addresses = addresses.iter().map(String::as_str).collect();
            link.query_arrays(&sql, &[Column::Text(addresses), Column::Int(vec![t])])
        }
    }
}

/// What these records show at a moment, of those that show something, as rows of `rid, t`.
pub fn shown_at(connection: &mut Connection, rids: &[i64], t: i64) -> Result<Vec<Row>> {
    match connection {
        Connection::Sqlite(link) => {
            let sql = "SELECT l.rid, l.t_from FROM ix_life l WHERE l.shard = 0 AND l.rid = ?1 AND l.t_from <= ?2 \
                       AND l.t_to > ?2";
            link.query_each(sql, rids.iter().map(|rid| [Value::Int(*rid), Value::Int(t)]))
        }
        Connection::Postgres(link) => {
            let at = "(?2::bigint[])[1]";
            let sql = format!(
                "SELECT l.rid, l.t_from FROM unnest(?1::bigint[]) AS k(rid) JOIN ix_life l ON l.shard = 0 \
                 AND l.rid = k.rid AND l.t_from <= {at} AND l.t_to > {at}"
            );
            link.query_arrays(&sql, &[Column::Int(rids.to_vec()), Column::Int(vec![t])])
        }
    }
}

/// Numbers of ours as they stand in a list of SQL.
fn listed(numbers: &[i64]) -> String {
    numbers.iter().map(i64::to_string).collect::<Vec<_>>().join(", ")
}
