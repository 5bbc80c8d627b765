//! Closing a period, and re-stating what was closed.
//!
//! A closed report is a MeasureReport in the log: who closed it and when, its numbers, a checksum of what they were
//! counted from. Nothing changes it but a re-statement, which is a new version with an explanation that is kept, and with
//! what it changes. Late data changes nothing closed: the difference is shown until somebody re-states.

use crate::follower::still;
use crate::period::Period;
use crate::report::Report;
use crate::running::{Run, counted};
use crate::statement::{self, Change, Closed, Restated, Signature};
use crate::tally;
use yba_fhir::{Day, Kind, Outcome, Resource, date};
use yba_fhirpath::Decimal;
use yba_records::{Change as Write, Ctx, Records};

/// Longest explanation.
pub const EXPLANATION_MAX: usize = 2000;
/// Most re-statements of one report: more are no corrections.
pub const RESTATED_MAX: usize = 50;

/// A report of a period as it stands.
#[derive(Debug)]
pub struct Standing {
    /// What the record says now.
    pub now: Run,
    /// What was closed, if it was.
    pub closed: Option<Closed>,
    /// Cells that say something else now than what was closed.
    pub changes: Vec<Change>,
    /// Whether the records behind the numbers are other versions than those at closing; with no changes, no number moved.
    pub is_other_data: bool,
}

impl Standing {
    /// What a paper says in a cell, by its place in the grid: what was closed when it was, else what the record says now.
    pub fn cell(&self, report: &Report, at: usize) -> Option<Decimal> {
        match &self.closed {
            Some(closed) => {
                let name = report.name(at);
                closed.cells.iter().find(|(known, _)| *known == name).map(|(_, number)| *number)
            }
            None => self.now.cells.get(at).copied().flatten(),
        }
    }

    /// How many rows of registers stand behind what a paper says.
    pub fn rows(&self) -> usize {
        self.closed.as_ref().and_then(|closed| closed.rows).unwrap_or(self.now.rows)
    }
}

/// What was closed for a report, a period and a facility; none when it was not, or when the caller may not read it.
pub async fn closed(
    records: &Records,
    ctx: &Ctx,
    report: &Report,
    period: Period,
    facility: Option<&str>,
) -> Result<Option<Closed>, Outcome> {
    let id = statement::id_of(&report.slug, period, facility);
    match records.read(ctx, "MeasureReport", &id).await {
        Ok(version) => Ok(Some(statement::read(&version.tree()))),
        Err(outcome) if matches!(outcome.kind, Kind::NotFound | Kind::Gone) => Ok(None),
        Err(outcome) => Err(outcome),
    }
}

/// How a report stands: what the record says now beside what was closed. Refuses as [`crate::running::run`] does.
pub async fn standing(
    records: &Records,
    ctx: &Ctx,
    report: &Report,
    period: Period,
    facility: Option<&str>,
) -> Result<Standing, Outcome> {
    records.admit_counts(ctx, &report.kinds(), facility)?;
    let closed = closed(records, ctx, report, period, facility).await?;
    let _still = still(records).await?;
    let now = counted(records, report, period, facility, tally::ROWS_MAX).await?;
    let changes = closed.as_ref().map(|closed| closed.changes(report, &now)).unwrap_or_default();
    let is_other_data = closed.as_ref().is_some_and(|closed| closed.checksum != now.checksum);
    Ok(Standing { now, closed, changes, is_other_data })
}

/// Closes a period that is over, under the caller's name.
///
/// `seen` is the checksum of the run that the caller looked at: when the record says something else by now, nothing is
/// closed. Refuses a period that is not over, and one that is closed (which is re-stated instead).
pub async fn close(
    records: &Records,
    ctx: &Ctx,
    report: &Report,
    period: Period,
    facility: Option<&str>,
    seen: &str,
) -> Result<Closed, Outcome> {
    let today = Day::of_instant(records.store().clock().now_ms());
    if period.last() >= today {
        let text = format!(
            "{} chưa hết nên chưa khóa được. Khóa được từ {}.",
            sentence(period),
            vi(period.last().plus_days(1))
        );
        return Err(Outcome::new(Kind::Unprocessable, "report-not-over", text, "the period is not over"));
    }
    let standing = standing(records, ctx, report, period, facility).await?;
    if standing.closed.is_some() {
        return Err(is_closed(period));
    }
    unchanged(&standing.now, seen)?;
    let signature = signature(records, ctx);
    let tree = statement::written(report, period, facility, &standing.now, &signature, &[]);
    write(records, ctx, report, period, facility, Write::create(Resource::from_value(tree)?)).await
}

/// Makes a new version of what was closed that says what the record says now, with an explanation.
///
/// Refuses without an explanation, when no number changed, and when what was looked at (`seen`, a checksum) is no longer
/// what the record says.
pub async fn restate(
    records: &Records,
    ctx: &Ctx,
    report: &Report,
    period: Period,
    facility: Option<&str>,
    seen: &str,
    explanation: &str,
) -> Result<Closed, Outcome> {
    let explanation = explained(explanation)?;
    let standing = standing(records, ctx, report, period, facility).await?;
    let Some(before) = standing.closed else {
        let text = format!("{} chưa khóa nên chưa cần sửa số. Hãy khóa trước.", sentence(period));
        return Err(Outcome::new(Kind::Conflict, "report-not-closed", text, "the report is not closed"));
    };
    unchanged(&standing.now, seen)?;
    if standing.changes.is_empty() {
        let text = "Số liệu không khác bản đã khóa nên không có gì để sửa.";
        return Err(Outcome::new(Kind::Conflict, "report-same", text, "no number changed"));
    }
    let mut restated = before.restated;
    if restated.len() >= RESTATED_MAX {
        let text = format!("Báo cáo này đã sửa {RESTATED_MAX} lần. Hãy báo người quản trị.");
        return Err(Outcome::new(Kind::TooMany, "report-restated", text, "too many re-statements"));
    }
    let signature = signature(records, ctx);
    restated.push(Restated {
        by: signature.by.clone(),
        at: signature.at.clone(),
        explanation,
        before: before.version.clone(),
        changes: standing.changes,
    });
    let tree = statement::written(report, period, facility, &standing.now, &signature, &restated);
    let change = Write::put(Resource::from_value(tree)?).if_match(before.version);
    write(records, ctx, report, period, facility, change).await
}

async fn write(
    records: &Records,
    ctx: &Ctx,
    report: &Report,
    period: Period,
    facility: Option<&str>,
    change: Write,
) -> Result<Closed, Outcome> {
    let done = records.keep_closed(ctx, &report.kinds(), facility, change).await;
    let done = done.map_err(|outcome| match outcome.kind {
        Kind::Conflict | Kind::Precondition => is_closed(period),
        _ => outcome,
    })?;
    let version = done.into_iter().next().and_then(|one| one.version);
    let version = version.ok_or_else(|| Outcome::fault("a report was written and has no version"))?;
    Ok(statement::read(&version.tree()))
}

fn signature(records: &Records, ctx: &Ctx) -> Signature {
    Signature { by: ctx.agent.name(), at: date::instant(records.store().clock().now_ms()) }
}

fn explained(text: &str) -> Result<String, Outcome> {
    let text = text.trim();
    let length = text.chars().count();
    if length == 0 || length > EXPLANATION_MAX {
        let said = format!("Hãy ghi lý do sửa số đã khóa, dài nhất {EXPLANATION_MAX} chữ cái.");
        return Err(Outcome::invalid(
            "report-explanation",
            said,
            format!("an explanation of {length} letters"),
        ));
    }
    Ok(text.to_owned())
}

fn unchanged(now: &Run, seen: &str) -> Result<(), Outcome> {
    if now.checksum == seen {
        return Ok(());
    }
    let text =
        "Vừa có dữ liệu mới nên số liệu không còn như bạn đang xem. Hãy xem lại rồi ký; chưa có gì được ghi.";
    Err(Outcome::new(Kind::Conflict, "report-moved", text, "the record changed since the report was shown"))
}

fn is_closed(period: Period) -> Outcome {
    let text =
        format!("{} đã có người khóa. Hãy mở lại để xem; muốn sửa số thì ghi lý do.", sentence(period));
    Outcome::new(Kind::Conflict, "report-closed", text, "the report is closed")
}

/// The period at the beginning of a sentence.
fn sentence(period: Period) -> String {
    let title = period.title();
    let mut letters = title.chars();
    letters.next().map_or(String::new(), |first| first.to_uppercase().chain(letters).collect())
}

fn vi(day: Day) -> String {
    format!("{:02}/{:02}/{}", day.day(), day.month(), day.year())
}
