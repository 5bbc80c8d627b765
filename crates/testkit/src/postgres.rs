//! A PostgreSQL of our own for tests: one cluster per test process, in a temporary folder, on a free port of
//! 127.0.0.1, with its durability left on. A database per kit.
//!
//! A shell is the cluster's parent and waits on a pipe that only this process holds: when the process ends, however it
//! ends, the shell stops the server by its process id and removes the folder.

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use yba_store::db::{Connection, Place};

/// Set to `1` to run the tests without PostgreSQL, knowingly.
pub const WITHOUT: &str = "YBA_TEST_WITHOUT_POSTGRES";
const INSTALL: &str = "apt-get install -y postgresql";
/// How long a cluster may take to answer for the first time.
const START: Duration = Duration::from_secs(60);
/// How often another port is tried, should somebody else take the one found free.
const PORTS: usize = 5;

/// The shell that keeps the server: makes the cluster, starts it, waits for its input to close, stops it by its
/// id; at once, for nobody will read these databases again.
const KEEPER: &str = r#"
trap '' INT TERM HUP
bin=$1; port=$2
home=$(mktemp -d /tmp/yba-pg.XXXXXX) || exit 1
cd "$home" || exit 1
if ! "$bin/initdb" -D "$home/data" -U yba --auth=trust -E UTF8 --locale=C --no-sync >"$home/log" 2>&1; then
  cat "$home/log" >&2; rm -rf "$home"; echo failed; exit 1
fi
"$bin/postgres" -D "$home/data" -p "$port" -c listen_addresses=127.0.0.1 -c unix_socket_directories="$home" \
  -c max_connections=300 -c shared_buffers=64MB -c fsync=on -c full_page_writes=on >"$home/log" 2>&1 </dev/null &
server=$!
echo "started $server $home"
while read -r line; do :; done
kill -QUIT "$server" 2>/dev/null
wait "$server"
cd / && rm -rf "$home"
"#;

/// The cluster of this process.
struct Cluster {
    port: u16,
    /// Its open input is what keeps the server alive.
    _keeper: Child,
}

/// A database that goes away with this value.
#[derive(Debug)]
pub struct Database {
    name: String,
    port: u16,
}

impl Database {
    /// A new empty database; `None` when the tests were told to do without PostgreSQL.
    ///
    /// # Panics
    /// When PostgreSQL is not there, with the command that installs it.
    pub fn fresh() -> Option<Database> {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let port = cluster()?.port;
        let name = format!("kit_{}", COUNT.fetch_add(1, Ordering::SeqCst));
        on_plain_thread(|| admin(port, &format!("CREATE DATABASE {name}")))
            .unwrap_or_else(|error| panic!("CREATE DATABASE {name}: {error}"));
        Some(Database { name, port })
    }

    pub fn url(&self) -> String {
        url(self.port, &self.name)
    }

    pub fn place(&self) -> Place {
        Place::Postgres(self.url())
    }

    /// Ends every connection to this database but ours, as an administrator or a failing network would.
    pub fn cut_connections(&self) {
        let sql =
            format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{}'", self.name);
        on_plain_thread(|| admin(self.port, &sql))
            .unwrap_or_else(|error| panic!("cutting connections: {error}"));
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        // A test that failed may still hold connections; the cluster goes away at the end in any case.
        let _ = on_plain_thread(|| {
            admin(self.port, &format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name))
        });
    }
}

fn url(port: u16, database: &str) -> String {
    format!("postgres://yba@127.0.0.1:{port}/{database}")
}

fn admin(port: u16, sql: &str) -> yba_store::db::Result<()> {
    Connection::writer(&Place::Postgres(url(port, "postgres")))?.migrate(sql)
}

/// Connections block, which threads of an async runtime must not.
fn on_plain_thread<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    std::thread::scope(|scope| scope.spawn(work).join().expect("the work does not panic"))
}

fn cluster() -> Option<&'static Cluster> {
    static CLUSTER: OnceLock<Option<Cluster>> = OnceLock::new();
    CLUSTER
        .get_or_init(|| {
            if std::env::var(WITHOUT).is_ok_and(|value| value == "1") {
                return None;
            }
            Some(start().unwrap_or_else(|reason| {
                panic!("{reason}\nInstall PostgreSQL: {INSTALL}\nor skip its tests, knowingly: {WITHOUT}=1")
            }))
        })
        .as_ref()
}

fn start() -> Result<Cluster, String> {
    let bin = binaries().ok_or("PostgreSQL (initdb, postgres) was not found.")?;
    let mut reason = String::new();
    for _ in 0..PORTS {
        match start_on_free_port(&bin) {
            Ok(cluster) => return Ok(cluster),
            Err(why) => reason = why,
        }
    }
    Err(format!("PostgreSQL did not start: {reason}"))
}

fn start_on_free_port(bin: &Path) -> Result<Cluster, String> {
    let free = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
    let port = free.map_err(|error| format!("no free port: {error}"))?.port();
    let mut keeper = as_common_user()
        .args(["sh", "-c", KEEPER, "yba-pg-keeper"])
        .arg(bin)
        .arg(port.to_string())
        .current_dir("/")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| format!("the shell that keeps it: {error}"))?;
    let mut line = String::new();
    let output = keeper.stdout.take().ok_or("no output")?;
    BufReader::new(output).read_line(&mut line).map_err(|error| error.to_string())?;
    if !line.starts_with("started ") {
        return Err(format!("initdb failed: {line}"));
    }
    let begun = Instant::now();
    while let Err(error) = on_plain_thread(|| admin(port, "SELECT 1")) {
        let died = keeper.try_wait().ok().flatten().is_some();
        if died || begun.elapsed() > START {
            return Err(format!("no answer on port {port}: {error} ({})", line.trim()));
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    Ok(Cluster { port, _keeper: keeper })
}

/// `env`, as another user when we are root: the server refuses to run as root.
fn as_common_user() -> Command {
    let root = Command::new("id").arg("-u").output().is_ok_and(|id| id.stdout.starts_with(b"0\n"));
    if !root {
        return Command::new("env");
    }
    let known = |user: &str| Command::new("id").arg(user).output().is_ok_and(|id| id.status.success());
    let user = if known("postgres") { "postgres" } else { "nobody" };
    let mut command = Command::new("setpriv");
    command.args(["--reuid", user, "--regid"]).arg(group_of(user)).args(["--clear-groups", "--", "env"]);
    command
}

fn group_of(user: &str) -> String {
    let found = Command::new("id").args(["-g", user]).output().ok();
    found.map(|id| String::from_utf8_lossy(&id.stdout).trim().to_owned()).unwrap_or_default()
}

/// The folder with `initdb` and `postgres`: the newest of Debian's, else on the path.
fn binaries() -> Option<PathBuf> {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut found: Vec<(u32, PathBuf)> = versions
        .filter_map(|entry| Some((entry.file_name().to_str()?.parse().ok()?, entry.path().join("bin"))))
        .filter(|(_, bin)| complete(bin))
        .collect();
    found.sort();
    let on_path = || std::env::split_paths(&std::env::var_os("PATH")?).find(|folder| complete(folder));
    found.pop().map(|(_, bin)| bin).or_else(on_path)
}

fn complete(folder: &Path) -> bool {
    folder.join("initdb").exists() && folder.join("postgres").exists()
}
