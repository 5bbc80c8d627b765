//! The invented province: people of Lai Châu who do not exist, their lives with the health system, and the files
//! two hospital systems would write about them. Used by the demonstration, tests and benchmarks.
//!
//! Everything follows from a [`Plan`]: the same plan and program give the same bytes, on every machine. There is
//! no clock and no other source of chance.
//!
//! What it deliberately does not know: how claim files are *read* (the crate `claim` is written by others from
//! the same rules, so that the two check each other), the store, and any real person.
//!
//! [`province`] spreads its people over all communes, as a census finds them; [`gathered`] lets most of them live around one
//! station, as a demonstration wants. `station.rs` tells what the stations themselves keep.
//!
//! Start with [`province`]; then `people.rs` (who), `visit.rs` (when and why), `making.rs` (what happened),
//! `dirt.rs` (what the desk wrote instead), `claim/` and `dialect.rs` (how it looks in a file), `fhir.rs`.

mod calendar;
mod catalog;
mod claim;
mod deaths;
mod dialect;
mod dirt;
mod doses;
mod fhir;
mod files;
mod follow_up;
mod gathering;
mod lab;
mod making;
mod measles;
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
pub use deaths::Cause;
pub use dirt::{Borrowed, Dirt, Filing};
pub use doses::{Dose, Outcome};
pub use files::{BATCH, ClaimFile, TruthVisit};
pub use follow_up::{Adherence, FollowUp, Followed, Smoking};
pub use gathering::Gathering;
pub use measles::Case;
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
    /// Where most people live; `None` when they are spread over the province.
    pub around: Option<Gathering>,
    seed: rng::Rng,
}

/// Makes a province whose people live all over it.
pub fn province(plan: &Plan) -> Province {
    make(plan, None)
}

/// Makes a province most of whose people live around one station, which so has a life of its own: of a few hundred
/// people spread over 106 stations each would have a handful.
pub fn gathered(plan: &Plan) -> Province {
    make(plan, Some(gathering::gathering(plan.people, &rng::Rng::new(plan.seed))))
}

fn make(plan: &Plan, around: Option<Gathering>) -> Province {
    let seed = rng::Rng::new(plan.seed);
    let until = Day::of(plan.until);
    let years = plan.years.min(YEARS_MAX) as i32;
    let window = Window { from: until.plus(-years * 1461 / 4), until };
    let mut people = people::people(plan.people.min(PEOPLE_MAX), &seed, window, around);
    if let Some(around) = around {
        gathering::mourn(&mut people, around, &seed, window);
    }
    let visits = visit::visits(&people, &seed, window, around);
    Province {
        plan: *plan,
        window,
        facilities: &places().facilities,
        people,
        visits,
        dirt: Dirt::default(),
        around,
        seed,
    }
}
