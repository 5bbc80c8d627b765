//! Importing claim files: the one thing here that does I/O.
//!
//! A reading thread parts files into visits. Visits of one patient go to the same worker, in the order of the files,
//! so that what they say about the patient is merged in that order; workers write at the same time, so that the
//! store can commit many visits in one group. Each visit is one transaction: whole or not at all.
//!
//! It is safe to stop at any moment and to repeat: what is here unchanged is recognised by its digest.

use crate::ProvinceKey;
use crate::bounds::Bounds;
use crate::envelope::{self, FileReading};
use crate::problem::{Problem, Severity};
use crate::reject::Rejects;
use crate::report::{Progress, Report};
use crate::shapes::Shapes;
use crate::source::{self, Found};
use crate::take::{Fate, Taken, Taker};
use crate::visit::{Origin, Part, VisitFile};
use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use yba_content::Content;
use yba_fhir::Outcome;
use yba_records::{Ctx, Records};

/// How an import is done.
#[derive(Debug, Clone)]
pub struct Options {
    pub bounds: Bounds,
    /// Visits being written at the same time.
    pub workers: usize,
    /// Where refused visits are written; nowhere when `None`.
    pub rejects: Option<PathBuf>,
    /// Map again also what has not changed.
    pub again: bool,
}

impl Default for Options {
    fn default() -> Options {
        Options { bounds: Bounds::default(), workers: 64, rejects: None, again: false }
    }
}

/// Visits read but not yet written, for each worker: together, since one worker may have a patient with many visits,
/// whom the others need not wait for.
const READ_AHEAD: usize = 4;

/// A visit on its way to the worker of its patient, and its part of what may be read ahead.
type Underway = (VisitFile, OwnedSemaphorePermit);

/// What the reading thread and the workers tell.
enum Told {
    Total {
        files: u64,
        bytes: u64,
        skipped: u64,
    },
    /// A file was read to its end.
    File {
        bytes: u64,
        reading: FileReading,
    },
    /// A visit was judged and, if it passed, written.
    Visit(Box<(VisitFile, Taken)>),
    Problem(Problem),
    /// The store failed: the import ends.
    Fault(Outcome),
}

/// Imports files, folders and zip archives. `progress` is called after every visit and file.
///
/// What is wrong with files and visits stands in the [`Report`]. Refuses only when the store cannot write, or the
/// reject folder cannot be written.
pub async fn import(
    records: &Records,
    content: &Arc<Content>,
    key: &ProvinceKey,
    inputs: &[PathBuf],
    options: Options,
    mut progress: impl FnMut(Progress),
) -> Result<Report, Outcome> {
    let (tell, mut told) = mpsc::channel::<Told>(256);
    let taker = Taker {
        records: records.clone(),
        content: content.clone(),
        key: key.clone(),
        ctx: Ctx::system("import-bhyt"),
        again: options.again,
        parties: Arc::new(Mutex::new(HashSet::new())),
    };
    let workers = start_workers(&taker, options.workers.clamp(1, 1024), &tell);
    let ahead = Arc::new(Semaphore::new(workers.len() * READ_AHEAD));
    let reader = Reader {
        shapes: Shapes::of(content.claims()),
        bounds: options.bounds,
        workers,
        ahead,
        runtime: Handle::current(),
        tell,
        bare: Vec::new(),
        bare_bytes: 0,
        bare_folder: String::new(),
    };
    let inputs = inputs.to_vec();
    let reading = tokio::task::spawn_blocking(move || reader.run(&inputs));
    let mut collector = Collector {
        report: Report::default(),
        progress: Progress::default(),
        rejects: options.rejects.map(Rejects::new),
    };
    let mut fault = None;
    while let Some(one) = told.recv().await {
        match one {
            Told::Fault(outcome) => {
                fault = Some(outcome);
                break;
            }
            other => {
                collector.take(other)?;
                progress(collector.progress);
            }
        }
    }
    // After a fault nobody listens any more: workers and reader find their channels closed and end.
    drop(told);
    let joined = reading.await;
    match (fault, joined) {
        (Some(outcome), _) => Err(outcome),
        (None, Err(error)) => Err(Outcome::fault(format!("the reading thread ended: {error}"))),
        (None, Ok(())) => collector.finish(),
    }
}

fn start_workers(
    taker: &Taker,
    count: usize,
    tell: &mpsc::Sender<Told>,
) -> Vec<mpsc::UnboundedSender<Underway>> {
    let start = |_| {
        // Bounded by what may be read ahead.
        let (send, receive) = mpsc::unbounded_channel();
        tokio::spawn(work(taker.clone(), receive, tell.clone()));
        send
    };
    (0..count).map(start).collect()
}

async fn work(taker: Taker, mut visits: mpsc::UnboundedReceiver<Underway>, tell: mpsc::Sender<Told>) {
    while let Some((file, _ahead)) = visits.recv().await {
        let told = match taker.take(&file).await {
            Ok(taken) => Told::Visit(Box::new((file, taken))),
            Err(outcome) => Told::Fault(outcome),
        };
        if tell.send(told).await.is_err() {
            return;
        }
    }
}

/// The reading thread.
struct Reader {
    shapes: Shapes,
    bounds: Bounds,
    workers: Vec<mpsc::UnboundedSender<Underway>>,
    /// What may still be read ahead.
    ahead: Arc<Semaphore>,
    runtime: Handle,
    tell: mpsc::Sender<Told>,
    /// Bare files of the folder being read, to be joined.
    bare: Vec<(Arc<Origin>, Part)>,
    bare_bytes: u64,
    bare_folder: String,
}

impl Reader {
    fn run(mut self, inputs: &[PathBuf]) {
        let walked = source::walk(inputs, &self.bounds);
        let bytes = walked.files.iter().map(|file| file.bytes).sum();
        let total = Told::Total { files: walked.files.len() as u64, bytes, skipped: walked.skipped };
        if self.tell.blocking_send(total).is_err() {
            return;
        }
        for problem in walked.problems {
            let _ = self.tell.blocking_send(Told::Problem(problem));
        }
        for found in &walked.files {
            self.enter(folder_of(&found.name));
            if !self.file(found) {
                return;
            }
        }
        self.enter("");
    }

    /// Joins the bare files of the folder that is left.
    fn enter(&mut self, folder: &str) {
        if folder != self.bare_folder || folder.is_empty() {
            let bare = std::mem::take(&mut self.bare);
            self.bare_bytes = 0;
            self.bare_folder = folder.to_owned();
            for visit in envelope::join(bare) {
                self.hand_over(visit);
            }
        }
    }

    /// Reads one file or archive; false when the import has ended.
    fn file(&mut self, found: &Found) -> bool {
        let (shapes, bounds) = (self.shapes.clone(), self.bounds);
        let mut readings = Vec::new();
        let opened = source::open(found, &bounds, &mut |name, content| {
            self.enter(folder_of(name));
            let mut going = true;
            let mut reading =
                envelope::read(name, &content, &shapes, bounds, &mut |visit| going &= self.hand_over(visit));
            if let Some((origin, part)) = reading.bare.take() {
                self.keep_bare(name, content.len() as u64, origin, part);
            }
            readings.push(reading);
            going
        });
        match opened {
            Ok(problems) => problems.into_iter().for_each(|problem| {
                let _ = self.tell.blocking_send(Told::Problem(problem));
            }),
            Err(problem) => {
                let _ = self.tell.blocking_send(Told::Problem(problem));
            }
        }
        // An archive counts as one file; its bytes are told with its first part.
        let mut bytes = found.bytes;
        if readings.is_empty() {
            readings.push(FileReading::default());
        }
        readings.into_iter().all(|reading| {
            let told = Told::File { bytes: std::mem::take(&mut bytes), reading };
            self.tell.blocking_send(told).is_ok()
        })
    }

    fn keep_bare(&mut self, name: &str, bytes: u64, origin: Arc<Origin>, part: Part) {
        if self.bare_bytes + bytes > self.bounds.joined_bytes {
            let text = format!(
                "Thư mục có hơn {} MB tệp rời không có phong bì GIAMDINHHS; tệp này chưa được nạp. Hãy chia theo tháng.",
                self.bounds.joined_bytes >> 20
            );
            let problem = Problem::error("bare-large", text, "too many bare files in one folder").file(name);
            let _ = self.tell.blocking_send(Told::Problem(problem));
            return;
        }
        self.bare_bytes += bytes;
        self.bare.push((origin, part));
    }

    /// Gives a visit to the worker of its patient; false when the import has ended.
    fn hand_over(&self, visit: VisitFile) -> bool {
        let mut hasher = DefaultHasher::new();
        visit.facility().hash(&mut hasher);
        let row = visit.part("XML1").and_then(|part| part.rows.first());
        row.and_then(|row| row.get("MA_BN")).or(visit.key()).hash(&mut hasher);
        let worker = (hasher.finish() % self.workers.len() as u64) as usize;
        let Ok(permit) = self.runtime.block_on(Arc::clone(&self.ahead).acquire_owned()) else { return false };
        self.workers[worker].send((visit, permit)).is_ok()
    }
}

fn folder_of(name: &str) -> &str {
    name.rfind(['/', '!']).map_or(".", |at| &name[..=at])
}

/// Gathers what is told.
struct Collector {
    report: Report,
    progress: Progress,
    rejects: Option<Rejects>,
}

impl Collector {
    fn take(&mut self, told: Told) -> Result<(), Outcome> {
        match told {
            Told::Total { files, bytes, skipped } => {
                (self.progress.files_total, self.progress.bytes_total) = (files, bytes);
                self.report.files_skipped = skipped;
            }
            Told::File { bytes, reading } => return self.file(bytes, reading),
            Told::Visit(both) => return self.visit(both.0, both.1),
            Told::Problem(problem) => {
                self.report.files_with_errors += u64::from(problem.severity == Severity::Error);
                self.reject_reasons(std::slice::from_ref(&problem))?;
                self.report.add(problem);
            }
            Told::Fault(_) => {}
        }
        Ok(())
    }

    fn file(&mut self, bytes: u64, reading: FileReading) -> Result<(), Outcome> {
        self.report.files += 1;
        self.report.bytes += bytes;
        // An archive tells its bytes once but one reading for each file inside.
        if bytes > 0 || self.progress.files_done < self.progress.files_total {
            self.progress.files_done =
                (self.progress.files_done + u64::from(bytes > 0)).min(self.progress.files_total);
        }
        self.progress.bytes_done += bytes;
        for (form, count) in reading.forms {
            *self.report.forms.entry(form).or_default() += u64::from(count);
        }
        let broken = reading.problems.iter().any(|problem| problem.severity == Severity::Error);
        self.report.files_with_errors += u64::from(broken);
        self.reject_reasons(&reading.problems)?;
        reading.problems.into_iter().for_each(|problem| self.report.add(problem));
        Ok(())
    }

    fn visit(&mut self, file: VisitFile, taken: Taken) -> Result<(), Outcome> {
        let visits = &mut self.report.visits;
        match taken.fate {
            Fate::New => visits.new += 1,
            Fate::Updated => visits.updated += 1,
            Fate::Unchanged => visits.unchanged += 1,
            Fate::Older => visits.older += 1,
            Fate::Refused => visits.refused += 1,
        }
        self.progress.visits = *visits;
        self.report.people_new += u64::from(taken.person_new);
        self.report.withdrawn += taken.withdrawn;
        for (part, count) in taken.rows {
            *self.report.rows.entry(part).or_default() += count;
        }
        for (kind, count) in taken.written {
            *self.report.written.entry(kind).or_default() += count;
        }
        for part in taken.kept_raw {
            *self.report.kept_raw.entry(part).or_default() += 1;
        }
        if taken.fate == Fate::Refused
            && let Some(rejects) = &mut self.rejects
        {
            rejects.visit(&file, &taken.problems).map_err(reject_fault)?;
        }
        taken.problems.into_iter().for_each(|problem| self.report.add(problem));
        Ok(())
    }

    fn reject_reasons(&mut self, problems: &[Problem]) -> Result<(), Outcome> {
        let refused = problems.iter().any(|problem| problem.severity == Severity::Error);
        match self.rejects.as_mut().filter(|_| refused) {
            Some(rejects) => rejects.reasons(problems).map_err(reject_fault),
            None => Ok(()),
        }
    }

    fn finish(mut self) -> Result<Report, Outcome> {
        if let Some(rejects) = self.rejects.take() {
            self.report.rejects = rejects.finish().map_err(reject_fault)?;
        }
        Ok(self.report)
    }
}

fn reject_fault(error: std::io::Error) -> Outcome {
    Outcome::fault(format!("cannot write the reject folder: {error}"))
}
