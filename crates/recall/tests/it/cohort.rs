//! What became of those whom a station follows: worked out from what was written, it is what the invented province knows of its people, counted
//! from them and not through any table.

use std::collections::{BTreeMap, BTreeSet};

use yba_content::{Content, Day};
use yba_fhir::Resource;
use yba_fhir::json::{Value, json};
use yba_recall::chronic::{ICD10, LEFT, MOVED};
use yba_recall::cohort::{Fate, enrolled};
use yba_recall::follower;
use yba_records::{Change, Ctx};
use yba_synth::{Plan, Province, gathered};
use yba_testkit::{Kit, records};

const TODAY: (i16, i8, i8) = (2026, 10, 31);

fn put(tree: Value) -> Change {
    Change::put(Resource::from_value(tree).unwrap())
}

async fn load(kit: &Kit, province: &Province) {
    let mut changes = Vec::new();
    let trees = province.station_life().filter(|tree| {
        // Everybody, and what the station's book says of high blood pressure.
        let said = |name: &str| yba_fhir::json::str_at(tree, &[name]).unwrap_or_default();
        said("resourceType") == "Patient" || said("id").starts_with("lk-")
    });
    for tree in trees {
        changes.push(put(tree));
        if changes.len() == 400 {
            let ctx = Ctx::test_administrator("test");
            kit.records.transact(&ctx, std::mem::take(&mut changes)).await.unwrap();
        }
    }
    kit.records.transact(&Ctx::test_administrator("test"), changes).await.unwrap();
}

fn plain(day: yba_synth::Day) -> Day {
    Day::parse(&day.to_string()).unwrap()
}

/// By station, quarter and what became of them.
type Table = BTreeMap<(String, (i16, i8), Fate), usize>;

/// From the people of the province alone: who left and who moved is what the test made of them.
fn truth(province: &Province, today: Day, left: &BTreeMap<u32, Fate>) -> Table {
    let mut table = Table::new();
    for person in &province.people {
        let Some(followed) = province.follow_ups(person) else { continue };
        let joined = plain(followed.joined);
        let fate = match (person.death, left.get(&person.index), followed.visits.last()) {
            (Some(_), ..) => Fate::Died,
            (_, Some(fate), _) => *fate,
            // Nobody made an appointment: since the day they were taken in.
            (.., None) if joined.plus_days(7) <= today => Fate::Missed,
            (.., None) => Fate::Unmeasured,
            (.., Some(last)) if plain(last.next).plus_days(7) <= today => Fate::Missed,
            (.., Some(last)) if last.controlled() => Fate::Controlled,
            (.., Some(_)) => Fate::Uncontrolled,
        };
        let quarter = (joined.year(), (joined.month() - 1) / 3 + 1);
        let place = &province.facilities[usize::from(person.home_on(province.window.until).old().station)];
        let place = format!("Organization/cskcb-{}", place.code.to_ascii_lowercase());
        *table.entry((place, quarter, fate)).or_default() += 1;
    }
    table
}

#[tokio::test]
async fn what_became_of_the_people_is_what_the_province_knows_of_them() {
    let kit = records();
    let today = Day::new(TODAY.0, TODAY.1, TODAY.2).unwrap();
    let plan = Plan { people: 1500, seed: 4, years: 2, until: jiff::civil::date(TODAY.0, TODAY.1, TODAY.2) };
    let province = gathered(&plan);
    let now = kit.records.store().clock().now_ms();
    kit.advance_ms((today.days_since_epoch() - Day::of_instant(now).days_since_epoch()) * 86_400_000);
    let content = Content::built_in();
    follower::prepare(&kit.records, &content).await.unwrap();
    load(&kit, &province).await;
    // Some leave, some move away: the last word of their Conditions says so.
    let alive =
        province.people.iter().filter(|one| one.death.is_none() && province.follow_ups(one).is_some());
    let left: BTreeMap<u32, Fate> = alive
        .step_by(9)
        .enumerate()
        .map(|(at, one)| (one.index, [Fate::Left, Fate::Moved][at % 2]))
        .collect();
    kit.advance_ms(1000);
    for (person, fate) in &left {
        let why = if *fate == Fate::Moved { MOVED } else { "other" };
        let tree = json!({"resourceType": "Condition", "id": format!("thoi-{person}").as_str(),
            "extension": [{"url": LEFT, "valueCode": why}],
            // As `care::follow_up` writes it: on the list of problems, from the day on which they leave.
            "category": [{"coding": [{"system": "http://terminology.hl7.org/CodeSystem/condition-category", "code": "problem-list-item"}]}],
            "clinicalStatus": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/condition-clinical", "code": "inactive"}]},
            "code": {"coding": [{"system": ICD10, "code": "I10"}]}, "subject": {"reference": format!("Patient/p{person}").as_str()},
            "recordedDate": today.to_string().as_str()});
        kit.records.transact(&kit.ctx(), vec![put(tree)]).await.unwrap();
    }
    follower::catch_up(&kit.records, &content).await.unwrap();

    let programme = content.programme("hypertension", today).unwrap();
    let truth = truth(&province, today, &left);
    let mut found = Table::new();
    let places: BTreeSet<&String> = truth.keys().map(|(place, ..)| place).collect();
    for place in places {
        let one = BTreeSet::from([place.clone()]);
        for one in enrolled(&kit.records, &kit.ctx(), programme, &one).await.unwrap() {
            *found.entry((place.clone(), one.quarter(), one.fate)).or_default() += 1;
        }
    }
    let of = |fate: Fate| {
        truth.iter().filter(|((.., one), _)| *one == fate).map(|(_, count)| count).sum::<usize>()
    };
    let counts: Vec<(Fate, usize)> = Fate::ALL.map(|fate| (fate, of(fate))).into();
    eprintln!("compared {} numbers of {counts:?}", truth.len());
    assert_eq!(found, truth);
    assert!(counts.iter().all(|(fate, count)| *count > 0 || *fate == Fate::Unmeasured), "{counts:?}");
}

#[tokio::test]
async fn who_leaves_was_taken_in_when_it_was_found_and_not_on_the_day_they_leave() {
    let kit = records();
    let content = Content::built_in();
    follower::prepare(&kit.records, &content).await.unwrap();
    let category = |code: &str| json!([{"coding": [{"system": "http://terminology.hl7.org/CodeSystem/condition-category", "code": code}]}]);
    let clinical = |code: &str| json!({"coding": [{"system": "http://terminology.hl7.org/CodeSystem/condition-clinical", "code": code}]});
    let code = json!({"coding": [{"system": ICD10, "code": "I10"}]});
    let subject = json!({"reference": "Patient/p"});
    let trees = [
        json!({"resourceType": "Patient", "id": "p", "birthDate": "1950-01-01",
            "managingOrganization": {"reference": "Organization/tram"}}),
        // A hospital's diagnosis: nobody put it on the list of problems.
        json!({"resourceType": "Condition", "id": "bv", "clinicalStatus": clinical("active"),
            "category": category("encounter-diagnosis"), "code": code.clone(), "subject": subject.clone(),
            "recordedDate": "2025-05-05T08:00:00+07:00"}),
        json!({"resourceType": "Condition", "id": "thoi", "clinicalStatus": clinical("inactive"),
            "extension": [{"url": LEFT, "valueCode": MOVED}], "category": category("problem-list-item"),
            "code": code, "subject": subject, "recordedDate": "2026-02-22T08:00:00+07:00"}),
    ];
    for tree in trees {
        kit.advance_ms(1000);
        kit.records.transact(&kit.ctx(), vec![put(tree)]).await.unwrap();
    }
    follower::catch_up(&kit.records, &content).await.unwrap();
    let programme = content.programme("hypertension", Day::parse("2026-03-02").unwrap()).unwrap();
    let places = BTreeSet::from(["Organization/tram".to_owned()]);
    let all = enrolled(&kit.records, &kit.ctx(), programme, &places).await.unwrap();
    let said: Vec<((i16, i8), Fate)> = all.iter().map(|one| (one.quarter(), one.fate)).collect();
    assert_eq!(said, [((2025, 2), Fate::Moved)]);
}
