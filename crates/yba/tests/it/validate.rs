//! An engineer asks at the command line what is wrong with a resource.

use std::io::Write;
use std::process::{Command, Stdio};
use yba_fhir::json::{JsonValueTrait, Value, from_slice, items, str_at};

/// The exit code and the OperationOutcome of `yba validate`.
fn validate(arguments: &[&str], resource: &[u8]) -> (i32, Value) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_yba"));
    let mut asked =
        command.arg("validate").args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    // A command that refuses its arguments does not read.
    let _ = asked.stdin.take().unwrap().write_all(resource);
    let said = asked.wait_with_output().unwrap();
    (said.status.code().unwrap(), from_slice(&said.stdout).unwrap())
}

#[test]
fn a_resource_is_judged_without_a_node() {
    let (code, outcome) = validate(&[], br#"{"resourceType": "Patient", "birthDate": "1986-04-12"}"#);
    assert_eq!(code, 0, "{outcome:?}");
    let (code, outcome) =
        validate(&[], br#"{"resourceType": "Patient", "birthDate": "12/04/1986", "sex": "male"}"#);
    assert_eq!(code, 1);
    let issue = |key: &str| {
        items(&outcome, "issue")
            .find(|issue| str_at(issue, &["details", "text"]).is_some() && issue.to_string().contains(key))
            .unwrap_or_else(|| panic!("{key} in {outcome:?}"))
    };
    let place = |key| items(issue(key), "expression").next().and_then(|one| one.as_str().map(str::to_owned));
    assert_eq!(place("bad-format").as_deref(), Some("Patient.birthDate"));
    assert_eq!(place("unknown-element").as_deref(), Some("Patient.sex"));
}

#[test]
fn what_is_no_json_is_an_outcome_too() {
    let (code, outcome) = validate(&[], b"{");
    assert_eq!((code, str_at(&outcome, &["resourceType"])), (1, Some("OperationOutcome")));
}

/// The keys of the issues.
fn keys(outcome: &Value) -> Vec<String> {
    let key = |issue: &Value| {
        items(&issue["details"], "coding")
            .next()
            .and_then(|one| str_at(one, &["code"]))
            .unwrap_or_default()
            .to_owned()
    };
    items(outcome, "issue").map(key).collect()
}

#[test]
fn a_resource_is_judged_by_built_in_profiles_and_by_those_of_a_file() {
    let ours = "https://yba.vn/fhir/StructureDefinition/vn-patient";
    let patient = br#"{"resourceType": "Patient", "name": [{"text": "Lo Thi Mau"}]}"#;
    let (code, outcome) = validate(&["--profile", ours], patient);
    assert_eq!((code, keys(&outcome)), (1, vec!["profile-missing".to_owned()]), "{outcome:?}");

    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("profile.json");
    let definition = |element: &str| {
        format!(
            r#"{{"resourceType": "Bundle", "type": "collection", "entry": [{{"resource": {{"resourceType": "StructureDefinition",
                "url": "https://yba.test/p", "name": "P", "status": "draft", "kind": "resource", "abstract": false, "type": "Patient",
                "baseDefinition": "{ours}", "derivation": "constraint", "differential": {{"element": [{{"path": "{element}", "min": 1}}]}}}}}}]}}"#
        )
    };
    let load = ["--load", file.to_str().unwrap(), "--profile", "https://yba.test/p"];
    std::fs::write(&file, definition("Patient.telecom")).unwrap();
    let (code, outcome) = validate(&load, patient);
    assert_eq!(
        (code, keys(&outcome).len()),
        (1, 2),
        "the file's profile and the one it stands on: {outcome:?}"
    );
    std::fs::write(&file, definition("Patient.telefon")).unwrap();
    let (code, outcome) = validate(&load, patient);
    assert_eq!(code, 2, "{outcome:?}");
    assert!(outcome.to_string().contains("element[0].path"), "{outcome:?}");
    assert_eq!(validate(&["--profile", "https://yba.test/unknown"], patient).0, 2);
}
