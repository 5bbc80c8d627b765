//! The whole document: head, left rail, top bar with the one search box, content, foot.
//!
//! Knows no room: the menu and the place are values. One column and a bottom bar under 900 px.

use crate::icon::icon;
use crate::search::{Place, search_box};
use crate::{asset, form, hx, state};
use maud::{DOCTYPE, Markup, html};

/// A group of the menu with its entries.
#[derive(Debug, Clone)]
pub struct MenuGroup {
    pub title: String,
    pub entries: Vec<MenuEntry>,
}

#[derive(Debug, Clone)]
pub struct MenuEntry {
    pub href: String,
    pub icon: &'static str,
    pub word: String,
    /// A number of things waiting behind it.
    pub count: Option<usize>,
}

/// What stands around the content.
pub struct Frame<'a> {
    pub title: &'a str,
    pub menu: &'a [MenuGroup],
    /// The address of the page, to mark its entry in the menu.
    pub here: &'a str,
    /// Facility and room, or the node's name.
    pub place: &'a str,
    pub who: Option<&'a str>,
    /// Whoever is at work by an account: their name leads to their page, and they can leave.
    pub own: Option<Own<'a>>,
    /// Where the search form posts to; `None` draws no box (the page has it, or may not search).
    pub search: Option<&'a str>,
    /// The red bar of the test mode.
    pub open: bool,
    pub source_url: &'a str,
    pub foot: &'a str,
}

/// Where somebody's own page is, and where a form posts that lets them leave.
#[derive(Debug, Clone, Copy)]
pub struct Own<'a> {
    pub page: &'a str,
    pub leave: &'a str,
}

/// The full page.
pub fn frame(f: &Frame, content: &Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="vi" {
            (head(f.title))
            body data-open[f.open] {
                a .skip href="#noi-dung" { "Bỏ qua đến nội dung" }
                @if f.open { aside .openbar aria-label="Chế độ thử" { "CHẾ ĐỘ THỬ – không xác thực" } }
                div .frame {
                    (rail(f))
                    (top_bar(f))
                    main #noi-dung .content tabindex="-1" { (content) }
                    footer .foot {
                        span { (f.foot) }
                        a href=(f.source_url) { "Mã nguồn (AGPL-3.0)" }
                        a href="/gioi-thieu" { "Giới thiệu và giấy phép" }
                    }
                }
                (state::offline_bar())
                (keys())
            }
        }
    }
}

fn head(title: &str) -> Markup {
    html! {
        head {
            meta charset="utf-8";
            meta name="viewport" content="width=device-width, initial-scale=1";
            meta name="referrer" content="no-referrer";
            meta name="htmx-config" content=(hx::CONFIG);
            title { (title) " · Y Bạ" }
            link rel="stylesheet" href=(asset::url("yba.css"));
            link rel="preload" as="font" type="font/woff2" crossorigin href=(asset::url("be-vietnam-pro-latin-400.woff2"));
            link rel="preload" as="font" type="font/woff2" crossorigin href=(asset::url("be-vietnam-pro-vietnamese-400.woff2"));
            link rel="icon" href="data:,";
            script src=(asset::url("htmx.min.js")) defer {}
            script src=(asset::url("core.js")) type="module" {}
        }
    }
}

fn rail(f: &Frame) -> Markup {
    html! {
        nav .rail aria-label="Chức năng" {
            a .brand href="/" { (icon("heart-pulse")) span .word { "Y Bạ" } }
            @for group in f.menu {
                div {
                    h2 { (group.title) }
                    ul { @for entry in &group.entries { li { (entry_link(entry, f.here)) } } }
                }
            }
        }
    }
}

fn entry_link(entry: &MenuEntry, here: &str) -> Markup {
    html! {
        a href=(entry.href) title=(entry.word) aria-current=[(entry.href == here).then_some("page")] {
            (icon(entry.icon))
            span .word { (entry.word) }
            @if let Some(n) = entry.count { span .count { (n) } }
        }
    }
}

fn top_bar(f: &Frame) -> Markup {
    html! {
        header .topbar {
            @if let Some(action) = f.search { (search_box(Place::Bar, action, "", html! {})) }
            span .place { (f.place) }
            @match (f.who, f.own) {
                (Some(who), Some(own)) => {
                    a .who href=(own.page) title="Tài khoản của tôi" aria-label={ "Tài khoản của tôi: " (who) } { (icon("user")) span .word { (who) } }
                    form .leave method="post" action=(own.leave) {
                        button .btn title="Đăng xuất" aria-label="Đăng xuất" { (icon("log-out")) span .word { "Đăng xuất" } }
                    }
                },
                (Some(who), None) => span .who { (icon("user")) span .word { (who) } },
                (None, _) => {}
            }
        }
    }
}

/// The list of keys, opened by `?`.
fn keys() -> Markup {
    let key =
        |keys: &[&str], text: &str| html! { span { @for k in keys { kbd { (k) } " " } } span { (text) } };
    form::dialog(
        "phim",
        "Phím tắt",
        html! {
            div .keys {
                (key(&["/", "Ctrl K"], "Tìm người bệnh"))
                (key(&["↑", "↓"], "Chọn trong kết quả"))
                (key(&["Enter"], "Mở hồ sơ đang chọn"))
                (key(&["Esc"], "Đóng, thoát ô tìm"))
                (key(&["g", "t"], "Về trang tìm người"))
                (key(&["?"], "Bảng phím này"))
            }
            p .muted { "Máy quét: quét căn cước hoặc thẻ BHYT ở bất kỳ trang nào để mở hồ sơ." }
            label { input #phim-tat-don type="checkbox" checked; " Dùng phím tắt một chữ (/, ?, g)" }
        },
        html! {},
    )
}
