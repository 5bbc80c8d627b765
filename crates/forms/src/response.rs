//! The sheet as a QuestionnaireResponse, and back. <https://hl7.org/fhir/R4/questionnaireresponse.html>

use crate::fill::{Filling, put};
use crate::form::{Form, Kind};
use crate::limits::REASONS_MAX;
use crate::sheet::{Row, Sheet, Spot};
use yba_fhir::json::{self, JsonContainerTrait, JsonValueTrait, Value, str_at};

/// Why a warning was passed over: `constraint` (its key) and `reason`.
pub(crate) const REASON: &str = "https://yba.vn/fhir/StructureDefinition/form-warning-reason";

/// What a response says of itself beside its answers.
#[derive(Debug, Clone, Default)]
pub struct Head<'h> {
    /// The id it is kept under; resources made of it point there.
    pub id: Option<&'h str>,
    /// `Patient/1`
    pub subject: Option<&'h str>,
    pub encounter: Option<&'h str>,
    /// `PractitionerRole/1`: who answers for it.
    pub author: Option<&'h str>,
    /// When it was filled in; an instant.
    pub authored: &'h str,
}

impl Filling<'_> {
    /// The response to be kept: `completed`, with what is asked and answered.
    pub fn response(&self, head: &Head) -> Value {
        self.response_as("completed", head)
    }

    /// The same with another status: `in-progress` for a draft, `amended`.
    /// <https://hl7.org/fhir/R4/valueset-questionnaire-answers-status.html>
    pub fn response_as(&self, status: &str, head: &Head) -> Value {
        let body = tree(self.form, &self.sheet, false);
        let mut response = json::Object::new();
        body.as_object().into_iter().flat_map(|object| object.iter()).for_each(|(name, member)| {
            response.insert(name, member.clone());
        });
        response.insert("questionnaire", self.form.canonical().as_str());
        response.insert("status", status);
        if let Some(id) = head.id {
            response.insert("id", id);
        }
        for (name, reference) in
            [("subject", head.subject), ("encounter", head.encounter), ("author", head.author)]
        {
            if let Some(reference) = reference {
                response.insert(name, json::json!({"reference": reference}));
            }
        }
        if !head.authored.is_empty() {
            response.insert("authored", head.authored);
        }
        json::ordered(&Value::from(response))
    }
}

/// The sheet as a response. A full one has an item for every slot, answered or not, so that expressions find their place.
pub(crate) fn tree(form: &Form, sheet: &Sheet, full: bool) -> Value {
    let mut response = json::Object::new();
    response.insert("resourceType", "QuestionnaireResponse");
    response.insert("status", "in-progress");
    let items = items(form, sheet, &sheet.top, Sheet::tops(form), full);
    if !items.is_empty() {
        response.insert("item", Value::from(items));
    }
    if let Some(reasons) = reasons(sheet, "") {
        response.insert("extension", reasons);
    }
    Value::from(response)
}

fn items(form: &Form, sheet: &Sheet, row: &Row, spots: Vec<Spot>, full: bool) -> json::Array {
    let mut list = json::Array::new();
    for (spot, slot) in spots.iter().zip(&row.slots) {
        let item = &form.items[spot.item];
        if item.kind == Kind::Display || !full && !slot.enabled {
            continue;
        }
        if item.kind == Kind::Group {
            for (at, inner) in slot.rows.iter().enumerate() {
                let inside = items(form, sheet, inner, spot.below(form, at), full);
                let mut entry = head(form, sheet, spot, at, full);
                // Why a group was left empty is an answer as well.
                if full || !inside.is_empty() || entry.get(&"extension").is_some() {
                    if !inside.is_empty() {
                        entry.insert("item", Value::from(inside));
                    }
                    list.push(Value::from(entry));
                }
            }
            continue;
        }
        let mut answers = json::Array::new();
        for (at, value) in slot.values().enumerate() {
            let mut answer = value.as_object().cloned().unwrap_or_default();
            if let (0, Some(inner)) = (at, slot.rows.first()) {
                let inside = items(form, sheet, inner, spot.below(form, 0), full);
                if !inside.is_empty() {
                    answer.insert("item", Value::from(inside));
                }
            }
            answers.push(Value::from(answer));
        }
        if full || !answers.is_empty() {
            let mut entry = head(form, sheet, spot, 0, full);
            if !answers.is_empty() {
                entry.insert("answer", Value::from(answers));
            }
            list.push(Value::from(entry));
        }
    }
    list
}

fn head(form: &Form, sheet: &Sheet, spot: &Spot, at: usize, full: bool) -> json::Object {
    let item = &form.items[spot.item];
    let mut entry = json::Object::new();
    entry.insert("linkId", item.link_id.as_str());
    if !full && !item.text.is_empty() {
        entry.insert("text", item.text.as_str());
    }
    if let Some(reasons) = reasons(sheet, &spot.name_of(form, at)) {
        entry.insert("extension", reasons);
    }
    entry
}

/// The reasons given at a field, as extensions.
fn reasons(sheet: &Sheet, name: &str) -> Option<Value> {
    let prefix = format!("{name}{}", crate::post::WHY);
    let mut list = json::Array::new();
    let from = sheet.reasons.range(prefix.clone()..);
    for (key, reason) in from.map_while(|(field, reason)| Some((field.strip_prefix(&prefix)?, reason))) {
        list.push(json::json!({"url": REASON, "extension": [
            {"url": "constraint", "valueId": key},
            {"url": "reason", "valueString": reason.as_str()},
        ]}));
    }
    (!list.is_empty()).then(|| Value::from(list))
}

/// Reads a response into a sheet: what has no place there is passed over.
pub(crate) fn read_into(form: &Form, response: &Value, sheet: &mut Sheet) {
    read_reasons(response, "", sheet);
    read_items(form, response, Sheet::tops(form), sheet);
}

fn read_items(form: &Form, around: &Value, spots: Vec<Spot>, sheet: &mut Sheet) {
    for spot in spots {
        let item = &form.items[spot.item];
        let named = |entry: &&Value| str_at(entry, &["linkId"]) == Some(item.link_id.as_str());
        let entries: Vec<&Value> =
            json::items(around, "item").filter(named).take(crate::limits::ROWS_MAX).collect();
        if item.kind == Kind::Group {
            if item.repeats && !entries.is_empty() {
                sheet.resize(form, &spot, entries.len());
            }
            for (at, entry) in entries.iter().enumerate() {
                if at == 0 || item.repeats {
                    read_reasons(entry, &spot.name_of(form, at), sheet);
                    read_items(form, entry, spot.below(form, at), sheet);
                }
            }
            continue;
        }
        let answers: Vec<&Value> = entries.iter().flat_map(|entry| json::items(entry, "answer")).collect();
        let values = answers.iter().filter_map(|answer| value_in(answer));
        let values: Vec<Value> =
            values.take(if item.repeats { crate::limits::ROWS_MAX } else { 1 }).collect();
        if item.is_question() && item.calculated.is_none() && !(values.is_empty() && entries.is_empty()) {
            put(form, sheet, &spot, values);
        }
        if let Some(entry) = entries.first() {
            read_reasons(entry, &spot.name_of(form, 0), sheet);
        }
        if let Some(answer) = answers.first().filter(|_| !item.children.is_empty()) {
            read_items(form, answer, spot.below(form, 0), sheet);
        }
    }
}

/// `{"valueX": …}` of an answer that may hold more.
fn value_in(answer: &Value) -> Option<Value> {
    let mut members = answer.as_object()?.iter();
    let (name, inside) = members.find(|(name, _)| name.starts_with("value"))?;
    Some(crate::value::of(name, inside.clone()))
}

fn read_reasons(entry: &Value, name: &str, sheet: &mut Sheet) {
    for extension in json::items(entry, "extension").filter(|one| str_at(one, &["url"]) == Some(REASON)) {
        let part = |wanted: &str, member: &str| {
            let found = json::items(extension, "extension").find(|one| str_at(one, &["url"]) == Some(wanted));
            found.and_then(|one| one.get(member)).and_then(|text| text.as_str()).map(str::to_owned)
        };
        if let (Some(key), Some(reason)) = (part("constraint", "valueId"), part("reason", "valueString"))
            && sheet.reasons.len() < REASONS_MAX
        {
            sheet.reasons.insert(format!("{name}{}{key}", crate::post::WHY), reason);
        }
    }
}

/// Whether an item of the response, or one inside it, has an answer.
pub(crate) fn is_answered(item: &Value) -> bool {
    json::items(item, "answer").next().is_some() || json::items(item, "item").any(is_answered)
}
