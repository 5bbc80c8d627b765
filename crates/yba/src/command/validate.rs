//! `yba validate`: R4 and profiles on one resource, without a node.

use crate::cli::ValidateArgs;
use std::io::Read;
use std::path::Path;
use yba_content::{Content, Day, Problem};
use yba_fhir::json::{JsonValueTrait, Value, items, str_at};
use yba_fhir::outcome::{Issue, operation_outcome};
use yba_fhir::resource::{Limits, parse_json};
use yba_fhir::{Kind, Outcome, Resource, json};
use yba_store::Clock;
use yba_validate::Validator;

/// Most bytes read from standard input, and of a file to load; as many as the FHIR API takes.
const INPUT_MAX: u64 = 64 << 20;

/// Prints an OperationOutcome; answers 0 when there is no error in it, 1 otherwise, 2 when what was to be loaded is no
/// good or a profile is not known.
pub fn run(args: &ValidateArgs, input: impl Read) -> u8 {
    let validator = match validator(args) {
        Ok(validator) => validator,
        Err(refused) => {
            println!("{}", printed(&refused.issues));
            return 2;
        }
    };
    let (issues, sound) = match read(input) {
        Err(refused) => (refused.issues, false),
        Ok(resource) => {
            let findings = validator.check_against(resource.tree(), &args.profile);
            let sound = !findings.has_errors();
            (findings.issues, sound)
        }
    };
    println!("{}", printed(&issues));
    u8::from(!sound)
}

/// R4, the profiles of content, and those of the files.
fn validator(args: &ValidateArgs) -> Result<Validator, Outcome> {
    let content = match &args.content {
        None => Content::built_in(),
        Some(folder) => Content::with_folder(folder).map_err(|problems| unsound(&problems))?,
    };
    let mut loaded = Vec::new();
    for file in &args.load {
        loaded.extend(definitions(file)?);
    }
    let today = Day::of_instant(Clock::system().now_ms());
    let (validator, problems) = Validator::of_content(&content, today, &loaded);
    if !problems.is_empty() {
        return Err(unsound(&problems));
    }
    match args.profile.iter().find(|url| validator.profiles().get(url).is_none()) {
        None => Ok(validator),
        Some(url) => {
            let text = format!("Không có hồ sơ {url}. Hãy nạp bằng --load.");
            Err(Outcome::new(
                Kind::NotFound,
                "profile-unknown",
                text,
                format!("profile {url:?} is not known"),
            ))
        }
    }
}

/// The resources of a file: one, or the entries of a Bundle.
fn definitions(file: &Path) -> Result<Vec<Value>, Outcome> {
    let trouble = |why: String| {
        let text = format!("Không nạp được {}: {why}", file.display());
        Outcome::invalid("load", text, format!("{}: {why}", file.display()))
    };
    let opened = std::fs::File::open(file).map_err(|error| trouble(error.to_string()))?;
    let mut bytes = Vec::new();
    opened.take(INPUT_MAX + 1).read_to_end(&mut bytes).map_err(|error| trouble(error.to_string()))?;
    let tree = parse_json(&bytes, &Limits::default()).map_err(|outcome| {
        trouble(outcome.issues.first().map(|issue| issue.text.clone()).unwrap_or_default())
    })?;
    Ok(match str_at(&tree, &["resourceType"]) {
        Some("Bundle") => items(&tree, "entry").filter_map(|entry| entry.get("resource").cloned()).collect(),
        _ => vec![tree],
    })
}

fn unsound(problems: &[Problem]) -> Outcome {
    let list: Vec<String> = problems.iter().map(Problem::to_string).collect();
    let text = format!("Hồ sơ có lỗi: {}", list.join("; "));
    Outcome::invalid("content", text, format!("definitions have problems: {}", list.join("; ")))
}

fn read(input: impl Read) -> Result<Resource, Outcome> {
    let mut bytes = Vec::new();
    let read = input.take(INPUT_MAX + 1).read_to_end(&mut bytes);
    read.map_err(|error| Outcome::fault(format!("standard input: {error}")))?;
    Resource::parse(&bytes)
}

fn printed(issues: &[Issue]) -> String {
    json::to_string(&json::ordered(&operation_outcome(issues))).unwrap_or_default()
}
