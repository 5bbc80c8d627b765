//! Registrations: one person at several desks, spoiled at the declared rates, with the truth beside.

use crate::plan;
use std::collections::{BTreeMap, HashSet};
use yba_synth::{Dirt, Plan, Registration, Spoiling, registrations};

fn made(with_numbers: bool) -> Vec<Registration> {
    let plan = Plan { people: 6000, ..plan() };
    registrations(&plan, Dirt::default().doubled(), Spoiling::default().doubled(), with_numbers).collect()
}

#[test]
fn the_same_plan_gives_the_same_registrations_and_numbers_can_be_left_out() {
    let all = made(true);
    assert_eq!(all, made(true));
    let plain = made(false);
    assert!(plain.iter().all(|one| one.identity.is_empty() && one.card.is_empty()));
    assert_eq!(plain.len(), all.len());
    for (with, without) in all.iter().zip(&plain) {
        let bare = Registration { identity: String::new(), card: String::new(), ..with.clone() };
        assert_eq!(bare, *without, "leaving out numbers changes nothing else");
    }
}

#[test]
fn a_person_is_registered_at_several_facilities_but_once_at_each() {
    let all = made(true);
    let mut seen = HashSet::new();
    let mut counts: BTreeMap<u32, usize> = BTreeMap::new();
    for one in &all {
        assert!(seen.insert((one.person, one.facility)), "{one:?}");
        *counts.entry(one.person).or_default() += 1;
    }
    let of = |count: usize| counts.values().filter(|own| **own == count).count() * 100 / counts.len();
    assert!((30..40).contains(&of(1)) && (10..20).contains(&of(4)), "{} {}", of(1), of(4));
}

#[test]
fn every_kind_of_spoiling_happens_at_about_its_rate() {
    let all = made(true);
    let share =
        |is: &dyn Fn(&Registration) -> bool| all.iter().filter(|one| is(one)).count() * 10_000 / all.len();
    let within = |what: &str, found: usize, low: usize, high: usize| {
        assert!((low..=high).contains(&found), "{what}: {found} of 10,000");
    };
    within("short forms", share(&|one| one.name.contains('.')), 250, 420);
    within("no phone", share(&|one| one.phone.is_empty()), 1400, 1800);
    within("no address", share(&|one| one.address.is_empty()), 150, 260);
    within("newborns without a name", share(&|one| one.name.starts_with("Con ")), 20, 300);
    within("only a year", share(&|one| one.birth.len() == 4), 50, 400);
    let twins = |a: &Registration, b: &Registration| {
        a.person != b.person
            && a.birth == b.birth
            && !a.mother.is_empty()
            && a.mother == b.mother
            && a.phone == b.phone
    };
    let small: Vec<&Registration> = all.iter().filter(|one| !one.mother.is_empty()).collect();
    assert!(small.iter().any(|one| small.iter().any(|other| twins(one, other))), "no twins");
    let mut numbers: BTreeMap<u32, HashSet<&str>> = BTreeMap::new();
    for one in all.iter().filter(|one| one.identity.len() == 12) {
        numbers.entry(one.person).or_default().insert(&one.identity);
    }
    assert!(numbers.values().any(|own| own.len() > 1), "no number was issued anew, borrowed or mistyped");
}
