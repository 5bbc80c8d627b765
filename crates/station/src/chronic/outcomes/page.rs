//! What became of the people of a programme: markup only.

use super::{CHRONIC, Line, code};
use crate::roll::Roll;
use crate::sessions::percent;
use maud::{Markup, html};
use std::collections::BTreeMap;
use yba_content::Programme;
use yba_fhir::json::Value;
use yba_fhir::view::Patient;
use yba_recall::cohort::{Counts, Enrolled, Fate};
use yba_ui::card::{self, Card};
use yba_ui::table::{Table, number};
use yba_ui::{format, state};

fn words(fate: Fate) -> &'static str {
    match fate {
        Fate::Controlled => "Đạt mục tiêu",
        Fate::Uncontrolled => "Chưa đạt",
        Fate::Unmeasured => "Chưa đo",
        Fate::Missed => "Bỏ hẹn",
        Fate::Left => "Thôi quản lý",
        Fate::Moved => "Chuyển đi",
        Fate::Died => "Tử vong",
    }
}

/// What the table shows.
pub(super) struct Shown<'a> {
    pub programme: &'a Programme,
    pub lines: &'a [Line],
    pub of_villages: &'a [(String, Counts)],
    /// Whether the tables are behind the records.
    pub is_behind: bool,
    pub roll: Roll<'a>,
}

pub(super) fn table(shown: &Shown) -> Markup {
    let programme = shown.programme;
    let sub = html! { (programme.title) " · " (format::count(shown.roll.count)) " người từng được quản lý" };
    html! {
        (card::back(&format!("{CHRONIC}/{}", programme.slug), &programme.title))
        (card::page_title("Kết quả điều trị", sub, html! { button .btn type="button" data-print { "In bảng" } }))
        @if shown.is_behind {
            (state::warning("Số liệu đang được cập nhật.", "Vài lần khám vừa ghi có thể chưa tính. Tải lại trang sau ít giây."))
        }
        (shown.roll.tabs())
        (Card::new("theo-quy", "Theo quý vào quản lý").aside(html! { "bấm số để xem tên" }).flush(html! {
            @if shown.lines.is_empty() { (state::empty("Chưa quản lý ai.", "Ai có chẩn đoán của chương trình trong hồ sơ sẽ tự vào bảng này.", html! {})) }
            @else {
                (grid("Quý", html! {
                    @for one in shown.lines { (line(&one.words, None, &one.counts, &|fate| behind(shown, shown.roll.village, Some(&one.code), fate))) }
                    @if shown.lines.len() > 1 {
                        (line("Tất cả", None, &sum(shown), &|fate| behind(shown, shown.roll.village, None, fate)))
                    }
                }))
            }
        }))
        @if shown.of_villages.len() > 1 && shown.roll.village.is_none() {
            (Card::new("theo-thon", "Theo thôn, bản").flush(grid("Thôn, bản", html! {
                @for (name, counts) in shown.of_villages {
                    (line(village(name), Some(&shown.roll.address(Some(name), 0)), counts, &|fate| behind(shown, Some(name), None, fate)))
                }
            })))
        }
        p .hint { "Tính đến hôm nay, mỗi người một cột. «Đạt mục tiêu» là theo lần khám gần nhất có hẹn chưa quá; «bỏ hẹn» là quá hẹn từ " (programme.late_after.to_string()) " trở lên; chưa hẹn lần nào thì tính từ lần chẩn đoán gần nhất. Tỷ lệ đạt tính trên người đang quản lý, kể cả người bỏ hẹn." }
        @if !programme.note.is_empty() { p .hint { (programme.note) } }
    }
}

fn village(name: &str) -> &str {
    if name.is_empty() { "Chưa ghi thôn" } else { name }
}

fn sum(shown: &Shown) -> Counts {
    let mut all = Counts::default();
    for line in shown.lines {
        Fate::ALL.iter().for_each(|fate| (0..line.counts.of(*fate)).for_each(|_| all.add(*fate)));
    }
    all
}

fn grid(first: &str, rows: Markup) -> Markup {
    let mut heads = vec![(first, false), ("Số người", true)];
    heads.extend(Fate::ALL.map(|fate| (words(fate), true)));
    heads.push(("Tỷ lệ đạt", true));
    Table { caption: first, heads: &heads, stack: true }.draw(rows, html! {})
}

fn line(title: &str, href: Option<&str>, counts: &Counts, behind: &dyn Fn(Fate) -> String) -> Markup {
    html! {
        tr {
            td { @if let Some(href) = href { a href=(href) { (title) } } @else { (title) } }
            (number("Số người", html! { (format::count(counts.all())) }))
            @for fate in Fate::ALL {
                (number(words(fate), html! {
                    @if counts.of(fate) == 0 { "0" } @else { a href=(behind(fate)) { (format::count(counts.of(fate))) } }
                }))
            }
            (number("Tỷ lệ đạt", html! { b { (percent(counts.percent())) } }))
        }
    }
}

/// The address of the people behind a number.
fn behind(shown: &Shown, village: Option<&str>, quarter: Option<&str>, fate: Fate) -> String {
    let quarter = quarter.map(|quarter| format!("&quy={quarter}")).unwrap_or_default();
    format!("{}&tt={}{quarter}", shown.roll.address(village, 0), code(fate))
}

/// What the people behind a number are shown with.
pub(super) struct People<'a> {
    pub programme: &'a Programme,
    pub fate: Fate,
    /// Words of the quarter; none of all.
    pub quarter: Option<&'a str>,
    pub lines: &'a [&'a Enrolled],
    pub people: &'a BTreeMap<String, Value>,
    pub back: &'a str,
    pub roll: Roll<'a>,
}

pub(super) fn people(shown: &People) -> Markup {
    let heads = [("Người bệnh", false), ("Thôn, bản", false), ("Vào quản lý", false), ("Điện thoại", false)];
    let sub = html! {
        (shown.programme.title) @if let Some(quarter) = shown.quarter { " · vào " (quarter.to_lowercase()) } " · " (format::count(shown.roll.count)) " người"
    };
    html! {
        (card::back(shown.back, "Kết quả điều trị"))
        (card::page_title(words(shown.fate), sub, html! { button .btn type="button" data-print { "In danh sách" } }))
        (Card::new("nguoi", "Người bệnh").flush(html! {
            @if shown.lines.is_empty() { (state::empty_line("Không có ai.")) }
            @else {
                (Table { caption: "Người bệnh", heads: &heads, stack: true }.draw(html! {
                    @for one in shown.lines {
                        @let patient = shown.people.get(&one.patient).map(Patient);
                        tr {
                            td {
                                a href={ (CHRONIC) "/" (shown.programme.slug) "/" (one.patient) } { (patient.and_then(|one| one.name()).unwrap_or_else(|| "chưa rõ tên".to_owned())) }
                                @if let Some(patient) = patient { span .sub { (format::sex(patient.gender().unwrap_or_default())) " · " (format::date(patient.birth_date().unwrap_or_default())) } }
                            }
                            td .headed data-head="Thôn, bản" { (village(&one.village)) }
                            td .headed data-head="Vào quản lý" { (format::date(&one.since.to_string())) }
                            td .headed data-head="Điện thoại" { (patient.and_then(|one| one.phones().next()).unwrap_or_default()) }
                        }
                    }
                }, html! {}))
            }
        }))
        (shown.roll.paging())
    }
}
