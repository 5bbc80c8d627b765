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
}
