//! Resources laid over what the program carries: versions, circles, what is wrong with them.

use crate::{built_in, day, holds, parse, today, with};
use yba_fhir::Severity;
use yba_fhir::json::Value;

fn system(url: &str, version: &str, codes: &[&str]) -> String {
    let concepts: Vec<String> = codes.iter().map(|code| format!(r#"{{"code": "{code}"}}"#)).collect();
    let version = if version.is_empty() { String::new() } else { format!(r#""version": "{version}","#) };
    format!(
        r#"{{"resourceType": "CodeSystem", "url": "{url}", {version} "status": "active", "content": "complete", "concept": [{}]}}"#,
        concepts.join(",")
    )
}

fn set(url: &str, include: &str) -> String {
    format!(
        r#"{{"resourceType": "ValueSet", "url": "{url}", "status": "active", "compose": {{"include": [{include}]}}}}"#
    )
}

fn problems(resources: &[&str]) -> Vec<(Severity, String, String)> {
    let values: Vec<Value> = resources.iter().map(|text| parse(text)).collect();
    let (_, issues) = built_in().with_sound_resources(values.iter());
    issues.into_iter().map(|one| (one.severity, one.path.unwrap_or_default(), one.text)).collect()
}

#[test]
fn the_newer_version_wins_unless_another_is_asked_for() {
    let (one, two) = (system("urn:s", "1.9", &["a"]), system("urn:s", "1.10", &["b"]));
    let all = set("urn:v", r#"{"system": "urn:s"}"#);
    let first = set("urn:v1", r#"{"system": "urn:s", "version": "1.9"}"#);
    for order in [[&one, &two], [&two, &one]] {
        let terminology = with(&[order[0], order[1], &all, &first]);
        assert_eq!(holds(&terminology, "urn:v", None, "b", today()), 'i');
        assert_eq!(holds(&terminology, "urn:v", None, "a", today()), 'o');
        assert_eq!(holds(&terminology, "urn:v1", None, "a", today()), 'i');
    }
    assert!(built_in().value_set("urn:v").is_none(), "what was laid over another is not in this one");
}

#[test]
fn a_list_of_the_province_goes_before_the_one_built_in() {
    let url = "http://hl7.org/fhir/administrative-gender";
    let set = "http://hl7.org/fhir/ValueSet/administrative-gender";
    let old = with(&[&system(url, "0.0.1", &["x"])]);
    assert_eq!(holds(&old, set, None, "x", today()), 'o', "an older version does not win");
    for version in ["", "4.0.1", "9.0"] {
        let terminology = with(&[&system(url, version, &["x"])]);
        assert_eq!(holds(&terminology, set, None, "x", today()), 'i', "{version}");
        assert_eq!(holds(&terminology, set, None, "male", today()), 'o', "{version}");
    }
    assert_eq!(holds(built_in(), set, None, "male", today()), 'i');
}

#[test]
fn days_of_concepts_and_of_versions_are_kept() {
    let dated = r#"{"resourceType": "CodeSystem", "url": "urn:d", "status": "active", "content": "complete",
        "extension": [{"url": "http://hl7.org/fhir/StructureDefinition/resource-effectivePeriod",
                       "valuePeriod": {"start": "2020", "end": "2026"}}],
        "concept": [{"code": "a", "property": [{"code": "effectiveDate", "valueDateTime": "2024-05-01"},
                                               {"code": "retirementDate", "valueDateTime": "2025-01-01"}]}, {"code": "b"}]}"#;
    let terminology = with(&[dated, &set("urn:v", r#"{"system": "urn:d"}"#)]);
    for (code, on, expected) in [
        ("a", "2024-04-30", 'o'),
        ("a", "2024-05-01", 'i'),
        ("a", "2024-12-31", 'i'),
        ("a", "2025-01-01", 'o'),
        ("b", "2026-12-31", 'i'),
        ("b", "2027-01-01", '?'),
    ] {
        assert_eq!(holds(&terminology, "urn:v", None, code, day(on)), expected, "{code} {on}");
    }
}

#[test]
fn sets_that_import_themselves_are_refused_and_harm_no_other() {
    let a = set("urn:a", r#"{"valueSet": ["urn:b"]}"#);
    let b = set("urn:b", r#"{"valueSet": ["urn:c|1"]}, {"valueSet": ["urn:a"]}"#);
    let good = set("urn:good", r#"{"valueSet": ["http://hl7.org/fhir/ValueSet/administrative-gender"]}"#);
    let values: Vec<Value> = [&a, &b, &good].iter().map(|text| parse(text)).collect();
    let refused = built_in().with_resources(values.iter()).unwrap_err();
    assert!(refused.iter().any(|one| one.text.contains("urn:a → urn:b → urn:a")), "{refused:?}");
    let (terminology, _) = built_in().with_sound_resources(values.iter());
    assert_eq!(holds(&terminology, "urn:a", None, "male", today()), '?');
    assert_eq!(holds(&terminology, "urn:good", None, "male", today()), 'i');
    let itself = set("urn:self", r#"{"valueSet": ["urn:self"]}"#);
    assert_eq!(problems(&[&itself]).len(), 1);
}

#[test]
fn imports_that_multiply_are_refused_before_they_cost_anything() {
    let mut sets = vec![set("urn:n0", r#"{"system": "http://hl7.org/fhir/administrative-gender"}"#)];
    for level in 1..=30 {
        let below = format!("urn:n{}", level - 1);
        sets.push(set(
            &format!("urn:n{level}"),
            &format!(r#"{{"valueSet": ["{below}"]}}, {{"valueSet": ["{below}"]}}"#),
        ));
    }
    let texts: Vec<&str> = sets.iter().map(String::as_str).collect();
    let found = problems(&texts);
    assert!(
        found
            .iter()
            .any(|(severity, _, text)| *severity == Severity::Error && text.contains("quá 10000 phần")),
        "{found:?}"
    );
    let deep: Vec<String> = (0..50)
        .map(|level| set(&format!("urn:d{level}"), &format!(r#"{{"valueSet": ["urn:d{}"]}}"#, level + 1)))
        .collect();
    let texts: Vec<&str> = deep.iter().map(String::as_str).collect();
    assert!(problems(&texts).iter().any(|(_, _, text)| text.contains("tầng")));
}

#[test]
fn everything_wrong_is_said_at_once_with_its_place() {
    let bad = r#"{"resourceType": "ValueSet", "url": "urn:bad", "status": "active", "compose": {"include": [
        {"system": "urn:s", "concept": [{"code": "a"}, {"display": "no code"}]},
        {"system": "urn:s", "filter": [{"property": "code", "op": "regexp", "value": "a"},
                                       {"property": "code", "op": "regex", "value": "("}]},
        {}]}}"#;
    let found = problems(&[bad]);
    let places: Vec<&str> = found.iter().map(|(_, place, _)| place.as_str()).collect();
    assert_eq!(
        places,
        [
            "ValueSet.compose.include[0].concept[1].code",
            "ValueSet.compose.include[1].filter[0].op",
            "ValueSet.compose.include[1].filter[1].value",
            "ValueSet.compose.include[2]",
        ]
    );
    assert!(found[1].2.contains("ý bạn là regex?"), "{}", found[1].2);
    let map = r#"{"resourceType": "ConceptMap", "url": "urn:m", "status": "active", "group": [{"element": [
        {"code": "a", "target": [{"code": "b", "equivalence": "equivalant"}]}]}]}"#;
    assert_eq!(problems(&[map])[0].1, "ConceptMap.group[0].element[0].target[0].equivalence");
    assert_eq!(problems(&[r#"{"resourceType": "CodeSystem", "status": "active"}"#]).len(), 2);
}

#[test]
fn a_set_of_unknown_systems_is_taken_with_a_warning_and_answers_that_nobody_can_tell() {
    let unknown = set("urn:u", r#"{"system": "urn:nowhere"}, {"valueSet": ["urn:no-set"]}"#);
    let found = problems(&[&unknown]);
    assert_eq!(found.iter().map(|one| one.0).collect::<Vec<_>>(), [Severity::Warning, Severity::Warning]);
    assert_eq!(holds(&with(&[&unknown]), "urn:u", Some("urn:nowhere"), "a", today()), '?');
}

#[test]
fn only_the_listed_codes_of_an_expansion_are_known() {
    let expanded = r#"{"resourceType": "ValueSet", "url": "urn:e", "status": "active", "expansion": {"timestamp": "2026-01-01",
        "contains": [{"system": "urn:s", "code": "a", "contains": [{"system": "urn:s", "code": "b"}]}]}}"#;
    let terminology = with(&[expanded]);
    assert_eq!(holds(&terminology, "urn:e", None, "b", today()), 'i');
    assert_eq!(holds(&terminology, "urn:e", None, "c", today()), 'o');
}
