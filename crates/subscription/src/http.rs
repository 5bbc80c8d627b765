//! One notification over HTTP/1.1: to an address that was checked, without redirects, within bounds of time and size.
//! <https://hl7.org/fhir/R4/subscription.html#channels>

use crate::endpoint::Endpoint;
use crate::hosts::Hosts;
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1;
use hyper::header::{CONTENT_TYPE, HOST, HeaderMap, HeaderValue, USER_AGENT};
use hyper::{Method, Request, StatusCode};
use hyper_util::rt::TokioIo;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

/// How long it may take to find and reach the endpoint, and everything together.
const CONNECT: Duration = Duration::from_secs(5);
const WHOLE: Duration = Duration::from_secs(15);
/// Most of an answer's body that is read, to be thrown away; and of its head.
const ANSWER_MAX: usize = 64 << 10;
/// Most addresses of one name that are tried.
const ADDRESSES_MAX: usize = 8;

/// What is sent.
pub struct Notification<'a> {
    pub endpoint: &'a Endpoint,
    /// Path and query.
    pub target: String,
    pub headers: &'a HeaderMap,
    /// The record, to be put; without one an empty POST says that there is something new.
    pub body: Option<Bytes>,
}

/// Why a notification was not delivered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// In few English words, without anything that was sent: `HTTP 503`, `connection refused`.
    pub status: String,
    /// Further tries are of no use.
    pub is_final: bool,
}

impl Failure {
    fn of(status: impl Into<String>) -> Failure {
        Failure { status: status.into(), is_final: false }
    }
}

/// TLS to whoever these authorities vouch for; when none are given, those that the machine trusts.
pub fn trusting(trusted: &[CertificateDer<'static>]) -> TlsConnector {
    let mut roots = RootCertStore::empty();
    match trusted.is_empty() {
        true => drop(roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs)),
        false => drop(roots.add_parsable_certificates(trusted.to_vec())),
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("ring has the default versions of TLS")
        .with_root_certificates(roots)
        .with_no_client_auth();
    TlsConnector::from(Arc::new(config))
}

/// Whoever calls endpoints.
pub struct Caller {
    tls: TlsConnector,
}

impl Caller {
    /// Trusts these authorities; when none are given, those that the machine trusts.
    pub fn new(trusted: &[CertificateDer<'static>]) -> Caller {
        Caller { tls: trusting(trusted) }
    }

    /// Delivers a notification: any 2xx is taken for a receipt. Redirects are not followed, for where they lead was not
    /// checked by whoever listed this host. The line is used again, or left for the next one, if it is of use.
    pub async fn call(
        &self,
        hosts: &Hosts,
        line: &mut Option<Line>,
        notification: Notification<'_>,
    ) -> Result<(), Failure> {
        let call = self.call_unbounded(hosts, line.take(), notification);
        let (done, kept) =
            timeout(WHOLE, call).await.unwrap_or_else(|_| (Err(Failure::of("no answer in time")), None));
        *line = kept.filter(|_| done.is_ok());
        done
    }

    async fn call_unbounded(
        &self,
        hosts: &Hosts,
        line: Option<Line>,
        notification: Notification<'_>,
    ) -> (Result<(), Failure>, Option<Line>) {
        let endpoint = notification.endpoint;
        if hosts.admit(endpoint).is_err() {
            return (Err(Failure::of("the host is not allowed")), None);
        }
        let request = match request(&notification) {
            Ok(request) => request,
            Err(failure) => return (Err(failure), None),
        };
        // One that the other side has closed meanwhile is no failure of theirs.
        if let Some(mut line) = line.filter(|line| line.endpoint == *endpoint)
            && line.sender.ready().await.is_ok()
            && let Ok(done) = line.exchange(request.clone()).await
        {
            return done.with(line);
        }
        match self.open(hosts, endpoint).await {
            Err(failure) => (Err(failure), None),
            Ok(mut line) => match line.exchange(request).await {
                Ok(done) => done.with(line),
                Err(_) => (Err(Failure::of("the connection broke")), None),
            },
        }
    }

    async fn open(&self, hosts: &Hosts, endpoint: &Endpoint) -> Result<Line, Failure> {
        let connecting = timeout(CONNECT, connect(hosts, endpoint)).await;
        let stream = connecting.unwrap_or_else(|_| Err(Failure::of("no connection in time")))?;
        if !endpoint.tls {
            return Line::over(stream, endpoint).await;
        }
        let name = match endpoint.address() {
            Some(address) => ServerName::from(address),
            None => ServerName::try_from(endpoint.host.clone()).map_err(|_| Failure::of("no host name"))?,
        };
        let stream = self.tls.connect(name, stream).await.map_err(|error| {
            // What a certificate says is of use to whoever has to mend it; nothing of ours is in it.
            let error: String = error.to_string().chars().take(120).collect();
            Failure::of(format!("TLS: {error}"))
        })?;
        Line::over(stream, endpoint).await
    }
}

/// An open connection to an endpoint, whose address was checked.
pub struct Line {
    endpoint: Endpoint,
    sender: http1::SendRequest<Full<Bytes>>,
    _connection: Abort,
}

/// What an endpoint said, and whether it was heard to the end.
struct Said {
    status: StatusCode,
    whole: bool,
}

impl Line {
    async fn over<S>(stream: S, endpoint: &Endpoint) -> Result<Line, Failure>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let (sender, connection) = http1::Builder::new()
            .max_buf_size(ANSWER_MAX)
            .handshake::<_, Full<Bytes>>(TokioIo::new(stream))
            .await
            .map_err(|_| Failure::of("the connection broke"))?;
        Ok(Line { endpoint: endpoint.clone(), sender, _connection: Abort(tokio::spawn(connection)) })
    }

    async fn exchange(&mut self, request: Request<Full<Bytes>>) -> hyper::Result<Said> {
        let response = self.sender.send_request(request).await?;
        let status = response.status();
        let (mut body, mut read) = (response.into_body(), 0);
        while let Some(frame) = body.frame().await {
            read += frame.as_ref().ok().and_then(|frame| frame.data_ref()).map_or(0, Bytes::len);
            if frame.is_err() || read > ANSWER_MAX {
                return Ok(Said { status, whole: false });
            }
        }
        Ok(Said { status, whole: true })
    }
}

impl Said {
    /// What that means, and the line if it can be used again.
    fn with(self, line: Line) -> (Result<(), Failure>, Option<Line>) {
        let done = match self.status {
            status if status.is_success() => Ok(()),
            StatusCode::GONE => Err(Failure { status: "HTTP 410".into(), is_final: true }),
            status => Err(Failure::of(format!("HTTP {}", status.as_u16()))),
        };
        (done, Some(line).filter(|_| self.whole))
    }
}

/// Connects to one of the addresses that the host's name stands for now. When one of them may not be reached, none is: a
/// name that also stands for an inner address is not what was listed.
async fn connect(hosts: &Hosts, endpoint: &Endpoint) -> Result<TcpStream, Failure> {
    let found = tokio::net::lookup_host((endpoint.host.as_str(), endpoint.port)).await;
    let addresses: Vec<SocketAddr> =
        found.map_err(|_| Failure::of("the host's name is not known"))?.take(ADDRESSES_MAX).collect();
    if addresses.is_empty() {
        return Err(Failure::of("the host's name is not known"));
    }
    if !addresses.iter().all(|one| hosts.admits_address(endpoint, one.ip())) {
        return Err(Failure::of("the host's address is not allowed"));
    }
    let mut refused = Failure::of("no connection");
    for address in addresses {
        match TcpStream::connect(address).await {
            Ok(stream) => {
                let _ = stream.set_nodelay(true);
                return Ok(stream);
            }
            Err(error) => refused = Failure::of(error.kind().to_string()),
        }
    }
    Err(refused)
}

fn request(notification: &Notification<'_>) -> Result<Request<Full<Bytes>>, Failure> {
    let endpoint = notification.endpoint;
    let mut request = Request::new(Full::new(notification.body.clone().unwrap_or_default()));
    *request.method_mut() = if notification.body.is_some() { Method::PUT } else { Method::POST };
    *request.uri_mut() = notification.target.parse().map_err(|_| Failure::of("malformed target"))?;
    let headers = request.headers_mut();
    headers.extend(notification.headers.clone());
    headers.insert(USER_AGENT, HeaderValue::from_static("yba"));
    let host = HeaderValue::from_str(&endpoint.authority).map_err(|_| Failure::of("malformed host"))?;
    headers.insert(HOST, host);
    if notification.body.is_some() {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/fhir+json"));
    }
    Ok(request)
}

/// A task that ends with its holder.
struct Abort(tokio::task::JoinHandle<hyper::Result<()>>);

impl Drop for Abort {
    fn drop(&mut self) {
        self.0.abort();
    }
}
