//! What is wrong with the structure of a resource is found, at its place, and nothing else.

use yba_fhir::json::from_str;
use yba_validate::Validator;

/// `place key` of each finding, in the order of the walk.
fn found(text: &str) -> Vec<String> {
    let findings = Validator::r4().check(&from_str(text).unwrap());
    let one =
        |issue: &yba_fhir::outcome::Issue| format!("{} {}", issue.path.as_deref().unwrap_or("?"), issue.key);
    findings.issues.iter().map(one).collect()
}

fn right(text: &str) {
    assert_eq!(found(text), [""; 0], "{text}");
}

fn wrong(text: &str, wanted: &[&str]) {
    let mut found = found(text);
    found.sort();
    assert_eq!(found, wanted, "{text}");
}

#[test]
fn well_formed_resources_have_no_findings() {
    right(r#"{"resourceType": "Patient"}"#);
    right(
        r#"{"resourceType": "Patient", "id": "a", "name": [{"given": ["Thị", null], "_given": [null, {"id": "x"}]}]}"#,
    );
    right(
        r#"{"resourceType": "Patient", "_birthDate": {"extension": [{"url": "https://yba.vn/x", "valueCode": "unknown"}]}}"#,
    );
    right(
        r##"{"resourceType": "Patient", "contained": [{"resourceType": "Organization", "id": "o", "name": "Trạm"}], "managingOrganization": {"reference": "#o"}}"##,
    );
    right(
        r#"{"resourceType": "Observation", "status": "final", "code": {"text": "x"}, "valueQuantity": {"value": 2.00, "unit": "g"}}"#,
    );
    right(
        r#"{"resourceType": "Bundle", "type": "collection", "entry": [{"resource": {"resourceType": "Patient"}}]}"#,
    );
    right(
        r#"{"resourceType": "Questionnaire", "status": "draft", "item": [{"linkId": "1", "type": "group", "item": [{"linkId": "2", "type": "string"}]}]}"#,
    );
    right(
        r#"{"resourceType": "Patient", "generalPractitioner": [{"reference": "https://other.vn/fhir/Practitioner/7/_history/2"}]}"#,
    );
    right(
        r#"{"resourceType": "Patient", "generalPractitioner": [{"reference": "urn:uuid:c757873d-ec9a-4326-a141-556f43239520"}]}"#,
    );
}

#[test]
fn names_that_r4_does_not_have_are_refused_with_advice() {
    wrong(
        r#"{"resourceType": "Patient", "birthdate": "1986-01-01"}"#,
        &["Patient.birthdate unknown-element"],
    );
    wrong(
        r#"{"resourceType": "Patient", "contact": [{"name": {"familly": "Lò"}}]}"#,
        &["Patient.contact[0].name.familly unknown-element"],
    );
    wrong(r#"{"resourceType": "Patients"}"#, &["Patients unknown-type"]);
    wrong(r#"{"resourceType": "DomainResource"}"#, &["DomainResource unknown-type"]);
    wrong(r#"{"id": "a"}"#, &["Resource missing-required"]);
    wrong(
        r#"{"resourceType": "Bundle", "type": "collection", "entry": [{"resource": {"id": "a"}}]}"#,
        &["Bundle.entry[0].resource missing-required"],
    );
    wrong(
        r#"{"resourceType": "Observation", "status": "final", "code": {"text": "x"}, "value": 5}"#,
        &["Observation.value unknown-element"],
    );
    let findings =
        Validator::r4().check(&from_str(r#"{"resourceType": "Patient", "birthdate": "1986"}"#).unwrap());
    assert!(findings.issues[0].text.contains("Có phải “birthDate”?"), "{}", findings.issues[0].text);
}

#[test]
fn lists_and_single_values_are_not_each_other() {
    wrong(r#"{"resourceType": "Patient", "name": {"family": "Lò"}}"#, &["Patient.name not-array"]);
    wrong(r#"{"resourceType": "Patient", "gender": ["male"]}"#, &["Patient.gender is-array"]);
    wrong(r#"{"resourceType": "Patient", "name": []}"#, &["Patient.name empty-element"]);
    wrong(r#"{"resourceType": "Patient", "name": [{}]}"#, &["Patient.name[0] empty-element"]);
    wrong(r#"{"resourceType": "Patient", "name": [null]}"#, &["Patient.name[0] null-item"]);
    wrong(r#"{"resourceType": "Patient", "gender": null}"#, &["Patient.gender null-item"]);
    wrong(
        r#"{"resourceType": "Patient", "name": [{"given": ["Thị", null]}]}"#,
        &["Patient.name[0].given[1] null-item"],
    );
    wrong(r#"{"resourceType": "Patient", "name": ["Lò"]}"#, &["Patient.name[0] wrong-type"]);
    wrong(r#"["Patient"]"#, &["Resource wrong-type"]);
}

#[test]
fn what_is_required_is_missed() {
    wrong(
        r#"{"resourceType": "Observation"}"#,
        &["Observation.code missing-required", "Observation.status missing-required"],
    );
    wrong(
        r#"{"resourceType": "Patient", "link": [{"type": "refer"}]}"#,
        &["Patient.link[0].other missing-required"],
    );
    wrong(
        r#"{"resourceType": "Patient", "extension": [{"valueCode": "x"}]}"#,
        &["Patient.extension[0].url missing-required"],
    );
}

#[test]
fn one_choice_of_a_value_is_taken() {
    wrong(
        r#"{"resourceType": "Patient", "deceasedBoolean": true, "deceasedDateTime": "2026"}"#,
        &["Patient.deceased choice-twice"],
    );
    wrong(
        r#"{"resourceType": "Observation", "status": "final", "code": {"text": "x"}, "valueDecimal": 1}"#,
        &["Observation.valueDecimal unknown-element"],
    );
}

#[test]
fn formats_and_kinds_of_json_are_tested_where_they_stand() {
    wrong(r#"{"resourceType": "Patient", "birthDate": {}}"#, &["Patient.birthDate wrong-type"]);
    wrong(r#"{"resourceType": "Patient", "birthDate": "30/02/1986"}"#, &["Patient.birthDate bad-format"]);
    wrong(r#"{"resourceType": "Patient", "active": "true"}"#, &["Patient.active wrong-type"]);
    wrong(
        r#"{"resourceType": "Patient", "multipleBirthInteger": 1.5}"#,
        &["Patient.multipleBirth bad-format"],
    );
    wrong(
        r#"{"resourceType": "Patient", "name": [{"given": ["Thị", ""]}]}"#,
        &["Patient.name[0].given[1] bad-format"],
    );
    wrong(r#"{"resourceType": "Patient", "id": "a b"}"#, &["Patient.id bad-format"]);
}

#[test]
fn codes_of_required_lists_are_tested() {
    wrong(r#"{"resourceType": "Patient", "gender": "nữ"}"#, &["Patient.gender code-not-in-set"]);
    wrong(
        r#"{"resourceType": "AllergyIntolerance", "patient": {"reference": "Patient/1"}, "clinicalStatus": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical", "code": "gone"}]}}"#,
        &["AllergyIntolerance.clinicalStatus code-not-in-set"],
    );
    right(
        r#"{"resourceType": "AllergyIntolerance", "patient": {"reference": "Patient/1"}, "clinicalStatus": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical", "code": "active"}]}}"#,
    );
}

#[test]
fn references_point_to_the_types_that_may_stand_there() {
    wrong(
        r#"{"resourceType": "Patient", "managingOrganization": {"reference": "Patient/1"}}"#,
        &["Patient.managingOrganization reference-type"],
    );
    wrong(
        r#"{"resourceType": "Patient", "managingOrganization": {"type": "Patient", "display": "x"}}"#,
        &["Patient.managingOrganization reference-type"],
    );
}

#[test]
fn an_extension_has_a_value_or_extensions() {
    wrong(
        r#"{"resourceType": "Patient", "extension": [{"url": "https://yba.vn/x"}]}"#,
        &["Patient.extension[0] invariant"],
    );
    wrong(
        r#"{"resourceType": "Patient", "extension": [{"url": "https://yba.vn/x", "valueCode": "a", "extension": [{"url": "y", "valueCode": "b"}]}]}"#,
        &["Patient.extension[0] invariant"],
    );
}

#[test]
fn a_resource_of_nothing_but_faults_is_answered_with_a_bounded_list() {
    let members: Vec<String> = (0..1000).map(|number| format!("\"x{number}\": 1")).collect();
    let text = format!("{{\"resourceType\": \"Patient\", {}}}", members.join(", "));
    let findings = Validator::r4().check(&from_str(&text).unwrap());
    assert_eq!(findings.issues.len(), yba_validate::FINDINGS_MAX + 1);
    assert!(findings.is_full() && findings.has_errors());
}
