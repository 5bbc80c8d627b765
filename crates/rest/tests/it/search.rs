//! Search by address and by form.

use crate::house::{BASE, House, each, patient};
use axum::http::StatusCode;
use yba_fhir::json::{JsonContainerTrait, JsonValueTrait, Value, items, json, str_at};

async fn with_people(house: &House, count: usize) {
    for number in 0..count {
        house.create(&patient(&format!("Lò Thị Mẫu {number}"))).await;
    }
}

fn observation(patient: &str, value: &str) -> Value {
    let text = format!(
        r#"{{"resourceType":"Observation","status":"final","code":{{"coding":[{{"system":"http://loinc.org","code":"2345-7"}}]}},"subject":{{"reference":"Patient/{patient}"}},"effectiveDateTime":"2026-02-0{value}T08:00:00+07:00","valueQuantity":{{"value":{value}}}}}"#
    );
    yba_fhir::json::from_str(&text).unwrap()
}

#[tokio::test]
async fn search_answers_a_searchset_with_full_addresses_and_a_self_link() {
    each(async |house| {
        with_people(&house, 2).await;
        let said = house.get("/fhir/Patient?name=mau%200&gender=female").await;
        assert_eq!((said.status, said.text(&["type"]).as_str()), (StatusCode::OK, "searchset"));
        assert_eq!(said.tree()["total"].as_u64(), Some(1), "the only page knows the number");
        let entry = &said.entries()[0];
        let id = str_at(entry, &["resource", "id"]).unwrap();
        assert_eq!(str_at(entry, &["fullUrl"]).unwrap(), format!("{BASE}/Patient/{id}"));
        assert_eq!(str_at(entry, &["search", "mode"]), Some("match"));
        assert_eq!(said.link("self").unwrap(), "/fhir/Patient?name=mau%200&gender=female");
        assert_eq!(said.link("next"), None);
        let none = house.get("/fhir/Patient?name=khongco").await;
        assert!(none.tree().get("entry").is_none(), "an empty list is not FHIR");
        assert_eq!(none.tree()["total"].as_u64(), Some(0));
    })
    .await;
}

#[tokio::test]
async fn pages_follow_the_next_link_to_the_end_and_show_one_moment() {
    each(async |house| {
        with_people(&house, 7).await;
        let first = house.get("/fhir/Patient?_count=3&_sort=-birthdate,name&gender=female").await;
        assert_eq!(first.tree().get("total").map(|total| total.is_null()), None, "not asked, not told");
        with_people(&house, 2).await;
        let mut names = first.each_resource("id");
        let mut next = first.link("next");
        while let Some(address) = next {
            assert!(address.contains("gender=female") && address.contains("_page="), "{address}");
            let page = house.get(&address).await;
            assert_eq!(page.status, StatusCode::OK, "{page:?}");
            assert_eq!(page.link("self").unwrap(), address);
            names.extend(page.each_resource("id"));
            next = page.link("next");
        }
        let all = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!((all, names.len()), (7, 7), "later people are not in this search, nobody is twice");
    })
    .await;
}

#[tokio::test]
async fn search_by_form_keeps_the_person_out_of_the_address() {
    each(async |house| {
        with_people(&house, 3).await;
        let form = [("content-type", "application/x-www-form-urlencoded")];
        let said =
            house.ask("POST", "/fhir/Patient/_search", &form, "name=th%E1%BB%8B+m%E1%BA%ABu&_count=2").await;
        assert_eq!((said.status, said.entries().len()), (StatusCode::OK, 2), "{said:?}");
        let next = said.link("next").unwrap();
        let page = next.split("_page=").nth(1).unwrap();
        let again = format!("name=th%E1%BB%8B+m%E1%BA%ABu&_count=2&_page={page}");
        let second = house.ask("POST", "/fhir/Patient/_search", &form, again).await;
        assert_eq!(second.each_resource("id"), house.get(&next).await.each_resource("id"), "both ways");
        let mixed = house.ask("POST", "/fhir/Patient/_search?gender=male", &form, "name=mau").await;
        assert_eq!(mixed.entries().len(), 0, "address and form count together");
        let json = house.ask("POST", "/fhir/Patient/_search", &[], "{}").await;
        assert_eq!((json.status, json.key().as_str()), (StatusCode::UNSUPPORTED_MEDIA_TYPE, "content-type"));
        assert_eq!(house.ask("POST", "/fhir/Patient/_search", &[], "").await.status, StatusCode::OK);
    })
    .await;
}

#[tokio::test]
async fn totals_are_given_when_asked() {
    each(async |house| {
        with_people(&house, 5).await;
        let total = async |query: &str| {
            let said = house.get(&format!("/fhir/Patient?{query}")).await;
            (said.tree()["total"].as_u64(), said.entries().len())
        };
        assert_eq!(total("_count=2&_total=accurate").await, (Some(5), 2));
        assert_eq!(total("_count=2").await, (None, 2));
        assert_eq!(total("_count=0").await, (Some(5), 0));
        assert_eq!(total("_summary=count").await, (Some(5), 0));
        assert_eq!(total("_total=none").await, (None, 5));
        assert_eq!(total("_count=0&_totalMethod=count").await, (Some(5), 0), "as fhirpy counts");
    })
    .await;
}

#[tokio::test]
async fn includes_are_told_from_matches() {
    each(async |house| {
        let id = house.create(&patient("Lò Thị Mẫu")).await;
        for value in ["5", "6"] {
            house.create(&observation(&id, value)).await;
        }
        let said = house
            .get(&format!("/fhir/Observation?subject=Patient/{id}&_include=Observation:subject&_sort=date"))
            .await;
        let modes: Vec<String> = said
            .entries()
            .iter()
            .map(|entry| str_at(entry, &["search", "mode"]).unwrap().to_owned())
            .collect();
        assert_eq!(modes, ["match", "match", "include"]);
        assert_eq!(said.each_resource("resourceType")[2], "Patient");
        assert_eq!(said.tree()["total"].as_u64(), Some(2), "what is included is not counted");
        let value = house.get("/fhir/Observation?value-quantity=gt5.5&code=http://loinc.org|2345-7").await;
        assert_eq!(value.entries().len(), 1);
    })
    .await;
}

#[tokio::test]
async fn unknown_parameters_are_refused_by_name_all_at_once() {
    each(async |house| {
        let said = house.get("/fhir/Patient?colour=red&name=mau&shoe-size=41").await;
        assert_eq!((said.status, said.key().as_str()), (StatusCode::BAD_REQUEST, "search-unknown"));
        let text = String::from_utf8(said.body.to_vec()).unwrap();
        assert!(text.contains("colour") && text.contains("shoe-size"), "{text}");
        for named in [
            "_has=x",
            "_elements=name.given",
            "_elements=",
            "_summary=some",
            "_summary=true&_elements=name",
            "_summary=text&_include=Patient:organization",
            "_revinclude:iterate=Observation:patient&_summary=text",
            "_filter=name",
            "_query=x",
            "name:near=x",
            "_sort=shoe-size",
            "_contained=true",
        ] {
            let said = house.get(&format!("/fhir/Patient?{named}")).await;
            assert_eq!(said.status, StatusCode::BAD_REQUEST, "{named}: {said:?}");
        }
    })
    .await;
}

/// <https://hl7.org/fhir/R4/search.html#summary>, `#elements`
#[tokio::test]
async fn parts_of_resources_are_given_and_marked() {
    each(async |house| {
        let whole = json!({"resourceType": "Patient", "id": "p", "text": {"status": "generated",
            "div": "<div xmlns=\"http://www.w3.org/1999/xhtml\">x</div>"}, "gender": "female",
            "name": [{"text": "Lò Thị Mẩy"}], "contact": [{"name": {"text": "Mẹ"}}], "photo": [{"title": "x"}],
            "communication": [{"language": {"text": "Thái"}, "preferred": true}]});
        house.put("/fhir/Patient/p", &whole).await;
        let members = |tree: &Value| {
            let mut names: Vec<String> =
                tree.as_object().unwrap().iter().map(|(name, _)| name.to_owned()).collect();
            names.sort();
            names.join(" ")
        };
        let first = |said: &crate::house::Said| said.entries()[0]["resource"].clone();
        for (asked, wanted) in [
            ("_summary=true", "gender id meta name resourceType"),
            ("_summary=text", "id meta resourceType text"),
            ("_summary=data", "communication contact gender id meta name photo resourceType"),
            ("_summary=false", "communication contact gender id meta name photo resourceType text"),
            ("_elements=name,photo", "id meta name photo resourceType"),
        ] {
            let found = house.get(&format!("/fhir/Patient?_id=p&{asked}")).await;
            let read = house.get(&format!("/fhir/Patient/p?{asked}")).await;
            assert_eq!(members(&first(&found)), wanted, "{asked}");
            assert_eq!(members(&read.tree()), wanted, "{asked}");
            let tags: Vec<String> = items(&first(&found)["meta"], "tag")
                .filter_map(|tag| str_at(tag, &["code"]).map(str::to_owned))
                .collect();
            assert_eq!(tags.is_empty(), asked == "_summary=false", "{asked}: {tags:?}");
        }
        let part = house.get("/fhir/Patient/p?_elements=name").await;
        let back = house.ask("PUT", "/fhir/Patient/p", &[], part.body.clone()).await;
        assert_eq!((back.status.as_u16(), back.key().as_str()), (422, "resource-part"), "else the rest were lost");
        let observation = json!({"resourceType": "Observation", "id": "o", "status": "final", "code": {"text": "x"},
            "valueString": "âm tính", "note": [{"text": "y"}], "component": [{"code": {"text": "z"}, "valueInteger": 1,
            "interpretation": [{"text": "cao"}]}]});
        house.put("/fhir/Observation/o", &observation).await;
        let summary = house.get("/fhir/Observation/o?_summary=true").await.tree();
        assert_eq!(members(&summary), "code component id meta resourceType status valueString");
        assert_eq!(members(&summary["component"][0]), "code valueInteger");
        let named = house.get("/fhir/Observation/o?_elements=value").await.tree();
        assert_eq!(members(&named), "code id meta resourceType status valueString", "what is mandatory stays");
    })
    .await;
}

#[tokio::test]
async fn chains_has_composites_and_revinclude_are_served() {
    each(async |house| {
        let id = house.create(&patient("Lò Thị Mẩy")).await;
        house.create(&observation(&id, "5")).await;
        for (path, wanted) in [
            ("/fhir/Observation?patient.name=lo", "match"),
            ("/fhir/Patient?_has:Observation:patient:code=2345-7", "match"),
            ("/fhir/Patient?_revinclude=Observation:patient", "match include"),
            ("/fhir/Observation?code-value-quantity=2345-7$5", "match"),
        ] {
            let said = house.get(path).await;
            let modes: Vec<String> = said
                .entries()
                .iter()
                .filter_map(|one| str_at(one, &["search", "mode"]).map(str::to_owned))
                .collect();
            assert_eq!(modes.join(" "), wanted, "{path}: {said:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn lenient_handling_passes_over_unknown_parameters_with_a_warning_but_not_bad_values() {
    each(async |house| {
        with_people(&house, 1).await;
        let lenient = [("prefer", "handling=lenient")];
        let said = house.ask("GET", "/fhir/Patient?name=mau&colour=red", &lenient, "").await;
        assert_eq!((said.status, said.entries().len()), (StatusCode::OK, 2), "{said:?}");
        let remark = &said.entries()[1];
        assert_eq!(str_at(remark, &["search", "mode"]), Some("outcome"));
        assert_eq!(str_at(remark, &["resource", "resourceType"]), Some("OperationOutcome"));
        assert!(!said.link("self").unwrap().contains("colour"), "the self link says what was done");
        let bad = house.ask("GET", "/fhir/Patient?birthdate=yesterday", &lenient, "").await;
        assert_eq!(bad.status, StatusCode::BAD_REQUEST);
    })
    .await;
}

#[tokio::test]
async fn an_expired_page_is_gone_and_says_where_to_begin_again() {
    each(async |house| {
        with_people(&house, 3).await;
        let next = house.get("/fhir/Patient?_count=2&gender=female").await.link("next").unwrap();
        let id = house.create(&patient("Sau")).await;
        house.kit.store().clear_closed(house.kit.store().head_t()).await.unwrap();
        let said = house.get(&next).await;
        assert_eq!((said.status, said.key().as_str()), (StatusCode::GONE, "search-page-expired"));
        let text = String::from_utf8(said.body.to_vec()).unwrap();
        assert!(text.contains(&format!("{BASE}/Patient?_count=2&gender=female")), "{text}");
        assert_eq!(house.get(&format!("/fhir/Patient/{id}")).await.status, StatusCode::OK);
    })
    .await;
}

#[tokio::test]
async fn a_search_by_last_update_and_id_lists_and_sorts() {
    each(async |house| {
        with_people(&house, 3).await;
        let all = house.get("/fhir/Patient?_lastUpdated=ge2026-03-02&_sort=-_id").await;
        let mut ids = all.each_resource("id");
        assert_eq!(ids.len(), 3);
        assert!(ids.is_sorted_by(|one, other| one >= other));
        ids.truncate(2);
        let some = house.get(&format!("/fhir/Patient?_id={}", ids.join(","))).await;
        assert_eq!(some.entries().len(), 2);
        assert_eq!(house.get("/fhir/Patient?_lastUpdated=lt2026-03-02").await.entries().len(), 0);
    })
    .await;
}

#[tokio::test]
async fn a_search_tells_its_plan_when_asked() {
    each(async |house| {
        with_people(&house, 5).await;
        let ask = "/fhir/Patient?gender=female&name:missing=false&_sort=-birthdate&_explain=true";
        let said = house.get(ask).await;
        assert_eq!(said.status, StatusCode::OK);
        let tree = said.tree();
        assert_eq!(str_at(&tree, &["resourceType"]), Some("Parameters"));
        let parts: Vec<_> = yba_fhir::json::items(&tree, "parameter").collect();
        let named = |name: &str| parts.iter().find(|part| str_at(part, &["name"]) == Some(name)).copied();
        let step = named("step").unwrap();
        let inner: Vec<_> = yba_fhir::json::items(step, "part").collect();
        let says = |name: &str, value: &str| {
            inner.iter().any(|part| {
                str_at(part, &["name"]) == Some(name) && str_at(part, &["valueString"]) == Some(value)
            })
        };
        assert!(says("from", "gender") && says("tested", "name"), "{step}");
        assert_eq!(named("refused").unwrap()["valueBoolean"].as_bool(), Some(false));
        assert!(named("engine").is_some(), "the engine's own words");
        assert_eq!(house.get("/fhir/Patient?_explain=perhaps").await.status, StatusCode::BAD_REQUEST);
        let twice = house.get("/fhir/Patient?_explain=true&_explain=true").await;
        assert_eq!(twice.status, StatusCode::BAD_REQUEST);
    })
    .await;
}
