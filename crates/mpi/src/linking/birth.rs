//! Birth dates in four bytes, and what two of them say.

use crate::birth::Birth;

/// Year, month and day packed; 0 when unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct PackedBirth(pub u32);

/// What two birth dates say about each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum BirthLevel {
    Missing,
    Equal,
    /// Both 1 January of one year: what forms write when only the year is known.
    EqualFirstOfYear,
    /// Day and month exchanged.
    Swapped,
    /// The same year; day and month are unknown, or 1 January, on one side.
    SameYear,
    /// One digit differs.
    OneDigit,
    Differs,
}

impl PackedBirth {
    pub fn of(birth: Option<Birth>) -> PackedBirth {
        let pack = |birth: Birth| {
            (birth.year as u32) << 9 | (birth.month.unwrap_or(0) as u32) << 5 | birth.day.unwrap_or(0) as u32
        };
        PackedBirth(birth.map_or(0, pack))
    }

    pub fn parts(self) -> (u32, u32, u32) {
        (self.0 >> 9, self.0 >> 5 & 15, self.0 & 31)
    }

    pub fn is_full(self) -> bool {
        self.0 & 31 != 0
    }

    fn is_first_of_year(self) -> bool {
        self.0 & 511 == 1 << 5 | 1
    }

    /// The same for a date and the date with day and month exchanged; 0 unless day, month and year are known.
    pub fn either_way(self) -> u32 {
        let (year, month, day) = self.parts();
        match () {
            () if !self.is_full() => 0,
            () if day <= 12 && day < month => year << 9 | day << 5 | month,
            () => self.0,
        }
    }

    pub fn level(self, other: PackedBirth) -> BirthLevel {
        if self.0 == 0 || other.0 == 0 {
            return BirthLevel::Missing;
        }
        if self == other && self.is_full() {
            let first = self.is_first_of_year();
            return if first { BirthLevel::EqualFirstOfYear } else { BirthLevel::Equal };
        }
        let ((year, month, day), (other_year, other_month, other_day)) = (self.parts(), other.parts());
        if year == other_year {
            let months_differ = month != 0 && other_month != 0 && month != other_month;
            let vague = !self.is_full() || !other.is_full();
            if (vague && !months_differ) || self.is_first_of_year() || other.is_first_of_year() {
                return BirthLevel::SameYear;
            }
            if (month, day) == (other_day, other_month) {
                return BirthLevel::Swapped;
            }
        }
        let digits = |one: u32, other: u32| {
            let mut differ = 0;
            let (mut one, mut other) = (one, other);
            while one != other {
                differ += u32::from(one % 10 != other % 10);
                (one, other) = (one / 10, other / 10);
            }
            differ
        };
        let full = self.is_full() && other.is_full();
        let differ = digits(year, other_year) + digits(month, other_month) + digits(day, other_day);
        if full && differ == 1 { BirthLevel::OneDigit } else { BirthLevel::Differs }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_compared_as_people_write_them() {
        use BirthLevel::*;
        let rows = [
            ("1990-01-02", "1990-01-02", Equal),
            ("1990-01-01", "1990-01-01", EqualFirstOfYear),
            ("1990-03-02", "1990-02-03", Swapped),
            ("1990", "1990-02-03", SameYear),
            ("1990", "1990", SameYear),
            ("1990-02", "1990-02-03", SameYear),
            ("1990-03", "1990-02-03", Differs),
            ("1990-01-01", "1990-12-31", SameYear),
            ("1990-02-03", "1980-02-03", OneDigit),
            ("1990-02-03", "1990-02-13", OneDigit),
            ("1990-02-09", "1990-02-10", Differs),
            ("1990-02-03", "1991-02-04", Differs),
            ("", "1990", Missing),
        ];
        for (one, other, level) in rows {
            let packed = |text: &str| PackedBirth::of(Birth::parse(text));
            assert_eq!(packed(one).level(packed(other)), level, "{one} {other}");
            assert_eq!(packed(other).level(packed(one)), level, "{other} {one}");
        }
        let either = |text: &str| PackedBirth::of(Birth::parse(text)).either_way();
        assert_eq!(either("1990-03-02"), either("1990-02-03"));
        assert_ne!(either("1990-03-02"), either("1991-02-03"));
        assert_ne!(either("1990-03-22"), either("1990-02-23"));
        assert_eq!(either("1990-03"), 0);
    }
}
