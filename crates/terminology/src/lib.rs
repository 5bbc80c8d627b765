//! The terminology: which codes there are, what they are called in Vietnamese, what lies above and below them, which
//! value sets they are in, what they map to; each on a day, the day of the act.
//!
//! It holds R4's definitions (no SNOMED content), ICD-10 with Vietnamese titles, units of measure by UCUM's grammar,
//! languages and media types by theirs, administrative units of both generations, every list of content as dated
//! editions, the laboratory catalogue and the formulary; and over them whatever CodeSystem, ValueSet and ConceptMap
//! resources it is given.
//!
//! It deliberately does not know: the store, who asks, the network, the clock, profiles. It does no I/O.
//!
//! Start reading at [`Terminology`], then [`SetRef::contains`] (the question asked of every code), [`table`] (how
//! concepts are kept) and [`expand`].

mod built_in;
mod check;
pub mod communes;
mod compile;
pub mod expand;
mod grammar;
pub mod lookup;
mod map;
mod member;
mod parameters;
mod resource;
mod select;
pub mod set;
mod subsumes;
pub mod system;
pub mod table;
pub mod translate;
pub mod validate_code;
mod words;

use std::collections::HashMap;
use std::sync::{Arc, RwLock};

use yba_content::Content;
use yba_fhir::json::Value;
use yba_fhir::{Day, Issue, Severity};

pub use check::check;
pub use compile::Fault;
pub use grammar::Grammar;
pub use map::ConceptMap;
pub use member::{Membership, SetRef};
pub use subsumes::Subsumption;

use compile::{Walk, split};
use map::KeptMap;
use resource::Laid;
use set::{Kept, ValueSet};
use system::{Edition, System, newer};

/// All code systems, value sets and concept maps. Build it once and share it in an `Arc`; layering makes a new one and
/// leaves the old as it was.
#[derive(Debug, Default)]
pub struct Terminology {
    systems: HashMap<Arc<str>, System>,
    sets: HashMap<Arc<str>, Vec<Kept>>,
    maps: HashMap<Arc<str>, Vec<KeptMap>>,
    /// Compiled sets by canonical. It only ever holds sets that exist, so it cannot outgrow them.
    compiled: RwLock<HashMap<String, SetRef>>,
}

impl Terminology {
    /// What the program carries: R4's definitions and this content.
    pub fn built_in(content: &Content) -> Terminology {
        let mut terminology = Terminology::default();
        built_in::fill(&mut terminology, content);
        terminology
    }

    /// With these resources laid over it; other kinds of resource are passed by.
    ///
    /// A newer version of the same address wins, the same version and one without version replace what was there.
    /// Refuses the whole when one is malformed or imports itself, and says all that is wrong.
    pub fn with_resources<'a>(
        &self,
        resources: impl Iterator<Item = &'a Value>,
    ) -> Result<Terminology, Vec<Issue>> {
        let (terminology, issues) = self.with_sound_resources(resources);
        let sound = !issues.iter().any(|issue| issue.severity == Severity::Error);
        if sound { Ok(terminology) } else { Err(issues) }
    }

    /// As [`Terminology::with_resources`], but what is malformed is left out and reported. For a running node, whose
    /// other sets must go on working.
    pub fn with_sound_resources<'a>(
        &self,
        resources: impl Iterator<Item = &'a Value>,
    ) -> (Terminology, Vec<Issue>) {
        let mut over = Terminology {
            systems: self.systems.clone(),
            sets: self.sets.clone(),
            maps: self.maps.clone(),
            compiled: RwLock::default(),
        };
        let mut issues = Vec::new();
        let mut laid_sets = Vec::new();
        for value in resources {
            match resource::read(value) {
                Ok(Some(laid)) => {
                    if let Laid::Set(set) = &laid {
                        laid_sets.push(set.head.url.clone());
                    }
                    over.lay(laid);
                }
                Ok(None) => {}
                Err(found) => issues.extend(found),
            }
        }
        for url in laid_sets {
            let faults = over.value_set(&url).map(|set| set.faults().to_vec()).unwrap_or_default();
            issues.extend(faults.iter().map(|fault| resource::fault_issue(&url, fault)));
        }
        (over, issues)
    }

    /// The value set of a canonical address, with or without version; compiled when first asked for.
    ///
    /// Keep it while validating: it stays what it was when the terminology is replaced by a newer one.
    pub fn value_set(&self, canonical: &str) -> Option<SetRef> {
        if let Some(set) = self.compiled.read().expect("no holder of the lock panics").get(canonical) {
            return Some(set.clone());
        }
        let (url, versions) = self.versions(canonical)?;
        let set = self.compile(&url, &versions, &mut Walk::default());
        self.compiled
            .write()
            .expect("no holder of the lock panics")
            .insert(canonical.to_owned(), set.clone());
        Some(set)
    }

    /// A value set that is not kept here, such as one a client sends along.
    ///
    /// # Errors
    ///
    /// Says all that is malformed, with its place.
    pub fn value_set_of(&self, resource: &Value) -> Result<SetRef, Vec<Issue>> {
        match resource::read(resource)? {
            Some(Laid::Set(set)) => {
                let url = set.head.url.clone();
                Ok(self.compile(&url, &[Arc::new(set)], &mut Walk::default()))
            }
            _ => Err(vec![resource::not_a("ValueSet")]),
        }
    }

    /// The edition of a code system: the version asked for, or the one in force on the day.
    pub fn code_system(&self, canonical: &str, version: Option<&str>, on: Day) -> Option<&Arc<Edition>> {
        let (system, version) = match self.system_of(canonical) {
            Some(system) => (system, version),
            None => {
                let (url, in_url) = split(canonical);
                (self.system_of(url)?, version.or(in_url))
            }
        };
        let at = match version {
            Some(version) => system.version(version)?,
            None => system.on(on)?,
        };
        Some(&system.editions[at])
    }

    /// Whether some edition of this code system is known.
    pub fn knows_system(&self, url: &str) -> bool {
        self.system_of(url).is_some()
    }

    /// Every edition of every code system, in no order.
    pub fn code_systems(&self) -> impl Iterator<Item = &Arc<Edition>> {
        self.systems.values().flat_map(|system| &system.editions)
    }

    /// The addresses of all value sets, in no order.
    pub fn value_set_urls(&self) -> impl Iterator<Item = &str> {
        self.sets.keys().map(|url| &**url)
    }

    /// The concept map of a canonical address.
    pub fn concept_map(&self, canonical: &str) -> Option<Arc<ConceptMap>> {
        let (url, version) = split(canonical);
        let versions = self.maps.get(url)?;
        let fits = |kept: &&KeptMap| version.is_none_or(|version| kept.head().version == version);
        versions.iter().rev().find(fits).map(KeptMap::unpack)
    }

    pub(crate) fn system_of(&self, url: &str) -> Option<&System> {
        self.systems.get(url)
    }

    /// The address of a set without its version, and the versions that may be meant.
    pub(crate) fn versions(&self, canonical: &str) -> Option<(String, Vec<Arc<ValueSet>>)> {
        let (url, version) = split(canonical);
        let kept = self.sets.get(url)?;
        let meant = |kept: &&Kept| version.is_none_or(|version| kept.head().version == version);
        let chosen: Vec<Arc<ValueSet>> = kept.iter().filter(meant).map(Kept::unpack).collect();
        (!chosen.is_empty()).then(|| (url.to_owned(), chosen))
    }

    pub(crate) fn lay(&mut self, laid: Laid) {
        match laid {
            Laid::System(edition) => self.lay_system(*edition),
            Laid::Set(set) => self.lay_set(Kept::Ready(Arc::new(set))),
            Laid::Map(map) => self.lay_map(KeptMap::Ready(Arc::new(map))),
        }
    }

    pub(crate) fn lay_system(&mut self, edition: Edition) {
        let url: Arc<str> = edition.head.url.as_str().into();
        self.systems.entry(url).or_default().lay(Arc::new(edition));
    }

    pub(crate) fn lay_set(&mut self, set: Kept) {
        let url: Arc<str> = set.head().url.as_str().into();
        let versions = self.sets.entry(url).or_default();
        lay(versions, set, |kept| &kept.head().version);
    }

    pub(crate) fn lay_map(&mut self, map: KeptMap) {
        let url: Arc<str> = map.head().url.as_str().into();
        let versions = self.maps.entry(url).or_default();
        lay(versions, map, |kept| &kept.head().version);
    }
}

/// Lays a version over others: in place of the same one, after lower ones, last when it has none.
fn lay<T>(versions: &mut Vec<T>, new: T, version: impl Fn(&T) -> &str) {
    if let Some(at) = versions.iter().position(|known| version(known) == version(&new)) {
        versions[at] = new;
        return;
    }
    let later = |known: &T| newer(version(known), version(&new));
    let at = if version(&new).is_empty() { None } else { versions.iter().position(later) };
    versions.insert(at.unwrap_or(versions.len()), new);
}
