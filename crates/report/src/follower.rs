//! Follows the change log: what a record gives to each view is replaced by what it gives now, together with the cursor, in
//! one transaction. A view that is new, or says something else than before, is derived from the records as they are at
//! the cursor, in bulk and type by type; then it follows with the others. So the log alone determines the tables.
//!
//! It may be stopped at any moment: a view counts as there only when all its pieces are.

use crate::library::Library;
use crate::piece::pieces;
use crate::register::Source;
use crate::table::{self, Derived, FOLLOWER};
use bytes::Bytes;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tokio::sync::{Mutex, OwnedMutexGuard, watch};
use yba_fhir::json::{Value, from_slice, str_at};
use yba_fhir::{Kind, Outcome};
use yba_records::Records;
use yba_store::{Scope, Statement, Version};

/// Most positions of the log taken in at once.
const BATCH: i64 = 2000;
/// How long a follower rests after a failure before it tries again.
const REST: Duration = Duration::from_secs(5);
/// Behind by more positions of the log than this, whoever asks is told to wait.
pub const BEHIND_MAX: i64 = 50_000;
/// How long whoever asks waits for its turn.
const PATIENCE: Duration = Duration::from_secs(5);
/// Longest reason kept of a record that gives no rows.
const REASON_MAX: usize = 500;

/// What stands beside the records: the definitions, and that one derives at a time.
#[derive(Default)]
struct Beside {
    library: OnceLock<Arc<Library>>,
    turn: Arc<Mutex<()>>,
}

/// Held while something must see the tables at one moment.
pub(crate) struct Still {
    _alone: OwnedMutexGuard<()>,
}

/// What catching up did.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Done {
    /// Records of the log that were read anew.
    pub changed: usize,
    /// Records from which views were derived from nothing.
    pub walked: usize,
    /// Views that were derived from nothing.
    pub views: usize,
}

/// Creates the derived tables and says which definitions hold. To be called before anybody asks; safe at each start.
pub async fn prepare(records: &Records, library: Arc<Library>) -> Result<(), Outcome> {
    let beside = records.beside::<Beside>();
    let _alone = beside.turn.lock().await;
    table::prepare(records.store()).await?;
    // The definitions of a house hold as long as it runs.
    let _ = beside.library.set(library);
    Ok(())
}

/// Follows until everything in the log is taken in. Refuses with `unavailable` before [`prepare`].
pub async fn catch_up(records: &Records) -> Result<Done, Outcome> {
    let beside = records.beside::<Beside>();
    let library = beside.library.get().ok_or_else(not_ready)?.clone();
    let _alone = beside.turn.lock().await;
    follow(records, &library).await
}

/// Forgets the tables and derives everything from nothing.
pub async fn rebuild(records: &Records) -> Result<Done, Outcome> {
    {
        let beside = records.beside::<Beside>();
        let _alone = beside.turn.lock().await;
        table::reset(records.store()).await?;
    }
    catch_up(records).await
}

/// How many positions of the log the tables are behind.
pub async fn lag(records: &Records) -> Result<i64, Outcome> {
    Ok(records.store().head_t() - records.store().cursor(FOLLOWER).await?)
}

/// Follows until `shutdown` turns true (or its sender is gone). A failure is written to standard error and tried again.
pub async fn run(records: Records, library: Arc<Library>, mut shutdown: watch::Receiver<bool>) {
    let mut commits = records.store().watch();
    let mut prepared = false;
    while !*shutdown.borrow() {
        commits.borrow_and_update();
        let turn = async {
            if !prepared {
                prepare(&records, library.clone()).await?;
            }
            catch_up(&records).await
        };
        let done = tokio::select! {
            done = turn => done,
            _ = shutdown.changed() => return,
        };
        prepared |= done.is_ok();
        if let Err(outcome) = &done {
            eprintln!("report follower: {outcome}; trying again in {} s", REST.as_secs());
        }
        tokio::select! {
            changed = commits.changed(), if done.is_ok() => if changed.is_err() { return },
            () = tokio::time::sleep(REST), if done.is_err() => {}
            _ = shutdown.changed() => return,
        }
    }
}

/// Takes in what the log has, and holds the tables still until the answer is dropped. Refuses with `unavailable` before
/// [`prepare`], while registers are derived from nothing, and while very much is waiting, as during a large import.
pub(crate) async fn still(records: &Records) -> Result<Still, Outcome> {
    let beside = records.beside::<Beside>();
    let library = beside.library.get().ok_or_else(not_ready)?;
    if lag(records).await? > BEHIND_MAX {
        return Err(not_ready());
    }
    // Whoever derives from nothing holds the turn for long; a person is told rather than kept waiting.
    let turn = tokio::time::timeout(PATIENCE, beside.turn.clone().lock_owned()).await;
    let alone = turn.map_err(|_| not_ready())?;
    follow(records, library).await?;
    Ok(Still { _alone: alone })
}

fn not_ready() -> Outcome {
    let text = "Máy chủ đang lập sổ từ dữ liệu mới nhận. Hãy thử lại sau ít phút; chưa có gì bị đổi.";
    Outcome::new(Kind::Unavailable, "registers-not-ready", text, "the registers are being derived")
}

async fn follow(records: &Records, library: &Arc<Library>) -> Result<Done, Outcome> {
    let store = records.store();
    let (mut done, wanted) = (Done::default(), library.sources());
    let present = table::present(store).await?;
    let ids: BTreeSet<i64> = wanted.iter().map(|source| source.id).collect();
    for gone in present.difference(&ids) {
        store.keep(table::forget(*gone)).await?;
    }
    let (known, missing): (Vec<&Source>, Vec<&Source>) =
        wanted.into_iter().partition(|source| present.contains(&source.id));
    if known.is_empty() {
        store.derive(FOLLOWER, store.head_t(), Vec::new()).await?;
    }
    done.changed += read_log(records, library, &known).await?;
    if !missing.is_empty() {
        let ids: Vec<i64> = missing.iter().map(|source| source.id).collect();
        done.walked += derive_anew(records, library, &ids).await?;
        done.views += ids.len();
        done.changed += read_log(records, library, &library.sources()).await?;
    }
    Ok(done)
}

/// Takes in everything after the cursor for these views.
async fn read_log(records: &Records, library: &Arc<Library>, sources: &[&Source]) -> Result<usize, Outcome> {
    let store = records.store();
    let ids: BTreeSet<i64> = sources.iter().map(|source| source.id).collect();
    let kinds: BTreeSet<&str> = sources.iter().map(|source| source.kind.as_str()).collect();
    let kinds: Vec<&str> = kinds.into_iter().collect();
    let (mut at, mut count) = (store.cursor(FOLLOWER).await?, 0);
    while at < store.head_t() {
        let last = store.head_t().min(at + BATCH);
        let changed = store.changed(&kinds, at, last).await?;
        count += changed.len();
        // The heads, not the changes: after a merge from another node the last arrival need not be what a read shows.
        let heads = store.read_many(changed).await?;
        let (library, ids) = (library.clone(), ids.clone());
        let statements = off_the_threads(move || replacing(&library, &ids, &heads)).await?;
        store.derive(FOLLOWER, last, statements).await?;
        at = last;
    }
    Ok(count)
}

/// What brings the tables from whatever these records gave to what they give now.
fn replacing(library: &Library, ids: &BTreeSet<i64>, heads: &[Version]) -> Vec<Statement> {
    let mut statements = Vec::new();
    let trees: Vec<Option<Value>> = heads.iter().map(|head| (!head.deleted).then(|| head.tree())).collect();
    for source in library.sources().into_iter().filter(|source| ids.contains(&source.id)) {
        let of_kind = || heads.iter().zip(&trees).filter(|(head, _)| head.kind == source.kind);
        let records: Vec<&str> = of_kind().map(|(head, _)| head.id.as_str()).collect();
        if records.is_empty() {
            continue;
        }
        statements.extend(table::deletes(source, &records));
        let derived = of_kind().filter_map(|(head, tree)| {
            tree.as_ref().map(|tree| derived(source, &head.id, &head.version_id, tree))
        });
        statements.extend(table::inserts(derived.collect()));
    }
    statements
}

fn derived<'s>(source: &'s Source, id: &str, version: &str, tree: &Value) -> Derived<'s> {
    let pieces = pieces(source, tree).map_err(|outcome| {
        let text = outcome.issues.first().map_or("", |issue| issue.text.as_str());
        text.chars().take(REASON_MAX).collect()
    });
    Derived { source, record: id.to_owned(), version: version.to_owned(), pieces }
}

/// Derives views from the records as they are at the cursor, each type walked once. Fetching, deriving and writing go on
/// beside each other.
async fn derive_anew(records: &Records, library: &Arc<Library>, ids: &[i64]) -> Result<usize, Outcome> {
    let store = records.store();
    let t = store.cursor(FOLLOWER).await?;
    // What an attempt that was broken off left.
    store.keep(ids.iter().flat_map(|id| table::forget(*id)).collect()).await?;
    let mut by_kind: BTreeMap<String, BTreeSet<i64>> = BTreeMap::new();
    for source in library.sources().into_iter().filter(|source| ids.contains(&source.id)) {
        by_kind.entry(source.kind.clone()).or_default().insert(source.id);
    }
    let mut count = 0;
    for (kind, ids) in by_kind {
        let (mut walk, ids) = (store.walk(&kind, &Scope::All).at(t), Arc::new(ids));
        let mut before: Option<tokio::task::JoinHandle<Vec<Statement>>> = None;
        loop {
            let bodies = store.bodies(&mut walk).await?;
            let ended = bodies.is_empty();
            count += bodies.len();
            let (library, ids, kind) = (library.clone(), ids.clone(), kind.clone());
            let next = tokio::task::spawn_blocking(move || fresh(&library, &kind, &ids, &bodies));
            if let Some(made) = before.replace(next) {
                store.keep(made.await.map_err(|error| ended_badly(&error))?).await?;
            }
            if ended {
                break;
            }
        }
        // Type by type: what is broken off begins again with the type it was at.
        store.derive(FOLLOWER, t, ids.iter().map(|id| table::complete(*id)).collect()).await?;
    }
    Ok(count)
}

/// What these records give to views that have nothing of them yet.
fn fresh(library: &Library, kind: &str, ids: &BTreeSet<i64>, bodies: &[Bytes]) -> Vec<Statement> {
    let sources: Vec<&Source> =
        library.sources().into_iter().filter(|one| one.kind == kind && ids.contains(&one.id)).collect();
    let mut all = Vec::with_capacity(bodies.len());
    for body in bodies {
        let tree: Value = from_slice(body).unwrap_or_default();
        let (id, version) = (str_at(&tree, &["id"]), str_at(&tree, &["meta", "versionId"]));
        let (Some(id), Some(version)) = (id, version) else { continue };
        all.extend(sources.iter().map(|source| derived(source, id, version, &tree)));
    }
    table::inserts(all)
}

async fn off_the_threads<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Outcome> {
    tokio::task::spawn_blocking(work).await.map_err(|error| ended_badly(&error))
}

fn ended_badly(error: &tokio::task::JoinError) -> Outcome {
    Outcome::fault(format!("deriving registers ended: {error}"))
}
