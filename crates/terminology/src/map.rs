//! Concept maps: rows from a code of one system to a code of another, found from both ends.
//! <https://hl7.org/fhir/R4/conceptmap.html>

use std::sync::{Arc, LazyLock};

/// How a target stands to its source. <https://hl7.org/fhir/R4/valueset-concept-map-equivalence.html>
const EQUIVALENCES: [&str; 10] = [
    "relatedto",
    "equivalent",
    "equal",
    "wider",
    "subsumes",
    "narrower",
    "specializes",
    "inexact",
    "unmatched",
    "disjoint",
];

/// Whether R4 knows this equivalence.
pub(crate) fn is_equivalence(code: &str) -> bool {
    EQUIVALENCES.contains(&code)
}

/// All equivalences, for advice.
pub(crate) fn equivalences() -> impl Iterator<Item = &'static str> {
    EQUIVALENCES.into_iter()
}

#[derive(Debug, Clone, Default)]
pub struct MapHead {
    pub url: String,
    /// Empty when not told.
    pub version: String,
    pub name: String,
    pub title: String,
    /// The value sets it maps between; empty when not told.
    pub source: String,
    pub target: String,
}

impl MapHead {
    pub(crate) fn new(url: &str, version: &str, title: &str) -> MapHead {
        MapHead {
            url: url.to_owned(),
            version: version.to_owned(),
            title: title.to_owned(),
            ..MapHead::default()
        }
    }
}

/// A concept map ready for questions.
#[derive(Debug)]
pub struct ConceptMap {
    pub head: MapHead,
    text: String,
    groups: Vec<Group>,
}

#[derive(Debug)]
struct Group {
    source: String,
    target: String,
    rows: Vec<Row>,
    /// Row numbers by target code; `rows` itself is sorted by source code.
    by_target: Vec<u32>,
    /// What a code without a row becomes: mode and code.
    unmapped: Option<(String, String)>,
}

#[derive(Debug, Clone, Copy)]
struct Row {
    source: (u32, u32),
    target: (u32, u32),
    display: (u32, u32),
    comment: (u32, u32),
    equivalence: u8,
}

/// What a code is mapped to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mapping {
    pub system: String,
    pub code: String,
    /// As the map gives it; mostly empty.
    pub display: String,
    pub equivalence: &'static str,
    pub comment: String,
    /// The map's canonical address.
    pub map: String,
}

/// Makes a [`ConceptMap`].
#[derive(Debug)]
pub(crate) struct MapBuilder(ConceptMap, (u32, u32));

impl MapBuilder {
    pub(crate) fn new(head: MapHead) -> MapBuilder {
        MapBuilder(ConceptMap { head, text: String::new(), groups: Vec::new() }, (0, 0))
    }

    /// Begins a group between two systems.
    pub(crate) fn group(&mut self, source: &str, target: &str) {
        self.0.groups.push(Group {
            source: source.to_owned(),
            target: target.to_owned(),
            rows: Vec::new(),
            by_target: Vec::new(),
            unmapped: None,
        });
    }

    /// Adds a row to the last group; an empty target says that there is none.
    pub(crate) fn row(
        &mut self,
        source: &str,
        target: &str,
        equivalence: &str,
        display: &str,
        comment: &str,
    ) {
        let equivalence = EQUIVALENCES.iter().position(|known| *known == equivalence).unwrap_or(0) as u8;
        let row = Row {
            source: self.put(source),
            target: self.put(target),
            display: self.put(display),
            comment: self.comment(comment),
            equivalence,
        };
        if let Some(group) = self.0.groups.last_mut() {
            group.rows.push(row);
        }
    }

    pub(crate) fn unmapped(&mut self, mode: &str, code: &str) {
        if let Some(group) = self.0.groups.last_mut() {
            group.unmapped = Some((mode.to_owned(), code.to_owned()));
        }
    }

    pub(crate) fn finish(mut self) -> ConceptMap {
        let text = &self.0.text;
        for group in &mut self.0.groups {
            // Stable, so that the targets of one code keep the order the author gave them.
            group.rows.sort_by(|a, b| cut(text, a.source).cmp(cut(text, b.source)));
            group.by_target = (0..group.rows.len() as u32).collect();
            let target = |at: &u32| cut(text, group.rows[*at as usize].target);
            group.by_target.sort_by(|a, b| target(a).cmp(target(b)));
        }
        self.0
    }

    fn put(&mut self, text: &str) -> (u32, u32) {
        let at = self.0.text.len() as u32;
        self.0.text.push_str(text);
        (at, text.len() as u32)
    }

    /// Comments repeat from row to row; one that was just written is used once more.
    fn comment(&mut self, comment: &str) -> (u32, u32) {
        if comment.is_empty() {
            return (0, 0);
        }
        if cut(&self.0.text, self.1) != comment {
            self.1 = self.put(comment);
        }
        self.1
    }
}

fn cut(text: &str, (at, len): (u32, u32)) -> &str {
    &text[at as usize..(at + len) as usize]
}

impl ConceptMap {
    /// The systems it maps between, group by group.
    pub fn systems(&self) -> impl Iterator<Item = (&str, &str)> {
        self.groups.iter().map(|group| (group.source.as_str(), group.target.as_str()))
    }

    /// What a code is mapped to. Without a target system, to any.
    pub fn targets(&self, system: &str, code: &str, target: Option<&str>) -> Vec<Mapping> {
        let fits =
            |group: &&Group| group.source == system && target.is_none_or(|target| group.target == target);
        let mut found = Vec::new();
        for group in self.groups.iter().filter(fits) {
            let first = group.rows.partition_point(|row| cut(&self.text, row.source) < code);
            let own = group.rows[first..].iter().take_while(|row| cut(&self.text, row.source) == code);
            let before = found.len();
            found.extend(own.map(|row| {
                self.mapping(&group.target, row, row.target, EQUIVALENCES[row.equivalence as usize])
            }));
            if found.len() == before {
                found.extend(self.unmapped(group, code));
            }
        }
        found
    }

    /// The codes that are mapped to this one, with the equivalence turned round.
    pub fn sources(&self, system: &str, code: &str, source: Option<&str>) -> Vec<Mapping> {
        let fits =
            |group: &&Group| group.target == system && source.is_none_or(|source| group.source == source);
        let mut found = Vec::new();
        for group in self.groups.iter().filter(fits) {
            let target = |at: &u32| cut(&self.text, group.rows[*at as usize].target);
            let first = group.by_target.partition_point(|at| target(at) < code);
            for at in group.by_target[first..].iter().take_while(|at| target(at) == code) {
                let row = &group.rows[*at as usize];
                let equivalence = reversed(EQUIVALENCES[row.equivalence as usize]);
                let mut mapping = self.mapping(&group.source, row, row.source, equivalence);
                mapping.display.clear();
                found.push(mapping);
            }
        }
        found
    }

    fn mapping(&self, system: &str, row: &Row, code: (u32, u32), equivalence: &'static str) -> Mapping {
        Mapping {
            system: system.to_owned(),
            code: cut(&self.text, code).to_owned(),
            display: cut(&self.text, row.display).to_owned(),
            equivalence,
            comment: cut(&self.text, row.comment).to_owned(),
            map: self.head.url.clone(),
        }
    }

    /// <https://hl7.org/fhir/R4/conceptmap.html#unmapped>; another map is not followed.
    fn unmapped(&self, group: &Group, code: &str) -> Option<Mapping> {
        let (mode, fixed) = group.unmapped.as_ref()?;
        let code = match mode.as_str() {
            "provided" => code,
            "fixed" => fixed.as_str(),
            _ => return None,
        };
        Some(Mapping {
            system: group.target.clone(),
            code: code.to_owned(),
            display: String::new(),
            equivalence: if mode == "provided" { "equal" } else { "inexact" },
            comment: String::new(),
            map: self.head.url.clone(),
        })
    }
}

/// What the source is to the target.
fn reversed(equivalence: &'static str) -> &'static str {
    match equivalence {
        "wider" => "narrower",
        "narrower" => "wider",
        "subsumes" => "specializes",
        "specializes" => "subsumes",
        other => other,
    }
}

type Making = Box<dyn FnOnce() -> Arc<ConceptMap> + Send>;

/// A map as it is kept: large ones are made when first asked for.
#[derive(Debug, Clone)]
pub(crate) enum KeptMap {
    Lazy { head: MapHead, map: Arc<LazyLock<Arc<ConceptMap>, Making>> },
    Ready(Arc<ConceptMap>),
}

impl KeptMap {
    pub(crate) fn lazy(head: MapHead, make: impl FnOnce() -> ConceptMap + Send + 'static) -> KeptMap {
        KeptMap::Lazy { head, map: Arc::new(LazyLock::new(Box::new(move || Arc::new(make())))) }
    }

    pub(crate) fn head(&self) -> &MapHead {
        match self {
            KeptMap::Lazy { head, .. } => head,
            KeptMap::Ready(map) => &map.head,
        }
    }

    pub(crate) fn unpack(&self) -> Arc<ConceptMap> {
        match self {
            KeptMap::Lazy { map, .. } => LazyLock::force(map).clone(),
            KeptMap::Ready(map) => map.clone(),
        }
    }
}
