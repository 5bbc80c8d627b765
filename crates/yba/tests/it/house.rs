//! The real program in a folder of its own: commands are run, a node is started, asked over HTTP, ended or killed.
//!
//! Nothing is simulated. A node is ended by its process id when its value goes, whatever happened to the test.

use crate::http::{Answer, Line};
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, ExitStatus, Output, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;
use yba_fhir::json::{Value, items, str_at, to_vec};
use yba_testkit::postgres::Database;

/// The program under test.
pub const YBA: &str = env!("CARGO_BIN_EXE_yba");
pub const JSON: (&str, &str) = ("content-type", "application/fhir+json");
/// How long a node may take to answer for the first time.
const START: Duration = Duration::from_secs(60);

/// Where a node lives: a temporary folder and, if it is not on SQLite, a database.
pub struct Home {
    pub folder: TempDir,
    pub database: Option<Database>,
}

impl Home {
    pub fn new() -> Home {
        Home { folder: tempfile::tempdir().expect("a temporary folder can be made"), database: None }
    }

    /// A home on PostgreSQL; `None` when the tests were told to do without.
    pub fn on_postgres() -> Option<Home> {
        let database = Database::fresh()?;
        Some(Home { database: Some(database), ..Home::new() })
    }

    /// The node's data folder.
    pub fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// A path beside the data folder.
    pub fn beside(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The command `yba …`, its working folder beside the data folder, its settings from nowhere else.
    pub fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(YBA);
        command
            .args(words)
            .current_dir(self.folder.path())
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command
    }

    /// The same on this home's node.
    pub fn node_command(&self, words: &[&str]) -> Command {
        let mut command = self.command(words);
        command.arg("--data").arg(self.data());
        if let Some(database) = &self.database {
            command.arg("--database").arg(database.url());
        }
        command
    }

    /// Runs `yba …` on this home's node to its end.
    pub fn run(&self, words: &[&str]) -> Ran {
        Ran::of(self.node_command(words).output().expect("yba can be run"))
    }

    /// Runs `yba …` without naming a node.
    pub fn run_plain(&self, words: &[&str]) -> Ran {
        Ran::of(self.command(words).output().expect("yba can be run"))
    }

    /// Starts `yba serve` with these further words.
    pub fn serve(&self, words: &[&str]) -> House {
        let mut all = vec!["serve", "--port", "0"];
        all.extend(words);
        House::start(self.node_command(&all), self.beside("serve.log"))
    }

    /// Starts an open node.
    pub fn serve_open(&self) -> House {
        self.serve(&["--open"])
    }
}

/// A command that has ended.
#[derive(Debug)]
pub struct Ran {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Ran {
    fn of(output: Output) -> Ran {
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        Ran { code: output.status.code().unwrap_or(-1), out: text(output.stdout), err: text(output.stderr) }
    }

    /// Fails with everything it said when the exit code is another.
    #[track_caller]
    pub fn expect(self, code: i32) -> Ran {
        assert_eq!(self.code, code, "stdout:\n{}\nstderr:\n{}", self.out, self.err);
        assert!(!self.err.contains("panicked"), "{}", self.err);
        self
    }

    /// Both streams.
    pub fn said(&self) -> String {
        format!("{}{}", self.out, self.err)
    }
}

/// A running node.
pub struct House {
    child: Child,
    pub address: SocketAddr,
    log: PathBuf,
    stdout: BufReader<ChildStdout>,
}

impl House {
    /// Starts a command that serves, and waits until `GET /fhir/metadata` answers 200.
    pub fn start(command: Command, log: PathBuf) -> House {
        House::try_start(command, log).unwrap_or_else(|said| panic!("the node did not start:\n{said}"))
    }

    pub fn try_start(mut command: Command, log: PathBuf) -> Result<House, String> {
        let said = std::fs::File::create(&log).expect("the log can be written");
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(said)
            .spawn()
            .map_err(|error| format!("{command:?}: {error}"))?;
        let mut stdout = BufReader::new(child.stdout.take().expect("stdout is piped"));
        let Some((address, is_tls)) = told_address(&mut stdout) else {
            // Its output is closed: it has ended, or is about to; how, is what one wants to know.
            std::thread::sleep(Duration::from_millis(200));
            let _ = child.kill();
            let ended = child.wait().map(|status| status.to_string()).unwrap_or_default();
            return Err(format!("{ended}\n{}", std::fs::read_to_string(&log).unwrap_or_default()));
        };
        let mut house = House { child, address, log, stdout };
        let begun = Instant::now();
        // Over TLS the story itself asks, by a client that can.
        while !is_tls
            && house.try_ask("GET", "/fhir/metadata", &[], b"").map(|answer| answer.status).ok() != Some(200)
        {
            if begun.elapsed() > START || house.wait(Duration::ZERO).is_some() {
                return Err(format!("no metadata after {:?}:\n{}", begun.elapsed(), house.said()));
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(house)
    }

    /// The process that was started; with a wrapper before it, the wrapper's child.
    pub fn pid(&self) -> u32 {
        let own = self.child.id();
        let children = std::fs::read_to_string(format!("/proc/{own}/task/{own}/children"));
        children.ok().and_then(|list| list.split_whitespace().next()?.parse().ok()).unwrap_or(own)
    }

    /// The next line of standard output that holds this text; waits for it, and fails when the node ends before.
    pub fn told(&mut self, text: &str) -> String {
        loop {
            let mut line = String::new();
            let read = self.stdout.read_line(&mut line).expect("standard output can be read");
            assert!(read > 0, "the node ended before it said {text}");
            if line.contains(text) {
                return line.trim().to_owned();
            }
        }
    }

    /// What it wrote to standard error so far.
    pub fn said(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    pub fn line(&self) -> Line {
        Line::open(self.address).expect("the node accepts connections")
    }

    /// One request over a connection of its own.
    pub fn try_ask(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> std::io::Result<Answer> {
        Line::open(self.address)?.send(method, path, headers, body)
    }

    pub fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        self.try_ask(method, path, headers, body).unwrap_or_else(|error| {
            panic!("{method} {path}: {error}\nthe node said:\n{}", self.said());
        })
    }

    pub fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, &[], b"")
    }

    /// Keeps a record under the id that it has; fails when that was there before.
    pub fn keep(&self, tree: &Value) {
        let part = |name: &str| str_at(tree, &[name]).expect("a record has a type and an id");
        let path = format!("/fhir/{}/{}", part("resourceType"), part("id"));
        let answer = self.ask("PUT", &path, &[JSON], &to_vec(tree).expect("a record is JSON"));
        assert_eq!(answer.status, 201, "{path}: {}", answer.text());
    }

    /// The records that a search of the API finds.
    pub fn found(&self, query: &str) -> Vec<Value> {
        let bundle = self.get(&format!("/fhir/{query}")).json();
        items(&bundle, "entry").map(|entry| entry["resource"].clone()).collect()
    }

    /// What `/metrics` says under this name.
    pub fn measure(&self, name: &str) -> i64 {
        let text = self.get("/metrics").text();
        let value = text.lines().find_map(|line| line.strip_prefix(name)?.trim().parse().ok());
        value.unwrap_or_else(|| panic!("{name} is not in:\n{text}"))
    }

    /// Waits until the links between people are up to date.
    pub fn wait_for_links(&self) {
        let begun = Instant::now();
        while self.measure("yba_follower_lag{follower=\"mpi\"}") > 0 {
            assert!(begun.elapsed() < Duration::from_secs(120), "linking does not come to its end");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Ends it as a power switch would.
    pub fn kill(mut self) {
        signal(self.pid(), "KILL");
        let _ = self.child.wait();
    }

    /// Asks it to end; answers how it ended and how long it took.
    pub fn end(mut self) -> (ExitStatus, Duration) {
        let begun = Instant::now();
        signal(self.pid(), "TERM");
        let status = self.wait(Duration::from_secs(20));
        let Some(status) = status else { panic!("the node ignores SIGTERM:\n{}", self.said()) };
        assert!(!self.said().contains("panicked"), "{}", self.said());
        (status, begun.elapsed())
    }

    fn wait(&mut self, patience: Duration) -> Option<ExitStatus> {
        let begun = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().expect("a child can be waited for") {
                return Some(status);
            }
            if begun.elapsed() >= patience {
                return None;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for House {
    fn drop(&mut self) {
        if let Ok(None) = self.child.try_wait() {
            signal(self.pid(), "KILL");
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

/// Reads lines until the one with the address; `None` when the node ended before it.
/// The address that the node says it is served at, and whether by TLS.
fn told_address(stdout: &mut impl BufRead) -> Option<(SocketAddr, bool)> {
    loop {
        let mut line = String::new();
        if stdout.by_ref().read_line(&mut line).ok()? == 0 {
            return None;
        }
        let told = |scheme: &str| {
            let (_, address) = line.split_once(scheme)?;
            address.trim().trim_end_matches('/').parse().ok()
        };
        if let Some(address) = told("http://") {
            return Some((address, false));
        }
        if let Some(address) = told("https://") {
            return Some((address, true));
        }
    }
}

/// Sends a signal to one process, by its id.
pub fn signal(pid: u32, name: &str) {
    let sent = Command::new("kill").arg(format!("-{name}")).arg(pid.to_string()).output();
    sent.expect("kill can be run");
}

/// A tool that a story needs; without it the story fails, and says in one line what to do.
pub fn tool(name: &str, package: &str) -> PathBuf {
    let folders = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&folders).map(|folder| folder.join(name)).find(|path| path.exists());
    found.unwrap_or_else(|| {
        panic!("{name} is missing: run `cargo xtask test`, or `apt-get install -y {package}`")
    })
}

/// A place that `cargo xtask test` prepares and names in the environment.
pub fn prepared(variable: &str) -> PathBuf {
    match std::env::var_os(variable) {
        Some(path) if Path::new(&path).exists() => path.into(),
        _ => panic!("{variable} names nothing that exists: run the tests by `cargo xtask test`"),
    }
}

/// Whether the long runs were asked for.
pub fn deep() -> bool {
    std::env::var("YBA_TEST_DEEP").is_ok_and(|value| value == "1")
}

/// Held by stories that use the tests' PostgreSQL: one of them kills its processes.
pub fn cluster_alone() -> std::sync::MutexGuard<'static, ()> {
    static ALONE: std::sync::Mutex<()> = std::sync::Mutex::new(());
    // A story that failed leaves the cluster as usable as before.
    ALONE.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}
