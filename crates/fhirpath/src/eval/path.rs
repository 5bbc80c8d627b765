//! Steps from a node to its children.

use super::{Machine, Run, is_of};
use crate::op::{Child, Op, Step};
use crate::schema::{Element, Kind, TypeId, Variant, schema};
use crate::value::{Item, Node, resource_type};
use sonic_rs::{JsonContainerTrait, JsonValueTrait};
use yba_fhir::json::Value;

impl<'a> Machine<'a, '_> {
    /// Leaves what the steps find, depth first, which is the order of the document.
    pub(super) fn path(&mut self, input: Option<&'a Op>, steps: &'a [Step]) -> Run {
        let Some(input) = input else {
            return match self.this() {
                Some(this) => self.walk(this, steps),
                None => Ok(()),
            };
        };
        let start = self.collect(input)?;
        let end = self.stack.len();
        for position in start..end {
            self.walk(self.stack[position].clone(), steps)?;
        }
        self.stack.drain(start..end);
        Ok(())
    }

    fn walk(&mut self, item: Item<'a>, steps: &'a [Step]) -> Run {
        match item {
            Item::Node(node) => self.walk_node(node, steps),
            other => self.walk_value(other, steps),
        }
    }

    fn walk_node(&mut self, node: Node<'a>, steps: &'a [Step]) -> Run {
        self.spend(1)?;
        match steps.split_first() {
            None => self.push(Item::Node(node)),
            Some((Step::OfType(target), rest)) => {
                if is_of(&Item::Node(node), *target) {
                    self.walk_node(node, rest)
                } else {
                    Ok(())
                }
            }
            Some((Step::Child(child), rest)) => {
                if &*child.name == "value" && node.primitive().is_some() {
                    return node.system().map_or(Ok(()), |value| self.walk_value(value, rest));
                }
                visit_named(node, child, |found| self.walk_node(found, rest))
            }
        }
    }

    /// Steps from a computed value: only quantities and type descriptions have parts.
    fn walk_value(&mut self, item: Item<'a>, steps: &'a [Step]) -> Run {
        self.spend(1)?;
        match steps.split_first() {
            None => self.push(item),
            Some((Step::OfType(target), rest)) => {
                if is_of(&item, *target) {
                    self.walk_value(item, rest)
                } else {
                    Ok(())
                }
            }
            Some((Step::Child(child), rest)) => {
                for part in super::reflect::parts(&item, &child.name) {
                    self.walk_value(part, rest)?;
                }
                Ok(())
            }
        }
    }

    /// Leaves all children of an item.
    pub(super) fn push_children(&mut self, item: &Item<'a>) -> Run {
        let Item::Node(node) = item else { return Ok(()) };
        self.spend(1)?;
        visit_all(*node, |_, child| {
            self.spend(1)?;
            self.push(Item::Node(child))
        })
    }
}

/// Calls `visit` with the children of one name.
fn visit_named<'a>(node: Node<'a>, child: &Child, visit: impl FnMut(Node<'a>) -> Run) -> Run {
    if let Some(element) = child.element
        && child.owner == node.id
    {
        return visit_element(node, element, visit);
    }
    visit_by_name(node, &child.name, visit)
}

/// As [`visit_named`], with the element looked up at run time.
pub(super) fn visit_by_name<'a>(node: Node<'a>, name: &str, visit: impl FnMut(Node<'a>) -> Run) -> Run {
    if node.id == TypeId::UNKNOWN {
        return visit_unknown(node, name, visit);
    }
    match schema().get(node.id).element(name) {
        Some(element) => visit_element(node, element, visit),
        None => Ok(()),
    }
}

/// Calls `visit` with every child and the name of its element. The `value` of a primitive is no child.
pub(super) fn visit_all<'a>(node: Node<'a>, mut visit: impl FnMut(&'a str, Node<'a>) -> Run) -> Run {
    let node_type = schema().get(node.id);
    if node.id != TypeId::UNKNOWN {
        for element in &node_type.elements {
            visit_element(node, element, |child| visit(&element.name, child))?;
        }
        return Ok(());
    }
    let Some(object) = node.value.and_then(|value| value.as_object()) else { return Ok(()) };
    for (key, value) in object.iter().filter(|(key, _)| *key != "resourceType") {
        if let Some(name) = key.strip_prefix('_') {
            if object.get(&name).is_none() {
                spread(None, Some(value), TypeId::UNKNOWN, &mut |child| visit(name, child))?;
            }
            continue;
        }
        let sibling = object.get(&format!("_{key}").as_str());
        spread(Some(value), sibling, TypeId::UNKNOWN, &mut |child| visit(key, child))?;
    }
    Ok(())
}

fn visit_element<'a>(node: Node<'a>, element: &Element, mut visit: impl FnMut(Node<'a>) -> Run) -> Run {
    // The id and extensions of a primitive stand in its sibling; its `value` is no node.
    let primitive = matches!(schema().get(node.id).kind, Kind::Primitive(_));
    let Some(object) = (if primitive { node.sibling } else { node.value }) else { return Ok(()) };
    if element.choice {
        return visit_choice(object, element, visit);
    }
    let Some(variant) = element.variants.first() else { return Ok(()) };
    let (value, sibling) = member(object, variant);
    if value.is_none() && sibling.is_none() {
        return Ok(());
    }
    spread(value, sibling, variant.id, &mut visit)
}

/// The member of a variant and, for primitives, the one with `_` before it, in one pass.
fn member<'a>(object: &'a Value, variant: &Variant) -> (Option<&'a Value>, Option<&'a Value>) {
    if !variant.primitive {
        return (object.get(variant.key.as_str()), None);
    }
    let Some(object) = object.as_object() else { return (None, None) };
    let key = variant.key.as_str();
    let (mut value, mut sibling) = (None, None);
    for (name, found) in object.iter() {
        if name == key {
            value = Some(found);
        } else if name.len() == key.len() + 1 && name.as_bytes()[0] == b'_' && &name[1..] == key {
            sibling = Some(found);
        }
    }
    (value, sibling)
}

/// A choice is stored under the one of its names that is there.
fn visit_choice<'a>(object: &'a Value, element: &Element, mut visit: impl FnMut(Node<'a>) -> Run) -> Run {
    let Some(members) = object.as_object() else { return Ok(()) };
    let stem = element.name.as_str();
    for (key, value) in members.iter() {
        let plain = key.strip_prefix('_').unwrap_or(key);
        if plain.len() <= stem.len() || !plain.starts_with(stem) {
            continue;
        }
        let Some(variant) = element.variant(plain) else { continue };
        if plain.len() == key.len() {
            let sibling = variant.primitive.then(|| object.get(format!("_{key}").as_str())).flatten();
            spread(Some(value), sibling, variant.id, &mut visit)?;
        } else if members.get(&plain).is_none() {
            spread(None, Some(value), variant.id, &mut visit)?;
        }
    }
    Ok(())
}

/// A member of a tree of unknown type: by its name, or as a choice (`value` finds `valueQuantity`).
fn visit_unknown<'a>(node: Node<'a>, name: &str, mut visit: impl FnMut(Node<'a>) -> Run) -> Run {
    let object = match node.value {
        Some(value) if value.is_object() => value,
        // `extension` of a primitive of unknown type.
        _ => match node.sibling {
            Some(sibling) => sibling,
            None => return Ok(()),
        },
    };
    let sibling = object.get(format!("_{name}").as_str());
    let value = object.get(name);
    if value.is_some() || sibling.is_some() {
        return spread(value, sibling, TypeId::UNKNOWN, &mut visit);
    }
    let Some(members) = object.as_object() else { return Ok(()) };
    let choice = members.iter().find_map(|(key, value)| {
        let type_name = key.strip_prefix(name)?;
        choice_type(type_name).map(|id| (key, value, id))
    });
    match choice {
        Some((key, value, id)) => spread(Some(value), object.get(format!("_{key}").as_str()), id, &mut visit),
        None => Ok(()),
    }
}

/// `Quantity` and `String` (for `string`) after the stem of a choice.
fn choice_type(name: &str) -> Option<TypeId> {
    name.starts_with(|c: char| c.is_ascii_uppercase()).then_some(())?;
    let lower = name[..1].to_ascii_lowercase() + &name[1..];
    schema().fhir(name).or_else(|| schema().fhir(&lower))
}

/// One call for each item of a member; nulls stand where only the sibling has something.
fn spread<'a>(
    value: Option<&'a Value>,
    sibling: Option<&'a Value>,
    id: TypeId,
    visit: &mut impl FnMut(Node<'a>) -> Run,
) -> Run {
    let value_array = value.and_then(|value| value.as_array());
    let sibling_array = sibling.and_then(|sibling| sibling.as_array());
    if value_array.is_none() && sibling_array.is_none() {
        return emit(value, sibling, id, visit);
    }
    let length = value_array.map_or(0, |array| array.len()).max(sibling_array.map_or(0, |array| array.len()));
    let mut values = value_array.map(|array| array.iter());
    let mut siblings = sibling_array.map(|array| array.iter());
    for _ in 0..length {
        let value = values.as_mut().and_then(Iterator::next);
        let sibling = siblings.as_mut().and_then(Iterator::next);
        emit(value, sibling, id, visit)?;
    }
    Ok(())
}

fn emit<'a>(
    value: Option<&'a Value>,
    sibling: Option<&'a Value>,
    id: TypeId,
    visit: &mut impl FnMut(Node<'a>) -> Run,
) -> Run {
    let value = value.filter(|value| !value.is_null());
    let sibling = sibling.filter(|sibling| !sibling.is_null());
    let Some(at) = value.or(sibling) else { return Ok(()) };
    let is_resource = schema().get(id).kind == Kind::Resource || id == TypeId::UNKNOWN;
    let id = if is_resource { resource_type(at).unwrap_or(id) } else { id };
    visit(Node { value, sibling, id })
}
