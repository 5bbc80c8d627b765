//! What is wrong with a definition, or with one resource under it.

use yba_fhir::outcome::{Issue, Severity};
use yba_fhir::{Kind, Outcome};
use yba_fhirpath::PathError;

/// Most faults that are told at once.
const FAULTS_MAX: usize = 100;

/// Collects the faults of a definition, so that its author gets them all.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    issues: Vec<Issue>,
}

impl Faults {
    pub fn add(
        &mut self,
        place: &str,
        key: &'static str,
        text: impl Into<String>,
        diagnostics: impl Into<String>,
    ) {
        if self.issues.len() < FAULTS_MAX {
            self.issues.push(issue("invalid", place, key, text.into(), diagnostics.into()));
        }
    }

    pub fn expression(&mut self, place: &str, error: PathError) {
        let Outcome { mut issues, .. } = Outcome::from(error);
        if self.issues.len() < FAULTS_MAX {
            issues.iter_mut().for_each(|issue| issue.path = Some(place.to_owned()));
            self.issues.append(&mut issues);
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

/// An error while rows were made.
pub(crate) fn at_run(
    place: &str,
    key: &'static str,
    text: impl Into<String>,
    diagnostics: impl Into<String>,
) -> Outcome {
    let code = if key == "view-limit" { "too-costly" } else { "processing" };
    let issues = vec![issue(code, place, key, text.into(), diagnostics.into())];
    Outcome { kind: Kind::Unprocessable, issues }
}

fn issue(code: &'static str, place: &str, key: &'static str, text: String, diagnostics: String) -> Issue {
    let path = Some(place.to_owned());
    Issue { severity: Severity::Error, code, key, text, diagnostics, path, position: None }
}
