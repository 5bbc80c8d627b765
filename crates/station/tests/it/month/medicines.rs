//! The store of medicines: what came in, what was prescribed and handed out, what was counted and thrown away.

use super::{day, month, papers};
use crate::house::{Form, House, NURSE, lines, main};
use crate::truth::{Cause, Drug, Lot, Moved, Person, Truth, Visit, typed};
use axum::http::StatusCode;
use yba_fhir::Day;

const fn drug(code: &'static str, name: &'static str, unit: &'static str) -> Drug {
    Drug { code, name, unit }
}

const PARACETAMOL: Drug = drug("paracetamol-500", "Paracetamol 500 mg", "viên");
const FOR_CHILDREN: Drug = drug("paracetamol-250-goi", "Paracetamol 250 mg gói", "gói");
const AMOXICILLIN: Drug = drug("amoxicillin-500", "Amoxicilin 500 mg", "viên");
const AMLODIPINE: Drug = drug("amlodipine-5", "Amlodipin 5 mg", "viên");
const METFORMIN: Drug = drug("metformin-500", "Metformin 500 mg", "viên");
const OMEPRAZOLE: Drug = drug("omeprazole-20", "Omeprazol 20 mg", "viên");
const ORESOL: Drug = drug("ors-goi", "Oresol gói pha 200 ml", "gói");
/// What the script prescribes, in the order of the station's list.
pub const DRUGS: [Drug; 7] =
    [PARACETAMOL, FOR_CHILDREN, AMOXICILLIN, AMLODIPINE, METFORMIN, OMEPRAZOLE, ORESOL];

/// What is on the shelves before the month begins, and what is brought on its second day: lot, last day, units.
const BEFORE: [(Drug, &str, &str, u32); 5] = [
    (PARACETAMOL, "P1", "2027-06-30", 40),
    (AMLODIPINE, "A1", "2026-09-20", 70),
    (AMLODIPINE, "A2", "2027-03-31", 400),
    (METFORMIN, "T1", "2027-01-31", 100),
    (ORESOL, "O0", "2026-09-20", 100),
];
const BROUGHT: [(Drug, &str, &str, u32); 5] = [
    (PARACETAMOL, "P2", "2028-01-31", 500),
    (AMOXICILLIN, "M1", "2027-12-31", 300),
    (FOR_CHILDREN, "K1", "2027-05-31", 60),
    (AMLODIPINE, "A3", "2027-12-31", 600),
    (ORESOL, "O1", "2028-06-30", 80),
];

/// So many days a prescription is good for, its own counted.
const GOOD_DAYS: i64 = 5;

/// A drug as it is prescribed: units each time, times a day, days.
type Course = (Drug, u32, u32, u32);

/// What the nurse gives for a diagnosis; small children get their own.
fn courses(icd: &str, is_small: bool) -> &'static [Course] {
    match (icd, is_small) {
        ("J20.9" | "J06.9", true) => &[(FOR_CHILDREN, 1, 3, 3)],
        ("J20.9", false) => &[(AMOXICILLIN, 1, 3, 7), (PARACETAMOL, 1, 3, 3)],
        ("A09", false) => &[(ORESOL, 1, 4, 3)],
        ("K29.7", false) => &[(OMEPRAZOLE, 1, 1, 14)],
        ("M54.5", false) => &[(PARACETAMOL, 1, 3, 5), (AMLODIPINE, 1, 1, 30)],
        ("I10", false) => &[(AMLODIPINE, 1, 1, 30)],
        ("E11.9", false) => &[(METFORMIN, 1, 2, 30)],
        _ => &[],
    }
}

/// A lot is taken in.
async fn came(
    house: &House,
    truth: &mut Truth,
    (drug, number, expiry, units): (Drug, &'static str, &str, u32),
    today: Day,
) {
    let mut form = house.form("/thuoc/nhap", "/thuoc/nhap").await;
    let count = units.to_string();
    for (name, value) in [
        ("thuoc", drug.name),
        ("lo", number),
        ("han", &typed(day(expiry))),
        ("so-luong", &count),
        ("nguon", "Trung tâm y tế"),
    ] {
        form.set(name, value);
    }
    house.send(&form).await;
    house.send(&form).await;
    truth.store.receive(&Lot { drug, number, expiry: day(expiry) }, units, today, "Trung tâm y tế");
}

/// What the shelves held before the month.
pub async fn shelves(house: &mut House, truth: &mut Truth, on: &str) {
    house.morning(day(on)).await;
    for lot in BEFORE {
        came(house, truth, lot, day(on)).await;
    }
}

/// The month's delivery, and a box that was written down by mistake.
pub async fn delivery(house: &mut House, truth: &mut Truth, on: &str) {
    house.morning(day(on)).await;
    came(house, truth, (OMEPRAZOLE, "X9", "2027-12-31", 100), day(on)).await;
    house.send(&house.form("/thuoc/nhap", "/thuoc/rut").await).await;
    truth.store.moved.pop();
    truth.store.lots.pop();
    for lot in BROUGHT {
        came(house, truth, lot, day(on)).await;
    }
}

/// Writes a prescription for who was just seen, as its page is filled in; drug by drug.
async fn prescribed(house: &House, one: &Person, courses: &[Course], is_small: bool) {
    let page = format!("/don-thuoc/{}", one.id);
    let mut form = house.form(&page, &page).await;
    for (at, (drug, take, times, days)) in courses.iter().enumerate() {
        form.set("tim", drug.name).set("viec", "them");
        let answer = house.post(&form.action, &form.fields).await;
        assert_eq!(answer.status, StatusCode::OK, "{page}: {}", main(&answer.text));
        form = Form::of(&answer.text, &page).unwrap();
        for (name, number) in [("lan", take), ("ngay", times), ("so-ngay", days)] {
            form.set(&format!("{name}-{}", at + 1), &number.to_string());
        }
    }
    if is_small {
        form.set("can-nang", "18").set("nguoi-dua", "Mẹ");
    }
    form.set("tim", "").set("viec", "ghi");
    house.send(&form).await;
    house.send(&form).await;
}

/// Whoever was just seen gets a prescription, and what the store has of it.
pub async fn treated(house: &House, truth: &mut Truth) {
    let Visit { person, day, icd, .. } = truth.visits.last().unwrap();
    let (person, day, is_small) = (person.clone(), *day, person.is_under(6, *day));
    let courses = courses(icd[0], is_small);
    if courses.is_empty() {
        return;
    }
    prescribed(house, &person, courses, is_small).await;
    let (mut handed, mut wanted) = (0, 0);
    truth.last_handing = truth.store.moved.len();
    for (drug, take, times, days) in courses {
        let units = take * times * days;
        wanted += units;
        handed += truth.store.hand_out(*drug, units, day);
    }
    if handed > 0 {
        let page = format!("/don-thuoc/{}", person.id);
        let form = house.form(&page, "/thuoc/phat").await;
        house.send(&form).await;
        house.send(&form).await;
    }
    truth.prescriptions += 1;
    if handed < wanted {
        truth.short.push((person.name.clone(), day));
    }
}

/// A prescription at a visit that will be taken back: nobody hands it out.
pub async fn prescribed_in_vain(house: &House, truth: &Truth) {
    prescribed(house, &truth.visits.last().unwrap().person, courses("J20.9", false), false).await;
}

/// The last who got something brings it back: it was another's.
pub async fn brought_back(house: &House, truth: &mut Truth) {
    let Visit { person, day, .. } = truth.visits.last().unwrap();
    let page = format!("/don-thuoc/{}", person.id);
    house.send(&house.form(&page, "/thuoc/rut-phat").await).await;
    truth.short.push((person.name.clone(), *day));
    let back = truth.store.moved.split_off(truth.last_handing);
    assert!(!back.is_empty() && back.iter().all(|one| one.cause == Cause::Given && one.day == *day));
}

/// Who waits for something on a day: whoever did not get all of a prescription that is still good.
pub async fn waiting(house: &House, truth: &Truth, today: Day) {
    let page = house.get("/thuoc").await.text;
    let names = page.split("href=\"/don-thuoc/").skip(1);
    let names = names.filter_map(|one| one.split("<b>").nth(1)?.split("</b>").next());
    let mut said: Vec<&str> = names.collect();
    let good = truth.short.iter().filter(|(_, day)| today < day.plus_days(GOOD_DAYS));
    let mut expected: Vec<&str> = good.map(|(name, _)| name.as_str()).collect();
    said.sort_unstable();
    expected.sort_unstable();
    assert_eq!(said, expected, "who waits for medicines");
}

/// The lots of the sheet on which the store is counted, by number: id and what the book says.
async fn on_the_sheet(house: &House) -> Vec<(String, String, String)> {
    let page = house.get("/thuoc/kiem-ke").await.text;
    let form = Form::of(&page, "/thuoc/kiem-ke").unwrap();
    let ids = form
        .fields
        .iter()
        .filter_map(|(name, units)| Some((name.strip_prefix("so-")?.to_owned(), units.clone())));
    let number = |cells: Vec<String>| cells[1].split(' ').next().unwrap().to_owned();
    lines(&page).into_iter().map(number).zip(ids).map(|(number, (id, units))| (number, id, units)).collect()
}

/// What expired is thrown away.
pub async fn expired(house: &mut House, truth: &mut Truth, on: &str) {
    house.morning(day(on)).await;
    let lot = truth.store.expired(day(on)).unwrap();
    let (_, id, _) = on_the_sheet(house).await.into_iter().find(|(number, ..)| number == lot).unwrap();
    let mut form = house.form(&format!("/thuoc/lo/{id}"), &format!("/thuoc/lo/{id}/huy")).await;
    form.set("ly-do", "hết hạn");
    house.send(&form).await;
    house.send(&form).await;
    let units = truth.store.there(lot);
    truth.store.moved.push(Moved { lot, day: day(on), cause: Cause::Discarded, units, why: "hết hạn" });
}

/// The store is counted: what is missing, what is too much, the rest as the book says.
pub async fn counted(house: &mut House, truth: &mut Truth, on: &str) {
    const OTHERWISE: [(&str, Cause, u32, &str); 2] =
        [("P2", Cause::Shortage, 3, "vỡ vỉ"), ("O1", Cause::Surplus, 2, "đếm sót lần trước")];
    house.morning(day(on)).await;
    let mut form = house.form("/thuoc/kiem-ke", "/thuoc/kiem-ke").await;
    let mut seen = 0;
    for (number, id, book) in on_the_sheet(house).await {
        let mut there = truth.store.there(&number);
        assert_eq!(book, there.to_string(), "the book of {number}");
        for (lot, cause, units, why) in OTHERWISE.into_iter().filter(|one| one.0 == number) {
            there = if cause == Cause::Surplus { there + units } else { there - units };
            truth.store.moved.push(Moved { lot, day: day(on), cause, units, why });
            form.set(&format!("ly-do-{id}"), why);
        }
        form.set(&format!("dem-{id}"), &there.to_string());
        seen += 1;
    }
    let left = truth.store.lots.iter().filter(|lot| truth.store.there(lot.number) > 0).count();
    assert_eq!(seen, left, "lots on the sheet");
    house.send(&form).await;
    house.send(&form).await;
}

/// The month's report, the same by lot, and the register of what moved.
pub async fn month_of_medicines(house: &House, truth: &Truth) {
    // A file has a line for every drug of the list, paper and page only for those of which there is something to say.
    let mut said = papers::report(house, "monthly-drugs").await;
    said.retain(|(_, cells)| cells.iter().any(|cell| cell != "0"));
    let expected: Vec<(String, Vec<String>)> = truth
        .store
        .report(month(), &DRUGS)
        .into_iter()
        .map(|(name, cells)| (name.to_owned(), cells))
        .collect();
    assert_eq!(said, expected, "monthly-drugs");
    let page = house.get(&format!("/thuoc/xuat-nhap-ton?ky={}", super::MONTH)).await.text;
    papers::same(lines(&page), truth.store.turnover(month()), "by lot");
    let rows = papers::register(house, &papers::of_month("drug-movements")).await;
    papers::same(rows, truth.store.register(month(), NURSE), "the register of what moved");
}
