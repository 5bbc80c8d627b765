//! Exact decimals as texts: what content needs to check amounts and to convert laboratory units.

/// Digits an exact product may have before it is refused.
const DIGITS_MAX: usize = 18;

/// Whether a text is a plain decimal: digits with at most one point between digits.
pub(crate) fn is_decimal(text: &str) -> bool {
    split(text).is_some()
}

/// Whether a text is a decimal that may have a minus sign.
pub(crate) fn is_signed(text: &str) -> bool {
    signed(text).is_some()
}

/// `value * factor`, rounded half up to `places` decimals. `None` when `value` is no plain decimal of at most 18
/// digits (a sign is allowed).
pub(crate) fn scale(value: &str, factor: &str, places: u32) -> Option<String> {
    let (sign, value) = value.strip_prefix('-').map_or(("", value), |rest| ("-", rest));
    let ((left, left_places), (right, right_places)) = (split(value)?, split(factor)?);
    let (product, have) = (left.checked_mul(right)?, left_places + right_places);
    let rounded = match have.checked_sub(places) {
        Some(drop) => {
            let unit = 10_i128.checked_pow(drop)?;
            (product + unit / 2) / unit
        }
        None => product.checked_mul(10_i128.checked_pow(places - have)?)?,
    };
    let unit = 10_i128.checked_pow(places)?;
    let sign = if rounded == 0 { "" } else { sign };
    Some(match places {
        0 => format!("{sign}{rounded}"),
        _ => format!("{sign}{}.{:0width$}", rounded / unit, rounded % unit, width = places as usize),
    })
}

/// A decimal as an integer and the number of its decimals.
fn split(text: &str) -> Option<(i128, u32)> {
    let (whole, fraction) =
        text.split_once('.').map_or((text, None), |(whole, fraction)| (whole, Some(fraction)));
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let fraction_text = fraction.unwrap_or_default();
    if !digits(whole)
        || fraction.is_some_and(|part| !digits(part))
        || whole.len() + fraction_text.len() > DIGITS_MAX
    {
        return None;
    }
    let number = format!("{whole}{fraction_text}").parse().ok()?;
    Some((number, fraction_text.len() as u32))
}

/// A decimal that may have a minus sign, as an integer and the number of its decimals.
fn signed(text: &str) -> Option<(i128, u32)> {
    match text.strip_prefix('-') {
        Some(rest) => split(rest).map(|(number, places)| (-number, places)),
        None => split(text),
    }
}

/// Whether `left <= right`, for two decimals with or without a sign; `None` when one of them is none.
pub(crate) fn at_most(left: &str, right: &str) -> Option<bool> {
    let ((a, a_places), (b, b_places)) = (signed(left)?, signed(right)?);
    let places = a_places.max(b_places);
    Some(a * 10_i128.pow(places - a_places) <= b * 10_i128.pow(places - b_places))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scales_exactly_and_rounds_half_up() {
        let rows = [
            ("126", "0.0555", 1, Some("7.0")),
            ("126", "0.0555", 4, Some("6.9930")),
            ("1.2", "88.42", 0, Some("106")),
            ("0.5", "1", 0, Some("1")),
            ("-1.5", "10", 0, Some("-15")),
            ("-0.1", "1", 0, Some("0")),
            ("14.2", "10", 0, Some("142")),
            ("1e3", "1", 0, None),
            ("<5", "1", 0, None),
            ("1.", "1", 0, None),
            ("1234567890123456789", "1", 0, None),
        ];
        for (value, factor, places, expected) in rows {
            assert_eq!(scale(value, factor, places).as_deref(), expected, "{value} * {factor}");
        }
        assert_eq!(at_most("3.9", "6.40"), Some(true));
        assert_eq!(at_most("7", "6.99"), Some(false));
        assert_eq!(at_most("-2", "2.0"), Some(true));
        assert_eq!(at_most("-2", "-2.5"), Some(false));
        assert!(is_signed("-2.5") && !is_signed("--2") && !is_signed("-") && !is_decimal("-2"));
    }
}
