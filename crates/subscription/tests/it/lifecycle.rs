//! How a subscription comes into force, changes, ends; and how it outlives the program.

use crate::hook::*;
use yba_fhir::date::instant;
use yba_fhir::json::{Value, json};
use yba_records::Change;
use yba_subscription::Settings;
use yba_testkit::{MORNING_MS, each_engine};

#[tokio::test]
async fn a_restart_loses_nothing() {
    each_engine(|kit| async move {
        // Nothing is delivered before the restart.
        let hook = Hook::with(|n, _| if n == 0 { 500 } else { 200 }).await;
        let delays = vec![std::time::Duration::from_secs(60)];
        let running = start(&kit, Settings { delays: delays.clone(), ..quick() });
        subscribe(&kit, "s", &asking("Patient", &hook.url(""), true), "active").await;
        put(&kit, "a", &patient("a")).await;
        put(&kit, "b", &patient("b")).await;
        hook.after(1).await;
        running.kill().await;
        // Changes while nobody follows.
        put(&kit, "c", &patient("c")).await;
        let kit = kit.reopened().await;
        put(&kit, "d", &patient("d")).await;
        kit.advance_ms(60_000);
        let running = start(&kit, Settings { delays, ..quick() });
        hook.after(5).await;
        assert_eq!(hook.paths()[1..], ["a", "b", "c", "d"].map(|id| format!("/Patient/{id}")));
        running.stop().await;
    })
    .await;
}

#[tokio::test]
async fn one_transaction_may_be_longer_than_what_is_read_at_once() {
    let kit = yba_testkit::records();
    let hook = Hook::open().await;
    let running = start(&kit, quick());
    let criteria = "Observation?patient.name=lan&value-string=b";
    subscribe(&kit, "s", &asking(criteria, &hook.url(""), true), "active").await;
    caught_up(&kit).await;
    running.stop().await;
    // The patient by whom they are found comes last of all.
    let mut changes: Vec<Change> = (0..2500)
        .map(|n| putting(&format!("o{n}"), &glucose("p", if n % 500 == 0 { "b" } else { "a" })))
        .collect();
    changes.push(putting("p", &patient("Lan")));
    kit.records.transact(&kit.ctx(), changes).await.unwrap();
    let running = start(&kit, quick());
    hook.after(5).await;
    assert_eq!(hook.paths(), [0, 500, 1000, 1500, 2000].map(|n| format!("/Observation/o{n}")));
    running.stop().await;
}

#[tokio::test]
async fn what_a_client_says_holds_from_the_position_at_which_it_says_it() {
    each_engine(|kit| async move {
        let hook = Hook::open().await;
        // Asked for, activated, then stopped, all before the follower has read on.
        let running = start(&kit, quick());
        let mut tree = asking("Patient", &hook.url("/one"), false);
        subscribe(&kit, "s", &tree, "active").await;
        caught_up(&kit).await;
        running.stop().await;
        put(&kit, "a", &patient("a")).await;
        tree["status"] = Value::from("active");
        tree["criteria"] = Value::from("Observation");
        tree["channel"]["endpoint"] = Value::from(hook.url("/two").as_str());
        put(&kit, "s", &tree).await;
        put(&kit, "b", &patient("b")).await;
        put(&kit, "o", &glucose("1", "a")).await;
        tree["criteria"] = Value::from("Patient?name=c");
        put(&kit, "s", &tree).await;
        put(&kit, "c", &patient("c")).await;
        let running = start(&kit, quick());
        // One Patient under the first criteria, one Observation, one Patient under the last; sent where it says now.
        hook.after(3).await;
        assert_eq!(hook.paths(), ["/two"; 3]);

        tree["status"] = Value::from("off");
        put(&kit, "s", &tree).await;
        put(&kit, "c", &patient("c c")).await;
        caught_up(&kit).await;
        hook.after(3).await;
        kit.records.transact(&kit.ctx(), vec![Change::delete("Subscription", "s")]).await.unwrap();
        caught_up(&kit).await;
        running.stop().await;
    })
    .await;
}

#[tokio::test]
async fn it_ends_when_it_says_it_ends() {
    each_engine(|kit| async move {
        let (hook, running) = (Hook::open().await, start(&kit, quick()));
        let mut tree = asking("Patient", &hook.url(""), false);
        tree["end"] = json!((instant(MORNING_MS + 60_000)));
        subscribe(&kit, "s", &tree, "active").await;
        put(&kit, "a", &patient("a")).await;
        hook.after(1).await;
        kit.advance_ms(60_000);
        put(&kit, "b", &patient("b")).await;
        becomes(&kit, "s", "off").await;
        put(&kit, "late", &tree).await;
        becomes(&kit, "late", "off").await;
        caught_up(&kit).await;
        hook.after(1).await;
        running.stop().await;
    })
    .await;
}

#[tokio::test]
async fn on_a_first_start_the_past_is_not_told_of() {
    each_engine(|kit| async move {
        let hook = Hook::open().await;
        let mut tree = asking("Patient", &hook.url(""), true);
        put(&kit, "requested", &tree).await;
        tree["status"] = Value::from("active");
        put(&kit, "active", &tree).await;
        put(&kit, "long-ago", &patient("a")).await;
        let running = start(&kit, quick());
        becomes(&kit, "requested", "active").await;
        caught_up(&kit).await;
        put(&kit, "now", &patient("a")).await;
        hook.after(2).await;
        assert_eq!(hook.paths(), ["/Patient/now"; 2]);
        running.stop().await;
    })
    .await;
}

#[tokio::test]
async fn a_host_that_is_allowed_no_more_stops_its_subscriptions_at_the_next_start() {
    let kit = yba_testkit::records();
    let hook = Hook::open().await;
    let running = start(&kit, quick());
    subscribe(&kit, "s", &asking("Patient", &hook.url(""), false), "active").await;
    caught_up(&kit).await;
    running.stop().await;
    put(&kit, "a", &patient("a")).await;
    let running = start(&kit, Settings::new("a.vn".parse().unwrap()));
    becomes(&kit, "s", "error").await;
    running.stop().await;
    assert!(hook.arrived().is_empty());
}
