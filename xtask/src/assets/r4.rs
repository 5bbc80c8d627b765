//! R4's own definitions (https://hl7.org/fhir/R4/downloads.html) reduced to one compact table.
//!
//! The shape of the table is documented in `crates/assets/src/lib.rs`, for those who read it. The package we take
//! the definitions from has added elements of its own and of R5 to the snapshots; `source::published` undoes that. (Its
//! separate compartment file is changed as well: we take the one in the bundle.)

mod source;

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result};
use serde::Serialize;

pub use source::Bundle;
use source::{Constraint, Definition, ElementDefinition, Member, Param, TypeExtension, TypeRef, published};

/// Three of the files of R4, all that we need.
pub struct Sources<'a> {
    /// `profiles-types.json`
    pub types: &'a [u8],
    /// `profiles-resources.json`; the compartments stand in it too.
    pub resources: &'a [u8],
    /// `search-parameters.json`
    pub search: &'a [u8],
}

/// Reads the files into the table.
pub fn compile(sources: &Sources) -> Result<Table> {
    let mut types = BTreeMap::new();
    let mut compartment = BTreeMap::new();
    for (name, bytes) in
        [("profiles-types.json", sources.types), ("profiles-resources.json", sources.resources)]
    {
        let bundle: Bundle<Definition> = sonic_rs::from_slice(bytes).context(name)?;
        for definition in bundle.entry.into_iter().map(|entry| entry.resource) {
            // One without an id is a name alone, in the file of datatypes.
            if definition.resource_type == "CompartmentDefinition" && !definition.id.is_empty() {
                let (kind, members) = kept_compartment(definition)?;
                compartment.insert(kind, members);
            } else if let Some((name, kept)) = kept_type(definition) {
                types.insert(name, kept);
            }
        }
    }
    let bundle: Bundle<Param> = sonic_rs::from_slice(sources.search).context("search-parameters.json")?;
    let search = bundle.entry.into_iter().map(|entry| kept_param(entry.resource)).collect();
    anyhow::ensure!(compartment.contains_key("Patient"), "profiles-resources.json: no patient compartment");
    Ok(Table { types, search, compartment })
}

/// The type that a compartment is of, and its members with their parameters.
fn kept_compartment(definition: Definition) -> Result<(String, BTreeMap<String, Vec<String>>)> {
    let name = definition.id;
    let members = definition.resource.with_context(|| format!("compartment {name}: no members"))?;
    let members: Vec<Member> =
        sonic_rs::from_value(&members).with_context(|| format!("compartment {name}"))?;
    let members = members.into_iter().filter(|member| !member.param.is_empty());
    // `relatedPerson` is the id of the compartment of RelatedPerson.
    let (first, rest) = name.split_at_checked(1).context("a compartment without an id")?;
    let kind = format!("{}{rest}", first.to_uppercase());
    Ok((kind, members.map(|member| (member.code, member.param)).collect()))
}

/// All that we keep of R4.
#[derive(Serialize)]
pub struct Table {
    types: BTreeMap<String, Type>,
    search: Vec<KeptParam>,
    compartment: BTreeMap<String, BTreeMap<String, Vec<String>>>,
}

impl Table {
    /// The table's bytes.
    pub fn json(&self) -> Result<Vec<u8>> {
        Ok(sonic_rs::to_vec(self)?)
    }

    /// The value sets that some element is bound to as required.
    pub fn required_value_sets(&self) -> BTreeSet<&str> {
        let elements = self.types.values().flat_map(|kind| &kind.elements);
        let bindings = elements.filter_map(|element| element.b.as_ref());
        bindings.filter(|(strength, _)| strength == "required").map(|(_, url)| url.as_str()).collect()
    }
}

#[derive(Serialize)]
struct Type {
    kind: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    base: Option<String>,
    #[serde(rename = "abstract", skip_serializing_if = "Option::is_none")]
    is_abstract: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    x: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    k: Vec<Invariant>,
    elements: Vec<Element>,
}

/// Key, severity, words, FHIRPath.
type Invariant = (String, String, String, String);

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
    #[serde(skip_serializing_if = "Vec::is_empty")]
    k: Vec<Invariant>,
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

/// A type worth keeping: R4's resources and datatypes. Not the logical `MetadataResource`, which nothing
/// instantiates, nor `SubscriptionStatus`, which is of 4.3.
fn kept_type(definition: Definition) -> Option<(String, Type)> {
    let of_r4 = definition.fhir_version.as_deref() == Some("4.0.1");
    if definition.resource_type != "StructureDefinition" || definition.kind == "logical" || !of_r4 {
        return None;
    }
    let mut elements = definition.snapshot?.element;
    let regex = elements.iter().find_map(pattern_of_value);
    let mut invariants = Vec::new();
    if definition.derivation.as_deref() == Some("specialization") {
        let differential = definition.differential?.element;
        let root = differential.iter().find(|element| !element.path.contains('.'));
        invariants = root.map(|root| kept_invariants(&root.constraint)).unwrap_or_default();
        elements = published(elements, differential);
    }
    let elements =
        elements.into_iter().filter_map(|element| kept_element(element, &definition.kind)).collect();
    let is_primitive = definition.kind == "primitive-type";
    let kept = Type {
        kind: definition.kind,
        base: definition.base_definition.as_deref().map(tail),
        is_abstract: flag(definition.is_abstract),
        x: regex.filter(|_| is_primitive),
        k: invariants,
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
        k: kept_invariants(&element.constraint),
    })
}

/// The rules that can be computed.
fn kept_invariants(constraints: &[Constraint]) -> Vec<Invariant> {
    let computable = constraints.iter().filter(|one| !one.expression.is_empty());
    computable
        .map(|one| (one.key.clone(), one.severity.clone(), one.human.clone(), one.expression.clone()))
        .collect()
}

/// The regular expression of a primitive type's own value.
fn pattern_of_value(element: &ElementDefinition) -> Option<String> {
    let value = element.path.ends_with(".value");
    let mut extensions = element.types.iter().filter(|_| value).flat_map(|kind| &kind.extension);
    extensions.find(|one| one.url.ends_with("/StructureDefinition/regex"))?.value_string.clone()
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

#[cfg(test)]
mod tests {
    use sonic_rs::{JsonContainerTrait, JsonValueTrait, Value};

    use super::*;

    const TYPES: &str = r##"{"entry": [{"resource": {
        "resourceType": "StructureDefinition", "id": "boolean", "kind": "primitive-type", "abstract": false,
        "derivation": "specialization", "fhirVersion": "4.0.1",
        "baseDefinition": "http://hl7.org/fhir/StructureDefinition/Element",
        "snapshot": {"element": [
          {"path": "boolean", "base": {"path": "boolean"}, "min": 0, "max": "*"},
          {"path": "boolean.id", "base": {"path": "Element.id"}, "min": 0, "max": "1", "type": [{
             "code": "http://hl7.org/fhirpath/System.String", "extension": [
               {"url": "http://hl7.org/fhir/StructureDefinition/structuredefinition-fhir-type", "valueUrl": "string"}]}]},
          {"path": "boolean.value", "base": {"path": "boolean.value"}, "min": 0, "max": "1", "type": [{
             "code": "http://hl7.org/fhirpath/System.Boolean"}]}]},
        "differential": {"element": [{"path": "boolean", "min": 0, "max": "*"},
          {"path": "boolean.value", "min": 0, "max": "1", "type": [{"code": "http://hl7.org/fhirpath/System.Boolean"}]}]}
    }}, {"resource": {"resourceType": "CompartmentDefinition"}}]}"##;

    const RESOURCES: &str = r##"{"entry": [{"resource": {
        "resourceType": "StructureDefinition", "id": "Bed", "kind": "resource", "abstract": false,
        "derivation": "specialization", "fhirVersion": "4.0.1",
        "baseDefinition": "http://hl7.org/fhir/StructureDefinition/DomainResource",
        "snapshot": {"element": [
          {"path": "Bed", "base": {"path": "Bed"}, "min": 0, "max": "*"},
          {"path": "Bed.id", "base": {"path": "Resource.id"}, "min": 0, "max": "1", "type": [{
             "code": "http://hl7.org/fhirpath/System.String"}], "isSummary": true},
          {"path": "Bed.vendorExtra", "base": {"path": "Bed.vendorExtra"}, "min": 0, "max": "1", "type": [{"code": "Fancy"}]},
          {"path": "Bed.vendorExtra.id", "base": {"path": "Element.id"}, "min": 0, "max": "1"},
          {"path": "Bed.status", "base": {"path": "Bed.status"}, "min": 0, "max": "1", "type": [{"code": "string"}]},
          {"path": "Bed.part", "base": {"path": "Bed.part"}, "min": 0, "max": "*", "type": [{"code": "BackboneElement"}]},
          {"path": "Bed.part.id", "base": {"path": "Element.id"}, "min": 0, "max": "1"}]},
        "differential": {"element": [
          {"path": "Bed", "min": 0, "max": "*"},
          {"path": "Bed.status", "min": 1, "max": "1", "type": [{"code": "code"}], "isSummary": true, "isModifier": true,
             "binding": {"strength": "required", "valueSet": "http://hl7.org/fhir/ValueSet/bed-status|4.0.1"}},
          {"path": "Bed.part", "min": 0, "max": "*", "type": [{"code": "BackboneElement"}]},
          {"path": "Bed.part.kept[x]", "min": 0, "max": "2", "type": [{"code": "boolean"}, {"code": "Reference",
             "targetProfile": ["http://hl7.org/fhir/StructureDefinition/Patient",
                               "http://hl7.org/fhir/StructureDefinition/Group"]}]},
          {"path": "Bed.part.inner", "min": 0, "max": "*", "contentReference": "#Bed.part"}]}
    }}, {"resource": {"resourceType": "StructureDefinition", "id": "SubscriptionStatus", "kind": "resource",
        "derivation": "specialization", "fhirVersion": "4.3.0", "snapshot": {"element": []}, "differential": {"element": []}}},
        {"resource": {"resourceType": "OperationDefinition", "id": "Bed-make", "resource": ["Bed"]}},
        {"resource": {"resourceType": "CompartmentDefinition", "id": "patient",
        "resource": [{"code": "Bed", "param": ["patient"]}, {"code": "Binary"}]}}]}"##;

    const SEARCH: &str = r#"{"entry": [{"resource": {"code": "_text", "url": "u1", "base": ["Bed"], "type": "string"}},
        {"resource": {"code": "both", "url": "u2", "base": ["Bed"], "type": "composite", "expression": "Bed.part",
           "component": [{"definition": "u3", "expression": "kept.as(boolean)"}]}}]}"#;

    fn table() -> Table {
        compile(&Sources {
            types: TYPES.as_bytes(),
            resources: RESOURCES.as_bytes(),
            search: SEARCH.as_bytes(),
        })
        .unwrap()
    }

    fn json() -> Value {
        sonic_rs::from_slice(&table().json().unwrap()).unwrap()
    }

    fn element(kind: &str, path: &str) -> Option<String> {
        let json = json();
        let elements = json["types"][kind]["elements"].as_array().unwrap();
        elements.iter().find(|element| element["p"].as_str() == Some(path)).map(|element| element.to_string())
    }

    #[test]
    fn an_element_keeps_what_the_documented_shape_says() {
        assert_eq!(
            element("Bed", "status").unwrap(),
            r#"{"p":"status","t":["code"],"min":1,"max":1,"b":["required","http://hl7.org/fhir/ValueSet/bed-status"],"s":1,"m":1}"#
        );
        assert_eq!(
            element("Bed", "part.kept[x]").unwrap(),
            r#"{"p":"part.kept[x]","t":["boolean","Reference"],"min":0,"max":2,"r":["Patient","Group"]}"#
        );
        assert_eq!(
            element("Bed", "part.inner").unwrap(),
            r##"{"p":"part.inner","t":[],"min":0,"max":-1,"c":"#Bed.part"}"##
        );
    }

    #[test]
    fn system_types_are_named_as_fhir_means_them() {
        assert!(element("boolean", "id").unwrap().contains(r#""t":["string"]"#));
        assert!(element("boolean", "value").unwrap().contains(r#""t":["System.Boolean"]"#));
        assert!(element("Bed", "id").unwrap().contains(r#""t":["id"]"#));
    }

    #[test]
    fn what_hl7_did_not_publish_is_left_out_and_what_was_lost_is_back() {
        assert_eq!(element("Bed", "vendorExtra"), None);
        assert_eq!(element("Bed", "vendorExtra.id"), None);
        assert!(json()["types"].get("SubscriptionStatus").is_none());
        let json = json();
        let paths: Vec<&str> = json["types"]["Bed"]["elements"]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(|e| e["p"].as_str())
            .collect();
        assert_eq!(paths, ["id", "status", "part", "part.id", "part.kept[x]", "part.inner"]);
    }

    #[test]
    fn search_parameters_and_the_compartment_keep_only_what_they_say() {
        let json = json();
        assert_eq!(json["search"][0].to_string(), r#"{"c":"_text","u":"u1","b":["Bed"],"t":"string"}"#);
        assert_eq!(json["search"][1]["cp"].to_string(), r#"[["u3","kept.as(boolean)"]]"#);
        assert_eq!(json["compartment"].to_string(), r#"{"Patient":{"Bed":["patient"]}}"#);
    }

    #[test]
    fn required_value_sets_are_found() {
        assert_eq!(
            Vec::from_iter(table().required_value_sets()),
            ["http://hl7.org/fhir/ValueSet/bed-status"]
        );
    }

    #[test]
    fn a_broken_or_lacking_file_is_named() {
        let empty = b"{\"entry\": []}";
        let refused = compile(&Sources { types: b"{", resources: empty, search: empty });
        assert!(format!("{:#}", refused.err().unwrap()).contains("profiles-types.json"));
        let refused = compile(&Sources { types: empty, resources: empty, search: empty });
        assert!(format!("{:#}", refused.err().unwrap()).contains("no patient compartment"));
    }
}
