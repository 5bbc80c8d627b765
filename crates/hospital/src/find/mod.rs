//! Finding a person: the home page with the one search box.
//!
//! A search is always a POST, so that no name or number stands in an address, a log or a browser's history.

pub mod model;
pub mod page;

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
use yba_fhir::Outcome;
use yba_records::Ctx;
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

async fn home(State(hospital): State<Hospital>) -> Response {
    draw(&hospital, &Answer::Start)
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
    if query.chars().count() < SHORTEST {
        return answer(&hospital, typing, &Answer::TooShort(query));
    }
    match find(&hospital, &ctx, query).await {
        Ok(People { people, scanned: true, .. }) if !typing && people.len() == 1 => {
            Redirect::to(&format!("/nguoi/{}", people[0].id)).into_response()
        }
        Ok(found) => answer(&hospital, typing, &Answer::People(query, &found)),
        Err(outcome) if typing => error::fragment(&hospital.site, &outcome, &id),
        Err(outcome) => {
            let mut response = draw(&hospital, &Answer::Failed(query, error::note(&outcome, &id)));
            *response.status_mut() = error::status(outcome.kind);
            response
        }
    }
}

async fn find(hospital: &Hospital, ctx: &Ctx, query: &str) -> Result<People, Outcome> {
    if query.len() > LONGEST {
        let text = "Nội dung tìm quá dài. Gõ tên, năm sinh hoặc số giấy tờ.";
        return Err(Outcome::invalid("search-too-long", text, "search text too long"));
    }
    people::find(&hospital.records, ctx, query, SHOWN).await
}

fn answer(hospital: &Hospital, typing: bool, answer: &Answer) -> Response {
    match typing {
        true => hospital.site.fragment(&page::found(answer, &hospital.today())),
        false => draw(hospital, answer),
    }
}
