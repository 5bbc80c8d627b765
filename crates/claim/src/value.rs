//! Values of cells: exact decimals and moments of the precision they came with. No floating point anywhere.

use std::cmp::Ordering;
use std::fmt;
use yba_fhir::Day;

/// An exact decimal: money, quantity, percent. Keeps the digits it was written with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decimal {
    units: i128,
    /// Digits after the point, at most [`SCALE_MAX`].
    scale: u32,
}

const SCALE_MAX: u32 = 12;
const DIGITS_MAX: usize = 24;

impl Decimal {
    pub const ZERO: Decimal = Decimal { units: 0, scale: 0 };

    /// Reads `17500`, `17500.00`, `-3.5`, `.5`. Anything else (a comma, an exponent, too many digits) is `None`.
    pub fn parse(text: &str) -> Option<Decimal> {
        let (negative, digits) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let all_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        let empty = whole.is_empty() && fraction.is_empty();
        if empty || !all_digits(whole) || !all_digits(fraction) || whole.len() + fraction.len() > DIGITS_MAX {
            return None;
        }
        if fraction.len() as u32 > SCALE_MAX {
            return None;
        }
        let read = |part: &str| part.bytes().fold(0i128, |sum, byte| sum * 10 + i128::from(byte - b'0'));
        let scale = fraction.len() as u32;
        let units = read(whole) * 10i128.pow(scale) + read(fraction);
        Some(Decimal { units: if negative { -units } else { units }, scale })
    }

    pub fn whole(value: i64) -> Decimal {
        Decimal { units: i128::from(value), scale: 0 }
    }

    /// The sum, at the finer scale of the two. Values read by [`Decimal::parse`] can be added a billion times
    /// without leaving an `i128`.
    pub fn plus(self, other: Decimal) -> Decimal {
        let scale = self.scale.max(other.scale);
        Decimal { units: self.at(scale).saturating_add(other.at(scale)), scale }
    }

    pub fn minus(self, other: Decimal) -> Decimal {
        self.plus(Decimal { units: -other.units, scale: other.scale })
    }

    pub fn abs(self) -> Decimal {
        Decimal { units: self.units.abs(), scale: self.scale }
    }

    pub fn is_zero(self) -> bool {
        self.units == 0
    }

    /// Half of it, exact.
    pub fn half(self) -> Decimal {
        Decimal { units: self.units.saturating_mul(5), scale: self.scale + 1 }
    }

    /// The product, exact; `None` when it has too many digits.
    pub fn times(self, other: Decimal) -> Option<Decimal> {
        let scale = self.scale + other.scale;
        (scale <= 2 * SCALE_MAX).then_some(())?;
        Some(Decimal { units: self.units.checked_mul(other.units)?, scale })
    }

    /// A hundredth of it, exact.
    pub fn percent(self) -> Decimal {
        Decimal { units: self.units, scale: self.scale + 2 }
    }

    /// Rounded half away from zero to so many digits after the point.
    pub fn rounded(self, scale: u32) -> Decimal {
        if self.scale <= scale {
            return self;
        }
        let unit = 10i128.pow((self.scale - scale).min(36));
        let half = if self.units < 0 { -unit / 2 } else { unit / 2 };
        Decimal { units: self.units.saturating_add(half) / unit, scale }
    }

    fn at(self, scale: u32) -> i128 {
        self.units.saturating_mul(10i128.pow(scale.saturating_sub(self.scale).min(36)))
    }

    pub fn compare(self, other: Decimal) -> Ordering {
        let scale = self.scale.max(other.scale);
        self.at(scale).cmp(&other.at(scale))
    }
}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Decimal) -> Option<Ordering> {
        let order = self.compare(*other);
        // `2` and `2.00` are equal amounts written differently: neither less nor the same value.
        (order != Ordering::Equal || self == other).then_some(order)
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unit = 10u128.pow(self.scale.min(36));
        let (sign, size) = (if self.units < 0 { "-" } else { "" }, self.units.unsigned_abs());
        write!(f, "{sign}{}", size / unit)?;
        if self.scale > 0 {
            write!(f, ".{:0width$}", size % unit, width = self.scale as usize)?;
        }
        Ok(())
    }
}

/// A date or time with the precision it came with. Local time of Vietnam.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Moment {
    Year(i16),
    Month(i16, i8),
    Day(Day),
    /// Day, hour, minute.
    Minute(Day, u8, u8),
}

impl Moment {
    /// Reads `yyyymmddHHMM`, `yyyymmdd`, `yyyymm`, `yyyy`; seconds after the minutes are dropped. Unknown parts are
    /// zeros: month and day `0000`, month alone `00`. `None` when it is no real date.
    pub fn parse(text: &str) -> Option<Moment> {
        if !text.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let number = |from: usize, to: usize| text.get(from..to)?.parse::<i16>().ok();
        let year = number(0, 4).filter(|year| (1850..=2200).contains(year))?;
        match text.len() {
            4 => return Some(Moment::Year(year)),
            6 => return Moment::month(year, number(4, 6)?),
            8 | 12 | 14 => {}
            _ => return None,
        }
        match (number(4, 6)?, number(6, 8)?) {
            (0, 0) => return Some(Moment::Year(year)),
            (month, 0) => return Moment::month(year, month),
            _ => {}
        }
        let day = Day::new(year, number(4, 6)? as i8, number(6, 8)? as i8)?;
        if text.len() == 8 {
            return Some(Moment::Day(day));
        }
        let (hour, minute) = (number(8, 10)?, number(10, 12)?);
        match (hour, minute) {
            // Some systems write the end of a day as 24:00.
            (24, 0) => Some(Moment::Minute(day, 23, 59)),
            _ if hour > 23 || minute > 59 => None,
            _ => Some(Moment::Minute(day, hour as u8, minute as u8)),
        }
    }

    fn month(year: i16, month: i16) -> Option<Moment> {
        match month {
            0 => Some(Moment::Year(year)),
            1..=12 => Some(Moment::Month(year, month as i8)),
            _ => None,
        }
    }

    /// A birth date: a time of `0000` means that it is not known.
    pub fn birth(text: &str) -> Option<Moment> {
        Some(match Moment::parse(text)? {
            Moment::Minute(day, 0, 0) => Moment::Day(day),
            moment => moment,
        })
    }

    /// The first day it may mean.
    pub fn day(self) -> Day {
        let first =
            |year, month| Day::new(year, month, 1).expect("years and months were checked when it was read");
        match self {
            Moment::Year(year) => first(year, 1),
            Moment::Month(year, month) => first(year, month),
            Moment::Day(day) | Moment::Minute(day, ..) => day,
        }
    }

    /// As a FHIR date: without the time.
    pub fn date(self) -> String {
        match self {
            Moment::Year(year) => format!("{year:04}"),
            Moment::Month(year, month) => format!("{year:04}-{month:02}"),
            Moment::Day(day) | Moment::Minute(day, ..) => day.to_string(),
        }
    }

    /// As a FHIR dateTime, with the zone when there is a time.
    pub fn date_time(self) -> String {
        match self {
            Moment::Minute(day, hour, minute) => format!("{day}T{hour:02}:{minute:02}:00+07:00"),
            other => other.date(),
        }
    }

    /// Whether this is certainly before another: compared at the coarser precision of the two.
    pub fn certainly_before(self, other: Moment) -> bool {
        match (self, other) {
            (Moment::Minute(..), Moment::Minute(..)) => self.sortable() < other.sortable(),
            (Moment::Year(_), _) | (_, Moment::Year(_)) => self.day().year() < other.day().year(),
            (Moment::Month(..), _) | (_, Moment::Month(..)) => {
                (self.day().year(), self.day().month()) < (other.day().year(), other.day().month())
            }
            _ => self.day() < other.day(),
        }
    }

    fn sortable(self) -> (Day, u8, u8) {
        match self {
            Moment::Minute(day, hour, minute) => (day, hour, minute),
            other => (other.day(), 0, 0),
        }
    }
}

/// A day written `yyyymmdd`, also with a time after it, also `dd/mm/yyyy` and `yyyy-mm-dd` as some envelopes have it.
pub(crate) fn compact_day(text: &str) -> Option<Day> {
    if let Some(Moment::Day(day) | Moment::Minute(day, ..)) = Moment::parse(text) {
        return Some(day);
    }
    if let Some(day) = text.get(..10).and_then(Day::parse) {
        return Some(day);
    }
    let mut parts = text.get(..10)?.split('/');
    let (day, month, year) = (parts.next()?, parts.next()?, parts.next()?);
    Day::new(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_keep_their_digits_and_add_exactly() {
        let read = |text| Decimal::parse(text).unwrap();
        assert_eq!(read("17500.00").to_string(), "17500.00");
        assert_eq!(read("-0.5").to_string(), "-0.5");
        assert_eq!(read(".5").to_string(), "0.5");
        let sum = ["0.1", "0.2", "345674.00", "12345.555"]
            .iter()
            .map(|text| read(text))
            .fold(Decimal::ZERO, Decimal::plus);
        assert_eq!(sum.to_string(), "358019.855");
        assert_eq!(read("33333.333").times(read("3")).unwrap().rounded(2).to_string(), "100000.00");
        assert_eq!(
            read("80").percent().times(read("17500.00")).unwrap().compare(read("14000")),
            Ordering::Equal
        );
        assert_eq!(read("2.005").rounded(2).to_string(), "2.01");
        assert_eq!(read("-2.005").rounded(2).to_string(), "-2.01");
        for wrong in [
            "",
            ".",
            "-",
            "1,5",
            "1.000,5",
            "1e3",
            "NaN",
            "1 000",
            "٣",
            "1234567890123456789012345",
            "0.1234567890123",
        ] {
            assert_eq!(Decimal::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn moments_keep_their_precision() {
        let rows = [
            ("202611160730", Some("2026-11-16T07:30:00+07:00")),
            ("20261116073059", Some("2026-11-16T07:30:00+07:00")),
            ("20261116", Some("2026-11-16")),
            ("19900000", Some("1990")),
            ("199000000000", Some("1990")),
            ("199003000000", Some("1990-03")),
            ("1990", Some("1990")),
            ("202611162400", Some("2026-11-16T23:59:00+07:00")),
            ("202613010000", None),
            ("20260230", None),
            ("202611162460", None),
            ("02261116", None),
            ("16/11/2026", None),
            ("", None),
        ];
        for (text, expected) in rows {
            assert_eq!(Moment::parse(text).map(Moment::date_time).as_deref(), expected, "{text}");
        }
        assert_eq!(Moment::birth("199003150000").map(Moment::date_time).as_deref(), Some("1990-03-15"));
        assert_eq!(
            Moment::birth("202603150230").map(Moment::date_time).as_deref(),
            Some("2026-03-15T02:30:00+07:00")
        );
    }

    #[test]
    fn before_is_only_said_when_it_is_certain() {
        let at = |text| Moment::parse(text).unwrap();
        assert!(at("202611160729").certainly_before(at("202611160730")));
        assert!(!at("20261116").certainly_before(at("202611160730")));
        assert!(!at("2026").certainly_before(at("202611160730")));
        assert!(at("2025").certainly_before(at("20260101")));
    }

    #[test]
    fn envelope_days_are_read_in_the_ways_they_are_written() {
        for text in ["20261116", "202611160730", "2026-11-16", "16/11/2026", "2026-11-16T07:30:00"] {
            assert_eq!(compact_day(text).map(|day| day.to_string()).as_deref(), Some("2026-11-16"), "{text}");
        }
        assert_eq!(compact_day("16-11-26"), None);
    }
}
