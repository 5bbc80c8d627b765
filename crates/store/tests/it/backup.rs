//! Backup and restore: there and back between the engines, and refusal of everything that is not whole.

use crate::kit::*;
use std::path::Path;
use yba_fhir::Kind;
use yba_records::audit::{Signer, verify};
use yba_records::{Ids, Query, Records};
use yba_store::backup::{self, BackupKey};
use yba_store::{Options, Scope, Store, Version};
use yba_testkit::postgres::Database;
use yba_testkit::{Kit, engines};

/// A node with some life behind it: branches, deletions, reads, signed heads, blobs.
async fn lived_in(kit: &Kit) {
    let store = kit.store();
    let other = yba_testkit::records();
    save(other.store(), &patient("p1", "Ở nơi khác")).await;
    for number in 0..40 {
        save(store, &patient(&format!("p{number}"), "Lò Thị Mẫu")).await;
        save(store, &observation(&format!("o{number}"), &format!("p{}", number % 5), "5.40")).await;
    }
    for number in 0..10 {
        save(store, &patient(&format!("p{number}"), "Vàng A Páo")).await;
        delete(store, "Observation", &format!("o{number}")).await;
    }
    store.integrate(other.store().changes_after(0, 10).await.unwrap()).await.unwrap();
    store.blobs().put(b"phim phoi").unwrap();
    let noise = (0..40_000u64)
        .flat_map(|n| n.wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(n as u32).to_le_bytes());
    store.blobs().put(&noise.collect::<Vec<u8>>()).unwrap();
    kit.records.read(&kit.ctx(), "Patient", "p3").await.unwrap();
    kit.records.sign_heads(&Signer::load(kit.records.trail().folder()).unwrap()).await.unwrap();
    kit.records.read(&kit.ctx(), "Patient", "p4").await.unwrap();
}

/// All that must come back: the log to the byte, heads, answers, blobs.
async fn shown(store: &Store) -> Vec<String> {
    let log = store.changes_after(0, 10_000).await.unwrap();
    let whole = |one: &Version| format!("{one:?}");
    let mut lines: Vec<String> = log.iter().map(whole).collect();
    for one in &log {
        lines.push(whole(&store.read(&one.kind, &one.id).await.unwrap().unwrap()));
    }
    for (kind, text) in
        [("Patient", "name=lo"), ("Patient", "name=vang"), ("Observation", "patient=p3"), ("Observation", "")]
    {
        let query = Query::parse_string(kind, &format!("{text}&_count=1000&_sort=_id")).unwrap();
        lines.extend(store.search(&query, &Scope::All, None).await.unwrap().matches.iter().map(whole));
    }
    lines.extend(store.everything(&["p3".into()], &[]).await.unwrap().iter().map(whole));
    lines.extend(store.blobs().list().unwrap());
    lines
}

async fn saved(kit: &Kit, to: &Path) -> (backup::Summary, BackupKey) {
    let key = BackupKey::of_folder(kit.folder.path()).unwrap();
    (backup::backup(kit.store(), to, &key, |_| {}).await.unwrap(), key)
}

fn restore(from: &Path, key: &BackupKey, options: &Options) -> Result<backup::Restored, yba_fhir::Outcome> {
    backup::restore(from, key, options, &mut |_| {})
}

#[tokio::test]
async fn a_node_comes_back_on_either_engine_and_goes_on() {
    for kit in engines() {
        lived_in(&kit).await;
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("sao-luu.yba");
        let (summary, key) = saved(&kit, &file).await;
        assert_eq!((summary.t, summary.versions, summary.blobs), (101, 101, 2));
        let expected = shown(kit.store()).await;
        // Everything after the backup must not come back.
        save(kit.store(), &patient("after", "Sau")).await;

        let database = Database::fresh();
        let targets = [None, database.as_ref().map(Database::place)];
        for (number, place) in targets.into_iter().enumerate() {
            if number == 1 && place.is_none() {
                continue;
            }
            let mut options = kit.options_in(&folder.path().join(format!("new{number}")));
            options.place = place;
            let restored = restore(&file, &key, &options).unwrap();
            assert_eq!((restored.t, restored.versions, restored.records, restored.blobs), (101, 101, 80, 2));
            let store = Store::open(options.clone()).unwrap();
            assert_eq!(shown(&store).await, expected);
            assert_eq!(store.identity().node, kit.store().identity().node);
            assert_ne!(store.identity().incarnation, kit.store().identity().incarnation);
            let report = yba_store::check(&store, |_| {}).await.unwrap();
            assert_eq!(report.problems, Vec::<String>::new());
            let records = Records::open(store, Ids::Random).unwrap();
            let (_, next) = save(records.store(), &patient("p1", "Viết tiếp")).await;
            assert_eq!(next.t, 102);
            assert!(
                records.store().changes_after(0, 10_000).await.unwrap().iter().all(|one| one.hlc <= next.hlc)
            );
            records.read(&kit.ctx(), "Patient", "p1").await.unwrap();
            let verdict = verify(&records, &[]).await.unwrap();
            assert_eq!((verdict.problems, verdict.heads), (Vec::<String>::new(), 1));
            records.store().close().await;
            assert_eq!(
                restore(&file, &key, &options).unwrap_err().kind,
                Kind::Conflict,
                "never over something"
            );
        }
    }
}

/// A snapshot is a log position: writers go on, and what they add is not half in.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_beside_writers_holds_one_moment() {
    for kit in engines() {
        lived_in(&kit).await;
        let folder = tempfile::tempdir().unwrap();
        let store = kit.store().clone();
        let (records, ctx) = (kit.records.clone(), kit.ctx());
        let signer = Signer::load(kit.records.trail().folder()).unwrap();
        let writer = tokio::spawn(async move {
            for round in 0..100 {
                let writes = vec![
                    put(&store, &patient(&format!("x{round}"), "A"), yba_store::Expect::Absent),
                    put(&store, &patient("p0", &format!("Tên {round}")), yba_store::Expect::Anything),
                ];
                commit(&store, writes).await.unwrap();
                let _ = records.read(&ctx, "Patient", "p0").await.unwrap();
                records.sign_heads(&signer).await.unwrap();
            }
        });
        for number in 0..3 {
            tokio::time::sleep(std::time::Duration::from_millis(30)).await;
            let file = folder.path().join(format!("{number}.yba"));
            let (summary, key) = saved(&kit, &file).await;
            let options = kit.options_in(&folder.path().join(format!("new{number}")));
            let options = Options { place: None, ..options };
            restore(&file, &key, &options).unwrap();
            let records = Records::open(Store::open(options).unwrap(), Ids::Random).unwrap();
            let log = records.store().changes_after(0, 10_000).await.unwrap();
            assert_eq!((log.len() as i64, log.last().unwrap().t), (summary.t, summary.t));
            let last_tx = log.iter().filter(|one| one.tx == log.last().unwrap().tx).count();
            assert!(summary.t == 101 || last_tx == 2, "no transaction is half in");
            assert_eq!(
                yba_store::check(records.store(), |_| {}).await.unwrap().problems,
                Vec::<String>::new()
            );
            assert_eq!(verify(&records, &[]).await.unwrap().problems, Vec::<String>::new());
        }
        writer.await.unwrap();
    }
}

#[tokio::test]
async fn what_is_not_whole_is_refused_and_nothing_is_restored() {
    let kit = yba_testkit::records();
    lived_in(&kit).await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("sao-luu.yba");
    let (_, key) = saved(&kit, &file).await;
    let again = backup::backup(kit.store(), &file, &key, |_| {}).await.unwrap_err();
    assert_eq!(again.kind, Kind::Conflict, "a backup is never written over");
    let whole = std::fs::read(&file).unwrap();
    let text = String::from_utf8_lossy(&whole);
    assert!(!text.contains("Vàng A Páo") && !text.contains("Patient"), "nothing of it can be read");

    let target = kit.options_in(&folder.path().join("new"));
    let mut attempts: Vec<(String, Vec<u8>)> = Vec::new();
    for at in [0, 20, 30, 50, whole.len() / 3, whole.len() / 2, whole.len() - 1] {
        let mut changed = whole.clone();
        changed[at] ^= 0x10;
        attempts.push((format!("changed at {at}"), changed));
    }
    for length in [0, 10, 43, 44, 65_595, whole.len() / 2, whole.len() - 1] {
        attempts.push((format!("cut at {length}"), whole[..length].to_vec()));
    }
    attempts.push(("with something after its end".into(), [whole.as_slice(), b"x"].concat()));
    attempts.push((
        "another kind of file".into(),
        b"SQLite format 3\0 and so on, long enough to be read".to_vec(),
    ));
    for (what, bytes) in attempts {
        let bad = folder.path().join("bad.yba");
        std::fs::write(&bad, bytes).unwrap();
        assert_eq!(restore(&bad, &key, &target).unwrap_err().kind, Kind::Invalid, "{what}");
        assert!(!target.folder.exists(), "{what}: nothing was restored");
    }
    let stranger = BackupKey::of_folder(folder.path()).unwrap();
    let refused = restore(&file, &stranger, &target).unwrap_err();
    assert!(
        refused.to_string().contains(&key.id()) || format!("{refused:?}").contains(&key.id()),
        "names the key"
    );
    assert!(!target.folder.exists());
    assert!(restore(&file, &key, &target).is_ok());
}

#[tokio::test]
async fn an_interrupted_restore_is_never_opened_as_if_it_were_whole() {
    let kit = yba_testkit::records();
    lived_in(&kit).await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("sao-luu.yba");
    let (_, key) = saved(&kit, &file).await;
    let target = kit.options_in(&folder.path().join("new"));
    // A folder stands where a blob should be written: the restore fails after much was stored.
    restore(&file, &key, &target).unwrap();
    let blob = kit.store().blobs().list().unwrap().remove(0);
    let obstructed = kit.options_in(&folder.path().join("obstructed"));
    std::fs::create_dir_all(&obstructed.folder).unwrap();
    std::os::unix::fs::symlink("/proc/nowhere", obstructed.folder.join("blobs")).unwrap();
    assert!(restore(&file, &key, &obstructed).is_err(), "{blob}");
    assert_eq!(
        Store::open(obstructed).err().map(|refused| refused.issues[0].key),
        Some("restore-unfinished")
    );
}

/// Imports get their ids by the province's key; a node restored without it would file what it knows under other ids.
#[tokio::test]
async fn the_provinces_key_travels_and_is_never_written_over() {
    let kit = yba_testkit::records();
    save(kit.store(), &patient("a", "Lò")).await;
    std::fs::write(kit.folder.path().join("province.key"), b"khoa cua tinh").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("sao-luu.yba");
    let (_, key) = saved(&kit, &file).await;
    let target = kit.options_in(&folder.path().join("new"));
    restore(&file, &key, &target).unwrap();
    assert_eq!(std::fs::read(target.folder.join("province.key")).unwrap(), b"khoa cua tinh");
    let other = kit.options_in(&folder.path().join("other"));
    std::fs::create_dir_all(&other.folder).unwrap();
    std::fs::write(other.folder.join("province.key"), b"khoa khac").unwrap();
    assert_eq!(restore(&file, &key, &other).unwrap_err().kind, Kind::Conflict);
    assert_eq!(std::fs::read(other.folder.join("province.key")).unwrap(), b"khoa khac");
    assert!(!other.folder.join("yba.db").exists());
}
