//! «Các hồ sơ đã gộp»: which records of facilities are taken for one person's, why and by whom; parting one, and taking back.

pub mod page;

#[cfg(test)]
mod tests;

use crate::{Hospital, facilities};
use axum::Router;
use axum::extract::{Form, Path};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use yba_fhir::Outcome;
use yba_fhir::resource::is_id;
use yba_mpi::by_hand;
use yba_mpi::person::{PersonRecord, person};
use yba_mpi::story::{Chapter, story};
use yba_records::Ctx;
use yba_web::{Asking, Page, RequestId, error};

pub(crate) fn routes() -> Router<Hospital> {
    Router::new()
        .route("/nguoi/{person}/ho-so", get(shown))
        .route("/nguoi/{person}/ho-so/tach", post(split))
        .route("/nguoi/{person}/ho-so/hoan-tac", post(undo))
}

/// What the page shows.
pub struct Links {
    /// The address of the person's record is `/nguoi/` and this.
    pub id: String,
    pub record: PersonRecord,
    pub story: Vec<Chapter>,
    /// Facilities by code.
    pub facilities: HashMap<String, String>,
    /// Facility and name of every Patient that the story speaks of, as far as they may be seen.
    pub called: BTreeMap<String, String>,
}

async fn read(hospital: &Hospital, ctx: &Ctx, id: &str) -> Result<Links, Outcome> {
    let records = &hospital.records;
    let record = person(records, ctx, id).await?;
    let own: Vec<String> = record.patients.iter().map(|one| one.id.clone()).collect();
    let story = story(records, ctx, &own).await?;
    let known: BTreeSet<&str> = own.iter().map(String::as_str).collect();
    let others: BTreeSet<&str> = story
        .iter()
        .flat_map(|one| [one.first.as_str(), one.second.as_str()])
        .filter(|id| !known.contains(id))
        .collect();
    let mut summaries = record.patients.clone();
    for other in others.into_iter().take(20) {
        // Somebody who is gone, or not to be seen, stays a number in the story.
        if let Ok(found) = person(records, ctx, other).await {
            summaries.extend(found.patients.into_iter().filter(|one| one.id == other));
        }
    }
    let facilities = facilities::names(records, ctx, summaries.iter().map(|one| one.facility.as_str())).await;
    let called = summaries
        .iter()
        .map(|one| {
            let words = format!(
                "{} ({})",
                crate::doubts::model::name(one),
                facilities::called(&one.facility, &facilities)
            );
            (one.id.clone(), words)
        })
        .collect();
    Ok(Links { id: id.to_owned(), record, story, facilities, called })
}

async fn shown(Asking { room: hospital, ctx, id }: Asking<Hospital>, Path(person): Path<String>) -> Response {
    drawn(&hospital, &ctx, &id, &person, None).await
}

/// The page, with why something was not done.
async fn drawn(
    hospital: &Hospital,
    ctx: &Ctx,
    id: &RequestId,
    person: &str,
    wrong: Option<&Outcome>,
) -> Response {
    match read(hospital, ctx, person).await {
        Ok(links) => {
            let note = wrong.map(|outcome| error::note(outcome, id));
            let content = page::page(&links, note);
            let mut response = hospital.site.page(&Page::new("Các hồ sơ đã gộp", content));
            if let Some(outcome) = wrong {
                *response.status_mut() = error::status(outcome.kind);
            }
            response
        }
        Err(outcome) => error::page(&hospital.site, wrong.unwrap_or(&outcome), id),
    }
}

#[derive(serde::Deserialize)]
struct Chosen {
    #[serde(default)]
    patient: String,
}

async fn split(
    Asking { room: hospital, ctx, id }: Asking<Hospital>,
    Path(person): Path<String>,
    Form(chosen): Form<Chosen>,
) -> Response {
    let own = [chosen.patient].map(|id| if is_id(&id) { id } else { "-".to_owned() });
    match by_hand::split(&hospital.records, &ctx, &own).await {
        Ok(_) => Redirect::to(&format!("/nguoi/{person}/ho-so")).into_response(),
        Err(outcome) => drawn(&hospital, &ctx, &id, &person, Some(&outcome)).await,
    }
}

#[derive(serde::Deserialize)]
struct Undo {
    #[serde(default)]
    act: String,
}

async fn undo(
    Asking { room: hospital, ctx, id }: Asking<Hospital>,
    Path(person): Path<String>,
    Form(typed): Form<Undo>,
) -> Response {
    match by_hand::undo(&hospital.records, &ctx, &typed.act).await {
        Ok(()) => Redirect::to(&format!("/nguoi/{person}/ho-so")).into_response(),
        Err(outcome) => drawn(&hospital, &ctx, &id, &person, Some(&outcome)).await,
    }
}
