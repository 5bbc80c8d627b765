//! Searching a table as people type: by the beginnings of words, without marks, and by the beginning of a code.

use memchr::memmem;
use yba_fhir::text::fold;

use crate::table::Table;

/// Longest search text that is looked at, in characters.
pub(crate) const FILTER_CHARS_MAX: usize = 100;

/// A search text, made ready once for all tables.
#[derive(Debug)]
pub(crate) struct Filter {
    /// As typed, in lower case.
    typed: String,
    folded: String,
    /// Codes are also found when written without their dots and hyphens: `j209`.
    bare: String,
    /// Words made searchable: a space before each. The longest comes first, for it finds least.
    words: Vec<String>,
    /// It was typed with marks, so titles with the same marks are meant rather.
    marked: bool,
}

/// How well a concept fits; less is better. Code before title, beginning before middle, same marks before others.
pub(crate) type Rank = u8;

impl Filter {
    /// `None` for a text without anything to look for.
    pub(crate) fn of(text: &str) -> Option<Filter> {
        let typed: String = text.trim().chars().take(FILTER_CHARS_MAX).flat_map(char::to_lowercase).collect();
        let folded = fold(&typed);
        let mut words: Vec<String> =
            folded.split(' ').filter(|word| !word.is_empty()).map(|word| format!(" {word}")).collect();
        words.sort_by_key(|word| std::cmp::Reverse(word.len()));
        words.dedup();
        let marked = typed.chars().any(|letter| !letter.is_ascii());
        (!typed.is_empty()).then(|| Filter { bare: bare(&typed), typed, folded, words, marked })
    }
}

/// The folded texts of a table in one piece, a line for each concept:
/// `=j20.9=j209| viem phe quan cap| acute bronchitis` and a line feed.
#[derive(Debug)]
pub(crate) struct Words {
    text: String,
    /// Where each concept's line begins.
    starts: Vec<u32>,
}

impl Words {
    pub(crate) fn of(table: &Table) -> Words {
        let mut words = Words { text: String::new(), starts: Vec::with_capacity(table.len()) };
        for concept in 0..table.len() as u32 {
            words.starts.push(words.text.len() as u32);
            let code = table.code(concept).to_lowercase();
            let bare = bare(&code);
            words.text.push('=');
            words.text.push_str(&code);
            if bare != code {
                words.text.push('=');
                words.text.push_str(&bare);
            }
            words.put_title(table.display(concept));
            for designation in table.designations(concept) {
                words.put_title(designation.text);
            }
            words.text.push('\n');
        }
        words.text.shrink_to_fit();
        words
    }

    fn put_title(&mut self, title: &str) {
        self.text.push_str("| ");
        self.text.push_str(&fold(title));
    }

    /// Every concept that fits, with its rank, in the order of the list.
    pub(crate) fn find(&self, table: &Table, filter: &Filter) -> Vec<(Rank, u32)> {
        let mut found = self.by_code(filter);
        if let Some(word) = filter.words.first() {
            self.by_title(table, filter, word, &mut found);
        }
        found.sort_unstable_by_key(|(rank, concept)| (*concept, *rank));
        found.dedup_by_key(|(_, concept)| *concept);
        found.retain(|(_, concept)| !table.code(*concept).is_empty());
        found
    }

    fn by_code(&self, filter: &Filter) -> Vec<(Rank, u32)> {
        let mut found = Vec::new();
        let mut forms = vec![format!("={}", filter.typed)];
        if filter.bare != filter.typed && !filter.bare.is_empty() {
            forms.push(format!("={}", filter.bare));
        }
        for form in forms {
            for at in memmem::find_iter(self.text.as_bytes(), form.as_bytes()) {
                let next = self.text.as_bytes().get(at + form.len());
                let whole = matches!(next, Some(b'=' | b'|'));
                found.push((if whole { 0 } else { 1 }, self.concept_at(at)));
            }
        }
        found
    }

    fn by_title(&self, table: &Table, filter: &Filter, word: &str, found: &mut Vec<(Rank, u32)>) {
        let begins = memmem::Finder::new(&filter.folded);
        let others: Vec<memmem::Finder> = filter.words[1..].iter().map(memmem::Finder::new).collect();
        let mut last = u32::MAX;
        for at in memmem::find_iter(self.text.as_bytes(), word.as_bytes()) {
            let concept = self.concept_at(at);
            if concept == last {
                continue;
            }
            last = concept;
            let line = self.line(concept);
            if others.iter().all(|other| other.find(line).is_some()) {
                let first = begins.find_iter(line).any(|at| at >= 2 && &line[at - 2..at] == b"| ");
                let same_marks = !filter.marked || has_marks(table, concept, &filter.typed);
                let rank = if first { 2 } else { 4 };
                found.push((rank + u8::from(!same_marks), concept));
            }
        }
    }

    fn concept_at(&self, at: usize) -> u32 {
        (self.starts.partition_point(|start| *start as usize <= at) - 1) as u32
    }

    fn line(&self, concept: u32) -> &[u8] {
        let end = self.starts.get(concept as usize + 1).map_or(self.text.len(), |end| *end as usize);
        &self.text.as_bytes()[self.starts[concept as usize] as usize..end]
    }
}

/// Whether the display has the words as typed, marks included.
fn has_marks(table: &Table, concept: u32, typed: &str) -> bool {
    let display = table.display(concept).to_lowercase();
    typed.split_whitespace().all(|word| display.contains(word))
}

fn bare(code: &str) -> String {
    code.chars().filter(|letter| !matches!(letter, '.' | '-' | ' ')).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::{Flags, TableBuilder};

    #[test]
    fn the_best_fit_has_the_least_rank() {
        let mut builder = TableBuilder::default();
        let rows = [
            ("J20", "Viêm phế quản cấp"),
            ("J20.9", "Viêm phế quản cấp, không đặc hiệu"),
            ("J40", "Viêm phế quản, không rõ là cấp hay mạn"),
            ("J42", "Bệnh phế quản mạn tính"),
            ("A01", "Phế quản"),
            ("A02", "Phe quan"),
        ];
        for (code, title) in rows {
            let at = builder.add(code, title, Flags::default());
            builder.designation(at, "en", if code == "J42" { "Chronic bronchitis" } else { "" });
        }
        let table = builder.finish(true);
        let check = |text: &str, expected: &[(u8, &str)]| {
            let found = table.words().find(&table, &Filter::of(text).unwrap());
            let found: Vec<_> = found.into_iter().map(|(rank, at)| (rank, table.code(at))).collect();
            assert_eq!(found, expected, "{text}");
        };
        check("j20", &[(0, "J20"), (1, "J20.9")]);
        check("J209", &[(0, "J20.9")]);
        check("j4", &[(1, "J40"), (1, "J42")]);
        check("cap viem", &[(4, "J20"), (4, "J20.9"), (4, "J40")]);
        check("viem phe quan c", &[(2, "J20"), (2, "J20.9"), (4, "J40")]);
        check("bronchi chron", &[(4, "J42")]);
        check("chronic", &[(2, "J42")]);
        check("Phế quản m", &[(4, "J40"), (4, "J42")]);
        check("phế quản", &[(4, "J20"), (4, "J20.9"), (4, "J40"), (4, "J42"), (2, "A01"), (3, "A02")]);
        check("không có gì", &[]);
        assert!(Filter::of("  ").is_none());
    }

    #[test]
    fn a_sign_without_letters_is_looked_for_among_the_codes_only() {
        let mut builder = TableBuilder::default();
        builder.add("%", "percent", Flags::default());
        builder.add("g/L", "gram per litre", Flags::default());
        let table = builder.finish(true);
        let found = table.words().find(&table, &Filter::of("%").unwrap());
        assert_eq!(found, [(0, 0)]);
        assert_eq!(table.words().find(&table, &Filter::of("G/").unwrap()), [(1, 1)]);
    }
}
