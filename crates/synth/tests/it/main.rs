//! The invented province from outside: what a reader of its files and its FHIR can rely on.

#![allow(clippy::unwrap_used)] // a test fails by panicking

mod claims;
mod dirt;
mod fhir;
mod read;
mod registrations;
mod same;
mod station;

use jiff::civil::date;
use std::sync::OnceLock;
use yba_synth::{Plan, Province, province};

/// 1,000 people over three years: all four claim editions are met.
fn plan() -> Plan {
    Plan { people: 1000, seed: 2026, years: 3, until: date(2026, 10, 31) }
}

fn the_province() -> &'static Province {
    static ALL: OnceLock<Province> = OnceLock::new();
    ALL.get_or_init(|| province(&plan()))
}
