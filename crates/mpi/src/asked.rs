//! What a person typed or scanned into the one search box.
//!
//! A string can mean several things (ten digits beginning with 0 may be a phone or an insurance number). [`Query`] says
//! what it most likely is; [`Asked::keys`] holds everything it may be found under.

use crate::birth::{Birth, plausible};
use crate::identifier::{
    InsuranceCard, Key, KeyKind, PersonalNumber, compact, is_digits, is_passport, phone,
};
use crate::name::{marked_words, words};
use crate::qr::{IdentityCard, InsurancePaper};

/// Longest input that is read; a QR code has some 400 characters.
const TEXT_MAX: usize = 4096;
/// Most words of a name that are searched for.
const WORDS_MAX: usize = 8;

/// What the text most likely is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Query {
    Empty,
    Cccd(PersonalNumber),
    Cmnd(String),
    Bhyt(InsuranceCard),
    Bhxh(String),
    Phone(String),
    Passport(String),
    /// A number or code of no known form: a facility's patient code, a temporary code.
    Code(String),
    CardQr(Box<IdentityCard>),
    BhytQr(Box<InsurancePaper>),
    /// Words of a name, a birth date or year, perhaps a number among them.
    Text(NameQuery),
}

/// A search by name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NameQuery {
    /// Without marks.
    pub words: Vec<String>,
    /// The same words with the marks as typed (see [`crate::name::marked_words`]).
    pub marked: Vec<String>,
    /// Whether the last word may be the beginning of one: nothing was typed after it.
    pub last_is_prefix: bool,
    /// Birth years that fit; a year of two digits fits two centuries.
    pub years: Vec<i16>,
    /// A whole birth date.
    pub birth: Option<Birth>,
}

/// Text understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    pub query: Query,
    /// What to look up exactly, likeliest first.
    pub keys: Vec<Key>,
    /// Names to look for if no number finds anybody (or to choose among those found).
    pub name: Option<NameQuery>,
    /// A sentence for the person who typed, when something is odd.
    pub note: Option<&'static str>,
}

/// Understands any text; never refuses.
pub fn understand(text: &str) -> Asked {
    let mut end = text.len().min(TEXT_MAX);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let mut asked =
        read(text[..end].trim_matches(|letter: char| letter.is_whitespace() || letter == '\u{feff}'), text);
    if end < text.len() {
        asked.note = Some("Nội dung nhập quá dài, chỉ phần đầu được đọc.");
    }
    asked
}

fn read(text: &str, as_typed: &str) -> Asked {
    if text.is_empty() {
        return Asked { query: Query::Empty, keys: Vec::new(), name: None, note: None };
    }
    if text.contains('|') {
        return scanned(text);
    }
    number(text).or_else(|| single_code(text)).unwrap_or_else(|| named(text, as_typed))
}

fn scanned(text: &str) -> Asked {
    if let Some(card) = IdentityCard::parse(text) {
        let former = card
            .former_numbers()
            .map(|number| Key::new(if number.len() == 9 { KeyKind::Cmnd } else { KeyKind::Cccd }, number));
        let keys = std::iter::once(Key::new(KeyKind::Cccd, &card.number)).chain(former.take(8)).collect();
        let name = exact_person(&card.name, card.birth);
        return Asked { query: Query::CardQr(Box::new(card)), keys, name, note: None };
    }
    if let Some(paper) = InsurancePaper::parse(text) {
        let keys = vec![Key::new(KeyKind::Bhxh, &paper.number)];
        let name = exact_person(&paper.name, paper.birth);
        return Asked { query: Query::BhytQr(Box::new(paper)), keys, name, note: None };
    }
    let first = text.split('|').map(str::trim).find(|field| !field.is_empty()).unwrap_or_default();
    let mut asked = read(first, first);
    asked.note = Some("Mã quét bị thiếu hoặc không đúng mẫu, chỉ ô đầu được dùng. Hãy quét lại.");
    asked
}

/// The name on a card finds the person when the number is not on record yet, but only together with the birth date.
fn exact_person(name: &str, birth: Option<Birth>) -> Option<NameQuery> {
    let birth = birth?;
    Some(NameQuery {
        words: words(name).into_iter().take(WORDS_MAX).collect(),
        marked: marked_words(name).into_iter().take(WORDS_MAX).collect(),
        last_is_prefix: false,
        years: vec![birth.year],
        birth: Some(birth).filter(|birth| birth.day.is_some()),
    })
}

/// A text of digits and separators only, or an insurance card.
fn number(text: &str) -> Option<Asked> {
    let bare = compact(text);
    if let Some(card) = InsuranceCard::parse(&bare) {
        let keys = vec![Key::new(KeyKind::Bhxh, card.number()), Key::new(KeyKind::Bhyt, card.text())];
        return Some(Asked { query: Query::Bhyt(card), keys, name: None, note: None });
    }
    let only_digits = text.chars().all(|letter| {
        letter.is_ascii_digit() || letter.is_whitespace() || matches!(letter, '.' | '-' | '+' | '(' | ')')
    });
    if !only_digits || !text.contains(|letter: char| letter.is_ascii_digit()) {
        return None;
    }
    if let Some(birth) = typed_date(text).filter(|_| text.contains(['-', '.', ' ']) && bare.len() <= 8) {
        return Some(named_by_date(birth, bare));
    }
    let digits: String = bare.chars().filter(char::is_ascii_digit).collect();
    let keys = keys_of_digits(text, &digits);
    let query = match keys.first() {
        Some(Key { kind: KeyKind::Cccd, value }) => Query::Cccd(PersonalNumber::parse(value)?),
        Some(Key { kind: KeyKind::Cmnd, value }) => Query::Cmnd(value.clone()),
        Some(Key { kind: KeyKind::Bhxh, value }) => Query::Bhxh(value.clone()),
        Some(Key { kind: KeyKind::Phone, value }) => Query::Phone(value.clone()),
        _ => Query::Code(digits.clone()),
    };
    let restored = digits.len() == 11 && matches!(query, Query::Cccd(_));
    Some(Asked {
        name: typed_date(text).map(|birth| NameQuery {
            years: vec![birth.year],
            birth: Some(birth),
            ..NameQuery::default()
        }),
        keys,
        query,
        note: restored.then_some("Số định danh có 12 chữ số; đã thêm số 0 ở đầu."),
    })
}

/// Everything a run of digits may be, likeliest first.
fn keys_of_digits(text: &str, digits: &str) -> Vec<Key> {
    let mut keys = Vec::new();
    let phone = phone(text).map(|phone| Key::new(KeyKind::Phone, phone));
    match digits.len() {
        12 => keys.push(Key::new(KeyKind::Cccd, digits)),
        // A zero at the front gets lost in spreadsheets.
        11 if phone.is_none() => {
            let restored =
                PersonalNumber::parse(&format!("0{digits}")).filter(|number| number.province().is_some());
            keys.extend(restored.map(|number| Key::new(KeyKind::Cccd, number.text())));
        }
        10 if phone.is_none() => keys.push(Key::new(KeyKind::Bhxh, digits)),
        9 => keys.push(Key::new(KeyKind::Cmnd, digits)),
        _ => {}
    }
    keys.extend(phone);
    if digits.len() == 10 && keys.iter().all(|key| key.kind != KeyKind::Bhxh) {
        keys.push(Key::new(KeyKind::Bhxh, digits));
    }
    keys.push(code_key(digits));
    keys
}

/// A key that is found under any system: facilities number their patients as they like.
fn code_key(text: &str) -> Key {
    Key::new(KeyKind::Other("any".to_owned()), text)
}

/// One word that mixes letters and digits: a passport, a facility's or a temporary code.
fn single_code(text: &str) -> Option<Asked> {
    let bare = compact(text);
    let vietnamese_passport = bare.len() == 8 && is_passport(&bare) && is_digits(&bare[1..], 7);
    let one_word = !text.contains(char::is_whitespace);
    let digits = bare.bytes().filter(u8::is_ascii_digit).count();
    let looks_like_code = one_word && digits >= 2 && bare.is_ascii() && !text.contains('/');
    if !vietnamese_passport && !looks_like_code {
        return None;
    }
    let passport = is_passport(&bare).then(|| Key::new(KeyKind::Passport, &bare));
    let query = if passport.is_some() { Query::Passport(bare.clone()) } else { Query::Code(bare.clone()) };
    let keys = passport.into_iter().chain([code_key(&bare)]).collect();
    // `lanh86` and `lanh1986` are a name and a year typed in one go.
    let split = text.find(|letter: char| letter.is_ascii_digit()).map(|at| text.split_at(at));
    let name = split
        .filter(|(letters, year)| letters.len() >= 2 && (is_digits(year, 4) || is_digits(year, 2)))
        .and_then(|(letters, year)| name_query(&format!("{letters} {year}"), true).0);
    Some(Asked { query, keys, name, note: None })
}

fn named_by_date(birth: Birth, bare: String) -> Asked {
    let name = NameQuery { years: vec![birth.year], birth: Some(birth), ..NameQuery::default() };
    Asked { query: Query::Text(name.clone()), keys: vec![code_key(&bare)], name: Some(name), note: None }
}

fn named(text: &str, as_typed: &str) -> Asked {
    let open_end =
        as_typed.ends_with(|letter: char| letter.is_alphanumeric() || crate::name::is_mark(letter));
    let (name, keys) = name_query(text, open_end);
    let name = name.unwrap_or_default();
    let impossible = text.split_whitespace().any(|part| year_of_impossible_date(part).is_some());
    let note = impossible.then_some("Ngày sinh không có thật, chỉ năm sinh được dùng.");
    Asked { query: Query::Text(name.clone()), keys, name: Some(name), note }
}

/// Words that people put before a year of birth, and that are no part of a name.
const BIRTH_WORDS: [&str; 6] = ["sn", "ns", "sinh", "nam", "ngay", "thang"];

/// Sorts the parts of a text into words, date or year, and numbers.
fn name_query(text: &str, open_end: bool) -> (Option<NameQuery>, Vec<Key>) {
    let (mut query, mut keys) = (NameQuery::default(), Vec::new());
    let parts: Vec<&str> = text
        .split(|letter: char| letter.is_whitespace() || matches!(letter, ',' | ';' | '(' | ')' | ':'))
        .filter(|part| !part.is_empty())
        .take(32)
        .collect();
    let mut names: Vec<&str> = Vec::new();
    let mut last_is_word = false;
    for part in parts {
        last_is_word = false;
        if let Some(birth) = typed_date(part) {
            drop_birth_words(&mut names);
            query.years = vec![birth.year];
            query.birth = Some(birth).filter(|birth| birth.day.is_some());
        } else if let Some(years) = typed_years(part).or_else(|| year_of_impossible_date(part)) {
            drop_birth_words(&mut names);
            query.years = years;
        } else if part.bytes().filter(u8::is_ascii_digit).count() >= 6 {
            let bare = compact(part);
            keys.extend(number(part).map_or_else(|| vec![code_key(&bare)], |asked| asked.keys));
        } else {
            names.push(part);
            last_is_word = true;
        }
    }
    let names = names.join(" ");
    query.words = words(&names).into_iter().take(WORDS_MAX).collect();
    query.marked = marked_words(&names).into_iter().take(WORDS_MAX).collect();
    query.last_is_prefix = last_is_word && open_end;
    keys.truncate(8);
    let says_something = !query.words.is_empty() || !query.years.is_empty();
    (says_something.then_some(query), keys)
}

/// `sn 1986`, `sinh năm 1986`, `ngày sinh 2/3/1986`: the words before the year go, but the first word stays (Sinh and
/// Năm are names too).
fn drop_birth_words(names: &mut Vec<&str>) {
    let mut dropped = 0;
    while names.len() > 1
        && dropped < 3
        && names.last().is_some_and(|last| is_birth_word(last, dropped, names))
    {
        names.pop();
        dropped += 1;
    }
}

/// `sinh` and `năm` alone before a year are more likely a given name ("Vàng A Sinh 1986").
fn is_birth_word(word: &str, dropped: usize, names: &[&str]) -> bool {
    let folded = yba_fhir::text::fold(word);
    let before = names.len().checked_sub(2).map(|at| yba_fhir::text::fold(names[at]));
    let pair = before.is_some_and(|before| BIRTH_WORDS.contains(&before.as_str()));
    match folded.as_str() {
        "sn" | "ns" => true,
        other => BIRTH_WORDS.contains(&other) && (pair || dropped > 0),
    }
}

/// `1986`; `86` means 1986 and 2086 only if no one is older: both centuries are tried.
fn typed_years(text: &str) -> Option<Vec<i16>> {
    let year: i16 = text.parse().ok()?;
    match text.len() {
        4 if plausible(year) => Some(vec![year]),
        2 if is_digits(text, 2) => Some(vec![1900 + year, 2000 + year]),
        _ => None,
    }
}

/// `31/2/1986` still says the year.
fn year_of_impossible_date(text: &str) -> Option<Vec<i16>> {
    let parts: Vec<&str> = text.split(['/', '-', '.']).collect();
    let digits = parts.iter().all(|part| is_digits(part, part.len().clamp(1, 4)));
    let year = parts.last().filter(|_| digits && parts.len() == 3)?;
    (year.len() == 4 && typed_date(text).is_none()).then(|| typed_years(year)).flatten()
}

/// `2/3/1986`, `02-03-1986`, `2.3.1986`, `1986-03-02`, `3/1986`, `02031986`; with spaces for separators too.
fn typed_date(text: &str) -> Option<Birth> {
    if is_digits(text, 8) {
        return Birth::of_day(text[4..].parse().ok()?, text[2..4].parse().ok()?, text[..2].parse().ok()?);
    }
    let parts: Vec<i16> = text
        .split(['/', '-', '.', ' '])
        .map(|part| (part.len() <= 4 && !part.is_empty()).then(|| part.parse().ok()).flatten())
        .collect::<Option<_>>()?;
    let small = |value: i16| i8::try_from(value).ok();
    match parts[..] {
        [day, month, year] if year > 99 => Birth::of_day(year, small(month)?, small(day)?),
        [year, month, day] if year > 99 => Birth::of_day(year, small(month)?, small(day)?),
        [month, year] if plausible(year) && (1..=12).contains(&month) && !text.contains(' ') => {
            Some(Birth { year, month: small(month), day: None })
        }
        _ => None,
    }
}

#[cfg(test)]
#[path = "asked_tests.rs"]
mod tests;
