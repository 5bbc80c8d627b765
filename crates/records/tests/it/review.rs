//! Accounts that nobody uses are out, and each is looked at again from time to time, on both engines.

use crate::gate::{PASSWORD, from, gate, key, try_in, visitor};
use yba_auth::Grant;
use yba_records::gate::{NewAccount, Visitor};
use yba_records::{Ctx, Gate};
use yba_testkit::each_engine;

const DAY: i64 = 24 * 3_600_000;

async fn someone(gate: &Gate, login: &str, role: &str) -> String {
    let roles = vec![Grant::new(role, gate.today())];
    let typed =
        NewAccount { login: login.into(), name: "Lò Thị Mai".into(), roles, ..NewAccount::default() };
    let (account, link) = gate.create(&Ctx::test_administrator("test"), &typed).await.unwrap();
    gate.set_password_by_link(&link.0, PASSWORD, None, &from("10.0.0.9")).await.unwrap();
    account.id.clone()
}

#[tokio::test]
async fn an_account_that_nobody_used_for_too_long_is_out_until_somebody_lets_it_in_with_a_reason() {
    each_engine(async |kit| {
        let (gate, admin) = (gate(&kit).await, kit.ctx());
        let (days, _) = gate.limits();
        let id = someone(&gate, "mai.lo", "nurse").await;
        kit.advance_ms(days * DAY);
        let came = try_in(&gate, "mai.lo", PASSWORD, None, "10.0.0.1").await.expect("the last day");
        kit.advance_ms(days * DAY + 1);
        assert!(matches!(visitor(&gate, &came).await, Visitor::Stranger));
        assert_eq!(key(try_in(&gate, "mai.lo", PASSWORD, None, "10.0.0.1").await), "account-idle");
        assert_eq!(
            key(try_in(&gate, "mai.lo", "sai", None, "10.0.0.1").await),
            "sign-in-wrong",
            "only its owner learns why"
        );
        assert!(gate.review().await.unwrap()[0].is_idle);
        assert_eq!(key(gate.unblock(&admin, &id, "ngắn").await), "reason");
        gate.unblock(&admin, &id, "Chị Mai đi học sáu tháng về").await.unwrap();
        try_in(&gate, "mai.lo", PASSWORD, None, "10.0.0.1").await.unwrap();
        let kept = gate.account_for(&admin, &id).await.unwrap().reopened.clone().unwrap();
        assert_eq!(
            (kept.by.as_str(), kept.reason.as_str()),
            ("test-administrator", "Chị Mai đi học sáu tháng về")
        );
    })
    .await;
}

#[tokio::test]
async fn the_last_who_keeps_accounts_is_never_out_for_want_of_use() {
    each_engine(async |kit| {
        let gate = gate(&kit).await;
        someone(&gate, "quan.tri", "it-officer").await;
        kit.advance_ms(400 * DAY);
        try_in(&gate, "quan.tri", PASSWORD, None, "10.0.0.1").await.expect("nobody else could let them in");
        kit.advance_ms(40 * DAY);
        someone(&gate, "moi.den", "it-officer").await;
        kit.advance_ms(10 * DAY);
        assert_eq!(key(try_in(&gate, "quan.tri", PASSWORD, None, "10.0.0.1").await), "account-idle");
        kit.advance_ms(100 * DAY);
        try_in(&gate, "quan.tri", PASSWORD, None, "10.0.0.1").await.expect("both rest: one must come in");
    })
    .await;
}

#[tokio::test]
async fn a_node_that_was_restored_begins_to_count_anew() {
    each_engine(async |kit| {
        let gate = gate(&kit).await;
        someone(&gate, "mai.lo", "nurse").await;
        kit.advance_ms(100 * DAY);
        let (other, log) = (yba_testkit::records(), kit.store().changes_after(0, 100).await.unwrap());
        other.advance_ms(100 * DAY);
        let there = crate::gate::gate(&other).await;
        other.store().integrate(log).await.unwrap();
        try_in(&there, "mai.lo", PASSWORD, None, "10.0.0.1").await.expect("it remembers nothing yet");
        assert_eq!(key(try_in(&gate, "mai.lo", PASSWORD, None, "10.0.0.1").await), "account-idle");
    })
    .await;
}

#[tokio::test]
async fn every_account_is_due_again_and_what_was_ruled_is_kept_as_versions() {
    each_engine(async |kit| {
        let (gate, admin) = (gate(&kit).await, kit.ctx());
        let (_, days) = gate.limits();
        let (mai, lan) = (someone(&gate, "mai.lo", "nurse").await, someone(&gate, "lan", "doctor").await);
        let due = async || {
            let all = gate.accounts_to_review(&admin).await.unwrap();
            all.into_iter()
                .filter(|(_, review)| review.is_due)
                .map(|(one, _)| one.login.clone())
                .collect::<Vec<_>>()
        };
        assert_eq!(due().await, [""; 0], "made today");
        kit.advance_ms(days * DAY + 1);
        assert_eq!(due().await, ["lan", "mai.lo"]);
        gate.rule(&admin, &mai, true, "").await.unwrap();
        assert_eq!(key(gate.rule(&admin, &lan, false, "nghỉ").await), "reason");
        gate.rule(&admin, &lan, false, "Bác sĩ Lan đã chuyển tỉnh").await.unwrap();
        assert_eq!(due().await, [""; 0], "one kept, one blocked");
        assert_eq!(key(try_in(&gate, "lan", PASSWORD, None, "10.0.0.1").await), "no-entry");
        kit.advance_ms(days * DAY + 1);
        assert_eq!(due().await, ["mai.lo"]);
        gate.rule(&admin, &mai, true, "Vẫn làm ở trạm Bản Bo").await.unwrap();
        let rulings = gate.rulings(&admin, &mai).await.unwrap();
        let said: Vec<(bool, &str)> = rulings.iter().map(|one| (one.keeps, one.reason.as_str())).collect();
        assert_eq!(said, [(true, "Vẫn làm ở trạm Bản Bo"), (true, "")]);
        assert_eq!(gate.rulings(&admin, &lan).await.unwrap().len(), 1);
    })
    .await;
}

#[tokio::test]
async fn nobody_rules_of_their_own_account_or_without_keeping_accounts() {
    let kit = yba_testkit::records();
    let gate = gate(&kit).await;
    let id = someone(&gate, "mai.lo", "nurse").await;
    let came = try_in(&gate, "mai.lo", PASSWORD, None, "10.0.0.1").await.unwrap();
    let ctx = gate.ctx(&visitor(&gate, &came).await, "page", "r");
    for refused in [
        key(gate.rule(&ctx, &id, true, "").await),
        key(gate.unblock(&ctx, &id, "một lý do đủ dài").await),
        key(gate.accounts_to_review(&ctx).await),
        key(gate.rulings(&ctx, &id).await),
    ] {
        assert_eq!(refused, "role");
    }
    let other = someone(&gate, "quan.tri", "it-officer").await;
    let came = try_in(&gate, "quan.tri", PASSWORD, None, "10.0.0.1").await.unwrap();
    let Visitor::Halfway(here, _) = visitor(&gate, &came).await else { panic!() };
    let setup = gate.set_up_app(&here).unwrap();
    let code = yba_testkit::app_code(&setup.text, kit.now_ms());
    gate.keep_app(&here, &setup.sealed, &code, &from("10.0.0.1")).await.unwrap();
    let keeper = gate.ctx(&visitor(&gate, &came).await, "page", "r");
    assert_eq!(key(gate.rule(&keeper, &other, true, "").await), "own-account");
    assert_eq!(key(gate.unblock(&keeper, &other, "một lý do đủ dài").await), "own-account");
    gate.rule(&keeper, &id, true, "").await.unwrap();
}
