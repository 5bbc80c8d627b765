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
    /// Compares two moments. When both carry a time they are first brought to UTC. A missing offset is `assumed`
    /// minutes (a policy of the caller, "Date/Time Equality"); without one, the order is known only when it is the
    /// same on every clock of the world.
    pub fn compare(self, other: DateTime, assumed: Option<i16>) -> Compared {
        if self.time.is_none() || other.time.is_none() || self.offset == other.offset {
            return self.compare_written(other);
        }
        let on_clocks_of = |offset| self.to_utc(offset).compare_written(other.to_utc(offset));
        match assumed {
            Some(offset) => on_clocks_of(offset),
            None => {
                let (east, west) = (on_clocks_of(14 * 60), on_clocks_of(-12 * 60));
                if east == west { east } else { Compared::Unknown }
            }
        }
    }

    fn compare_written(self, other: DateTime) -> Compared {
        let left = date_parts(self.date).into_iter().chain(time_parts(self.time));
        let right = date_parts(other.date).into_iter().chain(time_parts(other.time));
        by_components(left.zip(right))
    }

    /// The same moment at offset zero; as it is when there is no time.
    pub fn to_utc(self, assumed: i16) -> DateTime {
        let Some(time) = self.time else { return self };
        let offset = i64::from(self.offset.unwrap_or(assumed));
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
        assert_eq!(parse(left).compare(parse(right), None), expected, "{left} {right}");
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
    fn offsets_are_respected_and_missing_ones_are_unknown_or_the_callers() {
        check("2017-11-05T01:30:00.0-04:00", "2017-11-05T01:15:00.0-05:00", Some(Ordering::Less));
        check("2017-11-05T01:30:00.0-04:00", "2017-11-05T00:30:00.0-05:00", Some(Ordering::Equal));
        check("2026-03-02T08:00:00", "2026-03-02T01:00:00Z", None);
        check("2026-03-02T08:00:00", "2026-03-04T01:00:00Z", Some(Ordering::Less));
        check("2026-03-02T08:00:00", "2026-03-02T08:00:00", Some(Ordering::Equal));
        let parse = |text| DateTime::parse(text).unwrap();
        let local = parse("2026-03-02T08:00:00").compare(parse("2026-03-02T01:00:00Z"), Some(420));
        assert_eq!(local, Compared::Known(Ordering::Equal));
        check("2026-01-01T00:30:00+07:00", "2025-12-31T17:30:00Z", Some(Ordering::Equal));
        check("0001-01-01T00:00:00+14:00", "0001-01-01T00:00:00Z", Some(Ordering::Less));
    }
}
