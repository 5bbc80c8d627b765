//! The public halves of our signing keys. <https://www.rfc-editor.org/rfc/rfc7517>

use crate::{Smart, answer};
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};

pub(crate) async fn jwks(State(smart): State<Smart>) -> Response {
    match smart.gate.public_keys().await {
        Ok(keys) => {
            let headers =
                [(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "public, max-age=3600")];
            (headers, format!("{{\"keys\":[{}]}}", keys.join(","))).into_response()
        }
        Err(outcome) => answer::refused(&outcome, false),
    }
}
