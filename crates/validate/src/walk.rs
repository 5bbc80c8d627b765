//! One pass over a tree: names, kinds of JSON, how many, formats, required codes, types of references.
//! <https://hl7.org/fhir/R4/json.html>

use crate::finding::{Finding, Findings, Place};
use crate::primitive::{Primitive, Refused};
use crate::required::RequiredCodes;
use crate::shape::{Content, Field, Member, Node, Shapes};
use yba_fhir::json::{JsonContainerTrait, JsonValueTrait, Object, Value, items, str_at, to_string};

/// The tables that the walk asks.
pub struct Walk<'a> {
    pub shapes: &'a Shapes,
    pub required: &'a RequiredCodes,
}

/// A member of an object on the walk.
struct At<'a> {
    field: &'a Field,
    member: Member,
    /// The value or values of the other of `name` and `_name`.
    beside: Option<&'a Value>,
}

impl Walk<'_> {
    /// Everything about a resource.
    pub fn resource(&self, value: &Value, out: &mut Findings) {
        let kind = str_at(value, &["resourceType"]).filter(|kind| !kind.is_empty());
        self.any_resource(value, &Place::root(kind.unwrap_or("Resource")), out);
    }

    fn any_resource(&self, value: &Value, place: &Place<'_>, out: &mut Findings) {
        if !value.is_object() {
            return out.add(place, Finding::wrong_type("đối tượng { }", kind_of(value)));
        }
        match value.get("resourceType").map(|kind| kind.as_str().unwrap_or_default()) {
            None => out.add(place, Finding::missing("resourceType")),
            Some(kind) => match self.shapes.resource(kind) {
                None => out.add(place, Finding::unknown_type(kind)),
                Some(node) => self.object(node, value, place, out),
            },
        }
    }

    fn object(&self, node: &Node, value: &Value, place: &Place<'_>, out: &mut Findings) {
        let Some(object) = value.as_object() else {
            return out.add(place, Finding::wrong_type("đối tượng { }", kind_of(value)));
        };
        if object.is_empty() {
            out.add(place, Finding::empty("object"));
        }
        let present = self.members(node, object, place, out);
        let missing = node.required & !present;
        for (at, field) in node.fields.iter().enumerate() {
            if missing >> at & 1 == 1 {
                out.add(&place.child(&field.name), Finding::missing(&field.name));
            }
        }
        if node.name == "Extension" {
            extension(object, place, out);
        }
    }

    /// Walks over the members; answers which fields are there, as bits.
    fn members(&self, node: &Node, object: &Object, place: &Place<'_>, out: &mut Findings) -> u128 {
        let (mut present, mut chosen) = (0u128, 0u128);
        for (key, value) in object.iter() {
            if key == "resourceType" && node.is_resource {
                continue;
            }
            let Some(member) = node.member(key) else {
                let finding = Finding::unknown_element(key, &node.name, node.near(key));
                out.add(&place.child(key), finding);
                continue;
            };
            let (field, bit) = (&node.fields[member.field], 1u128 << member.field);
            let here = place.child(&field.name);
            if field.is_choice && !member.is_sibling {
                if chosen & bit != 0 {
                    out.add(&here, Finding::choice_twice(&field.name));
                }
                chosen |= bit;
            }
            present |= bit;
            let at = At { field, member, beside: beside(object, key, member) };
            self.member(&at, value, &here, out);
        }
        present
    }

    /// One value, or a list of them.
    fn member(&self, at: &At<'_>, value: &Value, place: &Place<'_>, out: &mut Findings) {
        match (at.field.is_list, value.as_array()) {
            (true, None) => out.add(place, Finding::not_array()),
            (false, Some(_)) => out.add(place, Finding::is_array()),
            (false, None) => self.item(at, value, at.beside, place, out),
            (true, Some(list)) => {
                if list.is_empty() {
                    out.add(place, Finding::empty("array"));
                }
                if let Some(most) = at.field.most.filter(|most| list.len() > *most as usize) {
                    out.add(place, Finding::too_many(&at.field.name, most, list.len()));
                }
                for (index, item) in list.iter().enumerate() {
                    let beside = at.beside.and_then(|other| other.as_array()?.get(index));
                    self.item(at, item, beside, &place.item(index), out);
                }
            }
        }
    }

    fn item(
        &self,
        at: &At<'_>,
        value: &Value,
        beside: Option<&Value>,
        place: &Place<'_>,
        out: &mut Findings,
    ) {
        if value.is_null() {
            // In a list, null keeps the place of a value whose id or extension stands at the same index, or the reverse.
            if !at.field.is_list || beside.is_none_or(|other| other.is_null()) {
                out.add(place, Finding::null_item());
            }
            return;
        }
        match at.member.content {
            Content::Resource => self.any_resource(value, place, out),
            Content::Object(node) => {
                let node = self.shapes.node(node);
                self.object(node, value, place, out);
                if !at.member.is_sibling {
                    self.meaning(at.field, node, value, place, out);
                }
            }
            Content::Primitive(kind) => self.primitive(at.field, kind, value, place, out),
        }
    }

    fn primitive(
        &self,
        field: &Field,
        kind: Primitive,
        value: &Value,
        place: &Place<'_>,
        out: &mut Findings,
    ) {
        match kind.check(value) {
            Err(Refused::Json(wanted)) => out.add(place, Finding::wrong_type(wanted, kind_of(value))),
            Err(Refused::Format(why)) => {
                let shown = value.as_str().map(str::to_owned).or_else(|| to_string(value).ok());
                out.add(place, Finding::bad_format(name_of(kind), why, &shown.unwrap_or_default()));
            }
            Ok(()) => {
                if let (Some(set), Some(code)) = (&field.required_set, value.as_str())
                    && kind == Primitive::Code
                    && self.required.contains(set, None, code) == Some(false)
                {
                    out.add(place, Finding::code_not_in_set(code, set));
                }
            }
        }
    }

    /// What the element's definition says of a data type: the codes it must use, what it may point to.
    fn meaning(&self, field: &Field, node: &Node, value: &Value, place: &Place<'_>, out: &mut Findings) {
        if node.name == "Reference" && !field.targets.is_empty() {
            reference(field, value, place, out);
        }
        let Some(set) = &field.required_set else { return };
        let outside = match node.name.as_str() {
            "CodeableConcept" => self.no_coding_in(set, value),
            "Coding" | "Quantity" => self.is_outside(set, value).then(|| str_at(value, &["code"])).flatten(),
            _ => None,
        };
        if let Some(code) = outside {
            out.add(place, Finding::code_not_in_set(code, set));
        }
    }

    /// The first code of a concept none of whose codings is in the set.
    fn no_coding_in<'v>(&self, set: &str, concept: &'v Value) -> Option<&'v str> {
        let first = items(concept, "coding").find_map(|coding| str_at(coding, &["code"]))?;
        items(concept, "coding").all(|coding| self.is_outside(set, coding)).then_some(first)
    }

    fn is_outside(&self, set: &str, coding: &Value) -> bool {
        let Some(code) = str_at(coding, &["code"]) else { return true };
        self.required.contains(set, str_at(coding, &["system"]), code) == Some(false)
    }
}

/// The other of `name` and `_name`.
fn beside<'a>(object: &'a Object, key: &str, member: Member) -> Option<&'a Value> {
    match (member.is_sibling, member.content) {
        (true, _) => object.get(&&key[1..]),
        (false, Content::Primitive(_)) => object.get(&format!("_{key}").as_str()),
        (false, _) => None,
    }
}

/// ext-1: extensions or a value, one of them. <https://hl7.org/fhir/R4/extensibility.html#Extension>
fn extension(object: &Object, place: &Place<'_>, out: &mut Findings) {
    let has_value = object.iter().any(|(key, _)| key.trim_start_matches('_').starts_with("value"));
    if has_value == object.contains_key(&"extension") {
        let words = "phần mở rộng có giá trị hoặc có phần mở rộng con, một trong hai";
        out.add(place, Finding::invariant("ext-1", words));
    }
}

/// Whether a reference points to a type that may stand there, as far as its text tells.
fn reference(field: &Field, value: &Value, place: &Place<'_>, out: &mut Findings) {
    let named = str_at(value, &["type"]);
    let pointed = str_at(value, &["reference"]).and_then(pointed_type);
    for kind in named.into_iter().chain(pointed) {
        if !field.targets.iter().any(|target| target == kind) {
            return out.add(place, Finding::reference_type(kind, &field.targets));
        }
    }
}

/// The type in `Patient/1`, `https://…/Patient/1` and `…/_history/2`; `None` for `#id`, `urn:…` and anything else.
fn pointed_type(reference: &str) -> Option<&str> {
    let target = reference.split_once("/_history/").map_or(reference, |(target, _)| target);
    let (before, id) = target.rsplit_once('/')?;
    let kind = before.rsplit('/').next()?;
    let is_type = kind.starts_with(|letter: char| letter.is_ascii_uppercase())
        && kind.bytes().all(|byte| byte.is_ascii_alphabetic());
    (is_type && yba_fhir::resource::is_id(id)).then_some(kind)
}

/// A kind of JSON value in words.
fn kind_of(value: &Value) -> &'static str {
    if value.is_object() {
        "đối tượng { }"
    } else if value.is_array() {
        "danh sách [ ]"
    } else if value.is_str() {
        "chữ trong ngoặc kép"
    } else if value.is_number() {
        "số"
    } else if value.is_boolean() {
        "true hoặc false"
    } else {
        "null"
    }
}

fn name_of(kind: Primitive) -> &'static str {
    match kind {
        Primitive::Base64Binary => "base64Binary",
        Primitive::Boolean => "boolean",
        Primitive::Canonical => "canonical",
        Primitive::Code => "code",
        Primitive::Date => "date",
        Primitive::DateTime => "dateTime",
        Primitive::Decimal => "decimal",
        Primitive::Id => "id",
        Primitive::Instant => "instant",
        Primitive::Integer => "integer",
        Primitive::Markdown => "markdown",
        Primitive::Oid => "oid",
        Primitive::PositiveInt => "positiveInt",
        Primitive::String => "string",
        Primitive::Time => "time",
        Primitive::UnsignedInt => "unsignedInt",
        Primitive::Uri => "uri",
        Primitive::Url => "url",
        Primitive::Uuid => "uuid",
        Primitive::Xhtml => "xhtml",
    }
}
