//! The fridge: markup only.

use super::FRIDGE;
use crate::sessions::rooms;
use maud::{Markup, html};
use yba_care::fridge::{self, Draft, Read};
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
    pub wrong: Option<&'a Outcome>,
    pub station: &'a str,
    pub may_write: bool,
    pub done: Option<&'static str>,
    pub uncertain: &'a str,
}

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
        (card::page_title("Tủ lạnh vắc xin", sub, html! { button .btn type="button" data-print { "In bảng tháng" } }))
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
    // The reading that is due now stands chosen.
    let is_read = |slug: &str| shown.read.iter().any(|one| one.day == shown.today && one.slot == slug);
    let next = shown.limits.readings.iter().find(|one| !is_read(&one.slug)).or(shown.limits.readings.last());
    let chosen = if shown.draft.slot.is_empty() {
        next.map_or("", |one| one.slug.as_str())
    } else {
        &shown.draft.slot
    };
    let slots: Vec<(&str, &str)> =
        shown.limits.readings.iter().map(|one| (one.slug.as_str(), one.title.as_str())).collect();
    let text = shown.wrong.map(crate::words_of);
    Card::new("doc", "Ghi nhiệt độ").aside(html! { "phải từ " (shown.limits.low) " đến " (shown.limits.high) " °C" }).padded(html! {
        form .form method="post" action=(FRIDGE) {
            (form::field(&Field::new("do", "Nhiệt độ, °C", Sort::Text).value(&shown.draft.celsius).error(text.as_deref()).hint("Ví dụ: 4,5")))
            (form::choice("lan", "Lần đọc", &slots, chosen, None))
            (form::field(&Field::new("ngay", "Ngày", Sort::Day).value(&format::date(&day))))
            (form::field(&Field::new("ghi-chu", "Ghi chú, đã làm gì", Sort::Text).value(&shown.draft.note).optional()))
            (card::main_button("Ghi nhiệt độ", None))
        }
    })
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
                    }
                }
            },
            html! {},
        ),
    )
}

fn cell(shown: &Shown, day: Day, slot: &str) -> Markup {
    let Some(read) = shown.read.iter().rev().find(|one| one.day == day && one.slot == slot) else {
        return html! { span .muted { "chưa ghi" } };
    };
    let is_right = shown.limits.is_right(read.celsius);
    html! {
        @if is_right { (celsius(read)) }
        @else { (status(Status::Danger, &format!("{} {}", celsius(read), if shown.limits.is_low(read.celsius) { "▼ lạnh quá" } else { "▲ nóng quá" }))) }
        span .sub { (format::date_time(&read.at)) @if !read.by.is_empty() { " · " (read.by) } @if !read.note.is_empty() { " · " (read.note) } }
        @if shown.may_write {
            details .no-print {
                summary { "Ghi nhầm?" }
                form method="post" action={ (FRIDGE) "/rut" } {
                    (hidden("ngay", &day.to_string())) (hidden("lan", slot))
                    button .btn type="submit" { "Rút lần đọc này" }
                }
            }
        }
    }
}
