//! Names become types and elements; what cannot be right is refused. <http://hl7.org/fhirpath/N1/#type-safety-and-strict-evaluation>

mod check;
mod names;

use crate::ast::{Expr, ExprKind, Invocation, Literal, Operator};
use crate::error::Fault;
use crate::eval::strings;
use crate::functions::{self, Argument, Function, Leaves, Signature};
use crate::op::{Call, Child, Op, Step, Target, Variable};
use crate::program::CompileOptions;
use crate::schema::{TypeId, schema};
use crate::shape::Shape;
use crate::value::Item;
use regex::Regex;

/// Most parts compiled for one expression; `repeat` compiles its argument twice.
const MAX_PARTS: u32 = 100_000;

/// Compiles an expression for nodes of the type in `options`.
pub fn compile(expr: &Expr, options: &CompileOptions) -> Result<(Op, Shape), Fault> {
    let context = match options.within {
        Some(shape) => shape.clone(),
        None => options.context.and_then(|name| schema().fhir(name)).map_or_else(Shape::any, Shape::of),
    };
    let mut compiler = Compiler { options, scopes: vec![context], parts: 0 };
    compiler.expr(expr)
}

struct Compiler<'o> {
    options: &'o CompileOptions<'o>,
    /// What `$this` may be, outermost first.
    scopes: Vec<Shape>,
    parts: u32,
}

type Compiled = Result<(Op, Shape), Fault>;

impl Compiler<'_> {
    fn this(&self) -> &Shape {
        self.scopes.last().expect("the outermost scope is never popped")
    }

    fn expr(&mut self, expr: &Expr) -> Compiled {
        self.parts += 1;
        if self.parts > MAX_PARTS {
            return Err(Fault::new(
                "fhirpath-size",
                expr.at,
                "biểu thức có quá nhiều repeat() lồng nhau",
                "too many nested repeat()",
            ));
        }
        match &expr.kind {
            ExprKind::Literal(literal) => Ok(compile_literal(literal)),
            ExprKind::Empty => Ok((Op::Empty, Shape::nothing())),
            ExprKind::Variable(name) => self.variable(expr.at, name),
            ExprKind::Invoke { input, what } => self.invoke(expr.at, input.as_deref(), what),
            ExprKind::Index(input, index) => self.index(expr.at, input, index),
            ExprKind::Negate(input) => self.negate(expr.at, input),
            ExprKind::Plus(input) => {
                let (op, shape) = self.expr(input)?;
                check::sign(&shape, expr.at)?;
                Ok((op, shape))
            }
            ExprKind::Binary(operator, left, right) => self.binary(expr.at, *operator, left, right),
            ExprKind::Type { input, test, name } => {
                let target = names::target(name)?;
                let (input, shape) = self.expr(input)?;
                Ok(if *test { is(expr.at, input, target) } else { self.cast(expr.at, input, &shape, target) })
            }
        }
    }

    fn variable(&mut self, at: u32, name: &str) -> Compiled {
        let text = |text: String| (Op::Literal(Item::owned(text)), Shape::of(TypeId::STRING));
        let variable = match name {
            "ucum" => return Ok(text("http://unitsofmeasure.org".into())),
            "sct" => return Ok(text("http://snomed.info/sct".into())),
            "loinc" => return Ok(text("http://loinc.org".into())),
            "context" => {
                return Ok((Op::Variable { at, name: Variable::Context }, self.scopes[0].clone()));
            }
            "resource" => Variable::Resource,
            "rootResource" => Variable::RootResource,
            _ => {
                if let Some(set) = name.strip_prefix("vs-") {
                    return Ok(text(format!("http://hl7.org/fhir/ValueSet/{set}")));
                }
                if let Some(extension) = name.strip_prefix("ext-") {
                    return Ok(text(format!("http://hl7.org/fhir/StructureDefinition/{extension}")));
                }
                if let Some((_, item)) = self.options.constants.iter().find(|(known, _)| known == name) {
                    return Ok((Op::Literal(item.clone()), Shape::of(item.type_id())));
                }
                names::declared(name, self.options.variables, at)?;
                Variable::Custom(name.into())
            }
        };
        let known = self.options.shapes.iter().find(|(known, _)| known == name);
        let shape = known.map_or_else(Shape::any, |(_, shape)| shape.clone());
        Ok((Op::Variable { at, name: variable }, shape))
    }

    fn invoke(&mut self, at: u32, input: Option<&Expr>, what: &Invocation) -> Compiled {
        match what {
            Invocation::Function(name, arguments) => self.function(at, input, name, arguments),
            Invocation::Member(name) => match input {
                Some(input) => {
                    let (op, shape) = self.expr(input)?;
                    member(at, Some(op), &shape, name)
                }
                None => self.head(at, name),
            },
            // `a.$this` is what `$this` is: the input is not looked at, as in the reference grammar's own engines.
            Invocation::This => Ok((Op::This, self.this().clone())),
            Invocation::Index => Ok((Op::Index, Shape::of(TypeId::INTEGER))),
            Invocation::Total => Ok((Op::Total, Shape::any())),
        }
    }

    /// A name at the beginning of a path: the type of the context, or one of its elements.
    fn head(&mut self, at: u32, name: &str) -> Compiled {
        let this = self.this().clone();
        let type_named = schema().fhir(name).filter(|_| name.starts_with(|c: char| c.is_ascii_uppercase()));
        let Some(id) = type_named else { return member(at, None, &this, name) };
        let narrowed = this.narrowed(id);
        if narrowed == this && this.known().is_some() {
            return Ok((Op::This, this));
        }
        if narrowed.known().is_some_and(<[TypeId]>::is_empty) {
            return if self.options.other_roots {
                Ok((Op::Empty, Shape::nothing()))
            } else {
                Err(names::other_root(at, name, &this))
            };
        }
        Ok(narrow(at, Op::This, &this, Target { id, also: None }))
    }

    fn index(&mut self, at: u32, input: &Expr, index: &Expr) -> Compiled {
        let (input, shape) = self.expr(input)?;
        let (index, _) = self.expr(index)?;
        Ok((call(at, Function::ItemAt, Some(input), vec![index]), shape))
    }

    fn negate(&mut self, at: u32, input: &Expr) -> Compiled {
        let (input, shape) = self.expr(input)?;
        check::sign(&shape, at)?;
        Ok((Op::Negate { at, input: Box::new(input) }, shape))
    }

    fn binary(&mut self, at: u32, operator: Operator, left: &Expr, right: &Expr) -> Compiled {
        let (left, left_shape) = self.expr(left)?;
        let (right, right_shape) = self.expr(right)?;
        let shape = check::binary(operator, left_shape, right_shape, at)?;
        if operator == Operator::Union {
            match (left, right) {
                (Op::Empty, Op::Empty) => return Ok((Op::Empty, Shape::nothing())),
                (Op::Empty, only) | (only, Op::Empty) if self.options.keep_duplicates => {
                    return Ok((only, shape));
                }
                (left, right) if self.options.keep_duplicates => {
                    return Ok((call(at, Function::Combine, Some(left), vec![right]), shape));
                }
                (Op::Empty, only) | (only, Op::Empty) => return Ok((distinct(at, only), shape)),
                (left, right) => {
                    let (left, right) = (Box::new(left), Box::new(right));
                    return Ok((Op::Binary { at, operator, left, right }, shape));
                }
            }
        }
        Ok((Op::Binary { at, operator, left: Box::new(left), right: Box::new(right) }, shape))
    }

    fn function(&mut self, at: u32, input: Option<&Expr>, name: &str, arguments: &[Expr]) -> Compiled {
        let signature = functions::find(name).ok_or_else(|| names::unknown_function(at, name))?;
        check::count(signature, arguments.len(), at)?;
        let (input, shape) = match input {
            Some(input) => {
                let (op, shape) = self.expr(input)?;
                (Some(op), shape)
            }
            None => (None, self.this().clone()),
        };
        check::input(signature, &shape, at)?;
        if let Some(Argument::Type) = signature.arguments.first()
            && let Some(argument) = arguments.first()
        {
            let target = names::target(&names::type_argument(argument)?)?;
            return Ok(self.type_function(at, signature.function, input, &shape, target));
        }
        if signature.function == Function::Repeat {
            return self.repeat(at, input, shape, &arguments[0]);
        }
        let mut ops = Vec::with_capacity(arguments.len());
        let mut shapes = Vec::with_capacity(arguments.len());
        for (argument, kind) in arguments.iter().zip(signature.arguments) {
            let (op, leaves) = match kind {
                Argument::Each => self.within(shape.clone(), argument)?,
                _ => self.expr(argument)?,
            };
            ops.push(op);
            shapes.push(leaves);
        }
        if signature.function == Function::Iif {
            check::criterion(&shapes[0], at)?;
        }
        let leaves = leaves(signature, shape, shapes);
        let regex = literal_regex(at, signature.function, &ops)?;
        let call = Call { at, function: signature.function, input, arguments: ops.into(), regex };
        Ok((Op::Call(Box::new(call)), leaves))
    }

    /// Compiles an argument where `$this` is an item of the input.
    fn within(&mut self, this: Shape, argument: &Expr) -> Compiled {
        self.scopes.push(this);
        let compiled = self.expr(argument);
        self.scopes.pop();
        compiled
    }

    /// What `repeat` finds is searched again, so its argument must make sense for that too.
    fn repeat(&mut self, at: u32, input: Option<Op>, shape: Shape, argument: &Expr) -> Compiled {
        let (mut op, found) = self.within(shape.clone(), argument)?;
        let all = shape.clone().or(found.clone());
        let mut leaves = found;
        if all != shape {
            let (again, found) = self.within(all.clone(), argument)?;
            op = again;
            leaves = if all.clone().or(found.clone()) == all { found } else { Shape::any() };
        }
        Ok((call(at, Function::Repeat, input, vec![op]), leaves))
    }

    /// `as`
    fn cast(&self, at: u32, input: Op, shape: &Shape, target: Target) -> (Op, Shape) {
        if self.options.as_filters {
            return narrow(at, input, shape, target);
        }
        (Op::As { at, input: Box::new(input), target }, narrowed(shape, target))
    }

    fn type_function(
        &mut self,
        at: u32,
        function: Function,
        input: Option<Op>,
        shape: &Shape,
        target: Target,
    ) -> (Op, Shape) {
        let input = input.unwrap_or(Op::This);
        match function {
            Function::Is => is(at, input, target),
            Function::OfType => narrow(at, input, shape, target),
            Function::As => self.cast(at, input, shape, target),
            other => {
                let name = Item::text(schema().get(target.id).name.as_str());
                (call(at, other, Some(input), vec![Op::Literal(name)]), Shape::of(TypeId::STRING))
            }
        }
    }
}

/// What a union with nothing does: it still removes duplicates.
fn distinct(at: u32, op: Op) -> Op {
    match &op {
        Op::Binary { operator: Operator::Union, .. } => op,
        Op::Call(call) if call.function == Function::Distinct => op,
        _ => call(at, Function::Distinct, Some(op), Vec::new()),
    }
}

fn call(at: u32, function: Function, input: Option<Op>, arguments: Vec<Op>) -> Op {
    Op::Call(Box::new(Call { at, function, input, arguments: arguments.into(), regex: None }))
}

/// Compiles the pattern once, when it is written in the expression.
fn literal_regex(at: u32, function: Function, arguments: &[Op]) -> Result<Option<Regex>, Fault> {
    let whole = match function {
        Function::Matches | Function::ReplaceMatches => false,
        Function::MatchesFull => true,
        _ => return Ok(None),
    };
    match arguments.first() {
        Some(Op::Literal(Item::String(pattern))) => {
            strings::regex(pattern, whole).map(Some).map_err(|reason| strings::bad_regex(at, &reason))
        }
        _ => Ok(None),
    }
}

fn is(at: u32, input: Op, target: Target) -> (Op, Shape) {
    (Op::Is { at, input: Box::new(input), target }, Shape::of(TypeId::BOOLEAN))
}

/// Keeps the items of a type.
fn narrow(at: u32, input: Op, shape: &Shape, target: Target) -> (Op, Shape) {
    (step(at, Some(input), Step::OfType(target)), narrowed(shape, target))
}

fn narrowed(shape: &Shape, target: Target) -> Shape {
    match target.also {
        Some(also) => shape.narrowed(target.id).or(shape.narrowed(also)),
        None => shape.narrowed(target.id),
    }
}

/// Adds an element to a path.
fn member(at: u32, input: Option<Op>, shape: &Shape, name: &str) -> Compiled {
    let Some(leaves) = shape.element(name) else { return Err(names::unknown_element(at, name, shape)) };
    let owner = shape.single().unwrap_or(TypeId::UNKNOWN);
    let element = schema().get(owner).element(name);
    let child = Child { name: name.into(), owner, element };
    Ok((step(at, input, Step::Child(child)), leaves))
}

fn step(at: u32, input: Option<Op>, step: Step) -> Op {
    match input {
        Some(Op::Path { input, mut steps, .. }) => {
            steps.push(step);
            Op::Path { at, input, steps }
        }
        None | Some(Op::This) => Op::Path { at, input: None, steps: vec![step] },
        Some(Op::Empty) => Op::Empty,
        Some(other) => Op::Path { at, input: Some(Box::new(other)), steps: vec![step] },
    }
}

fn compile_literal(literal: &Literal) -> (Op, Shape) {
    let item = match literal {
        Literal::Boolean(value) => Item::Boolean(*value),
        Literal::String(text) => Item::owned(text.clone()),
        Literal::Integer(value) => Item::Integer(*value),
        Literal::Decimal(value) => Item::Decimal(*value),
        Literal::Date(value) => Item::Date(*value),
        Literal::DateTime(value) => Item::DateTime(*value),
        Literal::Time(value) => Item::Time(*value),
        Literal::Quantity(value) => Item::Quantity(Box::new(value.clone())),
    };
    let shape = Shape::of(item.type_id());
    (Op::Literal(item), shape)
}

fn leaves(signature: &Signature, input: Shape, mut arguments: Vec<Shape>) -> Shape {
    if signature.function == Function::Iif {
        let otherwise = if arguments.len() > 2 { arguments.remove(2) } else { Shape::nothing() };
        return arguments.remove(1).or(otherwise);
    }
    match signature.leaves {
        Leaves::Input => input,
        Leaves::InputOrArgument => arguments.pop().map_or(input.clone(), |argument| input.or(argument)),
        Leaves::Argument => arguments.pop().unwrap_or_else(Shape::any),
        Leaves::Anything => Shape::any(),
        Leaves::Items(id) => Shape::of(id),
    }
}
