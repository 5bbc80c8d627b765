//! Dates, times and periods as spans of time. <https://hl7.org/fhir/R4/search.html#date>

use super::{Rows, position};
use crate::db::{Value as Cell, schema};
use crate::search::condition::{Condition, Prefix};
use yba_fhir::DateRange;
use yba_fhir::json::{JsonValueTrait, Value, at, items, str_at};

/// Adds the rows of a date, dateTime, instant, Period or Timing. What is no real date gets none.
pub fn index(p: i64, value: &Value, rows: &mut Rows) {
    each(value, &mut |range| {
        rows.add(position(&schema::DATE), [Cell::Int(p), Cell::Int(range.start), Cell::Int(range.end)]);
    });
}

/// Calls `found` with each span of time in a value.
pub fn each(value: &Value, found: &mut dyn FnMut(DateRange)) {
    if let Some(text) = value.as_str() {
        DateRange::parse(text).into_iter().for_each(found);
    } else if value.get("start").is_some() || value.get("end").is_some() {
        let period = DateRange::period(str_at(value, &["start"]), str_at(value, &["end"]));
        period.into_iter().for_each(found);
    } else {
        let events = items(value, "event").filter_map(|event| DateRange::parse(event.as_str()?));
        let bounds = at(value, &["repeat", "boundsPeriod"])
            .and_then(|bounds| DateRange::period(str_at(bounds, &["start"]), str_at(bounds, &["end"])));
        // Of a Timing, only the outer limits matter.
        let hull = |one: DateRange, other: DateRange| DateRange {
            start: one.start.min(other.start),
            end: one.end.max(other.end),
        };
        events.chain(bounds).reduce(hull).into_iter().for_each(found);
    }
}

/// One value of a date search; both the stored and the asked date are spans `[start, end)`.
pub fn matches(prefix: Prefix, asked: DateRange) -> Condition {
    range_condition(prefix, asked.start, asked.end, "start_ms", "end_ms")
}

/// The same for a table where one instant stands in `column`.
pub fn matches_instant(prefix: Prefix, asked: DateRange, column: &str) -> Condition {
    range_condition(prefix, asked.start, asked.end, column, &format!("({column} + 1)"))
}

fn range_condition(prefix: Prefix, start: i64, end: i64, low: &str, high: &str) -> Condition {
    let (start, end) = (Cell::Int(start), Cell::Int(end));
    match prefix {
        // No span begins after it ends, so the middle test leaves nothing out: it bounds the index on both sides.
        Prefix::Eq => Condition::new(
            format!("({low} >= {{}} AND {low} <= {{}} AND {high} <= {{}})"),
            vec![start, end.clone(), end],
        ),
        Prefix::Ne => Condition::new(format!("({low} < {{}} OR {high} > {{}})"), vec![start, end]),
        Prefix::Gt => Condition::new(format!("({high} > {{}})"), vec![end]),
        Prefix::Lt => Condition::new(format!("({low} < {{}})"), vec![start]),
        Prefix::Ge => Condition::new(format!("({high} > {{}} OR {low} >= {{}})"), vec![end, start]),
        Prefix::Le => Condition::new(format!("({low} < {{}} OR {high} <= {{}})"), vec![start, end]),
        Prefix::Sa => Condition::new(format!("({low} >= {{}})"), vec![end]),
        Prefix::Eb => Condition::new(format!("({high} <= {{}})"), vec![start]),
        Prefix::Ap => Condition::new(format!("({low} < {{}} AND {high} > {{}})"), vec![end, start]),
    }
}
