//! Dates with the precision they came with, as ranges of time. Vietnam is fixed +07:00 (not the zone database,
//! whose history shifts old birth dates). <https://hl7.org/fhir/R4/datatypes.html#dateTime>

use jiff::civil::{Date, Time};
use jiff::tz::{Offset, TimeZone};

const DAY_MS: i64 = 86_400_000;
const VIETNAM_MS: i64 = 7 * 3_600_000;

/// A calendar day; ordered, printed as `2026-03-02`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(Date);

impl Day {
    /// A day that exists, years 1 to 9999.
    pub fn new(year: i16, month: i8, day: i8) -> Option<Day> {
        (year >= 1).then(|| Date::new(year, month, day).ok().map(Day)).flatten()
    }

    /// Parses `yyyy-mm-dd`.
    pub fn parse(text: &str) -> Option<Day> {
        let mut parts = text.splitn(3, '-');
        let (year, month, day) =
            (digits(parts.next()?, 4)?, digits(parts.next()?, 2)?, digits(parts.next()?, 2)?);
        Day::new(year as i16, month as i8, day as i8)
    }

    /// The day in Vietnam at this instant (milliseconds since 1970 UTC).
    pub fn of_instant(ms: i64) -> Day {
        let days = (ms + VIETNAM_MS).div_euclid(DAY_MS);
        Day(epoch().saturating_add(jiff::Span::new().days(days.clamp(-700_000, 2_900_000))))
    }

    pub fn year(self) -> i16 {
        self.0.year()
    }

    pub fn month(self) -> i8 {
        self.0.month()
    }

    pub fn day(self) -> i8 {
        self.0.day()
    }

    /// Midnight in Vietnam, in milliseconds since 1970 UTC.
    pub fn start_ms(self) -> i64 {
        self.days_since_epoch() * DAY_MS - VIETNAM_MS
    }

    /// Days from 1970-01-01 to this day.
    pub fn days_since_epoch(self) -> i64 {
        i64::from(epoch().until(self.0).map(|span| span.get_days()).unwrap_or_default())
    }

    /// Whole years from this day to `later`, as ages are counted.
    pub fn years_until(self, later: Day) -> i32 {
        let full = i32::from(later.year()) - i32::from(self.year());
        if (later.month(), later.day()) < (self.month(), self.day()) { full - 1 } else { full }
    }

    /// This day moved by a number of days.
    pub fn plus_days(self, days: i64) -> Day {
        Day::of_instant(self.start_ms() + days * DAY_MS)
    }

    /// This day moved by months; a day that the month does not have becomes its last: a month after 31 January is the end
    /// of February.
    pub fn plus_months(self, months: i32) -> Day {
        Day(self.0.saturating_add(jiff::Span::new().months(months.clamp(-100_000, 100_000))))
    }
}

impl std::fmt::Display for Day {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year(), self.month(), self.day())
    }
}

fn epoch() -> Date {
    Date::constant(1970, 1, 1)
}

/// The half-open span of time `[start, end)` that a date or time of some precision covers, in ms since 1970 UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DateRange {
    pub start: i64,
    pub end: i64,
}

/// The open ends of periods.
pub const BEGINNING: i64 = i64::MIN / 4;
pub const FOREVER: i64 = i64::MAX / 4;

impl DateRange {
    /// Parses a FHIR date, dateTime or instant of any precision (`2026`, `2026-03`, `2026-03-02`,
    /// `2026-03-02T08:00`, `…:00`, `…:00.123`, zone optional). `None` when it is no real date.
    pub fn parse(text: &str) -> Option<DateRange> {
        let (date, time) = match text.split_once('T') {
            Some((date, time)) => (date, Some(time)),
            None => (text, None),
        };
        if let Some(time) = time {
            return time_range(Day::parse(date)?, time);
        }
        let mut parts = date.splitn(3, '-');
        let year = digits(parts.next()?, 4)? as i16;
        let (first, next) = match (parts.next(), parts.next()) {
            (None, _) => (Day::new(year, 1, 1)?, Day::new(year.checked_add(1)?, 1, 1)?),
            (Some(month), None) => {
                let month = digits(month, 2)? as i8;
                let next = if month == 12 { Day::new(year + 1, 1, 1) } else { Day::new(year, month + 1, 1) };
                (Day::new(year, month, 1)?, next?)
            }
            (Some(month), Some(day)) => {
                let day = Day::new(year, digits(month, 2)? as i8, digits(day, 2)? as i8)?;
                return Some(DateRange { start: day.start_ms(), end: day.start_ms() + DAY_MS });
            }
        };
        Some(DateRange { start: first.start_ms(), end: next.start_ms() })
    }

    /// The span of a FHIR Period from its two optional ends.
    pub fn period(start: Option<&str>, end: Option<&str>) -> Option<DateRange> {
        if start.is_none() && end.is_none() {
            return None;
        }
        let first = start.map_or(Some(BEGINNING), |text| DateRange::parse(text).map(|range| range.start))?;
        let last = end.map_or(Some(FOREVER), |text| DateRange::parse(text).map(|range| range.end))?;
        Some(DateRange { start: first, end: last.max(first) })
    }
}

fn time_range(day: Day, time: &str) -> Option<DateRange> {
    let (clock, offset_ms) = split_zone(time)?;
    let mut parts = clock.splitn(3, ':');
    let (hour, minute) = (digits(parts.next()?, 2)?, digits(parts.next()?, 2)?);
    let (mut ms, mut width) = (0, 60_000);
    if let Some(seconds) = parts.next() {
        let (whole, fraction) =
            seconds.split_once('.').map_or((seconds, None), |(whole, rest)| (whole, Some(rest)));
        // A leap second is accepted and read as the last second of the minute.
        ms = digits(whole, 2).filter(|second| *second <= 60)?.min(59) * 1000;
        width = 1000;
        if let Some(fraction) = fraction {
            if fraction.is_empty() || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
                return None;
            }
            let (number, unit) =
                fraction.bytes().take(3).fold((0, 1000), |(n, u), b| (n * 10 + i64::from(b - b'0'), u / 10));
            ms += number * unit;
            width = unit;
        }
    }
    if hour > 24 || minute > 59 || (hour == 24 && (minute > 0 || ms > 0)) {
        return None;
    }
    let start = day.days_since_epoch() * DAY_MS + hour * 3_600_000 + minute * 60_000 + ms - offset_ms;
    Some(DateRange { start, end: start + width })
}

/// Splits `08:00:00+07:00` into clock and offset in ms; without a zone it is Vietnam's.
fn split_zone(time: &str) -> Option<(&str, i64)> {
    if let Some(clock) = time.strip_suffix('Z') {
        return Some((clock, 0));
    }
    let Some(sign_at) = time.rfind(['+', '-']) else {
        return Some((time, VIETNAM_MS));
    };
    let (clock, zone) = time.split_at(sign_at);
    let (hours, minutes) = zone[1..].split_once(':')?;
    let (hours, minutes) = (digits(hours, 2)?, digits(minutes, 2)?);
    if hours > 14 || minutes > 59 {
        return None;
    }
    let offset = hours * 3_600_000 + minutes * 60_000;
    Some((clock, if zone.starts_with('-') { -offset } else { offset }))
}

fn digits(text: &str, width: usize) -> Option<i64> {
    (text.len() == width && text.bytes().all(|byte| byte.is_ascii_digit()))
        .then(|| text.parse().ok())
        .flatten()
}

/// An instant as FHIR writes it, in Vietnam's time with milliseconds: `2026-03-02T08:00:00.000+07:00`.
pub fn instant(ms: i64) -> String {
    let zone = TimeZone::fixed(Offset::constant(7));
    let stamp = jiff::Timestamp::from_millisecond(ms).unwrap_or_default().to_zoned(zone);
    let (date, time): (Date, Time) = (stamp.date(), stamp.time());
    format!(
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}+07:00",
        date.year(),
        date.month(),
        date.day(),
        time.hour(),
        time.minute(),
        time.second(),
        time.millisecond()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn precision_gives_the_width_of_the_range() {
        let width = |text| DateRange::parse(text).map(|range| range.end - range.start);
        assert_eq!(width("2026"), Some(365 * DAY_MS));
        assert_eq!(width("2024-02"), Some(29 * DAY_MS));
        assert_eq!(width("2026-12"), Some(31 * DAY_MS));
        assert_eq!(width("2026-03-02"), Some(DAY_MS));
        assert_eq!(width("2026-03-02T08:00"), Some(60_000));
        assert_eq!(width("2026-03-02T08:00:01+07:00"), Some(1000));
        assert_eq!(width("2026-03-02T08:00:01.5Z"), Some(100));
        assert_eq!(width("2026-03-02T08:00:01.1234567Z"), Some(1));
        for wrong in [
            "",
            "26",
            "2026-13",
            "2026-02-30",
            "2026-3-2",
            "2026-03-02T",
            "2026-03-02T25:00",
            "2026-03-02T08",
            "2026-03-02T08:00:00.Z",
            "2026-03-02T08:00+7",
            "20260302",
            "2026-03-02-01",
            "٢٠٢٦",
            "-026",
        ] {
            assert_eq!(DateRange::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_day_is_a_day_in_vietnam_whatever_the_century() {
        assert_eq!(DateRange::parse("1970-01-01").unwrap().start, -VIETNAM_MS);
        let old = DateRange::parse("1906-05-01").unwrap();
        assert_eq!(instant(old.start), "1906-05-01T00:00:00.000+07:00");
        assert_eq!(Day::of_instant(old.start).to_string(), "1906-05-01");
        assert_eq!(Day::of_instant(old.start - 1).to_string(), "1906-04-30");
        let zone = |text: &str| DateRange::parse(text).unwrap().start;
        assert_eq!(zone("2026-03-02T08:00:00"), zone("2026-03-02T01:00:00Z"));
        assert_eq!(zone("2026-03-02T08:00:00"), zone("2026-03-01T20:00:00-05:00"));
        assert_eq!(instant(zone("2026-03-02T01:00:00.123Z")), "2026-03-02T08:00:00.123+07:00");
    }

    #[test]
    fn ages_are_counted_as_people_count_them() {
        let day = |text| Day::parse(text).unwrap();
        assert_eq!(day("1968-03-14").years_until(day("2026-03-13")), 57);
        assert_eq!(day("1968-03-14").years_until(day("2026-03-14")), 58);
        assert_eq!(day("2024-02-29").years_until(day("2025-02-28")), 0);
        assert_eq!(day("2026-01-31").plus_days(1).to_string(), "2026-02-01");
    }
}
