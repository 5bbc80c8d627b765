//! Microseconds per Observation of the invented province, by stage: parsing, rows, text.
//! `cargo run --release -p yba-view --example speed`

use std::hint::black_box;
use std::time::Instant;
use yba_fhir::json::{Value, from_slice, from_str, str_at, to_vec};
use yba_synth::{Plan, province};
use yba_view::{Format, Left, View, Writer};

/// Ten columns as a table of results has them.
const VIEW: &str = r#"{"resource": "Observation", "select": [{"column": [
    {"name": "id", "path": "getResourceKey()"},
    {"name": "patient_id", "path": "subject.getReferenceKey(Patient)"},
    {"name": "visit_id", "path": "encounter.getReferenceKey(Encounter)"},
    {"name": "status", "path": "status"},
    {"name": "category", "path": "category.coding.code.first()"},
    {"name": "code", "path": "code.coding.where(system = 'http://loinc.org').code.first()"},
    {"name": "name", "path": "code.text"},
    {"name": "measured", "path": "effective.ofType(dateTime)"},
    {"name": "value", "path": "value.ofType(Quantity).value"},
    {"name": "unit", "path": "value.ofType(Quantity).code"}]}]}"#;

fn main() {
    let until = jiff::civil::date(2026, 3, 1);
    let all = province(&Plan { people: 300, seed: 7, years: 2, until });
    let is_observation = |one: &Value| str_at(one, &["resourceType"]) == Some("Observation");
    let bodies: Vec<Vec<u8>> =
        all.fhir().filter(is_observation).map(|one| to_vec(&one).expect("it prints")).collect();
    let bytes: usize = bodies.iter().map(Vec::len).sum();
    println!("{} observations, {} bytes each", bodies.len(), bytes / bodies.len());
    let trees: Vec<Value> = bodies.iter().map(|body| from_slice(body).expect("it parses")).collect();
    let view = View::compile(&from_str(VIEW).expect("JSON")).expect("a sound view");

    report("parse", bodies.len(), || {
        bodies.iter().map(|body| usize::from(from_slice::<Value>(body).is_ok())).sum()
    });
    report("rows, of parsed trees", bodies.len(), || {
        trees
            .iter()
            .map(|tree| {
                view.rows(tree, &mut |row| {
                    black_box(row.cells.len());
                })
                .expect("rows")
            })
            .sum()
    });
    for format in [Format::Csv, Format::Ndjson] {
        report(&format!("rows and text ({format:?}), of parsed trees"), bodies.len(), || {
            let (mut writer, mut out) = (Writer::new(format, view.columns()), Vec::new());
            for tree in &trees {
                writer.resource(&view, tree, &mut Left::UNBOUNDED.clone(), &mut out).expect("rows");
            }
            out.len()
        });
    }
    report("all of it, from bytes to CSV", bodies.len(), || {
        let (mut writer, mut out) = (Writer::new(Format::Csv, view.columns()), Vec::new());
        for body in &bodies {
            let tree: Value = from_slice(body).expect("it parses");
            writer.resource(&view, &tree, &mut Left::UNBOUNDED.clone(), &mut out).expect("rows");
        }
        out.len()
    });
}

/// The best of many runs, in microseconds for one.
fn report(name: &str, count: usize, mut work: impl FnMut() -> usize) {
    let mut best = f64::MAX;
    for _ in 0..20 {
        let start = Instant::now();
        black_box(work());
        best = best.min(start.elapsed().as_secs_f64() * 1e6 / count as f64);
    }
    println!("{best:9.2} µs  {name}");
}
