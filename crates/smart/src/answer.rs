//! What programs are answered: JSON that nobody keeps, and refusals in the words of OAuth.
//! <https://www.rfc-editor.org/rfc/rfc6749#section-5.2>

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use yba_fhir::{Kind, Outcome};

/// JSON for one reader.
pub(crate) fn json<T: Serialize>(status: StatusCode, value: &T) -> Response {
    let text = sonic_rs::to_string(value).unwrap_or_default();
    let headers = [
        (header::CONTENT_TYPE, "application/json"),
        (header::CACHE_CONTROL, "no-store"),
        (header::PRAGMA, "no-cache"),
    ];
    (status, headers, text).into_response()
}

#[derive(Serialize)]
struct Said<'a> {
    error: &'a str,
    error_description: &'a str,
}

/// The word of OAuth for an outcome: its key, where the gate gave it one.
pub(crate) fn word(outcome: &Outcome) -> &'static str {
    match outcome.kind {
        Kind::Fault | Kind::Unavailable => "server_error",
        Kind::TooMany => "temporarily_unavailable",
        _ => match outcome.issues.first().map_or("", |issue| issue.key) {
            key @ ("invalid_request"
            | "invalid_client"
            | "invalid_grant"
            | "invalid_scope"
            | "unauthorized_client"
            | "unsupported_grant_type"
            | "unsupported_response_type") => key,
            _ => "access_denied",
        },
    }
}

/// What an app's maker reads; of a fault nothing.
pub(crate) fn detail(outcome: &Outcome) -> &str {
    match outcome.kind {
        Kind::Fault => "internal error",
        _ => outcome.issues.first().map_or("", |issue| issue.diagnostics.as_str()),
    }
}

/// A refusal. `by_basic`: the client came by HTTP Basic, and is told so.
pub(crate) fn refused(outcome: &Outcome, by_basic: bool) -> Response {
    if outcome.kind == Kind::Fault {
        for issue in &outcome.issues {
            eprintln!("fault smart {}: {}", issue.key, issue.diagnostics);
        }
    }
    let word = word(outcome);
    let status = match (outcome.kind, word) {
        (_, "invalid_client") => StatusCode::UNAUTHORIZED,
        (Kind::Fault, _) => StatusCode::INTERNAL_SERVER_ERROR,
        (Kind::Unavailable, _) => StatusCode::SERVICE_UNAVAILABLE,
        (Kind::TooMany, _) => StatusCode::TOO_MANY_REQUESTS,
        _ => StatusCode::BAD_REQUEST,
    };
    let mut response = json(status, &Said { error: word, error_description: detail(outcome) });
    let headers = response.headers_mut();
    if status == StatusCode::UNAUTHORIZED && by_basic {
        headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Basic realm=\"yba\""));
    }
    if status == StatusCode::TOO_MANY_REQUESTS {
        headers.insert(header::RETRY_AFTER, HeaderValue::from_static("30"));
    }
    response
}
