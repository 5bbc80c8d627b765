//! Walking over the records of a type.

use crate::kit::*;
use yba_fhir::json::{Value, from_slice, str_at};
use yba_store::{Scope, Store, Walk};
use yba_testkit::each_engine;

/// The ids of the records that a walk meets.
async fn met(store: &Store, mut walk: Walk) -> Vec<String> {
    let mut ids = Vec::new();
    loop {
        let bodies = store.bodies(&mut walk).await.unwrap();
        if bodies.is_empty() {
            return ids;
        }
        for body in bodies {
            let tree: Value = from_slice(&body).unwrap();
            ids.push(str_at(&tree, &["id"]).unwrap().to_owned());
        }
    }
}

#[tokio::test]
async fn every_record_is_met_once_as_it_was_when_the_walk_began() {
    each_engine(|kit| async move {
        let store = kit.store();
        save(store, &patient("p", "Lò")).await;
        let writes: Vec<_> = (0..700)
            .map(|n| put(store, &observation(&format!("o{n}"), "p", "1.0"), yba_store::Expect::Absent))
            .collect();
        commit(store, writes).await.unwrap();
        delete(store, "Observation", "o3").await;
        let mut walk = store.walk("Observation", &Scope::All);
        let first = store.bodies(&mut walk).await.unwrap();
        assert!(first.len() < 700, "more than one page");
        delete(store, "Observation", "o699").await;
        save(store, &observation("late", "p", "2.0")).await;
        let rest = met(store, walk).await;
        assert_eq!(first.len() + rest.len(), 699);
        assert_eq!(rest.last().map(String::as_str), Some("o699"));
        let again = met(store, store.walk("Observation", &Scope::All)).await;
        assert_eq!((again.len(), again.last().map(String::as_str)), (699, Some("late")));
        assert_eq!(met(store, store.walk("Patient", &Scope::All)).await, ["p"]);
    })
    .await;
}

#[tokio::test]
async fn a_page_is_bounded_in_bytes_as_soon_as_it_is_known_how_large_records_are() {
    each_engine(|kit| async move {
        let store = kit.store();
        let long = "x".repeat(100_000);
        for n in 0..4 {
            let writes: Vec<_> = (0..150)
                .map(|m| {
                    let text = format!(
                        r#"{{"resourceType":"Observation","id":"o{n}-{m}","status":"final","code":{{"text":"x"}},"note":[{{"text":"{long}"}}]}}"#
                    );
                    put(store, &resource(&text), yba_store::Expect::Absent)
                })
                .collect();
            commit(store, writes).await.unwrap();
        }
        let mut walk = store.walk("Observation", &Scope::All);
        store.bodies(&mut walk).await.unwrap();
        let second: usize = store.bodies(&mut walk).await.unwrap().iter().map(|body| body.len()).sum();
        assert!((1 << 20..5 << 20).contains(&second), "{second} bytes");
    })
    .await;
}

#[tokio::test]
async fn only_what_is_within_the_scope_and_of_the_patients_named_is_met() {
    each_engine(|kit| async move {
        let store = kit.store();
        for name in ["a", "b", "c"] {
            save(store, &patient(name, "Lò")).await;
            save(store, &observation(&format!("of-{name}"), name, "1.0")).await;
        }
        let scope = Scope::Patients(vec!["a".into(), "b".into()]);
        assert_eq!(met(store, store.walk("Patient", &scope)).await, ["a", "b"]);
        assert_eq!(met(store, store.walk("Observation", &scope)).await, ["of-a", "of-b"]);
        let of_b = |scope| store.walk("Observation", scope).of_patients(vec!["b".into()]);
        assert_eq!(met(store, of_b(&Scope::All)).await, ["of-b"]);
        assert_eq!(met(store, of_b(&Scope::Patients(vec!["a".into()]))).await, [""; 0]);
        assert_eq!(met(store, store.walk("Observation", &Scope::Nothing)).await, [""; 0]);
        let patient = store.walk("Patient", &Scope::All).of_patients(vec!["c".into()]);
        assert_eq!(met(store, patient).await, ["c"]);
    })
    .await;
}

#[tokio::test]
async fn what_arrived_since_a_moment_is_met() {
    each_engine(|kit| async move {
        let store = kit.store();
        let since = async |ms: i64| {
            let after = store.arrived_before(ms).await.unwrap();
            met(store, store.walk("Patient", &Scope::All).arrived_after(after)).await
        };
        let mut moments = Vec::new();
        for name in ["a", "b", "c", "d"] {
            moments.push(store.clock().now_ms());
            save(store, &patient(name, "Lò")).await;
            kit.advance_ms(1000);
        }
        assert_eq!(since(moments[0]).await.join(" "), "a b c d");
        assert_eq!(since(0).await.join(" "), "a b c d");
        assert_eq!(since(moments[2]).await.join(" "), "c d");
        assert_eq!(since(moments[2] + 1).await.join(" "), "d");
        assert_eq!(since(moments[3] + 1).await.join(" "), "");
        save(store, &patient("a", "Vàng")).await;
        assert_eq!(since(moments[3] + 1).await.join(" "), "a", "a change arrives too");
    })
    .await;
}
