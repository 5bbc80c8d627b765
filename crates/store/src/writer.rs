//! The one writer of a database: takes what is waiting, applies it in one transaction, and answers when that is on
//! disk. It gives `t` inside the transaction, so the order of `t` is the order of commits and a follower never skips.
//!
//! A request is checked against heads in memory before any of its rows is added, so a refused one leaves nothing and
//! needs no savepoint; if the database itself fails on a group, each request of it is tried alone.

use crate::Applied;
use crate::clock::{Clock, Hybrid};
use crate::db::schema::{self, AUDIT, INDEXES, VERSION};
use crate::db::{Connection, Error, Place, Result, Statement, Value, fragments};
use crate::index::Numbers;
use crate::request::{Effect, Expect, Refusal, Request, Write};
use crate::search::{Scope, plan};
use crate::version::{Version, row_of};
use bytes::Bytes;
use sha2::{Digest, Sha256};
use std::collections::{HashMap, HashSet};
use tokio::sync::{mpsc, oneshot, watch};
use yba_fhir::date;

/// Most writes applied in one transaction.
const GROUP_WRITES_MAX: usize = 2000;
/// Most jobs waiting; whoever brings a further one waits to hand it over.
pub(crate) const QUEUE_MAX: usize = 512;

pub(crate) type Answer<T> = oneshot::Sender<std::result::Result<T, Refusal>>;

pub(crate) enum Job {
    Apply(Request, Answer<Vec<Applied>>),
    /// Versions from another node, as they are.
    Integrate(Vec<Version>, Answer<usize>),
    /// Changes of derived tables, and how far their follower has come.
    Derive {
        follower: String,
        t: i64,
        statements: Vec<Statement>,
        answer: Answer<()>,
    },
    Migrate(Vec<String>, Answer<()>),
    /// Deletes closed index rows that ended at or before this position.
    Clear(i64, Answer<u64>),
    Stop,
}

/// What the writer knows besides the database.
pub(crate) struct Writer {
    pub connection: Connection,
    pub place: Place,
    pub clock: Clock,
    pub numbers: Numbers,
    pub incarnation: String,
    pub origin: String,
    pub t: i64,
    pub hybrid: Hybrid,
    pub audit: AuditTail,
    pub lease_epoch: Option<i64>,
    pub committed: watch::Sender<i64>,
}

/// The end of the write side's audit chain.
#[derive(Debug, Clone, Default)]
pub(crate) struct AuditTail {
    pub seq: i64,
    pub hash: Vec<u8>,
}

#[derive(Debug, Clone)]
struct Head {
    rid: i64,
    t: i64,
    hlc: i64,
    version_id: String,
    hash: Bytes,
    deleted: bool,
}

/// Rows waiting to be added, and the state as it will be after them.
#[derive(Default)]
struct Group {
    heads: HashMap<(String, String), Option<Head>>,
    changed: HashSet<(String, String)>,
    versions: Vec<Vec<Value>>,
    index: [Vec<Vec<Value>>; 8],
    closings: Vec<(i64, i64)>,
    /// Records with index rows still waiting: they must be added before they can be closed.
    pending: HashSet<i64>,
    audit: Vec<Vec<Value>>,
}

impl Writer {
    /// Serves jobs until told to stop or until nobody is left to ask.
    pub fn run(mut self, mut jobs: mpsc::Receiver<Job>) {
        while let Some(first) = jobs.blocking_recv() {
            let mut group = Vec::new();
            let mut writes = 0;
            let mut next = Some(first);
            while let Some(job) = next.take() {
                match job {
                    Job::Apply(request, answer) => {
                        writes += request.writes.len();
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
                if writes < GROUP_WRITES_MAX {
                    next = jobs.try_recv().ok();
                }
            }
            self.apply_group(group);
        }
    }

    /// Does a job that is no request; true when it is time to stop.
    fn other_job(&mut self, job: Job) -> bool {
        match job {
            Job::Apply(..) => {}
            Job::Integrate(versions, answer) => {
                let done = self.in_transaction(|writer| writer.integrate(&versions));
                let _ = answer.send(done.map_err(failed));
            }
            Job::Derive { follower, t, statements, answer } => {
                let done = self.in_transaction(|writer| {
                    writer.connection.execute_all(&statements)?;
                    let sql = "INSERT INTO follower (name, t) VALUES (?1, ?2) \
                               ON CONFLICT (shard, name) DO UPDATE SET t = excluded.t";
                    writer.connection.execute(sql, &[Value::from(follower.as_str()), Value::Int(t)])?;
                    Ok(())
                });
                let _ = answer.send(done.map_err(failed));
            }
            Job::Migrate(ddl, answer) => {
                let done = self
                    .in_transaction(|writer| ddl.iter().try_for_each(|one| writer.connection.migrate(one)));
                let _ = answer.send(done.map_err(failed));
            }
            Job::Clear(t, answer) => {
                let done = self.in_transaction(|writer| writer.clear_closed(t));
                let _ = answer.send(done.map_err(failed));
            }
            Job::Stop => return true,
        }
        false
    }

    fn apply_group(&mut self, group: Vec<(Request, Answer<Vec<Applied>>)>) {
        if group.is_empty() {
            return;
        }
        let requests: Vec<&Request> = group.iter().map(|(request, _)| request).collect();
        let mut answers = match self.in_transaction(|writer| writer.apply(&requests)) {
            Ok(answers) => answers,
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
    fn in_transaction<T>(&mut self, mut work: impl FnMut(&mut Writer) -> Result<T>) -> Result<T> {
        let before = (self.t, self.hybrid, self.audit.clone());
        for attempt in 0..5 {
            let done = self.attempt(&mut work);
            match done {
                Ok(value) => {
                    if self.t != before.0 {
                        self.committed.send_replace(self.t);
                    }
                    return Ok(value);
                }
                Err(error) => {
                    self.connection.rollback();
                    (self.t, self.hybrid, self.audit) = before.clone();
                    if !error.retry || attempt == 4 {
                        self.reconnect_if_lost();
                        return Err(error);
                    }
                }
            }
        }
        Err(Error { message: "the transaction kept failing to serialize".into(), retry: true })
    }

    fn attempt<T>(&mut self, work: &mut impl FnMut(&mut Writer) -> Result<T>) -> Result<T> {
        self.connection.begin()?;
        if let Some(epoch) = self.lease_epoch {
            let now = Value::Int(self.clock.now_ms());
            let sql = "UPDATE lease SET renewed = ?1 WHERE shard = 0 AND epoch = ?2";
            if self.connection.execute(sql, &[now, Value::Int(epoch)])? != 1 {
                return Err(Error {
                    message: "another node has taken over writing to this database".into(),
                    retry: false,
                });
            }
        }
        let value = work(self)?;
        self.connection.commit()?;
        Ok(value)
    }

    /// After a failure, a connection that no longer answers is replaced, so that the next job finds a live one.
    fn reconnect_if_lost(&mut self) {
        if self.connection.query("SELECT 1", &[]).is_err()
            && let Ok(fresh) = Connection::writer(&self.place)
        {
            self.connection = fresh;
        }
    }

    fn apply(&mut self, requests: &[&Request]) -> Result<Vec<std::result::Result<Vec<Applied>, Refusal>>> {
        let mut group = Group::default();
        self.load_heads(
            &mut group,
            requests.iter().flat_map(|request| &request.writes).map(|w| (&*w.kind, &*w.id)),
        )?;
        let mut answers = Vec::with_capacity(requests.len());
        for request in requests {
            let answer = match self.refusal(&mut group, request)? {
                Some(refusal) => Err(refusal),
                None => Ok(self.apply_one(&mut group, request)?),
            };
            answers.push(answer);
        }
        self.flush(&mut group)?;
        // The bodies of records that did not change are read now, once it is certain which those are.
        for applied in answers.iter_mut().flatten().flatten() {
            if let (Effect::Unchanged, Some(version)) = (applied.effect, &applied.version) {
                let rows = fragments::versions_at(&mut self.connection, &[version.t])?;
                let read = rows.first().map(Version::from_row).transpose();
                applied.version =
                    read.map_err(|outcome| Error { message: outcome.to_string(), retry: false })?;
            }
        }
        Ok(answers)
    }

    fn load_heads<'a>(
        &mut self,
        group: &mut Group,
        keys: impl Iterator<Item = (&'a str, &'a str)>,
    ) -> Result<()> {
        let wanted: HashSet<(&str, &str)> = keys.collect();
        let wanted: Vec<(&str, &str)> = wanted.into_iter().collect();
        for key in &wanted {
            group.heads.insert((key.0.to_owned(), key.1.to_owned()), None);
        }
        for row in fragments::heads(&mut self.connection, &wanted)? {
            let head = Head {
                rid: row.int(2),
                t: row.int(3),
                hlc: row.int(4),
                version_id: row.text(5).to_owned(),
                hash: row.blob(6),
                deleted: row.int(7) != 0,
            };
            group.heads.insert((row.text(0).to_owned(), row.text(1).to_owned()), Some(head));
        }
        Ok(())
    }

    /// Why this request cannot be applied, if so. Looks only; changes nothing.
    fn refusal(&mut self, group: &mut Group, request: &Request) -> Result<Option<Refusal>> {
        for (position, write) in request.writes.iter().enumerate() {
            let head = group.heads.get(&key(write)).and_then(Option::as_ref);
            let alive = head.filter(|head| !head.deleted);
            let holds = match &write.expect {
                Expect::Anything => true,
                Expect::Absent => alive.is_none(),
                Expect::Present => alive.is_some(),
                Expect::Version(version) => alive.is_some_and(|head| head.version_id == *version),
            };
            if !holds {
                let current = head.map(|head| head.version_id.clone());
                let deleted = head.is_some_and(|head| head.deleted);
                return Ok(Some(Refusal::Head { position, current, deleted }));
            }
            if let Some(query) = &write.unless {
                self.flush(group)?;
                let cursor = plan::Cursor { t: self.t, after: None };
                let found = plan::page(&mut self.connection, query, &Scope::All, &self.numbers, &cursor, 1)?;
                if !found.is_empty() {
                    return Ok(Some(Refusal::NowExists { position }));
                }
            }
        }
        Ok(None)
    }

    fn apply_one(&mut self, group: &mut Group, request: &Request) -> Result<Vec<Applied>> {
        let tx = self.t + 1;
        let mut done = Vec::with_capacity(request.writes.len());
        for write in &request.writes {
            done.push(self.apply_write(group, write, tx)?);
        }
        self.audit(group, &request.audit, tx);
        Ok(done)
    }

    fn apply_write(&mut self, group: &mut Group, write: &Write, tx: i64) -> Result<Applied> {
        let head = group.heads.get(&key(write)).cloned().flatten();
        let alive = head.as_ref().filter(|head| !head.deleted);
        let effect = match (&write.payload, alive) {
            (None, None) => return Ok(Applied { effect: Effect::NothingToDelete, version: None }),
            (None, Some(_)) => Effect::Deleted,
            (Some(payload), Some(head)) if head.hash == payload.hash[..] => {
                let version = unread_version(write, head);
                return Ok(Applied { effect: Effect::Unchanged, version: Some(version) });
            }
            (Some(_), Some(_)) => Effect::Updated,
            (Some(_), None) => Effect::Created,
        };
        self.t += 1;
        self.hybrid =
            Hybrid(self.hybrid.0.max(head.as_ref().map_or(0, |head| head.hlc))).next(self.clock.now_ms());
        let version_id = format!("{}-{}", self.incarnation, self.t);
        let (body, hash) = match &write.payload {
            Some(payload) => {
                let body = payload.content.spliced(&version_id, &date::instant(self.hybrid.ms()));
                (Bytes::from(body), Bytes::copy_from_slice(&payload.hash))
            }
            None => (Bytes::new(), Bytes::copy_from_slice(&Sha256::digest(b"deleted"))),
        };
        let version = Version {
            kind: write.kind.clone(),
            id: write.id.clone(),
            version_id,
            t: self.t,
            tx,
            rid: head.as_ref().map_or(self.t, |head| head.rid),
            hlc: self.hybrid.0,
            origin: self.origin.clone(),
            parents: head.iter().map(|head| head.version_id.clone()).collect(),
            hash,
            deleted: write.payload.is_none(),
            body,
        };
        let rid = head.as_ref().map_or(self.t, |head| head.rid);
        let rows = write.payload.as_ref().map(|payload| payload.rows.clone());
        self.show(group, &version, rid, rows, head.is_some())?;
        group.versions.push(row_of(&version, rid));
        Ok(Applied { effect, version: Some(version) })
    }

    /// Makes `version` the head of its record: closes the index rows before it and adds its own.
    fn show(
        &mut self,
        group: &mut Group,
        version: &Version,
        rid: i64,
        rows: Option<crate::index::Rows>,
        had_head: bool,
    ) -> Result<()> {
        if had_head {
            if group.pending.contains(&rid) {
                self.flush(group)?;
            }
            group.closings.push((rid, version.t));
        }
        if let Some(rows) = rows {
            let life = vec![
                Value::Int(self.numbers.kind(&version.kind)),
                Value::Int(version.last_updated_ms()),
                Value::Int(rid),
                Value::Int(version.t),
                Value::Int(schema::OPEN),
            ];
            group.index[0].push(life);
            for (table, row) in rows.finished(rid, version.t) {
                group.index[table].push(row);
            }
            group.pending.insert(rid);
        }
        let head = Head {
            rid,
            t: version.t,
            hlc: version.hlc,
            version_id: version.version_id.clone(),
            hash: version.hash.clone(),
            deleted: version.deleted,
        };
        let key = (version.kind.clone(), version.id.clone());
        group.changed.insert(key.clone());
        group.heads.insert(key, Some(head));
        Ok(())
    }

    /// Appends to the audit chain of writes: each hash covers the one before.
    fn audit(&mut self, group: &mut Group, entry: &[u8], t_first: i64) {
        let (seq, at, t_last) = (self.audit.seq + 1, self.clock.now_ms(), self.t);
        let hash = audit_hash(&self.audit.hash, seq, at, t_first, t_last, entry);
        group.audit.push(vec![
            Value::Int(seq),
            Value::Int(at),
            Value::Int(t_first),
            Value::Int(t_last),
            Value::Blob(Bytes::copy_from_slice(entry)),
            Value::Blob(Bytes::copy_from_slice(&hash)),
        ]);
        self.audit = AuditTail { seq, hash: hash.to_vec() };
    }

    /// Sends the waiting rows into the open transaction.
    fn flush(&mut self, group: &mut Group) -> Result<()> {
        fragments::close_index_rows(&mut self.connection, &std::mem::take(&mut group.closings))?;
        let mut batches: Vec<(&schema::Table, Vec<Vec<Value>>)> =
            vec![(&VERSION, std::mem::take(&mut group.versions))];
        for (position, rows) in std::mem::take(&mut group.index).into_iter().enumerate() {
            batches.push((&INDEXES[position].table, rows));
        }
        batches.push((&AUDIT, std::mem::take(&mut group.audit)));
        batches.retain(|(_, rows)| !rows.is_empty());
        self.connection.insert(&batches)?;
        let mut heads = Vec::with_capacity(group.changed.len());
        for key in group.changed.drain() {
            if let Some(Some(head)) = group.heads.get(&key) {
                heads.push(head_row(&key, head));
            }
        }
        fragments::replace_heads(&mut self.connection, &heads)?;
        group.pending.clear();
        Ok(())
    }

    /// Takes in versions from elsewhere. Ones we have are passed over; answers how many were new.
    fn integrate(&mut self, versions: &[Version]) -> Result<usize> {
        let mut group = Group::default();
        self.load_heads(&mut group, versions.iter().map(|version| (&*version.kind, &*version.id)))?;
        let (tx, mut taken, mut new_ids) = (self.t + 1, 0, HashSet::new());
        for foreign in versions {
            let key = (foreign.kind.clone(), foreign.id.clone());
            let head = group.heads.get(&key).cloned().flatten();
            if !new_ids.insert((key.clone(), foreign.version_id.clone()))
                || self.has_version(&head, foreign)?
            {
                continue;
            }
            self.t += 1;
            self.hybrid = Hybrid(self.hybrid.0.max(foreign.hlc));
            let rid = head.as_ref().map_or(self.t, |head| head.rid);
            let version = Version { t: self.t, tx, rid, ..foreign.clone() };
            // The head is the version with the highest clock; equal clocks are parted by the version id.
            let order = |hlc: i64, id: &str| (hlc, id.to_owned());
            let shown = head.as_ref().is_none_or(|head| {
                order(version.hlc, &version.version_id) > order(head.hlc, &head.version_id)
            });
            if shown {
                let tree = version.tree();
                let rows = (!version.deleted)
                    .then(|| crate::index::extract(&tree, &version.kind, &version.id, &self.numbers));
                self.show(&mut group, &version, rid, rows, head.is_some())?;
            }
            group.versions.push(row_of(&version, rid));
            taken += 1;
        }
        self.flush(&mut group)?;
        Ok(taken)
    }

    /// Whether the version is here already. The same version id with other content means a node lied or a disk did.
    fn has_version(&mut self, head: &Option<Head>, foreign: &Version) -> Result<bool> {
        let Some(head) = head else { return Ok(false) };
        let sql = "SELECT hash FROM version WHERE shard = 0 AND rid = ?1 AND version_id = ?2";
        let rows =
            self.connection.query(sql, &[Value::Int(head.rid), Value::from(foreign.version_id.as_str())])?;
        match rows.first() {
            None => Ok(false),
            Some(row) if row.blob(0) == foreign.hash => Ok(true),
            Some(_) => {
                let message = format!("version {} arrived with other content", foreign.version_id);
                Err(Error { message, retry: false })
            }
        }
    }

    fn clear_closed(&mut self, t: i64) -> Result<u64> {
        let mut cleared = 0;
        for index in INDEXES {
            let sql =
                format!("DELETE FROM {} WHERE t_to <= ?1 AND t_to < {}", index.table.name, schema::OPEN);
            cleared += self.connection.execute(&sql, &[Value::Int(t)])?;
        }
        let sql = "INSERT INTO meta (name, value) VALUES ('pages_from_t', ?1) \
                   ON CONFLICT (shard, name) DO UPDATE SET value = excluded.value";
        self.connection.execute(sql, &[Value::Text(t.to_string())])?;
        Ok(cleared)
    }
}

/// The hash of an audit entry in its chain.
pub fn audit_hash(before: &[u8], seq: i64, at: i64, t_first: i64, t_last: i64, entry: &[u8]) -> [u8; 32] {
    let mut hash = Sha256::new().chain_update(before);
    for number in [seq, at, t_first, t_last] {
        hash.update(number.to_be_bytes());
    }
    hash.update(entry);
    hash.finalize().into()
}

fn key(write: &Write) -> (String, String) {
    (write.kind.clone(), write.id.clone())
}

fn head_row(key: &(String, String), head: &Head) -> Vec<Value> {
    vec![
        Value::from(key.0.as_str()),
        Value::from(key.1.as_str()),
        Value::Int(head.rid),
        Value::Int(head.t),
        Value::Int(head.hlc),
        Value::from(head.version_id.as_str()),
        Value::Blob(head.hash.clone()),
        Value::Int(head.deleted.into()),
    ]
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

fn failed(error: Error) -> Refusal {
    Refusal::Failed(error.message)
}
