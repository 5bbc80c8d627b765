//! An `Outcome` as a page: theirs says what to do; ours says that nothing is lost and shows an id.

use crate::headers::RequestId;
use crate::site::{Page, Site};
use axum::http::StatusCode;
use axum::response::Response;
use maud::{Markup, html};
use yba_fhir::{Kind, Outcome};
use yba_ui::{card, state};

/// The HTTP status of a kind, for pages.
pub fn status(kind: Kind) -> StatusCode {
    match kind {
        Kind::Invalid => StatusCode::BAD_REQUEST,
        Kind::Unprocessable => StatusCode::UNPROCESSABLE_ENTITY,
        Kind::Unauthenticated => StatusCode::UNAUTHORIZED,
        Kind::Forbidden => StatusCode::FORBIDDEN,
        Kind::NotFound => StatusCode::NOT_FOUND,
        Kind::Gone => StatusCode::GONE,
        Kind::Conflict => StatusCode::CONFLICT,
        Kind::Precondition => StatusCode::PRECONDITION_FAILED,
        Kind::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        Kind::TooMany => StatusCode::TOO_MANY_REQUESTS,
        Kind::Unsupported => StatusCode::NOT_IMPLEMENTED,
        Kind::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        Kind::Fault => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

fn title(kind: Kind) -> &'static str {
    match kind {
        Kind::Invalid | Kind::Unprocessable => "Yêu cầu chưa đúng",
        Kind::Unauthenticated => "Cần đăng nhập",
        Kind::Forbidden => "Bạn chưa được phép xem",
        Kind::NotFound => "Không tìm thấy",
        Kind::Gone => "Không còn nữa",
        Kind::Conflict | Kind::Precondition => "Dữ liệu vừa được người khác sửa",
        Kind::TooLarge => "Dữ liệu gửi lên quá lớn",
        Kind::TooMany => "Quá nhiều yêu cầu",
        Kind::Unsupported => "Chưa hỗ trợ",
        Kind::Unavailable => "Máy chủ đang bận",
        Kind::Fault => "Hệ thống gặp lỗi",
    }
}

/// The words of the failure, to be drawn in a card or in place of a fragment. The request id is shown when
/// the fault is ours; diagnostics never are.
pub fn note(outcome: &Outcome, id: &RequestId) -> Markup {
    let text: Vec<&str> = outcome.issues.iter().map(|issue| issue.text.as_str()).collect();
    let ours = matches!(outcome.kind, Kind::Fault | Kind::Unavailable);
    let code = if ours { id.0.as_str() } else { outcome.issues.first().map_or("", |issue| issue.key) };
    let (what, forward) = (format!("{}.", title(outcome.kind)), text.join(" "));
    // A text that begins by saying what happened is not told twice.
    let forward = forward.strip_prefix(&what).unwrap_or(&forward).trim_start().to_string();
    state::error(&what, &forward, code)
}

/// The full page of a failure.
pub fn page(site: &Site, outcome: &Outcome, id: &RequestId) -> Response {
    log(outcome, id);
    let heading = title(outcome.kind);
    let signed_in = outcome.kind != Kind::Unauthenticated;
    let content = html! {
        (card::page_title(heading, html! {}, html! {}))
        (note(outcome, id))
        // Whoever has to sign in would only meet this page again there.
        @if signed_in { p { (card::link_button("/", html! { "Về trang tìm người" })) } }
    };
    let page = Page { search_in_bar: signed_in, ..Page::new(heading, content) };
    let mut response = site.page(&page);
    *response.status_mut() = status(outcome.kind);
    response
}

/// A failure in the place of the fragment that was asked for.
pub fn fragment(site: &Site, outcome: &Outcome, id: &RequestId) -> Response {
    log(outcome, id);
    let mut response = site.fragment(&note(outcome, id));
    *response.status_mut() = status(outcome.kind);
    response
}

/// Ours are logged with the id; diagnostics are English and hold no names.
fn log(outcome: &Outcome, id: &RequestId) {
    if outcome.kind == Kind::Fault {
        for issue in &outcome.issues {
            eprintln!("fault {} {}: {}", id.0, issue.key, issue.diagnostics);
        }
    }
}

/// No page lives at this address.
pub fn not_found() -> Outcome {
    Outcome::new(
        Kind::NotFound,
        "no-page",
        "Địa chỉ này không có trang nào. Kiểm tra lại địa chỉ, hoặc tìm người bệnh bằng ô tìm kiếm.",
        "no route",
    )
}

/// A stranger asks a page.
pub fn sign_in_needed() -> Outcome {
    Outcome::new(
        Kind::Unauthenticated,
        "sign-in",
        "Cần đăng nhập để xem trang này. Nút này không mở đăng nhập trên web; liên hệ bộ phận CNTT của đơn vị.",
        "authentication required",
    )
}

/// A part of a page was asked for after the session had ended.
pub fn sign_in_again() -> Outcome {
    Outcome::new(
        Kind::Unauthenticated,
        "sign-in",
        "Phiên làm việc đã hết. Mở lại trang này để đăng nhập.",
        "the session is over",
    )
}

/// A form sent by another site.
pub fn foreign_form() -> Outcome {
    Outcome::new(
        Kind::Forbidden,
        "foreign-form",
        "Biểu mẫu này gửi từ một trang khác nên bị từ chối. Mở lại trang và gửi lần nữa.",
        "cross-site form refused",
    )
}
