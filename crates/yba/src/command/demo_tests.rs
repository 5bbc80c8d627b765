//! The demonstration opens on a station where something is going on, and what its lists and reports say is what the invented
//! province says.

use super::*;
use crate::command::seats::Seats;
use crate::config::NodeFlags;
use std::collections::{BTreeMap, BTreeSet};
use yba_content::Content;
use yba_fhir::Day;
use yba_fhir::json::{JsonValueTrait, Value, str_at};
use yba_recall::dose::Given;
use yba_recall::forecast::Standing;
use yba_recall::list::{Called, List, called};
use yba_recall::{CHILDREN, Child, forecast};
use yba_report::Period;
use yba_synth::Outcome as DoseOutcome;

/// How far ahead people are asked for: everybody with an appointment.
const AHEAD: i64 = 120;

struct Filled {
    node: Node,
    province: Province,
    /// The station of the seat and the index of its facility.
    station: String,
    index: u16,
    /// What the seat sees: the station's people and those who live in its commune.
    places: BTreeSet<String>,
    today: Day,
    _folder: tempfile::TempDir,
}

/// 8 o'clock of 23 November 2026, told as the clock's offset: people and sessions follow the day.
fn offset_s() -> i64 {
    let since = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs() as i64;
    Day::new(2026, 11, 23).unwrap().days_since_epoch() * 86_400 + 3600 - since
}

async fn filled() -> Filled {
    let folder = tempfile::tempdir().unwrap();
    let data = Some(folder.path().join("data"));
    let flags = NodeFlags { data, clock_offset: Some(offset_s()), ..NodeFlags::default() };
    let node = Node::open(Config::load(&flags).unwrap()).unwrap();
    let plan = commune_plan(COMMUNE, &node);
    let (output, lines) = Output::channel();
    let shown = tokio::spawn(output::show(lines));
    fill(&node, plan, &output).await.unwrap();
    output.end(0);
    shown.await.unwrap();
    let seats = Seats::of(&node).await.unwrap();
    let province = yba_synth::gathered(&plan);
    let station = seats.station.unwrap();
    let is_it = |facility: &yba_synth::Facility| format!("cskcb-{}", facility.code) == station;
    let index = province.facilities.iter().position(is_it).unwrap() as u16;
    let today = Day::of_instant(node.records.store().clock().now_ms());
    let places = [Some(format!("Organization/{station}")), seats.commune];
    let places = places.into_iter().flatten().collect();
    Filled { node, province, station, places, index, today, _folder: folder }
}

impl Filled {
    async fn list(&self, list: List<'_>, until: Day) -> Vec<Called> {
        let places = BTreeSet::from([format!("Organization/{}", self.station)]);
        self.seen(list, &places, until).await
    }

    async fn seen(&self, list: List<'_>, places: &BTreeSet<String>, until: Day) -> Vec<Called> {
        called(&self.node.records, &Ctx::system("test"), list, Some(places), until).await.unwrap()
    }

    /// The living of the station, as the province has them.
    fn people(&self) -> impl Iterator<Item = &yba_synth::Person> {
        let until = self.province.window.until;
        let here = move |one: &&yba_synth::Person| one.home_on(until).old().station == self.index;
        self.province.people.iter().filter(here).filter(|one| one.death.is_none())
    }

    /// Who is to be called for a dose, and whether late, worked out from the generator's books.
    fn children(&self, content: &Content) -> BTreeMap<String, bool> {
        let schedule = content.schedule(CHILDREN, self.today).unwrap();
        let mut all = BTreeMap::new();
        for person in self.people() {
            let doses = self.province.doses(person).into_iter();
            let given = doses.filter(|one| one.outcome == DoseOutcome::Given).map(|one| Given {
                day: Day::parse(&one.day.to_string()).unwrap(),
                vaccine: one.cvx.to_owned(),
            });
            let birth = Day::parse(&person.birth.to_string()).unwrap();
            let sex = if person.female { "female" } else { "male" }.to_owned();
            let child = Child { birth, sex, places: Default::default() };
            let given: Vec<Given> = given.collect();
            let courses = forecast(schedule, &child, &given);
            let standing: BTreeSet<Standing> = courses.iter().map(|one| one.next.on(self.today)).collect();
            if standing.contains(&Standing::Late) || standing.contains(&Standing::Due) {
                all.insert(format!("p{}", person.index), standing.contains(&Standing::Late));
            }
        }
        all
    }
}

#[tokio::test]
async fn the_demonstration_opens_on_a_living_station_whose_numbers_are_true() {
    let filled = filled().await;
    lists(&filled).await;
    month(&filled).await;
    measles(&filled).await;
}

/// Children due and late, and people followed for high blood pressure, are those that the province has.
async fn lists(filled: &Filled) {
    let (content, today) = (&filled.node.content, filled.today);
    assert_eq!(Some(filled.index), filled.province.main_station(), "the seat is where people live");

    let listed = filled.list(List::Vaccines, today).await;
    let listed: BTreeMap<String, bool> =
        listed.iter().map(|one| (one.patient.clone(), one.is_late(today))).collect();
    let late = listed.values().filter(|late| **late).count();
    assert_eq!(listed, filled.children(content));
    eprintln!("children to call: {}, late {late}, of {} people", listed.len(), filled.people().count());
    assert!(late > 0 && late < listed.len(), "{late} late of {}", listed.len());
    // Most children are in time: a station where all are late is none.
    let small = filled.people().filter(|one| one.age_on(filled.province.window.until) < 5).count();
    assert!(late * 2 < small, "{late} late of {small} small children");

    // Who sits there sees the same children, by the station's files, though hospitals have files of them as well.
    assert_eq!(filled.places.len(), 2, "{:?}", filled.places);
    let seen = filled.seen(List::Vaccines, &filled.places, today).await;
    let known = seen.iter().filter(|one| listed.contains_key(&one.patient) && !one.village.is_empty());
    assert_eq!(known.count(), listed.len());

    let followed = filled.people().filter_map(|one| Some((one, filled.province.follow_ups(one)?)));
    let expected = followed.filter_map(|(one, book)| {
        Some((format!("p{}", one.index), Day::parse(&book.visits.last()?.next.to_string()).unwrap()))
    });
    let expected: BTreeMap<String, Day> = expected.collect();
    let listed = filled.list(List::Programme("hypertension"), today.plus_days(AHEAD)).await;
    let by_appointment = |one: &Called| {
        let is_made = |next| matches!(next, yba_recall::Next::Wanted { number: 1, .. });
        let asked = one.asked.iter().find(|asked| is_made(asked.next))?;
        Some((one.patient.clone(), asked.due()?))
    };
    let kept: BTreeMap<String, Day> = listed.iter().filter_map(by_appointment).collect();
    let late = listed.iter().filter(|one| one.is_late(today)).count();
    eprintln!(
        "high blood pressure: {} followed, {} with an appointment, {late} late",
        listed.len(),
        kept.len()
    );
    assert_eq!(kept, expected);
    assert!(late > 0 && late < listed.len(), "{late} late of {}", listed.len());
}

/// The report of the month before counts what the station did.
async fn month(filled: &Filled) {
    let records = &filled.node.records;
    let first = Day::new(filled.today.year(), filled.today.month(), 1).unwrap();
    let month = first.plus_days(-1).to_string()[..7].to_owned();
    let period = Period::parse(&month).unwrap();
    let here = format!("Organization/{}", filled.station);
    let mut visits = 0;
    let mut deaths = 0;
    for tree in filled.province.station_life() {
        let text = |path: &[&str]| str_at(&tree, path).unwrap_or_default();
        visits += usize::from(
            text(&["resourceType"]) == "Encounter"
                && text(&["serviceProvider", "reference"]) == here
                && text(&["period", "start"]).starts_with(&month),
        );
        deaths += usize::from(
            text(&["managingOrganization", "reference"]) == here
                && text(&["deceasedDateTime"]).starts_with(&month),
        );
    }
    for (slug, cell, count) in
        [("monthly-visits", "visits.total", visits), ("monthly-deaths", "deaths.total", deaths)]
    {
        let report = filled.node.registers.report(slug, first).unwrap();
        let ctx = Ctx::system("test");
        let run =
            yba_report::running::run(records, &ctx, report, period, Some(&filled.station)).await.unwrap();
        let told = run.cells[report.cell(cell).unwrap()].as_ref().unwrap().to_string();
        eprintln!("{slug} of {month}: {told}");
        assert_eq!(told, count.to_string(), "{slug} of {month}");
    }
    assert!(visits > 10, "{visits} in {month}");
}

/// Three children of one village.
async fn measles(filled: &Filled) {
    let query =
        yba_records::Query::parse_string("Condition", "code=http://hl7.org/fhir/sid/icd-10|B05.9").unwrap();
    let found = filled.node.records.search(&Ctx::system("test"), &query, None).await.unwrap();
    let trees: Vec<Value> = found.matches.iter().map(yba_records::Version::tree).collect();
    let ill: BTreeSet<String> =
        trees.iter().map(|tree| str_at(tree, &["subject", "reference"]).unwrap().to_owned()).collect();
    let cases = filled.province.measles();
    assert_eq!(ill, cases.iter().map(|one| format!("Patient/p{}", one.person)).collect());
    assert_eq!(ill.len(), 3);
    let villages: BTreeSet<String> =
        cases.iter().map(|one| filled.province.people[one.person as usize].home.village()).collect();
    assert_eq!(villages.len(), 1);
    assert!(trees.iter().all(|tree| tree.get("onsetDateTime").is_some()));
}
