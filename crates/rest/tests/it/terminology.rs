//! `$expand`, `$validate-code`, `$lookup`, `$subsumes`, `$translate`.

use crate::house::{House, Said, each};
use yba_fhir::json::{JsonValueTrait, Value, items, json, str_at};

const ICD10: &str = "http://hl7.org/fhir/sid/icd-10";
const ICD10_SET: &str = "https://yba.vn/fhir/ValueSet/icd-10-vn";

/// The text, code or truth value of a parameter of the answer.
fn told(said: &Said, name: &str) -> String {
    assert_eq!(said.status, 200, "{said:?}");
    let tree = said.tree();
    let part = items(&tree, "parameter").find(|part| str_at(part, &["name"]) == Some(name));
    let Some(part) = part else { return String::new() };
    ["valueString", "valueCode", "valueUri"]
        .iter()
        .find_map(|key| str_at(part, &[key]))
        .map(str::to_owned)
        .or_else(|| Some(part.get("valueBoolean")?.as_bool()?.to_string()))
        .unwrap_or_default()
}

fn codes(said: &Said) -> Vec<String> {
    assert_eq!(said.status, 200, "{said:?}");
    let tree = said.tree();
    let expansion = tree.get("expansion").unwrap();
    items(expansion, "contains").map(|one| str_at(one, &["code"]).unwrap().to_owned()).collect()
}

/// Key and place of the first issue.
fn refused(said: &Said, status: u16) -> (String, String) {
    assert_eq!(said.status.as_u16(), status, "{said:?}");
    let tree = said.tree();
    let issue = items(&tree, "issue").next().unwrap();
    let key = issue["details"]["coding"][0]["code"].as_str().unwrap().to_owned();
    let place = items(issue, "expression").next().and_then(|place| place.as_str().map(str::to_owned));
    (key, place.unwrap_or_default())
}

fn parameters(parts: &[Value]) -> Value {
    json!({"resourceType": "Parameters", "parameter": parts.to_vec()})
}

fn fruits(codes: &[&str]) -> Value {
    let concepts: Vec<Value> =
        codes.iter().map(|code| json!({"code": *code, "display": format!("Quả {code}").as_str()})).collect();
    json!({"resourceType": "CodeSystem", "id": "fruits", "url": "urn:fruits", "status": "active", "content": "complete",
           "concept": concepts})
}

fn fruit_set() -> Value {
    json!({"resourceType": "ValueSet", "id": "all-fruits", "url": "urn:all-fruits", "status": "active",
           "compose": {"include": [{"system": "urn:fruits"}]}})
}

#[tokio::test]
async fn a_set_is_expanded_by_words_and_pages() {
    let house = House::open(yba_testkit::records());
    let said =
        house.get(&format!("/fhir/ValueSet/$expand?url={ICD10_SET}&filter=viem%20phe%20quan&count=5")).await;
    let tree = said.tree();
    assert_eq!(codes(&said).len(), 5);
    assert!(tree["expansion"]["total"].as_u64().unwrap() > 5, "{said:?}");
    assert_eq!(tree["expansion"]["timestamp"].as_str(), Some("2026-03-02T08:00:00.000+07:00"));
    let next = house
        .get(&format!("/fhir/ValueSet/$expand?url={ICD10_SET}&filter=viem%20phe%20quan&count=5&offset=5"))
        .await;
    assert!(codes(&next).iter().all(|code| !codes(&said).contains(code)));
    let english =
        house.get(&format!("/fhir/ValueSet/$expand?url={ICD10_SET}&filter=I10&displayLanguage=en")).await;
    let english = english.tree();
    assert!(english["expansion"]["contains"][0]["display"].as_str().unwrap().contains("hypertension"));
    // By POST, and with the set sent along.
    let sent = parameters(&[
        json!({"name": "valueSet", "resource": {"resourceType": "ValueSet", "status": "active",
        "compose": {"include": [{"system": "http://hl7.org/fhir/administrative-gender"}]}}}),
        json!({"name": "filter", "valueString": "fem"}),
    ]);
    assert_eq!(codes(&house.post("/fhir/ValueSet/$expand", &sent).await), ["female"]);
}

#[tokio::test]
async fn the_day_of_the_act_chooses_the_edition() {
    let house = House::open(yba_testkit::records());
    let url = "https://yba.vn/fhir/ValueSet/ma-loai-kcb";
    for (date, first) in [("2020-05-01", "1"), ("2025-05", "01"), ("2026-09-01T08:00:00%2B07:00", "01")] {
        let said = house.get(&format!("/fhir/ValueSet/$expand?url={url}&date={date}")).await;
        assert_eq!(codes(&said)[0], first, "{date}");
    }
    let valid =
        |date: &str, code: &str| format!("/fhir/ValueSet/$validate-code?url={url}&code={code}&date={date}");
    assert_eq!(told(&house.get(&valid("2020-05-01", "1")).await, "result"), "true");
    assert_eq!(told(&house.get(&valid("2025-05-01", "1")).await, "result"), "false");
}

#[tokio::test]
async fn codes_are_judged_alone_as_coding_and_as_concept() {
    let house = House::open(yba_testkit::records());
    let base = format!("/fhir/ValueSet/$validate-code?url={ICD10_SET}");
    assert_eq!(told(&house.get(&format!("{base}&system={ICD10}&code=J20.9")).await, "result"), "true");
    let wrong = house.get(&format!("{base}&system={ICD10}&code=J20.9&display=Flu")).await;
    assert_eq!(told(&wrong, "result"), "true");
    assert!(told(&wrong, "message").contains("tên đúng là"), "{wrong:?}");
    let out = house.get(&format!("{base}&system={ICD10}&code=X99.99")).await;
    assert_eq!(told(&out, "result"), "false");
    assert!(told(&out, "message").contains("không thuộc bộ mã"), "{out:?}");
    let concept = parameters(&[
        json!({"name": "url", "valueUri": ICD10_SET}),
        json!({"name": "codeableConcept", "valueCodeableConcept": {"coding": [
            {"system": "urn:local", "code": "a"}, {"system": ICD10, "code": "I10"}]}}),
    ]);
    assert_eq!(told(&house.post("/fhir/ValueSet/$validate-code", &concept).await, "result"), "true");
    let coding = parameters(&[json!({"name": "coding", "valueCoding": {"system": ICD10, "code": "I10"}})]);
    assert_eq!(told(&house.post("/fhir/CodeSystem/$validate-code", &coding).await, "result"), "true");
    let bare = house.get(&format!("/fhir/CodeSystem/$validate-code?url={ICD10}&code=ZZZ")).await;
    assert_eq!(told(&bare, "result"), "false");
}

#[tokio::test]
async fn codes_are_looked_up_compared_and_translated() {
    let house = House::open(yba_testkit::records());
    let look = house.get(&format!("/fhir/CodeSystem/$lookup?system={ICD10}&code=J20")).await;
    assert!(told(&look, "display").contains("phế quản"), "{look:?}");
    let said = house.get(&format!("/fhir/CodeSystem/$subsumes?system={ICD10}&codeA=J20&codeB=J20.9")).await;
    assert_eq!(told(&said, "outcome"), "subsumes");
    let codings = parameters(&[
        json!({"name": "codingA", "valueCoding": {"system": ICD10, "code": "J20.9"}}),
        json!({"name": "codingB", "valueCoding": {"system": ICD10, "code": "J20"}}),
    ]);
    assert_eq!(told(&house.post("/fhir/CodeSystem/$subsumes", &codings).await, "outcome"), "subsumed-by");
    let old = "https://yba.vn/fhir/sid/admin-unit/2021";
    let moved = house.get(&format!("/fhir/ConceptMap/$translate?system={old}&code=49")).await;
    assert_eq!(told(&moved, "result"), "true");
    assert!(String::from_utf8_lossy(&moved.body).contains("Thành phố Đà Nẵng"), "{moved:?}");
    let none = house.get(&format!("/fhir/ConceptMap/$translate?system={old}&code=99999")).await;
    assert_eq!(told(&none, "result"), "false");
}

#[tokio::test]
async fn what_clients_write_counts_from_the_next_request_on() {
    each(async |house: House| {
        let expand = "/fhir/ValueSet/$expand?url=urn:all-fruits";
        assert_eq!(refused(&house.get(expand).await, 404).0, "terminology-unknown");
        house.put("/fhir/CodeSystem/fruits", &fruits(&["xoài", "mận"])).await;
        house.put("/fhir/ValueSet/all-fruits", &fruit_set()).await;
        assert_eq!(codes(&house.get(expand).await), ["xoài", "mận"]);
        house.put("/fhir/CodeSystem/fruits", &fruits(&["mận", "đào", "lê"])).await;
        assert_eq!(codes(&house.get(expand).await), ["mận", "đào", "lê"]);
        assert_eq!(codes(&house.get("/fhir/ValueSet/all-fruits/$expand?filter=dao").await), ["đào"]);
        house.post("/fhir/Patient", &crate::house::patient("Lò Thị Mẫu")).await;
        assert_eq!(codes(&house.get(expand).await).len(), 3, "another kind of change changes nothing");
        house.delete("/fhir/ValueSet/all-fruits").await;
        assert_eq!(house.get(expand).await.status, 404);
    })
    .await;
}

#[tokio::test]
async fn a_stored_resource_answers_for_itself() {
    let house = House::open(yba_testkit::records());
    house.put("/fhir/CodeSystem/fruits", &fruits(&["xoài"])).await;
    let map = json!({"resourceType": "ConceptMap", "id": "m", "url": "urn:m", "status": "active", "group": [{
        "source": "urn:fruits", "target": "urn:trees",
        "element": [{"code": "xoài", "target": [{"code": "t1", "equivalence": "wider"}]}]}]});
    house.put("/fhir/ConceptMap/m", &map).await;
    assert_eq!(
        told(&house.get("/fhir/CodeSystem/fruits/$validate-code?code=xo%C3%A0i").await, "result"),
        "true"
    );
    let same = house.get("/fhir/CodeSystem/fruits/$subsumes?codeA=xo%C3%A0i&codeB=xo%C3%A0i").await;
    assert_eq!(told(&same, "outcome"), "equivalent");
    let there = house.get("/fhir/ConceptMap/m/$translate?system=urn:fruits&code=xo%C3%A0i").await;
    assert!(String::from_utf8_lossy(&there.body).contains("\"t1\""), "{there:?}");
    let back = house.get("/fhir/ConceptMap/m/$translate?system=urn:trees&code=t1&reverse=true").await;
    assert!(String::from_utf8_lossy(&back.body).contains("narrower"), "{back:?}");
    assert_eq!(house.get("/fhir/ValueSet/none/$expand").await.status, 404);
}

#[tokio::test]
async fn a_broken_resource_harms_nobody_else() {
    let house = House::open(yba_testkit::records());
    let circle = |id: &str, other: &str| {
        json!({"resourceType": "ValueSet", "id": id, "url": format!("urn:{id}").as_str(), "status": "active",
               "compose": {"include": [{"valueSet": [format!("urn:{other}").as_str()]}]}})
    };
    house.put("/fhir/ValueSet/a", &circle("a", "b")).await;
    house.put("/fhir/ValueSet/b", &circle("b", "a")).await;
    let (key, _) = refused(&house.get("/fhir/ValueSet/$expand?url=urn:a").await, 422);
    assert_eq!(key, "terminology-not-expandable");
    let gender = "/fhir/ValueSet/$expand?url=http://hl7.org/fhir/ValueSet/administrative-gender";
    assert_eq!(codes(&house.get(gender).await).len(), 4);
}

#[tokio::test]
async fn what_is_wrong_with_the_question_is_said_with_its_place() {
    let house = House::open(yba_testkit::records());
    let cases = [
        ("ValueSet/$expand".to_owned(), 400, "parameter-missing", "url"),
        ("ValueSet/$expand?url=urn:none".to_owned(), 404, "terminology-unknown", "url"),
        (format!("ValueSet/$expand?url={ICD10_SET}"), 422, "terminology-too-costly", ""),
        (format!("ValueSet/$expand?url={ICD10_SET}&count=-1"), 400, "parameter-value", "count"),
        (
            format!("ValueSet/$expand?url={ICD10_SET}&count=1&date=h%C3%B4m%20nay"),
            400,
            "parameter-value",
            "date",
        ),
        (format!("ValueSet/$expand?url={ICD10_SET}&activeOnly=yes"), 400, "parameter-value", "activeOnly"),
        (format!("ValueSet/$expand?url={ICD10_SET}&profile=x"), 400, "parameter-unsupported", "profile"),
        (
            "ValueSet/$expand?url=http://hl7.org/fhir/ValueSet/condition-code".to_owned(),
            422,
            "terminology-not-expandable",
            "",
        ),
        (format!("ValueSet/$validate-code?url={ICD10_SET}"), 400, "parameter-missing", "code"),
        ("CodeSystem/$validate-code?code=a".to_owned(), 400, "parameter-missing", "url"),
        ("CodeSystem/$lookup?code=a".to_owned(), 400, "parameter-missing", "system"),
        ("CodeSystem/$lookup?code=a&system=urn:none".to_owned(), 404, "terminology-system", ""),
        (format!("CodeSystem/$lookup?code=ZZZ&system={ICD10}"), 404, "terminology-code", "code"),
        (
            format!("CodeSystem/$subsumes?codeA=J20&codeB=ZZZ&system={ICD10}"),
            404,
            "terminology-code",
            "codeB",
        ),
        ("ConceptMap/$translate?code=a".to_owned(), 400, "parameter-missing", "system"),
        ("ConceptMap/$translate?code=a&system=urn:s&url=urn:none".to_owned(), 404, "terminology-map", "url"),
    ];
    for (path, status, key, place) in cases {
        let said = house.get(&format!("/fhir/{path}")).await;
        assert_eq!(refused(&said, status), (key.to_owned(), place.to_owned()), "{path}");
    }
    let bad = parameters(&[
        json!({"name": "valueSet", "resource": {"resourceType": "ValueSet", "status": "active",
        "compose": {"include": [{"filter": [{"property": "code", "op": "regexp", "value": "a"}]}]}}}),
    ]);
    let said = house.post("/fhir/ValueSet/$expand", &bad).await;
    assert_eq!(refused(&said, 422).1, "ValueSet.compose.include[0].filter[0].op");
}

#[tokio::test]
async fn a_stranger_is_told_nothing() {
    let house = House::closed(yba_testkit::records());
    assert_eq!(house.get(&format!("/fhir/ValueSet/$expand?url={ICD10_SET}&count=1")).await.status, 401);
}

#[tokio::test]
async fn the_operations_are_declared_with_their_types() {
    let house = House::open(yba_testkit::records());
    let tree = house.get("/fhir/metadata").await.tree();
    let of = |kind: &str| -> Vec<String> {
        let resources = items(&tree["rest"][0], "resource");
        let found = resources.filter(|one| str_at(one, &["type"]) == Some(kind)).flat_map(|one| {
            items(one, "operation").map(|one| str_at(one, &["name"]).unwrap().to_owned()).collect::<Vec<_>>()
        });
        found.filter(|name| name != "validate" && !name.starts_with("meta")).collect()
    };
    assert_eq!(of("ValueSet"), ["expand", "validate-code"]);
    assert_eq!(of("CodeSystem"), ["validate-code", "lookup", "subsumes"]);
    assert_eq!(of("ConceptMap"), ["translate"]);
    assert_eq!(of("Patient"), ["everything", "match", "export"]);
    assert_eq!(of("Group"), ["export"]);
    assert_eq!(of("Observation"), ["lastn"]);
}
