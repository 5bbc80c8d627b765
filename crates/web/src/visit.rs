//! Who a page request is from: cookies to a visitor by the gate, and what goes back into the browser.

use crate::headers::RequestId;
use crate::look;
use crate::site::Site;
use axum::extract::ConnectInfo;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::Response;
use std::net::SocketAddr;
use yba_auth::token::Token;
use yba_auth::{Cookies, Said};
use yba_fhir::Outcome;
use yba_records::gate::{CameIn, Origin, Visitor};
use yba_records::{Ctx, Gate};
use yba_ui::frame::Look;

/// The gate of a node as its pages need it.
#[derive(Clone)]
pub struct Entrance {
    pub gate: Gate,
    pub cookies: Cookies,
}

impl Entrance {
    /// Who this is. Without a cookie nobody is asked.
    pub async fn visitor(&self, parts: &Parts) -> Result<Visitor, Outcome> {
        match self.cookies.session(text(&parts.headers, "cookie")) {
            Some(token) => self.gate.visitor(token, &origin(parts)).await,
            None => Ok(Visitor::Stranger),
        }
    }

    /// The mark of the browser.
    pub fn device(&self, headers: &HeaderMap) -> Option<Token> {
        self.cookies.device(text(headers, "cookie"))
    }

    /// Gives the browser the session's cookie, and its mark when it has come to be known.
    pub fn give(&self, came: &CameIn, response: &mut Response) {
        set(response, &self.cookies.set_session(&came.session));
        if let Some(device) = &came.device {
            set(response, &self.cookies.set_device(device));
        }
    }

    /// The ticket of somebody who comes back from an outside provider.
    pub fn away<'h>(&self, headers: &'h HeaderMap) -> &'h str {
        self.cookies.away(text(headers, "cookie")).unwrap_or_default()
    }

    /// Gives the browser that ticket, or takes it away.
    pub fn set_away(&self, ticket: Option<&Token>, response: &mut Response) {
        let cookie = ticket.map_or_else(|| self.cookies.clear_away(), |ticket| self.cookies.set_away(ticket));
        set(response, &cookie);
    }

    /// Takes the session's cookie away.
    pub fn take(&self, response: &mut Response) {
        set(response, &self.cookies.clear_session());
    }
}

fn set(response: &mut Response, cookie: &str) {
    if let Ok(value) = HeaderValue::from_str(cookie) {
        response.headers_mut().append(header::SET_COOKIE, value);
    }
}

/// Where the request came from. A proxy on this machine says for whom it asks; others are not believed.
pub fn origin(parts: &Parts) -> Origin {
    let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|peer| peer.0.ip());
    let told = text(&parts.headers, "x-forwarded-for").rsplit(',').next().map(str::trim).unwrap_or_default();
    let address = match peer {
        Some(peer) if peer.is_loopback() && told.parse::<std::net::IpAddr>().is_ok() => told.to_owned(),
        Some(peer) => peer.to_string(),
        None => String::new(),
    };
    let request_id = parts.extensions.get::<RequestId>().map(|id| id.0.clone()).unwrap_or_default();
    Origin { address, request_id }
}

/// What the request says of where it comes from.
pub fn said(headers: &HeaderMap) -> Said<'_> {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    Said { site: header("sec-fetch-site"), origin: header("origin"), host: header("host") }
}

fn text<'h>(headers: &'h HeaderMap, name: &str) -> &'h str {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

/// Who is at work in a request, for the frame of its page.
#[derive(Debug, Clone)]
pub(crate) struct AtWork {
    /// The id of the account; `None` on an open node and for a stranger.
    pub account: Option<String>,
    /// The name that is shown; `None` for a stranger.
    pub name: Option<String>,
    /// What the rail is asked of.
    pub ctx: Ctx,
    /// Facilities at which their roles were given.
    pub facilities: Vec<String>,
    /// Patients whose records are open in an emergency, and until when (ms since 1970 UTC).
    pub opened: Vec<(String, i64)>,
    pub look: Look,
    /// The address of the page, to come back to.
    pub address: String,
}

impl AtWork {
    /// Somebody of whom no more is known than the request says.
    pub fn stranger(parts: &Parts) -> AtWork {
        let asked = parts.uri.path_and_query().map_or("/", |asked| asked.as_str());
        let address = if parts.method == axum::http::Method::GET { local(asked) } else { "/" };
        AtWork {
            account: None,
            name: None,
            ctx: Ctx::stranger("page"),
            facilities: Vec::new(),
            opened: Vec::new(),
            look: Look::default(),
            address: address.to_owned(),
        }
    }

    /// The test administrator of an open node.
    pub fn open(site: &Site, parts: &Parts, id: &RequestId) -> AtWork {
        let stranger = AtWork::stranger(parts);
        match site.settings().open {
            true => AtWork {
                name: Some(site.settings().who.clone().unwrap_or_else(|| "Quản trị viên thử nghiệm".into())),
                ctx: Ctx::test_administrator("page").with_request_id(id.0.as_str()),
                look: look::of(&parts.headers, None),
                ..stranger
            },
            false => stranger,
        }
    }

    /// The visitor of a closed one. Somebody halfway has a name and no rail.
    pub fn visitor(entrance: &Entrance, visitor: &Visitor, parts: &Parts, id: &RequestId) -> AtWork {
        let ctx = entrance.gate.ctx(visitor, "page", &id.0);
        let opened = match visitor {
            Visitor::Person(here) => entrance.gate.opened(here),
            _ => Vec::new(),
        };
        let stranger = AtWork { ctx, opened, ..AtWork::stranger(parts) };
        match visitor {
            Visitor::Stranger => stranger,
            Visitor::Person(here) | Visitor::Halfway(here, _) => AtWork {
                account: Some(here.account.id.clone()),
                name: Some(here.account.name.clone()),
                facilities: here
                    .account
                    .grants_on(entrance.gate.today())
                    .filter_map(|grant| grant.organization.clone())
                    .collect(),
                look: look::of(&parts.headers, Some(&here.account.id)),
                ..stranger
            },
        }
    }
}

tokio::task_local! {
    static AT_WORK: AtWork;
}

/// Does something in the name of somebody, whom pages then show.
pub(crate) async fn at_work<T>(who: AtWork, work: impl Future<Output = T>) -> T {
    AT_WORK.scope(who, work).await
}

/// Whose pages these are; `None` outside of any request.
pub(crate) fn who() -> Option<AtWork> {
    AT_WORK.try_with(Clone::clone).ok()
}

/// The account that is at work.
pub(crate) fn account() -> Option<String> {
    who().and_then(|who| who.account)
}

/// Facilities at which the roles of whoever is at work were given; none on an open node.
pub fn facilities() -> Vec<String> {
    who().map(|who| who.facilities).unwrap_or_default()
}

/// The name of whoever is at work, as it stands on what they write down; none for a stranger.
pub fn name() -> Option<String> {
    who()?.name
}

/// Until when whoever is at work has one of these patients' records open in an emergency (ms since 1970 UTC).
pub fn opened_until(patients: &[String]) -> Option<i64> {
    let opened = who()?.opened;
    opened.into_iter().filter(|(patient, _)| patients.contains(patient)).map(|(_, until)| until).max()
}

/// Who asks a page that is for everyone: what cannot be found out leaves a stranger.
pub(crate) async fn anyone(site: &Site, parts: &Parts) -> AtWork {
    let id = parts.extensions.get::<RequestId>().cloned().unwrap_or(RequestId(String::new()));
    match site.entrance() {
        Some(entrance) if !site.settings().open => match entrance.visitor(parts).await {
            Ok(visitor) => AtWork::visitor(entrance, &visitor, parts, &id),
            Err(_) => AtWork::stranger(parts),
        },
        _ => AtWork::open(site, parts, &id),
    }
}

/// Longest address to go back to: what an app asks may stand in it.
const ADDRESS_MAX: usize = 8000;

/// An address of our own to go back to; anything else is the first page.
pub fn local(address: &str) -> &str {
    let fits = address.starts_with('/')
        && !address.starts_with("//")
        // Browsers leave tabs and line ends out, so that one slash may become two.
        && !address.contains('\\')
        && !address.contains(char::is_control)
        && !address.starts_with("/dang-")
        && address.len() <= ADDRESS_MAX;
    if fits { address } else { "/" }
}

/// The entrance of a site that has one.
pub(crate) fn entrance(site: &Site) -> Result<&Entrance, Outcome> {
    site.entrance().ok_or_else(|| Outcome::fault("a page of the entrance was asked of a site that has none"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::Request;

    #[test]
    fn one_goes_back_only_to_our_own_pages() {
        for (address, back) in [
            ("/nguoi/1?loai=x", "/nguoi/1?loai=x"),
            ("https://b.vn/", "/"),
            ("//b.vn", "/"),
            ("/\\b.vn", "/"),
            ("", "/"),
            ("javascript:1", "/"),
            ("/dang-nhap", "/"),
            ("/a\r\nSet-Cookie: x=1", "/"),
            ("/\t/b.vn", "/"),
            ("/\u{7f}", "/"),
        ] {
            assert_eq!(local(address), back, "{address}");
        }
    }

    #[test]
    fn a_forwarded_address_is_believed_of_this_machine_alone() {
        let of = |peer: &str, told: &str| {
            let mut request = Request::get("/").header("x-forwarded-for", told).body(()).unwrap();
            let peer: SocketAddr = format!("{peer}:1").parse().unwrap();
            request.extensions_mut().insert(ConnectInfo(peer));
            origin(&request.into_parts().0).address
        };
        assert_eq!(of("127.0.0.1", "1.1.1.1, 10.2.3.4"), "10.2.3.4");
        assert_eq!(of("10.0.0.1", "10.2.3.4"), "10.0.0.1");
        assert_eq!(of("127.0.0.1", "'; DROP"), "127.0.0.1");
    }
}
