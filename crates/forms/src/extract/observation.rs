//! An answered question with a code becomes an Observation.
//! <https://hl7.org/fhir/uv/sdc/STU3/extraction.html#observation-based-extraction>

use super::{Act, Extracted};
use crate::compile::extension;
use crate::fill::Filling;
use crate::form::{Form, Item, Kind};
use crate::response::Head;
use crate::value;
use yba_fhir::json::{self, JsonContainerTrait, JsonValueTrait, Value, json};

pub(super) fn all(filling: &Filling, head: &Head) -> Vec<Extracted> {
    let form = filling.form;
    let mut all = Vec::new();
    for spot in filling.sheet.spots(form) {
        let item = &form.items[spot.item];
        if item.codes.is_empty() || !item.is_question() || !is_observed(form, spot.item) {
            continue;
        }
        let Some(slot) = filling.sheet.slot(&spot) else { continue };
        for held in slot.values() {
            all.extend(observation(form, spot.item, held, head));
        }
    }
    all
}

/// Whether the item says so, or the nearest item around it that says anything, or the form.
fn is_observed(form: &Form, item: usize) -> bool {
    let mut at = Some(item);
    while let Some(item) = at {
        if let Some(said) = form.items[item].observed {
            return said;
        }
        at = form.items[item].parent;
    }
    let said = extension(&form.questionnaire, "observationExtract");
    said.and_then(|one| one.get("valueBoolean")).and_then(|flag| flag.as_bool()).unwrap_or(false)
}

fn category(form: &Form, item: usize) -> Option<Value> {
    let mut at = Some(item);
    while let Some(item) = at {
        if let Some(said) = &form.items[item].category {
            return Some(said.clone());
        }
        at = form.items[item].parent;
    }
    extension(&form.questionnaire, "observationExtractCategory")
        .and_then(|one| one.get("valueCodeableConcept"))
        .cloned()
}

fn observation(form: &Form, at: usize, held: &Value, head: &Head) -> Option<Extracted> {
    let item = &form.items[at];
    let (name, inside) = observed(item, held)?;
    let mut codes = json::Array::new();
    item.codes.iter().for_each(|code| codes.push(code.clone()));
    let mut observation = json::Object::new();
    observation.insert("resourceType", "Observation");
    observation.insert("status", "final");
    observation.insert("code", json!({"coding": codes, "text": item.text.as_str()}));
    observation.insert(name, inside);
    if let Some(category) = category(form, at) {
        observation.insert("category", json::array![category]);
    }
    let reference = |to: &str| json!({"reference": to});
    if let Some(subject) = head.subject {
        observation.insert("subject", reference(subject));
    }
    if let Some(encounter) = head.encounter {
        observation.insert("encounter", reference(encounter));
    }
    if let Some(author) = head.author {
        observation.insert("performer", json::array![reference(author)]);
    }
    if !head.authored.is_empty() {
        observation.insert("effectiveDateTime", head.authored);
    }
    if let Some(id) = head.id {
        observation.insert("derivedFrom", json::array![reference(&format!("QuestionnaireResponse/{id}"))]);
    }
    Some(Extracted { act: Act::Create { unless: None }, resource: Value::from(observation), known_as: None })
}

/// The `value[x]` of an Observation. <https://hl7.org/fhir/R4/observation-definitions.html#Observation.value_x_>
fn observed(item: &Item, held: &Value) -> Option<(&'static str, Value)> {
    let (member, inside) = value::parts(held)?;
    Some(match (member, item.kind) {
        ("valueDecimal", _) => ("valueQuantity", value::quantity(inside.clone(), item.unit.as_ref())),
        ("valueInteger", Kind::Integer) if item.unit.is_some() => {
            ("valueQuantity", value::quantity(inside.clone(), item.unit.as_ref()))
        }
        ("valueInteger", _) => ("valueInteger", inside.clone()),
        ("valueBoolean", _) => ("valueBoolean", inside.clone()),
        ("valueDate" | "valueDateTime", _) => ("valueDateTime", inside.clone()),
        ("valueTime", _) => ("valueTime", inside.clone()),
        ("valueQuantity", _) => ("valueQuantity", inside.clone()),
        ("valueCoding", _) => ("valueCodeableConcept", concept(inside)),
        _ => ("valueString", inside.clone()),
    })
}

/// A coding as a concept, with its words, without the score it has on the form.
fn concept(coding: &Value) -> Value {
    let mut plain = json::Object::new();
    for (name, member) in coding.as_object().into_iter().flat_map(|object| object.iter()) {
        if name != "extension" {
            plain.insert(name, member.clone());
        }
    }
    let words = json::str_at(coding, &["display"]).map(str::to_owned);
    let mut concept = json!({"coding": json::array![Value::from(plain)]});
    if let (Some(words), Some(object)) = (words, json::JsonValueMutTrait::as_object_mut(&mut concept)) {
        object.insert("text", words.as_str());
    }
    concept
}
