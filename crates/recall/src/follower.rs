//! Follows the change log: takes Patients, their doses, diagnoses, appointments and visits into the tables and works out what is due for
//! everybody that a change is about, and their line of the household book, over all Patients who are the same person.
//!
//! It goes no further than whoever tells who is the same person has come, so that the log alone determines the tables.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use sha2::{Digest, Sha256};
use tokio::sync::watch;
use yba_content::schedules::Schedule;
use yba_content::{Content, Day, Programme};
use yba_fhir::json::{JsonValueTrait, Value as Json, items, str_at};
use yba_fhir::view::{Patient, reference_target};
use yba_fhir::{DateRange, Outcome};
use yba_records::Records;
use yba_store::derived::{deletes, inserts, query_in};
use yba_store::{Statement, Store, Value, Version};

use crate::CHILDREN;
use crate::chronic::{self, Diagnosis};
use crate::dose::Given;
use crate::forecast::{Child, Next, forecast};
use crate::member::{self, Member};
use crate::standard::Standard;
use crate::table::{self, FOLLOWER, day, number};

/// What is followed. A Linkage says which Patients are one person.
const KINDS: [&str; 7] =
    ["Patient", "Immunization", "Condition", "Appointment", "Encounter", "QuestionnaireResponse", "Linkage"];
/// Most positions of the log taken in at once.
const BATCH: i64 = 2000;
/// How long it rests after a failure, and how often it looks whether who is who has come further.
const REST: Duration = Duration::from_secs(5);
const LOOK: Duration = Duration::from_millis(200);

/// Stands in the place of `whole` of somebody who is dead.
const DEAD: i64 = -1;

/// What is in force on a day: by this the rows are made.
struct Rules<'c> {
    schedule: Option<&'c Schedule>,
    programmes: Vec<&'c Programme>,
    /// What a health record holds.
    standard: Option<&'c Standard>,
}

impl<'c> Rules<'c> {
    fn in_force(records: &Records, content: &'c Content, standards: &'c [Standard]) -> Rules<'c> {
        let today = Day::of_instant(records.store().clock().now_ms());
        let schedule = content.schedule(CHILDREN, today);
        let standard = standards.iter().rev().find(|one| one.about.from <= today);
        Rules { schedule, programmes: content.programmes_on(today), standard }
    }

    /// Names the editions and what they say.
    fn edition(&self) -> String {
        let record = self.standard.map(|standard| &standard.about);
        let hash = Sha256::digest(format!("{:?}{:?}{record:?}", self.schedule, self.programmes).as_bytes());
        hash.iter().take(8).map(|byte| format!("{byte:02x}")).collect()
    }
}

/// Creates the tables if they are not there, or makes them anew for another edition. To be called before anybody asks for the list.
pub async fn prepare(records: &Records, content: &Content) -> Result<(), Outcome> {
    let standards = Standard::all(content);
    table::prepare(records.store(), &Rules::in_force(records, content, &standards).edition())
        .await
        .map(|_| ())
}

/// Follows until everything in the log is taken in that is known of who is who. Answers how many people were worked out.
pub async fn catch_up(records: &Records, content: &Content) -> Result<usize, Outcome> {
    let standards = Standard::all(content);
    anew(records, &Rules::in_force(records, content, &standards)).await
}

async fn anew(records: &Records, rules: &Rules<'_>) -> Result<usize, Outcome> {
    table::prepare(records.store(), &rules.edition()).await?;
    follow(records, rules).await
}

async fn follow(records: &Records, rules: &Rules<'_>) -> Result<usize, Outcome> {
    let (store, mut done) = (records.store(), 0);
    loop {
        let at = store.cursor(FOLLOWER).await?;
        let last = known(store).await?.min(at + BATCH);
        if last <= at {
            return Ok(done);
        }
        done += take_in(store, rules, at, last).await?;
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
    let standards = Standard::all(&content);
    while !*shutdown.borrow() {
        commits.borrow_and_update();
        let rules = Rules::in_force(&records, &content, &standards);
        let edition = rules.edition();
        let done = tokio::select! {
            done = async {
                if prepared.as_ref() == Some(&edition) { follow(&records, &rules).await } else { anew(&records, &rules).await }
            } => done,
            _ = shutdown.changed() => return,
        };
        prepared = done.is_ok().then_some(edition);
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

/// How far it is known who is who.
async fn known(store: &Store) -> Result<i64, Outcome> {
    match store.knowledge().kin {
        Some(kin) => Ok(store.cursor(kin.follower).await?.min(store.head_t())),
        None => Ok(store.head_t()),
    }
}

/// Takes in the log after one position up to another, in two transactions: what the records say, then what is due. Stopped
/// between, it does both again.
async fn take_in(store: &Store, rules: &Rules<'_>, after: i64, last: i64) -> Result<usize, Outcome> {
    let heads = store.read_many(store.changed(&KINDS, after, last).await?).await?;
    let of = |kind: &'static str| heads.iter().filter(move |head| head.kind == kind);
    let ids = |kind: &'static str| of(kind).map(|head| Value::from(head.id.as_str())).collect::<Vec<Value>>();
    let mut touched: BTreeSet<String> = of("Patient").map(|head| head.id.clone()).collect();
    let mut statements = people(rules, of("Patient"));
    for (kind, was) in [
        ("Immunization", "SELECT patient FROM recall_dose WHERE immunization IN ({})"),
        ("Condition", "SELECT patient FROM recall_diagnosis WHERE condition IN ({})"),
        ("Appointment", "SELECT patient FROM recall_appointment WHERE appointment IN ({})"),
    ] {
        let before = query_in(store, was, &ids(kind)).await?;
        touched.extend(before.into_iter().map(|mut row| row.take_text(0)));
    }
    let seen = member::seen(rules.standard, of("Encounter").chain(of("QuestionnaireResponse")));
    let before =
        query_in(store, "SELECT patient FROM recall_seen WHERE record IN ({})", &seen.records).await?;
    touched.extend(before.into_iter().map(|mut row| row.take_text(0)).chain(seen.patients));
    statements.extend(deletes("recall_seen", "record", &seen.records));
    statements.extend(inserts("recall_seen", "record, patient, is_check, day", "", seen.rows));
    statements.extend(doses(of("Immunization"), &ids("Immunization"), &mut touched));
    statements.extend(chronic::diagnoses(
        &rules.programmes,
        of("Condition"),
        &ids("Condition"),
        &mut touched,
    ));
    let responses = of("QuestionnaireResponse");
    statements.extend(chronic::outcomes(&rules.programmes, responses, &ids("QuestionnaireResponse")));
    statements.extend(chronic::appointments(of("Appointment"), &ids("Appointment"), &mut touched));
    for head in of("Linkage") {
        touched.extend(linked(&head.tree()));
    }
    store.derive(FOLLOWER, after, statements).await?;
    let touched: Vec<String> = touched.into_iter().collect();
    let statements = due(store, rules, &touched).await?;
    store.derive(FOLLOWER, last, statements).await?;
    Ok(touched.len())
}

/// Rows of Patients.
fn people<'v>(rules: &Rules<'_>, heads: impl Iterator<Item = &'v Version>) -> Vec<Statement> {
    let (mut gone, mut rows) = (Vec::new(), Vec::new());
    for head in heads {
        gone.push(Value::from(head.id.as_str()));
        if !head.deleted {
            rows.extend(person(rules, &head.id, &head.tree()));
        }
    }
    let mut statements = deletes("recall_person", "patient", &gone);
    let columns = "patient, birth, whole, sex, places, village, household, relation, missing, doctor";
    statements.extend(inserts("recall_person", columns, "", rows));
    statements
}

/// The row of somebody. Who is dead has one too: nobody calls them by another file of theirs.
fn person(rules: &Rules<'_>, id: &str, tree: &Json) -> Option<Vec<Value>> {
    let is_dead = tree.get("deceasedDateTime").is_some() || tree["deceasedBoolean"].as_bool() == Some(true);
    if tree["active"].as_bool() == Some(false) && !is_dead {
        return None;
    }
    let patient = Patient(tree);
    let written = patient.birth_date().unwrap_or_default();
    let birth = Day::of_instant(DateRange::parse(written).map_or(0, |range| range.start));
    let home = items(tree, "address").find(|one| str_at(one, &["use"]) != Some("old"));
    let village = home.and_then(|one| items(one, "line").next()?.as_str());
    // Two addresses may lie in one commune.
    let places: Vec<String> = yba_store::places_of(tree).collect::<BTreeSet<_>>().into_iter().collect();
    if is_dead {
        return Some(dead(id, &places.join("\n"), village.unwrap_or_default()));
    }
    Some(vec![
        Value::from(id),
        number(birth),
        Value::Int(i64::from(Day::parse(written).is_some())),
        Value::from(patient.gender().unwrap_or_default()),
        Value::from(places.join("\n")),
        Value::from(village.unwrap_or_default()),
        Value::from(member::household(tree)),
        Value::from(member::relation(tree)),
        Value::from(rules.standard.map(|standard| standard.missing(tree).join(" ")).unwrap_or_default()),
        Value::from(member::doctor(tree)),
    ])
}

/// The row of somebody who is dead: nothing of them is asked but that, and whose they were.
fn dead(id: &str, places: &str, village: &str) -> Vec<Value> {
    let known = [Value::from(id), Value::Int(0), Value::Int(DEAD)];
    let kept = ["", places, village, "", "", "", ""].map(Value::from);
    known.into_iter().chain(kept).collect()
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

/// Somebody as the tables hold them.
struct Known {
    birth: Day,
    /// The birth is known to the day.
    is_whole: bool,
    is_dead: bool,
    sex: String,
    places: String,
    village: String,
    member: Member,
}

/// What the tables hold of many Patients, by Patient.
struct Book {
    people: BTreeMap<String, Known>,
    doses: BTreeMap<String, Vec<Given>>,
    diagnoses: BTreeMap<String, Vec<Diagnosis>>,
    appointments: BTreeMap<String, Vec<(String, Day)>>,
    /// Whether it was a check, and the last day.
    seen: BTreeMap<String, Vec<(bool, i64)>>,
}

impl Book {
    async fn read(store: &Store, all: &[Value]) -> Result<Book, Outcome> {
        let mut book = Book {
            people: BTreeMap::new(),
            doses: BTreeMap::new(),
            diagnoses: BTreeMap::new(),
            appointments: BTreeMap::new(),
            seen: BTreeMap::new(),
        };
        let sql = "SELECT patient, birth, whole, sex, places, village, household, relation, missing, doctor \
                   FROM recall_person WHERE patient IN ({})";
        for mut row in query_in(store, sql, all).await? {
            let (birth, is_whole, is_dead) = (day(row.int(1)), row.int(2) == 1, row.int(2) == DEAD);
            let (sex, places, village) = (row.take_text(3), row.take_text(4), row.take_text(5));
            let (household, relation) = (row.take_text(6), row.take_text(7));
            let member = Member { household, relation, missing: row.take_text(8), doctor: row.take_text(9) };
            let known = Known { birth, is_whole, is_dead, sex, places, village, member };
            book.people.insert(row.take_text(0), known);
        }
        let sql = "SELECT patient, is_check, MAX(day) FROM recall_seen WHERE patient IN ({}) GROUP BY patient, is_check";
        for mut row in query_in(store, sql, all).await? {
            let one = (row.int(1) == 1, row.int(2));
            book.seen.entry(row.take_text(0)).or_default().push(one);
        }
        let sql =
            "SELECT DISTINCT immunization, patient, day, vaccine FROM recall_dose WHERE patient IN ({})";
        for mut row in query_in(store, sql, all).await? {
            let dose = Given { day: day(row.int(2)), vaccine: row.text(3).to_owned() };
            book.doses.entry(row.take_text(1)).or_default().push(dose);
        }
        let sql = "SELECT DISTINCT condition, programme, patient, written, holds, since FROM recall_diagnosis \
                   WHERE patient IN ({})";
        for mut row in query_in(store, sql, all).await? {
            let (programme, patient) = (row.take_text(1), row.take_text(2));
            let one =
                Diagnosis { programme, written: row.int(3), holds: row.int(4) == 1, since: day(row.int(5)) };
            book.diagnoses.entry(patient).or_default().push(one);
        }
        let sql = "SELECT DISTINCT appointment, patient, programme, day FROM recall_appointment WHERE patient IN ({})";
        for mut row in query_in(store, sql, all).await? {
            let one = (row.take_text(2), day(row.int(3)));
            book.appointments.entry(row.take_text(1)).or_default().push(one);
        }
        Ok(book)
    }
}

/// All that one table tells of a person's Patients.
fn of_all<T: Clone>(patients: &BTreeSet<String>, table: &BTreeMap<String, Vec<T>>) -> Vec<T> {
    patients.iter().filter_map(|one| table.get(one)).flatten().cloned().collect()
}

/// The rows of what is due for these Patients and for all who are the same persons.
async fn due(store: &Store, rules: &Rules<'_>, touched: &[String]) -> Result<Vec<Statement>, Outcome> {
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
    let book = Book::read(store, &all).await?;
    let (mut rows, mut members) = (Vec::new(), Vec::new());
    for (person, patients) in &persons {
        if patients.iter().filter_map(|patient| book.people.get(patient)).any(|known| known.is_dead) {
            continue;
        }
        let doses = of_all(patients, &book.doses);
        let wanted = chronic::wanted(
            &rules.programmes,
            &of_all(patients, &book.diagnoses),
            &of_all(patients, &book.appointments),
        );
        let seen = of_all(patients, &book.seen);
        for patient in patients {
            let Some(known) = book.people.get(patient) else { continue };
            let wanted = rules.doses_wanted(known, &doses).into_iter().chain(wanted.iter().cloned());
            rows.extend(wanted.flat_map(|wanted| rows_of(person, patient, known, &wanted)));
            members.extend(members_of(person, patient, known, &seen));
        }
    }
    let mut statements = deletes("recall_due", "patient", &all);
    let columns = "place, patient, list, series, person, number, due, late, until, birth, village";
    statements.extend(inserts("recall_due", columns, "", rows));
    statements.extend(deletes("recall_member", "patient", &all));
    let columns =
        "place, patient, person, village, household, relation, birth, sex, missing, doctor, seen, checked";
    statements.extend(inserts("recall_member", columns, "", members));
    Ok(statements)
}

/// The lines of a Patient in the household book: one for each place.
fn members_of(person: &str, patient: &str, known: &Known, seen: &[(bool, i64)]) -> Vec<Vec<Value>> {
    let last = |wanted: fn(bool) -> bool| {
        let days = seen.iter().filter(|(is_check, _)| wanted(*is_check)).map(|(_, day)| *day);
        Value::Int(days.max().unwrap_or(0))
    };
    let row = |place: &str| {
        let Member { household, relation, missing, doctor } = &known.member;
        let mut row: Vec<Value> =
            [place, patient, person, &known.village, household, relation].map(Value::from).into();
        row.push(number(known.birth));
        row.extend([known.sex.as_str(), missing, doctor].map(Value::from));
        // A check is a visit too.
        row.extend([last(|_| true), last(|is_check| is_check)]);
        row
    };
    known.places.lines().map(row).collect()
}

/// A reason to come.
#[derive(Debug, Clone)]
pub(crate) struct Wanted {
    pub list: String,
    pub series: String,
    pub number: usize,
    pub due: Day,
    pub late: Day,
    pub until: Day,
}

impl Rules<'_> {
    fn doses_wanted(&self, known: &Known, doses: &[Given]) -> Vec<Wanted> {
        let Some(schedule) = self.schedule.filter(|_| known.is_whole) else { return Vec::new() };
        let places = known.places.lines().map(str::to_owned).collect();
        let child = Child { birth: known.birth, sex: known.sex.clone(), places };
        let courses = forecast(schedule, &child, doses);
        let wanted = courses.into_iter().filter_map(|course| {
            let Next::Wanted { number, due, late, until } = course.next else { return None };
            let series = course.series.slug.clone();
            Some(Wanted { list: schedule.slug.clone(), series, number, due, late, until })
        });
        wanted.collect()
    }
}

/// The rows of one reason: one for each place.
fn rows_of(person: &str, patient: &str, known: &Known, wanted: &Wanted) -> Vec<Vec<Value>> {
    let row = |place: &str| {
        vec![
            Value::from(place),
            Value::from(patient),
            Value::from(wanted.list.as_str()),
            Value::from(wanted.series.as_str()),
            Value::from(person),
            Value::Int(wanted.number as i64),
            number(wanted.due),
            number(wanted.late),
            number(wanted.until),
            number(known.birth),
            Value::from(known.village.as_str()),
        ]
    };
    known.places.lines().map(row).collect()
}
