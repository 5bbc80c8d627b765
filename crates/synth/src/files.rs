//! Claim files in the order in which they would arrive, each with the truth about what is in it.
//!
//! Files are made one at a time. A visit belongs to the month it ends in; visits sent twice and late
//! corrections come in the month after, under the same MA_LK.

use crate::Province;
use crate::calendar::Day;
use crate::claim::{Edition, Part, Source, has_progress, parts, visit_key};
use crate::dialect::{Claim, bare, envelope};
use crate::dirt::{Borrowed, Fate, Filing, fate, filing};
use crate::making::record;
use crate::money::Totals;
use crate::places::{Dialect, Facility, places};
use crate::record::Record;
use crate::staff::staff;
use crate::visit::Visit;
use std::collections::VecDeque;

/// Claims in one file of dialect A, at most.
pub const BATCH: usize = 100;

/// A file as a facility would drop it.
pub struct ClaimFile {
    /// Path below the folder of the dialect: names sort in the order of arrival.
    pub name: String,
    pub bytes: Vec<u8>,
    /// The visits in it; a visit in bare files is told with its XML1.
    pub truth: Vec<TruthVisit>,
}

/// What is true about one visit in one file.
#[derive(Clone, Debug)]
pub struct TruthVisit {
    /// MA_CSKCB.
    pub facility: &'static str,
    /// MA_LK.
    pub ma_lk: String,
    /// MA_BN.
    pub ma_bn: String,
    /// Index in `Province::visits`.
    pub visit: u32,
    /// Index in `Province::people`: who was really there.
    pub person: u32,
    pub edition: Edition,
    /// MA_THE_BHYT as written.
    pub cards: Vec<String>,
    /// SO_CCCD as written; the edition of 4210 has no such column.
    pub identity: Option<String>,
    /// All T_ columns of XML1.
    pub totals: Totals,
    /// 1, or 2 in a late correction.
    pub version: u8,
    /// An earlier file held the same visit with the same content.
    pub duplicate: bool,
    /// A number in the file is not this person's.
    pub borrowed: bool,
    pub borrowing: Option<Borrowed>,
    /// Rows of XML2, XML3, XML4, XML5.
    pub rows: [usize; 4],
    pub no_accents: bool,
    pub swapped_date: bool,
    pub old_commune: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    First,
    Again,
    Correction,
}

/// Visits that go into one envelope.
struct Job {
    /// Months since year 0, in which the file arrives.
    month: i32,
    facility: u16,
    kind: Kind,
    part: usize,
    visits: Vec<u32>,
}

impl Province {
    /// The claim files of the facilities of one hospital system that `keep` wants, oldest first.
    pub fn claims(
        &self,
        dialect: Dialect,
        keep: impl Fn(&Facility) -> bool,
    ) -> impl Iterator<Item = ClaimFile> + '_ {
        let jobs = self.jobs(dialect, keep);
        let mut ready = VecDeque::new();
        let mut jobs = jobs.into_iter();
        std::iter::from_fn(move || {
            while ready.is_empty() {
                ready.extend(self.files(&jobs.next()?));
            }
            ready.pop_front()
        })
    }

    fn jobs(&self, dialect: Dialect, keep: impl Fn(&Facility) -> bool) -> Vec<Job> {
        let mut items: Vec<(i32, u16, Kind, u32)> = Vec::new();
        let wanted: Vec<bool> = places().facilities.iter().map(|f| f.system == dialect && keep(f)).collect();
        for visit in self.visits.iter().filter(|v| wanted[usize::from(v.facility)]) {
            let month = month(visit.end.day());
            items.push((month, visit.facility, Kind::First, visit.index));
            match fate(visit, &self.dirt, &self.seed) {
                Fate::Sent => {}
                Fate::SentTwice => items.push((month + 1, visit.facility, Kind::Again, visit.index)),
                Fate::Corrected => items.push((month + 1, visit.facility, Kind::Correction, visit.index)),
            }
        }
        items.sort_unstable();
        let batch = if dialect == Dialect::A { BATCH } else { 1 };
        let mut jobs: Vec<Job> = Vec::new();
        for (month, facility, kind, visit) in items {
            match jobs.last_mut().filter(|j| (j.month, j.facility, j.kind) == (month, facility, kind)) {
                Some(job) if job.visits.len() < batch => job.visits.push(visit),
                Some(job) => {
                    let part = job.part + 1;
                    jobs.push(Job { month, facility, kind, part, visits: vec![visit] });
                }
                None => jobs.push(Job { month, facility, kind, part: 1, visits: vec![visit] }),
            }
        }
        jobs
    }

    /// The record as the facility knows it, with what its desk wrote.
    pub fn filed(&self, visit: &Visit) -> (Record, Filing) {
        let filing = filing(visit, &self.people, &self.dirt, &self.seed);
        let workers = staff()[usize::from(visit.facility)].len();
        let person = &self.people[visit.person as usize];
        (record(visit, person, filing.card.clone(), &self.seed, workers), filing)
    }

    fn files(&self, job: &Job) -> Vec<ClaimFile> {
        let facility = &places().facilities[usize::from(job.facility)];
        let mut rng = self.seed.fork("file", (job.month as u64) << 32 | u64::from(job.visits[0]));
        let (mut claims, mut truth) = (Vec::new(), Vec::new());
        for index in &job.visits {
            let (claim, told) = self.claim(&self.visits[*index as usize], job.kind);
            claims.push(claim);
            truth.push(told);
        }
        let first = &self.visits[job.visits[0] as usize];
        let alone = facility.system == Dialect::B && job.kind == Kind::First;
        if alone && self.seed.fork("bare", u64::from(first.index)).chance(self.dirt.bare) {
            return bare_files(job, facility, &claims[0].parts, truth);
        }
        let made = made(job);
        let name = name(job, facility, &truth[0].ma_lk);
        vec![ClaimFile { name, bytes: envelope(facility, made, &claims, &mut rng), truth }]
    }

    /// What the same files hold, in the same order, without making them.
    pub fn truths(
        &self,
        dialect: Dialect,
        keep: impl Fn(&Facility) -> bool,
    ) -> impl Iterator<Item = TruthVisit> + '_ {
        let visits = self.jobs(dialect, keep).into_iter().flat_map(|job| {
            let kind = job.kind;
            job.visits.into_iter().map(move |index| (index, kind))
        });
        visits.map(|(index, kind)| {
            let visit = &self.visits[index as usize];
            let (record, filing) = self.sent(visit, kind);
            truth(visit, kind, &record, &filing)
        })
    }

    fn sent(&self, visit: &Visit, kind: Kind) -> (Record, Filing) {
        let (mut record, filing) = self.filed(visit);
        if kind == Kind::Correction {
            let mut rng = self.seed.fork("correction", u64::from(visit.index));
            record = record.corrected(visit.start.day(), &mut rng);
        }
        (record, filing)
    }

    fn claim(&self, visit: &Visit, kind: Kind) -> (Claim, TruthVisit) {
        let (record, filing) = self.sent(visit, kind);
        let source = Source::new(visit, &self.people, &record, &filing);
        let claim = Claim { edition: source.edition, parts: parts(&source) };
        (claim, truth(visit, kind, &record, &filing))
    }
}

fn truth(visit: &Visit, kind: Kind, record: &Record, filing: &Filing) -> TruthVisit {
    let facility = &places().facilities[usize::from(visit.facility)];
    let edition = Edition::on(visit.end.day());
    let borrowing = match edition {
        Edition::Q4210 => filing.borrowed_card,
        _ => filing.borrowed_card.or(filing.borrowed_identity),
    };
    let results = record.results.len() + record.findings.len();
    let notes = if has_progress(visit) { record.notes.len() } else { 0 };
    TruthVisit {
        facility: &facility.code,
        ma_lk: visit_key(visit, facility),
        ma_bn: filing.local_number.clone(),
        visit: visit.index,
        person: visit.person,
        edition,
        cards: record.card.iter().map(|card| card.number.clone()).collect(),
        identity: Some(filing.identity.clone()).filter(|i| !i.is_empty() && edition > Edition::Q4210),
        totals: record.totals,
        version: if kind == Kind::Correction { 2 } else { 1 },
        duplicate: kind == Kind::Again,
        borrowed: borrowing.is_some(),
        borrowing,
        rows: [record.drugs.len(), record.services.len(), results, notes],
        no_accents: filing.no_accents,
        swapped_date: filing.swapped_date,
        old_commune: filing.old_commune,
    }
}

fn month(day: Day) -> i32 {
    let (year, month, _) = day.parts();
    year * 12 + month as i32 - 1
}

/// NGAYLAP: monthly batches on the 3rd of the next month, what comes late on the 20th of its month.
fn made(job: &Job) -> Day {
    let (month, day) = if job.kind == Kind::First { (job.month + 1, 3) } else { (job.month, 20) };
    Day::ymd(month.div_euclid(12), month.rem_euclid(12) as u32 + 1, day)
}

/// Months first, then what is new before what comes again: the order of names is the order of arrival.
fn name(job: &Job, facility: &Facility, ma_lk: &str) -> String {
    let (year, month) = (job.month.div_euclid(12), job.month.rem_euclid(12) + 1);
    let kind = match job.kind {
        Kind::First => "1-moi",
        Kind::Again => "2-gui-lai",
        Kind::Correction => "3-sua",
    };
    match facility.system {
        Dialect::A => format!("{year}-{month:02}/{}/{kind}-{:03}.xml", facility.code, job.part),
        Dialect::B => format!("{year}-{month:02}/{}/{kind}/{ma_lk}.xml", facility.code),
    }
}

fn bare_files(job: &Job, facility: &Facility, parts: &[Part], truth: Vec<TruthVisit>) -> Vec<ClaimFile> {
    let base = name(job, facility, &truth[0].ma_lk);
    let base = base.trim_end_matches(".xml");
    let mut truth = Some(truth);
    let file = |part: &Part| ClaimFile {
        name: format!("{base}/{}.xml", part.kind),
        bytes: bare(part),
        truth: truth.take().unwrap_or_default(),
    };
    let mut all: Vec<ClaimFile> = parts.iter().map(file).collect();
    // XML13 sorts before XML2; the summary stays first.
    all.sort_by(|a, b| a.name.cmp(&b.name));
    all
}
