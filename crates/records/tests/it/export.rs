//! Exports: who may, what the trail says, and that only what may be seen leaves.

use yba_fhir::json::{from_slice, json, str_at};
use yba_fhir::{Kind, Resource};
use yba_records::{Change, Ctx, Scope, Wanted};
use yba_testkit::{Kit, each_engine};

async fn two_people(kit: &Kit) {
    for id in ["a", "b"] {
        let patient = json!({"resourceType": "Patient", "id": id});
        let observation = json!({"resourceType": "Observation", "id": format!("of-{id}").as_str(), "status": "final",
            "code": {"text": "x"}, "subject": {"reference": format!("Patient/{id}").as_str()}});
        for value in [patient, observation] {
            let change = Change::put(Resource::from_value(value).unwrap());
            kit.records.transact(&kit.ctx(), vec![change]).await.unwrap();
        }
        kit.advance_ms(1000);
    }
}

/// The ids of what an export gives.
async fn ids(kit: &Kit, ctx: &Ctx, wanted: Wanted<'_>) -> Result<Vec<String>, Kind> {
    let mut export = kit.records.export(ctx, wanted).await.map_err(|outcome| outcome.kind)?;
    let mut ids = Vec::new();
    loop {
        let bodies = export.next().await.unwrap();
        if bodies.is_empty() {
            return Ok(ids);
        }
        let id = |body| str_at(&from_slice(body).unwrap(), &["id"]).unwrap().to_owned();
        ids.extend(bodies.iter().map(|body| id(body)));
    }
}

/// The last line of the trail of reads.
fn last_entry(kit: &Kit) -> String {
    kit.records.trail().sync();
    let path = kit.records.trail().folder().join("reads-000000000001.log");
    std::fs::read_to_string(path).unwrap().lines().last().unwrap().to_owned()
}

#[tokio::test]
async fn an_export_is_in_the_trail_before_its_first_page() {
    each_engine(|kit| async move {
        two_people(&kit).await;
        let wanted = Wanted { kind: "Observation", ..Wanted::default() };
        let _begun = kit.records.export(&kit.ctx(), wanted).await.unwrap();
        let entry = last_entry(&kit);
        assert!(
            entry.contains(r#""action":"export""#) && entry.contains(r#""kind":"Observation""#),
            "{entry}"
        );
        let b = ["b".to_owned()];
        let wanted = Wanted { kind: "Observation", patients: &b, ..Wanted::default() };
        assert_eq!(ids(&kit, &kit.ctx(), wanted).await.unwrap(), ["of-b"]);
        assert!(last_entry(&kit).contains(r#""patients":["b"]"#));
    })
    .await;
}

#[tokio::test]
async fn nobody_exports_what_they_may_not_see() {
    each_engine(|kit| async move {
        two_people(&kit).await;
        let wanted = |kind| Wanted { kind, ..Wanted::default() };
        assert_eq!(ids(&kit, &Ctx::stranger("test"), wanted("Patient")).await, Err(Kind::Unauthenticated));
        assert!(last_entry(&kit).contains(r#""refused":true"#));
        assert_eq!(ids(&kit, &kit.ctx(), wanted("Patent")).await, Err(Kind::NotFound));
        let narrow = kit.ctx().with_scope(Scope::Patients(vec!["a".into()]));
        assert_eq!(ids(&kit, &narrow, wanted("Observation")).await.unwrap(), ["of-a"]);
        assert!(last_entry(&kit).contains(r#""patients":["a"]"#));
        let b = ["b".to_owned()];
        let beyond = Wanted { kind: "Observation", patients: &b, ..Wanted::default() };
        assert_eq!(ids(&kit, &narrow, beyond).await, Err(Kind::NotFound));
        assert!(last_entry(&kit).contains(r#""refused":true"#));
        let nothing = kit.ctx().with_scope(Scope::Nothing);
        assert_eq!(ids(&kit, &nothing, wanted("Observation")).await.unwrap(), [""; 0]);
    })
    .await;
}

#[tokio::test]
async fn what_arrived_since_a_moment_is_exported() {
    each_engine(|kit| async move {
        let begun = kit.store().clock().now_ms();
        two_people(&kit).await;
        let since = |ms| Wanted { kind: "Patient", since_ms: Some(ms), ..Wanted::default() };
        assert_eq!(ids(&kit, &kit.ctx(), since(begun)).await.unwrap(), ["a", "b"]);
        assert_eq!(ids(&kit, &kit.ctx(), since(begun + 1000)).await.unwrap(), ["b"]);
        assert_eq!(ids(&kit, &kit.ctx(), since(begun + 5000)).await.unwrap(), [""; 0]);
    })
    .await;
}

#[tokio::test]
async fn what_is_counted_is_what_is_given_at_one_moment() {
    each_engine(|kit| async move {
        two_people(&kit).await;
        let nobodys = Change::put(
            Resource::from_value(json!({"resourceType": "Observation", "id": "of-nobody", "status": "final", "code": {"text": "x"}})).unwrap(),
        );
        kit.records.transact(&kit.ctx(), vec![nobodys]).await.unwrap();
        let (t, moment_ms) = kit.records.export_moment(&kit.ctx(), &[]).await.unwrap();
        assert!(last_entry(&kit).contains(r#""action":"export""#));
        assert_eq!((t, moment_ms), (kit.store().head_t(), kit.store().clock().now_ms()));
        kit.records.transact(&kit.ctx(), vec![Change::delete("Observation", "of-a")]).await.unwrap();
        let narrow = kit.ctx().with_scope(Scope::Patients(vec!["b".into()]));
        let (b, many) = (["b".to_owned()], (0..600).map(|n| format!("p{n}")).chain(["a".into()]).collect::<Vec<_>>());
        let base = || Wanted { kind: "Observation", t: Some(t), ..Wanted::default() };
        for (ctx, wanted, given) in [
            (kit.ctx(), base(), vec!["of-a", "of-b", "of-nobody"]),
            (kit.ctx(), Wanted { of_anyone: true, ..base() }, vec!["of-a", "of-b"]),
            (kit.ctx(), Wanted { patients: &b, ..base() }, vec!["of-b"]),
            (kit.ctx(), Wanted { patients: &many, ..base() }, vec!["of-a"]),
            (kit.ctx(), Wanted { t: None, ..base() }, vec!["of-b", "of-nobody"]),
            (narrow.clone(), base(), vec!["of-b"]),
            (narrow.clone(), Wanted { of_anyone: true, ..base() }, vec!["of-b"]),
            (kit.ctx().with_scope(Scope::Nothing), base(), vec![]),
        ] {
            assert_eq!(kit.records.export_count(&ctx, wanted.clone()).await.unwrap(), given.len() as u64, "{wanted:?}");
            assert_eq!(ids(&kit, &ctx, wanted).await.unwrap(), given);
        }
        let beyond = Wanted { patients: &many, ..base() };
        assert_eq!(kit.records.export_count(&narrow, beyond).await.unwrap_err().kind, Kind::NotFound);
        assert_eq!(kit.records.export_moment(&narrow, &many).await.unwrap_err().kind, Kind::NotFound);
        assert_eq!(kit.records.export_count(&Ctx::stranger("test"), base()).await.unwrap_err().kind, Kind::Unauthenticated);
    })
    .await;
}
