//! Questions asked without a visit: what somebody had, what runs in the family, how they live. Written down under the id of the form,
//! and taken back the same way; nobody was examined, so there is no Encounter. A referral is one too.

use std::collections::BTreeMap;
use yba_fhir::json::{JsonValueTrait, Value, items, json, str_at};
use yba_fhir::{Kind, Outcome, Resource};
use yba_forms::{Act, Extracted, Filling, Setting};
use yba_records::{Change, Ctx, Query, Records};

use crate::visit::{MISTAKEN, RECORDS_MAX, Visit, answered, mistaken, put, take, unsaid};

/// Types that a form of questions may write beside Observations; of each it has at most [`EACH_MAX`].
const SAID: [&str; 5] =
    ["AllergyIntolerance", "Condition", "FamilyMemberHistory", "Procedure", "ServiceRequest"];
const EACH_MAX: usize = 12;

/// Whether this very form was written down before, and stands.
pub async fn is_written(records: &Records, ctx: &Ctx, asked: &Visit<'_>) -> Result<bool, Outcome> {
    match records.read(ctx, "QuestionnaireResponse", &asked.id()).await {
        Ok(version) => Ok(str_at(&version.tree(), &["status"]) != Some(MISTAKEN)),
        Err(outcome) if matches!(outcome.kind, Kind::NotFound | Kind::Gone) => Ok(false),
        Err(outcome) => Err(outcome),
    }
}

/// The form's response and what it extracts; `diagnoses` are Conditions of the person whose labels go along to what is written for the
/// same disease. Refuses with `fault` what the form cannot extract, which is the form's fault, and with `unprocessable` more of one kind
/// than can be taken back.
pub fn plan(
    asked: &Visit<'_>,
    filling: &Filling<'_>,
    setting: &Setting,
    diagnoses: &[Value],
) -> Result<Vec<Change>, Outcome> {
    let id = asked.id();
    let (mut response, mut extracted) = answered(asked, None, filling, setting)?;
    if let Some(examiner) = asked.examiner {
        put(&mut response, "author", json!({"type": "Practitioner", "display": examiner}));
    }
    let labels = labels(diagnoses, &extracted);
    if !labels.is_empty() {
        let all = extracted.iter_mut().map(|one| &mut one.resource).chain([&mut response]);
        all.for_each(|tree| put(tree, "meta", json!({"security": labels.clone()})));
    }
    let mut all = vec![Change::create(Resource::from_value(response)?)];
    let mut taken: BTreeMap<String, usize> = BTreeMap::new();
    for Extracted { act, mut resource, .. } in extracted {
        if act == Act::Put {
            all.push(Change::put(Resource::from_value(resource)?));
            continue;
        }
        let kind = str_at(&resource, &["resourceType"]).unwrap_or_default().to_owned();
        let is_said = SAID.contains(&kind.as_str());
        let number = taken.entry(kind).or_default();
        *number += 1;
        if is_said && *number > EACH_MAX {
            let text =
                format!("Mỗi phần ghi tối đa {EACH_MAX} mục trong một lần. Hãy ghi phần còn lại ở lần sau.");
            return Err(Outcome::new(Kind::Unprocessable, "interview-large", text, "too many of one kind"));
        }
        put(&mut resource, "id", json!(numbered(&id, *number).as_str()));
        all.push(Change::create(Resource::from_value(resource)?));
    }
    Ok(all)
}

/// The labels of the diagnoses that are named as a reason.
fn labels(diagnoses: &[Value], extracted: &[Extracted]) -> Vec<Value> {
    let reasons = extracted.iter().flat_map(|one| items(&one.resource, "reasonCode"));
    let named: Vec<&str> = reasons.flat_map(icd10_of).collect();
    let is_named =
        |one: &&Value| one.get("code").is_some_and(|code| icd10_of(code).any(|code| named.contains(&code)));
    let mut labels: Vec<Value> = Vec::new();
    for label in diagnoses
        .iter()
        .filter(is_named)
        .filter_map(|one| one.get("meta"))
        .flat_map(|meta| items(meta, "security"))
    {
        if !labels.contains(label) {
            labels.push(label.clone());
        }
    }
    labels
}

fn icd10_of(concept: &Value) -> impl Iterator<Item = &str> {
    let own =
        items(concept, "coding").filter(|one| str_at(one, &["system"]) == Some(yba_recall::chronic::ICD10));
    own.filter_map(|one| str_at(one, &["code"]))
}

fn numbered(id: &str, number: usize) -> String {
    if number == 1 { id.to_owned() } else { format!("{id}-{number}") }
}

/// Takes back what was written by mistake: it stays in the history as entered in error. Refuses with `not-found` what is no
/// such form of this person.
pub async fn take_back(records: &Records, ctx: &Ctx, patient: &str, id: &str) -> Result<(), Outcome> {
    let unknown = || {
        Outcome::new(
            Kind::NotFound,
            "interview",
            "Không thấy phiếu này.",
            "no form of questions of this person",
        )
    };
    let response = records.read(ctx, "QuestionnaireResponse", id).await?.tree();
    let kin = records.store().kin_of(patient).await?;
    let subject = str_at(&response, &["subject", "reference"]).and_then(|one| one.strip_prefix("Patient/"));
    let is_theirs = subject.is_some_and(|subject| kin.iter().any(|one| one == subject));
    if !is_theirs || !id.starts_with("lk-") || response.get("encounter").is_some() {
        return Err(unknown());
    }
    let mut changes = vec![mistaken("QuestionnaireResponse", id)];
    let query = format!("derived-from=QuestionnaireResponse/{id}&_count={RECORDS_MAX}");
    let found = records.search(ctx, &Query::parse_string("Observation", &query)?, None).await?;
    changes.extend(found.matches.iter().map(|one| mistaken("Observation", &one.id)));
    let ids = (1..=EACH_MAX).map(|number| numbered(id, number));
    let keys: Vec<(String, String)> =
        ids.flat_map(|id| SAID.map(|kind| (kind.to_owned(), id.clone()))).collect();
    for said in records.read_many(ctx, &keys).await? {
        changes.push(match said.kind.as_str() {
            // Neither has a clinical status then (con-5, ait-2).
            "Condition" => unsaid("Condition", &said.id),
            "AllergyIntolerance" => no_allergy(&said.id),
            kind => mistaken(kind, &said.id),
        });
    }
    records.transact(ctx, changes).await.map(|_| ())
}

fn no_allergy(id: &str) -> Change {
    const VERIFICATION: &str = "http://terminology.hl7.org/CodeSystem/allergyintolerance-verification";
    Change::edit("AllergyIntolerance", id, |version| {
        let mut tree: Value = version.tree();
        let status = json!({"coding": [{"system": VERIFICATION, "code": MISTAKEN}]});
        put(&mut tree, "verificationStatus", status);
        take(&mut tree, &["clinicalStatus"]);
        Resource::from_value(tree)
    })
}
