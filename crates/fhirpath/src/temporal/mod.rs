//! Dates and times with the precision they were written with. <http://hl7.org/fhirpath/N1/#date>
//!
//! A value is its components; what was not written is not there. Comparison goes component by component and is
//! unknown (`None`) as soon as one side stops earlier. Seconds and their fraction are one component.

mod arithmetic;
mod bounds;
mod compare;
mod text;

pub use arithmetic::ArithmeticError;
pub use compare::Compared;

/// Year, month, day; `month` and `day` are 0 when they were not written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Date {
    pub year: u16,
    pub month: u8,
    pub day: u8,
}

/// A time of day. `minute` and `second` are [`ABSENT`] when they were not written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Time {
    pub hour: u8,
    pub minute: u8,
    pub second: u8,
    /// Digits of the fraction that were written, 0 to 9.
    pub digits: u8,
    pub nanos: u32,
}

/// A date, perhaps a time, perhaps an offset from UTC in minutes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct DateTime {
    pub date: Date,
    pub time: Option<Time>,
    pub offset: Option<i16>,
}

/// A component of a time that was not written.
pub const ABSENT: u8 = u8::MAX;

impl Date {
    /// 1 year, 2 month, 3 day.
    pub fn components(self) -> u8 {
        1 + u8::from(self.month > 0) + u8::from(self.day > 0)
    }
}

impl Time {
    /// 1 hour, 2 minute, 3 second.
    pub fn components(self) -> u8 {
        1 + u8::from(self.minute != ABSENT) + u8::from(self.second != ABSENT)
    }

    /// Nanoseconds since midnight; absent components count as zero.
    fn nanos_of_day(self) -> i64 {
        let or_zero = |part: u8| if part == ABSENT { 0 } else { i64::from(part) };
        let seconds = i64::from(self.hour) * 3600 + or_zero(self.minute) * 60 + or_zero(self.second);
        seconds * 1_000_000_000 + i64::from(self.nanos)
    }

    /// This moment of the day, written with the components of `like`.
    fn from_nanos(nanos: i64, like: Time) -> Time {
        let seconds = nanos / 1_000_000_000;
        Time {
            hour: (seconds / 3600) as u8,
            minute: if like.minute == ABSENT { ABSENT } else { (seconds / 60 % 60) as u8 },
            second: if like.second == ABSENT { ABSENT } else { (seconds % 60) as u8 },
            digits: like.digits,
            nanos: if like.second == ABSENT { 0 } else { (nanos % 1_000_000_000) as u32 },
        }
    }
}

impl DateTime {
    /// A moment given in milliseconds since 1970 UTC, as a clock at this offset shows it.
    pub fn of_instant(ms: i64, offset_minutes: i16) -> DateTime {
        let local = ms + i64::from(offset_minutes) * 60_000;
        let day = local.div_euclid(86_400_000).clamp(-719_162, 2_932_896);
        let time = Time { hour: 0, minute: 0, second: 0, digits: 3, nanos: 0 };
        DateTime {
            date: Date::of_day_number(day),
            time: Some(Time::from_nanos(local.rem_euclid(86_400_000) * 1_000_000, time)),
            offset: Some(offset_minutes),
        }
    }
}

/// How many days a month has in the proleptic Gregorian calendar.
pub fn days_in_month(year: u16, month: u8) -> u8 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => 29,
        2 => 28,
        _ => 31,
    }
}

impl Date {
    /// Days from 1970-01-01; absent components count as the first. (Days from civil, proleptic Gregorian.)
    fn day_number(self) -> i64 {
        let month = i64::from(self.month.max(1));
        let year = i64::from(self.year) - i64::from(month <= 2);
        let era = year.div_euclid(400);
        let year_of_era = year.rem_euclid(400);
        let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + i64::from(self.day.max(1)) - 1;
        era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
    }

    /// The full date of a day number within the years 1 to 9999.
    fn of_day_number(days: i64) -> Date {
        let shifted = days + 719_468;
        let era = shifted.div_euclid(146_097);
        let day_of_era = shifted.rem_euclid(146_097);
        let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let month_from_march = (5 * day_of_year + 2) / 153;
        let day = (day_of_year - (153 * month_from_march + 2) / 5 + 1) as u8;
        let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 } as u8;
        let year = year_of_era + era * 400 + i64::from(month <= 2);
        Date { year: year as u16, month, day }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn day_numbers_go_there_and_back_over_the_whole_range() {
        let first = Date { year: 1, month: 1, day: 1 };
        let last = Date { year: 9999, month: 12, day: 31 };
        assert_eq!((first.day_number(), last.day_number()), (-719_162, 2_932_896));
        for day in (-719_162..=2_932_896).step_by(97) {
            assert_eq!(Date::of_day_number(day).day_number(), day);
        }
        assert_eq!(Date::of_day_number(0), Date { year: 1970, month: 1, day: 1 });
    }

    #[test]
    fn an_instant_shows_the_clock_of_its_offset() {
        let moment = DateTime::of_instant(1_772_413_200_123, 420);
        assert_eq!(moment.to_string(), "2026-03-02T08:00:00.123+07:00");
        assert_eq!(DateTime::of_instant(-1, 0).to_string(), "1969-12-31T23:59:59.999Z");
    }
}
