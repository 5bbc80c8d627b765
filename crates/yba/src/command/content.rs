//! `yba content check`.

use std::path::Path;
use yba_content::{Content, Day, Problem};
use yba_fhir::Severity;
use yba_fhir::json::Value;
use yba_forms::OfTerminology;
use yba_print::examples::Makers;
use yba_store::Clock;
use yba_validate::{Codes, Validator};
use yba_view::Library;

/// Loads everything, with a folder in place of built-in files, and runs every example; prints every problem. Exit 1
/// when there is one.
pub fn check(folder: Option<&Path>) -> u8 {
    let loaded = match folder {
        Some(folder) => Content::with_folder(folder),
        None => Ok(Content::built_in()),
    };
    match loaded {
        Ok(content) => {
            let (cases, problems) = tried(&content);
            if !problems.is_empty() {
                return told(&problems);
            }
            let (laws, lists) = (content.laws().count(), content.code_lists().count());
            println!(
                "content is sound: {laws} laws, {lists} code lists, {} claim editions, {} profiles, \
                 {} value sets and maps, {} views, {} schedules, {} programmes, {} lists of diseases to notify, {} editions of vaccination days, {} registers, {} reports, \
                 {} forms, {} rules with {cases} cases, {} lessons, {} printed sheets; {} examples tried",
                content.claims().all().count(),
                content.profiles().len(),
                content.canonicals().count(),
                content.views().count(),
                content.schedules().len(),
                content.programmes().len(),
                content.notifiable_editions().len(),
                content.vaccination_days().len(),
                content.registers().len(),
                content.reports().len(),
                content.forms().count(),
                content.rules().len(),
                content.lessons().len(),
                content.prints().len(),
                content.examples().count()
            );
            0
        }
        Err(problems) => told(&problems),
    }
}

/// Compiles what content holds and runs its examples; answers how many cases of rules there are, and what is wrong.
fn tried(content: &Content) -> (usize, Vec<Problem>) {
    let today = Day::of_instant(Clock::system().now_ms());
    let codes = Codes::of_content(content, today);
    let terminology = codes.terminology().clone();
    let mut problems = yba_terminology::check(content, &terminology);
    let (validator, unsound) = Validator::of_content(content, codes, &[]);
    problems.extend(unsound);
    problems.extend(validator.try_examples(content));
    problems.extend(yba_recall::example::try_examples(content));
    problems.extend(yba_recall::standard::try_examples(content));
    problems.extend(yba_care::notify::example::try_examples(content));
    let menus = [yba_hospital::menu(), yba_station::menu()];
    problems.extend(yba_station::practice::example::try_examples(content, &menus));
    match Library::load(content) {
        Ok(views) => problems.extend(views.try_examples(content)),
        Err(wrong) => problems.extend(wrong),
    }
    let choices = OfTerminology { terminology: &terminology, on: today };
    let registers = yba_report::Library::load(content).map_err(|wrong| problems.extend(wrong)).ok();
    let forms = yba_forms::Library::load(content).map_err(|wrong| problems.extend(wrong)).ok();
    if let Some(registers) = &registers {
        problems.extend(registers.try_examples(content));
    }
    if let Some(forms) = &forms {
        problems.extend(forms.try_examples(content, &choices, &|resource| errors(&validator, resource)));
    }
    if let (Some(registers), Some(forms)) = (&registers, &forms) {
        let makers = Makers { content, registers, forms, choices: &choices };
        problems.extend(yba_print::Library::of(content).try_examples(&makers));
    }
    let cases = match yba_rules::Library::load(content) {
        Ok(rules) => {
            let (cases, wrong) = rules.try_examples(content);
            problems.extend(wrong);
            cases
        }
        Err(wrong) => {
            problems.extend(wrong);
            0
        }
    };
    (cases, problems)
}

/// What R4 and the profiles say against a resource that a form made.
fn errors(validator: &Validator, resource: &Value) -> Vec<String> {
    let issues =
        validator.check(resource).issues.into_iter().filter(|issue| issue.severity == Severity::Error);
    issues.map(|issue| format!("{}: {}", issue.path.unwrap_or_default(), issue.text)).collect()
}

fn told(problems: &[Problem]) -> u8 {
    for problem in problems {
        println!("{problem}");
    }
    eprintln!("{} problems", problems.len());
    1
}
