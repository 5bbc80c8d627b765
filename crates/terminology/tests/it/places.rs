//! Administrative units of both generations and the way from the old to the new.

use crate::{built_in, codes, day, expand, holds, today};
use yba_terminology::expand::Expand;
use yba_terminology::translate::Translate;

const NEW: &str = "https://yba.vn/fhir/sid/admin-unit/2025-07-01";
const OLD: &str = "https://yba.vn/fhir/sid/admin-unit/2021";

fn translated(system: &str, code: &str, reverse: bool) -> Vec<(String, &'static str)> {
    let map = Some("https://yba.vn/fhir/ConceptMap/admin-unit-2021-to-2025");
    let asked = Translate { map, system, code, target: None, reverse, on: today() };
    let found = built_in().translate(&asked).unwrap();
    found.matches.into_iter().map(|one| (one.code, one.equivalence)).collect()
}

#[test]
fn the_same_code_is_another_place_in_each_generation() {
    let name = |system: &str| {
        let table = built_in().code_system(system, None, today()).unwrap().table();
        table.display(table.find("03388").unwrap()).to_owned()
    };
    assert_eq!((name(NEW).as_str(), name(OLD).as_str()), ("Phường Đoàn Kết", "Phường Quyết Tiến"));
    let table = built_in().code_system(NEW, None, today()).unwrap().table();
    assert_eq!(table.len(), 34 + 3321);
    let under = |code: &str| table.children(table.find(code).unwrap()).count();
    assert_eq!((under("12"), under("40"), under("48"), under("24")), (38, 130, 94, 99));
}

#[test]
fn an_old_commune_leads_to_its_new_ones() {
    let content = yba_content::Content::built_in();
    let mut divided = 0;
    for code in ["03388", "03604", "16681", "20194", "07210", "00001"] {
        let Some(old) = content.old_unit(code) else { continue };
        let found: Vec<String> = translated(OLD, code, false).into_iter().map(|(code, _)| code).collect();
        assert_eq!(found, old.new, "{code}");
        divided += usize::from(found.len() > 1);
    }
    let _ = divided;
    assert_eq!(translated(OLD, "03388", false).len(), 1);
    assert_eq!(translated(OLD, "99999", false), []);
    // Each old province went to one new one; Quảng Nam to Đà Nẵng.
    assert_eq!(translated(OLD, "49", false), [("48".to_owned(), "wider")]);
    assert_eq!(translated(OLD, "12", false), [("12".to_owned(), "equivalent")]);
    let back = translated(NEW, "48", true);
    assert_eq!(back, [("48".to_owned(), "narrower"), ("49".to_owned(), "narrower")]);
}

#[test]
fn a_divided_commune_leads_to_several_the_likely_one_first() {
    let content = yba_content::Content::built_in();
    let table = built_in().code_system(OLD, None, today()).unwrap().table();
    let several = table.all().map(|at| table.code(at)).filter(|code| code.len() == 5);
    let several: Vec<_> =
        several.filter_map(|code| content.old_unit(code)).filter(|old| old.new.len() > 1).collect();
    assert!(!several.is_empty());
    for old in several {
        let found = translated(OLD, &old.code, false);
        assert_eq!(
            found.iter().map(|(code, _)| code).collect::<Vec<_>>(),
            old.new.iter().collect::<Vec<_>>()
        );
        assert!(found.iter().all(|(_, equivalence)| *equivalence == "inexact"));
    }
}

#[test]
fn old_codes_stay_right_in_records_and_are_no_longer_offered() {
    let both = "https://yba.vn/fhir/ValueSet/xa-phuong";
    assert_eq!(holds(built_in(), both, Some(OLD), "03388", today()), 'i');
    assert_eq!(holds(built_in(), both, Some(NEW), "03388", today()), 'i');
    assert_eq!(holds(built_in(), both, Some(NEW), "12", today()), 'o', "a province is no commune");
    assert_eq!(holds(built_in(), both, Some(OLD), "99999", today()), 'o');
    let asked =
        Expand { filter: Some("quyet tien"), active_only: true, count: Some(50), ..Expand::on(today()) };
    let offered = expand(built_in(), both, &asked);
    assert!(offered.entries.iter().all(|entry| entry.system == NEW), "{:?}", codes(&offered));
    let before = Expand { on: day("2025-06-30"), ..asked };
    assert!(codes(&expand(built_in(), both, &before)).contains(&"03388"));
}
