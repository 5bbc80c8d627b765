//! The page on which accounts are looked at again.

use crate::House;
use axum::http::StatusCode;

const REVIEW: &str = "/quan-tri/ra-soat";
const DAY: i64 = 24 * 3_600_000;

#[tokio::test]
async fn the_first_that_is_due_has_the_focus_and_is_kept_or_withdrawn() {
    let house = House::open(yba_testkit::records()).await;
    house.someone("mai.lo", "Lò Thị Mai", "nurse", Some("bv")).await;
    house.someone("an.vu", "Vũ Văn An", "doctor", None).await;
    house.kit.advance_ms(181 * DAY);
    let keeper = house.someone("quan.tri", "Giàng Thị Quản", "it-officer", None).await;
    let page = house.get(&keeper, REVIEW).await.text;
    assert!(page.contains("2 đến hạn trong 3 tài khoản"), "{page}");
    let (first, second) = (page.find("Vũ Văn An").unwrap(), page.find("Lò Thị Mai").unwrap());
    let focus = page.find("value=\"giu\" autofocus").unwrap();
    assert!(first < focus && focus < second && page.matches("autofocus").count() == 1, "{page}");
    assert!(page.contains("bị chặn vì lâu không dùng") && page.contains("181 ngày"));
    assert_eq!(page.matches("người khác rà soát").count(), 1, "nobody rules of their own");

    let accounts = house.gate.accounts(&house.kit.ctx()).await.unwrap();
    let id = |login: &str| accounts.iter().find(|one| one.login == login).unwrap().id.clone();
    let rule = async |login: &str, ruling: &str, reason: &str| {
        house.post(&keeper, REVIEW, &[("account", &id(login)), ("ruling", ruling), ("reason", reason)]).await
    };
    let wrong = rule("an.vu", "thu", "nghỉ").await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(wrong.text.contains("value=\"nghỉ\"") && wrong.text.contains("Ghi lý do"), "{}", wrong.text);
    assert_eq!(rule("an.vu", "thu", "Đã chuyển công tác").await.status, StatusCode::SEE_OTHER);
    assert_eq!(rule("mai.lo", "giu", "").await.status, StatusCode::SEE_OTHER);
    let page = house.get(&keeper, REVIEW).await.text;
    assert!(
        page.contains("0 đến hạn") && page.contains("Giàng Thị Quản") && page.contains("đã khóa"),
        "{page}"
    );
    let account = house.get(&keeper, &format!("/quan-tri/tai-khoan/{}", id("an.vu"))).await.text;
    assert!(account.contains("Thu hồi: Đã chuyển công tác") && account.contains("Lý do mở lại"), "{account}");
    let file = house.get(&keeper, "/quan-tri/ra-soat/tep").await;
    assert!(file.kind.starts_with("text/csv") && file.text.lines().count() == 4, "{}", file.text);
    assert!(file.text.contains("Vũ Văn An") && file.text.contains("Đã chuyển công tác"));
}

#[tokio::test]
async fn who_keeps_no_accounts_reviews_none() {
    let house = House::open(yba_testkit::records()).await;
    let nurse = house.someone("mai.lo", "Lò Thị Mai", "nurse", None).await;
    for path in [REVIEW, "/quan-tri/ra-soat/tep"] {
        assert_eq!(house.get(&nurse, path).await.status, StatusCode::FORBIDDEN);
    }
    let ruled = house.post(&nurse, REVIEW, &[("account", "x"), ("ruling", "giu")]).await;
    assert_eq!(ruled.status, StatusCode::FORBIDDEN);
}
