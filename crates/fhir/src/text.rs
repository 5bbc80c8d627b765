//! Folding of Vietnamese text for search and comparison: marks and đ removed, lower case, single spaces.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Folds text: `"NGUYỄN  Văn Ân"` becomes `"nguyen van an"`. Anything that is no letter or digit parts words.
pub fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for letter in text.nfd().filter(|letter| !is_combining_mark(*letter)) {
        match letter {
            'đ' | 'Đ' | 'ð' | 'Ð' => folded.push('d'),
            // An apostrophe belongs to the word (H'Mông, K'Ho) and is not typed by most people.
            '\'' | '’' | '`' => {}
            letter if letter.is_alphanumeric() => folded.extend(letter.to_lowercase()),
            _ if folded.ends_with(' ') || folded.is_empty() => {}
            _ => folded.push(' '),
        }
    }
    if folded.ends_with(' ') {
        folded.pop();
    }
    folded
}

/// NFC with single spaces: the form in which names are kept and compared exactly.
pub fn tidy(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").nfc().collect()
}

/// A canonical without the version that it may name. <https://hl7.org/fhir/R4/references.html#canonical>
pub fn unversioned(canonical: &str) -> &str {
    canonical.split_once('|').map_or(canonical, |(url, _)| url)
}

/// The name that is fewest letters away from what was written, whatever the case, when these are few: for advice.
pub fn nearest<'n>(written: &str, names: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    /// No name of ours is longer; what is, is not compared.
    const LONG: usize = 64;
    let most = written.chars().count() / 3;
    if written.len() > LONG {
        return None;
    }
    let written = written.to_lowercase();
    let scored = names.map(|name| (strsim::levenshtein(&written, &name.to_lowercase()), name));
    scored.filter(|(distance, _)| *distance <= most).min().map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folds_marks_case_and_spaces() {
        let rows = [
            ("NGUYỄN  Văn Ân", "nguyen van an"),
            ("Đặng Quỳnh Như", "dang quynh nhu"),
            ("  Lò Thị Mẫu ", "lo thi mau"),
            ("H'Mông", "hmong"),
            ("Lo\u{300}", "lo"),
            ("Sùng A Dờ-Pó", "sung a do po"),
            ("HbA1c", "hba1c"),
            ("", ""),
            ("--", ""),
        ];
        for (text, expected) in rows {
            assert_eq!(fold(text), expected, "{text}");
        }
        assert_eq!(tidy(" Lo\u{300}  Thi\u{323} "), "Lò Thị");
    }

    #[test]
    fn the_nearest_name_is_near_or_none() {
        let names = || ["birthDate", "gender", "name"].into_iter();
        assert_eq!(nearest("birthdate", names()), Some("birthDate"));
        assert_eq!(nearest("gendr", names()), Some("gender"));
        assert_eq!(nearest("nhomMau", names()), None);
        assert_eq!(nearest(&"gender".repeat(50), names()), None);
    }
}
