//! The review of accounts: who still has one, with which roles and where, when it was last used and looked at; each is kept or
//! withdrawn. Every ruling is a version of the account.

mod file;
mod page;

use super::page::Words;
use crate::Admin;
use crate::trail::download;
use axum::Router;
use axum::extract::Form;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use maud::Markup;
use std::sync::Arc;
use yba_auth::{Account, Ruling};
use yba_fhir::{Day, Outcome, date};
use yba_records::Ctx;
use yba_records::gate::{Review, RoleName};
use yba_ui::format;
use yba_web::{Asking, Page, RequestId, error};

pub const REVIEW: &str = "/quan-tri/ra-soat";

pub(super) fn routes() -> Router<Admin> {
    Router::new().route(REVIEW, get(list).post(rule)).route("/quan-tri/ra-soat/tep", get(download_file))
}

/// A ruling as people read it.
pub(super) struct Told {
    pub when: String,
    pub by: String,
    pub what: &'static str,
    pub reason: String,
}

/// What the page and the file show.
struct Shown<'a> {
    accounts: &'a [(Arc<Account>, Review)],
    /// The last ruling of each, in the same order.
    rulings: &'a [Option<Told>],
    words: &'a Words,
    roles: &'a [RoleName],
    today: Day,
    /// The account of whoever looks.
    own: Option<&'a str>,
    days: (i64, i64),
}

/// What the form of a line sends.
#[derive(Default, serde::Deserialize)]
#[serde(default)]
struct Typed {
    account: String,
    /// `giu` or `thu`.
    ruling: String,
    reason: String,
}

/// Rulings with the names of who ruled.
pub(super) async fn told(admin: &Admin, rulings: &[Ruling]) -> Result<Vec<Told>, Outcome> {
    let mut told = Vec::with_capacity(rulings.len());
    for ruling in rulings {
        let by = match ruling.by.strip_prefix("account/") {
            Some(id) => admin.gate.name_of(id).await?.unwrap_or_else(|| ruling.by.clone()),
            None => ruling.by.clone(),
        };
        let when = format::date_time(&date::instant(ruling.at));
        let what = if ruling.keeps { "Giữ" } else { "Thu hồi" };
        told.push(Told { when, by, what, reason: ruling.reason.clone() });
    }
    Ok(told)
}

/// Draws all accounts by this.
async fn drawn<T>(
    admin: &Admin,
    ctx: &Ctx,
    draw: impl FnOnce(&Shown) -> Result<T, Outcome>,
) -> Result<T, Outcome> {
    let accounts = admin.gate.accounts_to_review(ctx).await?;
    let only: Vec<Arc<Account>> = accounts.iter().map(|(account, _)| account.clone()).collect();
    let words = Words::of(admin, ctx, &only).await?;
    let mut rulings = Vec::with_capacity(only.len());
    for account in &only {
        rulings.push(told(admin, account.reviewed.as_slice()).await?.pop());
    }
    let own = match &ctx.agent {
        yba_records::Agent::Person(person) => Some(person.account()),
        _ => None,
    };
    let (roles, today, days) = (admin.gate.roles(), admin.gate.today(), admin.gate.limits());
    let (accounts, rulings, words, roles) = (&accounts[..], &rulings[..], &words, &roles[..]);
    draw(&Shown { accounts, rulings, words, roles, today, own, days })
}

async fn listed(admin: &Admin, ctx: &Ctx, id: &RequestId, wrong: Option<(&Typed, &Outcome)>) -> Response {
    let content = drawn(admin, ctx, |shown| Ok::<Markup, Outcome>(page::list(shown, wrong)));
    match content.await {
        Ok(content) => {
            let mut response = admin.site.page(&Page::new("Rà soát tài khoản", content).here(REVIEW));
            if let Some((_, wrong)) = wrong {
                *response.status_mut() = error::status(wrong.kind);
            }
            response
        }
        Err(outcome) => error::page(&admin.site, &outcome, id),
    }
}

async fn list(Asking { room: admin, ctx, id }: Asking<Admin>) -> Response {
    listed(&admin, &ctx, &id, None).await
}

async fn rule(Asking { room: admin, ctx, id }: Asking<Admin>, Form(typed): Form<Typed>) -> Response {
    match admin.gate.rule(&ctx, &typed.account, typed.ruling == "giu", &typed.reason).await {
        Ok(()) => Redirect::to(REVIEW).into_response(),
        Err(outcome) => listed(&admin, &ctx, &id, Some((&typed, &outcome))).await,
    }
}

async fn download_file(Asking { room: admin, ctx, id }: Asking<Admin>) -> Response {
    match drawn(&admin, &ctx, file::rows).await {
        Ok(bytes) => download::csv("ra-soat-tai-khoan.csv", bytes),
        Err(outcome) => error::page(&admin.site, &outcome, &id),
    }
}
