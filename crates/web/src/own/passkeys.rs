//! The passkeys of one's own account: adding and taking away.

use super::{Changed, Present, sent};
use crate::enter::passkey::challenge;
use crate::site::Site;
use crate::visit::origin;
use axum::extract::{Request, State};
use axum::response::Response;
use yba_fhir::Outcome;
use yba_records::gate::NewPasskey;

/// Where a challenge for a new one is asked for, and where its answer goes.
pub(super) const ASK: &str = "/tai-khoan/khoa/hoi";
pub(super) const PASSKEYS: &str = "/tai-khoan/khoa";

/// What the forms send; it holds secrets and has no `Debug`.
#[derive(Default, serde::Deserialize)]
#[serde(default)]
pub(super) struct Typed {
    pub ticket: String,
    pub answer: String,
    pub name: String,
    pub present: String,
    /// The passkey to take away.
    pub away: String,
}

pub(super) async fn ask(State(site): State<Site>, request: Request) -> Response {
    match sent::<Typed>(&site, request).await {
        Ok((_, _, Present { entrance, here, .. })) => challenge(entrance.gate.ask_new_passkey(&here)),
        Err(response) => response,
    }
}

pub(super) async fn change(State(site): State<Site>, request: Request) -> Response {
    let (parts, typed, present) = match sent::<Typed>(&site, request).await {
        Ok(sent) => sent,
        Err(response) => return response,
    };
    let (gate, from) = (&present.entrance.gate, origin(&parts));
    let changed: Result<(), Outcome> = match typed.away.as_str() {
        "" => {
            let Typed { ticket, answer, name, present: password, .. } = &typed;
            gate.add_passkey(&present.here, &NewPasskey { ticket, answer, name, present: password }, &from)
                .await
        }
        away => gate.remove_passkey(&present.here, away, &from).await,
    };
    super::changed(&site, &parts, &present, changed, Changed::Passkey(typed.name)).await
}
