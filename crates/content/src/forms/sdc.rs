//! The extensions that forms use, and the short keys they have in our TOML: one table, mapped both ways.
//! <https://hl7.org/fhir/uv/sdc/STU3/> and <https://hl7.org/fhir/R4/questionnaire-extensions.html>
//!
//! A list `extension` becomes short keys only when these give the very same list again; otherwise it stays as it is, so
//! nothing is ever lost.

use super::table::As::{self, ByType, Coded, Expression, Parts, Plain, Reference};
use super::table::Place::{Coding, Item, Option as Choice, Root, Template};
pub use super::table::{EXTENSIONS, Extension, Place};
use yba_fhir::json::{self, JsonContainerTrait, JsonValueTrait, Value};

/// The address of a short key's extension; empty for a key that is not in the table.
pub fn url(key: &str) -> &'static str {
    EXTENSIONS.iter().find(|one| one.key == key).map_or("", |one| one.url)
}

/// The short key of an extension's address.
pub fn key(url: &str) -> Option<&'static str> {
    EXTENSIONS.iter().find(|one| one.url == url).map(|one| one.key)
}

/// The short keys of a kind of object.
pub(super) fn keys(place: Place) -> Vec<&'static str> {
    EXTENSIONS.iter().filter(|one| one.places.contains(&place)).map(|one| one.key).collect()
}

/// With extensions in place of short keys; and what of them makes no sense, with its place.
pub fn expanded(value: &Value) -> (Value, Vec<(String, String)>) {
    let mut faults = Vec::new();
    let value = walk(value, Root, "", "", &mut |object, place, at, path| {
        spread(object, place, at, path, &mut faults)
    });
    (value, faults)
}

/// With short keys in place of extensions, where nothing is lost by it.
pub fn contracted(value: &Value) -> Value {
    walk(value, Root, "", "", &mut |object, place, item_type, _| gather(object, place, item_type))
}

/// A function of an object's members, its place, the type of its item, and its path.
type Each<'f> = &'f mut dyn FnMut(&json::Object, Place, &str, &str) -> json::Object;

/// Copies a document, with `each` applied to every object on the way in.
fn walk(value: &Value, place: Place, item_type: &str, path: &str, each: Each) -> Value {
    if let Some(list) = value.as_array() {
        let mut array = json::Array::new();
        for (at, one) in list.iter().enumerate() {
            array.push(walk(one, place, item_type, &format!("{path}[{at}]"), each));
        }
        return Value::from(array);
    }
    let Some(object) = value.as_object() else { return value.clone() };
    let item_type = match place {
        Item => object.get(&"type").and_then(|kind| kind.as_str()).unwrap_or_default(),
        _ => item_type,
    };
    let mut copy = json::Object::new();
    for (name, member) in each(object, place, item_type, path).iter() {
        let inside = if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
        copy.insert(name, walk(member, below(place, name), item_type, &inside, each));
    }
    Value::from(copy)
}

fn below(place: Place, name: &str) -> Place {
    match (place, name) {
        (_, "extension" | "modifierExtension") => Place::Other,
        (Root, "contained") | (Template, _) => Template,
        (Root | Item, "item") => Item,
        (Item, "answerOption") => Choice,
        (Choice, "valueCoding") => Coding,
        _ => Place::Other,
    }
}

fn spread(
    object: &json::Object,
    place: Place,
    item_type: &str,
    path: &str,
    faults: &mut Vec<(String, String)>,
) -> json::Object {
    let mut copy = json::Object::new();
    let mut extensions = json::Array::new();
    for extension in EXTENSIONS.iter().filter(|one| one.places.contains(&place)) {
        let Some(value) = object.get(&extension.key) else { continue };
        match extension.encode(value, item_type) {
            Some(all) => all.into_iter().for_each(|one| extensions.push(one)),
            None => {
                let inside = if path.is_empty() {
                    extension.key.to_owned()
                } else {
                    format!("{path}.{}", extension.key)
                };
                faults.push((inside, extension.wanted()));
            }
        }
    }
    let short = keys(place);
    for (name, member) in object.iter().filter(|(name, _)| !short.contains(name)) {
        if name == "extension" {
            member
                .as_array()
                .into_iter()
                .flat_map(|list| list.iter())
                .for_each(|one| extensions.push(one.clone()));
        } else {
            copy.insert(name, member.clone());
        }
    }
    if !extensions.is_empty() || object.get(&"extension").is_some() {
        copy.insert("extension", Value::from(extensions));
    }
    copy
}

fn gather(object: &json::Object, place: Place, item_type: &str) -> json::Object {
    let mut copy = json::Object::new();
    for (name, member) in object.iter() {
        copy.insert(name, member.clone());
    }
    let Some(list) = object.get(&"extension").and_then(|list| list.as_array()) else { return copy };
    let mut short = json::Object::new();
    for (name, member) in object.iter().filter(|(name, _)| *name != "extension") {
        short.insert(name, member.clone());
    }
    let mut rest = json::Array::new();
    for extension in list.iter() {
        if !shortened(extension, place, item_type, &mut short) {
            rest.push(extension.clone());
        }
    }
    if !rest.is_empty() {
        short.insert("extension", Value::from(rest));
    }
    let again = spread(&short, place, item_type, "", &mut Vec::new());
    let text = |object: &json::Object| printed(&Value::from(object.clone()));
    if text(&again) == text(&copy) { short } else { copy }
}

fn printed(value: &Value) -> String {
    json::to_string(&json::ordered(value)).unwrap_or_default()
}

/// Whether an extension found its short key.
fn shortened(extension: &Value, place: Place, item_type: &str, into: &mut json::Object) -> bool {
    let url = json::str_at(extension, &["url"]).unwrap_or_default();
    let found = EXTENSIONS.iter().find(|one| one.url == url && one.places.contains(&place));
    let Some((known, value)) = found.and_then(|one| Some((one, one.form.decode(extension, item_type)?)))
    else {
        return false;
    };
    if known.many {
        let mut list = json::Array::new();
        for before in
            into.get(&known.key).and_then(|list| list.as_array()).into_iter().flat_map(|list| list.iter())
        {
            list.push(before.clone());
        }
        list.push(value);
        into.insert(known.key, Value::from(list));
        return true;
    }
    into.get(&known.key).is_none() && {
        into.insert(known.key, value);
        true
    }
}

impl Extension {
    fn encode(&self, value: &Value, item_type: &str) -> Option<Vec<Value>> {
        let each = |one: &Value| {
            let (name, value) = self.form.encode(one, item_type)?;
            let mut object = json::Object::new();
            object.insert("url", self.url);
            object.insert(name, value);
            Some(Value::from(object))
        };
        if self.many {
            return value.as_array()?.iter().map(each).collect();
        }
        Some(vec![each(value)?])
    }

    /// What an author should have written.
    fn wanted(&self) -> String {
        let what = match &self.form {
            Plain("valueBoolean") => "true hoặc false".to_owned(),
            Plain("valueInteger" | "valueDecimal") | ByType => "một số hoặc một ngày".to_owned(),
            Plain("valueCoding") => "{ system, code, display }".to_owned(),
            Plain(_) | Coded(..) | Reference => "một chuỗi".to_owned(),
            Expression => "một biểu thức FHIRPath, hoặc { name, expression, language }".to_owned(),
            Parts(parts) => {
                let names: Vec<&str> = parts.iter().map(|part| part.0).collect();
                format!("{{ {} }}", names.join(", "))
            }
        };
        if self.many {
            format!("cần một danh sách, mỗi mục là {what}")
        } else {
            format!("cần {what}")
        }
    }
}

impl As {
    /// The member of the extension that holds the value; `None` when it does not fit.
    fn encode(&self, value: &Value, item_type: &str) -> Option<(&'static str, Value)> {
        match self {
            Plain(name) => fits(name, value).then(|| (*name, value.clone())),
            ByType => {
                let name = value_name(item_type, value);
                fits(name, value).then(|| (name, value.clone()))
            }
            Expression => {
                let Some(text) = value.as_str() else {
                    let object = value.as_object()?;
                    let known = ["name", "expression", "language", "description", "reference"];
                    let mut copy = json::Object::new();
                    copy.insert("language", "text/fhirpath");
                    for (name, member) in object.iter() {
                        (known.contains(&name) && member.is_str()).then_some(())?;
                        copy.insert(name, member.clone());
                    }
                    return Some(("valueExpression", Value::from(copy)));
                };
                let mut copy = json::Object::new();
                copy.insert("language", "text/fhirpath");
                copy.insert("expression", text);
                Some(("valueExpression", Value::from(copy)))
            }
            Coded(name, system) => {
                let Some(code) = value.as_str() else {
                    return value.is_object().then(|| (*name, value.clone()));
                };
                let coding = json::json!({"system": *system, "code": code});
                Some(match *name {
                    "valueCodeableConcept" => (name, json::json!({"coding": [coding]})),
                    _ => (name, coding),
                })
            }
            Reference => Some(("valueReference", json::json!({"reference": value.as_str()?}))),
            Parts(parts) => parts_encoded(parts, value, item_type),
        }
    }

    fn decode(&self, extension: &Value, item_type: &str) -> Option<Value> {
        let decoded = match self {
            Plain(name) => extension.get(*name)?.clone(),
            ByType => ["valueInteger", "valueDecimal", "valueDate", "valueDateTime", "valueTime"]
                .iter()
                .find_map(|name| extension.get(*name))?
                .clone(),
            Expression => {
                let whole = extension.get("valueExpression")?;
                let object = whole.as_object()?;
                let is_path = json::str_at(whole, &["language"]) == Some("text/fhirpath");
                match json::str_at(whole, &["expression"]) {
                    Some(text) if is_path && object.len() == 2 => Value::from(text),
                    _ if is_path => {
                        let mut copy = json::Object::new();
                        object.iter().filter(|(name, _)| *name != "language").for_each(|(name, member)| {
                            copy.insert(name, member.clone());
                        });
                        Value::from(copy)
                    }
                    _ => whole.clone(),
                }
            }
            Coded(name, _) => {
                let whole = extension.get(*name)?;
                let coding = whole.get("coding").and_then(|list| list.get(0)).unwrap_or(whole);
                let short = Value::from(json::str_at(coding, &["code"])?);
                let (_, again) = self.encode(&short, item_type)?;
                if printed(&again) == printed(whole) { short } else { whole.clone() }
            }
            Reference => Value::from(json::str_at(extension, &["valueReference", "reference"])?),
            Parts(parts) => parts_decoded(parts, extension, item_type)?,
        };
        Some(decoded)
    }
}

fn parts_encoded(
    parts: &'static [(&'static str, As)],
    value: &Value,
    item_type: &str,
) -> Option<(&'static str, Value)> {
    let object = value.as_object()?;
    object.iter().all(|(name, _)| parts.iter().any(|part| part.0 == name)).then_some(())?;
    let mut inside = json::Array::new();
    for (url, form) in parts {
        let Some(member) = object.get(url) else { continue };
        let (name, member) = form.encode(member, item_type)?;
        let mut extension = json::Object::new();
        extension.insert("url", *url);
        extension.insert(name, member);
        inside.push(Value::from(extension));
    }
    (!inside.is_empty()).then(|| ("extension", Value::from(inside)))
}

fn parts_decoded(parts: &'static [(&'static str, As)], extension: &Value, item_type: &str) -> Option<Value> {
    let mut object = json::Object::new();
    for one in extension.get("extension")?.as_array()?.iter() {
        let url = json::str_at(one, &["url"])?;
        let (name, form) = parts.iter().find(|part| part.0 == url)?;
        object.insert(name, form.decode(one, item_type)?);
    }
    Some(Value::from(object))
}

/// The `value[x]` of a limit, by what the item asks for; else by how the limit is written.
fn value_name(item_type: &str, value: &Value) -> &'static str {
    match item_type {
        "integer" => "valueInteger",
        "decimal" | "quantity" => "valueDecimal",
        "date" => "valueDate",
        "dateTime" => "valueDateTime",
        "time" => "valueTime",
        _ if value.is_str() => "valueString",
        _ => "valueDecimal",
    }
}

fn fits(name: &str, value: &Value) -> bool {
    match name {
        "valueBoolean" => value.is_boolean(),
        "valueInteger" => value.as_i64().is_some(),
        "valueDecimal" => value.is_number(),
        "valueCoding" => value.is_object(),
        _ => value.is_str(),
    }
}

#[cfg(test)]
#[path = "sdc_tests.rs"]
mod tests;
