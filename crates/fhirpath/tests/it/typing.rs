//! What the compiler finds before anything is evaluated, and how it says so.

use yba_fhir::Outcome;
use yba_fhir::defs;
use yba_fhirpath::{CompileOptions, Environment, PathError, Program};

fn error(expr: &str, context: &str) -> PathError {
    Program::compile(expr, Some(context)).expect_err(expr)
}

#[test]
fn unknown_names_are_answered_with_the_nearest_ones() {
    let wrong = error("Patient.nam", "Patient");
    assert_eq!((wrong.line, wrong.column), (1, 9));
    assert!(wrong.text.starts_with("Patient không có phần tử “nam”; có: name, "), "{}", wrong.text);
    assert!(
        wrong.diagnostics.starts_with("Patient has no element \"nam\"; it has: name, "),
        "{}",
        wrong.diagnostics
    );
    let wrong = error("Patient.name.where(use = 'x')\n  .exist()", "Patient");
    assert_eq!((wrong.line, wrong.column), (2, 4));
    assert_eq!(wrong.diagnostics, "there is no function exist(); did you mean exists()?");
    let wrong = error("Patient.name.startsWith('x')", "Patient");
    assert_eq!(wrong.text, "hàm startsWith() dùng cho chuỗi, ở đây là HumanName");
    let wrong = error("Patient.birthDate + 'x'", "Patient");
    assert_eq!(wrong.text, "toán tử “+” không dùng được giữa date và String");
}

#[test]
fn the_error_becomes_an_outcome_with_both_languages() {
    let outcome = Outcome::from(error("Patient.nam", "Patient"));
    assert_eq!(outcome.issues[0].key, "fhirpath-unknown-element");
    assert!(outcome.issues[0].text.starts_with("Biểu thức FHIRPath có lỗi ở dòng 1, cột 9: "));
    assert!(outcome.issues[0].diagnostics.starts_with("FHIRPath 1:9: "));
}

#[test]
fn a_path_of_another_type_is_an_error_or_empty_as_the_caller_wants() {
    assert_eq!(error("Observation.code", "Patient").key, "fhirpath-type");
    let options = CompileOptions { context: Some("Patient"), other_roots: true, ..CompileOptions::default() };
    assert!(Program::compile_with("Observation.code", &options).unwrap().is_always_empty());
    assert!(!Program::compile_with("Observation.code | Patient.gender", &options).unwrap().is_always_empty());
}

#[test]
fn as_filters_collections_only_when_the_caller_wants() {
    let observation = crate::cases::resource("observation");
    let count = |as_filters| {
        let options =
            CompileOptions { context: Some("Observation"), as_filters, ..CompileOptions::default() };
        let program = Program::compile_with("Observation.component.value as Quantity", &options).unwrap();
        program.evaluate(&observation, &Environment::default()).map(|items| items.len()).ok()
    };
    assert_eq!((count(false), count(true)), (None, Some(2)));
}

#[test]
fn a_union_keeps_duplicates_only_when_the_caller_wants() {
    let observation = crate::cases::resource("observation");
    let count = |expression: &str, keep_duplicates| {
        let options = CompileOptions {
            context: Some("Observation"),
            other_roots: true,
            keep_duplicates,
            ..CompileOptions::default()
        };
        let program = Program::compile_with(expression, &options).unwrap();
        program.evaluate(&observation, &Environment::default()).unwrap().len()
    };
    for (expression, set, bag) in [
        ("Observation.status | Observation.status", 1, 2),
        ("Patient.gender | Observation.status", 1, 1),
        ("Patient.gender | Group.type", 0, 0),
        ("Observation.status | Observation.status | Observation.status", 1, 3),
    ] {
        assert_eq!((count(expression, false), count(expression, true)), (set, bag), "{expression}");
    }
}

#[test]
fn variables_are_checked_as_far_as_they_are_known() {
    let patient = Program::compile("Patient", Some("Patient")).unwrap().leaves().clone();
    let shapes = [("who".to_owned(), patient.clone()), ("resource".to_owned(), patient)];
    let options = CompileOptions { shapes: &shapes, ..CompileOptions::default() };
    for sound in ["%who.name.given", "%resource.birthDate", "%other.anything"] {
        assert!(Program::compile_with(sound, &options).is_ok(), "{sound}");
    }
    for wrong in ["%who.nam", "%resource.birthdate", "%who.name.where(givn = 'A')"] {
        assert_eq!(
            Program::compile_with(wrong, &options).unwrap_err().key,
            "fhirpath-unknown-element",
            "{wrong}"
        );
    }
}

#[test]
fn without_a_known_type_names_are_free() {
    assert!(Program::compile("anything.at.all", None).is_ok());
    assert!(Program::compile("anything.at.all", Some("NoSuchType")).is_ok());
    assert!(Program::compile("anything.nofunction()", None).is_err());
}

#[test]
fn every_search_parameter_of_r4_compiles_for_each_of_its_types() {
    let tables = defs::r4();
    let mut count = 0;
    let mut wrong = Vec::new();
    for parameter in
        tables.all_search_parameters().iter().filter(|parameter| !parameter.expression.is_empty())
    {
        for base in &parameter.base {
            let options = CompileOptions {
                context: Some(base),
                other_roots: true,
                as_filters: true,
                ..CompileOptions::default()
            };
            count += 1;
            // HL7's own slip: R4's DeviceDefinition has no such element.
            if base == "DeviceDefinition" && parameter.code == "classification" {
                continue;
            }
            if let Err(error) = Program::compile_with(&parameter.expression, &options) {
                wrong.push(format!("{base} {}: {}: {error}", parameter.code, parameter.expression));
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {count}\n{}", wrong.len(), wrong.join("\n"));
    assert!(count > 1300, "{count}");
}
