//! The face's shell: page frame, static files, security headers, error pages, about page.
//!
//! It deliberately does not know any room (a room brings its routes and its menu group), the record, or how
//! people are judged: the gate of `yba-records` says who a request is from, and strangers see the sign-in page.
//!
//! Start at [`site`] ([`Site`], [`Page`]), then [`shell`], which puts the rooms' routes behind the guards, [`visit`] (cookies
//! to a visitor), [`enter`] (coming in) and `own` (one's own account).

mod about;
mod asking;
pub mod emergency;
pub mod enter;
pub mod error;
mod files;
pub mod headers;
mod look;
pub mod menu;
mod own;
pub mod site;
pub mod visit;

pub use asking::Asking;
pub use enter::page::encoded;
pub use headers::RequestId;
pub use menu::{Entry, Group, PersonAct};
pub use own::{LET_IN, OWN};
pub use site::{Page, Site, SiteSettings};
use visit::AtWork;
pub use visit::Entrance;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Extension, Request, State};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use tower_http::compression::CompressionLayer;
use yba_records::gate::Visitor;

/// The pages of the whole face: the house's own, and those of the rooms, behind the guards.
///
/// Static files, the about page and the entrance are for everyone; a room's page is for someone who is known. Unknown addresses answer a page with 404. Security headers are on every answer.
pub fn shell(site: Site, rooms: Router) -> Router {
    let mut house = Router::new()
        .route("/gioi-thieu", get(about::about))
        .route(look::LOOK, post(look::change).layer(DefaultBodyLimit::max(look::FORM_BYTES_MAX)));
    if site.settings().gallery {
        house = house.route("/_ui", get(about::gallery));
    }
    house = house
        .fallback(missing)
        .layer(middleware::from_fn_with_state(site.clone(), anyone))
        .route("/a/{hash}/{name}", get(files::file));
    if site.entrance().is_some() {
        house = house.merge(enter::routes()).merge(own::routes()).merge(emergency::routes());
    }
    house
        .with_state(site.clone())
        .merge(rooms.route_layer(middleware::from_fn_with_state(site.clone(), known_only)))
        .layer(CompressionLayer::new())
        .layer(middleware::from_fn_with_state(site, headers::guard))
}

async fn missing(State(site): State<Site>, Extension(id): Extension<RequestId>) -> Response {
    error::page(&site, &error::not_found(), &id)
}

/// A page for everyone, in the name of whoever asks.
async fn anyone(State(site): State<Site>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let who = visit::anyone(&site, &parts).await;
    visit::at_work(who, next.run(Request::from_parts(parts, body))).await
}

/// Strangers see the sign-in page in place of theirs, with 401; forms from other sites are refused; handlers find the `Ctx`
/// among extensions.
async fn known_only(State(site): State<Site>, request: Request, next: Next) -> Response {
    let id = request.extensions().get::<RequestId>().cloned().unwrap_or(RequestId(String::new()));
    match site.entrance() {
        Some(entrance) if !site.settings().open => by_session(&site, entrance, request, next, &id).await,
        _ => by_openness(&site, request, next, &id).await,
    }
}

/// On an open node everyone is the test administrator; where there is no entrance, everyone else a stranger.
async fn by_openness(site: &Site, request: Request, next: Next, id: &RequestId) -> Response {
    if !site.settings().open {
        return error::page(site, &error::sign_in_needed(), id);
    }
    if headers::is_foreign_form(&request) {
        return error::page(site, &error::foreign_form(), id);
    }
    let (mut parts, body) = request.into_parts();
    let who = AtWork::open(site, &parts, id);
    parts.extensions.insert(who.ctx.clone());
    visit::at_work(who, next.run(Request::from_parts(parts, body))).await
}

async fn by_session(
    site: &Site,
    entrance: &Entrance,
    request: Request,
    next: Next,
    id: &RequestId,
) -> Response {
    let (mut parts, body) = request.into_parts();
    let visitor = match entrance.visitor(&parts).await {
        Ok(visitor) => visitor,
        Err(outcome) => return error::page(site, &outcome, id),
    };
    match &visitor {
        Visitor::Person(_) => {}
        Visitor::Halfway(_, step) => return Redirect::to(enter::step_path(*step)).into_response(),
        Visitor::Stranger if parts.headers.contains_key("hx-request") => {
            return error::fragment(site, &error::sign_in_again(), id);
        }
        Visitor::Stranger => return enter::in_place(site, &parts),
    }
    let who = AtWork::visitor(entrance, &visitor, &parts, id);
    if !parts.method.is_safe() && !visit::said(&parts.headers).own() {
        return visit::at_work(who, async { error::page(site, &error::foreign_form(), id) }).await;
    }
    let address = visit::origin(&parts).address;
    parts.extensions.insert(who.ctx.clone().with_address(address));
    visit::at_work(who, next.run(Request::from_parts(parts, body))).await
}
