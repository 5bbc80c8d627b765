//! How people come in to a closed house: the first run in a real browser, sessions at the FHIR API, the demonstration's
//! accounts, and folders that are not mixed up.

use crate::browser::play_at;
use crate::house::{Home, House, JSON};

#[test]
fn from_the_first_run_to_a_page_in_a_real_browser() {
    let home = Home::new();
    let mut house = home.serve(&[]);
    // By name: browsers make passkeys for no number.
    let by_name = |address: &str| address.replace("127.0.0.1", "localhost");
    let link = by_name(&house.told("/thiet-lap/"));
    let at = by_name(&format!("http://{}", house.address));
    let out = play_at(&[&at], "sign_in_story.mjs", &[&house], &[&link]);
    for counted in ["first run to the first account", "an administrator makes an account"] {
        assert!(out.contains(counted), "{counted} is counted: {out}");
    }
    let said = house.said();
    assert_eq!(house.end().0.code(), Some(0));
    assert!(!said.contains("quan.tri") && !said.contains(&link), "{said}");
    let house = home.serve(&[]);
    let used = format!("/thiet-lap/{}", link.rsplit('/').next().unwrap());
    assert_eq!((house.get(&used).status, house.get("/dang-nhap").status), (410, 200));
    house.end();
    home.run(&["check"]).expect(0);
    home.run(&["audit", "verify"]).expect(0);
}

/// Our own pages, by the host that every request here names.
const OWN: &str = "http://localhost";

/// The password of an account, as the demonstration tells it.
fn password(house: &mut House, login: &str) -> String {
    let line = house.told(&format!("{login}  "));
    line.split_whitespace().nth(1).unwrap().to_owned()
}

fn sign_in(house: &House, login: &str, password: &str) -> (u16, String) {
    let headers = [("content-type", "application/x-www-form-urlencoded"), ("origin", OWN)];
    let answer =
        house.ask("POST", "/dang-nhap", &headers, format!("login={login}&password={password}").as_bytes());
    let cookie =
        answer.header("set-cookie").and_then(|one| one.split(';').next()).unwrap_or_default().to_owned();
    (answer.status, cookie)
}

#[test]
fn the_demonstration_has_an_account_for_each_role_and_new_passwords_each_time() {
    let home = Home::new();
    let mut house = home.serve(&["--demo"]);
    house.told("Tài khoản thử");
    let before = password(&mut house, "doctor");
    // In the order in which they are told.
    let reception = password(&mut house, "reception");
    let station = password(&mut house, "station-staff");
    let nurse = password(&mut house, "nurse");
    let (status, cookie) = sign_in(&house, "doctor", &before);
    assert_eq!((status, cookie.starts_with("yba=")), (303, true));
    let as_doctor = |method: &str, path: &str, more: &[(&str, &str)], body: &[u8]| {
        let mut headers = vec![("cookie", cookie.as_str())];
        headers.extend(more);
        house.ask(method, path, &headers, body)
    };
    assert_eq!(as_doctor("GET", "/", &[], b"").status, 200);
    let found = as_doctor("GET", "/fhir/Patient?_count=1", &[], b"");
    assert_eq!(found.status, 200, "{}", found.text());
    let total = |path: &str, cookie: &str| {
        let answer = house.ask("GET", path, &[("cookie", cookie)], b"");
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
        let text = answer.text();
        let (_, rest) = text.split_once("\"total\":").expect("a count");
        rest.split([',', '}']).next().unwrap().trim().parse::<u64>().unwrap()
    };
    // Each sees the visits of people of the place where they work, and a clerk may register there.
    let visits = "/fhir/Encounter?_summary=count";
    let at_hospital = total(visits, &cookie);
    let at_station = total(visits, &sign_in(&house, "station-staff", &station).1);
    assert!(at_hospital > 0 && at_station > 0 && at_hospital != at_station, "{at_hospital} {at_station}");
    let first = as_doctor("GET", "/fhir/Encounter?_count=1", &[], b"").text();
    let patient =
        first.split("\"reference\":\"Patient/").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let clerk = sign_in(&house, "reception", &reception).1;
    let form = house.ask("GET", "/dang-ky", &[("cookie", &clerk)], b"");
    assert_eq!(form.status, 200);
    let newcomer = "without=unknown&sex=female&seen=1";
    let sent =
        [("cookie", clerk.as_str()), ("content-type", "application/x-www-form-urlencoded"), ("origin", OWN)];
    let registered = house.ask("POST", "/dang-ky", &sent, newcomer.as_bytes());
    assert_eq!(registered.status, 303, "{}", registered.text());
    assert_eq!(as_doctor("GET", "/fhir/Claim", &[], b"").status, 403, "no doctor's business");
    assert_eq!(as_doctor("GET", "/fhir/YbaAccount", &[], b"").status, 404);
    assert_eq!(as_doctor("GET", "/fhir/_history", &[], b"").status, 403);
    assert_eq!(as_doctor("GET", "/quan-tri/tai-khoan", &[], b"").status, 403);
    assert_eq!(as_doctor("GET", "/fhir/Patient", &[("sec-fetch-site", "cross-site")], b"").status, 401);
    let flag = format!(
        "{{\"resourceType\":\"Flag\",\"status\":\"active\",\"code\":{{\"text\":\"x\"}},\"subject\":{{\"reference\":\"Patient/{patient}\"}}}}"
    );
    let flag = flag.as_bytes();
    assert_eq!(as_doctor("POST", "/fhir/Flag", &[JSON], flag).status, 401, "does not say that it is ours");
    assert_eq!(as_doctor("POST", "/fhir/Flag", &[JSON, ("origin", "http://b.vn")], flag).status, 401);
    let made = as_doctor("POST", "/fhir/Flag", &[JSON, ("origin", OWN)], flag);
    assert_eq!(made.status, 201, "{}", made.text());
    assert_eq!(as_doctor("DELETE", "/fhir/Flag/x", &[("origin", OWN)], b"").status, 403);
    assert_eq!(sign_in(&house, "nurse", &before).0, 401);
    assert_eq!(sign_in(&house, "nurse", &nurse).0, 303);
    assert_eq!(house.end().0.code(), Some(0));

    let ran = home.run(&["serve", "--port", "0"]).expect(3);
    assert!(ran.err.contains("--demo"), "{}", ran.err);
    let mut house = home.serve(&["--demo"]);
    let after = password(&mut house, "doctor");
    assert_ne!(before, after);
    assert_eq!((sign_in(&house, "doctor", &before).0, sign_in(&house, "doctor", &after).0), (401, 303));
    house.end();
    let said = home.run(&["audit", "verify"]).expect(0).said();
    assert!(!said.contains(&after));
}

#[test]
fn a_real_folder_is_no_demonstration() {
    let home = Home::new();
    home.serve(&[]).end();
    let house = home.serve_open();
    house.ask("PUT", "/fhir/Patient/co-that", &[JSON], b"{\"resourceType\":\"Patient\",\"id\":\"co-that\"}");
    house.end();
    let ran = home.run(&["serve", "--demo", "--port", "0"]).expect(3);
    assert!(ran.err.contains("no demonstration") || ran.err.contains("dữ liệu thật"), "{}", ran.err);
}
