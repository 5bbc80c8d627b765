//! The pages of accounts, drawn.

use super::{ACCOUNTS, Typed};
use maud::{Markup, html};
use std::sync::Arc;
use yba_auth::{Account, Grant};
use yba_fhir::Outcome;
use yba_records::gate::RoleName;
use yba_ui::form::{Field, Sort, choice, field, hidden};
use yba_ui::{card, format, state};
use yba_web::enter::page::{about, at_large};

/// What every page here shows besides its accounts.
pub(super) struct Shown<'a> {
    pub roles: &'a [RoleName],
    pub today: &'a str,
    pub typed: &'a Typed,
    pub wrong: Option<&'a Outcome>,
}

const FIELDS: [&str; 7] = ["login", "name", "practitioner", "role", "organization", "department", "to"];

pub(super) fn list(accounts: &[Arc<Account>], shown: &Shown) -> Markup {
    let count = format!("{} tài khoản", accounts.len());
    html! {
        (card::page_title("Tài khoản", html! { (count) }, html! {}))
        (card::column(html! {
            (card::Card::new("tai-khoan", "Người đang có tài khoản").flush(html! {
                @if accounts.is_empty() { (state::empty_line("Chưa có tài khoản nào.")) }
                (card::rows(accounts.iter().map(|account| line(account, shown))))
            }))
            (card::Card::new("tai-khoan-moi", "Tài khoản mới").padded(html! {
                (at_large(shown.wrong, &FIELDS))
                form .form method="post" action=(ACCOUNTS) {
                    (field(&Field::new("login", "Tên đăng nhập", Sort::Login).hint("Chữ không dấu, chữ số, dấu chấm. Ví dụ: mai.lo").value(&shown.typed.login).error(about(shown.wrong, "login"))))
                    (field(&Field::new("name", "Họ và tên", Sort::Text).value(&shown.typed.name).error(about(shown.wrong, "name"))))
                    (field(&Field::new("practitioner", "Mã nhân viên (Practitioner)", Sort::Text).value(&shown.typed.practitioner).error(about(shown.wrong, "practitioner")).optional()))
                    (grant_fields(shown))
                    (card::main_button("Lập tài khoản", None))
                }
            }))
        }))
    }
}

fn line(account: &Account, shown: &Shown) -> Markup {
    let roles: Vec<&str> = account.roles.iter().map(|grant| title(grant, shown.roles)).collect();
    html! {
        span { a href={ (ACCOUNTS) "/" (account.id) } { (account.name) } " " span .muted { (account.login) } }
        span .sub { (roles.join(", ")) @if account.blocked { " · " b { "đã khóa" } } }
    }
}

fn title<'a>(grant: &'a Grant, roles: &'a [RoleName]) -> &'a str {
    roles.iter().find(|role| role.slug == grant.role).map_or(&grant.role, |role| &role.title)
}

fn grant_fields(shown: &Shown) -> Markup {
    let words: Vec<(&str, &str)> =
        shown.roles.iter().map(|role| (role.slug.as_str(), role.title.as_str())).collect();
    let from = if shown.typed.from.is_empty() { shown.today } else { &shown.typed.from };
    let typed = shown.typed;
    html! {
        (choice("role", "Vai trò", &words, &typed.role, about(shown.wrong, "role")))
        (field(&Field::new("organization", "Cơ sở (mã Organization)", Sort::Text).value(&typed.organization).error(about(shown.wrong, "organization")).optional()))
        (field(&Field::new("department", "Khoa, phòng", Sort::Text).value(&typed.department).error(about(shown.wrong, "department")).optional()))
        (field(&Field::new("from", "Từ ngày", Sort::Day).value(&format::date(from))))
        (field(&Field::new("to", "Đến hết ngày", Sort::Day).value(&typed.to).error(about(shown.wrong, "to")).optional()))
    }
}

pub(super) fn one(account: &Account, shown: &Shown) -> Markup {
    let (verb, blocked) =
        if account.blocked { ("Mở khóa", "false") } else { ("Khóa tài khoản", "true") };
    let here = format!("{ACCOUNTS}/{}", account.id);
    html! {
        (card::back(ACCOUNTS, "Mọi tài khoản"))
        (card::page_title(&account.name, html! { (account.login) @if account.blocked { " · đã khóa" } }, html! {}))
        (at_large(shown.wrong, &FIELDS))
        (card::column(html! {
            (card::Card::new("vai-tro", "Vai trò").flush(html! {
                @if account.roles.is_empty() { (state::empty_line("Chưa có vai trò nào, nên chưa vào được.")) }
                (card::rows(account.roles.iter().enumerate().map(|(at, grant)| grant_line(at, grant, shown, &here))))
            }))
            (card::Card::new("them-vai-tro", "Thêm vai trò").padded(html! {
                form .form method="post" action=(here) { (grant_fields(shown)) (card::main_button("Thêm vai trò", None)) }
            }))
            (card::Card::new("khoa", "Khóa, đặt lại").padded(html! {
                p { "Khóa thì người này bị đăng xuất ngay ở mọi máy, và không vào được nữa." }
                form method="post" action={ (here) "/khoa" } { (hidden("blocked", blocked)) button .btn .danger { (verb) } }
                p { "Đặt lại thì xóa mật khẩu và ứng dụng xác thực; bạn nhận một liên kết để đưa cho họ đặt mật khẩu mới." }
                form method="post" action={ (here) "/dat-lai" } { button .btn .danger { "Đặt lại mật khẩu" } }
            }))
        }))
    }
}

fn grant_line(at: usize, grant: &Grant, shown: &Shown, here: &str) -> Markup {
    let until = grant.to.as_deref().map(|to| format!(" đến hết {}", format::date(to))).unwrap_or_default();
    html! {
        span { (title(grant, shown.roles)) " " span .muted { "từ " (format::date(&grant.from)) (until) } }
        span .sub { (grant.organization.as_deref().unwrap_or("mọi cơ sở")) @if let Some(department) = &grant.department { " · " (department) } }
        form method="post" action=(here) { (hidden("away", &at.to_string())) button .btn { "Bỏ vai trò" } }
    }
}

pub(super) fn link(name: &str, address: &str) -> Markup {
    html! {
        (card::back(ACCOUNTS, "Mọi tài khoản"))
        (card::page_title("Liên kết đặt mật khẩu", html! { (name) }, html! {}))
        (card::column(card::Card::new("lien-ket", "Đưa tận tay, dùng một lần").padded(html! {
            p { "Người có liên kết này đặt được mật khẩu và vào bằng tài khoản này. Liên kết dùng một lần, hết hạn sau 3 ngày. Trang này không hiện lại." }
            p { code #lien-ket-moi { (address) } }
        })))
    }
}
