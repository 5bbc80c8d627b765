//! Runs `cases/*.txt`: a chapter of the specification each.
//!
//! A line is `expression ==> result`. The result is a JSON array as `yba fhirpath` prints it, or `error KEY`. A line
//! `@ name` chooses the resource (below), `//` begins a remark. Expressions are checked against the resource's type
//! unless the file says `@ dynamic`.

use yba_fhir::json::{self, Value};
use yba_fhirpath::{CompileOptions, Environment, Program, output};

/// 2026-03-02T08:00:00+07:00
pub const NOW_MS: i64 = 1_772_413_200_000;

const FILES: &[(&str, &str)] = &[
    ("paths", include_str!("cases/paths.txt")),
    ("literals", include_str!("cases/literals.txt")),
    ("existence", include_str!("cases/existence.txt")),
    ("filtering", include_str!("cases/filtering.txt")),
    ("subsetting", include_str!("cases/subsetting.txt")),
    ("combining", include_str!("cases/combining.txt")),
    ("conversion", include_str!("cases/conversion.txt")),
    ("strings", include_str!("cases/strings.txt")),
    ("math", include_str!("cases/math.txt")),
    ("utility", include_str!("cases/utility.txt")),
    ("equality", include_str!("cases/equality.txt")),
    ("comparison", include_str!("cases/comparison.txt")),
    ("types", include_str!("cases/types.txt")),
    ("logic", include_str!("cases/logic.txt")),
    ("arithmetic", include_str!("cases/arithmetic.txt")),
    ("dates", include_str!("cases/dates.txt")),
    ("quantities", include_str!("cases/quantities.txt")),
    ("environment", include_str!("cases/environment.txt")),
    ("fhir", include_str!("cases/fhir.txt")),
    ("boundaries", include_str!("cases/boundaries.txt")),
];

pub fn resource(name: &str) -> Value {
    let text = match name {
        "patient" => include_str!("cases/patient.json"),
        "observation" => include_str!("cases/observation.json"),
        "bundle" => include_str!("cases/bundle.json"),
        "questionnaire" => include_str!("cases/questionnaire.json"),
        "dynamic" => r#"{"a":{"b":[1,2,"x"],"valueQuantity":{"value":1.50,"unit":"mg"}},"flag":true}"#,
        other => panic!("no resource named {other}"),
    };
    json::from_str(text).expect("the resources of the cases are JSON")
}

fn outcome(expr: &str, tree: &Value) -> String {
    let context = json::str_at(tree, &["resourceType"]);
    let options = CompileOptions { context, other_roots: true, ..CompileOptions::default() };
    let environment = Environment::at(NOW_MS);
    let result = Program::compile_with(expr, &options).and_then(|program| {
        let items = program.evaluate(tree, &environment)?;
        Ok(output::array(&items))
    });
    result.unwrap_or_else(|error| format!("error {}", error.key))
}

#[test]
fn every_line_gives_what_it_says() {
    let mut wrong = Vec::new();
    let mut count = 0;
    for (file, text) in FILES {
        let mut tree = resource("patient");
        for (number, line) in text.lines().enumerate() {
            if let Some(name) = line.strip_prefix("@ ").filter(|name| !name.contains("==>")) {
                tree = resource(name.trim());
                continue;
            }
            if line.trim().is_empty() || line.starts_with("//") {
                continue;
            }
            let Some((expr, expected)) = line.split_once("==>") else {
                panic!("{file}.txt:{}: no ==> in {line:?}", number + 1)
            };
            count += 1;
            let found = outcome(expr.trim(), &tree);
            if found != expected.trim() {
                wrong.push(format!(
                    "{file}.txt:{}: {}\n  expected {}\n  found    {found}",
                    number + 1,
                    expr.trim(),
                    expected.trim()
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {count} are wrong\n{}", wrong.len(), wrong.join("\n"));
    assert!(count > 700, "only {count} cases were found");
}

#[test]
fn every_function_has_a_case_of_its_own() {
    let all: String = FILES.iter().map(|(_, text)| *text).collect();
    let missing: Vec<&str> =
        yba_fhirpath::function_names().filter(|name| !all.contains(&format!("{name}("))).collect();
    assert!(missing.is_empty(), "functions without a case: {missing:?}");
}
