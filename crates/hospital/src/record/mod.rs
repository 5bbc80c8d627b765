//! A person's record over all facilities: read-only pages.
//!
//! `fetch` brings resources from the door, `model` builds what is shown (its parts: `who`, `drugs`, `labs`,
//! `timeline`, and `visit` for one visit), `page` and `visit_page` draw it. Start at [`model::build`].

pub mod drugs;
pub(crate) mod fetch;
mod further;
pub mod labs;
pub mod model;
pub mod older;
pub mod page;
pub mod ranges;
pub mod read;
pub mod timeline;
pub mod visit;
pub mod visit_page;
pub mod who;

#[cfg(test)]
mod tests;

use crate::Hospital;
use axum::Router;
use axum::extract::{Extension, Path, RawQuery, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use timeline::{Kind, View};
use yba_fhir::resource::is_id;
use yba_fhir::{Kind as OutcomeKind, Outcome};
use yba_records::{Action, Agent, Ctx};
use yba_web::headers::wants_fragment;
use yba_web::{Page, RequestId, emergency, error};

pub(crate) fn routes() -> Router<Hospital> {
    Router::new()
        .route("/nguoi/{person}", get(person))
        .route("/nguoi/{person}/ket-qua", get(further::results))
        .route("/nguoi/{person}/tai-lieu", get(further::documents))
        .route("/nguoi/{person}/gia-dinh", get(further::family))
        .route("/nguoi/{person}/luot/{encounter}", get(visit_of))
}

/// The person's page; the timeline alone when its filter asks, the next items alone when «Xem thêm» asks.
async fn person(
    State(hospital): State<Hospital>,
    Extension(ctx): Extension<Ctx>,
    Extension(id): Extension<RequestId>,
    Path(person): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let site = &hospital.site;
    let view = view(query.as_deref().unwrap_or(""));
    let record = match record_of(&hospital, &ctx, &person, view).await {
        Ok(record) => record,
        Err(outcome) => {
            return beyond(&ctx, &person, &outcome).unwrap_or_else(|| error::page(site, &outcome, &id));
        }
    };
    if wants_fragment(&headers, "them") {
        return site.fragment(&page::events(&record.person, &record.history));
    }
    if wants_fragment(&headers, "dien-tien") {
        return site.fragment(&page::history(&record.person, &record.history));
    }
    site.page(&Page::new(format!("Hồ sơ {}", record.who.name), page::page(&record)))
}

/// Who may see whole records, and not this one, is asked whether it is an emergency. Whether there is such a person at all
/// they know, or may find, since people are found in the whole province.
pub(crate) fn beyond(ctx: &Ctx, person: &str, outcome: &Outcome) -> Option<Response> {
    let may_ask = matches!(ctx.agent, Agent::Person(_))
        && ctx.may(Action::Search, "Patient")
        && ctx.may(Action::Everything, "Patient");
    let is_hidden = outcome.kind == OutcomeKind::NotFound && is_id(person);
    (may_ask && is_hidden).then(|| Redirect::to(&emergency::address(person)).into_response())
}

async fn record_of(
    hospital: &Hospital,
    ctx: &Ctx,
    person: &str,
    view: View,
) -> Result<model::Record, Outcome> {
    let person = yba_mpi::person::person(&hospital.records, ctx, person).await?;
    fetch::record(hospital, ctx, &person, view).await
}

/// The page of one visit; with `ban=` the visit as one of its versions had it.
async fn visit_of(
    State(hospital): State<Hospital>,
    Extension(ctx): Extension<Ctx>,
    Extension(id): Extension<RequestId>,
    Path((person, encounter)): Path<(String, String)>,
    RawQuery(query): RawQuery,
) -> Response {
    let asked = query.as_deref().unwrap_or("");
    let (version, view) = (asked.split('&').find_map(|pair| pair.strip_prefix("ban=")), view(asked));
    let read = async {
        let person = yba_mpi::person::person(&hospital.records, &ctx, &person).await?;
        fetch::visit(&hospital, &ctx, &person, &encounter, version, view).await
    };
    match read.await {
        Ok((record, visit)) => {
            let title = format!("{} – {}", visit.title, record.who.name);
            hospital.site.page(&Page::new(title, visit_page::page(&record, &visit)))
        }
        Err(outcome) => error::page(&hospital.site, &outcome, &id),
    }
}

/// `loai=` a kind, `tu=` items to skip; what is not understood is left out.
fn view(query: &str) -> View {
    let mut view = View::default();
    for (name, value) in query.split('&').filter_map(|pair| pair.split_once('=')) {
        match name {
            "loai" => view.kind = Kind::from_slug(value),
            "tu" => view.skip = value.parse().unwrap_or(0),
            "hien" => view.reveal = value == "1",
            _ => {}
        }
    }
    view
}
