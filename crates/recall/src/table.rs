//! The derived tables: children, their doses, what is due. [`crate::follower`] writes them, [`crate::list`] reads them.

use yba_fhir::{Day, Outcome};
use yba_store::{Statement, Store, Value};

/// The follower's name: its cursor in the store.
pub const FOLLOWER: &str = "recall";
/// Which tables these are. A program with another number drops them and reads the log again.
const LAYOUT: i64 = 1;

const TABLES: [&str; 4] = ["recall_layout", "recall_child", "recall_dose", "recall_due"];

const DDL: &[&str] = &[
    // `edition` names the schedules by which the rows were made.
    "CREATE TABLE IF NOT EXISTS recall_layout (version BIGINT NOT NULL PRIMARY KEY, edition TEXT NOT NULL)",
    // Days are counted from 1970-01-01; `places` are those whose child it is, a line each.
    "CREATE TABLE IF NOT EXISTS recall_child (patient TEXT NOT NULL PRIMARY KEY, birth BIGINT NOT NULL, sex TEXT NOT NULL, \
     places TEXT NOT NULL, village TEXT NOT NULL)",
    "CREATE TABLE IF NOT EXISTS recall_dose (immunization TEXT NOT NULL PRIMARY KEY, patient TEXT NOT NULL, \
     day BIGINT NOT NULL, vaccine TEXT NOT NULL)",
    "CREATE INDEX IF NOT EXISTS recall_dose_patient ON recall_dose (patient)",
    // A dose that is wanted, once for each place. `person` is the least id of the person's Patients.
    "CREATE TABLE IF NOT EXISTS recall_due (place TEXT NOT NULL, patient TEXT NOT NULL, series TEXT NOT NULL, \
     person TEXT NOT NULL, number BIGINT NOT NULL, due BIGINT NOT NULL, late BIGINT NOT NULL, until BIGINT NOT NULL, \
     birth BIGINT NOT NULL, village TEXT NOT NULL, PRIMARY KEY (place, patient, series))",
    "CREATE INDEX IF NOT EXISTS recall_due_patient ON recall_due (patient)",
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
