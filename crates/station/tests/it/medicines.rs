//! The store of medicines and the prescription through their handlers: what a page showed is what is written, and nothing typed is lost.

use crate::house::{Answer, Form, House, STATION, main};
use axum::http::StatusCode;
use yba_fhir::Day;
use yba_fhir::json::json;

fn day(text: &str) -> Day {
    Day::parse(text).unwrap()
}

fn fields(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

/// The value of the first field of this name, wherever on the page it stands.
fn value(page: &str, name: &str) -> String {
    let tag = page.split('<').find(|tag| tag.contains(&format!("name=\"{name}\"")));
    let tag = tag.unwrap_or_else(|| panic!("no field {name}: {}", main(page)));
    tag.split_once("value=\"").and_then(|(_, rest)| rest.split('"').next()).unwrap_or_default().to_owned()
}

/// Bà Mai was seen today with high blood pressure.
async fn village() -> House {
    let house = House::open(day("2026-03-02")).await;
    let station = format!("Organization/{STATION}");
    for tree in [
        json!({"resourceType": "Patient", "id": "ba", "gender": "female", "birthDate": "1961", "name": [{"text": "Lò Thị Mai"}],
            "managingOrganization": {"reference": station.as_str()}}),
        json!({"resourceType": "Encounter", "id": "lk-ba", "status": "finished", "class": {"code": "AMB"},
            "subject": {"reference": "Patient/ba"}, "serviceProvider": {"reference": station.as_str()},
            "period": {"start": "2026-03-02T08:00:00+07:00", "end": "2026-03-02T08:00:00+07:00"}}),
        json!({"resourceType": "QuestionnaireResponse", "id": "lk-ba", "status": "completed",
            "subject": {"reference": "Patient/ba"}, "encounter": {"reference": "Encounter/lk-ba"}}),
        json!({"resourceType": "Condition", "id": "lk-ba", "subject": {"reference": "Patient/ba"},
            "encounter": {"reference": "Encounter/lk-ba"},
            "code": {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10", "code": "I10"}], "text": "Tăng huyết áp"}}),
    ] {
        house.keep(tree).await;
    }
    house.follow().await;
    house
}

async fn came(house: &House, lot: &str, expiry: &str, units: &str) {
    let form = format!("nhap-{lot}");
    let typed = [
        ("phieu", form.as_str()),
        ("thuoc", "Amlodipin 5 mg"),
        ("lo", lot),
        ("han", expiry),
        ("so-luong", units),
    ];
    let answer = house.post("/thuoc/nhap", &fields(&typed)).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", main(&answer.text));
}

const AMLODIPINE: [(&str, &str); 7] = [
    ("viec", "ghi"),
    ("thuoc-1", "amlodipine-5"),
    ("lan-1", "1"),
    ("ngay-1", "1"),
    ("so-ngay-1", "30"),
    ("sl-1", "30"),
    ("cach-1", "buổi sáng"),
];

async fn prescribed(house: &House, form: &str) {
    let typed: Vec<(&str, &str)> = AMLODIPINE.into_iter().chain([("phieu", form)]).collect();
    let answer = house.post("/don-thuoc/ba", &fields(&typed)).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", main(&answer.text));
}

/// The form that hands out, as the page of the store shows it.
async fn handing(house: &House) -> Form {
    house.form("/thuoc", "/thuoc/phat").await
}

async fn sent(house: &House, form: &Form) -> Answer {
    house.post(&form.action, &form.fields).await
}

#[tokio::test]
async fn what_is_handed_out_is_what_stood_on_the_page_and_may_be_less() {
    let house = village().await;
    came(&house, "B", "12/2027", "100").await;
    prescribed(&house, "don-1").await;
    let mut form = handing(&house).await;
    assert_eq!(form.all("phat-1"), ["30"]);
    // A colleague puts an earlier lot on the shelf meanwhile.
    came(&house, "A", "31/05/2026", "12").await;
    let moved = sent(&house, &form).await;
    assert_eq!(moved.status, StatusCode::UNPROCESSABLE_ENTITY);
    let said = main(&moved.text);
    assert!(
        said.contains("Lô khác hết hạn trước") && said.contains("Lấy lô A, hạn 31/05/2026: 12 viên"),
        "{said}"
    );
    assert!(!main(&house.get("/don-thuoc/ba").await.text).contains("Đã phát"), "nothing was written");

    for (typed, words) in
        [("mười", "số lượng phát là số nguyên"), ("31", "chỉ phát được 30 viên"), ("0", "Chưa có thuốc nào")]
    {
        form = handing(&house).await;
        form.set("phat-1", typed);
        let refused = sent(&house, &form).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{typed}");
        assert!(main(&refused.text).contains(words), "{typed}: {}", main(&refused.text));
        if typed == "mười" {
            assert_eq!(value(&refused.text, "phat-1"), "mười", "what was typed stays");
        }
        assert!(
            !refused.text.contains("Lô khác hết hạn trước"),
            "a reason is asked for only where it is wanted"
        );
    }

    form = handing(&house).await;
    form.set("phat-1", "10");
    house.send(&form).await;
    let page = house.get("/don-thuoc/ba").await.text;
    assert!(main(&page).contains("Đã phát 10 viên · lô A, hạn 31/05/2026"), "{}", main(&page));
    assert_eq!(value(&page, "phat-1"), "20", "the rest stands ready");
    house.send(&handing(&house).await).await;

    // Two handings: the second is taken back by itself.
    let page = house.get("/don-thuoc/ba").await.text;
    let whole: Vec<&str> = page.split("action=\"/thuoc/rut-phat\"").skip(1).collect();
    assert_eq!(whole.len(), 2, "{}", main(&page));
    let mut back = house.form("/don-thuoc/ba", "/thuoc/rut-phat").await;
    back.set("lan", &value(whole[1], "lan"));
    house.send(&back).await;
    let said = main(&house.get("/don-thuoc/ba").await.text);
    assert!(said.contains("Đã phát 10 viên") && !said.contains("Đã phát 18 viên"), "{said}");
}

#[tokio::test]
async fn a_prescription_is_not_handed_out_and_replaced_at_once() {
    let house = village().await;
    came(&house, "B", "12/2027", "100").await;
    prescribed(&house, "don-1").await;
    let page = house.get("/don-thuoc/ba").await.text;
    let code = page.split("?thay=").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let typed: Vec<(&str, &str)> =
        AMLODIPINE.into_iter().chain([("phieu", "don-2"), ("thay", code.as_str())]).collect();
    let (typed, handed) = (fields(&typed), handing(&house).await);
    let (replaced, handed) = tokio::join!(house.post("/don-thuoc/ba", &typed), sent(&house, &handed));
    let taken = [&replaced, &handed].map(|one| one.status == StatusCode::SEE_OTHER);
    let said = [&replaced, &handed].map(|one| main(&one.text));
    assert_eq!(taken.iter().filter(|taken| **taken).count(), 1, "just one of the two: {said:?}");
}

#[tokio::test]
async fn another_lot_goes_out_with_a_reason_and_not_more_than_it_holds() {
    let house = village().await;
    came(&house, "A", "31/05/2026", "100").await;
    came(&house, "B", "12/2027", "20").await;
    prescribed(&house, "don-1").await;
    let page = house.get("/thuoc").await.text;
    let later = page.split("<option value=\"").find(|one| one.contains("lô B")).unwrap();
    let later = later.split('"').next().unwrap().to_owned();
    let mut form = handing(&house).await;
    form.set("lo-1", &later);
    let much = sent(&house, &form).await;
    assert!(main(&much.text).contains("chỉ còn 20 viên. Ghi ít hơn"), "{}", main(&much.text));
    form.set("phat-1", "20");
    let why = sent(&house, &form).await;
    assert!(main(&why.text).contains("Ghi lý do rồi bấm «Phát thuốc»"), "{}", main(&why.text));
    form.set("ly-do", "hộp đã mở");
    house.send(&form).await;
    assert!(main(&house.get("/don-thuoc/ba").await.text).contains("Đã phát 20 viên · lô B"));
}

#[tokio::test]
async fn a_handing_of_days_ago_is_seen_and_taken_back_on_its_old_prescription() {
    let mut house = village().await;
    came(&house, "A", "12/2027", "100").await;
    prescribed(&house, "don-1").await;
    house.send(&handing(&house).await).await;
    house.morning(day("2026-03-20")).await;
    let page = house.get("/don-thuoc/ba").await;
    let said = main(&page.text);
    assert!(said.contains("Đơn trước") && said.contains("Amlodipin 5 mg: Đã phát 30 viên · lô A"), "{said}");
    assert!(page.text.contains("-C/in"), "it is printed again");
    house.send(&house.form("/don-thuoc/ba", "/thuoc/rut-phat").await).await;
    let said = main(&house.get("/don-thuoc/ba").await.text);
    assert!(!said.contains("Đã phát"), "{said}");
    assert!(main(&house.get("/thuoc").await.text).contains("100 viên"));
}

#[tokio::test]
async fn a_sheet_that_counts_an_emptied_lot_or_nothing_is_refused_and_stays() {
    let house = village().await;
    came(&house, "A", "12/2027", "10").await;
    let mut sheet = house.form("/thuoc/kiem-ke", "/thuoc/kiem-ke").await;
    let blank = sent(&house, &sheet).await;
    assert_eq!(blank.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(main(&blank.text).contains("Chưa đếm lô nào"), "{}", main(&blank.text));
    let counted = sheet.fields.iter().find(|(name, _)| name.starts_with("dem-")).unwrap().0.clone();
    let lot = counted.trim_start_matches("dem-").to_owned();
    sheet.set(&counted, "8").set(&format!("ly-do-{lot}"), "vỡ 2");
    let emptied = fields(&[("phieu", "huy-1"), ("so-luong", "10"), ("ly-do", "hết hạn")]);
    assert_eq!(house.post(&format!("/thuoc/lo/{lot}/huy"), &emptied).await.status, StatusCode::SEE_OTHER);
    let moved = sent(&house, &sheet).await;
    assert_eq!(moved.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(main(&moved.text).contains("nay ghi 0"), "{}", main(&moved.text));
    assert_eq!(value(&moved.text, &counted), "8", "what was counted stays");
}

#[tokio::test]
async fn a_receipt_in_conflict_keeps_what_was_typed() {
    let house = village().await;
    came(&house, "A", "12/2027", "10").await;
    house.send(&house.form("/thuoc/nhap", "/thuoc/rut").await).await;
    let typed = [
        ("phieu", "nhap-A"),
        ("thuoc", "Amlodipin 5 mg"),
        ("lo", "A"),
        ("han", "12/2027"),
        ("so-luong", "10"),
    ];
    let again = house.post("/thuoc/nhap", &fields(&typed)).await;
    assert_eq!(again.status, StatusCode::CONFLICT, "{}", main(&again.text));
    assert_eq!((value(&again.text, "lo"), value(&again.text, "so-luong")), ("A".into(), "10".into()));
}

#[tokio::test]
async fn a_half_typed_prescription_is_gone_on_with_until_it_is_sent_or_thrown_away() {
    let house = village().await;
    let typed = fields(&[("phieu", "don-1"), ("tim", "amlo"), ("viec", "them"), ("loi-dan", "Ăn nhạt")]);
    assert_eq!(house.post("/don-thuoc/ba", &typed).await.status, StatusCode::OK);
    let page = house.get("/don-thuoc/ba").await.text;
    assert!(main(&page).contains("Phiếu đang ghi dở"), "{}", main(&page));
    assert_eq!((value(&page, "thuoc-1"), value(&page, "loi-dan")), ("amlodipine-5".into(), "Ăn nhạt".into()));
    let paused = fields(&[
        ("phieu", "don-1"),
        ("thuoc-1", "amlodipine-5"),
        ("lan-1", "2"),
        ("ngay-1", "1"),
        ("so-ngay-1", "30"),
        ("sl-1", "30"),
        ("tinh-1", "30"),
    ]);
    let kept = house.post("/don-thuoc/ba/nhap", &paused).await;
    assert!(kept.status == StatusCode::OK && kept.text.contains("Đã lưu nháp"), "{}", kept.text);
    let page = house.get("/don-thuoc/ba").await.text;
    assert_eq!((value(&page, "lan-1"), value(&page, "sl-1")), ("2".into(), "60".into()));
    prescribed(&house, "don-1").await;
    // What was under way when it was sent is no draft.
    house.post("/don-thuoc/ba/nhap", &paused).await;
    let page = house.get("/don-thuoc/ba").await.text;
    assert!(!main(&page).contains("đang ghi dở") && main(&page).contains("Chờ phát"), "{}", main(&page));
    house.post("/don-thuoc/ba/nhap", &fields(&[("phieu", "don-2"), ("thuoc-1", "losartan-50")])).await;
    house.send(&house.form("/don-thuoc/ba", "/don-thuoc/ba/bo-nhap").await).await;
    assert!(!main(&house.get("/don-thuoc/ba").await.text).contains("đang ghi dở"));
}

#[tokio::test]
async fn a_correction_reminds_of_no_double_and_a_slip_of_the_hand_asks_for_a_reason() {
    let house = village().await;
    prescribed(&house, "don-1").await;
    let page = house.get("/don-thuoc/ba").await.text;
    let code = page.split("?thay=").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let page = house.get(&format!("/don-thuoc/ba?thay={code}")).await.text;
    assert!(
        main(&page).contains("Đơn thay đơn cũ") && !main(&page).contains("Trùng thuốc"),
        "{}",
        main(&page)
    );
    let typed: Vec<(&str, &str)> = AMLODIPINE
        .into_iter()
        .filter(|(name, _)| *name != "lan-1")
        .chain([("lan-1", "5"), ("tinh-1", "30"), ("phieu", "don-2"), ("thay", &code)])
        .collect();
    let asked = house.post("/don-thuoc/ba", &fields(&typed)).await;
    assert_eq!(asked.status, StatusCode::UNPROCESSABLE_ENTITY);
    let said = main(&asked.text);
    assert!(
        said.contains("Thường dùng mỗi lần 1 viên") && said.contains("Ghi lý do rồi bấm ghi lại"),
        "{said}"
    );
    // Numbers that no dose has are answered, too.
    let huge = [
        ("viec", "them"),
        ("thuoc-1", "amlodipine-5"),
        ("lan-1", "200"),
        ("ngay-1", "4294967295"),
        ("so-ngay-1", "4294967295"),
    ];
    assert_eq!(house.post("/don-thuoc/ba", &fields(&huge)).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_visit_whose_prescription_was_handed_out_is_not_taken_back_and_the_way_is_shown() {
    let house = village().await;
    came(&house, "A", "12/2027", "100").await;
    prescribed(&house, "don-1").await;
    house.send(&handing(&house).await).await;
    let visit = fields(&[("kham", "lk-ba")]);
    let stuck = house.post("/kham/ba/rut", &visit).await;
    assert_eq!(stuck.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", main(&stuck.text));
    assert!(
        main(&stuck.text).contains("đã phát") && stuck.text.contains("href=\"/don-thuoc/ba\""),
        "{}",
        main(&stuck.text)
    );
    house.send(&house.form("/don-thuoc/ba", "/thuoc/rut-phat").await).await;
    assert_eq!(house.post("/kham/ba/rut", &visit).await.status, StatusCode::SEE_OTHER);
    assert!(main(&house.get("/thuoc").await.text).contains("Không có đơn nào chờ"));
}
