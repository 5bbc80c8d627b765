//! MedicationRequest and MedicationDispense: a row of XML2 is a drug ordered and given.
//! <https://hl7.org/fhir/R4/medicationrequest.html>

use super::build::{Tree, coding, concept, plain_quantity, reference, system};
use super::{Scene, row_keys};
use crate::table::Row;
use crate::value::Moment;
use yba_fhir::json::{Value, json};

/// What names a row: drug, name, order time, dose. Quantity and price may be corrected without a new identity.
pub(crate) const KEY: &[&str] = &["MA_THUOC", "TEN_THUOC", "NGAY_YL", "LIEU_DUNG"];

pub(crate) fn map(scene: &Scene<'_, '_>, own: &mut Vec<Value>) {
    let rows = scene.visit.rows("XML2");
    for (row, key) in rows.iter().zip(row_keys(rows, KEY)) {
        if row.text("MA_THUOC").is_none() && row.text("TEN_THUOC").is_none() {
            continue;
        }
        let request_id = scene.id("medication-request", &key);
        own.push(request(scene, row, &request_id));
        if row.decimal("SO_LUONG").is_some_and(|count| !count.is_zero()) {
            own.push(dispense(scene, row, &scene.id("medication-dispense", &key), &request_id));
        }
    }
}

/// The drug: code of the active ingredient, and the name with strength as people read it.
fn drug(row: &Row<'_>) -> Value {
    let (code, name) = (row.text("MA_THUOC"), row.text("TEN_THUOC"));
    let strength = row.text("HAM_LUONG").filter(|strength| !name.is_some_and(|name| name.contains(strength)));
    let words: Vec<&str> = name.into_iter().chain(strength).collect();
    let text = words.join(" ");
    let codings = code.map(|code| coding(&system("bhyt-thuoc"), code, name)).into_iter().collect();
    concept(codings, Some(text.as_str()).filter(|text| !text.is_empty()))
}

fn request(scene: &Scene<'_, '_>, row: &Row<'_>, id: &str) -> Value {
    let mut request = Tree::resource("MedicationRequest", id, &scene.source("XML2", row.number));
    for (slug, column) in
        [("ham-luong", "HAM_LUONG"), ("dang-bao-che", "DANG_BAO_CHE"), ("so-dang-ky", "SO_DANG_KY")]
    {
        request.extend_text(slug, row.text(column));
    }
    if let Some(code) = row.text("MA_KHOA") {
        request.extend("ma-khoa", "valueCoding", scene.national("ma-khoa", code));
    }
    request.put("status", "completed");
    request.put("intent", "order");
    if let Some(code) = row.text("MA_NHOM") {
        request.put("category", json!([concept(vec![scene.national("ma-nhom", code)], None)]));
    }
    request.put("medicationCodeableConcept", drug(row));
    request.put("subject", scene.subject());
    request.put("encounter", scene.encounter());
    let ordered = row.moment("NGAY_YL").unwrap_or(scene.ended);
    request.put("authoredOn", ordered.date_time().as_str());
    request.put_some("requester", scene.practitioners(row, "MA_BAC_SI").into_iter().next());
    request.put_all("reasonCode", super::service::reasons(scene, row));
    request.put_some("dosageInstruction", dosage(scene, row).map(|dosage| json!([dosage])));
    if let Some(count) = row.decimal("SO_LUONG") {
        request.put("dispenseRequest", json!({"quantity": plain_quantity(count, row.text("DON_VI_TINH"))}));
    }
    request.finish()
}

fn dosage(scene: &Scene<'_, '_>, row: &Row<'_>) -> Option<Value> {
    let mut dosage = Tree::new();
    dosage.put_some("text", row.text("LIEU_DUNG").or(row.text("CACH_DUNG")));
    dosage.put_some("patientInstruction", row.text("CACH_DUNG"));
    if let Some(code) = row.text("DUONG_DUNG") {
        dosage.put("route", concept(vec![scene.national("duong-dung", code)], None));
    }
    (!dosage.is_empty()).then(|| dosage.finish())
}

fn dispense(scene: &Scene<'_, '_>, row: &Row<'_>, id: &str, request_id: &str) -> Value {
    let mut dispense = Tree::resource("MedicationDispense", id, &scene.source("XML2", row.number));
    dispense.put("status", "completed");
    dispense.put("medicationCodeableConcept", drug(row));
    dispense.put("subject", scene.subject());
    dispense.put("context", scene.encounter());
    dispense.put("performer", json!([{"actor": scene.facility()}]));
    dispense.put("authorizingPrescription", json!([reference("MedicationRequest", request_id)]));
    dispense.put_some(
        "quantity",
        row.decimal("SO_LUONG").map(|count| plain_quantity(count, row.text("DON_VI_TINH"))),
    );
    let given = row.moment("NGAY_TH_YL").or(row.moment("NGAY_YL")).map(Moment::date_time);
    dispense.put_some("whenHandedOver", given.as_deref());
    dispense.finish()
}
