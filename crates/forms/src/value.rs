//! Values of answers: compared, shown, and made of what an expression finds. A value is an object with one member,
//! `{"valueDecimal": 36.5}`, as it stands in a QuestionnaireResponse.

use crate::evaluate::text_of;
use crate::form::{Choice, Item, Kind};
use crate::measure;
use rust_decimal::Decimal;
use std::cmp::Ordering;
use yba_fhir::json::{self, JsonContainerTrait, JsonValueTrait, Value, number_text, str_at};
use yba_fhir::{DateRange, Day};
use yba_fhirpath as path;
use yba_ui::format;

/// The member's name and what it holds.
pub(crate) fn parts(value: &Value) -> Option<(&str, &Value)> {
    value.as_object()?.iter().next()
}

pub(crate) fn of(member: &str, inside: Value) -> Value {
    let mut object = json::Object::new();
    object.insert(member, inside);
    Value::from(object)
}

/// A JSON number with these very digits.
pub(crate) fn number(digits: &str) -> Option<Value> {
    json::from_str::<Value>(digits).ok().filter(|value| value.is_number())
}

pub(crate) fn decimal_of(inside: &Value) -> Option<Decimal> {
    let text = number_text(inside)?;
    text.parse().ok().or_else(|| Decimal::from_scientific(&text).ok())
}

/// Whether an answer is what a rule or an option names. Codings are the same when their codes are, and their systems
/// where both have one.
pub(crate) fn is_same(a: &Value, b: &Value) -> bool {
    if a.is_object() && b.is_object() {
        if a.get("value").is_some() || b.get("value").is_some() {
            return compare(a, b) == Some(Ordering::Equal);
        }
        let at = |value: &Value, name: &str| str_at(value, &[name]).map(str::to_owned);
        let systems = (at(a, "system"), at(b, "system"));
        let systems_agree = !matches!(&systems, (Some(one), Some(other)) if one != other);
        return at(a, "code").is_some() && at(a, "code") == at(b, "code") && systems_agree;
    }
    match (a.as_bool(), b.as_bool()) {
        (Some(one), Some(other)) => one == other,
        _ => match compare(a, b) {
            Some(order) => order == Ordering::Equal,
            None => a.as_str().is_some() && a.as_str() == b.as_str(),
        },
    }
}

/// The order of two numbers, quantities in one unit, dates or texts.
pub(crate) fn compare(a: &Value, b: &Value) -> Option<Ordering> {
    if a.is_object() && b.is_object() {
        let unit = |value: &Value| str_at(value, &["code"]).or(str_at(value, &["unit"])).map(str::to_owned);
        let same = unit(a) == unit(b) || unit(b).is_none();
        return if same { compare(a.get("value")?, b.get("value")?) } else { None };
    }
    if let (Some(a), Some(b)) = (decimal_of(a), decimal_of(b)) {
        return Some(a.cmp(&b));
    }
    let (a, b) = (a.as_str()?, b.as_str()?);
    match (DateRange::parse(a), DateRange::parse(b)) {
        (Some(one), Some(other)) => Some(one.start.cmp(&other.start)),
        _ => Some(a.cmp(b)),
    }
}

/// What a value looks like in its field: the text, and the code of the unit beside it.
pub(crate) fn typed(item: &Item, value: &Value) -> (String, String) {
    let Some((member, inside)) = parts(value) else { return Default::default() };
    if let Some(option) = option_of(item, value) {
        return (option.key.clone(), String::new());
    }
    let text = inside.as_str().unwrap_or_default();
    let plain = match member {
        "valueDecimal" | "valueInteger" => comma(inside),
        "valueBoolean" => inside.as_bool().map_or_else(String::new, |flag| flag.to_string()),
        "valueDate" => format::date(text),
        "valueDateTime" => format::date_time(text),
        "valueTime" => text.get(..5).unwrap_or(text).to_owned(),
        "valueCoding" => coding_label(inside),
        "valueQuantity" => {
            let unit = str_at(inside, &["code"]).or(str_at(inside, &["unit"])).unwrap_or_default();
            return (inside.get("value").map_or_else(String::new, comma), unit.to_owned());
        }
        _ => text.to_owned(),
    };
    (plain, String::new())
}

/// A number with a comma and without dots, as it is typed.
fn comma(number: &Value) -> String {
    let digits = decimal_of(number).map(|amount| amount.to_string()).or_else(|| number_text(number));
    digits.unwrap_or_default().replace('.', ",")
}

/// The code and its words, as a field that is typed into shows them.
pub(crate) fn coding_label(coding: &Value) -> String {
    match (str_at(coding, &["code"]), str_at(coding, &["display"])) {
        (Some(code), Some(display)) => format!("{code} · {display}"),
        (Some(code), None) => code.to_owned(),
        (None, display) => display.unwrap_or_default().to_owned(),
    }
}

/// What a value says to somebody who reads it.
pub(crate) fn shown(item: &Item, value: &Value) -> String {
    if let Some(option) = option_of(item, value) {
        return option.label.clone();
    }
    let Some((member, inside)) = parts(value) else { return String::new() };
    match member {
        "valueBoolean" => if inside.as_bool() == Some(true) { "Có" } else { "Không" }.to_owned(),
        "valueCoding" => {
            str_at(inside, &["display"]).or(str_at(inside, &["code"])).unwrap_or_default().to_owned()
        }
        "valueDecimal" | "valueInteger" => {
            let digits = number_text(inside).unwrap_or_default();
            match item.unit.as_ref().map(unit_label) {
                Some(unit) => format!("{}{}{unit}", format::number(&digits), format::THIN),
                None => format::number(&digits),
            }
        }
        "valueQuantity" => {
            let digits = inside.get("value").and_then(number_text).unwrap_or_default();
            let unit = str_at(inside, &["unit"]).or(str_at(inside, &["code"])).unwrap_or_default();
            format::quantity(&digits, unit)
        }
        _ => typed(item, value).0,
    }
}

/// The words of a unit's coding.
pub(crate) fn unit_label(unit: &Value) -> String {
    match str_at(unit, &["display"]) {
        Some(words) => words.to_owned(),
        None => format::unit(str_at(unit, &["code"]).unwrap_or_default()),
    }
}

/// The option that holds this value.
pub(crate) fn option_of<'i>(item: &'i Item, value: &Value) -> Option<&'i Choice> {
    let (member, inside) = parts(value)?;
    item.options.iter().find(|option| {
        parts(&option.value).is_some_and(|(other, held)| other == member && is_same(inside, held))
    })
}

/// The answer that an expression's result is for an item; `None` when it is none.
///
/// # Errors
///
/// A measurement that the item cannot hold: in a unit that cannot become the item's, or no exact number (`< 5 mg`). The
/// text is for whoever fills the form in.
pub(crate) fn answer_of(item: &Item, result: &path::Item) -> Result<Option<Value>, String> {
    let object = result.node().and_then(|node| node.value).filter(|value| value.is_object());
    let system = result.to_system();
    let inside = match item.kind {
        Kind::Group | Kind::Display => None,
        Kind::Choice | Kind::OpenChoice => return Ok(choice_of(item, object, &system)),
        Kind::Quantity => measure::quantity_of(item, object, &system)?,
        Kind::Boolean => match system {
            path::Item::Boolean(flag) => Some(Value::from(flag)),
            _ => None,
        },
        Kind::Decimal | Kind::Integer => measure::number_of(item, object, &system)?,
        Kind::Date | Kind::DateTime | Kind::Time => moment_of(item.kind, &system),
        Kind::String | Kind::Text | Kind::Url => text_of(result).map(|words| Value::from(words.as_str())),
    };
    Ok(inside.map(|inside| of(item.kind.member(), inside)))
}

fn choice_of(item: &Item, coding: Option<&Value>, system: &path::Item) -> Option<Value> {
    if let Some(coding) = coding {
        // A CodeableConcept gives its first coding.
        let coding = json::items(coding, "coding").next().unwrap_or(coding);
        let found = of("valueCoding", coding.clone());
        return Some(option_of(item, &found).map_or(found, |option| option.value.clone()));
    }
    let words = text_of(system)?;
    let code_of = |option: &&Choice| {
        parts(&option.value).is_some_and(|(_, held)| str_at(held, &["code"]) == Some(&words))
    };
    let option = item.options.iter().find(code_of).or(item.options.iter().find(|option| option.key == words));
    match option {
        Some(option) => Some(option.value.clone()),
        None if item.kind == Kind::OpenChoice => Some(of("valueString", Value::from(words.as_str()))),
        None => None,
    }
}

/// A Quantity of a number and a unit's coding.
pub(crate) fn quantity(amount: Value, unit: Option<&Value>) -> Value {
    let mut object = json::Object::new();
    object.insert("value", amount);
    if let Some(unit) = unit {
        object.insert("unit", unit_label(unit).as_str());
        for name in ["system", "code"] {
            if let Some(text) = str_at(unit, &[name]) {
                object.insert(name, text);
            }
        }
    }
    Value::from(object)
}

fn moment_of(kind: Kind, system: &path::Item) -> Option<Value> {
    let text = text_of(system)?;
    let text = match kind {
        // The day in Vietnam, whatever the offset.
        Kind::Date if text.contains('T') => {
            DateRange::parse(&text).map(|range| Day::of_instant(range.start).to_string())?
        }
        Kind::Time => whole_time(&text)?,
        Kind::DateTime if text.contains('T') => whole_moment(&text)?,
        _ => DateRange::parse(&text).map(|_| text)?,
    };
    Some(Value::from(text.as_str()))
}

/// A moment with the seconds and the zone that FHIR wants of one with a time; Vietnam's where none is given.
/// <https://hl7.org/fhir/R4/datatypes.html#dateTime>
pub(crate) fn whole_moment(text: &str) -> Option<String> {
    DateRange::parse(text)?;
    let (day, clock) = text.split_once('T')?;
    let zone = clock.find(['Z', '+', '-']).unwrap_or(clock.len());
    let (clock, zone) = clock.split_at(zone);
    let zone = if zone.is_empty() { "+07:00" } else { zone };
    Some(format!("{day}T{}{zone}", whole_time(clock)?))
}

/// A time with its seconds; `None` for an hour alone.
fn whole_time(text: &str) -> Option<String> {
    match text.split(':').count() {
        2 => Some(format!("{text}:00")),
        3 => Some(text.to_owned()),
        _ => None,
    }
}
