//! A node whose program makes other index rows than the one before makes them anew, beside its work.

use crate::engine::meddle;
use crate::kit::*;
use yba_store::{Indexing, Value};
use yba_testkit::{Kit, engines};

const MANY: usize = 230;

async fn lived_in(kit: &Kit) {
    let store = kit.store();
    for number in 0..MANY {
        save(store, &patient(&format!("p{number}"), "Lò Thị Mẫu")).await;
    }
    for number in 0..20 {
        save(store, &observation(&format!("o{number}"), &format!("p{number}"), "5.4")).await;
        save(store, &patient(&format!("p{number}"), "Vàng A Páo")).await;
    }
    delete(store, "Observation", "o7").await;
}

/// Makes the rows those of another program, which wrote no pairs, other words and a parameter too many.
fn make_old(kit: &Kit, epoch: Option<&str>) {
    meddle(kit, "DELETE FROM ix_pair", &[]);
    meddle(kit, "UPDATE ix_string SET folded = 'x' || folded WHERE exact <> ''", &[]);
    let stray = "INSERT INTO ix_uri (p, uri, rid, t_from, t_to) SELECT 5, 'u', rid, t_from, t_to FROM ix_life \
                 WHERE t_to = 9223372036854775807";
    meddle(kit, stray, &[]);
    match epoch {
        Some(epoch) => meddle(kit, "UPDATE meta SET value = ?1 WHERE name = 'index'", &[Value::from(epoch)]),
        None => meddle(kit, "DELETE FROM meta WHERE name = 'index'", &[]),
    };
}

async fn until_done(kit: &Kit) {
    let mut indexing = kit.store().indexing();
    indexing.wait_for(Indexing::is_done).await.unwrap();
}

#[tokio::test]
async fn rows_of_an_older_or_newer_program_are_made_anew_at_start() {
    for epoch in [None, Some("1"), Some("999"), Some("999:40")] {
        for kit in engines() {
            lived_in(&kit).await;
            let links = ids(kit.store(), "Patient", "name=vang&_count=3").await;
            make_old(&kit, epoch);
            assert_eq!(ids(kit.store(), "Patient", "name=vang").await, [""; 0], "the rows are others now");
            let problems = yba_store::check(kit.store(), |_| {}).await.unwrap().problems;
            assert!(problems.iter().any(|one| one.contains("ix_pair of Observation/o3")), "{problems:?}");
            let kit = kit.reopened().await;
            let report = yba_store::check(kit.store(), |_| {}).await.unwrap();
            assert_eq!(report.problems, Vec::<String>::new(), "the check waits until they are made anew");
            assert_eq!(ids(kit.store(), "Patient", "name=vang&_count=3").await, links);
            let again = kit.reopened().await;
            assert!(again.store().indexing().borrow().is_done(), "and it is done once");
        }
    }
}

#[tokio::test]
async fn an_interrupted_one_goes_on_where_it_was() {
    for kit in engines() {
        lived_in(&kit).await;
        make_old(&kit, None);
        let here = format!("{}:{}", yba_store::index::EPOCH, MANY);
        meddle(&kit, "INSERT INTO meta (name, value) VALUES ('index', ?1)", &[Value::from(here)]);
        let kit = kit.reopened().await;
        until_done(&kit).await;
        let problems = yba_store::check(kit.store(), |_| {}).await.unwrap().problems;
        let others = problems.iter().filter(|one| !one.contains("of Patient/p"));
        assert_eq!(others.collect::<Vec<_>>(), [&format!("index ix_uri: {MANY} rows belong to no record")]);
        assert_eq!(problems.len(), 2 * MANY + 1, "those said to be done were left alone");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn writes_go_on_meanwhile_and_searches_answer() {
    for kit in engines() {
        lived_in(&kit).await;
        make_old(&kit, Some("1"));
        let kit = kit.reopened().await;
        let store = kit.store();
        for round in 0..40 {
            save(store, &patient(&format!("p{round}"), &format!("Tên {round}"))).await;
            assert_eq!(ids(store, "Patient", &format!("name=ten {round}")).await, [format!("p{round}")]);
            delete(store, "Patient", &format!("p{}", round + 100)).await;
        }
        until_done(&kit).await;
        let problems = yba_store::check(store, |_| {}).await.unwrap().problems;
        assert_eq!(problems, Vec::<String>::new());
    }
}

#[tokio::test]
async fn tables_of_the_first_schema_get_what_they_lack() {
    for kit in engines() {
        lived_in(&kit).await;
        meddle(&kit, "DROP TABLE ix_pair", &[]);
        meddle(&kit, "DELETE FROM meta WHERE name = 'index'", &[]);
        meddle(&kit, "UPDATE meta SET value = '1' WHERE name = 'schema'", &[]);
        let kit = kit.reopened().await;
        assert_eq!(yba_store::check(kit.store(), |_| {}).await.unwrap().problems, Vec::<String>::new());
    }
}
