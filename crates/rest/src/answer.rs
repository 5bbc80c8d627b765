//! Answers: what an interaction gives back, and the one place where an `Outcome` becomes HTTP.

use crate::address;
use crate::asked::Return;
use crate::subset::Subset;
use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use std::time::{Duration, UNIX_EPOCH};
use yba_fhir::json;
use yba_fhir::outcome::operation_outcome;
use yba_fhir::{Kind, Outcome};
use yba_records::{Done, DoneAs, Version};

/// What every interaction gives back.
pub type Reply = Result<Answer, Refused>;

const FHIR_JSON: HeaderValue = HeaderValue::from_static("application/fhir+json; charset=utf-8");
/// Answers may show a person: nothing on the way may keep them.
pub const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");
pub const NO_SNIFF: HeaderValue = HeaderValue::from_static("nosniff");

/// A successful answer, as values: it becomes an HTTP response, or an entry of a bundle.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    /// Whose ETag and Last-Modified are said.
    pub version: Option<Version>,
    /// `[base]/[type]/[id]/_history/[vid]`, said after a write; of what is only accepted, where its state is told.
    pub location: Option<String>,
    pub content: Content,
}

/// What the body holds.
#[derive(Debug)]
pub enum Content {
    Nothing,
    /// The stored bytes of the answer's version, as they are.
    Stored,
    Json(Bytes),
    /// What comes piece by piece, with its media type.
    Pieces(&'static str, Body),
}

impl Answer {
    /// 200 with a record.
    pub fn record(version: Version) -> Answer {
        Answer { status: StatusCode::OK, version: Some(version), location: None, content: Content::Stored }
    }

    /// 304: the caller has this version.
    pub fn not_modified(version: Version) -> Answer {
        let content = Content::Nothing;
        Answer { status: StatusCode::NOT_MODIFIED, version: Some(version), location: None, content }
    }

    /// 200 with JSON of our own making, such as a bundle.
    pub fn json(body: Bytes) -> Answer {
        Answer { status: StatusCode::OK, version: None, location: None, content: Content::Json(body) }
    }

    /// 202: what was asked for is being prepared, and this address tells how far it is.
    pub fn accepted(location: String) -> Answer {
        Answer {
            status: StatusCode::ACCEPTED,
            version: None,
            location: Some(location),
            content: Content::Nothing,
        }
    }

    /// 200 with what comes piece by piece.
    pub fn pieces(media_type: &'static str, body: Body) -> Answer {
        let content = Content::Pieces(media_type, body);
        Answer { status: StatusCode::OK, version: None, location: None, content }
    }

    /// What a write came to. The body is as `Prefer: return` asked.
    pub fn written(done: Done, base: &str, wanted: Return) -> Answer {
        let status = match done.outcome {
            DoneAs::Created => StatusCode::CREATED,
            DoneAs::Updated | DoneAs::Unchanged | DoneAs::Existing => StatusCode::OK,
            DoneAs::Deleted | DoneAs::NothingToDelete => StatusCode::NO_CONTENT,
        };
        let deleted = status == StatusCode::NO_CONTENT;
        let location =
            done.version.as_ref().filter(|_| !deleted).map(|version| address::of_version(base, version));
        match (wanted, deleted) {
            (Return::OperationOutcome, _) => {
                let status = if deleted { StatusCode::OK } else { status };
                Answer { status, version: done.version, location, content: Content::Json(all_ok()) }
            }
            (Return::Representation, false) => {
                Answer { status, version: done.version, location, content: Content::Stored }
            }
            _ => Answer { status, version: done.version, location, content: Content::Nothing },
        }
    }

    /// The same, with the part of its record that is wanted.
    pub fn reduced(mut self, subset: Option<Subset>) -> Answer {
        if let (Some(subset), Content::Stored, Some(version)) = (subset, &self.content, &self.version) {
            self.content = Content::Json(subset.part(&version.kind, &version.body));
        }
        self
    }

    /// The bytes of the body; none of one that comes in pieces.
    pub fn body(&self) -> Bytes {
        match (&self.content, &self.version) {
            (Content::Json(body), _) => body.clone(),
            (Content::Stored, Some(version)) => version.body.clone(),
            _ => Bytes::new(),
        }
    }
}

fn all_ok() -> Bytes {
    Bytes::from(json::to_vec(&operation_outcome(&[])).unwrap_or_default())
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        let body = self.body();
        let mut response = Response::new(Body::empty());
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.reserve(8);
        headers.insert(header::CACHE_CONTROL, NO_STORE);
        headers.insert(header::X_CONTENT_TYPE_OPTIONS, NO_SNIFF);
        if let Some(version) = &self.version {
            if let Ok(tag) = HeaderValue::try_from(address::etag(&version.version_id)) {
                headers.insert(header::ETAG, tag);
            }
            let modified = UNIX_EPOCH + Duration::from_millis(version.last_updated_ms().max(0) as u64);
            if let Ok(modified) = HeaderValue::try_from(httpdate::fmt_http_date(modified)) {
                headers.insert(header::LAST_MODIFIED, modified);
            }
        }
        if let Some(location) = self.location.and_then(|text| HeaderValue::try_from(text).ok()) {
            let accepted = self.status == StatusCode::ACCEPTED;
            let name = if accepted { header::CONTENT_LOCATION } else { header::LOCATION };
            headers.insert(name, location);
        }
        if !body.is_empty() {
            headers.insert(header::CONTENT_TYPE, FHIR_JSON);
            *response.body_mut() = Body::from(body);
        } else if let Content::Pieces(media_type, body) = self.content {
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
            *response.body_mut() = body;
        }
        response
    }
}

/// An `Outcome` on its way to HTTP.
#[derive(Debug, Clone)]
pub struct Refused(pub Outcome);

impl From<Outcome> for Refused {
    fn from(outcome: Outcome) -> Refused {
        Refused(outcome)
    }
}

/// The HTTP status of an outcome. Kinds say most; what HTTP tells apart within a kind, the key says.
pub fn status(outcome: &Outcome) -> StatusCode {
    let key = outcome.issues.first().map_or("", |issue| issue.key);
    match (outcome.kind, key) {
        (Kind::Invalid, _) => StatusCode::BAD_REQUEST,
        (Kind::Unprocessable, _) => StatusCode::UNPROCESSABLE_ENTITY,
        (Kind::Unauthenticated, _) => StatusCode::UNAUTHORIZED,
        (Kind::Forbidden, _) => StatusCode::FORBIDDEN,
        (Kind::NotFound, _) => StatusCode::NOT_FOUND,
        (Kind::Gone, _) => StatusCode::GONE,
        (Kind::Conflict, _) => StatusCode::CONFLICT,
        (Kind::Precondition, _) => StatusCode::PRECONDITION_FAILED,
        (Kind::TooLarge, _) => StatusCode::PAYLOAD_TOO_LARGE,
        // Too much in one request: sending it again later, as 429 invites to, would not help.
        (Kind::TooMany, key) if !matches!(key, "busy" | "export-busy") => StatusCode::BAD_REQUEST,
        (Kind::TooMany, _) => StatusCode::TOO_MANY_REQUESTS,
        (Kind::Unsupported, "method-not-allowed") => StatusCode::METHOD_NOT_ALLOWED,
        (Kind::Unsupported, "not-acceptable") => StatusCode::NOT_ACCEPTABLE,
        (Kind::Unsupported, "content-type" | "content-encoding") => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        (Kind::Unsupported, _) => StatusCode::NOT_IMPLEMENTED,
        (Kind::Unavailable, _) => StatusCode::SERVICE_UNAVAILABLE,
        (Kind::Fault, _) => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// A fault of ours as others may see it: logged in full under the request's id, shown with the id alone.
/// Any other outcome is left as it is.
pub fn shown(mut outcome: Outcome, request_id: &str) -> Outcome {
    if outcome.kind == Kind::Fault {
        for issue in &mut outcome.issues {
            eprintln!("fault {request_id} {}: {}", issue.key, issue.diagnostics);
            issue.text = format!("{} Mã yêu cầu: {request_id}.", issue.text);
            issue.diagnostics = format!("internal error; request {request_id}");
        }
    }
    outcome
}

/// The OperationOutcome of an outcome, as bytes.
pub fn outcome_bytes(outcome: &Outcome) -> Bytes {
    Bytes::from(json::to_vec(&json::ordered(&outcome.to_value())).unwrap_or_default())
}

impl IntoResponse for Refused {
    /// The response without a request id: the guard, which knows it, replaces the body of a fault.
    fn into_response(self) -> Response {
        let Refused(outcome) = self;
        let mut response = Response::new(Body::from(outcome_bytes(&outcome)));
        let status = status(&outcome);
        *response.status_mut() = status;
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, FHIR_JSON);
        headers.insert(header::CACHE_CONTROL, NO_STORE);
        headers.insert(header::X_CONTENT_TYPE_OPTIONS, NO_SNIFF);
        match outcome.kind {
            Kind::Unauthenticated => {
                let of_token = outcome.issues.iter().any(|issue| issue.key == "invalid_token");
                let bearer = HeaderValue::from_static(match of_token {
                    true => "Bearer realm=\"yba\", error=\"invalid_token\"",
                    false => "Bearer realm=\"yba\"",
                });
                headers.insert(header::WWW_AUTHENTICATE, bearer);
            }
            Kind::TooMany if status == StatusCode::TOO_MANY_REQUESTS => {
                headers.insert(header::RETRY_AFTER, HeaderValue::from_static("30"));
            }
            Kind::Unavailable => {
                headers.insert(header::RETRY_AFTER, HeaderValue::from_static("5"));
            }
            Kind::Fault => {
                response.extensions_mut().insert(Refused(outcome));
            }
            _ => {}
        }
        response
    }
}
