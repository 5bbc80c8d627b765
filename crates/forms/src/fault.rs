//! What is wrong with a questionnaire.

use yba_fhir::outcome::{Issue, Severity};
use yba_fhir::{Kind, Outcome};
use yba_fhirpath::PathError;

/// Most faults that are told at once.
const FAULTS_MAX: usize = 100;

/// Collects the faults of a questionnaire, so that its author gets them all.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    issues: Vec<Issue>,
}

impl Faults {
    pub fn add(&mut self, place: &str, key: &'static str, text: impl Into<String>) {
        let text = text.into();
        let diagnostics = format!("{key} at {place}");
        self.push(Issue {
            severity: Severity::Error,
            code: "invalid",
            key,
            text,
            diagnostics,
            path: Some(place.to_owned()),
            position: None,
        });
    }

    pub fn expression(&mut self, place: &str, error: PathError) {
        let Outcome { issues, .. } = Outcome::from(error);
        for mut issue in issues {
            issue.path = Some(place.to_owned());
            self.push(issue);
        }
    }

    fn push(&mut self, issue: Issue) {
        if self.issues.len() < FAULTS_MAX {
            self.issues.push(issue);
        }
    }

    /// All faults as one refusal; nothing when there are none.
    pub fn finish(self) -> Result<(), Outcome> {
        if self.issues.is_empty() {
            return Ok(());
        }
        Err(Outcome { kind: Kind::Unprocessable, issues: self.issues })
    }
}
