//! What a browser posts. A field is named by the linkId of its item and the rows around it: `weight`, `drug-name:2`. Names
//! of our own have a `~`, which no linkId has.

use crate::choices::Choices;
use crate::fill::{Filling, Step};
use crate::form::{Form, Item, Kind};
use crate::judge;
use crate::limits::{FIELD_BYTES_MAX, FIELDS_MAX, POST_BYTES_MAX, REASONS_MAX, ROWS_MAX, SLOTS_MAX};
use crate::read;
use crate::sheet::{Answer, Sheet, Spot};
use std::collections::{BTreeMap, BTreeSet};
use yba_fhir::json::Value;
use yba_fhir::{Kind as Refusal, Outcome};

/// The button that adds a row to the slot it names.
pub(crate) const MORE: &str = "~more";
/// The button that takes away the row it names.
pub(crate) const LESS: &str = "~less";
/// The button that only draws the form again.
pub(crate) const REFRESH: &str = "~refresh";
/// Names a conditional field that the page showed.
pub(crate) const SHOWN: &str = "~shown";
/// Names a condition of the page that was met.
pub(crate) const MET: &str = "~met";
/// There on every page of ours.
pub(crate) const PAGE: &str = "~page";

pub(crate) const UNIT: &str = "~unit";
pub(crate) const OTHER: &str = "~other";
pub(crate) const ROWS: &str = "~rows";
/// Where the rows of a group stood in the kept response, with commas between; nothing for a new row.
pub(crate) const WAS: &str = "~was";
pub(crate) const WHY: &str = "~why~";

/// The fields by name, within bounds.
pub(crate) struct Posted<'p> {
    fields: BTreeMap<&'p str, Vec<&'p str>>,
    /// The highest row that any field names: by linkId and the rows before it.
    highest: BTreeMap<(&'p str, Vec<usize>), usize>,
    /// Why warnings are passed over, by the name of the field.
    reasons: BTreeMap<&'p str, String>,
}

impl<'p> Posted<'p> {
    pub fn of(fields: &'p [(String, String)]) -> Result<Posted<'p>, Outcome> {
        let bytes: usize = fields.iter().map(|(name, value)| name.len() + value.len()).sum();
        let longest =
            fields.iter().map(|(name, value)| name.len().max(value.len())).max().unwrap_or_default();
        if fields.len() > FIELDS_MAX || bytes > POST_BYTES_MAX || longest > FIELD_BYTES_MAX {
            return Err(too_large(format!("{} fields, {bytes} bytes, longest {longest}", fields.len())));
        }
        let mut posted =
            Posted { fields: BTreeMap::new(), highest: BTreeMap::new(), reasons: BTreeMap::new() };
        for (name, value) in fields {
            posted.fields.entry(name).or_default().push(value);
            posted.note_rows(name);
            if name.contains(WHY) {
                posted.reasons.entry(name).or_insert_with(|| yba_fhir::text::tidy(value));
            }
        }
        posted.reasons.retain(|_, reason| !reason.is_empty());
        if posted.reasons.len() > REASONS_MAX {
            return Err(too_large(format!("{} reasons", posted.reasons.len())));
        }
        Ok(posted)
    }

    fn note_rows(&mut self, name: &'p str) {
        let name = name.split('~').next().unwrap_or_default();
        let mut parts = name.split(':');
        let link = parts.next().unwrap_or_default();
        let mut before = Vec::new();
        for part in parts.take(crate::limits::DEPTH_MAX + 1) {
            let Some(row) = part.parse::<usize>().ok().filter(|row| *row < ROWS_MAX) else { return };
            let highest = self.highest.entry((link, before.clone())).or_default();
            *highest = (*highest).max(row);
            before.push(row);
        }
    }

    fn first(&self, name: &str) -> Option<&'p str> {
        self.fields.get(name).and_then(|values| values.first()).copied()
    }

    fn all(&self, name: &str) -> &[&'p str] {
        self.fields.get(name).map_or(&[], Vec::as_slice)
    }

    /// How many repetitions of an item there are at these rows: as the page says, and no fewer than its fields name.
    fn repetitions(&self, form: &Form, item: usize, name: &str, rows: &[usize]) -> usize {
        let said = self.first(&format!("{name}{ROWS}")).and_then(|count| count.parse().ok()).unwrap_or(0);
        let mut most: usize = said;
        let mut waiting = vec![item];
        while let Some(one) = waiting.pop() {
            let link = form.items[one].link_id.as_str();
            most = most.max(self.highest.get(&(link, rows.to_vec())).map_or(0, |row| row + 1));
            waiting.extend(&form.items[one].children);
        }
        most.min(ROWS_MAX)
    }

    /// Which rows of the kept response the page showed, if it says so.
    fn kept(&self, name: &str) -> Option<Vec<Option<usize>>> {
        let said = self.first(&format!("{name}{WAS}"))?;
        Some(said.split(',').take(ROWS_MAX).map(|was| was.parse().ok()).collect())
    }
}

fn too_large(diagnostics: String) -> Outcome {
    let text = "Phiếu gửi lên dài quá mức; hãy bớt dòng hoặc bớt chữ.";
    Outcome::new(Refusal::TooLarge, "form-too-large", text, diagnostics)
}

/// Gives the repeating groups the rows that were posted. Those nobody may change stay as they are.
///
/// # Errors
///
/// `too-large` when that makes more slots than [`SLOTS_MAX`].
pub(crate) fn shape(form: &Form, posted: &Posted, sheet: &mut Sheet) -> Result<(), Outcome> {
    let mut slots = 0;
    Sheet::tops(form).iter().try_for_each(|spot| shape_slot(form, posted, sheet, spot, &mut slots))
}

fn shape_slot(
    form: &Form,
    posted: &Posted,
    sheet: &mut Sheet,
    spot: &Spot,
    slots: &mut usize,
) -> Result<(), Outcome> {
    *slots += 1;
    if *slots > SLOTS_MAX {
        return Err(too_large(format!("more than {SLOTS_MAX} slots")));
    }
    let item = &form.items[spot.item];
    if item.kind == Kind::Group && item.has_own_rows() {
        let name = spot.name(form);
        let count = posted.repetitions(form, spot.item, &name, &spot.rows);
        // The page that says nothing of rows leaves them as they were filled in.
        if count > 0 {
            sheet.arrange(form, spot, count, posted.kept(&name).as_deref());
        }
    }
    let rows = sheet.slot(spot).map_or(0, |slot| slot.rows.len());
    for inner in (0..rows).flat_map(|row| spot.below(form, row)) {
        shape_slot(form, posted, sheet, &inner, slots)?;
    }
    Ok(())
}

/// What a button did.
#[derive(Debug, Default)]
pub(crate) struct Moved {
    /// The field to go on with.
    pub at: Option<String>,
    /// The slot and row that is new.
    pub added: Option<(Spot, usize)>,
}

/// Reads the fields into a sheet that has its rows; adds or removes the row a button asked for.
pub(crate) fn apply(form: &Form, choices: &dyn Choices, posted: &Posted, sheet: &mut Sheet) -> Moved {
    let is_page = posted.first(PAGE).is_some();
    let shown: BTreeSet<&str> = posted.all(SHOWN).iter().copied().collect();
    let reader = Reader { form, choices, posted, shown: is_page.then_some(shown) };
    for spot in sheet.spots(form) {
        let item = &form.items[spot.item];
        if item.is_open()
            && reader.was_there(&spot)
            && let Some(slot) = sheet.slot_mut(&spot)
        {
            slot.answers = reader.answers(item, &spot, &slot.answers);
        }
    }
    sheet.reasons =
        posted.reasons.iter().map(|(name, reason)| ((*name).to_owned(), reason.clone())).collect();
    changed_rows(form, posted, sheet).unwrap_or_default()
}

struct Reader<'r> {
    form: &'r Form,
    choices: &'r dyn Choices,
    posted: &'r Posted<'r>,
    /// The conditional fields that were on the page; `None` when it was no page of ours.
    shown: Option<BTreeSet<&'r str>>,
}

impl Reader<'_> {
    /// Whether the page had this field; one that comes up only now keeps what it was filled in with.
    fn was_there(&self, spot: &Spot) -> bool {
        let shown = |shown: &BTreeSet<&str>| shown.contains(spot.name(self.form).as_str());
        self.shown.as_ref().is_none_or(|all| !is_asked_for(self.form, spot) || shown(all))
    }

    /// What was posted for a question; `before` is what it held.
    fn answers(&self, item: &Item, spot: &Spot, before: &[Answer]) -> Vec<Answer> {
        let name = spot.name(self.form);
        if item.is_numbered() {
            let count = self.posted.repetitions(self.form, spot.item, &name, &spot.rows).max(1);
            let each = (0..count).map(|at| {
                let name = spot.name_of(self.form, at);
                self.answer(item, self.posted.first(&name).unwrap_or_default(), &name, before)
            });
            return each.collect();
        }
        let mut chosen: Vec<&str> = self.posted.all(&name).to_vec();
        // An option that a browser sends twice is ticked once.
        let mut seen = BTreeSet::new();
        chosen.retain(|key| !key.trim().is_empty() && seen.insert(*key));
        chosen.truncate(if item.repeats { ROWS_MAX - 1 } else { 1 });
        let mut answers: Vec<Answer> =
            chosen.iter().map(|typed| self.answer(item, typed, &name, before)).collect();
        // Words of one's own stand beside what was ticked, or in place of a choice.
        if item.repeats || answers.is_empty() {
            answers.extend(self.own(item, &name));
        }
        answers
    }

    /// What was typed beside the options of a question.
    fn own(&self, item: &Item, name: &str) -> Option<Answer> {
        let typed = *self.posted.all(&format!("{name}{OTHER}")).first()?;
        let value = read::own(item, typed)?;
        Some(Answer { own: true, ..judged(item, typed, "", Some(value)) })
    }

    fn answer(&self, item: &Item, typed: &str, name: &str, before: &[Answer]) -> Answer {
        let unit = self.posted.first(&format!("{name}{UNIT}")).unwrap_or_default();
        let as_it_was =
            |one: &&Answer| one.value.is_some() && one.typed == typed && one.unit == unit && !one.own;
        // What nobody changed is what it was, also where the field shows less of it: seconds, the words of an older edition.
        // A code is looked up all the same, since it must be in the list of today.
        let held = before.iter().find(as_it_was).filter(|_| item.kind != Kind::Choice);
        let value = held.and_then(|held| held.value.clone()).map(Ok);
        judged(item, typed, unit, value.or_else(|| read::answer(item, typed, unit, self.choices)))
    }
}

/// What was typed with what it means. What breaks a limit of its field takes no part in calculations: no grade of a
/// pressure of 900.
fn judged(item: &Item, typed: &str, unit: &str, read: Option<Result<Value, String>>) -> Answer {
    let (value, wrong) = match read {
        None => (None, None),
        Some(Ok(value)) => match judge::out_of_bounds(item, &value) {
            None => (Some(value), None),
            wrong => (None, wrong),
        },
        Some(Err(wrong)) => (None, Some(wrong)),
    };
    Answer { typed: typed.to_owned(), unit: unit.to_owned(), own: false, value, wrong }
}

/// Adds or removes a row; `None` when no button asked for it, or one that may not.
fn changed_rows(form: &Form, posted: &Posted, sheet: &mut Sheet) -> Option<Moved> {
    let spots = sheet.spots(form);
    let repeating = spots.iter().filter(|spot| form.items[spot.item].has_own_rows());
    if let Some(name) = posted.first(MORE) {
        let spot = repeating.clone().find(|spot| spot.name(form) == name)?;
        let count = sheet.repetitions(form, spot);
        sheet.resize(form, spot, count + 1);
        // Where there is no room for another, the last one.
        let last = sheet.repetitions(form, spot) - 1;
        let added = (last == count).then(|| (spot.clone(), last));
        return Some(Moved { at: Some(first_field(form, spot, last)), added });
    }
    let name = posted.first(LESS)?;
    let (spot, row) = repeating.clone().find_map(|spot| {
        (0..sheet.repetitions(form, spot)).find(|row| spot.name_of(form, *row) == name).map(|row| (spot, row))
    })?;
    let slot = sheet.slot_mut(spot)?;
    if row < slot.rows.len() {
        slot.rows.remove(row);
    } else if row < slot.answers.len() {
        slot.answers.remove(row);
    }
    let is_last = form.items[spot.item].kind == Kind::Group && slot.rows.is_empty();
    // The rows after it have other names now: a reason must not stand at another's warning.
    let inside =
        |name: &String| is_inside(form, name.split([':', '~']).next().unwrap_or_default(), spot.item);
    sheet.reasons.retain(|name, _| !inside(name));
    if is_last {
        sheet.resize(form, spot, 1);
    }
    Some(Moved { at: Some(spot.name(form)), added: is_last.then(|| (spot.clone(), 0)) })
}

/// Whether an item is another, or inside it.
fn is_inside(form: &Form, link: &str, around: usize) -> bool {
    let mut at = form.by_link.get(link).copied();
    while let Some(item) = at {
        if item == around {
            return true;
        }
        at = form.items[item].parent;
    }
    false
}

/// The first field of a repetition that can be typed into.
fn first_field(form: &Form, spot: &Spot, row: usize) -> String {
    if form.items[spot.item].kind != Kind::Group {
        return spot.name_of(form, row);
    }
    let inner = spot.below(form, row);
    let open = inner.iter().find(|inner| form.items[inner.item].is_open());
    open.map_or_else(|| spot.name_of(form, row), |inner| inner.name_of(form, 0))
}

/// What is to be done next: saved, or gone on with.
pub(crate) fn step(filling: &Filling, posted: &Posted, at: Option<String>) -> Step {
    let asked = [MORE, LESS, REFRESH].iter().any(|name| posted.first(name).is_some());
    if asked {
        return Step::Go { at };
    }
    if posted.first(PAGE).is_none() {
        return Step::Save;
    }
    // The answers ask something that the page did not show: nobody could have answered it.
    let shown: BTreeSet<&str> = posted.all(SHOWN).iter().copied().collect();
    let form = filling.form;
    let unseen = filling.sheet.spots(form).into_iter().find(|spot| {
        let enabled = filling.sheet.slot(spot).is_some_and(|slot| slot.enabled);
        enabled && is_asked_for(form, spot) && !shown.contains(spot.name(form).as_str())
    });
    match unseen {
        Some(spot) => Step::Go { at: Some(spot.name_of(form, 0)) },
        None => Step::Save,
    }
}

/// Whether a field is open and there only under a condition.
pub(crate) fn is_asked_for(form: &Form, spot: &Spot) -> bool {
    let mut at = Some(spot.item);
    let mut conditional = false;
    while let Some(item) = at {
        let item = &form.items[item];
        conditional |=
            item.is_conditional() || item.parent.is_some_and(|around| form.items[around].is_question());
        at = item.parent;
    }
    conditional && form.items[spot.item].is_open()
}
