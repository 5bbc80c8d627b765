//! «Kết thúc tháng»: one action closes every report of the month that is ready, says of the others why they are not, and
//! puts all papers of the month into one file.
//!
//! What closes is the verb of each report (`yba_report::closing`), with the checksum of what stood on the page; nothing is
//! signed here that could not be signed there. The file is made beside the request (`jobs`), and shown as it comes.

mod jobs;
mod page;

pub(crate) use jobs::Jobs;

use crate::print::file;
use crate::reports::{Asked, newest};
use crate::{Station, answered, own_facility};
use axum::Router;
use axum::extract::{Form, Path, RawQuery};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use std::sync::Arc;
use yba_content::reports::Every;
use yba_fhir::Outcome;
use yba_fhir::resource::is_id;
use yba_records::{Action, Ctx};
use yba_report::closing::Standing;
use yba_report::{Period, closing};
use yba_store::search::query::decode_pairs;
use yba_web::{Asking, Page, error};

/// The page.
pub const MONTH_END: &str = "/ket-thuc-thang";

pub(crate) fn routes() -> Router<Station> {
    Router::new()
        .route(MONTH_END, get(shown).post(end))
        .route("/ket-thuc-thang/viec/{id}", get(progress))
        .route("/ket-thuc-thang/tep/{id}", get(fetched))
}

/// The month that is to end.
#[derive(Debug, Clone)]
pub(crate) struct Month {
    pub period: Period,
    /// Id of an Organization; none means all facilities together.
    pub facility: Option<String>,
}

impl Month {
    /// By `ky` and `noi`; without a month, the one that ended last.
    fn of(station: &Station, pairs: &[(String, String)]) -> Result<Month, Outcome> {
        let said =
            |wanted: &str| pairs.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.as_str());
        let period = match said("ky") {
            Some(text) => Period::asked(text, Every::Month)?,
            None => Period::ended_before(Every::Month, station.today()),
        };
        let facility = said("noi").filter(|id| is_id(id)).map(str::to_owned);
        Ok(Month { period, facility: own_facility().or(facility) })
    }

    pub fn address(&self) -> String {
        address(self.period, self.facility.as_deref())
    }

    /// The reports whose period ends with this month, in their editions of the day.
    fn reports(&self, station: &Station) -> Vec<Asked> {
        let all = newest(station).into_iter().filter_map(|newest| {
            let period = Period::of(newest.every, self.period.last());
            let report = station.registers.report(&newest.slug, period.first())?.clone();
            let ends = period.last() == self.period.last();
            ends.then(|| Asked::new(report, period, self.facility.clone()))
        });
        all.collect()
    }
}

/// The address of a month's page.
pub(crate) fn address(period: Period, facility: Option<&str>) -> String {
    let noi = facility.filter(|_| own_facility().is_none()).map(|one| format!("&noi={one}"));
    format!("{MONTH_END}?ky={period}{}", noi.unwrap_or_default())
}

/// A report of the month as it stands.
pub(crate) struct Line {
    pub asked: Asked,
    pub state: State,
}

/// Whether a report can be closed now.
pub(crate) enum State {
    /// It can: these are the numbers that would be signed, by their checksum.
    Ready {
        checksum: String,
        rows: usize,
    },
    Closed {
        at: String,
        rows: usize,
    },
    /// It was closed, and this many numbers are others now.
    Moved {
        at: String,
        cells: usize,
    },
    /// Why it cannot be closed without somebody looking.
    NotReady(String),
}

/// How a report stands. What the record does not know well enough to be counted is for a person to look at first.
fn state(asked: &Asked, standing: Standing, is_over: bool) -> State {
    let (now, cells) = (standing.now, standing.changes.len());
    match standing.closed {
        Some(closed) if cells > 0 => State::Moved { at: closed.at, cells },
        Some(closed) => State::Closed { at: closed.at, rows: now.rows },
        None if !is_over => State::NotReady(format!("{} chưa hết.", asked.period.title())),
        None if now.undated > 0 => State::NotReady(format!(
            "{} dòng chưa rõ ngày nên chưa tính được. Hãy bổ sung ngày, hoặc mở biểu để khóa.",
            now.undated
        )),
        None => State::Ready { checksum: now.checksum, rows: now.rows },
    }
}

/// The reports of a month. One that the caller may not run stands there with the reason.
async fn lines(station: &Station, ctx: &Ctx, month: &Month) -> Result<Vec<Line>, Outcome> {
    let (is_over, mut lines) = (month.period.last() < station.today(), Vec::new());
    for asked in month.reports(station) {
        let facility = asked.facility.as_deref();
        let standing =
            closing::standing(&station.records, ctx, &asked.report, asked.period, facility).await?;
        let state = state(&asked, standing, is_over);
        lines.push(Line { asked, state });
    }
    lines.sort_by_key(|line| order(&line.asked.report.about.form));
    Ok(lines)
}

/// Forms by their number: 4/BCX before 10/BCX.
fn order(form: &str) -> (u32, String) {
    let digits: String = form.chars().take_while(char::is_ascii_digit).collect();
    (digits.parse().unwrap_or(u32::MAX), form.to_owned())
}

async fn shown(Asking { room: station, ctx, id }: Asking<Station>, RawQuery(query): RawQuery) -> Response {
    let drawn = async {
        let pairs = decode_pairs(query.as_deref().unwrap_or_default());
        let month = Month::of(&station, &pairs)?;
        let job = pairs.iter().find(|(name, _)| name == "viec").map(|(_, value)| value.as_str());
        draw(&station, &ctx, &month, job).await
    };
    answered(&station, &id, drawn).await
}

async fn draw(station: &Station, ctx: &Ctx, month: &Month, job: Option<&str>) -> Result<Response, Outcome> {
    let lines = lines(station, ctx, month).await?;
    let job = job.and_then(|job| station.prints.months.look(job, &ctx.agent.name()));
    let content = page::month(&page::Shown {
        month,
        lines: &lines,
        may_close: ctx.may(Action::Create, "MeasureReport"),
        is_over: month.period.last() < station.today(),
        today: &station.today().to_string(),
        job: job.as_ref(),
    });
    Ok(station.site.page(&Page::new("Kết thúc tháng", content).here(crate::reports::REPORTS)))
}

/// Closes what is ready, and begins to put the papers together.
async fn end(
    Asking { room: station, ctx, id }: Asking<Station>,
    RawQuery(query): RawQuery,
    Form(fields): Form<Vec<(String, String)>>,
) -> Response {
    let ended = async {
        let month = Month::of(&station, &decode_pairs(query.as_deref().unwrap_or_default()))?;
        let refused = close(&station, &ctx, &month, &fields).await?;
        let job = jobs::begin(&station, &ctx, &month, refused)?;
        Ok(Redirect::to(&format!("{}&viec={job}", month.address())).into_response())
    };
    answered(&station, &id, ended).await
}

/// Closes every report that is ready and was on the page; answers what was not closed and why, by title.
async fn close(
    station: &Station,
    ctx: &Ctx,
    month: &Month,
    fields: &[(String, String)],
) -> Result<Vec<(String, String)>, Outcome> {
    let mut refused = Vec::new();
    for line in lines(station, ctx, month).await? {
        let report = &line.asked.report;
        let seen = fields.iter().find(|(name, _)| name.strip_prefix("thay-") == Some(&report.slug));
        let (State::Ready { .. }, Some((_, seen))) = (&line.state, seen) else { continue };
        let facility = line.asked.facility.as_deref();
        let done = closing::close(&station.records, ctx, report, line.asked.period, facility, seen).await;
        if let Err(outcome) = done {
            let text = outcome.issues.first().map(|issue| issue.text.clone()).unwrap_or_default();
            refused.push((report.about.title.clone(), text));
        }
    }
    Ok(refused)
}

/// How far the file is, for the part of the page that asks.
async fn progress(Asking { room: station, ctx, id }: Asking<Station>, Path(job): Path<String>) -> Response {
    let look = station.prints.months.look(&job, &ctx.agent.name());
    match look {
        Some(look) => station.site.fragment(&page::job(&look)),
        None => error::fragment(&station.site, &gone(), &id),
    }
}

async fn fetched(Asking { room: station, ctx, id }: Asking<Station>, Path(job): Path<String>) -> Response {
    let found = async {
        let (name, bytes) = station.prints.months.fetch(&job, &ctx.agent.name()).ok_or_else(gone)?;
        let disposition = format!("attachment; filename=\"{name}\"");
        Ok(file(&disposition, "application/zip", Arc::unwrap_or_clone(bytes)))
    };
    answered(&station, &id, found).await
}

fn gone() -> Outcome {
    let text = "Bộ tệp này không còn. Hãy bấm «Tạo bộ tệp» để làm lại.";
    Outcome::new(yba_fhir::Kind::Gone, "month-file", text, "no such file of a month")
}
