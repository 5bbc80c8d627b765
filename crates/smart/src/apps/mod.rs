//! Apps as an administrator keeps them: the list, a new one, its secret, switching it off.

mod page;

use crate::Smart;
use axum::Router;
use axum::extract::{Form, Path};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use page::Shown;
use yba_auth::Grant;
use yba_auth::smart::client::{Client, Sort};
use yba_auth::token::Token;
use yba_fhir::Outcome;
use yba_records::Ctx;
use yba_web::{Asking, Page, RequestId, error};

/// The list of apps.
pub(crate) const APPS: &str = "/quan-tri/ung-dung";

pub(crate) fn routes() -> Router<Smart> {
    Router::new()
        .route(APPS, get(list).post(register))
        .route("/quan-tri/ung-dung/{client}", get(one))
        .route("/quan-tri/ung-dung/{client}/tat", post(switch))
        .route("/quan-tri/ung-dung/{client}/ma-bi-mat", post(secret))
}

/// What the forms send.
#[derive(Default, serde::Deserialize)]
#[serde(default)]
pub(crate) struct Typed {
    pub name: String,
    pub sort: String,
    pub redirects: String,
    pub launch: String,
    pub scopes: String,
    pub jwks: String,
    pub role: String,
    pub organization: String,
    pub off: String,
}

fn some(text: &str) -> Option<String> {
    Some(text.trim()).filter(|text| !text.is_empty()).map(str::to_owned)
}

impl Typed {
    fn client(&self, smart: &Smart) -> Client {
        let sort = match self.sort.as_str() {
            "confidential" => Sort::Confidential,
            "backend" => Sort::Backend,
            _ => Sort::Public,
        };
        let grant = |role: String| Grant {
            organization: some(&self.organization),
            ..Grant::new(&role, smart.gate.today())
        };
        Client {
            name: self.name.trim().to_owned(),
            sort,
            redirects: self.redirects.split_whitespace().map(str::to_owned).collect(),
            launch: some(&self.launch),
            scopes: self.scopes.split_whitespace().collect::<Vec<_>>().join(" "),
            jwks: some(&self.jwks),
            roles: some(&self.role).map(grant).into_iter().collect(),
            ..Client::default()
        }
    }
}

async fn list(Asking { room: smart, ctx, id }: Asking<Smart>) -> Response {
    listed(&smart, &ctx, &id, &Typed::default(), None).await
}

async fn listed(
    smart: &Smart,
    ctx: &Ctx,
    id: &RequestId,
    typed: &Typed,
    wrong: Option<&Outcome>,
) -> Response {
    match smart.gate.clients(ctx).await {
        Ok(clients) => {
            let roles = smart.gate.roles();
            let shown = Shown { roles: &roles, typed, wrong };
            let mut response =
                smart.site.page(&Page::new("Ứng dụng", page::list(&clients, &shown)).here(APPS));
            if let Some(wrong) = wrong {
                *response.status_mut() = error::status(wrong.kind);
            }
            response
        }
        Err(outcome) => error::page(&smart.site, &outcome, id),
    }
}

async fn register(Asking { room: smart, ctx, id }: Asking<Smart>, Form(typed): Form<Typed>) -> Response {
    match smart.gate.register(&ctx, typed.client(&smart)).await {
        Ok((client, Some(secret))) => shown_once(&smart, &client, &secret),
        Ok((client, None)) => Redirect::to(&format!("{APPS}/{}", client.id)).into_response(),
        Err(outcome) => listed(&smart, &ctx, &id, &typed, Some(&outcome)).await,
    }
}

fn shown_once(smart: &Smart, client: &Client, secret: &Token) -> Response {
    smart.site.page(&Page::new("Mã bí mật", page::secret(client, &secret.0)).here(APPS))
}

async fn one(Asking { room: smart, ctx, id }: Asking<Smart>, Path(client): Path<String>) -> Response {
    match smart.gate.client_for(&ctx, &client).await {
        Ok(client) => {
            let content = page::one(&client, &smart.gate.roles());
            smart.site.page(&Page::new(client.name.clone(), content).here(APPS))
        }
        Err(outcome) => error::page(&smart.site, &outcome, &id),
    }
}

async fn switch(
    Asking { room: smart, ctx, id }: Asking<Smart>,
    Path(client): Path<String>,
    Form(typed): Form<Typed>,
) -> Response {
    match smart.gate.switch_client(&ctx, &client, typed.off == "true").await {
        Ok(()) => Redirect::to(&format!("{APPS}/{client}")).into_response(),
        Err(outcome) => error::page(&smart.site, &outcome, &id),
    }
}

async fn secret(Asking { room: smart, ctx, id }: Asking<Smart>, Path(client): Path<String>) -> Response {
    match smart.gate.renew_secret(&ctx, &client).await {
        Ok((client, secret)) => shown_once(&smart, &client, &secret),
        Err(outcome) => error::page(&smart.site, &outcome, &id),
    }
}
