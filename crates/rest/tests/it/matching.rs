//! `Patient/$match`.

use crate::house::{House, Said, each};
use yba_fhir::json::{JsonValueTrait, Value, items, json, str_at};

fn person(id: &str, name: &str, birth: &str, cccd: &str, phone: &str) -> Value {
    let mut tree =
        json!({"resourceType": "Patient", "name": [{"text": name}], "gender": "female", "birthDate": birth});
    if !id.is_empty() {
        tree["id"] = json!(id);
    }
    if !cccd.is_empty() {
        tree["identifier"] = json!([{"system": "https://yba.vn/fhir/sid/cccd", "value": cccd}]);
    }
    if !phone.is_empty() {
        tree["telecom"] = json!([{"system": "phone", "value": phone}]);
    }
    tree
}

async fn a_village(house: &House) {
    for one in [
        person("mai", "Lò Thị Mai", "1990-01-02", "012190001234", "0912345678"),
        person("mai-khac", "Lò Thị Mai", "1990-01-02", "012190777777", ""),
        person("hoa", "Vàng Thị Hoa", "1975-05-06", "012175000001", ""),
        person("sinh", "Giàng Thị Sính", "1968-12-12", "", "0987654321"),
    ] {
        let id = str_at(&one, &["id"]).unwrap().to_owned();
        assert_eq!(house.put(&format!("/fhir/Patient/{id}"), &one).await.status, 201);
    }
    yba_mpi::follower::catch_up(&house.kit.records).await.unwrap();
}

async fn ask(house: &House, resource: Value, more: &[Value]) -> Said {
    let mut parts = vec![json!({"name": "resource", "resource": resource})];
    parts.extend(more.iter().cloned());
    house.post("/fhir/Patient/$match", &json!({"resourceType": "Parameters", "parameter": parts})).await
}

/// `id grade` of each match, in order.
fn told(said: &Said) -> Vec<String> {
    assert_eq!(said.status, 200, "{said:?}");
    let tree = said.tree();
    assert_eq!(
        (str_at(&tree, &["resourceType"]), str_at(&tree, &["type"])),
        (Some("Bundle"), Some("searchset"))
    );
    let mut last = 1.0;
    let lines: Vec<String> = items(&tree, "entry")
        .map(|entry| {
            let score = entry["search"]["score"].as_f64().unwrap();
            assert!((0.0..=last).contains(&score), "scores fall: {said:?}");
            last = score;
            assert_eq!(str_at(entry, &["search", "mode"]), Some("match"));
            let grade = &entry["search"]["extension"][0];
            assert_eq!(str_at(grade, &["url"]), Some("http://hl7.org/fhir/StructureDefinition/match-grade"));
            let (id, grade) =
                (str_at(entry, &["resource", "id"]).unwrap(), str_at(grade, &["valueCode"]).unwrap());
            assert!(str_at(entry, &["fullUrl"]).unwrap().ends_with(&format!("/Patient/{id}")));
            format!("{id} {grade}")
        })
        .collect();
    assert_eq!(tree["total"].as_u64(), Some(lines.len() as u64));
    lines
}

#[tokio::test]
async fn whoever_fits_is_told_with_how_sure_it_is() {
    each(async |house: House| {
        a_village(&house).await;
        // By number, though the name lost its marks and the date its order.
        let own = person("", "LO THI MAI", "1990-02-01", "012190001234", "");
        assert_eq!(told(&ask(&house, own, &[]).await).first().map(String::as_str), Some("mai certain"));
        // The name and date alone fit two who are not one: neither is certain.
        let either = person("", "Lò Thị Mai", "1990-01-02", "", "");
        let found = told(&ask(&house, either.clone(), &[]).await);
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(found.iter().all(|line| !line.ends_with("certain")), "{found:?}");
        let certain = json!({"name": "onlyCertainMatches", "valueBoolean": true});
        assert!(told(&ask(&house, either.clone(), &[certain]).await).is_empty());
        let one = told(&ask(&house, either, &[json!({"name": "count", "valueInteger": 1})]).await);
        assert_eq!(one.len(), 1);
        // Heard, not read; without any number.
        let heard = person("", "Dàng Thị Sính", "1968-12-12", "", "0987654321");
        assert!(told(&ask(&house, heard, &[]).await)[0].starts_with("sinh "), "found by its sound");
        let nobody = person("", "Nguyễn Văn Không", "1901-01-01", "", "");
        assert!(told(&ask(&house, nobody, &[]).await).is_empty());
        // A bare Patient is the one resource that the operation is about.
        let bare = house
            .post("/fhir/Patient/$match", &person("", "Vàng Thị Hoa", "1975-05-06", "012175000001", ""))
            .await;
        assert_eq!(told(&bare), ["hoa certain"]);
    })
    .await;
}

#[tokio::test]
async fn odd_questions_are_refused_by_name() {
    let house = House::open(yba_testkit::records());
    let mai = || person("", "Lò Thị Mai", "1990-01-02", "", "");
    let early = ask(&house, mai(), &[]).await;
    assert_eq!((early.status.as_u16(), early.key().as_str()), (503, "linking-not-ready"));
    a_village(&house).await;
    for (part, key) in [
        (json!({"name": "count", "valueInteger": 0}), "parameter-value"),
        (json!({"name": "count", "valueString": "nhiều"}), "parameter-value"),
        (json!({"name": "onlyCertainMatches", "valueString": "có"}), "parameter-value"),
        (json!({"name": "khac", "valueString": "x"}), "parameter-unsupported"),
    ] {
        let said = ask(&house, mai(), &[part]).await;
        assert_eq!((said.status.as_u16(), said.key().as_str()), (400, key), "{said:?}");
    }
    for (body, key) in [
        (json!({"resourceType": "Parameters"}), "match-resource"),
        (json!({"resourceType": "Observation", "status": "final", "code": {"text": "x"}}), "match-resource"),
        (json!({"resourceType": "Patient", "birthDate": "1990-01-02"}), "match-too-little"),
    ] {
        let said = house.post("/fhir/Patient/$match", &body).await;
        assert_eq!((said.status.as_u16(), said.key().as_str()), (400, key), "{said:?}");
    }
    assert_eq!(
        house.get("/fhir/Patient/$match?name=mai").await.status,
        405,
        "names do not belong in an address"
    );
    assert_eq!(house.post("/fhir/Observation/$match", &mai()).await.status, 404);
    let long = person("", &"Lò ".repeat(20_000), "1990-01-02", "", "");
    assert_eq!(ask(&house, long, &[]).await.status, 200);
    let closed = House::closed(house.kit);
    assert_eq!(ask(&closed, mai(), &[]).await.status, 401);
}

#[tokio::test]
async fn who_was_shown_stands_in_the_trail() {
    let house = House::open(yba_testkit::records());
    a_village(&house).await;
    let before = house.kit.records.trail().end().0;
    let own = person("", "Vàng Thị Hoa", "1975-05-06", "012175000001", "");
    assert_eq!(told(&ask(&house, own, &[]).await), ["hoa certain"]);
    assert_eq!(house.kit.records.trail().end().0, before + 2, "the question, and whom it showed");
}
