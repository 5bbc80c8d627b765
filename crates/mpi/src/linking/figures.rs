//! How good linking was, where the truth is known.

use super::batch::Linked;
use super::hash::FastMap;

/// Counts of pairs. A true pair is two records of one person, over all records of everybody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Figures {
    pub records: u64,
    pub true_pairs: u64,
    /// Pairs of records that were put together, and those of them that are true.
    pub linked: u64,
    pub linked_right: u64,
    /// Questions, and true pairs that come together when each question is answered rightly.
    pub doubts: u64,
    pub doubts_right: u64,
    pub asked_right: u64,
}

impl Figures {
    /// Of what was linked, how much is true.
    pub fn precision(&self) -> f64 {
        part(self.linked_right, self.linked)
    }

    /// Of what is true, how much was linked.
    pub fn recall(&self) -> f64 {
        part(self.linked_right, self.true_pairs)
    }

    /// Of what is true, how much was linked or stands between two persons about whom a question is asked.
    pub fn recall_with_doubts(&self) -> f64 {
        part(self.linked_right + self.asked_right, self.true_pairs)
    }

    pub fn doubts_per_hundred(&self) -> f64 {
        if self.records == 0 { 0.0 } else { self.doubts as f64 * 100.0 / self.records as f64 }
    }
}

fn part(of: u64, all: u64) -> f64 {
    if all == 0 { 1.0 } else { of as f64 / all as f64 }
}

/// Compares what was found with the truth: for each record the number of its person.
pub fn figures(linked: &Linked, truth: &[u64]) -> Figures {
    let pairs = |count: u64| count * count.saturating_sub(1) / 2;
    let mut figures =
        Figures { records: truth.len() as u64, doubts: linked.doubts.len() as u64, ..Figures::default() };
    let (mut by_truth, mut by_person) = (FastMap::<u64, u64>::default(), FastMap::<u32, u64>::default());
    let mut by_both: FastMap<(u32, u64), u64> = FastMap::default();
    for (person, truth) in linked.person.iter().zip(truth) {
        *by_truth.entry(*truth).or_default() += 1;
        *by_person.entry(*person).or_default() += 1;
        *by_both.entry((*person, *truth)).or_default() += 1;
    }
    figures.true_pairs = by_truth.values().map(|count| pairs(*count)).sum();
    figures.linked = by_person.values().map(|count| pairs(*count)).sum();
    figures.linked_right = by_both.values().map(|count| pairs(*count)).sum();
    let mut asked: Vec<(u32, u32)> = Vec::new();
    for doubt in &linked.doubts {
        figures.doubts_right += u64::from(truth[doubt.one as usize] == truth[doubt.other as usize]);
        let (one, other) = (linked.person[doubt.one as usize], linked.person[doubt.other as usize]);
        asked.push((one.min(other), one.max(other)));
    }
    let mut truths_of: FastMap<u32, Vec<(u64, u64)>> = FastMap::default();
    for ((person, truth), count) in &by_both {
        truths_of.entry(*person).or_default().push((*truth, *count));
    }
    for (one, other) in asked {
        let of = |person: u32| truths_of.get(&person).into_iter().flatten();
        figures.asked_right += of(one)
            .map(|(truth, count)| {
                of(other).filter(|with| with.0 == *truth).map(|with| with.1 * count).sum::<u64>()
            })
            .sum::<u64>();
    }
    figures
}
