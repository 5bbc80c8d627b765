//! The menu of whoever is at work: their own page, how pages look, the list of keys, leaving. A `details` element, so it opens
//! without script.

use crate::form::hidden;
use crate::frame::Look;
use crate::icon::icon;
use maud::{Markup, html};

/// Whoever is at work.
#[derive(Debug, Clone, Copy)]
pub struct Account<'a> {
    pub name: &'a str,
    /// Their own page and where a form posts that lets them leave; `None` where nobody signs in.
    pub own: Option<Own<'a>>,
    /// Where a form posts that changes how pages look.
    pub look: &'a str,
    /// The address of this page, to come back to.
    pub address: &'a str,
}

/// Where somebody's own page is, and where a form posts that lets them leave.
#[derive(Debug, Clone, Copy)]
pub struct Own<'a> {
    pub page: &'a str,
    pub leave: &'a str,
}

pub fn account_menu(account: &Account, look: Look) -> Markup {
    html! {
        details .account {
            summary .who aria-label={ "Tài khoản: " (account.name) } { (icon("user")) span .word { (account.name) } }
            div .sheet {
                p .name { (account.name) }
                @if let Some(own) = account.own { a href=(own.page) { (icon("id-card")) "Tài khoản của tôi" } }
                form method="post" action=(account.look) {
                    (hidden("ve", account.address))
                    (either("nen", "Nền", [("sang", "Sáng"), ("toi", "Tối")], look.dark))
                    (either("hang", "Dòng", [("gon", "Gọn"), ("thoang", "Thoáng")], look.roomy))
                }
                button type="button" data-dialog="phim" { (icon("circle-help")) "Phím tắt" kbd { "?" } }
                @if let Some(own) = account.own {
                    form .leave method="post" action=(own.leave) { button { (icon("log-out")) "Đăng xuất" } }
                }
            }
        }
    }
}

/// Two words of which one holds.
fn either(name: &str, word: &str, values: [(&str, &str); 2], second: bool) -> Markup {
    html! {
        fieldset .either {
            legend { (word) }
            @for (at, (value, word)) in values.iter().enumerate() {
                button name=(name) value=(value) aria-pressed=(if (at == 1) == second { "true" } else { "false" }) { (word) }
            }
        }
    }
}

pub fn sample() -> Markup {
    let account = Account {
        name: "BS. Trần Mai Anh",
        own: Some(Own { page: "#", leave: "#" }),
        look: "#",
        address: "/",
    };
    html! { (account_menu(&account, Look::default())) }
}
