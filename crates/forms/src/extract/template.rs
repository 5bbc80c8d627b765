//! A template is copied; what its expressions find takes their place.
//! <https://hl7.org/fhir/uv/sdc/STU3/extraction.html#template-based-extraction>

use super::{Act, Extracted};
use crate::compile::extensions;
use crate::evaluate::{World, focus, node, text_of};
use crate::fill::Filling;
use crate::form::{self, Form, Piece, TemplateUse};
use crate::limits::EXTRACTED_MAX;
use crate::read::short;
use crate::response::is_answered;
use crate::setting::{escaped, one_value};
use crate::sheet::Spot;
use crate::value::number;
use std::collections::BTreeSet;
use yba_content::forms::sdc;
use yba_fhir::json::{self, JsonContainerTrait, JsonValueTrait, Value, json, str_at};
use yba_fhir::{Kind, Outcome};
use yba_fhirpath::Item;

pub(super) fn all<'a>(
    filling: &Filling<'a>,
    tree: &'a Value,
    world: &mut World<'a>,
    new_id: &mut dyn FnMut() -> String,
    all: &mut Vec<Extracted>,
) -> Result<(), Outcome> {
    let form = filling.form;
    let ids = Ids::of(filling, tree, new_id);
    ids.seen_from(&[], world);
    let root = world.root();
    for one in &form.extracts {
        all.extend(made(form, one, &root, world)?);
    }
    for spot in filling.sheet.spots(form) {
        let item = &form.items[spot.item];
        if item.extracts.is_empty() || all.len() > EXTRACTED_MAX {
            continue;
        }
        for (row, here) in answered(filling, tree, &spot) {
            ids.seen_from(&way_to(&spot, row), world);
            for one in &item.extracts {
                all.extend(made(form, one, &focus(here), world)?);
            }
        }
    }
    Ok(())
}

/// The rows of a slot that have answers, each with its place in the tree; a question has one.
fn answered<'t>(filling: &Filling, tree: &'t Value, spot: &Spot) -> Vec<(usize, &'t Value)> {
    let form = filling.form;
    let Some(slot) = filling.sheet.slot(spot).filter(|slot| slot.enabled) else { return Vec::new() };
    let rows = if form.items[spot.item].kind == form::Kind::Group { slot.rows.len() } else { 1 };
    let here = |row| node(tree, form, &filling.sheet, spot, row).filter(|here| is_answered(here));
    (0..rows).filter_map(|row| Some((row, here(row)?))).collect()
}

fn way_to(spot: &Spot, row: usize) -> Vec<(usize, usize)> {
    let mut way = spot.way.clone();
    way.push((spot.slot, row));
    way
}

/// The ids by which resources of one form point to each other, all made before anything is extracted: those of the form,
/// then one for each answered row of an item that asks for it.
/// <https://hl7.org/fhir/uv/sdc/STU3/StructureDefinition-sdc-questionnaire-extractAllocateId.html>
struct Ids<'f> {
    names: BTreeSet<&'f str>,
    all: Vec<Id<'f>>,
}

struct Id<'f> {
    name: &'f str,
    /// The row it belongs to; empty for the form's.
    way: Vec<(usize, usize)>,
    address: String,
}

impl<'f> Ids<'f> {
    fn of(filling: &Filling<'f>, tree: &Value, new_id: &mut dyn FnMut() -> String) -> Ids<'f> {
        let form: &'f Form = filling.form;
        let mut all = Vec::new();
        let mut add = |names: &'f [String], way: Vec<(usize, usize)>| {
            for name in names {
                all.push(Id { name, way: way.clone(), address: format!("urn:uuid:{}", new_id()) });
            }
        };
        add(&form.allocated, Vec::new());
        for spot in filling.sheet.spots(form) {
            let names = form.items[spot.item].allocated.as_slice();
            if !names.is_empty() {
                answered(filling, tree, &spot).iter().for_each(|(row, _)| add(names, way_to(&spot, *row)));
            }
        }
        let of_items = form.items.iter().flat_map(|item| &item.allocated);
        Ids { names: form.allocated.iter().chain(of_items).map(String::as_str).collect(), all }
    }

    /// Gives every name the id that a row sees: of the nearest row around it that has one. From elsewhere all are seen.
    fn seen_from(&self, here: &[(usize, usize)], world: &mut World) {
        for name in &self.names {
            let named = || self.all.iter().filter(|id| id.name == *name);
            let near = named().filter(|id| here.starts_with(&id.way)).max_by_key(|id| id.way.len());
            let seen = near.map_or_else(|| named().collect(), |near| vec![near]);
            world.set(name, seen.iter().map(|id| id.address.clone()).collect());
        }
    }
}

fn made<'a>(
    form: &'a Form,
    one: &'a TemplateUse,
    here: &Item<'a>,
    world: &mut World<'a>,
) -> Result<Option<Extracted>, Outcome> {
    let Some(template) = form.templates.get(&one.template) else { return Ok(None) };
    let mut maker = Maker { form, world };
    let Some(mut resource) = maker.expanded(template, here).into_iter().next() else { return Ok(None) };
    let place = || format!("templateExtract {}", one.template);
    let mut text = |program: &'a Option<yba_fhirpath::Program>| {
        maker.world.at(program.as_ref()?, here, place).first().and_then(text_of)
    };
    let (known_as, id) = (text(&one.full_url), text(&one.resource_id));
    let unless = one.if_none_exist.as_ref().and_then(|pieces| search(pieces, here, world, place));
    let Some(object) = json::JsonValueMutTrait::as_object_mut(&mut resource) else { return Ok(None) };
    object.remove(&"id");
    let act = match id {
        Some(id) if !yba_fhir::resource::is_id(&id) => return Err(no_id(&id)),
        Some(id) => {
            object.insert("id", id.as_str());
            Act::Put
        }
        None => Act::Create { unless },
    };
    Ok(Some(Extracted { act, resource, known_as }))
}

/// The search of an `ifNoneExist`, its values escaped; `None` when one of them is not there.
fn search<'a>(
    pieces: &'a [Piece],
    here: &Item<'a>,
    world: &mut World<'a>,
    place: impl Fn() -> String,
) -> Option<String> {
    let mut search = String::new();
    for piece in pieces {
        match piece {
            Piece::Text(text) => search.push_str(text),
            Piece::Path(program) => {
                let words = text_of(world.only(program, here, &place)?.as_ref()?)?;
                search.push_str(&escaped(&one_value(&words, &['\\', ',', '$', '|'])));
            }
        }
    }
    Some(search)
}

fn no_id(id: &str) -> Outcome {
    let text = format!(
        "“{}” không dùng làm mã bản ghi được: chỉ gồm chữ không dấu, số, dấu - và dấu chấm, nhiều nhất 64 ký tự.",
        short(id)
    );
    Outcome::new(Kind::Invalid, "form-id", text, "templateExtract.resourceId is no id")
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
