//! `$export`: kick-off, state, files, and what is refused.

use crate::everything::two_people;
use crate::house::{House, Said, each};
use std::io::Read;
use yba_fhir::json::{self, JsonValueTrait, Value, items, json, str_at};
use yba_store::LINK_MS;

const LATER: &[(&str, &str)] = &[("prefer", "respond-async")];

/// The path of an address of ours.
fn path(address: &str) -> String {
    address.strip_prefix("http://yba.test").expect("addresses begin with the base").to_owned()
}

/// Starts an export; the path of its state.
async fn start(house: &House, from: &str) -> String {
    let said = house.ask("GET", from, LATER, "").await;
    assert_eq!(said.status, 202, "{said:?}");
    path(said.header("content-location"))
}

/// Waits until it is ready.
async fn ready(house: &House, state: &str) -> Said {
    for _ in 0..500 {
        let said = house.get(state).await;
        if said.status != 202 {
            assert_eq!(said.status, 200, "{said:?}");
            return said;
        }
        assert!(said.header("x-progress").contains(" of ") && said.header("retry-after") == "1", "{said:?}");
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("{state} is never ready");
}

/// Type, count and path of each file.
fn files(manifest: &Said) -> Vec<(String, i64, String)> {
    let one = |file: &Value| {
        let text = |name: &'static str| str_at(file, &[name]).unwrap().to_owned();
        (text("type"), file.get("count").and_then(|count| count.as_i64()).unwrap(), path(&text("url")))
    };
    items(&manifest.tree(), "output").map(one).collect()
}

/// `Type/id` of each line of all files, sorted; the counts must be true.
async fn contents(house: &House, manifest: &Said) -> Vec<String> {
    let mut all = Vec::new();
    for (kind, count, path) in files(manifest) {
        let said = house.get(&path).await;
        assert_eq!(
            (said.status.as_u16(), said.header("content-type")),
            (200, "application/fhir+ndjson"),
            "{said:?}"
        );
        let text = String::from_utf8(said.body.to_vec()).unwrap();
        assert!(text.ends_with('\n') && text.lines().count() as i64 == count, "{kind}: {text}");
        for line in text.lines() {
            let tree: Value = json::from_str(line).unwrap();
            assert_eq!(str_at(&tree, &["resourceType"]), Some(kind.as_str()));
            all.push(format!("{kind}/{}", str_at(&tree, &["id"]).unwrap()));
        }
    }
    all.sort_unstable();
    all
}

async fn exported(house: &House, from: &str) -> Vec<String> {
    let state = start(house, from).await;
    let manifest = ready(house, &state).await;
    contents(house, &manifest).await
}

async fn with_group(house: &House) {
    two_people(house).await;
    let group = json!({"resourceType": "Group", "id": "nhom", "type": "person", "actual": true, "member": [
        {"entity": {"reference": "Patient/a"}}, {"entity": {"reference": "Patient/b"}, "inactive": true},
        {"entity": {"reference": "Practitioner/kham"}}]});
    assert_eq!(house.put("/fhir/Group/nhom", &group).await.status, 201);
    let empty = json!({"resourceType": "Group", "id": "khong", "type": "person", "actual": true});
    assert_eq!(house.put("/fhir/Group/khong", &empty).await.status, 201);
}

#[tokio::test]
async fn a_system_its_patients_and_a_group_are_exported() {
    each(async |house: House| {
        with_group(&house).await;
        let all = exported(&house, "/fhir/$export").await;
        assert_eq!(all.len(), 17, "{all:?}");
        assert!(all.contains(&"Practitioner/kham".into()) && all.contains(&"Linkage/same".into()));
        let of_patients = exported(&house, "/fhir/Patient/$export").await;
        assert_eq!(of_patients, [
            "Condition/of-a2", "Condition/of-b", "Condition/timeless", "Encounter/other", "Encounter/visit",
            "Group/nhom", "Observation/in", "Observation/late", "Patient/a", "Patient/a2", "Patient/b",
        ]);
        let of_group = exported(&house, "/fhir/Group/nhom/$export?_type=Patient,Encounter,Observation,Condition").await;
        assert_eq!(of_group, ["Condition/timeless", "Encounter/visit", "Observation/in", "Observation/late", "Patient/a"]);
        assert!(exported(&house, "/fhir/Group/khong/$export").await.is_empty(), "nobody's is not everybody's");
        let typed = exported(&house, "/fhir/$export?_type=Patient&_type=Organization&_outputFormat=application/fhir%2Bndjson").await;
        assert_eq!(typed, ["Organization/so", "Organization/tram", "Patient/a", "Patient/a2", "Patient/b"]);
        let posted = json!({"resourceType": "Parameters", "parameter": [{"name": "_type", "valueString": "Practitioner"}]});
        let said = house.ask("POST", "/fhir/$export", LATER, crate::house::bytes(&posted)).await;
        let manifest = ready(&house, &path(said.header("content-location"))).await;
        assert_eq!(contents(&house, &manifest).await, ["Practitioner/kham"]);
    })
    .await;
}

#[tokio::test]
async fn the_manifest_says_what_it_must() {
    each(async |house: House| {
        with_group(&house).await;
        let state = start(&house, "/fhir/$export?_type=Patient").await;
        let said = ready(&house, &state).await;
        assert!(
            said.header("expires").ends_with("GMT") && said.header("content-type") == "application/json",
            "{said:?}"
        );
        let tree = said.tree();
        assert_eq!(str_at(&tree, &["request"]), Some("http://yba.test/fhir/$export?_type=Patient"));
        assert_eq!(str_at(&tree, &["transactionTime"]), Some("2026-03-02T08:00:00.000+07:00"));
        assert_eq!(tree["requiresAccessToken"].as_bool(), Some(false));
        assert_eq!(items(&tree, "error").count(), 0);
        let (kind, count, path) = files(&said).remove(0);
        assert_eq!((kind.as_str(), count), ("Patient", 3));
        let packed = house
            .ask("GET", &path, &[("accept-encoding", "gzip"), ("accept", "application/fhir+ndjson")], "")
            .await;
        assert_eq!(packed.header("content-encoding"), "gzip");
        let mut text = String::new();
        flate2::read::GzDecoder::new(&packed.body[..]).read_to_string(&mut text).unwrap();
        assert_eq!(text.as_bytes(), &house.get(&path).await.body[..]);
    })
    .await;
}

#[tokio::test]
async fn all_files_show_one_moment_and_the_next_export_goes_on_from_it() {
    each(async |house: House| {
        with_group(&house).await;
        house.kit.advance_ms(60_000);
        let state = start(&house, "/fhir/$export").await;
        house.delete("/fhir/Observation/late").await;
        let changed =
            json!({"resourceType": "Practitioner", "id": "kham", "name": [{"text": "Bác sĩ Khác"}]});
        house.put("/fhir/Practitioner/kham", &changed).await;
        house
            .put(
                "/fhir/Condition/new",
                &json!({"resourceType": "Condition", "id": "new", "subject": {"reference": "Patient/a"}}),
            )
            .await;
        let manifest = ready(&house, &state).await;
        let all = contents(&house, &manifest).await;
        assert!(
            all.contains(&"Observation/late".into()) && !all.contains(&"Condition/new".into()),
            "{all:?}"
        );
        let practitioner = files(&manifest).into_iter().find(|(kind, ..)| kind == "Practitioner").unwrap();
        assert!(!format!("{:?}", house.get(&practitioner.2).await).contains("Khác"));
        // What came at the last moment of the first export comes again; nothing is missed.
        let since = str_at(&manifest.tree(), &["transactionTime"]).unwrap().replace('+', "%2B");
        let next = exported(&house, &format!("/fhir/$export?_since={since}")).await;
        assert!(
            next.contains(&"Condition/new".into()) && next.contains(&"Practitioner/kham".into()),
            "{next:?}"
        );
        let late = yba_fhir::date::instant(house.kit.store().clock().now_ms()).replace('+', "%2B");
        let latest = exported(&house, &format!("/fhir/$export?_since={late}")).await;
        assert_eq!(latest, ["Condition/new", "Practitioner/kham"]);
    })
    .await;
}

#[tokio::test]
async fn files_longer_than_a_page_come_whole() {
    each(async |house: House| {
        let entry = |at: usize| {
            json!({"request": {"method": "PUT", "url": format!("Patient/p{at}").as_str()},
                "resource": {"resourceType": "Patient", "id": format!("p{at}").as_str(), "name": [{"text": "Lò Thị Mẫu"}]}})
        };
        let entries: Vec<Value> = (0..1300).map(entry).collect();
        let bundle = json!({"resourceType": "Bundle", "type": "transaction", "entry": entries});
        assert_eq!(house.post("/fhir", &bundle).await.status, 200);
        assert_eq!(exported(&house, "/fhir/$export").await.len(), 1300);
        // More members than are listed in one place are asked for one by one.
        let member = |at: usize| json!({"entity": {"reference": format!("Patient/p{at}").as_str()}});
        let members: Vec<Value> = (0..600).map(member).collect();
        let group = json!({"resourceType": "Group", "id": "dong", "type": "person", "actual": true, "member": members});
        assert_eq!(house.put("/fhir/Group/dong", &group).await.status, 201);
        let of_group = exported(&house, "/fhir/Group/dong/$export?_type=Patient").await;
        assert_eq!(of_group.len(), 600);
        assert!(of_group.contains(&"Patient/p599".into()) && !of_group.contains(&"Patient/p600".into()));
    })
    .await;
}

#[tokio::test]
async fn a_cancelled_and_an_old_export_are_no_more() {
    each(async |house: House| {
        with_group(&house).await;
        let state = start(&house, "/fhir/$export?_type=Patient").await;
        let file = files(&ready(&house, &state).await).remove(0).2;
        assert_eq!(house.delete(&state).await.status, 202);
        for path in [&state, &file] {
            let said = house.get(path).await;
            assert_eq!((said.status.as_u16(), said.key().as_str()), (404, "export-unknown"), "{said:?}");
        }
        assert_eq!(house.delete(&state).await.status, 404);
        let state = start(&house, "/fhir/$export?_type=Patient").await;
        let file = files(&ready(&house, &state).await).remove(0).2;
        // The index may forget sooner than the hour is over: then the file says so instead of missing something.
        house.delete("/fhir/Patient/b").await;
        house.kit.store().clear_closed(house.kit.store().head_t()).await.unwrap();
        assert_eq!(house.get(&file).await.status, 410);
        house.kit.advance_ms(LINK_MS);
        assert_eq!(house.get(&state).await.status, 404);
        assert_eq!(house.get(&file).await.status, 404);
    })
    .await;
}

#[tokio::test]
async fn what_is_wrong_is_refused() {
    each(async |house: House| {
        with_group(&house).await;
        let said = house.get("/fhir/$export").await;
        assert_eq!((said.status.as_u16(), said.key().as_str()), (400, "export-async"));
        for (path, status, key) in [
            ("/fhir/$export?_type=Nonsense", 400, "parameter-value"),
            ("/fhir/$export?_since=yesterday", 400, "parameter-value"),
            ("/fhir/$export?_outputFormat=text/csv", 400, "parameter-value"),
            ("/fhir/$export?_typeFilter=Patient%3Fgender=male", 400, "parameter-unsupported"),
            ("/fhir/Patient/$export?_type=Practitioner", 400, "parameter-value"),
            ("/fhir/Group/none/$export", 404, "not-found"),
            ("/fhir/Group/$export", 404, "unsupported-operation"),
            ("/fhir/Observation/$export", 404, "unsupported-operation"),
            ("/fhir/$export/none", 404, "export-unknown"),
            ("/fhir/$export/none/Patient.ndjson", 404, "export-unknown"),
        ] {
            let said = house.ask("GET", path, LATER, "").await;
            assert_eq!((said.status.as_u16(), said.key().as_str()), (status, key), "{path} {said:?}");
        }
        let lenient = [("prefer", "respond-async, handling=lenient")];
        let said = house.ask("GET", "/fhir/$export?_typeFilter=x&_type=Patient", &lenient, "").await;
        assert_eq!(said.status, 202, "{said:?}");
        let state = path(said.header("content-location"));
        ready(&house, &state).await;
        for file in ["Observation.ndjson", "Patient", "Patient.csv", "..%2F..%2Fetc%2Fpasswd"] {
            assert_eq!(house.get(&format!("{state}/{file}")).await.status, 404, "{file}");
        }
        assert_eq!(house.put(&state, &json!({"resourceType": "Patient"})).await.status, 405);
    })
    .await;
}

#[tokio::test]
async fn exports_are_bounded() {
    let house = House::open(yba_testkit::records());
    let mut states = Vec::new();
    for _ in 0..32 {
        let state = start(&house, "/fhir/$export?_type=Patient").await;
        ready(&house, &state).await;
        states.push(state);
    }
    let said = house.ask("GET", "/fhir/$export", LATER, "").await;
    assert_eq!(
        (said.status.as_u16(), said.key().as_str(), said.header("retry-after")),
        (429, "export-busy", "30")
    );
    house.delete(&states[0]).await;
    start(&house, "/fhir/$export?_type=Patient").await;
    house.kit.advance_ms(LINK_MS);
    start(&house, "/fhir/$export?_type=Patient").await;
}

#[tokio::test]
async fn exports_are_in_the_trail_and_closed_to_strangers() {
    let house = House::open(yba_testkit::records());
    with_group(&house).await;
    let state = start(&house, "/fhir/Group/nhom/$export?_type=Patient").await;
    let file = files(&ready(&house, &state).await).remove(0).2;
    house.get(&file).await;
    house.kit.records.trail().sync();
    let trail = house.kit.records.trail().folder().join("reads-000000000001.log");
    let trail = std::fs::read_to_string(trail).unwrap();
    let entry = trail.lines().last().unwrap();
    for part in [r#""action":"export""#, r#""kind":"Patient""#, r#""patients":["a"]"#, r#""refused":false"#] {
        assert!(entry.contains(part), "{entry}");
    }
    let closed = House::closed(house.kit);
    for path in ["/fhir/$export", &state, &file] {
        assert_eq!(closed.ask("GET", path, LATER, "").await.status, 401, "{path}");
    }
}
