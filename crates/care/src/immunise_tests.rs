use super::*;

fn content() -> Content {
    Content::built_in()
}

fn day(text: &str) -> Day {
    Day::parse(text).unwrap()
}

fn known<'c>(content: &'c Content, given: &[(&str, &str)]) -> Known<'c> {
    let patient = json!({"resourceType": "Patient", "birthDate": "2026-07-10", "gender": "female"});
    let immunizations: Vec<Value> = given
        .iter()
        .map(|(on, vaccine)| {
            json!({"resourceType": "Immunization", "status": "completed", "occurrenceDateTime": *on,
                "vaccineCode": {"coding": [{"system": CVX, "code": *vaccine}]}})
        })
        .collect();
    Known::of(content, &patient, &immunizations, day("2026-11-22")).unwrap()
}

fn draft(on: &str, series: &str, vaccine: &str, lot: &str, expiry: &str) -> Draft {
    let dose =
        Drawn { series: series.into(), vaccine: vaccine.into(), lot: lot.into(), expiry: expiry.into() };
    Draft { patient: "p".into(), day: on.into(), doses: vec![dose], form: "f".into(), ..Draft::default() }
}

/// Field and severity of each finding.
fn found(given: &[(&str, &str)], draft: &Draft) -> Vec<(String, Severity)> {
    let content = content();
    let found = check(&known(&content, given), draft, day("2026-11-22"));
    found.into_iter().map(|one| (one.field, one.severity)).collect()
}

#[test]
fn what_cannot_be_is_stopped_and_what_is_odd_is_asked() {
    use Severity::{Ask, Stop};
    let good = |on: &str| draft(on, "dpt", "102", "L1", "2027-12-31");
    let first = [("2026-09-12", "102")];
    type Case<'c> = (&'c [(&'c str, &'c str)], Draft, Vec<(&'c str, Severity)>);
    let cases: Vec<Case<'_>> = vec![
        (&[], good("2026-11-22"), vec![]),
        (&first, good("2026-11-22"), vec![]),
        // Days.
        (&[], good("2026-11-23"), vec![("day", Stop)]),
        (&[], good("2026-07-09"), vec![("day", Stop), ("dose-dpt", Ask)]),
        (&[], good("hôm qua"), vec![("day", Stop)]),
        // Doses.
        (&[], Draft { doses: vec![], ..good("2026-11-22") }, vec![("doses", Stop)]),
        (&[], good("2026-09-01"), vec![("dose-dpt", Ask)]),
        (&first, good("2026-09-20"), vec![("dose-dpt", Ask)]),
        (&[("2026-11-22", "102")], good("2026-11-22"), vec![("dose-dpt", Stop)]),
        (&[], draft("2026-11-22", "dpt", "19", "L1", "2027-12-31"), vec![("dose-dpt", Stop)]),
        (&[], draft("2026-11-22", "hpv", "62", "L1", "2027-12-31"), vec![("dose-hpv", Ask)]),
        (&[], draft("2026-11-22", "x", "102", "L1", "2027-12-31"), vec![("dose-x", Stop)]),
        (
            &[("2026-07-10", "08")],
            draft("2026-11-22", "hepb-birth", "08", "L1", "2027-12-31"),
            vec![("dose-hepb-birth", Ask)],
        ),
        (&[], draft("2026-11-22", "hepb-birth", "08", "L1", "2027-12-31"), vec![("dose-hepb-birth", Ask)]),
        // Vials.
        (&[], draft("2026-11-22", "dpt", "102", " ", "2027-12-31"), vec![("lot-dpt", Stop)]),
        (&[], draft("2026-11-22", "dpt", "102", &"L".repeat(21), "2027-12-31"), vec![("lot-dpt", Stop)]),
        (&[], draft("2026-11-22", "dpt", "102", "L1", "2026-11-21"), vec![("expiry-dpt", Stop)]),
        (&[], draft("2026-11-22", "dpt", "102", "L1", ""), vec![("expiry-dpt", Stop)]),
        (
            &[],
            draft("2026-11-22", "dpt", "777", "L1", "2027-12-31"),
            vec![("dose-dpt", Stop), ("dose-dpt", Stop)],
        ),
        (&[], Draft { reason: "x".repeat(501), ..good("2026-11-22") }, vec![("reason", Stop)]),
    ];
    for (at, (given, draft, expected)) in cases.iter().enumerate() {
        let expected: Vec<(String, Severity)> =
            expected.iter().map(|(field, severity)| ((*field).to_owned(), *severity)).collect();
        assert_eq!(found(given, draft), expected, "case {at}");
    }
}

#[test]
fn a_question_is_answered_by_a_reason_and_a_stop_by_nothing() {
    let content = content();
    let known = known(&content, &[]);
    let today = day("2026-11-22");
    let early = draft("2026-09-01", "dpt", "102", "L1", "2027-12-31");
    let answered = Draft { reason: "Ổ dịch ho gà trong bản".into(), ..early.clone() };
    assert!(blocking(&check(&known, &early, today), &early));
    assert!(!blocking(&check(&known, &answered, today), &answered));
    let expired = Draft {
        reason: "vẫn dùng được".into(),
        ..draft("2026-11-22", "dpt", "102", "L1", "2020-01-01")
    };
    assert!(blocking(&check(&known, &expired, today), &expired));
}

#[test]
fn the_same_form_gives_the_same_ids_and_another_child_others() {
    let one = draft("2026-11-22", "dpt", "102", "L1", "2027-12-31");
    assert_eq!(id(&one, "102", "L1"), id(&one.clone(), "102", "L1"));
    for other in [
        Draft { form: "g".into(), ..one.clone() },
        Draft { patient: "q".into(), ..one.clone() },
        Draft { day: "2026-11-21".into(), ..one.clone() },
    ] {
        assert_ne!(id(&one, "102", "L1"), id(&other, "102", "L1"));
    }
    assert_ne!(id(&one, "102", "L1"), id(&one, "102", "L2"));
}

#[test]
fn an_older_dose_has_the_number_it_had_then() {
    let content = content();
    let known = known(&content, &[("2026-09-12", "102"), ("2026-11-14", "102")]);
    let draft = draft("2026-10-13", "dpt", "102", "L1", "2027-12-31");
    let changes = plan(&known, &draft, &[], day("2026-11-22").start_ms()).unwrap();
    let said = format!("{changes:?}");
    assert!(said.contains("doseNumberPositiveInt") && changes.len() == 1, "{said}");
    let before = known.courses_before(day("2026-10-13"));
    assert_eq!(before.iter().find(|course| course.series.slug == "dpt").unwrap().counted, 1);
}

#[test]
fn a_form_that_is_written_is_known_by_its_records() {
    let one = draft("2026-11-22", "dpt", "102", " L1 ", "2027-12-31");
    let kept = [json!({"resourceType": "Immunization", "id": id(&one, "102", "L1").as_str()})];
    assert!(is_written(&one, &kept));
    assert!(!is_written(&Draft { form: "g".into(), ..one.clone() }, &kept));
    assert!(!is_written(&one, &[]));
    let mut taken_back = kept.clone();
    taken_back.iter_mut().for_each(|tree| put(tree, "status", json!("entered-in-error")));
    assert!(!is_written(&one, &taken_back), "what was taken back does not stand");
    assert!(!is_written(&Draft { doses: vec![], ..one }, &kept), "no dose is none that was written");
}
