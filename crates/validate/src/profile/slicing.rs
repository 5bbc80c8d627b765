//! Slices: which items of a list a profile means. <https://hl7.org/fhir/R4/profiling.html#discriminator>

use super::Constraint;
use super::value::{fits, is_fixed};
use crate::spot::Within;
use yba_fhir::json::Value;
use yba_fhirpath::schema::{TypeId, schema};
use yba_fhirpath::{Environment, Item, Node, Program};

/// How a list is sliced.
#[derive(Debug)]
pub struct Slicing {
    pub rules: Rules,
    pub is_ordered: bool,
    pub slices: Vec<Slice>,
}

/// What may stand beside the slices.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rules {
    Open,
    OpenAtEnd,
    Closed,
}

/// One slice: items that pass all tests are in it.
#[derive(Debug)]
pub struct Slice {
    pub name: String,
    pub tests: Vec<Test>,
    pub constraint: Constraint,
}

/// What tells an item apart.
#[derive(Debug)]
pub struct Test {
    /// To be evaluated on the item; `None`: the item itself.
    pub path: Option<Program>,
    pub wanted: Wanted,
}

#[derive(Debug)]
pub enum Wanted {
    Fixed(Value),
    Pattern(Value),
    /// A code of this value set.
    InSet(String),
    Exists(bool),
    Types(Vec<TypeId>),
    Profiles(Vec<String>),
}

impl Slice {
    pub fn holds(&self, item: Node<'_>, within: Within<'_>) -> bool {
        self.tests.iter().all(|test| test.passes(item, within))
    }
}

impl Test {
    fn passes(&self, node: Node<'_>, within: Within<'_>) -> bool {
        let Some(path) = &self.path else { return self.wanted.is_met(&[Item::Node(node)], within) };
        let environment = Environment {
            host: within.host,
            resource: Some(within.resource),
            root_resource: Some(within.root),
            stand_ins: true,
            ..Environment::default()
        };
        path.evaluate_node(node, &environment).is_ok_and(|items| self.wanted.is_met(&items, within))
    }
}

impl Wanted {
    fn is_met(&self, items: &[Item<'_>], within: Within<'_>) -> bool {
        let mut values = items.iter().filter_map(|item| item.node()?.value);
        match self {
            Wanted::Fixed(fixed) => values.any(|value| is_fixed(value, fixed)),
            Wanted::Pattern(pattern) => values.any(|value| fits(value, pattern)),
            Wanted::InSet(set) => items.iter().any(|item| within.host.member_of(item, set) == Some(true)),
            Wanted::Exists(wanted) => items.is_empty() != *wanted,
            Wanted::Types(types) => {
                let is_one = |item: &Item<'_>| types.iter().any(|id| schema().is_a(item.type_id(), *id));
                !items.is_empty() && items.iter().all(is_one)
            }
            Wanted::Profiles(profiles) => items.iter().filter_map(Item::node).any(|node| {
                profiles.iter().any(|profile| within.host.conforms_to(node, profile) == Some(true))
            }),
        }
    }
}
