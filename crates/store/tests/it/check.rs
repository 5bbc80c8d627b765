//! `check` finds nothing where nothing is wrong, and everything that was meddled with.

use crate::engine::meddle;
use crate::kit::*;
use yba_store::{CheckReport, Value};
use yba_testkit::{Kit, engines};

async fn check(kit: &Kit) -> CheckReport {
    yba_store::check(kit.store(), |_| {}).await.unwrap()
}

async fn lived_in(kit: &Kit) {
    let store = kit.store();
    for number in 0..30 {
        save(store, &patient(&format!("p{number}"), "Lò Thị Mẫu")).await;
        save(store, &observation(&format!("o{number}"), &format!("p{}", number % 7), "5.4")).await;
    }
    for number in 0..10 {
        save(store, &patient(&format!("p{number}"), "Vàng A Páo")).await;
        delete(store, "Observation", &format!("o{number}")).await;
    }
    save(store, &observation("o3", "p1", "7")).await;
    store.derive("f", 3, vec![]).await.unwrap();
    store.blobs().put(b"phim").unwrap();
}

#[tokio::test]
async fn a_store_that_nobody_meddled_with_is_sound() {
    for kit in engines() {
        assert_eq!(check(&kit).await, CheckReport::default(), "an empty one");
        lived_in(&kit).await;
        let (send, steps) = std::sync::mpsc::channel();
        let report = yba_store::check(kit.store(), move |step| send.send(step).unwrap()).await.unwrap();
        assert_eq!(report.problems, Vec::<String>::new());
        assert_eq!((report.versions, report.records, report.audit_entries, report.blobs), (81, 60, 81, 1));
        let steps: Vec<_> = steps.iter().collect();
        assert!(steps.iter().any(|step| step.part == "versions" && step.done == step.total));
        kit.store().clear_closed(kit.store().head_t()).await.unwrap();
        assert_eq!(check(&kit).await.problems, Vec::<String>::new(), "cleared of closed rows");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_check_beside_writers_raises_no_false_alarm() {
    for kit in engines() {
        lived_in(&kit).await;
        let store = kit.store().clone();
        let writer = tokio::spawn(async move {
            for round in 0..60 {
                save(&store, &patient(&format!("p{}", round % 30), &format!("Tên {round}"))).await;
                delete(&store, "Patient", &format!("p{}", (round + 7) % 30)).await;
            }
        });
        while !writer.is_finished() {
            assert_eq!(check(&kit).await.problems, Vec::<String>::new());
        }
        writer.await.unwrap();
    }
}

#[tokio::test]
async fn whatever_was_changed_is_found() {
    let rows: [(&str, &[Value], &str); 13] = [
        (
            "UPDATE version SET body = (SELECT v.body FROM version v WHERE v.t = 3) WHERE t = 5",
            &[],
            "version",
        ),
        ("UPDATE version SET deleted = 1 WHERE t = 81", &[], "version"),
        ("DELETE FROM version WHERE t = 40", &[], "positions 40 to 40 are missing"),
        ("DELETE FROM version WHERE t = 81", &[], "positions 81 to 81 are missing"),
        ("DELETE FROM ix_string WHERE rid = 59", &[], "index ix_string of Patient/p29"),
        (
            "UPDATE ix_token SET code = 'x' WHERE rid = 60 AND code = '2345-7'",
            &[],
            "index ix_token of Observation/o29",
        ),
        (
            "UPDATE ix_quantity SET low = low + 0.001 WHERE rid = 60",
            &[],
            "index ix_quantity of Observation/o29",
        ),
        (
            "INSERT INTO ix_patient (p, patient, rid, t_from, t_to) VALUES (1, 'p5', 60, 60, 9223372036854775807)",
            &[],
            "index ix_patient of Observation/o29",
        ),
        ("UPDATE ix_pair SET high = high + 1 WHERE rid = 60", &[], "index ix_pair of Observation/o29"),
        (
            "INSERT INTO ix_uri (p, uri, rid, t_from, t_to) VALUES (1, 'u', 7777, 60, 9223372036854775807)",
            &[],
            "rows belong to no record",
        ),
        (
            "UPDATE head SET t = 1, version_id = (SELECT v.version_id FROM version v WHERE v.t = 1) WHERE id = 'p0'",
            &[],
            "head of Patient/p0",
        ),
        ("DELETE FROM head WHERE id = 'p9'", &[], "head of Patient/p9"),
        ("UPDATE follower SET t = 1000", &[], "follower f"),
    ];
    for kit in engines() {
        lived_in(&kit).await;
        for (sql, params, told) in rows {
            // Each on a copy would be slow; so what was changed is put back, from tables set aside before.
            for table in [
                "version",
                "head",
                "follower",
                "ix_string",
                "ix_token",
                "ix_quantity",
                "ix_patient",
                "ix_uri",
                "ix_pair",
            ] {
                meddle(&kit, &format!("CREATE TABLE kept_{table} AS SELECT * FROM {table}"), &[]);
            }
            assert!(meddle(&kit, sql, params) > 0, "{sql}");
            let problems = check(&kit).await.problems;
            assert!(problems.iter().any(|one| one.contains(told)), "{sql}: {problems:?}");
            assert!(problems.len() < 20, "{sql}: {problems:?}");
            for table in [
                "version",
                "head",
                "follower",
                "ix_string",
                "ix_token",
                "ix_quantity",
                "ix_patient",
                "ix_uri",
                "ix_pair",
            ] {
                meddle(&kit, &format!("DELETE FROM {table}"), &[]);
                meddle(&kit, &format!("INSERT INTO {table} SELECT * FROM kept_{table}"), &[]);
                meddle(&kit, &format!("DROP TABLE kept_{table}"), &[]);
            }
        }
        assert_eq!(check(&kit).await.problems, Vec::<String>::new());
        for sql in [
            "UPDATE audit SET entry = (SELECT a.hash FROM audit a WHERE a.seq = 9) WHERE seq = 7",
            "UPDATE audit SET at = at + 1 WHERE seq = 80",
        ] {
            meddle(&kit, sql, &[]);
            assert!(check(&kit).await.problems.iter().any(|one| one.contains("audit")), "{sql}");
        }
        let hash = kit.store().blobs().list().unwrap().remove(0);
        std::fs::write(kit.folder.path().join("blobs").join(&hash[..2]).join(&hash), b"film").unwrap();
        assert!(check(&kit).await.problems.iter().any(|one| one.starts_with("blob")));
    }
}
