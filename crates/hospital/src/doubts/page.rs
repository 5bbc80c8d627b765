//! The pages of doubts: markup only.

use super::DOUBTS;
use super::model::{Head, Pair, PairLine};
use maud::{Markup, html};
use yba_mpi::doubts::Place;
use yba_ui::card::{self, Card};
use yba_ui::compare::{choice_button, choice_link, choices, compare, done};
use yba_ui::form::hidden;
use yba_ui::state;

/// What a person decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Choice {
    Same,
    Two,
}

impl Choice {
    pub fn code(self) -> &'static str {
        match self {
            Choice::Same => "mot",
            Choice::Two => "hai",
        }
    }

    pub fn of(code: &str) -> Option<Choice> {
        [Choice::Same, Choice::Two].into_iter().find(|one| one.code() == code)
    }

    fn words(self) -> &'static str {
        match self {
            Choice::Same => "Cùng một người",
            Choice::Two => "Hai người khác nhau",
        }
    }
}

/// What was decided just before.
#[derive(Debug)]
pub struct Before {
    pub act: String,
    pub choice: Choice,
    pub linkage: String,
}

/// What the page of a pair shows.
pub struct Shown<'a> {
    pub pair: &'a Pair,
    pub before: Option<&'a Before>,
    /// Why the decision was not kept.
    pub note: Option<Markup>,
}

/// The list.
pub fn list(lines: &[PairLine], more: Option<&Place>, before: Option<&Before>, seen_all: bool) -> Markup {
    let start = lines.first().map(|first| html! {
        a .btn .main href={ (DOUBTS) "/" (first.linkage) } data-key="1" aria-keyshortcuts="1" { "Xem từng cặp " kbd { "1" } }
    });
    html! {
        (card::page_title("Nghi trùng", html! { "hai hồ sơ có thể là của một người" }, html! { @if let Some(start) = start { (start) } }))
        @if let Some(before) = before { (just_done(before)) }
        @if seen_all && !lines.is_empty() {
            (state::warning("Đã xem hết danh sách.", "Các cặp để sau vẫn còn ở dưới."))
        }
        (Card::new("cac-cap", "Chờ người xem").aside(html! { "dễ trùng nhất lên trước" }).flush(html! {
            @if lines.is_empty() {
                (state::empty("Không còn cặp nào chờ xem.", "Máy tự nối những hồ sơ chắc chắn là của một người; cặp nào còn ngờ sẽ hiện ở đây.",
                    card::link_button("/", html! { "Về trang tìm người" })))
            } @else {
                (card::rows(lines.iter().map(line)))
            }
        }))
        @if let Some(place) = more {
            p { (card::link_button(&format!("{DOUBTS}?sau={}.{}", place.weight, place.linkage), html! { "Xem thêm" })) }
        }
    }
}

fn line(one: &PairLine) -> Markup {
    let [first, second] = &one.names;
    html! {
        a href={ (DOUBTS) "/" (one.linkage) } { (first) " – " (second) }
        span .sub-ink {
            (one.about[0]) ", " (one.facilities[0])
            @if one.about[0] == one.about[1] { " – " (one.facilities[1]) }
            @else { " – " (one.about[1]) ", " (one.facilities[1]) }
        }
        @if !one.signs.is_empty() { span .sub { (one.signs) } }
    }
}

/// One pair side by side, and the decision.
pub fn pair(shown: &Shown) -> Markup {
    let pair = shown.pair;
    let here = format!("{DOUBTS}/{}", pair.place.linkage);
    let later = format!("{DOUBTS}/tiep?sau={}.{}", pair.place.weight, pair.place.linkage);
    html! {
        (card::back(DOUBTS, "Các cặp nghi trùng"))
        (card::page_title("Có phải một người?", html! {}, html! {}))
        @if let Some(before) = shown.before { (just_done(before)) }
        @if let Some(note) = &shown.note { (note) }
        (Card::new("hai-ho-so", "Hai hồ sơ").aside(html! { "chỗ khác nhau được tô" }).flush(html! {
            (compare("Hai hồ sơ cạnh nhau", [head(&pair.heads[0]), head(&pair.heads[1])], &pair.lines))
            (choices(html! {
                form method="post" action=(here) {
                    // Neither stands out: a wrong link is worse than none, so the page must not lean.
                    (choice_button("quyet", Choice::Same.code(), "1", Choice::Same.words(), false))
                    (choice_button("quyet", Choice::Two.code(), "2", Choice::Two.words(), false))
                }
                (choice_link(&later, "3", "Để sau"))
            }))
        }))
        (Card::new("vi-sao", "Vì sao máy ngờ").padded(html! {
            div .signs {
                (signs("Giống một người", &pair.signs_for, "Không có dấu hiệu nào."))
                (signs("Giống hai người", &pair.signs_against, "Không có gì nói ngược lại."))
            }
        }))
    }
}

fn head(head: &Head) -> Markup {
    html! {
        (head.facility)
        @if !head.number.is_empty() { span .sub { "Mã BN " (head.number) } }
        span .sub { a href=(head.href) { "Mở hồ sơ" } }
    }
}

fn signs(title: &str, signs: &[&str], none: &str) -> Markup {
    html! {
        div {
            h3 { (title) }
            @if signs.is_empty() { p .muted { (none) } }
            ul { @for sign in signs { li { (sign) } } }
        }
    }
}

/// What was decided, with its undoing.
fn just_done(before: &Before) -> Markup {
    let words = format!("Đã ghi: {}.", before.choice.words().to_lowercase());
    done(
        &words,
        html! {
            form method="post" action={ (DOUBTS) "/hoan-tac" } {
                (hidden("act", &before.act)) (hidden("truoc", &before.linkage))
                button .btn type="submit" data-key="u" aria-keyshortcuts="u" { "Hoàn tác " kbd { "u" } }
            }
        },
    )
}

/// A pair that waits no more, or something refused, with the way on.
pub fn gone(note: Markup) -> Markup {
    html! {
        (card::back(DOUBTS, "Các cặp nghi trùng"))
        (card::page_title("Nghi trùng", html! {}, html! {}))
        (note)
        p { (card::link_button(DOUBTS, html! { "Xem các cặp còn lại" })) }
    }
}
