//! What is sent, to whom, in which order, and what becomes of it when it cannot be.

use crate::hook::*;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use std::time::Duration;
use yba_fhir::json::{json, str_at};
use yba_records::Change;
use yba_subscription::letters::{letters, redeliver};
use yba_subscription::{FAILURES_MAX, Settings};
use yba_testkit::each_engine;

const CRITERIA: &str = "Observation?code=http://loinc.org|2345-7&patient=Patient/1";

#[tokio::test]
async fn a_match_is_told_of_and_nothing_else() {
    each_engine(|kit| async move {
        let (hook, running) = (Hook::open().await, start(&kit, quick()));
        put(&kit, "before", &glucose("1", "a")).await;
        subscribe(&kit, "s", &asking(CRITERIA, &hook.url("/hook?key=1"), false), "active").await;
        put(&kit, "o", &glucose("1", "a")).await;
        put(&kit, "other", &glucose("2", "a")).await;
        put(&kit, "1", &patient("Lò Thị Mẫu")).await;
        // Changed twice; changed so that it does not match any more; deleted.
        put(&kit, "o", &glucose("1", "b")).await;
        put(&kit, "o", &glucose("2", "b")).await;
        kit.records.transact(&kit.ctx(), vec![Change::delete("Observation", "o")]).await.unwrap();
        // Equal content is no change.
        put(&kit, "before", &glucose("1", "a")).await;
        let arrived = hook.after(2).await;
        for one in arrived {
            assert_eq!((one.method, one.path.as_str(), one.body.len()), (Method::POST, "/hook?key=1", 0));
            assert_eq!(one.headers["user-agent"], "yba");
            assert_eq!(one.headers["host"], hook.address.to_string());
            assert!(!one.headers.contains_key("content-type"));
        }
        running.stop().await;
    })
    .await;
}

#[tokio::test]
async fn with_a_payload_the_very_version_is_put_with_the_headers_that_were_asked() {
    each_engine(|kit| async move {
        let (hook, running) = (Hook::open().await, start(&kit, quick()));
        let mut tree = asking(CRITERIA, &hook.url("/fhir/"), true);
        tree["channel"]["header"] = json!(["Authorization: Bearer abc", "X-Node: a", "X-Node: b"]);
        subscribe(&kit, "s", &tree, "active").await;
        for value in ["a", "b", "c"] {
            put(&kit, "o", &glucose("1", value)).await;
        }
        let arrived = hook.after(3).await;
        for (one, value) in arrived.iter().zip(["a", "b", "c"]) {
            assert_eq!((&one.method, one.path.as_str()), (&Method::PUT, "/fhir/Observation/o"));
            assert_eq!(text_of(&one.body, "valueString"), value);
            assert_eq!(one.headers["content-type"], "application/fhir+json");
            assert_eq!(one.headers["authorization"], "Bearer abc");
            assert_eq!(one.headers.get_all("x-node").iter().collect::<Vec<_>>(), ["a", "b"]);
        }
        let history = kit
            .store()
            .history(&yba_store::Past::of_record("Observation", "o", 9), &yba_store::Scope::All)
            .await
            .unwrap();
        assert_eq!(arrived[2].body, history[0].version.body, "the bytes are those that a read gives");
        running.stop().await;

        // Before anything left, the trail said who was shown.
        kit.records.trail().sync();
        let trail = std::fs::read_dir(kit.records.trail().folder()).unwrap();
        let text: String =
            trail.filter_map(|file| std::fs::read_to_string(file.unwrap().path()).ok()).collect();
        let noted: Vec<&str> = text.lines().filter(|line| line.contains(r#""action":"notify""#)).collect();
        assert_eq!(noted.len(), 3);
        assert!(
            noted[0].contains(r#""patients":["1"]"#) && noted[0].contains("Subscription/s"),
            "{}",
            noted[0]
        );
        assert!(!text.contains("Bearer"), "no secrets in the trail");
    })
    .await;
}

#[tokio::test]
async fn chains_are_judged_as_all_was_when_the_transaction_was_done() {
    each_engine(|kit| async move {
        let (hook, running) = (Hook::open().await, start(&kit, quick()));
        let criteria = "Observation?patient.name=lan";
        subscribe(&kit, "s", &asking(criteria, &hook.url(""), true), "active").await;
        // The observation comes before its patient in one transaction.
        let changes = vec![putting("o1", &glucose("p", "a")), putting("p", &patient("Lan"))];
        kit.records.transact(&kit.ctx(), changes).await.unwrap();
        put(&kit, "p", &patient("Hoa")).await;
        put(&kit, "o2", &glucose("p", "a")).await;
        put(&kit, "p", &patient("Lan")).await;
        put(&kit, "o3", &glucose("p", "a")).await;
        hook.after(2).await;
        assert_eq!(hook.paths(), ["/Observation/o1", "/Observation/o3"]);
        running.stop().await;
    })
    .await;
}

#[tokio::test]
async fn a_failure_is_tried_again_and_order_is_kept() {
    each_engine(|kit| async move {
        let hook = Hook::with(|n, _| if n < 2 { 503 } else { 201 }).await;
        let running = start(&kit, quick());
        subscribe(&kit, "s", &asking("Patient", &hook.url(""), true), "active").await;
        for id in ["a", "b", "c"] {
            put(&kit, id, &patient(id)).await;
        }
        hook.after(5).await;
        let expected = ["a", "a", "a", "b", "c"].map(|id| format!("/Patient/{id}"));
        assert_eq!(hook.paths(), expected);
        let left = letters(&kit.records, &kit.ctx(), "s").await.unwrap();
        assert_eq!((left.letters.len(), left.waiting, left.dropped), (0, 0, 0));
        running.stop().await;
    })
    .await;
}

#[tokio::test]
async fn tries_wait_longer_each_time() {
    let kit = yba_testkit::records();
    let hook = Hook::with(|_, _| 500).await;
    let delays = vec![Duration::from_secs(1), Duration::from_secs(5)];
    let running = start(&kit, Settings { delays, ..quick() });
    subscribe(&kit, "s", &asking("Patient", &hook.url(""), false), "active").await;
    put(&kit, "a", &patient("a")).await;
    hook.after(1).await;
    kit.advance_ms(999);
    tokio::time::sleep(Duration::from_millis(300)).await;
    hook.after(1).await;
    kit.advance_ms(1);
    hook.after(2).await;
    kit.advance_ms(4900);
    tokio::time::sleep(Duration::from_millis(300)).await;
    hook.after(2).await;
    kit.advance_ms(100);
    hook.after(3).await;
    until(|| async { letters(&kit.records, &kit.ctx(), "s").await.unwrap().letters.len() == 1 }).await;
    running.stop().await;
}

#[tokio::test]
async fn dead_letters_are_kept_read_and_put_back() {
    each_engine(|kit| async move {
        let hook = Hook::with(|n, _| if n < 4 { 404 } else { 200 }).await;
        let running = start(&kit, quick());
        subscribe(&kit, "s", &asking("Patient", &hook.url(""), true), "active").await;
        put(&kit, "a", &patient("a")).await;
        put(&kit, "b", &patient("b")).await;
        hook.after(5).await;
        let ctx = kit.ctx();
        let found = letters(&kit.records, &ctx, "s").await.unwrap();
        let letter = &found.letters[0];
        assert_eq!((found.letters.len(), found.waiting, letter.tries), (1, 0, 4));
        assert_eq!((letter.id.as_str(), letter.status.as_str()), ("a", "HTTP 404"));
        assert_eq!(letter.at, yba_testkit::MORNING_MS);

        let put_back = &running.settings.put_back;
        assert_eq!(redeliver(&kit.records, &ctx, "s", put_back).await.unwrap(), 1);
        hook.after(6).await;
        assert_eq!(hook.paths().last().unwrap(), "/Patient/a");
        assert!(letters(&kit.records, &ctx, "s").await.unwrap().letters.is_empty());
        assert_eq!(redeliver(&kit.records, &ctx, "s", put_back).await.unwrap(), 0);

        let stranger = yba_records::Ctx::stranger("test");
        assert!(letters(&kit.records, &stranger, "s").await.is_err());
        assert!(redeliver(&kit.records, &stranger, "s", put_back).await.is_err());
        assert!(letters(&kit.records, &ctx, "none").await.is_err());
        running.stop().await;
    })
    .await;
}

#[tokio::test]
async fn too_many_failures_in_a_row_stop_a_subscription_until_it_is_requested_again() {
    each_engine(|kit| async move {
        let most = FAILURES_MAX as usize;
        let hook = Hook::with(move |n, _| if n < most { 410 } else { 200 }).await;
        let running = start(&kit, Settings { letters_max: 2, ..quick() });
        let mut tree = asking("Patient", &hook.url(""), true);
        tree["channel"]["header"] = json!(["Authorization: Bearer abc"]);
        subscribe(&kit, "s", &tree, "active").await;
        // One transaction, so that all wait when the first fails. 410 is not tried again.
        let changes = (0..most + 2).map(|n| putting(&format!("p{n}"), &patient("a")));
        kit.records.transact(&kit.ctx(), changes.collect()).await.unwrap();
        let failed = becomes(&kit, "s", "error").await;
        let error = str_at(&failed, &["error"]).unwrap();
        assert!(error.contains("HTTP 410") && !error.contains("abc"), "{error}");
        hook.after(most).await;
        caught_up(&kit).await;
        let found = letters(&kit.records, &kit.ctx(), "s").await.unwrap();
        assert_eq!((found.letters.len(), found.dropped, found.waiting), (2, most as i64 - 2, 2));
        assert_eq!(found.letters[0].id, "p1", "the oldest is dropped");

        // What happens meanwhile is not told of; what waited is, once it is active again.
        put(&kit, "meanwhile", &patient("a")).await;
        let active = subscribe(&kit, "s", &tree, "active").await;
        assert_eq!(str_at(&active, &["error"]), None);
        put(&kit, "after", &patient("a")).await;
        let arrived = hook.after(most + 3).await;
        let last: Vec<&str> = arrived[most..].iter().map(|one| one.path.as_str()).collect();
        assert_eq!(last, ["/Patient/p3", "/Patient/p4", "/Patient/after"]);
        running.stop().await;
    })
    .await;
}

#[tokio::test]
async fn one_who_does_not_answer_holds_up_nobody_else() {
    let kit = yba_testkit::records();
    let hook = Hook::open().await;
    // Accepts connections and says nothing.
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let silent_url = format!("http://{}", silent.local_addr().unwrap());
    let running = start(&kit, quick());
    subscribe(&kit, "a", &asking("Patient", &silent_url, false), "active").await;
    subscribe(&kit, "b", &asking("Patient", &hook.url(""), false), "active").await;
    let begun = std::time::Instant::now();
    for n in 0..20 {
        put(&kit, &format!("p{n}"), &patient("a")).await;
    }
    hook.after(20).await;
    assert!(begun.elapsed() < Duration::from_secs(8));
    // Stopping does not wait for it either.
    running.stop().await;
    assert!(begun.elapsed() < Duration::from_secs(10));
}

#[tokio::test]
async fn redirects_are_not_followed_and_long_answers_not_read() {
    let kit = yba_testkit::records();
    let other = Hook::open().await;
    let to = HeaderValue::from_str(&other.url("/there")).unwrap();
    let hook = Hook::answering(move |n, _| match n {
        0 => {
            let headers = HeaderMap::from_iter([(axum::http::header::LOCATION, to.clone())]);
            (StatusCode::TEMPORARY_REDIRECT, headers, Vec::new())
        }
        _ => (StatusCode::OK, HeaderMap::new(), vec![b'x'; 32 << 20]),
    })
    .await;
    let running = start(&kit, quick());
    subscribe(&kit, "s", &asking("Patient", &hook.url(""), false), "active").await;
    put(&kit, "a", &patient("a")).await;
    hook.after(2).await;
    assert!(other.arrived().is_empty());
    assert_eq!(letters(&kit.records, &kit.ctx(), "s").await.unwrap().waiting, 0);
    running.stop().await;
}
