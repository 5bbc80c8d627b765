//! Starting, memory and size of the program, on the demonstration's data.

use crate::bench::Bench;
use crate::client::{Pressure, ask, get, post, press};
use crate::report::{Line, Section, rounded};
use crate::server::{Server, command, program};
use crate::timing::{Pair, median};
use anyhow::{Result, ensure};
use rusqlite::OpenFlags;
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::time::{Duration, Instant};

const ROUNDS: usize = 5;
/// The demonstration measured here; memory hardly depends on it, since indexes are paged from disk.
const PEOPLE: u32 = 1000;
const READY_SECONDS: f64 = 1.0;
const MEMORY_MB: f64 = 200.0;
const BINARY_MB: f64 = 60.0;

pub fn run(bench: &Bench) -> Result<Section> {
    let folder = bench.subfolder()?;
    let filled = demo(folder.path())?;
    let database = std::fs::metadata(folder.path().join("yba.db"))?.len() >> 20;
    let mut section = Section::new(
        "Start, memory, size",
        format!(
            "A demonstration of {PEOPLE} people over 3 years ({database} MB, made in {filled:.0} s). Ready: from starting \
             the program to the first answer of `/fhir/metadata`; raw: `yba --version`, which only starts and ends. \
             Memory: `RssAnon` after the load."
        ),
    );
    section.lines.push(start(folder.path())?);
    section.lines.extend(memory(folder.path())?);
    let size = std::fs::metadata(program())?.len() as f64 / (1 << 20) as f64;
    section.lines.push(
        Line::new("size of the program", format!("{} MB", rounded(size)))
            .target(format!("≤ {BINARY_MB} MB"), size <= BINARY_MB),
    );
    Ok(section)
}

/// Makes the demonstration; answers the seconds.
fn demo(folder: &Path) -> Result<f64> {
    println!("  making a demonstration of {PEOPLE} people …");
    let begun = Instant::now();
    let people = PEOPLE.to_string();
    let arguments = ["demo", "--no-serve", "--people", &people, "--until", "2026-03-01", "--data"];
    let status =
        command().args(arguments).arg(folder).stdout(Stdio::null()).stderr(Stdio::null()).status()?;
    ensure!(status.success(), "yba demo ended with {status}");
    Ok(begun.elapsed().as_secs_f64())
}

fn start(folder: &Path) -> Result<Line> {
    let mut pair = Pair::default();
    for _ in 0..ROUNDS {
        pair.ours.push(Server::start(folder)?.ready_seconds);
        let begun = Instant::now();
        command().arg("--version").stdout(Stdio::null()).status()?;
        pair.raw.push(begun.elapsed().as_secs_f64());
    }
    let met = pair.ours() <= READY_SECONDS;
    Ok(Line::times("ready after start", "s", &pair).target(format!("≤ {READY_SECONDS} s"), met))
}

/// Serves reads, searches and pages from 32 connections, then asks the kernel.
fn memory(folder: &Path) -> Result<Vec<Line>> {
    let patients = patients(folder)?;
    let server = Server::start(folder)?;
    let fresh = server.memory_mb("RssAnon");
    let mut requests = Vec::new();
    for id in &patients {
        requests.push(get(&format!("/fhir/Patient/{id}")));
        requests.push(get(&format!("/fhir/Observation?patient={id}&_count=50")));
        requests.push(post("/tim", "application/x-www-form-urlencoded", "q=nguyen+thi"));
        let page = get(&format!("/nguoi/{id}"));
        if ask(server.address, &page)?.0 == 200 {
            requests.push(page);
        }
    }
    let pressure = Pressure { connections: 32, time: Duration::from_secs(8), answers: usize::MAX };
    let load = press(server.address, &Arc::new(requests), pressure)?;
    let after = server.memory_mb("RssAnon");
    let mixed = format!("{}/s, p50 {} ms", rounded(load.rate()), rounded(median(&load.waits_ms)));
    Ok(vec![
        Line::new("anonymous memory after start", format!("{} MB", rounded(fresh))),
        Line::new(
            "anonymous memory after 8 s of reads, searches and pages",
            format!("{} MB", rounded(after)),
        )
        .target(format!("≤ {MEMORY_MB} MB"), after <= MEMORY_MB),
        Line::new("… that load, 32 connections", mixed),
    ])
}

fn patients(folder: &Path) -> Result<Vec<String>> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY;
    let plain = rusqlite::Connection::open_with_flags(folder.join("yba.db"), flags)?;
    let mut statement =
        plain.prepare("SELECT id FROM head WHERE kind = 'Patient' AND deleted = 0 ORDER BY id LIMIT 300")?;
    let found = statement.query_map([], |row| row.get(0))?.collect::<Result<Vec<String>, _>>()?;
    Ok(found)
}
