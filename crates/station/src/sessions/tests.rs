use super::*;
use yba_care::session::Stage;
use yba_content::Content;
use yba_fhir::json::json;

fn day(text: &str) -> Day {
    Day::parse(text).unwrap()
}

fn dose(patient: &str, cvx: &str, lot: &str, status: &str) -> Value {
    json!({"status": status, "patient": {"reference": format!("Patient/{patient}").as_str()}, "lotNumber": lot,
        "statusReason": {"text": "Sốt"}, "expirationDate": "2099-12-31",
        "extension": [{"url": "https://yba.vn/fhir/StructureDefinition/vaccination-session", "valueReference": {"reference": "Task/bt-1"}}],
        "vaccineCode": {"text": "V", "coding": [{"system": yba_recall::dose::CVX, "code": cvx}]}})
}

fn called(patient: &str, village: &str, series: &str) -> Called {
    let today = day("2026-11-23");
    let next =
        Next::Wanted { number: 1, due: today, late: today.plus_days(30), until: today.plus_days(3000) };
    Called {
        patient: patient.into(),
        person: patient.into(),
        birth: today,
        village: village.into(),
        asked: vec![yba_recall::list::Asked { series: series.into(), next }],
    }
}

fn session() -> Session {
    let lot = Lot {
        vaccine: "178".into(),
        lot: "A".into(),
        expiry: "2099-12-31".into(),
        opened: None,
        thrown: None,
    };
    Session {
        id: "bt-1".into(),
        stage: Stage::Open,
        day: day("2026-11-23"),
        place: "Trạm".into(),
        owner: "tram".into(),
        villages: vec!["Nà".into()],
        vaccines: vec!["178".into()],
        lots: vec![lot],
    }
}

#[test]
fn a_day_is_for_its_villages_and_vaccines() {
    let content = Content::built_in();
    let (schedule, rules) = (
        content.schedule(yba_recall::CHILDREN, day("2026-11-23")).unwrap(),
        content.vaccination_day(day("2026-11-23")).unwrap(),
    );
    let all = vec![called("a", "Nà", "opv"), called("b", "Pá", "opv"), called("c", "Nà", "dpt")];
    let of = of_day(all, &session(), schedule);
    assert_eq!(of.iter().map(|one| one.patient.as_str()).collect::<Vec<_>>(), ["a"]);
    let needs = needs(&of, schedule, rules, Some(&session()));
    assert_eq!(
        needs.iter().map(|one| (one.vaccine.as_str(), one.children, one.vials)).collect::<Vec<_>>(),
        [("178", 1, 1)]
    );
}

#[test]
fn who_is_to_come_stands_first_and_who_got_it_last() {
    let content = Content::built_in();
    let schedule = content.schedule(yba_recall::CHILDREN, day("2026-11-23")).unwrap();
    let all = ["a", "b", "c", "d"].map(|id| called(id, "Nà", "opv"));
    let marks = BTreeMap::from([("b".to_owned(), Mark::Came), ("c".to_owned(), Mark::NotFound)]);
    let doses = [dose("d", "178", "A", "not-done"), dose("e", "178", "A", "completed")];
    let lines = lines(&all, &doses, &marks, schedule, day("2026-11-23"));
    let shown: Vec<_> = lines.iter().map(|one| (one.patient.as_str(), one.state)).collect();
    let expected = [
        ("b", State::Came),
        ("a", State::Waiting),
        ("d", State::PutOff),
        ("c", State::NotFound),
        ("e", State::Given),
    ];
    assert_eq!(shown, expected);
    let counts = Counts { all: 5, given: 1, put_off: 1, not_found: 1, waiting: 2 };
    assert_eq!(Counts::of(&lines), counts);
}

#[test]
fn what_is_thrown_away_is_what_the_vials_held_and_nobody_got() {
    let content = Content::built_in();
    let (schedule, rules) = (
        content.schedule(yba_recall::CHILDREN, day("2026-11-23")).unwrap(),
        content.vaccination_day(day("2026-11-23")).unwrap(),
    );
    // A vial of this vaccine holds 20 doses.
    let doses: Vec<Value> = (0..21).map(|at| dose(&format!("p{at}"), "178", "A", "completed")).collect();
    let mut session = session();
    let all = used(&session, &doses, schedule, rules);
    assert_eq!((all[0].given, all[0].opened(), all[0].thrown()), (21, 2, 19));
    let pairs = |list: &[(&str, &str)]| -> Vec<(String, String)> {
        list.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    };
    for wrong in
        [&[("mo-178-A", "1")][..], &[("bo-178-A", "20")], &[("mo-178-A", "x")], &[("mo-178-A", "999999999")]]
    {
        assert!(closing(&all, &pairs(wrong)).is_err(), "{wrong:?}");
    }
    session.lots = closing(&all, &pairs(&[("mo-178-A", "3"), ("bo-178-A", "30")])).unwrap();
    assert_eq!((session.lots[0].opened, session.lots[0].thrown), (Some(3), Some(30)));
    let wasted = wasted(&[session], &doses, schedule, rules);
    assert_eq!((wasted[0].vials, wasted[0].held, wasted[0].given, wasted[0].thrown), (3, 60, 21, 30));
    assert_eq!(wasted[0].percent(), Some(50.0));
}
