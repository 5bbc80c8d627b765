//! The views that content brings: compiled once, found by name; and their examples, run by `yba content check`.
//!
//! An example stands in `views/<slug>/examples/<name>.json` as `{"resources": […], "rows": […]}` and belongs to the newest
//! edition of its view.

use crate::output::{Format, Writer};
use crate::select::View;
use std::collections::BTreeMap;
use std::sync::Arc;
use yba_content::{Content, Day, Example, Problem};
use yba_fhir::json::{self, JsonContainerTrait, Value, from_slice, items, to_string};
use yba_fhir::resource::{Limits, parse_json};
use yba_fhir::{Kind, Outcome};

/// All views of content, by slug; the editions of each, oldest first.
#[derive(Debug, Default)]
pub struct Library(BTreeMap<String, Vec<(Day, Arc<View>)>>);

impl Library {
    /// Compiles every view. Answers all problems at once, each with its file, line and place.
    pub fn load(content: &Content) -> Result<Library, Vec<Problem>> {
        let (mut library, mut problems) = (Library::default(), Vec::new());
        for source in content.views() {
            match compile(&source.text) {
                Ok(view) => {
                    library.0.entry(source.slug.clone()).or_default().push((source.from, Arc::new(view)));
                }
                Err(outcome) => problems.extend(told(&source.path, &source.text, &outcome)),
            }
        }
        if problems.is_empty() { Ok(library) } else { Err(problems) }
    }

    /// The view in force on a day, by its slug, its `name` or its canonical URL.
    pub fn view(&self, name: &str, on: Day) -> Option<&Arc<View>> {
        let in_force =
            |editions: &'_ Vec<(Day, Arc<View>)>| editions.iter().rposition(|(from, _)| *from <= on);
        let by_slug = self.0.get(name).and_then(|editions| Some(&editions[in_force(editions)?].1));
        by_slug.or_else(|| {
            let mut all = self.0.values().filter_map(|editions| Some(&editions[in_force(editions)?].1));
            all.find(|view| view.name() == Some(name) || view.url() == Some(name))
        })
    }

    /// The slugs of all views.
    pub fn slugs(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// Refuses a name that no view has, with the names there are.
    pub fn named(&self, name: &str, on: Day) -> Result<&Arc<View>, Outcome> {
        self.view(name, on).ok_or_else(|| {
            let name: String = name.chars().take(200).collect();
            let known: Vec<&str> = self.slugs().collect();
            let text = format!("Không có bảng “{name}”. Có: {}.", known.join(", "));
            Outcome::new(Kind::NotFound, "view-unknown", text, format!("there is no view {name:?}"))
        })
    }

    /// Runs every example of content; answers what is wrong, and which views have none.
    pub fn try_examples(&self, content: &Content) -> Vec<Problem> {
        let mut problems = Vec::new();
        for example in content.examples() {
            let Some(slug) = example.edition.strip_prefix("views/") else { continue };
            let newest = self.0.get(slug).and_then(|editions| editions.last());
            let checked = match newest {
                Some((_, view)) => check(view, example),
                None => Err(("không có định nghĩa bảng cho ví dụ này".to_owned(), String::new())),
            };
            if let Err((text, place)) = checked {
                let line = if place.is_empty() { 0 } else { line_of(&example.text, &place) };
                problems.push(Problem { file: example.path.clone(), line, text });
            }
        }
        for (slug, _) in self.0.iter().filter(|(slug, _)| !has_example(content, slug)) {
            let text = "bảng này chưa có ví dụ nào; hãy thêm examples/<tên>.json".to_owned();
            problems.push(Problem { file: format!("views/{slug}/"), line: 0, text });
        }
        problems
    }
}

fn has_example(content: &Content, slug: &str) -> bool {
    content.examples().any(|example| example.edition.strip_prefix("views/") == Some(slug))
}

fn compile(text: &str) -> Result<View, Outcome> {
    View::compile(&parse_json(text.as_bytes(), &Limits::default())?)
}

/// The faults of a definition as problems of its file.
fn told(path: &str, text: &str, outcome: &Outcome) -> Vec<Problem> {
    let problem = |issue: &yba_fhir::outcome::Issue| {
        let place = issue.path.as_deref().unwrap_or_default();
        let line = line_of(text, place.strip_prefix("ViewDefinition.").unwrap_or_default());
        let said = if place.is_empty() { issue.text.clone() } else { format!("{place}: {}", issue.text) };
        Problem { file: path.to_owned(), line, text: said }
    };
    outcome.issues.iter().map(problem).collect()
}

/// The line where a member such as `select[0].column[1].path` begins in a JSON text; the nearest that is there; 0 for none.
pub fn line_of(text: &str, place: &str) -> u32 {
    let mut steps: Vec<sonic_rs::PointerNode> = Vec::new();
    for part in place.split('.').filter(|part| !part.is_empty()) {
        let (name, indexes) = part.split_once('[').unwrap_or((part, ""));
        steps.push(name.into());
        steps.extend(
            indexes.split(['[', ']']).filter_map(|index| index.parse::<usize>().ok()).map(Into::into),
        );
    }
    while !steps.is_empty() {
        if let Ok(found) = sonic_rs::get(text, &steps) {
            let raw = found.as_raw_str();
            let at = (raw.as_ptr() as usize).saturating_sub(text.as_ptr() as usize).min(text.len());
            return text.as_bytes()[..at].iter().filter(|byte| **byte == b'\n').count() as u32 + 1;
        }
        steps.pop();
    }
    0
}

/// What is wrong with an example, and the member it concerns.
fn check(view: &View, example: &Example) -> Result<(), (String, String)> {
    let wrong = |outcome: Outcome| (outcome.issues[0].text.clone(), String::new());
    let document = parse_json(example.text.as_bytes(), &Limits::default()).map_err(wrong)?;
    let known = |name: &str| name == "resources" || name == "rows";
    let members = document.as_object();
    if !members.is_some_and(|members| members.len() == 2 && members.iter().all(|(name, _)| known(name))) {
        return Err(("ví dụ phải có đúng hai phần: resources và rows".to_owned(), String::new()));
    }
    let (mut writer, mut out) = (Writer::new(Format::Json, view.columns()), Vec::new());
    writer.begin(&mut out);
    for (position, resource) in items(&document, "resources").enumerate() {
        let done = view.rows(resource, &mut |row| writer.row(row, &mut out));
        done.map_err(|outcome| (outcome.issues[0].text.clone(), format!("resources[{position}]")))?;
    }
    writer.end(&mut out);
    let found: Value = from_slice(&out).map_err(|error| (error.to_string(), String::new()))?;
    let found: Vec<String> = found.as_array().into_iter().flat_map(|rows| rows.iter()).map(printed).collect();
    let expected: Vec<String> = items(&document, "rows").map(printed).collect();
    for (position, row) in expected.iter().enumerate() {
        if found.get(position) != Some(row) {
            let said =
                found.get(position).map_or("không có dòng này".to_owned(), |found| format!("ra {found}"));
            return Err((
                format!("dòng {} {said}, ví dụ viết {row}", position + 1),
                format!("rows[{position}]"),
            ));
        }
    }
    match found.get(expected.len()) {
        None => Ok(()),
        Some(more) => Err((format!("bảng cho thêm dòng mà ví dụ không có: {more}"), "rows".to_owned())),
    }
}

/// With its members in one order, and every digit.
fn printed(row: &Value) -> String {
    to_string(&json::ordered(row)).unwrap_or_default()
}
