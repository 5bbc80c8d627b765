//! References between resources. <https://hl7.org/fhir/R4/search.html#reference>

use super::{Rows, bounded, position};
use crate::db::{Value as Cell, schema};
use crate::search::condition::Condition;
use yba_fhir::json::{JsonValueTrait, Value, str_at};

/// Adds the row of a Reference, canonical or uri: `Patient/1`, or the address as it stands.
pub fn index(p: i64, value: &Value, rows: &mut Rows) {
    let Some(target) = value.as_str().or_else(|| str_at(value, &["reference"])) else { return };
    let target = target.split_once("/_history/").map_or(target, |(before, _)| before);
    rows.add(position(&schema::REFERENCE), vec![Cell::Int(p), Cell::Text(bounded(target))]);
}

/// One value of a reference search: `Patient/1`, an absolute address, or an id alone with the types it may have.
pub fn matches(value: &str, types: &[String]) -> Condition {
    if value.contains('/') || value.contains(':') {
        return Condition::new("target = {}", vec![Cell::Text(bounded(value))]);
    }
    let params: Vec<Cell> = types.iter().map(|kind| Cell::Text(format!("{kind}/{value}"))).collect();
    if params.is_empty() {
        return Condition::new("1 = 0", vec![]);
    }
    Condition::new(format!("target IN ({})", vec!["{}"; params.len()].join(", ")), params)
}
