//! ServiceRequest and Procedure: rows of XML3 that are tests, images, operations and procedures. Examinations, beds,
//! transport and materials are money only and stand in the Claim.
//! <https://hl7.org/fhir/R4/servicerequest.html>

use super::build::{Tree, coding, concept, reference, system};
use super::{Scene, row_keys};
use crate::table::Row;
use crate::value::Moment;
use yba_fhir::json::{Value, json};

/// What names a row: service, material, order time.
pub(crate) const KEY: &[&str] = &["MA_DICH_VU", "MA_VAT_TU", "TEN_VAT_TU", "NGAY_YL"];

/// A service that results may answer to.
pub(crate) struct Service {
    pub request_id: String,
    pub code: String,
    pub name: Option<String>,
    /// `MA_NHOM`.
    pub group: String,
    pub result_at: Option<Moment>,
}

pub(crate) fn map(scene: &Scene<'_, '_>, own: &mut Vec<Value>) -> Vec<Service> {
    let rows = scene.visit.rows("XML3");
    let mut services = Vec::new();
    let mut coded: Vec<&str> = Vec::new();
    for (row, key) in rows.iter().zip(row_keys(rows, KEY)) {
        let group = row.peek("MA_NHOM").unwrap_or_default();
        let Some(code) = row.peek("MA_DICH_VU").filter(|_| is_ordered(row)) else { continue };
        let request_id = scene.id("service-request", &key);
        own.push(request(scene, row, code, &request_id));
        if matches!(group, "8" | "9" | "18") {
            own.push(procedure(scene, row, code, &scene.id("procedure", &key), &request_id));
            coded.extend(row.list("MA_PTTT_QT"));
        }
        services.push(Service {
            request_id,
            code: code.to_owned(),
            name: row.peek("TEN_DICH_VU").map(str::to_owned),
            group: group.to_owned(),
            result_at: row.peek("NGAY_KQ").and_then(Moment::parse),
        });
    }
    international(scene, &coded, own);
    services
}

/// Whether a row is a test, an image or an intervention, which have records of their own.
pub(crate) fn is_ordered(row: &Row<'_>) -> bool {
    let group = matches!(row.peek("MA_NHOM"), Some("1" | "2" | "3" | "8" | "9" | "18"));
    group && !is_material(row) && row.peek("MA_DICH_VU").is_some()
}

/// Whether a row of XML3 is a material rather than a service.
pub(crate) fn is_material(row: &Row<'_>) -> bool {
    matches!(row.peek("MA_NHOM"), Some("10" | "11"))
        || (row.peek("MA_VAT_TU").is_some() && row.peek("MA_DICH_VU").is_none())
}

/// The diseases a row is for.
pub(crate) fn reasons(scene: &Scene<'_, '_>, row: &Row<'_>) -> Vec<Value> {
    let codes = row.list("MA_BENH").into_iter().filter(|code| !code.is_empty());
    codes.map(|code| concept(vec![scene.icd10(code)], None)).collect()
}

fn words(row: &Row<'_>, code: &str) -> Value {
    let name = row.text("TEN_DICH_VU");
    concept(vec![coding(&system("bhyt-dvkt"), code, name)], name)
}

fn request(scene: &Scene<'_, '_>, row: &Row<'_>, code: &str, id: &str) -> Value {
    let mut request = Tree::resource("ServiceRequest", id, &scene.source("XML3", row.number));
    if let Some(code) = row.text("MA_KHOA") {
        request.extend("ma-khoa", "valueCoding", scene.national("ma-khoa", code));
    }
    let machines = row.list("MA_MAY").into_iter().filter(|code| !code.is_empty());
    machines.for_each(|code| request.extend("ma-may", "valueCoding", coding(&system("ma-may"), code, None)));
    request.put("status", "completed");
    request.put("intent", "order");
    if let Some(group) = row.text("MA_NHOM") {
        request.put("category", json!([concept(vec![scene.national("ma-nhom", group)], None)]));
    }
    request.put("code", words(row, code));
    request.put("subject", scene.subject());
    request.put("encounter", scene.encounter());
    request.put_some("occurrenceDateTime", row.moment("NGAY_TH_YL").map(Moment::date_time).as_deref());
    request.put_some("authoredOn", row.moment("NGAY_YL").map(Moment::date_time).as_deref());
    request.put_some("requester", scene.practitioners(row, "MA_BAC_SI").into_iter().next());
    request.put_all("reasonCode", reasons(scene, row));
    request.finish()
}

fn procedure(scene: &Scene<'_, '_>, row: &Row<'_>, code: &str, id: &str, request_id: &str) -> Value {
    let mut procedure = Tree::resource("Procedure", id, &scene.source("XML3", row.number));
    procedure.put("basedOn", json!([reference("ServiceRequest", request_id)]));
    // A suffix _TB says that the intervention was broken off. QĐ 4750/QĐ-BYT 2023, bảng 3, MA_DICH_VU.
    procedure.put("status", if code.ends_with("_TB") { "stopped" } else { "completed" });
    if let Some(group) = row.text("MA_NHOM") {
        procedure.put("category", concept(vec![scene.national("ma-nhom", group)], None));
    }
    let name = row.text("TEN_DICH_VU");
    let mut codings = vec![coding(&system("bhyt-dvkt"), code, name)];
    let icd9 = row.list("MA_PTTT_QT").into_iter().filter(|code| !code.is_empty());
    codings.extend(icd9.map(|code| coding(ICD9, code, None)));
    procedure.put("code", concept(codings, name));
    procedure.put("subject", scene.subject());
    procedure.put("encounter", scene.encounter());
    performed(row, &mut procedure);
    let people = scene.practitioners(row, "NGUOI_THUC_HIEN").into_iter();
    procedure.put_all("performer", people.map(|person| json!({"actor": person})).collect());
    procedure.put_all("reasonCode", reasons(scene, row));
    if let Some(site) = row.text("VI_TRI_TH_DVKT") {
        procedure.put("bodySite", json!([concept(Vec::new(), Some(site))]));
    }
    let machines = row.list("MA_MAY").into_iter().filter(|code| !code.is_empty());
    procedure.put_all(
        "usedCode",
        machines.map(|code| concept(vec![coding(&system("ma-may"), code, None)], None)).collect(),
    );
    procedure.finish()
}

/// ICD-9-CM procedures. QĐ 4440/QĐ-BYT 2020.
const ICD9: &str = "http://hl7.org/fhir/sid/icd-9-cm";

fn performed(row: &Row<'_>, procedure: &mut Tree) {
    let (start, end) = (row.moment("NGAY_TH_YL").or(row.moment("NGAY_YL")), row.moment("NGAY_KQ"));
    match (start, end) {
        (Some(start), Some(end)) if !end.certainly_before(start) => {
            let (start, end) = (start.date_time(), end.date_time());
            procedure.put("performedPeriod", json!({"start": start.as_str(), "end": end.as_str()}));
        }
        (Some(start), _) => procedure.put("performedDateTime", start.date_time().as_str()),
        (None, end) => procedure.put_some("performedDateTime", end.map(Moment::date_time).as_deref()),
    }
}

/// Procedures that only XML1 names, by their international code.
fn international(scene: &Scene<'_, '_>, coded: &[&str], own: &mut Vec<Value>) {
    let mut seen: Vec<&str> = coded.to_vec();
    for code in scene.summary.list("MA_PTTT_QT").into_iter().filter(|code| !code.is_empty()) {
        if seen.contains(&code) {
            continue;
        }
        seen.push(code);
        let id = scene.id("procedure-international", code);
        let mut procedure = Tree::resource("Procedure", &id, &scene.source("XML1", scene.summary.number));
        procedure.put("status", "completed");
        procedure.put("code", concept(vec![coding(ICD9, code, None)], None));
        procedure.put("subject", scene.subject());
        procedure.put("encounter", scene.encounter());
        procedure.put("performedDateTime", scene.ended.date().as_str());
        own.push(procedure.finish());
    }
}
