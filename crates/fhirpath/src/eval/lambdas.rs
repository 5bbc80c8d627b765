//! Functions that evaluate an argument for each item. <http://hl7.org/fhirpath/N1/#filtering-and-projection>

use super::{Frame, Machine, Run};
use crate::op::Op;
use crate::value::Item;

impl<'a> Machine<'a, '_> {
    /// Does something with `$this` being the item at a place on the stack.
    fn with_item<T>(
        &mut self,
        position: usize,
        index: usize,
        work: impl FnOnce(&mut Self) -> Run<T>,
    ) -> Run<T> {
        self.spend(1)?;
        let this = Some(self.stack[position].clone());
        self.frames.push(Frame { this, index: Some(index as i32), total: None });
        let result = work(self);
        self.frames.pop();
        result
    }

    fn test_at(&mut self, position: usize, start: usize, criteria: &'a Op) -> Run<Option<bool>> {
        self.with_item(position, position - start, |machine| machine.test(criteria))
    }

    /// Keeps the items for which the criteria is true.
    pub(super) fn filter(&mut self, start: usize, criteria: &'a Op) -> Run {
        let end = self.stack.len();
        let mut write = start;
        for position in start..end {
            // Items move down as others go; `$index` stays the place in the input.
            if self.test_at(position, start, criteria)? == Some(true) {
                self.stack.swap(write, position);
                write += 1;
            }
        }
        self.stack.truncate(write);
        Ok(())
    }

    pub(super) fn any(&mut self, start: usize, criteria: &'a Op) -> Run<bool> {
        for position in start..self.stack.len() {
            if self.test_at(position, start, criteria)? == Some(true) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    pub(super) fn all(&mut self, start: usize, criteria: &'a Op) -> Run<bool> {
        for position in start..self.stack.len() {
            if self.test_at(position, start, criteria)? != Some(true) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Replaces the items by what the projection gives for each.
    pub(super) fn select(&mut self, start: usize, projection: &'a Op) -> Run {
        let end = self.stack.len();
        for position in start..end {
            self.with_item(position, position - start, |machine| machine.eval(projection))?;
        }
        self.stack.drain(start..end);
        Ok(())
    }

    /// Projects again and again, as long as new items come.
    pub(super) fn repeat(&mut self, start: usize, projection: &'a Op) -> Run {
        let inputs = self.stack.len();
        let mut position = start;
        let mut seen = self.index_of(inputs, inputs);
        while position < self.stack.len() {
            let found = self.stack.len();
            self.with_item(position, position - start, |machine| machine.eval(projection))?;
            let mut write = found;
            for candidate in found..self.stack.len() {
                if !self.is_in(&seen, candidate)? {
                    self.stack.swap(write, candidate);
                    seen.remember(&self.stack[write], write);
                    write += 1;
                }
            }
            self.stack.truncate(write);
            position += 1;
        }
        self.stack.drain(start..inputs);
        Ok(())
    }

    /// All descendants, level by level.
    pub(super) fn descendants(&mut self, start: usize) -> Run {
        let inputs = self.stack.len();
        let mut position = start;
        while position < self.stack.len() {
            let item = self.stack[position].clone();
            self.push_children(&item)?;
            position += 1;
        }
        self.stack.drain(start..inputs);
        Ok(())
    }

    pub(super) fn children(&mut self, start: usize) -> Run {
        let end = self.stack.len();
        for position in start..end {
            let item = self.stack[position].clone();
            self.push_children(&item)?;
        }
        self.stack.drain(start..end);
        Ok(())
    }

    pub(super) fn aggregate(&mut self, start: usize, aggregator: &'a Op, init: Option<&'a Op>) -> Run {
        let end = self.stack.len();
        if let Some(init) = init {
            self.eval(init)?;
        }
        let mut total: Vec<Item<'a>> = self.stack.drain(end..).collect();
        for position in start..end {
            self.spend(1)?;
            let this = Some(self.stack[position].clone());
            let index = Some((position - start) as i32);
            self.frames.push(Frame { this, index, total: Some(total) });
            let result = self.eval(aggregator);
            self.frames.pop();
            result?;
            total = self.stack.drain(end..).collect();
        }
        self.stack.truncate(start);
        total.into_iter().try_for_each(|item| self.push(item))
    }

    /// Only the branch that is chosen is evaluated. With an input, `$this` is its item.
    pub(super) fn iif(&mut self, start: Option<usize>, arguments: &'a [Op]) -> Run {
        let Some(start) = start else { return self.choose(arguments) };
        let this = self.one(start)?;
        self.frames.push(Frame { this, index: Some(0), total: None });
        let result = self.choose(arguments);
        self.frames.pop();
        result
    }

    fn choose(&mut self, arguments: &'a [Op]) -> Run {
        let chosen = match self.test(&arguments[0])? {
            Some(true) => arguments.get(1),
            _ => arguments.get(2),
        };
        chosen.map_or(Ok(()), |op| self.eval(op))
    }

    /// Says the items (or a projection of them) to the host; they stay as they are.
    pub(super) fn trace(&mut self, start: usize, arguments: &'a [Op]) -> Run {
        let end = self.stack.len();
        let name = self.single(&arguments[0])?;
        let name = name.as_ref().and_then(|name| name.as_str()).unwrap_or_default().to_owned();
        if let Some(projection) = arguments.get(1) {
            for position in start..end {
                self.with_item(position, position - start, |machine| machine.eval(projection))?;
            }
            self.environment.host.trace(&name, &self.stack[end..]);
            self.stack.truncate(end);
        } else {
            self.environment.host.trace(&name, &self.stack[start..]);
        }
        Ok(())
    }
}
