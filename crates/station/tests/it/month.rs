//! A month of a commune station, played once through the handlers of its rooms: visits, a vaccination day, the clinic for high blood
//! pressure, a cluster of measles, three births, two deaths. Then everything that comes out is compared with the script, which nobody typed a second time.

mod clinic;
mod fridge;
mod life;
mod medicines;
mod papers;
mod procedures;
mod referrals;
mod vaccination;
mod visits;

use crate::house::{House, STATION};
use crate::truth::{Birth, Death, Person, Truth, typed};
use clinic::{clinic, patients};
use life::{birth, death};
use vaccination::vaccination_day;
use visits::{measles, mistaken, ordinary_day, villagers};
use yba_fhir::Day;
use yba_fhir::json::json;

const MONTH: &str = "2026-09";

fn day(text: &str) -> Day {
    Day::parse(text).unwrap()
}

/// Its first and its last day.
fn month() -> (Day, Day) {
    (day("2026-09-01"), day("2026-09-30"))
}

/// People of the commune, invented.
fn person(kind: &str, number: usize, birth: Day) -> Person {
    const NAMES: [&str; 8] = ["Mai", "Páo", "Dua", "Sò", "Mỷ", "Pản", "Chư", "Lan"];
    let is_female = number.is_multiple_of(2);
    let name =
        format!("Lò {} {} {number}", if is_female { "Thị" } else { "Văn" }, NAMES[number % NAMES.len()]);
    Person { id: format!("{kind}-{number}"), name, is_female, birth }
}

/// Somebody whose file the station keeps.
async fn known(house: &House, one: &Person, village: &str) {
    let address = format!("{village}, xã Bản Bo, tỉnh Lai Châu");
    house
        .keep(json!({"resourceType": "Patient", "id": (&one.id), "name": [{"text": (&one.name)}],
            "gender": (if one.is_female { "female" } else { "male" }), "birthDate": (one.birth.to_string()),
            "address": [{"use": "home", "text": address, "line": [village]}],
            "managingOrganization": {"reference": (format!("Organization/{STATION}"))}}))
        .await;
}

#[tokio::test]
async fn a_month_is_typed_once_and_every_register_and_report_is_what_happened() {
    let mut house = House::open(day("2026-08-28")).await;
    let mut truth = Truth::default();
    referrals::hospital(&house).await;
    let (villagers, patients) = (villagers(&house).await, patients(&house).await);
    medicines::shelves(&mut house, &mut truth, "2026-08-28").await;
    medicines::delivery(&mut house, &mut truth, "2026-09-02").await;
    fridge::read(&house, &mut truth, day("2026-09-02"), "sang", "4,5").await;
    fridge::read(&house, &mut truth, day("2026-09-02"), "chieu", "5").await;
    ordinary_day(&mut house, &mut truth, &villagers, 0, "2026-09-03").await;
    fridge::read(&house, &mut truth, day("2026-09-03"), "sang", "1,2").await;
    fridge::read(&house, &mut truth, day("2026-09-03"), "do-lai", "3,4").await;
    clinic(&mut house, &mut truth, &patients[..21], "2026-09-08").await;
    fridge::mistyped(&house, &mut truth, day("2026-09-08"), "sang", "8").await;
    let mother = |number: usize| villagers[number].clone();
    let first = Birth {
        mother: mother(2),
        day: day("2026-09-09"),
        is_girl: true,
        grams: 3100,
        weeks: 39,
        parity: 1,
        place: "station",
        attendant: "midwife",
        mode: "vaginal",
        is_breastfed: true,
        had_vitamin_k: true,
    };
    birth(&mut house, &mut truth, first.clone()).await;
    ordinary_day(&mut house, &mut truth, &villagers, 1, "2026-09-10").await;
    let second = Birth {
        mother: mother(12),
        day: day("2026-09-11"),
        is_girl: false,
        grams: 2300,
        weeks: 36,
        parity: 3,
        ..first.clone()
    };
    let second =
        Birth { place: "hospital", attendant: "doctor", mode: "caesarean", is_breastfed: false, ..second };
    birth(&mut house, &mut truth, second).await;
    vaccination_day(&mut house, &mut truth).await;
    for (number, on) in ["2026-09-16", "2026-09-17", "2026-09-19", "2026-09-21"].into_iter().enumerate() {
        measles(&mut house, &mut truth, number, on).await;
    }
    let third =
        Birth { mother: mother(22), day: day("2026-09-21"), grams: 2900, weeks: 40, parity: 2, ..first };
    birth(
        &mut house,
        &mut truth,
        Birth { place: "home", attendant: "village", had_vitamin_k: false, ..third },
    )
    .await;
    fridge::read(&house, &mut truth, day("2026-09-21"), "chieu", "9,4").await;
    clinic(&mut house, &mut truth, &patients[..5], "2026-09-22").await;
    let stroke =
        Death { person: patients[24].clone(), day: day("2026-09-23"), chain: &["G93.6", "I61.9", "I10"] };
    death(&mut house, &mut truth, stroke).await;
    ordinary_day(&mut house, &mut truth, &villagers, 2, "2026-09-24").await;
    referrals::taken_back(&house, &mut truth).await;
    medicines::expired(&mut house, &mut truth, "2026-09-25").await;
    mistaken(&mut house, &mut truth, &villagers[44], "2026-09-25").await;
    medicines::waiting(&house, &truth, day("2026-09-25")).await;
    death(&mut house, &mut truth, Death { person: mother(43), day: day("2026-09-27"), chain: &["S06.9"] })
        .await;
    referrals::received(&mut house, &mut truth).await;
    medicines::counted(&mut house, &mut truth, "2026-09-29").await;
    house.morning(day("2026-10-01")).await;
    for (slug, lines) in [
        ("monthly-visits", truth.visits()),
        ("monthly-immunisations", truth.doses()),
        ("monthly-births", truth.births()),
        ("monthly-deaths", truth.deaths()),
    ] {
        let said = papers::report(&house, slug).await;
        let expected: Vec<(String, Vec<String>)> =
            lines.into_iter().map(|(title, cells)| (title.to_owned(), cells)).collect();
        assert_eq!(said, expected, "{slug}");
    }
    papers::registers(&house, &truth).await;
    procedures::register(&house, &truth).await;
    medicines::month_of_medicines(&house, &truth).await;
    clinic::who_should_come(&house, &truth, &patients, day("2026-10-01")).await;
    referrals::listed(&house, &truth).await;
    fridge::sheet(&house, &truth).await;
    vaccination::wasted(&house, &truth).await;
    vaccination::who_is_called(&house, &truth).await;
    visits::cases(&house).await;
    println!("{}; keys typed for 6 registers, 5 reports and 5 lists: 0", truth.words());
}
