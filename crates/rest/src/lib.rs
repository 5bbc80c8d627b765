//! The FHIR R4 REST API under `/fhir`: one file per interaction. <https://hl7.org/fhir/R4/http.html>
//!
//! It deliberately does not know: SQL, what a resource means, pages, accounts. It translates: an HTTP request into
//! one call of the door (`yba-records`), what the door says into status, headers and bytes. Whatever it does not
//! serve it refuses by name.
//!
//! Start reading at [`registry`] (every interaction with its address; the CapabilityStatement is made from it), then
//! `create.rs` (the shape of an interaction), `operation/mod.rs` (the same for `$operations`), `answer.rs` (the one place where an `Outcome` becomes HTTP),
//! `guard.rs` (what happens around every request).

mod address;
mod answer;
mod api;
mod asked;
mod body;
mod bundle;
mod create;
mod ctx;
mod delete;
mod entry;
mod export;
mod guard;
mod history;
mod metadata;
mod openapi;
mod operation;
mod patch;
mod pieces;
mod read;
mod refuse;
mod registry;
mod search;
mod subset;
mod target;
mod transaction;
mod update;
mod vread;

pub use api::Settings;

use api::Api;
use axum::Router;
use axum::extract::{MatchedPath, Request};
use axum::http::{HeaderName, HeaderValue, Method};
use axum::middleware::from_fn_with_state;
use axum::routing::any;
use std::time::Duration;
use tower::ServiceExt;
use tower_http::cors::{AllowOrigin, CorsLayer};
use yba_records::Records;

/// The API as a router for addresses `/fhir` and below. It has no fallback of its own, so it can be merged with the
/// pages' router.
pub fn router(records: Records, settings: Settings) -> Router {
    let origins = settings.origins.clone();
    let api = Api::new(records, settings);
    let mut inner = Router::new();
    for interaction in registry::INTERACTIONS {
        inner = inner.route(interaction.path, (interaction.route)());
    }
    for (path, route) in operation::routes() {
        inner = inner.route(&path, route);
    }
    let inner = inner
        .method_not_allowed_fallback(refuse::method)
        .fallback(refuse::unknown_address)
        .layer(from_fn_with_state(api.clone(), guard::guard))
        .with_state(api);
    let inner = match cors(&origins) {
        Some(cors) => inner.layer(cors),
        None => inner,
    };
    // A router of its own with a fallback of its own, so that every address below `/fhir` is answered in FHIR.
    let everything = any(move |mut request: Request| {
        // Else the inner router would hang its patterns onto `/fhir/{*rest}`.
        request.extensions_mut().remove::<MatchedPath>();
        inner.clone().oneshot(request)
    });
    ["/fhir", "/fhir/", "/fhir/{*rest}"]
        .into_iter()
        .fold(Router::new(), |router, path| router.route(path, everything.clone()))
}

/// What browsers are told about who may call from another origin; nothing when nobody may.
/// <https://fetch.spec.whatwg.org/#http-cors-protocol>
fn cors(origins: &[String]) -> Option<CorsLayer> {
    if origins.is_empty() {
        return None;
    }
    let origin = match origins.iter().any(|origin| origin == "*") {
        true => AllowOrigin::any(),
        false => AllowOrigin::list(origins.iter().filter_map(|origin| HeaderValue::try_from(origin).ok())),
    };
    let names =
        |names: &[&'static str]| names.iter().map(|name| HeaderName::from_static(name)).collect::<Vec<_>>();
    let asked = names(&[
        "accept",
        "authorization",
        "content-type",
        "if-match",
        "if-modified-since",
        "if-none-exist",
        "if-none-match",
        "prefer",
        "x-request-id",
    ]);
    let shown = names(&[
        "content-location",
        "etag",
        "last-modified",
        "location",
        "retry-after",
        "x-progress",
        "x-request-id",
    ]);
    let methods = [Method::GET, Method::HEAD, Method::POST, Method::PUT, Method::PATCH, Method::DELETE];
    let layer = CorsLayer::new().allow_origin(origin).allow_methods(methods).allow_headers(asked);
    Some(layer.expose_headers(shown).max_age(Duration::from_secs(3600)))
}
