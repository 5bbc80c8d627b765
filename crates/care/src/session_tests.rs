use super::*;

fn day(text: &str) -> Day {
    Day::parse(text).unwrap()
}

fn session() -> Session {
    Session {
        id: "bt-1".into(),
        stage: Stage::Planned,
        day: day("2026-11-25"),
        place: "Trạm".into(),
        owner: "tram".into(),
        villages: vec!["Nà".into()],
        vaccines: vec!["102".into()],
        lots: Vec::new(),
    }
}

fn lot(vaccine: &str, lot: &str, expiry: &str) -> Lot {
    Lot { vaccine: vaccine.into(), lot: lot.into(), expiry: expiry.into(), opened: None, thrown: None }
}

#[test]
fn a_plan_says_a_day_to_come_a_place_and_vaccines() {
    let plan = |day: &str, place: &str, vaccines: &[&str]| Plan {
        day: day.into(),
        place: place.into(),
        vaccines: vaccines.iter().map(|one| (*one).to_owned()).collect(),
        ..Plan::default()
    };
    for (plan, fields) in [
        (plan("2026-11-25", "Trạm", &["102"]), vec![]),
        (plan("2026-11-23", "Trạm", &["102"]), vec![]),
        (plan("2026-11-22", "Trạm", &["102"]), vec!["day"]),
        (plan("2028-01-01", "Trạm", &["102"]), vec!["day"]),
        (plan("mai", " ", &[]), vec!["day", "place", "vaccines"]),
        (plan("2026-11-25", &"x".repeat(201), &["102"]), vec!["place"]),
    ] {
        let found: Vec<String> = check(&plan, day("2026-11-23")).into_iter().map(|one| one.field).collect();
        assert_eq!(found, fields, "{plan:?}");
    }
}

#[test]
fn a_lot_is_taken_once_and_an_expired_one_never() {
    let mut one = session();
    take_lot(&mut one, &lot("102", "A1", "2027-01-01")).unwrap();
    take_lot(&mut one, &lot("102", "A1", "2027-02-01")).unwrap();
    take_lot(&mut one, &lot("19", "B1", "2026-11-25")).unwrap();
    assert_eq!((one.lots.len(), one.stage), (2, Stage::Open));
    assert_eq!(one.lot_of("102").unwrap().expiry, "2027-02-01");
    assert_eq!(one.vaccines, ["102", "19"]);
    for wrong in [lot("19", "", "2027-01-01"), lot("19", "B2", ""), lot("19", "B2", "2026-11-24")] {
        assert!(take_lot(&mut one, &wrong).is_err(), "{wrong:?}");
    }
    one.stage = Stage::Closed;
    assert!(take_lot(&mut one, &lot("19", "B3", "2027-01-01")).is_err());
}

#[test]
fn counts_go_to_the_lot_they_are_of_whatever_was_taken_meanwhile() {
    let mut one = session();
    for taken in ["B1", "A1", "C1"] {
        take_lot(&mut one, &lot("102", taken, "2027-01-01")).unwrap();
    }
    let counted =
        |name: &str, opened| Lot { opened: Some(opened), thrown: Some(0), ..lot("102", name, "2027-01-01") };
    count(&mut one, &[counted("A1", 1), counted("B1", 2), counted("D1", 3)]);
    let opened: Vec<(&str, Option<u32>)> =
        one.lots.iter().map(|one| (one.lot.as_str(), one.opened)).collect();
    assert_eq!(opened, [("B1", Some(2)), ("A1", Some(1)), ("C1", None), ("D1", Some(3))]);
}

#[test]
fn what_a_day_says_is_read_from_its_task_again() {
    let mut one = session();
    take_lot(&mut one, &lot("102", "A1", "2027-01-01")).unwrap();
    one.lots[0].opened = Some(3);
    one.lots[0].thrown = Some(1);
    let mut tree = json!({"resourceType": "Task", "id": "bt-1", "intent": "plan",
        "code": {"coding": [{"system": TASKS, "code": SESSION}]}, "owner": {"reference": "Organization/tram"}});
    one.write_into(&mut tree);
    let all: Vec<Lot> = items(&tree, "contained").filter_map(Lot::of).collect();
    assert_eq!(all, one.lots);
    assert_eq!(str_at(&tree, &["status"]), Some("in-progress"));
    assert_eq!(items(&tree, "input").count(), 3);
}
