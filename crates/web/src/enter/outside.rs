//! Coming in through an outside OpenID provider: the way there, and the way back.

use super::{Typed, back, come_in, refused, unsigned};
use crate::own::{OWN, here};
use crate::site::Site;
use crate::visit::{entrance, origin};
use axum::extract::{Query, Request, State};
use axum::response::{IntoResponse, Redirect, Response};
use yba_records::gate::{Back, Returned};

/// Where the way out begins, and where the provider sends people back to.
pub(super) const OUT: &str = "/dang-nhap/ngoai";
pub const RETURN: &str = "/dang-nhap/ngoai/ve";

/// What a provider sends back. <https://openid.net/specs/openid-connect-core-1_0.html#AuthResponse>
#[derive(Default, serde::Deserialize)]
#[serde(default)]
pub(super) struct Sent {
    code: String,
    state: String,
    /// The issuer (RFC 9207).
    iss: String,
}

pub(super) async fn out(State(site): State<Site>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    let then = back(parts.uri.query());
    let gone = async {
        let entrance = entrance(&site)?;
        Ok((entrance, entrance.gate.go_outside(&then, &origin(&parts)).await?))
    };
    match gone.await {
        Ok((entrance, way)) => {
            let mut response = Redirect::to(&way.url).into_response();
            entrance.set_away(Some(&way.ticket), &mut response);
            response
        }
        Err(outcome) => unsigned(&site, &Typed { ve: then, ..Typed::default() }, &outcome),
    }
}

pub(super) async fn come_back(
    State(site): State<Site>,
    Query(sent): Query<Sent>,
    request: Request,
) -> Response {
    let (parts, _) = request.into_parts();
    let entrance = match entrance(&site) {
        Ok(entrance) => entrance,
        Err(fault) => return refused(&site, &parts, &fault),
    };
    let present = here(&site, &parts, None).await.ok().map(|present| present.here);
    let ticket = entrance.away(&parts.headers);
    let returned = Returned { ticket, state: &sent.state, code: &sent.code, issuer: &sent.iss };
    let device = entrance.device(&parts.headers);
    let mut response =
        match entrance.gate.come_back(&returned, present.as_ref(), device, &origin(&parts)).await {
            Ok(Back::In(came, then)) => come_in(&site, &parts, &came, &then).await,
            Ok(Back::Tied) => Redirect::to(OWN).into_response(),
            Err(outcome) if present.is_some() => refused(&site, &parts, &outcome),
            Err(outcome) => unsigned(&site, &Typed::default(), &outcome),
        };
    entrance.set_away(None, &mut response);
    response
}
