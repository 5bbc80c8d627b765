//! Small readings of FHIR resources: what a thing is called, when it happened, where it comes from.

use std::collections::HashMap;
use yba_fhir::json::{JsonValueTrait, Value, items, number_text, str_at};
use yba_fhir::view::reference_target;

pub const ICD_10: &str = "http://hl7.org/fhir/sid/icd-10";
pub const LOINC: &str = "http://loinc.org";
const UNKNOWN_PLACE: &str = "Chưa rõ cơ sở";

/// The `resourceType`, or empty text.
pub fn kind(resource: &Value) -> &str {
    str_at(resource, &["resourceType"]).unwrap_or("")
}

pub fn id(resource: &Value) -> &str {
    str_at(resource, &["id"]).unwrap_or("")
}

/// Entered in error, refuted or cancelled before it happened: not to be shown as fact.
pub fn is_void(resource: &Value) -> bool {
    match resource.get("status").and_then(|status| status.as_str()) {
        Some(status) => matches!(status, "entered-in-error" | "cancelled" | "not-done"),
        // Conditions and allergies have no status of their own.
        None => {
            let verification = resource.get("verificationStatus").and_then(code).unwrap_or("");
            matches!(verification, "entered-in-error" | "refuted")
        }
    }
}

/// Labels of what is shown only to whoever asks for it: restricted and very restricted, and the kinds of illness that the
/// security labels of HL7 name. <https://hl7.org/fhir/R4/security-labels.html>
const SENSITIVE: [&str; 9] = ["R", "V", "HIV", "PSY", "SEX", "STD", "SUD", "ETH", "PSYTHPN"];

/// Marked as sensitive by whoever wrote it. Who may see it at all is the door's to say; this only keeps it from being read
/// over a shoulder.
pub fn is_sensitive(resource: &Value) -> bool {
    let labels = resource.get("meta").into_iter().flat_map(|meta| items(meta, "security"));
    labels.filter_map(|label| str_at(label, &["code"])).any(|code| SENSITIVE.contains(&code))
}

/// The first code of a concept.
pub fn code(concept: &Value) -> Option<&str> {
    items(concept, "coding").find_map(|coding| str_at(coding, &["code"]))
}

/// The code of a concept in one system.
pub fn code_in<'a>(concept: &'a Value, system: &str) -> Option<&'a str> {
    items(concept, "coding")
        .find(|coding| str_at(coding, &["system"]) == Some(system))
        .and_then(|coding| str_at(coding, &["code"]))
}

/// The words of a concept: its text, else a display, else the bare code.
pub fn words(concept: &Value) -> String {
    str_at(concept, &["text"])
        .or_else(|| items(concept, "coding").find_map(|coding| str_at(coding, &["display"])))
        .or_else(|| code(concept))
        .unwrap_or("")
        .to_string()
}

/// The words of a diagnosis: the title of its ICD-10 code, because the facility's own text often has no
/// marks or names several diseases at once; else that text.
pub fn diagnosis_words(concept: &Value) -> String {
    items(concept, "coding")
        .find(|coding| str_at(coding, &["system"]) == Some(ICD_10))
        .and_then(|coding| str_at(coding, &["display"]))
        .map(str::to_string)
        .unwrap_or_else(|| words(concept))
}

fn extension<'a>(resource: &'a Value, slug: &str) -> Option<&'a Value> {
    const BASE: &str = "https://yba.vn/fhir/StructureDefinition/";
    items(resource, "extension")
        .find(|one| str_at(one, &["url"]).and_then(|url| url.strip_prefix(BASE)) == Some(slug))
}

/// The amount (decimal token) in our extension of this slug, unless it is zero.
pub fn extension_money(resource: &Value, slug: &str) -> Option<String> {
    let amount = extension(resource, slug)?.get("valueMoney").and_then(value_of)?;
    amount.bytes().any(|byte| matches!(byte, b'1'..=b'9')).then_some(amount)
}

/// The words of our extension of this slug: text, or a coding's display or code.
pub fn extension_words(resource: &Value, slug: &str) -> String {
    let Some(found) = extension(resource, slug) else { return String::new() };
    ["valueString", "valueDate", "valueDateTime"]
        .iter()
        .find_map(|key| str_at(found, &[key]))
        .or_else(|| str_at(found, &["valueCoding", "display"]))
        .or_else(|| str_at(found, &["valueCoding", "code"]))
        .unwrap_or("")
        .to_string()
}

/// The words of the concept at `key`, an object or an array of which the first counts.
pub fn words_at(resource: &Value, key: &str) -> String {
    concept_at(resource, key).map(words).unwrap_or_default()
}

/// The concept at `key`, or the first one when it is an array.
pub fn concept_at<'a>(resource: &'a Value, key: &str) -> Option<&'a Value> {
    items(resource, key).next().or_else(|| resource.get(key).filter(|value| value.is_object()))
}

/// When it happened: the date that matters for this type; empty when it has none.
pub fn when(resource: &Value) -> &str {
    let paths: &[&[&str]] = match kind(resource) {
        "Encounter" => &[&["period", "start"], &["period", "end"]],
        "Condition" => &[&["onsetDateTime"], &["recordedDate"]],
        "Observation" => &[&["effectiveDateTime"], &["effectivePeriod", "start"], &["issued"]],
        "MedicationRequest" => &[&["authoredOn"]],
        "MedicationDispense" => &[&["whenHandedOver"], &["whenPrepared"]],
        "Immunization" => &[&["occurrenceDateTime"], &["recorded"]],
        "Procedure" => &[&["performedDateTime"], &["performedPeriod", "start"]],
        "ServiceRequest" => &[&["authoredOn"], &["occurrenceDateTime"]],
        "AllergyIntolerance" => &[&["recordedDate"], &["onsetDateTime"]],
        "DiagnosticReport" => &[&["effectiveDateTime"], &["issued"]],
        "Claim" => &[&["created"]],
        "DocumentReference" | "Composition" => &[&["date"]],
        _ => &[],
    };
    paths.iter().find_map(|path| str_at(resource, path)).unwrap_or("")
}

/// The id a reference member points to.
pub fn target<'a>(resource: &'a Value, path: &[&str]) -> Option<&'a str> {
    str_at(resource, path).and_then(reference_target).map(|(_, id)| id)
}

/// The encounter a resource belongs to.
pub fn encounter(resource: &Value) -> Option<&str> {
    target(resource, &["encounter", "reference"])
        .or_else(|| target(resource, &["context", "reference"]))
        .or_else(|| items(resource, "item").find_map(|item| items(item, "encounter").find_map(own_reference)))
        .or_else(|| {
            resource.get("context").and_then(|context| items(context, "encounter").find_map(own_reference))
        })
}

/// The prescription a dispense was given for.
pub fn prescription(dispense: &Value) -> Option<&str> {
    items(dispense, "authorizingPrescription").find_map(own_reference)
}

fn own_reference(value: &Value) -> Option<&str> {
    target(value, &["reference"])
}

/// The digits of a quantity's value.
pub fn value_of(quantity: &Value) -> Option<String> {
    quantity.get("value").and_then(number_text)
}

/// The unit of a quantity as it should be read: the human unit, else the UCUM code.
pub fn unit_of(quantity: &Value) -> &str {
    str_at(quantity, &["unit"]).or_else(|| str_at(quantity, &["code"])).unwrap_or("")
}

/// `system` ends our identifier systems: `sid/<slug>`.
pub fn is_sid(system: &str, slug: &str) -> bool {
    system.strip_prefix("https://yba.vn/fhir/sid/") == Some(slug)
}

/// The Organization an Encounter or Patient belongs to, by id.
pub fn facility(resource: &Value) -> Option<&str> {
    match kind(resource) {
        "Encounter" => target(resource, &["serviceProvider", "reference"]),
        "Patient" => target(resource, &["managingOrganization", "reference"]),
        "Immunization" => items(resource, "performer").find_map(|one| target(one, &["actor", "reference"])),
        _ => None,
    }
}

/// Which facility everything comes from. Built in one pass over the person's resources, so that asking for each of
/// thousands costs one look-up.
pub struct Places<'a> {
    names: HashMap<&'a str, &'a str>,
    by_encounter: HashMap<&'a str, &'a str>,
    by_patient: HashMap<&'a str, &'a str>,
}

impl<'a> Places<'a> {
    pub fn of_all(resources: &'a [Value]) -> Places<'a> {
        let mut places =
            Places { names: HashMap::new(), by_encounter: HashMap::new(), by_patient: HashMap::new() };
        let mut known = Vec::new();
        for one in resources {
            match kind(one) {
                "Organization" => {
                    places.names.insert(id(one), str_at(one, &["name"]).unwrap_or(UNKNOWN_PLACE));
                }
                kind @ ("Encounter" | "Patient") => known.push((kind, one)),
                _ => {}
            }
        }
        for (kind, one) in known {
            let Some(name) = places.own(one) else { continue };
            let map = if kind == "Patient" { &mut places.by_patient } else { &mut places.by_encounter };
            map.insert(id(one), name);
        }
        places
    }

    /// The facility's name: named by the resource itself, else by its encounter, else by its Patient.
    pub fn name(&self, resource: &'a Value) -> &'a str {
        self.own(resource)
            .or_else(|| self.by_encounter.get(encounter(resource)?).copied())
            .or_else(|| self.of_patient(resource))
            .unwrap_or(UNKNOWN_PLACE)
    }

    fn of_patient(&self, resource: &'a Value) -> Option<&'a str> {
        let patient = target(resource, &["subject", "reference"])
            .or_else(|| target(resource, &["patient", "reference"]))?;
        self.by_patient.get(patient).copied()
    }

    /// Named by the resource itself, where its type has a place for that.
    fn own(&self, resource: &'a Value) -> Option<&'a str> {
        let key = match kind(resource) {
            "Encounter" => "serviceProvider",
            "Patient" => "managingOrganization",
            "DocumentReference" | "Composition" => "custodian",
            "Claim" => "provider",
            "Observation" | "Immunization" | "Procedure" | "MedicationDispense" | "DiagnosticReport" => {
                return items(resource, "performer").find_map(|performer| {
                    self.organization(performer).or_else(|| self.organization(performer.get("actor")?))
                });
            }
            _ => return None,
        };
        self.organization(resource.get(key)?)
    }

    fn organization(&self, reference: &'a Value) -> Option<&'a str> {
        let ("Organization", id) = reference_target(str_at(reference, &["reference"])?)? else { return None };
        self.names.get(id).copied().or_else(|| str_at(reference, &["display"]))
    }
}
