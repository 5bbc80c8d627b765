//! `$lookup`: everything known of a code. <https://hl7.org/fhir/R4/codesystem-operation-lookup.html>

use yba_fhir::json::{Array, Value, json};
use yba_fhir::{Day, Outcome};

use crate::Terminology;
use crate::parameters::Parameters;
use crate::subsumes::unknown_code;
use crate::system::Edition;
use crate::table::{Period, Property, Table};

/// Most children that are listed.
const CHILDREN_MAX: usize = 1_000;

/// What is asked.
#[derive(Debug, Clone, Copy)]
pub struct Lookup<'a> {
    pub system: &'a str,
    pub version: Option<&'a str>,
    pub code: &'a str,
    /// The day of the act.
    pub on: Day,
    /// BCP-47 of the display that is wanted; the system's own otherwise.
    pub language: Option<&'a str>,
    /// Properties that are wanted; empty for all.
    pub properties: &'a [String],
}

impl Terminology {
    /// The code's names, its place in the hierarchy, its properties and the days on which it holds, as Parameters.
    ///
    /// # Errors
    ///
    /// `not-found` when the system has no such code on that day.
    pub fn lookup(&self, asked: &Lookup) -> Result<Value, Outcome> {
        let edition = self.edition(asked.system, asked.version, asked.on)?;
        let table = edition.table();
        let mut answer = Parameters::new();
        answer.string(
            "name",
            if edition.head.title.is_empty() { &edition.head.name } else { &edition.head.title },
        );
        answer.string("version", &edition.head.version);
        let Some(at) = table.find(asked.code) else {
            // A code that the grammar accepts is right and has no name.
            if edition.grammar.and_then(|grammar| grammar.accepts(asked.code)) != Some(true) {
                return Err(unknown_code(asked.system, asked.code).at("code"));
            }
            answer.string("display", asked.code);
            return Ok(answer.resource());
        };
        answer.string("display", display(edition, table, at, asked.language));
        for designation in table.designations(at) {
            answer.parts("designation", designation_parts(designation.language, designation.text));
        }
        for (name, value) in properties(edition, table, at, asked.on) {
            if asked.properties.is_empty() || asked.properties.contains(&name) {
                answer.parts("property", array([json!({"name": "code", "valueCode": name.as_str()}), value]));
            }
        }
        Ok(answer.resource())
    }
}

/// The display in a language, where there is one, else the system's own.
pub(crate) fn display<'a>(edition: &Edition, table: &'a Table, at: u32, language: Option<&str>) -> &'a str {
    in_language(table, at, language, edition.head.language)
}

pub(crate) fn in_language<'a>(table: &'a Table, at: u32, language: Option<&str>, own: &str) -> &'a str {
    let own_text = table.display(at);
    let Some(wanted) = language else { return own_text };
    let fits = |tag: &str| !tag.is_empty() && (wanted.starts_with(tag) || tag.starts_with(wanted));
    if !own_text.is_empty() && fits(own) {
        return own_text;
    }
    table.designations(at).find(|other| fits(other.language)).map_or(own_text, |other| other.text)
}

fn designation_parts(language: &str, text: &str) -> Array {
    let mut parts = Array::new();
    if !language.is_empty() {
        parts.push(json!({"name": "language", "valueCode": language}));
    }
    parts.push(json!({"name": "value", "valueString": text}));
    parts
}

fn array(items: [Value; 2]) -> Array {
    let mut array = Array::new();
    items.into_iter().for_each(|item| {
        array.push(item);
    });
    array
}

/// Names and `value` parts.
fn properties(edition: &Edition, table: &Table, at: u32, on: Day) -> Vec<(String, Value)> {
    let mut found = Vec::new();
    let mut add =
        |name: &str, kind: &str, value: &str| found.push((name.to_owned(), value_part(kind, value)));
    for parent in table.parents(at) {
        add("parent", "code", table.code(parent));
    }
    for child in table.children(at).take(CHILDREN_MAX) {
        add("child", "code", table.code(child));
    }
    let flags = table.flags(at);
    let retired = edition.head.retired.is_some_and(|day| day <= on);
    for (name, flag) in [
        ("inactive", flags.inactive || retired),
        ("notSelectable", flags.not_selectable),
        ("deprecated", flags.deprecated),
    ] {
        if flag {
            add(name, "boolean", "true");
        }
    }
    let Period { first, last } = narrowed(edition.head.period, table.period(at));
    for (name, day) in [("effectiveDate", first), ("lastDate", last)] {
        if let Some(day) = day {
            add(name, "dateTime", &day.to_string());
        }
    }
    for Property { name, kind, value } in table.properties(at) {
        add(name, kind, value);
    }
    if !edition.head.basis.is_empty() {
        add("basis", "string", &edition.head.basis);
    }
    found
}

/// The days of the edition on which the concept holds.
fn narrowed(edition: Period, concept: Period) -> Period {
    Period {
        first: edition.first.max(concept.first),
        last: match (edition.last, concept.last) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        },
    }
}

fn value_part(kind: &str, value: &str) -> Value {
    match kind {
        "boolean" => json!({"name": "value", "valueBoolean": value == "true"}),
        "integer" if value.parse::<i64>().is_ok() => {
            let number = value.parse::<i64>().expect("it was just parsed");
            json!({"name": "value", "valueInteger": number})
        }
        "code" => json!({"name": "value", "valueCode": value}),
        "dateTime" => json!({"name": "value", "valueDateTime": value}),
        _ => json!({"name": "value", "valueString": value}),
    }
}
