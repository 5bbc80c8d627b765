//! A view of ten columns over a million Observations on SQLite, beside reading the same bodies with SQL and parsing them.

use crate::bench::{Bench, open, province, timed};
use crate::report::{Line, Section, rounded};
use crate::timing::{Pair, in_turns};
use anyhow::{Context, Result};
use rusqlite::{Connection, OpenFlags};
use std::hint::black_box;
use std::path::Path;
use yba_fhir::Resource;
use yba_fhir::json::{Value, from_slice, from_str, str_at, to_string};
use yba_records::{Ctx, Wanted};
use yba_view::{Format, Left, View, Writer};

const OBSERVATIONS: usize = 1_000_000;
/// Seconds for all of them.
const TARGET_S: f64 = 10.0;
const ROUNDS: usize = 3;
const OPEN: i64 = i64::MAX;

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

pub fn run(bench: &Bench) -> Result<Section> {
    let folder = bench.subfolder()?;
    println!("  writing {OBSERVATIONS} observations …");
    let (seconds, written) = timed(|| bench.fill(folder.path(), observations()?))?;
    println!("  {written} written in {seconds:.0} s");
    let view = View::compile(&from_str(VIEW)?)?;
    let mut section = Section::new(
        "Views",
        format!(
            "Ten columns of {OBSERVATIONS} Observations of the invented province on SQLite, through the door (permission, \
             audit), to CSV in memory, on one core, whose pages lie in the system's cache. Raw: the bodies of the same \
             records by one SQL statement written by hand, each parsed by the bare JSON library, and nothing made of \
             them. Seconds for all of them."
        ),
    );
    let mut bytes = 0;
    let ours =
        || ours(bench, folder.path(), &view).inspect(|(_, length)| bytes = *length).map(|(time, _)| time);
    let pair: Pair = in_turns(ROUNDS, ours, || raw(folder.path()))?;
    let line = Line::times(format!("to CSV ({} MB)", rounded(bytes as f64 / 1e6)), "s", &pair);
    section.lines.push(line.target(format!("≤ {TARGET_S:.0} s"), pair.ours() <= TARGET_S));
    Ok(section)
}

/// Observations of some people, over and over with ids of their own.
fn observations() -> Result<impl Iterator<Item = Resource>> {
    let is_observation = |one: &Value| str_at(one, &["resourceType"]) == Some("Observation");
    let some: Vec<String> = province(1000, 3)
        .fhir()
        .filter(is_observation)
        .map(|one| to_string(&yba_fhir::json::ordered(&one)))
        .collect::<Result<_, _>>()?;
    anyhow::ensure!(!some.is_empty(), "the province has no observations");
    let copy = move |number: usize| {
        let (text, round) = (&some[number % some.len()], number / some.len());
        let text = text.replacen("\"id\":\"", &format!("\"id\":\"r{round}-"), 1);
        Resource::parse(text.as_bytes()).expect("ours is valid")
    };
    Ok((0..OBSERVATIONS).map(copy))
}

/// Seconds, and the bytes of the table.
fn ours(bench: &Bench, folder: &Path, view: &View) -> Result<(f64, usize)> {
    let records = open(folder, None)?;
    let ctx = Ctx::system("bench");
    let (seconds, (rows, bytes)) = timed(|| {
        bench.runtime.block_on(async {
            let wanted = Wanted { kind: view.resource(), ..Wanted::default() };
            let mut export = records.export(&ctx, wanted).await?;
            let (mut writer, mut out, mut bytes) = (Writer::new(Format::Csv, view.columns()), Vec::new(), 0);
            writer.begin(&mut out);
            loop {
                let bodies = export.next().await?;
                if bodies.is_empty() {
                    break;
                }
                for body in &bodies {
                    let tree: Value = from_slice(body)?;
                    writer.resource(view, &tree, &mut Left::UNBOUNDED.clone(), &mut out)?;
                }
                bytes += out.len();
                black_box(&out);
                out.clear();
            }
            anyhow::Ok((writer.rows(), bytes))
        })
    })?;
    bench.runtime.block_on(records.store().close());
    anyhow::ensure!(rows == OBSERVATIONS as u64, "{rows} rows of {OBSERVATIONS} observations");
    Ok((seconds, bytes))
}

/// Seconds for the bodies alone, each parsed.
fn raw(folder: &Path) -> Result<f64> {
    let plain = Connection::open_with_flags(folder.join("yba.db"), OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    plain.execute_batch("PRAGMA cache_size=-4000;")?;
    let (seconds, count) = timed(|| {
        let kind: i64 = plain
            .query_row("SELECT number FROM search_key WHERE name = 'Observation'", [], |row| row.get(0))
            .context("the number of the type")?;
        let mut statement = plain.prepare(
            "SELECT v.body FROM ix_life l JOIN version v ON v.t = l.t_from \
             WHERE l.shard = 0 AND l.p = ?1 AND l.t_to = ?2 ORDER BY l.rid",
        )?;
        let mut rows = statement.query([kind, OPEN])?;
        let mut count = 0;
        while let Some(row) = rows.next()? {
            let body = row.get_ref(0)?.as_blob()?;
            black_box(from_slice::<Value>(body.get(1..).unwrap_or_default())?);
            count += 1;
        }
        Ok(count)
    })?;
    anyhow::ensure!(count == OBSERVATIONS, "{count} bodies of {OBSERVATIONS} observations");
    Ok(seconds)
}
