//! Taking a backup back: first the whole file is read and checked, then it is read again and stored. So a file that was
//! changed or cut off is refused before anything of it is stored.

use super::frame::{AuditRow, Frame, Totals};
use super::seal::{BackupKey, Opener};
use super::{AUDIT_FOLDER, FOLDER_FILES, disk, unusable};
use crate::blob::hex;
use crate::chain::audit_hash;
use crate::check::Progress;
use crate::db::schema::{AUDIT, HEAD, INDEXES, VERSION};
use crate::db::{Bound, Connection, Place};
use crate::heads;
use crate::index::Rows;
use crate::index::units::Known;
use crate::open::{self, Options};
use crate::request::Arrival;
use crate::version::{Stored, Version};
use flate2::bufread::GzDecoder;
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::{BufReader, Read, Write};
use std::path::{Path, PathBuf};
use yba_fhir::Outcome;

/// Versions stored in one transaction, at most, and bytes of their bodies.
const BATCH: usize = 2000;
const BATCH_BYTES: usize = 32 << 20;

/// After how many bytes of the file progress is told again.
const TOLD_BYTES: u64 = 1 << 20;

/// What was restored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restored {
    /// When the backup was made, in ms since 1970 UTC.
    pub at_ms: i64,
    /// Its log position.
    pub t: i64,
    pub versions: u64,
    pub records: u64,
    pub audit_entries: u64,
    pub blobs: u64,
}

/// Reads a whole backup file and says whether it could be restored: every piece authentic, every version with its hash,
/// the audit chain unbroken, every blob with its hash. Blocks the thread.
pub fn verify(from: &Path, key: &BackupKey, progress: &mut dyn FnMut(Progress)) -> Result<Restored, Outcome> {
    let mut look = Look {
        chain: Vec::new(),
        last_t: 0,
        seq: 0,
        moment_seq: 0,
        blob: None,
        found: Restored { at_ms: 0, t: 0, versions: 0, records: 0, audit_entries: 0, blobs: 0 },
        numbers: crate::index::Numbers::default(),
    };
    each_frame(from, key, progress, &mut |frame| look.take(frame))?;
    look.end_blob()?;
    if look.found.t != look.last_t || look.moment_seq != look.seq {
        return Err(unusable("versions or audit entries of its moment are missing"));
    }
    Ok(look.found)
}

/// Restores a backup file into an empty folder (and, on PostgreSQL, an empty database): the log as it was, heads and
/// index made again, the audit chains where they ended, under a new incarnation. Blocks the thread.
///
/// Refuses a damaged file and a place that is not empty, with nothing stored. Should it be interrupted, the place is
/// marked and no store opens there.
pub fn restore(
    from: &Path,
    key: &BackupKey,
    options: &Options,
    progress: &mut dyn FnMut(Progress),
) -> Result<Restored, Outcome> {
    let found = verify(from, key, progress)?;
    std::thread::scope(|scope| {
        // Connecting to PostgreSQL blocks, which threads of an async runtime must not; their owner waits all the same.
        let (restored, progress) = (std::sync::mpsc::channel(), progress);
        let worker = scope.spawn(move || {
            let report = restored.0;
            restore_checked(from, key, options, &mut |step| {
                let _ = report.send(step);
            })
        });
        restored.1.iter().for_each(progress);
        worker.join().unwrap_or_else(|_| Err(Outcome::fault("restoring panicked")))
    })
    .map(|records| Restored { records, ..found })
}

/// Runs through the frames of a file, and sees to it that it ends where it should and holds what it says.
fn each_frame(
    from: &Path,
    key: &BackupKey,
    progress: &mut dyn FnMut(Progress),
    take: &mut dyn FnMut(Frame) -> Result<(), Outcome>,
) -> Result<(), Outcome> {
    let file = File::open(from).map_err(|error| disk(&error))?;
    let total = file.metadata().map_err(|error| disk(&error))?.len();
    let counted = Counted { from: BufReader::with_capacity(1 << 20, file), read: 0 };
    let opener = Opener::new(counted, key).map_err(|error| unusable(error.to_string()))?;
    let mut gzip = GzDecoder::new(BufReader::with_capacity(1 << 17, opener));
    let (mut totals, mut told) = (Totals::default(), 0);
    loop {
        let frame = Frame::read(&mut gzip).map_err(|error| unusable(error.to_string()))?;
        match &frame {
            Frame::Version(_) => totals.versions += 1,
            Frame::Audit(_) => totals.audit_entries += 1,
            Frame::File(_) => totals.files += 1,
            Frame::Blob(_) => totals.blobs += 1,
            Frame::End(said) if *said == totals => break,
            Frame::End(_) => return Err(unusable("it does not hold what its end says")),
            _ => {}
        }
        let done = gzip.get_ref().get_ref().source().read;
        if done - told > TOLD_BYTES {
            told = done;
            progress(Progress { part: "backup file", done, total });
        }
        take(frame)?;
    }
    // The last pieces must be authentic too, and nothing may follow.
    let mut rest = Vec::new();
    gzip.by_ref().take(1).read_to_end(&mut rest).map_err(|error| unusable(error.to_string()))?;
    gzip.into_inner().take(1).read_to_end(&mut rest).map_err(|error| unusable(error.to_string()))?;
    match rest.is_empty() {
        true => Ok(()),
        false => Err(unusable("something follows its end")),
    }
}

/// Counts what is read, for the progress bar.
pub(super) struct Counted<R: Read> {
    from: R,
    read: u64,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = self.from.read(buffer)?;
        self.read += read as u64;
        Ok(read)
    }
}

/// The look through the file before anything is stored.
struct Look {
    chain: Vec<u8>,
    last_t: i64,
    seq: i64,
    moment_seq: i64,
    /// The blob whose parts are coming, and what it comes to so far.
    blob: Option<(String, Sha256)>,
    found: Restored,
    /// None: the index rows are not wanted yet.
    numbers: crate::index::Numbers,
}

impl Look {
    fn end_blob(&mut self) -> Result<(), Outcome> {
        let Some((hash, digest)) = self.blob.take() else { return Ok(()) };
        match hex(&digest.finalize()) == hash {
            true => Ok(()),
            false => Err(unusable(format!("blob {hash} does not have its own hash"))),
        }
    }

    fn take(&mut self, frame: Frame) -> Result<(), Outcome> {
        if !matches!(frame, Frame::Part(_)) {
            self.end_blob()?;
        }
        match frame {
            Frame::Node { at_ms, .. } => self.found.at_ms = at_ms,
            Frame::Moment { t, audit_seq, .. } => (self.found.t, self.moment_seq) = (t, audit_seq),
            Frame::Version(version) => {
                if version.t <= self.last_t {
                    return Err(unusable("versions are not in order"));
                }
                self.last_t = version.t;
                self.found.versions += 1;
                Arrival::new(version, &self.numbers)?;
            }
            Frame::Audit(row) => {
                let hash = audit_hash(&self.chain, row.seq, row.at, row.t_first, row.t_last, &row.entry);
                if row.seq != self.seq + 1 || row.hash != hash[..] {
                    return Err(unusable(format!("the audit chain is broken at entry {}", row.seq)));
                }
                (self.seq, self.chain) = (row.seq, hash.to_vec());
                self.found.audit_entries += 1;
            }
            Frame::Blob(hash) => {
                self.found.blobs += 1;
                self.blob = Some((hash, Sha256::new()));
            }
            Frame::Part(bytes) => {
                if let Some((_, digest)) = &mut self.blob {
                    digest.update(&bytes);
                }
            }
            Frame::File(name) if !is_plain_name(&name) => return Err(unusable("a file name is not plain")),
            Frame::File(_) | Frame::End(_) => {}
        }
        Ok(())
    }
}

/// A name that cannot lead out of its folder.
fn is_plain_name(name: &str) -> bool {
    !name.starts_with('.')
        && !name.is_empty()
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_'))
}

fn restore_checked(
    from: &Path,
    key: &BackupKey,
    options: &Options,
    progress: &mut dyn FnMut(Progress),
) -> Result<u64, Outcome> {
    let folder = &options.folder;
    refuse_used(folder)?;
    std::fs::create_dir_all(folder).map_err(|error| disk(&error))?;
    let _lock = open::lock_folder(folder)?;
    let place = options.place.clone().unwrap_or_else(|| Place::File(folder.join("yba.db")));
    let mut connection = Connection::writer(&place)?;
    open::begin_restore(&mut connection)?;
    let mut store = Storing {
        connection,
        folder: folder.clone(),
        versions: Vec::new(),
        bytes: 0,
        audit: Vec::new(),
        file: None,
        node: String::new(),
        moment: (0, 0),
    };
    each_frame(from, key, progress, &mut |frame| store.take(frame))?;
    store.flush()?;
    store.end_file()?;
    let records = store.build_heads(progress)?;
    let (t, hlc) = store.moment;
    open::finish_restore(&mut store.connection, &store.node, t, hlc)?;
    Ok(records)
}

/// Refuses a folder in which there is something of a node already. A configuration or the key of backups may lie there.
fn refuse_used(folder: &Path) -> Result<(), Outcome> {
    let kept = ["yba.db", "yba.db-wal", "blobs", AUDIT_FOLDER].into_iter().chain(FOLDER_FILES);
    let used = kept.into_iter().any(|name| folder.join(name).exists());
    match used {
        false => Ok(()),
        true => Err(open::not_empty(&format!("{} holds data", folder.display()))),
    }
}

struct Storing {
    connection: Connection,
    folder: PathBuf,
    versions: Vec<Version>,
    bytes: usize,
    audit: Vec<AuditRow>,
    /// The file or blob whose parts are coming.
    file: Option<Unfinished>,
    node: String,
    /// The last log position and the highest clock reading.
    moment: (i64, i64),
}

struct Unfinished {
    file: File,
    path: PathBuf,
    /// A blob's hash, and what it comes to so far.
    blob: Option<(String, Sha256)>,
}

impl Storing {
    fn take(&mut self, frame: Frame) -> Result<(), Outcome> {
        if !matches!(frame, Frame::Part(_)) {
            self.end_file()?;
        }
        match frame {
            Frame::Node { node, .. } => self.node = node,
            Frame::Moment { t, hlc, .. } => self.moment = (t, hlc),
            Frame::File(name) if FOLDER_FILES.contains(&name.as_str()) => {
                self.start_file(self.folder.join(name), None)?;
            }
            Frame::File(name) => self.start_file(self.folder.join(AUDIT_FOLDER).join(name), None)?,
            Frame::Blob(hash) => {
                let path = self.folder.join("blobs").join(hash.get(..2).unwrap_or_default()).join(&hash);
                self.start_file(path, Some((hash, Sha256::new())))?;
            }
            Frame::Part(bytes) => {
                let Some(unfinished) = &mut self.file else { return Err(unusable("a part of nothing")) };
                unfinished.file.write_all(&bytes).map_err(|error| disk(&error))?;
                if let Some((_, digest)) = &mut unfinished.blob {
                    digest.update(&bytes);
                }
            }
            Frame::Version(version) => {
                self.bytes += version.body.len();
                self.versions.push(version);
            }
            Frame::Audit(row) => self.audit.push(row),
            Frame::End(_) => {}
        }
        if self.versions.len() >= BATCH || self.audit.len() >= BATCH || self.bytes >= BATCH_BYTES {
            self.flush()?;
        }
        Ok(())
    }

    fn start_file(&mut self, path: PathBuf, blob: Option<(String, Sha256)>) -> Result<(), Outcome> {
        let create = || {
            std::fs::create_dir_all(path.parent().unwrap_or(&self.folder))?;
            let mut options = std::fs::OpenOptions::new();
            options.write(true).create_new(true);
            std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
            options.open(&path)
        };
        let file = create().map_err(|error| disk(&error))?;
        self.file = Some(Unfinished { file, path, blob });
        Ok(())
    }

    fn end_file(&mut self) -> Result<(), Outcome> {
        let Some(Unfinished { file, path, blob }) = self.file.take() else { return Ok(()) };
        if let Some((hash, digest)) = blob
            && hex(&digest.finalize()) != hash
        {
            return Err(unusable(format!("blob {hash} does not have its own hash")));
        }
        let sync = || {
            file.sync_all()?;
            path.parent().map_or(Ok(()), |parent| File::open(parent)?.sync_all())
        };
        sync().map_err(|error| disk(&error))
    }

    fn flush(&mut self) -> Result<(), Outcome> {
        let stored: Vec<Stored> = std::mem::take(&mut self.versions).into_iter().map(Stored::new).collect();
        let audit = std::mem::take(&mut self.audit);
        self.bytes = 0;
        let (mut cells, mut entries) = (Vec::new(), Vec::new());
        stored.iter().for_each(|one| one.push_cells(&mut cells));
        for row in &audit {
            entries.extend([row.seq, row.at, row.t_first, row.t_last].map(Bound::Int));
            entries.extend([Bound::Blob(&row.entry), Bound::Blob(&row.hash)]);
        }
        self.connection.begin()?;
        self.connection.insert(&[(&VERSION, cells), (&AUDIT, entries)])?;
        self.connection.commit()?;
        Ok(())
    }

    /// Makes heads and index rows from the versions; answers how many records there are.
    fn build_heads(&mut self, progress: &mut dyn FnMut(Progress)) -> Result<u64, Outcome> {
        let numbers = open::load_numbers(&mut self.connection)?;
        let (mut after, mut records) = (0, 0);
        let last = self.moment.0;
        let mut units = Known::default();
        loop {
            let page = heads::page(&mut self.connection, after, last)?;
            let Some(end) = page.last() else { return Ok(records) };
            (after, records) = (end.rid, records + page.len() as u64);
            let rows: Vec<Rows> = page.iter().map(|one| heads::index_rows(&one.head, &numbers)).collect();
            let mut batches = Vec::with_capacity(INDEXES.len());
            for (table, index) in INDEXES.iter().enumerate() {
                batches.push((&index.table, heads::index_cells(page.iter().zip(&rows), table, &numbers)));
            }
            batches.push((&HEAD, page.iter().flat_map(head_cells).collect()));
            self.connection.begin()?;
            for (table, (_, cells)) in batches.iter().take(INDEXES.len()).enumerate() {
                units.learn(&mut self.connection, table, cells)?;
            }
            self.connection.insert(&batches)?;
            self.connection.commit()?;
            progress(Progress { part: "index", done: after as u64, total: last as u64 });
        }
    }
}

fn head_cells(record: &heads::Record) -> [Bound<'_>; 8] {
    let head = &record.head;
    [
        Bound::Text(&head.kind),
        Bound::Text(&head.id),
        Bound::Int(record.rid),
        Bound::Int(head.t),
        Bound::Int(head.hlc),
        Bound::Text(&head.version_id),
        Bound::Blob(&head.hash),
        Bound::Int(head.deleted.into()),
    ]
}
