//! Types as values: `type()` and its parts. <http://hl7.org/fhirpath/N1/#reflection>
//!
//! A named type describes itself as ClassInfo (or SimpleTypeInfo when it has no elements); an unnamed one inside a
//! resource as the class it extends, with its own elements.

use super::{Machine, Run};
use crate::schema::{Element, Kind, TypeId, schema};
use crate::value::{Item, TypeDescription};

impl<'a> Machine<'a, '_> {
    /// Replaces each item by its type.
    pub(super) fn types(&mut self, start: usize) -> Run {
        for item in &mut self.stack[start..] {
            *item = Item::Type(TypeDescription::Of(item.type_id()));
        }
        Ok(())
    }
}

/// The parts of a computed value: of a quantity its value and unit, of a type its description.
pub(super) fn parts<'a>(item: &Item<'a>, name: &str) -> Vec<Item<'a>> {
    match item {
        Item::Quantity(quantity) => match name {
            "value" => vec![Item::Decimal(quantity.value)],
            "unit" => vec![Item::owned(quantity.unit.text().to_owned())],
            _ => Vec::new(),
        },
        Item::Type(TypeDescription::Of(id)) => type_parts(*id, name),
        Item::Type(TypeDescription::Element(id, position)) => {
            let element = &schema().get(*id).elements[usize::from(*position)];
            match name {
                "name" => vec![Item::text(element.name.as_str())],
                "type" => vec![Item::owned(element_type(element))],
                "isOneBased" => vec![Item::Boolean(false)],
                _ => Vec::new(),
            }
        }
        _ => Vec::new(),
    }
}

fn type_parts<'a>(id: TypeId, name: &str) -> Vec<Item<'a>> {
    let described = schema().get(id);
    match name {
        "namespace" => vec![Item::text(namespace(id))],
        "name" => vec![Item::text(shown_name(id))],
        "baseType" => vec![Item::owned(base_name(id))],
        "element" if !matches!(described.kind, Kind::Primitive(_)) => (0..described.elements.len())
            .map(|position| Item::Type(TypeDescription::Element(id, position as u16)))
            .collect(),
        _ => Vec::new(),
    }
}

pub fn namespace(id: TypeId) -> &'static str {
    if schema().get(id).kind == Kind::System { "System" } else { "FHIR" }
}

/// An unnamed type is shown as what it extends.
pub fn shown_name(id: TypeId) -> &'static str {
    let described = schema().get(id);
    match described.base {
        Some(base) if described.is_anonymous() => schema().get(base).name.as_str(),
        _ if described.kind == Kind::Unknown => "Element",
        _ => described.name.as_str(),
    }
}

fn base_name(id: TypeId) -> String {
    match schema().get(id).base {
        Some(base) => format!("FHIR.{}", schema().get(base).name),
        None => "System.Any".to_owned(),
    }
}

fn element_type(element: &Element) -> String {
    let names: Vec<String> = element
        .variants
        .iter()
        .map(|variant| format!("{}.{}", namespace(variant.id), shown_name(variant.id)))
        .collect();
    let joined = names.join("|");
    if element.many { format!("List<{joined}>") } else { joined }
}
