//! `yba backup` and `yba restore`.

use crate::config::{Config, NodeFlags};
use crate::node::Node;
use crate::output::Output;
use clap::Args;
use std::path::{Path, PathBuf};
use yba_fhir::Outcome;

#[derive(Debug, Clone, Args)]
pub struct RestoreArgs {
    #[command(flatten)]
    pub node: NodeFlags,
    /// The backup
    #[arg(long, value_name = "FILE")]
    pub from: PathBuf,
    /// The key that was kept apart from the backup
    #[arg(long, value_name = "FILE")]
    pub key: Option<PathBuf>,
}

pub async fn run(node: &Node, to: &Path, output: &Output) -> Result<u8, Outcome> {
    let _ = (node, to, output);
    Ok(0)
}

pub async fn restore(args: &RestoreArgs) -> anyhow::Result<u8> {
    let _ = Config::load(&args.node)?;
    Ok(0)
}
