//! Operations: how they are asked, and `$validate`.

use crate::house::{House, Said, each};
use yba_fhir::json::{Value, items, json, str_at};

/// Severity and place of each issue.
fn issues(said: &Said) -> Vec<(String, String)> {
    let text = |issue: &Value, path: &[&str]| str_at(issue, path).unwrap_or_default().to_owned();
    let place = |issue: &Value| {
        items(issue, "expression")
            .next()
            .and_then(yba_fhir::json::JsonValueTrait::as_str)
            .unwrap_or_default()
            .to_owned()
    };
    items(&said.tree(), "issue").map(|issue| (text(issue, &["severity"]), place(issue))).collect()
}

fn wrong() -> Value {
    json!({"resourceType": "Patient", "birthDate": "30/02/1986"})
}

fn as_parameter(resource: Value) -> Value {
    json!({"resourceType": "Parameters", "parameter": [{"name": "resource", "resource": resource}]})
}

fn told_the_birth_date(said: &Said) {
    assert_eq!(said.status, 200, "{said:?}");
    assert_eq!(issues(said), [("error".into(), "Patient.birthDate".into())]);
}

#[tokio::test]
async fn a_resource_is_judged_without_being_kept() {
    each(async |house: House| {
        told_the_birth_date(&house.post("/fhir/Patient/$validate", &wrong()).await);
        told_the_birth_date(&house.post("/fhir/Patient/$validate", &as_parameter(wrong())).await);
        let right =
            house.post("/fhir/Patient/$validate?mode=create", &json!({"resourceType": "Patient"})).await;
        assert_eq!(issues(&right), [("information".into(), String::new())]);
        assert_eq!(house.kit.records.store().head_t(), 0);
    })
    .await;
}

#[tokio::test]
async fn a_stored_resource_is_judged_where_it_lies() {
    each(async |house: House| {
        house.put("/fhir/Patient/a", &json!({"resourceType": "Patient", "id": "a"})).await;
        let said = house.get("/fhir/Patient/a/$validate").await;
        assert_eq!((said.status.as_u16(), issues(&said)[0].0.as_str()), (200, "information"));
        assert_eq!(house.get("/fhir/Patient/b/$validate").await.status, 404);
    })
    .await;
}

#[tokio::test]
async fn what_an_operation_does_not_serve_is_refused_by_name() {
    let house = House::open(yba_testkit::records());
    let cases = [
        ("/fhir/Patient/$validate", json!({"resourceType": "Observation"}), 400, "resourceType"),
        ("/fhir/Patient/$validate?mode=perhaps", wrong(), 400, "mode"),
        ("/fhir/Patient/$validate?mood=create", wrong(), 400, "mood"),
        ("/fhir/Patient/$validate?mode=create&mode=update", wrong(), 400, "mode"),
        ("/fhir/Patient/$validate", json!({"resourceType": "Parameters"}), 400, "resource"),
        (
            "/fhir/Patient/x/$validate?mode=update",
            json!({"resourceType": "Patient", "id": "y"}),
            400,
            "resource.id",
        ),
    ];
    for (path, body, status, place) in cases {
        let said = house.post(path, &body).await;
        assert_eq!((said.status.as_u16(), issues(&said)[0].1.as_str()), (status, place), "{path} {said:?}");
    }
    for unknown in ["/fhir/Patient/$nonsense", "/fhir/$nonsense", "/fhir/Patient/a/$nonsense"] {
        assert_eq!(house.get(unknown).await.status, 404, "{unknown}");
    }
    assert_eq!(house.delete("/fhir/Patient/$validate").await.status, 405);
}

#[tokio::test]
async fn an_operation_takes_a_bounded_number_of_parameters() {
    let house = House::open(yba_testkit::records());
    let many = vec!["mode=create"; 1001].join("&");
    let said = house.post(&format!("/fhir/Patient/$validate?{many}"), &wrong()).await;
    assert_eq!(said.status, 400);
    assert!(format!("{said:?}").contains("too-many-parameters"), "{said:?}");
}

#[tokio::test]
async fn the_capability_statement_names_the_operations() {
    let house = House::open(yba_testkit::records());
    let statement = house.get("/fhir/metadata").await.tree();
    let patient =
        items(&statement["rest"][0], "resource").find(|one| str_at(one, &["type"]) == Some("Patient"));
    let first = items(patient.unwrap(), "operation").next().unwrap();
    assert_eq!(str_at(first, &["name"]), Some("validate"));
}

#[tokio::test]
async fn writes_and_questions_are_judged_by_the_profiles_of_the_node() {
    let house = House::open(yba_testkit::records());
    let content = yba_content::Content::built_in();
    let codes = yba_validate::Codes::built_in();
    house.kit.records.judge_by(move |definitions, _| {
        yba_validate::Validator::of_content(&content, codes.clone(), definitions).0
    });
    let url = "https://yba.vn/fhir/StructureDefinition/vn-patient";
    let patient = json!({"resourceType": "Patient", "name": [{"text": "Lo Thi Mau"}]});
    let missing = [("error".to_owned(), "Patient.gender".to_owned())];
    let asked = house.post(&format!("/fhir/Patient/$validate?profile={url}"), &patient).await;
    assert_eq!((asked.status.as_u16(), issues(&asked)), (200, missing.to_vec()));
    assert_eq!(house.post("/fhir/Patient/$validate?profile=https://yba.test/x", &patient).await.status, 404);
    assert_eq!(house.post("/fhir/Patient", &patient).await.status, 201, "nobody asked for the profile");
    let mut named = patient;
    named["meta"] = json!({"profile": [url]});
    let refused = house.post("/fhir/Patient", &named).await;
    assert_eq!((refused.status.as_u16(), issues(&refused)), (422, missing.to_vec()));
}
