//! The forms that content brings: compiled once, found by slug and day; and their examples, run by `yba content check`.

use crate::choices::Choices;
use crate::example::{self, Played};
use crate::form::Form;
use std::collections::BTreeMap;
use std::sync::Arc;
use yba_content::{Content, Day, Example, FormText, Problem};

/// All forms of content, by slug; the editions of each, oldest first.
#[derive(Debug, Default)]
pub struct Library(BTreeMap<String, Vec<Edition>>);

/// One edition, ready to be filled in.
#[derive(Debug, Clone)]
pub struct Edition {
    pub from: Day,
    pub form: Arc<Form>,
    pub basis: Vec<String>,
    /// What nobody has compared with the original yet.
    pub uncertain: Option<String>,
}

impl Library {
    /// Compiles every form. Answers all problems at once, each with its file, line and place.
    pub fn load(content: &Content) -> Result<Library, Vec<Problem>> {
        let (mut library, mut problems) = (Library::default(), Vec::new());
        for text in content.forms() {
            match Form::compile(&text.questionnaire) {
                Ok(form) => {
                    let (basis, uncertain) = (text.basis.clone(), text.uncertain.clone());
                    let edition = Edition { from: text.from, form: Arc::new(form), basis, uncertain };
                    library.0.entry(text.slug.clone()).or_default().push(edition);
                }
                Err(outcome) => problems.extend(outcome.issues.iter().map(|issue| told(text, issue))),
            }
        }
        if problems.is_empty() { Ok(library) } else { Err(problems) }
    }

    /// The edition in force on the day of the act; `None` before the first and for an unknown slug.
    pub fn edition(&self, slug: &str, on: Day) -> Option<&Edition> {
        self.0.get(slug)?.iter().rfind(|edition| edition.from <= on)
    }

    /// The edition that a kept response names, `url|version`; the one in force on its day when it names no version.
    pub fn named(&self, canonical: &str, on: Day) -> Option<&Edition> {
        let all = || self.0.values().flatten();
        let exact = all().find(|edition| edition.form.canonical() == canonical);
        let of_url = |edition: &&Edition| {
            yba_fhir::text::unversioned(&edition.form.canonical()) == canonical && edition.from <= on
        };
        exact.or_else(|| all().rfind(of_url))
    }

    /// The slugs of all forms.
    pub fn slugs(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// Runs every example of content; answers what is wrong, which forms have none, and which ask for value sets that
    /// nobody here knows. `judge` says what is wrong with a resource, so that extracted ones are held against R4.
    pub fn try_examples(
        &self,
        content: &Content,
        choices: &dyn Choices,
        judge: &dyn Fn(&yba_fhir::json::Value) -> Vec<String>,
    ) -> Vec<Problem> {
        let mut problems = Vec::new();
        for text in content.forms() {
            problems.extend(unknown_sets(text, choices));
            for wrong in judge(&text.questionnaire) {
                problems.push(Problem { file: text.path.clone(), line: 0, text: wrong });
            }
        }
        let mut seen = BTreeMap::<&str, usize>::new();
        for example in content.examples() {
            let Some(slug) = example.edition.strip_prefix("forms/") else { continue };
            *seen.entry(slug).or_default() += 1;
            match self.0.get(slug) {
                Some(editions) => problems.extend(example::check(editions, example, choices, judge)),
                None => {
                    let text = "không có biểu mẫu cho ví dụ này".to_owned();
                    problems.push(Problem { file: example.path.clone(), line: 0, text });
                }
            }
        }
        for slug in self.0.keys().filter(|slug| !seen.contains_key(slug.as_str())) {
            let text = "biểu mẫu này chưa có ví dụ nào; hãy thêm examples/<tên>.toml".to_owned();
            problems.push(Problem { file: format!("forms/{slug}/"), line: 0, text });
        }
        problems
    }
}

impl Library {
    /// All editions of a form, oldest first; none of an unknown slug.
    pub fn editions(&self, slug: &str) -> &[Edition] {
        self.0.get(slug).map(Vec::as_slice).unwrap_or_default()
    }

    /// Plays an example as its author looks at it; with `typed` these fields are typed in the place of the example's. What is wrong with
    /// the example itself is answered with its lines.
    pub fn play(
        &self,
        example: &Example,
        typed: Option<&[(String, String)]>,
        choices: &dyn Choices,
        judge: &dyn Fn(&yba_fhir::json::Value) -> Vec<String>,
    ) -> Result<Played<'_>, Vec<(u32, String)>> {
        let slug = example.edition.strip_prefix("forms/").unwrap_or_default();
        example::play(self.editions(slug), example, typed, choices, judge)
    }

    /// What comes of an example: the content of its `.expected.json`; or what is wrong with it, with lines.
    pub fn outcome(
        &self,
        example: &Example,
        choices: &dyn Choices,
    ) -> Result<yba_fhir::json::Value, Vec<(u32, String)>> {
        let slug = example.edition.strip_prefix("forms/").unwrap_or_default();
        example::run(self.editions(slug), example, choices, &|_| Vec::new())
            .map(|made| yba_fhir::json::ordered(&made))
    }

    /// The form of an example, the day on which it was filled in and the response; none when the example is broken.
    pub fn example_response(
        &self,
        example: &Example,
        choices: &dyn Choices,
    ) -> Option<(&Edition, Day, yba_fhir::json::Value)> {
        let editions = self.0.get(example.edition.strip_prefix("forms/")?)?;
        let (day, response) = example::response(editions, example, choices)?;
        Some((editions.iter().rfind(|edition| edition.from <= day)?, day, response))
    }
}

fn told(text: &FormText, issue: &yba_fhir::Issue) -> Problem {
    let place = issue.path.as_deref().unwrap_or_default();
    let said = if place.is_empty() { issue.text.clone() } else { format!("{place}: {}", issue.text) };
    Problem { file: text.path.clone(), line: text.lines.of(place), text: said }
}

fn unknown_sets(text: &FormText, choices: &dyn Choices) -> Vec<Problem> {
    let Ok(form) = Form::compile(&text.questionnaire) else { return Vec::new() };
    let unknown = form.items().filter_map(|item| {
        let set = item.value_set.as_deref().filter(|set| !choices.knows(set))?;
        let line = text.lines.of(&format!("{}.answerValueSet", item.place));
        Some(Problem { file: text.path.clone(), line, text: format!("không có bộ mã {set}") })
    });
    unknown.collect()
}
