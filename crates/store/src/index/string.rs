//! Strings: names and addresses, folded so that marks, case and đ do not matter, and found by any of their words.
//! <https://hl7.org/fhir/R4/search.html#string>

use super::{Rows, bounded, position, starting_with};
use crate::db::{Value as Cell, schema};
use crate::search::condition::Condition;
use yba_fhir::json::{JsonContainerTrait, JsonValueTrait, Value};
use yba_fhir::text::fold;

/// Most words of one value from which a search may start.
const WORDS_MAX: usize = 12;

/// Adds the rows of a string, HumanName or Address: the whole text, and the rest from each further word on. A name
/// without any text has an empty row, since it is not missing.
pub fn index(p: i64, value: &Value, rows: &mut Rows) {
    let mut is_empty = true;
    each(value, &mut |text| {
        is_empty = false;
        add(p, text, rows);
    });
    if is_empty {
        rows.add(position(&schema::STRING), [Cell::Int(p), Cell::from(""), Cell::from("")]);
    }
}

/// Calls `found` with each text of a value.
fn each(value: &Value, found: &mut dyn FnMut(&str)) {
    if let Some(text) = value.as_str() {
        found(text);
        return;
    }
    let members = value.as_object().map(|object| object.iter()).into_iter().flatten();
    for (key, member) in
        members.filter(|(key, _)| !matches!(*key, "use" | "type" | "period" | "extension" | "id"))
    {
        match (key, member.as_array()) {
            ("given" | "line" | "prefix" | "suffix", Some(parts)) => {
                parts.iter().filter_map(|part| part.as_str()).for_each(&mut *found);
            }
            _ => {
                if let Some(text) = member.as_str() {
                    found(text);
                }
            }
        }
    }
}

fn add(p: i64, text: &str, rows: &mut Rows) {
    let folded = fold(text);
    let table = position(&schema::STRING);
    rows.add(table, [Cell::Int(p), Cell::Text(bounded(&folded)), Cell::Text(bounded(text))]);
    for start in starts(&folded).skip(1) {
        rows.add(table, [Cell::Int(p), Cell::Text(bounded(&folded[start..])), Cell::from("")]);
    }
}

/// Where a search may start in a folded text: at its beginning, and at each further word.
pub fn starts(folded: &str) -> impl Iterator<Item = usize> {
    std::iter::once(0).chain(folded.match_indices(' ').map(|(at, _)| at + 1).take(WORDS_MAX))
}

/// One value of a string search: the start of any word, without regard to marks.
pub fn starts_with(value: &str) -> Condition {
    match fold(value) {
        // Nothing but marks and signs: no word starts with it.
        nothing if nothing.is_empty() => Condition::new("1 = 0", vec![]),
        folded => starting_with("folded", &folded),
    }
}

/// `:exact`: the whole text, marks and case included.
pub fn exact(value: &str) -> Condition {
    let params = vec![Cell::Text(bounded(&fold(value))), Cell::Text(bounded(value))];
    Condition::new("(folded = {} AND exact = {})", params)
}

/// `:contains`: anywhere in the text, without regard to marks. `%` and `_` are signs like any other.
pub fn contains(value: &str) -> Condition {
    let folded = fold(value);
    if folded.is_empty() {
        return Condition::new("1 = 0", vec![]);
    }
    let mut pattern = String::from("%");
    for letter in folded.chars() {
        if matches!(letter, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(letter);
    }
    pattern.push('%');
    Condition::new("(folded LIKE {} ESCAPE '\\' AND exact <> '')", vec![Cell::Text(pattern)])
}
