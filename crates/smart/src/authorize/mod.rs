//! `GET /oauth/authorize`: an app asks somebody to let it in. The page says who asks for what; the answer goes back to the app
//! with a code, or a word why not. <https://hl7.org/fhir/smart-app-launch/STU2.2/app-launch.html>
//!
//! Nothing is kept between question and answer: the form carries the question, and it is judged again.

mod page;

pub(crate) use page::origin as origin_of;

use crate::form::{Pairs, encoded};
use crate::{Smart, answer};
use axum::body::Bytes;
use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use page::{Person, Shown};
use yba_auth::smart::Scopes;
use yba_auth::smart::client::Client;
use yba_auth::smart::tables::Launch;
use yba_fhir::json::str_at;
use yba_fhir::view::Patient;
use yba_fhir::{Kind, Outcome};
use yba_records::Ctx;
use yba_records::gate::apps::{Asking, Names, needs_patient};
use yba_records::gate::{Here, Origin, Visitor};
use yba_web::headers::FormsTo;
use yba_web::{Page, RequestId, error, visit};

pub(crate) const AUTHORIZE: &str = "/oauth/authorize";
/// Longest `state`.
const STATE_MAX: usize = 2000;
/// What the page itself asks, beside what the app did: what was said, whom somebody looks for, whom they chose.
const OURS: [&str; 3] = ["quyet-dinh", "tim", "nguoi"];
/// Most people that a search shows.
const FOUND_MAX: usize = 10;

/// A question that came, with everything that it is judged by.
struct Question {
    here: Here,
    ctx: Ctx,
    names: Names,
    origin: Origin,
    client: Client,
    asking: Asking,
    state: String,
    pairs: Pairs,
}

/// `GET`: the question as the app put it. A person is not looked for by an address, which stays in histories and logs.
pub(crate) async fn asked(State(smart): State<Smart>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    let text = parts.uri.query().unwrap_or_default().to_owned();
    let question = async { question(&smart, &parts, Pairs::of(&text)?.without(&OURS)).await };
    match question.await {
        Ok(question) => shown(&smart, &question).await,
        Err(outcome) => failed(&smart, &parts, &outcome),
    }
}

/// `POST`: what somebody says to it, or whom they look for.
pub(crate) async fn answered(State(smart): State<Smart>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, crate::BODY_MAX).await.unwrap_or_default();
    let question = async { question(&smart, &parts, Pairs::of(text(&body)?)?).await };
    let question = match question.await {
        Ok(question) => question,
        Err(outcome) => return failed(&smart, &parts, &outcome),
    };
    match question.pairs.get("quyet-dinh") {
        "cho" => let_in(&smart, &parts, &question).await,
        "khong" => {
            let turned = smart.gate.turned_away(&question.here, &question.client, &question.origin);
            match turned {
                Ok(()) => back(&question, "access_denied", "the person refused"),
                Err(outcome) => failed(&smart, &parts, &outcome),
            }
        }
        _ => shown(&smart, &question).await,
    }
}

fn text(body: &Bytes) -> Result<&str, Outcome> {
    std::str::from_utf8(body).map_err(|_| crate::form::invalid("malformed form"))
}

/// Judges whether the question may be answered at all: by somebody who is here, to an app that is known, at its address.
async fn question(smart: &Smart, parts: &Parts, pairs: Pairs) -> Result<Question, Outcome> {
    let here = here(smart, parts).await?;
    let names = smart.names(&parts.headers)?;
    let origin = visit::origin(parts);
    let get = |name: &str| pairs.get(name).to_owned();
    let asking = Asking {
        client: get("client_id"),
        redirect: get("redirect_uri"),
        scope: get("scope"),
        aud: get("aud"),
        challenge: get("code_challenge"),
        method: get("code_challenge_method"),
        nonce: get("nonce"),
        launch: get("launch"),
        response: get("response_type"),
    };
    let client = smart.gate.asking_client(&asking, &origin).await?;
    let state = get("state");
    let ctx =
        parts.extensions.get::<Ctx>().cloned().ok_or_else(|| Outcome::fault("a page without its caller"))?;
    match state.len() <= STATE_MAX {
        true => Ok(Question { here, ctx, names, origin, client, asking, state, pairs }),
        false => Err(crate::form::invalid("the state is too long")),
    }
}

/// Whoever is wholly here; the guards of the shell let nobody else come so far.
pub(crate) async fn here(smart: &Smart, parts: &Parts) -> Result<Here, Outcome> {
    let entrance = smart.site.entrance().ok_or_else(|| Outcome::fault("apps need an entrance"))?;
    match entrance.visitor(parts).await? {
        Visitor::Person(here) => Ok(here),
        _ => Err(error::sign_in_needed()),
    }
}

/// The page, or the way back with what is wrong with the question.
async fn shown(smart: &Smart, question: &Question) -> Response {
    let Question { here, client, asking, names, origin, .. } = question;
    let drawn = async {
        let (scopes, launch) = smart.gate.asked(here, client, asking, names, origin).await?;
        drawn(smart, question, &scopes, launch.as_ref()).await
    };
    match drawn.await {
        Ok(response) => response,
        Err(outcome) => back(question, answer::word(&outcome), answer::detail(&outcome)),
    }
}

async fn drawn(
    smart: &Smart,
    question: &Question,
    scopes: &Scopes,
    launch: Option<&Launch>,
) -> Result<Response, Outcome> {
    let Question { here, ctx, client, pairs, .. } = question;
    let looked_for = pairs.get("tim").trim();
    let people = match launch {
        Some(launch) => named(smart, ctx, std::slice::from_ref(&launch.patient)).await?,
        None if !needs_patient(scopes) => Vec::new(),
        None if !looked_for.is_empty() => found(smart, ctx, looked_for).await?,
        None => named(smart, ctx, &here.account.patients).await?,
    };
    let carried: Vec<(&str, &str)> = pairs.all().filter(|(name, _)| !OURS.contains(name)).collect();
    let content = page::consent(&Shown {
        client,
        redirect: &question.asking.redirect,
        scopes,
        people: &people,
        is_chosen: launch.is_some(),
        needs: needs_patient(scopes),
        may_search: launch.is_none() && ctx.may(yba_records::Action::Search, "Patient"),
        looked_for,
        carried: &carried,
        action: AUTHORIZE,
    });
    let mut response =
        smart.site.page(&Page { search_in_bar: false, ..Page::new("Cho ứng dụng vào", content) });
    response.extensions_mut().insert(FormsTo(page::origin(&question.asking.redirect).into_iter().collect()));
    Ok(response)
}

/// These Patients as people call them, those that may be read.
async fn named(smart: &Smart, ctx: &Ctx, ids: &[String]) -> Result<Vec<Person>, Outcome> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let keys: Vec<(String, String)> = ids.iter().map(|id| ("Patient".to_owned(), id.clone())).collect();
    let versions = smart.records.read_many(ctx, &keys).await?;
    let person = |version: &yba_records::Version| {
        let tree = version.tree();
        let birth = str_at(&tree, &["birthDate"]).map(yba_ui::format::date).unwrap_or_default();
        Person { id: version.id.clone(), name: Patient(&tree).name().unwrap_or_default(), about: birth }
    };
    Ok(versions.iter().map(person).collect())
}

/// People for what was typed.
async fn found(smart: &Smart, ctx: &Ctx, text: &str) -> Result<Vec<Person>, Outcome> {
    let hits = yba_mpi::find::find(&smart.records, ctx, text, FOUND_MAX).await?;
    let person = |hit: yba_mpi::find::Hit| {
        let birth =
            hit.birth.as_ref().map(|birth| yba_ui::format::date(&birth.to_string())).unwrap_or_default();
        let about: Vec<String> = [birth, hit.commune].into_iter().filter(|one| !one.is_empty()).collect();
        Person { id: hit.person, name: hit.name, about: about.join(" · ") }
    };
    Ok(hits.hits.into_iter().map(person).collect())
}

async fn let_in(smart: &Smart, parts: &Parts, question: &Question) -> Response {
    let Question { here, client, asking, names, origin, pairs, .. } = question;
    let chosen = Some(pairs.get("nguoi")).filter(|one| !one.is_empty());
    match smart.gate.let_in(here, client, asking, chosen, names, origin).await {
        Ok(code) => to_app(question, &format!("code={}", code.0)),
        // Whoever forgot to choose chooses now.
        Err(_) if chosen.is_none() && asking.launch.is_empty() => shown(smart, question).await,
        Err(outcome) if outcome.kind == Kind::Fault => failed(smart, parts, &outcome),
        Err(outcome) => back(question, answer::word(&outcome), answer::detail(&outcome)),
    }
}

/// Back to the app with why not.
fn back(question: &Question, word: &str, detail: &str) -> Response {
    to_app(question, &format!("error={word}&error_description={}", encoded(detail)))
}

/// Back to the app. The answer says who we are (RFC 9207), so that an app that asks several servers cannot take one for
/// another.
fn to_app(question: &Question, said: &str) -> Response {
    let redirect = &question.asking.redirect;
    let between = if redirect.contains('?') { '&' } else { '?' };
    let state = match question.state.as_str() {
        "" => String::new(),
        state => format!("&state={}", encoded(state)),
    };
    see_other(&format!("{redirect}{between}{said}{state}&iss={}", encoded(question.names.issuer())))
}

/// 303 to an address that was judged before.
pub(crate) fn see_other(address: &str) -> Response {
    match HeaderValue::try_from(address) {
        Ok(value) => (
            StatusCode::SEE_OTHER,
            [(header::LOCATION, value), (header::CACHE_CONTROL, HeaderValue::from_static("no-store"))],
        )
            .into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// A page that says what is wrong: the app is not told, for it may not be the app.
pub(crate) fn failed(smart: &Smart, parts: &Parts, outcome: &Outcome) -> Response {
    let id = parts.extensions.get::<RequestId>().cloned().unwrap_or(RequestId(String::new()));
    error::page(&smart.site, outcome, &id)
}
