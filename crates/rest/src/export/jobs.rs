//! The exports that there are: in memory, a few at once, each seen only by who asked for it.

use super::Whose;
use crate::answer::Refused;
use axum::extract::{FromRequestParts, RawPathParams};
use axum::http::request::Parts;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use yba_fhir::{Kind, Outcome};
use yba_records::{Ctx, Records, Wanted};
use yba_store::LINK_MS;

/// Exports that are kept at one time, prepared at one time, and files that are fetched at one time.
const KEPT_MAX: usize = 32;
const PREPARED_MAX: usize = 2;
const FETCHED_MAX: usize = 4;

/// One export.
#[derive(Debug)]
pub struct Job {
    pub id: String,
    /// Who asked, with the scope that they had.
    ctx: Ctx,
    whose: Whose,
    kinds: Vec<String>,
    since_ms: Option<i64>,
    /// The log position that all files show.
    t: i64,
    /// When what stands there arrived: what comes later is what `_since` this moment gives. Ms since 1970 UTC.
    pub moment_ms: i64,
    /// Until when its files can be fetched, ms since 1970 UTC.
    pub expires_ms: i64,
    /// The address that was asked.
    pub request: String,
    counted: AtomicUsize,
    cancelled: AtomicBool,
    files: OnceLock<Result<Vec<(String, u64)>, Outcome>>,
}

impl Job {
    #[allow(clippy::too_many_arguments, reason = "each is a part of what was asked")]
    pub fn new(
        records: &Records,
        ctx: Ctx,
        whose: Whose,
        kinds: Vec<String>,
        since_ms: Option<i64>,
        t: i64,
        moment_ms: i64,
        request: String,
    ) -> Job {
        let expires_ms = records.store().clock().now_ms() + LINK_MS;
        let (counted, cancelled, files) = (AtomicUsize::new(0), AtomicBool::new(false), OnceLock::new());
        let id = records.new_id();
        Job { id, ctx, whose, kinds, since_ms, t, moment_ms, expires_ms, request, counted, cancelled, files }
    }

    /// What is asked of one type.
    pub fn wanted<'w>(&'w self, kind: &'w str) -> Wanted<'w> {
        let patients = if let Whose::These(patients) = &self.whose { patients.as_slice() } else { &[] };
        let of_anyone = matches!(self.whose, Whose::Patients);
        Wanted { kind, patients, of_anyone, t: Some(self.t), since_ms: self.since_ms }
    }

    /// Counts the records of each type, until it is cancelled.
    pub async fn prepare(&self, records: &Records) {
        let mut files = Vec::new();
        // No patients named would mean everyone's.
        let is_of_nobody = matches!(&self.whose, Whose::These(patients) if patients.is_empty());
        for kind in self.kinds.iter().filter(|_| !is_of_nobody) {
            if self.is_cancelled() {
                return;
            }
            match records.export_count(&self.ctx, self.wanted(kind)).await {
                Ok(0) => {}
                Ok(count) => files.push((kind.clone(), count)),
                Err(refused) => {
                    let _ = self.files.set(Err(refused));
                    return;
                }
            }
            self.counted.fetch_add(1, Ordering::Relaxed);
        }
        let _ = self.files.set(Ok(files));
    }

    /// The types that have files, with how many records; `None` while that is being counted.
    pub fn files(&self) -> Option<Result<&[(String, u64)], Outcome>> {
        self.files.get().map(|files| files.as_deref().map_err(Outcome::clone))
    }

    /// How many types were counted, of how many.
    pub fn progress(&self) -> (usize, usize) {
        (self.counted.load(Ordering::Relaxed), self.kinds.len())
    }

    pub fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Relaxed)
    }

    fn is_of(&self, ctx: &Ctx) -> bool {
        (&self.ctx.agent, &self.ctx.scope) == (&ctx.agent, &ctx.scope)
    }
}

/// Which export, and which file of it, an address names; what it lacks is empty.
#[derive(Debug, Default)]
pub struct Named {
    pub job: String,
    pub file: String,
}

impl<S: Send + Sync> FromRequestParts<S> for Named {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Named, Refused> {
        let params = RawPathParams::from_request_parts(parts, state).await.map_err(|_| unknown())?;
        let mut named = Named::default();
        for (name, value) in &params {
            match name {
                "job" => named.job = value.to_owned(),
                "file" => named.file = value.to_owned(),
                _ => {}
            }
        }
        Ok(named)
    }
}

/// The exports of a node.
pub struct Exports {
    jobs: Mutex<BTreeMap<String, Arc<Job>>>,
    prepared: Arc<Semaphore>,
    fetched: Arc<Semaphore>,
}

impl Default for Exports {
    fn default() -> Exports {
        Exports {
            jobs: Mutex::default(),
            prepared: Arc::new(Semaphore::new(PREPARED_MAX)),
            fetched: Arc::new(Semaphore::new(FETCHED_MAX)),
        }
    }
}

impl Exports {
    /// Room to prepare one more. Those whose time is over make room.
    pub fn room(&self, now_ms: i64) -> Result<OwnedSemaphorePermit, Outcome> {
        let mut jobs = self.jobs.lock().map_err(|_| poisoned())?;
        jobs.retain(|_, job| job.expires_ms > now_ms);
        if jobs.len() >= KEPT_MAX {
            return Err(busy(
                "Máy chủ đang giữ nhiều lượt xuất. Hãy hủy lượt đã tải xong (DELETE) hoặc thử lại sau.",
            ));
        }
        self.prepared
            .clone()
            .try_acquire_owned()
            .map_err(|_| busy("Máy chủ đang chuẩn bị các lượt xuất khác. Hãy thử lại sau."))
    }

    pub fn add(&self, job: Arc<Job>) -> Result<(), Outcome> {
        let mut jobs = self.jobs.lock().map_err(|_| poisoned())?;
        jobs.insert(job.id.clone(), job);
        Ok(())
    }

    /// Room to fetch one more file.
    pub fn fetching(&self) -> Result<OwnedSemaphorePermit, Outcome> {
        let text = "Máy chủ đang gửi nhiều tệp cùng lúc. Hãy tải lần lượt.";
        self.fetched.clone().try_acquire_owned().map_err(|_| busy(text))
    }

    /// An export that this caller asked for. Others' are not known to them.
    pub fn find(&self, id: &str, ctx: &Ctx, now_ms: i64) -> Result<Arc<Job>, Outcome> {
        let jobs = self.jobs.lock().map_err(|_| poisoned())?;
        let found = jobs.get(id).filter(|job| job.is_of(ctx) && job.expires_ms > now_ms);
        found.cloned().ok_or_else(unknown)
    }

    /// Ends an export; what is being fetched of it breaks off.
    pub fn cancel(&self, id: &str, ctx: &Ctx, now_ms: i64) -> Result<(), Outcome> {
        let job = self.find(id, ctx, now_ms)?;
        job.cancelled.store(true, Ordering::Relaxed);
        self.jobs.lock().map_err(|_| poisoned())?.remove(id);
        Ok(())
    }
}

pub fn unknown() -> Outcome {
    let text =
        "Không có lượt xuất này: đã quá 1 giờ, đã hủy, hoặc máy chủ đã khởi động lại. Hãy xuất lại từ đầu.";
    let detail = "no such export: an export lives one hour and not beyond a restart; start it again";
    Outcome::new(Kind::NotFound, "export-unknown", text, detail)
}

fn busy(text: &str) -> Outcome {
    Outcome::new(Kind::TooMany, "export-busy", text, "too many exports at once; try again later")
}

fn poisoned() -> Outcome {
    Outcome::fault("the lock of the exports is poisoned")
}
