//! The vaccination day.

use super::{MONTH, day, known, papers, person, resident};
use crate::house::{Form, House, STATION, lines, main};
use crate::truth::{Dose, Person, Truth, Vial, typed};
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

/// What the fridge gives for the day: CVX and name, doses of a vial, vials that broke, whether what is left of the last is kept for another day.
const VIALS: [(&str, &str, u32, u32, bool); 8] = [
    ("08", "Viêm gan B sơ sinh", 1, 0, false),
    ("19", "BCG", 10, 1, false),
    ("102", "DPT-VGB-Hib (5 trong 1)", 1, 1, false),
    ("178", "Bại liệt uống bOPV (2 giọt)", 20, 0, true),
    ("10", "Bại liệt tiêm IPV", 5, 0, false),
    ("119", "Rota", 1, 0, false),
    ("133", "Phế cầu PCV13", 1, 0, false),
    ("05", "Sởi đơn", 10, 0, false),
];
/// The villages that are called.
const VILLAGES: [&str; 2] = ["Phiêng Hoi", "Nậm Tàng"];

fn lot_of(cvx: &str) -> String {
    format!("LO-{cvx}")
}

/// Children of these sorts, ten of each, with what they are due for.
async fn children(
    house: &House,
    truth: &mut Truth,
    sorts: &'static [Sort],
    first: usize,
) -> Vec<(Person, &'static [(&'static str, u32)])> {
    let mut children = Vec::new();
    for (at, sort) in sorts.iter().enumerate() {
        for number in 0..10 {
            let child = person("be", (first + at) * 10 + number, day(sort.born));
            known(house, truth, resident(&child, VILLAGES[number / 5])).await;
            for (place, (cvx, on)) in sort.had.iter().enumerate() {
                had(house, &child, cvx, place, day(on)).await;
            }
            children.push((child, sort.due));
        }
    }
    children
}

/// A vaccination day for two villages is planned from whom the list calls until then; answers its address.
async fn planned(house: &mut House, on: &str, for_day: Day) -> String {
    house.morning(day(on)).await;
    let page = format!("/buoi-tiem?ngay={}", typed(for_day));
    let answer = house.get(&page).await;
    let mut form = Form::of(&answer.text, "/buoi-tiem").unwrap();
    form.set("ngay", &typed(for_day)).set("noi", "Trạm y tế");
    form.fields.extend(VILLAGES.map(|village| ("thon".to_owned(), village.to_owned())));
    // Older children of the commune are due for others, on another day.
    let is_given = |cvx: &str| VIALS.iter().any(|vial| vial.0 == cvx);
    form.fields.retain(|(name, value)| name != "vx" || is_given(value));
    assert_eq!(form.all("vx").len(), VIALS.len(), "the vaccines that are offered: {:?}", form.all("vx"));
    house.send(&form).await;
    let to = house.send(&form).await.to;
    to.split('?').next().unwrap().to_owned()
}

/// The lots of the day are taken from the fridge.
async fn lots(house: &House, session: &str) {
    for (cvx, ..) in VIALS {
        let page = house.get(session).await.text;
        let forms = Form::all_of(&page, &format!("{session}/lo"));
        let mut form = forms.into_iter().find(|form| form.all("vx") == [cvx]).unwrap();
        form.set("lo", &lot_of(cvx)).set("han", "30/06/2028");
        house.send(&form).await;
    }
}

/// One child is screened and gets what is due; the lots of the day stand there.
async fn given(house: &House, session: &str, child: &Person, due: &[(&str, u32)]) {
    let page = format!("/tiem-chung/{}", child.id);
    let mut form = house.form(&format!("{page}?buoi={}", session.rsplit('/').next().unwrap()), &page).await;
    let field = |name: &str, series: &str| form.all(&format!("{name}-{series}"))[0].to_owned();
    let offered: Vec<(String, String)> =
        form.all("mui").iter().map(|series| (field("vx", series), field("lo", series))).collect();
    let mut expected: Vec<(String, String)> =
        due.iter().map(|(cvx, _)| ((*cvx).to_owned(), lot_of(cvx))).collect();
    let mut seen = offered.clone();
    expected.sort_unstable();
    seen.sort_unstable();
    assert_eq!(seen, expected, "{} of {}", child.id, child.birth);
    form.set("sl-khong", "1");
    house.send(&form).await;
    // An impatient hand.
    house.send(&form).await;
}

/// The vaccination day: forty children, one of whom has a fever, and one whose doses were written before they were given.
pub async fn vaccination_day(house: &mut House, truth: &mut Truth) {
    let today = day("2026-09-15");
    let mut all = children(house, truth, &SORTS[..3], 0).await;
    let session = planned(house, "2026-09-12", today).await;
    all.extend(children(house, truth, &SORTS[3..], 3).await);
    house.morning(today).await;
    lots(house, &session).await;
    for (place, (child, due)) in all.iter().enumerate() {
        let page = format!("/tiem-chung/{}", child.id);
        if place == 7 {
            let mut later =
                house.form(&format!("{page}?buoi={}", &session[11..]), &format!("{page}/hoan")).await;
            later.set("hoan-ly-do", "Sốt 38,5 °C");
            house.send(&later).await;
            continue;
        }
        given(house, &session, child, due).await;
        if place == 12 {
            for _ in *due {
                house.send(&house.form(&page, &format!("{page}/rut")).await).await;
            }
            house.follow().await;
            given(house, &session, child, due).await;
        }
        let doses = due.iter().map(|(cvx, number)| Dose {
            child: child.clone(),
            day: today,
            cvx: (*cvx).to_owned(),
            number: *number,
        });
        truth.doses.extend(doses);
    }
    house.follow().await;
    closed(house, truth, &session).await;
    let said = main(&house.get(&session).await.text);
    assert!(said.contains("40 trẻ: 39 đã tiêm, 0 còn chờ, 1 tạm hoãn, 0 không gặp"), "{said}");
}

/// The end of the day: what broke and what is kept is typed, the rest stands there.
async fn closed(house: &House, truth: &mut Truth, session: &str) {
    let mut form = house.form(session, &format!("{session}/ket-thuc")).await;
    for (cvx, words, doses, broken, is_kept) in VIALS {
        let vial = Vial { cvx, words, doses, broken, is_kept };
        let lot = lot_of(cvx);
        if broken > 0 {
            form.set(&format!("mo-{cvx}-{lot}"), &truth.opened(&vial).to_string());
        }
        if is_kept {
            form.set(&format!("bo-{cvx}-{lot}"), "0");
        }
        truth.vials.push(vial);
    }
    house.send(&form).await;
}

/// What was wasted on the day and in the month.
pub async fn wasted(house: &House, truth: &Truth) {
    let page = house.get(&format!("/buoi-tiem?thang={MONTH}")).await.text;
    papers::same(lines(&page), truth.wasted(), "what was wasted");
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
