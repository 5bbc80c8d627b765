//! A referral in a real browser: from a visit at a station to the hospital that receives, whose doctor reaches the record by it and loses it
//! when it is taken back.

use crate::browser::{pictures, play};
use crate::files::words_of_pdf;
use crate::house::{Home, House};
use yba_fhir::json::{Value, json, str_at};

fn people(house: &House) {
    for (id, name) in [
        ("cskcb-12090", "Trạm Y tế xã Bản Bo"),
        ("cskcb-12001", "Bệnh viện đa khoa tỉnh Lai Châu"),
        ("cskcb-12002", "Trung tâm y tế khu vực Tam Đường"),
    ] {
        house.keep(&json!({"resourceType": "Organization", "id": id, "name": name}));
    }
    for (id, name, year) in [("nguoi-1", "Tẩn Mý Lai", 1953), ("nguoi-2", "Giàng A Tủa", 1970)] {
        house.keep(&json!({"resourceType": "Patient", "id": id, "gender": "female", "name": [{"text": name}],
            "birthDate": format!("{year}-05-01").as_str(), "managingOrganization": {"reference": "Organization/cskcb-12090"},
            "address": [{"use": "home", "text": "Bản Nà Khương, xã Bản Bo", "line": ["Bản Nà Khương"], "city": "Xã Bản Bo"}]}));
    }
    // A diagnosis that not everybody sees.
    house.keep(&json!({"resourceType": "Condition", "id": "kin", "subject": {"reference": "Patient/nguoi-2"},
        "meta": {"security": [{"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "PSY"}]},
        "clinicalStatus": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/condition-clinical", "code": "active"}]},
        "code": {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10", "code": "F20.0"}], "text": "Tâm thần phân liệt thể paranoid"},
        "recordedDate": "2026-01-05"}));
}

#[test]
fn whoever_is_sent_on_is_expected_with_their_record() {
    let home = Home::new();
    let open = home.serve_open();
    people(&open);
    open.wait_for_links();
    open.end();
    let mut house = home.serve(&[]);
    let link = house.told("/thiet-lap/");
    let out = play("refer_story.mjs", &[&house], &[&link]);
    assert!(out.contains("a referral after a visit: "), "{out}");
    let letter = words_of_pdf(&std::fs::read(pictures().join("chuyen-tuyen.pdf")).unwrap());
    for wanted in [
        "GIẤY CHUYỂN TUYẾN",
        "TRẠM Y TẾ XÃ BẢN BO",
        "Kính gửi: Bệnh viện đa khoa tỉnh Lai Châu",
        "TẨN MÝ LAI",
        "Dấu hiệu lâm sàng: Huyết áp 190/110 mmHg",
        "(I64)",
        "thuốc đã sử dụng: Nằm đầu cao, thở oxy",
        "× Cấp cứu",
        "Con trai, 0912345678",
        "Lò Thị Điều Dưỡng",
    ] {
        assert!(letter.contains(wanted), "{wanted} in {letter}");
    }
    assert_eq!(house.end().0.code(), Some(0));
    let open = home.serve_open();
    let all = open.found("ServiceRequest?_count=100");
    let of =
        |wanted: &str| all.iter().filter(|one| str_at(one, &["status"]) == Some(wanted)).collect::<Vec<_>>();
    assert_eq!(
        [of("completed").len(), of("active").len(), of("entered-in-error").len()],
        [1, 1, 1],
        "{all:?}"
    );
    let is_sealed = |tree: &Value| yba_fhir::json::at(tree, &["meta", "security"]).is_some();
    assert!(is_sealed(of("active")[0]), "what names a sealed diagnosis is sealed as it is");
    assert!(!is_sealed(of("completed")[0]));
    assert_eq!(open.end().0.code(), Some(0));
    home.run(&["audit", "verify"]).expect(0);
}
