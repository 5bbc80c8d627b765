//! The functions FHIR R4 adds, and the two of SQL on FHIR. <https://hl7.org/fhir/R4/fhirpath.html#functions>

use super::{Machine, Run, html, path};
use crate::functions::Function;
use crate::op::{Call, Op};
use crate::schema::{Kind, TypeId, schema};
use crate::value::{Item, Node};
use sonic_rs::JsonValueTrait;
use yba_fhir::json::{Value, items, str_at};

impl<'a> Machine<'a, '_> {
    pub(super) fn fhir(&mut self, start: usize, call: &'a Call) -> Run {
        use Function as F;
        match call.function {
            F::Extension => self.extension(start, &call.arguments[0]),
            F::HasValue => {
                let value = self.only_primitive(start).is_some();
                self.stack.truncate(start);
                self.push(Item::Boolean(value))
            }
            F::GetValue => {
                let value = self.only_primitive(start);
                self.stack.truncate(start);
                value.map_or(Ok(()), |value| self.push(value))
            }
            F::Resolve => self.resolve_all(start),
            F::ElementDefinition => self.element_definitions(start),
            F::Slice => self.slice(start, call),
            F::CheckModifiers => self.check_modifiers(start, call),
            F::ConformsTo => self.conforms_to(start, call),
            F::MemberOf => self.member_of(start, call),
            F::Subsumes | F::SubsumedBy => self.subsumes(start, call),
            F::HtmlChecks => self.html_checks(start),
            F::GetResourceKey => self.resource_keys(start),
            _ => self.reference_keys(start, call),
        }
    }

    /// A text argument; `None` when it is empty.
    fn name_argument(&mut self, op: &'a Op) -> Run<Option<String>> {
        let Some(item) = self.single(op)? else { return Ok(None) };
        match item.as_str() {
            Some(text) => Ok(Some(text.to_owned())),
            None => Err(self.wrong_type(("chuỗi", "a String"), &item)),
        }
    }

    fn extension(&mut self, start: usize, url: &'a Op) -> Run {
        let end = self.stack.len();
        let Some(url) = self.name_argument(url)? else {
            self.stack.truncate(start);
            return Ok(());
        };
        for position in start..end {
            let Some(node) = self.stack[position].node() else { continue };
            self.spend(1)?;
            path::visit_by_name(node, "extension", |child| {
                let found = child.value.and_then(|value| str_at(value, &["url"])) == Some(&*url);
                if found { self.push(Item::Node(child)) } else { Ok(()) }
            })?;
        }
        self.stack.drain(start..end);
        Ok(())
    }

    /// The System value of the one item, when it is a FHIR primitive that has one.
    fn only_primitive(&self, start: usize) -> Option<Item<'a>> {
        match &self.stack[start..] {
            [Item::Node(node)] if !node.is_complex() => node.system().or_else(|| {
                // A value that is not what its type says is a value all the same.
                node.as_str().map(Item::text)
            }),
            _ => None,
        }
    }

    fn resolve_all(&mut self, start: usize) -> Run {
        let end = self.stack.len();
        for position in start..end {
            self.spend(1)?;
            let item = self.stack[position].clone();
            let reference = match &item {
                Item::Node(node) => node.as_str().or_else(|| str_at(node.value?, &["reference"])),
                Item::String(text) => Some(&**text),
                _ => None,
            };
            let found = reference.and_then(|reference| self.resolve(reference));
            let found = found.or_else(|| self.stand_in(&item, reference));
            if let Some(node) = found {
                self.push(Item::Node(node))?;
            }
        }
        self.stack.drain(start..end);
        Ok(())
    }

    fn resolve(&self, reference: &str) -> Option<Node<'a>> {
        let root = self.root_resource();
        if let Some(id) = reference.strip_prefix('#') {
            return self.contained(id);
        }
        if let Some(bundle) = root.value.filter(|value| str_at(value, &["resourceType"]) == Some("Bundle"))
            && let Some(found) = in_bundle(bundle, reference)
        {
            return Some(Node::root(found));
        }
        self.environment.host.resolve(reference).map(Node::root)
    }

    /// A contained resource of `%rootResource`, `%resource`, or of the one entry of a bundle that has it.
    fn contained(&self, id: &str) -> Option<Node<'a>> {
        let (root, resource) = (self.root_resource(), self.resource());
        if id.is_empty() {
            return Some(root);
        }
        let inside = |value: &'a Value| {
            items(value, "contained").find(|contained| str_at(contained, &["id"]) == Some(id))
        };
        let direct = [resource.value, root.value].into_iter().flatten().find_map(inside);
        if let Some(found) = direct {
            return Some(Node::root(found));
        }
        let mut found = items(root.value?, "entry").filter_map(|entry| inside(entry.get("resource")?));
        let first = found.next()?;
        found.next().is_none().then(|| Node::root(first))
    }

    /// An empty node of the type a reference names.
    fn stand_in(&self, item: &Item<'a>, reference: Option<&str>) -> Option<Node<'a>> {
        if !self.environment.stand_ins {
            return None;
        }
        let named = item.node().and_then(|node| str_at(node.value?, &["type"]));
        let name = named.or_else(|| type_and_id(reference?).map(|(name, _)| name))?;
        let id = schema().fhir(name)?;
        (schema().get(id).kind == Kind::Resource).then_some(Node { value: None, sibling: None, id })
    }

    fn element_definitions(&mut self, start: usize) -> Run {
        let end = self.stack.len();
        for position in start..end {
            let Some(node) = self.stack[position].node() else { continue };
            if let Some(definition) = self.environment.host.element_definition(node) {
                self.push(Item::Node(Node::typed(definition, "ElementDefinition")))?;
            }
        }
        self.stack.drain(start..end);
        Ok(())
    }

    fn slice(&mut self, start: usize, call: &'a Call) -> Run {
        let structure = self.name_argument(&call.arguments[0])?;
        let name = self.name_argument(&call.arguments[1])?;
        self.at = call.at;
        let host = self.environment.host;
        let (Some(structure), Some(name)) = (structure, name) else {
            self.stack.truncate(start);
            return Ok(());
        };
        let end = self.stack.len();
        for position in start..end {
            let Some(node) = self.stack[position].node() else { continue };
            if host.in_slice(node, &structure, &name) == Some(true) {
                self.push(Item::Node(node))?;
            }
        }
        self.stack.drain(start..end);
        Ok(())
    }

    /// Refuses modifier extensions that were not named.
    fn check_modifiers(&mut self, start: usize, call: &'a Call) -> Run {
        let mut known = Vec::new();
        for op in &call.arguments {
            // R4 writes one text with commas; several texts mean the same.
            let text = self.name_argument(op)?.unwrap_or_default();
            known.extend(text.split(',').map(|url| url.trim().to_owned()));
        }
        self.at = call.at;
        for position in start..self.stack.len() {
            let Some(value) = self.stack[position].node().and_then(|node| node.value) else { continue };
            let mut urls =
                items(value, "modifierExtension").filter_map(|extension| str_at(extension, &["url"]));
            if let Some(unknown) = urls.find(|url| !known.iter().any(|known| known == url)) {
                return Err(self.fault(
                    "fhirpath-modifier",
                    format!("có phần mở rộng làm đổi nghĩa mà biểu thức chưa biết: {unknown}"),
                    format!("there is a modifier extension the expression does not know: {unknown}"),
                ));
            }
        }
        Ok(())
    }

    fn conforms_to(&mut self, start: usize, call: &'a Call) -> Run {
        let profile = self.name_argument(&call.arguments[0])?;
        self.at = call.at;
        let Some(item) = self.one(start)? else { return Ok(()) };
        let (Some(profile), Some(node)) = (profile, item.node()) else { return Ok(()) };
        self.spend(100)?;
        let host = self.environment.host.conforms_to(node, &profile);
        // "If the structure cannot be resolved to a valid profile … the function throws an error."
        let Some(answer) = host.or_else(|| conforms_to_type(node, &profile)) else {
            return Err(self.fault(
                "fhirpath-unknown-profile",
                format!("không có hồ sơ {profile}"),
                format!("there is no profile {profile}"),
            ));
        };
        self.push(Item::Boolean(answer))
    }

    fn member_of(&mut self, start: usize, call: &'a Call) -> Run {
        let value_set = self.name_argument(&call.arguments[0])?;
        self.at = call.at;
        // "If … the input is empty or has more than one value, the return value is empty."
        let only = (self.stack.len() - start == 1).then(|| self.stack[start].clone());
        self.stack.truncate(start);
        let (Some(item), Some(value_set)) = (only, value_set) else { return Ok(()) };
        self.spend(10)?;
        self.push_boolean(self.environment.host.member_of(&item, &value_set))
    }

    fn subsumes(&mut self, start: usize, call: &'a Call) -> Run {
        let other = self.single(&call.arguments[0])?;
        self.at = call.at;
        let item = self.one(start)?;
        let (Some(item), Some(other)) = (item, other) else { return Ok(()) };
        self.spend(10)?;
        let host = self.environment.host;
        let answer = if call.function == Function::Subsumes {
            host.subsumes(&item, &other)
        } else {
            host.subsumes(&other, &item)
        };
        self.push_boolean(answer)
    }

    /// Empty on anything but one xhtml element.
    fn html_checks(&mut self, start: usize) -> Run {
        let text = match &self.stack[start..] {
            [Item::Node(node)] if schema().fhir("xhtml") == Some(node.id) || node.id == TypeId::UNKNOWN => {
                node.as_str()
            }
            _ => None,
        };
        self.stack.truncate(start);
        let Some(text) = text else { return Ok(()) };
        self.spend(1 + text.len() as u64 / 16)?;
        self.push(Item::Boolean(html::is_safe(text)))
    }

    fn resource_keys(&mut self, start: usize) -> Run {
        let end = self.stack.len();
        for position in start..end {
            let id = self.stack[position].node().and_then(|node| str_at(node.value?, &["id"]));
            if let Some(id) = id {
                self.push(Item::text(id))?;
            }
        }
        self.stack.drain(start..end);
        Ok(())
    }

    /// The id a reference points to; with a type, only of references to that type. A reference with the address of a
    /// server has no key: what another server calls `Patient/1` is not ours of that id.
    fn reference_keys(&mut self, start: usize, call: &'a Call) -> Run {
        let wanted = match call.arguments.first() {
            Some(Op::Literal(Item::String(name))) => Some(&**name),
            _ => None,
        };
        let end = self.stack.len();
        for position in start..end {
            let reference = self.stack[position].node().and_then(|node| str_at(node.value?, &["reference"]));
            let relative = reference.filter(|reference| !reference.contains(':'));
            let Some((name, id)) = relative.and_then(type_and_id) else { continue };
            if wanted.is_none_or(|wanted| wanted == name) {
                self.push(Item::text(id))?;
            }
        }
        self.stack.drain(start..end);
        Ok(())
    }
}

/// `Patient/1`, `http://x/fhir/Patient/1/_history/2`: the type and the id.
fn type_and_id(reference: &str) -> Option<(&str, &str)> {
    let reference = reference.split_once("/_history/").map_or(reference, |(before, _)| before);
    let (rest, id) = reference.rsplit_once('/')?;
    let name = rest.rsplit('/').next()?;
    let known = schema().fhir(name).is_some_and(|id| schema().get(id).kind == Kind::Resource);
    (known && !id.is_empty()).then_some((name, id))
}

/// By full address, or by type and id. <https://hl7.org/fhir/R4/bundle.html#references>
fn in_bundle<'a>(bundle: &'a Value, reference: &str) -> Option<&'a Value> {
    let plain = reference.split_once("/_history/").map_or(reference, |(before, _)| before);
    let by_address = items(bundle, "entry").find(|entry| {
        str_at(entry, &["fullUrl"]).is_some_and(|url| {
            url == plain || url.strip_suffix(plain).is_some_and(|base| base.ends_with('/'))
        })
    });
    if let Some(entry) = by_address {
        return entry.get("resource");
    }
    let (name, id) = plain.split_once('/')?;
    items(bundle, "entry").filter_map(|entry| entry.get("resource")).find(|resource| {
        str_at(resource, &["resourceType"]) == Some(name) && str_at(resource, &["id"]) == Some(id)
    })
}

/// The base profiles are the types themselves.
fn conforms_to_type(node: Node, profile: &str) -> Option<bool> {
    let name = profile.strip_prefix("http://hl7.org/fhir/StructureDefinition/")?;
    let id = schema().fhir(name)?;
    (node.id != TypeId::UNKNOWN).then(|| schema().is_a(node.id, id))
}
