//! Tokens: codes, identifiers, flags, phone numbers. <https://hl7.org/fhir/R4/search.html#token>

use super::{Rows, bounded, position};
use crate::db::{Value as Cell, schema};
use crate::search::condition::{Condition, escaped_split, places, plain};
use std::collections::BTreeMap;
use yba_fhir::json::{JsonValueTrait, Value, items, str_at};

/// Adds the rows of a code, Coding, CodeableConcept, Identifier, ContactPoint or boolean. A value in words only has an
/// empty row, since it is not missing.
pub fn index(p: i64, value: &Value, rows: &mut Rows) {
    let mut is_empty = true;
    each(value, &mut |system, code| {
        is_empty = false;
        let row = [Cell::Int(p), Cell::Text(bounded(code)), Cell::Text(bounded(system))];
        rows.add(position(&schema::TOKEN), row);
    });
    if is_empty {
        rows.add(position(&schema::TOKEN), [Cell::Int(p), Cell::from(""), Cell::from("")]);
    }
}

/// Adds the rows by which an Identifier is found with the type it has ([`of_type`]): they stand among the composites.
pub fn index_type(p: i64, value: &Value, rows: &mut Rows) {
    let (Some(number), Some(kind)) = (str_at(value, &["value"]), value.get("type")) else { return };
    each(kind, &mut |system, code| {
        let texts = [bounded(code), bounded(system)].map(Cell::Text);
        let [code, system] = texts;
        let (zero, number) = (Cell::Real(0.0), Cell::Text(bounded(number)));
        let row = [Cell::Int(p), code, system, zero.clone(), zero, number, Cell::from("")];
        rows.add(position(&schema::PAIR), row);
    });
}

/// `:of-type`: `type-system|type-code|value`, each of them given. `None` when one is not.
/// <https://hl7.org/fhir/R4/search.html#token>
pub fn of_type(value: &str) -> Option<Condition> {
    match escaped_split(value, '|').as_slice() {
        [system, code, number] if ![system, code, number].iter().any(|part| part.is_empty()) => {
            let params = [code, system, number].map(|part| Cell::Text(bounded(&plain(part)))).to_vec();
            Some(Condition::new("(code = {} AND system = {} AND text = {})", params))
        }
        _ => None,
    }
}

/// One of these codes, given as system and code. The rows of a bare code have no system: its list's is `implied`.
pub fn one_of(codes: Vec<(String, String)>, implied: Option<&str>) -> Condition {
    let mut by_system: BTreeMap<String, Vec<Cell>> = BTreeMap::new();
    for (system, code) in codes {
        let system = if implied == Some(&system) { String::new() } else { system };
        by_system.entry(system).or_default().push(Cell::Text(bounded(&code)));
    }
    let each = by_system.into_iter().map(|(system, mut params)| {
        let listed = places(params.len());
        params.push(Cell::Text(bounded(&system)));
        Condition::new(format!("(code IN ({listed}) AND system = {{}})"), params)
    });
    Condition::any(each.collect())
}

/// Calls `found` with system and code of each token in a value; the system of a bare code is empty, and so is the code
/// of an identifier or coding that has a system only.
pub fn each(value: &Value, found: &mut dyn FnMut(&str, &str)) {
    if let Some(code) = value.as_str() {
        found("", code);
    } else if let Some(flag) = value.as_bool() {
        found("", if flag { "true" } else { "false" });
    } else if value.is_number() {
        found("", &yba_fhir::json::number_text(value).unwrap_or_default());
    } else if value.get("coding").is_some_and(|coding| coding.is_array()) {
        items(value, "coding").for_each(|coding| each(coding, found));
    } else {
        let code = str_at(value, &["code"]).or_else(|| str_at(value, &["value"])).unwrap_or_default();
        // A phone's system is "phone", which is no URI: searches give the number alone or phone|number.
        let system = str_at(value, &["system"]).unwrap_or_default();
        if !(code.is_empty() && system.is_empty()) {
            found(system, code);
        }
    }
}

/// One value of a token search: `code`, `system|code`, `|code`, `system|`.
pub fn matches(value: &str) -> Condition {
    let parts: Vec<String> = escaped_split(value, '|').iter().map(|part| plain(part)).collect();
    match parts.as_slice() {
        [code] => Condition::new("code = {}", vec![Cell::Text(bounded(code))]),
        [system, code] if code.is_empty() => Condition::new("system = {}", vec![Cell::Text(bounded(system))]),
        [system, code, ..] => {
            let params = vec![Cell::Text(bounded(code)), Cell::Text(bounded(system))];
            Condition::new("(code = {} AND system = {})", params)
        }
        [] => Condition::new("1 = 0", vec![]),
    }
}
