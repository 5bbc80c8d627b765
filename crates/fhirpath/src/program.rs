//! A compiled expression.

use crate::compile;
use crate::environment::Environment;
use crate::error::{Fault, PathError};
use crate::eval::Machine;
use crate::op::Op;
use crate::parse;
use crate::shape::Shape;
use crate::value::{Item, Node};
use yba_fhir::json::Value;

/// How an expression is compiled.
#[derive(Debug, Clone, Default)]
pub struct CompileOptions<'o> {
    /// The FHIR type the expression will be evaluated on, e.g. `Patient`. Without it, or when R4 has no such type,
    /// names are looked up at run time and unknown ones are empty.
    pub context: Option<&'o str>,
    /// What it will be evaluated on, as another program leaves it ([`Program::leaves`]); goes before `context`.
    pub within: Option<&'o Shape>,
    /// A path that begins with the name of another type is empty instead of an error. HL7's search parameters need
    /// this: `AllergyIntolerance.code | Condition.code`.
    pub other_roots: bool,
    /// `as` keeps the items of a type instead of refusing more than one item. HL7's own search parameters and
    /// invariants of R4 are written so (`Observation.component.value as Quantity`), against N1's text.
    pub as_filters: bool,
    /// `a | b` keeps duplicates, as `a.combine(b)` does: for callers who drop them later and need not pay for comparing
    /// every item with every other.
    pub keep_duplicates: bool,
    /// The only custom variables there will be; without it any name may be used and is looked up at run time.
    pub variables: Option<&'o [&'o str]>,
    /// What is known of variables before they have a value, `resource` included: their elements are then checked.
    pub shapes: &'o [(String, Shape)],
    /// Variables whose value is known now; they cost nothing at run time and their type is checked.
    pub constants: &'o [(String, Item<'static>)],
}

/// An expression, compiled once and evaluated on many nodes, from many threads.
#[derive(Debug)]
pub struct Program {
    source: Box<str>,
    op: Op,
    leaves: Shape,
}

impl Program {
    /// Compiles for nodes of a FHIR type, see [`CompileOptions::context`]. Refuses wrong syntax, unknown functions,
    /// elements and types, and functions on values they cannot work on.
    pub fn compile(source: &str, context: Option<&str>) -> Result<Program, PathError> {
        Program::compile_with(source, &CompileOptions { context, ..CompileOptions::default() })
    }

    pub fn compile_with(source: &str, options: &CompileOptions) -> Result<Program, PathError> {
        let (op, leaves) = parse::parse(source)
            .and_then(|expr| compile::compile(&expr, options))
            .map_err(|fault| fault.located(source))?;
        Ok(Program { source: source.into(), op, leaves })
    }

    /// The text it was compiled from.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// What is known of the items it leaves.
    pub fn leaves(&self) -> &Shape {
        &self.leaves
    }

    /// Whether it is empty on every node of the type it was compiled for.
    pub fn is_always_empty(&self) -> bool {
        matches!(self.op, Op::Empty)
    }

    /// Evaluates on a resource, or on a tree of unknown type.
    pub fn evaluate<'a>(
        &'a self,
        resource: &'a Value,
        environment: &Environment<'a>,
    ) -> Result<Vec<Item<'a>>, PathError> {
        self.evaluate_node(Node::root(resource), environment)
    }

    /// Evaluates on any node.
    pub fn evaluate_node<'a>(
        &'a self,
        node: Node<'a>,
        environment: &Environment<'a>,
    ) -> Result<Vec<Item<'a>>, PathError> {
        let mut machine = Machine::new(node, environment);
        self.locate(machine.eval(&self.op))?;
        Ok(machine.into_items())
    }

    /// As [`Program::evaluate_node`], on any item, for many evaluations that share a number of steps: takes what it
    /// needs from `steps` instead of [`Limits::steps`](crate::Limits::steps), and leaves its items in `items`, whose
    /// room is used again. What was in `items` is dropped.
    pub fn evaluate_into<'a>(
        &'a self,
        focus: &Item<'a>,
        environment: &Environment<'a>,
        steps: &mut u64,
        items: &mut Vec<Item<'a>>,
    ) -> Result<(), PathError> {
        items.clear();
        let mut machine = Machine::on(focus, environment, std::mem::take(items), *steps);
        let result = machine.eval(&self.op);
        *steps = machine.steps_left();
        *items = machine.into_items();
        self.locate(result)
    }

    /// Evaluates as a rule: `None` when the result is empty. More than one item is an error.
    pub fn test<'a>(
        &'a self,
        node: Node<'a>,
        environment: &Environment<'a>,
    ) -> Result<Option<bool>, PathError> {
        self.locate(Machine::new(node, environment).test(&self.op))
    }

    fn locate<T>(&self, result: Result<T, Fault>) -> Result<T, PathError> {
        result.map_err(|fault| fault.located(&self.source))
    }
}
