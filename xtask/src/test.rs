//! `cargo xtask test`: sets up what the tests need, then runs them all: format, lints, tidiness, tests.
//!
//! `--deep` runs the long ones too (crash rounds, larger properties).

use crate::assets::{self, Places, npm_ci};
use crate::cargo::{cargo, root, run, rust_version, target};
use crate::system::{Need, ensure, runs};
use crate::tidy;
use anyhow::{Context, Result};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

const NEEDS: &[Need] = &[
    Need { what: "PostgreSQL", package: "postgresql", present: postgres_is_here },
    Need { what: "Chromium", package: "chromium", present: || runs("chromium", &["--version"]) },
    Need { what: "pdftotext", package: "poppler-utils", present: || runs("pdftotext", &["-v"]) },
    Need { what: "strace", package: "strace", present: || runs("strace", &["-V"]) },
    Need { what: "node", package: "nodejs", present: || runs("node", &["--version"]) },
    Need {
        what: "python venv",
        package: "python3-venv",
        present: || runs("python3", &["-c", "import ensurepip, venv"]),
    },
];

/// Set to `1` to run the tests without PostgreSQL, knowingly (see `crates/testkit/src/postgres.rs`).
const WITHOUT_POSTGRES: &str = "YBA_TEST_WITHOUT_POSTGRES";

/// Runs everything; the first failure ends it. Says at the end, whatever it is, what was left out.
pub fn run_all(yes: bool, deep: bool, only: &[String]) -> Result<ExitCode> {
    let done = each(yes, deep, only);
    if let Some(line) = left_out(std::env::var(WITHOUT_POSTGRES).ok().as_deref()) {
        println!("{line}");
    }
    done
}

/// What the last line says when `WITHOUT_POSTGRES` has this value.
fn left_out(value: Option<&str>) -> Option<String> {
    let line = "PostgreSQL was left out: every test ran on SQLite alone, because";
    (value == Some("1")).then(|| format!("{line} {WITHOUT_POSTGRES}=1"))
}

fn each(yes: bool, deep: bool, only: &[String]) -> Result<ExitCode> {
    ensure(NEEDS, yes)?;
    let code = assets::run(yes)?;
    if code != ExitCode::SUCCESS {
        return Ok(code);
    }
    let python = python_clients()?;
    let node_modules = Places::of_workspace()?.downloads.join("npm/node_modules");
    tidy::check(&root())?;
    cargo(&["fmt", "--all", "--check"], &[])?;
    lint()?;
    let examples = hl7_examples()?;
    let clients = npm_clients()?;
    let mut variables: Vec<(&str, &OsStr)> = vec![
        ("YBA_TEST_PYTHON", python.as_os_str()),
        ("YBA_TEST_NODE_MODULES", node_modules.as_os_str()),
        ("YBA_TEST_HL7_EXAMPLES", examples.as_os_str()),
        ("YBA_TEST_NPM_CLIENTS", clients.as_os_str()),
    ];
    if deep {
        variables.push(("YBA_TEST_DEEP", OsStr::new("1")));
    }
    let mut arguments = vec!["test", "--workspace", "--no-fail-fast"];
    arguments.extend(only.iter().map(String::as_str));
    cargo(&arguments, &variables)?;
    if deep {
        // FHIRPath against another engine, whose generated code takes minutes to build.
        cargo(&["test", "--package", "yba-fhirpath-oracle", "--features", "engine"], &variables)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Warnings fail with the Rust that this is written with; a newer one may know lints that we have not met, and must not
/// stop anybody from testing.
fn lint() -> Result<()> {
    let ours = env!("CARGO_PKG_RUST_VERSION");
    let mut arguments = vec!["clippy", "--workspace", "--all-targets"];
    match rust_version()?.starts_with(&format!("rustc {ours}.")) {
        true => arguments.extend(["--", "-D", "warnings"]),
        false => println!("clippy: this is not Rust {ours}, so warnings are shown and nothing more"),
    }
    cargo(&arguments, &[])
}

/// Whether PostgreSQL's server programs are installed.
pub fn postgres_is_here() -> bool {
    runs("initdb", &["--version"])
        || std::fs::read_dir("/usr/lib/postgresql").is_ok_and(|mut found| found.next().is_some())
}

/// A Python with the FHIR clients that the tests drive, pinned by hash; made once.
fn python_clients() -> Result<PathBuf> {
    let wanted = root().join("crates/yba/tests/clients/requirements.txt");
    let text =
        std::fs::read_to_string(&wanted).with_context(|| format!("{} is missing", wanted.display()))?;
    let folder = target().join("test-python");
    let (python, stamp) = (folder.join("bin/python"), folder.join("stamp"));
    if std::fs::read_to_string(&stamp).is_ok_and(|done| done == text) && works(&python) {
        return Ok(python);
    }
    let _ = std::fs::remove_dir_all(&folder);
    run(Command::new("python3").args(["-m", "venv"]).arg(&folder), &[])?;
    let pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes", "-r"];
    run(Command::new(&python).args(pip).arg(&wanted), &[])?;
    std::fs::write(&stamp, text)?;
    Ok(python)
}

/// The folder of HL7's own examples of R4, which the validator is tried on; fetched once, pinned by hash.
fn hl7_examples() -> Result<PathBuf> {
    Ok(npm_modules("crates/validate/tests/hl7", "test-hl7")?.join("hl7.fhir.r4.examples"))
}

/// The packages of npm's FHIR client that the tests drive; fetched once, pinned by hash.
fn npm_clients() -> Result<PathBuf> {
    npm_modules("crates/yba/tests/clients", "test-npm")
}

/// The `node_modules` of what is locked in `wanted`, kept in a folder of the target folder.
fn npm_modules(wanted: &str, folder: &str) -> Result<PathBuf> {
    let (wanted, folder) = (root().join(wanted), target().join(folder));
    let (modules, stamp) = (folder.join("node_modules"), folder.join("stamp"));
    let lock = std::fs::read_to_string(wanted.join("package-lock.json"))?;
    if std::fs::read_to_string(&stamp).is_ok_and(|done| done == lock) {
        return Ok(modules);
    }
    std::fs::create_dir_all(&folder)?;
    npm_ci(&wanted, &folder)?;
    std::fs::write(&stamp, lock)?;
    Ok(modules)
}

fn works(python: &Path) -> bool {
    python.to_str().is_some_and(|path| runs(path, &["-c", "import fhirclient, fhirpy, jwt"]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leaving_postgresql_out_is_said_by_the_name_and_value_that_leave_it_out() {
        let testkit = include_str!("../../crates/testkit/src/postgres.rs");
        assert!(testkit.contains(&format!("WITHOUT: &str = \"{WITHOUT_POSTGRES}\"")), "the same variable");
        assert!(
            testkit.contains("std::env::var(WITHOUT).is_ok_and(|value| value == \"1\")"),
            "the same value"
        );
        assert!(left_out(Some("1")).is_some_and(|line| line.starts_with("PostgreSQL was left out")));
        assert_eq!((left_out(None), left_out(Some("")), left_out(Some("0"))), (None, None, None));
    }
}
