//! Infectious disease at a commune station in a real browser: cases found by themselves from diagnoses, notified, sent on, an
//! outbreak, what is sealed, and who sees none of it; and what came of it in the record.

use crate::browser::play;
use crate::house::{Home, House};
use yba_fhir::date;
use yba_fhir::json::{JsonValueTrait, Value, items, json, str_at};

/// Of the story's two stations the first has the people.
const STATIONS: [(&str, &str); 2] =
    [("cskcb-12090", "Trạm Y tế xã Bản Bo"), ("cskcb-12101", "Trạm Y tế xã Pắc Ta")];
/// Id, name, birth, village; all of one commune.
const PEOPLE: [(&str, &str, &str, &str); 8] = [
    ("soi-1", "Giàng Thị Mỷ", "2023-04-02", "Bản Nà Khương"),
    ("soi-2", "Giàng A Tủa", "2021-09-12", "Bản Nà Khương"),
    ("soi-3", "Lò Văn Ún", "2024-01-20", "Bản Cốc Phung"),
    (
        "sxh-1",
        "Hồ Sín Chứ Phùng Lò Mé Xá Pờ Sào Mỉn Thị Nguyễn Đặng Ngọc Ẩn Hương",
        "1979-05-05",
        "Bản Hợp Nhất",
    ),
    ("kin-1", "Tẩn Mẩy Kín", "1990-10-10", "Bản Hợp Nhất"),
    ("thuy-dau", "Vàng A Chu", "2019-02-02", "Bản Hợp Nhất"),
    ("nham-1", "Quàng Thị Nhầm", "2001-01-01", "Bản Hợp Nhất"),
    ("khoe-1", "Sùng A Khỏe", "1985-03-03", "Bản Hợp Nhất"),
];

/// A diagnosis so many hours ago.
fn diagnosis(id: &str, of: &str, (code, words): (&str, &str), status: &str, hours: i64) -> Value {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_millis() as i64;
    let at = date::instant(now - hours * 3_600_000);
    json!({"resourceType": "Condition", "id": id, "subject": {"reference": format!("Patient/{of}").as_str()},
        "code": {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10", "code": code}], "text": words},
        "verificationStatus": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/condition-ver-status", "code": status}]},
        "encounter": {"reference": format!("Encounter/k-{of}").as_str()}, "recordedDate": at.as_str()})
}

fn village(house: &House) {
    for (id, name) in STATIONS {
        house.keep(&json!({"resourceType": "Organization", "id": id, "name": name}));
    }
    for (at, (id, name, birth, village)) in PEOPLE.iter().enumerate() {
        house.keep(&json!({"resourceType": "Patient", "id": *id, "gender": if at % 2 == 0 { "female" } else { "male" },
                "name": [{"text": *name}], "birthDate": *birth,
                "telecom": [{"system": "phone", "value": format!("09123456{at:02}").as_str()}],
                "contact": [{"name": {"text": "Lò Thị Mai"}, "relationship": [{"text": "mẹ"}],
                    "telecom": [{"system": "phone", "value": format!("09887766{at:02}").as_str()}]}],
                "address": [{"use": "home", "line": [*village], "extension": [{
                    "url": "https://yba.vn/fhir/StructureDefinition/admin-unit",
                    "valueCoding": {"system": "https://yba.vn/fhir/sid/admin-unit/2025-07-01", "code": "03595"}}]}],
                "managingOrganization": {"reference": "Organization/cskcb-12090"}}),
        );
        house.keep(
            &json!({"resourceType": "Encounter", "id": format!("k-{id}").as_str(), "status": "finished",
                "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "AMB"},
                "subject": {"reference": format!("Patient/{id}").as_str()},
                "serviceProvider": {"reference": "Organization/cskcb-12090"}}),
        );
    }
    let measles = ("B05.9", "Sởi không biến chứng");
    let mut first = diagnosis("cd-soi-1", "soi-1", measles, "confirmed", 21);
    let onset = str_at(&first, &["recordedDate"]).unwrap()[..10].to_owned();
    first["onsetDateTime"] = json!(onset.as_str());
    house.keep(&first);
    house.keep(&diagnosis("cd-soi-2", "soi-2", measles, "unconfirmed", 26));
    house.keep(&diagnosis("cd-soi-3", "soi-3", measles, "unconfirmed", 2));
    house.keep(&diagnosis(
        "cd-sxh-1",
        "sxh-1",
        ("A97.1", "Sốt xuất huyết Dengue có dấu hiệu cảnh báo"),
        "confirmed",
        1,
    ));
    // Sealed: the station's nurse may not read it.
    let mut sealed = diagnosis("cd-kin-1", "kin-1", ("B16.9", "Viêm gan B cấp"), "confirmed", 3);
    sealed["meta"] =
        json!({"security": [{"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "STD"}]});
    house.keep(&sealed);
    // No case: counted by the month, written by mistake, not infectious.
    house.keep(&diagnosis("cd-thuy-dau", "thuy-dau", ("B01.9", "Thủy đậu"), "confirmed", 2));
    house.keep(&diagnosis("cd-nham-1", "nham-1", measles, "entered-in-error", 2));
    house.keep(&diagnosis("cd-khoe-1", "khoe-1", ("I10", "Tăng huyết áp"), "confirmed", 2));
    house.keep(&json!({"resourceType": "Immunization", "id": "mui-1", "status": "completed",
            "vaccineCode": {"coding": [{"system": "http://hl7.org/fhir/sid/cvx", "code": "05"}]},
            "patient": {"reference": "Patient/soi-1"}, "occurrenceDateTime": "2024-01-15"}));
}

#[test]
fn cases_are_found_by_themselves_notified_once_and_seen_by_those_alone_who_may() {
    let home = Home::new();
    let open = home.serve_open();
    village(&open);
    open.wait_for_links();
    open.end();
    let mut house = home.serve(&[]);
    let link = house.told("/thiet-lap/");
    let out = play("notify_story.mjs", &[&house], &[&link]);
    assert!(out.contains("the nurse notifies a case: "), "{out}");
    assert!(out.contains("keys typed for the list of cases: 0"), "{out}");
    assert_eq!(house.end().0.code(), Some(0));

    let open = home.serve_open();
    let told = open.found("Communication?_count=100");
    let of = |patient: &str| -> Vec<&Value> {
        let subject = format!("Patient/{patient}");
        told.iter().filter(|one| str_at(one, &["subject", "reference"]) == Some(&subject)).collect()
    };
    assert_eq!(told.len(), 4, "three cases of measles and the sealed one, each once");
    let first = of("soi-1");
    assert_eq!(str_at(first[0], &["status"]), Some("completed"));
    assert!(str_at(first[0], &["sent"]).is_some());
    assert_eq!(str_at(first[0], &["sender", "reference"]), Some("Organization/cskcb-12090"));
    let answers = items(first[0], "contained").next().unwrap();
    let contacts = items(answers, "item").filter(|one| str_at(one, &["linkId"]) == Some("contact"));
    assert_eq!(contacts.count(), 2, "the mother by a tick, a neighbour typed");
    assert_eq!(str_at(of("soi-2")[0], &["status"]), Some("preparation"));
    assert_eq!(str_at(of("soi-3")[0], &["status"]), Some("entered-in-error"));
    let sealed = of("kin-1");
    assert_eq!(
        items(&sealed[0]["meta"], "security").filter_map(|one| one["code"].as_str()).collect::<Vec<_>>(),
        ["STD"]
    );
    let outbreaks = open.found("Group?_count=100");
    assert_eq!(outbreaks.len(), 1, "pressed twice, it is one");
    assert_eq!(items(&outbreaks[0], "member").count(), 3);
    assert_eq!(outbreaks[0]["active"].as_bool(), Some(false));
    assert_eq!(open.end().0.code(), Some(0));
    home.run(&["audit", "verify"]).expect(0);
}
