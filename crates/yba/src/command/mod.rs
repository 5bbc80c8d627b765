//! The work that commands do on a node: the same whether this program opened the node or a running one was asked.

pub mod backup;
pub mod check;
pub mod content;
pub mod demo;
pub mod export_fhir;
pub mod fhirpath;
pub mod import_bhyt;
pub mod import_codes;
pub mod import_fhir;
mod mpi_columns;
pub mod mpi_link;
pub mod seats;
pub mod synth;
mod synth_registrations;
pub mod validate;
pub mod view;

use crate::cli::exit_code;
use crate::node::Node;
use crate::output::Output;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use yba_fhir::Outcome;

/// What is asked of a node.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum Work {
    ImportFhir { paths: Vec<PathBuf> },
    ImportBhyt { paths: Vec<PathBuf>, rejects: PathBuf },
    ExportFhir { out: PathBuf },
    Check,
    CheckSecurity,
    Backup { to: PathBuf },
    AuditVerify { kept: Vec<String> },
    AuditHead,
    ViewRun { view: view::Meant, format: view::Shape, out: Option<PathBuf> },
}

impl Work {
    /// Whether it makes sense on a node that does not exist yet.
    pub fn may_create(&self) -> bool {
        matches!(self, Work::ImportFhir { .. } | Work::ImportBhyt { .. })
    }

    /// Does it; answers the exit code.
    pub async fn run(&self, node: &Node, output: &Output) -> u8 {
        let done = match self {
            Work::ImportFhir { paths } => import_fhir::run(node, paths, output).await,
            Work::ImportBhyt { paths, rejects } => import_bhyt::run(node, paths, rejects, output).await,
            Work::ExportFhir { out } => export_fhir::run(node, out, output).await,
            Work::Check => check::run(node, output).await,
            Work::CheckSecurity => check::security(node, output).await,
            Work::Backup { to } => backup::run(node, to, output).await,
            Work::AuditVerify { kept } => check::audit(node, kept, output).await,
            Work::AuditHead => check::head(node, output).await,
            Work::ViewRun { view, format, out } => {
                view::over_node(node, view, *format, out.as_deref(), output).await
            }
        };
        done.unwrap_or_else(|outcome| {
            output.note(format!("yba: {outcome}"));
            exit_code(&outcome)
        })
    }
}

/// A file that could not be read or written, as an outcome.
pub(crate) fn file_trouble(path: &std::path::Path, error: &std::io::Error) -> Outcome {
    let text = format!("Không đọc hoặc ghi được {}: {error}.", path.display());
    Outcome::new(yba_fhir::Kind::Unavailable, "file", text, format!("{}: {error}", path.display()))
}

/// The files at these paths, folders walked in the order of names.
pub(crate) fn files_under(paths: &[PathBuf]) -> Result<Vec<PathBuf>, Outcome> {
    let mut files = Vec::new();
    for path in paths {
        if path.is_dir() {
            let entries =
                std::fs::read_dir(path).and_then(|entries| entries.collect::<std::io::Result<Vec<_>>>());
            let mut inside: Vec<PathBuf> = entries
                .map_err(|error| file_trouble(path, &error))?
                .into_iter()
                .map(|entry| entry.path())
                .collect();
            inside.sort();
            files.extend(files_under(&inside)?);
        } else {
            files.push(path.clone());
        }
    }
    Ok(files)
}
