//! Everything about a patient or an encounter, page by page at one moment: first what belongs to it, in an order that
//! stays, then what that refers to and belongs to nobody (staff, places, medicines), each record once.
//!
//! It deliberately does not know: who is the same person as whom. Bodies are not parsed: the index tables say what
//! belongs to a patient, when it was and what it refers to.

use crate::db::fragments::{self, versions_at};
use crate::db::{Connection, Value};
use crate::index::reference::local_target;
use crate::index::{Numbers, kinds};
use crate::open::Store;
use crate::search::Scope;
use crate::search::clause_sql::visible;
use crate::search::condition::{Sql, places};
use crate::search::cursor::Cursor;
use crate::search::scope::{Of, Whose, shown_at, within, within_of};
use crate::version::Version;
use std::collections::{HashMap, HashSet};
use std::sync::OnceLock;
use yba_fhir::defs::{SearchType, r4};
use yba_fhir::{Kind, Outcome};

/// Addresses of referred records that are looked at in one statement.
const TARGETS_AT_ONCE: usize = 500;
/// A place in the walk before the record that it is about, and right after it.
const BEGIN: i64 = -2;
const BEGUN: i64 = -1;

/// What is asked for.
#[derive(Debug, Clone, Default)]
pub struct Everything {
    /// `Patient` or `Encounter`.
    pub kind: String,
    pub id: String,
    /// With the records of the patients that are linked to this one as the same person.
    pub persons: bool,
    /// Only these types; all, when none is named.
    pub kinds: Vec<String>,
    /// Of what has a date of care, only what falls into this span: ms since 1970 UTC, the second exclusive.
    pub span: Option<(i64, i64)>,
    /// Only versions that arrived at this node at this moment or later, in ms since 1970 UTC.
    pub since_ms: Option<i64>,
    /// Most records of one page.
    pub count: usize,
}

impl Everything {
    /// Tells this question from others, so that a page link cannot be used with another one.
    fn mark(&self, scope: &Scope) -> u32 {
        use sha2::{Digest, Sha256};
        let asked = (&self.kind, &self.id, self.persons, &self.kinds, self.span, self.since_ms);
        let hash = Sha256::digest(format!("everything {asked:?} {scope:?}").as_bytes());
        u32::from_be_bytes([hash[0], hash[1], hash[2], hash[3]])
    }
}

/// One page of it.
#[derive(Debug)]
pub struct Page {
    /// What belongs to it; what it is about comes first.
    pub matches: Vec<Version>,
    /// What those refer to.
    pub included: Vec<Version>,
    /// The cursor of the next page; absent on the last.
    pub next: Option<String>,
}

impl Page {
    /// Whether it is known of every record of it that a scope shows it. Any of the patients does: all are one person, who is within
    /// reach.
    fn is_known(&self, scope: &Scope, patients: &[String]) -> bool {
        let is_seen =
            |whose: &[String], one: &Version| scope.shows_known(&one.kind, whose, &one.body) == Some(true);
        self.matches.iter().all(|one| is_seen(patients, one))
            && self.included.iter().all(|one| is_seen(&[], one))
    }
}

impl Store {
    /// Where a page begins: now from the start, or where the page before ended.
    pub fn everything_from(
        &self,
        wanted: &Everything,
        scope: &Scope,
        cursor: Option<&str>,
    ) -> Result<Cursor, Outcome> {
        let Some(text) = cursor else { return Ok(Cursor { t: self.head_t(), at: 0, after: None }) };
        let known = Cursor::parse(text, wanted.mark(scope)).filter(|cursor| cursor.t <= self.head_t());
        known.ok_or_else(|| {
            let hint = "Liên kết trang không hợp lệ. Hãy lấy lại từ đầu.";
            Outcome::invalid("search-cursor", hint, "malformed page cursor, or one of another question")
        })
    }

    /// One page. `patients` are those whose compartments are meant, the asked one first; empty for an encounter. All
    /// of them must be within the scope. Refuses with `gone` when the index rows of the moment were cleared.
    pub async fn everything_page(
        &self,
        wanted: &Everything,
        patients: Vec<String>,
        scope: &Scope,
        cursor: Cursor,
    ) -> Result<Page, Outcome> {
        let after_t = match wanted.since_ms {
            Some(ms) => self.arrived_before(ms).await?,
            None => 0,
        };
        let (wanted, scope, store) = (wanted.clone(), scope.clone(), self.clone());
        self.scan(move |connection| {
            let numbers = store.numbers();
            let (t, mark) = (cursor.t, wanted.mark(&scope));
            let walk =
                |scope| Walk { wanted: &wanted, patients: &patients, scope, mark, numbers, t, after_t };
            // Where it is known of all of it that the caller sees it, nothing is asked of each record.
            let is_hopeful =
                t == store.head_t() && !patients.is_empty() && patients.iter().all(|one| scope.knows(one));
            let mut known = None;
            if is_hopeful {
                let page = walk(&Scope::All).page(connection, cursor.after.clone())?;
                known = page.is_known(&scope, &patients).then_some(page);
            }
            let page = match known {
                Some(page) => page,
                None => walk(&scope).page(connection, cursor.after)?,
            };
            match store.0.kept_from.is_after(t) {
                false => Ok(page),
                true => Err(expired()),
            }
        })
        .await
    }
}

fn expired() -> Outcome {
    let text = "Liên kết trang đã quá hạn 1 giờ. Hãy lấy lại từ đầu.";
    Outcome::new(
        Kind::Gone,
        "search-page-expired",
        text,
        "the page link has expired; ask again from the start",
    )
}

/// Where in the walk a page begins.
enum Place {
    /// In the compartment of the patient at this position (or the encounter, 0), after a type and a record.
    Compartment(usize, i64, i64),
    /// Among what is referred to, after this address.
    Referred(String),
}

impl Place {
    fn parse(after: Option<(i64, Vec<Value>)>) -> Place {
        let Some((rid, keys)) = after else { return Place::Compartment(0, BEGIN, 0) };
        match keys.as_slice() {
            [Value::Int(at), Value::Int(p)] => Place::Compartment((*at).max(0) as usize, *p, rid),
            [Value::Text(target)] => Place::Referred(target.clone()),
            _ => Place::Referred(String::new()),
        }
    }
}

/// A record on its way into a page: its version's log position, and the place after it.
struct Step {
    t: i64,
    after: (i64, Vec<Value>),
}

struct Walk<'w> {
    wanted: &'w Everything,
    patients: &'w [String],
    scope: &'w Scope,
    /// Tells its page links from others.
    mark: u32,
    numbers: &'w Numbers,
    t: i64,
    after_t: i64,
}

impl Walk<'_> {
    fn page(&self, connection: &mut Connection, after: Option<(i64, Vec<Value>)>) -> Result<Page, Outcome> {
        // One more than asked: it tells whether there is a next page.
        let limit = self.wanted.count + 1;
        let (mut matches, from) = match Place::parse(after) {
            Place::Compartment(at, p, rid) => {
                (self.belonging(connection, (at, p, rid), limit)?, String::new())
            }
            Place::Referred(target) => (Vec::new(), target),
        };
        let mut more = cut(&mut matches, limit, (0, Vec::new()));
        let matches = read(connection, &matches)?;
        let mut included = Vec::new();
        if more.is_none() {
            let room = limit - matches.len();
            // What is shown here needs no look whether it belongs.
            let shown = matches.iter().map(|one| format!("{}/{}", one.kind, one.id)).collect();
            included = self.referred(connection, &from, &shown, room)?;
            more = cut(&mut included, room, (0, vec![Value::Text(from)]));
        }
        let next = more.map(|after| Cursor { t: self.t, at: 0, after: Some(after) }.to_text(self.mark));
        Ok(Page { matches, included: read(connection, &included)?, next })
    }

    fn takes(&self, kind: &str) -> bool {
        self.wanted.kinds.is_empty() || self.wanted.kinds.iter().any(|one| one == kind)
    }

    /// `AND [alias]p IN (…)` of the types that are wanted.
    fn of_kinds(&self, sql: &mut Sql, alias: &str) {
        if !self.wanted.kinds.is_empty() {
            let numbers: Vec<i64> = self.wanted.kinds.iter().map(|kind| self.numbers.kind(kind)).collect();
            sql.push(
                &format!(" AND {alias}p IN ({})", places(numbers.len())),
                numbers.into_iter().map(Value::Int),
            );
        }
    }

    /// What belongs to the patients or the encounter, after a place.
    fn belonging(
        &self,
        connection: &mut Connection,
        (at, mut p, mut rid): (usize, i64, i64),
        limit: usize,
    ) -> Result<Vec<Step>, Outcome> {
        let mut steps = Vec::new();
        let of_encounter = [self.wanted.id.clone()];
        let is_encounter = self.wanted.kind == "Encounter";
        let ids = if is_encounter { &of_encounter } else { self.patients };
        for (at, id) in ids.iter().enumerate().skip(at) {
            let keys = |p: i64| vec![Value::Int(at as i64), Value::Int(p)];
            let focus = self.record(connection, &self.wanted.kind, id)?;
            if p == BEGIN {
                if let Some(rid) = focus
                    && let Some(t) = self.shown(connection, rid)?
                    && t > self.after_t
                    && self.takes(&self.wanted.kind)
                    && !self.was_earlier(connection, rid, at)?
                {
                    steps.push(Step { t, after: (0, keys(BEGUN)) });
                }
                p = BEGUN;
            }
            let mut sql = match is_encounter {
                true => self.of_encounter(connection),
                false => self.of_patient(connection, at),
            };
            let after = [p, rid, self.after_t, focus.unwrap_or(0), (limit - steps.len()) as i64];
            sql.push(
                " AND (x.p, x.rid) > ({}, {}) AND x.t_from > {} AND x.rid <> {} ORDER BY x.p, x.rid LIMIT {}",
                after.map(Value::Int),
            );
            for row in connection.query(&sql.text, &sql.params)? {
                steps.push(Step { t: row.int(2), after: (row.int(1), keys(row.int(0))) });
            }
            if steps.len() >= limit {
                break;
            }
            (p, rid) = (BEGIN, 0);
        }
        Ok(steps)
    }

    /// The log position of the version that a record shows, if it shows one and that is within the scope.
    fn shown(&self, connection: &mut Connection, rid: i64) -> Result<Option<i64>, Outcome> {
        Ok(shown_at(connection, &[rid], self.scope, self.t, self.numbers)?.first().map(|shown| shown.t))
    }

    fn record(&self, connection: &mut Connection, kind: &str, id: &str) -> Result<Option<i64>, Outcome> {
        Ok(fragments::heads(connection, &[(kind, id)])?.first().map(|head| head.int(2)))
    }

    /// The rows of one patient's compartment, as `p, rid, t_from` of `x`.
    fn of_patient(&self, connection: &Connection, at: usize) -> Sql {
        let mut sql = Sql::default();
        let hint = connection.by_value("ix_patient");
        sql.push(
            &format!("SELECT x.p, x.rid, x.t_from FROM ix_patient AS x{hint} WHERE x.shard = 0 AND x.patient = {{}} AND "),
            [Value::from(self.patients[at].as_str())],
        );
        visible(&mut sql, "x.", self.t);
        let whose = Whose::Of(&self.patients[at], &[]);
        within_of(&mut sql, self.scope, Of::P, whose, "x.", self.t, self.numbers);
        self.of_kinds(&mut sql, "x.");
        self.in_span(&mut sql);
        if at > 0 {
            sql.push(" AND NOT ", []);
            self.in_compartment_of(&mut sql, "x.rid", &self.patients[..at]);
        }
        sql
    }

    fn in_compartment_of(&self, sql: &mut Sql, rid: &str, patients: &[String]) {
        let ids = patients.iter().map(|id| Value::from(id.as_str()));
        sql.push(&format!("EXISTS (SELECT 1 FROM ix_patient y WHERE y.shard = 0 AND y.rid = {rid} AND "), []);
        visible(sql, "y.", self.t);
        sql.push(&format!(" AND y.patient IN ({}))", places(patients.len())), ids);
    }

    /// Whether a patient's record stood in the compartment of one before.
    fn was_earlier(&self, connection: &mut Connection, rid: i64, at: usize) -> Result<bool, Outcome> {
        let patients = if at == 0 { Vec::new() } else { self.patients_at(connection, rid)? };
        Ok(patients.iter().any(|one| self.patients[..at].contains(one)))
    }

    /// `AND` of what has a date of care: one of them is within the span.
    fn in_span(&self, sql: &mut Sql) {
        let Some((start, end)) = self.wanted.span else { return };
        let dates: Vec<i64> =
            care_dates().iter().flat_map(|(kind, code)| self.numbers.parameter(kind, code)).collect();
        sql.push(
            " AND COALESCE((SELECT MAX(CASE WHEN d.start_ms < {} AND d.end_ms > {} THEN 1 ELSE 0 END) FROM ix_date d \
             WHERE d.shard = 0 AND d.rid = x.rid AND ",
            [Value::Int(end), Value::Int(start)],
        );
        visible(sql, "d.", self.t);
        // The sum keeps SQLite from a lookup for each of the sixty parameters: a record has few rows.
        sql.push(
            &format!(" AND d.p + 0 IN ({})), 1) = 1", places(dates.len())),
            dates.into_iter().map(Value::Int),
        );
    }

    /// The rows of what refers to the encounter, as `p, rid, t_from` of `x`.
    fn of_encounter(&self, connection: &Connection) -> Sql {
        let mut sql = Sql::default();
        sql.push("SELECT x.p, x.rid, x.t_from FROM (", []);
        self.referrers(connection, &mut sql);
        self.of_kinds(&mut sql, "l.");
        sql.push(") AS x WHERE 1 = 1", []);
        sql
    }

    /// The records within the scope that refer to the encounter; their life rows are `l`.
    fn referrers(&self, connection: &Connection, sql: &mut Sql) {
        let (hint, join) = (connection.by_value("ix_reference"), connection.first_table_join());
        sql.push("SELECT l.p AS p, l.rid AS rid, l.t_from AS t_from FROM (SELECT DISTINCT rid FROM ", []);
        sql.push(&format!("ix_reference{hint} WHERE shard = 0 AND "), []);
        self.referring(sql, "p");
        sql.push(&format!(") AS d {join} ix_life l ON l.shard = 0 AND l.rid = d.rid WHERE "), []);
        visible(sql, "l.", self.t);
        within(sql, self.scope, Of::P, "l.", self.t, self.numbers);
    }

    /// The reference rows that point at the encounter; `p` is the column of their parameters, or a term that keeps an
    /// engine from a lookup for each of them.
    fn referring(&self, sql: &mut Sql, p: &str) {
        let ways = to_encounters().iter().flat_map(|(kind, code)| self.numbers.parameter(kind, code));
        let ways: Vec<Value> = ways.map(Value::Int).collect();
        let target = Value::Text(format!("Encounter/{}", self.wanted.id));
        let text = format!("{p} IN ({}) AND target = {{}} AND ", places(ways.len()));
        sql.push(&text, ways.into_iter().chain([target]));
        visible(sql, "", self.t);
    }

    /// What is referred to from all that belongs, after an address: at most `limit`.
    fn referred(
        &self,
        connection: &mut Connection,
        from: &str,
        shown: &HashSet<String>,
        limit: usize,
    ) -> Result<Vec<Step>, Outcome> {
        // Under a narrowed scope something of no patient is not to be seen.
        let reaches =
            !matches!(self.scope, Scope::Patients(_) | Scope::Nothing) || self.wanted.kind == "Encounter";
        let (mut steps, mut from) = (Vec::new(), from.to_owned());
        if !reaches {
            return Ok(steps);
        }
        let own = self.own_patients(connection)?;
        loop {
            let targets = self.targets(connection, &from)?;
            let last = targets.len() < TARGETS_AT_ONCE;
            let keys: Vec<(&str, &str)> = targets
                .iter()
                .filter(|target| !shown.contains(*target))
                .filter_map(|target| local_target(target))
                .filter(|(kind, _)| r4().is_resource(kind) && self.takes(kind))
                .filter(|(kind, _)| *kind != "Patient" || !own.is_empty())
                .collect();
            let heads: HashMap<(String, String), i64> = fragments::heads(connection, &keys)?
                .iter()
                .map(|head| ((head.text(0).to_owned(), head.text(1).to_owned()), head.int(2)))
                .collect();
            for (kind, id) in keys {
                let Some(rid) = heads.get(&(kind.to_owned(), id.to_owned())) else { continue };
                if self.belongs_elsewhere(connection, *rid, &own)? {
                    continue;
                }
                if let Some(t) = self.shown(connection, *rid)?
                    && t > self.after_t
                {
                    steps.push(Step { t, after: (0, vec![Value::Text(format!("{kind}/{id}"))]) });
                    if steps.len() == limit {
                        return Ok(steps);
                    }
                }
            }
            match targets.into_iter().next_back() {
                Some(target) if !last => from = target,
                _ => return Ok(steps),
            }
        }
    }

    /// The addresses that all that belongs refers to, in their order.
    fn targets(&self, connection: &mut Connection, from: &str) -> Result<Vec<String>, Outcome> {
        let mut sql = Sql::default();
        sql.push("SELECT DISTINCT r.target FROM (", []);
        if self.wanted.kind == "Encounter" {
            sql.push("SELECT rid FROM (", []);
            self.referrers(connection, &mut sql);
            sql.push(
                ") AS y UNION ALL SELECT h.rid FROM head h WHERE h.shard = 0 AND h.kind = {} AND h.id = {}",
                [Value::from("Encounter"), Value::from(self.wanted.id.as_str())],
            );
        } else {
            let ids = self.patients.iter().map(|id| Value::from(id.as_str()));
            let hint = connection.by_value("ix_patient");
            sql.push(
                &format!(
                    "SELECT x.rid FROM ix_patient AS x{hint} WHERE x.shard = 0 AND x.patient IN ({}) AND ",
                    places(self.patients.len())
                ),
                ids,
            );
            visible(&mut sql, "x.", self.t);
            self.in_span(&mut sql);
        }
        let join = connection.first_table_join();
        sql.push(&format!(") AS x {join} ix_reference r ON r.shard = 0 AND r.rid = x.rid AND "), []);
        visible(&mut sql, "r.", self.t);
        sql.push(
            " WHERE r.target > {} ORDER BY r.target LIMIT {}",
            [Value::from(from), Value::Int(TARGETS_AT_ONCE as i64)],
        );
        let rows = connection.query(&sql.text, &sql.params)?;
        Ok(rows.into_iter().map(|mut row| row.take_text(0)).collect())
    }

    /// The patients of the encounter; none when patients are asked for.
    fn own_patients(&self, connection: &mut Connection) -> Result<Vec<String>, Outcome> {
        if self.wanted.kind != "Encounter" {
            return Ok(Vec::new());
        }
        match self.record(connection, "Encounter", &self.wanted.id)? {
            Some(rid) => self.patients_at(connection, rid),
            None => Ok(Vec::new()),
        }
    }

    fn patients_at(&self, connection: &mut Connection, rid: i64) -> Result<Vec<String>, Outcome> {
        let mut sql = Sql::default();
        sql.push("SELECT patient FROM ix_patient WHERE shard = 0 AND rid = {} AND ", [Value::Int(rid)]);
        visible(&mut sql, "", self.t);
        let rows = connection.query(&sql.text, &sql.params)?;
        Ok(rows.into_iter().map(|mut row| row.take_text(0)).collect())
    }

    /// Whether a record that is referred to is another person's, or stands among what belongs already.
    fn belongs_elsewhere(
        &self,
        connection: &mut Connection,
        rid: i64,
        own: &[String],
    ) -> Result<bool, Outcome> {
        let patients = self.patients_at(connection, rid)?;
        if !patients.is_empty() && !patients.iter().any(|one| own.contains(one)) {
            return Ok(true);
        }
        if self.wanted.kind != "Encounter" {
            return Ok(false);
        }
        let mut sql = Sql::default();
        sql.push("SELECT 1 FROM ix_reference WHERE shard = 0 AND rid = {} AND ", [Value::Int(rid)]);
        self.referring(&mut sql, "p + 0");
        Ok(self.record(connection, "Encounter", &self.wanted.id)? == Some(rid)
            || !connection.query(&sql.text, &sql.params)?.is_empty())
    }
}

/// Takes away the step beyond the page, if there is one; gives the place where the next page begins.
fn cut(steps: &mut Vec<Step>, limit: usize, from: (i64, Vec<Value>)) -> Option<(i64, Vec<Value>)> {
    if steps.len() < limit {
        return None;
    }
    steps.truncate(limit - 1);
    Some(steps.last().map_or(from, |last| last.after.clone()))
}

fn read(connection: &mut Connection, steps: &[Step]) -> Result<Vec<Version>, Outcome> {
    let positions: Vec<i64> = steps.iter().map(|step| step.t).collect();
    versions_at(connection, &positions)?.into_iter().map(Version::from_row).collect()
}

/// The parameters that may point at an encounter. R4's compartment of an encounter is some of them; whoever asks for
/// everything is served by all.
fn to_encounters() -> &'static [(&'static str, &'static str)] {
    static WAYS: OnceLock<Vec<(&str, &str)>> = OnceLock::new();
    WAYS.get_or_init(|| {
        let of_kind = |(kind, index): (&'static String, &'static crate::index::KindIndex)| {
            let points = |one: &&'static crate::index::Parameter| {
                one.search_type == SearchType::Reference
                    && one.kept == crate::index::sharing::Kept::Own
                    && one.targets.iter().any(|target| target == "Encounter")
            };
            index.parameters.iter().filter(points).map(|one| (kind.as_str(), one.code))
        };
        kinds().iter().flat_map(of_kind).collect()
    })
}

/// When care happened, for types whose parameter is not called `date`.
const CARE_DATES: &[(&str, &str)] = &[
    ("Account", "period"),
    ("ChargeItem", "occurrence"),
    ("Claim", "created"),
    ("ClaimResponse", "created"),
    ("Communication", "received"),
    ("Communication", "sent"),
    ("CommunicationRequest", "authored"),
    ("CommunicationRequest", "occurrence"),
    ("Condition", "abatement-date"),
    ("Condition", "onset-date"),
    ("Condition", "recorded-date"),
    ("CoverageEligibilityRequest", "created"),
    ("CoverageEligibilityResponse", "created"),
    ("DetectedIssue", "identified"),
    ("DeviceRequest", "authored-on"),
    ("DeviceRequest", "event-date"),
    ("DocumentManifest", "created"),
    ("DocumentReference", "period"),
    ("ExplanationOfBenefit", "created"),
    ("Goal", "start-date"),
    ("Goal", "target-date"),
    ("ImagingStudy", "started"),
    ("Media", "created"),
    ("MedicationAdministration", "effective-time"),
    ("MedicationDispense", "whenhandedover"),
    ("MedicationDispense", "whenprepared"),
    ("MedicationRequest", "authoredon"),
    ("MedicationStatement", "effective"),
    ("NutritionOrder", "datetime"),
    ("QuestionnaireResponse", "authored"),
    ("RequestGroup", "authored"),
    ("ServiceRequest", "authored"),
    ("ServiceRequest", "occurrence"),
    ("Specimen", "collected"),
    ("VisionPrescription", "datewritten"),
];

/// Types whose `date` says when something was written down, or of what stays true: they are never left out.
const TIMELESS: &[&str] = &["AllergyIntolerance", "AuditEvent"];

/// The parameters that say when care happened, of types of a patient's compartment.
fn care_dates() -> &'static [(&'static str, &'static str)] {
    static DATES: OnceLock<Vec<(&str, &str)>> = OnceLock::new();
    DATES.get_or_init(|| {
        let named_date = kinds().iter().filter(|(kind, index)| {
            !TIMELESS.contains(&kind.as_str())
                && !r4().patient_compartment(kind).is_empty()
                && index.parameter("date").is_some_and(|(_, one)| one.search_type == SearchType::Date)
        });
        named_date.map(|(kind, _)| (kind.as_str(), "date")).chain(CARE_DATES.iter().copied()).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_date_of_care_and_every_way_to_an_encounter_is_a_parameter() {
        for (kind, code) in care_dates() {
            assert!(kinds()[*kind].parameter(code).is_some(), "{kind}.{code}");
        }
        assert!(care_dates().contains(&("Observation", "date")) && care_dates().len() > 60);
        for wanted in [
            ("Observation", "encounter"),
            ("MedicationAdministration", "context"),
            ("Composition", "encounter"),
        ] {
            assert!(to_encounters().contains(&wanted), "{wanted:?}");
        }
    }
}
