//! Households and the people in them.
//!
//! A pool of people is drawn from the declared pyramid, then married, given parents and housed; so ages come
//! out as declared and every household is plausible. Pools are independent: memory stays small while they are
//! made, and a larger province begins with the same pools.

use crate::calendar::Day;
use crate::catalog::catalog;
use crate::gathering::Gathering;
use crate::names::{Ethnic, ethnic_groups};
use crate::person::{ALLERGIES, Burden, Class, Home, Person};
use crate::places::{Kind, places};
use crate::rng::Rng;

/// People per five years of age (the last band is 85–94), of 10,000; after the 2019 census of Lai Châu.
pub const PYRAMID: [u32; 18] =
    [1020, 1080, 1040, 880, 800, 860, 880, 760, 600, 500, 430, 360, 290, 210, 130, 80, 50, 30];
/// Boys and men of 10,000, below 70 and from 70 on.
pub const MALE: [u32; 2] = [5080, 4400];
/// Households that moved to another commune during the window, of 10,000.
pub const MOVED: u32 = 400;
/// People with a known drug allergy, of 10,000.
pub const ALLERGIC: u32 = 400;
/// Yearly deaths of 10,000 by age: under 1, 1–4, 5–39, 40–59, 60–74, 75 and over.
pub const DEATHS: [u32; 6] = [150, 12, 14, 45, 190, 800];

const POOL: u32 = 1000;

/// A person before a name: only birth and sex.
#[derive(Clone, Copy)]
struct Seed {
    birth: Day,
    female: bool,
}

/// A household as indices into its pool.
#[derive(Default)]
struct House {
    husband: Option<usize>,
    wife: Option<usize>,
    children: Vec<usize>,
    elders: Vec<usize>,
    others: Vec<usize>,
}

/// The time the province's records cover.
#[derive(Clone, Copy, Debug)]
pub struct Window {
    pub from: Day,
    pub until: Day,
}

/// Makes `count` people as they are at the end of the window.
pub fn people(count: u32, rng: &Rng, window: Window, around: Option<Gathering>) -> Vec<Person> {
    let mut all = Vec::with_capacity(count as usize);
    let mut households = 0;
    for pool in 0..count.div_ceil(POOL) {
        let size = POOL.min(count - pool * POOL);
        let mut rng = rng.fork("pool", u64::from(pool));
        let seeds: Vec<Seed> = (0..size).map(|_| seed(&mut rng, window.until)).collect();
        for house in houses(&seeds, window.until, &mut rng) {
            settle(&mut all, &house, &seeds, &shared(households, &mut rng, window, around), &mut rng);
            households += 1;
        }
    }
    all
}

fn seed(rng: &mut Rng, until: Day) -> Seed {
    let band = rng.weighted(PYRAMID.iter().copied()) as i64;
    let years = if band == 17 { 10 } else { 5 };
    let days = rng.between(band * 5 * 1461 / 4 + 1, (band * 5 + years) * 1461 / 4 - 1);
    Seed { birth: until.plus(-days as i32), female: !rng.chance(MALE[usize::from(band >= 14)]) }
}

/// Marries, gives parents and houses.
fn houses(seeds: &[Seed], until: Day, rng: &mut Rng) -> Vec<House> {
    let age = |i: usize| seeds[i].birth.age_on(until);
    let mut by_age: Vec<usize> = (0..seeds.len()).collect();
    by_age.sort_by_key(|i| seeds[*i].birth);
    let of = |female: bool, first: i32, last: i32| -> Vec<usize> {
        by_age
            .iter()
            .copied()
            .filter(|i| seeds[*i].female == female && (first..=last).contains(&age(*i)))
            .collect()
    };
    let mut housed = vec![false; seeds.len()];
    let mut all: Vec<House> = Vec::new();
    for (husband, wife) in of(false, 22, 59).into_iter().zip(of(true, 20, 57)) {
        if !rng.chance(1200) {
            (housed[husband], housed[wife]) = (true, true);
            all.push(House { husband: Some(husband), wife: Some(wife), ..House::default() });
        }
    }
    if all.is_empty() {
        all.push(House::default());
    }
    for (first, second) in of(false, 60, 120).into_iter().zip(of(true, 58, 120)) {
        (housed[first], housed[second]) = (true, true);
        let at = elder_home(&all, first, seeds, rng);
        all[at].elders.extend([first, second]);
    }
    for i in by_age.iter().copied().filter(|i| !housed[*i]) {
        let at = if age(i) < 25 { child_home(&all, i, seeds, rng) } else { None };
        match at {
            Some(at) => all[at].children.push(i),
            None => {
                let at = rng.below(all.len() as u64) as usize;
                all[at].others.push(i);
            }
        }
    }
    all
}

/// A couple a generation younger, else any household.
fn elder_home(all: &[House], elder: usize, seeds: &[Seed], rng: &mut Rng) -> usize {
    for _ in 0..12 {
        let at = rng.below(all.len() as u64) as usize;
        let gap = all[at].husband.map_or(0, |h| (seeds[h].birth.0 - seeds[elder].birth.0) / 365);
        if (18..=42).contains(&gap) && all[at].elders.is_empty() {
            return at;
        }
    }
    rng.below(all.len() as u64) as usize
}

/// A household whose wife can be the mother: 17 to 42 at the birth, at most five children, a year apart.
fn child_home(all: &[House], child: usize, seeds: &[Seed], rng: &mut Rng) -> Option<usize> {
    (0..24).map(|_| rng.below(all.len() as u64) as usize).find(|at| {
        let house = &all[*at];
        let spaced = |other: &usize| (seeds[*other].birth.0 - seeds[child].birth.0).abs() > 400;
        house.wife.is_some_and(|w| {
            let months = (seeds[child].birth.0 - seeds[w].birth.0) / 30;
            (17 * 12 + 3..=42 * 12).contains(&months)
        }) && house.children.len() < 5
            && house.children.iter().all(spaced)
    })
}

/// What a household shares.
struct Shared {
    number: u32,
    ethnic: usize,
    class: Class,
    home: Home,
    moved: Option<(Day, Home)>,
    phones: [u64; 2],
    registered: u16,
    window: Window,
}

fn settle(all: &mut Vec<Person>, house: &House, seeds: &[Seed], shared: &Shared, rng: &mut Rng) {
    let groups = ethnic_groups();
    let group = &groups[shared.ethnic];
    let family = group.family_name(rng);
    let first = all.len() as u32;
    let mut next = first;
    let mut index_of = |present: bool| present.then(|| (next, next += 1).0);
    let father = index_of(house.husband.is_some());
    let mother = index_of(house.wife.is_some());
    let mut add =
        |seed: usize, family: &str, group: usize, parents: (Option<u32>, Option<u32>), rng: &mut Rng| {
            let person = person(all.len() as u32, seeds[seed], family, group, shared, rng);
            let relation = if parents == (None, None) { "" } else { "Con" };
            all.push(Person { mother: parents.0, father: parents.1, relation, ..person });
        };
    if let Some(husband) = house.husband {
        add(husband, family, shared.ethnic, (None, None), rng);
    }
    if let Some(wife) = house.wife {
        // A mixed marriage in twelve.
        let own = if rng.chance(800) { draw_group(groups, rng) } else { shared.ethnic };
        let maiden = groups[own].family_name(rng);
        add(wife, maiden, own, (None, None), rng);
    }
    for child in &house.children {
        add(*child, family, shared.ethnic, (mother, father), rng);
    }
    let youngest = house.children.iter().map(|c| seeds[*c].birth).max();
    if let (Some(mother), Some(born)) = (mother, youngest) {
        let mother = &mut all[mother as usize];
        mother.death = mother.death.filter(|death| *death > born.plus(60));
    }
    let mut add = |seed: usize, family: &str, rng: &mut Rng| {
        let person = person(all.len() as u32, seeds[seed], family, shared.ethnic, shared, rng);
        all.push(person);
    };
    for (place, elder) in house.elders.iter().enumerate() {
        let name = if place == 0 { family } else { group.family_name(rng) };
        add(*elder, name, rng);
    }
    for other in &house.others {
        add(*other, family, rng);
    }
    relate(&mut all[first as usize..], (father, mother), first);
}

/// Says how those of a household stand to its head: the husband, else the wife, else the first.
fn relate(members: &mut [Person], (father, mother): (Option<u32>, Option<u32>), first: u32) {
    let head = father.or(mother).unwrap_or(first);
    for member in members {
        member.relation = match member.index {
            index if index == head => "Chủ hộ",
            index if Some(index) == mother => "Vợ",
            _ if !member.relation.is_empty() => member.relation,
            _ if member.birth.age_on(Day::ymd(2026, 1, 1)) < 60 => "Người thân",
            _ if member.female => "Mẹ",
            _ => "Bố",
        };
    }
}

fn draw_group(groups: &[Ethnic], rng: &mut Rng) -> usize {
    rng.weighted(groups.iter().map(|e| e.share))
}

fn shared(number: u32, rng: &mut Rng, window: Window, around: Option<Gathering>) -> Shared {
    let ethnic = draw_group(ethnic_groups(), rng);
    let home = home(ethnic, rng);
    let home = around.map_or(home, |around| around.home(home, number, rng));
    let moved = rng.chance(MOVED).then(|| {
        let day = rng.between(i64::from(window.from.0), i64::from(window.until.0)) as i32;
        (Day(day), self::home(ethnic, rng))
    });
    let prefixes = [32, 34, 35, 36, 37, 38, 39, 86, 96, 97, 98, 84, 85, 91, 94];
    let phones = [0, 1].map(|_| rng.pick(&prefixes) * 10_000_000 + rng.below(10_000_000));
    let commune = home.commune();
    let registered = match rng.below(100) {
        0..=39 => home.old().station,
        40..=94 => places().centre(commune.region),
        _ => places().only(Kind::Provincial),
    };
    Shared {
        number,
        ethnic,
        class: class(ethnic, commune.region, rng),
        home,
        moved,
        phones,
        registered,
        window,
    }
}

/// Groups live mostly in their own communes.
fn home(ethnic: usize, rng: &mut Rng) -> Home {
    let code = ethnic_groups()[ethnic].code;
    let communes = &places().communes;
    let weights = communes.iter().map(|c| c.weight * if c.home.contains(&code) { 40 } else { 1 });
    let commune = rng.weighted(weights);
    Home {
        commune: commune as u16,
        old: rng.below(communes[commune].old.len() as u64) as u8,
        village: rng.below(64) as u8,
    }
}

fn class(ethnic: usize, region: &str, rng: &mut Rng) -> Class {
    use Class::{Enterprise, ExtremeArea, Family, HardArea, NearPoor, Poor, State, Uninsured};
    let all = [Poor, NearPoor, HardArea, ExtremeArea, State, Enterprise, Family, Uninsured];
    let kinh = ethnic_groups()[ethnic].name == "Kinh";
    let weights: [u32; 8] = match (kinh, region) {
        (true, "LC") => [2, 3, 3, 0, 38, 18, 28, 8],
        (true, _) => [3, 4, 14, 0, 32, 12, 27, 8],
        (false, "LC") => [12, 8, 25, 5, 16, 8, 20, 6],
        (false, _) => [27, 9, 34, 12, 5, 2, 7, 4],
    };
    all[rng.weighted(weights.into_iter())]
}

/// Fills in one person.
fn person(index: u32, seed: Seed, family: &str, group: usize, shared: &Shared, rng: &mut Rng) -> Person {
    let window = shared.window;
    let ethnic = &ethnic_groups()[group];
    let name = ethnic.name(family, seed.female, rng);
    let age = seed.birth.age_on(window.until);
    let cccd = if age >= 65 && rng.chance(150) {
        0
    } else {
        personal_number(index, seed, ethnic.name == "Kinh", rng)
    };
    let blood = ["O+", "B+", "A+", "AB+", "O-", "B-"];
    Person {
        index,
        household: shared.number,
        relation: "",
        name,
        female: seed.female,
        birth: seed.birth,
        death: death(seed.birth, window, rng),
        ethnic: group as u8,
        home: shared.home,
        moved: shared.moved.filter(|(day, _)| *day > seed.birth),
        class: shared.class,
        cccd,
        cccd_from: seed.birth.plus(rng.between(20, 60) as i32),
        cmnd: (seed.birth.year() < 2006).then(|| old_number(index)),
        bhxh: insurance_number(index),
        card_from: seed.birth.plus(rng.between(20, 45) as i32),
        registered: shared.registered,
        phone: shared.phones[usize::from(age < 18 || rng.chance(5000))],
        mother: None,
        father: None,
        blood: blood[rng.weighted([420, 300, 210, 60, 6, 4].into_iter())],
        chronic: chronic(seed, window, rng),
        allergy: rng.chance(ALLERGIC).then(|| rng.weighted(ALLERGIES.iter().map(|(_, w)| *w)) as u8),
    }
}

/// A brother or sister born the same day: of the same sex two times in three, with a name and numbers of its own.
pub fn twin(of: &Person, index: u32, rng: &mut Rng) -> Person {
    let female = of.female == (rng.below(3) > 0);
    let ethnic = of.ethnic();
    let family = of.name.split(' ').next().unwrap_or_default();
    let names = (0..16).map(|_| ethnic.name(family, female, rng)).collect::<Vec<_>>();
    let own = names.into_iter().find(|name| *name != of.name).unwrap_or_else(|| of.name.clone());
    let seed = Seed { birth: of.birth, female };
    Person {
        index,
        name: own,
        female,
        cccd: personal_number(index, seed, ethnic.name == "Kinh", rng),
        cmnd: of.cmnd.map(|_| old_number(index)),
        bhxh: insurance_number(index),
        allergy: None,
        ..of.clone()
    }
}

/// Nine digits.
fn old_number(index: u32) -> u64 {
    45_000_000 + scatter(index, 613_957, 1_000_000)
}

/// Ten digits.
fn insurance_number(index: u32) -> u64 {
    1_200_000_000 + scatter(index, 48_271_337, 100_000_000)
}

/// Birth province, century and sex, year, six digits (NĐ 137/2015; TT 07/2016/TT-BCA). No check digit exists.
fn personal_number(index: u32, seed: Seed, kinh: bool, rng: &mut Rng) -> u64 {
    // Kinh families often come from the delta: Thái Bình, Nam Định, Hà Nam, Hải Dương, Phú Thọ, Lào Cai.
    let elsewhere = rng.chance(if kinh { 4500 } else { 250 });
    let province = if elsewhere { *rng.pick(&[34, 36, 35, 30, 25, 10, 11, 14]) } else { 12 };
    let year = seed.birth.year() as u64;
    let digit = if year < 2000 { 0 } else { 2 } + u64::from(seed.female);
    province * 1_000_000_000
        + digit * 100_000_000
        + year % 100 * 1_000_000
        + scatter(index, 387_217, 1_000_000)
}

/// Spreads indices over `0..of` without two meeting: `by` has no factor 2 or 5, `of` is a power of ten.
fn scatter(index: u32, by: u64, of: u64) -> u64 {
    (u64::from(index) * by + 104_729) % of
}

fn death(birth: Day, window: Window, rng: &mut Rng) -> Option<Day> {
    let alive_from = birth.max(window.from);
    let days = i64::from(window.until.0 - alive_from.0);
    let day = alive_from.plus(rng.between(0, days) as i32);
    let yearly = DEATHS[match birth.age_on(day) {
        0 => 0,
        1..=4 => 1,
        5..=39 => 2,
        40..=59 => 3,
        60..=74 => 4,
        _ => 5,
    }];
    (rng.below(3_650_000) < u64::from(yearly) * days as u64).then_some(day)
}

fn chronic(seed: Seed, window: Window, rng: &mut Rng) -> Vec<Burden> {
    let age = seed.birth.age_on(window.until);
    let mut all = Vec::new();
    for (index, disease) in catalog().chronic.iter().enumerate() {
        let prevalence = match age {
            ..40 => disease.prevalence[0] / 4,
            40..60 => disease.prevalence[0],
            60..75 => disease.prevalence[1],
            _ => disease.prevalence[2],
        };
        if age > disease.from_age && rng.chance(prevalence * 10) {
            let days = rng.between(60, i64::from(age - disease.from_age) * 365).min(rng.between(60, 5500));
            all.push(Burden { disease: index as u8, onset: window.until.plus(-days as i32) });
        }
    }
    all
}

#[cfg(test)]
#[path = "people_tests.rs"]
mod tests;
