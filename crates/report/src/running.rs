//! A report of a period and a facility: its numbers, and the rows behind a number.
//!
//! A number is given to who works at the facility, or sees the whole province, by the roles alone: a register is the
//! facility's own account, and a count of it names nobody, so a person's bar or a sensitive label does not take their
//! visit out of it. Rows are shown only of people and records within reach, and judged by what is shown of them: that
//! somebody stands behind a number may not tell what is hidden of them.

use crate::condition::of_row;
use crate::follower::still;
use crate::listing::{Page, Seen, Window, shown};
use crate::period::Period;
use crate::reading::{self, PAGE, Span};
use crate::register::Register;
use crate::report::{Plan, Report};
use crate::tally::{self, Tally, belongs};
use yba_fhir::{Kind, Outcome};
use yba_fhirpath::Decimal;
use yba_records::{Ctx, Records};

/// A report that was run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// Row by row; none where the paper has no cell, or a computed one no value.
    pub cells: Vec<Option<Decimal>>,
    /// Of the versions that everything was counted from: the same versions give the same text, on every node.
    pub checksum: String,
    /// How many rows of registers count in some cell.
    pub rows: usize,
    /// Rows of the facility that are in no period because nobody knows their day.
    pub undated: u64,
    /// Records anywhere that give no row because a value is not what the register says, and rows of which something cannot be
    /// computed, such as a date past the year 9999: they count nowhere.
    pub faulty: u64,
}

/// Runs a report for a facility (the id of an Organization), or for all of them together.
///
/// Refuses who neither works at the facility nor sees the whole province, and while registers are being derived.
pub async fn run(
    records: &Records,
    ctx: &Ctx,
    report: &Report,
    period: Period,
    facility: Option<&str>,
) -> Result<Run, Outcome> {
    records.admit_counts(ctx, &report.kinds(), facility)?;
    let _still = still(records).await?;
    counted(records, report, period, facility, tally::ROWS_MAX).await
}

/// The numbers, for whoever was admitted, while the tables stand still.
pub(crate) async fn counted(
    records: &Records,
    report: &Report,
    period: Period,
    facility: Option<&str>,
    most: usize,
) -> Result<Run, Outcome> {
    let (store, mut tally) = (records.store(), Tally::new(report, most));
    let (mut undated, mut faulty) = (0, 0);
    let spans = report.counted.iter().flat_map(|counting| {
        counting.spans(period).into_iter().map(move |(before, first, last)| (counting, before, first, last))
    });
    for (counting, before, first, last) in spans {
        for (register, programs) in counting.within(first, last) {
            if !before {
                faulty += reading::faults(store, register).await?;
            }
            let mut places = Places::of(facility);
            while let Some(place) = places.next(records, register).await? {
                if !before {
                    undated += reading::count(store, register, &Span::undated(&place)).await?;
                }
                let mut span = Span::of(&place, first, last);
                loop {
                    let bare = reading::bare(store, register, &span, PAGE).await?;
                    let Some(last) = bare.last() else { break };
                    span.after = Some(reading::Key::of(last));
                    let found = reading::found(store, register, &bare).await?;
                    for (bare, found) in bare.into_iter().zip(found) {
                        let row = bare.assemble(register, found);
                        let added = match belongs(register, &row) {
                            Ok(false) => Ok(()),
                            Ok(true) => tally.add(counting, register, programs, &row, before),
                            Err(outcome) => Err(outcome),
                        };
                        faulty += u64::from(of_row(added)?.is_none());
                    }
                }
            }
        }
    }
    let counted = tally.finish()?;
    Ok(Run { cells: counted.cells, checksum: counted.checksum, rows: counted.rows, undated, faulty })
}

/// The rows behind a number, as far as the caller reaches them, page by page.
///
/// Refuses as [`run`] does, and for a computed cell, which has no rows of its own: the answer names those it is made of.
pub async fn people_behind(
    records: &Records,
    ctx: &Ctx,
    report: &Report,
    period: Period,
    facility: Option<&str>,
    cell: usize,
    window: &Window<'_>,
) -> Result<Page, Outcome> {
    records.admit_counts(ctx, &report.kinds(), facility)?;
    let counting = match report.cells.get(cell) {
        Some(Plan::Count(at)) => &report.counted[*at],
        Some(Plan::Formula(formula)) => {
            let of: Vec<String> = formula.asks.iter().map(|(_, cell)| report.name(*cell)).collect();
            let text = format!("Ô này tính từ các ô khác: {}. Hãy mở từng ô đó.", of.join(", "));
            return Err(Outcome::invalid(
                "report-cell-computed",
                text,
                "a computed cell has no rows of its own",
            ));
        }
        Some(Plan::Blank) | None => {
            let text = "Biểu không có ô này. Hãy chọn một ô có số.";
            return Err(Outcome::new(Kind::NotFound, "report-cell", text, "there is no such cell"));
        }
    };
    let _still = still(records).await?;
    let mut seen = Seen::new("report", window)?;
    let (before, first, last) = counting.span(cell, period);
    for (edition, (register, programs)) in counting.within(first, last).enumerate() {
        let mut places = Places::of(facility);
        while let Some(place) = places.next(records, register).await? {
            let Some(mut span) = seen.resume(edition, Span::of(&place, first, last)) else {
                continue;
            };
            while !seen.is_full() {
                let bare = reading::bare(records.store(), register, &span, seen.batch()).await?;
                let Some(last) = bare.last() else { break };
                span.after = Some(reading::Key::of(last));
                for (key, row) in shown(records, ctx, "report", register, bare).await? {
                    let Some(row) = row else {
                        seen.withhold();
                        continue;
                    };
                    let counts = of_row(belongs(register, &row))? == Some(true)
                        && of_row(tally::cells_of(counting, register, programs, &row, before))?
                            .is_some_and(|cells| cells.iter().any(|(of, _, _)| *of == cell));
                    if counts && !seen.take(edition, &place, key, row) {
                        break;
                    }
                }
                seen.look_on(edition, &place, &span);
            }
        }
    }
    seen.finish(records, ctx).await
}

/// The facilities of a question: one, or all that a register has.
pub(crate) struct Places<'f> {
    only: Option<&'f str>,
    last: Option<String>,
    done: bool,
}

impl<'f> Places<'f> {
    pub fn of(only: Option<&'f str>) -> Places<'f> {
        Places { only, last: None, done: false }
    }

    pub async fn next(&mut self, records: &Records, register: &Register) -> Result<Option<String>, Outcome> {
        if self.done {
            return Ok(None);
        }
        let next = match self.only {
            Some(only) => {
                self.done = true;
                Some(only.to_owned())
            }
            None => reading::next_facility(records.store(), register, self.last.as_deref()).await?,
        };
        self.done |= next.is_none();
        self.last = next.clone();
        Ok(next)
    }
}
