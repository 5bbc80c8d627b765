//! Random texts and random mixtures of the language's own words: never a panic, always an end.

use crate::cases::{NOW_MS, resource};
use proptest::prelude::*;
use yba_fhirpath::{CompileOptions, Environment, Limits, Program, function_names};

const WORDS: &[&str] = &[
    "Patient",
    "name",
    "given",
    "birthDate",
    "identifier",
    "extension",
    "value",
    "contained",
    "telecom",
    "active",
    "(",
    ")",
    "[",
    "]",
    "{}",
    ".",
    ",",
    "+",
    "-",
    "*",
    "/",
    "|",
    "&",
    "<",
    "<=",
    ">",
    ">=",
    "=",
    "!=",
    "~",
    "!~",
    "and",
    "or",
    "xor",
    "implies",
    "div",
    "mod",
    "is",
    "as",
    "in",
    "contains",
    "true",
    "false",
    "$this",
    "$index",
    "$total",
    "%context",
    "%resource",
    "%ucum",
    "0",
    "1",
    "-1",
    "2147483647",
    "0.1",
    "99999999999999999999999999.9",
    "'a'",
    "''",
    "'\\u0000'",
    "'('",
    "@2012",
    "@2012-02-29",
    "@T10:30",
    "@2012-01-01T00:00:00Z",
    "@9999-12-31",
    "1 year",
    "4 'mg'",
    "3 'nonsense'",
    "2 days",
    "Quantity",
    "string",
    "System.String",
    "`x y`",
    "1.",
    "'",
];

fn run(expr: &str) {
    let patient = resource("patient");
    let limits = Limits { steps: 20_000, items: 5_000, text: 10_000 };
    let environment = Environment { limits, ..Environment::at(NOW_MS) };
    for context in [Some("Patient"), None] {
        let options = CompileOptions { context, other_roots: true, ..CompileOptions::default() };
        if let Ok(program) = Program::compile_with(expr, &options)
            && let Ok(items) = program.evaluate(&patient, &environment)
        {
            items.iter().for_each(|item| drop(item.to_json()));
        }
    }
}

fn word() -> impl Strategy<Value = String> {
    let functions: Vec<&str> = function_names().collect();
    prop_oneof![
        3 => proptest::sample::select(WORDS).prop_map(str::to_owned),
        2 => proptest::sample::select(functions).prop_map(|name| format!(".{name}(")),
    ]
}

/// Well-formed more often than not: calls and operators around small parts.
fn expression() -> impl Strategy<Value = String> {
    let leaf = proptest::sample::select(WORDS).prop_map(str::to_owned);
    leaf.prop_recursive(6, 40, 3, |inner| {
        let functions: Vec<&str> = function_names().collect();
        let operators =
            vec!["+", "-", "*", "/", "|", "&", "<", "=", "~", "and", "or", "implies", "in", "div", "mod"];
        prop_oneof![
            (inner.clone(), proptest::sample::select(operators), inner.clone())
                .prop_map(|(a, operator, b)| format!("({a} {operator} {b})")),
            (inner.clone(), proptest::sample::select(functions), proptest::collection::vec(inner, 0..3))
                .prop_map(|(a, name, arguments)| format!("{a}.{name}({})", arguments.join(", "))),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if std::env::var_os("YBA_TEST_DEEP").is_some() { 100_000 } else { 1500 }))]

    #[test]
    fn any_text_is_refused_or_evaluated(text in "\\PC{0,60}") {
        run(&text);
    }

    #[test]
    fn any_order_of_words_is_refused_or_evaluated(words in proptest::collection::vec(word(), 0..14)) {
        run(&words.join(" "));
        run(&words.concat());
    }

    #[test]
    fn expressions_that_look_right_end(expr in expression()) {
        run(&expr);
    }
}
