//! Days and minutes as plain numbers, in Vietnamese local time (+07:00, no zone database).
//!
//! Day arithmetic runs millions of times while a province is made; a counted day is a number, and the civil
//! date is worked out only when something is written.

use jiff::civil::Date;
use std::fmt;

/// A calendar day, counted from 1970-01-01.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(pub i32);

/// A local minute, counted from 1970-01-01T00:00+07:00.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Stamp(pub i64);

impl Day {
    /// The counted day of a civil date.
    pub fn of(date: Date) -> Day {
        Day::ymd(i32::from(date.year()), date.month() as u32, date.day() as u32)
    }

    /// Counts from year, month, day of the proleptic Gregorian calendar (H. Hinnant, `days_from_civil`).
    pub const fn ymd(year: i32, month: u32, day: u32) -> Day {
        let y = if month <= 2 { year - 1 } else { year };
        let era = y.div_euclid(400);
        let yoe = y.rem_euclid(400);
        let mp = (month as i32 + 9) % 12;
        let doy = (153 * mp + 2) / 5 + day as i32 - 1;
        Day(era * 146_097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719_468)
    }

    /// Year, month, day.
    pub const fn parts(self) -> (i32, u32, u32) {
        let z = self.0 + 719_468;
        let era = z.div_euclid(146_097);
        let doe = z.rem_euclid(146_097);
        let yoe = (doe - doe / 1460 + doe / 36_524 - doe / 146_096) / 365;
        let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
        let mp = (5 * doy + 2) / 153;
        let day = doy - (153 * mp + 2) / 5 + 1;
        let month = if mp < 10 { mp + 3 } else { mp - 9 };
        (yoe + era * 400 + if month <= 2 { 1 } else { 0 }, month as u32, day as u32)
    }

    pub const fn year(self) -> i32 {
        self.parts().0
    }

    pub const fn month(self) -> u32 {
        self.parts().1
    }

    /// 20261116, the number that editions and salaries are chosen by.
    pub const fn number(self) -> u32 {
        let (y, m, d) = self.parts();
        y as u32 * 10_000 + m * 100 + d
    }

    /// The day `n` days later.
    pub const fn plus(self, n: i32) -> Day {
        Day(self.0 + n)
    }

    /// The same day of the month `n` months later, or the last of that month.
    pub const fn plus_months(self, n: i32) -> Day {
        let (year, month, day) = self.parts();
        let months = year * 12 + month as i32 - 1 + n;
        let (year, month) = (months.div_euclid(12), months.rem_euclid(12) as u32 + 1);
        let first = Day::ymd(year, month, 1);
        let next = if month == 12 { Day::ymd(year + 1, 1, 1) } else { Day::ymd(year, month + 1, 1) };
        let length = (next.0 - first.0) as u32;
        first.plus(if day < length { day } else { length } as i32 - 1)
    }

    /// This day, or the Monday after a Sunday: stations are closed then.
    pub const fn workday(self) -> Day {
        // 1970-01-01 was a Thursday.
        if (self.0 + 3).rem_euclid(7) == 6 { self.plus(1) } else { self }
    }

    /// Whole years lived on `on` by someone born on this day; 0 before birth.
    pub fn age_on(self, on: Day) -> i32 {
        let ((y, m, d), (oy, om, od)) = (self.parts(), on.parts());
        (oy - y - i32::from((om, od) < (m, d))).max(0)
    }

    /// The minute `hour:minute` of this day.
    pub const fn at(self, hour: i64, minute: i64) -> Stamp {
        Stamp(self.0 as i64 * 1440 + hour * 60 + minute)
    }
}

impl fmt::Display for Day {
    /// `2026-11-16`, as FHIR writes it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (y, m, d) = self.parts();
        write!(f, "{y:04}-{m:02}-{d:02}")
    }
}

impl Stamp {
    pub const fn day(self) -> Day {
        Day(self.0.div_euclid(1440) as i32)
    }

    pub const fn plus(self, minutes: i64) -> Stamp {
        Stamp(self.0 + minutes)
    }

    /// `202611160730`, as claim files write it.
    pub fn claim(self) -> String {
        let minutes = self.0.rem_euclid(1440);
        format!("{}{:02}{:02}", self.day().number(), minutes / 60, minutes % 60)
    }
}

impl fmt::Display for Stamp {
    /// `2026-11-16T07:30:00+07:00`, as FHIR writes it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let minutes = self.0.rem_euclid(1440);
        write!(f, "{}T{:02}:{:02}:00+07:00", self.day(), minutes / 60, minutes % 60)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn counted_days_agree_with_the_calendar() {
        for n in (-30_000..30_000).step_by(17) {
            let (y, m, d) = Day(n).parts();
            let civil = date(y as i16, m as i8, d as i8);
            assert_eq!(Day::of(civil), Day(n));
            assert_eq!((civil - date(1970, 1, 1)).get_days(), n);
        }
    }

    #[test]
    fn months_end_where_they_end_and_nobody_works_on_sundays() {
        let (last, day) = (Day::ymd(2026, 1, 31), |y, m, d| Day::ymd(y, m, d));
        assert_eq!(last.plus_months(1), day(2026, 2, 28));
        assert_eq!(last.plus_months(11), day(2026, 12, 31));
        assert_eq!(last.plus_months(-2), day(2025, 11, 30));
        assert_eq!(day(2023, 11, 29).plus_months(3), day(2024, 2, 29));
        assert_eq!(day(2026, 3, 1).workday(), day(2026, 3, 2), "1 March 2026 was a Sunday");
        assert_eq!(day(2026, 2, 28).workday(), day(2026, 2, 28));
    }

    #[test]
    fn written_forms() {
        let stamp = Day::ymd(2026, 11, 16).at(7, 30);
        assert_eq!(stamp.claim(), "202611160730");
        assert_eq!(stamp.to_string(), "2026-11-16T07:30:00+07:00");
        assert_eq!(Day::ymd(1990, 3, 15).age_on(Day::ymd(2026, 3, 14)), 35);
        assert_eq!(Day::ymd(1990, 3, 15).age_on(Day::ymd(2026, 3, 15)), 36);
    }
}
