//! Numbers as rows: what they are, what they say, what they may not prove.

use super::*;

#[test]
fn personal_numbers_tell_province_sex_and_year() {
    let rows = [
        ("012190001234", "Lai Châu", Sex::Female, 1990),
        ("040205123456", "Nghệ An", Sex::Male, 2005),
        ("024300000001", "Bắc Giang", Sex::Female, 2000),
        ("048099654321", "Đà Nẵng", Sex::Male, 1999),
        ("049312000007", "Quảng Nam", Sex::Female, 2012),
        ("012 190.001-234", "Lai Châu", Sex::Female, 1990),
    ];
    for (text, province, sex, year) in rows {
        let number = PersonalNumber::parse(text).unwrap();
        assert_eq!(
            (number.province(), number.sex(), number.birth_year()),
            (Some(province), sex, year),
            "{text}"
        );
        assert!(number.warnings(Some(sex), Birth::of_year(year)).is_empty());
    }
    for wrong in ["", "01219000123", "0121900012345", "01219000123a", "０１２１９０００１２３４"]
    {
        assert_eq!(PersonalNumber::parse(wrong), None, "{wrong}");
    }
}

#[test]
fn an_odd_personal_number_is_warned_about_and_not_refused() {
    let warnings =
        |text: &str, sex, year| PersonalNumber::parse(text).unwrap().warnings(sex, Birth::of_year(year));
    assert_eq!(warnings("012190001234", Some(Sex::Male), 1990), [Warning::OtherSex]);
    assert_eq!(warnings("012190001234", None, 2024), [Warning::OtherYear]);
    assert_eq!(warnings("012190001234", Some(Sex::Male), 2024), [Warning::OtherSex, Warning::OtherYear]);
    assert_eq!(warnings("003190001234", None, 1990), [Warning::UnknownProvince]);
    assert_eq!(warnings("000000000000", None, 1990), [Warning::Filler]);
    assert_eq!(warnings("012000000000", None, 1990), [Warning::Filler]);
}

#[test]
fn insurance_cards_have_parts() {
    let card = InsuranceCard::parse("gd 4 12 1234567890").unwrap();
    assert_eq!((card.object(), card.level(), card.province(), card.number()), ("GD", 4, "12", "1234567890"));
    for wrong in
        ["GD6121234567890", "G14121234567890", "GD412123456789", "GD41212345678901", "", "ĐN4121234567890"]
    {
        assert_eq!(InsuranceCard::parse(wrong), None, "{wrong}");
    }
}

#[test]
fn phones_have_one_form() {
    let rows = [
        ("0912345678", Some("0912345678")),
        ("0912.345.678", Some("0912345678")),
        ("0912 345 678", Some("0912345678")),
        ("+84 912 345 678", Some("0912345678")),
        ("+84 (0) 912-345-678", Some("0912345678")),
        ("84912345678", Some("0912345678")),
        ("0084912345678", Some("0912345678")),
        ("912345678", Some("0912345678")),
        ("01689123456", Some("0389123456")),
        ("0213 3876 123", Some("02133876123")),
        ("0112345678", None),
        ("0112345678901", None),
        ("12345", None),
        ("không có", None),
        ("", None),
        ("091234567a", None),
    ];
    for (text, expected) in rows {
        assert_eq!(phone(text).as_deref(), expected, "{text}");
    }
    assert_eq!(phones("0912 345 678; 0987-654-321 / x / +84912345678"), ["0912345678", "0987654321"]);
    assert_eq!(phones("0912345678 - 0987654321"), ["0912345678", "0987654321"]);
}

#[test]
fn identifiers_become_keys_by_their_form() {
    type Row = (&'static str, &'static str, &'static [(&'static str, &'static str)]);
    let rows: [Row; 14] = [
        ("cccd", "012190001234", &[("cccd", "012190001234")]),
        ("cccd", "012 190 001 234", &[("cccd", "012190001234")]),
        ("cccd", "12190001234", &[("cccd", "012190001234")]),
        ("cccd", "091234567", &[("cmnd", "091234567")]),
        ("cccd", "b1234567", &[("ho-chieu", "B1234567")]),
        ("cccd", "123", &[("cccd", "123")]),
        ("bhyt", "GD4121234567890", &[("bhyt", "GD4121234567890"), ("bhxh", "1234567890")]),
        ("bhyt", "1234567890", &[("bhxh", "1234567890")]),
        ("bhyt", "GD412", &[("bhyt", "GD412")]),
        ("bhxh", "1234567890", &[("bhxh", "1234567890")]),
        ("bhxh", "12345", &[("bhxh", "12345")]),
        ("mrn/12001", "26000123", &[("mrn/12001", "26000123")]),
        ("ma-tam", "VD-12001-20260302-3", &[("ma-tam", "VD12001202603023")]),
        ("cccd", " . ", &[]),
    ];
    for (slug, value, expected) in rows {
        let keys = keys_of(&format!("{SID}{slug}"), value);
        let found: Vec<_> = keys.iter().map(|key| (key.kind.slug(), key.value.as_str())).collect();
        assert_eq!(found, expected, "{slug} {value}");
    }
    assert!(keys_of("http://elsewhere.vn/id", "012190001234").is_empty());
}

#[test]
fn a_malformed_or_filled_in_number_speaks_for_nobody() {
    let speaks =
        |slug: &str, value: &str| keys_of(&format!("{SID}{slug}"), value).iter().any(Key::is_evidence);
    for (slug, value) in [
        ("cccd", "012190001234"),
        ("cmnd", "091234567"),
        ("bhyt", "GD4121234560897"),
        ("ho-chieu", "C1234567"),
    ] {
        assert!(speaks(slug, value), "{slug} {value}");
    }
    for (slug, value) in [
        ("cccd", "000000000000"),
        ("cccd", "012000000000"),
        ("cccd", "0121900012"),
        ("cmnd", "123456789"),
        ("cmnd", "999999999"),
        ("bhyt", "GD4120000000000"),
        ("bhxh", "123"),
        ("mrn/12001", "26000123"),
    ] {
        assert!(!speaks(slug, value), "{slug} {value}");
    }
}

#[test]
fn lists_show_only_the_last_four() {
    assert_eq!(Key::new(KeyKind::Cccd, "012190001234").masked(), "••••••••1234");
    assert_eq!(Key::new(KeyKind::Passport, "B12").masked(), "B12");
}
