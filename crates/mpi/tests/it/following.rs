//! Data arrives, people are linked; and what happens when it arrives twice, in another order, is corrected, deleted,
//! decided by a person, or read again from nothing.

use crate::people::{arrive, on_each, record, store, together};
use yba_fhir::json::{JsonContainerTrait, JsonValueTrait, json, str_at};
use yba_fhir::{Kind, Resource};
use yba_mpi::follower::{catch_up, lag, rebuild};
use yba_mpi::person::{person, person_view};
use yba_records::{Change, Ctx, Past, Scope};
use yba_testkit::Kit;

const MAI: &str = "12001 F 1990-01-02 Lò Thị Mai | cccd 012190001234 | bhyt GD4121234560897";
const MAI_B: &str = "12002 F 1990-02-01 LO THI MAI | cccd 012190001234";
const MAI_C: &str = "12003 F 1990-01-02 Lò Thị Mai | bhxh 1234560897";
const BABY: &str = "12002 F 2024-06-01 Quàng Thị Ban | cccd 012190001234";

#[test]
fn three_files_of_one_woman_become_one_person_and_her_baby_another() {
    on_each(|kit| async move {
        let report = arrive(&kit, 0, &[MAI, MAI_B, MAI_C, BABY]).await;
        assert_eq!((report.patients, report.oversized), (4, 0));
        assert_eq!(together(&kit, "p2").await, ["p0", "p1", "p2"]);
        assert_eq!(together(&kit, "p3").await, ["p3"]);
        let mother = record(&kit, "p1").await;
        assert_eq!(mother.id, "p0");
        assert!(
            mother.links.iter().all(|link| !link.by_person && link.weight > 30 && link.reasons.len() >= 4)
        );
        assert!(mother.doubts.is_empty(), "a number that its own digits call borrowed is worth no question");
        assert_eq!(mother.patients[0].name(), "Lò Thị Mai");
        let view = person_view(&mother);
        assert_eq!(str_at(&view, &["resourceType"]), Some("Person"));
        assert_eq!(view.get("link").unwrap().as_array().unwrap().len(), 3);
        assert_eq!(str_at(&view, &["birthDate"]), Some("1990-01-02"));
    });
}

#[test]
fn following_again_writes_nothing() {
    on_each(|kit| async move {
        arrive(&kit, 0, &[MAI, MAI_B, MAI_C, BABY]).await;
        let head = kit.store().head_t();
        let again = arrive(&kit, 0, &[MAI, MAI_B, MAI_C, BABY]).await;
        let new = kit.store().changes_after(head, 10).await.unwrap();
        assert_eq!(new.iter().map(|one| format!("{}/{}", one.kind, one.id)).collect::<Vec<_>>(), [""; 0]);
        assert_eq!((again.changes, again.decisions), (0, 0));
        let rebuilt = rebuild(&kit.records).await.unwrap();
        assert_eq!((rebuilt.patients, rebuilt.decisions), (4, 0));
        assert_eq!(kit.store().head_t(), head);
        assert_eq!(lag(&kit.records).await.unwrap(), 0);
        assert_eq!(together(&kit, "p2").await, ["p0", "p1", "p2"]);
    });
}

#[test]
fn order_and_size_of_arrivals_do_not_matter() {
    let people =
        [MAI, MAI_B, MAI_C, BABY, "12001 M 2020-04-05 Lò Văn Pản | cccd 012190001234 | bhyt TE1121234567891"];
    for order in [[0, 1, 2, 3, 4], [4, 3, 2, 1, 0], [2, 0, 4, 1, 3], [3, 1, 0, 4, 2]] {
        on_each(|kit| async move {
            for place in order {
                arrive(&kit, place, &people[place..=place]).await;
            }
            assert_eq!(together(&kit, "p1").await, ["p0", "p1", "p2"], "{order:?}");
            for alone in ["p3", "p4"] {
                assert_eq!(together(&kit, alone).await, [alone], "{order:?}");
            }
        });
    }
}

#[test]
fn every_record_of_the_tables_is_the_same_after_a_rebuild() {
    on_each(|kit| async move {
        for (place, text) in [MAI, MAI_B, BABY, MAI_C].iter().enumerate() {
            arrive(&kit, place, &[text]).await;
        }
        arrive(&kit, 1, &["12002 F 1990-01-02 Lò Thị Mai Hoa | cccd 012190001234 | phone 0912345678"]).await;
        arrive(&kit, 1, &[MAI_B]).await;
        let before = dump(&kit).await;
        rebuild(&kit.records).await.unwrap();
        assert_eq!(dump(&kit).await, before);
    });
}

/// All derived rows but the short numbers, which depend on the order of arrival, and word counts of words gone.
async fn dump(kit: &Kit) -> Vec<String> {
    let queries = [
        "SELECT patient, person, names, sort_key, sex, birth, facility, commune, keys FROM mpi_patient ORDER BY patient",
        "SELECT value, system, patient FROM mpi_key ORDER BY value, system, patient",
        "SELECT w.word, w.names, p.patient FROM mpi_word w JOIN mpi_patient p ON p.n = w.n ORDER BY w.word, w.names, p.patient",
        "SELECT word, '', '' FROM mpi_word_count WHERE patients > 0 ORDER BY word",
        "SELECT linkage, first, second, verdict, reasons, author FROM mpi_link ORDER BY linkage",
        "SELECT patient FROM mpi_todo",
    ];
    let mut lines = Vec::new();
    for sql in queries {
        for row in kit.store().query(sql, Vec::new()).await.unwrap() {
            lines.push((0..row.0.len()).map(|at| row.text(at)).collect::<Vec<_>>().join(" | "));
        }
    }
    lines
}

#[test]
fn a_corrected_number_parts_what_it_joined() {
    on_each(|kit| async move {
        arrive(&kit, 0, &[MAI, MAI_B]).await;
        assert_eq!(together(&kit, "p0").await.len(), 2);
        let corrected = arrive(&kit, 1, &["12002 F 1990-02-01 LO THI MAI | cccd 012190009999"]).await;
        assert_eq!(corrected.decisions, 1);
        assert_eq!(together(&kit, "p0").await, ["p0"]);
        assert_eq!(together(&kit, "p1").await, ["p1"]);
        let doubts = record(&kit, "p0").await.doubts;
        assert_eq!(doubts.len(), 1, "the same name and nearly the same date: now a person is asked");
        assert!(doubts[0].pair.reasons.iter().any(|one| one.code() == "cccd-differs" && one.is_against()));
        // The whole story stands in the versions of one Linkage.
        let id = yba_mpi::linkage::id_of("p0", "p1");
        let story = kit.records.history(&kit.ctx(), &Past::of_record("Linkage", &id, 10)).await.unwrap();
        let verdicts: Vec<_> =
            story.iter().map(|one| yba_mpi::linkage::read(&one.version.tree())[0].verdict.code()).collect();
        assert_eq!(verdicts, ["doubt", "link"]);
        arrive(&kit, 1, &[MAI_B]).await;
        assert_eq!(together(&kit, "p1").await, ["p0", "p1"]);
    });
}

#[test]
fn a_deleted_file_leaves_its_person() {
    on_each(|kit| async move {
        arrive(&kit, 0, &[MAI, MAI_B, MAI_C]).await;
        // p0 alone holds p1 (by personal number) and p2 (by insurance number) together.
        kit.records.transact(&kit.ctx(), vec![Change::delete("Patient", "p0")]).await.unwrap();
        catch_up(&kit.records).await.unwrap();
        for id in ["p1", "p2"] {
            assert_eq!(together(&kit, id).await, [id]);
            let other = if id == "p1" { "p2" } else { "p1" };
            let doubts = record(&kit, id).await.doubts;
            assert!(doubts.iter().all(|doubt| doubt.other.id == other), "nobody is asked about the one gone");
        }
        let row = kit
            .store()
            .query("SELECT verdict FROM mpi_link WHERE first = 'p0' OR second = 'p0'", Vec::new())
            .await
            .unwrap();
        assert!(!row.is_empty() && row.iter().all(|row| row.text(0) == "withdrawn"));
        assert_eq!(person(&kit.records, &kit.ctx(), "p0").await.unwrap_err().kind, Kind::NotFound);
        arrive(&kit, 0, &[MAI]).await;
        assert_eq!(together(&kit, "p1").await, ["p0", "p1", "p2"]);
    });
}

fn by_hand(one: &str, other: &str, active: bool) -> Resource {
    let item =
        |kind: &str, id: &str| json!({"type": kind, "resource": {"reference": format!("Patient/{id}")}});
    Resource::from_value(json!({
        "resourceType": "Linkage", "id": yba_mpi::linkage::id_of(one, other), "active": active,
        "author": {"reference": "Practitioner/clerk"}, "item": [item("source", one), item("alternate", other)]
    }))
    .unwrap()
}

#[test]
fn what_a_person_decides_holds_against_the_machine() {
    on_each(|kit| async move {
        arrive(&kit, 0, &[MAI, MAI_B, MAI_C]).await;
        // Kept apart: p1 leaves, and does not come back over p2 or by following again.
        kit.records.transact(&kit.ctx(), vec![Change::put(by_hand("p0", "p1", false))]).await.unwrap();
        catch_up(&kit.records).await.unwrap();
        assert_eq!(together(&kit, "p0").await, ["p0", "p2"]);
        assert_eq!(together(&kit, "p1").await, ["p1"]);
        arrive(&kit, 1, &["12002 F 1990-02-01 LO THI MAI | cccd 012190001234 | phone 0912345678"]).await;
        rebuild(&kit.records).await.unwrap();
        assert_eq!(together(&kit, "p1").await, ["p1"]);
        // Joined by hand with somebody whom no number proposes.
        arrive(&kit, 3, &["12004 F 1990-01-02 Lò Mai"]).await;
        kit.records.transact(&kit.ctx(), vec![Change::put(by_hand("p3", "p1", true))]).await.unwrap();
        catch_up(&kit.records).await.unwrap();
        assert_eq!(together(&kit, "p3").await, ["p1", "p3"]);
        assert!(record(&kit, "p3").await.links[0].by_person);
        // And undone exactly.
        kit.records.transact(&kit.ctx(), vec![Change::put(by_hand("p3", "p1", false))]).await.unwrap();
        kit.records.transact(&kit.ctx(), vec![Change::put(by_hand("p0", "p1", true))]).await.unwrap();
        catch_up(&kit.records).await.unwrap();
        assert_eq!(together(&kit, "p1").await, ["p0", "p1", "p2"]);
        assert_eq!(together(&kit, "p3").await, ["p3"]);
    });
}

#[test]
fn a_link_that_becomes_contradictory_turns_into_doubts() {
    on_each(|kit| async move {
        let owners = "12001 F 1990-01-02 Lò Thị Mai | cccd 012190001234 | phone 0912345678";
        let without_number = "12002 F 1990-01-02 Lò Thị Mai | phone 0912345678";
        let other_number = "12003 F 1990-01-02 Lò Thị Mai | cccd 012190777777 | phone 0912345678";
        arrive(&kit, 0, &[owners, without_number]).await;
        assert_eq!(together(&kit, "p0").await, ["p0", "p1"]);
        arrive(&kit, 2, &[other_number]).await;
        for id in ["p0", "p1", "p2"] {
            assert_eq!(together(&kit, id).await, [id]);
            assert!(!record(&kit, id).await.doubts.is_empty());
        }
    });
}

#[test]
fn a_number_that_a_whole_ward_was_filed_under_joins_nobody_new() {
    on_each(|kit| async move {
        let ward: Vec<String> =
            (0..80).map(|at| format!("12001 F 19{}-01-02 Lò Thị Mai | cccd 012190001234", 20 + at)).collect();
        let ward: Vec<&str> = ward.iter().map(String::as_str).collect();
        arrive(&kit, 0, &ward).await;
        let more = arrive(&kit, 80, &["12002 F 1990-05-06 Vàng Thị Hoa | cccd 012190001234"]).await;
        assert_eq!(more.decisions, 0);
        assert_eq!(together(&kit, "p80").await, ["p80"]);
    });
}

#[test]
fn strangers_and_narrowed_scopes_see_no_more_than_theirs() {
    on_each(|kit| async move {
        arrive(&kit, 0, &[MAI, MAI_B, MAI_C, BABY]).await;
        let stranger = person(&kit.records, &Ctx::stranger("page"), "p0").await.unwrap_err();
        assert_eq!(stranger.kind, Kind::Unauthenticated);
        let narrow = kit.ctx().with_scope(Scope::Patients(vec!["p1".into()]));
        let seen = person(&kit.records, &narrow, "p1").await.unwrap();
        assert_eq!(
            (seen.id.as_str(), seen.patients.len(), seen.links.len(), seen.doubts.len()),
            ("p1", 1, 0, 0)
        );
        let beyond = person(&kit.records, &narrow, "p0").await.unwrap_err();
        let nobody = person(&kit.records, &narrow, "nobody").await.unwrap_err();
        assert_eq!((beyond.kind, &beyond.issues[0].text), (nobody.kind, &nobody.issues[0].text));
        let nothing = kit.ctx().with_scope(Scope::Nothing);
        assert_eq!(person(&kit.records, &nothing, "p1").await.unwrap_err().kind, Kind::NotFound);
    });
}

#[test]
fn patients_are_never_rewritten() {
    on_each(|kit| async move {
        arrive(&kit, 0, &[MAI, MAI_B]).await;
        for id in ["p0", "p1"] {
            let read = kit.records.read(&kit.ctx(), "Patient", id).await.unwrap();
            assert!(read.tree().get("link").is_none());
            assert_eq!(
                kit.records.history(&kit.ctx(), &Past::of_record("Patient", id, 10)).await.unwrap().len(),
                1
            );
        }
    });
}

#[test]
fn the_server_follows_by_itself_and_stops_when_told() {
    on_each(|kit| async move {
        let (stop, stopped) = tokio::sync::watch::channel(false);
        let follower = tokio::spawn(yba_mpi::follower::run(kit.records.clone(), stopped));
        store(&kit, 0, &[MAI]).await;
        store(&kit, 1, &[MAI_B]).await;
        let linked = async {
            loop {
                match person(&kit.records, &kit.ctx(), "p1").await {
                    Ok(found) if found.patients.len() == 2 => break,
                    _ => tokio::task::yield_now().await,
                }
            }
        };
        tokio::time::timeout(std::time::Duration::from_secs(20), linked)
            .await
            .expect("linked by the follower");
        stop.send(true).unwrap();
        tokio::time::timeout(std::time::Duration::from_secs(5), follower).await.expect("stopped").unwrap();
    });
}
