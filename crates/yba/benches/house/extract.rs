//! The index rows of a resource: all search parameters of R4 by their compiled expressions.

#[path = "../../../store/examples/extract/plain.rs"]
mod plain;

use crate::bench::{Bench, Engine, bodies};
use crate::parse::{ROUNDS, each};
use crate::report::{Line, Section, rounded};
use crate::timing::{Pair, in_turns};
use anyhow::Result;
use std::hint::black_box;
use yba_fhir::Resource;
use yba_store::index::{self, Numbers};

const TYPES: [&str; 4] = ["Patient", "Encounter", "Observation", "MedicationRequest"];

pub fn run(bench: &Bench) -> Result<Section> {
    let node = bench.node(Engine::Sqlite)?.expect("SQLite is always there");
    let numbers = node.records.store().numbers();
    let plains = plain::all(numbers);
    let parsed = bodies(4000)?.iter().map(|body| Resource::parse(body)).collect::<Result<Vec<_>, _>>()?;
    let mut section = Section::new(
        "Index rows",
        "Microseconds for the index rows of one resource on one core: all search parameters of R4, composites included. \
         Raw: a walk over plain paths by the names of members, without types and composites, which makes the other \
         rows in the same way.",
    );
    let all: Vec<&Resource> = parsed.iter().collect();
    section.lines.push(line("all types as they occur", &all, &plains, numbers)?);
    for kind in TYPES {
        let of_kind: Vec<&Resource> = parsed.iter().filter(|one| one.kind() == kind).collect();
        section.lines.push(line(kind, &of_kind, &plains, numbers)?);
    }
    node.close(bench);
    Ok(section)
}

fn line(what: &str, resources: &[&Resource], plains: &plain::Plains, numbers: &Numbers) -> Result<Line> {
    let bytes = resources.iter().map(|one| one.content().len()).sum::<usize>() as f64;
    let ours = || {
        each(resources, |one| {
            let id = one.id().unwrap_or_default();
            black_box(index::extract(one.tree(), one.kind(), id, numbers));
            Ok(())
        })
    };
    let raw = || {
        each(resources, |one| {
            black_box(plain::plain_rows(one, plains));
            Ok(())
        })
    };
    let pair: Pair = in_turns(ROUNDS, ours, raw)?;
    let mean = rounded(bytes / resources.len().max(1) as f64);
    Ok(Line::times(format!("rows, {what} ({mean} bytes each)"), "µs", &pair))
}
