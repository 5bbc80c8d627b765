//! Who asks: everyone in `--open` mode; else an app with a token, or whoever has a session of our pages, from these pages
//! alone; else strangers.

use crate::api::Api;
use axum::http::HeaderMap;
use std::net::SocketAddr;
use yba_auth::Said;
use yba_fhir::Outcome;
use yba_records::gate::{Origin, Visitor};
use yba_records::{Agent, Ctx};

/// The circumstances of a request. A session's cookie counts only when the request says that it comes from our own pages,
/// or, to look, at least does not say that it comes from elsewhere.
pub async fn of(
    api: &Api,
    headers: &HeaderMap,
    changes: bool,
    peer: Option<SocketAddr>,
    request_id: &str,
) -> Result<Ctx, Outcome> {
    let settings = api.settings();
    if settings.open {
        return Ok(Ctx::test_administrator("rest").with_request_id(request_id));
    }
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let address = peer.map(|peer| peer.ip().to_string()).unwrap_or_default();
    let origin = Origin { address: address.clone(), request_id: request_id.to_owned() };
    // A token stands for itself: no browser adds one to a request of its own accord, and a cookie beside it is not looked at.
    if let (Some(gate), Some(token)) = (&settings.gate, text("authorization").and_then(bearer)) {
        return gate.bearer(token, "rest", &origin).await;
    }
    let said = Said { site: text("sec-fetch-site"), origin: text("origin"), host: text("host") };
    let ours = if changes { said.own() } else { !said.foreign() };
    let token = text("cookie").and_then(|cookie| settings.cookies.session(cookie)).filter(|_| ours);
    let visitor = match (&settings.gate, token) {
        (Some(gate), Some(token)) => gate.visitor(token, &origin).await?,
        _ => Visitor::Stranger,
    };
    let ctx = match &settings.gate {
        Some(gate) => gate.ctx(&visitor, "rest", request_id),
        None => Ctx::stranger("rest").with_request_id(request_id),
    };
    Ok(ctx.with_address(address))
}

/// The token of `Authorization: Bearer …`. <https://www.rfc-editor.org/rfc/rfc6750#section-2.1>
fn bearer(header: &str) -> Option<&str> {
    let (scheme, token) = header.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// Lets in whom the door lets look at all, before a byte of the body is read. The door decides, and keeps a trace of
/// a refusal; here it is only asked.
pub async fn admit(api: &Api, ctx: &Ctx) -> Result<(), Outcome> {
    match ctx.agent {
        // A known caller is judged (and traced) by the call of the door that follows.
        Agent::TestAdministrator | Agent::Person(_) | Agent::System(_) => Ok(()),
        Agent::Stranger | Agent::Unproven(_) => api.records().audit_view(ctx, "rest", &[]).await,
    }
}
