//! The profiles of content: compiled, and tried on the examples beside them.

use crate::{Codes, Findings, Profiles, Validator};
use std::collections::BTreeSet;
use yba_content::{Content, Example, Problem, ProfileEdition};
use yba_fhir::json::{Value, str_at};
use yba_fhir::outcome::{Issue, Severity};
use yba_fhir::resource::{Limits, parse_json};

impl Validator {
    /// R4, the profiles of content as they are on the day of the codes, and further definitions. What is wrong with a
    /// definition of content is told with file and line; what is sound is there all the same.
    pub fn of_content(content: &Content, codes: Codes, further: &[Value]) -> (Validator, Vec<Problem>) {
        let today = codes.today();
        let mut editions: Vec<&ProfileEdition> = content.profiles().iter().collect();
        // The last of several counts: future ones first, then the others by their day.
        editions.sort_by_key(|edition| (edition.from <= today, edition.from));
        let definitions = editions.iter().map(|edition| &edition.definition).chain(further);
        let (mut profiles, faults) = Profiles::compile(definitions);
        let mut problems = Vec::new();
        for fault in &faults {
            problems.push(match editions.get(fault.given) {
                Some(edition) => problem(edition, &fault.issue),
                None => {
                    let place = fault.issue.path.as_deref().unwrap_or_default();
                    Problem {
                        file: fault.url.clone(),
                        line: 0,
                        text: format!("{place}: {}", fault.issue.text),
                    }
                }
            });
        }
        // What attaches a profile stands beside all its editions, and is said once.
        let mut slugs = BTreeSet::new();
        for edition in editions.iter().filter(|edition| slugs.insert(edition.slug.as_str())) {
            problems.extend(attach(edition, &mut profiles));
        }
        (Validator::new(profiles, codes), problems)
    }

    /// Judges the examples that stand beside profiles; tells those that came out otherwise than expected.
    pub fn try_examples(&self, content: &Content) -> Vec<Problem> {
        let own = content.examples().filter(|example| example.edition.starts_with("profiles/"));
        own.filter_map(|example| self.try_example(content, example)).collect()
    }

    fn try_example(&self, content: &Content, example: &Example) -> Option<Problem> {
        let wrong = |text: String| Some(Problem { file: example.path.clone(), line: 0, text });
        let Ok(resource) = parse_json(example.text.as_bytes(), &Limits::default()) else {
            return wrong("không phải JSON của FHIR".to_owned());
        };
        let slug = example.edition.trim_start_matches("profiles/");
        let editions = content.profiles().iter();
        let Some(profile) = editions.rev().find(|edition| edition.slug == slug).and_then(ProfileEdition::url)
        else {
            return wrong(format!("thư mục profiles/{slug} không có hồ sơ để thử ví dụ này"));
        };
        let is_of_type = self
            .profiles()
            .get(profile)
            .is_some_and(|one| Some(one.kind.as_str()) == str_at(&resource, &["resourceType"]));
        // A profile of a data type or an extension is tried inside a resource that holds it.
        let asked = if is_of_type { vec![profile.to_owned()] } else { Vec::new() };
        let found = told(&self.check_against(&resource, &asked));
        let expected = example.expected.as_ref().map_or("", |(_, text)| text.as_str());
        let mut expected: Vec<&str> =
            expected.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
        expected.sort_unstable();
        if found == expected {
            return None;
        }
        let list =
            |lines: &[&str]| if lines.is_empty() { "không có lỗi".to_owned() } else { lines.join("; ") };
        let found: Vec<&str> = found.iter().map(String::as_str).collect();
        wrong(format!("kiểm tra cho kết quả: {}; mong đợi: {}", list(&found), list(&expected)))
    }
}

/// `severity place key-of-rule-or-finding` of each finding, in order.
fn told(findings: &Findings) -> Vec<String> {
    let mut lines: Vec<String> = findings.issues.iter().map(line).collect();
    lines.sort();
    lines
}

fn line(issue: &Issue) -> String {
    let severity = match issue.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Information => "information",
    };
    let rule = issue.diagnostics.strip_prefix("invariant ").and_then(|rest| rest.split(' ').next());
    format!("{severity} {} {}", issue.path.as_deref().unwrap_or("?"), rule.unwrap_or(issue.key))
}

fn attach(edition: &ProfileEdition, profiles: &mut Profiles) -> Option<Problem> {
    let applies = edition.about.applies.as_deref()?;
    let error = profiles.attach(edition.url()?, applies, edition.about.enforced).err()?;
    let text = format!("applies: biểu thức FHIRPath có lỗi ở cột {}: {}", error.column, error.text);
    Some(Problem { file: format!("profiles/{}/about.toml", edition.slug), line: 0, text })
}

/// A fault of a definition, with the line on which its element begins.
fn problem(edition: &ProfileEdition, issue: &Issue) -> Problem {
    let place = issue.path.as_deref().unwrap_or_default();
    let element = place.split_once(".element[").and_then(|(_, rest)| rest.split_once(']')?.0.parse().ok());
    let line = element.map_or(0, |at| edition.line_of_element(at));
    Problem { file: edition.path.clone(), line, text: format!("{place}: {}", issue.text) }
}
