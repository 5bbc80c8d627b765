//! Programmes of chronic care: who is in one and when they are expected, and how somebody joins and leaves. What a visit writes is
//! in [`crate::visit`].

use yba_content::Programme;
use yba_fhir::json::{Value, json, str_at};
use yba_fhir::{Kind, Outcome, Resource, date};
use yba_recall::chronic::{self, ICD10};
use yba_records::{Change, Ctx, Query, Records, Version};

use crate::visit::{RECORDS_MAX, cancelled, hashed, put};

pub(crate) const CLINICAL: &str = "http://terminology.hl7.org/CodeSystem/condition-clinical";
pub(crate) const VERIFICATION: &str = "http://terminology.hl7.org/CodeSystem/condition-ver-status";
pub(crate) const CATEGORY: &str = "http://terminology.hl7.org/CodeSystem/condition-category";

/// The Conditions of a person, whoever's file they are in, that are a programme's; the one written last comes first, and
/// [`chronic::holds`] says of it whether they are in the programme.
pub async fn diagnoses(
    records: &Records,
    ctx: &Ctx,
    patient: &str,
    programme: &Programme,
) -> Result<Vec<Value>, Outcome> {
    let kin = records.store().kin_of(patient).await?.join(",");
    let query = format!("patient={kin}&_sort=-_lastUpdated&_count={RECORDS_MAX}");
    let found = records.search(ctx, &Query::parse_string("Condition", &query)?, None).await?;
    let mut versions: Vec<&Version> = found.matches.iter().collect();
    versions.sort_by_key(|version| std::cmp::Reverse(version.hlc));
    let trees = versions.into_iter().map(Version::tree);
    Ok(trees.filter(|tree| chronic::says(tree, programme)).collect())
}

/// The Appointments of a programme that are still to come, of a person in all their files.
pub async fn expected(
    records: &Records,
    ctx: &Ctx,
    patient: &str,
    programme: &Programme,
) -> Result<Vec<Value>, Outcome> {
    let kin = records.store().kin_of(patient).await?.join(",");
    let query = format!("patient={kin}&status={}&_count={RECORDS_MAX}", chronic::OPEN.join(","));
    let found = records.search(ctx, &Query::parse_string("Appointment", &query)?, None).await?;
    let is_of = |tree: &Value| chronic::expected(tree).is_some_and(|(slug, _)| slug == programme.slug);
    Ok(found.matches.iter().map(Version::tree).filter(is_of).collect())
}

/// The Condition that takes somebody into a programme. `code` is an ICD-10 code of the programme with its words. Refuses with
/// `unprocessable` a code that is not the programme's.
pub fn join(
    patient: &str,
    programme: &Programme,
    (code, words): (&str, &str),
    form: &str,
    now_ms: i64,
) -> Result<Change, Outcome> {
    if !programme.has(code) {
        let text = "Hãy chọn một chẩn đoán của chương trình này.";
        return Err(
            Outcome::new(Kind::Unprocessable, "programme-code", text, "not of the programme").at("ma")
        );
    }
    let concept = json!({"coding": [{"system": ICD10, "code": code}], "text": words});
    let id = hashed(&format!("{form}\n{patient}\njoin"));
    Ok(Change::create(Resource::from_value(listed(&id, patient, &concept, "active", now_ms))?))
}

/// Ends that somebody is in a programme. The last word counts, so it is one more Condition, inactive, with the reason; nobody
/// else's record is touched. `has_moved` says that they live elsewhere now. Appointments are cancelled. Refuses with `unprocessable` without a reason.
pub fn leave(
    patient: &str,
    diagnosis: &Value,
    expected: &[Value],
    (reason, has_moved): (&str, bool),
    form: &str,
    now_ms: i64,
) -> Result<Vec<Change>, Outcome> {
    const REASON_MAX: usize = 500;
    let reason = reason.trim();
    if reason.is_empty() || reason.chars().count() > REASON_MAX {
        let text = "Ghi lý do thôi quản lý, ví dụ «chuyển đi tỉnh khác» hoặc «chẩn đoán lại».";
        return Err(Outcome::new(Kind::Unprocessable, "reason", text, "no reason").at("ly-do"));
    }
    let id = hashed(&format!("{form}\n{patient}\nleave"));
    let mut tree = listed(&id, patient, diagnosis, "inactive", now_ms);
    put(&mut tree, "note", json!([{"text": format!("Thôi quản lý: {reason}").as_str()}]));
    let why = if has_moved { chronic::MOVED } else { "other" };
    put(&mut tree, "extension", json!([{"url": chronic::LEFT, "valueCode": why}]));
    let mut changes = vec![Change::create(Resource::from_value(tree)?)];
    for id in expected.iter().filter_map(|tree| str_at(tree, &["id"])) {
        changes.push(cancelled(id, "Thôi quản lý"));
    }
    Ok(changes)
}

/// A Condition of the problem list.
fn listed(id: &str, patient: &str, concept: &Value, status: &str, now_ms: i64) -> Value {
    json!({
        "resourceType": "Condition",
        "id": id,
        "clinicalStatus": {"coding": [{"system": CLINICAL, "code": status}]},
        "verificationStatus": {"coding": [{"system": VERIFICATION, "code": "confirmed"}]},
        "category": [{"coding": [{"system": CATEGORY, "code": "problem-list-item"}]}],
        "code": concept,
        "subject": {"reference": format!("Patient/{patient}").as_str()},
        "recordedDate": date::instant(now_ms).as_str()
    })
}

#[cfg(test)]
#[path = "follow_up_tests.rs"]
mod tests;
