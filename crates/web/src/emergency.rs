//! Opening a record beyond reach in an emergency: the question, and the way back to the record.

use crate::enter::form;
use crate::enter::page::{about, at_large};
use crate::own::{drawn, here};
use crate::site::Site;
use crate::visit::origin;
use crate::{Router, error};
use axum::extract::{DefaultBodyLimit, Path, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use maud::{Markup, html};
use yba_fhir::Outcome;
use yba_fhir::resource::is_id;
use yba_ui::card;
use yba_ui::form::{Field, Sort, field};

const FORM_BYTES_MAX: usize = 16 << 10;
const TITLE: &str = "Mở hồ sơ khẩn cấp";

pub(crate) fn routes() -> Router<Site> {
    Router::new()
        .route("/nguoi/{person}/khan-cap", get(ask).post(open))
        .layer(DefaultBodyLimit::max(FORM_BYTES_MAX))
}

/// Where a record beyond reach is asked for.
pub fn address(person: &str) -> String {
    format!("/nguoi/{person}/khan-cap")
}

#[derive(Default, serde::Deserialize)]
#[serde(default)]
struct Typed {
    reason: String,
}

async fn ask(State(site): State<Site>, Path(person): Path<String>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    match here(&site, &parts, None).await {
        Ok(present) => drawn(&site, &present, StatusCode::OK, TITLE, page(&person, "", None)).await,
        Err(response) => response,
    }
}

async fn open(State(site): State<Site>, Path(person): Path<String>, request: Request) -> Response {
    let (parts, typed) = match form::<Typed>(&site, request).await {
        Ok(form) => form,
        Err(response) => return response,
    };
    let present = match here(&site, &parts, None).await {
        Ok(found) => found,
        Err(response) => return response,
    };
    let gate = &present.entrance.gate;
    match gate.open_in_emergency(&present.here, &person, &typed.reason, &origin(&parts)).await {
        Ok(()) if is_id(&person) => Redirect::to(&format!("/nguoi/{person}")).into_response(),
        Ok(()) => Redirect::to("/").into_response(),
        Err(outcome) => {
            let content = page(&person, &typed.reason, Some(&outcome));
            drawn(&site, &present, error::status(outcome.kind), TITLE, content).await
        }
    }
}

fn page(person: &str, reason: &str, outcome: Option<&Outcome>) -> Markup {
    html! {
        (card::page_title(TITLE, html! { "chỉ khi tính mạng, sức khỏe người bệnh cần ngay" }, html! {}))
        (card::column(card::Card::new("khan-cap", "Người này ngoài phạm vi của bạn").padded(html! {
            p { "Người này chưa có lượt khám ở cơ sở của bạn, hoặc không cho cơ sở xem hồ sơ. Nếu người bệnh đang ở đây, hãy "
                "tiếp đón trước: khi có lượt khám, hồ sơ mở bình thường." }
            p { "Mở khẩn cấp cho bạn xem hồ sơ này trong 4 giờ. Lý do, tên bạn và giờ mở được ghi vào nhật ký và báo cho người bệnh." }
            (at_large(outcome, &["reason"]))
            form .form method="post" action=(address(person)) {
                (field(&Field::new("reason", "Lý do", Sort::Text)
                    .hint("Ví dụ: hôn mê, cần biết dị ứng và thuốc đang dùng.").value(reason)
                    .error(about(outcome, "reason")).first()))
                (card::main_button("Mở hồ sơ", Some("Enter")))
            }
        })))
    }
}
