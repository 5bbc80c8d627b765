//! Those who come with this and that.

use super::{day, known, medicines, person, procedures, referrals, resident};
use crate::house::{House, main};
use crate::truth::{End, Person, Resident, Truth, Visit, typed};

/// One visit as the nurse writes it down.
pub async fn visit(house: &House, truth: &mut Truth, visit: Visit) {
    let Visit { person, day, reason, icd, end } = &visit;
    let page = format!("/kham/{}", person.id);
    let mut form = house.form(&page, &page).await;
    form.set("complaint", reason).set("temperature", "37,2").set("main", icd[0]);
    // Since when, the notification takes from here.
    form.set("onset", &typed(day.plus_days(-2)));
    if let Some(other) = icd.get(1) {
        form.set("other:0", other);
    }
    if *end == End::Referred {
        form.set("outcome", "refer");
    }
    house.send(&form).await;
    house.send(&form).await;
    truth.visits.push(visit);
}

/// Those who come with this and that: forty-five people.
pub async fn villagers(house: &House, truth: &mut Truth) -> Vec<Person> {
    let births = ["2022-03-01", "2015-07-09", "1990-01-30", "1961-09-02", "1978-12-12"];
    let mut people = Vec::new();
    for number in 0..45 {
        let one = person("nguoi", number, day(births[number % births.len()]));
        // Three live together; of every other one the record is begun.
        let (household, is_known) = (format!("H-{}", number / 3), number % 2 == 0);
        known(house, truth, Resident { household, is_known, ..resident(&one, "Nà Khương") }).await;
        people.push(one);
    }
    people
}

/// Which of the ordinary visits end at the hospital: the first is urgent.
const REFERRED: [usize; 4] = [5, 22, 29, 50];

/// A day of twenty ordinary visits.
pub async fn ordinary_day(house: &mut House, truth: &mut Truth, people: &[Person], turn: usize, on: &str) {
    const ILLS: [&[&str]; 8] =
        [&["J20.9"], &["A09"], &["K29.7"], &["M54.5", "I10"], &["J06.9"], &["E11.9"], &["L20.9"], &["Z34.9"]];
    house.morning(day(on)).await;
    for at in turn * 20..turn * 20 + 20 {
        let one = &people[at * 7 % people.len()];
        // Only women of the right age come because they are with child.
        let may_be_with_child = one.is_female && one.birth == day("1990-01-30");
        let icd = ILLS[at % ILLS.len()];
        let icd = if icd[0] == "Z34.9" && !may_be_with_child { ILLS[0] } else { icd };
        let end = if REFERRED.contains(&at) { End::Referred } else { End::Home };
        let seen = Visit { person: one.clone(), day: day(on), reason: "Mệt, đau", icd: icd.to_vec(), end };
        visit(house, truth, seen).await;
        if end == End::Referred {
            referrals::written(house, truth, at == REFERRED[0]).await;
            continue;
        }
        procedures::treated(house, truth).await;
        medicines::treated(house, truth).await;
        if at == 24 {
            procedures::mistaken(house, truth).await;
        }
        if at == 27 {
            medicines::brought_back(house, truth).await;
        }
    }
    medicines::waiting(house, truth, day(on)).await;
}

/// A visit that was written for the wrong person, and is taken back.
pub async fn mistaken(house: &mut House, truth: &mut Truth, one: &Person, on: &str) {
    house.morning(day(on)).await;
    let (reason, icd) = ("Ghi nhầm người", vec!["J20.9"]);
    visit(house, truth, Visit { person: one.clone(), day: day(on), reason, icd, end: End::Home }).await;
    // What was done and prescribed at it goes with it.
    procedures::mistaken_with_visit(house, truth).await;
    medicines::prescribed_in_vain(house, truth).await;
    truth.visits.pop();
    let page = format!("/kham/{}", one.id);
    let back = house.form(&page, &format!("{page}/rut")).await;
    house.send(&back).await;
}

/// A child of the village has measles: seen and notified the same morning.
pub async fn measles(house: &mut House, truth: &mut Truth, number: usize, on: &str) -> Person {
    let child = person("soi", number, day("2023-05-09"));
    known(house, truth, resident(&child, "Bản Hon")).await;
    house.morning(day(on)).await;
    let (reason, icd) = ("Sốt, phát ban", vec!["B05.9"]);
    visit(house, truth, Visit { person: child.clone(), day: day(on), reason, icd, end: End::Home }).await;
    let list = house.get("/dich-benh").await.text;
    let links = list.split("href=\"/dich-benh/").skip(1).filter_map(|rest| rest.split('"').next());
    let case =
        links.into_iter().find(|id| id.starts_with("lk-")).unwrap_or_else(|| panic!("{}", main(&list)));
    let page = format!("/dich-benh/{case}");
    let form = house.form(&page, &page).await;
    house.send(&form).await;
    child
}

/// The cases of measles.
pub async fn cases(house: &House) {
    let said = main(&house.get("/dich-benh").await.text);
    for part in [
        "Phải thông báo 0 ",
        "Đã ghi, chưa báo lên 4 ",
        "4 ca Sởi ở địa bàn của trạm, 14/09/2026 – 19/09/2026",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
}
