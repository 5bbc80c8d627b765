//! A province most of whose people live around one station: what a demonstration shows to the people of that station.

use crate::calendar::Day;
use crate::people::Window;
use crate::person::{Home, Person};
use crate::places::places;
use crate::rng::Rng;

/// Of 10,000 households, how many are gathered at most: some live elsewhere, so that one sees whose people are whose.
const SHARE_MAX: u64 = 8500;
/// The most people that one station looks after.
const PEOPLE_MAX: u64 = 3000;
/// Villages around the station.
const VILLAGES: u64 = 8;
/// Old people of the station, of whom one died lately.
const ELDERS_A_DEATH: usize = 4;
/// The most who died lately, and the days before the last day at about which they did.
const DIED: [i64; 3] = [12, 38, 66];

/// Where most people live.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gathering {
    commune: u16,
    old: u8,
    /// Of 10,000 households.
    share: u32,
}

/// A commune outside the town, drawn by its people.
pub(crate) fn gathering(people: u32, seed: &Rng) -> Gathering {
    let mut rng = seed.fork("gathering", 0);
    let communes = &places().communes;
    let weights = communes.iter().map(|commune| if commune.region == "LC" { 0 } else { commune.weight });
    let commune = rng.weighted(weights);
    let old = rng.below(communes[commune].old.len() as u64) as u8;
    let share = (PEOPLE_MAX * 10_000 / u64::from(people.max(1))).min(SHARE_MAX) as u32;
    Gathering { commune: commune as u16, old, share }
}

impl Gathering {
    /// Index of the station.
    pub fn station(self) -> u16 {
        places().communes[usize::from(self.commune)].old[usize::from(self.old)].station
    }

    /// Where a household lives that would live at `home`. The household's stream does not advance: everything else about it
    /// is as in the province.
    pub(crate) fn home(self, home: Home, household: u32, rng: &Rng) -> Home {
        let mut rng = rng.fork("gathered", u64::from(household));
        if !rng.chance(self.share) {
            return home;
        }
        Home { commune: self.commune, old: self.old, village: rng.below(VILLAGES) as u8 }
    }
}

/// A few of the oldest around the station died in the last weeks: by chance alone most small provinces would have nobody in
/// the register of deaths.
pub(crate) fn mourn(people: &mut [Person], around: Gathering, seed: &Rng, window: Window) {
    let mut rng = seed.fork("mourning", 0);
    let is_old = |person: &Person| {
        person.death.is_none()
            && person.age_on(window.until) >= 65
            && person.home_on(window.until).old().station == around.station()
    };
    let mut old: Vec<(Day, usize)> =
        people.iter().enumerate().filter(|(_, one)| is_old(one)).map(|(at, one)| (one.birth, at)).collect();
    old.sort_unstable();
    let count = old.len() / ELDERS_A_DEATH;
    for ((_, at), before) in old.into_iter().zip(DIED).take(count) {
        let day = window.until.plus(-rng.between(before - 5, before + 5) as i32);
        people[at].death = Some(day.max(window.from));
    }
}

#[cfg(test)]
mod tests {
    use crate::{Plan, gathered, province};

    fn plan(people: u32) -> Plan {
        Plan { people, seed: 4, years: 2, until: jiff::civil::date(2026, 10, 31) }
    }

    #[test]
    fn most_people_of_a_small_province_live_around_one_station_and_of_a_large_one_few() {
        for (people, least, most) in [(300, 210, 290), (8000, 2500, 3500)] {
            let made = gathered(&plan(people));
            let station = made.around.unwrap().station();
            let here = |one: &&crate::Person| one.home.old().station == station;
            let count = made.people.iter().filter(here).count();
            assert!((least..=most).contains(&count), "{count} of {people}");
        }
    }

    #[test]
    fn gathering_moves_people_and_changes_nothing_else_about_who_they_are() {
        let (here, there) = (gathered(&plan(400)), province(&plan(400)));
        for (one, other) in here.people.iter().zip(&there.people) {
            assert_eq!((&one.name, one.birth, one.cccd), (&other.name, other.birth, other.cccd));
        }
        assert!(there.around.is_none());
    }

    #[test]
    fn somebody_around_the_station_died_in_the_last_two_months() {
        let made = gathered(&plan(300));
        let station = made.around.unwrap().station();
        let lately = |day: crate::Day| day > made.window.until.plus(-60) && day <= made.window.until;
        let here = made.people.iter().filter(|one| one.home.old().station == station);
        assert!(here.filter(|one| one.death.is_some_and(lately)).count() >= 1);
    }
}
