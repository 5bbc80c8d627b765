//! What the pages of visits show, made of records by pure functions.

use std::collections::BTreeMap;
use yba_care::advise::Told;
use yba_content::notifiable::Notifiable;
use yba_fhir::json::{Value, items, str_at};
use yba_fhir::view::Patient;
use yba_recall::chronic;

/// One visit of the day's list.
#[derive(Debug)]
pub(crate) struct Line {
    /// ISO instant.
    pub at: String,
    pub patient: String,
    pub name: String,
    pub sex: String,
    pub birth: String,
    pub diagnoses: String,
    pub examiner: String,
}

/// A visit of today on a person's page.
#[derive(Debug)]
pub(crate) struct Seen {
    /// Id of the Encounter.
    pub visit: String,
    pub at: String,
    pub reason: String,
    pub diagnoses: Vec<Diagnosis>,
    /// Why it was written although a rule stopped it.
    pub told: Vec<Told>,
    /// What was done at it.
    pub procedures: Vec<Done>,
}

/// A small procedure.
#[derive(Debug)]
pub(crate) struct Done {
    /// Id of the Procedure.
    pub id: String,
    /// `Thay băng: gối phải`
    pub words: String,
    pub by: String,
}

/// The procedures of a visit.
pub(crate) fn done(procedures: &[Value], visit: &str) -> Vec<Done> {
    let at = format!("Encounter/{visit}");
    let of = procedures.iter().filter(|one| str_at(one, &["encounter", "reference"]) == Some(&at));
    let words = |one: &Value| {
        let note = items(one, "note").find_map(|note| str_at(note, &["text"]));
        let name = str_at(one, &["code", "text"]).unwrap_or_default();
        note.map_or_else(|| name.to_owned(), |note| format!("{name}: {note}"))
    };
    let by = |one: &Value| {
        items(one, "performer").find_map(|by| str_at(by, &["actor", "display"])).map(str::to_owned)
    };
    of.filter_map(|one| {
        Some(Done {
            id: str_at(one, &["id"])?.to_owned(),
            words: words(one),
            by: by(one).unwrap_or_default(),
        })
    })
    .collect()
}

#[derive(Debug)]
pub(crate) struct Diagnosis {
    /// Id of the Condition.
    pub condition: String,
    pub words: String,
    /// The sentence that it must be notified; empty when not.
    pub notify: String,
}

/// Id of the Patient of an Encounter.
pub(crate) fn patient_of(encounter: &Value) -> Option<&str> {
    str_at(encounter, &["subject", "reference"])?.strip_prefix("Patient/")
}

fn is_of(condition: &Value, visit: &str) -> bool {
    str_at(condition, &["encounter", "reference"]).and_then(|one| one.strip_prefix("Encounter/"))
        == Some(visit)
        && chronic::holds(condition)
}

/// `Viêm phổi (J18.9)`
fn words(condition: &Value) -> String {
    let code = chronic::icd10(condition).next().unwrap_or_default();
    match str_at(condition, &["code", "text"]).unwrap_or_default() {
        "" => code.to_owned(),
        text if code.is_empty() => text.to_owned(),
        text => format!("{text} ({code})"),
    }
}

pub(crate) fn line(
    encounter: &Value,
    conditions: &[Value],
    people: &BTreeMap<String, Value>,
) -> Option<Line> {
    let (id, patient) = (str_at(encounter, &["id"])?, patient_of(encounter)?);
    let record = people.get(patient).map(Patient);
    let said: Vec<String> = conditions.iter().filter(|one| is_of(one, id)).map(words).collect();
    let examiner = items(encounter, "participant").find_map(|one| str_at(one, &["individual", "display"]));
    Some(Line {
        at: str_at(encounter, &["period", "start"]).unwrap_or_default().to_owned(),
        patient: patient.to_owned(),
        name: record.and_then(|one| one.name()).unwrap_or_else(|| "chưa rõ tên".to_owned()),
        sex: record.and_then(|one| one.gender()).unwrap_or_default().to_owned(),
        birth: record.and_then(|one| one.birth_date()).unwrap_or_default().to_owned(),
        diagnoses: said.join("; "),
        examiner: examiner.unwrap_or_default().to_owned(),
    })
}

/// A visit with its diagnoses; those of a disease to notify say so, by the list in force.
pub(crate) fn seen(encounter: &Value, conditions: &[Value], list: Option<&Notifiable>) -> Option<Seen> {
    let id = str_at(encounter, &["id"])?;
    let reason = items(encounter, "reasonCode").find_map(|one| str_at(one, &["text"])).unwrap_or_default();
    let diagnosis = |condition: &Value| {
        let by_code = |code| list?.disease(code).filter(|one| one.is_by_case());
        let disease = chronic::icd10(condition).find_map(by_code);
        Diagnosis {
            condition: str_at(condition, &["id"]).unwrap_or_default().to_owned(),
            words: words(condition),
            notify: disease.map(|one| format!("{} là bệnh phải thông báo.", one.title)).unwrap_or_default(),
        }
    };
    Some(Seen {
        visit: id.to_owned(),
        at: str_at(encounter, &["period", "start"]).unwrap_or_default().to_owned(),
        reason: reason.to_owned(),
        diagnoses: conditions.iter().filter(|one| is_of(one, id)).map(diagnosis).collect(),
        told: Vec::new(),
        procedures: Vec::new(),
    })
}
