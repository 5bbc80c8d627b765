//! Units of measure. The only file that knows the crate that reads UCUM codes, so that it can be replaced.
//! <https://ucum.org/ucum>

use octofhir_ucum::{EvalResult, Number, convert, evaluate, parse_expression};
use rust_decimal::Decimal;
use rust_decimal::prelude::{FromPrimitive, ToPrimitive};

/// Longest code that is looked at.
const MAX_CODE: usize = 128;

fn meaning(code: &str) -> Option<EvalResult> {
    if code.len() > MAX_CODE {
        return None;
    }
    evaluate(&parse_expression(code).ok()?).ok()
}

/// Whether this is a unit.
pub fn is_valid(code: &str) -> bool {
    meaning(code).is_some()
}

/// Whether both are units and measure the same kind of thing.
pub fn is_comparable(left: &str, right: &str) -> bool {
    meaning(left).zip(meaning(right)).is_some_and(|(left, right)| left.is_commensurable(&right))
}

/// Both values in the more granular of two units, and whether that is the left one. `None` when a code is no unit or
/// the dimensions differ.
pub fn in_common_unit(left: (Decimal, &str), right: (Decimal, &str)) -> Option<(Decimal, Decimal, bool)> {
    if left.1 == right.1 {
        return is_valid(left.1).then_some((left.0, right.0, true));
    }
    let (a, b) = (meaning(left.1)?, meaning(right.1)?);
    if !a.is_commensurable(&b) {
        return None;
    }
    if a.special.is_some() || b.special.is_some() {
        return Some((left.0, special(right.0, right.1, left.1)?, true));
    }
    if exponent_of(a.factor.checked_div(b.factor)?) >= 0 {
        Some((scaled(left.0, a.factor, b.factor)?, right.0, false))
    } else {
        Some((left.0, scaled(right.0, b.factor, a.factor)?, true))
    }
}

/// A value in another unit. `None` when a code is no unit or the dimensions differ.
pub fn converted(value: Decimal, from: &str, to: &str) -> Option<Decimal> {
    if from == to {
        return is_valid(from).then_some(value);
    }
    let (a, b) = (meaning(from)?, meaning(to)?);
    if !a.is_commensurable(&b) {
        return None;
    }
    if a.special.is_some() || b.special.is_some() {
        return special(value, from, to);
    }
    scaled(value, a.factor, b.factor)
}

/// A value in units of one size as a value in units of another: multiplied first, so that only one division rounds.
fn scaled(value: Decimal, from: Number, to: Number) -> Option<Decimal> {
    to_decimal(Number::parse(&value.to_string())?.checked_mul(from)?.checked_div(to)?)
}

/// Units on a scale that is not a ratio (degrees, pH): converted in floating point, 12 digits are meant.
fn special(value: Decimal, from: &str, to: &str) -> Option<Decimal> {
    let converted = convert(value.to_f64()?, from, to).ok()?;
    Decimal::from_f64(converted)?.round_sf(12).map(|value| value.normalize())
}

/// Whether the ratio is at least one: the power of ten of its leading digit.
fn exponent_of(ratio: Number) -> i32 {
    let (digits, exponent) = ratio.to_integer_and_exponent();
    exponent + digits.unsigned_abs().checked_ilog10().unwrap_or(0) as i32
}

fn to_decimal(number: Number) -> Option<Decimal> {
    let (digits, exponent) = number.to_integer_and_exponent();
    if exponent > 0 {
        let whole = digits.checked_mul(10_i128.checked_pow(exponent as u32)?)?;
        return Decimal::try_from_i128_with_scale(whole, 0).ok();
    }
    // Digits past the 28th after the point are cut off.
    let excess = exponent.unsigned_abs().saturating_sub(28);
    let digits = 10_i128.checked_pow(excess).map_or(0, |divisor| digits / divisor);
    Decimal::try_from_i128_with_scale(digits, exponent.unsigned_abs() - excess).ok()
}

/// The code of a product (or quotient) of two units: `cm` times `cm` is `cm2`. Simple factors are counted; a code with
/// brackets is kept whole.
pub fn product(left: &str, right: &str, divide: bool) -> Option<String> {
    let mut factors: Vec<(String, i32)> = Vec::new();
    collect(left, 1, &mut factors);
    collect(right, if divide { -1 } else { 1 }, &mut factors);
    factors.retain(|(_, power)| *power != 0);
    factors.sort_by_key(|(_, power)| *power < 0);
    let terms: Vec<String> = factors
        .iter()
        .map(|(unit, power)| if *power == 1 { unit.clone() } else { format!("{unit}{power}") })
        .collect();
    let code = if terms.is_empty() { "1".to_owned() } else { terms.join(".") };
    is_valid(&code).then_some(code)
}

/// Adds the factors of a code, each with its power.
fn collect(code: &str, sign: i32, factors: &mut Vec<(String, i32)>) {
    if code.contains(['(', '{']) || code.len() > MAX_CODE {
        return add(&format!("({code})"), sign, factors);
    }
    let mut sign_here = sign;
    let mut rest = code;
    if let Some(after) = rest.strip_prefix('/') {
        sign_here = -sign;
        rest = after;
    }
    loop {
        let end = end_of_factor(rest);
        let (unit, power) = split_power(&rest[..end]);
        if unit != "1" {
            add(unit, sign_here * power, factors);
        }
        match rest.as_bytes().get(end) {
            Some(b'.') => sign_here = sign,
            Some(_) => sign_here = -sign,
            None => return,
        }
        rest = &rest[end + 1..];
    }
}

/// The next `.` or `/` outside square brackets.
fn end_of_factor(text: &str) -> usize {
    let mut inside = false;
    text.bytes()
        .position(|byte| {
            match byte {
                b'[' => inside = true,
                b']' => inside = false,
                _ => {}
            }
            !inside && (byte == b'.' || byte == b'/')
        })
        .unwrap_or(text.len())
}

/// `cm2` is `cm` to the 2; a bare number or a symbol such as `10*` has no power.
fn split_power(factor: &str) -> (&str, i32) {
    let start = factor.trim_end_matches(|c: char| c.is_ascii_digit()).len();
    let start = if factor[..start].ends_with(['-', '+']) { start - 1 } else { start };
    match factor[start..].parse() {
        Ok(power) if start > 0 => (&factor[..start], power),
        _ => (factor, 1),
    }
}

fn add(unit: &str, power: i32, factors: &mut Vec<(String, i32)>) {
    match factors.iter_mut().find(|(known, _)| known == unit) {
        Some((_, sum)) => *sum += power,
        None => factors.push((unit.to_owned(), power)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decimal(text: &str) -> Decimal {
        Decimal::from_str_exact(text).unwrap()
    }

    #[test]
    fn conversion_keeps_every_digit_of_ratio_units() {
        let check = |value: &str, from, to, expected: &str| {
            assert_eq!(converted(decimal(value), from, to), Some(decimal(expected)), "{value} {from} {to}");
        };
        check("1", "[in_i]", "cm", "2.54");
        check("4.0000", "g", "mg", "4000.0");
        check("185", "[lb_av]", "g", "83914.58845");
        check("90", "min", "h", "1.5");
        check("37", "Cel", "K", "310.15");
        check("5.5", "mmol/L", "umol/mL", "5.5");
        check("120", "mm[Hg]", "kPa", "15.99864");
        assert_eq!(converted(decimal("1"), "cm", "s"), None);
        assert_eq!(converted(decimal("1"), "cm", "nonsense"), None);
        assert_eq!(converted(decimal("1"), &"m/".repeat(5000), "m"), None);
    }

    #[test]
    fn the_more_granular_unit_is_common() {
        let (left, right, is_left) = in_common_unit((decimal("3"), "m"), (decimal("3"), "cm")).unwrap();
        assert_eq!((left, right, is_left), (decimal("300"), decimal("3"), false));
        let (left, right, is_left) = in_common_unit((decimal("3"), "cm"), (decimal("3"), "m")).unwrap();
        assert_eq!((left, right, is_left), (decimal("3"), decimal("300"), true));
    }

    #[test]
    fn products_count_their_factors() {
        let check = |left, right, divide, expected: &str| {
            assert_eq!(product(left, right, divide).as_deref(), Some(expected), "{left} {right}");
        };
        check("cm", "cm", false, "cm2");
        check("cm", "cm2", false, "cm3");
        check("cm2", "cm", true, "cm");
        check("cm", "cm", true, "1");
        check("mg/dL", "dL", false, "mg");
        check("1", "kg", true, "kg-1");
        check("m[H2O]", "m[H2O]", false, "m[H2O]2");
        assert_eq!(product("cm", "nonsense", false), None);
    }
}
