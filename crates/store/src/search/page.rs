//! One page of a search: from rows to bodies, what filters leave of them, what they bring along.

use super::cursor::Cursor;
use super::include::included;
use super::plan::{self, Plan};
use super::query::Clause;
use super::{Found, Query, Scope};
use crate::db::Connection;
use crate::db::schema::REFERENCE;
use crate::index::{Numbers, position, reference};
use crate::open::Store;
use crate::reached::Reached;
use crate::version::Version;
use std::collections::BTreeSet;
use yba_fhir::{Kind, Outcome};

/// A larger page is not tried where it is asked.
const BRIEF_COUNT: usize = 100;
/// Most records on whose bodies one page tries its filters, and how many at a time.
const TRIED_MAX: usize = 20_000;
const TRIED_AT_ONCE: usize = 500;
/// Most records through which a chain goes that are looked up before the search.
const TARGETS_MAX: usize = 20;

impl Store {
    /// One page of a search; `cursor` comes from the page before.
    pub async fn search(&self, query: &Query, scope: &Scope, cursor: Option<&str>) -> Result<Found, Outcome> {
        self.search_each(std::slice::from_ref(query), scope, cursor).await
    }

    /// One page of a search of several types, each with a query of its own (see [`Query::parse_each`]).
    pub async fn search_each(
        &self,
        queries: &[Query],
        scope: &Scope,
        cursor: Option<&str>,
    ) -> Result<Found, Outcome> {
        let cursor = match cursor {
            None => Cursor { t: self.head_t(), at: 0, after: None },
            Some(text) => {
                let mark = mark(queries, scope);
                Cursor::parse(text, mark).filter(|cursor| cursor.t <= self.head_t()).ok_or_else(|| {
                    let hint = "Liên kết trang không hợp lệ. Hãy tìm lại từ đầu.";
                    Outcome::invalid("search-cursor", hint, "malformed page cursor, or one of another search")
                })?
            }
        };
        self.page(queries, scope, cursor).await
    }

    /// The first page of a search as it stood at an earlier log position. Refuses with `gone` when the index rows of
    /// that moment were cleared.
    pub async fn search_at(&self, query: &Query, scope: &Scope, t: i64) -> Result<Found, Outcome> {
        self.search_each_at(std::slice::from_ref(query), scope, t).await
    }

    /// The same of a search of several types.
    pub async fn search_each_at(&self, queries: &[Query], scope: &Scope, t: i64) -> Result<Found, Outcome> {
        self.page(queries, scope, Cursor { t: t.min(self.head_t()), at: 0, after: None }).await
    }

    /// How the first page of a search would be found now.
    pub async fn explain(&self, queries: &[Query], scope: &Scope) -> Result<Plan, Outcome> {
        let (queries, scope, inner, t) = (self.joined(queries), scope.clone(), self.0.clone(), self.head_t());
        self.answer(move |connection| plan::explain(connection, &queries, &scope, &inner.numbers, t)).await
    }

    async fn page(&self, queries: &[Query], scope: &Scope, cursor: Cursor) -> Result<Found, Outcome> {
        // Labels are those of now: of an earlier moment a body does not tell them.
        let is_now = cursor.t == self.head_t();
        let (joined, narrowed, inner, t) = (self.joined(queries), scope.clone(), self.0.clone(), cursor.t);
        let is_brief = joined.iter().all(|query| query.filters.is_empty() && query.count <= BRIEF_COUNT);
        let work = move |connection: &mut Connection| {
            let numbers = &inner.numbers;
            let page = Page { connection, queries: &joined, scope: &narrowed, numbers, is_now };
            page.find(cursor.clone())
        };
        let (mut found, next) = if is_brief { self.brief(work).await? } else { self.answer(work).await? };
        // By the search as it was asked; to tell it from others costs as much as a small search.
        found.next = next.map(|next| next.to_text(mark(queries, scope)));
        if !self.0.kept_from.is_after(t) {
            return Ok(found);
        }
        let text = "Liên kết trang đã quá hạn 1 giờ. Hãy tìm lại từ đầu.";
        let detail = "the page link has expired; restart the search";
        Err(Outcome::new(Kind::Gone, "search-page-expired", text, detail))
    }

    /// The queries by rows of two clauses together, where there are such rows of every record.
    fn joined(&self, queries: &[Query]) -> Vec<Query> {
        let is_indexed = self.indexing().borrow().is_done();
        queries.iter().map(|query| if is_indexed { query.joined() } else { query.clone() }).collect()
    }
}

/// Tells the queries of a search from those of others.
fn mark(queries: &[Query], scope: &Scope) -> u32 {
    queries.iter().fold(0, |mark, query| mark.rotate_left(1) ^ query.mark(scope))
}

struct Page<'a> {
    connection: &'a mut Connection,
    queries: &'a [Query],
    scope: &'a Scope,
    numbers: &'a Numbers,
    /// It shows what is there now.
    is_now: bool,
}

impl Page<'_> {
    /// The page, and where the one after it begins.
    fn find(mut self, cursor: Cursor) -> Result<(Found, Option<Cursor>), Outcome> {
        let t = cursor.t;
        let mut found = Found::nothing(t);
        let Some(query) = self.queries.first() else { return Ok((found, None)) };
        if query.total || query.count_only {
            found.total = Some(self.total(t)?);
        }
        if query.count_only {
            return Ok((found, None));
        }
        let next = match query.filters.is_empty() {
            true => self.matches(cursor, query.count, &mut found)?,
            false => self.filtered(cursor, query.count, &mut found)?,
        };
        let (versions, patients) =
            included(self.connection, query, self.scope, self.numbers, (t, self.is_now), &found.matches)?;
        found.included = versions;
        found.patients.extend(patients);
        Ok((found, next))
    }

    /// The next matches; where the page after them begins, unless they are the last.
    fn matches(
        &mut self,
        cursor: Cursor,
        count: usize,
        found: &mut Found,
    ) -> Result<Option<Cursor>, Outcome> {
        let before = self.scope.reached().filter(|_| self.is_now).map(Reached::before);
        let matches = match self.known(&cursor, count + 1)? {
            Some(matches) => matches,
            None => {
                let matches = plan::full_page(
                    self.connection,
                    self.queries,
                    (self.scope, false),
                    self.numbers,
                    &cursor,
                    count + 1,
                )?;
                let matches = shown(matches)?;
                for Shown { version, patients, .. } in &matches {
                    self.scope.learn(before, &version.kind, patients, &version.body);
                }
                matches
            }
        };
        let last = matches.get(..count).and_then(<[Shown]>::last).filter(|_| matches.len() > count);
        let next = last.map(|last| after(cursor.t, &last.place));
        for Shown { version, patients, .. } in matches.into_iter().take(count) {
            found.take((version, patients));
        }
        Ok(next)
    }

    /// The page as everybody's records give it, where it is known of each of them that the caller may see it: then it is the
    /// caller's page too. `None` where that is not so, which costs a second search, so after one it is not tried for a while.
    fn known(&mut self, cursor: &Cursor, limit: usize) -> Result<Option<Vec<Shown>>, Outcome> {
        let is_whole = |query: &Query| self.scope.is_whole(&query.kind);
        let Some(reached) = self.scope.reached().filter(|_| self.is_now) else { return Ok(None) };
        let none = BTreeSet::new();
        let places = self.queries.iter().find_map(|query| self.scope.places(&query.kind)).unwrap_or(&none);
        let is_all_reached = self.queries.iter().all(|query| self.scope.reaches(&query.kind));
        if self.queries.iter().all(is_whole) || !is_all_reached || !reached.is_hopeful(places) {
            return Ok(None);
        }
        if let Some(queries) = self.with_targets(cursor.t)?
            && let Some(matches) = self.all_known(&queries, cursor, limit)?
        {
            return Ok(Some(matches));
        }
        reached.discourage(places);
        Ok(None)
    }

    /// What everybody's records give, where it is known of each of them that the caller may see it.
    fn all_known(
        &mut self,
        queries: &[Query],
        cursor: &Cursor,
        limit: usize,
    ) -> Result<Option<Vec<Shown>>, Outcome> {
        let matches =
            plan::full_page(self.connection, queries, (self.scope, true), self.numbers, cursor, limit)?;
        let matches = shown(matches)?;
        let is_seen = |Shown { version, patients, .. }: &Shown| {
            self.scope.shows_known(&version.kind, patients, &version.body) == Some(true)
        };
        Ok(matches.iter().all(is_seen).then_some(matches))
    }

    /// The queries with the few records that each chain goes through named in its place, so that these are not narrowed again in the
    /// statement. `None` where they are many, or one of them is not known to be seen.
    fn with_targets(&mut self, t: i64) -> Result<Option<Vec<Query>>, Outcome> {
        let mut queries = self.queries.to_vec();
        for clause in queries.iter_mut().flat_map(|query| &mut query.clauses) {
            let Clause::Chain { code, targets } = clause else { continue };
            let mut addresses = Vec::new();
            for target in targets.iter() {
                let begin = Cursor { t, at: 0, after: None };
                let targets = std::slice::from_ref(target);
                let Some(found) = self.all_known(targets, &begin, TARGETS_MAX + 1)? else { return Ok(None) };
                addresses.extend(found.iter().map(|one| format!("{}/{}", one.version.kind, one.version.id)));
            }
            if addresses.len() > TARGETS_MAX {
                return Ok(None);
            }
            let (table, condition) = (position(&REFERENCE), reference::to_one_of(&addresses));
            *clause = Clause::Index { table, code: std::mem::take(code), condition, negated: false };
        }
        Ok(Some(queries))
    }

    /// The next matches of those that the filters leave. A page may have fewer than it could: then it ends where the
    /// trying ended.
    fn filtered(
        &mut self,
        mut cursor: Cursor,
        count: usize,
        found: &mut Found,
    ) -> Result<Option<Cursor>, Outcome> {
        let mut tried = 0;
        while tried < TRIED_MAX {
            let candidates = plan::full_page(
                self.connection,
                self.queries,
                (self.scope, false),
                self.numbers,
                &cursor,
                TRIED_AT_ONCE,
            )?;
            let is_last = candidates.len() < TRIED_AT_ONCE;
            tried += candidates.len();
            for candidate in candidates {
                if found.matches.len() == count {
                    return Ok(Some(cursor));
                }
                cursor = after(cursor.t, &candidate);
                let (version, patients) = Version::shown(candidate.row)?;
                let query = self.queries.iter().find(|query| query.kind == version.kind);
                if query.is_some_and(|query| query.filters.iter().all(|filter| filter.fits(&version.body))) {
                    found.take((version, patients));
                }
            }
            if is_last {
                return Ok(None);
            }
        }
        Ok(Some(cursor))
    }

    fn total(&mut self, t: i64) -> Result<u64, Outcome> {
        if self.queries.iter().all(|query| query.filters.is_empty()) {
            let mut total = 0;
            for query in self.queries {
                total += plan::count(self.connection, query, self.scope, self.numbers, t)?;
            }
            return Ok(total);
        }
        // To be counted, every record has to be tried: as many as one page tries.
        let mut all = Found::nothing(t);
        let begin = Cursor { t, at: 0, after: None };
        match self.filtered(begin, usize::MAX, &mut all)? {
            None => Ok(all.matches.len() as u64),
            Some(_) => {
                let text = format!(
                    "Không đếm được: phải đọc hơn {TRIED_MAX} bản ghi. Hãy thêm điều kiện (người bệnh, ngày, mã) hoặc bỏ _total."
                );
                let detail = format!(
                    "more than {TRIED_MAX} records would have to be read to count; narrow the search"
                );
                Err(Outcome::new(Kind::TooMany, "search-too-costly", text, detail))
            }
        }
    }
}

impl Found {
    fn nothing(t: i64) -> Found {
        Found {
            matches: Vec::new(),
            included: Vec::new(),
            patients: BTreeSet::new(),
            next: None,
            total: None,
            t,
        }
    }

    fn take(&mut self, (version, patients): (Version, Vec<String>)) {
        self.matches.push(version);
        self.patients.extend(patients);
    }
}

/// A match with its version, and whose it is.
struct Shown {
    version: Version,
    patients: Vec<String>,
    /// Where the page after it begins.
    place: plan::Match,
}

fn shown(matches: Vec<plan::Match>) -> Result<Vec<Shown>, Outcome> {
    let one = |mut one: plan::Match| {
        let (version, patients) = Version::shown(std::mem::take(&mut one.row))?;
        Ok(Shown { version, patients, place: one })
    };
    matches.into_iter().map(one).collect()
}

/// The cursor of a page that begins after a match.
fn after(t: i64, last: &plan::Match) -> Cursor {
    Cursor { t, at: last.at, after: Some((last.rid, last.keys.clone())) }
}
