//! Opening a store: the folder and its lock, the tables, the node's identity, the writer's thread.

use crate::blob::Blobs;
use crate::clock::Clock;
use crate::db::{Bound, Connection, Place, Value, lease, schema};
use crate::index::units::Known;
use crate::index::{Numbers, tie};
use crate::readers::Readers;
use crate::reindex::{self, Indexing};
use crate::request::{Applied, Arrival, Refusal, Request};
use crate::search::scope::{Kin, Knowledge};
use crate::upkeep::Upkeep;
use crate::version::Version;
use crate::writer::{self, Ends, Job, KeptFrom, QUEUE_MAX, Writer, number};
use crate::written::LastWritten;
use rand::Rng;
use std::collections::{HashMap, VecDeque};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant};
use tokio::sync::{mpsc, oneshot, watch};
use yba_fhir::{Kind, Outcome};

/// The version of the tables; a newer one in the database means a newer program wrote it. 2 added `ix_pair`,
/// 3 `version_kind` and `unit`.
const SCHEMA: &str = "3";
/// Versions from which the tables are made this one's by adding what is missing.
const SCHEMAS_BEFORE: [&str; 2] = ["1", "2"];
/// Stands in place of the version while a restore is under way.
const RESTORING: &str = "restoring";
/// How long an opener waits for a program that is just ending to let the folder go.
const LOCK_WAIT: Duration = Duration::from_secs(2);
/// How long the link to a further page of a search stays good, in ms.
pub const LINK_MS: i64 = 3_600_000;

/// How to open a store.
#[derive(Debug, Clone)]
pub struct Options {
    /// The data folder: lock, identity, blobs, and the SQLite file unless records are elsewhere.
    pub folder: PathBuf,
    /// `None` is the SQLite file in the folder.
    pub place: Option<Place>,
    pub clock: Clock,
}

impl Options {
    pub fn folder(folder: impl Into<PathBuf>) -> Options {
        Options { folder: folder.into(), place: None, clock: Clock::system() }
    }
}

/// Who this node is: kept in the database, so that a copy without it is noticed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// Stays for the life of the node.
    pub node: String,
    /// Taken anew at install, restore or a detected clone; version ids start with it.
    pub incarnation: String,
}

/// An open store; clones share it.
#[derive(Clone)]
pub struct Store(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    pub place: Place,
    pub folder: PathBuf,
    pub clock: Clock,
    pub identity: Identity,
    pub numbers: Numbers,
    pub blobs: Blobs,
    pub readers: Readers,
    pub kept_from: KeptFrom,
    pub written: LastWritten,
    knowledge: RwLock<Knowledge>,
    /// When the log was where, within the last [`LINK_MS`].
    passed: Mutex<VecDeque<(i64, i64)>>,
    jobs: mpsc::Sender<Job>,
    committed: watch::Receiver<i64>,
    indexing: watch::Receiver<Indexing>,
    writer: Mutex<Option<std::thread::JoinHandle<()>>>,
    /// Held for as long as the store is open; the writer holds it too.
    _lock: Arc<File>,
}

impl Store {
    /// Opens or creates a store. Refuses when another program has it open, or a newer one has written it.
    pub fn open(options: Options) -> Result<Store, Outcome> {
        // Connecting to PostgreSQL blocks, which threads of an async runtime must not.
        std::thread::scope(|scope| scope.spawn(|| Store::open_here(options)).join())
            .unwrap_or_else(|_| Err(Outcome::fault("opening the store panicked")))
    }

    fn open_here(options: Options) -> Result<Store, Outcome> {
        let Options { folder, place, clock } = options;
        std::fs::create_dir_all(&folder).map_err(|error| folder_trouble(&folder, &error))?;
        let lock = Arc::new(lock_folder(&folder)?);
        let place = place.unwrap_or_else(|| Place::File(folder.join("yba.db")));
        let blobs = Blobs::new(folder.join("blobs"));
        blobs.remove_unfinished().map_err(|error| folder_trouble(&folder, &error))?;
        let mut connection = Connection::writer(&place)?;
        create_tables(&mut connection)?;
        let lease_epoch = take_lease(&mut connection, &folder)?;
        let identity = load_identity(&mut connection)?;
        let numbers = load_numbers(&mut connection)?;
        let ends = Ends::load(&mut connection)?;
        let kept_from = KeptFrom::default();
        kept_from.set(number(&mut connection, "pages_from_t")?.unwrap_or(0));
        let (committed_sender, committed) = watch::channel(ends.t);
        let written = LastWritten::since(ends.t);
        let begun = reindex::begin(&mut connection, ends.t)?;
        let knowledge = Knowledge { clock: clock.clone(), ..Knowledge::default() };
        // Rows that are still to be made may hold bars too.
        let bars = !begun.is_done() || has_bars(&mut connection, &numbers)?;
        knowledge.bars.store(bars, Ordering::Release);
        let (indexing_sender, indexing) = watch::channel(begun);
        let (jobs, queue) = mpsc::channel(QUEUE_MAX);
        let writer = Writer {
            connection,
            place: place.clone(),
            clock: clock.clone(),
            numbers: numbers.clone(),
            units: Known::default(),
            incarnation: identity.incarnation.clone(),
            origin: identity.node.clone(),
            ends,
            lease_epoch,
            transactions: 0,
            unsure: false,
            committed: committed_sender,
            indexing: indexing_sender,
            indexed_at: Instant::now(),
            kept_from: kept_from.clone(),
            written: written.clone(),
            bars: knowledge.bars.clone(),
            reached: knowledge.reached.clone(),
            is_loosening: false,
            _lock: lock.clone(),
        };
        let thread = start_thread("yba-writer", move || writer.run(queue))?;
        let upkeep = Upkeep {
            place: place.clone(),
            committed: committed.clone(),
            jobs: jobs.downgrade(),
            lock: Arc::downgrade(&lock),
        };
        match lease_epoch {
            Some(_) => {
                let renewing = upkeep.clone();
                start_thread("yba-lease", move || renewing.keep_renewing())?;
                start_thread("yba-statistics", move || upkeep.keep_statistics())?;
            }
            None => drop(start_thread("yba-checkpoint", move || upkeep.keep_log_short())?),
        }
        Ok(Store(Arc::new(Inner {
            blobs,
            readers: Readers::of(&place),
            kept_from,
            written,
            knowledge: RwLock::new(knowledge),
            place,
            folder,
            clock,
            identity,
            numbers,
            passed: Mutex::new(VecDeque::new()),
            jobs,
            committed,
            indexing,
            writer: Mutex::new(Some(thread)),
            _lock: lock,
        })))
    }

    pub fn identity(&self) -> &Identity {
        &self.0.identity
    }

    pub fn clock(&self) -> &Clock {
        &self.0.clock
    }

    pub fn folder(&self) -> &Path {
        &self.0.folder
    }

    /// Where the records are.
    pub fn place(&self) -> Place {
        self.0.place.clone()
    }

    pub fn numbers(&self) -> &Numbers {
        &self.0.numbers
    }

    pub fn blobs(&self) -> &Blobs {
        &self.0.blobs
    }

    /// What is known for scopes.
    pub fn knowledge(&self) -> Knowledge {
        self.0.knowledge.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// From now on scopes hold for all Patients of a person, as this table tells.
    pub fn know_kin(&self, kin: Kin) {
        let mut knowledge = self.0.knowledge.write().unwrap_or_else(PoisonError::into_inner);
        knowledge.kin = Some(kin);
        knowledge.reached.know_kin(kin.follower);
    }

    /// The position of the last committed version.
    pub fn head_t(&self) -> i64 {
        *self.0.committed.borrow()
    }

    /// Tells of each commit; followers wait on it.
    pub fn watch(&self) -> watch::Receiver<i64> {
        self.0.committed.clone()
    }

    /// How far the index rows are those of this program; after an upgrade they are made anew beside the work.
    pub fn indexing(&self) -> watch::Receiver<Indexing> {
        self.0.indexing.clone()
    }

    /// Applies a transaction. When this returns, it is on disk.
    pub async fn commit(&self, request: Request) -> Result<Vec<Applied>, Refusal> {
        self.ask(|answer| Job::Apply(request, answer)).await
    }

    /// Takes in versions from another node, as they are, in any order and any number of times, all or none. Answers
    /// how many were new. Refuses damaged ones, and a version id that is here with other content.
    pub async fn integrate(&self, versions: Vec<Version>) -> Result<usize, Outcome> {
        let inner = self.0.clone();
        let check = move || versions.into_iter().map(|one| Arrival::new(one, &inner.numbers)).collect();
        let arrivals: Vec<Arrival> = run_blocking(check).await?;
        self.ask(|answer| Job::Integrate(arrivals, answer)).await.map_err(refused)
    }

    /// Writes derived tables and the follower's cursor in one transaction.
    pub async fn derive(
        &self,
        follower: &str,
        t: i64,
        statements: Vec<crate::Statement>,
    ) -> Result<(), Outcome> {
        let cursor = Some((follower.to_owned(), t));
        self.ask(|answer| Job::Derive { cursor, statements, answer }).await.map_err(refused)
    }

    /// Writes tables of this node's own state, such as sessions, in one transaction. They follow no log and travel
    /// nowhere.
    pub async fn keep(&self, statements: Vec<crate::Statement>) -> Result<(), Outcome> {
        self.ask(|answer| Job::Derive { cursor: None, statements, answer }).await.map_err(refused)
    }

    /// Creates derived tables: DDL with the types BIGINT, TEXT, BLOB and DOUBLE PRECISION, each `IF NOT EXISTS`.
    pub async fn migrate(&self, ddl: &[&str]) -> Result<(), Outcome> {
        let ddl = ddl.iter().map(|one| (*one).to_owned()).collect();
        self.ask(|answer| Job::Migrate(ddl, answer)).await.map_err(refused)
    }

    /// Deletes closed index rows that ended at or before `t`; searches from before then answer 410.
    pub async fn clear_closed(&self, t: i64) -> Result<u64, Outcome> {
        self.ask(|answer| Job::Clear(t, answer)).await.map_err(refused)
    }

    /// Housekeeping, to be called about every minute: clears index rows that no page link of the last [`LINK_MS`] can
    /// ask for any more. Links from before a restart stay good for as long again.
    pub async fn tidy(&self) -> Result<u64, Outcome> {
        let now = self.0.clock.now_ms();
        let mut over = None;
        if let Ok(mut passed) = self.0.passed.lock() {
            passed.push_back((now, self.head_t()));
            while let Some((_, t)) = passed.front().copied().filter(|(at, _)| now - at > LINK_MS) {
                passed.pop_front();
                over = Some(t);
            }
        }
        match over {
            Some(t) => self.clear_closed(t).await,
            None => Ok(0),
        }
    }

    async fn ask<T>(&self, job: impl FnOnce(crate::writer::Answer<T>) -> Job) -> Result<T, Refusal> {
        let (answer, answered) = oneshot::channel();
        self.0.jobs.send(job(answer)).await.map_err(|_| Refusal::Failed("the writer has stopped".into()))?;
        answered.await.map_err(|_| Refusal::Failed("the writer stopped before it answered".into()))?
    }

    /// Ends the writer after what is waiting, and waits for it. Later writes are refused.
    pub async fn close(&self) {
        let _ = self.0.jobs.send(Job::Stop).await;
        let thread = self.0.writer.lock().ok().and_then(|mut writer| writer.take());
        if let Some(thread) = thread {
            let _ = tokio::task::spawn_blocking(move || thread.join()).await;
        }
    }
}

pub(crate) async fn run_blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Outcome> + Send + 'static,
) -> Result<T, Outcome> {
    match tokio::task::spawn_blocking(work).await {
        Ok(value) => value,
        // Not begun, because the program is ending: nothing is wrong with it.
        Err(error) if error.is_cancelled() => {
            let text = "Máy chủ đang dừng. Hãy thử lại sau ít phút.";
            Err(Outcome::new(Kind::Unavailable, "stopping", text, format!("a read was not begun: {error}")))
        }
        Err(error) => Err(Outcome::fault(format!("a read panicked: {error}"))),
    }
}

pub(crate) fn refused(refusal: Refusal) -> Outcome {
    Outcome::fault(format!("the store refused: {refusal:?}"))
}

fn folder_trouble(folder: &Path, error: &std::io::Error) -> Outcome {
    let text = format!("Không dùng được thư mục dữ liệu {}: {error}.", folder.display());
    Outcome::new(Kind::Unavailable, "data-folder", text, format!("data folder {}: {error}", folder.display()))
}

fn start_thread(
    name: &str,
    work: impl FnOnce() + Send + 'static,
) -> Result<std::thread::JoinHandle<()>, Outcome> {
    let started = std::thread::Builder::new().name(name.into()).spawn(work);
    started.map_err(|error| Outcome::fault(format!("cannot start the thread {name}: {error}")))
}

/// Takes the folder's lock: one program at a time. The system frees it when the program ends, however it ends.
pub(crate) fn lock_folder(folder: &Path) -> Result<File, Outcome> {
    let path = folder.join("yba.lock");
    let file = File::create(&path).map_err(|error| folder_trouble(folder, &error))?;
    let begun = Instant::now();
    while file.try_lock().is_err() {
        if begun.elapsed() > LOCK_WAIT {
            let text =
                format!("Thư mục dữ liệu {} đang được một tiến trình yba khác sử dụng.", folder.display());
            let detail = format!("{} is locked by another process", path.display());
            return Err(Outcome::new(Kind::Unavailable, "data-folder-locked", text, detail));
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    Ok(file)
}

/// Creates the tables of a new database. One that has them is left alone, above all one of a newer program.
fn create_tables(connection: &mut Connection) -> Result<(), Outcome> {
    let postgres = matches!(connection, Connection::Postgres(_));
    connection.migrate(schema::META)?;
    match meta(connection, "schema")? {
        // The number comes last: a program that died before it begins again.
        None => {
            connection.migrate(&schema::ddl(postgres))?;
            reindex::set_done(connection)?;
            set_meta(connection, "schema", SCHEMA)
        }
        Some(found) if SCHEMAS_BEFORE.contains(&found.as_str()) => {
            connection.migrate(&schema::ddl(postgres))?;
            set_meta(connection, "schema", SCHEMA)
        }
        Some(found) if found == SCHEMA => Ok(()),
        Some(found) if found == RESTORING => {
            let text = "Lần khôi phục vào đây bị dừng giữa chừng. Hãy khôi phục lại vào một nơi trống khác.";
            Err(Outcome::new(
                Kind::Unavailable,
                "restore-unfinished",
                text,
                "a restore into this place was interrupted",
            ))
        }
        Some(found) => {
            let text = "Dữ liệu do một phiên bản yba mới hơn ghi. Hãy dùng phiên bản đó hoặc mới hơn.";
            Err(Outcome::new(
                Kind::Unavailable,
                "schema-newer",
                text,
                format!("schema {found}, this program knows {SCHEMA}"),
            ))
        }
    }
}

/// Creates the tables in an empty database and marks it as not to be opened until the restore is finished.
pub(crate) fn begin_restore(connection: &mut Connection) -> Result<(), Outcome> {
    let postgres = matches!(connection, Connection::Postgres(_));
    connection.migrate(schema::META)?;
    if meta(connection, "schema")?.is_some() {
        return Err(not_empty("the database has tables of a node"));
    }
    set_meta(connection, "schema", RESTORING)?;
    connection.migrate(&schema::ddl(postgres))?;
    Ok(reindex::set_done(connection)?)
}

/// Ends a restore: the node it was goes on under a new incarnation, and no page link of before is good.
pub(crate) fn finish_restore(
    connection: &mut Connection,
    node: &str,
    t: i64,
    hlc: i64,
) -> Result<(), Outcome> {
    let mark = connection.mark()?;
    connection.begin()?;
    for (name, value) in [
        ("node", node.to_owned()),
        ("incarnation", new_incarnation()),
        ("mark", mark),
        ("clock_floor", hlc.to_string()),
        ("pages_from_t", t.to_string()),
        ("schema", SCHEMA.to_owned()),
    ] {
        set_meta(connection, name, &value)?;
    }
    Ok(connection.commit()?)
}

/// The refusal to restore over something.
pub(crate) fn not_empty(detail: &str) -> Outcome {
    let text = "Chỉ khôi phục vào thư mục (và cơ sở dữ liệu) trống. Chưa khôi phục gì.";
    Outcome::new(Kind::Conflict, "restore-not-empty", text, detail.to_owned())
}

pub(crate) fn meta(connection: &mut Connection, name: &str) -> Result<Option<String>, Outcome> {
    Ok(writer::text(connection, name)?)
}

pub(crate) fn set_meta(connection: &mut Connection, name: &str, value: &str) -> Result<(), Outcome> {
    Ok(writer::set_text(connection, name, value)?)
}

fn load_identity(connection: &mut Connection) -> Result<Identity, Outcome> {
    let node = match meta(connection, "node")? {
        Some(node) => node,
        None => {
            let node = uuid::Uuid::now_v7().simple().to_string();
            set_meta(connection, "node", &node)?;
            node
        }
    };
    // Two copies of one database that both count on would give one version id to two contents.
    let mark = connection.mark()?;
    let known_mark = meta(connection, "mark")?;
    let copied = known_mark.as_ref().is_some_and(|known| *known != mark);
    let incarnation = match meta(connection, "incarnation")? {
        Some(incarnation) if !copied => incarnation,
        _ => {
            let incarnation = new_incarnation();
            set_meta(connection, "incarnation", &incarnation)?;
            incarnation
        }
    };
    // After the incarnation: a program that dies in between takes another one next time.
    if known_mark.as_ref() != Some(&mark) {
        set_meta(connection, "mark", &mark)?;
    }
    Ok(Identity { node, incarnation })
}

/// Eight random characters.
pub(crate) fn new_incarnation() -> String {
    let alphabet = b"abcdefghijkmnpqrstuvwxyz23456789";
    let mut random = rand::thread_rng();
    (0..8).map(|_| alphabet[random.gen_range(0..alphabet.len())] as char).collect()
}

/// On PostgreSQL the writer holds a lease; a writer with an older epoch can commit nothing.
/// The folder's lock proves that an earlier holder from this folder is gone, so its lease is taken at once.
fn take_lease(connection: &mut Connection, folder: &Path) -> Result<Option<i64>, Outcome> {
    if !matches!(connection, Connection::Postgres(_)) {
        return Ok(None);
    }
    let holder_file = folder.join("writer-id");
    let holder = match std::fs::read_to_string(&holder_file) {
        Ok(holder) if !holder.is_empty() => holder,
        _ => {
            let holder = uuid::Uuid::now_v7().simple().to_string();
            std::fs::write(&holder_file, &holder).map_err(|error| folder_trouble(folder, &error))?;
            holder
        }
    };
    match lease::take(connection, &holder)? {
        Some(epoch) => Ok(Some(epoch)),
        None => {
            let text =
                "Cơ sở dữ liệu này đang có một máy chủ yba khác ghi. Hãy dừng máy đó, hoặc chờ 30 giây.";
            Err(Outcome::new(Kind::Unavailable, "lease-held", text, "another node holds the write lease"))
        }
    }
}

/// The numbers of search parameters; new parameters of a newer program get new numbers.
pub(crate) fn load_numbers(connection: &mut Connection) -> Result<Numbers, Outcome> {
    let mut by_name = HashMap::new();
    let mut last = 0;
    for row in connection.query("SELECT name, number FROM search_key WHERE shard = 0", &[])? {
        last = last.max(row.int(1));
        by_name.insert(row.text(0).to_owned(), row.int(1));
    }
    let mut missing: Vec<(String, i64)> =
        Numbers::names().filter(|name| !by_name.contains_key(name)).map(|name| (name, 0)).collect();
    for (_, number) in &mut missing {
        last += 1;
        *number = last;
    }
    if !missing.is_empty() {
        static SEARCH_KEY: schema::Table = schema::Table {
            name: "search_key",
            columns: &[("name", schema::Type::Text), ("number", schema::Type::Int)],
        };
        let cells = missing.iter().flat_map(|(name, number)| [Bound::Text(name), Bound::Int(*number)]);
        connection.begin()?;
        connection.insert(&[(&SEARCH_KEY, cells.collect())])?;
        connection.commit()?;
    }
    by_name.extend(missing);
    Ok(Numbers::new(by_name))
}

fn has_bars(connection: &mut Connection, numbers: &Numbers) -> Result<bool, Outcome> {
    let sql = "SELECT 1 FROM ix_pair WHERE shard = 0 AND p = ?1 LIMIT 1";
    Ok(!connection.query(sql, &[Value::Int(numbers.named(tie::BAR))])?.is_empty())
}
