//! «Nghi trùng» and «Các hồ sơ đã gộp» over real records: decided, led on, undone, parted.

use crate::{ask, get, house, kit_with};
use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use yba_fhir::json::{Value, json};
use yba_mpi::doubts;
use yba_testkit::Kit;

fn patient(id: &str, name: &str, birth: &str, cccd: &str) -> Value {
    let mut tree = json!({"resourceType": "Patient", "id": id, "name": [{"text": name}], "gender": "female", "birthDate": birth,
        "address": [{"text": "Xã Than Uyên, Lai Châu"}]});
    if !cccd.is_empty() {
        tree["identifier"] = json!([{"system": "https://yba.vn/fhir/sid/cccd", "value": cccd}]);
    }
    tree
}

/// Two pairs that may be one person's each, and somebody alone.
async fn doubtful() -> Kit {
    kit_with(vec![
        patient("a1", "Lò Thị Mai", "1990-01-02", "012190001234"),
        patient("a2", "Lò Thị Mai", "1990-01-02", ""),
        patient("b1", "Giàng Thị Sính", "1968-12-11", "012168000011"),
        patient("b2", "Giàng Thị Sính", "1968-12-11", ""),
        patient("c1", "Vàng A Páo", "1955-03-03", ""),
    ])
    .await
}

async fn open(kit: &Kit) -> Vec<String> {
    let (found, _) = doubts::list(&kit.records, &kit.ctx(), None, 10).await.unwrap();
    found.into_iter().map(|one| one.linkage).collect()
}

/// Posts a form; answers the status and where it leads.
async fn post(house: &Router, path: &str, form: &str) -> (StatusCode, String, String) {
    let request = Request::post(path).header("content-type", "application/x-www-form-urlencoded");
    let said = ask(house, request.body(Body::from(form.to_owned())).unwrap()).await;
    let to = said.headers.get("location").map_or("", |to| to.to_str().unwrap()).to_owned();
    (said.status, to, said.text)
}

fn value_of<'a>(text: &'a str, name: &str) -> &'a str {
    let (_, rest) = text.split_once(&format!("name=\"{name}\" value=\"")).unwrap();
    rest.split('"').next().unwrap()
}

#[tokio::test]
async fn doubts_are_decided_one_after_the_other_and_undone() {
    let kit = doubtful().await;
    let house = house(&kit, true);
    let all = open(&kit).await;
    assert_eq!(all.len(), 2);
    let list = get(&house, "/nghi-trung").await;
    assert_eq!(list.status, StatusCode::OK);
    assert!(list.text.contains("Lò Thị Mai") && list.text.contains("Giàng Thị Sính"));
    assert!(!list.text.contains("012190001234"), "numbers stand on the page of the pair alone");

    let first = format!("/nghi-trung/{}", all[0]);
    let (status, to, _) = post(&house, &first, "quyet=mot").await;
    assert_eq!(status, StatusCode::SEE_OTHER);
    assert!(to.starts_with(&format!("/nghi-trung/{}?xong=", all[1])), "the next pair at once: {to}");
    let next = get(&house, &to).await;
    assert!(next.text.contains("Đã ghi: cùng một người."), "{}", next.text);
    assert_eq!(open(&kit).await, all[1..]);

    let form = format!("act={}&truoc={}", value_of(&next.text, "act"), value_of(&next.text, "truoc"));
    let (status, to, _) = post(&house, "/nghi-trung/hoan-tac", &form).await;
    assert_eq!((status, to.as_str()), (StatusCode::SEE_OTHER, first.as_str()), "back to the pair");
    assert_eq!(open(&kit).await, all);
    let (status, _, text) = post(&house, "/nghi-trung/hoan-tac", &form).await;
    assert_eq!(status, StatusCode::NOT_FOUND, "nothing is undone twice");
    assert!(text.contains("Xem các cặp còn lại"));

    // Later, then two people; the list is empty in the end.
    let (_, to, _) = post(&house, &first, "quyet=hai").await;
    let (_, to, _) = post(&house, to.split('?').next().unwrap(), "quyet=hai").await;
    assert!(to.starts_with("/nghi-trung?xong=") && to.ends_with("&het=1"), "{to}");
    let end = get(&house, &to).await;
    assert!(end.text.contains("Không còn cặp nào chờ xem") && end.text.contains("Hoàn tác"));
    yba_mpi::follower::catch_up(&kit.records).await.unwrap();
    assert!(open(&kit).await.is_empty(), "the machine does not ask again what a person answered");
}

#[tokio::test]
async fn later_leads_to_the_next_pair_and_writes_nothing() {
    let kit = doubtful().await;
    let (house, all, head) = (house(&kit, true), open(&kit).await, kit.store().head_t());
    let later = |text: &str| {
        let (_, rest) = text.split_once("href=\"/nghi-trung/tiep?sau=").unwrap();
        format!("/nghi-trung/tiep?sau={}", rest.split('"').next().unwrap())
    };
    let first = get(&house, &format!("/nghi-trung/{}", all[0])).await;
    let next = get(&house, &later(&first.text)).await;
    assert_eq!(next.headers["location"], format!("/nghi-trung/{}", all[1]).as_str());
    let second = get(&house, &format!("/nghi-trung/{}", all[1])).await;
    let end = get(&house, &later(&second.text)).await;
    assert_eq!(end.headers["location"], "/nghi-trung?het=1");
    assert!(get(&house, "/nghi-trung?het=1").await.text.contains("Đã xem hết danh sách."));
    assert_eq!(kit.store().head_t(), head);
}

#[tokio::test]
async fn odd_and_late_decisions_say_so_and_lead_on() {
    let kit = doubtful().await;
    let (house, all) = (house(&kit, true), open(&kit).await);
    let first = format!("/nghi-trung/{}", all[0]);
    let (status, _, text) = post(&house, &first, "quyet=ba").await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert!(text.contains("Hãy chọn") && text.contains("Lò Thị Mai"), "the pair stays on the page");
    post(&house, &first, "quyet=mot").await;
    let (status, _, text) = post(&house, &first, "quyet=hai").await;
    assert_eq!(status, StatusCode::NOT_FOUND, "somebody was faster");
    assert!(text.contains("đã có người quyết định"));
    for path in ["/nghi-trung/khong-co", "/nghi-trung/%00", "/nghi-trung/%3Cb%3E", "/nguoi/khong-co/ho-so"] {
        assert!(get(&house, path).await.status.is_client_error(), "{path}");
    }
    let closed = crate::house(&kit, false);
    for path in ["/nghi-trung", &first, "/nguoi/a1/ho-so"] {
        assert_eq!(get(&closed, path).await.status, StatusCode::UNAUTHORIZED, "{path}");
    }
    assert_eq!(post(&closed, &first, "quyet=mot").await.0, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_record_is_parted_from_its_person_and_put_back() {
    let kit = doubtful().await;
    let (house, all) = (house(&kit, true), open(&kit).await);
    post(&house, &format!("/nghi-trung/{}", all[0]), "quyet=mot").await;
    let record = get(&house, "/nguoi/a1").await;
    let which = if record.text.contains("2 hồ sơ đã gộp") { "a1" } else { "b1" };
    let page = format!("/nguoi/{which}/ho-so");
    let shown = get(&house, &page).await;
    assert_eq!(shown.text.matches("Tách hồ sơ này").count(), 2, "{}", shown.text);
    assert!(shown.text.contains("Quản trị viên thử nghiệm: Cùng ngày sinh"));
    let (status, to, _) = post(&house, &format!("{page}/tach"), &format!("patient={which}")).await;
    assert_eq!((status, to.as_str()), (StatusCode::SEE_OTHER, page.as_str()));
    let parted = get(&house, &page).await;
    assert!(parted.text.contains("không có gì để tách") && parted.text.contains("Xác định là hai người"));
    let act = value_of(&parted.text, "act").to_owned();
    post(&house, &format!("{page}/hoan-tac"), &format!("act={act}")).await;
    assert_eq!(get(&house, &page).await.text.matches("Tách hồ sơ này").count(), 2);
    let (status, _, text) = post(&house, &format!("{page}/tach"), "patient=c1").await;
    assert_eq!(status, StatusCode::BAD_REQUEST, "{text}");
}
