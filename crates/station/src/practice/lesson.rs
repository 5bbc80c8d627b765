//! A lesson of content, compiled, and how far somebody has come with it: pure. Every fault of it is told at once, with its line.

use crate::{month_end, sessions, watch};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use yba_content::lessons::{Lesson as Text, StepSeen};
use yba_content::{Content, Day, Placed, Problem};
use yba_fhir::defs::r4;
use yba_fhir::json::{Value, str_at};
use yba_fhirpath::{CompileOptions, Environment, Item, Node, Program};
use yba_records::Query;
use yba_web::Group;

/// What every condition knows: the reference of the person whom the lesson is about, `Patient/…`.
const WHO: &str = "who";
/// Stands in a search for the Organization of whoever learns.
const FACILITY: &str = "{facility}";
/// Stands in sentences and pages for the person.
pub(super) const PERSON: &str = "{who}";
/// The page of one person's record, which every rail's search leads to.
const RECORD: &str = "/nguoi";
/// Pages of this room that stand in no menu: other pages lead there.
const PAGES: [&str; 3] = [sessions::SESSIONS, watch::WATCH, month_end::MONTH_END];
/// Words of the trail that a step may wait for.
const LOOKS: [&str; 5] = ["everything", "find", "register", "register-export", "report"];

/// One edition, ready to be asked.
#[derive(Debug)]
pub struct Lesson {
    pub about: Text,
    /// Whether what the search for a person found fits.
    fits: Option<Program>,
    /// One for each step: whether a record fits, when it has to.
    steps: Vec<Option<Program>>,
}

/// A record that whoever learns wrote.
#[derive(Debug)]
pub struct Written {
    /// Milliseconds since 1970 UTC.
    pub ms: i64,
    pub tree: Value,
}

/// A look that they had, by its word in the trail.
#[derive(Debug)]
pub struct Look {
    pub ms: i64,
    pub word: String,
    /// Ids of Patients who were shown.
    pub patients: Vec<String>,
}

/// What they did.
#[derive(Debug, Default)]
pub struct Deeds {
    pub writes: Vec<Written>,
    pub looks: Vec<Look>,
}

/// What is kept of a lesson that somebody began.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Begun {
    /// Milliseconds since 1970 UTC.
    pub ms: i64,
    /// Id of the Patient whom it is about; empty when it is about nobody.
    pub who: String,
    /// Names of steps that were ticked by hand, and when.
    pub ticked: BTreeMap<String, i64>,
}

impl Lesson {
    /// Compiles an edition; or all that is wrong with it.
    pub fn compile(about: &Text) -> Result<Lesson, Vec<Problem>> {
        let mut problems = Vec::new();
        let mut wrong = |at: &Placed, text: String| {
            problems.push(Problem { file: about.path.clone(), line: at.line, text });
        };
        let mut fits = None;
        if let Some(who) = &about.who {
            let (kind, query) = search(&who.search.text, Some("x"));
            if let Err(outcome) = Query::parse_string(kind, &query) {
                wrong(&who.search, outcome.to_string());
            }
            fits = who.fits.as_ref().and_then(|path| program(kind, path, &mut wrong));
        }
        let steps = about.steps.iter().map(|step| match &step.seen {
            StepSeen::Wrote { kind, fits } => {
                if !r4().is_resource(&kind.text) {
                    wrong(kind, format!("{:?} không phải một loại bản ghi FHIR", kind.text));
                    return None;
                }
                fits.as_ref().and_then(|path| program(&kind.text, path, &mut wrong))
            }
            StepSeen::Looked(word) => {
                if !LOOKS.contains(&word.text.as_str()) {
                    wrong(word, format!("looked chỉ có: {}", LOOKS.join(", ")));
                }
                None
            }
            StepSeen::Ticked => None,
        });
        let steps = steps.collect();
        if problems.is_empty() { Ok(Lesson { about: about.clone(), fits, steps }) } else { Err(problems) }
    }

    /// The search for the person whom the lesson is about: type and query. Of all places for whoever has none.
    pub fn who(&self, facility: Option<&str>) -> Option<(&str, String)> {
        self.about.who.as_ref().map(|who| search(&who.search.text, facility))
    }

    /// The Patient whom a record that was found leads to, when it fits.
    pub fn person<'v>(&self, found: &'v Value) -> Option<&'v str> {
        if self.fits.as_ref().is_some_and(|program| !holds(program, found, "")) {
            return None;
        }
        if str_at(found, &["resourceType"]) == Some("Patient") {
            return str_at(found, &["id"]);
        }
        let reference =
            str_at(found, &["subject", "reference"]).or(str_at(found, &["patient", "reference"]))?;
        reference.strip_prefix("Patient/")
    }

    /// When each step was done (milliseconds since 1970 UTC), in their order: the first time since the lesson was begun.
    pub fn standing(&self, begun: &Begun, deeds: &Deeds) -> Vec<Option<i64>> {
        let steps = self.about.steps.iter().zip(&self.steps);
        let done = steps.map(|(step, program)| match &step.seen {
            StepSeen::Ticked => begun.ticked.get(&step.name).copied(),
            StepSeen::Looked(word) => {
                let is_it = |look: &&Look| {
                    look.word == word.text && (begun.who.is_empty() || look.patients.contains(&begun.who))
                };
                deeds.looks.iter().filter(is_it).map(|look| look.ms).filter(|ms| *ms >= begun.ms).min()
            }
            StepSeen::Wrote { kind, .. } => {
                let is_it = |one: &&Written| {
                    str_at(&one.tree, &["resourceType"]) == Some(&kind.text)
                        && program.as_ref().is_none_or(|program| holds(program, &one.tree, &begun.who))
                };
                let since = deeds.writes.iter().filter(|one| one.ms >= begun.ms);
                since.filter(is_it).map(|one| one.ms).min()
            }
        });
        done.collect()
    }

    /// Whether a step needs what was looked at.
    pub fn asks_looks(&self) -> bool {
        self.about.steps.iter().any(|step| matches!(step.seen, StepSeen::Looked(_)))
    }
}

/// The lessons in force on a day, in their order. One that does not compile is left out: content is checked before it is used.
pub fn on(content: &Content, day: Day) -> Vec<Lesson> {
    content.lessons_on(day).into_iter().filter_map(|about| Lesson::compile(about).ok()).collect()
}

/// Whether a page that a lesson begins at is one that the menus lead to, or such a page of one person, also in one part of a room
/// (`/man-tinh/hypertension/{who}`).
pub fn is_page(page: &str, menus: &[Group]) -> bool {
    let path = page.split(['?', '#']).next().unwrap_or_default();
    let entries = || menus.iter().flat_map(|group| &group.entries);
    match path.strip_suffix(PERSON).and_then(|path| path.strip_suffix('/')) {
        Some(RECORD) => true,
        Some(prefix) => {
            let room = prefix.rsplit_once('/').map(|(room, _)| room);
            entries().any(|entry| entry.prefix() == Some(prefix) || Some(entry.href) == room)
        }
        None => PAGES.contains(&path) || entries().any(|entry| entry.href == path),
    }
}

/// A search of content, with the place of whoever learns; what asks for a place is left out for who has none.
fn search<'t>(text: &'t str, facility: Option<&str>) -> (&'t str, String) {
    let (kind, query) = text.split_once('?').unwrap_or((text, ""));
    let pairs = query.split('&').filter(|pair| facility.is_some() || !pair.contains(FACILITY));
    let place = format!("Organization/{}", facility.unwrap_or_default());
    (kind, pairs.map(|pair| pair.replace(FACILITY, &place)).collect::<Vec<_>>().join("&"))
}

fn program(kind: &str, path: &Placed, wrong: &mut impl FnMut(&Placed, String)) -> Option<Program> {
    let names = [WHO];
    let options =
        CompileOptions { context: Some(kind), variables: Some(&names), ..CompileOptions::default() };
    Program::compile_with(&path.text, &options).map_err(|error| wrong(path, error.to_string())).ok()
}

fn holds(program: &Program, tree: &Value, who: &str) -> bool {
    let who = Item::String(format!("Patient/{who}").into());
    let environment = Environment::at(0).with(WHO, vec![who]);
    program.test(Node::root(tree), &environment).ok().flatten() == Some(true)
}
