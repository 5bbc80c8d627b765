//! The pages of one's own account, drawn.

use super::OWN;
use crate::enter::page::{about, at_large, new_password};
use maud::{Markup, html};
use yba_auth::Session;
use yba_fhir::{Outcome, date};
use yba_records::gate::{Here, RoleName, Setup};
use yba_ui::form::{Field, Sort, field, hidden};
use yba_ui::{card, format, qr};

/// What the page shows.
pub(super) struct Mine<'a> {
    pub here: &'a Here,
    pub sessions: &'a [Session],
    pub roles: &'a [RoleName],
}

pub(super) fn own(mine: &Mine) -> Markup {
    let account = &mine.here.account;
    let title = |slug: &str| {
        mine.roles.iter().find(|role| role.slug == slug).map_or(slug.to_owned(), |role| role.title.clone())
    };
    let roles: Vec<String> = account.roles.iter().map(|grant| title(&grant.role)).collect();
    let app = match &account.totp {
        Some(_) => html! { "đã cài · còn " (account.recovery.len()) " mã dự phòng" },
        None => html! { a href="/tai-khoan/ung-dung" { "Cài ứng dụng xác thực" } },
    };
    html! {
        (card::page_title("Tài khoản của tôi", html! { (account.name) }, html! {}))
        (card::column(html! {
            (card::Card::new("tai-khoan", "Đăng nhập").padded(card::facts(&[
                ("Tên đăng nhập", html! { (account.login) }),
                ("Vai trò", html! { (roles.join(", ")) }),
                ("Mật khẩu", html! { a href="/tai-khoan/mat-khau" { "Đổi mật khẩu" } }),
                ("Bước thứ hai", app),
            ])))
            (card::Card::new("phien", "Đang đăng nhập ở").flush(html! {
                (card::rows(mine.sessions.iter().map(|session| line(session, &mine.here.session))))
                @if mine.sessions.len() > 1 {
                    div .body { form method="post" action={ (OWN) "/phien" } { (hidden("session", "")) button .btn { "Kết thúc mọi phiên khác" } } }
                }
            }))
        }))
    }
}

fn line(session: &Session, here: &Session) -> Markup {
    html! {
        span { (session.source) " " span .muted { "từ " (format::date_time(&date::instant(session.begun_ms))) } }
        @if session.hash == here.hash { span .muted { "máy này" } }
        @else { form method="post" action={ (OWN) "/phien" } { (hidden("session", &session.hash)) button .btn { "Kết thúc phiên này" } } }
    }
}

pub(super) fn password(outcome: Option<&Outcome>) -> Markup {
    html! {
        (card::page_title("Đổi mật khẩu", html! {}, html! {}))
        (card::column(card::Card::new("mat-khau", "Mật khẩu của bạn").padded(html! {
            (at_large(outcome, &["present", "password", "repeat"]))
            p { "Đổi xong, mọi máy khác đang đăng nhập bằng tài khoản này đều bị đăng xuất." }
            form .form.narrow method="post" {
                (field(&Field::new("present", "Mật khẩu hiện tại", Sort::Password).error(about(outcome, "present")).first()))
                (new_password(outcome))
                (card::main_button("Đổi mật khẩu", Some("Enter")))
            }
        })))
    }
}

pub(super) fn app(setup: &Setup, outcome: Option<&Outcome>) -> Markup {
    html! {
        (card::page_title("Ứng dụng xác thực", html! { "bước thứ hai khi đăng nhập" }, html! {}))
        (card::column(card::Card::new("ung-dung", "Cài trên điện thoại").padded(html! {
            (at_large(outcome, &["code"]))
            p { "1. Mở ứng dụng xác thực trên điện thoại (Google Authenticator, Microsoft Authenticator, Aegis hoặc loại tương tự), chọn thêm tài khoản, quét mã này." }
            (qr::square(&setup.uri, "Mã QR để quét bằng ứng dụng xác thực"))
            p { "Không quét được thì gõ khóa này: " b #khoa { (setup.text) } }
            p { "2. Gõ 6 chữ số ứng dụng đang hiện." }
            form .form.narrow method="post" {
                (hidden("sealed", &setup.sealed))
                (field(&Field::new("code", "Mã xác thực", Sort::Code).error(about(outcome, "code")).first()))
                (card::main_button("Xác nhận", Some("Enter")))
            }
        })))
    }
}

pub(super) fn codes(codes: &[String]) -> Markup {
    html! {
        (card::page_title("Mã dự phòng", html! { "ứng dụng xác thực đã cài xong" }, html! {}))
        (card::column(card::Card::new("ma-du-phong", "Chép lại và cất nơi an toàn").padded(html! {
            p { "Mất điện thoại thì gõ một mã dưới đây thay cho mã của ứng dụng. Mỗi mã dùng một lần. Trang này không hiện lại." }
            p .codes { @for code in codes { span { (code) } br; } }
            (card::link_button("/", html! { "Đã chép, vào làm việc" }))
        })))
    }
}
