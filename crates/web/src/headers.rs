//! Response headers that every page carries, and the request id.

use crate::site::Site;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, header};
use axum::middleware::Next;
use axum::response::Response;

/// Own origin only, nothing inline, nothing evaluated, never framed.
pub const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// The id of one request; pages of faults show it, logs hold it.
#[derive(Debug, Clone)]
pub struct RequestId(pub String);

/// On an answer: the origins, besides our own, to which its forms may lead. An app's, when somebody lets it in.
#[derive(Debug, Clone)]
pub struct FormsTo(pub Vec<String>);

/// The policy of an answer.
fn policy(response: &Response) -> HeaderValue {
    let more = response.extensions().get::<FormsTo>().map(|FormsTo(origins)| origins.join(" "));
    let with = more.map(|more| {
        CONTENT_SECURITY_POLICY.replace("form-action 'self'", &format!("form-action 'self' {more}"))
    });
    let with = with.and_then(|text| HeaderValue::try_from(text).ok());
    with.unwrap_or(HeaderValue::from_static(CONTENT_SECURITY_POLICY))
}

/// Gives the request an id and the answer its security headers.
pub async fn guard(State(site): State<Site>, mut request: Request, next: Next) -> Response {
    let id = site.next_request_id();
    request.extensions_mut().insert(RequestId(id.clone()));
    let mut response = next.run(request).await;
    let policy = policy(&response);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    headers.insert("cross-origin-opener-policy", HeaderValue::from_static("same-origin"));
    headers
        .insert("permissions-policy", HeaderValue::from_static("geolocation=(), microphone=(), camera=()"));
    if let Ok(id) = HeaderValue::from_str(&id) {
        headers.insert("x-request-id", id);
    }
    response
}

/// A form may only come from our own pages. Browsers say where a request comes from (`Sec-Fetch-Site`,
/// `Origin`); programs without a browser say nothing and are let through to authentication.
pub fn is_foreign_form(request: &Request) -> bool {
    if !matches!(*request.method(), axum::http::Method::POST) {
        return false;
    }
    let text = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok());
    match (text("sec-fetch-site"), text("origin"), text("host")) {
        (Some(site), _, _) => !matches!(site, "same-origin" | "none"),
        (None, Some(origin), Some(host)) => origin.split_once("://").is_none_or(|(_, own)| own != host),
        _ => false,
    }
}

/// Neither browser nor proxy may keep this answer: it may show a person.
pub fn never_store(response: &mut Response) {
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response.headers_mut().insert(header::VARY, HeaderValue::from_static("HX-Request, HX-Target"));
}

/// True when htmx asked and wants a part of the page; the target's id tells which.
pub fn wants_fragment(headers: &axum::http::HeaderMap, target: &str) -> bool {
    let is =
        |name: &str, value: &str| headers.get(name).is_some_and(|found| found.as_bytes() == value.as_bytes());
    is("hx-request", "true") && is("hx-target", target)
}
