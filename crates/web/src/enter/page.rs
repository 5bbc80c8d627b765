//! The pages of coming in, drawn.

use super::{SIGN_IN, Typed, outside, passkey};
use maud::{Markup, html};
use yba_fhir::Outcome;
use yba_ui::form::{Field, Sort, field, hidden};
use yba_ui::{card, state};

/// What an outcome says of one field.
pub fn about<'o>(outcome: Option<&'o Outcome>, place: &str) -> Option<&'o str> {
    let issues = outcome.into_iter().flat_map(|outcome| &outcome.issues);
    issues.filter(|issue| issue.path.as_deref() == Some(place)).map(|issue| issue.text.as_str()).next()
}

/// What an outcome says of no field that is on the page, above the form.
pub fn at_large(outcome: Option<&Outcome>, fields: &[&str]) -> Markup {
    let issues = outcome.into_iter().flat_map(|outcome| &outcome.issues);
    let beside = |path: &Option<String>| path.as_deref().is_some_and(|path| fields.contains(&path));
    html! { @for issue in issues.filter(|issue| !beside(&issue.path)) { (state::error(&issue.text, "", "")) } }
}

/// By what else than a password people come in here.
pub(super) struct Ways<'a> {
    pub passkeys: bool,
    /// What people call the outside provider, when there is one.
    pub outside: Option<&'a str>,
}

pub(super) fn sign_in(typed: &Typed, outcome: Option<&Outcome>, ways: &Ways) -> Markup {
    let login = Field::new("login", "Tên đăng nhập", Sort::Login).value(&typed.login);
    let password = Field::new("password", "Mật khẩu", Sort::Password).error(about(outcome, "password"));
    // Whoever mistyped the password goes on with the password.
    let (login, password) =
        if typed.login.is_empty() { (login.first(), password) } else { (login, password.first()) };
    html! {
        (card::page_title("Đăng nhập", html! {}, html! {}))
        (card::column(card::Card::new("dang-nhap", "Vào làm việc").padded(html! {
            (at_large(outcome, &["password"]))
            form .form.narrow method="post" action=(SIGN_IN) {
                (hidden("ve", &typed.ve))
                (field(&login.error(about(outcome, "login"))))
                (field(&password))
                (card::main_button("Đăng nhập", Some("Enter")))
            }
            @if ways.passkeys { (with_passkey(typed)) }
            @if let Some(name) = ways.outside { p { a .btn href={ (outside::OUT) "?ve=" (encoded(&typed.ve)) } { "Đăng nhập bằng " (name) } } }
            p .muted { "Quên mật khẩu hoặc mất điện thoại: báo bộ phận CNTT của đơn vị để được cấp liên kết đặt lại." }
        })))
    }
}

/// Shown by script alone, where the browser has passkeys.
fn with_passkey(typed: &Typed) -> Markup {
    html! {
        form .form.narrow method="post" action=(passkey::ANSWER) data-passkey="known" data-ask=(passkey::ASK) hidden {
            (hidden("ve", &typed.ve)) (hidden("ticket", "")) (hidden("answer", ""))
            p .error role="alert" data-failed hidden { "Chưa dùng được khóa. Thử lại, hoặc gõ mật khẩu." }
            button .btn { "Đăng nhập bằng khóa" }
        }
    }
}

pub(super) fn code(typed: &Typed, outcome: Option<&Outcome>) -> Markup {
    let code = Field::new("code", "Mã xác thực", Sort::Code)
        .hint("6 chữ số đang hiện trong ứng dụng xác thực; mất điện thoại thì gõ một mã dự phòng.")
        .error(about(outcome, "code"))
        .first();
    html! {
        (card::page_title("Mã xác thực", html! {}, html! {}))
        (card::column(card::Card::new("ma", "Bước thứ hai").padded(html! {
            (at_large(outcome, &["code"]))
            form .form.narrow method="post" action="/dang-nhap/ma" {
                (hidden("ve", &typed.ve))
                (field(&code))
                (card::main_button("Xác nhận", Some("Enter")))
            }
            p { a href=(SIGN_IN) { "Đăng nhập bằng tài khoản khác" } }
        })))
    }
}

pub(super) fn first_run(typed: &Typed, outcome: Option<&Outcome>) -> Markup {
    html! {
        (card::page_title("Thiết lập Y Bạ", html! { "lần chạy đầu tiên của nút này" }, html! {}))
        (card::column(card::Card::new("thiet-lap", "Tài khoản quản trị đầu tiên").padded(html! {
            (at_large(outcome, &["login", "name", "password", "repeat"]))
            p { "Người giữ tài khoản này lập tài khoản cho người khác, và không xem hồ sơ người bệnh." }
            form .form.narrow method="post" {
                (field(&Field::new("login", "Tên đăng nhập", Sort::Login).hint("Chữ không dấu, chữ số, dấu chấm. Ví dụ: mai.lo").value(&typed.login).error(about(outcome, "login")).first()))
                (field(&Field::new("name", "Họ và tên", Sort::Name).value(&typed.name).error(about(outcome, "name"))))
                (new_password(outcome))
                (card::main_button("Lập tài khoản", Some("Enter")))
            }
        })))
    }
}

pub(super) fn link(login: &str, name: &str, outcome: Option<&Outcome>) -> Markup {
    html! {
        (card::page_title("Đặt mật khẩu", html! { (name) }, html! {}))
        (card::column(card::Card::new("dat-mat-khau", "Mật khẩu của bạn").padded(html! {
            (at_large(outcome, &["password", "repeat"]))
            @if !login.is_empty() { p { "Tên đăng nhập của bạn: " b { (login) } } }
            form .form.narrow method="post" {
                (hidden("login", login)) (hidden("name", name))
                (new_password(outcome))
                (card::main_button("Đặt mật khẩu và vào", Some("Enter")))
            }
        })))
    }
}

/// The two fields of a new password.
pub fn new_password(outcome: Option<&Outcome>) -> Markup {
    html! {
        (field(&Field::new("password", "Mật khẩu mới", Sort::NewPassword)
            .hint("Từ 14 ký tự (từ 8 nếu đã có ứng dụng xác thực). Ghép vài từ cho dễ nhớ, gõ dấu hay không cũng được.")
            .error(about(outcome, "password"))))
        (field(&Field::new("repeat", "Gõ lại mật khẩu mới", Sort::NewPassword).error(about(outcome, "repeat"))))
    }
}

/// For a value in a query.
pub fn encoded(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte);
    text.bytes()
        .map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}

/// The value again; what is malformed stays as it is.
pub(super) fn decoded(text: &str) -> String {
    let (mut bytes, mut at) = (Vec::with_capacity(text.len()), 0);
    let raw = text.as_bytes();
    while at < raw.len() {
        let hex = raw.get(at + 1..at + 3).and_then(|pair| std::str::from_utf8(pair).ok());
        match (raw[at], hex.and_then(|pair| u8::from_str_radix(pair, 16).ok())) {
            (b'%', Some(byte)) => {
                bytes.push(byte);
                at += 3;
            }
            (byte, _) => {
                bytes.push(byte);
                at += 1;
            }
        }
    }
    String::from_utf8(bytes).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_survives_its_query() {
        for address in ["/nguoi/p1?loai=cap-cuu&tu=3", "/", "/x y%", "/ă"] {
            assert_eq!(decoded(&encoded(address)), address);
            assert!(!encoded(address).contains(['&', '?', ' ']));
        }
        assert_eq!((decoded("%zz%"), decoded("%ff")), ("%zz%".into(), String::new()));
    }
}
