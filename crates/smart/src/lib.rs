//! SMART on FHIR 2: how apps of others come in. Discovery, the page on which somebody lets an app in, tokens, and the pages of
//! those who register apps. <https://hl7.org/fhir/smart-app-launch/STU2.2/>
//!
//! It deliberately does not know: what a token permits, how a client proves itself, tables. It asks the gate
//! (`yba_records::gate::apps`) and says in HTTP what the gate says.
//!
//! Start at [`api`] (for programs) and [`pages`] (for people), then `authorize/` and `token.rs`.

mod allowed;
mod answer;
mod apps;
mod authorize;
mod form;
mod keys;
mod names;
mod open;
mod token;
mod well_known;
mod words;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::Method;
use axum::routing::{get, post};
use tower_http::cors::{AllowHeaders, AllowOrigin, CorsLayer};
use yba_records::{Action, Gate, Records};
use yba_web::{Entry, Site};

/// Largest body of these addresses.
const BODY_MAX: usize = 64 << 10;

/// What the handlers need.
#[derive(Clone)]
pub struct Smart {
    pub site: Site,
    pub gate: Gate,
    pub records: Records,
    /// The address others know this node by, without a slash at its end; empty when it is not known.
    pub base_url: String,
}

/// The addresses for programs. Pages of every origin may call them: no cookie is looked at here.
pub fn api(smart: Smart) -> Router {
    let cors = CorsLayer::new()
        .allow_origin(AllowOrigin::any())
        .allow_methods([Method::GET, Method::POST])
        .allow_headers(AllowHeaders::any());
    Router::new()
        .route("/.well-known/smart-configuration", get(well_known::smart))
        .route("/fhir/.well-known/smart-configuration", get(well_known::smart))
        .route("/.well-known/openid-configuration", get(well_known::openid))
        .route("/oauth/jwks", get(keys::jwks))
        .route("/oauth/token", post(token::token))
        .route("/oauth/introspect", post(token::introspect))
        .route("/oauth/revoke", post(token::revoke))
        .layer(DefaultBodyLimit::max(BODY_MAX))
        .layer(cors)
        .with_state(smart)
}

/// The pages, to be put behind the guards of `yba_web::shell`.
pub fn pages(smart: Smart) -> Router {
    Router::new()
        .route(authorize::AUTHORIZE, get(authorize::asked).post(authorize::answered))
        .route("/ung-dung/mo/{patient}", get(open::list).post(open::open))
        .route(yba_web::LET_IN, get(allowed::list).post(allowed::take_back))
        .merge(apps::routes())
        .layer(DefaultBodyLimit::max(BODY_MAX))
        .with_state(smart)
}

/// The entry of the administration's menu.
pub fn entry() -> Entry {
    Entry::new(apps::APPS, "plug", "Ứng dụng").needs(Action::Read, yba_auth::KIND)
}
