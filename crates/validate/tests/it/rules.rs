//! R4's invariants are judged where they stand, each against its own text.

use yba_fhir::json::from_str;
use yba_fhir::outcome::Severity;
use yba_validate::Validator;

/// `place key-of-the-rule severity` of the invariants that a resource breaks.
fn broken(text: &str) -> Vec<String> {
    let findings = Validator::r4().check(&from_str(text).unwrap_or_else(|error| panic!("{error}: {text}")));
    let rule = |issue: &yba_fhir::outcome::Issue| {
        let rule = issue.diagnostics.split(' ').nth(1).unwrap_or_default();
        let severity = if issue.severity == Severity::Error { "" } else { " warning" };
        format!("{} {rule}{severity}", issue.path.as_deref().unwrap_or("?"))
    };
    findings
        .issues
        .iter()
        .inspect(|issue| assert_eq!(issue.key, "invariant", "{issue:?}"))
        .map(rule)
        .collect()
}

#[test]
fn rules_of_resources_elements_and_data_types_are_judged() {
    let cases: &[(&str, &[&str])] = &[
        (r#"{"resourceType": "Patient", "contact": [{"gender": "female"}]}"#, &["Patient.contact[0] pat-1"]),
        (
            r#"{"resourceType": "Patient", "name": [{"text": "x", "period": {"start": "2026-02-01", "end": "2026-01-01"}}]}"#,
            &["Patient.name[0].period per-1"],
        ),
        (r#"{"resourceType": "Patient", "telecom": [{"value": "1"}]}"#, &["Patient.telecom[0] cpt-2"]),
        (
            r##"{"resourceType": "Patient", "managingOrganization": {"reference": "#nowhere"}}"##,
            &["Patient.managingOrganization ref-1"],
        ),
        (
            r#"{"resourceType": "Patient", "contained": [{"resourceType": "Organization", "id": "o", "name": "x"}]}"#,
            &["Patient dom-3"],
        ),
        (
            r#"{"resourceType": "Observation", "status": "final", "code": {"text": "x"}, "valueString": "1", "dataAbsentReason": {"text": "y"}}"#,
            &["Observation obs-6"],
        ),
        (
            r#"{"resourceType": "Observation", "status": "final", "code": {"text": "x"}, "valueQuantity": {"value": 1, "code": "g"}}"#,
            &["Observation.value qty-3"],
        ),
        (
            r#"{"resourceType": "Bundle", "type": "searchset", "total": 1, "entry": [{"fullUrl": "urn:a", "resource": {"resourceType": "Patient"}, "request": {"method": "GET", "url": "x"}}]}"#,
            &["Bundle bdl-3"],
        ),
        (
            r#"{"resourceType": "Patient", "text": {"status": "generated", "div": "<div xmlns=\"http://www.w3.org/1999/xhtml\">a<script>x</script></div>"}}"#,
            &["Patient.text.div txt-1", "Patient.text.div txt-2"],
        ),
        (
            r#"{"resourceType": "CodeSystem", "name": "có dấu", "status": "draft", "content": "complete"}"#,
            &["CodeSystem csd-0 warning"],
        ),
        (
            r#"{"resourceType": "Questionnaire", "status": "draft", "item": [{"linkId": "1", "type": "display", "required": true}]}"#,
            &["Questionnaire.item[0] que-6"],
        ),
        (
            r#"{"resourceType": "Questionnaire", "status": "draft", "item": [{"linkId": "1", "type": "group", "item": [{"linkId": "1", "type": "group"}]}]}"#,
            &["Questionnaire que-2", "Questionnaire.item[0].item[0] que-1"],
        ),
    ];
    for (text, wanted) in cases {
        let mut broken = broken(text);
        broken.sort();
        assert_eq!(broken, *wanted, "{text}");
    }
}

#[test]
fn what_keeps_the_rules_breaks_none() {
    for text in [
        r#"{"resourceType": "Patient", "contact": [{"name": {"text": "x"}}]}"#,
        r#"{"resourceType": "Patient", "name": [{"text": "x", "period": {"start": "2026", "end": "2026-01"}}]}"#,
        r#"{"resourceType": "Patient", "managingOrganization": {"display": "Trạm Y tế xã"}}"#,
        r##"{"resourceType": "Patient", "contained": [{"resourceType": "Organization", "id": "o", "name": "x"}], "managingOrganization": {"reference": "#o"}}"##,
        r##"{"resourceType": "Patient", "contained": [{"resourceType": "Organization", "id": "o", "name": "x", "partOf": {"reference": "#p"}}, {"resourceType": "Organization", "id": "p", "name": "y"}], "managingOrganization": {"reference": "#o"}}"##,
    ] {
        assert_eq!(broken(text), [""; 0], "{text}");
    }
}

#[test]
fn those_who_ask_only_for_errors_get_no_warnings() {
    let tree = from_str(
        r#"{"resourceType": "CodeSystem", "name": "có dấu", "status": "draft", "content": "complete"}"#,
    )
    .unwrap();
    let mut findings = yba_validate::Findings::errors_only();
    Validator::r4().check_one_of(0, &tree, &mut findings);
    assert!(findings.issues.is_empty());
}
