//! Looking into the trail: entries of both chains, newest first, by whose data, by whom, when, what. Itself permitted and
//! noted.
//!
//! There is no index: segments are read from their end, lines without the wanted words passed over unparsed. That is some
//! gigabytes a second, and the first page of most questions is found in the last segment.

use super::Seen;
use super::trail::{parse_line, segments};
use crate::ctx::Ctx;
use crate::door::Records;
use std::path::{Path, PathBuf};
use yba_auth::Action;
use yba_fhir::json::{self, JsonValueTrait, items, str_at};
use yba_fhir::{Kind, Outcome};
use yba_store::{Scope, Value};

/// Rows of the write chain read at once.
const PAGE: i64 = 2000;
/// How far a clock may have been set back: entries so much older than a span end the look for it.
const CLOCK_BACK_MS: i64 = 24 * 3_600_000;

/// Which chain an entry is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Chain {
    Read,
    Write,
}

/// An entry as it stands in the trail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub chain: Chain,
    /// Its number in its chain.
    pub seq: u64,
    /// ms since 1970 UTC.
    pub at: i64,
    pub action: String,
    /// `account/…`, `system/…`, `stranger`, …
    pub agent: String,
    /// As what: roles with their facilities, between spaces.
    pub posts: String,
    pub kind: String,
    pub patients: Vec<String>,
    pub purpose: String,
    pub refused: bool,
    pub request: String,
    pub source: String,
    pub address: String,
}

/// Which entries are wanted: those for which all that is said here holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Ids of Patients, any of them.
    pub patients: Vec<String>,
    /// The agent as it stands in the trail.
    pub agent: String,
    pub action: String,
    pub address: String,
    pub refused: Option<bool>,
    /// From this moment on, in ms since 1970 UTC.
    pub from_ms: Option<i64>,
    /// Before this moment.
    pub until_ms: Option<i64>,
}

/// A page of entries, newest first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Found {
    pub entries: Vec<Entry>,
    /// Where the next page begins, when there is one.
    pub next: Option<String>,
}

/// The ends of both chains before which a page begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    pub read: u64,
    pub write: u64,
}

impl Place {
    pub const END: Place = Place { read: u64::MAX, write: i64::MAX as u64 };

    fn parse(text: &str) -> Option<Place> {
        let (read, write) = text.split_once('-')?;
        let place = Place { read: read.parse().ok()?, write: write.parse().ok()? };
        (place.write <= Place::END.write).then_some(place)
    }
}

impl Entry {
    /// Reads an entry. What has no form (somebody meddled) is an entry of nothing, so that its place shows.
    pub(super) fn parse(chain: Chain, seq: u64, at: i64, bytes: &[u8]) -> Entry {
        let tree: json::Value = json::from_slice(bytes).unwrap_or_default();
        let text = |name: &str| str_at(&tree, &[name]).unwrap_or_default().to_owned();
        Entry {
            chain,
            seq,
            at,
            action: text("action"),
            agent: text("agent"),
            posts: text("as"),
            kind: text("kind"),
            patients: items(&tree, "patients").filter_map(|id| id.as_str()).map(str::to_owned).collect(),
            purpose: text("purpose"),
            refused: tree.get("refused").and_then(|value| value.as_bool()).unwrap_or_default(),
            request: text("request"),
            source: text("source"),
            address: text("address"),
        }
    }
}

impl Wanted {
    pub(super) fn takes(&self, entry: &Entry) -> bool {
        let fits = |wanted: &str, stands: &str| wanted.is_empty() || wanted == stands;
        (self.patients.is_empty() || entry.patients.iter().any(|one| self.patients.contains(one)))
            && fits(&self.agent, &entry.agent)
            && fits(&self.action, &entry.action)
            && fits(&self.address, &entry.address)
            && self.refused.is_none_or(|refused| refused == entry.refused)
            && self.from_ms.is_none_or(|from| entry.at >= from)
            && self.until_ms.is_none_or(|until| entry.at < until)
    }

    /// Whether an entry of this time, and all before it, are too old.
    pub(super) fn is_past(&self, at: i64) -> bool {
        self.from_ms.is_some_and(|from| at < from.saturating_sub(CLOCK_BACK_MS))
    }

    /// Words of which an entry that is wanted holds one of each list, as they stand in its JSON.
    pub(super) fn words(&self) -> Vec<Vec<String>> {
        let quoted = |text: &String| json::to_string(text).unwrap_or_default();
        let mut words: Vec<Vec<String>> = [&self.agent, &self.action, &self.address]
            .into_iter()
            .filter(|text| !text.is_empty())
            .map(|text| vec![quoted(text)])
            .collect();
        if !self.patients.is_empty() {
            words.push(self.patients.iter().map(quoted).collect());
        }
        words
    }
}

/// Whether some word of each list is in the bytes.
pub(super) fn holds(bytes: &[u8], words: &[Vec<String>]) -> bool {
    words.iter().all(|any| any.iter().any(|word| memchr::memmem::find(bytes, word.as_bytes()).is_some()))
}

impl Records {
    /// A page of entries, newest first. Needs the right to search (for one person's: to read) AuditEvents; the look itself is
    /// noted, with the patients that are shown.
    pub async fn audit_search(
        &self,
        ctx: &Ctx,
        wanted: &Wanted,
        cursor: Option<&str>,
        count: usize,
    ) -> Result<Found, Outcome> {
        let word = if wanted.patients.is_empty() { "audit-search" } else { "audit-read" };
        self.admit_auditor(ctx, word, wanted).await?;
        let place = match cursor {
            None => Place::END,
            Some(text) => Place::parse(text).ok_or_else(|| {
                let text = "Liên kết trang không hợp lệ. Hãy tìm lại từ đầu.";
                Outcome::invalid("audit-cursor", text, "malformed place in the trail")
            })?,
        };
        let found = self.entries_before(wanted, place, count).await?;
        let mut shown: Vec<String> =
            found.entries.iter().flat_map(|entry| entry.patients.iter().cloned()).collect();
        if !wanted.patients.is_empty() {
            shown = wanted.patients.clone();
        }
        shown.sort_unstable();
        shown.dedup();
        self.trail().note(ctx, &Seen { action: word, kind: AUDIT, patients: &shown, refused: false })?;
        Ok(found)
    }

    /// The newest entries, at most `max`, for a file. Needs the right to search AuditEvents; noted as an export of the trail,
    /// with the patients who were asked for.
    pub async fn audit_export(&self, ctx: &Ctx, wanted: &Wanted, max: usize) -> Result<Found, Outcome> {
        self.admit_auditor(ctx, "audit-export", &Wanted::default()).await?;
        let seen = Seen { action: "audit-export", kind: AUDIT, patients: &wanted.patients, refused: false };
        self.trail().note(ctx, &seen)?;
        self.entries_before(wanted, Place::END, max).await
    }

    /// Refuses, and notes, whoever may not ask for the report of a breach.
    pub async fn may_report(&self, ctx: &Ctx) -> Result<(), Outcome> {
        self.admit_auditor(ctx, "audit-report", &Wanted::default()).await
    }

    /// Refuses, and notes, whoever may not see who looked at this patient's record.
    pub async fn may_see_lookers(&self, ctx: &Ctx, patient: &str) -> Result<(), Outcome> {
        let wanted = Wanted { patients: vec![patient.to_owned()], ..Wanted::default() };
        self.admit_auditor(ctx, "audit-read", &wanted).await
    }

    /// Refuses, and notes, whoever may not look into the trail: of everybody, who does not reach it whole; of patients, who
    /// does not reach their whole records either.
    pub(super) async fn admit_auditor(&self, ctx: &Ctx, word: &str, wanted: &Wanted) -> Result<(), Outcome> {
        let action = if wanted.patients.is_empty() { Action::Search } else { Action::Read };
        // No entry has a security label, so those that a role may not see narrow nothing here.
        let is_whole = match self.scope(ctx, action) {
            Scope::All => true,
            Scope::Narrow(narrow) => narrow.whole.contains(AUDIT) && !narrow.limits.contains_key(AUDIT),
            Scope::Patients(_) | Scope::Nothing => false,
        };
        let refused = match ctx.may_look().and_then(|()| ctx.must(action, AUDIT)) {
            Err(refused) => refused,
            Ok(()) if is_whole => return Ok(()),
            Ok(()) => {
                let reached = self.patients_reached(ctx, Action::Everything, &wanted.patients).await?;
                if !wanted.patients.is_empty() && reached.len() == wanted.patients.len() {
                    return Ok(());
                }
                let text = "Bạn không có quyền xem nhật ký này.";
                Outcome::new(Kind::Forbidden, "audit-scope", text, "the trail is beyond the scope")
            }
        };
        self.trail().note(ctx, &Seen { action: word, kind: AUDIT, patients: &[], refused: true })?;
        Err(refused)
    }

    async fn entries_before(&self, wanted: &Wanted, place: Place, count: usize) -> Result<Found, Outcome> {
        // One more of each than is shown: then it is known whether there is a next page.
        let of_reads = {
            let (folder, wanted) = (self.trail().folder().to_owned(), wanted.clone());
            tokio::task::spawn_blocking(move || reads_before(&folder, &wanted, place.read, count + 1))
        };
        let writes = self.writes_before(wanted, place.write, count + 1).await?;
        let reads = of_reads.await.map_err(|error| Outcome::fault(error.to_string()))?;
        let reads = reads.map_err(|error| Outcome::fault(format!("reading the trail: {error}")))?;
        let (mut reads, mut writes) = (reads.into_iter().peekable(), writes.into_iter().peekable());
        let (mut found, mut place) = (Found::default(), place);
        while found.entries.len() < count {
            let next = match (reads.peek(), writes.peek()) {
                (Some(read), Some(write)) if read.at >= write.at => reads.next(),
                (_, Some(_)) => writes.next(),
                (_, None) => reads.next(),
            };
            let Some(entry) = next else { return Ok(found) };
            match entry.chain {
                Chain::Read => place.read = entry.seq,
                Chain::Write => place.write = entry.seq,
            }
            found.entries.push(entry);
        }
        if reads.peek().is_some() || writes.peek().is_some() {
            found.next = Some(format!("{}-{}", place.read, place.write));
        }
        Ok(found)
    }

    async fn writes_before(&self, wanted: &Wanted, before: u64, count: usize) -> Result<Vec<Entry>, Outcome> {
        let words = wanted.words();
        let (mut found, mut before) = (Vec::new(), before as i64);
        loop {
            let rows = self.writes_page(before).await?;
            let Some(last) = rows.last() else { return Ok(found) };
            before = last.0;
            for (seq, at, bytes) in rows {
                if wanted.is_past(at) {
                    return Ok(found);
                }
                if holds(&bytes, &words) {
                    let entry = Entry::parse(Chain::Write, seq.unsigned_abs(), at, &bytes);
                    if wanted.takes(&entry) {
                        found.push(entry);
                    }
                }
                if found.len() >= count {
                    return Ok(found);
                }
            }
        }
    }

    /// Entries of the write chain before a number, newest first: number, time, entry.
    pub(super) async fn writes_page(&self, before: i64) -> Result<Vec<(i64, i64, bytes::Bytes)>, Outcome> {
        let sql = "SELECT seq, at, entry FROM audit WHERE shard = 0 AND seq < ?1 ORDER BY seq DESC LIMIT ?2";
        let rows = self.store().query(sql, vec![Value::Int(before), Value::Int(PAGE)]).await?;
        Ok(rows.iter().map(|row| (row.int(0), row.int(1), row.blob(2))).collect())
    }
}

/// The FHIR type whose permission the trail goes by.
const AUDIT: &str = "AuditEvent";

/// Entries of the read chain before a number, newest first.
pub(super) fn reads_before(
    folder: &Path,
    wanted: &Wanted,
    before: u64,
    count: usize,
) -> std::io::Result<Vec<Entry>> {
    let (words, mut found) = (wanted.words(), Vec::new());
    each_segment_back(folder, &mut |bytes| {
        for line in bytes.split(|byte| *byte == b'\n').rev() {
            let Some((seq, at, _, entry)) = parse_line(line) else { continue };
            if wanted.is_past(at) || found.len() >= count {
                return false;
            }
            if seq < before && holds(entry, &words) {
                let entry = Entry::parse(Chain::Read, seq, at, entry);
                if wanted.takes(&entry) {
                    found.push(entry);
                }
            }
        }
        found.len() < count
    })?;
    Ok(found)
}

/// Reads the segments, the last one first, until one says that it is enough. One is in memory at a time.
pub(super) fn each_segment_back(folder: &Path, take: &mut dyn FnMut(&[u8]) -> bool) -> std::io::Result<()> {
    let mut paths: Vec<PathBuf> = segments(folder)?;
    while let Some(path) = paths.pop() {
        let mut bytes = std::fs::read(path)?;
        // What comes after the last end of a line is just being written.
        let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        bytes.truncate(whole);
        if !take(&bytes) {
            break;
        }
    }
    Ok(())
}
