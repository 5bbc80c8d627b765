use std::collections::{BTreeMap, BTreeSet};

use crate::rows;

fn digits(text: &str, count: usize) -> bool {
    text.len() == count && text.bytes().all(|digit| digit.is_ascii_digit())
}

/// NQ 202/2025/QH15 and the resolutions of the Standing Committee: 34 provinces, 3,321 communes.
#[test]
fn the_country_has_34_provinces_and_3321_communes() {
    let units = rows::<7>("units.tsv.gz");
    assert_eq!(units.len(), 3321);
    let provinces: BTreeSet<(&str, &str)> =
        units.iter().map(|row| (row[0].as_str(), row[3].as_str())).collect();
    assert_eq!(provinces.len(), 34);
    let codes: BTreeSet<&str> = units.iter().map(|row| row[1].as_str()).collect();
    assert_eq!(codes.len(), 3321, "codes are unique");
    assert!(units.iter().all(|row| digits(&row[0], 2) && digits(&row[1], 5)));
    let kinds = ["Phường ", "Xã ", "Đặc khu "];
    assert!(units.iter().all(|row| kinds.iter().any(|kind| row[2].starts_with(kind))));
    for name in ["Đặc khu Hoàng Sa", "Đặc khu Trường Sa"] {
        assert!(units.iter().any(|row| row[2] == name), "{name}");
    }
}

#[test]
fn lai_chau_has_38_communes_where_lai_chau_is() {
    let units = rows::<7>("units.tsv.gz");
    let ours: Vec<_> = units.iter().filter(|row| row[0] == "12").collect();
    assert_eq!(ours.len(), 38);
    for row in ours {
        let number = |cell: usize| row[cell].parse::<f64>().unwrap();
        assert!((21.6..=22.9).contains(&number(4)) && (102.3..=104.0).contains(&number(5)), "{row:?}");
        assert!(number(6) > 1.0, "{row:?}");
    }
}

#[test]
fn every_old_commune_became_communes_that_exist() {
    let units = rows::<7>("units.tsv.gz");
    let province_of: BTreeMap<&str, &str> =
        units.iter().map(|row| (row[1].as_str(), row[0].as_str())).collect();
    let old = rows::<7>("units-old.tsv.gz");
    assert_eq!(old.len(), 10_040);
    let coded: BTreeSet<&str> =
        old.iter().map(|row| row[0].as_str()).filter(|code| !code.is_empty()).collect();
    assert_eq!(coded.len(), 10_035, "five island districts had no commune");
    let mut reached = BTreeSet::new();
    for row in &old {
        assert!(
            (row[0].is_empty() || digits(&row[0], 5)) && digits(&row[3], 2) && digits(&row[6], 3),
            "{row:?}"
        );
        let new: Vec<&str> = row[5].split(';').collect();
        assert!(new.iter().all(|code| province_of.contains_key(code)), "{row:?}");
        assert_eq!(new.iter().map(|code| province_of[code]).collect::<BTreeSet<_>>().len(), 1, "{row:?}");
        reached.extend(new);
    }
    assert_eq!(reached.len(), 3321, "every new commune grew out of old ones");
}

/// Checked by hand against the names: two old communes called Thạnh Lộc, in two districts of Kiên Giang.
#[test]
fn communes_of_one_name_are_not_confused() {
    let old = rows::<7>("units-old.tsv.gz");
    let became = |code: &str| old.iter().find(|row| row[0] == code).unwrap()[5].clone();
    assert_eq!(became("30901"), "30886");
    assert_eq!(became("30913"), "30910");
}
