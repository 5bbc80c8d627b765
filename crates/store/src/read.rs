//! Reading: by id, by version, the log, a patient's compartment, derived tables.

use crate::db::fragments::{self, VERSION_COLUMNS, with_alias};
use crate::db::schema::OPEN;
use crate::db::{Connection, Row, Value};
use crate::derived;
use crate::index::units::UNITS_MAX;
use crate::open::Store;
use crate::reached::Reached;
use crate::search::clause_sql::NOW;
use crate::search::condition::{Sql, places};
use crate::search::scope::{self, Kin, Of, Scope};
use crate::version::Version;
use std::collections::{HashMap, HashSet};
use yba_fhir::defs::r4;
use yba_fhir::resource::is_id;
use yba_fhir::{Kind, Outcome};

/// Most rows of a patient's compartment that one read gives.
pub const COMPARTMENT_MAX: usize = 20_000;
/// Most records that one statement asks of.
const SHOWN_AT_ONCE: usize = 500;
/// More records are not tried where they are asked for.
const WITHIN_BRIEF: usize = 100;

impl Store {
    /// The version a record shows now; `None` when there never was one.
    pub async fn read(&self, kind: &str, id: &str) -> Result<Option<Version>, Outcome> {
        Ok(self.read_with_patients(kind, id).await?.map(|(version, _)| version))
    }

    /// The same, and the patients in whose compartments the record is.
    pub async fn read_with_patients(
        &self,
        kind: &str,
        id: &str,
    ) -> Result<Option<(Version, Vec<String>)>, Outcome> {
        Ok(self.read_for(kind, id, &Scope::All).await?.map(|(version, patients, _)| (version, patients)))
    }

    /// The same, and whether a scope shows the record.
    pub async fn read_for(
        &self,
        kind: &str,
        id: &str,
        scope: &Scope,
    ) -> Result<Option<(Version, Vec<String>, bool)>, Outcome> {
        if !is_id(id) {
            return Ok(None);
        }
        let (kind, id) = (kind.to_owned(), id.to_owned());
        let (scope, inner) = (scope.clone(), self.0.clone());
        self.point(move |connection| {
            let before = scope.reached().map(Reached::before);
            let sql = format!(
                "SELECT {} FROM head h JOIN version v ON v.shard = 0 AND v.t = h.t \
                 WHERE h.shard = 0 AND h.kind = ?1 AND h.id = ?2",
                fragments::shown_columns(connection)
            );
            let key = [Value::from(kind.as_str()), Value::from(id.as_str())];
            let Some(row) = connection.query(&sql, &key)?.into_iter().next() else { return Ok(None) };
            let (version, whose) = Version::shown(row)?;
            let is_known = match version.deleted {
                true => scope.shows(&kind, &whose).or(Some(false)),
                false => scope.shows_known(&kind, &whose, &version.body),
            };
            if let Some(is_shown) = is_known {
                return Ok(Some((version, whose, is_shown)));
            }
            // Both by one statement: between two the record could become another.
            let mut sql = Sql::default();
            sql.push(
                &format!("SELECT {}, CASE WHEN h.deleted = 0", fragments::shown_columns(connection)),
                [],
            );
            scope::within(&mut sql, &scope, Of::Kind(&kind), "h.", NOW, &inner.numbers);
            sql.push(" THEN CAST(1 AS BIGINT) ELSE CAST(0 AS BIGINT) END", []);
            let from = " FROM head h JOIN version v ON v.shard = 0 AND v.t = h.t \
                        WHERE h.shard = 0 AND h.kind = {} AND h.id = {}";
            sql.push(from, key);
            let row = connection.query(&sql.text, &sql.params)?.into_iter().next();
            let Some(mut row) = row else { return Ok(None) };
            let is_shown = row.0.pop() == Some(Value::Int(1));
            let (version, whose) = Version::shown(row)?;
            if is_shown {
                scope.learn(before, &kind, &whose, &version.body);
            }
            Ok(Some((version, whose, is_shown)))
        })
        .await
    }

    /// The version that a record showed at a log position of the last [`crate::LINK_MS`]; `None` when it showed none.
    pub async fn read_at(&self, kind: &str, id: &str, t: i64) -> Result<Option<Version>, Outcome> {
        if !is_id(id) {
            return Ok(None);
        }
        let keys = [Value::from(kind), Value::from(id), Value::Int(t)];
        self.point(move |connection| {
            let columns = with_alias(VERSION_COLUMNS, "v");
            let sql = format!(
                "SELECT {columns} FROM head h JOIN ix_life l ON l.shard = 0 AND l.rid = h.rid \
                 AND l.t_from <= ?3 AND l.t_to > ?3 JOIN version v ON v.shard = 0 AND v.t = l.t_from \
                 WHERE h.shard = 0 AND h.kind = ?1 AND h.id = ?2"
            );
            first_version(connection.query(&sql, &keys)?)
        })
        .await
    }

    /// The patients in whose compartments these versions are by what they say themselves, whatever their records say now:
    /// whom somebody sees who reads them. A Patient is in its own.
    pub fn patients_within<'v>(&self, versions: impl IntoIterator<Item = &'v Version>) -> Vec<String> {
        let mut patients = std::collections::BTreeSet::new();
        for version in versions {
            match version.kind == "Patient" {
                true if !version.deleted => drop(patients.insert(version.id.clone())),
                true => {}
                false => {
                    let rows = crate::heads::index_rows(version, self.numbers());
                    patients.extend(rows.patients().into_iter().map(str::to_owned));
                }
            }
        }
        patients.into_iter().collect()
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

    /// The heads of many records by type and id, each with the patients in whose compartments it is; missing ones are left
    /// out.
    pub async fn read_many_with_patients(
        &self,
        keys: Vec<(String, String)>,
    ) -> Result<HashMap<(String, String), (Version, Vec<String>)>, Outcome> {
        if keys.is_empty() {
            return Ok(HashMap::new());
        }
        let is_brief = keys.len() <= WITHIN_BRIEF;
        let work = move |connection: &mut Connection| {
            let known = keys.iter().filter(|(_, id)| is_id(id));
            let keys: Vec<(&str, &str)> = known.map(|(kind, id)| (kind.as_str(), id.as_str())).collect();
            let positions: Vec<i64> =
                fragments::heads(connection, &keys)?.iter().map(|row| row.int(3)).collect();
            let mut found = HashMap::with_capacity(positions.len());
            for row in fragments::shown_versions_at(connection, &positions)? {
                let (version, patients) = Version::shown(row)?;
                found.insert((version.kind.clone(), version.id.clone()), (version, patients));
            }
            Ok(found)
        };
        if is_brief { self.point(work).await } else { self.scan(work).await }
    }

    /// Of these records of a type (ids) those that a scope shows now.
    pub async fn shown(
        &self,
        kind: &str,
        ids: Vec<String>,
        scope: &Scope,
    ) -> Result<HashSet<String>, Outcome> {
        let (kind, scope, inner) = (kind.to_owned(), scope.clone(), self.0.clone());
        let (mut known, mut asked) = (HashSet::new(), Vec::new());
        for id in ids {
            match scope.shows_person(&kind, &id) {
                true => drop(known.insert(id)),
                false => asked.push(id),
            }
        }
        if asked.is_empty() {
            return Ok(known);
        }
        let is_brief = asked.len() <= WITHIN_BRIEF;
        let work = move |connection: &mut Connection| {
            let (before, mut found) = (scope.reached().map(Reached::before), known.clone());
            for some in asked.chunks(SHOWN_AT_ONCE) {
                let mut sql = Sql::default();
                // A Patient that names another is in that one's compartment too: it may be seen by that.
                sql.push(
                    &format!(
                        "SELECT h.id, CASE WHEN EXISTS (SELECT 1 FROM ix_patient x WHERE x.shard = 0 AND x.rid = h.rid \
                         AND x.t_to = {OPEN} AND x.patient <> h.id) THEN CAST(0 AS BIGINT) ELSE CAST(1 AS BIGINT) END \
                         FROM head h WHERE h.shard = 0 AND h.kind = {{}} AND h.deleted = 0"
                    ),
                    [Value::from(kind.as_str())],
                );
                let asked = some.iter().map(|id| Value::from(id.as_str()));
                sql.push(&format!(" AND h.id IN ({})", places(some.len())), asked);
                scope::within(&mut sql, &scope, Of::Kind(&kind), "h.", NOW, &inner.numbers);
                let rows = connection.query(&sql.text, &sql.params)?;
                let (alone, through): (Vec<Row>, Vec<Row>) =
                    rows.into_iter().partition(|row| row.int(1) == 1);
                let ids = |rows: Vec<Row>| rows.into_iter().map(|mut row| row.take_text(0));
                let alone: Vec<String> = ids(alone).collect();
                scope.learn_persons(before, &kind, &alone);
                found.extend(alone.into_iter().chain(ids(through)));
            }
            Ok(found)
        };
        if is_brief { self.point(work).await } else { self.scan(work).await }
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
            let along = connection.along_log();
            let sql = format!(
                "SELECT {VERSION_COLUMNS} FROM version{along} WHERE shard = 0 AND t > ?1 ORDER BY t LIMIT ?2"
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
        if self.0.written.is_nothing_after(kinds, after) {
            return Ok(Vec::new());
        }
        let kinds: Vec<Value> = kinds.iter().map(|kind| Value::from(*kind)).collect();
        let work = move |connection: &mut Connection| {
            let mut sql = Sql::default();
            let hint = connection.by_index("version_kind");
            sql.push(
                &format!(
                    "SELECT DISTINCT kind, id FROM version{hint} WHERE shard = 0 AND t > {{}} AND t <= {{}}"
                ),
                [Value::Int(after), Value::Int(last)],
            );
            sql.push(&format!(" AND kind IN ({})", places(kinds.len())), kinds);
            Ok(connection.query(&sql.text, &sql.params)?)
        };
        let rows = self.scan(work).await?;
        Ok(rows.into_iter().map(|mut row| (row.take_text(0), row.take_text(1))).collect())
    }

    /// The Patients (ids) that are the same person as this one, itself among them.
    pub async fn kin_of(&self, patient: &str) -> Result<Vec<String>, Outcome> {
        let mut all = vec![patient.to_owned()];
        if let Some(Kin { table, patient: id, person, .. }) = self.knowledge().kin {
            let sql = format!(
                "SELECT m.{id} FROM {table} o JOIN {table} m ON m.{person} = o.{person} WHERE o.{id} = ?1 AND m.{id} <> ?1"
            );
            let rows = self.query(&sql, vec![Value::from(patient)]).await?;
            all.extend(rows.into_iter().map(|mut row| row.take_text(0)));
        }
        Ok(all)
    }

    /// For each of these Patients (ids) all that are the same person, itself among them.
    pub async fn kin_of_each(&self, patients: &[String]) -> Result<Vec<(String, String)>, Outcome> {
        let mut all: Vec<(String, String)> = patients.iter().map(|one| (one.clone(), one.clone())).collect();
        if let Some(Kin { table, patient, person, .. }) = self.knowledge().kin {
            let sql = format!(
                "SELECT o.{patient}, m.{patient} FROM {table} o JOIN {table} m ON m.{person} = o.{person} \
                 WHERE o.{patient} IN ({{}}) AND m.{patient} <> o.{patient}"
            );
            let ids: Vec<Value> = patients.iter().map(|id| Value::from(id.as_str())).collect();
            let rows = derived::query_in(self, &sql, &ids).await?;
            all.extend(rows.into_iter().map(|mut row| (row.take_text(0), row.take_text(1))));
        }
        all.sort_unstable();
        all.dedup();
        Ok(all)
    }

    /// Of these versions those of records that a scope shows now, in their order.
    pub async fn within(&self, scope: &Scope, versions: Vec<Version>) -> Result<Vec<Version>, Outcome> {
        let (scope, inner) = (scope.clone(), self.0.clone());
        let rids: Vec<i64> = versions.iter().map(|version| version.rid).collect();
        let is_brief = rids.len() <= WITHIN_BRIEF;
        let work = move |connection: &mut Connection| {
            let shown = scope::shown_at(connection, &rids, &scope, NOW, &inner.numbers)?;
            Ok(shown.into_iter().map(|shown| shown.rid).collect())
        };
        let shown: HashSet<i64> = if is_brief { self.brief(work).await? } else { self.answer(work).await? };
        Ok(versions.into_iter().filter(|version| shown.contains(&version.rid)).collect())
    }

    /// The units of UCUM that quantities here have or had.
    pub async fn units(&self) -> Result<Vec<String>, Outcome> {
        let sql = format!("SELECT code FROM unit WHERE shard = 0 ORDER BY code LIMIT {UNITS_MAX}");
        let rows = self.query(&sql, Vec::new()).await?;
        Ok(rows.into_iter().map(|mut row| row.take_text(0)).collect())
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
                    sql.push(&format!(" AND p IN ({})", places(wanted.len())), wanted.clone());
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
}

fn versions(connection: &mut Connection, positions: &[i64]) -> Result<Vec<Version>, Outcome> {
    fragments::versions_at(connection, positions)?.into_iter().map(Version::from_row).collect()
}

fn first_version(rows: Vec<Row>) -> Result<Option<Version>, Outcome> {
    rows.into_iter().next().map(Version::from_row).transpose()
}
