//! A FHIR client nobody here wrote (Python's fhirpy) creates, reads, searches and pages against a running node.

use crate::house::{Home, prepared};
use std::path::Path;
use std::process::Command;

#[test]
fn fhirpy_works_with_a_running_node() {
    let python = prepared("YBA_TEST_PYTHON");
    let story = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients/fhirpy_story.py");
    let home = Home::new();
    let house = home.serve_open();
    let ran = Command::new(python)
        .arg(story)
        .arg(format!("http://{}/fhir", house.address))
        .env("no_proxy", "*")
        .output()
        .expect("python can be run");
    let (out, err) = (String::from_utf8_lossy(&ran.stdout), String::from_utf8_lossy(&ran.stderr));
    assert!(ran.status.success(), "{out}\n{err}\nthe node said:\n{}", house.said());
    assert_eq!(house.end().0.code(), Some(0));
}
