//! The pages of one's own account, drawn.

use super::outside::OUTSIDE;
use super::passkeys::{ASK, PASSKEYS};
use super::{Changed, LET_IN, OWN};
use crate::enter::page::{about, at_large, new_password};
use maud::{Markup, html};
use yba_auth::Session;
use yba_fhir::{Outcome, date};
use yba_records::gate::{Here, PasskeyLine, RoleName, Setup};
use yba_ui::form::{Field, Sort, field, hidden, named};
use yba_ui::{card, format, qr, state};

/// What the page shows.
pub(super) struct Mine<'a> {
    pub here: &'a Here,
    pub sessions: &'a [Session],
    pub passkeys: &'a [PasskeyLine],
    pub takes_passkeys: bool,
    /// What people call the outside provider, when there is one.
    pub outside: Option<&'a str>,
    /// What was wrong with a change.
    pub wrong: Option<(&'a Changed, &'a Outcome)>,
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
                ("Ứng dụng của bên khác", html! { a href=(LET_IN) { "Xem và rút quyền đã cho" } }),
            ])))
            @if mine.takes_passkeys || !mine.passkeys.is_empty() { (passkeys(mine)) }
            @if let Some(name) = mine.outside { (outside(mine, name)) }
            (card::Card::new("phien", "Đang đăng nhập ở").flush(html! {
                (card::rows(mine.sessions.iter().map(|session| line(session, &mine.here.session))))
                @if mine.sessions.len() > 1 {
                    div .body { form method="post" action={ (OWN) "/phien" } { (hidden("session", "")) button .btn { "Kết thúc mọi phiên khác" } } }
                }
            }))
        }))
    }
}

/// The passkeys, and a form for another, which script alone shows.
fn passkeys(mine: &Mine) -> Markup {
    let (name, outcome) = match mine.wrong {
        Some((Changed::Passkey(name), outcome)) => (name.as_str(), Some(outcome)),
        _ => ("", None),
    };
    card::Card::new("khoa-dang-nhap", "Khóa đăng nhập").flush(html! {
        @if mine.passkeys.is_empty() { (state::empty_line("Chưa có khóa nào. Có khóa thì vào bằng vân tay, khuôn mặt hoặc mã PIN của máy, không cần mật khẩu.")) }
        (card::rows(mine.passkeys.iter().map(passkey)))
        div .body {
            (at_large(outcome, &["name", "present"]))
            form .form.narrow method="post" action=(PASSKEYS) data-passkey="new" data-ask=(ASK) hidden {
                (hidden("ticket", "")) (hidden("answer", ""))
                (field(&Field::new("name", "Tên khóa mới", Sort::Text).hint("Ví dụ: Điện thoại của tôi").value(name).error(about(outcome, "name"))))
                (field(&Field::new("present", "Mật khẩu hiện tại", Sort::Password).error(about(outcome, "present"))))
                p .error role="alert" data-failed hidden { "Máy này chưa tạo được khóa. Thử lại, hoặc dùng máy khác." }
                button .btn { "Thêm khóa" }
            }
        }
    })
}

/// The names at the outside provider, and a form to be tied to another.
fn outside(mine: &Mine, name: &str) -> Markup {
    let outcome = mine.wrong.and_then(|(what, outcome)| matches!(what, Changed::Outside).then_some(outcome));
    let present =
        Field { label: "Mật khẩu hiện tại", ..Field::new("present-ngoai", "", Sort::Password) };
    let title = format!("Đăng nhập bằng {name}");
    card::Card::new("ngoai", &title).flush(html! {
        (card::rows(mine.here.account.outside.iter().map(|one| html! {
            span { (one.subject) " " span .muted { "gắn " (format::date_time(&date::instant(one.since))) } }
            form method="post" action=(OUTSIDE) { (hidden("away", &one.subject)) button .btn { "Bỏ gắn" } }
        })))
        div .body {
            (at_large(outcome, &["present"]))
            form .form.narrow method="post" action=(OUTSIDE) {
                (named(&present.error(about(outcome, "present")), "present"))
                button .btn { "Gắn với " (name) }
            }
        }
    })
}

/// The way to the outside provider.
pub(super) fn onwards(name: &str, url: &str) -> Markup {
    html! {
        (card::page_title("Gắn tài khoản ngoài", html! { (name) }, html! {}))
        (card::column(card::Card::new("di-tiep", "Còn một bước").padded(html! {
            p { "Đăng nhập ở " (name) "; xong, bạn trở lại đây và tài khoản được gắn." }
            a .btn .main href=(url) { "Sang " (name) }
        })))
    }
}

fn passkey(one: &PasskeyLine) -> Markup {
    let when = |ms: i64| format::date_time(&date::instant(ms));
    html! {
        span { (one.name) " " span .muted { "từ " (when(one.since_ms)) } }
        span .sub { @match one.used_ms { Some(ms) => { "dùng lần cuối " (when(ms)) } None => "chưa dùng lần nào" } }
        form method="post" action=(PASSKEYS) { (hidden("away", &one.id)) button .btn { "Bỏ khóa" } }
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
