//! Which units of UCUM the quantities in the store have, so that a search in one unit can be made in the others of its
//! kind. Few hundred in a province, learned as rows are written and never forgotten.

use super::position;
use super::quantity::UCUM;
use crate::db::{Bound, Connection, Result, Value, schema};
use std::collections::{BTreeSet, HashSet};
use yba_fhirpath::ucum;

/// The table of them.
pub const DDL: &str = "CREATE TABLE IF NOT EXISTS unit (shard SMALLINT NOT NULL DEFAULT 0, code TEXT NOT NULL, \
                       PRIMARY KEY (shard, code));";
/// Most units that are kept; more are no honest data.
pub const UNITS_MAX: usize = 2_000;

/// The units that a writer knows to be in the table already; empty after a transaction that failed.
#[derive(Debug, Default)]
pub struct Known(HashSet<String>);

impl Known {
    /// Adds the units of these rows of an index table, in the open transaction.
    pub fn learn(&mut self, connection: &mut Connection, table: usize, cells: &[Bound<'_>]) -> Result<()> {
        if table != position(&schema::QUANTITY) {
            return Ok(());
        }
        let mut fresh = BTreeSet::new();
        for row in cells.chunks_exact(schema::QUANTITY.table.columns.len()) {
            if let [_, _, _, Bound::Text(unit), Bound::Text(UCUM), ..] = row
                && !unit.is_empty()
                && !self.0.contains(*unit)
            {
                fresh.insert(*unit);
            }
        }
        for unit in fresh {
            if self.0.len() < UNITS_MAX && ucum::is_valid(unit) {
                let sql = "INSERT INTO unit (code) VALUES (?1) ON CONFLICT DO NOTHING";
                connection.execute(sql, &[Value::from(unit)])?;
            }
            self.0.insert(unit.to_owned());
        }
        Ok(())
    }

    /// What was learned may have been rolled back.
    pub fn forget(&mut self) {
        self.0.clear();
    }
}
