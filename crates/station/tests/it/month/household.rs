//! The household book: what people told, their checks, their doctors.

use super::{day, papers};
use crate::house::{Form, House, STATION, lines, main};
use crate::truth::{CHECK, End, History, Part, Person, Truth, Visit, Word};
use axum::http::StatusCode;
use yba_fhir::Day;
use yba_fhir::json::json;

const DOCTOR: &str = "bs-mua";

/// The station has a doctor.
pub async fn doctor(house: &House) {
    house
        .keep(json!({"resourceType": "Practitioner", "id": DOCTOR, "name": [{"text": "Giàng A Mùa"}]}))
        .await;
    house
        .keep(json!({"resourceType": "PractitionerRole", "id": DOCTOR, "active": true,
            "practitioner": {"reference": (format!("Practitioner/{DOCTOR}"))},
            "organization": {"reference": (format!("Organization/{STATION}"))}}))
        .await;
}

/// What is told: to what somebody is allergic, what runs in the family, an operation, how they live.
const TOLD: [(&str, &str); 6] = [
    ("substance:0", "Penicillin, nổi mày đay"),
    ("family:0", "Mẹ, đái tháo đường"),
    ("operation:0", "Mổ ruột thừa, 1999"),
    ("smoking", "former"),
    ("drinking", "some"),
    ("activity", "often"),
];

/// A grown-up man, or a woman past the age of children, tells what they had. Nobody is examined: it is no visit.
pub async fn told(house: &House, truth: &mut Truth, one: &Person, today: Day, disease: Option<&'static str>) {
    let page = format!("/so-ho/nguoi/{}/health-history", one.id);
    let sheet = house.get(&page).await.text;
    // Dressings and injections are no operations.
    assert!(main(&sheet).contains("Phẫu thuật, hồ sơ đã ghi —"), "{}", main(&sheet));
    let mut form = Form::of(&sheet, &page).unwrap();
    form.set("allergic", "some");
    // To what is asked when it was said that there is something.
    let answer = house.post(&form.action, &form.fields).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", main(&answer.text));
    let mut form = Form::of(&answer.text, &page).unwrap();
    for (name, value) in TOLD {
        form.set(name, value);
    }
    if let Some(icd) = disease {
        form.set("own:0", icd);
        truth.known.push(Word { person: one.clone(), icd, day: today, is_listed: true });
    }
    house.send(&form).await;
    house.send(&form).await;
    let (person, diseases) = (one.clone(), disease.into_iter().collect());
    truth.histories.push(History { person, allergies: 1, diseases, of_family: 1, operations: 1, habits: 3 });
}

/// Somebody is checked, sick or not: a visit, which counts as one in every book.
pub async fn checked(
    house: &House,
    truth: &mut Truth,
    one: &Person,
    today: Day,
    disease: Option<&'static str>,
) {
    let page = format!("/so-ho/nguoi/{}/periodic-check", one.id);
    let mut form = house.form(&page, &page).await;
    let is_small = one.is_under(6, today);
    let (weight, height) = if is_small { ("16,5", "104") } else { ("57", "158") };
    form.set("weight", weight).set("height", height).set("class", "2");
    if let Some(icd) = disease {
        form.set("disease:0", icd);
    }
    house.send(&form).await;
    house.send(&form).await;
    let icd = disease.into_iter().collect();
    truth.visits.push(Visit { person: one.clone(), day: today, reason: CHECK, icd, end: End::Unasked });
}

/// A check that was written for the wrong person.
pub async fn mistaken(house: &House, truth: &mut Truth, one: &Person, today: Day) {
    checked(house, truth, one, today, None).await;
    truth.visits.pop();
    let page = format!("/so-ho/nguoi/{}", one.id);
    house.send(&house.form(&page, &format!("{page}/rut")).await).await;
}

/// A day for the book: histories, checks, and two households that get a doctor.
pub async fn book_day(house: &mut House, truth: &mut Truth, people: &[Person], on: &str) {
    let today = day(on);
    house.morning(today).await;
    told(house, truth, &people[8], today, Some("E11.9")).await;
    told(house, truth, &people[18], today, None).await;
    checked(house, truth, &people[8], today, None).await;
    checked(house, truth, &people[4], today, Some("K29.7")).await;
    // Found at a check, a disease of a programme takes somebody in.
    checked(house, truth, &people[2], today, Some("I10")).await;
    checked(house, truth, &people[5], today, None).await;
    mistaken(house, truth, &people[6], today).await;
    house.follow().await;
    for household in ["H-0", "H-14"] {
        let page = format!("/so-ho/ho/{household}");
        let mut form = house.form(&page, &format!("{page}/bac-si?")).await;
        form.set("bac-si", &format!("Practitioner/{DOCTOR}"));
        house.send(&form).await;
        truth.get_doctor(household);
    }
}

/// People of one list of the book, page after page, by name.
async fn wanting(house: &House, part: Part) -> Vec<String> {
    let mut names = Vec::new();
    loop {
        let page = house.get(&format!("/so-ho/thieu?gi={}&tu={}", part.code(), names.len())).await.text;
        let own = lines(&page);
        let name = |cells: Vec<String>| {
            cells[0].split(" Nam · ").next().unwrap().split(" Nữ · ").next().unwrap().to_owned()
        };
        names.extend(own.into_iter().map(name));
        if !page.contains(">Tiếp<") {
            return names;
        }
    }
}

/// The book's numbers and lists, and the sections of those who told their history.
pub async fn book(house: &House, truth: &Truth) {
    let alone = |names: Vec<String>| names.into_iter().map(|name| vec![name]).collect::<Vec<_>>();
    for part in Part::ALL {
        let said = wanting(house, part).await;
        papers::same(alone(said), alone(truth.wanting(part)), part.code());
    }
    let page = house.get("/so-ho").await.text;
    assert_eq!(lines(&page), truth.book(), "{}", main(&page));
    for told in &truth.histories {
        let page = house.get(&format!("/so-ho/nguoi/{}", told.person.id)).await.text;
        assert_eq!(lines(&page), truth.sections(told), "{}", main(&page));
    }
}
