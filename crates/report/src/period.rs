//! Periods of reports (a month, a quarter, a year), and when a report of one is due.

use std::fmt;
use yba_content::reports::{Due, Every};
use yba_fhir::{Day, Outcome};

/// A period: `2026-02`, `2026-Q1` or `2026`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Period {
    first: Day,
    months: i8,
}

impl Period {
    /// Reads `2026-02`, `2026-Q1` or `2026`.
    pub fn parse(text: &str) -> Option<Period> {
        let (year, rest) = match text.split_once('-') {
            None => (text, None),
            Some((year, rest)) => (year, Some(rest)),
        };
        let digits =
            |text: &str, width| text.len() == width && text.bytes().all(|byte| byte.is_ascii_digit());
        if !digits(year, 4) {
            return None;
        }
        let (month, months) = match rest {
            None => (1, 12),
            Some(rest) => match rest.strip_prefix('Q') {
                Some(quarter) if digits(quarter, 1) => {
                    let quarter: i8 = quarter.parse().ok().filter(|one| (1..=4).contains(one))?;
                    (quarter * 3 - 2, 3)
                }
                None if digits(rest, 2) => (rest.parse().ok()?, 1),
                _ => return None,
            },
        };
        Some(Period { first: Day::new(year.parse().ok()?, month, 1)?, months })
    }

    /// The period of this length in which a day lies.
    pub fn of(every: Every, day: Day) -> Period {
        let months = months(every);
        let month = (day.month() - 1) / months * months + 1;
        let first = Day::new(day.year(), month, 1).expect("every month has a first day");
        Period { first, months }
    }

    /// The period of this length that was the last to end before a day: what is due now.
    pub fn ended_before(every: Every, day: Day) -> Period {
        Period::of(every, Period::of(every, day).first.plus_days(-1))
    }

    pub fn first(self) -> Day {
        self.first
    }

    pub fn last(self) -> Day {
        let next = i32::from(self.first.month()) + i32::from(self.months);
        let (year, month) =
            if next > 12 { (self.first.year() + 1, next - 12) } else { (self.first.year(), next) };
        Day::new(year, month as i8, 1).map_or(self.first, |next| next.plus_days(-1))
    }

    /// Whether it is of this length.
    pub fn is(self, every: Every) -> bool {
        self.months == months(every)
    }

    /// As people say it: «tháng 2/2026».
    pub fn title(self) -> String {
        let (year, month) = (self.first.year(), self.first.month());
        match self.months {
            1 => format!("tháng {month}/{year}"),
            3 => format!("quý {}/{year}", (month + 2) / 3),
            _ => format!("năm {year}"),
        }
    }

    /// The last day on which a report of it is in time.
    pub fn due(self, due: Due) -> Day {
        match due {
            Due::Days(days) => self.last().plus_days(i64::from(days)),
            Due::WorkingDays(days) => {
                let (mut day, mut left) = (self.last(), days.min(366));
                while left > 0 {
                    day = day.plus_days(1);
                    left -= u32::from(is_working(day));
                }
                day
            }
        }
    }

    /// Refuses a text that is no period of this length.
    pub fn asked(text: &str, every: Every) -> Result<Period, Outcome> {
        let found = Period::parse(text).filter(|period| period.is(every));
        found.ok_or_else(|| {
            let example = match every {
                Every::Month => "tháng, ví dụ 2026-02",
                Every::Quarter => "quý, ví dụ 2026-Q1",
                Every::Year => "năm, ví dụ 2026",
            };
            let text: String = text.chars().take(40).collect();
            Outcome::invalid(
                "report-period",
                format!("Kỳ báo cáo “{text}” chưa đúng. Hãy chọn {example}."),
                format!("{text:?} is no period of this report"),
            )
        })
    }
}

impl fmt::Display for Period {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month) = (self.first.year(), self.first.month());
        match self.months {
            1 => write!(out, "{year:04}-{month:02}"),
            3 => write!(out, "{year:04}-Q{}", (month + 2) / 3),
            _ => write!(out, "{year:04}"),
        }
    }
}

fn months(every: Every) -> i8 {
    match every {
        Every::Month => 1,
        Every::Quarter => 3,
        Every::Year => 12,
    }
}

/// Monday to Friday; 1970-01-01 was a Thursday.
fn is_working(day: Day) -> bool {
    (day.days_since_epoch() + 3).rem_euclid(7) < 5
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Day {
        Day::parse(text).expect("a day")
    }

    #[test]
    fn periods_are_read_written_and_bounded() {
        for (text, first, last, title) in [
            ("2026-02", "2026-02-01", "2026-02-28", "tháng 2/2026"),
            ("2028-02", "2028-02-01", "2028-02-29", "tháng 2/2028"),
            ("2026-12", "2026-12-01", "2026-12-31", "tháng 12/2026"),
            ("2026-Q1", "2026-01-01", "2026-03-31", "quý 1/2026"),
            ("2026-Q4", "2026-10-01", "2026-12-31", "quý 4/2026"),
            ("2026", "2026-01-01", "2026-12-31", "năm 2026"),
        ] {
            let period = Period::parse(text).expect(text);
            assert_eq!((period.first(), period.last()), (day(first), day(last)), "{text}");
            assert_eq!((period.to_string().as_str(), period.title().as_str()), (text, title));
        }
        for text in [
            "",
            "26-02",
            "2026-13",
            "2026-00",
            "2026-2",
            "2026-Q5",
            "2026-Q0",
            "2026-02-01",
            "0000-01",
            "2026-+1",
        ] {
            assert_eq!(Period::parse(text), None, "{text}");
        }
        assert_eq!(Period::ended_before(Every::Month, day("2026-01-01")).to_string(), "2025-12");
        assert_eq!(Period::ended_before(Every::Quarter, day("2026-05-10")).to_string(), "2026-Q1");
        assert!(
            Period::asked("2026-Q1", Every::Month).is_err() && Period::asked("2026-01", Every::Month).is_ok()
        );
    }

    #[test]
    fn working_days_skip_weekends() {
        let february = Period::parse("2026-02").expect("a month");
        assert_eq!(february.due(Due::WorkingDays(5)), day("2026-03-06"));
        assert_eq!(february.due(Due::Days(3)), day("2026-03-03"));
        // May ends on a Sunday.
        assert_eq!(Period::parse("2026-05").expect("a month").due(Due::WorkingDays(1)), day("2026-06-01"));
        assert_eq!(Period::parse("2026-10").expect("a month").due(Due::WorkingDays(5)), day("2026-11-06"));
    }
}
