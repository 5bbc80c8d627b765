//! Sends what waits for one subscription, in the order of the log, one notification after the other. A notification that
//! fails holds up those after it until it is delivered or becomes a dead letter; other subscriptions go on.

use crate::Settings;
use crate::definition::Definition;
use crate::http::{Caller, Failure, Line, Notification};
use crate::status::say;
use crate::table::{self, Waiting};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;
use tokio::sync::{Semaphore, watch};
use yba_fhir::Outcome;
use yba_records::audit::Seen;
use yba_records::{Ctx, Records, Version};

/// How many are read from the queue, and taken out of it, together.
const PAGE: i64 = 50;
/// Most notifications on their way at one time, of all subscriptions.
const UNDER_WAY_MAX: usize = 256;
/// How often somebody who waits for the next try looks around.
const LOOK: Duration = Duration::from_millis(200);

/// What everybody who sends shares; clones share it.
#[derive(Clone)]
pub(crate) struct Desk {
    pub records: Records,
    pub settings: Arc<Settings>,
    caller: Arc<Caller>,
    under_way: Arc<Semaphore>,
    served: Arc<Mutex<Served>>,
}

#[derive(Default)]
struct Served {
    definitions: HashMap<String, Arc<Definition>>,
    /// How many notifications wait, by subscription.
    pending: HashMap<String, usize>,
}

/// Why a sender has ended.
#[derive(Debug)]
pub(crate) enum Ended {
    /// Nothing waits any more.
    Empty,
    /// The subscription is not active (any more), or the program ends.
    Paused,
    /// Our own fault; nothing is lost.
    Failed(Outcome),
}

impl Desk {
    pub fn new(records: Records, settings: Arc<Settings>) -> Desk {
        let caller = Arc::new(Caller::new(&settings.trusted));
        let under_way = Arc::new(Semaphore::new(UNDER_WAY_MAX));
        Desk { records, settings, caller, under_way, served: Arc::default() }
    }

    pub fn judge(&self, version: &Version) -> Result<Definition, Outcome> {
        Definition::read(&version.id, &version.version_id, &version.tree(), &self.settings.hosts)
    }

    fn served(&self) -> MutexGuard<'_, Served> {
        self.served.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    pub fn serve(&self, definition: Arc<Definition>) {
        self.served().definitions.insert(definition.id.clone(), definition);
    }

    pub fn pause(&self, id: &str) {
        self.served().definitions.remove(id);
    }

    pub fn pause_all(&self) {
        self.served().definitions.clear();
    }

    /// Says anew how many wait.
    pub fn count(&self, pending: impl Iterator<Item = (String, usize)>) {
        self.served().pending = pending.collect();
    }

    /// Whether so many more may wait for this subscription; then they are counted.
    pub fn has_room(&self, id: &str, more: usize) -> bool {
        let mut served = self.served();
        let pending = served.pending.entry(id.to_owned()).or_default();
        let room = *pending + more <= self.settings.queue_max;
        if room {
            *pending += more;
        }
        room
    }

    fn taken(&self, id: &str, count: usize) {
        if let Some(pending) = self.served().pending.get_mut(id) {
            *pending = pending.saturating_sub(count);
        }
    }

    fn definition(&self, id: &str) -> Option<Arc<Definition>> {
        self.served().definitions.get(id).cloned()
    }

    fn is_current(&self, definition: &Arc<Definition>) -> bool {
        self.definition(&definition.id).is_some_and(|now| Arc::ptr_eq(&now, definition))
    }

    fn now_ms(&self) -> i64 {
        self.records.store().clock().now_ms()
    }
}

/// Sends until nothing waits, the subscription is not active any more, or the program ends.
pub(crate) async fn send_all(desk: &Desk, id: &str, mut shutdown: watch::Receiver<bool>) -> Ended {
    let mut line = None;
    // An error says that whoever would end the program is gone.
    while !*shutdown.borrow() && shutdown.has_changed().is_ok() {
        let Some(definition) = desk.definition(id) else { return Ended::Paused };
        match send_page(desk, &definition, &mut line, &mut shutdown).await {
            Ok(0) => return Ended::Empty,
            Ok(_) => {}
            Err(outcome) => return Ended::Failed(outcome),
        }
    }
    Ended::Paused
}

/// Sends what comes next, up to the first failure. Answers how many waited.
async fn send_page(
    desk: &Desk,
    definition: &Arc<Definition>,
    line: &mut Option<Line>,
    shutdown: &mut watch::Receiver<bool>,
) -> Result<usize, Outcome> {
    let page = table::next(desk.records.store(), &definition.id, PAGE).await?;
    let mut sent = Vec::new();
    let mut failed = None;
    for one in &page {
        if !until_due(desk, definition, one, shutdown).await {
            break;
        }
        let done = tokio::select! {
            done = send(desk, definition, line, one) => done,
            // Whether it has arrived is not known, so it will be sent again.
            _ = shutdown.changed() => break,
        };
        match done {
            Ok(Ok(())) => sent.push(one.t),
            other => {
                failed = Some((one, other));
                break;
            }
        }
    }
    table::delivered(desk.records.store(), &definition.id, &sent).await?;
    desk.taken(&definition.id, sent.len());
    match failed {
        None => {}
        Some((one, Ok(Err(failure)))) => keep_failure(desk, definition, one, &failure).await?,
        Some((_, Err(outcome))) => return Err(outcome),
        Some((_, Ok(Ok(())))) => {}
    }
    Ok(page.len())
}

/// Waits until a notification may be tried; `false` when something has changed meanwhile.
async fn until_due(
    desk: &Desk,
    definition: &Arc<Definition>,
    one: &Waiting,
    shutdown: &mut watch::Receiver<bool>,
) -> bool {
    let longest = desk.settings.delays.iter().max().copied().unwrap_or_default();
    loop {
        if *shutdown.borrow() || !desk.is_current(definition) {
            return false;
        }
        let left = one.due - desk.now_ms();
        // Further away than any delay: the clock was set back.
        if left <= 0 || left as u128 > longest.as_millis() {
            return true;
        }
        tokio::select! {
            () = tokio::time::sleep(LOOK.min(Duration::from_millis(left as u64))) => {}
            _ = shutdown.changed() => {}
        }
    }
}

/// Sends one notification. The outer error is ours, the inner one theirs.
async fn send(
    desk: &Desk,
    definition: &Definition,
    line: &mut Option<Line>,
    one: &Waiting,
) -> Result<Result<(), Failure>, Outcome> {
    let _permit =
        desk.under_way.acquire().await.map_err(|_| Outcome::fault("the bound on notifications is closed"))?;
    let body = match definition.payload {
        false => None,
        true => {
            let Some(version) = desk.records.store().changes_after(one.t - 1, 1).await?.pop() else {
                return Err(Outcome::fault(format!("the log has no position {}", one.t)));
            };
            note(desk, definition, &version).await?;
            Some(version.body)
        }
    };
    let endpoint = &definition.endpoint;
    let target = match body {
        None => endpoint.target(),
        Some(_) => endpoint.target_of(&one.kind, &one.id),
    };
    let notification = Notification { endpoint, target, headers: &definition.headers, body };
    Ok(desk.caller.call(&desk.settings.hosts, line, notification).await)
}

/// The trail says who was shown to whom before anything leaves.
async fn note(desk: &Desk, definition: &Definition, version: &Version) -> Result<(), Outcome> {
    let patients = desk.records.store().patients_of(std::slice::from_ref(version)).await?;
    let ctx = Ctx::system("subscriptions").with_request_id(format!("Subscription/{}", definition.id));
    let seen = Seen { action: "notify", kind: &version.kind, patients: &patients, refused: false };
    desk.records.trail().note(&ctx, &seen)
}

/// Another try later, or a dead letter; too many of those in a row stop the subscription.
async fn keep_failure(
    desk: &Desk,
    definition: &Arc<Definition>,
    one: &Waiting,
    failure: &Failure,
) -> Result<(), Outcome> {
    let (store, id, now) = (desk.records.store(), &definition.id, desk.now_ms());
    let tried = Waiting { tries: one.tries + 1, ..one.clone() };
    let delay = desk.settings.delays.get(one.tries as usize).filter(|_| !failure.is_final);
    if let Some(delay) = delay {
        let due = now.saturating_add(delay.as_millis() as i64);
        return table::postponed(store, id, &Waiting { due, ..tried }).await;
    }
    let failures = table::buried(store, id, &tried, &failure.status, now, desk.settings.letters_max).await?;
    desk.taken(id, 1);
    if failures < crate::FAILURES_MAX || !desk.is_current(definition) {
        return Ok(());
    }
    let error = format!(
        "{failures} thông báo liền nhau không gửi được; lần cuối: {status}. Hãy kiểm tra nơi nhận rồi đặt lại status \
         thành requested. ({failures} notifications in a row could not be delivered; the last one: {status})",
        status = failure.status
    );
    say(&desk.records, id, None, "error", Some(error)).await?;
    desk.pause(id);
    Ok(())
}
