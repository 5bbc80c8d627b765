//! The terminology as the program carries it, and resources laid over it.
#![allow(clippy::unwrap_used, reason = "a test that meets the unexpected fails")]

mod authored;
mod definitions;
mod editions;
mod expanding;
mod icd10;
mod layering;
mod operations;
mod places;

use std::sync::OnceLock;

use yba_content::Content;
use yba_fhir::Day;
use yba_fhir::json::{self, Value};
use yba_terminology::expand::{Expand, Expansion};
use yba_terminology::{Membership, Terminology};

/// Built once: every test asks the same.
pub fn built_in() -> &'static Terminology {
    static BUILT: OnceLock<Terminology> = OnceLock::new();
    BUILT.get_or_init(|| Terminology::built_in(&Content::built_in()))
}

pub fn day(text: &str) -> Day {
    Day::parse(text).expect("a day")
}

pub fn today() -> Day {
    day("2026-03-02")
}

pub fn parse(text: &str) -> Value {
    json::from_str(text).expect("JSON")
}

/// The built-in terminology with these resources over it.
pub fn with(resources: &[&str]) -> Terminology {
    let values: Vec<Value> = resources.iter().map(|text| parse(text)).collect();
    built_in().with_resources(values.iter()).expect("sound resources")
}

/// Whether a set holds a code today, as a letter: `i`n, `o`ut, `?`.
pub fn holds(terminology: &Terminology, set: &str, system: Option<&str>, code: &str, on: Day) -> char {
    match terminology.value_set(set).expect("a known set").contains(system, code, on) {
        Membership::In => 'i',
        Membership::NotIn => 'o',
        Membership::Unknown { .. } => '?',
    }
}

pub fn expand(terminology: &Terminology, set: &str, asked: &Expand) -> Expansion {
    terminology.value_set(set).expect("a known set").expand(asked).expect("it can be expanded")
}

pub fn codes(expansion: &Expansion) -> Vec<&str> {
    expansion.entries.iter().map(|entry| entry.code.as_str()).collect()
}
