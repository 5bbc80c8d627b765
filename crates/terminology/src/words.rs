//! Searching a table as people type: by the beginnings of words, without marks, and by the beginning of a code.

use memchr::memmem;
use yba_fhir::text::fold;

use crate::table::Table;

/// Longest search text that is looked at, in characters.
pub(crate) const FILTER_CHARS_MAX: usize = 100;

const NO_FIT: Rank = u8::MAX;

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
        let marked = !typed.is_ascii();
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
        let mut best = vec![NO_FIT; self.starts.len()];
        if let Some((word, others)) = filter.words.split_first() {
            self.by_title(table, filter, word, others, &mut best);
        }
        self.by_code(&filter.typed, &mut best);
        if filter.bare != filter.typed && !filter.bare.is_empty() {
            self.by_code(&filter.bare, &mut best);
        }
        let fitting = best.iter().enumerate().filter(|(_, rank)| **rank != NO_FIT);
        let fitting = fitting.map(|(concept, rank)| (*rank, concept as u32));
        fitting.filter(|(_, concept)| !table.code(*concept).is_empty()).collect()
    }

    fn by_code(&self, code: &str, best: &mut [Rank]) {
        let code = format!("={code}");
        for (at, concept) in self.lines_with(&code) {
            let next = self.text.as_bytes().get(at + code.len());
            let whole = matches!(next, Some(b'=' | b'|'));
            better(best, concept, if whole { 0 } else { 1 });
        }
    }

    fn by_title(&self, table: &Table, filter: &Filter, word: &str, others: &[String], best: &mut [Rank]) {
        let others: Vec<memmem::Finder> = others.iter().map(memmem::Finder::new).collect();
        let same_marks = |concept: u32| !filter.marked || has_marks(table, concept, &filter.typed);
        for (_, concept) in self.lines_with(&format!("| {}", filter.folded)) {
            better(best, concept, 2 + u8::from(!same_marks(concept)));
        }
        for (_, concept) in self.lines_with(word) {
            let line = self.line(concept);
            if best[concept as usize] > 4 && others.iter().all(|other| other.find(line).is_some()) {
                better(best, concept, 4 + u8::from(!same_marks(concept)));
            }
        }
    }

    /// Where a text stands, and in which concept's line.
    fn lines_with<'a>(&'a self, text: &'a str) -> impl Iterator<Item = (usize, u32)> + 'a {
        let mut concept = 0;
        let found: Vec<usize> = memmem::find_iter(self.text.as_bytes(), text.as_bytes()).collect();
        found.into_iter().map(move |at| {
            while self.starts.get(concept + 1).is_some_and(|next| *next as usize <= at) {
                concept += 1;
            }
            (at, concept as u32)
        })
    }

    fn line(&self, concept: u32) -> &[u8] {
        let end = self.starts.get(concept as usize + 1).map_or(self.text.len(), |end| *end as usize);
        &self.text.as_bytes()[self.starts[concept as usize] as usize..end]
    }
}

fn better(best: &mut [Rank], concept: u32, rank: Rank) {
    let known = &mut best[concept as usize];
    *known = rank.min(*known);
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
