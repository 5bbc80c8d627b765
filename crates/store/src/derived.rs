//! Statements of those who follow the log over their derived tables: many rows at once, in few shapes, so that few statements are
//! prepared. Table and column names come from the program, never from input.

use crate::db::{Row, Statement, Value};
use crate::open::Store;
use yba_fhir::Outcome;

/// Most values bound in one `IN (…)`; lists are padded to one of two lengths so that few statements are prepared.
const CHUNK: usize = 100;
const SMALL: usize = 8;

/// Runs `sql` with `{}` replaced by a list of placeholders, for all `values`, in chunks; answers all rows.
pub async fn query_in(store: &Store, sql: &str, values: &[Value]) -> Result<Vec<Row>, Outcome> {
    let mut rows = Vec::new();
    for chunk in values.chunks(CHUNK) {
        let size = if chunk.len() <= SMALL { SMALL } else { CHUNK };
        let mut params = chunk.to_vec();
        params.resize(size, chunk[chunk.len() - 1].clone());
        let places: Vec<String> = (1..=size).map(|place| format!("?{place}")).collect();
        rows.extend(store.query(&sql.replace("{}", &places.join(", ")), params).await?);
    }
    Ok(rows)
}

/// `DELETE` statements for rows whose `column` is one of the values, many at once.
pub fn deletes(table: &str, column: &str, values: &[Value]) -> Vec<Statement> {
    let statement = |chunk: &[Value]| {
        let size = if chunk.len() <= SMALL { SMALL } else { CHUNK };
        let mut params = chunk.to_vec();
        params.resize(size, chunk[chunk.len() - 1].clone());
        let places: Vec<String> = (1..=size).map(|place| format!("?{place}")).collect();
        Statement::new(format!("DELETE FROM {table} WHERE {column} IN ({})", places.join(", ")), params)
    };
    values.chunks(CHUNK).map(statement).collect()
}

/// `INSERT` statements of many rows each; all rows have as many values as `columns` names. `tail` stands behind the values,
/// such as `ON CONFLICT DO NOTHING`.
pub fn inserts(table: &str, columns: &str, tail: &str, rows: Vec<Vec<Value>>) -> Vec<Statement> {
    const ROWS: usize = 40;
    let statement = |chunk: &[Vec<Value>]| {
        let mut place = 0;
        let groups: Vec<String> = chunk
            .iter()
            .map(|row| {
                let places: Vec<String> = row
                    .iter()
                    .map(|_| {
                        place += 1;
                        format!("?{place}")
                    })
                    .collect();
                format!("({})", places.join(", "))
            })
            .collect();
        let sql = format!("INSERT INTO {table} ({columns}) VALUES {} {tail}", groups.join(", "));
        Statement::new(sql, chunk.concat())
    };
    let whole = rows.len() - rows.len() % ROWS;
    rows[..whole].chunks(ROWS).chain(rows[whole..].chunks(1)).map(statement).collect()
}
