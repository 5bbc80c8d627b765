//! What is sent to break things. `House::ask` refuses every 500 and every error that is no OperationOutcome.

use crate::house::{House, each, patient};
use crate::instance::gzip;
use axum::http::StatusCode;
use yba_fhir::json::JsonValueTrait;

async fn post(house: &House, body: impl Into<bytes::Bytes>) -> StatusCode {
    house.ask("POST", "/fhir/Patient", &[], body).await.status
}

#[tokio::test]
async fn hostile_json_is_refused_and_the_house_stands() {
    each(async |house| {
        let deep = |open: &str, close: &str, times: usize| {
            format!(r#"{{"resourceType":"Patient","x":{}1{}}}"#, open.repeat(times), close.repeat(times))
        };
        let refused: Vec<Vec<u8>> = vec![
            b" ".to_vec(),
            b"null".to_vec(),
            b"[]".to_vec(),
            b"\"text\"".to_vec(),
            b"{".to_vec(),
            b"{\"resourceType\":\"Patient\"".to_vec(),
            b"{\"resourceType\":\"Patient\",}".to_vec(),
            b"{\"resourceType\":\"Patient\"} trailing".to_vec(),
            b"{\"resourceType\":\"Patient\",\"x\":NaN}".to_vec(),
            b"{\"resourceType\":\"Patient\",\"x\":01}".to_vec(),
            b"{\"resourceType\":\"Patient\",\"resourceType\":\"Basic\"}".to_vec(),
            b"{\"resourceType\":\"Patient\",\"a\":{\"b\":1,\"b\":2}}".to_vec(),
            b"{\"resourceType\":\"Patient\",\"x\":\"\0\"}".to_vec(),
            b"{\"resourceType\":\"Patient\",\"x\":\"\\u0000\"}".to_vec(),
            b"{\"resourceType\":\"Patient\",\"x\":\"\xff\xfe\"}".to_vec(),
            b"\xef\xbb\xbf\xff{}".to_vec(),
            b"{\"resourceType\":17}".to_vec(),
            b"{\"resourceType\":null}".to_vec(),
            b"{\"resourceType\":\"Patient\",\"id\":\"../../etc\"}".to_vec(),
            b"{\"resourceType\":\"Patient\",\"id\":17}".to_vec(),
            b"{\"resourceType\":\"Patient\",\"meta\":[]}".to_vec(),
            b"<Patient xmlns=\"http://hl7.org/fhir\"/>".to_vec(),
            deep("[", "]", 100).into(),
            deep("[", "]", 100_000).into(),
            deep("{\"a\":", "}", 100_000).into(),
            "[".repeat(1_000_000).into(),
        ];
        for body in refused {
            let shown = String::from_utf8_lossy(&body[..body.len().min(80)]).into_owned();
            assert_eq!(post(&house, body).await, StatusCode::BAD_REQUEST, "{shown}");
        }
        let json = [("content-type", "application/fhir+json")];
        let empty = house.ask("POST", "/fhir/Patient", &json, "").await;
        assert_eq!((empty.status, empty.key().as_str()), (StatusCode::BAD_REQUEST, "body-empty"));
        assert_eq!(house.get("/fhir/Patient?_count=0").await.tree()["total"].as_u64(), Some(0));
        house.create(&patient("Lò Thị Mẫu")).await;
    })
    .await;
}

#[tokio::test]
async fn odd_but_well_formed_json_is_stored_or_refused_never_a_fault() {
    each(async |house| {
        let nines = "9".repeat(5000);
        for odd in [
            format!(r#"{{"resourceType":"Patient","x":{nines}}}"#),
            format!(r#"{{"resourceType":"Patient","x":1e{nines}}}"#),
            r#"{"resourceType":"Patient","x":-0.0e-999999}"#.into(),
            r#"{"resourceType":"Patient","x":"\ud800"}"#.into(),
            r#"{"resourceType":"Patient","x":"\udfff\ud800"}"#.into(),
            r#"{"resourceType":"Patient","":{"":[null,true,{}]}}"#.into(),
            r#"{"resourceType":"Patient","name":7,"birthDate":{"a":1},"identifier":"x","gender":[]}"#.into(),
            r#"{"resourceType":"Patient","name":[[[["x"]]]],"telecom":[null],"generalPractitioner":[{"reference":7}]}"#.into(),
            r#"{"resourceType":"Patient","birthDate":"9999-99-99","deceasedDateTime":"-0001"}"#.into(),
            format!(r#"{{"resourceType":"Patient","identifier":[{{"system":"{0}","value":"{0}"}}]}}"#, "x".repeat(100_000)),
            format!(r#"{{"resourceType":"Patient","name":[{}]}}"#, vec![r#"{"text":"a b c"}"#; 5000].join(",")),
            r#"{"resourceType":"Observation","valueQuantity":{"value":1e400},"effectiveDateTime":"2026-02-30"}"#.into(),
            r#"{"resourceType":"Observation","valueQuantity":{"value":99999999999999999999999999999999999999}}"#.into(),
            r#"{"resourceType":"Observation","valueQuantity":{"value":"5"},"subject":{"reference":"urn:uuid:none"}}"#.into(),
            r#"{"resourceType":"Observation","subject":{"reference":"../../x?y=z#q"}}"#.into(),
            r#"{"resourceType":"Encounter","period":{"start":"9999-12-31T23:59:59.999999999999+99:99"}}"#.into(),
            r#"{"resourceType":"Encounter","period":{"start":"2026-05-01","end":"2020-01-01"}}"#.into(),
        ] {
            let kind = &odd[17..odd[17..].find('"').unwrap() + 17];
            let said = house.ask("POST", &format!("/fhir/{kind}"), &[], odd.clone()).await;
            assert!(said.status == 201 || said.status.is_client_error(), "{}: {said:?}", &odd[..odd.len().min(99)]);
            if said.status == 201 {
                let read = house.get(&format!("/fhir/{kind}/{}", said.id())).await;
                assert_eq!(read.body, said.body);
            }
        }
        for kind in ["Patient", "Observation", "Encounter"] {
            assert_eq!(house.get(&format!("/fhir/{kind}?_sort=date,-_lastUpdated")).await.status.as_u16(),
                if kind == "Patient" { 400 } else { 200 });
        }
    })
    .await;
}

#[tokio::test]
async fn junk_in_addresses_is_refused() {
    each(async |house| {
        let long = "x".repeat(5000);
        for path in [
            "/fhir/Patient/../../etc/passwd",
            "/fhir/Patient/..%2f..%2fetc%2fpasswd",
            "/fhir/Patient/%00",
            "/fhir/Patient/%ff%fe",
            "/fhir/Patient/%",
            "/fhir/Patient/a%20b",
            "/fhir/Patient/a;b=c",
            "/fhir/%50atient%00/1",
            "/fhir/Patient'--/1",
            "/fhir//",
            "/fhir//1",
            "/fhir/Patient//_history",
            "/fhir/Patient/1/_history/%2e%2e%2f",
            "/fhir/Patient/1/_history/'",
            &format!("/fhir/{long}/{long}"),
            &format!("/fhir/Patient/{long}"),
            &format!("/fhir/Patient/1/_history/{long}"),
        ] {
            for method in ["GET", "PUT", "DELETE", "POST", "HEAD"] {
                let said = house.ask(method, path, &[], if method == "PUT" { "{}" } else { "" }).await;
                assert!(said.status.is_client_error(), "{method} {path}: {said:?}");
            }
        }
        assert_eq!(house.get("/fhir/%50atient").await.status, StatusCode::OK, "decoded, it is a type");
    })
    .await;
}

#[tokio::test]
async fn junk_in_searches_is_refused_or_finds_nothing() {
    each(async |house| {
        for number in 0..3 {
            house.create(&patient(&format!("Lò Thị Mẫu {number}"))).await;
        }
        let page = |cursor: &str| format!("_sort=birthdate&_count=1&_page={cursor}");
        let next = house.get("/fhir/Patient?_sort=birthdate&_count=1").await.link("next").unwrap();
        let good = next.split("_page=").nth(1).unwrap();
        let many_or = format!("_id={}", vec!["1"; 501].join(","));
        for query in [
            "name=%00".to_owned(),
            "name=%ff".into(),
            "name='%20OR%201=1--".into(),
            "name=%25%5f%5c".into(),
            "name:contains=%25".into(),
            "name=\\".into(),
            "identifier=|".into(),
            "identifier=|||||".into(),
            "birthdate=ge".into(),
            "birthdate=ge2026-02-30".into(),
            "birthdate=9999999999".into(),
            "_count=-1".into(),
            "_count=99999999999999999999999".into(),
            "_count=1e3".into(),
            "_sort=".into(),
            "_sort=,,,,".into(),
            "_include=".into(),
            "_include=*".into(),
            "_include=:::::".into(),
            "_id=../..".into(),
            "_lastUpdated=x".into(),
            "=".into(),
            "&&&&".into(),
            "%=%".into(),
            "name".into(),
            "_page=".into(),
            "_page=x".into(),
            "_page=-1".into(),
            "_page=99999999".into(),
            "_page=99999999999999999999".into(),
            "_page=1&_page=1".into(),
            page("1.2.n"),
            page("1.2.t00"),
            page("3.1.tff"),
            page("3.1.i1.i2.i3.i4"),
            page("3.1"),
            page("3.1.t61"),
            page("3.-1.i0"),
            page("3.1.i9223372036854775807"),
            page("3.9223372036854775807.i1"),
            page("3.1.r7ff8000000000000"),
            page(&format!("{good}.t{}", "61".repeat(10_000))),
            many_or,
            "name=a&".repeat(40),
            format!("name={}", "a".repeat(60_000)),
        ] {
            let said = house.get(&format!("/fhir/Patient?{query}")).await;
            let shown: String = query.chars().take(80).collect();
            assert!(said.status == 200 || said.status.is_client_error(), "{shown}: {said:?}");
        }
        assert_eq!(house.get(&next).await.status, StatusCode::OK);
        let form = [("content-type", "application/x-www-form-urlencoded")];
        let long = format!("name={}", "a".repeat(100_000));
        let said = house.ask("POST", "/fhir/Patient/_search", &form, long).await;
        assert_eq!(said.status, StatusCode::PAYLOAD_TOO_LARGE);
        let said = house.ask("POST", "/fhir/Patient/_search", &form, &b"name=\xff"[..]).await;
        assert_eq!(said.status, StatusCode::BAD_REQUEST);
    })
    .await;
}

#[tokio::test]
async fn bodies_beyond_the_limit_are_refused_packed_or_not() {
    each(async |house| {
        let large = vec![b' '; (64 << 20) + 1];
        assert_eq!(post(&house, large.clone()).await, StatusCode::PAYLOAD_TOO_LARGE);
        let bomb = gzip(&large);
        assert!(bomb.len() < 1 << 20);
        let said = house.ask("POST", "/fhir/Patient", &[("content-encoding", "gzip")], bomb).await;
        assert_eq!((said.status, said.key().as_str()), (StatusCode::PAYLOAD_TOO_LARGE, "too-large"));
        let twice = gzip(&gzip(b"{\"resourceType\":\"Patient\"}"));
        let said = house.ask("POST", "/fhir/Patient", &[("content-encoding", "gzip")], twice).await;
        assert_eq!(said.status, StatusCode::BAD_REQUEST, "packed twice is not JSON");
    })
    .await;
}

#[tokio::test]
async fn headers_that_are_not_text_are_refused_or_passed_over() {
    use axum::body::Body;
    use axum::http::{HeaderValue, Request};
    use tower::ServiceExt;
    each(async |house| {
        for name in [
            "if-match",
            "if-none-exist",
            "if-none-match",
            "prefer",
            "accept",
            "content-type",
            "x-request-id",
            "host",
        ] {
            let mut request =
                Request::post("/fhir/Patient").body(Body::from("{\"resourceType\":\"Patient\"}")).unwrap();
            request.headers_mut().insert("content-type", HeaderValue::from_static("application/fhir+json"));
            request.headers_mut().insert(name, HeaderValue::from_bytes(b"\xff\xfe").unwrap());
            let said = house.router.clone().oneshot(request).await.unwrap();
            assert!(said.status() == 201 || said.status().is_client_error(), "{name} {}", said.status());
        }
    })
    .await;
}

/// Cuts, doubles and flips bytes of a good bundle, always in the same way, and looks for a fault.
#[tokio::test]
async fn damaged_bundles_are_refused_or_stored_never_a_fault() {
    let good = br#"{"resourceType":"Bundle","type":"transaction","entry":[{"fullUrl":"urn:uuid:1","request":{"method":"POST","url":"Patient","ifNoneExist":"identifier=a|b"},"resource":{"resourceType":"Patient","identifier":[{"system":"a","value":"b"}],"birthDate":"1986-04-12"}},{"request":{"method":"PUT","url":"Observation/o1","ifMatch":"W/\"x-1\""},"resource":{"resourceType":"Observation","id":"o1","subject":{"reference":"urn:uuid:1"},"valueQuantity":{"value":5.60}}},{"request":{"method":"GET","url":"Patient?name=x&_sort=name"}},{"request":{"method":"DELETE","url":"Patient/9"}}]}"#;
    let house = House::open(yba_testkit::records());
    let mut state = 20_260_302_u64;
    let mut random = |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % below
    };
    for _ in 0..2000 {
        let mut body = good.to_vec();
        for _ in 0..=random(3) {
            let at = random(body.len());
            match random(5) {
                0 => body.truncate(at + 1),
                1 => body[at] = random(256) as u8,
                2 => body.insert(at, b"\"{}[],:0\\u"[random(10)]),
                3 => drop(body.remove(at)),
                _ => {
                    let end = (at + random(40)).min(body.len());
                    let piece = body[at..end].to_vec();
                    body.splice(at..at, piece);
                }
            }
            if body.is_empty() {
                break;
            }
        }
        let said = house.ask("POST", "/fhir", &[], body).await;
        assert!(said.status == 200 || said.status.is_client_error(), "{said:?}");
    }
}
