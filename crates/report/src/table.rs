//! The derived tables: pieces of rows by view and record. All of it can be computed again from the log; the follower
//! writes it, [`crate::reading`] reads it.

use crate::piece::Piece;
use crate::register::{Role, Source};
use std::collections::BTreeSet;
use yba_fhir::Outcome;
use yba_store::{Row, Statement, Store, Value};

/// The follower's name: its cursor in the store.
pub(crate) const FOLLOWER: &str = "report";
/// Which tables these are. A program with another number drops them and derives anew.
const LAYOUT: i64 = 1;

const TABLES: [&str; 5] = ["report_layout", "report_view", "report_row", "report_part", "report_fault"];

const DDL: &[&str] = &[
    "CREATE TABLE IF NOT EXISTS report_layout (version BIGINT NOT NULL PRIMARY KEY)",
    // The views of which all pieces are there.
    "CREATE TABLE IF NOT EXISTS report_view (view BIGINT NOT NULL PRIMARY KEY)",
    // Rows: what the record itself gives. `day` is 20260302, 0 when unknown; `facility` and `patient` may be empty.
    "CREATE TABLE IF NOT EXISTS report_row (view BIGINT NOT NULL, record TEXT NOT NULL, n BIGINT NOT NULL, \
     version TEXT NOT NULL, day BIGINT NOT NULL, facility TEXT NOT NULL, patient TEXT NOT NULL, cells BLOB NOT NULL, \
     PRIMARY KEY (view, record, n))",
    "CREATE INDEX IF NOT EXISTS report_row_day ON report_row (view, facility, day, record, n)",
    // What other records give to the rows that have their key.
    "CREATE TABLE IF NOT EXISTS report_part (view BIGINT NOT NULL, record TEXT NOT NULL, n BIGINT NOT NULL, \
     version TEXT NOT NULL, key TEXT NOT NULL, cells BLOB NOT NULL, PRIMARY KEY (view, record, n))",
    "CREATE INDEX IF NOT EXISTS report_part_key ON report_part (view, key, record, n)",
    // Records of which a view can make nothing, and why.
    "CREATE TABLE IF NOT EXISTS report_fault (view BIGINT NOT NULL, record TEXT NOT NULL, reason TEXT NOT NULL, \
     PRIMARY KEY (view, record))",
];

/// What a record is to a view now.
pub(crate) struct Derived<'s> {
    pub source: &'s Source,
    pub record: String,
    pub version: String,
    pub pieces: Result<Vec<Piece>, String>,
}

/// Creates the tables, or replaces those of another layout.
pub(crate) async fn prepare(store: &Store) -> Result<(), Outcome> {
    store.migrate(&[DDL[0]]).await?;
    let found = store.query("SELECT version FROM report_layout", Vec::new()).await?;
    if found.first().is_some_and(|row| row.int(0) == LAYOUT) {
        return Ok(());
    }
    reset(store).await
}

/// Empties the tables and goes back to the beginning of the log.
pub(crate) async fn reset(store: &Store) -> Result<(), Outcome> {
    let drops: Vec<String> = TABLES.iter().map(|name| format!("DROP TABLE IF EXISTS {name}")).collect();
    let ddl: Vec<&str> = drops.iter().map(String::as_str).chain(DDL.iter().copied()).collect();
    store.migrate(&ddl).await?;
    let layout = Statement::new("INSERT INTO report_layout (version) VALUES (?1)", vec![Value::Int(LAYOUT)]);
    store.derive(FOLLOWER, 0, vec![layout]).await
}

/// The views whose pieces are there.
pub(crate) async fn present(store: &Store) -> Result<BTreeSet<i64>, Outcome> {
    let rows = store.query("SELECT view FROM report_view", Vec::new()).await?;
    Ok(rows.iter().map(|row| row.int(0)).collect())
}

/// Forgets everything of a view.
pub(crate) fn forget(view: i64) -> Vec<Statement> {
    let of =
        |table: &&str| Statement::new(format!("DELETE FROM {table} WHERE view = ?1"), vec![Value::Int(view)]);
    TABLES[1..].iter().map(of).collect()
}

/// Says that all pieces of a view are there.
pub(crate) fn complete(view: i64) -> Statement {
    Statement::new("INSERT INTO report_view (view) VALUES (?1)", vec![Value::Int(view)])
}

fn table(source: &Source) -> &'static str {
    match source.role {
        Role::Main { .. } => "report_row",
        Role::Part => "report_part",
    }
}

/// Deletes what these records gave to a view.
pub(crate) fn deletes(source: &Source, records: &[&str]) -> Vec<Statement> {
    let mut statements = Vec::new();
    for chunk in records.chunks(CHUNK) {
        let mut params = vec![Value::Int(source.id)];
        params.extend(padded(chunk.iter().map(|id| Value::from(*id)).collect()));
        for table in [table(source), "report_fault"] {
            let sql = format!(
                "DELETE FROM {table} WHERE view = ?1 AND record IN ({})",
                places(2, params.len() - 1)
            );
            statements.push(Statement::new(sql, params.clone()));
        }
    }
    statements
}

/// Inserts what records give, many rows a statement.
pub(crate) fn inserts(derived: Vec<Derived>) -> Vec<Statement> {
    let (mut rows, mut parts, mut faults) = (Vec::new(), Vec::new(), Vec::new());
    for one in derived {
        let (view, record, version) = (Value::Int(one.source.id), one.record, one.version);
        match one.pieces {
            Err(reason) => faults.push(vec![view, Value::from(record), Value::from(reason)]),
            Ok(pieces) => {
                for piece in pieces {
                    let mut row = vec![
                        view.clone(),
                        Value::from(record.as_str()),
                        Value::Int(piece.n),
                        Value::from(version.as_str()),
                    ];
                    let cells = Value::Blob(piece.cells.into());
                    match one.source.role {
                        Role::Main { .. } => {
                            row.extend([
                                Value::Int(piece.day),
                                piece.facility.into(),
                                piece.key.into(),
                                cells,
                            ]);
                            rows.push(row);
                        }
                        Role::Part => {
                            row.extend([piece.key.into(), cells]);
                            parts.push(row);
                        }
                    }
                }
            }
        }
    }
    let mut statements = many("report_row (view, record, n, version, day, facility, patient, cells)", rows);
    statements.extend(many("report_part (view, record, n, version, key, cells)", parts));
    statements.extend(many("report_fault (view, record, reason)", faults));
    statements
}

/// `INSERT` statements of many rows each; of two lengths, so that few statements are prepared.
fn many(into: &str, rows: Vec<Vec<Value>>) -> Vec<Statement> {
    const ROWS: usize = 40;
    let statement = |chunk: &[Vec<Value>]| {
        let width = chunk[0].len();
        let groups: Vec<String> =
            (0..chunk.len()).map(|row| format!("({})", places(row * width + 1, width))).collect();
        Statement::new(format!("INSERT INTO {into} VALUES {}", groups.join(", ")), chunk.concat())
    };
    let whole = rows.len() - rows.len() % ROWS;
    rows[..whole].chunks(ROWS).chain(rows[whole..].chunks(1)).map(statement).collect()
}

/// Most values bound in one list; lists are padded to one of two lengths.
const CHUNK: usize = 100;
const SMALL: usize = 8;

fn places(first: usize, count: usize) -> String {
    (first..first + count).map(|place| format!("?{place}")).collect::<Vec<_>>().join(", ")
}

fn padded(mut values: Vec<Value>) -> Vec<Value> {
    let size = if values.len() <= SMALL { SMALL } else { CHUNK };
    if let Some(last) = values.last().cloned() {
        values.resize(size, last);
    }
    values
}

/// The parts of a view that hang on these keys: record, version, key, cells; those of a key in the order of their records.
pub(crate) async fn parts(store: &Store, view: i64, keys: &BTreeSet<String>) -> Result<Vec<Row>, Outcome> {
    let keys: Vec<Value> = keys.iter().map(|key| Value::from(key.as_str())).collect();
    let mut rows = Vec::new();
    for chunk in keys.chunks(CHUNK) {
        let mut params = vec![Value::Int(view)];
        params.extend(padded(chunk.to_vec()));
        let list = places(2, params.len() - 1);
        let sql = format!(
            "SELECT record, version, key, cells FROM report_part WHERE view = ?1 AND key IN ({list}) \
             ORDER BY key, record, n LIMIT {}",
            PARTS_AT_ONCE + 1
        );
        let found = store.query(&sql, params).await?;
        if found.len() > PARTS_AT_ONCE {
            let text = "Có người hoặc lượt khám kèm quá nhiều bản ghi để lập sổ. Hãy báo người quản trị.";
            return Err(Outcome::new(
                yba_fhir::Kind::TooMany,
                "register-parts",
                text,
                format!("more than {PARTS_AT_ONCE} pieces hang on 100 keys"),
            ));
        }
        rows.extend(found);
    }
    Ok(rows)
}

/// Most pieces of a view that 100 rows may have together.
pub(crate) const PARTS_AT_ONCE: usize = 50_000;
