//! Values as ranges, and what the prefixes ask of two ranges. <https://hl7.org/fhir/R4/search.html#prefix>
//!
//! Integers only: milliseconds for moments, units of 10⁻²⁴ for numbers, so that nothing is ever rounded.

/// A half-open range of moments or numbers; a range of no width is a point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span(pub i128, pub i128);

/// What a missing end of a period or range is.
pub const FAR: i128 = i128::MAX / 4;
const DAY_MS: i128 = 86_400_000;
const ONE: i128 = 1_000_000_000_000_000_000_000_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Prefix {
    Eq,
    Ne,
    Gt,
    Lt,
    Ge,
    Le,
    Sa,
    Eb,
    Ap,
}

pub const PREFIXES: [(Prefix, &str); 10] = [
    (Prefix::Eq, ""),
    (Prefix::Eq, "eq"),
    (Prefix::Ne, "ne"),
    (Prefix::Gt, "gt"),
    (Prefix::Lt, "lt"),
    (Prefix::Ge, "ge"),
    (Prefix::Le, "le"),
    (Prefix::Sa, "sa"),
    (Prefix::Eb, "eb"),
    (Prefix::Ap, "ap"),
];

impl Span {
    pub fn contains(self, other: Span) -> bool {
        self.0 <= other.0 && other.1 <= self.1 && (other.0 < self.1 || self == other)
    }

    pub fn overlaps(self, other: Span) -> bool {
        self.0 < other.1 && other.0 < self.1 || self.contains(other) || other.contains(self)
    }

    pub fn hull(self, other: Span) -> Span {
        Span(self.0.min(other.0), self.1.max(other.1))
    }
}

/// Whether a date of a record (`target`) is what the prefix asks of the date searched for.
pub fn date_matches(prefix: Prefix, asked: Span, target: Span) -> bool {
    let equal = asked.contains(target);
    let (above, below) = (target.1 > asked.1, target.0 < asked.0);
    match prefix {
        Prefix::Eq => equal,
        Prefix::Ne => !equal,
        Prefix::Gt => above,
        Prefix::Lt => below,
        Prefix::Ge => above || equal,
        Prefix::Le => below || equal,
        Prefix::Sa => target.0 >= asked.1,
        Prefix::Eb => target.1 <= asked.0,
        Prefix::Ap => asked.overlaps(target),
    }
}

/// A number of a record. `Written` digits stand for a range with a value in its middle; a range (also what a
/// comparator says) has no middle.
#[derive(Clone, Copy, Debug)]
pub enum Number {
    Integer(i128),
    Written(i128, Span),
    Range(Span),
}

/// As [`date_matches`], for numbers: with an order as prefix, the precision of what is asked is ignored.
/// <https://hl7.org/fhir/R4/search.html#number>
pub fn number_matches(prefix: Prefix, asked: &str, target: Number) -> bool {
    number_matches_in(prefix, asked, (1, 1), target)
}

/// The same of a number in another unit: what is asked is first multiplied, and divided.
pub fn number_matches_in(prefix: Prefix, asked: &str, (by, through): (i128, i128), target: Number) -> bool {
    let (exact, around) = number(asked).unwrap();
    let scaled = |number: i128| {
        assert_eq!(number * by % through, 0, "nothing is ever rounded");
        number * by / through
    };
    let (exact, around) = (scaled(exact), Span(scaled(around.0), scaled(around.1)));
    let (value, span) = match target {
        Number::Integer(value) => (Span(value, value), Span(value, value)),
        Number::Written(value, span) => (Span(value, value), span),
        Number::Range(span) => (span, span),
    };
    // "If the element is an integer and the search has no exponent and no digits after the point but zeros, searching
    // is based on exact matches."
    let whole = matches!(target, Number::Integer(_)) && !asked.contains(['e', 'E']) && exact % ONE == 0;
    let equal = if whole { span == Span(exact, exact) } else { around.contains(span) };
    match prefix {
        Prefix::Eq => equal,
        Prefix::Ne => !equal,
        Prefix::Gt => value.1 > exact,
        Prefix::Lt => value.0 < exact,
        Prefix::Ge => value.1 >= exact,
        Prefix::Le => value.0 <= exact,
        Prefix::Sa => value.0 > exact,
        Prefix::Eb => value.1 < exact,
        Prefix::Ap => {
            let tenth = exact.abs() / 10;
            Span(exact - tenth, exact + tenth).overlaps(span)
        }
    }
}

/// A written number and the range that its digits imply: half a unit of the last digit to each side.
pub fn number(text: &str) -> Option<(i128, Span)> {
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits: i128 = format!("{whole}{fraction}").parse().ok()?;
    let last = 24 + exponent.parse::<i32>().ok()? - fraction.len() as i32;
    let unit = 10i128.checked_pow(u32::try_from(last).ok()?)?;
    let value = digits.checked_mul(unit)?;
    Some((value, Span(value - unit / 2, value + unit / 2)))
}

/// The time that a date, dateTime or instant of any precision covers; without a zone it is Vietnam's.
pub fn span(text: &str) -> Option<Span> {
    let (date, time) = text.split_once('T').map_or((text, None), |(date, time)| (date, Some(time)));
    let mut parts = date.split('-').map(|part| part.parse::<i128>().ok());
    let year = parts.next()??;
    let (month, day) = (parts.next(), parts.next());
    let start = days(year, month.unwrap_or(Some(1))?, day.unwrap_or(Some(1))?) * DAY_MS;
    let end = match (month, day) {
        (None, _) => days(year + 1, 1, 1) * DAY_MS,
        (Some(Some(12)), None) => days(year + 1, 1, 1) * DAY_MS,
        (Some(month), None) => days(year, month? + 1, 1) * DAY_MS,
        _ => start + DAY_MS,
    };
    let hanoi = 7 * 3_600_000;
    let Some(time) = time else { return Some(Span(start - hanoi, end - hanoi)) };
    let (clock, zone) = match time.find(['Z', '+', '-']) {
        Some(at) => (&time[..at], zone(&time[at..])?),
        None => (time, hanoi),
    };
    let mut parts = clock.split(':');
    let (hour, minute): (i128, i128) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
    let from = start + (hour * 60 + minute) * 60_000 - zone;
    let Some(second) = parts.next() else { return Some(Span(from, from + 60_000)) };
    let (second, fraction) = second.split_once('.').unwrap_or((second, ""));
    let from = from + second.parse::<i128>().ok()? * 1000;
    match fraction.len() {
        0 => Some(Span(from, from + 1000)),
        1..=3 => {
            let unit = 10i128.pow(3 - fraction.len() as u32);
            let from = from + fraction.parse::<i128>().ok()? * unit;
            Some(Span(from, from + 1))
        }
        _ => None,
    }
}

fn zone(text: &str) -> Option<i128> {
    if text == "Z" {
        return Some(0);
    }
    let (hours, minutes) = text[1..].split_once(':')?;
    let ms = (hours.parse::<i128>().ok()? * 60 + minutes.parse::<i128>().ok()?) * 60_000;
    Some(if text.starts_with('-') { -ms } else { ms })
}

/// Days from 1970-01-01 in the Gregorian calendar.
fn days(year: i128, month: i128, day: i128) -> i128 {
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    365 * year + year.div_euclid(4) - year.div_euclid(100)
        + year.div_euclid(400)
        + (153 * month + 2) / 5
        + day
        - 719_469
}

#[test]
fn the_ruler_is_straight() {
    assert_eq!(span("1970-01-01T00:00:00Z"), Some(Span(0, 1000)));
    assert_eq!(span("1970-01-01"), Some(Span(-25_200_000, 61_200_000)));
    assert_eq!(span("2026-03-02T08:00:00.000+07:00").unwrap().0, 1_772_413_200_000);
    assert_eq!(span("2024").map(|span| (span.1 - span.0) / DAY_MS), Some(366));
    assert_eq!(span("2024-12").map(|span| (span.1 - span.0) / DAY_MS), Some(31));
    assert_eq!(number("1.00e2").unwrap(), (100 * ONE, Span(99 * ONE + ONE / 2, 100 * ONE + ONE / 2)));
    assert_eq!(number("5.4").unwrap().0, number("54e-1").unwrap().0);
}
