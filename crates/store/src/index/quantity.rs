//! Numbers and quantities as intervals of their written precision: `8.1` stands for [8.05, 8.15).
//! <https://hl7.org/fhir/R4/search.html#quantity>

use super::{Rows, bounded, position};
use crate::db::{Value as Cell, schema};
use crate::search::condition::{Condition, Prefix, escaped_split, plain};
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
    /// The word for the unit, where it has a code too.
    pub word: &'a str,
}

impl<'a> Span<'a> {
    /// What its unit is found by, each with the system: `||mg` means the code or the word, and the word is of no system.
    pub fn units(&self) -> impl Iterator<Item = (&'a str, &'a str)> {
        let word = Some((self.word, "")).filter(|(word, _)| !word.is_empty() && *word != self.unit);
        std::iter::once((self.unit, self.system)).chain(word)
    }
}

/// Adds the row of a number, Quantity, Money or Range. A `whole` number is one by its type: it stands for itself.
pub fn index(p: i64, value: &Value, whole: bool, rows: &mut Rows) {
    if let Some(span) = if whole { point(value) } else { span(value) } {
        for (unit, system) in span.units() {
            let (unit, system) = (Cell::Text(bounded(unit)), Cell::Text(bounded(system)));
            let row = [Cell::Int(p), Cell::Real(span.low), Cell::Real(span.high), unit, system];
            rows.add(position(&schema::QUANTITY), row);
        }
    }
}

/// An integer as a span without width.
pub fn point(value: &Value) -> Option<Span<'_>> {
    let number: f64 = number_text(value)?.parse().ok().filter(|number: &f64| number.abs() < NUMBER_MAX)?;
    Some(Span { low: number, high: number, unit: "", system: "", word: "" })
}

/// The span of a number, Quantity, Money or Range; `None` when it has no number, or one beyond bounds.
///
/// A Range, and a Quantity with a comparator, says itself where its ends are: any value between them may be meant, while
/// of written digits the middle is. To tell them apart, the ends of the former are kept the wrong way round.
pub fn span(value: &Value) -> Option<Span<'_>> {
    if let Some(text) = number_text(value) {
        let (low, high) = interval(&text)?;
        return Some(Span { low, high, unit: "", system: "", word: "" });
    }
    let unit = str_at(value, &["code"])
        .or_else(|| str_at(value, &["unit"]))
        .or_else(|| str_at(value, &["currency"]));
    let (unit, system) = (unit.unwrap_or_default(), str_at(value, &["system"]).unwrap_or_default());
    let (low, high) = if let Some(number) = value.get("value").and_then(number_text) {
        let (low, high) = interval(&number)?;
        match str_at(value, &["comparator"]) {
            Some(comparator) => compared(comparator, number.parse().ok()?),
            None => (low, high),
        }
    } else if value.get("low").is_some() || value.get("high").is_some() {
        let end = |key: &str| value.get(key).and_then(|end| end.get("value")).and_then(number_text);
        let low = end("low").and_then(|text| interval(&text)).map_or(-NUMBER_MAX, |span| span.0);
        let high = end("high").and_then(|text| interval(&text)).map_or(NUMBER_MAX, |span| span.1);
        (high, low)
    } else {
        return None;
    };
    let word = str_at(value, &["unit"]).unwrap_or_default();
    Some(Span { low, high, unit, system, word })
}

/// The ends, the wrong way round, of `<5` and its sisters: 5 itself lies a hair outside of `<5`.
fn compared(comparator: &str, number: f64) -> (f64, f64) {
    let hair = number.abs() * 1e-9 + 1e-12;
    match comparator {
        "<" => (number - hair, -NUMBER_MAX),
        "<=" => (number, -NUMBER_MAX),
        ">" => (NUMBER_MAX, number + hair),
        _ => (NUMBER_MAX, number),
    }
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
    let parts: Vec<String> = escaped_split(value, '|').iter().map(|part| plain(part)).collect();
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
    let mut any = vec![of_unit(meets(prefix, low, high, exact), system, unit)];
    if system == UCUM && !unit.is_empty() {
        let others = units().into_iter().filter(|other| other != unit);
        any.extend(
            others
                .filter_map(|other| {
                    let [low, high, exact] = [low, high, exact].map(|number| in_unit(number, unit, &other));
                    let (low, high, exact) = (low?, high?, exact?);
                    let fits = meets(prefix, low, high, exact);
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

/// A stored interval compared with one that is asked, and its middle.
fn meets(prefix: Prefix, low: f64, high: f64, exact: f64) -> Condition {
    let inside = [tolerant(low, -1.0), tolerant(high, -1.0), tolerant(low, -1.0), tolerant(high, 1.0)];
    match prefix {
        // The upper bound does not belong to the range: a whole number that stands there is outside.
        Prefix::Eq => Condition::new("(low >= {} AND low < {} AND high >= {} AND high <= {})", inside.into()),
        Prefix::Ne => Condition::new("(low < {} OR low >= {} OR high < {} OR high > {})", inside.into()),
        Prefix::Gt => ordered("low", ">", tolerant(2.0 * exact, 1.0)),
        Prefix::Lt => ordered("high", "<", tolerant(2.0 * exact, -1.0)),
        Prefix::Ge => ordered("low", ">=", tolerant(2.0 * exact, -1.0)),
        Prefix::Le => ordered("high", "<=", tolerant(2.0 * exact, 1.0)),
        Prefix::Sa => ordered("high", ">", tolerant(2.0 * exact, 1.0)),
        Prefix::Eb => ordered("low", "<", tolerant(2.0 * exact, -1.0)),
        Prefix::Ap => {
            let margin = (exact * 0.1).abs();
            let (from, to) = (Cell::Real(exact - margin), Cell::Real(exact + margin));
            Condition::new(
                "((low >= {} OR high > {}) AND (low < {} OR high <= {}))",
                vec![from.clone(), from, to.clone(), to],
            )
        }
    }
}

/// A comparison with the middle of a written number, or with this end of a range (whose ends stand the wrong way round,
/// see [`span`]). Both are compared doubled: halving a tiny number is an error to PostgreSQL.
fn ordered(end: &str, operator: &str, twice: Cell) -> Condition {
    let sql = format!("(CASE WHEN low > high THEN {end} + {end} ELSE low + high END {operator} {{}})");
    Condition::new(sql, vec![twice])
}

/// Moves a bound by a hair, so that binary rounding of decimals never loses an equal number.
fn tolerant(number: f64, direction: f64) -> Cell {
    Cell::Real(number + direction * (number.abs() * 1e-12 + 1e-15))
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
