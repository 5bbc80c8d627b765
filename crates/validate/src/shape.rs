//! R4's tables as nodes: one for each type and each nested element, with its members by JSON name.
//!
//! Compiled once; the walk looks each member of an object up once and knows all about it.

use crate::primitive::Primitive;
use crate::rule::Rule;
use std::collections::HashMap;
use yba_fhir::defs::{ElementDef, Invariant, R4, TypeDef};
use yba_fhir::text::nearest;
use yba_fhirpath::schema::{TypeId, schema};

/// The number of a node.
pub type NodeId = usize;

/// Most fields of one node: what is present is kept in one number of so many bits.
const FIELDS_MAX: usize = 128;

/// All nodes.
#[derive(Debug, Default)]
pub struct Shapes {
    nodes: Vec<Node>,
    /// Types, and nested elements by path (`Questionnaire.item`).
    by_name: HashMap<String, NodeId>,
}

/// An object: a resource, a data type, or a nested element.
#[derive(Debug)]
pub struct Node {
    /// `Patient`, `HumanName`, `Patient.contact`.
    pub name: String,
    /// What FHIRPath calls it.
    pub type_id: TypeId,
    /// Its invariants, those of its bases included.
    pub rules: Vec<Rule>,
    pub is_resource: bool,
    pub fields: Vec<Field>,
    /// Which fields are required, as bits.
    pub required: u128,
    members: HashMap<String, Member>,
}

/// An element of a node.
#[derive(Debug)]
pub struct Field {
    /// Without `[x]`.
    pub name: String,
    pub is_choice: bool,
    /// Written as an array.
    pub is_list: bool,
    /// `None`: any number.
    pub most: Option<u32>,
    /// The value set of a required binding.
    pub required_set: Option<String>,
    /// Types that a reference may point to; empty: any.
    pub targets: Vec<String>,
    /// Invariants of this element beyond those of its type.
    pub rules: Vec<Rule>,
}

/// What a JSON name in an object means.
#[derive(Debug, Clone, Copy)]
pub struct Member {
    pub field: usize,
    pub content: Content,
    /// The name began with `_`: id and extensions of a primitive.
    pub is_sibling: bool,
}

/// What stands under a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Content {
    Primitive(Primitive),
    Object(NodeId),
    /// A whole resource of any type.
    Resource,
}

impl Shapes {
    pub fn compile(tables: &R4) -> Shapes {
        let mut shapes = Shapes::default();
        for (name, def) in tables.types() {
            shapes.add(name, def.kind == "resource");
            for path in nested(def) {
                shapes.add(&format!("{name}.{path}"), false);
            }
        }
        for (name, def) in tables.types().filter(|(_, def)| def.kind != "primitive-type") {
            shapes.fill(name, "", def);
            shapes.add_rules(name, &inherited(tables, def));
            for path in nested(def) {
                let full = format!("{name}.{path}");
                shapes.fill(&full, &format!("{path}."), def);
                let own = def.elements.iter().filter(|element| element.path == path);
                let rules: Vec<&Invariant> = own.flat_map(|element| &element.invariants).collect();
                shapes.add_rules(&full, &rules);
            }
        }
        shapes
    }

    fn add_rules(&mut self, name: &str, invariants: &[&Invariant]) {
        let id = self.by_name[name];
        self.nodes[id].rules = rules(invariants, name);
    }

    fn add(&mut self, name: &str, is_resource: bool) {
        self.by_name.insert(name.to_owned(), self.nodes.len());
        self.nodes.push(Node {
            name: name.to_owned(),
            type_id: schema().fhir(name).unwrap_or(TypeId::UNKNOWN),
            rules: Vec::new(),
            is_resource,
            fields: Vec::new(),
            required: 0,
            members: HashMap::new(),
        });
    }

    /// Gives a node its fields: the elements right below `prefix`.
    fn fill(&mut self, name: &str, prefix: &str, def: &TypeDef) {
        let (kind, id) = (name.split('.').next().unwrap_or(name), self.by_name[name]);
        let (mut fields, mut members, mut required) = (Vec::new(), HashMap::new(), 0);
        for element in &def.elements {
            let Some(own) = element.path.strip_prefix(prefix).filter(|own| !own.contains('.')) else {
                continue;
            };
            let field = fields.len();
            assert!(field < FIELDS_MAX, "{name} has more than {FIELDS_MAX} elements");
            required |= u128::from(element.min > 0) << field;
            for (json_name, content) in self.contents(kind, own, element) {
                if matches!(content, Content::Primitive(_)) && json_name != "resourceType" {
                    let sibling = Content::Object(self.by_name["Element"]);
                    members.insert(
                        format!("_{json_name}"),
                        Member { field, content: sibling, is_sibling: true },
                    );
                }
                members.insert(json_name, Member { field, content, is_sibling: false });
            }
            let has_node = self.by_name.contains_key(&format!("{kind}.{}", element.path));
            fields.push(field_of(own, element, if has_node { &[] } else { &element.invariants }));
        }
        let node = &mut self.nodes[id];
        (node.fields, node.members, node.required) = (fields, members, required);
    }

    /// The JSON names of an element, each with what stands under it.
    fn contents(&self, kind: &str, own: &str, element: &ElementDef) -> Vec<(String, Content)> {
        if let Some(path) = &element.content_reference {
            let known = self.by_name.get(path.trim_start_matches('#'));
            return known.map(|node| (own.to_owned(), Content::Object(*node))).into_iter().collect();
        }
        if let Some(node) = self.by_name.get(&format!("{kind}.{}", element.path)) {
            return vec![(own.to_owned(), Content::Object(*node))];
        }
        let Some(base) = own.strip_suffix("[x]") else {
            let content = element.types.first().and_then(|name| self.content(name));
            return content.map(|content| (own.to_owned(), content)).into_iter().collect();
        };
        let choice = |name: &String| Some((format!("{base}{}", capital(name)), self.content(name)?));
        element.types.iter().filter_map(choice).collect()
    }

    fn content(&self, name: &str) -> Option<Content> {
        match name {
            "Resource" => Some(Content::Resource),
            _ => Primitive::of(name)
                .map(Content::Primitive)
                .or_else(|| self.by_name.get(name).map(|node| Content::Object(*node))),
        }
    }

    pub fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id]
    }

    /// The node of a resource type that can be written.
    pub fn resource(&self, kind: &str) -> Option<&Node> {
        let node = &self.nodes[*self.by_name.get(kind)?];
        (node.is_resource && !matches!(kind, "Resource" | "DomainResource")).then_some(node)
    }
}

impl Node {
    pub fn member(&self, json_name: &str) -> Option<Member> {
        self.members.get(json_name).copied()
    }

    /// The member whose name is spelled most alike, for advice; `None` when none is near.
    pub fn near(&self, json_name: &str) -> Option<&str> {
        let names =
            self.members.iter().filter(|(_, member)| !member.is_sibling).map(|(name, _)| name.as_str());
        nearest(json_name, names)
    }
}

/// The invariants of a type and of everything it derives from.
fn inherited<'t>(tables: &'t R4, def: &'t TypeDef) -> Vec<&'t Invariant> {
    let mut found: Vec<&Invariant> = def.invariants.iter().collect();
    let mut at = def;
    while let Some(base) = at.base.as_ref().and_then(|base| tables.type_def(base)) {
        found.extend(&base.invariants);
        at = base;
    }
    found
}

/// R4's own rules are sound, which a test shows.
fn rules(invariants: &[&Invariant], context: &str) -> Vec<Rule> {
    let compile = |invariant: &&Invariant| {
        Rule::of_r4(invariant, context)
            .unwrap_or_else(|error| panic!("{} of {context}: {error}", invariant.key))
    };
    invariants.iter().filter_map(compile).collect()
}

fn field_of(own: &str, element: &ElementDef, invariants: &[Invariant]) -> Field {
    // An element of several types is judged without one.
    let context = element.types.first().filter(|_| element.types.len() == 1);
    let name = own.strip_suffix("[x]");
    Field {
        name: name.unwrap_or(own).to_owned(),
        is_choice: name.is_some(),
        is_list: element.max != Some(1),
        most: element.max,
        required_set: element
            .binding
            .as_ref()
            .filter(|(strength, _)| strength == "required")
            .map(|(_, set)| set.clone()),
        targets: match element.reference_targets.iter().any(|target| target == "Resource") {
            true => Vec::new(),
            false => element.reference_targets.clone(),
        },
        rules: rules(&invariants.iter().collect::<Vec<_>>(), context.map_or("", String::as_str)),
    }
}

/// Paths of a type that have elements below them.
fn nested(def: &TypeDef) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for element in &def.elements {
        if let Some((parent, _)) = element.path.rsplit_once('.')
            && !found.iter().any(|known| known == parent)
        {
            found.push(parent.to_owned());
        }
    }
    found
}

fn capital(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map(|first| first.to_ascii_uppercase().to_string() + letters.as_str()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use yba_fhir::defs::r4;

    #[test]
    fn members_are_found_by_their_json_names() {
        let shapes = Shapes::compile(r4());
        let observation = shapes.resource("Observation").unwrap();
        let quantity = observation.member("valueQuantity").unwrap();
        assert!(matches!(quantity.content, Content::Object(node) if shapes.node(node).name == "Quantity"));
        assert_eq!(observation.fields[quantity.field].name, "value");
        assert!(observation.member("value").is_none() && observation.member("value[x]").is_none());
        assert!(observation.member("_valueString").unwrap().is_sibling);
        assert!(observation.member("_valueQuantity").is_none(), "only primitives have siblings");
        let component = observation.member("component").unwrap();
        assert!(
            matches!(component.content, Content::Object(node) if shapes.node(node).name == "Observation.component")
        );
        let item = shapes.resource("Questionnaire").unwrap().member("item").unwrap().content;
        let Content::Object(item) = item else { panic!("{item:?}") };
        assert_eq!(
            shapes.node(item).member("item").unwrap().content,
            Content::Object(item),
            "items hold items"
        );
        assert!(shapes.resource("Bundle").is_some());
        assert!(shapes.resource("HumanName").is_none() && shapes.resource("DomainResource").is_none());
    }

    #[test]
    fn required_elements_are_known() {
        let shapes = Shapes::compile(r4());
        let observation = shapes.resource("Observation").unwrap();
        let required: Vec<&str> = observation
            .fields
            .iter()
            .enumerate()
            .filter(|(at, _)| observation.required >> at & 1 == 1)
            .map(|(_, field)| field.name.as_str())
            .collect();
        assert_eq!(required, ["status", "code"]);
    }

    #[test]
    fn advice_names_what_is_spelled_alike_only() {
        let shapes = Shapes::compile(r4());
        let patient = shapes.resource("Patient").unwrap();
        assert_eq!(patient.near("birthdate"), Some("birthDate"));
        assert_eq!(patient.near("gendr"), Some("gender"));
        assert_eq!(patient.near("nhomMau"), None);
        assert_eq!(patient.near(&"x".repeat(5000)), None);
    }
}
