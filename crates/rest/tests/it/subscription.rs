//! What operators see and do about notifications that could not be delivered.

use crate::house::{House, each};
use yba_fhir::json::{JsonValueTrait, Value, items, json, str_at};
use yba_store::Statement;

async fn house_with_a_letter(house: &House) {
    yba_subscription::prepare(&house.kit.records).await.unwrap();
    let subscription = json!({"resourceType": "Subscription", "id": "s", "status": "requested", "reason": "thử",
        "criteria": "Patient", "channel": {"type": "rest-hook", "endpoint": "https://hook.example.vn"}});
    house.put("/fhir/Subscription/s", &subscription).await;
    let letter = "INSERT INTO sub_letter (subscription, t, kind, id, tries, status, at) \
                  VALUES ('s', 7, 'Patient', 'a', 8, 'HTTP 503', 1772413200000)";
    house.kit.store().derive("test", 0, vec![Statement::new(letter, Vec::new())]).await.unwrap();
}

fn number(tree: &Value, name: &str) -> Option<i64> {
    let part = items(tree, "parameter").find(|part| str_at(part, &["name"]) == Some(name));
    part.and_then(|part| part.get("valueInteger")).and_then(|value| value.as_i64())
}

#[tokio::test]
async fn dead_letters_are_read_and_put_back() {
    each(async |house: House| {
        house_with_a_letter(&house).await;
        let said = house.get("/fhir/Subscription/s/$dead-letters").await;
        assert_eq!(said.status, 200, "{said:?}");
        let tree = said.tree();
        assert_eq!((number(&tree, "waiting"), number(&tree, "dropped")), (Some(0), Some(0)));
        let letter =
            items(&tree, "parameter").find(|part| str_at(part, &["name"]) == Some("letter")).unwrap();
        let parts: Vec<Value> = items(letter, "part").cloned().collect();
        assert_eq!(str_at(&parts[0], &["valueReference", "reference"]), Some("Patient/a"));
        assert_eq!(parts[1].get("valueInteger").and_then(|value| value.as_i64()), Some(8));
        assert_eq!(str_at(&parts[2], &["valueString"]), Some("HTTP 503"));
        assert_eq!(str_at(&parts[3], &["valueInstant"]), Some("2026-03-02T08:00:00.000+07:00"));

        // What changes something is not asked by GET.
        assert_eq!(house.get("/fhir/Subscription/s/$redeliver").await.status, 405);
        let said = house.ask("POST", "/fhir/Subscription/s/$redeliver", &[], "").await;
        assert_eq!((said.status.as_u16(), number(&said.tree(), "redelivered")), (200, Some(1)));
        let tree = house.get("/fhir/Subscription/s/$dead-letters").await.tree();
        assert_eq!((number(&tree, "waiting"), items(&tree, "parameter").count()), (Some(1), 2));
    })
    .await;
}

#[tokio::test]
async fn they_are_of_one_subscription_and_not_for_strangers() {
    let house = House::open(yba_testkit::records());
    house_with_a_letter(&house).await;
    assert_eq!(house.get("/fhir/Subscription/none/$dead-letters").await.status, 404);
    assert_eq!(house.ask("POST", "/fhir/Subscription/none/$redeliver", &[], "").await.status, 404);
    assert_eq!(house.get("/fhir/Patient/s/$dead-letters").await.status, 404);
    assert_eq!(house.get("/fhir/Subscription/s/$dead-letters?x=1").await.status, 400);
    let closed = House::closed(house.kit);
    assert_eq!(closed.get("/fhir/Subscription/s/$dead-letters").await.status, 401);
    assert_eq!(closed.ask("POST", "/fhir/Subscription/s/$redeliver", &[], "").await.status, 401);
}
