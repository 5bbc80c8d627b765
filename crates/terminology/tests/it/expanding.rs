//! `$expand` beyond ICD-10: languages, designations, hierarchy, bounds.

use crate::{built_in, codes, expand, parse, today, with};
use yba_fhir::json::{self, JsonContainerTrait, JsonValueTrait};
use yba_terminology::expand::{Expand, HELD_MAX, PAGE_MAX};

const ICD10_SET: &str = "https://yba.vn/fhir/ValueSet/icd-10-vn";

#[test]
fn names_come_in_the_language_asked_for() {
    let display = |language: Option<&str>| {
        let asked = Expand { filter: Some("I10"), count: Some(1), language, ..Expand::on(today()) };
        expand(built_in(), ICD10_SET, &asked).entries[0].display.clone()
    };
    assert_eq!(display(None), display(Some("vi")));
    assert!(display(Some("en-US")).contains("hypertension"), "{}", display(Some("en-US")));
    assert_eq!(display(Some("fr")), display(None), "without a French name the own one stands");
}

#[test]
fn the_answer_is_a_value_set_with_an_expansion() {
    let set = built_in().value_set("https://yba.vn/fhir/ValueSet/gioi-tinh").unwrap();
    let asked =
        Expand { include_designations: true, timestamp: "2026-03-02T08:00:00+07:00", ..Expand::on(today()) };
    let value = set.expand(&asked).unwrap().to_value(&set, &asked);
    assert_eq!(value["resourceType"].as_str(), Some("ValueSet"));
    assert_eq!(value["expansion"]["timestamp"].as_str(), Some("2026-03-02T08:00:00+07:00"));
    let total = value["expansion"]["total"].as_u64().unwrap() as usize;
    assert_eq!(value["expansion"]["contains"].as_array().unwrap().len(), total);
    assert_eq!(value["expansion"]["contains"][0]["display"].as_str(), Some("Nam"));
    let empty = Expand { filter: Some("zzz"), ..asked };
    let value = set.expand(&empty).unwrap().to_value(&set, &empty);
    assert!(value["expansion"].get("contains").is_none(), "FHIR has no empty arrays");
}

#[test]
fn the_hierarchy_is_shown_when_it_is_asked_for() {
    let set = built_in().value_set("http://terminology.hl7.org/ValueSet/v3-ActCode").unwrap();
    let nested = Expand { exclude_nested: Some(false), ..Expand::on(today()) };
    let value = set.expand(&nested).unwrap().to_value(&set, &nested);
    let top = value["expansion"]["contains"].as_array().unwrap();
    let first = &top[0];
    assert_eq!((first["code"].as_str(), first["abstract"].as_bool()), (Some("_ActAccountCode"), Some(true)));
    assert!(first["contains"].as_array().unwrap().iter().any(|one| one["code"].as_str() == Some("CASH")));
    let flat = set.expand(&Expand::on(today())).unwrap();
    assert!(flat.total > top.len() && flat.entries.len() == flat.total);
}

#[test]
fn a_set_that_nobody_can_list_says_so() {
    let refused = |url: &str| built_in().value_set(url).unwrap().expand(&Expand::on(today())).unwrap_err();
    let snomed = refused("http://hl7.org/fhir/ValueSet/condition-code");
    assert_eq!(snomed.issues[0].code, "not-supported");
    assert!(snomed.issues[0].text.contains("snomed"), "{}", snomed.issues[0].text);
    assert_eq!(refused("http://hl7.org/fhir/ValueSet/all-time-units").issues[0].code, "not-supported");
    let units = expand(built_in(), "https://yba.vn/fhir/ValueSet/ucum", &Expand::on(today()));
    assert!(units.unclosed && units.total > 1000, "common units, said to be not all");
}

#[test]
fn codes_of_two_includes_are_shown_once() {
    let terminology = with(&[
        r#"{"resourceType": "ValueSet", "url": "urn:both", "status": "active", "compose": {"include": [
        {"system": "http://hl7.org/fhir/administrative-gender", "concept": [{"code": "male"}, {"code": "other"}]},
        {"system": "http://hl7.org/fhir/administrative-gender"},
        {"valueSet": ["http://hl7.org/fhir/ValueSet/administrative-gender"]}],
        "exclude": [{"system": "http://hl7.org/fhir/administrative-gender", "concept": [{"code": "unknown"}]}]}}"#,
    ]);
    assert_eq!(codes(&expand(&terminology, "urn:both", &Expand::on(today()))), ["male", "other", "female"]);
}

#[test]
fn an_include_of_system_and_sets_is_what_is_in_all_of_them() {
    let terminology = with(&[
        r#"{"resourceType": "ValueSet", "url": "urn:a", "status": "active", "compose": {"include": [
             {"system": "http://hl7.org/fhir/administrative-gender", "concept": [{"code": "male"}, {"code": "female"}]}]}}"#,
        r#"{"resourceType": "ValueSet", "url": "urn:b", "status": "active", "compose": {"include": [
             {"system": "http://hl7.org/fhir/administrative-gender", "concept": [{"code": "female"}, {"code": "other"}]}]}}"#,
        r#"{"resourceType": "ValueSet", "url": "urn:and", "status": "active", "compose": {"include": [
             {"valueSet": ["urn:a", "urn:b"]}]}}"#,
        r#"{"resourceType": "ValueSet", "url": "urn:and-system", "status": "active", "compose": {"include": [
             {"system": "http://hl7.org/fhir/administrative-gender", "valueSet": ["urn:a"]}]}}"#,
    ]);
    assert_eq!(codes(&expand(&terminology, "urn:and", &Expand::on(today()))), ["female"]);
    assert_eq!(codes(&expand(&terminology, "urn:and-system", &Expand::on(today()))), ["male", "female"]);
    for (set, code, expected) in
        [("urn:and", "female", 'i'), ("urn:and", "male", 'o'), ("urn:and-system", "other", 'o')]
    {
        assert_eq!(crate::holds(&terminology, set, None, code, today()), expected, "{set} {code}");
    }
}

/// A code system of that many codes, with a set of all of them.
fn large(count: usize) -> [String; 2] {
    let concepts: Vec<String> =
        (0..count).map(|at| format!(r#"{{"code": "c{at:06}", "display": "Mã số {at}"}}"#)).collect();
    [
        format!(
            r#"{{"resourceType": "CodeSystem", "url": "urn:large", "status": "active", "content": "complete", "concept": [{}]}}"#,
            concepts.join(",")
        ),
        r#"{"resourceType": "ValueSet", "url": "urn:all", "status": "active", "compose": {"include": [{"system": "urn:large"}]}}"#
            .to_owned(),
    ]
}

#[test]
fn an_expansion_is_bounded_with_and_without_pages() {
    let resources = large(HELD_MAX + 1);
    let terminology = with(&[&resources[0], &resources[1]]);
    let set = terminology.value_set("urn:all").unwrap();
    let paged = Expand { count: Some(10), ..Expand::on(today()) };
    assert_eq!(set.expand(&paged).unwrap_err().issues[0].code, "too-costly");
    let filtered = Expand { filter: Some("c00001"), ..paged };
    assert_eq!(set.expand(&filtered).unwrap().total, 10);

    let resources = large(PAGE_MAX + 1);
    let terminology = with(&[&resources[0], &resources[1]]);
    let set = terminology.value_set("urn:all").unwrap();
    assert_eq!(set.expand(&Expand::on(today())).unwrap_err().issues[0].code, "too-costly");
    let paged = Expand { count: Some(usize::MAX), ..Expand::on(today()) };
    assert_eq!(set.expand(&paged).unwrap().entries.len(), PAGE_MAX);
}

#[test]
fn a_set_that_is_sent_along_is_expanded_without_being_kept() {
    let value = parse(
        r#"{"resourceType": "ValueSet", "status": "active", "compose": {"include": [
             {"system": "http://hl7.org/fhir/administrative-gender", "concept": [{"code": "male", "display": "Nam"}]}]}}"#,
    );
    let set = built_in().value_set_of(&value).unwrap();
    let expansion = set.expand(&Expand::on(today())).unwrap();
    assert_eq!((expansion.entries[0].code.as_str(), expansion.entries[0].display.as_str()), ("male", "Nam"));
    assert!(built_in().value_set_of(&parse(r#"{"resourceType": "Patient"}"#)).is_err());
    let text = json::to_string(&expansion.to_value(&set, &Expand::on(today()))).unwrap();
    assert!(!text.contains(r#""url""#));
}
