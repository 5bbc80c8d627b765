//! Operators. <http://hl7.org/fhirpath/N1/#operations>

use super::equality::{date_time_of, decimal_of, quantity_of};
use super::{Machine, Run, is_bare_node, is_of, seen};
use crate::ast::Operator;
use crate::decimal;
use crate::error::Fault;
use crate::op::Op;
use crate::quantity::Quantity;
use crate::temporal::{ArithmeticError, Compared};
use crate::value::Item;
use rust_decimal::Decimal;
use std::cmp::Ordering;

impl<'a> Machine<'a, '_> {
    /// The operators that answer a Boolean; `None` when `op` is no such operator.
    pub(super) fn logic(&mut self, op: &'a Op) -> Run<Option<Option<bool>>> {
        use Operator::*;
        let (at, operator, left, right) = match op {
            Op::Binary { at, operator, left, right } => (*at, *operator, left, right),
            Op::Is { at, input, target } => {
                let item = self.single(input)?;
                self.at = *at;
                return Ok(Some(item.map(|item| is_of(&item, *target))));
            }
            _ => return Ok(None),
        };
        let result = match operator {
            And | Or | Xor | Implies => self.connective(operator, left, right)?,
            Equal | NotEqual => {
                let equal = self.equality(at, left, right)?;
                equal.map(|equal| equal == (operator == Equal))
            }
            Equivalent | NotEquivalent => {
                let (start, middle) = self.both(left, right)?;
                self.at = at;
                let equivalent = self.equivalent(start, middle);
                self.stack.truncate(start);
                Some(equivalent? == (operator == Equivalent))
            }
            Less | LessOrEqual | Greater | GreaterOrEqual => self.comparison(at, operator, left, right)?,
            In => self.membership(at, left, right)?,
            Contains => self.membership(at, right, left)?,
            _ => return Ok(None),
        };
        Ok(Some(result))
    }

    pub(super) fn operator(&mut self, op: &'a Op) -> Run {
        if let Some(result) = self.logic(op)? {
            return self.push_boolean(result);
        }
        let Op::Binary { at, operator, left, right } = op else { return Ok(()) };
        match operator {
            Operator::Union => {
                let (start, _) = self.both(left, right)?;
                self.at = *at;
                self.distinct(start)
            }
            Operator::Concatenate => self.concatenate(*at, left, right),
            _ => self.arithmetic(*at, *operator, left, right),
        }
    }

    /// Evaluates both sides; answers where each begins on the stack.
    fn both(&mut self, left: &'a Op, right: &'a Op) -> Run<(usize, usize)> {
        let start = self.collect(left)?;
        let middle = self.collect(right)?;
        Ok((start, middle))
    }

    fn equality(&mut self, at: u32, left: &'a Op, right: &'a Op) -> Run<Option<bool>> {
        let (start, middle) = self.both(left, right)?;
        self.at = at;
        let equal = self.equal(start, middle);
        self.stack.truncate(start);
        equal
    }

    /// Three-valued logic; the right side is not looked at when the left decides.
    fn connective(&mut self, operator: Operator, left: &'a Op, right: &'a Op) -> Run<Option<bool>> {
        use Operator::{And, Implies, Or};
        let first = self.test(left)?;
        match (operator, first) {
            (And, Some(false)) => return Ok(Some(false)),
            (Or, Some(true)) | (Implies, Some(false)) => return Ok(Some(true)),
            _ => {}
        }
        let second = self.test(right)?;
        Ok(match operator {
            And if second == Some(false) => Some(false),
            And => first.zip(second).map(|(a, b)| a && b),
            Or if second == Some(true) => Some(true),
            Or => first.zip(second).map(|(a, b)| a || b),
            Implies if second == Some(true) => Some(true),
            Implies => first.and(second),
            _ => first.zip(second).map(|(a, b)| a != b),
        })
    }

    /// Whether the one item of `needle` is in `haystack`.
    fn membership(&mut self, at: u32, needle: &'a Op, haystack: &'a Op) -> Run<Option<bool>> {
        let (start, middle) = self.both(needle, haystack)?;
        self.at = at;
        let result = match middle - start {
            0 => Ok(None),
            1 => self.holds(middle, start).map(Some),
            many => Err(self.too_many(many)),
        };
        self.stack.truncate(start);
        result
    }

    fn holds(&mut self, start: usize, needle: usize) -> Run<bool> {
        for position in start..self.stack.len() {
            if self.is_equal(position, needle)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Both sides as at most one System value each.
    fn operands(&mut self, at: u32, left: &'a Op, right: &'a Op) -> Run<Option<(Item<'a>, Item<'a>)>> {
        let left = self.single(left)?;
        let right = self.single(right)?;
        self.at = at;
        let (Some(left), Some(right)) = (left, right) else { return Ok(None) };
        Ok(Some((seen(&left).into_owned(), seen(&right).into_owned())))
    }

    fn comparison(&mut self, at: u32, operator: Operator, left: &'a Op, right: &'a Op) -> Run<Option<bool>> {
        let Some((left, right)) = self.operands(at, left, right)? else { return Ok(None) };
        let order = self.order(operator, &left, &right)?;
        Ok(order.map(|order| match operator {
            Operator::Less => order == Ordering::Less,
            Operator::LessOrEqual => order != Ordering::Greater,
            Operator::Greater => order == Ordering::Greater,
            _ => order != Ordering::Less,
        }))
    }

    fn order(&mut self, operator: Operator, left: &Item, right: &Item) -> Run<Option<Ordering>> {
        let known = |compared| match compared {
            Compared::Known(order) => Some(order),
            Compared::Unknown => None,
        };
        match (left, right) {
            // UTF-8 keeps the order of code points.
            (Item::String(a), Item::String(b)) => return Ok(Some(a.cmp(b))),
            (Item::Time(a), Item::Time(b)) => return Ok(known(a.compare(*b))),
            // A primitive that has only extensions, or a quantity that cannot be one of the language, has no order.
            (a, b) if is_valueless(a) || is_valueless(b) => return Ok(None),
            _ => {}
        }
        if let (Some(a), Some(b)) = (decimal_of(left), decimal_of(right)) {
            return Ok(Some(a.cmp(&b)));
        }
        if let (Some(a), Some(b)) = (date_time_of(left), date_time_of(right)) {
            return Ok(known(a.compare(b, self.environment.assumed_offset)));
        }
        if let (Some(a), Some(b)) = (quantity_of(left), quantity_of(right)) {
            self.spend(4)?;
            return Ok(a.compare(&b));
        }
        Err(self.operands_fault(operator, left, right))
    }

    fn operands_fault(&self, operator: Operator, left: &Item, right: &Item) -> Fault {
        let (symbol, left, right) = (operator.symbol(), left.type_name(), right.type_name());
        self.fault(
            "fhirpath-type",
            format!("toán tử “{symbol}” không dùng được giữa {left} và {right}"),
            format!("the operator {symbol} does not go between {left} and {right}"),
        )
    }

    pub(super) fn negate(&mut self, at: u32, input: &'a Op) -> Run {
        let item = self.single(input)?;
        self.at = at;
        let Some(item) = item else { return Ok(()) };
        match seen(&item).into_owned() {
            Item::Integer(value) => {
                value.checked_neg().map_or(Ok(()), |value| self.push(Item::Integer(value)))
            }
            Item::Decimal(value) => self.push(Item::Decimal(-value)),
            Item::Quantity(mut quantity) => {
                quantity.value = -quantity.value;
                self.push(Item::Quantity(quantity))
            }
            other => Err(self.wrong_type(("một số hoặc đại lượng", "a number or Quantity"), &other)),
        }
    }

    /// `&`: an empty side is an empty string.
    fn concatenate(&mut self, at: u32, left: &'a Op, right: &'a Op) -> Run {
        let left = self.single(left)?;
        let right = self.single(right)?;
        self.at = at;
        let mut text = String::new();
        for item in [left, right].into_iter().flatten() {
            match item.as_str() {
                Some(part) => text.push_str(part),
                None => return Err(self.wrong_type(("chuỗi", "a String"), &item)),
            }
        }
        self.push_text(text)
    }

    fn arithmetic(&mut self, at: u32, operator: Operator, left: &'a Op, right: &'a Op) -> Run {
        let Some((left, right)) = self.operands(at, left, right)? else { return Ok(()) };
        match (&left, &right) {
            (Item::Integer(a), Item::Integer(b)) => {
                let result = integers(operator, *a, *b);
                return result.map_or(Ok(()), |item| self.push(item));
            }
            (Item::String(a), Item::String(b)) if operator == Operator::Add => {
                return self.push_text(format!("{a}{b}"));
            }
            (a, b) if is_valueless(a) || is_valueless(b) => return Ok(()),
            (Item::Date(_) | Item::DateTime(_) | Item::Time(_), Item::Quantity(quantity))
                if matches!(operator, Operator::Add | Operator::Subtract) =>
            {
                return self.move_date(operator, &left, quantity);
            }
            _ => {}
        }
        if let (Some(a), Some(b)) = (decimal_of(&left), decimal_of(&right)) {
            let result = decimals(operator, a, b);
            return result.map_or(Ok(()), |item| self.push(item));
        }
        if let (Some(a), Some(b)) = (quantity_of(&left), quantity_of(&right))
            && !matches!(operator, Operator::Div | Operator::Mod)
        {
            self.spend(4)?;
            let result = quantities(operator, &a, &b);
            return result.map_or(Ok(()), |quantity| self.push(Item::Quantity(Box::new(quantity))));
        }
        Err(self.operands_fault(operator, &left, &right))
    }

    /// Adds or subtracts a duration.
    fn move_date(&mut self, operator: Operator, moment: &Item, quantity: &Quantity) -> Run {
        let Some(unit) = quantity.duration() else {
            let unit = quantity.unit.text();
            return Err(self.fault(
                "fhirpath-type",
                format!(
                    "đơn vị '{unit}' không cộng trừ được với ngày giờ; hãy dùng years, months, days, hours…"
                ),
                format!("the unit '{unit}' cannot be added to dates; use years, months, days, hours, …"),
            ));
        };
        let value = if operator == Operator::Subtract { -quantity.value } else { quantity.value };
        let moved = match moment {
            Item::Date(date) => date.plus(value, unit).map(Item::Date),
            Item::DateTime(moment) => moment.plus(value, unit).map(Item::DateTime),
            Item::Time(time) => time.plus(value, unit).map(Item::Time),
            _ => return Ok(()),
        };
        match moved {
            Ok(item) => self.push(item),
            Err(ArithmeticError::Range) => Err(self.fault(
                "fhirpath-range",
                "kết quả nằm ngoài các năm 0001–9999",
                "the result is outside the years 0001 to 9999",
            )),
            Err(ArithmeticError::Unit) => Err(self.fault(
                "fhirpath-type",
                format!("không cộng trừ được {quantity} với {}", moment.type_name()),
                format!("{quantity} cannot be added to a {}", moment.type_name()),
            )),
        }
    }
}

/// A node that has no System value here.
fn is_valueless(item: &Item) -> bool {
    is_bare_node(item)
        && item
            .node()
            .is_some_and(|node| node.primitive().is_some() || crate::shape::system_type(node.id).is_some())
}

/// Overflow and division by zero are empty.
fn integers(operator: Operator, a: i32, b: i32) -> Option<Item<'static>> {
    let integer = match operator {
        Operator::Add => a.checked_add(b),
        Operator::Subtract => a.checked_sub(b),
        Operator::Multiply => a.checked_mul(b),
        Operator::Div => a.checked_div(b),
        Operator::Mod => a.checked_rem(b),
        _ => return decimals(operator, a.into(), b.into()),
    };
    integer.map(Item::Integer)
}

fn decimals(operator: Operator, a: Decimal, b: Decimal) -> Option<Item<'static>> {
    let decimal = match operator {
        Operator::Add => a.checked_add(b),
        Operator::Subtract => a.checked_sub(b),
        Operator::Multiply => a.checked_mul(b),
        Operator::Divide => a.checked_div(b).map(|quotient| quotient.normalize()),
        Operator::Mod => a.checked_rem(b),
        Operator::Div => return decimal::to_integer(a.checked_div(b)?.trunc()).map(Item::Integer),
        _ => None,
    };
    decimal.map(Item::Decimal)
}

fn quantities(operator: Operator, a: &Quantity, b: &Quantity) -> Option<Quantity> {
    match operator {
        Operator::Add => a.plus(b, false),
        Operator::Subtract => a.plus(b, true),
        Operator::Multiply => a.times(b, false),
        Operator::Divide => a.times(b, true),
        _ => None,
    }
}
