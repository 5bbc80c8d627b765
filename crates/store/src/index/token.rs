//! Tokens: codes, identifiers, flags, phone numbers. <https://hl7.org/fhir/R4/search.html#token>

use super::{Rows, bounded, position};
use crate::db::{Value as Cell, schema};
use crate::search::condition::{Condition, escaped_split, plain};
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
