//! The room over real records: search to record to visit, requests in process, no sockets.
#![allow(clippy::unwrap_used)] // a test stops where something is not as it should be

mod consent;
mod doubts;
mod registration;
mod roles;
#[path = "../data/sample.rs"]
mod sample;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode};
use std::sync::Arc;
use std::time::Instant;
use tower::ServiceExt;
use yba_fhir::Resource;
use yba_fhir::json::{JsonValueTrait, Value};
use yba_hospital::{Hospital, menu, routes};
use yba_records::Change;
use yba_testkit::Kit;
use yba_web::{Site, SiteSettings, shell};

/// Records that hold these resources, with people linked.
async fn kit_with(resources: Vec<Value>) -> Kit {
    let kit = yba_testkit::records();
    let mut changes: Vec<Change> = Vec::new();
    for value in resources {
        changes.push(Change::put(Resource::from_value(value).unwrap()));
        if changes.len() == 200 {
            kit.records.transact(&kit.ctx(), std::mem::take(&mut changes)).await.unwrap();
        }
    }
    kit.records.transact(&kit.ctx(), changes).await.unwrap();
    yba_mpi::follower::catch_up(&kit.records).await.unwrap();
    kit
}

fn house(kit: &Kit, open: bool) -> Router {
    let settings = SiteSettings {
        open,
        node: "Nút thử".into(),
        source_url: "https://example.org".into(),
        version: "0".into(),
        who: None,
        run: "t".into(),
        gallery: false,
    };
    let site = Site::new(settings, vec![menu()]);
    let content = Arc::new(yba_content::Content::built_in());
    shell(site.clone(), routes(Hospital { site, records: kit.records.clone(), content }))
}

struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    text: String,
}

async fn ask(house: &Router, request: Request<Body>) -> Answer {
    let (parts, body) = house.clone().oneshot(request).await.unwrap().into_parts();
    let bytes = axum::body::to_bytes(body, 16 << 20).await.unwrap();
    Answer { status: parts.status, headers: parts.headers, text: String::from_utf8(bytes.to_vec()).unwrap() }
}

async fn get(house: &Router, path: &str) -> Answer {
    ask(house, Request::get(path).body(Body::empty()).unwrap()).await
}

fn form() -> axum::http::request::Builder {
    Request::post("/tim").header("content-type", "application/x-www-form-urlencoded")
}

fn encoded(q: &str) -> Body {
    let text: String = q.bytes().map(|byte| format!("%{byte:02X}")).collect();
    Body::from(format!("q={text}"))
}

async fn search(house: &Router, q: &str) -> Answer {
    ask(house, form().body(encoded(q)).unwrap()).await
}

#[tokio::test]
async fn a_search_without_marks_finds_one_person_of_several_facilities() {
    let kit = kit_with(sample::person()).await;
    let house = house(&kit, true);
    for q in ["nguyen thi thanh huong 1968", "Nguyễn Thị Thanh Hương", "012168004821", "0912345678"] {
        let answer = search(&house, q).await;
        assert_eq!(answer.status, StatusCode::OK, "{q}");
        assert!(
            answer.text.contains("role=\"option\"") && answer.text.contains("BHYT còn hạn"),
            "{q}: {}",
            answer.text
        );
        assert!(!answer.text.contains("DT2121234567890"), "numbers of others are hidden");
        assert!(answer.text.contains("<html"), "without script the whole page");
    }
    let nobody = search(&house, "tran van khong co ai 1911").await;
    assert!(nobody.text.contains("Không tìm thấy ai"), "{}", nobody.text);
    assert!(search(&house, "l").await.text.contains("ít nhất 2 ký tự"));
}

#[tokio::test]
async fn typing_asks_for_the_results_alone() {
    let kit = kit_with(sample::person()).await;
    let request =
        form().header("hx-request", "true").header("hx-target", "ket-qua").body(encoded("huong")).unwrap();
    let answer = ask(&house(&kit, true), request).await;
    assert!(answer.text.contains("role=\"listbox\"") && !answer.text.contains("<html"), "{}", answer.text);
    assert_eq!(answer.headers["cache-control"], "no-store");
}

#[tokio::test]
async fn a_scanned_card_goes_straight_to_the_record() {
    let kit = kit_with(sample::person()).await;
    let house = house(&kit, true);
    let card = "012168004821||Nguyễn Thị Thanh Hương|14031968|Nữ|Bản Bo, Lai Châu|15052022";
    let answer = search(&house, card).await;
    let place = answer.headers.get("location").map(|place| place.to_str().unwrap().to_owned());
    assert!(
        answer.status == StatusCode::SEE_OTHER || answer.text.contains("role=\"option\""),
        "{}",
        answer.status
    );
    if let Some(place) = place {
        assert!(place.starts_with("/nguoi/") && !place.contains("012168"), "{place}");
        assert!(get(&house, &place).await.text.contains("NGUYỄN THỊ THANH HƯƠNG"));
    }
}

#[tokio::test]
async fn the_record_is_the_same_from_whichever_facility_one_comes() {
    let kit = kit_with(sample::person()).await;
    let house = house(&kit, true);
    for path in ["/nguoi/p1", "/nguoi/p2"] {
        let answer = get(&house, path).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
        for words in [
            "NGUYỄN THỊ THANH HƯƠNG",
            "BVĐK tỉnh Lai Châu",
            "TTYT huyện Tam Đường",
            "Dị ứng Penicillin",
            "rùng số định danh",
        ] {
            assert!(answer.text.contains(words), "{path}: {words}");
        }
    }
    assert_eq!(get(&house, "/nguoi/khong-co").await.status, StatusCode::NOT_FOUND);
    let part =
        Request::get("/nguoi/p1?loai=cap-cuu").header("hx-request", "true").header("hx-target", "dien-tien");
    let answer = ask(&house, part.body(Body::empty()).unwrap()).await;
    assert!(
        answer.text.starts_with("<section") && answer.text.matches("<article").count() == 1,
        "{}",
        answer.text
    );
}

#[tokio::test]
async fn a_visit_opens_only_under_its_own_person() {
    let mut all = sample::person();
    let mut other = sample::patient("q1", "o1", "Sùng A Dờ", "2001-02-03");
    yba_fhir::json::JsonValueMutTrait::as_object_mut(&mut other).unwrap().remove(&"identifier");
    all.push(other);
    let kit = kit_with(all).await;
    let house = house(&kit, true);
    let answer = get(&house, "/nguoi/p1/luot/e1").await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    for words in
        ["Metformin 1000 mg", "8,1", "487.500", "bệnh chính", "HS_2026-11-10.xml", "Các bản của lượt này"]
    {
        assert!(answer.text.contains(words), "{words}");
    }
    for path in ["/nguoi/q1/luot/e1", "/nguoi/p1/luot/e999"] {
        assert_eq!(get(&house, path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
}

#[tokio::test]
async fn an_older_version_of_a_visit_opens_read_only_and_says_so() {
    use yba_fhir::json::{JsonValueMutTrait, json};
    let kit = kit_with(sample::person()).await;
    let house = house(&kit, true);
    let before = kit.records.read(&kit.ctx(), "Encounter", "e1").await.unwrap();
    let mut corrected = before.tree();
    corrected
        .as_object_mut()
        .unwrap()
        .insert("hospitalization", json!({"dischargeDisposition": {"text": "Chuyển tuyến trên"}}));
    kit.advance_ms(60_000);
    let change = Change::put(Resource::from_value(corrected).unwrap());
    kit.records.transact(&kit.ctx(), vec![change]).await.unwrap();
    let now = get(&house, "/nguoi/p1/luot/e1").await.text;
    let old = format!("/nguoi/p1/luot/e1?ban={}", before.version_id);
    assert!(now.contains("Chuyển tuyến trên") && now.contains(&old) && !now.contains("Đang xem bản cũ"));
    let then = get(&house, &old).await;
    assert_eq!(then.status, StatusCode::OK, "{}", then.text);
    assert!(
        then.text.contains("Đang xem bản cũ") && !then.text.contains("Chuyển tuyến trên"),
        "{}",
        then.text
    );
    assert!(
        !then.text.contains("Metformin 1000 mg"),
        "what is of another version is not shown as of this one"
    );
    for path in ["/nguoi/p1/luot/e1?ban=khong-co", "/nguoi/p1/luot/e1?ban=%2e%2e", "/nguoi/p1/luot/e2?ban="] {
        assert_eq!(get(&house, path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
    let foreign = kit.records.read(&kit.ctx(), "Encounter", "e2").await.unwrap().version_id;
    let mixed = get(&house, &format!("/nguoi/p1/luot/e1?ban={foreign}")).await;
    assert_eq!(mixed.status, StatusCode::NOT_FOUND, "a version of another visit");
}

#[tokio::test]
async fn a_drug_given_without_prescription_reaches_both_pages() {
    let mut all = sample::person();
    let visit = sample::Visit {
        id: "e3".into(),
        patient: "p1",
        organization: "o1",
        date: "2026-02-11".into(),
        end: "2026-02-11".into(),
        class: "AMB",
        icd: "J00",
        words: "Cảm",
    };
    all.push(sample::dispense("x1", &visit, "2026-02-11T09:00:00+07:00", "Paracetamol 500 mg", None));
    let kit = kit_with(all).await; // its folder must outlive the house
    let house = house(&kit, true);
    for path in ["/nguoi/p1", "/nguoi/p1/luot/e3"] {
        assert_eq!(get(&house, path).await.text.matches("Paracetamol 500 mg").count(), 1, "{path}");
    }
}

#[tokio::test]
async fn a_found_person_is_spelled_with_marks_whichever_record_was_met() {
    let mut all = sample::person();
    all.retain(|one| one.get("id").and_then(|id| id.as_str()) != Some("p3"));
    let kit = kit_with(all).await;
    for q in ["NGUYEN THI THANH HUONG", "012168004821"] {
        let text = search(&house(&kit, true), q).await.text;
        let plain = text.replace("<mark>", "").replace("</mark>", "");
        assert!(plain.contains("Nguyễn Thị Thanh Hương"), "{q}: {text}");
    }
}

#[tokio::test]
async fn a_stranger_sees_nothing_and_learns_nothing() {
    let kit = kit_with(sample::person()).await;
    let house = house(&kit, false);
    for path in ["/", "/nguoi/p1", "/nguoi/khong-co", "/nguoi/p1/luot/e1"] {
        let answer = get(&house, path).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{path}");
        assert!(!answer.text.contains("HƯƠNG"));
    }
    assert_eq!(search(&house, "huong").await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn five_hundred_visits_are_drawn_whole() {
    let kit = kit_with(sample::frequent(500)).await;
    let house = house(&kit, true);
    let mut times: Vec<u128> = Vec::new();
    for _ in 0..5 {
        let started = Instant::now();
        let answer = get(&house, "/nguoi/p1").await;
        times.push(started.elapsed().as_millis());
        assert!(
            answer.text.contains("500 mục, mọi cơ sở") && answer.text.contains("Xem thêm 450 mục cũ hơn")
        );
    }
    times.sort_unstable();
    println!("record page of 500 visits: {times:?} ms in this profile");
}
