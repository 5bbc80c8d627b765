//! Making a backup, beside a node that works.

use super::frame::{AuditRow, Frame, PART_BYTES, Totals};
use super::seal::{BackupKey, Sealer};
use super::{AUDIT_FOLDER, FOLDER_FILES, disk};
use crate::blob::Blobs;
use crate::check::Progress;
use crate::db::{Connection, Value};
use crate::heads;
use crate::open::{Identity, Store};
use flate2::Compression;
use flate2::write::GzEncoder;
use std::fs::File;
use std::io::{BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use yba_fhir::{Kind, Outcome};

/// Rows of the audit chain read at once.
const AUDIT_PAGE: i64 = 1000;

/// What a backup holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// The log position of the backup: everything up to it is in.
    pub t: i64,
    pub versions: u64,
    pub audit_entries: u64,
    pub blobs: u64,
    /// The size of the file.
    pub bytes: u64,
    pub key_id: String,
}

/// Writes everything up to this moment into the new file `to`, encrypted with `key`. The file appears under its name
/// only when it is whole and on disk. Refuses when there is a file of that name.
pub async fn backup(
    store: &Store,
    to: &Path,
    key: &BackupKey,
    progress: impl FnMut(Progress) + Send + 'static,
) -> Result<Summary, Outcome> {
    let (to, key) = (to.to_owned(), key.clone());
    let (folder, blobs, identity, at_ms) =
        (store.folder().to_owned(), store.blobs().clone(), store.identity().clone(), store.clock().now_ms());
    store
        .scan(move |connection| {
            if to.exists() {
                let text = format!("Tệp {} đã có. Hãy chọn tên khác.", to.display());
                return Err(Outcome::new(Kind::Conflict, "backup-exists", text, "the backup file exists"));
            }
            let unfinished = PathBuf::from(format!("{}.part", to.display()));
            let source = Source { connection, folder, blobs, identity, at_ms, progress };
            let done = write_file(source, &unfinished, &to, &key);
            if done.is_err() {
                let _ = std::fs::remove_file(&unfinished);
            }
            done
        })
        .await
}

fn write_file<P: FnMut(Progress)>(
    mut source: Source<'_, P>,
    unfinished: &Path,
    to: &Path,
    key: &BackupKey,
) -> Result<Summary, Outcome> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(unfinished).map_err(|error| disk(&error))?;
    let sealer = Sealer::new(BufWriter::with_capacity(1 << 20, file), key).map_err(|error| disk(&error))?;
    let mut gzip = GzEncoder::new(sealer, Compression::fast());
    let (t, totals) = source.write(&mut gzip)?;
    let finish = move || -> std::io::Result<u64> {
        let file = gzip.finish()?.finish()?.into_inner().map_err(|error| error.into_error())?;
        file.sync_all()?;
        std::fs::rename(unfinished, to)?;
        let parent = to.parent().filter(|parent| !parent.as_os_str().is_empty());
        File::open(parent.unwrap_or(Path::new(".")))?.sync_all()?;
        Ok(file.metadata()?.len())
    };
    let bytes = finish().map_err(|error| disk(&error))?;
    let (versions, audit_entries, blobs) = (totals.versions, totals.audit_entries, totals.blobs);
    Ok(Summary { t, versions, audit_entries, blobs, bytes, key_id: key.id() })
}

struct Source<'a, P: FnMut(Progress)> {
    connection: &'a mut Connection,
    folder: PathBuf,
    blobs: Blobs,
    identity: Identity,
    at_ms: i64,
    progress: P,
}

impl<P: FnMut(Progress)> Source<'_, P> {
    fn write(&mut self, to: &mut impl Write) -> Result<(i64, Totals), Outcome> {
        let mut totals = Totals::default();
        let Identity { node, incarnation } = self.identity.clone();
        put(to, &Frame::Node { node, incarnation, at_ms: self.at_ms })?;
        // Before the moment: every entry that a signed head names is then in the backup too.
        totals.files = self.audit_files(to)?;
        let (t, audit_seq, hlc) = self.moment()?;
        put(to, &Frame::Moment { t, audit_seq, hlc })?;
        totals.versions = self.versions(to, t)?;
        totals.audit_entries = self.audit_rows(to, audit_seq)?;
        // After the moment: every blob that a version names is then in the backup too.
        totals.blobs = self.blobs(to)?;
        put(to, &Frame::End(totals))?;
        Ok((t, totals))
    }

    /// The end of the log and of the audit chain, as one transaction left them.
    fn moment(&mut self) -> Result<(i64, i64, i64), Outcome> {
        let sql = "SELECT COALESCE((SELECT MAX(t) FROM version WHERE shard = 0), 0), \
                   COALESCE((SELECT MAX(seq) FROM audit WHERE shard = 0), 0), \
                   COALESCE((SELECT MAX(hlc) FROM head WHERE shard = 0), 0)";
        let rows = self.connection.query(sql, &[])?;
        Ok(rows.first().map_or((0, 0, 0), |row| (row.int(0), row.int(1), row.int(2))))
    }

    fn audit_files(&mut self, to: &mut impl Write) -> Result<u64, Outcome> {
        let folder = self.folder.join(AUDIT_FOLDER);
        let mut names: Vec<String> = match std::fs::read_dir(&folder) {
            Ok(entries) => entries
                .filter_map(|entry| entry.ok().filter(|entry| entry.path().is_file()))
                .filter_map(|entry| entry.file_name().into_string().ok())
                .filter(|name| !name.ends_with(".part"))
                .collect(),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(disk(&error)),
        };
        // Heads ("heads.log") come before the lines ("reads-…") that they name.
        names.sort();
        for name in &names {
            put(to, &Frame::File(name.clone()))?;
            parts(to, File::open(folder.join(name)).map_err(|error| disk(&error))?)?;
        }
        let mut files = names.len() as u64;
        for name in FOLDER_FILES.iter().filter(|name| self.folder.join(name).is_file()) {
            put(to, &Frame::File((*name).to_owned()))?;
            parts(to, File::open(self.folder.join(name)).map_err(|error| disk(&error))?)?;
            files += 1;
        }
        Ok(files)
    }

    fn versions(&mut self, to: &mut impl Write, last: i64) -> Result<u64, Outcome> {
        let (mut count, mut after) = (0, 0);
        loop {
            let page = heads::log_page(self.connection, after, last)?;
            let Some(end) = page.last() else { return Ok(count) };
            (after, count) = (end.t, count + page.len() as u64);
            for version in page {
                put(to, &Frame::Version(version))?;
            }
            (self.progress)(Progress { part: "versions", done: after as u64, total: last as u64 });
        }
    }

    fn audit_rows(&mut self, to: &mut impl Write, last: i64) -> Result<u64, Outcome> {
        let (mut count, mut after) = (0, 0);
        loop {
            let sql = "SELECT seq, at, t_first, t_last, entry, hash FROM audit \
                       WHERE shard = 0 AND seq > ?1 AND seq <= ?2 ORDER BY seq LIMIT ?3";
            let keys = [Value::Int(after), Value::Int(last), Value::Int(AUDIT_PAGE)];
            let rows = self.connection.query(sql, &keys)?;
            let Some(end) = rows.last() else { return Ok(count) };
            (after, count) = (end.int(0), count + rows.len() as u64);
            for row in &rows {
                let [seq, at, t_first, t_last] = [0, 1, 2, 3].map(|column| row.int(column));
                let (entry, hash) = (row.blob(4), row.blob(5));
                put(to, &Frame::Audit(AuditRow { seq, at, t_first, t_last, entry, hash }))?;
            }
            (self.progress)(Progress { part: "audit", done: after as u64, total: last as u64 });
        }
    }

    fn blobs(&mut self, to: &mut impl Write) -> Result<u64, Outcome> {
        let hashes = self.blobs.list().map_err(|error| disk(&error))?;
        for (done, hash) in hashes.iter().enumerate() {
            let Some(file) = self.blobs.open(hash).map_err(|error| disk(&error))? else { continue };
            put(to, &Frame::Blob(hash.clone()))?;
            parts(to, file)?;
            (self.progress)(Progress { part: "blobs", done: done as u64 + 1, total: hashes.len() as u64 });
        }
        Ok(hashes.len() as u64)
    }
}

fn put(to: &mut impl Write, frame: &Frame) -> Result<(), Outcome> {
    frame.write(to).map_err(|error| disk(&error))
}

/// A file in parts: as much as it had when this began, for a file of the trail grows meanwhile.
fn parts(to: &mut impl Write, file: File) -> Result<(), Outcome> {
    let length = file.metadata().map_err(|error| disk(&error))?.len();
    let mut from = file.take(length);
    loop {
        let mut part = Vec::new();
        from.by_ref().take(PART_BYTES as u64).read_to_end(&mut part).map_err(|error| disk(&error))?;
        if part.is_empty() {
            return Ok(());
        }
        put(to, &Frame::Part(part))?;
    }
}
