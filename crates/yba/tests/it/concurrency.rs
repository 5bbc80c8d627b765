//! Many at once, over the network and on both engines: nothing is made twice, no change is lost, nobody sees half of a
//! transaction or another moment than the one asked for, and who follows the log misses nothing.
//!
//! Bounded to about a minute for each engine; `YBA_TEST_DEEP=1` makes it ten times as much.

use crate::house::{Home, House, JSON, cluster_alone, deep};
use crate::http::{Answer, Line};
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use yba_fhir::json::{JsonValueTrait, Value, items, str_at};
use yba_fhir::{Kind, Resource};
use yba_records::{Change, Ctx};

const PATCH: (&str, &str) = ("content-type", "application/json-patch+json");

/// Runs a case on a new node of each engine, one after the other.
fn each(case: impl Fn(&House)) {
    let home = Home::new();
    eprintln!("engine: SQLite");
    case(&home.serve_open());
    let _alone = cluster_alone();
    if let Some(home) = Home::on_postgres() {
        eprintln!("engine: PostgreSQL");
        case(&home.serve_open());
    }
}

/// How much is done: ten times as much in a deep run.
fn times(count: usize) -> usize {
    if deep() { count * 10 } else { count }
}

fn send(line: &mut Line, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
    line.send(method, path, headers, body.as_bytes())
        .unwrap_or_else(|error| panic!("{method} {path}: {error}"))
}

fn get(line: &mut Line, path: &str) -> Answer {
    let answer = send(line, "GET", path, &[], "");
    assert_eq!(answer.status, 200, "{path}: {}", answer.text());
    answer
}

fn put(line: &mut Line, path: &str, body: &str) -> Answer {
    let answer = send(line, "PUT", path, &[JSON], body);
    assert!(matches!(answer.status, 200 | 201), "{path}: {}", answer.text());
    answer
}

fn resources(bundle: &Value) -> Vec<Value> {
    items(bundle, "entry").map(|entry| entry["resource"].clone()).collect()
}

fn next(bundle: &Value) -> Option<String> {
    let link = items(bundle, "link").find(|link| str_at(link, &["relation"]) == Some("next"))?;
    let url = str_at(link, &["url"])?;
    Some(url[url.find("/fhir").unwrap()..].to_owned())
}

/// All resources of a search, page by page.
fn walk(line: &mut Line, path: &str) -> Vec<Value> {
    let (mut all, mut page) = (Vec::new(), Some(path.to_owned()));
    while let Some(path) = page {
        let bundle = get(line, &path).json();
        all.extend(resources(&bundle));
        page = next(&bundle);
    }
    all
}

fn text(tree: &Value, path: &[&str]) -> String {
    str_at(tree, path).unwrap_or_default().to_owned()
}

/// <https://hl7.org/fhir/R4/http.html#ccreate>, `#cond-update`
#[test]
fn parallel_conditional_creates_make_one_resource() {
    const AT_ONCE: usize = 64;
    const NUMBERS: usize = 20;
    each(|house| {
        let (gate, created) = (Barrier::new(AT_ONCE), AtomicUsize::new(0));
        let ids: Vec<HashSet<String>> = std::thread::scope(|scope| {
            let ask = |worker: usize| {
                let (gate, created) = (&gate, &created);
                move || {
                    let mut line = house.line();
                    let one = |number: usize| {
                        let by_put = number % 2 == 1;
                        let body = format!(
                            r#"{{"resourceType":"Patient","identifier":[{{"system":"urn:x","value":"{number}"}}]}}"#
                        );
                        gate.wait();
                        let condition = format!("identifier=urn:x|{number}");
                        let answer = match by_put {
                            true => send(
                                &mut line,
                                "PUT",
                                &format!("/fhir/Patient?identifier=urn:x%7C{number}"),
                                &[JSON],
                                &body,
                            ),
                            false => send(
                                &mut line,
                                "POST",
                                "/fhir/Patient",
                                &[JSON, ("if-none-exist", &condition)],
                                &body,
                            ),
                        };
                        assert!(matches!(answer.status, 200 | 201), "{worker}: {number}: {}", answer.text());
                        created.fetch_add(usize::from(answer.status == 201), Ordering::Relaxed);
                        text(&answer.json(), &["id"])
                    };
                    (0..NUMBERS).map(one).collect::<Vec<String>>()
                }
            };
            let workers: Vec<_> = (0..AT_ONCE).map(|worker| scope.spawn(ask(worker))).collect();
            let all: Vec<Vec<String>> = workers.into_iter().map(|worker| worker.join().unwrap()).collect();
            (0..NUMBERS).map(|number| all.iter().map(|ids| ids[number].clone()).collect()).collect()
        });
        assert_eq!(created.into_inner(), NUMBERS, "each was created once");
        assert!(ids.iter().all(|ids| ids.len() == 1), "and everybody was shown that one: {ids:?}");
        let all = walk(&mut house.line(), "/fhir/Patient?identifier=urn:x%7C&_count=7");
        assert_eq!(all.len(), NUMBERS);
    });
}

/// A counter in `valueInteger`, read and put back by who has the version, and notes appended by patches, on the same
/// records: <https://hl7.org/fhir/R4/http.html#concurrency>
#[test]
fn ten_thousand_racing_updates_lose_none() {
    const RECORDS: usize = 40;
    const WRITERS: usize = 16;
    each(|house| {
        let mut line = house.line();
        for number in 0..RECORDS {
            let body = format!(
                r#"{{"resourceType":"Observation","id":"c{number}","status":"final","code":{{"text":"đếm"}},"valueInteger":0,"note":[{{"text":"first"}}]}}"#
            );
            put(&mut line, &format!("/fhir/Observation/c{number}"), &body);
        }
        let (left, lost) = (AtomicUsize::new(times(10_000)), AtomicUsize::new(0));
        let done: Vec<Done> = std::thread::scope(|scope| {
            let workers: Vec<_> = (0..WRITERS)
                .map(|worker| {
                    let (left, lost) = (&left, &lost);
                    scope.spawn(move || race(house, worker, left, lost))
                })
                .collect();
            workers.into_iter().map(|worker| worker.join().unwrap()).collect()
        });
        eprintln!("{} updates were overtaken and done again", lost.into_inner());
        // The node closes a connection over which nothing comes for some time.
        line = house.line();
        let mut updates = 0;
        for number in 0..RECORDS {
            let puts: usize = done.iter().map(|done| done.puts[number]).sum();
            let notes: BTreeSet<&str> =
                done.iter().flat_map(|done| done.notes[number].iter().map(String::as_str)).collect();
            let tags: Vec<&str> =
                done.iter().flat_map(|done| done.tags[number].iter().map(String::as_str)).collect();
            let record = get(&mut line, &format!("/fhir/Observation/c{number}")).json();
            assert_eq!(
                record["valueInteger"].as_u64(),
                Some(puts as u64),
                "c{number}: every increment counts"
            );
            let kept: Vec<String> = items(&record, "note").map(|note| text(note, &["text"])).collect();
            assert_eq!(kept.len(), notes.len() + 1, "c{number}");
            assert!(kept[1..].iter().all(|note| notes.contains(note.as_str())), "c{number}");
            assert_eq!(
                tags.iter().collect::<HashSet<_>>().len(),
                tags.len(),
                "c{number}: an ETag is given once"
            );
            let history = walk(&mut line, &format!("/fhir/Observation/c{number}/_history?_count=200"));
            assert_eq!(history.len(), puts + notes.len() + 1, "c{number}: one version for each success");
            let versions: HashSet<String> =
                history.iter().map(|one| text(one, &["meta", "versionId"])).collect();
            assert!(
                versions.len() == history.len() && tags.iter().all(|tag| versions.contains(*tag)),
                "c{number}"
            );
            updates += puts + notes.len();
        }
        assert_eq!(updates, times(10_000));
    });
}

/// What a writer was told that it did, record by record.
struct Done {
    puts: Vec<usize>,
    notes: Vec<Vec<String>>,
    tags: Vec<Vec<String>>,
}

fn race(house: &House, worker: usize, left: &AtomicUsize, lost: &AtomicUsize) -> Done {
    let mut line = house.line();
    let mut done = Done { puts: vec![0; 40], notes: vec![Vec::new(); 40], tags: vec![Vec::new(); 40] };
    let take = || left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok();
    let mut turn = worker;
    while take() {
        turn += 1;
        // A few records are wanted by many, the others by some.
        let number = if turn.is_multiple_of(3) { turn / 3 % 4 } else { (turn * 7 + worker) % 40 };
        let path = format!("/fhir/Observation/c{number}");
        let tag = if turn.is_multiple_of(2) {
            let note = format!("{worker}-{turn}");
            let body = format!(r#"[{{"op":"add","path":"/note/-","value":{{"text":"{note}"}}}}]"#);
            // The server does a patch again when it is overtaken, but not for ever: then it says so.
            let answer = loop {
                let answer = send(&mut line, "PATCH", &path, &[PATCH], &body);
                if !matches!(answer.status, 409 | 412) {
                    break answer;
                }
                lost.fetch_add(1, Ordering::Relaxed);
            };
            assert_eq!(answer.status, 200, "{}", answer.text());
            done.notes[number].push(note);
            answer
        } else {
            let answer = loop {
                let read = get(&mut line, &path);
                let tag = read.header("etag").unwrap().to_owned();
                let value = read.json()["valueInteger"].as_u64().unwrap();
                let body = read.text().replace(
                    &format!(r#""valueInteger":{value}"#),
                    &format!(r#""valueInteger":{}"#, value + 1),
                );
                let answer = send(&mut line, "PUT", &path, &[JSON, ("if-match", &tag)], &body);
                if answer.status != 412 {
                    break answer;
                }
                lost.fetch_add(1, Ordering::Relaxed);
            };
            assert_eq!(answer.status, 200, "{}", answer.text());
            done.puts[number] += 1;
            answer
        };
        let tag = tag.header("etag").unwrap();
        done.tags[number].push(tag.trim_start_matches("W/").trim_matches('"').to_owned());
    }
    done
}

/// <https://hl7.org/fhir/R4/http.html#transaction>: all or nothing, also for who reads.
#[test]
fn readers_never_see_half_a_transaction() {
    const PAIRS: usize = 5;
    each(|house| {
        let side = |side: &str, pair: usize, value: u64| {
            let sisters = if side == "right" {
                format!(r#","hasMember":[{{"reference":"Observation/left-{pair}"}}]"#)
            } else {
                String::new()
            };
            let body = format!(
                r#"{{"resourceType":"Observation","id":"{side}-{pair}","status":"final","code":{{"coding":[{{"code":"pair-{pair}"}}]}},"valueInteger":{value},"identifier":[{{"system":"urn:value","value":"{value}"}}]{sisters}}}"#
            );
            format!(r#"{{"resource":{body},"request":{{"method":"PUT","url":"Observation/{side}-{pair}"}}}}"#)
        };
        let write = |line: &mut Line, pair: usize, value: u64| {
            // One more that comes and goes: two are there, or none.
            let new = |side: &str| {
                let resource = format!(
                    r#"{{"resourceType":"Basic","code":{{"text":"{side}"}},"identifier":[{{"system":"urn:both","value":"{value}"}}]}}"#
                );
                format!(r#"{{"resource":{resource},"request":{{"method":"POST","url":"Basic"}}}}"#)
            };
            let entries =
                [side("left", pair, value), new("a"), side("right", pair, value), new("b")].join(",");
            let body = format!(r#"{{"resourceType":"Bundle","type":"transaction","entry":[{entries}]}}"#);
            let answer = send(line, "POST", "/fhir", &[JSON], &body);
            assert_eq!(answer.status, 200, "{}", answer.text());
        };
        let mut line = house.line();
        (0..PAIRS).for_each(|pair| write(&mut line, pair, pair as u64));
        let (value, over, looks) =
            (AtomicU64::new(PAIRS as u64), AtomicBool::new(false), AtomicUsize::new(0));
        let begun = Instant::now();
        let long = Duration::from_secs(if deep() { 60 } else { 8 });
        std::thread::scope(|scope| {
            for writer in 0..4 {
                let (value, over, write) = (&value, &over, &write);
                scope.spawn(move || {
                    let mut line = house.line();
                    while !over.load(Ordering::Relaxed) {
                        let value = value.fetch_add(1, Ordering::Relaxed);
                        write(&mut line, (writer + value as usize) % PAIRS, value);
                    }
                });
            }
            let readers: Vec<_> = (0..4)
                .map(|reader| {
                    let (value, looks) = (&value, &looks);
                    scope.spawn(move || {
                        let mut line = house.line();
                        while begun.elapsed() < long {
                            let turn = looks.fetch_add(1, Ordering::Relaxed) + reader;
                            look(&mut line, turn, turn % PAIRS, value.load(Ordering::Relaxed));
                        }
                    })
                })
                .collect();
            let seen: Vec<_> = readers.into_iter().map(|reader| reader.join()).collect();
            over.store(true, Ordering::Relaxed);
            seen.into_iter().for_each(|seen| seen.unwrap());
        });
        eprintln!("{} transactions, {} looks", value.into_inner(), looks.into_inner());
    });
}

/// One of the ways to see both sides of a pair; both must say the same.
fn look(line: &mut Line, turn: usize, pair: usize, newest: u64) {
    let (what, seen) = match turn % 6 {
        0 => ("a search", walk(line, &format!("/fhir/Observation?code=pair-{pair}"))),
        1 => ("two pages", walk(line, &format!("/fhir/Observation?code=pair-{pair}&_count=1"))),
        2 => (
            "an include",
            walk(line, &format!("/fhir/Observation?_id=right-{pair}&_include=Observation:has-member")),
        ),
        3 => (
            "a reverse include",
            walk(line, &format!("/fhir/Observation?_id=left-{pair}&_revinclude=Observation:has-member")),
        ),
        4 => {
            let asked = |url: String| format!(r#"{{"request":{{"method":"GET","url":"{url}"}}}}"#);
            let (left, right) = (format!("Observation/left-{pair}"), format!("Observation?_id=right-{pair}"));
            let body = format!(
                r#"{{"resourceType":"Bundle","type":"transaction","entry":[{},{}]}}"#,
                asked(left),
                asked(right)
            );
            let answer = send(line, "POST", "/fhir", &[JSON], &body).json();
            let entries: Vec<Value> = items(&answer, "entry").cloned().collect();
            let right = resources(&entries[1]["resource"]).remove(0);
            ("a transaction that reads", vec![entries[0]["resource"].clone(), right])
        }
        _ => {
            let number = newest.saturating_sub(turn as u64 % 7);
            let found = walk(line, &format!("/fhir/Basic?identifier=urn:both%7C{number}")).len();
            assert!(found == 0 || found == 2, "{found} of the two that came together");
            return;
        }
    };
    assert_eq!(seen.len(), 2, "{what}");
    assert_eq!(seen[0]["valueInteger"].as_u64(), seen[1]["valueInteger"].as_u64(), "{what}");
}

/// DESIGN 9: all pages of one search show one moment.
#[test]
fn a_page_link_taken_before_a_burst_of_writes_still_shows_its_moment() {
    const PEOPLE: usize = 60;
    const WRITERS: usize = 8;
    each(|house| {
        let mut line = house.line();
        let person = |number: usize, name: &str| {
            format!(
                r#"{{"resourceType":"Patient","id":"p{number}","name":[{{"text":"{name} {number:03}"}}],"gender":"female"}}"#
            )
        };
        for number in 0..PEOPLE {
            put(&mut line, &format!("/fhir/Patient/p{number}"), &person(number, "Lò Thị"));
        }
        for order in ["", "&_sort=name", "&_sort=-name", "&_sort=-_lastUpdated"] {
            let before: BTreeMap<String, Value> =
                walk(&mut line, "/fhir/Patient").into_iter().map(|one| (text(&one, &["id"]), one)).collect();
            assert_eq!(before.len(), PEOPLE);
            let mut bundle = get(&mut line, &format!("/fhir/Patient?gender=female&_count=10{order}")).json();
            let mut seen = resources(&bundle);
            assert_eq!(seen.len(), 10);
            std::thread::scope(|scope| {
                for writer in 0..WRITERS {
                    let person = &person;
                    scope.spawn(move || {
                        let mut line = house.line();
                        for number in (writer..PEOPLE).step_by(WRITERS) {
                            let path = format!("/fhir/Patient/p{number}");
                            put(&mut line, &path, &person(number, "Aaa").replace("female", "male"));
                            if number % 3 == 0 {
                                assert_eq!(send(&mut line, "DELETE", &path, &[], "").status, 204);
                            }
                            let new = person(1000 + number, "Lò Thị")
                                .replace(&format!("p{}", 1000 + number), &format!("new{number}"));
                            put(&mut line, &format!("/fhir/Patient/new{number}"), &new);
                        }
                    });
                }
                // The walk goes on while they write.
                while let Some(path) = next(&bundle) {
                    bundle = get(&mut line, &path).json();
                    seen.extend(resources(&bundle));
                }
            });
            assert_eq!(seen.len(), PEOPLE, "{order}: nobody is twice, nobody is missing");
            for one in &seen {
                let (id, version) = (text(one, &["id"]), text(one, &["meta", "versionId"]));
                let old = before.get(&id).unwrap_or_else(|| panic!("{order}: {id} came later"));
                assert_eq!(version, text(old, &["meta", "versionId"]), "{order}: {id} as it was");
                assert_eq!(one["name"][0]["text"].as_str(), old["name"][0]["text"].as_str(), "{order}");
            }
            // Other versions of the same people, for the next order.
            for number in 0..PEOPLE {
                put(&mut line, &format!("/fhir/Patient/p{number}"), &person(number, "Lò Thị"));
                assert_eq!(
                    send(&mut line, "DELETE", &format!("/fhir/Patient/new{number}"), &[], "").status,
                    204
                );
            }
        }
    });
}

/// In process, since followers live there: the log in order and without a gap, and who is who at its end.
#[test]
fn followers_miss_nothing_while_many_write() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(4).enable_all().build().unwrap();
    runtime.block_on(async {
        yba_testkit::each_engine(async |kit| {
            let over = tokio::sync::watch::channel(false);
            let mpi = tokio::spawn(yba_mpi::follower::run(kit.records.clone(), over.1));
            let store = kit.store().clone();
            let follower = tokio::spawn(follow(store));
            let writers: Vec<_> =
                (0..8).map(|writer| tokio::spawn(write(kit.records.clone(), writer, times(250)))).collect();
            let mut acknowledged: BTreeMap<String, usize> = BTreeMap::new();
            for writer in writers {
                for (record, versions) in writer.await.unwrap() {
                    *acknowledged.entry(record).or_default() += versions;
                }
            }
            let end = resource(r#"{"resourceType":"Basic","id":"end","code":{"text":"x"}}"#);
            kit.records.transact(&kit.ctx(), vec![Change::put(end)]).await.unwrap();
            let seen = follower.await.unwrap();
            let mut counted: BTreeMap<String, usize> = BTreeMap::new();
            seen.iter().filter(|(_, record)| !record.starts_with("Linkage/")).for_each(|(_, record)| {
                *counted.entry(record.clone()).or_default() += 1;
            });
            counted.remove("Basic/end");
            assert_eq!(counted, acknowledged, "each committed version once");
            let begun = Instant::now();
            while yba_mpi::follower::lag(&kit.records).await.unwrap() > 0 {
                assert!(begun.elapsed() < Duration::from_secs(120), "linking does not come to its end");
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            over.0.send(true).unwrap();
            mpi.await.unwrap();
            yba_mpi::follower::catch_up(&kit.records).await.unwrap();
            for number in 0..times(250) {
                let person =
                    yba_mpi::person::person(&kit.records, &kit.ctx(), &format!("w0-{number}")).await.unwrap();
                assert_eq!(person.patients.len(), 8, "all eight files of person {number} are linked");
            }
        })
        .await;
    });
}

fn resource(text: &str) -> Resource {
    Resource::parse(text.as_bytes()).unwrap()
}

/// Reads the log as a follower does, to the record `Basic/end`: positions and records.
async fn follow(store: yba_store::Store) -> Vec<(i64, String)> {
    let (mut commits, mut at, mut seen) = (store.watch(), 0, Vec::<(i64, String)>::new());
    loop {
        commits.borrow_and_update();
        loop {
            let more = store.changes_after(at, 37).await.unwrap();
            let Some(last) = more.last() else { break };
            at = last.t;
            for version in more {
                let before = seen.last().map_or(0, |one| one.0);
                assert_eq!(version.t, before + 1, "in order, without a gap");
                assert!(version.tx <= version.t);
                seen.push((version.t, format!("{}/{}", version.kind, version.id)));
            }
        }
        if seen.iter().rev().take(200).any(|(_, record)| record == "Basic/end") {
            return seen;
        }
        commits.changed().await.unwrap();
    }
}

/// One writer's Patients, each the same person as the others' of that number; some are changed, some fight over one
/// record. Answers how many versions of which record it was told of.
async fn write(records: yba_records::Records, writer: usize, count: usize) -> BTreeMap<String, usize> {
    let ctx = Ctx::test_administrator("test");
    let mut told = BTreeMap::new();
    for number in 0..count {
        let patient = format!(
            r#"{{"resourceType":"Patient","id":"w{writer}-{number}","identifier":[{{"system":"https://yba.vn/fhir/sid/mrn/1200{writer}","value":"26-{number}"}},{{"system":"https://yba.vn/fhir/sid/cccd","value":"0121860{number:05}"}}],"name":[{{"text":"Lò Thị Mẩy"}}],"gender":"female","birthDate":"1986-03-02"}}"#
        );
        let shared = format!(
            r#"{{"resourceType":"Basic","id":"shared-{}","code":{{"text":"{writer}-{number}"}}}}"#,
            number % 3
        );
        let mut changes = vec![Change::put(resource(&patient))];
        if number % 2 == 0 {
            changes.push(Change::put(resource(&shared)));
        }
        loop {
            match records.transact(&ctx, changes.clone()).await {
                Ok(done) => {
                    for version in done.into_iter().filter_map(|one| one.version) {
                        *told.entry(format!("{}/{}", version.kind, version.id)).or_default() += 1;
                    }
                    break;
                }
                Err(refused) => assert_eq!(refused.kind, Kind::Conflict, "{refused}"),
            }
        }
    }
    told
}
