//! What surrounds a form: whom it is about, who fills it in, the clock, and what the form's own queries found.

use crate::evaluate::{World, blank_tree};
use crate::form::{Body, Form, Piece};
use std::collections::BTreeMap;
use yba_fhir::Day;
use yba_fhir::json::Value;

/// Given by the room, and nothing else is known.
#[derive(Debug, Clone)]
pub struct Setting {
    pub(crate) now_ms: i64,
    pub(crate) launch: BTreeMap<String, Value>,
    pub(crate) found: BTreeMap<String, Option<Value>>,
}

/// A question that a form has for the record: the caller searches, on behalf of whoever fills the form in, and gives the
/// Bundle (or the one resource of a read) to [`Setting::answer`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    /// The variable that it becomes.
    pub name: String,
    /// `Observation?patient=1&code=…`, as after the base of the API.
    pub address: String,
}

impl Setting {
    /// The clock of the act in milliseconds since 1970 UTC; `%today` is its day in Vietnam.
    pub fn new(now_ms: i64) -> Setting {
        Setting { now_ms, launch: BTreeMap::new(), found: BTreeMap::new() }
    }

    /// With a resource the form is launched with: `patient`, `encounter`, `user`.
    pub fn with(mut self, name: &str, resource: Value) -> Setting {
        self.launch.insert(name.to_owned(), resource);
        self
    }

    /// What a query found; `None` when the caller may not see it or there is nothing, and the form is filled in by hand.
    pub fn answer(&mut self, query: Query, found: Option<Value>) {
        self.found.insert(query.name, found);
    }

    pub fn today(&self) -> Day {
        Day::of_instant(self.now_ms)
    }

    pub fn now_ms(&self) -> i64 {
        self.now_ms
    }
}

impl Form {
    /// The next query to be answered; `None` when all are, or the rest cannot be asked because what they ask with is not
    /// known. Call it until it is `None`: a query may be made of what an earlier one found.
    pub fn next_query(&self, setting: &Setting) -> Option<Query> {
        let tree = blank_tree(self);
        let mut world = World::of(self, setting, &tree);
        self.variables.iter().find_map(|variable| {
            let Body::Query(pieces) = &variable.body else { return None };
            if setting.found.contains_key(&variable.name) {
                return None;
            }
            let address = address(pieces, &mut world)?;
            Some(Query { name: variable.name.clone(), address })
        })
    }
}

fn address<'a>(pieces: &'a [Piece], world: &mut World<'a>) -> Option<String> {
    let mut address = String::new();
    for piece in pieces {
        match piece {
            Piece::Text(text) => address.push_str(text),
            Piece::Path(program) => {
                let found = world.words(program);
                if found.is_empty() {
                    return None;
                }
                // A code may come with its system, `system|code`; the author wrote that.
                let each: Vec<String> =
                    found.iter().map(|words| one_value(words, &['\\', ',', '$'])).collect();
                address.push_str(&escaped(&each.join(",")));
            }
        }
    }
    Some(address)
}

/// A value of a search with a backslash before what would make several of it.
/// <https://hl7.org/fhir/R4/search.html#escaping>
pub(crate) fn one_value(text: &str, marks: &[char]) -> String {
    text.chars().fold(String::with_capacity(text.len()), |mut value, letter| {
        if marks.contains(&letter) {
            value.push('\\');
        }
        value.push(letter);
        value
    })
}

/// Percent-encoded, but for what has a meaning inside a value of a search.
pub(crate) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z'
            | b'a'..=b'z'
            | b'0'..=b'9'
            | b'-'
            | b'.'
            | b'_'
            | b'~'
            | b'/'
            | b':'
            | b','
            | b'|' => {
                out.push(char::from(byte));
            }
            other => out.push_str(&format!("%{other:02X}")),
        }
    }
    out
}
