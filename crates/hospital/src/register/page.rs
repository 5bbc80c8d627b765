//! The form of registering and editing, drawn.

use super::REGISTER;
use super::check::{Draft, KIN, REASONS};
use super::typed::Typed;
use crate::find::model::{Person, hit};
use crate::people::People;
use maud::{Markup, html};
use yba_fhir::text::fold;
use yba_fhir::{Kind, Outcome};
use yba_terminology::communes::Commune;
use yba_ui::card::{self, Card};
use yba_ui::form::{Field, Sort, choice, field, hidden, offering, offers, summary, tick};
use yba_ui::search::lines;
use yba_ui::{hx, state};
use yba_web::enter::page::about;

/// What the page shows.
pub(super) struct Shown<'a> {
    pub typed: &'a Typed,
    pub wrong: Option<&'a Outcome>,
    /// Who may be the same.
    pub people: &'a People,
    pub today: &'a str,
    pub ethnic: &'a [(String, String)],
    pub jobs: &'a [(String, String)],
    /// The account says no facility, so the form asks.
    pub asks_facility: bool,
    /// The Patient that is edited.
    pub editing: Option<&'a str>,
}

const SEXES: [(&str, &str); 4] = [("", ""), ("female", "Nữ"), ("male", "Nam"), ("unknown", "Chưa xác định")];
/// Typing into these looks for the same person.
const TELLING: [&str; 5] = ["number", "name", "birth", "card", "passport"];

pub(super) fn page(s: &Shown) -> Markup {
    let title =
        if s.editing.is_some() { "Sửa thông tin hành chính" } else { "Đăng ký người bệnh" };
    let acts = match s.editing {
        Some(patient) => card::link_button(&format!("/nguoi/{patient}"), html! { "Về hồ sơ" }),
        None => html! {},
    };
    let action = s.editing.map_or(REGISTER.to_owned(), |patient| format!("/nguoi/{patient}/sua"));
    html! {
        (card::page_title(title, html! { "mục hành chính của hồ sơ sức khỏe" }, acts))
        @if s.editing.is_none() { (scan(s)) }
        form .form method="post" action=(action) novalidate {
            (problems(s))
            div .cols.two {
                div .col { (person(s)) (contact(s)) (more(s)) (kin(s)) }
                div .col { @if s.editing.is_none() { (hx::beside_form("trung", "/dang-ky/trung", &TELLING, alike(s.people, s.typed, s.today))) } }
            }
            (hidden("version", &s.typed.version))
            div .send {
                @if may_be_known(s) { (tick("seen", "Đã xem lại: đây là người khác, số liệu đúng như trên", s.typed.seen == "1")) }
                (card::main_button(if s.editing.is_some() { "Lưu thay đổi" } else { "Lưu và mở hồ sơ" }, Some("Enter")))
            }
        }
    }
}

/// Somebody is known, or a number says something else: it may be right all the same.
fn may_be_known(s: &Shown) -> bool {
    s.wrong.is_some_and(|wrong| wrong.kind == Kind::Conflict)
        || about(s.wrong, "number").is_some()
        || s.typed.seen == "1"
}

fn problems(s: &Shown) -> Markup {
    let issues = || s.wrong.into_iter().flat_map(|wrong| &wrong.issues);
    let beside: Vec<(&str, &str)> = issues()
        .filter_map(|issue| Some((issue.path.as_deref().filter(|path| is_field(path))?, issue.text.as_str())))
        .collect();
    html! {
        @for issue in issues().filter(|issue| !issue.path.as_deref().is_some_and(is_field)) {
            (state::error("Chưa lưu được.", &issue.text, ""))
        }
        (summary(&beside))
    }
}

fn is_field(path: &str) -> bool {
    !path.is_empty() && path.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
}

fn scan(s: &Shown) -> Markup {
    let is_empty = s.typed.name.is_empty() && s.wrong.is_none();
    html! {
        form .form method="post" action="/dang-ky/quet" {
            (Card::new("quet-the", "Quét căn cước hoặc thẻ BHYT").aside(html! { kbd { "F2" } }).padded(html! {
                div .line-form {
                    label .sr for="quet" { "Mã quét, số định danh hoặc số thẻ" }
                    input #quet name="q" data-scan aria-keyshortcuts="F2" data-word="Ô quét thẻ" maxlength="1000" autocomplete="off" autofocus[is_empty] placeholder="Quét, hoặc gõ số định danh, số thẻ rồi Enter";
                    button .btn { "Tìm" }
                }
            }))
        }
    }
}

impl Shown<'_> {
    fn text(&self, id: &'static str, label: &'static str, value: &str, sort: Sort, hint: &str) -> Markup {
        field(&Field::new(id, label, sort).hint(hint).value(value).error(about(self.wrong, id)).optional())
    }

    fn needed(&self, id: &'static str, label: &'static str, value: &str, sort: Sort, hint: &str) -> Markup {
        field(&Field::new(id, label, sort).hint(hint).value(value).error(about(self.wrong, id)))
    }

    fn one_of(&self, id: &'static str, label: &'static str, words: &[(&str, &str)], value: &str) -> Markup {
        choice(id, label, words, value, about(self.wrong, id))
    }
}

fn person(s: &Shown) -> Markup {
    let t = s.typed;
    let reasons: Vec<(&str, &str)> = REASONS.iter().map(|(value, words, _)| (*value, *words)).collect();
    let to_phone = !t.name.is_empty() && t.phone.is_empty() && s.wrong.is_none() && s.editing.is_none();
    let phone = Field::new("phone", "Điện thoại", Sort::Phone)
        .value(&t.phone)
        .error(about(s.wrong, "phone"))
        .optional();
    Card::new("nguoi", "Người bệnh").flush(html! {
        fieldset {
            (s.needed("name", "Họ và tên", &t.name, Sort::Text, "Như trên giấy tờ"))
            (s.needed("birth", "Ngày sinh", &t.birth, Sort::Day, "Chỉ biết năm thì gõ năm"))
            (s.one_of("sex", "Giới tính", &SEXES, &t.sex))
            (s.text("number", "Số định danh cá nhân", &t.number, Sort::Digits, ""))
            @if s.editing.is_none() { (s.one_of("without", "Nếu chưa có số: vì sao? (cấp mã tạm)", &reasons, &t.without)) }
            @if s.asks_facility && s.editing.is_none() { (s.text("facility", "Mã cơ sở", &t.facility, Sort::Text, "")) }
            (s.one_of("ethnic", "Dân tộc", &borrowed(s.ethnic), &t.ethnic))
            (field(&if to_phone { phone.first() } else { phone }))
        }
    })
}

fn borrowed(list: &[(String, String)]) -> Vec<(&str, &str)> {
    list.iter().map(|(code, words)| (code.as_str(), words.as_str())).collect()
}

fn place(s: &Shown, id: &'static str, label: &'static str, value: &str) -> Markup {
    let hint = "Xã, tỉnh: «ban bo, lai chau»; tên cũ cũng được";
    let field =
        Field::new(id, label, Sort::Text).hint(hint).value(value).error(about(s.wrong, id)).optional();
    offering(&field, "/dang-ky/xa")
}

fn contact(s: &Shown) -> Markup {
    let t = s.typed;
    Card::new("lien-he", "Thường trú và thẻ BHYT").flush(html! {
        fieldset {
            (place(s, "commune", "Thường trú", &t.commune))
            (s.text("line", "Số nhà, thôn, bản", &t.line, Sort::Text, "Phần trước tên xã"))
            (s.text("card", "Thẻ BHYT hoặc mã số BHXH", &t.card, Sort::Digits, "15 hoặc 10 ký tự"))
            (s.text("card_from", "Hạn từ", &t.card_from, Sort::Day, ""))
            (s.text("card_to", "Hạn đến", &t.card_to, Sort::Day, ""))
        }
    })
}

/// What is asked less often stands folded, unless something in it is filled in or wrong.
fn folded(s: &Shown, words: &str, fields: &[(&str, &str)], content: Markup) -> Markup {
    let open = fields.iter().any(|(id, value)| !value.is_empty() || about(s.wrong, id).is_some());
    html! { details .fold open[open] { summary { (words) } fieldset { (content) } } }
}

fn more(s: &Shown) -> Markup {
    let t = s.typed;
    let fields = [
        ("issued", t.issued.as_str()),
        ("issuer", &t.issuer),
        ("cmnd", &t.cmnd),
        ("passport", &t.passport),
        ("nation", &t.nation),
        ("job", &t.job),
        ("email", &t.email),
        ("stay_commune", &t.stay_commune),
        ("stay_line", &t.stay_line),
        ("household", &t.household),
        ("householder", &t.householder),
    ];
    let content = html! {
        (s.text("issued", "Ngày cấp căn cước", &t.issued, Sort::Day, ""))
        (s.text("issuer", "Nơi cấp", &t.issuer, Sort::Text, ""))
        (s.text("cmnd", "Số CMND cũ", &t.cmnd, Sort::Digits, ""))
        (s.text("passport", "Hộ chiếu", &t.passport, Sort::Text, ""))
        (s.text("nation", "Quốc tịch", &t.nation, Sort::Text, ""))
        (s.one_of("job", "Nghề nghiệp", &borrowed(s.jobs), &t.job))
        (s.text("email", "Thư điện tử", &t.email, Sort::Email, ""))
        (place(s, "stay_commune", "Nơi ở hiện tại, nếu khác", &t.stay_commune))
        (s.text("stay_line", "Số nhà, thôn, bản nơi ở", &t.stay_line, Sort::Text, "Phần trước tên xã"))
        (s.text("household", "Mã hộ gia đình", &t.household, Sort::Text, ""))
        (s.text("householder", "Quan hệ với chủ hộ", &t.householder, Sort::Text, ""))
    };
    let words = "Giấy tờ khác, nghề nghiệp, nơi ở hiện tại, hộ gia đình";
    Card::new("them", "Thêm").flush(folded(s, words, &fields, content))
}

fn kin(s: &Shown) -> Markup {
    let t = s.typed;
    let fields = [
        ("kin_name", t.kin_name.as_str()),
        ("kin_relation", &t.kin_relation),
        ("kin_phone", &t.kin_phone),
        ("kin_number", &t.kin_number),
    ];
    let content = html! {
        (s.text("kin_name", "Họ và tên người thân", &t.kin_name, Sort::Text, ""))
        (s.one_of("kin_relation", "Quan hệ", &KIN, &t.kin_relation))
        (s.text("kin_phone", "Điện thoại người thân", &t.kin_phone, Sort::Phone, ""))
        (s.text("kin_number", "Số định danh người thân", &t.kin_number, Sort::Digits, ""))
        (tick("guardian", "Là người giám hộ", t.guardian == "1"))
    };
    Card::new("nguoi-than", "Người thân, người giám hộ")
        .aside(html! { "cần cho trẻ dưới 6 tuổi" })
        .flush(folded(s, "Người báo tin, người giám hộ", &fields, content))
}

/// People who may be whoever is typed; a click opens them.
pub(super) fn alike(people: &People, typed: &Typed, today: &str) -> Markup {
    let hits: Vec<_> = people.people.iter().map(|one| hit(one, &typed.name, today)).collect();
    Card::new("trung-nguoi", "Có thể đã có hồ sơ").aside(html! { "mở để khỏi lập trùng" }).flush(
        match hits.as_slice() {
            [] => state::empty_line("Chưa thấy ai giống người đang gõ."),
            hits => lines(hits),
        },
    )
}

/// The same number, or the same name and birth.
pub(super) fn is_the_same(one: &Person, by_number: bool, draft: &Draft) -> bool {
    by_number || (fold(&one.name) == fold(&draft.name) && Some(one.birth.as_str()) == draft.birth.as_deref())
}

/// Communes that are offered.
pub(super) fn communes(found: &[Commune]) -> Markup {
    offers(&found.iter().map(|one| (one.label(), fold(&one.label()))).collect::<Vec<_>>())
}
