//! What stands on a form while it is filled in: a tree of slots beside the tree of items.

use crate::form::{Form, Item, Kind};
use crate::limits::{ROWS_MAX, SLOTS_MAX};
use crate::value;
use std::collections::BTreeMap;
use yba_fhir::json::Value;

/// Everything typed, chosen and calculated.
#[derive(Debug, Clone, Default)]
pub struct Sheet {
    pub top: Row,
    /// Why a warning was passed over, by the name of its field.
    pub reasons: BTreeMap<String, String>,
}

/// One repetition of a group: a slot for each of its items, in their order.
#[derive(Debug, Clone, Default)]
pub struct Row {
    pub slots: Vec<Slot>,
    /// Its position in the response that was kept; `None` for one that was added since. What nobody can type goes with it.
    pub was: Option<usize>,
}

/// One item within one row.
#[derive(Debug, Clone, Default)]
pub struct Slot {
    /// Of a question.
    pub answers: Vec<Answer>,
    /// Of a group: its repetitions. Of a question with items inside: one row.
    pub rows: Vec<Row>,
    /// Whether it is asked at all, as things stand.
    pub enabled: bool,
}

/// What was typed, and what it means.
#[derive(Debug, Clone, Default)]
pub struct Answer {
    pub typed: String,
    /// The unit chosen beside it.
    pub unit: String,
    /// Words of one's own beside the options, even where they read like one.
    pub own: bool,
    /// `{"valueDecimal": 36.5}`; `None` when what was typed could not be understood.
    pub value: Option<Value>,
    /// Why it could not.
    pub wrong: Option<String>,
}

/// Where a slot is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spot {
    /// Position of the item in the form.
    pub item: usize,
    /// The way down: position of the slot and row, for each item around it.
    pub way: Vec<(usize, usize)>,
    /// Position of the slot in its row.
    pub slot: usize,
    /// The rows of the repeating groups around it.
    pub rows: Vec<usize>,
}

impl Answer {
    /// Whether nothing stands there; spaces are nothing.
    pub fn is_empty(&self) -> bool {
        self.value.is_none() && self.typed.trim().is_empty()
    }

    /// One that was not typed.
    pub(crate) fn of(item: &Item, value: Value) -> Answer {
        let (typed, unit) = value::typed(item, &value);
        let own = !item.options.is_empty() && value::option_of(item, &value).is_none();
        Answer { typed, unit, own, value: Some(value), wrong: None }
    }
}

impl Row {
    /// Without answers; one row in every group.
    pub(crate) fn blank(form: &Form, item: Option<usize>) -> Row {
        Row { slots: form.below(item).iter().map(|child| Slot::blank(form, *child)).collect(), was: None }
    }

    /// Notes of all rows inside where they stand now.
    fn mark(&mut self) {
        for slot in &mut self.slots {
            for (at, row) in slot.rows.iter_mut().enumerate() {
                row.was = Some(at);
                row.mark();
            }
        }
    }
}

impl Slot {
    pub(crate) fn blank(form: &Form, item: usize) -> Slot {
        let has_rows = form.items[item].kind == Kind::Group || !form.items[item].children.is_empty();
        let rows = if has_rows { vec![Row::blank(form, Some(item))] } else { Vec::new() };
        Slot { answers: Vec::new(), rows, enabled: true }
    }

    /// Where its rows stood in the kept response, as a page sends it.
    pub(crate) fn was(&self) -> String {
        let each = self.rows.iter().map(|row| row.was.map_or_else(String::new, |at| at.to_string()));
        each.collect::<Vec<_>>().join(",")
    }

    /// The values that count: of what is asked and was understood.
    pub fn values(&self) -> impl Iterator<Item = &Value> {
        self.answers.iter().filter(|_| self.enabled).filter_map(|answer| answer.value.as_ref())
    }
}

impl Spot {
    /// The name of its field, and the id on the page: the linkId, then the rows around it.
    pub fn name(&self, form: &Form) -> String {
        self.rows.iter().fold(form.items[self.item].link_id.clone(), |name, row| format!("{name}:{row}"))
    }

    /// The name of one of its repetitions.
    pub fn name_of(&self, form: &Form, at: usize) -> String {
        let name = self.name(form);
        if form.items[self.item].is_numbered() { format!("{name}:{at}") } else { name }
    }

    /// The spots of the items inside one of its rows.
    /// Whether it is inside another, at whatever depth.
    pub(crate) fn is_inside(&self, around: &Spot) -> bool {
        let rest = self.way.strip_prefix(around.way.as_slice());
        rest.and_then(|rest| rest.first()).is_some_and(|(slot, _)| *slot == around.slot)
    }

    pub(crate) fn below(&self, form: &Form, row: usize) -> Vec<Spot> {
        let mut way = self.way.clone();
        way.push((self.slot, row));
        let mut rows = self.rows.clone();
        if form.items[self.item].is_numbered() {
            rows.push(row);
        }
        let children = form.items[self.item].children.iter().enumerate();
        children
            .map(|(slot, item)| Spot { item: *item, way: way.clone(), slot, rows: rows.clone() })
            .collect()
    }
}

impl Sheet {
    pub(crate) fn blank(form: &Form) -> Sheet {
        Sheet { top: Row::blank(form, None), reasons: BTreeMap::new() }
    }

    /// The spots at the top.
    pub(crate) fn tops(form: &Form) -> Vec<Spot> {
        let tops = form.roots.iter().enumerate();
        tops.map(|(slot, item)| Spot { item: *item, way: Vec::new(), slot, rows: Vec::new() }).collect()
    }

    /// Every slot in the order of the form, up to the bound.
    pub fn spots(&self, form: &Form) -> Vec<Spot> {
        let mut all = Vec::new();
        self.gather(form, Sheet::tops(form), &mut all);
        all
    }

    fn gather(&self, form: &Form, spots: Vec<Spot>, all: &mut Vec<Spot>) {
        for spot in spots {
            if all.len() >= SLOTS_MAX {
                return;
            }
            let rows = self.slot(&spot).map_or(0, |slot| slot.rows.len());
            all.push(spot.clone());
            for row in 0..rows {
                self.gather(form, spot.below(form, row), all);
            }
        }
    }

    pub fn slot(&self, spot: &Spot) -> Option<&Slot> {
        let row =
            spot.way.iter().try_fold(&self.top, |row, (slot, at)| row.slots.get(*slot)?.rows.get(*at))?;
        row.slots.get(spot.slot)
    }

    pub(crate) fn slot_mut(&mut self, spot: &Spot) -> Option<&mut Slot> {
        let mut way = spot.way.iter();
        let row =
            way.try_fold(&mut self.top, |row, (slot, at)| row.slots.get_mut(*slot)?.rows.get_mut(*at))?;
        row.slots.get_mut(spot.slot)
    }

    /// Makes this sheet the one that was kept: its rows are known again by where they stand now.
    pub(crate) fn mark(&mut self) {
        self.top.mark();
    }

    /// Whether a slot stands in a row that was added since.
    pub(crate) fn is_new(&self, spot: &Spot) -> bool {
        let mut row = Some(&self.top);
        spot.way.iter().any(|(slot, at)| {
            row = row.and_then(|row| row.slots.get(*slot)?.rows.get(*at));
            row.is_some_and(|row| row.was.is_none())
        })
    }

    /// Gives a group these rows: kept ones by their position then, each once, and new ones. Without a list the first stay.
    pub(crate) fn arrange(&mut self, form: &Form, spot: &Spot, count: usize, kept: Option<&[Option<usize>]>) {
        let Some(kept) = kept else { return self.resize(form, spot, count) };
        let Some(slot) = self.slot_mut(spot) else { return };
        let mut before = std::mem::take(&mut slot.rows);
        slot.rows = kept
            .iter()
            .take(most(form, spot).min(count))
            .map(|was| {
                let at = before.iter().position(|row| was.is_some() && row.was == *was);
                at.map_or_else(|| Row::blank(form, Some(spot.item)), |at| before.swap_remove(at))
            })
            .collect();
        self.resize(form, spot, count);
    }

    /// Gives a slot as many rows or answers, within the bound.
    pub(crate) fn resize(&mut self, form: &Form, spot: &Spot, count: usize) {
        let item = &form.items[spot.item];
        let count = count.clamp(1, most(form, spot));
        let Some(slot) = self.slot_mut(spot) else { return };
        match item.kind {
            Kind::Group => slot.rows.resize_with(count, || Row::blank(form, Some(spot.item))),
            _ => slot.answers.resize_with(count, Answer::default),
        }
    }

    /// How many repetitions a page shows: never less than one.
    pub fn repetitions(&self, form: &Form, spot: &Spot) -> usize {
        let slot = self.slot(spot);
        let count = slot.map_or(0, |slot| match form.items[spot.item].kind {
            Kind::Group => slot.rows.len(),
            _ => slot.answers.len(),
        });
        count.max(1)
    }
}

/// Most repetitions of a slot.
fn most(form: &Form, spot: &Spot) -> usize {
    form.items[spot.item].limits.many.unwrap_or(ROWS_MAX).clamp(1, ROWS_MAX)
}
