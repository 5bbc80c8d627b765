//! PostgreSQL: statements prepared once per connection, arrays for bulk inserts, pipelines for groups.

use super::schema::{self, Table, insert_arrays};
use super::wire::{Line, Trouble};
use super::{Batch, Bound, Error, Patience, Result, Row, Statement, Value};
use bytes::{BufMut, Bytes, BytesMut};
use futures_util::future::try_join_all;
use std::collections::HashMap;
use std::error::Error as StdError;
use std::net::IpAddr;
use std::time::{Duration, Instant};
use tokio_postgres::config::Host;
use tokio_postgres::error::SqlState;
use tokio_postgres::types::{FromSql, IsNull, ToSql, Type, to_sql_checked};
use tokio_postgres::{Client, Config};

/// Most statements kept prepared on one connection.
const PREPARED_MAX: usize = 512;

/// Durability is ours to promise, whatever the server's default is. A statement is planned once, often when its tables are
/// empty and nothing is known of them, and must be as good when they are full: so by the indexes that are made for it, in
/// the order in which it is written.
const SETTINGS: &str = "SET synchronous_commit=on; SET client_min_messages=warning; SET jit=off; \
                        SET enable_seqscan=off; SET enable_hashjoin=off; SET enable_mergejoin=off; \
                        SET join_collapse_limit=1; SET from_collapse_limit=1";

/// How long a database that is starting up or recovering is waited for.
const STARTING_MAX: Duration = Duration::from_secs(60);

/// A connection; every thread may ask it, and waits for its answer.
pub struct Link {
    line: Line,
    prepared: HashMap<String, tokio_postgres::Statement>,
    was_too_long: bool,
}

/// Connects, with patience for a database that recovers from a crash: that one will be there.
fn connect(config: &Config) -> std::result::Result<Line, Trouble> {
    let asked = Instant::now();
    loop {
        match Line::open(config) {
            Err(Trouble::Postgres(error))
                if error.code() == Some(&SqlState::CANNOT_CONNECT_NOW) && asked.elapsed() < STARTING_MAX =>
            {
                std::thread::sleep(Duration::from_millis(200));
            }
            done => return done,
        }
    }
}

impl Link {
    pub fn open(url: &str) -> Result<Link> {
        Link::with(url, SETTINGS)
    }

    /// A connection whose statements are broken off when they take too long.
    pub fn patient(url: &str, patience: Patience) -> Result<Link> {
        match patience.ms() {
            Some(ms) => Link::with(url, &format!("{SETTINGS}; SET statement_timeout={ms}")),
            None => Link::open(url),
        }
    }

    fn with(url: &str, settings: &str) -> Result<Link> {
        let mut line = connect(&url.parse::<Config>()?)?;
        line.run(async |client| client.batch_execute(settings).await)?;
        Ok(Link { line, prepared: HashMap::new(), was_too_long: false })
    }

    /// Whether a statement was broken off since this was asked last.
    pub fn was_too_long(&mut self) -> bool {
        std::mem::take(&mut self.was_too_long)
    }

    pub fn batch(&mut self, sql: &str) -> Result<()> {
        self.run(async |client| client.batch_execute(sql).await)
    }

    pub fn execute(&mut self, sql: &str, params: &[Value]) -> Result<u64> {
        let statement = self.prepare(sql)?;
        self.run(async |client| client.execute_raw(&statement, params).await)
    }

    pub fn execute_all(&mut self, statements: &[Statement]) -> Result<()> {
        let prepared = statements.iter().map(|one| self.prepare(&one.sql)).collect::<Result<Vec<_>>>()?;
        self.run(async |client| {
            let each = prepared.iter().zip(statements);
            try_join_all(each.map(|(ready, one)| client.execute_raw(ready, &one.params))).await
        })?;
        Ok(())
    }

    pub fn query(&mut self, sql: &str, params: &[Value]) -> Result<Vec<Row>> {
        let statement = self.prepare(sql)?;
        let refs: Vec<&(dyn ToSql + Sync)> =
            params.iter().map(|value| value as &(dyn ToSql + Sync)).collect();
        self.rows(&statement, &refs)
    }

    fn rows(
        &mut self,
        statement: &tokio_postgres::Statement,
        params: &[&(dyn ToSql + Sync)],
    ) -> Result<Vec<Row>> {
        let rows = self.run(async |client| client.query(statement, params).await)?;
        rows.iter().map(own).collect()
    }

    fn run<T>(
        &mut self,
        work: impl AsyncFnOnce(&Client) -> std::result::Result<T, tokio_postgres::Error>,
    ) -> Result<T> {
        let done = self.line.run(work);
        let code = done.as_ref().err().and_then(Trouble::code);
        self.was_too_long |= code == Some(&SqlState::QUERY_CANCELED);
        Ok(done?)
    }

    pub fn query_arrays(&mut self, sql: &str, columns: &[Column<'_>]) -> Result<Vec<Row>> {
        let statement = self.prepare(sql)?;
        let refs: Vec<&(dyn ToSql + Sync)> = columns.iter().map(Column::as_param).collect();
        self.rows(&statement, &refs)
    }

    pub fn execute_arrays(&mut self, statements: &[(String, Vec<Column<'_>>)]) -> Result<()> {
        let prepared = statements.iter().map(|(sql, _)| self.prepare(sql)).collect::<Result<Vec<_>>>()?;
        self.run(async |client| {
            let each = prepared.iter().zip(statements).map(|(ready, (_, columns))| async move {
                let refs: Vec<&(dyn ToSql + Sync)> = columns.iter().map(Column::as_param).collect();
                client.execute(ready, &refs).await
            });
            try_join_all(each).await
        })?;
        Ok(())
    }

    pub fn insert(&mut self, batches: &[Batch<'_>]) -> Result<()> {
        let statements: Vec<(String, Vec<Column<'_>>)> = batches
            .iter()
            .filter(|(_, cells)| !cells.is_empty())
            .map(|(table, cells)| (insert_arrays(table), columns(table, cells)))
            .collect();
        self.execute_arrays(&statements)
    }

    /// As [`Link::insert`] for one table, with an `ON CONFLICT` clause.
    pub fn insert_with(&mut self, table: &Table, cells: &[Bound<'_>], clause: &str) -> Result<()> {
        let sql = format!("{} {clause}", insert_arrays(table));
        self.execute_arrays(&[(sql, columns(table, cells))])
    }

    fn prepare(&mut self, sql: &str) -> Result<tokio_postgres::Statement> {
        if let Some(statement) = self.prepared.get(sql) {
            return Ok(statement.clone());
        }
        if self.prepared.len() >= PREPARED_MAX {
            self.prepared.clear();
        }
        let statement = self.run(async |client| client.prepare(&dollar_placeholders(sql)).await)?;
        self.prepared.insert(sql.to_owned(), statement.clone());
        Ok(statement)
    }
}

/// Whether every host of the URL is this machine.
pub fn is_near(url: &str) -> bool {
    let is_here = |host: &Host| match host {
        Host::Unix(_) => true,
        Host::Tcp(name) => name == "localhost" || name.parse::<IpAddr>().is_ok_and(|one| one.is_loopback()),
    };
    url.parse::<Config>().is_ok_and(|config| config.get_hosts().iter().all(is_here))
}

/// Turns `?1` into `$1`. Our SQL has no question mark elsewhere.
fn dollar_placeholders(sql: &str) -> String {
    sql.replace('?', "$")
}

/// One array parameter: a column of many rows.
#[derive(Debug)]
pub enum Column<'a> {
    Int(Vec<i64>),
    Real(Vec<f64>),
    Text(Vec<&'a str>),
    Blob(Vec<&'a [u8]>),
}

impl Column<'_> {
    fn as_param(&self) -> &(dyn ToSql + Sync) {
        match self {
            Column::Int(values) => values,
            Column::Real(values) => values,
            Column::Text(values) => values,
            Column::Blob(values) => values,
        }
    }
}

/// The columns of a table's rows.
fn columns<'a>(table: &Table, cells: &[Bound<'a>]) -> Vec<Column<'a>> {
    let width = table.columns.len();
    let column = |position: usize| cells.iter().skip(position).step_by(width);
    let each = |(position, (_, kind)): (usize, &(&str, schema::Type))| match kind {
        schema::Type::Int => Column::Int(column(position).map(|cell| int(*cell)).collect()),
        schema::Type::Real => Column::Real(column(position).map(|cell| real(*cell)).collect()),
        schema::Type::Text => Column::Text(column(position).map(|cell| text(*cell)).collect()),
        schema::Type::Blob => Column::Blob(column(position).map(|cell| blob(*cell)).collect()),
    };
    table.columns.iter().enumerate().map(each).collect()
}

fn int(cell: Bound<'_>) -> i64 {
    if let Bound::Int(number) = cell { number } else { 0 }
}

fn real(cell: Bound<'_>) -> f64 {
    if let Bound::Real(number) = cell { number } else { 0.0 }
}

fn text(cell: Bound<'_>) -> &str {
    if let Bound::Text(text) = cell { text } else { "" }
}

fn blob(cell: Bound<'_>) -> &[u8] {
    if let Bound::Blob(bytes) = cell { bytes } else { &[] }
}

fn own(row: &tokio_postgres::Row) -> Result<Row> {
    let mut values = Vec::with_capacity(row.len());
    for column in 0..row.len() {
        values.push(row.try_get::<_, Value>(column)?);
    }
    Ok(Row(values))
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
            Type::NUMERIC => numeric(raw)?,
            _ => Value::Text(<&str>::from_sql(ty, raw)?.to_owned()),
        })
    }

    fn from_sql_null(_: &Type) -> std::result::Result<Value, Box<dyn StdError + Sync + Send>> {
        Ok(Value::Null)
    }

    fn accepts(ty: &Type) -> bool {
        const KNOWN: [Type; 7] =
            [Type::INT8, Type::INT4, Type::INT2, Type::BOOL, Type::FLOAT8, Type::BYTEA, Type::NUMERIC];
        KNOWN.contains(ty) || <&str as FromSql>::accepts(ty)
    }
}

/// What `sum` and `avg` of integers give: a whole number if it is one and fits, else a real one.
/// The form: four counts (digits, weight, sign, scale), then digits of base 10,000.
fn numeric(raw: &[u8]) -> std::result::Result<Value, Box<dyn StdError + Sync + Send>> {
    let part = |at: usize| raw.get(2 * at..2 * at + 2).map(|two| i16::from_be_bytes([two[0], two[1]]));
    let (count, weight, sign) = match (part(0), part(1), part(2)) {
        (Some(count), Some(weight), Some(sign @ (0 | 0x4000))) => (count, weight, sign),
        _ => return Err("a NUMERIC that is no number".into()),
    };
    let (mut whole, mut real) = (Some(0i64), 0f64);
    for at in 0..count.max(weight + 1) {
        let digit = if at < count { part(4 + at as usize).ok_or("a NUMERIC cut short")? } else { 0 };
        real += f64::from(digit) * 10_000f64.powi(i32::from(weight - at));
        whole = match whole {
            Some(number) if at <= weight => {
                number.checked_mul(10_000).and_then(|number| number.checked_add(digit.into()))
            }
            Some(number) if digit == 0 => Some(number),
            _ => None,
        };
    }
    let negative = sign != 0;
    Ok(match whole {
        Some(number) => Value::Int(if negative { -number } else { number }),
        None => Value::Real(if negative { -real } else { real }),
    })
}

impl ToSql for Value {
    fn to_sql(
        &self,
        ty: &Type,
        out: &mut BytesMut,
    ) -> std::result::Result<IsNull, Box<dyn StdError + Sync + Send>> {
        // The type is the column's; a value that does not fit it is refused rather than read as other bytes.
        match (self, ty) {
            (Value::Null, _) => return Ok(IsNull::Yes),
            (Value::Int(number), &Type::INT2) => out.put_i16(i16::try_from(*number)?),
            (Value::Int(number), &Type::INT4) => out.put_i32(i32::try_from(*number)?),
            (Value::Int(number), &Type::FLOAT8) => out.put_f64(*number as f64),
            (Value::Int(number), &Type::INT8) => out.put_i64(*number),
            (Value::Real(number), &Type::FLOAT8) => out.put_f64(*number),
            (Value::Blob(bytes), &Type::BYTEA) => out.put_slice(bytes),
            (Value::Text(text), _) if <&str as ToSql>::accepts(ty) => out.put_slice(text.as_bytes()),
            _ => return Err(format!("{self:?} does not fit a parameter of type {ty}").into()),
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
        let detail = match (error.as_db_error(), error.source()) {
            (Some(refused), _) => refused.message().to_owned(),
            (None, Some(cause)) => format!("{error}: {cause}"),
            (None, None) => error.to_string(),
        };
        Error { message: format!("{detail} [{code}]"), retry: matches!(code.as_str(), "40001" | "40P01") }
    }
}

impl From<Trouble> for Error {
    fn from(trouble: Trouble) -> Error {
        match trouble {
            Trouble::Postgres(error) => error.into(),
            Trouble::Io(error) => Error { message: format!("connection: {error}"), retry: false },
        }
    }
}
