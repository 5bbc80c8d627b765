//! Who may come in, who may not, and how the house opens and closes.

use crate::claims::{file, hoso, visit};
use crate::house::{Home, JSON};
use std::time::{Duration, Instant};

/// Addresses that a stranger may read.
const FOR_EVERYONE: [&str; 4] = ["/fhir/metadata", "/healthz", "/readyz", "/gioi-thieu"];

#[test]
fn a_stranger_is_told_to_sign_in_everywhere_but_at_the_door() {
    let home = Home::new();
    let house = home.serve(&[]);
    for path in FOR_EVERYONE {
        assert_eq!(house.get(path).status, 200, "{path}");
    }
    let about = house.get("/gioi-thieu").text();
    let style = about
        .split("href=\"")
        .find_map(|part| part.split('"').next()?.strip_prefix("/a/").map(str::to_owned));
    assert_eq!(house.get(&format!("/a/{}", style.expect("the page has a style sheet"))).status, 200);
    let body = b"{\"resourceType\":\"Patient\"}";
    for (method, path) in [
        ("GET", "/"),
        ("POST", "/tim"),
        ("GET", "/nguoi/abc"),
        ("GET", "/_ui"),
        ("GET", "/fhir/Patient"),
        ("GET", "/fhir/Patient/abc"),
        ("GET", "/fhir/Patient/abc/_history"),
        ("GET", "/fhir/Patient/abc/_history/1"),
        ("POST", "/fhir/Patient/_search"),
        ("POST", "/fhir/Patient"),
        ("PUT", "/fhir/Patient/abc"),
        ("DELETE", "/fhir/Patient/abc"),
        ("POST", "/fhir"),
        ("GET", "/fhir/AuditEvent"),
    ] {
        let headers: &[(&str, &str)] = if method == "GET" { &[] } else { &[JSON] };
        let answer = house.ask(method, path, headers, if method == "GET" { b"" } else { body });
        let allowed: &[u16] = if path == "/_ui" { &[401, 404] } else { &[401] };
        assert!(allowed.contains(&answer.status), "{method} {path}: {} {}", answer.status, answer.text());
    }
    assert_eq!(house.end().0.code(), Some(0));
    home.run(&["check"]).expect(0);
}

#[test]
fn refusals_do_not_tell_whether_something_is_there() {
    let home = Home::new();
    let house = home.serve_open();
    let created = house.ask(
        "PUT",
        "/fhir/Patient/co-that",
        &[JSON],
        b"{\"resourceType\":\"Patient\",\"id\":\"co-that\"}",
    );
    assert_eq!(created.status, 201);
    house.end();
    let house = home.serve(&[]);
    let (there, not) = (house.get("/fhir/Patient/co-that"), house.get("/fhir/Patient/khong-co"));
    assert_eq!((there.status, not.status), (401, 401));
    assert!(!there.text().contains("co-that"), "{}", there.text());
}

#[test]
fn an_open_node_refuses_any_address_but_loopback() {
    let home = Home::new();
    for address in ["0.0.0.0", "::", "192.0.2.1"] {
        let ran = home.run(&["serve", "--open", "--port", "0", "--listen", address]).expect(3);
        assert!(ran.err.contains("loopback"), "{}", ran.err);
    }
    assert!(!home.data().join("yba.db").exists(), "it is refused before anything is made");
}

#[test]
fn sigterm_ends_the_node_in_time_and_lets_requests_end() {
    let home = Home::new();
    let house = home.serve_open();
    // A request whose body is still on its way when the signal comes.
    let mut line = house.line();
    let body = format!("{{\"resourceType\":\"Basic\",\"code\":{{\"text\":\"{}\"}}}}", "x".repeat(200_000));
    let (first, rest) = body.as_bytes().split_at(1000);
    let length = body.len().to_string();
    line.ask_unfinished("POST", "/fhir/Basic", &[JSON, ("content-length", &length)], first).unwrap();
    let rest = rest.to_vec();
    let sender = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(700));
        line.push(&rest).unwrap();
        line.answer().map(|answer| answer.status)
    });
    std::thread::sleep(Duration::from_millis(200));
    let (status, took) = house.end();
    assert_eq!(status.code(), Some(0));
    assert!(took < Duration::from_secs(15), "{took:?}");
    assert_eq!(sender.join().unwrap().unwrap(), 201, "the request under way ends well");
    let house = home.serve_open();
    assert_eq!(yba_fhir::json::items(&house.get("/fhir/Basic").json(), "entry").count(), 1);
}

#[test]
fn a_connection_that_says_nothing_does_not_hold_the_end() {
    let home = Home::new();
    let house = home.serve_open();
    let mut line = house.line();
    line.ask_unfinished("POST", "/fhir/Basic", &[JSON, ("content-length", "1000")], b"{").unwrap();
    let (_, took) = house.end();
    assert!(took < Duration::from_secs(15), "{took:?}");
}

#[test]
fn a_second_node_on_one_folder_is_refused_politely() {
    let home = Home::new();
    let house = home.serve_open();
    let began = Instant::now();
    let second = home.run(&["serve", "--open", "--port", "0"]).expect(3);
    assert!(second.err.contains("yba:") && second.err.len() < 1000, "{}", second.err);
    assert!(began.elapsed() < Duration::from_secs(15), "{:?}", began.elapsed());
    assert_eq!(house.get("/fhir/metadata").status, 200, "the first goes on");
}

#[test]
fn commands_beside_a_running_node_are_done_by_it() {
    let home = Home::new();
    let house = home.serve_open();
    let before = house.measure("yba_log_position");
    let path = home.beside("mot-luot.xml");
    std::fs::write(&path, file("20260303", &[hoso(&visit(1))])).unwrap();
    let ran = home.run(&["import", "bhyt", path.to_str().unwrap()]).expect(0);
    assert!(ran.out.contains("1 mới"), "{}", ran.out);
    assert!(house.measure("yba_log_position") > before, "the running node itself has taken it in");
    home.run(&["check"]).expect(0);
    home.run(&["audit", "verify"]).expect(0);
    assert_eq!(house.end().0.code(), Some(0));
    home.run(&["import", "bhyt", path.to_str().unwrap()]).expect(0);
}

#[test]
fn commands_answer_with_the_exit_codes_others_rely_on() {
    let home = Home::new();
    let config = home.run(&["config"]).expect(0);
    for setting in ["data", "database", "listen", "port", "open"] {
        assert!(config.out.lines().any(|line| line.starts_with(&format!("{setting} = "))), "{setting}");
    }
    let run = |words: &[&str]| home.run_plain(words);
    run(&["content", "check"]).expect(0);
    let broken = home.beside("content/law");
    std::fs::create_dir_all(&broken).unwrap();
    std::fs::write(broken.join("hong.toml"), "number = ").unwrap();
    let ran = run(&["content", "check", home.beside("content").to_str().unwrap()]).expect(1);
    assert!(ran.out.contains("hong.toml"), "{}", ran.out);
    for wrong in [&["no-such-command"][..], &["serve", "--port", "many"], &["import", "bhyt"], &[]] {
        run(wrong).expect(2);
    }
    for sound in [&["--help"][..], &["--version"], &["import", "bhyt", "--help"]] {
        run(sound).expect(0);
    }
    for needs_a_node in [&["check"][..], &["audit", "verify"], &["export", "fhir", "--out", "x"]] {
        let ran = home.run(needs_a_node).expect(3);
        assert!(ran.err.contains("--data"), "{}", ran.err);
    }
}
