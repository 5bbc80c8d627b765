//! Searches of everything and within compartments, by the meaning of codes, by words, and what they bring along.

use crate::house::{House, Said, each};
use axum::http::StatusCode;
use yba_fhir::json::{self, JsonValueTrait, Value, items, str_at};

fn tree(text: &str) -> Value {
    json::from_str(text).unwrap()
}

/// Two people with an encounter each, observations, diagnoses, a ward in a hospital.
async fn a_ward(house: &House) {
    for text in [
        r#"{"resourceType":"Organization","id":"tinh","name":"Sở Y tế Mẫu"}"#,
        r#"{"resourceType":"Organization","id":"bv","name":"Bệnh viện Mẫu","partOf":{"reference":"Organization/tinh"}}"#,
        r#"{"resourceType":"Practitioner","id":"bs1","name":[{"text":"Vàng A Bác"}]}"#,
        r#"{"resourceType":"Patient","id":"p1","gender":"female","name":[{"text":"Lò Thị Một"}],
            "identifier":[{"type":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v2-0203","code":"MR"}]},"system":"urn:x:1","value":"BN1"}],
            "managingOrganization":{"reference":"Organization/bv"},"generalPractitioner":[{"reference":"Practitioner/bs1"}],
            "meta":{"tag":[{"system":"urn:x:tag","code":"a"}]}}"#,
        r#"{"resourceType":"Patient","id":"p2","gender":"male","name":[{"text":"Giàng A Hai"}],"identifier":[{"system":"urn:x:1","value":"BN1x"}]}"#,
        r#"{"resourceType":"Encounter","id":"e1","status":"finished","class":{"code":"AMB"},"subject":{"reference":"Patient/p1"},
            "serviceProvider":{"reference":"Organization/bv"},"participant":[{"individual":{"reference":"Practitioner/bs1"}}]}"#,
        r#"{"resourceType":"Encounter","id":"e2","status":"finished","class":{"code":"AMB"},"subject":{"reference":"Patient/p2"}}"#,
        r#"{"resourceType":"Condition","id":"c1","subject":{"reference":"Patient/p1"},"encounter":{"reference":"Encounter/e1"},
            "code":{"text":"Đái tháo đường típ 2","coding":[{"system":"http://hl7.org/fhir/sid/icd-10","code":"E11.9","display":"Bệnh đái tháo đường không phụ thuộc insulin"}]},
            "text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\">Theo dõi tại trạm</div>"}}"#,
        r#"{"resourceType":"Condition","id":"c2","subject":{"reference":"Patient/p2","identifier":{"system":"urn:x:1","value":"BN1x"}},
            "code":{"text":"Tăng huyết áp","coding":[{"system":"http://hl7.org/fhir/sid/icd-10","code":"I10"}]}}"#,
        r#"{"resourceType":"Observation","id":"o1","status":"final","subject":{"reference":"Patient/p1"},"encounter":{"reference":"Encounter/e1"},
            "code":{"coding":[{"system":"http://loinc.org","code":"2345-7"}]},"meta":{"tag":[{"system":"urn:x:tag","code":"a"}]},
            "valueQuantity":{"value":1.5,"unit":"g/L","system":"http://unitsofmeasure.org","code":"g/L"}}"#,
        r#"{"resourceType":"Observation","id":"o2","status":"preliminary","subject":{"reference":"Patient/p2"},
            "code":{"coding":[{"system":"http://loinc.org","code":"2345-7"}]},
            "valueQuantity":{"value":90,"unit":"mg/dL","system":"http://unitsofmeasure.org","code":"mg/dL"}}"#,
    ] {
        let resource = tree(text);
        let path = format!(
            "/fhir/{}/{}",
            str_at(&resource, &["resourceType"]).unwrap(),
            str_at(&resource, &["id"]).unwrap()
        );
        let said = house.put(&path, &resource).await;
        assert_eq!(said.status, StatusCode::CREATED, "{said:?}");
    }
}

/// The ids of a search, sorted.
async fn ids(house: &House, path: &str) -> Vec<String> {
    let said = house.get(path).await;
    assert_eq!(said.status, StatusCode::OK, "{path} {said:?}");
    let mut ids = said.each_resource("id");
    ids.sort_unstable();
    ids
}

async fn refused(house: &House, path: &str) -> (u16, String) {
    let said: Said = house.get(path).await;
    (said.status.as_u16(), said.key())
}

#[tokio::test]
async fn several_types_are_searched_at_once() {
    each(async |house| {
        a_ward(&house).await;
        assert_eq!(ids(&house, "/fhir?_tag=urn:x:tag|a").await, ["o1", "p1"]);
        assert_eq!(ids(&house, "/fhir?_type=Patient,Encounter").await, ["e1", "e2", "p1", "p2"]);
        assert_eq!(ids(&house, "/fhir?_type=Condition,Observation&patient=Patient/p1").await, ["c1", "o1"]);
        assert_eq!(ids(&house, "/fhir/?_type=Patient&_id=p2,e1").await, ["p2"]);
        assert_eq!(ids(&house, "/fhir?_id=p2,e1").await, ["e1", "p2"]);
        let form = [("content-type", "application/x-www-form-urlencoded")];
        let said = house.ask("POST", "/fhir/_search", &form, "_type=Patient&name=giang").await;
        assert_eq!(said.each_resource("id"), ["p2"]);
        let total = house.get("/fhir?_type=Patient,Encounter&_total=accurate&_count=1").await;
        assert_eq!(total.tree()["total"].as_u64(), Some(4));
        for asked in ["/fhir?_count=2", "/fhir?_count=2&_sort=-_lastUpdated", "/fhir?_count=3&_sort=_id"] {
            let (mut next, mut seen, mut pages) = (Some(asked.to_owned()), Vec::new(), 0);
            while let Some(address) = next {
                let page = house.get(&address).await;
                assert_eq!(page.status, StatusCode::OK, "{page:?}");
                seen.extend(page.each_resource("id"));
                (next, pages) = (page.link("next"), pages + 1);
            }
            assert!(asked != "/fhir?_count=3&_sort=_id" || seen.is_sorted(), "{seen:?}");
            seen.sort_unstable();
            seen.dedup();
            assert_eq!((seen.len(), pages), (11, if asked.contains("=2") { 6 } else { 4 }), "{asked}");
        }
        for (wrong, key) in [
            ("/fhir?_type=Nothing", "search-value"),
            ("/fhir?_type=", "search-value"),
            ("/fhir?_type=Patient&_type=Patient", "search-cursor"),
            ("/fhir?_type=Patient,Organization&gender=male", "search-unknown"),
            ("/fhir?name=x", "search-unknown"),
            ("/fhir/Patient?_type=Patient", "search-unsupported"),
        ] {
            assert_eq!(refused(&house, wrong).await, (400, key.to_owned()), "{wrong}");
        }
    })
    .await;
}

#[tokio::test]
async fn compartments_are_searched() {
    each(async |house| {
        a_ward(&house).await;
        assert_eq!(ids(&house, "/fhir/Patient/p1/Condition").await, ["c1"]);
        assert_eq!(ids(&house, "/fhir/Patient/p1/Condition?code=I10").await, [""; 0]);
        assert_eq!(ids(&house, "/fhir/Patient/p1/*").await, ["c1", "e1", "o1", "p1"]);
        assert_eq!(ids(&house, "/fhir/Patient/p1/*?_type=Encounter,Condition").await, ["c1", "e1"]);
        assert_eq!(ids(&house, "/fhir/Encounter/e1/Observation").await, ["o1"]);
        assert_eq!(ids(&house, "/fhir/Encounter/e1/Encounter").await, ["e1"]);
        assert_eq!(ids(&house, "/fhir/Encounter/e1/*").await, ["c1", "e1", "o1"]);
        assert_eq!(ids(&house, "/fhir/Practitioner/bs1/Patient").await, ["p1"]);
        let form = [("content-type", "application/x-www-form-urlencoded")];
        let said = house.ask("POST", "/fhir/Patient/p2/Condition/_search", &form, "code=I10&_count=1").await;
        assert_eq!(said.each_resource("id"), ["c2"]);
        assert_eq!(said.link("self").unwrap(), "/fhir/Patient/p2/Condition?code=I10&_count=1");
        assert_eq!(refused(&house, "/fhir/Patient/p1/*?_type=Location").await, (400, "search-value".to_owned()));
        let bundle = r#"{"resourceType":"Bundle","type":"batch","entry":[
            {"request":{"method":"GET","url":"Patient/p1/Condition?code=E11.9"}},{"request":{"method":"GET","url":"?_type=Encounter"}}]}"#;
        let said = house.post("/fhir", &tree(bundle)).await;
        let found: Vec<usize> = said.entries().iter().map(|entry| items(&entry["resource"], "entry").count()).collect();
        assert_eq!(found, [1, 2], "{said:?}");
    })
    .await;
}

#[tokio::test]
async fn what_is_brought_along_brings_along_in_turn() {
    each(async |house| {
        a_ward(&house).await;
        let with = async |query: &str| ids(&house, &format!("/fhir/Observation?_id=o1&{query}")).await;
        assert_eq!(with("_include=Observation:subject").await, ["o1", "p1"]);
        assert_eq!(with("_include=Observation:*").await, ["e1", "o1", "p1"]);
        assert_eq!(with("_include=*").await, ["e1", "o1", "p1"]);
        let step = "_include=Observation:subject&_include:iterate=Patient:organization";
        assert_eq!(with(step).await, ["bv", "o1", "p1"]);
        assert_eq!(
            with(&format!("{step}&_include:iterate=Organization:partof")).await,
            ["bv", "o1", "p1", "tinh"]
        );
        let of_another = "/fhir/Observation?_include=Patient:organization";
        assert_eq!(refused(&house, of_another).await, (400, "search-value".to_owned()), "without :iterate");
        let back = "_include=Observation:subject&_revinclude:iterate=Condition:subject";
        assert_eq!(with(back).await, ["c1", "o1", "p1"]);
        assert_eq!(ids(&house, "/fhir/Patient?_id=p1&_revinclude=Encounter:patient").await, ["e1", "p1"]);
    })
    .await;
}

#[tokio::test]
async fn codes_are_found_by_what_they_mean() {
    each(async |house| {
        a_ward(&house).await;
        let icd = "http://hl7.org/fhir/sid/icd-10";
        assert_eq!(ids(&house, &format!("/fhir/Condition?code:below={icd}|E11")).await, ["c1"]);
        assert_eq!(ids(&house, &format!("/fhir/Condition?code:above={icd}|E11.9")).await, ["c1"]);
        assert_eq!(ids(&house, &format!("/fhir/Condition?code:below={icd}|I10")).await, ["c2"]);
        let final_only = r#"{"resourceType":"ValueSet","id":"xong","url":"urn:x:xong","status":"active","compose":{"include":[
            {"system":"http://hl7.org/fhir/observation-status","concept":[{"code":"final"},{"code":"amended"}]}]}}"#;
        house.put("/fhir/ValueSet/xong", &tree(final_only)).await;
        for set in ["urn:x:xong", "ValueSet/xong"] {
            assert_eq!(ids(&house, &format!("/fhir/Observation?status:in={set}")).await, ["o1"], "{set}");
            assert_eq!(ids(&house, &format!("/fhir/Observation?status:not-in={set}")).await, ["o2"], "{set}");
        }
        let status = "http://hl7.org/fhir/observation-status";
        assert_eq!(ids(&house, &format!("/fhir/Observation?status={status}|final")).await, ["o1"]);
        assert_eq!(ids(&house, "/fhir/Observation?status=urn:other|final").await, [""; 0]);
        let mr = "http://terminology.hl7.org/CodeSystem/v2-0203|MR";
        assert_eq!(ids(&house, &format!("/fhir/Patient?identifier:of-type={mr}|BN1")).await, ["p1"]);
        assert_eq!(ids(&house, &format!("/fhir/Patient?identifier:of-type={mr}|BN1x")).await, [""; 0]);
        assert_eq!(ids(&house, "/fhir/Condition?subject:identifier=urn:x:1|BN1x").await, ["c2"]);
        assert_eq!(ids(&house, "/fhir/Condition?subject=http://yba.test/fhir/Patient/p2").await, ["c2"]);
        for (wrong, key) in [
            ("/fhir/Condition?code:below=E11", "search-value"),
            ("/fhir/Condition?code:below=urn:none|E11", "search-code-system"),
            ("/fhir/Condition?code:in=urn:none", "search-value-set"),
            ("/fhir/Patient?identifier:of-type=MR|BN1", "search-value"),
            ("/fhir/Condition?subject:below=x", "search-modifier"),
        ] {
            assert_eq!(refused(&house, wrong).await, (400, key.to_owned()), "{wrong}");
        }
    })
    .await;
}

/// <https://hl7.org/fhir/R4/search.html#reference>: a relative reference that comes to the same as an absolute address
/// qualifies as a match, and the other way round.
#[tokio::test]
async fn a_record_is_found_by_either_form_of_its_address() {
    each(async |house| {
        let own = "http://yba.test/fhir";
        for (id, subject) in [
            ("a", "Patient/p".to_owned()),
            ("b", format!("{own}/Patient/p")),
            ("c", "http://other.test/fhir/Patient/p".to_owned()),
            ("d", format!("{own}/Patient/p/_history/1")),
        ] {
            let condition = format!(
                r#"{{"resourceType":"Condition","id":"{id}","subject":{{"reference":"{subject}"}},
                "clinicalStatus":{{"coding":[{{"system":"http://terminology.hl7.org/CodeSystem/condition-clinical","code":"active"}}]}}}}"#
            );
            assert_eq!(house.put(&format!("/fhir/Condition/{id}"), &tree(&condition)).await.status, 201);
        }
        for asked in ["subject=Patient/p", "subject=p", "patient=p", "subject:Patient=p", "patient=Patient/p/_history/9"]
            .map(str::to_owned)
            .into_iter()
            .chain([format!("subject={own}/Patient/p"), format!("patient={own}/Patient/p/_history/1")])
        {
            let mut found = ids(&house, &format!("/fhir/Condition?{asked}")).await;
            found.sort();
            assert_eq!(found, ["a", "b", "d"], "{asked}");
        }
        assert_eq!(ids(&house, "/fhir/Condition?subject=http://other.test/fhir/Patient/p").await, ["c"]);
        // What is named by its address is no record: it stays as it is written, with any version or the one that is asked.
        for (id, version) in [("e", "|1"), ("f", "")] {
            let response = format!(
                r#"{{"resourceType":"QuestionnaireResponse","id":"{id}","status":"completed","questionnaire":"{own}/Questionnaire/q{version}"}}"#
            );
            let path = format!("/fhir/QuestionnaireResponse/{id}");
            assert_eq!(house.put(&path, &tree(&response)).await.status, 201);
        }
        let asked = format!("/fhir/QuestionnaireResponse?questionnaire={own}/Questionnaire/q");
        assert_eq!(ids(&house, &asked).await, ["e", "f"]);
        assert_eq!(ids(&house, &format!("{asked}|1")).await, ["e"]);
    })
    .await;
}

#[tokio::test]
async fn quantities_are_found_in_other_units() {
    each(async |house| {
        a_ward(&house).await;
        let ucum = "http://unitsofmeasure.org";
        let with =
            async |value: &str| ids(&house, &format!("/fhir/Observation?value-quantity={value}")).await;
        assert_eq!(with(&format!("1.5e2|{ucum}|mg/dL")).await, ["o1"]);
        assert_eq!(
            with(&format!("150|{ucum}|mg/dL")).await,
            [""; 0],
            "three digits mean a narrower range than 1.5 has"
        );
        assert_eq!(with(&format!("gt100|{ucum}|mg/dL")).await, ["o1"]);
        assert_eq!(with(&format!("lt1|{ucum}|g/L")).await, ["o2"]);
        assert_eq!(with(&format!("gt0|{ucum}|mmol/L")).await, [""; 0], "an amount of substance is no mass");
        assert_eq!(with("90||mg/dL").await, ["o2"], "without a system nothing is converted");
        let both = format!("code-value-quantity=2345-7$gt0.8|{ucum}|g/L");
        assert_eq!(ids(&house, &format!("/fhir/Observation?{both}")).await, ["o1", "o2"]);
    })
    .await;
}

#[tokio::test]
async fn words_are_found_without_marks() {
    each(async |house| {
        a_ward(&house).await;
        assert_eq!(ids(&house, "/fhir/Condition?_text=theo%20doi").await, ["c1"]);
        assert_eq!(ids(&house, "/fhir/Condition?_text=dai%20thao%20duong").await, [""; 0]);
        assert_eq!(ids(&house, "/fhir/Condition?_content=duong%20thao").await, ["c1"]);
        assert_eq!(ids(&house, "/fhir/Condition?code:text=huyet%20ap").await, ["c2"]);
        assert_eq!(ids(&house, "/fhir?_content=mau").await, ["bv", "tinh"]);
        let total = house.get("/fhir/Condition?_content=insulin&_summary=count").await;
        assert_eq!(total.tree()["total"].as_u64(), Some(1));
        let page =
            house.get("/fhir?_type=Patient,Condition&_content=a,lo,tang,thao&_count=2&_sort=_id").await;
        assert_eq!(page.each_resource("id"), ["c1", "c2"]);
        assert_eq!(house.get(&page.link("next").unwrap()).await.each_resource("id"), ["p1", "p2"]);
        let condition = [("if-none-exist", "_content=mau")];
        let body = r#"{"resourceType":"Organization","name":"B"}"#;
        let said = house.ask("POST", "/fhir/Organization", &condition, body).await;
        assert_eq!((said.status.as_u16(), said.key().as_str()), (400, "condition-full-text"));
    })
    .await;
}
