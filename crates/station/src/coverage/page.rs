//! Coverage: markup only.

use super::{COVERAGE, FULL, OfCampaign, Row, code};
use crate::roll::Roll;
use crate::sessions::rooms;
use maud::{Markup, html};
use std::collections::BTreeMap;
use yba_content::Day;
use yba_content::vaccination::Full;
use yba_fhir::json::Value;
use yba_fhir::view::Patient;
use yba_recall::coverage::{Counts, Covered, Reached};
use yba_ui::card::{self, Card};
use yba_ui::form::{self, Field, Sort, hidden};
use yba_ui::table::{Table, number};
use yba_ui::{format, state};

pub(super) fn words(how: Reached) -> &'static str {
    match how {
        Reached::InTime => "đúng hạn",
        Reached::Late => "muộn",
        Reached::Missing => "còn thiếu",
        Reached::Waiting => "chưa đến hạn",
    }
}

/// Stations to choose from: id, name, children.
pub(super) fn choose(lines: &[(String, String, usize)]) -> Markup {
    html! {
        (card::page_title("Bao phủ tiêm chủng", html! { "chọn trạm" }, html! {}))
        (rooms(COVERAGE))
        (Card::new("tram", "Trạm").flush(html! {
            @if lines.is_empty() { (state::empty_line("Chưa trạm nào có trẻ trong lịch.")) }
            @else { (card::rows(lines.iter().map(|(id, name, _)| html! { a href={ (COVERAGE) "?noi=" (id) } { (name) } }))) }
        }))
    }
}

/// What the table shows.
pub(super) struct Shown<'a> {
    pub from: Day,
    pub until: Day,
    pub place: Option<&'a str>,
    pub rows: &'a [Row],
    pub of_villages: &'a [(String, Counts)],
    pub campaigns: &'a [OfCampaign],
    pub full: Option<&'a Full>,
    /// Whether the schedule is not compared with its original.
    pub is_recalled: bool,
    pub roll: Roll<'a>,
}

const HEADS: [(&str, bool); 7] = [
    ("Mũi", false),
    ("Số trẻ", true),
    ("Đúng hạn", true),
    ("Muộn", true),
    ("Còn thiếu", true),
    ("Chưa đến hạn", true),
    ("Đã tiêm", true),
];

pub(super) fn table(shown: &Shown) -> Markup {
    let sub = html! { (format::count(shown.roll.count)) " trẻ sinh từ " (format::date(&shown.from.to_string())) " đến " (format::date(&shown.until.to_string())) };
    html! {
        (card::page_title("Bao phủ tiêm chủng", sub, html! { button .btn type="button" data-print { "In" } }))
        (rooms(COVERAGE))
        form .line-form .no-print method="get" action=(COVERAGE) {
            @if let Some(place) = shown.place { (hidden("noi", place)) }
            @if let Some(village) = shown.roll.village { (hidden("thon", village)) }
            (form::field(&Field::new("tu-ngay", "Sinh từ ngày", Sort::Day).value(&format::date(&shown.from.to_string()))))
            (form::field(&Field::new("den-ngay", "đến ngày", Sort::Day).value(&format::date(&shown.until.to_string()))))
            button .btn type="submit" { "Xem" }
        }
        (shown.roll.tabs())
        (Card::new("bao-phu", "Theo mũi").aside(html! { "bấm số để xem tên trẻ" }).flush(html! {
            @if shown.roll.count == 0 { (state::empty("Không có trẻ nào sinh trong khoảng này.", "Hãy đổi khoảng ngày sinh.", html! {})) }
            @else { (Table { caption: "Bao phủ theo mũi", heads: &HEADS, stack: true }.draw(html! { @for row in shown.rows { (line(shown, row)) } }, html! {})) }
        }))
        @if shown.of_villages.len() > 1 { (villages(shown)) }
        @for one in shown.campaigns { (campaign(shown, one)) }
        @if let Some(full) = shown.full.filter(|full| !full.uncertain.is_empty()) { p .hint { (full.uncertain) } }
        @if shown.is_recalled { p .hint { "«Đúng hạn» là tiêm trước ngày lịch gọi là trễ. Mốc của vài mũi trong lịch ghi theo trí nhớ." } }
    }
}

fn line(shown: &Shown, row: &Row) -> Markup {
    let is_full = row.code == FULL;
    let cell = |how: Reached, count: usize| {
        let address = shown.roll.address(shown.roll.village, 0);
        html! {
            @if count == 0 { "0" } @else { a href={ (address) "&mui=" (row.code) "&tt=" (code(how)) } { (format::count(count)) } }
        }
    };
    html! {
        tr {
            td { @if is_full { b { (row.words) } } @else { (row.words) } }
            (number("Số trẻ", html! { (format::count(row.counts.all())) }))
            (number("Đúng hạn", cell(Reached::InTime, row.counts.in_time)))
            (number("Muộn", cell(Reached::Late, row.counts.late)))
            (number("Còn thiếu", cell(Reached::Missing, row.counts.missing)))
            (number("Chưa đến hạn", cell(Reached::Waiting, row.counts.waiting)))
            (number("Đã tiêm", html! { b { (crate::sessions::percent(row.counts.percent())) } }))
        }
    }
}

/// How far a campaign is, by village.
fn campaign(shown: &Shown, one: &OfCampaign) -> Markup {
    let heads =
        [("Thôn, bản", false), ("Số trẻ", true), ("Đã tiêm", true), ("Còn lại", true), ("Tỷ lệ", true)];
    let day = |day: Day| format::date(&day.to_string());
    let is_whole = (shown.from, shown.until) == one.born;
    Card::new("chien-dich", &one.title).aside(html! { (day(one.days.0)) " – " (day(one.days.1)) }).flush(html! {
        @if !is_whole { p .hint { "Chiến dịch gọi trẻ sinh từ " (day(one.born.0)) " đến " (day(one.born.1)) ". " a href=(one.address) { "Xem đúng lứa sinh này" } } }
        @if one.villages.is_empty() { (state::empty_line("Không có trẻ nào của lứa sinh đang xem trong chiến dịch.")) }
        @else {
            (Table { caption: &one.title, heads: &heads, stack: true }.draw(html! {
                @for (name, counts) in &one.villages {
                    tr {
                        td { @if name.is_empty() { "Chưa ghi thôn" } @else { (name) } }
                        (number("Số trẻ", html! { (format::count(counts.all())) }))
                        (number("Đã tiêm", html! { (format::count(counts.in_time + counts.late)) }))
                        (number("Còn lại", html! { (format::count(counts.missing + counts.waiting)) }))
                        (number("Tỷ lệ", html! { b { (crate::sessions::percent(counts.percent())) } }))
                    }
                }
            }, html! {}))
        }
        @if !one.uncertain.is_empty() { p .hint { (one.uncertain) } }
    })
}

fn villages(shown: &Shown) -> Markup {
    let heads = [("Thôn, bản", false), ("Số trẻ", true), ("Đầy đủ đúng hạn", true), ("Đầy đủ", true)];
    let share = |part: usize, counts: &Counts| {
        let all = counts.all();
        crate::sessions::percent((all > 0).then(|| 100.0 * part as f64 / all as f64))
    };
    Card::new("theo-thon", "Đầy đủ theo thôn, bản").flush(
        Table { caption: "Tiêm chủng đầy đủ theo thôn", heads: &heads, stack: true }.draw(
            html! {
                @for (name, counts) in shown.of_villages {
                    tr {
                        td { a href=(shown.roll.address(Some(name), 0)) { @if name.is_empty() { "Chưa ghi thôn" } @else { (name) } } }
                        (number("Số trẻ", html! { (format::count(counts.all())) }))
                        (number("Đầy đủ đúng hạn", html! { (share(counts.in_time, counts)) }))
                        (number("Đầy đủ", html! { (share(counts.in_time + counts.late, counts)) }))
                    }
                }
            },
            html! {},
        ),
    )
}

/// What the people behind a number are shown with.
pub(super) struct People<'a> {
    pub words: &'a str,
    pub how: Reached,
    pub lines: &'a [&'a Covered],
    pub people: &'a BTreeMap<String, Value>,
    pub roll: Roll<'a>,
    pub back: &'a str,
}

pub(super) fn people(shown: &People) -> Markup {
    let heads = [("Trẻ", false), ("Thôn, bản", false), ("Điện thoại", false)];
    html! {
        (card::back(shown.back, "Bao phủ"))
        (card::page_title(&format!("{}: {}", shown.words, words(shown.how)), html! { (format::count(shown.roll.count)) " trẻ" },
            html! { button .btn type="button" data-print { "In danh sách" } }))
        (shown.roll.tabs())
        (Card::new("tre", "Trẻ").flush(html! {
            @if shown.lines.is_empty() { (state::empty_line("Không có trẻ nào.")) }
            @else {
                (Table { caption: "Trẻ", heads: &heads, stack: true }.draw(html! {
                    @for one in shown.lines {
                        @let patient = shown.people.get(&one.patient).map(Patient);
                        tr {
                            td {
                                a href={ (crate::vaccinate::VACCINATE) "/" (one.patient) } { (patient.and_then(|one| one.name()).unwrap_or_else(|| "chưa rõ tên".to_owned())) }
                                span .sub { (format::date(&one.birth.to_string())) }
                            }
                            td .headed data-head="Thôn, bản" { @if one.village.is_empty() { "chưa ghi" } @else { (one.village) } }
                            td .headed data-head="Điện thoại" { (patient.and_then(|one| one.phones().next()).unwrap_or_default()) }
                        }
                    }
                }, html! {}))
            }
        }))
        (shown.roll.paging())
    }
}
