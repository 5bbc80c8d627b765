//! Reading: by id, by version, the log, searches, a patient's compartment, derived tables.

use crate::db::fragments::{self, VERSION_COLUMNS};
use crate::db::schema::OPEN;
use crate::db::{Connection, Row, Value};
use crate::index::Numbers;
use crate::index::reference::local_target;
use crate::open::Store;
use crate::search::condition::Sql;
use crate::search::plan::{self, Cursor};
use crate::search::{Found, Query, Scope};
use crate::version::Version;
use crate::writer::number;
use std::collections::HashSet;
use yba_fhir::defs::r4;
use yba_fhir::resource::is_id;
use yba_fhir::{Kind, Outcome};

/// Most resources that `_include` may bring along with one page.
const INCLUDED_MAX: usize = 2000;
/// Most rows of a patient's compartment that one read gives.
pub const COMPARTMENT_MAX: usize = 20_000;

impl Store {
    /// The version a record shows now; `None` when there never was one.
    pub async fn read(&self, kind: &str, id: &str) -> Result<Option<Version>, Outcome> {
        if !is_id(id) {
            return Ok(None);
        }
        let (kind, id) = (kind.to_owned(), id.to_owned());
        self.point(move |connection| {
            let columns = with_alias(VERSION_COLUMNS, "v");
            let sql = format!(
                "SELECT {columns} FROM head h JOIN version v ON v.shard = 0 AND v.t = h.t \
                 WHERE h.shard = 0 AND h.kind = ?1 AND h.id = ?2"
            );
            first_version(connection.query(&sql, &[Value::from(kind), Value::from(id)])?)
        })
        .await
    }

    /// The patients in whose compartments these records are now; a Patient is in its own.
    pub async fn patients_of(&self, versions: &[Version]) -> Result<Vec<String>, Outcome> {
        let mut patients: Vec<String> =
            versions.iter().filter(|one| one.kind == "Patient").map(|one| one.id.clone()).collect();
        let rids: Vec<i64> = versions
            .iter()
            .filter(|one| one.kind != "Patient" && !r4().patient_compartment(&one.kind).is_empty())
            .map(|one| one.rid)
            .collect();
        if !rids.is_empty() {
            let found = self.point(move |connection| Ok(fragments::patients_of(connection, &rids)?)).await?;
            patients.extend(found.iter().map(|row| row.text(0).to_owned()));
        }
        patients.sort_unstable();
        patients.dedup();
        Ok(patients)
    }

    /// One version of a record.
    pub async fn read_version(
        &self,
        kind: &str,
        id: &str,
        version_id: &str,
    ) -> Result<Option<Version>, Outcome> {
        if !is_id(id) || !is_id(version_id) {
            return Ok(None);
        }
        let keys = [Value::from(kind), Value::from(id), Value::from(version_id)];
        self.point(move |connection| {
            let columns = with_alias(VERSION_COLUMNS, "v");
            let sql = format!(
                "SELECT {columns} FROM head h JOIN version v ON v.shard = 0 AND v.rid = h.rid AND v.version_id = ?3 \
                 WHERE h.shard = 0 AND h.kind = ?1 AND h.id = ?2"
            );
            first_version(connection.query(&sql, &keys)?)
        })
        .await
    }

    /// The heads of many records; missing ones are left out.
    pub async fn read_many(&self, keys: Vec<(String, String)>) -> Result<Vec<Version>, Outcome> {
        self.scan(move |connection| {
            let known = keys.iter().filter(|(_, id)| is_id(id));
            let keys: Vec<(&str, &str)> = known.map(|(kind, id)| (kind.as_str(), id.as_str())).collect();
            let positions: Vec<i64> =
                fragments::heads(connection, &keys)?.iter().map(|row| row.int(3)).collect();
            versions(connection, &positions)
        })
        .await
    }

    /// Which of these records are here and not deleted.
    pub async fn live(&self, keys: Vec<(String, String)>) -> Result<HashSet<(String, String)>, Outcome> {
        if keys.is_empty() {
            return Ok(HashSet::new());
        }
        self.scan(move |connection| {
            let keys: Vec<(&str, &str)> =
                keys.iter().map(|(kind, id)| (kind.as_str(), id.as_str())).collect();
            let heads = fragments::heads(connection, &keys)?;
            let live = heads.iter().filter(|row| row.int(7) == 0);
            Ok(live.map(|row| (row.text(0).to_owned(), row.text(1).to_owned())).collect())
        })
        .await
    }

    /// The change log after a position, in commit order.
    pub async fn changes_after(&self, t: i64, limit: usize) -> Result<Vec<Version>, Outcome> {
        self.scan(move |connection| {
            let sql = format!(
                "SELECT {VERSION_COLUMNS} FROM version WHERE shard = 0 AND t > ?1 ORDER BY t LIMIT ?2"
            );
            let rows = connection.query(&sql, &[Value::Int(t), Value::Int(limit as i64)])?;
            rows.into_iter().map(Version::from_row).collect()
        })
        .await
    }

    /// The records of these kinds that changed after one log position up to another, each once: type and id. For
    /// followers that read the heads of what changed and have no use for the versions between.
    pub async fn changed(
        &self,
        kinds: &[&str],
        after: i64,
        last: i64,
    ) -> Result<Vec<(String, String)>, Outcome> {
        let mut sql = Sql::default();
        sql.push(
            "SELECT DISTINCT kind, id FROM version WHERE shard = 0 AND t > {} AND t <= {}",
            [Value::Int(after), Value::Int(last)],
        );
        let kinds = kinds.iter().map(|kind| Value::from(*kind));
        sql.push(&format!(" AND kind IN ({})", vec!["{}"; kinds.len()].join(", ")), kinds);
        let rows = self.query(&sql.text, sql.params).await?;
        Ok(rows.into_iter().map(|mut row| (row.take_text(0), row.take_text(1))).collect())
    }

    /// How far a follower has come.
    pub async fn cursor(&self, follower: &str) -> Result<i64, Outcome> {
        let sql = "SELECT t FROM follower WHERE shard = 0 AND name = ?1";
        let rows = self.query(sql, vec![Value::from(follower)]).await?;
        Ok(rows.first().map_or(0, |row| row.int(0)))
    }

    /// Reads derived tables.
    pub async fn query(&self, sql: &str, params: Vec<Value>) -> Result<Vec<Row>, Outcome> {
        let sql = sql.to_owned();
        self.scan(move |connection| Ok(connection.query(&sql, &params)?)).await
    }

    /// Everything in the compartments of these patients, of these kinds (all, when none is named), newest first.
    /// Refuses with `too-many` past [`COMPARTMENT_MAX`] rows rather than leave something out unsaid.
    pub async fn everything(&self, patients: &[String], kinds: &[&str]) -> Result<Vec<Version>, Outcome> {
        let wanted: Vec<Value> = kinds.iter().map(|kind| Value::Int(self.numbers().kind(kind))).collect();
        let patients = patients.to_vec();
        self.scan(move |connection| {
            let mut positions = Vec::new();
            for patient in &patients {
                let mut sql = Sql::default();
                sql.push(
                    "SELECT t_from FROM ix_patient WHERE shard = 0 AND patient = {}",
                    [Value::from(patient.as_str())],
                );
                if !wanted.is_empty() {
                    sql.push(&format!(" AND p IN ({})", vec!["{}"; wanted.len()].join(", ")), wanted.clone());
                }
                let limit = Value::Int(COMPARTMENT_MAX as i64 + 1);
                sql.push(&format!(" AND t_to = {OPEN} LIMIT {{}}"), [limit]);
                positions.extend(connection.query(&sql.text, &sql.params)?.iter().map(|row| row.int(0)));
            }
            positions.sort_unstable_by(|one, other| other.cmp(one));
            positions.dedup();
            if positions.len() > COMPARTMENT_MAX {
                let text = format!("Hồ sơ có hơn {COMPARTMENT_MAX} mục. Hãy xem theo từng loại.");
                return Err(Outcome::new(
                    Kind::TooMany,
                    "compartment-too-large",
                    text,
                    "compartment too large",
                ));
            }
            versions(connection, &positions)
        })
        .await
    }

    /// One page of a search; `cursor` comes from the page before.
    pub async fn search(&self, query: &Query, scope: &Scope, cursor: Option<&str>) -> Result<Found, Outcome> {
        let cursor = match cursor {
            None => Cursor { t: self.head_t(), after: None },
            Some(text) => {
                let mark = query.mark(scope);
                Cursor::parse(text, mark).filter(|cursor| cursor.t <= self.head_t()).ok_or_else(|| {
                    let hint = "Liên kết trang không hợp lệ. Hãy tìm lại từ đầu.";
                    Outcome::invalid("search-cursor", hint, "malformed page cursor, or one of another search")
                })?
            }
        };
        self.page(query, scope, cursor).await
    }

    /// The first page of a search as it stood at an earlier log position. Refuses with `gone` when the index rows of
    /// that moment were cleared.
    pub async fn search_at(&self, query: &Query, scope: &Scope, t: i64) -> Result<Found, Outcome> {
        self.page(query, scope, Cursor { t: t.min(self.head_t()), after: None }).await
    }

    async fn page(&self, query: &Query, scope: &Scope, cursor: Cursor) -> Result<Found, Outcome> {
        let (query, scope, inner) = (query.clone(), scope.clone(), self.0.clone());
        self.scan(move |connection| run_search(connection, &query, &scope, &inner.numbers, &cursor)).await
    }
}

fn run_search(
    connection: &mut Connection,
    query: &Query,
    scope: &Scope,
    numbers: &Numbers,
    cursor: &Cursor,
) -> Result<Found, Outcome> {
    let total = match query.total || query.count_only {
        true => Some(plan::count(connection, query, scope, numbers, cursor.t)?),
        false => None,
    };
    let mut found = Found { matches: Vec::new(), included: Vec::new(), next: None, total, t: cursor.t };
    if query.count_only {
        return unexpired(connection, found);
    }
    let mut matches = plan::page(connection, query, scope, numbers, cursor, query.count + 1)?;
    if matches.len() > query.count {
        matches.truncate(query.count);
        let after = matches.last().map(|last| (last.rid, last.keys.clone()));
        found.next = Some(Cursor { t: cursor.t, after }.to_text(query.mark(scope)));
    }
    let positions: Vec<i64> = matches.iter().map(|one| one.t).collect();
    found.matches = versions(connection, &positions)?;
    found.included = included(connection, query, scope, numbers, cursor.t, &matches)?;
    let pointing = pointing(connection, query, scope, numbers, cursor.t, &found)?;
    found.included.extend(pointing);
    unexpired(connection, found)
}

/// Refuses a page whose moment is over. Asked after the rows were read: had any of them been cleared before, the mark
/// of that clearing is here too.
fn unexpired(connection: &mut Connection, found: Found) -> Result<Found, Outcome> {
    if found.t >= number(connection, "pages_from_t")?.unwrap_or(0) {
        return Ok(found);
    }
    let text = "Liên kết trang đã quá hạn 1 giờ. Hãy tìm lại từ đầu.";
    let detail = "the page link has expired; restart the search";
    Err(Outcome::new(Kind::Gone, "search-page-expired", text, detail))
}

/// The targets of `_include`, each once, none that is among the matches, none beyond the scope.
fn included(
    connection: &mut Connection,
    query: &Query,
    scope: &Scope,
    numbers: &Numbers,
    t: i64,
    matches: &[plan::Match],
) -> Result<Vec<Version>, Outcome> {
    if query.include.is_empty() {
        return Ok(Vec::new());
    }
    let mut targets: Vec<(String, String)> = Vec::new();
    for (code, wanted) in &query.include {
        for one in matches {
            let mut sql = Sql::default();
            sql.push(
                "SELECT target FROM ix_reference WHERE shard = 0 AND rid = {} AND ",
                [Value::Int(one.rid)],
            );
            plan::under(&mut sql, "", numbers.parameter(&query.kind, code));
            plan::visible(&mut sql, "", t);
            for row in connection.query(&sql.text, &sql.params)? {
                if let Some((kind, id)) = local_target(row.text(0))
                    && wanted.as_deref().is_none_or(|wanted| wanted == kind)
                    && r4().is_resource(kind)
                {
                    targets.push((kind.to_owned(), id.to_owned()));
                }
            }
        }
    }
    targets.sort_unstable();
    targets.dedup();
    if targets.len() > INCLUDED_MAX {
        return Err(too_many_included("_include"));
    }
    let keys: Vec<(&str, &str)> = targets.iter().map(|(kind, id)| (kind.as_str(), id.as_str())).collect();
    let shown: HashSet<i64> = matches.iter().map(|one| one.rid).collect();
    let mut positions = Vec::new();
    for head in fragments::heads(connection, &keys)?.iter().filter(|head| !shown.contains(&head.int(2))) {
        positions.extend(plan::visible_at(connection, head.int(2), scope, t)?);
    }
    versions(connection, &positions)
}

/// What points at the matches by a `_revinclude`, each once, none that is shown already, none beyond the scope.
fn pointing(
    connection: &mut Connection,
    query: &Query,
    scope: &Scope,
    numbers: &Numbers,
    t: i64,
    found: &Found,
) -> Result<Vec<Version>, Outcome> {
    let mut rids: Vec<i64> = Vec::new();
    for (kind, code) in &query.revinclude {
        for one in &found.matches {
            let mut sql = Sql::default();
            let hint = connection.by_value("ix_reference");
            sql.push(&format!("SELECT rid FROM ix_reference{hint} WHERE shard = 0 AND "), []);
            plan::under(&mut sql, "", numbers.parameter(kind, code));
            sql.push("target = {} AND ", [Value::Text(format!("{}/{}", one.kind, one.id))]);
            plan::visible(&mut sql, "", t);
            sql.push(" LIMIT {}", [Value::Int(INCLUDED_MAX as i64 + 1)]);
            rids.extend(connection.query(&sql.text, &sql.params)?.iter().map(|row| row.int(0)));
            if rids.len() > INCLUDED_MAX {
                return Err(too_many_included("_revinclude"));
            }
        }
    }
    rids.sort_unstable();
    rids.dedup();
    let mut positions = Vec::new();
    for rid in rids {
        positions.extend(plan::visible_at(connection, rid, scope, t)?);
    }
    let shown: HashSet<(String, String)> = found
        .matches
        .iter()
        .chain(&found.included)
        .map(|version| (version.kind.clone(), version.id.clone()))
        .collect();
    let mut pointing = versions(connection, &positions)?;
    pointing.retain(|version| !shown.contains(&(version.kind.clone(), version.id.clone())));
    Ok(pointing)
}

fn too_many_included(name: &str) -> Outcome {
    let text = format!("{name} kéo theo hơn {INCLUDED_MAX} tài nguyên. Hãy giảm _count.");
    Outcome::new(Kind::TooMany, "too-many-included", text, format!("{name} brings too many resources"))
}

fn versions(connection: &mut Connection, positions: &[i64]) -> Result<Vec<Version>, Outcome> {
    fragments::versions_at(connection, positions)?.into_iter().map(Version::from_row).collect()
}

fn first_version(rows: Vec<Row>) -> Result<Option<Version>, Outcome> {
    rows.into_iter().next().map(Version::from_row).transpose()
}

pub(crate) fn with_alias(columns: &str, alias: &str) -> String {
    columns.split(", ").map(|name| format!("{alias}.{name}")).collect::<Vec<_>>().join(", ")
}
