//! The terminology as it is now: what the program and content carry, and over it the CodeSystems, ValueSets and
//! ConceptMaps that were written into the store. Read from the heads when the log has moved on; the cursor is in
//! memory, for nothing but memory is derived.

use crate::door::Records;
use std::sync::{Arc, OnceLock, PoisonError, RwLock};
use std::time::Duration;
use tokio::sync::{Mutex, watch};
use yba_content::Content;
use yba_fhir::json::{self, Value};
use yba_fhir::{Issue, Outcome, Severity};
use yba_store::Store;
use yba_store::db;
use yba_terminology::Terminology;

/// The kinds that a terminology is made of.
const KINDS: [&str; 3] = ["CodeSystem", "ConceptMap", "ValueSet"];

/// Most resources that are laid over; further ones, by type and id, are not known.
pub const RESOURCES_MAX: usize = 20_000;

/// Most bytes of them together.
const BYTES_MAX: usize = 256 << 20;

/// How many are read at once.
const READ_AT_ONCE: usize = 500;

/// How long the follower lets further changes come together, and rests after a failure.
const GATHER: Duration = Duration::from_millis(500);
const REST: Duration = Duration::from_secs(5);

/// What the door keeps of it.
#[derive(Default)]
pub(crate) struct Terms {
    /// What is always there; the program's own when nobody said otherwise.
    base: OnceLock<Arc<Terminology>>,
    now: RwLock<Option<Arc<Terminology>>>,
    /// The log position up to which `now` is made; one at a time brings it forward.
    made_at: Mutex<Option<i64>>,
}

impl Terms {
    fn base(&self) -> Arc<Terminology> {
        self.base.get_or_init(|| Arc::new(Terminology::built_in(&Content::built_in()))).clone()
    }

    fn now(&self) -> Option<Arc<Terminology>> {
        self.now.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Records {
    /// What the terminology is built on: of this node's content. To be said before anybody asks; later it changes
    /// nothing.
    pub fn speak_by(&self, terminology: Terminology) {
        let _ = self.terms.base.set(Arc::new(terminology));
    }

    /// The terminology with every resource that the log holds by now. Resources that are malformed are left out.
    pub async fn terminology(&self) -> Result<Arc<Terminology>, Outcome> {
        let mut made_at = self.terms.made_at.lock().await;
        let head = self.store.head_t();
        if let Some(now) = self.terms.now()
            && let Some(at) = *made_at
            && (at == head || self.store.changed(&KINDS, at, head).await?.is_empty())
        {
            *made_at = Some(head);
            return Ok(now);
        }
        let made = Arc::new(laid(self.terms.base(), &self.store).await?);
        *self.terms.now.write().unwrap_or_else(PoisonError::into_inner) = Some(made.clone());
        *made_at = Some(head);
        Ok(made)
    }

    /// The terminology as it was made last, at once: for judging a write.
    pub fn terminology_now(&self) -> Arc<Terminology> {
        self.terms.now().unwrap_or_else(|| self.terms.base())
    }
}

/// Keeps the terminology fresh until `shutdown` turns true (or its sender is gone), so that whoever asks
/// [`Records::terminology_now`] hears of what was written shortly before.
pub async fn follow(records: Records, mut shutdown: watch::Receiver<bool>) {
    let mut commits = records.store().watch();
    while !*shutdown.borrow() {
        commits.borrow_and_update();
        let made = tokio::select! {
            made = records.terminology() => made,
            _ = shutdown.changed() => return,
        };
        let rest = match made {
            Ok(_) => GATHER,
            Err(outcome) => {
                eprintln!("terminology: {outcome}; trying again in {} s", REST.as_secs());
                REST
            }
        };
        tokio::select! {
            () = tokio::time::sleep(rest) => {}
            _ = shutdown.changed() => return,
        }
        tokio::select! {
            changed = commits.changed(), if rest == GATHER => if changed.is_err() { return },
            () = std::future::ready(()), if rest == REST => {}
            _ = shutdown.changed() => return,
        }
    }
}

/// The base with the heads of all three kinds over it.
async fn laid(base: Arc<Terminology>, store: &Store) -> Result<Terminology, Outcome> {
    let sql = "SELECT kind, id FROM head WHERE shard = 0 AND deleted = 0 AND kind IN (?1, ?2, ?3) \
               ORDER BY kind, id LIMIT ?4";
    let mut params: Vec<db::Value> = KINDS.iter().map(|kind| db::Value::from(*kind)).collect();
    params.push(db::Value::Int(RESOURCES_MAX as i64));
    let rows = store.query(sql, params).await?;
    let keys: Vec<(String, String)> =
        rows.into_iter().map(|mut row| (row.take_text(0), row.take_text(1))).collect();
    let mut resources: Vec<Value> = Vec::new();
    let mut bytes = 0;
    for some in keys.chunks(READ_AT_ONCE) {
        for version in store.read_many(some.to_vec()).await?.into_iter().filter(|version| !version.deleted) {
            bytes += version.body.len();
            if bytes > BYTES_MAX {
                eprintln!("terminology: resources of more than {} MB; the rest is left out", BYTES_MAX >> 20);
                break;
            }
            resources.extend(json::from_slice(&version.body).ok());
        }
    }
    let (terminology, issues) = base.with_sound_resources(resources.iter());
    tell(&issues);
    Ok(terminology)
}

fn tell(issues: &[Issue]) {
    const TOLD_MAX: usize = 20;
    for issue in issues.iter().filter(|issue| issue.severity == Severity::Error).take(TOLD_MAX) {
        eprintln!("terminology: left out: {}", issue.diagnostics);
    }
}
