//! From the name of a function to the code that does it.

use super::{Machine, Run};
use crate::functions::Function;
use crate::op::Call;
use crate::temporal::DateTime;
use crate::value::Item;

impl<'a> Machine<'a, '_> {
    pub(super) fn call(&mut self, call: &'a Call) -> Run {
        use Function as F;
        if matches!(call.function, F::Now | F::Today | F::TimeOfDay) {
            self.at = call.at;
            return self.clock(call.function);
        }
        if call.function == F::Iif {
            let start = call.input.as_ref().map(|input| self.collect(input)).transpose()?;
            self.at = call.at;
            return self.iif(start, &call.arguments);
        }
        let start = self.stack.len();
        match &call.input {
            Some(input) => self.eval(input)?,
            None => self.this().map_or(Ok(()), |this| self.push(this))?,
        }
        self.at = call.at;
        match call.function {
            F::Exists | F::All | F::Where | F::Select | F::Repeat | F::Aggregate | F::Trace => {
                self.lambda(start, call)
            }
            F::SubsetOf | F::SupersetOf | F::Intersect | F::Exclude | F::Union | F::Combine => {
                self.two_collections(start, call)
            }
            F::Skip | F::Take | F::ItemAt => self.by_number(start, call.function, &call.arguments[0]),
            _ => self.plain(start, call),
        }
    }

    fn lambda(&mut self, start: usize, call: &'a Call) -> Run {
        let first = call.arguments.first();
        let answer = match (call.function, first) {
            (Function::Exists, Some(criteria)) => self.any(start, criteria)?,
            (Function::Exists, None) => self.stack.len() > start,
            (Function::All, Some(criteria)) => self.all(start, criteria)?,
            (Function::Where, Some(criteria)) => return self.filter(start, criteria),
            (Function::Select, Some(projection)) => return self.select(start, projection),
            (Function::Repeat, Some(projection)) => return self.repeat(start, projection),
            (Function::Aggregate, Some(aggregator)) => {
                return self.aggregate(start, aggregator, call.arguments.get(1));
            }
            _ => return self.trace(start, &call.arguments),
        };
        self.stack.truncate(start);
        self.push(Item::Boolean(answer))
    }

    fn two_collections(&mut self, start: usize, call: &'a Call) -> Run {
        let middle = self.collect(&call.arguments[0])?;
        self.at = call.at;
        match call.function {
            Function::SubsetOf => self.subset(start, middle, false),
            Function::SupersetOf => self.subset(start, middle, true),
            Function::Intersect => self.keep(start, middle, true),
            Function::Exclude => self.keep(start, middle, false),
            Function::Union => self.distinct(start),
            _ => Ok(()),
        }
    }

    /// Functions whose arguments are values.
    fn plain(&mut self, start: usize, call: &'a Call) -> Run {
        use Function as F;
        match call.function {
            F::Empty => {
                let empty = self.stack.len() == start;
                self.stack.truncate(start);
                self.push(Item::Boolean(empty))
            }
            F::Count => {
                let count = (self.stack.len() - start) as i32;
                self.stack.truncate(start);
                self.push(Item::Integer(count))
            }
            F::Not => {
                let value = self.boolean(start)?;
                self.stack.truncate(start);
                self.push_boolean(value.map(|value| !value))
            }
            F::AllTrue | F::AnyTrue | F::AllFalse | F::AnyFalse => self.booleans(start, call.function),
            F::Distinct => self.distinct(start),
            F::IsDistinct => self.is_distinct(start),
            F::Single | F::First | F::Last | F::Tail => self.part(start, call.function),
            F::Children => self.children(start),
            F::Descendants => self.descendants(start),
            F::Type => self.types(start),
            F::To(_) | F::ConvertsTo(_) => self.conversion(start, call),
            F::Abs
            | F::Ceiling
            | F::Exp
            | F::Floor
            | F::Ln
            | F::Log
            | F::Power
            | F::Round
            | F::Sqrt
            | F::Truncate
            | F::LowBoundary
            | F::HighBoundary
            | F::Precision => self.number(start, call),
            F::Join => self.join(start, call),
            F::Extension
            | F::HasValue
            | F::GetValue
            | F::Resolve
            | F::ElementDefinition
            | F::Slice
            | F::CheckModifiers
            | F::ConformsTo
            | F::MemberOf
            | F::Subsumes
            | F::SubsumedBy
            | F::HtmlChecks
            | F::GetResourceKey
            | F::GetReferenceKey => self.fhir(start, call),
            _ => self.string(start, call),
        }
    }

    /// `now`, `today`, `timeOfDay`: by the clock of the caller, one moment for the whole evaluation.
    fn clock(&mut self, function: Function) -> Run {
        let Some(ms) = self.environment.now_ms else {
            return Err(self.fault(
                "fhirpath-no-clock",
                "ở đây không có đồng hồ, nên không dùng được now(), today(), timeOfDay()",
                "there is no clock here, so now(), today() and timeOfDay() cannot be used",
            ));
        };
        let now = DateTime::of_instant(ms, self.environment.offset_minutes);
        match (function, now.time) {
            (Function::Today, _) => self.push(Item::Date(now.date)),
            (Function::TimeOfDay, Some(time)) => self.push(Item::Time(time)),
            _ => self.push(Item::DateTime(now)),
        }
    }
}
