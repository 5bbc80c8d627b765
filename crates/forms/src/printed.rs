//! A kept response as lines of paper: what was asked and answered, in the order of the form, in words.

use crate::form::{Form, Kind};
use crate::value::shown;
use yba_fhir::json::{Value, items, str_at};

/// Most lines of one response.
const LINES_MAX: usize = 2000;
/// How deep groups lie within each other.
const DEPTH_MAX: usize = 12;

/// One line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// How many groups it lies in.
    pub depth: usize,
    /// The linkId of the question.
    pub name: String,
    /// The question, or the title of a group.
    pub text: String,
    /// None for a group.
    pub answers: Option<Vec<String>>,
    /// The codes of those answers that have one.
    pub codes: Vec<String>,
}

/// The lines of a response to a form. What is hidden on the page is left out; a question that the form no longer has keeps
/// the words that were kept with it.
pub fn lines(form: &Form, response: &Value) -> Vec<Line> {
    let mut lines = Vec::new();
    walk(form, response, 0, &mut lines);
    lines
}

fn walk(form: &Form, parent: &Value, depth: usize, lines: &mut Vec<Line>) {
    for entry in items(parent, "item") {
        if depth > DEPTH_MAX || lines.len() >= LINES_MAX {
            return;
        }
        let link = str_at(entry, &["linkId"]).unwrap_or_default();
        let item = form.item(link);
        if item.is_some_and(|item| item.hidden) {
            continue;
        }
        let kept = str_at(entry, &["text"]).unwrap_or_default();
        let text = match item {
            Some(item) if item.prefix.is_empty() => item.text.clone(),
            Some(item) => format!("{} {}", item.prefix, item.text),
            None => kept.to_owned(),
        };
        let answers: Vec<String> = items(entry, "answer")
            .map(|answer| item.map(|item| shown(item, answer)).unwrap_or_default())
            .collect();
        let codes = items(entry, "answer").filter_map(|answer| str_at(answer, &["valueCoding", "code"]));
        let codes: Vec<String> = codes.map(str::to_owned).collect();
        let is_group = item.is_some_and(|item| item.kind == Kind::Group);
        match is_group {
            // A group without a title only holds others together.
            true if text.is_empty() => walk(form, entry, depth, lines),
            true => {
                lines.push(Line { depth, name: link.to_owned(), text, answers: None, codes: Vec::new() });
                walk(form, entry, depth + 1, lines);
            }
            false => {
                lines.push(Line { depth, name: link.to_owned(), text, answers: Some(answers), codes });
                items(entry, "answer").for_each(|answer| walk(form, answer, depth + 1, lines));
            }
        }
    }
}
