//! Visits come at the declared rates, in season, and in the order of referral.

use super::*;
use crate::people::people;

const UNTIL: Day = Day::ymd(2026, 10, 31);
const WINDOW: Window = Window { from: UNTIL.plus(-1095), until: UNTIL };

fn some() -> (Vec<Person>, Vec<Visit>) {
    let rng = Rng::new(4);
    let all = people(10_000, &rng, WINDOW, None);
    let visits = visits(&all, &rng, WINDOW, None);
    (all, visits)
}

#[test]
fn about_two_visits_a_year_and_acute_illness_at_its_declared_rate() {
    let (people, all) = some();
    let a_year = all.len() as f64 / people.len() as f64 / 3.0;
    assert!((1.5..2.6).contains(&a_year), "{a_year}");
    let adults = people.iter().filter(|p| (18..57).contains(&p.age_on(UNTIL)) && p.death.is_none()).count();
    let ill = all.iter().filter(|v| {
        let person = &people[v.person as usize];
        (18..57).contains(&person.age_on(UNTIL))
            && person.death.is_none()
            && matches!(v.reason, Reason::Acute(_))
            && v.from.is_none()
    });
    let rate = ill.count() as f64 / adults as f64 / 3.0 * 1000.0;
    let declared = f64::from(ACUTE[2]);
    assert!((rate - declared).abs() < declared * 0.07, "{rate} for {declared}");
}

#[test]
fn nobody_visits_before_birth_or_after_death_or_outside_the_window() {
    let (people, all) = some();
    for visit in &all {
        let person = &people[visit.person as usize];
        assert!(visit.start < visit.end && visit.start.day() >= person.birth);
        assert!(visit.start.day() >= WINDOW.from && visit.end.day() <= WINDOW.until);
        assert!(person.death.is_none_or(|death| visit.end.day() <= death));
        assert!(!visit.fatal || person.death == Some(visit.end.day()) || visit.end.0 - visit.start.0 == 250);
    }
}

#[test]
fn flu_comes_in_winter_and_diarrhoea_in_summer() {
    let (_, all) = some();
    let of = |icd: &str, months: std::ops::RangeInclusive<u32>| {
        let acute = catalog().acute.iter().position(|a| a.icd == icd).unwrap() as u8;
        all.iter()
            .filter(|v| v.reason == Reason::Acute(acute) && months.contains(&v.start.day().month()))
            .count()
    };
    assert!(of("J10", 1..=3) > of("J10", 5..=7) * 2);
    assert!(of("A09", 5..=7) > of("A09", 1..=3) * 3 / 2);
}

#[test]
fn a_referral_is_followed_by_the_visit_there() {
    let (_, all) = some();
    let mut seen = 0;
    for visit in all.iter().filter(|v| v.from.is_some() && matches!(v.reason, Reason::Acute(_))) {
        let sender = all.iter().find(|v| {
            v.person == visit.person
                && v.to == Some(visit.facility)
                && Some(v.facility) == visit.from
                && v.start < visit.start
        });
        assert!(sender.is_some() || visit.start.day() < WINDOW.from.plus(12), "{visit:?}");
        seen += 1;
    }
    assert!(seen > 100, "{seen}");
}

#[test]
fn people_with_long_records_are_known_to_both_hospital_systems() {
    let (people, all) = some();
    let mut systems = vec![[false; 2]; people.len()];
    for visit in &all {
        let system = places().facilities[usize::from(visit.facility)].system;
        systems[visit.person as usize][system as usize] = true;
    }
    let both = systems.iter().filter(|s| s[0] && s[1]).count();
    assert!(both * 10 > people.len() * 2, "{both} of {}", people.len());
}

#[test]
fn births_are_in_facilities_at_the_declared_places() {
    let (people, all) = some();
    let born = people
        .iter()
        .filter(|p| p.birth >= WINDOW.from.plus(30) && p.birth < UNTIL.plus(-10) && p.mother.is_some())
        .count();
    let deliveries = all.iter().filter(|v| matches!(v.reason, Reason::Delivery { .. })).count();
    let share = deliveries as f64 / born as f64;
    assert!((0.72..0.88).contains(&share), "{deliveries} of {born}");
}

#[test]
fn every_route_code_is_one_of_the_list_of_its_time() {
    let (people, all) = some();
    for visit in &all {
        let code = route(visit, people[visit.person as usize].registered);
        let old = ["1.1", "1.3", "1.5", "1.7", "2", "3.2", "3.3"];
        let new = ["1.1", "1.2", "1.3", "1.5", "1.7", "1.11", "1.12", "1.14", "1.15", "1.18", "2", "3.2"];
        let known: &[&str] = if visit.start.day() < Day::ymd(2025, 7, 1) { &old } else { &new };
        assert!(known.contains(&code), "{code}");
    }
}
