//! Exact decimals. The language asks for 28 digits (<http://hl7.org/fhirpath/N1/#decimal>); `rust_decimal` holds 28
//! exactly, keeps the digits that were written (`1.00`), is copied like a number and never allocates. What it cannot
//! hold (overflow, a JSON number of 40 digits) has no value, as the specification says of overflow.

use rust_decimal::prelude::ToPrimitive;
use rust_decimal::{Decimal, MathematicalOps, RoundingStrategy};
use sonic_rs::JsonValueTrait;
use yba_fhir::json::Value;

/// Most digits after the point that a boundary may be asked for.
pub const MAX_SCALE: u32 = 28;

/// The value of a JSON number by its written digits, exponents included; `None` when it has too many.
pub fn of_json(value: &Value) -> Option<Decimal> {
    match value.as_raw_number() {
        Some(raw) => parse_number(raw.as_str()),
        // Trees built in code hold machine numbers.
        None => parse_number(&yba_fhir::json::number_text(value)?),
    }
}

/// A number as JSON writes it.
pub fn parse_number(text: &str) -> Option<Decimal> {
    if text.contains(['e', 'E']) {
        Decimal::from_scientific(text).ok()
    } else {
        Decimal::from_str_exact(text).ok()
    }
}

/// `(\+|-)?\d+(\.\d+)?` and nothing else.
pub fn parse_strict(text: &str) -> Option<Decimal> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    let plain = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if !plain(whole) || !plain(fraction) {
        return None;
    }
    Decimal::from_str_exact(text.strip_prefix('+').unwrap_or(text)).ok()
}

/// How many digits stand after the point.
pub fn precision(value: Decimal) -> u32 {
    value.scale()
}

/// The least (or greatest) value that is written like this one, with `digits` after the point: half a step down (up)
/// from the last digit. `None` when it cannot be written so.
pub fn boundary(value: Decimal, high: bool, digits: u32) -> Option<Decimal> {
    if digits > MAX_SCALE || value.scale() >= MAX_SCALE {
        return None;
    }
    let half = Decimal::new(5, value.scale() + 1);
    let edge = if high { value.checked_add(half) } else { value.checked_sub(half) }?;
    let strategy =
        if high { RoundingStrategy::ToPositiveInfinity } else { RoundingStrategy::ToNegativeInfinity };
    with_scale(edge.round_dp_with_strategy(digits, strategy), digits)
}

/// The same number with exactly `digits` after the point, zeros added; `None` when they do not fit.
pub fn with_scale(value: Decimal, digits: u32) -> Option<Decimal> {
    let mut scaled = value;
    scaled.rescale(digits);
    (scaled.scale() == digits && scaled == value).then_some(scaled)
}

/// The whole number, when it is in the range of Integer.
pub fn to_integer(value: Decimal) -> Option<i32> {
    value.to_i32()
}

/// Rounds half away from zero, to at most `digits` after the point.
pub fn round(value: Decimal, digits: u32) -> Decimal {
    value.round_dp_with_strategy(digits.min(MAX_SCALE), RoundingStrategy::MidpointAwayFromZero)
}

pub fn exp(value: Decimal) -> Option<Decimal> {
    value.checked_exp().map(tidy)
}

pub fn ln(value: Decimal) -> Option<Decimal> {
    value.checked_ln().map(tidy)
}

/// Logarithm to a base; `None` outside its domain.
pub fn log(value: Decimal, base: Decimal) -> Option<Decimal> {
    value.checked_ln()?.checked_div(base.checked_ln()?).map(tidy)
}

/// `None` when the power is no real number or does not fit.
pub fn power(base: Decimal, exponent: Decimal) -> Option<Decimal> {
    if exponent.fract().is_zero() {
        let exponent = exponent.to_i64().filter(|exponent| exponent.abs() <= 10_000)?;
        return if base.is_zero() && exponent < 0 { None } else { base.checked_powi(exponent) };
    }
    if base.is_sign_negative() && !base.is_zero() {
        return None;
    }
    if base.is_zero() {
        return (exponent > Decimal::ZERO).then_some(Decimal::ZERO);
    }
    if exponent == Decimal::new(5, 1) {
        return sqrt(base);
    }
    base.checked_ln()?.checked_mul(exponent)?.checked_exp().map(tidy)
}

/// Newton's method from above; ends as soon as it no longer falls.
pub fn sqrt(value: Decimal) -> Option<Decimal> {
    if value.is_sign_negative() && !value.is_zero() {
        return None;
    }
    if value.is_zero() {
        return Some(Decimal::ZERO);
    }
    let two = Decimal::TWO;
    let mut guess = value.max(Decimal::ONE);
    for _ in 0..300 {
        let next = guess.checked_add(value.checked_div(guess)?)?.checked_div(two)?;
        if next >= guess {
            break;
        }
        guess = next;
    }
    Some(tidy(guess))
}

/// Takes away the noise of the last digits of an approximation: `3.9999…9` becomes `4`.
fn tidy(value: Decimal) -> Decimal {
    let digits =
        value.trunc().abs().to_i128().map_or(28, |whole| whole.checked_ilog10().map_or(1, |log| log + 1));
    value
        .round_dp_with_strategy(25_u32.saturating_sub(digits), RoundingStrategy::MidpointAwayFromZero)
        .normalize()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decimal(text: &str) -> Decimal {
        parse_number(text).unwrap()
    }

    #[test]
    fn digits_are_kept_and_what_cannot_be_held_has_no_value() {
        assert_eq!(decimal("1.00").to_string(), "1.00");
        assert_eq!(decimal("1.5e3"), decimal("1500"));
        assert_eq!(decimal("12345678901234567890.12345678").to_string(), "12345678901234567890.12345678");
        assert_eq!(parse_number("1234567890123456789012345678901234567890"), None);
        assert_eq!(parse_number("1e400"), None);
    }

    #[test]
    fn boundaries_are_half_a_step_away_and_rounded_outward() {
        let low = |text: &str, digits| boundary(decimal(text), false, digits).map(|edge| edge.to_string());
        let high = |text: &str, digits| boundary(decimal(text), true, digits).map(|edge| edge.to_string());
        assert_eq!(low("1.587", 8).as_deref(), Some("1.58650000"));
        assert_eq!(low("1.587", 2).as_deref(), Some("1.58"));
        assert_eq!(low("-1.587", 2).as_deref(), Some("-1.59"));
        assert_eq!(high("1.587", 2).as_deref(), Some("1.59"));
        assert_eq!(high("1.587", 8).as_deref(), Some("1.58750000"));
        assert_eq!(high("1", 8).as_deref(), Some("1.50000000"));
        assert_eq!(low("1.587", 32), None);
        assert_eq!(low("12345678901234567890123456", 8), None, "more digits than a decimal has");
    }

    #[test]
    fn approximations_are_clean_and_outside_their_domain_nothing() {
        let text = |value: Option<Decimal>| value.map(|value| value.to_string());
        assert_eq!(text(log(decimal("16"), decimal("2"))).as_deref(), Some("4"));
        assert_eq!(text(log(decimal("100.0"), decimal("10.0"))).as_deref(), Some("2"));
        assert_eq!(text(sqrt(decimal("81"))).as_deref(), Some("9"));
        assert_eq!(text(sqrt(decimal("0.0001"))).as_deref(), Some("0.01"));
        assert_eq!(text(power(decimal("2.5"), decimal("2"))).as_deref(), Some("6.25"));
        assert_eq!(text(power(decimal("4"), decimal("1.5"))).as_deref(), Some("8"));
        assert_eq!(text(exp(decimal("0"))).as_deref(), Some("1"));
        for value in
            [sqrt(decimal("-1")), ln(decimal("0")), ln(decimal("-1")), log(decimal("2"), decimal("1"))]
        {
            assert_eq!(value, None);
        }
        assert_eq!(power(decimal("-1"), decimal("0.5")), None);
        assert_eq!(power(decimal("10"), decimal("99999999999")), None);
        assert_eq!(exp(decimal("1000")), None);
    }

    #[test]
    fn strict_text_has_no_exponent_and_no_bare_point() {
        for text in ["1e3", "1.", ".5", "", "+", "1_000", " 1"] {
            assert_eq!(parse_strict(text), None, "{text}");
        }
        assert_eq!(parse_strict("+1.50"), Some(decimal("1.50")));
    }
}
