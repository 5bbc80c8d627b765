//! The FHIR R4 REST API under `/fhir`: one file per interaction. <https://hl7.org/fhir/R4/http.html>
//!
//! It deliberately does not know: SQL, what a resource means, pages, accounts. It translates: an HTTP request into
//! one call of the door (`yba-records`), what the door says into status, headers and bytes. Whatever it does not
//! serve it refuses by name.
//!
//! Start reading at [`registry`] (every interaction with its address; the CapabilityStatement is made from it), then
//! `create.rs` (the shape of an interaction), `answer.rs` (the one place where an `Outcome` becomes HTTP),
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
mod guard;
mod history;
mod metadata;
mod read;
mod refuse;
mod registry;
mod search;
mod target;
mod transaction;
mod update;
mod vread;

pub use api::Settings;

use api::Api;
use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::any;
use yba_records::Records;

/// The API as a router for addresses `/fhir` and below. It has no fallback of its own, so it can be merged with the
/// pages' router.
pub fn router(records: Records, settings: Settings) -> Router {
    let api = Api::new(records, settings);
    let mut router = Router::new();
    for interaction in registry::INTERACTIONS {
        router = router.route(interaction.path, (interaction.route)());
    }
    router
        .route("/fhir/{*rest}", any(refuse::unknown_address))
        .method_not_allowed_fallback(refuse::method)
        .layer(from_fn_with_state(api.clone(), guard::guard))
        .with_state(api)
}
