//! Numbers and cards have valid form and follow age and date.

use crate::calendar::Day;
use crate::people::{Window, people};
use crate::person::Person;
use crate::rng::Rng;
use std::collections::HashSet;

const UNTIL: Day = Day::ymd(2026, 10, 31);

fn some() -> Vec<Person> {
    people(3000, &Rng::new(11), Window { from: UNTIL.plus(-1095), until: UNTIL }, None)
}

#[test]
fn personal_numbers_say_sex_century_and_year_of_birth() {
    let mut seen = HashSet::new();
    for person in some().iter().filter(|p| p.cccd != 0) {
        let text = format!("{:012}", person.cccd);
        assert_eq!(text.len(), 12);
        assert!(seen.insert(text.clone()));
        let digit = i32::from(text.as_bytes()[3] - b'0');
        assert_eq!(digit % 2 == 1, person.female, "{text}");
        assert_eq!(1900 + digit / 2 * 100 + text[4..6].parse::<i32>().unwrap(), person.birth.year());
    }
}

#[test]
fn cards_are_allowed_pairs_of_object_and_benefit() {
    let pairs =
        ["TE1", "HN2", "DT2", "DK2", "BT2", "CN3", "CN2", "HS4", "HT3", "HC4", "CH4", "DN4", "SV4", "GD4"];
    let mut objects = HashSet::new();
    for person in some() {
        for day in [UNTIL, UNTIL.plus(-400), UNTIL.plus(-800)] {
            let Some(card) = person.card_on(day) else { continue };
            assert_eq!(card.number.len(), 15);
            assert!(pairs.contains(&&card.number[..3]), "{}", card.number);
            assert_eq!(card.number[5..], format!("{:010}", person.bhxh));
            assert!(card.from <= day && day <= card.to);
            assert!(&card.number[..3] != "CN2" || day >= Day::ymd(2026, 1, 1));
            assert_eq!(&card.number[..2] == "TE", person.age_on(day) < 6);
            objects.insert(card.number[..2].to_owned());
        }
    }
    assert!(objects.len() >= 11, "{objects:?}");
}

#[test]
fn near_poor_pay_nothing_from_2026_even_with_the_old_digit() {
    let mut both = HashSet::new();
    for person in some() {
        let Some(card) = person.card_on(Day::ymd(2026, 3, 1)).filter(|c| c.number.starts_with("CN")) else {
            continue;
        };
        assert_eq!(card.percent, 100);
        both.insert(card.number.as_bytes()[2]);
        if person.age_on(Day::ymd(2025, 3, 1)) >= 6 {
            assert_eq!(person.card_on(Day::ymd(2025, 3, 1)).unwrap().percent, 95);
        }
    }
    assert_eq!(both.len(), 2);
}

#[test]
fn insurance_numbers_and_old_cards_belong_to_one_person() {
    let all = some();
    assert_eq!(all.iter().map(|p| p.bhxh).collect::<HashSet<_>>().len(), all.len());
    let old: Vec<_> = all.iter().filter_map(|p| p.cmnd).collect();
    assert_eq!(old.iter().collect::<HashSet<_>>().len(), old.len());
    assert!(old.iter().all(|n| format!("{n:09}").len() == 9));
}
