use super::*;
use yba_fhir::json::JsonValueTrait;
use yba_testkit::{Kit, each_engine, records};

const ICD: &str = "http://hl7.org/fhir/sid/icd-10";
/// Noon on 2026-11-22 in Vietnam.
const NOON_MS: i64 = 1_795_323_600_000;
const HOUR_MS: i64 = 3_600_000;

fn content() -> Content {
    Content::built_in()
}

fn day(text: &str) -> Day {
    Day::parse(text).unwrap()
}

fn condition(id: &str, patient: &str, code: &str, recorded: &str, status: &str) -> Value {
    json!({"resourceType": "Condition", "id": id, "subject": {"reference": format!("Patient/{patient}").as_str()},
        "code": {"coding": [{"system": ICD, "code": code}]},
        "verificationStatus": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/condition-ver-status", "code": status}]},
        "recordedDate": recorded})
}

fn told(about: &str, status: &str, onset: &str) -> Notified {
    Notified {
        id: format!("n-{about}"),
        version: "1".into(),
        status: status.into(),
        about: vec![about.into()],
        sender: String::new(),
        written: String::new(),
        sent: String::new(),
        way: String::new(),
        due: String::new(),
        doses: Doses::default(),
        draft: Draft { onset: onset.into(), ..Draft::default() },
    }
}

/// Case (id of its first diagnosis), diagnoses, hours until the deadline from the first, whether it is a suspicion, whether notified.
fn put_together(conditions: Vec<Value>, notified: &[Notified]) -> Vec<(String, usize, i64, bool, bool)> {
    let content = content();
    let persons = BTreeMap::from([("p1".to_owned(), "p1".to_owned()), ("p1b".to_owned(), "p1".to_owned())]);
    let all = cases(&content, conditions, notified, &persons);
    let mut seen: Vec<_> = all
        .iter()
        .map(|one| {
            let hours = (one.due_ms - one.diagnosed_ms) / HOUR_MS;
            (one.id().to_owned(), one.conditions.len(), hours, one.is_suspected, one.notified.is_some())
        })
        .collect();
    seen.sort();
    seen
}

#[test]
fn diagnoses_of_one_person_near_each_other_are_one_case() {
    let at = |day: u32| format!("2026-11-{day:02}T08:00:00+07:00");
    let measles =
        |id: &str, patient: &str, day: u32, status: &str| condition(id, patient, "B05.9", &at(day), status);
    let case =
        |id: &str, count: usize, hours: i64, suspected: bool| (id.to_owned(), count, hours, suspected, false);
    // The same person in two files; a suspicion first, a diagnosis two days later.
    let found =
        put_together(vec![measles("b", "p1b", 3, "confirmed"), measles("a", "p1", 1, "unconfirmed")], &[]);
    assert_eq!(found, vec![case("a", 2, 24, false)]);
    // Another person, another disease, another year are other cases.
    let others = vec![
        measles("a", "p1", 1, "confirmed"),
        measles("b", "p2", 1, "unconfirmed"),
        condition("c", "p1", "A91", &at(1), "confirmed"),
        condition("d", "p1", "B05.9", "2026-07-01", "confirmed"),
    ];
    assert_eq!(
        put_together(others, &[]),
        vec![
            case("a", 1, 24, false),
            case("b", 1, 24, true),
            case("c", 1, 24, false),
            case("d", 1, 24, false)
        ]
    );
    // What is no case: void, not on the list, counted by the month, of nobody.
    let none = vec![
        measles("a", "p1", 1, "entered-in-error"),
        measles("b", "p1", 1, "refuted"),
        condition("c", "p1", "I10", &at(1), "confirmed"),
        condition("d", "p1", "B01.9", &at(1), "confirmed"),
        json!({"resourceType": "Condition", "id": "e", "code": {"coding": [{"system": ICD, "code": "B05"}]}, "recordedDate": at(1).as_str()}),
        json!({"resourceType": "Condition", "id": "f", "code": {"coding": [{"system": "urn:x", "code": "B05"}]},
            "subject": {"reference": "Patient/p1"}, "recordedDate": at(1).as_str()}),
    ];
    assert_eq!(put_together(none, &[]), vec![]);
}

#[test]
fn a_case_is_notified_by_what_is_about_any_of_its_diagnoses_and_was_not_taken_back() {
    let two = || {
        let at = |day: u32| format!("2026-11-{day:02}T08:00:00+07:00");
        vec![
            condition("a", "p1", "B05", &at(1), "confirmed"),
            condition("b", "p1b", "B05", &at(9), "confirmed"),
        ]
    };
    let is_notified = |notified: &[Notified]| put_together(two(), notified)[0].4;
    assert!(is_notified(&[told("a", "preparation", "")]) && is_notified(&[told("b", "completed", "")]));
    assert!(!is_notified(&[]) && !is_notified(&[told("c", "completed", "")]));
    assert!(!is_notified(&[told("a", "entered-in-error", "")]));
    assert!(is_notified(&[told("a", "entered-in-error", ""), told("b", "preparation", "")]));
}

#[test]
fn a_deadline_is_of_the_edition_of_the_day_and_the_nearest_of_a_case() {
    let content = content();
    let of = |recorded: &str, status: &str| {
        let found = case::obligation(&content, &condition("a", "p", "A01.0", recorded, status))?;
        Some((found.due_ms - found.diagnosed_ms) / HOUR_MS)
    };
    assert_eq!(of("2026-06-30T23:59:59+07:00", "confirmed"), Some(48));
    assert_eq!(of("2026-07-01T00:00:00+07:00", "confirmed"), Some(24));
    assert_eq!(of("2026-06-30", "provisional"), None, "a suspicion of typhoid was not notified then");
    assert_eq!(of("2026-07-01", "provisional"), Some(24));
    assert_eq!(of("2016-06-30", "confirmed"), None);
    assert_eq!(of("hôm qua", "confirmed"), None);
}

/// A case of measles diagnosed at 08:00 on 2026-11-22.
fn measles(content: &Content) -> Case<'_> {
    let tree = condition("a", "p1", "B05.9", "2026-11-22T08:00:00+07:00", "confirmed");
    cases(content, vec![tree], &[], &BTreeMap::new()).remove(0)
}

fn good() -> Draft {
    Draft {
        onset: "2026-11-20".into(),
        class: "probable".into(),
        sample: "none".into(),
        outcome: "outpatient".into(),
        form: "f".into(),
        ..Draft::default()
    }
}

fn contact(name: &str, phone: &str) -> Contact {
    Contact { name: name.into(), phone: phone.into(), relation: String::new() }
}

#[test]
fn what_cannot_be_is_stopped_and_what_is_odd_is_asked() {
    use Severity::{Ask, Stop};
    let content = content();
    let case = measles(&content);
    let onset = |text: &str| Draft { onset: text.into(), ..good() };
    let sample = |sample: &str, day: &str| Draft { sample: sample.into(), sample_day: day.into(), ..good() };
    let near = |contacts: Vec<Contact>| Draft { contacts, ..good() };
    let cases: Vec<(Draft, Vec<(&str, Severity)>)> = vec![
        (good(), vec![]),
        (onset(""), vec![("onset", Stop)]),
        (onset("hôm qua"), vec![("onset", Stop)]),
        (onset("2026-11-24"), vec![("onset", Stop)]),
        (onset("2020-01-01"), vec![("onset", Stop)]),
        (onset("2026-11-23"), vec![("onset", Ask)]),
        (onset("2026-09-01"), vec![("onset", Ask)]),
        (Draft { class: "x".into(), ..good() }, vec![("class", Stop)]),
        (Draft { class: "confirmed".into(), ..good() }, vec![("class", Ask)]),
        (Draft { class: "confirmed".into(), ..sample("positive", "2026-11-22") }, vec![]),
        (sample("", ""), vec![("sample", Stop)]),
        (sample("taken", ""), vec![("sample-day", Stop)]),
        (sample("taken", "2026-11-24"), vec![("sample-day", Stop)]),
        (sample("taken", "2026-11-19"), vec![("sample-day", Ask)]),
        (sample("taken", "2026-11-21"), vec![]),
        (Draft { outcome: String::new(), ..good() }, vec![("outcome", Stop)]),
        (Draft { note: "x".repeat(1001), ..good() }, vec![("note", Stop)]),
        (near(vec![contact("Lò Thị Mai", "0912 345 678"), Contact::default()]), vec![]),
        (near(vec![contact("", "0912345678")]), vec![("contact-name-0", Stop)]),
        (near(vec![contact("Mai", "12")]), vec![("contact-phone-0", Stop)]),
        (near(vec![contact("Mai", "số của mẹ 0912345678")]), vec![("contact-phone-0", Stop)]),
        (near(vec![contact(&"x".repeat(101), "")]), vec![("contact-name-0", Stop)]),
        (near(vec![contact("Mai", ""); 51]), vec![("contacts", Stop)]),
    ];
    for (at, (draft, expected)) in cases.iter().enumerate() {
        let found = check(&case, Some(day("2025-03-01")), draft, day("2026-11-23"));
        let found: Vec<(&str, Severity)> =
            found.iter().map(|one| (one.field.as_str(), one.severity)).collect();
        assert_eq!(&found, expected, "case {at}");
    }
}

#[test]
fn a_fresh_form_holds_what_the_record_knows_and_what_is_told_comes_back() {
    let content = content();
    let mut case = measles(&content);
    assert_eq!(
        (fresh(&case, "f".into()).class.as_str(), fresh(&case, "f".into()).onset.as_str()),
        ("probable", "")
    );
    case.conditions[0] = json!({"id": "a", "onsetDateTime": "2026-11-19T22:00:00Z"});
    assert_eq!(fresh(&case, "f".into()).onset, "2026-11-20", "the day in Vietnam");
    case.conditions[0] = json!({"id": "a", "onsetDateTime": "2026-11"});
    assert_eq!(fresh(&case, "f".into()).onset, "", "a month is no day");

    let draft = Draft {
        sample: "taken".into(),
        sample_day: "2026-11-21".into(),
        note: "Cùng lớp mẫu giáo".into(),
        reason: "như thế".into(),
        contacts: vec![contact("Lò Thị Mai", "0912345678"), Contact::default()],
        ..good()
    };
    let doses = Doses { count: 1, last: "2025-12-01".into() };
    let tree = plan(&case, &draft, &doses, Some("tram"), "tb-1", NOON_MS);
    let back = answers::read(&tree);
    assert_eq!((back.doses, back.due.as_str()), (doses, "2026-11-23T08:00:00.000+07:00"));
    let told = Draft { contacts: vec![contact("Lò Thị Mai", "0912345678")], form: String::new(), ..draft };
    assert_eq!(back.draft, told);
}

#[test]
fn doses_against_the_disease_count_once_a_day() {
    let content = content();
    let case = measles(&content);
    let dose = |vaccine: &str, on: &str, status: &str| json!({"status": status, "vaccineCode": {"coding": [{"code": vaccine}]}, "occurrenceDateTime": on});
    let given = [
        dose("05", "2025-12-01", "completed"),
        dose("05", "2025-12-01T09:00:00+07:00", "completed"),
        dose("94", "2026-06-01", "completed"),
        dose("05", "2026-07-01", "entered-in-error"),
        dose("05", "2026-08-01", "not-done"),
        dose("102", "2026-09-01", "completed"),
    ];
    assert_eq!(doses(case.disease, &given), Doses { count: 2, last: "2026-06-01".into() });
    assert_eq!(doses(case.disease, &[]), Doses::default());
}

#[test]
fn being_in_time_is_to_the_minute() {
    let due = "2026-11-23T08:00:00+07:00";
    assert!(is_in_time("2026-11-23T08:00:00+07:00", due) && is_in_time("2026-11-23T00:59:00Z", due));
    assert!(!is_in_time("2026-11-23T08:00:01+07:00", due) && is_in_time("2026-11-24", ""));
}

async fn write_all(kit: &Kit, trees: Vec<Value>) {
    let changes = trees.into_iter().map(|tree| Change::put(Resource::from_value(tree).unwrap())).collect();
    kit.records.transact(&kit.ctx(), changes).await.unwrap();
}

fn patient(id: &str) -> Value {
    json!({"resourceType": "Patient", "id": id, "birthDate": "2025-03-01"})
}

/// At noon on 2026-11-22.
fn at_noon(kit: &Kit) {
    kit.advance_ms(NOON_MS - kit.now_ms());
}

async fn opened<'c>(kit: &Kit, content: &'c Content, condition: &str) -> Case<'c> {
    case_of(&kit.records, &kit.ctx(), content, condition).await.unwrap()
}

#[tokio::test]
async fn a_notification_is_written_once_changed_sent_taken_back_and_written_again() {
    each_engine(async |kit| {
        at_noon(&kit);
        let content = content();
        let (records, ctx) = (&kit.records, kit.ctx());
        let mut sealed = condition("a", "p1", "B05.9", "2026-11-22T08:00:00+07:00", "confirmed");
        sealed["meta"] = json!({"security": [{"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "PSY"}]});
        write_all(&kit, vec![patient("p1"), sealed, condition("x", "p1", "I10", "2026-11-22", "confirmed")]).await;
        let case = opened(&kit, &content, "a").await;
        assert!(case_of(records, &ctx, &content, "x").await.is_err_and(|it| it.kind == Kind::Unprocessable));

        // Two hands at once with one form, and a colleague with another.
        let doses = Doses::default();
        write(records, &ctx, &case, &good(), &doses, Some("tram")).await.unwrap();
        write(records, &ctx, &case, &good(), &doses, Some("tram")).await.unwrap();
        let other = Draft { form: "g".into(), ..good() };
        let refused = write(records, &ctx, &case, &other, &doses, None).await.unwrap_err();
        assert!(refused.kind == Kind::Conflict && format!("{refused:?}").contains("Một người khác vừa ghi"), "{refused:?}");
        let all = Query::parse_string("Communication", "_count=10").unwrap();
        let count = async || records.search(&ctx, &all, None).await.unwrap().matches.len();
        assert_eq!(count().await, 1);

        let case = opened(&kit, &content, "a").await;
        assert_eq!(case.send_due_ms(), case.due_ms);
        assert!(is_written(&case, &good()) && !is_written(&case, &other));
        let written = case.notified.clone().unwrap();
        assert_eq!((written.sender.as_str(), written.is_sent()), ("tram", false));
        let tree = records.read(&ctx, "Communication", &written.id).await.unwrap().tree();
        assert_eq!(items(&tree["meta"], "security").next().unwrap()["code"].as_str(), Some("PSY"), "hidden as its diagnosis is");

        // Changed from an old look it is refused, from the newest it is kept.
        send(records, &ctx, &written.id, "PHONE").await.unwrap();
        send(records, &ctx, &written.id, "PHONE").await.unwrap();
        assert!(send(records, &ctx, &written.id, "chim bồ câu").await.is_err());
        let stale = Draft { outcome: "inpatient".into(), form: "h".into(), version: written.version.clone(), ..good() };
        let refused = write(records, &ctx, &case, &stale, &doses, None).await.unwrap_err();
        assert_eq!(refused.kind, Kind::Precondition);
        let case = opened(&kit, &content, "a").await;
        let sent = case.notified.clone().unwrap();
        assert!(sent.is_sent() && sent.way == "PHONE" && sent.draft.outcome == "outpatient");
        let newer = Draft { version: sent.version, ..stale };
        write(records, &ctx, &case, &newer, &doses, Some("tram")).await.unwrap();
        kit.advance_ms(HOUR_MS);
        let case = opened(&kit, &content, "a").await;
        assert_eq!(case.send_due_ms() - case.due_ms, 4 * HOUR_MS, "a change at noon, of a diagnosis at eight");
        let changed = case.notified.unwrap();
        assert!(changed.is_change() && changed.way == "PHONE");
        assert!(!changed.is_sent() && changed.draft.outcome == "inpatient", "what is new is to be sent on again");

        take_back(records, &ctx, &changed.id).await.unwrap();
        assert!(send(records, &ctx, &changed.id, "PHONE").await.is_err());
        let case = opened(&kit, &content, "a").await;
        assert!(case.notified.is_none());
        write(records, &ctx, &case, &other, &doses, None).await.unwrap();
        assert_eq!(opened(&kit, &content, "a").await.notified.unwrap().id, written.id);
        assert_eq!(count().await, 1);
    })
    .await;
}

#[tokio::test]
async fn the_list_has_what_was_diagnosed_lately_with_and_without_a_date() {
    let kit = records();
    at_noon(&kit);
    let content = content();
    let mut undated = condition("undated", "p4", "B05", "", "confirmed");
    undated.as_object_mut().unwrap().remove(&"recordedDate");
    write_all(
        &kit,
        vec![
            patient("p1"),
            patient("p2"),
            patient("p3"),
            patient("p4"),
            patient("p5"),
            condition("new", "p1", "B059", "2026-11-22T08:00:00+07:00", "confirmed"),
            condition("old", "p2", "B05.9", "2026-09-01", "confirmed"),
            condition("month", "p3", "B01.9", "2026-11-22", "confirmed"),
            condition("dengue", "p5", "A97.2", "2026-11-21T08:00:00+07:00", "confirmed"),
            undated,
        ],
    )
    .await;
    let found = listed(&kit.records, &kit.ctx(), &content).await.unwrap();
    let ids: Vec<&str> = found.cases.iter().map(Case::id).collect();
    assert_eq!(ids, ["dengue", "new", "undated"], "the nearest deadline first");
    assert!(!found.is_cut);
    let nobody = Ctx::stranger("test");
    assert!(listed(&kit.records, &nobody, &content).await.is_err());
}

/// Somebody who has come in with this role, at a facility or everywhere.
async fn someone(kit: &Kit, role: &str, facility: Option<&str>) -> Ctx {
    use std::sync::Arc;
    use yba_auth::Grant;
    use yba_records::gate::{Attempt, Gate, NewAccount, Origin, Visitor};
    let password = "bốn bức tường trắng";
    let from = || Origin { address: "10.0.0.1".into(), request_id: "r".into() };
    let gate = Gate::open(kit.records.clone(), Arc::new(content()), &[7; 32]).await.unwrap();
    let grant = Grant { organization: facility.map(str::to_owned), ..Grant::new(role, gate.today()) };
    let login = format!("{role}.{}", facility.unwrap_or("tinh"));
    let typed =
        NewAccount {
            login: login.clone(), name: "Thử".into(), roles: vec![grant], ..NewAccount::default()
        };
    let (_, link) = gate.create(&kit.ctx(), &typed).await.unwrap();
    gate.set_password_by_link(&link.0, password, None, &from()).await.unwrap();
    let attempt = Attempt { login, password: password.into(), device: None, origin: from() };
    let came = gate.sign_in(attempt).await.unwrap();
    let mut visitor = gate.visitor(&came.session.0, &from()).await.unwrap();
    if let Visitor::Halfway(here, _) = &visitor {
        let setup = gate.set_up_app(here).unwrap();
        let code = yba_testkit::app_code(&setup.text, kit.now_ms());
        gate.keep_app(here, &setup.sealed, &code, &from()).await.unwrap();
        visitor = gate.visitor(&came.session.0, &from()).await.unwrap();
    }
    gate.ctx(&visitor, "test", "r")
}

#[tokio::test]
async fn who_may_not_read_a_diagnosis_sees_no_case_no_notification_and_no_outbreak() {
    each_engine(async |kit| {
        at_noon(&kit);
        let content = content();
        let records = &kit.records;
        let kept = |id: &str| json!({"resourceType": "Patient", "id": id, "managingOrganization": {"reference": "Organization/a"}});
        let label = json!({"security": [{"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "STD"}]});
        let of = |id: &str, patient: &str| condition(id, patient, "B05.9", "2026-11-22T08:00:00+07:00", "confirmed");
        let mut sealed = of("kin", "r");
        sealed["meta"] = label;
        write_all(&kit, vec![kept("p"), kept("q"), kept("r"), of("c", "p"), of("d", "q"), sealed]).await;

        let ids = async |ctx: &Ctx| -> Vec<String> {
            let found = listed(records, ctx, &content).await.unwrap();
            found.cases.iter().map(|case| case.id().to_owned()).collect()
        };
        let nurse = someone(&kit, "station-staff", Some("a")).await;
        let stranger = someone(&kit, "station-staff", Some("b")).await;
        let watcher = someone(&kit, "epidemiologist", None).await;
        let cashier = someone(&kit, "cashier", Some("a")).await;
        assert_eq!(ids(&nurse).await, ["c", "d"]);
        assert_eq!(ids(&stranger).await, Vec::<String>::new());
        assert_eq!(ids(&watcher).await, ["c", "d", "kin"]);
        let kind = |refused: Outcome| refused.kind;
        assert_eq!(listed(records, &cashier, &content).await.map_err(kind).err(), Some(Kind::Forbidden));
        for (ctx, id) in [(&nurse, "kin"), (&stranger, "c")] {
            assert_eq!(case_of(records, ctx, &content, id).await.map_err(kind).err(), Some(Kind::NotFound));
        }
        assert_eq!(case_of(records, &cashier, &content, "c").await.map_err(kind).err(), Some(Kind::Forbidden));

        // A stranger and a cashier who know of the case do not write about it; the nurse does, and the epidemiologist.
        let doses = Doses::default();
        let case = case_of(records, &nurse, &content, "c").await.unwrap();
        for ctx in [&stranger, &cashier] {
            let refused = write(records, ctx, &case, &good(), &doses, None).await.map_err(kind);
            assert!(matches!(refused, Err(Kind::Forbidden | Kind::NotFound)), "{refused:?}");
        }
        write(records, &nurse, &case, &good(), &doses, Some("a")).await.unwrap();
        let hidden = case_of(records, &watcher, &content, "kin").await.unwrap();
        write(records, &watcher, &hidden, &good(), &doses, None).await.unwrap();
        let seen = async |ctx: &Ctx| {
            let all = Query::parse_string("Communication", "_count=10").unwrap();
            records.search(ctx, &all, None).await.unwrap().matches.len()
        };
        assert_eq!((seen(&nurse).await, seen(&stranger).await, seen(&watcher).await), (1, 0, 2));
        for ctx in [&stranger, &cashier] {
            let id = case_of(records, &nurse, &content, "c").await.unwrap().notified.unwrap().id;
            assert!(send(records, ctx, &id, "PHONE").await.is_err() && take_back(records, ctx, &id).await.is_err());
        }

        // The nurse's outbreak is seen by who sees one of its people.
        let place = |_: &Case<'_>| crate::outbreak::Place { key: "x".into(), words: "x".into() };
        let found = listed(records, &nurse, &content).await.unwrap();
        let clusters = crate::outbreak::clusters(&found.cases, place, &[]);
        assert!(crate::outbreak::write(records, &stranger, &clusters[0], None).await.is_err());
        let id = crate::outbreak::write(records, &nurse, &clusters[0], Some("a")).await.unwrap();
        assert!(crate::outbreak::one(records, &watcher, &id).await.is_ok());
        assert_eq!(crate::outbreak::one(records, &stranger, &id).await.map_err(kind).err(), Some(Kind::NotFound));
        assert!(crate::outbreak::all(records, &stranger).await.unwrap().is_empty());
        let day = Day::parse("2026-12-01").unwrap();
        assert!(crate::outbreak::end(records, &stranger, &id, day).await.is_err());
        assert!(crate::outbreak::all(records, &cashier).await.is_err());
    })
    .await;
}
