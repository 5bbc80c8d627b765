//! Measles in one village: a few children in the last three weeks, as who watches for outbreaks should see.

use crate::Province;
use crate::calendar::{Day, Stamp};
use crate::doses::Outcome;
use crate::person::Person;
use std::collections::BTreeMap;

/// ICD-10: measles without complication.
pub const MEASLES: (&str, &str) = ("B05.9", "Sởi không biến chứng");
/// How many days ago each came.
const DAYS_AGO: [i32; 3] = [18, 11, 5];
/// The ages of who falls ill, in years.
const AGES: std::ops::Range<i32> = 1..15;

/// A child with measles at the station.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Case {
    /// Index of the person.
    pub person: u32,
    /// Index of facilities.
    pub facility: u16,
    /// First day of fever.
    pub onset: Day,
    pub at: Stamp,
    /// Tenths of a degree.
    pub temperature: i64,
}

impl Province {
    /// The station with the most living people; the lowest number of equals.
    pub fn main_station(&self) -> Option<u16> {
        if let Some(around) = self.around {
            return Some(around.station());
        }
        let mut counts: BTreeMap<u16, usize> = BTreeMap::new();
        for person in self.people.iter().filter(|one| one.death.is_none()) {
            *counts.entry(person.home_on(self.window.until).old().station).or_default() += 1;
        }
        counts
            .into_iter()
            .max_by_key(|(station, count)| (*count, u16::MAX - station))
            .map(|(station, _)| station)
    }

    /// The cluster: at most three children of the village around the main station with the most of them, first those without
    /// a dose against it. Fewer where fewer live.
    pub fn measles(&self) -> Vec<Case> {
        let Some(station) = self.main_station() else { return Vec::new() };
        let until = self.window.until;
        let mut villages: BTreeMap<u8, Vec<&Person>> = BTreeMap::new();
        let is_one = |one: &&Person| {
            let home = one.home_on(until);
            home.old().station == station && one.death.is_none() && AGES.contains(&one.age_on(until))
        };
        for child in self.people.iter().filter(is_one) {
            villages.entry(child.home_on(until).village).or_default().push(child);
        }
        let fullest = villages.into_iter().max_by_key(|(village, all)| (all.len(), u8::MAX - village));
        let Some((_, mut children)) = fullest else { return Vec::new() };
        let is_safe = |child: &&Person| {
            let doses = self.doses(child);
            doses.iter().any(|one| one.series == "measles" && one.outcome == Outcome::Given)
        };
        children.sort_by_cached_key(|child| (is_safe(child), child.index));
        let mut rng = self.seed.fork("measles", 0);
        let mut case = |(child, ago): (&Person, i32)| {
            let day = until.plus(-ago).workday();
            Case {
                person: child.index,
                facility: station,
                onset: day.plus(-rng.between(2, 4) as i32),
                at: day.at(rng.between(7, 15), rng.between(0, 59)),
                temperature: rng.between(384, 396),
            }
        };
        children.into_iter().zip(DAYS_AGO).map(&mut case).collect()
    }
}

#[cfg(test)]
mod tests {
    use crate::{Plan, gathered};

    #[test]
    fn three_children_of_one_village_fall_ill_within_three_weeks() {
        let plan = Plan { people: 300, seed: 2, years: 2, until: jiff::civil::date(2026, 10, 31) };
        let province = gathered(&plan);
        let cases = province.measles();
        let home = |case: &super::Case| province.people[case.person as usize].home;
        assert_eq!(cases.len(), 3);
        assert!(cases.windows(2).all(|two| home(&two[0]) == home(&two[1]) && two[0].at < two[1].at));
        let until = province.window.until;
        assert!(cases.iter().all(|one| one.onset > until.plus(-24) && one.at.day() < until));
    }
}
