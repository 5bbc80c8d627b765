//! What answers one question.

use super::{Drawing, id_of};
use crate::form::{Item, Kind};
use crate::limits::LIST_MAX;
use crate::post::{OTHER, UNIT};
use crate::sheet::Answer;
use crate::value::{coding_label, option_of, parts, unit_label};
use maud::{Markup, html};
use yba_fhir::json::{JsonValueTrait, Value, str_at};
use yba_ui::question::{self, Beside, Choice, Question, Typed};

/// Few enough to stand side by side.
const SIDE_BY_SIDE: usize = 6;

impl Drawing<'_> {
    /// One field. `answers` are those ticked among options; otherwise the one in `answer`.
    pub(super) fn answer(
        &self,
        item: &Item,
        answer: Option<&Answer>,
        answers: &[Answer],
        name: &str,
        label: &str,
    ) -> Markup {
        let id = id_of(name);
        let first = self.first.as_deref() == Some(name);
        let hint = self.hint(item, name);
        let question = Question {
            id: &id,
            name,
            label,
            hint: &hint,
            error: self.error(name),
            optional: !item.required,
            first,
        };
        let typed = answer.map_or("", |answer| answer.typed.as_str());
        match item.kind {
            Kind::Boolean => yes_or_no(&question, typed),
            Kind::Choice | Kind::OpenChoice => self.choice(item, &question, answers),
            Kind::Text => question::area(&question, typed),
            Kind::Quantity => quantity(item, &question, answer),
            kind => {
                let unit = item.unit.as_ref().map(unit_label);
                let beside = unit.as_deref().map_or(Beside::Nothing, Beside::Unit);
                question::line(&question, typed, keys_of(kind), beside)
            }
        }
    }

    fn choice(&self, item: &Item, question: &Question, answers: &[Answer]) -> Markup {
        if item.options.is_empty() {
            return self.coded(item, question, answers);
        }
        // The option that an answer is, whichever way it was typed; otherwise what was typed.
        let key_of = |answer: &Answer| -> String {
            let option = answer.value.as_ref().and_then(|value| option_of(item, value));
            option.map_or_else(|| answer.typed.trim().to_owned(), |option| option.key.clone())
        };
        let is_closed = item.kind == Kind::Choice;
        let chosen: Vec<String> =
            answers.iter().filter(|answer| is_closed || !answer.own).map(key_of).collect();
        let listed = item.options.iter().map(|option| {
            let chosen = chosen.contains(&option.key);
            Choice { key: &option.key, word: &option.label, chosen }
        });
        // What an earlier edition listed does not vanish unseen: it is sent again, and refused with a sentence.
        let is_listed = |key: &str| item.options.iter().any(|option| option.key == key);
        let unlisted = chosen.iter().filter(|key| is_closed && !key.is_empty() && !is_listed(key));
        let unlisted = unlisted.map(|key| Choice { key, word: key, chosen: true });
        let choices: Vec<Choice> = listed.chain(unlisted).collect();
        let own = answers.iter().find(|answer| answer.own);
        let other = other(item, question, own);
        if item.is_ticked() {
            return question::few(question, &choices, true, other);
        }
        let is_list =
            item.control == "drop-down" || choices.len() > SIDE_BY_SIDE && item.kind == Kind::Choice;
        if is_list && item.kind == Kind::Choice {
            return question::list(question, &choices);
        }
        question::few(question, &choices, false, other)
    }

    /// Codes of a value set: a short one as a list, a long one typed into.
    fn coded(&self, item: &Item, question: &Question, answers: &[Answer]) -> Markup {
        let set = item.value_set.as_deref().unwrap_or_default();
        let answer = answers.first();
        let held = answer.and_then(|answer| answer.value.as_ref()).and_then(parts).map(|(_, coding)| coding);
        let codings = self.look.choices.find(set, "", LIST_MAX + 1);
        if item.kind == Kind::Choice && !codings.is_empty() && codings.len() <= LIST_MAX {
            let code = |coding: &Value| str_at(coding, &["code"]).unwrap_or_default().to_owned();
            let held = held.map(code);
            let listed: Vec<(String, String)> = codings
                .iter()
                .map(|coding| (code(coding), str_at(coding, &["display"]).unwrap_or_default().to_owned()))
                .collect();
            let choices: Vec<Choice> = listed
                .iter()
                .map(|(key, word)| Choice { key, word, chosen: held.as_deref() == Some(key.as_str()) })
                .collect();
            return question::list(question, &choices);
        }
        let shown = held.filter(|coding| coding.is_object()).map(coding_label);
        let shown = shown.unwrap_or_else(|| answer.map_or_else(String::new, |answer| answer.typed.clone()));
        match self.look.offers {
            Some(address) => question::offering(question, &shown, &format!("{address}/{}", question.name)),
            None => question::line(question, &shown, Typed::Text, Beside::Nothing),
        }
    }
}

fn keys_of(kind: Kind) -> Typed {
    match kind {
        Kind::Decimal | Kind::Quantity => Typed::Decimal,
        Kind::Integer => Typed::Integer,
        Kind::Date => Typed::Day,
        Kind::DateTime => Typed::Moment,
        Kind::Time => Typed::Time,
        _ => Typed::Text,
    }
}

fn yes_or_no(question: &Question, typed: &str) -> Markup {
    let choices = [
        Choice { key: "true", word: "Có", chosen: typed == "true" },
        Choice { key: "false", word: "Không", chosen: typed == "false" },
    ];
    question::few(question, &choices, false, html! {})
}

fn quantity(item: &Item, question: &Question, answer: Option<&Answer>) -> Markup {
    let (typed, unit) = answer.map_or(("", ""), |answer| (answer.typed.as_str(), answer.unit.as_str()));
    if item.unit_options.is_empty() {
        let unit = item.unit.as_ref().map(unit_label);
        return question::line(
            question,
            typed,
            Typed::Decimal,
            unit.as_deref().map_or(Beside::Nothing, Beside::Unit),
        );
    }
    let listed: Vec<(&str, String)> = item
        .unit_options
        .iter()
        .map(|one| (str_at(one, &["code"]).unwrap_or_default(), unit_label(one)))
        .collect();
    // What the item is usually measured in is chosen already.
    let usual = item.unit.as_ref().and_then(|unit| str_at(unit, &["code"])).unwrap_or_default();
    let wanted = if unit.is_empty() { usual } else { unit };
    let units: Vec<Choice> =
        listed.iter().map(|(key, word)| Choice { key, word, chosen: *key == wanted }).collect();
    question::line(
        question,
        typed,
        Typed::Decimal,
        Beside::Units(&format!("{}{UNIT}", question.name), &units),
    )
}

/// The place for words of one's own beside options.
fn other(item: &Item, question: &Question, own: Option<&Answer>) -> Markup {
    if item.kind != Kind::OpenChoice {
        return html! {};
    }
    let name = format!("{}{OTHER}", question.name);
    html! {
        label .tick for=(id_of(&name)) { "Khác:" }
        input id=(id_of(&name)) name=(name) type="text" maxlength="500" autocomplete="off" value=(own.map_or("", |answer| answer.typed.as_str()));
    }
}
