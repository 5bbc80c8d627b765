//! The pages of accounts, drawn.

use super::ACCOUNTS;
use super::pick::{FACILITIES, PRACTITIONERS};
use super::review::Told;
use super::typed::Typed;
use crate::Admin;
use maud::{Markup, html};
use std::collections::HashMap;
use std::sync::Arc;
use yba_auth::{Account, Grant};
use yba_fhir::text::fold;
use yba_fhir::{Day, Outcome};
use yba_records::Ctx;
use yba_records::gate::{Review, RoleName};
use yba_terminology::communes;
use yba_ui::form::{Field, Sort, choice, field, hidden, offering, tick};
use yba_ui::{card, format, state};
use yba_web::enter::page::{about, at_large};

/// What every page here shows besides its accounts.
pub(super) struct Shown<'a> {
    pub roles: &'a [RoleName],
    pub today: Day,
    pub typed: &'a Typed,
    pub wrong: Option<&'a Outcome>,
    pub words: &'a Words,
}

/// What facilities, practitioners and communes are called.
#[derive(Default)]
pub(super) struct Words {
    facilities: HashMap<String, String>,
    practitioners: HashMap<String, String>,
    communes: HashMap<String, String>,
}

impl Words {
    pub async fn of(admin: &Admin, ctx: &Ctx, accounts: &[Arc<Account>]) -> Result<Words, Outcome> {
        let grants = || accounts.iter().flat_map(|account| &account.roles);
        let facilities = grants().filter_map(|grant| grant.organization.as_ref());
        let practitioners = accounts.iter().filter_map(|account| account.practitioner.as_ref());
        let commune =
            |place: &String| Some((place.clone(), communes::of_place(&admin.content, place)?.label()));
        Ok(Words {
            facilities: FACILITIES.labels(admin, ctx, facilities).await?,
            practitioners: PRACTITIONERS.labels(admin, ctx, practitioners).await?,
            communes: grants().filter_map(|grant| grant.commune.as_ref()).filter_map(commune).collect(),
        })
    }

    fn facility<'a>(&'a self, id: &'a str) -> &'a str {
        self.facilities.get(id).map_or(id, String::as_str)
    }

    fn commune<'a>(&'a self, place: &'a str) -> &'a str {
        self.communes.get(place).map_or(place, String::as_str)
    }

    fn practitioner<'a>(&'a self, account: &'a Account) -> &'a str {
        let id = account.practitioner.as_deref().unwrap_or_default();
        self.practitioners.get(id).map_or(id, String::as_str)
    }

    /// The form of a role.
    pub fn form_of(&self, at: usize, grant: &Grant) -> Typed {
        let facility = grant.organization.as_deref().map(|id| self.facility(id)).unwrap_or_default();
        let commune = grant.commune.as_deref().map(|place| self.commune(place)).unwrap_or_default();
        Typed::of_grant(at, grant, facility, commune)
    }

    /// Where a role holds.
    pub fn place(&self, grant: &Grant) -> String {
        let facility = grant.organization.as_deref().map(|id| self.facility(id).to_owned());
        let commune = grant.commune.as_deref().map(|place| format!("dân của {}", self.commune(place)));
        let everywhere = grant.places().is_empty().then(|| "toàn tỉnh".to_owned());
        let words: Vec<String> =
            [facility, grant.department.clone(), commune, everywhere].into_iter().flatten().collect();
        words.join(" · ")
    }
}

const FIELDS: [&str; 11] = [
    "login",
    "name",
    "practitioner",
    "role",
    "organization",
    "commune",
    "department",
    "from",
    "to",
    "reason",
    "subject",
];

/// Offers of the browser's own list. It compares letter by letter, so the words without marks stand beside.
pub(super) fn offers(labels: impl Iterator<Item = String>) -> Markup {
    html! { @for label in labels { option value=(label) label=(fold(&label)) {} } }
}

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
                    (practitioner_field(&shown.typed.practitioner, shown))
                    (tick("new_practitioner", "Chưa có hồ sơ nhân viên: lập luôn theo họ tên này", !shown.typed.new_practitioner.is_empty()))
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
        span .sub { (roles.join(", ")) @if account.blocked { " · " b { "đã khóa" } } @else if account.grants_on(shown.today).next().is_none() { " · " b { "không còn vai trò" } } }
    }
}

pub(super) fn title<'a>(grant: &'a Grant, roles: &'a [RoleName]) -> &'a str {
    roles.iter().find(|role| role.slug == grant.role).map_or(&grant.role, |role| &role.title)
}

fn practitioner_field(value: &str, shown: &Shown) -> Markup {
    let field = Field::new("practitioner", "Hồ sơ nhân viên", Sort::Text)
        .hint("Gõ một phần họ tên rồi chọn; có hồ sơ thì vai trò ở cơ sở được ghi vào danh sách nhân sự")
        .value(value)
        .error(about(shown.wrong, "practitioner"))
        .optional();
    offering(&field, "/quan-tri/tai-khoan/nhan-vien")
}

fn grant_fields(shown: &Shown) -> Markup {
    let words: Vec<(&str, &str)> =
        shown.roles.iter().map(|role| (role.slug.as_str(), role.title.as_str())).collect();
    let (typed, today) = (shown.typed, format::date(&shown.today.to_string()));
    let from = if typed.from.is_empty() { &today } else { &typed.from };
    let optional = |id, label, value, hint| {
        Field::new(id, label, Sort::Text).value(value).hint(hint).error(about(shown.wrong, id)).optional()
    };
    let day = |id, label, value| Field::new(id, label, Sort::Day).value(value).error(about(shown.wrong, id));
    html! {
        (hidden("at", &typed.at))
        (choice("role", "Vai trò", &words, &typed.role, about(shown.wrong, "role")))
        (offering(&optional("organization", "Cơ sở", &typed.organization, "Gõ một phần tên rồi chọn; để trống cả cơ sở và xã là toàn tỉnh"), "/quan-tri/tai-khoan/co-so"))
        (offering(&optional("commune", "Dân của xã, phường", &typed.commune, "Xã, tỉnh: «ban bo, lai chau»"), "/quan-tri/tai-khoan/xa"))
        (field(&optional("department", "Khoa, phòng", &typed.department, "")))
        (field(&day("from", "Từ ngày", from)))
        (field(&day("to", "Đến hết ngày", &typed.to).optional()))
    }
}

pub(super) fn one(
    account: &Account,
    review: &Review,
    rulings: &[Told],
    outside: Option<&str>,
    shown: &Shown,
) -> Markup {
    let here = format!("{ACCOUNTS}/{}", account.id);
    html! {
        (card::back(ACCOUNTS, "Mọi tài khoản"))
        (card::page_title(&account.name, html! { (account.login) @if account.blocked { " · đã khóa" } @else if review.is_idle { " · bị chặn vì lâu không dùng" } }, html! {}))
        (at_large(shown.wrong, &FIELDS))
        (card::column(html! {
            (card::Card::new("vai-tro", "Vai trò").flush(html! {
                @if account.roles.is_empty() { (state::empty_line("Chưa có vai trò nào, nên chưa vào được.")) }
                (card::rows(account.roles.iter().enumerate().map(|(at, grant)| grant_line(at, grant, shown, &here))))
            }))
            @let is_new = shown.typed.at.is_empty();
            (card::Card::new("them-vai-tro", if is_new { "Thêm vai trò" } else { "Sửa vai trò" }).padded(html! {
                form .form method="post" action=(here) {
                    (grant_fields(shown))
                    (card::main_button(if is_new { "Thêm vai trò" } else { "Lưu vai trò" }, None))
                    @if !is_new { a href=(here) { "Thôi, không sửa" } }
                }
            }))
            (person(account, shown, &here))
            @if let Some(name) = outside { (tied(account, name, shown, &here)) }
            (lock(account, review, shown, &here))
            (card::Card::new("ra-soat", "Rà soát").flush(html! {
                @if rulings.is_empty() { (state::empty_line("Chưa rà soát lần nào.")) }
                (card::rows(rulings.iter().map(|told| html! {
                    span { (told.when) " " span .muted { (told.by) } }
                    span .sub { (told.what) @if !told.reason.is_empty() { ": " (told.reason) } }
                })))
            }))
        }))
    }
}

/// The owner's names at the outside provider.
fn tied(account: &Account, name: &str, shown: &Shown, here: &str) -> Markup {
    let title = format!("Đăng nhập bằng {name}");
    let action = format!("{here}/ngoai");
    let subject = Field::new("subject", "Mã người dùng (sub)", Sort::Text)
        .hint("Mã mà nơi đó cấp cho người này, không phải tên hay địa chỉ thư")
        .value(&shown.typed.subject)
        .error(about(shown.wrong, "subject"));
    card::Card::new("ngoai", &title).flush(html! {
        (card::rows(account.outside.iter().map(|one| html! {
            span { (one.subject) " " span .muted { (one.issuer) } }
            form method="post" action=(action) { (hidden("away", &one.subject)) button .btn { "Bỏ gắn" } }
        })))
        div .body { form .form method="post" action=(action) { (field(&subject)) button .btn { "Gắn" } } }
    })
}

/// Shutting somebody out, letting them in again, setting back.
fn lock(account: &Account, review: &Review, shown: &Shown, here: &str) -> Markup {
    card::Card::new("khoa", "Khóa, đặt lại").padded(html! {
        @if account.blocked || review.is_idle {
            p { @if account.blocked { "Tài khoản đang bị khóa." } @else { "Lâu không dùng nên tài khoản bị chặn khi đăng nhập." } }
            form .form method="post" action={ (here) "/khoa" } {
                (hidden("blocked", "false"))
                (field(&Field::new("reason", "Lý do mở lại", Sort::Text).value(&shown.typed.reason).error(about(shown.wrong, "reason"))))
                button .btn { "Mở khóa" }
            }
        }
        @if !account.blocked {
            p { "Khóa thì người này bị đăng xuất ngay ở mọi máy, và không vào được nữa." }
            form method="post" action={ (here) "/khoa" } { (hidden("blocked", "true")) button .btn .danger { "Khóa tài khoản" } }
        }
        p { "Đặt lại thì xóa mật khẩu và ứng dụng xác thực; bạn nhận một liên kết để đưa cho họ đặt mật khẩu mới." }
        form method="post" action={ (here) "/dat-lai" } { button .btn .danger { "Đặt lại mật khẩu" } }
    })
}

/// Who the owner is, and their Practitioner.
fn person(account: &Account, shown: &Shown, here: &str) -> Markup {
    // What was typed wrongly stays; the form of a role has no name in it.
    let (name, practitioner) = match shown.typed.name.is_empty() {
        true => (account.name.as_str(), shown.words.practitioner(account)),
        false => (shown.typed.name.as_str(), shown.typed.practitioner.as_str()),
    };
    card::Card::new("nguoi", "Người giữ tài khoản").padded(html! {
        form .form method="post" action={ (here) "/nguoi" } {
            (field(&Field::new("name", "Họ và tên", Sort::Text).value(name).error(about(shown.wrong, "name"))))
            (practitioner_field(practitioner, shown))
            button .btn { "Lưu người" }
        }
    })
}

fn grant_line(at: usize, grant: &Grant, shown: &Shown, here: &str) -> Markup {
    let until = grant.to.as_deref().map(|to| format!(" đến hết {}", format::date(to))).unwrap_or_default();
    html! {
        span { (title(grant, shown.roles)) " " span .muted { "từ " (format::date(&grant.from)) (until) } }
        span .sub {
            (shown.words.place(grant))
            @if !grant.holds(shown.today) { " · " b { (why_not(grant, shown.today)) } }
        }
        form method="post" action=(here) {
            (hidden("away", &at.to_string()))
            a .btn href={ (here) "?sua=" (at) "#them-vai-tro" } { "Sửa" } " "
            button .btn { "Bỏ vai trò" }
        }
    }
}

/// Why a role does not hold today.
fn why_not(grant: &Grant, today: Day) -> &'static str {
    let day = today.to_string();
    match grant.is_within(today) {
        true => "đã kết thúc trong danh sách nhân sự",
        false if grant.from > day => "chưa đến ngày",
        false => "đã hết hạn",
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
