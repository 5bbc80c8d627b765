//! Explicit conversion: `toInteger`, `convertsToInteger` and their sisters. <http://hl7.org/fhirpath/N1/#conversion>

use super::{Machine, Run, seen};
use crate::decimal;
use crate::functions::Function;
use crate::op::Call;
use crate::quantity::{Quantity, Unit};
use crate::schema::TypeId;
use crate::temporal::{Date, DateTime, Time};
use crate::value::Item;
use rust_decimal::Decimal;

impl<'a> Machine<'a, '_> {
    pub(super) fn conversion(&mut self, start: usize, call: &'a Call) -> Run {
        let Some(item) = self.one(start)? else { return Ok(()) };
        let unit = match call.arguments.first() {
            Some(op) => match self.single(op)? {
                Some(unit) => Some(unit),
                None => return Ok(()),
            },
            None => None,
        };
        self.at = call.at;
        let value = seen(&item).into_owned();
        let (target, only_ask) = match call.function {
            Function::To(target) => (target, false),
            Function::ConvertsTo(target) => (target, true),
            _ => return Ok(()),
        };
        let converted = match unit.as_ref().map(Item::as_str) {
            Some(Some(unit)) => quantity(&value).and_then(|quantity| quantity.converted(&unit_named(unit))),
            Some(None) => return Err(self.wrong_type(("chuỗi", "a String"), unit.as_ref().unwrap_or(&item))),
            None => return self.answer(convert(value, target), only_ask),
        };
        self.answer(converted.map(|quantity| Item::Quantity(Box::new(quantity))), only_ask)
    }

    fn answer(&mut self, converted: Option<Item<'a>>, only_ask: bool) -> Run {
        if only_ask {
            return self.push(Item::Boolean(converted.is_some()));
        }
        converted.map_or(Ok(()), |item| self.push(item))
    }
}

/// A unit by its code or calendar word.
fn unit_named(text: &str) -> Unit {
    Unit::calendar(text).unwrap_or_else(|| Unit::named(text.trim_matches('\'')))
}

fn convert<'a>(value: Item<'a>, target: TypeId) -> Option<Item<'a>> {
    if value.type_id() == target {
        return Some(value);
    }
    match target {
        TypeId::BOOLEAN => boolean(&value).map(Item::Boolean),
        TypeId::INTEGER => integer(&value).map(Item::Integer),
        TypeId::DECIMAL => decimal_of(&value).map(Item::Decimal),
        TypeId::STRING => text(&value).map(Item::owned),
        TypeId::DATE => date(&value).map(Item::Date),
        TypeId::DATE_TIME => date_time(&value).map(Item::DateTime),
        TypeId::TIME => value.as_str().and_then(Time::parse).map(Item::Time),
        _ => quantity(&value).map(|quantity| Item::Quantity(Box::new(quantity))),
    }
}

fn boolean(value: &Item) -> Option<bool> {
    let number = match value {
        Item::Integer(value) => Decimal::from(*value),
        Item::Decimal(value) => *value,
        Item::String(text) => {
            return match text.to_ascii_lowercase().as_str() {
                "true" | "t" | "yes" | "y" | "1" | "1.0" => Some(true),
                "false" | "f" | "no" | "n" | "0" | "0.0" => Some(false),
                _ => None,
            };
        }
        _ => return None,
    };
    match number {
        number if number == Decimal::ONE => Some(true),
        number if number.is_zero() => Some(false),
        _ => None,
    }
}

fn integer(value: &Item) -> Option<i32> {
    match value {
        Item::Boolean(value) => Some(i32::from(*value)),
        Item::String(text) => {
            let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
            let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
            plain.then(|| text.parse().ok()).flatten()
        }
        _ => None,
    }
}

fn decimal_of(value: &Item) -> Option<Decimal> {
    match value {
        Item::Integer(value) => Some(Decimal::from(*value)),
        Item::Boolean(value) => Some(Decimal::new(if *value { 10 } else { 0 }, 1)),
        Item::String(text) => decimal::parse_strict(text),
        _ => None,
    }
}

/// As the value is written.
fn text(value: &Item) -> Option<String> {
    match value {
        Item::Boolean(value) => Some(value.to_string()),
        Item::Integer(value) => Some(value.to_string()),
        Item::Decimal(value) => Some(value.to_string()),
        Item::Date(value) => Some(value.to_string()),
        Item::DateTime(value) => Some(value.to_string()),
        Item::Time(value) => Some(value.to_string()),
        Item::Quantity(value) => Some(value.to_string()),
        Item::String(_) | Item::Node(_) | Item::Type(_) => None,
    }
}

fn date(value: &Item) -> Option<Date> {
    match value {
        Item::DateTime(moment) => Some(moment.date),
        Item::String(text) => Date::parse(text),
        _ => None,
    }
}

fn date_time(value: &Item) -> Option<DateTime> {
    match value {
        Item::Date(date) => Some(DateTime { date: *date, time: None, offset: None }),
        Item::String(text) => DateTime::parse(text),
        _ => None,
    }
}

fn quantity(value: &Item) -> Option<Quantity> {
    match value {
        Item::Quantity(quantity) => Some((**quantity).clone()),
        Item::String(text) => Quantity::parse(text),
        Item::Decimal(value) => Some(Quantity::new(*value, Unit::one())),
        other => decimal_of(other).map(|value| Quantity::new(value, Unit::one())),
    }
}
