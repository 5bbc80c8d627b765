//! `=` and `~`. <http://hl7.org/fhirpath/N1/#equality>

use super::{Machine, Run, path, seen};
use crate::quantity::{Quantity, Unit, equivalent_decimals};
use crate::temporal::{Compared, DateTime};
use crate::value::{Item, Node};
use rust_decimal::Decimal;
use sonic_rs::{JsonContainerTrait, JsonValueTrait};
use std::cmp::Ordering;
use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use yba_fhir::json::Value;

/// Deepest nesting of elements that is compared.
const MAX_DEPTH: u32 = 128;

/// Up to so many items are made distinct by comparing each with all.
const FEW: usize = 8;

/// Which of the two relations.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    Equal,
    Equivalent,
}

impl<'a> Machine<'a, '_> {
    /// `=` of two collections on the stack: `start..middle` and `middle..`.
    pub(super) fn equal(&mut self, start: usize, middle: usize) -> Run<Option<bool>> {
        let end = self.stack.len();
        if start == middle || middle == end {
            return Ok(None);
        }
        if middle - start != end - middle {
            return Ok(Some(false));
        }
        let mut result = Some(true);
        for offset in 0..middle - start {
            self.spend(1)?;
            match self.same(start + offset, middle + offset, Mode::Equal)? {
                Some(true) => {}
                Some(false) => return Ok(Some(false)),
                None => result = None,
            }
        }
        Ok(result)
    }

    /// `~` of two collections on the stack; their order does not matter.
    pub(super) fn equivalent(&mut self, start: usize, middle: usize) -> Run<bool> {
        let end = self.stack.len();
        if middle - start != end - middle {
            return Ok(false);
        }
        let mut open: Vec<usize> = (middle..end).collect();
        for left in start..middle {
            let mut found = None;
            for (position, right) in open.iter().enumerate() {
                self.spend(1)?;
                if self.same(left, *right, Mode::Equivalent)? == Some(true) {
                    found = Some(position);
                    break;
                }
            }
            match found {
                Some(position) => drop(open.swap_remove(position)),
                None => return Ok(false),
            }
        }
        Ok(true)
    }

    fn same(&mut self, left: usize, right: usize, mode: Mode) -> Run<Option<bool>> {
        let offset = self.environment.assumed_offset;
        let mut work = 0;
        let result = compare(&self.stack[left], &self.stack[right], mode, offset, &mut work);
        self.spend(work)?;
        match result {
            Ok(result) => Ok(result),
            Err(TooDeep) => Err(self.limit("độ sâu", "depth")),
        }
    }

    /// Whether two items on the stack are known to be equal.
    pub(super) fn is_equal(&mut self, left: usize, right: usize) -> Run<bool> {
        self.spend(1)?;
        Ok(self.same(left, right, Mode::Equal)? == Some(true))
    }

    /// Removes later duplicates from the collection above `start`.
    pub(super) fn distinct(&mut self, start: usize) -> Run {
        let count = self.stack.len() - start;
        if count < 2 {
            return Ok(());
        }
        if count <= FEW {
            return self.few_distinct(start);
        }
        let mut seen = Seen::default();
        let mut write = start;
        for position in start..self.stack.len() {
            if !self.is_in(&seen, position)? {
                self.stack.swap(write, position);
                seen.add(fingerprint(&self.stack[write]), write);
                write += 1;
            }
        }
        self.stack.truncate(write);
        Ok(())
    }

    /// As [`Machine::distinct`], each compared with all: quicker for a few.
    fn few_distinct(&mut self, start: usize) -> Run {
        let mut write = start;
        for position in start..self.stack.len() {
            let mut known = false;
            for earlier in start..write {
                known = known || self.is_equal(earlier, position)?;
            }
            if !known {
                self.stack.swap(write, position);
                write += 1;
            }
        }
        self.stack.truncate(write);
        Ok(())
    }

    /// The items of `start..end` by what they may be equal to.
    pub(super) fn index_of(&self, start: usize, end: usize) -> Seen {
        let mut seen = Seen::default();
        for position in start..end {
            seen.add(fingerprint(&self.stack[position]), position);
        }
        seen
    }

    /// Whether the item at `position` is equal to one that was seen.
    pub(super) fn is_in(&mut self, seen: &Seen, position: usize) -> Run<bool> {
        let print = fingerprint(&self.stack[position]);
        let (candidates, rest): (&[usize], &[usize]) = match print {
            Some(print) => (seen.by_print.get(&print).map_or(&[], Vec::as_slice), &seen.others),
            None => (&seen.all, &[]),
        };
        for candidate in candidates.iter().chain(rest) {
            if self.is_equal(*candidate, position)? {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// Positions of items, found again by a number that equal items share.
#[derive(Default)]
pub(super) struct Seen {
    by_print: HashMap<u64, Vec<usize>>,
    /// Items without such a number: quantities, dates and times, which are equal in many forms.
    others: Vec<usize>,
    all: Vec<usize>,
}

impl Seen {
    /// Adds an item that now stands at `position`.
    pub(super) fn remember(&mut self, item: &Item, position: usize) {
        self.add(fingerprint(item), position);
    }

    fn add(&mut self, print: Option<u64>, position: usize) {
        self.all.push(position);
        match print {
            Some(print) => self.by_print.entry(print).or_default().push(position),
            None => self.others.push(position),
        }
    }
}

fn fingerprint(item: &Item) -> Option<u64> {
    let mut hasher = DefaultHasher::new();
    match &*seen(item) {
        Item::Boolean(value) => (1, *value).hash(&mut hasher),
        Item::Integer(value) => (2, Decimal::from(*value)).hash(&mut hasher),
        Item::Decimal(value) => (2, value.normalize()).hash(&mut hasher),
        Item::String(text) => (3, &**text).hash(&mut hasher),
        Item::Node(node) => {
            let members = node.value.and_then(|value| value.as_object()).map_or(0, |object| object.len());
            (4, members).hash(&mut hasher);
        }
        Item::Date(_) | Item::DateTime(_) | Item::Time(_) | Item::Quantity(_) | Item::Type(_) => return None,
    }
    Some(hasher.finish())
}

pub(super) struct TooDeep;

type Same = Result<Option<bool>, TooDeep>;

fn compare(left: &Item, right: &Item, mode: Mode, offset: Option<i16>, work: &mut u64) -> Same {
    Comparison { mode, offset, work }.items(left, right, 0)
}

/// One comparison of two items; `work` counts what it costs.
struct Comparison<'w> {
    mode: Mode,
    offset: Option<i16>,
    work: &'w mut u64,
}

impl Comparison<'_> {
    fn items(&mut self, left: &Item, right: &Item, depth: u32) -> Same {
        if let (Item::Node(a), Item::Node(b)) = (left, right)
            && a.is_same(b)
        {
            return Ok(Some(true));
        }
        match (&*seen(left), &*seen(right)) {
            (Item::Node(a), Item::Node(b)) => self.nodes(*a, *b, depth),
            (a, b) => Ok(self.values(a, b)),
        }
    }

    fn values(&mut self, left: &Item, right: &Item) -> Option<bool> {
        match (left, right) {
            (Item::Boolean(a), Item::Boolean(b)) => Some(a == b),
            (Item::Integer(a), Item::Integer(b)) => Some(a == b),
            (Item::String(a), Item::String(b)) => {
                *self.work += a.len().min(b.len()) as u64 / 256;
                Some(if self.mode == Mode::Equal { a == b } else { equivalent_text(a, b) })
            }
            (Item::Time(a), Item::Time(b)) => self.moments(a.compare(*b)),
            (Item::Date(a), Item::Date(b)) => self.moments(a.compare(*b)),
            (Item::Type(a), Item::Type(b)) => Some(a == b),
            _ => {
                if let (Some(a), Some(b)) = (decimal_of(left), decimal_of(right)) {
                    let equal = if self.mode == Mode::Equal { a == b } else { equivalent_decimals(a, b) };
                    return Some(equal);
                }
                if let (Some(a), Some(b)) = (date_time_of(left), date_time_of(right)) {
                    return self.moments(a.compare(b, self.offset));
                }
                if let (Some(a), Some(b)) = (quantity_of(left), quantity_of(right)) {
                    *self.work += 4;
                    return if self.mode == Mode::Equal { a.equals(&b) } else { Some(a.equivalent(&b)) };
                }
                Some(false)
            }
        }
    }

    fn moments(&self, compared: Compared) -> Option<bool> {
        match compared {
            Compared::Known(order) => Some(order == Ordering::Equal),
            Compared::Unknown if self.mode == Mode::Equivalent => Some(false),
            Compared::Unknown => None,
        }
    }

    /// Complex values are equal when all their elements are.
    fn nodes(&mut self, left: Node, right: Node, depth: u32) -> Same {
        if depth >= MAX_DEPTH {
            return Err(TooDeep);
        }
        let (a, b) = (children(left), children(right));
        *self.work += a.len().max(b.len()) as u64;
        if a.is_empty() && b.is_empty() {
            return Ok(Some(left.id == right.id && same_json(left.value, right.value)));
        }
        if a.len() != b.len() {
            return Ok(Some(false));
        }
        let mut result = Some(true);
        for (name, items) in &a {
            let Some((_, others)) = b.iter().find(|(other, _)| other == name) else { return Ok(Some(false)) };
            match self.lists(items, others, depth + 1)? {
                Some(true) => {}
                Some(false) => return Ok(Some(false)),
                None => result = None,
            }
        }
        Ok(result)
    }

    fn lists(&mut self, left: &[Node], right: &[Node], depth: u32) -> Same {
        if left.len() != right.len() {
            return Ok(Some(false));
        }
        if self.mode == Mode::Equivalent && left.len() > 1 {
            return self.in_any_order(left, right, depth);
        }
        let mut result = Some(true);
        for (a, b) in left.iter().zip(right) {
            match self.items(&Item::Node(*a), &Item::Node(*b), depth)? {
                Some(true) => {}
                Some(false) => return Ok(Some(false)),
                None => result = None,
            }
        }
        Ok(result)
    }

    fn in_any_order(&mut self, left: &[Node], right: &[Node], depth: u32) -> Same {
        let mut open: Vec<&Node> = right.iter().collect();
        for a in left {
            let mut found = None;
            for (position, b) in open.iter().enumerate() {
                *self.work += 1;
                if self.items(&Item::Node(*a), &Item::Node(**b), depth)? == Some(true) {
                    found = Some(position);
                    break;
                }
            }
            match found {
                Some(position) => drop(open.swap_remove(position)),
                None => return Ok(Some(false)),
            }
        }
        Ok(Some(true))
    }
}

/// The children of a node by the name of their element.
fn children<'a>(node: Node<'a>) -> Vec<(&'a str, Vec<Node<'a>>)> {
    let mut groups: Vec<(&'a str, Vec<Node<'a>>)> = Vec::new();
    let visited = path::visit_all(node, |name, child| {
        match groups.last_mut() {
            Some((last, nodes)) if *last == name => nodes.push(child),
            _ => groups.push((name, vec![child])),
        }
        Ok(())
    });
    debug_assert!(visited.is_ok(), "the visitor never fails");
    groups
}

/// Leaves that are not what their type says (a number in a string element) are compared as JSON.
fn same_json(left: Option<&Value>, right: Option<&Value>) -> bool {
    match (left, right) {
        (None, None) => true,
        (Some(a), Some(b)) => {
            a.get_type() == b.get_type()
                && a.as_str() == b.as_str()
                && a.as_bool() == b.as_bool()
                && yba_fhir::json::number_text(a) == yba_fhir::json::number_text(b)
        }
        _ => false,
    }
}

/// Strings without regard to case; every white space is the same.
fn equivalent_text(left: &str, right: &str) -> bool {
    let folded = |text: &str| -> String {
        let space = |c| if matches!(c, '\t' | '\r' | '\n') { ' ' } else { c };
        text.chars().map(space).flat_map(char::to_lowercase).collect()
    };
    left == right || folded(left) == folded(right)
}

pub(super) fn decimal_of(item: &Item) -> Option<Decimal> {
    match item {
        Item::Integer(value) => Some(Decimal::from(*value)),
        Item::Decimal(value) => Some(*value),
        _ => None,
    }
}

/// Dates are date-times without a time; the conversion is implicit.
pub(super) fn date_time_of(item: &Item) -> Option<DateTime> {
    match item {
        Item::Date(date) => Some(DateTime { date: *date, time: None, offset: None }),
        Item::DateTime(moment) => Some(*moment),
        _ => None,
    }
}

/// Numbers are quantities of the unit `1`; the conversion is implicit.
pub(super) fn quantity_of(item: &Item) -> Option<Quantity> {
    match item {
        Item::Quantity(quantity) => Some((**quantity).clone()),
        other => decimal_of(other).map(|value| Quantity::new(value, Unit::one())),
    }
}
