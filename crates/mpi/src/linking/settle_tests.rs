//! Small families, each record by hand: who is joined, who is asked about, who is kept apart.

use super::*;
use crate::birth::Birth;
use crate::identifier::{SID, Sex, keys_of, phones};
use crate::linking::{Gazetteer, Known, Linked, Options, link_all};

const HOME: &str = "Bản Nà Củng 2, Phường Đoàn Kết, tỉnh Lai Châu";

/// `name | F 2024-05-06 | number | mother`, all at one home with one phone.
fn linked(records: &[&str]) -> Linked {
    let mut crowd = Crowd::new(Gazetteer::built_in());
    for record in records {
        let parts: Vec<&str> = record.split('|').map(str::trim).collect();
        let (sex, birth) = parts[1].split_once(' ').unwrap();
        let number = parts.get(2).copied().unwrap_or_default();
        let keys: Vec<_> =
            keys_of(&format!("{SID}cccd"), number).into_iter().map(|key| (key, true)).collect();
        crowd.add(&Known {
            names: &[parts[0]],
            sex: Some(if sex == "F" { Sex::Female } else { Sex::Male }),
            birth: Birth::parse(birth),
            phones: &phones("0912345678"),
            address: HOME,
            mother: parts.get(3).copied().unwrap_or_default(),
            keys: &keys,
            ..Known::default()
        });
    }
    link_all(&crowd, &Options { threads: 1, ..Options::default() })
}

#[test]
fn a_newborn_without_a_name_is_its_mothers_only_child_of_that_day() {
    let alone = linked(&["Con bà Lò Thị Mai | F 2024-05-06", "Vàng Thị Hoa | F 2024-05-06 | | Lò Thị Mai"]);
    assert_eq!(alone.person, [0, 0]);
    for twin in ["Vàng Thị Lan | F 2024-05-06 | | Lò Thị Mai", "Vàng Thị Lan | F 2024-05-06"] {
        let both = ["Con bà Lò Thị Mai | F 2024-05-06", "Vàng Thị Hoa | F 2024-05-06 | | Lò Thị Mai", twin];
        let found = linked(&both);
        assert_eq!(found.person, [0, 1, 2], "with a twin on record nobody can tell");
        assert!(found.doubts.iter().any(|doubt| (doubt.one, doubt.other) == (0, 1)), "so a person is asked");
    }
    let numbered =
        linked(&["Con thứ 1 bà Lò Thị Mai | F 2024-05-06", "Con thứ 2 bà Lò Thị Mai | F 2024-05-06"]);
    assert_eq!((numbered.person.as_slice(), numbered.doubts.len()), ([0, 1].as_slice(), 0));
}

#[test]
fn brothers_and_twins_are_kept_apart_without_a_question() {
    let family = [
        "Vàng Văn Sơn | M 2015-05-06 | | Lò Thị Mai",
        "Vàng Văn Nam | M 2015-05-06 | | Lò Thị Mai",
        "Vàng Văn Hải | M 2017-01-02 | | Lò Thị Mai",
        "Lò Thị Mai | F 1990-01-02",
    ];
    let found = linked(&family);
    assert_eq!((found.person.as_slice(), found.doubts.len()), ([0, 1, 2, 3].as_slice(), 0));
}

#[test]
fn a_record_that_fits_two_different_people_is_neither_of_them() {
    let found = linked(&[
        "Lò Thị Mai | F 1990-01-02 | 012190001234",
        "Lò Thị Mai | F 1990-01-02 | 012190777777",
        "Lò Thị Mai | F 1990-01-02",
    ]);
    assert_eq!(found.person, [0, 1, 2]);
    assert!(found.doubts.len() >= 2, "but people are asked");
}

#[test]
fn a_number_links_only_its_bearers() {
    let found = linked(&[
        "Lò Thị Mai | F 1990-01-02 | 012190001234",
        "LO THI MAI | F 1990-02-01 | 012190001234",
        "Con bà Lò Thị Mai | M 2024-05-06 | 012190001234",
        "Vàng Văn Sơn | M 1988-05-06 | 012190001234",
    ]);
    assert_eq!(found.person, [0, 0, 2, 3]);
    assert!(found.doubts.is_empty(), "a borrowed number alone is worth no question");
}

#[test]
fn between_two_people_one_question_is_asked() {
    let found = linked(&[
        "Lò Thị Mai | F 1990-01-02 | 012190001234",
        "Lò Thị Mai | F 1990-01-02 | 012190001234",
        "Lò Thị Mai | F 1990-01-02 | 012190777777",
        "Lò Thị Mai | F 1990-01-02 | 012190777777",
    ]);
    assert_eq!(found.person, [0, 0, 2, 2]);
    assert_eq!(found.doubts.len(), 1);
}

#[test]
fn a_person_has_a_bounded_number_of_records() {
    let many: Vec<String> = (0..PERSON_MAX + 20).map(|_| "Lò Thị Mai | F 1990-01-02".to_owned()).collect();
    let found = linked(&many.iter().map(String::as_str).collect::<Vec<_>>());
    let mut sizes = std::collections::BTreeMap::new();
    found.person.iter().for_each(|person| *sizes.entry(*person).or_insert(0usize) += 1);
    assert!(sizes.values().all(|size| *size <= PERSON_MAX), "{sizes:?}");
}
