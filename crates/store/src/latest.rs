//! The latest observations of each code among those that a search finds.
//! <https://hl7.org/fhir/R4/observation-operation-lastn.html>
//!
//! Dates and codes come from the index rows; bodies are read of those that are given, of those whose code is a text, and
//! of all that are found when words are looked for in them.

use crate::db::{Connection, Value, fragments};
use crate::open::Store;
use crate::search::clause_sql::NEVER;
use crate::search::cursor::Cursor;
use crate::search::filter::Filter;
use crate::search::plan::{self, Match};
use crate::search::query::COUNT_MAX;
use crate::search::{Query, Scope};
use crate::version::Version;
use std::collections::HashMap;
use yba_fhir::Outcome;
use yba_fhir::json::str_at;

/// Most observations that are grouped at once.
const GROUPED_MAX: usize = 20_000;
/// Bodies that are read at once for the texts of their codes.
const BODIES_AT_ONCE: usize = 200;

impl Store {
    /// Of the observations that a search finds, the `max` latest of each code, and those as late as the last of them;
    /// the code with the latest first. Refuses with `invalid` when the search finds, or the answer has, too many.
    pub async fn latest(&self, query: &Query, scope: &Scope, max: usize) -> Result<Vec<Version>, Outcome> {
        let (query, scope, store) = (newest_first(query)?, scope.clone(), self.clone());
        let cursor = Cursor { t: self.head_t(), at: 0, after: None };
        self.answer(move |connection| {
            let numbers = store.numbers();
            let asked = std::slice::from_ref(&query);
            let mut found = plan::page(connection, asked, &scope, numbers, &cursor, GROUPED_MAX + 1)?;
            if found.len() > GROUPED_MAX {
                let detail = format!("more than {GROUPED_MAX} observations match");
                return Err(too_many(
                    format!("Có hơn {GROUPED_MAX} kết quả khớp. Hãy thêm category, code hoặc date."),
                    detail,
                ));
            }
            if !query.filters.is_empty() {
                found = fitting(connection, found, &query.filters)?;
            }
            let code = numbers.parameter("Observation", "code");
            let groups = groups(connection, &found, &code, cursor.t)?;
            let chosen = chosen(&found, &groups, max);
            if chosen.len() > COUNT_MAX {
                let detail = format!("more than {COUNT_MAX} observations would be given");
                return Err(too_many(
                    format!("Kết quả có hơn {COUNT_MAX} mục. Hãy giảm max hoặc thêm code."),
                    detail,
                ));
            }
            let positions: Vec<i64> = chosen.iter().map(|at| found[*at].t).collect();
            fragments::versions_at(connection, &positions)?.into_iter().map(Version::from_row).collect()
        })
        .await
    }
}

fn newest_first(query: &Query) -> Result<Query, Outcome> {
    let sorted = Query::parse("Observation", &[("_sort".to_owned(), "-date".to_owned())])?;
    Ok(Query { sort: sorted.sort, ..query.clone() })
}

/// Those whose bodies fit every filter, in the order they came.
fn fitting(
    connection: &mut Connection,
    found: Vec<Match>,
    filters: &[Filter],
) -> Result<Vec<Match>, Outcome> {
    let mut fits = Vec::with_capacity(found.len());
    for some in found.chunks(BODIES_AT_ONCE) {
        let positions: Vec<i64> = some.iter().map(|one| one.t).collect();
        for row in fragments::versions_at(connection, &positions)? {
            let version = Version::from_row(row)?;
            fits.push(filters.iter().all(|filter| filter.fits(&version.body)));
        }
    }
    Ok(found.into_iter().zip(fits).filter(|(_, fits)| *fits).map(|(one, _)| one).collect())
}

fn too_many(text: String, detail: String) -> Outcome {
    Outcome::invalid("lastn-too-many", text, detail)
}

/// The group of each observation: those that share a coding, over any number of others, are one; texts are their own.
fn groups(connection: &mut Connection, found: &[Match], code: &[i64], t: i64) -> Result<Vec<usize>, Outcome> {
    let at: HashMap<i64, usize> = found.iter().enumerate().map(|(at, one)| (one.rid, at)).collect();
    let mut union = Union((0..found.len()).collect());
    let mut first: HashMap<(String, String), usize> = HashMap::new();
    let mut is_coded = vec![false; found.len()];
    let rids: Vec<i64> = found.iter().map(|one| one.rid).collect();
    for mut row in fragments::tokens_at(connection, &rids, code, t)? {
        let Some(at) = at.get(&row.int(0)).copied() else { continue };
        is_coded[at] = true;
        let key = (row.take_text(1), row.take_text(2));
        union.join(*first.entry(key).or_insert(at), at);
    }
    let plain: Vec<usize> = (0..found.len()).filter(|at| !is_coded[*at]).collect();
    let mut by_text: HashMap<String, usize> = HashMap::new();
    for some in plain.chunks(BODIES_AT_ONCE) {
        let positions: Vec<i64> = some.iter().map(|at| found[*at].t).collect();
        for (at, row) in some.iter().zip(fragments::versions_at(connection, &positions)?) {
            let tree = Version::from_row(row)?.tree();
            let text = str_at(&tree, &["code", "text"]).unwrap_or_default().to_owned();
            union.join(*by_text.entry(text).or_insert(*at), *at);
        }
    }
    Ok((0..found.len()).map(|at| union.root(at)).collect())
}

/// Which of the observations, newest first, are given: the latest of each group, group by group.
fn chosen(found: &[Match], groups: &[usize], max: usize) -> Vec<usize> {
    let mut order: Vec<usize> = Vec::new();
    let mut by_group: HashMap<usize, Vec<usize>> = HashMap::new();
    for (at, group) in groups.iter().enumerate() {
        let members = by_group.entry(*group).or_insert_with(|| {
            order.push(*group);
            Vec::new()
        });
        let is_tie = || {
            let date = |at: usize| found[at].keys.first().filter(|key| **key != UNDATED);
            members.get(max - 1).is_some_and(|last| date(*last).is_some() && date(*last) == date(at))
        };
        if members.len() < max || is_tie() {
            members.push(at);
        }
    }
    order.iter().flat_map(|group| by_group.remove(group).unwrap_or_default()).collect()
}

/// The sort key of a record without a date, last in the order.
const UNDATED: Value = Value::Int(-NEVER);

/// Which things are in one group: each names another of its group, the root itself.
struct Union(Vec<usize>);

impl Union {
    fn root(&mut self, mut at: usize) -> usize {
        while self.0[at] != at {
            self.0[at] = self.0[self.0[at]];
            at = self.0[at];
        }
        at
    }

    fn join(&mut self, one: usize, other: usize) {
        let (one, other) = (self.root(one), self.root(other));
        self.0[one.max(other)] = one.min(other);
    }
}
