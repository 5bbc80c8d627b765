//! By which way the matches of a query are come by, and what that costs.
//!
//! What one thing is named by goes first; rows are counted, up to a bound, only to tell few from many.

use super::clause_sql::{rows_of_clause, visible};
use super::condition::Sql;
use super::plan::Sight;
use super::query::{Clause, Query, Sort, SortBy};
use crate::db::schema::{DATE, INDEXES};
use crate::db::{Connection, Result, Value};
use crate::index;

/// How many rows of a candidate driver are counted before it counts as "many".
const PROBE_ROWS: i64 = 400;
/// A driver with fewer rows is good enough: to look for a better one costs more than it saves.
const FEW_ROWS: i64 = 100;
/// From so many rows on, a page is found sooner by walking over the records in their order and testing each: the walk
/// ends when the page is full, and every few hundredth record fits even among millions.
const DRIVER_ROWS: i64 = 10_000;
/// The same for a walk along dates that tests each record further.
const DATED_ROWS: i64 = 100_000;
/// What a search may cost, in looks at a row: each about a microsecond.
pub const COST_MAX: i64 = 1_000_000;
/// A test of a record, or reading the value by which it is sorted, costs as much as so many rows of a driver.
const PROBE_COST: i64 = 3;

/// What the matches are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// A page in no order: a few matches will do.
    Page,
    /// A page in the order of a sort, which needs all matches before it can begin, unless an index has that order.
    Sorted,
    /// The same of several types together.
    Merged,
    /// To be counted.
    Count,
    /// To be met by another search: all of them.
    Within,
}

/// The way on which matches are come by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// From the rows of the clause at this position.
    Clause(usize),
    /// Over all records of the type, in their order.
    Records,
    /// Along the dates by which is sorted, from one end.
    Dates,
}

/// One search, or one within another: what it begins from and what it is going to cost.
#[derive(Debug, Clone)]
pub struct Step {
    pub kind: String,
    pub way: Way,
    /// The parameter that it begins from; none when it goes over all records.
    pub from: Option<String>,
    /// It ends as soon as the page is full.
    pub ends_early: bool,
    /// How many rows there are at the beginning, as far as they were counted.
    pub rows: Option<i64>,
    /// Parameters by which each record is tested.
    pub tested: Vec<String>,
    /// Looks at a row, at the most known.
    pub cost: i64,
}

/// The way for a query; what it costs is added to the steps of the sight.
pub(super) fn choose(
    connection: &mut Connection,
    query: &Query,
    sight: &Sight<'_>,
    purpose: Purpose,
) -> Result<Way> {
    let (mut way, mut rows, is_many) = match fewest(connection, query, sight)? {
        Some(Fewest { position, rows, is_many }) => (Way::Clause(position), rows, is_many),
        None => (Way::Records, None, true),
    };
    let (walk, from) = match purpose {
        Purpose::Page => (Way::Records, DRIVER_ROWS),
        Purpose::Sorted if goes_along_dates(query, sight) => {
            // Of records that are tested further, it is not known how far apart the matches are.
            let is_tested = query.clauses.len() > 1 || !sight.scope.is_whole(&query.kind);
            (Way::Dates, if is_tested { DATED_ROWS } else { DRIVER_ROWS })
        }
        _ => (way, i64::MAX),
    };
    // Counted to the end, rows need no other counting.
    let mut is_whole = false;
    if is_many && walk != way {
        if let Way::Clause(position) = way {
            rows = Some(rows_of(connection, query, position, sight, from)?);
        }
        is_whole = rows.is_some_and(|rows| rows < from);
        if !is_whole {
            way = walk;
        }
    }
    let tests = query.clauses.len() - usize::from(matches!(way, Way::Clause(_)))
        + usize::from(!sight.scope.is_whole(&query.kind));
    let is_sorted = matches!(purpose, Purpose::Sorted | Purpose::Merged);
    let sorts = if is_sorted { query.sort.len() } else { 0 };
    let each = 1 + PROBE_COST * (tests + sorts) as i64;
    let reads_all = purpose != Purpose::Page && way != Way::Dates;
    // Rows that are merely counted are cheaper than their counting would be.
    if reads_all && is_many && each > 1 && !is_whole {
        let most = COST_MAX / each + 1;
        rows = Some(match way {
            Way::Clause(position) => rows_of(connection, query, position, sight, most)?,
            _ => records_of(connection, query, sight, most)?,
        });
    }
    let from = match way {
        Way::Clause(position) => Some(query.clauses[position].name()),
        Way::Records => None,
        Way::Dates => Some("_sort".to_owned()),
    };
    let is_tested = |position: &usize| way != Way::Clause(*position);
    let tested = (0..query.clauses.len()).filter(is_tested).map(|position| query.clauses[position].name());
    let cost = if reads_all { rows.unwrap_or(0) * each } else { 0 };
    sight.steps.borrow_mut().push(Step {
        kind: query.kind.clone(),
        way,
        from,
        ends_early: way == Way::Dates || (way == Way::Records && !reads_all),
        rows,
        tested: tested.collect(),
        cost,
    });
    Ok(way)
}

/// Whether the order is that of one date with rows of its own, so that an index has the records in it.
fn goes_along_dates(query: &Query, sight: &Sight<'_>) -> bool {
    match query.sort.as_slice() {
        [Sort { by: SortBy::Parameter { table, code, only: None }, .. }] => {
            *table == index::position(&DATE)
                && !query.asks_when()
                && sight.numbers.parameter(&query.kind, code).len() == 1
        }
        _ => false,
    }
}

/// The clause with the fewest rows.
struct Fewest {
    position: usize,
    /// How many, up to [`PROBE_ROWS`]; none when they were not counted.
    rows: Option<i64>,
    is_many: bool,
}

/// The clause with the fewest rows; none when nothing narrows.
fn fewest(connection: &mut Connection, query: &Query, sight: &Sight<'_>) -> Result<Option<Fewest>> {
    let mut candidates = Vec::new();
    for (position, clause) in query.clauses.iter().enumerate() {
        match clause {
            // Few by nature: what is named, and what belongs to one person.
            _ if clause.is_of_few() => return Ok(Some(Fewest { position, rows: None, is_many: false })),
            Clause::Index { negated: false, condition, .. } if condition.sql != "1 = 1" => {
                candidates.push(position)
            }
            Clause::Chain { .. } | Clause::Has { .. } | Clause::Compartment { .. } => {
                candidates.push(position)
            }
            _ => {}
        }
    }
    if let [position] = candidates[..] {
        return Ok(Some(Fewest { position, rows: None, is_many: true }));
    }
    // What names one thing first: nothing is counted further than the fewest rows so far.
    candidates.sort_by_key(|position| query.clauses[*position].breadth());
    let mut best: Option<(i64, usize)> = None;
    for position in candidates {
        let most = best.map_or(PROBE_ROWS, |(fewest, _)| fewest);
        let rows = rows_of(connection, query, position, sight, most)?;
        if best.is_none_or(|(fewest, _)| rows < fewest) {
            best = Some((rows, position));
        }
        if rows < FEW_ROWS {
            break;
        }
    }
    Ok(best.map(|(rows, position)| Fewest { position, rows: Some(rows), is_many: rows >= PROBE_ROWS }))
}

/// How many rows a clause has by value, counted up to `most`.
fn rows_of(
    connection: &mut Connection,
    query: &Query,
    position: usize,
    sight: &Sight<'_>,
    most: i64,
) -> Result<i64> {
    let mut sql = Sql::default();
    sql.push("SELECT count(*) FROM (SELECT 1 FROM ", []);
    // What is within is counted, not done: its own steps come when it is.
    rows_of_clause(connection, &mut sql, query, &query.clauses[position], &sight.aside())?;
    counted(connection, sql, most)
}

/// How many records of the type there are, counted up to `most`.
fn records_of(connection: &mut Connection, query: &Query, sight: &Sight<'_>, most: i64) -> Result<i64> {
    let mut sql = Sql::default();
    let table = INDEXES[0].table.name;
    sql.push(
        &format!("SELECT count(*) FROM (SELECT 1 FROM {table} WHERE shard = 0 AND p = {{}} AND "),
        [Value::Int(sight.numbers.kind(&query.kind))],
    );
    visible(&mut sql, "", sight.t);
    counted(connection, sql, most)
}

fn counted(connection: &mut Connection, mut sql: Sql, most: i64) -> Result<i64> {
    sql.push(" LIMIT {}) AS few", [Value::Int(most)]);
    Ok(connection.query(&sql.text, &sql.params)?.first().map_or(0, |row| row.int(0)))
}
