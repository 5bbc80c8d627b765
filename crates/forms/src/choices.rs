//! Codes that do not stand in the questionnaire: who knows value sets answers.

use yba_content::Day;
use yba_fhir::json::{Value, json};
use yba_fhir::text::fold;
use yba_terminology::Terminology;
use yba_terminology::expand::Expand;

/// What a form asks of a value set. Codings come with system, code and display.
pub trait Choices {
    /// The codings of a set that fit what was typed, best first; all of them for an empty text. At most `most`.
    fn find(&self, set: &str, typed: &str, most: usize) -> Vec<Value>;

    /// The coding of a code in a set; `None` when it is not in it.
    fn coding(&self, set: &str, code: &str) -> Option<Value>;

    /// Whether this set can be answered at all.
    fn knows(&self, set: &str) -> bool;
}

/// Knows no set.
#[derive(Debug, Clone, Copy)]
pub struct NoChoices;

impl Choices for NoChoices {
    fn find(&self, _: &str, _: &str, _: usize) -> Vec<Value> {
        Vec::new()
    }

    fn coding(&self, _: &str, _: &str) -> Option<Value> {
        None
    }

    fn knows(&self, _: &str) -> bool {
        false
    }
}

/// The node's own terminology on the day of the act.
#[derive(Debug, Clone, Copy)]
pub struct OfTerminology<'t> {
    pub terminology: &'t Terminology,
    pub on: Day,
}

impl OfTerminology<'_> {
    fn entries(&self, set: &str, typed: &str, most: usize) -> Vec<Value> {
        let Some(set) = self.terminology.value_set(set) else { return Vec::new() };
        let filter = Some(typed).filter(|typed| !typed.trim().is_empty());
        let asked = Expand { filter, count: Some(most), active_only: true, ..Expand::on(self.on) };
        let found = set.expand(&asked).map(|expansion| expansion.entries).unwrap_or_default();
        let codings = found.iter().filter(|entry| !entry.not_selectable).map(|entry| {
            json!({"system": entry.system.as_str(), "code": entry.code.as_str(), "display": entry.display.as_str()})
        });
        codings.collect()
    }
}

impl Choices for OfTerminology<'_> {
    fn find(&self, set: &str, typed: &str, most: usize) -> Vec<Value> {
        self.entries(set, typed, most)
    }

    fn coding(&self, set: &str, code: &str) -> Option<Value> {
        let is_it = |coding: &Value| {
            let found = yba_fhir::json::str_at(coding, &["code"]).unwrap_or_default();
            found == code || fold(found) == fold(code)
        };
        self.entries(set, code, crate::limits::OFFERS_MAX).into_iter().find(is_it)
    }

    fn knows(&self, set: &str) -> bool {
        self.terminology.value_set(set).is_some()
    }
}
