//! Writing: versions, expectations, groups, the log, history.

use crate::kit::*;
use yba_fhir::json::JsonValueTrait;
use yba_store::{Effect, Expect, Past, Query, Refusal, Scope, Write};
use yba_testkit::{Kit, each_engine};

#[tokio::test]
async fn a_record_is_created_changed_left_alone_deleted_and_created_again() {
    each_engine(|kit| async move {
        let store = kit.store();
        let (effect, first) = save(store, &patient("a", "Lò Thị Mẫu")).await;
        assert_eq!((effect, first.t, first.parents.len()), (Effect::Created, 1, 0));
        assert!(first.version_id.starts_with(&store.identity().incarnation));
        assert_eq!(first.tree()["meta"]["versionId"].as_str(), Some(first.version_id.as_str()));
        assert_eq!(first.tree()["meta"]["lastUpdated"].as_str(), Some(first.last_updated().as_str()));

        let (effect, same) = save(store, &patient("a", "Lò Thị Mẫu")).await;
        assert_eq!((effect, &same.version_id), (Effect::Unchanged, &first.version_id));
        assert_eq!(same.body, first.body, "an unchanged record is answered whole");
        assert_eq!(store.head_t(), 1, "equal content makes no version");

        let (effect, second) = save(store, &patient("a", "Lò Thị Mận")).await;
        assert_eq!((effect, &second.parents), (Effect::Updated, &vec![first.version_id.clone()]));
        assert!(second.hlc > first.hlc, "the clock stands, its counter does not");

        assert_eq!(delete(store, "Patient", "a").await, Effect::Deleted);
        assert_eq!(delete(store, "Patient", "a").await, Effect::NothingToDelete);
        assert_eq!(delete(store, "Patient", "never").await, Effect::NothingToDelete);
        let gone = store.read("Patient", "a").await.unwrap().unwrap();
        assert!(gone.deleted && gone.body.is_empty());
        assert!(ids(store, "Patient", "name=lo").await.is_empty());

        let (effect, fourth) = save(store, &patient("a", "Lò Thị Mận")).await;
        assert_eq!((effect, &fourth.parents), (Effect::Created, &vec![gone.version_id]));
        assert_eq!(ids(store, "Patient", "name=man").await, ["a"]);
        let history = store.history(&Past::of_record("Patient", "a", 10), &Scope::All).await.unwrap();
        assert_eq!(history.iter().map(|event| event.version.t).collect::<Vec<_>>(), [4, 3, 2, 1]);
        let was_there: Vec<bool> = history.iter().map(|event| event.was_there).collect();
        assert_eq!(was_there, [false, true, true, false], "created, deleted, changed, created");
        let older = Past { before: 3, limit: 1, ..Past::of_record("Patient", "a", 1) };
        let older = store.history(&older, &Scope::All).await.unwrap();
        assert_eq!(older[0].version.version_id, second.version_id);
        let old = store.read_version("Patient", "a", &first.version_id).await.unwrap().unwrap();
        assert_eq!(old.body, first.body);
        assert!(store.read_version("Patient", "b", &first.version_id).await.unwrap().is_none());
    })
    .await;
}

#[tokio::test]
async fn what_comes_back_is_what_went_in_to_the_digit() {
    each_engine(|kit| async move {
        let store = kit.store();
        let long = "dài ".repeat(50_000);
        let text = format!(
            r#"{{"resourceType":"Observation","id":"o","x_chưa_biết":[1e3,-0.10,{{"sâu":[[[]]]}}],"valueQuantity":{{"value":2.00}},"note":[{{"text":"Tày 🧑‍🌾 ỗ \ud83d\ude00"}},{{"text":"{long}"}}],"code":{{}}}}"#
        );
        let (_, written) = save(store, &resource(&text)).await;
        let read = store.read("Observation", "o").await.unwrap().unwrap();
        assert_eq!(read.body, written.body);
        let body = String::from_utf8(read.body.to_vec()).unwrap();
        assert!(body.contains(r#""value":2.00"#) && body.contains("[1e3,-0.10,") && body.contains(&long));
        for odd in ["", "a b", "a/b", "\0", "é", &"x".repeat(65)] {
            assert!(store.read("Patient", odd).await.unwrap().is_none());
            assert!(store.read_version("Patient", "a", odd).await.unwrap().is_none());
            assert!(store.history(&Past::of_record("Patient", odd, 5), &Scope::All).await.unwrap().is_empty());
            assert!(store.read_many(vec![("Patient".into(), odd.into())]).await.unwrap().is_empty());
        }
    })
    .await;
}

#[tokio::test]
async fn expectations_hold_or_nothing_of_the_request_is_written() {
    each_engine(|kit| async move {
        let store = kit.store();
        let (_, first) = save(store, &patient("a", "A")).await;
        let stale = Expect::Version("zzzzzzzz-1".into());
        let refused = |expect: Expect, id: &'static str| {
            let writes = vec![
                put(store, &patient("beside", "B"), Expect::Anything),
                put(store, &patient(id, "changed"), expect),
            ];
            commit(store, writes)
        };
        let head = |current: Option<String>, deleted| Refusal::Head { position: 1, current, deleted };
        let there = Some(first.version_id.clone());
        assert_eq!(refused(stale.clone(), "a").await.unwrap_err(), head(there.clone(), false));
        assert_eq!(refused(Expect::Absent, "a").await.unwrap_err(), head(there, false));
        assert_eq!(refused(Expect::Present, "none").await.unwrap_err(), head(None, false));
        assert_eq!(refused(stale.clone(), "none").await.unwrap_err(), head(None, false));
        delete(store, "Patient", "a").await;
        let tombstone = store.read("Patient", "a").await.unwrap().unwrap().version_id;
        assert_eq!(
            refused(Expect::Version(tombstone.clone()), "a").await.unwrap_err(),
            head(Some(tombstone.clone()), true)
        );
        assert_eq!(refused(Expect::Present, "a").await.unwrap_err(), head(Some(tombstone), true));
        assert_eq!(store.head_t(), 2);
        assert!(store.read("Patient", "beside").await.unwrap().is_none());
        let twice = vec![
            put(store, &patient("c", "1"), Expect::Anything),
            put(store, &patient("c", "2"), Expect::Anything),
        ];
        assert!(matches!(commit(store, twice).await.unwrap_err(), Refusal::Failed(_)));
        assert_eq!(
            commit(store, vec![put(store, &patient("a", "A"), Expect::Absent)]).await.unwrap().len(),
            1
        );
    })
    .await;
}

/// Many callers at once: each either wins its record or is refused, and the log has no gap and no order of its own.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_group_commits_what_holds_and_refuses_what_does_not() {
    each_engine(|kit| async move {
        let store = kit.store();
        let mut running = tokio::task::JoinSet::new();
        for number in 0..300 {
            let store = store.clone();
            running.spawn(async move {
                // Three callers want each id; every tenth request also carries a write that cannot hold.
                let id = format!("p{}", number / 3);
                let mut writes = vec![
                    put(&store, &patient(&id, "Tên"), Expect::Absent),
                    put(&store, &observation(&format!("o{number}"), &id, "1.0"), Expect::Absent),
                ];
                if number % 10 == 0 {
                    writes.push(Write::delete("Patient", "nobody", Expect::Present));
                }
                commit(&store, writes)
                    .await
                    .map(|done| done.iter().map(|one| one.version.as_ref().unwrap().t).collect::<Vec<_>>())
            });
        }
        let mut positions = Vec::new();
        let (mut won, mut refused) = (0, 0);
        while let Some(done) = running.join_next().await {
            match done.unwrap() {
                Ok(of_request) => {
                    assert_eq!(of_request[1], of_request[0] + 1, "a request's versions stand together");
                    positions.extend(of_request);
                    won += 1;
                }
                Err(Refusal::Head { .. }) => refused += 1,
                Err(other) => panic!("{other:?}"),
            }
        }
        positions.sort();
        assert_eq!((won, refused), (100, 200));
        assert_eq!(positions, (1..=200).collect::<Vec<_>>());
        let log = store.changes_after(0, 1000).await.unwrap();
        assert_eq!(log.iter().map(|one| one.t).collect::<Vec<_>>(), positions);
        assert!(log.windows(2).all(|two| two[0].hlc < two[1].hlc));
        assert!(log.chunks(2).all(|two| two[0].tx == two[0].t && two[1].tx == two[0].t));
        assert_eq!(ids(store, "Patient", "_count=1000").await.len(), 100);
        assert_eq!(store.changes_after(150, 7).await.unwrap()[0].t, 151);
    })
    .await;
}

/// The same record created, deleted and created again by requests of one group.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_group_may_change_one_record_many_times() {
    each_engine(|kit| async move {
        let store = kit.store();
        save(store, &patient("a", "không")).await;
        for _ in 0..5 {
            let mut running = tokio::task::JoinSet::new();
            for number in 0..40 {
                let store = store.clone();
                running.spawn(async move {
                    match number % 4 {
                        0 => delete(&store, "Patient", "a").await,
                        _ => save(&store, &patient("a", &format!("tên{number}"))).await.0,
                    }
                });
            }
            while let Some(done) = running.join_next().await {
                done.unwrap();
            }
        }
        // What a search says of each moment must be what the log says of it.
        let log = store.changes_after(0, 1000).await.unwrap();
        for version in &log {
            let query = Query::parse_string("Patient", "_id=a").unwrap();
            let found = store.search_at(&query, &Scope::All, version.t).await.unwrap();
            let found: Vec<i64> = found.matches.iter().map(|one| one.t).collect();
            let expected: Vec<i64> = (!version.deleted).then_some(version.t).into_iter().collect();
            assert_eq!(found, expected, "at t {}", version.t);
        }
        kit_is_sound(&kit).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn if_none_exist_is_asked_again_inside_the_group() {
    each_engine(|kit| async move {
        let store = kit.store();
        let mut running = tokio::task::JoinSet::new();
        for number in 0..30 {
            let store = store.clone();
            running.spawn(async move {
                let one = resource(&format!(
                    r#"{{"resourceType":"Patient","id":"p{number}","identifier":[{{"system":"urn:s","value":"{}"}}]}}"#,
                    number / 10
                ));
                let query = Query::parse_string("Patient", &format!("identifier=urn:s|{}", number / 10)).unwrap();
                let beside = put(&store, &patient(&format!("b{number}"), "B"), Expect::Absent);
                let write = put(&store, &one, Expect::Absent).unless(query);
                commit(&store, vec![beside, write]).await
            });
        }
        let mut created = 0;
        while let Some(done) = running.join_next().await {
            match done.unwrap() {
                Ok(_) => created += 1,
                Err(refusal) => assert_eq!(refusal, Refusal::NowExists { position: 1 }),
            }
        }
        assert_eq!(created, 3);
        assert_eq!(store.head_t(), 6, "the refused ones left nothing");
    })
    .await;
}

#[tokio::test]
async fn too_many_index_values_are_refused_before_the_writer() {
    let kit = yba_testkit::records();
    let codes: Vec<String> = (0..30_000).map(|n| format!(r#"{{"code":"c{n}","system":"urn:s"}}"#)).collect();
    let text =
        format!(r#"{{"resourceType":"Observation","id":"o","code":{{"coding":[{}]}}}}"#, codes.join(","));
    let refused = Write::put(&resource(&text), Expect::Anything, kit.store().numbers()).unwrap_err();
    assert_eq!(refused.kind, yba_fhir::Kind::TooLarge);
}

pub async fn kit_is_sound(kit: &Kit) {
    let verdict = yba_records::audit::verify(&kit.records, &[]).await.unwrap();
    assert_eq!(verdict.problems, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_a_transaction_ended_is_not_moved_by_the_next_one() {
    each_engine(|kit| async move {
        let store = kit.store().clone();
        let writer = tokio::spawn({
            let store = store.clone();
            async move {
                for number in 0..600 {
                    save(&store, &patient(&format!("p{number}"), "Lò Thị Mẫu")).await;
                }
            }
        });
        let mut asked = 0;
        while !writer.is_finished() {
            let head = store.head_t();
            for one in store.logged(&["Patient"], head - 1, head).await.unwrap() {
                assert_eq!(
                    store.transaction_end(&one).await.unwrap(),
                    one.t,
                    "each is a transaction of its own"
                );
                asked += 1;
            }
        }
        writer.await.unwrap();
        assert!(asked > 50, "{asked} were asked");
    })
    .await;
}
