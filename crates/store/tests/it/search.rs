//! Searching: every type, sorting, pages that stay as they were, scopes, includes, bounds.

use crate::kit::*;
use yba_fhir::Kind;
use yba_store::{Query, Scope, Store};
use yba_testkit::each_engine;

async fn everything_of(store: &Store, resources: &[&str]) {
    let writes = resources.iter().map(|one| put(store, &resource(one), yba_store::Expect::Absent)).collect();
    commit(store, writes).await.unwrap();
}

const PEOPLE: [&str; 5] = [
    r#"{"resourceType":"Patient","id":"a","identifier":[{"system":"urn:cccd","value":"001"},{"system":"urn:bhyt","value":"TE1"}],"active":true,"name":[{"text":"Nguyễn Thị Lành"}],"gender":"female","birthDate":"1986-05-01","telecom":[{"system":"phone","value":"0901"}]}"#,
    r#"{"resourceType":"Patient","id":"b","identifier":[{"value":"001"}],"active":false,"name":[{"text":"Đặng Lãnh"}],"gender":"male","birthDate":"1986-05","deceasedBoolean":false}"#,
    r#"{"resourceType":"Patient","id":"c","name":[{"family":"Lò","given":["Văn","Ân"]}],"gender":"male","birthDate":"1986","deceasedDateTime":"2020-01-01"}"#,
    r#"{"resourceType":"Patient","id":"d","name":[{"text":"100%_thật\\"}],"address":[{"line":["Bản Nậm Cầy"],"city":"Lai Châu"}]}"#,
    r#"{"resourceType":"Patient","id":"e","identifier":[{"system":"urn:a,b|c","value":"x,y|z"}],"meta":{"tag":[{"system":"urn:t","code":"t1"}],"profile":["https://yba.vn/fhir/StructureDefinition/nguoi-dan|1.0"]}}"#,
];

#[tokio::test]
async fn tokens_strings_and_dates_are_found_as_r4_says() {
    each_engine(|kit| async move {
        let store = kit.store();
        everything_of(store, &PEOPLE).await;
        finds(
            store,
            "Patient",
            &[
                ("identifier=001", "a b"),
                ("identifier=urn:cccd|001", "a"),
                ("identifier=|001", "b"),
                ("identifier=urn:bhyt|", "a"),
                ("identifier=urn:cccd|001,urn:bhyt|nope", "a"),
                ("identifier=urn:a\\,b\\|c|x\\,y\\|z", "e"),
                ("identifier:not=001", "c d e"),
                ("identifier:missing=true", "c d"),
                ("identifier:missing=false", "a b e"),
                ("gender=male", "b c"),
                ("gender:not=male", "a d e"),
                ("gender:not=male,female", "d e"),
                ("gender=male&gender=female", ""),
                ("active=true", "a"),
                ("active=false", "b"),
                ("deceased=true", "c"),
                ("deceased=false", "a b d e"),
                ("phone=0901", "a"),
                ("email=0901", ""),
                ("_tag=urn:t|t1", "e"),
                ("_profile=https://yba.vn/fhir/StructureDefinition/nguoi-dan|1.0", "e"),
                ("_profile:below=https://yba.vn/fhir", "e"),
                ("name=lanh", "a b"),
                ("name=LÃNH", "a b"),
                ("name=thi lanh", "a"),
                ("name=nguyen", "a"),
                ("name=dang", "b"),
                ("name:exact=Đặng Lãnh", "b"),
                ("name:exact=Đặng lãnh", ""),
                ("name:contains=ang l", "b"),
                ("name:contains=%", ""),
                ("name:contains=_", ""),
                ("name:contains=100", "d"),
                ("name=0%", ""),
                ("name=%", ""),
                ("name=\u{301}", ""),
                ("family=lo", "c"),
                ("given=an", "c"),
                ("family:missing=true", "a b d e"),
                ("address=nam cay", "d"),
                ("address-city=lai", "d"),
                ("birthdate=1986", "a b c"),
                ("birthdate=1986-05", "a b"),
                ("birthdate=1986-05-01", "a"),
                ("birthdate=ne1986-05-01", "b c"),
                ("birthdate=gt1986-05-01", "b c"),
                ("birthdate=ge1986-05-01", "a b c"),
                ("birthdate=lt1986-05-01", "c"),
                ("birthdate=le1986-05-01", "a c"),
                ("birthdate=sa1985", "a b c"),
                ("birthdate=eb1986", ""),
                ("birthdate=eb1987", "a b c"),
                ("birthdate=ap1986-05-20", "b c"),
                ("birthdate=ge1986-05-01&birthdate=lt1986-05-02", "a b c"),
                ("birthdate=1985,1986-05-01", "a"),
                ("_id=a,c,zzz", "a c"),
                ("_id=a&gender=male", ""),
                ("_lastUpdated=2026-03-02", "a b c d e"),
                ("_lastUpdated=gt2026-03-02", ""),
                ("_lastUpdated=2026-03-02T08:00:00%2B07:00&_id=a", "a"),
                ("name:missing=true&identifier:missing=false", "e"),
            ],
        )
        .await;
    })
    .await;
}

#[tokio::test]
async fn numbers_quantities_references_and_uris_are_found_as_r4_says() {
    each_engine(|kit| async move {
        let store = kit.store();
        let tiny = format!("0.{}1", "0".repeat(310));
        for (id, value) in [("q0", "5.40"), ("q1", "5.4"), ("q2", "5"), ("q3", "-0.1"), ("q4", "1e400"), ("q5", tiny.as_str())] {
            save(store, &observation(id, if id == "q1" { "a" } else { "b" }, value)).await;
        }
        everything_of(
            store,
            &[
                r#"{"resourceType":"Observation","id":"far","status":"final","code":{"text":"x"},"subject":{"reference":"https://other.vn/fhir/Patient/a"}}"#,
                r#"{"resourceType":"Observation","id":"old","status":"final","code":{"text":"x"},"subject":{"reference":"Patient/a/_history/k-1"},"effectivePeriod":{"start":"2026-01-01","end":"2026-02-01"}}"#,
                r#"{"resourceType":"Observation","id":"open","status":"final","code":{"text":"x"},"subject":{"reference":"Group/a"},"effectivePeriod":{"start":"2026-01-01"}}"#,
                r#"{"resourceType":"ValueSet","id":"v","url":"https://yba.vn/fhir/ValueSet/dan-toc","status":"active"}"#,
            ],
        )
        .await;
        finds(
            store,
            "Observation",
            &[
                ("value-quantity=5.4", "q0 q1"),
                ("value-quantity=5.40", "q0"),
                ("value-quantity=5", "q0 q1 q2"),
                ("value-quantity=ne5", "q3 q5"),
                ("value-quantity=gt5", "q0 q1"),
                ("value-quantity=ge5.4", "q0 q1"),
                ("value-quantity=lt0", "q3"),
                ("value-quantity=le5", "q2 q3 q5"),
                ("value-quantity=ap5", "q0 q1 q2"),
                ("value-quantity=5.4|http://unitsofmeasure.org|mmol/L", "q0 q1"),
                ("value-quantity=5.4||mmol/L", "q0 q1"),
                ("value-quantity=5.4||mg", ""),
                ("subject=Patient/a", "old q1"),
                ("patient=a", "old q1"),
                ("subject=a", "old open q1"),
                ("subject:Group=a", "open"),
                ("subject=https://other.vn/fhir/Patient/a", "far"),
                ("code=http://loinc.org|2345-7&patient=a", "q1"),
                ("date=2026-01-15", ""),
                ("date=ge2026-01-15", "old open"),
                ("date=lt2026-01-15", "old open"),
                ("date=sa2026-02-01", ""),
                ("date=eb2026-02-02", "old"),
                ("date=gt2027", "open"),
            ],
        )
        .await;
        finds(
            store,
            "ValueSet",
            &[
                ("url=https://yba.vn/fhir/ValueSet/dan-toc", "v"),
                ("url=https://yba.vn/fhir/ValueSet", ""),
                ("url:below=https://yba.vn/fhir/ValueSet", "v"),
            ],
        )
        .await;
        let of_a = store.everything(&["a".into()], &[]).await.unwrap();
        let ids: Vec<&str> = of_a.iter().map(|one| one.id.as_str()).collect();
        assert_eq!(ids, ["old", "q1"], "another server's patient is not ours, newest first");
        assert_eq!(store.everything(&["a".into()], &["Patient"]).await.unwrap().len(), 0);
        assert_eq!(store.everything(&["a".into(), "b".into()], &["Observation"]).await.unwrap().len(), 7);
    })
    .await;
}

#[tokio::test]
async fn long_texts_are_found_by_their_beginning_and_exactly() {
    each_engine(|kit| async move {
        let store = kit.store();
        let long = "Nguyễn Văn Ấn ".repeat(60);
        let long = long.trim();
        save(store, &patient("long", long)).await;
        save(store, &patient("other", &format!("{long} khác"))).await;
        let exactly_at_the_bound = "a".repeat(400);
        save(store, &patient("bound", &exactly_at_the_bound)).await;
        let folded = yba_fhir::text::fold(long);
        for length in [3, 356, 357, 358, 360, 361, 399, 400, 401, folded.len()] {
            let text = format!("name={}", &folded[..length]);
            assert!(ids(store, "Patient", &text).await.contains(&"long".to_owned()), "{length}");
        }
        assert_eq!(ids(store, "Patient", &format!("name:exact={long}")).await, ["long"]);
        assert_eq!(ids(store, "Patient", &format!("name={exactly_at_the_bound}")).await, ["bound"]);
        assert!(ids(store, "Patient", &format!("name={exactly_at_the_bound}a")).await.is_empty());
        assert_eq!(ids(store, "Patient", &format!("name={}", "a".repeat(380))).await, ["bound"]);
    })
    .await;
}

/// `patient` is kept as `subject`, `combo-code` as `code` and `component-code`.
#[tokio::test]
async fn rows_that_parameters_share_answer_each_as_it_means_them() {
    each_engine(|kit| async move {
        let store = kit.store();
        let observation = |id: &str, rest: &str| {
            format!(r#"{{"resourceType":"Observation","id":"{id}","status":"final",{rest}}}"#)
        };
        let of_patient = observation("p", r#""code":{"coding":[{"code":"55284-4"}]},"subject":{"reference":"Patient/1"},"component":[{"code":{"coding":[{"code":"8480-6"}]},"valueQuantity":{"value":120}}]"#);
        let of_group = observation("g", r#""code":{"coding":[{"code":"8480-6"}]},"subject":{"reference":"Group/1"},"valueQuantity":{"value":80}"#);
        let elsewhere = observation("e", r#""code":{"text":"x"},"subject":{"reference":"https://other.vn/fhir/Patient/1"}"#);
        everything_of(
            store,
            &[
                &of_patient,
                &of_group,
                &elsewhere,
                r#"{"resourceType":"Patient","id":"1","name":[{"text":"Lò Thị Mẩy"}]}"#,
                r#"{"resourceType":"Group","id":"1","type":"person","actual":true}"#,
            ],
        )
        .await;
        finds(
            store,
            "Observation",
            &[
                ("patient=1", "p"),
                ("patient=Patient/1", "p"),
                ("patient=Group/1", ""),
                ("subject=Group/1", "g"),
                ("subject=1", "g p"),
                ("patient=https://other.vn/fhir/Patient/1", "e"),
                ("patient:missing=true", "g"),
                ("patient:missing=false", "e p"),
                ("subject:missing=false", "e g p"),
                ("code=8480-6", "g"),
                ("component-code=8480-6", "p"),
                ("combo-code=8480-6", "g p"),
                ("combo-code:not=8480-6", "e"),
                ("combo-value-quantity=gt100", "p"),
                ("combo-value-quantity:missing=true", "e"),
                ("combo-code=8480-6&patient=1", "p"),
            ],
        )
        .await;
        finds(store, "Patient", &[("phonetic=may", "1")]).await;
        assert_eq!(ids(store, "Observation", "_sort=patient,_id").await.join(" "), "p e g");
        for (include, expected) in [("patient", "1"), ("patient:Patient", "1"), ("patient:Group", "")] {
            let text = format!("_include=Observation:{include}");
            let found = store.search(&Query::parse_string("Observation", &text).unwrap(), &Scope::All, None).await;
            let included: Vec<String> = found.unwrap().included.into_iter().map(|one| one.kind + &one.id).collect();
            let expected: Vec<String> = expected.split_whitespace().map(|id| format!("Patient{id}")).collect();
            assert_eq!(included, expected, "{include}");
        }
    })
    .await;
}

/// <https://hl7.org/fhir/R4/search.html#composite>
#[tokio::test]
async fn composites_mean_values_that_stand_together() {
    each_engine(|kit| async move {
        let store = kit.store();
        let pressure = |id: &str, high: u32, low: u32| {
            let component = |code: &str, value: u32| {
                format!(r#"{{"code":{{"coding":[{{"system":"http://loinc.org","code":"{code}"}}]}},"valueQuantity":{{"value":{value},"system":"http://unitsofmeasure.org","code":"mm[Hg]"}}}}"#)
            };
            format!(
                r#"{{"resourceType":"Observation","id":"{id}","status":"final","code":{{"coding":[{{"code":"bp"}}]}},"component":[{},{}]}}"#,
                component("8480-6", high),
                component("8462-4", low)
            )
        };
        everything_of(
            store,
            &[
                &pressure("low", 110, 70),
                &pressure("high", 150, 95),
                r#"{"resourceType":"Observation","id":"hb","status":"final","code":{"coding":[{"system":"http://loinc.org","code":"718-7"}]},"valueQuantity":{"value":9.5,"code":"g/dL"}}"#,
                r#"{"resourceType":"Observation","id":"group","status":"final","code":{"coding":[{"code":"abo"}]},"valueCodeableConcept":{"coding":[{"system":"urn:abo","code":"O"}]}}"#,
                r#"{"resourceType":"Observation","id":"text","status":"final","code":{"coding":[{"code":"note"}]},"valueString":"Âm tính"}"#,
                r#"{"resourceType":"Observation","id":"day","status":"final","code":{"coding":[{"code":"lmp"}]},"valueDateTime":"2026-03-02"}"#,
                r#"{"resourceType":"DocumentReference","id":"old","status":"current","content":[{"attachment":{"title":"x"}}]}"#,
                r#"{"resourceType":"DocumentReference","id":"new","status":"current","content":[{"attachment":{"title":"x"}}],"relatesTo":[{"code":"replaces","target":{"reference":"DocumentReference/old"}}]}"#,
            ],
        )
        .await;
        finds(
            store,
            "Observation",
            &[
                ("component-code-value-quantity=8480-6$gt140", "high"),
                ("component-code-value-quantity=http://loinc.org|8480-6$lt140", "low"),
                // Both numbers are there, but not together.
                ("component-code-value-quantity=8480-6$lt100", ""),
                ("component-code-value-quantity=8480-6$gt140||mm[Hg]", "high"),
                ("component-code-value-quantity=8480-6$gt140||kPa", ""),
                ("component-code-value-quantity=8480-6$gt140,8462-4$lt80", "high low"),
                ("code-value-quantity=718-7$9.5", "hb"),
                ("code-value-quantity=718-7$gt10", ""),
                ("code-value-quantity=8480-6$gt140", ""),
                ("combo-code-value-quantity=8480-6$gt140", "high"),
                ("combo-code-value-quantity=718-7$lt10", "hb"),
                ("code-value-concept=abo$urn:abo|O", "group"),
                ("code-value-concept=abo$A", ""),
                ("code-value-string=note$am", "text"),
                ("code-value-date=lmp$2026-03", "day"),
                ("code-value-date=lmp$gt2026-03-02", ""),
                ("code-value-date=lmp$ge2026", "day"),
                ("component-code-value-quantity:missing=false", "high low"),
            ],
        )
        .await;
        finds(
            store,
            "DocumentReference",
            &[
                ("relationship=replaces$old", "new"),
                ("relationship=replaces$DocumentReference/old", "new"),
                ("relationship=appends$old", ""),
            ],
        )
        .await;
        for wrong in ["8480-6", "8480-6$", "$gt1", "a$1$2", "8480-6$abc"] {
            let text = format!("code-value-quantity={wrong}");
            assert!(Query::parse_string("Observation", &text).is_err(), "{wrong}");
        }
    })
    .await;
}

/// <https://hl7.org/fhir/R4/search.html#chaining>, `#has`
#[tokio::test]
async fn chains_and_has_follow_references_both_ways() {
    each_engine(|kit| async move {
        let store = kit.store();
        everything_of(
            store,
            &[
                r#"{"resourceType":"Organization","id":"tram","name":"Trạm Y tế Nậm Cầy"}"#,
                r#"{"resourceType":"Organization","id":"vien","name":"Bệnh viện Tam Đường","partOf":{"reference":"Organization/tram"}}"#,
                r#"{"resourceType":"Patient","id":"may","name":[{"text":"Lò Thị Mẩy"}],"gender":"female","identifier":[{"system":"urn:cccd","value":"1"}],"managingOrganization":{"reference":"Organization/tram"}}"#,
                r#"{"resourceType":"Patient","id":"pao","name":[{"text":"Vàng A Páo"}],"gender":"male","managingOrganization":{"reference":"Organization/vien"}}"#,
                r#"{"resourceType":"Group","id":"nhom","type":"person","actual":true,"identifier":[{"value":"1"}]}"#,
                r#"{"resourceType":"Encounter","id":"e1","status":"finished","class":{"code":"AMB"},"subject":{"reference":"Patient/may"}}"#,
                r#"{"resourceType":"Observation","id":"o1","status":"final","code":{"coding":[{"code":"hb"}]},"subject":{"reference":"Patient/may"},"encounter":{"reference":"Encounter/e1"},"valueQuantity":{"value":9}}"#,
                r#"{"resourceType":"Observation","id":"o2","status":"final","code":{"coding":[{"code":"hb"}]},"subject":{"reference":"Patient/pao"},"valueQuantity":{"value":13}}"#,
                r#"{"resourceType":"Observation","id":"o3","status":"final","code":{"coding":[{"code":"glu"}]},"subject":{"reference":"Group/nhom"}}"#,
                r#"{"resourceType":"Observation","id":"o4","status":"final","code":{"coding":[{"code":"hb"}]},"subject":{"reference":"Patient/gone"}}"#,
            ],
        )
        .await;
        finds(
            store,
            "Observation",
            &[
                ("patient.name=lo thi", "o1"),
                ("subject:Patient.name=lo", "o1"),
                ("patient.gender=male,female", "o1 o2"),
                ("patient.gender:not=male", "o1"),
                ("patient._id=pao", "o2"),
                ("patient.identifier=urn:cccd|1", "o1"),
                ("subject.identifier=1", "o1 o3"),
                ("subject:Group.identifier=1", "o3"),
                ("patient.organization.name=tram", "o1"),
                ("patient.organization.partof.name=tram", "o2"),
                ("encounter.patient.name=may", "o1"),
                ("patient.name=lo&code=hb", "o1"),
                ("patient.name=lo&code=glu", ""),
                ("patient.name=lo&patient.gender=male", ""),
                ("patient.name=nobody", ""),
                ("subject._has:Encounter:patient:status=finished", "o1"),
            ],
        )
        .await;
        finds(
            store,
            "Patient",
            &[
                ("_has:Observation:patient:code=hb", "may pao"),
                ("_has:Observation:subject:code=hb", "may pao"),
                ("_has:Observation:patient:value-quantity=lt10", "may"),
                ("_has:Observation:patient:code=glu", ""),
                ("_has:Observation:patient:code=hb&gender=male", "pao"),
                ("_has:Observation:patient:code=hb&_has:Encounter:patient:class=AMB", "may"),
                ("_has:Encounter:patient:_has:Observation:encounter:code=hb", "may"),
                ("_has:Observation:patient:encounter.class=AMB", "may"),
                ("organization.name=vien", "pao"),
                ("organization.name=benh vien", "pao"),
            ],
        )
        .await;
        finds(store, "Group", &[("_has:Observation:subject:code=glu", "nhom")]).await;
        finds(store, "Organization", &[("_has:Patient:organization:name=lo", "tram")]).await;
        // What is searched for is as narrow as what is shown.
        let narrow = Scope::Patients(vec!["pao".into()]);
        for (kind, text, expected) in [
            ("Observation", "patient.name=lo", 0),
            ("Observation", "patient.name=vang", 1),
            ("Patient", "_has:Observation:patient:code=hb", 1),
            ("Observation", "patient.organization.name=benh", 0),
        ] {
            let query = Query::parse_string(kind, text).unwrap();
            assert_eq!(store.search(&query, &narrow, None).await.unwrap().matches.len(), expected, "{text}");
        }
        // A page shows the moment of its search through all steps.
        let query = Query::parse_string("Observation", "patient.name=lo").unwrap();
        let t = store.head_t();
        delete(store, "Patient", "may").await;
        assert!(store.search(&query, &Scope::All, None).await.unwrap().matches.is_empty());
        assert_eq!(store.search_at(&query, &Scope::All, t).await.unwrap().matches.len(), 1);
    })
    .await;
}

#[tokio::test]
async fn what_points_at_matches_comes_along() {
    each_engine(|kit| async move {
        let store = kit.store();
        for id in ["a", "b"] {
            save(store, &patient(id, "Lò")).await;
            save(store, &observation(&format!("o-{id}"), id, "1")).await;
            save(store, &observation(&format!("q-{id}"), id, "2")).await;
        }
        let rows = [
            ("Patient", "_id=a&_revinclude=Observation:patient", Scope::All, "a", "o-a q-a"),
            ("Patient", "_id=a&_revinclude=Observation:subject:Patient", Scope::All, "a", "o-a q-a"),
            ("Patient", "_revinclude=Observation:patient", Scope::Patients(vec!["b".into()]), "b", "o-b q-b"),
            ("Patient", "_id=a&_revinclude=Encounter:patient", Scope::All, "a", ""),
            ("Observation", "_id=o-a&_include=Observation:patient", Scope::All, "o-a", "a"),
        ];
        for (kind, text, scope, expected, included) in rows {
            let query = Query::parse_string(kind, text).unwrap();
            let found = store.search(&query, &scope, None).await.unwrap();
            let ids = |versions: &[yba_store::Version]| {
                let mut ids: Vec<String> = versions.iter().map(|one| one.id.clone()).collect();
                ids.sort();
                ids.join(" ")
            };
            assert_eq!(
                (ids(&found.matches), ids(&found.included)),
                (expected.into(), included.into()),
                "{text}"
            );
        }
    })
    .await;
}

#[test]
fn chains_that_lead_nowhere_are_refused_by_name() {
    for (kind, text, key) in [
        ("Observation", "code.name=x", "search-value"),
        ("Observation", "patient.colour=x", "search-unknown"),
        ("Observation", "subject:Practitioner.name=x", "search-value"),
        ("Observation", "subject:Nobody.name=x", "search-value"),
        ("Observation", "patient.=x", "search-unknown"),
        ("Observation", "focus.name=x", "search-value"),
        ("Patient", "_has:Observation:patient=x", "search-value"),
        ("Patient", "_has:Nothing:patient:code=x", "search-value"),
        ("Patient", "_has:Observation:code:status=x", "search-value"),
        ("Patient", "_has:Observation:encounter:status=x", "search-value"),
        ("Patient", "_has:Observation:patient:colour=x", "search-unknown"),
        ("Group", "_has:Observation:patient:code=x", "search-value"),
        ("Patient", "_revinclude=Observation", "search-value"),
        ("Patient", "_revinclude=Observation:code", "search-value"),
        ("Patient", "_revinclude=Observation:patient:Group", "search-value"),
    ] {
        let refused = Query::parse_string(kind, text).unwrap_err();
        assert_eq!(refused.issues[0].key, key, "{text}: {:?}", refused.issues);
    }
    let long = format!("{}name=x", "organization.partof.".replace("organization.", "").repeat(7));
    let refused = Query::parse_string("Organization", &long).unwrap_err();
    assert_eq!(refused.issues[0].key, "search-chain-long", "{long}");
    let long = format!("{}status=x", "_has:Observation:has-member:".repeat(4000));
    let refused = Query::parse_string("Observation", &long).unwrap_err();
    assert_eq!(refused.issues[0].key, "search-chain-long");
}

#[tokio::test]
async fn sorting_orders_every_type_both_ways_and_puts_the_unknown_last() {
    each_engine(|kit| async move {
        let store = kit.store();
        everything_of(
            store,
            &[
                r#"{"resourceType":"Patient","id":"c","name":[{"text":"Bình"}],"birthDate":"1990","gender":"male"}"#,
                r#"{"resourceType":"Patient","id":"a","name":[{"text":"Ân"}],"birthDate":"1980","gender":"male"}"#,
                r#"{"resourceType":"Patient","id":"b","name":[{"text":"Bình"}],"birthDate":"1985-02","gender":"female"}"#,
                r#"{"resourceType":"Patient","id":"z"}"#,
            ],
        )
        .await;
        kit.advance_ms(5000);
        save(store, &observation("o2", "b", "10")).await;
        kit.advance_ms(5000);
        save(store, &observation("o1", "a", "9.5")).await;
        save(store, &resource(r#"{"resourceType":"Observation","id":"o0","status":"final","code":{"text":"x"}}"#)).await;
        let rows = [
            ("Patient", "_sort=_id", "a b c z"),
            ("Patient", "_sort=-_id", "z c b a"),
            ("Patient", "_sort=birthdate", "a b c z"),
            ("Patient", "_sort=-birthdate", "c b a z"),
            ("Patient", "_sort=name,birthdate", "a b c z"),
            ("Patient", "_sort=name,-birthdate", "a c b z"),
            ("Patient", "_sort=-name,-_id", "c b a z"),
            ("Patient", "_sort=gender,-_id", "b c a z"),
            ("Patient", "_sort=-gender,_id", "a c b z"),
            ("Observation", "_sort=_lastUpdated,_id", "o2 o0 o1"),
            ("Observation", "_sort=-_lastUpdated,-_id", "o1 o0 o2"),
            ("Observation", "_sort=value-quantity", "o1 o2 o0"),
            ("Observation", "_sort=-value-quantity", "o2 o1 o0"),
            ("Observation", "_sort=patient", "o1 o2 o0"),
            ("Observation", "_sort=-patient", "o2 o1 o0"),
        ];
        for (kind, text, expected) in rows {
            assert_eq!(ids(store, kind, text).await.join(" "), expected, "{kind}?{text}");
            // The same order in pages of one, without loss or repetition.
            let query = Query::parse_string(kind, &format!("{text}&_count=1")).unwrap();
            let (mut paged, mut cursor) = (Vec::new(), None);
            loop {
                let found = store.search(&query, &Scope::All, cursor.as_deref()).await.unwrap();
                paged.extend(found.matches.into_iter().map(|one| one.id));
                cursor = found.next;
                if cursor.is_none() {
                    break;
                }
            }
            assert_eq!(paged.join(" "), expected, "pages of {kind}?{text}");
        }
    })
    .await;
}

/// All pages of a search answer as of its first, whatever is written in between.
#[tokio::test]
async fn pages_stay_as_they_were_while_others_write() {
    each_engine(|kit| async move {
        let store = kit.store();
        for number in 0..10 {
            save(store, &patient(&format!("p{number}"), "Sùng A Dờ")).await;
        }
        for order in ["", "&_sort=name,-birthdate", "&_sort=-_lastUpdated"] {
            let query = Query::parse_string("Patient", &format!("name=sung&_count=3&_total=accurate{order}"))
                .unwrap();
            let first = store.search(&query, &Scope::All, None).await.unwrap();
            let (mut seen, mut cursor, total) = (first.matches, first.next, first.total.unwrap());
            let before = seen.len();
            assert_eq!((before, total), (3, 10));
            for step in 0.. {
                let Some(text) = cursor else { break };
                save(store, &patient(&format!("p{}", step * 3 + 1), "Khác hẳn")).await;
                delete(store, "Patient", &format!("p{}", step * 3 + 2)).await;
                save(store, &patient(&format!("mới{step}").replace("mới", "new"), "Sùng A Dờ")).await;
                let page = store.search(&query, &Scope::All, Some(&text)).await.unwrap();
                assert_eq!((page.t, page.total), (first.t, Some(10)));
                seen.extend(page.matches);
                cursor = page.next;
            }
            let mut ids: Vec<&str> = seen.iter().map(|one| one.id.as_str()).collect();
            ids.sort();
            assert_eq!(ids, ["p0", "p1", "p2", "p3", "p4", "p5", "p6", "p7", "p8", "p9"], "{order}");
            assert!(
                seen.iter().all(|one| String::from_utf8_lossy(&one.body).contains("Sùng A Dờ")),
                "as they were"
            );
            for number in 0..10 {
                save(store, &patient(&format!("p{number}"), "Sùng A Dờ")).await;
                delete(store, "Patient", &format!("new{number}")).await;
            }
        }
    })
    .await;
}

#[tokio::test]
async fn page_links_expire_with_their_rows_and_fit_no_other_search() {
    each_engine(|kit| async move {
        let store = kit.store();
        for number in 0..4 {
            save(store, &patient(&format!("p{number}"), "Lò")).await;
        }
        let query = Query::parse_string("Patient", "name=lo&_count=2").unwrap();
        let first = store.search(&query, &Scope::All, None).await.unwrap();
        let link = first.next.unwrap();
        save(store, &patient("p3", "Vàng")).await;
        assert_eq!(store.tidy().await.unwrap(), 0);
        kit.advance_ms(yba_store::LINK_MS / 2);
        assert_eq!(store.tidy().await.unwrap(), 0);
        assert_eq!(store.search(&query, &Scope::All, Some(&link)).await.unwrap().matches.len(), 2);
        kit.advance_ms(yba_store::LINK_MS / 2 + 1);
        assert!(store.tidy().await.unwrap() > 0, "closed rows are cleared after the lifetime of links");
        let expired = store.search(&query, &Scope::All, Some(&link)).await.unwrap_err();
        assert_eq!(expired.kind, Kind::Gone);
        assert_eq!(ids(store, "Patient", "name=lo").await.len(), 3, "open rows are not touched");
        let count =
            store.query("SELECT COUNT(*) FROM ix_string WHERE t_from < t_to AND t_to < 1000", vec![]).await;
        assert_eq!(count.unwrap()[0].int(0), 0);

        let link = store.search(&query, &Scope::All, None).await.unwrap().next.unwrap();
        let other = Query::parse_string("Patient", "name=vang&_count=2").unwrap();
        let narrowed = Scope::Patients(vec!["p0".into()]);
        let bad = [
            (&other, &Scope::All, link.as_str()),
            (&query, &narrowed, link.as_str()),
            (&query, &Scope::All, "999999.00000000.1"),
            (&query, &Scope::All, "x"),
        ];
        for (query, scope, link) in bad {
            assert_eq!(
                store.search(query, scope, Some(link)).await.unwrap_err().kind,
                Kind::Invalid,
                "{link}"
            );
        }
    })
    .await;
}

#[tokio::test]
async fn a_scope_narrows_matches_counts_and_includes() {
    each_engine(|kit| async move {
        let store = kit.store();
        for id in ["a", "b"] {
            save(store, &patient(id, "Lò")).await;
            save(store, &observation(&format!("o-{id}"), id, "1")).await;
        }
        save(store, &resource(r#"{"resourceType":"Organization","id":"org","name":"Trạm Y tế"}"#)).await;
        save(store, &resource(r#"{"resourceType":"Observation","id":"o-mixed","status":"final","code":{"text":"x"},"subject":{"reference":"Patient/a"},"performer":[{"reference":"Patient/b"},{"reference":"Organization/org"}]}"#)).await;
        let narrow = Scope::Patients(vec!["a".into()]);
        let rows = [
            ("Patient", "", &narrow, "a", ""),
            ("Patient", "name=lo", &narrow, "a", ""),
            ("Patient", "_id=b", &narrow, "", ""),
            ("Organization", "", &narrow, "", ""),
            ("Observation", "code=2345-7", &narrow, "o-a", ""),
            ("Observation", "_include=Observation:subject", &narrow, "o-a o-mixed", "a"),
            ("Observation", "_include=Observation:performer&_include=Observation:subject", &narrow, "o-a o-mixed", "a"),
            ("Observation", "_include=Observation:performer", &Scope::All, "o-a o-b o-mixed", "b org"),
            ("Observation", "_include=Observation:performer:Organization", &Scope::All, "o-a o-b o-mixed", "org"),
            ("Observation", "_include=Observation:subject&_id=o-a", &Scope::All, "o-a", "a"),
            ("Patient", "", &Scope::Nothing, "", ""),
            ("Patient", "", &Scope::Patients(vec![]), "", ""),
        ];
        for (kind, text, scope, expected, included) in rows {
            let query = Query::parse_string(kind, &format!("{text}&_total=accurate")).unwrap();
            let found = store.search(&query, scope, None).await.unwrap();
            let ids = |versions: &[yba_store::Version]| {
                let mut ids: Vec<String> = versions.iter().map(|one| one.id.clone()).collect();
                ids.sort();
                ids.join(" ")
            };
            assert_eq!(ids(&found.matches), expected, "{kind}?{text} {scope:?}");
            assert_eq!(ids(&found.included), included, "{kind}?{text} {scope:?}");
            assert_eq!(found.total, Some(found.matches.len() as u64), "{kind}?{text} {scope:?}");
        }
        // What is included is shown as of the search's moment, like its matches.
        let query = Query::parse_string("Observation", "_include=Observation:subject&_id=o-a").unwrap();
        let t = store.head_t();
        save(store, &patient("a", "Tên mới")).await;
        let then = store.search_at(&query, &Scope::All, t).await.unwrap();
        assert!(String::from_utf8_lossy(&then.included[0].body).contains("Lò"));
        delete(store, "Patient", "a").await;
        assert!(store.search(&query, &Scope::All, None).await.unwrap().included.is_empty());
        assert_eq!(store.search_at(&query, &Scope::All, t).await.unwrap().included.len(), 1);
    })
    .await;
}

#[tokio::test]
async fn large_searches_answer_up_to_the_bound_and_are_refused_beyond() {
    each_engine(|kit| async move {
        let store = kit.store();
        save(store, &patient("p499", "Lò")).await;
        let values = |count: usize, prefix: &str| {
            (0..count).map(|n| format!("{prefix}{n}")).collect::<Vec<_>>().join(",")
        };
        assert_eq!(ids(store, "Patient", &format!("_id={}", values(500, "p"))).await, ["p499"]);
        assert!(ids(store, "Patient", &format!("name={}", values(500, "p"))).await.is_empty());
        let clause = format!("name:exact={}", values(500, "p"));
        assert!(ids(store, "Patient", &[clause.as_str(); 9].join("&")).await.is_empty());
        let refused = |text: String| Query::parse_string("Patient", &text).unwrap_err().kind;
        assert_eq!(refused(format!("_id={}", values(501, "p"))), Kind::TooMany);
        assert_eq!(refused(format!("name={}", values(1000, "p"))), Kind::TooMany);
        assert_eq!(refused([clause.as_str(); 12].join("&")), Kind::TooMany);
        assert_eq!(refused(["gender=male"; 31].join("&")), Kind::TooMany);
        assert!(ids(store, "Patient", &["gender=male"; 30].join("&")).await.is_empty());
    })
    .await;
}

#[test]
fn what_is_not_understood_is_refused_by_name() {
    let rows = [
        ("Patient", "nmae=x", "nmae"),
        ("Patient", "name:foo=x", ":foo"),
        ("Patient", "birthdate=32-13-01", "birthdate"),
        ("Patient", "birthdate=", "birthdate"),
        ("Patient", "identifier:missing=maybe", "missing"),
        ("Patient", "_sort=nmae", "_sort"),
        ("Patient", "_sort=_id,_id,_id,_id,_id", "_sort"),
        ("Patient", "_count=-1", "_count"),
        ("Patient", "_include=Observation:subject", "_include"),
        ("Patient", "name=%00", "U+0000"),
        ("Observation", "value-quantity=abc", "value-quantity"),
        ("Observation", "code-value-quantity=a$x", "code-value-quantity"),
    ];
    for (kind, text, named) in rows {
        let refused = Query::parse_string(kind, text).unwrap_err();
        let said = format!("{refused:?}");
        assert!(refused.kind == Kind::Invalid && said.contains(named), "{kind}?{text}: {said}");
    }
    assert_eq!(Query::parse_string("Nothing", "").unwrap_err().kind, Kind::NotFound);
    let all = Query::parse_string("Patient", "nmae=x&nome=y").unwrap_err();
    assert_eq!(all.issues.len(), 2, "all problems at once");
}
