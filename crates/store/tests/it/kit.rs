//! What the cases share: short ways to write a change and to ask a search.

use yba_fhir::Resource;
use yba_store::{Applied, Effect, Expect, Query, Refusal, Request, Scope, Store, Version, Write};

pub fn resource(json: &str) -> Resource {
    Resource::parse(json.as_bytes()).unwrap_or_else(|outcome| panic!("{outcome}: {json:.300}"))
}

/// A Patient with a name and a birth date.
pub fn patient(id: &str, name: &str) -> Resource {
    resource(&format!(
        r#"{{"resourceType":"Patient","id":"{id}","name":[{{"text":"{name}"}}],"birthDate":"1986-05-01"}}"#
    ))
}

/// An Observation about a patient.
pub fn observation(id: &str, patient: &str, value: &str) -> Resource {
    resource(&format!(
        r#"{{"resourceType":"Observation","id":"{id}","status":"final","code":{{"coding":[{{"system":"http://loinc.org","code":"2345-7"}}]}},"subject":{{"reference":"Patient/{patient}"}},"valueQuantity":{{"value":{value},"unit":"mmol/L","code":"mmol/L","system":"http://unitsofmeasure.org"}}}}"#
    ))
}

pub fn put(store: &Store, resource: &Resource, expect: Expect) -> Write {
    Write::put(resource, expect, store.numbers()).unwrap()
}

pub async fn commit(store: &Store, writes: Vec<Write>) -> Result<Vec<Applied>, Refusal> {
    store.commit(Request { writes, audit: b"{}".to_vec() }).await
}

/// Writes one resource whatever is there.
pub async fn save(store: &Store, resource: &Resource) -> (Effect, Version) {
    let done = commit(store, vec![put(store, resource, Expect::Anything)]).await.unwrap().remove(0);
    (done.effect, done.version.unwrap())
}

pub async fn delete(store: &Store, kind: &str, id: &str) -> Effect {
    commit(store, vec![Write::delete(kind, id, Expect::Anything)]).await.unwrap()[0].effect
}

/// The ids that a search finds, in its order.
pub async fn ids(store: &Store, kind: &str, text: &str) -> Vec<String> {
    let query = Query::parse_string(kind, text).unwrap_or_else(|outcome| panic!("{text:.200}: {outcome}"));
    let found = store
        .search(&query, &Scope::All, None)
        .await
        .unwrap_or_else(|outcome| panic!("{text:.200}: {outcome}"));
    found.matches.into_iter().map(|version| version.id).collect()
}

/// As [`ids`], sorted by id.
pub async fn id_set(store: &Store, kind: &str, text: &str) -> Vec<String> {
    let mut ids = ids(store, kind, text).await;
    ids.sort();
    ids
}

/// Checks many searches: what is asked, and the ids expected, sorted and parted by spaces.
pub async fn finds(store: &Store, kind: &str, rows: &[(&str, &str)]) {
    for (text, expected) in rows {
        assert_eq!(id_set(store, kind, text).await.join(" "), *expected, "{kind}?{text}");
    }
}
