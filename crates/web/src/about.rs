//! `/gioi-thieu`: what this is, whose it is, where its source is, and whose work it carries.

use crate::site::{Page, Site};
use axum::extract::State;
use axum::response::Response;
use maud::{Markup, PreEscaped, html};
use yba_ui::card;

/// The about page. The notices are our own generated file, trusted markup.
pub async fn about(State(site): State<Site>) -> Response {
    let notices = yba_ui::asset::get("notices.html")
        .and_then(|file| String::from_utf8(file.bytes.into_owned()).ok())
        .map(under_our_heading);
    site.page(&Page::new("Giới thiệu", content(&site, notices.as_deref())).here("/gioi-thieu"))
}

/// The notices are a page of their own; here they stand in a card, one level lower and without their title.
fn under_our_heading(notices: String) -> String {
    let body = notices.split_once("</h1>").map_or(notices.as_str(), |(_, body)| body);
    body.replace("<h3>", "<h4>").replace("</h3>", "</h4>").replace("<h2>", "<h3>").replace("</h2>", "</h3>")
}

fn content(site: &Site, notices: Option<&str>) -> Markup {
    let settings = site.settings();
    html! {
        (card::page_title("Giới thiệu Y Bạ", html! { "bản " (settings.version) }, html! {}))
        (card::Card::new("y-ba", "Y Bạ là gì").padded(card::prose(html! {
            p { "Y Bạ ghép hồ sơ của một người từ nhiều cơ sở khám chữa bệnh thành một bản ghi suốt đời. "
                "Mỗi cơ sở giữ bản của mình; mọi dòng hiển thị đều nói rõ đến từ đâu." }
            p { "Chương trình theo chuẩn HL7 FHIR R4; giao diện cho phần mềm khác ở " a href="/fhir/metadata" { "/fhir" } "." }
        })))
        (card::Card::new("tap-lam", "Tập làm").padded(card::prose(html! {
            p { "Mới dùng? Chạy " code { "yba practice" } " trên một máy bất kỳ: chương trình tạo một làng giả định và mười bài tập, "
                "hết khoảng một giờ, không chạm đến hồ sơ thật nào." }
        })))
        (card::Card::new("ma-nguon", "Mã nguồn và giấy phép").padded(card::prose(html! {
            p { "Y Bạ là phần mềm tự do theo giấy phép GNU AGPL, bản 3.0 hoặc mới hơn, không kèm bảo đảm nào. "
                "Ai dùng qua mạng cũng có quyền lấy mã nguồn của đúng bản đang chạy: "
                a href=(settings.source_url) { (settings.source_url) } "." }
        })))
        (card::Card::new("ben-thu-ba", "Thành phần của bên thứ ba").padded(card::prose(html! {
            @if let Some(notices) = notices { (PreEscaped(notices)) }
            @else { p { "Bản này không kèm tệp ghi công." } }
        })))
    }
}

/// `/_ui`: every component in every state.
pub async fn gallery(State(site): State<Site>) -> Response {
    site.page(&Page::new("Thành phần giao diện", yba_ui::gallery::page()).here("/_ui"))
}
