//! A form as a page: works without script, one field after the other, errors at the fields and in a summary that leads to
//! them. The room puts it into its shell.

mod answer;
#[cfg(test)]
mod tests;

use crate::choices::Choices;
use crate::fill::{Filling, Step};
use crate::form::{Form, Item, Kind};
use crate::judge::{Fault, Weight, lower};
use crate::post::{LESS, MET, MORE, PAGE, REFRESH, ROWS, SHOWN, WAS, is_asked_for};
use crate::sheet::{Slot, Spot};
use maud::{Markup, html};
use std::collections::{BTreeMap, BTreeSet};
use yba_ui::question::{self, group, side_button};
use yba_ui::{card, form as ui_form, hx};

/// What a page needs beside the form.
pub struct Look<'l> {
    /// Where the form is posted.
    pub action: &'l str,
    /// The verb of its one main button.
    pub verb: &'l str,
    /// The key that does the same.
    pub key: Option<&'l str>,
    /// Where codes are asked for while someone types; the name of the field is added after `/`. See [`offers`].
    pub offers: Option<&'l str>,
    pub choices: &'l dyn Choices,
    /// What of this form nobody has compared with the original yet.
    pub uncertain: Option<&'l str>,
    /// Where the form is sent while somebody types; the answer is [`moved`].
    pub moves: Option<&'l str>,
    /// What is said of what was sent so: when it was kept.
    pub kept: &'l str,
    /// Further hidden fields of the room.
    pub fields: Markup,
}

/// Where it stands when the form was kept while somebody types.
const KEPT: &str = "nhap-luc";

/// The whole form.
pub fn page(filling: &Filling, look: &Look) -> Markup {
    let drawn = Drawing::new(filling, look, first_of(filling));
    let moving = filling.form.items().any(|item| item.is_conditional() || item.calculated.is_some());
    html! {
        form #phieu .form.sheet method="post" action=(look.action) novalidate {
            // Enter in a field presses the first button of a form: this one, and no «Thêm dòng».
            button .sr type="submit" tabindex="-1" aria-hidden="true" { (look.verb) }
            (ui_form::hidden(PAGE, "1"))
            (look.fields)
            @if let Some(trouble) = filling.trouble() { div .note.bad role="alert" { p { b { (trouble) } } } }
            (drawn.summary())
            @if let Some(words) = look.uncertain { div .note.warn { p { b { "Chưa đối chiếu văn bản gốc." } " " (words) } } }
            @for spot in crate::sheet::Sheet::tops(filling.form) { (drawn.item(&spot)) }
            (drawn.warnings(""))
            div .send {
                (card::main_button(look.verb, look.key))
                @if moving { (side_button(REFRESH, "1", "Cập nhật phiếu", "")) }
                @if let Some(action) = look.moves { (hx::while_typing(action, html! { span .muted #(KEPT) aria-live="polite" { (look.kept) } })) }
            }
        }
    }
}

/// What changed on a page while somebody types: what is worked out, and questions that come up or go. `fields` is what the page
/// sent, `filling` what came of it ([`Form::resume`]).
pub fn moved(filling: &Filling, look: &Look, fields: &[(String, String)]) -> Markup {
    // Nobody is led anywhere while they type.
    let drawn = Drawing::new(filling, look, None);
    let met: BTreeSet<&str> =
        fields.iter().filter(|(name, _)| name == MET).map(|(_, name)| name.as_str()).collect();
    // What is inside a part that is drawn anew is drawn with it.
    let mut anew: Vec<Spot> = Vec::new();
    html! {
        @for spot in filling.sheet.spots(filling.form) {
            @let (item, name) = (&filling.form.items[spot.item], spot.name(filling.form));
            @let slot = filling.sheet.slot(&spot).filter(|slot| slot.enabled && !item.hidden);
            @if anew.iter().any(|around| spot.is_inside(around)) {}
            @else if item.is_conditional() && met.contains(name.as_str()) != slot.is_some() {
                (hx::replaced(&place_of(&name), &drawn.asked(&spot)))
                @let () = anew.push(spot);
            }
            @else if let Some(slot) = slot.filter(|_| item.is_question() && !item.is_open()) {
                (hx::replaced(&id_of(&name), &question::worked_out(&known_words(item, slot))))
            }
        }
        (hx::replaced(KEPT, &html! { (look.kept) }))
    }
}

/// The id of the place where a question that is asked under a condition comes and goes.
fn place_of(name: &str) -> String {
    format!("k{}", id_of(name))
}

fn known_words(item: &Item, slot: &Slot) -> String {
    let words: Vec<String> = slot.values().map(|value| crate::value::shown(item, value)).collect();
    words.join(", ")
}

/// Labels of codes for what is typed into a field, each with the same words without marks: for the browser's own list.
pub fn offers(
    form: &Form,
    choices: &dyn Choices,
    name: &str,
    fields: &[(String, String)],
) -> Vec<(String, String)> {
    let link = name.split(':').next().unwrap_or_default();
    let set = form.item(link).filter(|item| item.is_open()).and_then(|item| item.value_set.as_deref());
    let typed = fields.iter().find(|(field, _)| field == name).map(|(_, typed)| typed.trim());
    let (Some(set), Some(typed)) = (set, typed.filter(|typed| !typed.is_empty())) else { return Vec::new() };
    let found = choices.find(set, typed, crate::limits::OFFERS_MAX);
    let label = |coding: &yba_fhir::json::Value| {
        let label = crate::value::coding_label(coding);
        let plain = yba_fhir::text::fold(&label);
        (label, plain)
    };
    found.iter().map(label).collect()
}

/// The id of a field on the page: its name with what a selector would read otherwise in other letters. A `-` in an id comes
/// after the name only: of an option, a hint, an error.
pub fn id_of(name: &str) -> String {
    name.chars().fold(String::from("o-"), |mut id, letter| {
        match letter {
            '_' => id.push_str("__"),
            '-' => id.push_str("_h"),
            '.' => id.push_str("_p"),
            '/' => id.push_str("_s"),
            ':' => id.push_str("_r"),
            '~' => id.push_str("_t"),
            other => id.push(other),
        }
        id
    })
}

struct Drawing<'d> {
    filling: &'d Filling<'d>,
    look: &'d Look<'d>,
    form: &'d Form,
    faults: BTreeMap<&'d str, Vec<&'d Fault>>,
    /// The field where typing begins.
    first: Option<String>,
}

/// The field that comes next; of a fresh form the first that can be typed into. Where something is wrong, the summary
/// comes first.
fn first_of(filling: &Filling) -> Option<String> {
    let form = filling.form;
    match &filling.step {
        Step::Save => None,
        Step::Go { at: Some(at) } => Some(at.clone()),
        Step::Go { at: None } => {
            let spots = filling.sheet.spots(form);
            let is_open = |spot: &&Spot| {
                form.items[spot.item].is_open() && filling.sheet.slot(spot).is_some_and(|slot| slot.enabled)
            };
            spots.iter().find(is_open).map(|spot| spot.name_of(form, 0))
        }
    }
}

impl<'d> Drawing<'d> {
    fn new(filling: &'d Filling<'d>, look: &'d Look<'d>, first: Option<String>) -> Drawing<'d> {
        let mut faults: BTreeMap<&str, Vec<&Fault>> = BTreeMap::new();
        filling.faults.iter().for_each(|fault| faults.entry(&fault.name).or_default().push(fault));
        Drawing { filling, look, form: filling.form, faults, first }
    }

    /// All that stops the form, and the warnings that want a reason.
    fn summary(&self) -> Markup {
        let open = self.filling.faults.iter().filter(|fault| fault.reason.is_none());
        let list: Vec<(String, String)> =
            open.map(|fault| (self.leads_to(fault), self.said(fault))).collect();
        let list: Vec<(&str, &str)> = list.iter().map(|(id, text)| (id.as_str(), text.as_str())).collect();
        html! {
            (ui_form::summary(&list))
            @if let (Step::Go { at: Some(name) }, true) = (&self.filling.step, list.is_empty()) {
                p .note role="status" { "Phiếu còn câu cần điền. " a href={ "#" (id_of(name)) } { "Đến ô ấy" } }
            }
        }
    }

    /// The sentence of a fault away from its field: with the field's words, unless they are in it.
    fn said(&self, fault: &Fault) -> String {
        let link = fault.name.split(':').next().unwrap_or_default();
        let words = self.form.item(link).map_or("", |item| item.text.trim_end_matches(['?', ':', '.', ' ']));
        let is_told = words.is_empty() || !fault.key.is_empty() || fault.text.contains(&lower(words));
        if is_told { fault.text.clone() } else { format!("{words}: {}", lower(&fault.text)) }
    }

    fn leads_to(&self, fault: &Fault) -> String {
        match (fault.weight, fault.name.as_str()) {
            (Weight::Warning, _) => id_of(&fault.why()),
            (Weight::Error, "") => "phieu".to_owned(),
            (Weight::Error, name) => id_of(name),
        }
    }

    /// What is wrong with a field.
    fn wrong(&self, name: &str, weight: Weight) -> impl Iterator<Item = &'d Fault> {
        let here = self.faults.get(name).map_or(&[][..], Vec::as_slice);
        here.iter().copied().filter(move |fault| fault.weight == weight)
    }

    /// The first thing wrong with a field that is not a warning.
    fn error(&self, name: &str) -> Option<&'d str> {
        self.wrong(name, Weight::Error).next().map(|fault| fault.text.as_str())
    }

    /// How to write the answer, and what the record holds that could not be filled in.
    fn hint(&self, item: &Item, name: &str) -> String {
        let notes = self.filling.notes.iter().filter(|note| note.name == name).map(|note| note.text.as_str());
        match (item.hint.trim_end_matches('.'), notes.collect::<Vec<_>>().join(" ")) {
            (_, notes) if notes.is_empty() => item.hint.clone(),
            ("", notes) => notes,
            (hint, notes) => format!("{hint}. {notes}"),
        }
    }

    /// The warnings at a field, each with a place for its reason.
    fn warnings(&self, name: &str) -> Markup {
        html! {
            @for fault in self.wrong(name, Weight::Warning) {
                div .note.warn.wide {
                    div {
                        p { b { (fault.text) } }
                        @let (field, id) = (fault.why(), id_of(&fault.why()));
                        label for=(id) { "Lý do vẫn ghi như vậy" }
                        input id=(id) name=(field) type="text" maxlength="500" autocomplete="off" value=(fault.reason.as_deref().unwrap_or_default());
                    }
                }
            }
        }
    }

    /// One item; of one under a condition the place where it comes and goes.
    fn item(&self, spot: &Spot) -> Markup {
        let item = &self.form.items[spot.item];
        match item.is_conditional() && !item.hidden {
            true => html! { div .asked id=(place_of(&spot.name(self.form))) { (self.asked(spot)) } },
            false => self.asked(spot),
        }
    }

    /// One item with all that is inside; nothing when it is hidden or not asked.
    fn asked(&self, spot: &Spot) -> Markup {
        let item = &self.form.items[spot.item];
        let Some(slot) = self.filling.sheet.slot(spot).filter(|slot| slot.enabled && !item.hidden) else {
            return html! {};
        };
        let name = spot.name(self.form);
        html! {
            @if item.is_conditional() { (ui_form::hidden(MET, &name)) }
            @if is_asked_for(self.form, spot) { (ui_form::hidden(SHOWN, &name)) }
            @match item.kind {
                Kind::Display => p .hint.wide { (item.prefix) @if !item.prefix.is_empty() { " " } (item.text) }
                Kind::Group => (self.group(spot, item, slot, &name))
                _ => { (self.question(spot, item, slot)) (self.warnings(&spot.name_of(self.form, 0))) (self.inside(spot, 0)) }
            }
        }
    }

    fn group(&self, spot: &Spot, item: &Item, slot: &Slot, name: &str) -> Markup {
        if !item.repeats {
            return group(
                &id_of(name),
                &label(item),
                html! {
                    @if let Some(error) = self.error(name) { p .error.wide { (error) } }
                    (self.inside(spot, 0)) (self.warnings(name))
                },
            );
        }
        html! {
            (ui_form::hidden(&format!("{name}{ROWS}"), &slot.rows.len().to_string()))
            (ui_form::hidden(&format!("{name}{WAS}"), &slot.was()))
            @for row in 0..slot.rows.len() {
                @let named = spot.name_of(self.form, row);
                @let title = format!("{} ({})", label(item), row + 1);
                (group(&id_of(&named), &title, html! {
                    @if let Some(error) = self.error(&named) { p .error.wide { (error) } }
                    (self.inside(spot, row))
                    (self.warnings(&named))
                    @if slot.rows.len() > 1 && !item.read_only { p .wide { (side_button(LESS, &named, "Bỏ dòng này", &format!("Bỏ {title}"))) } }
                }))
            }
            @if self.has_room(item, slot.rows.len()) { p .wide { (side_button(MORE, name, "Thêm dòng", &format!("Thêm dòng: {}", item.text))) } }
        }
    }

    fn has_room(&self, item: &Item, count: usize) -> bool {
        !item.read_only
            && count < item.limits.many.unwrap_or(crate::limits::ROWS_MAX).min(crate::limits::ROWS_MAX)
    }

    /// What is inside one row of an item.
    fn inside(&self, spot: &Spot, row: usize) -> Markup {
        html! { @for inner in spot.below(self.form, row) { (self.item(&inner)) } }
    }

    fn question(&self, spot: &Spot, item: &Item, slot: &Slot) -> Markup {
        let name = spot.name(self.form);
        if !item.is_open() {
            return question::known(&id_of(&name), &label(item), &item.hint, &known_words(item, slot));
        }
        if !item.is_numbered() {
            return self.answer(item, slot.answers.first(), &slot.answers, &name, &label(item));
        }
        let count = slot.answers.len().max(1);
        html! {
            (ui_form::hidden(&format!("{name}{ROWS}"), &count.to_string()))
            @for at in 0..count {
                @let answer = slot.answers.get(at);
                (self.answer(item, answer, answer.map(std::slice::from_ref).unwrap_or_default(), &spot.name_of(self.form, at), &format!("{} ({})", label(item), at + 1)))
            }
            @if self.has_room(item, count) { p .wide { (side_button(MORE, &name, "Thêm dòng", &format!("Thêm dòng: {}", item.text))) } }
        }
    }
}

/// The words of a question with its number.
fn label(item: &Item) -> String {
    if item.prefix.is_empty() { item.text.clone() } else { format!("{} {}", item.prefix, item.text) }
}
