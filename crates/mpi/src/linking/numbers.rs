//! Numbers of people in eight bytes each, and what two people's numbers say about each other.

use super::hash::key_of_text;
use crate::birth::Birth;
use crate::identifier::{Key, KeyKind, PersonalNumber, Sex};

/// Most numbers of one record that are kept.
pub(super) const NUMBERS_MAX: usize = 16;

/// A number with its kind and whether it is its bearer's own as far as its digits tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Number(u64);

/// Kinds that speak for one person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NumberKind {
    Cccd = 1,
    Cmnd = 2,
    Bhxh = 3,
    Passport = 4,
}

const KIND: u32 = 60;
const OWN: u64 = 1 << 59;
const CURRENT: u64 = 1 << 58;
const VALUE: u64 = (1 << 48) - 1;

/// What the numbers of one kind say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum NumberLevel {
    Missing,
    Same,
    /// The same, but its digits speak of another sex or birth year than one of the bearers has.
    SameBorrowed,
    /// One digit apart.
    Near,
    Differs,
}

impl Number {
    /// `None` for numbers that are no evidence.
    pub fn of(key: &Key, is_current: bool, sex: Option<Sex>, birth: Option<Birth>) -> Option<Number> {
        if !key.is_evidence() {
            return None;
        }
        let (kind, value) = match key.kind {
            KeyKind::Cccd => (NumberKind::Cccd, key.value.parse().ok()?),
            KeyKind::Cmnd => (NumberKind::Cmnd, key.value.parse().ok()?),
            KeyKind::Bhxh => (NumberKind::Bhxh, key.value.parse().ok()?),
            KeyKind::Passport => (NumberKind::Passport, u64::from(key_of_text(&key.value))),
            _ => return None,
        };
        let is_own = key.kind != KeyKind::Cccd
            || PersonalNumber::parse(&key.value).is_some_and(|number| {
                sex.is_none_or(|sex| sex == number.sex())
                    && birth.is_none_or(|birth| birth.year == number.birth_year())
            });
        let mark = |is: bool, bit: u64| if is { bit } else { 0 };
        Some(Number((kind as u64) << KIND | mark(is_own, OWN) | mark(is_current, CURRENT) | (value & VALUE)))
    }

    pub fn is(self, kind: NumberKind) -> bool {
        self.0 >> KIND == kind as u64
    }

    fn is_own(self) -> bool {
        self.0 & OWN != 0
    }

    fn is_current(self) -> bool {
        self.0 & CURRENT != 0
    }

    fn value(self) -> u64 {
        self.0 & VALUE
    }

    /// What records with the same number have in common.
    pub fn key(self) -> u32 {
        super::hash::key_of(&[self.0 >> KIND, self.value()])
    }
}

/// What the numbers of a kind of two records say.
pub(super) fn level(kind: NumberKind, one: &[Number], other: &[Number]) -> NumberLevel {
    let one = || one.iter().copied().filter(|number| number.is(kind));
    let other = || other.iter().copied().filter(|number| number.is(kind));
    if one().next().is_none() || other().next().is_none() {
        return NumberLevel::Missing;
    }
    let pairs = || one().flat_map(|a| other().map(move |b| (a, b)));
    let same = |&(a, b): &(Number, Number)| a.value() == b.value();
    if pairs().filter(same).any(|(a, b)| a.is_own() && b.is_own()) {
        return NumberLevel::Same;
    }
    if pairs().any(|pair| same(&pair)) {
        return NumberLevel::SameBorrowed;
    }
    if pairs().any(|(a, b)| one_digit(a.value(), b.value())) {
        return NumberLevel::Near;
    }
    // Only numbers in force that may be their bearers' own can contradict.
    let speaks = |number: Number| number.is_own() && number.is_current();
    if one().any(speaks) && other().any(speaks) { NumberLevel::Differs } else { NumberLevel::Missing }
}

fn one_digit(mut one: u64, mut other: u64) -> bool {
    let mut differ = 0;
    while one != other && differ < 2 {
        differ += u32::from(one % 10 != other % 10);
        (one, other) = (one / 10, other / 10);
    }
    differ == 1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(text: &str, birth: &str, sex: Sex) -> Vec<Number> {
        let kind = if text.len() == 12 { KeyKind::Cccd } else { KeyKind::Bhxh };
        Number::of(&Key::new(kind, text), true, Some(sex), Birth::parse(birth)).into_iter().collect()
    }

    #[test]
    fn numbers_speak_only_for_their_bearers() {
        use NumberLevel::*;
        let own = || number("012190001234", "1990-01-02", Sex::Female);
        let rows = [
            (own(), Same),
            (number("012190001234", "2024-05-05", Sex::Female), SameBorrowed),
            (number("012190001234", "1990-01-02", Sex::Male), SameBorrowed),
            (number("012190001235", "1990-01-02", Sex::Female), Near),
            (number("012190999935", "1990-01-02", Sex::Female), Differs),
            (number("012090999935", "1990-01-02", Sex::Female), Missing),
            (number("1234560897", "1990-01-02", Sex::Female), Missing),
            (number("000000000000", "1990-01-02", Sex::Female), Missing),
        ];
        for (other, expected) in rows {
            assert_eq!(level(NumberKind::Cccd, &own(), &other), expected, "{other:?}");
            assert_eq!(level(NumberKind::Cccd, &other, &own()), expected, "{other:?}");
        }
        let card = number("1234560897", "1990-01-02", Sex::Female);
        assert_eq!(level(NumberKind::Bhxh, &card, &card), Same);
    }
}
