//! «Ứng dụng tôi cho phép»: the apps that somebody has let in, what each may do and of whom, and the way to take it back.

use crate::authorize::{failed, here, see_other};
use crate::form::Pairs;
use crate::{Smart, words};
use axum::extract::{Request, State};
use axum::response::Response;
use maud::{Markup, html};
use yba_auth::smart::Scopes;
use yba_auth::smart::client::Client;
use yba_auth::smart::tables::Grant;
use yba_fhir::view::Patient;
use yba_fhir::{Kind, Outcome, date};
use yba_records::Ctx;
use yba_ui::form::hidden;
use yba_ui::{card, format, state};
use yba_web::{LET_IN, OWN, Page, visit};

/// The list.
pub(crate) async fn list(State(smart): State<Smart>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    let drawn = async {
        let ctx = parts.extensions.get::<Ctx>().ok_or_else(|| Outcome::fault("a page without its caller"))?;
        let here = here(&smart, &parts).await?;
        let mut lines = Vec::new();
        for (client, grant) in smart.gate.let_in_by(&here).await? {
            let whose = whose(&smart, ctx, &grant).await?;
            lines.push((client, grant, whose));
        }
        Ok(lines)
    };
    match drawn.await {
        Ok(lines) => smart.site.page(&Page::new("Ứng dụng tôi cho phép", page(&lines)).here(OWN)),
        Err(outcome) => failed(&smart, &parts, &outcome),
    }
}

/// Takes back one.
pub(crate) async fn take_back(State(smart): State<Smart>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, crate::BODY_MAX).await.unwrap_or_default();
    let done = async {
        let pairs = Pairs::of(std::str::from_utf8(&body).unwrap_or_default())?;
        let here = here(&smart, &parts).await?;
        smart.gate.take_back(&here, pairs.get("quyen"), &visit::origin(&parts)).await
    };
    match done.await {
        Ok(()) => see_other(LET_IN),
        Err(outcome) => failed(&smart, &parts, &outcome),
    }
}

/// Whose record it is of; none when of no one's. Whoever may not see the person any more is told so much.
async fn whose(smart: &Smart, ctx: &Ctx, grant: &Grant) -> Result<Option<String>, Outcome> {
    if grant.patient.is_empty() {
        return Ok(None);
    }
    Ok(Some(match smart.records.read(ctx, "Patient", &grant.patient).await {
        Ok(version) => Patient(&version.tree()).name().unwrap_or_else(|| "người chưa rõ tên".to_owned()),
        Err(outcome) if outcome.kind == Kind::Fault => return Err(outcome),
        Err(_) => "người mà bạn không còn được xem".to_owned(),
    }))
}

fn page(lines: &[(Client, Grant, Option<String>)]) -> Markup {
    html! {
        (card::back(OWN, "Tài khoản của tôi"))
        (card::page_title("Ứng dụng tôi cho phép", html! { (lines.len()) " quyền đang có hiệu lực" }, html! {}))
        (card::column(html! {
            @if lines.is_empty() {
                (card::Card::new("ung-dung", "Chưa có").flush(state::empty_line("Bạn chưa cho ứng dụng nào xem dữ liệu. Khi một ứng dụng xin, trang này liệt kê và cho bạn rút lại.")))
            }
            @for (client, grant, whose) in lines {
                (card::Card::new(&format!("quyen-{}", grant.id), &client.name).padded(html! {
                    ul {
                        @if let Some(whose) = whose { li { "Hồ sơ của " b { (whose) } } }
                        @for line in words::lines(&Scopes::parse(&grant.scopes).unwrap_or_default()) { li { (line) } }
                    }
                    p .muted {
                        "Từ " (moment(grant.begun_ms)) ", đến "
                        @if grant.session.is_empty() { (moment(grant.until_ms)) } @else { "khi bạn đăng xuất" }
                        @if client.off { " · ứng dụng đang bị tắt" }
                    }
                    form method="post" action=(LET_IN) { (hidden("quyen", &grant.id)) button .btn .danger { "Rút quyền" } }
                }))
            }
        }))
    }
}

fn moment(ms: i64) -> String {
    format::date_time(&date::instant(ms))
}
