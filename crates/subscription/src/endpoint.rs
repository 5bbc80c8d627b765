//! The address that a Subscription names, taken apart. What is odd about it is refused before anything is sent there.

use hyper::Uri;
use std::net::IpAddr;
use yba_fhir::Outcome;

/// Longest endpoint.
const LENGTH_MAX: usize = 2048;

/// An http or https address without user, password or fragment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    pub tls: bool,
    /// In lower case; an IPv6 address without brackets.
    pub host: String,
    pub port: u16,
    /// Host and port as the `Host` header has them.
    pub authority: String,
    /// Without a slash at its end; empty for the root.
    pub path: String,
    pub query: Option<String>,
}

impl Endpoint {
    /// Refuses what is no plain http(s) address. The refusal does not repeat the address: it may hold a password.
    pub fn parse(text: &str) -> Result<Endpoint, Outcome> {
        if text.len() > LENGTH_MAX || text.contains('#') || !text.is_ascii() {
            return Err(refused("longer than 2048 bytes, not ASCII, or with a fragment"));
        }
        let uri: Uri = text.parse().map_err(|_| refused("malformed"))?;
        let tls = match uri.scheme_str() {
            Some("https") => true,
            Some("http") => false,
            _ => return Err(refused("the scheme is neither https nor http")),
        };
        let authority = uri.authority().ok_or_else(|| refused("no host"))?;
        if authority.as_str().contains('@') {
            return Err(refused("user or password in the address; use channel.header"));
        }
        let host = authority.host().trim_start_matches('[').trim_end_matches(']').to_ascii_lowercase();
        let is_name =
            host.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_'));
        if host.is_empty() || !(is_name || host.parse::<IpAddr>().is_ok()) {
            return Err(refused("no host"));
        }
        let port = match authority.as_str().strip_prefix(authority.host()).unwrap_or_default() {
            "" if tls => 443,
            "" => 80,
            rest => rest.trim_start_matches(':').parse().unwrap_or(0),
        };
        if port == 0 {
            return Err(refused("malformed port"));
        }
        Ok(Endpoint {
            tls,
            port,
            authority: authority.as_str().to_ascii_lowercase(),
            path: uri.path().trim_end_matches('/').to_owned(),
            query: uri.query().map(str::to_owned),
            host,
        })
    }

    /// The address, when the host is one and no name.
    pub fn address(&self) -> Option<IpAddr> {
        self.host.parse().ok()
    }

    /// Where a notification without content goes: the endpoint as it was given.
    pub fn target(&self) -> String {
        let path = if self.path.is_empty() { "/" } else { &self.path };
        match &self.query {
            Some(query) => format!("{path}?{query}"),
            None => path.to_owned(),
        }
    }

    /// Where a record goes: the endpoint is the base of a FHIR server.
    pub fn target_of(&self, kind: &str, id: &str) -> String {
        format!("{}/{kind}/{id}", self.path)
    }
}

fn refused(why: &str) -> Outcome {
    let text = "channel.endpoint phải là một địa chỉ https://… (hoặc http://…) không có tên người dùng, mật khẩu hay dấu #.";
    Outcome::invalid("subscription-endpoint", text, format!("channel.endpoint: {why}"))
        .at("Subscription.channel.endpoint")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_is_taken_apart() {
        let one = Endpoint::parse("https://Hook.Example.vn/fhir/").unwrap();
        assert_eq!((one.tls, one.host.as_str(), one.port), (true, "hook.example.vn", 443));
        assert_eq!((one.target().as_str(), one.target_of("A", "b").as_str()), ("/fhir", "/fhir/A/b"));
        let one = Endpoint::parse("http://[::1]:8080?key=1").unwrap();
        assert_eq!((one.host.as_str(), one.port, one.authority.as_str()), ("::1", 8080, "[::1]:8080"));
        assert_eq!((one.target().as_str(), one.target_of("A", "b").as_str()), ("/?key=1", "/A/b"));
    }

    #[test]
    fn odd_addresses_are_refused_without_being_repeated() {
        let long = format!("https://a.vn/{}", "x".repeat(LENGTH_MAX));
        let rows = [
            "",
            "a",
            "/x",
            "ftp://a.vn/",
            "file:///etc/passwd",
            "https://",
            "https://u:secret@a.vn/",
            "https://secret@a.vn",
            "https://a.vn/#x",
            "https://a.vn:0/",
            "https://a.vn:99999/",
            "https://a.vn:/",
            "https://a b/",
            "https://é.vn/",
            "mailto:a@b.vn",
            "https://a.vn\r\nx: y",
            &long,
        ];
        for wrong in rows {
            let refused = Endpoint::parse(wrong).unwrap_err();
            assert!(!refused.to_string().contains("secret"), "{wrong}: {refused}");
        }
    }
}
