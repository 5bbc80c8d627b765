//! The CapabilityStatement.

use crate::house::{BASE, House, each};
use axum::http::StatusCode;
use yba_fhir::json::{JsonContainerTrait, JsonValueTrait, Value, items, str_at};

fn resource(statement: &Value, kind: &str) -> Value {
    let rest = &statement["rest"].as_array().unwrap()[0];
    items(rest, "resource").find(|one| str_at(one, &["type"]) == Some(kind)).unwrap().clone()
}

#[tokio::test]
async fn the_statement_names_version_format_and_address() {
    each(async |house| {
        let said = house.get("/fhir/metadata").await;
        assert_eq!(said.status, StatusCode::OK);
        let tree = said.tree();
        assert_eq!(str_at(&tree, &["fhirVersion"]), Some("4.0.1"));
        assert_eq!(str_at(&tree, &["implementation", "url"]), Some(BASE));
        let rest = &tree["rest"].as_array().unwrap()[0];
        let text = str_at(rest, &["documentation"]).unwrap();
        assert!(text.contains("order of arrival") && text.contains("_since"), "{text}");
        let system: Vec<&str> = items(rest, "interaction").filter_map(|one| str_at(one, &["code"])).collect();
        assert_eq!(system, ["transaction", "batch", "history-system", "search-system"]);
        assert_eq!(items(rest, "resource").count(), 146);
    })
    .await;
}

#[tokio::test]
async fn what_the_statement_declares_for_a_type_is_what_is_served() {
    each(async |house| {
        let patient = resource(&house.get("/fhir/metadata").await.tree(), "Patient");
        let codes: Vec<&str> =
            items(&patient, "interaction").filter_map(|one| str_at(one, &["code"])).collect();
        let served = [
            "read",
            "vread",
            "update",
            "patch",
            "delete",
            "history-instance",
            "history-type",
            "create",
            "search-type",
        ];
        assert_eq!(codes, served);
        for parameter in items(&patient, "searchParam") {
            let (name, kind) = (str_at(parameter, &["name"]).unwrap(), str_at(parameter, &["type"]).unwrap());
            let value = match kind {
                "date" => "2026-01-01",
                "number" | "quantity" => "1",
                "reference" => "Patient/1",
                _ => "x",
            };
            let said = house.get(&format!("/fhir/Patient?{name}={value}")).await;
            assert_eq!(said.status, StatusCode::OK, "{name}: {said:?}");
        }
        for include in items(&patient, "searchInclude") {
            let said = house.get(&format!("/fhir/Patient?_include={}", include.as_str().unwrap())).await;
            assert_eq!(said.status, StatusCode::OK, "{include:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn without_a_configured_base_links_begin_with_the_callers_host() {
    let kit = yba_testkit::records();
    let settings = yba_rest::Settings { open: true, ..Default::default() };
    let house = House { router: yba_rest::router(kit.records.clone(), settings), kit, cookie: None };
    let at = async |host: &str| {
        let said = house.ask("GET", "/fhir/metadata", &[("host", host)], "").await;
        said.text(&["implementation", "url"])
    };
    assert_eq!(at("127.0.0.1:8080").await, "http://127.0.0.1:8080/fhir");
    assert_eq!(at("[::1]:8080").await, "http://[::1]:8080/fhir");
    assert_eq!(at("evil\"},<x>").await, "http://localhost/fhir", "what is no host is not repeated");
}
