//! Importing claim files of both hospital systems, beside the rows this leaves, inserted with plain SQL.

use crate::bench::{Bench, Engine, Node, province, timed};
use crate::raw;
use crate::report::{Line, Section};
use crate::timing::in_turns;
use anyhow::{Result, ensure};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use yba_claim::{Options, ProvinceKey, Report};
use yba_content::Content;
use yba_synth::Dialect;

const ROUNDS: usize = 5;
const PEOPLE: u32 = 400;
const YEARS: u32 = 2;
const WANTED_PER_SECOND: f64 = 200.0;

pub fn run(bench: &Bench) -> Result<Section> {
    let files = bench.subfolder()?;
    let content = Arc::new(Content::built_in());
    let mut section = Section::new(
        "Claim import",
        format!(
            "The claim files of {PEOPLE} invented people over {YEARS} years, from files on disk to visits on disk. Raw: \
             exactly the rows that the import leaves, inserted as under Ingest, 64 visits a commit (as many as are \
             imported at once)."
        ),
    );
    for (name, dialect) in [("A", Dialect::A), ("B", Dialect::B)] {
        let folder = files.path().join(name);
        write(dialect, &folder)?;
        section.lines.push(one(bench, name, folder, &content)?);
    }
    Ok(section)
}

fn write(dialect: Dialect, folder: &Path) -> Result<()> {
    write_of(PEOPLE, dialect, folder)
}

/// The resources that the claim files of some people become.
pub fn bodies(bench: &Bench, people: u32) -> Result<Vec<Vec<u8>>> {
    const MOST: usize = 20_000;
    let files = bench.subfolder()?;
    write_of(people, Dialect::A, files.path())?;
    let node = bench.node(Engine::Sqlite)?.expect("SQLite is always there");
    let (content, key) = (Arc::new(Content::built_in()), ProvinceKey::new([7; 32]));
    let inputs = [files.path().to_owned()];
    let work = yba_claim::import(&node.records, &content, &key, &inputs, Options::default(), |_| {});
    bench.runtime.block_on(work)?;
    let versions = bench.runtime.block_on(node.records.store().changes_after(0, MOST))?;
    node.close(bench);
    Ok(versions.into_iter().map(|version| version.body.to_vec()).collect())
}

fn write_of(people: u32, dialect: Dialect, folder: &Path) -> Result<()> {
    for file in province(people, YEARS).claims(dialect, |_| true) {
        let path = folder.join(&file.name);
        std::fs::create_dir_all(path.parent().unwrap_or(folder))?;
        std::fs::write(path, &file.bytes)?;
    }
    Ok(())
}

fn one(bench: &Bench, name: &str, folder: PathBuf, content: &Arc<Content>) -> Result<Line> {
    let (_, first, report) = import(bench, &folder, content)?;
    let versions = first.records.store().head_t() as usize;
    let visits = report.visits.total();
    ensure!(visits > 0, "no visit in {}", folder.display());
    let groups = raw::groups(&first.place, versions * Options::default().workers / visits as usize)?;
    drop(first);
    let ours = || import(bench, &folder, content).map(|(seconds, ..)| visits as f64 / seconds);
    let plain = || Ok(visits as f64 / raw::insert(bench, Engine::Sqlite, &groups)?);
    let pair = in_turns(ROUNDS, ours, plain)?;
    let what = format!("system {name}: {visits} visits, {} resources each", versions / visits as usize);
    let met = pair.ours() >= WANTED_PER_SECOND;
    Ok(Line::rates(what, "visits", &pair).target(format!("≥ {WANTED_PER_SECOND} visits/s"), met))
}

fn import(bench: &Bench, folder: &Path, content: &Arc<Content>) -> Result<(f64, Node, Report)> {
    let node = bench.node(Engine::Sqlite)?.expect("SQLite is always there");
    let (key, inputs) = (ProvinceKey::new([7; 32]), [folder.to_owned()]);
    let work = yba_claim::import(&node.records, content, &key, &inputs, Options::default(), |_| {});
    let (seconds, report) = timed(|| Ok(bench.runtime.block_on(work)?))?;
    node.close(bench);
    Ok((seconds, node, report))
}
