//! Every resource that mapping writes is shaped as R4 says: known elements, required elements, right cardinality,
//! references to allowed types, ids and codes of the right form.

use std::collections::BTreeSet;
use yba_fhir::defs::{ElementDef, r4};
use yba_fhir::json::{JsonContainerTrait, JsonValueTrait, Value, str_at};

/// Everything wrong with a resource.
pub fn faults(resource: &Value) -> Vec<String> {
    let mut faults = Vec::new();
    let kind = str_at(resource, &["resourceType"]).unwrap_or_default();
    if !r4().is_resource(kind) {
        return vec![format!("{kind} is no resource type")];
    }
    check(resource, kind, "", kind, &mut faults);
    faults
}

/// The elements of a type and its bases that are direct children of a path.
fn children(kind: &str, path: &str) -> Vec<(String, &'static ElementDef)> {
    let mut found = Vec::new();
    let mut next = Some(kind.to_owned());
    while let Some(name) = next {
        let Some(definition) = r4().type_def(&name) else { break };
        for element in &definition.elements {
            let inside = if path.is_empty() {
                Some(element.path.as_str())
            } else {
                element.path.strip_prefix(path).and_then(|rest| rest.strip_prefix('.'))
            };
            if let Some(rest) = inside.filter(|rest| !rest.is_empty() && !rest.contains('.')) {
                found.push((rest.to_owned(), element));
            }
        }
        next = if path.is_empty() { definition.base.clone() } else { None };
    }
    found
}

fn check(node: &Value, kind: &str, path: &str, place: &str, faults: &mut Vec<String>) {
    let Some(object) = node.as_object() else { return faults.push(format!("{place} is no object")) };
    if object.is_empty() {
        faults.push(format!("{place} is empty"));
    }
    let known = children(kind, path);
    let mut seen: BTreeSet<&str> = BTreeSet::new();
    for (key, value) in object.iter() {
        if key == "resourceType" && path.is_empty() {
            continue;
        }
        let plain = key.strip_prefix('_').unwrap_or(key);
        let Some((name, element, data_type)) = find(&known, plain) else {
            faults.push(format!("{place}.{key} is unknown"));
            continue;
        };
        seen.insert(name);
        if key.starts_with('_') {
            continue;
        }
        let many = element.max != Some(1);
        match (many, value.as_array()) {
            (true, Some(items)) => {
                if items.is_empty() {
                    faults.push(format!("{place}.{key} is an empty list"));
                }
                items.iter().for_each(|item| {
                    value_of(item, kind, element, &data_type, &format!("{place}.{key}"), faults)
                });
            }
            (false, None) => value_of(value, kind, element, &data_type, &format!("{place}.{key}"), faults),
            _ => faults.push(format!("{place}.{key}: cardinality")),
        }
    }
    for (name, element) in &known {
        if element.min > 0 && !seen.contains(name.as_str()) {
            faults.push(format!("{place}.{name} is missing"));
        }
    }
}

/// The element a key names; of a choice also the chosen type.
fn find<'a>(
    known: &'a [(String, &'static ElementDef)],
    key: &str,
) -> Option<(&'a str, &'static ElementDef, String)> {
    for (name, element) in known {
        if let Some(stem) = name.strip_suffix("[x]") {
            if let Some(rest) = key.strip_prefix(stem) {
                let chosen = element.types.iter().find(|data_type| data_type.eq_ignore_ascii_case(rest));
                if let Some(chosen) = chosen {
                    return Some((name, element, chosen.clone()));
                }
            }
        } else if name == key {
            return Some((name, element, element.types.first().cloned().unwrap_or_default()));
        }
    }
    None
}

fn value_of(
    value: &Value,
    kind: &str,
    element: &ElementDef,
    data_type: &str,
    place: &str,
    faults: &mut Vec<String>,
) {
    if data_type.is_empty() || data_type == "BackboneElement" || data_type == "Element" {
        return check(value, kind, &element.path, place, faults);
    }
    if data_type.starts_with(|first: char| first.is_ascii_uppercase()) {
        if data_type == "Reference" {
            reference(value, element, place, faults);
        }
        return check(value, data_type, "", place, faults);
    }
    let text = value.as_str();
    let sound = match data_type {
        "boolean" => value.as_bool().is_some(),
        "integer" | "positiveInt" | "unsignedInt" | "decimal" => value.is_number(),
        "code" => text.is_some_and(|text| !text.is_empty() && text.trim() == text && !text.contains("  ")),
        "id" => text.is_some_and(yba_fhir::resource::is_id),
        "date" | "dateTime" | "instant" => {
            text.is_some_and(|text| yba_fhir::DateRange::parse(text).is_some())
        }
        "uri" | "url" | "canonical" => {
            text.is_some_and(|text| !text.is_empty() && !text.contains(char::is_whitespace))
        }
        _ => text.is_some_and(|text| !text.is_empty() && text.trim() == text),
    };
    if !sound {
        faults.push(format!("{place}: {value} is no {data_type}"));
    }
}

fn reference(value: &Value, element: &ElementDef, place: &str, faults: &mut Vec<String>) {
    let Some(text) = str_at(value, &["reference"]) else { return };
    let Some((kind, _)) = yba_fhir::view::reference_target(text) else {
        return faults.push(format!("{place}: {text} is no reference"));
    };
    let open = element.reference_targets.is_empty()
        || element.reference_targets.iter().any(|target| target == "Resource");
    if !open && !element.reference_targets.iter().any(|target| target == kind) {
        faults.push(format!("{place}: {kind} is not allowed"));
    }
}

#[test]
fn the_judge_of_shapes_judges() {
    use yba_fhir::json::json;
    let faults_of = |value: Value| faults(&value).join("; ");
    assert_eq!(
        faults_of(json!({"resourceType": "Patient", "id": "a", "gender": "male", "birthDate": "1990"})),
        ""
    );
    let wrong = faults_of(
        json!({"resourceType": "Observation", "id": "a b", "foo": 1, "status": ["final"], "subject": {"reference": "Claim/x"}}),
    );
    for part in
        ["Observation.foo is unknown", "code is missing", "cardinality", "Claim is not allowed", "is no id"]
    {
        assert!(wrong.contains(part), "{part} in {wrong}");
    }
}
