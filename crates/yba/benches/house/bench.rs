//! What every topic works with: a runtime, a folder on the disk that builds use, nodes on either engine.

use crate::crowd::Crowd;
use anyhow::{Context, Result};
use std::cell::OnceCell;
use std::path::{Path, PathBuf};
use std::time::Instant;
use tempfile::TempDir;
use tokio::runtime::Runtime;
use yba_records::{Change, Ctx, Ids, Records};
use yba_store::{Clock, Options, Place, Store};
use yba_synth::{Plan, Province};
use yba_testkit::postgres::Database;

/// The two engines.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    Sqlite,
    Postgres,
}

impl Engine {
    pub const BOTH: [Engine; 2] = [Engine::Sqlite, Engine::Postgres];

    pub fn name(self) -> &'static str {
        match self {
            Engine::Sqlite => "SQLite",
            Engine::Postgres => "PostgreSQL",
        }
    }
}

pub struct Bench {
    pub runtime: Runtime,
    crowd: OnceCell<Crowd>,
    folder: TempDir,
}

/// An open node that goes away with its folder and database.
pub struct Node {
    pub records: Records,
    pub place: Place,
    _folder: TempDir,
    _database: Option<Database>,
}

impl Bench {
    pub fn new() -> Result<Bench> {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        let parent = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
        std::fs::create_dir_all(&parent)?;
        Ok(Bench { runtime, crowd: OnceCell::new(), folder: tempfile::tempdir_in(parent)? })
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// A new folder within ours.
    pub fn subfolder(&self) -> Result<TempDir> {
        Ok(tempfile::tempdir_in(self.folder.path())?)
    }

    /// A new empty node; `None` for PostgreSQL when the caller was told to do without it.
    pub fn node(&self, engine: Engine) -> Result<Option<Node>> {
        let folder = self.subfolder()?;
        let (place, database) = match engine {
            Engine::Sqlite => (Place::File(folder.path().join("yba.db")), None),
            Engine::Postgres => match Database::fresh() {
                Some(database) => (database.place(), Some(database)),
                None => return Ok(None),
            },
        };
        let records = open(folder.path(), Some(place.clone()))?;
        Ok(Some(Node { records, place, _folder: folder, _database: database }))
    }

    /// The hundred thousand people, made when first asked for.
    pub fn crowd(&self) -> Result<&Crowd> {
        if self.crowd.get().is_none() {
            let _ = self.crowd.set(Crowd::make(self)?);
        }
        self.crowd.get().context("the crowd was just made")
    }

    /// Fills a data folder with these resources, for a program to be started on.
    pub fn fill(&self, folder: &Path, resources: impl Iterator<Item = yba_fhir::Resource>) -> Result<u64> {
        const AT_ONCE: usize = 1000;
        let records = open(folder, None)?;
        let mut written = 0;
        let mut resources = resources.peekable();
        while resources.peek().is_some() {
            let changes: Vec<Change> = resources.by_ref().take(AT_ONCE).map(Change::put).collect();
            written += changes.len() as u64;
            self.runtime.block_on(records.transact(&Ctx::system("bench"), changes))?;
        }
        self.runtime.block_on(yba_mpi::follower::catch_up(&records))?;
        self.runtime.block_on(records.store().close());
        Ok(written)
    }
}

/// A store and its door, on the machine's own clock.
pub fn open(folder: &Path, place: Option<Place>) -> Result<Records> {
    let store = Store::open(Options { folder: folder.to_owned(), place, clock: Clock::system() })?;
    Ok(Records::open(store, Ids::Random)?)
}

impl Node {
    pub fn close(&self, bench: &Bench) {
        bench.runtime.block_on(self.records.store().close());
    }
}

/// The invented province that the topics share in kind: the same people on every machine.
pub fn province(people: u32, years: u32) -> Province {
    yba_synth::province(&Plan { people, seed: 7, years, until: jiff::civil::date(2026, 3, 1) })
}

/// Resources of the invented province as the bytes of a request, all types mixed as they occur.
pub fn bodies(wanted: usize) -> Result<Vec<Vec<u8>>> {
    let mut bodies = Vec::with_capacity(wanted);
    // A person has some hundred resources.
    for resource in province((wanted as u32 / 40).max(50), 3).fhir().take(wanted) {
        bodies.push(yba_fhir::json::to_vec(&resource)?);
    }
    anyhow::ensure!(bodies.len() == wanted, "the province has only {} resources", bodies.len());
    Ok(bodies)
}

/// Runs something and answers its time in seconds.
pub fn timed<T>(work: impl FnOnce() -> Result<T>) -> Result<(f64, T)> {
    let begun = Instant::now();
    let value = work().context("while measuring")?;
    Ok((begun.elapsed().as_secs_f64(), value))
}
