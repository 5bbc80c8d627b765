//! Names of types, elements, functions and variables, and what to say when there is none of that name.

use crate::ast::{Expr, ExprKind, Invocation, TypeName};
use crate::error::Fault;
use crate::functions::SIGNATURES;
use crate::op::Target;
use crate::schema::schema;
use crate::shape::Shape;
use yba_fhir::text::nearest;

/// The type a specifier names: FHIR first, then System. <http://hl7.org/fhirpath/N1/#models>
pub fn target(name: &TypeName) -> Result<Target, Fault> {
    let schema = schema();
    let plain = |id| Target { id, also: None };
    let found = match name.namespace.as_deref() {
        None => match (schema.fhir(&name.name), schema.system(&name.name)) {
            // `Quantity` is a type of both; what is written `4 'mg'` is one too.
            (Some(id), also) => Some(Target { id, also }),
            (None, system) => system.map(plain),
        },
        Some("FHIR") => schema.fhir(&name.name).map(plain),
        Some("System") => schema.system(&name.name).map(plain),
        Some(_) => None,
    };
    found.ok_or_else(|| unknown_type(name))
}

fn unknown_type(name: &TypeName) -> Fault {
    let written = match &name.namespace {
        Some(namespace) => format!("{namespace}.{}", name.name),
        None => name.name.clone(),
    };
    Fault::new(
        "fhirpath-unknown-type",
        name.at,
        format!("không có kiểu dữ liệu “{written}” trong FHIR R4 và System"),
        format!("there is no type \"{written}\" in FHIR R4 or System"),
    )
}

/// Reads an argument that must be the name of a type.
pub fn type_argument(argument: &Expr) -> Result<TypeName, Fault> {
    let written = |expr: &Expr| match &expr.kind {
        ExprKind::Invoke { input: None, what: Invocation::Member(name) } => Some(name.clone()),
        _ => None,
    };
    let found = match &argument.kind {
        ExprKind::Invoke { input: Some(input), what: Invocation::Member(name) } => {
            written(input).map(|namespace| (Some(namespace), name.clone()))
        }
        _ => written(argument).map(|name| (None, name)),
    };
    match found {
        Some((namespace, name)) => Ok(TypeName { at: argument.at, namespace, name }),
        None => Err(Fault::new(
            "fhirpath-arguments",
            argument.at,
            "ở đây phải là tên một kiểu, ví dụ Quantity hoặc System.String",
            "the name of a type is expected, e.g. Quantity or System.String",
        )),
    }
}

/// Refuses a variable that was not declared, when all were.
pub fn declared(name: &str, variables: Option<&[&str]>, at: u32) -> Result<(), Fault> {
    match variables {
        Some(known) if !known.contains(&name) => Err(unknown_variable(at, name)),
        _ => Ok(()),
    }
}

pub fn unknown_variable(at: u32, name: &str) -> Fault {
    Fault::new(
        "fhirpath-unknown-variable",
        at,
        format!("không có biến %{name}"),
        format!("there is no variable %{name}"),
    )
}

pub fn unknown_function(at: u32, name: &str) -> Fault {
    let near = nearest(name, SIGNATURES.iter().map(|signature| signature.name));
    let (vi, en) = match near {
        Some(near) => (format!("; có phải {near}()?"), format!("; did you mean {near}()?")),
        None => Default::default(),
    };
    Fault::new(
        "fhirpath-unknown-function",
        at,
        format!("không có hàm {name}(){vi}"),
        format!("there is no function {name}(){en}"),
    )
}

pub fn unknown_element(at: u32, name: &str, shape: &Shape) -> Fault {
    let names = shape.element_names();
    let near = nearest(name, names.iter().copied());
    let (owner, list) = (shape.names(), shown(&names, near));
    if names.is_empty() {
        return Fault::new(
            "fhirpath-unknown-element",
            at,
            format!("{owner} không có phần tử con nào, nên không có “{name}”"),
            format!("{owner} has no elements, so none named \"{name}\""),
        );
    }
    Fault::new(
        "fhirpath-unknown-element",
        at,
        format!("{owner} không có phần tử “{name}”; có: {list}"),
        format!("{owner} has no element \"{name}\"; it has: {list}"),
    )
}

pub fn other_root(at: u32, name: &str, shape: &Shape) -> Fault {
    let found = shape.names();
    Fault::new(
        "fhirpath-type",
        at,
        format!("đường dẫn bắt đầu bằng {name}, nhưng biểu thức dùng cho {found}"),
        format!("the path begins with {name}, but the expression is for {found}"),
    )
}

/// The nearest name first, then the others, not too many; `id` and `extension` are everywhere and say nothing.
fn shown(names: &[&str], near: Option<&str>) -> String {
    let mut list: Vec<&str> = near.into_iter().collect();
    for name in names {
        if !list.contains(name) && !matches!(*name, "id" | "extension" | "modifierExtension") {
            list.push(name);
        }
    }
    let more = list.len() > 12;
    list.truncate(12);
    format!("{}{}", list.join(", "), if more { ", …" } else { "" })
}
