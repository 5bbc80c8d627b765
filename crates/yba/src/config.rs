//! Settings: each a field with a default and a sentence. Flags win over the environment (`YBA_…`), that over
//! `yba.toml` in the data folder, that over the default. Everything works with none set.

use crate::listening::{Limits, Proxies};
use anyhow::{Context, bail};
use clap::Args;
use std::fmt;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;
use yba_rest::Origins;
use yba_store::{Clock, Options, Place};
use yba_subscription::Hosts;

/// The flags that say which node is meant; the same for every command that works on one.
#[derive(Debug, Clone, Default, Args)]
pub struct NodeFlags {
    /// Data folder of the node [default: ./yba-data]
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// Keep records in PostgreSQL: postgres://user@host/database
    #[arg(long, value_name = "URL")]
    pub database: Option<String>,
    /// Shift the node's clock (tests)
    #[arg(long, value_name = "SECONDS", hide = true, allow_hyphen_values = true)]
    pub clock_offset: Option<i64>,
}

/// One setting as `yba config` prints it.
pub struct Setting {
    pub name: &'static str,
    pub value: String,
    pub sentence: &'static str,
}

/// What the references of a write may point at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum References {
    Any,
    Existing,
}

impl FromStr for References {
    type Err = String;

    fn from_str(text: &str) -> Result<References, String> {
        match text {
            "any" => Ok(References::Any),
            "existing" => Ok(References::Existing),
            _ => Err("any or existing".into()),
        }
    }
}

impl fmt::Display for References {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(if *self == References::Existing { "existing" } else { "any" })
    }
}

/// The settings of a node.
#[derive(Debug, Clone)]
pub struct Config {
    pub data: PathBuf,
    pub database: Option<String>,
    pub listen: IpAddr,
    pub port: u16,
    pub open: bool,
    pub name: String,
    pub source_url: String,
    pub base_url: String,
    pub content: Option<PathBuf>,
    pub references: References,
    pub origins: Origins,
    pub subscription_hosts: Hosts,
    /// Certificate chain and key, PEM.
    pub tls_cert: Option<PathBuf>,
    pub tls_key: Option<PathBuf>,
    pub proxies: Proxies,
    /// An outside OpenID provider through which people come in; none when empty.
    pub oidc_issuer: String,
    pub oidc_client: String,
    pub oidc_secret: String,
    pub oidc_name: String,
    pub request_timeout_s: u64,
    pub connections_of_source: usize,
    pub requests_per_second: u32,
    pub clock_offset: i64,
}

impl Config {
    /// The settings for these flags, with file and environment beneath them.
    pub fn load(flags: &NodeFlags) -> anyhow::Result<Config> {
        let data = match &flags.data {
            Some(data) => data.clone(),
            None => PathBuf::from(environment("data").unwrap_or_else(|| "./yba-data".into())),
        };
        let file = read_file(&data)?;
        let look = |name: &str| environment(name).or_else(|| file.get(name).map(plain));
        let config = Config {
            database: flags.database.clone().or_else(|| look("database")),
            listen: parsed("listen", look("listen").as_deref().unwrap_or("127.0.0.1"))?,
            port: parsed("port", look("port").as_deref().unwrap_or("8080"))?,
            open: parsed("open", look("open").as_deref().unwrap_or("false"))?,
            name: look("name").unwrap_or_else(|| "Y Bạ".into()),
            source_url: look("source-url").unwrap_or_else(|| "https://yba.vn/ma-nguon".into()),
            base_url: look("base-url").unwrap_or_default().trim_end_matches('/').to_owned(),
            content: look("content").map(PathBuf::from),
            references: parsed("references", look("references").as_deref().unwrap_or("any"))?,
            origins: parsed("origins", look("origins").as_deref().unwrap_or_default())?,
            subscription_hosts: parsed(
                "subscription-hosts",
                look("subscription-hosts").as_deref().unwrap_or_default(),
            )?,
            tls_cert: look("tls-cert").map(PathBuf::from),
            tls_key: look("tls-key").map(PathBuf::from),
            proxies: parsed("proxies", look("proxies").as_deref().unwrap_or_default())?,
            oidc_issuer: look("oidc-issuer").unwrap_or_default(),
            oidc_client: look("oidc-client-id").unwrap_or_default(),
            oidc_secret: look("oidc-client-secret").unwrap_or_default(),
            oidc_name: look("oidc-name").unwrap_or_else(|| "tài khoản của tỉnh".into()),
            request_timeout_s: parsed("request-timeout", look("request-timeout").as_deref().unwrap_or("75"))?,
            connections_of_source: parsed(
                "connections-of-source",
                look("connections-of-source").as_deref().unwrap_or("256"),
            )?,
            requests_per_second: parsed(
                "requests-per-second",
                look("requests-per-second").as_deref().unwrap_or("200"),
            )?,
            clock_offset: flags.clock_offset.unwrap_or(0),
            data,
        };
        if let Some(unknown) =
            file.keys().find(|key| !config.settings().iter().any(|one| one.name == key.as_str()))
        {
            bail!("yba.toml: unknown setting {unknown:?}; `yba config` lists them all");
        }
        Ok(config)
    }

    /// Every setting with its value and one sentence.
    pub fn settings(&self) -> Vec<Setting> {
        let row = |name, value: String, sentence| Setting { name, value, sentence };
        let mut settings = vec![
            row(
                "data",
                self.data.display().to_string(),
                "The node's folder: records (unless in PostgreSQL), blobs, audit trail, keys.",
            ),
            row(
                "database",
                self.database.clone().unwrap_or_default(),
                "A postgres:// URL to keep records in PostgreSQL; empty means the SQLite file in the data folder.",
            ),
            row("listen", self.listen.to_string(), "The address to listen on."),
            row("port", self.port.to_string(), "The port to listen on."),
            row(
                "open",
                self.open.to_string(),
                "Test mode without authentication; only on a loopback address.",
            ),
            row("name", self.name.clone(), "What the node is called on its pages."),
            row(
                "source-url",
                self.source_url.clone(),
                "Where the source of this very program can be had (AGPL, section 13).",
            ),
            row(
                "base-url",
                self.base_url.clone(),
                "The address others know this node by, such as https://hoso.laichau.gov.vn; links begin with it. \
                 Empty: the host that the caller named.",
            ),
            row(
                "content",
                self.content.as_ref().map(|path| path.display().to_string()).unwrap_or_default(),
                "A folder whose files stand in for the content built into the program.",
            ),
            row(
                "references",
                self.references.to_string(),
                "any: a record may point at one that comes later or never; existing: a write is refused whose references \
                 point at nothing here. Records that come from other nodes are not asked.",
            ),
            row(
                "origins",
                self.origins.to_string(),
                "Web applications of other origins that browsers let call the FHIR API, such as https://app.example.vn, \
                 separated by commas; * is every one. Empty: none.",
            ),
            row(
                "subscription-hosts",
                self.subscription_hosts.to_string(),
                "Where notifications of subscriptions may go, between spaces: hook.example.vn (https), \
                 hook.example.vn:8443, *.example.vn, http://lis.example.vn (in clear text); addresses and networks \
                 (10.1.2.3, 10.1.0.0/16) that such a name may stand for within an inner network. Empty: nowhere.",
            ),
        ];
        settings.extend(self.listening_settings());
        settings.extend(self.outside_settings());
        settings
    }

    /// Those of the outside OpenID provider.
    fn outside_settings(&self) -> Vec<Setting> {
        let row = |name, value: String, sentence| Setting { name, value, sentence };
        let secret = if self.oidc_secret.is_empty() { "" } else { "(set)" };
        vec![
            row(
                "oidc-issuer",
                self.oidc_issuer.clone(),
                "An outside OpenID provider through which people may sign in too, such as https://id.tinh.gov.vn; it sends \
                 them back to base-url and /dang-nhap/ngoai/ve. Empty: none.",
            ),
            row("oidc-client-id", self.oidc_client.clone(), "As what that provider knows this node."),
            row(
                "oidc-client-secret",
                secret.to_owned(),
                "The secret that it gave this node; better in YBA_OIDC_CLIENT_SECRET or a yba.toml of mode 600.",
            ),
            row("oidc-name", self.oidc_name.clone(), "What people call that provider on the sign-in page."),
        ]
    }

    /// Those of the listening socket.
    fn listening_settings(&self) -> Vec<Setting> {
        let row = |name, value: String, sentence| Setting { name, value, sentence };
        let path =
            |path: &Option<PathBuf>| path.as_ref().map(|path| path.display().to_string()).unwrap_or_default();
        vec![
            row(
                "tls-cert",
                path(&self.tls_cert),
                "The certificate chain (PEM) of this node; with tls-key the node speaks TLS itself. Read again when it changes.",
            ),
            row(
                "tls-key",
                path(&self.tls_key),
                "The key of that certificate (PEM), readable by the node alone.",
            ),
            row(
                "proxies",
                self.proxies.to_string(),
                "Addresses and networks of proxies in front that speak TLS, such as 10.1.2.3 10.2.0.0/24. Only they, and this \
                 machine, are believed whom they ask for; without TLS of its own, the node answers nobody else from afar.",
            ),
            row(
                "request-timeout",
                self.request_timeout_s.to_string(),
                "How many seconds the head of a request, a TLS handshake or a pause within a body may take, and a connection may wait for its next request.",
            ),
            row(
                "connections-of-source",
                self.connections_of_source.to_string(),
                "Most connections of one address at once; proxies are not counted.",
            ),
            row(
                "requests-per-second",
                self.requests_per_second.to_string(),
                "How many requests a second one address may make, after ten seconds' worth at once; 0: without bound. An open \
                 node has none.",
            ),
        ]
    }

    /// What bounds what comes in.
    pub fn limits(&self) -> Limits {
        Limits {
            patience: Duration::from_secs(self.request_timeout_s.max(1)),
            connections_of_source: self.connections_of_source.max(1),
            requests_per_second: if self.open { 0 } else { self.requests_per_second },
            proxies: self.proxies.clone(),
        }
    }

    /// Whether people reach this node by https, its own or a proxy's.
    pub fn is_https(&self) -> bool {
        self.tls_cert.is_some() || self.base_url.starts_with("https://")
    }

    pub fn clock(&self) -> Clock {
        Clock::System { offset_ms: self.clock_offset.saturating_mul(1000) }
    }

    pub fn store_options(&self) -> Options {
        let place = self.database.clone().map(Place::Postgres);
        Options { folder: self.data.clone(), place, clock: self.clock() }
    }
}

fn environment(name: &str) -> Option<String> {
    std::env::var(format!("YBA_{}", name.replace('-', "_").to_uppercase()))
        .ok()
        .filter(|value| !value.is_empty())
}

fn read_file(data: &Path) -> anyhow::Result<toml::Table> {
    let path = data.join("yba.toml");
    match std::fs::read_to_string(&path) {
        Ok(text) => text.parse().with_context(|| format!("{} is not well-formed", path.display())),
        Err(_) => Ok(toml::Table::new()),
    }
}

fn plain(value: &toml::Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn parsed<T: FromStr<Err: fmt::Display>>(name: &str, text: &str) -> anyhow::Result<T> {
    text.parse().map_err(|why| anyhow::anyhow!("setting {name}: {text:?} is not valid: {why}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_win_over_the_file_and_unknown_settings_are_named() {
        let folder = tempfile::tempdir().unwrap();
        let flags = NodeFlags { data: Some(folder.path().to_owned()), ..NodeFlags::default() };
        assert_eq!(Config::load(&flags).unwrap().port, 8080);
        std::fs::write(folder.path().join("yba.toml"), "port = 9000\ndatabase = \"postgres://file\"\n")
            .unwrap();
        let with_flag = NodeFlags { database: Some("postgres://flag".into()), ..flags.clone() };
        let config = Config::load(&with_flag).unwrap();
        assert_eq!((config.port, config.database.as_deref()), (9000, Some("postgres://flag")));
        std::fs::write(folder.path().join("yba.toml"), "references = \"existing\"\n").unwrap();
        assert_eq!(Config::load(&flags).unwrap().references, References::Existing);
        std::fs::write(folder.path().join("yba.toml"), "references = \"some\"\n").unwrap();
        assert!(Config::load(&flags).unwrap_err().to_string().contains("references"));
        std::fs::write(folder.path().join("yba.toml"), "subscription-hosts = \"a.vn ftp://b\"\n").unwrap();
        assert!(Config::load(&flags).unwrap_err().to_string().contains("subscription-hosts"));
        std::fs::write(folder.path().join("yba.toml"), "origins = \"https://a.vn, app.vn/x\"\n").unwrap();
        let refused = Config::load(&flags).unwrap_err().to_string();
        assert!(refused.contains("origins") && refused.contains("\"app.vn/x\" is no origin"), "{refused}");
        std::fs::write(folder.path().join("yba.toml"), "prot = 9000\n").unwrap();
        assert!(Config::load(&flags).unwrap_err().to_string().contains("prot"));
    }
}
