//! What R4's files hold, as far as we read it, and the snapshots as HL7 published them.

use std::collections::{HashMap, HashSet};

use serde::{Deserialize, Serialize};
use sonic_rs::Value;

#[derive(Deserialize)]
pub struct Bundle<T> {
    pub entry: Vec<Entry<T>>,
}

#[derive(Deserialize)]
pub struct Entry<T> {
    pub resource: T,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Definition {
    pub resource_type: String,
    #[serde(default)]
    pub id: String,
    #[serde(default)]
    pub kind: String,
    #[serde(default, rename = "abstract")]
    pub is_abstract: bool,
    pub base_definition: Option<String>,
    pub derivation: Option<String>,
    pub fhir_version: Option<String>,
    pub snapshot: Option<Elements<ElementDefinition>>,
    pub differential: Option<Elements<Published>>,
    /// Of a compartment, its members; operations have an element of this name too.
    pub resource: Option<Value>,
}

#[derive(Deserialize)]
pub struct Elements<T> {
    pub element: Vec<T>,
}

#[derive(Deserialize)]
pub struct Base {
    pub path: String,
}

/// An element of a differential, where all but the path may be left to the base.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Published {
    pub path: String,
    #[serde(default)]
    pub min: u32,
    pub max: Option<String>,
    #[serde(default, rename = "type")]
    pub types: Vec<TypeRef>,
    pub binding: Option<Binding>,
    #[serde(default)]
    pub is_summary: bool,
    #[serde(default)]
    pub is_modifier: bool,
    pub content_reference: Option<String>,
    #[serde(default)]
    pub constraint: Vec<Constraint>,
}

/// An invariant: <https://hl7.org/fhir/R4/elementdefinition-definitions.html#ElementDefinition.constraint>
#[derive(Deserialize, Serialize, Clone)]
pub struct Constraint {
    pub key: String,
    pub severity: String,
    pub human: String,
    /// Absent where R4 has the rule in words only.
    #[serde(default)]
    pub expression: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ElementDefinition {
    pub path: String,
    pub base: Base,
    pub min: u32,
    pub max: String,
    #[serde(default, rename = "type")]
    pub types: Vec<TypeRef>,
    pub binding: Option<Binding>,
    #[serde(default)]
    pub is_summary: bool,
    #[serde(default)]
    pub is_modifier: bool,
    pub content_reference: Option<String>,
    /// Only those that the element introduces itself, which stand in the differential.
    #[serde(skip)]
    pub constraint: Vec<Constraint>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TypeRef {
    pub code: String,
    #[serde(default)]
    pub extension: Vec<TypeExtension>,
    #[serde(default)]
    pub target_profile: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TypeExtension {
    pub url: String,
    pub value_url: Option<String>,
    pub value_string: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Binding {
    pub strength: String,
    pub value_set: Option<String>,
}

#[derive(Deserialize)]
pub struct Param {
    pub code: String,
    pub url: String,
    pub base: Vec<String>,
    #[serde(rename = "type")]
    pub kind: String,
    pub expression: Option<String>,
    #[serde(default)]
    pub target: Vec<String>,
    #[serde(default)]
    pub component: Vec<Component>,
}

#[derive(Deserialize)]
pub struct Component {
    pub definition: String,
    pub expression: String,
}

#[derive(Deserialize)]
pub struct Member {
    pub code: String,
    #[serde(default)]
    pub param: Vec<String>,
}

/// The one foreign element that stands in a differential too.
const ADDED: &str = "ResearchStudy.studyDesign";

/// The snapshot as HL7 published it.
///
/// What a type introduces itself (its base path is its own path) stands in the differential, which was left
/// alone: from there we take it, and drop what is not there. What a type inherits comes from the snapshot.
pub fn published(snapshot: Vec<ElementDefinition>, differential: Vec<Published>) -> Vec<ElementDefinition> {
    let differential: Vec<Published> =
        differential.into_iter().filter(|element| element.path != ADDED).collect();
    let order: Vec<String> = differential.iter().map(|element| element.path.clone()).collect();
    let mut told: HashMap<String, Published> =
        differential.into_iter().map(|element| (element.path.clone(), element)).collect();
    let mut paths: HashSet<String> = HashSet::new();
    let mut kept: Vec<ElementDefinition> = Vec::new();
    for element in snapshot {
        let root = !element.path.contains('.');
        let orphan = parent(&element.path).is_some_and(|parent| !paths.contains(parent));
        let own = element.base.path == element.path;
        let words = told.remove(&element.path);
        if orphan || (own && !root && words.is_none()) {
            continue;
        }
        paths.insert(element.path.clone());
        kept.push(match words {
            Some(words) if own && !root => corrected(element, words),
            _ => element,
        });
    }
    for path in order {
        let Some(element) = told.remove(&path).and_then(missing) else { continue };
        let family = parent(&path).map(|parent| format!("{parent}."));
        let last =
            kept.iter().rposition(|kept| family.as_ref().is_some_and(|family| kept.path.starts_with(family)));
        kept.insert(last.map_or(kept.len(), |last| last + 1), element);
    }
    kept
}

fn parent(path: &str) -> Option<&str> {
    Some(path.rsplit_once('.')?.0)
}

/// The differential's words on an element; a binding to an R5 value set is not R4's, there the snapshot stands.
fn corrected(element: ElementDefinition, words: Published) -> ElementDefinition {
    let foreign = |binding: &Binding| binding.value_set.as_ref().is_some_and(|url| url.contains("|5."));
    let binding = if words.binding.as_ref().is_some_and(foreign) { element.binding } else { words.binding };
    ElementDefinition {
        path: element.path,
        base: element.base,
        min: words.min,
        max: words.max.unwrap_or(element.max),
        types: words.types,
        binding,
        is_summary: words.is_summary,
        is_modifier: words.is_modifier,
        content_reference: words.content_reference,
        constraint: words.constraint,
    }
}

/// An element that the snapshot lost. Without a maximum it would only narrow an inherited one, which stands already.
fn missing(words: Published) -> Option<ElementDefinition> {
    Some(ElementDefinition {
        base: Base { path: words.path.clone() },
        path: words.path,
        min: words.min,
        max: words.max?,
        types: words.types,
        binding: words.binding,
        is_summary: words.is_summary,
        is_modifier: words.is_modifier,
        content_reference: words.content_reference,
        constraint: words.constraint,
    })
}
