//! The trail of reads: lines `seq at hash entry` in segment files, each hash over the one before it.
//!
//! A line is handed to the system before the answer leaves, so it survives the program's death; a thread brings it
//! to disk within a second. A torn last line (power loss) is cut off when the trail is opened.

use super::{Seen, entry};
use crate::ctx::Ctx;
use sha2::{Digest, Sha256};
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use yba_fhir::{Kind, Outcome};
use yba_store::Clock;

/// A segment is closed when it reaches this many bytes.
const SEGMENT_BYTES: u64 = 64 << 20;

/// The open trail.
pub struct ReadTrail {
    folder: PathBuf,
    clock: Clock,
    end: Arc<Mutex<End>>,
    stop: Arc<AtomicBool>,
}

struct End {
    file: File,
    bytes: u64,
    seq: u64,
    hash: [u8; 32],
    unsynced: bool,
}

impl ReadTrail {
    /// Opens the trail in `folder` and starts the thread that brings it to disk.
    pub fn open(folder: &Path, clock: Clock) -> Result<ReadTrail, Outcome> {
        let end = open_end(folder).map_err(|error| unwritable(&error))?;
        let trail = ReadTrail {
            folder: folder.to_owned(),
            clock,
            end: Arc::new(Mutex::new(end)),
            stop: Arc::new(AtomicBool::new(false)),
        };
        let (end, stop) = (trail.end.clone(), trail.stop.clone());
        std::thread::Builder::new()
            .name("yba-audit".into())
            .spawn(move || {
                while !stop.load(Ordering::SeqCst) {
                    std::thread::sleep(Duration::from_millis(500));
                    sync(&end);
                }
            })
            .map_err(|error| unwritable(&error))?;
        Ok(trail)
    }

    /// Appends an entry. When it cannot be written, the access it describes must not happen.
    pub fn note(&self, ctx: &Ctx, seen: &Seen<'_>) -> Result<(), Outcome> {
        self.append(&entry(ctx, seen)).map_err(|error| unwritable(&error))
    }

    fn append(&self, entry: &[u8]) -> std::io::Result<()> {
        let mut end = self.end.lock().map_err(|_| std::io::Error::other("the trail's lock is poisoned"))?;
        if end.bytes >= SEGMENT_BYTES {
            end.file.sync_data()?;
            end.file = create_segment(&self.folder, end.seq + 1)?;
            end.bytes = 0;
        }
        let (seq, at) = (end.seq + 1, self.clock.now_ms());
        let hash = line_hash(&end.hash, seq, at, entry);
        let mut line = format!("{seq} {at} {} ", hex(&hash)).into_bytes();
        line.extend_from_slice(entry);
        line.push(b'\n');
        end.file.write_all(&line)?;
        end.bytes += line.len() as u64;
        (end.seq, end.hash, end.unsynced) = (seq, hash, true);
        Ok(())
    }

    /// The number and hash of the last entry.
    pub fn end(&self) -> (u64, [u8; 32]) {
        self.end.lock().map(|end| (end.seq, end.hash)).unwrap_or_default()
    }

    /// Brings everything to disk now.
    pub fn sync(&self) {
        sync(&self.end);
    }

    pub fn folder(&self) -> &Path {
        &self.folder
    }
}

impl Drop for ReadTrail {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        sync(&self.end);
    }
}

fn sync(end: &Mutex<End>) {
    // The file handle is cloned so that entries can be appended while the disk works.
    let file = match end.lock() {
        Ok(mut end) if end.unsynced => {
            end.unsynced = false;
            end.file.try_clone()
        }
        _ => return,
    };
    if let Ok(file) = file {
        let _ = file.sync_data();
    }
}

fn unwritable(error: &std::io::Error) -> Outcome {
    let text = "Không ghi được nhật ký truy cập nên không thể cho xem. Hãy kiểm tra ổ đĩa của máy chủ.";
    Outcome::new(
        Kind::Unavailable,
        "audit-unwritable",
        text,
        format!("the audit trail cannot be written: {error}"),
    )
}

/// The hash of a line in its chain.
pub(crate) fn line_hash(before: &[u8], seq: u64, at: i64, entry: &[u8]) -> [u8; 32] {
    Sha256::new()
        .chain_update(before)
        .chain_update(seq.to_be_bytes())
        .chain_update(at.to_be_bytes())
        .chain_update(entry)
        .finalize()
        .into()
}

/// Takes a line apart: number, time, hash, entry.
pub(crate) fn parse_line(line: &[u8]) -> Option<(u64, i64, [u8; 32], &[u8])> {
    let mut parts = line.splitn(4, |byte| *byte == b' ');
    let mut text = || std::str::from_utf8(parts.next()?).ok();
    let (seq, at, hash) = (text()?.parse().ok()?, text()?.parse().ok()?, unhex(text()?)?);
    Some((seq, at, hash, parts.next()?))
}

/// The segment files in order.
pub(crate) fn segments(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut found: Vec<PathBuf> = std::fs::read_dir(folder)?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| {
            path.file_name().and_then(|name| name.to_str()).is_some_and(|name| name.starts_with("reads-"))
        })
        .collect();
    found.sort();
    Ok(found)
}

fn create_segment(folder: &Path, first: u64) -> std::io::Result<File> {
    let file =
        OpenOptions::new().create(true).append(true).open(folder.join(format!("reads-{first:012}.log")))?;
    File::open(folder)?.sync_all()?;
    Ok(file)
}

fn open_end(folder: &Path) -> std::io::Result<End> {
    std::fs::create_dir_all(folder)?;
    let found = segments(folder)?;
    for path in found.iter().rev() {
        let bytes = std::fs::read(path)?;
        let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        let file = OpenOptions::new().append(true).open(path)?;
        if whole < bytes.len() {
            file.set_len(whole as u64)?;
        }
        let last = bytes[..whole].split(|byte| *byte == b'\n').rev().find(|line| !line.is_empty());
        if let Some((seq, _, hash, _)) = last.and_then(parse_line) {
            return Ok(End { file, bytes: whole as u64, seq, hash, unsynced: false });
        }
    }
    let file = match found.last() {
        Some(path) => OpenOptions::new().append(true).open(path)?,
        None => create_segment(folder, 1)?,
    };
    Ok(End { file, bytes: 0, seq: 0, hash: [0; 32], unsynced: false })
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    bytes
        .iter()
        .flat_map(|byte| [DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]])
        .map(char::from)
        .collect()
}

pub(crate) fn unhex<const N: usize>(text: &str) -> Option<[u8; N]> {
    if text.len() != 2 * N || !text.is_ascii() {
        return None;
    }
    let mut bytes = [0; N];
    for (position, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&text[2 * position..2 * position + 2], 16).ok()?;
    }
    Some(bytes)
}
