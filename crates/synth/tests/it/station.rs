//! What the stations keep: whole, the same each time, and no other than the truth.

use crate::fhir::references;
use crate::plan;
use std::collections::{BTreeMap, HashMap, HashSet};
use yba_fhir::json::{JsonValueTrait, Value, items, str_at, to_vec};
use yba_synth::{Kind, Outcome, Plan, Province, gathered};

fn made() -> Province {
    gathered(&Plan { people: 400, years: 2, ..plan() })
}

fn kind(tree: &Value) -> &str {
    str_at(tree, &["resourceType"]).unwrap()
}

#[test]
fn the_stream_is_whole_in_itself_person_by_person() {
    let province = made();
    let mut known: HashSet<String> = HashSet::new();
    let mut wanted: HashSet<String> = HashSet::new();
    for tree in province.station_life() {
        let own = format!("{}/{}", kind(&tree), str_at(&tree, &["id"]).unwrap());
        if kind(&tree) == "Patient" {
            // What a person's records name has come before the next person.
            let missing: Vec<_> = wanted.drain().filter(|one| !known.contains(one)).collect();
            assert!(missing.is_empty(), "{missing:?}");
        }
        let mut found = Vec::new();
        references(&tree, &mut found);
        wanted.extend(found);
        assert!(!known.contains(&own), "{own} twice");
        known.insert(own);
    }
    assert!(wanted.iter().all(|one| known.contains(one)));
}

#[test]
fn the_same_plan_gives_the_same_bytes_and_another_seed_others() {
    let print = |seed: u64| -> Vec<u8> {
        let province = gathered(&Plan { people: 120, seed, years: 2, ..plan() });
        province.station_life().flat_map(|tree| to_vec(&tree).unwrap()).collect()
    };
    assert_eq!(print(3), print(3));
    assert_ne!(print(3), print(4));
}

#[test]
fn every_kind_of_record_is_there_as_often_as_the_truth_has_it() {
    let province = made();
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    let mut status: HashMap<(String, String), usize> = HashMap::new();
    let mut measles = HashSet::new();
    let mut mothers = 0;
    for tree in province.station_life() {
        *counts.entry(kind(&tree).to_owned()).or_default() += 1;
        if let Some(text) = str_at(&tree, &["status"]) {
            *status.entry((kind(&tree).to_owned(), text.to_owned())).or_default() += 1;
        }
        let code = tree.get("code").and_then(|code| str_at(items(code, "coding").next()?, &["code"]));
        if kind(&tree) == "Condition" && code == Some("B05.9") {
            measles.insert(str_at(&tree, &["subject", "reference"]).unwrap().to_owned());
        }
        mothers += usize::from(tree.get("contact").is_some());
    }
    let of = |kind: &str, text: &str| status.get(&(kind.to_owned(), text.to_owned())).copied().unwrap_or(0);
    let followed: Vec<_> = province.people.iter().filter_map(|one| province.follow_ups(one)).collect();
    let visits: usize = followed.iter().map(|one| one.visits.len()).sum();
    let open = followed.iter().filter(|one| !one.visits.is_empty()).count();
    assert!(visits > 50 && open > 8, "{visits} {open}");
    assert_eq!(counts["Patient"], province.people.len());
    assert_eq!(counts["QuestionnaireResponse"], visits);
    assert_eq!([of("Appointment", "proposed"), of("Appointment", "fulfilled")], [open, visits - open]);
    let doses: Vec<_> = province.people.iter().flat_map(|one| province.doses(one)).collect();
    let given = doses.iter().filter(|one| one.outcome == Outcome::Given).count();
    assert!(given > 500 && given < doses.len(), "{given} of {}", doses.len());
    assert_eq!(
        [of("Immunization", "completed"), of("Immunization", "not-done")],
        [given, doses.len() - given]
    );
    assert_eq!(measles.len(), 3);
    assert!(mothers > 40, "{mothers}");
    let dead = province.people.iter().filter(|one| one.death.is_some()).count();
    assert!(dead > 0, "{dead}");
}

#[test]
fn nothing_is_later_than_the_day_before_the_last_but_what_is_still_to_come() {
    let province = made();
    let until = province.window.until.to_string();
    for tree in province.station_life() {
        for name in ["occurrenceDateTime", "effectiveDateTime", "recordedDate", "authored", "authoredOn"] {
            let day = str_at(&tree, &[name]).map(|text| &text[..10]);
            assert!(day.is_none_or(|day| day < until.as_str()), "{name} {day:?} of {}", kind(&tree));
        }
        let ended = str_at(&tree, &["period", "end"]).filter(|_| kind(&tree) == "Encounter");
        assert!(ended.is_none_or(|end| end[..10] < *until.as_str()), "{ended:?}");
    }
}

#[test]
fn a_station_has_visits_of_its_own_in_each_of_the_last_months() {
    let province = made();
    let station = province.around.unwrap().station();
    let facility = &province.facilities[usize::from(station)];
    assert_eq!(facility.kind, Kind::Station);
    let here = format!("Organization/cskcb-{}", facility.code);
    let mut months: BTreeMap<String, usize> = BTreeMap::new();
    for tree in province.station_life().filter(|tree| kind(tree) == "Encounter") {
        if str_at(&tree, &["serviceProvider", "reference"]) == Some(&here) {
            *months.entry(str_at(&tree, &["period", "start"]).unwrap()[..7].to_owned()).or_default() += 1;
        }
    }
    for month in ["2026-08", "2026-09", "2026-10"] {
        assert!(months.get(month).is_some_and(|count| *count >= 10), "{month}: {months:?}");
    }
}

#[test]
fn bundles_hold_the_same_records() {
    let province = gathered(&Plan { people: 80, years: 1, ..plan() });
    let bundles: Vec<Value> = province.station_bundles().collect();
    let entries = bundles.iter().flat_map(|bundle| items(bundle, "entry"));
    let urls: Vec<&str> = entries.map(|entry| str_at(entry, &["request", "url"]).unwrap()).collect();
    let stream: Vec<Value> = province.station_life().collect();
    let own = |tree: &Value| format!("{}/{}", kind(tree), str_at(tree, &["id"]).unwrap());
    assert_eq!(urls, stream.iter().map(own).collect::<Vec<_>>());
}
