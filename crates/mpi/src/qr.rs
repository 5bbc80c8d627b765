//! The two QR codes people show at a counter: on the identity card and on the paper insurance card.
//!
//! Reading a code proves nothing about who holds the card. Fields that are not known yet are kept as they came.

use crate::birth::Birth;
use crate::identifier::{InsuranceCard, PersonalNumber, Sex, is_digits};
use yba_fhir::text::tidy;

/// Longest text that is read; real codes have some 400 characters.
const TEXT_MAX: usize = 8192;

/// Fields of the QR of an identity card ("CCCD", and "Căn cước" from 2024-07-01).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdentityCard {
    pub number: String,
    /// The old nine-digit number, when the card names one.
    pub old_number: Option<String>,
    /// NFC, single spaces.
    pub name: String,
    /// Exactly as scanned.
    pub name_as_scanned: String,
    pub birth: Option<Birth>,
    pub sex: Option<Sex>,
    pub address: String,
    pub issued: Option<Birth>,
    /// Fields after the seventh, raw: newer cards add cancelled numbers and names of parents in an order that no
    /// text we know settles.
    pub tail: Vec<String>,
}

/// Fields of the QR of a paper insurance card.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InsurancePaper {
    /// All 15 characters on old cards.
    pub card: Option<String>,
    /// The ten-digit social insurance number.
    pub number: String,
    pub name: String,
    pub birth: Option<Birth>,
    pub sex: Option<Sex>,
    pub address: Option<String>,
    /// Code of the facility of registration, e.g. `12001`.
    pub facility: Option<String>,
    pub valid_from: Option<Birth>,
    pub valid_to: Option<Birth>,
    /// Fields after the ninth, raw. The checksum among them has no published algorithm and is not checked.
    pub tail: Vec<String>,
}

impl IdentityCard {
    /// Reads at least seven fields parted by `|`, the first of which is a personal number.
    pub fn parse(text: &str) -> Option<IdentityCard> {
        if text.len() > TEXT_MAX {
            return None;
        }
        let fields: Vec<&str> = text.trim().split('|').map(str::trim).collect();
        if fields.len() < 7 || !is_digits(fields[0], 12) {
            return None;
        }
        Some(IdentityCard {
            number: PersonalNumber::parse(fields[0])?.text().to_owned(),
            old_number: is_digits(fields[1], 9).then(|| fields[1].to_owned()),
            name: tidy(fields[2]),
            name_as_scanned: fields[2].to_owned(),
            birth: day_month_year(fields[3]),
            sex: sex_word(fields[4]),
            address: tidy(fields[5]),
            issued: day_month_year(fields[6]),
            tail: fields[7..].iter().take(32).map(|field| (*field).to_owned()).collect(),
        })
    }
}

impl IdentityCard {
    /// Numbers that the holder had before: the old card's, and cancelled ones that newer cards add after the seventh
    /// field (NĐ 70/2024, Điều 12).
    pub fn former_numbers(&self) -> impl Iterator<Item = &str> {
        let added = self.tail.iter().filter(|field| is_digits(field, 12) || is_digits(field, 9));
        self.old_number.iter().chain(added).map(String::as_str).filter(|number| **number != *self.number)
    }
}

impl InsurancePaper {
    /// Reads at least nine fields parted by `|`, the first of which is a card number of 15 characters or a social
    /// insurance number; the closing `$` may be missing.
    pub fn parse(text: &str) -> Option<InsurancePaper> {
        let text = text.trim();
        if text.len() > TEXT_MAX {
            return None;
        }
        let fields: Vec<&str> = text.strip_suffix('$').unwrap_or(text).split('|').map(str::trim).collect();
        if fields.len() < 9 {
            return None;
        }
        let card = InsuranceCard::parse(fields[0]);
        let number = match &card {
            Some(card) => card.number(),
            None => Some(fields[0]).filter(|number| is_digits(number, 10))?,
        };
        Some(InsurancePaper {
            number: number.to_owned(),
            name: hex_text(fields[1]),
            birth: slashed_date(fields[2]),
            sex: match fields[3] {
                "1" => Some(Sex::Male),
                "2" => Some(Sex::Female),
                _ => None,
            },
            address: present(fields[4]).map(hex_text),
            facility: facility(fields[5]),
            valid_from: slashed_date(fields[6]),
            valid_to: slashed_date(fields[7]),
            tail: fields[9..].iter().take(32).map(|field| (*field).to_owned()).collect(),
            card: card.map(|card| card.text().to_owned()),
        })
    }
}

fn present(field: &str) -> Option<&str> {
    (!field.is_empty() && field != "-").then_some(field)
}

/// `01 - C54` is facility `01C54`.
fn facility(field: &str) -> Option<String> {
    let code: String = field.chars().filter(char::is_ascii_alphanumeric).collect();
    (code.len() == 5).then(|| code.to_ascii_uppercase())
}

fn sex_word(field: &str) -> Option<Sex> {
    match yba_fhir::text::fold(field).as_str() {
        "nam" => Some(Sex::Male),
        "nu" => Some(Sex::Female),
        _ => None,
    }
}

/// `ddMMyyyy`.
fn day_month_year(field: &str) -> Option<Birth> {
    if !is_digits(field, 8) {
        return None;
    }
    Birth::of_day(field[4..].parse().ok()?, field[2..4].parse().ok()?, field[..2].parse().ok()?)
}

/// `dd/MM/yyyy`, or only `yyyy`.
fn slashed_date(field: &str) -> Option<Birth> {
    let parts: Vec<&str> = field.split('/').map(str::trim).collect();
    match parts[..] {
        [year] if is_digits(year, 4) => Birth::of_year(year.parse().ok()?),
        [day, month, year] if is_digits(year, 4) => {
            Birth::of_day(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?)
        }
        _ => None,
    }
}

/// Text as hexadecimal UTF-8; a field that is no such thing is kept as it is.
fn hex_text(field: &str) -> String {
    let decoded = (field.len().is_multiple_of(2) && field.is_ascii())
        .then(|| (0..field.len()).step_by(2).map(|at| u8::from_str_radix(&field[at..at + 2], 16)).collect())
        .and_then(|bytes: Result<Vec<u8>, _>| bytes.ok())
        .and_then(|bytes| String::from_utf8(bytes).ok());
    tidy(decoded.as_deref().unwrap_or(field))
}

#[cfg(test)]
mod tests {
    use super::*;
    use unicode_normalization::UnicodeNormalization;

    const CARD: &str =
        "012190001234|091234567|Lò Thị Mai|02011990|Nữ|Thân Thuộc, Tân Uyên, Lai Châu|15052022";

    #[test]
    fn identity_card_of_seven_fields_is_read() {
        let card = IdentityCard::parse(CARD).unwrap();
        assert_eq!((card.number.as_str(), card.old_number.as_deref()), ("012190001234", Some("091234567")));
        assert_eq!((card.name.as_str(), card.sex), ("Lò Thị Mai", Some(Sex::Female)));
        assert_eq!(card.birth, Birth::of_day(1990, 1, 2));
        assert_eq!(card.issued, Birth::of_day(2022, 5, 15));
        assert!(card.tail.is_empty());
        let without = "040205123456||Nguyễn Văn An|20072005|Nam|Xã Kim Liên, Tỉnh Nghệ An|01082024";
        let card = IdentityCard::parse(without).unwrap();
        assert_eq!((card.old_number, card.sex), (None, Some(Sex::Male)));
    }

    #[test]
    fn newer_cards_keep_their_tail_and_decomposed_letters_compare() {
        let newer = format!("{CARD}|012190009999|Lò Văn Pâng||Hà Thị Ón\r\n");
        let card = IdentityCard::parse(&newer).unwrap();
        assert_eq!(card.tail, ["012190009999", "Lò Văn Pâng", "", "Hà Thị Ón"]);
        let decomposed: String = CARD.nfd().collect();
        let card = IdentityCard::parse(&decomposed).unwrap();
        assert_eq!((card.name.as_str(), card.sex), ("Lò Thị Mai", Some(Sex::Female)));
        assert_ne!(card.name_as_scanned, card.name);
    }

    #[test]
    fn every_count_of_fields_from_seven_on_is_read() {
        let mut text = CARD.to_owned();
        for count in 7..=40 {
            let card = IdentityCard::parse(&text).unwrap();
            assert_eq!((card.name.as_str(), card.tail.len()), ("Lò Thị Mai", (count - 7usize).min(32)));
            text.push_str(if count % 2 == 0 { "|012190009999" } else { "|" });
        }
        let six = CARD.rsplit_once('|').unwrap().0;
        assert_eq!(IdentityCard::parse(six), None);
        let newer = IdentityCard::parse(&format!("{CARD}|012190009999|012190001234|Lò Văn Pâng")).unwrap();
        assert_eq!(newer.former_numbers().collect::<Vec<_>>(), ["091234567", "012190009999"]);
    }

    #[test]
    fn broken_and_hostile_codes_are_read_or_refused_but_never_stop_the_program() {
        let name = "4cc3b2205468e1bb8b204d6169";
        let paper =
            format!("GD4121234567890|{name}|1990|2|{name}|01 - C54|01/01/2020|31/12/2020|15/12/2019$");
        for whole in [CARD, &paper] {
            let letters: Vec<char> = whole.chars().collect();
            for at in 0..letters.len() {
                for odd in ['|', '\0', 'ế', '\u{202e}', '9', '-', '$', '\u{301}'] {
                    let mut broken = letters.clone();
                    broken[at] = odd;
                    let text: String = broken.iter().collect();
                    let (card, insured) = (IdentityCard::parse(&text), InsurancePaper::parse(&text));
                    assert!(card.is_none() || insured.is_none(), "one code is two: {text:?}");
                    let cut: String = broken[..at].iter().collect();
                    IdentityCard::parse(&cut);
                    InsurancePaper::parse(&cut);
                    crate::understand(&text);
                }
            }
        }
        let long = |field: &str| format!("{CARD}|{}", field.repeat(TEXT_MAX));
        assert_eq!((IdentityCard::parse(&long("|")), IdentityCard::parse(&long("ế"))), (None, None));
        let long = format!("{}{paper}", "0".repeat(TEXT_MAX));
        assert_eq!(InsurancePaper::parse(&long), None);
    }

    #[test]
    fn an_impossible_date_leaves_the_rest_readable() {
        let odd = CARD.replace("02011990", "31021990").replace("Nữ", "?");
        let card = IdentityCard::parse(&odd).unwrap();
        assert_eq!((card.birth, card.sex, card.number.as_str()), (None, None, "012190001234"));
    }

    #[test]
    fn insurance_paper_is_read_in_both_forms() {
        let name = "4cc3b2205468e1bb8b204d6169";
        let new = format!(
            "1234567890|{name}|02/01/1990|2|-|12 - 001|01/01/2026|-|15/12/2025|12000000000001|-|4| 01/01/2025|1a2b-7102|4|424858|$"
        );
        let paper = InsurancePaper::parse(&new).unwrap();
        assert_eq!((paper.number.as_str(), paper.card), ("1234567890", None));
        assert_eq!((paper.name.as_str(), paper.sex, paper.address), ("Lò Thị Mai", Some(Sex::Female), None));
        assert_eq!((paper.birth, paper.valid_to), (Birth::of_day(1990, 1, 2), None));
        assert_eq!(paper.facility.as_deref(), Some("12001"));
        assert_eq!(paper.tail[4], "1a2b-7102");
        let old = format!("GD4121234567890|{name}|1990|2|{name}|01 - C54|01/01/2020|31/12/2020|15/12/2019$");
        let paper = InsurancePaper::parse(&old).unwrap();
        assert_eq!(paper.card.as_deref(), Some("GD4121234567890"));
        assert_eq!((paper.number.as_str(), paper.facility.as_deref()), ("1234567890", Some("01C54")));
        assert_eq!((paper.birth, paper.valid_to), (Birth::of_year(1990), Birth::of_day(2020, 12, 31)));
    }

    #[test]
    fn what_is_no_such_code_is_left_alone() {
        for text in [
            "",
            "|",
            "||||||",
            "||||||||||",
            "012190001234|x|y",
            "01219000123|||||||",
            "Lò Thị Mai|1990",
            "ééé|éé|||||||||",
        ] {
            assert_eq!(IdentityCard::parse(text), None, "{text}");
            assert_eq!(InsurancePaper::parse(text), None, "{text}");
        }
        // Broken hexadecimal stays visible instead of being lost.
        let odd = "1234567890|4cc|x|9|é|1|2|3|4";
        assert_eq!(InsurancePaper::parse(odd).unwrap().name, "4cc");
    }
}
