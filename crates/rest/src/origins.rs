//! Whose pages may call the API from a browser. <https://fetch.spec.whatwg.org/#http-cors-protocol>

use axum::http::{HeaderName, HeaderValue, Method};
use std::fmt;
use std::net::Ipv6Addr;
use std::str::FromStr;
use std::time::Duration;
use tower_http::cors::{AllowOrigin, CorsLayer};

/// Most origins of the list.
const ORIGINS_MAX: usize = 200;

/// The origins of the setting `origins`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Origins {
    /// `*`: every origin there is.
    every: bool,
    named: Vec<HeaderValue>,
    text: String,
}

impl FromStr for Origins {
    type Err = String;

    /// Origins between spaces or commas, as browsers send them: `https://app.example.vn`, `http://localhost:3000`, or `*`.
    /// Refuses, by name, what no browser sends: it would let nobody in.
    fn from_str(text: &str) -> Result<Origins, String> {
        let mut origins = Origins { text: text.trim().to_owned(), ..Origins::default() };
        let entries = text.split(|letter: char| letter.is_whitespace() || letter == ',');
        for (position, entry) in entries.filter(|entry| !entry.is_empty()).enumerate() {
            if position == ORIGINS_MAX {
                return Err(format!("more than {ORIGINS_MAX} origins"));
            }
            match (entry, HeaderValue::try_from(entry)) {
                ("*", _) => origins.every = true,
                (entry, Ok(value)) if is_origin(entry) => origins.named.push(value),
                _ => {
                    return Err(format!(
                        "{entry:?} is no origin: a scheme, a host in small letters, a port unless it is the usual one, \
                         and nothing behind it, such as https://app.example.vn"
                    ));
                }
            }
        }
        Ok(origins)
    }
}

impl fmt::Display for Origins {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.text)
    }
}

/// Whether a text is the serialization of an origin. <https://html.spec.whatwg.org/#ascii-serialisation-of-an-origin>
fn is_origin(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once("://") else { return false };
    let is_small = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit();
    let is_scheme = scheme.starts_with(|first: char| first.is_ascii_lowercase())
        && scheme.chars().all(|letter| is_small(letter) || "+-.".contains(letter));
    // What stands in brackets is an IPv6 address, whose colons begin no port.
    let (is_host, behind) = match rest.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, behind)) => (address.parse::<Ipv6Addr>().is_ok(), behind),
        None => {
            let (host, behind) = rest.split_at(rest.find(':').unwrap_or(rest.len()));
            (
                !host.is_empty() && host.chars().all(|letter| is_small(letter) || "-._".contains(letter)),
                behind,
            )
        }
    };
    let is_port = |port: &str| {
        let is_usual = matches!((scheme, port), ("https", "443") | ("http", "80"));
        !is_usual && !port.starts_with(['0', '+']) && port.parse::<u16>().is_ok()
    };
    is_scheme && is_host && (behind.is_empty() || behind.strip_prefix(':').is_some_and(is_port))
}

impl Origins {
    /// Whether nobody is let in.
    pub fn is_empty(&self) -> bool {
        !self.every && self.named.is_empty()
    }

    /// What browsers are told; nothing when nobody is let in.
    pub(crate) fn layer(&self) -> Option<CorsLayer> {
        if self.is_empty() {
            return None;
        }
        let origin = match self.every {
            true => AllowOrigin::any(),
            false => AllowOrigin::list(self.named.clone()),
        };
        let names = |names: &[&'static str]| {
            names.iter().map(|name| HeaderName::from_static(name)).collect::<Vec<_>>()
        };
        let asked = names(&[
            "accept",
            "authorization",
            "content-type",
            "if-match",
            "if-modified-since",
            "if-none-exist",
            "if-none-match",
            "prefer",
            "x-request-id",
        ]);
        let shown = names(&[
            "content-location",
            "etag",
            "last-modified",
            "location",
            "retry-after",
            "x-progress",
            "x-request-id",
        ]);
        let methods = [Method::GET, Method::HEAD, Method::POST, Method::PUT, Method::PATCH, Method::DELETE];
        let layer = CorsLayer::new().allow_origin(origin).allow_methods(methods).allow_headers(asked);
        Some(layer.expose_headers(shown).max_age(Duration::from_secs(3600)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_are_taken_as_browsers_send_them() {
        for text in [
            "https://app.example.vn",
            "http://localhost:3000",
            "https://a.vn:8443, http://10.1.2.3 capacitor://localhost",
            "http://[::1]:3000,https://[2001:db8::1]",
            "*",
        ] {
            let origins: Origins = text.parse().unwrap();
            assert!(!origins.is_empty() && origins.layer().is_some(), "{text}");
            assert_eq!(origins.to_string(), text);
        }
        let none: Origins = " , ".parse().unwrap();
        assert!(none.is_empty() && none.layer().is_none());
    }

    #[test]
    fn what_no_browser_sends_is_refused_by_name() {
        for text in [
            "app.example.vn",
            "https://app.example.vn/",
            "https://app.example.vn/fhir",
            "https://App.example.vn",
            "https://ứngdụng.vn",
            "https://a.vn:443",
            "http://a.vn:80",
            "https://a.vn:port",
            "https://a.vn:70000",
            "https://*.example.vn",
            "https://",
            "://a.vn",
            "http://[::1",
            "http://[::1]x",
            "http://[::1]:",
            "null",
            "[\"https://a.vn\"]",
        ] {
            let refused = format!("https://good.vn,{text}").parse::<Origins>().unwrap_err();
            assert!(refused.contains(&format!("{text:?}")), "{text}: {refused}");
        }
        let many = "https://a.vn ".repeat(ORIGINS_MAX + 1);
        assert!(many.parse::<Origins>().unwrap_err().contains("more than"));
    }
}
