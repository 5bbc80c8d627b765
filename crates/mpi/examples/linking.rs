//! What linking does with an invented crowd of known truth: `cargo run --release -p yba-mpi --example linking --
//! 100000 1 numbers|plain [errors]`. Prints figures, weights and, when asked, what went wrong.

use std::time::Instant;
use yba_mpi::birth::Birth;
use yba_mpi::identifier::{Key, SID, Sex, keys_of, phones};
use yba_mpi::linking::{Crowd, Gazetteer, Known, Options, compare, figures, link_all};
use yba_synth::{Dirt, Plan, Registration, Spoiling, registrations};

fn add(crowd: &mut Crowd, one: &Registration) {
    let of = |slug: &str, value: &str| keys_of(&format!("{SID}{slug}"), value);
    let keys: Vec<(Key, bool)> = of("cccd", &one.identity)
        .into_iter()
        .chain(of("bhyt", &one.card).into_iter().filter(|_| !one.card.starts_with("TE112")))
        .map(|key| (key, true))
        .collect();
    crowd.add(&Known {
        names: &[&one.name],
        sex: Some(if one.female { Sex::Female } else { Sex::Male }),
        birth: Birth::parse(&one.birth),
        phones: &phones(&one.phone),
        address: &one.address,
        commune: one.commune,
        mother: &one.mother,
        keys: &keys,
    });
}

fn main() {
    let asked: Vec<String> = std::env::args().collect();
    let records: usize = asked.get(1).and_then(|text| text.parse().ok()).unwrap_or(100_000);
    let seed = asked.get(2).and_then(|text| text.parse().ok()).unwrap_or(1);
    let with_numbers = asked.get(3).is_none_or(|text| text == "numbers");
    let until = jiff::civil::date(2026, 10, 31);
    let plan = Plan { people: (records * 46 / 100) as u32, seed, years: 5, until };
    let all: Vec<Registration> =
        registrations(&plan, Dirt::default().doubled(), Spoiling::default().doubled(), with_numbers)
            .collect();
    let begun = Instant::now();
    let mut crowd = Crowd::new(Gazetteer::built_in());
    all.iter().for_each(|one| add(&mut crowd, one));
    let read = begun.elapsed();
    let linked = link_all(&crowd, &Options::default());
    let truth: Vec<u64> = all.iter().map(|one| u64::from(one.person)).collect();
    let found = figures(&linked, &truth);
    println!(
        "{} records, read {:.1} s, all {:.1} s, compared {}\nprecision {:.5} recall {:.4} with doubts {:.4}, doubts per 100 {:.3} ({} right)",
        all.len(),
        read.as_secs_f64(),
        begun.elapsed().as_secs_f64(),
        linked.compared,
        found.precision(),
        found.recall(),
        found.recall_with_doubts(),
        found.doubts_per_hundred(),
        found.doubts_right,
    );
    if asked.len() > 4 {
        linked.model.lines().for_each(|line| println!("{line}"));
        wrong(&crowd, &linked, &all);
    }
}

fn wrong(crowd: &Crowd, linked: &yba_mpi::linking::Linked, all: &[Registration]) {
    let show = |what: &str, one: u32, other: u32| {
        let levels = compare(crowd, one, other);
        let weighed = linked.model.weigh(crowd, one, other, &levels);
        println!("{what} {:.1} bits p {:.4} {levels:?}", weighed.bits, weighed.probability);
        for id in [one, other] {
            let r = &all[id as usize];
            println!(
                "    {} {} {} | {} | {} | {} | {} | {} {} | m {}",
                r.person,
                r.name,
                r.female,
                r.birth,
                r.identity,
                r.card,
                r.phone,
                r.address,
                r.commune,
                r.mother
            );
        }
    };
    linked
        .links(crowd)
        .filter(|pair| all[pair.one as usize].person != all[pair.other as usize].person)
        .take(40)
        .for_each(|pair| show("FALSE LINK", pair.one, pair.other));
    linked
        .doubts
        .iter()
        .filter(|pair| all[pair.one as usize].person != all[pair.other as usize].person)
        .step_by((linked.doubts.len() / 30).max(1))
        .for_each(|pair| show("FALSE DOUBT", pair.one, pair.other));
    let mut kinds: std::collections::BTreeMap<String, [usize; 3]> = std::collections::BTreeMap::new();
    let kind = |one: u32, other: u32| {
        let levels = compare(crowd, one, other);
        format!(
            "{:?} {:?} sex {:?} {:?} phone {:?} cccd {:?}",
            levels.name, levels.birth, levels.sex, levels.place, levels.phone, levels.cccd
        )
    };
    for doubt in &linked.doubts {
        let right = all[doubt.one as usize].person == all[doubt.other as usize].person;
        kinds.entry(kind(doubt.one, doubt.other)).or_default()[usize::from(!right)] += 1;
    }
    let asked: std::collections::BTreeSet<(u32, u32)> = linked
        .doubts
        .iter()
        .flat_map(|doubt| {
            let (one, other) = (linked.person[doubt.one as usize], linked.person[doubt.other as usize]);
            [(one, other), (other, one)]
        })
        .collect();
    let mut missed = 0;
    for (at, one) in all.iter().enumerate() {
        for (place, other) in all.iter().enumerate().skip(at + 1).take(3) {
            let (person, with) = (linked.person[at], linked.person[place]);
            if one.person == other.person && person != with && !asked.contains(&(person, with)) {
                kinds.entry(kind(at as u32, place as u32)).or_default()[2] += 1;
                missed += 1;
                if missed % 50 == 0 && missed < 1200 || kind(at as u32, place as u32).starts_with("Differs") {
                    show("MISSED", at as u32, place as u32);
                }
            }
        }
    }
    let mut kinds: Vec<_> = kinds.into_iter().collect();
    kinds.sort_by_key(|(_, counts)| std::cmp::Reverse(counts.iter().sum::<usize>()));
    println!("doubts right, doubts wrong, missed");
    kinds.iter().take(70).for_each(|(kind, counts)| println!("{counts:?} {kind}"));
    println!("{missed} missed");
}
