//! A row of a register, put together: its cells as values, and the records they come from.

use std::borrow::Cow;
use yba_fhir::Day;
use yba_fhir::json::{JsonContainerTrait, JsonValueTrait, Value, number_text, to_string};
use yba_fhirpath::temporal::{Date, DateTime, Time};
use yba_fhirpath::{Decimal, Item};
use yba_view::Form;

/// A row.
#[derive(Debug, Clone)]
pub struct Row {
    /// The id of the record.
    pub record: String,
    /// Which of the record's rows it is, from 0.
    pub n: i64,
    /// The day of the act; none when the record does not say it to the month.
    pub day: Option<Day>,
    /// The id of the Organization; empty when unknown.
    pub facility: String,
    /// The id of the Patient; empty when unknown.
    pub patient: String,
    /// One for each column: null, a value, or a list of values.
    pub cells: Vec<Value>,
    /// The records it was made of, its own first.
    pub sources: Vec<Origin>,
}

/// A version that a row was made of.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Origin {
    pub kind: String,
    pub id: String,
    pub version: String,
}

impl Row {
    /// What stands in a column, as text for people: values of a list between semicolons, nothing for null.
    pub fn text(&self, column: usize) -> String {
        self.cells.get(column).map(text_of).unwrap_or_default()
    }

    /// The values of a column, typed.
    pub(crate) fn items(&self, column: usize, form: Form) -> Vec<Item<'_>> {
        let Some(cell) = self.cells.get(column) else { return Vec::new() };
        match cell.as_array() {
            Some(values) => values.iter().filter_map(|value| item(value, form)).collect(),
            None => item(cell, form).into_iter().collect(),
        }
    }

    /// The values that every row has.
    pub(crate) fn own(&self, name: &str) -> Vec<Item<'_>> {
        let text = |text: &'_ str| (!text.is_empty()).then(|| Item::owned(text.to_owned()));
        let found = match name {
            "day" => self.day.and_then(|day| Date::parse(&day.to_string())).map(Item::Date),
            "facility" => text(&self.facility),
            _ => text(&self.patient),
        };
        found.into_iter().collect()
    }
}

/// A value of a column of this form.
fn item(value: &Value, form: Form) -> Option<Item<'_>> {
    if value.is_null() {
        return None;
    }
    let of_text = |text: &'_ str| match form {
        Form::Date => Date::parse(text).map(Item::Date),
        Form::DateTime | Form::Instant => DateTime::parse(text).map(Item::DateTime),
        Form::Time => Time::parse(text).map(Item::Time),
        _ => None,
    };
    if let Some(text) = value.as_str() {
        return Some(of_text(text).unwrap_or(Item::String(Cow::Borrowed(text))));
    }
    if let Some(verdict) = value.as_bool() {
        return Some(Item::Boolean(verdict));
    }
    let digits = number_text(value)?;
    match digits.parse::<i32>() {
        Ok(number) if form != Form::Decimal => Some(Item::Integer(number)),
        _ => digits.parse::<Decimal>().ok().map(Item::Decimal),
    }
}

fn text_of(value: &Value) -> String {
    if let Some(values) = value.as_array() {
        return values.iter().map(text_of).collect::<Vec<_>>().join("; ");
    }
    match value.as_str() {
        Some(text) => text.to_owned(),
        None if value.is_null() => String::new(),
        None => to_string(value).unwrap_or_default(),
    }
}
