//! The derived tables: who is which person, which number is whose, which word stands in whose name. All of it can be
//! computed again from the change log; [`crate::follower`] writes it, [`crate::find`] and [`crate::person`] read it.

use crate::birth::Birth;
use crate::evidence::{Reason, SubjectKey, Verdict};
use crate::identifier::{Key, KeyKind, Sex};
use crate::linkage::Decided;
use crate::name::{marked_words, words};
use crate::patient::Summary;
use yba_fhir::Outcome;
pub(crate) use yba_store::derived::{deletes, inserts, query_in};
use yba_store::{Kin, Row, Statement, Store, Value};

/// Which Patients are one person, for scopes.
pub const KIN: Kin = Kin { table: "mpi_patient", patient: "patient", person: "person", follower: FOLLOWER };
/// The follower's name: its cursor in the store.
pub const FOLLOWER: &str = "mpi";
/// Which tables these are. A program with another number drops them and reads the log again.
const LAYOUT: i64 = 3;

const TABLES: [&str; 7] =
    ["mpi_layout", "mpi_patient", "mpi_key", "mpi_word", "mpi_word_count", "mpi_link", "mpi_todo"];

const DDL: &[&str] = &[
    "CREATE TABLE IF NOT EXISTS mpi_layout (version BIGINT NOT NULL PRIMARY KEY)",
    // One row for each Patient. `n` is a short number for the word index; `person` the smallest Patient id of the person.
    "CREATE TABLE IF NOT EXISTS mpi_patient (patient TEXT NOT NULL PRIMARY KEY, n BIGINT NOT NULL, person TEXT NOT NULL, \
     names TEXT NOT NULL, sort_key TEXT NOT NULL, sex TEXT NOT NULL, birth TEXT NOT NULL, facility TEXT NOT NULL, \
     commune TEXT NOT NULL, home TEXT NOT NULL, mother TEXT NOT NULL, deceased BIGINT NOT NULL, keys TEXT NOT NULL)",
    "CREATE UNIQUE INDEX IF NOT EXISTS mpi_patient_n ON mpi_patient (n)",
    "CREATE INDEX IF NOT EXISTS mpi_patient_person ON mpi_patient (person)",
    "CREATE INDEX IF NOT EXISTS mpi_patient_birth ON mpi_patient (birth)",
    // Every number of every Patient, in force or not.
    "CREATE TABLE IF NOT EXISTS mpi_key (value TEXT NOT NULL, system TEXT NOT NULL, patient TEXT NOT NULL, \
     PRIMARY KEY (value, system, patient))",
    // One row for each word of each name. `given` is 0 for the last word. `names` holds the whole name without marks and
    // with them, so that further words are checked without leaving the index. `year` is 0 when unknown.
    "CREATE TABLE IF NOT EXISTS mpi_word (word TEXT NOT NULL, given BIGINT NOT NULL, year BIGINT NOT NULL, \
     names TEXT NOT NULL, n BIGINT NOT NULL, PRIMARY KEY (word, given, year, names, n))",
    "CREATE TABLE IF NOT EXISTS mpi_word_count (word TEXT NOT NULL PRIMARY KEY, patients BIGINT NOT NULL)",
    // The decisions in Linkages, as the log last said.
    "CREATE TABLE IF NOT EXISTS mpi_link (linkage TEXT NOT NULL, first TEXT NOT NULL, second TEXT NOT NULL, \
     verdict TEXT NOT NULL, weight BIGINT NOT NULL, reasons TEXT NOT NULL, author TEXT NOT NULL, act TEXT NOT NULL, \
     PRIMARY KEY (linkage, first, second))",
    "CREATE INDEX IF NOT EXISTS mpi_link_verdict ON mpi_link (verdict, weight, linkage)",
    "CREATE INDEX IF NOT EXISTS mpi_link_act ON mpi_link (act)",
    "CREATE INDEX IF NOT EXISTS mpi_link_first ON mpi_link (first)",
    "CREATE INDEX IF NOT EXISTS mpi_link_second ON mpi_link (second)",
    // Patients about whom to decide, once the log is read to its end.
    "CREATE TABLE IF NOT EXISTS mpi_todo (patient TEXT NOT NULL PRIMARY KEY)",
];

pub(crate) const PATIENT_COLUMNS: &str =
    "patient, n, person, names, sex, birth, facility, commune, deceased, keys, sort_key, home, mother";

/// A row of `mpi_patient`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PatientRow {
    pub n: i64,
    pub person: String,
    pub sort_key: String,
    pub summary: Summary,
}

/// A row of `mpi_link`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LinkRow {
    pub linkage: String,
    pub decided: Decided,
}

/// Creates the tables, or replaces those of another layout; answers whether it did.
pub(crate) async fn prepare(store: &Store) -> Result<bool, Outcome> {
    store.migrate(&["CREATE TABLE IF NOT EXISTS mpi_layout (version BIGINT NOT NULL PRIMARY KEY)"]).await?;
    let found = store.query("SELECT version FROM mpi_layout", Vec::new()).await?;
    if found.first().is_some_and(|row| row.int(0) == LAYOUT) {
        return Ok(false);
    }
    reset(store).await.map(|()| true)
}

/// Empties the tables and goes back to the beginning of the log.
pub(crate) async fn reset(store: &Store) -> Result<(), Outcome> {
    let drops: Vec<String> = TABLES.iter().map(|name| format!("DROP TABLE IF EXISTS {name}")).collect();
    let ddl: Vec<&str> = drops.iter().map(String::as_str).chain(DDL.iter().copied()).collect();
    store.migrate(&ddl).await?;
    let layout = Statement::new("INSERT INTO mpi_layout (version) VALUES (?1)", vec![Value::Int(LAYOUT)]);
    store.derive(FOLLOWER, 0, vec![layout]).await
}

impl PatientRow {
    pub fn read(row: &Row) -> PatientRow {
        PatientRow {
            n: row.int(1),
            person: row.text(2).to_owned(),
            sort_key: row.text(10).to_owned(),
            summary: Summary {
                id: row.text(0).to_owned(),
                names: row.text(3).lines().map(str::to_owned).collect(),
                sex: Sex::of_gender(row.text(4)),
                birth: Birth::parse(row.text(5)),
                facility: row.text(6).to_owned(),
                commune: row.text(7).to_owned(),
                home: row.text(11).to_owned(),
                mother: row.text(12).to_owned(),
                deceased: row.int(8) != 0,
                keys: row.text(9).lines().filter_map(read_key).collect(),
            },
        }
    }

    /// The values of the columns of `mpi_patient`, in the order of its definition.
    pub fn values(&self) -> Vec<Value> {
        let summary = &self.summary;
        let keys: Vec<String> = summary.keys.iter().map(written_key).collect();
        vec![
            Value::from(summary.id.as_str()),
            Value::Int(self.n),
            Value::from(self.person.as_str()),
            Value::from(summary.names.join("\n")),
            Value::from(self.sort_key.as_str()),
            Value::from(summary.sex.map_or("", Sex::gender)),
            Value::from(summary.birth.map(|birth| birth.to_string()).unwrap_or_default()),
            Value::from(summary.facility.as_str()),
            Value::from(summary.commune.as_str()),
            Value::from(summary.home.as_str()),
            Value::from(summary.mother.as_str()),
            Value::Int(i64::from(summary.deceased)),
            Value::from(keys.join("\n")),
        ]
    }

    /// The values of its rows in `mpi_word`.
    pub fn word_rows(&self) -> Vec<Vec<Value>> {
        let year = i64::from(self.summary.birth.map_or(0, |birth| birth.year));
        let mut rows: Vec<(String, i64, String)> = Vec::new();
        for name in &self.summary.names {
            let words = words(name);
            let names = searchable(name);
            for (place, word) in words.iter().enumerate() {
                let given = i64::from(place + 1 != words.len());
                let row = (word.clone(), given, names.clone());
                if !rows.contains(&row) {
                    rows.push(row);
                }
            }
        }
        rows.into_iter()
            .map(|(word, given, names)| {
                vec![
                    Value::from(word),
                    Value::Int(given),
                    Value::Int(year),
                    Value::from(names),
                    Value::Int(self.n),
                ]
            })
            .collect()
    }

    /// The values of its rows in `mpi_key`.
    pub fn key_rows(&self) -> Vec<Vec<Value>> {
        let mut rows: Vec<Vec<Value>> = Vec::new();
        for own in &self.summary.keys {
            let row = vec![
                Value::from(own.key.value.as_str()),
                Value::from(own.key.kind.slug()),
                Value::from(self.summary.id.as_str()),
            ];
            if !rows.contains(&row) {
                rows.push(row);
            }
        }
        rows
    }
}

/// A name as the word index holds it: without marks, then with them if there are any, each word between spaces.
pub(crate) fn searchable(name: &str) -> String {
    let (plain, marked) = (words(name), marked_words(name));
    if plain == marked {
        return format!(" {} ", plain.join(" "));
    }
    format!(" {} {} ", plain.join(" "), marked.join(" "))
}

fn written_key(own: &SubjectKey) -> String {
    format!("{}\t{}\t{}", own.key.kind.slug(), own.key.value, u8::from(own.current))
}

fn read_key(line: &str) -> Option<SubjectKey> {
    let mut parts = line.split('\t');
    let (slug, value, current) = (parts.next()?, parts.next()?, parts.next()?);
    Some(SubjectKey { key: Key::new(KeyKind::of_slug(slug), value), current: current == "1" })
}

/// `name-plain:107`: the code and tenths of a bit.
fn read_reason(text: &str) -> Option<Reason> {
    let (code, tenths) = text.split_once(':')?;
    Reason::of_code(code, tenths.parse::<f64>().ok()? / 10.0)
}

pub(crate) const LINK_COLUMNS: &str = "linkage, first, second, verdict, weight, reasons, author, act";

impl LinkRow {
    pub fn read(row: &Row) -> LinkRow {
        LinkRow {
            linkage: row.text(0).to_owned(),
            decided: Decided {
                first: row.text(1).to_owned(),
                second: row.text(2).to_owned(),
                verdict: Verdict::of_code(row.text(3)).unwrap_or(Verdict::Withdrawn),
                weight: row.int(4) as i32,
                reasons: row.text(5).split(' ').filter_map(read_reason).collect(),
                by: row.text(6).to_owned(),
                act: row.text(7).to_owned(),
            },
        }
    }

    pub fn values(&self) -> Vec<Value> {
        let decided = &self.decided;
        let reasons: Vec<String> =
            decided.reasons.iter().map(|reason| format!("{}:{}", reason.code(), reason.tenths())).collect();
        vec![
            Value::from(self.linkage.as_str()),
            Value::from(decided.first.as_str()),
            Value::from(decided.second.as_str()),
            Value::from(decided.verdict.code()),
            Value::Int(i64::from(decided.weight)),
            Value::from(reasons.join(" ")),
            Value::from(decided.by.as_str()),
            Value::from(decided.act.as_str()),
        ]
    }
}

pub(crate) fn texts<'a>(ids: impl IntoIterator<Item = &'a String>) -> Vec<Value> {
    ids.into_iter().map(|id| Value::from(id.as_str())).collect()
}

/// The rows of these Patients.
pub(crate) async fn patients(store: &Store, ids: &[String]) -> Result<Vec<PatientRow>, Outcome> {
    let sql = format!("SELECT {PATIENT_COLUMNS} FROM mpi_patient WHERE patient IN ({{}})");
    let mut rows: Vec<PatientRow> =
        query_in(store, &sql, &texts(ids)).await?.iter().map(PatientRow::read).collect();
    unique(&mut rows);
    Ok(rows)
}

/// The rows of the Patients of these short numbers.
pub(crate) async fn of_numbers(store: &Store, numbers: &[i64]) -> Result<Vec<PatientRow>, Outcome> {
    let sql = format!("SELECT {PATIENT_COLUMNS} FROM mpi_patient WHERE n IN ({{}})");
    let numbers: Vec<Value> = numbers.iter().map(|n| Value::Int(*n)).collect();
    let mut rows: Vec<PatientRow> =
        query_in(store, &sql, &numbers).await?.iter().map(PatientRow::read).collect();
    unique(&mut rows);
    Ok(rows)
}

/// The rows of all Patients of these persons.
pub(crate) async fn of_persons(store: &Store, persons: &[String]) -> Result<Vec<PatientRow>, Outcome> {
    let sql = format!("SELECT {PATIENT_COLUMNS} FROM mpi_patient WHERE person IN ({{}})");
    let mut rows: Vec<PatientRow> =
        query_in(store, &sql, &texts(persons)).await?.iter().map(PatientRow::read).collect();
    unique(&mut rows);
    Ok(rows)
}

/// All decisions in which these Patients stand.
pub(crate) async fn links_of(store: &Store, ids: &[String]) -> Result<Vec<LinkRow>, Outcome> {
    let mut rows = Vec::new();
    for column in ["first", "second"] {
        let sql = format!("SELECT {LINK_COLUMNS} FROM mpi_link WHERE {column} IN ({{}})");
        rows.extend(query_in(store, &sql, &texts(ids)).await?.iter().map(LinkRow::read));
    }
    rows.sort_by(|a: &LinkRow, b| key_of(a).cmp(&key_of(b)));
    rows.dedup_by(|a, b| key_of(a) == key_of(b));
    Ok(rows)
}

/// All decisions that belong to an act of a person and are in force.
pub(crate) async fn of_act(store: &Store, act: &str) -> Result<Vec<LinkRow>, Outcome> {
    if act.is_empty() {
        return Ok(Vec::new());
    }
    let sql = format!("SELECT {LINK_COLUMNS} FROM mpi_link WHERE act = ?1 ORDER BY linkage");
    let rows = store.query(&sql, vec![Value::from(act)]).await?;
    Ok(rows.iter().map(LinkRow::read).collect())
}

fn key_of(row: &LinkRow) -> (&str, &str, &str) {
    (&row.linkage, &row.decided.first, &row.decided.second)
}

/// Chunks may name an id twice.
fn unique(rows: &mut Vec<PatientRow>) {
    rows.sort_by(|a, b| a.summary.id.cmp(&b.summary.id));
    rows.dedup_by(|a, b| a.summary.id == b.summary.id);
}
