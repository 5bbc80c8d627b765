//! The page of a code: markup only.

use super::Shown;
use maud::{Markup, html};
use yba_ui::card::{self, Card};
use yba_ui::state;

pub(super) fn page(shown: &Shown) -> Markup {
    let line = |(code, title): &(String, String)| {
        html! { a href={ "/ma/" (shown.list) "/" (code) } { b { (code) } " " (title) } }
    };
    html! {
        (card::page_title(&format!("{} {}", shown.code, shown.title), html! { (shown.word) }, html! {}))
        (card::column(html! {
            (Card::new("ma", "Mã").padded(card::facts(&[
                ("Mã", html! { (shown.code) }),
                ("Tên", html! { (shown.title) }),
                ("Tiếng Anh", html! { @if !shown.english.is_empty() { span lang="en" { (shown.english) } } }),
                ("Danh mục", html! { (shown.word) " · bản " (shown.edition) }),
            ])))
            @if !shown.above.is_empty() { (Card::new("thuoc", "Thuộc").flush(card::rows(shown.above.iter().map(line)))) }
            (Card::new("gom", "Gồm").flush(match shown.below.as_slice() {
                [] => state::empty_line("Không có mã nhỏ hơn."),
                below => html! {
                    (card::rows(below.iter().map(line)))
                    @if shown.more { (state::empty_line("Còn nữa; gõ # và vài chữ trong ô tìm để thu hẹp.")) }
                },
            }))
        }))
    }
}
