//! What writes are judged by: profiles that come and go in the store, the day, targets of references.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use yba_fhir::json::{Value, from_str, json};
use yba_fhir::{Kind, Resource};
use yba_records::{Change, overlay};
use yba_testkit::{Kit, each_engine};
use yba_validate::{Codes, Profiles, Validator};

const PROFILE: &str = "urn:yba:test:named-patient";

/// A profile that asks every Patient for a name.
fn definition(min: u32) -> Resource {
    let text = format!(
        r#"{{"resourceType":"StructureDefinition","id":"named","url":"{PROFILE}","name":"Named","status":"active",
        "kind":"resource","abstract":false,"type":"Patient","derivation":"constraint",
        "baseDefinition":"http://hl7.org/fhir/StructureDefinition/Patient",
        "differential":{{"element":[{{"id":"Patient.name","path":"Patient.name","min":{min}}}]}}}}"#
    );
    Resource::parse(text.as_bytes()).unwrap()
}

fn nameless() -> Resource {
    Resource::from_value(json!({"resourceType": "Patient", "meta": {"profile": [PROFILE]}})).unwrap()
}

/// As a node judges: by whatever profiles stand in the store. Answers how often they were compiled.
fn judging(kit: &Kit) -> Arc<AtomicUsize> {
    let made = Arc::new(AtomicUsize::new(0));
    let counter = made.clone();
    kit.records.judge_by(move |definitions: &[Value], _| {
        counter.fetch_add(1, Ordering::SeqCst);
        Validator::new(Profiles::compile(definitions).0, Codes::built_in().clone())
    });
    made
}

async fn refusal(kit: &Kit, change: Change) -> Option<(Kind, String)> {
    let refused = kit.records.transact(&kit.ctx(), vec![change]).await.err()?;
    Some((refused.kind, refused.issues[0].path.clone().unwrap_or_default()))
}

#[tokio::test]
async fn a_profile_counts_when_it_is_written_and_no_longer_when_it_is_gone() {
    each_engine(async |kit: Kit| {
        let made = judging(&kit);
        let missing = Some((Kind::Unprocessable, "Patient.name".to_owned()));
        assert_eq!(refusal(&kit, Change::create(nameless())).await, None, "nobody knows the profile");
        assert_eq!(refusal(&kit, Change::put(definition(1))).await, None);
        kit.records.rules().await.unwrap();
        assert_eq!(refusal(&kit, Change::create(nameless())).await, missing);
        let before = made.load(Ordering::SeqCst);
        kit.records.rules().await.unwrap();
        assert_eq!(refusal(&kit, Change::create(nameless())).await, missing);
        assert_eq!(made.load(Ordering::SeqCst), before, "compiled once");
        kit.advance_ms(24 * 3600 * 1000);
        assert_eq!(refusal(&kit, Change::create(nameless())).await, missing);
        assert_eq!(made.load(Ordering::SeqCst), before + 1, "another day, other editions of content");
        assert_eq!(refusal(&kit, Change::put(definition(0))).await, None);
        kit.records.rules().await.unwrap();
        assert_eq!(refusal(&kit, Change::create(nameless())).await, None);
        kit.records.transact(&kit.ctx(), vec![Change::put(definition(1))]).await.unwrap();
        kit.records.transact(&kit.ctx(), vec![Change::delete("StructureDefinition", "named")]).await.unwrap();
        kit.records.rules().await.unwrap();
        assert_eq!(refusal(&kit, Change::create(nameless())).await, None);
    })
    .await;
}

#[tokio::test]
async fn a_follower_hears_of_profiles() {
    let kit = yba_testkit::records();
    judging(&kit);
    let (stop, stopping) = tokio::sync::watch::channel(false);
    let following = tokio::spawn(overlay::follow(kit.records.clone(), stopping));
    assert_eq!(refusal(&kit, Change::put(definition(1))).await, None);
    let mut refused = None;
    for _ in 0..200 {
        refused = refusal(&kit, Change::create(nameless())).await;
        if refused.is_some() {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(25)).await;
    }
    assert!(refused.is_some());
    stop.send(true).unwrap();
    following.await.unwrap();
}

fn observation(rest: &str) -> Resource {
    let code = if rest.contains("\"code\"") { "" } else { r#""code":{"text":"x"},"# };
    let text = format!(r#"{{"resourceType":"Observation","id":"o","status":"final",{code}{rest}}}"#);
    Resource::parse(text.as_bytes()).unwrap()
}

#[tokio::test]
async fn a_node_may_ask_that_what_is_pointed_at_is_here() {
    each_engine(async |kit: Kit| {
        let of_patient = || Change::put(observation(r#""subject":{"reference":"Patient/p"}"#));
        assert_eq!(refusal(&kit, of_patient()).await, None, "not asked");
        kit.records.require_targets(true);
        let missing = Some((Kind::Unprocessable, "Observation.subject".to_owned()));
        assert_eq!(refusal(&kit, of_patient()).await, missing);
        let patient = || {
            Change::put(Resource::from_parsed(from_str(r#"{"resourceType":"Patient","id":"p"}"#).unwrap()).unwrap())
        };
        kit.records.transact(&kit.ctx(), vec![of_patient(), patient()]).await.unwrap();
        let again = Change::put(observation(
            r#""subject":{"reference":"Patient/p/_history/1"},"performer":[{"display":"x"},{"reference":"Organization/none"}]"#,
        ));
        let second = Some((Kind::Unprocessable, "Observation.performer[1]".to_owned()));
        assert_eq!(refusal(&kit, again).await, second);
        let elsewhere = Change::put(observation(
            r##""contained":[{"resourceType":"Patient","id":"c"}],"subject":{"reference":"#c"},"performer":[{"reference":"https://other.vn/fhir/Patient/1"},{"identifier":{"value":"1"}}]"##,
        ));
        assert_eq!(refusal(&kit, elsewhere).await, None);
        let with_its_end = vec![of_patient(), Change::delete("Patient", "p")];
        assert!(kit.records.transact(&kit.ctx(), with_its_end).await.is_err());
        kit.records.transact(&kit.ctx(), vec![Change::delete("Patient", "p")]).await.unwrap();
        let other = Change::put(observation(r#""code":{"text":"y"},"subject":{"reference":"Patient/p"}"#));
        assert!(refusal(&kit, other).await.is_some(), "deleted");
    })
    .await;
}
