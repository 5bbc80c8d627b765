//! The concepts of one edition of a code system, packed: one text, and spans into it.

use std::cmp::Ordering;
use std::collections::HashSet;
use std::sync::OnceLock;

use yba_fhir::Day;

use crate::words::Words;

/// No parent.
const NONE: u32 = u32::MAX;

/// Where a text stands in the table's own.
#[derive(Debug, Clone, Copy, Default)]
struct Span {
    at: u32,
    len: u32,
}

#[derive(Debug)]
struct Concept {
    code: Span,
    display: Span,
    parent: u32,
    flags: u8,
}

/// What is known of a concept besides its texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Flags {
    /// Only there to group others; not to be recorded.
    pub not_selectable: bool,
    /// No longer in use; records that have it stay right.
    pub inactive: bool,
    /// Still usable, but its use is discouraged.
    pub deprecated: bool,
}

impl Flags {
    fn pack(self) -> u8 {
        u8::from(self.not_selectable) | u8::from(self.inactive) << 1 | u8::from(self.deprecated) << 2
    }

    fn unpack(bits: u8) -> Flags {
        Flags { not_selectable: bits & 1 != 0, inactive: bits & 2 != 0, deprecated: bits & 4 != 0 }
    }
}

/// First and last day; an end may be open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Period {
    pub first: Option<Day>,
    pub last: Option<Day>,
}

impl Period {
    pub fn holds(self, on: Day) -> bool {
        self.first.is_none_or(|first| first <= on) && self.last.is_none_or(|last| on <= last)
    }

    pub(crate) fn is_open(self) -> bool {
        self == Period::default()
    }
}

/// Another wording of a concept.
#[derive(Debug, Clone, Copy)]
pub struct Designation<'a> {
    /// BCP-47; empty when not told.
    pub language: &'a str,
    pub text: &'a str,
}

/// The value of a property. `kind` is FHIR's suffix: `code`, `string`, `boolean`, `integer`, `decimal`, `dateTime`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Property<'a> {
    pub name: &'a str,
    pub kind: &'static str,
    pub value: &'a str,
}

/// The kinds of value a property may have; their place is what is kept.
const KINDS: [&str; 6] = ["code", "string", "boolean", "integer", "decimal", "dateTime"];

/// Concepts in the order of the list, found by code.
#[derive(Debug)]
pub struct Table {
    text: String,
    concepts: Vec<Concept>,
    by_code: Vec<u32>,
    case_sensitive: bool,
    further_parents: Vec<(u32, u32)>,
    designations: Vec<(u32, Span, Span)>,
    properties: Vec<(u32, u8, Span, Span)>,
    periods: Vec<(u32, Period)>,
    words: OnceLock<Words>,
    children: OnceLock<Vec<(u32, u32)>>,
}

/// Makes a [`Table`]. Of concepts with equal codes only the first is kept.
#[derive(Debug, Default)]
pub struct TableBuilder {
    text: String,
    concepts: Vec<Concept>,
    parents: Vec<(u32, String)>,
    designations: Vec<(u32, Span, Span)>,
    properties: Vec<(u32, u8, Span, Span)>,
    periods: Vec<(u32, Period)>,
    last_name: Span,
}

impl TableBuilder {
    /// Adds a concept and answers its number.
    pub fn add(&mut self, code: &str, display: &str, flags: Flags) -> u32 {
        let concept =
            Concept { code: self.put(code), display: self.put(display), parent: NONE, flags: flags.pack() };
        self.concepts.push(concept);
        (self.concepts.len() - 1) as u32
    }

    /// Puts a concept under one that is there already.
    pub fn under(&mut self, concept: u32, parent: u32) {
        self.concepts[concept as usize].parent = parent;
    }

    /// Puts a concept under a code, which may come later; an unknown code is ignored.
    pub fn under_code(&mut self, concept: u32, parent: &str) {
        self.parents.push((concept, parent.to_owned()));
    }

    pub fn designation(&mut self, concept: u32, language: &str, text: &str) {
        if !text.is_empty() {
            let span = (concept, self.name(language), self.put(text));
            self.designations.push(span);
        }
    }

    /// Sets a property; a kind that is none of FHIR's becomes a string.
    pub fn property(&mut self, concept: u32, name: &str, kind: &str, value: &str) {
        let kind = KINDS.iter().position(|known| *known == kind).unwrap_or(1) as u8;
        let span = (concept, kind, self.name(name), self.put(value));
        self.properties.push(span);
    }

    pub fn period(&mut self, concept: u32, period: Period) {
        if !period.is_open() {
            self.periods.push((concept, period));
        }
    }

    pub fn len(&self) -> usize {
        self.concepts.len()
    }

    pub fn is_empty(&self) -> bool {
        self.concepts.is_empty()
    }

    fn put(&mut self, text: &str) -> Span {
        let at = self.text.len() as u32;
        self.text.push_str(text);
        Span { at, len: text.len() as u32 }
    }

    /// Names come again and again; one that was just written is used once more.
    fn name(&mut self, name: &str) -> Span {
        if cut(&self.text, self.last_name) != name {
            self.last_name = self.put(name);
        }
        self.last_name
    }

    pub fn finish(mut self, case_sensitive: bool) -> Table {
        self.drop_repeated(case_sensitive);
        let mut by_code: Vec<u32> = (0..self.concepts.len() as u32).collect();
        let (text, concepts) = (&self.text, &self.concepts);
        let code = |at: u32| cut(text, concepts[at as usize].code);
        by_code.sort_by(|a, b| compare(code(*a), code(*b), case_sensitive).then(a.cmp(b)));
        self.text.shrink_to_fit();
        self.concepts.shrink_to_fit();
        let mut table = Table {
            text: self.text,
            concepts: self.concepts,
            by_code,
            case_sensitive,
            further_parents: Vec::new(),
            designations: sorted(self.designations),
            properties: sorted(self.properties),
            periods: self.periods,
            words: OnceLock::new(),
            children: OnceLock::new(),
        };
        table.periods.sort_by_key(|(concept, _)| *concept);
        for (concept, parent) in self.parents {
            table.set_parent(concept, &parent);
        }
        table.further_parents.sort_unstable();
        table
    }

    /// A second concept of the same code loses its code, so that nothing finds it.
    fn drop_repeated(&mut self, case_sensitive: bool) {
        let (text, concepts) = (&self.text, &self.concepts);
        let key = |concept: &Concept| {
            let code = cut(text, concept.code);
            if case_sensitive { code.to_owned() } else { code.to_lowercase() }
        };
        let mut seen = HashSet::with_capacity(concepts.len());
        let repeated: Vec<bool> = concepts.iter().map(|concept| !seen.insert(key(concept))).collect();
        for (concept, repeated) in self.concepts.iter_mut().zip(repeated) {
            if repeated {
                concept.code.len = 0;
            }
        }
    }
}

fn sorted<T: Copy + Keyed>(mut rows: Vec<T>) -> Vec<T> {
    rows.sort_by_key(|row| row.concept());
    rows.shrink_to_fit();
    rows
}

/// Rows that belong to a concept.
trait Keyed {
    fn concept(&self) -> u32;
}

impl Keyed for (u32, Span, Span) {
    fn concept(&self) -> u32 {
        self.0
    }
}

impl Keyed for (u32, u8, Span, Span) {
    fn concept(&self) -> u32 {
        self.0
    }
}

fn cut(text: &str, span: Span) -> &str {
    &text[span.at as usize..(span.at + span.len) as usize]
}

fn compare(a: &str, b: &str, case_sensitive: bool) -> Ordering {
    if case_sensitive {
        a.cmp(b)
    } else {
        a.chars().flat_map(char::to_lowercase).cmp(b.chars().flat_map(char::to_lowercase))
    }
}

/// The rows of a list sorted by concept that belong to one.
fn of<T>(rows: &[T], concept: u32, key: impl Fn(&T) -> u32) -> &[T] {
    let first = rows.partition_point(|row| key(row) < concept);
    let count = rows[first..].partition_point(|row| key(row) == concept);
    &rows[first..first + count]
}

impl Table {
    /// How many concepts there are.
    pub fn len(&self) -> usize {
        self.concepts.len()
    }

    pub fn is_empty(&self) -> bool {
        self.concepts.is_empty()
    }

    /// The concept of a code.
    pub fn find(&self, code: &str) -> Option<u32> {
        if code.is_empty() {
            return None;
        }
        let found = self.by_code.binary_search_by(|at| compare(self.code(*at), code, self.case_sensitive));
        found.ok().map(|at| self.by_code[at])
    }

    /// Every concept in the order of the list. Concepts whose code was there already are left out.
    pub fn all(&self) -> impl Iterator<Item = u32> {
        (0..self.concepts.len() as u32).filter(|at| self.concepts[*at as usize].code.len > 0)
    }

    pub fn code(&self, concept: u32) -> &str {
        cut(&self.text, self.concepts[concept as usize].code)
    }

    /// The display; empty when there is none.
    pub fn display(&self, concept: u32) -> &str {
        cut(&self.text, self.concepts[concept as usize].display)
    }

    pub fn flags(&self, concept: u32) -> Flags {
        Flags::unpack(self.concepts[concept as usize].flags)
    }

    /// When a concept may be used; open on both sides when nothing is said.
    pub fn period(&self, concept: u32) -> Period {
        of(&self.periods, concept, |row| row.0).first().map(|row| row.1).unwrap_or_default()
    }

    /// Whether some concept has a period of its own.
    pub fn is_dated(&self) -> bool {
        !self.periods.is_empty()
    }

    pub fn designations(&self, concept: u32) -> impl Iterator<Item = Designation<'_>> {
        let rows = of(&self.designations, concept, |row| row.0).iter();
        rows.map(|row| Designation { language: cut(&self.text, row.1), text: cut(&self.text, row.2) })
    }

    pub fn properties(&self, concept: u32) -> impl Iterator<Item = Property<'_>> {
        of(&self.properties, concept, |row| row.0).iter().map(|row| Property {
            name: cut(&self.text, row.2),
            kind: KINDS[usize::from(row.1)],
            value: cut(&self.text, row.3),
        })
    }

    pub fn parents(&self, concept: u32) -> impl Iterator<Item = u32> {
        let first = self.concepts[concept as usize].parent;
        let further = of(&self.further_parents, concept, |row| row.0).iter().map(|row| row.1);
        (first != NONE).then_some(first).into_iter().chain(further)
    }

    pub fn children(&self, concept: u32) -> impl Iterator<Item = u32> {
        let children = self.children.get_or_init(|| {
            let every = 0..self.concepts.len() as u32;
            let mut pairs: Vec<(u32, u32)> =
                every.flat_map(|child| self.parents(child).map(move |parent| (parent, child))).collect();
            pairs.sort_unstable();
            pairs
        });
        of(children, concept, |row| row.0).iter().map(|row| row.1)
    }

    /// Whether the first concept is the second or below it.
    pub fn is_a(&self, concept: u32, ancestor: u32) -> bool {
        let mut seen = HashSet::new();
        let mut open = vec![concept];
        while let Some(at) = open.pop() {
            if at == ancestor {
                return true;
            }
            open.extend(self.parents(at).filter(|parent| seen.insert(*parent)));
        }
        false
    }

    /// A concept and everything below it.
    pub fn below(&self, concept: u32) -> HashSet<u32> {
        let mut seen = HashSet::from([concept]);
        let mut open = vec![concept];
        while let Some(at) = open.pop() {
            open.extend(self.children(at).filter(|child| seen.insert(*child)));
        }
        seen
    }

    /// A concept and everything above it.
    pub fn above(&self, concept: u32) -> HashSet<u32> {
        let mut seen = HashSet::from([concept]);
        let mut open = vec![concept];
        while let Some(at) = open.pop() {
            open.extend(self.parents(at).filter(|parent| seen.insert(*parent)));
        }
        seen
    }

    /// The index for searching by words, made when first asked.
    pub(crate) fn words(&self) -> &Words {
        self.words.get_or_init(|| Words::of(self))
    }

    fn set_parent(&mut self, concept: u32, parent: &str) {
        let Some(parent) = self.find(parent).filter(|parent| *parent != concept) else { return };
        let known = &mut self.concepts[concept as usize].parent;
        if *known == NONE {
            *known = parent;
        } else if *known != parent {
            self.further_parents.push((concept, parent));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(case_sensitive: bool) -> Table {
        let mut builder = TableBuilder::default();
        let top = builder.add("A", "All", Flags { not_selectable: true, ..Flags::default() });
        let under = builder.add("b", "Under", Flags::default());
        builder.under(under, top);
        builder.designation(under, "en", "Below");
        builder.property(under, "class", "string", "x");
        let both = builder.add("c", "Of two", Flags::default());
        builder.under(both, under);
        builder.under_code(both, "d");
        builder.under_code(both, "nowhere");
        builder.add("d", "Late", Flags::default());
        builder.add("b", "Again", Flags::default());
        builder.finish(case_sensitive)
    }

    #[test]
    fn concepts_are_found_by_code_and_only_the_first_of_equal_ones() {
        let table = table(true);
        let found = table.find("b").unwrap();
        assert_eq!(table.display(found), "Under");
        assert_eq!(table.designations(found).map(|other| other.text).collect::<Vec<_>>(), ["Below"]);
        assert_eq!(table.properties(found).map(|one| one.value).collect::<Vec<_>>(), ["x"]);
        assert_eq!(table.all().map(|at| table.code(at)).collect::<Vec<_>>(), ["A", "b", "c", "d"]);
        assert_eq!((table.find("a"), table.find(""), table.find("B")), (None, None, None));
        assert!(table.flags(table.find("A").unwrap()).not_selectable);
    }

    #[test]
    fn case_matters_only_where_the_system_says_so() {
        let table = table(false);
        assert_eq!(table.find("a"), table.find("A"));
        assert!(table.find("B").is_some());
    }

    #[test]
    fn a_concept_may_have_several_parents() {
        let table = table(true);
        let at = |code: &str| table.find(code).unwrap();
        assert!(table.is_a(at("c"), at("A")) && table.is_a(at("c"), at("d")) && table.is_a(at("c"), at("c")));
        assert!(!table.is_a(at("b"), at("d")));
        assert_eq!(table.children(at("d")).collect::<Vec<_>>(), [at("c")]);
        assert_eq!(table.below(at("A")).len(), 3);
        assert_eq!(table.above(at("c")).len(), 4);
    }

    #[test]
    fn a_circle_of_parents_ends() {
        let mut builder = TableBuilder::default();
        for (code, parent) in [("a", "b"), ("b", "a")] {
            let at = builder.add(code, "", Flags::default());
            builder.under_code(at, parent);
        }
        let table = builder.finish(true);
        let (a, b) = (table.find("a").unwrap(), table.find("b").unwrap());
        assert!(table.is_a(a, b) && table.is_a(b, a));
        assert_eq!(table.below(a).len(), 2);
    }
}
