//! How fast the house is, and how near that comes to what its engines could do: `cargo xtask bench`.
//!
//! Each topic is a file with a function from [`Bench`] to a [`Section`]. Where it makes sense a figure stands beside a
//! raw baseline of the same engine in the same run: the same rows inserted with plain SQL, the same key read. Both are
//! run in turns, so that a noisy moment of the machine meets both; a figure is the median of its rounds.
//!
//! Everything is on loopback, bounded in count and time, and in a folder of its own that goes away.

mod audit;
mod bench;
mod bulk;
mod claims;
mod client;
mod crowd;
mod extract;
mod finding;
mod ingest;
mod judge;
mod linking;
mod machine;
mod operations;
mod parse;
mod people;
mod raw;
mod reads;
mod report;
mod scoped;
mod searches;
mod server;
mod startup;
mod station;
mod tables;
mod timing;
mod views;

use bench::Bench;
use report::{Report, Section};
use std::path::PathBuf;
use std::process::ExitCode;

/// As in the program that is measured.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// A topic: its name for `--only`, and what measures it.
type Topic = (&'static str, fn(&Bench) -> anyhow::Result<Section>);

const TOPICS: &[Topic] = &[
    ("parse", parse::run),
    ("extract", extract::run),
    ("judge", judge::run),
    ("tables", tables::run),
    ("ingest", ingest::run),
    ("claims", claims::run),
    ("reads", reads::run),
    ("searches", searches::run),
    ("operations", operations::run),
    ("scoped", scoped::run),
    ("people", people::run),
    ("linking", linking::run),
    ("views", views::run),
    ("startup", startup::run),
    ("station", station::run),
    ("audit", audit::run),
    ("growth", operations::growth),
    ("finding", finding::run),
];

/// What takes long, and is measured only when it is named.
const DEEP: &[&str] = &["audit", "growth", "finding"];

/// What the command line asks.
#[derive(Default)]
struct Asked {
    only: Vec<String>,
    /// The document whose figures are replaced.
    write: Option<PathBuf>,
}

fn main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1);
    let done = match (arguments.next(), arguments.next()) {
        (Some(first), Some(lines)) if first == tables::ROUND => tables::one_round(lines.as_ref()),
        (Some(first), Some(records)) if first == linking::ROUND => {
            linking::one_round(&records.to_string_lossy())
        }
        _ => asked().and_then(|asked| measure(&asked)),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench: {error:#}");
            ExitCode::from(3)
        }
    }
}

fn asked() -> anyhow::Result<Asked> {
    let mut asked = Asked::default();
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            // Cargo adds it to every benchmark.
            "--bench" => {}
            "--only" => asked.only.extend(arguments.next()),
            "--write" => asked.write = arguments.next().map(PathBuf::from),
            other => anyhow::bail!("unknown argument {other}; known: --only NAME, --write FILE"),
        }
    }
    let known: Vec<&str> = TOPICS.iter().map(|(name, _)| *name).collect();
    match asked.only.iter().find(|name| !known.contains(&name.as_str())) {
        Some(name) => anyhow::bail!("no topic {name}; there are: {}", known.join(", ")),
        None => Ok(asked),
    }
}

fn measure(asked: &Asked) -> anyhow::Result<()> {
    let bench = Bench::new()?;
    let mut report = Report::new(bench.folder());
    println!("{}", report.machine());
    for (name, run) in TOPICS {
        let is_named = asked.only.iter().any(|one| one == name);
        if !is_named && (!asked.only.is_empty() || DEEP.contains(name)) {
            continue;
        }
        let mut section = run(&bench).map_err(|error| error.context(format!("topic {name}")))?;
        section.stamp();
        println!("{section}");
        report.add(name, section);
    }
    match &asked.write {
        Some(path) => report.write(path),
        None => Ok(()),
    }
}
