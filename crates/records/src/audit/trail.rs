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
        if let Err(error) = end.file.write_all(&line) {
            // What a full disk left of the line must not stand before the next one.
            let _ = end.file.set_len(end.bytes);
            return Err(error);
        }
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
    let synced = file.and_then(|file| file.sync_data());
    if synced.is_err()
        && let Ok(mut end) = end.lock()
    {
        end.unsynced = true;
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

/// Takes a line apart: number, time, hash, entry. Numbers and digits must stand as they are written here, so that no
/// other line means the same.
pub(crate) fn parse_line(line: &[u8]) -> Option<(u64, i64, [u8; 32], &[u8])> {
    let mut parts = line.splitn(4, |byte| *byte == b' ');
    let mut text = || std::str::from_utf8(parts.next()?).ok();
    let (seq, at, hash) = (plain(text()?)?, plain(text()?)?, unhex(text()?)?);
    Some((u64::try_from(seq).ok()?, at, hash, parts.next()?))
}

/// A number as it is printed: without a plus sign or leading zeros.
fn plain(text: &str) -> Option<i64> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let canonical =
        digits.bytes().all(|byte| byte.is_ascii_digit()) && (!digits.starts_with('0') || text == "0");
    if canonical { text.parse().ok() } else { None }
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

/// Opens the last segment for appending, a torn last line cut off. The chain goes on from the last line that can be
/// read; lines after it that cannot are left for `verify` to tell of.
fn open_end(folder: &Path) -> std::io::Result<End> {
    std::fs::create_dir_all(folder)?;
    let found = segments(folder)?;
    let Some(last) = found.last() else {
        return Ok(End {
            file: create_segment(folder, 1)?,
            bytes: 0,
            seq: 0,
            hash: [0; 32],
            unsynced: false,
        });
    };
    let bytes = cut_torn_line(last)?;
    let file = OpenOptions::new().append(true).open(last)?;
    let (mut seq, mut hash) = (0, [0; 32]);
    for path in found.iter().rev() {
        let lines = std::fs::read(path)?;
        if let Some(line) = lines.split(|byte| *byte == b'\n').rev().find_map(parse_line) {
            (seq, hash) = (line.0, line.2);
            break;
        }
    }
    Ok(End { file, bytes, seq, hash, unsynced: false })
}

/// Cuts off what a power failure left of a line without its end; answers how many bytes remain.
pub(crate) fn cut_torn_line(path: &Path) -> std::io::Result<u64> {
    let bytes = std::fs::read(path)?;
    let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    if whole < bytes.len() {
        let file = OpenOptions::new().write(true).open(path)?;
        file.set_len(whole as u64)?;
        file.sync_all()?;
    }
    Ok(whole as u64)
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
    let digits = text.as_bytes();
    if digits.len() != 2 * N {
        return None;
    }
    let mut bytes = [0; N];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = digit(pair[0])? << 4 | digit(pair[1])?;
    }
    Some(bytes)
}

/// A hex digit as [`hex`] writes it.
fn digit(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    }
}
