//! The fridge: markup only.

use super::FRIDGE;
use crate::sessions::rooms;
use maud::{Markup, html};
use yba_care::fridge::{self, AGAIN, Draft, Read};
use yba_content::Day;
use yba_content::vaccination::Fridge;
use yba_fhir::Outcome;
use yba_ui::card::{self, Card};
use yba_ui::form::{self, Field, Sort, hidden};
use yba_ui::status::{Status, status};
use yba_ui::table::Table;
use yba_ui::trend::{self, Point, Trend};
use yba_ui::{format, state};

/// What the page of a month shows.
pub(super) struct Shown<'a> {
    pub limits: &'a Fridge,
    pub today: Day,
    /// The hour of the day, from 0.
    pub hour: u32,
    /// The first day of the month.
    pub month: Day,
    pub read: &'a [Read],
    /// A reading as it was typed, and why it was refused.
    pub draft: &'a Draft,
    /// Tells the form of this page from others.
    pub form: &'a str,
    pub wrong: Option<&'a Outcome>,
    pub station: &'a str,
    pub may_write: bool,
    pub done: Option<&'static str>,
    pub uncertain: &'a str,
}

const AGAIN_WORDS: &str = "Đo lại";
/// Fields whose faults stand beside them, not at the temperature.
const ELSEWHERE: [&str; 3] = ["slot", "day", "note"];

/// `4,5 °C`
pub(crate) fn celsius(read: &Read) -> String {
    format::quantity(&read.digits, "°C")
}

pub(super) fn month(shown: &Shown) -> Markup {
    let name = format!("{:02}/{}", shown.month.month(), shown.month.year());
    let link =
        |month: Day, word: &str| html! { a href={ (FRIDGE) "?thang=" (&month.to_string()[..7]) } { (word) } };
    let sub = html! {
        "tháng " (name) @if !shown.station.is_empty() { " · " (shown.station) }
        span .no-print { " " (link(shown.month.plus_months(-1), "←")) " " (link(shown.month.plus_months(1), "→")) }
    };
    html! {
        (card::page_title("Tủ lạnh vắc xin", sub, card::printed(&format!("{FRIDGE}/in?thang={}", &shown.month.to_string()[..7]), "In bảng tháng")))
        @if let Some(done) = shown.done { (form::toast(done)) }
        (rooms(FRIDGE))
        (what_to_do(shown))
        @if shown.may_write { div .no-print { (reading(shown)) } }
        (chart(shown))
        (sheet(shown))
        p .hint { (shown.uncertain) }
    }
}

/// What is wrong now, and what to do.
fn what_to_do(shown: &Shown) -> Markup {
    let is_now = shown.today.to_string()[..7] == shown.month.to_string()[..7];
    let last = shown.read.last().filter(|one| is_now && !shown.limits.is_right(one.celsius));
    let missing =
        if is_now { fridge::missing(shown.limits, shown.read, shown.today, shown.hour) } else { Vec::new() };
    html! {
        @if let Some(one) = last {
            @let is_low = shown.limits.is_low(one.celsius);
            section .note.bad role="alert" {
                div {
                    b { (celsius(one)) ", " @if is_low { "lạnh quá" } @else { "nóng quá" } ": phải từ " (shown.limits.low) " đến " (shown.limits.high) " °C." }
                    ol { @for step in if is_low { &shown.limits.too_low } else { &shown.limits.too_high } { li { (step) } } }
                }
            }
        }
        @if !missing.is_empty() {
            @let words: Vec<String> = missing.iter().map(|one| one.title.to_lowercase()).collect();
            (state::warning(&format!("Hôm nay chưa ghi lần đọc {}.", words.join(", ")), &shown.limits.missing))
        }
    }
}

fn reading(shown: &Shown) -> Markup {
    let typed =
        |text: &'static str, value: &str| if value.is_empty() { text.to_owned() } else { value.to_owned() };
    let day = typed("", &shown.draft.day);
    let day = if day.is_empty() { shown.today.to_string() } else { day };
    let chosen = if shown.draft.slot.is_empty() { due(shown) } else { &shown.draft.slot };
    let mut slots: Vec<(&str, &str)> =
        shown.limits.readings.iter().map(|one| (one.slug.as_str(), one.title.as_str())).collect();
    slots.push((AGAIN, AGAIN_WORDS));
    let key = shown.wrong.and_then(|one| one.issues.first()).map_or("", |issue| issue.key);
    let at = if ELSEWHERE.contains(&key) { key } else { "celsius" };
    let wrong = |field: &str| shown.wrong.filter(|_| at == field).map(crate::words_of);
    Card::new("doc", "Ghi nhiệt độ").aside(html! { "phải từ " (shown.limits.low) " đến " (shown.limits.high) " °C" }).padded(html! {
        form .form method="post" action=(FRIDGE) {
            (hidden("phieu", shown.form))
            (form::field(&Field::new("do", "Nhiệt độ, °C", Sort::Text).value(&shown.draft.celsius).error(wrong("celsius").as_deref()).hint("Ví dụ: 4,5")))
            (form::choice("lan", "Lần đọc", &slots, chosen, wrong("slot").as_deref()))
            (form::field(&Field::new("ngay", "Ngày", Sort::Day).value(&format::date(&day)).error(wrong("day").as_deref())))
            (form::field(&Field::new("ghi-chu", "Ghi chú, đã làm gì", Sort::Text).value(&shown.draft.note).optional().error(wrong("note").as_deref())))
            (card::main_button("Ghi nhiệt độ", None))
        }
    })
}

/// The reading of today that is to be written next: again after one that was out of limits, else the first that is missing.
fn due<'a>(shown: &Shown<'a>) -> &'a str {
    let mut today = shown.read.iter().filter(|one| one.day == shown.today);
    let is_read = |slug: &str| today.clone().any(|one| one.slot == slug);
    let missing = shown.limits.readings.iter().find(|one| !is_read(&one.slug));
    match today.next_back() {
        Some(last) if !shown.limits.is_right(last.celsius) => AGAIN,
        _ => missing.map_or(AGAIN, |one| one.slug.as_str()),
    }
}

fn chart(shown: &Shown) -> Markup {
    let points: Vec<Point> = shown
        .read
        .iter()
        .map(|one| Point {
            day: one.day.days_since_epoch(),
            value: one.celsius,
            source: 0,
            abnormal: !shown.limits.is_right(one.celsius),
        })
        .collect();
    let out = points.iter().filter(|one| one.abnormal).count();
    let label = format!(
        "{} lần đọc, {out} lần ra ngoài khoảng {} đến {} °C",
        points.len(),
        shown.limits.low,
        shown.limits.high
    );
    html! {
        @if points.len() > 1 {
            (Card::new("do-thi", "Diễn biến trong tháng").aside(html! { (label) }).padded(html! {
                (trend::trend(&Trend { label: &label, points: &points, low: shown.limits.low.parse().ok(), high: shown.limits.high.parse().ok() }))
            }))
        }
    }
}

/// Every day of the month until today.
fn sheet(shown: &Shown) -> Markup {
    let mut heads = vec![("Ngày", false)];
    heads.extend(shown.limits.readings.iter().map(|one| (one.title.as_str(), false)));
    let has_more = shown.read.iter().any(|one| one.slot == AGAIN);
    if has_more {
        heads.push((AGAIN_WORDS, false));
    }
    let last = shown.month.plus_months(1).plus_days(-1).min(shown.today);
    let days = (0..=(last.days_since_epoch() - shown.month.days_since_epoch())).rev();
    Card::new("bang", "Bảng tháng").flush(
        Table { caption: "Nhiệt độ tủ lạnh", heads: &heads, stack: true }.draw(
            html! {
                @for day in days.map(|at| shown.month.plus_days(at)) {
                    tr {
                        td { (format::date(&day.to_string())) }
                        @for slot in &shown.limits.readings {
                            td .headed data-head=(slot.title) { (cell(shown, day, &slot.slug)) }
                        }
                        @if has_more { td .headed data-head=(AGAIN_WORDS) { (again(shown, day)) } }
                    }
                }
            },
            html! {},
        ),
    )
}

fn cell(shown: &Shown, day: Day, slot: &str) -> Markup {
    match shown.read.iter().rev().find(|one| one.day == day && one.slot == slot) {
        Some(read) => one(shown, read),
        None => html! { span .muted { "chưa ghi" } },
    }
}

/// What was read beside the times that content asks for.
fn again(shown: &Shown, day: Day) -> Markup {
    let all = shown.read.iter().filter(|one| one.day == day && one.slot == AGAIN);
    html! { @for read in all { div { (one(shown, read)) } } }
}

fn one(shown: &Shown, read: &Read) -> Markup {
    let is_right = shown.limits.is_right(read.celsius);
    html! {
        @if is_right { (celsius(read)) }
        @else { (status(Status::Danger, &format!("{} {}", celsius(read), if shown.limits.is_low(read.celsius) { "▼ lạnh quá" } else { "▲ nóng quá" }))) }
        span .sub { (format::date_time(&read.at)) @if !read.by.is_empty() { " · " (read.by) } @if !read.note.is_empty() { " · " (read.note) } }
        @if shown.may_write {
            details .no-print {
                summary { "Ghi nhầm?" }
                form method="post" action={ (FRIDGE) "/rut" } {
                    (hidden("muc", &read.id))
                    button .btn type="submit" { "Rút lần đọc này" }
                }
            }
        }
    }
}
