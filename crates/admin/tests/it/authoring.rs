//! The forms of content as their authors look at them.

use crate::House;
use axum::http::StatusCode;

const FORM: &str = "/quan-tri/bieu-mau/hypertension-visit";

#[tokio::test]
async fn an_author_sees_a_form_play_its_examples_and_tries_others() {
    let house = House::open(yba_testkit::records()).await;
    let author = house.someone("sua.vang", "Vàng A Sua", "it-officer", None).await;
    let list = house.get(&author, "/quan-tri/bieu-mau").await;
    assert_eq!(list.status, StatusCode::OK);
    for part in ["forms/hypertension-visit", "forms/outpatient-visit", "ví dụ", "chưa đối chiếu"] {
        assert!(list.text.contains(part), "{part}");
    }
    let shown = house.get(&author, FORM).await;
    assert_eq!(shown.status, StatusCode::OK);
    for part in ["Căn cứ", "Bản ghi sinh ra", "&quot;resourceType&quot;: &quot;Observation&quot;", "Chạy thử"]
    {
        assert!(shown.text.contains(part), "{part}: {}", shown.text);
    }
    // Something else is typed: what is wrong stands at its field, and nothing is written.
    let before = house.kit.store().head_t();
    let tried =
        house.post(&author, FORM, &[("~page", "1"), ("systolic-1", "900"), ("diastolic-1", "82")]).await;
    assert_eq!(tried.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(tried.text.contains("value=\"900\"") && tried.text.contains("300"), "{}", tried.text);
    assert_eq!(house.kit.store().head_t(), before);
    for wrong in ["/quan-tri/bieu-mau/khong-co", "/quan-tri/bieu-mau/%00"] {
        let answer = house.get(&author, wrong).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{wrong}: {}", answer.text);
    }
    let odd = house.get(&author, &format!("{FORM}?vi-du=khong-co")).await;
    assert_eq!(odd.status, StatusCode::OK, "the first example stands in");
}

#[tokio::test]
async fn others_are_refused() {
    let house = House::open(yba_testkit::records()).await;
    let nurse = house.someone("mai.lo", "Lò Thị Mai", "nurse", Some("tram")).await;
    for path in ["/quan-tri/bieu-mau", FORM] {
        let answer = house.get(&nurse, path).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{path}");
        assert!(!answer.text.contains("forms/hypertension-visit"));
    }
}
