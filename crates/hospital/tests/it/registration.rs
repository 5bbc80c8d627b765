//! Registering and editing over real records: what is written, what is refused, what comes back.

use crate::{Answer, ask, get, house};
use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use yba_fhir::json::{JsonValueTrait, Value, items, str_at};
use yba_records::Query;
use yba_testkit::Kit;

const CARD: &str =
    "012186004321|091234567|Giàng Thị Mẫu|12041986|Nữ|Bản Nà Khương, Bản Bo, Lai Châu|15052022";

async fn post(house: &Router, path: &str, fields: &[(&str, &str)]) -> Answer {
    let hex = |text: &str| text.bytes().map(|byte| format!("%{byte:02X}")).collect::<String>();
    let pairs: Vec<String> = fields.iter().map(|(name, value)| format!("{name}={}", hex(value))).collect();
    let request = Request::post(path).header("content-type", "application/x-www-form-urlencoded");
    ask(house, request.body(Body::from(pairs.join("&"))).unwrap()).await
}

/// Sends a form and takes what was written into the tables, as the follower does beside a running node.
async fn send(kit: &Kit, house: &Router, path: &str, fields: &[(&str, &str)]) -> Answer {
    let follower = async {
        for _ in 0..100 {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
            yba_mpi::follower::catch_up(&kit.records).await.unwrap();
        }
    };
    tokio::select! {
        answer = post(house, path, fields) => answer,
        () = follower => panic!("the form is not answered"),
    }
}

fn place(answer: &Answer) -> String {
    answer.headers.get("location").map(|place| place.to_str().unwrap().to_owned()).unwrap_or_default()
}

/// The values of all fields of a drawn form.
fn value<'t>(text: &'t str, name: &str) -> &'t str {
    let (_, input) = text.split_once(&format!("name=\"{name}\"")).unwrap_or_else(|| panic!("{name}: {text}"));
    let (_, rest) = input.split_once("value=\"").unwrap();
    rest.split_once('"').unwrap().0
}

async fn found(kit: &Kit, kind: &str, query: &str) -> Vec<Value> {
    let query = Query::parse_string(kind, query).unwrap();
    kit.records.search(&kit.ctx(), &query, None).await.unwrap().matches.iter().map(|one| one.tree()).collect()
}

#[tokio::test]
async fn a_card_fills_the_form_and_the_second_scan_opens_the_person() {
    let kit = crate::kit_with(Vec::new()).await;
    let house = house(&kit, true);
    let nobody = crate::search(&house, CARD).await;
    assert!(nobody.text.contains("formaction=\"/dang-ky/quet\""), "{}", nobody.text);
    let form = post(&house, "/dang-ky/quet", &[("q", CARD)]).await;
    assert_eq!(form.status, StatusCode::OK);
    let filled = ["number", "name", "birth", "cmnd", "issued", "commune", "line"]
        .map(|name| value(&form.text, name).to_owned());
    let expected = [
        "012186004321",
        "Giàng Thị Mẫu",
        "12/04/1986",
        "091234567",
        "15/05/2022",
        "Xã Bản Bo, Tỉnh Lai Châu",
        "Bản Nà Khương",
    ];
    assert_eq!(filled, expected);
    let mut fields: Vec<(&str, &str)> =
        ["number", "name", "birth", "cmnd", "issued", "commune", "line"].into_iter().zip(expected).collect();
    fields.extend([
        ("sex", "female"),
        ("phone", "0912345678"),
        ("kin_name", "Giàng A Páo"),
        ("kin_relation", "FTH"),
        ("guardian", "1"),
    ]);
    let done = send(&kit, &house, "/dang-ky", &fields).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.text);
    assert!(get(&house, &place(&done)).await.text.contains("GIÀNG THỊ MẪU"));
    let patient = found(&kit, "Patient", "identifier=012186004321").await;
    let patient = patient.first().unwrap();
    assert_eq!(str_at(patient, &["birthDate"]), Some("1986-04-12"));
    let kin = found(&kit, "RelatedPerson", "patient.identifier=012186004321").await;
    assert_eq!(items(&kin[0], "relationship").count(), 2, "{}", kin[0]);
    assert_eq!(place(&post(&house, "/dang-ky/quet", &[("q", CARD)]).await), place(&done));
    // The same once more is told, not written; only who says it is somebody else may go on.
    let again = post(&house, "/dang-ky", &fields).await;
    assert_eq!(again.status, StatusCode::CONFLICT);
    assert!(
        again.text.contains(&place(&done)) && value(&again.text, "name") == "Giàng Thị Mẫu",
        "{}",
        again.text
    );
    assert_eq!(found(&kit, "Patient", "name=giang").await.len(), 1);
    fields.push(("seen", "1"));
    assert_eq!(send(&kit, &house, "/dang-ky", &fields).await.status, StatusCode::SEE_OTHER);
    assert_eq!(found(&kit, "Patient", "name=giang").await.len(), 2);
}

#[tokio::test]
async fn what_is_wrong_comes_back_with_everything_that_was_typed() {
    let kit = crate::kit_with(Vec::new()).await;
    let house = house(&kit, true);
    let nasty = "\"><script>alert(1)</script>";
    let answer = post(
        &house,
        "/dang-ky",
        &[("name", nasty), ("birth", "32/13/1986"), ("line", "Bản Nà Khương"), ("sex", "rồng")],
    )
    .await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    for field in ["number", "birth", "sex"] {
        assert!(
            answer.text.contains(&format!("id=\"{field}-loi\""))
                && answer.text.contains(&format!("href=\"#{field}\"")),
            "{field}"
        );
    }
    assert_eq!((value(&answer.text, "line"), value(&answer.text, "birth")), ("Bản Nà Khương", "32/13/1986"));
    assert!(!answer.text.contains("<script>alert"), "{}", answer.text);
    let long = "x".repeat(70 << 10);
    assert!(
        post(&house, "/dang-ky", &[("name", &long)]).await.status.is_client_error(),
        "a form has a bound"
    );
    assert!(found(&kit, "Patient", "").await.is_empty());
}

#[tokio::test]
async fn temporary_codes_count_up_at_a_facility() {
    let kit = crate::kit_with(Vec::new()).await;
    let house = house(&kit, true);
    let unknown = [("without", "unknown"), ("facility", "12001"), ("seen", "1")];
    for number in 1..=3 {
        let done = send(&kit, &house, "/dang-ky", &unknown).await;
        assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.text);
        let code = format!("VD-12001-20260302-{number:04}");
        let asked = format!("identifier=https://yba.vn/fhir/sid/ma-tam|{code}");
        assert_eq!(found(&kit, "Patient", &asked).await.len(), 1, "{code}");
    }
    let nowhere = post(&house, "/dang-ky", &[("without", "unknown")]).await;
    assert!(
        nowhere.status == StatusCode::UNPROCESSABLE_ENTITY && nowhere.text.contains("id=\"facility-loi\""),
        "{}",
        nowhere.text
    );
}

#[tokio::test]
async fn a_record_is_edited_and_its_past_tells_what_was_changed() {
    let kit = crate::kit_with(crate::sample::person()).await;
    let house = house(&kit, true);
    let form = get(&house, "/nguoi/p1/sua").await;
    assert_eq!(form.status, StatusCode::OK, "{}", form.text);
    let patient =
        form.text.split_once("action=\"/nguoi/").unwrap().1.split_once("/sua\"").unwrap().0.to_owned();
    let path = format!("/nguoi/{patient}/sua");
    let kept = ["number", "name", "birth", "card", "commune", "line", "version"]
        .map(|name| (name, value(&form.text, name).to_owned()));
    let mut fields: Vec<(&str, &str)> = kept.iter().map(|(name, value)| (*name, value.as_str())).collect();
    fields.extend([("sex", "female"), ("phone", "0987654321"), ("seen", "1")]);
    let done = send(&kit, &house, &path, &fields).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.text);
    let stale = post(&house, &path, &fields).await;
    assert_eq!(stale.status, StatusCode::PRECONDITION_FAILED, "somebody else changed it meanwhile");
    assert!(stale.text.contains("value=\"0987654321\""), "what was typed is kept");
    let past = get(&house, &format!("/nguoi/p1/lich-su?ho-so={patient}")).await;
    assert!(past.text.contains("Điện thoại") && past.text.contains("0987654321"), "{}", past.text);
    let version = kit.records.read(&kit.ctx(), "Patient", &patient).await.unwrap().tree();
    assert!(
        items(&version, "identifier")
            .any(|one| str_at(one, &["system"]).is_some_and(|system| system.contains("/mrn/"))),
        "the facility's own number stays: {version}"
    );
    assert!(version.get("managingOrganization").is_some());
}

#[tokio::test]
async fn offers_while_typing_are_parts_of_a_page() {
    let kit = crate::kit_with(crate::sample::person()).await;
    let house = house(&kit, true);
    let alike =
        post(&house, "/dang-ky/trung", &[("name", "nguyen thi thanh huong"), ("birth", "1968")]).await;
    assert!(alike.text.contains("href=\"/nguoi/p") && !alike.text.contains("<html"), "{}", alike.text);
    assert!(!alike.text.contains("012168004821"), "numbers are hidden");
    let communes = post(&house, "/dang-ky/xa", &[("commune", "ban bo")]).await;
    assert!(
        communes.text.contains("value=\"Xã Bản Bo, Tỉnh Lai Châu\"") && communes.text.contains("(cũ)"),
        "{}",
        communes.text
    );
}
