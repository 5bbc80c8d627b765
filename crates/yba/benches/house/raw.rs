//! The raw baseline of writing: the rows that a run of ours left, inserted again with plain SQL and nothing else.

use crate::bench::{Bench, Engine, timed};
use anyhow::{Context, Result};
use futures_util::future::try_join_all;
use rusqlite::types::{ToSqlOutput, ValueRef};
use std::collections::HashMap;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, NoTls};
use yba_store::Value;
use yba_store::db::schema::{self, AUDIT, HEAD, INDEXES, Table, Type, VERSION};
use yba_store::db::{Connection, Place};
use yba_testkit::postgres::Database;

/// The rows of one commit, by table.
pub type Group = Vec<(&'static Table, Vec<Vec<Value>>)>;

/// Every table that a write adds rows to, with the column that tells to which version a row belongs.
fn tables() -> Vec<(&'static Table, &'static str)> {
    let indexes = INDEXES.iter().map(|index| (&index.table, "t_from"));
    [(&VERSION, "t"), (&HEAD, "t"), (&AUDIT, "t_first")].into_iter().chain(indexes).collect()
}

/// Reads all rows of a closed node and parts them into commits of this many versions.
pub fn groups(place: &Place, versions: usize) -> Result<Vec<Group>> {
    let mut connection = Connection::reader(place)?;
    let mut groups: Vec<Group> = Vec::new();
    for (table, position) in tables() {
        let names: Vec<&str> = table.columns.iter().map(|(name, _)| *name).collect();
        let at = names.iter().position(|name| *name == position).context("a table without its position")?;
        let sql = format!("SELECT {} FROM {} ORDER BY {position}", names.join(", "), table.name);
        let mut by_group: HashMap<usize, Vec<Vec<Value>>> = HashMap::new();
        for row in connection.query(&sql, &[])? {
            let group = (row.int(at) as usize - 1) / versions;
            by_group.entry(group).or_default().push(row.0);
        }
        for (group, rows) in by_group {
            if groups.len() <= group {
                groups.resize_with(group + 1, Group::new);
            }
            groups[group].push((table, rows));
        }
    }
    Ok(groups)
}

/// Inserts the groups into a new database; answers the seconds of the inserts and commits alone.
pub fn insert(bench: &Bench, engine: Engine, groups: &[Group]) -> Result<f64> {
    match engine {
        Engine::Sqlite => insert_sqlite(bench, groups),
        Engine::Postgres => insert_postgres(bench, groups),
    }
}

fn insert_sqlite(bench: &Bench, groups: &[Group]) -> Result<f64> {
    let folder = bench.subfolder()?;
    let connection = rusqlite::Connection::open(folder.path().join("raw.db"))?;
    connection.execute_batch(
        "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA cache_size=-32000; PRAGMA wal_autocheckpoint=4000;",
    )?;
    connection.execute_batch(&schema::ddl(false))?;
    connection.set_prepared_statement_cache_capacity(64);
    let sql: HashMap<&str, String> =
        tables().iter().map(|(table, _)| (table.name, schema::insert_one(table))).collect();
    let (seconds, ()) = timed(|| {
        for group in groups {
            connection.execute_batch("BEGIN IMMEDIATE")?;
            for (table, rows) in group {
                let mut statement = connection.prepare_cached(&sql[table.name])?;
                for row in rows {
                    for (position, value) in row.iter().enumerate() {
                        statement.raw_bind_parameter(position + 1, Cell(value))?;
                    }
                    statement.raw_execute()?;
                }
            }
            connection.execute_batch("COMMIT")?;
        }
        Ok(())
    })?;
    Ok(seconds)
}

struct Cell<'a>(&'a Value);

impl rusqlite::ToSql for Cell<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self.0 {
            Value::Null => ValueRef::Null,
            Value::Int(number) => ValueRef::Integer(*number),
            Value::Real(number) => ValueRef::Real(*number),
            Value::Text(text) => ValueRef::Text(text.as_bytes()),
            Value::Blob(bytes) => ValueRef::Blob(bytes),
        }))
    }
}

/// A column of many rows as PostgreSQL takes it.
enum Array<'a> {
    Int(Vec<i64>),
    Real(Vec<f64>),
    Text(Vec<&'a str>),
    Blob(Vec<&'a [u8]>),
}

impl Array<'_> {
    fn param(&self) -> &(dyn ToSql + Sync) {
        match self {
            Array::Int(values) => values,
            Array::Real(values) => values,
            Array::Text(values) => values,
            Array::Blob(values) => values,
        }
    }
}

/// Columns of the rows of one table, ready to be sent.
fn arrays<'a>(table: &Table, rows: &'a [Vec<Value>]) -> Vec<Array<'a>> {
    let column = |(at, (_, kind)): (usize, &(&str, Type))| {
        let cells = rows.iter().map(|row| &row[at]);
        match kind {
            Type::Int => {
                Array::Int(cells.map(|cell| if let Value::Int(value) = cell { *value } else { 0 }).collect())
            }
            Type::Real => Array::Real(
                cells.map(|cell| if let Value::Real(value) = cell { *value } else { 0.0 }).collect(),
            ),
            Type::Text => {
                Array::Text(cells.map(|cell| if let Value::Text(text) = cell { text } else { "" }).collect())
            }
            Type::Blob => Array::Blob(
                cells.map(|cell| if let Value::Blob(blob) = cell { &blob[..] } else { &[] }).collect(),
            ),
        }
    };
    table.columns.iter().enumerate().map(column).collect()
}

/// The arrays of one commit, by table.
type Ready<'a> = Vec<(&'static str, Vec<Array<'a>>)>;

fn insert_postgres(bench: &Bench, groups: &[Group]) -> Result<f64> {
    let database = Database::fresh().context("PostgreSQL was there a moment ago")?;
    let ready: Vec<Ready<'_>> = groups
        .iter()
        .map(|group| group.iter().map(|(table, rows)| (table.name, arrays(table, rows))).collect())
        .collect();
    bench.runtime.block_on(async {
        let (client, connection) = tokio_postgres::connect(&database.url(), NoTls).await?;
        tokio::spawn(connection);
        client.batch_execute(&schema::postgres_types(&schema::ddl(true))).await?;
        client.batch_execute("SET synchronous_commit=on; SET jit=off").await?;
        let mut statements = HashMap::new();
        for (table, _) in tables() {
            let sql = schema::insert_arrays(table).replace('?', "$");
            statements.insert(table.name, client.prepare(&sql).await?);
        }
        let begun = std::time::Instant::now();
        for group in &ready {
            commit(&client, &statements, group).await?;
        }
        Ok(begun.elapsed().as_secs_f64())
    })
}

/// One transaction in one pipeline: the server has the whole of it before its first answer is read.
async fn commit(
    client: &Client,
    statements: &HashMap<&str, tokio_postgres::Statement>,
    group: &Ready<'_>,
) -> Result<()> {
    let params: Vec<(&tokio_postgres::Statement, Vec<&(dyn ToSql + Sync)>)> = group
        .iter()
        .map(|(table, arrays)| (&statements[table], arrays.iter().map(Array::param).collect()))
        .collect();
    let inserts = try_join_all(params.iter().map(|(statement, params)| client.execute(*statement, params)));
    // They are sent in the order in which they are first polled, which is the order in which they stand here.
    tokio::try_join!(biased; client.batch_execute("BEGIN"), inserts, client.batch_execute("COMMIT"))?;
    Ok(())
}
