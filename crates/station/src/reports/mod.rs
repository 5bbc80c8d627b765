//! «Báo cáo»: what must be reported by when, each number with the people behind it, a month that is closed and re-stated.
//!
//! Nobody types a number: reports count registers, registers are made of records as they are written (`yba-report`). `/bao-cao` lists
//! the reports that are due; `/bao-cao/{slug}` shows one period, `/bao-cao/{slug}/o/{cell}` the rows behind a number.

pub mod page;

use crate::{Station, answered, month_end, own_facility, registers};
use axum::Router;
use axum::extract::{Form, Path, RawQuery};
use axum::http::header;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use maud::Markup;
use std::sync::Arc;
use yba_content::reports::Every;
use yba_fhir::resource::is_id;
use yba_fhir::{Kind, Outcome};
use yba_records::{Action, Ctx};
use yba_report::listing::Window;
use yba_report::{Period, Register, Report, closing, csv, running};
use yba_store::search::query::decode_pairs;
use yba_web::{Asking, Page, RequestId, error};

/// The list.
pub const REPORTS: &str = "/bao-cao";
/// Rows behind a number on one page.
const PAGE: usize = 50;

pub(crate) fn routes() -> Router<Station> {
    Router::new()
        .route(REPORTS, get(listed))
        .route("/bao-cao/{slug}", get(one))
        .route("/bao-cao/{slug}/o/{cell}", get(behind))
        .route("/bao-cao/{slug}/csv", get(as_csv))
        .route("/bao-cao/{slug}/khoa", post(close))
        .route("/bao-cao/{slug}/sua", post(restate))
}

/// One report that is asked for.
pub(crate) struct Asked {
    pub report: Arc<Report>,
    pub period: Period,
    /// Id of an Organization; none means all facilities together.
    pub facility: Option<String>,
    /// After which row.
    after: Option<String>,
    done: Option<&'static str>,
}

impl Asked {
    /// A report of a period and a facility.
    pub fn new(report: Arc<Report>, period: Period, facility: Option<String>) -> Asked {
        Asked { report, period, facility, after: None, done: None }
    }

    /// By the slug and what the address says: `ky`, `noi`, `sau`. Refuses what is no report and no period of it.
    pub fn of(station: &Station, slug: &str, query: Option<&str>) -> Result<Asked, Outcome> {
        let mut asked: (Option<String>, Option<String>, Option<String>, Option<&'static str>) =
            Default::default();
        for (name, value) in decode_pairs(query.unwrap_or_default()) {
            match name.as_str() {
                "ky" => asked.0 = Some(value),
                "noi" if is_id(&value) => asked.1 = Some(value),
                "sau" => asked.2 = Some(value),
                "xong" if value == "khoa" => asked.3 = Some("Đã khóa báo cáo."),
                "xong" if value == "sua" => asked.3 = Some("Đã sửa báo cáo đã khóa."),
                _ => {}
            }
        }
        let (period, facility, after, done) = asked;
        let today = station.today();
        let newest = station.registers.report(slug, today).ok_or_else(error::not_found)?;
        let period = match period {
            Some(text) => Period::asked(&text, newest.every)?,
            None => Period::ended_before(newest.every, today),
        };
        let report = station.registers.report(slug, period.first()).ok_or_else(|| {
            let text = "Kỳ này chưa có biểu mẫu nào áp dụng. Hãy chọn kỳ sau.";
            Outcome::new(Kind::NotFound, "report-edition", text, "no edition for the period")
        })?;
        Ok(Asked { report: report.clone(), period, facility: own_facility().or(facility), after, done })
    }

    /// The address of this period, of a part of the report.
    pub fn address(&self, part: &str) -> String {
        self.address_of(part, self.period)
    }

    pub fn address_of(&self, part: &str, period: Period) -> String {
        let mut address = format!("{REPORTS}/{}{part}?ky={period}", self.report.slug);
        if own_facility().is_none()
            && let Some(facility) = &self.facility
        {
            address += &format!("&noi={facility}");
        }
        address
    }
}

async fn listed(Asking { room: station, ctx, id }: Asking<Station>, RawQuery(query): RawQuery) -> Response {
    let of = decode_pairs(query.as_deref().unwrap_or_default());
    let of = of.into_iter().find(|(name, value)| name == "noi" && is_id(value)).map(|(_, value)| value);
    let listed = async {
        let (today, facility) = (station.today(), own_facility().or(of));
        let lines = due(&station, &ctx, facility.clone()).await?;
        let month = Period::of(Every::Month, today);
        let may_see =
            |register: &&Arc<Register>| register.kinds().iter().all(|kind| ctx.may(Action::Search, kind));
        let registers = station.registers.registers().filter(may_see).map(|register| page::Book {
            href: registers::address(&register.slug, "", month, facility.as_deref()),
            title: register.about.title.clone(),
            form: register.about.form.clone(),
        });
        let ended = Period::ended_before(Every::Month, today);
        let month_end = month_end::address(ended, facility.as_deref());
        let content = page::list(&lines, &registers.collect::<Vec<_>>(), &month_end, &today.to_string());
        Ok(drawn(&station, content))
    };
    answered(&station, &id, listed).await
}

fn drawn(station: &Station, content: Markup) -> Response {
    station.site.page(&Page::new("Báo cáo", content).here(REPORTS))
}

/// The reports of the period that ended last, those whose day is nearest first.
pub(crate) async fn due(
    station: &Station,
    ctx: &Ctx,
    facility: Option<String>,
) -> Result<Vec<page::Due>, Outcome> {
    let today = station.today();
    let mut lines = Vec::new();
    for report in newest(station) {
        let period = Period::ended_before(report.every, today);
        let closed = closing::closed(&station.records, ctx, &report, period, facility.as_deref()).await?;
        lines.push(page::Due {
            href: { Asked::new(report.clone(), period, facility.clone()).address("") },
            title: report.about.title.clone(),
            form: report.about.form.clone(),
            period: period.title(),
            due: period.due(report.due).to_string(),
            closed_at: closed.map(|closed| closed.at).unwrap_or_default(),
        });
    }
    lines.sort_by(|one, other| (&one.due, &one.form).cmp(&(&other.due, &other.form)));
    Ok(lines)
}

/// The edition of each report that is in force.
pub(crate) fn newest(station: &Station) -> Vec<Arc<Report>> {
    let today = station.today();
    let mut slugs: Vec<&str> = station.registers.reports().map(|report| report.slug.as_str()).collect();
    slugs.sort_unstable();
    slugs.dedup();
    slugs.into_iter().filter_map(|slug| station.registers.report(slug, today)).cloned().collect()
}

async fn one(
    Asking { room: station, ctx, id }: Asking<Station>,
    Path(slug): Path<String>,
    RawQuery(query): RawQuery,
) -> Response {
    let shown = async {
        let asked = Asked::of(&station, &slug, query.as_deref())?;
        draw(&station, &ctx, &id, &asked, "", None).await
    };
    answered(&station, &id, shown).await
}

/// The page of a period; `explanation` is what was typed when something was refused.
async fn draw(
    station: &Station,
    ctx: &Ctx,
    id: &RequestId,
    asked: &Asked,
    explanation: &str,
    wrong: Option<&Outcome>,
) -> Result<Response, Outcome> {
    let facility = asked.facility.as_deref();
    let standing = closing::standing(&station.records, ctx, &asked.report, asked.period, facility).await?;
    let content = page::one(&page::Shown {
        asked,
        standing: &standing,
        today: &station.today().to_string(),
        is_over: asked.period.last() < station.today(),
        may_close: ctx.may(Action::Create, "MeasureReport"),
        explanation,
        done: asked.done,
        note: wrong.map(|outcome| error::note(outcome, id)),
    });
    let mut response = drawn(station, content);
    if let Some(outcome) = wrong {
        *response.status_mut() = error::status(outcome.kind);
    }
    Ok(response)
}

async fn behind(
    Asking { room: station, ctx, id }: Asking<Station>,
    Path((slug, cell)): Path<(String, usize)>,
    RawQuery(query): RawQuery,
) -> Response {
    let found = async {
        let asked = Asked::of(&station, &slug, query.as_deref())?;
        let window = Window { count: PAGE, after: asked.after.as_deref() };
        let (records, report, facility) = (&station.records, &asked.report, asked.facility.as_deref());
        let rows =
            running::people_behind(records, &ctx, report, asked.period, facility, cell, &window).await?;
        let register = report.register(cell, asked.period.first()).ok_or_else(error::not_found)?;
        Ok(drawn(&station, page::behind(&asked, cell, register, &rows)))
    };
    answered(&station, &id, found).await
}

async fn as_csv(
    Asking { room: station, ctx, id }: Asking<Station>,
    Path(slug): Path<String>,
    RawQuery(query): RawQuery,
) -> Response {
    let made = async {
        let asked = Asked::of(&station, &slug, query.as_deref())?;
        let facility = asked.facility.as_deref();
        // As every other file of it: of a closed month what was signed.
        let standing =
            closing::standing(&station.records, &ctx, &asked.report, asked.period, facility).await?;
        let mut text = csv::MARK.to_owned();
        csv::report(&asked.report, asked.period, |at| standing.cell(&asked.report, at), &mut text);
        let name = format!("attachment; filename=\"{}-{}.csv\"", asked.report.slug, asked.period);
        let kind = "text/csv; charset=utf-8".to_owned();
        Ok(([(header::CONTENT_TYPE, kind), (header::CONTENT_DISPOSITION, name)], text).into_response())
    };
    answered(&station, &id, made).await
}

#[derive(serde::Deserialize)]
struct Closing {
    /// The checksum of what was looked at.
    #[serde(default)]
    thay: String,
    #[serde(default, rename = "giai-thich")]
    explanation: String,
}

async fn close(
    Asking { room: station, ctx, id }: Asking<Station>,
    Path(slug): Path<String>,
    RawQuery(query): RawQuery,
    Form(typed): Form<Closing>,
) -> Response {
    let closed = async {
        let asked = Asked::of(&station, &slug, query.as_deref())?;
        let (records, facility) = (&station.records, asked.facility.as_deref());
        let done = closing::close(records, &ctx, &asked.report, asked.period, facility, &typed.thay).await;
        told(&station, &ctx, &id, &asked, done.map(|_| "khoa"), "").await
    };
    answered(&station, &id, closed).await
}

async fn restate(
    Asking { room: station, ctx, id }: Asking<Station>,
    Path(slug): Path<String>,
    RawQuery(query): RawQuery,
    Form(typed): Form<Closing>,
) -> Response {
    let (seen, why) = (&typed.thay, typed.explanation.trim());
    let restated = async {
        let asked = Asked::of(&station, &slug, query.as_deref())?;
        let (records, facility) = (&station.records, asked.facility.as_deref());
        let done = closing::restate(records, &ctx, &asked.report, asked.period, facility, seen, why).await;
        told(&station, &ctx, &id, &asked, done.map(|_| "sua"), why).await
    };
    answered(&station, &id, restated).await
}

/// Back to the page of the period, which says what was done, or why it was not.
async fn told(
    station: &Station,
    ctx: &Ctx,
    id: &RequestId,
    asked: &Asked,
    done: Result<&str, Outcome>,
    explanation: &str,
) -> Result<Response, Outcome> {
    match done {
        Ok(done) => Ok(Redirect::to(&format!("{}&xong={done}", asked.address(""))).into_response()),
        Err(outcome) => draw(station, ctx, id, asked, explanation, Some(&outcome)).await,
    }
}
