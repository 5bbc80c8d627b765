//! The code lists of R4's required bindings, where they can be listed.
//!
//! A value set with a filter, an exclusion, an import or a code system that is not published with R4 (media types,
//! currencies, units) is left out whole: half a list would refuse good codes.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use anyhow::Result;
use serde::Deserialize;

use super::r4::{Bundle, unversioned};

/// Above this it is a terminology, not a list to carry along.
const CODES_MAX: usize = 1000;

/// SNOMED content is never carried (DESIGN 22).
const SNOMED: &str = "http://snomed.info/sct";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Resource {
    resource_type: String,
    #[serde(default)]
    url: String,
    compose: Option<Compose>,
    #[serde(default)]
    concept: Vec<Concept>,
}

#[derive(Deserialize)]
struct Compose {
    include: Vec<Include>,
    #[serde(default)]
    exclude: Vec<Include>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Include {
    system: Option<String>,
    #[serde(default)]
    concept: Vec<Concept>,
    #[serde(default)]
    filter: Vec<Filter>,
    #[serde(default)]
    value_set: Vec<String>,
}

#[derive(Deserialize)]
struct Filter {}

#[derive(Deserialize)]
struct Concept {
    code: String,
    #[serde(default)]
    concept: Vec<Concept>,
}

/// One value set: code systems, each with the codes that are in.
type Listed<'a> = Vec<(&'a str, Vec<&'a str>)>;

/// The table as JSON: `{"value set url": [["system url", ["code", …]], …]}`.
pub fn compile(published: &[Vec<u8>], wanted: &BTreeSet<&str>) -> Result<Vec<u8>> {
    let mut value_sets = HashMap::new();
    let mut systems = HashMap::new();
    for bytes in published {
        let bundle: Bundle<Resource> = sonic_rs::from_slice(bytes)?;
        for resource in bundle.entry.into_iter().map(|entry| entry.resource) {
            match resource.resource_type.as_str() {
                "ValueSet" => value_sets.insert(resource.url.clone(), resource),
                "CodeSystem" => systems.insert(resource.url.clone(), resource),
                _ => None,
            };
        }
    }
    let mut table: BTreeMap<&str, Listed> = BTreeMap::new();
    for url in wanted {
        let compose = value_sets.get(*url).and_then(|set| set.compose.as_ref());
        if let Some(listed) = compose.and_then(|compose| listed(compose, &systems)) {
            table.insert(url, listed);
        }
    }
    Ok(sonic_rs::to_vec(&table)?)
}

/// The codes of a value set, or nothing when they cannot all be told.
fn listed<'a>(compose: &'a Compose, systems: &'a HashMap<String, Resource>) -> Option<Listed<'a>> {
    if !compose.exclude.is_empty() {
        return None;
    }
    let mut listed = Listed::new();
    for include in &compose.include {
        let system = include.system.as_deref()?;
        if system == SNOMED || !include.filter.is_empty() || !include.value_set.is_empty() {
            return None;
        }
        let concepts = match include.concept.as_slice() {
            [] => systems.get(&unversioned(system)).map(|system| system.concept.as_slice())?,
            named => named,
        };
        let mut codes = Vec::new();
        collect(concepts, &mut codes);
        listed.push((system, codes));
    }
    let count: usize = listed.iter().map(|(_, codes)| codes.len()).sum();
    (1..=CODES_MAX).contains(&count).then_some(listed)
}

/// Codes of a tree, parents before children.
fn collect<'a>(concepts: &'a [Concept], codes: &mut Vec<&'a str>) {
    for concept in concepts {
        codes.push(&concept.code);
        collect(&concept.concept, codes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(include: &str, expected: &str) {
        let bundle = format!(
            r#"{{"entry": [
              {{"resource": {{"resourceType": "CodeSystem", "url": "s", "concept": [
                 {{"code": "a", "concept": [{{"code": "a1"}}]}}, {{"code": "b"}}]}}}},
              {{"resource": {{"resourceType": "ValueSet", "url": "v", "compose": {{{include}}}}}}}]}}"#
        );
        let table = compile(&[bundle.into_bytes()], &BTreeSet::from(["v", "absent"])).unwrap();
        assert_eq!(String::from_utf8(table).unwrap(), expected);
    }

    #[test]
    fn whole_systems_and_named_codes_are_listed() {
        check(r#""include": [{"system": "s"}]"#, r#"{"v":[["s",["a","a1","b"]]]}"#);
        check(
            r#""include": [{"system": "s", "concept": [{"code": "b"}]}, {"system": "t", "concept": [{"code": "x"}]}]"#,
            r#"{"v":[["s",["b"]],["t",["x"]]]}"#,
        );
    }

    #[test]
    fn what_cannot_be_told_whole_is_left_out() {
        for include in [
            r#""include": [{"system": "unknown"}]"#,
            r#""include": [{"system": "s", "filter": [{"property": "concept"}]}]"#,
            r#""include": [{"valueSet": ["other"]}]"#,
            r#""include": [{"system": "s"}], "exclude": [{"system": "s", "concept": [{"code": "a"}]}]"#,
            r#""include": [{"system": "http://snomed.info/sct", "concept": [{"code": "1"}]}]"#,
        ] {
            check(include, "{}");
        }
    }
}
