//! The least and greatest value a partial date or time may stand for: `lowBoundary`, `highBoundary`, `precision`.
//! <http://hl7.org/fhirpath/#lowboundaryprecision-integer-decimal--date--datetime--time>

use super::{ABSENT, Date, DateTime, Time, days_in_month};

/// Digits of a date or time: 4 year, 6 month, 8 day, 10 hour, 12 minute, 14 second, 17 millisecond.
const DATE_DIGITS: [u32; 3] = [4, 6, 8];
const TIME_DIGITS: [u32; 4] = [2, 4, 6, 9];

impl Date {
    /// How many digits were written: 4, 6 or 8.
    pub fn precision(self) -> u32 {
        DATE_DIGITS[usize::from(self.components()) - 1]
    }

    /// The first (or last) date this one may stand for, written with `digits`; `None` when no date has so many.
    pub fn boundary(self, high: bool, digits: u32) -> Option<Date> {
        if !DATE_DIGITS.contains(&digits) {
            return None;
        }
        let month = if self.month > 0 {
            self.month
        } else if high {
            12
        } else {
            1
        };
        let day = if self.day > 0 {
            self.day
        } else if high {
            days_in_month(self.year, month)
        } else {
            1
        };
        Some(Date {
            year: self.year,
            month: if digits >= 6 { month } else { 0 },
            day: if digits >= 8 { day } else { 0 },
        })
    }
}

impl Time {
    /// How many digits were written: 2, 4, 6, or 9 with any fraction.
    pub fn precision(self) -> u32 {
        if self.digits > 0 { 9 } else { TIME_DIGITS[usize::from(self.components()) - 1] }
    }

    /// The first (or last) time this one may stand for, written with `digits`.
    pub fn boundary(self, high: bool, digits: u32) -> Option<Time> {
        if !TIME_DIGITS.contains(&digits) {
            return None;
        }
        let filled = |part: u8| {
            if part != ABSENT {
                part
            } else if high {
                59
            } else {
                0
            }
        };
        // What is not written of the fraction is zeros or nines, e.g. `.5` stands for .500 to .599.
        let unit = 10_u32.pow(9 - u32::from(self.digits));
        let nanos = if high { self.nanos + (unit - 1) } else { self.nanos };
        Some(Time {
            hour: self.hour,
            minute: if digits >= 4 { filled(self.minute) } else { ABSENT },
            second: if digits >= 6 { filled(self.second) } else { ABSENT },
            digits: if digits >= 9 { 3 } else { 0 },
            nanos: if digits >= 9 { nanos / 1_000_000 * 1_000_000 } else { 0 },
        })
    }
}

impl DateTime {
    /// How many digits were written: 4 to 17.
    pub fn precision(self) -> u32 {
        match self.time {
            None => self.date.precision(),
            Some(time) => 8 + time.precision(),
        }
    }

    /// The first (or last) moment this one may stand for, written with `digits`. Without an offset the earliest
    /// moment is on the clocks of +14:00, the latest on those of -12:00.
    pub fn boundary(self, high: bool, digits: u32) -> Option<DateTime> {
        if digits <= 8 {
            return Some(DateTime { date: self.date.boundary(high, digits)?, time: None, offset: None });
        }
        let empty =
            Time { hour: if high { 23 } else { 0 }, minute: ABSENT, second: ABSENT, digits: 0, nanos: 0 };
        let time = self.time.unwrap_or(empty).boundary(high, digits - 8)?;
        let offset = self.offset.unwrap_or(if high { -12 * 60 } else { 14 * 60 });
        Some(DateTime { date: self.date.boundary(high, 8)?, time: Some(time), offset: Some(offset) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn partial_values_are_filled_to_both_ends() {
        let date = |text: &str, high, digits| {
            Date::parse(text).unwrap().boundary(high, digits).map(|date| date.to_string())
        };
        assert_eq!(date("2014", false, 6).as_deref(), Some("2014-01"));
        assert_eq!(date("2014", true, 8).as_deref(), Some("2014-12-31"));
        assert_eq!(date("2016-02", true, 8).as_deref(), Some("2016-02-29"));
        assert_eq!(date("2014", true, 5), None);
        let moment = |text: &str, high, digits| {
            DateTime::parse(text).unwrap().boundary(high, digits).map(|moment| moment.to_string())
        };
        assert_eq!(
            moment("2014-01-01T08:05+08:00", false, 17).as_deref(),
            Some("2014-01-01T08:05:00.000+08:00")
        );
        assert_eq!(moment("2014-01-01T08", true, 17).as_deref(), Some("2014-01-01T08:59:59.999-12:00"));
        assert_eq!(moment("2014-01-01T08", false, 8).as_deref(), Some("2014-01-01"));
        let time = |text: &str, high| Time::parse(text).unwrap().boundary(high, 9).unwrap().to_string();
        assert_eq!(
            (time("10:30", false), time("10:30", true)),
            ("10:30:00.000".into(), "10:30:59.999".into())
        );
        assert_eq!(time("10:30:15.5", true), "10:30:15.599");
    }
}
