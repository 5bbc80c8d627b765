//! What is wrong with a definition is told at once, each fault with its place.

use yba_fhir::json::{Value, from_str};
use yba_view::{Limits, View};

/// `place key` of each fault.
fn faults(definition: &str) -> Vec<String> {
    faults_within(definition, Limits::default())
}

fn faults_within(definition: &str, limits: Limits) -> Vec<String> {
    let value: Value = from_str(definition).unwrap();
    let Err(outcome) = View::compile_within(&value, limits) else { return Vec::new() };
    outcome.issues.iter().map(|issue| format!("{} {}", issue.path.as_deref().unwrap(), issue.key)).collect()
}

#[test]
fn every_fault_is_told_with_its_place() {
    let definition = r#"{
        "resourceType": "ViewDefinition", "name": "1a", "resource": "Patient", "selects": [],
        "constant": [{"name": "a", "valueInteger": "x"}, {"name": "context", "valueString": "b"},
                     {"name": "c", "valueString": "x", "valueCode": "y"}],
        "where": [{"path": "name.family"}, {"pth": "active"}],
        "select": [
            {"column": [{"name": "id", "path": "id"}, {"name": "id", "path": "birthDate"},
                        {"name": "names", "path": "name"}, {"name": "dê", "path": "nam.first()"}]},
            {"forEach": "name", "forEachOrNull": "name", "column": [{"name": "given", "path": "given.frist()"}]},
            {"column": [{"name": "a", "path": "birthDate", "type": "boolean"},
                        {"name": "b", "path": "birthDate", "type": "dato"},
                        {"name": "c", "path": "%nothing"}, {"name": "d"}]}
        ]}"#;
    assert_eq!(
        faults(definition),
        [
            "ViewDefinition.selects view-unknown-element",
            "ViewDefinition.name view-name",
            "ViewDefinition.constant[0].valueInteger view-constant",
            "ViewDefinition.constant[1].name view-constant",
            "ViewDefinition.constant[2].value view-constant",
            "ViewDefinition.where[0].path view-condition",
            "ViewDefinition.where[1].pth view-unknown-element",
            "ViewDefinition.where[1].path view-required",
            "ViewDefinition.select[0].column[2].path view-column-type",
            "ViewDefinition.select[0].column[3].name view-name",
            "ViewDefinition.select[1] view-each",
            "ViewDefinition.select[1].column[0].path fhirpath-unknown-function",
            "ViewDefinition.select[2].column[0].path view-column-type",
            "ViewDefinition.select[2].column[1].type view-column-type",
            "ViewDefinition.select[2].column[2].path fhirpath-unknown-variable",
            "ViewDefinition.select[2].column[3].path view-required",
            "ViewDefinition.select[0].column[1].name view-duplicate",
        ]
    );
}

#[test]
fn a_wrong_expression_is_shown_with_its_position_and_advice() {
    let definition =
        r#"{"resource": "Patient", "select": [{"column": [{"name": "a", "path": "name.famly"}]}]}"#;
    let outcome = View::compile(&from_str(definition).unwrap()).unwrap_err();
    let issue = &outcome.issues[0];
    assert_eq!(issue.path.as_deref(), Some("ViewDefinition.select[0].column[0].path"));
    assert!(issue.text.contains("dòng 1, cột 6") && issue.text.contains("family"), "{}", issue.text);
}

#[test]
fn what_is_no_definition_at_all_is_refused() {
    let rows = [
        ("[]", "ViewDefinition view-type"),
        (r#"{"resource": "Patient"}"#, "ViewDefinition.select view-required"),
        (r#"{"resource": "Patient", "select": {}}"#, "ViewDefinition.select view-type"),
        (
            r#"{"resourceType": "Patient", "resource": "Patient", "select": [{"column": []}]}"#,
            "ViewDefinition.resourceType view-type",
        ),
        (r#"{"resource": "Patent", "select": [{}]}"#, "ViewDefinition.resource view-resource"),
        (r#"{"resource": "DomainResource", "select": [{}]}"#, "ViewDefinition.resource view-resource"),
        (
            r#"{"resource": "Patient", "modifierExtension": [], "select": [{}]}"#,
            "ViewDefinition.modifierExtension view-unknown-element",
        ),
        (
            r#"{"resource": "Patient", "select": [{"repeat": []}]}"#,
            "ViewDefinition.select[0].repeat view-required",
        ),
        (
            r#"{"resource": "Patient", "select": [{"forEach": " "}]}"#,
            "ViewDefinition.select[0].forEach view-type",
        ),
        (
            r#"{"resource": "Patient", "select": [{"column": [{"name": "a", "path": "id", "collection": "no"}]}]}"#,
            "ViewDefinition.select[0].column[0].collection view-type",
        ),
    ];
    for (definition, expected) in rows {
        assert!(faults(definition).iter().any(|fault| fault == expected), "{:?}", faults(definition));
    }
}

#[test]
fn branches_of_a_union_have_the_same_columns() {
    let with = |second: &str| {
        let definition = format!(
            r#"{{"resource": "Patient", "select": [{{"unionAll": [
                {{"column": [{{"name": "a", "path": "birthDate"}}]}}, {{"column": [{second}]}}]}}]}}"#
        );
        faults(&definition)
    };
    assert_eq!(with(r#"{"name": "a", "path": "birthDate"}"#), [""; 0]);
    assert_eq!(
        with(r#"{"name": "b", "path": "birthDate"}"#),
        ["ViewDefinition.select[0].unionAll[1] view-union"]
    );
    let place = "ViewDefinition.select[0].unionAll[1].column[0] view-union";
    assert_eq!(with(r#"{"name": "a", "path": "active"}"#), [place]);
    assert_eq!(with(r#"{"name": "a", "path": "birthDate", "collection": true}"#), [place]);
}

#[test]
fn definitions_are_bounded() {
    let column = |name: usize| format!(r#"{{"name": "c{name}", "path": "id"}}"#);
    let wide = |count: usize| {
        let columns: Vec<String> = (0..count).map(column).collect();
        format!(r#"{{"resource": "Patient", "select": [{{"column": [{}]}}]}}"#, columns.join(","))
    };
    assert_eq!(faults(&wide(1000)), [""; 0]);
    assert_eq!(faults(&wide(1010)), ["ViewDefinition.select[0].column[1000] view-limit"]);

    let deep = |depth: usize| {
        let (open, close) = (r#"{"select": ["#.repeat(depth - 1), "]}".repeat(depth - 1));
        format!(r#"{{"resource": "Patient", "select": [{open}{{"column": [{}]}}{close}]}}"#, column(0))
    };
    assert_eq!(faults(&deep(16)), [""; 0]);
    assert!(faults(&deep(17))[0].ends_with("view-limit"), "{:?}", faults(&deep(17)));

    let many = |count: usize| {
        let branch = format!(r#"{{"column": [{}]}}"#, column(0));
        format!(
            r#"{{"resource": "Patient", "select": [{{"unionAll": [{}]}}]}}"#,
            vec![branch; count].join(",")
        )
    };
    assert_eq!(faults(&many(999)), [""; 0]);
    assert_eq!(faults(&many(1000)), ["ViewDefinition.select[0].unionAll[999] view-limit"]);

    let constants = |count: usize| {
        let list: Vec<String> =
            (0..count).map(|n| format!(r#"{{"name": "k{n}", "valueInteger": 1}}"#)).collect();
        format!(
            r#"{{"resource": "Patient", "constant": [{}], "select": [{{"column": [{}]}}]}}"#,
            list.join(","),
            column(0)
        )
    };
    let few = Limits { parts: 5, ..Limits::default() };
    assert_eq!(faults_within(&constants(4), few), [""; 0]);
    assert_eq!(faults_within(&constants(6), few)[0], "ViewDefinition.constant[5] view-limit");
}

#[test]
fn faults_are_told_up_to_a_number() {
    let columns: Vec<String> = (0..500).map(|n| format!(r#"{{"name": "c{n}", "path": "x{n}"}}"#)).collect();
    let definition =
        format!(r#"{{"resource": "Patient", "select": [{{"column": [{}]}}]}}"#, columns.join(","));
    assert_eq!(faults(&definition).len(), 100);
}
