//! Addresses: profiles, sources, canonical urls. <https://hl7.org/fhir/R4/search.html#uri>

use super::{Rows, bounded, position, starting_with};
use crate::db::{Value as Cell, schema};
use crate::search::condition::{Condition, places};
use yba_fhir::json::{JsonValueTrait, Value};

/// Adds the row of a uri, url or canonical.
pub fn index(p: i64, value: &Value, rows: &mut Rows) {
    if let Some(uri) = value.as_str() {
        rows.add(position(&schema::URI), [Cell::Int(p), Cell::Text(bounded(uri))]);
    }
}

/// The whole address, exactly.
pub fn matches(value: &str) -> Condition {
    Condition::new("uri = {}", vec![Cell::Text(bounded(value))])
}

/// `:above`: the address itself or any that it starts with, the converse of `:below`. What is no path, such as a urn, has
/// nothing above it.
pub fn above(value: &str) -> Condition {
    let begin = value.find("://").map_or(value.len(), |at| at + 3);
    let ends = value.char_indices().map(|(at, _)| at).filter(|at| *at > begin);
    let above = ends.map(|at| &value[..at]).chain([value]);
    let params: Vec<Cell> = above.map(|one| Cell::Text(bounded(one))).collect();
    Condition::new(format!("uri IN ({})", places(params.len())), params)
}

/// `:below`: the address itself or anything that starts with it. A URN has none below it.
pub fn below(value: &str) -> Condition {
    if value.starts_with("urn:") { matches(value) } else { starting_with("uri", value) }
}
