//! What is wrong with the answers, said at the field as a colleague would say it. What was typed stays.

use crate::evaluate::{World, focus, node};
use crate::fill::Filling;
use crate::form::{Bound, Constraint, Form, Item, Kind};
use crate::post::WHY;
use crate::response;
use crate::setting::Setting;
use crate::sheet::{Answer, Slot, Spot};
use crate::value;
use std::cmp::Ordering;
use std::collections::BTreeSet;
use yba_fhir::DateRange;
use yba_fhir::json::{JsonValueTrait, Value};
use yba_ui::format;

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The field, and its id on the page; empty for the form as a whole.
    pub name: String,
    pub text: String,
    pub weight: Weight,
    /// The constraint that was broken; empty for a rule of the field itself.
    pub key: String,
    /// Why it was passed over; only a warning can be.
    pub reason: Option<String>,
}

/// Whether it can be passed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weight {
    /// Nothing is saved.
    Error,
    /// Saved when a reason is given, which is kept with the response.
    Warning,
}

impl Fault {
    fn error(name: String, text: String) -> Fault {
        Fault { name, text, weight: Weight::Error, key: String::new(), reason: None }
    }

    /// The name of the field for the reason.
    pub fn why(&self) -> String {
        format!("{}{WHY}{}", self.name, self.key)
    }
}

/// Judges all that is asked.
pub(crate) fn judge(filling: &mut Filling, setting: &Setting) {
    let form = filling.form;
    let tree = response::tree(form, &filling.sheet, true);
    let mut world = World::of(form, setting, &tree);
    let mut faults = Vec::new();
    for spot in filling.sheet.spots(form) {
        let (item, Some(slot)) = (&form.items[spot.item], filling.sheet.slot(&spot)) else { continue };
        if !slot.enabled || item.hidden {
            continue;
        }
        if item.is_open() {
            faults.extend(of_field(form, item, slot, &spot));
        }
        let rows = if item.kind == Kind::Group { slot.rows.len() } else { 1 };
        let answered =
            |row: usize| node(&tree, form, &filling.sheet, &spot, row).is_some_and(response::is_answered);
        if item.required && item.kind == Kind::Group && !(0..rows).any(answered) {
            let text = format!("Hãy điền phần {}.", lower(&item.text));
            faults.push(Fault::error(spot.name_of(form, 0), text));
        }
        for row in 0..rows {
            let is_there = item.kind == Kind::Group || slot.values().next().is_some();
            let Some(here) = node(&tree, form, &filling.sheet, &spot, row).filter(|_| is_there) else {
                continue;
            };
            // Of a repeating question all answers are judged together, at the first.
            let name = spot.name_of(form, row);
            for constraint in &item.constraints {
                let place = || format!("{}.constraint", item.place);
                if world.holds(&constraint.program, &focus(here), place) == Some(false) {
                    faults.push(broken(constraint, &name, &filling.sheet.reasons));
                }
            }
        }
    }
    let root = world.root();
    for constraint in &form.constraints {
        if world.holds(&constraint.program, &root, || "constraint".to_owned()) == Some(false) {
            faults.push(broken(constraint, "", &filling.sheet.reasons));
        }
    }
    let noted = std::mem::take(&mut world.broken);
    filling.note(noted);
    // A reason is kept only while there is something to give it for.
    let given: BTreeSet<String> =
        faults.iter().filter(|fault| fault.reason.is_some()).map(Fault::why).collect();
    filling.sheet.reasons.retain(|name, _| given.contains(name));
    filling.faults = faults;
}

fn broken(
    constraint: &Constraint,
    name: &str,
    reasons: &std::collections::BTreeMap<String, String>,
) -> Fault {
    let weight = if constraint.stops { Weight::Error } else { Weight::Warning };
    let mut fault = Fault {
        name: name.to_owned(),
        text: constraint.human.clone(),
        weight,
        key: constraint.key.clone(),
        reason: None,
    };
    if weight == Weight::Warning {
        fault.reason = reasons.get(&fault.why()).cloned();
    }
    fault
}

/// The rules of one field.
fn of_field(form: &Form, item: &Item, slot: &Slot, spot: &Spot) -> Vec<Fault> {
    let mut faults = Vec::new();
    let filled = slot.answers.iter().filter(|answer| !answer.is_empty()).count();
    if item.required && filled == 0 {
        return vec![Fault::error(spot.name_of(form, 0), missing(item))];
    }
    let limits = &item.limits;
    if let Some(fewest) = limits.fewest.filter(|fewest| filled < *fewest && (filled > 0 || item.required)) {
        faults.push(Fault::error(spot.name_of(form, 0), format!("Cần ít nhất {fewest} câu trả lời.")));
    }
    if let Some(many) = limits.many.filter(|many| filled > *many) {
        faults.push(Fault::error(spot.name_of(form, 0), format!("Nhiều nhất {many} câu trả lời.")));
    }
    let alone = |answer: &Answer| {
        let value = answer.value.as_ref()?;
        value::option_of(item, value).filter(|option| option.alone)
    };
    if let (true, Some(option)) = (filled > 1, slot.answers.iter().find_map(alone)) {
        let text = format!("Đã chọn “{}” thì không chọn thêm mục khác.", option.label);
        faults.push(Fault::error(spot.name_of(form, 0), text));
    }
    for (at, answer) in slot.answers.iter().enumerate() {
        if let Some(text) = &answer.wrong {
            faults.push(Fault::error(spot.name_of(form, at), text.clone()));
        }
    }
    faults
}

fn missing(item: &Item) -> String {
    let label = lower(item.text.trim_end_matches(['?', ':', '.', ' ']));
    match item.kind {
        Kind::Boolean => format!("Hãy chọn Có hoặc Không: {label}."),
        Kind::Choice | Kind::OpenChoice => format!("Hãy chọn một mục: {label}."),
        _ => format!("Hãy nhập {label}."),
    }
}

/// A label inside a sentence: its first letter small, unless the word is an abbreviation.
pub(crate) fn lower(label: &str) -> String {
    let mut letters = label.chars();
    match (letters.next(), letters.clone().next()) {
        (Some(first), Some(second)) if !second.is_uppercase() => {
            first.to_lowercase().chain(letters).collect()
        }
        _ => label.to_owned(),
    }
}

/// Why a value breaks the limits of its field.
pub(crate) fn out_of_bounds(item: &Item, value: &Value) -> Option<String> {
    let (_, inside) = value::parts(value)?;
    out_of_range(item, inside).or_else(|| ill_written(item, inside))
}

fn out_of_range(item: &Item, inside: &Value) -> Option<String> {
    let amount = inside.get("value").unwrap_or(inside);
    let against = |bound: &Bound| match bound {
        Bound::Number(limit) => value::decimal_of(amount).map(|amount| amount.cmp(limit)),
        Bound::Moment(limit, _) => {
            amount.as_str().and_then(DateRange::parse).map(|moment| moment.start.cmp(limit))
        }
    };
    let limits = &item.limits;
    let low = limits.least.as_ref().and_then(against) == Some(Ordering::Less);
    let high = limits.most.as_ref().and_then(against) == Some(Ordering::Greater);
    if !low && !high {
        return None;
    }
    let unit = item.unit.as_ref().map(value::unit_label).unwrap_or_default();
    let said = |bound: &Bound| match bound {
        Bound::Number(limit) => format::number(&limit.to_string()),
        Bound::Moment(_, text) => format::date(text),
    };
    let with_unit = |text: String| if unit.is_empty() { text } else { format!("{text} {unit}") };
    Some(match (&limits.least, &limits.most) {
        (Some(least), Some(most)) => {
            format!("Phải từ {} đến {}. Hãy xem lại.", said(least), with_unit(said(most)))
        }
        (Some(least), None) => format!("Không được dưới {}. Hãy xem lại.", with_unit(said(least))),
        (None, Some(most)) => format!("Không được quá {}. Hãy xem lại.", with_unit(said(most))),
        (None, None) => return None,
    })
}

fn ill_written(item: &Item, inside: &Value) -> Option<String> {
    let limits = &item.limits;
    let amount = inside.get("value").unwrap_or(inside);
    if let (Some(places), Some(amount)) =
        (limits.decimals, value::decimal_of(amount).filter(|_| amount.is_number()))
        && amount.normalize().scale() > places
    {
        return Some(match places {
            0 => "Hãy ghi số tròn, không có phần lẻ.".to_owned(),
            _ => format!("Chỉ ghi đến {places} chữ số sau dấu phẩy."),
        });
    }
    let text = inside.as_str()?;
    let length = text.chars().count();
    if let Some(longest) = limits.longest.filter(|longest| length > *longest) {
        return Some(format!("Dài quá {longest} ký tự (đang có {length})."));
    }
    if let Some(shortest) = limits.shortest.filter(|shortest| length < *shortest) {
        return Some(format!("Cần ít nhất {shortest} ký tự."));
    }
    if limits.pattern.as_ref().is_some_and(|pattern| !pattern.is_match(text)) {
        return Some(match item.hint.as_str() {
            "" => "Chưa đúng mẫu ghi của ô này.".to_owned(),
            hint => format!("Chưa đúng mẫu: {hint}."),
        });
    }
    None
}
