//! Sheets of paper: card, page title, definition list, buttons.

use maud::{Markup, html};

/// A titled sheet. `id` is a stable anchor; `aside` is the small text at the right of the title.
pub struct Card<'a> {
    pub id: &'a str,
    pub title: &'a str,
    pub aside: Markup,
}

impl<'a> Card<'a> {
    pub fn new(id: &'a str, title: &'a str) -> Self {
        Card { id, title, aside: html! {} }
    }

    pub fn aside(mut self, aside: Markup) -> Self {
        self.aside = aside;
        self
    }

    /// Content that brings its own padding: rows, tables, timelines.
    pub fn flush(&self, content: Markup) -> Markup {
        html! {
            section .card id=(self.id) aria-labelledby={ (self.id) "-t" } {
                header {
                    h2 id={ (self.id) "-t" } { (self.title) }
                    @if !self.aside.0.is_empty() { span .aside { (self.aside) } }
                }
                (content)
            }
        }
    }

    /// Content that stands in the card's padding.
    pub fn padded(&self, content: Markup) -> Markup {
        self.flush(html! { div .body { (content) } })
    }
}

/// The page's one `h1` with small text and actions beside it.
pub fn page_title(title: &str, sub: Markup, acts: Markup) -> Markup {
    html! {
        div .page-title {
            h1 { (title) }
            @if !sub.0.is_empty() { span .muted { (sub) } }
            @if !acts.0.is_empty() { div .acts .no-print { (acts) } }
        }
    }
}

/// Pairs of word and value; empty values are left out.
pub fn facts(pairs: &[(&str, Markup)]) -> Markup {
    html! {
        dl .facts-list {
            @for (word, value) in pairs.iter().filter(|(_, value)| !value.0.is_empty()) {
                dt { (word) } dd { (value) }
            }
        }
    }
}

/// A list of lines with hairlines between them.
pub fn rows(lines: impl Iterator<Item = Markup>) -> Markup {
    html! { ul .rows { @for line in lines { li { (line) } } } }
}

/// One narrow column, for pages that hold little.
pub fn column(content: Markup) -> Markup {
    html! { div .column { (content) } }
}

/// Running text: about pages, help.
pub fn prose(content: Markup) -> Markup {
    html! { div .prose { (content) } }
}

/// A link that looks like a button.
pub fn link_button(href: &str, content: Markup) -> Markup {
    html! { a .btn href=(href) { (content) } }
}

/// What a paper can be taken along as: opened for printing in a window of its own, or kept as a file.
pub fn taken_along(pdf: &str, workbook: &str, xml: &str) -> Markup {
    html! {
        (printed(pdf, "In")) " " (link_button(workbook, html! { "Tải XLSX" })) " " (link_button(xml, html! { "Tải XML" }))
    }
}

/// A button that opens a PDF in a window of its own.
pub fn printed(href: &str, text: &str) -> Markup {
    html! { a .btn href=(href) target="_blank" rel="noopener" { (text) } }
}

/// A link that looks like a button and has a key of its own on this page.
pub fn key_link(href: &str, key: &str, content: Markup) -> Markup {
    html! { a .btn href=(href) aria-keyshortcuts=(key) { (content) " " kbd aria-hidden="true" { (key) } } }
}

/// The one main action of a page: a verb, and the key that does it.
pub fn main_button(text: &str, key: Option<&str>) -> Markup {
    html! { button .btn .main type="submit" { (text) @if let Some(key) = key { " " kbd { (key) } } } }
}

/// The way back, above a title.
pub fn back(href: &str, text: &str) -> Markup {
    html! { nav .crumb .no-print aria-label="Quay lại" { a href=(href) { "← " (text) } } }
}

pub fn sample() -> Markup {
    html! {
        (page_title("Tiêu đề trang", html! { "chữ phụ" }, link_button("#", html! { "Việc phụ" })))
        (Card::new("mau-the", "Vấn đề đang theo dõi").aside(html! { "2 mục" }).flush(rows(
            [("Đái tháo đường típ 2", "2021"), ("Tăng huyết áp vô căn (nguyên phát)", "2019")].into_iter()
                .map(|(name, year)| html! { span { (name) } span .muted { (year) } }),
        )))
        (Card::new("mau-the-2", "Hành chính").padded(facts(&[
            ("Họ tên", html! { "Lò Thị Lả" }),
            ("Địa chỉ", html! { "Bản Nà Khương, xã Bản Bo, tỉnh Lai Châu" }),
            ("Trống thì không hiện", html! {}),
        ])))
        form action="#" { (main_button("Ký và gửi", Some("F9"))) }
    }
}
