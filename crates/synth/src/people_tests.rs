//! The people come out as declared.

use super::*;

const UNTIL: Day = Day::ymd(2026, 10, 31);
const WINDOW: Window = Window { from: UNTIL.plus(-1095), until: UNTIL };

fn some() -> Vec<Person> {
    people(20_000, &Rng::new(42), WINDOW, None)
}

/// `count` of `all` is `parts` of 10,000, give or take four standard deviations of a draw.
fn near(count: usize, all: usize, parts: u32, what: &str) {
    let expected = all as f64 * f64::from(parts) / 10_000.0;
    let slack = 4.0 * expected.max(1.0).sqrt();
    assert!((count as f64 - expected).abs() <= slack, "{what}: {count}, expected {expected:.0} ± {slack:.0}");
}

#[test]
fn ages_and_sexes_follow_the_pyramid() {
    assert_eq!(PYRAMID.iter().sum::<u32>(), 10_000);
    let all = some();
    for (band, parts) in PYRAMID.iter().enumerate() {
        let of = |p: &&Person| (p.age_on(UNTIL) as usize / 5).min(17) == band;
        near(all.iter().filter(of).count(), all.len(), *parts, &format!("band {band}"));
    }
    let young: Vec<_> = all.iter().filter(|p| p.age_on(UNTIL) < 70).collect();
    near(young.iter().filter(|p| !p.female).count(), young.len(), MALE[0], "men");
}

#[test]
fn ethnic_shares_are_those_declared_and_groups_live_together() {
    let all = some();
    for (index, group) in ethnic_groups().iter().enumerate() {
        let count = all.iter().filter(|p| usize::from(p.ethnic) == index).count();
        // Whole households share a group, so the spread is wider than for single draws.
        let expected = f64::from(2 * group.share);
        let slack = 4.0 * (expected * 6.0).sqrt();
        assert!((count as f64 - expected).abs() < slack, "{}: {count} for {expected}", group.name);
    }
    let la_hu: Vec<_> = all.iter().filter(|p| p.ethnic().name == "La Hủ").collect();
    let at_home = la_hu.iter().filter(|p| p.home.commune().home.contains(&"41")).count();
    assert!(at_home * 10 > la_hu.len() * 6, "{at_home} of {}", la_hu.len());
}

#[test]
fn every_mother_was_of_age_and_children_carry_the_fathers_name() {
    let all = some();
    let mut children = 0;
    for child in &all {
        let (Some(mother), Some(father)) = (child.mother, child.father) else { continue };
        let (mother, father) = (&all[mother as usize], &all[father as usize]);
        let age = mother.age_on(child.birth);
        assert!(mother.female && (17..=43).contains(&age), "{age}");
        assert_eq!(mother.household, child.household);
        assert_eq!(child.name.split(' ').next(), father.name.split(' ').next());
        children += 1;
    }
    let minors = all.iter().filter(|p| p.age_on(UNTIL) < 15).count();
    assert!(children * 100 > minors * 85, "{children} children with parents, {minors} minors");
}

#[test]
fn households_are_of_plausible_size() {
    let all = some();
    let households = all.iter().map(|p| p.household).max().unwrap() + 1;
    let mean = all.len() as f64 / f64::from(households);
    assert!((3.5..6.5).contains(&mean), "{mean}");
}

#[test]
fn a_larger_province_begins_with_the_same_people() {
    let (small, large) = (people(1000, &Rng::new(9), WINDOW, None), people(3000, &Rng::new(9), WINDOW, None));
    assert!(small.iter().zip(&large).all(|(a, b)| a.name == b.name && a.cccd == b.cccd));
}

#[test]
fn a_handful_of_people_still_makes_a_province() {
    for count in [0, 1, 2, 7] {
        assert_eq!(people(count, &Rng::new(1), WINDOW, None).len(), count as usize);
    }
}

#[test]
fn some_die_and_nobody_before_birth() {
    let all = some();
    let dead = all.iter().filter(|p| p.death.is_some()).count();
    assert!((100..700).contains(&dead), "{dead}");
    assert!(all.iter().all(|p| p.death.is_none_or(|d| d >= p.birth && d <= UNTIL)));
}
