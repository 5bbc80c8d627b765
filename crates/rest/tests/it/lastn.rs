//! `Observation/$lastn`.

use crate::house::{House, Said, each};
use yba_fhir::json::{Value, json};

fn observation(id: &str, of: &str, codes: &[&str], day: &str) -> Value {
    let codings: Vec<Value> =
        codes.iter().map(|code| json!({"system": "http://loinc.org", "code": *code})).collect();
    let mut tree = json!({"resourceType": "Observation", "id": id, "status": "final", "subject": {"reference": format!("Patient/{of}").as_str()},
        "category": [{"coding": [{"system": "urn:loai", "code": "vital-signs"}]}]});
    tree["code"] =
        if codings.is_empty() { json!({"text": "huyết áp"}) } else { json!({"coding": codings}) };
    if !day.is_empty() {
        tree["effectiveDateTime"] = json!(day);
    }
    tree
}

async fn keep(house: &House, trees: Vec<Value>) {
    let entry = |tree: Value| {
        let url = format!("Observation/{}", yba_fhir::json::str_at(&tree, &["id"]).unwrap());
        json!({"request": {"method": "PUT", "url": url.as_str()}, "resource": tree})
    };
    let entries: Vec<Value> = trees.into_iter().map(entry).collect();
    let said = house
        .post("/fhir", &json!({"resourceType": "Bundle", "type": "transaction", "entry": entries}))
        .await;
    assert_eq!(said.status, 200, "{said:?}");
}

fn ids(said: &Said) -> String {
    assert_eq!(said.status, 200, "{said:?}");
    said.each_resource("id").join(" ")
}

const ASK: &str = "/fhir/Observation/$lastn?patient=Patient/a";

#[tokio::test]
async fn the_latest_of_each_code_is_given() {
    each(async |house: House| {
        keep(&house, vec![
            observation("a1", "a", &["a"], "2026-01-01"),
            observation("a2", "a", &["a"], "2026-01-02"),
            observation("a3", "a", &["a"], "2026-01-03"),
            observation("a3-too", "a", &["a"], "2026-01-03"),
            observation("b1", "a", &["b"], "2026-02-01"),
            observation("c1", "a", &["c"], "2026-01-01"),
            observation("t1", "a", &[], "2026-01-05"),
            observation("t2", "a", &[], "2026-01-04"),
            observation("n1", "a", &["n"], ""),
            observation("n2", "a", &["n"], ""),
            observation("other", "b", &["a"], "2026-03-01"),
        ])
        .await;
        assert_eq!(ids(&house.get(ASK).await), "b1 t1 a3 a3-too c1 n1");
        assert_eq!(ids(&house.get(&format!("{ASK}&max=2")).await), "b1 t1 t2 a3 a3-too c1 n1 n2");
        assert_eq!(ids(&house.get(&format!("{ASK}&max=3&code=http://loinc.org|a")).await), "a3 a3-too a2");
        assert_eq!(ids(&house.get(&format!("{ASK}&date=le2026-01-02&category=vital-signs")).await), "a2 c1");
        assert_eq!(ids(&house.get(&format!("{ASK}&category=none")).await), "");
        assert_eq!(ids(&house.get("/fhir/Observation/$lastn?subject=Patient/b").await), "other");
        let posted = json!({"resourceType": "Parameters", "parameter": [
            {"name": "max", "valuePositiveInt": 1}, {"name": "patient", "valueReference": {"reference": "Patient/b"}}]});
        assert_eq!(ids(&house.post("/fhir/Observation/$lastn", &posted).await), "other");
        // A translation makes one group of two codes, and of whatever shares a code with it.
        keep(&house, vec![observation("ac", "a", &["a", "c"], "2026-01-02")]).await;
        assert_eq!(ids(&house.get(ASK).await), "b1 t1 a3 a3-too n1");
        assert_eq!(ids(&house.get(&format!("{ASK}&max=5")).await), "b1 t1 t2 a3 a3-too a2 ac a1 c1 n1 n2");
    })
    .await;
}

#[tokio::test]
async fn it_narrows_as_a_search_does() {
    each(async |house: House| {
        let set = json!({"resourceType": "ValueSet", "id": "hai-ma", "status": "active", "compose": {"include": [
            {"system": "http://loinc.org", "concept": [{"code": "a"}, {"code": "b"}]}]}});
        assert_eq!(house.put("/fhir/ValueSet/hai-ma", &set).await.status, 201);
        let mut all = ["a", "b", "c", "d"].map(|code| observation(code, "a", &[code], "2026-01-01"));
        all[0]["text"] = json!({"status": "generated", "div": "<div xmlns=\"http://www.w3.org/1999/xhtml\">đường huyết</div>"});
        all[1]["code"]["text"] = json!("Đường trong máu");
        let weight = |value: i64, code: &str| {
            json!({"value": value, "system": "http://unitsofmeasure.org", "code": code})
        };
        all[2]["valueQuantity"] = weight(3, "kg");
        all[3]["valueQuantity"] = weight(9, "kg");
        keep(&house, all.to_vec()).await;
        for (query, wanted) in [
            ("_text=duong", "a"),
            ("_content=duong", "a b"),
            ("code:text=mau", "b"),
            ("_content=duong&code:text=duong", "b"),
            ("code:in=ValueSet/hai-ma", "a b"),
            ("code:not-in=ValueSet/hai-ma", "c d"),
            ("value-quantity=3e3|http://unitsofmeasure.org|g", "c"),
            ("value-quantity=gt3001|http://unitsofmeasure.org|g", "d"),
            ("subject=http://yba.test/fhir/Patient/a&_text=khong", ""),
        ] {
            let last = house.get(&format!("{ASK}&{query}")).await;
            let searched = house.get(&format!("/fhir/Observation?patient=Patient/a&{query}")).await;
            let sorted = |said: &Said| {
                let mut ids: Vec<String> = ids(said).split_whitespace().map(str::to_owned).collect();
                ids.sort();
                ids.join(" ")
            };
            assert_eq!((sorted(&last).as_str(), sorted(&searched).as_str()), (wanted, wanted), "{query}");
        }
        let said = house.get(&format!("{ASK}&code:in=http://khong.vn/co")).await;
        assert_eq!((said.status.as_u16(), said.key().as_str()), (400, "search-value-set"), "{said:?}");
    })
    .await;
}

#[tokio::test]
async fn what_is_wrong_is_refused() {
    each(async |house: House| {
        for (query, key) in [
            ("", "lastn-subject"),
            ("?code=a", "lastn-subject"),
            ("?patient=a&max=0", "parameter-value"),
            ("?patient=a&max=many", "parameter-value"),
            ("?patient=a&max=1001", "parameter-value"),
            ("?patient=a&max=1&max=2", "parameter-twice"),
            ("?patient=a&_sort=date", "parameter-unsupported"),
            ("?patient=a&_include=Observation:subject", "parameter-unsupported"),
            ("?patient=a&colour=red", "search-unknown"),
            ("?patient=a&date=yesterday", "search-value"),
        ] {
            let said = house.get(&format!("/fhir/Observation/$lastn{query}")).await;
            assert_eq!((said.status.as_u16(), said.key().as_str()), (400, key), "{query} {said:?}");
        }
        let odd = json!({"resourceType": "Parameters", "parameter": [{"name": "patient", "valueAddress": {"city": "x"}}]});
        assert_eq!(house.post("/fhir/Observation/$lastn", &odd).await.key(), "parameter-value");
        assert_eq!(house.get("/fhir/Patient/$lastn").await.status, 404);
    })
    .await;
}

#[tokio::test]
async fn an_answer_is_bounded() {
    let house = House::open(yba_testkit::records());
    let of = |at: usize| observation(&format!("o{at}"), "a", &["a"], "2026-01-01");
    keep(&house, (0..1000).map(of).collect()).await;
    assert_eq!(house.get(ASK).await.each_resource("id").len(), 1000, "ties, as many as they are");
    keep(&house, vec![of(1000)]).await;
    let said = house.get(ASK).await;
    assert_eq!((said.status.as_u16(), said.key().as_str()), (400, "lastn-too-many"), "{said:?}");
    for some in 0..4 {
        keep(
            &house,
            (0..4750).map(|at| observation(&format!("p{some}-{at}"), "a", &["p"], "2026-01-02")).collect(),
        )
        .await;
    }
    let said = house.get(ASK).await;
    assert!(
        said.text(&["resourceType"]) == "OperationOutcome" && format!("{said:?}").contains("more than 20000"),
        "{said:?}"
    );
}
