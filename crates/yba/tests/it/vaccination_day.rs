//! A whole day of vaccination in a real browser: planned, lots taken from the fridge, forty children screened and vaccinated or put off, a mild and a
//! serious reaction, the lot stopped, the watch, the end with what was thrown away, coverage, the fridge; and what came of it in the
//! record, against a count of what the test did.

use crate::browser::{pictures, play};
use crate::files::words_of_pdf;
use crate::house::{Home, House};
use yba_fhir::json::{items, json, str_at};
use yba_fhir::{Day, date};

const CHILDREN: usize = 40;
/// Of the story's two stations the first has the children.
const STATIONS: [(&str, &str); 2] =
    [("cskcb-12090", "Trạm Y tế xã Bản Bo"), ("cskcb-12101", "Trạm Y tế xã Pắc Ta")];
/// Names and dates far enough from each other that nobody takes two children for one.
const FAMILIES: [&str; 8] =
    ["Lò Thị", "Vàng A", "Giàng Thị", "Tẩn Mý", "Lý A", "Sùng Thị", "Quàng Văn", "Hảng A"];
const GIVEN: [&str; 5] = ["Mai", "Páo", "Sính", "Chu", "Dở"];
const VILLAGES: [&str; 2] = ["Bản Nà Khương", "Bản Cốc Phung"];
/// The child that is put off.
const PUT_OFF: usize = 3;

fn today() -> Day {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    Day::of_instant(now.as_millis() as i64)
}

fn birth(today: Day, at: usize) -> Day {
    today.plus_months(-2).plus_days(-(at as i64) - 1)
}

/// Children from two months on who got what is given at birth.
fn village(house: &House, today: Day) {
    for (id, name) in STATIONS {
        house.keep(&json!({"resourceType": "Organization", "id": id, "name": name}));
    }
    for at in 0..CHILDREN {
        let (id, village, birth) = (format!("tre-{at}"), VILLAGES[at % 2], birth(today, at));
        let name = format!("{} {}", FAMILIES[at / 5], GIVEN[at % 5]);
        house.keep(&json!({"resourceType": "Patient", "id": id.as_str(), "gender": if at % 2 == 0 { "female" } else { "male" },
                "name": [{"text": name.as_str()}], "birthDate": birth.to_string().as_str(),
                "telecom": [{"system": "phone", "value": format!("09123456{at:02}").as_str()}],
                "contact": [{"name": {"text": "Lò Thị Mẹ"}, "relationship": [{"text": "mẹ"}]}],
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

/// A dose of today whose half hour is over, of a child who needs nothing else: `None` in the first hour of a day.
fn earlier_today(house: &House, today: Day) -> bool {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_millis() as i64;
    let given = now - 45 * 60_000;
    if Day::of_instant(given) != today {
        return false;
    }
    house.keep(
        &json!({"resourceType": "Patient", "id": "lon-1", "gender": "male", "name": [{"text": "Thào A Lớn"}],
        "birthDate": "2014-01-01", "managingOrganization": {"reference": "Organization/cskcb-12090"}}),
    );
    house.keep(&json!({"resourceType": "Immunization", "id": "lon-1-09", "status": "completed",
        "vaccineCode": {"coding": [{"system": "http://hl7.org/fhir/sid/cvx", "code": "09"}], "text": "Td"},
        "patient": {"reference": "Patient/lon-1"}, "occurrenceDateTime": date::instant(given).as_str(),
        "performer": [{"actor": {"reference": "Organization/cskcb-12090"}}]}));
    true
}

/// Of the children who get the first dose of five in one today: in time, late; and who did not: missing, with time left.
fn expected(today: Day) -> [usize; 4] {
    let mut counts = [0; 4];
    for at in 0..CHILDREN {
        let late = birth(today, at).plus_months(2).plus_months(1) <= today;
        counts[usize::from(at == PUT_OFF) * 2 + usize::from(if at == PUT_OFF { !late } else { late })] += 1;
    }
    counts
}

/// The day, the serious reaction and the month of the fridge on paper.
fn papers_say_what_was_done() {
    let words = |name: &str| words_of_pdf(&std::fs::read(pictures().join(format!("{name}.pdf"))).unwrap());
    let (day, strange) = (words("buoi-tiem"), words("buoi-tiem-tram-khac"));
    for wanted in [
        "BÁO CÁO KẾT THÚC BUỔI TIÊM CHỦNG",
        "Trẻ trong danh sách: 40",
        "Đã tiêm: 39",
        "Tạm hoãn: 1",
        "LO-102-1",
        "LO-178-2",
        "0912345600",
    ] {
        assert!(day.contains(wanted), "{wanted} in {day}");
    }
    assert!(strange.contains("LO-102-1") && !strange.contains("Lò Thị"), "nobody of it: {strange}");
    let report = words("tai-bien");
    for wanted in [
        "BÁO CÁO TRƯỜNG HỢP TAI BIẾN NẶNG SAU TIÊM CHỦNG",
        "Phản vệ: Tím tái, mạch nhanh sau tiêm",
        "Lò Thị Mẹ (mẹ)",
        "lô LO-102-1: trong ngày trạm đã tiêm 30 người. Đã dừng dùng từ",
        "× Nặng",
    ] {
        assert!(report.contains(wanted), "{wanted} in {report}");
    }
    let fridge = words("tu-lanh");
    for wanted in ["PHIẾU THEO DÕI NHIỆT ĐỘ TỦ LẠNH", "9,2 ▲", "nóng quá", "Đo lại lúc", "Lò Thị Điều Dưỡng"]
    {
        assert!(fridge.contains(wanted), "{wanted} in {fridge}");
    }
}

#[test]
fn a_day_of_vaccination_is_planned_worked_through_and_closed_with_the_right_numbers() {
    let (home, today) = (Home::new(), today());
    let open = home.serve_open();
    village(&open, today);
    let has_earlier = earlier_today(&open, today);
    open.wait_for_links();
    open.end();
    let mut house = home.serve(&[]);
    let link = house.told("/thiet-lap/");
    let counts = expected(today).map(|count| count.to_string()).join(",");
    let born = [birth(today, CHILDREN - 1), birth(today, 0)].map(|day| day.to_string());
    let earlier = if has_earlier { "1" } else { "" };
    let out = play("vaccination_day_story.mjs", &[&house], &[&link, &counts, &born[0], &born[1], earlier]);
    assert!(out.contains("the nurse screens and vaccinates a child of the day: "), "{out}");
    assert_eq!(house.end().0.code(), Some(0));
    papers_say_what_was_done();

    let open = home.serve_open();
    let doses = open.found("Immunization?_count=1000&lot-number:missing=false&status=completed");
    assert_eq!(doses.len(), 2 * (CHILDREN - 1), "each once, though one form was sent twice");
    for dose in &doses {
        let said: Vec<&str> = items(dose, "extension")
            .filter_map(|one| str_at(one, &["valueReference", "reference"])?.split('/').next())
            .collect();
        assert_eq!(said, ["Task", "QuestionnaireResponse"], "a dose says its day and its screening");
    }
    assert_eq!(
        open.found("QuestionnaireResponse?status=completed&_count=200").len(),
        CHILDREN,
        "one screening for each child"
    );
    assert_eq!(open.found("Immunization?status=not-done&_count=100").len(), 2);
    let events = open.found("AdverseEvent?_count=100");
    assert_eq!(events.len(), 2);
    let told = open.found("Communication?_count=100");
    assert_eq!(told.len(), 1, "what is serious is told once");
    assert!(str_at(&told[0], &["sent"]).is_some());
    let ends = open.found("Observation?code=vaccination-watch&status=final&_count=100");
    assert_eq!(
        ends.len(),
        3 + usize::from(has_earlier),
        "one left early, two reactions, and whoever was over"
    );
    assert_eq!(open.end().0.code(), Some(0));
    home.run(&["audit", "verify"]).expect(0);
}
