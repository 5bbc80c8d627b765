//! The two pages: finding a person among a hundred thousand, and the record of somebody with 500 visits.

use crate::bench::{Bench, open};
use crate::client::{Load, Pressure, ask, get, post, press};
use crate::crowd::{BUSY, Crowd, PEOPLE, Somebody};
use crate::report::{Line, Section, rounded};
use crate::server::Server;
use crate::timing::percentile;
use anyhow::{Context, Result, ensure};
use rusqlite::{Connection, OpenFlags};
use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};
use yba_fhir::text::fold;
use yba_records::Ctx;

/// What people type, and how it is called.
type Typed = (&'static str, fn(&Somebody) -> Option<String>);

const TYPED: [Typed; 6] = [
    ("name without marks and birth year", |one| Some(format!("{} {}", fold(&one.name), one.birth.get(..4)?))),
    ("full name with marks", |one| Some(one.name.clone())),
    ("half a name", |one| Some(one.name.chars().take(one.name.chars().count() * 2 / 3).collect())),
    ("first two words of the name", |one| {
        Some(fold(&one.name).split(' ').take(2).collect::<Vec<_>>().join(" "))
    }),
    ("identity number", |one| one.number.clone()),
    ("phone", |one| Some(one.phone.clone())),
];
const FORM: &str = "application/x-www-form-urlencoded";
const FIND_P99_MS: f64 = 15.0;
const PAGE_P95_MS: f64 = 50.0;

pub fn run(bench: &Bench) -> Result<Section> {
    let crowd = bench.crowd()?;
    let mut section = Section::new(
        "Pages",
        format!(
            "One connection over HTTP, pages whole (not only the part that htmx asks for), {PEOPLE} people. Raw of a \
             search: the search in process without page and network. Raw of the record page: all bodies of the person \
             by one SQL statement."
        ),
    );
    let mut slowest: Vec<f64> = Vec::new();
    let in_process = find_in_process(bench, crowd)?;
    let server = Server::start(crowd.folder.path())?;
    println!("  the followers read all of it in {:.0} s", server.wait_for_followers()?);
    for ((what, typed), raw) in TYPED.iter().zip(in_process) {
        let bodies = crowd.people.iter().filter_map(typed).map(|typed| format!("q={}", plus(&typed)));
        let requests = Arc::new(bodies.map(|body| post("/tim", FORM, &body)).collect::<Vec<_>>());
        let load = pressed(&server, &requests, 400)?;
        section.lines.push(shown(&format!("find by {what}"), &load.waits_ms, &raw));
        slowest.extend(load.waits_ms);
    }
    let p99 = percentile(&slowest, 0.99);
    section.lines.push(
        Line::new("find, all of these", format!("p99 {} ms", rounded(p99)))
            .target(format!("p99 < {FIND_P99_MS} ms"), p99 < FIND_P99_MS),
    );
    section.lines.extend(record_page(&server, crowd)?);
    Ok(section)
}

fn pressed(server: &Server, requests: &Arc<Vec<Vec<u8>>>, answers: usize) -> Result<Load> {
    press(server.address, requests, Pressure { connections: 1, time: Duration::from_secs(8), answers })
}

/// Median and 99th percentile of both.
fn shown(what: &str, ours: &[f64], raw: &[f64]) -> Line {
    let text = |waits: &[f64]| {
        format!("p50 {} ms, p99 {} ms", rounded(percentile(waits, 0.5)), rounded(percentile(waits, 0.99)))
    };
    let ratio = percentile(raw, 0.5) / percentile(ours, 0.5);
    Line { ratio: Some(ratio), ..Line::new(what, text(ours)).beside(text(raw)) }
}

fn plus(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b' ' => "+".to_owned(),
            _ if byte.is_ascii_alphanumeric() => char::from(byte).to_string(),
            _ => format!("%{byte:02X}"),
        })
        .collect()
}

fn find_in_process(bench: &Bench, crowd: &Crowd) -> Result<Vec<Vec<f64>>> {
    let records = open(crowd.folder.path(), None)?;
    let ctx = Ctx::test_administrator("bench");
    let mut all = Vec::new();
    for (_, typed) in TYPED {
        let mut waits = Vec::new();
        for text in crowd.people.iter().filter_map(typed).take(400) {
            let asked = Instant::now();
            let hits = bench.runtime.block_on(yba_mpi::find::find(&records, &ctx, &text, 21))?;
            waits.push(asked.elapsed().as_secs_f64() * 1e3);
            ensure!(!hits.hits.is_empty(), "nobody was found");
        }
        all.push(waits);
    }
    bench.runtime.block_on(records.store().close());
    Ok(all)
}

fn record_page(server: &Server, crowd: &Crowd) -> Result<Vec<Line>> {
    let request = get(&format!("/nguoi/{BUSY}"));
    let (status, page) = ask(server.address, &request)?;
    ensure!(status == 200, "the page of {BUSY} was answered with {status}");
    let raw = all_bodies(crowd)?;
    let requests = Arc::new(vec![request]);
    pressed(server, &requests, 10)?;
    let cpu = server.cpu_seconds();
    let load = pressed(server, &requests, 100)?;
    let cpu_ms = (server.cpu_seconds() - cpu) * 1e3 / load.waits_ms.len() as f64;
    let p95 = percentile(&load.waits_ms, 0.95);
    let what = format!(
        "record with 500 visits ({} resources, {} kB of page)",
        crowd.busy_resources,
        page.len() / 1024
    );
    Ok(vec![
        shown(&what, &load.waits_ms, &raw),
        Line::new("… p95", format!("{} ms", rounded(p95)))
            .target(format!("p95 < {PAGE_P95_MS} ms"), p95 < PAGE_P95_MS),
        Line::new("… processor time of the server for one", format!("{} ms", rounded(cpu_ms))),
    ])
}

/// Milliseconds to read all bodies of the person by plain SQL, several times.
fn all_bodies(crowd: &Crowd) -> Result<Vec<f64>> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY;
    let plain = Connection::open_with_flags(crowd.folder.path().join("yba.db"), flags)?;
    let sql = "SELECT v.body FROM (SELECT DISTINCT t_from FROM ix_patient WHERE shard = 0 AND patient = ?1) x \
               JOIN version v ON v.t = x.t_from";
    let mut statement = plain.prepare(sql)?;
    let mut waits = Vec::new();
    for _ in 0..30 {
        let (asked, mut bodies) = (Instant::now(), 0);
        let mut rows = statement.query([BUSY])?;
        while let Some(row) = rows.next()? {
            black_box(row.get_ref(0)?.as_blob()?.len());
            bodies += 1;
        }
        waits.push(asked.elapsed().as_secs_f64() * 1e3);
        (bodies >= crowd.busy_resources).then_some(()).with_context(|| format!("only {bodies} bodies"))?;
    }
    Ok(waits)
}
