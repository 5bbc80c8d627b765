//! Whether operators and functions can work on what they are given.

use crate::ast::Operator;
use crate::error::Fault;
use crate::functions::Signature;
use crate::schema::{TypeId, schema};
use crate::shape::{Class, Shape, system_type};

/// The number of arguments.
pub fn count(signature: &Signature, given: usize, at: u32) -> Result<(), Fault> {
    let (least, most) = (signature.least, signature.arguments.len());
    if (least..=most).contains(&given) {
        return Ok(());
    }
    let range = if least == most { least.to_string() } else { format!("{least}–{most}") };
    Err(Fault::new(
        "fhirpath-arguments",
        at,
        format!("hàm {}() cần {range} tham số, ở đây có {given}", signature.name),
        format!("{}() takes {range} arguments, {given} given", signature.name),
    ))
}

/// The type of what the function is called on.
pub fn input(signature: &Signature, shape: &Shape, at: u32) -> Result<(), Fault> {
    if shape.admits(signature.input) {
        return Ok(());
    }
    let (vi, en) = signature.input.names();
    let found = shape.names();
    Err(Fault::new(
        "fhirpath-type",
        at,
        format!("hàm {}() dùng cho {vi}, ở đây là {found}", signature.name),
        format!("{}() works on {en}, not on {found}", signature.name),
    ))
}

/// What may have a sign.
pub fn sign(shape: &Shape, at: u32) -> Result<(), Fault> {
    if shape.admits(Class::Measured) {
        return Ok(());
    }
    let found = shape.names();
    Err(Fault::new(
        "fhirpath-type",
        at,
        format!("dấu + hoặc - đứng trước chỉ dùng cho số và đại lượng, ở đây là {found}"),
        format!("a sign goes before a number or Quantity, not before {found}"),
    ))
}

/// The criterion of `iif` is a Boolean.
pub fn criterion(shape: &Shape, at: u32) -> Result<(), Fault> {
    let ids = shape.known().unwrap_or_default();
    let fits = |id: &TypeId| schema().is_abstract(*id) || system_type(*id) == Some(TypeId::BOOLEAN);
    if ids.is_empty() || ids.iter().any(fits) {
        return Ok(());
    }
    let found = shape.names();
    Err(Fault::new(
        "fhirpath-type",
        at,
        format!("điều kiện của iif() phải là đúng/sai, ở đây là {found}"),
        format!("the criterion of iif() must be a Boolean, not {found}"),
    ))
}

/// What an operator leaves; an error when no pair of possible types goes together.
pub fn binary(operator: Operator, left: Shape, right: Shape, at: u32) -> Result<Shape, Fault> {
    use Operator::*;
    match operator {
        Union => Ok(left.or(right)),
        Equal | NotEqual | Equivalent | NotEquivalent | In | Contains | And | Or | Xor | Implies => {
            Ok(Shape::of(TypeId::BOOLEAN))
        }
        Less | LessOrEqual | Greater | GreaterOrEqual => {
            pairs(&left, &right, at, operator, |a, b| comparable(a, b).then_some(TypeId::BOOLEAN))
        }
        _ => pairs(&left, &right, at, operator, |a, b| arithmetic(operator, a, b)),
    }
}

fn pairs(
    left: &Shape,
    right: &Shape,
    at: u32,
    operator: Operator,
    leaves: impl Fn(TypeId, TypeId) -> Option<TypeId>,
) -> Result<Shape, Fault> {
    let (Some(a), Some(b)) = (left.known(), right.known()) else { return Ok(Shape::any()) };
    let vague = |ids: &[TypeId]| ids.is_empty() || ids.iter().any(|id| schema().is_abstract(*id));
    if vague(a) || vague(b) {
        return Ok(Shape::any());
    }
    let mut result = Shape::nothing();
    for left in a {
        for right in b {
            let found = system_type(*left).zip(system_type(*right)).and_then(|(a, b)| leaves(a, b));
            if let Some(id) = found {
                result = result.or(Shape::of(id));
            }
        }
    }
    if !result.known().is_some_and(<[TypeId]>::is_empty) {
        return Ok(result);
    }
    let (symbol, left, right) = (operator.symbol(), left.names(), right.names());
    Err(Fault::new(
        "fhirpath-type",
        at,
        format!("toán tử “{symbol}” không dùng được giữa {left} và {right}"),
        format!("the operator {symbol} does not go between {left} and {right}"),
    ))
}

fn is_number(id: TypeId) -> bool {
    matches!(id, TypeId::INTEGER | TypeId::DECIMAL)
}

fn is_measured(id: TypeId) -> bool {
    is_number(id) || id == TypeId::QUANTITY
}

fn is_day(id: TypeId) -> bool {
    matches!(id, TypeId::DATE | TypeId::DATE_TIME)
}

fn comparable(a: TypeId, b: TypeId) -> bool {
    (is_measured(a) && is_measured(b))
        || (is_day(a) && is_day(b))
        || (a == b && matches!(a, TypeId::STRING | TypeId::TIME))
}

/// The System type an arithmetic operator leaves.
fn arithmetic(operator: Operator, a: TypeId, b: TypeId) -> Option<TypeId> {
    use Operator::*;
    let numbers = |integer: TypeId| {
        if a == TypeId::QUANTITY || b == TypeId::QUANTITY {
            Some(TypeId::QUANTITY)
        } else {
            Some(if a == TypeId::INTEGER && b == TypeId::INTEGER { integer } else { TypeId::DECIMAL })
        }
    };
    match operator {
        Concatenate => (a == TypeId::STRING && b == TypeId::STRING).then_some(TypeId::STRING),
        Add if a == TypeId::STRING && b == TypeId::STRING => Some(TypeId::STRING),
        Add | Subtract if (is_day(a) || a == TypeId::TIME) && b == TypeId::QUANTITY => Some(a),
        Add | Subtract | Multiply if is_measured(a) && is_measured(b) => numbers(TypeId::INTEGER),
        Divide if is_measured(a) && is_measured(b) => numbers(TypeId::DECIMAL),
        Div if is_number(a) && is_number(b) => Some(TypeId::INTEGER),
        Mod if is_number(a) && is_number(b) => numbers(TypeId::INTEGER),
        _ => None,
    }
}
