//! The rows of a register for a person: of people and records within reach, page by page, with a line in the trail.

use crate::condition::of_row;
use crate::follower::still;
use crate::piece::{Bare, Found};
use crate::reading::{self, Key, Span};
use crate::register::Register;
use crate::row::Row;
use crate::running::Places;
use crate::tally::belongs;
use std::collections::{BTreeMap, BTreeSet, HashSet};
use yba_fhir::{Day, Kind, Outcome};
use yba_records::{Action, Ctx, Records};

/// Most rows of a page.
pub const COUNT_MAX: usize = 500;
/// Most rows looked at for one page: who reaches few of many gets shorter pages rather than a long wait.
pub const LOOKED_AT_MAX: usize = 20_000;

/// Which part of a list.
#[derive(Debug, Clone, Copy)]
pub struct Window<'w> {
    /// At most [`COUNT_MAX`].
    pub count: usize,
    /// What the page before gave as `next`.
    pub after: Option<&'w str>,
}

/// A page of rows.
#[derive(Debug, Default)]
pub struct Page {
    /// In the order of facilities, days and records.
    pub rows: Vec<Row>,
    /// Where the next page begins; none at the end. A page may be short, or empty, and have a next one.
    pub next: Option<String>,
    /// Whether some rows were left out because the caller may not see whose they are. Said only behind numbers, which tell
    /// it anyway.
    pub withheld: bool,
}

/// A record that a register cannot read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Faulty {
    pub kind: String,
    pub id: String,
    /// Vietnamese.
    pub reason: String,
}

/// The rows of a register on days from the first to the last of `days`, of a facility (the id of an Organization) or of
/// all. Without `days`, the rows that stand in no period because nobody knows their day: for whoever mends them.
///
/// Shows only rows whose record and person the caller reaches; what else belongs to a row and is not reached is left out
/// of it. Refuses whose roles do not let them search every type that the register shows.
pub async fn list(
    records: &Records,
    ctx: &Ctx,
    register: &Register,
    facility: Option<&str>,
    days: Option<(Day, Day)>,
    window: &Window<'_>,
) -> Result<Page, Outcome> {
    listed(records, ctx, "register", register, facility, days, window).await
}

/// All rows of a register on some days, for a paper or a file that leaves the program: as [`list`], but the trail says that
/// they were exported. Refuses more than `most` rows.
pub async fn whole(
    records: &Records,
    ctx: &Ctx,
    register: &Register,
    facility: Option<&str>,
    days: (Day, Day),
    most: usize,
) -> Result<Vec<Row>, Outcome> {
    let (mut rows, mut after): (Vec<Row>, Option<String>) = (Vec::new(), None);
    loop {
        let window = Window { count: COUNT_MAX, after: after.as_deref() };
        let page = listed(records, ctx, "register-export", register, facility, Some(days), &window).await?;
        rows.extend(page.rows);
        if rows.len() > most {
            let text = format!("Sổ có hơn {most} dòng trong kỳ này nên chưa in hay tải một lần được.");
            return Err(Outcome::new(
                Kind::Unprocessable,
                "register-large",
                text,
                "too many rows for a file",
            ));
        }
        match page.next {
            Some(next) => after = Some(next),
            None => return Ok(rows),
        }
    }
}

async fn listed(
    records: &Records,
    ctx: &Ctx,
    word: &'static str,
    register: &Register,
    facility: Option<&str>,
    days: Option<(Day, Day)>,
    window: &Window<'_>,
) -> Result<Page, Outcome> {
    records.admit_rows(ctx, word, &register.kinds())?;
    let _still = still(records).await?;
    let mut seen = Seen::new(word, window)?;
    let mut places = Places::of(facility);
    while let Some(place) = places.next(records, register).await? {
        let span = days.map_or_else(|| Span::undated(&place), |(first, last)| Span::of(&place, first, last));
        let Some(mut span) = seen.resume(0, span) else { continue };
        while !seen.is_full() {
            let bare = reading::bare(records.store(), register, &span, seen.batch()).await?;
            let Some(last) = bare.last() else { break };
            span.after = Some(Key::of(last));
            for (key, row) in shown(records, ctx, word, register, bare).await? {
                if let Some(row) = row
                    && of_row(belongs(register, &row))? == Some(true)
                    && !seen.take(0, &place, key, row)
                {
                    break;
                }
            }
            seen.look_on(0, &place, &span);
        }
    }
    let page = seen.finish(records, ctx).await?;
    Ok(Page { withheld: false, ..page })
}

/// Records that give nothing to a register because a value is not what it says, each with the reason: those that the
/// caller reaches of the first [`COUNT_MAX`]. Refuses whose roles do not let them search every type that the register shows.
pub async fn faulty(records: &Records, ctx: &Ctx, register: &Register) -> Result<Vec<Faulty>, Outcome> {
    records.admit_rows(ctx, "register", &register.kinds())?;
    let _still = still(records).await?;
    let mut all = Vec::new();
    for source in register.sources() {
        let found = reading::faulty(records.store(), source.id, COUNT_MAX - all.len()).await?;
        let ids = found.iter().map(|(id, _)| id.clone()).collect();
        let shown = records.those_shown(ctx, "register", &source.kind, ids).await?;
        let reached = found.into_iter().filter(|(id, _)| shown.contains(id));
        all.extend(reached.map(|(id, reason)| Faulty { kind: source.kind.clone(), id, reason }));
    }
    Ok(all)
}

/// Puts rows together of what the caller reaches; none in the place of a row that they do not.
pub(crate) async fn shown(
    records: &Records,
    ctx: &Ctx,
    word: &str,
    register: &Register,
    bare: Vec<Bare>,
) -> Result<Vec<(Key, Option<Row>)>, Outcome> {
    let found = reading::found(records.store(), register, &bare).await?;
    let mut asked: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for one in &bare {
        asked.entry(&register.kind).or_default().insert(&one.origin.id);
        if !one.piece.key.is_empty() {
            asked.entry("Patient").or_default().insert(&one.piece.key);
        }
    }
    for one in found.iter().flatten() {
        asked.entry(&one.origin.kind).or_default().insert(&one.origin.id);
    }
    let mut reached: BTreeMap<String, HashSet<String>> = BTreeMap::new();
    for (kind, ids) in asked {
        let ids: Vec<String> = ids.into_iter().map(str::to_owned).collect();
        let shown = match kind {
            // Somebody whose own record is not here is nobody to be kept from those who reach everybody.
            "Patient" => records.patients_reached(ctx, Action::Search, &ids).await?.into_iter().collect(),
            _ => records.those_shown(ctx, word, kind, ids).await?,
        };
        reached.insert(kind.to_owned(), shown);
    }
    let is_reached = |kind: &str, id: &str| reached.get(kind).is_some_and(|ids| ids.contains(id));
    let rows = bare.into_iter().zip(found).map(|(bare, found)| {
        let (key, person) = (Key::of(&bare), &bare.piece.key);
        let whole = is_reached(&register.kind, &bare.origin.id)
            && (person.is_empty() || is_reached("Patient", person));
        let found: Vec<Found> =
            found.into_iter().filter(|one| is_reached(&one.origin.kind, &one.origin.id)).collect();
        (key, whole.then(|| bare.assemble(register, found)))
    });
    Ok(rows.collect())
}

/// A page in the making.
pub(crate) struct Seen {
    word: &'static str,
    count: usize,
    looked_at: usize,
    page: Page,
    /// Where the last page ended, until it is found again.
    resume: Option<Mark>,
    /// The last row of this page.
    last: Option<Mark>,
    full: bool,
}

/// A place in a list: the edition of the register, the facility, the row.
#[derive(Debug, Clone)]
struct Mark {
    edition: usize,
    facility: String,
    key: Key,
}

impl Seen {
    pub fn new(word: &'static str, window: &Window<'_>) -> Result<Seen, Outcome> {
        let resume = window.after.map(read).transpose()?;
        let count = window.count.clamp(1, COUNT_MAX);
        Ok(Seen { word, count, looked_at: 0, page: Page::default(), resume, last: None, full: false })
    }

    /// The span as far as it was not seen before; none when all of it was, or when the page is full.
    pub fn resume(&mut self, edition: usize, mut span: Span) -> Option<Span> {
        if self.full {
            return None;
        }
        let Some(mark) = &self.resume else { return Some(span) };
        if (mark.edition, &mark.facility) != (edition, &span.facility) {
            return None;
        }
        span.after = Some(mark.key.clone());
        self.resume = None;
        Some(span)
    }

    /// How many rows to look at next.
    pub fn batch(&mut self) -> usize {
        let batch = (self.count * 2).clamp(100, reading::PAGE);
        self.looked_at += batch;
        batch
    }

    pub fn is_full(&self) -> bool {
        self.full
    }

    /// Takes a row; false when the page is full and the row is for the next one.
    pub fn take(&mut self, edition: usize, facility: &str, key: Key, row: Row) -> bool {
        if self.page.rows.len() == self.count {
            self.full = true;
            return false;
        }
        self.last = Some(Mark { edition, facility: facility.to_owned(), key });
        self.page.rows.push(row);
        true
    }

    /// Says that everything up to here was looked at, and ends the page when that was very much.
    pub fn look_on(&mut self, edition: usize, facility: &str, span: &Span) {
        if self.full || self.looked_at < LOOKED_AT_MAX {
            return;
        }
        if let Some(key) = span.after.clone() {
            self.last = Some(Mark { edition, facility: facility.to_owned(), key });
            self.full = true;
        }
    }

    pub fn withhold(&mut self) {
        self.page.withheld = true;
    }

    /// The page, with its line in the trail.
    pub async fn finish(mut self, records: &Records, ctx: &Ctx) -> Result<Page, Outcome> {
        let patients: BTreeSet<&String> =
            self.page.rows.iter().map(|row| &row.patient).filter(|id| !id.is_empty()).collect();
        let patients: Vec<String> = patients.into_iter().cloned().collect();
        records.audit_view(ctx, self.word, &patients).await?;
        self.page.next = self.last.filter(|_| self.full).map(|mark| written(&mark));
        Ok(self.page)
    }
}

fn written(mark: &Mark) -> String {
    let Mark { edition, facility, key: Key { day, record, n } } = mark;
    format!("{edition}/{day}/{n}/{record}/{facility}")
}

fn read(text: &str) -> Result<Mark, Outcome> {
    let parts: Vec<&str> = text.splitn(5, '/').collect();
    let mark = || {
        let [edition, day, n, record, facility] = parts[..] else { return None };
        let key = Key { day: day.parse().ok()?, record: record.to_owned(), n: n.parse().ok()? };
        Some(Mark { edition: edition.parse().ok()?, facility: facility.to_owned(), key })
    };
    mark().ok_or_else(|| {
        let text = "Đường dẫn sang trang sau không còn đúng. Hãy mở lại sổ từ đầu.";
        Outcome::invalid("register-page", text, "this is no place in a list")
    })
}
