//! Linking everybody at once, from nothing.

use super::band::{ASK_FROM, Band, Judgement, band};
use super::blocking::{PASSES, Pass, groups, sorted_keys};
use super::compare::{Levels, compare};
use super::crowd::Crowd;
use super::model::{Model, Weighed};
use super::settle::{Among, Fixed, Scored, Settled, settle};

/// So many doubts may always be asked.
const DOUBTS_LEAST: usize = 10;

/// How much is asked of people.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Options {
    /// Most doubts for each hundred records; the likeliest are kept.
    pub doubts_per_hundred: f64,
    /// Threads that compare.
    pub threads: usize,
}

impl Default for Options {
    fn default() -> Options {
        let threads = std::thread::available_parallelism().map_or(2, usize::from).min(8);
        Options { doubts_per_hundred: 0.9, threads }
    }
}

/// What was found.
pub struct Linked {
    pub model: Model,
    /// The smallest record of each record's person.
    pub person: Vec<u32>,
    /// Pairs about which a person should be asked, likeliest first; at most one between two persons.
    pub doubts: Vec<LinkedPair>,
    /// Pairs that were compared closely.
    pub compared: u64,
}

/// A pair of records and what was found about it; `one` < `other`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LinkedPair {
    pub one: u32,
    pub other: u32,
    pub judgement: Judgement,
}

/// Estimates weights, compares all pairs worth it, and settles who is who.
pub fn link_all(crowd: &Crowd, options: &Options) -> Linked {
    let mut model = Model::estimate(crowd);
    let (mut pairs, mut compared) = (Vec::new(), 0);
    for pass in PASSES {
        let (found, closely) = compare_pass(crowd, &model, pass, options.threads.max(1));
        compared += closely;
        pairs.extend(found);
    }
    pairs.sort_unstable_by_key(|pair: &Pair| (pair.one, pair.other));
    pairs.dedup_by_key(|pair| (pair.one, pair.other));
    let bits: Vec<f32> = pairs.iter().map(|pair| pair.bits).collect();
    model.expect(&bits, crowd.len(), 1.0);
    let scored =
        pairs.into_iter().map(|pair| score(crowd, &model, pair)).filter(|pair| pair.band != Band::Apart);
    let share = crowd.len() as f64 * options.doubts_per_hundred / 100.0;
    // Of a short list a few may always be asked.
    let most = if options.doubts_per_hundred > 0.0 { (share as usize).max(DOUBTS_LEAST) } else { 0 };
    let Settled { person, doubts } =
        settle(Among { crowd, model: &model, records: None }, scored.collect(), &Fixed::default(), most);
    let doubts = doubts
        .iter()
        .map(|doubt| LinkedPair {
            one: doubt.one.min(doubt.other),
            other: doubt.one.max(doubt.other),
            judgement: Judgement { band: Band::Ask, ..judge(crowd, &model, doubt.one, doubt.other) },
        })
        .collect();
    Linked { model, person, doubts, compared }
}

impl Linked {
    /// All pairs of records that are one person's, also those that follow from others.
    pub fn links<'a>(&'a self, crowd: &'a Crowd) -> impl Iterator<Item = LinkedPair> + 'a {
        let mut order: Vec<(u32, u32)> = (0..).zip(&self.person).map(|(id, person)| (*person, id)).collect();
        order.sort_unstable();
        let mut spans: Vec<(usize, usize)> = Vec::new();
        let mut start = 0;
        for group in order.chunk_by(|a, b| a.0 == b.0) {
            if group.len() > 1 {
                spans.push((start, group.len()));
            }
            start += group.len();
        }
        spans.into_iter().flat_map(move |(start, length)| {
            let ids: Vec<u32> = order[start..start + length].iter().map(|(_, id)| *id).collect();
            let pairs: Vec<(u32, u32)> = ids
                .iter()
                .enumerate()
                .flat_map(|(at, a)| ids[at + 1..].iter().map(move |b| (*a, *b)))
                .collect();
            pairs.into_iter().map(move |(one, other)| {
                let judgement = Judgement { band: Band::Link, ..judge(crowd, &self.model, one, other) };
                LinkedPair { one, other, judgement }
            })
        })
    }
}

/// Compares, weighs and judges two records.
pub(super) fn judge(crowd: &Crowd, model: &Model, one: u32, other: u32) -> Judgement {
    let levels = compare(crowd, one, other);
    let weighed = model.weigh(crowd, one, other, &levels);
    Judgement { band: band(&levels, &weighed), weighed, levels }
}

/// A pair that may be one person's.
#[derive(Clone, Copy)]
struct Pair {
    one: u32,
    other: u32,
    bits: f32,
}

fn score(crowd: &Crowd, model: &Model, pair: Pair) -> Scored {
    let levels = compare(crowd, pair.one, pair.other);
    let bits = f64::from(pair.bits);
    let weighed = Weighed { bits, probability: model.probability(bits) };
    Scored { one: pair.one, other: pair.other, bits: pair.bits, band: band(&levels, &weighed), stands: false }
}

/// All pairs of one pass that may be one person's, and how many were compared closely.
fn compare_pass(crowd: &Crowd, model: &Model, pass: Pass, threads: usize) -> (Vec<Pair>, u64) {
    let entries = sorted_keys(crowd, pass);
    let entries = &entries;
    let work = |thread: usize| {
        let (mut found, mut compared) = (Vec::new(), 0u64);
        let own = groups(entries, pass.group_max()).enumerate().filter(|(at, _)| at % threads == thread);
        for (_, group) in own {
            for (at, (_, one)) in group.iter().enumerate() {
                let first = crowd.record(*one);
                for (_, other) in &group[at + 1..] {
                    if pass.is_worth(crowd, first, crowd.record(*other)) {
                        compared += 1;
                        found.extend(may_be_one(crowd, model, *one, *other));
                    }
                }
            }
        }
        (found, compared)
    };
    let mut done: Vec<(Vec<Pair>, u64)> = std::thread::scope(|scope| {
        let running: Vec<_> = (1..threads).map(|thread| scope.spawn(move || work(thread))).collect();
        let own = work(0);
        let others = running.into_iter().map(|one| one.join().expect("comparing has no way to panic"));
        std::iter::once(own).chain(others.collect::<Vec<_>>()).collect()
    });
    let (mut pairs, mut compared) = done.swap_remove(0);
    for (found, closely) in done {
        pairs.extend(found);
        compared += closely;
    }
    pairs.sort_unstable_by_key(|pair| (pair.one, pair.other));
    pairs.dedup_by_key(|pair| (pair.one, pair.other));
    (pairs, compared)
}

/// Whether anybody would ask about such a pair, whatever is expected beforehand in the end.
pub(super) fn may_matter(levels: &Levels, weighed: &Weighed) -> bool {
    weighed.probability > ASK_FROM / 8.0 || levels.has_trusted_number()
}

/// The pair if anybody would ask about it, whatever is expected beforehand in the end.
fn may_be_one(crowd: &Crowd, model: &Model, one: u32, other: u32) -> Option<Pair> {
    let levels = compare(crowd, one, other);
    let weighed = model.weigh(crowd, one, other, &levels);
    may_matter(&levels, &weighed).then(|| Pair {
        one: one.min(other),
        other: one.max(other),
        bits: weighed.bits as f32,
    })
}
