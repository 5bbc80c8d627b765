//! Coming in by the pages: requests in process over a real gate.

use crate::{Answer, ask};
use axum::Router;
use axum::body::Body;
use axum::extract::Extension;
use axum::http::{Request, StatusCode};
use axum::routing::get;
use std::sync::Arc;
use yba_auth::{Cookies, Grant};
use yba_content::Content;
use yba_records::gate::{NewAccount, Origin};
use yba_records::{Action, Ctx, Gate};
use yba_testkit::{Kit, app_code};
use yba_web::{Entrance, Entry, Group, Page, Site, SiteSettings, shell};

const PASSWORD: &str = "bốn bức tường trắng";

struct House {
    kit: Kit,
    gate: Gate,
    router: Router,
}

/// A closed house with one room, whose page says who is there.
async fn house(secure: bool) -> House {
    let kit = yba_testkit::records();
    let gate = Gate::open(kit.records.clone(), Arc::new(Content::built_in()), &[7; 32]).await.unwrap();
    let settings = SiteSettings {
        open: false,
        node: "Trạm thử".into(),
        source_url: "https://example.org/yba".into(),
        version: "0.1.0".into(),
        who: None,
        run: "r1".into(),
        gallery: false,
    };
    let entrance = Entrance { gate: gate.clone(), cookies: Cookies { secure } };
    let entries = vec![
        Entry::new("/trong/1", "users", "Tìm người").needs(Action::Search, "Patient").letter('t'),
        Entry::new("/trong/2", "key", "Sổ tài khoản").needs(Action::Read, yba_auth::KIND),
        Entry::new("/trong/3", "list", "Lệnh kín").needs(Action::Search, "Patient").command(),
    ];
    let group = Group { title: "Việc", entries };
    let site = Site::with_entrance(settings, vec![group], Some(entrance));
    let inside = site.clone();
    let show = async move |Extension(ctx): Extension<Ctx>| {
        inside.page(&Page::new("Trong nhà", maud::html! { "bí mật của " (ctx.agent.name()) }))
    };
    let rooms = Router::new().route("/trong/{x}", get(show).post(async || "đã ghi"));
    House { kit, gate, router: shell(site, rooms) }
}

impl House {
    async fn nurse(&self) {
        let roles = vec![Grant::new("nurse", self.gate.today())];
        let typed =
            NewAccount {
                login: "mai.lo".into(), name: "Lò Thị Mai".into(), roles, ..NewAccount::default()
            };
        let (_, link) = self.gate.create(&self.kit.ctx(), &typed).await.unwrap();
        self.gate.set_password_by_link(&link.0, PASSWORD, None, &Origin::default()).await.unwrap();
    }

    async fn get(&self, path: &str, cookie: &str) -> Answer {
        ask(self.router.clone(), Request::get(path).header("cookie", cookie).body(Body::empty()).unwrap())
            .await
    }

    async fn send(&self, path: &str, cookie: &str, site: Option<&str>, fields: &[(&str, &str)]) -> Answer {
        let mut request = Request::post(path)
            .header("cookie", cookie)
            .header("content-type", "application/x-www-form-urlencoded");
        if let Some(site) = site {
            request = request.header("sec-fetch-site", site);
        }
        let hex = |text: &str| text.bytes().map(|byte| format!("%{byte:02X}")).collect::<String>();
        let pairs: Vec<String> =
            fields.iter().map(|(name, value)| format!("{name}={}", hex(value))).collect();
        ask(self.router.clone(), request.body(Body::from(pairs.join("&"))).unwrap()).await
    }

    async fn post(&self, path: &str, cookie: &str, fields: &[(&str, &str)]) -> Answer {
        self.send(path, cookie, Some("same-origin"), fields).await
    }

    async fn sign_in(&self, password: &str, ve: &str) -> Answer {
        self.post("/dang-nhap", "", &[("login", "mai.lo"), ("password", password), ("ve", ve)]).await
    }
}

/// The cookies that an answer gives, as a browser sends them back.
fn cookies(answer: &Answer) -> String {
    let given = answer.headers.get_all("set-cookie").iter().map(|one| one.to_str().unwrap());
    given.filter_map(|one| one.split(';').next()).collect::<Vec<_>>().join("; ")
}

fn place(answer: &Answer) -> &str {
    answer.headers.get("location").map_or("", |place| place.to_str().unwrap())
}

fn between<'t>(text: &'t str, start: &str, end: &str) -> &'t str {
    text.split_once(start).and_then(|(_, rest)| rest.split_once(end)).map_or("", |(found, _)| found)
}

#[tokio::test]
async fn a_stranger_signs_in_where_they_wanted_to_go() {
    let house = house(false).await;
    house.nurse().await;
    let asked = house.get("/trong/1?loai=x", "").await;
    assert_eq!(asked.status, StatusCode::UNAUTHORIZED);
    assert!(
        asked.text.contains("name=\"ve\" value=\"/trong/1?loai=x\"") && !asked.text.contains("bí mật"),
        "{}",
        asked.text
    );
    let wrong = house.sign_in("sai", "/trong/1").await;
    assert_eq!(wrong.status, StatusCode::UNAUTHORIZED);
    assert!(
        wrong.text.contains("value=\"mai.lo\"")
            && wrong.text.contains("id=\"password-loi\"")
            && !wrong.text.contains("value=\"sai\""),
        "{}",
        wrong.text
    );
    let came = house.sign_in(PASSWORD, "/trong/1?loai=x").await;
    assert_eq!((came.status, place(&came)), (StatusCode::SEE_OTHER, "/trong/1?loai=x"));
    let given = cookies(&came);
    let inside = house.get("/trong/1", &given).await;
    assert!(
        inside.text.contains("bí mật của account/") && inside.text.contains("Lò Thị Mai"),
        "{}",
        inside.text
    );
    assert_eq!(inside.headers["cache-control"], "no-store");
    for ve in ["https://b.vn/", "//b.vn"] {
        assert_eq!(place(&house.sign_in(PASSWORD, ve).await), "/");
    }
    let out = house.post("/dang-xuat", &given, &[]).await;
    assert!(place(&out) == "/dang-nhap" && out.headers["set-cookie"].to_str().unwrap().contains("Max-Age=0"));
    assert_eq!(house.get("/trong/1", &given).await.status, StatusCode::UNAUTHORIZED, "the cookie is over");
    let part = Request::get("/trong/1").header("hx-request", "true").body(Body::empty()).unwrap();
    let part = ask(house.router.clone(), part).await;
    assert!(part.status == StatusCode::UNAUTHORIZED && !part.text.contains("<html"), "{}", part.text);
}

#[tokio::test]
async fn cookies_are_kept_from_scripts_and_other_sites() {
    for (secure, name) in [(false, "yba="), (true, "__Host-yba=")] {
        let house = house(secure).await;
        house.nurse().await;
        let came = house.sign_in(PASSWORD, "/").await;
        let given: Vec<&str> =
            came.headers.get_all("set-cookie").iter().map(|one| one.to_str().unwrap()).collect();
        assert!(given.len() == 2 && given[0].starts_with(name), "{given:?}");
        for one in given {
            assert!(one.contains("; HttpOnly; SameSite=Lax") && one.contains("; Path=/;"), "{one}");
            assert_eq!(one.contains("; Secure"), secure);
        }
    }
}

#[tokio::test]
async fn a_form_that_does_not_say_it_is_ours_changes_nothing() {
    let house = house(false).await;
    house.nurse().await;
    let given = cookies(&house.sign_in(PASSWORD, "/").await);
    for site in [None, Some("cross-site"), Some("same-site")] {
        for path in [
            "/trong/1",
            "/dang-xuat",
            "/tai-khoan/mat-khau",
            "/tai-khoan/phien",
            "/dang-nhap",
            "/dang-nhap/ma",
        ] {
            let refused =
                house.send(path, &given, site, &[("login", "mai.lo"), ("password", PASSWORD)]).await;
            assert_eq!(refused.status, StatusCode::FORBIDDEN, "{site:?} {path}");
            assert!(refused.headers.get("set-cookie").is_none());
        }
    }
    assert_eq!(house.post("/trong/1", &given, &[]).await.text, "đã ghi");
    let long = "x".repeat(70 << 10);
    let refused = house.post("/dang-nhap", "", &[("login", &long)]).await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST, "a form has a bound");
}

#[tokio::test]
async fn the_first_run_leads_to_a_second_factor_and_then_in() {
    let house = house(false).await;
    let link = house.gate.first_run().await.unwrap().unwrap();
    let path = format!("/thiet-lap/{}", link.0);
    assert!(house.get(&path, "").await.text.contains("Tài khoản quản trị đầu tiên"));
    assert_eq!(house.get("/thiet-lap/doan-bua", "").await.status, StatusCode::GONE);
    let typed = [("login", "Quan Tri"), ("name", "Vàng A Páo"), ("password", PASSWORD), ("repeat", "khác")];
    let wrong = house.post(&path, "", &typed).await;
    assert!(
        wrong.status == StatusCode::UNPROCESSABLE_ENTITY
            && wrong.text.contains("id=\"repeat-loi\"")
            && wrong.text.contains("value=\"Vàng A Páo\""),
        "{}",
        wrong.text
    );
    let wrong = house.post(&path, "", &[typed[0], typed[1], typed[2], ("repeat", PASSWORD)]).await;
    assert!(
        wrong.text.contains("id=\"login-loi\"") && wrong.text.contains("value=\"Quan Tri\""),
        "{}",
        wrong.text
    );
    let came =
        house.post(&path, "", &[("login", "quan.tri"), typed[1], typed[2], ("repeat", PASSWORD)]).await;
    assert_eq!(place(&came), "/tai-khoan/ung-dung", "{}", came.text);
    let given = cookies(&came);
    assert_eq!(place(&house.get("/trong/1", &given).await), "/tai-khoan/ung-dung", "first the second factor");
    assert_eq!(place(&house.get("/tai-khoan", &given).await), "/tai-khoan/ung-dung");
    let page = house.get("/tai-khoan/ung-dung", &given).await.text;
    let (secret, sealed) =
        (between(&page, "id=\"khoa\">", "<"), between(&page, "name=\"sealed\" value=\"", "\""));
    assert!(page.contains("<svg class=\"qr\"") && !secret.is_empty(), "{page}");
    let slip = house.post("/tai-khoan/ung-dung", &given, &[("sealed", sealed), ("code", "12")]).await;
    assert!(slip.text.contains("id=\"code-loi\"") && slip.text.contains(secret), "the same square again");
    assert_eq!(
        house.post("/tai-khoan/ung-dung", &given, &[("sealed", "00"), ("code", "12")]).await.status,
        StatusCode::BAD_REQUEST
    );
    let code = app_code(secret, house.kit.now_ms());
    let done = house.post("/tai-khoan/ung-dung", &given, &[("sealed", sealed), ("code", &code)]).await;
    assert_eq!((done.status, done.text.matches("-").count() > 30), (StatusCode::OK, true), "{}", done.text);
    assert_eq!(house.get("/trong/1", &given).await.status, StatusCode::OK);
    house.post("/dang-xuat", &given, &[]).await;

    house.kit.advance_ms(60_000);
    let half = house
        .post("/dang-nhap", "", &[("login", "quan.tri"), ("password", PASSWORD), ("ve", "/trong/1?a=b")])
        .await;
    assert_eq!(place(&half), "/dang-nhap/ma?ve=/trong/1%3Fa%3Db");
    let halfway = cookies(&half);
    assert_eq!(place(&house.get("/trong/1", &halfway).await), "/dang-nhap/ma");
    let page = house.get(place(&half), &halfway).await.text;
    assert!(
        page.contains("name=\"ve\" value=\"/trong/1?a=b\"")
            && page.contains("autocomplete=\"one-time-code\""),
        "{page}"
    );
    let wrong = house.post("/dang-nhap/ma", &halfway, &[("code", &code), ("ve", "/trong/1")]).await;
    assert!(
        wrong.status == StatusCode::UNAUTHORIZED && wrong.text.contains("id=\"code-loi\""),
        "a code is good once"
    );
    let fresh = app_code(secret, house.kit.now_ms());
    let came = house.post("/dang-nhap/ma", &halfway, &[("code", &fresh), ("ve", "/trong/1?a=b")]).await;
    assert_eq!(place(&came), "/trong/1?a=b");
    assert_eq!(house.get("/trong/1", &cookies(&came)).await.status, StatusCode::OK);
    assert_eq!(house.get("/trong/1", &halfway).await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn ones_own_page_shows_sessions_and_changes_the_password() {
    let house = house(false).await;
    house.nurse().await;
    let given = cookies(&house.sign_in(PASSWORD, "/").await);
    let other = cookies(&house.sign_in(PASSWORD, "/").await);
    let page = house.get("/tai-khoan", &given).await.text;
    assert!(
        page.contains("Điều dưỡng") && page.contains("máy này") && page.contains("Kết thúc mọi phiên khác"),
        "{page}"
    );
    let session = yba_auth::token::hash(between(&other, "yba=", ";"));
    assert!(page.contains(&format!("name=\"session\" value=\"{session}\"")), "{page}");
    assert_eq!(place(&house.post("/tai-khoan/phien", &given, &[("session", &session)]).await), "/tai-khoan");
    assert_eq!(house.get("/tai-khoan", &other).await.status, StatusCode::UNAUTHORIZED);
    let change = async |present: &str, fresh: &str, repeat: &str| {
        house
            .post(
                "/tai-khoan/mat-khau",
                &given,
                &[("present", present), ("password", fresh), ("repeat", repeat)],
            )
            .await
    };
    for (present, fresh, repeat, field) in [
        ("sai", "một câu khác dài hơn", "một câu khác dài hơn", "present"),
        (PASSWORD, "ngắn", "ngắn", "password"),
        (PASSWORD, PASSWORD, PASSWORD, "password"),
        (PASSWORD, "một câu khác dài hơn", "khác", "repeat"),
    ] {
        let refused = change(present, fresh, repeat).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{field}");
        assert!(refused.text.contains(&format!("id=\"{field}-loi\"")), "{field}: {}", refused.text);
    }
    assert_eq!(place(&change(PASSWORD, "một câu khác dài hơn", "một câu khác dài hơn").await), "/tai-khoan");
    assert_eq!(house.sign_in(PASSWORD, "/").await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(house.get("/tai-khoan", &given).await.status, StatusCode::OK);
    assert_eq!(house.get("/tai-khoan", "").await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn the_rail_offers_what_the_role_may_open_and_strangers_get_none() {
    let house = house(false).await;
    house.nurse().await;
    for path in ["/trong/1", "/dang-nhap", "/gioi-thieu", "/khong-co"] {
        let text = house.get(path, "").await.text;
        assert!(!text.contains("class=\"rail\"") && !text.contains("Tìm người"), "{path}: {text}");
        assert!(!text.contains("id=\"q\"") && !text.contains("class=\"account\""), "{path}");
    }
    let given = cookies(&house.sign_in(PASSWORD, "/").await);
    for path in ["/trong/1", "/tai-khoan", "/gioi-thieu", "/khong-co"] {
        let text = house.get(path, &given).await.text;
        let rail = between(&text, "class=\"rail\"", "</nav>");
        assert!(rail.contains("Tìm người") && rail.contains("data-go=\"t\""), "{path}: {text}");
        assert!(!rail.contains("Sổ tài khoản") && !rail.contains("Hệ thống"), "{path}: {rail}");
        assert!(!rail.contains("Lệnh kín"), "a command is found by the palette alone");
        assert_eq!(text.matches(">Đăng xuất<").count(), 1, "{path}");
    }
}

#[tokio::test]
async fn how_pages_look_is_kept_for_the_account_and_comes_with_the_page() {
    let house = house(false).await;
    house.nurse().await;
    let given = cookies(&house.sign_in(PASSWORD, "/").await);
    let plain = house.get("/trong/1?a=b", &given).await.text;
    assert!(
        plain.contains("<html lang=\"vi\">") && plain.contains("name=\"ve\" value=\"/trong/1?a=b\""),
        "{plain}"
    );
    let dark = house.post("/giao-dien", &given, &[("nen", "toi"), ("ve", "/trong/1?a=b")]).await;
    assert_eq!((dark.status, place(&dark)), (StatusCode::SEE_OTHER, "/trong/1?a=b"));
    let one = format!("{given}; {}", cookies(&dark));
    assert!(house.get("/trong/1", &one).await.text.contains("<html lang=\"vi\" data-theme=\"dark\">"));
    let both = house.post("/giao-dien", &one, &[("hang", "thoang"), ("ve", "https://b.vn/")]).await;
    assert_eq!(place(&both), "/", "only back to our own pages");
    let both = format!("{given}; {}", cookies(&both));
    let text = house.get("/trong/1", &both).await.text;
    assert!(text.contains("data-theme=\"dark\" data-roomy"), "{text}");
    assert!(!house.get("/dang-nhap", &both).await.text.contains("data-theme"), "a stranger at the same desk");
    let odd = house.post("/giao-dien", &both, &[("nen", "\"><script>")]).await;
    assert!(!odd.headers["set-cookie"].to_str().unwrap().contains("script"));
    let foreign = house.send("/giao-dien", &given, Some("cross-site"), &[("nen", "toi")]).await;
    assert_eq!(foreign.status, StatusCode::FORBIDDEN);
}
