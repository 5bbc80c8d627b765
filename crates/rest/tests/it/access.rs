//! Who may not, in what format, by what method; request ids.

use crate::house::{House, bytes, each, patient};
use axum::http::StatusCode;
use yba_fhir::json::{JsonValueTrait, json};

#[tokio::test]
async fn a_stranger_may_see_the_statement_and_nothing_else() {
    yba_testkit::each_engine(async |kit| {
        let open = House::open(kit);
        let id = open.create(&patient("Lò Thị Mẫu")).await;
        let house = House::closed(open.kit);
        assert_eq!(house.get("/fhir/metadata").await.status, StatusCode::OK);
        let person = bytes(&patient("B"));
        let bundle = bytes(&json!({"resourceType": "Bundle", "type": "transaction"}));
        for (method, path, body) in [
            ("GET", format!("/fhir/Patient/{id}"), "".into()),
            ("HEAD", format!("/fhir/Patient/{id}"), "".into()),
            ("GET", format!("/fhir/Patient/{id}/_history"), "".into()),
            ("GET", format!("/fhir/Patient/{id}/_history/x-1"), "".into()),
            ("GET", "/fhir/Patient".into(), "".into()),
            ("GET", "/fhir/Patient?_count=0".into(), "".into()),
            ("POST", "/fhir/Patient/_search".into(), "".into()),
            ("POST", "/fhir/Patient".into(), person.clone()),
            ("PUT", format!("/fhir/Patient/{id}"), person),
            ("DELETE", format!("/fhir/Patient/{id}"), "".into()),
            ("POST", "/fhir".into(), bundle),
            ("GET", "/fhir/NoSuchType".into(), "".into()),
            ("GET", "/fhir/metadata/x".into(), "".into()),
            ("PATCH", "/fhir/Patient/1".into(), "".into()),
            ("OPTIONS", "/fhir/Patient".into(), "".into()),
        ] {
            let said = house.ask(method, &path, &[], body).await;
            assert_eq!(said.status, StatusCode::UNAUTHORIZED, "{method} {path}");
            assert!(said.header("www-authenticate").starts_with("Bearer"), "{method} {path}");
        }
        let found = House::open(house.kit).get(&format!("/fhir/Patient/{id}")).await;
        assert_eq!(found.status, StatusCode::OK, "and nothing was changed");
    })
    .await;
}

#[tokio::test]
async fn refused_strangers_leave_a_trace() {
    let house = House::closed(yba_testkit::records());
    let before = house.kit.records.trail().end().0;
    house.get("/fhir/Patient/1").await;
    assert_eq!(house.kit.records.trail().end().0, before + 1);
}

#[tokio::test]
async fn only_json_is_given() {
    each(async |house| {
        let id = house.create(&patient("Lò Thị Mẫu")).await;
        let path = format!("/fhir/Patient/{id}");
        for (query, accept, wanted) in [
            ("", "application/fhir+json", 200),
            ("", "application/json;q=0.9, text/html", 200),
            ("", "text/html,application/xhtml+xml,*/*;q=0.8", 200),
            ("", "application/fhir+xml", 406),
            ("", "application/fhir+json; fhirVersion=3.0", 406),
            ("?_format=json", "application/fhir+xml", 200),
            ("?_format=application/fhir+json", "*/*", 200),
            ("?_format=application%2Ffhir%2Bjson&_pretty=true", "*/*", 200),
            ("?_format=xml", "*/*", 406),
            ("?_format=ttl", "application/json", 406),
        ] {
            let said = house.ask("GET", &format!("{path}{query}"), &[("accept", accept)], "").await;
            assert_eq!(said.status.as_u16(), wanted, "{query} {accept}");
        }
        let search = house.get("/fhir/Patient?_format=xml").await;
        assert_eq!((search.status, search.key().as_str()), (StatusCode::NOT_ACCEPTABLE, "not-acceptable"));
    })
    .await;
}

#[tokio::test]
async fn only_json_is_taken() {
    each(async |house| {
        let body = bytes(&patient("Lò Thị Mẫu"));
        for (content_type, wanted) in [
            ("application/fhir+json", 201),
            ("application/json; charset=utf-8", 201),
            ("application/fhir+xml", 415),
            ("text/plain", 415),
            ("application/x-www-form-urlencoded", 415),
            ("application/json; charset=iso-8859-1", 415),
            ("", 415),
        ] {
            let said =
                house.ask("POST", "/fhir/Patient", &[("content-type", content_type)], body.clone()).await;
            assert_eq!(said.status.as_u16(), wanted, "{content_type}");
        }
        let brotli = house.ask("POST", "/fhir/Patient", &[("content-encoding", "br")], body.clone()).await;
        assert_eq!(brotli.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
        let damaged = house.ask("POST", "/fhir/Patient", &[("content-encoding", "gzip")], body).await;
        assert_eq!((damaged.status, damaged.key().as_str()), (StatusCode::BAD_REQUEST, "gzip"));
    })
    .await;
}

#[tokio::test]
async fn what_is_not_served_is_refused_by_its_name() {
    each(async |house| {
        for (method, path, wanted, word) in [
            ("DELETE", "/fhir/Patient/1/_history", 405, "delete-history"),
            ("POST", "/fhir/Patient/1", 405, "POST"),
            ("PUT", "/fhir", 405, "PUT"),
            ("OPTIONS", "/fhir/Patient", 405, "OPTIONS"),
            ("GET", "/fhir/Patient/_search", 405, "_search"),
            ("DELETE", "/fhir/Patient/_history", 405, "_history"),
            ("GET", "/fhir/Observation/1/$everything", 404, "$everything"),
            ("GET", "/fhir/Patient/$convert", 404, "$convert"),
            ("GET", "/fhir/$convert", 404, "$convert"),
            ("GET", "/fhir/$export", 400, "respond-async"),
            ("GET", "/fhir/NoSuchType/1", 404, "NoSuchType"),
            ("GET", "/fhir/patient/1", 404, "patient"),
            ("GET", "/fhir/DomainResource", 404, "DomainResource"),
            ("GET", "/fhir/Patient/1/Location", 404, "compartment"),
            ("GET", "/fhir/Location/1/Patient", 404, "compartments"),
            ("GET", "/fhir/Patient/1/Nothing", 404, "Nothing"),
            ("GET", "/fhir/Patient/1/_history/2/3", 404, "no such address"),
            ("GET", "/fhir/Patient/", 404, "no such address"),
            ("GET", "/fhir/Patient/1?_elements=name.given", 400, "_elements"),
            ("POST", "/fhir/Patient?identifier=x", 400, "identifier"),
            ("GET", "/fhir/metadata?mode=terminology", 400, "terminology"),
        ] {
            let body = if method == "POST" { bytes(&patient("A")) } else { "".into() };
            let said = house.ask(method, path, &[], body).await;
            assert_eq!(said.status.as_u16(), wanted, "{method} {path} {said:?}");
            assert!(String::from_utf8_lossy(&said.body).contains(word), "{method} {path} {said:?}");
            if wanted == 405 {
                assert!(!said.header("allow").is_empty(), "{method} {path} says what is allowed");
            }
        }
    })
    .await;
}

#[tokio::test]
async fn a_request_id_is_taken_over_or_made() {
    each(async |house| {
        let ask = async |id: &str| {
            let said = house.ask("GET", "/fhir/Patient/1", &[("x-request-id", id)], "").await;
            said.header("x-request-id").to_owned()
        };
        assert_eq!(ask("his-42.a").await, "his-42.a");
        let (first, second) = (ask("a b").await, ask(&"x".repeat(99)).await);
        assert!(first.starts_with("testr") && second.starts_with("testr") && first != second);
    })
    .await;
}

#[tokio::test]
async fn the_router_lives_beside_pages_with_a_fallback_of_their_own() {
    use tower::ServiceExt;
    let house = House::open(yba_testkit::records());
    let pages = axum::Router::new().fallback(async || "a page");
    let all = pages.merge(house.router.clone());
    let ask = |path: &str| axum::http::Request::get(path).body(axum::body::Body::empty()).unwrap();
    let page = all.clone().oneshot(ask("/elsewhere")).await.unwrap();
    assert_eq!(page.status(), StatusCode::OK);
    assert!(!page.headers().contains_key("x-request-id"), "pages are not the API's");
    assert_eq!(all.oneshot(ask("/fhir/x/y/z")).await.unwrap().status(), StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn pages_of_other_origins_are_let_in_when_they_are_named() {
    let kit = yba_testkit::records();
    let with = |origins: &str| yba_rest::Settings {
        open: true,
        origins: origins.parse().unwrap(),
        ..Default::default()
    };
    let router = yba_rest::router(kit.records.clone(), with("https://app.example.vn"));
    let house = House { router, kit, cookie: None };
    let mine = [("origin", "https://app.example.vn")];
    let said = house.ask("GET", "/fhir/metadata", &mine, "").await;
    assert_eq!(said.header("access-control-allow-origin"), "https://app.example.vn");
    assert!(said.header("access-control-expose-headers").contains("etag"));
    assert_eq!(said.tree()["rest"][0]["security"]["cors"].as_bool(), Some(true));
    let asked =
        [mine[0], ("access-control-request-method", "PUT"), ("access-control-request-headers", "if-match")];
    let request = |headers: &[(&str, &str)]| {
        let mut request = axum::http::Request::builder().method("OPTIONS").uri("/fhir/Patient/1");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        tower::ServiceExt::oneshot(house.router.clone(), request.body(axum::body::Body::empty()).unwrap())
    };
    let before = request(&asked).await.unwrap();
    assert_eq!(before.status().as_u16(), 200);
    assert!(before.headers()["access-control-allow-methods"].to_str().unwrap().contains("PUT"));
    let stranger = house.ask("GET", "/fhir/metadata", &[("origin", "https://evil.example")], "").await;
    assert_eq!(stranger.header("access-control-allow-origin"), "");
    let none =
        House { router: yba_rest::router(house.kit.records.clone(), with("")), kit: house.kit, cookie: None };
    assert_eq!(none.ask("GET", "/fhir/metadata", &mine, "").await.header("access-control-allow-origin"), "");
}

#[tokio::test]
async fn answers_are_indented_when_it_is_asked() {
    each(async |house| {
        let body = r#"{"resourceType":"Observation","status":"final","code":{"text":"x"},"valueQuantity":{"value":2.00}}"#;
        let said = house.ask("POST", "/fhir/Observation?_pretty=true", &[], body).await;
        let text = String::from_utf8(said.body.to_vec()).unwrap();
        assert!(text.starts_with("{\n  \"resourceType\": \"Observation\"") && text.contains("2.00"), "{text}");
        let refused = house.get("/fhir/Observation/none?_pretty=true").await;
        assert!(refused.body.starts_with(b"{\n"), "{refused:?}");
    })
    .await;
}

#[tokio::test]
async fn a_read_is_answered_304_to_who_has_seen_it_since() {
    each(async |house| {
        let id = house.create(&patient("Lò Thị Mẫu")).await;
        let path = format!("/fhir/Patient/{id}");
        let modified = house.get(&path).await.header("last-modified").to_owned();
        let since = async |moment: &str, tag: &str| {
            let mut headers = vec![("if-modified-since", moment)];
            if !tag.is_empty() {
                headers.push(("if-none-match", tag));
            }
            house.ask("GET", &path, &headers, "").await.status.as_u16()
        };
        assert_eq!(since(&modified, "").await, 304);
        assert_eq!(since("Mon, 01 Jan 2024 00:00:00 GMT", "").await, 200);
        assert_eq!(since("hôm qua", "").await, 200);
        assert_eq!(since(&modified, "W/\"other\"").await, 200, "a tag says more than a time");
    })
    .await;
}
