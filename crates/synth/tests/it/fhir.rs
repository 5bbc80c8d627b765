//! The truth as FHIR: fixed ids, references that lead somewhere, decimals as printed.

use crate::plan;
use std::collections::{HashMap, HashSet};
use yba_fhir::json::{JsonContainerTrait, JsonValueTrait, Value, str_at, to_string};
use yba_synth::{Plan, province};

/// Every reference of a resource.
pub fn references(value: &Value, found: &mut Vec<String>) {
    if let Some(object) = value.as_object() {
        for (key, inner) in object.iter() {
            match (key, inner.as_str()) {
                ("reference", Some(text)) => found.push(text.to_owned()),
                _ => references(inner, found),
            }
        }
    } else if let Some(array) = value.as_array() {
        array.iter().for_each(|inner| references(inner, found));
    }
}

#[test]
fn every_reference_leads_to_a_resource_that_came_before() {
    let province = province(&Plan { people: 200, ..plan() });
    let mut known = HashSet::new();
    let mut types: HashMap<String, usize> = HashMap::new();
    for resource in province.fhir() {
        let kind = str_at(&resource, &["resourceType"]).unwrap().to_owned();
        let id = str_at(&resource, &["id"]).unwrap();
        assert!(
            id.len() <= 64 && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'.'),
            "{id}"
        );
        let mut found = Vec::new();
        references(&resource, &mut found);
        for reference in found {
            // A diagnosis names its encounter and the encounter its diagnosis.
            let own = reference.starts_with("Encounter/") && kind == "Condition";
            assert!(own || known.contains(&reference), "{kind}/{id}: {reference}");
        }
        assert!(known.insert(format!("{kind}/{id}")), "{kind}/{id} twice");
        *types.entry(kind).or_default() += 1;
    }
    for kind in [
        "Organization",
        "Practitioner",
        "Patient",
        "Coverage",
        "Encounter",
        "Condition",
        "Observation",
        "MedicationRequest",
        "Immunization",
        "AllergyIntolerance",
        "Procedure",
    ] {
        assert!(types.contains_key(kind), "{kind} in {types:?}");
    }
    assert_eq!(types["Patient"], 200);
    assert_eq!(types["Encounter"], province.visits.len());
}

#[test]
fn bundles_hold_the_same_resources_and_stay_small() {
    let province = province(&Plan { people: 60, ..plan() });
    let mut count = 0;
    for bundle in province.fhir_bundles() {
        assert_eq!(str_at(&bundle, &["type"]), Some("transaction"));
        let entries = bundle.get("entry").unwrap().as_array().unwrap();
        assert!(!entries.is_empty() && entries.len() <= 400);
        for entry in entries.iter() {
            let url = str_at(entry, &["request", "url"]).unwrap();
            let id = str_at(entry, &["resource", "id"]).unwrap();
            assert!(url.ends_with(&format!("/{id}")));
            count += 1;
        }
    }
    assert_eq!(count, province.fhir().count());
}

#[test]
fn results_keep_the_digits_they_were_printed_with() {
    let province = province(&Plan { people: 200, ..plan() });
    let trailing = province.fhir().any(|resource| {
        resource.pointer(["valueQuantity", "value"]).is_some_and(|v| to_string(v).unwrap().ends_with(".0"))
    });
    assert!(trailing, "some value ends in a printed zero");
}
