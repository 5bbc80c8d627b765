//! The outside OpenID provider of the settings, and how it is asked: HTTP/1.1 over rustls, within bounds of time and size,
//! without redirects, to the host that the operator named and those that it names itself.

use crate::config::Config;
use anyhow::bail;
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper::header::{HOST, HeaderValue};
use hyper::{Request, Response, Uri};
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use yba_auth::outside::{Fetch, Provider, Settings, Unreached};
use yba_web::enter::outside::RETURN;

/// How long an answer may take, and how long it may be.
const WHOLE: Duration = Duration::from_secs(10);
const ANSWER_MAX: usize = 512 << 10;

/// The provider of the settings, when they name one. Refuses half a name, one that is asked in clear text over a network,
/// and a node that does not know its own address.
pub fn provider(config: &Config) -> anyhow::Result<Option<Provider>> {
    if config.oidc_issuer.is_empty() {
        return Ok(None);
    }
    if config.oidc_client.is_empty() || config.oidc_secret.is_empty() || config.base_url.is_empty() {
        bail!("oidc-issuer needs oidc-client-id, oidc-client-secret and base-url beside it");
    }
    let uri: Uri = config.oidc_issuer.parse()?;
    if uri.scheme_str() != Some("https") && !is_this_machine(uri.host().unwrap_or_default()) {
        bail!("oidc-issuer {} must be asked by https", config.oidc_issuer);
    }
    let settings = Settings {
        issuer: config.oidc_issuer.clone(),
        client: config.oidc_client.clone(),
        secret: config.oidc_secret.clone(),
        name: config.oidc_name.clone(),
        back: format!("{}{RETURN}", config.base_url),
    };
    Ok(Some(Provider::new(settings, fetch())))
}

fn is_this_machine(host: &str) -> bool {
    host == "localhost"
        || host.trim_matches(['[', ']']).parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

fn fetch() -> Fetch {
    let tls = yba_subscription::http::trusting(&[]);
    Arc::new(move |request| {
        let tls = tls.clone();
        Box::pin(async move {
            timeout(WHOLE, ask(&tls, request)).await.unwrap_or_else(|_| Err(unreached("no answer in time")))
        })
    })
}

fn unreached(why: impl ToString) -> Unreached {
    Unreached(why.to_string())
}

async fn ask(tls: &TlsConnector, request: Request<Vec<u8>>) -> Result<Response<Vec<u8>>, Unreached> {
    let uri = request.uri().clone();
    let host = uri.host().ok_or_else(|| unreached("no host"))?.trim_matches(['[', ']']).to_owned();
    let is_tls = uri.scheme_str() == Some("https");
    if !is_tls && !is_this_machine(&host) {
        return Err(unreached("clear text over a network"));
    }
    let port = uri.port_u16().unwrap_or(if is_tls { 443 } else { 80 });
    let stream = TcpStream::connect((host.as_str(), port)).await.map_err(|error| unreached(error.kind()))?;
    if !is_tls {
        return exchange(stream, request).await;
    }
    let name = ServerName::try_from(host).map_err(unreached)?;
    exchange(tls.connect(name, stream).await.map_err(unreached)?, request).await
}

async fn exchange<S>(stream: S, request: Request<Vec<u8>>) -> Result<Response<Vec<u8>>, Unreached>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(unreached)?;
    let connection = tokio::spawn(connection);
    let (mut head, body) = request.into_parts();
    let authority = head.uri.authority().map(|authority| authority.as_str().to_owned()).unwrap_or_default();
    head.headers.insert(HOST, HeaderValue::from_str(&authority).map_err(unreached)?);
    let path = head.uri.path_and_query().map_or("/", |path| path.as_str()).to_owned();
    head.uri = path.parse().map_err(unreached)?;
    let answer = sender.send_request(Request::from_parts(head, Full::new(Bytes::from(body)))).await;
    let (head, body) = answer.map_err(unreached)?.into_parts();
    let read = Limited::new(body, ANSWER_MAX).collect().await;
    connection.abort();
    Ok(Response::from_parts(head, read.map_err(unreached)?.to_bytes().to_vec()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::NodeFlags;

    #[test]
    fn half_a_provider_and_one_in_clear_text_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let load = |file: &str| {
            std::fs::write(folder.path().join("yba.toml"), file).unwrap();
            let flags = NodeFlags { data: Some(folder.path().to_owned()), ..NodeFlags::default() };
            provider(&Config::load(&flags).unwrap())
        };
        let whole = "oidc-client-id = \"yba\"\noidc-client-secret = \"s\"\nbase-url = \"https://a.vn\"\n";
        assert!(load("").unwrap().is_none());
        assert!(load("oidc-issuer = \"https://id.vn\"").is_err());
        assert!(load(&format!("oidc-issuer = \"http://id.vn\"\n{whole}")).is_err());
        let found = load(&format!("oidc-issuer = \"https://id.vn\"\n{whole}")).unwrap().unwrap();
        assert_eq!(found.settings.back, "https://a.vn/dang-nhap/ngoai/ve");
        assert!(load(&format!("oidc-issuer = \"http://127.0.0.1:9000\"\n{whole}")).unwrap().is_some());
    }
}
