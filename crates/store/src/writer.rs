//! The one writer of a database: takes what is waiting, applies it in one transaction, and answers when that is on
//! disk. It gives `t` inside the transaction, so the order of `t` is the order of commits and a follower never skips.
//!
//! A request is checked against heads in memory before any of its rows is added, so a refused one leaves nothing and
//! needs no savepoint; if the database itself fails on a group, each request of it is tried alone.

use crate::Applied;
use crate::chain::{Content, audit_hash, covering};
use crate::clock::{Clock, Hybrid};
use crate::db::fragments::{self, VERSION_COLUMNS};
use crate::db::schema::{self, INDEXES};
use crate::db::{Connection, Error, Place, Result, Statement, Value, lease};
use crate::group::{Entry, Group, Head};
use crate::index::units::Known;
use crate::index::{Numbers, Rows, tie};
use crate::reached::{LOOSENING, Reached};
use crate::reindex::{self, Indexing};
use crate::request::{Arrival, Effect, Expect, Refusal, Request, Write};
use crate::search::plan;
use crate::version::{Version, deleted_hash};
use crate::written::LastWritten;
use bytes::Bytes;
use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::{mpsc, oneshot, watch};
use yba_fhir::date;

/// Most writes applied in one transaction, and most bytes of their bodies; a single request may have more.
const GROUP_WRITES_MAX: usize = 2000;
const GROUP_BYTES_MAX: usize = 32 << 20;
/// Most jobs waiting; whoever brings a further one waits to hand it over.
pub(crate) const QUEUE_MAX: usize = 512;
/// How often a transaction that failed to serialize is tried.
const TRIES: usize = 5;
/// How often, and how far apart, a new connection is tried when the old one broke during a commit.
const RECONNECTS: usize = 20;
const RECONNECT_PAUSE: Duration = Duration::from_millis(250);

/// How long index rows that are to be made anew wait at most for a moment without other work.
const INDEX_PAUSE_MAX: Duration = Duration::from_secs(1);

pub(crate) type Answer<T> = oneshot::Sender<std::result::Result<T, Refusal>>;

pub(crate) enum Job {
    Apply(Request, Answer<Vec<Applied>>),
    /// Versions from another node, as they are.
    Integrate(Vec<Arrival>, Answer<usize>),
    /// Changes of derived tables, and how far their follower has come if they have one.
    Derive {
        cursor: Option<(String, i64)>,
        statements: Vec<Statement>,
        answer: Answer<()>,
    },
    Migrate(Vec<String>, Answer<()>),
    /// Deletes closed index rows that ended at or before this position.
    Clear(i64, Answer<u64>),
    /// Shows that this writer lives, when it has nothing to write.
    Renew,
    Stop,
}

/// What the writer knows besides the database.
pub(crate) struct Writer {
    pub connection: Connection,
    pub place: Place,
    pub clock: Clock,
    pub numbers: Numbers,
    pub units: Known,
    pub incarnation: String,
    pub origin: String,
    pub ends: Ends,
    pub lease_epoch: Option<i64>,
    /// The number of the last transaction that was tried, within the epoch.
    pub transactions: i64,
    /// The last commit may or may not have happened.
    pub unsure: bool,
    pub committed: watch::Sender<i64>,
    /// How far the index rows are those of this program.
    pub indexing: watch::Sender<Indexing>,
    /// When a page of them was made last, or failed to be.
    pub indexed_at: Instant,
    /// Since when the index rows tell the past.
    pub kept_from: KeptFrom,
    /// Where the log was when each type was written last.
    pub written: LastWritten,
    /// Whether any person bars a place.
    pub bars: Arc<AtomicBool>,
    /// Who was found within reach a moment ago.
    pub reached: Arc<Reached>,
    /// What is being written may take somebody out of reach.
    pub is_loosening: bool,
    /// The folder stays locked until the writer is done with it, not only until the store is let go.
    pub _lock: Arc<File>,
}

/// Where the log, the clock and the audit chain end.
#[derive(Debug, Clone)]
pub(crate) struct Ends {
    pub t: i64,
    pub hybrid: Hybrid,
    pub audit_seq: i64,
    pub audit_hash: Vec<u8>,
}

/// The log position since when the index rows tell the past; clones share it. Only this program clears rows.
#[derive(Debug, Clone, Default)]
pub(crate) struct KeptFrom(Arc<AtomicI64>);

impl KeptFrom {
    pub fn set(&self, t: i64) {
        self.0.fetch_max(t, Ordering::SeqCst);
    }

    /// Whether rows of a moment may have been cleared; to be asked after they were read.
    pub fn is_after(&self, t: i64) -> bool {
        t < self.0.load(Ordering::SeqCst)
    }
}

/// How a try of a transaction failed.
enum Failure<T> {
    /// Nothing was written.
    Before(Error),
    /// The commit itself failed; whether it happened is not known. The value is what it would have given.
    AtCommit(Error, T, Ends),
}

impl Writer {
    /// Serves jobs until told to stop or until nobody is left to ask.
    pub fn run(mut self, mut jobs: mpsc::Receiver<Job>) {
        while let Some(first) = self.next_job(&mut jobs) {
            let mut group = Vec::new();
            let (mut writes, mut bytes) = (0, 0);
            let mut next = Some(first);
            while let Some(job) = next.take() {
                match job {
                    Job::Apply(request, answer) => {
                        writes += request.writes.len();
                        bytes += request.writes.iter().map(Write::size).sum::<usize>();
                        group.push((request, answer));
                    }
                    other => {
                        self.apply_group(std::mem::take(&mut group));
                        if self.other_job(other) {
                            return;
                        }
                        break;
                    }
                }
                if writes < GROUP_WRITES_MAX && bytes < GROUP_BYTES_MAX {
                    next = jobs.try_recv().ok();
                }
            }
            self.apply_group(group);
        }
        self.stop();
    }

    /// The next job; while there is none, index rows are made anew, if they are to be. Under a load without pause a page
    /// of them comes every second all the same.
    fn next_job(&mut self, jobs: &mut mpsc::Receiver<Job>) -> Option<Job> {
        if !self.indexing.borrow().is_done() && self.indexed_at.elapsed() > INDEX_PAUSE_MAX {
            self.index_page();
        }
        while !self.indexing.borrow().is_done() {
            match jobs.try_recv() {
                Ok(job) => return Some(job),
                Err(mpsc::error::TryRecvError::Disconnected) => return None,
                Err(mpsc::error::TryRecvError::Empty) if self.index_page() => {}
                // The database does not answer: tried again after the next job.
                Err(mpsc::error::TryRecvError::Empty) => break,
            }
        }
        jobs.blocking_recv()
    }

    /// Makes the index rows of the next records anew; false when that failed.
    fn index_page(&mut self) -> bool {
        let at = *self.indexing.borrow();
        self.is_loosening = true;
        let done = self.in_transaction(|writer| {
            reindex::page(&mut writer.connection, &writer.numbers, &mut writer.units, at)
        });
        self.indexed_at = Instant::now();
        match done {
            Ok(at) => self.indexing.send_replace(at) != at,
            Err(_) => false,
        }
    }

    /// Does a job that is no request; true when it is time to stop.
    fn other_job(&mut self, job: Job) -> bool {
        match job {
            Job::Apply(..) => {}
            Job::Integrate(arrivals, answer) => {
                let done = self.in_transaction(|writer| writer.integrate(&arrivals));
                let _ = answer.send(done.map_err(failed));
            }
            Job::Derive { cursor, statements, answer } => {
                let follower = cursor.as_ref().map(|(follower, _)| follower.as_str());
                self.is_loosening = !statements.is_empty() && self.reached.is_told_by(follower);
                let done = self.in_transaction(|writer| {
                    writer.connection.execute_all(&statements)?;
                    let Some((follower, t)) = &cursor else { return Ok(()) };
                    let sql = "INSERT INTO follower (name, t) VALUES (?1, ?2) \
                               ON CONFLICT (shard, name) DO UPDATE SET t = excluded.t";
                    writer.connection.execute(sql, &[Value::from(follower.as_str()), Value::Int(*t)])?;
                    Ok(())
                });
                let _ = answer.send(done.map_err(failed));
            }
            Job::Migrate(ddl, answer) => {
                self.is_loosening = true;
                let done = self
                    .in_transaction(|writer| ddl.iter().try_for_each(|one| writer.connection.migrate(one)));
                let _ = answer.send(done.map_err(failed));
            }
            Job::Clear(t, answer) => {
                let done = self.in_transaction(|writer| writer.clear_closed(t));
                let _ = answer.send(done.map_err(failed));
            }
            Job::Renew => {
                let _ = self.in_transaction(|_| Ok(()));
            }
            Job::Stop => {
                self.stop();
                return true;
            }
        }
        false
    }

    fn stop(&mut self) {
        if let Some(epoch) = self.lease_epoch {
            let _ = lease::give_back(&mut self.connection, epoch);
        }
    }

    fn apply_group(&mut self, group: Vec<(Request, Answer<Vec<Applied>>)>) {
        if group.is_empty() {
            return;
        }
        let requests: Vec<&Request> = group.iter().map(|(request, _)| request).collect();
        let mut answers = match self.in_transaction(|writer| writer.apply(&requests)) {
            Ok(answers) => answers,
            // To try again what may be in already could refuse a write that stands.
            Err(error) if std::mem::take(&mut self.unsure) => {
                requests.iter().map(|_| Err(failed(error.clone()))).collect()
            }
            // One request may have broken the group: each gets a transaction of its own.
            Err(_) => requests
                .iter()
                .map(|request| match self.in_transaction(|writer| writer.apply(&[request])) {
                    Ok(mut alone) => alone.remove(0),
                    Err(error) => Err(failed(error)),
                })
                .collect(),
        };
        for (_, answer) in group.into_iter().rev() {
            if let Some(done) = answers.pop() {
                // Whoever asked may have gone; the write stands.
                let _ = answer.send(done);
            }
        }
    }

    /// Runs `work` in a transaction with the lease checked, retried on serialization failures; on failure the
    /// writer's own state is as before.
    fn in_transaction<T>(&mut self, work: impl FnMut(&mut Writer) -> Result<T>) -> Result<T> {
        let done = self.try_in_transaction(work);
        // Before anybody is told, and also when it is not known whether it happened.
        if std::mem::take(&mut self.is_loosening) {
            self.reached.forget();
        }
        if done.is_ok() {
            self.tell();
        }
        done
    }

    fn try_in_transaction<T>(&mut self, mut work: impl FnMut(&mut Writer) -> Result<T>) -> Result<T> {
        let before = self.ends.clone();
        let mut tries = 0;
        loop {
            tries += 1;
            match self.attempt(&mut work) {
                Ok(value) => return Ok(value),
                Err(Failure::Before(error)) => {
                    self.units.forget();
                    self.connection.rollback();
                    self.ends = before.clone();
                    if !error.retry || tries == TRIES {
                        self.reconnect_if_lost();
                        return Err(error);
                    }
                }
                Err(Failure::AtCommit(error, value, after)) => {
                    self.units.forget();
                    self.connection.rollback();
                    self.ends = before.clone();
                    match self.commit_happened() {
                        Some(true) => {
                            self.ends = after;
                            return Ok(value);
                        }
                        Some(false) if error.retry && tries < TRIES => {}
                        Some(false) => return Err(error),
                        None => {
                            self.unsure = true;
                            let message = format!("whether this was committed is not known: {error}");
                            return Err(Error { message, retry: false });
                        }
                    }
                }
            }
        }
    }

    fn attempt<T>(
        &mut self,
        work: &mut impl FnMut(&mut Writer) -> Result<T>,
    ) -> std::result::Result<T, Failure<T>> {
        self.connection.begin().map_err(Failure::Before)?;
        if let Some(epoch) = self.lease_epoch {
            self.transactions += 1;
            lease::renew(&mut self.connection, epoch, self.transactions).map_err(Failure::Before)?;
        }
        // A panic ends a request, not the writer: what it left half is rolled back like any failure.
        let value = catch_unwind(AssertUnwindSafe(|| work(self)))
            .unwrap_or_else(|_| {
                Err(Error { message: "the writer panicked on this job".into(), retry: false })
            })
            .map_err(Failure::Before)?;
        let after = self.ends.clone();
        match self.connection.commit() {
            Ok(()) => Ok(value),
            Err(error) => Err(Failure::AtCommit(error, value, after)),
        }
    }

    /// Tells those who wait how far the log goes now.
    fn tell(&self) {
        let t = self.ends.t;
        self.committed.send_if_modified(|known| std::mem::replace(known, t) != t);
    }

    /// After a commit that failed: whether it happened all the same, because only its answer was lost. SQLite is not
    /// ambiguous. On PostgreSQL the lease row, read on a new connection, names the last transaction.
    /// `None` when the database stays out of reach.
    fn commit_happened(&mut self) -> Option<bool> {
        let Some(epoch) = self.lease_epoch else { return Some(false) };
        for _ in 0..RECONNECTS {
            let transaction = self.transactions;
            match lease::was_committed(&mut self.connection, epoch, transaction) {
                Ok(happened) => return Some(happened),
                Err(_) if self.reconnect() => {}
                Err(_) => std::thread::sleep(RECONNECT_PAUSE),
            }
        }
        None
    }

    /// After a failure, a connection that no longer answers is replaced, so that the next job finds a live one.
    fn reconnect_if_lost(&mut self) {
        if self.connection.query("SELECT 1", &[]).is_err() {
            self.reconnect();
        }
    }

    /// Takes a new connection, and with it what the database says about where everything ends.
    fn reconnect(&mut self) -> bool {
        let fresh =
            Connection::writer(&self.place).and_then(|mut fresh| Ok((Ends::load(&mut fresh)?, fresh)));
        match fresh {
            Ok((ends, fresh)) => {
                (self.ends, self.connection) = (ends, fresh);
                self.tell();
                true
            }
            Err(_) => false,
        }
    }

    fn apply(&mut self, requests: &[&Request]) -> Result<Vec<std::result::Result<Vec<Applied>, Refusal>>> {
        let keys = requests.iter().flat_map(|request| &request.writes).map(|w| (&*w.kind, &*w.id));
        let mut group = Group::load(&mut self.connection, keys)?;
        let mut answers = Vec::with_capacity(requests.len());
        for request in requests {
            let slots: Vec<usize> = request.writes.iter().map(|w| group.slot(&w.kind, &w.id)).collect();
            let answer = match self.refusal(&mut group, request, &slots)? {
                Some(refusal) => Err(refusal),
                None => Ok(self.apply_one(&mut group, request, &slots)?),
            };
            answers.push(answer);
        }
        group.flush(&mut self.connection, &mut self.units)?;
        self.read_unchanged(&mut answers)?;
        Ok(answers)
    }

    /// Reads the bodies of records that did not change, now that it is certain which those are.
    fn read_unchanged(&mut self, answers: &mut [std::result::Result<Vec<Applied>, Refusal>]) -> Result<()> {
        let unchanged = |applied: &&mut Applied| applied.effect == Effect::Unchanged;
        let waiting: Vec<&mut Applied> = answers.iter_mut().flatten().flatten().filter(unchanged).collect();
        let positions: Vec<i64> =
            waiting.iter().filter_map(|applied| applied.version.as_ref().map(|one| one.t)).collect();
        if positions.is_empty() {
            return Ok(());
        }
        let rows = fragments::versions_at(&mut self.connection, &positions)?;
        let complete = rows.len() == positions.len();
        for (applied, row) in waiting.into_iter().zip(rows) {
            let version = Version::from_row(row).map_err(inner)?;
            if !complete || applied.version.as_ref().is_none_or(|one| one.t != version.t) {
                return Err(Error {
                    message: "a head points at a version that is not there".into(),
                    retry: false,
                });
            }
            applied.version = Some(version);
        }
        Ok(())
    }

    /// Why this request cannot be applied, if so. Looks only; changes nothing but what waits in the group.
    fn refusal(
        &mut self,
        group: &mut Group<'_>,
        request: &Request,
        slots: &[usize],
    ) -> Result<Option<Refusal>> {
        let mut seen = HashSet::with_capacity(slots.len());
        for (position, (write, slot)) in request.writes.iter().zip(slots).enumerate() {
            if !seen.insert(slot) {
                let twice = format!("{}/{} occurs twice in one request", write.kind, write.id);
                return Ok(Some(Refusal::Failed(twice)));
            }
            let head = group.head(*slot);
            if !write.expect.holds(head) {
                let current = head.map(|head| head.version_id.clone());
                let deleted = head.is_some_and(|head| head.deleted);
                return Ok(Some(Refusal::Head { position, current, deleted }));
            }
            if let Some(query) = &write.unless {
                group.flush(&mut self.connection, &mut self.units)?;
                let leaving = request.writes.iter().zip(slots).filter(|(write, _)| write.payload.is_none());
                let leaving: Vec<i64> =
                    leaving.filter_map(|(_, slot)| group.head(*slot).map(|head| head.rid)).collect();
                let limit = 1 + leaving.len();
                let t = self.ends.t;
                let found = plan::matching_rids(&mut self.connection, query, &self.numbers, t, limit)?;
                if found.iter().any(|rid| !leaving.contains(rid)) {
                    return Ok(Some(Refusal::NowExists { position }));
                }
            }
        }
        Ok(None)
    }

    fn apply_one<'a>(
        &mut self,
        group: &mut Group<'a>,
        request: &'a Request,
        slots: &[usize],
    ) -> Result<Vec<Applied>> {
        let tx = self.ends.t + 1;
        let mut done = Vec::with_capacity(request.writes.len());
        let mut content = Content::default();
        for (write, slot) in request.writes.iter().zip(slots) {
            let applied = self.apply_write(group, write, *slot, tx)?;
            if let (Effect::Created | Effect::Updated | Effect::Deleted, Some(version)) =
                (applied.effect, &applied.version)
            {
                content.version(version);
            }
            done.push(applied);
        }
        let entry = match self.ends.t < tx {
            true => Cow::Borrowed(&*request.audit),
            false => Cow::Owned(covering(&request.audit, &content.finish())),
        };
        self.audit(group, entry, tx);
        Ok(done)
    }

    fn apply_write<'a>(
        &mut self,
        group: &mut Group<'a>,
        write: &'a Write,
        slot: usize,
        tx: i64,
    ) -> Result<Applied> {
        let head = group.head(slot);
        let alive = head.filter(|head| !head.deleted);
        let effect = match (&write.payload, alive) {
            (None, None) => return Ok(Applied { effect: Effect::NothingToDelete, version: None }),
            (None, Some(_)) => Effect::Deleted,
            (Some(payload), Some(head)) if head.hash == payload.hash[..] => {
                return Ok(Applied { effect: Effect::Unchanged, version: Some(unread_version(write, head)) });
            }
            (Some(_), Some(_)) => Effect::Updated,
            (Some(_), None) => Effect::Created,
        };
        let parents: Vec<String> = head.iter().map(|head| head.version_id.clone()).collect();
        let (rid, floor) = head.map_or((None, 0), |head| (Some(head.rid), head.hlc));
        let ends = &mut self.ends;
        ends.t += 1;
        ends.hybrid = Hybrid(ends.hybrid.0.max(floor)).next(self.clock.now_ms());
        let version_id = format!("{}-{}", self.incarnation, ends.t);
        let (body, hash) = match &write.payload {
            Some(payload) => {
                let body = payload.content.spliced(&version_id, &date::instant(ends.hybrid.ms()));
                (Bytes::from(body), Bytes::copy_from_slice(&payload.hash))
            }
            None => (Bytes::new(), deleted_hash()),
        };
        let version = Version {
            kind: write.kind.clone(),
            id: write.id.clone(),
            version_id,
            t: ends.t,
            tx,
            rid: rid.unwrap_or(ends.t),
            hlc: ends.hybrid.0,
            origin: self.origin.clone(),
            parents,
            hash,
            deleted: write.payload.is_none(),
            body,
        };
        let kind_number = self.numbers.kind(&write.kind);
        self.written.note(&version.kind, version.t);
        self.learn_bars(write.rows());
        // What is new brings people within reach, but for a Consent that bars them.
        let is_new = effect == Effect::Created && write.kind != "Consent";
        self.is_loosening |= !is_new && LOOSENING.contains(&write.kind.as_str());
        group.show(
            &mut self.connection,
            slot,
            version.clone(),
            kind_number,
            write.rows(),
            &mut self.units,
        )?;
        Ok(Applied { effect, version: Some(version) })
    }

    /// Appends to the audit chain of writes: each hash covers the one before.
    fn audit<'a>(&mut self, group: &mut Group<'a>, entry: Cow<'a, [u8]>, t_first: i64) {
        let (seq, now, t_last) = (self.ends.audit_seq + 1, self.clock.now_ms(), self.ends.t);
        // What was written arrived when its last version says, not when the entry is made, a moment later: who asks for
        // what came since a `lastUpdated` must not be given that again. A clock ahead of ours is not believed.
        let at = if t_last < t_first { now } else { now.min(self.ends.hybrid.ms()) };
        let hash = audit_hash(&self.ends.audit_hash, seq, at, t_first, t_last, &entry);
        group.audit(Entry { seq, at, t_first, t_last, entry, hash });
        (self.ends.audit_seq, self.ends.audit_hash) = (seq, hash.to_vec());
    }

    /// From its first bar on, scopes look for them. Before it is committed: what is looked for in vain costs little.
    fn learn_bars(&self, rows: &Rows) {
        if !self.bars.load(Ordering::Acquire) && tie::has_bar(rows, &self.numbers) {
            self.bars.store(true, Ordering::Release);
        }
    }

    /// Takes in versions from elsewhere. Ones we have are passed over; answers how many were new.
    fn integrate(&mut self, arrivals: &[Arrival]) -> Result<usize> {
        self.is_loosening = true;
        let keys = arrivals.iter().map(|arrival| (&*arrival.version.kind, &*arrival.version.id));
        let mut group = Group::load(&mut self.connection, keys)?;
        let (tx, mut taken) = (self.ends.t + 1, 0);
        let mut new: HashMap<(usize, &str), &Version> = HashMap::new();
        for Arrival { version: foreign, rows } in arrivals {
            let slot = group.slot(&foreign.kind, &foreign.id);
            let head = group.head(slot).cloned();
            if let Some(known) = new.get(&(slot, foreign.version_id.as_str())) {
                same_version(known, foreign)?;
                continue;
            }
            if let Some(head) = &head
                && self.has_version(head.rid, foreign)?
            {
                continue;
            }
            new.insert((slot, &foreign.version_id), foreign);
            self.ends.t += 1;
            self.ends.hybrid = Hybrid(self.ends.hybrid.0.max(foreign.hlc));
            let rid = head.as_ref().map_or(self.ends.t, |head| head.rid);
            let version = Version { t: self.ends.t, tx, rid, ..foreign.clone() };
            self.written.note(&version.kind, version.t);
            // The head is the version with the highest clock; equal clocks are parted by the version id.
            let shown =
                head.is_none_or(|head| (version.hlc, &version.version_id) > (head.hlc, &head.version_id));
            match shown {
                true => {
                    let kind_number = self.numbers.kind(&version.kind);
                    self.learn_bars(rows);
                    self.is_loosening |= LOOSENING.contains(&version.kind.as_str());
                    group.show(&mut self.connection, slot, version, kind_number, rows, &mut self.units)?;
                }
                false => group.keep(version),
            }
            taken += 1;
        }
        group.flush(&mut self.connection, &mut self.units)?;
        if taken > 0 {
            // So that the clock is known again at the next start without a look at every head.
            set_number(&mut self.connection, "clock_floor", self.ends.hybrid.0)?;
        }
        Ok(taken)
    }

    /// Whether the version is here already.
    fn has_version(&mut self, rid: i64, foreign: &Version) -> Result<bool> {
        let sql =
            format!("SELECT {VERSION_COLUMNS} FROM version WHERE shard = 0 AND rid = ?1 AND version_id = ?2");
        let keys = [Value::Int(rid), Value::from(foreign.version_id.as_str())];
        match self.connection.query(&sql, &keys)?.into_iter().next() {
            None => Ok(false),
            Some(row) => same_version(&Version::from_row(row).map_err(inner)?, foreign).map(|()| true),
        }
    }

    fn clear_closed(&mut self, t: i64) -> Result<u64> {
        // Told before it is done: whoever still found rows was not told too late.
        self.kept_from.set(t);
        let mut cleared = 0;
        for index in INDEXES {
            let sql =
                format!("DELETE FROM {} WHERE t_to <= ?1 AND t_to < {}", index.table.name, schema::OPEN);
            cleared += self.connection.execute(&sql, &[Value::Int(t)])?;
        }
        let known = number(&mut self.connection, "pages_from_t")?.unwrap_or(0);
        set_number(&mut self.connection, "pages_from_t", t.max(known))?;
        Ok(cleared)
    }
}

impl Ends {
    /// Where everything ends by the database's word. Local versions rise in clock and the floor is written with every
    /// arrival from elsewhere, so the last version and the floor are enough to know the highest clock.
    pub fn load(connection: &mut Connection) -> Result<Ends> {
        let along = connection.along_log();
        let sql = format!("SELECT t, hlc FROM version{along} WHERE shard = 0 ORDER BY t DESC LIMIT 1");
        let last = connection.query(&sql, &[])?;
        let (t, hlc) = last.first().map_or((0, 0), |row| (row.int(0), row.int(1)));
        let floor = number(connection, "clock_floor")?.unwrap_or(0);
        let sql = "SELECT seq, hash FROM audit WHERE shard = 0 ORDER BY seq DESC LIMIT 1";
        let audit = connection.query(sql, &[])?;
        let (audit_seq, audit_hash) =
            audit.first().map_or((0, Vec::new()), |row| (row.int(0), row.blob(1).to_vec()));
        Ok(Ends { t, hybrid: Hybrid(hlc.max(floor)), audit_seq, audit_hash })
    }
}

/// A number in `meta`.
pub(crate) fn number(connection: &mut Connection, name: &str) -> Result<Option<i64>> {
    Ok(text(connection, name)?.and_then(|text| text.parse().ok()))
}

fn set_number(connection: &mut Connection, name: &str, value: i64) -> Result<()> {
    set_text(connection, name, &value.to_string())
}

/// A text in `meta`.
pub(crate) fn text(connection: &mut Connection, name: &str) -> Result<Option<String>> {
    let sql = "SELECT value FROM meta WHERE shard = 0 AND name = ?1";
    Ok(connection.query(sql, &[Value::from(name)])?.first().map(|row| row.text(0).to_owned()))
}

pub(crate) fn set_text(connection: &mut Connection, name: &str, value: &str) -> Result<()> {
    let sql = "INSERT INTO meta (name, value) VALUES (?1, ?2) \
               ON CONFLICT (shard, name) DO UPDATE SET value = excluded.value";
    connection.execute(sql, &[Value::from(name), Value::from(value)]).map(drop)
}

impl Expect {
    fn holds(&self, head: Option<&Head>) -> bool {
        let alive = head.filter(|head| !head.deleted);
        match self {
            Expect::Anything => true,
            Expect::Absent => alive.is_none(),
            Expect::Present => alive.is_some(),
            Expect::Version(version) => alive.is_some_and(|head| head.version_id == *version),
        }
    }
}

impl Write {
    /// About how many bytes it brings.
    fn size(&self) -> usize {
        self.payload.as_ref().map_or(0, |payload| payload.content.len())
    }

    fn rows(&self) -> &Rows {
        static NONE: std::sync::LazyLock<Rows> = std::sync::LazyLock::new(Rows::default);
        self.payload.as_ref().map_or(&NONE, |payload| &payload.rows)
    }
}

/// A stand-in for the head of an unchanged record: only its position, to be read once the group is in.
fn unread_version(write: &Write, head: &Head) -> Version {
    Version {
        kind: write.kind.clone(),
        id: write.id.clone(),
        version_id: head.version_id.clone(),
        t: head.t,
        tx: head.t,
        rid: head.rid,
        hlc: head.hlc,
        origin: String::new(),
        parents: Vec::new(),
        hash: head.hash.clone(),
        deleted: false,
        body: Bytes::new(),
    }
}

/// The same version id with anything else in it means that a node lied, or a disk did.
fn same_version(one: &Version, other: &Version) -> Result<()> {
    let same = one.hash == other.hash
        && one.hlc == other.hlc
        && one.deleted == other.deleted
        && one.parents == other.parents
        && one.origin == other.origin;
    match same {
        true => Ok(()),
        false => Err(Error {
            message: format!("version {} arrived with other content", other.version_id),
            retry: false,
        }),
    }
}

pub(crate) fn inner(outcome: yba_fhir::Outcome) -> Error {
    Error { message: outcome.to_string(), retry: false }
}

fn failed(error: Error) -> Refusal {
    Refusal::Failed(error.message)
}
