//! `yba synth`: the invented province as files.

use anyhow::Context;
use clap::{Args, ValueEnum};
use std::collections::BTreeMap;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use yba_fhir::Day;
use yba_fhir::json::{Value, str_at, to_string};
use yba_synth::{Dialect, Facility, Kind, Plan, Province};

/// What province to invent.
#[derive(Debug, Clone, Args)]
pub struct PlanArgs {
    /// How many people
    #[arg(long, default_value_t = 5000)]
    pub people: u32,
    /// The same seed and program version give the same bytes
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Years of life before the last day
    #[arg(long, default_value_t = 3)]
    pub years: u32,
    /// The last day [default: today]
    #[arg(long, value_name = "DATE")]
    pub until: Option<String>,
}

#[derive(Debug, Clone, Args)]
pub struct SynthArgs {
    #[command(flatten)]
    pub plan: PlanArgs,
    /// Folder to write
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
    /// How FHIR is written
    #[arg(long, value_enum, default_value_t = Format::Ndjson)]
    pub format: Format,
    /// Also the insurance claim files of both hospital systems, in bhyt-a and bhyt-b
    #[arg(long)]
    pub claims: bool,
    /// What a demonstration holds: most people live around one station, FHIR is what the stations keep, claim files are those of hospitals
    #[arg(long, conflicts_with = "registrations")]
    pub stations: bool,
    /// Also what the desks of several facilities wrote about the same people, and who it really was
    #[arg(long)]
    pub registrations: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum Format {
    Ndjson,
    Bundles,
}

impl PlanArgs {
    pub fn plan(&self) -> anyhow::Result<Plan> {
        let until = match &self.until {
            Some(text) => {
                Day::parse(text).with_context(|| format!("--until {text:?} is no date like 2026-03-02"))?
            }
            None => Day::of_instant(yba_store::Clock::system().now_ms()),
        };
        let until = jiff::civil::date(until.year(), until.month(), until.day());
        Ok(Plan { people: self.people, seed: self.seed, years: self.years, until })
    }
}

pub fn run(args: &SynthArgs) -> anyhow::Result<u8> {
    let plan = args.plan.plan()?;
    let province = if args.stations { yba_synth::gathered(&plan) } else { yba_synth::province(&plan) };
    std::fs::create_dir_all(&args.out)?;
    match (args.format, args.stations) {
        (Format::Ndjson, false) => write_ndjson(province.fhir(), &args.out)?,
        (Format::Ndjson, true) => write_ndjson(province.station_life(), &args.out)?,
        (Format::Bundles, false) => write_bundles(province.fhir_bundles(), &args.out)?,
        (Format::Bundles, true) => write_bundles(province.station_bundles(), &args.out)?,
    }
    if args.claims {
        let wanted = if args.stations { is_hospital } else { |_: &Facility| true };
        for (dialect, folder) in [(Dialect::A, "bhyt-a"), (Dialect::B, "bhyt-b")] {
            let files = write_claims(&province, dialect, &args.out.join(folder), wanted)?;
            println!("{folder}: {files} files");
        }
    }
    if args.registrations {
        println!("{} registrations", super::synth_registrations::write(&plan, &args.out)?);
    }
    println!("{} people, {} visits, in {}", province.people.len(), province.visits.len(), args.out.display());
    Ok(0)
}

fn write_bundles(bundles: impl Iterator<Item = Value>, out: &Path) -> anyhow::Result<()> {
    for (number, bundle) in bundles.enumerate() {
        std::fs::write(out.join(format!("bundle-{number:07}.json")), to_string(&bundle)?)?;
    }
    Ok(())
}

fn write_ndjson(resources: impl Iterator<Item = Value>, out: &Path) -> anyhow::Result<()> {
    let mut files: BTreeMap<String, BufWriter<std::fs::File>> = BTreeMap::new();
    for resource in resources {
        let kind = str_at(&resource, &["resourceType"]).unwrap_or("Basic").to_owned();
        if !files.contains_key(&kind) {
            let file = std::fs::File::create(out.join(format!("{kind}.ndjson")))?;
            files.insert(kind.clone(), BufWriter::new(file));
        }
        if let Some(file) = files.get_mut(&kind) {
            writeln!(file, "{}", to_string(&resource)?)?;
        }
    }
    files.values_mut().try_for_each(|file| file.flush())?;
    Ok(())
}

/// A facility with a system of its own; stations work in the house.
pub fn is_hospital(facility: &Facility) -> bool {
    facility.kind != Kind::Station
}

/// Writes the claim files of one hospital system, of the facilities that are wanted; answers how many.
pub fn write_claims(
    province: &Province,
    dialect: Dialect,
    out: &Path,
    wanted: fn(&Facility) -> bool,
) -> anyhow::Result<usize> {
    let mut written = 0;
    for file in province.claims(dialect, wanted) {
        let path = out.join(&file.name);
        std::fs::create_dir_all(path.parent().unwrap_or(out))?;
        std::fs::write(path, &file.bytes)?;
        written += 1;
    }
    Ok(written)
}
