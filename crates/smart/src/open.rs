//! «Mở ứng dụng» on a person's record: the apps that can be opened with it (an EHR launch).
//! <https://hl7.org/fhir/smart-app-launch/STU2.2/app-launch.html#launch-app-ehr-launch>

use crate::Smart;
use crate::authorize::{failed, here, origin_of, see_other};
use crate::form::Pairs;
use axum::extract::{Path, Request, State};
use axum::response::Response;
use maud::html;
use yba_fhir::Outcome;
use yba_records::Ctx;
use yba_ui::form::hidden;
use yba_ui::{card, state};
use yba_web::headers::FormsTo;
use yba_web::{Page, visit};

/// The apps.
pub(crate) async fn list(
    State(smart): State<Smart>,
    Path(patient): Path<String>,
    request: Request,
) -> Response {
    let (parts, _) = request.into_parts();
    let drawn = async {
        let ctx = parts.extensions.get::<Ctx>().ok_or_else(|| Outcome::fault("a page without its caller"))?;
        smart.records.read(ctx, "Patient", &patient).await?;
        smart.gate.openable().await
    };
    let apps = match drawn.await {
        Ok(apps) => apps,
        Err(outcome) => return failed(&smart, &parts, &outcome),
    };
    let origins = apps.iter().filter_map(|app| origin_of(app.launch.as_deref()?)).collect();
    let content = html! {
        (card::back(&format!("/nguoi/{patient}"), "Hồ sơ"))
        (card::page_title("Mở ứng dụng", html! { "với hồ sơ này" }, html! {}))
        (card::column(card::Card::new("ung-dung", "Ứng dụng của bên khác").flush(html! {
            @if apps.is_empty() { (state::empty_line("Chưa có ứng dụng nào mở được từ hồ sơ. Bộ phận CNTT đăng ký ở mục Ứng dụng.")) }
            (card::rows(apps.iter().map(|app| html! {
                b { (app.name) }
                form method="post" { (hidden("ung-dung", &app.id)) button .btn .main type="submit" { "Mở" } }
            })))
        })))
    };
    let mut response = smart.site.page(&Page::new("Mở ứng dụng", content));
    response.extensions_mut().insert(FormsTo(origins));
    response
}

/// Sends the browser to the app, with a token that is good once.
pub(crate) async fn open(
    State(smart): State<Smart>,
    Path(patient): Path<String>,
    request: Request,
) -> Response {
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, crate::BODY_MAX).await.unwrap_or_default();
    let opened = async {
        let pairs = Pairs::of(std::str::from_utf8(&body).unwrap_or_default())?;
        let (here, names) = (here(&smart, &parts).await?, smart.names(&parts.headers)?);
        smart.gate.open_app(&here, pairs.get("ung-dung"), &patient, &names, &visit::origin(&parts)).await
    };
    match opened.await {
        Ok(address) => see_other(&address),
        Err(outcome) => failed(&smart, &parts, &outcome),
    }
}
