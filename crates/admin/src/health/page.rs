//! The page of a node's health, drawn.

use super::Health;
use maud::{Markup, html};
use yba_ui::{card, state};

pub(super) fn health(health: &Health) -> Markup {
    let count = health.to_do.len();
    let sub = if count == 0 {
        "mọi điều kiểm tra đều đạt".to_owned()
    } else {
        format!("{count} việc cần làm")
    };
    html! {
        (card::page_title("Sức khỏe máy chủ", html! { (sub) }, html! {}))
        (card::column(html! {
            (card::Card::new("can-lam", "Cần làm").flush(html! {
                @if count == 0 { (state::empty_line("Không có việc gì. Xem lại trang này mỗi tuần.")) }
                (card::rows(health.to_do.iter().map(|(what, to_do)| html! { span { b { (what) } } span .sub { (to_do) } })))
            }))
            @for (at, (title, measures)) in health.measures.iter().enumerate() {
                @let facts: Vec<(&str, Markup)> = measures.iter().map(|(word, value)| (word.as_str(), html! { (value) })).collect();
                (card::Card::new(&format!("do-{at}"), title).padded(card::facts(&facts)))
            }
        }))
    }
}
