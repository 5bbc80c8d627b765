//! What agreement weighs: for each level of each field how often it is seen among records of one person (m) and among
//! strangers (u). The weight of a pair is the sum of log2(m/u); a missing field says nothing.

use super::birth::BirthLevel;
use super::compare::{CommonLevel, Levels, SexLevel};
use super::crowd::Crowd;
use super::names::NameLevel;
use super::numbers::NumberLevel;
use super::place::PlaceLevel;

/// Fields, in the order of [`Levels::indices`].
pub(super) const FIELDS: [Field; 9] = [
    Field {
        name: "name",
        levels: &[
            "",
            "marks",
            "plain",
            "tone",
            "sound",
            "short",
            "slip",
            "loose",
            "differs",
            "mother",
            "other-mother",
            "",
        ],
        same: &[0.0, 0.60, 0.25, 0.02, 0.02, 0.04, 0.03, 0.01, 0.03, 0.0, 0.0, 0.0],
        strangers: &[0.0, 4e-4, 2e-4, 5e-5, 5e-5, 3e-3, 2e-3, 0.02, 0.9743, 0.0, 0.0, 0.0],
    },
    Field {
        name: "birth",
        levels: &["", "equal", "first-of-year", "swapped", "same-year", "one-digit", "differs"],
        same: &[0.0, 0.90, 0.005, 0.02, 0.06, 0.01, 0.005],
        strangers: &[0.0, 3.3e-5, 1e-6, 1e-5, 1e-3, 1.5e-3, 0.9974],
    },
    Field {
        name: "sex",
        levels: &["", "same", "differs"],
        same: &[0.0, 0.995, 0.005],
        strangers: &[0.0, 0.5, 0.5],
    },
    Field {
        name: "place",
        levels: &["", "village", "commune", "differs"],
        same: &[0.0, 0.75, 0.15, 0.10],
        strangers: &[0.0, 2e-3, 0.03, 0.968],
    },
    Field {
        name: "phone",
        levels: &["", "same", "differs"],
        same: &[0.0, 0.75, 0.25],
        strangers: &[0.0, 1e-5, 0.99999],
    },
    Field {
        name: "mother",
        levels: &["", "same", "differs"],
        same: &[0.0, 0.97, 0.03],
        strangers: &[0.0, 7e-4, 0.9993],
    },
    Field {
        name: "cccd",
        levels: &["", "same", "borrowed", "near", "differs"],
        same: NUMBER_SAME,
        strangers: NUMBER_STRANGERS,
    },
    Field {
        name: "bhxh",
        levels: &["", "same", "borrowed", "near", "differs"],
        same: NUMBER_SAME,
        strangers: NUMBER_STRANGERS,
    },
    Field {
        name: "card",
        levels: &["", "same", "borrowed", "near", "differs"],
        same: NUMBER_SAME,
        strangers: NUMBER_STRANGERS,
    },
];

const NUMBER_SAME: &[f64] = &[0.0, 0.97, 0.005, 0.01, 0.015];
const NUMBER_STRANGERS: &[f64] = &[0.0, 1e-6, 1e-6, 1e-5, 0.999988];
/// Levels of the longest field.
pub(super) const LEVELS_MAX: usize = 12;
/// Most bits that a rare or common name adds or takes.
const RARITY_MAX: f64 = 7.0;
/// Of newborns without a name: how often the mother's name agrees for one child.
const MOTHER_AGREES: f64 = 0.97;
/// The least share of strangers that any level is given: nothing is impossible.
const LEAST: f64 = 1e-7;

/// A field, the names of its levels ("" for those without a weight of their own), and what is expected of one person's
/// records and of strangers' before anything was counted.
pub(super) struct Field {
    pub name: &'static str,
    pub levels: &'static [&'static str],
    pub same: &'static [f64],
    pub strangers: &'static [f64],
}

pub(super) type Table = [[f64; LEVELS_MAX]; FIELDS.len()];

impl Levels {
    pub(super) fn indices(&self) -> [u8; FIELDS.len()] {
        [
            self.name as u8,
            self.birth as u8,
            self.sex as u8,
            self.place as u8,
            self.phone as u8,
            self.mother as u8,
            self.cccd as u8,
            self.bhxh as u8,
            self.card as u8,
        ]
    }
}

/// The weight of a pair.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Weighed {
    /// In bits, without what is expected beforehand.
    pub bits: f64,
    /// That the two are one person.
    pub probability: f64,
}

/// Weights, and how many pairs are expected to be one person's.
#[derive(Debug, Clone, PartialEq)]
pub struct Model {
    pub(super) bits: Table,
    /// How likely two strangers' names sound alike.
    pub(super) same_name: f64,
    /// log2 of the odds that two records drawn at random are one person's.
    pub(super) prior_bits: f64,
}

impl Model {
    pub(super) fn new(same: &Table, strangers: &Table, same_name: f64, prior_bits: f64) -> Model {
        let mut bits = [[0.0; LEVELS_MAX]; FIELDS.len()];
        for (field, about) in FIELDS.iter().enumerate() {
            for level in (1..about.levels.len()).filter(|level| !about.levels[*level].is_empty()) {
                let (m, u) = (same[field][level].max(1e-5), strangers[field][level].max(LEAST));
                bits[field][level] = (m / u).log2();
            }
        }
        let mother = (MOTHER_AGREES / same_name.max(LEAST)).log2();
        bits[0][NameLevel::Mother as usize] = mother;
        bits[0][NameLevel::OtherMother as usize] = (1.0 - MOTHER_AGREES).log2();
        Model { bits, same_name, prior_bits }
    }

    /// What the levels of two records weigh; rare names weigh more than common ones.
    pub fn weigh(&self, crowd: &Crowd, one: u32, other: u32, levels: &Levels) -> Weighed {
        let bits: f64 = self.parts(crowd, one, other, levels).map(|(_, bits)| bits).sum();
        Weighed { bits, probability: self.probability(bits) }
    }

    pub(super) fn probability(&self, bits: f64) -> f64 {
        1.0 / (1.0 + (-(bits + self.prior_bits)).exp2())
    }

    fn parts(
        &self,
        crowd: &Crowd,
        one: u32,
        other: u32,
        levels: &Levels,
    ) -> impl Iterator<Item = (usize, f64)> {
        let rarity = self.rarity(crowd, one, other, levels.name);
        let indices = levels.indices();
        (0..FIELDS.len()).map(move |field| {
            let bits = self.bits[field][usize::from(indices[field])];
            (field, if field == 0 { bits + rarity } else { bits })
        })
    }

    fn rarity(&self, crowd: &Crowd, one: u32, other: u32, level: NameLevel) -> f64 {
        let part = match level {
            NameLevel::Marks | NameLevel::Plain | NameLevel::Tone | NameLevel::Sound | NameLevel::Mother => {
                1.0
            }
            NameLevel::Short | NameLevel::Slip | NameLevel::Loose => 0.5,
            _ => return 0.0,
        };
        let bearers = |id: u32| {
            let record = crowd.record(id);
            let name = if level == NameLevel::Mother { crowd.mother_of(record) } else { Some(&record.name) };
            name.map_or(1, |name| crowd.bearers_of_name(name)).max(1)
        };
        // A misspelt name is always rare: the other one tells.
        let share = f64::from(bearers(one).max(bearers(other))) / crowd.len().max(1) as f64;
        part * (self.same_name.max(LEAST) / share.min(1.0)).log2().clamp(-RARITY_MAX, RARITY_MAX)
    }

    /// Field, level and bits of everything that speaks, the weightiest first.
    pub fn reasons(
        &self,
        crowd: &Crowd,
        one: u32,
        other: u32,
        levels: &Levels,
    ) -> Vec<(&'static str, &'static str, f64)> {
        let indices = levels.indices();
        let mut said: Vec<_> = self
            .parts(crowd, one, other, levels)
            .map(|(field, bits)| {
                (FIELDS[field].name, FIELDS[field].levels[usize::from(indices[field])], bits)
            })
            .filter(|(_, level, _)| !level.is_empty())
            .collect();
        said.sort_by(|a, b| b.2.abs().total_cmp(&a.2.abs()));
        said
    }

    /// All weights as text, a line for each level: what an operator can read and question.
    pub fn lines(&self) -> impl Iterator<Item = String> + '_ {
        FIELDS.iter().enumerate().flat_map(move |(field, about)| {
            let named = (1..about.levels.len()).filter(|level| !about.levels[*level].is_empty());
            named.map(move |level| {
                format!("{}-{}\t{:+.1}", about.name, about.levels[level], self.bits[field][level])
            })
        })
    }
}

// The tables above are in the order of the levels.
const _: () = assert!(
    NameLevel::Nameless as usize + 1 == LEVELS_MAX
        && BirthLevel::Differs as usize == 6
        && SexLevel::Differs as usize == 2
        && PlaceLevel::Differs as usize == 3
        && CommonLevel::Differs as usize == 2
        && NumberLevel::Differs as usize == 4
);
