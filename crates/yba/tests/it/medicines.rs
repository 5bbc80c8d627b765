//! Medicines at a commune station in a real browser: two lots come in, a prescription reminds and is written, what expires first goes out,
//! two hands reach for the last box, the shelf is counted, and all of it is taken back.

use crate::browser::play;
use crate::house::Home;
use yba_fhir::json::{JsonValueTrait, Value, json, str_at};

/// Thirty days ago.
fn then() -> String {
    let day = yba_fhir::Day::of_instant(crate::walk::now_ms()).plus_days(-30);
    format!("{day}T08:00:00+07:00")
}

#[test]
fn drugs_come_in_by_lot_are_prescribed_with_one_reminder_and_go_out_once() {
    let home = Home::new();
    let open = home.serve_open();
    for (id, name) in [("cskcb-12090", "Trạm Y tế xã Bản Bo"), ("cskcb-12101", "Trạm Y tế xã Pắc Ta")]
    {
        open.keep(&json!({"resourceType": "Organization", "id": id, "name": name}));
    }
    for (id, name, birth) in [
        ("ba-mai", "Lò Thị Mai", "1961-05-02"),
        ("ong-pao", "Vàng A Páo", "1950"),
        ("be-chu", "Giàng A Chu", "2024-01-09"),
    ] {
        open.keep(&json!({"resourceType": "Patient", "id": id, "gender": if id == "ba-mai" { "female" } else { "male" }, "name": [{"text": name}], "birthDate": birth,
            "address": [{"use": "home", "text": "Bản Nà Khương, xã Bản Bo", "line": ["Bản Nà Khương"]}],
            "managingOrganization": {"reference": "Organization/cskcb-12090"}}));
    }
    open.keep(&json!({"resourceType": "AllergyIntolerance", "id": "di-ung", "patient": {"reference": "Patient/ba-mai"},
        "clinicalStatus": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical", "code": "active"}]},
        "code": {"coding": [{"system": "http://www.whocc.no/atc", "code": "J01C"}], "text": "Penicilin"}}));
    let then = then();
    open.keep(&json!({"resourceType": "MedicationRequest", "id": "dt-12090thang00-C-1", "status": "active", "intent": "order",
        "subject": {"reference": "Patient/ong-pao"}, "authoredOn": then.as_str(), "requester": {"display": "Y sĩ Giàng Thị Mỷ"},
        "groupIdentifier": {"system": "https://yba.vn/fhir/sid/don-thuoc", "value": "12090thang00-C"},
        "medicationCodeableConcept": {"coding": [{"system": "https://yba.vn/fhir/CodeSystem/essential-drugs", "code": "losartan-50"},
            {"system": "http://www.whocc.no/atc", "code": "C09CA01"}], "text": "Losartan 50 mg"},
        "dosageInstruction": [{"text": "Uống mỗi lần 1 viên, ngày 1 lần, buổi sáng", "patientInstruction": "buổi sáng",
            "timing": {"repeat": {"boundsDuration": {"value": 30, "unit": "ngày", "system": "http://unitsofmeasure.org", "code": "d"},
                "frequency": 1, "period": 1, "periodUnit": "d"}},
            "doseAndRate": [{"doseQuantity": {"value": 1, "unit": "viên"}}]}],
        "dispenseRequest": {"quantity": {"value": 30, "unit": "viên"}, "performer": {"reference": "Organization/cskcb-12090"},
            "expectedSupplyDuration": {"value": 30, "unit": "ngày", "system": "http://unitsofmeasure.org", "code": "d"},
            "validityPeriod": {"end": "2026-01-01"}}}));
    open.wait_for_links();
    open.end();
    let mut house = home.serve(&[]);
    let link = house.told("/thiet-lap/");
    let out = play("medicines_story.mjs", &[&house], &[&link]);
    for counted in [
        "two lots come in: ",
        "a prescription from a visit: ",
        "a prescription is handed out: ",
        "the shelf is counted: ",
        "last month's again: ",
        "from the store to the report of the month: ",
    ] {
        assert!(out.contains(counted), "{counted}{out}");
    }
    assert_eq!(house.end().0.code(), Some(0));

    let open = home.serve_open();
    let units = |lot: &Value| {
        let stock = &lot["extension"][0]["extension"][1]["valueQuantity"]["value"];
        (str_at(lot, &["batch", "lotNumber"]).unwrap().to_owned(), stock.as_i64().unwrap())
    };
    let mut lots: Vec<_> = open.found("Medication?_count=50").iter().map(units).collect();
    lots.sort();
    assert_eq!(lots, [("AM1".into(), 18), ("AM2".into(), 100), ("AX1".into(), 21)]);
    let count = |query: &str| open.found(query).len();
    assert_eq!(count("MedicationDispense?status=completed"), 1);
    assert_eq!(count("MedicationDispense?status=entered-in-error"), 5);
    assert_eq!(
        count("MedicationRequest?status=entered-in-error"),
        2,
        "a prescription of two drugs was a mistake"
    );
    assert_eq!(count("DetectedIssue?status=entered-in-error"), 1, "with its reason");
    assert_eq!(open.end().0.code(), Some(0));
    home.run(&["audit", "verify"]).expect(0);
}
