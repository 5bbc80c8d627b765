//! `yba backup` and `yba restore`.

use super::file_trouble;
use crate::cli::exit_code;
use crate::config::{Config, NodeFlags};
use crate::node::Node;
use crate::output::{self, Output};
use clap::Args;
use std::path::{Path, PathBuf};
use yba_fhir::Outcome;
use yba_store::backup::{self, BackupKey, KEY_FILE};

#[derive(Debug, Clone, Args)]
pub struct RestoreArgs {
    #[command(flatten)]
    pub node: NodeFlags,
    /// The backup
    #[arg(long, value_name = "FILE")]
    pub from: PathBuf,
    /// The key, kept apart from the backup [default: backup.key beside it]
    #[arg(long, value_name = "FILE")]
    pub key: Option<PathBuf>,
}

/// When the last backup was made, in the node's folder.
const LAST: &str = "backup.last";

/// When the node in this folder was last saved, in ms since 1970 UTC.
pub fn last_ms(folder: &Path) -> Option<i64> {
    std::fs::read_to_string(folder.join(LAST)).ok()?.trim().parse().ok()
}

/// Saves the node to one encrypted file; says which key opens it.
pub async fn run(node: &Node, to: &Path, output: &Output) -> Result<u8, Outcome> {
    let folder = node.records.store().folder().to_owned();
    let key = BackupKey::of_folder(&folder).map_err(|error| file_trouble(&folder.join(KEY_FILE), &error))?;
    node.records.trail().sync();
    let said = output.clone();
    let done = backup::backup(node.records.store(), to, &key, move |step| {
        said.progress("Sao lưu", step.done, step.total);
    })
    .await?;
    let now_ms = node.records.store().clock().now_ms();
    std::fs::write(folder.join(LAST), now_ms.to_string())
        .map_err(|error| file_trouble(&folder.join(LAST), &error))?;
    output.out(format!(
        "{}: {} versions, {} audit entries, {} blobs, {} bytes, log position {}",
        to.display(),
        done.versions,
        done.audit_entries,
        done.blobs,
        done.bytes,
        done.t
    ));
    output.note(format!(
        "opens only with key {} ({}): keep a copy of that file elsewhere",
        done.key_id,
        folder.join(KEY_FILE).display()
    ));
    Ok(0)
}

/// Brings a node back into an empty folder; exit 1 when the file cannot be used or the place is not empty.
pub async fn restore(args: &RestoreArgs) -> anyhow::Result<u8> {
    let config = Config::load(&args.node)?;
    let beside = args.from.with_file_name(KEY_FILE);
    let key_file = args.key.clone().unwrap_or(beside);
    let key = match BackupKey::load(&key_file) {
        Ok(key) => key,
        Err(error) => {
            anyhow::bail!("the key {} cannot be read: {error}; name it with --key", key_file.display())
        }
    };
    let (output, lines) = Output::channel();
    let shown = tokio::spawn(output::show(lines));
    let (from, options, said) = (args.from.clone(), config.store_options(), output.clone());
    let done = tokio::task::spawn_blocking(move || {
        backup::restore(&from, &key, &options, &mut |step| said.progress("Khôi phục", step.done, step.total))
    })
    .await?;
    let code = match done {
        Ok(done) => {
            output.out(format!(
                "restored {} records in {} versions, {} audit entries, {} blobs, as of {}",
                done.records,
                done.versions,
                done.audit_entries,
                done.blobs,
                yba_fhir::date::instant(done.at_ms)
            ));
            0
        }
        Err(outcome) => {
            output.note(format!("yba: {outcome}"));
            exit_code(&outcome)
        }
    };
    output.end(code);
    shown.await?;
    Ok(code)
}
