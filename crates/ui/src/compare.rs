//! Two records side by side, line by line, with what differs marked; and the decision that follows.

use crate::icon::icon;
use maud::{Markup, html};

/// What two values say about each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Likeness {
    Same,
    Differs,
    /// One side, or both, hold nothing.
    Missing,
}

/// Pieces of a value; `true` marks what the other side does not have.
pub type Pieces = Vec<(bool, String)>;

/// One line: what it is about, and the value on either side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    pub word: &'static str,
    pub one: Pieces,
    pub other: Pieces,
    pub likeness: Likeness,
}

/// The two columns under their heads.
pub fn compare(caption: &str, heads: [Markup; 2], lines: &[Line]) -> Markup {
    html! {
        table .compare {
            caption .sr { (caption) }
            thead { tr { td {} @for head in &heads { th scope="col" { (head) } } } }
            tbody {
                @for line in lines {
                    tr .differs[line.likeness == Likeness::Differs] {
                        th scope="row" {
                            (line.word)
                            @match line.likeness {
                                Likeness::Same => { " " span .same { "giống" } }
                                Likeness::Differs => { " " span .badge.warn { "khác" } }
                                Likeness::Missing => {}
                            }
                        }
                        td { (value(&line.one)) }
                        td { (value(&line.other)) }
                    }
                }
            }
        }
    }
}

fn value(pieces: &Pieces) -> Markup {
    html! {
        @if pieces.iter().all(|(_, text)| text.is_empty()) { span .muted { "không ghi" } }
        @for (marked, text) in pieces { @if *marked { mark { (text) } } @else { (text) } }
    }
}

/// A choice with the key that makes it: the first of a page stands out.
pub fn choice_button(name: &str, value: &str, key: &str, words: &str, main: bool) -> Markup {
    html! {
        button .btn .main[main] type="submit" name=(name) value=(value) data-key=(key) aria-keyshortcuts=(key) {
            (words) " " kbd { (key) }
        }
    }
}

/// A link that looks like a choice.
pub fn choice_link(href: &str, key: &str, words: &str) -> Markup {
    html! { a .btn href=(href) data-key=(key) aria-keyshortcuts=(key) { (words) " " kbd { (key) } } }
}

/// The row of choices; on a phone it stays above the bottom bar, within reach of the thumb.
pub fn choices(content: Markup) -> Markup {
    html! { div .choices { (content) } }
}

/// What was just done, with a way to take it back.
pub fn done(words: &str, undo: Markup) -> Markup {
    html! { div .note.done role="status" { (icon("info")) p { b { (words) } } (undo) } }
}

pub fn sample() -> Markup {
    let plain = |text: &str| vec![(false, text.to_owned())];
    let lines = [
        Line {
            word: "Họ tên",
            one: plain("Lò Thị Mai"),
            other: plain("LO THI MAI"),
            likeness: Likeness::Same,
        },
        Line {
            word: "Ngày sinh",
            one: vec![(true, "02/01".into()), (false, "/1990".into())],
            other: vec![(true, "01/02".into()), (false, "/1990".into())],
            likeness: Likeness::Differs,
        },
        Line {
            word: "Điện thoại", one: plain("0912345678"), other: plain(""), likeness: Likeness::Missing
        },
    ];
    html! {
        (done("Đã ghi: cùng một người.", html! { button .btn type="button" { "Hoàn tác " kbd { "u" } } }))
        (compare("Hai hồ sơ", [html! { "Trạm y tế Bản Bo" }, html! { "Bệnh viện tỉnh" }], &lines))
        (choices(html! { (choice_button("quyet", "mot", "1", "Cùng một người", true)) (choice_link("#", "3", "Để sau")) }))
    }
}
