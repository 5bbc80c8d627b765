//! ICD-10: hierarchy, names, search.

use crate::{built_in, codes, expand, holds, today, with};
use yba_terminology::expand::Expand;

const ICD10: &str = "http://hl7.org/fhir/sid/icd-10";
const SET: &str = "https://yba.vn/fhir/ValueSet/icd-10-vn";

fn found(filter: &str, count: usize) -> Vec<String> {
    let asked = Expand { filter: Some(filter), count: Some(count), ..Expand::on(today()) };
    expand(built_in(), SET, &asked).entries.into_iter().map(|entry| entry.code).collect()
}

#[test]
fn a_code_stands_under_its_category_block_and_chapter() {
    let table = built_in().code_system(ICD10, None, today()).unwrap().table();
    let at = |code: &str| table.find(code).unwrap_or_else(|| panic!("{code}"));
    let up = |code: &str| {
        let mut way = vec![code.to_owned()];
        let mut here = at(code);
        while let Some(parent) = table.parents(here).next() {
            way.push(table.code(parent).to_owned());
            here = parent;
        }
        way.join(" ")
    };
    assert_eq!(up("J20.9"), "J20.9 J20 J20-J22 X");
    assert_eq!(up("E11"), "E11 E10-E14 IV");
    assert!(table.is_a(at("J20.9"), at("X")) && !table.is_a(at("J20.9"), at("IX")));
    assert!(table.flags(at("X")).not_selectable && !table.flags(at("J20")).not_selectable);
    assert!(table.len() > 14_000);
    // In the order of the book: chapter I first, XXI before XXII.
    let order: Vec<&str> =
        table.all().filter(|at| table.parents(*at).next().is_none()).map(|at| table.code(at)).collect();
    assert_eq!(&order[..3], ["I", "II", "III"]);
    let orphans = table.all().filter(|at| table.parents(*at).next().is_none()).count();
    assert_eq!(orphans, order.len());
    assert!(orphans <= 22, "{order:?}");
}

#[test]
fn diseases_may_be_recorded_and_groups_may_not() {
    for (code, expected) in
        [("J20.9", 'i'), ("J20", 'i'), ("J20-J22", 'o'), ("X", 'o'), ("J20.99", 'o'), ("j20.9", 'o')]
    {
        assert_eq!(holds(built_in(), SET, Some(ICD10), code, today()), expected, "{code}");
    }
}

#[test]
fn search_is_blind_to_accents_and_ranks_codes_before_titles() {
    assert_eq!(found("j20", 3), ["J20", "J20.0", "J20.1"]);
    assert_eq!(found("J209", 3), ["J20.9"]);
    assert_eq!(found("sot xuat huyet dengue", 50)[0].get(..2), Some("A9"));
    // The order of words does not matter for what is found, only for what comes first.
    let mut plain = found("tang huyet ap", 1000);
    let mut turned = found("huyet TANG ap", 1000);
    plain.sort();
    turned.sort();
    assert_eq!(plain, turned);
    assert!(found("tăng huyết áp", 200).contains(&"I10".to_owned()), "{plain:?}");
    assert!(found("hypertension", 200).contains(&"I10".to_owned()), "English titles are found too");
    assert_eq!(found("không có bệnh nào tên thế này", 5), Vec::<String>::new());
}

#[test]
fn pages_hold_every_code_once() {
    let mut all = Vec::new();
    let page = |offset: usize| {
        let asked = Expand { filter: Some("viem"), offset, count: Some(97), ..Expand::on(today()) };
        expand(built_in(), SET, &asked)
    };
    let total = page(0).total;
    while all.len() < total {
        let next = page(all.len());
        assert_eq!(next.total, total);
        assert!(!next.entries.is_empty());
        all.extend(next.entries.into_iter().map(|entry| entry.code));
    }
    let count = all.len();
    all.sort();
    all.dedup();
    assert!(count == total && all.len() == total && total > 500, "{total}");
    assert!(page(total).entries.is_empty());
}

#[test]
fn the_whole_book_at_once_is_too_much_and_a_chapter_is_not() {
    let set = built_in().value_set(SET).unwrap();
    let refused = set.expand(&Expand::on(today())).unwrap_err();
    assert_eq!((refused.issues[0].code, refused.issues[0].key), ("too-costly", "terminology-too-costly"));
    let chapter = with(&[
        r#"{"resourceType": "ValueSet", "url": "urn:chapter", "status": "active", "compose": {"include": [
        {"system": "http://hl7.org/fhir/sid/icd-10", "filter": [{"property": "concept", "op": "descendent-of", "value": "J20-J22"}]}]}}"#,
    ]);
    let expansion = expand(&chapter, "urn:chapter", &Expand::on(today()));
    assert_eq!(codes(&expansion)[..3], ["J20", "J20.0", "J20.1"]);
    assert!(codes(&expansion).last().unwrap().starts_with("J22"));
}
