//! Functions on numbers, quantities, and the boundaries of what is imprecise. <http://hl7.org/fhirpath/N1/#math>

use super::equality::decimal_of;
use super::{Machine, Run, seen};
use crate::decimal;
use crate::functions::Function;
use crate::op::{Call, Op};
use crate::quantity::Quantity;
use crate::temporal::DateTime;
use crate::value::Item;
use rust_decimal::Decimal;

impl<'a> Machine<'a, '_> {
    pub(super) fn number(&mut self, start: usize, call: &'a Call) -> Run {
        use Function as F;
        let Some(item) = self.one(start)? else { return Ok(()) };
        let value = seen(&item).into_owned();
        if let Item::Node(node) = &value
            && node.primitive().is_some()
        {
            return Ok(());
        }
        match call.function {
            F::LowBoundary | F::HighBoundary => self.boundary(&value, call),
            F::Precision => self.precision(&value),
            F::Abs => self.abs(value),
            function => {
                let Some(number) = decimal_of(&value) else {
                    return Err(self.wrong_type(("một số", "a number"), &value));
                };
                match function {
                    F::Log | F::Power | F::Round => self.with_number(&value, number, call),
                    _ => self.push_optional(unary(function, number)),
                }
            }
        }
    }

    fn push_optional(&mut self, item: Option<Item<'a>>) -> Run {
        item.map_or(Ok(()), |item| self.push(item))
    }

    fn abs(&mut self, value: Item<'a>) -> Run {
        let absolute = match value {
            Item::Integer(value) => value.checked_abs().map(Item::Integer),
            Item::Decimal(value) => Some(Item::Decimal(value.abs())),
            Item::Quantity(mut quantity) => {
                quantity.value = quantity.value.abs();
                Some(Item::Quantity(quantity))
            }
            other => return Err(self.wrong_type(("một số hoặc đại lượng", "a number or Quantity"), &other)),
        };
        self.push_optional(absolute)
    }

    /// An argument that is a number.
    fn decimal(&mut self, op: &'a Op) -> Run<Option<(Decimal, bool)>> {
        let Some(item) = self.single(op)? else { return Ok(None) };
        let value = seen(&item);
        match decimal_of(&value) {
            Some(number) => Ok(Some((number, matches!(*value, Item::Integer(_))))),
            None => Err(self.wrong_type(("một số", "a number"), &value)),
        }
    }

    fn with_number(&mut self, value: &Item<'a>, number: Decimal, call: &'a Call) -> Run {
        let argument = match call.arguments.first() {
            Some(op) => self.decimal(op)?,
            None => Some((Decimal::ZERO, true)),
        };
        self.at = call.at;
        let Some((argument, is_integer)) = argument else { return Ok(()) };
        let result = match call.function {
            Function::Log => decimal::log(number, argument).map(Item::Decimal),
            Function::Power => {
                let power = decimal::power(number, argument);
                if is_integer && matches!(value, Item::Integer(_)) {
                    // 2.power(-1) is no integer.
                    power
                        .filter(|power| power.fract().is_zero())
                        .and_then(decimal::to_integer)
                        .map(Item::Integer)
                } else {
                    power.map(Item::Decimal)
                }
            }
            _ => {
                let Ok(digits) = u32::try_from(decimal::to_integer(argument).unwrap_or(-1)) else {
                    return Err(self.fault(
                        "fhirpath-range",
                        "số chữ số của round() phải từ 0 trở lên",
                        "the precision of round() must be 0 or more",
                    ));
                };
                Some(Item::Decimal(decimal::round(number, digits)))
            }
        };
        self.push_optional(result)
    }

    fn boundary(&mut self, value: &Item<'a>, call: &'a Call) -> Run {
        let digits = match call.arguments.first() {
            Some(op) => match self.integer(op)? {
                Some(digits) => Some(digits),
                None => return Ok(()),
            },
            None => None,
        };
        self.at = call.at;
        let high = call.function == Function::HighBoundary;
        // A negative number of digits gives nothing.
        let Ok(digits) = digits.map(u32::try_from).transpose() else { return Ok(()) };
        if !is_graded(value) {
            let expected = ("số, đại lượng hoặc ngày giờ", "a number, Quantity, date or time");
            return Err(self.wrong_type(expected, value));
        }
        self.push_optional(boundary(value, high, digits))
    }

    fn precision(&mut self, value: &Item<'a>) -> Run {
        let digits = match value {
            Item::Integer(_) => 0,
            Item::Decimal(value) => decimal::precision(*value),
            Item::Quantity(quantity) => decimal::precision(quantity.value),
            Item::Date(date) => date.precision(),
            Item::DateTime(moment) => moment.precision(),
            Item::Time(time) => time.precision(),
            other => {
                let expected = ("số, đại lượng hoặc ngày giờ", "a number, Quantity, date or time");
                return Err(self.wrong_type(expected, other));
            }
        };
        self.push(Item::Integer(digits as i32))
    }
}

fn is_graded(item: &Item) -> bool {
    !matches!(item, Item::String(_) | Item::Boolean(_) | Item::Node(_) | Item::Type(_))
}

fn boundary<'a>(value: &Item, high: bool, digits: Option<u32>) -> Option<Item<'a>> {
    let number = |value| decimal::boundary(value, high, digits.unwrap_or(8));
    match value {
        Item::Integer(value) => number(Decimal::from(*value)).map(Item::Decimal),
        Item::Decimal(value) => number(*value).map(Item::Decimal),
        Item::Quantity(quantity) => number(quantity.value)
            .map(|value| Item::Quantity(Box::new(Quantity { value, unit: quantity.unit.clone() }))),
        Item::Date(date) => match digits.unwrap_or(8) {
            digits @ 0..=8 => date.boundary(high, digits).map(Item::Date),
            digits => {
                let moment = DateTime { date: *date, time: None, offset: None };
                moment.boundary(high, digits).map(Item::DateTime)
            }
        },
        Item::DateTime(moment) => moment.boundary(high, digits.unwrap_or(17)).map(Item::DateTime),
        Item::Time(time) => time.boundary(high, digits.unwrap_or(9)).map(Item::Time),
        _ => None,
    }
}

/// Outside their domain, and outside the range of their result, these give nothing.
fn unary<'a>(function: Function, value: Decimal) -> Option<Item<'a>> {
    let whole = match function {
        Function::Ceiling => value.ceil(),
        Function::Floor => value.floor(),
        Function::Truncate => value.trunc(),
        Function::Exp => return decimal::exp(value).map(Item::Decimal),
        Function::Ln => return decimal::ln(value).map(Item::Decimal),
        _ => return decimal::sqrt(value).map(Item::Decimal),
    };
    decimal::to_integer(whole).map(Item::Integer)
}
