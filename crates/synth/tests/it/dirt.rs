//! Dirt comes at its declared rates, and never so that two people could be taken for one.

use crate::{plan, the_province};
use std::collections::{HashMap, HashSet};
use yba_synth::{Borrowed, Dialect, Dirt, Edition, Plan, Province, TruthVisit, province};

fn truths(province: &Province) -> Vec<TruthVisit> {
    let both = [Dialect::A, Dialect::B];
    both.iter().flat_map(|d| province.truths(*d, |_| true)).collect()
}

fn first(all: &[TruthVisit]) -> impl Iterator<Item = &TruthVisit> + Clone {
    all.iter().filter(|t| t.version == 1 && !t.duplicate)
}

/// A share of visits in parts of 10,000 lies within these bounds.
fn within(
    all: &[TruthVisit],
    what: &str,
    of: impl Fn(&TruthVisit) -> bool,
    is: impl Fn(&TruthVisit) -> bool,
    low: f64,
    high: f64,
) {
    let asked: Vec<_> = first(all).filter(|t| of(t)).collect();
    let share = asked.iter().filter(|t| is(t)).count() as f64 / asked.len() as f64 * 10_000.0;
    assert!((low..=high).contains(&share), "{what}: {share:.0} of 10,000, wanted {low}..{high}");
}

#[test]
fn rates_are_those_declared() {
    let large = province(&Plan { people: 8000, ..plan() });
    let all = truths(&large);
    let new = |t: &TruthVisit| t.edition > Edition::Q4210;
    within(&all, "no accents", |_| true, |t| t.no_accents, 1300.0, 1700.0);
    within(&all, "swapped dates", |_| true, |t| t.swapped_date, 55.0, 150.0);
    within(&all, "borrowed", |_| true, |t| t.borrowed, 45.0, 100.0);
    let since = large.visits.iter().position(|v| v.start.day().number() >= 20_250_701).unwrap() as u32;
    within(&all, "old communes", |t| t.visit >= since, |t| t.old_commune, 2700.0, 3300.0);
    within(&all, "old cards", new, |t| t.identity.as_deref().is_some_and(|i| i.len() == 9), 350.0, 700.0);
    let known = |t: &TruthVisit| {
        let (person, visit) = (&large.people[t.person as usize], &large.visits[t.visit as usize]);
        new(t) && person.cccd != 0 && visit.start.day() >= person.cccd_from && !t.borrowed
    };
    within(&all, "missing identity", known, |t| t.identity.is_none(), 650.0, 950.0);
    let sent = first(&all).count() as f64;
    let again = all.iter().filter(|t| t.duplicate).count() as f64 / sent * 10_000.0;
    let late = all.iter().filter(|t| t.version == 2).count() as f64 / sent * 10_000.0;
    let kinds: HashSet<_> = all.iter().filter_map(|t| t.borrowing).map(|b| format!("{b:?}")).collect();
    assert_eq!(kinds.len(), 4, "{kinds:?}");
    assert!((80.0..125.0).contains(&again) && (170.0..230.0).contains(&late), "{again} {late}");
}

#[test]
fn a_lender_is_told_apart_by_birth_and_every_unborrowed_number_is_the_persons_own() {
    let province = the_province();
    let own: HashMap<String, u32> = province
        .people
        .iter()
        .filter(|p| p.cccd != 0)
        .map(|p| (format!("{:012}", p.cccd), p.index))
        .collect();
    let insured: HashMap<String, u32> =
        province.people.iter().map(|p| (format!("{:010}", p.bhxh), p.index)).collect();
    for truth in truths(province) {
        let identity = truth.identity.as_ref().and_then(|i| own.get(i));
        let card = truth.cards.first().and_then(|c| insured.get(&c[5..]));
        for owner in identity.into_iter().chain(card).filter(|owner| **owner != truth.person) {
            assert!(truth.borrowed, "{truth:?}");
            let (a, b) = (&province.people[*owner as usize], &province.people[truth.person as usize]);
            let apart = (a.birth.year() - b.birth.year()).abs() >= 3;
            assert!(apart || truth.borrowing == Some(Borrowed::TypingError), "{truth:?}");
        }
    }
}

#[test]
fn without_dirt_there_is_none() {
    let mut clean = province(&Plan { people: 500, ..plan() });
    clean.dirt = Dirt {
        no_accents: 0,
        swapped_date: 0,
        missing_identity: 0,
        shared_card: 0,
        wrong_person: 0,
        typing_error: 0,
        newborn_as_mother: 0,
        old_commune: 0,
        old_card: 0,
        year_only: 0,
        duplicate: 0,
        correction: 0,
        decimal_comma: 0,
        bare: 0,
    };
    for truth in truths(&clean) {
        assert!(!truth.no_accents && !truth.swapped_date && !truth.borrowed && !truth.old_commune);
        assert!(!truth.duplicate && truth.version == 1);
        assert!(truth.identity.is_none_or(|i| i.len() == 12));
    }
}
