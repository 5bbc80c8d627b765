//! The household book of a station in a real browser: villages, households, whose record lacks what; the forms that fill a record; the
//! family doctor; and who sees none of it.

use crate::browser::{pictures, play};
use crate::files::words_of_pdf;
use crate::house::{Home, House};
use yba_fhir::Day;
use yba_fhir::json::{Value, json, str_at};

const VILLAGES: [&str; 3] = ["Bản Nà Khương", "Bản Cốc Phung", "Bản Hợp Nhất"];
const HOUSEHOLDS: usize = 36;
const RELATIONS: [&str; 4] = ["Chủ hộ", "Vợ", "Con", "Con"];

/// Four people in each household; every sixth household's people lack a job, and one old woman has no household.
fn village(house: &House) {
    for (id, name) in [("cskcb-12090", "Trạm Y tế xã Bản Bo"), ("cskcb-12101", "Trạm Y tế xã Pắc Ta")]
    {
        house.keep(&json!({"resourceType": "Organization", "id": id, "name": name}));
    }
    for (id, name) in [("bs-1", "BS. Giàng Thị Dế"), ("bs-2", "YS. Lò Văn Ún")] {
        house.keep(
            &json!({"resourceType": "Practitioner", "id": id, "active": true, "name": [{"text": name}]}),
        );
        house.keep(&json!({"resourceType": "PractitionerRole", "id": format!("r-{id}").as_str(), "active": true,
            "practitioner": {"reference": format!("Practitioner/{id}").as_str()}, "organization": {"reference": "Organization/cskcb-12090"}}));
    }
    for at in 0..HOUSEHOLDS {
        for (place, relation) in RELATIONS.into_iter().enumerate() {
            let year = [1975, 1978, 2008, 2022][place];
            house.keep(&person(at, place, relation, year));
        }
    }
    let mut alone = person(HOUSEHOLDS, 0, "", 1941);
    yba_fhir::json::JsonValueMutTrait::as_object_mut(&mut alone).unwrap().remove(&"extension");
    alone["birthDate"] = json!("1941");
    house.keep(&alone);
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    let today = Day::of_instant(now.as_millis() as i64);
    house.keep(&json!({"resourceType": "Encounter", "id": "k-1", "status": "finished", "class": {"code": "AMB"},
        "subject": {"reference": "Patient/nguoi-0-0"}, "period": {"start": today.plus_days(-20).to_string().as_str()},
        "serviceProvider": {"reference": "Organization/cskcb-12090"}}));
}

fn person(household: usize, place: usize, relation: &str, year: usize) -> Value {
    let given = ["Páo", "Mỷ", "Sính", "Dế"][place];
    let family = ["Vàng A", "Giàng Thị", "Lò Văn", "Tẩn Mẩy"][household % 4];
    let village = VILLAGES[household % 3];
    let coded = |slug: &str, code: &str| {
        json!({"url": format!("https://yba.vn/fhir/StructureDefinition/{slug}").as_str(),
            "valueCoding": {"system": format!("https://yba.vn/fhir/CodeSystem/{slug}").as_str(), "code": code}})
    };
    let text = |slug: &str, text: &str| json!({"url": format!("https://yba.vn/fhir/StructureDefinition/{slug}").as_str(), "valueString": text});
    let mut extensions = vec![coded("dan-toc", "08")];
    if !household.is_multiple_of(6) {
        extensions.push(coded("nghe-nghiep", "63000"));
    }
    if !relation.is_empty() {
        extensions.push(text("ma-ho-gia-dinh", &format!("BB-{household:03}")));
        extensions.push(text("quan-he-chu-ho", relation));
    }
    json!({"resourceType": "Patient", "id": format!("nguoi-{household}-{place}").as_str(), "name": [{"text": format!("{family} {given}").as_str()}],
        "gender": if place == 1 { "female" } else { "male" }, "birthDate": format!("{year}-0{}-1{}", 1 + household % 9, place).as_str(),
        "extension": extensions, "telecom": [{"system": "phone", "value": format!("09123{household:03}{place:02}").as_str()}],
        "identifier": [{"system": "https://yba.vn/fhir/sid/cccd", "value": format!("01209{household:05}{place:02}").as_str()}],
        "address": [{"use": "home", "text": format!("{village}, xã Bản Bo").as_str(), "line": [village], "city": "Xã Bản Bo"}],
        "managingOrganization": {"reference": "Organization/cskcb-12090"}})
}

#[test]
fn a_station_keeps_its_household_book_by_what_the_records_say() {
    let home = Home::new();
    let open = home.serve_open();
    village(&open);
    open.wait_for_links();
    open.end();
    let mut house = home.serve(&[]);
    let link = house.told("/thiet-lap/");
    let out = play("household_story.mjs", &[&house], &[&link]);
    assert!(out.contains("a health record is filled in: "), "{out}");
    let record = words_of_pdf(&std::fs::read(pictures().join("ho-so-831.pdf")).unwrap());
    for wanted in [
        "HỒ SƠ SỨC KHỎE CÁ NHÂN",
        "Mã hộ gia đình: BB-001",
        "Quan hệ với chủ hộ: Vợ",
        "Dân tộc: HMông",
        "× Không Đang hút Đã bỏ",
        "Bệnh: ai, bệnh gì: Mẹ, đái tháo đường",
        "Số lần có thai: 2",
        "Huyết áp tâm thu: 118",
        "BMI: 20,8",
        "Loại II",
        "Khám sức khỏe định kỳ",
        "Lò Thị Điều Dưỡng",
    ] {
        assert!(record.contains(wanted), "{wanted} in {record}");
    }
    assert_eq!(house.end().0.code(), Some(0));

    let open = home.serve_open();
    let status = |tree: &Value| str_at(tree, &["status"]).unwrap_or_default().to_owned();
    // Questions are no visit; a check is one. One of each was taken back.
    let visits = open.found("Encounter?_count=100");
    assert_eq!(visits.len(), 3, "the visit of before, a check, and one taken back");
    assert_eq!(visits.iter().filter(|one| status(one) == "entered-in-error").count(), 1);
    let responses = open.found("QuestionnaireResponse?_count=100");
    assert_eq!(responses.iter().filter(|one| status(one) == "completed").count(), 2);
    let allergies = open.found("AllergyIntolerance?_count=100");
    let told: Vec<bool> =
        allergies.iter().map(|one| yba_fhir::json::at(one, &["clinicalStatus"]).is_some()).collect();
    assert_eq!(
        told.iter().filter(|stands| **stands).count(),
        1,
        "one stands, one was taken back: {allergies:?}"
    );
    let mine = open.found("Patient?general-practitioner=Practitioner/bs-2&_count=100");
    assert_eq!(mine.len(), 4, "the whole household");
    assert_eq!(open.end().0.code(), Some(0));
    home.run(&["audit", "verify"]).expect(0);
}
