//! The page of the review, drawn.

use super::super::ACCOUNTS;
use super::super::page::title;
use super::{REVIEW, Shown, Typed};
use maud::{Markup, html};
use yba_auth::Account;
use yba_fhir::{Day, Outcome, date};
use yba_records::gate::Review;
use yba_ui::form::hidden;
use yba_ui::table::Table;
use yba_ui::{card, format, state};
use yba_web::enter::page::{about, at_large};

/// Most lines of the page; those that are due come first, and the file has all.
const LINES: usize = 200;

const HEADS: [(&str, bool); 7] = [
    ("Người", false),
    ("Vai trò và nơi", false),
    ("Dùng lần cuối", false),
    ("Lập được", false),
    ("Nhân sự", false),
    ("Rà soát", false),
    ("Kết luận", false),
];

pub(super) fn list(shown: &Shown, wrong: Option<(&Typed, &Outcome)>) -> Markup {
    let due = shown.accounts.iter().filter(|(_, review)| review.is_due).count();
    let first = shown
        .accounts
        .iter()
        .position(|(account, review)| review.is_due && shown.own != Some(account.id.as_str()));
    let table = Table { caption: "Tài khoản", heads: &HEADS, stack: true };
    let lines = (0..shown.accounts.len().min(LINES)).map(|at| line(at, first == Some(at), shown, wrong));
    let acts = html! { a .btn href="/quan-tri/ra-soat/tep" { "Tải tệp CSV" } };
    html! {
        (card::page_title("Rà soát tài khoản", html! { (due) " đến hạn trong " (shown.accounts.len()) " tài khoản" }, acts))
        (at_large(wrong.map(|(_, outcome)| outcome), &["reason"]))
        p .muted {
            "Mỗi tài khoản được xem lại ít nhất " (shown.days.1) " ngày một lần; không dùng quá " (shown.days.0) " ngày thì bị chặn khi đăng nhập. "
            "Phím 1 giữ, phím 2 thu hồi tài khoản đến hạn đầu tiên."
        }
        @if shown.accounts.is_empty() { (state::empty_line("Chưa có tài khoản nào.")) }
        (table.draw(html! { @for line in lines { (line) } }, html! {}))
        @if shown.accounts.len() > LINES {
            p { "Còn " (shown.accounts.len() - LINES) " tài khoản nữa, chưa đến hạn; tệp CSV có đủ." }
        }
    }
}

fn line(at: usize, is_first: bool, shown: &Shown, wrong: Option<(&Typed, &Outcome)>) -> Markup {
    let ((account, review), ruling) = (&shown.accounts[at], &shown.rulings[at]);
    let is_own = shown.own == Some(account.id.as_str());
    html! {
        tr id={ "tk-" (account.id) } {
            th scope="row" { a href={ (ACCOUNTS) "/" (account.id) } { (account.name) } " " span .muted { (account.login) } }
            td .full { @for place in places(account, shown) { div { (place) } } }
            td .headed data-head="Dùng lần cuối" { (moment(review.last_ms)) }
            td .headed data-head="Lập được" { (age(review.made_ms, shown.today)) }
            td .headed data-head="Nhân sự" { (post(account, shown.today)) }
            td .headed data-head="Rà soát" { span {
                @if review.is_due { b { "đến hạn" } br; }
                @match ruling { Some(told) => { (told.what) " " (told.when) ", " (told.by) } None => "chưa lần nào" }
                @if !standing(review).is_empty() { br; b { (standing(review)) } }
            } }
            td .no-print.full { @if is_own { span .muted { "người khác rà soát" } } @else { (acts(&account.id, is_first, wrong)) } }
        }
    }
}

/// Keeping and withdrawing. The first that is due has the focus and the keys, so that a list is gone through by Enter.
fn acts(account: &str, is_first: bool, wrong: Option<(&Typed, &Outcome)>) -> Markup {
    let wrong = wrong.filter(|(typed, _)| typed.account == account);
    let typed = wrong.map(|(typed, _)| typed.reason.as_str()).unwrap_or_default();
    let error = wrong.and_then(|(_, outcome)| about(Some(outcome), "reason"));
    let (id, error_id) = (format!("ly-do-{account}"), format!("ly-do-{account}-loi"));
    let key = |key: &'static str| is_first.then_some(key);
    html! {
        form method="post" action=(REVIEW) {
            (hidden("account", account))
            button .btn name="ruling" value="giu" autofocus[is_first] data-key=[key("1")] aria-keyshortcuts=[key("1")] data-word=[key("Giữ tài khoản đến hạn đầu tiên")] {
                "Giữ" @if is_first { " " kbd aria-hidden="true" { "1" } }
            }
        }
        form .line-form method="post" action=(REVIEW) {
            (hidden("account", account))
            label .sr for=(id) { "Lý do thu hồi" }
            @if let Some(error) = error { p .error id=(error_id) { (error) } }
            input id=(id) name="reason" value=(typed) maxlength="500" placeholder="Lý do thu hồi" autocomplete="off"
                aria-invalid=[error.map(|_| "true")] aria-describedby=[error.map(|_| &error_id)] aria-keyshortcuts=[key("2")] data-word=[key("Thu hồi tài khoản đến hạn đầu tiên")];
            button .btn .danger name="ruling" value="thu" { "Thu hồi" }
        }
    }
}

/// The roles with where they hold.
pub(super) fn places(account: &Account, shown: &Shown) -> Vec<String> {
    let said = |grant| format!("{}, {}", title(grant, shown.roles), shown.words.place(grant));
    account.grants_on(shown.today).map(said).collect()
}

/// Why somebody does not come in.
pub(super) fn standing(review: &Review) -> &'static str {
    match review {
        Review { blocked: true, .. } => "đã khóa",
        Review { is_idle: true, .. } => "bị chặn vì lâu không dùng",
        Review { in_force: false, .. } => "không còn vai trò",
        Review { has_password: false, .. } => "chưa đặt mật khẩu",
        _ => "",
    }
}

/// Whether the list of personnel still has them.
pub(super) fn post(account: &Account, today: Day) -> &'static str {
    let posts = || account.roles.iter().filter(|grant| grant.practitioner_role.is_some());
    match posts().any(|grant| grant.holds(today)) {
        true => "đang làm",
        false if posts().next().is_some() => "đã kết thúc",
        false => "không gắn",
    }
}

pub(super) fn moment(ms: Option<i64>) -> String {
    ms.map_or_else(|| "chưa lần nào".to_owned(), |ms| format::date_time(&date::instant(ms)))
}

/// How long ago an account was made.
pub(super) fn age(made_ms: Option<i64>, today: Day) -> String {
    let days = made_ms.map(|made| today.days_since_epoch() - Day::of_instant(made).days_since_epoch());
    days.map_or_else(|| "không rõ".to_owned(), |days| format!("{days} ngày"))
}
