//! Opening a store: the folder and its lock, the tables, the node's identity, the writer's thread.

use crate::blob::Blobs;
use crate::clock::{Clock, Hybrid};
use crate::db::{Connection, Place, Value, schema};
use crate::index::Numbers;
use crate::request::{Applied, Refusal, Request};
use crate::version::Version;
use crate::writer::{AuditTail, Job, QUEUE_MAX, Writer};
use rand::Rng;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use tokio::sync::{Semaphore, mpsc, oneshot, watch};
use yba_fhir::{Kind, Outcome};

/// The version of the tables; a newer one in the database means a newer program wrote it.
const SCHEMA: &str = "1";
/// Most longer reads at once.
const SCANS_MAX: usize = 8;
/// How long a writer of a PostgreSQL database is believed alive after its last sign, in ms.
const LEASE_MS: i64 = 30_000;

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
    readers: Mutex<Vec<Connection>>,
    pub scans: Arc<Semaphore>,
    jobs: mpsc::Sender<Job>,
    committed: watch::Receiver<i64>,
    writer: Mutex<Option<std::thread::JoinHandle<()>>>,
    /// Held for as long as the store is open.
    _lock: File,
}

impl Store {
    /// Opens or creates a store. Refuses when another program has it open, or a newer one has written it.
    pub fn open(options: Options) -> Result<Store, Outcome> {
        let folder = options.folder;
        std::fs::create_dir_all(&folder).map_err(|error| folder_trouble(&folder, &error))?;
        let lock = lock_folder(&folder)?;
        let place = options.place.unwrap_or_else(|| Place::File(folder.join("yba.db")));
        let mut connection = Connection::writer(&place)?;
        create_tables(&mut connection)?;
        let identity = load_identity(&mut connection)?;
        let lease_epoch = take_lease(&mut connection, &place, &folder, &options.clock)?;
        let numbers = load_numbers(&mut connection)?;
        let (t, hybrid) = load_ends(&mut connection)?;
        let audit = load_audit_tail(&mut connection)?;
        let (committed_sender, committed) = watch::channel(t);
        let (jobs, queue) = mpsc::channel(QUEUE_MAX);
        let writer = Writer {
            connection,
            place: place.clone(),
            clock: options.clock.clone(),
            numbers: numbers.clone(),
            incarnation: identity.incarnation.clone(),
            origin: identity.node.clone(),
            t,
            hybrid,
            audit,
            lease_epoch,
            committed: committed_sender,
        };
        let thread = std::thread::Builder::new()
            .name("yba-writer".into())
            .spawn(move || writer.run(queue))
            .map_err(|error| Outcome::fault(format!("cannot start the writer thread: {error}")))?;
        Ok(Store(Arc::new(Inner {
            blobs: Blobs::new(folder.join("blobs")),
            place,
            folder,
            clock: options.clock,
            identity,
            numbers,
            readers: Mutex::new(Vec::new()),
            scans: Arc::new(Semaphore::new(SCANS_MAX)),
            jobs,
            committed,
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

    pub fn numbers(&self) -> &Numbers {
        &self.0.numbers
    }

    pub fn blobs(&self) -> &Blobs {
        &self.0.blobs
    }

    /// The position of the last committed version.
    pub fn head_t(&self) -> i64 {
        *self.0.committed.borrow()
    }

    /// Tells of each commit; followers wait on it.
    pub fn watch(&self) -> watch::Receiver<i64> {
        self.0.committed.clone()
    }

    /// Applies a transaction. When this returns, it is on disk.
    pub async fn commit(&self, request: Request) -> Result<Vec<Applied>, Refusal> {
        self.ask(|answer| Job::Apply(request, answer)).await
    }

    /// Takes in versions from another node, as they are, in any order and any number of times.
    pub async fn integrate(&self, versions: Vec<Version>) -> Result<usize, Refusal> {
        self.ask(|answer| Job::Integrate(versions, answer)).await
    }

    /// Writes derived tables and the follower's cursor in one transaction.
    pub async fn derive(
        &self,
        follower: &str,
        t: i64,
        statements: Vec<crate::Statement>,
    ) -> Result<(), Outcome> {
        let follower = follower.to_owned();
        self.ask(|answer| Job::Derive { follower, t, statements, answer }).await.map_err(refused)
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

    /// Runs a short read where it is asked if the engine is in process, else on a thread for blocking work.
    pub(crate) async fn point<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Connection) -> Result<T, Outcome> + Send + 'static,
    ) -> Result<T, Outcome> {
        let connection = self.0.reader()?;
        if connection.is_in_process() {
            return self.0.with(connection, work);
        }
        let inner = self.0.clone();
        run_blocking(move || inner.with(connection, work)).await
    }

    /// Runs a longer read on a thread for blocking work, a bounded number at once.
    pub(crate) async fn scan<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Connection) -> Result<T, Outcome> + Send + 'static,
    ) -> Result<T, Outcome> {
        let _permit = self.0.scans.acquire().await.map_err(|error| Outcome::fault(error.to_string()))?;
        let inner = self.0.clone();
        run_blocking(move || {
            let connection = inner.reader()?;
            inner.with(connection, work)
        })
        .await
    }
}

impl Inner {
    fn reader(&self) -> Result<Connection, Outcome> {
        let idle = self.readers.lock().ok().and_then(|mut readers| readers.pop());
        match idle {
            Some(connection) => Ok(connection),
            // Opening a PostgreSQL connection blocks on its own runtime, which is not allowed on a worker thread.
            None => {
                let place = self.place.clone();
                let opened = match &place {
                    Place::File(_) => Connection::reader(&place),
                    Place::Postgres(_) => std::thread::scope(|scope| {
                        scope.spawn(|| Connection::reader(&place)).join().unwrap_or_else(|_| {
                            Err(crate::db::Error { message: "connecting panicked".into(), retry: false })
                        })
                    }),
                };
                Ok(opened?)
            }
        }
    }

    /// Lends a connection; one whose work failed is closed rather than lent again.
    fn with<T>(
        &self,
        mut connection: Connection,
        work: impl FnOnce(&mut Connection) -> Result<T, Outcome>,
    ) -> Result<T, Outcome> {
        let value = work(&mut connection);
        if value.as_ref().err().is_none_or(|error| error.kind != Kind::Fault)
            && let Ok(mut readers) = self.readers.lock()
            && readers.len() < 2 * SCANS_MAX
        {
            readers.push(connection);
        }
        value
    }
}

async fn run_blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Outcome> + Send + 'static,
) -> Result<T, Outcome> {
    match tokio::task::spawn_blocking(work).await {
        Ok(value) => value,
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

/// Takes the folder's lock: one program at a time. The system frees it when the program ends, however it ends.
fn lock_folder(folder: &Path) -> Result<File, Outcome> {
    let path = folder.join("yba.lock");
    let file = File::create(&path).map_err(|error| folder_trouble(folder, &error))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(_) => {
            let text =
                format!("Thư mục dữ liệu {} đang được một tiến trình yba khác sử dụng.", folder.display());
            let detail = format!("{} is locked by another process", path.display());
            Err(Outcome::new(Kind::Unavailable, "data-folder-locked", text, detail))
        }
    }
}

fn create_tables(connection: &mut Connection) -> Result<(), Outcome> {
    let postgres = matches!(connection, Connection::Postgres(_));
    connection.migrate(&schema::ddl(postgres))?;
    match meta(connection, "schema")? {
        None => set_meta(connection, "schema", SCHEMA),
        Some(found) if found == SCHEMA => Ok(()),
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

pub(crate) fn meta(connection: &mut Connection, name: &str) -> Result<Option<String>, Outcome> {
    let sql = "SELECT value FROM meta WHERE shard = 0 AND name = ?1";
    Ok(connection.query(sql, &[Value::from(name)])?.first().map(|row| row.text(0).to_owned()))
}

pub(crate) fn set_meta(connection: &mut Connection, name: &str, value: &str) -> Result<(), Outcome> {
    let sql = "INSERT INTO meta (name, value) VALUES (?1, ?2) \
               ON CONFLICT (shard, name) DO UPDATE SET value = excluded.value";
    connection.execute(sql, &[Value::from(name), Value::from(value)])?;
    Ok(())
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
    let incarnation = match meta(connection, "incarnation")? {
        Some(incarnation) => incarnation,
        None => {
            let incarnation = new_incarnation();
            set_meta(connection, "incarnation", &incarnation)?;
            incarnation
        }
    };
    Ok(Identity { node, incarnation })
}

/// Eight random characters.
pub(crate) fn new_incarnation() -> String {
    let alphabet = b"abcdefghijkmnpqrstuvwxyz23456789";
    let mut random = rand::thread_rng();
    (0..8).map(|_| alphabet[random.gen_range(0..alphabet.len())] as char).collect()
}

/// On PostgreSQL the writer holds a lease row with an epoch; a writer with an older epoch can commit nothing.
/// The folder's lock proves that an earlier holder from this folder is gone, so its lease is taken at once.
fn take_lease(
    connection: &mut Connection,
    place: &Place,
    folder: &Path,
    clock: &Clock,
) -> Result<Option<i64>, Outcome> {
    if matches!(place, Place::File(_)) {
        return Ok(None);
    }
    let holder_file = folder.join("writer-id");
    let holder = match std::fs::read_to_string(&holder_file) {
        Ok(holder) => holder,
        Err(_) => {
            let holder = uuid::Uuid::now_v7().simple().to_string();
            std::fs::write(&holder_file, &holder).map_err(|error| folder_trouble(folder, &error))?;
            holder
        }
    };
    let now = clock.now_ms();
    connection.execute(
        "INSERT INTO lease (holder, epoch, renewed) VALUES ('', 0, 0) ON CONFLICT (shard) DO NOTHING",
        &[],
    )?;
    let taken = connection.execute(
        "UPDATE lease SET holder = ?1, epoch = epoch + 1, renewed = ?2 \
         WHERE shard = 0 AND (holder = ?1 OR renewed < ?3)",
        &[Value::from(holder.as_str()), Value::Int(now), Value::Int(now - LEASE_MS)],
    )?;
    if taken != 1 {
        let text = "Cơ sở dữ liệu này đang có một máy chủ yba khác ghi. Hãy dừng máy đó, hoặc chờ 30 giây.";
        return Err(Outcome::new(
            Kind::Unavailable,
            "lease-held",
            text,
            "another node holds the write lease",
        ));
    }
    let rows = connection.query("SELECT epoch FROM lease WHERE shard = 0", &[])?;
    Ok(rows.first().map(|row| row.int(0)))
}

/// The numbers of search parameters; new parameters of a newer program get new numbers.
fn load_numbers(connection: &mut Connection) -> Result<Numbers, Outcome> {
    let mut numbers = Numbers::default();
    let mut last = 0;
    for row in connection.query("SELECT name, number FROM search_key WHERE shard = 0", &[])? {
        last = last.max(row.int(1));
        numbers.0.insert(row.text(0).to_owned(), row.int(1));
    }
    let missing: Vec<String> = Numbers::names().filter(|name| !numbers.0.contains_key(name)).collect();
    if missing.is_empty() {
        return Ok(numbers);
    }
    connection.begin()?;
    let mut rows = Vec::with_capacity(missing.len());
    for name in missing {
        last += 1;
        rows.push(vec![Value::from(name.as_str()), Value::Int(last)]);
        numbers.0.insert(name, last);
    }
    static SEARCH_KEY: schema::Table = schema::Table {
        name: "search_key",
        columns: &[("name", schema::Type::Text), ("number", schema::Type::Int)],
    };
    connection.insert(&[(&SEARCH_KEY, rows)])?;
    connection.commit()?;
    Ok(numbers)
}

fn load_ends(connection: &mut Connection) -> Result<(i64, Hybrid), Outcome> {
    let rows = connection.query("SELECT COALESCE(MAX(t), 0) FROM version WHERE shard = 0", &[])?;
    let t = rows.first().map_or(0, |row| row.int(0));
    // Every version's clock was below the writer's when it came in, and clocks only rise: the highest head is enough.
    let rows = connection.query("SELECT COALESCE(MAX(hlc), 0) FROM head WHERE shard = 0", &[])?;
    Ok((t, Hybrid(rows.first().map_or(0, |row| row.int(0)))))
}

fn load_audit_tail(connection: &mut Connection) -> Result<AuditTail, Outcome> {
    let sql = "SELECT seq, hash FROM audit WHERE shard = 0 ORDER BY seq DESC LIMIT 1";
    let rows = connection.query(sql, &[])?;
    Ok(rows
        .first()
        .map_or_else(AuditTail::default, |row| AuditTail { seq: row.int(0), hash: row.blob(1).to_vec() }))
}
