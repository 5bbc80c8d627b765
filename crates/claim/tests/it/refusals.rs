//! What keeps a visit out, with its place; and what only gets a word.

use crate::example::{Example, base64, file, judged, outpatient, read, read_within};
use yba_claim::{Bounds, Problem, Severity};

/// The one error of a visit: key, part, row, column.
fn refusal(example: Example) -> (String, String, Option<u32>, String, String) {
    judged(&example.file(), |judged| {
        assert!(judged.refused, "must be refused");
        let errors: Vec<&Problem> =
            judged.problems.iter().filter(|one| one.severity == Severity::Error).collect();
        assert_eq!(errors.len(), 1, "{errors:#?}");
        let one = errors[0];
        assert_eq!(one.file, "a.xml");
        let text = |field: &Option<String>| field.clone().unwrap_or_default();
        (one.key.to_owned(), text(&one.part), one.row, text(&one.column), one.text.clone())
    })
}

fn place(example: Example) -> (String, String, Option<u32>, String) {
    let (key, part, row, column, _) = refusal(example);
    (key, part, row, column)
}

fn at(key: &str, part: &str, row: u32, column: &str) -> (String, String, Option<u32>, String) {
    (key.into(), part.into(), Some(row), column.into())
}

#[test]
fn missing_keys_refuse() {
    let example = outpatient;
    assert_eq!(place(example().unset("XML1", 0, "HO_TEN")), at("key-missing", "XML1", 1, "HO_TEN"));
    assert_eq!(place(example().set("XML1", 0, "HO_TEN", "  ")), at("key-missing", "XML1", 1, "HO_TEN"));
    assert_eq!(place(example().set("XML1", 0, "MA_CSKCB", "12")), at("facility", "XML1", 1, "MA_CSKCB"));
    let (key, part, ..) = place(example().without_part("XML1"));
    assert_eq!((key.as_str(), part.as_str()), ("summary-missing", "XML1"));
    let (key, ..) = place(example().everywhere("MA_LK", ""));
    assert_eq!(key, "key-missing");
}

#[test]
fn impossible_dates_refuse_and_say_what_may_have_happened() {
    let example = outpatient;
    assert_eq!(
        place(example().set("XML1", 0, "NGAY_RA", "202611151015")),
        at("date-order", "XML1", 1, "NGAY_RA")
    );
    assert_eq!(
        place(example().set("XML1", 0, "NGAY_SINH", "202711160000")),
        at("date-order", "XML1", 1, "NGAY_SINH")
    );
    assert_eq!(place(example().set("XML2", 1, "NGAY_YL", "202613160900")), at("date", "XML2", 2, "NGAY_YL"));
    assert_eq!(place(example().set("XML4", 0, "NGAY_KQ", "202602300900")), at("date", "XML4", 1, "NGAY_KQ"));
    let (key, _, _, column, text) = refusal(example().set("XML1", 0, "NGAY_SINH", "199015030000"));
    assert_eq!((key.as_str(), column.as_str()), ("date", "NGAY_SINH"));
    assert!(text.contains("đảo"), "{text}");
}

#[test]
fn money_that_does_not_add_up_refuses_with_both_numbers() {
    let (key, part, row, column, text) = refusal(outpatient().set("XML1", 0, "T_TONGCHI_BV", "613274.00"));
    assert_eq!(
        (key.as_str(), part.as_str(), row, column.as_str()),
        ("totals", "XML1", Some(1), "T_TONGCHI_BV")
    );
    assert!(text.contains("613274.00") && text.contains("603274.00"), "{text}");
    assert_eq!(place(outpatient().set("XML1", 0, "T_BHTT", "1")), at("totals", "XML1", 1, "T_BHTT"));
    judged(&outpatient().set("XML3", 0, "THANH_TIEN_BV", "45.000,00").file(), |judged| {
        let found = judged.problems.iter().find(|one| one.key == "number").unwrap();
        assert_eq!(
            (found.part.as_deref(), found.row, found.column.as_deref()),
            (Some("XML3"), Some(1), Some("THANH_TIEN_BV"))
        );
        assert!(judged.refused && found.text.contains("dấu chấm"), "{}", found.text);
    });
}

#[test]
fn a_missing_part_refuses_by_its_money() {
    judged(&outpatient().without_part("XML2").file(), |judged| {
        let columns: Vec<_> = judged
            .problems
            .iter()
            .filter(|one| one.severity == Severity::Error)
            .filter_map(|one| one.column.as_deref())
            .collect();
        assert!(judged.refused && columns.contains(&"T_TONGCHI_BV"), "{columns:?}");
        assert!(judged.problems.iter().any(|one| one.text.contains("thiếu phần XML2 hoặc XML3")));
    });
}

#[test]
fn rounding_line_by_line_is_no_disagreement() {
    let rounded = outpatient().set("XML1", 0, "T_BNCCT", "86087").set("XML1", 0, "T_BHTT", "344350");
    judged(&rounded.file(), |judged| assert!(!judged.refused, "{:#?}", judged.problems));
    assert_eq!(place(outpatient().set("XML1", 0, "T_BNCCT", "86082")).0, "totals");
}

/// Money another source gives for a line beyond the patient's own part: the official formula of T_BHTT and the sum
/// of lines part ways (facts 6.4, example 5). Both are right by their rule.
#[test]
fn the_formula_of_the_funds_share_is_told_apart_from_the_lines() {
    let example = outpatient()
        .set("XML2", 1, "T_NGUONKHAC", "250000")
        .set("XML2", 1, "T_BNTT", "0")
        .set("XML2", 1, "T_BNCCT", "0")
        .set("XML2", 1, "T_BHTT", "95674.00")
        .set("XML1", 0, "T_NGUONKHAC", "250000")
        .set("XML1", 0, "T_BNTT", "0")
        .set("XML1", 0, "T_BNCCT", "51520.00");
    let by_formula = example.clone().set("XML1", 0, "T_BHTT", "378917.00");
    judged(&by_formula.file(), |judged| {
        assert!(!judged.refused, "{:#?}", judged.problems);
        let told = judged.problems.iter().find(|one| one.key == "fund-share-formula").unwrap();
        assert!(told.text.contains("378917.00") && told.text.contains("301754.00"), "{}", told.text);
    });
    let by_lines = example.set("XML1", 0, "T_BHTT", "301754.00");
    judged(&by_lines.file(), |judged| {
        assert!(!judged.refused && !judged.problems.iter().any(|one| one.key == "fund-share-formula"));
    });
}

fn warnings(example: Example) -> Vec<&'static str> {
    judged(&example.file(), |judged| {
        assert!(!judged.refused, "{:#?}", judged.problems);
        let warned = judged.problems.iter().filter(|one| one.severity == Severity::Warning);
        warned.map(|one| one.key).collect()
    })
}

#[test]
fn a_sound_visit_gets_no_warning_and_odd_ones_get_theirs() {
    let example = outpatient;
    assert_eq!(warnings(example()), [] as [&str; 0]);
    let rows = [
        ("XML1", "SO_CCCD", "0121900012", "identity-format"),
        ("XML1", "SO_CCCD", "012165001234", "identity-borrowed"),
        ("XML1", "SO_CCCD", "012090001234", "identity-borrowed"),
        ("XML1", "MA_THE_BHYT", "GD412", "card-format"),
        ("XML1", "MA_BENH_CHINH", "Z9Z", "code-unknown"),
        ("XML1", "KET_QUA_DTRI", "9", "code-unknown"),
        ("XML1", "MA_KHUVUC", "K12", "too-long"),
        ("XML2", "SO_LUONG", "15", "line-amount"),
        ("XML1", "T_VTYT", "5000", "totals"),
    ];
    for (part, column, value, key) in rows {
        assert_eq!(warnings(example().set(part, 0, column, value)), [key], "{column}={value}");
    }
    assert_eq!(warnings(example().unset("XML1", 0, "MA_BN")), ["patient-code-missing"]);
}

#[test]
fn a_broken_part_refuses_its_visit_and_no_other() {
    let good = outpatient().other(1).hoso(base64);
    type Pack<'a> = &'a dyn Fn(&str) -> String;
    let breaks: [(&str, Pack<'_>, &str); 5] = [
        ("base64", &|text| base64(text)[..41].to_owned() + "*", "XML1"),
        ("xml-syntax", &|text| base64(&text.replace("<STT>1</STT>", "<STT>1<STT>")), "XML1"),
        (
            "xml-cut",
            &|text| {
                base64(&text[..text.len() - 20].trim_end_matches(|c| c != '>').replace("</TONG_HOP>", ""))
            },
            "XML1",
        ),
        ("xml-entity", &|text| base64(&text.replace("000123/LCH", "&ten;")), "XML2"),
        (
            "encoding",
            &|text| {
                use base64::Engine;
                let bytes =
                    text.bytes().map(|byte| if byte == b'K' { 0xF2 } else { byte }).collect::<Vec<u8>>();
                base64::engine::general_purpose::STANDARD.encode(bytes)
            },
            "XML1",
        ),
    ];
    for (key, pack, part) in breaks {
        let bad = outpatient().hoso(pack);
        let (reading, visits) =
            read(&file("12001", "20261203", &[good.clone(), bad, outpatient().other(2).hoso(base64)]));
        assert!(reading.problems.is_empty(), "{key}: {:?}", reading.problems);
        assert_eq!(visits.len(), 3, "{key}");
        let content = crate::example::content();
        let verdicts: Vec<_> = visits.iter().map(|visit| yba_claim::judge(visit, &content)).collect();
        assert_eq!(verdicts.iter().map(|one| one.refused).collect::<Vec<_>>(), [false, true, false], "{key}");
        let found = verdicts[1]
            .problems
            .iter()
            .find(|one| one.key == key)
            .unwrap_or_else(|| panic!("{key}: {:#?}", verdicts[1].problems));
        assert_eq!(found.part.as_deref(), Some(part), "{key}");
    }
}

#[test]
fn a_fault_inside_a_part_names_its_row_and_column() {
    let example = outpatient().set("XML2", 1, "CACH_DUNG", "ĐÁNH_DẤU");
    let bytes =
        file("12001", "20261203", &[example.hoso(|text| base64(&text.replace("ĐÁNH_DẤU", "sáng & chiều")))]);
    judged(&bytes, |judged| {
        let found = judged.problems.iter().find(|one| one.key == "xml-syntax").unwrap();
        assert_eq!(
            (found.part.as_deref(), found.row, found.column.as_deref()),
            (Some("XML2"), Some(2), Some("CACH_DUNG"))
        );
        assert!(found.text.contains("&amp;"), "{}", found.text);
    });
}

#[test]
fn a_file_cut_short_gives_what_came_before() {
    let hosos: Vec<String> = (1..=4).map(|number| outpatient().other(number).hoso(base64)).collect();
    let whole = file("12001", "20261203", &hosos);
    for keep in [whole.len() * 5 / 8, whole.len() * 7 / 8] {
        let (reading, visits) = read(&whole[..keep]);
        assert!(visits.len() >= 2 && visits.len() < 4, "{}", visits.len());
        assert!(
            reading.problems.iter().any(|one| one.severity == Severity::Error && one.key.starts_with("xml-"))
        );
        let content = crate::example::content();
        assert!(visits.iter().all(|visit| !yba_claim::judge(visit, &content).refused));
    }
}

#[test]
fn bombs_and_hostile_documents_are_refused_quickly() {
    let laughs = "<!DOCTYPE lolz [<!ENTITY lol \"lol\"><!ENTITY lol2 \"&lol;&lol;&lol;&lol;\">]><GIAMDINHHS>&lol2;</GIAMDINHHS>";
    let outside =
        "<!DOCTYPE a [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><TONG_HOP><HO_TEN>&x;</HO_TEN></TONG_HOP>";
    let deep = "<a>".repeat(100_000);
    let in_part = file("12001", "20261203", &[outpatient().hoso(|_| base64(laughs))]);
    for (bytes, key) in [
        (laughs.as_bytes(), "xml-doctype"),
        (outside.as_bytes(), "xml-doctype"),
        (deep.as_bytes(), "file-unknown"),
        (b"".as_slice(), "file-empty"),
        (b"hello".as_slice(), "file-empty"),
        (b"<html><body>x</body></html>".as_slice(), "file-unknown"),
    ] {
        let (reading, visits) = read(bytes);
        assert!(visits.is_empty());
        let keys: Vec<_> = reading.problems.iter().map(|one| one.key).collect();
        assert!(
            keys.contains(&key) || keys.iter().all(|key| key.starts_with("xml-")) && !keys.is_empty(),
            "{key}: {keys:?}"
        );
    }
    judged(&in_part, |judged| {
        assert!(judged.refused);
        assert!(
            judged.problems.iter().any(|one| one.key == "xml-doctype" && one.part.as_deref() == Some("XML1"))
        );
    });
}

#[test]
fn bounds_hold() {
    let bounds = Bounds { elements: 100, ..Bounds::default() };
    let (_, visits) = read_within(&outpatient().file(), bounds);
    assert!(visits[0].problems.iter().any(|one| one.key == "xml-large"));
    let bounds = Bounds { part_bytes: 500, ..Bounds::default() };
    let (_, visits) = read_within(&outpatient().file(), bounds);
    assert!(visits[0].problems.iter().any(|one| one.key == "part-large"));
    let bounds = Bounds { cell_chars: 100, ..Bounds::default() };
    let long = outpatient().set("XML2", 0, "CACH_DUNG", &"a".repeat(1000));
    let (_, visits) = read_within(&long.file(), bounds);
    let found = visits[0].problems.iter().find(|one| one.key == "cell-long").unwrap();
    assert_eq!(found.column.as_deref(), Some("CACH_DUNG"));
}

#[test]
fn other_encodings_are_refused_with_the_thing_to_do() {
    let text = "<?xml version=\"1.0\" encoding=\"windows-1258\"?><TONG_HOP><HO_TEN>L";
    let bytes = [text.as_bytes(), b"\xF2</HO_TEN></TONG_HOP>"].concat();
    let (reading, visits) = read(&bytes);
    assert!(visits.is_empty());
    assert!(reading.problems[0].text.contains("lưu lại bằng UTF-8"), "{:?}", reading.problems);
}

#[test]
fn diagnostics_hold_no_names_or_numbers_of_people() {
    let example =
        outpatient().set("XML1", 0, "SO_CCCD", "01219000").set("XML1", 0, "NGAY_SINH", "199013320000");
    judged(&example.file(), |judged| {
        assert!(judged.refused);
        for one in &judged.problems {
            for secret in ["Lò", "Mẫu", "01219000", "199013320000", "1234567890"] {
                assert!(!one.diagnostics.contains(secret), "{}", one.diagnostics);
            }
        }
    });
}
