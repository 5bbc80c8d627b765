//! What somebody who holds the machine might do to the trail, byte by byte, and that `verify` finds each of it.

use std::path::PathBuf;
use yba_fhir::Resource;
use yba_fhir::json::json;
use yba_records::audit::{Signer, verify};
use yba_records::{Change, Records};
use yba_store::Value;
use yba_store::db::{Connection, Place};
use yba_testkit::{Kit, engines};

const ENTRIES: i64 = 3;

/// Three writes and three reads, some of several records.
async fn lived_in(kit: &Kit) {
    let (records, ctx) = (&kit.records, kit.ctx());
    for number in 0..ENTRIES {
        let put = |id: String| {
            let tree = json!({"resourceType": "Patient", "id": id, "name": [{"text": "Lò Thị Mẫu"}]});
            Change::put(Resource::from_value(tree).unwrap())
        };
        let changes = (0..=number).map(|record| put(format!("p{record}-{number}"))).collect();
        records.transact(&ctx, changes).await.unwrap();
        records.read(&ctx, "Patient", &format!("p0-{number}")).await.unwrap();
    }
    records.trail().sync();
}

async fn problems(records: &Records, kept: &[String]) -> Vec<String> {
    verify(records, kept).await.unwrap().problems
}

fn segment(kit: &Kit) -> PathBuf {
    kit.records.trail().folder().join("reads-000000000001.log")
}

/// A connection past the door, as an administrator has one. It lives on a thread of its own, as the engine wants it.
struct Meddler {
    asked: std::sync::mpsc::Sender<(String, Vec<Value>)>,
    done: std::sync::mpsc::Receiver<Result<Vec<Vec<Value>>, String>>,
}

impl Meddler {
    fn of(place: Place) -> Meddler {
        let (asked, work) = std::sync::mpsc::channel::<(String, Vec<Value>)>();
        let (say, done) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            let mut connection = Connection::writer(&place).unwrap();
            while let Ok((sql, params)) = work.recv() {
                let rows = match sql.starts_with("SELECT") {
                    true => connection.query(&sql, &params),
                    false => connection.execute(&sql, &params).map(|_| Vec::new()),
                };
                let rows = rows.map(|rows| rows.into_iter().map(|row| row.0).collect());
                say.send(rows.map_err(|error| error.message)).unwrap();
            }
        });
        Meddler { asked, done }
    }

    fn sql(&self, sql: &str, params: Vec<Value>) -> Vec<Vec<Value>> {
        self.try_sql(sql, params).unwrap_or_else(|error| panic!("{sql}: {error}"))
    }

    /// The same, of what the database may refuse.
    fn try_sql(&self, sql: &str, params: Vec<Value>) -> Result<Vec<Vec<Value>>, String> {
        self.asked.send((sql.to_owned(), params)).unwrap();
        self.done.recv().unwrap()
    }
}

/// All values that differ from this one by one byte.
fn neighbours(value: &Value) -> Vec<Value> {
    match value {
        Value::Int(number) => (0..8).map(|byte| Value::Int(number ^ (1 << (8 * byte)))).collect(),
        Value::Blob(bytes) => (0..bytes.len())
            .map(|at| {
                let mut bytes = bytes.to_vec();
                bytes[at] ^= 1 << (at % 8);
                Value::Blob(bytes.into())
            })
            .collect(),
        Value::Text(text) => (0..text.len())
            .filter(|at| text.is_char_boundary(*at))
            .map(|at| Value::text(format!("{}~{}", &text[..at], &text[at..])))
            .chain([Value::text(format!("{text} "))])
            .collect(),
        other => panic!("no value of a log: {other:?}"),
    }
}

async fn every_neighbour_is_found(table: &str, key: &str, columns: &[&str]) {
    for kit in engines() {
        lived_in(&kit).await;
        let meddler = Meddler::of(kit.place());
        assert_eq!(problems(&kit.records, &[]).await, Vec::<String>::new());
        let rows = meddler.sql(&format!("SELECT {key} FROM {table} ORDER BY {key}"), Vec::new());
        let mut tried = 0;
        for row in rows {
            for column in columns {
                let read = format!("SELECT {column} FROM {table} WHERE {key} = ?1");
                let stands = meddler.sql(&read, row.clone())[0][0].clone();
                for other in neighbours(&stands) {
                    // The key itself may be what is changed.
                    let there = if *column == key { other.clone() } else { row[0].clone() };
                    let set = format!("UPDATE {table} SET {column} = ?1 WHERE {key} = ?2");
                    // Two rows of one number the database itself refuses.
                    if meddler.try_sql(&set, vec![other.clone(), row[0].clone()]).is_err() && *column == key {
                        continue;
                    }
                    let found = problems(&kit.records, &[]).await;
                    meddler.sql(&set, vec![stands.clone(), there]);
                    assert!(!found.is_empty(), "{table}.{column} of {row:?}: {stands:?} → {other:?}");
                    tried += 1;
                }
            }
        }
        assert!(tried > 100, "{tried}");
        assert_eq!(problems(&kit.records, &[]).await, Vec::<String>::new(), "all was put back");
    }
}

#[tokio::test]
async fn a_changed_byte_of_an_entry_of_a_write_is_found() {
    every_neighbour_is_found("audit", "seq", &["seq", "at", "t_first", "t_last", "entry", "hash"]).await;
}

#[tokio::test]
async fn a_changed_byte_of_a_version_is_found() {
    let columns =
        ["t", "tx", "rid", "kind", "id", "version_id", "parents", "origin", "hlc", "hash", "deleted"];
    every_neighbour_is_found("version", "t", &columns).await;
}

/// A body written anew together with its hash and its head is what `check` alone would take for sound.
#[tokio::test]
async fn a_record_rewritten_with_all_its_hashes_is_found() {
    for kit in engines() {
        lived_in(&kit).await;
        let meddler = Meddler::of(kit.place());
        let other = meddler.sql("SELECT body, hash FROM version WHERE t = 2", Vec::new()).remove(0);
        let set = "UPDATE version SET body = ?1, hash = ?2 WHERE t = 1";
        meddler.sql(set, other);
        meddler.sql("UPDATE head SET hash = (SELECT hash FROM version WHERE t = 2) WHERE t = 1", Vec::new());
        let found = problems(&kit.records, &[]).await;
        assert_eq!(found, ["writes: the versions at 1 to 1 are not those that entry 1 was written for"]);
    }
}

#[tokio::test]
async fn a_version_past_the_trail_and_one_that_is_gone_are_found() {
    for kit in engines() {
        lived_in(&kit).await;
        let meddler = Meddler::of(kit.place());
        let columns = "tx, rid, kind, id, version_id, parents, origin, hlc, hash, deleted, body";
        let forge =
            format!("INSERT INTO version (t, {columns}) SELECT 7, {columns} FROM version WHERE t = 6");
        // The forger gives it its own version id; what stands in the way of two equal ones is not the trail.
        meddler.sql(
            &forge.replace(
                "SELECT 7, tx, rid, kind, id, version_id",
                "SELECT 7, tx, rid, kind, id, 'forged-7'",
            ),
            Vec::new(),
        );
        let kit = kit.reopened().await;
        let found = problems(&kit.records, &[]).await;
        assert_eq!(found, ["writes: the version at 7 was written past the trail"]);
        meddler.sql("DELETE FROM version WHERE t = 7", Vec::new());
        meddler.sql("DELETE FROM version WHERE t = 6", Vec::new());
        let kit = kit.reopened().await;
        let found = problems(&kit.records, &[]).await;
        assert_eq!(found, ["writes: the versions at 4 to 6 are not those that entry 3 was written for"]);
    }
}

#[tokio::test]
async fn entries_of_writes_that_are_gone_or_changed_places_are_found() {
    for kit in engines() {
        lived_in(&kit).await;
        let meddler = Meddler::of(kit.place());
        let kept = vec![signed(&kit).await];
        meddler.sql("CREATE TABLE kept AS SELECT * FROM audit", Vec::new());
        let mut cases = Vec::new();
        for one in 1..=ENTRIES {
            cases.push(format!("DELETE FROM audit WHERE seq = {one}"));
            cases.push(format!("UPDATE audit SET shard = 1 WHERE seq = {one}"));
            cases.push(format!("DELETE FROM audit WHERE seq >= {one}"));
            for other in 1..one {
                // Each takes the other's number, and, the forger being careful, the other's hash.
                let numbers = format!(
                    "UPDATE audit SET seq = CASE seq WHEN {one} THEN -{other} ELSE -{one} END WHERE seq IN ({one}, {other}); UPDATE audit SET seq = -seq WHERE seq < 0"
                );
                cases.push(format!(
                    "{numbers}; UPDATE audit SET hash = (SELECT k.hash FROM kept k WHERE k.seq = audit.seq)"
                ));
                cases.push(numbers);
            }
        }
        for case in cases {
            case.split("; ").for_each(|sql| drop(meddler.sql(sql, Vec::new())));
            let found = problems(&kit.records, &kept).await;
            assert!(!found.is_empty(), "{case}");
            meddler.sql("DELETE FROM audit", Vec::new());
            meddler.sql("INSERT INTO audit SELECT * FROM kept", Vec::new());
        }
        assert_eq!(problems(&kit.records, &kept).await, Vec::<String>::new());
    }
}

async fn signed(kit: &Kit) -> String {
    kit.records.sign_heads(&Signer::load(kit.records.trail().folder()).unwrap()).await.unwrap()
}

#[tokio::test]
async fn a_changed_byte_of_the_read_trail_is_found() {
    let kit = yba_testkit::records();
    lived_in(&kit).await;
    let whole = std::fs::read(segment(&kit)).unwrap();
    for at in 0..whole.len() {
        for bit in [0, 5] {
            let mut other = whole.clone();
            other[at] ^= 1 << bit;
            std::fs::write(segment(&kit), other).unwrap();
            assert!(!problems(&kit.records, &[]).await.is_empty(), "byte {at}, bit {bit}");
        }
    }
    std::fs::write(segment(&kit), &whole).unwrap();
    let lines: Vec<&[u8]> = whole.split_inclusive(|byte| *byte == b'\n').collect();
    for one in 0..lines.len() {
        let without: Vec<&[u8]> = [&lines[..one], &lines[one + 1..]].concat();
        std::fs::write(segment(&kit), without.concat()).unwrap();
        assert!(!problems(&kit.records, &[]).await.is_empty(), "line {one} is gone");
        for other in 0..one {
            let mut swapped = lines.clone();
            swapped.swap(one, other);
            std::fs::write(segment(&kit), swapped.concat()).unwrap();
            assert!(!problems(&kit.records, &[]).await.is_empty(), "lines {one} and {other} changed places");
        }
    }
    std::fs::write(segment(&kit), &whole).unwrap();
    assert_eq!(problems(&kit.records, &[]).await, Vec::<String>::new());
}

/// The attacker has the whole machine, its signing key included: cuts both tails while the node is down, and signs heads
/// over what is left. Only what was kept elsewhere tells.
#[tokio::test]
async fn a_cut_tail_is_found_against_a_head_kept_elsewhere_even_when_all_was_signed_anew() {
    for kit in engines() {
        lived_in(&kit).await;
        let head = signed(&kit).await;
        let kept = vec![head.clone()];
        assert_eq!(problems(&kit.records, &kept).await, Vec::<String>::new());
        let folder = kit.records.trail().folder().to_owned();
        let reads = std::fs::read_to_string(segment(&kit)).unwrap();
        let meddler = Meddler::of(kit.place());
        let mut kit = kit;
        for left in (0..ENTRIES).rev() {
            let cut: String = reads.lines().take(left as usize).map(|line| format!("{line}\n")).collect();
            std::fs::write(segment(&kit), cut).unwrap();
            meddler.sql(&format!("DELETE FROM audit WHERE seq > {left}"), Vec::new());
            let t: i64 = (1..=left).sum();
            for table in ["version", "head"] {
                meddler.sql(&format!("DELETE FROM {table} WHERE t > {t}"), Vec::new());
            }
            std::fs::remove_file(folder.join("heads.log")).unwrap();
            kit = kit.reopened().await;
            signed(&kit).await;
            assert_eq!(problems(&kit.records, &[]).await, Vec::<String>::new(), "nothing here can tell");
            let found = problems(&kit.records, &kept).await;
            assert!(found.iter().any(|one| one.starts_with("writes: the head kept at")), "{found:?}");
            assert!(found.iter().any(|one| one.starts_with("reads: the head kept at")), "{found:?}");
        }
    }
}

#[tokio::test]
async fn a_kept_head_that_is_mistyped_or_of_another_node_is_said_to_be_so() {
    let (kit, other) = (yba_testkit::records(), yba_testkit::records());
    lived_in(&kit).await;
    lived_in(&other).await;
    let head = signed(&kit).await;
    let mistyped = head.replacen('3', "4", 1);
    for wrong in [mistyped, signed(&other).await, String::new(), "một dòng khác".into()] {
        let found = problems(&kit.records, std::slice::from_ref(&wrong)).await;
        assert_eq!(found.len(), 1, "{wrong:?}: {found:?}");
        assert!(found[0].starts_with("kept head 1: not signed with this node's key"), "{found:?}");
    }
}
