//! Clauses as SQL: their rows by value, the test of one record, the key by which it is sorted.

use super::condition::{Sql, places};
use super::driver::{self, Purpose};
use super::plan::{Sight, matching};
use super::query::{Clause, Query, Sort, SortBy};
use crate::db::schema::{self, INDEXES, IndexTable, OPEN, Table, Type::Text};
use crate::db::{self, Connection, Value};
use crate::index::reference;
use std::collections::BTreeSet;
use yba_fhir::defs::r4;

/// Later than every date.
pub const NEVER: i64 = 9_000_000_000_000_000_000;
/// The moment at which just those rows are true that still are.
pub const NOW: i64 = OPEN - 1;

/// The condition that a row of `alias` is true at `t`.
pub fn visible(sql: &mut Sql, alias: &str, t: i64) {
    sql.push(&format!("{alias}t_from <= {{}} AND {alias}t_to > {{}}"), [Value::Int(t), Value::Int(t)]);
}

/// `p = … AND `: the rows that stand under these numbers.
pub(super) fn under(sql: &mut Sql, alias: &str, numbers: Vec<i64>) {
    compared(sql, &format!("{alias}p"), numbers);
}

/// The same of the rows of one record, which is named beside it.
pub(super) fn under_of_record(connection: &Connection, sql: &mut Sql, alias: &str, numbers: Vec<i64>) {
    compared(sql, &format!("{alias}{}", connection.by_record()), numbers);
}

fn compared(sql: &mut Sql, column: &str, numbers: Vec<i64>) {
    let listed = places(numbers.len());
    let comparison = if numbers.len() == 1 { format!("= {listed}") } else { format!("IN ({listed})") };
    sql.push(&format!("{column} {comparison} AND "), numbers.into_iter().map(Value::Int));
}

/// The rows of a clause by value: `table x WHERE …`.
pub(super) fn rows_of_clause(
    connection: &mut Connection,
    sql: &mut Sql,
    query: &Query,
    clause: &Clause,
    sight: &Sight<'_>,
) -> db::Result<()> {
    match clause {
        Clause::Index { table, code, condition, .. } => {
            let table = INDEXES[*table].table.name;
            let hint = connection.by_value(table);
            sql.push(&format!("{table}{hint} WHERE shard = 0 AND "), []);
            under(sql, "", sight.numbers.parameter(&query.kind, code));
            visible(sql, "", sight.t);
            sql.push(" AND ", []);
            sql.condition(condition);
        }
        Clause::Chain { code, targets } => {
            let hint = connection.by_value("ix_reference");
            sql.push(&format!("ix_reference{hint} WHERE shard = 0 AND "), []);
            under(sql, "", sight.numbers.parameter(&query.kind, code));
            visible(sql, "", sight.t);
            sql.push(" AND target IN (", []);
            addresses(connection, sql, targets, sight)?;
            sql.push(")", []);
        }
        Clause::Has { code, of } => {
            sql.push("(", []);
            pointed_at(connection, sql, query, code, of, sight)?;
            sql.push(") AS pointed WHERE 1 = 1", []);
        }
        Clause::Compartment { of, id } if of == "Patient" => {
            let patient = [Value::Int(sight.numbers.kind(&query.kind)), Value::from(id.as_str())];
            sql.push("ix_patient WHERE shard = 0 AND p = {} AND patient = {} AND ", patient);
            visible(sql, "", sight.t);
        }
        Clause::Compartment { of, id } => {
            let hint = connection.by_value("ix_reference");
            sql.push(&format!("ix_reference{hint} WHERE shard = 0 AND "), []);
            let codes = r4().compartment(of, &query.kind).unwrap_or_default();
            let numbers: BTreeSet<i64> =
                codes.iter().flat_map(|code| sight.numbers.parameter(&query.kind, code)).collect();
            under(sql, "", numbers.into_iter().collect());
            sql.push("target = {} AND ", [Value::Text(format!("{of}/{id}"))]);
            visible(sql, "", sight.t);
        }
        Clause::Ids(ids) => {
            sql.push("head WHERE shard = 0 AND kind = {} AND id IN (", [Value::from(query.kind.as_str())]);
            sql.push(&places(ids.len()), ids.iter().map(|id| Value::from(id.as_str())));
            sql.push(")", []);
        }
        Clause::Updated(condition) => {
            sql.push(
                "ix_life WHERE shard = 0 AND p = {} AND ",
                [Value::Int(sight.numbers.kind(&query.kind))],
            );
            visible(sql, "", sight.t);
            sql.push(" AND ", []);
            sql.condition(condition);
        }
    }
    Ok(())
}

/// The matches of a query within another, as `m` with their record and version.
fn matches_within(
    connection: &mut Connection,
    sql: &mut Sql,
    query: &Query,
    sight: &Sight<'_>,
) -> db::Result<()> {
    sql.push("(SELECT l.rid AS rid, l.t_from AS t_from", []);
    let way = driver::choose(connection, query, sight, Purpose::Within)?;
    matching(connection, sql, query, sight, way)?;
    sql.push(") AS m", []);
    Ok(())
}

/// `SELECT` of the addresses of all that these queries find, such as `Patient/1`. It refers to nothing outside, so an engine
/// makes it once.
fn addresses(
    connection: &mut Connection,
    sql: &mut Sql,
    queries: &[Query],
    sight: &Sight<'_>,
) -> db::Result<()> {
    let join = connection.first_table_join();
    for (position, query) in queries.iter().enumerate() {
        sql.push(if position == 0 { "" } else { " UNION ALL " }, []);
        sql.push("SELECT v.kind || '/' || v.id FROM ", []);
        matches_within(connection, sql, query, sight)?;
        sql.push(&format!(" {join} version v ON v.shard = 0 AND v.t = m.t_from"), []);
    }
    Ok(())
}

/// `SELECT` of the records that what `of` finds points at by a parameter.
fn pointed_at(
    connection: &mut Connection,
    sql: &mut Sql,
    query: &Query,
    code: &str,
    of: &Query,
    sight: &Sight<'_>,
) -> db::Result<()> {
    let join = connection.first_table_join();
    sql.push("SELECT h.rid AS rid FROM ", []);
    matches_within(connection, sql, of, sight)?;
    sql.push(&format!(" {join} ix_reference r ON r.shard = 0 AND r.rid = m.rid AND "), []);
    under(sql, "r.", sight.numbers.parameter(&of.kind, code));
    visible(sql, "r.", sight.t);
    let kind = query.kind.as_str();
    let ends = [format!("{kind}/"), format!("{kind}0")].map(Value::Text);
    sql.push(" AND r.target >= {} AND r.target < {}", ends);
    let after = kind.len() + 2;
    sql.push(
        &format!(" {join} head h ON h.shard = 0 AND h.kind = {{}} AND h.id = substr(r.target, {after})"),
        [Value::from(kind)],
    );
    Ok(())
}

/// A clause as a test of record `l`.
pub(super) fn probe(
    connection: &mut Connection,
    sql: &mut Sql,
    query: &Query,
    clause: &Clause,
    sight: &Sight<'_>,
) -> db::Result<()> {
    match clause {
        Clause::Index { table, code, condition, negated } => {
            let not = if *negated { "NOT " } else { "" };
            let IndexTable { table: Table { name: table, columns }, .. } = INDEXES[*table];
            sql.push(
                &format!(
                    " AND {not}EXISTS (SELECT 1 FROM {table} x WHERE x.shard = 0 AND x.rid = l.rid AND "
                ),
                [],
            );
            under(sql, "x.", sight.numbers.parameter(&query.kind, code));
            visible(sql, "x.", sight.t);
            sql.push(" AND ", []);
            // Without the first of its columns, an index by value is of no use.
            let (first, kind) = columns[1];
            let of_record = condition.sql.replace(first, &connection.value_of_record(first, kind));
            sql.push(&of_record, condition.params.iter().cloned());
            sql.push(")", []);
        }
        Clause::Chain { code, targets } => {
            sql.push(
                " AND EXISTS (SELECT 1 FROM ix_reference x WHERE x.shard = 0 AND x.rid = l.rid AND ",
                [],
            );
            under(sql, "x.", sight.numbers.parameter(&query.kind, code));
            visible(sql, "x.", sight.t);
            sql.push(&format!(" AND {} IN (", connection.value_of_record("x.target", Text)), []);
            addresses(connection, sql, targets, sight)?;
            sql.push("))", []);
        }
        Clause::Ids(_) | Clause::Has { .. } | Clause::Compartment { .. } => {
            sql.push(" AND l.rid IN (SELECT rid FROM ", []);
            rows_of_clause(connection, sql, query, clause, sight)?;
            sql.push(")", []);
        }
        Clause::Updated(condition) => {
            sql.push(" AND ", []);
            sql.condition(condition);
        }
    }
    Ok(())
}

/// The key of a record without a date, by which it comes last.
pub(super) fn last_date(descending: bool) -> Value {
    Value::Int(if descending { -NEVER } else { NEVER })
}

/// `, (key)` of one sort: the least value (the greatest, descending) of the record under the parameter.
/// Records without a value sort last, as an end value.
pub(super) fn sort_key(
    connection: &Connection,
    sql: &mut Sql,
    query: &Query,
    sort: &Sort,
    sight: &Sight<'_>,
) {
    match &sort.by {
        SortBy::Updated => sql.push(", l.updated", []),
        SortBy::Id => {
            sql.push(", (SELECT h.id FROM version h WHERE h.t = l.t_from AND h.shard = 0)", []);
        }
        SortBy::Parameter { table, code, only } => {
            let index = INDEXES[*table];
            let column = index.values.split(", ").next().unwrap_or("rid");
            let is_quantity = index.table.name == schema::QUANTITY.table.name;
            let pick = if sort.descending { "MAX" } else { "MIN" };
            let is_text = index.table.columns[1].1 == schema::Type::Text;
            // An empty text stands for a value that has none. Of a string, rows that begin at a later word have no
            // exact text. Numbers are in the middle of what their digits imply.
            let value = match index.table.name {
                name if name == schema::STRING.table.name => {
                    "CASE WHEN x.exact <> '' THEN NULLIF(x.folded, '') END".to_owned()
                }
                _ if is_text => format!("NULLIF(x.{column}, '')"),
                _ if is_quantity => "x.low + x.high".to_owned(),
                _ => format!("x.{column}"),
            };
            let last = match (is_text, sort.descending) {
                (true, false) => "'\u{10ffff}'",
                (true, true) => "''",
                (false, false) if is_quantity => "1e301",
                (false, true) if is_quantity => "-1e301",
                (false, false) => &NEVER.to_string(),
                (false, true) => &format!("-{NEVER}"),
            };
            sql.push(
                &format!(
                    ", COALESCE((SELECT {pick}({value}) FROM {} x WHERE x.shard = 0 AND x.rid = l.rid AND ",
                    index.table.name
                ),
                [],
            );
            under_of_record(connection, sql, "x.", sight.numbers.parameter(&query.kind, code));
            if let Some(only) = only {
                sql.condition(&reference::of_type(only));
                sql.push(" AND ", []);
            }
            visible(sql, "x.", sight.t);
            sql.push(&format!("), {last})"), []);
        }
    }
}
