//! SQLite: WAL, synchronous=FULL, one writer, many readers.

use super::{Bound, Error, Result, Row, Value};
use bytes::Bytes;
use rusqlite::config::DbConfig;
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{OpenFlags, ToSql};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicI64;
use std::sync::atomic::Ordering::Relaxed;

/// Most statements kept prepared on one connection; searches make ever new ones, of some ten kilobytes each.
const STATEMENTS_MAX: usize = 100;

/// How much of the file readers see without copying its pages: all of it, up to what the engine is built for. What is read
/// so is the system's memory, not ours. Writing does not use it.
const MAPPED_BYTES: u64 = 1 << 40;
/// How often the engine is asked whether it may go on, in its own steps (some 20 µs).
const STEPS_AT_ONCE: i32 = 1000;

/// A connection to the file, and how many thousand steps its statements may still take.
pub struct Link(rusqlite::Connection, Arc<AtomicI64>);

impl Link {
    pub fn writer(path: &Path) -> Result<Link> {
        let connection = rusqlite::Connection::open(path)?;
        // An automatic checkpoint every 16,000 pages (64 MB): an import dirties thousands of pages a commit, most of them
        // again and again, and each is then copied into the file once instead of many times.
        connection.execute_batch(
            "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA cache_size=-32000; \
             PRAGMA wal_autocheckpoint=16000; PRAGMA busy_timeout=10000; PRAGMA trusted_schema=OFF;",
        )?;
        Link::of(connection)
    }

    pub fn reader(path: &Path) -> Result<Link> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = rusqlite::Connection::open_with_flags(path, flags)?;
        connection.execute_batch(&format!(
            "PRAGMA cache_size=-4000; PRAGMA mmap_size={MAPPED_BYTES}; PRAGMA busy_timeout=10000; PRAGMA query_only=ON;"
        ))?;
        Link::of(connection)
    }

    fn of(mut connection: rusqlite::Connection) -> Result<Link> {
        keep_plans(&connection)?;
        let left = Arc::new(AtomicI64::new(i64::MAX));
        let counted = left.clone();
        // Relaxed: engine and caller are one thread.
        connection.progress_handler(STEPS_AT_ONCE, Some(move || counted.fetch_sub(1, Relaxed) <= 0))?;
        Ok(Link(connection, left))
    }

    /// Bounds what the statements from here on may do in all, in thousands of steps; no bound for `None`. Answers whether
    /// the bound before was reached: then a statement was broken off.
    pub fn bound(&mut self, thousands: Option<i64>) -> bool {
        self.1.swap(thousands.unwrap_or(i64::MAX), Relaxed) < 0
    }

    pub fn batch(&mut self, sql: &str) -> Result<()> {
        Ok(self.0.execute_batch(sql)?)
    }

    pub fn execute(&mut self, sql: &str, params: &[Value]) -> Result<u64> {
        let mut statement = self.0.prepare_cached(sql)?;
        Ok(statement.execute(rusqlite::params_from_iter(params))? as u64)
    }

    pub fn query(&mut self, sql: &str, params: &[Value]) -> Result<Vec<Row>> {
        let mut rows = Vec::new();
        collect(&mut *self.0.prepare_cached(sql)?, params, &mut rows)?;
        Ok(rows)
    }

    /// Runs one statement for each key, all in one view of the file; the rows stand in the order of the keys.
    pub fn query_each<const N: usize>(
        &mut self,
        sql: &str,
        keys: impl ExactSizeIterator<Item = [Value; N]>,
    ) -> Result<Vec<Row>> {
        let mut rows = Vec::with_capacity(keys.len());
        // Outside a transaction each statement would take and give back the reader's lock on the log.
        let view = match keys.len() > 1 && self.0.is_autocommit() {
            true => Some(self.0.unchecked_transaction()?),
            false => None,
        };
        let mut statement = self.0.prepare_cached(sql)?;
        for key in keys {
            collect(&mut statement, &key, &mut rows)?;
        }
        drop(statement);
        view.map_or(Ok(()), rusqlite::Transaction::finish)?;
        Ok(rows)
    }

    /// Runs one statement for each row of `width` cells.
    pub fn insert(&mut self, sql: &str, width: usize, cells: &[Bound<'_>]) -> Result<()> {
        let mut statement = self.0.prepare_cached(sql)?;
        for row in cells.chunks_exact(width) {
            for (position, cell) in row.iter().enumerate() {
                statement.raw_bind_parameter(position + 1, cell)?;
            }
            statement.raw_execute()?;
        }
        Ok(())
    }

    /// The machine, the disk and the file's own number on it.
    pub fn mark(&mut self) -> Result<String> {
        use std::os::unix::fs::MetadataExt;
        let machine = std::fs::read_to_string("/etc/machine-id").unwrap_or_default();
        let path = self.0.path().unwrap_or_default().to_owned();
        let file = std::fs::metadata(&path)
            .map_err(|error| Error { message: format!("{path}: {error}"), retry: false })?;
        Ok(format!("{}:{}:{}", machine.trim(), file.dev(), file.ino()))
    }
}

/// A prepared statement keeps its plan. Otherwise SQLite (built with STAT4) parses and plans a statement with a join anew
/// at each binding: nine tenths of the time of a read by id.
fn keep_plans(connection: &rusqlite::Connection) -> Result<()> {
    connection.set_prepared_statement_cache_capacity(STATEMENTS_MAX);
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    Ok(())
}

/// Adds the rows of an answer.
fn collect(statement: &mut rusqlite::Statement<'_>, params: &[Value], rows: &mut Vec<Row>) -> Result<()> {
    let columns = statement.column_count();
    let mut found = statement.query(rusqlite::params_from_iter(params))?;
    while let Some(row) = found.next()? {
        let mut values = Vec::with_capacity(columns);
        for column in 0..columns {
            values.push(own(row.get_ref(column)?));
        }
        rows.push(Row(values));
    }
    Ok(())
}

fn own(value: ValueRef<'_>) -> Value {
    match value {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(number) => Value::Int(number),
        ValueRef::Real(number) => Value::Real(number),
        ValueRef::Text(text) => Value::Text(String::from_utf8_lossy(text).into_owned()),
        ValueRef::Blob(bytes) => Value::Blob(Bytes::copy_from_slice(bytes)),
    }
}

impl ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Value::Null => ValueRef::Null,
            Value::Int(number) => ValueRef::Integer(*number),
            Value::Real(number) => ValueRef::Real(*number),
            Value::Text(text) => ValueRef::Text(text.as_bytes()),
            Value::Blob(bytes) => ValueRef::Blob(bytes),
        }))
    }
}

impl ToSql for Bound<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Bound::Int(number) => ValueRef::Integer(*number),
            Bound::Real(number) => ValueRef::Real(*number),
            Bound::Text(text) => ValueRef::Text(text.as_bytes()),
            Bound::Blob(bytes) => ValueRef::Blob(bytes),
        }))
    }
}

impl From<rusqlite::Error> for Error {
    fn from(error: rusqlite::Error) -> Error {
        let code = error.sqlite_error_code();
        let retry =
            matches!(code, Some(rusqlite::ErrorCode::DatabaseBusy | rusqlite::ErrorCode::DatabaseLocked));
        Error { message: error.to_string(), retry }
    }
}
