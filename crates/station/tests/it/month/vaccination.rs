//! The vaccination day.

use super::{day, known, person};
use crate::house::{House, STATION, main};
use crate::truth::{Dose, Person, Truth};
use yba_fhir::Day;
use yba_fhir::json::json;

/// A dose of before the month.
async fn had(house: &House, child: &Person, cvx: &str, number: usize, on: Day) {
    house
        .keep(json!({"resourceType": "Immunization", "id": (format!("{}-{cvx}-{number}", child.id)), "status": "completed",
            "vaccineCode": {"coding": [{"system": "http://hl7.org/fhir/sid/cvx", "code": cvx}]},
            "patient": {"reference": (format!("Patient/{}", child.id))}, "occurrenceDateTime": (on.to_string()),
            "performer": [{"actor": {"reference": (format!("Organization/{STATION}"))}}]}))
        .await;
}

/// A kind of child on the vaccination day: when born, what they had, and what is due by the schedule's text: vaccine and number of the dose.
struct Sort {
    born: &'static str,
    had: &'static [(&'static str, &'static str)],
    due: &'static [(&'static str, u32)],
}

/// What a child of nine months has had.
const FIRST_YEAR: [(&str, &str); 9] = [
    ("08", "2025-12-10"),
    ("19", "2025-12-20"),
    ("102", "2026-02-15"),
    ("178", "2026-02-15"),
    ("102", "2026-03-16"),
    ("178", "2026-03-16"),
    ("102", "2026-04-16"),
    ("178", "2026-04-16"),
    ("10", "2026-05-15"),
];

const SORTS: [Sort; 4] = [
    // Two months: the first of five in one and of the drops.
    Sort {
        born: "2026-07-10",
        had: &[("08", "2026-07-10"), ("19", "2026-07-20")],
        due: &[("102", 1), ("178", 1), ("119", 1), ("133", 1)],
    },
    // Three months: the second, a month after the first.
    Sort {
        born: "2026-06-05",
        had: &[
            ("08", "2026-06-05"),
            ("19", "2026-06-20"),
            ("102", "2026-08-10"),
            ("178", "2026-08-10"),
            ("119", "2026-08-10"),
            ("133", "2026-08-10"),
        ],
        due: &[("102", 2), ("178", 2), ("119", 2)],
    },
    // Nine months: measles and the second injection against polio.
    Sort { born: "2025-12-10", had: &FIRST_YEAR, due: &[("10", 2), ("05", 1), ("133", 1)] },
    // Newborns of yesterday.
    Sort { born: "2026-09-14", had: &[], due: &[("08", 1), ("19", 1)] },
];

/// The vaccination day: forty children, one of whom has a fever, and one dose that was written by mistake.
pub async fn vaccination_day(house: &mut House, truth: &mut Truth) {
    let today = day("2026-09-15");
    let mut children = Vec::new();
    for (at, sort) in SORTS.iter().enumerate() {
        for number in 0..10 {
            let child = person("be", at * 10 + number, day(sort.born));
            known(house, &child, if number < 5 { "Bản Hon" } else { "Nà Khương" }).await;
            for (place, (cvx, on)) in sort.had.iter().enumerate() {
                had(house, &child, cvx, place, day(on)).await;
            }
            children.push((child, sort.due));
        }
    }
    house.morning(today).await;
    for (place, (child, due)) in children.iter().enumerate() {
        let page = format!("/tiem-chung/{}", child.id);
        let mut form = house.form(&page, &page).await;
        let offered: Vec<String> =
            form.all("mui").iter().map(|series| form.all(&format!("vx-{series}"))[0].to_owned()).collect();
        let mut expected: Vec<&str> = due.iter().map(|(cvx, _)| *cvx).collect();
        let mut seen: Vec<&str> = offered.iter().map(String::as_str).collect();
        expected.sort_unstable();
        seen.sort_unstable();
        assert_eq!(seen, expected, "{} of {}", child.id, child.birth);
        if place == 7 {
            let mut later = house.form(&page, &format!("{page}/hoan")).await;
            later.set("hoan-ly-do", "Sốt 38,5 °C");
            house.send(&later).await;
            continue;
        }
        let series: Vec<String> = form.all("mui").into_iter().map(str::to_owned).collect();
        for one in &series {
            // The lot of the open vial stands there from the second child on.
            if form.all(&format!("lo-{one}"))[0].is_empty() {
                form.set(&format!("lo-{one}"), &format!("LO-{one}")).set(&format!("han-{one}"), "30/06/2028");
            }
        }
        form.set("sl-khong", "1");
        house.send(&form).await;
        // An impatient hand.
        house.send(&form).await;
        let doses = due.iter().map(|(cvx, number)| Dose {
            child: child.clone(),
            day: today,
            cvx: (*cvx).to_owned(),
            number: *number,
        });
        truth.doses.extend(doses);
    }
}

/// Whom the list calls on the first of the next month.
pub async fn who_is_called(house: &House, truth: &Truth) {
    let page = house.get("/tiem-chung").await.text;
    let called: Vec<&str> =
        page.split("href=\"/tiem-chung/be-").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    assert_eq!(called, ["7"], "of the forty only the child with the fever");
    for born in &truth.births {
        let child = format!("Con bà {}", born.mother.name);
        assert!(main(&page).contains(&child), "{child} is called: {}", main(&page));
    }
}
