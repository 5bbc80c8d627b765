//! Encounter: the visit itself. <https://hl7.org/fhir/R4/encounter.html>

use super::Scene;
use super::build::{Tree, coding, concept, extension, identifier, plain_quantity, reference, sid};
use super::condition::Diagnosis;
use super::patient;
use crate::value::Moment;
use yba_fhir::json::{Value, json};

pub(crate) fn map(scene: &Scene<'_, '_>, diagnoses: &[Diagnosis], own: &mut Vec<Value>) {
    let row = scene.summary;
    let mut encounter = Tree::resource("Encounter", &scene.encounter_id, &scene.source("XML1", row.number));
    extensions(scene, &mut encounter);
    encounter.put_all("identifier", identifiers(scene));
    encounter.put("status", "finished");
    encounter.put("class", class(scene));
    if let Some(code) = scene.listed(row, "MA_LOAI_KCB") {
        encounter.put("type", json!([concept(vec![code], None)]));
    }
    if let Some(code) = row.list("MA_KHOA").first().filter(|code| !code.is_empty()) {
        encounter.put("serviceType", concept(vec![scene.national("ma-khoa", code)], None));
    }
    encounter.put("subject", scene.subject());
    encounter.put_all("participant", examiners(scene));
    let mut period = Tree::new();
    period.put_some("start", row.moment("NGAY_VAO").map(Moment::date_time).as_deref());
    period.put("end", scene.ended.date_time().as_str());
    encounter.put("period", period.finish());
    if let Some(days) = row.decimal("SO_NGAY_DTRI").filter(|days| !days.is_zero()) {
        encounter.put("length", super::build::quantity(super::build::number(days), "ngày", "d").finish());
    }
    let reasons = ["LY_DO_VV", "LY_DO_VNT"].iter().filter_map(|column| row.text(column));
    encounter.put_all("reasonCode", reasons.map(|text| concept(Vec::new(), Some(text))).collect());
    encounter.put_all("diagnosis", diagnoses.iter().enumerate().map(diagnosis).collect());
    encounter.put_some("hospitalization", hospitalization(scene));
    encounter.put_all("location", beds(scene));
    if row.peek("MA_CSKCB") == Some(&scene.visit.facility) {
        row.text("MA_CSKCB");
    }
    encounter.put("serviceProvider", scene.facility());
    own.push(encounter.finish());
}

fn identifiers(scene: &Scene<'_, '_>) -> Vec<Value> {
    let facility = &scene.visit.facility;
    let mut found = vec![identifier(&sid(&format!("visit/{facility}")), &scene.visit.key).finish()];
    if let Some(number) = scene.summary.text("MA_HSBA") {
        found.push(identifier(&sid(&format!("ho-so-benh-an/{facility}")), number).finish());
    }
    if let Some(number) = scene.visit.rows("XML7").first().and_then(|row| row.text("SO_LUU_TRU")) {
        found.push(identifier(&sid(&format!("luu-tru/{facility}")), number).finish());
    }
    found
}

/// The class of an act, from MA_LOAI_KCB (QĐ 1804/QĐ-BYT 2026; one digit in QĐ 4210).
/// <http://terminology.hl7.org/ValueSet/v3-ActEncounterCode>
fn class(scene: &Scene<'_, '_>) -> Value {
    let emergency = scene.summary.text("MA_DOITUONG_KCB") == Some("2");
    let (code, words) = match scene.summary.text("MA_LOAI_KCB").unwrap_or_default() {
        "03" | "3" => ("IMP", "Nội trú"),
        "04" | "09" => ("SS", "Lưu ngắn"),
        "06" | "4" => ("OBSENC", "Lưu theo dõi"),
        "11" => ("FLD", "Lưu động"),
        "12" => ("HH", "Tại nhà"),
        "14" => ("VR", "Từ xa"),
        _ if emergency => ("EMER", "Cấp cứu"),
        _ => ("AMB", "Ngoại trú"),
    };
    coding("http://terminology.hl7.org/CodeSystem/v3-ActCode", code, Some(words))
}

fn diagnosis((at, diagnosis): (usize, &Diagnosis)) -> Value {
    let (code, words) = if diagnosis.main { ("DD", "Bệnh chính") } else { ("CM", "Bệnh kèm theo") };
    let role = coding("http://terminology.hl7.org/CodeSystem/diagnosis-role", code, Some(words));
    json!({
        "condition": reference("Condition", &diagnosis.id),
        "use": concept(vec![role], None),
        "rank": at as u64 + 1
    })
}

/// Who examined: the performers of examination lines (MA_NHOM 13), else who ordered them.
fn examiners(scene: &Scene<'_, '_>) -> Vec<Value> {
    let mut known: Vec<Value> = Vec::new();
    for row in scene.visit.rows("XML3").iter().filter(|row| row.peek("MA_NHOM") == Some("13")) {
        let performers = scene.practitioners(row, "NGUOI_THUC_HIEN");
        let people = if performers.is_empty() { scene.practitioners(row, "MA_BAC_SI") } else { performers };
        for person in people {
            if !known.contains(&person) {
                known.push(person);
            }
        }
    }
    known.into_iter().map(|person| json!({"individual": person})).collect()
}

fn hospitalization(scene: &Scene<'_, '_>) -> Option<Value> {
    let row = scene.summary;
    let mut stay = Tree::new();
    stay.put_some("origin", row.text("MA_NOI_DI").map(|code| scene.other_facility(code)));
    stay.put_some("destination", row.text("MA_NOI_DEN").map(|code| scene.other_facility(code)));
    if let Some(code) = row.text("MA_LOAI_RV") {
        stay.put("dischargeDisposition", concept(vec![scene.national("ma-loai-rv", code)], None));
    }
    (!stay.is_empty()).then(|| stay.finish())
}

/// Beds of the lines for bed days. There is no Location for a bed, so its name stands in the reference.
fn beds(scene: &Scene<'_, '_>) -> Vec<Value> {
    let physical = "http://terminology.hl7.org/CodeSystem/location-physical-type";
    let mut known: Vec<&str> = Vec::new();
    let mut found = Vec::new();
    for row in scene.visit.rows("XML3") {
        for bed in row.list("MA_GIUONG").into_iter().filter(|bed| !bed.is_empty()) {
            if !known.contains(&bed) {
                known.push(bed);
                let kind = concept(vec![coding(physical, "bd", Some("Giường"))], None);
                found.push(
                    json!({"location": {"display": format!("Giường {bed}").as_str()}, "physicalType": kind}),
                );
            }
        }
    }
    found
}

fn extensions(scene: &Scene<'_, '_>, encounter: &mut Tree) {
    let row = scene.summary;
    if let Some(code) = row.text("KET_QUA_DTRI") {
        encounter.extend("ket-qua-dtri", "valueCoding", scene.national("ket-qua-dtri", code));
    }
    if let Some(code) = scene.listed(row, "MA_DOITUONG_KCB") {
        encounter.extend("ma-doi-tuong-kcb", "valueCoding", code);
    }
    for code in row.list("MA_KHOA").into_iter().skip(1).filter(|code| !code.is_empty()) {
        encounter.extend("khoa-dieu-tri", "valueCoding", scene.national("ma-khoa", code));
    }
    if let Some(code) = scene.visit.rows("XML7").first().and_then(|row| row.text("MA_KHOA_RV")) {
        encounter.extend("khoa-ra-vien", "valueCoding", scene.national("ma-khoa", code));
    }
    encounter.extend_text("chan-doan-vao", row.text("CHAN_DOAN_VAO"));
    encounter.extend_text("pp-dieu-tri", row.text("PP_DIEU_TRI"));
    encounter.extend_text("loi-dan", row.text("GHI_CHU"));
    if let Some(at) = row.moment("NGAY_VAO_NOI_TRU") {
        encounter.extend("ngay-vao-noi-tru", "valueDateTime", at.date_time().as_str());
    }
    for day in row.list("NGAY_TAI_KHAM").into_iter().filter_map(Moment::parse) {
        encounter.extend("ngay-tai-kham", "valueDate", day.date().as_str());
    }
    if let Some(number) = row.text("MA_TTDV") {
        encounter.extend("nguoi-dung-dau", "valueIdentifier", identifier(&sid("bhxh"), number).finish());
    }
    // The numbers as this visit states them: when a correction drops one, it can be seen whether another visit
    // still states it.
    for number in patient::stated(scene) {
        encounter.add("extension", extension("stated-identifier", "valueIdentifier", number));
    }
    for weight in row.list("CAN_NANG_CON").into_iter().filter_map(crate::value::Decimal::parse) {
        encounter.extend("can-nang-con", "valueQuantity", plain_quantity(weight, Some("g")));
    }
}
