//! What the caller gives: resources, value sets, profiles, variables, the clock.

use crate::cases::{NOW_MS, resource};
use std::sync::Mutex;
use yba_fhir::json::{self, Value};
use yba_fhirpath::{CompileOptions, Environment, Host, Item, Node, Program, output};

struct Town {
    practitioner: Value,
    traced: Mutex<Vec<String>>,
}

impl Host for Town {
    fn resolve(&self, reference: &str) -> Option<&Value> {
        (reference == "Practitioner/dr1").then_some(&self.practitioner)
    }

    fn member_of(&self, coded: &Item, value_set: &str) -> Option<bool> {
        (value_set == "http://example.org/vs").then(|| coded.as_str() == Some("female"))
    }

    fn conforms_to(&self, node: Node, profile: &str) -> Option<bool> {
        (profile == "http://example.org/p").then_some(node.value.is_some())
    }

    fn subsumes(&self, general: &Item, special: &Item) -> Option<bool> {
        Some(special.as_str()?.starts_with(general.as_str()?))
    }

    fn in_slice(&self, node: Node, structure: &str, slice: &str) -> Option<bool> {
        let url = json::str_at(node.value?, &["url"])?;
        Some(structure == "http://example.org/p" && url.ends_with(slice))
    }

    fn trace(&self, name: &str, items: &[Item]) {
        self.traced.lock().unwrap().push(format!("{name}: {}", output::array(items)));
    }
}

fn town() -> Town {
    let practitioner = json::from_str(r#"{"resourceType":"Practitioner","id":"dr1"}"#).unwrap();
    Town { practitioner, traced: Mutex::default() }
}

fn with(host: &Town, expr: &str) -> String {
    let patient = resource("patient");
    let environment = Environment { host, ..Environment::at(NOW_MS) };
    let program = Program::compile(expr, Some("Patient")).unwrap();
    let items = program.evaluate(&patient, &environment).unwrap();
    output::array(&items)
}

#[test]
fn the_host_answers_what_an_expression_asks_of_the_world() {
    let town = town();
    let check = |expr: &str, expected: &str| assert_eq!(with(&town, expr), expected, "{expr}");
    check("generalPractitioner.resolve().id", r#"["dr1","org1"]"#);
    check("gender.memberOf('http://example.org/vs')", "[true]");
    check("'male'.memberOf('http://example.org/vs')", "[false]");
    check("gender.memberOf('http://example.org/other')", "[]");
    check("name.given.memberOf('http://example.org/vs')", "[]");
    check("conformsTo('http://example.org/p')", "[true]");
    check("'fe'.subsumes(gender)", "[true]");
    check("gender.subsumes('fe')", "[false]");
    check("gender.subsumedBy('fe')", "[true]");
    check("extension.slice('http://example.org/p', 'twin').value", "[false]");
}

#[test]
fn trace_tells_the_host_and_changes_nothing() {
    let town = town();
    assert_eq!(with(&town, "name.given.trace('all').first().trace('one', length())"), r#"["Thị"]"#);
    let traced = town.traced.into_inner().unwrap();
    assert_eq!(traced, [r#"all: ["Thị","Mai","Mai","Thị","Mai"]"#, "one: [3]"]);
}

#[test]
fn references_stand_in_for_what_cannot_be_resolved_when_asked_to() {
    let observation = resource("observation");
    let program =
        Program::compile("Observation.subject.where(resolve() is Patient).reference", Some("Observation"));
    let program = program.unwrap();
    let count = |stand_ins| {
        let environment = Environment { stand_ins, ..Environment::default() };
        program.evaluate(&observation, &environment).unwrap().len()
    };
    assert_eq!((count(false), count(true)), (0, 1));
}

#[test]
fn variables_are_the_callers_and_unknown_ones_are_refused() {
    let patient = resource("patient");
    let program = Program::compile("%weight / (%height.power(2))", None).unwrap();
    let decimal = |text: &str| Item::Decimal(text.parse().unwrap());
    let environment =
        Environment::default().with("weight", vec![decimal("64")]).with("height", vec![decimal("1.6")]);
    assert_eq!(output::array(&program.evaluate(&patient, &environment).unwrap()), "[25]");
    let options = CompileOptions { variables: Some(&["weight"]), ..CompileOptions::default() };
    let error = Program::compile_with("%weight + %height", &options).unwrap_err();
    assert_eq!((error.key, error.column), ("fhirpath-unknown-variable", 11));
}

#[test]
fn without_a_clock_there_is_no_now() {
    let patient = resource("patient");
    let program = Program::compile("today()", None).unwrap();
    assert_eq!(program.evaluate(&patient, &Environment::default()).unwrap_err().key, "fhirpath-no-clock");
}

#[test]
fn modifier_extensions_that_are_not_named_are_refused() {
    let tree = json::from_str(
        r#"{"resourceType":"Patient","id":"p","modifierExtension":[{"url":"http://example.org/not","valueBoolean":true}]}"#,
    )
    .unwrap();
    let run = |expr: &str| {
        let program = Program::compile(expr, Some("Patient")).unwrap();
        program.evaluate(&tree, &Environment::default()).map(|items| items.len()).map_err(|error| error.key)
    };
    assert_eq!(run("checkModifiers('http://example.org/other')"), Err("fhirpath-modifier"));
    assert_eq!(run("checkModifiers('http://example.org/other,http://example.org/not')"), Ok(1));
}

#[test]
fn a_program_is_shared_between_threads() {
    fn shared<T: Send + Sync>(_: &T) {}
    let program = Program::compile("Patient.name.given", Some("Patient")).unwrap();
    shared(&program);
    let patient = resource("patient");
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                assert_eq!(program.evaluate(&patient, &Environment::default()).unwrap().len(), 5);
            });
        }
    });
}
