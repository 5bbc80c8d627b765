//! Every case of the specification's working group, none left out.

use super::published;
use std::collections::BTreeSet;
use yba_fhir::json::{self, JsonContainerTrait, JsonValueTrait, Value, from_str, items, number_text, str_at};
use yba_fhirpath::Decimal;
use yba_view::{Format, View, Writer};

/// `file: case`, then the words of the specification that the case is against. It may only shrink.
const DIFFERENCES: &str = include_str!("differences.txt");

#[test]
fn every_published_case_passes() {
    let known: BTreeSet<&str> =
        DIFFERENCES.lines().filter(|line| !line.starts_with([' ', '#']) && !line.trim().is_empty()).collect();
    let (mut count, mut failed) = (0, Vec::new());
    for (file, text) in published::cases() {
        let document: Value = from_str(&text).unwrap();
        for case in items(&document, "tests") {
            count += 1;
            let name = format!("{file}: {}", str_at(case, &["title"]).unwrap());
            let result = run(&document, case);
            match (known.contains(name.as_str()), result) {
                (false, Err(why)) => failed.push(format!("{name}: {why}")),
                (true, Ok(())) => failed.push(format!("{name}: passes, so it is no difference any more")),
                _ => {}
            }
        }
    }
    assert!(count > 130, "only {count} cases were found");
    assert!(failed.is_empty(), "{} of {count}:\n{}", failed.len(), failed.join("\n"));
}

#[test]
fn every_published_example_compiles() {
    let examples = published::examples();
    assert!(examples.len() >= 10);
    for (name, text) in examples {
        if let Err(outcome) = View::compile(&from_str(&text).unwrap()) {
            panic!("{name}: {outcome}");
        }
    }
}

fn run(document: &Value, case: &Value) -> Result<(), String> {
    let found = rows(document, case.get("view").unwrap());
    if case.get("expectError").is_some_and(|flag| flag.as_bool() == Some(true)) {
        return found.map_or(Ok(()), |(_, rows)| Err(format!("no error, but {rows:?}")));
    }
    let (columns, mut found) = found?;
    if let Some(expected) = case.get("expectColumns") {
        let expected: Vec<&str> =
            expected.as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
        if expected != columns {
            return Err(format!("columns {columns:?} instead of {expected:?}"));
        }
    }
    let mut expected: Vec<String> = items(case, "expect").map(canonical).collect();
    assert!(case.get("expect").is_some(), "a case without expectation");
    expected.sort();
    found.sort();
    if found == expected { Ok(()) } else { Err(format!("{found:?} instead of {expected:?}")) }
}

/// The names of the columns, and the rows as text that can be compared: in this dialect rows have no order.
fn rows(document: &Value, definition: &Value) -> Result<(Vec<String>, Vec<String>), String> {
    let view = View::compile(definition).map_err(|outcome| outcome.to_string())?;
    let mut writer = Writer::new(Format::Json, view.columns());
    let mut out = Vec::new();
    writer.begin(&mut out);
    for resource in items(document, "resources") {
        view.rows(resource, &mut |row| writer.row(row, &mut out)).map_err(|outcome| outcome.to_string())?;
    }
    writer.end(&mut out);
    let rows: Value = json::from_slice(&out).map_err(|error| format!("not JSON: {error}"))?;
    let names = view.columns().iter().map(|column| column.name.clone()).collect();
    Ok((names, rows.as_array().unwrap().iter().map(canonical).collect()))
}

/// Members in order, numbers by value.
fn canonical(value: &Value) -> String {
    if let Some(object) = value.as_object() {
        let mut members: Vec<String> =
            object.iter().map(|(name, value)| format!("{name:?}:{}", canonical(value))).collect();
        members.sort();
        return format!("{{{}}}", members.join(","));
    }
    if let Some(array) = value.as_array() {
        let items: Vec<String> = array.iter().map(canonical).collect();
        return format!("[{}]", items.join(","));
    }
    match number_text(value) {
        Some(digits) => digits.parse::<Decimal>().unwrap().normalize().to_string(),
        None => json::to_string(value).unwrap(),
    }
}
