//! Reading by id over HTTP, beside what the same client gets from an empty answer and the same key from SQLite.

use crate::bench::{Bench, bodies, open};
use crate::client::{Load, Pressure, get, press};
use crate::report::{Line, Section, rounded};
use crate::server::Server;
use crate::timing::{Pair, in_turns, percentile};
use anyhow::Result;
use rusqlite::OpenFlags;
use std::hint::black_box;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};
use yba_fhir::Resource;
use yba_fhir::json::{from_slice, str_at};
use yba_records::Ctx;

const RESOURCES: usize = 20_000;
const ROUNDS: usize = 5;
const PRESSURE: Pressure =
    Pressure { connections: 32, time: Duration::from_millis(1500), answers: usize::MAX };
const WANTED_PER_SECOND: f64 = 15_000.0;

pub fn run(bench: &Bench) -> Result<Section> {
    let folder = bench.subfolder()?;
    let bodies = bodies(RESOURCES)?;
    let keys: Vec<(String, String)> = bodies.iter().filter_map(|body| key(body)).collect();
    let resources = bodies.iter().map(|body| Resource::parse(body)).collect::<Result<Vec<_>, _>>()?;
    bench.fill(folder.path(), resources.into_iter())?;
    let mut section = Section::new(
        "Read by id",
        format!(
            "`GET /fhir/[type]/[id]` over {RESOURCES} resources of all types in an order without pattern, 32 connections \
             kept open, no pipelining; client (one thread) and server share the machine. Permission and audit are on. \
             Raw over HTTP: the same client asking `/healthz`, which answers two bytes. Raw in process: the same keys \
             from the same file by one prepared statement."
        ),
    );
    section.lines.push(in_process(bench, folder.path(), &keys)?);
    over_http(folder.path(), &keys, &mut section)?;
    Ok(section)
}

fn key(body: &[u8]) -> Option<(String, String)> {
    let tree = from_slice(body).ok()?;
    Some((str_at(&tree, &["resourceType"])?.to_owned(), str_at(&tree, &["id"])?.to_owned()))
}

/// The keys in an order that jumps about; the step has no divisor in common with their number.
fn scattered(keys: &[(String, String)]) -> impl Iterator<Item = &(String, String)> {
    (0..keys.len()).map(|at| &keys[at * 7919 % keys.len()])
}

fn over_http(folder: &Path, keys: &[(String, String)], section: &mut Section) -> Result<()> {
    let server = Server::start(folder)?;
    let reads = Arc::new(scattered(keys).map(|(kind, id)| get(&format!("/fhir/{kind}/{id}"))).collect());
    let nothing = Arc::new(vec![get("/healthz")]);
    press(server.address, &reads, PRESSURE)?;
    let (mut waits, mut cpu) = (Pair::default(), Pair::default());
    let read = || round(&server, &reads, &mut waits.ours, &mut cpu.ours);
    let empty = || round(&server, &nothing, &mut waits.raw, &mut cpu.raw);
    let rates = in_turns(ROUNDS, read, empty)?;
    let met = rates.ours() >= WANTED_PER_SECOND;
    section.lines.push(
        Line::rates("read over HTTP, 32 connections", "reads", &rates)
            .target(format!("≥ {}/s", rounded(WANTED_PER_SECOND)), met),
    );
    let both = |part: f64| Pair {
        ours: vec![percentile(&waits.ours, part)],
        raw: vec![percentile(&waits.raw, part)],
    };
    section.lines.push(Line::times("… p50 of waiting", "ms", &both(0.5)));
    section.lines.push(Line::times("… p99 of waiting", "ms", &both(0.99)));
    section.lines.push(Line::times("… processor time of the server for one", "µs", &cpu));
    Ok(())
}

/// One round; answers the rate and keeps waits and processor time.
fn round(
    server: &Server,
    requests: &Arc<Vec<Vec<u8>>>,
    waits: &mut Vec<f64>,
    cpu: &mut Vec<f64>,
) -> Result<f64> {
    let before = server.cpu_seconds();
    let load: Load = press(server.address, requests, PRESSURE)?;
    cpu.push((server.cpu_seconds() - before) * 1e6 / load.waits_ms.len() as f64);
    waits.extend(&load.waits_ms);
    Ok(load.rate())
}

/// One caller, no network: through the door with its audit, and by plain SQL.
fn in_process(bench: &Bench, folder: &Path, keys: &[(String, String)]) -> Result<Line> {
    const AT_ONCE: usize = 5000;
    let records = open(folder, None)?;
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY;
    let plain = rusqlite::Connection::open_with_flags(folder.join("yba.db"), flags)?;
    let sql = "SELECT v.body FROM head h JOIN version v ON v.t = h.t WHERE h.shard = 0 AND h.kind = ?1 AND h.id = ?2";
    let mut statement = plain.prepare(sql)?;
    let ctx = Ctx::test_administrator("bench");
    let ours = || {
        let begun = Instant::now();
        bench.runtime.block_on(async {
            for (kind, id) in scattered(keys).take(AT_ONCE) {
                black_box(records.read(&ctx, kind, id).await?);
            }
            Ok::<_, anyhow::Error>(())
        })?;
        Ok(AT_ONCE as f64 / begun.elapsed().as_secs_f64())
    };
    let raw = || {
        let begun = Instant::now();
        for (kind, id) in scattered(keys).take(AT_ONCE) {
            black_box(statement.query_row((kind, id), |row| row.get::<_, Vec<u8>>(0))?);
        }
        Ok(AT_ONCE as f64 / begun.elapsed().as_secs_f64())
    };
    let pair = in_turns(ROUNDS, ours, raw)?;
    bench.runtime.block_on(records.store().close());
    Ok(Line::rates("read in process, 1 caller", "reads", &pair))
}
