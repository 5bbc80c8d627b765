//! Who somebody may be, under scopes: what may not be seen is not told, and changes nothing of what is told.

use crate::people::{arrive, on_each, patient};
use yba_mpi::by_hand::keep_apart;
use yba_mpi::matching::{Grade, matches};
use yba_records::{Ctx, Scope};
use yba_testkit::Kit;

const MAI: &str = "12001 F 1990-01-02 Lò Thị Mai | cccd 012190001234 | phone 0912345678";
const OTHER_MAI: &str = "12002 F 1990-01-02 Lò Thị Mai | cccd 012190777777 | phone 0912345678";
const ASKED: &str = "12003 F 1990-01-02 Lò Thị Mai | phone 0912345678";

async fn asked(kit: &Kit, ctx: &Ctx, text: &str) -> Vec<(String, Grade)> {
    let tree = patient("asked", text).into_tree();
    let found = matches(&kit.records, ctx, &tree).await.unwrap();
    found.into_iter().map(|one| (one.patient, one.grade)).collect()
}

#[test]
fn who_may_not_be_seen_is_not_told_and_makes_nobody_less_certain() {
    on_each(|kit| async move {
        arrive(&kit, 0, &[MAI, OTHER_MAI]).await;
        let all = asked(&kit, &kit.ctx(), ASKED).await;
        assert_eq!(all.len(), 2);
        assert!(all.iter().all(|one| one.1 != Grade::Certain), "it fits two people: {all:?}");
        let narrow = kit.ctx().with_scope(Scope::Patients(vec!["p0".into()]));
        assert_eq!(asked(&kit, &narrow, ASKED).await, [("p0".to_owned(), Grade::Certain)]);
        assert!(asked(&kit, &kit.ctx().with_scope(Scope::Nothing), ASKED).await.is_empty());
        let tree = patient("asked", ASKED).into_tree();
        assert!(matches(&kit.records, &Ctx::stranger("rest"), &tree).await.is_err());
    });
}

#[test]
fn two_whom_a_person_kept_apart_are_not_both_certain() {
    on_each(|kit| async move {
        arrive(&kit, 0, &[MAI, "12002 F 1990-01-02 Lò Thị Mai"]).await;
        let own = "12003 F 1990-01-02 Lò Thị Mai | cccd 012190001234 | phone 0912345678";
        assert_eq!(asked(&kit, &kit.ctx(), own).await[0], ("p0".to_owned(), Grade::Certain));
        arrive(&kit, 2, &[own]).await;
        yba_mpi::by_hand::split(&kit.records, &kit.ctx(), &["p2".into()]).await.unwrap();
        let contested = asked(&kit, &kit.ctx(), own).await;
        assert!(contested.iter().all(|one| one.1 != Grade::Certain), "{contested:?}");
        keep_apart(&kit.records, &kit.ctx(), "p1", "p0").await.unwrap();
    });
}

#[test]
fn a_question_leaves_no_trace_in_the_index() {
    on_each(|kit| async move {
        arrive(&kit, 0, &[MAI]).await;
        let before = asked(&kit, &kit.ctx(), ASKED).await;
        for _ in 0..50 {
            asked(&kit, &kit.ctx(), "12001 F 1971-03-04 Vàng Thị Hoa | phone 0987654321").await;
        }
        assert_eq!(asked(&kit, &kit.ctx(), ASKED).await, before);
        // What changed or went is found as it is now.
        arrive(&kit, 0, &["12001 F 1971-03-04 Vàng Thị Hoa | cccd 012171000004"]).await;
        assert!(asked(&kit, &kit.ctx(), ASKED).await.is_empty());
        kit.records.transact(&kit.ctx(), vec![yba_records::Change::delete("Patient", "p0")]).await.unwrap();
        yba_mpi::follower::catch_up(&kit.records).await.unwrap();
        assert!(asked(&kit, &kit.ctx(), "12001 F 1971-03-04 Vàng Thị Hoa").await.is_empty());
    });
}
