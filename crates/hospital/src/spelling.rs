//! Which of several spellings of the same words to show: software without Vietnamese letters writes «BAN NA KHUONG»,
//! other software «Bản Nà Khương» of the same place.

use std::cmp::Reverse;
use yba_fhir::text::fold;

/// How much a spelling says: letters with marks, then words that are not in capitals alone, then capitals.
fn quality(text: &str) -> (usize, usize, usize) {
    (
        text.chars().filter(|letter| !letter.is_ascii() && letter.is_alphabetic()).count(),
        text.split_whitespace().filter(|word| word.chars().any(char::is_lowercase)).count(),
        text.chars().filter(|letter| letter.is_uppercase()).count(),
    )
}

/// Of all spellings that differ from `text` only by marks and case the best, then the most frequent; `text` itself
/// when there is no better.
pub fn best<'a>(text: &'a str, others: impl Iterator<Item = &'a str>) -> &'a str {
    let folded = fold(text);
    let mut spellings: Vec<(&str, usize)> = vec![(text, 0)];
    for other in others.filter(|other| fold(other) == folded) {
        match spellings.iter_mut().find(|(have, _)| *have == other) {
            Some((_, count)) => *count += 1,
            None => spellings.push((other, 1)),
        }
    }
    let chosen = spellings.iter().min_by_key(|(spelling, count)| Reverse((quality(spelling), *count)));
    chosen.map_or(text, |(spelling, _)| spelling)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_count_before_case_and_case_before_frequency() {
        let rows: [(&str, &[&str], &str); 7] = [
            ("NGUYEN THI LANH", &["Nguyễn Thị Lành"], "Nguyễn Thị Lành"),
            ("NGUYỄN THỊ LÀNH", &["Nguyễn Thị Lành"], "Nguyễn Thị Lành"),
            ("Nguyễn Thị Lành", &["NGUYỄN THỊ LÀNH", "NGUYỄN THỊ LÀNH"], "Nguyễn Thị Lành"),
            ("nguyễn thị lành", &["Nguyễn Thị Lành"], "Nguyễn Thị Lành"),
            ("Lo Thi La", &["Lò Thị Lả", "Lò Thị Lá", "Lò Thị Lá"], "Lò Thị Lá"),
            ("NGUYEN THI LANH", &["Nguyễn Thị Lan"], "NGUYEN THI LANH"),
            ("XA BAN BO", &[], "XA BAN BO"),
        ];
        for (text, others, expected) in rows {
            assert_eq!(best(text, others.iter().copied()), expected, "{text}");
        }
    }
}
