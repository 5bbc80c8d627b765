//! Opening, closing, derived tables, blobs, and what an engine does when it is disturbed.

use crate::kit::*;
use std::time::Duration;
use yba_fhir::Kind;
use yba_store::db::Connection;
use yba_store::{Effect, Expect, Options, Place, Query, Refusal, Scope, Statement, Store, Value};
use yba_testkit::{Kit, each_engine, engines, records_on_postgres};

/// Runs SQL past the store, as an administrator might.
pub fn meddle(kit: &Kit, sql: &str, params: &[Value]) -> u64 {
    std::thread::scope(|scope| {
        let work = || Connection::writer(&kit.place()).unwrap().execute(sql, params).unwrap();
        scope.spawn(work).join().unwrap()
    })
}

#[tokio::test]
async fn a_store_that_was_closed_goes_on_where_it_was() {
    for kit in engines() {
        let incarnation = kit.store().identity().clone();
        save(kit.store(), &patient("a", "Lò")).await;
        kit.store().migrate(&["CREATE TABLE IF NOT EXISTS d (k TEXT PRIMARY KEY)"]).await.unwrap();
        kit.store().derive("follower", 1, vec![]).await.unwrap();
        let before = kit.store().read("Patient", "a").await.unwrap().unwrap();
        let kit = kit.reopened().await;
        let store = kit.store();
        assert_eq!((store.identity(), store.head_t()), (&incarnation, 1));
        assert_eq!(store.cursor("follower").await.unwrap(), 1);
        let (effect, after) = save(store, &patient("a", "Vàng")).await;
        assert_eq!((effect, after.t, after.parents), (Effect::Updated, 2, vec![before.version_id]));
        assert!(after.hlc > before.hlc, "the clock stands still, versions do not");
        assert_eq!(ids(store, "Patient", "name=vang").await, ["a"]);
    }
}

#[test]
fn the_log_is_walked_in_its_order_and_never_sorted() {
    let kit = yba_testkit::records();
    let mut connection = Connection::reader(&kit.place()).unwrap();
    let along = connection.along_log();
    assert_eq!(along, kit.place().along_log());
    for end in
        ["AND t > ?1 ORDER BY t LIMIT 5", "AND t < ?1 ORDER BY t DESC LIMIT 1", "ORDER BY t DESC LIMIT 1"]
    {
        let sql = format!("SELECT t, body FROM version{along} WHERE shard = 0 {end}");
        let params = if end.contains('?') { vec![Value::Int(1)] } else { Vec::new() };
        let plan = connection.explain(&sql, &params).unwrap().join("; ");
        assert!(!plan.contains("ORDER BY") && !plan.contains("version_"), "{sql}: {plan}");
    }
}

#[tokio::test]
async fn one_folder_has_one_writer() {
    for kit in engines() {
        let refused = Store::open(kit.options()).err().unwrap();
        assert_eq!((refused.kind, refused.issues[0].key), (Kind::Unavailable, "data-folder-locked"));
        save(kit.store(), &patient("a", "Lò")).await;
        // Not closed, only let go, with work still waiting: the next opener sees all of it or waits.
        let store = kit.store().clone();
        let busy: Vec<_> = (0..50)
            .map(|number| {
                let store = store.clone();
                tokio::spawn(async move { save(&store, &patient(&format!("p{number}"), "A")).await.1.t })
            })
            .collect();
        for one in busy {
            one.await.unwrap();
        }
        let options = kit.options();
        drop(store);
        drop(kit.records.clone());
        let Kit { records, folder: _folder, .. } = kit;
        drop(records);
        let again = Store::open(options).unwrap();
        assert_eq!(again.head_t(), 51);
        save(&again, &patient("b", "Lò")).await;
        again.close().await;
        assert!(commit(&again, vec![put(&again, &patient("c", "C"), Expect::Anything)]).await.is_err());
    }
}

#[tokio::test]
async fn tables_of_a_newer_program_are_refused_and_left_alone() {
    for kit in engines() {
        save(kit.store(), &patient("a", "Lò")).await;
        kit.store().close().await;
        meddle(&kit, "UPDATE meta SET value = '999' WHERE name = 'schema'", &[]);
        meddle(&kit, "DROP TABLE lease", &[]);
        // The closed store still reads and so keeps its folder; the same tables are opened from another.
        let elsewhere = tempfile::tempdir().unwrap();
        let options = Options { place: Some(kit.place()), ..kit.options_in(elsewhere.path()) };
        let refused = Store::open(options).err().unwrap();
        assert_eq!(refused.issues[0].key, "schema-newer");
        assert!(kit.store().query("SELECT * FROM lease", vec![]).await.is_err(), "nothing was created");
    }
}

/// A copy of a node's file that both count on would give one version id to two contents.
#[tokio::test]
async fn a_copied_file_takes_a_new_incarnation() {
    let kit = yba_testkit::records();
    save(kit.store(), &patient("a", "Lò")).await;
    kit.store().close().await;
    let copy = tempfile::tempdir().unwrap();
    std::fs::copy(kit.folder.path().join("yba.db"), copy.path().join("yba.db")).unwrap();
    let copied = Store::open(kit.options_in(copy.path())).unwrap();
    assert_eq!(copied.identity().node, kit.store().identity().node);
    assert_ne!(copied.identity().incarnation, kit.store().identity().incarnation);
    let (_, version) = save(&copied, &patient("b", "Lò")).await;
    assert!(version.version_id.starts_with(&copied.identity().incarnation));
    copied.close().await;
}

#[tokio::test]
async fn derived_tables_and_their_cursor_move_together() {
    each_engine(|kit| async move {
        let store = kit.store();
        store
            .migrate(&["CREATE TABLE IF NOT EXISTS tally (k TEXT PRIMARY KEY, n BIGINT NOT NULL, x REAL, b BLOB)"])
            .await
            .unwrap();
        let add = |n: i64| {
            Statement::new(
                "INSERT INTO tally (k, n, x, b) VALUES (?1, ?2, ?3, ?4) ON CONFLICT (k) DO UPDATE SET n = tally.n + excluded.n",
                vec![Value::from("a"), Value::Int(n), Value::Real(0.5), Value::Blob(vec![0, 255].into())],
            )
        };
        store.derive("f", 5, vec![add(2), add(3)]).await.unwrap();
        let broken = Statement::new("INSERT INTO tally (k, n) VALUES (?1, ?2)", vec![Value::from("a"), Value::Int(1)]);
        assert!(store.derive("f", 9, vec![add(100), broken]).await.is_err());
        let rows = store.query("SELECT n, x, b FROM tally WHERE k = ?1", vec![Value::from("a")]).await.unwrap();
        assert_eq!((rows[0].int(0), rows[0].blob(2).to_vec(), store.cursor("f").await.unwrap()), (5, vec![0, 255], 5));
        assert_eq!(store.cursor("unknown").await.unwrap(), 0);
        // Sums and means come back alike from both engines.
        store.derive("f", 6, vec![Statement::new("INSERT INTO tally (k, n) VALUES ('b', -12345678901)", vec![])]).await.unwrap();
        let rows = store.query("SELECT SUM(n), COUNT(*), SUM(n) * 1.5 FROM tally", vec![]).await.unwrap();
        assert_eq!((rows[0].int(0), rows[0].int(1)), (-12_345_678_896, 2));
        let value = &rows[0].0[2];
        let real = match value {
            Value::Real(number) => *number,
            Value::Int(number) => *number as f64,
            other => panic!("{other:?}"),
        };
        assert_eq!(real, -18_518_518_344.0);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn blobs_are_kept_once_by_many_at_once() {
    let kit = yba_testkit::records();
    let content: Vec<u8> = (0..3_000_000u32).map(|at| at as u8).collect();
    let mut running = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let (blobs, content) = (kit.store().blobs().clone(), content.clone());
        running.spawn_blocking(move || blobs.put(&content).unwrap());
    }
    let mut hashes = Vec::new();
    while let Some(hash) = running.join_next().await {
        hashes.push(hash.unwrap());
    }
    hashes.dedup();
    assert_eq!(kit.store().blobs().list().unwrap(), hashes);
    assert_eq!(kit.store().blobs().get(&hashes[0]).unwrap().unwrap(), content);
    let torn = kit.folder.path().join("blobs").join(&hashes[0][..2]).join(format!("{}.part9", hashes[0]));
    std::fs::write(&torn, b"half").unwrap();
    let kit = kit.reopened().await;
    assert!(!torn.exists(), "what a dead program left half written is cleared away");
    assert_eq!(kit.store().blobs().list().unwrap(), hashes);
}

#[tokio::test]
async fn a_request_that_breaks_the_database_hurts_no_other() {
    each_engine(|kit| async move {
        let store = kit.store();
        // A hole punched by hand: a version whose position the next write wants.
        save(store, &patient("a", "Lò")).await;
        let taken = "INSERT INTO version (t, tx, rid, kind, id, version_id, parents, origin, hlc, hash, deleted, body) \
                     VALUES (2, 2, 2, 'Patient', 'x', 'x-1', '', 'x', 1, ?1, 1, ?1)";
        meddle(&kit, taken, &[Value::Blob(vec![].into())]);
        let refused = commit(store, vec![put(store, &patient("b", "B"), Expect::Anything)]).await.unwrap_err();
        assert!(matches!(refused, Refusal::Failed(_)));
        meddle(&kit, "DELETE FROM version WHERE t = 2", &[]);
        assert_eq!(save(store, &patient("b", "B")).await.1.t, 2);
        crate::changes::kit_is_sound(&kit).await;
    })
    .await;
}

#[tokio::test]
async fn a_database_has_one_writer_and_an_old_one_can_commit_nothing() {
    let Some(kit) = records_on_postgres() else { return };
    let elsewhere = tempfile::tempdir().unwrap();
    save(kit.store(), &patient("a", "Lò")).await;
    let refused = Store::open(kit.options_in(elsewhere.path())).err().unwrap();
    assert_eq!((refused.kind, refused.issues[0].key), (Kind::Unavailable, "lease-held"));

    // As if the first node had given no sign for half a minute.
    meddle(&kit, "UPDATE lease SET renewed = renewed - 31000", &[]);
    let second = Store::open(kit.options_in(elsewhere.path())).unwrap();
    let fenced = commit(kit.store(), vec![put(kit.store(), &patient("a", "Cũ"), Expect::Anything)]).await;
    assert!(matches!(fenced, Err(Refusal::Failed(reason)) if reason.contains("taken over")));
    assert!(kit.store().derive("f", 1, vec![]).await.is_err());
    assert!(kit.store().clear_closed(0).await.is_err());
    let (_, version) = save(&second, &patient("a", "Mới")).await;
    assert_eq!(version.t, 2);
    assert_eq!(second.changes_after(0, 10).await.unwrap().len(), 2);

    // Closed properly, it leaves the place at once.
    second.close().await;
    let third = tempfile::tempdir().unwrap();
    let third_store = Store::open(kit.options_in(third.path())).unwrap();
    assert_eq!(third_store.head_t(), 2);
    third_store.close().await;
}

/// The network or an administrator cuts connections at any moment, commits included: what was acknowledged is there,
/// what was refused is not, and the writer goes on.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cut_connections_lose_nothing_and_double_nothing() {
    let Some(kit) = records_on_postgres() else { return };
    let store = kit.store().clone();
    let done = std::sync::atomic::AtomicBool::new(false);
    let mut outcomes: Vec<(String, bool)> = Vec::new();
    let database = kit.database().unwrap();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for round in 0u64.. {
                if done.load(std::sync::atomic::Ordering::SeqCst) {
                    break;
                }
                std::thread::sleep(Duration::from_millis(5 + round * 7 % 40));
                database.cut_connections();
            }
        });
        let runtime = tokio::runtime::Handle::current();
        let writes = scope.spawn(move || {
            runtime.block_on(async {
                let mut outcomes = Vec::new();
                for round in 0..60 {
                    let mut running = tokio::task::JoinSet::new();
                    for number in 0..8 {
                        let (store, id) = (store.clone(), format!("p{round}-{number}"));
                        running.spawn(async move {
                            let writes = vec![
                                put(&store, &patient(&id, "A"), Expect::Absent),
                                put(&store, &observation(&format!("o-{id}"), &id, "1"), Expect::Absent),
                            ];
                            let done = commit(&store, writes).await;
                            assert!(
                                !matches!(done, Err(Refusal::Head { .. })),
                                "its own write was taken for another's"
                            );
                            (id, done.is_ok())
                        });
                    }
                    while let Some(one) = running.join_next().await {
                        outcomes.push(one.unwrap());
                    }
                }
                outcomes
            })
        });
        outcomes = writes.join().unwrap();
        done.store(true, std::sync::atomic::Ordering::SeqCst);
    });
    let store = kit.store();
    // One read may still meet a connection that was cut.
    let mut log = store.changes_after(0, 10_000).await;
    while log.is_err() {
        log = store.changes_after(0, 10_000).await;
    }
    let log = log.unwrap();
    assert_eq!(log.iter().map(|one| one.t).collect::<Vec<_>>(), (1..=log.len() as i64).collect::<Vec<_>>());
    for (id, acknowledged) in &outcomes {
        let here = log.iter().filter(|one| one.id == *id || one.id == format!("o-{id}")).count();
        assert_eq!(here, if *acknowledged { 2 } else { 0 }, "{id} acknowledged: {acknowledged}");
    }
    let good = outcomes.iter().filter(|(_, acknowledged)| *acknowledged).count();
    assert!(good > 20, "only {good} of {} got through", outcomes.len());
    save(store, &patient("after", "Sau")).await;
    assert_eq!(ids(store, "Patient", "name=sau").await, ["after"]);
    let report = yba_store::check::check(store, |_| {}).await.unwrap();
    assert_eq!(report.problems, Vec::<String>::new());
}

/// The program of a query on PostgreSQL may not see values of other types as if they were its own.
#[tokio::test]
async fn a_value_of_the_wrong_type_is_an_error_not_other_bytes() {
    let Some(kit) = records_on_postgres() else { return };
    let asked = kit.store().query("SELECT 1 FROM version WHERE t = ?1", vec![Value::from("x")]).await;
    assert!(asked.unwrap_err().to_string().contains("does not fit"));
    let query = Query::parse_string("Patient", "name=x").unwrap();
    assert!(kit.store().search(&query, &Scope::All, None).await.is_ok());
}

/// Statements are planned by what is known of the tables; when the log has doubled they are looked at and vacuumed.
#[tokio::test]
async fn tables_of_postgres_are_vacuumed_when_they_have_grown() {
    let Some(kit) = records_on_postgres() else { return };
    let store = kit.store();
    let writes =
        (0..600).map(|n| put(store, &patient(&format!("p{n}"), "Lò"), Expect::Absent)).collect::<Vec<_>>();
    commit(store, writes).await.unwrap();
    let sql = "SELECT count(*) FROM pg_class WHERE relname IN ('version', 'ix_token', 'ix_reference', 'ix_patient') \
               AND reltuples >= 0 AND relallvisible = relpages";
    for _ in 0..100 {
        if store.query(sql, Vec::new()).await.unwrap()[0].int(0) == 4 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("not vacuumed in 10 s");
}

/// Only a near engine is asked on the thread of the request. By this spelling of 127.0.0.1 the same one counts as far.
#[tokio::test]
async fn a_far_postgres_is_asked_from_other_threads() {
    let Some(database) = yba_testkit::postgres::Database::fresh() else { return };
    let place = Place::Postgres(database.url().replace("127.0.0.1", "127.1"));
    assert!(!place.is_near() && database.place().is_near());
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(Options { place: Some(place), ..Options::folder(folder.path()) }).unwrap();
    save(&store, &patient("a", "Lò Thị Mẫu")).await;
    save(&store, &observation("o", "a", "5.4")).await;
    assert_eq!(store.read("Patient", "a").await.unwrap().unwrap().id, "a");
    assert_eq!(ids(&store, "Observation", "patient.name=mau&_sort=-date").await, ["o"]);
    assert_eq!(ids(&store, "Patient", "_count=1000").await, ["a"]);
    store.close().await;
}
