//! Birth dates as they are known: a day, a month, or only a year; and what two of them say about each other.

use yba_fhir::Day;

/// A birth date of the precision it came with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Birth {
    pub year: i16,
    pub month: Option<i8>,
    pub day: Option<i8>,
}

/// What two birth dates say about each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BirthAgreement {
    /// The same day, written in full on both sides.
    Equal,
    /// The same as far as both go; at least one side lacks day or month.
    SameYear,
    /// Day and month stand the other way round: a frequent typing fault (`02/03` for `03/02`).
    Swapped,
    /// One side is 1 January of the same year: what forms write when only the year is known.
    FirstOfYear,
    /// Different, so different people or a wrong number.
    Different,
    /// One side has no birth date.
    Unknown,
}

impl Birth {
    /// A full date that exists.
    pub fn of_day(year: i16, month: i8, day: i8) -> Option<Birth> {
        Day::new(year, month, day).filter(|_| plausible(year)).map(|_| Birth {
            year,
            month: Some(month),
            day: Some(day),
        })
    }

    pub fn of_year(year: i16) -> Option<Birth> {
        plausible(year).then_some(Birth { year, month: None, day: None })
    }

    /// Parses a FHIR date (`yyyy`, `yyyy-mm`, `yyyy-mm-dd`); a time after it is ignored.
    pub fn parse(text: &str) -> Option<Birth> {
        let date = text.split('T').next()?;
        let mut parts = date.splitn(3, '-');
        let year: i16 = number(parts.next()?, 4)?;
        let (month, day) = (parts.next(), parts.next());
        match (month, day) {
            (None, _) => Birth::of_year(year),
            (Some(month), None) => {
                let month: i8 = number(month, 2)?.try_into().ok()?;
                (plausible(year) && (1..=12).contains(&month)).then_some(Birth {
                    year,
                    month: Some(month),
                    day: None,
                })
            }
            (Some(month), Some(day)) => {
                Birth::of_day(year, number(month, 2)?.try_into().ok()?, number(day, 2)?.try_into().ok()?)
            }
        }
    }

    /// Reads a date as files hold it: `2/3/1986`, `02-03-1986`, `1986-03-02`, `19860302`, `198603020000` of claim files,
    /// `02031986`, `3/1986`, `1986`; zeros for an unknown month or day. A time after it is ignored.
    pub fn read(text: &str) -> Option<Birth> {
        let text = text.trim().split(['T', ' ']).next()?;
        if text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Birth::of_digits(text);
        }
        let parts: Vec<&str> = text.split(['/', '-', '.']).collect();
        let short = |part: &str| (part.len() <= 2).then(|| part.parse::<i8>().ok()).flatten();
        match parts[..] {
            [year, month, day] if year.len() == 4 => {
                Birth::of_parts(number(year, 4)?, short(month)?, short(day)?)
            }
            [day, month, year] => Birth::of_parts(number(year, 4)?, short(month)?, short(day)?),
            [month, year] => Birth::of_parts(number(year, 4)?, short(month)?, 0),
            _ => None,
        }
    }

    fn of_digits(text: &str) -> Option<Birth> {
        let part = |from: usize, to: usize| text.get(from..to)?.parse::<i8>().ok();
        match text.len() {
            4 => Birth::of_year(number(text, 4)?),
            // A year in front leaves 19 or 20 for the month when it was the day that came first.
            8 | 12 | 14 => {
                let year_first = Birth::of_parts(number(&text[..4], 4)?, part(4, 6)?, part(6, 8)?);
                let day_first = || Birth::of_parts(number(&text[4..8], 4)?, part(2, 4)?, part(0, 2)?);
                year_first.or_else(|| day_first().filter(|_| text.len() == 8))
            }
            _ => None,
        }
    }

    /// Zeros are unknown.
    fn of_parts(year: i16, month: i8, day: i8) -> Option<Birth> {
        match (month, day) {
            (0, _) => Birth::of_year(year),
            (1..=12, 0) if plausible(year) => Some(Birth { year, month: Some(month), day: None }),
            _ => Birth::of_day(year, month, day),
        }
    }

    /// Compares two birth dates; either may be missing.
    pub fn agreement(one: Option<Birth>, other: Option<Birth>) -> BirthAgreement {
        let (Some(one), Some(other)) = (one, other) else { return BirthAgreement::Unknown };
        if one.year != other.year {
            return BirthAgreement::Different;
        }
        let ((Some(month), Some(day)), (Some(other_month), Some(other_day))) =
            ((one.month, one.day), (other.month, other.day))
        else {
            let months_differ = one.month.zip(other.month).is_some_and(|(a, b)| a != b);
            return if months_differ { BirthAgreement::Different } else { BirthAgreement::SameYear };
        };
        match () {
            () if (month, day) == (other_month, other_day) => BirthAgreement::Equal,
            () if (month, day) == (other_day, other_month) => BirthAgreement::Swapped,
            () if (month, day) == (1, 1) || (other_month, other_day) == (1, 1) => BirthAgreement::FirstOfYear,
            () => BirthAgreement::Different,
        }
    }
}

impl std::fmt::Display for Birth {
    /// As FHIR writes it.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:04}", self.year)?;
        if let Some(month) = self.month {
            write!(f, "-{month:02}")?;
            if let Some(day) = self.day {
                write!(f, "-{day:02}")?;
            }
        }
        Ok(())
    }
}

/// Years in which people on record were born; outside of it is a typing fault.
pub(crate) fn plausible(year: i16) -> bool {
    (1880..=2199).contains(&year)
}

fn number(text: &str, width: usize) -> Option<i16> {
    (text.len() == width && text.bytes().all(|byte| byte.is_ascii_digit()))
        .then(|| text.parse().ok())
        .flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_dates_as_files_hold_them() {
        let rows = [
            ("2/3/1986", "1986-03-02"),
            ("02-03-1986", "1986-03-02"),
            ("02.03.1986 00:00", "1986-03-02"),
            ("1986-03-02", "1986-03-02"),
            ("1986-03-02T00:00:00", "1986-03-02"),
            ("19860302", "1986-03-02"),
            ("198603020000", "1986-03-02"),
            ("198600000000", "1986"),
            ("19860300", "1986-03"),
            ("02031986", "1986-03-02"),
            ("20101912", "1912-10-20"),
            ("0/0/1986", "1986"),
            ("3/1986", "1986-03"),
            (" 1986 ", "1986"),
        ];
        for (text, expected) in rows {
            assert_eq!(Birth::read(text).map(|birth| birth.to_string()).as_deref(), Some(expected), "{text}");
        }
        for text in
            ["", "31/2/1986", "1/1/1", "86", "123", "abc", "2/3/1986/4", "99999999", "-1/-1/1986", "ế/ế/1986"]
        {
            assert_eq!(Birth::read(text), None, "{text}");
        }
    }

    #[test]
    fn parses_what_fhir_writes_and_nothing_else() {
        for text in ["1986", "1986-03", "1986-03-02"] {
            assert_eq!(Birth::parse(text).unwrap().to_string(), text);
        }
        assert_eq!(Birth::parse("2026-03-02T08:00:00+07:00").unwrap().to_string(), "2026-03-02");
        for wrong in
            ["", "86", "1986-13", "1986-02-30", "0000", "1879", "9999-01-01", "1986-3-2", "02/03/1986"]
        {
            assert_eq!(Birth::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn two_dates_agree_as_far_as_they_go() {
        use BirthAgreement::*;
        let rows = [
            ("1986-03-02", "1986-03-02", Equal),
            ("1986-03-02", "1986", SameYear),
            ("1986", "1986", SameYear),
            ("1986-03", "1986-03-02", SameYear),
            ("1986-03", "1986-04-02", Different),
            ("1986-03-02", "1986-02-03", Swapped),
            ("1986-03-03", "1986-03-03", Equal),
            ("1986-01-01", "1986-07-15", FirstOfYear),
            ("1986-01-01", "1986", SameYear),
            ("1986-03-02", "1986-03-03", Different),
            ("1986-03-02", "1987-03-02", Different),
            ("1986-03-25", "1986-05-23", Different),
            ("", "1986", Unknown),
        ];
        for (one, other, expected) in rows {
            let (a, b) = (Birth::parse(one), Birth::parse(other));
            assert_eq!(Birth::agreement(a, b), expected, "{one} {other}");
            assert_eq!(Birth::agreement(b, a), expected, "{other} {one}");
        }
    }
}
