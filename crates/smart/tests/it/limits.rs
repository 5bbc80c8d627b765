//! What a token sees and writes: never more than its scopes, by any route.

use crate::house::{House, each, observation};

const ALL: &str = "launch/patient patient/*.cruds user/*.cruds";

/// A token of a doctor of the whole province for this, and of patient `p1` where a scope is a patient's.
async fn token(house: &House, scope: &str) -> String {
    let (doctor, app) = (house.doctor().await, house.app(ALL).await);
    house.token(&doctor, &app, scope, "p1").await
}

#[tokio::test]
async fn a_patients_token_sees_that_patient_by_every_route() {
    each(async |house| {
        let token = token(&house, "patient/*.cruds").await;
        let read = async |path: &str| house.read(&token, path).await;
        for path in ["Patient/p1", "Observation/o-laboratory-p1", "Condition/c-p1", "Encounter/e-p1", "Organization/bv", "Practitioner/bs1"] {
            assert_eq!(read(&format!("/fhir/{path}")).await.status, 200, "{path}");
        }
        for path in [
            "Patient/p2", "Observation/o-laboratory-p2", "Condition/c-p2", "Encounter/e-p2", "Observation/o-laboratory-p2/_history",
            "Patient/p2/$everything", "Encounter/e-p2/$everything",
        ] {
            let status = read(&format!("/fhir/{path}")).await.status.as_u16();
            assert_eq!(status, 404, "{path}");
        }
        let own = ["o-laboratory-p1", "o-vital-signs-p1"];
        for (path, ids) in [
            ("Observation", &own[..]),
            ("Observation?patient=Patient/p2", &[]),
            ("Observation?subject:Patient.name=giang", &[]),
            ("Observation?encounter.subject=Patient/p2", &[]),
            ("Patient?_has:Observation:subject:code=2345-7", &["p1"]),
            ("Patient?_id=p1,p2", &["p1"]),
            ("Patient/p2/Observation", &[]),
            ("Encounter?_revinclude=Observation:encounter", &["e-p1", "o-laboratory-p1", "o-vital-signs-p1"]),
            ("Organization?_revinclude=Patient:organization", &["bv", "p1"]),
            ("Condition?_include=Condition:subject", &["c-p1", "p1"]),
            ("Observation?_sort=-_lastUpdated&_count=10", &own[..]),
            ("?_type=Patient,Condition", &["c-p1", "p1"]),
            ("Patient?name=giang", &[]),
            ("Patient?_content=giang", &[]),
            ("Condition/_history", &["c-p1"]),
        ] {
            assert_eq!(read(&format!("/fhir/{path}")).await.ids(), ids, "{path}");
        }
        for (path, total) in [("Observation?_summary=count", 2), ("Patient?_summary=count", 1), ("Observation?_count=0&code=2345-7&_total=accurate", 1)] {
            assert_eq!(read(&format!("/fhir/{path}")).await.total(), Some(total), "{path}");
        }
        let everything = read("/fhir/Patient/p1/$everything").await.ids();
        assert!(everything.contains(&"o-laboratory-p1".to_owned()) && !everything.iter().any(|id| id.ends_with("p2")), "{everything:?}");
        for path in ["Observation?_explain=true", "Binary/x", "Subscription", "CodeSystem", "AuditEvent", "YbaClient", "YbaAccount"] {
            let status = read(&format!("/fhir/{path}")).await.status.as_u16();
            assert!([400, 403, 404].contains(&status), "{path} {status}");
        }
        let matched = r#"{"resourceType":"Parameters","parameter":[{"name":"resource","resource":{"resourceType":"Patient","name":[{"text":"Giàng A Hai"}],"birthDate":"1990-03-02"}}]}"#;
        let said = house.with(&token, "POST", "/fhir/Patient/$match", matched).await;
        assert!(!said.text.contains("p2"), "{}", said.text);
    })
    .await;
}

#[tokio::test]
async fn a_patients_token_writes_about_that_patient_alone() {
    each(async |house| {
        let token = token(&house, "patient/*.cruds").await;
        let send = async |method: &str, path: &str, body: &str| house.with(&token, method, path, body).await.status.as_u16();
        assert_eq!(send("POST", "/fhir/Observation", &observation("", "p1", "laboratory", "2345-7")).await, 201);
        for (method, path, body) in [
            ("POST", "/fhir/Observation".to_owned(), observation("", "p2", "laboratory", "2345-7")),
            // From one patient to another, both ways.
            ("PUT", "/fhir/Observation/o-laboratory-p1".into(), observation("o-laboratory-p1", "p2", "laboratory", "2345-7")),
            ("PUT", "/fhir/Observation/o-laboratory-p2".into(), observation("o-laboratory-p2", "p1", "laboratory", "2345-7")),
            ("PUT", "/fhir/Observation?code=2345-7".into(), observation("", "p1", "laboratory", "2345-7")),
            // Receiving somebody else is not the app's.
            ("POST", "/fhir/Encounter".into(), r#"{"resourceType":"Encounter","status":"planned","class":{"code":"AMB"},"subject":{"reference":"Patient/p2"}}"#.into()),
            ("POST", "/fhir/Binary".into(), r#"{"resourceType":"Binary","contentType":"text/plain","data":"eA=="}"#.into()),
            ("DELETE", "/fhir/Observation/o-laboratory-p2".into(), String::new()),
            ("PUT", "/fhir/Organization/bv".into(), r#"{"resourceType":"Organization","id":"bv","name":"x"}"#.into()),
            ("POST", "/fhir/Subscription".into(), r#"{"resourceType":"Subscription","status":"requested","reason":"x","criteria":"Observation?","channel":{"type":"rest-hook","endpoint":"https://evil.test"}}"#.into()),
        ] {
            let status = send(method, &path, &body).await;
            assert!([403, 404, 412].contains(&status), "{method} {path} {status}");
        }
        let both = format!(
            r#"{{"resourceType":"Bundle","type":"transaction","entry":[
                {{"resource":{{"resourceType":"Encounter","status":"planned","class":{{"code":"AMB"}},"subject":{{"reference":"Patient/p2"}},"serviceProvider":{{"reference":"Organization/bv"}}}},"request":{{"method":"POST","url":"Encounter"}}}},
                {{"resource":{},"request":{{"method":"POST","url":"Observation"}}}}]}}"#,
            observation("", "p2", "laboratory", "2345-7")
        );
        let status = send("POST", "/fhir", &both).await;
        assert!([403, 404].contains(&status), "{status}");
        let kept = house.kit.records.read(&house.kit.ctx(), "Observation", "o-laboratory-p1").await.unwrap();
        assert!(kept.tree().to_string().contains("Patient/p1"), "nothing was changed");
    })
    .await;
}

#[tokio::test]
async fn letters_and_types_hold() {
    let house = House::open(yba_testkit::records()).await;
    let token = token(&house, "user/Observation.rs user/Condition.r user/Encounter.s user/Patient.cu").await;
    let ask = async |method: &str, path: &str, body: &str| {
        house.with(&token, method, path, body).await.status.as_u16()
    };
    let body = observation("", "p1", "laboratory", "2345-7");
    for (method, path, body, status) in [
        ("GET", "/fhir/Observation/o-laboratory-p2", "", 200),
        ("GET", "/fhir/Observation/o-laboratory-p2/_history", "", 200),
        ("GET", "/fhir/Observation", "", 200),
        ("POST", "/fhir/Observation", body.as_str(), 403),
        ("DELETE", "/fhir/Observation/o-laboratory-p1", "", 403),
        ("GET", "/fhir/Condition/c-p1", "", 200),
        ("GET", "/fhir/Condition/c-p1/_history", "", 403),
        ("GET", "/fhir/Condition", "", 403),
        ("GET", "/fhir/Encounter/e-p1", "", 403),
        ("GET", "/fhir/Encounter", "", 200),
        ("GET", "/fhir/Patient/p1", "", 403),
        ("GET", "/fhir/Patient", "", 403),
        ("GET", "/fhir/Observation?subject:Patient.name=lo", "", 403),
        ("GET", "/fhir/Encounter?_has:Condition:encounter:code=I10", "", 403),
        ("GET", "/fhir/Practitioner/bs1", "", 403),
        ("GET", "/fhir/_history", "", 403),
        ("GET", "/fhir/Patient/p1/$everything", "", 403),
        ("GET", "/fhir/Claim", "", 403),
        ("GET", "/fhir/metadata", "", 200),
    ] {
        assert_eq!(ask(method, path, body).await, status, "{method} {path}");
    }
    let bearer = format!("Bearer {token}");
    let export = [("authorization", bearer.as_str()), ("prefer", "respond-async")];
    for path in ["/fhir/$export?_type=Condition", "/fhir/Patient/$export"] {
        assert_eq!(house.ask("GET", path, &export, "").await.status, 403, "{path}");
    }
    // What may be searched and not read is not brought along either.
    let included = house
        .read(&token, "/fhir/Observation?_include=Observation:encounter&_include=Observation:subject")
        .await;
    assert!(included.ids().iter().all(|id| id.starts_with("o-")), "{:?}", included.ids());
}

#[tokio::test]
async fn codes_of_a_scope_hold_by_every_route() {
    each(async |house| {
        let token = token(&house, "patient/Observation.cruds?category=laboratory patient/Encounter.rs patient/Patient.rs").await;
        let read = async |path: &str| house.read(&token, &format!("/fhir/{path}")).await;
        assert_eq!(read("Observation/o-laboratory-p1").await.status, 200);
        for hidden in ["o-vital-signs-p1", "o-laboratory-p2", "o-vital-signs-p2"] {
            assert_eq!(read(&format!("Observation/{hidden}")).await.status, 404, "{hidden}");
        }
        for (path, ids) in [
            ("Observation", &["o-laboratory-p1"][..]),
            ("Observation?code=8867-4", &[]),
            ("Observation?category=vital-signs", &[]),
            ("Patient/p1/Observation", &["o-laboratory-p1"]),
            ("Patient?_has:Observation:subject:code=8867-4", &[]),
            ("Patient?_has:Observation:subject:code=2345-7", &["p1"]),
            ("Encounter?_revinclude=Observation:encounter", &["e-p1", "o-laboratory-p1"]),
            ("Encounter?_has:Observation:encounter:category=vital-signs", &[]),
        ] {
            assert_eq!(read(path).await.ids(), ids, "{path}");
        }
        assert_eq!(read("Observation?_summary=count").await.total(), Some(1));
        let everything = read("Patient/p1/$everything").await.ids();
        assert!(everything.contains(&"o-laboratory-p1".to_owned()) && !everything.contains(&"o-vital-signs-p1".to_owned()), "{everything:?}");
        let lastn = read("Observation/$lastn?patient=Patient/p1").await;
        assert!(!lastn.text.contains("vital-signs"), "{}", lastn.text);
        let ask = async |method: &str, path: &str, body: &str| house.with(&token, method, path, body).await.status.as_u16();
        assert_eq!(ask("POST", "/fhir/Observation", &observation("", "p1", "laboratory", "2345-7")).await, 201);
        assert_eq!(ask("POST", "/fhir/Observation", &observation("", "p1", "vital-signs", "8867-4")).await, 403);
        let other = observation("o-laboratory-p1", "p1", "vital-signs", "8867-4");
        assert_eq!(ask("PUT", "/fhir/Observation/o-laboratory-p1", &other).await, 403, "out of what it sees");
        let hidden = observation("o-vital-signs-p1", "p1", "laboratory", "2345-7");
        assert_eq!(ask("PUT", "/fhir/Observation/o-vital-signs-p1", &hidden).await, 404, "into what it sees");
        // What it was before is not told, for it may have been what the scope hides.
        let head = read("Observation/o-laboratory-p1").await;
        let version = head.headers["etag"].to_str().unwrap().trim_start_matches("W/").trim_matches('"').to_owned();
        for path in [format!("Observation/o-laboratory-p1/_history/{version}"), "Observation/o-laboratory-p1/_history".into(), "Observation/_history".into()] {
            assert_eq!(read(&path).await.status, 403, "{path}");
        }
        let batch = format!(r#"{{"resourceType":"Bundle","type":"batch","entry":[{{"request":{{"method":"GET","url":"Observation/o-laboratory-p1/_history/{version}"}}}},{{"request":{{"method":"GET","url":"Observation/o-vital-signs-p1"}}}}]}}"#);
        let said = house.with(&token, "POST", "/fhir", &batch).await;
        assert!(said.text.contains("403") && said.text.contains("404") && !said.text.contains("valueQuantity"), "{}", said.text);
        // A record that changes its category is seen, or not, from then on.
        let ctx = house.kit.ctx();
        let moved = observation("o-laboratory-p1", "p1", "vital-signs", "8867-4");
        let change = yba_records::Change::put(yba_fhir::Resource::parse(moved.as_bytes()).unwrap());
        house.kit.records.transact(&ctx, vec![change]).await.unwrap();
        assert_eq!(read("Observation/o-laboratory-p1").await.status, 404);
    })
    .await;
}
