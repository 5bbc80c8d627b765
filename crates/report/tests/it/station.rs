//! The invented province knows its own truth: the month's numbers of a station, counted from its people and not through the
//! engine, are those of the reports.

use crate::house::{day, number, prepared, run};
use std::collections::{BTreeMap, BTreeSet};
use yba_fhir::Resource;
use yba_records::{Change, Ctx};
use yba_report::{Library, follower};
use yba_synth::{Day, Kind, Plan, Province, province};
use yba_testkit::{Kit, records};

const MONTHS: [(i32, u32); 3] = [(2025, 3), (2025, 8), (2025, 11)];

async fn load(kit: &Kit, province: &Province) {
    let mut changes: Vec<Change> = Vec::new();
    for tree in province.fhir() {
        changes.push(Change::put(Resource::from_value(tree).unwrap()));
        if changes.len() == 300 {
            kit.records
                .transact(&Ctx::test_administrator("test"), std::mem::take(&mut changes))
                .await
                .unwrap();
        }
    }
    kit.records.transact(&Ctx::test_administrator("test"), changes).await.unwrap();
}

fn is_in(day: Day, (year, month): (i32, u32)) -> bool {
    (day.year(), day.month()) == (year, month)
}

/// Numbers of one station and month by the names of their cells.
type Truth = BTreeMap<String, usize>;

fn add(truth: &mut Truth, row: &str, columns: &[(&str, bool)]) {
    for (column, _) in columns.iter().filter(|(_, holds)| *holds) {
        *truth.entry(format!("{row}.{column}")).or_default() += 1;
    }
}

fn visits(province: &Province, station: u16, month: (i32, u32)) -> Truth {
    let (mut truth, mut people) = (Truth::new(), BTreeMap::<&str, BTreeSet<u32>>::new());
    for visit in province.visits.iter().filter(|one| one.facility == station && is_in(one.start.day(), month))
    {
        let person = &province.people[visit.person as usize];
        let age = person.age_on(visit.start.day());
        let columns = [
            ("total", true),
            ("female", person.female),
            ("under_six", age < 6),
            ("under_fifteen", age < 15),
            ("sixty", age >= 60),
        ];
        add(&mut truth, "visits", &columns);
        let row = match (visit.emergency, visit.stay) {
            (true, _) => "emergency",
            (_, yba_synth::Stay::Inpatient | yba_synth::Stay::Station) => "inpatient",
            _ => "outpatient",
        };
        add(&mut truth, row, &columns);
        for (column, _) in columns.iter().filter(|(_, holds)| *holds) {
            people.entry(column).or_default().insert(visit.person);
        }
    }
    truth.extend(people.into_iter().map(|(column, all)| (format!("people.{column}"), all.len())));
    truth
}

fn doses(province: &Province, station: u16, month: (i32, u32)) -> Truth {
    let (mut truth, mut children) = (Truth::new(), BTreeMap::<&str, BTreeSet<u32>>::new());
    for person in &province.people {
        for dose in province.immunizations(person) {
            let age = person.age_on(dose.day);
            if dose.facility != station || !is_in(dose.day, month) || age >= 6 {
                continue;
            }
            let columns = [("total", true), ("under_one", age < 1), ("female", person.female)];
            let row = match dose.vaccine.key {
                "hepb0" => "hepatitis_b_birth",
                "bcg" => "bcg",
                "dpt1" => "dpt_hepb_hib_1",
                "dpt2" => "dpt_hepb_hib_2",
                "dpt3" => "dpt_hepb_hib_3",
                "opv1" => "opv_1",
                "opv2" => "opv_2",
                "opv3" => "opv_3",
                "ipv1" => "ipv_1",
                "ipv2" => "ipv_2",
                "mea1" => "measles",
                "mr" => "measles_rubella",
                "je1" | "je2" | "je3" => "japanese_encephalitis",
                _ => "other",
            };
            add(&mut truth, row, &columns);
            add(&mut truth, "doses", &columns);
            for (column, _) in columns.iter().filter(|(_, holds)| *holds) {
                children.entry(column).or_default().insert(person.index);
            }
        }
    }
    truth.remove("other.total");
    truth.extend(children.into_iter().map(|(column, all)| (format!("children.{column}"), all.len())));
    truth
}

fn deaths(province: &Province, station: u16, month: (i32, u32)) -> Truth {
    let mut truth = Truth::new();
    for person in province.people.iter().filter(|one| one.registered == station) {
        let Some(death) = person.death.filter(|death| is_in(*death, month)) else { continue };
        let age = person.age_on(death);
        let columns = [("total", true), ("female", person.female), ("male", !person.female)];
        add(&mut truth, "deaths", &columns);
        for (row, _) in
            [("under_one", age < 1), ("under_five", age < 5), ("sixty", age >= 60)].iter().filter(|one| one.1)
        {
            add(&mut truth, row, &columns);
        }
    }
    truth
}

/// The stations with most visits, and a facility of another kind.
fn facilities(province: &Province) -> Vec<u16> {
    let mut counts: BTreeMap<u16, usize> = BTreeMap::new();
    for visit in &province.visits {
        *counts.entry(visit.facility).or_default() += 1;
    }
    let is_station = |index: &u16| province.facilities[usize::from(*index)].kind == Kind::Station;
    let mut stations: Vec<u16> = counts.keys().copied().filter(is_station).collect();
    stations.sort_by_key(|index| std::cmp::Reverse(counts[index]));
    stations.truncate(5);
    stations.extend(counts.keys().copied().find(|index| !is_station(index)));
    stations
}

/// Compares the reports of a facility and a month; answers how much was counted in each.
async fn compared_in(
    kit: &Kit,
    library: &Library,
    province: &Province,
    facility: u16,
    month: (i32, u32),
) -> Vec<(&'static str, usize)> {
    let place = &province.facilities[usize::from(facility)];
    let id = format!("cskcb-{}", place.code.to_ascii_lowercase());
    let text = format!("{}-{:02}", month.0, month.1);
    let mut compared = Vec::new();
    for (slug, truth) in [
        ("monthly-visits", visits(province, facility, month)),
        ("monthly-immunisations", doses(province, facility, month)),
        ("monthly-deaths", deaths(province, facility, month)),
    ] {
        let report = library.report(slug, day("2025-01-01")).unwrap();
        let run = run(kit, report, &text, Some(&id)).await;
        assert_eq!((run.undated, run.faulty), (0, 0));
        for (cell, count) in truth.iter().filter(|(cell, _)| report.cell(cell).is_some()) {
            assert_eq!(number(report, &run, cell), count.to_string(), "{slug} {id} {text} {cell}");
            compared.push((slug, *count));
        }
        // And nobody else is counted.
        for row in
            ["visits", "people", "emergency", "inpatient", "doses", "children", "bcg", "deaths", "under_one"]
        {
            let cell = format!("{row}.total");
            if report.cell(&cell).is_some() && !truth.contains_key(&cell) {
                assert_eq!(number(report, &run, &cell), "0", "{slug} {id} {text} {cell}");
            }
        }
    }
    compared
}

#[tokio::test]
async fn the_numbers_of_a_station_are_those_of_its_people() {
    let plan = Plan { people: 1500, seed: 11, years: 1, until: jiff::civil::date(2025, 12, 31) };
    let province = province(&plan);
    let kit = records();
    let library = prepared(&kit).await;
    load(&kit, &province).await;
    follower::rebuild(&kit.records).await.unwrap();
    let mut compared = BTreeMap::<&str, usize>::new();
    let busy = facilities(&province);
    let mut asked: BTreeSet<(u16, (i32, u32))> =
        busy.iter().flat_map(|facility| MONTHS.map(|month| (*facility, month))).collect();
    // Deaths are few: the months and stations of some of them are asked too.
    let dead = province.people.iter().filter_map(|one| Some((one.registered, one.death?)));
    asked.extend(
        dead.filter(|(_, day)| day.year() == 2025).map(|(at, day)| (at, (day.year(), day.month()))).take(12),
    );
    for (facility, month) in asked {
        for (slug, count) in compared_in(&kit, &library, &province, facility, month).await {
            *compared.entry(slug).or_default() += count;
        }
    }
    eprintln!("compared {compared:?}");
    let least = [("monthly-visits", 100), ("monthly-immunisations", 20), ("monthly-deaths", 10)];
    assert!(least.iter().all(|(slug, least)| compared.get(slug).is_some_and(|count| count >= least)));
}
