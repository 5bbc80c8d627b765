//! Tokens: codes, identifiers, flags, phone numbers. <https://hl7.org/fhir/R4/search.html#token>

use super::{Rows, bounded, position};
use crate::db::{Value as Cell, schema};
use crate::search::condition::{Condition, escaped_split};
use yba_fhir::json::{JsonValueTrait, Value, items, str_at};

/// Adds the rows of a code, Coding, CodeableConcept, Identifier, ContactPoint or boolean.
pub fn index(p: i64, value: &Value, rows: &mut Rows) {
    each(value, &mut |system, code| {
        let row = [Cell::Int(p), Cell::Text(bounded(code)), Cell::Text(bounded(system))];
        rows.add(position(&schema::TOKEN), row);
    });
}

/// Calls `found` with system and code of each token in a value; the system of a bare code is empty.
pub fn each(value: &Value, found: &mut dyn FnMut(&str, &str)) {
    if let Some(code) = value.as_str() {
        found("", code);
    } else if let Some(flag) = value.as_bool() {
        found("", if flag { "true" } else { "false" });
    } else if value.is_number() {
        found("", &yba_fhir::json::number_text(value).unwrap_or_default());
    } else if value.get("coding").is_some_and(|coding| coding.is_array()) {
        items(value, "coding").for_each(|coding| each(coding, found));
    } else if let Some(code) = str_at(value, &["code"]).or_else(|| str_at(value, &["value"])) {
        // A phone's system is "phone", which is no URI: searches give the number alone or phone|number.
        found(str_at(value, &["system"]).unwrap_or_default(), code);
    }
}

/// One value of a token search: `code`, `system|code`, `|code`, `system|`.
pub fn matches(value: &str) -> Condition {
    let parts = escaped_split(value, '|');
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
