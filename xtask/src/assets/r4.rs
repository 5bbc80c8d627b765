//! R4's own definitions (https://hl7.org/fhir/R4/downloads.html) reduced to one compact table.
//!
//! The shape of the table is documented in `crates/assets/src/lib.rs`, for those who read it.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

/// The four R4 files, as published.
pub struct Sources<'a> {
    /// `profiles-types.json`
    pub types: &'a [u8],
    /// `profiles-resources.json`
    pub resources: &'a [u8],
    /// `search-parameters.json`
    pub search: &'a [u8],
    /// `compartmentdefinition-patient.json`
    pub compartment: &'a [u8],
}

/// The table as JSON.
pub fn compile(sources: &Sources) -> Result<Vec<u8>> {
    let mut types = BTreeMap::new();
    for (name, bytes) in
        [("profiles-types.json", sources.types), ("profiles-resources.json", sources.resources)]
    {
        let bundle: Bundle<Definition> = sonic_rs::from_slice(bytes).context(name)?;
        for definition in bundle.entry.into_iter().map(|entry| entry.resource) {
            if let Some((name, kept)) = kept_type(definition) {
                types.insert(name, kept);
            }
        }
    }
    let bundle: Bundle<Param> = sonic_rs::from_slice(sources.search).context("search-parameters.json")?;
    let search = bundle.entry.into_iter().map(|entry| kept_param(entry.resource)).collect();
    let patient: Compartment =
        sonic_rs::from_slice(sources.compartment).context("compartmentdefinition-patient.json")?;
    let members = patient.resource.into_iter().filter(|member| !member.param.is_empty());
    let patient = members.map(|member| (member.code, member.param)).collect();
    let table = Table { types, search, compartment: BTreeMap::from([("Patient", patient)]) };
    Ok(sonic_rs::to_vec(&table)?)
}

// What R4 publishes, as far as we read it.

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
struct Definition {
    resource_type: String,
    #[serde(default)]
    id: String,
    #[serde(default)]
    kind: String,
    #[serde(default, rename = "abstract")]
    is_abstract: bool,
    base_definition: Option<String>,
    snapshot: Option<Snapshot>,
}

#[derive(Deserialize)]
struct Snapshot {
    element: Vec<ElementDefinition>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ElementDefinition {
    path: String,
    min: u32,
    max: String,
    #[serde(default, rename = "type")]
    types: Vec<TypeRef>,
    binding: Option<Binding>,
    #[serde(default)]
    is_summary: bool,
    #[serde(default)]
    is_modifier: bool,
    content_reference: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct TypeRef {
    code: String,
    #[serde(default)]
    extension: Vec<TypeExtension>,
    #[serde(default)]
    target_profile: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct TypeExtension {
    url: String,
    value_url: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Binding {
    strength: String,
    value_set: Option<String>,
}

#[derive(Deserialize)]
struct Param {
    code: String,
    url: String,
    base: Vec<String>,
    #[serde(rename = "type")]
    kind: String,
    expression: Option<String>,
    #[serde(default)]
    target: Vec<String>,
    #[serde(default)]
    component: Vec<Component>,
}

#[derive(Deserialize)]
struct Component {
    definition: String,
    expression: String,
}

#[derive(Deserialize)]
struct Compartment {
    resource: Vec<Member>,
}

#[derive(Deserialize)]
struct Member {
    code: String,
    #[serde(default)]
    param: Vec<String>,
}

// What we keep.

#[derive(Serialize)]
struct Table {
    types: BTreeMap<String, Type>,
    search: Vec<KeptParam>,
    compartment: BTreeMap<&'static str, BTreeMap<String, Vec<String>>>,
}

#[derive(Serialize)]
struct Type {
    kind: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    base: Option<String>,
    #[serde(rename = "abstract", skip_serializing_if = "Option::is_none")]
    is_abstract: Option<u8>,
    elements: Vec<Element>,
}

#[derive(Serialize)]
struct Element {
    p: String,
    t: Vec<String>,
    min: u32,
    max: i32,
    #[serde(skip_serializing_if = "Option::is_none")]
    b: Option<(String, String)>,
    #[serde(skip_serializing_if = "Option::is_none")]
    s: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    m: Option<u8>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    r: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    c: Option<String>,
}

#[derive(Serialize)]
struct KeptParam {
    c: String,
    u: String,
    b: Vec<String>,
    t: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    e: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tg: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    cp: Vec<(String, String)>,
}

/// A type worth keeping: resources and datatypes, not the logical `MetadataResource`, which nothing instantiates.
fn kept_type(definition: Definition) -> Option<(String, Type)> {
    if definition.resource_type != "StructureDefinition" || definition.kind == "logical" {
        return None;
    }
    let elements = definition.snapshot?.element.into_iter();
    let elements = elements.filter_map(|element| kept_element(element, &definition.kind)).collect();
    let kept = Type {
        kind: definition.kind,
        base: definition.base_definition.as_deref().map(tail),
        is_abstract: flag(definition.is_abstract),
        elements,
    };
    Some((definition.id, kept))
}

/// An element without its type's name in front; the root, which has no rest, is dropped.
fn kept_element(element: ElementDefinition, kind: &str) -> Option<Element> {
    let path = element.path.split_once('.')?.1.to_owned();
    let mut references: Vec<String> = Vec::new();
    for target in element.types.iter().flat_map(|kind| &kind.target_profile) {
        let target = tail(target);
        if !references.contains(&target) {
            references.push(target);
        }
    }
    let types = if kind == "resource" && path == "id" {
        // R4 publishes `string` here by mistake; https://hl7.org/fhir/R4/resource.html says id.
        vec!["id".to_owned()]
    } else {
        let own_value = kind == "primitive-type" && path == "value";
        element.types.iter().map(|kind| type_name(kind, own_value)).collect()
    };
    Some(Element {
        p: path,
        t: types,
        min: element.min,
        max: element.max.parse().unwrap_or(-1),
        b: element.binding.and_then(|binding| Some((binding.strength, unversioned(&binding.value_set?)))),
        s: flag(element.is_summary),
        m: flag(element.is_modifier),
        r: references,
        c: element.content_reference,
    })
}

/// The FHIR type. Where R4 names a system type it means FHIR's `string` (or `uri`: the extension tells), except in
/// a primitive's own `value`, which is `System.String` and its sisters.
fn type_name(kind: &TypeRef, own_value: bool) -> String {
    let Some(system) = kind.code.strip_prefix("http://hl7.org/fhirpath/") else { return kind.code.clone() };
    if own_value {
        return system.to_owned();
    }
    let fhir_type = |extension: &&TypeExtension| extension.url.ends_with("/structuredefinition-fhir-type");
    let named = kind.extension.iter().find(fhir_type).and_then(|extension| extension.value_url.clone());
    named.unwrap_or_else(|| "string".to_owned())
}

fn kept_param(param: Param) -> KeptParam {
    KeptParam {
        c: param.code,
        u: param.url,
        b: param.base,
        t: param.kind,
        e: param.expression,
        tg: param.target,
        cp: param.component.into_iter().map(|part| (part.definition, part.expression)).collect(),
    }
}

fn flag(on: bool) -> Option<u8> {
    on.then_some(1)
}

/// `http://hl7.org/fhir/StructureDefinition/Patient` → `Patient`.
fn tail(url: &str) -> String {
    url.rsplit('/').next().unwrap_or(url).to_owned()
}

/// A canonical without `|4.0.1`.
pub fn unversioned(canonical: &str) -> String {
    canonical.split('|').next().unwrap_or(canonical).to_owned()
}
