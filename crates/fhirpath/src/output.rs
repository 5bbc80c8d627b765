//! Items as JSON, for the command line and for traces: primitives and System values plain (`"2026-03-02"`, `1.50`),
//! what has parts as `{"type": …, "value": …}`.

use crate::schema::{Kind, TypeId, schema};
use crate::value::{Item, Node, TypeDescription};
use sonic_rs::JsonValueTrait;
use yba_fhir::json::to_string;

impl Item<'_> {
    /// The JSON text of this item. Nodes keep their own digits and members.
    pub fn to_json(&self) -> String {
        match self {
            Item::Node(node) => node_json(node),
            Item::Boolean(value) => value.to_string(),
            Item::Integer(value) => value.to_string(),
            Item::Decimal(value) => value.to_string(),
            Item::String(text) => quoted(text),
            Item::Date(value) => quoted(&value.to_string()),
            Item::DateTime(value) => quoted(&value.to_string()),
            Item::Time(value) => quoted(&value.to_string()),
            Item::Quantity(quantity) => {
                let unit = quoted(quantity.unit.text());
                typed("System.Quantity", &format!("{{\"value\":{},\"unit\":{unit}}}", quantity.value))
            }
            Item::Type(description) => type_json(*description),
        }
    }
}

/// A JSON array of items.
pub fn array(items: &[Item]) -> String {
    let texts: Vec<String> = items.iter().map(Item::to_json).collect();
    format!("[{}]", texts.join(","))
}

fn quoted(text: &str) -> String {
    to_string(text).expect("a string always serialises")
}

fn typed(name: &str, value: &str) -> String {
    format!("{{\"type\":{},\"value\":{value}}}", quoted(name))
}

fn node_json(node: &Node) -> String {
    let value = node.value.map(|value| to_string(value).expect("a parsed tree always serialises"));
    let described = schema().get(node.id);
    match (value, node.sibling) {
        (Some(value), _) if matches!(described.kind, Kind::Primitive(_)) => value,
        (Some(value), _) if node.id == TypeId::UNKNOWN && !node.is_complex() => value,
        (Some(value), _) => {
            typed(if node.id == TypeId::UNKNOWN { "Element" } else { &described.name }, &value)
        }
        (None, Some(sibling)) if sibling.is_object() => {
            typed(&described.name, &to_string(sibling).expect("a parsed tree always serialises"))
        }
        (None, _) => typed(&described.name, "null"),
    }
}

fn type_json(description: TypeDescription) -> String {
    let (class, id, element) = match description {
        TypeDescription::Of(id) => (if has_elements(id) { "ClassInfo" } else { "SimpleTypeInfo" }, id, None),
        TypeDescription::Element(id, position) => ("ClassInfoElement", id, Some(position)),
    };
    let value = match element {
        Some(position) => {
            let element = &schema().get(id).elements[usize::from(position)];
            format!("{{\"name\":{}}}", quoted(&element.name))
        }
        None => {
            let (namespace, name) = crate::eval::names_of(id);
            format!("{{\"namespace\":{},\"name\":{}}}", quoted(namespace), quoted(name))
        }
    };
    typed(&format!("System.{class}"), &value)
}

fn has_elements(id: TypeId) -> bool {
    matches!(schema().get(id).kind, Kind::Resource | Kind::Complex)
}
