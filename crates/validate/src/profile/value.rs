//! Fixed values, patterns and orders of values. <https://hl7.org/fhir/R4/elementdefinition.html>

use std::cmp::Ordering;
use yba_fhir::json::{JsonContainerTrait, JsonValueTrait, Value, number_text};
use yba_fhirpath::Decimal;

/// Whether a value is exactly another, digits of decimals included.
pub fn is_fixed(value: &Value, fixed: &Value) -> bool {
    if let (Some(value), Some(fixed)) = (value.as_object(), fixed.as_object()) {
        return value.len() == fixed.len()
            && fixed
                .iter()
                .all(|(name, fixed)| value.get(&name).is_some_and(|value| is_fixed(value, fixed)));
    }
    if let (Some(value), Some(fixed)) = (value.as_array(), fixed.as_array()) {
        return value.len() == fixed.len()
            && value.iter().zip(fixed.iter()).all(|(value, fixed)| is_fixed(value, fixed));
    }
    is_same_primitive(value, fixed)
}

/// Whether a value holds everything that a pattern holds; each item of a list in the pattern matches some item.
pub fn fits(value: &Value, pattern: &Value) -> bool {
    if let Some(pattern) = pattern.as_object() {
        return pattern
            .iter()
            .all(|(name, pattern)| value.get(name).is_some_and(|value| fits(value, pattern)));
    }
    if let Some(pattern) = pattern.as_array() {
        let Some(value) = value.as_array() else { return false };
        return pattern.iter().all(|pattern| value.iter().any(|value| fits(value, pattern)));
    }
    is_same_primitive(value, pattern)
}

fn is_same_primitive(one: &Value, other: &Value) -> bool {
    match (one.as_str(), other.as_str()) {
        (Some(one), Some(other)) => one == other,
        (None, None) => match (number_text(one), number_text(other)) {
            (Some(one), Some(other)) => one == other,
            (None, None) => one.as_bool().is_some() && one.as_bool() == other.as_bool(),
            _ => false,
        },
        _ => false,
    }
}

/// How two numbers, dates or moments of the same form stand to each other; `None` when that cannot be said.
pub fn order(one: &Value, other: &Value) -> Option<Ordering> {
    if let (Some(one), Some(other)) = (one.as_str(), other.as_str()) {
        return (one.len() == other.len()).then(|| one.cmp(other));
    }
    let number = |value: &Value| number_text(value)?.parse::<Decimal>().ok();
    Some(number(one)?.cmp(&number(other)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use yba_fhir::json::from_str;

    fn value(text: &str) -> Value {
        from_str(text).unwrap()
    }

    #[test]
    fn a_fixed_value_is_equal_in_everything() {
        assert!(is_fixed(
            &value(r#"{"a": [1.0, "x"], "b": true}"#),
            &value(r#"{"b": true, "a": [1.0, "x"]}"#)
        ));
        for other in
            [r#"{"a": [1.00, "x"], "b": true}"#, r#"{"a": [1.0], "b": true}"#, r#"{"a": [1.0, "x"]}"#]
        {
            assert!(!is_fixed(&value(other), &value(r#"{"a": [1.0, "x"], "b": true}"#)), "{other}");
        }
    }

    #[test]
    fn a_pattern_is_held_among_other_things() {
        let pattern = value(r#"{"coding": [{"system": "s", "code": "c"}]}"#);
        assert!(fits(
            &value(
                r#"{"coding": [{"code": "d"}, {"system": "s", "code": "c", "display": "C"}], "text": "t"}"#
            ),
            &pattern
        ));
        assert!(!fits(&value(r#"{"coding": [{"system": "s"}, {"code": "c"}]}"#), &pattern));
        assert!(!fits(&value(r#"{"text": "t"}"#), &pattern));
    }

    #[test]
    fn numbers_are_ordered_by_amount_and_dates_by_day() {
        assert_eq!(order(&value("9.5"), &value("10")), Some(Ordering::Less));
        assert_eq!(order(&value("\"2026-01-02\""), &value("\"2026-01-01\"")), Some(Ordering::Greater));
        assert_eq!(order(&value("\"2026\""), &value("\"2026-01-01\"")), None);
    }
}
