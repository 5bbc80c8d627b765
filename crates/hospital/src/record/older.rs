//! Of a long record's observations only the newest of each test are read whole. Of the others it is only looked up, without
//! making a tree, of which test they are, when they were made and in which visit: 20,000 trees would cost ten times
//! what the page shows of them.

use super::labs::VALUES_MAX;
use super::read;
use std::collections::HashMap;
use yba_fhir::json::{Value, from_slice, from_str, ordered, raw_members, to_string};

/// As many observations are read whole, whatever they are.
const WHOLE_MAX: usize = 1000;
/// The newest of a test that are read whole: some of them may hold no value that can be shown.
const NEWEST: usize = 2 * VALUES_MAX;

/// What is known of observations that were not read whole.
#[derive(Debug, Clone, Default)]
pub struct Older {
    pub tests: Vec<OlderTest>,
    /// How many there are in each encounter (id).
    pub by_encounter: HashMap<String, usize>,
}

/// The older measurements of one test.
#[derive(Debug, Clone)]
pub struct OlderTest {
    /// `Observation.code`.
    pub concept: Value,
    pub count: usize,
    /// The date of the first.
    pub since: String,
}

/// What is looked up of an observation, as it is written there.
#[derive(Clone, Copy)]
struct Look<'b> {
    code: &'b str,
    category: &'b str,
    when: &'b str,
    encounter: &'b str,
}

const MEMBERS: [&str; 6] = ["code", "category", "status", "effectiveDateTime", "encounter", "meta"];

impl<'b> Look<'b> {
    /// `None` of one that has to be read whole: void, labelled, or dated in another way.
    fn at(body: &'b [u8]) -> Option<Look<'b>> {
        let [code, category, status, when, encounter, meta] = raw_members(body, MEMBERS);
        let is_fact = matches!(status?, "\"final\"" | "\"amended\"" | "\"corrected\"" | "\"preliminary\"");
        let is_labelled = meta.is_some_and(|meta| meta.contains("\"security\""));
        let is_plain = is_fact && !is_labelled;
        let look = Look {
            code: code?,
            category: category.unwrap_or_default(),
            when: when?.trim_matches('"'),
            encounter: encounter.unwrap_or_default(),
        };
        is_plain.then_some(look)
    }
}

/// A number for each value, whatever the order in which its members are written.
#[derive(Default)]
struct Names<'b> {
    by_text: HashMap<&'b str, usize>,
    by_value: HashMap<String, usize>,
}

impl<'b> Names<'b> {
    fn number(&mut self, written: &'b str) -> usize {
        if let Some(known) = self.by_text.get(written) {
            return *known;
        }
        let value: Value = from_str(written).unwrap_or_default();
        let next = self.by_value.len();
        let number = *self.by_value.entry(to_string(&ordered(&value)).unwrap_or_default()).or_insert(next);
        self.by_text.insert(written, number);
        number
    }
}

/// Trees of the observations with these bodies that are read whole, in their order, and what is known of the others.
pub fn newest(bodies: &[&[u8]]) -> (Vec<Value>, Older) {
    let trees = |which: &[usize]| {
        which.iter().map(|at| from_slice(bodies[*at]).unwrap_or_default()).collect::<Vec<Value>>()
    };
    let all: Vec<usize> = (0..bodies.len()).collect();
    if all.len() <= WHOLE_MAX {
        return (trees(&all), Older::default());
    }
    let looks = bodies.iter().map(|body| Look::at(body));
    let mut names = Names::default();
    let mut tests: HashMap<[usize; 2], Vec<(usize, Look)>> = HashMap::new();
    let mut whole = Vec::new();
    for (at, look) in looks.enumerate() {
        match look {
            Some(look) => {
                let test = [look.code, look.category].map(|written| names.number(written));
                tests.entry(test).or_default().push((at, look));
            }
            None => whole.push(at),
        }
    }
    let (mut older, mut encounters) = (Older::default(), HashMap::<&str, usize>::new());
    for mut taken in tests.into_values() {
        taken.sort_by(|(_, one), (_, other)| other.when.cmp(one.when));
        let rest = taken.split_off(taken.len().min(NEWEST));
        whole.extend(taken.into_iter().map(|(at, _)| at));
        rest.iter().for_each(|(_, look)| *encounters.entry(look.encounter).or_default() += 1);
        older.tests.extend(rest.last().map(|(_, first)| OlderTest {
            concept: from_str(first.code).unwrap_or_default(),
            count: rest.len(),
            since: first.when.to_owned(),
        }));
    }
    whole.sort_unstable();
    older.by_encounter = by_encounter(encounters);
    (trees(&whole), older)
}

/// The ids of encounters that are known as they are written.
fn by_encounter(written: HashMap<&str, usize>) -> HashMap<String, usize> {
    let mut counts = HashMap::new();
    for (reference, count) in written {
        let tree: Value = from_str(reference).unwrap_or_default();
        if let Some(id) = read::target(&tree, &["reference"]) {
            *counts.entry(id.to_owned()).or_default() += count;
        }
    }
    counts
}
