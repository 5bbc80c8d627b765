//! Bringing a person's resources from the door: all facility records of the person, only the types a page
//! shows, and the facilities they name.

use super::model::{Basis, May, Record, build};
use super::older::{self, Older};
use super::ranges::Ranges;
use super::read;
use super::timeline::View;
use super::visit::{Version as Shown, VisitPage};
use crate::{Hospital, people};
use std::collections::BTreeSet;
use tokio::sync::{Semaphore, SemaphorePermit};
use yba_fhir::json::Value;
use yba_fhir::{Kind, Outcome, date};
use yba_mpi::person::PersonRecord;
use yba_records::{Action, Agent, Ctx, Past, Query, Records, Version};
use yba_ui::banner::Allergy;
use yba_web::visit;

/// What the record page reads whole, in two halves that are read at the same time. Services, claims and papers belong
/// to the visit's page; of dispenses it reads only those without a prescription.
const RECORD_HALVES: [&[&str]; 2] = [
    &["Observation"],
    &[
        "Patient",
        "Coverage",
        "AllergyIntolerance",
        "Encounter",
        "Condition",
        "MedicationRequest",
        "Immunization",
    ],
];

/// What stands above a visit: who this is.
const BANNER_TYPES: &[&str] = &["Patient", "Coverage", "AllergyIntolerance"];

/// Types of a visit, with the search parameter that leads to it.
const VISIT_TYPES: &[(&str, &str)] = &[
    ("Condition", "encounter"),
    ("MedicationRequest", "encounter"),
    ("MedicationDispense", "context"),
    ("Observation", "encounter"),
    ("Procedure", "encounter"),
    ("ServiceRequest", "encounter"),
    ("DiagnosticReport", "encounter"),
    ("Composition", "encounter"),
    ("DocumentReference", "encounter"),
    ("Claim", "encounter"),
];

/// Rows of one type in one visit; a long stay has some hundreds of results.
const VISIT_ROWS_MAX: usize = 1000;
/// Versions listed of a visit.
const VERSIONS_MAX: usize = 20;

/// Pages of dispenses without a prescription that are read.
const DISPENSE_PAGES_MAX: usize = 10;

/// The record of a person over all their facility records, with the asked part of the timeline.
pub async fn record(
    hospital: &Hospital,
    ctx: &Ctx,
    person: &PersonRecord,
    view: View,
) -> Result<Record, Outcome> {
    let room = room().await?;
    let patients = patients_of(person);
    let records = &hospital.records;
    let half =
        async |kinds| trees(of_patients(records, ctx, &patients, kinds).await?, patients.clone()).await;
    let dispenses = async {
        if !ctx.may(Action::Search, "MedicationDispense") {
            return Ok(Read::default());
        }
        let found = without_prescription(records, ctx, &patients).await?;
        trees(found, Vec::new()).await
    };
    let [measured, others] = RECORD_HALVES;
    let (measured, others, dispenses) = tokio::try_join!(half(measured), half(others), dispenses)?;
    let trees = [others.trees, measured.trees, dispenses.trees].into_iter().flatten().collect();
    let resources = Read { trees, older: measured.older };
    with_facilities(hospital, ctx, person, view, resources, room, |record, _| record).await
}

/// Rows of one type read for a role that may search it and may not see whole records.
const SEARCHED_MAX: usize = 1000;

/// Everything of these types that is about the person, as far as the role reads it. Who may not see whole records (a
/// receptionist) searches the types that are theirs.
async fn of_patients(
    records: &Records,
    ctx: &Ctx,
    patients: &[String],
    kinds: &[&str],
) -> Result<Vec<Version>, Outcome> {
    if ctx.may(Action::Everything, "Patient") {
        return records.everything(ctx, patients, kinds).await;
    }
    let list = |prefix: &str| patients.iter().map(|id| format!("{prefix}{id}")).collect::<Vec<_>>().join(",");
    let mut versions = Vec::new();
    for kind in ctx.those_permitted(Action::Search, kinds.iter().copied()) {
        let asked = match kind {
            "Patient" => format!("_id={}", list("")),
            "Coverage" => format!("beneficiary={}", list("Patient/")),
            _ => format!("patient={}", list("Patient/")),
        };
        let query = Query::parse_string(kind, &format!("{asked}&_count={SEARCHED_MAX}"))?;
        versions.extend(records.search(ctx, &query, None).await?.matches);
    }
    Ok(versions)
}

/// What whoever looks may see and do of a record.
fn may(hospital: &Hospital, ctx: &Ctx, person: &PersonRecord) -> May {
    let unseen = |kind: &&str| !ctx.may(Action::Read, kind) || !ctx.may(Action::Search, kind);
    May {
        unseen: RECORD_HALVES.iter().copied().flatten().chain(PARTS).copied().filter(unseen).collect(),
        edit: ctx.may(Action::Update, "Patient"),
        history: ctx.may(Action::History, "Patient"),
        lookers: ctx.may(Action::Read, "AuditEvent"),
        apps: matches!(ctx.agent, Agent::Person(_)),
        acts: hospital.site.person_acts(ctx, &person.id),
        open_until: visit::opened_until(&patients_of(person)).map(date::instant),
    }
}

/// Types of the further parts of the record.
pub(super) const PARTS: &[&str] = &[
    "RelatedPerson",
    "FamilyMemberHistory",
    "DocumentReference",
    "Composition",
    "DiagnosticReport",
    "Consent",
];

/// The person's banner, and beside it everything of these types, newest first.
pub async fn part(
    hospital: &Hospital,
    ctx: &Ctx,
    person: &PersonRecord,
    kinds: &[&str],
    view: View,
) -> Result<(Record, Vec<Value>), Outcome> {
    let (room, patients) = (room().await?, patients_of(person));
    let wanted: Vec<&str> = BANNER_TYPES.iter().chain(kinds).copied().collect();
    let resources = trees(of_patients(&hospital.records, ctx, &patients, &wanted).await?, patients).await?;
    let wanted: Vec<String> = kinds.iter().map(|kind| (*kind).to_owned()).collect();
    with_facilities(hospital, ctx, person, view, resources, room, move |record, resources| {
        let own = |one: &&Value| {
            matches!(read::kind(one), "Organization") || wanted.iter().any(|kind| kind == read::kind(one))
        };
        (record, resources.iter().filter(own).filter(|one| !read::is_void(one)).cloned().collect())
    })
    .await
}

/// Dispenses that no prescription is named for; of the others the prescription tells.
async fn without_prescription(
    records: &Records,
    ctx: &Ctx,
    patients: &[String],
) -> Result<Vec<Version>, Outcome> {
    let subjects: Vec<String> = patients.iter().map(|id| format!("Patient/{id}")).collect();
    let asked = format!("subject={}&prescription:missing=true&_count=1000", subjects.join(","));
    let query = Query::parse_string("MedicationDispense", &asked)?;
    let (mut versions, mut cursor) = (Vec::new(), None);
    for _ in 0..DISPENSE_PAGES_MAX {
        let found = records.search(ctx, &query, cursor.as_deref()).await?;
        versions.extend(found.matches);
        cursor = found.next;
        if cursor.is_none() {
            break;
        }
    }
    Ok(versions)
}

/// A visit of the person with the record's banner; `version`: as that version of the Encounter had it. Refuses with
/// `not-found` when the visit is not theirs.
pub async fn visit(
    hospital: &Hospital,
    ctx: &Ctx,
    person: &PersonRecord,
    encounter: &str,
    version: Option<&str>,
    view: View,
) -> Result<(Record, VisitPage), Outcome> {
    let (records, patients, room) = (&hospital.records, patients_of(person), room().await?);
    let mut own = of_person(records.read(ctx, "Encounter", encounter).await?, &patients)?;
    let old = match version.filter(|version| *version != own.version_id) {
        None => None,
        Some(version) => {
            own = of_person(records.vread(ctx, "Encounter", encounter, version).await?, &patients)?;
            Some(own.last_updated())
        }
    };
    let mut versions = of_patients(records, ctx, &patients, BANNER_TYPES).await?;
    if old.is_none() {
        for (kind, parameter) in VISIT_TYPES.iter().filter(|(kind, _)| ctx.may(Action::Search, kind)) {
            let asked = format!("{parameter}=Encounter/{encounter}&_count={VISIT_ROWS_MAX}");
            let found = records.search(ctx, &Query::parse_string(kind, &asked)?, None).await?;
            versions.extend(found.matches);
        }
    }
    let history = records.history(ctx, &Past::of_record("Encounter", encounter, VERSIONS_MAX)).await?;
    let shown = history.iter().map(|event| &event.version).enumerate().map(|(at, one)| Shown {
        id: one.version_id.clone(),
        at: one.last_updated(),
        current: at == 0,
        shown: one.version_id == own.version_id,
    });
    let shown: Vec<Shown> = shown.collect();
    versions.push(own);
    let (encounter, content) = (encounter.to_string(), hospital.content.clone());
    let resources = trees(versions, patients).await?;
    let (record, page) =
        with_facilities(hospital, ctx, person, view, resources, room, move |record, resources| {
            let patients: Vec<&Value> = resources.iter().filter(|one| read::kind(one) == "Patient").collect();
            let ranges = Ranges::of(&content, &patients);
            let page = super::visit::build(&encounter, resources, &ranges);
            (record, page.map(|page| VisitPage { versions: shown, old, ..page }))
        })
        .await?;
    Ok((record, page.ok_or_else(not_theirs)?))
}

/// The encounter, if it is of one of these patients.
fn of_person(encounter: Version, patients: &[String]) -> Result<Version, Outcome> {
    let tree = encounter.tree();
    let subject = read::target(&tree, &["subject", "reference"]).unwrap_or("");
    if patients.iter().any(|patient| patient == subject) { Ok(encounter) } else { Err(not_theirs()) }
}

fn patients_of(person: &PersonRecord) -> Vec<String> {
    person.patients.iter().map(|one| one.id.clone()).collect()
}

fn not_theirs() -> Outcome {
    let text = "Người này không có lượt khám đó. Mở lại từ diễn tiến trong hồ sơ.";
    Outcome::new(Kind::NotFound, "no-visit", text, "the encounter is not of this person")
}

/// Reads the facilities that are named, then builds away from the network's threads.
async fn with_facilities<T: Send + 'static>(
    hospital: &Hospital,
    ctx: &Ctx,
    person: &PersonRecord,
    view: View,
    resources: Read,
    room: SemaphorePermit<'static>,
    then: impl FnOnce(Record, &[Value]) -> T + Send + 'static,
) -> Result<T, Outcome> {
    let Read { trees: mut resources, older } = resources;
    let all = resources.len();
    resources.retain(|one| view.reveal || !read::is_sensitive(one));
    let hidden = all - resources.len();
    let named: BTreeSet<&str> = resources.iter().filter_map(read::facility).collect();
    let keys: Vec<(String, String)> =
        named.into_iter().map(|id| ("Organization".to_string(), id.to_string())).collect();
    let facilities =
        if keys.is_empty() { Vec::new() } else { hospital.records.read_many(ctx, &keys).await? };
    resources.extend(facilities.iter().map(Version::tree));
    let (id, today, links) = (person.id.clone(), hospital.today(), people::reasons(person));
    let (doubts, content, may) =
        (people::doubts(person), hospital.content.clone(), may(hospital, ctx, person));
    let (built, resources) = blocking(move || {
        let basis =
            Basis { person: &id, today: &today, links: &links, content: &content, view, older: &older };
        let built = build(&basis, &resources);
        let mut record = Record { doubts, may, hidden, older, ..built };
        if !record.sees("AllergyIntolerance") {
            record.allergy = Allergy::NotSeen;
        }
        (then(record, &resources), resources)
    })
    .await?;
    // Some megabytes of trees take milliseconds to free; the reader need not wait for that.
    drop(tokio::task::spawn_blocking(move || drop((resources, room))));
    Ok(built)
}

/// The bodies as trees; Patients come first, the best known facility record before the others, because the first
/// speaks where they differ.
async fn trees(versions: Vec<Version>, best_first: Vec<String>) -> Result<Read, Outcome> {
    blocking(move || {
        let (mut patients, others): (Vec<Version>, Vec<Version>) =
            versions.into_iter().partition(|one| one.kind == "Patient");
        patients.sort_by_key(|one| best_first.iter().position(|id| *id == one.id));
        let (measured, others): (Vec<Version>, Vec<Version>) =
            others.into_iter().partition(|one| one.kind == "Observation");
        let bodies: Vec<&[u8]> = measured.iter().map(|version| &*version.body).collect();
        let (newest, older) = older::newest(&bodies);
        Read { trees: patients.iter().chain(&others).map(Version::tree).chain(newest).collect(), older }
    })
    .await
}

/// What was read, as far as it is read whole, and what is known of the rest.
#[derive(Default)]
struct Read {
    trees: Vec<Value>,
    older: Older,
}

/// Records in memory as trees at the same time. Each takes a core for milliseconds and some megabytes, so more at once
/// would only take memory.
static DRAWING: Semaphore = Semaphore::const_new(4);

/// Waits until there is room for one more record; the room is given back when its trees are freed.
async fn room() -> Result<SemaphorePermit<'static>, Outcome> {
    DRAWING.acquire().await.map_err(|closed| Outcome::fault(closed.to_string()))
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Outcome> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|broken| Outcome::fault(format!("drawing a record: {broken}")))
}
