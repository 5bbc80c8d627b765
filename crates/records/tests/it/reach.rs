//! Whose records a role reaches: of the place for which it was granted, as ties, consents and emergencies have it.

use crate::gate::{from, gate, try_in};
use yba_auth::Grant;
use yba_fhir::json::{JsonContainerTrait, JsonValueMutTrait, Value, json, str_at};
use yba_fhir::{Kind, Outcome, Resource};
use yba_records::gate::{NewAccount, OPEN_MS, Visitor};
use yba_records::{Change, Ctx, Everything, Gate, Past, Query, Records};
use yba_store::search::query::decode_pairs;
use yba_testkit::{Kit, each_engine};

const PASSWORD: &str = "bốn bức tường trắng";

fn of(tree: Value) -> Resource {
    Resource::from_value(tree).unwrap()
}

fn put(tree: Value) -> Change {
    Change::put(of(tree))
}

fn person(id: &str) -> Value {
    json!({"resourceType": "Patient", "id": id, "name": [{"text": "Lò Thị Mẫu"}]})
}

fn visit(id: &str, patient: &str, facility: &str, status: &str) -> Value {
    json!({"resourceType": "Encounter", "id": id, "status": status, "class": {"code": "AMB"},
        "subject": {"reference": format!("Patient/{patient}")},
        "serviceProvider": {"reference": format!("Organization/{facility}")}})
}

fn result(id: &str, patient: &str) -> Value {
    json!({"resourceType": "Observation", "id": id, "status": "final", "code": {"text": "x"},
        "subject": {"reference": format!("Patient/{patient}")}})
}

/// Somebody with a role at a facility, and how they come in again.
async fn someone(gate: &Gate, kit: &Kit, role: &str, facility: Option<&str>) -> (Visitor, Ctx) {
    let grant = Grant { organization: facility.map(str::to_owned), ..Grant::new(role, gate.today()) };
    granted(gate, kit, grant).await
}

/// The same by what was granted.
async fn granted(gate: &Gate, kit: &Kit, grant: Grant) -> (Visitor, Ctx) {
    let login = format!("{}.{}", grant.role, grant.organization.as_deref().unwrap_or("tinh"));
    let typed =
        NewAccount {
            login: login.clone(), name: "Thử".into(), roles: vec![grant], ..NewAccount::default()
        };
    let (_, link) = gate.create(&kit.ctx(), &typed).await.unwrap();
    gate.set_password_by_link(&link.0, PASSWORD, None, &from("10.0.0.9")).await.unwrap();
    let came = try_in(gate, &login, PASSWORD, None, "10.0.0.1").await.unwrap();
    let visitor = gate.visitor(&came.session.0, &from("10.0.0.1")).await.unwrap();
    let ctx = gate.ctx(&visitor, "test", "r");
    (visitor, ctx)
}

fn kind<T>(done: Result<T, Outcome>) -> Option<Kind> {
    done.err().map(|refused| refused.kind)
}

/// Everything about a person.
fn whole(id: &str) -> Everything {
    Everything { kind: "Patient".into(), id: id.into(), count: 10, ..Everything::default() }
}

async fn found(records: &Records, ctx: &Ctx, kind: &str, text: &str) -> Vec<String> {
    let query = Query::parse(kind, &decode_pairs(text)).unwrap();
    let found = records.search(ctx, &query, None).await.unwrap();
    found.matches.into_iter().map(|one| one.id).collect()
}

async fn write(records: &Records, ctx: &Ctx, changes: Vec<Change>) -> Option<Kind> {
    kind(records.transact(ctx, changes).await)
}

/// Two people: one was at facility a, the other at b.
async fn two_people(kit: &Kit) {
    let all = vec![
        put(person("p")),
        put(person("q")),
        put(visit("e", "p", "a", "finished")),
        put(visit("f", "q", "b", "finished")),
        put(result("o", "p")),
        put(result("u", "q")),
    ];
    assert_eq!(write(&kit.records, &kit.ctx(), all).await, None);
}

#[tokio::test]
async fn an_absolute_address_of_somebody_within_reach_shows_nothing_more() {
    each_engine(async |kit| {
        let (gate, records) = (gate(&kit).await, &kit.records);
        two_people(&kit).await;
        // It names p, but is in nobody's compartment.
        let mut apart = result("w", "p");
        apart["subject"] = json!({"reference": "https://so.vn/fhir/Patient/p"});
        apart["code"] = json!({"coding": [{"code": "c"}]});
        let mut near = apart.clone();
        near["id"] = json!("v");
        near["subject"] = json!({"reference": "Patient/p"});
        assert_eq!(write(records, &kit.ctx(), vec![put(near)]).await, None);
        let (_, doctor) = someone(&gate, &kit, "doctor", Some("a")).await;
        let asked = async |ctx: &Ctx, text: &str| {
            let pairs = decode_pairs(text);
            let world = records.world("https://so.vn/fhir", &pairs).await.unwrap();
            let query = Query::parse_each(&["Observation"], &pairs, &world).unwrap();
            let found = records.search(ctx, &query[0], None).await.unwrap();
            found.matches.into_iter().map(|one| one.id).collect::<Vec<_>>()
        };
        for (text, before) in
            [("patient=p&_sort=_id", vec!["o", "v"]), ("patient=p&code=c&_sort=_id", vec!["v"])]
        {
            assert_eq!(asked(&doctor, text).await, before, "{text}");
        }
        assert_eq!(write(records, &kit.ctx(), vec![put(apart)]).await, None);
        for (text, all, theirs) in [
            ("patient=p&_sort=_id", vec!["o", "v", "w"], vec!["o", "v"]),
            ("patient=p&code=c&_sort=_id", vec!["v", "w"], vec!["v"]),
        ] {
            assert_eq!(asked(&kit.ctx(), text).await, all, "{text}");
            assert_eq!(asked(&doctor, text).await, theirs, "{text}");
        }
        for text in ["patient=q", "patient=q&code=c", "patient=p,q&code=z"] {
            assert_eq!(asked(&doctor, text).await, [""; 0], "{text}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_doctor_sees_who_was_at_the_facility_and_finds_everybody() {
    each_engine(async |kit| {
        let gate = gate(&kit).await;
        two_people(&kit).await;
        let (_, doctor) = someone(&gate, &kit, "doctor", Some("a")).await;
        let records = &kit.records;
        assert_eq!(
            found(records, &doctor, "Patient", "").await,
            ["p", "q"],
            "to find people is for the province"
        );
        assert_eq!(found(records, &doctor, "Observation", "").await, ["o"]);
        assert_eq!(found(records, &doctor, "Observation", "patient=q").await, [""; 0]);
        assert_eq!(found(records, &doctor, "Patient", "_has:Observation:patient:status=final").await, ["p"]);
        let query = Query { count_only: true, ..Query::all("Observation") };
        assert_eq!(records.search(&doctor, &query, None).await.unwrap().total, Some(1));
        assert_eq!(kind(records.read(&doctor, "Observation", "o").await), None);
        assert_eq!(kind(records.read(&doctor, "Observation", "u").await), Some(Kind::NotFound));
        assert_eq!(
            kind(records.history(&doctor, &Past::of_record("Observation", "u", 5)).await),
            Some(Kind::NotFound)
        );
        let past = Past { id: String::new(), ..Past::of_record("Observation", "", 10) };
        assert_eq!(records.history(&doctor, &past).await.unwrap().len(), 1);
        assert_eq!(records.everything_page(&doctor, &whole("p"), None).await.unwrap().matches.len(), 3);
        assert_eq!(kind(records.everything_page(&doctor, &whole("q"), None).await), Some(Kind::NotFound));
        assert_eq!(kind(records.everything(&doctor, &["q".into()], &[]).await), Some(Kind::NotFound));
        let keys = [("Observation".to_owned(), "o".to_owned()), ("Observation".to_owned(), "u".to_owned())];
        assert_eq!(records.read_many(&doctor, &keys).await.unwrap().len(), 1);
        // Granted for no place, a role is for the province.
        let (_, anywhere) = someone(&gate, &kit, "doctor", None).await;
        assert_eq!(found(records, &anywhere, "Observation", "").await, ["o", "u"]);
        // A visit that was not takes the tie away.
        assert_eq!(
            write(records, &kit.ctx(), vec![put(visit("e", "p", "a", "entered-in-error"))]).await,
            None
        );
        assert_eq!(found(records, &doctor, "Observation", "").await, [""; 0]);
    })
    .await;
}

#[tokio::test]
async fn to_write_a_person_must_be_within_reach_and_receiving_them_brings_them_there() {
    each_engine(async |kit| {
        let gate = gate(&kit).await;
        two_people(&kit).await;
        let (_, doctor) = someone(&gate, &kit, "doctor", Some("a")).await;
        let records = &kit.records;
        let new = |id: &str, patient: &str| put(result(id, patient));
        assert_eq!(write(records, &doctor, vec![new("o2", "p")]).await, None);
        assert_eq!(write(records, &doctor, vec![new("o3", "q")]).await, Some(Kind::Forbidden));
        assert_eq!(write(records, &doctor, vec![put(json!({"resourceType": "Observation", "id": "o4", "status": "final", "code": {"text": "x"}}))]).await, Some(Kind::Forbidden), "of nobody");
        // Neither take what is not theirs nor give it away.
        assert_eq!(write(records, &doctor, vec![new("u", "p")]).await, Some(Kind::NotFound));
        assert_eq!(write(records, &doctor, vec![new("o", "q")]).await, Some(Kind::Forbidden));
        let both = json!({"resourceType": "Observation", "id": "o5", "status": "final", "code": {"text": "x"},
            "subject": {"reference": "Patient/p"}, "performer": [{"reference": "Patient/q"}]});
        assert_eq!(write(records, &doctor, vec![put(both)]).await, Some(Kind::Forbidden));
        let edit = |id: &str| {
            Change::edit("Observation", id, |version| Ok(of(version.tree())))
        };
        assert_eq!(write(records, &doctor, vec![edit("u")]).await, Some(Kind::NotFound));
        // A referral to oneself is no tie, nor is one that comes with what it should permit.
        let referral = json!({"resourceType": "ServiceRequest", "id": "s", "status": "active", "intent": "order",
            "subject": {"reference": "Patient/q"}, "performer": [{"reference": "Organization/a"}]});
        assert_eq!(write(records, &doctor, vec![put(referral), new("o3", "q")]).await, Some(Kind::Forbidden));
        // Nor is a visit of somebody else that is written over.
        assert_eq!(write(records, &doctor, vec![put(visit("e", "q", "a", "finished"))]).await, Some(Kind::Forbidden));
        // A condition would tell whether somebody unseen exists.
        let unless = Change::put_where(of(result("o6", "p")), "status=final");
        assert_eq!(write(records, &doctor, vec![unless]).await, Some(Kind::Forbidden));
        // Receiving somebody is a visit, and what is found comes with it.
        let come = vec![Change::create(of(json!({"resourceType": "Encounter", "status": "in-progress", "class": {"code": "AMB"},
            "subject": {"reference": "Patient/q"}, "serviceProvider": {"reference": "Organization/a"}}))), Change::create(of(result("o3", "q")))];
        assert_eq!(write(records, &doctor, come).await, None);
        assert_eq!(found(records, &doctor, "Observation", "patient=q").await.len(), 2);
        let (_, clerk) = someone(&gate, &kit, "reception", Some("a")).await;
        assert_eq!(write(records, &clerk, vec![new("o7", "p")]).await, Some(Kind::Forbidden), "no role permits it");
    })
    .await;
}

#[tokio::test]
async fn a_consent_holds_with_its_commit_and_so_does_its_withdrawal() {
    each_engine(async |kit| {
        let gate = gate(&kit).await;
        two_people(&kit).await;
        let (_, doctor) = someone(&gate, &kit, "doctor", Some("a")).await;
        let records = &kit.records;
        let consent = |status: &str, actor: &str| {
            let actor = json!([{"role": {"text": "cơ sở"}, "reference": {"reference": actor}}]);
            let concept = |code: &str| json!({"coding": [{"code": code}]});
            put(json!({"resourceType": "Consent", "id": "c", "status": status, "scope": concept("patient-privacy"),
                "category": [concept("x")], "policyRule": {"text": "x"}, "patient": {"reference": "Patient/p"},
                "provision": {"type": "deny", "actor": actor}}))
        };
        for (status, actor, seen) in [
            ("active", "Organization/a", 0),
            ("inactive", "Organization/a", 1),
            ("active", "Organization/b", 1),
            ("active", "PractitionerRole/x", 0),
            ("rejected", "Organization/a", 1),
        ] {
            assert_eq!(write(records, &kit.ctx(), vec![consent(status, actor)]).await, None);
            let found = found(records, &doctor, "Observation", "patient=p").await;
            assert_eq!(found.len(), seen, "{status} {actor}");
            assert_eq!(records.read(&doctor, "Observation", "o").await.is_ok(), seen == 1);
        }
        // A node that opens again knows of the bars that there are.
        assert_eq!(write(records, &kit.ctx(), vec![consent("active", "Organization/a")]).await, None);
        drop(gate);
        let kit = kit.reopened().await;
        let gate = crate::gate::gate(&kit).await;
        let (_, nurse) = someone(&gate, &kit, "nurse", Some("a")).await;
        assert_eq!(found(&kit.records, &nurse, "Observation", "patient=p").await, [""; 0]);
    })
    .await;
}

#[tokio::test]
async fn a_bar_of_a_station_holds_for_those_who_live_in_its_commune() {
    each_engine(async |kit| {
        let gate = gate(&kit).await;
        let commune = Some("https://yba.vn/fhir/CodeSystem/xa|1".to_owned());
        let grant = Grant { organization: Some("a".into()), commune, ..Grant::new("nurse", gate.today()) };
        let (_, nurse) = granted(&gate, &kit, grant).await;
        // Many addresses name the commune of before the reform first.
        let unit = |system: &str| json!({"url": "https://yba.vn/fhir/StructureDefinition/admin-unit",
            "valueCoding": {"system": format!("https://yba.vn/fhir/CodeSystem/{system}").as_str(), "code": "1"}});
        let mut home = person("r");
        let address = json!([{"extension": [unit("xa-cu"), unit("xa")]}]);
        home.as_object_mut().unwrap().insert("address", address);
        let records = &kit.records;
        assert_eq!(write(records, &kit.ctx(), vec![put(home), put(result("or", "r"))]).await, None);
        let concept = |code: &str| json!({"coding": [{"code": code}]});
        for (barred, seen) in [(None, 1), (Some("Organization/b"), 1), (Some("Organization/a"), 0)] {
            if let Some(barred) = barred {
                let actor = json!([{"role": {"text": "cơ sở"}, "reference": {"reference": barred}}]);
                let consent = json!({"resourceType": "Consent", "id": "cr", "status": "active",
                    "scope": concept("patient-privacy"), "category": [concept("x")], "policyRule": {"text": "x"},
                    "patient": {"reference": "Patient/r"}, "provision": {"type": "deny", "actor": actor}});
                assert_eq!(write(records, &kit.ctx(), vec![put(consent)]).await, None);
            }
            assert_eq!(found(records, &nurse, "Observation", "").await.len(), seen, "{barred:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_label_hides_from_roles_that_do_not_name_it_unless_a_consent_that_is_understood_permits() {
    each_engine(async |kit| {
        let gate = gate(&kit).await;
        two_people(&kit).await;
        let (_, nurse) = someone(&gate, &kit, "nurse", Some("a")).await;
        let (_, doctor) = someone(&gate, &kit, "doctor", Some("a")).await;
        let records = &kit.records;
        let mut labelled = result("o", "p");
        labelled.as_object_mut().unwrap().insert("meta", json!({"security": [{"code": "HIV"}]}));
        assert_eq!(write(records, &kit.ctx(), vec![put(labelled)]).await, None);
        assert_eq!(found(records, &doctor, "Observation", "").await, ["o"]);
        assert_eq!(found(records, &nurse, "Observation", "").await, [""; 0]);
        assert_eq!(kind(records.read(&nurse, "Observation", "o").await), Some(Kind::NotFound));
        let place = json!([{"role": {"text": "cơ sở"}, "reference": {"reference": "Organization/a"}}]);
        let label = json!([{"code": "HIV"}]);
        let concept = |code: &str| json!({"coding": [{"code": code}]});
        for (provision, seen) in [
            (json!({"type": "permit", "actor": place, "securityLabel": label}), 1),
            (json!({"type": "permit", "actor": place, "securityLabel": label, "period": {"end": "2025-12-31"}}), 0),
            (json!({"type": "permit", "actor": place, "securityLabel": label, "purpose": [{"code": "HRESCH"}]}), 0),
            (json!({"type": "permit", "actor": place, "securityLabel": [{"code": "PSY"}]}), 0),
            (json!({"type": "permit", "actor": place}), 0),
            (json!({"type": "permit", "securityLabel": label}), 0),
        ] {
            let consent = json!({"resourceType": "Consent", "id": "c", "status": "active", "scope": concept("patient-privacy"),
                "category": [concept("x")], "policyRule": {"text": "x"}, "patient": {"reference": "Patient/p"}, "provision": provision});
            assert_eq!(write(records, &kit.ctx(), vec![put(consent)]).await, None);
            assert_eq!(found(records, &nurse, "Observation", "").await.len(), seen, "{provision}");
        }
    })
    .await;
}

#[tokio::test]
async fn an_emergency_opens_one_person_for_some_hours_with_a_reason_and_a_notice() {
    each_engine(async |kit| {
        let gate = gate(&kit).await;
        two_people(&kit).await;
        let (visitor, doctor) = someone(&gate, &kit, "doctor", Some("a")).await;
        let Visitor::Person(here) = &visitor else { panic!("{visitor:?}") };
        let records = &kit.records;
        assert_eq!(found(records, &doctor, "Observation", "patient=q").await, [""; 0]);
        let open = async |patient: &str, reason: &str| {
            gate.open_in_emergency(here, patient, reason, &from("10.0.0.1")).await
        };
        assert_eq!(kind(open("q", "vội").await), Some(Kind::Unprocessable));
        assert_eq!(kind(open("khong-co", "Bệnh nhân hôn mê, cần biết dị ứng").await), Some(Kind::NotFound));
        open("q", "Bệnh nhân hôn mê, cần biết dị ứng").await.unwrap();
        let now = gate.ctx(&visitor, "test", "r");
        assert_eq!(found(records, &now, "Observation", "").await, ["o", "u"]);
        assert_eq!(
            write(records, &now, vec![put(result("o9", "q"))]).await,
            Some(Kind::Forbidden),
            "for looking"
        );
        let told = found(records, &kit.ctx(), "Communication", "recipient=Patient/q").await;
        assert_eq!(told.len(), 1, "the patient is told");
        // Another door of the same node, after a restart, knows it too; hours later it is over.
        let again = crate::gate::gate(&kit).await;
        assert_eq!(found(records, &again.ctx(&visitor, "test", "r"), "Observation", "").await, ["o", "u"]);
        kit.advance_ms(OPEN_MS);
        assert_eq!(found(records, &gate.ctx(&visitor, "test", "r"), "Observation", "").await, ["o"]);
        // Who may not see whole records opens none.
        let (clerk, _) = someone(&gate, &kit, "reception", Some("a")).await;
        let Visitor::Person(clerk) = &clerk else { panic!("{clerk:?}") };
        let refused =
            gate.open_in_emergency(clerk, "q", "Bệnh nhân hôn mê, cần biết", &from("10.0.0.1")).await;
        assert_eq!(kind(refused), Some(Kind::Forbidden));
    })
    .await;
}

#[tokio::test]
async fn nobody_is_told_of_what_they_may_not_see() {
    let kit = yba_testkit::records();
    let gate = gate(&kit).await;
    let made = gate.demonstration().await.unwrap();
    let (_, login, password) = made.iter().find(|one| one.0.slug == "it-officer").unwrap();
    let keeper = crate::roles::someone(&kit, &gate, login, password).await;
    let to = |criteria: &str| {
        put(
            json!({"resourceType": "Subscription", "id": "s", "status": "requested", "reason": "x", "criteria": criteria,
            "channel": {"type": "rest-hook", "endpoint": "https://may.vn/nhan"}}),
        )
    };
    for (criteria, refused) in [
        ("Organization?name=x", None),
        ("Patient?", Some(Kind::Forbidden)),
        ("Observation?code=x", Some(Kind::Forbidden)),
        ("Location?_has:Encounter:location:status=finished", Some(Kind::Forbidden)),
        ("PractitionerRole?practitioner.name=x", Some(Kind::Forbidden)),
    ] {
        assert_eq!(write(&kit.records, &keeper, vec![to(criteria)]).await, refused, "{criteria}");
    }
}

#[tokio::test]
async fn what_a_facility_keeps_of_itself_is_changed_by_those_who_work_there() {
    each_engine(async |kit| {
        let gate = gate(&kit).await;
        let (_, here) = someone(&gate, &kit, "station-staff", Some("a")).await;
        let (_, there) = someone(&gate, &kit, "station-staff", Some("b")).await;
        let (_, all) = someone(&gate, &kit, "station-staff", None).await;
        let tag = |system: &str, code: &str| {
            json!({"tag": [{"system": format!("https://yba.vn/fhir/CodeSystem/{system}"), "code": code}]})
        };
        let lot = |meta: &Value| json!({"resourceType": "Medication", "id": "l", "meta": meta});
        let movement = json!({"resourceType": "SupplyDelivery", "id": "m", "status": "completed",
            "meta": tag("store-month", "a.2026-03")});
        let request = json!({"resourceType": "SupplyRequest", "id": "r", "status": "active", "meta": tag("store", "a"),
            "itemCodeableConcept": {"text": "Paracetamol"}, "quantity": {"value": 10}});
        let day = json!({"resourceType": "Task", "id": "d", "status": "ready", "intent": "order",
            "code": {"coding": [{"system": "https://yba.vn/fhir/CodeSystem/station-task", "code": "vaccination-session"}]},
            "owner": {"reference": "Organization/a"}});
        let kept = [lot(&tag("store", "a")), movement, request, day];
        let no = Some(Kind::Forbidden);
        for tree in &kept {
            let at = tree["id"].to_string();
            assert_eq!(write(&kit.records, &there, vec![put(tree.clone())]).await, no, "made elsewhere: {at}");
            assert_eq!(write(&kit.records, &here, vec![put(tree.clone())]).await, None, "made here: {at}");
            let mut other = tree.clone();
            other["language"] = "vi".into();
            assert_eq!(write(&kit.records, &there, vec![put(other.clone())]).await, no, "changed: {at}");
            let kind = str_at(tree, &["resourceType"]).unwrap().to_owned();
            let edit = Change::edit(&kind, str_at(tree, &["id"]).unwrap(), move |_| Ok(of(other.clone())));
            assert_eq!(write(&kit.records, &there, vec![edit.clone()]).await, no, "edited: {at}");
            assert_eq!(write(&kit.records, &all, vec![edit]).await, None, "a role everywhere: {at}");
        }
        // Neither taken away nor given a second keeper.
        let mut both = tag("store", "b");
        both["tag"].as_array_mut().unwrap().extend(tag("store", "a")["tag"].as_array().unwrap().iter());
        for meta in [tag("store", "b"), tag("other", "b"), both.clone()] {
            assert_eq!(write(&kit.records, &there, vec![put(lot(&meta))]).await, no, "{meta:?}");
        }
        let fresh = json!({"resourceType": "Medication", "meta": both});
        assert_eq!(write(&kit.records, &there, vec![Change::create(of(fresh))]).await, no);
        // What moved a lot and does not say in whose month is nobody's here.
        let moved = json!({"resourceType": "SupplyDelivery", "id": "x", "status": "completed", "meta": tag("store-lot", "l")});
        for ctx in [&here, &there] {
            assert_eq!(write(&kit.records, ctx, vec![put(moved.clone())]).await, no);
        }
        let plain = json!({"resourceType": "Medication", "code": {"text": "Một thứ thuốc"}});
        assert_eq!(write(&kit.records, &there, vec![Change::create(of(plain))]).await, None);
    })
    .await;
}

/// What a call saw a moment ago is remembered: it must be forgotten with the commit that takes it away.
#[tokio::test]
async fn whoever_was_seen_a_moment_ago_is_out_of_reach_with_the_commit_that_says_so() {
    each_engine(async |kit| {
        let gate = gate(&kit).await;
        two_people(&kit).await;
        let records = &kit.records;
        let (_, nurse) = someone(&gate, &kit, "nurse", Some("a")).await;
        let (more, asked) = (result("o2", "p"), "patient=p");
        assert_eq!(write(records, &kit.ctx(), vec![put(more)]).await, None);
        let sees = async |what: &str, is_seen: bool| {
            // Twice, so that the second asks what the first has learnt.
            for round in 0..2 {
                let read = kind(records.read(&nurse, "Observation", "o").await).is_none();
                let by_person = found(records, &nurse, "Observation", asked).await.contains(&"o".to_owned());
                let by_code = found(records, &nurse, "Observation", "status=final").await.contains(&"o".to_owned());
                let by_chain = found(records, &nurse, "Observation", "patient.name=mau").await.contains(&"o".to_owned());
                let page = records.everything_page(&nurse, &whole("p"), None).await;
                let among_all = page.is_ok_and(|page| page.matches.iter().any(|one| one.id == "o"));
                let all = [read, by_person, by_code, by_chain, among_all];
                assert_eq!(all, [is_seen; 5], "{what}, round {round}");
            }
        };
        let includes = async |is_seen: bool| {
            for round in 0..2 {
                let query = Query::parse("Observation", &decode_pairs("_include=Observation:subject"));
                let page = records.search(&nurse, &query.unwrap(), None).await.unwrap();
                assert_eq!(page.matches.iter().any(|one| one.id == "o"), is_seen, "round {round}");
                assert!(page.matches.iter().all(|one| one.id != "u"), "round {round}: nobody else's");
                assert!(page.included.iter().all(|one| one.id == "p"), "round {round}");
            }
        };
        sees("a visit", true).await;
        includes(true).await;
        assert_eq!(write(records, &nurse, vec![put(result("o3", "p"))]).await, None);

        let mut labelled = result("o", "p");
        labelled["meta"] = json!({"security": [{"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "HIV"}]});
        assert_eq!(write(records, &kit.ctx(), vec![put(labelled)]).await, None);
        sees("a label", false).await;
        assert!(found(records, &nurse, "Observation", asked).await.contains(&"o2".to_owned()), "the rest is seen");
        assert_eq!(write(records, &kit.ctx(), vec![put(result("o", "p"))]).await, None);
        sees("no label again", true).await;

        assert_eq!(write(records, &kit.ctx(), vec![put(visit("e", "p", "a", "entered-in-error"))]).await, None);
        sees("a visit taken back", false).await;
        includes(false).await;
        assert_eq!(write(records, &nurse, vec![put(result("o4", "p"))]).await, Some(Kind::Forbidden));
        assert_eq!(write(records, &kit.ctx(), vec![put(visit("e", "p", "a", "finished"))]).await, None);
        sees("a visit again", true).await;

        let consent = |status: &str| {
            json!({"resourceType": "Consent", "id": "c", "status": status, "scope": {"text": "x"}, "category": [{"text": "x"}],
                "patient": {"reference": "Patient/p"}, "policyRule": {"text": "x"},
                "provision": {"type": "deny", "actor": [{"role": {"text": "x"}, "reference": {"reference": "Organization/a"}}]}})
        };
        assert_eq!(write(records, &kit.ctx(), vec![put(consent("active"))]).await, None);
        sees("a bar", false).await;
        assert_eq!(write(records, &nurse, vec![put(result("o5", "p"))]).await, Some(Kind::Forbidden));
        assert_eq!(write(records, &kit.ctx(), vec![put(consent("inactive"))]).await, None);
        sees("no bar any more", true).await;

        assert_eq!(write(records, &kit.ctx(), vec![Change::delete("Encounter", "e")]).await, None);
        sees("a visit that is gone", false).await;
    })
    .await;
}

/// What a chain goes through is looked up first where it is known to be seen: what is not seen leads nowhere.
#[tokio::test]
async fn a_chain_goes_through_what_is_seen_alone() {
    each_engine(async |kit| {
        let gate = gate(&kit).await;
        two_people(&kit).await;
        let records = &kit.records;
        let (_, nurse) = someone(&gate, &kit, "nurse", Some("a")).await;
        let at = |id: &str, visit: &str| {
            let mut one = result(id, "p");
            one["encounter"] = json!({"reference": format!("Encounter/{visit}")});
            put(one)
        };
        assert_eq!(write(records, &kit.ctx(), vec![at("here", "e"), at("there", "f")]).await, None);
        for round in 0..3 {
            for (text, ids) in [
                ("patient=p&_sort=_id", vec!["here", "o", "there"]),
                ("encounter.status=finished", vec!["here"]),
                ("encounter._id=f", vec![]),
                ("encounter._id=e", vec!["here"]),
                ("encounter._id=e,f", vec!["here"]),
                ("encounter.patient.name=mau", vec!["here"]),
                ("patient.name=mau&encounter._id=e", vec!["here"]),
                ("patient.name=nobody", vec![]),
                ("patient.name=mau&_sort=_id", vec!["here", "o", "there"]),
            ] {
                assert_eq!(found(records, &nurse, "Observation", text).await, ids, "{text}, round {round}");
            }
        }
    })
    .await;
}

/// A Patient that names another is in that one's compartment: to be seen by that is no tie of its own.
#[tokio::test]
async fn whoever_is_seen_by_a_link_alone_brings_nothing_else_within_reach() {
    each_engine(async |kit| {
        let gate = gate(&kit).await;
        two_people(&kit).await;
        let records = &kit.records;
        let (_, laboratory) = someone(&gate, &kit, "lab-technician", Some("a")).await;
        let mut linked = person("q");
        linked["link"] = json!([{"other": {"reference": "Patient/p"}, "type": "seealso"}]);
        assert_eq!(write(records, &kit.ctx(), vec![put(linked)]).await, None);
        for round in 0..2 {
            assert_eq!(
                kind(records.read(&laboratory, "Patient", "q").await),
                None,
                "in the compartment of p"
            );
            let _ =
                records.patients_reached(&laboratory, yba_records::Action::Create, &["q".to_owned()]).await;
            let _ = write(records, &laboratory, vec![put(result("o9", "q"))]).await;
            assert_eq!(
                kind(records.read(&laboratory, "Observation", "u").await),
                Some(Kind::NotFound),
                "{round}"
            );
            assert!(
                !found(records, &laboratory, "Observation", "patient=q").await.contains(&"u".to_owned()),
                "{round}"
            );
            assert!(
                !found(records, &laboratory, "Observation", "status=final").await.contains(&"u".to_owned()),
                "{round}"
            );
            assert_eq!(kind(records.read(&laboratory, "Observation", "o").await), None, "{round}");
        }
    })
    .await;
}
