//! From judged pairs to people: links are joined, the strongest first, and a link that would bring two records together
//! that cannot be one person's becomes a doubt.

use super::band::{Band, LINK_FROM};
use super::compare::{Levels, compare};
use super::crowd::Crowd;
use super::model::Model;
use std::collections::BTreeSet;

/// Most records of one person that are joined by themselves; more is a sign of something else.
const PERSON_MAX: usize = 64;
/// Two rivals whose weights are nearer than this, in bits, are equally good.
const RIVAL_BITS: f32 = 6.0;
/// A link that says so much more, in bits, than all pairs of its two people do on average stands alone.
const LONE_BITS: f64 = 1.0;

/// A pair on its way; its ends are places in the list of records that is settled.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Scored {
    pub one: u32,
    pub other: u32,
    pub bits: f32,
    pub band: Band,
    /// Was asked about before: of several questions between two people the one that stands is kept.
    pub stands: bool,
}

/// What holds whatever the pairs say, as places in the list of records.
#[derive(Debug, Default)]
pub(super) struct Fixed {
    pub together: Vec<(u32, u32)>,
    /// Smaller place first.
    pub apart: BTreeSet<(u32, u32)>,
}

/// Who is with whom, and what is asked.
pub(super) struct Settled {
    /// The smallest record of each record's person.
    pub person: Vec<u32>,
    /// At most one question between two persons, the likeliest first.
    pub doubts: Vec<Scored>,
}

/// The records that are settled.
#[derive(Clone, Copy)]
pub(super) struct Among<'a> {
    pub crowd: &'a Crowd,
    pub model: &'a Model,
    /// Their numbers in the crowd, by place; `None`: everybody, each at the place of its number.
    pub records: Option<&'a [u32]>,
}

impl Among<'_> {
    fn record(&self, place: u32) -> u32 {
        self.records.map_or(place, |records| records[place as usize])
    }

    fn count(&self) -> usize {
        self.records.map_or(self.crowd.len(), <[u32]>::len)
    }

    fn levels(&self, one: u32, other: u32) -> Levels {
        compare(self.crowd, self.record(one), self.record(other))
    }
}

/// Settles all pairs. A pure function of the set: order does not matter.
pub(super) fn settle(among: Among, mut pairs: Vec<Scored>, fixed: &Fixed, doubts_max: usize) -> Settled {
    pairs.sort_unstable_by(|a, b| {
        (a.band, -a.bits)
            .partial_cmp(&(b.band, -b.bits))
            .unwrap_or(std::cmp::Ordering::Equal)
            .then((a.one, a.other).cmp(&(b.one, b.other)))
    });
    let links = pairs.partition_point(|pair| pair.band == Band::Link);
    let rivals = rivals(among, &pairs, links);
    let mut people = People::new(among.count());
    fixed.together.iter().for_each(|(one, other)| people.unite(*one, *other));
    for (pair, has_rival) in pairs[..links].iter_mut().zip(rivals) {
        if has_rival || !people.join(among, &fixed.apart, pair) {
            pair.band = Band::Ask;
        }
    }
    let person: Vec<u32> = (0..among.count() as u32).map(|id| people.root(id)).collect();
    let mut doubts: Vec<Scored> = pairs.into_iter().filter(|pair| pair.band == Band::Ask).collect();
    doubts.retain(|pair| person[pair.one as usize] != person[pair.other as usize]);
    let between = |pair: &Scored| {
        let (one, other) = (person[pair.one as usize], person[pair.other as usize]);
        (one.min(other), one.max(other))
    };
    let answered: BTreeSet<(u32, u32)> = fixed
        .apart
        .iter()
        .map(|(one, other)| (person[*one as usize], person[*other as usize]))
        .map(|(one, other)| (one.min(other), one.max(other)))
        .collect();
    doubts.retain(|pair| !answered.contains(&between(pair)));
    doubts.sort_by(|a, b| {
        between(a).cmp(&between(b)).then(b.stands.cmp(&a.stands)).then(b.bits.total_cmp(&a.bits))
    });
    doubts.dedup_by_key(|pair| between(pair));
    doubts.sort_by(|a, b| b.bits.total_cmp(&a.bits).then((a.one, a.other).cmp(&(b.one, b.other))));
    doubts.truncate(doubts_max);
    Settled { person, doubts }
}

/// For each link whether one of its records may as well be somebody who cannot be the same as the other: a name without
/// marks that fits two people, a newborn without a name beside two twins. Of a newborn every rival counts, however weak.
fn rivals(among: Among, pairs: &[Scored], links: usize) -> Vec<bool> {
    let mut ends: Vec<(u32, u32, usize)> = Vec::with_capacity(links * 2);
    for (place, pair) in pairs.iter().enumerate() {
        for (own, other) in [(pair.one, pair.other), (pair.other, pair.one)] {
            if place < links || among.crowd.record(among.record(own)).is_stand_in {
                ends.push((own, other, place));
            }
        }
    }
    ends.sort_unstable();
    let mut has_rival = vec![false; links];
    for group in ends.chunk_by(|a, b| a.0 == b.0).filter(|group| (2..=PERSON_MAX).contains(&group.len())) {
        let is_stand_in = among.crowd.record(among.record(group[0].0)).is_stand_in;
        for (at, (_, first, place)) in group.iter().enumerate() {
            for (_, second, with) in &group[at + 1..] {
                let near = (pairs[*place].bits - pairs[*with].bits).abs() <= RIVAL_BITS;
                if (near || is_stand_in) && among.levels(*first, *second).contradict() {
                    [place, with]
                        .into_iter()
                        .filter(|place| **place < links)
                        .for_each(|place| has_rival[*place] = true);
                }
            }
        }
    }
    has_rival
}

/// Sets that are joined, each as a ring of its members.
struct People {
    parent: Vec<u32>,
    next: Vec<u32>,
    size: Vec<u8>,
}

impl People {
    fn new(count: usize) -> People {
        let own: Vec<u32> = (0..count as u32).collect();
        People { parent: own.clone(), next: own, size: vec![1; count] }
    }

    /// The smallest member.
    fn root(&mut self, id: u32) -> u32 {
        let mut at = id;
        while self.parent[at as usize] != at {
            let above = self.parent[self.parent[at as usize] as usize];
            self.parent[at as usize] = above;
            at = above;
        }
        at
    }

    fn members(&self, root: u32) -> impl Iterator<Item = u32> {
        let mut at = Some(root);
        std::iter::from_fn(move || {
            let now = at?;
            at = Some(self.next[now as usize]).filter(|next| *next != root);
            Some(now)
        })
    }

    /// Joins two people by a link, unless a member of one contradicts a member of the other, or all pairs of members
    /// together say less than the one link does; whether they are one now.
    fn join(&mut self, among: Among, apart: &BTreeSet<(u32, u32)>, link: &Scored) -> bool {
        let (one, other) = (self.root(link.one), self.root(link.other));
        if one == other {
            return true;
        }
        let size = usize::from(self.size[one as usize]) + usize::from(self.size[other as usize]);
        if size > PERSON_MAX || !self.may_join(among, apart, link, one, other) {
            return false;
        }
        self.unite(one, other);
        true
    }

    /// Joins two people, whatever speaks against it.
    fn unite(&mut self, one: u32, other: u32) {
        let (one, other) = (self.root(one), self.root(other));
        if one == other {
            return;
        }
        let size = usize::from(self.size[one as usize]) + usize::from(self.size[other as usize]);
        let (small, large) = (one.min(other), one.max(other));
        self.parent[large as usize] = small;
        self.next.swap(one as usize, other as usize);
        self.size[small as usize] = size.min(usize::from(u8::MAX)) as u8;
    }

    fn may_join(
        &self,
        among: Among,
        apart: &BTreeSet<(u32, u32)>,
        link: &Scored,
        one: u32,
        other: u32,
    ) -> bool {
        let said = |a: u32, b: u32| !apart.is_empty() && apart.contains(&(a.min(b), a.max(b)));
        if said(one, other) {
            return false;
        }
        if self.size[one as usize] == 1 && self.size[other as usize] == 1 {
            return true;
        }
        let (mut bits, mut count) = (0.0, 0.0);
        for a in self.members(one) {
            for b in self.members(other) {
                let levels = among.levels(a, b);
                if levels.contradict() || said(a, b) {
                    return false;
                }
                bits += among.model.weigh(among.crowd, among.record(a), among.record(b), &levels).bits;
                count += 1.0;
            }
        }
        f64::from(link.bits) - bits / count <= LONE_BITS || among.model.probability(bits / count) >= LINK_FROM
    }
}

#[cfg(test)]
#[path = "settle_tests.rs"]
mod tests;
