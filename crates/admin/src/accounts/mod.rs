//! Accounts: the list, a new one with its link, roles, blocking, setting back.

mod page;

use crate::Admin;
use axum::Router;
use axum::extract::{Extension, Form, Path, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use page::Shown;
use yba_auth::Grant;
use yba_auth::token::Token;
use yba_fhir::{Day, Outcome};
use yba_records::Ctx;
use yba_records::gate::NewAccount;
use yba_web::{Page, RequestId, error};

/// The list of accounts.
pub const ACCOUNTS: &str = "/quan-tri/tai-khoan";

pub(crate) fn routes() -> Router<Admin> {
    Router::new()
        .route(ACCOUNTS, get(list).post(create))
        .route("/quan-tri/tai-khoan/{account}", get(one).post(roles))
        .route("/quan-tri/tai-khoan/{account}/khoa", post(block))
        .route("/quan-tri/tai-khoan/{account}/dat-lai", post(set_back))
}

/// What the forms send.
#[derive(Default, serde::Deserialize)]
#[serde(default)]
pub(crate) struct Typed {
    pub login: String,
    pub name: String,
    pub practitioner: String,
    pub role: String,
    pub organization: String,
    pub department: String,
    pub from: String,
    pub to: String,
    /// Which role of the account to take away, by its place; adds one when empty.
    pub away: String,
    pub blocked: String,
}

fn some(text: &str) -> Option<String> {
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

/// `5/9/2026` as `2026-09-05`; what is no day stays as it was typed, and the gate says so.
fn iso(typed: &str) -> String {
    let parts: Vec<&str> = typed.split(['/', '-', '.']).map(str::trim).collect();
    let short = |part: &str| part.parse::<i8>().ok().filter(|_| part.len() <= 2);
    let day = match parts[..] {
        [day, month, year] if year.len() == 4 => year
            .parse()
            .ok()
            .zip(short(month))
            .zip(short(day))
            .and_then(|((year, month), day)| Day::new(year, month, day)),
        _ => None,
    };
    day.map_or_else(|| typed.to_owned(), |day| day.to_string())
}

impl Typed {
    fn grant(&self, today: &str) -> Grant {
        Grant {
            role: self.role.clone(),
            organization: some(&self.organization),
            department: some(&self.department),
            commune: None,
            practitioner_role: None,
            from: some(&self.from).map_or_else(|| today.to_owned(), |typed| iso(&typed)),
            to: some(&self.to).map(|typed| iso(&typed)),
        }
    }
}

async fn list(
    State(admin): State<Admin>,
    Extension(ctx): Extension<Ctx>,
    Extension(id): Extension<RequestId>,
) -> Response {
    listed(&admin, &ctx, &id, &Typed::default(), None).await
}

async fn listed(
    admin: &Admin,
    ctx: &Ctx,
    id: &RequestId,
    typed: &Typed,
    wrong: Option<&Outcome>,
) -> Response {
    match admin.gate.accounts(ctx).await {
        Ok(accounts) => {
            let (roles, today) = (admin.gate.roles(), admin.gate.today().to_string());
            let shown = Shown { roles: &roles, today: &today, typed, wrong };
            let mut response =
                admin.site.page(&Page::new("Tài khoản", page::list(&accounts, &shown)).here(ACCOUNTS));
            if let Some(wrong) = wrong {
                *response.status_mut() = error::status(wrong.kind);
            }
            response
        }
        Err(outcome) => error::page(&admin.site, &outcome, id),
    }
}

async fn create(
    State(admin): State<Admin>,
    Extension(ctx): Extension<Ctx>,
    Extension(id): Extension<RequestId>,
    headers: HeaderMap,
    Form(typed): Form<Typed>,
) -> Response {
    let roles = vec![typed.grant(&admin.gate.today().to_string())];
    let account = NewAccount {
        login: typed.login.clone(),
        name: typed.name.clone(),
        practitioner: some(&typed.practitioner),
        roles,
        ..NewAccount::default()
    };
    match admin.gate.create(&ctx, &account).await {
        Ok((account, link)) => linked(&admin, &headers, &account.name, &link),
        Err(outcome) => listed(&admin, &ctx, &id, &typed, Some(&outcome)).await,
    }
}

/// The link, shown this once.
fn linked(admin: &Admin, headers: &HeaderMap, name: &str, link: &Token) -> Response {
    let host = headers.get("host").and_then(|host| host.to_str().ok()).unwrap_or_default();
    let base = if admin.base_url.is_empty() { format!("http://{host}") } else { admin.base_url.clone() };
    let address = format!("{base}/mat-khau/{}", link.0);
    admin.site.page(&Page::new("Liên kết đặt mật khẩu", page::link(name, &address)).here(ACCOUNTS))
}

async fn one(
    State(admin): State<Admin>,
    Extension(ctx): Extension<Ctx>,
    Extension(id): Extension<RequestId>,
    Path(account): Path<String>,
) -> Response {
    shown(&admin, &ctx, &id, &account, &Typed::default(), None).await
}

async fn shown(
    admin: &Admin,
    ctx: &Ctx,
    id: &RequestId,
    account: &str,
    typed: &Typed,
    wrong: Option<&Outcome>,
) -> Response {
    match admin.gate.account_for(ctx, account).await {
        Ok(account) => {
            let (roles, today) = (admin.gate.roles(), admin.gate.today().to_string());
            let shown = Shown { roles: &roles, today: &today, typed, wrong };
            let mut response =
                admin.site.page(&Page::new("Tài khoản", page::one(&account, &shown)).here(ACCOUNTS));
            if let Some(wrong) = wrong {
                *response.status_mut() = error::status(wrong.kind);
            }
            response
        }
        Err(outcome) => error::page(&admin.site, &outcome, id),
    }
}

async fn roles(
    State(admin): State<Admin>,
    Extension(ctx): Extension<Ctx>,
    Extension(id): Extension<RequestId>,
    Path(account): Path<String>,
    Form(typed): Form<Typed>,
) -> Response {
    let changed = async {
        let mut grants = admin.gate.account_for(&ctx, &account).await?.roles.clone();
        match typed.away.parse::<usize>() {
            Ok(away) if away < grants.len() => drop(grants.remove(away)),
            _ => grants.push(typed.grant(&admin.gate.today().to_string())),
        }
        admin.gate.set_roles(&ctx, &account, grants).await
    };
    match changed.await {
        Ok(()) => Redirect::to(&format!("{ACCOUNTS}/{account}")).into_response(),
        Err(outcome) => shown(&admin, &ctx, &id, &account, &typed, Some(&outcome)).await,
    }
}

async fn block(
    State(admin): State<Admin>,
    Extension(ctx): Extension<Ctx>,
    Extension(id): Extension<RequestId>,
    Path(account): Path<String>,
    Form(typed): Form<Typed>,
) -> Response {
    match admin.gate.set_blocked(&ctx, &account, typed.blocked == "true").await {
        Ok(()) => Redirect::to(&format!("{ACCOUNTS}/{account}")).into_response(),
        Err(outcome) => shown(&admin, &ctx, &id, &account, &Typed::default(), Some(&outcome)).await,
    }
}

async fn set_back(
    State(admin): State<Admin>,
    Extension(ctx): Extension<Ctx>,
    Extension(id): Extension<RequestId>,
    Path(account): Path<String>,
    headers: HeaderMap,
) -> Response {
    let done = async {
        let found = admin.gate.account_for(&ctx, &account).await?;
        Ok((found, admin.gate.set_back(&ctx, &account).await?))
    };
    match done.await {
        Ok((found, link)) => linked(&admin, &headers, &found.name, &link),
        Err(outcome) => shown(&admin, &ctx, &id, &account, &Typed::default(), Some(&outcome)).await,
    }
}
