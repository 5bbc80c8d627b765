//! What Patients and visits say for the household book.

use yba_fhir::json::{Value as Json, items, str_at};
use yba_fhir::text::unversioned;
use yba_store::{Value, Version};

use crate::chronic::{day_of, is_sealed, target};
use crate::standard::Standard;
use crate::table::number;

const EXTENSION: &str = "https://yba.vn/fhir/StructureDefinition/";
/// The states of a visit that took place, or is taking place. <https://hl7.org/fhir/R4/valueset-encounter-status.html>
const SEEN: [&str; 5] = ["arrived", "triaged", "in-progress", "onleave", "finished"];
const ANSWERED: [&str; 2] = ["completed", "amended"];

/// What a Patient says of their place in the book.
#[derive(Debug, Clone)]
pub(crate) struct Member {
    pub household: String,
    pub relation: String,
    pub missing: String,
    pub doctor: String,
}

fn extension<'p>(patient: &'p Json, slug: &str) -> &'p str {
    let own = |one: &&Json| str_at(one, &["url"]).and_then(|url| url.strip_prefix(EXTENSION)) == Some(slug);
    let value = items(patient, "extension").find(own).and_then(|one| str_at(one, &["valueString"]));
    value.map(str::trim).unwrap_or_default()
}

/// The number of the household.
pub(crate) fn household(patient: &Json) -> &str {
    extension(patient, "ma-ho-gia-dinh")
}

/// How somebody stands to the head of the household.
pub(crate) fn relation(patient: &Json) -> &str {
    extension(patient, "quan-he-chu-ho")
}

/// The family doctor: `Practitioner/…`.
pub(crate) fn doctor(patient: &Json) -> &str {
    let all = items(patient, "generalPractitioner").filter_map(|one| str_at(one, &["reference"]));
    let mut people = all.filter(|target| target.starts_with("Practitioner/"));
    people.next().unwrap_or_default()
}

/// What some records say of when people were seen.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    /// All of them, whatever they say.
    pub records: Vec<Value>,
    pub rows: Vec<Vec<Value>>,
    pub patients: Vec<String>,
}

/// Reads visits and the forms of checks. What is sealed says nothing.
pub(crate) fn seen<'v>(standard: Option<&Standard>, heads: impl Iterator<Item = &'v Version>) -> Seen {
    let form = standard.map(|standard| format!("/{}", standard.about.check_up.form.text));
    let mut seen = Seen::default();
    for head in heads {
        let record = Value::from(format!("{}/{}", head.kind, head.id).as_str());
        seen.records.push(record.clone());
        if head.deleted {
            continue;
        }
        let tree = head.tree();
        let said = |path: &[&str]| str_at(&tree, path).unwrap_or_default();
        let is_check = head.kind == "QuestionnaireResponse";
        let (counts, day) = match is_check {
            true => {
                let asked = unversioned(said(&["questionnaire"]));
                let is_form = form.as_ref().is_some_and(|form| asked.ends_with(form.as_str()));
                (is_form && ANSWERED.contains(&said(&["status"])), said(&["authored"]))
            }
            false => (SEEN.contains(&said(&["status"])), said(&["period", "start"])),
        };
        let (Some(day), Some(patient)) = (day_of(day), target(&tree, &["subject", "reference"])) else {
            continue;
        };
        if counts && !is_sealed(&tree) {
            let is_check = Value::Int(i64::from(is_check));
            seen.rows.push(vec![record, Value::from(patient.as_str()), is_check, number(day)]);
            seen.patients.push(patient);
        }
    }
    seen
}
