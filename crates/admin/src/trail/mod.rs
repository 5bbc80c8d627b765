//! The audit trail for people: who looked at somebody's record, a search of all entries, the report of a breach.

mod asked;
pub(crate) mod download;
mod names;
mod page;
mod words;

use crate::Admin;
use asked::Asked;
use axum::Router;
use axum::extract::{Path, Query};
use axum::response::Response;
use axum::routing::get;
use names::Names;
use yba_fhir::Outcome;
use yba_records::audit::{Report, Wanted};
use yba_records::{Action, Ctx};
use yba_web::{Asking, Page, RequestId, error};

/// The search of the trail, and the report of a breach.
pub const TRAIL: &str = "/quan-tri/nhat-ky";
pub const BREACH: &str = "/quan-tri/ro-ri";
/// Entries of a page.
const COUNT: usize = 50;
/// Most entries of a file.
const FILE_MAX: usize = 100_000;

pub(crate) fn routes() -> Router<Admin> {
    Router::new()
        .route(TRAIL, get(search))
        .route("/quan-tri/nhat-ky/tep", get(search_file))
        .route(BREACH, get(breach))
        .route("/quan-tri/ro-ri/tep", get(breach_file))
        .route("/nguoi/{person}/ai-xem", get(who_looked))
}

async fn search(Asking { room: admin, ctx, id }: Asking<Admin>, Query(asked): Query<Asked>) -> Response {
    let drawn = async {
        let wanted = asked.wanted()?;
        // Accounts can be chosen from a list only by who may see the list.
        let accounts = admin.gate.accounts(&ctx).await.unwrap_or_default();
        let found = admin.records.audit_search(&ctx, &wanted, asked.cursor(), COUNT).await?;
        let names = Names::of_entries(&admin, &ctx, &found.entries).await?;
        Ok(page::search(&asked, &accounts, &found, &names, None))
    };
    match drawn.await {
        Ok(content) => admin.site.page(&Page::new("Nhật ký truy cập", content).here(TRAIL)),
        Err(outcome) => mistaken(&admin, &ctx, &id, &asked, outcome).await,
    }
}

/// A slip of the form is told on the form, with what was typed; anything else is a page of its own.
async fn mistaken(admin: &Admin, ctx: &Ctx, id: &RequestId, asked: &Asked, outcome: Outcome) -> Response {
    if outcome.issues.iter().all(|issue| issue.path.is_none()) {
        return error::page(&admin.site, &outcome, id);
    }
    let accounts = admin.gate.accounts(ctx).await.unwrap_or_default();
    let nothing = yba_records::audit::Found::default();
    let content = page::search(asked, &accounts, &nothing, &Names::default(), Some(&outcome));
    let mut response = admin.site.page(&Page::new("Nhật ký truy cập", content).here(TRAIL));
    *response.status_mut() = error::status(outcome.kind);
    response
}

async fn search_file(Asking { room: admin, ctx, id }: Asking<Admin>, Query(asked): Query<Asked>) -> Response {
    let made = async {
        let found = admin.records.audit_export(&ctx, &asked.wanted()?, FILE_MAX).await?;
        let names = Names::of_entries(&admin, &ctx, &found.entries).await?;
        download::entries(&found, &names)
    };
    sent(&admin, &id, "nhat-ky.csv", made.await)
}

/// A file to keep, or why there is none.
fn sent(admin: &Admin, id: &RequestId, name: &str, made: Result<Vec<u8>, Outcome>) -> Response {
    match made {
        Ok(file) => download::csv(name, file),
        Err(outcome) => error::page(&admin.site, &outcome, id),
    }
}

async fn breach(Asking { room: admin, ctx, id }: Asking<Admin>, Query(asked): Query<Asked>) -> Response {
    let drawn = async {
        let accounts = admin.gate.accounts(&ctx).await.unwrap_or_default();
        if !asked.has_span() {
            admin.records.may_report(&ctx).await?;
            return Ok(page::breach_form(&asked, &accounts));
        }
        let (report, names) = reported(&admin, &ctx, &asked).await?;
        Ok(page::breach(&asked, &accounts, &report, &names))
    };
    match drawn.await {
        Ok(content) => admin.site.page(&Page::new("Báo cáo lộ dữ liệu", content).here(TRAIL)),
        Err(outcome) => error::page(&admin.site, &outcome, &id),
    }
}

async fn breach_file(Asking { room: admin, ctx, id }: Asking<Admin>, Query(asked): Query<Asked>) -> Response {
    let made = async {
        let (report, names) = reported(&admin, &ctx, &asked).await?;
        download::report(&report, &names)
    };
    sent(&admin, &id, "nguoi-bi-lo-du-lieu.csv", made.await)
}

/// The report of a breach, and what those who looked are called.
async fn reported(admin: &Admin, ctx: &Ctx, asked: &Asked) -> Result<(Report, Names), Outcome> {
    let report = admin.records.audit_report(ctx, &asked.wanted()?).await?;
    let names = Names::of_agents(admin, ctx, report.agents.keys()).await?;
    Ok((report, names))
}

/// Who looked at a person's record: of all files that are linked to be the person's, when the caller may read those.
async fn who_looked(
    Asking { room: admin, ctx, id }: Asking<Admin>,
    Path(person): Path<String>,
    Query(asked): Query<Asked>,
) -> Response {
    let drawn = async {
        admin.records.may_see_lookers(&ctx, &person).await?;
        let known = match ctx.may(Action::Read, "Patient") {
            true => Some(yba_mpi::person::person(&admin.records, &ctx, &person).await?),
            false => None,
        };
        let patients = match &known {
            Some(known) => known.patients.iter().map(|one| one.id.clone()).collect(),
            None => vec![person.clone()],
        };
        let wanted = Wanted { patients, ..Wanted::default() };
        let found = admin.records.audit_search(&ctx, &wanted, asked.cursor(), COUNT).await?;
        let names = Names::of_entries(&admin, &ctx, &found.entries).await?;
        let name = known
            .as_ref()
            .and_then(|known| known.patients.first())
            .and_then(|one| one.names.first().cloned());
        Ok(page::who_looked(&person, name.as_deref(), &found, &names, asked.cursor().is_some()))
    };
    match drawn.await {
        Ok(content) => admin.site.page(&Page::new("Ai đã xem hồ sơ", content)),
        Err(outcome) => error::page(&admin.site, &outcome, &id),
    }
}
