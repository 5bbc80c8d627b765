//! `ViewDefinition/$run`: over resources that were sent, over the records, and what it refuses.

use crate::house::{BASE, House, Said, each, patient};
use yba_fhir::json::{self, Value, items, json, str_at};
use yba_records::Ctx;
use yba_rest::{Settings, router};

const NAMES: &str = r#"{"resourceType": "ViewDefinition", "status": "active", "resource": "Patient",
    "select": [{"column": [{"name": "id", "path": "getResourceKey()"}]},
               {"forEach": "name", "column": [{"name": "name", "path": "text"}]}]}"#;

fn definition(text: &str) -> Value {
    json::from_str(text).unwrap()
}

fn parameters(parts: Vec<Value>) -> Value {
    json!({"resourceType": "Parameters", "parameter": parts})
}

fn sent(view: &str, more: Vec<Value>) -> Value {
    let mut parts = vec![json!({"name": "viewResource", "resource": definition(view)})];
    parts.extend(more);
    parameters(parts)
}

fn given(name: &str) -> Value {
    json!({"name": "resource", "resource": {"resourceType": "Patient", "id": "x", "name": [{"text": name}]}})
}

fn text(said: &Said) -> String {
    assert_eq!(said.status, 200, "{said:?}");
    String::from_utf8(said.body.to_vec()).unwrap()
}

async fn two_people(house: &House) {
    for (id, name) in [("a", "Lò Thị Mẫu"), ("b", "Giàng A Thử")] {
        let mut tree = patient(name);
        json::JsonValueMutTrait::as_object_mut(&mut tree).unwrap().insert("id", json!(id));
        assert_eq!(house.put(&format!("/fhir/Patient/{id}"), &tree).await.status, 201);
        house.kit.advance_ms(1000);
    }
}

const RUN: &str = "/fhir/ViewDefinition/$run";

#[tokio::test]
async fn resources_that_were_sent_become_rows_and_nothing_is_kept() {
    each(async |house: House| {
        let body = sent(NAMES, vec![given("Lò, A"), given("Sùng")]);
        let said = house.post(RUN, &body).await;
        assert_eq!(text(&said), "{\"id\":\"x\",\"name\":\"Lò, A\"}\n{\"id\":\"x\",\"name\":\"Sùng\"}\n");
        assert_eq!(said.header("content-type"), "application/x-ndjson");
        let csv = house.post(&format!("{RUN}?_format=csv"), &body).await;
        assert_eq!(text(&csv), "id,name\r\nx,\"Lò, A\"\r\nx,Sùng\r\n");
        assert_eq!(csv.header("content-type"), "text/csv; charset=utf-8");
        let without = vec![
            given("Lò"),
            json!({"name": "header", "valueBoolean": false}),
            json!({"name": "_format", "valueCode": "csv"}),
        ];
        assert_eq!(text(&house.post(RUN, &sent(NAMES, without)).await), "x,Lò\r\n");
        let few = vec![
            given("Lò"),
            given("Sùng"),
            json!({"name": "_limit", "valueInteger": 1}),
            json!({"name": "_format", "valueCode": "json"}),
        ];
        assert_eq!(text(&house.post(RUN, &sent(NAMES, few)).await), "[{\"id\":\"x\",\"name\":\"Lò\"}]\n");
        let accept = [("accept", "text/csv;q=0.9, application/fhir+json;q=0.1")];
        let by_accept = house.ask("POST", RUN, &accept, crate::house::bytes(&body)).await;
        assert!(text(&by_accept).starts_with("id,name\r\n"));
        assert_eq!(house.kit.records.store().head_t(), 0);
    })
    .await;
}

#[tokio::test]
async fn the_records_become_rows_under_a_view_of_content() {
    each(async |house: House| {
        let begun = house.kit.store().clock().now_ms();
        two_people(&house).await;
        let csv = text(&house.get("/fhir/ViewDefinition/people/$run?_format=csv").await);
        assert_eq!(csv.lines().count(), 3);
        assert!(csv.contains("a,Lò Thị Mẫu,1986-04-12,female,"), "{csv}");
        let json = text(&house.get("/fhir/ViewDefinition/people/$run?_format=json&_limit=1").await);
        assert_eq!(json.matches("\"id\":").count(), 1);
        assert!(json.starts_with('[') && json.ends_with("]\n"));
        let of_b = text(&house.get("/fhir/ViewDefinition/people/$run?patient=Patient/b").await);
        assert!(of_b.contains("Giàng A Thử") && of_b.lines().count() == 1, "{of_b}");
        let since = yba_fhir::date::instant(begun + 1000);
        let late = text(&house.get(&format!("/fhir/ViewDefinition/people/$run?_since={since}")).await);
        assert!(late.contains("Giàng A Thử") && late.lines().count() == 1, "{late}");
        for reference in ["ViewDefinition/people", "people", "https://yba.vn/fhir/ViewDefinition/people|1"] {
            let body = parameters(vec![
                json!({"name": "viewReference", "valueReference": {"reference": reference}}),
                json!({"name": "_format", "valueCode": "csv"}),
            ]);
            assert_eq!(text(&house.post(RUN, &body).await), csv, "{reference}");
        }
        let own = text(&house.post(RUN, &sent(NAMES, Vec::new())).await);
        assert_eq!(own, "{\"id\":\"a\",\"name\":\"Lò Thị Mẫu\"}\n{\"id\":\"b\",\"name\":\"Giàng A Thử\"}\n");
        assert_eq!(text(&house.get("/fhir/ViewDefinition/visits/$run?_format=json").await), "[]\n");
    })
    .await;
}

#[tokio::test]
async fn rows_beyond_one_page_come_too() {
    let house = House::open(yba_testkit::records());
    let entries: Vec<Value> = (0..700)
        .map(|n| json!({"request": {"method": "POST", "url": "Patient"}, "resource": patient(&format!("Lò {n}"))}))
        .collect();
    let bundle = json!({"resourceType": "Bundle", "type": "transaction", "entry": entries});
    assert_eq!(house.post("/fhir", &bundle).await.status, 200);
    let rows = text(&house.get("/fhir/ViewDefinition/people/$run").await);
    assert_eq!(rows.lines().count(), 700);
    let some = text(&house.get("/fhir/ViewDefinition/people/$run?_limit=600").await);
    assert_eq!(some.lines().count(), 600);
}

#[tokio::test]
async fn an_export_is_in_the_trail() {
    let house = House::open(yba_testkit::records());
    two_people(&house).await;
    house.get("/fhir/ViewDefinition/people/$run?patient=a").await;
    house.kit.records.trail().sync();
    let path = house.kit.records.trail().folder().join("reads-000000000001.log");
    let trail = std::fs::read_to_string(path).unwrap();
    let entry = trail.lines().last().unwrap();
    assert!(entry.contains(r#""action":"export""#) && entry.contains(r#""patients":["a"]"#), "{entry}");
}

#[tokio::test]
async fn strangers_run_nothing() {
    let house = House::closed(yba_testkit::records());
    assert_eq!(house.get("/fhir/ViewDefinition/people/$run").await.status, 401);
    assert_eq!(house.post(RUN, &sent(NAMES, vec![given("Lò")])).await.status, 401);
    let ctx = Ctx::stranger("test");
    let wanted = yba_records::Wanted { kind: "Patient", ..Default::default() };
    assert!(house.kit.records.export(&ctx, wanted).await.is_err());
}

/// Place and key of each issue.
fn issues(said: &Said) -> Vec<String> {
    let tree = said.tree();
    let issue = |issue: &Value| {
        let place =
            items(issue, "expression").next().map(|one| json::to_string(one).unwrap()).unwrap_or_default();
        let key = items(&issue["details"], "coding").next().and_then(|coding| str_at(coding, &["code"]));
        format!("{} {}", place.trim_matches('"'), key.unwrap())
    };
    items(&tree, "issue").map(issue).collect()
}

#[tokio::test]
async fn what_is_wrong_is_refused_with_its_place() {
    let house = House::open(yba_testkit::records());
    two_people(&house).await;
    let wrong = NAMES.replace("\"text\"", "\"txt\"").replace("getResourceKey", "getKey");
    let said = house.post(RUN, &sent(&wrong, Vec::new())).await;
    assert_eq!(said.status, 422);
    assert_eq!(
        issues(&said),
        [
            "ViewDefinition.select[0].column[0].path fhirpath-unknown-function",
            "ViewDefinition.select[1].column[0].path fhirpath-unknown-element",
        ]
    );
    let many = NAMES
        .replace("\"forEach\": \"name\"", "\"forEach\": \"%resource\"")
        .replace("\"text\"", "\"name.text\"");
    let two = json!({"name": "resource", "resource": {"resourceType": "Patient", "id": "x", "name": [{"text": "a"}, {"text": "b"}]}});
    let said = house.post(RUN, &sent(&many, vec![two])).await;
    assert_eq!((said.status.as_u16(), said.key().as_str()), (422, "view-collection"), "{said:?}");

    let gets = [
        ("/fhir/ViewDefinition/peple/$run", 404, "view-unknown"),
        ("/fhir/ViewDefinition/$run", 400, "view-missing"),
        ("/fhir/ViewDefinition/people/$run?viewReference=visits", 400, "view-missing"),
        ("/fhir/ViewDefinition/people/$run?_format=parquet", 406, "not-acceptable"),
        ("/fhir/ViewDefinition/people/$run?_limit=many", 400, "parameter-value"),
        ("/fhir/ViewDefinition/people/$run?_since=yesterday", 400, "parameter-value"),
        ("/fhir/ViewDefinition/people/$run?patient=nobody", 400, "patient-unknown"),
        ("/fhir/ViewDefinition/people/$run?group=Group/1", 400, "parameter-unsupported"),
        ("/fhir/ViewDefinition/people/$validate", 404, "unknown-type"),
        ("/fhir/ViewDefinition/people", 404, "unknown-type"),
        ("/fhir/Patient/$run", 404, "unsupported-operation"),
    ];
    for (path, status, key) in gets {
        let said = house.get(path).await;
        assert_eq!((said.status.as_u16(), said.key().as_str()), (status, key), "{path} {said:?}");
    }
    let accept = [("accept", "application/fhir+json")];
    assert_eq!(house.ask("GET", "/fhir/ViewDefinition/people/$run", &accept, "").await.status, 406);
    let both = vec![given("Lò"), json!({"name": "patient", "valueReference": {"reference": "Patient/a"}})];
    assert_eq!(house.post(RUN, &sent(NAMES, both)).await.status, 400);
}

#[tokio::test]
async fn views_that_are_sent_are_bounded() {
    let house = House::open(yba_testkit::records());
    let wide = |count: usize| {
        let columns: Vec<String> =
            (0..count).map(|n| format!(r#"{{"name": "c{n}", "path": "id"}}"#)).collect();
        format!(r#"{{"resource": "Patient", "select": [{{"column": [{}]}}]}}"#, columns.join(","))
    };
    assert_eq!(house.post(RUN, &sent(&wide(200), vec![given("Lò")])).await.status, 200);
    assert_eq!(house.post(RUN, &sent(&wide(201), vec![given("Lò")])).await.status, 422);
    let names: Vec<Value> = (0..110).map(|n| json!({"text": format!("n{n}").as_str()})).collect();
    let person = json!({"name": "resource", "resource": {"resourceType": "Patient", "name": names}});
    let square = r#"{"resource": "Patient", "select": [
        {"forEach": "name", "column": [{"name": "a", "path": "text"}]},
        {"forEach": "name | 'x'", "column": [{"name": "b", "path": "$this.toString()"}]}]}"#;
    let said = house.post(RUN, &sent(square, vec![person.clone()])).await;
    assert_eq!((said.status.as_u16(), said.key().as_str()), (422, "view-limit"), "{said:?}");
    // Each of them is within its limits, all together are not.
    let costly = r#"{"resource": "Patient", "where": [{"path": "name.select(%resource.name.where(text = 'no')).exists()"}],
        "select": [{"column": [{"name": "id", "path": "id"}]}]}"#;
    let said = house.post(RUN, &sent(costly, vec![person.clone(); 4])).await;
    assert_eq!(said.status, 200, "{said:?}");
    let said = house.post(RUN, &sent(costly, vec![person; 990])).await;
    assert_eq!((said.status.as_u16(), said.key().as_str()), (422, "fhirpath-limit"), "{said:?}");
}

#[tokio::test]
async fn the_capability_statement_names_the_operation() {
    let house = House::open(yba_testkit::records());
    let statement = house.get("/fhir/metadata").await.tree();
    let rest = items(&statement, "rest").next().unwrap().clone();
    let names: Vec<String> =
        items(&rest, "operation").filter_map(|one| str_at(one, &["name"]).map(str::to_owned)).collect();
    assert!(names.contains(&"run".to_owned()), "{names:?}");
    // An API without views says that it has none.
    let bare =
        router(house.kit.records.clone(), Settings { open: true, base: BASE.into(), ..Default::default() });
    let asked = axum::http::Request::builder()
        .uri("/fhir/ViewDefinition/people/$run")
        .body(axum::body::Body::empty());
    let said = tower::ServiceExt::oneshot(bare, asked.unwrap()).await.unwrap();
    assert_eq!(said.status(), 404);
}
