//! `cargo xtask demo`: everything from nothing to an invented province in the browser.

use crate::assets;
use crate::cargo::{self, cargo, root, target};
use anyhow::Result;
use std::process::{Command, ExitCode};

/// Fetches assets, builds the program, creates the invented province (the first time) and serves it.
pub fn run(yes: bool, arguments: &[String]) -> Result<ExitCode> {
    let code = assets::run(yes)?;
    if code != ExitCode::SUCCESS {
        return Ok(code);
    }
    cargo(&["build", "--release", "--package", "yba"], &[])?;
    let mut command = Command::new(target().join("release/yba"));
    command.arg("demo");
    if !arguments.iter().any(|argument| argument == "--data") {
        command.arg("--data").arg(root().join("target/demo-data"));
    }
    cargo::run(command.args(arguments), &[])?;
    Ok(ExitCode::SUCCESS)
}
