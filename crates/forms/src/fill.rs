//! How a sheet comes about and settles: begun with what is known, taken from a post, calculated until nothing changes.

use crate::choices::Choices;
use crate::enable;
use crate::evaluate::{Broken, World, focus, node};
use crate::form::{Form, Kind};
use crate::judge::{self, Fault};
use crate::limits::PASSES_MAX;
use crate::post;
use crate::response;
use crate::setting::Setting;
use crate::sheet::{Answer, Sheet, Slot, Spot};
use crate::value;
use yba_fhir::json::Value;
use yba_fhir::{Kind as Refusal, Outcome};

/// Most places of broken expressions that are told to whoever fills the form in.
const PLACES_MAX: usize = 3;

/// A form being filled in.
#[derive(Debug)]
pub struct Filling<'f> {
    pub form: &'f Form,
    pub sheet: Sheet,
    pub step: Step,
    /// What is wrong, in the order of the form; unless it is to be saved, only warnings that have their reason.
    pub faults: Vec<Fault>,
    /// Expressions that could not be evaluated: faults of content, for the log. While there is one nothing is saved,
    /// since a rule that broke was not kept; [`Filling::trouble`] says it to whoever fills the form in.
    pub broken: Vec<Broken>,
    /// What the record holds for an empty field and could not be filled in, with the reason; to stand beside the field.
    pub notes: Vec<Note>,
}

/// A sentence for one field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// The name of the field.
    pub name: String,
    pub text: String,
}

/// A sheet with initial values, and what befell them.
struct Opened {
    sheet: Sheet,
    /// With whether it only fills in what can be typed as well.
    broken: Vec<(bool, Broken)>,
    notes: Vec<Note>,
}

impl Opened {
    fn over(sheet: Sheet) -> Opened {
        Opened { sheet, broken: Vec::new(), notes: Vec::new() }
    }
}

/// What whoever posted wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// To save. When nothing is wrong, the response can be kept.
    Save,
    /// To go on: rows were added or removed, or the answers ask further questions. To be drawn again, at this field.
    Go { at: Option<String> },
}

impl Form {
    /// The form as it opens: what the record knows is filled in.
    pub fn begin(&self, setting: &Setting) -> Filling<'_> {
        let mut opened = Opened::over(Sheet::blank(self));
        let spots = opened.sheet.spots(self);
        initial(self, setting, &mut opened, &spots);
        let Opened { mut sheet, broken, notes } = opened;
        let unsettled = settle(self, setting, &mut sheet);
        let (step, faults) = (Step::Go { at: None }, Vec::new());
        let mut filling = Filling { form: self, sheet, step, faults, broken: unsettled, notes };
        filling.note(broken.into_iter().map(|(_, broken)| broken).collect());
        filling
    }

    /// What was posted, judged. Fields that no item has are passed over.
    ///
    /// # Errors
    ///
    /// `too-large` when there are more fields, longer ones, or more rows than [`crate::limits`] let through. What is wrong
    /// with an answer is no error: it is in [`Filling::faults`], and what was typed is kept.
    pub fn take(
        &self,
        setting: &Setting,
        choices: &dyn Choices,
        fields: &[(String, String)],
    ) -> Result<Filling<'_>, Outcome> {
        let posted = post::Posted::of(fields)?;
        let mut opened = Opened::over(Sheet::blank(self));
        post::shape(self, &posted, &mut opened.sheet)?;
        let spots = opened.sheet.spots(self);
        initial(self, setting, &mut opened, &spots);
        Ok(self.taken_over(opened, setting, choices, &posted))
    }

    /// A form that somebody was typing, as it was when they stopped: nothing of it is judged yet.
    ///
    /// # Errors
    ///
    /// As [`Form::take`].
    pub fn resume(
        &self,
        setting: &Setting,
        choices: &dyn Choices,
        fields: &[(String, String)],
    ) -> Result<Filling<'_>, Outcome> {
        let buttons = [post::MORE, post::LESS, post::REFRESH];
        let mut fields: Vec<(String, String)> =
            fields.iter().filter(|(name, _)| !buttons.contains(&name.as_str())).cloned().collect();
        fields.push((post::REFRESH.to_owned(), "1".to_owned()));
        self.take(setting, choices, &fields)
    }

    /// What was posted over a response that was kept: what nobody can type stays as it was kept, row by row, it is not asked
    /// of the record again. Rows that are new begin as those of a new form.
    ///
    /// # Errors
    ///
    /// As [`Form::take`] and [`Form::reopen`].
    pub fn retake(
        &self,
        setting: &Setting,
        choices: &dyn Choices,
        kept: &Value,
        fields: &[(String, String)],
    ) -> Result<Filling<'_>, Outcome> {
        let mut opened = Opened::over(self.reopen(setting, kept)?.sheet);
        let posted = post::Posted::of(fields)?;
        post::shape(self, &posted, &mut opened.sheet)?;
        let mut spots = opened.sheet.spots(self);
        spots.retain(|spot| opened.sheet.is_new(spot));
        initial(self, setting, &mut opened, &spots);
        Ok(self.taken_over(opened, setting, choices, &posted))
    }

    fn taken_over(
        &self,
        mut opened: Opened,
        setting: &Setting,
        choices: &dyn Choices,
        posted: &post::Posted,
    ) -> Filling<'_> {
        let post::Moved { at, added } = post::apply(self, choices, posted, &mut opened.sheet);
        if let Some((spot, row)) = added {
            let mut way = spot.way;
            way.push((spot.slot, row));
            let mut spots = opened.sheet.spots(self);
            spots.retain(|spot| spot.way.starts_with(&way));
            initial(self, setting, &mut opened, &spots);
        }
        let Opened { mut sheet, broken, notes } = opened;
        let unsettled = settle(self, setting, &mut sheet);
        let (step, faults) = (Step::Save, Vec::new());
        let mut filling = Filling { form: self, sheet, step, faults, broken: unsettled, notes: Vec::new() };
        // What fills in a field that is typed into anyway may break; what nobody can type would be missing.
        filling.note(broken.into_iter().filter(|(open, _)| !open).map(|(_, broken)| broken).collect());
        filling.notes = notes.into_iter().filter(|note| filling.is_blank(&note.name)).collect();
        filling.step = post::step(&filling, posted, at);
        judge::judge(&mut filling, setting);
        filling.keep_quiet();
        filling
    }

    /// A response that was kept, to be gone on with or corrected: what it holds and nothing else, so that a field once
    /// cleared is not filled in again. Items that this edition does not have are passed over.
    ///
    /// # Errors
    ///
    /// `invalid` when it is no QuestionnaireResponse.
    pub fn reopen(&self, setting: &Setting, kept: &Value) -> Result<Filling<'_>, Outcome> {
        if yba_fhir::json::str_at(kept, &["resourceType"]) != Some("QuestionnaireResponse") {
            let text = "Đây không phải là một phiếu đã điền.";
            return Err(Outcome::new(Refusal::Invalid, "form-response", text, "not a QuestionnaireResponse"));
        }
        let mut sheet = Sheet::blank(self);
        response::read_into(self, kept, &mut sheet);
        sheet.mark();
        let broken = settle(self, setting, &mut sheet);
        let mut filling = Filling {
            form: self,
            sheet,
            step: Step::Go { at: None },
            faults: Vec::new(),
            broken,
            notes: Vec::new(),
        };
        judge::judge(&mut filling, setting);
        filling.keep_quiet();
        Ok(filling)
    }
}

impl Filling<'_> {
    /// Whether it may be kept: saved was asked, every expression could be evaluated, nothing stops it, and every warning
    /// has its reason.
    pub fn is_sound(&self) -> bool {
        self.step == Step::Save
            && self.broken.is_empty()
            && self.faults.iter().all(|fault| fault.reason.is_some())
    }

    /// What to tell whoever fills in a form of which an expression broke: that it is not their slip, and which places to
    /// report. `None` when nothing broke.
    pub fn trouble(&self) -> Option<String> {
        let mut places: Vec<&str> = self.broken.iter().map(|broken| broken.place.as_str()).collect();
        places.dedup();
        let more = if places.len() > PLACES_MAX { "…" } else { "" };
        places.truncate(PLACES_MAX);
        let places = places.join(", ");
        let said = match (places.as_str(), &self.step) {
            ("", _) => return None,
            (_, Step::Save) => {
                "Chưa lưu được vì một công thức của biểu mẫu bị hỏng, không phải do bạn điền sai. Những gì bạn gõ vẫn còn."
            }
            (_, Step::Go { .. }) => {
                "Một công thức của biểu mẫu bị hỏng, nên phiếu này có thể không lưu được."
            }
        };
        Some(format!("{said} Hãy báo người phụ trách hệ thống chỗ hỏng: {places}{more}."))
    }

    /// Whether nothing stands in a field.
    fn is_blank(&self, name: &str) -> bool {
        let spots = self.sheet.spots(self.form);
        let spot = spots.iter().find(|spot| spot.name_of(self.form, 0) == name);
        let slot = spot.and_then(|spot| self.sheet.slot(spot));
        slot.is_some_and(|slot| slot.answers.iter().all(Answer::is_empty))
    }

    /// Adds what broke, each once.
    pub(crate) fn note(&mut self, broken: Vec<Broken>) {
        for one in broken {
            if !self.broken.contains(&one) {
                self.broken.push(one);
            }
        }
    }
}

impl Filling<'_> {
    /// While somebody is still at it nothing is wrong yet; warnings that have their reason stay, so that it is not lost.
    fn keep_quiet(&mut self) {
        if self.step != Step::Save {
            self.faults.retain(|fault| fault.reason.is_some());
        }
    }

    /// What a browser would post of this sheet: for drafts and tests.
    pub fn fields(&self) -> Vec<(String, String)> {
        let mut fields = Vec::new();
        for spot in self.sheet.spots(self.form) {
            let (item, Some(slot)) = (&self.form.items[spot.item], self.sheet.slot(&spot)) else { continue };
            if item.is_numbered() {
                let count = self.sheet.repetitions(self.form, &spot);
                fields.push((format!("{}{}", spot.name(self.form), post::ROWS), count.to_string()));
                if item.kind == Kind::Group {
                    fields.push((format!("{}{}", spot.name(self.form), post::WAS), slot.was()));
                }
            }
            for (at, answer) in slot.answers.iter().enumerate().filter(|_| item.is_open()) {
                let name = spot.name_of(self.form, at);
                if !answer.unit.is_empty() {
                    fields.push((format!("{name}{}", post::UNIT), answer.unit.clone()));
                }
                let name = if answer.own { format!("{name}{}", post::OTHER) } else { name };
                fields.push((name, answer.typed.clone()));
            }
        }
        fields.extend(self.sheet.reasons.iter().map(|(name, reason)| (name.clone(), reason.clone())));
        fields
    }
}

/// Fills these slots in with what stands in the questionnaire and what its initial expressions find. An expression goes
/// first.
fn initial(form: &Form, setting: &Setting, opened: &mut Opened, spots: &[Spot]) {
    if spots.is_empty() {
        return;
    }
    let tree = response::tree(form, &opened.sheet, true);
    let mut world = World::of(form, setting, &tree);
    let mut found = Vec::new();
    for spot in spots {
        let item = &form.items[spot.item];
        let mut values = Vec::new();
        if let Some(program) = &item.initial_program {
            let place = || format!("{}.initialExpression", item.place);
            let here = node(&tree, form, &opened.sheet, spot, 0).map_or(world.root(), focus);
            for result in world.at(program, &here, place) {
                match value::answer_of(item, &result) {
                    Ok(value) => values.extend(value),
                    Err(text) if item.is_open() => {
                        opened.notes.push(Note { name: spot.name_of(form, 0), text })
                    }
                    Err(text) => world.broken.push(Broken { place: place(), text }),
                }
            }
            opened.broken.extend(world.broken.drain(..).map(|broken| (item.is_open(), broken)));
        }
        if values.is_empty() {
            values.extend(item.initial.iter().cloned());
        }
        values.truncate(if item.repeats { crate::limits::ROWS_MAX } else { 1 });
        if !values.is_empty() {
            found.push((spot, values));
        }
    }
    for (spot, values) in found {
        put(form, &mut opened.sheet, spot, values);
    }
}

/// Gives a question these answers.
pub(crate) fn put(form: &Form, sheet: &mut Sheet, spot: &Spot, values: Vec<Value>) {
    let item = &form.items[spot.item];
    if let Some(slot) = sheet.slot_mut(spot) {
        slot.answers = values.into_iter().map(|value| Answer::of(item, value)).collect();
    }
}

/// What one pass would change.
enum Change {
    Enabled(bool),
    Answers(Vec<Value>),
}

/// Calculates, and asks or drops items, until nothing changes.
pub(crate) fn settle(form: &Form, setting: &Setting, sheet: &mut Sheet) -> Vec<Broken> {
    for _ in 0..PASSES_MAX {
        let (changes, broken) = pass(form, setting, sheet);
        if changes.is_empty() {
            return broken;
        }
        for (spot, change) in changes {
            match change {
                Change::Answers(values) => put(form, sheet, &spot, values),
                Change::Enabled(enabled) => {
                    if let Some(slot) = sheet.slot_mut(&spot) {
                        slot.enabled = enabled;
                    }
                }
            }
        }
    }
    let text = format!("các phép tính và điều kiện đổi nhau mãi, quá {PASSES_MAX} lượt");
    vec![Broken { place: "item".to_owned(), text }]
}

fn pass(form: &Form, setting: &Setting, sheet: &Sheet) -> (Vec<(Spot, Change)>, Vec<Broken>) {
    let tree = response::tree(form, sheet, true);
    let mut world = World::of(form, setting, &tree);
    let mut changes = Vec::new();
    // Whether an item is asked, and whether what is inside it is, for each level above the present spot.
    let mut around: Vec<(bool, bool)> = Vec::new();
    for spot in sheet.spots(form) {
        let (item, Some(slot)) = (&form.items[spot.item], sheet.slot(&spot)) else { continue };
        around.truncate(spot.way.len());
        // Words inside a question stand with it; questions inside it wait for its answer.
        let above =
            around.last().is_none_or(|(asked, inside)| *inside || *asked && item.kind == Kind::Display);
        let here = node(&tree, form, sheet, &spot, 0).map_or(world.root(), focus);
        let program_holds = match &item.enable.program {
            Some(program) => {
                world.holds(program, &here, || format!("{}.enableWhenExpression", item.place)) == Some(true)
            }
            None => true,
        };
        let enabled = above && enable::by_rules(form, sheet, &spot) && program_holds;
        if enabled != slot.enabled {
            changes.push((spot.clone(), Change::Enabled(enabled)));
        }
        if let Some(program) = item.calculated.as_ref().filter(|_| enabled) {
            let place = || format!("{}.calculatedExpression", item.place);
            let mut values = Vec::new();
            for result in world.at(program, &here, place) {
                match value::answer_of(item, &result) {
                    Ok(value) => values.extend(value),
                    Err(text) => world.broken.push(Broken { place: place(), text }),
                }
            }
            values.truncate(if item.repeats { crate::limits::ROWS_MAX } else { 1 });
            if !is_held(slot, &values) {
                changes.push((spot.clone(), Change::Answers(values)));
            }
        }
        let opens = !item.is_question() || slot.values().next().is_some();
        around.push((enabled, enabled && opens));
    }
    (changes, world.broken)
}

/// Whether a slot has these very answers.
fn is_held(slot: &Slot, values: &[Value]) -> bool {
    let printed =
        |value: &Value| yba_fhir::json::to_string(&yba_fhir::json::ordered(value)).unwrap_or_default();
    let held: Vec<&Value> = slot.answers.iter().filter_map(|answer| answer.value.as_ref()).collect();
    held.len() == values.len() && held.iter().zip(values).all(|(one, other)| printed(one) == printed(other))
}
