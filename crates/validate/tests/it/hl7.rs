//! HL7's own examples of R4 pass, and what is broken in them is found where it was broken.

use crate::damage::{Damage, kinds, own, sites};
use std::path::{Path, PathBuf};
use yba_fhir::json::{Value, str_at};
use yba_fhir::outcome::{Issue, Severity};
use yba_fhir::resource::{Limits, parse_json};
use yba_validate::Validator;

/// The files of the package, in order. `cargo xtask test` fetches it and names its folder.
fn files() -> Vec<PathBuf> {
    let folder = std::env::var_os("YBA_TEST_HL7_EXAMPLES")
        .expect("YBA_TEST_HL7_EXAMPLES names the folder of HL7's examples: run `cargo xtask test` once");
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let is_resource = |path: &PathBuf| {
        let name = path.file_name().unwrap().to_string_lossy();
        name.ends_with(".json") && name.starts_with(|letter: char| letter.is_ascii_uppercase())
    };
    let mut files: Vec<PathBuf> = entries.filter(is_resource).collect();
    files.sort();
    files
}

fn read(file: &Path) -> Value {
    let bytes = std::fs::read(file).unwrap();
    parse_json(&bytes, &Limits::default()).unwrap_or_else(|error| panic!("{}: {error:?}", file.display()))
}

fn errors(resource: &Value) -> Vec<Issue> {
    let found = Validator::r4().check(resource).issues.into_iter();
    found.filter(|issue| issue.severity == Severity::Error).collect()
}

#[test]
fn ninety_nine_in_a_hundred_of_hl7s_examples_pass() {
    let files = files();
    assert!(files.len() > 5000, "only {} files", files.len());
    let mut refused = Vec::new();
    for file in &files {
        if let Some(first) = errors(&read(file)).first() {
            let name = file.file_name().unwrap().to_string_lossy().into_owned();
            refused.push(format!("{name}: {} {}", first.path.as_deref().unwrap_or("?"), first.diagnostics));
        }
    }
    println!("{} of {} refused:\n{}", refused.len(), files.len(), refused.join("\n"));
    assert!(refused.len() * 100 <= files.len(), "{} of {} refused", refused.len(), files.len());
}

/// Sound examples of moderate size, some of each type.
fn sound() -> Vec<Value> {
    const OF_A_TYPE: usize = 14;
    const BYTES_MAX: u64 = 30_000;
    let mut taken = std::collections::HashMap::<String, usize>::new();
    let mut sound = Vec::new();
    for file in files().iter().filter(|file| file.metadata().unwrap().len() < BYTES_MAX) {
        let resource = read(file);
        let of_type = taken.entry(str_at(&resource, &["resourceType"]).unwrap().to_owned()).or_default();
        if *of_type < OF_A_TYPE && errors(&resource).is_empty() {
            *of_type += 1;
            sound.push(resource);
        }
    }
    sound
}

/// How often a kind of damage was done, and how often it was found at its place.
fn tried(damage: &Damage, examples: &[Value]) -> (usize, usize, Option<String>) {
    let (mut done, mut found, mut missed) = (0, 0, None);
    for (number, example) in examples.iter().enumerate() {
        let open: Vec<_> =
            sites(example).into_iter().filter(|site| (damage.applies)(site, example)).collect();
        // Another place in each example, the same ones in each run.
        let Some(site) = open.get((number * 7919) % open.len().max(1)) else { continue };
        let mut damaged = own(example);
        let place = (damage.act)(site, &mut damaged);
        done += 1;
        let told = errors(&damaged);
        match told.iter().any(|issue| issue.key == damage.key && issue.path.as_deref() == Some(&place)) {
            true => found += 1,
            false => {
                missed =
                    Some(format!("{place} in {}: {told:?}", yba_fhir::json::to_string(&damaged).unwrap()))
            }
        }
    }
    (done, found, missed)
}

#[test]
fn every_kind_of_damage_is_found_at_its_place_ninety_nine_times_in_a_hundred() {
    let examples = sound();
    assert!(examples.len() > 500, "only {} examples", examples.len());
    let kinds = kinds();
    assert!(kinds.len() >= 45, "{}", kinds.len());
    let mut wrong = Vec::new();
    for damage in &kinds {
        let (done, found, missed) = tried(damage, &examples);
        println!("{found:4} of {done:4}  {}", damage.name);
        if done < 3 || found * 100 < done * 99 {
            wrong.push(format!("{}: {found} of {done}; {}", damage.name, missed.unwrap_or_default()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}
