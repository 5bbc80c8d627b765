//! One record: create, read, vread, update, delete, history.

use crate::house::{BASE, bytes, each, patient};
use crate::minimal;
use axum::http::StatusCode;
use yba_fhir::json::{JsonContainerTrait, JsonValueTrait, json, str_at};

#[tokio::test]
async fn a_created_record_is_read_back_byte_for_byte_with_its_version() {
    each(async |house| {
        let body = r#"{"resourceType":"Observation","id":"mine","status":"final","code":{"text":"Glucose"},"valueQuantity":{"value":5.60},"extension":[{"url":"https://example.org/x","valueDecimal":1e2}]}"#;
        let created = house.ask("POST", "/fhir/Observation", &[], body).await;
        assert_eq!(created.status, StatusCode::CREATED);
        let id = created.id();
        assert_ne!(id, "mine", "the server gives the id");
        let version = created.text(&["meta", "versionId"]);
        assert_eq!(created.header("location"), format!("{BASE}/Observation/{id}/_history/{version}"));
        assert_eq!(created.header("etag"), format!("W/\"{version}\""));
        assert_eq!(created.header("last-modified"), "Mon, 02 Mar 2026 01:00:00 GMT");
        let read = house.get(&format!("/fhir/Observation/{id}")).await;
        assert_eq!((read.status, &read.body), (StatusCode::OK, &created.body));
        assert_eq!(read.header("etag"), created.header("etag"));
        assert_eq!(read.header("content-type"), "application/fhir+json; charset=utf-8");
        let text = String::from_utf8(read.body.to_vec()).unwrap();
        assert!(text.contains(r#""value":5.60"#) && text.contains(r#""valueDecimal":1e2}"#), "{text}");
        let head = house.ask("HEAD", &format!("/fhir/Observation/{id}"), &[], "").await;
        assert_eq!((head.status, head.body.len(), head.header("etag")), (StatusCode::OK, 0, created.header("etag")));
    })
    .await;
}

#[tokio::test]
async fn prefer_decides_what_a_write_gives_back() {
    each(async |house| {
        let person = bytes(&patient("Lò Thị Mẫu"));
        let ask =
            async |prefer| house.ask("POST", "/fhir/Patient", &[("prefer", prefer)], person.clone()).await;
        let minimal = ask("return=minimal").await;
        assert_eq!((minimal.status, minimal.body.len()), (StatusCode::CREATED, 0));
        assert!(minimal.header("location").starts_with(BASE) && !minimal.header("etag").is_empty());
        assert_eq!(ask("return=OperationOutcome").await.text(&["resourceType"]), "OperationOutcome");
        assert_eq!(ask("return=representation; x=y").await.text(&["resourceType"]), "Patient");
    })
    .await;
}

#[tokio::test]
async fn if_none_exist_creates_once_and_refuses_several_matches() {
    each(async |house| {
        let person = json!({"resourceType": "Patient", "identifier": [{"system": "urn:x", "value": "7"}]});
        let condition = [("if-none-exist", "identifier=urn:x|7")];
        let first = house.ask("POST", "/fhir/Patient", &condition, bytes(&person)).await;
        let second = house.ask("POST", "/fhir/Patient", &condition, bytes(&person)).await;
        assert_eq!((first.status, second.status), (StatusCode::CREATED, StatusCode::OK));
        assert_eq!(first.body, second.body);
        house.create(&person).await;
        let third = house.ask("POST", "/fhir/Patient", &condition, bytes(&person)).await;
        assert_eq!(
            (third.status, third.key().as_str()),
            (StatusCode::PRECONDITION_FAILED, "several-matches")
        );
        for wrong in ["", "identifier=", "no-such=1", "name=a%00b"] {
            let said = house.ask("POST", "/fhir/Patient", &[("if-none-exist", wrong)], bytes(&person)).await;
            assert_eq!(said.status, StatusCode::BAD_REQUEST, "{wrong}: {said:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn update_makes_a_version_creates_under_the_callers_id_and_equal_content_makes_none() {
    each(async |house| {
        let with = |name: &str| json!({"resourceType": "Patient", "id": "p1", "name": [{"text": name}]});
        let first = house.put("/fhir/Patient/p1", &with("A")).await;
        assert_eq!((first.status, first.id().as_str()), (StatusCode::CREATED, "p1"));
        let same = house.put("/fhir/Patient/p1", &with("A")).await;
        assert_eq!((same.status, &same.body), (StatusCode::OK, &first.body), "no new version");
        let second = house.put("/fhir/Patient/p1", &with("B")).await;
        assert_eq!(second.status, StatusCode::OK);
        assert_ne!(second.header("etag"), first.header("etag"));
        let old = house.get(first.header("location").strip_prefix("http://yba.test").unwrap()).await;
        assert_eq!(old.body, first.body, "the old version stays");
    })
    .await;
}

#[tokio::test]
async fn if_match_protects_from_lost_updates() {
    each(async |house| {
        let with =
            |name: &str| bytes(&json!({"resourceType": "Patient", "id": "p1", "name": [{"text": name}]}));
        let first = house.ask("PUT", "/fhir/Patient/p1", &[], with("A")).await;
        let tag = first.header("etag").to_owned();
        let ours = house.ask("PUT", "/fhir/Patient/p1", &[("if-match", &tag)], with("B")).await;
        assert_eq!(ours.status, StatusCode::OK);
        let theirs = house.ask("PUT", "/fhir/Patient/p1", &[("if-match", &tag)], with("C")).await;
        assert_eq!(
            (theirs.status, theirs.key().as_str()),
            (StatusCode::PRECONDITION_FAILED, "version-mismatch")
        );
        let gone = house.ask("DELETE", "/fhir/Patient/p1", &[("if-match", &tag)], "").await;
        assert_eq!(gone.status, StatusCode::PRECONDITION_FAILED);
        assert_eq!(house.get("/fhir/Patient/p1").await.body, ours.body);
        let never = house.ask("PUT", "/fhir/Patient/new", &[("if-match", "W/\"x-1\"")], with("C")).await;
        assert_eq!(never.status, StatusCode::BAD_REQUEST, "the id in the body is another");
        for wrong in ["*", "W/\"1\", W/\"2\"", "a b"] {
            let said = house.ask("PUT", "/fhir/Patient/p1", &[("if-match", wrong)], with("D")).await;
            assert_eq!((said.status, said.key().as_str()), (StatusCode::BAD_REQUEST, "if-match"));
        }
    })
    .await;
}

#[tokio::test]
async fn update_refuses_another_id_or_type_than_the_address_says() {
    each(async |house| {
        let other = house.put("/fhir/Patient/p1", &json!({"resourceType": "Patient", "id": "p2"})).await;
        assert_eq!((other.status, other.key().as_str()), (StatusCode::BAD_REQUEST, "id-mismatch"));
        let none = house.put("/fhir/Patient/p1", &json!({"resourceType": "Patient"})).await;
        assert_eq!((none.status, none.key().as_str()), (StatusCode::BAD_REQUEST, "id-mismatch"));
        let kind = house.put("/fhir/Patient/p1", &json!({"resourceType": "Basic", "id": "p1"})).await;
        assert_eq!((kind.status, kind.key().as_str()), (StatusCode::BAD_REQUEST, "type-mismatch"));
        assert_eq!(house.get("/fhir/Patient/p1").await.status, StatusCode::NOT_FOUND, "nothing was stored");
    })
    .await;
}

#[tokio::test]
async fn conditions_that_a_write_does_not_serve_are_refused_not_ignored() {
    each(async |house| {
        let body = bytes(&json!({"resourceType": "Patient", "id": "p1"}));
        for (method, path, header) in [
            ("PUT", "/fhir/Patient/p1", "if-none-match"),
            ("PUT", "/fhir/Patient/p1", "if-none-exist"),
            ("PUT", "/fhir/Patient/p1", "if-unmodified-since"),
            ("POST", "/fhir/Patient", "if-match"),
            ("DELETE", "/fhir/Patient/p1", "if-none-match"),
        ] {
            let said = house.ask(method, path, &[(header, "W/\"1\"")], body.clone()).await;
            assert_eq!(
                (said.status, said.key().as_str()),
                (StatusCode::BAD_REQUEST, "unsupported"),
                "{header}"
            );
        }
        assert_eq!(house.get("/fhir/Patient?_count=0").await.tree()["total"].as_u64(), Some(0));
    })
    .await;
}

#[tokio::test]
async fn a_deleted_record_is_gone_may_be_deleted_again_and_may_come_back() {
    each(async |house| {
        let id = house.create(&patient("Lò Thị Mẫu")).await;
        let path = format!("/fhir/Patient/{id}");
        let deleted = house.delete(&path).await;
        assert_eq!((deleted.status, deleted.body.len()), (StatusCode::NO_CONTENT, 0));
        assert_eq!(house.delete(&path).await.status, StatusCode::NO_CONTENT);
        assert_eq!(house.delete("/fhir/Patient/never").await.status, StatusCode::NO_CONTENT);
        let read = house.get(&path).await;
        assert_eq!((read.status, read.key().as_str()), (StatusCode::GONE, "deleted"));
        let version = deleted.header("etag").trim_start_matches("W/\"").trim_end_matches('"').to_owned();
        assert_eq!(house.get(&format!("{path}/_history/{version}")).await.status, StatusCode::GONE);
        let back = json!({"resourceType": "Patient", "id": id.as_str()});
        assert_eq!(house.put(&path, &back).await.status, StatusCode::CREATED);
        assert_eq!(house.get(&path).await.status, StatusCode::OK);
    })
    .await;
}

#[tokio::test]
async fn history_lists_versions_newest_first_and_pages() {
    each(async |house| {
        let with = |name: &str| json!({"resourceType": "Patient", "id": "p1", "name": [{"text": name}]});
        for name in ["A", "B", "C"] {
            house.put("/fhir/Patient/p1", &with(name)).await;
        }
        house.delete("/fhir/Patient/p1").await;
        house.put("/fhir/Patient/p1", &with("D")).await;
        let whole = house.get("/fhir/Patient/p1/_history").await;
        assert_eq!(whole.tree()["total"].as_u64(), Some(5));
        assert_eq!(whole.text(&["type"]), "history");
        let statuses = ["201 Created", "204 No Content", "200 OK", "200 OK", "201 Created"];
        assert_eq!(whole.entry_statuses(), statuses);
        let entries = whole.entries();
        assert_eq!(str_at(&entries[1], &["request", "method"]), Some("DELETE"));
        assert!(entries[1].get("resource").is_none(), "a deletion has no resource");
        assert_eq!(str_at(&entries[0], &["request", "url"]), Some("Patient/p1"));
        let (mut next, mut seen) = (Some("/fhir/Patient/p1/_history?_count=2".to_owned()), Vec::new());
        let mut pages = 0;
        while let Some(address) = next {
            let page = house.get(&address).await;
            assert_eq!(page.status, StatusCode::OK);
            seen.extend(page.entry_statuses());
            next = page.link("next");
            pages += 1;
        }
        assert_eq!((seen, pages), (statuses.map(str::to_owned).to_vec(), 3));
        assert_eq!(house.get("/fhir/Patient/never/_history").await.status, StatusCode::NOT_FOUND);
        for wrong in ["_since=x", "_count=0", "_count=x", "_page=-1", "_page=x", "_at=2026-13"] {
            let said = house.get(&format!("/fhir/Patient/p1/_history?{wrong}")).await;
            assert_eq!(said.status, StatusCode::BAD_REQUEST, "{wrong}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_read_is_answered_304_to_who_has_the_version() {
    each(async |house| {
        let id = house.create(&patient("Lò Thị Mẫu")).await;
        let path = format!("/fhir/Patient/{id}");
        let tag = house.get(&path).await.header("etag").to_owned();
        let bare = tag.trim_start_matches("W/").trim_matches('"').to_owned();
        for known in [tag.as_str(), &format!("W/\"x-1\", {tag}"), &bare, "*"] {
            let said = house.ask("GET", &path, &[("if-none-match", known)], "").await;
            assert_eq!((said.status, said.body.len()), (StatusCode::NOT_MODIFIED, 0), "{known}");
            assert_eq!(said.header("etag"), tag);
        }
        let other = house.ask("GET", &path, &[("if-none-match", "W/\"x-1\"")], "").await;
        assert_eq!(other.status, StatusCode::OK);
    })
    .await;
}

#[tokio::test]
async fn gzip_is_taken_and_given() {
    each(async |house| {
        let long = json!({"resourceType": "Patient", "name": [{"text": "Lò Thị Mẫu ".repeat(300).as_str()}]});
        let packed = gzip(&bytes(&long));
        let headers = [("content-encoding", "gzip"), ("accept-encoding", "gzip")];
        let said = house.ask("POST", "/fhir/Patient", &headers, packed).await;
        assert_eq!((said.status, said.header("content-encoding")), (StatusCode::CREATED, "gzip"));
        assert!(said.body.len() < 1000);
        let mut plain = String::new();
        std::io::Read::read_to_string(&mut flate2::read::GzDecoder::new(&said.body[..]), &mut plain).unwrap();
        assert!(plain.starts_with("{\"resourceType\":\"Patient\""));
        let short = house.ask("GET", "/fhir/Patient/none", &[("accept-encoding", "gzip")], "").await;
        assert_eq!(short.header("content-encoding"), "", "short answers are not packed");
    })
    .await;
}

pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    use std::io::Write;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[tokio::test]
async fn a_list_of_all_types_can_be_stored_and_found() {
    each(async |house| {
        let metadata = house.get("/fhir/metadata").await.tree();
        let rest = &metadata["rest"].as_array().unwrap()[0];
        for resource in yba_fhir::json::items(rest, "resource") {
            let kind = str_at(resource, &["type"]).unwrap();
            let said = house.post(&format!("/fhir/{kind}"), &minimal::resource(kind)).await;
            assert_eq!(said.status, StatusCode::CREATED, "{kind}: {}", String::from_utf8_lossy(&said.body));
            let found = house.get(&format!("/fhir/{kind}?_id={}", said.id())).await;
            assert_eq!(found.each_resource("id"), [said.id()], "{kind}");
        }
    })
    .await;
}
