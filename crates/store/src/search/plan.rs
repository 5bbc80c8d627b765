//! From a query to SQL. The clause that should leave the fewest records drives; every other clause is a probe by
//! record into its table, which is clustered by record. Every row must be visible at the `t` of the search.

use super::Scope;
use super::condition::{Sql, places};
use super::query::{Clause, Query, Sort, SortBy};
use crate::db::schema::{self, INDEXES, IndexTable, OPEN, Table};
use crate::db::{Connection, Result, Row, Value, fragments};
use crate::index::{Numbers, reference};
use std::collections::BTreeSet;
use yba_fhir::defs::r4;

/// Where a page begins: after this record, and after these sort keys.
#[derive(Debug, Clone, PartialEq)]
pub struct Cursor {
    /// The log position at which the whole search answers.
    pub t: i64,
    /// Which of the types of the search the page begins with, when it goes through them one after the other.
    pub at: usize,
    /// The last record of the page before, and its sort keys; absent for the first page.
    pub after: Option<(i64, Vec<Value>)>,
}

/// One match: the record and the log position of the version it shows.
#[derive(Debug, Clone)]
pub struct Match {
    pub rid: i64,
    pub t: i64,
    /// Which of the types of the search it is of, when they come one after the other.
    pub at: usize,
    pub keys: Vec<Value>,
    /// Its version with [`fragments::shown_columns`], of [`full_page`].
    pub row: Row,
}

/// What a search and every search within it see: whose records, the numbers of parameters, the moment; and whether a page
/// brings the versions along.
struct Sight<'a> {
    scope: &'a Scope,
    numbers: &'a Numbers,
    t: i64,
    full: bool,
}

/// How many rows of a candidate driver are counted before it counts as "many".
const PROBE_ROWS: i64 = 400;
/// A driver with fewer rows is good enough: to look for a better one costs more than it saves.
const FEW_ROWS: i64 = 100;
/// From so many rows on, a page is found sooner by walking over the records in their order and testing each: the walk
/// ends when the page is full, and every few hundredth record fits even among millions.
const DRIVER_ROWS: i64 = 10_000;

/// Finds one page: at most `limit` matches after the cursor. The queries are of one search: of several types, with the
/// same sort.
pub fn page(
    connection: &mut Connection,
    queries: &[Query],
    scope: &Scope,
    numbers: &Numbers,
    cursor: &Cursor,
    limit: usize,
) -> Result<Vec<Match>> {
    any_page(connection, queries, &Sight { scope, numbers, t: cursor.t, full: false }, cursor, limit)
}

/// The same with the versions that the records show.
pub fn full_page(
    connection: &mut Connection,
    queries: &[Query],
    scope: &Scope,
    numbers: &Numbers,
    cursor: &Cursor,
    limit: usize,
) -> Result<Vec<Match>> {
    any_page(connection, queries, &Sight { scope, numbers, t: cursor.t, full: true }, cursor, limit)
}

fn any_page(
    connection: &mut Connection,
    queries: &[Query],
    sight: &Sight<'_>,
    cursor: &Cursor,
    limit: usize,
) -> Result<Vec<Match>> {
    if *sight.scope == Scope::Nothing {
        return Ok(Vec::new());
    }
    if queries.iter().any(|query| !query.sort.is_empty()) {
        return sorted_or_one(connection, queries, sight, cursor, limit);
    }
    // Nobody asks for an order: one type after the other.
    let mut found = Vec::new();
    for (at, query) in queries.iter().enumerate().skip(cursor.at) {
        let begin = Cursor { after: cursor.after.clone().filter(|_| at == cursor.at), ..cursor.clone() };
        let more =
            sorted_or_one(connection, std::slice::from_ref(query), sight, &begin, limit - found.len())?;
        found.extend(more.into_iter().map(|one| Match { at, ..one }));
        if found.len() == limit {
            break;
        }
    }
    Ok(found)
}

/// The page of one type, or of several in one order.
fn sorted_or_one(
    connection: &mut Connection,
    queries: &[Query],
    sight: &Sight<'_>,
    cursor: &Cursor,
    limit: usize,
) -> Result<Vec<Match>> {
    let Some(query) = queries.first() else { return Ok(Vec::new()) };
    let mut sql = Sql::default();
    let keys: Vec<String> =
        query.sort.iter().enumerate().map(|(position, _)| format!("k{position}")).collect();
    let order = |sql: &mut Sql, from: &str| {
        sql.push(" ORDER BY ", []);
        for (key, sort) in keys.iter().zip(&query.sort) {
            sql.push(&format!("{from}{key}{}, ", if sort.descending { " DESC" } else { "" }), []);
        }
        sql.push(&format!("{from}rid"), []);
    };
    let chosen = |from: &str| {
        let names = ["rid", "t_from"].into_iter().chain(keys.iter().map(String::as_str));
        names.map(|name| format!("{from}{name}")).collect::<Vec<_>>().join(", ")
    };
    if sight.full {
        let shown = fragments::shown_columns(connection, "v");
        sql.push(&format!("SELECT {}, {shown} FROM (", chosen("page.")), []);
    }
    sql.push(&format!("SELECT {} FROM (", chosen("")), []);
    for (number, query) in queries.iter().enumerate() {
        let union = if number == 0 { "" } else { " UNION ALL " };
        sql.push(&format!("{union}SELECT l.rid AS rid, l.t_from AS t_from"), []);
        for (position, sort) in query.sort.iter().enumerate() {
            sort_key(connection, &mut sql, query, sort, sight);
            sql.push(&format!(" AS k{position}"), []);
        }
        // A sorted page needs all matches before it can begin.
        let walks = query.sort.is_empty();
        matching(connection, &mut sql, query, sight, walks)?;
    }
    sql.push(") AS found", []);
    after(&mut sql, query, cursor);
    order(&mut sql, "");
    sql.push(" LIMIT {}", [Value::Int(limit as i64)]);
    if sight.full {
        let join = connection.first_table_join();
        sql.push(&format!(") AS page {join} version v ON v.shard = 0 AND v.t = page.t_from"), []);
        order(&mut sql, "page.");
    }
    let rows = connection.query(&sql.text, &sql.params)?;
    Ok(rows.into_iter().map(|row| as_match(row, keys.len())).collect())
}

/// How many records match.
pub fn count(
    connection: &mut Connection,
    query: &Query,
    scope: &Scope,
    numbers: &Numbers,
    t: i64,
) -> Result<u64> {
    if *scope == Scope::Nothing {
        return Ok(0);
    }
    let mut sql = Sql::default();
    sql.push("SELECT count(*) FROM (SELECT l.rid", []);
    matching(connection, &mut sql, query, &Sight { scope, numbers, t, full: false }, false)?;
    sql.push(") AS found", []);
    let rows = connection.query(&sql.text, &sql.params)?;
    Ok(rows.first().map_or(0, |row| row.int(0)) as u64)
}

fn as_match(row: Row, keys: usize) -> Match {
    let (rid, t) = (row.int(0), row.int(1));
    let mut cells = row.0.into_iter().skip(2);
    let keys = cells.by_ref().take(keys).collect();
    Match { rid, t, at: 0, keys, row: Row(cells.collect()) }
}

/// `FROM … WHERE …` of all matches; the record and the version that it shows are in `l`. With `walks`, a few of them
/// will do.
fn matching(
    connection: &mut Connection,
    sql: &mut Sql,
    query: &Query,
    sight: &Sight<'_>,
    walks: bool,
) -> Result<()> {
    let driver = choose_driver(connection, query, sight, walks)?;
    let kind = Value::Int(sight.numbers.kind(&query.kind));
    match driver {
        // Every row that is true at a moment was made for the version that its record shows then, so its life row says
        // nothing more, but when it was.
        Some(position) if query.clauses[position].is_of_rows() && !query.asks_when() => {
            sql.push(" FROM (SELECT DISTINCT rid, t_from FROM ", []);
            clause_rows(connection, sql, query, &query.clauses[position], sight)?;
            sql.push(") AS l WHERE 1 = 1", []);
        }
        Some(position) => {
            // One record may have several rows that match: DISTINCT on the record, cheap because rows are few.
            sql.push(" FROM (SELECT DISTINCT rid FROM ", []);
            clause_rows(connection, sql, query, &query.clauses[position], sight)?;
            sql.push(
                &format!(
                    ") AS d {} ix_life l ON l.shard = 0 AND l.rid = d.rid AND l.p = {{}}",
                    connection.first_table_join()
                ),
                [kind],
            );
            sql.push(" WHERE ", []);
            visible(sql, "l.", sight.t);
        }
        None => {
            sql.push(" FROM ix_life l WHERE l.shard = 0 AND l.p = {} AND ", [kind]);
            visible(sql, "l.", sight.t);
        }
    }
    for (position, clause) in query.clauses.iter().enumerate() {
        if Some(position) != driver {
            probe(connection, sql, query, clause, sight)?;
        }
    }
    within(sql, sight.scope, "l.", sight.t);
    Ok(())
}

/// The moment at which just those rows are true that still are.
pub const NOW: i64 = OPEN - 1;

/// Narrows the record of `alias` to what the caller may see at all.
pub fn within(sql: &mut Sql, scope: &Scope, alias: &str, t: i64) {
    match scope {
        Scope::All => {}
        Scope::Patients(patients) if !patients.is_empty() => {
            sql.push(
                &format!(
                    " AND EXISTS (SELECT 1 FROM ix_patient x WHERE x.shard = 0 AND x.rid = {alias}rid AND "
                ),
                [],
            );
            visible(sql, "x.", t);
            let listed = places(patients.len());
            let ids = patients.iter().map(|id| Value::from(id.as_str()));
            sql.push(&format!(" AND x.patient IN ({listed}))"), ids);
        }
        Scope::Patients(_) | Scope::Nothing => sql.push(" AND 1 = 0", []),
    }
}

/// The condition that a row of `alias` is true at `t`.
pub fn visible(sql: &mut Sql, alias: &str, t: i64) {
    sql.push(&format!("{alias}t_from <= {{}} AND {alias}t_to > {{}}"), [Value::Int(t), Value::Int(t)]);
}

/// `p = … AND `: the rows that stand under these numbers.
pub fn under(sql: &mut Sql, alias: &str, numbers: Vec<i64>) {
    compared(sql, &format!("{alias}p"), numbers);
}

/// The same of the rows of one record, which is named beside it.
fn under_of_record(connection: &Connection, sql: &mut Sql, alias: &str, numbers: Vec<i64>) {
    compared(sql, &format!("{alias}{}", connection.by_record()), numbers);
}

fn compared(sql: &mut Sql, column: &str, numbers: Vec<i64>) {
    let listed = places(numbers.len());
    let comparison = if numbers.len() == 1 { format!("= {listed}") } else { format!("IN ({listed})") };
    sql.push(&format!("{column} {comparison} AND "), numbers.into_iter().map(Value::Int));
}

/// The rows of a clause by value: `table x WHERE …`.
fn clause_rows(
    connection: &mut Connection,
    sql: &mut Sql,
    query: &Query,
    clause: &Clause,
    sight: &Sight<'_>,
) -> Result<()> {
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
) -> Result<()> {
    sql.push("(SELECT l.rid AS rid, l.t_from AS t_from", []);
    matching(connection, sql, query, sight, false)?;
    sql.push(") AS m", []);
    Ok(())
}

/// `SELECT` of the addresses of all that these queries find, such as `Patient/1`. It refers to nothing outside, so an engine
/// makes it once.
fn addresses(connection: &mut Connection, sql: &mut Sql, queries: &[Query], sight: &Sight<'_>) -> Result<()> {
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
) -> Result<()> {
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
fn probe(
    connection: &mut Connection,
    sql: &mut Sql,
    query: &Query,
    clause: &Clause,
    sight: &Sight<'_>,
) -> Result<()> {
    match clause {
        Clause::Index { table, code, condition, negated } => {
            let not = if *negated { "NOT " } else { "" };
            let IndexTable { table: Table { name: table, .. }, values } = INDEXES[*table];
            sql.push(
                &format!(
                    " AND {not}EXISTS (SELECT 1 FROM {table} x WHERE x.shard = 0 AND x.rid = l.rid AND "
                ),
                [],
            );
            under_of_record(connection, sql, "x.", sight.numbers.parameter(&query.kind, code));
            visible(sql, "x.", sight.t);
            sql.push(" AND ", []);
            // Without the first of its columns, an index by value is of no use.
            let first = values.split(", ").next().unwrap_or_default();
            let of_record = condition.sql.replace(first, &connection.value_of_record(first));
            sql.push(&of_record, condition.params.iter().cloned());
            sql.push(")", []);
        }
        Clause::Chain { code, targets } => {
            sql.push(
                " AND EXISTS (SELECT 1 FROM ix_reference x WHERE x.shard = 0 AND x.rid = l.rid AND ",
                [],
            );
            under_of_record(connection, sql, "x.", sight.numbers.parameter(&query.kind, code));
            visible(sql, "x.", sight.t);
            sql.push(&format!(" AND {} IN (", connection.value_of_record("x.target")), []);
            addresses(connection, sql, targets, sight)?;
            sql.push("))", []);
        }
        Clause::Ids(_) | Clause::Has { .. } | Clause::Compartment { .. } => {
            sql.push(" AND l.rid IN (SELECT rid FROM ", []);
            clause_rows(connection, sql, query, clause, sight)?;
            sql.push(")", []);
        }
        Clause::Updated(condition) => {
            sql.push(" AND ", []);
            sql.condition(condition);
        }
    }
    Ok(())
}

/// The clause with the fewest rows, counted up to a bound; none when nothing narrows, or so little that a walk is
/// better.
fn choose_driver(
    connection: &mut Connection,
    query: &Query,
    sight: &Sight<'_>,
    walks: bool,
) -> Result<Option<usize>> {
    let mut candidates = Vec::new();
    for (position, clause) in query.clauses.iter().enumerate() {
        match clause {
            Clause::Ids(_) => return Ok(Some(position)),
            Clause::Index { negated: false, condition, .. } if condition.sql != "1 = 1" => {
                candidates.push(position)
            }
            Clause::Chain { .. } | Clause::Has { .. } | Clause::Compartment { .. } => {
                candidates.push(position)
            }
            _ => {}
        }
    }
    // What names one thing first: nothing is counted further than the fewest rows so far.
    candidates.sort_by_key(|position| query.clauses[*position].breadth());
    let mut best: Option<(i64, usize)> = None;
    if let [only] = candidates[..] {
        best = Some((PROBE_ROWS, only));
        candidates.clear();
    }
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
    let Some((rows, position)) = best else { return Ok(None) };
    let many = walks
        && rows >= PROBE_ROWS
        && rows_of(connection, query, position, sight, DRIVER_ROWS)? >= DRIVER_ROWS;
    Ok((!many).then_some(position))
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
    clause_rows(connection, &mut sql, query, &query.clauses[position], sight)?;
    sql.push(" LIMIT {}) AS few", [Value::Int(most)]);
    Ok(connection.query(&sql.text, &sql.params)?.first().map_or(0, |row| row.int(0)))
}

/// `, (key)` of one sort: the least value (the greatest, descending) of the record under the parameter.
/// Records without a value sort last, as an end value.
fn sort_key(connection: &Connection, sql: &mut Sql, query: &Query, sort: &Sort, sight: &Sight<'_>) {
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
                (false, false) => "9000000000000000000",
                (false, true) => "-9000000000000000000",
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

/// The condition "after the last record of the page before", in sort order.
fn after(sql: &mut Sql, query: &Query, cursor: &Cursor) {
    let Some((rid, keys)) = &cursor.after else { return };
    sql.push(" WHERE ", []);
    for (position, (sort, key)) in query.sort.iter().zip(keys).enumerate() {
        let beyond = if sort.descending { "<" } else { ">" };
        let column = format!("k{position}");
        sql.push(&format!("({column} {beyond} {{}} OR ({column} = {{}} AND "), [key.clone(), key.clone()]);
    }
    sql.push("rid > {}", [Value::Int(*rid)]);
    sql.push(&"))".repeat(query.sort.len().min(keys.len())), []);
}

impl Cursor {
    /// The cursor as text for a link: opaque to others, checked when it comes back. The mark is that of the search.
    pub fn to_text(&self, mark: u32) -> String {
        let mut text = format!("{}.{mark:08x}.{}", self.t, self.at);
        if let Some((rid, keys)) = &self.after {
            text += &format!(".{rid}");
            for key in keys {
                text += &match key {
                    Value::Int(number) => format!(".i{number}"),
                    Value::Real(number) => format!(".r{:x}", number.to_bits()),
                    Value::Text(letters) => format!(".t{}", hex(letters.as_bytes())),
                    Value::Null | Value::Blob(_) => ".n".to_owned(),
                };
            }
        }
        text
    }

    /// Reads a cursor back; `None` when it is not one of ours, or one of another search.
    pub fn parse(text: &str, mark: u32) -> Option<Cursor> {
        let mut parts = text.split('.');
        let t = parts.next()?.parse().ok()?;
        if parts.next()? != format!("{mark:08x}") {
            return None;
        }
        let at = parts.next()?.parse().ok()?;
        let Some(rid) = parts.next() else { return Some(Cursor { t, at, after: None }) };
        let keys = parts.map(|part| {
            let (kind, rest) = part.split_at_checked(1)?;
            Some(match kind {
                "i" => Value::Int(rest.parse().ok()?),
                "r" => Value::Real(f64::from_bits(u64::from_str_radix(rest, 16).ok()?)),
                "t" => Value::Text(String::from_utf8(unhex(rest)?).ok().filter(|text| !text.contains('\0'))?),
                "n" => Value::Null,
                _ => return None,
            })
        });
        Some(Cursor { t, at, after: Some((rid.parse().ok()?, keys.collect::<Option<Vec<_>>>()?)) })
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    if !text.len().is_multiple_of(2) || !text.is_ascii() {
        return None;
    }
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cursors_come_back_as_they_went_and_strangers_are_refused() {
        let keys = vec![Value::Int(-5), Value::Real(1.5), Value::from("lò.thị"), Value::Null];
        for cursor in [Cursor { t: 9, at: 0, after: None }, Cursor { t: 9, at: 2, after: Some((3, keys)) }] {
            assert_eq!(Cursor::parse(&cursor.to_text(7), 7), Some(cursor.clone()));
            assert_eq!(Cursor::parse(&cursor.to_text(7), 8), None, "of another search");
        }
        for wrong in
            ["", "x", "1", "1.y", "1.00000007.y", "1.00000007.0.y", "1.00000007.0.2.q", "1.00000007.0.2.t0"]
        {
            assert_eq!(Cursor::parse(wrong, 7), None, "{wrong}");
        }
    }
}
