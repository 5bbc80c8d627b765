//! Adding calendar durations to dates and times. <http://hl7.org/fhirpath/N1/#datetime-arithmetic>

use super::{ABSENT, Date, DateTime, Time, days_in_month};
use crate::quantity::Duration;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

/// Why a duration cannot be added.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ArithmeticError {
    /// The unit does not go with this kind of value, e.g. hours with a date.
    Unit,
    /// The result leaves the years 1 to 9999.
    Range,
}

/// Amounts beyond this leave the calendar anyway.
const LARGEST: i64 = 1 << 52;

fn whole(value: Decimal) -> Result<i64, ArithmeticError> {
    let whole = value.trunc().to_i64().ok_or(ArithmeticError::Range)?;
    if whole.abs() > LARGEST { Err(ArithmeticError::Range) } else { Ok(whole) }
}

/// The length of a duration in nanoseconds, for seconds and milliseconds with their decimals.
fn nanos(value: Decimal, unit: Duration) -> Result<i64, ArithmeticError> {
    let (amount, scale) = match unit {
        Duration::Hour => (value.trunc(), 3_600_000_000_000_i64),
        Duration::Minute => (value.trunc(), 60_000_000_000),
        Duration::Second => (value, 1_000_000_000),
        Duration::Millisecond => (value, 1_000_000),
        _ => return Err(ArithmeticError::Unit),
    };
    amount
        .checked_mul(Decimal::from(scale))
        .and_then(|nanos| nanos.trunc().to_i64())
        .ok_or(ArithmeticError::Range)
}

impl Date {
    /// This date moved by `value` (perhaps negative) of `unit`. Refuses units below a day.
    pub fn plus(self, value: Decimal, unit: Duration) -> Result<Date, ArithmeticError> {
        if matches!(unit, Duration::Hour | Duration::Minute | Duration::Second | Duration::Millisecond) {
            return Err(ArithmeticError::Unit);
        }
        self.plus_partial(value, unit)
    }

    /// As [`Date::plus`], and smaller units are turned into the last component that was written.
    fn plus_partial(self, value: Decimal, unit: Duration) -> Result<Date, ArithmeticError> {
        let days = match unit {
            Duration::Year => return self.plus_months(whole(value)?.saturating_mul(12)),
            Duration::Month => return self.plus_months(whole(value)?),
            Duration::Week => whole(value)?.saturating_mul(7),
            Duration::Day => whole(value)?,
            _ => nanos(value, unit)? / 86_400_000_000_000,
        };
        match self.components() {
            // "365 days is converted to 1 year", a month is 30 days (conversion factors of toQuantity).
            1 => self.plus_months(days / 365 * 12),
            2 => self.plus_months(days / 30),
            _ => {
                let day = self.day_number().saturating_add(days);
                if (-719_162..=2_932_896).contains(&day) {
                    Ok(Date::of_day_number(day))
                } else {
                    Err(ArithmeticError::Range)
                }
            }
        }
    }

    fn plus_months(self, months: i64) -> Result<Date, ArithmeticError> {
        let months = if self.components() == 1 { months / 12 * 12 } else { months };
        let total = i64::from(self.year) * 12 + i64::from(self.month.max(1)) - 1;
        let total = total.checked_add(months).ok_or(ArithmeticError::Range)?;
        let year = u16::try_from(total.div_euclid(12)).map_err(|_| ArithmeticError::Range)?;
        if !(1..=9999).contains(&year) {
            return Err(ArithmeticError::Range);
        }
        let month = if self.month == 0 { 0 } else { (total.rem_euclid(12) + 1) as u8 };
        let day = if self.day == 0 { 0 } else { self.day.min(days_in_month(year, month)) };
        Ok(Date { year, month, day })
    }
}

impl DateTime {
    /// This moment moved by `value` (perhaps negative) of `unit`.
    pub fn plus(self, value: Decimal, unit: Duration) -> Result<DateTime, ArithmeticError> {
        let Some(time) = self.time else {
            return Ok(DateTime { date: self.date.plus_partial(value, unit)?, ..self });
        };
        if matches!(unit, Duration::Year | Duration::Month | Duration::Week | Duration::Day) {
            return Ok(DateTime { date: self.date.plus_partial(value, unit)?, ..self });
        }
        let (days, time) = time.moved(value, unit)?;
        let day = self.date.day_number() + days;
        if !(-719_162..=2_932_896).contains(&day) {
            return Err(ArithmeticError::Range);
        }
        Ok(DateTime { date: Date::of_day_number(day), time: Some(time), offset: self.offset })
    }
}

impl Time {
    /// This time of day moved by `value` of `unit`, going round at midnight. Refuses units above an hour.
    pub fn plus(self, value: Decimal, unit: Duration) -> Result<Time, ArithmeticError> {
        self.moved(value, unit).map(|(_, time)| time)
    }

    /// The moved time and how many midnights it passed.
    fn moved(self, value: Decimal, unit: Duration) -> Result<(i64, Time), ArithmeticError> {
        let amount = nanos(value, unit)?;
        // The smallest component that was written; a finer amount is cut off to it.
        let step = match (self.minute, self.second) {
            (ABSENT, _) => 3_600_000_000_000,
            (_, ABSENT) => 60_000_000_000,
            _ => 1,
        };
        let moved = self.nanos_of_day().saturating_add(amount / step * step);
        let day = 86_400_000_000_000;
        let mut time = Time::from_nanos(moved.rem_euclid(day), self);
        if time.second != ABSENT {
            time.digits = time.digits.max(digits_of(time.nanos));
        }
        Ok((moved.div_euclid(day), time))
    }
}

/// How many digits a fraction needs; milliseconds are written with three.
fn digits_of(nanos: u32) -> u8 {
    match nanos {
        0 => 0,
        _ if nanos.is_multiple_of(1_000_000) => 3,
        _ if nanos.is_multiple_of(1000) => 6,
        _ => 9,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moved(text: &str, value: &str, unit: Duration) -> String {
        let value = Decimal::from_str_exact(value).unwrap();
        let result = if let Some(time) = text.strip_prefix('T') {
            Time::parse(time).unwrap().plus(value, unit).map(|time| time.to_string())
        } else if text.contains('T') {
            DateTime::parse(text).unwrap().plus(value, unit).map(|moment| moment.to_string())
        } else {
            Date::parse(text).unwrap().plus(value, unit).map(|date| date.to_string())
        };
        result.unwrap_or_else(|error| format!("{error:?}"))
    }

    #[test]
    fn the_examples_of_the_specification_come_out() {
        assert_eq!(moved("2014", "24", Duration::Month), "2016");
        assert_eq!(moved("2019-03-01", "24", Duration::Month), "2021-03-01");
        assert_eq!(moved("2014", "23", Duration::Month), "2015");
        assert_eq!(moved("2016", "365", Duration::Day), "2017");
        assert_eq!(moved("2014", "-24", Duration::Month), "2012");
        assert_eq!(moved("2019-03-01", "-24", Duration::Month), "2017-03-01");
    }

    #[test]
    fn short_months_end_early_and_decimals_above_seconds_are_cut_off() {
        assert_eq!(moved("2012-01-31", "1", Duration::Month), "2012-02-29");
        assert_eq!(moved("2012-02-29", "-1", Duration::Year), "2011-02-28");
        assert_eq!(moved("2012-01-31", "1.9", Duration::Day), "2012-02-01");
        assert_eq!(moved("2012-01-31", "2", Duration::Week), "2012-02-14");
        assert_eq!(moved("2012-01-31T23:59:59.000Z", "1.5", Duration::Second), "2012-02-01T00:00:00.500Z");
        assert_eq!(moved("2012-01-31T23:59:59Z", "1", Duration::Millisecond), "2012-01-31T23:59:59.001Z");
        assert_eq!(moved("2012-01-31T23:30", "45", Duration::Minute), "2012-02-01T00:15");
        assert_eq!(moved("2012-01-31T23", "61", Duration::Minute), "2012-02-01T00");
        assert_eq!(moved("T23:30", "2", Duration::Hour), "01:30");
    }

    #[test]
    fn wrong_units_and_the_ends_of_the_calendar_are_refused() {
        assert_eq!(moved("2012-01-31", "1", Duration::Hour), "Unit");
        assert_eq!(moved("T10:00", "1", Duration::Day), "Unit");
        assert_eq!(moved("9999-12-31", "1", Duration::Day), "Range");
        assert_eq!(moved("0001-01-01", "-1", Duration::Month), "Range");
        assert_eq!(moved("2012-01-01", "99999999999999999999", Duration::Year), "Range");
        assert_eq!(moved("2012-01-01T00:00:00", "9999999999999999", Duration::Second), "Range");
    }
}
