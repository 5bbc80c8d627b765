//! `$meta`, `$meta-add` and `$meta-delete`.

use crate::house::{House, Said, each, patient};
use yba_fhir::json::{JsonValueTrait, Value, items, json, str_at};
use yba_records::{Ctx, Scope};

fn sent(meta: Value) -> Value {
    json!({"resourceType": "Parameters", "parameter": [{"name": "meta", "valueMeta": meta}]})
}

fn tag(code: &str) -> Value {
    json!({"tag": [{"system": "urn:vi-du", "code": code}]})
}

/// The meta that is said.
fn meta(said: &Said) -> Value {
    assert_eq!(said.status, 200, "{said:?}");
    let tree = said.tree();
    let part = items(&tree, "parameter").next().unwrap();
    assert_eq!(
        (str_at(&tree, &["resourceType"]), str_at(part, &["name"])),
        (Some("Parameters"), Some("return"))
    );
    part["valueMeta"].clone()
}

fn tags(said: &Said) -> Vec<String> {
    items(&meta(said), "tag").map(|one| str_at(one, &["code"]).unwrap().to_owned()).collect()
}

#[tokio::test]
async fn tags_are_a_set_and_only_a_change_makes_a_version() {
    each(async |house: House| {
        let id = house.create(&patient("Lò Thị Mẫu")).await;
        let ask = |operation: &str| format!("/fhir/Patient/{id}/${operation}");
        let first = house.get(&ask("meta")).await;
        assert!(tags(&first).is_empty() && str_at(&meta(&first), &["versionId"]).is_some());
        assert_eq!(tags(&house.post(&ask("meta-add"), &sent(tag("a"))).await), ["a"]);
        let both = house.post(&ask("meta-add"), &sent(tag("b"))).await;
        assert_eq!(tags(&both), ["a", "b"]);
        let head = house.kit.store().head_t();
        let again = house.post(&ask("meta-add"), &sent(tag("a"))).await;
        assert_eq!((tags(&again), again.header("etag")), (vec!["a".to_owned(), "b".to_owned()], both.header("etag")));
        assert_eq!(tags(&house.post(&ask("meta-delete"), &sent(tag("c"))).await), ["a", "b"]);
        assert_eq!(house.kit.store().head_t(), head, "nothing was written");
        let other_system = json!({"tag": [{"system": "urn:khac", "code": "a"}], "versionId": "x", "lastUpdated": "2020-01-01T00:00:00Z"});
        assert_eq!(tags(&house.post(&ask("meta-delete"), &sent(other_system)).await), ["a", "b"]);
        assert_eq!(tags(&house.post(&ask("meta-delete"), &sent(tag("a"))).await), ["b"]);
        assert_eq!(tags(&house.get(&ask("meta")).await), ["b"]);
        let version = str_at(&meta(&first), &["versionId"]).unwrap().to_owned();
        assert!(tags(&house.get(&format!("/fhir/Patient/{id}/_history/{version}/$meta")).await).is_empty());
        let read = house.get(&format!("/fhir/Patient/{id}")).await;
        assert_eq!(read.text(&["birthDate"]), "1986-04-12", "the rest of the record stays");
        assert_eq!(house.get("/fhir/Patient?_tag=urn:vi-du|b").await.each_resource("id"), [id.as_str()]);
    })
    .await;
}

#[tokio::test]
async fn profiles_and_labels_are_sets_too() {
    each(async |house: House| {
        let id = house.create(&patient("Lò Thị Mẫu")).await;
        let all = json!({"security": [{"system": "urn:vi-du", "code": "R"}], "tag": [{"system": "urn:vi-du", "code": "x"}]});
        let path = format!("/fhir/Patient/{id}/$meta-add");
        let said = meta(&house.post(&path, &sent(all.clone())).await);
        assert_eq!((items(&said, "security").count(), items(&said, "tag").count()), (1, 1));
        let said = meta(&house.post(&path.replace("add", "delete"), &sent(all)).await);
        assert!(said.get("security").is_none() && said.get("tag").is_none());
        let unknown = sent(json!({"profile": ["https://yba.test/none"]}));
        let refused = house.post(&path, &unknown).await;
        assert_eq!(refused.status, 200, "{refused:?}");
        let taken = meta(&house.post(&path.replace("add", "delete"), &unknown).await);
        assert!(taken.get("profile").is_none());
    })
    .await;
}

#[tokio::test]
async fn what_is_wrong_is_refused() {
    each(async |house: House| {
        let id = house.create(&patient("Lò Thị Mẫu")).await;
        let path = |operation: &str| format!("/fhir/Patient/{id}/${operation}");
        let empty = json!({"resourceType": "Parameters"});
        let text = json!({"resourceType": "Parameters", "parameter": [{"name": "meta", "valueString": "x"}]});
        let twice = json!({"resourceType": "Parameters", "parameter": [
            {"name": "meta", "valueMeta": tag("a")}, {"name": "meta", "valueMeta": tag("b")}]});
        for (path, body, status, key) in [
            (path("meta-add"), empty.clone(), 400, "meta-missing"),
            (path("meta-add"), text, 400, "meta-missing"),
            (path("meta-add"), twice, 400, "parameter-twice"),
            (path("meta-add"), sent(json!({"tag": [{"display": "x"}]})), 400, "meta-coding"),
            (path("meta-add?colour=red"), sent(tag("a")), 400, "parameter-unsupported"),
            ("/fhir/Patient/none/$meta-add".into(), sent(tag("a")), 404, "not-found"),
            ("/fhir/Patient/none/$meta".into(), empty.clone(), 404, "not-found"),
            (format!("/fhir/Patient/{id}/_history/none-1/$meta"), empty.clone(), 404, "not-found"),
            (
                format!("/fhir/Patient/{id}/_history/none-1/$meta-add"),
                sent(tag("a")),
                404,
                "unsupported-operation",
            ),
        ] {
            let said = house.post(&path, &body).await;
            assert_eq!((said.status.as_u16(), said.key().as_str()), (status, key), "{path} {said:?}");
        }
        assert_eq!(house.get(&path("meta-add")).await.status, 405, "a GET changes nothing");
        let late = [("if-match", "W/\"none-9\"")];
        let said = house.ask("POST", &path("meta-add"), &late, crate::house::bytes(&sent(tag("a")))).await;
        assert_eq!(said.status, 412, "{said:?}");
        house.delete(&format!("/fhir/Patient/{id}")).await;
        assert_eq!(house.get(&path("meta")).await.status, 410);
        assert_eq!(house.post(&path("meta-add"), &sent(tag("a"))).await.status, 410);
    })
    .await;
}

#[tokio::test]
async fn the_labels_in_use_are_told_of_a_type_and_of_everything() {
    each(async |house| {
        for (kind, code) in [("Patient", "a"), ("Patient", "a"), ("Patient", "b"), ("Basic", "c")] {
            let body = format!(
                r#"{{"resourceType":"{kind}","code":{{"text":"x"}},"meta":{{"tag":[{{"system":"urn:t","code":"{code}"}}]}}}}"#
            );
            let body = if kind == "Patient" { body.replace(r#""code":{"text":"x"},"#, "") } else { body };
            let said = house.ask("POST", &format!("/fhir/{kind}"), &[], body).await;
            assert_eq!(said.status.as_u16(), 201, "{said:?}");
        }
        assert_eq!(tags(&house.get("/fhir/Patient/$meta").await), ["a", "b"]);
        assert_eq!(tags(&house.get("/fhir/$meta").await), ["a", "b", "c"]);
        assert!(tags(&house.get("/fhir/Group/$meta").await).is_empty());
        let mine = house.get("/fhir/Patient?_tag=b").await.each_resource("id");
        let ctx = Ctx::test_administrator("test").with_scope(Scope::Patients(mine));
        let labels = house.kit.records.labels(&ctx, "Patient").await.unwrap();
        assert_eq!(labels.tags, [("urn:t".to_owned(), "b".to_owned())], "within the scope");
    })
    .await;
}
