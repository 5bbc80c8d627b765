//! Checking the whole trail: every hash of both chains, the versions that the write chain covers, every signed head.

use super::heads::{Head, Signer};
use super::{reads, writes};
use crate::door::Records;
use std::collections::HashMap;
use std::path::Path;
use yba_fhir::Outcome;

/// What was found. Sound when `problems` is empty.
#[derive(Debug, Default)]
pub struct Verdict {
    pub writes: u64,
    pub reads: u64,
    /// Versions of records that an entry of the write chain covers.
    pub versions: u64,
    pub heads: usize,
    pub problems: Vec<String>,
    /// What cannot be told, said plainly.
    pub remarks: Vec<String>,
}

/// Most problems that are told one by one; a chain that was written anew has as many as entries.
const TOLD_MAX: usize = 1000;

/// A chain as it was found: how long it is, the hashes at the numbers that heads name, and what is wrong.
pub(super) struct Chain {
    pub name: &'static str,
    pub last: u64,
    ends: HashMap<u64, Option<[u8; 32]>>,
    pub problems: Vec<String>,
}

impl Chain {
    fn new(name: &'static str, heads: impl Iterator<Item = u64>) -> Chain {
        let ends = heads.map(|seq| (seq, None)).collect();
        Chain { name, last: 0, ends, problems: Vec::new() }
    }

    /// Takes the next entry: its number, its hash as it stands there, and as it should be.
    pub fn entry(&mut self, seq: u64, stands: &[u8], should: &[u8; 32]) {
        if seq != self.last + 1 {
            let (first, to) = (self.last + 1, seq.saturating_sub(1));
            self.problem(format!("entries {first} to {to} are missing"));
        }
        if stands != should {
            self.problem(format!("entry {seq} was changed, or one before it"));
        }
        self.last = seq;
        if let Some(end) = self.ends.get_mut(&seq) {
            *end = stands.try_into().ok();
        }
    }

    pub fn problem(&mut self, what: String) {
        if self.problems.len() < TOLD_MAX {
            self.problems.push(format!("{}: {what}", self.name));
        }
    }

    /// Whether a head fits that names this end.
    fn fits(&self, seq: u64, hash: &[u8]) -> bool {
        seq == 0 || self.ends.get(&seq).is_some_and(|end| end.is_some_and(|end| end == hash))
    }
}

/// Checks both chains, the heads, and heads that were kept elsewhere, each a line as it was printed or signed.
pub async fn verify(records: &Records, kept: &[String]) -> Result<Verdict, Outcome> {
    let mut verdict = Verdict::default();
    let folder = records.trail().folder().to_owned();
    let heads = read_heads(&folder, &mut verdict);
    let kept = kept_heads(&folder, kept, &mut verdict);
    let all = || heads.iter().chain(&kept);
    let mut writes = Chain::new("writes", all().map(|head| head.write_seq.unsigned_abs()));
    let mut reads = Chain::new("reads", all().map(|head| head.read_seq));
    // Taken first: a node that works appends meanwhile.
    let (end, _) = records.trail().end();
    let of_reads = tokio::task::spawn_blocking(move || {
        let done = reads::check(&folder, end, &mut reads);
        done.map(|()| reads)
    });
    let covered = writes::check(records, &mut writes).await?;
    let reads = of_reads.await.map_err(|error| Outcome::fault(error.to_string()))?;
    let reads = reads.map_err(|error| Outcome::fault(format!("reading the trail: {error}")))?;
    for (which, head) in
        heads.iter().map(|head| ("signed", head)).chain(kept.iter().map(|head| ("kept", head)))
    {
        let ends = [
            (&writes, head.write_seq.unsigned_abs(), &head.write_hash),
            (&reads, head.read_seq, &head.read_hash),
        ];
        for (chain, seq, hash) in ends {
            if !chain.fits(seq, hash) {
                let name = chain.name;
                verdict
                    .problems
                    .push(format!("{name}: the head {which} at {} does not fit entry {seq}", head.at));
            }
        }
    }
    verdict.problems.extend(writes.problems.into_iter().chain(reads.problems));
    (verdict.writes, verdict.reads, verdict.versions) = (writes.last, reads.last, covered.versions);
    verdict.heads = heads.len();
    covered.say(&mut verdict);
    say_of_heads(&heads, &kept, &mut verdict);
    Ok(verdict)
}

fn say_of_heads(heads: &[Head], kept: &[Head], verdict: &mut Verdict) {
    if let Some(last) = kept.last() {
        let (writes, reads) = (last.write_seq, last.read_seq);
        return verdict.remarks.push(format!(
            "nothing up to write {writes} and read {reads} was cut off since that head was kept"
        ));
    }
    verdict.remarks.push(match heads.last() {
        None => "no signed head yet: a cut-off tail could not be noticed".into(),
        Some(last) => format!(
            "entries after write {} and read {} are not under a signed head yet; only a head kept elsewhere (`yba audit \
             head`, then `yba audit verify --head`) rules out a cut-off tail",
            last.write_seq, last.read_seq
        ),
    });
}

/// The heads that were signed here, in order.
fn read_heads(folder: &Path, verdict: &mut Verdict) -> Vec<Head> {
    let Ok(bytes) = std::fs::read(folder.join("heads.log")) else { return Vec::new() };
    let Ok(signer) = Signer::load(folder) else {
        verdict.problems.push("audit/node.key cannot be read, so heads cannot be checked".into());
        return Vec::new();
    };
    let mut heads: Vec<Head> = Vec::new();
    let text = String::from_utf8_lossy(&bytes);
    for (number, line) in text.split_terminator('\n').enumerate() {
        let Some(head) = Head::parse(line, &signer.public()) else {
            verdict.problems.push(format!("heads.log line {}: wrong signature or form", number + 1));
            continue;
        };
        if heads
            .last()
            .is_some_and(|before| (head.write_seq, head.read_seq) < (before.write_seq, before.read_seq))
        {
            verdict
                .problems
                .push(format!("heads.log line {}: names an earlier end than the one before", number + 1));
        }
        heads.push(head);
    }
    heads
}

/// Heads that somebody brings. One of another node, or mistyped, does not count as one.
fn kept_heads(folder: &Path, lines: &[String], verdict: &mut Verdict) -> Vec<Head> {
    let key = Signer::load(folder).map(|signer| signer.public());
    let parse = |line: &String| Head::parse(line.trim(), key.as_ref().ok()?);
    let mut heads = Vec::new();
    for (number, line) in lines.iter().enumerate() {
        match parse(line) {
            Some(head) => heads.push(head),
            None => verdict.problems.push(format!(
                "kept head {}: not signed with this node's key (mistyped, of another node, or the key was replaced)",
                number + 1
            )),
        }
    }
    heads
}
