//! `$everything` of a patient and of an encounter.

use crate::house::{House, Said, each};
use yba_fhir::json::{Value, items, json, str_at};

/// Two people with visits; the first is known to another facility under a second record.
pub async fn two_people(house: &House) {
    let reference = |to: &str| json!({"reference": to});
    let encounter = |id: &str, of: &str| {
        json!({"resourceType": "Encounter", "id": id, "status": "finished", "class": {"code": "AMB"}, "subject": reference(of),
            "period": {"start": "2026-02-01", "end": "2026-02-03"},
            "participant": [{"individual": reference("Practitioner/kham")}], "serviceProvider": reference("Organization/tram")})
    };
    let observation = |id: &str, of: &str, day: &str| {
        json!({"resourceType": "Observation", "id": id, "status": "final", "code": {"text": "huyết áp"},
            "subject": reference(of), "effectiveDateTime": day, "encounter": reference("Encounter/visit")})
    };
    for tree in [
        json!({"resourceType": "Organization", "id": "tram", "name": "Trạm y tế Thử", "partOf": reference("Organization/so")}),
        json!({"resourceType": "Organization", "id": "so", "name": "Sở"}),
        json!({"resourceType": "Practitioner", "id": "kham", "name": [{"text": "Bác sĩ Thử"}]}),
        json!({"resourceType": "Patient", "id": "a", "name": [{"text": "Lò Thị Mẫu"}], "managingOrganization": reference("Organization/tram")}),
        json!({"resourceType": "Patient", "id": "b", "name": [{"text": "Giàng A Thử"}]}),
        json!({"resourceType": "Patient", "id": "a2", "name": [{"text": "Lò Thị Mẫu"}]}),
        encounter("visit", "Patient/a"),
        encounter("other", "Patient/b"),
        observation("in", "Patient/a", "2026-02-02"),
        observation("late", "Patient/a", "2026-03-02"),
        json!({"resourceType": "Condition", "id": "timeless", "subject": reference("Patient/a")}),
        json!({"resourceType": "Condition", "id": "of-b", "subject": reference("Patient/b")}),
        json!({"resourceType": "Condition", "id": "of-a2", "subject": reference("Patient/a2")}),
        json!({"resourceType": "Linkage", "id": "same", "active": true, "item": [
            {"type": "source", "resource": reference("Patient/a")}, {"type": "alternate", "resource": reference("Patient/a2")}]}),
        json!({"resourceType": "Linkage", "id": "apart", "active": false, "item": [
            {"type": "source", "resource": reference("Patient/a")}, {"type": "alternate", "resource": reference("Patient/b")}]}),
    ] {
        let path = format!(
            "/fhir/{}/{}",
            str_at(&tree, &["resourceType"]).unwrap(),
            str_at(&tree, &["id"]).unwrap()
        );
        assert_eq!(house.put(&path, &tree).await.status, 201, "{path}");
    }
}

/// `Type/id mode` of each entry.
fn shown(said: &Said) -> Vec<String> {
    assert_eq!(said.status, 200, "{said:?}");
    let text = |entry: &Value, path: &[&str]| str_at(entry, path).unwrap_or_default().to_owned();
    let one = |entry: &Value| {
        let of = |name| text(entry, &["resource", name]);
        format!("{}/{} {}", of("resourceType"), of("id"), text(entry, &["search", "mode"]))
    };
    items(&said.tree(), "entry").map(one).collect()
}

/// The same in order of the text, but for the first.
fn sorted(said: &Said) -> Vec<String> {
    let mut all = shown(said);
    all[1..].sort_unstable();
    all
}

const OF_A: &[&str] = &[
    "Patient/a match",
    "Condition/timeless match",
    "Encounter/visit match",
    "Observation/in match",
    "Observation/late match",
    "Organization/tram include",
    "Practitioner/kham include",
];

#[tokio::test]
async fn a_patient_comes_with_all_that_is_theirs_and_what_it_refers_to() {
    each(async |house: House| {
        two_people(&house).await;
        let said = house.get("/fhir/Patient/a/$everything").await;
        assert_eq!(sorted(&said), OF_A);
        assert_eq!(str_at(&said.tree(), &["type"]), Some("searchset"));
        assert!(said.link("next").is_none() && said.link("self").is_some());
        assert!(String::from_utf8_lossy(&said.body).contains("\"total\":5"), "{said:?}");
        let posted = house
            .post(
                "/fhir/Patient/a/$everything",
                &json!({"resourceType": "Parameters", "parameter": [
            {"name": "start", "valueDate": "2026-02-01"}, {"name": "end", "valueDate": "2026-02-28"}]}),
            )
            .await;
        let without_late: Vec<&str> = OF_A.iter().copied().filter(|one| !one.contains("late")).collect();
        assert_eq!(sorted(&posted), without_late);
        let later = house.get("/fhir/Patient/a/$everything?start=2026-03-01").await;
        assert_eq!(
            sorted(&later),
            [
                "Patient/a match",
                "Condition/timeless match",
                "Observation/late match",
                "Organization/tram include"
            ]
        );
        let typed = house.get("/fhir/Patient/a/$everything?_type=Observation,Practitioner").await;
        assert_eq!(
            sorted(&typed),
            ["Observation/in match", "Observation/late match", "Practitioner/kham include"]
        );
        assert_eq!(
            sorted(&house.get("/fhir/Patient/b/$everything?_type=Encounter").await),
            ["Encounter/other match"]
        );
    })
    .await;
}

#[tokio::test]
async fn only_what_came_since_is_given() {
    each(async |house: House| {
        two_people(&house).await;
        house.kit.advance_ms(60_000);
        let since = yba_fhir::date::instant(house.kit.store().clock().now_ms());
        house
            .put(
                "/fhir/Condition/new",
                &json!({"resourceType": "Condition", "id": "new", "subject": {"reference": "Patient/a"}}),
            )
            .await;
        let said =
            house.get(&format!("/fhir/Patient/a/$everything?_since={}", since.replace('+', "%2B"))).await;
        assert_eq!(shown(&said), ["Condition/new match"]);
    })
    .await;
}

#[tokio::test]
async fn linked_records_of_the_same_person_come_when_asked() {
    each(async |house: House| {
        two_people(&house).await;
        let said = sorted(&house.get("/fhir/Patient/a2/$everything?_person=true").await);
        let mut wanted: Vec<&str> = OF_A.to_vec();
        wanted[0] = "Patient/a match";
        wanted.extend(["Condition/of-a2 match"]);
        wanted.sort_unstable();
        wanted.insert(0, "Patient/a2 match");
        assert_eq!(said, wanted);
        assert_eq!(
            shown(&house.get("/fhir/Patient/a2/$everything").await),
            ["Patient/a2 match", "Condition/of-a2 match"]
        );
    })
    .await;
}

#[tokio::test]
async fn pages_show_one_moment_and_each_record_once() {
    each(async |house: House| {
        two_people(&house).await;
        for count in 1..8 {
            let mut next = Some(format!("/fhir/Patient/a/$everything?_count={count}&_person=true"));
            let mut all = Vec::new();
            while let Some(path) = next {
                let said = house.get(&path).await;
                let page = shown(&said);
                assert!((1..=count).contains(&page.len()), "{path} {page:?}");
                if all.is_empty() {
                    let id = format!("later{count}");
                    let tree = json!({"resourceType": "Condition", "id": id.as_str(), "subject": {"reference": "Patient/a"}});
                    house.put(&format!("/fhir/Condition/{id}"), &tree).await;
                }
                all.extend(page);
                next = said.link("next");
            }
            let distinct: std::collections::BTreeSet<&String> = all.iter().collect();
            assert_eq!((all.len(), distinct.len()), (9 + count - 1, 9 + count - 1), "{count}: {all:?}");
            assert!(!all.contains(&format!("Condition/later{count} match")));
        }
    })
    .await;
}

#[tokio::test]
async fn an_encounter_comes_with_what_was_done_and_the_patient() {
    each(async |house: House| {
        two_people(&house).await;
        let wanted = [
            "Encounter/visit match",
            "Observation/in match",
            "Observation/late match",
            "Organization/tram include",
            "Patient/a include",
            "Practitioner/kham include",
        ];
        assert_eq!(sorted(&house.get("/fhir/Encounter/visit/$everything").await), wanted);
        let first = house.get("/fhir/Encounter/visit/$everything?_count=4").await;
        let second = house.get(&first.link("next").unwrap()).await;
        let mut both = [shown(&first), shown(&second)].concat();
        both[1..].sort_unstable();
        assert_eq!(both, wanted);
        assert_eq!(
            shown(&house.get("/fhir/Encounter/visit/$everything?_type=Patient").await),
            ["Patient/a include"]
        );
    })
    .await;
}

#[tokio::test]
async fn what_is_wrong_is_refused() {
    each(async |house: House| {
        two_people(&house).await;
        for (path, status, key) in [
            ("/fhir/Patient/none/$everything", 404, "not-found"),
            ("/fhir/Encounter/none/$everything", 404, "not-found"),
            ("/fhir/Patient/$everything", 404, "unsupported-operation"),
            ("/fhir/Patient/a/$everything?start=yesterday", 400, "parameter-value"),
            ("/fhir/Patient/a/$everything?start=2026-02-02&end=2026-01-01", 400, "parameter-value"),
            ("/fhir/Patient/a/$everything?start=2026-02-02&start=2026-01-01", 400, "parameter-twice"),
            ("/fhir/Patient/a/$everything?_since=x", 400, "parameter-value"),
            ("/fhir/Patient/a/$everything?_type=Observation,Nonsense", 400, "parameter-value"),
            ("/fhir/Patient/a/$everything?_type=", 400, "parameter-value"),
            ("/fhir/Patient/a/$everything?_count=0", 400, "parameter-value"),
            ("/fhir/Patient/a/$everything?_count=-1", 400, "parameter-value"),
            ("/fhir/Patient/a/$everything?_person=perhaps", 400, "parameter-value"),
            ("/fhir/Patient/a/$everything?colour=red", 400, "parameter-unsupported"),
            ("/fhir/Encounter/visit/$everything?start=2026-01-01", 400, "parameter-unsupported"),
            ("/fhir/Patient/a/$everything?_page=1.00000000.3", 400, "search-cursor"),
            ("/fhir/Patient/a/$everything?_page=x", 400, "search-cursor"),
        ] {
            let said = house.get(path).await;
            assert_eq!((said.status.as_u16(), said.key().as_str()), (status, key), "{path} {said:?}");
        }
        let page = house.get("/fhir/Patient/a/$everything?_count=1").await.link("next").unwrap();
        let of_b = page.replace("Patient/a", "Patient/b");
        assert_eq!(house.get(&of_b).await.key(), "search-cursor", "a page of another patient");
        house.put("/fhir/Patient/x", &json!({"resourceType": "Patient", "id": "x"})).await;
        house.delete("/fhir/Patient/x").await;
        assert_eq!(house.get("/fhir/Patient/x/$everything").await.status, 410);
    })
    .await;
}

#[tokio::test]
async fn a_page_that_is_too_old_is_gone() {
    each(async |house: House| {
        two_people(&house).await;
        let page = house.get("/fhir/Patient/a/$everything?_count=1").await.link("next").unwrap();
        house.delete("/fhir/Observation/late").await;
        assert_eq!(house.get(&page).await.status, 200);
        house.kit.store().clear_closed(house.kit.store().head_t()).await.unwrap();
        let said = house.get(&page).await;
        assert_eq!((said.status.as_u16(), said.key().as_str()), (410, "search-page-expired"), "{said:?}");
    })
    .await;
}

#[tokio::test]
async fn each_page_is_in_the_trail() {
    let house = House::open(yba_testkit::records());
    two_people(&house).await;
    let before = house.kit.records.trail().end().0;
    let page = house.get("/fhir/Patient/a/$everything?_count=1&_person=true").await.link("next").unwrap();
    house.get(&page).await;
    assert_eq!(house.kit.records.trail().end().0, before + 2);
    house.kit.records.trail().sync();
    let path = house.kit.records.trail().folder().join("reads-000000000001.log");
    let trail = std::fs::read_to_string(path).unwrap();
    let entry = trail.lines().last().unwrap();
    assert!(
        entry.contains(r#""action":"everything""#) && entry.contains(r#""patients":["a","a2"]"#),
        "{entry}"
    );
}
