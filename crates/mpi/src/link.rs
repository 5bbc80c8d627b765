//! When the Patients of a group are one person: the first step, by numbers. Pure: the same Patients and decisions give
//! the same answer in any order.
//!
//! Linking is transitive, so a link that [`crate::evidence`] finds for a pair is refused when it would bring two
//! Patients together that cannot be one person (other sex, other birth date, other name, other personal number, or a
//! person said so), even over a third that fits both.

use crate::evidence::{
    Decision, Overused, Reason, Standing, Subject, Verdict, conflict, decision, evidence, judge,
};
use crate::identifier::Key;
use std::collections::{BTreeMap, BTreeSet};

/// A number that more Patients than this carry is nobody's number and proposes nothing.
pub const KEY_PATIENTS_MAX: usize = 64;
/// Most Patients that are judged together.
pub const GROUP_MAX: usize = 256;
/// Most doubts that one Patient gets; the strongest are kept.
const DOUBTS_MAX: usize = 16;

/// Decides about all pairs in a group of Patients that share numbers or stand in decisions together.
///
/// Answers what the machine wants to stand, for pairs that no person has decided: links that connect (not every pair
/// of a person, one chain is enough), doubts, and withdrawals of what stood. What is not answered may stay as it is.
/// A pure function of the set: order of subjects and decisions does not matter. More than [`GROUP_MAX`] subjects are
/// answered with nothing.
pub fn decide(subjects: &[Subject], standing: &[Standing], overused: &BTreeSet<Key>) -> Vec<Decision> {
    if subjects.len() > GROUP_MAX {
        return Vec::new();
    }
    let mut group = Group::new(subjects, standing);
    let judged = group.judge_all(overused);
    let mut doubts = judged.doubts;
    let mut links = Vec::new();
    let mut tiers: BTreeMap<(Tier, bool), Vec<Decision>> = BTreeMap::new();
    for edge in judged.links {
        let less_sure = !edge.reasons.contains(&Reason::BirthEqual);
        tiers.entry((edge.tier(), less_sure)).or_default().push(edge);
    }
    for edges in tiers.into_values() {
        group.join_tier(edges, &mut links, &mut doubts);
    }
    let mut wanted = group.chain(links);
    wanted.extend(group.worth_asking(doubts));
    wanted.extend(group.withdrawn(&judged.untouched, &wanted));
    wanted.sort_by(|a, b| (&a.first, &a.second).cmp(&(&b.first, &b.second)));
    wanted
}

/// Kinds of evidence by strength: links of a stronger kind are settled before a weaker kind is asked, and within a kind
/// those with the same full birth date first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Tier {
    PersonalNumber,
    Card,
    Insurance,
}

impl Decision {
    fn tier(&self) -> Tier {
        match () {
            () if self.reasons.contains(&Reason::SameCccd) => Tier::PersonalNumber,
            () if self.reasons.contains(&Reason::SameBhxh)
                && !self.reasons.contains(&Reason::SameCmnd)
                && !self.reasons.contains(&Reason::SamePassport) =>
            {
                Tier::Insurance
            }
            () => Tier::Card,
        }
    }

    fn pair(&self) -> (String, String) {
        (self.first.clone(), self.second.clone())
    }
}

struct Judged {
    links: Vec<Decision>,
    doubts: Vec<Decision>,
    /// Pairs about which nothing may be said: a person decided, or only overused numbers speak.
    untouched: BTreeSet<(String, String)>,
}

struct Group<'a> {
    subjects: BTreeMap<&'a str, &'a Subject>,
    standing: BTreeMap<(String, String), &'a Standing>,
    clusters: Clusters,
}

impl<'a> Group<'a> {
    fn new(subjects: &'a [Subject], standing: &'a [Standing]) -> Group<'a> {
        let mut group = Group {
            subjects: subjects.iter().map(|subject| (subject.id.as_str(), subject)).collect(),
            standing: BTreeMap::new(),
            clusters: Clusters::default(),
        };
        for one in standing {
            let pair = (one.first.clone(), one.second.clone());
            // Where a person and the machine both spoke about a pair, the person holds.
            let person_spoke = group.standing.get(&pair).is_some_and(|known| known.by_person);
            if !person_spoke {
                group.standing.insert(pair, one);
            }
        }
        for one in group.standing.values().filter(|one| one.by_person && one.verdict == Verdict::Link) {
            group.clusters.join(&one.first, &one.second);
        }
        group
    }

    fn person_decided(&self, pair: &(String, String)) -> Option<Verdict> {
        self.standing.get(pair).filter(|one| one.by_person).map(|one| one.verdict)
    }

    fn judge_all(&self, overused: &BTreeSet<Key>) -> Judged {
        let mut judged = Judged { links: Vec::new(), doubts: Vec::new(), untouched: BTreeSet::new() };
        let mut bearers: BTreeMap<&Key, BTreeSet<&str>> = BTreeMap::new();
        for (id, subject) in &self.subjects {
            for key in evidence(subject) {
                bearers.entry(key).or_default().insert(id);
            }
        }
        let pairs: BTreeSet<(&str, &str)> = bearers
            .values()
            .flat_map(|ids| {
                ids.iter().flat_map(|a| ids.iter().filter(move |b| a < *b).map(move |b| (*a, *b)))
            })
            .collect();
        for (first, second) in pairs {
            let pair = (first.to_owned(), second.to_owned());
            if self.person_decided(&pair).is_some() {
                judged.untouched.insert(pair);
                continue;
            }
            match judge(self.subjects[first], self.subjects[second], overused) {
                Ok(Some(found)) if found.verdict == Verdict::Link => judged.links.push(found),
                Ok(Some(found)) => judged.doubts.push(found),
                Ok(None) => {}
                Err(Overused) => {
                    judged.untouched.insert(pair);
                }
            }
        }
        judged
    }

    /// Joins all edges of a tier at once. A resulting person that holds a contradiction across the parts it was joined
    /// from is not made: its edges become doubts, all of them, since none is better than the others.
    fn join_tier(&mut self, edges: Vec<Decision>, links: &mut Vec<Decision>, doubts: &mut Vec<Decision>) {
        let mut tried = self.clusters.clone();
        for edge in &edges {
            tried.join(&edge.first, &edge.second);
        }
        let mut members: BTreeMap<String, Vec<&str>> = BTreeMap::new();
        for id in self.subjects.keys() {
            members.entry(tried.root(id)).or_default().push(id);
        }
        let refused: BTreeSet<&String> =
            members.iter().filter(|(_, ids)| self.contradicts_across(ids)).map(|(root, _)| root).collect();
        for mut edge in edges {
            if !refused.contains(&tried.root(&edge.first)) {
                self.clusters.join(&edge.first, &edge.second);
                links.push(edge);
            } else if self.clusters.root(&edge.first) == self.clusters.root(&edge.second) {
                links.push(edge);
            } else {
                edge.reasons.push(Reason::GroupConflict);
                doubts.push(decision(&edge.first, &edge.second, Verdict::Doubt, edge.reasons));
            }
        }
    }

    fn contradicts_across(&self, ids: &[&str]) -> bool {
        ids.iter().enumerate().any(|(place, one)| {
            ids[place + 1..].iter().any(|other| {
                self.clusters.root(one) != self.clusters.root(other)
                    && (self.person_decided(&ordered(one, other)) == Some(Verdict::Apart)
                        || conflict(self.subjects[one], self.subjects[other]))
            })
        })
    }

    /// Of the links found, those that stand already, and as many of the strongest as connect every person.
    fn chain(&self, mut links: Vec<Decision>) -> Vec<Decision> {
        let stands = |link: &Decision| {
            self.standing.get(&link.pair()).is_some_and(|standing| standing.verdict == Verdict::Link)
        };
        links.sort_by(|a, b| {
            (!stands(a), -a.weight, &a.first, &a.second).cmp(&(!stands(b), -b.weight, &b.first, &b.second))
        });
        let mut joined = Clusters::default();
        for one in self.standing.values().filter(|one| one.by_person && one.verdict == Verdict::Link) {
            joined.join(&one.first, &one.second);
        }
        links.retain(|link| {
            let new = joined.root(&link.first) != joined.root(&link.second);
            joined.join(&link.first, &link.second);
            // A doubt that stands about a pair that now agrees is resolved.
            new || self.standing.contains_key(&link.pair())
        });
        links
    }

    /// Doubts between different people, the strongest few of each Patient; and links of ours that became doubtful.
    fn worth_asking(&self, mut doubts: Vec<Decision>) -> Vec<Decision> {
        doubts.sort_by(|a, b| (-a.weight, &a.first, &a.second).cmp(&(-b.weight, &b.first, &b.second)));
        let mut asked: BTreeMap<String, usize> = BTreeMap::new();
        doubts.retain(|doubt| {
            if self.standing.contains_key(&doubt.pair()) {
                return true;
            }
            if self.clusters.root(&doubt.first) == self.clusters.root(&doubt.second) {
                return false;
            }
            let full = [&doubt.first, &doubt.second]
                .iter()
                .any(|id| asked.get(id.as_str()).is_some_and(|count| *count >= DOUBTS_MAX));
            if !full {
                for id in [&doubt.first, &doubt.second] {
                    *asked.entry(id.clone()).or_default() += 1;
                }
            }
            !full
        });
        doubts
    }

    /// Decisions of the machine about pairs for which nothing speaks any more.
    fn withdrawn(&self, untouched: &BTreeSet<(String, String)>, wanted: &[Decision]) -> Vec<Decision> {
        let kept: BTreeSet<(String, String)> = wanted.iter().map(Decision::pair).collect();
        self.standing
            .iter()
            .filter(|(_, standing)| !standing.by_person && standing.verdict != Verdict::Withdrawn)
            .filter(|(pair, _)| !untouched.contains(*pair) && !kept.contains(*pair))
            .map(|(pair, _)| decision(&pair.0, &pair.1, Verdict::Withdrawn, Vec::new()))
            .collect()
    }
}

fn ordered(one: &str, other: &str) -> (String, String) {
    if one < other { (one.to_owned(), other.to_owned()) } else { (other.to_owned(), one.to_owned()) }
}

/// Sets that are joined: who is together with whom.
#[derive(Debug, Clone, Default)]
pub struct Clusters {
    parent: BTreeMap<String, String>,
}

impl Clusters {
    /// The smallest id of the set.
    pub fn root(&self, id: &str) -> String {
        let mut at = id;
        while let Some(parent) = self.parent.get(at) {
            at = parent;
        }
        at.to_owned()
    }

    pub fn join(&mut self, one: &str, other: &str) {
        let (one, other) = (self.root(one), self.root(other));
        if one != other {
            let (small, large) = ordered(&one, &other);
            self.parent.insert(large, small);
        }
    }
}

#[cfg(test)]
#[path = "link_tests.rs"]
mod tests;
