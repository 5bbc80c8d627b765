//! An engineer asks at the command line what is wrong with a resource.

use std::io::Write;
use std::process::{Command, Stdio};
use yba_fhir::json::{JsonValueTrait, Value, from_slice, items, str_at};

/// The exit code and the OperationOutcome of `yba validate`.
fn validate(resource: &[u8]) -> (i32, Value) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_yba"));
    let mut asked = command.arg("validate").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    asked.stdin.take().unwrap().write_all(resource).unwrap();
    let said = asked.wait_with_output().unwrap();
    (said.status.code().unwrap(), from_slice(&said.stdout).unwrap())
}

#[test]
fn a_resource_is_judged_without_a_node() {
    let (code, outcome) = validate(br#"{"resourceType": "Patient", "birthDate": "1986-04-12"}"#);
    assert_eq!(code, 0, "{outcome:?}");
    let (code, outcome) =
        validate(br#"{"resourceType": "Patient", "birthDate": "12/04/1986", "sex": "male"}"#);
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
    let (code, outcome) = validate(b"{");
    assert_eq!((code, str_at(&outcome, &["resourceType"])), (1, Some("OperationOutcome")));
}
