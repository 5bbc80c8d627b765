//! Over TLS, with a certificate that was made for this test and that nobody else trusts.

use crate::hook::*;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_rustls::TlsAcceptor;
use yba_subscription::Settings;
use yba_subscription::letters::letters;

const CERTIFICATE: &str = "-----BEGIN CERTIFICATE-----
MIIBtzCCAVygAwIBAgIUVlZ3FLLqz3cXlWPzFCgMIwHvhRkwCgYIKoZIzj0EAwIw
GDEWMBQGA1UEAwwNbWF5LW5oYW4udGVzdDAgFw0yNjExMjIwNzQxMTBaGA8yMTI2
MTAyOTA3NDExMFowGDEWMBQGA1UEAwwNbWF5LW5oYW4udGVzdDBZMBMGByqGSM49
AgEGCCqGSM49AwEHA0IABOqdCRk9STwfB4rBoQU9dYuoQMG/nrIdiohY+mgszjO8
tik22UCc2bde+GAOx8lZy9WrODRsw8ZVWh5UHW0itOajgYEwfzAdBgNVHQ4EFgQU
3vP9+0RA3MS2kFxy/mxv2KpBFO4wHwYDVR0jBBgwFoAU3vP9+0RA3MS2kFxy/mxv
2KpBFO4wGgYDVR0RBBMwEYIJbG9jYWxob3N0hwR/AAABMAwGA1UdEwEB/wQCMAAw
EwYDVR0lBAwwCgYIKwYBBQUHAwEwCgYIKoZIzj0EAwIDSQAwRgIhAL7ICZbwLKzz
IDVMVxZkPvPNbWXD91nQVfMWE8OSeWOlAiEAj4R0BGwHlu7DrfDzPI4+HPAAEak5
wLk1fdXMH8+/QJY=
-----END CERTIFICATE-----
";

/// The key of that certificate; it protects nothing.
const KEY: &str = "-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgSvcx9bsOduueDYPc
v/cfNSP30I/wJj8uTN+rrRiDWeOhRANCAATqnQkZPUk8HweKwaEFPXWLqEDBv56y
HYqIWPpoLM4zvLYpNtlAnNm3XvhgDsfJWcvVqzg0bMPGVVoeVB1tIrTm
-----END PRIVATE KEY-----
";

/// A server that answers 204 to whatever is said to it.
async fn server(address: &str) -> (u16, Arc<AtomicUsize>) {
    let certificate = CertificateDer::from_pem_slice(CERTIFICATE.as_bytes()).unwrap();
    let key = PrivateKeyDer::from_pem_slice(KEY.as_bytes()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .unwrap();
    let (acceptor, said) = (TlsAcceptor::from(Arc::new(config)), Arc::new(AtomicUsize::new(0)));
    let listener = tokio::net::TcpListener::bind((address, 0)).await.unwrap();
    let (port, heard) = (listener.local_addr().unwrap().port(), said.clone());
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let Ok(mut stream) = acceptor.accept(stream).await else { continue };
            let mut text = vec![0; 4096];
            let read = stream.read(&mut text).await.unwrap_or(0);
            assert!(text[..read].starts_with(b"POST /x HTTP/1.1\r\n"));
            heard.fetch_add(1, Ordering::SeqCst);
            let _ = stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").await;
            let _ = stream.shutdown().await;
        }
    });
    (port, said)
}

#[tokio::test]
async fn who_is_trusted_is_told_and_nobody_else() {
    let certificate = CertificateDer::from_pem_slice(CERTIFICATE.as_bytes()).unwrap();
    for (trusted, host, works) in [
        (vec![certificate.clone()], "localhost", true),
        (vec![certificate.clone()], "127.0.0.1", true),
        // The certificate does not name it.
        (vec![certificate], "127.0.0.2", false),
        (vec![], "localhost", false),
    ] {
        let (port, said) = server(if host == "localhost" { "127.0.0.1" } else { host }).await;
        let kit = yba_testkit::records();
        let running = start(&kit, Settings { trusted, delays: vec![], ..quick() });
        let endpoint = format!("https://{host}:{port}/x");
        subscribe(&kit, "s", &asking("Patient", &endpoint, false), "active").await;
        put(&kit, "a", &patient("a")).await;
        let left = || async { letters(&kit.records, &kit.ctx(), "s").await.unwrap() };
        match works {
            true => until(|| async { said.load(Ordering::SeqCst) == 1 }).await,
            false => {
                until(|| async { !left().await.letters.is_empty() }).await;
                let status = left().await.letters[0].status.clone();
                assert!(status.starts_with("TLS: "), "{status}");
            }
        }
        running.stop().await;
        assert_eq!(said.load(Ordering::SeqCst), usize::from(works));
    }
}
