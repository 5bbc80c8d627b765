//! Titles of ICD-10 codes: WHO's table with Vietnamese titles from the assets, and over it the newest edition of the
//! list `icd-10-vn`, which a province fills with the official table.

use std::collections::HashMap;

/// The titles of one disease code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Title<'a> {
    /// Vietnamese; the English one where no Vietnamese is known.
    pub vi: &'a str,
    pub en: &'a str,
    /// The code or block above it: `J20`, `J20-J22`; empty when unknown.
    pub parent: &'a str,
}

/// The asset table: one text, and where each row stands in it.
#[derive(Debug, Default)]
pub(crate) struct Icd10 {
    text: String,
    rows: HashMap<String, (u32, u32)>,
}

impl Icd10 {
    /// Rows are `code ⇥ vi ⇥ en ⇥ parent`.
    pub(crate) fn parse(text: String) -> Icd10 {
        let mut rows = HashMap::new();
        let mut at = 0;
        for line in text.split_inclusive('\n') {
            if let Some((code, _)) = line.split_once('\t') {
                rows.insert(code.to_string(), (at as u32, (at + line.len()) as u32));
            }
            at += line.len();
        }
        Icd10 { text, rows }
    }

    pub(crate) fn title(&self, code: &str) -> Option<Title<'_>> {
        let (start, end) = *self.rows.get(code)?;
        let mut cells = self.text[start as usize..end as usize].trim_end().split('\t').skip(1);
        let vi = cells.next()?;
        let (en, parent) = (cells.next().unwrap_or_default(), cells.next().unwrap_or_default());
        Some(Title { vi: if vi.is_empty() { en } else { vi }, en, parent })
    }
}

/// A code as hospitals write it, brought to the form of the table: upper case, dagger and asterisk dropped, `J209`
/// read as `J20.9`.
pub(crate) fn plain(code: &str) -> String {
    let mut plain: String = code
        .chars()
        .filter(|letter| !letter.is_whitespace() && !matches!(letter, '†' | '*' | '+'))
        .flat_map(char::to_uppercase)
        .collect();
    if plain.len() > 3 && plain.is_ascii() && !plain.contains('.') {
        plain.insert(3, '.');
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles_are_found_by_code() {
        let table = Icd10::parse(
            "J20.9\tViêm phế quản cấp\tAcute bronchitis\tJ20\nI10\t\tHypertension\tI10-I15\n".into(),
        );
        assert_eq!(
            table.title("J20.9"),
            Some(Title { vi: "Viêm phế quản cấp", en: "Acute bronchitis", parent: "J20" })
        );
        assert_eq!(table.title("I10").map(|title| title.vi), Some("Hypertension"));
        assert_eq!(table.title("J20"), None);
    }

    #[test]
    fn codes_are_brought_to_one_form() {
        let rows =
            [("j20.9", "J20.9"), ("J209", "J20.9"), ("G63.2*", "G63.2"), (" I10 ", "I10"), ("E11†", "E11")];
        for (code, expected) in rows {
            assert_eq!(plain(code), expected);
        }
    }
}
