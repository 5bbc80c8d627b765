//! The report of a breach: whose data was seen in a span of time, by whom, how often. One pass over the trail.

use super::Seen;
use super::search::{Chain, Entry, Wanted, each_segment_back, holds};
use super::trail::parse_line;
use crate::ctx::Ctx;
use crate::door::Records;
use std::collections::{BTreeMap, HashMap};
use yba_fhir::{Kind, Outcome};

/// Most patients of a report; more is a province, and the span must be narrowed.
const PATIENTS_MAX: usize = 2_000_000;
/// Most exports that are listed one by one.
const EXPORTS_MAX: usize = 1000;

/// What was seen of one patient.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    pub patient: String,
    /// How many entries name the patient.
    pub times: u64,
    pub first_ms: i64,
    pub last_ms: i64,
    /// By whom, as they stand in the trail.
    pub agents: Vec<String>,
}

/// What one agent did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Looker {
    pub times: u64,
    pub refused: u64,
    pub patients: u64,
}

/// Whose data was seen, by whom.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// Entries that were counted.
    pub entries: u64,
    /// By id of the Patient.
    pub patients: Vec<Shown>,
    pub agents: BTreeMap<String, Looker>,
    /// Exports, whose entries name a scope and not each patient: whoever made one may have seen everyone within.
    pub exports: Vec<Entry>,
    pub exports_beyond: u64,
}

#[derive(Default)]
struct Tally {
    entries: u64,
    /// Agents by number, so that a patient keeps numbers.
    numbers: HashMap<String, u32>,
    lookers: Vec<Looker>,
    patients: HashMap<String, Of>,
    exports: Vec<Entry>,
    exports_beyond: u64,
}

struct Of {
    times: u64,
    first_ms: i64,
    last_ms: i64,
    agents: Vec<u32>,
}

impl Tally {
    fn take(&mut self, entry: Entry) -> Result<(), Outcome> {
        self.entries += 1;
        let fresh = self.lookers.len() as u32;
        let number = *self.numbers.entry(entry.agent.clone()).or_insert(fresh);
        if number == fresh {
            self.lookers.push(Looker::default());
        }
        let looker = &mut self.lookers[number as usize];
        looker.times += 1;
        if entry.refused {
            looker.refused += 1;
            return Ok(());
        }
        for patient in &entry.patients {
            let of = Of { times: 0, first_ms: entry.at, last_ms: entry.at, agents: Vec::new() };
            let of = self.patients.entry(patient.clone()).or_insert(of);
            of.times += 1;
            (of.first_ms, of.last_ms) = (of.first_ms.min(entry.at), of.last_ms.max(entry.at));
            if !of.agents.contains(&number) {
                of.agents.push(number);
                looker.patients += 1;
            }
        }
        if self.patients.len() > PATIENTS_MAX {
            let text =
                "Báo cáo có quá nhiều người bệnh. Hãy chọn khoảng thời gian ngắn hơn, hoặc một tài khoản.";
            return Err(Outcome::new(
                Kind::Unprocessable,
                "audit-report-large",
                text,
                "too many patients in a report",
            ));
        }
        if entry.action == "export" && entry.patients.is_empty() {
            match self.exports.len() < EXPORTS_MAX {
                true => self.exports.push(entry),
                false => self.exports_beyond += 1,
            }
        }
        Ok(())
    }

    fn report(self) -> Report {
        let mut names = vec![String::new(); self.lookers.len()];
        self.numbers.into_iter().for_each(|(name, number)| names[number as usize] = name);
        let named = |numbers: Vec<u32>| {
            let mut agents: Vec<String> =
                numbers.into_iter().map(|number| names[number as usize].clone()).collect();
            agents.sort_unstable();
            agents
        };
        let mut patients: Vec<Shown> = self
            .patients
            .into_iter()
            .map(|(patient, Of { times, first_ms, last_ms, agents })| Shown {
                patient,
                times,
                first_ms,
                last_ms,
                agents: named(agents),
            })
            .collect();
        patients.sort_unstable_by(|one, other| one.patient.cmp(&other.patient));
        let (exports, exports_beyond) = (self.exports, self.exports_beyond);
        let agents = names.into_iter().zip(self.lookers).collect();
        Report { entries: self.entries, patients, agents, exports, exports_beyond }
    }
}

impl Records {
    /// Whose data was seen, by whom. Needs the right to search AuditEvents, whoever's data it is; noted as an export of the
    /// trail.
    pub async fn audit_report(&self, ctx: &Ctx, wanted: &Wanted) -> Result<Report, Outcome> {
        self.may_report(ctx).await?;
        let seen =
            Seen { action: "audit-report", kind: "AuditEvent", patients: &wanted.patients, refused: false };
        self.trail().note(ctx, &seen)?;
        let (folder, of_reads) = (self.trail().folder().to_owned(), wanted.clone());
        let mut tally = tokio::task::spawn_blocking(move || tally_reads(&folder, &of_reads))
            .await
            .map_err(|error| Outcome::fault(error.to_string()))??;
        let (words, mut before) = (wanted.words(), i64::MAX);
        'pages: loop {
            let rows = self.writes_page(before).await?;
            let Some(last) = rows.last() else { break };
            before = last.0;
            for (seq, at, bytes) in rows {
                if wanted.is_past(at) {
                    break 'pages;
                }
                if holds(&bytes, &words) {
                    let entry = Entry::parse(Chain::Write, seq.unsigned_abs(), at, &bytes);
                    if wanted.takes(&entry) {
                        tally.take(entry)?;
                    }
                }
            }
        }
        Ok(tally.report())
    }
}

fn tally_reads(folder: &std::path::Path, wanted: &Wanted) -> Result<Tally, Outcome> {
    let (words, mut tally, mut refused) = (wanted.words(), Tally::default(), Ok(()));
    each_segment_back(folder, &mut |bytes| {
        for line in bytes.split(|byte| *byte == b'\n').rev() {
            let Some((seq, at, _, entry)) = parse_line(line) else { continue };
            if wanted.is_past(at) {
                return false;
            }
            if holds(entry, &words) {
                let entry = Entry::parse(Chain::Read, seq, at, entry);
                if wanted.takes(&entry) {
                    refused = tally.take(entry);
                }
            }
            if refused.is_err() {
                return false;
            }
        }
        true
    })
    .map_err(|error| Outcome::fault(format!("reading the trail: {error}")))?;
    refused.map(|()| tally)
}
