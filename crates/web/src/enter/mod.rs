//! Coming in: name and password, the code, a one-time link, the first run; and going.

pub mod outside;
pub mod page;
pub(crate) mod passkey;

use crate::headers::RequestId;
use crate::site::{Page, Site};
use crate::visit::{AtWork, at_work, entrance, local, origin, said};
use crate::{Router, error};
use axum::extract::{DefaultBodyLimit, Form, FromRequest, Path, Request, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use maud::Markup;
use yba_auth::Link;
use yba_fhir::Outcome;
use yba_records::gate::{Attempt, CameIn, NewAccount, Step, Visitor};

/// Where strangers come in.
pub const SIGN_IN: &str = "/dang-nhap";
pub const SIGN_OUT: &str = "/dang-xuat";
/// The largest form of these pages.
const FORM_BYTES_MAX: usize = 64 << 10;

pub(crate) fn routes() -> Router<Site> {
    Router::new()
        .route(SIGN_IN, get(sign_in_page).post(sign_in))
        .route("/dang-nhap/ma", get(code_page).post(code))
        .route(outside::OUT, get(outside::out))
        .route(outside::RETURN, get(outside::come_back))
        .route(passkey::ASK, post(passkey::ask))
        .route(passkey::ANSWER, post(passkey::answer))
        .route(SIGN_OUT, post(sign_out))
        .route("/thiet-lap/{token}", get(first_run_page).post(first_run))
        .route("/mat-khau/{token}", get(link_page).post(link))
        .layer(DefaultBodyLimit::max(FORM_BYTES_MAX))
}

/// What the forms of these pages send; it holds secrets and has no `Debug`.
#[derive(Default, serde::Deserialize)]
#[serde(default)]
pub(crate) struct Typed {
    pub login: String,
    pub name: String,
    pub password: String,
    pub repeat: String,
    pub code: String,
    /// The ticket of a passkey's challenge, and the authenticator's answer.
    pub ticket: String,
    pub answer: String,
    /// Where to go afterwards.
    pub ve: String,
}

/// The page that a step leads to.
pub(crate) fn step_path(step: Step) -> &'static str {
    match step {
        Step::Code => "/dang-nhap/ma",
        Step::Password => "/tai-khoan/mat-khau",
        Step::SecondFactor => "/tai-khoan/ung-dung",
    }
}

/// The sign-in page in place of one that a stranger asked for: 401, and back there afterwards.
pub(crate) fn in_place(site: &Site, parts: &Parts) -> Response {
    let asked = parts.uri.path_and_query().map_or("/", |asked| asked.as_str());
    let ve = if parts.method == axum::http::Method::GET { local(asked) } else { "/" };
    sign_in_drawn(site, StatusCode::UNAUTHORIZED, &Typed { ve: ve.into(), ..Typed::default() }, None)
}

fn sign_in_drawn(site: &Site, status: StatusCode, typed: &Typed, outcome: Option<&Outcome>) -> Response {
    let gate = entrance(site).ok().map(|entrance| &entrance.gate);
    let ways = page::Ways {
        passkeys: gate.is_some_and(|gate| gate.takes_passkeys()),
        outside: gate.and_then(|gate| gate.outside_name()),
    };
    drawn(site, status, "Đăng nhập", page::sign_in(typed, outcome, &ways))
}

/// The sign-in page with what was wrong.
fn unsigned(site: &Site, typed: &Typed, outcome: &Outcome) -> Response {
    sign_in_drawn(site, error::status(outcome.kind), typed, Some(outcome))
}

fn drawn(site: &Site, status: StatusCode, title: &str, content: Markup) -> Response {
    let mut response = site.page(&Page { search_in_bar: false, ..Page::new(title, content) });
    *response.status_mut() = status;
    response
}

/// A form of our own pages, and what came with it. Refuses one that does not say that it is ours.
pub(crate) async fn form<T: serde::de::DeserializeOwned>(
    site: &Site,
    request: Request,
) -> Result<(Parts, T), Response> {
    let id = request.extensions().get::<RequestId>().cloned().unwrap_or(RequestId(String::new()));
    if !said(request.headers()).own() {
        return Err(error::page(site, &error::foreign_form(), &id));
    }
    let (parts, body) = request.into_parts();
    let again = Request::from_parts(parts.clone(), body);
    match Form::<T>::from_request(again, &()).await {
        Ok(Form(typed)) => Ok((parts, typed)),
        Err(_) => {
            let text = "Biểu mẫu gửi lên không đọc được. Hãy mở lại trang và gửi lần nữa.";
            Err(error::page(site, &Outcome::invalid("form", text, "malformed form"), &id))
        }
    }
}

pub(crate) fn refused(site: &Site, parts: &Parts, outcome: &Outcome) -> Response {
    let id = parts.extensions.get::<RequestId>().cloned().unwrap_or(RequestId(String::new()));
    error::page(site, outcome, &id)
}

/// Into the house, with the cookies; first to what is still to be done.
async fn come_in(site: &Site, parts: &Parts, came: &CameIn, ve: &str) -> Response {
    let entrance = match entrance(site) {
        Ok(entrance) => entrance,
        Err(fault) => return refused(site, parts, &fault),
    };
    let to = match entrance.gate.visitor(&came.session.0, &origin(parts)).await {
        Ok(Visitor::Halfway(_, Step::Code)) => format!("/dang-nhap/ma?ve={}", page::encoded(local(ve))),
        Ok(Visitor::Halfway(_, step)) => step_path(step).to_owned(),
        _ => local(ve).to_owned(),
    };
    let mut response = Redirect::to(&to).into_response();
    entrance.give(came, &mut response);
    response
}

async fn sign_in_page(State(site): State<Site>, request: Request) -> Response {
    let typed = Typed { ve: back(request.uri().query()), ..Typed::default() };
    sign_in_drawn(&site, StatusCode::OK, &typed, None)
}

/// `ve=` of a query; what it holds is judged where it is used.
fn back(query: Option<&str>) -> String {
    let pairs = query.unwrap_or_default().split('&');
    let value = pairs.filter_map(|pair| pair.strip_prefix("ve=")).next().unwrap_or_default();
    local(&page::decoded(value)).to_owned()
}

async fn sign_in(State(site): State<Site>, request: Request) -> Response {
    let (parts, typed) = match form::<Typed>(&site, request).await {
        Ok(form) => form,
        Err(response) => return response,
    };
    let entrance = match entrance(&site) {
        Ok(entrance) => entrance,
        Err(fault) => return refused(&site, &parts, &fault),
    };
    let attempt = Attempt {
        login: typed.login.clone(),
        password: typed.password.clone(),
        device: entrance.device(&parts.headers),
        origin: origin(&parts),
    };
    match entrance.gate.sign_in(attempt).await {
        Ok(came) => come_in(&site, &parts, &came, &typed.ve).await,
        Err(outcome) => unsigned(&site, &typed, &outcome),
    }
}

async fn code_page(State(site): State<Site>, request: Request) -> Response {
    let typed = Typed { ve: back(request.uri().query()), ..Typed::default() };
    drawn(&site, StatusCode::OK, "Mã xác thực", page::code(&typed, None))
}

async fn code(State(site): State<Site>, request: Request) -> Response {
    let (parts, typed) = match form::<Typed>(&site, request).await {
        Ok(form) => form,
        Err(response) => return response,
    };
    let entrance = match entrance(&site) {
        Ok(entrance) => entrance,
        Err(fault) => return refused(&site, &parts, &fault),
    };
    let shown = async {
        let visitor = entrance.visitor(&parts).await?;
        entrance.gate.show_code(&visitor, &typed.code, entrance.device(&parts.headers), &origin(&parts)).await
    };
    match shown.await {
        Ok(came) => come_in(&site, &parts, &came, &typed.ve).await,
        Err(outcome) => {
            drawn(&site, error::status(outcome.kind), "Mã xác thực", page::code(&typed, Some(&outcome)))
        }
    }
}

async fn sign_out(State(site): State<Site>, request: Request) -> Response {
    let (parts, _) = match form::<Typed>(&site, request).await {
        Ok(form) => form,
        Err(response) => return response,
    };
    let entrance = match entrance(&site) {
        Ok(entrance) => entrance,
        Err(fault) => return refused(&site, &parts, &fault),
    };
    let left = async {
        match entrance.visitor(&parts).await? {
            Visitor::Person(here) | Visitor::Halfway(here, _) => {
                entrance.gate.sign_out(&here, &origin(&parts)).await
            }
            Visitor::Stranger => Ok(()),
        }
    };
    match left.await {
        Ok(()) => {
            let mut response = Redirect::to(SIGN_IN).into_response();
            entrance.take(&mut response);
            response
        }
        Err(outcome) => refused(&site, &parts, &outcome),
    }
}

async fn first_run_page(State(site): State<Site>, Path(token): Path<String>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    let looked = async { entrance(&site)?.gate.link(&token, &origin(&parts)).await };
    match looked.await {
        Ok((Link::FirstRun, _)) => {
            drawn(&site, StatusCode::OK, "Thiết lập", page::first_run(&Typed::default(), None))
        }
        Ok(_) => Redirect::to(&format!("/mat-khau/{token}")).into_response(),
        Err(outcome) => refused(&site, &parts, &outcome),
    }
}

async fn first_run(State(site): State<Site>, Path(token): Path<String>, request: Request) -> Response {
    let (parts, typed) = match form::<Typed>(&site, request).await {
        Ok(form) => form,
        Err(response) => return response,
    };
    let made = async {
        same_twice(&typed)?;
        let entrance = entrance(&site)?;
        let account =
            NewAccount { login: typed.login.clone(), name: typed.name.clone(), ..NewAccount::default() };
        let device = entrance.device(&parts.headers);
        entrance.gate.set_up(&token, &account, &typed.password, device, &origin(&parts)).await
    };
    match made.await {
        Ok(came) => come_in(&site, &parts, &came, "/").await,
        Err(outcome) => {
            drawn(&site, error::status(outcome.kind), "Thiết lập", page::first_run(&typed, Some(&outcome)))
        }
    }
}

async fn link_page(State(site): State<Site>, Path(token): Path<String>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    let looked = async { entrance(&site)?.gate.link(&token, &origin(&parts)).await };
    match looked.await {
        Ok((_, Some(account))) => {
            let content = page::link(&account.login, &account.name, None);
            let who = AtWork { name: Some(account.name.clone()), ..AtWork::stranger(&parts) };
            at_work(who, async { drawn(&site, StatusCode::OK, "Đặt mật khẩu", content) }).await
        }
        Ok(_) => Redirect::to(&format!("/thiet-lap/{token}")).into_response(),
        Err(outcome) => refused(&site, &parts, &outcome),
    }
}

async fn link(State(site): State<Site>, Path(token): Path<String>, request: Request) -> Response {
    let (parts, typed) = match form::<Typed>(&site, request).await {
        Ok(form) => form,
        Err(response) => return response,
    };
    let set = async {
        same_twice(&typed)?;
        let entrance = entrance(&site)?;
        let device = entrance.device(&parts.headers);
        entrance.gate.set_password_by_link(&token, &typed.password, device, &origin(&parts)).await
    };
    match set.await {
        Ok(came) => come_in(&site, &parts, &came, "/").await,
        Err(outcome) => {
            let content = page::link(&typed.login, &typed.name, Some(&outcome));
            drawn(&site, error::status(outcome.kind), "Đặt mật khẩu", content)
        }
    }
}

/// A new password is typed twice, because nobody sees what they type.
pub(crate) fn same_twice(typed: &Typed) -> Result<(), Outcome> {
    match typed.password == typed.repeat {
        true => Ok(()),
        false => {
            let text = "Hai lần gõ chưa giống nhau. Hãy gõ lại cả hai.";
            let refused =
                Outcome::new(yba_fhir::Kind::Unprocessable, "password-repeat", text, "the two differ");
            Err(refused.at("repeat"))
        }
    }
}
