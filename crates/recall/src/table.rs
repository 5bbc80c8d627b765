//! The derived tables: people, their doses, diagnoses, appointments and visits; what is due; the household book.
//! [`crate::follower`] writes them, [`crate::list`] and [`crate::book`] read them.

use yba_fhir::{Day, Outcome};
use yba_store::{Statement, Store, Value};

/// The follower's name: its cursor in the store.
pub const FOLLOWER: &str = "recall";
/// Which tables these are. A program with another number drops them and reads the log again.
const LAYOUT: i64 = 6;

/// What was there before stands here too, so that it goes.
const TABLES: [&str; 10] = [
    "recall_layout",
    "recall_child",
    "recall_person",
    "recall_dose",
    "recall_diagnosis",
    "recall_appointment",
    "recall_outcome",
    "recall_seen",
    "recall_due",
    "recall_member",
];

const DDL: &[&str] = &[
    // `edition` names the schedules by which the rows were made.
    "CREATE TABLE IF NOT EXISTS recall_layout (version BIGINT NOT NULL PRIMARY KEY, edition TEXT NOT NULL)",
    // Days are counted from 1970-01-01. `birth` is the first day it may have been, `whole` whether it is known to the day (-1: who is dead, of whom only places and village are kept); `places`
    // are those whose person it is, a line each. `household` is the number of the household, `relation` how one stands to its head, `missing` the
    // names of what the health record lacks, a space between, `doctor` the family doctor (`Practitioner/…`).
    "CREATE TABLE IF NOT EXISTS recall_person (patient TEXT NOT NULL PRIMARY KEY, birth BIGINT NOT NULL, whole BIGINT NOT NULL, \
     sex TEXT NOT NULL, places TEXT NOT NULL, village TEXT NOT NULL, household TEXT NOT NULL, relation TEXT NOT NULL, \
     missing TEXT NOT NULL, doctor TEXT NOT NULL)",
    "CREATE TABLE IF NOT EXISTS recall_dose (immunization TEXT NOT NULL PRIMARY KEY, patient TEXT NOT NULL, \
     day BIGINT NOT NULL, vaccine TEXT NOT NULL)",
    "CREATE INDEX IF NOT EXISTS recall_dose_patient ON recall_dose (patient)",
    // Diagnoses of programmes: whether they say that somebody has it (1), no longer has or follows it (0), never had it (-1), since when, and when
    // that was recorded (0: not said), whether it is an item of the list of problems and not of a visit; `gone` is why somebody left (`moved`, or empty). The greatest `written` of a person counts.
    "CREATE TABLE IF NOT EXISTS recall_diagnosis (condition TEXT NOT NULL, programme TEXT NOT NULL, patient TEXT NOT NULL, \
     written BIGINT NOT NULL, holds BIGINT NOT NULL, since BIGINT NOT NULL, recorded BIGINT NOT NULL, listed BIGINT NOT NULL, gone TEXT NOT NULL, \
     PRIMARY KEY (condition, programme))",
    "CREATE INDEX IF NOT EXISTS recall_diagnosis_patient ON recall_diagnosis (patient)",
    // Appointments of programmes that are still open.
    "CREATE TABLE IF NOT EXISTS recall_appointment (appointment TEXT NOT NULL PRIMARY KEY, patient TEXT NOT NULL, \
     programme TEXT NOT NULL, day BIGINT NOT NULL)",
    "CREATE INDEX IF NOT EXISTS recall_appointment_patient ON recall_appointment (patient)",
    // What a visit of a programme said of its target: 1 reached, 0 not, -1 not measured.
    "CREATE TABLE IF NOT EXISTS recall_outcome (response TEXT NOT NULL PRIMARY KEY, patient TEXT NOT NULL, programme TEXT NOT NULL, \
     day BIGINT NOT NULL, controlled BIGINT NOT NULL)",
    "CREATE INDEX IF NOT EXISTS recall_outcome_patient ON recall_outcome (patient)",
    // Visits (`Encounter/…`) and checks (`QuestionnaireResponse/…`) that are not sealed.
    "CREATE TABLE IF NOT EXISTS recall_seen (record TEXT NOT NULL PRIMARY KEY, patient TEXT NOT NULL, is_check BIGINT NOT NULL, \
     day BIGINT NOT NULL)",
    "CREATE INDEX IF NOT EXISTS recall_seen_patient ON recall_seen (patient, is_check, day)",
    // Somebody who is wanted, once for each place. `list` is the slug of a schedule (then `series` is one of its series and `number` the
    // dose) or of a programme (then `number` is 1 after an appointment, 0 when there was none). `person` is the least id of
    // the person's Patients.
    "CREATE TABLE IF NOT EXISTS recall_due (place TEXT NOT NULL, patient TEXT NOT NULL, list TEXT NOT NULL, series TEXT NOT NULL, \
     person TEXT NOT NULL, number BIGINT NOT NULL, due BIGINT NOT NULL, late BIGINT NOT NULL, until BIGINT NOT NULL, \
     birth BIGINT NOT NULL, village TEXT NOT NULL, PRIMARY KEY (place, patient, list, series))",
    "CREATE INDEX IF NOT EXISTS recall_due_patient ON recall_due (patient)",
    // Most rows are due in years: a list of today reads those that are due.
    "CREATE INDEX IF NOT EXISTS recall_due_list ON recall_due (list, place, due)",
    // The household book: everybody alive, once for each place. `seen` and `checked` are the days of the last visit and the last check, 0 when there
    // was none.
    "CREATE TABLE IF NOT EXISTS recall_member (place TEXT NOT NULL, patient TEXT NOT NULL, person TEXT NOT NULL, village TEXT NOT NULL, \
     household TEXT NOT NULL, relation TEXT NOT NULL, birth BIGINT NOT NULL, sex TEXT NOT NULL, missing TEXT NOT NULL, \
     doctor TEXT NOT NULL, seen BIGINT NOT NULL, checked BIGINT NOT NULL, PRIMARY KEY (place, village, household, patient))",
    "CREATE INDEX IF NOT EXISTS recall_member_patient ON recall_member (patient)",
];

/// Creates the tables, or replaces those of another layout or another edition; answers whether it did.
pub(crate) async fn prepare(store: &Store, edition: &str) -> Result<bool, Outcome> {
    store.migrate(&DDL[..1]).await?;
    let found = store.query("SELECT version, edition FROM recall_layout", Vec::new()).await?;
    if found.first().is_some_and(|row| row.int(0) == LAYOUT && row.text(1) == edition) {
        return Ok(false);
    }
    let drops: Vec<String> = TABLES.iter().map(|name| format!("DROP TABLE IF EXISTS {name}")).collect();
    let ddl: Vec<&str> = drops.iter().map(String::as_str).chain(DDL.iter().copied()).collect();
    store.migrate(&ddl).await?;
    let layout = vec![Value::Int(LAYOUT), Value::from(edition)];
    let layout = Statement::new("INSERT INTO recall_layout (version, edition) VALUES (?1, ?2)", layout);
    store.derive(FOLLOWER, 0, vec![layout]).await?;
    Ok(true)
}

/// A day as the tables hold it.
pub(crate) fn number(day: Day) -> Value {
    Value::Int(day.days_since_epoch())
}

/// The day of a number in the tables.
pub(crate) fn day(number: i64) -> Day {
    const DAY_MS: i64 = 86_400_000;
    Day::of_instant(number * DAY_MS)
}
