//! A vaccination day of a commune station in a real browser: forty children from the list to the dose, with the number of
//! actions for each, and what came of it in the record.

use crate::browser::play;
use crate::house::{Home, House};
use yba_fhir::Day;
use yba_fhir::json::{items, json, str_at};

const CHILDREN: usize = 40;
/// Of the story's two stations the first has the children.
const STATIONS: [(&str, &str); 2] =
    [("cskcb-12090", "Trạm Y tế xã Bản Bo"), ("cskcb-12101", "Trạm Y tế xã Pắc Ta")];
/// Names and dates far enough from each other that nobody takes two children for one.
const FAMILIES: [&str; 8] =
    ["Lò Thị", "Vàng A", "Giàng Thị", "Tẩn Mý", "Lý A", "Sùng Thị", "Quàng Văn", "Hảng A"];
const GIVEN: [&str; 5] = ["Mai", "Páo", "Sính", "Chu", "Dở"];
const VILLAGES: [&str; 3] = ["Bản Nà Khương", "Bản Cốc Phung", "Bản Hợp Nhất"];

/// Children from two months on who got what is given at birth: four vaccines are due for each.
fn village(house: &House) {
    for (id, name) in STATIONS {
        house.keep(&json!({"resourceType": "Organization", "id": id, "name": name}));
    }
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    let today = Day::of_instant(now.as_millis() as i64);
    for at in 0..CHILDREN {
        let birth = today.plus_months(-2).plus_days(-(at as i64) - 1);
        let (id, village) = (format!("tre-{at}"), VILLAGES[at % 3]);
        // The oldest, who stands first on the list, has a long name.
        let name = match at {
            39 => "Hồ Sín Chứ Phùng Lò Mé Xá Pờ Sào Mỉn Thị Nguyễn Đặng Ngọc Ẩn Hương".to_owned(),
            _ => format!("{} {}", FAMILIES[at / 5], GIVEN[at % 5]),
        };
        house.keep(&json!({"resourceType": "Patient", "id": id.as_str(), "gender": if at % 2 == 0 { "female" } else { "male" },
                "name": [{"text": name.as_str()}], "birthDate": birth.to_string().as_str(),
                "telecom": [{"system": "phone", "value": format!("09123456{at:02}").as_str()}],
                "address": [{"use": "home", "text": format!("{village}, xã Bản Bo").as_str(), "line": [village]}],
                "managingOrganization": {"reference": "Organization/cskcb-12090"}}),
        );
        for (vaccine, days) in [("08", 0), ("19", 10)] {
            house.keep(&json!({"resourceType": "Immunization", "id": format!("{id}-{vaccine}").as_str(), "status": "completed",
                    "vaccineCode": {"coding": [{"system": "http://hl7.org/fhir/sid/cvx", "code": vaccine}]},
                    "patient": {"reference": format!("Patient/{id}").as_str()},
                    "occurrenceDateTime": birth.plus_days(days).to_string().as_str()}),
            );
        }
    }
}

/// The doses in the records, as vaccine and status.
fn doses(house: &House, more: &str) -> Vec<(String, String, String)> {
    let bundle = house.get(&format!("/fhir/Immunization?_count=1000{more}")).json();
    let all = items(&bundle, "entry").map(|entry| {
        let dose = &entry["resource"];
        let text = |path: &[&str]| str_at(dose, path).unwrap_or_default().to_owned();
        let code = items(&dose["vaccineCode"], "coding").find_map(|one| str_at(one, &["code"]));
        (code.unwrap_or_default().to_owned(), text(&["status"]), text(&["lotNumber"]))
    });
    all.collect()
}

#[test]
fn a_vaccination_day_with_forty_children_is_done_with_few_actions_and_nothing_is_typed_twice() {
    let home = Home::new();
    let open = home.serve_open();
    village(&open);
    open.wait_for_links();
    open.end();
    let mut house = home.serve(&[]);
    let link = house.told("/thiet-lap/");
    let out = play("vaccinate_story.mjs", &[&house], &[&link]);
    assert!(out.contains("the nurse vaccinates a child: "), "{out}");
    assert!(out.contains("keys typed for the list of whom to call: 0"), "{out}");
    assert_eq!(house.end().0.code(), Some(0));

    let open = home.serve_open();
    let given = doses(&open, "&status=completed&lot-number:missing=false");
    // 39 children got four vaccines each, one of which was written by mistake and taken back; one child was put off.
    let of = |vaccine: &str| given.iter().filter(|(code, ..)| code == vaccine).count();
    assert_eq!([of("102"), of("178"), of("119"), of("133")], [39, 39, 38, 39], "{given:?}");
    assert!(given.iter().all(|(_, _, lot)| lot.starts_with("LO-")), "every dose says its lot");
    assert_eq!(doses(&open, "&status=entered-in-error").len(), 1);
    assert_eq!(doses(&open, "&status=not-done").len(), 4);
    assert_eq!(open.end().0.code(), Some(0));
    home.run(&["audit", "verify"]).expect(0);
}
