//! Accounts: the list, a new one with its link, roles, blocking, setting back.

mod page;
mod pick;
pub mod review;
mod typed;

use crate::Admin;
use axum::Router;
use axum::extract::{Form, Path, Query};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use page::{Shown, Words};
use pick::{FACILITIES, PRACTITIONERS, Sort};
use typed::Typed;
use yba_auth::token::Token;
use yba_fhir::Outcome;
use yba_records::Ctx;
use yba_terminology::communes;
use yba_web::{Asking, Page, RequestId, error};

/// The list of accounts.
pub const ACCOUNTS: &str = "/quan-tri/tai-khoan";

pub(crate) fn routes() -> Router<Admin> {
    Router::new()
        .route(ACCOUNTS, get(list).post(create))
        .route("/quan-tri/tai-khoan/co-so", post(facilities))
        .route("/quan-tri/tai-khoan/nhan-vien", post(practitioners))
        .route("/quan-tri/tai-khoan/xa", post(offered_communes))
        .route("/quan-tri/tai-khoan/{account}", get(one).post(roles))
        .route("/quan-tri/tai-khoan/{account}/nguoi", post(person))
        .route("/quan-tri/tai-khoan/{account}/ngoai", post(outside))
        .merge(review::routes())
        .route("/quan-tri/tai-khoan/{account}/khoa", post(block))
        .route("/quan-tri/tai-khoan/{account}/dat-lai", post(set_back))
}

async fn list(Asking { room: admin, ctx, id }: Asking<Admin>) -> Response {
    listed(&admin, &ctx, &id, &Typed::default(), None).await
}

async fn listed(
    admin: &Admin,
    ctx: &Ctx,
    id: &RequestId,
    typed: &Typed,
    wrong: Option<&Outcome>,
) -> Response {
    let drawn = async {
        let accounts = admin.gate.accounts(ctx).await?;
        let words = Words::of(admin, ctx, &accounts).await?;
        let (roles, today) = (admin.gate.roles(), admin.gate.today());
        Ok(page::list(&accounts, &Shown { roles: &roles, today, typed, wrong, words: &words }))
    };
    match drawn.await {
        Ok(content) => told(admin, "Tài khoản", content, wrong),
        Err(outcome) => error::page(&admin.site, &outcome, id),
    }
}

/// A page, with the status of what was wrong.
fn told(admin: &Admin, title: &str, content: maud::Markup, wrong: Option<&Outcome>) -> Response {
    let mut response = admin.site.page(&Page::new(title, content).here(ACCOUNTS));
    if let Some(wrong) = wrong {
        *response.status_mut() = error::status(wrong.kind);
    }
    response
}

async fn facilities(Asking { room: admin, ctx, id }: Asking<Admin>, Form(typed): Form<Typed>) -> Response {
    offered(&admin, &ctx, &id, FACILITIES, &typed.organization).await
}

async fn practitioners(Asking { room: admin, ctx, id }: Asking<Admin>, Form(typed): Form<Typed>) -> Response {
    offered(&admin, &ctx, &id, PRACTITIONERS, &typed.practitioner).await
}

/// What the browser's own list offers while somebody types.
async fn offered(admin: &Admin, ctx: &Ctx, id: &RequestId, sort: Sort, typed: &str) -> Response {
    match sort.offered(admin, ctx, typed).await {
        Ok(found) => admin.site.fragment(&page::offers(found.iter().map(|one| one.label.clone()))),
        Err(outcome) => error::fragment(&admin.site, &outcome, id),
    }
}

async fn offered_communes(
    Asking { room: admin, id, .. }: Asking<Admin>,
    Form(typed): Form<Typed>,
) -> Response {
    match admin.records.terminology().await {
        Ok(terminology) => {
            let today = admin.gate.today();
            let found = communes::offered(&terminology, &admin.content, &typed.commune, today);
            admin.site.fragment(&page::offers(found.iter().map(communes::Commune::label)))
        }
        Err(outcome) => error::fragment(&admin.site, &outcome, &id),
    }
}

async fn create(
    Asking { room: admin, ctx, id }: Asking<Admin>,
    headers: HeaderMap,
    Form(typed): Form<Typed>,
) -> Response {
    let made = async {
        let account = typed.account(&admin, &ctx).await?;
        admin.gate.create(&ctx, &account).await
    };
    match made.await {
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

/// Which role of the account is in the form.
#[derive(serde::Deserialize)]
struct Edited {
    sua: Option<usize>,
}

async fn one(
    Asking { room: admin, ctx, id }: Asking<Admin>,
    Path(account): Path<String>,
    Query(edited): Query<Edited>,
) -> Response {
    let typed = async {
        let found = admin.gate.account_for(&ctx, &account).await?;
        let words = Words::of(&admin, &ctx, std::slice::from_ref(&found)).await?;
        let grant = edited.sua.and_then(|at| Some((at, found.roles.get(at)?)));
        Ok(grant.map_or_else(Typed::default, |(at, grant)| words.form_of(at, grant)))
    };
    match typed.await {
        Ok(typed) => shown(&admin, &ctx, &id, &account, &typed, None).await,
        Err(outcome) => error::page(&admin.site, &outcome, &id),
    }
}

async fn shown(
    admin: &Admin,
    ctx: &Ctx,
    id: &RequestId,
    account: &str,
    typed: &Typed,
    wrong: Option<&Outcome>,
) -> Response {
    let drawn = async {
        let account = admin.gate.account_for(ctx, account).await?;
        let words = Words::of(admin, ctx, std::slice::from_ref(&account)).await?;
        let (roles, today) = (admin.gate.roles(), admin.gate.today());
        let (_, review) = admin.gate.account_to_review(ctx, &account.id).await?;
        let rulings = review::told(admin, &admin.gate.rulings(ctx, &account.id).await?).await?;
        let shown = Shown { roles: &roles, today, typed, wrong, words: &words };
        Ok(page::one(&account, &review, &rulings, admin.gate.outside_name(), &shown))
    };
    match drawn.await {
        Ok(content) => told(admin, "Tài khoản", content, wrong),
        Err(outcome) => error::page(&admin.site, &outcome, id),
    }
}

/// Back to the page of an account, or the page with what was wrong and what was typed.
async fn done(
    admin: &Admin,
    ctx: &Ctx,
    id: &RequestId,
    account: &str,
    typed: &Typed,
    done: Result<(), Outcome>,
) -> Response {
    match done {
        Ok(()) => Redirect::to(&format!("{ACCOUNTS}/{account}")).into_response(),
        Err(outcome) => shown(admin, ctx, id, account, typed, Some(&outcome)).await,
    }
}

async fn roles(
    Asking { room: admin, ctx, id }: Asking<Admin>,
    Path(account): Path<String>,
    Form(typed): Form<Typed>,
) -> Response {
    let changed = async {
        let found = admin.gate.account_for(&ctx, &account).await?;
        admin.gate.set_roles(&ctx, &account, typed.roles(&admin, &ctx, &found).await?).await
    };
    done(&admin, &ctx, &id, &account, &typed, changed.await).await
}

/// Who the owner is.
async fn person(
    Asking { room: admin, ctx, id }: Asking<Admin>,
    Path(account): Path<String>,
    Form(typed): Form<Typed>,
) -> Response {
    let changed = async {
        let practitioner = PRACTITIONERS.meant(&admin, &ctx, &typed.practitioner).await?;
        admin.gate.set_person(&ctx, &account, &typed.name, practitioner).await
    };
    done(&admin, &ctx, &id, &account, &typed, changed.await).await
}

/// The owner's name at the outside provider: tied, or taken away.
async fn outside(
    Asking { room: admin, ctx, id }: Asking<Admin>,
    Path(account): Path<String>,
    Form(typed): Form<Typed>,
) -> Response {
    let changed = match typed.away.as_str() {
        "" => admin.gate.tie_outside(&ctx, &account, &typed.subject).await,
        away => admin.gate.untie_outside(&ctx, &account, away).await,
    };
    done(&admin, &ctx, &id, &account, &typed, changed).await
}

async fn block(
    Asking { room: admin, ctx, id }: Asking<Admin>,
    Path(account): Path<String>,
    Form(typed): Form<Typed>,
) -> Response {
    let blocked = match typed.blocked.as_str() {
        "true" => admin.gate.block(&ctx, &account).await,
        _ => admin.gate.unblock(&ctx, &account, &typed.reason).await,
    };
    done(&admin, &ctx, &id, &account, &typed, blocked).await
}

async fn set_back(
    Asking { room: admin, ctx, id }: Asking<Admin>,
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
