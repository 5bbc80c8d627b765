//! What became of cards: counted by rule, so that a rule that everybody overrides is seen. Whom it was about, and what was written as a
//! reason, is not kept here: the reason belongs into the record, with the order.

use super::{card, text, wrong};
use std::collections::BTreeMap;
use std::sync::Mutex;
use yba_fhir::Outcome;
use yba_fhir::json::{Value, items};
use yba_rules::Library;

/// Most cards of one message.
const TOLD_MAX: usize = 100;

/// What became of one card.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Told {
    /// Slug of the rule; empty when no rule of today made the card.
    rule: String,
    outcome: &'static str,
}

/// Reads a message. Refuses with `invalid` what is none, whole: nothing of it is counted.
pub(super) fn told(tree: &Value, rules: &Library) -> Result<Vec<Told>, Outcome> {
    let list: Vec<&Value> = items(tree, "feedback").collect();
    if list.is_empty() || list.len() > TOLD_MAX {
        return Err(wrong("feedback"));
    }
    let read = |one: &&Value| {
        let id = text(one, &["card"])?;
        let outcome = match text(one, &["outcome"])? {
            "accepted" => "accepted",
            "overridden" => "overridden",
            _ => return Err(wrong("feedback.outcome")),
        };
        text(one, &["outcomeTimestamp"])?;
        let rule = rules.slugs().find(|rule| card::is_of(id, rule)).unwrap_or_default().to_owned();
        Ok(Told { rule, outcome })
    };
    list.iter().map(read).collect()
}

/// Counts since the program was started, for `/metrics`. There are no more of them than rules, services and outcomes.
#[derive(Debug, Default)]
pub struct Feedback(Mutex<BTreeMap<(&'static str, Told), u64>>);

impl Feedback {
    pub(super) fn count(&self, service: &'static str, told: &[Told]) {
        let mut counts = self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        for one in told {
            *counts.entry((service, one.clone())).or_default() += 1;
        }
    }

    /// Lines of the Prometheus text form; none tells anything about a person.
    pub fn measures(&self) -> String {
        let counts = self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let mut text = String::from("# TYPE yba_cds_feedback counter\n");
        for ((service, Told { rule, outcome }), count) in counts.iter() {
            text += &format!(
                "yba_cds_feedback{{service=\"{service}\",rule=\"{rule}\",outcome=\"{outcome}\"}} {count}\n"
            );
        }
        text
    }
}
