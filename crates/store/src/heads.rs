//! Which version of a record is its head, told from the versions alone: what `check` compares with and `restore`
//! builds again. Records come in pages, so memory stays small however many there are.

use crate::db::schema::{IndexTable, OPEN};
use crate::db::{Bound, Connection, Row, Value, fragments};
use crate::index::{Numbers, Rows, extract};
use crate::version::Version;
use std::collections::BTreeMap;
use yba_fhir::Outcome;

/// Most records of a page, and most bytes of bodies that one read of the log brings.
const PAGE: i64 = 200;
const PAGE_BYTES: i64 = 16 << 20;

/// A record and the version that should be its head.
pub(crate) struct Record {
    pub rid: i64,
    pub versions: u64,
    pub head: Version,
    /// Types and ids that its versions name besides the head's: there should be none.
    pub strangers: usize,
}

/// The next records after number `after`, up to number `last`; none at the end.
pub(crate) fn page(connection: &mut Connection, after: i64, last: i64) -> Result<Vec<Record>, Outcome> {
    let sql =
        "SELECT DISTINCT rid FROM version WHERE shard = 0 AND rid > ?1 AND rid <= ?2 ORDER BY rid LIMIT ?3";
    let rids = connection.query(sql, &[Value::Int(after), Value::Int(last), Value::Int(PAGE)])?;
    let mut best: BTreeMap<i64, (u64, i64, i64, String)> = BTreeMap::new();
    let mut names: BTreeMap<i64, Vec<(String, String)>> = BTreeMap::new();
    for rid in &rids {
        let sql = "SELECT t, hlc, version_id, kind, id FROM version WHERE shard = 0 AND rid = ?1 ORDER BY t";
        for row in connection.query(sql, &[Value::Int(rid.int(0))])? {
            let (t, hlc, version_id) = (row.int(0), row.int(1), row.text(2).to_owned());
            let known = best.entry(rid.int(0)).or_insert((0, t, i64::MIN, String::new()));
            known.0 += 1;
            if (hlc, &version_id) > (known.2, &known.3) {
                *known = (known.0, t, hlc, version_id);
            }
            let name = (row.text(3).to_owned(), row.text(4).to_owned());
            let of_record = names.entry(rid.int(0)).or_default();
            if !of_record.contains(&name) {
                of_record.push(name);
            }
        }
    }
    let mut records = Vec::with_capacity(best.len());
    for (rid, (versions, t, ..)) in best {
        let row = fragments::versions_at(connection, &[t])?.into_iter().next();
        let row = row.ok_or_else(|| Outcome::fault(format!("no version at t {t}, where there was one")))?;
        let strangers = names.get(&rid).map_or(0, Vec::len).saturating_sub(1);
        records.push(Record { rid, versions, head: Version::from_row(row)?, strangers });
    }
    Ok(records)
}

/// Versions of the log after `after` up to `last`, in order, as many as fit a bound of memory; none at the end.
pub(crate) fn log_page(connection: &mut Connection, after: i64, last: i64) -> Result<Vec<Version>, Outcome> {
    let along = connection.along_log();
    let sql = format!(
        "SELECT t, length(body) FROM version{along} WHERE shard = 0 AND t > ?1 AND t <= ?2 ORDER BY t LIMIT ?3"
    );
    let sizes = connection.query(&sql, &[Value::Int(after), Value::Int(last), Value::Int(5 * PAGE)])?;
    let (mut bytes, mut positions) = (0, Vec::new());
    for row in sizes {
        bytes += row.int(1);
        if bytes > PAGE_BYTES && !positions.is_empty() {
            break;
        }
        positions.push(row.int(0));
    }
    fragments::versions_at(connection, &positions)?.into_iter().map(Version::from_row).collect()
}

/// The index rows that a head should have, life row included, as `(table, values)` without record and time.
pub(crate) fn index_rows(head: &Version, numbers: &Numbers) -> Rows {
    match head.deleted {
        true => Rows::default(),
        false => extract(&head.tree(), &head.kind, &head.id, numbers),
    }
}

/// The cells of the rows of one index table for these heads.
pub(crate) fn index_cells<'a>(
    heads: impl Iterator<Item = (&'a Record, &'a Rows)>,
    table: usize,
    numbers: &Numbers,
) -> Vec<Bound<'a>> {
    heads.flat_map(|(record, rows)| cells_of(&record.head, rows, table, numbers)).collect()
}

/// The cells of the rows of one index table for one head.
pub(crate) fn cells_of<'a>(
    head: &Version,
    rows: &'a Rows,
    table: usize,
    numbers: &Numbers,
) -> Vec<Bound<'a>> {
    let mut cells = Vec::new();
    let end = [head.rid, head.t, OPEN].map(Bound::Int);
    if table == 0 && !head.deleted {
        cells.extend([numbers.kind(&head.kind), head.last_updated_ms()].map(Bound::Int));
        cells.extend(end);
    }
    for row in rows.rows(table) {
        cells.extend(row.iter().map(Value::bound));
        cells.extend(end);
    }
    cells
}

/// Whether the stored rows of a record are others than these, in whatever order.
pub(crate) fn differ(stored: &[Row], expected: &[Bound<'_>], index: &IndexTable) -> bool {
    let width = index.table.columns.len();
    if stored.len() * width != expected.len() {
        return true;
    }
    let mut expected: Vec<String> = expected.chunks_exact(width).map(|row| format!("{row:?}")).collect();
    let bound = |row: &Row| format!("{:?}", row.0.iter().map(Value::bound).collect::<Vec<_>>());
    let mut stored: Vec<String> = stored.iter().map(bound).collect();
    expected.sort_unstable();
    stored.sort_unstable();
    expected != stored
}
