//! Numbers that say who a person is: their forms, what they say about their bearer, and the one key under which
//! they are looked up. Doubts about a well-formed number are warnings, never refusals.
//!
//! Form of the 12-digit number: NĐ 137/2015 and TT 07/2016/TT-BCA (province of birth registration, century and sex,
//! year, six random digits; there is no check digit). Card of health insurance: QĐ 1351/QĐ-BHXH.

use crate::birth::Birth;

/// Where identifiers live in FHIR: the `Identifier.system` URIs of this house.
pub const SID: &str = "https://yba.vn/fhir/sid/";

/// Sex as registered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Sex {
    Male,
    Female,
}

impl Sex {
    /// From FHIR's `gender`; `other` and `unknown` are no statement.
    pub fn of_gender(code: &str) -> Option<Sex> {
        match code {
            "male" => Some(Sex::Male),
            "female" => Some(Sex::Female),
            _ => None,
        }
    }

    /// As files and cards write it: `Nam`, `Nữ`, `M`, `F`, and 1 and 2 of claim files.
    pub fn read(text: &str) -> Option<Sex> {
        match yba_fhir::text::fold(text).as_str() {
            "nam" | "m" | "male" | "1" | "trai" => Some(Sex::Male),
            "nu" | "f" | "female" | "2" | "gai" => Some(Sex::Female),
            _ => None,
        }
    }

    pub fn gender(self) -> &'static str {
        match self {
            Sex::Male => "male",
            Sex::Female => "female",
        }
    }
}

/// The kinds of number by which people are looked up.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum KeyKind {
    /// Personal identification number, 12 digits.
    Cccd,
    /// Old identity card, 9 digits.
    Cmnd,
    Passport,
    /// Social insurance number, 10 digits: one person, for life.
    Bhxh,
    /// Insurance card, 15 characters: changes with object and level, so it is only for looking up.
    Bhyt,
    Phone,
    /// Anything else, by the tail of its system: `mrn/12001`, `ma-tam`, `giay-chung-sinh`.
    Other(String),
}

/// A number in its one normal form.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    pub kind: KeyKind,
    pub value: String,
}

impl KeyKind {
    /// The tail of the system URI; also how derived tables name the kind.
    pub fn slug(&self) -> &str {
        match self {
            KeyKind::Cccd => "cccd",
            KeyKind::Cmnd => "cmnd",
            KeyKind::Passport => "ho-chieu",
            KeyKind::Bhxh => "bhxh",
            KeyKind::Bhyt => "bhyt",
            KeyKind::Phone => "phone",
            KeyKind::Other(slug) => slug,
        }
    }

    pub fn of_slug(slug: &str) -> KeyKind {
        match slug {
            "cccd" => KeyKind::Cccd,
            "cmnd" => KeyKind::Cmnd,
            "ho-chieu" => KeyKind::Passport,
            "bhxh" => KeyKind::Bhxh,
            "bhyt" => KeyKind::Bhyt,
            "phone" => KeyKind::Phone,
            other => KeyKind::Other(other.to_owned()),
        }
    }

    /// What people call it.
    pub fn title(&self) -> &'static str {
        match self {
            KeyKind::Cccd => "Số định danh",
            KeyKind::Cmnd => "CMND",
            KeyKind::Passport => "Hộ chiếu",
            KeyKind::Bhxh => "Mã số BHXH",
            KeyKind::Bhyt => "Thẻ BHYT",
            KeyKind::Phone => "Điện thoại",
            KeyKind::Other(slug) if slug.starts_with("mrn/") => "Mã người bệnh",
            KeyKind::Other(slug) if slug == "ma-tam" => "Mã tạm",
            KeyKind::Other(slug) if slug == "giay-chung-sinh" => "Giấy chứng sinh",
            KeyKind::Other(_) => "Mã khác",
        }
    }
}

impl Key {
    pub fn new(kind: KeyKind, value: impl Into<String>) -> Key {
        Key { kind, value: value.into() }
    }

    /// The value with all but its last four characters hidden, for lists.
    pub fn masked(&self) -> String {
        let shown: Vec<char> = self.value.chars().collect();
        let hidden = shown.len().saturating_sub(4);
        shown.iter().enumerate().map(|(place, letter)| if place < hidden { '•' } else { *letter }).collect()
    }

    /// Whether this number may be used as evidence: well-formed, of a kind that speaks for one person, and not one
    /// that stands for "none" (`000000000000`, `123456789`).
    pub fn is_evidence(&self) -> bool {
        let well_formed = match self.kind {
            KeyKind::Cccd => is_digits(&self.value, 12),
            KeyKind::Cmnd => is_digits(&self.value, 9),
            KeyKind::Bhxh => is_digits(&self.value, 10),
            KeyKind::Passport => is_passport(&self.value),
            _ => false,
        };
        well_formed && !is_filler(&self.value)
    }
}

/// The keys under which an identifier of a Patient is found: its own, and for an insurance card also the social
/// insurance number inside it. Spaces, dots and dashes do not count. A wrong form is kept so that it can still be looked up, but is
/// no [evidence](Key::is_evidence).
pub fn keys_of(system: &str, value: &str) -> Vec<Key> {
    let tidy_slug = |slug: &&str| slug.len() <= 64 && slug.bytes().all(|byte| byte.is_ascii_graphic());
    let Some(slug) = system.strip_prefix(SID).filter(tidy_slug) else { return Vec::new() };
    let value: String = compact(value).chars().take(64).collect();
    if value.is_empty() {
        return Vec::new();
    }
    let kind = KeyKind::of_slug(slug);
    match kind {
        KeyKind::Cccd | KeyKind::Cmnd | KeyKind::Passport => vec![identity_key(&value, &kind)],
        KeyKind::Bhyt => match InsuranceCard::parse(&value) {
            Some(card) => {
                vec![Key::new(KeyKind::Bhyt, card.text.clone()), Key::new(KeyKind::Bhxh, card.number())]
            }
            None if is_digits(&value, 10) => vec![Key::new(KeyKind::Bhxh, value)],
            None => vec![Key::new(KeyKind::Bhyt, value)],
        },
        kind => vec![Key::new(kind, value)],
    }
}

/// The claim field `SO_CCCD` holds any of three kinds and says not which: the form decides. A personal number that lost
/// its leading zero in a spreadsheet gets it back.
fn identity_key(value: &str, said: &KeyKind) -> Key {
    let restored = format!("0{value}");
    let kind = match value {
        _ if is_digits(value, 12) => KeyKind::Cccd,
        _ if is_digits(value, 9) => KeyKind::Cmnd,
        _ if is_digits(value, 11)
            && PersonalNumber::parse(&restored).is_some_and(|number| number.province().is_some()) =>
        {
            return Key::new(KeyKind::Cccd, restored);
        }
        _ if is_passport(value) => KeyKind::Passport,
        _ => said.clone(),
    };
    Key::new(kind, value)
}

/// A personal identification number (số định danh cá nhân), which is also the health identifier since 2025-07-01.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonalNumber {
    text: String,
}

/// What is odd about a well-formed number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Warning {
    UnknownProvince,
    OtherSex,
    OtherYear,
    Filler,
}

impl Warning {
    /// A sentence for the person who typed the number.
    pub fn text(self) -> &'static str {
        match self {
            Warning::UnknownProvince => {
                "Ba số đầu không phải mã tỉnh trong nước. Đúng nếu người này khai sinh ở nước ngoài; nếu không, hãy kiểm tra lại."
            }
            Warning::OtherSex => {
                "Số định danh cho thấy giới tính khác với giới tính đã ghi. Hãy kiểm tra có dùng nhầm số của người khác không."
            }
            Warning::OtherYear => {
                "Số định danh cho thấy năm sinh khác với năm sinh đã ghi. Hãy kiểm tra có dùng nhầm số của người khác không."
            }
            Warning::Filler => "Đây là dãy số điền cho đủ, không phải số thật.",
        }
    }
}

impl PersonalNumber {
    /// Twelve digits; spaces, dots and dashes between them do not count.
    pub fn parse(text: &str) -> Option<PersonalNumber> {
        let text = compact(text);
        is_digits(&text, 12).then_some(PersonalNumber { text })
    }

    pub fn text(&self) -> &str {
        &self.text
    }

    /// Name of the province of birth registration, by the list of 63 that held until 2025-06-30 and stays in these
    /// numbers for ever (`024` is Bắc Giang here, whatever an address code 24 means today).
    pub fn province(&self) -> Option<&'static str> {
        PROVINCES.lines().skip(1).find_map(|row| {
            let (code, name) = row.split_once('\t')?;
            (code == &self.text[..3]).then_some(name)
        })
    }

    pub fn sex(&self) -> Sex {
        if self.digit(3) % 2 == 0 { Sex::Male } else { Sex::Female }
    }

    pub fn birth_year(&self) -> i16 {
        1900 + 100 * (self.digit(3) / 2) + 10 * self.digit(4) + self.digit(5)
    }

    /// What is odd, beside what is recorded about the bearer.
    pub fn warnings(&self, sex: Option<Sex>, birth: Option<Birth>) -> Vec<Warning> {
        if is_filler(&self.text) {
            return vec![Warning::Filler];
        }
        let mut found = Vec::new();
        if self.province().is_none() {
            found.push(Warning::UnknownProvince);
        }
        if sex.is_some_and(|sex| sex != self.sex()) {
            found.push(Warning::OtherSex);
        }
        if birth.is_some_and(|birth| birth.year != self.birth_year()) {
            found.push(Warning::OtherYear);
        }
        found
    }

    fn digit(&self, place: usize) -> i16 {
        i16::from(self.text.as_bytes()[place] - b'0')
    }
}

const PROVINCES: &str = include_str!("../data/provinces-63.tsv");

/// A health insurance card number of 15 characters. Which pairs of object and level exist on a date is content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InsuranceCard {
    text: String,
}

impl InsuranceCard {
    /// Two letters, level 1–5, two digits of the issuing province, ten digits.
    pub fn parse(text: &str) -> Option<InsuranceCard> {
        let text = compact(text);
        let bytes = text.as_bytes();
        let well_formed = bytes.len() == 15
            && bytes[..2].iter().all(u8::is_ascii_uppercase)
            && (b'1'..=b'5').contains(&bytes[2])
            && bytes[3..].iter().all(u8::is_ascii_digit);
        well_formed.then_some(InsuranceCard { text })
    }

    pub fn text(&self) -> &str {
        &self.text
    }

    /// Object code, e.g. `DN`, `TE`.
    pub fn object(&self) -> &str {
        &self.text[..2]
    }

    /// Benefit level 1–5.
    pub fn level(&self) -> u8 {
        self.text.as_bytes()[2] - b'0'
    }

    /// Issuing province, by the list of its time.
    pub fn province(&self) -> &str {
        &self.text[3..5]
    }

    /// The social insurance number inside. (A temporary children's card `TE1…` carries other digits there; nothing
    /// in the number tells, so an equal number never links alone.)
    pub fn number(&self) -> &str {
        &self.text[5..]
    }
}

/// A Vietnamese phone number in its national form (`0912345678`), or `None`. Understands `+84`, `0084`, `84`, a
/// lost leading zero, separators, and the eleven-digit mobile numbers that got new prefixes in 2018.
pub fn phone(text: &str) -> Option<String> {
    let mut digits = String::with_capacity(14);
    for letter in text.trim().chars() {
        match letter {
            '0'..='9' => digits.push(letter),
            '+' if digits.is_empty() => {}
            ' ' | '.' | '-' | '(' | ')' | '\u{a0}' => {}
            _ => return None,
        }
    }
    let bare =
        digits.strip_prefix("0084").or_else(|| digits.strip_prefix("84").filter(|rest| rest.len() >= 9));
    let national = match bare {
        Some(rest) => format!("0{}", rest.strip_prefix('0').unwrap_or(rest)),
        None if digits.len() == 9 && !digits.starts_with('0') => format!("0{digits}"),
        None => digits,
    };
    let bytes = national.as_bytes();
    let mobile =
        bytes.len() == 10 && bytes[0] == b'0' && matches!(bytes[1], b'3' | b'5' | b'7' | b'8' | b'9');
    let landline = bytes.len() == 11 && national.starts_with("02");
    if mobile || landline {
        return Some(national);
    }
    let (old, rest) = national.split_at_checked(4).filter(|_| bytes.len() == 11)?;
    let new = OLD_MOBILE.iter().find(|(prefix, _)| *prefix == old)?.1;
    Some(format!("{new}{rest}"))
}

/// All phone numbers in a field that may hold several (`0912 345 678; 0987654321`), at most four.
pub fn phones(text: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for part in text.split([';', ',', '/', '|']).flat_map(|part| part.split(" - ")).take(16) {
        if let Some(number) = phone(part).filter(|number| !found.contains(number))
            && found.len() < 4
        {
            found.push(number);
        }
    }
    found
}

/// Prefixes of eleven-digit mobile numbers and what they became from 2018-09-15.
const OLD_MOBILE: [(&str, &str); 20] = [
    ("0120", "070"),
    ("0121", "079"),
    ("0122", "077"),
    ("0126", "076"),
    ("0128", "078"),
    ("0123", "083"),
    ("0124", "084"),
    ("0125", "085"),
    ("0127", "081"),
    ("0129", "082"),
    ("0162", "032"),
    ("0163", "033"),
    ("0164", "034"),
    ("0165", "035"),
    ("0166", "036"),
    ("0167", "037"),
    ("0168", "038"),
    ("0169", "039"),
    ("0186", "056"),
    ("0188", "058"),
];

/// A passport: one letter and seven digits (Vietnam), or 6–9 letters and digits with at least four digits (others).
pub fn is_passport(text: &str) -> bool {
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    (6..=9).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
        && digits >= 4
        && digits < text.len()
}

/// Exactly `count` ASCII digits.
pub fn is_digits(text: &str, count: usize) -> bool {
    text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Upper case, without spaces, dots and dashes of any kind.
pub fn compact(text: &str) -> String {
    text.chars()
        .filter(|letter| {
            !letter.is_whitespace() && !matches!(letter, '.' | '-' | '–' | '‑' | '\u{200b}' | '\u{feff}')
        })
        .map(|letter| letter.to_ascii_uppercase())
        .collect()
}

/// Digits that were typed only to fill the field: one digit repeated (also after the province), or counting up or down.
fn is_filler(value: &str) -> bool {
    let bytes = value.as_bytes();
    let tail = if bytes.len() == 12 { &bytes[3..] } else { bytes };
    let repeated = |part: &[u8]| part.windows(2).all(|pair| pair[0] == pair[1]);
    let counting = |step: u8| bytes.windows(2).all(|pair| (pair[0] - b'0' + step) % 10 == pair[1] - b'0');
    bytes.iter().all(u8::is_ascii_digit)
        && !bytes.is_empty()
        && (repeated(tail) || counting(1) || counting(9))
}

#[cfg(test)]
#[path = "identifier_tests.rs"]
mod tests;
