//! `cargo xtask bench`: sets up what measuring needs, then starts the measuring program of the crate `yba`
//! (`crates/yba/benches/house`), which may depend on every crate as this one may not.

use crate::assets;
use crate::cargo::{cargo, root};
use crate::system::{Need, ensure};
use crate::test::postgres_is_here;
use anyhow::Result;
use std::process::ExitCode;

const NEEDS: &[Need] = &[Need { what: "PostgreSQL", package: "postgresql", present: postgres_is_here }];

/// Measures the topics of `only` (all, when none is named); with `write` their figures replace those in the document.
pub fn run(yes: bool, only: &[String], write: bool) -> Result<ExitCode> {
    ensure(NEEDS, yes)?;
    let code = assets::run(yes)?;
    if code != ExitCode::SUCCESS {
        return Ok(code);
    }
    let document = root().join("docs/performance.md");
    let document = document.to_string_lossy();
    let mut arguments = vec!["bench", "--package", "yba", "--bench", "house", "--"];
    arguments.extend(only.iter().flat_map(|topic| ["--only", topic.as_str()]));
    if write {
        arguments.extend(["--write", document.as_ref()]);
    }
    cargo(&arguments, &[])?;
    Ok(ExitCode::SUCCESS)
}
