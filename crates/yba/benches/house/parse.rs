//! Reading bytes: our parser with its guards beside the bare JSON library, and the preparation of a write.

use crate::bench::{Bench, Engine, bodies};
use crate::report::{Line, Section, rounded};
use crate::timing::{Pair, in_turns};
use anyhow::Result;
use std::hint::black_box;
use std::time::{Duration, Instant};
use yba_fhir::Resource;
use yba_fhir::json::{Value, from_slice, to_vec};
use yba_store::{Expect, Write};

pub const ROUNDS: usize = 7;
const ROUND: Duration = Duration::from_millis(150);
const TYPES: [&str; 4] = ["Patient", "Encounter", "Observation", "MedicationRequest"];

pub fn run(bench: &Bench) -> Result<Section> {
    let all = bodies(4000)?;
    let mut section = Section::new(
        "Parse and prepare",
        "Microseconds for one resource on one core. Raw of parsing: the bare JSON library without our guard (depth, \
         U+0000, size, duplicate keys). Raw of preparing (kept bytes, hash, index rows): printing the tree and hashing \
         it, which any store that checks contents does.",
    );
    section.lines.push(parsing("all types as they occur", &all)?);
    for kind in TYPES {
        let mark = format!("\"resourceType\":\"{kind}\"");
        let of_kind: Vec<Vec<u8>> =
            all.iter().filter(|body| String::from_utf8_lossy(body).contains(&mark)).cloned().collect();
        section.lines.push(parsing(kind, &of_kind)?);
    }
    section.lines.push(preparing(bench, &all)?);
    Ok(section)
}

fn parsing(what: &str, bodies: &[Vec<u8>]) -> Result<Line> {
    let bytes = bodies.iter().map(Vec::len).sum::<usize>() as f64 / bodies.len().max(1) as f64;
    let ours = || {
        each(bodies, |body| {
            black_box(Resource::parse(body)?);
            Ok(())
        })
    };
    let raw = || {
        each(bodies, |body| {
            black_box(from_slice::<Value>(body)?);
            Ok(())
        })
    };
    let pair = in_turns(ROUNDS, ours, raw)?;
    Ok(Line::times(format!("parse, {what} ({} bytes each)", rounded(bytes)), "µs", &pair))
}

fn preparing(bench: &Bench, bodies: &[Vec<u8>]) -> Result<Line> {
    let node = bench.node(Engine::Sqlite)?.expect("SQLite is always there");
    let numbers = node.records.store().numbers();
    let parsed = bodies.iter().map(|body| Resource::parse(body)).collect::<Result<Vec<_>, _>>()?;
    let ours = || {
        each(&parsed, |one| {
            black_box(Write::put(one, Expect::Anything, numbers)?);
            Ok(())
        })
    };
    let raw = || {
        each(&parsed, |one| {
            let printed = to_vec(one.tree())?;
            black_box(yba_store::audit_hash(&[], 0, 0, 0, 0, &printed));
            Ok(())
        })
    };
    let pair: Pair = in_turns(ROUNDS, ours, raw)?;
    node.close(bench);
    Ok(Line::times("prepare for the writer", "µs", &pair))
}

/// Microseconds for one item, over and over for one round.
pub fn each<T>(items: &[T], mut work: impl FnMut(&T) -> Result<()>) -> Result<f64> {
    let (begun, mut count) = (Instant::now(), 0u64);
    while begun.elapsed() < ROUND {
        for item in items {
            work(item)?;
        }
        count += items.len() as u64;
    }
    Ok(begun.elapsed().as_secs_f64() * 1e6 / count as f64)
}
