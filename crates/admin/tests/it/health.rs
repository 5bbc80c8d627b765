//! The health of the node: for its keepers alone.

use crate::House;
use axum::http::StatusCode;
use yba_records::audit::Wanted;

#[tokio::test]
async fn a_keeper_sees_what_to_do_and_nobody_else_does() {
    let house = House::open(yba_testkit::records()).await;
    let doctor = house.someone("mai.lo", "Lò Thị Mai", "doctor", None).await;
    let keeper = house.someone("quan.tri", "Giàng Thị Quản", "it-officer", None).await;
    let page = house.get(&keeper, "/quan-tri/suc-khoe").await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.text);
    for shown in ["1 việc cần làm", "Chưa sao lưu lần nào.", "Chạy `yba backup`.", "Ổ đĩa còn trống", "3 GB"]
    {
        assert!(page.text.contains(shown), "{shown}: {}", page.text);
    }
    let refused = house.get(&doctor, "/quan-tri/suc-khoe").await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert!(!refused.text.contains("Chưa sao lưu"));
    let wanted = Wanted { action: "health".into(), ..Wanted::default() };
    let noted = house.kit.records.audit_search(&house.kit.ctx(), &wanted, None, 9).await.unwrap().entries;
    assert_eq!(noted.iter().map(|one| one.refused).collect::<Vec<_>>(), [true, false]);
}
