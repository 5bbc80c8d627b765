//! One's own names at the outside provider: tied by going there once, and taken away.

use super::{Changed, changed, drawn, page, sent};
use crate::site::Site;
use crate::visit::origin;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::Response;

pub(super) const OUTSIDE: &str = "/tai-khoan/ngoai";

/// What the forms send; it holds a secret and has no `Debug`.
#[derive(Default, serde::Deserialize)]
#[serde(default)]
pub(super) struct Typed {
    present: String,
    /// The name to take away.
    away: String,
}

pub(super) async fn change(State(site): State<Site>, request: Request) -> Response {
    let (parts, typed, present) = match sent::<Typed>(&site, request).await {
        Ok(sent) => sent,
        Err(response) => return response,
    };
    let (gate, from) = (&present.entrance.gate, origin(&parts));
    if !typed.away.is_empty() {
        let done = gate.untie_own(&present.here, &typed.away, &from).await;
        return changed(&site, &parts, &present, done, Changed::Outside).await;
    }
    match gate.go_to_be_tied(&present.here, &typed.present, &from).await {
        Ok(way) => {
            // A link, and no way onwards by itself: what a form leads to is bound to our own pages.
            let content = page::onwards(gate.outside_name().unwrap_or_default(), &way.url);
            let mut response = drawn(&site, &present, StatusCode::OK, "Gắn tài khoản ngoài", content).await;
            present.entrance.set_away(Some(&way.ticket), &mut response);
            response
        }
        Err(outcome) => changed(&site, &parts, &present, Err(outcome), Changed::Outside).await,
    }
}
