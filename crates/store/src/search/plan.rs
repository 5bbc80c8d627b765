//! From a query to SQL. The clause that should leave the fewest records drives (see [`super::driver`]); every other clause
//! is a probe by record into its table, which is clustered by record. Every row must be visible at the `t` of the search.

use super::Scope;
use super::clause_sql::{last_date, probe, rows_of_clause, sort_key, under, under_of_record, visible};
use super::condition::{Condition, Sql};
use super::cursor::Cursor;
use super::driver::{self, COST_MAX, Purpose, Step, Way};
use super::query::{Clause, Query, Sort, SortBy};
use super::scope::{Of, within_of};
use super::whose::Owner;
use crate::db::schema::INDEXES;
use crate::db::{self, Connection, Row, Value, fragments};
use crate::index::Numbers;
use std::cell::RefCell;
use std::cmp::Ordering;
use yba_fhir::{Kind, Outcome};

type Result<T> = std::result::Result<T, Outcome>;

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
pub(super) struct Sight<'a> {
    pub scope: &'a Scope,
    pub numbers: &'a Numbers,
    pub t: i64,
    full: bool,
    /// Its own matches are narrowed by whoever asks; those of searches within it are narrowed here all the same.
    is_open: bool,
    /// What it begins from, and what that costs: a search, then those within it.
    pub steps: RefCell<Vec<Step>>,
}

impl<'a> Sight<'a> {
    fn of(scope: &'a Scope, numbers: &'a Numbers, t: i64) -> Sight<'a> {
        Sight { scope, numbers, t, full: false, is_open: false, steps: RefCell::default() }
    }

    /// The same, for something that is not part of the plan.
    pub fn aside(&self) -> Sight<'a> {
        Sight::of(self.scope, self.numbers, self.t)
    }

    /// Refuses what would look at too many rows.
    fn check(&self) -> std::result::Result<(), Outcome> {
        let cost = cost_of(&self.steps.borrow());
        if cost <= COST_MAX { Ok(()) } else { Err(too_costly(format!("about {cost} looks at a row"))) }
    }
}

fn cost_of(steps: &[Step]) -> i64 {
    steps.iter().map(|step| step.cost).fold(0, i64::saturating_add)
}

fn too_costly(detail: String) -> Outcome {
    let text = "Tìm kiếm này phải đọc quá nhiều bản ghi. Hãy thêm điều kiện (người bệnh, khoảng ngày, mã), \
                hoặc bỏ _sort, _total, tham số nối (a.b) và _has.";
    let detail =
        format!("the search would cost too much ({detail}); narrow it, or ask _explain=true for its plan");
    Outcome::new(Kind::TooMany, "search-too-costly", text, detail)
}

/// Refuses what took longer than a person waits.
pub fn too_slow() -> Outcome {
    too_costly("it was broken off after 10 s".to_owned())
}

/// As long as the text of a common search becomes.
const SQL_BYTES: usize = 4096;

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
    any_page(connection, queries, &Sight::of(scope, numbers, cursor.t), cursor, limit)
}

/// The same with the versions that the records show. When `is_open`, of everybody's records: whoever asks must look at each before it
/// shows any of them; what is found within is narrowed all the same.
pub(super) fn full_page(
    connection: &mut Connection,
    queries: &[Query],
    (scope, is_open): (&Scope, bool),
    numbers: &Numbers,
    cursor: &Cursor,
    limit: usize,
) -> Result<Vec<Match>> {
    let sight = Sight { full: true, is_open, ..Sight::of(scope, numbers, cursor.t) };
    any_page(connection, queries, &sight, cursor, limit)
}

/// At most `limit` records that match, in no order, whatever it costs: for the writer, who refuses nothing for that.
pub fn matching_rids(
    connection: &mut Connection,
    query: &Query,
    numbers: &Numbers,
    t: i64,
    limit: usize,
) -> db::Result<Vec<i64>> {
    let (query, cursor) = (std::slice::from_ref(query), Cursor { t, at: 0, after: None });
    let sql =
        page_sql(connection, query, &Sight::of(&Scope::All, numbers, t), Purpose::Page, &cursor, limit)?;
    Ok(connection.query(&sql.text, &sql.params)?.iter().map(|row| row.int(0)).collect())
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
    match queries {
        [only] if !only.sort.is_empty() => return sorted(connection, only, sight, cursor, limit),
        [first, ..] if !first.sort.is_empty() => {
            let sql = page_sql(connection, queries, sight, Purpose::Merged, cursor, limit)?;
            return run(connection, &sql, sight, &first.sort);
        }
        _ => {}
    }
    // Nobody asks for an order: one type after the other.
    let mut found = Vec::new();
    for (at, query) in queries.iter().enumerate().skip(cursor.at) {
        let begin = Cursor { after: cursor.after.clone().filter(|_| at == cursor.at), ..cursor.clone() };
        let more = unsorted(connection, query, sight, &begin, limit - found.len())?;
        found.extend(more.into_iter().map(|one| Match { at, ..one }));
        if found.len() == limit {
            break;
        }
    }
    Ok(found)
}

/// How the first page of a search would be found, without finding it. Rows are counted as for a search.
pub fn explain(
    connection: &mut Connection,
    queries: &[Query],
    scope: &Scope,
    numbers: &Numbers,
    t: i64,
) -> Result<Plan> {
    let sight = &Sight { full: true, ..Sight::of(scope, numbers, t) };
    let cursor = Cursor { t, at: 0, after: None };
    let is_sorted = queries.first().is_some_and(|query| !query.sort.is_empty());
    // In no order, one type comes after the other.
    let pages: Vec<&[Query]> = match queries.len() > 1 && is_sorted {
        true => vec![queries],
        false => queries.iter().map(std::slice::from_ref).collect(),
    };
    let purpose = match (is_sorted, queries.len()) {
        (false, _) => Purpose::Page,
        (true, 1) => Purpose::Sorted,
        (true, _) => Purpose::Merged,
    };
    let mut engine = Vec::new();
    for page in pages {
        let limit = page.first().map_or(0, |query| query.count + 1);
        let sql = page_sql(connection, page, sight, purpose, &cursor, limit)?;
        engine.extend(connection.explain(&sql.text, &sql.params)?);
    }
    for query in queries.iter().filter(|query| query.total || query.count_only) {
        let mut sql = Sql::default();
        count_sql(connection, &mut sql, query, sight)?;
    }
    let steps = sight.steps.take();
    let cost = cost_of(&steps);
    Ok(Plan { steps, cost, is_refused: cost > COST_MAX, engine })
}

/// How a search would be answered.
#[derive(Debug, Clone)]
pub struct Plan {
    /// A search, then those within it.
    pub steps: Vec<Step>,
    /// Looks at a row, at the most known.
    pub cost: i64,
    /// It costs more than [`COST_MAX`].
    pub is_refused: bool,
    /// How the engine says it goes about it, line by line.
    pub engine: Vec<String>,
}

/// The page of one type in no order.
fn unsorted(
    connection: &mut Connection,
    query: &Query,
    sight: &Sight<'_>,
    cursor: &Cursor,
    limit: usize,
) -> Result<Vec<Match>> {
    let sql = page_sql(connection, std::slice::from_ref(query), sight, Purpose::Page, cursor, limit)?;
    run(connection, &sql, sight, &[])
}

/// The page of one type in an order. Along dates, those without a date come after all others.
fn sorted(
    connection: &mut Connection,
    query: &Query,
    sight: &Sight<'_>,
    cursor: &Cursor,
    limit: usize,
) -> Result<Vec<Match>> {
    let sql = page_sql(connection, std::slice::from_ref(query), sight, Purpose::Sorted, cursor, limit)?;
    let mut found = run(connection, &sql, sight, &query.sort)?;
    let along_dates = sight.steps.borrow().iter().any(|step| step.way == Way::Dates);
    if let [Sort { by: SortBy::Parameter { table, code, .. }, descending }] = query.sort.as_slice()
        && along_dates
        && found.len() < limit
    {
        let last = last_date(*descending);
        let condition = Condition::new("1 = 1", Vec::new());
        let undated = Clause::Index { table: *table, code: code.clone(), condition, negated: true };
        let rest = Query {
            clauses: query.clauses.iter().cloned().chain([undated]).collect(),
            sort: Vec::new(),
            ..query.clone()
        };
        let after = cursor.after.clone().filter(|(_, keys)| *keys == [last.clone()]);
        let begin = Cursor { after: after.map(|(rid, _)| (rid, Vec::new())), ..cursor.clone() };
        let more = unsorted(connection, &rest, sight, &begin, limit - found.len())?;
        found.extend(more.into_iter().map(|one| Match { keys: vec![last.clone()], ..one }));
    }
    Ok(found)
}

fn run(connection: &mut Connection, sql: &Sql, sight: &Sight<'_>, sort: &[Sort]) -> Result<Vec<Match>> {
    sight.check()?;
    let rows = connection.query(&sql.text, &sql.params)?;
    let mut found: Vec<Match> = rows.into_iter().map(|row| as_match(row, sort.len())).collect();
    if sight.full {
        found.sort_by(|one, other| in_order(sort, one, other));
    }
    Ok(found)
}

/// A key as a number; greater than all for a text.
fn number(key: &Value) -> f64 {
    match key {
        Value::Int(number) => *number as f64,
        Value::Real(number) => *number,
        _ => f64::INFINITY,
    }
}

/// The order of matches in a page, as the engines have it. A page is put in order here when its versions are with it: an
/// engine would carry every body through its sorting.
fn in_order(sort: &[Sort], one: &Match, other: &Match) -> Ordering {
    let keys = one.keys.iter().zip(&other.keys).zip(sort).map(|((one, other), sort)| {
        let order = match (one, other) {
            (Value::Int(one), Value::Int(other)) => one.cmp(other),
            (Value::Text(one), Value::Text(other)) => one.cmp(other),
            // Of several types at once a sort may mean numbers in one and texts in another: numbers are first.
            (one, other) => number(one).partial_cmp(&number(other)).unwrap_or(Ordering::Equal),
        };
        if sort.descending { order.reverse() } else { order }
    });
    keys.fold(Ordering::Equal, Ordering::then).then(one.rid.cmp(&other.rid))
}

/// `SELECT` of a page of one type, or of several in one order.
fn page_sql(
    connection: &mut Connection,
    queries: &[Query],
    sight: &Sight<'_>,
    purpose: Purpose,
    cursor: &Cursor,
    limit: usize,
) -> db::Result<Sql> {
    let mut sql = Sql::default();
    let Some(query) = queries.first() else { return Ok(sql) };
    sql.text.reserve(SQL_BYTES);
    let keys: Vec<String> =
        query.sort.iter().enumerate().map(|(position, _)| format!("k{position}")).collect();
    let chosen = |from: &str| {
        let names = ["rid", "t_from"].into_iter().chain(keys.iter().map(String::as_str));
        names.map(|name| format!("{from}{name}")).collect::<Vec<_>>().join(", ")
    };
    if sight.full {
        let shown = fragments::shown_columns(connection);
        sql.push(&format!("SELECT {}, {shown} FROM (", chosen("page.")), []);
    }
    sql.push(&format!("SELECT {} FROM (", chosen("")), []);
    for (number, query) in queries.iter().enumerate() {
        let union = if number == 0 { "" } else { " UNION ALL " };
        sql.push(&format!("{union}SELECT l.rid AS rid, l.t_from AS t_from"), []);
        let way = driver::choose(connection, query, sight, purpose)?;
        for (position, sort) in query.sort.iter().enumerate() {
            match (way, driven_order(query, way, sort)) {
                (Way::Dates, _) => sql.push(", l.start_ms", []),
                (_, Some(column)) => sql.push(&format!(", CAST(l.{column} AS BIGINT)"), []),
                _ => sort_key(connection, &mut sql, query, sort, sight),
            }
            sql.push(&format!(" AS k{position}"), []);
        }
        match (way, query.sort.first()) {
            (Way::Dates, Some(sort)) => along_dates(connection, &mut sql, query, sort, sight, cursor)?,
            _ => all_matching(connection, &mut sql, query, sight, way, !sight.is_open)?,
        }
    }
    sql.push(") AS found", []);
    after(&mut sql, query, cursor);
    sql.push(" ORDER BY ", []);
    for (key, sort) in keys.iter().zip(&query.sort) {
        sql.push(&format!("{key}{}, ", if sort.descending { " DESC" } else { "" }), []);
    }
    sql.push("rid LIMIT {}", [Value::Int(limit as i64)]);
    if sight.full {
        let join = connection.first_table_join();
        sql.push(&format!(") AS page {join} version v ON v.shard = 0 AND v.t = page.t_from"), []);
    }
    Ok(sql)
}

/// `FROM … WHERE …` of the matches that have a date, in the order of an index on it. Of several dates of a record only
/// the one by which it is sorted counts.
fn along_dates(
    connection: &mut Connection,
    sql: &mut Sql,
    query: &Query,
    sort: &Sort,
    sight: &Sight<'_>,
    cursor: &Cursor,
) -> db::Result<()> {
    let SortBy::Parameter { table, code, .. } = &sort.by else { return Ok(()) };
    let table = INDEXES[*table].table.name;
    let numbers = sight.numbers.parameter(&query.kind, code);
    let hint = connection.by_value(table);
    sql.push(&format!(" FROM {table} AS l{hint} WHERE l.shard = 0 AND "), []);
    under(sql, "l.", numbers.clone());
    visible(sql, "l.", sight.t);
    let (beyond, from_here) = if sort.descending { (">", "<=") } else { ("<", ">=") };
    if let Some((_, keys)) = &cursor.after
        && let [Value::Int(key)] = keys.as_slice()
    {
        sql.push(&format!(" AND l.start_ms {from_here} {{}}"), [Value::Int(*key)]);
    }
    sql.push(
        &format!(" AND NOT EXISTS (SELECT 1 FROM {table} x WHERE x.shard = 0 AND x.rid = l.rid AND "),
        [],
    );
    under_of_record(connection, sql, "x.", numbers);
    visible(sql, "x.", sight.t);
    sql.push(&format!(" AND (x.start_ms, x.end_ms) {beyond} (l.start_ms, l.end_ms))"), []);
    for clause in &query.clauses {
        probe(connection, sql, query, clause, sight)?;
    }
    if !sight.is_open {
        seen(sql, query, sight);
    }
    Ok(())
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
    let (mut sql, sight) = (Sql::default(), &Sight::of(scope, numbers, t));
    count_sql(connection, &mut sql, query, sight)?;
    sight.check()?;
    let rows = connection.query(&sql.text, &sql.params)?;
    Ok(rows.first().map_or(0, |row| row.int(0)) as u64)
}

fn count_sql(connection: &mut Connection, sql: &mut Sql, query: &Query, sight: &Sight<'_>) -> db::Result<()> {
    sql.push("SELECT count(*) FROM (SELECT l.rid", []);
    let way = driver::choose(connection, query, sight, Purpose::Count)?;
    matching(connection, sql, query, sight, way)?;
    sql.push(") AS found", []);
    Ok(())
}

fn as_match(row: Row, keys: usize) -> Match {
    let (rid, t) = (row.int(0), row.int(1));
    let mut cells = row.0.into_iter().skip(2);
    let keys = cells.by_ref().take(keys).collect();
    Match { rid, t, at: 0, keys, row: Row(cells.collect()) }
}

/// Whether matches come from the rows of this clause alone: every row that is true at a moment was made for the version
/// that its record shows then, so its life row says nothing more, but when it was.
fn is_of_driver(query: &Query, position: usize) -> bool {
    query.clauses[position].is_of_rows() && !query.asks_when()
}

/// The column of the driver's rows by which is sorted, where they have it.
fn driven_order(query: &Query, way: Way, sort: &Sort) -> Option<&'static str> {
    let (Way::Clause(position), SortBy::Parameter { code, only: None, .. }) = (way, &sort.by) else {
        return None;
    };
    let course = query.clauses[position].course(&query.kind)?;
    is_of_driver(query, position).then(|| course.order(code, sort.descending))?
}

/// `FROM … WHERE …` of all matches that the caller may see; the record and the version that it shows are in `l`.
pub(super) fn matching(
    connection: &mut Connection,
    sql: &mut Sql,
    query: &Query,
    sight: &Sight<'_>,
    way: Way,
) -> db::Result<()> {
    all_matching(connection, sql, query, sight, way, true)
}

/// The same, or without a look at what the caller may see.
fn all_matching(
    connection: &mut Connection,
    sql: &mut Sql,
    query: &Query,
    sight: &Sight<'_>,
    way: Way,
    is_narrowed: bool,
) -> db::Result<()> {
    let kind = Value::Int(sight.numbers.kind(&query.kind));
    let driver = if let Way::Clause(position) = way { Some(position) } else { None };
    match driver {
        Some(position) if is_of_driver(query, position) => {
            let ordered: String = query
                .sort
                .iter()
                .filter_map(|sort| driven_order(query, way, sort))
                .fold(String::new(), |all, one| all + ", " + one);
            sql.push(&format!(" FROM (SELECT DISTINCT rid, t_from{ordered} FROM "), []);
            rows_of_clause(connection, sql, query, &query.clauses[position], sight)?;
            sql.push(") AS l WHERE 1 = 1", []);
        }
        Some(position) => {
            // One record may have several rows that match: DISTINCT on the record, cheap because rows are few.
            sql.push(" FROM (SELECT DISTINCT rid FROM ", []);
            rows_of_clause(connection, sql, query, &query.clauses[position], sight)?;
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
    if is_narrowed {
        seen(sql, query, sight);
    }
    Ok(())
}

/// Narrows record `l` to what the caller may see.
fn seen(sql: &mut Sql, query: &Query, sight: &Sight<'_>) {
    let owner = Owner::of(query, sight.numbers);
    within_of(sql, sight.scope, Of::Kind(&query.kind), owner.as_whose(), "l.", sight.t, sight.numbers);
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
