//! What the program loads before it can judge, expand and search: R4's definitions, content, terminology, profiles,
//! views. Each round is a process of its own, since tables are made once in a process.

use crate::bench::{Bench, bodies};
use crate::machine::own_memory_mb;
use crate::report::{Line, Section, rounded};
use crate::timing::{Pair, median};
use anyhow::{Context, Result, ensure};
use std::fs::File;
use std::hint::black_box;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::Command;
use std::time::Instant;
use yba_content::Content;
use yba_fhir::{Day, Resource};
use yba_store::index::{self, Numbers};
use yba_terminology::expand::Expand;
use yba_validate::{Codes, Findings, Validator};
use yba_view::Library;

/// The argument that makes this program one such process.
pub const ROUND: &str = "--one-round-of-tables";
const ROUNDS: usize = 7;
const LOADED_MS: f64 = 150.0;
const MEMORY_MB: f64 = 80.0;
const ICD10_SET: &str = "https://yba.vn/fhir/ValueSet/icd-10-vn";

pub fn run(bench: &Bench) -> Result<Section> {
    let folder = bench.subfolder()?;
    let lines = folder.path().join("bodies.ndjson");
    std::fs::write(&lines, bodies(4000)?.join(&b'\n'))?;
    let (mut pair, mut loaded, mut used) = (Pair::default(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let told = Command::new(std::env::current_exe()?).arg(ROUND).arg(&lines).output()?;
        ensure!(told.status.success(), "{}", String::from_utf8_lossy(&told.stderr));
        let text = String::from_utf8(told.stdout)?;
        let figures: Vec<f64> =
            text.split_whitespace().map(str::parse).collect::<Result<_, _>>().context("no figures")?;
        let [raw_ms, ours_ms, loaded_mb, used_mb] = figures[..] else { anyhow::bail!("odd figures: {text}") };
        pair.raw.push(raw_ms);
        pair.ours.push(ours_ms);
        loaded.push(loaded_mb);
        used.push(used_mb);
    }
    let (loaded, used) = (median(&loaded), median(&used));
    let mut section = Section::new(
        "Tables",
        "What must be there before the first answer: R4's types, content, code lists, compiled profiles and views. Raw: the \
         same definitions and lists unpacked, nothing made of them. Memory is anonymous (`RssAnon`), more than before. \
         Used: 4,000 resources of all types of the invented province judged and their index rows made, ICD-10 searched \
         once, all of which make more tables when they are first needed.",
    );
    let line = Line::times("loaded", "ms", &pair);
    section.lines.push(line.target(format!("≤ {LOADED_MS} ms"), pair.ours() <= LOADED_MS));
    section.lines.push(Line::new("memory when loaded", format!("{} MB", rounded(loaded))));
    let line = Line::new("memory when used", format!("{} MB", rounded(used)));
    section.lines.push(line.target(format!("≤ {MEMORY_MB} MB"), used <= MEMORY_MB));
    Ok(section)
}

/// One round: tells milliseconds raw and ours, megabytes when loaded and when used.
pub fn one_round(lines: &Path) -> Result<()> {
    let before = own_memory_mb();
    let begun = Instant::now();
    let content = Content::built_in();
    let today = Day::parse("2026-03-02").context("a day")?;
    let codes = Codes::of_content(&content, today);
    let (validator, problems) = Validator::of_content(&content, codes.clone(), &[]);
    ensure!(problems.is_empty(), "content has problems: {problems:?}");
    let views = Library::load(&content).map_err(|problems| anyhow::anyhow!("{problems:?}"))?;
    let ours = begun.elapsed();
    let loaded = own_memory_mb() - before;
    let numbers = Numbers::new(Numbers::names().enumerate().map(|(at, name)| (name, at as i64)).collect());
    for line in BufReader::new(File::open(lines)?).lines() {
        let resource = Resource::parse(line?.as_bytes())?;
        let mut findings = Findings::errors_only();
        validator.judge(resource.tree(), &[], &mut findings);
        ensure!(!findings.has_errors(), "{:?}", findings.issues);
        black_box(index::extract(resource.tree(), resource.kind(), "a", &numbers));
    }
    let set = codes.terminology().value_set(ICD10_SET).context("ICD-10")?;
    let asked = Expand { filter: Some("viem phoi"), count: Some(20), ..Expand::on(today) };
    black_box(set.expand(&asked).map_err(|refused| anyhow::anyhow!("{refused:?}"))?);
    let used = own_memory_mb() - before;
    black_box(&views);
    let begun = Instant::now();
    for asset in yba_assets::all().iter().filter(|asset| asset.name.ends_with(".gz")) {
        black_box(yba_assets::text(asset.name));
    }
    let raw = begun.elapsed();
    println!("{} {} {loaded} {used}", raw.as_secs_f64() * 1e3, ours.as_secs_f64() * 1e3);
    Ok(())
}
