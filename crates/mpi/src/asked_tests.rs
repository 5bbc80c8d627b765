//! Everything people type or scan into the one box, as rows.

use super::*;
use crate::qr;

/// What was understood, in one short line.
fn line(text: &str) -> String {
    let asked = understand(text);
    let what = match &asked.query {
        Query::Empty => "empty".to_owned(),
        Query::Cccd(number) => format!("cccd {}", number.text()),
        Query::Cmnd(number) => format!("cmnd {number}"),
        Query::Bhyt(card) => format!("bhyt {}", card.text()),
        Query::Bhxh(number) => format!("bhxh {number}"),
        Query::Phone(number) => format!("phone {number}"),
        Query::Passport(number) => format!("passport {number}"),
        Query::Code(code) => format!("code {code}"),
        Query::CardQr(card) => format!("card {} {}", card.number, card.name),
        Query::BhytQr(paper) => format!("paper {} {}", paper.number, paper.name),
        Query::Text(name) => format!("text {}", name_line(name)),
    };
    what.trim_end().to_owned()
}

fn name_line(name: &NameQuery) -> String {
    let star = if name.last_is_prefix { "*" } else { "" };
    let years: Vec<String> = name.years.iter().map(i16::to_string).collect();
    let birth = name.birth.map(|birth| format!(" = {birth}")).unwrap_or_default();
    format!("{}{star} {}{birth}", name.words.join(" "), years.join(" or "))
}

#[test]
fn names_with_and_without_years() {
    let rows = [
        ("nguyen thi lanh 1986", "text nguyen thi lanh 1986"),
        ("Nguyễn Thị Lành", "text nguyen thi lanh*"),
        ("Nguyễn Thị Lành ", "text nguyen thi lanh"),
        ("lanh 2/3/1986", "text lanh 1986 = 1986-03-02"),
        ("lanh 02-03-1986", "text lanh 1986 = 1986-03-02"),
        ("lanh 2.3.1986", "text lanh 1986 = 1986-03-02"),
        ("lanh 1986-03-02", "text lanh 1986 = 1986-03-02"),
        ("lanh 02031986", "text lanh 1986 = 1986-03-02"),
        ("lanh 3/1986", "text lanh 1986"),
        ("1986 lanh", "text lanh* 1986"),
        ("huong 68", "text huong 1968 or 2068"),
        ("lành, sn 1986", "text lanh 1986"),
        ("Lò Thị Mai sinh năm 1990", "text lo thi mai 1990"),
        ("Lò Thị Mai ngày sinh 2/1/1990", "text lo thi mai 1990 = 1990-01-02"),
        ("Vàng A Sinh 1990", "text vang a sinh 1990"),
        ("năm 1990", "text nam 1990"),
        ("H'Mông", "text hmong*"),
        ("Sùng A Dờ-Pó", "text sung a do po*"),
        ("lanh 31/2/1986", "text lanh 1986"),
        ("2/3/1986", "text  1986 = 1986-03-02"),
        ("2 3 1986", "text  1986 = 1986-03-02"),
        ("lanh 9999", "text lanh 9999*"),
        ("???", "text"),
        ("😀", "text"),
    ];
    for (text, expected) in rows {
        let found = line(text).replace("  ", " ");
        assert_eq!(found, expected.replace("  ", " "), "{text}");
    }
}

#[test]
fn numbers_with_any_separators() {
    let rows = [
        ("012190001234", "cccd 012190001234"),
        (" 012 190 001 234 ", "cccd 012190001234"),
        ("012.190.001.234", "cccd 012190001234"),
        ("012-190-001-234", "cccd 012190001234"),
        ("12190001234", "cccd 012190001234"),
        ("091234567", "cmnd 091234567"),
        ("091 234 567", "cmnd 091234567"),
        ("gd4121234567890", "bhyt GD4121234567890"),
        ("GD 4 12 1234567890", "bhyt GD4121234567890"),
        ("1234567890", "bhxh 1234567890"),
        ("0112345678", "bhxh 0112345678"),
        ("0912345678", "phone 0912345678"),
        ("0912.345.678", "phone 0912345678"),
        ("+84 912 345 678", "phone 0912345678"),
        ("01689123456", "phone 0389123456"),
        ("0213 3876 123", "phone 02133876123"),
        ("B1234567", "passport B1234567"),
        ("b 1234567", "passport B1234567"),
        ("AB123456", "passport AB123456"),
        ("26000123", "code 26000123"),
        ("VD-12001-20260302-3", "code VD12001202603023"),
        ("BN0012", "passport BN0012"),
        ("KB26000123", "code KB26000123"),
        ("1986", "code 1986"),
        ("0", "code 0"),
        ("", "empty"),
        (" \u{feff} \n", "empty"),
    ];
    for (text, expected) in rows {
        assert_eq!(line(text), expected, "{text}");
    }
}

#[test]
fn a_number_is_looked_up_under_everything_it_may_be() {
    let keys = |text: &str| -> Vec<String> {
        understand(text).keys.iter().map(|key| format!("{}:{}", key.kind.slug(), key.value)).collect()
    };
    assert_eq!(keys("0812345678"), ["phone:0812345678", "bhxh:0812345678", "any:0812345678"]);
    assert_eq!(keys("912345678"), ["cmnd:912345678", "phone:0912345678", "any:912345678"]);
    assert_eq!(keys("GD4121234567890"), ["bhxh:1234567890", "bhyt:GD4121234567890"]);
    assert_eq!(keys("lo thi mai 0912345678"), ["phone:0912345678", "bhxh:0912345678", "any:0912345678"]);
    assert_eq!(keys("B1234567"), ["ho-chieu:B1234567", "any:B1234567"]);
    assert!(keys("nguyen thi lanh 1986").is_empty());
}

#[test]
fn scanned_cards_give_number_and_person() {
    let card = "012190001234|091234567|Lò Thị Mai|02011990|Nữ|Thân Thuộc, Tân Uyên, Lai Châu|15052022";
    let asked = understand(&format!("{card}\r\n"));
    assert_eq!(line(card), "card 012190001234 Lò Thị Mai");
    assert_eq!(asked.keys, [Key::new(KeyKind::Cccd, "012190001234"), Key::new(KeyKind::Cmnd, "091234567")]);
    assert_eq!(name_line(&asked.name.unwrap()), "lo thi mai 1990 = 1990-01-02");
    assert_eq!(asked.note, None);
    let paper = "1234567890|4cc3b2205468e1bb8b204d6169|02/01/1990|2|-|12 - 001|01/01/2026|-|15/12/2025|$";
    assert_eq!(line(paper), "paper 1234567890 Lò Thị Mai");
    assert!(qr::InsurancePaper::parse(paper).is_some());
}

#[test]
fn a_cut_scan_still_finds_by_its_first_field_and_says_so() {
    let asked = understand("012190001234|0912345");
    assert_eq!(line("012190001234|0912345"), "cccd 012190001234");
    assert!(asked.note.is_some());
    assert_eq!(line("|||||"), "empty");
}

#[test]
fn a_name_and_year_typed_in_one_go_is_tried_as_both() {
    let asked = understand("lanh1986");
    assert_eq!(asked.query, Query::Passport("LANH1986".into()));
    assert_eq!(name_line(&asked.name.unwrap()), "lanh 1986");
}

#[test]
fn hostile_text_is_bounded() {
    let long = "lò ".repeat(100_000);
    let asked = understand(&long);
    assert!(asked.note.is_some());
    assert_eq!(asked.name.unwrap().words.len(), WORDS_MAX);
    assert_eq!(understand(&"1".repeat(100_000)).keys.len(), 1);
    for text in [
        "'; DROP TABLE mpi_word; --",
        "%_%",
        "\u{0}",
        "a\u{300}\u{300}\u{300}",
        "((((",
        "+",
        "-",
        "+84",
        "|$",
    ] {
        let _ = understand(text);
    }
}
