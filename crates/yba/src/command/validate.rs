//! `yba validate`: the rules of R4 on one resource, without a node.

use std::io::Read;
use yba_fhir::outcome::{Issue, operation_outcome};
use yba_fhir::{Outcome, Resource, json};
use yba_validate::Validator;

/// Most bytes read from standard input; as many as the FHIR API takes.
const INPUT_MAX: u64 = 64 << 20;

/// Prints an OperationOutcome; answers 0 when there is no error in it, 1 otherwise.
pub fn run(input: impl Read) -> u8 {
    let (issues, sound) = match read(input) {
        Err(refused) => (refused.issues, false),
        Ok(resource) => {
            let findings = Validator::r4().check(resource.tree());
            let sound = !findings.has_errors();
            (findings.issues, sound)
        }
    };
    println!("{}", printed(&issues));
    u8::from(!sound)
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
