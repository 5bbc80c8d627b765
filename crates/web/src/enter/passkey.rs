//! Coming in with a passkey: a challenge for the browser, and its answer.

use super::{Typed, come_in, form, refused, unsigned};
use crate::error;
use crate::headers::never_store;
use crate::site::Site;
use crate::visit::{entrance, origin};
use axum::extract::{Request, State};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use yba_fhir::Outcome;
use yba_records::gate::Challenge;

/// Where a challenge is asked for, and where its answer goes.
pub(super) const ASK: &str = "/dang-nhap/khoa/hoi";
pub(super) const ANSWER: &str = "/dang-nhap/khoa";

/// A challenge as the browser's script reads it; a refusal as its status.
pub(crate) fn challenge(asked: Result<Challenge, Outcome>) -> Response {
    let mut response = match asked {
        Ok(Challenge { options, ticket }) => {
            let body = format!(r#"{{"ticket":"{}","options":{options}}}"#, ticket.0);
            ([(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))], body).into_response()
        }
        Err(outcome) => error::status(outcome.kind).into_response(),
    };
    never_store(&mut response);
    response
}

pub(super) async fn ask(State(site): State<Site>, request: Request) -> Response {
    match form::<Typed>(&site, request).await {
        Ok((parts, _)) => {
            let from = origin(&parts);
            challenge(entrance(&site).and_then(|entrance| entrance.gate.ask_passkey(&from)))
        }
        Err(response) => response,
    }
}

pub(super) async fn answer(State(site): State<Site>, request: Request) -> Response {
    let (parts, typed) = match form::<Typed>(&site, request).await {
        Ok(form) => form,
        Err(response) => return response,
    };
    let entrance = match entrance(&site) {
        Ok(entrance) => entrance,
        Err(fault) => return refused(&site, &parts, &fault),
    };
    let device = entrance.device(&parts.headers);
    let came =
        entrance.gate.sign_in_with_passkey(&typed.ticket, &typed.answer, device, &origin(&parts)).await;
    match came {
        Ok(came) => come_in(&site, &parts, &came, &typed.ve).await,
        Err(outcome) => unsigned(&site, &typed, &outcome),
    }
}
