//! PostgreSQL: statements prepared once per connection, arrays for bulk inserts, pipelines for groups.

use super::schema::{Table, insert_arrays};
use super::{Error, Result, Row, Statement, Value};
use bytes::{BufMut, Bytes, BytesMut};
use futures_util::future::try_join_all;
use std::collections::HashMap;
use std::error::Error as StdError;
use tokio_postgres::types::{FromSql, IsNull, ToSql, Type, to_sql_checked};
use tokio_postgres::{Client, NoTls};

/// Most statements kept prepared on one connection.
const PREPARED_MAX: usize = 512;

/// A connection with its own small runtime, so that callers may block on it from any plain thread.
pub struct Link {
    runtime: tokio::runtime::Runtime,
    client: Client,
    prepared: HashMap<String, tokio_postgres::Statement>,
}

impl Link {
    pub fn open(url: &str) -> Result<Link> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| Error { message: format!("runtime: {error}"), retry: false })?;
        let client = runtime.block_on(async {
            let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
            tokio::spawn(connection);
            // Durability is ours to promise, whatever the server's default is.
            client
                .batch_execute("SET synchronous_commit=on; SET client_min_messages=warning; SET jit=off")
                .await?;
            Ok::<_, tokio_postgres::Error>(client)
        })?;
        Ok(Link { runtime, client, prepared: HashMap::new() })
    }

    pub fn batch(&mut self, sql: &str) -> Result<()> {
        Ok(self.runtime.block_on(self.client.batch_execute(sql))?)
    }

    pub fn execute(&mut self, sql: &str, params: &[Value]) -> Result<u64> {
        let statement = self.prepare(sql)?;
        Ok(self.runtime.block_on(self.client.execute_raw(&statement, params))?)
    }

    pub fn execute_all(&mut self, statements: &[Statement]) -> Result<()> {
        let prepared = statements.iter().map(|one| self.prepare(&one.sql)).collect::<Result<Vec<_>>>()?;
        let running =
            prepared.iter().zip(statements).map(|(ready, one)| self.client.execute_raw(ready, &one.params));
        self.runtime.block_on(try_join_all(running))?;
        Ok(())
    }

    pub fn query(&mut self, sql: &str, params: &[Value]) -> Result<Vec<Row>> {
        let statement = self.prepare(sql)?;
        let refs: Vec<&(dyn ToSql + Sync)> =
            params.iter().map(|value| value as &(dyn ToSql + Sync)).collect();
        let rows = self.runtime.block_on(self.client.query(&statement, &refs))?;
        Ok(rows.iter().map(own).collect())
    }

    pub fn query_arrays(&mut self, sql: &str, columns: &[Column]) -> Result<Vec<Row>> {
        let statement = self.prepare(sql)?;
        let refs: Vec<&(dyn ToSql + Sync)> = columns.iter().map(Column::as_param).collect();
        let rows = self.runtime.block_on(self.client.query(&statement, &refs))?;
        Ok(rows.iter().map(own).collect())
    }

    pub fn execute_arrays(&mut self, statements: &[(String, Vec<Column>)]) -> Result<()> {
        let prepared = statements.iter().map(|(sql, _)| self.prepare(sql)).collect::<Result<Vec<_>>>()?;
        let client = &self.client;
        let running = prepared.iter().zip(statements).map(|(ready, (_, columns))| async move {
            let refs: Vec<&(dyn ToSql + Sync)> = columns.iter().map(Column::as_param).collect();
            client.execute(ready, &refs).await
        });
        self.runtime.block_on(try_join_all(running))?;
        Ok(())
    }

    pub fn insert(&mut self, batches: &[(&Table, Vec<Vec<Value>>)]) -> Result<()> {
        let statements: Vec<(String, Vec<Column>)> = batches
            .iter()
            .filter(|(_, rows)| !rows.is_empty())
            .map(|(table, rows)| (insert_arrays(table), columns(rows, table.columns.len())))
            .collect();
        self.execute_arrays(&statements)
    }

    /// As [`Link::insert`] for one table, with an `ON CONFLICT` clause.
    pub fn insert_with(&mut self, table: &Table, rows: &[Vec<Value>], clause: &str) -> Result<()> {
        let sql = format!("{} {clause}", insert_arrays(table));
        self.execute_arrays(&[(sql, columns(rows, table.columns.len()))])
    }

    fn prepare(&mut self, sql: &str) -> Result<tokio_postgres::Statement> {
        if let Some(statement) = self.prepared.get(sql) {
            return Ok(statement.clone());
        }
        if self.prepared.len() >= PREPARED_MAX {
            self.prepared.clear();
        }
        let statement = self.runtime.block_on(self.client.prepare(&dollar_placeholders(sql)))?;
        self.prepared.insert(sql.to_owned(), statement.clone());
        Ok(statement)
    }
}

/// Turns `?1` into `$1`. Our SQL has no question mark elsewhere.
fn dollar_placeholders(sql: &str) -> String {
    sql.replace('?', "$")
}

/// One array parameter: a column of many rows.
#[derive(Debug)]
pub enum Column {
    Int(Vec<Option<i64>>),
    Real(Vec<Option<f64>>),
    Text(Vec<Option<String>>),
    Blob(Vec<Option<Vec<u8>>>),
}

impl Column {
    fn as_param(&self) -> &(dyn ToSql + Sync) {
        match self {
            Column::Int(values) => values,
            Column::Real(values) => values,
            Column::Text(values) => values,
            Column::Blob(values) => values,
        }
    }
}

fn columns(rows: &[Vec<Value>], width: usize) -> Vec<Column> {
    (0..width)
        .map(|position| {
            let cells = || rows.iter().map(|row| &row[position]);
            let sample = cells().find(|cell| !matches!(cell, Value::Null)).unwrap_or(&Value::Null);
            match sample {
                Value::Int(_) => Column::Int(
                    cells()
                        .map(|cell| if let Value::Int(number) = cell { Some(*number) } else { None })
                        .collect(),
                ),
                Value::Real(_) => Column::Real(
                    cells()
                        .map(|cell| if let Value::Real(number) = cell { Some(*number) } else { None })
                        .collect(),
                ),
                Value::Blob(_) => Column::Blob(
                    cells()
                        .map(|cell| if let Value::Blob(bytes) = cell { Some(bytes.to_vec()) } else { None })
                        .collect(),
                ),
                Value::Text(_) | Value::Null => Column::Text(
                    cells()
                        .map(|cell| if let Value::Text(text) = cell { Some(text.clone()) } else { None })
                        .collect(),
                ),
            }
        })
        .collect()
}

fn own(row: &tokio_postgres::Row) -> Row {
    Row((0..row.len()).map(|column| row.try_get::<_, Value>(column).unwrap_or(Value::Null)).collect())
}

impl<'a> FromSql<'a> for Value {
    fn from_sql(ty: &Type, raw: &'a [u8]) -> std::result::Result<Value, Box<dyn StdError + Sync + Send>> {
        Ok(match *ty {
            Type::INT8 => Value::Int(i64::from_sql(ty, raw)?),
            Type::INT4 => Value::Int(i32::from_sql(ty, raw)?.into()),
            Type::INT2 => Value::Int(i16::from_sql(ty, raw)?.into()),
            Type::BOOL => Value::Int(bool::from_sql(ty, raw)?.into()),
            Type::FLOAT8 => Value::Real(f64::from_sql(ty, raw)?),
            Type::BYTEA => Value::Blob(Bytes::copy_from_slice(raw)),
            _ => Value::Text(<&str>::from_sql(ty, raw)?.to_owned()),
        })
    }

    fn from_sql_null(_: &Type) -> std::result::Result<Value, Box<dyn StdError + Sync + Send>> {
        Ok(Value::Null)
    }

    fn accepts(ty: &Type) -> bool {
        matches!(*ty, Type::INT8 | Type::INT4 | Type::INT2 | Type::BOOL | Type::FLOAT8 | Type::BYTEA)
            || <&str as FromSql>::accepts(ty)
    }
}

impl ToSql for Value {
    fn to_sql(
        &self,
        ty: &Type,
        out: &mut BytesMut,
    ) -> std::result::Result<IsNull, Box<dyn StdError + Sync + Send>> {
        match self {
            Value::Null => return Ok(IsNull::Yes),
            Value::Int(number) => match *ty {
                Type::INT2 => out.put_i16(i16::try_from(*number)?),
                Type::INT4 => out.put_i32(i32::try_from(*number)?),
                Type::FLOAT8 => out.put_f64(*number as f64),
                _ => out.put_i64(*number),
            },
            Value::Real(number) => out.put_f64(*number),
            Value::Text(text) => out.put_slice(text.as_bytes()),
            Value::Blob(bytes) => out.put_slice(bytes),
        }
        Ok(IsNull::No)
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

impl From<tokio_postgres::Error> for Error {
    fn from(error: tokio_postgres::Error) -> Error {
        let code = error.code().map(|state| state.code().to_owned()).unwrap_or_default();
        let detail = error.as_db_error().map_or_else(|| error.to_string(), |db| db.message().to_owned());
        Error { message: format!("{detail} [{code}]"), retry: matches!(code.as_str(), "40001" | "40P01") }
    }
}
