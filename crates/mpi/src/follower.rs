//! Follows the change log: takes changes into the tables, and when the log is read to its end, decides about the
//! Patients that changed. The decisions are Linkages and come back through the log, so the log alone says who is who.
//!
//! It may be stopped at any moment: tables and cursor move together, decisions have ids made of their two Patients,
//! and who has to be decided about stands in a table. Deciding waits for the end of the log so that a rebuild from
//! nothing knows every decision of a person before it speaks itself.

use crate::deciding;
use crate::intake;
use crate::linker::Linker;
use crate::table::{self, FOLLOWER};
use crate::weights;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Mutex, watch};
use yba_fhir::{Kind, Outcome};
use yba_records::Records;

/// Most positions of the log taken in at once.
const BATCH: i64 = 2000;
/// How long a follower rests after a failure before it tries again.
const REST: Duration = Duration::from_secs(5);

/// Behind by more positions of the log than this, a person who decides is asked to wait.
const BEHIND_MAX: i64 = 20_000;

/// One takes in at a time: two would give numbers twice.
#[derive(Default)]
struct Turn(Mutex<()>);

/// What catching up did.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Report {
    /// Changes of any kind that were read.
    pub changes: usize,
    /// Patients that were new or changed.
    pub patients: usize,
    /// Linkages that got a version.
    pub decisions: usize,
    /// Groups of Patients too large to judge: most likely a number that many people were filed under.
    pub oversized: usize,
}

/// Follows until everything in the log is taken in and everybody is decided about. For imports and tests; `run` does
/// the same for as long as the server lives.
pub async fn catch_up(records: &Records) -> Result<Report, Outcome> {
    prepare(records).await?;
    follow(records).await
}

/// Creates the derived tables if they are not there. To be called before anybody searches; safe at each start.
pub async fn prepare(records: &Records) -> Result<(), Outcome> {
    let turn = records.beside::<Turn>();
    let _alone = turn.0.lock().await;
    if table::prepare(records.store()).await? {
        Linker::of(records).forget();
    }
    // Who may see one of a person's records may see all of them.
    records.store().know_kin(table::KIN);
    Ok(())
}

async fn follow(records: &Records) -> Result<Report, Outcome> {
    let mut report = Report::default();
    let (linker, turn) = (Linker::of(records), records.beside::<Turn>());
    loop {
        // Between two steps a person's decision may come in.
        let _alone = turn.0.lock().await;
        match step(records, &linker, &mut report).await {
            Ok(true) => {}
            Ok(false) => return Ok(report),
            Err(outcome) => {
                // Table and index may have parted: the next turn makes the index again.
                linker.forget();
                return Err(outcome);
            }
        }
    }
}

/// Takes in what the log has, without deciding about anybody, so that whoever looks or decides next knows it.
///
/// Refuses with `unavailable` while very much is waiting, as during a large import.
pub(crate) async fn up_to_date(records: &Records) -> Result<(), Outcome> {
    let behind = lag(records).await?;
    if behind > BEHIND_MAX {
        let text = "Máy chủ đang nhận nhiều dữ liệu mới. Hãy thử lại sau ít phút; chưa có gì bị đổi.";
        return Err(Outcome::new(
            Kind::Unavailable,
            "linking-behind",
            text,
            "the person table is far behind the log",
        ));
    }
    if behind == 0 {
        return Ok(());
    }
    let (linker, turn) = (Linker::of(records), records.beside::<Turn>());
    let _alone = turn.0.lock().await;
    let done = read_log(records, &linker, &mut Report::default()).await;
    if done.is_err() {
        linker.forget();
    }
    done
}

/// One step; answers whether there may be more to do.
async fn step(records: &Records, linker: &Arc<Linker>, report: &mut Report) -> Result<bool, Outcome> {
    read_log(records, linker, report).await?;
    linker.make(records.store()).await?;
    if weights::renew(records, linker).await? {
        return Ok(true);
    }
    let t = records.store().cursor(FOLLOWER).await?;
    let turn = deciding::decide_next(records, linker, t).await?;
    report.decisions += turn.written;
    report.oversized += turn.oversized;
    Ok(turn.decided > 0 || turn.written > 0)
}

/// Forgets the tables and reads the log from its beginning. Decisions stand in the log and stay.
pub async fn rebuild(records: &Records) -> Result<Report, Outcome> {
    {
        let turn = records.beside::<Turn>();
        let _alone = turn.0.lock().await;
        table::reset(records.store()).await?;
        Linker::of(records).forget();
    }
    catch_up(records).await
}

/// How many positions of the log the tables are behind.
pub async fn lag(records: &Records) -> Result<i64, Outcome> {
    Ok(records.store().head_t() - records.store().cursor(FOLLOWER).await?)
}

/// Follows until `shutdown` turns true (or its sender is gone). A failure is written to standard error and tried again.
pub async fn run(records: Records, mut shutdown: watch::Receiver<bool>) {
    let mut commits = records.store().watch();
    let mut prepared = false;
    while !*shutdown.borrow() {
        commits.borrow_and_update();
        let done = tokio::select! {
            done = async { if prepared { follow(&records).await } else { catch_up(&records).await } } => done,
            _ = shutdown.changed() => return,
        };
        prepared |= done.is_ok();
        let rest = match &done {
            Ok(_) => None,
            Err(outcome) => {
                eprintln!("mpi follower: {outcome}; trying again in {} s", REST.as_secs());
                Some(REST)
            }
        };
        tokio::select! {
            changed = commits.changed(), if rest.is_none() => if changed.is_err() { return },
            () = tokio::time::sleep(rest.unwrap_or(REST)), if rest.is_some() => {}
            _ = shutdown.changed() => return,
        }
    }
}

/// Takes in everything after the cursor.
async fn read_log(records: &Records, linker: &Arc<Linker>, report: &mut Report) -> Result<(), Outcome> {
    let store = records.store();
    let mut at = store.cursor(FOLLOWER).await?;
    while at < store.head_t() {
        let last = store.head_t().min(at + BATCH);
        let changed = store.changed(&intake::KINDS, at, last).await?;
        report.changes += (last - at) as usize;
        report.patients += intake::take_in(store, linker, changed, last).await?;
        at = last;
    }
    Ok(())
}
