//! On what it was measured: processor, memory, disk, kernel, load, program.

use std::path::Path;
use std::process::Command;

/// One line on the machine; `folder` is where the data was.
pub fn hardware(folder: &Path) -> String {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let memory = field("/proc/meminfo", "MemTotal").split(' ').next().and_then(|kb| kb.parse::<u64>().ok());
    format!(
        "{} · {cores} cores · {:.0} GB · {} · Linux {}",
        field("/proc/cpuinfo", "model name"),
        memory.unwrap_or(0) as f64 / (1 << 20) as f64,
        disk(folder),
        read("/proc/sys/kernel/osrelease"),
    )
}

/// The commit that is measured, marked when the tree had changes beside it.
pub fn commit() -> String {
    let git = |arguments: &[&str]| {
        let done = Command::new("git").args(arguments).current_dir(env!("CARGO_MANIFEST_DIR")).output();
        done.ok().map(|done| String::from_utf8_lossy(&done.stdout).trim().to_owned()).unwrap_or_default()
    };
    let changed = git(&["status", "--porcelain", "--untracked-files=no"]);
    let mark = if changed.is_empty() { "" } else { " with changes" };
    format!("{}{mark}", git(&["rev-parse", "--short", "HEAD"]))
}

/// The machine's load over the last minute, as the kernel counts it.
pub fn load() -> f64 {
    read("/proc/loadavg").split(' ').next().and_then(|load| load.parse().ok()).unwrap_or(0.0)
}

/// The disk beneath a folder: device and file system.
fn disk(folder: &Path) -> String {
    let mounts = read("/proc/mounts");
    let under = |line: &&str| line.split(' ').nth(1).is_some_and(|mount| folder.starts_with(mount));
    let longest = mounts.lines().filter(under).max_by_key(|line| line.split(' ').nth(1).map_or(0, str::len));
    let mut parts = longest.unwrap_or_default().split(' ');
    let (device, kind) = (parts.next().unwrap_or_default(), parts.nth(1).unwrap_or_default());
    format!("{kind} on {device}")
}

fn read(path: &str) -> String {
    std::fs::read_to_string(path).unwrap_or_default().trim().to_owned()
}

/// The value of the first line that begins with this name.
fn field(path: &str, name: &str) -> String {
    let text = read(path);
    let line = text.lines().find(|line| line.starts_with(name)).unwrap_or_default();
    line.split_once(':').map(|(_, value)| value.trim().to_owned()).unwrap_or_default()
}

pub fn own_memory_mb() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("RssAnon")).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|kb| kb.parse::<f64>().ok()).unwrap_or(0.0) / 1024.0
}
