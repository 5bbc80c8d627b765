//! `yba import fhir`: NDJSON files and bundles. Resources keep their ids, so repeating changes nothing; how far a
//! file has come is remembered, so an interrupted import goes on there.

use super::{file_trouble, files_under};
use crate::node::Node;
use crate::output::Output;
use std::collections::HashMap;
use std::io::{BufRead, BufReader, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use yba_fhir::json::{JsonValueTrait, items, str_at};
use yba_fhir::resource::{Limits, parse_json};
use yba_fhir::{Kind, Outcome, Resource};
use yba_records::{Change, Ctx, DoneAs};

/// Lines sent in one transaction.
const BATCH: usize = 500;
/// Longest line or file taken as one document.
const DOCUMENT_MAX: u64 = 256 << 20;

#[derive(Default)]
struct Tally {
    created: u64,
    updated: u64,
    unchanged: u64,
    rejected: u64,
}

struct Import<'a> {
    node: &'a Node,
    ctx: Ctx,
    output: &'a Output,
    tally: Tally,
    rejects: Option<std::fs::File>,
    rejects_path: PathBuf,
    done_bytes: u64,
    total_bytes: u64,
}

pub async fn run(node: &Node, paths: &[PathBuf], output: &Output) -> Result<u8, Outcome> {
    let files: Vec<PathBuf> = files_under(paths)?
        .into_iter()
        .filter(|path| paths.contains(path) || matches!(extension(path).as_str(), "ndjson" | "json"))
        .collect();
    let total_bytes = files.iter().filter_map(|path| path.metadata().ok()).map(|meta| meta.len()).sum();
    let rejects_path = node.config.data.join("import-fhir-rejects.ndjson");
    let _ = std::fs::remove_file(&rejects_path);
    let (ctx, tally) = (Ctx::system("import-fhir"), Tally::default());
    let mut import =
        Import { node, ctx, output, tally, rejects: None, rejects_path, done_bytes: 0, total_bytes };
    let mut progress = load_progress(&node.config.data);
    for path in &files {
        if extension(path) == "json" {
            import.bundle(path).await?;
        } else {
            import.ndjson(path, &mut progress).await?;
        }
    }
    let _ = std::fs::remove_file(progress_path(&node.config.data));
    let Tally { created, updated, unchanged, rejected } = import.tally;
    output.out(format!("created {created}, updated {updated}, unchanged {unchanged}, rejected {rejected}"));
    if rejected > 0 {
        output.note(format!("rejected lines with their reasons: {}", import.rejects_path.display()));
    }
    Ok(u8::from(rejected > 0))
}

fn extension(path: &Path) -> String {
    path.extension().map(|ending| ending.to_string_lossy().to_lowercase()).unwrap_or_default()
}

impl Import<'_> {
    async fn ndjson(&mut self, path: &Path, progress: &mut HashMap<String, u64>) -> Result<(), Outcome> {
        let trouble = |error: std::io::Error| file_trouble(path, &error);
        let key = progress_key(path);
        let start = progress.get(&key).copied().unwrap_or(0);
        let mut reader = BufReader::with_capacity(1 << 20, std::fs::File::open(path).map_err(trouble)?);
        reader.seek(SeekFrom::Start(start)).map_err(trouble)?;
        self.done_bytes += start;
        let (mut position, mut batch) = (start, Vec::with_capacity(BATCH));
        loop {
            let mut line = Vec::new();
            let read = std::io::Read::take(&mut reader, DOCUMENT_MAX)
                .read_until(b'\n', &mut line)
                .map_err(trouble)?;
            position += read as u64;
            self.done_bytes += read as u64;
            if read > 0 && !line.iter().all(u8::is_ascii_whitespace) {
                batch.push(line);
            }
            if batch.len() == BATCH || (read == 0 && !batch.is_empty()) {
                self.lines(path, std::mem::take(&mut batch)).await?;
                progress.insert(key.clone(), position);
                save_progress(&self.node.config.data, progress);
                self.output.progress("Nhập FHIR (byte)", self.done_bytes, self.total_bytes);
            }
            if read == 0 {
                return Ok(());
            }
        }
    }

    /// Sends lines as one transaction; if it is refused, each line alone, so that the bad ones are known.
    async fn lines(&mut self, path: &Path, lines: Vec<Vec<u8>>) -> Result<(), Outcome> {
        let mut changes = Vec::with_capacity(lines.len());
        let mut sound = Vec::with_capacity(lines.len());
        for line in lines {
            match Resource::parse(&line).and_then(with_id) {
                Ok(resource) => {
                    changes.push(Change::put(resource));
                    sound.push(line);
                }
                Err(outcome) => self.reject(path, &line, &outcome)?,
            }
        }
        if changes.is_empty() {
            return Ok(());
        }
        match self.node.records.transact(&self.ctx, changes.clone()).await {
            Ok(done) => done.iter().for_each(|one| self.count(one.outcome)),
            Err(outcome) if outcome.kind == Kind::Fault || outcome.kind == Kind::Unavailable => {
                return Err(outcome);
            }
            Err(_) => {
                for (change, line) in changes.into_iter().zip(sound) {
                    match self.node.records.transact(&self.ctx, vec![change]).await {
                        Ok(done) => done.iter().for_each(|one| self.count(one.outcome)),
                        Err(outcome) => self.reject(path, &line, &outcome)?,
                    }
                }
            }
        }
        Ok(())
    }

    /// A file with one resource or one bundle, each bundle one transaction.
    async fn bundle(&mut self, path: &Path) -> Result<(), Outcome> {
        let bytes = std::fs::read(path).map_err(|error| file_trouble(path, &error))?;
        self.done_bytes += bytes.len() as u64;
        let limits = Limits { bytes: DOCUMENT_MAX as usize, ..Limits::default() };
        let sent = match parse_json(&bytes, &limits).and_then(bundle_changes) {
            Ok(changes) => self.node.records.transact(&self.ctx, changes).await,
            Err(outcome) => Err(outcome),
        };
        match sent {
            Ok(done) => done.iter().for_each(|one| self.count(one.outcome)),
            Err(outcome) if outcome.kind == Kind::Fault || outcome.kind == Kind::Unavailable => {
                return Err(outcome);
            }
            Err(outcome) => self.reject(path, &bytes, &outcome)?,
        }
        self.output.progress("Nhập FHIR (byte)", self.done_bytes, self.total_bytes);
        Ok(())
    }

    fn count(&mut self, outcome: DoneAs) {
        match outcome {
            DoneAs::Created => self.tally.created += 1,
            DoneAs::Updated | DoneAs::Deleted => self.tally.updated += 1,
            DoneAs::Unchanged | DoneAs::Existing | DoneAs::NothingToDelete => self.tally.unchanged += 1,
        }
    }

    /// Keeps what was refused, beside the reason: `{"file", "reason", "line"}`.
    fn reject(&mut self, path: &Path, bytes: &[u8], outcome: &Outcome) -> Result<(), Outcome> {
        self.tally.rejected += 1;
        let place = self.rejects_path.clone();
        let trouble = |error: std::io::Error| file_trouble(&place, &error);
        let file = match &mut self.rejects {
            Some(file) => file,
            None => self.rejects.insert(std::fs::File::create(&place).map_err(trouble)?),
        };
        let line = yba_fhir::json::json!({
            "file": path.display().to_string(),
            "reason": outcome.to_string(),
            "text": outcome.issues.first().map(|issue| issue.text.as_str()).unwrap_or_default(),
            "line": String::from_utf8_lossy(bytes).trim_end(),
        });
        let text = yba_fhir::json::to_string(&line).unwrap_or_default();
        writeln!(file, "{text}").map_err(trouble)
    }
}

fn with_id(resource: Resource) -> Result<Resource, Outcome> {
    if resource.id().is_some() {
        return Ok(resource);
    }
    let text = "Thiếu id: mỗi dòng cần id để nhập lại không tạo bản ghi trùng.";
    Err(Outcome::invalid("id-missing", text, "a line to import needs an id"))
}

/// The changes that a bundle asks for; a lone resource is one.
fn bundle_changes(tree: yba_fhir::json::Value) -> Result<Vec<Change>, Outcome> {
    if str_at(&tree, &["resourceType"]) != Some("Bundle") {
        return Ok(vec![Change::put(with_id(Resource::from_parsed(tree)?)?)]);
    }
    let mut changes = Vec::new();
    for (position, entry) in items(&tree, "entry").enumerate() {
        let Some(resource) = entry.get("resource") else { continue };
        let place = format!("Bundle.entry[{position}]");
        let resource =
            Resource::from_parsed(resource.clone()).map_err(|outcome| outcome.at(place.clone()))?;
        let create = str_at(entry, &["request", "method"]) == Some("POST") || resource.id().is_none();
        let mut change = if create { Change::create(resource) } else { Change::put(resource) };
        if let Some(query) = str_at(entry, &["request", "ifNoneExist"]) {
            change = change.unless(query);
        }
        if let Some(name) = str_at(entry, &["fullUrl"]) {
            change = change.known_as(name);
        }
        changes.push(change);
    }
    Ok(changes)
}

fn progress_path(folder: &Path) -> PathBuf {
    folder.join("import-fhir.progress")
}

/// A file is the same when path, size and time of change are.
fn progress_key(path: &Path) -> String {
    let meta = path.metadata().ok();
    let size = meta.as_ref().map_or(0, |meta| meta.len());
    let changed = meta.and_then(|meta| meta.modified().ok());
    let seconds = changed
        .and_then(|time| time.duration_since(std::time::UNIX_EPOCH).ok())
        .map_or(0, |age| age.as_secs());
    format!("{size} {seconds} {}", path.display())
}

fn load_progress(folder: &Path) -> HashMap<String, u64> {
    let text = std::fs::read_to_string(progress_path(folder)).unwrap_or_default();
    let line =
        |line: &str| line.split_once(' ').and_then(|(at, key)| Some((key.to_owned(), at.parse().ok()?)));
    text.lines().filter_map(line).collect()
}

/// Losing this file costs time, not records: it is written without ceremony.
fn save_progress(folder: &Path, progress: &HashMap<String, u64>) {
    let text: String = progress.iter().map(|(key, at)| format!("{at} {key}\n")).collect();
    let _ = std::fs::write(progress_path(folder), text);
}
