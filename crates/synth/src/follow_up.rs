//! High blood pressure at the station: who is followed, when they came in the last year, what was measured, when they should
//! come again. Some are late, some are lost, some have just joined.

use crate::Province;
use crate::calendar::{Day, Stamp};
use crate::catalog::catalog;
use crate::person::Person;
use crate::rng::Rng;

/// The disease in `data/chronic.tsv`.
const DISEASE: &str = "htn";
/// Of 10,000 ill people, how many their station follows; the others go to hospital only.
const FOLLOWED: u32 = 9000;
/// Of 10,000 followed, those who keep coming, are late, are lost, and have just joined.
const FATES: [u32; 4] = [6600, 1800, 900, 700];
/// Of 10,000 followed, whose pressure is at its goal as a rule.
const CONTROLLED: u32 = 5500;
/// How long ago the book begins.
const DAYS: i32 = 365;
/// The most visits of one person in that time.
const VISITS_MAX: usize = 30;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Smoking {
    Never,
    Former,
    /// Cigarettes a day.
    Current(i64),
}

/// Drugs taken in the last seven days.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Adherence {
    Full,
    Partial,
    Poor,
}

/// A visit at the station.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FollowUp {
    pub at: Stamp,
    /// Index of facilities.
    pub facility: u16,
    /// Who examined, an index of the station's staff.
    pub worker: usize,
    /// The appointment that brought the person, and when it was made.
    pub expected: Option<(Day, Stamp)>,
    /// Two readings, systolic and diastolic.
    pub readings: [(i64, i64); 2],
    pub pulse: i64,
    /// Hectograms.
    pub weight: i64,
    pub smoking: Smoking,
    /// Drinks alcohol, no more than two glasses a day.
    pub drinks: bool,
    pub adherence: Adherence,
    /// Code of a side effect of the form.
    pub side_effect: &'static str,
    pub next: Day,
}

/// Somebody whom their station follows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Followed {
    /// The day on which the station took them in, or the book was begun anew.
    pub joined: Day,
    /// Oldest first, the last before the last day of the records. Whoever has just joined may not have come yet.
    pub visits: Vec<FollowUp>,
}

impl FollowUp {
    /// The mean of the readings, whole because both differ by an even number.
    pub fn mean(&self) -> (i64, i64) {
        let [first, second] = self.readings;
        ((first.0 + second.0) / 2, (first.1 + second.1) / 2)
    }

    pub fn controlled(&self) -> bool {
        let (systolic, diastolic) = self.mean();
        systolic < 140 && diastolic < 90
    }
}

/// How somebody is, for as long as they are followed.
struct Nature {
    controlled: bool,
    smoking: Smoking,
    drinks: bool,
}

impl Province {
    /// How the station follows somebody for high blood pressure; `None` of those it does not follow.
    pub fn follow_ups(&self, person: &Person) -> Option<Followed> {
        let until = self.window.until;
        let is_it = |disease: u8| catalog().chronic[usize::from(disease)].key == DISEASE;
        let onset = person.chronic.iter().find(|one| is_it(one.disease) && one.onset <= until)?.onset;
        let mut rng = self.seed.fork("follow-up", u64::from(person.index));
        if !rng.chance(FOLLOWED) {
            return None;
        }
        let nature = Nature {
            controlled: rng.chance(CONTROLLED),
            smoking: smoking(person, &mut rng),
            drinks: !person.female && rng.chance(5000),
        };
        let joined = onset.plus(rng.between(3, 20) as i32).max(until.plus(-DAYS + rng.between(0, 27) as i32));
        // How long they wait with their first visit.
        let (joined, wait, stops) = match rng.weighted(FATES.into_iter()) {
            0 => (joined, 0, until),
            1 => (joined, 0, until.plus(-rng.between(38, 75) as i32)),
            2 => (joined, 0, until.plus(-rng.between(120, 260) as i32)),
            _ => (joined.max(until.plus(-rng.between(1, 25) as i32)), rng.between(0, 40) as i32, until),
        };
        let last = stops.min(person.death.unwrap_or(until)).plus(-1);
        let joined = joined.min(until.plus(-1));
        let mut all: Vec<FollowUp> = Vec::new();
        let mut day = joined.plus(wait).workday();
        while day <= last && all.len() < VISITS_MAX {
            let visit = visit(person, &nature, day, all.last(), &mut rng);
            let next = visit.next;
            all.push(visit);
            // As a rule on the day; some wait until the market or the harvest.
            day = match rng.below(100) {
                0..=59 => next,
                60..=84 => next.plus(rng.between(1, 3) as i32),
                85..=94 => next.plus(rng.between(4, 12) as i32),
                _ => next.plus(-2),
            };
            day = day.workday();
        }
        Some(Followed { joined, visits: all })
    }
}

fn smoking(person: &Person, rng: &mut Rng) -> Smoking {
    match (person.female, rng.below(100)) {
        (false, 0..=34) => Smoking::Current(rng.between(2, 15)),
        (false, 35..=54) => Smoking::Former,
        (true, 0..=2) => Smoking::Current(rng.between(1, 5)),
        _ => Smoking::Never,
    }
}

fn visit(person: &Person, nature: &Nature, day: Day, before: Option<&FollowUp>, rng: &mut Rng) -> FollowUp {
    let facility = person.home_on(day).old().station;
    let at = day.at(rng.between(7, 10), rng.between(0, 59));
    // Pressure comes down within the first months.
    let early = if before.is_none() { 8 } else { 0 };
    let (systolic, diastolic) = if nature.controlled { (127, 78) } else { (150, 91) };
    let first =
        (rng.bell(systolic + early, 7).clamp(100, 210), rng.bell(diastolic + early / 2, 4).clamp(60, 99));
    let second = (first.0 - 2 * rng.between(0, 3), first.1 - 2 * rng.between(0, 2));
    let adherence = match (nature.controlled, rng.below(100)) {
        (true, 0..=84) | (false, 0..=29) => Adherence::Full,
        (true, _) | (false, 30..=74) => Adherence::Partial,
        _ => Adherence::Poor,
    };
    let side_effect = match rng.below(20) {
        0 => "cough",
        1 => "oedema",
        2 => "dizziness",
        3 => "headache",
        _ => "none",
    };
    let mut visit = FollowUp {
        at,
        facility,
        worker: rng.below(crate::staff::staff()[usize::from(facility)].len() as u64) as usize,
        expected: before.map(|before| (before.next, before.at)),
        readings: [first, second],
        pulse: rng.bell(76, 7).clamp(52, 118),
        weight: person.weight(day, rng).max(350),
        smoking: nature.smoking,
        drinks: nature.drinks && rng.chance(7000),
        adherence,
        side_effect,
        next: day,
    };
    let days = if visit.controlled() || rng.chance(5000) { 28 } else { 14 };
    visit.next = day.plus(days).workday();
    visit
}

#[cfg(test)]
mod tests {
    use crate::{Plan, gathered};

    #[test]
    fn half_are_at_their_goal_and_some_are_late() {
        let plan = Plan { people: 3000, seed: 2, years: 3, until: jiff::civil::date(2026, 10, 31) };
        let province = gathered(&plan);
        let until = province.window.until;
        let living = province.people.iter().filter(|one| one.death.is_none());
        let all: Vec<_> = living.filter_map(|one| province.follow_ups(one)).map(|one| one.visits).collect();
        let last: Vec<_> = all.iter().filter_map(|visits| visits.last()).collect();
        let late = last.iter().filter(|visit| visit.next.plus(7) <= until).count();
        let controlled = last.iter().filter(|visit| visit.controlled()).count();
        assert!(all.len() > 80, "{}", all.len());
        assert!((15..45).contains(&(late * 100 / all.len())), "{late} of {}", all.len());
        assert!((40..65).contains(&(controlled * 100 / last.len())), "{controlled} of {}", last.len());
        assert!(all.iter().any(Vec::is_empty), "somebody has joined and not yet come");
        for visits in &all {
            assert!(visits.windows(2).all(|two| two[0].at < two[1].at));
            assert!(visits.iter().all(|one| one.at.day() < until && one.next > one.at.day()));
            assert!(visits.iter().all(|one| one.mean().0 > one.mean().1 + 10));
        }
    }
}
