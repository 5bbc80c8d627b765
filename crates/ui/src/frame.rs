//! The whole document: head, left rail, top bar with the one search box, content, foot.
//!
//! Knows no room and no rule: the menu it gets is what somebody may open, and a stranger's is empty, so that theirs is a
//! page without a rail. One column and a bottom bar under 900 px. How it looks (light or dark, narrow or roomy rows) is
//! an attribute of the root, written by the server: nothing flickers and no inline script is needed.

use crate::account::{Account, account_menu};
use crate::icon::icon;
use crate::search::{Place, search_box};
use crate::{asset, hx, keys, state};
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
    /// The letter that leads there after `g`.
    pub letter: Option<char>,
    /// A number of things waiting behind it.
    pub count: Option<usize>,
}

/// How somebody wants their pages to look and to listen.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Look {
    pub dark: bool,
    /// Rows of 40 px.
    pub roomy: bool,
    /// Keys of a single letter do nothing.
    pub letters_off: bool,
}

/// What stands around the content.
pub struct Frame<'a> {
    pub title: &'a str,
    /// What may be opened; nothing for a stranger.
    pub menu: &'a [MenuGroup],
    /// The address of the page, to mark its entry in the menu.
    pub here: &'a str,
    /// Facility and room, or the node's name.
    pub place: &'a str,
    pub look: Look,
    /// Whoever is at work; `None` for a stranger.
    pub account: Option<Account<'a>>,
    /// Where the search form posts to; `None` draws no box (the page has it, or may not search).
    pub search: Option<&'a str>,
    /// The red bar of the test mode.
    pub open: bool,
    /// What the bar of practice is asked of, on a node for that.
    pub practice: Option<&'a str>,
    pub source_url: &'a str,
    pub foot: &'a str,
}

/// The full page.
pub fn frame(f: &Frame, content: &Markup) -> Markup {
    let alone = f.menu.is_empty();
    html! {
        (DOCTYPE)
        html lang="vi" data-theme=[f.look.dark.then_some("dark")] data-roomy[f.look.roomy] data-letters=[f.look.letters_off.then_some("off")] {
            (head(f.title))
            body data-open[f.open] data-alone[alone] {
                a .skip href="#noi-dung" { "Bỏ qua đến nội dung" }
                @if f.open { aside .openbar aria-label="Chế độ thử" { "CHẾ ĐỘ THỬ – không xác thực" } }
                div .frame {
                    @if !alone { (rail(f)) }
                    (top_bar(f, alone))
                    main #noi-dung .content tabindex="-1" { (content) }
                    footer .foot {
                        span { (f.foot) }
                        a href=(f.source_url) { "Mã nguồn (AGPL-3.0)" }
                        a href="/gioi-thieu" { "Giới thiệu và giấy phép" }
                    }
                }
                @if let Some(address) = f.practice { (hx::filled("tap", "Tập làm", address)) }
                (state::offline_bar())
                @if let Some(account) = &f.account { (keys::dialog(f.menu, account, f.look)) }
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

fn brand() -> Markup {
    html! { a .brand href="/" { (icon("heart-pulse")) span .word { "Y Bạ" } } }
}

/// Entries that stand in the bottom bar of a phone when there are more than fit; the rest is behind «Thêm».
const ON_PHONES: usize = 4;

fn rail(f: &Frame) -> Markup {
    let count: usize = f.menu.iter().map(|group| group.entries.len()).sum();
    // The entry of this page is always seen.
    let all = || f.menu.iter().flat_map(|group| &group.entries);
    let here = all().position(|entry| entry.href == f.here).filter(|at| *at >= ON_PHONES);
    let first = if here.is_some() { ON_PHONES - 1 } else { ON_PHONES };
    let is_rest = |at: usize| count > ON_PHONES + 1 && at >= first && Some(at) != here;
    let mut at = 0;
    html! {
        nav .rail aria-label="Chức năng" {
            (brand())
            @for group in f.menu {
                div {
                    h2 { (group.title) }
                    ul {
                        @for entry in &group.entries {
                            li .rest[is_rest(at)] { (entry_link(entry, f.here, true)) }
                            @let () = at += 1;
                        }
                    }
                }
            }
            @if count > ON_PHONES + 1 {
                details .more {
                    summary { (icon("layout-grid")) span .word { "Thêm" } }
                    ul { @for (_, entry) in all().enumerate().filter(|(at, _)| is_rest(*at)) { li { (entry_link(entry, f.here, false)) } } }
                }
            }
        }
    }
}

/// `goes`: the letter of the entry leads here. One that stands twice has it once.
fn entry_link(entry: &MenuEntry, here: &str, goes: bool) -> Markup {
    let letter = entry.letter.filter(|_| goes).map(String::from);
    html! {
        a href=(entry.href) title=(entry.word) data-go=[letter] aria-current=[(entry.href == here).then_some("page")] {
            (icon(entry.icon))
            span .word { (entry.word) }
            @if let Some(n) = entry.count { span .count { (n) } }
        }
    }
}

fn top_bar(f: &Frame, alone: bool) -> Markup {
    html! {
        header .topbar {
            @if alone { (brand()) }
            @if let Some(action) = f.search { (search_box(Place::Bar, action, "", html! {})) }
            span .place { (f.place) }
            @if let Some(account) = &f.account { (account_menu(account, f.look)) }
        }
    }
}
