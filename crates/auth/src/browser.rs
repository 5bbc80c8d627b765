//! What a browser brings and is given, as text: the cookies of a session and of a known browser, and whether a request
//! says that it comes from our own pages.

use crate::token::Token;
use std::fmt;

/// How long a browser keeps its mark, in seconds.
const DEVICE_S: i64 = crate::tables::DEVICE_MS / 1000;

/// The cookies of a node. Known by https they are `Secure` and bound to the host (`__Host-`).
/// <https://developer.mozilla.org/en-US/docs/Web/HTTP/Reference/Headers/Set-Cookie>
#[derive(Debug, Clone, Copy, Default)]
pub struct Cookies {
    pub secure: bool,
}

impl Cookies {
    fn name(self, what: &str) -> String {
        format!("{}yba{what}", if self.secure { "__Host-" } else { "" })
    }

    fn set(self, what: &str, value: &str, age: &str) -> String {
        let secure = if self.secure { "; Secure" } else { "" };
        format!("{}={value}; Path=/; HttpOnly; SameSite=Lax{age}{secure}", self.name(what))
    }

    /// The session's cookie; the browser forgets it when it is closed.
    pub fn set_session(self, token: &Token) -> String {
        self.set("", &token.0, "")
    }

    /// Takes the session's cookie away.
    pub fn clear_session(self) -> String {
        self.set("", "", "; Max-Age=0")
    }

    /// The mark of a known browser.
    pub fn set_device(self, token: &Token) -> String {
        self.set("-may", &token.0, &format!("; Max-Age={DEVICE_S}"))
    }

    /// The ticket of somebody who is away at an outside provider.
    pub fn set_away(self, ticket: &Token) -> String {
        self.set("-ngoai", &ticket.0, "; Max-Age=600")
    }

    /// Takes that ticket away.
    pub fn clear_away(self) -> String {
        self.set("-ngoai", "", "; Max-Age=0")
    }

    /// The ticket of somebody who comes back: possibly forged, and to be judged.
    pub fn away(self, header: &str) -> Option<&str> {
        value(header, &self.name("-ngoai"))
    }

    /// What the `Cookie` header says of the session: possibly forged, and to be judged.
    pub fn session(self, header: &str) -> Option<&str> {
        value(header, &self.name(""))
    }

    /// The browser's mark, if it can be one of ours.
    pub fn device(self, header: &str) -> Option<Token> {
        value(header, &self.name("-may")).and_then(Token::of)
    }
}

fn value<'h>(header: &'h str, name: &str) -> Option<&'h str> {
    header.split(';').find_map(|pair| pair.trim().strip_prefix(name)?.strip_prefix('='))
}

/// What a request says of where it comes from.
#[derive(Clone, Copy, Default)]
pub struct Said<'r> {
    /// `Sec-Fetch-Site`.
    pub site: Option<&'r str>,
    pub origin: Option<&'r str>,
    pub host: Option<&'r str>,
}

impl Said<'_> {
    /// Whether it says that it comes from our own pages. One that says nothing does not: browsers say it with every form.
    pub fn own(&self) -> bool {
        match (self.site, self.origin, self.host) {
            (Some(site), _, _) => matches!(site, "same-origin" | "none"),
            (None, Some(origin), Some(host)) => {
                origin.split_once("://").is_some_and(|(_, own)| own.eq_ignore_ascii_case(host))
            }
            _ => false,
        }
    }

    /// Whether it says that it comes from elsewhere.
    pub fn foreign(&self) -> bool {
        (self.site.is_some() || self.origin.is_some()) && !self.own()
    }
}

impl fmt::Debug for Said<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Said({:?}, {:?})", self.site, self.origin)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cookies_are_found_by_their_whole_name() {
        let (plain, safe, token) = (Cookies::default(), Cookies { secure: true }, Token::random());
        let header = format!("a=b; yba={}; yba-may=x; xyba=c", token.0);
        assert_eq!(plain.session(&header), Some(token.0.as_str()));
        assert_eq!(
            (plain.device(&header), safe.session(&header), plain.session("yba2=1")),
            (None, None, None)
        );
        let given = safe.set_session(&token);
        assert!(
            given.starts_with("__Host-yba=") && given.ends_with("; Path=/; HttpOnly; SameSite=Lax; Secure")
        );
        assert_eq!(safe.session(given.split(';').next().unwrap()), Some(token.0.as_str()));
        assert_eq!(plain.device(plain.set_device(&token).split(';').next().unwrap()), Some(token));
        assert!(plain.clear_session().starts_with("yba=; ") && plain.clear_session().contains("Max-Age=0"));
    }

    #[test]
    fn only_what_says_so_comes_from_our_pages() {
        let said = |site, origin| Said { site, origin, host: Some("a.vn:8080") };
        for (site, origin, own, foreign) in [
            (Some("same-origin"), None, true, false),
            (Some("none"), None, true, false),
            (Some("same-site"), Some("https://a.vn:8080"), false, true),
            (Some("cross-site"), None, false, true),
            (None, Some("http://a.vn:8080"), true, false),
            (None, Some("http://A.vn:8080"), true, false),
            (None, Some("http://b.vn"), false, true),
            (None, Some("null"), false, true),
            (None, None, false, false),
        ] {
            assert_eq!(
                (said(site, origin).own(), said(site, origin).foreign()),
                (own, foreign),
                "{site:?} {origin:?}"
            );
        }
        assert!(!Said { origin: Some("http://a.vn"), ..Said::default() }.own(), "without a host");
    }
}
