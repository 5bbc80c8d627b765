//! The clinic for high blood pressure.

use super::{day, known, medicines, papers, person, resident};
use crate::house::{House, lines, table};
use crate::truth::{End, Left, Person, Programme, Resident, Truth, Visit, Word, typed};
use std::collections::BTreeMap;
use yba_fhir::Day;
use yba_fhir::json::json;

/// Twenty-five people whom a hospital diagnosed with high blood pressure.
pub async fn patients(house: &House, truth: &mut Truth) -> Vec<Person> {
    let mut people = Vec::new();
    for number in 0..25 {
        let one = person("ha", number, day(if number < 15 { "1955-04-05" } else { "1980-04-05" }));
        // Of the last five everything is known but where they live together.
        let household = if number < 20 { format!("B-{}", number / 5) } else { String::new() };
        let is_known = number >= 10;
        known(house, truth, Resident { household, is_known, ..resident(&one, "Bản Hon") }).await;
        let (person, icd, day) = (one.clone(), "I10", day("2026-05-05"));
        truth.known.push(Word { person, icd, day, is_listed: false });
        let active = json!({"coding": [{"system": "http://terminology.hl7.org/CodeSystem/condition-clinical", "code": "active"}]});
        house
            .keep(json!({"resourceType": "Condition", "id": (format!("cd-{}", one.id)), "clinicalStatus": active,
                "code": {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10", "code": "I10"}], "text": "Bệnh lý tăng huyết áp"},
                "subject": {"reference": (format!("Patient/{}", one.id))}, "recordedDate": "2026-05-05T08:00:00+07:00"}))
            .await;
        people.push(one);
    }
    people
}

/// A day of the clinic for these people, who are to come again after two weeks; the first time they get their drugs for a month.
pub async fn clinic(house: &mut House, truth: &mut Truth, people: &[Person], on: &str) {
    house.morning(day(on)).await;
    for (at, one) in people.iter().enumerate() {
        let has_drugs = truth.visits.iter().all(|visit| visit.person.id != one.id);
        // The second of those who come again has not reached the target.
        let is_high = at == 1 && !has_drugs;
        truth.reached.insert(one.id.clone(), !is_high);
        let page = format!("/man-tinh/hypertension/{}", one.id);
        let mut form = house.form(&page, &page).await;
        for (name, value) in [
            ("systolic-1", if is_high { "152" } else { "132" }),
            ("diastolic-1", if is_high { "94" } else { "82" }),
            ("pulse", "76"),
            ("weight", "56,5"),
            ("smoking", "never"),
            ("alcohol", "none"),
            ("adherence", "full"),
            ("side-effects", "none"),
        ] {
            form.set(name, value);
        }
        form.set("next-date", &typed(day(on).plus_days(14)));
        house.send(&form).await;
        house.send(&form).await;
        let (reason, icd) = ("Khám định kỳ: tăng huyết áp", vec!["I10"]);
        let seen = Visit { person: one.clone(), day: day(on), reason, icd, end: End::Unasked };
        truth.visits.push(seen);
        truth.expected.insert(one.id.clone(), day(on).plus_days(14));
        if has_drugs {
            medicines::treated(house, truth).await;
        }
    }
}

/// Whom the list calls on the first of the next month.
pub async fn who_should_come(house: &House, truth: &Truth, patients: &[Person], today: Day) {
    let page = house.get("/man-tinh/hypertension").await.text;
    let said = |row: Vec<String>| {
        format!("{}: {}", row[0].split(" Nam · ").next().unwrap().split(" Nữ · ").next().unwrap(), row[2])
    };
    let mut listed: Vec<String> = lines(&page).into_iter().map(said).collect();
    let diagnosed = truth.visits.iter().filter(|visit| visit.icd.contains(&"I10")).map(|visit| &visit.person);
    let mut members: BTreeMap<&str, &Person> =
        patients.iter().chain(diagnosed).map(|one| (one.id.as_str(), one)).collect();
    members.retain(|id, _| truth.deaths.iter().all(|died| died.person.id != *id));
    members.retain(|id, _| truth.left.iter().all(|left| left.person.id != *id));
    let mut expected: Vec<String> = members
        .values()
        .map(|one| {
            let due = match truth.expected.get(&one.id) {
                None => "Chưa hẹn lần nào".to_owned(),
                Some(due) if *due < today => {
                    let late = today.days_since_epoch() - due.days_since_epoch();
                    format!("Trễ {late} ngày hẹn {}", typed(*due))
                }
                Some(due) => typed(*due),
            };
            format!("{}: {due}", one.name)
        })
        .collect();
    listed.sort();
    expected.sort();
    assert_eq!(listed, expected);
}

/// Somebody is followed no longer: they moved, or the diagnosis was another.
pub async fn leaves(house: &House, truth: &mut Truth, one: &Person, has_moved: bool) {
    let page = format!("/man-tinh/hypertension/{}", one.id);
    let mut form = house.form(&page, &format!("{page}/thoi")).await;
    form.set("loai", if has_moved { "chuyen" } else { "khac" }).set("ly-do", "Về quê, chẩn đoán lại");
    house.send(&form).await;
    house.send(&form).await;
    truth.left.push(Left { person: one.clone(), has_moved });
}

/// What became of everybody who was ever followed, by the quarter in which they were taken in and by village; and who they are.
pub async fn outcomes(house: &House, truth: &Truth, today: Day) {
    let (hypertension, nobody) = (["I10", "I11", "I12", "I13", "I15"], BTreeMap::new());
    for (slug, codes, reached) in [
        ("hypertension", &hypertension[..], &truth.reached),
        ("diabetes", &["E10", "E11", "E12", "E13", "E14"], &nobody),
    ] {
        let (programme, address) = (Programme { codes, reached }, format!("/man-tinh/{slug}/ket-qua?"));
        let page = house.get(&address).await.text;
        assert_eq!(table(&page, "Quý"), truth.cohort(&programme, today, None), "{slug}");
        let by_village = truth.cohort_by_village(&programme, today);
        let expected = if by_village.len() > 1 { by_village.clone() } else { Vec::new() };
        papers::same(table(&page, "Thôn, bản"), expected, &format!("{slug} by village"));
        for village in by_village.iter().map(|line| &line[0]) {
            let hex: String = village.bytes().map(|byte| format!("%{byte:02X}")).collect();
            let page = house.get(&format!("{address}&thon={hex}")).await.text;
            assert_eq!(
                table(&page, "Quý"),
                truth.cohort(&programme, today, Some(village)),
                "{slug} {village}"
            );
        }
        for (column, fate) in FATES.into_iter().enumerate() {
            let people = house.get(&format!("{address}&tt={fate}")).await.text;
            let plain = |row: Vec<String>| {
                let name = row[0].split(" Nam · ").next().unwrap().split(" Nữ · ").next().unwrap();
                vec![name.to_owned(), row[1].clone(), row[2].clone()]
            };
            let said = lines(&people).into_iter().map(plain).collect();
            papers::same(said, truth.of_fate(&programme, today, column), &format!("{slug} {fate}"));
        }
    }
}

/// The columns of the table as addresses call them.
const FATES: [&str; 7] = ["dat", "chua-dat", "chua-do", "bo-hen", "thoi", "chuyen", "tu-vong"];
