//! The least of each resource type: its required elements and nothing else.

use yba_fhir::defs::{ElementDef, r4};
use yba_fhir::json::{JsonContainerTrait, JsonValueMutTrait, JsonValueTrait, Value, from_str, json};

/// A resource of this type with what R4 requires.
pub fn resource(kind: &str) -> Value {
    let mut tree = object(kind, "");
    tree.as_object_mut().unwrap().insert("resourceType", json!(kind));
    for (name, value) in for_the_rules(kind) {
        tree.as_object_mut().unwrap().insert(name, value);
    }
    tree
}

/// What invariants require beyond cardinality.
fn for_the_rules(kind: &str) -> Vec<(&'static str, Value)> {
    let words = || json!({"text": "x"});
    let to_patient = || json!({"reference": "Patient/x"});
    match kind {
        "AllergyIntolerance" => {
            let system = "http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical";
            vec![("clinicalStatus", json!({"coding": [{"system": system, "code": "active"}]}))]
        }
        "Appointment" => vec![("participant", json!([{"status": "accepted", "actor": to_patient()}]))],
        "AppointmentResponse" => vec![("actor", to_patient())],
        "Bundle" => vec![("type", json!("collection"))],
        "CapabilityStatement" => {
            vec![
                ("kind", json!("requirements")),
                ("description", json!("x")),
                ("rest", json!([{"mode": "server"}])),
            ]
        }
        "Consent" => vec![("policyRule", words())],
        "EventDefinition" => vec![("trigger", json!([{"type": "named-event", "name": "x"}]))],
        "ImmunizationRecommendation" => {
            vec![("recommendation", json!([{"forecastStatus": words(), "targetDisease": words()}]))]
        }
        "InsurancePlan" | "Organization" => vec![("name", json!("x"))],
        "Linkage" => {
            let item = |id: &str| json!({"type": "source", "resource": {"reference": format!("Patient/{id}").as_str()}});
            vec![("item", json!([item("x"), item("y")]))]
        }
        "StructureDefinition" => {
            let element = json!([{"id": "Patient", "path": "Patient"}]);
            vec![("type", json!("Patient")), ("differential", json!({"element": element}))]
        }
        "TerminologyCapabilities" => vec![("kind", json!("requirements")), ("description", json!("x"))],
        _ => Vec::new(),
    }
}

/// The required elements right below a path of a type.
fn object(kind: &str, prefix: &str) -> Value {
    let mut tree = json!({});
    for element in &r4().type_def(kind).unwrap().elements {
        let own = element.path.strip_prefix(prefix).filter(|own| !own.contains('.'));
        let Some(own) = own.filter(|_| element.min > 0) else { continue };
        let (name, value) = required(kind, own, element);
        let value = if element.max == Some(1) { value } else { Value::from(vec![value]) };
        tree.as_object_mut().unwrap().insert(&name, value);
    }
    tree
}

fn required(kind: &str, own: &str, element: &ElementDef) -> (String, Value) {
    let of_type = element.types.first().map_or("", String::as_str);
    let name = match own.strip_suffix("[x]") {
        Some(base) => format!("{base}{}{}", of_type[..1].to_uppercase(), &of_type[1..]),
        None => own.to_owned(),
    };
    let set = element.binding.as_ref().filter(|(strength, _)| strength == "required").map(|(_, set)| set);
    let coding = set.and_then(|set| first_code(set));
    let value = match (of_type, coding) {
        ("BackboneElement" | "Element", _) => object(kind, &format!("{}.", element.path)),
        ("code", Some((_, code))) => json!(code.as_str()),
        ("Coding", Some((system, code))) => json!({"system": system.as_str(), "code": code.as_str()}),
        ("CodeableConcept", Some((system, code))) => {
            json!({"coding": [{"system": system.as_str(), "code": code.as_str()}]})
        }
        (of_type, _) => plain(of_type),
    };
    (name, value)
}

fn plain(of_type: &str) -> Value {
    match of_type {
        "boolean" => json!(true),
        "integer" | "positiveInt" | "unsignedInt" | "decimal" => json!(1),
        "date" | "dateTime" => json!("2026-03-02"),
        "instant" => json!("2026-03-02T08:00:00+07:00"),
        "base64Binary" => json!("QUJD"),
        "code" => json!("text/plain"),
        "uri" | "url" | "canonical" => json!("https://example.org/x"),
        "id" | "string" | "markdown" => json!("x"),
        complex => match object(complex, "") {
            empty if empty.as_object().is_none_or(|object| object.is_empty()) => json!({"id": "x"}),
            filled => filled,
        },
    }
}

/// The first system and code of a value set that can be listed.
fn first_code(set: &str) -> Option<(String, String)> {
    let tables: Value = from_str(&yba_assets::text("valuesets.json.gz").unwrap()).unwrap();
    let systems = tables.get(set)?.as_array()?;
    let first = systems.first()?.as_array()?;
    Some((first.first()?.as_str()?.to_owned(), first.get(1)?.as_array()?.first()?.as_str()?.to_owned()))
}
