//! Changes of what a search finds, and patches: <https://hl7.org/fhir/R4/http.html#cond-update>, `#cdelete`, `#patch`.

use crate::house::{House, Said, bytes, each};
use axum::http::StatusCode;
use futures_util::future::join_all;
use yba_fhir::json::{Value, items, json, str_at};

const PATCH: (&str, &str) = ("content-type", "application/json-patch+json");

fn numbered(number: &str, name: &str) -> Value {
    json!({"resourceType": "Patient", "identifier": [{"system": "urn:x", "value": number}], "name": [{"text": name}]})
}

async fn patch(house: &House, path: &str, operations: &str) -> Said {
    house.ask("PATCH", path, &[PATCH], operations.to_owned()).await
}

fn status_and_key(said: &Said) -> (u16, String) {
    (said.status.as_u16(), said.key())
}

#[tokio::test]
async fn an_update_by_condition_makes_or_changes_one_record() {
    each(async |house| {
        let path = "/fhir/Patient?identifier=urn:x|7";
        let body = numbered("7", "Lò Thị Mẩy");
        let made = house.put(path, &body).await;
        assert_eq!(made.status, StatusCode::CREATED, "{made:?}");
        let again = house.put(path, &body).await;
        assert_eq!(
            (again.status, again.text(&["meta", "versionId"])),
            (StatusCode::OK, made.text(&["meta", "versionId"]))
        );
        let changed = house.put(path, &numbered("7", "Lò Thị Mây")).await;
        assert_eq!((changed.status, changed.id()), (StatusCode::OK, made.id()));
        assert_ne!(changed.header("etag"), made.header("etag"));
        let mut other = numbered("7", "X");
        other["id"] = json!("other");
        assert_eq!(status_and_key(&house.put(path, &other).await), (400, "id-mismatch".into()));
        let mut own = numbered("8", "Vàng A Páo");
        own["id"] = json!("pao");
        let named = house.put("/fhir/Patient?identifier=urn:x|8", &own).await;
        assert_eq!((named.status, named.id().as_str()), (StatusCode::CREATED, "pao"), "update as create");
        let taken = house.put("/fhir/Patient?identifier=urn:x|9", &own).await;
        assert_eq!(status_and_key(&taken), (409, "already-exists".into()));
        house.create(&numbered("7", "Người khác")).await;
        assert_eq!(
            status_and_key(&house.put(path, &numbered("7", "X")).await),
            (412, "several-matches".into())
        );
        for wrong in ["/fhir/Patient", "/fhir/Patient?identifier=", "/fhir/Patient?identifier=7&_count=1"] {
            assert_eq!(house.put(wrong, &numbered("7", "X")).await.status, 400, "{wrong}");
        }
        let unknown = house.put("/fhir/Patient?colour=red", &numbered("7", "X")).await;
        assert_eq!(status_and_key(&unknown), (400, "search-unknown".into()));
    })
    .await;
}

#[tokio::test]
async fn a_deletion_by_condition_means_one_record() {
    each(async |house| {
        let id = house.create(&numbered("1", "A")).await;
        house.create(&numbered("2", "B")).await;
        house.create(&numbered("2", "C")).await;
        assert_eq!(house.delete("/fhir/Patient?identifier=urn:x|none").await.status, 204);
        assert_eq!(
            status_and_key(&house.delete("/fhir/Patient?identifier=urn:x|2").await),
            (412, "several-matches".into())
        );
        assert_eq!(status_and_key(&house.delete("/fhir/Patient").await), (400, "condition-empty".into()));
        assert_eq!(house.delete("/fhir/Patient?identifier=urn:x|1").await.status, 204);
        assert_eq!(house.get(&format!("/fhir/Patient/{id}")).await.status, 410);
        assert_eq!(house.get("/fhir/Patient").await.each_resource("id").len(), 2);
    })
    .await;
}

#[tokio::test]
async fn a_patch_changes_the_record_as_it_is_and_keeps_every_digit() {
    each(async |house| {
        let observation = r#"{"resourceType":"Observation","id":"o","status":"preliminary","code":{"text":"x"},"valueQuantity":{"value":5.60}}"#;
        house.ask("PUT", "/fhir/Observation/o", &[], observation).await;
        let said = patch(&house, "/fhir/Observation/o", r#"[{"op":"test","path":"/status","value":"preliminary"},{"op":"replace","path":"/status","value":"final"},{"op":"add","path":"/note","value":[{"text":"đã xem"}]}]"#).await;
        assert_eq!((said.status, said.text(&["status"])), (StatusCode::OK, "final".into()), "{said:?}");
        assert!(String::from_utf8_lossy(&said.body).contains(r#""value":5.60"#), "{said:?}");
        let before = said.header("etag").to_owned();
        for (operations, wanted) in [
            (r#"[{"op":"test","path":"/status","value":"preliminary"}]"#, (422, "patch-unfit")),
            (r#"[{"op":"remove","path":"/status"},{"op":"remove","path":"/nothing"}]"#, (422, "patch-unfit")),
            (r#"[{"op":"remove","path":"/status"}]"#, (400, "missing-required")),
            (r#"[{"op":"replace","path":"/status","value":"nonsense"}]"#, (400, "")),
            (r#"[{"op":"replace","path":"/id","value":"p"}]"#, (400, "id-mismatch")),
            (r#"[{"op":"replace","path":"/resourceType","value":"Basic"}]"#, (400, "type-mismatch")),
            (r#"{"op":"remove","path":"/status"}"#, (400, "patch")),
            (r#"[{"op":"burn","path":"/status"}]"#, (400, "patch")),
            ("[", (400, "")),
            ("", (400, "")),
        ] {
            let said = patch(&house, "/fhir/Observation/o", operations).await;
            assert_eq!(said.status.as_u16(), wanted.0, "{operations} {said:?}");
            assert!(wanted.1.is_empty() || said.key() == wanted.1, "{operations} {said:?}");
        }
        assert_eq!(house.get("/fhir/Observation/o").await.header("etag"), before, "nothing was changed");
        let json = house.ask("PATCH", "/fhir/Observation/o", &[], "[]").await;
        assert_eq!(json.status, 415, "{json:?}");
        assert_eq!(patch(&house, "/fhir/Observation/none", "[]").await.status, 404);
        house.delete("/fhir/Observation/o").await;
        assert_eq!(patch(&house, "/fhir/Observation/o", "[]").await.status, 410);
    })
    .await;
}

#[tokio::test]
async fn a_patch_may_name_a_version_or_a_condition() {
    each(async |house| {
        let id = house.create(&numbered("7", "A")).await;
        let path = format!("/fhir/Patient/{id}");
        let tag = house.get(&path).await.header("etag").to_owned();
        let active = r#"[{"op":"add","path":"/active","value":true}]"#;
        let with = |tag: String| [PATCH, ("if-match", Box::leak(tag.into_boxed_str()) as &str)];
        let done = house.ask("PATCH", &path, &with(tag.clone()), active).await;
        assert_eq!(done.status, 200, "{done:?}");
        let stale = house.ask("PATCH", &path, &with(tag), active).await;
        assert_eq!(status_and_key(&stale), (412, "version-mismatch".into()));
        let gender = r#"[{"op":"add","path":"/gender","value":"female"}]"#;
        let found = patch(&house, "/fhir/Patient?identifier=urn:x|7", gender).await;
        assert_eq!((found.status, found.text(&["gender"])), (StatusCode::OK, "female".into()));
        assert_eq!(
            status_and_key(&patch(&house, "/fhir/Patient?identifier=urn:x|none", gender).await),
            (404, "no-match".into())
        );
        house.create(&numbered("7", "B")).await;
        let several = patch(&house, "/fhir/Patient?identifier=urn:x|7", gender).await;
        assert_eq!(status_and_key(&several), (412, "several-matches".into()));
    })
    .await;
}

#[tokio::test]
async fn a_patch_cannot_grow_without_end() {
    let house = House::open(yba_testkit::records());
    let id = house.create(&numbered("7", "A")).await;
    let path = format!("/fhir/Patient/{id}");
    let many = vec![r#"{"op":"test","path":"/active","value":true}"#; 1001].join(",");
    assert_eq!(patch(&house, &path, &format!("[{many}]")).await.status, 413);
    // Each copy stands at the bottom of the one before, so that the depth doubles: no thread's stack would hold it.
    let bottoms = (0..18).map(|power| "/x".repeat(1 << power));
    let deep: Vec<String> =
        bottoms.map(|path| format!(r#"{{"op":"copy","from":"","path":"{path}"}}"#)).collect();
    let said = patch(&house, &path, &format!("[{}]", deep.join(","))).await;
    assert_eq!(status_and_key(&said), (413, "patch-too-large".into()));
    let nested = format!("{}1{}", r#"{"x":"#.repeat(40), "}".repeat(40));
    let steps: Vec<String> = (0..200)
        .map(|step| format!(r#"{{"op":"add","path":"{}","value":{nested}}}"#, "/x".repeat(step * 40 + 1)))
        .collect();
    let said = patch(&house, &path, &format!("[{}]", steps.join(","))).await;
    assert_eq!(status_and_key(&said), (413, "patch-too-large".into()));
    let double = r#"{"op":"copy","from":"","path":"/x"},{"op":"copy","from":"","path":"/y"}"#;
    let doubled = vec![double; 40].join(",");
    let said = patch(&house, &path, &format!("[{doubled}]")).await;
    assert_eq!(status_and_key(&said), (413, "patch-too-large".into()));
}

#[tokio::test]
async fn racing_conditions_make_one_record_and_racing_patches_lose_nothing() {
    each(async |house| {
        let path = "/fhir/Patient?identifier=urn:x|7";
        let body = numbered("7", "A");
        let made = join_all((0..20).map(|_| house.put(path, &body))).await;
        let created = made.iter().filter(|said| said.status == StatusCode::CREATED).count();
        let fine = made.iter().all(|said| matches!(said.status.as_u16(), 200 | 201));
        assert!(created == 1 && fine, "{made:?}");
        let id = made[0].id();
        let operations: Vec<String> = (0..12)
            .map(|at| format!(r#"[{{"op":"add","path":"/name/-","value":{{"text":"tên {at}"}}}}]"#))
            .collect();
        let address = format!("/fhir/Patient/{id}");
        let mut waiting: Vec<usize> = (0..operations.len()).collect();
        while !waiting.is_empty() {
            let said = join_all(waiting.iter().map(|at| patch(&house, &address, &operations[*at]))).await;
            let refused = |said: &Said| said.status == StatusCode::PRECONDITION_FAILED;
            assert!(said.iter().all(|one| one.status == 200 || refused(one)), "{said:?}");
            waiting =
                waiting.into_iter().zip(&said).filter(|(_, one)| refused(one)).map(|(at, _)| at).collect();
        }
        let now = house.get(&address).await.tree();
        let names: Vec<&str> = items(&now, "name").filter_map(|name| str_at(name, &["text"])).collect();
        assert_eq!(names.len(), 13, "{names:?}");
    })
    .await;
}

#[tokio::test]
async fn bundles_change_what_searches_find() {
    each(async |house| {
        house.create(&numbered("1", "A")).await;
        let bundle = json!({"resourceType": "Bundle", "type": "transaction", "entry": [
            {"fullUrl": "urn:uuid:5f0c2a0e-0000-4000-8000-000000000001", "resource": numbered("1", "A mới"),
             "request": {"method": "PUT", "url": "Patient?identifier=urn:x|1"}},
            {"resource": {"resourceType": "Observation", "status": "final", "code": {"text": "x"},
             "subject": {"reference": "urn:uuid:5f0c2a0e-0000-4000-8000-000000000001"}},
             "request": {"method": "POST", "url": "Observation"}},
            {"request": {"method": "DELETE", "url": "Patient?identifier=urn:x|none"}}
        ]});
        let said = house.post("/fhir", &bundle).await;
        assert_eq!(said.entry_statuses(), ["200 OK", "201 Created", "204 No Content"], "{said:?}");
        let person = house.get("/fhir/Patient?name=moi").await.each_resource("id");
        let pointing = house.get(&format!("/fhir/Observation?patient={}", person[0])).await;
        assert_eq!(pointing.entries().len(), 1);
        let twice = json!({"resourceType": "Bundle", "type": "transaction", "entry": [
            {"resource": numbered("5", "B"), "request": {"method": "PUT", "url": "Patient?identifier=urn:x|5"}},
            {"resource": numbered("5", "C"), "request": {"method": "PUT", "url": "Patient?identifier=urn:x|5"}}
        ]});
        let said = house.post("/fhir", &twice).await;
        assert_eq!(status_and_key(&said), (400, "same-condition-twice".into()));
        assert_eq!(house.ask("POST", "/fhir", &[], bytes(&bundle)).await.status, 200);
    })
    .await;
}
