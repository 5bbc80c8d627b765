//! The terminology of the moment.

use yba_content::Content;
use yba_fhir::json::{Value, json};
use yba_fhir::{Day, Resource};
use yba_records::{Change, overlay};
use yba_terminology::{Membership, Terminology};
use yba_testkit::{Kit, each_engine};

fn set(id: &str, code: &str) -> Resource {
    let tree: Value = json!({"resourceType": "ValueSet", "id": id, "url": format!("urn:{id}").as_str(), "status": "active",
        "compose": {"include": [{"system": "urn:s", "concept": [{"code": code}]}]}});
    Resource::from_parsed(tree).unwrap()
}

async fn put(kit: &Kit, id: &str, code: &str) {
    kit.records.transact(&kit.ctx(), vec![Change::put(set(id, code))]).await.unwrap();
}

fn holds(terminology: &Terminology, url: &str, code: &str) -> Option<bool> {
    let today = Day::parse("2026-03-02").unwrap();
    let answer = terminology.value_set(url)?.contains(Some("urn:s"), code, today);
    Some(answer == Membership::In)
}

#[tokio::test]
async fn a_set_counts_when_it_is_written_and_no_longer_when_it_is_gone() {
    each_engine(async |kit: Kit| {
        assert_eq!(holds(&kit.records.terminology().await.unwrap(), "urn:a", "x"), None);
        put(&kit, "a", "x").await;
        assert_eq!(holds(&kit.records.terminology_now(), "urn:a", "x"), None, "not made anew yet");
        assert_eq!(holds(&kit.records.terminology().await.unwrap(), "urn:a", "x"), Some(true));
        assert_eq!(holds(&kit.records.terminology_now(), "urn:a", "x"), Some(true));
        put(&kit, "a", "y").await;
        let now = kit.records.terminology().await.unwrap();
        assert_eq!((holds(&now, "urn:a", "x"), holds(&now, "urn:a", "y")), (Some(false), Some(true)));
        kit.records.transact(&kit.ctx(), vec![Change::delete("ValueSet", "a")]).await.unwrap();
        assert_eq!(holds(&kit.records.terminology().await.unwrap(), "urn:a", "y"), None);
        assert_eq!(holds(&now, "urn:a", "y"), Some(true), "who held the old one still has it");
    })
    .await;
}

#[tokio::test]
async fn a_restart_finds_what_was_written_before() {
    let kit = yba_testkit::records();
    put(&kit, "a", "x").await;
    let kit = kit.reopened().await;
    assert_eq!(holds(&kit.records.terminology().await.unwrap(), "urn:a", "x"), Some(true));
}

#[tokio::test]
async fn other_changes_make_nothing_anew() {
    let kit = yba_testkit::records();
    let before = kit.records.terminology().await.unwrap();
    let patient = Resource::from_parsed(json!({"resourceType": "Patient", "id": "p"})).unwrap();
    kit.records.transact(&kit.ctx(), vec![Change::put(patient)]).await.unwrap();
    assert!(std::sync::Arc::ptr_eq(&before, &kit.records.terminology().await.unwrap()));
}

#[tokio::test]
async fn a_node_speaks_by_its_own_content() {
    let kit = yba_testkit::records();
    let own = parse_set();
    let base = Terminology::built_in(&Content::built_in()).with_resources(std::iter::once(&own)).unwrap();
    kit.records.speak_by(std::sync::Arc::new(base));
    assert_eq!(holds(&kit.records.terminology_now(), "urn:own", "x"), Some(true));
    put(&kit, "a", "x").await;
    assert_eq!(holds(&kit.records.terminology().await.unwrap(), "urn:own", "x"), Some(true));
}

fn parse_set() -> Value {
    set("own", "x").into_tree()
}

#[tokio::test]
async fn the_follower_hears_of_a_change_by_itself() {
    let kit = yba_testkit::records();
    let (stop, stopping) = tokio::sync::watch::channel(false);
    let following = tokio::spawn(overlay::follow(kit.records.clone(), stopping));
    put(&kit, "a", "x").await;
    let heard = async {
        while holds(&kit.records.terminology_now(), "urn:a", "x") != Some(true) {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(60), heard).await.unwrap();
    stop.send(true).unwrap();
    following.await.unwrap();
}
