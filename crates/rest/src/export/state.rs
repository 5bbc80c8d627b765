//! How far an export is, and its end: `GET` and `DELETE [base]/$export/[id]`.
//! <https://hl7.org/fhir/uv/bulkdata/STU2/export.html#bulk-data-status-request>

use super::jobs::{Job, Named};
use crate::answer::{Answer, Refused};
use crate::api::Api;
use crate::asked::Asked;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use std::time::{Duration, UNIX_EPOCH};
use yba_fhir::json::{self, Array, Value, json};
use yba_fhir::{Outcome, date};

const X_PROGRESS: HeaderName = HeaderName::from_static("x-progress");

/// 202 while it is prepared, then 200 with the list of its files.
pub async fn handle(State(api): State<Api>, asked: Asked, named: Named) -> Result<Response, Refused> {
    asked.only_parameters(&[])?;
    let now_ms = api.records().store().clock().now_ms();
    let job = api.exports().find(&named.job, &asked.ctx, now_ms)?;
    let Some(files) = job.files() else { return Ok(under_way(&job)) };
    let manifest = manifest(&job, files?, &asked.base, !api.settings().open);
    let bytes = json::to_vec(&json::ordered(&manifest))
        .map_err(|error| Outcome::fault(format!("an answer could not be written: {error}")))?;
    let mut response = Answer::pieces("application/json", Body::from(bytes)).into_response();
    let expires = UNIX_EPOCH + Duration::from_millis(job.expires_ms.max(0) as u64);
    if let Ok(expires) = HeaderValue::try_from(httpdate::fmt_http_date(expires)) {
        response.headers_mut().insert(header::EXPIRES, expires);
    }
    Ok(response)
}

/// 202: it is no more.
pub async fn cancel(State(api): State<Api>, asked: Asked, named: Named) -> Result<Response, Refused> {
    asked.only_parameters(&[])?;
    api.exports().cancel(&named.job, &asked.ctx, api.records().store().clock().now_ms())?;
    Ok(StatusCode::ACCEPTED.into_response())
}

fn under_way(job: &Job) -> Response {
    let (counted, all) = job.progress();
    let mut response = StatusCode::ACCEPTED.into_response();
    if let Ok(progress) = HeaderValue::try_from(format!("{counted} of {all} types")) {
        response.headers_mut().insert(X_PROGRESS, progress);
    }
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
    response
}

fn manifest(job: &Job, files: &[(String, u64)], base: &str, closed: bool) -> Value {
    let mut output = Array::new();
    for (kind, count) in files {
        let url = format!("{base}/$export/{}/{kind}.ndjson", job.id);
        output.push(json!({"type": kind.as_str(), "url": url.as_str(), "count": *count}));
    }
    json!({
        "transactionTime": date::instant(job.moment_ms).as_str(),
        "request": job.request.as_str(),
        "requiresAccessToken": closed,
        "output": output,
        "error": [],
    })
}
