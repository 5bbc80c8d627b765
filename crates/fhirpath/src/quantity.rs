//! Quantities: a decimal with a unit of UCUM or a calendar duration. <http://hl7.org/fhirpath/N1/#quantity>

use crate::decimal;
use crate::ucum;
use rust_decimal::Decimal;
use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt;

/// The calendar durations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Duration {
    Year,
    Month,
    Week,
    Day,
    Hour,
    Minute,
    Second,
    Millisecond,
}

const DURATIONS: [(Duration, &str, &str); 8] = [
    (Duration::Year, "year", "a"),
    (Duration::Month, "month", "mo"),
    (Duration::Week, "week", "wk"),
    (Duration::Day, "day", "d"),
    (Duration::Hour, "hour", "h"),
    (Duration::Minute, "minute", "min"),
    (Duration::Second, "second", "s"),
    (Duration::Millisecond, "millisecond", "ms"),
];

impl Duration {
    fn name(self) -> &'static str {
        DURATIONS.iter().find(|row| row.0 == self).map_or("", |row| row.1)
    }

    /// The UCUM unit this duration is equivalent to.
    fn code(self) -> &'static str {
        DURATIONS.iter().find(|row| row.0 == self).map_or("", |row| row.2)
    }

    /// The calendar duration a UCUM code stands for in FHIR's own quantities.
    pub fn of_code(code: &str) -> Option<Duration> {
        DURATIONS.iter().find(|row| row.2 == code).map(|row| row.0)
    }

    /// Months (for years and months) or milliseconds of one.
    fn size(self) -> (bool, i64) {
        match self {
            Duration::Year => (true, 12),
            Duration::Month => (true, 1),
            Duration::Week => (false, 7 * 86_400_000),
            Duration::Day => (false, 86_400_000),
            Duration::Hour => (false, 3_600_000),
            Duration::Minute => (false, 60_000),
            Duration::Second => (false, 1000),
            Duration::Millisecond => (false, 1),
        }
    }

    /// Whether the calendar and the definite duration are the same length. N1 says so of seconds; the next edition and
    /// HL7's test suite for R4 say so of everything up to weeks, and they are followed here.
    fn is_definite(self) -> bool {
        !matches!(self, Duration::Year | Duration::Month)
    }
}

/// What a value counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unit {
    /// `4 days`
    Calendar(Duration),
    /// `4 'd'`
    Ucum(Box<str>),
    /// A FHIR quantity with a time unit of UCUM: it may be added to dates, and compares with both kinds.
    FhirTime(Duration),
    /// A FHIR quantity whose unit is not of UCUM; comparable only with the very same.
    Other(Box<str>),
}

impl Unit {
    /// The unit of a text: a calendar duration (`'day'`), or a UCUM code.
    pub fn named(code: &str) -> Unit {
        Unit::calendar(code).unwrap_or_else(|| Unit::Ucum(code.into()))
    }

    /// The unit without dimension.
    pub fn one() -> Unit {
        Unit::named("1")
    }

    /// `year`, `years`, …, `milliseconds`.
    pub fn calendar(word: &str) -> Option<Unit> {
        let singular = word.strip_suffix('s').unwrap_or(word);
        DURATIONS.iter().find(|row| row.1 == singular).map(|row| Unit::Calendar(row.0))
    }

    /// The code in UCUM, or the equivalent one of a calendar duration.
    fn code(&self) -> Option<&str> {
        match self {
            Unit::Calendar(duration) | Unit::FhirTime(duration) => Some(duration.code()),
            Unit::Ucum(code) => Some(code),
            Unit::Other(_) => None,
        }
    }

    /// As it stands in a Quantity: `mg`, `day`.
    pub fn text(&self) -> &str {
        match self {
            Unit::Calendar(duration) => duration.name(),
            Unit::FhirTime(duration) => duration.code(),
            Unit::Ucum(text) | Unit::Other(text) => text,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quantity {
    pub value: Decimal,
    pub unit: Unit,
}

/// Two quantities seen side by side.
pub enum Related {
    /// Values in a common unit, and that unit.
    Values(Decimal, Decimal, Unit),
    Incomparable,
}

impl Quantity {
    pub fn new(value: Decimal, unit: Unit) -> Quantity {
        Quantity { value, unit }
    }

    /// Brings two quantities to a common unit. With `loose` calendar durations stand for their definite equivalents.
    pub fn related(&self, other: &Quantity, loose: bool) -> Related {
        use Unit::{Calendar, FhirTime, Other, Ucum};
        match (&self.unit, &other.unit) {
            (Other(left), Other(right)) if left == right => {
                Related::Values(self.value, other.value, self.unit.clone())
            }
            (Other(_), _) | (_, Other(_)) => Related::Incomparable,
            (Calendar(left) | FhirTime(left), Calendar(right) | FhirTime(right)) => {
                in_calendar((self.value, *left), (other.value, *right))
            }
            (Calendar(duration), Ucum(code)) | (Ucum(code), Calendar(duration)) if !loose => {
                if duration.is_definite() || !ucum::is_valid(code) {
                    self.in_ucum(other)
                } else {
                    Related::Incomparable
                }
            }
            _ => self.in_ucum(other),
        }
    }

    fn in_ucum(&self, other: &Quantity) -> Related {
        let (Some(left), Some(right)) = (self.unit.code(), other.unit.code()) else {
            return Related::Incomparable;
        };
        match ucum::in_common_unit((self.value, left), (other.value, right)) {
            Some((a, b, is_left)) => {
                Related::Values(a, b, if is_left { self.unit.clone() } else { other.unit.clone() })
            }
            None => Related::Incomparable,
        }
    }

    /// `=`; `None` when it cannot be known.
    pub fn equals(&self, other: &Quantity) -> Option<bool> {
        match self.related(other, false) {
            Related::Values(left, right, _) => Some(left == right),
            Related::Incomparable => None,
        }
    }

    /// `~`: values rounded to the less precise of both, in the less granular unit, where that precision was written.
    pub fn equivalent(&self, other: &Quantity) -> bool {
        let Related::Values(left, right, unit) = self.related(other, true) else { return false };
        if left == right {
            return true;
        }
        let coarse = if unit == self.unit { &other.unit } else { &self.unit };
        let in_coarse = |quantity: &Quantity| match (quantity.unit.code(), coarse.code()) {
            (Some(from), Some(to)) => ucum::converted(quantity.value, from, to),
            _ => Some(quantity.value),
        };
        match (in_coarse(self), in_coarse(other)) {
            (Some(left), Some(right)) => equivalent_decimals(left, right),
            _ => false,
        }
    }

    pub fn compare(&self, other: &Quantity) -> Option<Ordering> {
        match self.related(other, false) {
            Related::Values(left, right, _) => Some(left.cmp(&right)),
            _ => None,
        }
    }

    /// Sum or difference in the more granular unit.
    pub fn plus(&self, other: &Quantity, subtract: bool) -> Option<Quantity> {
        let Related::Values(left, right, unit) = self.related(other, false) else { return None };
        let value = if subtract { left.checked_sub(right) } else { left.checked_add(right) };
        value.map(|value| Quantity { value, unit })
    }

    /// Product or quotient with the product of the units.
    pub fn times(&self, other: &Quantity, divide: bool) -> Option<Quantity> {
        let value = if divide {
            self.value.checked_div(other.value)?.normalize()
        } else {
            self.value.checked_mul(other.value)?
        };
        if other.unit == Unit::one() {
            return Some(Quantity { value, unit: self.unit.clone() });
        }
        if self.unit == Unit::one() && !divide {
            return Some(Quantity { value, unit: other.unit.clone() });
        }
        let (left, right) = (self.unit.code()?, other.unit.code()?);
        if divide && let Related::Values(left, right, _) = self.related(other, true) {
            return left
                .checked_div(right)
                .map(|value| Quantity { value: value.normalize(), unit: Unit::one() });
        }
        Some(Quantity { value, unit: Unit::Ucum(ucum::product(left, right, divide)?.into()) })
    }

    /// The same quantity in another unit.
    pub fn converted(&self, unit: &Unit) -> Option<Quantity> {
        use Unit::{Calendar, FhirTime};
        if self.unit == *unit {
            return Some(self.clone());
        }
        let value = match (&self.unit, unit) {
            (Calendar(from) | FhirTime(from), Calendar(to) | FhirTime(to)) => {
                convert_calendar(self.value, *from, *to)?
            }
            (Calendar(from), to) if !from.is_definite() && to.code().is_some() => return None,
            (_, Calendar(to)) if !to.is_definite() => return None,
            (from, to) => ucum::converted(self.value, from.code()?, to.code()?)?,
        };
        Some(Quantity { value, unit: unit.clone() })
    }

    /// `4 days`, `10 'mg'`, `10`: the form `toQuantity` reads.
    pub fn parse(text: &str) -> Option<Quantity> {
        let text = text.trim();
        let end = text
            .char_indices()
            .find(|(position, c)| {
                !(c.is_ascii_digit() || *c == '.' || (*position == 0 && matches!(c, '+' | '-')))
            })
            .map_or(text.len(), |(position, _)| position);
        let value = decimal::parse_strict(&text[..end])?;
        let unit = text[end..].trim_start();
        let unit = if unit.is_empty() {
            Unit::one()
        } else if let Some(quoted) = unit.strip_prefix('\'') {
            let code = quoted.strip_suffix('\'')?;
            (!code.contains('\'') && ucum::is_valid(code)).then(|| Unit::named(code))?
        } else {
            Unit::calendar(unit)?
        };
        Some(Quantity { value, unit })
    }

    /// The calendar duration to add to a date or time; `None` for definite durations above weeks.
    pub fn duration(&self) -> Option<Duration> {
        match &self.unit {
            Unit::Calendar(duration) | Unit::FhirTime(duration) => Some(*duration),
            Unit::Ucum(code) => Duration::of_code(code).filter(|duration| duration.is_definite()),
            Unit::Other(_) => None,
        }
    }
}

/// Decimals rounded to the less precise of both, trailing zeros not counted.
pub fn equivalent_decimals(left: Decimal, right: Decimal) -> bool {
    let digits = left.normalize().scale().min(right.normalize().scale());
    decimal::round(left, digits) == decimal::round(right, digits)
}

fn in_calendar(left: (Decimal, Duration), right: (Decimal, Duration)) -> Related {
    // The more granular unit is the later one in the list.
    let unit = left.1.max(right.1);
    match (convert_calendar(left.0, left.1, unit), convert_calendar(right.0, right.1, unit)) {
        (Some(a), Some(b)) => Related::Values(a, b, Unit::Calendar(unit)),
        _ => Related::Incomparable,
    }
}

/// By the factors of `toQuantity`: a year is 12 months or 365 days, a month 30 days.
fn convert_calendar(value: Decimal, from: Duration, to: Duration) -> Option<Decimal> {
    let in_days = |duration| match duration {
        Duration::Year => (false, 365 * 86_400_000),
        Duration::Month => (false, 30 * 86_400_000),
        other => other.size(),
    };
    let (mut a, mut b) = (from.size(), to.size());
    if a.0 != b.0 {
        (a, b) = (in_days(from), in_days(to));
    }
    let scaled = value.checked_mul(Decimal::from(a.1))?.checked_div(Decimal::from(b.1))?;
    Some(if a.1 < b.1 { scaled.normalize() } else { scaled })
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unit: Cow<str> = match &self.unit {
            Unit::Calendar(duration) => duration.name().into(),
            other => format!("'{}'", other.text()).into(),
        };
        write!(f, "{} {unit}", self.value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quantity(text: &str) -> Quantity {
        Quantity::parse(text).unwrap()
    }

    #[test]
    fn calendar_and_definite_durations_differ_above_weeks_and_are_equivalent() {
        assert_eq!(quantity("1 year").equals(&quantity("1 'a'")), None);
        assert_eq!(quantity("7 days").equals(&quantity("1 'wk'")), Some(true));
        assert_eq!(quantity("1 second").equals(&quantity("1 's'")), Some(true));
        assert!(quantity("1 year").equivalent(&quantity("1 'a'")));
        assert_eq!(quantity("1 year").compare(&quantity("1 'a'")), None);
        assert_eq!(quantity("10 seconds").compare(&quantity("1 's'")), Some(Ordering::Greater));
        assert_eq!(quantity("7 days").equals(&quantity("1 week")), Some(true));
        assert_eq!(quantity("1 year").equals(&quantity("12 months")), Some(true));
        assert_eq!(quantity("1 year").equals(&quantity("365 days")), Some(true));
    }

    #[test]
    fn arithmetic_follows_units() {
        let text = |value: Option<Quantity>| value.map(|value| value.to_string());
        assert_eq!(text(quantity("3 'm'").plus(&quantity("3 'cm'"), false)).as_deref(), Some("303 'cm'"));
        assert_eq!(text(quantity("3 'm'").plus(&quantity("3 'cm'"), true)).as_deref(), Some("297 'cm'"));
        assert_eq!(text(quantity("12 'cm'").times(&quantity("3 'cm'"), false)).as_deref(), Some("36 'cm2'"));
        assert_eq!(text(quantity("12 'cm2'").times(&quantity("3 'cm'"), true)).as_deref(), Some("4 'cm'"));
        assert_eq!(text(quantity("1 'cm'").plus(&quantity("1 's'"), false)), None);
        assert_eq!(text(quantity("1 'cm'").times(&quantity("0"), true)), None);
    }

    #[test]
    fn text_is_read_as_the_specification_writes_it() {
        for text in ["4 days", "10 'mg'", "-1.50 'cm'", "1 'mm[Hg]'"] {
            assert!(Quantity::parse(text).is_some(), "{text}");
        }
        assert_eq!(quantity("5").unit, Unit::one());
        for text in ["", "x", "4 fortnights", "4 'nonsense'", "4 'mg", "1.2.3", "1 2", "1e3 'mg'"] {
            assert_eq!(Quantity::parse(text), None, "{text}");
        }
    }
}
