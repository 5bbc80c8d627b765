//! Dates and times from text and back.

use super::{ABSENT, Date, DateTime, Time, days_in_month};
use std::fmt;

impl Date {
    /// `2026`, `2026-03`, `2026-03-02`; `None` when it is no real date in the years 1 to 9999.
    pub fn parse(text: &str) -> Option<Date> {
        let bytes = text.as_bytes();
        let year = digits(bytes.get(..4)?)? as u16;
        let month = match bytes.len() {
            4 => 0,
            7 | 10 if bytes[4] == b'-' => digits(&bytes[5..7])? as u8,
            _ => return None,
        };
        let day = match bytes.len() {
            10 if bytes[7] == b'-' => digits(&bytes[8..10])? as u8,
            10 => return None,
            _ => 0,
        };
        let real = year >= 1
            && (bytes.len() < 7 || (1..=12).contains(&month))
            && (bytes.len() < 10 || (1..=days_in_month(year, month)).contains(&day));
        real.then_some(Date { year, month, day })
    }
}

impl Time {
    /// `08`, `08:30`, `08:30:15`, `08:30:15.250`.
    pub fn parse(text: &str) -> Option<Time> {
        let bytes = text.as_bytes();
        let hour = digits(bytes.get(..2)?)? as u8;
        let mut time = Time { hour, minute: ABSENT, second: ABSENT, digits: 0, nanos: 0 };
        if bytes.len() > 2 {
            time.minute = pair_after_colon(bytes, 2)?;
        }
        if bytes.len() > 5 {
            time.second = pair_after_colon(bytes, 5)?;
        }
        if bytes.len() > 8 {
            let fraction = bytes[8..].strip_prefix(b".")?;
            (time.digits, time.nanos) = fraction_of(fraction)?;
        }
        let real = time.hour < 24
            && (time.minute == ABSENT || time.minute < 60)
            && (time.second == ABSENT || time.second < 60);
        real.then_some(time)
    }
}

impl DateTime {
    /// A date, or a full date with `T` and a time, perhaps with `Z` or an offset; `2012T` is a date and time too.
    pub fn parse(text: &str) -> Option<DateTime> {
        let Some((date, rest)) = text.split_once('T') else {
            return Some(DateTime { date: Date::parse(text)?, time: None, offset: None });
        };
        let date = Date::parse(date)?;
        if rest.is_empty() {
            return Some(DateTime { date, time: None, offset: None });
        }
        let (time, offset) = match rest.find(['Z', '+', '-']) {
            Some(position) => (&rest[..position], Some(offset_of(&rest[position..])?)),
            None => (rest, None),
        };
        let time = Time::parse(time)?;
        (date.day > 0).then_some(DateTime { date, time: Some(time), offset })
    }
}

fn digits(bytes: &[u8]) -> Option<u32> {
    bytes.iter().try_fold(0, |value, byte| byte.is_ascii_digit().then(|| value * 10 + u32::from(byte - b'0')))
}

fn pair_after_colon(bytes: &[u8], at: usize) -> Option<u8> {
    (bytes[at] == b':').then_some(())?;
    digits(bytes.get(at + 1..at + 3)?).map(|value| value as u8)
}

/// Digits and nanoseconds of a fraction; digits past the ninth are cut off.
fn fraction_of(fraction: &[u8]) -> Option<(u8, u32)> {
    if fraction.is_empty() || !fraction.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let kept = &fraction[..fraction.len().min(9)];
    let scale = 10_u32.pow(9 - kept.len() as u32);
    Some((kept.len() as u8, digits(kept)? * scale))
}

fn offset_of(text: &str) -> Option<i16> {
    if text == "Z" {
        return Some(0);
    }
    let bytes = text.as_bytes();
    if bytes.len() != 6 || bytes[3] != b':' {
        return None;
    }
    let (hours, minutes) = (digits(&bytes[1..3])?, digits(&bytes[4..6])?);
    let total = (hours * 60 + minutes) as i16;
    (hours <= 14 && minutes < 60).then_some(if bytes[0] == b'-' { -total } else { total })
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}", self.year)?;
        if self.month > 0 {
            write!(f, "-{:02}", self.month)?;
        }
        if self.day > 0 {
            write!(f, "-{:02}", self.day)?;
        }
        Ok(())
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}", self.hour)?;
        if self.minute != ABSENT {
            write!(f, ":{:02}", self.minute)?;
        }
        if self.second != ABSENT {
            write!(f, ":{:02}", self.second)?;
        }
        if self.digits > 0 {
            let fraction = self.nanos / 10_u32.pow(9 - u32::from(self.digits));
            write!(f, ".{fraction:0width$}", width = usize::from(self.digits))?;
        }
        Ok(())
    }
}

impl fmt::Display for DateTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.date)?;
        if let Some(time) = self.time {
            write!(f, "T{time}")?;
        }
        match self.offset {
            None => Ok(()),
            Some(0) => f.write_str("Z"),
            Some(offset) => {
                let sign = if offset < 0 { '-' } else { '+' };
                write!(f, "{sign}{:02}:{:02}", offset.abs() / 60, offset.abs() % 60)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_parses_prints_as_it_was_written() {
        for text in ["2026", "2026-03", "2026-03-02", "2024-02-29"] {
            assert_eq!(Date::parse(text).unwrap().to_string(), text);
        }
        for text in ["08", "08:30", "08:30:15", "08:30:15.5", "23:59:59.999999999"] {
            assert_eq!(Time::parse(text).unwrap().to_string(), text);
        }
        for text in ["2026", "2026-03-02T08:30", "2026-03-02T08:30:00.00Z", "2026-03-02T08:30:00-04:30"] {
            assert_eq!(DateTime::parse(text).unwrap().to_string(), text);
        }
        assert_eq!(DateTime::parse("2012-04T").unwrap().to_string(), "2012-04");
    }

    #[test]
    fn what_is_no_real_moment_is_refused() {
        for text in
            ["", "20", "2026-13", "2026-00", "2025-02-29", "2026-3-2", "0000", "2026-03-02x", "2026/03"]
        {
            assert_eq!(Date::parse(text), None, "{text}");
        }
        for text in ["24", "08:60", "08:30:60", "8:30", "08:30:15.", "08-30", "08:3", "08:30:15.1x"] {
            assert_eq!(Time::parse(text), None, "{text}");
        }
        for text in ["2026-03T08:00", "2026-03-02T08:00+15:00", "2026-03-02T08:00+7:00", "2026-03-02TZ"] {
            assert_eq!(DateTime::parse(text), None, "{text}");
        }
    }
}
