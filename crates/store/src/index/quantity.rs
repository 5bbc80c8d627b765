//! Numbers and quantities as intervals of their written precision: `8.1` stands for [8.05, 8.15).
//! <https://hl7.org/fhir/R4/search.html#quantity>

use super::{Rows, bounded, position};
use crate::db::{Value as Cell, schema};
use crate::search::condition::{Condition, Prefix, escaped_split};
use yba_fhir::json::{JsonValueTrait, Value, number_text, str_at};
use yba_fhirpath::{Decimal, ucum};

/// The open ends of ranges, and the bound of numbers that are indexed: two of them can still be added up.
const NUMBER_MAX: f64 = 1e300;

/// What is kept of a quantity.
pub struct Span<'a> {
    pub low: f64,
    pub high: f64,
    /// The code of the unit, else the word for it, else a currency.
    pub unit: &'a str,
    pub system: &'a str,
}

/// Adds the row of a number, Quantity, Money or Range.
pub fn index(p: i64, value: &Value, rows: &mut Rows) {
    if let Some(span) = span(value) {
        let (unit, system) = (Cell::Text(bounded(span.unit)), Cell::Text(bounded(span.system)));
        let row = [Cell::Int(p), Cell::Real(span.low), Cell::Real(span.high), unit, system];
        rows.add(position(&schema::QUANTITY), row);
    }
}

/// The span of a number, Quantity, Money or Range; `None` when it has no number, or one beyond bounds.
pub fn span(value: &Value) -> Option<Span<'_>> {
    if let Some(text) = number_text(value) {
        let (low, high) = interval(&text)?;
        return Some(Span { low, high, unit: "", system: "" });
    }
    let unit = str_at(value, &["code"])
        .or_else(|| str_at(value, &["unit"]))
        .or_else(|| str_at(value, &["currency"]));
    let (unit, system) = (unit.unwrap_or_default(), str_at(value, &["system"]).unwrap_or_default());
    let (low, high) = if let Some(number) = value.get("value").and_then(number_text) {
        interval(&number)?
    } else if value.get("low").is_some() || value.get("high").is_some() {
        let end = |key: &str| value.get(key).and_then(|end| end.get("value")).and_then(number_text);
        let low = end("low").and_then(|text| interval(&text)).map_or(-NUMBER_MAX, |span| span.0);
        let high = end("high").and_then(|text| interval(&text)).map_or(NUMBER_MAX, |span| span.1);
        (low, high)
    } else {
        return None;
    };
    Some(Span { low, high, unit, system })
}

/// The interval that a written number stands for: half a unit of its last digit to each side.
pub fn interval(text: &str) -> Option<(f64, f64)> {
    let number: f64 = text.parse().ok().filter(|number: &f64| number.abs() < NUMBER_MAX)?;
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let exponent: i32 = exponent.parse().ok().filter(|exponent: &i32| exponent.abs() < 300)?;
    let decimals = mantissa.split_once('.').map_or(0, |(_, fraction)| fraction.len() as i32);
    let half = 0.5 * 10f64.powi(exponent - decimals);
    Some((number - half, number + half))
}

/// The system of UCUM's units.
pub const UCUM: &str = "http://unitsofmeasure.org";
/// Most units into which one value is converted.
const UNITS_MAX: usize = 50;

/// One value of a number or quantity search: `[prefix]number[|system|code]`. `None` when the number is none. A quantity
/// with a unit of UCUM is also found in the others of its kind that `units` names, which is only asked then.
pub fn matches(value: &str, units: &dyn Fn() -> Vec<String>) -> Option<Condition> {
    let parts = escaped_split(value, '|');
    let (prefix, number) = Prefix::split(&parts[0]);
    let (low, high) = interval(number)?;
    let exact: f64 = number.parse().ok()?;
    let of_unit = |condition: Condition, system: &str, unit: &str| {
        let column = |name: &str, text: &str| {
            Condition::new(format!("{name} = {{}}"), vec![Cell::Text(bounded(text))])
        };
        let condition = if unit.is_empty() { condition } else { condition.and(column("unit", unit)) };
        if system.is_empty() { condition } else { condition.and(column("system", system)) }
    };
    let (system, unit) = match parts.as_slice() {
        [_, system, unit, ..] => (system.as_str(), unit.as_str()),
        _ => ("", ""),
    };
    let mut any = vec![of_unit(compared(prefix, low, high, exact), system, unit)];
    if system == UCUM && !unit.is_empty() {
        let others = units().into_iter().filter(|other| other != unit);
        any.extend(
            others
                .filter_map(|other| {
                    let [low, high, exact] = [low, high, exact].map(|number| in_unit(number, unit, &other));
                    let (low, high, exact) = (low?, high?, exact?);
                    let fits = match prefix {
                        // Equal amounts may be written with other precision in another unit: 1 g is 1000 mg.
                        Prefix::Eq => {
                            Condition::any(vec![compared(prefix, low, high, exact), middle_is(exact)])
                        }
                        _ => compared(prefix, low, high, exact),
                    };
                    Some(of_unit(fits, UCUM, &other))
                })
                .take(UNITS_MAX),
        );
    }
    Some(Condition::any(any))
}

/// A number in another unit of the same kind.
fn in_unit(number: f64, from: &str, to: &str) -> Option<f64> {
    let number = Decimal::from_f64_retain(number)?;
    ucum::converted(number, from, to)?.to_string().parse().ok()
}

fn middle_is(exact: f64) -> Condition {
    let twice = Cell::Real(2.0 * exact);
    Condition::new(
        "(low + high >= {} AND low + high <= {})",
        vec![tolerant(&twice, -1.0), tolerant(&twice, 1.0)],
    )
}

/// A stored interval compared with one that is asked, and its middle.
fn compared(prefix: Prefix, low: f64, high: f64, exact: f64) -> Condition {
    // The middle of the stored interval is compared doubled: halving a tiny number is an error to PostgreSQL.
    let (low, high, twice) = (Cell::Real(low), Cell::Real(high), Cell::Real(2.0 * exact));
    match prefix {
        Prefix::Eq => {
            Condition::new("(low >= {} AND high <= {})", vec![tolerant(&low, -1.0), tolerant(&high, 1.0)])
        }
        Prefix::Ne => {
            Condition::new("(low < {} OR high > {})", vec![tolerant(&low, -1.0), tolerant(&high, 1.0)])
        }
        Prefix::Gt | Prefix::Sa => Condition::new("(low + high > {})", vec![tolerant(&twice, 1.0)]),
        Prefix::Lt | Prefix::Eb => Condition::new("(low + high < {})", vec![tolerant(&twice, -1.0)]),
        Prefix::Ge => Condition::new("(low + high >= {})", vec![tolerant(&twice, -1.0)]),
        Prefix::Le => Condition::new("(low + high <= {})", vec![tolerant(&twice, 1.0)]),
        Prefix::Ap => {
            let margin = (exact * 0.1).abs();
            let ends = vec![Cell::Real(exact - margin), Cell::Real(exact + margin)];
            Condition::new("(high >= {} AND low <= {})", ends)
        }
    }
}

/// Moves a bound by a hair, so that binary rounding of decimals never loses an equal number.
fn tolerant(bound: &Cell, direction: f64) -> Cell {
    match bound {
        Cell::Real(number) => Cell::Real(number + direction * (number.abs() * 1e-12 + 1e-15)),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::interval;

    #[test]
    fn written_precision_gives_the_width() {
        let close = |text: &str, low: f64, high: f64| {
            let (found_low, found_high) = interval(text).unwrap();
            assert!((found_low - low).abs() < 1e-9 && (found_high - high).abs() < 1e-9, "{text}");
        };
        close("8.1", 8.05, 8.15);
        close("100", 99.5, 100.5);
        close("1e2", 50.0, 150.0);
        close("-0.10", -0.105, -0.095);
        for wrong in ["", "abc", "1e999", "NaN", "inf", &"9".repeat(309)] {
            assert_eq!(interval(wrong), None, "{wrong}");
        }
    }
}
