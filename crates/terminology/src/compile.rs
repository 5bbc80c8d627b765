//! From what a value set says to what can be asked: systems and imported sets are found, circles refused.

use std::collections::HashMap;
use std::sync::Arc;

use crate::Terminology;
use crate::member::{Compiled, Held, Part, SetRef, Source, Versions};
use crate::select::Choice;
use crate::set::{Include, ValueSet};
use crate::system::{Edition, System};

/// Sets that import sets that import sets: no deeper than this.
const DEPTH_MAX: usize = 32;

/// Includes and excludes that one question may have to look at, imported ones counted as often as they are imported.
const WEIGHT_MAX: usize = 10_000;

/// What is wrong with a set, for its author.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// It imports itself, by way of these.
    Circle(Vec<String>),
    TooDeep(String),
    TooLarge(String),
    /// A set that is not known.
    Set(String),
    /// A system, or a version of one, that is not known.
    System(String),
}

impl Fault {
    /// In Vietnamese.
    pub fn text(&self) -> String {
        match self {
            Fault::Circle(way) => format!("bộ mã nhập vòng tròn: {}", way.join(" → ")),
            Fault::TooDeep(url) => format!("bộ mã {url} nhập lồng nhau quá {DEPTH_MAX} tầng"),
            Fault::TooLarge(url) => format!("bộ mã {url} gồm quá {WEIGHT_MAX} phần"),
            Fault::Set(url) => format!("không có bộ mã {url}"),
            Fault::System(url) => format!("không có hệ mã {url}"),
        }
    }
}

/// The way from the set that was asked for down to the one in hand, what was wrong on it, and what is done already.
#[derive(Debug, Default)]
pub(crate) struct Walk {
    way: Vec<String>,
    faults: Vec<Fault>,
    done: HashMap<String, SetRef>,
}

impl Terminology {
    /// Compiles the versions of a set that may be meant.
    pub(crate) fn compile(&self, url: &str, versions: &[Arc<ValueSet>], walk: &mut Walk) -> SetRef {
        walk.way.push(url.to_owned());
        let known = walk.faults.len();
        let each: Vec<Compiled> = versions.iter().map(|set| self.compile_one(set, walk)).collect();
        walk.way.pop();
        let imports = each
            .iter()
            .flat_map(|set| set.includes.iter().chain(&set.excludes))
            .map(|part| part.imports.iter().fold(1usize, |sum, import| sum.saturating_add(import.0.weight)));
        let weight = imports.fold(1usize, usize::saturating_add);
        if weight > WEIGHT_MAX {
            walk.faults.push(Fault::TooLarge(url.to_owned()));
        }
        let each = if weight > WEIGHT_MAX { Vec::new() } else { each };
        let faults = walk.faults[known..].to_vec();
        SetRef(Arc::new(Versions { url: url.to_owned(), each, weight: weight.min(WEIGHT_MAX), faults }))
    }

    fn compile_one(&self, set: &ValueSet, walk: &mut Walk) -> Compiled {
        let mut parts = |list: &[Include]| -> Vec<Part> {
            list.iter().map(|include| self.part(include, set.active_only, walk)).collect()
        };
        let includes = parts(&set.includes);
        let excludes = parts(&set.excludes);
        let mut systems: Vec<String> = includes.iter().flat_map(Part::systems).collect();
        systems.sort_unstable();
        systems.dedup();
        let unknown = includes.iter().find_map(Part::unknown);
        Compiled { head: set.head.clone(), includes, excludes, locked: set.locked, systems, unknown }
    }

    fn part(&self, include: &Include, active_only: bool, walk: &mut Walk) -> Part {
        let mut unknown = None;
        let imports: Vec<SetRef> = include
            .imports
            .iter()
            .filter_map(|url| match self.import(url, walk) {
                Ok(set) => Some(set),
                Err(fault) => {
                    unknown = Some(fault.text());
                    walk.faults.push(fault);
                    None
                }
            })
            .collect();
        let source = (!include.system.is_empty()).then(|| self.source(include, active_only, walk));
        Part { source, imports, unknown }
    }

    fn import(&self, canonical: &str, walk: &mut Walk) -> Result<SetRef, Fault> {
        let (url, versions) = self.versions(canonical).ok_or_else(|| Fault::Set(canonical.to_owned()))?;
        if let Some(at) = walk.way.iter().position(|known| *known == url) {
            let mut way = walk.way[at..].to_vec();
            way.push(url);
            return Err(Fault::Circle(way));
        }
        if walk.way.len() >= DEPTH_MAX {
            return Err(Fault::TooDeep(url));
        }
        if let Some(done) = walk.done.get(canonical) {
            return Ok(done.clone());
        }
        let set = self.compile(&url, &versions, walk);
        walk.done.insert(canonical.to_owned(), set.clone());
        Ok(set)
    }

    fn source(&self, include: &Include, active_only: bool, walk: &mut Walk) -> Source {
        // Some addresses of v2 tables have a bar of their own.
        let whole = self.system_of(&include.system).is_some();
        let (url, version) = if whole { (include.system.as_str(), None) } else { split(&include.system) };
        let version = version.or(Some(include.version.as_str()).filter(|version| !version.is_empty()));
        let editions = match self.system_of(url) {
            Some(system) => editions(system, version),
            None => Vec::new(),
        };
        if editions.is_empty() {
            walk.faults
                .push(Fault::System(version.map_or(url.to_owned(), |version| format!("{url}|{version}"))));
        }
        let held = match editions.is_empty() {
            true => vec![Held::new(None)],
            false => editions.into_iter().map(|edition| Held::new(Some(edition))).collect(),
        };
        Source { system: url.to_owned(), choice: Choice::of(include, active_only), editions: held }
    }
}

/// The editions that may be meant: of a version, only that one. Undated systems are forgiving, for R4 itself asks for
/// versions that were never published.
fn editions(system: &System, version: Option<&str>) -> Vec<Arc<Edition>> {
    let all = || system.editions.clone();
    let dated = system.editions.iter().any(|edition| !edition.head.period.is_open());
    match version {
        None => all(),
        Some(version) => match system.version(version) {
            Some(at) => vec![system.editions[at].clone()],
            None if dated => Vec::new(),
            None => all(),
        },
    }
}

/// An address and the version after its bar.
pub(crate) fn split(canonical: &str) -> (&str, Option<&str>) {
    match canonical.split_once('|') {
        Some((url, version)) if !version.is_empty() => (url, Some(version)),
        Some((url, _)) => (url, None),
        None => (canonical, None),
    }
}

impl Part {
    /// Why it may hold codes of systems that nobody knows.
    fn unknown(&self) -> Option<String> {
        let imported = || self.imports.iter().flat_map(|set| &set.0.each).find_map(|one| one.unknown.clone());
        if self.source.is_some() { None } else { self.unknown.clone().or_else(imported) }
    }

    fn systems(&self) -> Vec<String> {
        let own = self.source.iter().map(|source| source.system.clone());
        let imported =
            self.imports.iter().flat_map(|set| set.0.each.iter().flat_map(|one| one.systems.clone()));
        if self.source.is_some() { own.collect() } else { imported.collect() }
    }
}
