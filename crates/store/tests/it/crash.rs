//! Sudden death: a child process writes until it is killed; what it said was written is there, and all of it is sound.

use crate::kit::*;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::Duration;
use yba_records::{Change, Ctx, Ids, Records};
use yba_store::{Clock, Options, Place, Store};
use yba_testkit::engines;

/// The child: told by its environment where to write; says `id` after each commit.
#[test]
#[ignore = "is run by the test below, as a process of its own"]
fn child_that_writes_until_it_is_killed() {
    let (Ok(folder), Ok(place)) = (std::env::var("YBA_CRASH_FOLDER"), std::env::var("YBA_CRASH_PLACE"))
    else {
        return;
    };
    let place = if place.is_empty() { None } else { Some(Place::Postgres(place)) };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let store = Store::open(Options { folder: folder.into(), place, clock: Clock::system() }).unwrap();
        let records = Records::open(store, Ids::Random).unwrap();
        let mut running = tokio::task::JoinSet::new();
        for worker in 0..4 {
            let records = records.clone();
            running.spawn(async move {
                let ctx = Ctx::test_administrator("test");
                for number in 0.. {
                    let life = std::process::id();
                    let id = format!("c{life}-{worker}-{number}");
                    let changes = vec![
                        Change::put(patient(&id, "Lò")),
                        Change::put(observation(&format!("o{id}"), &id, "1")),
                        Change::put(patient(&format!("shared{worker}"), &id)),
                    ];
                    records.transact(&ctx, changes).await.unwrap();
                    records.store().blobs().put(id.as_bytes()).unwrap();
                    records.read(&ctx, "Patient", &id).await.unwrap();
                    println!("done {id}");
                }
            });
        }
        running.join_next().await;
    });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_acknowledged_is_lost_when_the_program_is_killed() {
    for kit in engines() {
        let kit = kit.reopened().await;
        kit.store().close().await;
        let place = match kit.place() {
            Place::File(_) => String::new(),
            Place::Postgres(url) => url,
        };
        let folder = tempfile::tempdir().unwrap();
        let mut acknowledged: Vec<String> = Vec::new();
        for round in 0..4u64 {
            let mut child = Command::new(std::env::current_exe().unwrap())
                .args(["crash::child_that_writes_until_it_is_killed", "--exact", "--ignored", "--nocapture"])
                .env("YBA_CRASH_FOLDER", folder.path())
                .env("YBA_CRASH_PLACE", &place)
                .stdout(Stdio::piped())
                .spawn()
                .unwrap();
            let said = BufReader::new(child.stdout.take().unwrap());
            let (begun, begins) = tokio::sync::oneshot::channel();
            let reader = std::thread::spawn(move || {
                let mut begun = Some(begun);
                let line =
                    |line: std::io::Result<String>| line.ok()?.strip_prefix("done ").map(str::to_owned);
                let said = said.lines().filter_map(line).inspect(|_| {
                    begun.take().map(|begun| begun.send(()));
                });
                said.collect::<Vec<String>>()
            });
            // However long the machine takes to start it: it is killed in the midst of its work.
            let _ = tokio::time::timeout(Duration::from_secs(60), begins).await;
            tokio::time::sleep(Duration::from_millis(200 + round * 173)).await;
            child.kill().unwrap();
            child.wait().unwrap();
            acknowledged.extend(reader.join().unwrap());

            let mut options = kit.options_in(folder.path());
            options.clock = Clock::system();
            let store = Store::open(options).unwrap();
            let records = Records::open(store, Ids::Random).unwrap();
            for id in &acknowledged {
                assert!(records.store().read("Patient", id).await.unwrap().is_some(), "{id} was lost");
                assert!(records.store().read("Observation", &format!("o{id}")).await.unwrap().is_some());
            }
            let report = yba_store::check(records.store(), |_| {}).await.unwrap();
            assert_eq!(report.problems, Vec::<String>::new());
            let verdict = yba_records::audit::verify(&records, &[]).await.unwrap();
            assert_eq!(verdict.problems, Vec::<String>::new());
            assert!(verdict.reads >= acknowledged.len() as u64, "each read left its trace before its answer");
            records.store().close().await;
        }
        assert!(acknowledged.len() > 20, "only {} writes", acknowledged.len());
    }
}
