//! How long the index rows of a resource take, all search parameters of R4 by their compiled expressions, beside a
//! walk over plain paths that knows no composites and no types: for whoever works on the index.
//! `cargo run --release -p yba-store --example extract [FOLDER]`
//!
//! With a folder of JSON files it also compares: the rows that both can find, resource by resource.

mod plain;

use plain::{Plains, plain_rows};
use std::collections::{BTreeMap, HashSet};
use std::hint::black_box;
use std::time::Instant;
use yba_fhir::Resource;
use yba_fhir::defs::r4;
use yba_store::db::Value;
use yba_store::db::schema::INDEXES;
use yba_store::index::{self, Numbers, Rows};

const RESOURCES: usize = 4000;
const ROUNDS: usize = 12;

fn main() {
    let before_kb = resident_kb();
    let numbers =
        Numbers::new(Numbers::names().enumerate().map(|(at, name)| (name, at as i64 + 1)).collect());
    println!("{:9} kB  tables and numbers", resident_kb() - before_kb);
    let plains = plain::all(&numbers);
    let resources = std::env::args().nth(1).map_or_else(invented, |folder| files(&folder));
    compare(&resources, &plains, &numbers);
    measure(&resources, &plains, &numbers);
}

/// Tells which rows only one way finds, among the parameters that both know.
fn compare(resources: &[Resource], plains: &Plains, numbers: &Numbers) {
    let mut differences: BTreeMap<String, (usize, String)> = BTreeMap::new();
    let (mut same, mut further) = (0, 0);
    let names: Vec<String> = Numbers::names().collect();
    for resource in resources {
        let kind = resource.kind();
        let in_both: HashSet<i64> = plains.get(kind).into_iter().flatten().map(|one| one.p).collect();
        let (plain, all) = (plain_rows(resource, plains), extract(resource, numbers));
        for (table, index) in INDEXES.iter().enumerate().filter(|(_, one)| one.table.name != "ix_patient") {
            let old: Vec<&[Value]> = plain.rows(table).collect();
            let (known, new): (Vec<&[Value]>, Vec<&[Value]>) =
                all.rows(table).partition(|row| matches!(row[0], Value::Int(p) if in_both.contains(&p)));
            further += new.len();
            let mut tell = |what: &str, row: &[Value]| {
                let Value::Int(p) = row[0] else { return };
                let name = &names[p as usize - 1];
                let told = differences.entry(format!("{name} {}: {what}", index.table.name)).or_default();
                told.0 += 1;
                told.1 = format!("{:?} of {}", &row[1..], resource.id().unwrap_or_default());
            };
            old.iter().filter(|row| !known.contains(row)).for_each(|row| tell("only by plain path", row));
            known.iter().filter(|row| !old.contains(row)).for_each(|row| tell("only by expression", row));
            same += known.iter().filter(|row| old.contains(row)).count();
        }
    }
    println!("{} resources: {same} rows are the same, {further} are of further parameters", resources.len());
    for (what, (count, example)) in differences {
        println!("{count:9} {what}, e.g. {example}");
    }
}

fn extract(resource: &Resource, numbers: &Numbers) -> Rows {
    index::extract(resource.tree(), resource.kind(), resource.id().unwrap_or_default(), numbers)
}

fn measure(resources: &[Resource], plains: &Plains, numbers: &Numbers) {
    let bytes: usize = resources.iter().map(|one| one.content().len()).sum();
    println!("\n{} resources of {} bytes on average", resources.len(), bytes / resources.len());
    report("all", resources, plains, numbers);
    let mut by_kind: BTreeMap<&str, Vec<Resource>> = BTreeMap::new();
    for one in resources {
        let copy = Resource::from_parsed(one.tree().clone()).expect("it was one before");
        by_kind.entry(one.kind()).or_default().push(copy);
    }
    for (kind, resources) in by_kind {
        report(kind, &resources, plains, numbers);
    }
    let before_kb = resident_kb();
    let begun = Instant::now();
    let kinds: Vec<&str> = r4().resource_types().collect();
    for kind in &kinds {
        let text = format!(r#"{{"resourceType":"{kind}","id":"a"}}"#);
        let resource = Resource::parse(text.as_bytes()).expect("it has a type and an id");
        black_box(extract(&resource, numbers));
    }
    let (ms, kb) = (begun.elapsed().as_secs_f64() * 1e3, resident_kb() - before_kb);
    println!("{ms:9.1} ms, {kb} kB  compiling the {} types whole (those above were there)", kinds.len());
}

/// The best of some rounds, in turns, in microseconds for one.
fn report(name: &str, resources: &[Resource], plains: &Plains, numbers: &Numbers) {
    let (mut all, mut plain) = (f64::MAX, f64::MAX);
    let (mut rows_all, mut rows_plain) = (0, 0);
    let each = 1e6 / resources.len() as f64;
    for _ in 0..ROUNDS {
        let begun = Instant::now();
        rows_all = resources.iter().map(|one| black_box(extract(one, numbers)).len()).sum();
        all = all.min(begun.elapsed().as_secs_f64() * each);
        let begun = Instant::now();
        rows_plain = resources.iter().map(|one| black_box(plain_rows(one, plains)).len()).sum();
        plain = plain.min(begun.elapsed().as_secs_f64() * each);
    }
    let mean = |rows: usize| rows as f64 / resources.len() as f64;
    println!(
        "{all:7.2} µs for {:5.1} rows, plain paths {plain:7.2} µs for {:5.1}  {name} ({})",
        mean(rows_all),
        mean(rows_plain),
        resources.len()
    );
}

/// Resources of the invented province, in all its types.
fn invented() -> Vec<Resource> {
    let plan = yba_synth::Plan { people: 100, seed: 3, years: 5, until: jiff::civil::date(2026, 3, 1) };
    let parsed = |tree| Resource::from_parsed(tree).expect("the province writes resources");
    yba_synth::province(&plan).fhir().take(RESOURCES).map(parsed).collect()
}

fn files(folder: &str) -> Vec<Resource> {
    let entries = std::fs::read_dir(folder).expect("the folder is there").flatten();
    let mut paths: Vec<_> = entries.map(|entry| entry.path()).collect();
    paths.sort();
    let read = |path: std::path::PathBuf| Resource::parse(&std::fs::read(path).ok()?).ok();
    paths.into_iter().filter_map(read).collect()
}

fn resident_kb() -> i64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or("0");
    line.trim().trim_end_matches(" kB").parse().unwrap_or(0)
}
