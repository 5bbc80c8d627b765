//! A client: an app of others that an administrator registered. It stands in the log under a type that is no FHIR, as
//! accounts do (decision of 2026-11-22, SMART).

use super::scope::Scopes;
use crate::account::Grant;
use crate::token::{Token, hash};
use serde::{Deserialize, Serialize};
use std::fmt;
use subtle::ConstantTimeEq;
use yba_fhir::{Kind, Outcome, Resource};
use yba_store::Version;

/// The type name under which clients stand in the log.
pub const KIND: &str = "YbaClient";
/// Bounds on what is typed.
pub const NAME_MAX: usize = 100;
pub const REDIRECTS_MAX: usize = 10;
pub const ADDRESS_MAX: usize = 500;
pub const JWKS_MAX: usize = 16 << 10;

/// How a client proves that it is itself.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Sort {
    /// It cannot keep a secret: an app in a browser or on a phone. PKCE alone ties it to its code.
    #[default]
    Public,
    /// It keeps a secret or a key, and people let it in.
    Confidential,
    /// It keeps a key and comes by itself, with roles of its own.
    Backend,
}

/// One client. Its `Debug` shows the id alone.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Client {
    /// What it calls itself by (`client_id`).
    pub id: String,
    /// What people call it.
    pub name: String,
    pub sort: Sort,
    /// Where people are sent back to, compared letter by letter.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub redirects: Vec<String>,
    /// Where it is opened from a record; none when it is not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub launch: Option<String>,
    /// The most it may ever be granted.
    pub scopes: String,
    /// SHA-256 of its secret, which is random.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<String>,
    /// Its public keys, as JSON.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jwks: Option<String>,
    /// The roles of a backend service.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub roles: Vec<Grant>,
    /// Switched off: nothing of it is let in.
    #[serde(default)]
    pub off: bool,
}

impl fmt::Debug for Client {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Client({})", self.id)
    }
}

impl Client {
    /// What it may ever be granted, as scopes.
    pub fn registered(&self) -> Scopes {
        Scopes::parse(&self.scopes).unwrap_or_default()
    }

    /// Gives it a new secret, shown this once.
    pub fn new_secret(&mut self) -> Token {
        let secret = Token::random();
        self.secret = Some(secret.hash());
        secret
    }

    /// Whether this is its secret.
    pub fn has_secret(&self, shown: &str) -> bool {
        let kept = self.secret.as_deref().unwrap_or_default();
        !kept.is_empty() && bool::from(hash(shown).as_bytes().ct_eq(kept.as_bytes()))
    }

    /// What goes into the log.
    pub fn resource(&self) -> Result<Resource, Outcome> {
        let fault = |error: sonic_rs::Error| Outcome::fault(format!("a client cannot be written: {error}"));
        let body = sonic_rs::to_string(self).map_err(fault)?;
        Resource::parse(format!("{{\"resourceType\":\"{KIND}\",{}", body.trim_start_matches('{')).as_bytes())
    }

    /// The client of a version; `None` of a deleted one or one that cannot be read.
    pub fn of_version(version: &Version) -> Option<Client> {
        match version.deleted {
            true => None,
            false => sonic_rs::from_slice(&version.body).ok(),
        }
    }

    /// Refuses, all at once and each at its field, what cannot be registered.
    pub fn check(&self) -> Result<(), Outcome> {
        let mut issues = Vec::new();
        let mut wrong = |is_wrong: bool, field: &'static str, text: &str| {
            if is_wrong {
                let one =
                    Outcome::new(Kind::Unprocessable, "client-format", text, format!("{field} is wrong"));
                issues.extend(one.at(field).issues);
            }
        };
        let name = self.name.trim();
        let bad_name =
            name.is_empty() || name.chars().count() > NAME_MAX || name.chars().any(char::is_control);
        wrong(bad_name, "name", "Ghi tên ứng dụng, không quá 100 ký tự.");
        let is_backend = self.sort == Sort::Backend;
        let bad_redirects = self.redirects.len() > REDIRECTS_MAX
            || self.redirects.is_empty() != is_backend
            || !self.redirects.iter().all(|one| is_address(one));
        let text = "Ghi từ 1 đến 10 địa chỉ quay về, mỗi địa chỉ là https đầy đủ, không có dấu #. Dịch vụ chạy nền không có địa chỉ này.";
        wrong(bad_redirects, "redirects", text);
        let bad_launch = self.launch.as_ref().is_some_and(|one| is_backend || !is_address(one));
        wrong(bad_launch, "launch", "Ghi địa chỉ https đầy đủ, hoặc để trống.");
        let scopes = Scopes::parse(&self.scopes);
        let is_understood = |one: &str| Scopes::parse(one).is_some_and(|scopes| !scopes.is_empty());
        let bad_scopes = scopes.as_ref().is_none_or(Scopes::is_empty)
            || !self.scopes.split_ascii_whitespace().all(is_understood);
        let text =
            "Có phạm vi không dùng được. Ví dụ: patient/Observation.rs launch/patient openid fhirUser.";
        wrong(bad_scopes, "scopes", text);
        let backend_only = scopes.is_some_and(|scopes| {
            let system = scopes.clone().only(&[super::scope::Whose::System]);
            if is_backend { system != scopes } else { !system.records().is_empty() }
        });
        let text =
            "Phạm vi system/ chỉ dành cho dịch vụ chạy nền, và dịch vụ chạy nền chỉ có phạm vi system/.";
        wrong(backend_only, "scopes", text);
        let bad_keys = self.jwks.as_deref().is_some_and(|text| super::assertion::keys(text).is_none())
            || (is_backend && self.jwks.is_none())
            || (self.sort == Sort::Public && self.jwks.is_some());
        let text = "Dán bộ khóa công khai (JWKS): khóa EC P-384 (ES384) hoặc RSA từ 2048 bit (RS384), mỗi khóa có kid. Ứng dụng công khai không có khóa.";
        wrong(bad_keys, "jwks", text);
        wrong(
            is_backend == self.roles.is_empty(),
            "role",
            "Dịch vụ chạy nền cần đúng một vai trò trở lên; ứng dụng khác dùng vai trò của người mở nó.",
        );
        match issues.is_empty() {
            true => Ok(()),
            false => Err(Outcome { kind: Kind::Unprocessable, issues }),
        }
    }
}

/// Whether people may be sent there: https, or http on their own machine; nothing that a browser reads otherwise than we do.
pub fn is_address(text: &str) -> bool {
    let sound = text.len() <= ADDRESS_MAX
        && text.bytes().all(|byte| byte.is_ascii_graphic() && !b"#\\\"<>^`{|}".contains(&byte));
    let host = |rest: &str| rest.split(['/', '?']).next().unwrap_or_default().to_owned();
    let is_host = |host: &str| {
        !host.is_empty()
            && !host.contains('@')
            && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-:[]".contains(&byte))
    };
    sound
        && match text.split_once("://") {
            Some(("https", rest)) => is_host(&host(rest)),
            Some(("http", rest)) => is_loopback(&host(rest)),
            _ => false,
        }
}

/// Whether a host, with or without a port, is this very machine.
pub fn is_loopback(host: &str) -> bool {
    let name = match host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, _)) => address,
        None => host.split(':').next().unwrap_or_default(),
    };
    name == "localhost" || name.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn app() -> Client {
        Client {
            id: "a".into(),
            name: "Biểu đồ".into(),
            redirects: vec!["https://app.example.vn/ve".into()],
            scopes: "launch/patient patient/*.rs".into(),
            ..Client::default()
        }
    }

    #[test]
    fn people_are_sent_to_plain_addresses_alone() {
        for good in ["https://a.vn/x?y=1", "http://127.0.0.1:5000/", "http://localhost/x", "http://[::1]:3/x"]
        {
            assert!(is_address(good), "{good}");
        }
        for wrong in [
            "http://a.vn/",
            "https://",
            "https://a@b.vn",
            "https://a.vn/#x",
            "javascript:alert(1)",
            "//a.vn",
            "a.vn",
            "https://a.vn\\@b.vn",
            "https://a.vn/\n",
            "https://ă.vn",
            "http://127.0.0.1.a.vn/",
            "http://localhost.a.vn/",
            "https://a.vn/ x",
            "ftp://a.vn",
            "myapp://x",
            "http://127.0.0.1@b.vn/",
        ] {
            assert!(!is_address(wrong), "{wrong}");
        }
        assert!(!is_address(&format!("https://a.vn/{}", "x".repeat(ADDRESS_MAX))));
    }

    #[test]
    fn what_cannot_be_registered_is_said_at_its_field() {
        assert!(app().check().is_ok());
        let fields = |client: Client| {
            let issues = client.check().err().map(|refused| refused.issues).unwrap_or_default();
            issues.into_iter().map(|one| one.path.unwrap_or_default()).collect::<Vec<_>>().join(" ")
        };
        for (client, wrong) in [
            (Client { name: " ".into(), ..app() }, "name"),
            (Client { redirects: Vec::new(), ..app() }, "redirects"),
            (Client { redirects: vec!["http://a.vn/".into()], ..app() }, "redirects"),
            (Client { redirects: vec!["https://a.vn/".into(); REDIRECTS_MAX + 1], ..app() }, "redirects"),
            (Client { launch: Some("x".into()), ..app() }, "launch"),
            (Client { scopes: String::new(), ..app() }, "scopes"),
            (Client { scopes: "openid patient/Observation.q".into(), ..app() }, "scopes"),
            (Client { scopes: "openid system/*.rs".into(), ..app() }, "scopes"),
            (Client { jwks: Some("{}".into()), ..app() }, "jwks"),
            (Client { sort: Sort::Backend, ..app() }, "redirects scopes jwks role"),
        ] {
            assert_eq!(fields(client), wrong);
        }
        let twice = Client { scopes: "patient/Patient.r patient/Patient.s".into(), ..app() };
        assert!(twice.check().is_ok(), "what is gathered is no mistake");
    }

    #[test]
    fn a_secret_is_kept_as_its_hash_and_a_client_comes_back_from_its_bytes() {
        let mut client = app();
        let secret = client.new_secret();
        assert!(
            client.has_secret(&secret.0) && !client.has_secret("") && !client.has_secret(&Token::random().0)
        );
        assert!(!app().has_secret("") && !app().has_secret(&hash("")));
        let kept = client.resource().unwrap();
        let text = yba_fhir::json::to_string(kept.tree()).unwrap();
        assert!(!text.contains(&secret.0) && kept.kind() == KIND);
        assert!(sonic_rs::from_str::<Client>(&text).unwrap() == client);
        assert_eq!(format!("{client:?}"), "Client(a)");
    }
}
