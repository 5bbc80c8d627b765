//! The trail: `verify` finds whatever was changed, and a torn end is mended.

use std::path::PathBuf;
use yba_fhir::json::json;
use yba_fhir::{Kind, Resource};
use yba_records::audit::{Signer, verify};
use yba_records::{Change, Ids, Query, Records};
use yba_store::db::Connection;
use yba_testkit::{Kit, engines};

fn patient(id: &str) -> Resource {
    Resource::from_value(json!({"resourceType": "Patient", "id": id, "name": [{"text": "Lò Thị Mẫu"}]}))
        .unwrap()
}

/// Twenty writes and twenty reads, with a signed head after half of them and one at the end.
async fn lived_in(kit: &Kit) {
    let (records, ctx) = (&kit.records, kit.ctx());
    let signer = Signer::load(records.trail().folder()).unwrap();
    for number in 0..20 {
        let id = format!("p{number}");
        records.transact(&ctx, vec![Change::put(patient(&id))]).await.unwrap();
        records.read(&ctx, "Patient", &id).await.unwrap();
        if number % 10 == 9 {
            records.sign_heads(&signer).await.unwrap();
        }
    }
    records.trail().sync();
}

fn folder(kit: &Kit) -> PathBuf {
    kit.records.trail().folder().to_owned()
}

fn segment(kit: &Kit) -> PathBuf {
    folder(kit).join("reads-000000000001.log")
}

async fn problems(kit: &Kit) -> Vec<String> {
    verify(&kit.records, &[]).await.unwrap().problems
}

/// Changes a file's lines, sees what is found, puts them back.
async fn with_lines(kit: &Kit, path: PathBuf, change: impl FnOnce(&mut Vec<String>)) -> Vec<String> {
    let before = std::fs::read_to_string(&path).unwrap();
    let mut lines: Vec<String> = before.lines().map(str::to_owned).collect();
    change(&mut lines);
    let after: String = lines.iter().map(|line| format!("{line}\n")).collect();
    std::fs::write(&path, after).unwrap();
    let found = problems(kit).await;
    std::fs::write(&path, before).unwrap();
    found
}

/// Runs SQL past the door, as an administrator might.
fn meddle(kit: &Kit, sql: &str) -> u64 {
    let work = || Connection::writer(&kit.place()).unwrap().execute(sql, &[]).unwrap();
    std::thread::scope(|scope| scope.spawn(work).join().unwrap())
}

#[tokio::test]
async fn an_untouched_trail_is_sound_and_says_what_it_cannot_tell() {
    for kit in engines() {
        let verdict = verify(&kit.records, &[]).await.unwrap();
        assert!(verdict.problems.is_empty() && verdict.remarks[0].contains("no signed head"));
        lived_in(&kit).await;
        let verdict = verify(&kit.records, &[]).await.unwrap();
        assert_eq!(verdict.problems, Vec::<String>::new());
        assert_eq!((verdict.writes, verdict.reads, verdict.heads), (20, 20, 2));
        assert!(verdict.remarks[0].contains("after write 20 and read 20"), "{:?}", verdict.remarks);
    }
}

#[tokio::test]
async fn changes_of_the_read_trail_are_found() {
    let kit = yba_testkit::records();
    lived_in(&kit).await;
    let found = with_lines(&kit, segment(&kit), |lines| lines[6] = lines[6].replace("p6", "p7")).await;
    assert!(found.iter().any(|one| one.contains("entry 7 was changed")), "{found:?}");
    let found =
        with_lines(&kit, segment(&kit), |lines| lines[6] = lines[6].replace("TREAT", "HOPERAT")).await;
    assert!(found.iter().any(|one| one.contains("entry 7 was changed")), "{found:?}");
    let found = with_lines(&kit, segment(&kit), |lines| drop(lines.remove(4))).await;
    assert!(found.iter().any(|one| one.contains("entries 5 to 5 are missing")), "{found:?}");
    let found = with_lines(&kit, segment(&kit), |lines| lines.swap(4, 5)).await;
    assert!(!found.is_empty());
    let found = with_lines(&kit, segment(&kit), |lines| lines[3] = "không phải một dòng".into()).await;
    assert!(found.iter().any(|one| one.contains("line 4 has a wrong form")), "{found:?}");
    let found = with_lines(&kit, segment(&kit), |lines| lines.truncate(15)).await;
    assert!(found.iter().any(|one| one.contains("entries 16 to 20 are missing")), "{found:?}");
    assert_eq!(problems(&kit).await, Vec::<String>::new(), "all was put back");
}

/// A chain written anew after a change fits in itself, but not the heads that were signed over the old one.
#[tokio::test]
async fn a_cut_tail_and_a_rewritten_chain_do_not_fit_the_signed_heads() {
    for kit in engines() {
        lived_in(&kit).await;
        // Cut while the node is down, so that nothing remembers the end but the head.
        let path = segment(&kit);
        let lines = std::fs::read_to_string(&path).unwrap();
        let kept: String = lines.lines().take(15).map(|line| format!("{line}\n")).collect();
        std::fs::write(&path, kept).unwrap();
        let kit = kit.reopened().await;
        let found = problems(&kit).await;
        assert!(
            found.iter().any(|one| one.starts_with("reads: the head signed at") && one.contains("entry 20")),
            "{found:?}"
        );
        // Made good by new entries up to the same number: still not what was signed.
        for _ in 0..5 {
            kit.records.read(&kit.ctx(), "Patient", "p1").await.unwrap();
        }
        let found = problems(&kit).await;
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].contains("does not fit entry 20"));
    }
}

#[tokio::test]
async fn a_removed_segment_is_found() {
    let kit = yba_testkit::records();
    lived_in(&kit).await;
    // Two segments, as after a long time: the first ten lines in one, the rest in the next.
    let lines = std::fs::read_to_string(segment(&kit)).unwrap();
    let (first, rest): (Vec<&str>, Vec<&str>) =
        (lines.lines().take(10).collect(), lines.lines().skip(10).collect());
    let second = folder(&kit).join("reads-000000000011.log");
    std::fs::write(segment(&kit), first.join("\n") + "\n").unwrap();
    std::fs::write(&second, rest.join("\n") + "\n").unwrap();
    let kit = kit.reopened().await;
    kit.records.read(&kit.ctx(), "Patient", "p1").await.unwrap();
    assert_eq!(problems(&kit).await, Vec::<String>::new());
    assert!(
        std::fs::read_to_string(&second).unwrap().lines().count() == 11,
        "the last segment is written on"
    );
    std::fs::remove_file(segment(&kit)).unwrap();
    let found = problems(&kit).await;
    assert!(found.iter().any(|one| one.contains("entries 1 to 10 are missing")), "{found:?}");
}

#[tokio::test]
async fn a_changed_audit_row_of_a_write_is_found() {
    for kit in engines() {
        lived_in(&kit).await;
        let rows = [
            (
                "UPDATE audit SET entry = (SELECT a.entry FROM audit a WHERE a.seq = 2) WHERE seq = 5",
                "entry 5 was changed",
            ),
            ("UPDATE audit SET at = at - 1 WHERE seq = 6", "entry 6 was changed"),
            ("UPDATE audit SET t_last = t_last + 1 WHERE seq = 7", "entry 7 was changed"),
            ("DELETE FROM audit WHERE seq = 9", "entries 9 to 9 are missing"),
            ("DELETE FROM audit WHERE seq > 12", "does not fit entry 20"),
        ];
        for (sql, told) in rows {
            meddle(&kit, "CREATE TABLE kept AS SELECT * FROM audit");
            assert!(meddle(&kit, sql) > 0, "{sql}");
            let found = problems(&kit).await;
            assert!(found.iter().any(|one| one.contains(told)), "{sql}: {found:?}");
            meddle(&kit, "DELETE FROM audit");
            meddle(&kit, "INSERT INTO audit SELECT * FROM kept");
            meddle(&kit, "DROP TABLE kept");
        }
        assert_eq!(problems(&kit).await, Vec::<String>::new());
    }
}

#[tokio::test]
async fn a_forged_head_is_found() {
    let kit = yba_testkit::records();
    lived_in(&kit).await;
    let path = folder(&kit).join("heads.log");
    let found = with_lines(&kit, path.clone(), |lines| lines[0] = lines[0].replacen(" 10 ", " 9 ", 1)).await;
    assert!(found.iter().any(|one| one.contains("line 1: wrong signature")), "{found:?}");
    // Signed with a key that is not this node's.
    let elsewhere = tempfile::tempdir().unwrap();
    let forger = Signer::load(elsewhere.path()).unwrap();
    kit.records.sign_heads(&forger).await.unwrap();
    let found = problems(&kit).await;
    assert!(found.iter().any(|one| one.contains("line 3: wrong signature")), "{found:?}");
}

#[tokio::test]
async fn torn_ends_are_mended_when_the_trail_is_opened() {
    let kit = yba_testkit::records();
    lived_in(&kit).await;
    let tear = |path: PathBuf, tail: &[u8]| {
        let mut bytes = std::fs::read(&path).unwrap();
        bytes.extend_from_slice(tail);
        std::fs::write(&path, bytes).unwrap();
    };
    let (reads, heads) = (segment(&kit), folder(&kit).join("heads.log"));
    tear(reads.clone(), b"21 1772413200000 0123abc");
    tear(heads.clone(), b"1772413200000 20 ab");
    let kit = kit.reopened().await;
    kit.records.read(&kit.ctx(), "Patient", "p3").await.unwrap();
    kit.records.sign_heads(&Signer::load(&folder(&kit)).unwrap()).await.unwrap();
    let verdict = verify(&kit.records, &[]).await.unwrap();
    assert_eq!((verdict.problems, verdict.reads, verdict.heads), (Vec::<String>::new(), 21, 3));

    // A line spoiled by the disk is not torn: it stays, is told of, and the chain goes on after the last good one.
    tear(reads, b"22 hong\n");
    let kit = kit.reopened().await;
    kit.records.read(&kit.ctx(), "Patient", "p3").await.unwrap();
    let verdict = verify(&kit.records, &[]).await.unwrap();
    assert_eq!(verdict.problems.len(), 1, "{:?}", verdict.problems);
    assert!(verdict.problems[0].contains("wrong form"));
    assert_eq!(verdict.reads, 22);
}

#[tokio::test]
async fn an_entry_names_who_why_and_every_patient_and_nothing_of_what_was_shown() {
    let kit = yba_testkit::records();
    let (records, ctx) = (&kit.records, kit.ctx().with_request_id("r-1"));
    let about = |id: &str, patient: &str| {
        let subject = format!("Patient/{patient}");
        Resource::from_value(json!({"resourceType": "Observation", "id": id, "status": "final", "code": {"text": "HIV"}, "subject": {"reference": subject}})).unwrap()
    };
    let changes = vec![Change::put(patient("a")), Change::put(patient("b")), Change::put(about("o", "a"))];
    records.transact(&ctx, changes).await.unwrap();
    let query = Query::parse_string("Observation", "_include=Observation:subject").unwrap();
    records.search(&ctx, &query, None).await.unwrap();
    records.transact(&ctx, vec![Change::delete("Observation", "o")]).await.unwrap();
    records.read(&ctx, "Patient", "none").await.unwrap_err();
    let writes = kit.store().query("SELECT entry FROM audit ORDER BY seq", vec![]).await.unwrap();
    let entry = |at: usize| String::from_utf8(writes[at].blob(0).to_vec()).unwrap();
    assert!(
        entry(0).contains(r#""patients":["a","b"]"#) && entry(0).contains(r#""agent":"test-administrator""#)
    );
    assert!(entry(1).contains(r#""patients":["a"]"#), "a deletion names whose record it was: {}", entry(1));
    let reads = std::fs::read_to_string(segment(&kit)).unwrap();
    let lines: Vec<&str> = reads.lines().collect();
    assert!(
        lines[0].contains(r#""action":"search""#) && lines[0].contains(r#""purpose":"TREAT""#),
        "{}",
        lines[0]
    );
    assert!(lines[0].contains("\"a\"") && lines[0].contains("r-1"));
    assert!(lines[1].contains(r#""refused":true"#));
    for secret in ["Lò", "HIV"] {
        assert!(!reads.contains(secret) && !entry(0).contains(secret));
    }
}

/// What cannot be noted must not be shown.
#[tokio::test]
async fn without_a_trail_nothing_is_read() {
    let kit = yba_testkit::records();
    let elsewhere = tempfile::tempdir().unwrap();
    std::fs::write(elsewhere.path().join("audit"), b"a file where the folder should be").unwrap();
    let refused =
        Records::open(yba_store::Store::open(kit.options_in(elsewhere.path())).unwrap(), Ids::Random);
    assert_eq!(refused.err().unwrap().kind, Kind::Unavailable);
}
