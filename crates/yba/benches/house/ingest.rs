//! Taking records in through the door, on both engines, beside the same rows inserted with plain SQL.

use crate::bench::{Bench, Engine, Node, bodies, timed};
use crate::raw;
use crate::report::{Line, Section};
use crate::timing::in_turns;
use anyhow::Result;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use yba_fhir::Resource;
use yba_records::{Change, Ctx, Records};

const ROUNDS: usize = 5;

/// How records are sent.
#[derive(Clone, Copy)]
struct Shape {
    what: &'static str,
    /// Resources in one transaction.
    bundle: usize,
    /// Senders at once, each waiting for its answer before it sends again.
    senders: usize,
    resources: usize,
}

const SHAPES: [Shape; 4] = [
    Shape { what: "one by one, 1 sender", bundle: 1, senders: 1, resources: 400 },
    Shape { what: "one by one, 32 senders", bundle: 1, senders: 32, resources: 3200 },
    Shape { what: "bundles of 100, 1 sender", bundle: 100, senders: 1, resources: 8000 },
    Shape { what: "bundles of 100, 4 senders", bundle: 100, senders: 4, resources: 8000 },
];

pub fn run(bench: &Bench) -> Result<Section> {
    let mut section = Section::new(
        "Ingest",
        "From the bytes of resources to their commit on disk (parse, prepare, index rows, version, head, audit). Raw: \
         exactly the rows of our run, ready in memory, inserted into an empty database with the same tables and \
         indexes and the same durability (SQLite WAL with synchronous=FULL, one prepared statement a table; PostgreSQL \
         synchronous_commit=on, arrays in one pipeline with BEGIN and COMMIT). A raw commit takes as many transactions \
         as there are senders, which is the most that ours could join.",
    );
    let all = Arc::new(bodies(8000)?);
    for engine in Engine::BOTH {
        for shape in SHAPES {
            if let Some(line) = one(bench, engine, shape, &all)? {
                println!("  {} {}: {} / {}", engine.name(), shape.what, line.ours, line.raw);
                section.lines.push(line);
            }
        }
    }
    Ok(section)
}

fn one(bench: &Bench, engine: Engine, shape: Shape, all: &Arc<Vec<Vec<u8>>>) -> Result<Option<Line>> {
    let Some((_, first)) = ours(bench, engine, shape, all)? else { return Ok(None) };
    let groups = raw::groups(&first.place, shape.bundle * shape.senders)?;
    drop(first);
    let run = || {
        let ran = ours(bench, engine, shape, all)?;
        Ok(ran.map_or(0.0, |(seconds, _)| shape.resources as f64 / seconds))
    };
    let plain = || Ok(shape.resources as f64 / raw::insert(bench, engine, &groups)?);
    let pair = in_turns(ROUNDS, run, plain)?;
    let line = Line::rates(format!("{}, {}", engine.name(), shape.what), "resources", &pair);
    Ok(Some(if shape.bundle > 1 { line.at_least(0.4) } else { line }))
}

/// Sends all through the door of a new node; answers the seconds and the node.
fn ours(bench: &Bench, engine: Engine, shape: Shape, all: &Arc<Vec<Vec<u8>>>) -> Result<Option<(f64, Node)>> {
    let Some(node) = bench.node(engine)? else { return Ok(None) };
    let next = Arc::new(AtomicUsize::new(0));
    let send = async {
        let senders: Vec<_> = (0..shape.senders)
            .map(|_| tokio::spawn(sender(node.records.clone(), shape, all.clone(), next.clone())))
            .collect();
        for sender in senders {
            sender.await??;
        }
        Ok(())
    };
    let (seconds, ()) = timed(|| bench.runtime.block_on(send))?;
    node.close(bench);
    Ok(Some((seconds, node)))
}

/// Sends the next bundle until none is left.
async fn sender(
    records: Records,
    shape: Shape,
    all: Arc<Vec<Vec<u8>>>,
    next: Arc<AtomicUsize>,
) -> Result<()> {
    let ctx = Ctx::system("bench");
    loop {
        let from = next.fetch_add(shape.bundle, Ordering::Relaxed);
        if from >= shape.resources {
            return Ok(());
        }
        let bundle = &all[from..(from + shape.bundle).min(shape.resources)];
        let changes =
            bundle.iter().map(|body| Ok(Change::put(Resource::parse(body)?))).collect::<Result<Vec<_>>>()?;
        records.transact(&ctx, changes).await?;
    }
}
