//! The vaccination day.

use super::{MONTH, day, known, papers, person, reactions, resident};
use crate::house::{Form, House, STATION, lines, main, table};
use crate::truth::{Dose, Person, Truth, Vial, typed};
use axum::http::StatusCode;
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

/// Lots of the day, in the order of [`VIALS`]; what is given of the five in one after its lot was stopped.
const LOTS: [&str; 8] = ["LO-08", "LO-19", "LO-102", "LO-178", "LO-10", "LO-119", "LO-133", "LO-05"];
const SECOND: (&str, &str) = ("102", "LO-102-2");
/// At whose dose the first is stopped.
const STOPPED_AT: usize = 14;

/// The lot that somebody gets who comes at this place.
pub fn lot_of(cvx: &str, place: usize) -> &'static str {
    match VIALS.iter().position(|vial| vial.0 == cvx) {
        Some(_) if cvx == SECOND.0 && place > STOPPED_AT => SECOND.1,
        Some(at) => LOTS[at],
        None => panic!("no vial of {cvx}"),
    }
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
                truth.had.push((child.id.clone(), cvx, day(on)));
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
    for (vial, lot) in VIALS.iter().zip(LOTS) {
        taken(house, session, vial.0, lot).await;
    }
}

async fn taken(house: &House, session: &str, cvx: &str, lot: &str) {
    let page = house.get(session).await.text;
    let forms = Form::all_of(&page, &format!("{session}/lo"));
    let mut form = forms.into_iter().find(|form| form.all("vx") == [cvx]).unwrap();
    form.set("lo", lot).set("han", "30/06/2028");
    house.send(&form).await;
}

/// The next child gets nothing of a lot that was stopped, whoever types it; a second one is taken from the fridge.
async fn stopped(house: &House, session: &str, child: &Person) {
    let page = format!("/tiem-chung/{}", child.id);
    let mut form = house.form(&format!("{page}?buoi={}", &session[11..]), &page).await;
    let at = form.all("mui").into_iter().find(|series| form.all(&format!("vx-{series}")) == [SECOND.0]);
    let at = at.unwrap().to_owned();
    assert_eq!(form.all(&format!("lo-{at}")), [""], "a stopped lot is not offered");
    form.set(&format!("lo-{at}"), lot_of(SECOND.0, 0)).set(&format!("han-{at}"), "30/06/2028");
    form.set("sl-khong", "1");
    let answer = house.post(&form.action, &form.fields).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", main(&answer.text));
    assert!(main(&answer.text).contains("đang dừng dùng vì có phản ứng nặng"), "{}", main(&answer.text));
    taken(house, session, SECOND.0, SECOND.1).await;
}

/// One child is screened and gets what is due; the lots of the day stand there.
async fn given(house: &House, session: &str, child: &Person, due: &[(&str, u32)], place: usize) {
    let page = format!("/tiem-chung/{}", child.id);
    let mut form = house.form(&format!("{page}?buoi={}", session.rsplit('/').next().unwrap()), &page).await;
    let field = |name: &str, series: &str| form.all(&format!("{name}-{series}"))[0].to_owned();
    let offered: Vec<(String, String)> =
        form.all("mui").iter().map(|series| (field("vx", series), field("lo", series))).collect();
    let mut expected: Vec<(String, String)> =
        due.iter().map(|(cvx, _)| ((*cvx).to_owned(), lot_of(cvx, place).to_owned())).collect();
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
        given(house, &session, child, due, place).await;
        if place == 12 {
            for _ in *due {
                house.send(&house.form(&page, &format!("{page}/rut")).await).await;
            }
            house.follow().await;
            given(house, &session, child, due, place).await;
        }
        let doses = due.iter().map(|(cvx, number)| Dose {
            child: child.clone(),
            day: today,
            cvx: (*cvx).to_owned(),
            number: *number,
            lot: lot_of(cvx, place),
        });
        truth.doses.extend(doses);
        if place == STOPPED_AT {
            reactions::anaphylaxis(house, truth, child, today).await;
            stopped(house, &session, &all[place + 1].0).await;
        }
    }
    reactions::afterwards(house, truth, [&all[3].0, &all[20].0, &all[33].0], today).await;
    house.follow().await;
    closed(house, truth, &session).await;
    let said = main(&house.get(&session).await.text);
    assert!(said.contains("40 trẻ: 39 đã tiêm, 0 còn chờ, 1 tạm hoãn, 0 không gặp"), "{said}");
}

/// The end of the day: what broke and what is kept is typed, the rest stands there.
async fn closed(house: &House, truth: &mut Truth, session: &str) {
    let mut form = house.form(session, &format!("{session}/ket-thuc")).await;
    let second = VIALS
        .iter()
        .filter(|vial| vial.0 == SECOND.0)
        .map(|vial| ((vial.0, vial.1, vial.2, 0, false), SECOND.1));
    for ((cvx, words, doses, broken, is_kept), lot) in VIALS.into_iter().zip(LOTS).chain(second) {
        let vial = Vial { cvx, lot, words, doses, broken, is_kept };
        if broken > 0 {
            form.set(&format!("mo-{cvx}-{lot}"), &truth.opened(&vial).to_string());
        }
        if is_kept {
            form.set(&format!("bo-{cvx}-{lot}"), "0");
        }
        truth.vials.push(vial);
    }
    house.send(&form).await;
    let page = house.get(session).await.text;
    papers::same(table(&page, "Hao phí của buổi"), truth.wasted_by_lot(), "what was wasted by lot");
}

/// The child with the fever was vaccinated on a day without a session, which is told when the month is over.
pub async fn told_late(house: &House, truth: &mut Truth, on: Day) {
    let child = truth.residents.iter().find(|one| one.person.id == "be-7").unwrap().person.clone();
    let page = format!("/tiem-chung/{}", child.id);
    let mut form = house.form(&page, &page).await;
    form.set("ngay", &typed(on)).set("sl-khong", "1");
    let series: Vec<String> = form.all("mui").into_iter().map(str::to_owned).collect();
    assert_eq!(series.len(), SORTS[0].due.len(), "{series:?}");
    for series in series {
        let lot = lot_of(form.all(&format!("vx-{series}"))[0], STOPPED_AT + 1);
        form.set(&format!("lo-{series}"), lot).set(&format!("han-{series}"), "30/06/2028");
    }
    house.send(&form).await;
    let doses = SORTS[0].due.iter().map(|(cvx, number)| Dose {
        child: child.clone(),
        day: on,
        cvx: (*cvx).to_owned(),
        number: *number,
        lot: lot_of(cvx, STOPPED_AT + 1),
    });
    truth.doses.extend(doses);
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
