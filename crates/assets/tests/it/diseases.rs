use std::collections::BTreeSet;

use crate::rows;

#[test]
fn there_are_as_many_codes_and_vietnamese_titles_as_were_measured() {
    let codes = rows::<4>("icd10.tsv.gz");
    assert!(codes.len() >= 14_000, "{}", codes.len());
    let translated = codes.iter().filter(|row| !row[1].is_empty()).count();
    assert!(translated >= 13_000, "{translated}");
    assert_eq!(codes.iter().filter(|row| row[0].len() == 3).count(), 2053);
    assert!(codes.iter().all(|row| !row[2].is_empty()), "every code has an English title");
}

#[test]
fn every_code_leads_up_to_a_chapter() {
    let codes = rows::<4>("icd10.tsv.gz");
    let blocks = rows::<4>("icd10-blocks.tsv.gz");
    let known: BTreeSet<&str> = codes.iter().chain(&blocks).map(|row| row[0].as_str()).collect();
    for row in &codes {
        assert!(known.contains(row[3].as_str()), "{row:?}");
    }
    let chapters: Vec<_> = blocks.iter().filter(|row| row[3].is_empty()).collect();
    assert_eq!(chapters.len(), 22);
    assert!(blocks.iter().all(|row| row[3].is_empty() || known.contains(row[3].as_str())));
}

#[test]
fn familiar_diseases_have_their_familiar_names() {
    let codes = rows::<4>("icd10.tsv.gz");
    let check = |code: &str, title: &str| {
        let row = codes.iter().find(|row| row[0] == code).unwrap_or_else(|| panic!("{code}"));
        assert_eq!(row[1], title);
    };
    check("A97", "Sốt xuất huyết Dengue");
    check("E11.9", "Bệnh đái tháo đường type 2: chưa có biến chứng");
    check("J18.9", "Viêm phổi, không đặc hiệu");
    check("F10", "Rối loạn tâm thần và hành vi do sử dụng rượu");
    check("F12.1", "Rối loạn tâm thần và hành vi do sử dụng cần sa: sử dụng gây hại");
}

/// A page that mixes composed and decomposed marks cannot be searched.
#[test]
fn no_title_carries_a_loose_mark() {
    for row in rows::<4>("icd10.tsv.gz").iter().chain(&rows::<4>("icd10-blocks.tsv.gz")) {
        assert!(!row[1].chars().any(|letter| ('\u{300}'..='\u{36f}').contains(&letter)), "{row:?}");
    }
}
