//! What two records say about each other, field by field, each as one of a few levels.

use super::birth::BirthLevel;
use super::crowd::Crowd;
use super::names::NameLevel;
use super::numbers::{self, NumberKind, NumberLevel};
use super::place::PlaceLevel;

/// Whether two sexes are the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum SexLevel {
    Missing,
    Same,
    Differs,
}

/// Whether two records have a phone, or the mother's name, in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum CommonLevel {
    Missing,
    Same,
    Differs,
}

/// All levels of a pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Levels {
    pub name: NameLevel,
    pub birth: BirthLevel,
    pub sex: SexLevel,
    pub place: PlaceLevel,
    pub phone: CommonLevel,
    /// For pairs of real names; of newborns without one the name's level speaks.
    pub mother: CommonLevel,
    pub cccd: NumberLevel,
    pub bhxh: NumberLevel,
    /// Old card or passport.
    pub card: NumberLevel,
}

/// Compares two records.
pub fn compare(crowd: &Crowd, one: u32, other: u32) -> Levels {
    let (first, second) = (crowd.record(one), crowd.record(other));
    let (own, theirs) = (crowd.numbers_of(first), crowd.numbers_of(second));
    let level = |kind: NumberKind| match own.is_empty() || theirs.is_empty() {
        true => NumberLevel::Missing,
        false => numbers::level(kind, own, theirs),
    };
    let card = match level(NumberKind::Cmnd) {
        NumberLevel::Missing => level(NumberKind::Passport),
        said => said,
    };
    let sex = match (first.sex, second.sex) {
        (0, _) | (_, 0) => SexLevel::Missing,
        (one, other) if one == other => SexLevel::Same,
        _ => SexLevel::Differs,
    };
    let name = name(crowd, one, other);
    let is_stand_in = first.is_stand_in || second.is_stand_in;
    Levels {
        name,
        birth: first.birth.level(second.birth),
        sex,
        place: first.home.level(&second.home),
        phone: phone(crowd, first.phones, second.phones),
        mother: if is_stand_in { CommonLevel::Missing } else { mother(crowd, one, other) },
        cccd: level(NumberKind::Cccd),
        bhxh: level(NumberKind::Bhxh),
        card,
    }
}

/// The nearest of all names of both.
fn name(crowd: &Crowd, one: u32, other: u32) -> NameLevel {
    let (first, second) = (crowd.record(one), crowd.record(other));
    if first.is_stand_in || second.is_stand_in {
        let orders_differ =
            first.birth_order != 0 && second.birth_order != 0 && first.birth_order != second.birth_order;
        return match mother(crowd, one, other) {
            _ if orders_differ => NameLevel::OtherMother,
            CommonLevel::Missing => NameLevel::Nameless,
            CommonLevel::Same => NameLevel::Mother,
            CommonLevel::Differs => NameLevel::OtherMother,
        };
    }
    let nearest = crowd
        .names_of(one, first)
        .flat_map(|a| crowd.names_of(other, second).map(move |b| (a, b)))
        .map(|(a, b)| a.level(b, &crowd.dictionary))
        .min_by_key(|level| level.rank());
    nearest.unwrap_or(NameLevel::Missing)
}

fn mother(crowd: &Crowd, one: u32, other: u32) -> CommonLevel {
    let (Some(first), Some(second)) =
        (crowd.mother_of(crowd.record(one)), crowd.mother_of(crowd.record(other)))
    else {
        return CommonLevel::Missing;
    };
    match first.level(second, &crowd.dictionary) {
        NameLevel::Missing => CommonLevel::Missing,
        level if level.agrees() => CommonLevel::Same,
        _ => CommonLevel::Differs,
    }
}

/// A phone that very many have is nobody's.
fn phone(crowd: &Crowd, one: [u32; 2], other: [u32; 2]) -> CommonLevel {
    let speaks =
        |phone: &u32| *phone != 0 && crowd.bearers_of_phone(*phone) <= super::blocking::PHONE_BEARERS_MAX;
    if !one.iter().any(|phone| *phone != 0) || !other.iter().any(|phone| *phone != 0) {
        return CommonLevel::Missing;
    }
    match one.iter().find(|phone| **phone != 0 && other.contains(phone)) {
        Some(phone) if speaks(phone) => CommonLevel::Same,
        Some(_) => CommonLevel::Missing,
        None => CommonLevel::Differs,
    }
}
