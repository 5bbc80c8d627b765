//! A month of a commune station, played once through the handlers of its rooms: visits with their medicines and small procedures, a
//! vaccination day with reactions and a lot that is stopped, the clinic for high blood pressure, referrals, the household book, a cluster of
//! measles, three births, two deaths, a request for medicines; then its closing, what is told late, and its re-statement. Everything that comes
//! out is compared with the script ([`crate::truth`]), which nobody typed a second time.
//!
//! **Compared.** Registers (`/so`, `/bao-cao/…/o/…`): visits, procedures, vaccinations, reactions, births, deaths, movements of medicines. Reports: the
//! five of `content/reports` as CSV and XML, open, closed, after late data and re-stated, with the differences that their pages show and the
//! standing at the month's end. Vaccination: who is called, what was wasted by vaccine and by lot, who was watched, reactions, stopped lots,
//! coverage by dose, cohort and village with the children behind every number, the sheet of the fridge. Chronic care: who should come for high
//! blood pressure, outcomes by quarter and village with the people behind them. Medicines: who waits, the sheet of the stocktake, in and out by
//! lot, what is to be asked for and what was. The household book with its five lists. Referrals on both sides. The number of cases of measles.
//!
//! **Not compared.** PDF and workbooks (made of the same papers as the XML; `yba-print`), the ZIP of the month's end, the pages of one person, the
//! first page of the day, the shelves of `/thuoc`, the list of `/sinh-tu` (the rows of two registers), lines and forms of `/dich-benh`,
//! campaigns, who should come for diabetes, the report of a reaction on paper. Columns of registers that the script does not say: ethnic
//! group, address, who did it, diagnosis in words. The late visit comes as the records of another device: no page writes a visit of another day.

mod clinic;
mod closing;
mod coverage;
mod fridge;
mod household;
mod life;
mod medicines;
mod papers;
mod procedures;
mod reactions;
mod referrals;
mod requests;
mod vaccination;
mod visits;

use crate::house::{House, STATION};
use crate::truth::{Death, Person, Resident, Truth};
use clinic::{clinic, patients};
use life::{birth, births, death};
use vaccination::vaccination_day;
use visits::{measles, mistaken, ordinary_day, villagers};
use yba_fhir::Day;
use yba_fhir::json::{JsonValueMutTrait, Value, json};

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

/// Somebody without a household, of whom nobody wrote down more than a name.
fn resident(person: &Person, village: &'static str) -> Resident {
    let (person, household) = (person.clone(), String::new());
    Resident { person, village, household, is_known: false, has_doctor: false }
}

/// Somebody whose file the station keeps.
async fn known(house: &House, truth: &mut Truth, one: Resident) {
    let Resident { person, village, household, is_known, .. } = &one;
    let extension = |slug: &str| format!("https://yba.vn/fhir/StructureDefinition/{slug}");
    let coded = |slug: &str, code: &str| {
        let system = format!("https://yba.vn/fhir/CodeSystem/{slug}");
        json!({"url": (extension(slug)), "valueCodeableConcept": {"coding": [{"system": system, "code": code}]}})
    };
    let mut more = Vec::new();
    if !household.is_empty() {
        more.push(json!({"url": (extension("ma-ho-gia-dinh")), "valueString": (household.as_str())}));
    }
    // Province, century with sex, year: a number that is its bearer's own.
    let century = if person.birth.year() < 2000 { 0 } else { 2 } + i32::from(person.is_female);
    let number = format!("012{century}{:02}{:06}", person.birth.year() % 100, truth.residents.len() * 1_117);
    let identifier = json!([{"system": "https://yba.vn/fhir/sid/cccd", "value": number}]);
    let address = format!("{village}, xã Bản Bo, tỉnh Lai Châu");
    let mut tree = json!({"resourceType": "Patient", "id": (&person.id), "name": [{"text": (&person.name)}],
        "gender": (if person.is_female { "female" } else { "male" }), "birthDate": (person.birth.to_string()),
        "address": [{"use": "home", "text": address, "line": [village], "city": "Xã Bản Bo"}],
        "managingOrganization": {"reference": (format!("Organization/{STATION}"))}});
    let own = tree.as_object_mut().unwrap();
    if *is_known {
        more.extend([coded("dan-toc", "02"), coded("nghe-nghiep", "00000")]);
        own.insert("identifier", identifier);
    }
    if !more.is_empty() {
        own.insert("extension", Value::from(more));
    }
    house.keep(tree).await;
    truth.residents.push(one);
}

/// From the shelves before the month to its middle.
async fn first_half(house: &mut House, truth: &mut Truth, villagers: &[Person], patients: &[Person]) {
    let [first, second, _] = births(villagers);
    medicines::shelves(house, truth, "2026-08-28").await;
    medicines::delivery(house, truth, "2026-09-02").await;
    fridge::read(house, truth, day("2026-09-02"), "sang", "4,5").await;
    fridge::read(house, truth, day("2026-09-02"), "chieu", "5").await;
    ordinary_day(house, truth, villagers, 0, "2026-09-03").await;
    fridge::read(house, truth, day("2026-09-03"), "sang", "1,2").await;
    fridge::read(house, truth, day("2026-09-03"), "do-lai", "3,4").await;
    clinic(house, truth, &patients[..21], "2026-09-08").await;
    fridge::mistyped(house, truth, day("2026-09-08"), "sang", "8").await;
    birth(house, truth, first).await;
    ordinary_day(house, truth, villagers, 1, "2026-09-10").await;
    birth(house, truth, second).await;
    vaccination_day(house, truth).await;
}

/// To its end.
async fn second_half(house: &mut House, truth: &mut Truth, villagers: &[Person], patients: &[Person]) {
    let [.., third] = births(villagers);
    reactions::released(house, truth, "2026-09-16").await;
    for (number, on) in ["2026-09-16", "2026-09-17", "2026-09-19", "2026-09-21"].into_iter().enumerate() {
        measles(house, truth, number, on).await;
    }
    birth(house, truth, third).await;
    fridge::read(house, truth, day("2026-09-21"), "chieu", "9,4").await;
    clinic(house, truth, &patients[..5], "2026-09-22").await;
    clinic::leaves(house, truth, &patients[2], true).await;
    clinic::leaves(house, truth, &patients[7], false).await;
    let stroke = &["G93.6", "I61.9", "I10"];
    death(house, truth, Death { person: patients[24].clone(), day: day("2026-09-23"), chain: stroke }).await;
    ordinary_day(house, truth, villagers, 2, "2026-09-24").await;
    referrals::taken_back(house, truth).await;
    medicines::expired(house, truth, "2026-09-25").await;
    mistaken(house, truth, &villagers[44], "2026-09-25").await;
    medicines::waiting(house, truth, day("2026-09-25")).await;
    let (person, fall) = (villagers[43].clone(), &["S06.9"]);
    death(house, truth, Death { person, day: day("2026-09-27"), chain: fall }).await;
    referrals::received(house, truth).await;
    household::book_day(house, truth, villagers, "2026-09-28").await;
    medicines::counted(house, truth, "2026-09-29").await;
    requests::sent(house, truth, "2026-09-29").await;
}

/// Everything that comes out on the first of the next month.
async fn compared(house: &House, truth: &Truth, patients: &[Person], today: Day) {
    papers::reports(house, truth).await;
    papers::registers(house, truth).await;
    procedures::register(house, truth).await;
    medicines::month_of_medicines(house, truth).await;
    clinic::who_should_come(house, truth, patients, today).await;
    clinic::outcomes(house, truth, today).await;
    referrals::listed(house, truth).await;
    household::book(house, truth).await;
    fridge::sheet(house, truth).await;
    vaccination::wasted(house, truth).await;
    vaccination::who_is_called(house, truth).await;
    reactions::listed(house, truth).await;
    coverage::compared(house, truth, today).await;
    requests::listed(house, truth).await;
    visits::cases(house).await;
}

#[tokio::test]
async fn a_month_is_typed_once_and_every_register_and_report_is_what_happened() {
    let (mut house, mut truth) = (House::open(day("2026-08-28")).await, Truth::default());
    referrals::hospital(&house).await;
    household::doctor(&house).await;
    let villagers = villagers(&house, &mut truth).await;
    let patients = patients(&house, &mut truth).await;
    first_half(&mut house, &mut truth, &villagers, &patients).await;
    second_half(&mut house, &mut truth, &villagers, &patients).await;
    let today = day("2026-10-01");
    house.morning(today).await;
    compared(&house, &truth, &patients, today).await;
    closing::played(&mut house, &mut truth, &villagers).await;
    println!("{}; keys typed for 7 registers, 5 reports and their lists and sheets: 0", truth.words());
}
