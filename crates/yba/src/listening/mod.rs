//! The listening socket: connections counted and bounded, TLS, how long a request may take to arrive, who is behind a proxy,
//! how fast one source may ask. What is refused here never reaches the house.
//!
//! Start at [`serve`]; then `source.rs` (whom a request is from), `rate.rs` (how fast), `tls.rs` (certificates).

mod rate;
mod source;
mod tls;

pub use source::Proxies;
pub use tls::Tls;

use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, Request};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use rate::Rates;
use source::Connections;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tower::ServiceExt;
use tower_http::timeout::TimeoutBody;

/// Most connections at once; a further one waits in the system's queue.
const CONNECTIONS_MAX: usize = 2048;
/// Most header fields, and most bytes of a request's head; hyper answers 431 to more.
const HEADERS_MAX: usize = 64;
const HEAD_BYTES_MAX: usize = 64 << 10;
/// How long a browser keeps in mind that this node is only to be asked by TLS: a year.
const HSTS: HeaderValue = HeaderValue::from_static("max-age=31536000");
/// How long requests at work have after the node was told to end.
const GOODBYE: Duration = Duration::from_secs(10);

/// What bounds what comes in.
#[derive(Debug, Clone)]
pub struct Limits {
    /// How long the head of a request may take to arrive, a TLS handshake, and a pause within a body.
    pub patience: Duration,
    /// Most connections of one source; proxies are none.
    pub connections_of_source: usize,
    /// Requests a second of one source, after a beginning of ten seconds' worth at once; 0 is without bound.
    pub requests_per_second: u32,
    pub proxies: Proxies,
}

/// What every connection shares.
struct Shared {
    app: Router,
    limits: Limits,
    rates: Rates,
    is_tls: bool,
    /// Without TLS on an address that others reach, only proxies may ask.
    proxies_alone: bool,
}

/// Serves until `stopping`, then lets requests at work end.
pub async fn serve(
    listener: TcpListener,
    app: Router,
    limits: Limits,
    tls: Option<Arc<Tls>>,
    mut stopping: watch::Receiver<bool>,
) -> std::io::Result<()> {
    let proxies_alone = tls.is_none() && !listener.local_addr()?.ip().is_loopback();
    let rates = Rates::new(limits.requests_per_second);
    let connections = Connections::new(limits.connections_of_source);
    let shared = Arc::new(Shared { app, limits, rates, is_tls: tls.is_some(), proxies_alone });
    let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    loop {
        let Ok(place) = places.clone().acquire_owned().await else { break };
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = stopping.wait_for(|stop| *stop) => break,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                // Out of file handles, most likely: some come back.
                eprintln!("yba: accepting a connection: {error}");
                tokio::time::sleep(Duration::from_millis(200)).await;
                continue;
            }
        };
        let Some(counted) = connections.enter(peer.ip(), &shared.limits.proxies) else {
            // Closed without an answer: whoever holds so many reads none.
            continue;
        };
        let (shared, tls, stopping) = (shared.clone(), tls.clone(), stopping.clone());
        tokio::spawn(async move {
            connection(stream, peer, &shared, tls.as_deref(), stopping).await;
            drop((place, counted));
        });
    }
    let all = u32::try_from(CONNECTIONS_MAX).unwrap_or(u32::MAX);
    let _ = tokio::time::timeout(GOODBYE, places.acquire_many(all)).await;
    Ok(())
}

async fn connection(
    stream: TcpStream,
    peer: SocketAddr,
    shared: &Arc<Shared>,
    tls: Option<&Tls>,
    stopping: watch::Receiver<bool>,
) {
    let _ = stream.set_nodelay(true);
    match tls {
        None => requests(stream, peer, shared, stopping).await,
        Some(tls) => {
            // A failed handshake is the caller's affair: port scanners make thousands.
            if let Ok(Ok(stream)) = tokio::time::timeout(shared.limits.patience, tls.accept(stream)).await {
                requests(stream, peer, shared, stopping).await;
            }
        }
    }
}

async fn requests(
    stream: impl AsyncRead + AsyncWrite + Unpin,
    peer: SocketAddr,
    shared: &Arc<Shared>,
    mut stopping: watch::Receiver<bool>,
) {
    let service = service_fn(|request| {
        let shared = shared.clone();
        async move { Ok::<Response, Infallible>(answer(request, peer, &shared).await) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(shared.limits.patience)
        .max_headers(HEADERS_MAX)
        .max_buf_size(HEAD_BYTES_MAX)
        .serve_connection(TokioIo::new(stream), service);
    let mut connection = std::pin::pin!(connection);
    tokio::select! {
        _ = connection.as_mut() => return,
        _ = stopping.wait_for(|stop| *stop) => {}
    }
    connection.as_mut().graceful_shutdown();
    let _ = connection.await;
}

async fn answer(request: hyper::Request<Incoming>, peer: SocketAddr, shared: &Shared) -> Response {
    let mut request: Request = request.map(|body| Body::new(TimeoutBody::new(shared.limits.patience, body)));
    let is_proxy = shared.limits.proxies.holds(peer.ip());
    let told = source::take_forwarded(request.headers_mut());
    if shared.proxies_alone && !is_proxy && !peer.ip().is_loopback() {
        return refused(&request, StatusCode::FORBIDDEN, "https-needed", "Chỉ truy cập được qua HTTPS.");
    }
    let (source, by_tls) = match is_proxy {
        true => (told.source(&shared.limits.proxies).unwrap_or(peer.ip()), told.https || shared.is_tls),
        false => (peer.ip(), shared.is_tls),
    };
    let wait = shared.rates.wait(source);
    let mut response = match wait {
        Some(wait) => {
            let text = "Có quá nhiều yêu cầu từ nơi này. Hãy chờ ít giây rồi thử lại.";
            let mut response = refused(&request, StatusCode::TOO_MANY_REQUESTS, "rate", text);
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(wait.as_secs().max(1)));
            response
        }
        None => {
            request.extensions_mut().insert(ConnectInfo(SocketAddr::new(source, peer.port())));
            let answered = shared.app.clone().oneshot(request).await;
            answered.unwrap_or_else(|never| match never {})
        }
    };
    if by_tls {
        response.headers_mut().insert(header::STRICT_TRANSPORT_SECURITY, HSTS);
    }
    response
}

/// A refusal: an OperationOutcome for programs, a line for people.
fn refused(request: &Request, status: StatusCode, key: &str, text: &str) -> Response {
    if !request.uri().path().starts_with("/fhir") {
        return (status, [(header::CONTENT_TYPE, "text/plain; charset=utf-8")], text.to_owned())
            .into_response();
    }
    let code = if status == StatusCode::TOO_MANY_REQUESTS { "throttled" } else { "security" };
    let body = format!(
        r#"{{"resourceType":"OperationOutcome","issue":[{{"severity":"error","code":"{code}","details":{{"coding":[{{"system":"https://yba.vn/fhir/CodeSystem/issue","code":"{key}"}}],"text":"{text}"}},"diagnostics":"refused before it was read: {key}"}}]}}"#
    );
    (status, [(header::CONTENT_TYPE, "application/fhir+json; charset=utf-8")], body).into_response()
}
