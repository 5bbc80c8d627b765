//! Around every request: its id, who asks, a net for panics, lines for people and gzip when they are asked for.

use crate::answer::{Refused, shown};
use crate::api::{Api, REQUESTS_MAX};
use crate::asked::Admitted;
use crate::ctx;
use axum::body::Body;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use futures_util::FutureExt;
use std::io::Write;
use std::net::SocketAddr;
use std::panic::AssertUnwindSafe;
use yba_fhir::{Kind, Outcome, json};
use yba_records::Ctx;

/// How the media type of our JSON ends.
const JSON_END: &[u8] = b"json; charset=utf-8";
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// A shorter body is not worth packing.
const PACK_BYTES_MIN: usize = 1024;
/// A longer body is packed on a thread for blocking work.
const PACK_ELSEWHERE_BYTES: usize = 64 << 10;
/// A longer body is not indented.
const INDENTED_BYTES_MAX: u64 = 8 << 20;
/// The addresses that strangers may ask.
const FOR_EVERYONE: [&str; 2] = ["/fhir/metadata", "/fhir/openapi.json"];

/// What happens around every request. A panic ends the request with 500, not the connection.
pub async fn guard(State(api): State<Api>, mut request: Request, next: Next) -> Response {
    let id = request_id(request.headers()).unwrap_or_else(|| api.next_request_id());
    let gzip = takes_gzip(request.headers());
    let pretty = wants_pretty(request.uri().query().unwrap_or_default());
    let turn = api.turn();
    let admitted = match turn {
        Some(_) => {
            let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|peer| peer.0);
            let changes = !request.method().is_safe();
            admitted(&api, request.uri().path(), request.headers(), changes, peer, &id).await
        }
        None => Err(busy()),
    };
    let mut response = match admitted {
        Err(refused) => Refused(refused).into_response(),
        Ok(ctx) => {
            request.extensions_mut().insert(Admitted(ctx));
            match AssertUnwindSafe(next.run(request)).catch_unwind().await {
                Ok(response) => response,
                Err(_) => Refused(Outcome::fault("a request panicked")).into_response(),
            }
        }
    };
    if let Some(Refused(fault)) = response.extensions_mut().remove::<Refused>() {
        response = Refused(shown(fault, &id)).into_response();
    }
    if pretty {
        response = indented(response).await;
    }
    if gzip {
        response = packed(response).await;
    }
    if let Ok(id) = HeaderValue::try_from(id) {
        response.headers_mut().insert(REQUEST_ID, id);
    }
    response
}

/// Who asks, if they may ask this at all.
async fn admitted(
    api: &Api,
    path: &str,
    headers: &HeaderMap,
    changes: bool,
    peer: Option<SocketAddr>,
    id: &str,
) -> Result<Ctx, Outcome> {
    let ctx = ctx::of(api, headers, changes, peer, id).await?;
    if !FOR_EVERYONE.contains(&path) {
        ctx::admit(api, &ctx).await?;
    }
    Ok(ctx)
}

/// The caller's own id of the request, if it is one that may stand in a log.
fn request_id(headers: &HeaderMap) -> Option<String> {
    let id = headers.get(REQUEST_ID)?.to_str().ok()?;
    let fine = (1..=64).contains(&id.len())
        && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte));
    fine.then(|| id.to_owned())
}

fn busy() -> Outcome {
    let text = "Máy chủ đang bận. Hãy thử lại sau ít giây.";
    let detail = format!("more than {REQUESTS_MAX} requests at work");
    Outcome::new(Kind::TooMany, "busy", text, detail)
}

/// `_pretty=true`. <https://hl7.org/fhir/R4/http.html#pretty>
fn wants_pretty(query: &str) -> bool {
    query.split('&').any(|pair| pair == "_pretty=true" || pair == "_pretty")
}

/// The answer for people to read; what is no JSON, or comes in pieces, stays as it is.
async fn indented(response: Response) -> Response {
    use axum::body::HttpBody;
    let (mut parts, body) = response.into_parts();
    let is_json =
        parts.headers.get(header::CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().ends_with(JSON_END));
    if !is_json || body.size_hint().exact().is_none_or(|length| length > INDENTED_BYTES_MAX) {
        return Response::from_parts(parts, body);
    }
    let bytes = axum::body::to_bytes(body, usize::MAX).await.unwrap_or_default();
    let tree = json::from_slice::<json::Value>(&bytes).ok();
    let text = tree.and_then(|tree| json::to_string_pretty(&tree).ok());
    parts.headers.remove(header::CONTENT_LENGTH);
    Response::from_parts(parts, text.map_or(Body::from(bytes), Body::from))
}

pub fn takes_gzip(headers: &HeaderMap) -> bool {
    let Some(wanted) = headers.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok()) else {
        return false;
    };
    wanted.split(',').any(|part| {
        let (coding, weight) = part.split_once(";q=").unwrap_or((part, "1"));
        coding.trim() == "gzip" && weight.trim().parse::<f32>().is_ok_and(|weight| weight > 0.0)
    })
}

async fn packed(response: Response) -> Response {
    use axum::body::HttpBody;
    let (mut parts, body) = response.into_parts();
    if body.size_hint().exact().is_none_or(|length| length < PACK_BYTES_MIN as u64) {
        return Response::from_parts(parts, body);
    }
    // Bodies here are whole in memory: this only takes the bytes out.
    let bytes = axum::body::to_bytes(body, usize::MAX).await.unwrap_or_default();
    let packed = match bytes.len() > PACK_ELSEWHERE_BYTES {
        false => pack(&bytes),
        true => {
            let whole = bytes.clone();
            tokio::task::spawn_blocking(move || pack(&whole)).await.unwrap_or_default()
        }
    };
    if packed.is_empty() {
        return Response::from_parts(parts, Body::from(bytes));
    }
    parts.headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    parts.headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    parts.headers.remove(header::CONTENT_LENGTH);
    Response::from_parts(parts, Body::from(packed))
}

/// The bytes packed; nothing when that fails.
fn pack(bytes: &Bytes) -> Bytes {
    let mut encoder = GzEncoder::new(Vec::with_capacity(bytes.len() / 4), Compression::fast());
    let done = encoder.write_all(bytes).and_then(|()| encoder.finish());
    done.map(Bytes::from).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(name: HeaderName, value: &str) -> HeaderMap {
        HeaderMap::from_iter([(name, HeaderValue::from_str(value).unwrap())])
    }

    #[test]
    fn only_ids_that_may_stand_in_a_log_are_taken_over() {
        assert_eq!(request_id(&with(REQUEST_ID, "a-1.B_2")).as_deref(), Some("a-1.B_2"));
        for wrong in ["", "a b", "a;rm", &"x".repeat(65)] {
            assert_eq!(request_id(&with(REQUEST_ID, wrong)), None, "{wrong}");
        }
    }

    #[test]
    fn gzip_is_given_only_to_who_asks() {
        let asks = |value: &str| takes_gzip(&with(header::ACCEPT_ENCODING, value));
        assert!(asks("gzip") && asks("br, gzip;q=0.5"));
        assert!(!asks("br") && !asks("gzip;q=0") && !asks("identity") && !takes_gzip(&HeaderMap::new()));
    }

    #[tokio::test]
    async fn more_requests_than_can_be_served_are_asked_to_come_again() {
        use tower::ServiceExt;
        let settings = crate::Settings { open: true, ..Default::default() };
        let api = Api::new(yba_testkit::records().records, settings);
        let router: axum::Router = axum::Router::new()
            .route("/fhir/x", axum::routing::get(|| async { "here" }))
            .layer(axum::middleware::from_fn_with_state(api.clone(), guard))
            .with_state(api.clone());
        let ask = async || {
            let request = Request::get("/fhir/x").body(Body::empty()).unwrap();
            router.clone().oneshot(request).await.unwrap()
        };
        let taken: Vec<_> = (0..REQUESTS_MAX).map(|_| api.turn().unwrap()).collect();
        let refused = ask().await;
        assert_eq!((refused.status().as_u16(), refused.headers().contains_key("retry-after")), (429, true));
        drop(taken);
        assert_eq!(ask().await.status().as_u16(), 200);
    }

    #[tokio::test]
    async fn a_panic_and_a_fault_end_the_request_with_an_id_and_without_the_cause() {
        use axum::{Router, middleware::from_fn_with_state, routing::get};
        use tower::ServiceExt;
        async fn panics() -> Refused {
            panic!("the secret cause")
        }
        async fn faults() -> Refused {
            Outcome::fault("the secret cause").into()
        }
        let settings = crate::Settings { open: true, ..Default::default() };
        let api = Api::new(yba_testkit::records().records, settings);
        let router: Router = Router::new()
            .route("/fhir/panic", get(panics))
            .route("/fhir/fault", get(faults))
            .layer(from_fn_with_state(api.clone(), guard))
            .with_state(api);
        for path in ["/fhir/panic", "/fhir/fault"] {
            let request = Request::get(path).header("x-request-id", "his-7").body(Body::empty()).unwrap();
            let response = router.clone().oneshot(request).await.unwrap();
            assert_eq!(response.status(), 500);
            assert_eq!(response.headers()["x-request-id"], "his-7");
            let body = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
            let text = String::from_utf8(body.to_vec()).unwrap();
            assert!(text.contains("OperationOutcome") && text.contains("his-7"), "{text}");
            assert!(!text.contains("secret"), "{text}");
        }
    }
}
