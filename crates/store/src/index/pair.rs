//! Composites: values that must stand in one element, as `code-value-quantity=http://loinc.org|8480-6$gt140`.
//! <https://hl7.org/fhir/R4/search.html#composite>
//!
//! Each pair is one row: the token, and beside it what the second part is searched by. So one range of one index answers
//! a search, and nothing has to be joined. The columns of the second part by its type:
//!
//! | part | `low`, `high` | `text` | `extra` |
//! |---|---|---|---|
//! | token | 0 | code | system |
//! | quantity, number | the span, as in `quantity` | unit | its system |
//! | date | the span in ms | | |
//! | string | 0 | folded, a row for each word from which it may start | exact |
//! | reference, uri | 0 | target | |
//!
//! All composites of R4 begin with a token. Those with three parts have numbers for the others: the ends of the third
//! stand in `text` and `extra`, written so that they sort as numbers do ([`sortable`]).

use super::program::PairProgram;
use super::{
    Composite, ROWS_MAX, Rows, bounded, date, is_whole, position, quantity, reference, string, token, uri,
    value_of,
};
use crate::db::{Value as Cell, schema};
use crate::search::condition::{Condition, Prefix, escaped_split, plain};
use yba_fhir::DateRange;
use yba_fhir::defs::SearchType;
use yba_fhir::json::{JsonValueTrait, Value};
use yba_fhir::text::fold;
use yba_fhirpath::{Environment, Item, Node};

/// What stands beside the token.
struct Second {
    low: f64,
    high: f64,
    text: String,
    extra: String,
}

/// Adds the rows of one composite of a resource.
pub(super) fn index<'a>(
    p: i64,
    pair: &'a PairProgram,
    root: Node<'a>,
    environment: &Environment<'a>,
    rows: &mut Rows,
) {
    let Ok(bases) = pair.base.evaluate_node(root, environment) else { return };
    for base in bases.iter().filter_map(Item::node) {
        // The value before the code: most elements have a code, few have a value of the type that is wanted.
        let seconds = seconds(pair, base, environment);
        if seconds.is_empty() {
            continue;
        }
        each_value(&pair.token, base, environment, |value, _| {
            token::each(value, &mut |system, code| {
                if !rows.is_full() {
                    seconds.iter().for_each(|second| add(p, (system, code), second, rows));
                }
            });
        });
    }
}

fn add(p: i64, (system, code): (&str, &str), second: &Second, rows: &mut Rows) {
    let row = [
        Cell::Int(p),
        Cell::Text(bounded(code)),
        Cell::Text(bounded(system)),
        Cell::Real(second.low),
        Cell::Real(second.high),
        Cell::Text(second.text.clone()),
        Cell::Text(second.extra.clone()),
    ];
    rows.add(position(&schema::PAIR), row);
}

fn seconds<'a>(pair: &'a PairProgram, base: Node<'a>, environment: &Environment<'a>) -> Vec<Second> {
    let [(search_type, program), rest @ ..] = &pair.others[..] else { return Vec::new() };
    let mut found = Vec::new();
    each_value(program, base, environment, |value, whole| add_second(*search_type, value, whole, &mut found));
    let Some((_, third)) = rest.first() else { return found };
    let mut both = Vec::new();
    each_value(third, base, environment, |value, whole| {
        let Some(third) = number(value, whole) else { return };
        let (text, extra) = (sortable(third.low), sortable(third.high));
        // More than a resource may have rows for are of no use, and would be beyond all memory.
        let left = ROWS_MAX.saturating_sub(both.len());
        both.extend(found.iter().take(left).map(|second| Second {
            text: text.clone(),
            extra: extra.clone(),
            ..*second
        }));
    });
    both
}

fn number(value: &Value, whole: bool) -> Option<quantity::Span<'_>> {
    if whole { quantity::point(value) } else { quantity::span(value) }
}

/// Calls `found` with each value, and whether it is an integer by its type.
fn each_value<'a>(
    program: &'a yba_fhirpath::Program,
    base: Node<'a>,
    environment: &Environment<'a>,
    mut found: impl FnMut(&Value, bool),
) {
    for item in program.evaluate_node(base, environment).unwrap_or_default() {
        if let Some(value) = value_of(&item) {
            found(&value, is_whole(&item));
        }
    }
}

fn add_second(search_type: SearchType, value: &Value, whole: bool, found: &mut Vec<Second>) {
    let texts =
        |text: &str, extra: &str| Second { low: 0.0, high: 0.0, text: bounded(text), extra: bounded(extra) };
    match search_type {
        // A quantity has a code too, but it is the code of its unit.
        SearchType::Token if quantity::span(value).is_some() && value.is_object() => {}
        SearchType::Token => token::each(value, &mut |system, code| found.push(texts(code, system))),
        SearchType::Number | SearchType::Quantity => {
            let Some(span) = number(value, whole) else { return };
            let (low, high) = (span.low, span.high);
            found.extend(span.units().map(|(unit, system)| Second { low, high, ..texts(unit, system) }));
        }
        SearchType::Date => date::each(value, &mut |range| {
            found.push(Second { low: range.start as f64, high: range.end as f64, ..texts("", "") });
        }),
        SearchType::String => {
            let Some(exact) = value.as_str() else { return };
            let folded = fold(exact);
            found.extend(string::starts(&folded).map(|start| texts(&folded[start..], exact)));
        }
        SearchType::Reference => found.extend(reference::target(value).map(|target| texts(target, ""))),
        SearchType::Uri => found.extend(value.as_str().map(|uri| texts(uri, ""))),
        SearchType::Composite | SearchType::Special => {}
    }
}

/// One value of a composite search: `token$second`, or with a third. `None` when the parts are not what the composite is
/// made of. `kind` is the type that is searched.
pub fn matches(
    composite: &Composite,
    kind: &str,
    value: &str,
    units: &dyn Fn() -> Vec<String>,
) -> Option<Condition> {
    let parts = escaped_split(value, '$');
    if parts.len() != composite.parts.len() || parts.iter().any(|part| part.is_empty()) {
        return None;
    }
    let mut condition =
        token::matches(&parts[0]).and(second(composite.parts[1].search_type, kind, &parts[1], units)?);
    if let Some(third) = parts.get(2) {
        condition = condition.and(third_number(third)?);
    }
    Some(condition)
}

/// The condition of the second part, in the columns where it stands here.
fn second(
    search_type: SearchType,
    kind: &str,
    value: &str,
    units: &dyn Fn() -> Vec<String>,
) -> Option<Condition> {
    let named = |condition: Condition, names: [(&str, &str); 2]| {
        let sql = names.iter().fold(condition.sql, |sql, (from, to)| sql.replace(from, to));
        Condition { sql, ..condition }
    };
    let text_only = [("target", "text"), ("uri", "text")];
    Some(match search_type {
        SearchType::Token => named(token::matches(value), [("code", "text"), ("system", "extra")]),
        SearchType::Number | SearchType::Quantity => {
            named(quantity::matches(value, units)?, [("unit", "text"), ("system", "extra")])
        }
        SearchType::Date => {
            let (prefix, rest) = Prefix::split(value);
            let found = date::matches(prefix, DateRange::parse(rest)?);
            let found = named(found, [("start_ms", "low"), ("end_ms", "high")]);
            // The ends stand here as the ends of numbers do.
            let real = |cell: Cell| if let Cell::Int(ms) = cell { Cell::Real(ms as f64) } else { cell };
            Condition { params: found.params.into_iter().map(real).collect(), ..found }
        }
        SearchType::String => {
            named(string::starts_with(&plain(value)), [("folded", "text"), ("exact", "extra")])
        }
        SearchType::Reference => named(reference::matches(&plain(value), &[kind.to_owned()], ""), text_only),
        SearchType::Uri => named(uri::matches(&plain(value)), text_only),
        SearchType::Composite | SearchType::Special => return None,
    })
}

/// The condition of a third part: a number whose ends are written so that they sort.
fn third_number(value: &str) -> Option<Condition> {
    let (prefix, number) = Prefix::split(value);
    let (low, high) = quantity::interval(number)?;
    let ends = |low: f64, high: f64| vec![Cell::Text(sortable(low)), Cell::Text(sortable(high))];
    let value: f64 = number.parse().ok()?;
    let exact = vec![Cell::Text(sortable(value))];
    // All third parts of R4 are integers: their ends are the same.
    Some(match prefix {
        Prefix::Eq => Condition::new("(text >= {} AND text < {})", ends(low, high)),
        Prefix::Ne => Condition::new("(text < {} OR text >= {})", ends(low, high)),
        Prefix::Gt | Prefix::Sa => Condition::new("text > {}", exact),
        Prefix::Lt | Prefix::Eb => Condition::new("extra < {}", exact),
        Prefix::Ge => Condition::new("extra >= {}", exact),
        Prefix::Le => Condition::new("text <= {}", exact),
        Prefix::Ap => {
            let margin = (value * 0.1).abs();
            Condition::new("(text >= {} AND text <= {})", ends(value - margin, value + margin))
        }
    })
}

/// A number as text that sorts as the number does, by bytes.
pub fn sortable(number: f64) -> String {
    let bits = number.to_bits();
    let ordered = if bits >> 63 == 0 { bits | 1 << 63 } else { !bits };
    format!("{ordered:016x}")
}

#[cfg(test)]
mod tests {
    use super::sortable;

    #[test]
    fn numbers_written_as_text_sort_as_numbers() {
        let mut numbers = [3.5, -2.0, 0.0, 1e300, -1e300, 12345.5, -0.5, 12344.5];
        let mut texts: Vec<String> = numbers.iter().map(|number| sortable(*number)).collect();
        numbers.sort_by(f64::total_cmp);
        texts.sort();
        assert_eq!(texts, numbers.map(sortable));
    }
}
