//! Tests of one record among many, of weights and of settling, on invented registrations.

use super::*;
use crate::identifier::Key;
use crate::identifier::{KeyKind, Sex};
use crate::linking::{Gazetteer, Options, figures, link_all};
use yba_synth::{Dirt, Plan, Registration, Spoiling, registrations};

fn made(people: u32, with_numbers: bool) -> Vec<Registration> {
    let plan = Plan { people, seed: 11, years: 5, until: jiff::civil::date(2026, 10, 31) };
    registrations(&plan, Dirt::default().doubled(), Spoiling::default().doubled(), with_numbers).collect()
}

fn with<T>(one: &Registration, use_it: impl FnOnce(&Known) -> T) -> T {
    let phones = crate::identifier::phones(&one.phone);
    let of = |slug: &str, value: &str| {
        crate::identifier::keys_of(&format!("{}{slug}", crate::identifier::SID), value)
    };
    let keys: Vec<_> =
        of("cccd", &one.identity).into_iter().chain(of("bhyt", &one.card)).map(|key| (key, true)).collect();
    use_it(&Known {
        names: &[&one.name],
        sex: Some(if one.female { Sex::Female } else { Sex::Male }),
        birth: crate::birth::Birth::parse(&one.birth),
        phones: &phones,
        address: &one.address,
        commune: one.commune,
        mother: &one.mother,
        keys: &keys,
    })
}

fn crowd(all: &[Registration]) -> Crowd {
    let mut crowd = Crowd::new(Gazetteer::built_in());
    all.iter().for_each(|one| {
        with(one, |known| crowd.add(known));
    });
    crowd
}

#[test]
fn people_are_linked_as_well_as_was_asked_for() {
    for (with_numbers, recall) in [(true, 0.97), (false, 0.93)] {
        let all = made(2500, with_numbers);
        let crowd = crowd(&all);
        let linked = link_all(&crowd, &Options::default());
        let truth: Vec<u64> = all.iter().map(|one| u64::from(one.person)).collect();
        let found = figures(&linked, &truth);
        assert!(found.precision() >= 0.999, "{} {found:?}", found.precision());
        assert!(found.recall_with_doubts() >= recall, "{} {found:?}", found.recall_with_doubts());
        assert!(found.doubts_per_hundred() <= 1.0, "{found:?}");
        let links = linked.links(&crowd).count() as u64;
        assert_eq!(links, found.linked, "the pairs written are the pairs counted");
        let unasked = link_all(&crowd, &Options { doubts_per_hundred: 0.0, threads: 1 });
        assert!(unasked.doubts.is_empty());
        assert_eq!(unasked.person, linked.person, "threads and questions change no link");
    }
}

#[test]
fn order_of_arrival_changes_nothing() {
    let all = made(400, true);
    let mut turned = all.clone();
    turned.reverse();
    let people = |all: &[Registration]| {
        let linked = link_all(&crowd(all), &Options::default());
        let mut groups: std::collections::BTreeMap<u32, Vec<String>> = std::collections::BTreeMap::new();
        for (one, person) in all.iter().zip(&linked.person) {
            groups.entry(*person).or_default().push(format!("{} {}", one.facility, one.local_number));
        }
        let mut groups: Vec<Vec<String>> = groups.into_values().collect();
        groups.iter_mut().for_each(|group| group.sort());
        groups.sort();
        groups
    };
    assert_eq!(people(&all), people(&turned));
}

#[test]
fn one_record_finds_its_person_and_a_question_leaves_no_trace() {
    let all = made(1500, true);
    let (asked, kept): (Vec<_>, Vec<_>) = all.iter().enumerate().partition(|(at, _)| at % 10 == 0);
    let kept: Vec<Registration> = kept.into_iter().map(|(_, one)| one.clone()).collect();
    let crowd = crowd(&kept);
    let model = Model::estimate(&crowd);
    let mut index = Index::new(crowd, model);
    let people: std::collections::HashSet<u32> = kept.iter().map(|one| one.person).collect();
    let (mut known, mut right, mut wrong) = (0, 0, 0);
    for (_, one) in &asked {
        let found = with(one, |known| index.find(known, 5));
        assert_eq!(found, with(one, |known| index.find(known, 5)), "the same question, the same answer");
        known += usize::from(people.contains(&one.person));
        let first = found.first().filter(|first| first.judgement.band == Band::Link);
        right += usize::from(found.iter().any(|found| kept[found.id as usize].person == one.person));
        wrong += usize::from(first.is_some_and(|first| kept[first.id as usize].person != one.person));
    }
    assert_eq!(index.crowd().len(), kept.len());
    assert!(right * 100 >= known * 97 && wrong <= 1, "{right} of {known}, {wrong} wrong");
}

#[test]
fn what_is_added_is_found_before_and_after_it_is_sorted_in() {
    let mut index =
        Index::new(Crowd::new(Gazetteer::built_in()), Model::estimate(&Crowd::new(Gazetteer::built_in())));
    let number = (Key::new(KeyKind::Cccd, "012190001234"), true);
    let known = Known {
        names: &["Lò Thị Mai"],
        sex: Some(Sex::Female),
        birth: crate::birth::Birth::parse("1990-01-02"),
        keys: std::slice::from_ref(&number),
        ..Known::default()
    };
    let id = index.add(&known);
    assert_eq!(index.find(&known, 5)[0].id, id);
    for _ in 0..FRESH_MAX {
        index.add(&Known { names: &["Vàng A Páo"], ..Known::default() });
    }
    assert!(index.fresh_count < FRESH_MAX, "the fresh part is sorted in");
    assert_eq!(index.find(&known, 5)[0].id, id);
}

#[test]
fn a_number_that_everybody_has_costs_no_more_than_its_bound() {
    let mut index =
        Index::new(Crowd::new(Gazetteer::built_in()), Model::estimate(&Crowd::new(Gazetteer::built_in())));
    let known =
        Known { names: &["Lò Thị Mai"], birth: crate::birth::Birth::parse("1990"), ..Known::default() };
    for _ in 0..2 * COMPARED_MAX {
        index.add(&known);
    }
    assert!(index.candidates(0, Crowded::FirstFew).len() <= COMPARED_MAX);
}
