//! The pages of apps, drawn.

use super::{APPS, Typed};
use crate::words;
use maud::{Markup, html};
use yba_auth::smart::client::{Client, Sort};
use yba_fhir::Outcome;
use yba_records::gate::RoleName;
use yba_ui::form::{Field, Sort as Input, choice, field, hidden};
use yba_ui::{card, state};
use yba_web::enter::page::{about, at_large};

/// What every page here shows besides its apps.
pub(super) struct Shown<'a> {
    pub roles: &'a [RoleName],
    pub typed: &'a Typed,
    pub wrong: Option<&'a Outcome>,
}

const FIELDS: [&str; 7] = ["name", "redirects", "launch", "scopes", "jwks", "role", "organization"];
const SORTS: [(&str, &str); 3] = [
    ("public", "Chạy trên trình duyệt, điện thoại (không giữ được bí mật)"),
    ("confidential", "Có máy chủ riêng, giữ mã bí mật hoặc khóa"),
    ("backend", "Dịch vụ chạy nền, không có người dùng"),
];

fn sort(client: &Client) -> &'static str {
    SORTS[client.sort as usize].1
}

pub(super) fn list(clients: &[Client], shown: &Shown) -> Markup {
    html! {
        (card::page_title("Ứng dụng", html! { (clients.len()) " ứng dụng của bên khác" }, html! {}))
        (card::column(html! {
            (card::Card::new("ung-dung", "Đã đăng ký").flush(html! {
                @if clients.is_empty() { (state::empty_line("Chưa có ứng dụng nào. Chỉ ứng dụng đăng ký ở đây mới xin được quyền.")) }
                (card::rows(clients.iter().map(|client| html! {
                    span { a href={ (APPS) "/" (client.id) } { (client.name) } }
                    span .sub { (sort(client)) @if client.off { " · " b { "đã tắt" } } }
                })))
            }))
            (card::Card::new("ung-dung-moi", "Đăng ký ứng dụng").padded(html! {
                (at_large(shown.wrong, &FIELDS))
                (registering(shown))
            }))
        }))
    }
}

fn registering(shown: &Shown) -> Markup {
    let (typed, wrong) = (shown.typed, shown.wrong);
    let text =
        |id: &'static str, label: &'static str| Field::new(id, label, Input::Text).error(about(wrong, id));
    let mut roles: Vec<(&str, &str)> = vec![("", "— chỉ cho dịch vụ chạy nền —")];
    roles.extend(shown.roles.iter().map(|role| (role.slug.as_str(), role.title.as_str())));
    html! {
        form .form method="post" action=(APPS) {
            (field(&text("name", "Tên ứng dụng").value(&typed.name)))
            (choice("sort", "Loại", &SORTS, &typed.sort, None))
            (field(&text("redirects", "Địa chỉ quay về (redirect_uri)").hint("https đầy đủ, đúng từng chữ; nhiều địa chỉ thì cách nhau bằng dấu cách. Chỉ dịch vụ chạy nền được để trống.").value(&typed.redirects).optional()))
            (field(&text("launch", "Địa chỉ mở từ hồ sơ (launch)").hint("Để trống nếu ứng dụng không mở từ hồ sơ người bệnh.").value(&typed.launch).optional()))
            (field(&text("scopes", "Phạm vi lớn nhất được xin (scope)").hint("Ví dụ: launch/patient patient/Observation.rs openid fhirUser").value(&typed.scopes)))
            (area("jwks", "Khóa công khai (JWKS)", "Dán nguyên văn JSON; để trống thì ứng dụng có máy chủ nhận một mã bí mật.", &typed.jwks, about(wrong, "jwks")))
            (choice("role", "Vai trò của dịch vụ chạy nền", &roles, &typed.role, about(wrong, "role")))
            (field(&text("organization", "Cơ sở của vai trò đó (mã Organization)").value(&typed.organization).optional()))
            (card::main_button("Đăng ký", None))
        }
    }
}

/// A text of several lines.
fn area(id: &str, label: &str, hint: &str, value: &str, wrong: Option<&str>) -> Markup {
    let (hint_id, wrong_id) = (format!("{id}-goi-y"), format!("{id}-loi"));
    html! {
        div .field .wrong[wrong.is_some()] {
            label for=(id) { (label) " " span .muted { "(nếu có)" } }
            textarea id=(id) name=(id) rows="4" maxlength="16384" spellcheck="false" aria-describedby={ (hint_id) " " (wrong_id) } aria-invalid[wrong.is_some()] { (value) }
            p .hint id=(hint_id) { (hint) }
            p .error id=(wrong_id) { (wrong.unwrap_or_default()) }
        }
    }
}

pub(super) fn one(client: &Client, roles: &[RoleName]) -> Markup {
    let here = format!("{APPS}/{}", client.id);
    let (verb, off) = if client.off { ("Bật lại", "false") } else { ("Tắt ứng dụng", "true") };
    let title = |slug: &str| {
        roles.iter().find(|role| role.slug == slug).map_or_else(|| slug.to_owned(), |role| role.title.clone())
    };
    let places: Vec<String> = client
        .roles
        .iter()
        .map(|one| format!("{} · {}", title(&one.role), one.organization.as_deref().unwrap_or("mọi cơ sở")))
        .collect();
    let facts: Vec<(&str, Markup)> = [
        ("Mã ứng dụng (client_id)", client.id.clone()),
        ("Loại", sort(client).to_owned()),
        ("Địa chỉ quay về", client.redirects.join(" ")),
        ("Mở từ hồ sơ", client.launch.clone().unwrap_or_default()),
        ("Vai trò", places.join(", ")),
        ("Phạm vi", client.scopes.clone()),
    ]
    .into_iter()
    .filter(|(_, value)| !value.is_empty())
    .map(|(name, value)| (name, html! { code { (value) } }))
    .collect();
    html! {
        (card::back(APPS, "Mọi ứng dụng"))
        (card::page_title(&client.name, html! { @if client.off { "đã tắt" } }, html! {}))
        (card::column(html! {
            (card::Card::new("ung-dung", "Đăng ký").padded(card::facts(&facts)))
            (card::Card::new("quyen", "Nhiều nhất được làm").padded(html! {
                ul { @for line in words::lines(&client.registered()) { li { (line) } } }
                p .muted { "Và không bao giờ nhiều hơn người cho ứng dụng vào được làm." }
            }))
            (card::Card::new("tat", "Tắt, đổi mã").padded(html! {
                p { "Tắt thì mọi quyền đã cấp cho ứng dụng ngừng có hiệu lực ngay; bật lại thì quyền nào còn hạn dùng tiếp." }
                form method="post" action={ (here) "/tat" } { (hidden("off", off)) button .btn .danger { (verb) } }
                @if client.sort == Sort::Confidential && client.secret.is_some() {
                    p { "Cấp mã mới thì mã cũ không dùng được nữa." }
                    form method="post" action={ (here) "/ma-bi-mat" } { button .btn .danger { "Cấp mã bí mật mới" } }
                }
            }))
        }))
    }
}

pub(super) fn secret(client: &Client, secret: &str) -> Markup {
    html! {
        (card::back(&format!("{APPS}/{}", client.id), &client.name))
        (card::page_title("Mã bí mật", html! { (client.name) }, html! {}))
        (card::column(card::Card::new("ma", "Đưa cho người làm ứng dụng, trang này không hiện lại").padded(card::facts(&[
            ("Mã ứng dụng (client_id)", html! { code #ma-ung-dung { (client.id) } }),
            ("Mã bí mật (client_secret)", html! { code #ma-bi-mat { (secret) } }),
        ]))))
    }
}
