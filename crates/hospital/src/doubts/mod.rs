//! «Nghi trùng»: pairs of records that may be one person's, looked at side by side and decided in two actions.
//!
//! The list is `/nghi-trung`; each pair has a page of its own, whose answer leads to the next pair at once. What was decided can
//! be undone from there. Addresses hold ids of Linkages and acts, which say nothing about anybody.

pub mod model;
pub mod page;

#[cfg(test)]
mod tests;

use crate::{Hospital, facilities};
use axum::Router;
use axum::extract::{Form, Path, RawQuery};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use page::{Before, Shown};
use yba_fhir::Outcome;
use yba_fhir::resource::is_id;
use yba_mpi::by_hand;
use yba_mpi::doubts::{self, Doubt, Place};
use yba_records::Ctx;
use yba_web::{Asking, Page, RequestId, error};

/// The list of doubts.
pub const DOUBTS: &str = "/nghi-trung";
/// Pairs of one page of the list.
const PAGE: usize = 25;

pub(crate) fn routes() -> Router<Hospital> {
    Router::new()
        .route(DOUBTS, get(list))
        .route("/nghi-trung/tiep", get(next))
        .route("/nghi-trung/hoan-tac", post(undo))
        .route("/nghi-trung/{linkage}", get(pair).post(decide))
}

/// What an address says beside the path; what is not understood is left out.
#[derive(Debug, Default)]
struct Asked {
    /// After which pair.
    after: Option<Place>,
    before: Option<Before>,
    /// The list was gone through.
    seen_all: bool,
}

fn asked(query: Option<&str>) -> Asked {
    let mut asked = Asked::default();
    let (mut act, mut was, mut linkage) = (None, None, None);
    for (name, value) in query.unwrap_or_default().split('&').filter_map(|pair| pair.split_once('=')) {
        match name {
            "sau" => asked.after = place(value),
            "xong" if is_id(value) => act = Some(value.to_owned()),
            "la" => was = page::Choice::of(value),
            "truoc" if is_id(value) => linkage = Some(value.to_owned()),
            "het" => asked.seen_all = true,
            _ => {}
        }
    }
    if let (Some(act), Some(choice), Some(linkage)) = (act, was, linkage) {
        asked.before = Some(Before { act, choice, linkage });
    }
    asked
}

/// `41.lk-…`: a place of the list as an address holds it.
fn place(text: &str) -> Option<Place> {
    let (weight, linkage) = text.split_once('.')?;
    let linkage = Some(linkage).filter(|one| is_id(one))?.to_owned();
    Some(Place { weight: weight.parse().ok()?, linkage })
}

async fn list(Asking { room: hospital, ctx, id }: Asking<Hospital>, RawQuery(query): RawQuery) -> Response {
    let asked = asked(query.as_deref());
    match doubts::list(&hospital.records, &ctx, asked.after.as_ref(), PAGE).await {
        Ok((found, more)) => {
            let names = facilities::names(&hospital.records, &ctx, sides(&found)).await;
            let lines: Vec<_> = found.iter().map(|one| model::line(one, &names)).collect();
            let more = found.last().filter(|_| more).map(Doubt::place);
            let content = page::list(&lines, more.as_ref(), asked.before.as_ref(), asked.seen_all);
            hospital.site.page(&Page::new("Nghi trùng", content).here(DOUBTS))
        }
        Err(outcome) => error::page(&hospital.site, &outcome, &id),
    }
}

fn sides(found: &[Doubt]) -> impl Iterator<Item = &str> {
    found.iter().flat_map(|one| [one.first.facility.as_str(), one.second.facility.as_str()])
}

async fn pair(
    Asking { room: hospital, ctx, id }: Asking<Hospital>,
    Path(linkage): Path<String>,
    RawQuery(query): RawQuery,
) -> Response {
    match doubts::one(&hospital.records, &ctx, &linkage).await {
        Ok(doubt) => draw(&hospital, &ctx, &doubt, asked(query.as_deref()).before.as_ref(), None).await,
        Err(outcome) => gone(&hospital, &outcome, &id),
    }
}

async fn draw(
    hospital: &Hospital,
    ctx: &Ctx,
    doubt: &Doubt,
    before: Option<&Before>,
    wrong: Option<(&Outcome, &RequestId)>,
) -> Response {
    let names = facilities::names(&hospital.records, ctx, sides(std::slice::from_ref(doubt))).await;
    let pair = model::pair(doubt, &names, &hospital.today());
    let note = wrong.map(|(outcome, id)| error::note(outcome, id));
    let content = page::pair(&Shown { pair: &pair, before, note });
    let mut response = hospital.site.page(&Page::new("Nghi trùng", content).here(DOUBTS));
    if let Some((outcome, _)) = wrong {
        *response.status_mut() = error::status(outcome.kind);
    }
    response
}

/// A pair that waits no more, or a refusal, with the way on.
fn gone(hospital: &Hospital, outcome: &Outcome, id: &RequestId) -> Response {
    let content = page::gone(error::note(outcome, id));
    let mut response = hospital.site.page(&Page::new("Nghi trùng", content).here(DOUBTS));
    *response.status_mut() = error::status(outcome.kind);
    response
}

/// «Để sau»: the pair after this one, whatever became of it; at the end the list.
async fn next(Asking { room: hospital, ctx, id }: Asking<Hospital>, RawQuery(query): RawQuery) -> Response {
    let asked = asked(query.as_deref());
    match after(&hospital, &ctx, asked.after.as_ref(), "").await {
        Ok(address) => Redirect::to(&address).into_response(),
        Err(outcome) => error::page(&hospital.site, &outcome, &id),
    }
}

/// The address of the pair after a place, else of the list; `query` stands behind it.
async fn after(
    hospital: &Hospital,
    ctx: &Ctx,
    place: Option<&Place>,
    query: &str,
) -> Result<String, Outcome> {
    let (found, _) = doubts::list(&hospital.records, ctx, place, 1).await?;
    Ok(match (found.first(), query) {
        (Some(next), "") => format!("{DOUBTS}/{}", next.linkage),
        (Some(next), query) => format!("{DOUBTS}/{}?{query}", next.linkage),
        (None, "") => format!("{DOUBTS}?het=1"),
        (None, query) => format!("{DOUBTS}?{query}&het=1"),
    })
}

#[derive(serde::Deserialize)]
struct Decision {
    #[serde(default)]
    quyet: String,
}

async fn decide(
    Asking { room: hospital, ctx, id }: Asking<Hospital>,
    Path(linkage): Path<String>,
    Form(typed): Form<Decision>,
) -> Response {
    let records = &hospital.records;
    let doubt = match doubts::one(records, &ctx, &linkage).await {
        Ok(doubt) => doubt,
        Err(outcome) => return gone(&hospital, &outcome, &id),
    };
    let (first, second) = (&doubt.first.id, &doubt.second.id);
    let choice = page::Choice::of(&typed.quyet);
    let done = match choice {
        Some(page::Choice::Same) => by_hand::link(records, &ctx, first, second).await,
        Some(page::Choice::Two) => by_hand::keep_apart(records, &ctx, first, second).await,
        None => {
            let text = "Hãy chọn “Cùng một người” hoặc “Hai người khác nhau”.";
            Err(Outcome::invalid("no-choice", text, "quyet is neither mot nor hai"))
        }
    };
    let led = async {
        let act = done?;
        let was = choice.map_or("", page::Choice::code);
        after(&hospital, &ctx, Some(&doubt.place()), &format!("xong={act}&la={was}&truoc={linkage}")).await
    };
    match led.await {
        Ok(address) => Redirect::to(&address).into_response(),
        Err(outcome) => draw(&hospital, &ctx, &doubt, None, Some((&outcome, &id))).await,
    }
}

#[derive(serde::Deserialize)]
#[serde(default)]
#[derive(Default)]
struct Undo {
    act: String,
    truoc: String,
}

/// Takes the last decision back, and shows its pair again.
async fn undo(Asking { room: hospital, ctx, id }: Asking<Hospital>, Form(typed): Form<Undo>) -> Response {
    match by_hand::undo(&hospital.records, &ctx, &typed.act).await {
        Ok(()) if is_id(&typed.truoc) => Redirect::to(&format!("{DOUBTS}/{}", typed.truoc)).into_response(),
        Ok(()) => Redirect::to(DOUBTS).into_response(),
        Err(outcome) => gone(&hospital, &outcome, &id),
    }
}
