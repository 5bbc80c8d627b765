//! Finding a person: the home page with the one search box, which also finds commands and codes (`palette`).
//!
//! A search is always a POST, so that no name or number stands in an address, a log or a browser's history.

pub mod model;
pub mod page;
pub mod palette;

#[cfg(test)]
mod tests;

use crate::people::People;
use crate::{Hospital, people};
use axum::Router;
use axum::extract::{Extension, Form, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use model::{LONGEST, SHORTEST, SHOWN};
use page::Answer;
use yba_fhir::{Day, Outcome};
use yba_records::{Action, Ctx};
use yba_web::headers::wants_fragment;
use yba_web::{Page, RequestId, error, site};

pub(crate) fn routes() -> Router<Hospital> {
    Router::new().route("/", get(home)).route(site::SEARCH, post(search).get(home))
}

/// What the box sends.
#[derive(serde::Deserialize)]
struct Asked {
    #[serde(default)]
    q: String,
}

/// The search page. Whoever may not look for people goes to the first page that is theirs.
async fn home(State(hospital): State<Hospital>, Extension(ctx): Extension<Ctx>) -> Response {
    if ctx.may(Action::Search, "Patient") {
        return draw(&hospital, &Answer::Start);
    }
    match hospital.site.elsewhere(&ctx) {
        Some(href) => Redirect::to(&href).into_response(),
        None => hospital.site.page(&Page::new("Chưa có việc nào", page::nothing_to_do()).here("/")),
    }
}

fn draw(hospital: &Hospital, answer: &Answer) -> Response {
    hospital.site.page(&Page::new("Tìm người", page::page(answer, &hospital.today())).here("/").own_search())
}

/// Answers the results alone while someone types, else the page; a scanned card that is one person's opens
/// their record.
async fn search(
    State(hospital): State<Hospital>,
    Extension(ctx): Extension<Ctx>,
    Extension(id): Extension<RequestId>,
    headers: HeaderMap,
    Form(asked): Form<Asked>,
) -> Response {
    let query = asked.q.trim();
    let typing = wants_fragment(&headers, "ket-qua");
    match look(&hospital, &ctx, query).await {
        Ok(Answer::People(_, People { people, scanned: true, .. })) if !typing && people.len() == 1 => {
            Redirect::to(&format!("/nguoi/{}", people[0].id)).into_response()
        }
        Ok(found) if typing => hospital.site.fragment(&page::found(&found, &hospital.today())),
        Ok(found) => draw(&hospital, &found),
        Err(outcome) if typing => error::fragment(&hospital.site, &outcome, &id),
        Err(outcome) => {
            let mut response = draw(&hospital, &Answer::Failed(query, error::note(&outcome, &id)));
            *response.status_mut() = error::status(outcome.kind);
            response
        }
    }
}

async fn look<'q>(hospital: &Hospital, ctx: &Ctx, query: &'q str) -> Result<Answer<'q>, Outcome> {
    if query.len() > LONGEST {
        let text = "Nội dung tìm quá dài. Gõ tên, năm sinh hoặc số giấy tờ.";
        return Err(Outcome::invalid("search-too-long", text, "search text too long"));
    }
    if let Some(typed) = query.strip_prefix('#') {
        let day = Day::of_instant(hospital.records.store().clock().now_ms());
        return Ok(match typed.trim() {
            "" => Answer::TooShort(query),
            typed => Answer::Codes(query, palette::codes(hospital, typed, day).await?),
        });
    }
    let command = query.strip_prefix('>');
    // Who may not look for people looks for commands, whatever they type.
    let command = command.or((!ctx.may(Action::Search, "Patient")).then_some(query));
    if let Some(typed) = command {
        return Ok(Answer::Commands(query, palette::commands(hospital, ctx, typed.trim())));
    }
    if query.chars().count() < SHORTEST {
        return Ok(Answer::TooShort(query));
    }
    Ok(Answer::People(query, people::find(&hospital.records, ctx, query, SHOWN).await?))
}
