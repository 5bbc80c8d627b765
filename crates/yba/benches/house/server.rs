//! The program itself, started as its users start it: another process, `yba serve --open`, on a free port.

use anyhow::{Context, Result, bail};
use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use crate::client;

/// How long the program may take to answer for the first time, and to end.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long followers may take to read a log of a million records.
const FOLLOWING: Duration = Duration::from_secs(1800);
/// What the kernel counts processor time in; the same on every Linux.
const TICKS_PER_SECOND: f64 = 100.0;

/// A running server; it is ended when this value goes.
pub struct Server {
    child: Child,
    /// Kept open: a program whose output nobody takes may end.
    _told: BufReader<ChildStdout>,
    pub address: SocketAddr,
    /// From starting the program to its first answer of `/fhir/metadata`.
    pub ready_seconds: f64,
}

/// The program that is measured.
pub fn program() -> PathBuf {
    PathBuf::from(env!("CARGO_BIN_EXE_yba"))
}

impl Server {
    /// Open to everybody on this machine.
    pub fn start(data: &Path) -> Result<Server> {
        Server::start_as(data, None, &["--open"])
    }

    /// The same with its records in this PostgreSQL database, and what else is said on its command line.
    pub fn start_as(data: &Path, database: Option<&str>, more: &[&str]) -> Result<Server> {
        Server::start_by(command(), data, database, more)
    }

    /// A demonstration closed to strangers, with this core alone and so many bytes of anonymous memory.
    pub fn start_limited(data: &Path, core: usize, bytes: u64) -> Result<Server> {
        let mut limited = Command::new("prlimit");
        limited.args([&format!("--data={bytes}"), "taskset", "-c", &core.to_string()]);
        limited.arg(program());
        without_settings(&mut limited);
        Server::start_by(limited, data, None, &["--demo"])
    }

    fn start_by(mut program: Command, data: &Path, database: Option<&str>, more: &[&str]) -> Result<Server> {
        let begun = Instant::now();
        let mut child = program
            .args(["serve", "--listen", "127.0.0.1", "--port", "0", "--data"])
            .arg(data)
            .args(database.iter().flat_map(|url| ["--database", url]))
            .args(more)
            // One client asks more than one address may.
            .env("YBA_REQUESTS_PER_SECOND", "0")
            .stdout(Stdio::piped())
            .spawn()
            .context("cannot start yba serve")?;
        let mut told = BufReader::new(child.stdout.take().context("no output")?);
        let address = told.by_ref().lines().map_while(Result::ok).find_map(|line| {
            let (_, address) = line.split_once("http://")?;
            address.trim().parse().ok()
        });
        let Some(address) = address else {
            let _ = child.kill();
            bail!("yba serve did not say its address");
        };
        let mut server = Server { child, _told: told, address, ready_seconds: 0.0 };
        server.wait_until_ready(begun)?;
        server.ready_seconds = begun.elapsed().as_secs_f64();
        Ok(server)
    }

    fn wait_until_ready(&self, begun: Instant) -> Result<()> {
        loop {
            match client::ask(self.address, &client::get("/fhir/metadata")) {
                Ok((200, _)) => return Ok(()),
                Ok((status, _)) => bail!("/fhir/metadata was answered with {status}"),
                Err(error) if begun.elapsed() > PATIENCE => return Err(error),
                Err(_) => std::thread::sleep(Duration::from_millis(2)),
            }
        }
    }

    /// Processor seconds of the server so far.
    pub fn cpu_seconds(&self) -> f64 {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id())).unwrap_or_default();
        // The name in parentheses may hold spaces; user and system time are the 12th and 13th fields after it.
        let after = stat.rsplit_once(')').map_or("", |(_, after)| after);
        let ticks = after.split_whitespace().skip(11).take(2).filter_map(|one| one.parse::<f64>().ok());
        ticks.sum::<f64>() / TICKS_PER_SECOND
    }

    /// Waits until every follower has read the log to its end: what is asked next is asked of a house at rest. Answers the seconds.
    pub fn wait_for_followers(&self) -> Result<f64> {
        let begun = Instant::now();
        let metrics = client::get("/metrics");
        loop {
            let (status, text) = client::ask(self.address, &metrics)?;
            let text = String::from_utf8_lossy(&text);
            let mut lags = text.lines().filter(|line| line.starts_with("yba_follower_lag{"));
            if status == 200 && lags.all(|line| line.ends_with(" 0")) {
                return Ok(begun.elapsed().as_secs_f64());
            }
            if begun.elapsed() > FOLLOWING {
                bail!("followers are behind after {} s", FOLLOWING.as_secs());
            }
            std::thread::sleep(Duration::from_millis(200));
        }
    }

    /// A memory figure of the kernel, such as `RssAnon`, in MB.
    pub fn memory_mb(&self, name: &str) -> f64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap_or_default();
        let line = status.lines().find(|line| line.starts_with(name)).unwrap_or_default();
        line.split_whitespace().nth(1).and_then(|kb| kb.parse::<f64>().ok()).unwrap_or(0.0) / 1024.0
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let id = self.child.id().to_string();
        let _ = Command::new("kill").args(["-TERM", &id]).status();
        let begun = Instant::now();
        while begun.elapsed() < PATIENCE {
            if !matches!(self.child.try_wait(), Ok(None)) {
                return;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The program without settings from our surroundings.
pub fn command() -> Command {
    let mut command = Command::new(program());
    without_settings(&mut command);
    command
}

fn without_settings(command: &mut Command) {
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("YBA_")) {
        command.env_remove(name);
    }
}
