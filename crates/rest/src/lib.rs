//! The FHIR R4 REST API under `/fhir`: one file per interaction; and CDS Hooks beside it ([`hooks`]). <https://hl7.org/fhir/R4/http.html>
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
pub mod hooks;
mod metadata;
mod openapi;
mod operation;
mod origins;
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
pub use origins::Origins;

use api::Api;
use axum::Router;
use axum::extract::{MatchedPath, Request};
use axum::middleware::from_fn_with_state;
use axum::routing::any;
use tower::ServiceExt;
use yba_records::Records;

/// The API as a router for addresses `/fhir` and below. It has no fallback of its own, so it can be merged with the
/// pages' router.
pub fn router(records: Records, settings: Settings) -> Router {
    let cors = settings.origins.layer();
    let api = Api::new(records, settings);
    let mut inner = Router::new();
    for interaction in registry::INTERACTIONS {
        inner = inner.route(interaction.path, (interaction.route)());
    }
    for (path, route) in operation::routes() {
        inner = inner.route(&path, route);
    }
    let inner = inner
        .merge(hooks::routes())
        .method_not_allowed_fallback(refuse::method)
        .fallback(refuse::unknown_address)
        .layer(from_fn_with_state(api.clone(), guard::guard))
        .with_state(api);
    let inner = match cors {
        Some(cors) => inner.layer(cors),
        None => inner,
    };
    // A router of its own with a fallback of its own, so that every address below `/fhir` is answered in FHIR.
    let everything = any(move |mut request: Request| {
        // Else the inner router would hang its patterns onto `/fhir/{*rest}`.
        request.extensions_mut().remove::<MatchedPath>();
        inner.clone().oneshot(request)
    });
    ["/fhir", "/fhir/", "/fhir/{*rest}", hooks::SERVICES, "/cds-services/{*rest}"]
        .into_iter()
        .fold(Router::new(), |router, path| router.route(path, everything.clone()))
}
