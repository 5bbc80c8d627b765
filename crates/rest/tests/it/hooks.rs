//! CDS Hooks: what is offered, asked and refused. <https://cds-hooks.hl7.org/2.0/>

use crate::house::{House, bytes, each, patient};
use axum::http::StatusCode;
use std::sync::Arc;
use yba_content::Content;
use yba_fhir::json::{JsonContainerTrait, JsonValueMutTrait, Value, items, json, str_at};
use yba_rest::hooks::Feedback;
use yba_rest::{Settings, router};
use yba_rules::Library;

const JSON: (&str, &str) = ("content-type", "application/json");
const BASE: &str = crate::house::BASE;

/// The same house with the rules of content.
fn ruled(mut house: House, open: bool) -> (House, Arc<Feedback>) {
    let feedback = Arc::new(Feedback::default());
    let rules = Arc::new(Library::load(&Content::built_in()).unwrap());
    let origins = "https://emr.test".parse().unwrap();
    let settings = Settings {
        open,
        base: BASE.into(),
        run: "test".into(),
        rules,
        feedback: feedback.clone(),
        origins,
        ..Settings::default()
    };
    house.router = router(house.kit.records.clone(), settings);
    (house, feedback)
}

fn drug(id: &str, atc: &str, words: &str) -> Value {
    json!({"resourceType": "MedicationRequest", "id": id, "status": "draft", "intent": "order", "subject": {"reference": "Patient/x"},
        "medicationCodeableConcept": {"coding": [{"system": "http://www.whocc.no/atc", "code": atc}], "text": words}})
}

fn allergy(of: &str) -> Value {
    json!({"resourceType": "AllergyIntolerance", "patient": {"reference": format!("Patient/{of}").as_str()}, "code": {"text": "Penicilin"},
        "clinicalStatus": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical", "code": "active"}]}})
}

fn question(hook: &str, patient: &str, orders: &[Value]) -> Value {
    let entries: Vec<Value> = orders.iter().map(|order| json!({"resource": order.clone()})).collect();
    json!({"hook": hook, "hookInstance": "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea", "fhirServer": BASE,
        "context": {"userId": "Practitioner/1", "patientId": patient, "draftOrders": {"resourceType": "Bundle", "entry": entries}}})
}

fn with(mut tree: Value, name: &str, value: Value) -> Value {
    tree.as_object_mut().unwrap().insert(name, value);
    tree
}

fn summaries(tree: &Value) -> Vec<String> {
    items(tree, "cards").map(|card| str_at(card, &["summary"]).unwrap().to_owned()).collect()
}

async fn ask(house: &House, id: &str, tree: &Value) -> (StatusCode, Value) {
    let said = house.ask("POST", &format!("/cds-services/{id}"), &[JSON], bytes(tree)).await;
    (said.status, said.tree())
}

#[tokio::test]
async fn the_services_say_what_they_want_fetched() {
    let (house, _) = ruled(House::open(yba_testkit::records()), true);
    let said = house.get("/cds-services").await;
    assert_eq!(
        (said.status, said.header("content-type")),
        (StatusCode::OK, "application/json; charset=utf-8")
    );
    let tree = said.tree();
    let services: Vec<&Value> = items(&tree, "services").collect();
    let hooks: Vec<&str> = services.iter().filter_map(|one| str_at(one, &["hook"])).collect();
    assert_eq!(hooks, ["patient-view", "order-select", "order-sign"]);
    for one in services {
        assert!(str_at(one, &["id"]).is_some() && str_at(one, &["description"]).is_some());
        let prefetch = one["prefetch"].as_object().unwrap();
        assert_eq!(str_at(one, &["prefetch", "patient"]), Some("Patient/{{context.patientId}}"));
        assert!(prefetch.iter().all(|(_, query)| {
            yba_fhir::json::JsonValueTrait::as_str(query).unwrap().contains("{{context.patientId}}")
        }));
    }
}

#[tokio::test]
async fn an_order_is_judged_by_our_own_record_and_by_what_is_fetched_alike() {
    each(async |house| {
        let id = house.create(&patient("Lò Thị Mẫu")).await;
        house.create(&allergy(&id)).await;
        let (house, _) = ruled(house, true);
        let amoxicillin = drug("d1", "J01CA04", "Amoxicilin 500 mg");
        let before = house.kit.records.trail().end().0;
        let (status, tree) = ask(&house, "yba-order-sign", &question("order-sign", &id, std::slice::from_ref(&amoxicillin))).await;
        assert_eq!(status, StatusCode::OK, "{tree:?}");
        let said = summaries(&tree);
        assert!(said.contains(&"Hồ sơ ghi dị ứng Penicilin; đang kê Amoxicilin 500 mg.".to_owned()), "{said:?}");
        assert!(house.kit.records.trail().end().0 > before, "who looked is in the trail");
        let card = items(&tree, "cards").next().unwrap();
        assert_eq!(str_at(card, &["indicator"]), Some("critical"));
        assert_eq!(str_at(card, &["source", "topic", "code"]), Some("order-allergy"));
        assert!(items(card, "overrideReasons").all(|one| str_at(one, &["display"]).is_some()));
        assert_eq!(items(card, "overrideReasons").count(), 3);

        // Another server's: what was fetched is looked at, and nothing of ours.
        let foreign = with(question("order-sign", "x", std::slice::from_ref(&amoxicillin)), "fhirServer", json!("https://emr.test/fhir"));
        let (status, tree) = ask(&house, "yba-order-sign", &foreign).await;
        assert_eq!(status, StatusCode::PRECONDITION_FAILED, "{tree:?}");
        let bundle = |all: Vec<Value>| {
            let entries: Vec<Value> = all.into_iter().map(|one| json!({"resource": one})).collect();
            json!({"resourceType": "Bundle", "type": "searchset", "entry": entries})
        };
        let services = house.get("/cds-services").await.tree();
        let service = items(&services, "services").nth(2).unwrap();
        let mut prefetch = json!({"patient": {"resourceType": "Patient", "id": "x", "gender": "male", "birthDate": "1980-01-01"}});
        for (name, query) in service["prefetch"].as_object().unwrap().iter().filter(|(name, _)| *name != "patient") {
            let query = yba_fhir::json::JsonValueTrait::as_str(query).unwrap();
            let found = if query.starts_with("AllergyIntolerance") { vec![allergy("x")] } else { Vec::new() };
            prefetch.as_object_mut().unwrap().insert(name, bundle(found));
        }
        let (status, tree) = ask(&house, "yba-order-sign", &with(foreign.clone(), "prefetch", prefetch.clone())).await;
        assert_eq!((status, summaries(&tree).len()), (StatusCode::OK, 1), "{tree:?}");
        // Somebody else's person is not judged by this one's.
        let other = json!({"patient": {"resourceType": "Patient", "id": "y"}});
        let (status, _) = ask(&house, "yba-order-sign", &with(foreign, "prefetch", other)).await;
        assert_eq!(status, StatusCode::BAD_REQUEST);
    })
    .await;
}

#[tokio::test]
async fn of_an_order_that_is_being_chosen_the_other_drafts_lie_beside_it() {
    let house = House::open(yba_testkit::records());
    let id = house.create(&patient("Lò Thị Mẫu")).await;
    let (house, _) = ruled(house, true);
    let orders = [drug("d1", "C09AA01", "Captopril 25 mg"), drug("d2", "C09AA02", "Enalapril 5 mg")];
    let mut tree = question("order-select", &id, &orders);
    let selections = json!(["MedicationRequest/d1"]);
    tree["context"].as_object_mut().unwrap().insert("selections", selections);
    let (status, said) = ask(&house, "yba-order-select", &tree).await;
    assert_eq!(status, StatusCode::OK, "{said:?}");
    assert_eq!(summaries(&said), ["Captopril 25 mg cùng nhóm với thuốc đang dùng: Enalapril 5 mg."]);
    let (_, both) = ask(&house, "yba-order-sign", &question("order-sign", &id, &orders)).await;
    assert_eq!(summaries(&both).len(), 2, "of the whole prescription both are told");
    let (_, none) = ask(&house, "yba-order-sign", &question("order-sign", &id, &orders[..1])).await;
    assert_eq!(summaries(&none).len(), 0);
    // An opened record, of which nobody asked about allergies.
    let mut view = question("patient-view", &id, &[]);
    view["context"].as_object_mut().unwrap().remove(&"draftOrders");
    let (status, said) = ask(&house, "yba-patient-view", &view).await;
    assert_eq!(
        (status, summaries(&said)),
        (StatusCode::OK, vec!["Hồ sơ chưa ghi gì về dị ứng: không có nghĩa là không dị ứng.".to_owned()])
    );
}

#[tokio::test]
async fn without_a_token_there_is_no_answer_and_what_is_malformed_is_refused_by_name() {
    let house = House::open(yba_testkit::records());
    let id = house.create(&patient("Lò Thị Mẫu")).await;
    let (house, feedback) = ruled(house, false);
    let right = question("order-sign", &id, &[drug("d1", "J01CA04", "x")]);
    let before = house.kit.records.trail().end().0;
    let feed = json!({"feedback": [{"card": "x", "outcome": "accepted", "outcomeTimestamp": "2026-03-02T08:00:00+07:00"}]});
    for (method, path, body) in [
        ("GET", "/cds-services", "".into()),
        ("POST", "/cds-services/yba-order-sign", bytes(&right)),
        ("POST", "/cds-services/yba-order-sign/feedback", bytes(&feed)),
        ("GET", "/cds-services/nothing/here/at/all", "".into()),
    ] {
        for headers in [vec![JSON], vec![JSON, ("authorization", "Bearer forged")]] {
            let said = house.ask(method, path, &headers, body.clone()).await;
            assert_eq!(said.status, StatusCode::UNAUTHORIZED, "{method} {path}");
            assert!(said.header("www-authenticate").starts_with("Bearer"), "{method} {path}");
        }
    }
    assert!(house.kit.records.trail().end().0 > before, "and that is in the trail");
    assert_eq!(feedback.measures().lines().count(), 1, "and nothing was counted");
    // Other origins are let in as the setting says, and no others.
    for (origin, allowed) in [("https://emr.test", "https://emr.test"), ("https://evil.test", "")] {
        let request = axum::http::Request::builder()
            .method("OPTIONS")
            .uri("/cds-services/yba-order-sign")
            .header("origin", origin)
            .header("access-control-request-method", "POST")
            .header("access-control-request-headers", "authorization,content-type");
        let request = request.body(axum::body::Body::empty()).unwrap();
        let said = tower::ServiceExt::oneshot(house.router.clone(), request).await.unwrap();
        let header = said.headers().get("access-control-allow-origin");
        assert_eq!(header.map_or("", |value| value.to_str().unwrap()), allowed);
    }

    let (house, _) = ruled(house, true);
    let without = |path: &[&str]| {
        let mut tree = right.clone();
        match path {
            [one] => drop(tree.as_object_mut().unwrap().remove(one)),
            [one, two] => drop(tree[*one].as_object_mut().unwrap().remove(two)),
            _ => unreachable!(),
        }
        tree
    };
    for (tree, word) in [
        (without(&["hook"]), "hook"),
        (with(right.clone(), "hook", json!("order-select")), "hook"),
        (without(&["hookInstance"]), "hookInstance"),
        (without(&["context", "userId"]), "context.userId"),
        (without(&["context", "patientId"]), "context.patientId"),
        (without(&["context", "draftOrders"]), "context.draftOrders"),
        (json!([]), "hook"),
        (json!("x"), "hook"),
    ] {
        let (status, said) = ask(&house, "yba-order-sign", &tree).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{word}");
        assert!(said.to_string().contains(word), "{word} in {said:?}");
    }
    assert_eq!(ask(&house, "no-such", &right).await.0, StatusCode::NOT_FOUND);
    let nobody = question("order-sign", "nobody", &[drug("d1", "J01CA04", "x")]);
    assert_ne!(ask(&house, "yba-order-sign", &nobody).await.0, StatusCode::OK);
    let said =
        house.ask("POST", "/cds-services/yba-order-sign", &[("content-type", "text/plain")], "x").await;
    assert_eq!(said.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    let long = format!("{{\"hook\":\"{}\"}}", "x".repeat(yba_rest::hooks::QUESTION_BYTES_MAX));
    assert_eq!(
        house.ask("POST", "/cds-services/yba-order-sign", &[JSON], long).await.status,
        StatusCode::PAYLOAD_TOO_LARGE
    );
    assert_eq!(
        house.ask("PUT", "/cds-services/yba-order-sign", &[JSON], "{}").await.status,
        StatusCode::METHOD_NOT_ALLOWED
    );
}

#[tokio::test]
async fn feedback_is_counted_by_rule_and_tells_of_nobody() {
    let house = House::open(yba_testkit::records());
    let id = house.create(&patient("Lò Thị Mẫu")).await;
    house.create(&allergy(&id)).await;
    let (house, feedback) = ruled(house, true);
    let (_, tree) =
        ask(&house, "yba-order-sign", &question("order-sign", &id, &[drug("d1", "J01CA04", "Amoxicilin")]))
            .await;
    let card = items(&tree, "cards").find_map(|card| str_at(card, &["uuid"])).unwrap();
    let told = |card: &str, outcome: &str| json!({"card": card, "outcome": outcome, "outcomeTimestamp": "2026-03-02T08:00:00+07:00", "overrideReason": {"userComment": "bí mật"}});
    let tell = async |all: Vec<Value>| {
        let tree = json!({"feedback": all});
        house.ask("POST", "/cds-services/yba-order-sign/feedback", &[JSON], bytes(&tree)).await.status
    };
    assert_eq!(
        tell(vec![told(card, "overridden"), told(card, "accepted"), told("unknown", "accepted")]).await,
        StatusCode::OK
    );
    assert_eq!(tell(vec![told(card, "overridden"), told(card, "ignored")]).await, StatusCode::BAD_REQUEST);
    assert_eq!(tell(Vec::new()).await, StatusCode::BAD_REQUEST);
    assert_eq!(tell(vec![told(card, "accepted"); 101]).await, StatusCode::BAD_REQUEST);
    let text = feedback.measures();
    let of = |rule: &str, outcome: &str| {
        format!("yba_cds_feedback{{service=\"yba-order-sign\",rule=\"{rule}\",outcome=\"{outcome}\"}} 1")
    };
    for line in [of("order-allergy", "overridden"), of("order-allergy", "accepted"), of("", "accepted")] {
        assert!(text.contains(&line), "{line} in {text}");
    }
    assert!(!text.contains("bí mật") && !text.contains(&id));
}
