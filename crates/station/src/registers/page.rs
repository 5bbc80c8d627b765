//! The pages of registers: markup only.

use super::Asked;
use crate::reports::REPORTS;
use crate::reports::page::in_words;
use maud::{Markup, html};
use yba_content::reports::Every;
use yba_report::listing::Page;
use yba_report::{Period, Register};
use yba_ui::card::{self, Card};
use yba_ui::table::Table;
use yba_ui::{format, state};

pub(super) fn one(asked: &Asked, page: &Page, today: &str) -> Markup {
    let register = &asked.register;
    let sub = html! { (register.about.form) " · " (asked.period.title()) };
    html! {
        (card::back(REPORTS, "Báo cáo và sổ"))
        (card::page_title(&register.about.title, sub, card::taken_along(&asked.address("/in"), &asked.address("/xlsx"), &asked.address("/xml"))))
        @if !register.about.uncertain.is_empty() { (state::warning("Mẫu sổ chưa đối chiếu với nguyên văn.", &register.about.uncertain)) }
        (months(asked, today))
        (Card::new("dong", "Các dòng sổ").aside(html! { "ghi từ hồ sơ, không phải gõ" }).flush(html! {
            @if page.rows.is_empty() { (state::empty_line("Tháng này chưa có dòng nào bạn được xem.")) }
            @else { (rows(register, page)) }
        }))
        @if let Some(next) = &page.next {
            p .no-print { (card::link_button(&format!("{}&sau={}", asked.address(""), yba_web::encoded(next)), html! { "Xem tiếp" })) }
        }
    }
}

fn rows(register: &Register, page: &Page) -> Markup {
    let mut heads: Vec<(&str, bool)> = vec![("Ngày", false)];
    heads.extend(register.columns.iter().map(|column| (column.title.as_str(), false)));
    let caption = &register.about.title;
    Table { caption, heads: &heads, stack: false }.draw(
        html! {
            @for row in &page.rows {
                tr {
                    td {
                        @let day = row.day.map(|day| format::date(&day.to_string())).unwrap_or_default();
                        @if row.patient.is_empty() { (day) } @else { a href={ "/nguoi/" (row.patient) } { (day) } }
                    }
                    @for at in 0..register.columns.len() { td { (in_words(register, row, at)) } }
                }
            }
        },
        html! {},
    )
}

fn months(asked: &Asked, today: &str) -> Markup {
    let before = Period::of(Every::Month, asked.period.first().plus_days(-1));
    let after = Period::of(Every::Month, asked.period.last().plus_days(1));
    let of = |period: Period| super::address(&asked.register.slug, "", period, asked.facility.as_deref());
    html! {
        p .no-print {
            (card::link_button(&of(before), html! { "← " (before.title()) })) " "
            @if after.first().to_string().as_str() <= today { (card::link_button(&of(after), html! { (after.title()) " →" })) }
        }
    }
}
