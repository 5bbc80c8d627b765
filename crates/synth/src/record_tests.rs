//! What happens in a visit hangs together: time, disease, drugs and money.

use super::*;
use crate::making::record;
use crate::people::{Window, people};
use crate::person::Person;
use crate::staff::staff;
use crate::visit::{Visit, visits};

const UNTIL: Day = Day::ymd(2026, 10, 31);
const WINDOW: Window = Window { from: UNTIL.plus(-1095), until: UNTIL };

fn some() -> Vec<(Visit, Person, Record)> {
    let seed = Rng::new(8);
    let all = people(3000, &seed, WINDOW, None);
    visits(&all, &seed, WINDOW, None)
        .into_iter()
        .map(|visit| {
            let person = all[visit.person as usize].clone();
            let shown = person.card_on(visit.start.day());
            let record = record(&visit, &person, shown, &seed, staff()[usize::from(visit.facility)].len());
            (visit, person, record)
        })
        .collect()
}

#[test]
fn money_adds_up_on_every_line_and_in_every_visit() {
    for (visit, _, record) in some() {
        let lines: Vec<Split> =
            record.drugs.iter().map(|l| l.split).chain(record.services.iter().map(|l| l.split)).collect();
        for line in &lines {
            assert_eq!(line.patient + line.copay + line.fund + line.others, line.total);
            assert_eq!(line.copay + line.fund, line.in_scope);
        }
        let t = record.totals;
        assert_eq!(lines.iter().map(|l| l.total).sum::<Money>(), t.total, "{visit:?}");
        assert_eq!(lines.iter().map(|l| l.fund).sum::<Money>(), t.fund);
        assert_eq!(t.patient + t.copay + t.fund + t.others, t.total);
        assert_eq!(record.card.is_none(), record.route == "9");
        assert!(record.card.is_some() || t.in_scope == Money(0));
    }
}

#[test]
fn all_levels_of_benefit_occur_and_half_percents_only_from_july_2026() {
    let mut levels = std::collections::BTreeSet::new();
    for (visit, _, record) in some() {
        levels.insert(record.level.0);
        assert!(record.level.0 % 10 == 0 || visit.start.day() >= Day::ymd(2026, 7, 1));
    }
    assert!(levels.contains(&1000) && levels.contains(&800) && levels.contains(&0), "{levels:?}");
    assert!(levels.iter().any(|l| (1..800).contains(l)) || levels.contains(&950), "{levels:?}");
}

#[test]
fn everything_happens_between_arrival_and_leaving() {
    for (visit, _, record) in some() {
        for line in &record.services {
            assert!(visit.start <= line.ordered && line.ordered <= line.done && line.done <= line.result);
            assert!(line.result <= visit.end);
        }
        assert!(record.drugs.iter().all(|l| visit.start <= l.at && l.at <= visit.end));
        assert!(record.notes.iter().all(|n| visit.start <= n.at && n.at <= visit.end));
    }
}

#[test]
fn nobody_gets_what_they_are_allergic_to() {
    let mut seen = 0;
    for (_, person, record) in some() {
        if let Some(allergy) = person.allergy() {
            assert!(record.drugs.iter().all(|l| !l.drug.atc.starts_with(allergy.atc)));
            seen += 1;
        }
    }
    assert!(seen > 100);
}

#[test]
fn a_correction_changes_the_visit() {
    for (visit, _, before) in some().into_iter().take(500) {
        let after = before.corrected(visit.start.day(), &mut Rng::new(u64::from(visit.index)));
        let changed = after.totals != before.totals || after.outcome != before.outcome;
        assert!(changed);
    }
}

#[test]
fn the_course_of_hypertension_comes_down() {
    let mean = |early: bool| {
        let all: Vec<i64> = some()
            .iter()
            .filter(|(v, p, r)| {
                r.main.icd == "I10" && {
                    let days = v.start.day().0 - p.burdens(v.start.day()).map(|b| b.onset.0).max().unwrap();
                    if early { days < 90 } else { days > 400 }
                }
            })
            .filter_map(|(_, _, r)| r.notes.first().map(|n| n.vitals.systolic))
            .collect();
        all.iter().sum::<i64>() / all.len() as i64
    };
    let (early, late) = (mean(true), mean(false));
    assert!(early > late + 7 && (120..145).contains(&late), "{early} {late}");
}
