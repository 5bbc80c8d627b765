//! One's own account: password, authenticator app, sessions. Also where somebody does what they still have to do before
//! they are let in.

mod outside;
mod page;
mod passkeys;

use crate::enter::{form, refused, same_twice, step_path};
use crate::headers::RequestId;
use crate::site::{Page, Site};
use crate::visit::{AtWork, Entrance, at_work, entrance, origin};
use crate::{Router, enter, error};
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use maud::Markup;
use page::Mine;
use yba_fhir::Outcome;
use yba_records::gate::{Here, Step, Visitor};

/// One's own page.
pub const OWN: &str = "/tai-khoan";
/// Where somebody sees the apps that they let in; the room of apps draws it.
pub const LET_IN: &str = "/tai-khoan/ung-dung-cho-phep";
const FORM_BYTES_MAX: usize = 64 << 10;

pub(crate) fn routes() -> Router<Site> {
    Router::new()
        .route(OWN, get(own))
        .route("/tai-khoan/mat-khau", get(password_page).post(password))
        .route("/tai-khoan/ung-dung", get(app_page).post(app))
        .route("/tai-khoan/phien", post(sessions))
        .route(passkeys::ASK, post(passkeys::ask))
        .route(passkeys::PASSKEYS, post(passkeys::change))
        .route(outside::OUTSIDE, post(outside::change))
        .layer(DefaultBodyLimit::max(FORM_BYTES_MAX))
}

/// What the forms send; it holds secrets and has no `Debug`.
#[derive(Default, serde::Deserialize)]
#[serde(default)]
struct Typed {
    present: String,
    password: String,
    repeat: String,
    code: String,
    sealed: String,
    /// The session to end; all others when empty.
    session: String,
}

/// Whoever is here, by which gate, and how pages show them.
pub(crate) struct Present<'s> {
    pub entrance: &'s Entrance,
    pub here: Here,
    who: AtWork,
}

/// Whoever is here and may do this: a person, or somebody whose step it is. Others are led to where they have to be.
pub(crate) async fn here<'s>(
    site: &'s Site,
    parts: &Parts,
    own_step: Option<Step>,
) -> Result<Present<'s>, Response> {
    let found = async {
        let entrance = entrance(site)?;
        Ok((entrance, entrance.visitor(parts).await?))
    };
    let (entrance, visitor) = found.await.map_err(|outcome| refused(site, parts, &outcome))?;
    let id = parts.extensions.get::<RequestId>().cloned().unwrap_or(RequestId(String::new()));
    let who = AtWork::visitor(entrance, &visitor, parts, &id);
    match visitor {
        Visitor::Person(here) => Ok(Present { entrance, here, who }),
        Visitor::Halfway(here, step) if own_step == Some(step) => Ok(Present { entrance, here, who }),
        Visitor::Halfway(_, step) => Err(Redirect::to(step_path(step)).into_response()),
        Visitor::Stranger => Err(enter::in_place(site, parts)),
    }
}

/// A form of our own pages from whoever is here.
async fn sent<T: serde::de::DeserializeOwned>(
    site: &Site,
    request: Request,
) -> Result<(Parts, T, Present<'_>), Response> {
    let (parts, typed) = form::<T>(site, request).await?;
    let present = here(site, &parts, None).await?;
    Ok((parts, typed, present))
}

/// A page of somebody who is here.
pub(crate) async fn drawn(
    site: &Site,
    present: &Present<'_>,
    status: StatusCode,
    title: &str,
    content: Markup,
) -> Response {
    at_work(present.who.clone(), async {
        let mut response = site.page(&Page::new(title, content).here(OWN));
        *response.status_mut() = status;
        response
    })
    .await
}

async fn own(State(site): State<Site>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    let present = match here(&site, &parts, None).await {
        Ok(found) => found,
        Err(response) => return response,
    };
    match mine(&present, None).await {
        Ok(content) => drawn(&site, &present, StatusCode::OK, "Tài khoản của tôi", content).await,
        Err(outcome) => refused(&site, &parts, &outcome),
    }
}

/// What was to be changed on one's own page, for the words of a refusal.
enum Changed {
    /// A passkey of this name.
    Passkey(String),
    Outside,
}

/// One's own page again, as it is now; or with what was wrong and what was typed.
async fn changed(
    site: &Site,
    parts: &Parts,
    present: &Present<'_>,
    done: Result<(), Outcome>,
    what: Changed,
) -> Response {
    let outcome = match done {
        Ok(()) => return Redirect::to(OWN).into_response(),
        Err(outcome) => outcome,
    };
    match mine(present, Some((&what, &outcome))).await {
        Ok(content) => drawn(site, present, error::status(outcome.kind), "Tài khoản của tôi", content).await,
        Err(fault) => refused(site, parts, &fault),
    }
}

/// The page of whoever is here, and what was wrong with a change.
async fn mine(present: &Present<'_>, wrong: Option<(&Changed, &Outcome)>) -> Result<Markup, Outcome> {
    let gate = &present.entrance.gate;
    let (sessions, passkeys) = (gate.sessions(&present.here).await?, gate.passkeys(&present.here).await?);
    let (roles, takes_passkeys, outside) = (gate.roles(), gate.takes_passkeys(), gate.outside_name());
    let (sessions, passkeys, roles) = (&sessions[..], &passkeys[..], &roles[..]);
    let here = &present.here;
    Ok(page::own(&Mine { here, sessions, passkeys, takes_passkeys, outside, roles, wrong }))
}

async fn password_page(State(site): State<Site>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    match here(&site, &parts, Some(Step::Password)).await {
        Ok(present) => drawn(&site, &present, StatusCode::OK, "Đổi mật khẩu", page::password(None)).await,
        Err(response) => response,
    }
}

async fn password(State(site): State<Site>, request: Request) -> Response {
    let (parts, typed) = match form::<Typed>(&site, request).await {
        Ok(form) => form,
        Err(response) => return response,
    };
    let present = match here(&site, &parts, Some(Step::Password)).await {
        Ok(found) => found,
        Err(response) => return response,
    };
    let changed = async {
        same_twice(&enter::Typed {
            password: typed.password.clone(),
            repeat: typed.repeat,
            ..Default::default()
        })?;
        present
            .entrance
            .gate
            .change_password(&present.here, &typed.present, &typed.password, &origin(&parts))
            .await
    };
    match changed.await {
        Ok(()) => Redirect::to(OWN).into_response(),
        Err(outcome) => {
            let content = page::password(Some(&outcome));
            drawn(&site, &present, error::status(outcome.kind), "Đổi mật khẩu", content).await
        }
    }
}

async fn app_page(State(site): State<Site>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    let present = match here(&site, &parts, Some(Step::SecondFactor)).await {
        Ok(found) => found,
        Err(response) => return response,
    };
    if present.here.account.totp.is_some() {
        return Redirect::to(OWN).into_response();
    }
    match present.entrance.gate.set_up_app(&present.here) {
        Ok(setup) => {
            drawn(&site, &present, StatusCode::OK, "Ứng dụng xác thực", page::app(&setup, None)).await
        }
        Err(outcome) => refused(&site, &parts, &outcome),
    }
}

async fn app(State(site): State<Site>, request: Request) -> Response {
    let (parts, typed) = match form::<Typed>(&site, request).await {
        Ok(form) => form,
        Err(response) => return response,
    };
    let present = match here(&site, &parts, Some(Step::SecondFactor)).await {
        Ok(found) => found,
        Err(response) => return response,
    };
    match present.entrance.gate.keep_app(&present.here, &typed.sealed, &typed.code, &origin(&parts)).await {
        Ok(codes) => drawn(&site, &present, StatusCode::OK, "Mã dự phòng", page::codes(&codes)).await,
        Err(outcome) => app_again(&site, &parts, &present, &typed.sealed, &outcome).await,
    }
}

/// The same square once more, with what was wrong.
async fn app_again(
    site: &Site,
    parts: &Parts,
    present: &Present<'_>,
    sealed: &str,
    outcome: &Outcome,
) -> Response {
    match present.entrance.gate.set_up_app_again(&present.here, sealed) {
        Ok(setup) => {
            let content = page::app(&setup, Some(outcome));
            drawn(site, present, error::status(outcome.kind), "Ứng dụng xác thực", content).await
        }
        Err(outcome) => refused(site, parts, &outcome),
    }
}

async fn sessions(State(site): State<Site>, request: Request) -> Response {
    let (parts, typed, present) = match sent::<Typed>(&site, request).await {
        Ok(sent) => sent,
        Err(response) => return response,
    };
    let ended = match typed.session.as_str() {
        "" => present.entrance.gate.end_other_sessions(&present.here, &origin(&parts)).await,
        session => present.entrance.gate.end_session(&present.here, session, &origin(&parts)).await,
    };
    match ended {
        Ok(()) => Redirect::to(OWN).into_response(),
        Err(outcome) => refused(&site, &parts, &outcome),
    }
}
