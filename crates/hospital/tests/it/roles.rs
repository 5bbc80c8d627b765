//! The same pages for different roles: what the door permits is drawn, the rest is not, and nothing false is said of it.

use crate::{Answer, ask};
use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use std::sync::Arc;
use yba_auth::{Cookies, Grant};
use yba_content::Content;
use yba_fhir::json::json;
use yba_hospital::{Hospital, menu, routes};
use yba_records::Gate;
use yba_records::gate::{NewAccount, Origin};
use yba_testkit::Kit;
use yba_web::{Entrance, Site, SiteSettings, shell};

const PASSWORD: &str = "bốn bức tường trắng";

pub struct Desk {
    router: Router,
    cookie: String,
    gate: Gate,
}

impl Desk {
    /// Somebody with this role, signed in.
    pub async fn of(kit: &Kit, role: &str) -> Desk {
        Desk::at(kit, role, None).await
    }

    /// The same, of a role that was granted for a facility.
    pub async fn at(kit: &Kit, role: &str, facility: Option<&str>) -> Desk {
        let content = Arc::new(Content::built_in());
        let gate = Gate::open(kit.records.clone(), content.clone(), &[7; 32]).await.unwrap();
        let grant = Grant { organization: facility.map(str::to_owned), ..Grant::new(role, gate.today()) };
        let roles = vec![grant];
        let login = format!("{}{}", role.replace('-', "."), facility.unwrap_or_default());
        let typed =
            NewAccount { login: login.clone(), name: "Lò Thị Mai".into(), roles, ..NewAccount::default() };
        let (_, link) = gate.create(&kit.ctx(), &typed).await.unwrap();
        gate.set_password_by_link(&link.0, PASSWORD, None, &Origin::default()).await.unwrap();
        let settings = SiteSettings {
            open: false,
            node: "Nút thử".into(),
            source_url: "https://example.org".into(),
            version: "0".into(),
            who: None,
            run: "t".into(),
            gallery: false,
        };
        let entrance = Entrance { gate: gate.clone(), cookies: Cookies { secure: false } };
        let site = Site::with_entrance(settings, vec![menu()], Some(entrance));
        let router = shell(site.clone(), routes(Hospital { site, records: kit.records.clone(), content }));
        let mut desk = Desk { router, cookie: String::new(), gate };
        let came = desk.post("/dang-nhap", &[("login", &login), ("password", PASSWORD)]).await;
        let given = came.headers.get_all("set-cookie").iter().map(|one| one.to_str().unwrap());
        desk.cookie = given.filter_map(|one| one.split(';').next()).collect::<Vec<_>>().join("; ");
        desk
    }

    /// As whom the API would ask the door for them.
    pub async fn ctx(&self) -> yba_records::Ctx {
        let token = self.cookie.split("; ").find_map(|one| one.strip_prefix("yba=")).unwrap();
        let visitor = self.gate.visitor(token, &Origin::default()).await.unwrap();
        self.gate.ctx(&visitor, "test", "r")
    }

    pub async fn get(&self, path: &str) -> Answer {
        ask(&self.router, Request::get(path).header("cookie", &self.cookie).body(Body::empty()).unwrap())
            .await
    }

    pub async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let hex = |text: &str| text.bytes().map(|byte| format!("%{byte:02X}")).collect::<String>();
        let pairs: Vec<String> =
            fields.iter().map(|(name, value)| format!("{name}={}", hex(value))).collect();
        let request = Request::post(path)
            .header("cookie", &self.cookie)
            .header("sec-fetch-site", "same-origin")
            .header("content-type", "application/x-www-form-urlencoded");
        ask(&self.router, request.body(Body::from(pairs.join("&"))).unwrap()).await
    }
}

#[tokio::test]
async fn a_receptionist_sees_who_it_is_and_no_clinic() {
    let kit = crate::kit_with(crate::sample::person()).await;
    let desk = Desk::of(&kit, "reception").await;
    let page = desk.get("/nguoi/p1").await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.text);
    assert!(page.text.contains("NGUYỄN THỊ THANH HƯƠNG") && page.text.contains("Hồ sơ tại cơ sở"));
    assert!(
        !page.text.contains("Chưa hỏi dị ứng") && !page.text.contains("Dị ứng "),
        "nothing is said of what is not seen"
    );
    for clinical in ["Chưa có chẩn đoán", "id=\"xet-nghiem\"", "id=\"thuoc\"", "Metformin", "E11.9"] {
        assert!(!page.text.contains(clinical), "{clinical}");
    }
    assert!(page.text.contains("aria-keyshortcuts=\"e\""), "may edit");
    for (path, status) in [
        ("/dang-ky", StatusCode::OK),
        ("/nguoi/p1/sua", StatusCode::OK),
        ("/nguoi/p1/lich-su", StatusCode::OK),
        ("/nguoi/p1/ket-qua", StatusCode::FORBIDDEN),
        ("/nguoi/p1/tai-lieu", StatusCode::FORBIDDEN),
        ("/nguoi/p1/gia-dinh", StatusCode::OK),
    ] {
        assert_eq!(desk.get(path).await.status, status, "{path}");
    }
}

#[tokio::test]
async fn a_receptionist_of_one_facility_registers_there_and_edits_their_own() {
    let facility =
        json!({"resourceType": "Organization", "id": "cskcb-12001", "name": "Trạm Y tế xã Bản Bo"});
    let kit = crate::kit_with(vec![facility]).await;
    let desk = Desk::at(&kit, "reception", Some("cskcb-12001")).await;
    let form = desk.get("/dang-ky").await;
    assert!(!form.text.contains("name=\"facility\""), "the account says where: {}", form.text);
    let follower = async {
        loop {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
            yba_mpi::follower::catch_up(&kit.records).await.unwrap();
        }
    };
    let fields = [
        ("without", "newborn"),
        ("birth", "01/03/2026"),
        ("sex", "male"),
        ("kin_name", "Lò Thị Mai"),
        ("kin_relation", "MTH"),
        ("guardian", "1"),
    ];
    let done = tokio::select! {
        done = desk.post("/dang-ky", &fields) => done,
        () = follower => unreachable!("it never ends"),
    };
    let said = done.text.split("role=\"alert\"").nth(1).unwrap_or_default();
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{said}");
    let place = done.headers["location"].to_str().unwrap();
    let page = desk.get(place).await;
    assert!(
        page.text.contains("CON BÀ LÒ THỊ MAI") && page.text.contains("Trạm Y tế xã Bản Bo"),
        "{}",
        page.text
    );
    assert_eq!(desk.get(&format!("{place}/sua")).await.status, StatusCode::OK);
    assert!(desk.get(&format!("{place}/gia-dinh")).await.text.contains("Lò Thị Mai"));
}

#[tokio::test]
async fn a_doctor_reads_everything_and_registers_nobody() {
    let kit = crate::kit_with(crate::sample::person()).await;
    let desk = Desk::of(&kit, "doctor").await;
    let page = desk.get("/nguoi/p1").await;
    assert!(
        page.text.contains("id=\"xet-nghiem\"") && page.text.contains("href=\"/nguoi/p1/ket-qua\""),
        "{}",
        page.text
    );
    assert!(!page.text.contains("/sua"), "no door that is shut");
    for (path, status) in [
        ("/nguoi/p1/ket-qua", StatusCode::OK),
        ("/nguoi/p1/tai-lieu", StatusCode::OK),
        ("/dang-ky", StatusCode::FORBIDDEN),
        ("/nguoi/p1/sua", StatusCode::FORBIDDEN),
    ] {
        assert_eq!(desk.get(path).await.status, status, "{path}");
    }
    let sent = desk
        .post(
            "/dang-ky",
            &[
                ("name", "Lò Văn Mẫu"),
                ("without", "unknown"),
                ("facility", "12001"),
                ("sex", "male"),
                ("birth", "1990"),
            ],
        )
        .await;
    assert_eq!(sent.status, StatusCode::FORBIDDEN);
    let nobody = desk.post("/tim", &[("q", "khong co ai nhu vay")]).await;
    assert!(!nobody.text.contains("Đăng ký người này"), "{}", nobody.text);
}

#[tokio::test]
async fn a_laboratory_sees_results_and_no_diagnoses() {
    let kit = crate::kit_with(crate::sample::person()).await;
    let desk = Desk::of(&kit, "lab-technician").await;
    let page = desk.get("/nguoi/p1").await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.text);
    assert!(page.text.contains("id=\"xet-nghiem\"") && !page.text.contains("id=\"van-de\""), "{}", page.text);
    assert_eq!(desk.get("/nguoi/p1/ket-qua").await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_doctor_of_another_facility_opens_a_record_in_an_emergency_with_a_reason() {
    let kit = crate::kit_with(crate::sample::person()).await;
    let desk = Desk::at(&kit, "doctor", Some("khac")).await;
    let found = desk.post("/tim", &[("q", "nguyen thi thanh huong")]).await;
    assert!(found.status.is_success() || found.status.is_redirection(), "{}", found.text);
    let page = desk.get("/nguoi/p1").await;
    assert_eq!(page.status, StatusCode::SEE_OTHER, "{}", page.text);
    assert_eq!(page.headers["location"], "/nguoi/p1/khan-cap");
    let asked = desk.get("/nguoi/p1/khan-cap").await;
    assert!(asked.status == StatusCode::OK && asked.text.contains("ngoài phạm vi"), "{}", asked.text);
    let short = desk.post("/nguoi/p1/khan-cap", &[("reason", "gấp <b>")]).await;
    assert_eq!(short.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        short.text.contains("value=\"gấp &lt;b&gt;\"") && short.text.contains("Ghi lý do"),
        "{}",
        short.text
    );
    let opened = desk.post("/nguoi/p1/khan-cap", &[("reason", "Hôn mê, cần biết thuốc đang dùng")]).await;
    assert_eq!(opened.headers["location"], "/nguoi/p1");
    let page = desk.get("/nguoi/p1").await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.text);
    assert!(page.text.contains("E11.9") || page.text.contains("Metformin"), "{}", page.text);
    assert!(page.text.contains("Đang mở khẩn cấp đến 02/03/2026 12:00."), "{}", page.text);
    // Whoever may not see whole records is not asked.
    let clerk = Desk::at(&kit, "reception", Some("khac")).await;
    assert_eq!(
        clerk.post("/nguoi/p1/khan-cap", &[("reason", "Hôn mê, cần biết thuốc")]).await.status,
        StatusCode::FORBIDDEN
    );
}
