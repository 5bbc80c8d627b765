//! Making index rows anew after the program learned to make others: beside the work of the node, when the writer has
//! nothing else to do, page by page. How far it has come stands in the database, so an interrupted one goes on.
//!
//! Searches meanwhile find by the rows that are there; what changed between two versions of the program is found
//! completely once [`Indexing::is_done`].

use crate::db::schema::{self, INDEXES, OPEN};
use crate::db::{Bound, Connection, Result, Row, Value, fragments};
use crate::heads;
use crate::index::units::Known;
use crate::index::{EPOCH, Numbers};
use crate::version::Version;
use crate::writer::{set_text, text};
use std::collections::HashMap;

/// Records of one page: so many that a write which comes meanwhile waits for some hundredths of a second.
const PAGE: i64 = 100;
/// Most bytes of their bodies.
const PAGE_BYTES: i64 = 16 << 20;
/// What is told of it in `meta`: the epoch of the rows, and while they are being made also the last record done.
const NAME: &str = "index";

/// How far the index is: everything is done when both are equal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Indexing {
    /// The position of the log up to which records have their rows.
    pub done: i64,
    pub total: i64,
}

impl Indexing {
    pub fn is_done(&self) -> bool {
        self.done >= self.total
    }
}

/// Marks a database whose rows were all made by this program.
pub(crate) fn set_done(connection: &mut Connection) -> Result<()> {
    set_text(connection, NAME, &EPOCH.to_string())
}

/// What is left to do in a log that ends at `last`.
pub(crate) fn begin(connection: &mut Connection, last: i64) -> Result<Indexing> {
    let found = text(connection, NAME)?.unwrap_or_default();
    let done = match found.split_once(':') {
        _ if found == EPOCH.to_string() => last,
        Some((epoch, done)) if epoch == EPOCH.to_string() => done.parse().unwrap_or(0),
        _ => 0,
    };
    let indexing = Indexing { done: done.min(last), total: last };
    // Opening a store whose rows are all this program's writes nothing.
    if !indexing.is_done() || found != EPOCH.to_string() {
        save(connection, indexing)?;
    }
    Ok(indexing)
}

/// Makes the rows of the next records, inside the open transaction.
pub(crate) fn page(
    connection: &mut Connection,
    numbers: &Numbers,
    units: &mut Known,
    at: Indexing,
) -> Result<Indexing> {
    let (rids, positions) = next_records(connection, at)?;
    let mut shown = Vec::with_capacity(rids.len());
    for row in fragments::versions_at(connection, &positions)? {
        let version = Version::from_row(row).map_err(crate::writer::inner)?;
        let rows = heads::index_rows(&version, numbers);
        shown.push((version, rows));
    }
    for (table, index) in INDEXES.iter().enumerate().skip(1) {
        let mut stored = by_record(fragments::open_index_rows(connection, table, &rids)?, index);
        let mut cells: Vec<Bound<'_>> = Vec::new();
        let mut outdated = Vec::new();
        for (version, rows) in &shown {
            let expected = heads::cells_of(version, rows, table, numbers);
            units.learn(connection, table, &expected)?;
            let before = stored.remove(&version.rid).unwrap_or_default();
            if heads::differ(&before, &expected, index) {
                outdated.push(version.rid);
                cells.extend(expected);
            }
        }
        fragments::delete_open_index_rows(connection, table, &outdated)?;
        connection.insert(&[(&index.table, cells)])?;
    }
    let at = Indexing { done: rids.last().copied().unwrap_or(at.total), ..at };
    save(connection, at)?;
    Ok(at)
}

/// The next records that are shown, and the positions of the versions they show; none at the end.
fn next_records(connection: &mut Connection, at: Indexing) -> Result<(Vec<i64>, Vec<i64>)> {
    let sql = format!(
        "SELECT l.rid, l.t_from, length(v.body) FROM ix_life l JOIN version v ON v.shard = 0 AND v.t = l.t_from \
         WHERE l.shard = 0 AND l.rid > ?1 AND l.rid <= ?2 AND l.t_to = {OPEN} ORDER BY l.rid LIMIT ?3"
    );
    let found = connection.query(&sql, &[Value::Int(at.done), Value::Int(at.total), Value::Int(PAGE)])?;
    let (mut bytes, mut rids, mut positions) = (0, Vec::new(), Vec::new());
    for row in found {
        bytes += row.int(2);
        if bytes > PAGE_BYTES && !rids.is_empty() {
            break;
        }
        rids.push(row.int(0));
        positions.push(row.int(1));
    }
    Ok((rids, positions))
}

fn save(connection: &mut Connection, at: Indexing) -> Result<()> {
    match at.is_done() {
        true => set_done(connection),
        false => set_text(connection, NAME, &format!("{EPOCH}:{}", at.done)),
    }
}

/// Stored rows, told apart by their record.
fn by_record(rows: Vec<Row>, index: &schema::IndexTable) -> HashMap<i64, Vec<Row>> {
    let rid = index.table.columns.len() - 3;
    let mut of_record: HashMap<i64, Vec<Row>> = HashMap::new();
    for row in rows {
        of_record.entry(row.int(rid)).or_default().push(row);
    }
    of_record
}
