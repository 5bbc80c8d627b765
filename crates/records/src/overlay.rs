//! Resources that change how the node speaks and judges: code lists, profiles. Read from the heads when the log has
//! moved on; the cursor is in memory, for nothing but memory is derived.

use crate::door::Records;
use std::time::Duration;
use tokio::sync::{Mutex, watch};
use yba_fhir::Outcome;
use yba_fhir::json::{self, Value};
use yba_store::{Store, db};

/// Most resources that are read; further ones, by type and id, are not known.
pub const RESOURCES_MAX: usize = 20_000;
/// Most bytes of them together.
const BYTES_MAX: usize = 256 << 20;
/// How many are read at once.
const READ_AT_ONCE: usize = 500;

/// How long the follower lets further changes come together, and rests after a failure.
const GATHER: Duration = Duration::from_millis(500);
const REST: Duration = Duration::from_secs(5);

/// The resources of some types as they are now.
pub(crate) struct Overlay {
    kinds: &'static [&'static str],
    /// The log position up to which what is made of them is true; one at a time brings it forward.
    made_at: Mutex<Option<i64>>,
}

impl Overlay {
    pub(crate) const fn of(kinds: &'static [&'static str]) -> Overlay {
        Overlay { kinds, made_at: Mutex::const_new(None) }
    }

    /// Calls `make` with all of them when one has changed since it was called last, or when it never was.
    pub(crate) async fn refresh(&self, store: &Store, make: impl FnOnce(Vec<Value>)) -> Result<(), Outcome> {
        let mut made_at = self.made_at.lock().await;
        let head = store.head_t();
        let is_fresh = match *made_at {
            Some(at) => at == head || store.changed(self.kinds, at, head).await?.is_empty(),
            None => false,
        };
        if !is_fresh {
            make(self.read(store).await?);
        }
        *made_at = Some(head);
        Ok(())
    }

    async fn read(&self, store: &Store) -> Result<Vec<Value>, Outcome> {
        let places: Vec<String> = (1..=self.kinds.len()).map(|at| format!("?{at}")).collect();
        let sql = format!(
            "SELECT kind, id FROM head WHERE shard = 0 AND deleted = 0 AND kind IN ({}) ORDER BY kind, id LIMIT ?{}",
            places.join(", "),
            places.len() + 1
        );
        let mut params: Vec<db::Value> = self.kinds.iter().map(|kind| db::Value::from(*kind)).collect();
        params.push(db::Value::Int(RESOURCES_MAX as i64));
        let rows = store.query(&sql, params).await?;
        let keys: Vec<(String, String)> =
            rows.into_iter().map(|mut row| (row.take_text(0), row.take_text(1))).collect();
        let (mut resources, mut bytes) = (Vec::new(), 0);
        for some in keys.chunks(READ_AT_ONCE) {
            for version in store.read_many(some.to_vec()).await?.into_iter().filter(|one| !one.deleted) {
                bytes += version.body.len();
                if bytes > BYTES_MAX {
                    let (kinds, most) = (self.kinds.join(", "), BYTES_MAX >> 20);
                    eprintln!("yba: {kinds} of more than {most} MB; the rest is left out");
                    return Ok(resources);
                }
                resources.extend(json::from_slice(&version.body).ok());
            }
        }
        Ok(resources)
    }
}

/// Keeps terminology and rules fresh until `shutdown` turns true (or its sender is gone), so that whoever asks for
/// those of the moment hears of what was written shortly before.
pub async fn follow(records: Records, mut shutdown: watch::Receiver<bool>) {
    let mut commits = records.store().watch();
    while !*shutdown.borrow() {
        commits.borrow_and_update();
        let made = tokio::select! {
            made = both(&records) => made,
            _ = shutdown.changed() => return,
        };
        let rest = match made {
            Ok(()) => GATHER,
            Err(outcome) => {
                eprintln!("yba: code lists and profiles: {outcome}; trying again in {} s", REST.as_secs());
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

async fn both(records: &Records) -> Result<(), Outcome> {
    records.terminology().await?;
    records.rules().await.map(drop)
}
