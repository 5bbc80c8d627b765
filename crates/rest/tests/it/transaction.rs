//! Batch and transaction.

use crate::house::{BASE, House, bytes, each, patient};
use axum::http::StatusCode;
use yba_fhir::json::{JsonValueTrait, Value, json, str_at};

fn bundle(kind: &str, entries: Vec<Value>) -> Value {
    json!({"resourceType": "Bundle", "type": kind, "entry": entries})
}

fn entry(method: &str, url: &str, resource: Option<Value>) -> Value {
    match resource {
        Some(resource) => json!({"request": {"method": method, "url": url}, "resource": resource}),
        None => json!({"request": {"method": method, "url": url}}),
    }
}

fn named(name: &str, url: &str, resource: Value) -> Value {
    json!({"fullUrl": name, "request": {"method": "POST", "url": url}, "resource": resource})
}

fn observation_of(reference: &str) -> Value {
    json!({"resourceType": "Observation", "status": "final", "code": {"text": "x"}, "subject": {"reference": reference}})
}

async fn count(house: &House, kind: &str) -> u64 {
    house.get(&format!("/fhir/{kind}?_count=0")).await.tree()["total"].as_u64().unwrap()
}

#[tokio::test]
async fn a_transaction_stores_all_and_resolves_names_in_any_order() {
    each(async |house| {
        let name = "urn:uuid:7a1c3c9e-0000-4000-8000-000000000001";
        let sent = bundle(
            "transaction",
            vec![
                named("urn:uuid:7a1c3c9e-0000-4000-8000-000000000002", "Observation", observation_of(name)),
                named(name, "Patient", patient("Lò Thị Mẫu")),
            ],
        );
        let said = house.post("/fhir", &sent).await;
        assert_eq!((said.status, said.text(&["type"]).as_str()), (StatusCode::OK, "transaction-response"));
        assert_eq!(said.entry_statuses(), ["201 Created", "201 Created"]);
        let location = |at: usize| str_at(&said.entries()[at], &["response", "location"]).unwrap().to_owned();
        let observation = house.get(location(0).strip_prefix("http://yba.test").unwrap()).await;
        let subject = observation.text(&["subject", "reference"]);
        assert!(location(1).starts_with(&format!("{BASE}/{subject}/_history/")), "{subject}");
        for part in ["etag", "lastModified"] {
            assert!(str_at(&said.entries()[0], &["response", part]).is_some(), "{part}");
        }
        assert!(said.entries()[0].get("resource").is_none(), "bodies only when they are asked for");
        let asked = [("prefer", "return=representation")];
        let said = house.ask("POST", "/fhir/", &asked, bytes(&sent)).await;
        assert_eq!(said.each_resource("resourceType"), ["Observation", "Patient"]);
        let asked = [("prefer", "return=OperationOutcome")];
        let said = house.ask("POST", "/fhir", &asked, bytes(&sent)).await;
        let outcome = str_at(&said.entries()[0], &["response", "outcome", "resourceType"]).map(str::to_owned);
        assert_eq!(outcome.as_deref(), Some("OperationOutcome"));
    })
    .await;
}

#[tokio::test]
async fn writes_come_before_reads_and_answers_keep_the_order_of_entries() {
    each(async |house| {
        let old = house.create(&patient("Cũ")).await;
        let mut with_id = patient("Mới");
        yba_fhir::json::JsonValueMutTrait::as_object_mut(&mut with_id).unwrap().insert("id", "p1");
        let said = house
            .post(
                "/fhir",
                &bundle(
                    "transaction",
                    vec![
                        entry("GET", "Patient/p1", None),
                        entry("GET", "Patient?_count=0", None),
                        entry("PUT", "Patient/p1", Some(with_id)),
                        entry("POST", "Patient", Some(patient("Ba"))),
                        entry("DELETE", &format!("Patient/{old}"), None),
                        entry("GET", &format!("Patient/{old}"), None),
                        entry("GET", "Patient/p1/_history", None),
                    ],
                ),
            )
            .await;
        assert_eq!(
            said.entry_statuses(),
            ["200 OK", "200 OK", "201 Created", "201 Created", "204 No Content", "410 Gone", "200 OK"]
        );
        let entries = said.entries();
        assert_eq!(str_at(&entries[0], &["fullUrl"]), Some(format!("{BASE}/Patient/p1").as_str()));
        assert_eq!(entries[1]["resource"]["total"].as_u64(), Some(2), "the new two without the deleted one");
        assert_eq!(str_at(&entries[5], &["response", "outcome", "resourceType"]), Some("OperationOutcome"));
        assert_eq!(str_at(&entries[6], &["resource", "type"]), Some("history"));
    })
    .await;
}

#[tokio::test]
async fn one_wrong_entry_refuses_the_whole_transaction_and_is_named() {
    each(async |house| {
        let good = || entry("POST", "Patient", Some(patient("A")));
        let tagged = json!({"request": {"method": "PUT", "url": "Patient/p1", "ifMatch": "W/\"x-1\""},
            "resource": {"resourceType": "Patient", "id": "p1"}});
        let wrong: Vec<(Value, u16, &str)> = vec![
            (json!({"resource": {"resourceType": "Patient"}}), 400, "Bundle.entry[2].request"),
            (json!(["not an object"]), 400, "Bundle.entry[2]"),
            (json!("text"), 400, "Bundle.entry[2]"),
            (json!({"request": {"method": "POST"}}), 400, "Bundle.entry[2].request.url"),
            (json!({"request": {"url": "Patient"}}), 400, "Bundle.entry[2].request.method"),
            (entry("TRACE", "Patient/1", None), 400, "Bundle.entry[2].request.method"),
            (entry("POST", "Patient", None), 400, "Bundle.entry[2].resource"),
            (entry("POST", "Patient", Some(json!({"resourceType": "Basic"}))), 400, "Bundle.entry[2].resource"),
            (entry("POST", "Patient", Some(json!({"id": "x"}))), 400, "Bundle.entry[2].resource"),
            (
                entry("POST", "Patient", Some(json!({"resourceType": "Patient", "birthDate": "30/02/1986"}))),
                400,
                "Bundle.entry[2].resource.birthDate",
            ),
            (entry("POST", "Nonsense", Some(json!({"resourceType": "Nonsense"}))), 404, "Bundle.entry[2].request.url"),
            (entry("POST", "Patient/1", Some(patient("B"))), 400, "Bundle.entry[2].request.url"),
            (entry("PUT", "Patient/1", Some(patient("B"))), 400, "Bundle.entry[2].resource.id"),
            (entry("PUT", "Patient?name=", Some(patient("B"))), 400, "Bundle.entry[2].request.url"),
            (entry("DELETE", "Patient?_count=1", None), 400, "Bundle.entry[2].request.url"),
            (entry("GET", "Patient?colour=red", None), 400, "Bundle.entry[2].request.url"),
            (entry("GET", "Patient/1/$everything", None), 400, "Bundle.entry[2].request.url"),
            (entry("GET", "Patient/../../etc/passwd", None), 400, "Bundle.entry[2].request.url"),
            (entry("POST", "Observation", Some(observation_of("urn:uuid:none"))), 400, "Bundle.entry[2].resource"),
            (
                entry("POST", "Observation", Some(observation_of("Patient?identifier=x"))),
                412,
                "Bundle.entry[2]",
            ),
            (named("http://other/Patient/9", "Patient", patient("B")), 400, "Bundle.entry[2].fullUrl"),
            (tagged, 412, "Bundle.entry[2]"),
            (
                json!({"request": {"method": "POST", "url": "Patient", "ifNoneExist": "colour=red"}, "resource": {"resourceType": "Patient"}}),
                400,
                "Bundle.entry[2]",
            ),
        ];
        for (wrong, status, place) in wrong {
            let shown = yba_fhir::json::to_string(&wrong).unwrap();
            let said = house.post("/fhir", &bundle("transaction", vec![good(), good(), wrong])).await;
            assert_eq!(said.status.as_u16(), status, "{shown}: {said:?}");
            let tree = said.tree();
            let issue = yba_fhir::json::items(&tree, "issue").next().unwrap();
            let expression = yba_fhir::json::items(issue, "expression").next().and_then(|one| one.as_str());
            assert_eq!(expression, Some(place), "{shown}: {said:?}");
            assert!(str_at(issue, &["diagnostics"]).unwrap().starts_with("Bundle.entry[2]"), "{shown}");
            assert!(str_at(issue, &["details", "text"]).unwrap().starts_with("Mục 3 "), "{shown}");
        }
        assert_eq!(count(&house, "Patient").await, 0, "nothing of any of them was stored");
    })
    .await;
}

#[tokio::test]
async fn all_problems_of_a_bundle_are_told_at_once() {
    each(async |house| {
        let wrong = vec![entry("TRACE", "Patient/1", None), json!(1), entry("GET", "Nonsense", None)];
        let said = house.post("/fhir", &bundle("transaction", wrong)).await;
        assert_eq!(said.status, StatusCode::BAD_REQUEST);
        assert_eq!(yba_fhir::json::items(&said.tree(), "issue").count(), 3);
    })
    .await;
}

#[tokio::test]
async fn conditional_creates_in_a_transaction_use_what_is_there() {
    each(async |house| {
        let person = json!({"resourceType": "Patient", "identifier": [{"system": "urn:x", "value": "7"}]});
        let name = "urn:uuid:7a1c3c9e-0000-4000-8000-000000000001";
        let unless = json!({"fullUrl": name, "resource": person.clone(),
            "request": {"method": "POST", "url": "Patient", "ifNoneExist": "identifier=urn:x|7"}});
        let sent =
            bundle("transaction", vec![unless, entry("POST", "Observation", Some(observation_of(name)))]);
        let first = house.post("/fhir", &sent).await;
        let second = house.post("/fhir", &sent).await;
        assert_eq!(first.entry_statuses(), ["201 Created", "201 Created"]);
        assert_eq!(second.entry_statuses(), ["200 OK", "201 Created"]);
        assert_eq!((count(&house, "Patient").await, count(&house, "Observation").await), (1, 2));
        house.create(&person).await;
        let third = house.post("/fhir", &sent).await;
        assert_eq!(
            (third.status, third.key().as_str()),
            (StatusCode::PRECONDITION_FAILED, "several-matches")
        );
        assert!(third.tree()["issue"][0]["diagnostics"].as_str().unwrap().starts_with("Bundle.entry[0]"));
    })
    .await;
}

#[tokio::test]
async fn the_same_record_or_name_twice_is_refused() {
    each(async |house| {
        let put = || entry("PUT", "Patient/p1", Some(json!({"resourceType": "Patient", "id": "p1"})));
        let twice = bundle("transaction", vec![put(), entry("DELETE", "Patient/p1", None)]);
        let said = house.post("/fhir", &twice).await;
        assert_eq!((said.status, said.key().as_str()), (StatusCode::BAD_REQUEST, "same-record-twice"));
        let name = "urn:uuid:7a1c3c9e-0000-4000-8000-000000000001";
        let twins = bundle(
            "transaction",
            vec![named(name, "Patient", patient("A")), named(name, "Patient", patient("B"))],
        );
        let said = house.post("/fhir", &twins).await;
        assert_eq!((said.status, said.key().as_str()), (StatusCode::BAD_REQUEST, "full-url-twice"));
        assert_eq!(count(&house, "Patient").await, 0);
    })
    .await;
}

#[tokio::test]
async fn the_entries_of_a_batch_stand_each_for_itself() {
    each(async |house| {
        let sent = bundle(
            "batch",
            vec![
                entry("POST", "Patient", Some(patient("A"))),
                entry("TRACE", "Patient/1", None),
                json!(7),
                entry("GET", "Patient/none", None),
                entry("POST", "Patient", Some(patient("B"))),
                entry("DELETE", "Patient/none", None),
            ],
        );
        let said = house.post("/fhir", &sent).await;
        assert_eq!((said.status, said.text(&["type"]).as_str()), (StatusCode::OK, "batch-response"));
        assert_eq!(
            said.entry_statuses(),
            [
                "201 Created",
                "400 Bad Request",
                "400 Bad Request",
                "404 Not Found",
                "201 Created",
                "204 No Content"
            ]
        );
        assert!(
            str_at(&said.entries()[3], &["response", "outcome", "issue"]).is_none()
                && said.entries()[3]["response"]["outcome"]["issue"][0]["diagnostics"]
                    .as_str()
                    .unwrap()
                    .starts_with("Bundle.entry[3]")
        );
        assert_eq!(count(&house, "Patient").await, 2);
    })
    .await;
}

#[tokio::test]
async fn five_thousand_entries_go_in_at_once_and_more_are_refused() {
    each(async |house| {
        let one = r#"{"request":{"method":"POST","url":"Basic"},"resource":{"resourceType":"Basic","code":{"text":"x"}}}"#;
        let many = |count: usize| {
            format!(
                r#"{{"resourceType":"Bundle","type":"transaction","entry":[{}]}}"#,
                vec![one; count].join(",")
            )
        };
        let said = house.ask("POST", "/fhir", &[], many(5000)).await;
        assert_eq!((said.status, said.entries().len()), (StatusCode::OK, 5000));
        let said = house.ask("POST", "/fhir", &[], many(5001)).await;
        assert_eq!((said.status, said.key().as_str()), (StatusCode::PAYLOAD_TOO_LARGE, "bundle-too-large"));
        let batch = many(10_000).replace("transaction", "batch");
        assert_eq!(house.ask("POST", "/fhir", &[], batch).await.status, StatusCode::PAYLOAD_TOO_LARGE);
        assert_eq!(count(&house, "Basic").await, 5000);
    })
    .await;
}

#[tokio::test]
async fn bundles_that_are_none_are_refused() {
    each(async |house| {
        for (sent, key) in [
            (patient("A"), "not-a-bundle"),
            (json!({"resourceType": "Bundle"}), "bundle-type"),
            (json!({"resourceType": "Bundle", "type": "document"}), "bundle-type"),
            (json!({"resourceType": "Bundle", "type": "batch", "entry": {}}), "bundle-entry"),
        ] {
            let said = house.post("/fhir", &sent).await;
            assert_eq!((said.status, said.key().as_str()), (StatusCode::BAD_REQUEST, key));
        }
        let empty = house.post("/fhir", &json!({"resourceType": "Bundle", "type": "transaction"})).await;
        assert_eq!((empty.status, empty.entries().len()), (StatusCode::OK, 0));
    })
    .await;
}

#[tokio::test]
async fn entries_may_name_the_base_and_read_conditionally() {
    each(async |house| {
        let id = house.create(&patient("A")).await;
        let tag = house.get(&format!("/fhir/Patient/{id}")).await.header("etag").to_owned();
        let url = format!("{BASE}/Patient/{id}");
        let known = json!({"request": {"method": "GET", "url": url.as_str(), "ifNoneMatch": tag.as_str()}});
        let version = tag.trim_start_matches("W/").trim_matches('"');
        let sent =
            bundle("batch", vec![known, entry("GET", &format!("Patient/{id}/_history/{version}"), None)]);
        let said = house.post("/fhir", &sent).await;
        assert_eq!(said.entry_statuses(), ["304 Not Modified", "200 OK"]);
        assert!(said.entries()[0].get("resource").is_none());
    })
    .await;
}

/// <https://hl7.org/fhir/R4/http.html#trules>: conditional references
#[tokio::test]
async fn a_reference_may_be_a_search_that_finds_one_record() {
    each(async |house| {
        let person = json!({"resourceType": "Patient", "id": "p1", "identifier": [{"system": "urn:x", "value": "7"}],
            "name": [{"text": "Lò \"Thị\" Mẫu"}]});
        house.put("/fhir/Patient/p1", &person).await;
        let condition = |reference: &str| {
            let body = json!({"resourceType": "Condition", "subject": {"reference": reference}, "code": {"text": "x"}});
            bundle("transaction", vec![entry("POST", "Condition", Some(body))])
        };
        for found in ["Patient?identifier=urn:x|7", "Patient?identifier=urn%3Ax%7C7", "Patient?name:exact=Lò \"Thị\" Mẫu"] {
            let said = house.post("/fhir", &condition(found)).await;
            assert_eq!(said.entry_statuses(), ["201 Created"], "{found} {said:?}");
        }
        let kept = house.get("/fhir/Condition?subject=Patient/p1").await;
        assert_eq!(kept.entries().len(), 3, "{kept:?}");
        for (wrong, status, key) in [
            ("Patient?identifier=urn:x|8", 412, "reference-unresolved"),
            ("Patient?colour=red", 400, "search-unknown"),
        ] {
            let said = house.post("/fhir", &condition(wrong)).await;
            assert_eq!((said.status.as_u16(), said.key().as_str()), (status, key), "{said:?}");
        }
        house.create(&json!({"resourceType": "Patient", "identifier": [{"system": "urn:x", "value": "7"}]})).await;
        let several = house.post("/fhir", &condition("Patient?identifier=urn:x|7")).await;
        assert_eq!((several.status.as_u16(), several.key().as_str()), (412, "several-matches"));
        assert_eq!(house.get("/fhir/Condition?_summary=count").await.tree()["total"].as_u64(), Some(3));
    })
    .await;
}

/// <https://hl7.org/fhir/R4/http.html#patch>
#[tokio::test]
async fn a_patch_may_stand_in_a_bundle_as_a_binary() {
    use base64::prelude::{BASE64_STANDARD, Engine as _};
    each(async |house| {
        house.put("/fhir/Patient/p1", &json!({"resourceType": "Patient", "id": "p1", "gender": "male"})).await;
        let patch = |url: &str, text: &str| {
            let data = BASE64_STANDARD.encode(text);
            let binary = json!({"resourceType": "Binary", "contentType": "application/json-patch+json", "data": data.as_str()});
            bundle("transaction", vec![entry("PATCH", url, Some(binary))])
        };
        let female = r#"[{"op":"replace","path":"/gender","value":"female"}]"#;
        let said = house.post("/fhir", &patch("Patient/p1", female)).await;
        assert_eq!(said.entry_statuses(), ["200 OK"], "{said:?}");
        assert_eq!(house.get("/fhir/Patient/p1").await.text(&["gender"]), "female");
        let other = r#"[{"op":"replace","path":"/gender","value":"other"}]"#;
        house.post("/fhir", &patch("Patient?gender=female", other)).await;
        assert_eq!(house.get("/fhir/Patient/p1").await.text(&["gender"]), "other");
        for (url, text, status) in [
            ("Patient/p1", "no patch", 400),
            ("Patient/p1", r#"[{"op":"test","path":"/gender","value":"x"}]"#, 422),
            ("Patient/none", female, 404),
        ] {
            assert_eq!(house.post("/fhir", &patch(url, text)).await.status.as_u16(), status, "{url} {text}");
        }
        let plain = entry("PATCH", "Patient/p1", Some(json!({"resourceType": "Patient", "id": "p1"})));
        let said = house.post("/fhir", &bundle("transaction", vec![plain])).await;
        assert_eq!((said.status.as_u16(), said.key().as_str()), (400, "patch"));
    })
    .await;
}
