//! Bringing a person's resources from the door: all facility records of the person, only the types a page
//! shows, and the facilities they name.

use super::model::{Record, build};
use super::read;
use super::visit::{Version as Shown, VisitPage};
use crate::people;
use std::collections::BTreeSet;
use yba_fhir::json::Value;
use yba_fhir::{Kind, Outcome};
use yba_mpi::person::PersonRecord;
use yba_records::{Ctx, Query, Records, Version};

/// What the record page reads. Dispenses, services, claims and papers belong to the visit's page.
const RECORD_TYPES: &[&str] = &[
    "Patient",
    "Coverage",
    "AllergyIntolerance",
    "Encounter",
    "Condition",
    "MedicationRequest",
    "Observation",
    "Immunization",
];

/// What stands above a visit: who this is.
const BANNER_TYPES: &[&str] = &["Patient", "Coverage", "AllergyIntolerance"];

/// Types of a visit, found by their `encounter` search parameter.
const VISIT_TYPES: &[&str] = &[
    "Condition",
    "MedicationRequest",
    "Observation",
    "Procedure",
    "ServiceRequest",
    "DiagnosticReport",
    "Composition",
    "DocumentReference",
    "Claim",
];

/// Rows of one type in one visit; a long stay has some hundreds of results.
const VISIT_ROWS_MAX: usize = 1000;
/// Versions listed of a visit.
const VERSIONS_MAX: usize = 20;

/// The record of a person over all their facility records.
pub async fn record(
    records: &Records,
    ctx: &Ctx,
    person: &PersonRecord,
    today: &str,
) -> Result<Record, Outcome> {
    let versions = records.everything(ctx, &patients_of(person), RECORD_TYPES).await?;
    with_facilities(records, ctx, person, today, versions, |record, _| record).await
}

/// A visit of the person with the record's banner. Refuses with `not-found` when the visit is not theirs.
pub async fn visit(
    records: &Records,
    ctx: &Ctx,
    person: &PersonRecord,
    encounter: &str,
    today: &str,
) -> Result<(Record, VisitPage), Outcome> {
    let patients = patients_of(person);
    let own = records.read(ctx, "Encounter", encounter).await?;
    let tree = own.tree();
    let subject = read::target(&tree, &["subject", "reference"]).unwrap_or("");
    if !patients.iter().any(|patient| patient == subject) {
        return Err(not_theirs());
    }
    let mut versions = records.everything(ctx, &patients, BANNER_TYPES).await?;
    for kind in VISIT_TYPES {
        let asked = format!("encounter=Encounter/{encounter}&_count={VISIT_ROWS_MAX}");
        let found = records.search(ctx, &Query::parse_string(kind, &asked)?, None).await?;
        versions.extend(found.matches);
    }
    versions.push(own);
    let history = records.history(ctx, "Encounter", encounter, VERSIONS_MAX, None).await?;
    let shown = history.iter().enumerate().map(|(at, version)| shown(at, version)).collect::<Vec<_>>();
    let encounter = encounter.to_string();
    let (record, page) = with_facilities(records, ctx, person, today, versions, move |record, resources| {
        let page = super::visit::build(&encounter, resources, shown);
        (record, page)
    })
    .await?;
    Ok((record, page.ok_or_else(not_theirs)?))
}

fn patients_of(person: &PersonRecord) -> Vec<String> {
    person.patients.iter().map(|one| one.id.clone()).collect()
}

fn shown(at: usize, version: &Version) -> Shown {
    Shown { id: version.version_id.clone(), at: version.last_updated(), current: at == 0 }
}

fn not_theirs() -> Outcome {
    let text = "Người này không có lượt khám đó. Mở lại từ diễn tiến trong hồ sơ.";
    Outcome::new(Kind::NotFound, "no-visit", text, "the encounter is not of this person")
}

/// Reads the facilities that are named, then builds away from the network's threads: a long record is some
/// megabytes of JSON.
async fn with_facilities<T: Send + 'static>(
    records: &Records,
    ctx: &Ctx,
    person: &PersonRecord,
    today: &str,
    versions: Vec<Version>,
    then: impl FnOnce(Record, &[Value]) -> T + Send + 'static,
) -> Result<T, Outcome> {
    let best_first = patients_of(person);
    let (resources, named) = blocking(move || {
        let mut resources: Vec<Value> = versions.iter().map(Version::tree).collect();
        // The best known facility record speaks first where they differ.
        resources.sort_by_key(|one| match read::kind(one) {
            "Patient" => best_first.iter().position(|id| id == read::id(one)).unwrap_or(usize::MAX),
            _ => usize::MAX,
        });
        let named: BTreeSet<String> =
            resources.iter().filter_map(read::facility).map(str::to_string).collect();
        (resources, named)
    })
    .await?;
    let keys: Vec<(String, String)> = named.into_iter().map(|id| ("Organization".to_string(), id)).collect();
    let facilities = if keys.is_empty() { Vec::new() } else { records.read_many(ctx, &keys).await? };
    let (id, today, links) = (person.id.clone(), today.to_string(), people::reasons(person));
    let doubts = people::doubts(person);
    blocking(move || {
        let mut all = resources;
        all.extend(facilities.iter().map(Version::tree));
        let record = Record { doubts, ..build(&id, &today, &all, &links) };
        then(record, &all)
    })
    .await
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Outcome> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|broken| Outcome::fault(format!("drawing a record: {broken}")))
}
