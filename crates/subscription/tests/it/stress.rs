//! Many changes at once: nobody misses one, and everybody hears of them in the order of the log.

use crate::hook::*;
use yba_testkit::each_engine;

const CHANGES: usize = 2000;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_burst_is_missed_by_nobody() {
    each_engine(|kit| async move {
        let hooks = [Hook::open().await, Hook::with(|n, _| if n % 400 == 7 { 503 } else { 200 }).await];
        let last = Hook::open().await;
        let running = start(&kit, quick());
        subscribe(&kit, "all", &asking("Patient", &hooks[0].url(""), true), "active").await;
        subscribe(&kit, "shaky", &asking("Patient?gender:missing=true", &hooks[1].url(""), true), "active")
            .await;
        subscribe(&kit, "some", &asking("Patient?name=so7", &last.url(""), true), "active").await;
        for chunk in 0..CHANGES / 40 {
            let change = |n: usize, id: usize| {
                let n = 40 * chunk + n;
                putting(&format!("p{}", 40 * chunk + id), &patient(&format!("{n} so{}", n % 10)))
            };
            let made = (0..30).map(|n| change(n, n)).collect();
            kit.records.transact(&kit.ctx(), made).await.unwrap();
            // Some of them change before anybody has heard of them.
            let changed = (30..40).map(|n| change(n, n - 30)).collect();
            kit.records.transact(&kit.ctx(), changed).await.unwrap();
        }
        let log: Vec<String> = {
            let all = kit.store().changes_after(0, 10_000).await.unwrap();
            let told = all.into_iter().filter(|one| one.kind == "Patient");
            told.map(|one| String::from_utf8(one.body.to_vec()).unwrap()).collect()
        };
        assert_eq!(log.len(), CHANGES);
        let bodies = |hook: &Hook| -> Vec<String> {
            let all = hook.arrived().into_iter();
            let mut all: Vec<String> = all.map(|one| String::from_utf8(one.body.to_vec()).unwrap()).collect();
            all.dedup();
            all
        };
        until(|| async { hooks[0].arrived().len() >= CHANGES && hooks[1].arrived().len() >= CHANGES + 5 })
            .await;
        until(|| async { last.arrived().len() >= CHANGES / 10 }).await;
        running.stop().await;
        assert_eq!(bodies(&hooks[0]), log);
        assert_eq!(bodies(&hooks[1]), log);
        let some: Vec<String> = log.iter().filter(|body| body.contains(" so7\"")).cloned().collect();
        assert_eq!(bodies(&last), some);
    })
    .await;
}
