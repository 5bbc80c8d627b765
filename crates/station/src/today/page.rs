//! The first page of the station: markup only.

use super::TODAY;
use super::model::{Village, Visited, Wanted};
use super::vaccination::Vaccination;
use crate::notify::NOTIFY;
use crate::notify::model::Line as Case;
use crate::reports::page::{Due, standing};
use maud::{Markup, html};
use std::collections::BTreeMap;
use yba_content::Day;
use yba_fhir::json::Value;
use yba_fhir::view::Patient;
use yba_ui::card::{self, Card};
use yba_ui::status::{Status, status};
use yba_ui::table::{Table, number};
use yba_ui::{format, state};

/// People of one list that are named.
pub(super) const NAMED: usize = 6;

/// What the page shows.
pub(super) struct Shown<'a> {
    pub today: Day,
    /// The station's name.
    pub station: &'a str,
    /// Whose day it is, when that had to be chosen: `&noi=…`, or nothing.
    pub place: &'a str,
    pub reports: &'a [Due],
    /// Cases of infectious disease that must be notified or sent on.
    pub cases: &'a [Case],
    /// What vaccination asks of the day beside its list.
    pub vaccination: &'a Vaccination,
    pub lists: &'a [Wanted],
    pub villages: &'a [Village],
    /// Records of those who are named, by id.
    pub people: &'a BTreeMap<String, Value>,
    /// Whether the tables are behind the records.
    pub is_behind: bool,
}

pub(super) fn page(shown: &Shown) -> Markup {
    let day = format::date(&shown.today.to_string());
    html! {
        (card::page_title("Hôm nay", html! { (weekday(shown.today)) ", " (day) @if !shown.station.is_empty() { " · " (shown.station) } },
            html! { button .btn type="button" data-print { "In" } }))
        @if shown.is_behind { (state::warning("Danh sách đang được cập nhật.", "Vài việc vừa ghi có thể chưa tính. Tải lại trang sau ít giây.")) }
        div .cols.two.even {
            div .col { @for list in shown.lists { (wanted(shown, list)) } }
            div .col { (shown.vaccination.card(shown.today)) (tasks(shown)) (rounds(shown)) }
        }
    }
}

/// Stations to choose from: id, name, children who are due.
pub(super) fn choose(lines: &[(String, String, usize)]) -> Markup {
    html! {
        (card::page_title("Hôm nay", html! { "chọn trạm" }, html! {}))
        (Card::new("tram", "Trạm").flush(html! {
            @if lines.is_empty() { (state::empty_line("Chưa trạm nào có ai đến lịch.")) }
            @else { (card::rows(lines.iter().map(|(id, name, _)| html! { a href={ (TODAY) "?noi=" (id) } { (name) } }))) }
        }))
    }
}

fn weekday(day: Day) -> &'static str {
    // 1970-01-01 was a Thursday.
    ["Thứ Năm", "Thứ Sáu", "Thứ Bảy", "Chủ nhật", "Thứ Hai", "Thứ Ba", "Thứ Tư"]
        [day.days_since_epoch().rem_euclid(7) as usize]
}

fn wanted(shown: &Shown, list: &Wanted) -> Markup {
    let (count, late) = (list.called.len(), list.late(shown.today));
    let aside = html! {
        (format::count(count)) " người" @if late > 0 { ", " (format::count(late)) " trễ" }
    };
    let id = format!("can-gap{}", list.each.replace('/', "-"));
    Card::new(&id, &list.title).aside(aside).flush(html! {
        @if list.called.is_empty() { (state::empty_line("Hôm nay không ai đến lịch.")) }
        @else {
            (card::rows(list.called.iter().take(NAMED).map(|one| html! {
                a href={ (list.each) "/" (one.patient) } { (name(shown.people, &one.patient)) }
                span .sub { (one.village) @if one.is_late(shown.today) { " · trễ" } }
            })))
            p .more-row.no-print { (card::link_button(&list.href, html! { "Cả danh sách" })) }
        }
    })
}

fn name(people: &BTreeMap<String, Value>, id: &str) -> String {
    people.get(id).and_then(|tree| Patient(tree).name()).unwrap_or_else(|| "chưa rõ tên".to_owned())
}

fn tasks(shown: &Shown) -> Markup {
    let open: Vec<&Due> = shown.reports.iter().filter(|one| one.closed_at.is_empty()).collect();
    Card::new("viec", "Việc có hạn").flush(html! {
        @if open.is_empty() && shown.cases.is_empty() { (state::empty_line("Không còn việc nào có hạn.")) }
        @if !shown.cases.is_empty() {
            (card::rows(shown.cases.iter().take(NAMED).map(|one| html! {
                a href={ (NOTIFY) "/" (one.case) } { "Thông báo ca bệnh " (one.disease) ", " (one.name) }
                span .sub { (status(if one.clock.is_over || one.clock.is_near { Status::Attention } else { Status::Waiting }, &one.clock.words)) }
            })))
            @if shown.cases.len() > NAMED { p .more-row.no-print { (card::link_button(NOTIFY, html! { "Cả " (shown.cases.len()) " ca" })) } }
        }
        @if !open.is_empty() {
            (card::rows(open.iter().map(|one| html! {
                a href=(one.href) { "Báo cáo " (one.title) ", " (one.period) }
                span .sub { "hạn " (format::date(&one.due)) " " (standing(one, &shown.today.to_string())) }
            })))
        }
    })
}

/// Villages to go to, and whom to see there.
fn rounds(shown: &Shown) -> Markup {
    let mut heads = vec![("Thôn, bản", false)];
    heads.extend(shown.lists.iter().map(|list| (list.title.as_str(), true)));
    heads.push(("Trễ", true));
    Card::new("thon", "Đi thôn").aside(html! { "ai cần gặp ở đâu" }).flush(html! {
        @if shown.villages.is_empty() { (state::empty_line("Không ai cần gặp.")) }
        @else {
            (Table { caption: "Ai cần gặp ở đâu", heads: &heads, stack: true }.draw(html! {
                @for village in shown.villages {
                    tr {
                        td { a href={ (TODAY) "/thon?ten=" (yba_web::encoded(&village.name)) (shown.place) } { (named(&village.name)) } }
                        @for (list, count) in shown.lists.iter().zip(&village.counts) { (number(&list.title, html! { (count) })) }
                        (number("Trễ", html! { (village.late) }))
                    }
                }
            }, html! {}))
        }
    })
}

fn named(village: &str) -> &str {
    if village.is_empty() { "Chưa ghi thôn" } else { village }
}

/// Everybody to see in a village.
pub(super) fn round(
    village: &str,
    visited: &[Visited],
    people: &BTreeMap<String, Value>,
    more: usize,
) -> Markup {
    let heads = [("Người", false), ("Vì sao", false), ("Điện thoại", false), ("Đã gặp", false)];
    html! {
        (card::back(TODAY, "Hôm nay"))
        (card::page_title(named(village), html! { (visited.len() + more) " người cần gặp" }, html! { button .btn type="button" data-print { "In danh sách" } }))
        (Card::new("di-thon", "Cần gặp").flush(html! {
            @if visited.is_empty() { (state::empty_line("Ở thôn này không ai cần gặp.")) }
            @else {
                (Table { caption: "Người cần gặp", heads: &heads, stack: true }.draw(html! {
                    @for one in visited { (row(one, people)) }
                }, html! {}))
            }
        }))
        @if more > 0 { p .hint { "Còn " (more) " người nữa; hãy mở từng danh sách." } }
    }
}

fn row(one: &Visited, people: &BTreeMap<String, Value>) -> Markup {
    let patient = people.get(&one.patient).map(Patient);
    html! {
        tr {
            td {
                a href={ "/nguoi/" (one.patient) } { (name(people, &one.patient)) }
                @if let Some(patient) = patient {
                    span .sub { (format::sex(patient.gender().unwrap_or_default())) " · " (format::date(patient.birth_date().unwrap_or_default())) }
                }
            }
            td .headed data-head="Vì sao" {
                span {
                    @for (at, (words, href, late)) in one.reasons.iter().enumerate() {
                        @if at > 0 { ", " }
                        a href=(href) { (words) } @if *late { " (trễ)" }
                    }
                }
            }
            td .headed data-head="Điện thoại" { (patient.and_then(|one| one.phones().next()).unwrap_or_default()) }
            td .headed data-head="Đã gặp" {}
        }
    }
}
