//! The R4 specification, asked of the real program over HTTP on both engines: a table of checks for each part of it, each
//! check with its section and how much the specification insists.
//!
//! It deliberately does not know: anything of the code. Whoever reads a check needs the specification and nothing else.
//!
//! Start reading at [`check`] (what a check is), then `http_read.rs` (how a part looks). What fails and is known to is
//! listed in [`not_yet`]. `YBA_SPEC_ONLY=search` runs the parts whose names hold this word.

#![allow(clippy::unwrap_used)] // a test fails by panicking

mod check;
// Shared with the stories of the whole house, which use more of them.
#[allow(dead_code)]
#[path = "../it/house.rs"]
mod house;
#[allow(dead_code)]
#[path = "../it/http.rs"]
mod http;
mod not_yet;
mod world;

mod capabilities;
mod conditional;
mod delete;
mod deliberate;
mod errors;
mod formats;
mod history;
mod http_create;
mod http_read;
mod http_update;
mod operations;
mod patch;
mod search_basic;
mod search_chains;
mod search_modifiers;
mod search_prefixes;
mod search_results;
mod system_search;
mod transaction;

use check::Check;
use house::Home;
use not_yet::NOT_YET;
use std::collections::BTreeSet;
use std::time::Instant;
use world::World;

/// Every part with its checks.
const PARTS: &[(&str, &[Check])] = &[
    ("http_read", http_read::CHECKS),
    ("http_create", http_create::CHECKS),
    ("http_update", http_update::CHECKS),
    ("patch", patch::CHECKS),
    ("delete", delete::CHECKS),
    ("conditional", conditional::CHECKS),
    ("history", history::CHECKS),
    ("transaction", transaction::CHECKS),
    ("search_basic", search_basic::CHECKS),
    ("search_prefixes", search_prefixes::CHECKS),
    ("search_modifiers", search_modifiers::CHECKS),
    ("search_chains", search_chains::CHECKS),
    ("search_results", search_results::CHECKS),
    ("system_search", system_search::CHECKS),
    ("operations", operations::CHECKS),
    ("formats", formats::CHECKS),
    ("errors", errors::CHECKS),
    ("capabilities", capabilities::CHECKS),
];

/// There are no fewer checks than this.
const CHECKS_MIN: usize = 700;
/// The pages that a section may stand on.
const PAGES: &[&str] = &[
    "http.html#",
    "search.html#",
    "bundle.html#",
    "capabilitystatement.html#",
    "operations.html#",
    "operationoutcome.html#",
    "resource.html#",
    "json.html#",
    "datatypes.html#",
    "references.html#",
    "compartmentdefinition.html#",
    "resource-operation",
    "patient-operation",
    "encounter-operation",
    "observation-operation",
    "valueset-operation",
    "codesystem-operation",
    "async.html#",
    "security.html#",
    "RFC 6902 ",
    "RFC 7231 ",
    "RFC 7232 ",
    "RFC 7240 ",
    "RFC 1952 ",
    "bulk data ",
];

#[test]
fn the_specification_holds_on_sqlite() {
    every_part(&Home::new(), "SQLite");
}

#[test]
fn the_specification_holds_on_postgresql() {
    let Some(home) = Home::on_postgres() else { return };
    every_part(&home, "PostgreSQL");
}

#[test]
fn what_is_deliberately_not_served_is_written_declared_and_refused() {
    let home = Home::new();
    let house = home.serve_open();
    let found = deliberate::disagreements(&house);
    assert!(found.is_empty(), "docs/conformance.md and the program do not agree:\n{}", found.join("\n"));
    assert_eq!(house.end().0.code(), Some(0));
}

#[test]
fn there_are_several_hundred_checks_each_with_a_name_and_a_section() {
    let checks: Vec<&Check> = PARTS.iter().flat_map(|(_, checks)| *checks).collect();
    assert!(checks.len() >= CHECKS_MIN, "{} checks", checks.len());
    let names: BTreeSet<&str> = checks.iter().map(|check| check.what).collect();
    let mut seen = BTreeSet::new();
    let twice: Vec<&str> = checks.iter().map(|check| check.what).filter(|what| !seen.insert(*what)).collect();
    assert_eq!(twice, Vec::<&str>::new(), "names that stand twice");
    for check in &checks {
        assert!(
            PAGES.iter().any(|page| check.section.starts_with(page)),
            "{:?}: {}",
            check.section,
            check.what
        );
        assert!(check.what.len() > 10, "{:?} is no claim", check.what);
    }
    for (reason, waiting) in NOT_YET {
        assert!(reason.len() > 5 && !waiting.is_empty(), "{reason:?} is no reason, or of nothing");
        let unknown: Vec<_> = waiting.iter().filter(|what| !names.contains(*what)).collect();
        assert!(unknown.is_empty(), "no check is called {unknown:?}");
    }
}

/// Runs every check, then fails once with all that was wrong.
fn every_part(home: &Home, engine: &str) {
    let house = home.serve_open();
    let mut world = World::of(house.address).unwrap();
    let only = std::env::var("YBA_SPEC_ONLY").unwrap_or_default();
    let mut findings = Vec::new();
    let (mut done, mut waiting, mut slowest) = (0, 0, Vec::new());
    for (part, checks) in PARTS.iter().filter(|(part, _)| part.contains(&only)) {
        for check in *checks {
            done += 1;
            world.begin();
            let begun = Instant::now();
            let outcome = check.run(&mut world);
            slowest.push((begun.elapsed(), check.what));
            let known = NOT_YET.iter().find(|(_, waiting)| waiting.contains(&check.what));
            let about = format!("{part}, {} {:?}: {}", check.section, check.level, check.what);
            match (outcome, known) {
                (Ok(()), None) => {}
                (Err(_), Some(_)) => waiting += 1,
                (Ok(()), Some(_)) => findings.push(format!("{about}\n  holds now: take it out of NOT_YET")),
                (Err(why), None) => findings.push(format!("{about}\n  {why}\n{}", world.tape())),
            }
        }
    }
    slowest.sort_unstable();
    let longest: Vec<_> = slowest.iter().rev().take(5).collect();
    println!("{engine}: {done} checks, {waiting} of them not yet; the longest: {longest:?}");
    assert!(
        findings.is_empty(),
        "{engine}: {} of {done} checks are not as they should be:\n\n{}\n\nthe node said:\n{}",
        findings.len(),
        findings.join("\n\n"),
        house.said()
    );
    assert_eq!(house.end().0.code(), Some(0));
}
