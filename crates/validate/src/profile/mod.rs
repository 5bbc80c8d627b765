//! Profiles: what a StructureDefinition asks beyond R4, compiled. <https://hl7.org/fhir/R4/profiling.html>
//!
//! [`draft`] reads definitions and lays each over its base, [`build`] compiles the result, [`slicing`] tells slices apart
//! by what [`discriminator`] found, [`conform`] judges. Only what a profile changes is kept, so judging costs what the
//! profile asks, not what R4 holds.

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
use std::sync::Arc;
use yba_fhir::json::{Value, str_at};
use yba_fhir::outcome::Issue;
use yba_fhir::text::unversioned;
use yba_fhirpath::schema::{Kind, TypeId, schema};
use yba_fhirpath::{Environment, Node, PathError, Program};

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

impl Profile {
    /// Whether a canonical names it.
    pub fn is_named(&self, canonical: &str) -> bool {
        unversioned(canonical) == self.url
    }
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
    /// Which of the definitions that were given, counted from 0.
    pub given: usize,
    /// Where in it, as FHIRPath in `Issue.path`.
    pub issue: Issue,
}

/// Profiles by canonical.
#[derive(Debug, Default)]
pub struct Profiles {
    /// `url|version` and, for the one that counts when no version is named, `url`.
    by_canonical: HashMap<String, Arc<Profile>>,
    /// By resource type: profiles for resources that do not name them.
    attached: HashMap<String, Vec<Attached>>,
}

/// A profile that resources are judged by because of what they hold.
#[derive(Debug)]
pub struct Attached {
    applies: Program,
    pub profile: Arc<Profile>,
    /// Breaking it is an error; otherwise a warning.
    pub is_enforced: bool,
}

impl Attached {
    /// Whether a resource is to be judged by it. One that the expression cannot be evaluated on is: else whoever sends
    /// an odd resource would pass by the profile.
    pub fn is_for(&self, resource: Node<'_>) -> bool {
        self.applies.test(resource, &Environment::default()).map_or(true, |holds| holds == Some(true))
    }
}

impl Profiles {
    /// Compiles definitions, which may stand on one another; of several versions of one URL the last given counts where
    /// none is named. Definitions of R4's own types are passed over. Answers what is sound and, beside it, everything
    /// that is wrong with the others.
    pub fn compile<'v>(definitions: impl IntoIterator<Item = &'v Value>) -> (Profiles, Vec<Fault>) {
        let definitions: Vec<(usize, &Value)> =
            definitions.into_iter().enumerate().filter(|(_, one)| is_profile(one)).collect();
        let by_url: BTreeMap<&str, &Value> = definitions.iter().map(|(_, one)| (url_of(one), *one)).collect();
        let (mut profiles, mut faults) = (Profiles::default(), Vec::new());
        for (given, definition) in definitions {
            let url = url_of(definition);
            match draft::of(definition, &by_url).and_then(|draft| build::profile(definition, &draft)) {
                Ok(profile) => profiles.add(definition, Arc::new(profile)),
                Err(issues) => {
                    faults.extend(issues.into_iter().map(|issue| Fault { url: url.to_owned(), given, issue }))
                }
            }
        }
        (profiles, faults)
    }

    fn add(&mut self, definition: &Value, profile: Arc<Profile>) {
        if let Some(version) = str_at(definition, &["version"]) {
            self.by_canonical.insert(format!("{}|{version}", profile.url), profile.clone());
        }
        self.by_canonical.insert(profile.url.clone(), profile);
    }

    /// Judges by a profile all resources of its type for which an expression holds.
    pub fn attach(&mut self, url: &str, applies: &str, is_enforced: bool) -> Result<(), PathError> {
        let Some(profile) = self.get(url) else { return Ok(()) };
        let applies = Program::compile(applies, Some(&profile.kind))?;
        let attached = Attached { applies, profile: profile.clone(), is_enforced };
        self.attached.entry(profile.kind.clone()).or_default().push(attached);
        Ok(())
    }

    /// The profile of a canonical; a version that is not here is a profile that is not here.
    pub fn get(&self, canonical: &str) -> Option<&Arc<Profile>> {
        self.by_canonical.get(canonical)
    }

    /// The profiles for resources of a type that do not name them.
    pub fn attached(&self, kind: &str) -> &[Attached] {
        self.attached.get(kind).map_or(&[], Vec::as_slice)
    }

    pub fn all(&self) -> impl Iterator<Item = &Arc<Profile>> {
        self.by_canonical.iter().filter(|(canonical, _)| !canonical.contains('|')).map(|(_, profile)| profile)
    }
}

fn is_profile(definition: &Value) -> bool {
    str_at(definition, &["resourceType"]) == Some("StructureDefinition")
        && str_at(definition, &["derivation"]) == Some("constraint")
}

fn url_of(definition: &Value) -> &str {
    str_at(definition, &["url"]).unwrap_or_default()
}
