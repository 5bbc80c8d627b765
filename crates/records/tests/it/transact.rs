use yba_fhir::json::{JsonValueTrait, json};
use yba_fhir::{Kind, Resource};
use yba_records::{Change, Ctx, DoneAs, Past, Query};

fn patient(name: &str, number: &str) -> Resource {
    let tree = json!({
        "resourceType": "Patient",
        "identifier": [{"system": "urn:cccd", "value": number}],
        "name": [{"text": name}],
        "birthDate": "1986-05-01",
    });
    Resource::from_value(tree).unwrap()
}

#[tokio::test]
async fn a_record_is_created_read_found_changed_and_deleted() {
    let kit = yba_testkit::records();
    let (records, ctx) = (&kit.records, kit.ctx());
    let done = records.transact(&ctx, vec![Change::create(patient("Nguyễn Thị Lành", "1"))]).await.unwrap();
    assert_eq!(done[0].outcome, DoneAs::Created);
    let first = done[0].version.clone().unwrap();
    let read = records.read(&ctx, "Patient", &first.id).await.unwrap();
    assert_eq!(read.tree()["meta"]["versionId"].as_str(), Some(first.version_id.as_str()));

    for text in [
        "name=lanh",
        "name=nguyen%20thi",
        "name=THỊ",
        "identifier=urn:cccd|1",
        "birthdate=1986",
        "birthdate=ge1986-05-01",
    ] {
        let query = Query::parse_string("Patient", text).unwrap();
        assert_eq!(records.search(&ctx, &query, None).await.unwrap().matches.len(), 1, "{text}");
    }
    for text in ["name=an", "identifier=urn:cccd|2", "birthdate=lt1986-05-01", "name:exact=lành"] {
        let query = Query::parse_string("Patient", text).unwrap();
        assert_eq!(records.search(&ctx, &query, None).await.unwrap().matches.len(), 0, "{text}");
    }

    let mut changed = patient("Nguyễn Thị Lành", "2");
    changed.set_id(&first.id);
    let done =
        records.transact(&ctx, vec![Change::put(changed.clone()).if_match(&first.version_id)]).await.unwrap();
    assert_eq!(done[0].outcome, DoneAs::Updated);
    let again = records.transact(&ctx, vec![Change::put(changed.clone())]).await.unwrap();
    assert_eq!(again[0].outcome, DoneAs::Unchanged);
    assert!(!again[0].version.as_ref().unwrap().body.is_empty());
    let stale =
        records.transact(&ctx, vec![Change::put(changed).if_match(&first.version_id)]).await.unwrap_err();
    assert_eq!(stale.kind, Kind::Precondition);
    let old = Query::parse_string("Patient", "identifier=urn:cccd|1").unwrap();
    assert!(records.search(&ctx, &old, None).await.unwrap().matches.is_empty(), "closed rows are not found");

    records.transact(&ctx, vec![Change::delete("Patient", &first.id)]).await.unwrap();
    assert_eq!(records.read(&ctx, "Patient", &first.id).await.unwrap_err().kind, Kind::Gone);
    assert_eq!(records.history(&ctx, &Past::of_record("Patient", &first.id, 10)).await.unwrap().len(), 3);
    let verdict = yba_records::audit::verify(records, &[]).await.unwrap();
    assert_eq!(verdict.problems, Vec::<String>::new());
}

#[tokio::test]
async fn a_transaction_is_all_or_nothing_and_ties_its_own_references() {
    let kit = yba_testkit::records();
    let (records, ctx) = (&kit.records, kit.ctx());
    let observation = json!({"resourceType": "Observation", "status": "final", "code": {"text": "x"}, "subject": {"reference": "urn:uuid:p"}});
    let observation = Resource::from_value(observation).unwrap();
    let ok = vec![
        Change::create(observation.clone()),
        Change::create(patient("A", "7")).known_as("urn:uuid:p").unless("identifier=urn:cccd|7"),
    ];
    let first = records.transact(&ctx, ok.clone()).await.unwrap();
    let patient_id = first[1].version.as_ref().unwrap().id.clone();
    let second = records.transact(&ctx, ok).await.unwrap();
    assert_eq!(second[1].outcome, DoneAs::Existing);
    let tied = second[0].version.as_ref().unwrap().tree();
    assert_eq!(tied["subject"]["reference"].as_str(), Some(format!("Patient/{patient_id}").as_str()));

    let before = kit.store().head_t();
    let bad = vec![
        Change::create(patient("B", "8")),
        Change::put(patient("C", "9")), // no id
    ];
    assert!(records.transact(&ctx, bad).await.is_err());
    assert!(
        records.transact(&ctx, vec![Change::create(observation)]).await.is_err(),
        "an unresolved name is refused"
    );
    assert_eq!(kit.store().head_t(), before);
    let everything = records.everything(&ctx, &[patient_id], &[]).await.unwrap();
    assert_eq!(everything.len(), 3);
}

#[tokio::test]
async fn one_condition_twice_in_one_call_is_refused_and_makes_nothing() {
    let kit = yba_testkit::records();
    let twice = ["A", "B"].map(|name| Change::create(patient(name, "7")).unless("identifier=urn:cccd|7"));
    let refused = kit.records.transact(&kit.ctx(), twice.to_vec()).await.unwrap_err();
    assert_eq!((refused.kind, refused.issues[0].key), (Kind::Invalid, "same-condition-twice"));
    assert_eq!(kit.store().head_t(), 0);
}

#[tokio::test]
async fn strangers_may_do_nothing_and_leave_a_trace() {
    let kit = yba_testkit::records();
    let stranger = Ctx::stranger("test");
    let before = kit.records.trail().end().0;
    assert_eq!(kit.records.read(&stranger, "Patient", "x").await.unwrap_err().kind, Kind::Unauthenticated);
    let query = Query::all("Patient");
    assert_eq!(kit.records.search(&stranger, &query, None).await.unwrap_err().kind, Kind::Unauthenticated);
    let write = vec![Change::create(patient("B", "8"))];
    assert_eq!(kit.records.transact(&stranger, write).await.unwrap_err().kind, Kind::Unauthenticated);
    assert_eq!(kit.records.trail().end().0, before + 3);
}

#[tokio::test]
async fn the_same_bundle_twice_makes_no_version_although_it_names_its_own_records() {
    let kit = yba_testkit::records();
    let bundle = || {
        let text = br#"{"resourceType":"Observation","id":"o1","status":"final","valueInteger":1,"code":{"text":"x","id":"a"},"subject":{"reference":"urn:uuid:p"},"note":[{"text":"\"reference\":\"urn:uuid:q\""}]}"#;
        let mut named = patient("A", "7");
        named.set_id("p1");
        vec![Change::put(Resource::parse(text).unwrap()), Change::put(named).known_as("urn:uuid:p")]
    };
    let first = kit.records.transact(&kit.ctx(), bundle()).await.unwrap();
    let body = String::from_utf8(first[0].version.as_ref().unwrap().body.to_vec()).unwrap();
    assert!(body.contains(r#""subject":{"reference":"Patient/p1"},"note""#), "order is kept: {body}");
    assert!(body.contains("urn:uuid:q"), "a string that looks like a reference is text");
    let second = kit.records.transact(&kit.ctx(), bundle()).await.unwrap();
    assert!(second.iter().all(|one| one.outcome == DoneAs::Unchanged));
}

#[tokio::test]
async fn what_is_no_well_formed_r4_is_refused_at_the_door_and_nothing_is_stored() {
    let kit = yba_testkit::records();
    let wrong = |text: &str| Change::create(Resource::parse(text.as_bytes()).unwrap());
    let changes = vec![
        Change::create(patient("Lò Thị Mẫu", "1")),
        wrong(r#"{"resourceType":"Patient","birthDate":"30/02/1986","gendr":"male"}"#),
        wrong(r#"{"resourceType":"Observation","status":"xong"}"#),
    ];
    let refused = kit.records.transact(&kit.ctx(), changes).await.unwrap_err();
    assert_eq!(refused.kind, Kind::Invalid);
    let mut told: Vec<_> =
        refused.issues.iter().map(|one| (one.position, one.path.as_deref().unwrap())).collect();
    told.sort();
    assert_eq!(
        told,
        [
            (Some(1), "Patient.birthDate"),
            (Some(1), "Patient.gendr"),
            (Some(2), "Observation.code"),
            (Some(2), "Observation.status"),
        ]
    );
    assert_eq!(kit.records.store().head_t(), 0, "all or nothing");
}
