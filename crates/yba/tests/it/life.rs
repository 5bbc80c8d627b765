//! A birth and a death at a commune station in a real browser: each typed once, and the vaccination list, the lists of chronic care, the
//! registers and the reports of the month follow by themselves.

use crate::browser::play;
use crate::house::{Home, House};
use yba_fhir::Day;
use yba_fhir::json::{JsonValueTrait, items, json, str_at};

/// A woman, an old man with high blood pressure who is expected, and somebody else.
fn village(house: &House) {
    for (id, name) in [("cskcb-12090", "Trạm Y tế xã Bản Bo"), ("cskcb-12101", "Trạm Y tế xã Pắc Ta")]
    {
        house.keep(&json!({"resourceType": "Organization", "id": id, "name": name}));
    }
    for (id, name, sex, birth) in [
        ("me-un", "Lò Thị Un", "female", "1999-05-09"),
        ("ong-gia", "Vàng A Già", "male", "1948"),
        ("anh-thu", "Tẩn A Thử", "male", "1985-02-11"),
    ] {
        house.keep(&json!({"resourceType": "Patient", "id": id, "gender": sex, "name": [{"text": name}], "birthDate": birth,
                "telecom": [{"system": "phone", "value": "0912345601"}],
                "address": [{"use": "home", "text": "Bản Nà Khương, xã Bản Bo", "line": ["Bản Nà Khương"]}],
                "managingOrganization": {"reference": "Organization/cskcb-12090"}}),
        );
    }
    let icd = |code: &str, text: &str| json!({"coding": [{"system": "http://hl7.org/fhir/sid/icd-10", "code": code}], "text": text});
    house.keep(&json!({"resourceType": "Condition", "id": "tha", "subject": {"reference": "Patient/ong-gia"}, "recordedDate": "2026-01-05",
            "clinicalStatus": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/condition-clinical", "code": "active"}]},
            "code": icd("I10", "Tăng huyết áp")}),
    );
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    let next = Day::of_instant(now.as_millis() as i64).plus_days(3).to_string();
    house.keep(&json!({"resourceType": "Appointment", "id": "hen", "status": "proposed",
            "serviceType": [{"coding": [{"system": "https://yba.vn/fhir/CodeSystem/programme", "code": "hypertension"}]}],
            "requestedPeriod": [{"start": next.as_str(), "end": next.as_str()}],
            "participant": [{"actor": {"reference": "Patient/ong-gia"}, "status": "accepted"}]}),
    );
}

#[test]
fn a_birth_and_a_death_are_typed_once_and_everything_else_follows() {
    let home = Home::new();
    let open = home.serve_open();
    village(&open);
    open.wait_for_links();
    open.end();
    let mut house = home.serve(&[]);
    let link = house.told("/thiet-lap/");
    let out = play("life_story.mjs", &[&house], &[&link]);
    for counted in ["the nurse writes down a birth: ", "the nurse writes down a death: "] {
        assert!(out.contains(counted), "{counted} is counted: {out}");
    }
    assert!(out.contains("keys typed for registers and reports: 0"), "{out}");
    assert_eq!(house.end().0.code(), Some(0));

    let open = home.serve_open();
    // Two children of one mother, the second of whom was written by mistake; sent twice, each is there once.
    let lines = |status: &str| open.found(&format!("Observation?code=57075-4&status={status}&_count=20"));
    assert_eq!((lines("final").len(), lines("entered-in-error").len()), (1, 1));
    let child = items(&lines("final")[0], "focus")
        .next()
        .and_then(|one| str_at(one, &["reference"]))
        .unwrap()
        .to_owned();
    let file = open.get(&format!("/fhir/{child}")).json();
    assert_eq!(str_at(&file, &["gender"]), Some("female"));
    assert!(file.get("active").is_none(), "in use");
    let files = open.found("Patient?birthdate=ge2026-01-01&_count=20");
    assert_eq!(files.iter().filter(|one| one["active"].as_bool() == Some(false)).count(), 1);
    // The old man lives again, and is expected as before; the other one is dead.
    assert!(open.get("/fhir/Patient/ong-gia").json().get("deceasedDateTime").is_none());
    assert_eq!(str_at(&open.get("/fhir/Appointment/hen").json(), &["status"]), Some("proposed"));
    assert!(open.get("/fhir/Patient/anh-thu").json().get("deceasedDateTime").is_some());
    let causes = open.found("Observation?code=69453-9&status=final");
    assert_eq!(causes.len(), 1);
    assert_eq!(str_at(&causes[0]["meta"]["security"][0], &["code"]), Some("HIV"));
    assert_eq!(open.end().0.code(), Some(0));
    home.run(&["audit", "verify"]).expect(0);
}
