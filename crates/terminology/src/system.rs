//! A code system: its editions, and which one is in force on a day.

use std::sync::LazyLock;

use yba_fhir::Day;

use crate::grammar::Grammar;
use crate::table::{Period, Table};

/// How much of a system an edition holds. <https://hl7.org/fhir/R4/valueset-codesystem-content-mode.html>
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Content {
    Complete,
    /// Some of the codes: a code that is not here may still be right.
    Fragment,
    Example,
    NotPresent,
}

impl Content {
    pub fn code(self) -> &'static str {
        match self {
            Content::Complete => "complete",
            Content::Fragment => "fragment",
            Content::Example => "example",
            Content::NotPresent => "not-present",
        }
    }

    /// Supplements have no codes of their own and count as not present.
    pub fn of(code: &str) -> Option<Content> {
        Some(match code {
            "complete" => Content::Complete,
            "fragment" => Content::Fragment,
            "example" => Content::Example,
            "not-present" | "supplement" => Content::NotPresent,
            _ => return None,
        })
    }
}

/// What an edition says of itself.
#[derive(Debug, Clone)]
pub struct Head {
    pub url: String,
    /// Empty when not told.
    pub version: String,
    pub name: String,
    pub title: String,
    pub content: Content,
    pub case_sensitive: bool,
    /// The language of the displays, BCP-47.
    pub language: &'static str,
    /// When the edition is in force.
    pub period: Period,
    /// From this day on its codes are inactive: right in what was recorded before, not to be chosen anew.
    pub retired: Option<Day>,
    /// The number of the law it rests on, for people; may be empty.
    pub basis: String,
}

impl Head {
    /// A complete list without dates, its displays in English.
    pub fn new(url: &str, version: &str, title: &str) -> Head {
        Head {
            url: url.to_owned(),
            version: version.to_owned(),
            name: url.rsplit(['/', ':']).next().unwrap_or_default().to_owned(),
            title: title.to_owned(),
            content: Content::Complete,
            case_sensitive: true,
            language: "en",
            period: Period::default(),
            retired: None,
            basis: String::new(),
        }
    }
}

type Making = Box<dyn FnOnce() -> Table + Send>;

/// One edition. Its concepts are unpacked when first asked for.
#[derive(Debug)]
pub struct Edition {
    pub head: Head,
    /// The rule that tells codes of a system that cannot be listed; the table then holds the common ones.
    pub grammar: Option<Grammar>,
    table: LazyLock<Table, Making>,
}

impl Edition {
    pub fn new(head: Head, make: impl FnOnce() -> Table + Send + 'static) -> Edition {
        Edition { head, grammar: None, table: LazyLock::new(Box::new(make)) }
    }

    pub fn with_grammar(mut self, grammar: Grammar) -> Edition {
        self.grammar = Some(grammar);
        self
    }

    pub fn table(&self) -> &Table {
        &self.table
    }

    /// Whether a code may be used on a day; `None` when nobody can tell.
    pub fn has(&self, code: &str, on: Day) -> Option<bool> {
        if let Some(found) = self.table().find(code) {
            return Some(self.table().period(found).holds(on));
        }
        match (self.grammar, self.head.content) {
            (Some(grammar), _) => grammar.accepts(code),
            (None, Content::Complete) => Some(false),
            (None, _) => None,
        }
    }
}

/// A code system by its address, editions in the order in which a later one goes before an earlier one.
#[derive(Debug, Clone, Default)]
pub(crate) struct System {
    pub editions: Vec<std::sync::Arc<Edition>>,
}

impl System {
    /// The edition in force on a day: the last one whose period holds.
    pub(crate) fn on(&self, day: Day) -> Option<usize> {
        self.editions.iter().rposition(|edition| edition.head.period.holds(day))
    }

    pub(crate) fn version(&self, version: &str) -> Option<usize> {
        self.editions.iter().rposition(|edition| edition.head.version == version)
    }

    /// Lays an edition over the others: it replaces the one of the same version, goes after those of lower versions,
    /// and without a version goes last.
    pub(crate) fn lay(&mut self, edition: std::sync::Arc<Edition>) {
        let version = &edition.head.version;
        if let Some(same) = self.editions.iter_mut().find(|known| known.head.version == *version) {
            *same = edition;
            return;
        }
        let later = |known: &std::sync::Arc<Edition>| newer(&known.head.version, version);
        let at = if version.is_empty() { None } else { self.editions.iter().position(later) };
        self.editions.insert(at.unwrap_or(self.editions.len()), edition);
    }
}

/// Whether the first version is later than the second: numbers compare as numbers, so `4.10` is later than `4.9`.
pub(crate) fn newer(first: &str, second: &str) -> bool {
    let parts = |version: &str| -> Vec<(u64, String)> {
        let parts = version.split(['.', '-', '_', '+']);
        parts.map(|part| (part.parse().unwrap_or(0), part.to_owned())).collect()
    };
    parts(first) > parts(second)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::TableBuilder;
    use std::sync::Arc;

    fn edition(version: &str, first: Option<&str>, last: Option<&str>) -> Arc<Edition> {
        let day = |text: &str| Day::parse(text).unwrap();
        let mut head = Head::new("s", version, "S");
        head.period = Period { first: first.map(day), last: last.map(day) };
        Arc::new(Edition::new(head, || TableBuilder::default().finish(true)))
    }

    #[test]
    fn the_day_chooses_the_edition() {
        let mut system = System::default();
        system.lay(edition("2026-08-01", Some("2026-08-01"), None));
        system.lay(edition("2018-01-01", Some("2018-01-01"), Some("2026-07-31")));
        let on = |day: &str| {
            let at = system.on(Day::parse(day).unwrap())?;
            Some(system.editions[at].head.version.as_str())
        };
        assert_eq!(on("2026-07-31"), Some("2018-01-01"));
        assert_eq!(on("2026-08-01"), Some("2026-08-01"));
        assert_eq!(on("2017-12-31"), None);
    }

    #[test]
    fn a_newer_version_goes_before_an_older_one_in_whatever_order_they_come() {
        let mut system = System::default();
        for version in ["4.9.0", "4.10.0", "4.1"] {
            system.lay(edition(version, None, None));
        }
        let today = Day::parse("2026-01-01").unwrap();
        assert_eq!(system.editions[system.on(today).unwrap()].head.version, "4.10.0");
        assert_eq!(system.version("4.1"), Some(0));
        system.lay(edition("", None, None));
        assert_eq!(
            system.editions[system.on(today).unwrap()].head.version,
            "",
            "without a version it is laid over"
        );
        assert!(newer("2026-08-01", "2024-12-31") && !newer("1.0", "1.0") && newer("1.0.1", "1.0"));
    }
}
