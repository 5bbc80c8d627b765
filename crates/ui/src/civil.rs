//! Civil dates of Vietnam out of FHIR text: partial dates, and instants turned to +07:00.
//!
//! The offset is fixed: the zone database shifts old birth dates. Spec of the input:
//! <https://hl7.org/fhir/R4/datatypes.html#dateTime>.

const VIETNAM_MINUTES: i64 = 7 * 60;

/// A point in Vietnamese civil time with the precision it came with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    pub year: i32,
    pub month: Option<u32>,
    pub day: Option<u32>,
    /// Hour and minute in +07:00.
    pub time: Option<(u32, u32)>,
}

impl Moment {
    /// Reads `YYYY`, `YYYY-MM`, `YYYY-MM-DD` and `YYYY-MM-DDThh:mm[:ss[.fff]](Z|±hh:mm)`; `None` for
    /// anything else, impossible days included. A time without offset counts as Vietnamese.
    pub fn parse(text: &str) -> Option<Moment> {
        let (day_part, time_part) = match text.split_once('T') {
            Some((day, time)) => (day, Some(time)),
            None => (text, None),
        };
        let mut parts = day_part.split('-');
        let year = digits(parts.next()?, 4)? as i32;
        let month = parts.next().map(|part| digits(part, 2)).map_or(Some(None), |n| n.map(Some))?;
        let day = parts.next().map(|part| digits(part, 2)).map_or(Some(None), |n| n.map(Some))?;
        if parts.next().is_some() || month.is_some_and(|m| !(1..=12).contains(&m)) {
            return None;
        }
        if let (Some(month), Some(day)) = (month, day)
            && !(1..=days_in(year, month)).contains(&day)
        {
            return None;
        }
        let date = Moment { year, month, day, time: None };
        match time_part {
            None => Some(date),
            Some(time) => date.at(time),
        }
    }

    fn at(self, time: &str) -> Option<Moment> {
        self.day?;
        let hour = digits(time.get(0..2)?, 2)?;
        let minute = digits(time.get(3..5)?, 2)?;
        if hour > 24 || minute > 59 || !time.get(2..3)?.eq(":") {
            return None;
        }
        let minutes = i64::from(hour) * 60 + i64::from(minute) - offset(time.get(5..)?)? + VIETNAM_MINUTES;
        let (year, month, day) = from_day_number(self.day_number() + minutes.div_euclid(24 * 60));
        let rest = minutes.rem_euclid(24 * 60) as u32;
        Some(Moment { year, month: Some(month), day: Some(day), time: Some((rest / 60, rest % 60)) })
    }

    /// Days since 1970-01-01; a missing month or day counts as the first.
    pub fn day_number(&self) -> i64 {
        // Howard Hinnant, "chrono-compatible low-level date algorithms": days_from_civil.
        let (month, day) = (i64::from(self.month.unwrap_or(1)), i64::from(self.day.unwrap_or(1)));
        let year = i64::from(self.year) - i64::from(month <= 2);
        let era = year.div_euclid(400);
        let of_era = year.rem_euclid(400);
        let of_year = (153 * (month + if month > 2 { -3 } else { 9 }) + 2) / 5 + day - 1;
        era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
    }
}

/// The inverse of [`Moment::day_number`].
pub fn from_day_number(days: i64) -> (i32, u32, u32) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let of_era = shifted.rem_euclid(146_097);
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    ((era * 400 + year + i64::from(month <= 2)) as i32, month as u32, day as u32)
}

/// Minutes east of UTC at the end of a time; without one, Vietnam's.
fn offset(rest: &str) -> Option<i64> {
    let Some(at) = rest.find(['Z', '+', '-']) else { return Some(VIETNAM_MINUTES) };
    let zone = &rest[at..];
    if zone == "Z" {
        return Some(0);
    }
    let minutes = i64::from(digits(zone.get(1..3)?, 2)?) * 60 + i64::from(digits(zone.get(4..6)?, 2)?);
    Some(if zone.starts_with('-') { -minutes } else { minutes })
}

fn digits(text: &str, width: usize) -> Option<u32> {
    (text.len() == width && text.bytes().all(|byte| byte.is_ascii_digit())).then(|| text.parse().ok())?
}

fn days_in(year: i32, month: u32) -> u32 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn day_numbers_go_there_and_back() {
        assert_eq!(Moment::parse("1970-01-01").map(|m| m.day_number()), Some(0));
        assert_eq!(Moment::parse("2026-11-26").map(|m| m.day_number()), Some(20_783));
        for days in (-40_000..60_000).step_by(37) {
            let (year, month, day) = from_day_number(days);
            let text = format!("{year:04}-{month:02}-{day:02}");
            assert_eq!(Moment::parse(&text).map(|m| m.day_number()), Some(days), "{text}");
        }
    }

    #[test]
    fn impossible_days_are_refused() {
        for text in
            ["2026-02-29", "2026-04-31", "2026-00-10", "26-11-2026", "2026-11-26T25:00:00Z", "2026-11T08:00"]
        {
            assert_eq!(Moment::parse(text), None, "{text}");
        }
    }
}
