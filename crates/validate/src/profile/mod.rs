//! Profiles: what a StructureDefinition asks beyond R4, compiled. <https://hl7.org/fhir/R4/profiling.html>
//!
//! [`draft`] reads definitions and lays each over its base, [`build`] compiles the result, [`slicing`] tells slices apart by what
//! [`discriminator`] found,
//! [`conform`] judges. Only what a profile changes is kept, so judging costs what the profile asks, not what R4 holds.

mod build;
pub mod conform;
mod discriminator;
mod draft;
pub mod slicing;
pub mod value;

pub use draft::HL7;

use crate::finding::Place;
use crate::rule::Rule;
use std::collections::{BTreeMap, HashMap};
use yba_fhir::json::{Value, str_at};
use yba_fhir::outcome::Issue;
use yba_fhirpath::schema::{Kind, TypeId, schema};

/// Most elements of one definition.
pub const ELEMENTS_MAX: usize = 5_000;
/// Most definitions that stand on one another.
pub const BASES_MAX: usize = 16;

/// A compiled profile.
#[derive(Debug)]
pub struct Profile {
    pub url: String,
    /// In words: its title, or its name.
    pub title: String,
    /// The resource or data type that it is about.
    pub kind: String,
    pub type_id: TypeId,
    pub root: Constraint,
    /// For extensions: where they may stand, and whether they change the meaning of what they stand on.
    pub extension: Option<ExtensionUse>,
}

/// <https://hl7.org/fhir/R4/defining-extensions.html#context>
#[derive(Debug, Default)]
pub struct ExtensionUse {
    /// Element paths and type names; empty: anywhere.
    pub elements: Vec<String>,
    pub is_modifier: bool,
}

impl ExtensionUse {
    /// Whether the extension at this place stands on an element that it may stand on: named by its path, or by the type
    /// that the path leads to.
    pub fn allows(&self, extension: &Place<'_>) -> bool {
        let Some(owner) = extension.parent() else { return true };
        // Inside another extension its own rules hold.
        if self.elements.is_empty() || owner.name().ends_with("xtension") {
            return true;
        }
        let path = owner.element_path();
        self.elements.iter().any(|allowed| allowed == "Element" || leads_to(&path, allowed))
    }
}

/// Whether a path such as `Patient.contact.name.family` is the element that `HumanName.family` names.
fn leads_to(path: &str, named: &str) -> bool {
    let (kind, rest) = named.split_once('.').map_or((named, ""), |(kind, rest)| (kind, rest));
    let before = match rest {
        "" => Some(path),
        _ => path.strip_suffix(rest).and_then(|before| before.strip_suffix('.')),
    };
    let is_kind = |id: &TypeId| schema().fhir(kind).is_some_and(|kind| schema().is_a(*id, kind));
    // `Questionnaire.item.item` is of the unnamed type of `Questionnaire.item`.
    let unnamed = |id: &TypeId| schema().get(*id).name == named;
    path == named
        || before.is_some_and(|before| types_at(before).iter().any(is_kind))
        || types_at(path).iter().any(unnamed)
}

/// The types that an element's path may lead to.
fn types_at(path: &str) -> Vec<TypeId> {
    let mut names = path.split('.');
    let mut types: Vec<TypeId> = names.next().and_then(|kind| schema().fhir(kind)).into_iter().collect();
    for name in names {
        let elements = types.iter().filter_map(|id| schema().get(*id).element(name));
        types = elements.flat_map(|element| &element.variants).map(|variant| variant.id).collect();
    }
    types
}

/// What a profile asks of an element.
#[derive(Debug, Default)]
pub struct Constraint {
    pub min: u32,
    /// `None`: as many as R4 allows.
    pub max: Option<u32>,
    /// Empty: all that R4 allows.
    pub types: Vec<Allowed>,
    pub fixed: Option<Value>,
    pub pattern: Option<Value>,
    /// In characters.
    pub length_max: Option<usize>,
    pub least: Option<Value>,
    pub most: Option<Value>,
    pub binding: Option<Binding>,
    pub rules: Vec<Rule>,
    /// By element name, without `[x]`.
    pub children: Vec<(String, Constraint)>,
    pub slicing: Option<slicing::Slicing>,
}

/// One type that an element may have.
#[derive(Debug)]
pub struct Allowed {
    pub name: String,
    pub id: TypeId,
    /// One of these profiles must hold; empty: none is asked.
    pub profiles: Vec<String>,
    /// Types that a reference may point to; empty: as in R4.
    pub targets: Vec<String>,
}

impl Allowed {
    /// Types of a choice are told apart exactly: a code is no string here. Resources are also what they derive from.
    pub fn takes(&self, id: TypeId) -> bool {
        id == self.id || schema().get(self.id).kind == Kind::Resource && schema().is_a(id, self.id)
    }
}

#[derive(Debug, Clone)]
pub struct Binding {
    /// Otherwise extensible: the codes should be from the set.
    pub required: bool,
    pub set: String,
}

/// What is wrong with a definition.
#[derive(Debug, Clone)]
pub struct Fault {
    /// The definition's canonical URL.
    pub url: String,
    /// Where in it, as FHIRPath in `Issue.path`.
    pub issue: Issue,
}

/// Profiles by URL.
#[derive(Debug, Default)]
pub struct Profiles {
    by_url: HashMap<String, Profile>,
}

impl Profiles {
    /// Compiles definitions, which may stand on one another. Definitions of R4's own types are passed over. Answers what
    /// is sound and, beside it, everything that is wrong with the others.
    pub fn compile<'v>(definitions: impl IntoIterator<Item = &'v Value>) -> (Profiles, Vec<Fault>) {
        let mut by_url = BTreeMap::new();
        for definition in definitions {
            if str_at(definition, &["derivation"]) == Some("constraint") {
                by_url.insert(str_at(definition, &["url"]).unwrap_or_default(), definition);
            }
        }
        let (mut profiles, mut faults) = (Profiles::default(), Vec::new());
        for url in by_url.keys() {
            match draft::of(url, &by_url).and_then(|draft| build::profile(by_url[url], &draft)) {
                Ok(profile) => {
                    profiles.by_url.insert((*url).to_owned(), profile);
                }
                Err(issues) => {
                    faults.extend(issues.into_iter().map(|issue| Fault { url: (*url).to_owned(), issue }));
                }
            }
        }
        (profiles, faults)
    }

    /// The profile of a canonical, whatever the version it names.
    pub fn get(&self, canonical: &str) -> Option<&Profile> {
        let url = canonical.split_once('|').map_or(canonical, |(url, _)| url);
        self.by_url.get(url)
    }

    pub fn all(&self) -> impl Iterator<Item = &Profile> {
        self.by_url.values()
    }
}
