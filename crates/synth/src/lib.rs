//! The invented province: people of Lai Châu who do not exist, their lives with the health system, and the files
//! two hospital systems would write about them. Used by the demonstration, tests and benchmarks.
//!
//! Everything follows from a [`Plan`]: the same plan and program give the same bytes, on every machine. There is
//! no clock and no other source of chance.
//!
//! What it deliberately does not know: how claim files are *read* (the crate `claim` is written by others from
//! the same rules, so that the two check each other), the store, and any real person.
//!
//! Start with [`province`]; then `people.rs` (who), `visit.rs` (when and why), `making.rs` (what happened),
//! `dirt.rs` (what the desk wrote instead), `claim/` and `dialect.rs` (how it looks in a file), `fhir.rs`.

mod calendar;
mod catalog;
mod claim;
mod dialect;
mod dirt;
mod fhir;
mod files;
mod lab;
mod making;
mod money;
mod names;
mod people;
mod person;
mod places;
mod record;
mod registry;
mod rng;
mod spoil;
mod staff;
mod table;
mod vaccine;
mod visit;

pub use calendar::{Day, Stamp};
pub use catalog::{Catalog, Lab, LocalLab, catalog};
pub use claim::Edition;
pub use dirt::{Borrowed, Dirt, Filing};
pub use files::{BATCH, ClaimFile, TruthVisit};
pub use money::{Level, Milli, Money, Priced, Split, Totals, base_salary, level, route_rate, split, totals};
pub use names::{Ethnic, ethnic_groups, without_accents};
pub use people::Window;
pub use person::{Allergy, Burden, Card, Class, Home, Person};
pub use places::{Commune, Dialect, Facility, Kind, Places, places};
pub use record::Record;
pub use registry::{Registration, Spoiling, registrations};
pub use spoil::{given_first, slipped};
pub use vaccine::Immunization;
pub use visit::{Reason, Stay, Visit};

/// The most people a province can have: numbers stay unique up to here.
pub const PEOPLE_MAX: u32 = 1_000_000;
/// The most years of records.
pub const YEARS_MAX: u32 = 30;

/// What to make.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plan {
    /// At most [`PEOPLE_MAX`].
    pub people: u32,
    pub seed: u64,
    /// Length of the records, ending at `until`; at most [`YEARS_MAX`].
    pub years: u32,
    /// Last day of the records.
    pub until: jiff::civil::Date,
}

/// The truth.
pub struct Province {
    pub plan: Plan,
    pub window: Window,
    pub facilities: &'static [Facility],
    pub people: Vec<Person>,
    /// In order of time; `Visit::index` is the position.
    pub visits: Vec<Visit>,
    /// Rates of dirt in the claim files; change them before asking for files.
    pub dirt: Dirt,
    seed: rng::Rng,
}

/// Makes a province.
pub fn province(plan: &Plan) -> Province {
    let seed = rng::Rng::new(plan.seed);
    let until = Day::of(plan.until);
    let years = plan.years.min(YEARS_MAX) as i32;
    let window = Window { from: until.plus(-years * 1461 / 4), until };
    let people = people::people(plan.people.min(PEOPLE_MAX), &seed, window);
    let visits = visit::visits(&people, &seed, window);
    Province {
        plan: *plan,
        window,
        facilities: &places().facilities,
        people,
        visits,
        dirt: Dirt::default(),
        seed,
    }
}
