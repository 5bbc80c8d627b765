//! The pages of accounts: places and people picked by name, several roles, slips beside their fields.

use crate::House;
use axum::http::StatusCode;
use yba_auth::POST;
use yba_fhir::Resource;
use yba_fhir::json::{json, str_at};
use yba_records::{Change, Ctx, Query};

const LIST: &str = "/quan-tri/tai-khoan";

async fn house() -> (House, Ctx) {
    let house = House::open(yba_testkit::records()).await;
    for (id, name) in [
        ("cskcb-12001", "Bệnh viện Đa khoa Mường Tè"),
        ("cskcb-12002", "Trạm Y tế xã Bản Bo"),
        ("cskcb-12003", "Trạm Y tế xã Bản Bo 2"),
    ] {
        put(&house, json!({"resourceType": "Organization", "id": id, "name": name})).await;
    }
    put(&house, json!({"resourceType": "Practitioner", "id": "pr-mai", "name": [{"text": "Lò Thị Mai"}]}))
        .await;
    let keeper = house.someone("quan.tri", "Giàng Thị Quản", "it-officer", None).await;
    (house, keeper)
}

async fn put(house: &House, tree: yba_fhir::json::Value) {
    let change = Change::put(Resource::from_value(tree).unwrap());
    house.kit.records.transact(&house.kit.ctx(), vec![change]).await.unwrap();
}

/// The address of the page of an account.
async fn page_of(house: &House, login: &str) -> String {
    let accounts = house.gate.accounts(&house.kit.ctx()).await.unwrap();
    format!("{LIST}/{}", accounts.iter().find(|one| one.login == login).unwrap().id)
}

#[tokio::test]
async fn places_and_people_are_picked_by_their_names_and_written_as_practitioner_roles() {
    let (house, keeper) = house().await;
    let offered = house.post(&keeper, "/quan-tri/tai-khoan/co-so", &[("organization", "ban bo")]).await;
    assert!(offered.text.contains("Trạm Y tế xã Bản Bo (12002)") && offered.text.contains("Bo 2 (12003)"));
    assert!(!offered.text.contains("Mường Tè"));
    let people = house.post(&keeper, "/quan-tri/tai-khoan/nhan-vien", &[("practitioner", "lo thi")]).await;
    assert!(people.text.contains("Lò Thị Mai (pr-mai)"), "{}", people.text);
    let communes = house.post(&keeper, "/quan-tri/tai-khoan/xa", &[("commune", "ban bo, lai chau")]).await;
    assert!(communes.text.contains("Bản Bo"), "{}", communes.text);
    let form = [
        ("login", "mai.lo"),
        ("name", "Lò Thị Mai"),
        ("practitioner", "Lò Thị Mai (pr-mai)"),
        ("role", "station-staff"),
        ("organization", "Trạm Y tế xã Bản Bo"),
        ("commune", "Bản Bo, Lai Châu"),
        ("department", "Tổ tiêm chủng"),
        ("from", "1/3/2026"),
        ("to", "31/12/2026"),
    ];
    let made = house.post(&keeper, LIST, &form).await;
    assert_eq!(made.status, StatusCode::OK, "{}", made.text);
    assert!(made.text.contains("/mat-khau/"));
    let page = house.get(&keeper, &page_of(&house, "mai.lo").await).await.text;
    for shown in [
        "Trạm Y tế xã Bản Bo (12002)",
        "Tổ tiêm chủng",
        "dân của Xã Bản Bo",
        "đến hết 31/12/2026",
        "Lò Thị Mai (pr-mai)",
    ] {
        assert!(page.contains(shown), "{shown}\n{page}");
    }
    let query = Query::parse_string(POST, "practitioner=Practitioner/pr-mai").unwrap();
    let posts = house.kit.records.search(&house.kit.ctx(), &query, None).await.unwrap().matches;
    assert_eq!(str_at(&posts[0].tree(), &["organization", "reference"]), Some("Organization/cskcb-12002"));
}

#[tokio::test]
async fn all_slips_are_told_beside_their_fields_and_what_was_typed_stays() {
    let (house, keeper) = house().await;
    let form = [
        ("login", "mại"),
        ("name", ""),
        ("practitioner", "Vàng Không Có"),
        ("role", "nurse"),
        ("organization", "Trạm Y tế"),
        ("commune", "Xã Chẳng Có, Lai Châu"),
        ("department", "Khoa Nhi"),
    ];
    let wrong = house.post(&keeper, LIST, &form).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    for field in ["login", "name", "practitioner", "organization", "commune"] {
        assert!(wrong.text.contains(&format!("id=\"{field}-loi\"")), "{field}\n{}", wrong.text);
    }
    assert!(wrong.text.contains("«Trạm Y tế xã Bản Bo (12002)»"), "which ones it may be");
    for typed in ["mại", "Vàng Không Có", "value=\"Trạm Y tế\"", "Xã Chẳng Có", "Khoa Nhi"] {
        assert!(wrong.text.contains(typed), "{typed}");
    }
    let days = [("login", "mai.lo"), ("name", "Mai"), ("role", "nurse"), ("from", "31/2/2026")];
    let wrong = house.post(&keeper, LIST, &days).await;
    assert!(wrong.text.contains("id=\"from-loi\"") && wrong.text.contains("31/2/2026"), "{}", wrong.text);
}

#[tokio::test]
async fn an_account_has_several_roles_and_each_is_edited_or_taken_away() {
    let (house, keeper) = house().await;
    house
        .post(
            &keeper,
            LIST,
            &[
                ("login", "mai.lo"),
                ("name", "Mai"),
                ("role", "nurse"),
                ("new_practitioner", "1"),
                ("organization", "12001"),
            ],
        )
        .await;
    let page = page_of(&house, "mai.lo").await;
    let added = house.post(&keeper, &page, &[("role", "doctor"), ("organization", "12002")]).await;
    assert_eq!(added.status, StatusCode::SEE_OTHER, "{}", added.text);
    let form = house.get(&keeper, &format!("{page}?sua=1")).await.text;
    assert!(form.contains("value=\"Trạm Y tế xã Bản Bo (12002)\"") && form.contains("Lưu vai trò"), "{form}");
    let edited = [
        ("at", "1"),
        ("role", "doctor"),
        ("organization", "12002"),
        ("from", "2/3/2026"),
        ("to", "3/3/2026"),
    ];
    assert_eq!(house.post(&keeper, &page, &edited).await.status, StatusCode::SEE_OTHER);
    let account = house.gate.account_for(&house.kit.ctx(), page.rsplit('/').next().unwrap()).await.unwrap();
    let ends: Vec<Option<&str>> = account.roles.iter().map(|grant| grant.to.as_deref()).collect();
    assert_eq!(ends, [None, Some("2026-03-03")]);
    house.kit.advance_ms(3 * 24 * 3_600_000);
    assert!(house.get(&keeper, &page).await.text.contains("đã hết hạn"));
    house.post(&keeper, &page, &[("away", "0")]).await;
    assert!(house.get(&keeper, LIST).await.text.contains("không còn vai trò"));
    let backwards = [("role", "nurse"), ("from", "5/3/2026"), ("to", "1/3/2026"), ("department", "Khoa Nhi")];
    let wrong = house.post(&keeper, &page, &backwards).await;
    assert!(wrong.text.contains("id=\"to-loi\"") && wrong.text.contains("Khoa Nhi"), "{}", wrong.text);
}

#[tokio::test]
async fn who_keeps_no_accounts_is_offered_nothing_here() {
    let (house, _) = house().await;
    let nurse = house.someone("mai.lo", "Lò Thị Mai", "nurse", None).await;
    let page = page_of(&house, "mai.lo").await;
    assert_eq!(house.get(&nurse, LIST).await.status, StatusCode::FORBIDDEN);
    assert_eq!(house.post(&nurse, &page, &[("role", "it-officer")]).await.status, StatusCode::FORBIDDEN);
    let path = format!("{page}/nguoi");
    assert_eq!(house.post(&nurse, &path, &[("name", "Khác")]).await.status, StatusCode::FORBIDDEN);
}
