//! Checking the whole trail: every hash of both chains, every signed head against them.

use super::heads::{Head, Signer};
use super::trail::{line_hash, parse_line, segments};
use crate::door::Records;
use std::collections::HashMap;
use std::io::BufRead;
use yba_fhir::Outcome;
use yba_store::{Value, audit_hash};

/// What was found. Sound when `problems` is empty.
#[derive(Debug, Default)]
pub struct Verdict {
    pub writes: i64,
    pub reads: u64,
    pub heads: usize,
    pub problems: Vec<String>,
    /// What cannot be told, said plainly.
    pub remarks: Vec<String>,
}

/// Rows of the write chain read at once.
const PAGE: i64 = 1000;

/// Checks both chains and the heads.
pub async fn verify(records: &Records) -> Result<Verdict, Outcome> {
    let mut verdict = Verdict::default();
    let heads = read_heads(records, &mut verdict);
    let mut write_ends: HashMap<i64, Vec<u8>> =
        heads.iter().map(|head| (head.write_seq, Vec::new())).collect();
    let mut read_ends: HashMap<u64, Vec<u8>> = heads.iter().map(|head| (head.read_seq, Vec::new())).collect();
    check_writes(records, &mut write_ends, &mut verdict).await?;
    check_reads(records, &mut read_ends, &mut verdict).map_err(|error| Outcome::fault(error.to_string()))?;
    for head in &heads {
        let whole =
            |ends: Option<&Vec<u8>>, hash: &[u8]| ends.is_some_and(|found| found == hash) || hash.is_empty();
        if head.write_seq > 0 && !whole(write_ends.get(&head.write_seq), &head.write_hash) {
            verdict.problems.push(format!(
                "writes: the head signed at {} does not fit entry {}",
                head.at, head.write_seq
            ));
        }
        if head.read_seq > 0 && !whole(read_ends.get(&head.read_seq), &head.read_hash) {
            verdict
                .problems
                .push(format!("reads: the head signed at {} does not fit entry {}", head.at, head.read_seq));
        }
    }
    verdict.heads = heads.len();
    match heads.last() {
        None => verdict.remarks.push("no signed head yet: a cut-off tail could not be noticed".into()),
        Some(last) => verdict.remarks.push(format!(
            "entries after write {} and read {} are not under a signed head yet; compare the last line of heads.log \
             with a copy kept elsewhere to rule out a cut-off tail",
            last.write_seq, last.read_seq
        )),
    }
    Ok(verdict)
}

fn read_heads(records: &Records, verdict: &mut Verdict) -> Vec<Head> {
    let folder = records.trail().folder();
    let Ok(text) = std::fs::read_to_string(folder.join("heads.log")) else { return Vec::new() };
    let Ok(signer) = Signer::load(folder) else {
        verdict.problems.push("audit/node.key cannot be read, so heads cannot be checked".into());
        return Vec::new();
    };
    let mut heads = Vec::new();
    for (number, line) in text.lines().enumerate() {
        match Head::parse(line, &signer.public()) {
            Some(head) => heads.push(head),
            None => verdict.problems.push(format!("heads.log line {}: wrong signature or form", number + 1)),
        }
    }
    heads
}

async fn check_writes(
    records: &Records,
    ends: &mut HashMap<i64, Vec<u8>>,
    verdict: &mut Verdict,
) -> Result<(), Outcome> {
    let (mut before, mut last) = (Vec::new(), 0);
    loop {
        let sql = "SELECT seq, at, t_first, t_last, entry, hash FROM audit WHERE shard = 0 AND seq > ?1 ORDER BY seq LIMIT ?2";
        let rows = records.store().query(sql, vec![Value::Int(last), Value::Int(PAGE)]).await?;
        if rows.is_empty() {
            break;
        }
        for row in rows {
            let seq = row.int(0);
            if seq != last + 1 {
                verdict.problems.push(format!("writes: entries {} to {} are missing", last + 1, seq - 1));
            }
            let hash = audit_hash(&before, seq, row.int(1), row.int(2), row.int(3), &row.blob(4));
            if row.blob(5) != hash[..] {
                verdict.problems.push(format!("writes: entry {seq} was changed, or one before it"));
            }
            (last, before) = (seq, row.blob(5).to_vec());
            if let Some(end) = ends.get_mut(&seq) {
                *end = before.clone();
            }
        }
    }
    verdict.writes = last;
    Ok(())
}

fn check_reads(
    records: &Records,
    ends: &mut HashMap<u64, Vec<u8>>,
    verdict: &mut Verdict,
) -> std::io::Result<()> {
    let (mut before, mut last) = ([0u8; 32], 0u64);
    // Taken first: a node that works appends meanwhile.
    let (end, _) = records.trail().end();
    let segments = segments(records.trail().folder())?;
    for (position, path) in segments.iter().enumerate() {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let mut lines = std::io::BufReader::new(std::fs::File::open(path)?);
        for number in 1.. {
            let mut line = Vec::new();
            if lines.read_until(b'\n', &mut line)? == 0 {
                break;
            }
            // The last line of all may just be being written; it has no end yet.
            let whole = line.pop_if(|byte| *byte == b'\n').is_some();
            if !whole && position + 1 == segments.len() {
                break;
            }
            let Some((seq, at, hash, entry)) = parse_line(&line).filter(|_| whole) else {
                verdict.problems.push(format!("reads: {name} line {number} has a wrong form"));
                continue;
            };
            if seq != last + 1 {
                let (first, to) = (last + 1, seq.saturating_sub(1));
                verdict.problems.push(format!("reads: entries {first} to {to} are missing"));
            }
            if line_hash(&before, seq, at, entry) != hash {
                verdict.problems.push(format!("reads: entry {seq} was changed, or one before it"));
            }
            (last, before) = (seq, hash);
            if let Some(end) = ends.get_mut(&seq) {
                *end = hash.to_vec();
            }
        }
    }
    if last < end {
        verdict.problems.push(format!("reads: entries {} to {end} are missing", last + 1));
    }
    verdict.reads = last;
    Ok(())
}
