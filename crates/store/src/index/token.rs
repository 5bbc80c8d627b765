//! Tokens: codes, identifiers, flags, phone numbers. <https://hl7.org/fhir/R4/search.html#token>

use super::{Rows, bounded, position};
use crate::db::{Value as Cell, schema};
use crate::search::condition::{Condition, escaped_split};
use yba_fhir::json::{JsonValueTrait, Value, items, str_at};

/// Adds the rows of a code, Coding, CodeableConcept, Identifier, ContactPoint or boolean.
pub fn index(p: i64, value: &Value, rows: &mut Rows) {
    if let Some(code) = value.as_str() {
        add(p, "", code, rows);
    } else if let Some(flag) = value.as_bool() {
        index_flag(p, flag, rows);
    } else if value.is_number() {
        add(p, "", &yba_fhir::json::number_text(value).unwrap_or_default(), rows);
    } else if value.get("coding").is_some_and(|coding| coding.is_array()) {
        for coding in items(value, "coding") {
            index(p, coding, rows);
        }
    } else if let Some(code) = str_at(value, &["code"]).or_else(|| str_at(value, &["value"])) {
        // A phone's system is "phone", which is no URI: searches give the number alone or phone|number.
        add(p, str_at(value, &["system"]).unwrap_or_default(), code, rows);
    }
}

/// Adds the row of a yes or no.
pub fn index_flag(p: i64, flag: bool, rows: &mut Rows) {
    add(p, "", if flag { "true" } else { "false" }, rows);
}

fn add(p: i64, system: &str, code: &str, rows: &mut Rows) {
    let row = [Cell::Int(p), Cell::Text(bounded(code)), Cell::Text(bounded(system))];
    rows.add(position(&schema::TOKEN), row);
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
