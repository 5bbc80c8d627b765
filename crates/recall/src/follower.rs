//! Follows the change log: takes Patients and Immunizations into the tables and works out what is due for every child that
//! a change is about, over all Patients who are the same person.
//!
//! It goes no further than whoever tells who is the same person has come, so that the log alone determines the tables.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use sha2::{Digest, Sha256};
use tokio::sync::watch;
use yba_content::schedules::Schedule;
use yba_content::{Content, Day};
use yba_fhir::Outcome;
use yba_fhir::json::{JsonValueTrait, Value as Json, items, str_at};
use yba_fhir::view::{Patient, reference_target};
use yba_records::Records;
use yba_store::derived::{deletes, inserts, query_in};
use yba_store::{Statement, Store, Value, Version};

use crate::CHILDREN;
use crate::dose::Given;
use crate::forecast::{Child, Next, forecast};
use crate::table::{self, FOLLOWER, day, number};

/// What is followed. A Linkage says which Patients are one person.
const KINDS: [&str; 3] = ["Patient", "Immunization", "Linkage"];
/// Most positions of the log taken in at once.
const BATCH: i64 = 2000;
/// How long it rests after a failure, and how often it looks whether who is who has come further.
const REST: Duration = Duration::from_secs(5);
const LOOK: Duration = Duration::from_millis(200);

/// Creates the tables if they are not there, or makes them anew for another edition. To be called before anybody asks for the list.
pub async fn prepare(records: &Records, content: &Content) -> Result<(), Outcome> {
    match in_force(records, content) {
        Some(schedule) => table::prepare(records.store(), &edition(schedule)).await.map(|_| ()),
        None => Ok(()),
    }
}

/// Follows until everything in the log is taken in that is known of who is who. Answers how many children were worked out.
pub async fn catch_up(records: &Records, content: &Content) -> Result<usize, Outcome> {
    prepare(records, content).await?;
    match in_force(records, content) {
        Some(schedule) => follow(records, schedule).await,
        None => Ok(0),
    }
}

fn in_force<'c>(records: &Records, content: &'c Content) -> Option<&'c Schedule> {
    content.schedule(CHILDREN, Day::of_instant(records.store().clock().now_ms()))
}

async fn follow(records: &Records, schedule: &Schedule) -> Result<usize, Outcome> {
    let (store, mut done) = (records.store(), 0);
    loop {
        let at = store.cursor(FOLLOWER).await?;
        let last = known(store).await?.min(at + BATCH);
        if last <= at {
            return Ok(done);
        }
        done += take_in(store, schedule, at, last).await?;
    }
}

/// How many positions of the log the tables are behind.
pub async fn lag(records: &Records) -> Result<i64, Outcome> {
    Ok(records.store().head_t() - records.store().cursor(FOLLOWER).await?)
}

/// Follows until `shutdown` turns true (or its sender is gone). A failure is written to standard error and tried again.
pub async fn run(records: Records, content: std::sync::Arc<Content>, mut shutdown: watch::Receiver<bool>) {
    let mut commits = records.store().watch();
    let mut prepared = None;
    while !*shutdown.borrow() {
        commits.borrow_and_update();
        let schedule = in_force(&records, &content);
        let from = schedule.map(|schedule| schedule.from);
        let done = tokio::select! {
            done = async {
                match schedule {
                    Some(schedule) if prepared == from => follow(&records, schedule).await,
                    _ => catch_up(&records, &content).await,
                }
            } => done,
            _ = shutdown.changed() => return,
        };
        prepared = if done.is_ok() { from } else { None };
        let behind = lag(&records).await.unwrap_or(1) > 0;
        let rest = match &done {
            Ok(_) if behind => LOOK,
            Ok(_) => Duration::from_secs(600),
            Err(outcome) => {
                eprintln!("recall follower: {outcome}; trying again in {} s", REST.as_secs());
                REST
            }
        };
        tokio::select! {
            changed = commits.changed(), if done.is_ok() && !behind => if changed.is_err() { return },
            // Another day may have another edition.
            () = tokio::time::sleep(rest) => {}
            _ = shutdown.changed() => return,
        }
    }
}

/// Names an edition and what it says.
fn edition(schedule: &Schedule) -> String {
    let hash = Sha256::digest(format!("{schedule:?}").as_bytes());
    let hash: String = hash.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    format!("{}@{} {hash}", schedule.slug, schedule.from)
}

/// How far it is known who is who.
async fn known(store: &Store) -> Result<i64, Outcome> {
    match store.knowledge().kin {
        Some(kin) => Ok(store.cursor(kin.follower).await?.min(store.head_t())),
        None => Ok(store.head_t()),
    }
}

/// Takes in the log after one position up to another, in two transactions: what the records say, then what is due. Stopped
/// between, it does both again.
async fn take_in(store: &Store, schedule: &Schedule, after: i64, last: i64) -> Result<usize, Outcome> {
    let heads = store.read_many(store.changed(&KINDS, after, last).await?).await?;
    let of = |kind: &'static str| heads.iter().filter(move |head| head.kind == kind);
    let mut touched: BTreeSet<String> = of("Patient").map(|head| head.id.clone()).collect();
    let mut statements = children(of("Patient"));
    let ids: Vec<Value> = of("Immunization").map(|head| Value::from(head.id.as_str())).collect();
    let before = query_in(store, "SELECT patient FROM recall_dose WHERE immunization IN ({})", &ids).await?;
    touched.extend(before.into_iter().map(|mut row| row.take_text(0)));
    statements.extend(doses(of("Immunization"), &ids, &mut touched));
    for head in of("Linkage") {
        touched.extend(linked(&head.tree()));
    }
    store.derive(FOLLOWER, after, statements).await?;
    let touched: Vec<String> = touched.into_iter().collect();
    let statements = due(store, schedule, &touched).await?;
    store.derive(FOLLOWER, last, statements).await?;
    Ok(touched.len())
}

/// Rows of Patients that are, or were, children.
fn children<'v>(heads: impl Iterator<Item = &'v Version>) -> Vec<Statement> {
    let (mut gone, mut rows) = (Vec::new(), Vec::new());
    for head in heads {
        gone.push(Value::from(head.id.as_str()));
        if !head.deleted {
            rows.extend(child(&head.id, &head.tree()));
        }
    }
    let mut statements = deletes("recall_child", "patient", &gone);
    statements.extend(inserts("recall_child", "patient, birth, sex, places, village", "", rows));
    statements
}

/// The row of somebody who lives and whose day of birth is known.
fn child(id: &str, tree: &Json) -> Option<Vec<Value>> {
    let is_dead = tree.get("deceasedDateTime").is_some() || tree["deceasedBoolean"].as_bool() == Some(true);
    if is_dead || tree["active"].as_bool() == Some(false) {
        return None;
    }
    let patient = Patient(tree);
    let birth = Day::parse(patient.birth_date()?)?;
    let home = items(tree, "address").find(|one| str_at(one, &["use"]) != Some("old"));
    let village = home.and_then(|one| items(one, "line").next()?.as_str());
    // Two addresses may lie in one commune.
    let places: Vec<String> = yba_store::places_of(tree).collect::<BTreeSet<_>>().into_iter().collect();
    Some(vec![
        Value::from(id),
        number(birth),
        Value::from(patient.gender().unwrap_or_default()),
        Value::from(places.join("\n")),
        Value::from(village.unwrap_or_default()),
    ])
}

fn doses<'v>(
    heads: impl Iterator<Item = &'v Version>,
    ids: &[Value],
    touched: &mut BTreeSet<String>,
) -> Vec<Statement> {
    let mut rows = Vec::new();
    for head in heads.filter(|head| !head.deleted) {
        let tree = head.tree();
        let patient = str_at(&tree, &["patient", "reference"]).and_then(reference_target);
        let (Some(("Patient", patient)), Some(given)) = (patient, Given::of(&tree)) else { continue };
        touched.insert(patient.to_owned());
        rows.push(vec![
            Value::from(head.id.as_str()),
            Value::from(patient),
            number(given.day),
            Value::from(given.vaccine.as_str()),
        ]);
    }
    let mut statements = deletes("recall_dose", "immunization", ids);
    statements.extend(inserts("recall_dose", "immunization, patient, day, vaccine", "", rows));
    statements
}

/// The Patients that a Linkage is about, whatever it decides.
fn linked(linkage: &Json) -> Vec<String> {
    let targets = items(linkage, "item").filter_map(|one| str_at(one, &["resource", "reference"]));
    let patients = targets.filter_map(|target| match reference_target(target) {
        Some(("Patient", id)) => Some(id.to_owned()),
        _ => None,
    });
    patients.collect()
}

/// A child as the tables hold it.
struct Known {
    child: Child,
    places: String,
    village: String,
}

/// The rows of what is due for these Patients and for all who are the same persons.
async fn due(store: &Store, schedule: &Schedule, touched: &[String]) -> Result<Vec<Statement>, Outcome> {
    let mut persons: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut kin: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (one, other) in store.kin_of_each(touched).await? {
        kin.entry(one).or_default().insert(other);
    }
    for all in kin.into_values() {
        let least = all.first().cloned().unwrap_or_default();
        persons.insert(least, all);
    }
    let all: Vec<Value> = persons.values().flatten().map(|id| Value::from(id.as_str())).collect();
    let mut known: BTreeMap<String, Known> = BTreeMap::new();
    let sql = "SELECT patient, birth, sex, places, village FROM recall_child WHERE patient IN ({})";
    for mut row in query_in(store, sql, &all).await? {
        let child = Child { birth: day(row.int(1)), sex: row.text(2).to_owned() };
        let one = Known { child, places: row.text(3).to_owned(), village: row.text(4).to_owned() };
        known.insert(row.take_text(0), one);
    }
    let mut given: BTreeMap<String, Vec<Given>> = BTreeMap::new();
    let sql = "SELECT DISTINCT immunization, patient, day, vaccine FROM recall_dose WHERE patient IN ({})";
    for mut row in query_in(store, sql, &all).await? {
        let dose = Given { day: day(row.int(2)), vaccine: row.text(3).to_owned() };
        given.entry(row.take_text(1)).or_default().push(dose);
    }
    let mut rows = Vec::new();
    for (person, patients) in &persons {
        let doses: Vec<Given> = patients.iter().filter_map(|one| given.get(one)).flatten().cloned().collect();
        for patient in patients {
            if let Some(known) = known.get(patient) {
                rows.extend(rows_of(schedule, person, patient, known, &doses));
            }
        }
    }
    let mut statements = deletes("recall_due", "patient", &all);
    let columns = "place, patient, series, person, number, due, late, until, birth, village";
    statements.extend(inserts("recall_due", columns, "", rows));
    Ok(statements)
}

fn rows_of(
    schedule: &Schedule,
    person: &str,
    patient: &str,
    known: &Known,
    doses: &[Given],
) -> Vec<Vec<Value>> {
    let mut rows = Vec::new();
    for course in forecast(schedule, &known.child, doses) {
        let Next::Wanted { number: dose, due, late, until } = course.next else { continue };
        for place in known.places.lines() {
            rows.push(vec![
                Value::from(place),
                Value::from(patient),
                Value::from(course.series.slug.as_str()),
                Value::from(person),
                Value::Int(dose as i64),
                number(due),
                number(late),
                number(until),
                number(known.child.birth),
                Value::from(known.village.as_str()),
            ]);
        }
    }
    rows
}
