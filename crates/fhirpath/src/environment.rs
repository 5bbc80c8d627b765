//! What surrounds an evaluation: the caller's answers, clock, variables and limits.

use crate::value::{Item, Node};
use yba_fhir::json::Value;

/// What an expression may ask of the world. `None` means "cannot be known here"; the expression then sees an empty
/// collection (an error for an unknown profile, as R4 says).
pub trait Host: Sync {
    /// The resource a reference or canonical points to, when it is neither contained nor in the same bundle.
    fn resolve(&self, _reference: &str) -> Option<&Value> {
        None
    }

    /// Whether a code, Coding or CodeableConcept is in a value set.
    fn member_of(&self, _coded: &Item, _value_set: &str) -> Option<bool> {
        None
    }

    /// Whether an element or resource conforms to a profile.
    fn conforms_to(&self, _node: Node, _profile: &str) -> Option<bool> {
        None
    }

    /// Whether the first concept subsumes the second, or is the same.
    fn subsumes(&self, _general: &Item, _special: &Item) -> Option<bool> {
        None
    }

    /// The ElementDefinition of an element.
    fn element_definition(&self, _node: Node) -> Option<&Value> {
        None
    }

    /// Whether an element belongs to a named slice of a structure.
    fn in_slice(&self, _node: Node, _structure: &str, _slice: &str) -> Option<bool> {
        None
    }

    /// Takes what `trace()` says.
    fn trace(&self, _name: &str, _items: &[Item]) {}
}

/// A host that knows nothing.
#[derive(Debug, Clone, Copy)]
pub struct NoHost;

impl Host for NoHost {}

/// Bounds of one evaluation. Reaching one is an error with key `fhirpath-limit`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Most steps: items visited, items compared, and sixteenths of kilobytes of text made.
    pub steps: u64,
    /// Most items held at one time.
    pub items: usize,
    /// Most bytes of one text.
    pub text: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits { steps: 5_000_000, items: 1_000_000, text: 4 << 20 }
    }
}

/// Everything an evaluation needs besides the program and the node it begins at.
#[derive(Clone)]
pub struct Environment<'a> {
    pub host: &'a dyn Host,
    /// The caller's clock in milliseconds since 1970 UTC; without it `now()` and `today()` are errors.
    pub now_ms: Option<i64>,
    /// The offset from UTC, in minutes, of `now()`. Vietnam by default.
    pub offset_minutes: i16,
    /// The offset that moments written without one are taken to have when they are compared with others. By default
    /// none: then such an order is unknown, unless it is the same everywhere.
    pub assumed_offset: Option<i16>,
    /// `%resource`; the node itself by default.
    pub resource: Option<Node<'a>>,
    /// `%rootResource`; `%resource` by default. References are resolved in it first.
    pub root_resource: Option<Node<'a>>,
    /// References that cannot be resolved become empty nodes of the type they name, so that `resolve() is Patient`
    /// can be answered from `Patient/123` alone. Search parameters need this.
    pub stand_ins: bool,
    /// `%name` for names of the caller's own.
    pub variables: Vec<(String, Vec<Item<'a>>)>,
    pub limits: Limits,
}

impl Default for Environment<'_> {
    fn default() -> Self {
        Environment {
            host: &NoHost,
            now_ms: None,
            offset_minutes: 7 * 60,
            assumed_offset: None,
            resource: None,
            root_resource: None,
            stand_ins: false,
            variables: Vec::new(),
            limits: Limits::default(),
        }
    }
}

impl<'a> Environment<'a> {
    /// With a clock.
    pub fn at(now_ms: i64) -> Environment<'a> {
        Environment { now_ms: Some(now_ms), ..Environment::default() }
    }

    /// With a variable more.
    pub fn with(mut self, name: &str, items: Vec<Item<'a>>) -> Environment<'a> {
        self.variables.push((name.to_owned(), items));
        self
    }
}
