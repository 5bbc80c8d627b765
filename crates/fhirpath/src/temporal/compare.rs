//! Comparison under unequal precision. <http://hl7.org/fhirpath/N1/#datetime-equality>

use super::{ABSENT, Date, DateTime, Time};
use std::cmp::Ordering;

/// What is known of the order of two moments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compared {
    Known(Ordering),
    /// Equal as far as the less precise one goes.
    Unknown,
}

/// Compares components in order; a component is absent when one of the pair is `None`.
fn by_components(pairs: impl IntoIterator<Item = (Option<i64>, Option<i64>)>) -> Compared {
    for pair in pairs {
        match pair {
            (Some(left), Some(right)) if left != right => return Compared::Known(left.cmp(&right)),
            (Some(_), Some(_)) => {}
            (None, None) => break,
            _ => return Compared::Unknown,
        }
    }
    Compared::Known(Ordering::Equal)
}

fn date_parts(date: Date) -> [Option<i64>; 3] {
    let written = |part: u8| (part > 0).then_some(i64::from(part));
    [Some(i64::from(date.year)), written(date.month), written(date.day)]
}

fn time_parts(time: Option<Time>) -> [Option<i64>; 3] {
    let Some(time) = time else { return [None; 3] };
    let written = |part: u8| (part != ABSENT).then_some(i64::from(part));
    let second = written(time.second).map(|second| second * 1_000_000_000 + i64::from(time.nanos));
    [Some(i64::from(time.hour)), written(time.minute), second]
}

impl Date {
    pub fn compare(self, other: Date) -> Compared {
        by_components(date_parts(self).into_iter().zip(date_parts(other)))
    }
}

impl Time {
    pub fn compare(self, other: Time) -> Compared {
        by_components(time_parts(Some(self)).into_iter().zip(time_parts(Some(other))))
    }
}

impl DateTime {
    /// Compares two moments. When both carry a time they are first brought to UTC; a missing offset is
    /// `default_offset` minutes (policy of the caller, "Date/Time Equality").
    pub fn compare(self, other: DateTime, default_offset: i16) -> Compared {
        let (left, right) = if self.time.is_some() && other.time.is_some() && self.offset != other.offset {
            (self.to_utc(default_offset), other.to_utc(default_offset))
        } else {
            (self, other)
        };
        let left_parts = date_parts(left.date).into_iter().chain(time_parts(left.time));
        let right_parts = date_parts(right.date).into_iter().chain(time_parts(right.time));
        by_components(left_parts.zip(right_parts))
    }

    /// The same moment at offset zero; as it is when there is no time.
    pub fn to_utc(self, default_offset: i16) -> DateTime {
        let Some(time) = self.time else { return self };
        let offset = i64::from(self.offset.unwrap_or(default_offset));
        let day = 86_400_000_000_000;
        let nanos = time.nanos_of_day() - offset * 60_000_000_000;
        // At the ends of the calendar this may be a day of the year 0 or 10000, which compares as it should.
        let number = self.date.day_number() + nanos.div_euclid(day);
        DateTime {
            date: Date::of_day_number(number),
            time: Some(Time::from_nanos(nanos.rem_euclid(day), time)),
            offset: Some(0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(left: &str, right: &str, expected: Option<Ordering>) {
        let parse = |text| DateTime::parse(text).unwrap();
        let expected = expected.map_or(Compared::Unknown, Compared::Known);
        assert_eq!(parse(left).compare(parse(right), 420), expected, "{left} {right}");
    }

    #[test]
    fn order_is_known_up_to_the_first_missing_component() {
        check("2012", "2012", Some(Ordering::Equal));
        check("2012", "2013-01", Some(Ordering::Less));
        check("2012-01", "2012", None);
        check("2012-01-01T10:30", "2012-01-01T10:31", Some(Ordering::Less));
        check("2012-01-01T10:30:31", "2012-01-01T10:30", None);
        check("2012-01-01T10:30:31.0", "2012-01-01T10:30:31", Some(Ordering::Equal));
        check("2012-01-01T10:30:31.1", "2012-01-01T10:30:31", Some(Ordering::Greater));
    }

    #[test]
    fn offsets_are_respected_and_missing_ones_are_the_callers() {
        check("2017-11-05T01:30:00.0-04:00", "2017-11-05T01:15:00.0-05:00", Some(Ordering::Less));
        check("2017-11-05T01:30:00.0-04:00", "2017-11-05T00:30:00.0-05:00", Some(Ordering::Equal));
        check("2026-03-02T08:00:00", "2026-03-02T01:00:00Z", Some(Ordering::Equal));
        check("2026-01-01T00:30:00+07:00", "2025-12-31T17:30:00Z", Some(Ordering::Equal));
        check("0001-01-01T00:00:00+14:00", "0001-01-01T00:00:00Z", Some(Ordering::Less));
    }
}
