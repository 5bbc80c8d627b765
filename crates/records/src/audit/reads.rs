//! The read chain, checked line by line.

use super::trail::{line_hash, parse_line, segments};
use super::verify::Chain;
use std::io::BufRead;
use std::path::Path;

/// How much of a file is read at once.
const BUFFER_BYTES: usize = 1 << 20;

/// Checks the segments in `folder`, which had `end` entries when the check began.
pub(super) fn check(folder: &Path, end: u64, chain: &mut Chain) -> std::io::Result<()> {
    let mut before = [0u8; 32];
    let mut line = Vec::new();
    let segments = segments(folder)?;
    for (position, path) in segments.iter().enumerate() {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let mut lines = std::io::BufReader::with_capacity(BUFFER_BYTES, std::fs::File::open(path)?);
        for number in 1.. {
            line.clear();
            if lines.read_until(b'\n', &mut line)? == 0 {
                break;
            }
            // The last line of all may just be being written; it has no end yet.
            let whole = line.pop_if(|byte| *byte == b'\n').is_some();
            if !whole && position + 1 == segments.len() {
                break;
            }
            let Some((seq, at, hash, entry)) = parse_line(&line).filter(|_| whole) else {
                chain.problem(format!("{name} line {number} has a wrong form"));
                continue;
            };
            chain.entry(seq, &hash, &line_hash(&before, seq, at, entry));
            before = hash;
        }
    }
    if chain.last < end {
        chain.problem(format!("entries {} to {end} are missing", chain.last + 1));
    }
    Ok(())
}
