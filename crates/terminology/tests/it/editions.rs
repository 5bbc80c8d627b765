//! Lists of content: the day of the act chooses the edition.

use crate::{built_in, codes, day, expand, holds, today};
use yba_fhir::json;
use yba_terminology::expand::Expand;
use yba_terminology::lookup::Lookup;

const KINDS: &str = "https://yba.vn/fhir/CodeSystem/ma-loai-kcb";
const KINDS_SET: &str = "https://yba.vn/fhir/ValueSet/ma-loai-kcb";

#[test]
fn a_visit_kind_is_right_on_the_days_of_its_edition() {
    let rows = [
        ("1", "2020-05-01", 'i'),
        ("01", "2020-05-01", 'o'),
        ("1", "2025-05-01", 'o'),
        ("01", "2025-05-01", 'i'),
        ("01", "2026-09-01", 'i'),
        ("01", "2010-01-01", '?'),
    ];
    for (code, on, expected) in rows {
        assert_eq!(holds(built_in(), KINDS_SET, Some(KINDS), code, day(on)), expected, "{code} on {on}");
    }
}

#[test]
fn an_expansion_shows_the_edition_of_the_day() {
    let on = |text: &str| expand(built_in(), KINDS_SET, &Expand::on(day(text)));
    assert_eq!(codes(&on("2020-05-01"))[0], "1");
    assert_eq!(codes(&on("2025-05-01"))[0], "01");
    assert_eq!(on("2025-05-01").entries[0].version, "2024-07-01");
    assert!(on("2010-01-01").entries.is_empty(), "nothing may be chosen before the first edition");
}

#[test]
fn a_version_asked_for_is_answered_whatever_the_day() {
    let edition = built_in().code_system(KINDS, Some("2018-01-01"), today()).unwrap();
    assert!(edition.table().find("1").is_some() && edition.table().find("01").is_none());
    assert!(built_in().code_system(KINDS, Some("1999-01-01"), today()).is_none());
}

#[test]
fn a_look_at_a_code_says_since_when_it_holds_and_by_which_law() {
    let asked = Lookup {
        system: KINDS,
        version: None,
        code: "01",
        on: day("2025-05-01"),
        language: None,
        properties: &[],
    };
    let answer = json::to_string(&built_in().lookup(&asked).unwrap()).unwrap();
    for expected in [
        r#""valueString":"Khám bệnh""#,
        r#""valueDateTime":"2024-07-01""#,
        r#""valueDateTime":"2026-07-31""#,
        "QĐ-BYT",
    ] {
        assert!(answer.contains(expected), "{expected} in {answer}");
    }
}

#[test]
fn every_list_of_content_is_a_code_system_and_a_value_set() {
    let content = yba_content::Content::built_in();
    for list in content.code_lists() {
        let edition = built_in().code_system(&list.url, Some(&list.from.to_string()), today());
        let edition = edition.unwrap_or_else(|| panic!("{} of {}", list.url, list.from));
        assert_eq!(edition.table().len(), list.codes.len(), "{}", list.slug);
        let set = format!("https://yba.vn/fhir/ValueSet/{}", list.slug);
        for code in &list.codes {
            assert_eq!(
                holds(built_in(), &set, Some(&list.url), &code.code, list.from),
                'i',
                "{set} {}",
                code.code
            );
        }
    }
}

#[test]
fn a_list_in_part_does_not_call_other_codes_wrong() {
    let set = "https://yba.vn/fhir/ValueSet/quoc-tich";
    assert_eq!(holds(built_in(), set, None, "000", today()), 'i');
    assert_eq!(holds(built_in(), set, None, "116", today()), '?');
    let complete = "https://yba.vn/fhir/ValueSet/dan-toc";
    assert_eq!(holds(built_in(), complete, None, "41", today()), 'i');
    assert_eq!(holds(built_in(), complete, None, "98", today()), 'o');
}
