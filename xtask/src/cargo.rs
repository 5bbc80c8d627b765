//! Running cargo and other programs from the workspace root, their output shown as it comes.

use anyhow::{Context, Result, bail};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The workspace: the parent of this crate's folder.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().map(Path::to_path_buf).unwrap_or_default()
}

/// Where builds go: `CARGO_TARGET_DIR`, else `target` in the workspace.
pub fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from)
}

/// Runs cargo with these arguments; fails when it does.
pub fn cargo(arguments: &[&str], variables: &[(&str, &OsStr)]) -> Result<()> {
    let program = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    run(Command::new(program).args(arguments), variables)
}

/// What the compiler that cargo uses says of itself: `rustc 1.95.0 (…)`.
pub fn rust_version() -> Result<String> {
    let program = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let said =
        Command::new(program).arg("--version").current_dir(root()).output().context("cannot start rustc")?;
    Ok(String::from_utf8_lossy(&said.stdout).into_owned())
}

/// Runs a prepared command in the workspace root; fails when it does.
pub fn run(command: &mut Command, variables: &[(&str, &OsStr)]) -> Result<()> {
    let shown = format!("{command:?}");
    let status = command
        .current_dir(root())
        .envs(variables.iter().copied())
        .status()
        .with_context(|| format!("cannot start {shown}"))?;
    if !status.success() {
        bail!("{shown} ended with {status}");
    }
    Ok(())
}
