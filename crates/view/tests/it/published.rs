//! Finds what the working group published. Its cases are carried by a crate of another runner, which is never built:
//! `cargo info` brings the one package, and what was brought is compared with the hash we know.

use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};
use std::process::Command;

const PACKAGE: &str = "helios-sof";
const VERSION: &str = "0.2.7";
/// SHA-256 over the files of cases, in the order of their names.
const CASES_SHA256: &str = "b33e5cc8c424c4846998b40f8e7dd91ab164a2892522a3a100e095dca01ab17b";

/// The texts of the files of cases, with their names.
pub fn cases() -> Vec<(String, String)> {
    let files = texts("tests");
    let mut hash = Sha256::new();
    files.iter().for_each(|(_, text)| hash.update(text));
    assert_eq!(format!("{:x}", hash.finalize()), CASES_SHA256, "these are not the cases we know");
    files
}

/// The example definitions of the implementation guide.
pub fn examples() -> Vec<(String, String)> {
    texts("examples").into_iter().filter(|(name, _)| name.starts_with("ViewDefinition-")).collect()
}

fn texts(folder: &str) -> Vec<(String, String)> {
    let folder = package().join("tests/sql-on-fhir").join(folder);
    let mut paths: Vec<PathBuf> =
        std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
    paths.sort();
    let name = |path: &Path| path.file_stem().unwrap().to_string_lossy().into_owned();
    paths.iter().map(|path| (name(path), std::fs::read_to_string(path).unwrap())).collect()
}

/// The unpacked package in cargo's own cache.
fn package() -> PathBuf {
    if let Some(found) = cached() {
        return found;
    }
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let wanted = format!("{PACKAGE}@{VERSION}");
    // Away from the workspace, so that its lock is neither read nor changed.
    let done =
        Command::new(cargo).args(["info", &wanted]).current_dir(std::env::temp_dir()).output().unwrap();
    let said = String::from_utf8_lossy(&done.stderr);
    cached().unwrap_or_else(|| panic!("cargo could not bring {wanted}: is crates.io reachable?\n{said}"))
}

fn cached() -> Option<PathBuf> {
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".cargo")))?;
    let sources = std::fs::read_dir(home.join("registry/src")).ok()?;
    let folders = sources.flatten().map(|entry| entry.path().join(format!("{PACKAGE}-{VERSION}")));
    folders.into_iter().find(|folder| folder.join("tests/sql-on-fhir/tests").is_dir())
}
