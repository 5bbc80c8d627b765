//! Rules of content at the moment of entry in a real browser: what reminds while somebody types, the reason that is asked for and kept, and
//! the many visits of which nothing is said. And other software that asks the same rules by CDS Hooks.

use crate::browser::play;
use crate::house::{Home, House, JSON, prepared};
use crate::smart::{demonstration, story};
use std::process::Command;
use yba_fhir::Day;
use yba_fhir::json::{Value, items, json, str_at, to_vec};

fn keep(house: &House, tree: &Value) {
    let id = |name: &str| str_at(tree, &[name]).unwrap();
    let path = format!("/fhir/{}/{}", id("resourceType"), id("id"));
    let answer = house.ask("PUT", &path, &[JSON], &to_vec(tree).unwrap());
    assert_eq!(answer.status, 201, "{}", answer.text());
}

fn condition(id: &str, patient: &str, code: &str, words: &str) -> Value {
    json!({"resourceType": "Condition", "id": id, "subject": {"reference": format!("Patient/{patient}").as_str()},
        "clinicalStatus": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/condition-clinical", "code": "active"}]},
        "code": {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10", "code": code}], "text": words}})
}

/// People with high blood pressure, and a child who must not get living vaccines.
fn village(house: &House) {
    keep(house, &json!({"resourceType": "Organization", "id": "cskcb-12090", "name": "Trạm Y tế xã Bản Bo"}));
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    let today = Day::of_instant(now.as_millis() as i64);
    let child = today.plus_months(-18).plus_days(-5);
    for (id, name, birth, sex) in [
        ("nguoi-1", "Lò Thị Mai", "1951-05-12".to_owned(), "female"),
        ("nguoi-2", "Vàng A Páo", "1962-02-03".to_owned(), "male"),
        ("be-1", "Giàng Thị Chu", child.to_string(), "female"),
        ("be-2", "Sùng A Dở", today.plus_days(-30).to_string(), "male"),
    ] {
        keep(
            house,
            &json!({"resourceType": "Patient", "id": id, "gender": sex, "name": [{"text": name}], "birthDate": birth.as_str(),
                "address": [{"use": "home", "text": "Bản Nà Khương, xã Bản Bo", "line": ["Bản Nà Khương"]}],
                "managingOrganization": {"reference": "Organization/cskcb-12090"}}),
        );
    }
    for at in [1, 2] {
        let patient = format!("nguoi-{at}");
        keep(house, &condition(&format!("tha-{at}"), &patient, "I10", "Bệnh lý tăng huyết áp"));
    }
    keep(house, &condition("smd", "be-1", "D81.9", "Suy giảm miễn dịch phối hợp"));
    for (vaccine, days) in [("08", 0), ("19", 10), ("05", 280)] {
        keep(
            house,
            &json!({"resourceType": "Immunization", "id": format!("be-1-{vaccine}").as_str(), "status": "completed",
                "vaccineCode": {"coding": [{"system": "http://hl7.org/fhir/sid/cvx", "code": vaccine}]},
                "patient": {"reference": "Patient/be-1"}, "occurrenceDateTime": child.plus_days(days).to_string().as_str()}),
        );
    }
}

#[test]
fn what_is_entered_reminds_beside_the_form_a_stop_keeps_its_reason_and_a_normal_visit_is_left_in_peace() {
    let home = Home::new();
    let open = home.serve_open();
    village(&open);
    open.wait_for_links();
    open.end();
    let mut house = home.serve(&[]);
    let link = house.told("/thiet-lap/");
    let out = play("rules_story.mjs", &[&house], &[&link]);
    assert!(out.contains("a normal visit: 0 reminders, 0 actions more"), "{out}");
    assert_eq!(house.end().0.code(), Some(0));

    let open = home.serve_open();
    let bundle = open.get("/fhir/DetectedIssue?_count=50&_sort=_lastUpdated").json();
    let issues: Vec<&Value> = items(&bundle, "entry").map(|entry| &entry["resource"]).collect();
    let said = |one: &Value| {
        let text = |path: &[&str]| str_at(one, path).unwrap_or_default().to_owned();
        let code = items(&one["code"], "coding").find_map(|coding| str_at(coding, &["code"])).unwrap();
        let reason = items(one, "mitigation").find_map(|one| str_at(one, &["action", "text"])).unwrap();
        let by = items(one, "mitigation").find_map(|one| str_at(one, &["author", "display"])).unwrap();
        let about = items(one, "implicated").find_map(|one| str_at(one, &["reference"])).unwrap();
        let about = about.split('/').next().unwrap().to_owned();
        (text(&["status"]), code.to_owned(), reason.to_owned(), by.to_owned(), about)
    };
    let all: Vec<_> = issues.iter().map(|one| said(one)).collect();
    let issue = |status: &str, code: &str, reason: &str, about: &str| {
        let by = "Lò Thị Điều Dưỡng";
        (status.to_owned(), code.to_owned(), reason.to_owned(), by.to_owned(), about.to_owned())
    };
    for expected in [
        issue("final", "pressure-very-high", "Không đau ngực, đã nằm nghỉ đo lại", "Encounter"),
        issue(
            "entered-in-error",
            "fever-young-infant",
            "Gia đình từ chối chuyển tuyến, đã giải thích",
            "Encounter",
        ),
        issue(
            "final",
            "live-vaccine-immunodeficiency",
            "Bệnh viện đã khám sàng lọc và cho tiêm",
            "Immunization",
        ),
    ] {
        assert!(all.contains(&expected), "{expected:?} in {all:#?}");
    }
    assert_eq!(all.len(), 3, "{all:#?}");
    assert_eq!(open.end().0.code(), Some(0));
    home.run(&["audit", "verify"]).expect(0);
}

#[test]
fn other_software_asks_the_same_rules_by_cds_hooks_with_a_token_and_gets_nothing_without() {
    let python = prepared("YBA_TEST_PYTHON");
    let home = Home::new();
    let (house, [keeper]) = demonstration(&home, "https://emr.test", ["it-officer"]);
    let ran = Command::new(python)
        .arg(story("hooks_story.py"))
        .args([&format!("http://{}", house.address), &keeper])
        .env("no_proxy", "*")
        .output()
        .expect("python can be run");
    let (out, err) = (String::from_utf8_lossy(&ran.stdout), String::from_utf8_lossy(&ran.stderr));
    assert!(ran.status.success(), "{out}\n{err}\nthe node said:\n{}", house.said());
    eprintln!("{out}");
    assert_eq!(house.end().0.code(), Some(0));
    home.run(&["audit", "verify"]).expect(0);
}
