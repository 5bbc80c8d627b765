//! The list of who is under watch: markup only.

use super::WATCH;
use crate::reactions::REACTIONS;
use crate::sessions::rooms;
use maud::{Markup, html};
use std::collections::BTreeMap;
use yba_care::watch::{End, Watched};
use yba_content::VaccinationDay;
use yba_fhir::date;
use yba_fhir::json::Value;
use yba_fhir::view::Patient;
use yba_ui::card::{self, Card};
use yba_ui::form;
use yba_ui::status::{Status, status};
use yba_ui::table::Table;
use yba_ui::{format, state};

/// What the page shows.
pub(super) struct Shown<'a> {
    pub all: &'a [Watched],
    pub people: &'a BTreeMap<String, Value>,
    pub now_ms: i64,
    pub day: &'a VaccinationDay,
    pub may_write: bool,
    pub may_react: bool,
    pub done: Option<&'static str>,
}

/// `09:41`
pub(crate) fn clock(ms: i64) -> String {
    format::date_time(&date::instant(ms)).split(' ').nth(1).unwrap_or_default().to_owned()
}

const HEADS: [(&str, bool); 4] =
    [("Trẻ", false), ("Vắc xin", false), ("Về được lúc", false), ("Kết thúc", false)];

pub(super) fn list(shown: &Shown) -> Markup {
    let (open, ended): (Vec<&Watched>, Vec<&Watched>) = shown.all.iter().partition(|one| one.end.is_none());
    let over = open.iter().filter(|one| one.is_over(shown.now_ms)).count();
    let sub = html! { (format::count(open.len())) " trẻ đang theo dõi, " (format::count(over)) " đủ " (shown.day.watch_minutes) " phút" };
    let acts = html! {
        @if over > 0 && shown.may_write {
            form method="post" action=(WATCH) { button .btn.main type="submit" { "Cả " (over) " trẻ đủ giờ: về được, bình thường" } }
        }
    };
    html! {
        (card::page_title("Theo dõi sau tiêm", sub, acts))
        @if let Some(done) = shown.done { (form::toast(done)) }
        (rooms(WATCH))
        (Card::new("dang-theo-doi", "Đang theo dõi").flush(html! {
            @if open.is_empty() { (state::empty("Không còn trẻ nào đang theo dõi.", "Trẻ vừa tiêm hôm nay tự đứng vào đây.", html! {})) }
            @else { (table(shown, &open)) }
        }))
        (state::warning("Dặn người nhà trước khi về.", &shown.day.reactions.home))
        @if !ended.is_empty() {
            (Card::new("da-ve", "Đã kết thúc").aside(html! { (format::count(ended.len())) " trẻ" }).flush(table(shown, &ended)))
        }
    }
}

fn table(shown: &Shown, all: &[&Watched]) -> Markup {
    Table { caption: "Trẻ sau tiêm", heads: &HEADS, stack: true }
        .draw(html! { @for one in all { (row(shown, one)) } }, html! {})
}

fn row(shown: &Shown, one: &Watched) -> Markup {
    let name = shown.people.get(&one.patient).and_then(|tree| Patient(tree).name());
    let left = (one.until_ms - shown.now_ms + 59_999) / 60_000;
    html! {
        tr {
            td { a href={ (crate::vaccinate::VACCINATE) "/" (one.patient) } { (name.as_deref().unwrap_or("chưa rõ tên")) } span .sub { "tiêm lúc " (clock(one.given_ms)) } }
            td .headed data-head="Vắc xin" { (one.words.join(", ")) }
            td .headed data-head="Về được lúc" {
                b { (clock(one.until_ms)) }
                @if one.end.is_none() {
                    span .sub { @if one.is_over(shown.now_ms) { (status(Status::Done, "đủ giờ")) } @else { (status(Status::Running, &format!("còn {left} phút"))) } }
                }
            }
            td .headed data-head="Kết thúc" { (ending(shown, one)) }
        }
    }
}

fn ending(shown: &Shown, one: &Watched) -> Markup {
    let action = format!("{WATCH}/{}", one.patient);
    html! {
        @match one.end {
            Some(end) => {
                (status(if end == End::Well { Status::Done } else { Status::Attention }, end.words()))
                @if shown.may_write {
                    details .no-print { summary { "Ghi nhầm?" } form method="post" action=(action) { button .btn type="submit" name="the" value="" { "Xóa, theo dõi tiếp" } } }
                }
            }
            None => {
                @if shown.may_write {
                    form method="post" action=(action) {
                        @if one.is_over(shown.now_ms) { button .btn type="submit" name="the" value=(End::Well.code()) { "Về được, bình thường" } }
                        @else { button .btn type="submit" name="the" value=(End::Early.code()) { "Về sớm" } }
                    }
                }
                @if shown.may_react { a .no-print href={ (REACTIONS) "/" (one.patient) "?mui=" (one.doses.join(",")) } { "Có phản ứng" } }
            }
        }
    }
}
