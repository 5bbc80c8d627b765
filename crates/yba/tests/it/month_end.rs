//! The end of a month at a station: numbers that nobody typed, a month that is closed, and what comes late.

use crate::house::{Home, House, JSON};
use crate::http::Answer;
use yba_fhir::Day;
use yba_fhir::json::{json, to_vec};

const REPORT: &str = "/bao-cao/monthly-immunisations";

/// A dose at the station on a day.
fn dose(house: &House, id: &str, vaccine: &str, day: Day) {
    let tree = json!({"resourceType": "Immunization", "id": id, "status": "completed",
        "vaccineCode": {"coding": [{"system": "http://hl7.org/fhir/sid/cvx", "code": vaccine}]},
        "patient": {"reference": "Patient/c"}, "occurrenceDateTime": day.to_string().as_str(),
        "performer": [{"actor": {"reference": "Organization/cskcb-12090"}}],
        "protocolApplied": [{"doseNumberPositiveInt": 1}]});
    let answer = house.ask("PUT", &format!("/fhir/Immunization/{id}"), &[JSON], &to_vec(&tree).unwrap());
    assert_eq!(answer.status, 201, "{}", answer.text());
}

fn post(house: &House, path: &str, form: &str) -> Answer {
    house.ask("POST", path, &[("content-type", "application/x-www-form-urlencoded")], form.as_bytes())
}

/// The page of the month, once the registers know everything.
fn page(house: &House) -> String {
    for _ in 0..400 {
        if house.measure("yba_follower_lag{follower=\"report\"}") == 0 {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(25));
    }
    let answer = house.get(&format!("{REPORT}?noi=cskcb-12090"));
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.text()
}

/// What the page says the numbers were made of.
fn seen(page: &str) -> &str {
    page.split("name=\"thay\" value=\"")
        .nth(1)
        .and_then(|rest| rest.split('"').next())
        .expect("the form says what was seen")
}

#[test]
fn a_month_is_counted_closed_and_restated_and_nothing_closed_changes_by_itself() {
    let home = Home::new();
    let house = home.serve_open();
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    let today = Day::of_instant(now.as_millis() as i64);
    // In the month that ended last.
    let last = Day::new(today.year(), today.month(), 1).unwrap().plus_days(-5);
    for tree in [
        json!({"resourceType": "Organization", "id": "cskcb-12090", "name": "Trạm Y tế xã Bản Bo"}),
        json!({"resourceType": "Patient", "id": "c", "name": [{"text": "Lò Thị Mai"}], "gender": "female",
            "birthDate": last.plus_days(-70).to_string().as_str()}),
    ] {
        let path = format!(
            "/fhir/{}/{}",
            yba_fhir::json::str_at(&tree, &["resourceType"]).unwrap(),
            yba_fhir::json::str_at(&tree, &["id"]).unwrap()
        );
        assert_eq!(house.ask("PUT", &path, &[JSON], &to_vec(&tree).unwrap()).status, 201);
    }
    dose(&house, "d1", "102", last);
    dose(&house, "d2", "178", last);
    let (ky, noi) = (format!("{:04}-{:02}", last.year(), last.month()), "noi=cskcb-12090");
    let before = page(&house);
    assert!(before.contains(">2</a>") && before.contains("Khóa tháng"), "{before}");

    // Behind a number stands the person.
    let behind = before.split(&format!("{REPORT}/o/")).nth(1).unwrap().split('?').next().unwrap();
    let rows = house.get(&format!("{REPORT}/o/{behind}?ky={ky}&{noi}")).text();
    assert!(rows.contains("Lò Thị Mai") && rows.contains("/nguoi/c"), "{rows}");
    let csv = house.get(&format!("{REPORT}/csv?ky={ky}&{noi}"));
    assert!(csv.text().contains("DPT-VGB-Hib mũi 1,1,1,1"), "{}", csv.text());

    // What was not looked at is not closed.
    let refused = post(&house, &format!("{REPORT}/khoa?ky={ky}&{noi}"), "thay=khac");
    assert_eq!(refused.status, 409, "{}", refused.text());
    let closed = post(&house, &format!("{REPORT}/khoa?ky={ky}&{noi}"), &format!("thay={}", seen(&before)));
    assert_eq!(closed.status, 303, "{}", closed.text());
    assert!(page(&house).contains("Đã khóa lúc"));
    assert!(house.get(&format!("/bao-cao?{noi}")).text().contains("Đã khóa"));

    // A dose that was written late.
    dose(&house, "d3", "133", last);
    let after = page(&house);
    assert!(after.contains("số khác với bản đã khóa") && after.contains("Vì sao số thay đổi"), "{after}");
    let dumb =
        post(&house, &format!("{REPORT}/sua?ky={ky}&{noi}"), &format!("thay={}&giai-thich=", seen(&after)));
    assert_eq!(dumb.status, 400, "{}", dumb.text());
    let said = format!("thay={}&giai-thich=B%E1%BB%95%20sung%20m%C5%A9i%20ghi%20mu%E1%BB%99n", seen(&after));
    assert_eq!(post(&house, &format!("{REPORT}/sua?ky={ky}&{noi}"), &said).status, 303);
    let restated = page(&house);
    assert!(
        restated.contains("Bổ sung mũi ghi muộn") && !restated.contains("số khác với bản đã khóa"),
        "{restated}"
    );
    let history = house.get("/fhir/MeasureReport/_history?_count=10").json();
    assert_eq!(yba_fhir::json::items(&history, "entry").count(), 2, "the first version stays");

    // What nobody can mean gets a sentence.
    for (path, status) in [
        (format!("{REPORT}?ky=2026-13"), 400),
        (format!("{REPORT}?ky=1890-01"), 404),
        ("/bao-cao/khong-co".to_owned(), 404),
        (format!("{REPORT}/o/99999?ky={ky}&{noi}"), 404),
        (format!("{REPORT}/o/1?ky={ky}&{noi}&sau=%00%01"), 400),
    ] {
        let answer = house.get(&path);
        assert_eq!(answer.status, status, "{path}: {}", answer.text());
    }
    assert_eq!(house.end().0.code(), Some(0));
}
