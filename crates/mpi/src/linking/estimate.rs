//! Estimating weights from the records themselves: u from pairs drawn at random, m by expectation-maximisation over
//! pairs that share a key which says nothing of the fields estimated (as Splink does). Nobody labels anything.

use super::blocking::{Pass, groups, sorted_keys};
use super::compare::compare;
use super::crowd::Crowd;
use super::hash::FastMap;
use super::model::{FIELDS, LEVELS_MAX, Model, Table};
use super::names::NameLevel;

/// Pairs drawn at random, and pairs of a pass, that are looked at.
const RANDOM_PAIRS: usize = 600_000;
const RANDOM_PAIRS_EACH: usize = 40;
const PASS_PAIRS: usize = 400_000;
/// Expected shares count like this many pairs: a handful of records changes little.
const FAITH: f64 = 200.0;
/// The same of strangers: among a handful, one pair in thirty is no stranger's.
const STRANGERS_FAITH: f64 = 2_000.0;
const ROUNDS: usize = 30;
/// Fields by place: which are learnt from pairs of one birth date, which from pairs of one name and village.
const OF_BIRTH_PASS: [usize; 7] = [0, 3, 4, 5, 6, 7, 8];
const OF_NAME_PASS: [usize; 2] = [1, 2];

type Patterns = FastMap<[u8; FIELDS.len()], f64>;

impl Model {
    /// Estimates all weights. Of a few records it knows little more than what is usual.
    pub fn estimate(crowd: &Crowd) -> Model {
        let strangers = strangers(crowd);
        let mut same: Table = [[0.0; LEVELS_MAX]; FIELDS.len()];
        for (field, about) in FIELDS.iter().enumerate() {
            same[field][..about.same.len()].copy_from_slice(about.same);
        }
        for (pass, fields) in [(Pass::Birth, &OF_BIRTH_PASS[..]), (Pass::NameAndVillage, &OF_NAME_PASS[..])] {
            let patterns = patterns_of(crowd, pass);
            maximise(&patterns, fields, &mut same, &strangers);
        }
        // Until pairs were weighed: as if every second record had a partner.
        let records = crowd.len().max(2) as f64;
        Model::new(&same, &strangers, same_name(crowd), -(records.log2()))
    }

    /// Sets what is expected beforehand so that it agrees with what is found: `bits` are the weights of all pairs that
    /// may be one person's, or of a part of them, each of which stands for `each`.
    pub(super) fn expect(&mut self, bits: &[f32], records: usize, each: f64) {
        let all = records as f64 * (records as f64 - 1.0) / 2.0;
        for _ in 0..8 {
            let found: f64 = bits.iter().map(|bits| self.probability(f64::from(*bits))).sum();
            let rate = ((found * each).max(0.5) / all.max(1.0)).min(0.5);
            self.prior_bits = (rate / (1.0 - rate)).log2();
        }
    }
}

/// Shares of levels among pairs drawn at random, which are strangers almost always. What hardly ever happens by chance
/// is counted from frequencies instead.
fn strangers(crowd: &Crowd) -> Table {
    let records = crowd.len() as u64;
    let mut counts: Table = [[0.0; LEVELS_MAX]; FIELDS.len()];
    let mut state = 0x9e37_79b9_7f4a_7c15u64;
    let mut draw = |below: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((u128::from(state) * u128::from(below)) >> 64) as u32
    };
    // A short list has few pairs; drawing each many times tells nothing new.
    let pairs = if records > 1 { RANDOM_PAIRS.min(records as usize * RANDOM_PAIRS_EACH) } else { 0 };
    for _ in 0..pairs {
        let (one, other) = (draw(records), draw(records));
        if one != other {
            let indices = compare(crowd, one, other).indices();
            (0..FIELDS.len()).for_each(|field| counts[field][usize::from(indices[field])] += 1.0);
        }
    }
    let mut shares: Table = [[0.0; LEVELS_MAX]; FIELDS.len()];
    for (field, about) in FIELDS.iter().enumerate() {
        let named: Vec<usize> = named(field).collect();
        let total: f64 = named.iter().map(|level| counts[field][*level]).sum();
        for level in named.iter().copied() {
            let expected = STRANGERS_FAITH * about.strangers[level];
            shares[field][level] = (counts[field][level] + expected) / (total + STRANGERS_FAITH);
        }
    }
    rare(crowd, &mut shares);
    shares
}

/// Phones, numbers and whole names: counted, since samples hardly meet two that are equal. Numbers shared by records of
/// one person are counted as well, so these weigh rather less than they could.
fn rare(crowd: &Crowd, shares: &mut Table) {
    let least = 1.0 / (crowd.len().max(10) as f64 * 20.0);
    shares[4][1] = with_faith(crowd, crowd.same_phone_rate(), FIELDS[4].strangers[1]).max(least / 10.0);
    for of_number in &mut shares[6..9] {
        (of_number[1], of_number[2], of_number[3]) = (least, least, least * 4.0);
    }
    let exact = [NameLevel::Marks, NameLevel::Plain, NameLevel::Tone, NameLevel::Sound];
    let drawn: f64 = exact.iter().map(|level| shares[0][*level as usize]).sum();
    let counted = same_name(crowd);
    // All four are one event to a stranger: the same name by chance, however it is typed.
    exact.iter().for_each(|level| shares[0][*level as usize] *= counted / drawn);
    shares[5][1] = counted;
}

/// How likely two strangers' names sound alike.
fn same_name(crowd: &Crowd) -> f64 {
    with_faith(crowd, crowd.same_name_rate(), FIELDS[0].strangers[1..=4].iter().sum())
}

/// A rate counted over all pairs, and what is expected while there are few.
fn with_faith(crowd: &Crowd, counted: f64, expected: f64) -> f64 {
    let pairs = crowd.len() as f64 * (crowd.len() as f64 - 1.0).max(0.0) / 2.0;
    (counted * pairs + expected * STRANGERS_FAITH) / (pairs + STRANGERS_FAITH)
}

fn named(field: usize) -> impl Iterator<Item = usize> {
    let is_own = move |level: &usize| {
        let own = !FIELDS[field].levels[*level].is_empty();
        // Levels of newborns without a name are weighed apart.
        own && !(field == 0 && *level > NameLevel::Differs as usize)
    };
    (1..FIELDS[field].levels.len()).filter(is_own)
}

/// How often each combination of levels is seen among pairs of one pass.
fn patterns_of(crowd: &Crowd, pass: Pass) -> Patterns {
    let entries = sorted_keys(crowd, pass);
    let most = pass.group_max();
    let all: usize = groups(&entries, most).map(|group| group.len() * (group.len() - 1) / 2).sum();
    let step = all.div_ceil(PASS_PAIRS).max(1);
    let mut patterns = Patterns::default();
    // Of groups of many, whole groups are taken, so that pairs stand in proportion.
    for group in groups(&entries, most).step_by(step) {
        for (at, one) in group.iter().enumerate() {
            for other in &group[at + 1..] {
                *patterns.entry(compare(crowd, one.1, other.1).indices()).or_default() += 1.0;
            }
        }
    }
    patterns
}

/// Expectation-maximisation over the given fields; the other fields take no part.
fn maximise(patterns: &Patterns, fields: &[usize], same: &mut Table, strangers: &Table) {
    let total: f64 = patterns.values().sum();
    let mut rate = 0.05;
    for _ in 0..ROUNDS {
        let mut counts: Table = [[0.0; LEVELS_MAX]; FIELDS.len()];
        let mut matched = 0.0;
        for (pattern, count) in patterns {
            let (mut m, mut u) = (rate, 1.0 - rate);
            for field in fields.iter().copied() {
                let level = usize::from(pattern[field]);
                if strangers[field][level] > 0.0 {
                    m *= same[field][level].max(1e-5);
                    u *= strangers[field][level].max(1e-7);
                }
            }
            let probability = m / (m + u);
            matched += probability * count;
            fields
                .iter()
                .for_each(|field| counts[*field][usize::from(pattern[*field])] += probability * count);
        }
        rate = ((matched + 1.0) / (total + 20.0)).clamp(1e-6, 0.999);
        for field in fields.iter().copied() {
            let seen: f64 = named(field).map(|level| counts[field][level]).sum();
            for level in named(field) {
                let expected = FAITH * FIELDS[field].same[level];
                same[field][level] = (counts[field][level] + expected) / (seen + FAITH);
            }
        }
    }
}
