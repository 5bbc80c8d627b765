//! Vietnamese names: words without marks, words with marks but without the quarrel where the mark stands
//! (`Thuỳ`/`Thùy`), how far two names agree, and the order of a list of people.
//!
//! Names are never split into first and last by guess. Only sorting looks at the last word, as every Vietnamese
//! list of names does.

use unicode_normalization::UnicodeNormalization;
use yba_fhir::text::fold;

/// Most words of a name that are looked at; longer "names" are pasted text.
const WORDS_MAX: usize = 12;

/// How far two names agree, without marks and in any word order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum NameAgreement {
    /// One side has no name.
    Missing,
    /// No common word.
    Disjoint,
    /// Some common words, as brothers and sisters have.
    Differs,
    /// All words of the shorter one, with its family and given name, stand in the longer one.
    Part,
    /// The same words.
    Same,
}

/// The words of a name without marks, in lower case.
pub fn words(name: &str) -> Vec<String> {
    fold(name).split(' ').filter(|word| !word.is_empty()).take(WORDS_MAX).map(str::to_owned).collect()
}

/// The words of a name with their marks in one fixed form: letters with hat, horn, breve and đ kept, the tone as a
/// digit at the end. So `Thuỳ` and `Thùy` are equal, NFC and NFD are equal, and a word without any mark is the same
/// as its folded form.
pub fn marked_words(name: &str) -> Vec<String> {
    let spaced: String = name.nfc().map(|letter| if keeps_word(letter) { letter } else { ' ' }).collect();
    spaced.split_whitespace().map(marked_word).filter(|word| !word.is_empty()).take(WORDS_MAX).collect()
}

pub(crate) fn is_mark(letter: char) -> bool {
    unicode_normalization::char::is_combining_mark(letter)
}

fn keeps_word(letter: char) -> bool {
    letter.is_alphanumeric() || matches!(letter, '\'' | '’' | '`') || is_mark(letter)
}

fn marked_word(word: &str) -> String {
    let (mut letters, mut tones) = (String::with_capacity(word.len()), String::new());
    for letter in word.nfd() {
        match tone(letter) {
            Some(tone) => tones.push((b'0' + tone) as char),
            None if matches!(letter, '\'' | '’' | '`') => {}
            None => letters.extend(letter.to_lowercase()),
        }
    }
    let mut marked: String = letters.nfc().collect();
    marked.push_str(&tones);
    marked
}

/// Tones in the order of Vietnamese dictionaries: none (0), huyền 1, hỏi 2, ngã 3, sắc 4, nặng 5.
fn tone(mark: char) -> Option<u8> {
    match mark {
        '\u{300}' => Some(1),
        '\u{309}' => Some(2),
        '\u{303}' => Some(3),
        '\u{301}' => Some(4),
        '\u{323}' => Some(5),
        _ => None,
    }
}

/// How far two names agree, without marks and in any word order.
pub fn agreement(one: &str, other: &str) -> NameAgreement {
    let (one, other) = (words(one), words(other));
    if one.is_empty() || other.is_empty() {
        return NameAgreement::Missing;
    }
    let (mut sorted_one, mut sorted_other) = (one.clone(), other.clone());
    sorted_one.sort();
    sorted_other.sort();
    if sorted_one == sorted_other || one.concat() == other.concat() {
        return NameAgreement::Same;
    }
    let (short, long) = if one.len() <= other.len() { (&one, &other) } else { (&other, &one) };
    let common = short.iter().filter(|word| long.contains(word)).count();
    let ends_agree = short.first() == long.first() && short.last() == long.last();
    match common {
        0 => NameAgreement::Disjoint,
        all if all == short.len() && short.len() >= 2 && short.len() < long.len() && ends_agree => {
            NameAgreement::Part
        }
        _ => NameAgreement::Differs,
    }
}

/// Whether two names are equal with their marks, letter case and place of the tone aside.
pub fn equal_with_marks(one: &str, other: &str) -> bool {
    marked_words(one) == marked_words(other)
}

/// Whether this stands for a name that is not known yet: "Con bà Lò Thị Mai", "CB …", "Bé trai", "Vô danh". Two
/// newborn twins carry the same one.
pub fn is_placeholder(name: &str) -> bool {
    let folded = fold(name);
    let first = folded.split(' ').next().unwrap_or_default();
    matches!(first, "con" | "cb" | "cs")
        || ["be trai", "be gai", "be con", "tre so sinh", "so sinh", "vo danh", "khong ro", "khong ten"]
            .iter()
            .chain(&["chua co ten", "chua dat ten", "chua ro", "vo thua nhan", "nguoi la", "unknown"])
            .any(|start| folded == *start || folded.starts_with(&format!("{start} ")))
}

/// Letters in Vietnamese order; f, j, w, z stand where the Latin alphabet has them.
const LETTERS: &str = "aăâbcdđeêfghijklmnoôơpqrstuưvwxyz";

/// A key whose plain byte order is the order of a Vietnamese list of names: by the given name (the last word), then
/// by the other words from the left. Words compare by letters (a ă â b c d đ e ê …), then by tone: none, huyền, hỏi,
/// ngã, sắc, nặng (the order of Hoàng Phê's dictionary and of Unicode's `vi` collation). Case does not count.
pub fn name_sort_key(name: &str) -> String {
    let folded_spaces: Vec<String> = name
        .nfc()
        .map(|letter| if keeps_word(letter) { letter } else { ' ' })
        .collect::<String>()
        .split_whitespace()
        .take(WORDS_MAX)
        .map(str::to_owned)
        .collect();
    let Some((given, rest)) = folded_spaces.split_last() else { return String::new() };
    let mut key = word_key(given);
    for word in rest {
        key.push(' ');
        key.push_str(&word_key(word));
    }
    key
}

/// Letters as bytes from `A` in Vietnamese order, `!`, then the tones.
fn word_key(word: &str) -> String {
    let (mut letters, mut tones) = (String::new(), String::new());
    for letter in word.nfc().filter(|letter| letter.is_alphanumeric()) {
        let bare: String = letter.nfd().filter(|part| tone(*part).is_none()).nfc().collect();
        letters.extend(bare.chars().flat_map(char::to_lowercase).map(letter_byte));
        tones.extend(letter.nfd().find_map(tone).map(|tone| (b'0' + tone) as char));
    }
    format!("{letters}!{tones}")
}

fn letter_byte(letter: char) -> char {
    match LETTERS.chars().position(|known| known == letter) {
        Some(place) => (b'A' + place as u8) as char,
        None if letter.is_ascii_digit() => letter,
        // A letter of another alphabet goes after ours; which one it is does not matter for a list of names.
        None => '~',
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_compare_wherever_the_tone_is_written() {
        let rows = [
            ("Thuỳ", "Thùy", true),
            ("HOÀ", "Hoà", true),
            ("Hòa", "Hoà", true),
            ("Lo\u{300}", "Lò", true),
            ("Nguyễn", "NGUYỄN", true),
            ("Năm", "Nam", false),
            ("Đình", "Dinh", false),
            ("Lan", "Lân", false),
            ("Lành", "Lanh", false),
        ];
        for (one, other, equal) in rows {
            assert_eq!(equal_with_marks(one, other), equal, "{one} {other}");
        }
        assert_eq!(marked_words("Lò  Thị-Mẩy H'Mông"), ["lo1", "thi5", "mây2", "hmông"]);
        assert_eq!(marked_words("nguyen thi lanh"), words("nguyen thi lanh"));
    }

    #[test]
    fn names_agree_without_marks_and_in_any_order() {
        use NameAgreement::*;
        let rows = [
            ("Lò Thị Mai", "LO THI MAI", Same),
            ("Lò Thị Mai", "Mai Lò Thị", Same),
            ("Thùy Dương Lê", "Lê Thuỳ Dương", Same),
            ("Sùng A Dờ-Pó", "Sùng A Dờ Pó", Same),
            ("Lò ThịMai", "Lò Thị Mai", Same),
            ("Nguyễn Anh", "Nguyễn Hải Anh", Part),
            ("Nguyễn Hải Anh", "Nguyễn Hoàng Anh", Differs),
            ("Lò Thị Lan", "Lò Thị Liên", Differs),
            ("Hải Anh", "Nguyễn Hải Anh", Differs),
            ("Anh", "Nguyễn Hải Anh", Differs),
            ("Con 1 Lò Thị Mai", "Con 2 Lò Thị Mai", Differs),
            ("Giàng A Páo", "Lò Thị Mai", Disjoint),
            ("", "Lò Thị Mai", Missing),
            ("..", "--", Missing),
        ];
        for (one, other, expected) in rows {
            assert_eq!(agreement(one, other), expected, "{one} / {other}");
            assert_eq!(agreement(other, one), expected, "{other} / {one}");
        }
    }

    #[test]
    fn stand_ins_for_a_name_are_known() {
        for name in
            ["Con bà Lò Thị Mai", "CB LÒ THỊ MAI", "Bé trai", "BE GAI LO THI MAI", "Vô danh", "Trẻ sơ sinh 2"]
        {
            assert!(is_placeholder(name), "{name}");
        }
        for name in ["Bế Văn Đàn", "Lò Thị Con", "Nguyễn Bé", "Công Văn Trai", "Sơ Thị Sinh", ""]
        {
            assert!(!is_placeholder(name), "{name}");
        }
    }

    #[test]
    fn lists_are_sorted_by_given_name_then_the_rest() {
        let expected = [
            "Bùi An",
            "Đỗ An",
            "Đỗ Văn An",
            "Lê An",
            "Lê Ân",
            "Lê Bình",
            "Lê Cường",
            "Lê Dung",
            "Lê Đức",
            "Lê Êm",
            "Nguyễn Hoa",
            "Nguyễn Hòa",
            "Nguyễn Hoạ",
            "Nguyễn Hoàn",
            "Đặng Thị Lan",
            "Nguyễn Thị Lan",
            "Nguyễn Thị Lành",
            "Nguyễn Ma",
            "Nguyễn Mà",
            "Nguyễn Mả",
            "Nguyễn Mã",
            "Nguyễn Má",
            "Nguyễn Mạ",
            "Nguyễn Oanh",
            "Nguyễn Ơn",
            "Nguyễn Thư",
            "Nguyễn Trang",
            "Nguyễn Ý",
        ];
        let mut sorted = expected.to_vec();
        sorted.reverse();
        sorted.sort_by_key(|name| name_sort_key(name));
        assert_eq!(sorted, expected);
        assert_eq!(name_sort_key("lê  ân"), name_sort_key("LÊ ÂN"));
        assert_eq!(name_sort_key("Lê Hoà"), name_sort_key("Lê Hòa"));
        assert_eq!(name_sort_key(""), "");
    }
}
