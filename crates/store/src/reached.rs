//! Of whom it was found a moment ago that they are within reach of places: a request must not ask the database again what
//! the one before it asked. Only that somebody *is* within reach is remembered, for records without a label, and no longer than
//! [`LASTS`], where a bar may begin by itself no longer than [`LASTS_BARRED`]; the writer lets go of all of it with every commit
//! that may take somebody out of reach.
//!
//! It deliberately does not know why somebody is within reach: [`crate::search::scope`] says that in SQL.

use std::collections::{BTreeSet, HashMap};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

/// Whatever no commit tells of holds after so long.
const LASTS: Duration = Duration::from_secs(30);
/// The same where there is any bar: one may begin by itself, on its day.
const LASTS_BARRED: Duration = Duration::from_secs(1);
/// Most people who are remembered; all are forgotten when another comes.
const KNOWN_MAX: usize = 50_000;
/// How many searches narrow at once after one that tried it otherwise in vain.
const DISCOURAGED: u32 = 15;

/// The types by whose records somebody is, or is not, within reach of a place.
pub(crate) const LOOSENING: [&str; 5] =
    ["Patient", "Encounter", "EpisodeOfCare", "ServiceRequest", "Consent"];

/// People by the places that they are within reach of.
#[derive(Default)]
pub struct Reached {
    known: Mutex<HashMap<String, Around>>,
    /// How often all was forgotten: what was asked before the last time may no longer hold.
    forgotten: AtomicU64,
    /// Whether there is, or was since the start, any bar.
    bars: Arc<AtomicBool>,
    /// The follower whose tables tell which Patients are one person, when there is one.
    kin: OnceLock<&'static str>,
}

/// What was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Asked {
    /// Whether records of a Patient are within reach.
    Records,
    /// Whether the Patient itself is, who may be gone or hidden while their records are not.
    Person,
}

/// What is known of some places.
#[derive(Default)]
struct Around {
    /// Who is within reach, and since when that is known.
    people: HashMap<Asked, HashMap<String, Instant>>,
    /// So many searches more are not tried otherwise.
    discouraged: u32,
}

/// The moment before a question.
#[derive(Clone, Copy)]
pub struct Before(u64);

impl Around {
    fn len(&self) -> usize {
        self.people.values().map(HashMap::len).sum()
    }
}

impl Reached {
    /// To be taken before the database is asked.
    pub fn before(&self) -> Before {
        Before(self.forgotten.load(Ordering::SeqCst))
    }

    /// Nobody is known yet.
    pub fn new(bars: Arc<AtomicBool>) -> Reached {
        Reached { bars, ..Reached::default() }
    }

    /// From now on a follower's tables tell which Patients are one person.
    pub(crate) fn know_kin(&self, follower: &'static str) {
        // Told once, at the start; a second follower would be told of by nobody.
        self.kin.get_or_init(|| follower);
        self.forget();
    }

    /// Whether what a follower derives (none: what somebody else does) may tell that Patients are no longer one person.
    pub(crate) fn is_told_by(&self, follower: Option<&str>) -> bool {
        follower.is_none_or(|name| self.kin.get() == Some(&name))
    }

    /// Whether this Patient was found within reach of one of these places a moment ago.
    pub fn has(&self, asked: Asked, places: &BTreeSet<String>, patient: &str) -> bool {
        let lasts = if self.bars.load(Ordering::Acquire) { LASTS_BARRED } else { LASTS };
        let known = self.known();
        known
            .get(&key(places))
            .and_then(|around| around.people.get(&asked)?.get(patient))
            .is_some_and(|since| since.elapsed() < lasts)
    }

    /// Remembers that these Patients were found within reach, unless all was forgotten since the question.
    pub fn keep<'p>(
        &self,
        asked: Asked,
        before: Before,
        places: &BTreeSet<String>,
        patients: impl IntoIterator<Item = &'p str>,
    ) {
        let mut known = self.known();
        if self.before().0 != before.0 {
            return;
        }
        if known.values().map(Around::len).sum::<usize>() >= KNOWN_MAX {
            known.clear();
        }
        let (around, now) = (known.entry(key(places)).or_default(), Instant::now());
        let people = around.people.entry(asked).or_default();
        for patient in patients {
            people.insert(patient.to_owned(), now);
        }
    }

    /// Lets go of everything: to be called when a commit may have taken somebody out of reach, before anybody is told of it.
    pub(crate) fn forget(&self) {
        let mut known = self.known();
        self.forgotten.fetch_add(1, Ordering::SeqCst);
        known.clear();
    }

    /// Whether it is worth looking first, and asking afterwards whether all of it is within reach of these places; of none: whether
    /// no label hides any of it.
    pub(crate) fn is_hopeful(&self, places: &BTreeSet<String>) -> bool {
        let mut known = self.known();
        let Some(around) = known.get_mut(&key(places)) else { return places.is_empty() };
        let is_hopeful = around.discouraged == 0;
        around.discouraged = around.discouraged.saturating_sub(1);
        is_hopeful
    }

    /// That was in vain.
    pub(crate) fn discourage(&self, places: &BTreeSet<String>) {
        self.known().entry(key(places)).or_default().discouraged = DISCOURAGED;
    }

    fn known(&self) -> MutexGuard<'_, HashMap<String, Around>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The places as one text; each with its length, so that no two sets give the same.
fn key(places: &BTreeSet<String>) -> String {
    places.iter().map(|place| format!("{}:{place}", place.len())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(all: &[&str]) -> BTreeSet<String> {
        all.iter().map(|one| (*one).to_owned()).collect()
    }

    #[test]
    fn what_was_asked_before_all_was_forgotten_is_not_remembered() {
        let (known, here) = (Reached::default(), places(&["Organization/a"]));
        let before = known.before();
        known.forget();
        known.keep(Asked::Records, before, &here, ["p"]);
        assert!(!known.has(Asked::Records, &here, "p"));
        known.keep(Asked::Records, known.before(), &here, ["p"]);
        assert!(known.has(Asked::Records, &here, "p") && !known.has(Asked::Person, &here, "p"));
        assert!(
            !known.has(Asked::Records, &here, "q")
                && !known.has(Asked::Records, &places(&["Organization/b"]), "p")
        );
        assert!(
            !known.has(Asked::Records, &places(&["Organization/a", "Organization/b"]), "p"),
            "other places, another question"
        );
        known.forget();
        assert!(!known.has(Asked::Records, &here, "p"));
    }

    #[test]
    fn who_tells_who_is_who_is_known() {
        let known = Reached::default();
        assert!(known.is_told_by(None) && !known.is_told_by(Some("mpi")), "nobody joins Patients yet");
        known.know_kin("mpi");
        assert!(known.is_told_by(None) && known.is_told_by(Some("mpi")) && !known.is_told_by(Some("recall")));
    }

    #[test]
    fn nobody_is_remembered_for_long_and_not_everybody_at_once() {
        let (known, here) = (Reached::default(), places(&["Organization/a"]));
        let everybody: Vec<String> = (0..KNOWN_MAX).map(|number| format!("p{number}")).collect();
        known.keep(Asked::Records, known.before(), &here, everybody.iter().map(String::as_str));
        assert!(known.has(Asked::Records, &here, "p0"));
        known.keep(Asked::Records, known.before(), &here, ["q"]);
        assert!(known.has(Asked::Records, &here, "q") && !known.has(Asked::Records, &here, "p0"));
        known.bars.store(true, Ordering::Release);
        std::thread::sleep(LASTS_BARRED);
        assert!(!known.has(Asked::Records, &here, "q"), "a bar may have begun");
    }

    #[test]
    fn a_look_in_vain_is_not_tried_again_at_once() {
        let (known, here) = (Reached::default(), places(&["Organization/a"]));
        assert!(!known.is_hopeful(&here), "nobody is known");
        known.keep(Asked::Records, known.before(), &here, ["p"]);
        assert!(known.is_hopeful(&here));
        known.discourage(&here);
        let hopeful = (0..DISCOURAGED + 1).filter(|_| known.is_hopeful(&here)).count();
        assert_eq!(hopeful, 1, "the last of them");
        let nowhere = places(&[]);
        assert!(known.is_hopeful(&nowhere), "what is everybody's");
        known.discourage(&nowhere);
        assert!(!known.is_hopeful(&nowhere), "something had a label");
    }
}
