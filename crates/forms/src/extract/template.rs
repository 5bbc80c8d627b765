//! A template is copied; what its expressions find takes their place.
//! <https://hl7.org/fhir/uv/sdc/STU3/extraction.html#template-based-extraction>

use super::{Act, Extracted};
use crate::compile::extensions;
use crate::evaluate::{World, focus, node, text_of};
use crate::fill::Filling;
use crate::form::{Form, Kind, TemplateUse};
use crate::limits::EXTRACTED_MAX;
use crate::response::is_answered;
use crate::value::number;
use yba_content::forms::sdc;
use yba_fhir::json::{self, JsonContainerTrait, JsonValueTrait, Value, json, str_at};
use yba_fhirpath::Item;

pub(super) fn all<'a>(
    filling: &Filling<'a>,
    tree: &'a Value,
    world: &mut World<'a>,
    new_id: &mut dyn FnMut() -> String,
    all: &mut Vec<Extracted>,
) {
    let form = filling.form;
    allocate(&form.allocated, world, new_id);
    let root = world.root();
    for one in &form.extracts {
        all.extend(made(form, one, &root, world));
    }
    for spot in filling.sheet.spots(form) {
        let (item, Some(slot)) = (&form.items[spot.item], filling.sheet.slot(&spot)) else { continue };
        if item.extracts.is_empty() && item.allocated.is_empty() || !slot.enabled || all.len() > EXTRACTED_MAX
        {
            continue;
        }
        let rows = if item.kind == Kind::Group { slot.rows.len() } else { 1 };
        for row in 0..rows {
            let Some(here) = node(tree, form, &filling.sheet, &spot, row).filter(|here| is_answered(here))
            else {
                continue;
            };
            allocate(&item.allocated, world, new_id);
            for one in &item.extracts {
                all.extend(made(form, one, &focus(here), world));
            }
        }
    }
}

fn allocate(names: &[String], world: &mut World, new_id: &mut dyn FnMut() -> String) {
    for name in names {
        world.set(name, format!("urn:uuid:{}", new_id()));
    }
}

fn made<'a>(
    form: &'a Form,
    one: &'a TemplateUse,
    here: &Item<'a>,
    world: &mut World<'a>,
) -> Option<Extracted> {
    let template = form.templates.get(&one.template)?;
    let mut maker = Maker { form, world };
    let mut resource = maker.expanded(template, here).into_iter().next()?;
    let mut text = |program: &'a Option<yba_fhirpath::Program>| {
        let program = program.as_ref()?;
        maker
            .world
            .at(program, here, || format!("templateExtract {}", one.template))
            .first()
            .and_then(text_of)
    };
    let (known_as, id, unless) = (text(&one.full_url), text(&one.resource_id), text(&one.if_none_exist));
    let object = json::JsonValueMutTrait::as_object_mut(&mut resource)?;
    object.remove(&"id");
    let act = match id {
        Some(id) => {
            object.insert("id", id.as_str());
            Act::Put
        }
        None => Act::Create { unless },
    };
    Some(Extracted { act, resource, known_as })
}

struct Maker<'m, 'a> {
    form: &'a Form,
    world: &'m mut World<'a>,
}

impl<'a> Maker<'_, 'a> {
    /// What a part of a template becomes: nothing, one, or one for each item of its context.
    fn expanded(&mut self, part: &'a Value, here: &Item<'a>) -> Vec<Value> {
        if !part.is_object() {
            return vec![part.clone()];
        }
        let contexts = match said(part, "templateExtractContext") {
            Some(text) => self.found(text, here),
            None => vec![here.clone()],
        };
        let mut all = Vec::new();
        for context in contexts {
            match said(part, "templateExtractValue") {
                Some(text) => all.extend(self.found(text, &context).iter().filter_map(json_of)),
                None => all.extend(self.object(part, &context)),
            }
        }
        all
    }

    fn object(&mut self, part: &'a Value, here: &Item<'a>) -> Option<Value> {
        let mut copy = json::Object::new();
        let members: Vec<(&str, &'a Value)> = part.as_object()?.iter().collect();
        for (name, member) in members.iter().copied() {
            if let Some(plain) = name.strip_prefix('_').filter(|_| is_said(member)) {
                self.primitive(plain, member, here, &mut copy);
                continue;
            }
            let beside = members.iter().find(|(other, _)| other.strip_prefix('_') == Some(name));
            if beside.is_some_and(|(_, beside)| is_said(beside)) {
                continue;
            }
            if let Some(list) = member.as_array() {
                let own = |one: &&Value| name != "extension" || !is_ours(one);
                let mut array = json::Array::new();
                for one in list.iter().filter(own) {
                    self.expanded(one, here).into_iter().for_each(|made| array.push(made));
                }
                if !array.is_empty() {
                    copy.insert(name, Value::from(array));
                }
            } else if let Some(made) = self.expanded(member, here).into_iter().next() {
                copy.insert(name, made);
            }
        }
        (!copy.is_empty()).then(|| Value::from(copy))
    }

    /// A primitive whose expression stands in the member with `_` before its name.
    fn primitive(&mut self, name: &str, beside: &'a Value, here: &Item<'a>, copy: &mut json::Object) {
        let is_list = beside.is_array();
        let parts: Vec<&'a Value> =
            beside.as_array().map_or_else(|| vec![beside], |list| list.iter().collect());
        let mut made = json::Array::new();
        for part in parts.into_iter().filter(|part| part.is_object()) {
            self.expanded(part, here).into_iter().for_each(|one| made.push(one));
        }
        if is_list && !made.is_empty() {
            copy.insert(name, Value::from(made));
        } else if let Some(first) = made.first() {
            copy.insert(name, first.clone());
        }
    }

    fn found(&mut self, text: &str, here: &Item<'a>) -> Vec<Item<'a>> {
        let form = self.form;
        match form.inside.get(text) {
            Some(program) => self.world.at(program, here, || "contained".to_owned()),
            None => Vec::new(),
        }
    }
}

/// The expression of an object's extension.
fn said<'v>(part: &'v Value, key: &str) -> Option<&'v str> {
    extensions(part, key).find_map(|one| str_at(one, &["valueString"]))
}

fn is_said(beside: &Value) -> bool {
    let one = |part: &Value| json::items(part, "extension").any(is_ours);
    one(beside) || beside.as_array().is_some_and(|list| list.iter().any(one))
}

fn is_ours(extension: &Value) -> bool {
    let url = str_at(extension, &["url"]).unwrap_or_default();
    [sdc::url("templateExtractContext"), sdc::url("templateExtractValue")].contains(&url)
}

/// What an expression found, as it stands in a resource.
fn json_of(item: &Item) -> Option<Value> {
    if let Some(value) = item.node().and_then(|node| node.value) {
        return Some(value.clone());
    }
    Some(match item {
        Item::Boolean(flag) => Value::from(*flag),
        Item::Integer(whole) => Value::from(*whole),
        Item::Decimal(amount) => number(&amount.to_string())?,
        Item::Quantity(quantity) => json!({
            "value": number(&quantity.value.to_string())?,
            "unit": quantity.unit.text(),
            "system": "http://unitsofmeasure.org",
            "code": quantity.unit.text(),
        }),
        other => Value::from(text_of(other)?.as_str()),
    })
}
