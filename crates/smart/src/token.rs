//! The addresses at which a client proves itself: tokens, what one is good for, giving one up.
//! <https://www.rfc-editor.org/rfc/rfc6749#section-4>, RFC 7662, RFC 7009

use crate::form::{Pairs, invalid};
use crate::{Smart, answer};
use axum::body::Bytes;
use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use yba_auth::smart::client::{Client, Sort};
use yba_fhir::Outcome;
use yba_records::gate::Origin;
use yba_records::gate::apps::{Given, Names, Shown, Told};
use yba_web::visit;

#[derive(Serialize)]
struct Tokens<'a> {
    access_token: &'a str,
    token_type: &'a str,
    expires_in: i64,
    scope: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    id_token: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    patient: Option<&'a str>,
    /// The app is not in a frame of ours: it shows itself whose record it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    need_patient_banner: Option<bool>,
}

#[derive(Serialize)]
struct About<'a> {
    active: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    scope: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sub: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    patient: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    exp: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    iat: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    iss: Option<&'a str>,
}

/// A request of a client, before it is known whose.
struct Asked {
    pairs: Pairs,
    shown: Shown,
    by_basic: bool,
    names: Names,
    origin: Origin,
}

impl Asked {
    async fn of(smart: &Smart, request: Request) -> Result<Asked, Response> {
        let (parts, body) = request.into_parts();
        let body = axum::body::to_bytes(body, crate::BODY_MAX).await.unwrap_or_default();
        Asked::read(smart, &parts, &body).map_err(|outcome| answer::refused(&outcome, false))
    }

    fn read(smart: &Smart, parts: &Parts, body: &Bytes) -> Result<Asked, Outcome> {
        let names = smart.names(&parts.headers)?;
        let pairs = Pairs::of_body(&parts.headers, body)?;
        let basic = basic(&parts.headers)?;
        let by_basic = basic.is_some();
        let in_body = !pairs.get("client_secret").is_empty() || !pairs.get("client_assertion").is_empty();
        if by_basic && in_body {
            return Err(invalid("a client proves itself in one way"));
        }
        let (client, secret) =
            basic.unwrap_or((pairs.get("client_id").into(), pairs.get("client_secret").into()));
        let shown = Shown {
            client,
            secret,
            assertion_type: pairs.get("client_assertion_type").into(),
            assertion: pairs.get("client_assertion").into(),
        };
        Ok(Asked { pairs, shown, by_basic, names, origin: visit::origin(parts) })
    }

    async fn client(&self, smart: &Smart) -> Result<Client, Outcome> {
        let is_unnamed =
            self.shown.client.is_empty() && self.shown.secret.is_empty() && self.shown.assertion.is_empty();
        let mut shown = self.shown.clone();
        if is_unnamed && self.pairs.get("grant_type") == "refresh_token" {
            let refresh = self.pairs.get("refresh_token");
            shown.client = smart.gate.public_client_of(refresh).await?.unwrap_or_default();
        }
        smart.gate.proved(&shown, &self.names, &self.origin).await
    }

    fn answer(&self, done: Result<Response, Outcome>) -> Response {
        done.unwrap_or_else(|outcome| answer::refused(&outcome, self.by_basic))
    }
}

/// Name and secret of HTTP Basic, each encoded as in a form. <https://www.rfc-editor.org/rfc/rfc6749#section-2.3.1>
fn basic(headers: &HeaderMap) -> Result<Option<(String, String)>, Outcome> {
    let Some(value) = headers.get(header::AUTHORIZATION) else { return Ok(None) };
    let malformed = || invalid("malformed Authorization");
    let (scheme, rest) = value.to_str().ok().and_then(|text| text.split_once(' ')).ok_or_else(malformed)?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return Err(malformed());
    }
    let bytes = STANDARD.decode(rest.trim()).map_err(|_| malformed())?;
    let text = String::from_utf8(bytes).map_err(|_| malformed())?;
    let (name, secret) = text.split_once(':').ok_or_else(malformed)?;
    let plain =
        |part: &str| -> Result<String, Outcome> { Ok(Pairs::of(&format!("x={part}"))?.get("x").to_owned()) };
    Ok(Some((plain(name)?, plain(secret)?)))
}

/// `POST /oauth/token`.
pub(crate) async fn token(State(smart): State<Smart>, request: Request) -> Response {
    match Asked::of(&smart, request).await {
        Ok(asked) => asked.answer(given(&smart, &asked).await.map(|given| tokens(&given))),
        Err(refused) => refused,
    }
}

async fn given(smart: &Smart, asked: &Asked) -> Result<Given, Outcome> {
    let Asked { pairs, names, origin, .. } = asked;
    let client = asked.client(smart).await?;
    let gate = &smart.gate;
    match pairs.get("grant_type") {
        "authorization_code" => {
            let (code, redirect) = (pairs.get("code"), pairs.get("redirect_uri"));
            gate.fetch(&client, code, redirect, pairs.get("code_verifier"), names, origin).await
        }
        "refresh_token" => gate.renew(&client, pairs.get("refresh_token"), pairs.get("scope"), origin).await,
        "client_credentials" => gate.come_by_itself(&client, pairs.get("scope"), origin).await,
        _ => {
            let text = "Cách xin quyền này không dùng ở đây.";
            Err(Outcome::invalid("unsupported_grant_type", text, "unknown grant_type"))
        }
    }
}

fn tokens(given: &Given) -> Response {
    let said = Tokens {
        access_token: &given.access.0,
        token_type: "Bearer",
        expires_in: given.expires_s,
        scope: &given.scopes,
        refresh_token: given.refresh.as_ref().map(|token| token.0.as_str()),
        id_token: given.identity.as_deref(),
        patient: given.patient.as_deref(),
        need_patient_banner: given.patient.as_ref().map(|_| true),
    };
    answer::json(StatusCode::OK, &said)
}

/// `POST /oauth/introspect`: for clients that can prove themselves, about their own tokens.
pub(crate) async fn introspect(State(smart): State<Smart>, request: Request) -> Response {
    match Asked::of(&smart, request).await {
        Ok(asked) => asked.answer(told(&smart, &asked).await),
        Err(refused) => refused,
    }
}

async fn told(smart: &Smart, asked: &Asked) -> Result<Response, Outcome> {
    let client = asked.client(smart).await?;
    if client.sort == Sort::Public {
        let text = "Ứng dụng công khai không hỏi được về quyền.";
        return Err(Outcome::invalid("unauthorized_client", text, "public clients may not introspect"));
    }
    let told = smart.gate.told(&client, asked.pairs.get("token"), &asked.origin).await?;
    Ok(answer::json(StatusCode::OK, &about(told.as_ref(), &asked.names)))
}

fn about<'a>(told: Option<&'a Told>, names: &'a Names) -> About<'a> {
    About {
        active: told.is_some(),
        scope: told.map(|told| told.scopes.as_str()),
        client_id: told.map(|told| told.client.as_str()),
        sub: told.and_then(|told| told.account.as_deref()),
        patient: told.and_then(|told| told.patient.as_deref()),
        exp: told.map(|told| told.until_ms / 1000),
        iat: told.map(|told| told.begun_ms / 1000),
        iss: told.map(|_| names.issuer()),
    }
}

/// `POST /oauth/revoke`: always 200 to a client that proved itself, whatever the token was.
pub(crate) async fn revoke(State(smart): State<Smart>, request: Request) -> Response {
    match Asked::of(&smart, request).await {
        Ok(asked) => asked.answer(given_up(&smart, &asked).await),
        Err(refused) => refused,
    }
}

async fn given_up(smart: &Smart, asked: &Asked) -> Result<Response, Outcome> {
    let client = asked.client(smart).await?;
    smart.gate.give_up(&client, asked.pairs.get("token"), &asked.origin).await?;
    Ok(StatusCode::OK.into_response())
}
