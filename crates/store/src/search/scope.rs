//! What of the records a caller may see at all, as SQL. Every statement that finds records for somebody takes a [`Scope`]
//! and narrows by it, also what it finds within; `records` alone makes one (decision of 2026-11-22, who may see whom).
//!
//! Ties, bars and permissions are those of now, whatever moment a search shows.

use super::clause_sql::visible;
use super::condition::{Sql, places};
use super::limit::{Limit, limited};
use crate::clock::Clock;
use crate::db::schema::{INDEXES, IndexTable, OPEN, Table};
use crate::db::{Connection, Result, Row, Value, fragments};
use crate::index::Numbers;
use crate::index::tie::{BAR, EVERYWHERE, PERMIT, TIE};
use crate::reached::{Asked, Before, Reached};
use crate::request::Write;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use yba_fhir::defs::r4;

/// The type that a person's record is of.
const PATIENT: &str = "Patient";

/// What of the records a caller may see at all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// Everything.
    All,
    /// Only what belongs to these patients (ids), and nothing of other kinds.
    Patients(Vec<String>),
    /// By type: some whole, of others what belongs to persons within reach.
    Narrow(Arc<Narrow>),
    /// Nothing.
    Nothing,
}

/// A scope by type.
#[derive(Clone)]
pub struct Narrow {
    /// Types of which every record is seen.
    pub whole: BTreeSet<String>,
    /// Types of which what belongs to persons within reach is seen, with the places whose persons are: those with a tie to
    /// one that they do not bar. What is in neither is not seen.
    pub tied: BTreeMap<String, BTreeSet<String>>,
    /// Patients within reach whatever ties, bars and labels say: somebody's own, and those opened in an emergency.
    pub opened: BTreeSet<String>,
    /// Security labels whose records are not seen, unless a person permits it to one of the places.
    pub hidden: BTreeSet<String>,
    /// Types of which, of all this, only what keeps one of these limits is seen: those of somebody's app.
    pub limits: BTreeMap<String, Vec<Limit>>,
    pub knowledge: Knowledge,
}

/// What a store knows for scopes.
#[derive(Clone)]
pub struct Knowledge {
    /// Bars and permissions have an end.
    pub clock: Clock,
    /// The table that tells which Patients are one person, if there is one.
    pub kin: Option<Kin>,
    /// Whether there is, or was since the start, any bar at all.
    pub bars: Arc<AtomicBool>,
    /// Who was found within reach a moment ago.
    pub reached: Arc<Reached>,
}

impl Default for Knowledge {
    fn default() -> Knowledge {
        let bars = Arc::<AtomicBool>::default();
        let reached = Arc::new(Reached::new(bars.clone()));
        Knowledge { clock: Clock::system(), kin: None, bars, reached }
    }
}

/// A table of persons: a column with the id of a Patient, its key, and an indexed one with that of the person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kin {
    pub table: &'static str,
    pub patient: &'static str,
    pub person: &'static str,
    /// Who makes it of the log: its cursor tells how far it is.
    pub follower: &'static str,
}

/// What two scopes are compared by.
type Said<'n> =
    (&'n BTreeMap<String, BTreeSet<String>>, &'n BTreeMap<String, Vec<Limit>>, [&'n BTreeSet<String>; 3]);

impl Narrow {
    /// Nothing.
    pub fn new(knowledge: Knowledge) -> Narrow {
        let (whole, tied, opened, hidden, limits) = Default::default();
        Narrow { whole, tied, opened, hidden, limits, knowledge }
    }

    /// All but what the store knows, by which two scopes are the same.
    fn said(&self) -> Said<'_> {
        (&self.tied, &self.limits, [&self.whole, &self.opened, &self.hidden])
    }
}

impl PartialEq for Narrow {
    fn eq(&self, other: &Narrow) -> bool {
        self.said() == other.said()
    }
}

impl Eq for Narrow {}

impl fmt::Debug for Narrow {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Narrow{:?}", self.said())
    }
}

/// How the type of a record is known to a statement.
#[derive(Clone, Copy)]
pub enum Of<'a> {
    /// All are of this type.
    Kind(&'a str),
    /// Column `p` of the alias is the number of the type.
    P,
    /// By its life row.
    Life,
}

/// What is known of the person to whom a record belongs, before it is looked up.
#[derive(Clone, Copy)]
pub enum Whose<'a> {
    Unknown,
    /// It is in the compartment of this Patient, unless rows at these places are there at all.
    Of(&'a str, &'a [Unless]),
}

/// Rows of an index table under a number, with a value in its first column.
#[derive(Debug, Clone, PartialEq)]
pub struct Unless {
    pub table: usize,
    pub numbers: Vec<i64>,
    pub value: Value,
}

impl Scope {
    /// Whether every record of a type is seen.
    pub fn is_whole(&self, kind: &str) -> bool {
        match self {
            Scope::All => true,
            Scope::Narrow(narrow) => {
                narrow.whole.contains(kind)
                    && (narrow.hidden.is_empty() || !is_of_persons(kind))
                    && !narrow.limits.contains_key(kind)
            }
            Scope::Patients(_) | Scope::Nothing => false,
        }
    }

    /// Whether a record of a type in the compartments of these patients is seen, where that alone tells.
    pub fn shows(&self, kind: &str, patients: &[String]) -> Option<bool> {
        match self {
            Scope::All => Some(true),
            Scope::Patients(allowed) => Some(patients.iter().any(|one| allowed.contains(one))),
            Scope::Narrow(_) => self.is_whole(kind).then_some(true),
            Scope::Nothing => Some(false),
        }
    }

    /// Whether a record of a type is seen, of which this is the body that it shows now, in the compartments of these patients, by
    /// what is known without asking; `None` when that does not tell. Never when it is narrowed for an app.
    pub fn shows_known(&self, kind: &str, patients: &[String], body: &[u8]) -> Option<bool> {
        let Scope::Narrow(narrow) = self else { return self.shows(kind, patients) };
        if narrow.limits.contains_key(kind) {
            return None;
        }
        if narrow.whole.contains(kind) {
            let is_seen = narrow.hidden.is_empty() || !is_of_persons(kind) || !may_be_labelled(body);
            return is_seen.then_some(true);
        }
        let places = narrow.tied.get(kind).filter(|places| !places.is_empty())?;
        let reached = &narrow.knowledge.reached;
        // A label may hide the record, and a bar be about it.
        (!may_be_labelled(body)
            && patients.iter().any(|patient| reached.has(Asked::Records, places, patient)))
        .then_some(true)
    }

    /// Whether it is known that records of this Patient, of all types that are seen of persons, are within reach.
    pub fn knows(&self, patient: &str) -> bool {
        let Scope::Narrow(narrow) = self else { return false };
        let mut places: Vec<&BTreeSet<String>> = narrow.tied.values().collect();
        places.dedup();
        let reached = &narrow.knowledge.reached;
        !places.is_empty() && places.iter().all(|places| reached.has(Asked::Records, places, patient))
    }

    /// Remembers whom a record that was seen tells to be within reach: of several patients it does not say which. A Patient tells
    /// nothing: it may be seen because it names another.
    pub fn learn(&self, before: Option<Before>, kind: &str, patients: &[String], body: &[u8]) {
        if let (Scope::Narrow(narrow), Some(before), [patient]) = (self, before, patients)
            && kind != PATIENT
            && let Some(places) = narrow.tied.get(kind)
            && !narrow.opened.contains(patient)
            && !may_be_labelled(body)
        {
            narrow.knowledge.reached.keep(Asked::Records, before, places, [patient.as_str()]);
        }
    }

    /// Whether it is known that a scope of persons (see [`Scope::persons`]) shows this Patient.
    pub fn shows_person(&self, kind: &str, patient: &str) -> bool {
        self.places_of_persons(kind)
            .is_some_and(|(narrow, places)| narrow.knowledge.reached.has(Asked::Person, places, patient))
    }

    /// Remembers the Patients that such a scope showed, each by its own compartment alone.
    pub fn learn_persons(&self, before: Option<Before>, kind: &str, patients: &[String]) {
        if let (Some((narrow, places)), Some(before)) = (self.places_of_persons(kind), before) {
            let tied = || patients.iter().filter(|one| !narrow.opened.contains(*one)).map(String::as_str);
            for asked in [Asked::Person, Asked::Records] {
                narrow.knowledge.reached.keep(asked, before, places, tied());
            }
        }
    }

    /// The places by which alone a scope of persons shows Patients, beside those that are open to it.
    fn places_of_persons(&self, kind: &str) -> Option<(&Narrow, &BTreeSet<String>)> {
        let Scope::Narrow(narrow) = self else { return None };
        let is_plain = kind == PATIENT
            && narrow.hidden.is_empty()
            && !narrow.whole.contains(PATIENT)
            && !narrow.limits.contains_key(PATIENT);
        let places = narrow.tied.get(PATIENT).filter(|places| is_plain && !places.is_empty())?;
        Some((narrow, places))
    }

    /// Who was found within reach a moment ago, where that can tell anything.
    pub fn reached(&self) -> Option<&Reached> {
        if let Scope::Narrow(narrow) = self { Some(&narrow.knowledge.reached) } else { None }
    }

    /// The persons whose records of a type are seen, as a scope of their Patients; `None` when a type is seen whole.
    pub fn persons(&self, kind: &str) -> Option<Scope> {
        match self {
            Scope::All => None,
            Scope::Narrow(narrow) => {
                let of_patients = narrow.limits.get(kind).and_then(|limits| of_patients(limits));
                let (mut whole, mut tied, hidden) = Default::default();
                match (narrow.whole.contains(kind), narrow.tied.get(kind), &of_patients) {
                    (true, _, None) => return None,
                    (true, ..) => whole = BTreeSet::from([PATIENT.to_owned()]),
                    (false, Some(places), _) => tied = BTreeMap::from([(PATIENT.to_owned(), places.clone())]),
                    (false, None, _) => return Some(Scope::Nothing),
                }
                let limits = of_patients.map(|limits| (PATIENT.to_owned(), limits)).into_iter().collect();
                let (opened, knowledge) = (narrow.opened.clone(), narrow.knowledge.clone());
                Some(Scope::Narrow(Arc::new(Narrow { whole, tied, opened, hidden, limits, knowledge })))
            }
            other => Some(other.clone()),
        }
    }

    /// Whether what is written keeps a limit of its type, if there are any. Whose it is, [`Scope::persons`] says as well.
    pub fn keeps_limits(&self, write: &Write, numbers: &Numbers) -> bool {
        let Scope::Narrow(narrow) = self else { return true };
        let limits = narrow.limits.get(&write.kind);
        limits.is_none_or(|limits| limits.iter().any(|limit| limit.is_kept_by(write, numbers)))
    }

    /// The places whose persons' records of a type are seen.
    pub fn places(&self, kind: &str) -> Option<&BTreeSet<String>> {
        if let Scope::Narrow(narrow) = self { narrow.tied.get(kind) } else { None }
    }

    /// Whether something of a type may be seen.
    pub fn reaches(&self, kind: &str) -> bool {
        match self {
            Scope::All => true,
            Scope::Narrow(narrow) => narrow.whole.contains(kind) || narrow.tied.contains_key(kind),
            Scope::Patients(patients) => !patients.is_empty(),
            Scope::Nothing => false,
        }
    }
}

/// Narrows the record of `alias` (`rid`) to what the caller may see, at a moment: `AND …`.
pub fn within(sql: &mut Sql, scope: &Scope, of: Of<'_>, alias: &str, t: i64, numbers: &Numbers) {
    within_of(sql, scope, of, Whose::Unknown, alias, t, numbers);
}

/// The same of records of which it is known whose they are: what can be asked once is not asked of each.
pub fn within_of(
    sql: &mut Sql,
    scope: &Scope,
    of: Of<'_>,
    whose: Whose<'_>,
    alias: &str,
    t: i64,
    numbers: &Numbers,
) {
    match scope {
        Scope::All => {}
        Scope::Patients(patients) if !patients.is_empty() => {
            begin_patients(sql, alias, t);
            listed(sql, "AND sx.patient", patients.iter());
            sql.push(")", []);
        }
        Scope::Patients(_) | Scope::Nothing => sql.push(" AND 1 = 0", []),
        Scope::Narrow(narrow) => narrowed(sql, narrow, of, whose, alias, t, numbers),
    }
}

fn narrowed(
    sql: &mut Sql,
    narrow: &Narrow,
    of: Of<'_>,
    whose: Whose<'_>,
    alias: &str,
    t: i64,
    numbers: &Numbers,
) {
    let nowhere = BTreeSet::new();
    let look = |kinds: &[&str], places| {
        let labels = labels(kinds, numbers);
        Look { narrow, places, whose, alias, t, numbers, labels }
    };
    // Numbers of types are ours: they stand in the text, so that it stays the same for a caller.
    let under = |kinds: &[&str]| numbers_of(kinds.iter().map(|kind| numbers.kind(kind)));
    let by_p = |sql: &mut Sql, p: &str| {
        let whole: Vec<&str> = narrow.whole.iter().map(String::as_str).collect();
        sql.push(&format!("({p} IN ({})", under(&whole)), []);
        look(&whole, &nowhere).unlabelled(sql, None);
        let mut by_places: BTreeMap<&BTreeSet<String>, Vec<&str>> = BTreeMap::new();
        narrow.tied.iter().for_each(|(kind, places)| by_places.entry(places).or_default().push(kind));
        for (places, kinds) in by_places {
            sql.push(&format!(" OR {p} IN ({})", under(&kinds)), []);
            look(&kinds, places).of_person(sql);
        }
        sql.push(")", []);
        if narrow.limits.is_empty() {
            return;
        }
        let mut by_limits: BTreeMap<&[Limit], Vec<&str>> = BTreeMap::new();
        narrow.limits.iter().for_each(|(kind, limits)| by_limits.entry(limits).or_default().push(kind));
        let all: Vec<&str> = narrow.limits.keys().map(String::as_str).collect();
        sql.push(&format!(" AND ({p} NOT IN ({})", under(&all)), []);
        for (limits, kinds) in by_limits {
            sql.push(&format!(" OR ({p} IN ({})", under(&kinds)), []);
            limited(sql, limits, &kinds, alias, t, numbers);
            sql.push(")", []);
        }
        sql.push(")", []);
    };
    if let Of::Kind(kind) = of
        && let Some(limits) = narrow.limits.get(kind)
    {
        limited(sql, limits, &[kind], alias, t, numbers);
    }
    match of {
        Of::Kind(kind) if narrow.whole.contains(kind) => look(&[kind], &nowhere).unlabelled(sql, None),
        Of::Kind(kind) => match narrow.tied.get(kind) {
            Some(places) => look(&[kind], places).of_person(sql),
            None => sql.push(" AND 1 = 0", []),
        },
        Of::P => {
            sql.push(" AND ", []);
            by_p(sql, &format!("{alias}p"));
        }
        Of::Life => {
            let exists = format!(
                " AND EXISTS (SELECT 1 FROM ix_life sk WHERE sk.shard = 0 AND sk.rid = {alias}rid AND "
            );
            sql.push(&exists, []);
            visible(sql, "sk.", t);
            sql.push(" AND ", []);
            by_p(sql, "sk.p");
            sql.push(")", []);
        }
    }
}

/// The limits by patient of those that records are under; `None` when one is by none.
fn of_patients(limits: &[Limit]) -> Option<Vec<Limit>> {
    let by_patient =
        |limit: &Limit| limit.patient.clone().map(|one| Limit { patient: Some(one), tokens: Vec::new() });
    limits.iter().map(by_patient).collect()
}

/// Whether records of a type can belong to a person. Labels of others hide nothing.
fn is_of_persons(kind: &str) -> bool {
    kind == PATIENT || !r4().patient_compartment(kind).is_empty()
}

/// Whether a body has a security label, or a word that looks like it.
fn may_be_labelled(body: &[u8]) -> bool {
    memchr::memmem::find(body, b"\"security\"").is_some()
}

/// Under which numbers security labels of records of these types stand.
fn labels(kinds: &[&str], numbers: &Numbers) -> String {
    let of_persons = kinds.iter().filter(|kind| is_of_persons(kind));
    numbers_of(of_persons.flat_map(|kind| numbers.parameter(kind, "_security")))
}

/// A list of numbers for `IN`, which must not be empty: one that nothing has then.
fn numbers_of(numbers: impl Iterator<Item = i64>) -> String {
    let listed = numbers.map(|number| number.to_string()).collect::<Vec<_>>().join(", ");
    if listed.is_empty() { "-1".to_owned() } else { listed }
}

/// A Patient in a statement.
#[derive(Clone, Copy)]
enum Person<'a> {
    Column(&'a str),
    Id(&'a str),
}

impl Person<'_> {
    fn push(self, sql: &mut Sql) {
        match self {
            Person::Column(column) => sql.push(column, []),
            Person::Id(id) => sql.push("{}", [Value::from(id)]),
        }
    }
}

/// One look at whether a record may be seen.
struct Look<'a> {
    narrow: &'a Narrow,
    /// The places whose persons are within reach.
    places: &'a BTreeSet<String>,
    whose: Whose<'a>,
    alias: &'a str,
    t: i64,
    numbers: &'a Numbers,
    /// Under which numbers security labels of such a record stand.
    labels: String,
}

impl Look<'_> {
    /// `AND` the record belongs to a person within reach.
    fn of_person(&self, sql: &mut Sql) {
        let narrow = self.narrow;
        // Bars may be about one record; then each is looked at.
        let is_open = !self.places.is_empty() && !narrow.knowledge.bars.load(Ordering::Acquire);
        match self.whose {
            Whose::Of(patient, unless) if is_open => {
                sql.push(" AND ((", []);
                self.tie_of_person(sql, Person::Id(patient));
                for rows in unless {
                    self.no_rows(sql, rows);
                }
                self.unlabelled(sql, None);
                sql.push(") OR (1 = 1", []);
                self.of_each(sql);
                sql.push("))", []);
            }
            _ => self.of_each(sql),
        }
    }

    /// `AND` one of the patients to whom the record belongs is within reach.
    fn of_each(&self, sql: &mut Sql) {
        let (opened, places) = (&self.narrow.opened, self.places);
        begin_patients(sql, self.alias, self.t);
        sql.push(" AND (", []);
        match opened.is_empty() {
            true => sql.push("1 = 0", []),
            false => listed(sql, "sx.patient", opened.iter()),
        }
        if !places.is_empty() {
            sql.push(" OR (", []);
            self.tie_of_person(sql, Person::Column("sx.patient"));
            self.unlabelled(sql, Some("sx.patient"));
            sql.push(")", []);
        }
        sql.push("))", []);
    }

    /// `(…)` a Patient, or another that is the same person, has a tie to a place that the person does not bar.
    fn tie_of_person(&self, sql: &mut Sql, patient: Person<'_>) {
        sql.push("(", []);
        self.tie(sql, patient);
        if let Some(Kin { table, patient: id, person, .. }) = self.narrow.knowledge.kin {
            sql.push(&format!(" OR EXISTS (SELECT 1 FROM {table} so, {table} sm WHERE so.{id} = "), []);
            patient.push(sql);
            sql.push(&format!(" AND sm.{person} = so.{person} AND sm.{id} <> "), []);
            patient.push(sql);
            sql.push(" AND ", []);
            self.tie(sql, Person::Column(&format!("sm.{id}")));
            sql.push(")", []);
        }
        sql.push(")", []);
    }

    /// The patient has a tie to a place that the person does not bar.
    fn tie(&self, sql: &mut Sql, patient: Person<'_>) {
        self.row(sql, "si", TIE, patient);
        sql.push(" AND si.low = 0 AND si.high = 0 AND si.text = '' AND ", []);
        listed(sql, "si.system", self.places.iter());
        // A bar that comes while this is asked holds from the next question on.
        if self.narrow.knowledge.bars.load(Ordering::Acquire) {
            self.barred(sql);
        }
        sql.push(")", []);
    }

    /// `AND NOT` any such row is there, at whatever moment.
    fn no_rows(&self, sql: &mut Sql, Unless { table, numbers, value }: &Unless) {
        let IndexTable { table: Table { name, columns }, .. } = INDEXES[*table];
        let (first, _) = columns[1];
        sql.push(&format!(" AND NOT EXISTS (SELECT 1 FROM {name} WHERE shard = 0 AND "), []);
        sql.push(
            &format!("p IN ({}) AND {first} = {{}})", numbers_of(numbers.iter().copied())),
            [value.clone()],
        );
    }

    /// `AND NOT` one of the person's records bars the place of the tie, wholly or what has a label of this record.
    fn barred(&self, sql: &mut Sql) {
        sql.push(" AND NOT ", []);
        self.row(sql, "sb", BAR, Person::Column("sx.patient"));
        self.lasting(sql);
        sql.push(")", []);
        if let Some(Kin { table, patient, person, .. }) = self.narrow.knowledge.kin {
            sql.push(
                &format!(
                    " AND NOT EXISTS (SELECT 1 FROM {table} sp, {table} sq WHERE sp.{patient} = sx.patient \
                     AND sq.{person} = sp.{person} AND sq.{patient} <> sx.patient AND "
                ),
                [],
            );
            self.row(sql, "sb", BAR, Person::Column(&format!("sq.{patient}")));
            self.lasting(sql);
            sql.push("))", []);
        }
    }

    fn lasting(&self, sql: &mut Sql) {
        sql.push(&format!(" AND (sb.system IN (si.system, '{EVERYWHERE}')"), []);
        // A station reaches whoever lives in its commune; a bar names the station.
        let (units, facilities): (Vec<&String>, Vec<&String>) =
            self.places.iter().partition(|place| place.contains('|'));
        if !units.is_empty() && !facilities.is_empty() {
            sql.push(" OR (si.system LIKE '%|%' AND ", []);
            listed(sql, "sb.system", facilities.into_iter());
            sql.push(")", []);
        }
        sql.push(")", []);
        self.in_time(sql, "sb");
        sql.push(" AND (sb.text = '' OR ", []);
        self.label(sql);
        sql.push(" AND sl.code = sb.text))", []);
    }

    /// `AND` the record has no label that is hidden from the caller, unless this patient permits it.
    fn unlabelled(&self, sql: &mut Sql, patient: Option<&str>) {
        let (hidden, places) = (&self.narrow.hidden, self.places);
        if hidden.is_empty() {
            return;
        }
        sql.push(" AND NOT ", []);
        self.label(sql);
        sql.push(" AND ", []);
        listed(sql, "sl.code", hidden.iter());
        if let Some(patient) = patient.filter(|_| !places.is_empty()) {
            sql.push(" AND NOT ", []);
            self.row(sql, "sg", PERMIT, Person::Column(patient));
            sql.push(" AND sg.text = sl.code AND ", []);
            listed(sql, "sg.system", places.iter());
            self.in_time(sql, "sg");
            sql.push(")", []);
        }
        sql.push(")", []);
    }

    /// `EXISTS (` a security label of the record, open for more.
    fn label(&self, sql: &mut Sql) {
        // The sum keeps an engine from a lookup for each number: a record has few tokens.
        sql.push(
            &format!(
                "EXISTS (SELECT 1 FROM ix_token sl WHERE sl.shard = 0 AND sl.rid = {}rid AND sl.p + 0 IN ({}) AND sl.t_to = {OPEN}",
                self.alias,
                self.labels
            ),
            [],
        );
    }

    /// `EXISTS (` a row of this sort that is true now, open for more.
    fn row(&self, sql: &mut Sql, alias: &str, sort: &str, patient: Person<'_>) {
        let p = self.numbers.named(sort);
        sql.push(
            &format!(
                "EXISTS (SELECT 1 FROM ix_pair {alias} WHERE {alias}.shard = 0 AND {alias}.p = {p} AND {alias}.code = "
            ),
            [],
        );
        patient.push(sql);
        sql.push(&format!(" AND {alias}.t_to = {OPEN}"), []);
    }

    fn in_time(&self, sql: &mut Sql, alias: &str) {
        let now = Value::Real(self.narrow.knowledge.clock.now_ms() as f64);
        sql.push(
            &format!(" AND ({alias}.high = 0 OR {alias}.low <= {{}} AND {alias}.high > {{}})"),
            [now.clone(), now],
        );
    }
}

/// ` AND EXISTS (` a patient in whose compartment the record is, open for more.
fn begin_patients(sql: &mut Sql, alias: &str, t: i64) {
    sql.push(
        &format!(" AND EXISTS (SELECT 1 FROM ix_patient sx WHERE sx.shard = 0 AND sx.rid = {alias}rid AND "),
        [],
    );
    visible(sql, "sx.", t);
}

/// `[column] IN (…)`
fn listed<'a>(sql: &mut Sql, column: &str, texts: impl ExactSizeIterator<Item = &'a String>) {
    let listed = places(texts.len());
    sql.push(&format!(" {column} IN ({listed})"), texts.map(|text| Value::from(text.as_str())));
}

/// Most records that one statement asks of.
const ASKED_AT_ONCE: usize = 500;

/// A record and the log position of the version that it shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shown {
    pub rid: i64,
    pub t: i64,
}

/// What these records show at a moment, of those within the scope, in any order.
pub fn shown_at(
    connection: &mut Connection,
    rids: &[i64],
    scope: &Scope,
    t: i64,
    numbers: &Numbers,
) -> Result<Vec<Shown>> {
    let shown = |row: &Row| Shown { rid: row.int(0), t: row.int(1) };
    match scope {
        Scope::All if rids.is_empty() => Ok(Vec::new()),
        Scope::All => Ok(fragments::shown_at(connection, rids, t)?.iter().map(shown).collect()),
        Scope::Nothing => Ok(Vec::new()),
        Scope::Patients(_) | Scope::Narrow(_) => {
            let mut found = Vec::new();
            for some in rids.chunks(ASKED_AT_ONCE) {
                let mut sql = Sql::default();
                let asked = some.iter().map(|rid| Value::Int(*rid));
                sql.push("SELECT l.rid, l.t_from FROM ix_life l WHERE l.shard = 0 AND ", []);
                sql.push(&format!("l.rid IN ({}) AND ", places(some.len())), asked);
                visible(&mut sql, "l.", t);
                within(&mut sql, scope, Of::P, "l.", t, numbers);
                found.extend(connection.query(&sql.text, &sql.params)?.iter().map(shown));
            }
            Ok(found)
        }
    }
}
