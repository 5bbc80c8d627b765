//! TLS 1.2 and 1.3 by rustls over ring (the provider that notifications use already), with a certificate that is read
//! again when its files change or the node gets SIGHUP. A bad new one is told of, and the old one goes on.

use anyhow::{Context, bail};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert, ServerConfig};
use rustls::sign::CertifiedKey;
use std::path::{Path, PathBuf};
use std::sync::{Arc, RwLock};
use std::time::{Duration, SystemTime};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// How often it is looked whether the files have changed.
const LOOK_EVERY: Duration = Duration::from_secs(60);

/// The files of a certificate chain and its key, both PEM.
#[derive(Debug, Clone)]
pub struct Files {
    pub certificate: PathBuf,
    pub key: PathBuf,
}

/// TLS as this node speaks it.
pub struct Tls {
    files: Files,
    acceptor: TlsAcceptor,
    held: Arc<Held>,
}

/// The certificate in force.
#[derive(Debug)]
struct Held(RwLock<Arc<CertifiedKey>>);

impl ResolvesServerCert for Held {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        self.0.read().ok().map(|held| held.clone())
    }
}

impl Tls {
    /// Reads the files; refuses when they are no chain and key, or the key belongs to another certificate.
    pub fn open(certificate: &Path, key: &Path) -> anyhow::Result<Tls> {
        let files = Files { certificate: certificate.to_owned(), key: key.to_owned() };
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let held = Arc::new(Held(RwLock::new(Arc::new(files.read(&provider)?))));
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])?
            .with_no_client_auth()
            .with_cert_resolver(held.clone());
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Tls { files, acceptor: TlsAcceptor::from(Arc::new(config)), held })
    }

    pub(super) async fn accept(&self, stream: TcpStream) -> std::io::Result<TlsStream<TcpStream>> {
        self.acceptor.accept(stream).await
    }

    /// Reads the files again; when they are bad, the certificate in force stays.
    fn reload(&self) -> anyhow::Result<()> {
        let fresh = self.files.read(&Arc::new(rustls::crypto::ring::default_provider()))?;
        *self.held.0.write().map_err(|_| anyhow::anyhow!("the certificate's lock is poisoned"))? =
            Arc::new(fresh);
        Ok(())
    }

    /// Follows the files until `stopping`.
    pub async fn follow(self: Arc<Tls>, mut stopping: watch::Receiver<bool>) {
        let mut hangup = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::hangup()).ok();
        let mut known = self.files.changed();
        loop {
            let told = async {
                match &mut hangup {
                    Some(signal) => drop(signal.recv().await),
                    None => std::future::pending().await,
                }
            };
            let is_asked = tokio::select! {
                () = told => true,
                () = tokio::time::sleep(LOOK_EVERY) => false,
                _ = stopping.wait_for(|stop| *stop) => return,
            };
            let now = self.files.changed();
            if !is_asked && now == known {
                continue;
            }
            known = now;
            match self.reload() {
                Ok(()) => eprintln!("yba: the certificate was read again"),
                Err(error) => {
                    eprintln!("yba: the new certificate is not taken, the old one goes on: {error:#}")
                }
            }
        }
    }
}

impl Files {
    fn read(&self, provider: &Arc<CryptoProvider>) -> anyhow::Result<CertifiedKey> {
        let (certificate, key) = (self.certificate.display(), self.key.display());
        let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_file_iter(&self.certificate)
            .and_then(Iterator::collect)
            .with_context(|| format!("the certificate {certificate} cannot be read"))?;
        if chain.is_empty() {
            bail!("there is no certificate in {certificate}");
        }
        let secret = PrivateKeyDer::from_pem_file(&self.key)
            .with_context(|| format!("the key {key} cannot be read"))?;
        CertifiedKey::from_der(chain, secret, provider)
            .with_context(|| format!("the key {key} does not fit the certificate {certificate}"))
    }

    fn changed(&self) -> [Option<SystemTime>; 2] {
        [&self.certificate, &self.key].map(|path| path.metadata().and_then(|about| about.modified()).ok())
    }
}
