//! The same plan gives the same bytes; another seed gives others; it does not take long.

use crate::plan;
use std::hash::{DefaultHasher, Hasher};
use std::time::Instant;
use yba_fhir::json::to_vec;
use yba_synth::{Dialect, Plan, province};

/// A print of all claim files, and one of all resources.
fn print(plan: &Plan) -> [u64; 2] {
    let province = province(plan);
    let (mut hash, mut resources) = (DefaultHasher::new(), DefaultHasher::new());
    for dialect in [Dialect::A, Dialect::B] {
        for file in province.claims(dialect, |_| true) {
            hash.write(file.name.as_bytes());
            hash.write(&file.bytes);
        }
    }
    for resource in province.fhir() {
        resources.write(&to_vec(&resource).unwrap());
    }
    [hash.finish(), resources.finish()]
}

#[test]
fn the_same_plan_gives_the_same_bytes_and_another_seed_others() {
    let small = Plan { people: 60, ..plan() };
    assert_eq!(print(&small), print(&small));
    assert_ne!(print(&small), print(&Plan { seed: 2027, ..small }));
}

#[test]
fn two_thousand_people_and_all_their_files_take_seconds() {
    let start = Instant::now();
    let province = province(&Plan { people: 2000, ..plan() });
    let made = start.elapsed();
    let bytes: usize = [Dialect::A, Dialect::B]
        .iter()
        .flat_map(|d| province.claims(*d, |_| true))
        .map(|f| f.bytes.len())
        .sum();
    println!(
        "{} visits, made in {made:?}, {bytes} bytes of files in {:?}",
        province.visits.len(),
        start.elapsed()
    );
    assert!(made.as_secs_f64() < 5.0, "{made:?}");
    assert!(start.elapsed().as_secs() < 60);
}

#[test]
fn an_empty_province_is_a_province() {
    let empty = province(&Plan { people: 0, ..plan() });
    assert_eq!(empty.claims(Dialect::A, |_| true).count(), 0);
    assert!(empty.fhir().count() > 120, "facilities and their staff are there");
}

/// Run with `--release -- --ignored`: 100,000 people in under 30 seconds.
#[test]
#[ignore = "minutes in a debug build"]
fn a_hundred_thousand_people_in_half_a_minute() {
    let start = Instant::now();
    let province = province(&Plan { people: 100_000, ..plan() });
    let made = start.elapsed();
    assert!(made.as_secs() < 30, "{made:?}");
    let truths = [Dialect::A, Dialect::B].iter().flat_map(|d| province.truths(*d, |_| true)).count();
    let told = start.elapsed();
    let files: usize = [Dialect::A, Dialect::B]
        .iter()
        .flat_map(|d| province.claims(*d, |_| true))
        .map(|f| f.bytes.len())
        .sum();
    println!(
        "{} visits in {made:?}; {truths} truths by {told:?}; {files} bytes by {:?}",
        province.visits.len(),
        start.elapsed()
    );
    let resources = province.fhir().count();
    println!("{resources} resources by {:?}", start.elapsed());
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    println!("{}", status.lines().find(|l| l.starts_with("VmHWM")).unwrap_or("no peak known"));
}
