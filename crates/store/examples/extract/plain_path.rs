//! The plain part of FHIRPath that most search parameters use: unions of element paths with `as`, `where(system=…)`
//! and `where(resolve() is …)`, walked over the JSON without types. What this cannot express compiles to nothing.
//! The baseline of the measurement; the store itself uses compiled FHIRPath.

use yba_fhir::defs::{R4, TypeDef};
use yba_fhir::json::{JsonContainerTrait, JsonValueTrait, Value, str_at};
use yba_fhir::view::reference_target;

/// A compiled expression: the values of all its alternatives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlainPath {
    alternatives: Vec<Vec<Step>>,
    /// `(x.exists() and x != false)`: one boolean of what is found.
    pub existence: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Step {
    Child(String),
    /// A choice element without a stated type: any member with this prefix and a capital next.
    Choice(String),
    /// Keeps objects whose member equals this text.
    Where(String, String),
    /// Keeps references to this resource type.
    ReferenceTo(String),
    First,
}

impl PlainPath {
    /// Compiles what concerns `kind` in `expression`. `None` when a construct is beyond this subset, or when no
    /// alternative is about this type.
    pub fn compile(expression: &str, kind: &str, tables: &R4) -> Option<PlainPath> {
        let expression = expression.trim();
        if let Some((inner, existence)) = exists_and_not_false(expression) {
            let path = PlainPath::compile(inner, kind, tables)?;
            return Some(PlainPath { existence, ..path });
        }
        let mut alternatives = Vec::new();
        for part in split_union(expression)? {
            let part = part.trim();
            let bare = part.trim_start_matches('(');
            let about_this = [kind, "Resource", "DomainResource"]
                .iter()
                .any(|base| bare.strip_prefix(base).is_some_and(|rest| rest.starts_with('.')));
            if about_this {
                alternatives.push(compile_one(part, tables.type_def(kind)?)?);
            }
        }
        (!alternatives.is_empty()).then_some(PlainPath { alternatives, existence: false })
    }

    /// The values in `resource`, arrays flattened, in document order.
    pub fn values<'a>(&self, resource: &'a Value) -> Vec<&'a Value> {
        let mut found = Vec::new();
        for steps in &self.alternatives {
            walk(resource, steps, &mut found);
        }
        found
    }
}

/// `Patient.deceased.exists() and Patient.deceased != false` and the like, in brackets or not.
fn exists_and_not_false(expression: &str) -> Option<(&str, bool)> {
    let inner = expression.strip_prefix('(').and_then(|inner| inner.strip_suffix(')')).unwrap_or(expression);
    let (path, rest) = inner.split_once(".exists() and ")?;
    (rest.strip_suffix(" != false")? == path).then_some((path, true))
}

/// Splits at `|` outside brackets.
fn split_union(expression: &str) -> Option<Vec<&str>> {
    let (mut depth, mut start, mut parts) = (0i32, 0, Vec::new());
    for (at, letter) in expression.char_indices() {
        match letter {
            '(' => depth += 1,
            ')' => depth -= 1,
            '|' if depth == 0 => {
                parts.push(&expression[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&expression[start..]);
    (depth == 0).then_some(parts)
}

fn compile_one(expression: &str, def: &TypeDef) -> Option<Vec<Step>> {
    let mut text = expression.trim();
    // `(Observation.value as Quantity).code`, `(Observation.value as Quantity)`, `Observation.value as Quantity`
    let mut prefix = Vec::new();
    if let Some(rest) = text.strip_prefix('(') {
        let end = rest.find(')')?;
        prefix = compile_one(&rest[..end], def)?;
        text = &rest[end + 1..];
        if text.is_empty() {
            return Some(prefix);
        }
        text = text.strip_prefix('.')?;
    }
    let (path, cast) = match text.split_once(" as ") {
        Some((path, cast)) => (path, Some(cast.trim())),
        None => (text, None),
    };
    let mut steps = prefix;
    let mut element = String::new();
    for (position, segment) in split_dots(path)?.into_iter().enumerate() {
        if position == 0 && steps.is_empty() {
            continue; // the type's own name
        }
        compile_segment(segment, def, &mut element, &mut steps)?;
    }
    if let Some(cast) = cast {
        apply_cast(&mut steps, cast)?;
    }
    Some(steps)
}

fn compile_segment(segment: &str, def: &TypeDef, element: &mut String, steps: &mut Vec<Step>) -> Option<()> {
    if let Some(argument) = call(segment, "where") {
        if let Some(kind) = argument.strip_prefix("resolve() is ") {
            steps.push(Step::ReferenceTo(kind.trim().to_owned()));
        } else {
            let (member, value) = argument.split_once('=')?;
            steps.push(Step::Where(member.trim().to_owned(), value.trim().trim_matches('\'').to_owned()));
        }
        return Some(());
    }
    if let Some(cast) = call(segment, "as") {
        return apply_cast(steps, cast.trim());
    }
    let (name, first) = match segment.strip_suffix("[0]") {
        Some(name) => (name, true),
        None => (segment, false),
    };
    if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return None;
    }
    if !element.is_empty() {
        element.push('.');
    }
    element.push_str(name);
    let is_choice = def.elements.iter().any(|one| one.path.strip_suffix("[x]") == Some(element.as_str()));
    steps.push(if is_choice { Step::Choice(name.to_owned()) } else { Step::Child(name.to_owned()) });
    if first {
        steps.push(Step::First);
    }
    Some(())
}

/// Narrows the last step, a choice element, to one type: `value` as `Quantity` is `valueQuantity`.
fn apply_cast(steps: &mut [Step], cast: &str) -> Option<()> {
    let last = steps.last_mut()?;
    if let Step::Choice(name) = last {
        let mut letters = cast.chars();
        let capital = letters.next()?.to_ascii_uppercase();
        *last = Step::Child(format!("{name}{capital}{}", letters.as_str()));
    }
    Some(())
}

fn call<'a>(segment: &'a str, function: &str) -> Option<&'a str> {
    segment.strip_prefix(function)?.strip_prefix('(')?.strip_suffix(')')
}

/// Splits at dots outside brackets.
fn split_dots(path: &str) -> Option<Vec<&str>> {
    let (mut depth, mut start, mut parts) = (0i32, 0, Vec::new());
    for (at, letter) in path.char_indices() {
        match letter {
            '(' => depth += 1,
            ')' => depth -= 1,
            '.' if depth == 0 => {
                parts.push(&path[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&path[start..]);
    (depth == 0).then_some(parts)
}

fn walk<'a>(node: &'a Value, steps: &[Step], found: &mut Vec<&'a Value>) {
    if let Some(array) = node.as_array() {
        let first_only = steps.first() == Some(&Step::First);
        let rest = if first_only { &steps[1..] } else { steps };
        for item in array.iter().take(if first_only { 1 } else { usize::MAX }) {
            walk(item, rest, found);
        }
        return;
    }
    let Some((step, rest)) = steps.split_first() else {
        if !node.is_null() {
            found.push(node);
        }
        return;
    };
    match step {
        Step::Child(name) => {
            if let Some(child) = node.get(name) {
                walk(child, rest, found);
            }
        }
        Step::Choice(prefix) => {
            let members = node.as_object().map(|object| object.iter()).into_iter().flatten();
            for (key, child) in members {
                let tail = key.strip_prefix(prefix.as_str()).and_then(|tail| tail.bytes().next());
                if tail.is_some_and(|next| next.is_ascii_uppercase()) {
                    walk(child, rest, found);
                }
            }
        }
        Step::Where(member, value) => {
            if str_at(node, &[member]) == Some(value) {
                walk(node, rest, found);
            }
        }
        Step::ReferenceTo(kind) => {
            let target = str_at(node, &["reference"]).and_then(reference_target);
            if target.is_some_and(|(target, _)| target == kind) {
                walk(node, rest, found);
            }
        }
        Step::First => walk(node, rest, found),
    }
}
