//! Evaluation: a stack of items, on which every operation leaves its collection.
//!
//! A collection is the part of the stack above a remembered height; nothing is copied but small items (nodes are two
//! references), and once the stack has grown nothing is allocated. Start at [`Machine::eval`].

mod calls;
mod collections;
mod convert;
mod encoding;
mod equality;
mod fhir;
mod html;
mod lambdas;
mod numbers;
mod operators;
mod path;
mod reflect;
pub(crate) mod strings;

use crate::environment::Environment;
use crate::error::Fault;
use crate::op::{Op, Variable};
use crate::schema::{TypeId, schema};
use crate::value::{Item, Node};
use std::borrow::Cow;

pub(crate) type Run<T = ()> = Result<T, Fault>;

/// One evaluation.
pub(crate) struct Machine<'a, 'e> {
    stack: Vec<Item<'a>>,
    /// Of the items that are being looked at, innermost last; outside of all, `$this` is the context.
    frames: Vec<Frame<'a>>,
    context: Node<'a>,
    environment: &'e Environment<'a>,
    /// Steps that are left.
    steps: u64,
    /// Where the evaluation is in the text, for errors.
    at: u32,
}

/// What `$this`, `$index` and `$total` are.
struct Frame<'a> {
    this: Option<Item<'a>>,
    index: Option<i32>,
    total: Option<Vec<Item<'a>>>,
}

impl<'a, 'e> Machine<'a, 'e> {
    pub fn new(context: Node<'a>, environment: &'e Environment<'a>) -> Machine<'a, 'e> {
        let steps = environment.limits.steps;
        Machine { stack: Vec::new(), frames: Vec::new(), context, environment, steps, at: 0 }
    }

    /// On an item that need not be a node, with an empty stack that was used before and the steps that are left.
    pub fn on(
        focus: &Item<'a>,
        environment: &'e Environment<'a>,
        stack: Vec<Item<'a>>,
        steps: u64,
    ) -> Machine<'a, 'e> {
        let nowhere = Node { value: None, sibling: None, id: TypeId::UNKNOWN };
        let (context, frames) = match focus {
            Item::Node(node) => (*node, Vec::new()),
            computed => {
                let frame = Frame { this: Some(computed.clone()), index: None, total: None };
                (environment.resource.unwrap_or(nowhere), vec![frame])
            }
        };
        Machine { stack, frames, context, environment, steps, at: 0 }
    }

    pub fn steps_left(&self) -> u64 {
        self.steps
    }

    pub fn into_items(self) -> Vec<Item<'a>> {
        self.stack
    }

    /// Leaves the collection an operation gives.
    pub fn eval(&mut self, op: &'a Op) -> Run {
        match op {
            Op::Literal(item) => self.push(borrowed(item)),
            Op::Empty => Ok(()),
            Op::This => match self.this() {
                Some(this) => self.push(this),
                None => Ok(()),
            },
            Op::Index => {
                let index = self.frames.iter().rev().find_map(|frame| frame.index);
                index.map_or(Ok(()), |index| self.push(Item::Integer(index)))
            }
            Op::Total => self.push_total(),
            Op::Variable { at, name } => self.variable(*at, name),
            Op::Path { at, input, steps } => {
                self.at = *at;
                self.path(input.as_deref(), steps)
            }
            Op::Call(call) => self.call(call),
            Op::Negate { at, input } => self.negate(*at, input),
            Op::As { at, input, target } => {
                let item = self.single(input)?;
                self.at = *at;
                item.filter(|item| is_of(item, *target)).map_or(Ok(()), |item| self.push(item))
            }
            Op::Binary { .. } | Op::Is { .. } => self.operator(op),
        }
    }

    /// Evaluates as a rule: the Boolean of one item, `true` for any other single item, `None` for none.
    /// <http://hl7.org/fhirpath/N1/#singleton-evaluation-of-collections>
    pub fn test(&mut self, op: &'a Op) -> Run<Option<bool>> {
        if let Some(result) = self.logic(op)? {
            return Ok(result);
        }
        let start = self.stack.len();
        self.eval(op)?;
        let result = self.boolean(start);
        self.stack.truncate(start);
        result
    }

    /// The Boolean of the collection above `start`.
    fn boolean(&self, start: usize) -> Run<Option<bool>> {
        match &self.stack[start..] {
            [] => Ok(None),
            [only] => Ok(Some(match &*seen(only) {
                Item::Boolean(value) => *value,
                _ => true,
            })),
            many => Err(self.too_many(many.len())),
        }
    }

    fn push(&mut self, item: Item<'a>) -> Run {
        if self.stack.len() >= self.environment.limits.items {
            return Err(self.limit("số mục", "items"));
        }
        self.stack.push(item);
        Ok(())
    }

    fn push_text(&mut self, text: String) -> Run {
        if text.len() > self.environment.limits.text {
            return Err(self.limit("độ dài chuỗi", "text"));
        }
        self.spend(1 + text.len() as u64 / 64)?;
        self.push(Item::owned(text))
    }

    fn push_boolean(&mut self, value: Option<bool>) -> Run {
        value.map_or(Ok(()), |value| self.push(Item::Boolean(value)))
    }

    fn spend(&mut self, steps: u64) -> Run {
        match self.steps.checked_sub(steps) {
            Some(left) => {
                self.steps = left;
                Ok(())
            }
            None => {
                self.steps = 0;
                Err(self.limit("số bước", "steps"))
            }
        }
    }

    fn this(&self) -> Option<Item<'a>> {
        match self.frames.last() {
            Some(frame) => frame.this.clone(),
            None => Some(Item::Node(self.context)),
        }
    }

    fn push_total(&mut self) -> Run {
        let Some(frame) = self.frames.iter().rposition(|frame| frame.total.is_some()) else { return Ok(()) };
        let total = self.frames[frame].total.clone().unwrap_or_default();
        total.into_iter().try_for_each(|item| self.push(item))
    }

    fn variable(&mut self, at: u32, name: &Variable) -> Run {
        let environment = self.environment;
        match name {
            Variable::Context => self.push(Item::Node(self.context)),
            Variable::Resource => self.push(Item::Node(self.resource())),
            Variable::RootResource => self.push(Item::Node(self.root_resource())),
            Variable::Custom(name) => {
                let found = environment.variables.iter().rev().find(|(known, _)| **known == **name);
                let Some((_, items)) = found else {
                    return Err(Fault::new(
                        "fhirpath-unknown-variable",
                        at,
                        format!("không có biến %{name}"),
                        format!("there is no variable %{name}"),
                    ));
                };
                items.iter().try_for_each(|item| self.push(item.clone()))
            }
        }
    }

    fn resource(&self) -> Node<'a> {
        self.environment.resource.unwrap_or(self.context)
    }

    fn root_resource(&self) -> Node<'a> {
        self.environment.root_resource.unwrap_or_else(|| self.resource())
    }

    /// Evaluates; the height of the stack before tells where the result begins.
    fn collect(&mut self, op: &'a Op) -> Run<usize> {
        let start = self.stack.len();
        self.eval(op)?;
        Ok(start)
    }

    /// Takes the collection above `start` as at most one item.
    fn one(&mut self, start: usize) -> Run<Option<Item<'a>>> {
        match self.stack.len() - start {
            0 => Ok(None),
            1 => Ok(self.stack.pop()),
            many => Err(self.too_many(many)),
        }
    }

    /// Evaluates to at most one item.
    fn single(&mut self, op: &'a Op) -> Run<Option<Item<'a>>> {
        let start = self.collect(op)?;
        self.one(start)
    }

    fn fault(&self, key: &'static str, text: impl Into<String>, diagnostics: impl Into<String>) -> Fault {
        Fault::new(key, self.at, text, diagnostics)
    }

    fn too_many(&self, found: usize) -> Fault {
        self.fault(
            "fhirpath-many",
            format!(
                "chỗ này cần nhiều nhất một mục nhưng có {found}; hãy dùng first(), where() hoặc select()"
            ),
            format!("at most one item is expected here, {found} found; use first(), where() or select()"),
        )
    }

    /// A value of a type that does not belong here.
    fn wrong_type(&self, expected: (&str, &str), found: &Item) -> Fault {
        let name = found.type_name();
        self.fault(
            "fhirpath-type",
            format!("ở đây cần {}, không phải {name}", expected.0),
            format!("{} is expected here, not {name}", expected.1),
        )
    }

    fn limit(&self, vi: &str, en: &str) -> Fault {
        self.fault(
            "fhirpath-limit",
            format!("biểu thức vượt giới hạn ({vi}); hãy thu hẹp dữ liệu hoặc viết lại"),
            format!("the evaluation exceeds its limit of {en}"),
        )
    }
}

/// A literal of the program without copying its text.
fn borrowed<'a>(item: &'a Item<'static>) -> Item<'a> {
    match item {
        Item::String(text) => Item::String(Cow::Borrowed(text)),
        other => other.clone(),
    }
}

/// The System value of an item: primitives and FHIR quantities give theirs, others stay.
fn seen<'i, 'a>(item: &'i Item<'a>) -> Cow<'i, Item<'a>> {
    match item {
        Item::Node(_) => Cow::Owned(item.to_system()),
        other => Cow::Borrowed(other),
    }
}

/// Whether a primitive node has no value (only extensions), or is something complex.
fn is_bare_node(item: &Item) -> bool {
    matches!(item, Item::Node(_))
}

/// Whether an item is of a type that was asked for.
fn is_of(item: &Item, target: crate::op::Target) -> bool {
    let id = item.type_id();
    schema().is_a(id, target.id) || target.also.is_some_and(|also| schema().is_a(id, also))
}

/// The namespace and name a type is shown with.
pub(crate) fn names_of(id: crate::schema::TypeId) -> (&'static str, &'static str) {
    (reflect::namespace(id), reflect::shown_name(id))
}
