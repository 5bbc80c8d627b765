//! The program an expression is compiled to.

use crate::ast::Operator;
use crate::functions::Function;
use crate::schema::{Element, TypeId};
use crate::value::Item;
use regex::Regex;

/// One step of the program; each leaves a collection.
#[derive(Debug)]
pub enum Op {
    Literal(Item<'static>),
    Empty,
    This,
    Index,
    Total,
    Variable {
        at: u32,
        name: Variable,
    },
    /// Children, and children of children, of what `input` leaves (of `$this` without it).
    Path {
        at: u32,
        input: Option<Box<Op>>,
        steps: Vec<Step>,
    },
    Call(Box<Call>),
    Negate {
        at: u32,
        input: Box<Op>,
    },
    Binary {
        at: u32,
        operator: Operator,
        left: Box<Op>,
        right: Box<Op>,
    },
    Is {
        at: u32,
        input: Box<Op>,
        target: Target,
    },
    /// The one item of the input, when it is of the type.
    As {
        at: u32,
        input: Box<Op>,
        target: Target,
    },
}

#[derive(Debug)]
pub struct Call {
    pub at: u32,
    pub function: Function,
    /// `None` is `$this`.
    pub input: Option<Op>,
    pub arguments: Box<[Op]>,
    /// The pattern of `matches` and its sisters, when it is a literal.
    pub regex: Option<Regex>,
}

/// A step of a path, taken item by item.
#[derive(Debug)]
pub enum Step {
    Child(Child),
    OfType(Target),
}

/// Members of one name. For nodes of type `owner` the element was found when the program was compiled.
#[derive(Debug)]
pub struct Child {
    pub name: Box<str>,
    pub owner: TypeId,
    pub element: Option<&'static Element>,
}

/// The type asked for by `is`, `as`, `ofType`; a name without namespace may mean two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Target {
    pub id: TypeId,
    pub also: Option<TypeId>,
}

#[derive(Debug)]
pub enum Variable {
    Context,
    Resource,
    RootResource,
    Custom(Box<str>),
}
