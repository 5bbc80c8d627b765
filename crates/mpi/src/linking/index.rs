//! One record among many: who it may be. The index stays in memory and grows as records arrive.

use super::Band;
use super::band::Judgement;
use super::batch::judge;
use super::blocking::{PASSES, sorted_keys};
use super::crowd::{Crowd, Known};
use super::hash::FastMap;
use super::model::Model;

/// Most records that one question is compared with.
const COMPARED_MAX: usize = 5_000;
/// When so many records came after the sorted part was made, they are sorted in.
const FRESH_MAX: usize = 20_000;

/// A record that may be the one asked for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Found {
    pub id: u32,
    pub judgement: Judgement,
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
        self.fresh_count += 1;
        if self.fresh_count >= FRESH_MAX {
            self.sorted = PASSES.iter().map(|pass| sorted_keys(&self.crowd, *pass)).collect();
            self.fresh.iter_mut().for_each(FastMap::clear);
            self.fresh_count = 0;
        }
        id
    }

    /// Records that may be this one, likeliest first, at most `limit`; those that are kept apart are left out.
    ///
    /// The question leaves no trace in the index.
    pub fn find(&mut self, known: &Known, limit: usize) -> Vec<Found> {
        let mark = self.crowd.begin_question();
        let asked = self.crowd.add(known);
        let candidates = self.candidates(asked);
        let mut found: Vec<Found> = candidates
            .into_iter()
            .map(|id| Found { id, judgement: judge(&self.crowd, &self.model, asked, id) })
            .filter(|found| found.judgement.band != Band::Apart)
            .collect();
        self.crowd.end_question(mark);
        found.sort_by(|a, b| {
            let bits = |one: &Found| one.judgement.weighed.bits;
            a.judgement.band.cmp(&b.judgement.band).then(bits(b).total_cmp(&bits(a))).then(a.id.cmp(&b.id))
        });
        found.truncate(limit);
        found
    }

    /// Who shares a key and is worth a close look.
    fn candidates(&self, asked: u32) -> Vec<u32> {
        let record = self.crowd.record(asked);
        let mut candidates: Vec<u32> = Vec::new();
        for (place, pass) in PASSES.iter().enumerate() {
            pass.keys(&self.crowd, asked, &mut |key| {
                let sorted = &self.sorted[place];
                let start = sorted.partition_point(|entry| entry.0 < key);
                let of_key = sorted[start..].iter().take_while(|entry| entry.0 == key).map(|entry| entry.1);
                let fresh = self.fresh[place].get(&key).into_iter().flatten().copied();
                let worth = of_key
                    .chain(fresh)
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
