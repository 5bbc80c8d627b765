//! A filled-in form of content as a sheet.

use crate::paper::Place;
use crate::person;
use yba_fhir::json::{Value, json, str_at};
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
        json!({"name": line.name.as_str(), "depth": line.depth, "text": line.text.as_str(), "group": line.answers.is_none(),
            "answers": answers, "codes": line.codes})
    });
    let lines: Vec<Value> = lines.collect();
    let authored = str_at(sheet.response, &["authored"]).unwrap_or_default();
    let (id, version) =
        (str_at(sheet.response, &["id"]), str_at(sheet.response, &["meta", "versionId"]).unwrap_or_default());
    json!({
        "title": sheet.form.title(), "lines": lines, "patient": person::data(sheet.patient, authored),
        "day": format::date(authored), "at": format::date_time(authored), "by": sheet.by,
        "place": sheet.place.data(), "basis": sheet.basis, "uncertain": sheet.uncertain,
        "id": id.unwrap_or_default(), "version": version,
    })
}
