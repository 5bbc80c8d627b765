//! What a person says about who may see their record: written on the page, in force at the door with the commit, taken back.

use crate::roles::Desk;
use axum::http::StatusCode;
use std::time::{Duration, Instant};
use yba_fhir::json::{JsonValueTrait, Value, json};
use yba_records::{Change, Query};
use yba_testkit::Kit;

const PAGE: &str = "/nguoi/p1/quyen-xem";

/// Somebody known to the hospital `o1` and the station `o2` as one person.
async fn kit() -> Kit {
    crate::kit_with(crate::sample::person()).await
}

fn said<'a>(more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let mut fields = vec![("say", "deny"), ("part", ""), ("place", "o1"), ("signer", "patient")];
    for one in more {
        fields.retain(|(name, _)| name != &one.0);
        fields.push(*one);
    }
    fields
}

/// Ids of what a search at the door finds for somebody.
async fn found(kit: &Kit, desk: &Desk, kind: &str, asked: &str) -> Vec<String> {
    let query = Query::parse_string(kind, asked).unwrap();
    let found = kit.records.search(&desk.ctx().await, &query, None).await.unwrap();
    found.matches.into_iter().map(|version| version.id).collect()
}

/// The addresses of the statements that the page lets somebody act upon.
fn addresses(text: &str, act: &str) -> Vec<String> {
    let pieces = text.split("action=\"").skip(1).filter_map(|piece| piece.split('"').next());
    pieces.filter(|address| address.ends_with(act)).map(str::to_owned).collect()
}

#[tokio::test]
async fn a_refusal_bars_the_facility_within_a_second_on_page_and_api_and_withdrawal_opens_again() {
    let kit = kit().await;
    let doctor = Desk::at(&kit, "doctor", Some("o1")).await;
    let station = Desk::at(&kit, "station-staff", Some("o2")).await;
    let all = "patient=Patient/p1,Patient/p2&_count=100";
    assert_eq!(doctor.get("/nguoi/p1").await.status, StatusCode::OK);
    assert!(!found(&kit, &doctor, "Observation", all).await.is_empty());

    let done = station.post(PAGE, &said(&[])).await;
    let since = Instant::now();
    assert_eq!(
        (done.status, &done.headers["location"]),
        (StatusCode::SEE_OTHER, &PAGE.parse().unwrap()),
        "{}",
        done.text
    );
    let refused = doctor.get("/nguoi/p1").await;
    assert_eq!(
        (refused.status, &refused.headers["location"]),
        (StatusCode::SEE_OTHER, &"/nguoi/p1/khan-cap".parse().unwrap())
    );
    assert!(found(&kit, &doctor, "Observation", all).await.is_empty(), "also of what other facilities wrote");
    assert!(since.elapsed() < Duration::from_secs(1), "{:?}", since.elapsed());
    let page = station.get(PAGE).await;
    assert!(
        page.text.contains("Không cho Bệnh viện đa khoa tỉnh Lai Châu xem toàn bộ hồ sơ"),
        "{}",
        page.text
    );
    assert!(page.text.contains("đang có hiệu lực") && page.text.contains("Giấy chưa ký"));

    let withdraw = addresses(&page.text, "/rut");
    assert_eq!(withdraw.len(), 1, "one statement over all files of the person: {withdraw:?}");
    let done = station.post(&withdraw[0], &[]).await;
    let since = Instant::now();
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.text);
    assert_eq!(doctor.get("/nguoi/p1").await.status, StatusCode::OK);
    assert!(!found(&kit, &doctor, "Observation", all).await.is_empty());
    assert!(since.elapsed() < Duration::from_secs(1), "{:?}", since.elapsed());
    let page = station.get(PAGE).await;
    assert!(page.text.contains("đã rút lại") && addresses(&page.text, "/rut").is_empty(), "{}", page.text);
}

#[tokio::test]
async fn each_file_of_the_person_gets_a_consent_that_others_can_read() {
    let kit = kit().await;
    let station = Desk::at(&kit, "station-staff", Some("o2")).await;
    let fields = said(&[
        ("from", "01/04/2026"),
        ("to", "30/04/2026"),
        ("signer", "parent"),
        ("signer_name", "Lò  Thị Mai"),
        ("signed", "1"),
    ]);
    assert_eq!(station.post(PAGE, &fields).await.status, StatusCode::SEE_OTHER);
    let ids = found(&kit, &station, "Consent", "status=active").await;
    let read = |id: String| {
        let (kit, ctx) = (&kit, station.ctx());
        async move { kit.records.read(&ctx.await, "Consent", &id).await.unwrap().tree() }
    };
    let mut patients = Vec::new();
    for id in ids {
        let tree: Value = read(id).await;
        assert_eq!(tree["provision"]["period"], json!({"start": "2026-04-01", "end": "2026-04-30"}));
        assert_eq!(tree["performer"][0]["display"].as_str(), Some("Lò Thị Mai (Cha hoặc mẹ)"));
        assert_eq!(tree["organization"][0]["reference"].as_str(), Some("Organization/o2"));
        assert!(tree["verification"][0]["verified"].is_true());
        patients.push(tree["patient"]["reference"].as_str().unwrap().to_owned());
    }
    patients.sort();
    assert_eq!(patients, ["Patient/p1", "Patient/p2", "Patient/p3"]);
    let page = station.get(PAGE).await.text;
    assert!(page.contains("từ 01/04/2026 đến hết 30/04/2026") && page.contains("chưa tới ngày"), "{page}");
    assert!(page.contains("Lò Thị Mai (Cha hoặc mẹ)") && page.contains("Giấy đã ký"), "{page}");
    // Not yet in force, it bars nobody.
    let doctor = Desk::at(&kit, "doctor", Some("o1")).await;
    assert_eq!(doctor.get("/nguoi/p1").await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_permission_counts_when_its_paper_is_signed() {
    let kit = kit().await;
    let labelled = json!({"resourceType": "Observation", "id": "hiv", "status": "final", "meta": {"security": [{"code": "HIV"}]},
        "code": {"text": "HIV Ag/Ab"}, "subject": {"reference": "Patient/p1"}, "effectiveDateTime": "2026-02-01"});
    let change = Change::put(yba_fhir::Resource::from_value(labelled).unwrap());
    kit.records.transact(&kit.ctx(), vec![change]).await.unwrap();
    let nurse = Desk::at(&kit, "nurse", Some("o1")).await;
    let doctor = Desk::at(&kit, "doctor", Some("o1")).await;
    let sees = async || found(&kit, &nurse, "Observation", "_id=hiv").await.len();
    assert_eq!(sees().await, 0);
    let fields = said(&[("say", "permit"), ("part", "HIV")]);
    assert_eq!(doctor.post(PAGE, &fields).await.status, StatusCode::SEE_OTHER);
    let page = doctor.get(PAGE).await.text;
    assert!(page.contains("chờ người bệnh ký") && sees().await == 0, "{page}");
    assert_eq!(doctor.post(&addresses(&page, "/da-ky")[0], &[]).await.status, StatusCode::SEE_OTHER);
    assert_eq!(sees().await, 1);
    let page = doctor.get(PAGE).await.text;
    assert!(page.contains("Cho Bệnh viện đa khoa tỉnh Lai Châu xem phần về HIV/AIDS"), "{page}");
    assert_eq!(doctor.post(&addresses(&page, "/rut")[0], &[]).await.status, StatusCode::SEE_OTHER);
    assert_eq!(sees().await, 0);
}

#[tokio::test]
async fn whoever_bars_their_own_facility_gets_the_sheet_at_once() {
    let kit = kit().await;
    let doctor = Desk::at(&kit, "doctor", Some("o1")).await;
    assert!(doctor.get(PAGE).await.text.contains("bạn không mở lại được hồ sơ này"));
    let last = doctor.post(PAGE, &said(&[])).await;
    assert_eq!(last.status, StatusCode::OK);
    for words in [
        "không còn xem được hồ sơ này",
        "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM",
        "NGUYỄN THỊ THANH HƯƠNG",
        "Không cho Bệnh viện đa khoa tỉnh Lai Châu xem toàn bộ hồ sơ.",
    ] {
        assert!(last.text.contains(words), "{words}: {}", last.text);
    }
    assert_eq!(doctor.get(PAGE).await.headers["location"], "/nguoi/p1/khan-cap");
}

#[tokio::test]
async fn the_sheet_of_a_statement_can_be_printed_again_and_only_of_its_person() {
    let kit = kit().await;
    let doctor = Desk::at(&kit, "doctor", Some("o1")).await;
    assert_eq!(
        doctor.post(PAGE, &said(&[("place", "moi-co-so"), ("part", "PSY")])).await.status,
        StatusCode::SEE_OTHER
    );
    let page = doctor.get(PAGE).await.text;
    let key = addresses(&page, "/rut")[0].rsplit('/').nth(1).unwrap().to_owned();
    let sheet = doctor.get(&format!("{PAGE}/{key}/phieu")).await;
    assert!(sheet.text.contains("Không cho cơ sở nào xem phần về sức khỏe tâm thần."), "{}", sheet.text);
    assert!(sheet.text.contains("class=\"paper\"") && sheet.text.contains("data-print"));
    for path in [format!("/nguoi/p9/quyen-xem/{key}/phieu"), format!("{PAGE}/khong-co/phieu")] {
        let said = doctor.get(&path).await;
        assert!(!said.text.contains("sức khỏe tâm thần"), "{path}: {}", said.text);
    }
}

#[tokio::test]
async fn wrong_input_is_told_beside_its_field_and_kept() {
    let kit = kit().await;
    let doctor = Desk::at(&kit, "doctor", Some("o1")).await;
    for (fields, told) in [
        (said(&[("say", "")]), "Chọn «Không cho xem»"),
        (said(&[("say", "permit")]), "Chọn phần nhạy cảm được cho xem."),
        (said(&[("part", "XXX")]), "Chọn một trong các phần."),
        (said(&[("place", "")]), "Chọn cơ sở."),
        (said(&[("place", "moi-co-so")]), "thì không ai khám chữa bệnh được"),
        (
            said(&[("say", "permit"), ("part", "HIV"), ("place", "moi-co-so")]),
            "Cho xem thì chọn từng cơ sở một.",
        ),
        (said(&[("place", "co-so-khac"), ("other", "99999")]), "Không có cơ sở nào như vậy"),
        (said(&[("place", "co-so-khac")]), "Gõ mã hoặc tên cơ sở."),
        (said(&[("place", "khong/dung")]), "Chọn cơ sở."),
        (said(&[("from", "31/02/2026")]), "Gõ ngày/tháng/năm"),
        (said(&[("to", "01/01/2020")]), "Ngày cuối đã qua."),
        (said(&[("from", "02/12/2026"), ("to", "01/12/2026")]), "Ngày cuối ở trước ngày đầu."),
        (said(&[("signer", "parent")]), "Gõ họ tên người ký thay"),
        (said(&[("signer", "")]), "Chọn người đồng ý."),
    ] {
        let mut fields = fields;
        fields.push(("nothing", "x"));
        if !fields.iter().any(|(name, _)| *name == "signer_name") {
            fields.push(("signer_name", "\"><script>alert(1)</script>"));
        }
        if told.starts_with("Gõ họ tên") {
            fields.retain(|(name, _)| *name != "signer_name");
        }
        let answer = doctor.post(PAGE, &fields).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{told}: {}", answer.text);
        assert!(answer.text.contains(told), "{told}: {}", answer.text);
        assert!(!answer.text.contains("<script>alert"));
        assert!(
            told.starts_with("Gõ họ tên") || answer.text.contains("&lt;script&gt;alert(1)"),
            "kept: {told}"
        );
    }
    assert!(found(&kit, &doctor, "Consent", "").await.is_empty(), "nothing was written");
}

#[tokio::test]
async fn another_facility_is_found_by_code_offer_or_name() {
    let kit = kit().await;
    let doctor = Desk::at(&kit, "doctor", Some("o1")).await;
    let offered = doctor.post("/quyen-xem/co-so", &[("other", "tam duong")]).await;
    assert!(offered.text.contains("Trung tâm Y tế huyện Tam Đường (o2)"), "{}", offered.text);
    assert_eq!(doctor.post("/quyen-xem/co-so", &[("other", "t")]).await.text, "");
    for other in ["o3", "Trạm y tế xã Bản Bo (o3)", "tram y te xa ban bo"] {
        let answer = doctor.post(PAGE, &said(&[("place", "co-so-khac"), ("other", other)])).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{other}: {}", answer.text);
    }
    let page = doctor.get(PAGE).await.text;
    assert_eq!(page.matches("Không cho Trạm y tế xã Bản Bo xem toàn bộ hồ sơ").count(), 3, "{page}");
}

#[tokio::test]
async fn only_who_may_write_consents_gets_the_forms() {
    let kit = kit().await;
    let doctor = Desk::at(&kit, "doctor", Some("o1")).await;
    assert_eq!(doctor.post(PAGE, &said(&[("place", "o3")])).await.status, StatusCode::SEE_OTHER);
    let key = addresses(&doctor.get(PAGE).await.text, "/rut")[0].clone();
    let nurse = Desk::at(&kit, "nurse", Some("o1")).await;
    let page = nurse.get(PAGE).await;
    assert!(
        page.status == StatusCode::OK && page.text.contains("Không cho Trạm y tế xã Bản Bo xem"),
        "{}",
        page.text
    );
    assert!(!page.text.contains("name=\"say\"") && addresses(&page.text, "/rut").is_empty(), "{}", page.text);
    assert_eq!(nurse.post(PAGE, &said(&[])).await.status, StatusCode::FORBIDDEN);
    assert_eq!(nurse.post(&key, &[]).await.status, StatusCode::FORBIDDEN);
    let clerk = Desk::at(&kit, "reception", Some("o1")).await;
    assert_eq!(clerk.get(PAGE).await.status, StatusCode::FORBIDDEN);
    assert!(!clerk.get("/nguoi/p1").await.text.contains("quyen-xem"), "no door that is shut");
    let stranger = Desk::at(&kit, "doctor", Some("khac")).await;
    let asked = stranger.get(PAGE).await;
    assert_eq!(asked.headers["location"], "/nguoi/p1/khan-cap");
    assert_ne!(stranger.post(PAGE, &said(&[])).await.status, StatusCode::OK);
    assert_eq!(
        found(&kit, &doctor, "Consent", "status=active").await.len(),
        3,
        "nobody else wrote or changed any"
    );
}
