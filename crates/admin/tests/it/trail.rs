//! Who looked, the search of the trail, the report of a breach: what they show, and to whom not.

use crate::House;
use axum::http::StatusCode;
use yba_fhir::Resource;
use yba_fhir::json::{Value, json};
use yba_records::audit::Wanted;
use yba_records::{Change, Ctx, Query, Wanted as Export};

const PAGES: [&str; 5] = [
    "/nguoi/p1/ai-xem",
    "/quan-tri/nhat-ky",
    "/quan-tri/nhat-ky/tep",
    "/quan-tri/ro-ri?tu=2026-03-01&den=2026-03-03",
    "/quan-tri/ro-ri/tep?tu=2026-03-01&den=2026-03-03",
];

async fn put(house: &House, tree: Value) {
    let change = Change::put(Resource::from_value(tree).unwrap());
    house.kit.records.transact(&Ctx::system("import-bhyt"), vec![change]).await.unwrap();
}

/// Two patients at a facility, looked at by a doctor and a nurse.
async fn house() -> (House, Ctx, Ctx, Ctx) {
    let house = House::open(yba_testkit::records()).await;
    put(&house, json!({"resourceType": "Organization", "id": "bv-1", "name": "Bệnh viện Đa khoa Mường Tè"}))
        .await;
    // The facility that keeps a file is tied to its person; nothing ties the other.
    let kept = json!({"reference": "Organization/bv-1"});
    put(&house, json!({"resourceType": "Patient", "id": "p1", "name": [{"text": "Lò Thị Mẫu"}], "managingOrganization": kept})).await;
    put(&house, json!({"resourceType": "Patient", "id": "p2", "name": [{"text": "Vàng A Thử"}]})).await;
    yba_mpi::follower::catch_up(&house.kit.records).await.unwrap();
    let doctor = house.someone("mai.lo", "Lò Thị Mai", "doctor", Some("bv-1")).await;
    let nurse = house.someone("pao.vang", "Vàng A <b>Páo</b>", "nurse", None).await;
    let keeper = house.someone("quan.tri", "Giàng Thị Quản", "it-officer", None).await;
    (house, doctor, nurse, keeper)
}

/// The patients that the last entry of the read trail names, and what it says was done.
async fn last(house: &House) -> (String, Vec<String>, bool) {
    let found = house.kit.records.audit_search(&house.kit.ctx(), &Wanted::default(), None, 1).await.unwrap();
    let entry = &found.entries[0];
    (entry.action.clone(), entry.patients.clone(), entry.refused)
}

#[tokio::test]
async fn a_person_sees_who_when_as_what_and_from_where() {
    let (house, doctor, nurse, _) = house().await;
    house.kit.records.read(&nurse.clone().with_request_id("n1"), "Patient", "p1").await.unwrap();
    house.kit.records.read(&nurse, "Patient", "p2").await.unwrap();
    let page = house.get(&doctor, "/nguoi/p1/ai-xem").await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.text);
    for shown in [
        "Ai đã xem hồ sơ",
        "Lò Thị Mẫu",
        "Điều dưỡng",
        "02/03/2026 08:00",
        "Xem một mục",
        "Khám, chữa bệnh",
        "Phần mềm Y Bạ (import-bhyt)",
        "Ghi hoặc sửa",
    ] {
        assert!(page.text.contains(shown), "{shown}: {}", page.text);
    }
    assert!(page.text.contains("Vàng A &lt;b&gt;Páo"), "names are escaped: {}", page.text);
    assert!(!page.text.contains("Vàng A Thử") && !page.text.contains("p2"), "and of nobody else");
    let looked = Wanted { action: "audit-read".into(), ..Wanted::default() };
    let noted = house.kit.records.audit_search(&house.kit.ctx(), &looked, None, 5).await.unwrap().entries;
    let noted: Vec<_> =
        noted.iter().map(|one| (one.agent.as_str(), one.patients.clone(), one.refused)).collect();
    assert_eq!(
        noted,
        [(doctor.agent.name().as_str(), vec!["p1".to_owned()], false)],
        "the look is itself noted"
    );
    let beyond = house.get(&doctor, "/nguoi/p2/ai-xem").await;
    assert_eq!(beyond.status, StatusCode::FORBIDDEN, "of somebody whose record is beyond reach, nothing");
    // The next look shows the one before, with the doctor's post.
    let again = house.get(&doctor, "/nguoi/p1/ai-xem").await;
    assert!(
        again.text.contains("Xem ai đã xem hồ sơ") && again.text.contains("Bệnh viện Đa khoa Mường Tè"),
        "{}",
        again.text
    );
}

#[tokio::test]
async fn only_roles_that_content_names_see_the_trail_and_refusals_are_noted() {
    let (house, doctor, nurse, keeper) = house().await;
    let stranger = Ctx::stranger("page");
    for (at, path) in PAGES.into_iter().enumerate() {
        for (who, may) in [(&stranger, false), (&nurse, false), (&doctor, at == 0), (&keeper, true)] {
            let answer = house.get(who, path).await;
            let is_open = answer.status == StatusCode::OK;
            assert_eq!(is_open, may, "{path} {:?}: {}", who.agent, answer.status);
            if !may {
                let (action, patients, refused) = last(&house).await;
                assert!(action.starts_with("audit-") && patients.is_empty() && refused, "{path} {action}");
                assert!(!answer.text.contains("Lò Thị Mẫu"));
            }
        }
    }
}

#[tokio::test]
async fn the_trail_is_searched_by_who_whose_when_what_and_how_it_ended() {
    let (house, _, nurse, keeper) = house().await;
    house.kit.records.read(&nurse, "Patient", "p1").await.unwrap();
    house.kit.records.read(&nurse, "Claim", "x").await.unwrap_err();
    house.kit.advance_ms(24 * 3_600_000);
    house.kit.records.read(&nurse, "Patient", "p2").await.unwrap();
    let agent = nurse.agent.name().replace('/', "%2F");
    let rows = async |query: &str| {
        let page = house.get(&keeper, &format!("/quan-tri/nhat-ky?{query}")).await;
        assert_eq!(page.status, StatusCode::OK, "{}", page.text);
        page.text.split("<tbody>").nth(1).unwrap_or_default().matches("<tr>").count()
    };
    assert_eq!(rows(&format!("ai={agent}&viec=read")).await, 3);
    assert_eq!(rows(&format!("ai={agent}&viec=read&ket-cuc=tu-choi")).await, 1);
    assert_eq!(rows(&format!("ai={agent}&tu=2026-03-03")).await, 1);
    assert_eq!(rows(&format!("ai={agent}&viec=read&den=2026-03-02")).await, 2);
    assert_eq!(rows(&format!("nguoi=p1&ai={agent}")).await, 1);
    assert_eq!(rows("dia-chi=10.1.2.3&viec=read").await, 3);
    assert_eq!(rows("dia-chi=10.9.9.9").await, 0);
    assert_eq!(rows("ai=account%2F%27%20OR%201%3D1").await, 0);
}

#[tokio::test]
async fn slips_of_the_form_are_told_beside_what_was_typed_and_forged_places_refused() {
    let (house, _, _, keeper) = house().await;
    let page = house.get(&keeper, "/quan-tri/nhat-ky?tu=hom-qua&nguoi=a%20b&dia-chi=10.1.2.3").await;
    assert_eq!(page.status, StatusCode::BAD_REQUEST);
    for shown in ["tu-loi", "nguoi-loi", "value=\"hom-qua\"", "value=\"a b\"", "value=\"10.1.2.3\""] {
        assert!(page.text.contains(shown), "{shown}");
    }
    for forged in ["x", "1", "-", "1-2-3", "-5-7", "99999999999999999999-1", "1-18446744073709551615"] {
        let page = house.get(&keeper, &format!("/quan-tri/nhat-ky?trang={forged}")).await;
        assert_eq!(page.status, StatusCode::BAD_REQUEST, "{forged}");
    }
    for odd in ["/nguoi/khong-co/ai-xem", "/nguoi/%2e%2e/ai-xem", "/nguoi/%00/ai-xem", "/nguoi/%ff/ai-xem"] {
        let page = house.get(&keeper, odd).await;
        assert!(page.status == StatusCode::OK || page.status.is_client_error(), "{odd}: {}", page.status);
    }
}

#[tokio::test]
async fn pages_of_the_trail_hold_every_entry_once() {
    let (house, _, nurse, keeper) = house().await;
    for _ in 0..120 {
        house.kit.records.read(&nurse, "Patient", "p1").await.unwrap();
        house.kit.advance_ms(1000);
        put(&house, json!({"resourceType": "Patient", "id": "p1", "name": [{"text": format!("Lò Thị {}", house.kit.now_ms())}]})).await;
    }
    let wanted = Wanted { patients: vec!["p1".into()], ..Wanted::default() };
    let (mut seen, mut place) = (Vec::new(), None);
    for _ in 0..100 {
        let found = house.kit.records.audit_search(&keeper, &wanted, place.as_deref(), 7).await.unwrap();
        seen.extend(
            found
                .entries
                .iter()
                .filter(|one| one.action != "audit-read")
                .map(|one| (one.at, one.chain, one.seq)),
        );
        place = found.next;
        if place.is_none() {
            break;
        }
    }
    assert!(place.is_none());
    let mut sorted = seen.clone();
    sorted.sort_unstable();
    sorted.dedup();
    assert_eq!((seen.len(), sorted.len()), (241, 241));
    assert!(seen.windows(2).all(|two| two[0].0 >= two[1].0), "newest first");
}

#[tokio::test]
async fn a_breach_names_everyone_whose_data_was_seen_in_its_span_and_the_exports() {
    let (house, doctor, nurse, keeper) = house().await;
    let records = &house.kit.records;
    records.read(&nurse, "Patient", "p2").await.unwrap();
    house.kit.advance_ms(48 * 3_600_000);
    records.read(&nurse, "Patient", "p1").await.unwrap();
    records.search(&nurse, &Query::all("Patient"), None).await.unwrap();
    records.read(&doctor, "Patient", "p1").await.unwrap();
    records.export(&house.kit.ctx(), Export { kind: "Patient", ..Export::default() }).await.unwrap();
    let span = "tu=2026-03-04&den=2026-03-04";
    let page = house.get(&keeper, &format!("/quan-tri/ro-ri?{span}")).await;
    for shown in [
        "/nguoi/p1/ai-xem",
        "/nguoi/p2/ai-xem",
        "Quản trị viên thử nghiệm",
        "Có lần xuất dữ liệu hàng loạt",
        "data-head=\"Số lần\">3</td>",
    ] {
        assert!(page.text.contains(shown), "{shown}: {}", page.text);
    }
    let typed = house.get(&keeper, "/quan-tri/ro-ri?tu=04/03/2026&den=04/03/2026").await;
    assert!(typed.text.contains("04/03/2026 – 04/03/2026") && typed.text.contains("/nguoi/p1/ai-xem"));
    let agent = nurse.agent.name().replace('/', "%2F");
    let file = house.get(&keeper, &format!("/quan-tri/ro-ri/tep?{span}&ai={agent}")).await;
    assert_eq!((file.status, file.kind.as_str()), (StatusCode::OK, "text/csv; charset=utf-8"));
    let lines: Vec<&str> = file.text.lines().collect();
    assert_eq!(lines.len(), 3, "{}", file.text);
    assert!(
        lines[1].starts_with("p1,2,2026-03-04") && lines[2].starts_with("p2,1,2026-03-04"),
        "{}",
        file.text
    );
    let before = house.get(&keeper, "/quan-tri/ro-ri/tep?tu=2026-03-03&den=2026-03-03").await;
    assert_eq!(before.text.lines().count(), 1, "nothing happened on that day: {}", before.text);
}

#[tokio::test]
async fn no_cell_of_a_file_is_a_formula() {
    let (house, _, _, keeper) = house().await;
    let thief = house.someone("ke.gian", "=HYPERLINK(\"http://b.vn\")", "doctor", None).await;
    house.kit.records.read(&thief, "Patient", "p1").await.unwrap();
    let file = house.get(&keeper, "/quan-tri/nhat-ky/tep?nguoi=p1").await;
    assert!(file.text.contains("'=HYPERLINK") && !file.text.contains(",\"=HYPERLINK"), "{}", file.text);
    assert_eq!(last(&house).await.0, "audit-export");
}
