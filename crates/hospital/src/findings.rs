//! What is wrong with a form, beside its fields: everything at once, so that nobody sends it five times.

use yba_fhir::{Issue, Kind, Outcome};
use yba_mpi::birth::Birth;

/// How a day that cannot be read is told.
pub const DAY: &str = "Gõ ngày/tháng/năm, ví dụ 31/12/2026.";

/// The findings of one form.
pub struct Findings {
    key: &'static str,
    issues: Vec<Issue>,
}

impl Findings {
    /// `key` is the stable code of a refusal of this form.
    pub fn of(key: &'static str) -> Findings {
        Findings { key, issues: Vec::new() }
    }

    /// Something is wrong with a field.
    pub fn say(&mut self, field: &str, text: impl Into<String>) {
        let refused = Outcome::new(Kind::Unprocessable, self.key, text, "what was typed is refused");
        self.issues.extend(refused.at(field).issues);
    }

    /// `None` when empty; said when what was typed is not as it should be.
    pub fn read<T>(
        &mut self,
        field: &str,
        typed: &str,
        text: &str,
        read: impl Fn(&str) -> Option<T>,
    ) -> Option<T> {
        let typed = typed.trim();
        if typed.is_empty() {
            return None;
        }
        let found = read(typed);
        if found.is_none() {
            self.say(field, text);
        }
        found
    }

    /// The draft, unless something is wrong.
    pub fn judged<T>(self, draft: T) -> Result<T, Outcome> {
        match self.issues.is_empty() {
            true => Ok(draft),
            false => Err(Outcome { kind: Kind::Unprocessable, issues: self.issues }),
        }
    }
}

/// An ISO day of day, month and year as people here write them.
pub fn whole_day(typed: &str) -> Option<String> {
    Birth::read(typed).filter(|birth| birth.day.is_some()).map(|birth| birth.to_string())
}
