//! History of a type and of everything, by moment and in pages.

use crate::house::{House, each, patient};
use axum::http::StatusCode;
use yba_fhir::json::{items, json, str_at};
use yba_records::{Ctx, Past, Scope};

/// `method url` of every entry.
fn events(said: &crate::house::Said) -> Vec<String> {
    let tree = said.tree();
    let request = |entry: &_, field| str_at(entry, &["request", field]).unwrap().to_owned();
    items(&tree, "entry")
        .map(|entry| format!("{} {}", request(entry, "method"), request(entry, "url")))
        .collect()
}

/// Four moments, one minute apart: two people, a change, a deletion.
async fn four_minutes(house: &House) -> [String; 4] {
    let mut moments = Vec::new();
    for (id, name) in [("p1", Some("A")), ("p2", Some("B")), ("p1", Some("C")), ("p2", None)] {
        house.kit.advance_ms(60_000);
        moments.push(yba_fhir::date::instant(house.kit.store().clock().now_ms()).replace('+', "%2B"));
        let path = format!("/fhir/Patient/{id}");
        match name {
            Some(name) => {
                let person = json!({"resourceType": "Patient", "id": id, "name": [{"text": name}]});
                house.put(&path, &person).await
            }
            None => house.delete(&path).await,
        };
    }
    moments.try_into().unwrap()
}

#[tokio::test]
async fn a_type_and_everything_have_a_history() {
    each(async |house| {
        four_minutes(&house).await;
        house.create(&json!({"resourceType": "Organization", "name": "Trạm Y tế xã Mẫu"})).await;
        let people = house.get("/fhir/Patient/_history").await;
        assert_eq!((people.status, people.text(&["type"]).as_str()), (StatusCode::OK, "history"));
        let wanted = ["DELETE Patient/p2", "PUT Patient/p1", "PUT Patient/p2", "PUT Patient/p1"];
        assert_eq!(events(&people), wanted);
        assert_eq!(people.entry_statuses(), ["204 No Content", "200 OK", "201 Created", "201 Created"]);
        let all = house.get("/fhir/_history").await;
        assert_eq!((all.entries().len(), all.entry_statuses()[0].as_str()), (5, "201 Created"));
        let (mut next, mut seen) = (Some("/fhir/_history?_count=2".to_owned()), Vec::new());
        while let Some(address) = next {
            let page = house.get(&address).await;
            assert_eq!(page.status, StatusCode::OK, "{page:?}");
            seen.extend(events(&page));
            next = page.link("next");
        }
        assert_eq!(seen, events(&all), "page by page the same");
        assert!(house.get("/fhir/Encounter/_history").await.entries().is_empty());
        assert_eq!(house.get("/fhir/NoSuchType/_history").await.status, StatusCode::NOT_FOUND);
    })
    .await;
}

#[tokio::test]
async fn since_and_at_ask_for_moments() {
    each(async |house| {
        let [first, _, third, fourth] = four_minutes(&house).await;
        let count = async |path: &str| house.get(path).await.entries().len();
        for (level, since_third, at_first) in [("Patient/", 2, 1), ("", 2, 1), ("Patient/p1/", 1, 1)] {
            let of = |query: &str| format!("/fhir/{level}_history?{query}");
            assert_eq!(count(&of(&format!("_since={third}"))).await, since_third, "{level}");
            assert_eq!(count(&of(&format!("_at={first}"))).await, at_first, "{level}");
            assert_eq!(count(&of("_since=2030-01-01T00:00:00Z")).await, 0, "{level}");
            assert_eq!(count(&of("_at=2020")).await, 0, "{level}");
        }
        assert_eq!(
            count(&format!("/fhir/Patient/_history?_at={third}")).await,
            3,
            "changed within that second"
        );
        assert_eq!(count(&format!("/fhir/Patient/_history?_at={fourth}&_since={fourth}")).await, 1);
        assert_eq!(count("/fhir/Patient/_history?_at=2026-03-02").await, 4, "all of the day");
        let page = house.get("/fhir/Patient/_history?_at=2026-03-02&_count=3").await;
        let next = page.link("next").unwrap();
        assert!(next.contains("_at=2026-03-02"), "{next}");
        assert_eq!(house.get(&next).await.entries().len(), 1);
        for wrong in ["_since=x", "_at=2026-02-30", "_since=2026&_since=2026", "_count=0", "name=x"] {
            let said = house.get(&format!("/fhir/_history?{wrong}")).await;
            assert_eq!(said.status, StatusCode::BAD_REQUEST, "{wrong}");
        }
    })
    .await;
}

#[tokio::test]
async fn bundles_may_ask_for_histories() {
    each(async |house| {
        four_minutes(&house).await;
        let get = |url: &str| json!({"request": {"method": "GET", "url": url}});
        let asked = [get("_history"), get("Patient/_history?_count=1"), get("Patient/p1/_history")];
        let said = house
            .post("/fhir", &json!({"resourceType": "Bundle", "type": "batch", "entry": asked.to_vec()}))
            .await;
        let counts: Vec<usize> =
            said.entries().iter().map(|entry| items(&entry["resource"], "entry").count()).collect();
        assert_eq!(counts, [4, 1, 2], "{said:?}");
    })
    .await;
}

#[tokio::test]
async fn a_narrowed_scope_sees_the_past_of_its_own_patients_only() {
    each(async |house| {
        let (mine, other) = (house.create(&patient("A")).await, house.create(&patient("B")).await);
        let ctx = Ctx::test_administrator("test").with_scope(Scope::Patients(vec![mine.clone()]));
        let records = &house.kit.records;
        for kind in ["Patient", ""] {
            let seen = records.history(&ctx, &Past::of_record(kind, "", 10)).await.unwrap();
            let ids: Vec<&str> = seen.iter().map(|event| event.version.id.as_str()).collect();
            assert_eq!(ids, [mine.as_str()], "{kind}");
        }
        assert!(records.history(&ctx, &Past::of_record("Patient", &other, 10)).await.is_err());
        let none = Ctx::test_administrator("test").with_scope(Scope::Nothing);
        assert!(records.history(&none, &Past::of_record("", "", 10)).await.unwrap().is_empty());
    })
    .await;
}
