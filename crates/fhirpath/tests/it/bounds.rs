//! Nothing a client sends makes an evaluation unbounded: each limit is reached here.

use yba_fhir::json::{self, Value};
use yba_fhirpath::{Environment, Limits, Program};

fn key(expr: &str, tree: &Value, limits: Limits) -> String {
    let environment = Environment { limits, ..Environment::default() };
    match Program::compile(expr, None) {
        Ok(program) => match program.evaluate(tree, &environment) {
            Ok(items) => format!("{} items", items.len()),
            Err(error) => error.key.to_owned(),
        },
        Err(error) => error.key.to_owned(),
    }
}

/// A twentieth of the default steps, which this build without optimisation takes long for.
fn default(expr: &str) -> String {
    let limits = Limits { steps: Limits::default().steps / 20, ..Limits::default() };
    key(expr, &json::from_str("{}").unwrap(), limits)
}

#[test]
fn steps_items_and_texts_end_at_their_limits() {
    let tree: Value = json::from_str(r#"{"a":[1,2,3,4,5,6,7,8,9,10]}"#).unwrap();
    let small = Limits { steps: 100, items: 50, text: 64 };
    assert_eq!(key("a.count()", &tree, small), "1 items");
    assert_eq!(key("a.select(%context.a)", &tree, small), "fhirpath-limit");
    assert_eq!(
        key("a.combine(a).combine(a).combine(a).combine(a).combine(a)", &tree, small),
        "fhirpath-limit"
    );
    assert_eq!(key("a.aggregate($total & 'xxxxxxxxxx', '')", &tree, small), "fhirpath-limit");
}

#[test]
fn what_grows_without_end_is_stopped_by_the_default_limits() {
    assert_eq!(default("1.repeat($this + 1)"), "fhirpath-limit");
    assert_eq!(default("'ab'.repeat($this & $this)"), "fhirpath-limit");
    assert_eq!(default("'a'.repeat(replace('a', 'aa'))"), "fhirpath-limit");
    assert_eq!(default("'a'.repeat(replaceMatches('a', 'aa'))"), "fhirpath-limit");
    assert_eq!(default("1.0.repeat($this / 3 + $index)"), "fhirpath-limit");
    let nested = "(1|2|3|4|5|6|7|8|9|10)";
    let many = (0..9).fold("1".to_owned(), |inner, _| format!("{nested}.select({inner})"));
    assert_eq!(default(&many), "fhirpath-limit");
}

#[test]
fn compilation_is_bounded_too() {
    let repeats = (0..70).fold("a".to_owned(), |inner, _| format!("repeat({inner})"));
    assert!(Program::compile(&repeats, Some("Questionnaire")).is_err());
    let wide = (0..10).fold("item".to_owned(), |inner, _| format!("({inner}|{inner})"));
    let growing = (0..120).fold(wide, |inner, _| format!("repeat({inner})"));
    assert_eq!(
        Program::compile(&growing, Some("Questionnaire")).map(|_| ()).map_err(|error| error.key),
        Err("fhirpath-size")
    );
    assert_eq!(Program::compile(&"(".repeat(50_000), None).unwrap_err().key, "fhirpath-size");
    assert_eq!(Program::compile(&"a.".repeat(50_000), None).unwrap_err().key, "fhirpath-size");
}

#[test]
fn deep_trees_are_compared_without_end_of_the_stack() {
    let deep = "{\"a\":".repeat(60) + "1" + &"}".repeat(60);
    let tree: Value = json::from_str(&format!("{{\"x\":{deep},\"y\":{deep}}}")).unwrap();
    assert_eq!(key("x = y", &tree, Limits::default()), "1 items");
    assert_eq!(key("descendants().count()", &tree, Limits::default()), "1 items");
}

#[test]
fn large_collections_are_made_distinct_in_reasonable_time() {
    let numbers: Vec<String> = (0..50_000).map(|n| format!("\"{n}\"")).collect();
    let tree: Value = json::from_str(&format!("{{\"a\":[{}]}}", numbers.join(","))).unwrap();
    assert_eq!(key("a | a", &tree, Limits::default()), "50000 items");
    assert_eq!(key("a.intersect(a).exclude(a)", &tree, Limits::default()), "0 items");
}
