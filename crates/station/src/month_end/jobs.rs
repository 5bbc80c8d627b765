//! The files of months that are being put together: in memory, a few, each seen only by who asked for it.

use super::Month;
use crate::Station;
use crate::print::{self, Shape};
use crate::reports::Asked;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};
use yba_fhir::{Kind, Outcome};
use yba_print::bundle::Bundle;
use yba_records::Ctx;
use yba_report::Register;

/// Files that are kept at one time, and made at one time.
const KEPT_MAX: usize = 4;
const MADE_MAX: usize = 2;
/// How long one is kept.
const KEPT_MS: i64 = 30 * 60 * 1000;

/// All of a node.
#[derive(Debug, Clone, Default)]
pub struct Jobs(Arc<Mutex<BTreeMap<String, Job>>>);

#[derive(Debug)]
struct Job {
    /// Who asked.
    agent: String,
    begun_ms: i64,
    name: String,
    look: Look,
    bytes: Option<Arc<Vec<u8>>>,
}

/// How far one is.
#[derive(Debug, Clone, Default)]
pub struct Look {
    pub id: String,
    pub done: usize,
    pub total: usize,
    /// What is being made.
    pub now: String,
    /// What was not closed, and what is not in the file: title and reason.
    pub refused: Vec<(String, String)>,
    pub left_out: Vec<(String, String)>,
    /// Size of the file, once it is there.
    pub bytes: Option<usize>,
}

impl Jobs {
    fn all(&self) -> MutexGuard<'_, BTreeMap<String, Job>> {
        self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// How far a job is, for who asked for it.
    pub fn look(&self, id: &str, agent: &str) -> Option<Look> {
        self.all().get(id).filter(|job| job.agent == agent).map(|job| job.look.clone())
    }

    /// Name and bytes of a file that is done.
    pub fn fetch(&self, id: &str, agent: &str) -> Option<(String, Arc<Vec<u8>>)> {
        let all = self.all();
        let job = all.get(id).filter(|job| job.agent == agent)?;
        Some((job.name.clone(), job.bytes.clone()?))
    }

    fn put(&self, job: Job) -> Result<(), Outcome> {
        let mut all = self.all();
        let now = job.begun_ms;
        all.retain(|_, one| now - one.begun_ms < KEPT_MS);
        if all.values().filter(|one| one.look.done < one.look.total).count() >= MADE_MAX {
            let text = "Đang có bộ tệp khác được tạo. Hãy thử lại sau một phút.";
            return Err(Outcome::new(Kind::TooMany, "month-busy", text, "too many files of months are made"));
        }
        while all.len() >= KEPT_MAX {
            let oldest = all.iter().min_by_key(|(_, one)| one.begun_ms).map(|(id, _)| id.clone());
            oldest.and_then(|oldest| all.remove(&oldest));
        }
        all.insert(job.look.id.clone(), job);
        Ok(())
    }

    fn change(&self, id: &str, change: impl FnOnce(&mut Job)) {
        if let Some(job) = self.all().get_mut(id) {
            change(job);
        }
    }
}

/// One thing to be put into the file.
enum Part {
    Report(Asked),
    Register(Arc<Register>),
}

/// Begins to put the papers of a month into one file; answers the id of the job. Refuses when too many are made.
pub(super) fn begin(
    station: &Station,
    ctx: &Ctx,
    month: &Month,
    refused: Vec<(String, String)>,
) -> Result<String, Outcome> {
    let mut parts: Vec<Part> = month.reports(station).into_iter().map(Part::Report).collect();
    let on = month.period.last();
    let registers =
        station.registers.registers().filter_map(|newest| station.registers.register(&newest.slug, on));
    parts.extend(registers.cloned().map(Part::Register));
    let id = station.records.new_id();
    let place = month.facility.as_deref().unwrap_or("tat-ca");
    let look = Look { id: id.clone(), total: parts.len(), refused, ..Look::default() };
    station.prints.months.put(Job {
        agent: ctx.agent.name(),
        begun_ms: station.records.store().clock().now_ms(),
        name: format!("thang-{}-{place}.zip", month.period),
        look,
        bytes: None,
    })?;
    let (station, ctx, month, job) = (station.clone(), ctx.clone(), month.clone(), id.clone());
    tokio::spawn(async move { make(&station, &ctx, &month, &job, parts).await });
    Ok(id)
}

async fn make(station: &Station, ctx: &Ctx, month: &Month, id: &str, parts: Vec<Part>) {
    let (jobs, mut bundle) = (&station.prints.months, Bundle::default());
    for part in parts {
        let title = match &part {
            Part::Report(asked) => asked.report.about.title.clone(),
            Part::Register(register) => register.about.title.clone(),
        };
        jobs.change(id, |job| job.look.now = title.clone());
        let added = add(station, ctx, month, part, &mut bundle).await;
        jobs.change(id, |job| {
            job.look.done += 1;
            if let Err(outcome) = added {
                let text = outcome.issues.first().map(|issue| issue.text.clone()).unwrap_or_default();
                job.look.left_out.push((title, text));
            }
        });
    }
    let bytes = bundle.finish().ok().map(Arc::new);
    jobs.change(id, |job| {
        job.look.bytes = bytes.as_ref().map(|bytes| bytes.len());
        job.bytes = bytes;
    });
}

async fn add(
    station: &Station,
    ctx: &Ctx,
    month: &Month,
    part: Part,
    bundle: &mut Bundle,
) -> Result<(), Outcome> {
    let (folder, paper) = match part {
        Part::Report(asked) => ("bao-cao", print::report(station, ctx, &asked).await?),
        Part::Register(register) => {
            let facility = month.facility.as_deref();
            ("so", print::register(station, ctx, &register, month.period, facility).await?)
        }
    };
    let mut missing = Ok(());
    for shape in Shape::ALL {
        let name = format!("{folder}/{}.{}", paper.file_name(), shape.ending());
        // A register too long to be printed still goes along as a workbook.
        match print::shaped(station, paper.clone(), shape).await {
            Ok(bytes) => bundle.add(&name, &bytes)?,
            Err(outcome) => missing = Err(outcome),
        }
    }
    missing
}
