//! Who may look, in a real browser: a doctor finds and reads, a stranger is refused, an emergency, a refusal by the person and
//! its withdrawal. Accounts are granted for facilities; actions are counted by the story.

use crate::browser::play;
use crate::house::{Home, House};
use yba_fhir::json::json;

/// Facilities: the hospital where the person was, the station of their commune, a hospital that never saw them.
const FACILITIES: [(&str, &str); 3] = [
    ("cskcb-12001", "Bệnh viện đa khoa tỉnh Lai Châu"),
    ("cskcb-12090", "Trạm Y tế xã Bản Bo"),
    ("cskcb-12003", "Trung tâm Y tế huyện Than Uyên"),
];

/// An invented person with two visits, an illness, an allergy, a drug and two results.
fn person(house: &House) {
    for (id, name) in FACILITIES {
        house.keep(&json!({"resourceType": "Organization", "id": id, "name": name}));
    }
    let patient = json!({"reference": "Patient/p"});
    let sid = |slug: &str, value: &str| json!({"system": format!("https://yba.vn/fhir/sid/{slug}"), "value": value});
    house.keep(
        &json!({"resourceType": "Patient", "id": "p", "name": [{"text": "Lò Thị Mẫu"}], "gender": "female",
        "birthDate": "1968-03-14", "identifier": [sid("cccd", "012168004821"), sid("mrn/12001", "2600017")],
        "managingOrganization": {"reference": "Organization/cskcb-12001"},
        "address": [{"text": "Bản Nà Khương, xã Bản Bo, tỉnh Lai Châu"}]}),
    );
    for (id, facility, date) in [("e1", "cskcb-12001", "2026-10-12"), ("e2", "cskcb-12090", "2026-06-03")] {
        house.keep(
            &json!({"resourceType": "Encounter", "id": id, "status": "finished", "class": {"code": "AMB"},
            "subject": patient, "serviceProvider": {"reference": format!("Organization/{facility}")},
            "period": {"start": format!("{date}T08:00:00+07:00")}}),
        );
    }
    let icd = json!([{"system": "http://hl7.org/fhir/sid/icd-10", "code": "E11.9", "display": "Bệnh đái tháo đường típ 2"}]);
    let clinical = |list: &str| json!({"coding": [{"system": format!("http://terminology.hl7.org/CodeSystem/{list}"), "code": "active"}]});
    house.keep(&json!({"resourceType": "Condition", "id": "c1", "clinicalStatus": clinical("condition-clinical"),
        "code": {"coding": icd}, "subject": patient, "encounter": {"reference": "Encounter/e1"}, "recordedDate": "2026-10-12"}),
    );
    house.keep(&json!({"resourceType": "AllergyIntolerance", "id": "a1", "clinicalStatus": clinical("allergyintolerance-clinical"),
        "code": {"text": "Penicillin"}, "patient": patient, "recordedDate": "2019-05-02"}),
    );
    house.keep(&json!({"resourceType": "MedicationRequest", "id": "m1", "status": "active", "intent": "order", "subject": patient,
        "encounter": {"reference": "Encounter/e1"}, "authoredOn": "2026-10-12", "medicationCodeableConcept": {"text": "Metformin 1000 mg"},
        "dosageInstruction": [{"text": "Sáng 1 viên, chiều 1 viên, sau ăn"}]}),
    );
    for (id, date, value) in [("o1", "2026-10-12", 8.1), ("o2", "2026-06-03", 7.4)] {
        house.keep(&json!({"resourceType": "Observation", "id": id, "status": "final", "subject": patient,
            "code": {"coding": [{"system": "http://loinc.org", "code": "4548-4", "display": "HbA1c"}], "text": "HbA1c"},
            "effectiveDateTime": date, "valueQuantity": {"value": value, "unit": "%"}}),
        );
    }
}

#[test]
fn who_may_look_is_decided_by_ties_emergencies_and_the_person() {
    let home = Home::new();
    let open = home.serve_open();
    person(&open);
    open.wait_for_links();
    open.end();
    let mut house = home.serve(&[]);
    let link = house.told("/thiet-lap/");
    let out = play("access_story.mjs", &[&house], &[&link]);
    for counted in [
        "finds a person and reads",
        "is refused",
        "in an emergency",
        "writes down a refusal",
        "takes the refusal back",
    ] {
        assert!(out.contains(counted), "{counted} is counted: {out}");
    }
    assert_eq!(house.end().0.code(), Some(0));
    home.run(&["audit", "verify"]).expect(0);
}
