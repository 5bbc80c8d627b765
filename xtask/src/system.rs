//! System packages that a command of ours cannot do without.
//!
//! With `--yes`, or when `CI` is set, they are installed by Debian's apt-get; otherwise the one line that
//! installs them is shown and nothing is changed. It knows no list of packages: whoever needs a program says so.

use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

/// A program that must be there, and Debian's package that brings it.
pub struct Need {
    /// What it is called in a message, such as `npm`.
    pub what: &'static str,
    /// Debian's package.
    pub package: &'static str,
    /// True when the program is there and answers.
    pub present: fn() -> bool,
}

/// Makes sure that every need is met.
///
/// Installs what is missing when `yes` or when the variable `CI` is set; otherwise, or when the installation does
/// not help, refuses with the command that a person can run.
pub fn ensure(needs: &[Need], yes: bool) -> Result<()> {
    let missing = missing(needs);
    if missing.is_empty() {
        return Ok(());
    }
    let names = missing.iter().map(|need| need.what).collect::<Vec<_>>().join(", ");
    let packages = packages(&missing);
    let by_hand = by_hand(&packages, is_root());
    if !(yes || std::env::var_os("CI").is_some_and(|value| !value.is_empty())) {
        bail!("missing: {names}. Install with: {by_hand}   (or run this again with --yes)");
    }
    install(&packages).with_context(|| format!("missing: {names}. Install with: {by_hand}"))?;
    let still = self::missing(needs).iter().map(|need| need.what).collect::<Vec<_>>();
    if !still.is_empty() {
        bail!("{} still does not run after installing {}", still.join(", "), packages.join(", "));
    }
    Ok(())
}

/// True when the program runs and exits with success, its output thrown away.
pub fn runs(program: &str, arguments: &[&str]) -> bool {
    let answer = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    answer.is_ok_and(|status| status.success())
}

fn missing(needs: &[Need]) -> Vec<&Need> {
    needs.iter().filter(|need| !(need.present)()).collect()
}

/// The packages of the missing needs, each once, in the order of the needs.
fn packages(missing: &[&Need]) -> Vec<&'static str> {
    let mut packages = Vec::new();
    for need in missing {
        if !packages.contains(&need.package) {
            packages.push(need.package);
        }
    }
    packages
}

fn by_hand(packages: &[&str], root: bool) -> String {
    let sudo = if root { "" } else { "sudo " };
    let packages = packages.join(" ");
    format!("{sudo}apt-get update && {sudo}apt-get install -y --no-install-recommends {packages}")
}

fn install(packages: &[&str]) -> Result<()> {
    if !is_root() {
        bail!("only root can install system packages");
    }
    if !Path::new("/usr/bin/apt-get").exists() {
        bail!("this machine has no apt-get");
    }
    eprintln!("installing {} with apt-get", packages.join(", "));
    apt(&["-q", "update"])?;
    let mut arguments = vec!["-q", "install", "-y", "--no-install-recommends"];
    arguments.extend_from_slice(packages);
    apt(&arguments)
}

/// Runs apt-get quietly; what it said is shown only when it fails.
fn apt(arguments: &[&str]) -> Result<()> {
    let done = Command::new("apt-get")
        .args(arguments)
        .env("DEBIAN_FRONTEND", "noninteractive")
        .stdin(Stdio::null())
        .output()
        .context("cannot start apt-get")?;
    if !done.status.success() {
        eprint!("{}{}", String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
        bail!("apt-get {} failed", arguments.join(" "));
    }
    Ok(())
}

/// The owner of `/proc/self` is the effective user; without `/proc` we say no and show the command instead.
fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt;
    std::fs::metadata("/proc/self").is_ok_and(|meta| meta.uid() == 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: Need = Need { what: "sh", package: "dash", present: || runs("sh", &["-c", "exit 0"]) };
    const GONE: Need = Need { what: "nowhere", package: "nowhere-pkg", present: || runs("yba-nowhere", &[]) };
    const ALSO: Need = Need { what: "nowhere-too", package: "nowhere-pkg", present: || false };

    #[test]
    fn a_present_program_needs_nothing() {
        assert!(ensure(&[HERE], false).is_ok());
    }

    #[test]
    fn a_program_that_fails_counts_as_missing() {
        assert!(!runs("sh", &["-c", "exit 1"]));
    }

    #[test]
    fn each_missing_package_is_named_once() {
        assert_eq!(packages(&missing(&[GONE, HERE, ALSO])), ["nowhere-pkg"]);
    }

    #[test]
    fn a_person_is_shown_a_command_that_works_for_them() {
        assert_eq!(
            by_hand(&["npm"], false),
            "sudo apt-get update && sudo apt-get install -y --no-install-recommends npm"
        );
        assert_eq!(
            by_hand(&["npm"], true),
            "apt-get update && apt-get install -y --no-install-recommends npm"
        );
    }
}
