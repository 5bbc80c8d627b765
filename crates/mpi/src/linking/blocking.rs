//! Which pairs are worth comparing: those that share one of a few keys. A true pair should share one of them whatever
//! was spoiled; false pairs should share few.

use super::birth::BirthLevel;
use super::crowd::{Compact, Crowd};
use super::hash::key_of;

/// A phone that more records have is nobody's.
pub(super) const PHONE_BEARERS_MAX: u32 = 40;

/// What records have in common in one pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pass {
    /// Any number.
    Number,
    /// Birth date, also with day and month exchanged, and a name like the other.
    Birth,
    /// Sound of the name, and year of birth.
    NameAndYear,
    Phone,
    /// Sound of the name, and village.
    NameAndVillage,
}

pub(super) const PASSES: [Pass; 5] =
    [Pass::Number, Pass::Birth, Pass::NameAndYear, Pass::Phone, Pass::NameAndVillage];

impl Pass {
    /// Most records of one key that are compared with each other, or with one more. A larger group says nothing but
    /// that many people look alike.
    pub fn group_max(self) -> usize {
        match self {
            Pass::Number => 64,
            Pass::Birth => 4_000,
            Pass::NameAndYear => 2_000,
            Pass::Phone => PHONE_BEARERS_MAX as usize,
            Pass::NameAndVillage => 500,
        }
    }

    /// The keys of a record in this pass.
    pub fn keys(self, crowd: &Crowd, id: u32, add: &mut dyn FnMut(u32)) {
        let record = crowd.record(id);
        match self {
            Pass::Number => crowd.numbers_of(record).iter().for_each(|number| add(number.key())),
            Pass::Birth => some(u64::from(record.birth.either_way()), add),
            Pass::NameAndYear => {
                let (year, ..) = record.birth.parts();
                for name in crowd.names_of(id, record).filter(|_| year != 0) {
                    add(key_of(&[u64::from(name.key), u64::from(year)]));
                }
            }
            Pass::Phone => record.phones.iter().for_each(|phone| some(u64::from(*phone), add)),
            Pass::NameAndVillage => {
                let village = Crowd::village_key(record);
                for name in crowd.names_of(id, record).filter(|_| village != 0) {
                    add(key_of(&[u64::from(name.key), u64::from(village)]));
                }
            }
        }
    }

    /// A quick look that spares a close comparison.
    pub fn is_worth(self, crowd: &Crowd, one: &Compact, other: &Compact) -> bool {
        let alike =
            || one.is_stand_in || other.is_stand_in || one.name.is_like(&other.name, &crowd.dictionary);
        match self {
            Pass::Number => true,
            Pass::Birth => alike(),
            Pass::NameAndYear => true,
            // Families share phones: of them only those who may be one person.
            Pass::Phone => alike() && one.birth.level(other.birth) != BirthLevel::Differs,
            Pass::NameAndVillage => one.birth.level(other.birth) != BirthLevel::Differs,
        }
    }
}

fn some(part: u64, add: &mut dyn FnMut(u32)) {
    if part != 0 {
        add(key_of(&[part]));
    }
}

/// All records by their keys in one pass, sorted.
pub(super) fn sorted_keys(crowd: &Crowd, pass: Pass) -> Vec<(u32, u32)> {
    let mut entries = Vec::with_capacity(crowd.len());
    for id in 0..crowd.len() as u32 {
        pass.keys(crowd, id, &mut |key| entries.push((key, id)));
    }
    entries.sort_unstable();
    entries.dedup();
    entries
}

/// The groups of records with one key: at least two, at most as many as the pass compares.
pub(super) fn groups(entries: &[(u32, u32)], most: usize) -> impl Iterator<Item = &[(u32, u32)]> {
    entries.chunk_by(|one, other| one.0 == other.0).filter(move |group| (2..=most).contains(&group.len()))
}
