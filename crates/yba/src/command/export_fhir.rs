//! `yba export fhir`: everything as NDJSON, a file per type.

use super::file_trouble;
use crate::node::Node;
use crate::output::Output;
use std::collections::BTreeMap;
use std::io::{BufWriter, Write};
use std::path::Path;
use yba_fhir::defs::r4;
use yba_fhir::{Kind, Outcome};
use yba_records::{Ctx, Query};

/// Resources read at once.
const PAGE: usize = 1000;

pub async fn run(node: &Node, out: &Path, output: &Output) -> Result<u8, Outcome> {
    std::fs::create_dir_all(out).map_err(|error| file_trouble(out, &error))?;
    if std::fs::read_dir(out).map_err(|error| file_trouble(out, &error))?.next().is_some() {
        let text = format!("Thư mục {} không trống.", out.display());
        return Err(Outcome::new(
            Kind::Conflict,
            "folder-not-empty",
            text,
            format!("{} is not empty", out.display()),
        ));
    }
    let ctx = Ctx::system("export-fhir");
    let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
    let mut done = 0;
    for kind in r4().resource_types() {
        let (mut query, mut cursor, mut file) = (Query::all(kind), None::<String>, None);
        query.count = PAGE;
        loop {
            let found = node.records.search(&ctx, &query, cursor.as_deref()).await?;
            if found.matches.is_empty() {
                break;
            }
            let path = out.join(format!("{kind}.ndjson"));
            let trouble = |error: std::io::Error| file_trouble(&path, &error);
            let writer = match &mut file {
                Some(writer) => writer,
                None => file.insert(BufWriter::new(std::fs::File::create(&path).map_err(trouble)?)),
            };
            for version in &found.matches {
                writer.write_all(&version.body).and_then(|()| writer.write_all(b"\n")).map_err(trouble)?;
            }
            *counts.entry(kind).or_default() += found.matches.len() as u64;
            done += found.matches.len() as u64;
            output.progress("Xuất FHIR", done, 0);
            cursor = found.next;
            if cursor.is_none() {
                break;
            }
        }
        if let Some(mut writer) = file {
            writer.flush().map_err(|error| file_trouble(out, &error))?;
        }
    }
    for (kind, count) in &counts {
        output.out(format!("{kind}\t{count}"));
    }
    output.note(format!("{done} resources written to {}", out.display()));
    Ok(0)
}
