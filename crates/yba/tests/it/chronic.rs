//! A clinic for high blood pressure at a commune station in a real browser: who should come, the visit and its number of actions,
//! and what came of it in the record and in the month's report.

use crate::browser::play;
use crate::house::{Home, House};
use yba_fhir::Day;
use yba_fhir::json::{Value, json, str_at};

const PEOPLE: usize = 24;
const STATIONS: [(&str, &str); 2] =
    [("cskcb-12090", "Trạm Y tế xã Bản Bo"), ("cskcb-12101", "Trạm Y tế xã Pắc Ta")];
const FAMILIES: [&str; 6] = ["Lò Thị", "Vàng A", "Giàng Thị", "Tẩn Mý", "Lý A", "Sùng Thị"];
const GIVEN: [&str; 4] = ["Mai", "Páo", "Sính", "Chu"];
const VILLAGES: [&str; 3] = ["Bản Nà Khương", "Bản Cốc Phung", "Bản Hợp Nhất"];

/// People with high blood pressure: a third should have come before, a third come today, a third later. The last has none.
fn village(house: &House) {
    for (id, name) in STATIONS {
        house.keep(&json!({"resourceType": "Organization", "id": id, "name": name}));
    }
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    let today = Day::of_instant(now.as_millis() as i64);
    for at in 0..=PEOPLE {
        let (id, village) = (format!("nguoi-{at}"), VILLAGES[at % 3]);
        // Most old people know their year only.
        let birth =
            if at % 3 == 0 { format!("{}-05-1{}", 1945 + at, at % 10) } else { format!("{}", 1945 + at) };
        let name = match at {
            PEOPLE => "Phàn Lở Mẩy".to_owned(),
            0 => "Hồ Sín Chứ Phùng Lò Mé Xá Pờ Sào Mỉn Thị Nguyễn Đặng Ngọc Ẩn Hương".to_owned(),
            _ => format!("{} {}", FAMILIES[at / 4], GIVEN[at % 4]),
        };
        let patient = format!("Patient/{id}");
        house.keep(&json!({"resourceType": "Patient", "id": id.as_str(), "gender": if at % 2 == 0 { "female" } else { "male" },
                "name": [{"text": name.as_str()}], "birthDate": birth.as_str(),
                "telecom": [{"system": "phone", "value": format!("09123456{at:02}").as_str()}],
                "address": [{"use": "home", "text": format!("{village}, xã Bản Bo").as_str(), "line": [village]}],
                "managingOrganization": {"reference": "Organization/cskcb-12090"}}),
        );
        if at == PEOPLE {
            continue;
        }
        house.keep(&json!({"resourceType": "Condition", "id": format!("tha-{at}").as_str(), "subject": {"reference": patient.as_str()},
                "clinicalStatus": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/condition-clinical", "code": "active"}]},
                "code": {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10", "code": "I10"}], "text": "Bệnh lý tăng huyết áp"},
                "recordedDate": today.plus_days(-200).to_string().as_str()}),
        );
        let day = match at / 8 {
            0 => today.plus_days(-10 - at as i64),
            1 => today,
            _ => today.plus_days(20),
        };
        house.keep(&json!({"resourceType": "Appointment", "id": format!("hen-{at}").as_str(), "status": "proposed",
                "serviceType": [{"coding": [{"system": "https://yba.vn/fhir/CodeSystem/programme", "code": "hypertension"}]}],
                "requestedPeriod": [{"start": day.to_string().as_str()}],
                "participant": [{"status": "accepted", "actor": {"reference": patient.as_str()}}]}),
        );
        house.keep(&json!({"resourceType": "Observation", "id": format!("can-{at}").as_str(), "status": "final",
                "code": {"coding": [{"system": "http://loinc.org", "code": "29463-7"}], "text": "Cân nặng"},
                "subject": {"reference": patient.as_str()}, "effectiveDateTime": today.plus_days(-40).to_string().as_str(),
                "valueQuantity": {"value": 50 + at as u64, "unit": "kg", "system": "http://unitsofmeasure.org", "code": "kg"}}),
        );
    }
}

#[test]
fn a_blood_pressure_clinic_is_done_with_few_actions_and_the_month_counts_it() {
    let home = Home::new();
    let open = home.serve_open();
    village(&open);
    open.wait_for_links();
    open.end();
    let mut house = home.serve(&[]);
    let link = house.told("/thiet-lap/");
    let out = play("chronic_story.mjs", &[&house], &[&link]);
    assert!(out.contains("a repeat visit for blood pressure: "), "{out}");
    assert_eq!(house.end().0.code(), Some(0));

    let open = home.serve_open();
    // Ten visits were written down, one of which was taken back.
    let visits = open.found("Encounter?_count=100");
    let status = |tree: &Value| str_at(tree, &["status"]).unwrap().to_owned();
    let of = |all: &[Value], wanted: &str| all.iter().filter(|one| status(one) == wanted).count();
    assert_eq!([of(&visits, "finished"), of(&visits, "entered-in-error")], [9, 1]);
    let responses = open.found("QuestionnaireResponse?_count=100");
    assert_eq!([of(&responses, "completed"), of(&responses, "entered-in-error")], [9, 1]);
    // Each visit made the next appointment and kept the one before; the one taken back left it open.
    let appointments = open.found("Appointment?_count=100");
    let kept = [of(&appointments, "fulfilled"), of(&appointments, "cancelled")];
    assert_eq!(kept, [8, 2], "the ninth visit was of somebody new; one was taken back, one person left");
    let pressures = open.found("Observation?code=http://loinc.org|85354-9&status=final&_count=100");
    assert_eq!(pressures.len(), 9);
    assert_eq!(open.end().0.code(), Some(0));
    home.run(&["audit", "verify"]).expect(0);
}
