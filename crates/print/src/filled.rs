//! A filled-in form of content as a sheet.

use crate::paper::Place;
use yba_fhir::json::{Value, items, json, str_at};
use yba_fhir::view::Patient;
use yba_forms::{Form, printed};
use yba_ui::format;

/// What surrounds the answers.
pub struct Sheet<'s> {
    pub form: &'s Form,
    /// The QuestionnaireResponse.
    pub response: &'s Value,
    /// The Patient, as far as they are known.
    pub patient: &'s Value,
    pub place: Place,
    /// Who filled it in.
    pub by: &'s str,
    /// Numbers of laws.
    pub basis: Vec<String>,
    pub uncertain: &'s str,
}

/// What a template reads, as docs/vi/noi-dung.md describes it.
pub fn data(sheet: &Sheet) -> Value {
    let lines = printed::lines(sheet.form, sheet.response).into_iter().map(|line| {
        let answers: Vec<&str> = line.answers.iter().flatten().map(String::as_str).collect();
        json!({"depth": line.depth, "text": line.text.as_str(), "group": line.answers.is_none(),
            "answers": answers})
    });
    let lines: Vec<Value> = lines.collect();
    let authored = str_at(sheet.response, &["authored"]).unwrap_or_default();
    let (id, version) =
        (str_at(sheet.response, &["id"]), str_at(sheet.response, &["meta", "versionId"]).unwrap_or_default());
    json!({
        "title": sheet.form.title(), "lines": lines, "patient": person(sheet.patient, authored),
        "day": format::date(authored), "at": format::date_time(authored), "by": sheet.by,
        "place": sheet.place.data(), "basis": sheet.basis, "uncertain": sheet.uncertain,
        "id": id.unwrap_or_default(), "version": version,
    })
}

pub(crate) fn person(patient: &Value, on: &str) -> Value {
    let view = Patient(patient);
    let home = items(patient, "address").find(|one| str_at(one, &["use"]) != Some("old"));
    let home = home.and_then(|one| str_at(one, &["text"])).unwrap_or_default();
    let number = |ending: &str| {
        let found = view.identifiers().find(|(system, _)| system.ends_with(ending));
        found.map(|(_, value)| value.to_owned()).unwrap_or_default()
    };
    json!({
        "name": view.name().unwrap_or_default(), "sex": format::sex(view.gender().unwrap_or_default()),
        "born": format::born(view.birth_date().unwrap_or_default(), on), "address": home,
        "phone": view.phones().next().unwrap_or_default(),
        "citizen": number("/cccd"), "insurance": number("/bhyt"), "code": view.id().unwrap_or_default(),
    })
}
