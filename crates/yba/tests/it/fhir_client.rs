//! FHIR clients nobody here wrote (Python's fhirpy and fhirclient, npm's fhir-kit-client) work against a running node: each
//! creates, reads, searches, pages and is refused by a story of its own in `tests/clients`.

use crate::house::{Home, prepared, tool};
use std::path::Path;
use std::process::Command;

#[test]
fn fhirpy_works_with_a_running_node() {
    story(Command::new(prepared("YBA_TEST_PYTHON")), "fhirpy_story.py");
}

#[test]
fn fhirclient_works_with_a_running_node() {
    story(Command::new(prepared("YBA_TEST_PYTHON")), "fhirclient_story.py");
}

#[test]
fn fhir_kit_client_works_with_a_running_node() {
    // The client keeps to the packages that are locked beside its story.
    prepared("YBA_TEST_NPM_CLIENTS");
    story(Command::new(tool("node", "nodejs")), "kit_story.mjs");
}

fn story(mut client: Command, name: &str) {
    let story = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients").join(name);
    let home = Home::new();
    let house = home.serve_open();
    let address = format!("http://{}/fhir", house.address);
    let ran = client.arg(story).arg(address).env("no_proxy", "*").output().expect("the client can be run");
    let (out, err) = (String::from_utf8_lossy(&ran.stdout), String::from_utf8_lossy(&ran.stderr));
    assert!(ran.status.success(), "{out}\n{err}\nthe node said:\n{}", house.said());
    assert_eq!(house.end().0.code(), Some(0));
}
