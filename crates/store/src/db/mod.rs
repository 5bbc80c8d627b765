//! The seam to the database: about five operations over an enum of two engines. SQL above it is written once.
//!
//! Placeholders are `?1`, `?2`, …; types are BIGINT, DOUBLE PRECISION, TEXT and BLOB. What differs between the
//! engines stands in this folder and nowhere else: placeholders, type names and table tails ([`schema`]), array
//! binding and the lookups that use it ([`fragments`]), the hints for plans ([`Connection::first_table_join`],
//! [`Connection::by_value`]), the test for a part of a text ([`Place::contains`]), the fenced right to write ([`lease`]),
//! the mark by which a copied database is noticed ([`Connection::mark`]), the integrity check
//! ([`Connection::integrity`]).

pub mod fragments;
pub(crate) mod lease;
pub(crate) mod postgres;
pub mod schema;
pub(crate) mod sqlite;
mod wire;

use bytes::Bytes;
use std::path::PathBuf;

/// A value on its way to or from the database.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    Null,
    Int(i64),
    Real(f64),
    Text(String),
    Blob(Bytes),
}

impl Value {
    pub fn text(text: impl Into<String>) -> Value {
        Value::Text(text.into())
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Value {
        Value::Int(number)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Value {
        Value::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Value {
        Value::Text(text)
    }
}

/// A value lent to the database for as long as a statement runs; never null.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Bound<'a> {
    Int(i64),
    Real(f64),
    Text(&'a str),
    Blob(&'a [u8]),
}

impl Value {
    /// The value without its owner; null counts as empty text, which no column of a bulk table ever holds.
    pub fn bound(&self) -> Bound<'_> {
        match self {
            Value::Int(number) => Bound::Int(*number),
            Value::Real(number) => Bound::Real(*number),
            Value::Text(text) => Bound::Text(text),
            Value::Blob(bytes) => Bound::Blob(bytes),
            Value::Null => Bound::Text(""),
        }
    }
}

/// Rows for one table, cell after cell: as many cells a row as the table has columns.
pub type Batch<'a> = (&'static schema::Table, Vec<Bound<'a>>);

/// One row of an answer, by column position.
#[derive(Debug, Clone, Default)]
pub struct Row(pub Vec<Value>);

impl Row {
    /// The integer in a column; 0 when it is null. Asking a text column is a fault of the caller and gives 0 too.
    pub fn int(&self, column: usize) -> i64 {
        match self.0.get(column) {
            Some(Value::Int(number)) => *number,
            _ => 0,
        }
    }

    /// The text in a column; empty when it is null.
    pub fn text(&self, column: usize) -> &str {
        match self.0.get(column) {
            Some(Value::Text(text)) => text,
            _ => "",
        }
    }

    /// Takes the text out of a column; empty when it is null.
    pub fn take_text(&mut self, column: usize) -> String {
        match self.0.get_mut(column) {
            Some(Value::Text(text)) => std::mem::take(text),
            _ => String::new(),
        }
    }

    /// The bytes in a column; empty when it is null.
    pub fn blob(&self, column: usize) -> Bytes {
        match self.0.get(column) {
            Some(Value::Blob(bytes)) => bytes.clone(),
            _ => Bytes::new(),
        }
    }
}

/// A statement with its parameters: a change to derived tables, as data.
#[derive(Debug, Clone)]
pub struct Statement {
    pub sql: String,
    pub params: Vec<Value>,
}

impl Statement {
    pub fn new(sql: impl Into<String>, params: Vec<Value>) -> Statement {
        Statement { sql: sql.into(), params }
    }
}

/// Something the database refused or could not do.
#[derive(Debug, Clone)]
pub struct Error {
    pub message: String,
    /// A serialization failure or deadlock: the same transaction may succeed when tried again.
    pub retry: bool,
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}

impl From<Error> for yba_fhir::Outcome {
    fn from(error: Error) -> yba_fhir::Outcome {
        yba_fhir::Outcome::fault(format!("database: {}", error.message))
    }
}

pub type Result<T> = std::result::Result<T, Error>;

/// Where the records are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// One SQLite file.
    File(PathBuf),
    /// A PostgreSQL database, as a `postgres://` URL.
    Postgres(String),
}

/// How long whoever borrows a connection may use it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Patience {
    /// As long as a thread that serves many may wait.
    Brief,
    /// As long as a person waits for an answer.
    Answer,
    Long,
}

impl Patience {
    /// Steps of SQLite, of which a thousand take some 20 µs.
    fn thousands_of_steps(self) -> Option<i64> {
        match self {
            Patience::Brief => Some(20),
            Patience::Answer => Some(500_000),
            Patience::Long => None,
        }
    }

    fn ms(self) -> Option<u32> {
        match self {
            Patience::Brief => Some(25),
            Patience::Answer => Some(10_000),
            Patience::Long => None,
        }
    }
}

/// See [`Place::along_log`].
fn along_log(is_sqlite: bool) -> &'static str {
    if is_sqlite { " NOT INDEXED" } else { "" }
}

impl Place {
    /// Whether the engine is in this program or on this machine: then an answer is here sooner than another thread.
    pub fn is_near(&self) -> bool {
        match self {
            Place::File(_) => true,
            Place::Postgres(url) => postgres::is_near(url),
        }
    }

    /// Follows the name of the log (`version`) where it is walked in its order, from one end or a position. SQLite, which has
    /// no statistics of ours, otherwise takes any other index that begins with `shard`, sorts the whole log by position and
    /// gives the first few.
    pub fn along_log(&self) -> &'static str {
        along_log(matches!(self, Place::File(_)))
    }

    /// The test whether a text column holds a piece of text, letter by letter; `parameter` is the number of its
    /// placeholder. Several times as fast as `LIKE`, and no letter of the piece is a wildcard.
    pub fn contains(&self, column: &str, parameter: usize) -> String {
        match self {
            Place::File(_) => format!("instr({column}, ?{parameter}) > 0"),
            Place::Postgres(_) => format!("strpos({column}, ?{parameter}) > 0"),
        }
    }
}

/// A connection to one of the two engines. Calls block the thread; [`crate::Store`] decides on which thread.
pub enum Connection {
    Sqlite(sqlite::Link),
    Postgres(Box<postgres::Link>),
}

impl Connection {
    /// Opens a connection that may write.
    pub fn writer(place: &Place) -> Result<Connection> {
        match place {
            Place::File(path) => Ok(Connection::Sqlite(sqlite::Link::writer(path)?)),
            Place::Postgres(url) => Ok(Connection::Postgres(Box::new(postgres::Link::open(url)?))),
        }
    }

    /// Opens a connection that only reads.
    pub fn reader(place: &Place) -> Result<Connection> {
        match place {
            Place::File(path) => Ok(Connection::Sqlite(sqlite::Link::reader(path)?)),
            Place::Postgres(url) => Ok(Connection::Postgres(Box::new(postgres::Link::open(url)?))),
        }
    }

    /// The same with statements that are broken off when they take too long: see [`Connection::begin_read`].
    pub fn patient_reader(place: &Place, patience: Patience) -> Result<Connection> {
        match place {
            Place::File(_) => Connection::reader(place),
            Place::Postgres(url) => {
                Ok(Connection::Postgres(Box::new(postgres::Link::patient(url, patience)?)))
            }
        }
    }

    /// Runs one statement; answers how many rows it changed.
    pub fn execute(&mut self, sql: &str, params: &[Value]) -> Result<u64> {
        match self {
            Connection::Sqlite(link) => link.execute(sql, params),
            Connection::Postgres(link) => link.execute(sql, params),
        }
    }

    /// Begins a read that is bounded until [`Connection::was_too_long`] is asked: on SQLite all its statements together, in
    /// steps of the engine; on PostgreSQL each of them, in time, as its [`Connection::patient_reader`] was opened.
    pub fn begin_read(&mut self, patience: Patience) {
        if let Connection::Sqlite(link) = self {
            link.bound(patience.thousands_of_steps());
        }
    }

    /// Whether the bound was reached: then a statement was broken off. Ends the bound.
    pub fn was_too_long(&mut self) -> bool {
        match self {
            Connection::Sqlite(link) => link.bound(None),
            Connection::Postgres(link) => link.was_too_long(),
        }
    }

    /// Runs several statements in order; PostgreSQL gets them in one pipeline.
    pub fn execute_all(&mut self, statements: &[Statement]) -> Result<()> {
        match self {
            Connection::Sqlite(link) => {
                statements.iter().try_for_each(|one| link.execute(&one.sql, &one.params).map(drop))
            }
            Connection::Postgres(link) => link.execute_all(statements),
        }
    }

    pub fn query(&mut self, sql: &str, params: &[Value]) -> Result<Vec<Row>> {
        match self {
            Connection::Sqlite(link) => link.query(sql, params),
            Connection::Postgres(link) => link.query(sql, params),
        }
    }

    /// How the engine would run a query, line by line, in its own words.
    pub fn explain(&mut self, sql: &str, params: &[Value]) -> Result<Vec<String>> {
        let (rows, column) = match self {
            Connection::Sqlite(link) => (link.query(&format!("EXPLAIN QUERY PLAN {sql}"), params)?, 3),
            Connection::Postgres(link) => (link.query(&format!("EXPLAIN {sql}"), params)?, 0),
        };
        Ok(rows.iter().map(|row| row.text(column).to_owned()).collect())
    }

    /// Adds rows to tables. PostgreSQL gets arrays in one pipeline.
    pub fn insert(&mut self, batches: &[Batch<'_>]) -> Result<()> {
        match self {
            Connection::Sqlite(link) => batches.iter().try_for_each(|(table, cells)| {
                link.insert(&schema::insert_one(table), table.columns.len(), cells)
            }),
            Connection::Postgres(link) => link.insert(batches),
        }
    }

    /// Runs DDL written with our type names.
    pub fn migrate(&mut self, ddl: &str) -> Result<()> {
        match self {
            Connection::Sqlite(link) => link.batch(ddl),
            Connection::Postgres(link) => link.batch(&schema::postgres_types(ddl)),
        }
    }

    pub fn begin(&mut self) -> Result<()> {
        match self {
            Connection::Sqlite(link) => link.batch("BEGIN IMMEDIATE"),
            Connection::Postgres(link) => link.batch("BEGIN"),
        }
    }

    /// Begins a transaction that only reads and sees one moment; [`Connection::rollback`] ends it.
    pub fn begin_snapshot(&mut self) -> Result<()> {
        match self {
            Connection::Sqlite(link) => link.batch("BEGIN DEFERRED"),
            Connection::Postgres(link) => link.batch("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"),
        }
    }

    /// Ends the transaction; when this returns, it is on disk.
    pub fn commit(&mut self) -> Result<()> {
        match self {
            Connection::Sqlite(link) => link.batch("COMMIT"),
            Connection::Postgres(link) => link.batch("COMMIT"),
        }
    }

    /// Gives up the transaction. A failure to do so is harmless: the connection is then replaced.
    pub fn rollback(&mut self) {
        let _ = match self {
            Connection::Sqlite(link) => link.batch("ROLLBACK"),
            Connection::Postgres(link) => link.batch("ROLLBACK"),
        };
    }

    /// Copies SQLite's log into the file, as far as no reader needs it; PostgreSQL does so by itself.
    pub fn checkpoint(&mut self) -> Result<()> {
        match self {
            Connection::Sqlite(link) => link.query("PRAGMA wal_checkpoint(PASSIVE)", &[]).map(drop),
            Connection::Postgres(_) => Ok(()),
        }
    }

    /// How a query that must start from its first table joins the next one. SQLite takes the order of CROSS JOIN
    /// as written; PostgreSQL plans from its statistics.
    pub fn first_table_join(&self) -> &'static str {
        match self {
            Connection::Sqlite(_) => "CROSS JOIN",
            Connection::Postgres(_) => "JOIN",
        }
    }

    /// Follows the name of an index table whose rows are looked up by value, rather than in the order of its records.
    pub fn by_value(&self, table: &str) -> String {
        self.by_index(&format!("{table}_find"))
    }

    /// Follows the name of a table that SQLite is to read by this index; without statistics of ours it prefers the
    /// table's own key, even where that means to walk the whole log. PostgreSQL plans from its statistics.
    pub fn by_index(&self, index: &str) -> String {
        match self {
            Connection::Sqlite(_) => format!(" INDEXED BY {index}"),
            Connection::Postgres(_) => String::new(),
        }
    }

    /// Follows the name of the log where it is walked in its order; see [`Place::along_log`].
    pub fn along_log(&self) -> &'static str {
        along_log(matches!(self, Connection::Sqlite(_)))
    }

    /// The column `p` where one record's rows are read without a condition on their values. PostgreSQL otherwise goes
    /// through all rows under `p` in the order of their values; the sum leaves it the index by record alone.
    pub fn by_record(&self) -> &'static str {
        match self {
            Connection::Sqlite(_) => "p",
            Connection::Postgres(_) => "p + 0",
        }
    }

    /// A column of values in a probe of one record's rows, so that no index by value is used for it. SQLite, which counts
    /// how many columns of an index are compared, otherwise prefers that one, where the rows of a record stand far apart;
    /// PostgreSQL may too, when it underrates how many rows a value has.
    pub fn value_of_record(&self, column: &str, kind: schema::Type) -> String {
        match (self, kind) {
            (Connection::Sqlite(_), _) => format!("+{column}"),
            (Connection::Postgres(_), schema::Type::Text) => format!("({column} || '')"),
            (Connection::Postgres(_), _) => format!("({column} + 0)"),
        }
    }

    /// What tells this database from a copy of it: the machine and the file, or the cluster and the database. A change
    /// of it costs no more than a new incarnation, so it may well be too careful.
    pub fn mark(&mut self) -> Result<String> {
        match self {
            Connection::Sqlite(link) => link.mark(),
            Connection::Postgres(link) => {
                let sql = "SELECT (SELECT system_identifier::text FROM pg_control_system()), oid::bigint \
                           FROM pg_database WHERE datname = current_database()";
                let rows = link.query(sql, &[])?;
                Ok(rows.first().map(|row| format!("{}:{}", row.text(0), row.int(1))).unwrap_or_default())
            }
        }
    }

    /// What the engine's own check of its file finds. PostgreSQL has none that a common user may run: page checksums
    /// (`initdb --data-checksums`) do it there, at each read.
    pub fn integrity(&mut self) -> Result<Vec<String>> {
        match self {
            Connection::Sqlite(link) => {
                let rows = link.query("PRAGMA integrity_check(100)", &[])?;
                Ok(rows.iter().map(|row| row.text(0).to_owned()).filter(|text| text != "ok").collect())
            }
            Connection::Postgres(_) => Ok(Vec::new()),
        }
    }
}
