//! What is not served, and where nothing may be sent.

use crate::hook::*;
use yba_fhir::json::{Value, json, str_at};
use yba_subscription::Settings;
use yba_testkit::each_engine;

#[tokio::test]
async fn what_cannot_be_served_is_answered_with_the_reason() {
    each_engine(|kit| async move {
        let running = start(&kit, Settings::new("hook.example.vn http://10.1.2.3".parse().unwrap()));
        let with = |criteria: &str, endpoint: &str| asking(criteria, endpoint, false);
        let good = "https://hook.example.vn/";
        let mut sms = with("Patient", good);
        sms["channel"]["type"] = Value::from("sms");
        let mut xml = with("Patient", good);
        xml["channel"]["payload"] = Value::from("application/fhir+xml");
        let mut header = with("Patient", good);
        header["channel"]["header"] = json!(["Content-Length: 0"]);
        let rows = [
            (with("Observation?colour=red", good), "colour"),
            (with("Moon?code=1", good), "Moon"),
            (sms, "sms"),
            (xml, "application/fhir+xml"),
            (header, "content-length"),
            (with("Patient", "https://other.example.vn/"), "subscription-hosts"),
            (with("Patient", "http://hook.example.vn/"), "subscription-hosts"),
            (with("Patient", "http://127.0.0.1:8080/"), "subscription-hosts"),
            (with("Patient", "http://localhost/"), "subscription-hosts"),
            (with("Patient", "http://[::1]/"), "subscription-hosts"),
            (with("Patient", "https://169.254.169.254/latest"), "subscription-hosts"),
            (with("Patient", "https://10.1.2.3/"), "subscription-hosts"),
            (with("Patient", "https://ai:matkhau@hook.example.vn/"), "password"),
            (with("Patient", "ftp://hook.example.vn/"), "scheme"),
        ];
        for (position, (tree, why)) in rows.iter().enumerate() {
            let answered = subscribe(&kit, &format!("s{position}"), tree, "error").await;
            let error = str_at(&answered, &["error"]).unwrap();
            assert!(error.contains(why) && !error.contains("matkhau"), "{why}: {error}");
        }
        running.stop().await;
    })
    .await;
}

#[tokio::test]
async fn an_address_that_may_not_be_reached_is_not_connected_to() {
    let kit = yba_testkit::records();
    // The name is listed, but stands for this machine, as after a change of its DNS.
    let hook = Hook::open().await;
    let port = hook.address.port();
    let hosts = format!("http://localhost:{port} 127.0.0.0/8");
    let running = start(&kit, Settings { delays: vec![], ..Settings::new(hosts.parse().unwrap()) });
    subscribe(&kit, "s", &asking("Patient", &format!("http://localhost:{port}"), true), "active").await;
    put(&kit, "a", &patient("a")).await;
    let found =
        || async { yba_subscription::letters::letters(&kit.records, &kit.ctx(), "s").await.unwrap().letters };
    until(|| async { !found().await.is_empty() }).await;
    assert_eq!(found().await[0].status, "the host's address is not allowed");
    assert!(hook.arrived().is_empty());
    running.stop().await;
}

#[tokio::test]
async fn there_is_a_most_of_active_ones_and_of_what_waits() {
    each_engine(|kit| async move {
        let hook = Hook::with(|_, _| 500).await;
        let delays = vec![std::time::Duration::from_secs(60)];
        let running = start(&kit, Settings { active_max: 2, queue_max: 3, delays, ..quick() });
        let tree = asking("Patient?name=a", &hook.url(""), false);
        subscribe(&kit, "a", &tree, "active").await;
        subscribe(&kit, "b", &asking("Patient?name=b", &hook.url(""), false), "active").await;
        let third = subscribe(&kit, "c", &tree, "error").await;
        assert!(str_at(&third, &["error"]).unwrap().contains("2 active subscriptions"));
        for n in 0..4 {
            put(&kit, &format!("p{n}"), &patient("a")).await;
            caught_up(&kit).await;
        }
        let full = becomes(&kit, "a", "error").await;
        assert!(str_at(&full, &["error"]).unwrap().contains("more than 3 notifications"));
        // There is room again for another.
        subscribe(&kit, "c", &asking("Patient?name=c", &hook.url(""), false), "active").await;
        running.stop().await;
    })
    .await;
}
