//! A visit: from a form that was filled in to the records of the visit, and back. Everything that one visit writes has the id of its
//! form, so that it can be told, and taken back, together.

use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use yba_fhir::json::{JsonValueMutTrait, JsonValueTrait, Value, items, json, str_at};
use yba_fhir::{Kind, Outcome, Resource, date};
use yba_forms::{Act, Extracted, Filling, Head, Setting};
use yba_records::{Change, Ctx, Query, Records};

use crate::follow_up::{CATEGORY, CLINICAL, VERIFICATION};

/// The status of what was taken back.
pub(crate) const MISTAKEN: &str = "entered-in-error";
const ACT: &str = "http://terminology.hl7.org/CodeSystem/v3-ActCode";
/// The system of how a visit ended: the answer of a form that is coded in it stands on the Encounter too.
const ENDED: &str = "https://yba.vn/fhir/CodeSystem/visit-outcome";
/// Most records of one kind of one visit or person that are looked at.
pub(crate) const RECORDS_MAX: usize = 200;

/// A visit that is about to be written down.
#[derive(Debug)]
pub struct Visit<'v> {
    /// Id of the Patient.
    pub patient: &'v str,
    /// The slug of what the visit is for: a programme, or the form itself.
    pub about: &'v str,
    /// Why the person comes, as it stands on the Encounter.
    pub reason: &'v str,
    /// The `code` of what is known to be the diagnosis; otherwise the form brings Conditions.
    pub diagnosis: Option<&'v Value>,
    /// Id of the Organization where it is.
    pub facility: Option<&'v str>,
    /// Who sees the person, as it is shown.
    pub examiner: Option<&'v str>,
    /// Tells this form from others: sent twice, it is written once.
    pub form: &'v str,
    pub now_ms: i64,
}

impl Visit<'_> {
    /// The id of all that this visit writes.
    pub fn id(&self) -> String {
        let Visit { patient, about, form, .. } = self;
        hashed(&format!("{form}\n{patient}\n{about}"))
    }
}

pub(crate) fn hashed(text: &str) -> String {
    let hex: String =
        Sha256::digest(text.as_bytes()).iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    format!("lk-{hex}")
}

/// Whether this very form was written down before, and stands: what was taken back does not.
pub async fn is_written(records: &Records, ctx: &Ctx, visit: &Visit<'_>) -> Result<bool, Outcome> {
    match records.read(ctx, "Encounter", &visit.id()).await {
        Ok(version) => Ok(str_at(&version.tree(), &["status"]) != Some(MISTAKEN)),
        Err(outcome) if matches!(outcome.kind, Kind::NotFound | Kind::Gone) => Ok(false),
        Err(outcome) => Err(outcome),
    }
}

/// The records of a visit: Encounter, its diagnosis, the form's response and what it extracts; the appointments that brought the
/// person here become fulfilled. Refuses with `fault` what the form cannot extract, which is the form's fault.
pub fn plan(
    visit: &Visit<'_>,
    filling: &Filling<'_>,
    setting: &Setting,
    expected: &[Value],
) -> Result<Vec<Change>, Outcome> {
    let (id, now) = (visit.id(), date::instant(visit.now_ms));
    let (response, extracted) = answered(visit, Some(&id), filling, setting)?;
    let mut changes = Vec::new();
    let mut taken: BTreeMap<String, usize> = BTreeMap::new();
    if let Some(diagnosis) = visit.diagnosis {
        taken.insert("Condition".to_owned(), 1);
        changes.push(Change::create(Resource::from_value(diagnosed(visit, diagnosis, &id, &now))?));
    }
    for Extracted { act, mut resource, known_as } in extracted {
        if act == Act::Put {
            changes.push(Change::put(Resource::from_value(resource)?));
            continue;
        }
        // The first of its kind has the visit's own id.
        let kind = str_at(&resource, &["resourceType"]).unwrap_or_default().to_owned();
        let number = taken.entry(kind).or_default();
        *number += 1;
        let own = if *number == 1 { id.clone() } else { format!("{id}-{number}") };
        put(&mut resource, "id", json!(own.as_str()));
        let mut change = Change::create(Resource::from_value(resource)?);
        if let Act::Create { unless: Some(search) } = act {
            change = change.unless(search);
        }
        changes.push(match known_as {
            Some(name) => change.known_as(name),
            None => change,
        });
    }
    let seen = seen(visit, (&id, &now), &response, taken.contains_key("Condition"));
    let mut all =
        vec![Change::create(Resource::from_value(seen)?), Change::create(Resource::from_value(response)?)];
    all.extend(changes);
    for appointment in expected {
        let Some(of) = str_at(appointment, &["id"]) else { continue };
        let now = now.clone();
        all.push(Change::edit("Appointment", of, move |version| {
            let mut tree = version.tree();
            for (name, value) in [("status", "fulfilled"), ("start", &now), ("end", &now)] {
                put(&mut tree, name, json!(value));
            }
            Resource::from_value(tree)
        }));
    }
    Ok(all)
}

/// What the form would become if it were written now, half filled in as it may be: for rules to look at.
pub fn drafted(visit: &Visit<'_>, filling: &Filling<'_>, setting: &Setting) -> Result<Vec<Value>, Outcome> {
    let (id, now) = (visit.id(), date::instant(visit.now_ms));
    let (response, extracted) = answered(visit, Some(&id), filling, setting)?;
    let mut all = vec![seen(visit, (&id, &now), &response, false), response];
    all.extend(visit.diagnosis.map(|diagnosis| diagnosed(visit, diagnosis, &id, &now)));
    all.extend(extracted.into_iter().map(|one| one.resource));
    Ok(all)
}

/// The response of a form, and what it extracts; at an Encounter, when there is one.
pub(crate) fn answered(
    visit: &Visit<'_>,
    encounter: Option<&str>,
    filling: &Filling<'_>,
    setting: &Setting,
) -> Result<(Value, Vec<Extracted>), Outcome> {
    let (id, now) = (visit.id(), date::instant(visit.now_ms));
    let (subject, encounter) =
        (format!("Patient/{}", visit.patient), encounter.map(|id| format!("Encounter/{id}")));
    let head = Head {
        id: Some(&id),
        subject: Some(&subject),
        encounter: encounter.as_deref(),
        author: None,
        authored: &now,
    };
    let mut count = 0;
    let extracted = filling.extract(setting, &head, &mut || {
        count += 1;
        format!("urn:uuid:{}", hashed(&format!("{id}\n{count}")))
    })?;
    Ok((filling.response(&head), extracted))
}

/// How the visit ended, as its form was answered; none when it does not ask.
fn ended(response: &Value) -> Option<&Value> {
    let own = items(response, "answer").filter_map(|answer| answer.get("valueCoding"));
    let mut own = own.filter(|coding| str_at(coding, &["system"]) == Some(ENDED));
    own.next().or_else(|| items(response, "item").find_map(ended))
}

/// `is_diagnosed`: there is a Condition of the visit's own id.
fn seen(visit: &Visit<'_>, (id, now): (&str, &str), response: &Value, is_diagnosed: bool) -> Value {
    let mut tree = json!({
        "resourceType": "Encounter",
        "id": id,
        "status": "finished",
        "class": {"system": ACT, "code": "AMB", "display": "ambulatory"},
        "subject": {"reference": format!("Patient/{}", visit.patient).as_str()},
        "period": {"start": now, "end": now}
    });
    if !visit.reason.is_empty() {
        put(&mut tree, "reasonCode", json!([{"text": visit.reason}]));
    }
    if is_diagnosed {
        let condition = json!({"reference": format!("Condition/{id}").as_str()});
        put(&mut tree, "diagnosis", json!([{"condition": condition}]));
    }
    if let Some(facility) = visit.facility {
        put(&mut tree, "serviceProvider", json!({"reference": format!("Organization/{facility}").as_str()}));
    }
    if let Some(examiner) = visit.examiner {
        put(&mut tree, "participant", json!([{"individual": {"display": examiner}}]));
    }
    if let Some(coding) = ended(response) {
        let mut concept = json!({"coding": [coding.clone()]});
        if let Some(words) = str_at(coding, &["display"]) {
            put(&mut concept, "text", json!(words));
        }
        put(&mut tree, "hospitalization", json!({"dischargeDisposition": concept}));
    }
    tree
}

fn diagnosed(visit: &Visit<'_>, diagnosis: &Value, id: &str, now: &str) -> Value {
    json!({
        "resourceType": "Condition",
        "id": id,
        "clinicalStatus": {"coding": [{"system": CLINICAL, "code": "active"}]},
        "verificationStatus": {"coding": [{"system": VERIFICATION, "code": "confirmed"}]},
        "category": [{"coding": [{"system": CATEGORY, "code": "encounter-diagnosis"}]}],
        "code": diagnosis,
        "subject": {"reference": format!("Patient/{}", visit.patient).as_str()},
        "encounter": {"reference": format!("Encounter/{id}").as_str()},
        "recordedDate": now
    })
}

/// Takes back a visit that was written by mistake: everything it wrote stays in the history as entered in error, with the prescriptions
/// that were written at it, and the appointments it fulfilled are open again. Refuses with `not-found` what is no such visit of this
/// person, with `forbidden` (`visit-place`) one of another facility than the caller's, with `unprocessable` (`visit-handed-out`) when a
/// prescription of it was handed out.
pub async fn take_back(
    records: &Records,
    ctx: &Ctx,
    facility: Option<&str>,
    patient: &str,
    id: &str,
) -> Result<(), Outcome> {
    let encounter = records.read(ctx, "Encounter", id).await?.tree();
    let kin = records.store().kin_of(patient).await?;
    let subject = str_at(&encounter, &["subject", "reference"]).and_then(|one| one.strip_prefix("Patient/"));
    let is_theirs = subject.is_some_and(|subject| kin.iter().any(|one| one == subject));
    if !is_theirs || !id.starts_with("lk-") {
        return Err(Outcome::new(
            Kind::NotFound,
            "visit",
            "Không thấy lần khám này.",
            "no visit of this person",
        ));
    }
    refuse_elsewhere(&encounter, facility)?;
    let mut changes = vec![mistaken("Encounter", id), mistaken("QuestionnaireResponse", id)];
    let query = format!("encounter=Encounter/{id}&_count={RECORDS_MAX}");
    let found = records.search(ctx, &Query::parse_string("Condition", &query)?, None).await?;
    changes.extend(found.matches.iter().map(|one| unsaid("Condition", &one.id)));
    let query = format!("encounter=Encounter/{id}&_count={RECORDS_MAX}");
    let found = records.search(ctx, &Query::parse_string("Observation", &query)?, None).await?;
    changes.extend(found.matches.iter().map(|one| mistaken("Observation", &one.id)));
    let done = crate::procedure::at(records, ctx, &[id]).await?;
    changes.extend(done.iter().filter_map(|one| str_at(one, &["id"])).map(|id| mistaken("Procedure", id)));
    let query = format!("patient={}&_count={RECORDS_MAX}", kin.join(","));
    let found = records.search(ctx, &Query::parse_string("Appointment", &query)?, None).await?;
    let at = str_at(&encounter, &["period", "start"]).unwrap_or_default();
    for one in &found.matches {
        let tree = one.tree();
        if one.id == id || one.id.starts_with(&format!("{id}-")) {
            // R4's app-3: without an hour it cannot be «entered in error».
            changes.push(cancelled(&one.id, "Ghi nhầm"));
        } else if str_at(&tree, &["status"]) == Some("fulfilled") && str_at(&tree, &["start"]) == Some(at) {
            changes.push(Change::edit("Appointment", &one.id, |version| {
                let mut tree = version.tree();
                put(&mut tree, "status", json!("proposed"));
                take(&mut tree, &["start", "end"]);
                Resource::from_value(tree)
            }));
        }
    }
    changes.extend(crate::advise::withdrawn(records, ctx, &format!("Encounter/{id}")).await?);
    changes.extend(crate::prescribe::plan::of_visit(records, ctx, patient, id).await?);
    records.transact(ctx, changes).await.map(|_| ())
}

pub(crate) fn cancelled(appointment: &str, reason: &'static str) -> Change {
    Change::edit("Appointment", appointment, move |version| {
        let mut tree = version.tree();
        put(&mut tree, "status", json!("cancelled"));
        put(&mut tree, "cancelationReason", json!({"text": reason}));
        Resource::from_value(tree)
    })
}

/// Refuses with `forbidden` to whoever is of one facility what was written at a visit of another.
pub(crate) fn refuse_elsewhere(visit: &Value, facility: Option<&str>) -> Result<(), Outcome> {
    let at =
        str_at(visit, &["serviceProvider", "reference"]).and_then(|one| one.strip_prefix("Organization/"));
    if at.is_none() || facility.is_none() || at == facility {
        return Ok(());
    }
    let text = "Lần khám này ở cơ sở khác; chỉ cơ sở đó ghi thêm và rút được.";
    Err(Outcome::new(Kind::Forbidden, "visit-place", text, "another facility's visit"))
}

pub(crate) fn mistaken(kind: &str, id: &str) -> Change {
    Change::edit(kind, id, |version| {
        let mut tree = version.tree();
        put(&mut tree, "status", json!(MISTAKEN));
        Resource::from_value(tree)
    })
}

/// A diagnosis entered in error has no clinical status (con-5).
pub(crate) fn unsaid(kind: &str, id: &str) -> Change {
    Change::edit(kind, id, |version| {
        let mut tree = version.tree();
        put(&mut tree, "verificationStatus", json!({"coding": [{"system": VERIFICATION, "code": MISTAKEN}]}));
        take(&mut tree, &["clinicalStatus"]);
        Resource::from_value(tree)
    })
}

pub(crate) fn put(tree: &mut Value, key: &str, value: Value) {
    if let Some(object) = tree.as_object_mut() {
        object.insert(key, value);
    }
}

pub(crate) fn take(tree: &mut Value, keys: &[&str]) {
    if let Some(object) = tree.as_object_mut() {
        keys.iter().for_each(|key| drop(object.remove(key)));
    }
}

#[cfg(test)]
#[path = "visit_tests.rs"]
mod tests;
