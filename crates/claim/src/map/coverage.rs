//! Coverage: the insurance cards a patient showed, and paying oneself. Shared by the visits of a patient.
//! <https://hl7.org/fhir/R4/coverage.html>

use super::Scene;
use super::build::{Tree, coding, concept, identifier, reference, sid};
use super::patient::{StatedCard, cards};
use crate::id::id;
use crate::value::Moment;
use yba_fhir::json::{Value, json};

/// The cards of the visit; when there is none, paying oneself, because a Claim must name how it is paid.
pub(crate) fn map(scene: &Scene<'_, '_>) -> Vec<Value> {
    let mut coverages: Vec<Value> = Vec::new();
    let mut known: Vec<String> = Vec::new();
    for card in cards(scene.summary) {
        let number =
            card.card.number.as_deref().or(card.card.person.as_deref()).unwrap_or_default().to_owned();
        if !known.contains(&number) {
            coverages.push(insured(scene, &card, &number));
            known.push(number);
        }
    }
    if coverages.is_empty() {
        coverages.push(self_paid(scene));
    }
    coverages
}

fn head(scene: &Scene<'_, '_>, number: &str) -> Tree {
    let id = id(scene.key, &scene.visit.facility, &["coverage", &scene.patient_id, number]);
    let mut coverage = Tree::resource("Coverage", &id, &scene.source("XML1", scene.summary.number));
    coverage.put("status", "active");
    coverage.put("beneficiary", scene.subject());
    coverage
}

fn insured(scene: &Scene<'_, '_>, card: &StatedCard, number: &str) -> Value {
    let mut coverage = head(scene, number);
    let slug = if card.card.number.is_some() { "bhyt" } else { "bhxh" };
    coverage.add("identifier", identifier(&sid(slug), number).finish());
    let public =
        coding("http://terminology.hl7.org/CodeSystem/v3-ActCode", "PUBLICPOL", Some("Bảo hiểm y tế"));
    coverage.put("type", concept(vec![public], Some("Bảo hiểm y tế")));
    coverage.put_some("subscriberId", card.card.person.as_deref());
    coverage.put("relationship", concept(vec![coding(RELATIONSHIP, "self", None)], None));
    coverage.put_some("period", card.period());
    coverage.put("payor", json!([{"display": "Quỹ bảo hiểm y tế"}]));
    if let Some(full) = card.card.number.as_deref() {
        coverage.add("class", class("plan", &full[..3], "Đối tượng và mức hưởng ghi trên thẻ"));
    }
    if let Some(place) = &card.registered_at {
        coverage.extend("noi-dang-ky-kcb", "valueReference", scene.other_facility(place));
    }
    if let Some(area) = scene.summary.text("MA_KHUVUC") {
        coverage.extend("ma-khuvuc", "valueCode", area);
    }
    if let Some(Moment::Day(day)) = scene.summary.moment("NAM_NAM_LIEN_TUC") {
        coverage.extend("nam-nam-lien-tuc", "valueDate", day.to_string().as_str());
    }
    coverage.finish()
}

const RELATIONSHIP: &str = "http://terminology.hl7.org/CodeSystem/subscriber-relationship";

fn class(kind: &str, value: &str, name: &str) -> Value {
    let code = coding("http://terminology.hl7.org/CodeSystem/coverage-class", kind, None);
    json!({"type": concept(vec![code], None), "value": value, "name": name})
}

fn self_paid(scene: &Scene<'_, '_>) -> Value {
    let mut coverage = head(scene, "");
    let code = coding("http://terminology.hl7.org/CodeSystem/coverage-selfpay", "pay", None);
    coverage.put("type", concept(vec![code], Some("Người bệnh tự trả")));
    coverage.put("payor", json!([reference("Patient", &scene.patient_id)]));
    coverage.finish()
}
