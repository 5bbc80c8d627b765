//! What is decided about one group of Patients: pure. People's words hold; then the strongest links are joined unless a
//! contradiction would come together; then what is left to ask. What stands and is still good stays as it is.

use crate::by_hand::UNDONE;
use crate::evidence::{Decision, Reason, Verdict};
use crate::linkage::Decided;
use crate::linker::Held;
use crate::linking::{Band, Judgement, Ruled, Verdicts, Weighty};
use std::collections::{BTreeMap, BTreeSet};

/// A link that stands is kept down to this probability: what was said is not unsaid for a trifle.
const KEEP_LINK_FROM: f64 = 0.99;
/// Most doubts that one Patient gets; the strongest are kept.
const DOUBTS_MAX: usize = 16;
/// Most reasons that a decision names.
const REASONS_MAX: usize = 9;

/// Two places of the index, the smaller first.
pub(crate) type Pair = (u32, u32);

/// A pair that may be one person's.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Found {
    pub pair: Pair,
    judgement: Judgement,
}

impl Found {
    /// All pairs of these places with anybody, the strongest `most` of each.
    pub fn of_all(held: &Held, places: &[u32], most: usize) -> Vec<Found> {
        let mut all = Vec::new();
        for place in places {
            let mut own = held.index.pairs_of(*place);
            let bits = |one: &crate::linking::Found| one.judgement.weighed.bits;
            own.sort_by(|a, b| a.judgement.band.cmp(&b.judgement.band).then(bits(b).total_cmp(&bits(a))));
            own.truncate(most);
            all.extend(own.iter().map(|found| Found {
                pair: ((*place).min(found.id), (*place).max(found.id)),
                judgement: found.judgement,
            }));
        }
        all
    }

    pub fn is_link(&self) -> bool {
        self.judgement.band == Band::Link
    }

    pub fn bits(&self) -> f64 {
        self.judgement.weighed.bits
    }
}

/// A Patient of a group.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    pub place: u32,
    pub id: String,
    /// The person it belongs to as the table says: holds for those who stand beside.
    pub person: String,
}

/// A decision on record; without a pair when one of its Patients is gone.
#[derive(Debug, Clone)]
pub(crate) struct Standing {
    pub pair: Option<Pair>,
    pub decided: Decided,
}

/// Patients that are judged together.
#[derive(Debug, Default)]
pub(crate) struct Group {
    /// Those whose surroundings were looked up; the other nodes stand beside.
    pub inner: BTreeSet<u32>,
    pub nodes: Vec<Node>,
    pub pairs: Vec<Found>,
    pub standing: Vec<Standing>,
}

impl Group {
    /// What the machine wants to stand, for pairs that no person has decided: links that connect (not every pair of a person,
    /// one chain is enough), doubts, and withdrawals of what stood. What is not answered may stay as it is; what stands so
    /// already is not repeated.
    pub fn decide(&self, held: &Held) -> Vec<Decision> {
        if self.pairs.is_empty() && self.standing.is_empty() {
            return Vec::new();
        }
        let ruled = self.ruled();
        let judged = self.judged(held);
        let places: Vec<u32> = self.nodes.iter().map(|node| node.place).collect();
        let weighty: Vec<Weighty> = judged
            .iter()
            .map(|(pair, judged)| Weighty {
                one: pair.0,
                other: pair.1,
                judgement: judged.judgement,
                stands: judged.stands == Some(Verdict::Doubt),
            })
            .collect();
        let verdicts = held.index.settle(&places, &weighty, &ruled);
        let people: BTreeMap<u32, u32> =
            places.iter().copied().zip(verdicts.person.iter().copied()).collect();
        let mut wanted: BTreeMap<Pair, Verdict> = BTreeMap::new();
        wanted.extend(self.chain(&judged, &people, &ruled).into_iter().map(|pair| (pair, Verdict::Link)));
        wanted.extend(self.doubts(held, &judged, &verdicts).into_iter().map(|pair| (pair, Verdict::Doubt)));
        let ids: BTreeMap<u32, &str> = self.nodes.iter().map(|node| (node.place, node.id.as_str())).collect();
        let mut decisions: Vec<Decision> = wanted
            .iter()
            .filter_map(|(pair, verdict)| {
                Some(said(held, *pair, *verdict, &judged[pair], ids.get(&pair.0)?, ids.get(&pair.1)?))
            })
            .collect();
        decisions.extend(self.withdrawn(&wanted, &people));
        decisions.retain(|decision| !self.standing.iter().any(|one| stands_as(one, decision)));
        decisions
    }

    /// What people said, and which of those who stand beside are one person already.
    fn ruled(&self) -> Ruled {
        let mut ruled = Ruled::default();
        for one in self.standing.iter().filter(|one| one.decided.by_person()) {
            match (one.pair, one.decided.verdict) {
                (Some(pair), Verdict::Link) => ruled.together.push(pair),
                (Some(pair), Verdict::Apart) => ruled.apart.push(pair),
                _ => {}
            }
        }
        let mut first: BTreeMap<&str, u32> = BTreeMap::new();
        for node in self.nodes.iter().filter(|node| !self.inner.contains(&node.place)) {
            let known = *first.entry(&node.person).or_insert(node.place);
            if known != node.place {
                ruled.together.push((known, node.place));
            }
        }
        ruled
    }

    /// All pairs that no person decided, as they are judged today, in the light of what stands.
    fn judged(&self, held: &Held) -> BTreeMap<Pair, Judged> {
        let decided: BTreeSet<Pair> =
            self.standing.iter().filter(|one| one.decided.by_person()).filter_map(|one| one.pair).collect();
        let mut judged: BTreeMap<Pair, Judged> = self
            .pairs
            .iter()
            .map(|found| (found.pair, Judged { judgement: found.judgement, stands: None }))
            .collect();
        for one in self.standing.iter().filter(|one| !one.decided.by_person()) {
            let Some(pair) = one.pair else { continue };
            let known = judged
                .entry(pair)
                .or_insert_with(|| Judged { judgement: held.index.judge(pair.0, pair.1), stands: None });
            // What was undone was never said.
            known.stands = (one.decided.by != UNDONE).then_some(one.decided.verdict);
            let still_good = known.judgement.weighed.probability >= KEEP_LINK_FROM
                && known.judgement.band == Band::Ask
                && !known.judgement.levels.contradict();
            if one.decided.verdict == Verdict::Link && still_good {
                known.judgement.band = Band::Link;
            }
        }
        judged.retain(|pair, one| !decided.contains(pair) && one.judgement.band != Band::Apart);
        judged
    }

    /// Of the links found, those that stand already, and as many of the strongest as connect every person.
    fn chain(
        &self,
        judged: &BTreeMap<Pair, Judged>,
        people: &BTreeMap<u32, u32>,
        ruled: &Ruled,
    ) -> Vec<Pair> {
        let mut links: Vec<(&Pair, &Judged)> = judged
            .iter()
            .filter(|(pair, one)| {
                one.judgement.band == Band::Link && people.get(&pair.0) == people.get(&pair.1)
            })
            .collect();
        let stands = |one: &Judged| one.stands == Some(Verdict::Link);
        links.sort_by(|a, b| {
            let bits = |one: &Judged| one.judgement.weighed.bits;
            stands(b.1).cmp(&stands(a.1)).then(bits(b.1).total_cmp(&bits(a.1))).then(a.0.cmp(b.0))
        });
        let mut joined = Sets::default();
        ruled.together.iter().for_each(|(one, other)| {
            joined.join(*one, *other);
        });
        links.retain(|(pair, one)| {
            let new = joined.join(pair.0, pair.1);
            // A doubt that stands about a pair that now agrees is resolved.
            new || matches!(one.stands, Some(Verdict::Link | Verdict::Doubt))
        });
        links.into_iter().map(|(pair, _)| *pair).collect()
    }

    /// Questions between different people: those that stand, and the strongest few of each Patient.
    fn doubts(&self, held: &Held, judged: &BTreeMap<Pair, Judged>, verdicts: &Verdicts) -> Vec<Pair> {
        let mut asked: BTreeMap<u32, usize> = BTreeMap::new();
        let mut kept = Vec::new();
        for (one, other) in &verdicts.doubts {
            let pair = (*one.min(other), *one.max(other));
            let Some(about) = judged.get(&pair) else { continue };
            let weak =
                about.judgement.weighed.bits < held.edition.ask_from && about.judgement.band != Band::Link;
            let full = |place: &u32| asked.get(place).is_some_and(|count| *count >= DOUBTS_MAX);
            // What was asked once may be asked again, however weak.
            if about.stands.is_none() && (weak || full(one) || full(other)) {
                continue;
            }
            for place in [one, other] {
                *asked.entry(*place).or_default() += 1;
            }
            kept.push(pair);
        }
        kept
    }

    /// Decisions of the machine about pairs for which nothing speaks any more. A doubt between two records that are one
    /// person's by now stays as it is: nobody is asked, and it is there again should they be parted.
    fn withdrawn(&self, wanted: &BTreeMap<Pair, Verdict>, people: &BTreeMap<u32, u32>) -> Vec<Decision> {
        let is_over = |one: &&Standing| {
            let Some(pair) = one.pair else { return true };
            let one_person = people.get(&pair.0) == people.get(&pair.1);
            let stays = wanted.contains_key(&pair) || (one_person && one.decided.verdict == Verdict::Doubt);
            !stays
        };
        self.standing
            .iter()
            .filter(|one| !one.decided.by_person() && one.decided.verdict != Verdict::Withdrawn)
            .filter(is_over)
            .map(|one| {
                let (first, second) = (&one.decided.first, &one.decided.second);
                Decision::new(first, second, Verdict::Withdrawn, 0, Vec::new())
            })
            .collect()
    }
}

#[derive(Debug, Clone, Copy)]
struct Judged {
    judgement: Judgement,
    /// What the machine said about the pair before.
    stands: Option<Verdict>,
}

fn stands_as(one: &Standing, decision: &Decision) -> bool {
    one.decided.first == decision.first && one.decided.second == decision.second && one.decided.says(decision)
}

/// A decision with its reasons and what they weigh.
fn said(held: &Held, pair: Pair, verdict: Verdict, judged: &Judged, one: &str, other: &str) -> Decision {
    let judgement = &judged.judgement;
    let mut reasons = reasons(held, pair, judgement);
    if verdict == Verdict::Doubt && judgement.band == Band::Link {
        reasons.push(Reason::group_conflict());
    }
    Decision::new(one, other, verdict, judgement.weighed.bits.round() as i32, reasons)
}

fn reasons(held: &Held, pair: Pair, judgement: &Judgement) -> Vec<Reason> {
    let said = held.index.reasons(pair.0, pair.1, judgement).into_iter();
    said.filter_map(|(field, level, bits)| Reason::of_level(field, level, bits)).take(REASONS_MAX).collect()
}

/// Weight and reasons of a pair, whatever is decided about it.
pub(crate) fn evidence(held: &Held, one: u32, other: u32) -> (i32, Vec<Reason>) {
    let judgement = held.index.judge(one, other);
    (judgement.weighed.bits.round() as i32, reasons(held, (one, other), &judgement))
}

/// Sets of places that are joined.
#[derive(Default)]
pub(crate) struct Sets {
    above: BTreeMap<u32, u32>,
    sizes: BTreeMap<u32, usize>,
}

impl Sets {
    /// The smallest of the set.
    pub fn root(&self, place: u32) -> u32 {
        let mut at = place;
        while let Some(above) = self.above.get(&at) {
            at = *above;
        }
        at
    }

    pub fn size(&self, place: u32) -> usize {
        self.sizes.get(&self.root(place)).copied().unwrap_or(1)
    }

    /// Whether they were apart before.
    pub fn join(&mut self, one: u32, other: u32) -> bool {
        let (one, other) = (self.root(one), self.root(other));
        if one != other {
            let size = self.size(one) + self.size(other);
            self.above.insert(one.max(other), one.min(other));
            self.sizes.insert(one.min(other), size);
        }
        one != other
    }
}
