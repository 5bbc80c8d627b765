//! Functions on whole collections. <http://hl7.org/fhirpath/N1/#existence>, `#subsetting`, `#combining`

use super::{Machine, Run, seen};
use crate::functions::Function;
use crate::op::Op;
use crate::value::Item;

impl<'a> Machine<'a, '_> {
    /// `allTrue` and its sisters: every item must be a Boolean.
    pub(super) fn booleans(&mut self, start: usize, function: Function) -> Run {
        let wanted = matches!(function, Function::AllTrue | Function::AnyTrue);
        let all = matches!(function, Function::AllTrue | Function::AllFalse);
        let mut result = all;
        for item in &self.stack[start..] {
            let Item::Boolean(value) = &*seen(item) else {
                return Err(self.wrong_type(("giá trị đúng/sai", "a Boolean"), item));
            };
            if (*value == wanted) != all {
                result = !all;
            }
        }
        self.stack.truncate(start);
        self.push(Item::Boolean(result))
    }

    /// Whether every item of `start..middle` is in `middle..`, or the other way round.
    pub(super) fn subset(&mut self, start: usize, middle: usize, superset: bool) -> Run {
        let end = self.stack.len();
        let (inner, outer) =
            if superset { (middle..end, start..middle) } else { (start..middle, middle..end) };
        let seen = self.index_of(outer.start, outer.end);
        let mut result = true;
        for position in inner {
            if !self.is_in(&seen, position)? {
                result = false;
                break;
            }
        }
        self.stack.truncate(start);
        self.push(Item::Boolean(result))
    }

    /// Keeps the items of `start..middle` that are (`intersect`) or are not (`exclude`) in `middle..`.
    pub(super) fn keep(&mut self, start: usize, middle: usize, common: bool) -> Run {
        let seen = self.index_of(middle, self.stack.len());
        let mut kept = Vec::new();
        for position in start..middle {
            if self.is_in(&seen, position)? == common {
                kept.push(position);
            }
        }
        for (write, position) in kept.iter().enumerate() {
            self.stack.swap(start + write, *position);
        }
        self.stack.truncate(start + kept.len());
        if common { self.distinct(start) } else { Ok(()) }
    }

    pub(super) fn is_distinct(&mut self, start: usize) -> Run {
        let before = self.stack.len();
        self.distinct(start)?;
        let result = self.stack.len() == before;
        self.stack.truncate(start);
        self.push(Item::Boolean(result))
    }

    /// `single`, `first`, `last`, `tail`.
    pub(super) fn part(&mut self, start: usize, function: Function) -> Run {
        let count = self.stack.len() - start;
        match function {
            Function::Single if count > 1 => return Err(self.too_many(count)),
            Function::First => self.stack.truncate(start + count.min(1)),
            Function::Last if count > 1 => drop(self.stack.drain(start..start + count - 1)),
            Function::Tail if count > 0 => drop(self.stack.remove(start)),
            _ => {}
        }
        Ok(())
    }

    /// `skip`, `take` and `[ ]`, which need a whole number.
    pub(super) fn by_number(&mut self, start: usize, function: Function, number: &'a Op) -> Run {
        let count = self.stack.len() - start;
        let Some(number) = self.integer(number)? else {
            self.stack.truncate(start);
            return Ok(());
        };
        let wanted = usize::try_from(number).unwrap_or(0);
        match function {
            Function::Skip => drop(self.stack.drain(start..start + wanted.min(count))),
            Function::Take => self.stack.truncate(start + wanted.min(count)),
            _ if number < 0 || wanted >= count => self.stack.truncate(start),
            _ => {
                self.stack.swap(start, start + wanted);
                self.stack.truncate(start + 1);
            }
        }
        Ok(())
    }

    /// An argument that is a whole number.
    pub(super) fn integer(&mut self, op: &'a Op) -> Run<Option<i32>> {
        let Some(item) = self.single(op)? else { return Ok(None) };
        match &*seen(&item) {
            Item::Integer(value) => Ok(Some(*value)),
            other => Err(self.wrong_type(("số nguyên", "an Integer"), other)),
        }
    }
}
