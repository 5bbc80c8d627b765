//! R4's code systems, value sets and concept maps as one text, for `yba-terminology`.
//!
//! The shape of the text is documented in `crates/assets/src/lib.rs`. Kept are codes, displays, hierarchy, what
//! filters look at, and every value set's composition; definitions and translations into other languages are not.
//! SNOMED content is never carried (DESIGN 22): the system stays as a name, its codes and the filters over them go.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;

use anyhow::{Context, Result, bail};
use serde::Deserialize;

use super::r4::Bundle;

const SNOMED: &str = "http://snomed.info/sct";

/// What a whole list is marked with when its codes may not be carried.
const WITHHELD: &str = "!\n";

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Resource {
    resource_type: String,
    url: String,
    version: String,
    name: String,
    title: String,
    content: String,
    case_sensitive: Option<bool>,
    concept: Vec<Concept>,
    compose: Compose,
    source_canonical: String,
    source_uri: String,
    target_canonical: String,
    target_uri: String,
    group: Vec<Group>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Concept {
    code: String,
    display: String,
    property: Vec<Property>,
    concept: Vec<Concept>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Property {
    code: String,
    value_code: String,
    value_string: String,
    value_boolean: bool,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Compose {
    include: Vec<Include>,
    exclude: Vec<Include>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Include {
    system: String,
    version: String,
    concept: Vec<Concept>,
    filter: Vec<Filter>,
    value_set: Vec<String>,
}

#[derive(Deserialize)]
struct Filter {
    property: String,
    op: String,
    value: String,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Group {
    source: String,
    target: String,
    element: Vec<Element>,
    unmapped: Option<Unmapped>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Element {
    code: String,
    target: Vec<Target>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Target {
    code: String,
    equivalence: String,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Unmapped {
    mode: String,
    code: String,
}

/// The text of all resources of these bundles, by kind and address.
pub fn compile(published: &[Vec<u8>]) -> Result<String> {
    let mut rows: BTreeMap<(u8, String), String> = BTreeMap::new();
    for bytes in published {
        let bundle: Bundle<Resource> = sonic_rs::from_slice(bytes)?;
        for resource in bundle.entry.into_iter().map(|entry| entry.resource) {
            let mut text = String::new();
            let kind = match resource.resource_type.as_str() {
                "CodeSystem" => code_system(&resource, &mut text).map(|()| b'S'),
                "ValueSet" => value_set(&resource, &mut text).map(|()| b'V'),
                "ConceptMap" => concept_map(&resource, &mut text).map(|()| b'M'),
                _ => continue,
            };
            let kind = kind.with_context(|| resource.url.clone())?;
            rows.insert((kind, resource.url), text);
        }
    }
    Ok(rows.into_values().collect())
}

fn code_system(resource: &Resource, out: &mut String) -> Result<()> {
    let withheld = resource.url == SNOMED;
    let content = if withheld { "not-present" } else { &resource.content };
    let case = if resource.case_sensitive == Some(false) { "0" } else { "1" };
    row(
        out,
        "S",
        &[&resource.url, &resource.version, &resource.name, title(&resource.title, ""), content, case],
    );
    if withheld {
        return Ok(());
    }
    let mut parents: HashMap<&str, Vec<&str>> = HashMap::new();
    further_parents(&resource.concept, &mut parents);
    concepts(&resource.concept, 0, &parents, out)
}

/// `child` properties name children that stand elsewhere in the tree.
fn further_parents<'a>(concepts: &'a [Concept], parents: &mut HashMap<&'a str, Vec<&'a str>>) {
    for concept in concepts {
        for child in concept.property.iter().filter(|property| property.code == "child") {
            parents.entry(&child.value_code).or_default().push(&concept.code);
        }
        further_parents(&concept.concept, parents);
    }
}

fn concepts(
    concepts: &[Concept],
    depth: u32,
    parents: &HashMap<&str, Vec<&str>>,
    out: &mut String,
) -> Result<()> {
    let Some(mark) = char::from_digit(depth, 36) else { bail!("concepts are nested too deeply") };
    for concept in concepts {
        let mut flags = String::new();
        for property in &concept.property {
            match (property.code.as_str(), property.value_code.as_str()) {
                ("status", "retired") => flags.push('i'),
                ("status", "deprecated") => flags.push('d'),
                ("notSelectable" | "abstract", _) if property.value_boolean => flags.push('a'),
                _ => {}
            }
        }
        row(out, &format!("{mark}{}", plain(&concept.code)), &[&concept.display, &flags]);
        for parent in parents.get(concept.code.as_str()).into_iter().flatten() {
            row(out, &format!("^{}", plain(parent)), &[]);
        }
        // The only property that a filter of R4's looks at, besides hierarchy and code.
        for property in concept.property.iter().filter(|property| property.code == "class") {
            let value = title(&property.value_code, &property.value_string);
            row(out, &format!("~{}", property.code), &[value]);
        }
        self::concepts(&concept.concept, depth + 1, parents, out)?;
    }
    Ok(())
}

fn value_set(resource: &Resource, out: &mut String) -> Result<()> {
    row(out, "V", &[&resource.url, &resource.version, &resource.name, &resource.title]);
    let parts = [("+", &resource.compose.include), ("-", &resource.compose.exclude)];
    for (mark, include) in parts.into_iter().flat_map(|(mark, list)| list.iter().map(move |one| (mark, one)))
    {
        row(out, mark, &[&include.system, &include.version]);
        let narrowed = !(include.concept.is_empty() && include.filter.is_empty());
        if include.system == SNOMED {
            out.push_str(if narrowed { WITHHELD } else { "" });
        } else {
            for concept in &include.concept {
                row(out, &format!("={}", plain(&concept.code)), &[&concept.display]);
            }
            for filter in &include.filter {
                row(out, &format!("?{}", plain(&filter.property)), &[&filter.op, &filter.value]);
            }
        }
        for import in &include.value_set {
            row(out, &format!("@{}", plain(import)), &[]);
        }
    }
    Ok(())
}

fn concept_map(resource: &Resource, out: &mut String) -> Result<()> {
    let source = title(&resource.source_canonical, &resource.source_uri);
    let target = title(&resource.target_canonical, &resource.target_uri);
    row(out, "M", &[&resource.url, &resource.version, &resource.name, &resource.title, source, target]);
    for group in resource.group.iter().filter(|group| group.source != SNOMED && group.target != SNOMED) {
        row(out, "G", &[&group.source, &group.target]);
        for element in &group.element {
            for target in &element.target {
                let code = format!(":{}", plain(&element.code));
                row(out, &code, &[title(&target.equivalence, "equivalent"), &target.code]);
            }
        }
        if let Some(unmapped) = &group.unmapped {
            row(out, "U", &[&unmapped.mode, &unmapped.code]);
        }
    }
    Ok(())
}

/// The first text, or the second when it is empty.
fn title<'a>(text: &'a str, otherwise: &'a str) -> &'a str {
    if text.is_empty() { otherwise } else { text }
}

/// One line: cells parted by tabs, empty ones at the end left out.
fn row(out: &mut String, first: &str, cells: &[&str]) {
    out.push_str(first);
    let used = cells.iter().rposition(|cell| !cell.is_empty()).map_or(0, |at| at + 1);
    for cell in &cells[..used] {
        let _ = write!(out, "\t{}", plain(cell));
    }
    out.push('\n');
}

/// A text on one line, without tabs, with single spaces.
fn plain(text: &str) -> String {
    if text.contains(['\t', '\n', '\r']) || text.contains("  ") {
        return text.split_whitespace().collect::<Vec<_>>().join(" ");
    }
    text.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(resource: &str, expected: &str) {
        let bundle = format!(r#"{{"entry": [{{"resource": {{{resource}}}}}]}}"#);
        assert_eq!(compile(&[bundle.into_bytes()]).unwrap(), expected);
    }

    #[test]
    fn code_systems_keep_codes_hierarchy_and_what_filters_look_at() {
        check(
            r#""resourceType": "CodeSystem", "url": "s", "version": "1", "name": "S", "content": "complete",
               "concept": [{"code": "a", "display": "A\n thing", "definition": "long", "concept": [
                   {"code": "b", "property": [{"code": "status", "valueCode": "retired"}]}]},
                 {"code": "c", "property": [{"code": "child", "valueCode": "b"},
                   {"code": "notSelectable", "valueBoolean": true}, {"code": "class", "valueString": "x"}]}]"#,
            "S\ts\t1\tS\t\tcomplete\t1\n0a\tA thing\n1b\t\ti\n^c\n0c\t\ta\n~class\tx\n",
        );
    }

    #[test]
    fn value_sets_keep_their_whole_composition() {
        check(
            r#""resourceType": "ValueSet", "url": "v", "title": "T", "compose": {
                 "include": [{"system": "s", "version": "2", "filter": [{"property": "concept", "op": "is-a", "value": "a"}]},
                             {"valueSet": ["w"]}],
                 "exclude": [{"system": "s", "concept": [{"code": "b", "display": "B"}]}]}"#,
            "V\tv\t\t\tT\n+\ts\t2\n?concept\tis-a\ta\n+\n@w\n-\ts\n=b\tB\n",
        );
    }

    #[test]
    fn maps_keep_codes_and_equivalences() {
        check(
            r#""resourceType": "ConceptMap", "url": "m", "sourceCanonical": "v", "group": [{"source": "s", "target": "t",
                 "element": [{"code": "a", "target": [{"code": "x", "equivalence": "wider"}]}],
                 "unmapped": {"mode": "fixed", "code": "z"}}]"#,
            "M\tm\t\t\t\tv\nG\ts\tt\n:a\twider\tx\nU\tfixed\tz\n",
        );
    }

    #[test]
    fn no_snomed_code_is_carried() {
        let sct = r#""url": "http://snomed.info/sct""#;
        check(
            &format!(
                r#""resourceType": "CodeSystem", {sct}, "content": "fragment", "concept": [{{"code": "1"}}]"#
            ),
            "S\thttp://snomed.info/sct\t\t\t\tnot-present\t1\n",
        );
        check(
            r#""resourceType": "ValueSet", "url": "v", "compose": {"include": [
                 {"system": "http://snomed.info/sct", "concept": [{"code": "1"}]},
                 {"system": "http://snomed.info/sct", "filter": [{"property": "concept", "op": "is-a", "value": "2"}]},
                 {"system": "http://snomed.info/sct"}]}"#,
            "V\tv\n+\thttp://snomed.info/sct\n!\n+\thttp://snomed.info/sct\n!\n+\thttp://snomed.info/sct\n",
        );
        check(
            r#""resourceType": "ConceptMap", "url": "m", "group": [{"source": "http://snomed.info/sct", "target": "t",
                 "element": [{"code": "1", "target": [{"code": "x"}]}]}]"#,
            "M\tm\n",
        );
    }
}
