//! One record among many: who it may be. The index stays in memory and grows as records arrive.

use super::Band;
use super::band::Judgement;
use super::batch::{judge, may_matter};
use super::blocking::{PASSES, sorted_keys};
use super::crowd::{Crowd, Known};
use super::hash::FastMap;
use super::model::Model;
use super::settle::{Among, Fixed, Scored, settle};

/// Most records that one question is compared with.
const COMPARED_MAX: usize = 5_000;
/// Most records that are looked at together for one question.
const FOUND_MAX: usize = 200;
/// When so many records came after the sorted part was made, they are sorted in.
const FRESH_MAX: usize = 20_000;

/// A record that may be the one asked for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Found {
    pub id: u32,
    pub judgement: Judgement,
}

/// What a key says that more records share than are compared.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Crowded {
    /// Nothing: many people look alike.
    SaysNothing,
    /// The first few of them are looked at, so that somebody who asks is answered.
    FirstFew,
}

/// A pair that was judged; `stands` when it was asked about before.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Weighty {
    pub one: u32,
    pub other: u32,
    pub judgement: Judgement,
    pub stands: bool,
}

/// What people ruled about records: it holds whatever their pairs say.
#[derive(Debug, Clone, Default)]
pub struct Ruled {
    pub together: Vec<(u32, u32)>,
    pub apart: Vec<(u32, u32)>,
}

/// What was settled.
#[derive(Debug, Clone)]
pub struct Verdicts {
    /// For each record, in the order given, one record of its person: equal for records of one person.
    pub person: Vec<u32>,
    /// Pairs to ask about, likeliest first; at most one between two people.
    pub doubts: Vec<(u32, u32)>,
}

fn likeliest(a: &Found, b: &Found) -> std::cmp::Ordering {
    let bits = |one: &Found| one.judgement.weighed.bits;
    a.judgement.band.cmp(&b.judgement.band).then(bits(b).total_cmp(&bits(a))).then(a.id.cmp(&b.id))
}

/// Records, weights, and the keys under which records are found.
pub struct Index {
    crowd: Crowd,
    model: Model,
    sorted: Vec<Vec<(u32, u32)>>,
    fresh: Vec<FastMap<u32, Vec<u32>>>,
    fresh_count: usize,
}

impl Index {
    pub fn new(crowd: Crowd, model: Model) -> Index {
        let sorted = PASSES.iter().map(|pass| sorted_keys(&crowd, *pass)).collect();
        let fresh = PASSES.iter().map(|_| FastMap::default()).collect();
        Index { crowd, model, sorted, fresh, fresh_count: 0 }
    }

    pub fn crowd(&self) -> &Crowd {
        &self.crowd
    }

    pub fn model(&self) -> &Model {
        &self.model
    }

    /// Adds a record; it is found from now on.
    pub fn add(&mut self, known: &Known) -> u32 {
        let id = self.crowd.add(known);
        for (pass, fresh) in PASSES.iter().zip(&mut self.fresh) {
            pass.keys(&self.crowd, id, &mut |key| fresh.entry(key).or_default().push(id));
        }
        self.sort_in_when_many();
        id
    }

    /// Puts a record in this place, where there may be one already; places before it that were never given stay empty. Of
    /// a [`Known`] without anything: takes the record away.
    pub fn put(&mut self, id: u32, known: &Known) {
        while (self.crowd.len() as u32) < id {
            self.crowd.add(&Known::default());
        }
        if self.crowd.len() as u32 == id {
            self.add(known);
            return;
        }
        self.crowd.replace(id, known);
        for (pass, fresh) in PASSES.iter().zip(&mut self.fresh) {
            pass.keys(&self.crowd, id, &mut |key| {
                let ids = fresh.entry(key).or_default();
                if !ids.contains(&id) {
                    ids.push(id);
                }
            });
        }
        self.sort_in_when_many();
    }

    /// Weighs by other weights from now on.
    pub fn set_model(&mut self, model: Model) {
        self.model = model;
    }

    fn sort_in_when_many(&mut self) {
        self.fresh_count += 1;
        if self.fresh_count >= FRESH_MAX {
            self.sorted = PASSES.iter().map(|pass| sorted_keys(&self.crowd, *pass)).collect();
            self.fresh.iter_mut().for_each(FastMap::clear);
            self.fresh_count = 0;
        }
    }

    /// All records that may be one person's with this one, of keys that not too many share: what is said of every pair when
    /// everybody is linked at once. Pairs that are kept apart are left out.
    pub fn pairs_of(&self, id: u32) -> Vec<Found> {
        if id as usize >= self.crowd.len() {
            return Vec::new();
        }
        let candidates = self.candidates(id, Crowded::SaysNothing);
        let others = candidates.into_iter().filter(|other| *other != id);
        others
            .map(|other| Found { id: other, judgement: self.judge(id, other) })
            .filter(|found| found.judgement.band != Band::Apart)
            .collect()
    }

    /// The bands and bits, by other weights, of the pairs that may matter of a record.
    pub(super) fn likely(&self, id: u32, model: &Model) -> Vec<(Band, f64)> {
        let others = self.candidates(id, Crowded::SaysNothing).into_iter().filter(|other| *other != id);
        let judged = others.map(|other| judge(&self.crowd, model, id, other));
        let matter = judged.filter(|one| may_matter(&one.levels, &one.weighed));
        matter.map(|one| (one.band, one.weighed.bits)).collect()
    }

    /// What is said of two records, whether they share a key or not.
    pub fn judge(&self, one: u32, other: u32) -> Judgement {
        judge(&self.crowd, &self.model, one, other)
    }

    /// Field, level and bits of everything that speaks for and against two records being one person's, the weightiest first.
    pub fn reasons(&self, one: u32, other: u32, said: &Judgement) -> Vec<(&'static str, &'static str, f64)> {
        self.model.reasons(&self.crowd, one, other, &said.levels)
    }

    /// Who is with whom of these records, by the rules that hold when everybody is linked at once.
    pub fn settle(&self, records: &[u32], pairs: &[Weighty], ruled: &Ruled) -> Verdicts {
        let place: FastMap<u32, u32> = records.iter().copied().zip(0..).collect();
        let at = |id: &u32| place.get(id).copied();
        let ends = |pair: &(u32, u32)| Some((at(&pair.0)?, at(&pair.1)?));
        let scored = pairs.iter().filter_map(|pair| {
            let (one, other) = ends(&(pair.one, pair.other))?;
            let bits = pair.judgement.weighed.bits as f32;
            let (one, other) = (one.min(other), one.max(other));
            Some(Scored { one, other, bits, band: pair.judgement.band, stands: pair.stands })
        });
        let fixed = Fixed {
            together: ruled.together.iter().filter_map(ends).collect(),
            apart: ruled.apart.iter().filter_map(ends).map(|(a, b)| (a.min(b), a.max(b))).collect(),
        };
        let among = Among { crowd: &self.crowd, model: &self.model, records: Some(records) };
        let settled = settle(among, scored.collect(), &fixed, usize::MAX);
        Verdicts {
            person: settled.person.iter().map(|root| records[*root as usize]).collect(),
            doubts: settled
                .doubts
                .iter()
                .map(|pair| (records[pair.one as usize], records[pair.other as usize]))
                .collect(),
        }
    }

    /// Records that may be the one asked for and that `may_see` lets through, likeliest first. Unlike [`Index::find`]
    /// this looks at the candidates together: what fits two who cannot be one person is no link. The question leaves no
    /// trace, and what may not be seen changes nothing.
    pub fn settled_find(&mut self, known: &Known, may_see: impl Fn(&[u32]) -> Vec<u32>) -> Vec<Found> {
        let mark = self.crowd.begin_question();
        let asked = self.crowd.add(known);
        let candidates = self.candidates(asked, Crowded::FirstFew);
        let mut found: Vec<Found> = may_see(&candidates)
            .into_iter()
            .map(|id| Found { id, judgement: self.judge(asked, id) })
            .filter(|found| found.judgement.band != Band::Apart)
            .collect();
        found.sort_by(likeliest);
        found.truncate(FOUND_MAX);
        let records: Vec<u32> = found.iter().map(|one| one.id).chain([asked]).collect();
        let pair =
            |one: u32, other: u32, judgement: Judgement| Weighty { one, other, judgement, stands: false };
        let pairs: Vec<Weighty> = found.iter().map(|one| pair(asked, one.id, one.judgement)).collect();
        let together = self.settle(&records, &pairs, &Ruled::default());
        let own = together.person[records.len() - 1];
        for (one, person) in found.iter_mut().zip(&together.person) {
            if *person != own && one.judgement.band == Band::Link {
                one.judgement.band = Band::Ask;
            }
        }
        self.crowd.end_question(mark);
        found.sort_by(likeliest);
        found
    }

    /// Records that may be this one, likeliest first, at most `limit`; those that are kept apart are left out.
    ///
    /// The question leaves no trace in the index.
    pub fn find(&mut self, known: &Known, limit: usize) -> Vec<Found> {
        let mark = self.crowd.begin_question();
        let asked = self.crowd.add(known);
        let candidates = self.candidates(asked, Crowded::FirstFew);
        let mut found: Vec<Found> = candidates
            .into_iter()
            .map(|id| Found { id, judgement: judge(&self.crowd, &self.model, asked, id) })
            .filter(|found| found.judgement.band != Band::Apart)
            .collect();
        self.crowd.end_question(mark);
        found.sort_by(likeliest);
        found.truncate(limit);
        found
    }

    /// Who shares a key and is worth a close look.
    fn candidates(&self, asked: u32, crowded: Crowded) -> Vec<u32> {
        let record = self.crowd.record(asked);
        let mut candidates: Vec<u32> = Vec::new();
        for (place, pass) in PASSES.iter().enumerate() {
            pass.keys(&self.crowd, asked, &mut |key| {
                let sorted = &self.sorted[place];
                let start = sorted.partition_point(|entry| entry.0 < key);
                let of_key = sorted[start..].iter().take_while(|entry| entry.0 == key).map(|entry| entry.1);
                let fresh = self.fresh[place].get(&key).into_iter().flatten().copied();
                // A record that was replaced stands under its old keys until they are sorted in again: that costs a look.
                let group = || of_key.clone().chain(fresh.clone());
                let one_more = pass.group_max() + 1;
                if crowded == Crowded::SaysNothing && group().take(one_more).count() == one_more {
                    return;
                }
                let worth = group()
                    .take(pass.group_max())
                    .filter(|id| pass.is_worth(&self.crowd, record, self.crowd.record(*id)));
                candidates.extend(worth);
            });
        }
        candidates.sort_unstable();
        candidates.dedup();
        candidates.truncate(COMPARED_MAX);
        candidates
    }
}

#[cfg(test)]
#[path = "index_tests.rs"]
mod tests;
