//! The shell as a stranger, a browser and an old page see it; requests in process, no sockets.
#![allow(clippy::unwrap_used)] // a test stops where something is not as it should be

mod entrance;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use axum::routing::get;
use tower::ServiceExt;
use yba_web::{Page, RequestId, Site, SiteSettings, error, shell};

fn site(open: bool) -> Site {
    Site::new(
        SiteSettings {
            open,
            node: "Kho hồ sơ tỉnh Lai Châu".into(),
            source_url: "https://example.org/yba".into(),
            version: "0.1.0".into(),
            who: None,
            run: "r1".into(),
            gallery: true,
        },
        Vec::new(),
    )
}

fn house(open: bool) -> Router {
    let site = site(open);
    let inside = site.clone();
    let rooms = Router::new().route(
        "/trong",
        get(move || async move { inside.page(&Page::new("Trong nhà", maud::html! { "bí mật" })) })
            .post(|| async { "đã ghi" }),
    );
    shell(site, rooms)
}

struct Answer {
    status: StatusCode,
    headers: axum::http::HeaderMap,
    text: String,
}

async fn ask(house: Router, request: Request<Body>) -> Answer {
    let response = house.oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let bytes = axum::body::to_bytes(body, 4 << 20).await.unwrap();
    Answer {
        status: parts.status,
        headers: parts.headers,
        text: String::from_utf8_lossy(&bytes).into_owned(),
    }
}

fn request(path: &str) -> Request<Body> {
    Request::get(path).body(Body::empty()).unwrap()
}

#[tokio::test]
async fn a_stranger_gets_401_and_nothing_of_the_page() {
    let answer = ask(house(false), request("/trong")).await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    assert!(answer.text.contains("Cần đăng nhập") && !answer.text.contains("bí mật"));
    assert!(!answer.text.contains("id=\"q\""), "no search box for strangers");
    assert!(!answer.text.contains("CHẾ ĐỘ THỬ"));
}

#[tokio::test]
async fn an_open_node_says_so_on_every_page() {
    for path in ["/trong", "/gioi-thieu", "/_ui", "/khong-co"] {
        let answer = ask(house(true), request(path)).await;
        assert!(answer.text.contains("CHẾ ĐỘ THỬ – không xác thực"), "{path}");
        assert!(answer.text.contains("https://example.org/yba"), "{path} links to the source");
    }
}

#[tokio::test]
async fn every_answer_carries_the_security_headers_and_pages_are_not_stored() {
    for path in ["/trong", "/khong-co", "/gioi-thieu"] {
        let answer = ask(house(true), request(path)).await;
        let header = |name: &str| answer.headers.get(name).unwrap().to_str().unwrap().to_owned();
        let policy = header("content-security-policy");
        assert!(
            policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"),
            "{policy}"
        );
        assert!(!policy.contains("unsafe"), "{policy}");
        assert_eq!(header("referrer-policy"), "no-referrer");
        assert_eq!(header("x-content-type-options"), "nosniff");
        assert_eq!(header("cache-control"), "no-store");
        assert!(header("x-request-id").starts_with("r1-"));
    }
}

#[tokio::test]
async fn no_page_has_inline_script_or_style() {
    for path in ["/_ui", "/gioi-thieu", "/trong"] {
        let text = ask(house(true), request(path)).await.text;
        assert!(!text.contains(" style=") && !text.contains("<style"), "{path}");
        assert!(!text.contains("javascript:") && !text.contains(" onclick="), "{path}");
        for script in text.split("<script").skip(1) {
            assert!(script.starts_with(" src="), "{path}: {}", &script[..40]);
        }
    }
}

#[tokio::test]
async fn static_files_are_kept_for_ever_and_old_addresses_are_gone() {
    let url = yba_ui::asset::url("yba.css");
    let answer = ask(house(false), request(&url)).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert!(answer.headers["cache-control"].to_str().unwrap().contains("immutable"));
    assert_eq!(answer.headers["content-type"], "text/css; charset=utf-8");
    for gone in ["/a/0000/yba.css", "/a/0/r4.json.gz", "/a/../Cargo.toml"] {
        assert_eq!(ask(house(false), request(gone)).await.status, StatusCode::NOT_FOUND, "{gone}");
    }
    let table = yba_ui::asset::url("r4.json.gz");
    assert_eq!(
        ask(house(false), request(&table)).await.status,
        StatusCode::NOT_FOUND,
        "tables are not for browsers"
    );
}

#[tokio::test]
async fn a_form_from_another_site_is_refused() {
    let post = |name: &str, value: &str| {
        Request::post("/trong").header("host", "yba.lan").header(name, value).body(Body::empty()).unwrap()
    };
    for (name, value, status) in [
        ("sec-fetch-site", "same-origin", StatusCode::OK),
        ("sec-fetch-site", "cross-site", StatusCode::FORBIDDEN),
        ("sec-fetch-site", "same-site", StatusCode::FORBIDDEN),
        ("origin", "http://yba.lan", StatusCode::OK),
        ("origin", "http://evil.example", StatusCode::FORBIDDEN),
        ("origin", "null", StatusCode::FORBIDDEN),
    ] {
        assert_eq!(ask(house(true), post(name, value)).await.status, status, "{name}: {value}");
    }
}

#[tokio::test]
async fn a_fault_shows_its_id_and_hides_its_diagnostics() {
    let outcome = yba_fhir::Outcome::fault("disk I/O error in table version");
    let response = error::page(&site(true), &outcome, &RequestId("r1-000009".into()));
    assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
    let bytes = axum::body::to_bytes(response.into_body(), 1 << 20).await.unwrap();
    let text = String::from_utf8_lossy(&bytes);
    assert!(text.contains("r1-000009") && !text.contains("disk I/O"), "{text}");
}
