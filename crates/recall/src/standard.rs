//! What a health record has to hold, compiled: which items a Patient lacks, and which sections are theirs.
//!
//! Examples stand beside the content (`health-records/<slug>/examples/<name>.json`): `{"patient": {…}, "on": "2026-03-02",
//! "missing": ["job"], "sections": ["B2", "C"]}`. `yba content check` tries them.

use yba_content::health_records::{HealthRecord, RecordSection};
use yba_content::{Content, Day, Example, Problem};
use yba_fhir::DateRange;
use yba_fhir::json::{JsonValueTrait, Value, from_str, items, str_at};
use yba_fhirpath::{CompileOptions, Environment, Item, Node, Program};
use yba_records::Query;

/// The record of which the household book speaks.
pub const RECORD: &str = "hssk-831";
/// What a section's `only` may ask beside the Patient.
const AGE: &str = "ageYears";

/// One edition, ready to be asked.
#[derive(Debug)]
pub struct Standard {
    pub about: HealthRecord,
    /// One for each item.
    items: Vec<Program>,
    /// One for each section.
    only: Vec<Option<Program>>,
}

impl Standard {
    /// Compiles an edition; or all that is wrong with it.
    pub fn compile(about: &HealthRecord) -> Result<Standard, Vec<Problem>> {
        let mut problems = Vec::new();
        let mut program = |placed: &yba_content::Placed| {
            let names = [AGE];
            let options = CompileOptions {
                context: Some("Patient"),
                variables: Some(&names),
                ..CompileOptions::default()
            };
            let compiled = Program::compile_with(&placed.text, &options);
            compiled.map_err(|error| problems.push(problem(about, placed.line, error.to_string()))).ok()
        };
        let items: Vec<Program> = about.items.iter().filter_map(|item| program(&item.is)).collect();
        let only =
            about.sections.iter().map(|section| section.only.as_ref().and_then(&mut program)).collect();
        for ask in about.sections.iter().flat_map(|section| &section.asks) {
            let (kind, rest) = ask.text.split_once('?').unwrap_or((&ask.text, ""));
            if let Err(outcome) = Query::parse_string(kind, &format!("patient=x&{rest}")) {
                problems.push(problem(about, ask.line, outcome.to_string()));
            }
        }
        if problems.is_empty() { Ok(Standard { about: about.clone(), items, only }) } else { Err(problems) }
    }

    /// Every edition of [`RECORD`], oldest first. One that does not compile is left out: content is checked before it is used.
    pub fn all(content: &Content) -> Vec<Standard> {
        let own = content.health_records().iter().filter(|about| about.slug == RECORD);
        own.filter_map(|about| Standard::compile(about).ok()).collect()
    }

    /// Names of the items that a Patient lacks, in their order.
    pub fn missing(&self, patient: &Value) -> Vec<&str> {
        let environment = Environment::at(0);
        let is_there = |program: &Program| holds(program, patient, &environment);
        let each = self.about.items.iter().zip(&self.items);
        each.filter(|(_, program)| !is_there(program)).map(|(item, _)| item.name.as_str()).collect()
    }

    /// What an item is called; its name when there is none.
    pub fn title<'s>(&'s self, name: &'s str) -> &'s str {
        self.about.items.iter().find(|item| item.name == name).map_or(name, |item| item.title.as_str())
    }

    /// The sections that a person has on a day.
    pub fn sections(&self, patient: &Value, on: Day) -> Vec<&RecordSection> {
        let years = age_years(patient, on);
        let environment = Environment::at(0).with(AGE, years.map(Item::Integer).into_iter().collect());
        let theirs =
            self.about.sections.iter().zip(&self.only).filter(|(_, only)| {
                only.as_ref().is_none_or(|program| holds(program, patient, &environment))
            });
        theirs.map(|(section, _)| section).collect()
    }
}

fn holds<'a>(program: &'a Program, patient: &'a Value, environment: &Environment<'a>) -> bool {
    program.test(Node::root(patient), environment).ok().flatten() == Some(true)
}

fn problem(about: &HealthRecord, line: u32, text: String) -> Problem {
    Problem { file: about.path.clone(), line, text }
}

/// Whole years on a day; `None` without a birth.
fn age_years(patient: &Value, on: Day) -> Option<i32> {
    let birth = Day::of_instant(DateRange::parse(str_at(patient, &["birthDate"])?)?.start);
    let had = (on.month(), on.day()) >= (birth.month(), birth.day());
    Some(i32::from(on.year()) - i32::from(birth.year()) - i32::from(!had))
}

/// Compiles every edition and tries its examples; an edition without one is a problem too.
pub fn try_examples(content: &Content) -> Vec<Problem> {
    let mut problems = Vec::new();
    for about in content.health_records() {
        if let Err(wrong) = Standard::compile(about) {
            problems.extend(wrong);
        }
        let folder = format!("health-records/{}", about.slug);
        if !content.examples().any(|one| one.edition == folder) {
            let text = "chưa có ví dụ nào; hãy thêm examples/<tên>.json".to_owned();
            problems.push(Problem { file: folder, line: 0, text });
        }
    }
    for example in content.examples() {
        let Some(slug) = example.edition.strip_prefix("health-records/") else { continue };
        if let Err(text) = try_example(content, slug, example) {
            problems.push(Problem { file: example.path.clone(), line: 0, text });
        }
    }
    problems
}

fn try_example(content: &Content, slug: &str, example: &Example) -> Result<(), String> {
    let document: Value = from_str(&example.text).map_err(|error| format!("không phải JSON: {error}"))?;
    let on = str_at(&document, &["on"]).and_then(Day::parse).ok_or("on phải là một ngày")?;
    let about = content.health_record(slug, on).ok_or("không có ấn bản nào cho ngày này")?;
    // What is wrong with it is told of the edition.
    let Ok(standard) = Standard::compile(about) else { return Ok(()) };
    let patient = document.get("patient").ok_or("thiếu patient")?;
    let sections: Vec<&str> =
        standard.sections(patient, on).iter().map(|section| section.name.as_str()).collect();
    for (name, found) in [("missing", standard.missing(patient)), ("sections", sections)] {
        let expected: Vec<&str> = items(&document, name).filter_map(|one| one.as_str()).collect();
        if found != expected {
            return Err(format!("{name}: cần {expected:?}, máy tính ra {found:?}"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_examples_of_health_records_come_out() {
        let content = Content::built_in();
        let problems: Vec<String> = try_examples(&content).iter().map(Problem::to_string).collect();
        assert!(problems.is_empty(), "{}", problems.join("\n"));
    }

    #[test]
    fn an_example_that_is_wrong_is_told() {
        let content = Content::built_in();
        let example = |text: &str| Example {
            path: "x.json".into(),
            edition: "health-records/hssk-831".into(),
            text: text.into(),
            expected: None,
        };
        let tried = |text: &str| try_example(&content, RECORD, &example(text)).unwrap_err();
        assert!(tried("{").contains("JSON"));
        assert!(tried(r#"{"on": "2026-13-01"}"#).contains("ngày"));
        assert!(tried(r#"{"on": "1999-01-01", "patient": {}}"#).contains("ấn bản"));
        let lacking = tried(r#"{"on": "2026-03-01", "patient": {"resourceType": "Patient"}, "missing": []}"#);
        assert!(lacking.contains("\"number\"") && lacking.contains("\"household\""), "{lacking}");
    }

    #[test]
    fn what_does_not_compile_is_told_with_its_line() {
        let content = Content::built_in();
        let day = Day::new(2026, 6, 1).unwrap();
        let mut about = content.health_record(RECORD, day).unwrap().clone();
        about.items[0].is.text = "nonsense(".into();
        about.sections[0].asks[0].text = "Observation?colour=red".into();
        let problems = Standard::compile(&about).unwrap_err();
        assert_eq!(problems.len(), 2, "{problems:?}");
        assert!(problems.iter().all(|one| one.line > 0), "{problems:?}");
    }
}
