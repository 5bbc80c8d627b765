//! One pass over a tree: names, kinds of JSON, how many, formats, required codes, types of references.
//! <https://hl7.org/fhir/R4/json.html>

use crate::finding::{Finding, Findings, Place};
use crate::primitive::{Primitive, Refused};
use crate::profile::conform::Conform;
use crate::profile::{Attached, HL7};
use crate::shape::{Content, Field, Member, Node, Shapes};
use crate::spot::{Spot, Within};
use yba_fhir::json::{JsonContainerTrait, JsonValueTrait, Object, Value, items, str_at, to_string};
use yba_fhir::outcome::Severity;
use yba_fhirpath::schema::{TypeId, schema};
use yba_fhirpath::{Host, Node as PathNode};

/// The tables that the walk asks.
#[derive(Clone, Copy)]
pub struct Walk<'a> {
    pub shapes: &'a Shapes,
    pub conform: Conform<'a>,
    pub host: &'a dyn Host,
    /// Profiles that the caller asks for the outermost resource, beyond those that it names itself.
    pub asked: &'a [String],
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
        let node = PathNode::root(value);
        let on = self.conform.codes.day_of(value);
        let within = Within { resource: node, root: node, host: self.host, on };
        let spot = Spot { place: Place::root(kind.unwrap_or("Resource")), within };
        self.any_resource(value, spot, out);
        self.asked.iter().for_each(|url| self.profile(url, value, spot, out));
    }

    fn any_resource(&self, value: &Value, spot: Spot<'_>, out: &mut Findings) {
        if !value.is_object() {
            return out.add(&spot.place, Finding::wrong_type("đối tượng { }", kind_of(value)));
        }
        match value.get("resourceType").map(|kind| kind.as_str().unwrap_or_default()) {
            None => out.add(&spot.place, Finding::missing("resourceType")),
            Some(kind) => match self.shapes.resource(kind) {
                None => out.add(&spot.place, Finding::unknown_type(kind)),
                Some(node) => {
                    let spot = Spot { place: spot.place.resource(kind), ..spot };
                    self.object(node, value, spot, out);
                    self.profiles_of(kind, value, spot, out);
                }
            },
        }
    }

    /// The profiles that a resource says it conforms to, and those that content attaches to what it holds.
    fn profiles_of(&self, kind: &str, value: &Value, spot: Spot<'_>, out: &mut Findings) {
        let named: Vec<&str> = match value.get("meta") {
            Some(meta) => items(meta, "profile").filter_map(|url| url.as_str()).collect(),
            None => Vec::new(),
        };
        // What the caller asks is judged once, and of the outermost resource alone.
        let asked = if spot.place.parent().is_none() { self.asked } else { &[] };
        for url in named.iter().filter(|url| !asked.iter().any(|asked| asked == *url)) {
            self.profile(url, value, spot, out);
        }
        for one in self.conform.profiles.attached(kind) {
            let mut others = named.iter().copied().chain(asked.iter().map(String::as_str));
            let is_named = others.any(|url| one.profile.is_named(url));
            if !is_named
                && (one.is_enforced || out.wants(Severity::Warning))
                && one.is_for(PathNode::root(value))
            {
                self.attached(one, value, spot, out);
            }
        }
    }

    fn attached(&self, one: &Attached, value: &Value, spot: Spot<'_>, out: &mut Findings) {
        let judge = |out: &mut Findings| self.conform.profile(&one.profile, PathNode::root(value), spot, out);
        if one.is_enforced { out.of_profile(judge) } else { out.softly(judge) }
    }

    fn profile(&self, url: &str, value: &Value, spot: Spot<'_>, out: &mut Findings) {
        match self.conform.profiles.get(url) {
            Some(profile) => {
                out.of_profile(|out| self.conform.profile(profile, PathNode::root(value), spot, out));
            }
            // R4's own type as a profile asks nothing more.
            None if url
                .strip_prefix(HL7)
                .is_some_and(|kind| Some(kind) == str_at(value, &["resourceType"])) => {}
            None if out.wants(Severity::Warning) => out.add(&spot.place, Finding::unknown_profile(url)),
            None => {}
        }
    }

    /// A resource inside another: one that is contained keeps its container in sight, an entry of a bundle does not.
    fn inner_resource(&self, field: &Field, value: &Value, spot: Spot<'_>, out: &mut Findings) {
        let resource = PathNode::root(value);
        let root = if field.name == "contained" { spot.within.root } else { resource };
        let on = if field.name == "contained" { spot.within.on } else { self.conform.codes.day_of(value) };
        self.any_resource(value, Spot { within: Within { resource, root, on, ..spot.within }, ..spot }, out);
    }

    fn object(&self, node: &Node, value: &Value, spot: Spot<'_>, out: &mut Findings) {
        let Some(object) = value.as_object() else {
            return out.add(&spot.place, Finding::wrong_type("đối tượng { }", kind_of(value)));
        };
        if object.is_empty() {
            out.add(&spot.place, Finding::empty("object"));
        }
        let present = self.members(node, object, spot, out);
        let missing = node.required & !present;
        for (at, field) in node.fields.iter().enumerate() {
            if missing >> at & 1 == 1 {
                out.add(&spot.place.child(&field.name), Finding::missing(&field.name));
            }
        }
        if node.name == "Extension" {
            extension(object, &spot.place, out);
            self.defined_extension(value, spot, out);
        }
        let itself = PathNode { value: Some(value), sibling: None, id: node.type_id };
        node.rules.iter().for_each(|rule| rule.judge(itself, spot, out));
    }

    /// What the definition of an extension asks, when it is known here.
    fn defined_extension(&self, value: &Value, spot: Spot<'_>, out: &mut Findings) {
        let Some(url) = str_at(value, &["url"]) else { return };
        let is_modifier = spot.place.name() == "modifierExtension";
        let Some(profile) = self.conform.profiles.get(url) else {
            if is_modifier && out.wants(Severity::Warning) {
                out.add(&spot.place, Finding::unknown_modifier(url));
            }
            return;
        };
        if let Some(usage) = &profile.extension {
            if usage.is_modifier != is_modifier {
                out.add(&spot.place, Finding::extension_modifier(url, usage.is_modifier));
            }
            if !usage.allows(&spot.place) {
                out.add(&spot.place, Finding::extension_context(url, &usage.elements));
            }
        }
        out.of_profile(|out| self.conform.profile(profile, PathNode::typed(value, "Extension"), spot, out));
    }

    /// Walks over the members; answers which fields are there, as bits.
    fn members(&self, node: &Node, object: &Object, spot: Spot<'_>, out: &mut Findings) -> u128 {
        let (mut present, mut chosen) = (0u128, 0u128);
        for (key, value) in object.iter() {
            if key == "resourceType" && node.is_resource {
                continue;
            }
            let Some(member) = node.member(key) else {
                let finding = Finding::unknown_element(key, &node.name, node.near(key));
                out.add(&spot.place.child(key), finding);
                continue;
            };
            let (field, bit) = (&node.fields[member.field], 1u128 << member.field);
            let here = spot.child(&field.name);
            if field.is_choice && !member.is_sibling {
                if chosen & bit != 0 {
                    out.add(&here.place, Finding::choice_twice(&field.name));
                }
                chosen |= bit;
            }
            present |= bit;
            let at = At { field, member, beside: beside(object, key, member) };
            self.member(&at, value, here, out);
        }
        present
    }

    /// One value, or a list of them.
    fn member(&self, at: &At<'_>, value: &Value, spot: Spot<'_>, out: &mut Findings) {
        match (at.field.is_list, value.as_array()) {
            (true, None) => out.add(&spot.place, Finding::not_array()),
            (false, Some(_)) => out.add(&spot.place, Finding::is_array()),
            (false, None) => self.item(at, value, at.beside, spot, out),
            (true, Some(list)) => {
                if list.is_empty() {
                    out.add(&spot.place, Finding::empty("array"));
                }
                if let Some(most) = at.field.most.filter(|most| list.len() > *most as usize) {
                    out.add(&spot.place, Finding::too_many(&at.field.name, most, list.len()));
                }
                for (index, item) in list.iter().enumerate() {
                    let beside = at.beside.and_then(|other| other.as_array()?.get(index));
                    self.item(at, item, beside, spot.item(index), out);
                }
            }
        }
    }

    fn item(&self, at: &At<'_>, value: &Value, beside: Option<&Value>, spot: Spot<'_>, out: &mut Findings) {
        if value.is_null() {
            // In a list, null keeps the place of a value whose id or extension stands at the same index, or the reverse.
            if !at.field.is_list || beside.is_none_or(|other| other.is_null()) {
                out.add(&spot.place, Finding::null_item());
            }
            return;
        }
        match at.member.content {
            Content::Resource => self.inner_resource(at.field, value, spot, out),
            Content::Object(node) => {
                let node = self.shapes.node(node);
                self.object(node, value, spot, out);
                if !at.member.is_sibling {
                    self.meaning(at.field, node, value, spot, out);
                    field_rules(at.field, node.type_id, value, None, spot, out);
                }
            }
            Content::Primitive(kind) => {
                self.primitive(at.field, kind, value, spot, out);
                if !at.field.rules.is_empty() {
                    let id = schema().fhir(name_of(kind)).unwrap_or(TypeId::UNKNOWN);
                    field_rules(at.field, id, value, beside, spot, out);
                }
            }
        }
    }

    fn primitive(&self, field: &Field, kind: Primitive, value: &Value, spot: Spot<'_>, out: &mut Findings) {
        let place = &spot.place;
        match kind.check(value) {
            Err(Refused::Json(wanted)) => out.add(place, Finding::wrong_type(wanted, kind_of(value))),
            Err(Refused::Format(why)) => {
                let shown = value.as_str().map(str::to_owned).or_else(|| to_string(value).ok());
                out.add(place, Finding::bad_format(name_of(kind), why, &shown.unwrap_or_default()));
            }
            Ok(()) => {
                if let (Some(set), Some(code)) = (&field.required_set, value.as_str())
                    && kind == Primitive::Code
                    && self.conform.codes.contains(set, None, code, spot.within.on) == Some(false)
                {
                    let set = self.conform.codes.describe(set, spot.within.on);
                    out.add(place, Finding::code_not_in_set(code, &set));
                }
            }
        }
    }

    /// What the element's definition says of a data type: the codes it must use, what it may point to.
    fn meaning(&self, field: &Field, node: &Node, value: &Value, spot: Spot<'_>, out: &mut Findings) {
        let (place, on) = (&spot.place, spot.within.on);
        if node.name == "Reference" && !field.targets.is_empty() {
            reference(field, value, place, out);
        }
        if let Some(set) = &field.required_set
            && matches!(node.name.as_str(), "CodeableConcept" | "Coding" | "Quantity")
            && let Some(code) = self.conform.codes.outside(set, value, on)
        {
            out.add(place, Finding::code_not_in_set(code, &self.conform.codes.describe(set, on)));
        }
    }
}

fn field_rules(
    field: &Field,
    id: TypeId,
    value: &Value,
    sibling: Option<&Value>,
    spot: Spot<'_>,
    out: &mut Findings,
) {
    let node = PathNode { value: Some(value), sibling, id };
    field.rules.iter().for_each(|rule| rule.judge(node, spot, out));
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
        let human = "an extension has a value or extensions of its own, one of them";
        out.add(place, Finding::invariant("ext-1", words, human));
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
pub fn pointed_type(reference: &str) -> Option<&str> {
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
