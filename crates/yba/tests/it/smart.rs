//! Apps of others with the libraries they are made with: npm's fhirclient in a real browser, requests and PyJWT in Python.

use crate::browser::pictures;
use crate::house::{Home, House, prepared, tool};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;

pub fn story(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients").join(name)
}

/// A demonstration, and the passwords of these accounts, in the order in which it tells them.
pub fn demonstration<const N: usize>(home: &Home, origins: &str, logins: [&str; N]) -> (House, [String; N]) {
    let mut command = home.node_command(&["serve", "--demo", "--port", "0"]);
    command.env("YBA_ORIGINS", origins);
    let mut house = House::start(command, home.beside("serve.log"));
    house.told("Tài khoản thử");
    let mut passwords: Vec<(String, String)> = Vec::new();
    while logins.iter().any(|login| !passwords.iter().any(|(known, _)| known == login)) {
        let line = house.told("  ");
        let mut words = line.split_whitespace();
        if let (Some(login), Some(password)) = (words.next(), words.next()) {
            passwords.push((login.to_owned(), password.to_owned()));
        }
    }
    let of = |login: &str| passwords.iter().find(|(known, _)| known == login).unwrap().1.clone();
    (house, logins.map(of))
}

#[test]
fn an_app_made_with_fhirclient_is_let_in_reads_and_is_refused_in_a_real_browser() {
    let (modules, clients) = (prepared("YBA_TEST_NODE_MODULES"), prepared("YBA_TEST_NPM_CLIENTS"));
    let node = tool("node", "nodejs");
    tool("chromium", "chromium");
    let home = Home::new();
    // A port that nobody has now; the story's server takes it at once.
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let origin = format!("http://127.0.0.1:{port}");
    let (house, [keeper, doctor]) = demonstration(&home, &origin, ["it-officer", "doctor"]);
    house.wait_for_links();
    std::fs::create_dir_all(pictures()).unwrap();
    let ran = Command::new(node)
        .arg(story("smart_story.mjs"))
        .args([&format!("http://{}", house.address), &keeper, &doctor, &port.to_string()])
        .arg(pictures())
        .env("YBA_TEST_NODE_MODULES", modules)
        .env("YBA_TEST_NPM_CLIENTS", clients)
        .output()
        .expect("node can be run");
    let (out, err) = (String::from_utf8_lossy(&ran.stdout), String::from_utf8_lossy(&ran.stderr));
    eprintln!("{out}");
    assert!(ran.status.success(), "{err}\nthe node said:\n{}", house.said());
    let said = house.said();
    assert!(!said.contains("fault") && !said.contains("code="), "{said}");
    assert_eq!(house.end().0.code(), Some(0));
    home.run(&["audit", "verify"]).expect(0);
}

#[test]
fn a_service_in_python_proves_itself_reads_and_is_refused() {
    let python = prepared("YBA_TEST_PYTHON");
    let home = Home::new();
    let (house, [keeper]) = demonstration(&home, "", ["it-officer"]);
    let ran = Command::new(python)
        .arg(story("smart_service_story.py"))
        .args([&format!("http://{}", house.address), &keeper])
        .env("no_proxy", "*")
        .output()
        .expect("python can be run");
    let (out, err) = (String::from_utf8_lossy(&ran.stdout), String::from_utf8_lossy(&ran.stderr));
    assert!(ran.status.success(), "{out}\n{err}\nthe node said:\n{}", house.said());
    assert_eq!(house.end().0.code(), Some(0));
}
