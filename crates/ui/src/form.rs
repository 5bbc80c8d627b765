//! Form field, dialog, toast, tabs.

use crate::hx;
use crate::question::{Question, framed};
use maud::{Markup, html};

/// A labelled text field; the error stands above the input and is tied to it.
#[derive(Clone, Copy)]
pub struct Field<'a> {
    pub id: &'a str,
    pub label: &'a str,
    pub hint: &'a str,
    pub value: &'a str,
    pub error: Option<&'a str>,
    pub optional: bool,
    pub sort: Sort,
    /// The page begins here.
    pub first: bool,
}

/// What is typed into a field; it says what a browser may fill in, and which keys a phone shows.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Sort {
    Text,
    Login,
    Name,
    /// A password that is there already.
    Password,
    NewPassword,
    /// A code that is good once.
    Code,
    /// Day, month and year as people here write them. No native date field: it shows the order of the browser's language,
    /// so that the 5th of September becomes the 9th of May on an English machine, and it cannot hold a bare year.
    Day,
    Phone,
    /// Digits, which are no amount.
    Digits,
    Email,
}

impl<'a> Field<'a> {
    /// A required field without hint, value or error.
    pub fn new(id: &'a str, label: &'a str, sort: Sort) -> Field<'a> {
        Field { id, label, hint: "", value: "", error: None, optional: false, sort, first: false }
    }

    pub fn hint(self, hint: &'a str) -> Field<'a> {
        Field { hint, ..self }
    }

    pub fn value(self, value: &'a str) -> Field<'a> {
        Field { value, ..self }
    }

    pub fn error(self, error: Option<&'a str>) -> Field<'a> {
        Field { error, ..self }
    }

    pub fn optional(self) -> Field<'a> {
        Field { optional: true, ..self }
    }

    pub fn first(self) -> Field<'a> {
        Field { first: true, ..self }
    }
}

impl Sort {
    fn input(self) -> &'static str {
        match self {
            Sort::Password | Sort::NewPassword => "password",
            Sort::Phone => "tel",
            _ => "text",
        }
    }

    fn autocomplete(self) -> &'static str {
        match self {
            Sort::Login => "username",
            Sort::Password => "current-password",
            Sort::NewPassword => "new-password",
            Sort::Code => "one-time-code",
            Sort::Name => "name",
            Sort::Text | Sort::Day | Sort::Phone | Sort::Digits | Sort::Email => "off",
        }
    }

    /// The keys a phone shows.
    fn keys(self) -> Option<&'static str> {
        match self {
            Sort::Day | Sort::Digits => Some("numeric"),
            Sort::Email => Some("email"),
            _ => None,
        }
    }

    /// What is no prose: neither corrected nor begun with a capital letter.
    fn plain(self) -> bool {
        matches!(self, Sort::Login | Sort::Code | Sort::Digits | Sort::Email)
    }
}

pub fn field(f: &Field) -> Markup {
    named(f, f.id)
}

/// A field that is sent under another name than its id: two forms of a page may ask for the same.
pub fn named(f: &Field, name: &str) -> Markup {
    labelled(f, |described| {
        html! {
            input id=(f.id) name=(name) type=(f.sort.input()) value=(f.value) maxlength="500" required[!f.optional]
                autocomplete=(f.sort.autocomplete()) autofocus[f.first] inputmode=[f.sort.keys()]
                placeholder=[(f.sort == Sort::Day).then_some("ngày/tháng/năm")]
                autocapitalize=[f.sort.plain().then_some("none")] spellcheck=[f.sort.plain().then_some("false")]
                aria-invalid=[f.error.map(|_| "true")] aria-describedby=[described];
        }
    })
}

/// A text field that offers what the server finds for it, in the browser's own list; without script a plain field.
pub fn offering(f: &Field, action: &str) -> Markup {
    let list = format!("{}-ds", f.id);
    labelled(f, |described| html! { (hx::offering_input(f, action, &list, described)) datalist id=(list) {} })
}

/// What the browser's own list of a field offers. It compares letter by letter, so each label
/// comes with the same words without marks.
pub fn offers(labels: &[(String, String)]) -> Markup {
    html! { @for (label, plain) in labels { option value=(label) label=(plain) {} } }
}

fn labelled(f: &Field, input: impl FnOnce(Option<String>) -> Markup) -> Markup {
    let Field { id, label, hint, error, optional, first, .. } = *f;
    framed(&Question { id, name: id, label, hint, error, optional, first }, input)
}

/// A field in a cell of a table, whose row and column say what it is; the label is for those who listen.
pub fn cell(id: &str, label: &str, value: &str, error: Option<&str>) -> Markup {
    sized_cell(id, label, value, error, None)
}

/// The same for a short number: its column stays narrow.
pub fn short_cell(id: &str, label: &str, value: &str, error: Option<&str>) -> Markup {
    sized_cell(id, label, value, error, Some(5))
}

fn sized_cell(id: &str, label: &str, value: &str, error: Option<&str>, size: Option<u8>) -> Markup {
    let error_id = format!("{id}-loi");
    html! {
        div .field .wrong[error.is_some()] {
            @if let Some(error) = error { p .error id=(error_id) { (error) } }
            input id=(id) name=(id) type="text" value=(value) aria-label=(label) maxlength="500" autocomplete="off" size=[size]
                inputmode=[size.map(|_| "decimal")]
                aria-invalid=[error.map(|_| "true")] aria-describedby=[error.map(|_| &error_id)];
        }
    }
}

/// Everything that is wrong, above the form: each leads to its field.
pub fn summary(list: &[(&str, &str)]) -> Markup {
    html! {
        @if !list.is_empty() {
            div .note.bad role="alert" {
                div { b { "Chưa lưu được. Những gì bạn gõ vẫn còn." } ul { @for (id, text) in list { li { a href={ "#" (id) } { (text) } } } } }
            }
        }
    }
}

/// A yes or no.
pub fn tick(id: &str, label: &str, is_on: bool) -> Markup {
    html! { label .tick { input type="checkbox" id=(id) name=(id) value="1" checked[is_on]; " " (label) } }
}

/// A labelled choice among words; `chosen` is the value of one of them.
pub fn choice(id: &str, label: &str, words: &[(&str, &str)], chosen: &str, error: Option<&str>) -> Markup {
    let error_id = format!("{id}-loi");
    html! {
        div .field .wrong[error.is_some()] {
            label for=(id) { (label) }
            @if let Some(error) = error { p .error id=(error_id) { (error) } }
            select id=(id) name=(id) aria-invalid=[error.map(|_| "true")] aria-describedby=[error.map(|_| &error_id)] {
                @for (value, word) in words { option value=(value) selected[*value == chosen] { (word) } }
            }
        }
    }
}

/// A value that goes along with a form.
pub fn hidden(name: &str, value: &str) -> Markup {
    html! { input type="hidden" name=(name) value=(value); }
}

/// A native dialog with one task; opened by a button with `data-dialog`.
pub fn dialog(id: &str, title: &str, body: Markup, acts: Markup) -> Markup {
    html! {
        dialog id=(id) aria-labelledby={ (id) "-t" } {
            header { h2 id={ (id) "-t" } { (title) } }
            div .body { (body) }
            footer { (acts) form method="dialog" { button .btn autofocus { "Đóng" } } }
        }
    }
}

/// A short word of success; never for errors.
pub fn toast(text: &str) -> Markup {
    html! { div .toast role="status" { (text) } }
}

/// One tab: address, word, count of things behind it.
pub struct Tab<'a> {
    pub href: &'a str,
    pub word: &'a str,
    pub count: Option<usize>,
    pub current: bool,
}

/// Tabs are links: each is a page or a place on the page.
pub fn tabs(label: &str, list: &[Tab]) -> Markup {
    drawn_tabs(label, list, false)
}

/// The tabs of a whole page: 1, 2, 3… lead to them.
pub fn keyed_tabs(label: &str, list: &[Tab]) -> Markup {
    drawn_tabs(label, list, true)
}

fn drawn_tabs(label: &str, list: &[Tab], keyed: bool) -> Markup {
    html! {
        nav .tabs aria-label=(label) {
            @for (at, tab) in list.iter().enumerate() {
                a href=(tab.href) aria-current=[tab.current.then_some("page")] aria-keyshortcuts=[keyed.then(|| at + 1)] data-word=(tab.word) {
                    (tab.word) @if let Some(n) = tab.count { " " span .n { (n) } }
                }
            }
        }
    }
}

pub fn sample() -> Markup {
    let tab = |word: &'static str, count, current| Tab { href: "#", word, count, current };
    html! {
        (tabs("Mẫu thẻ", &[tab("Khám", None, true), tab("Xét nghiệm", Some(12), false), tab("Tài liệu", Some(3), false)]))
        form .form.two action="#" {
            (field(&Field::new("mau-ten", "Họ và tên", Sort::Name).hint("Như trên căn cước").value("Lò Thị Lả")))
            (field(&Field::new("mau-mk", "Mật khẩu", Sort::NewPassword)))
            (choice("mau-vt", "Vai trò", &[("nurse", "Điều dưỡng"), ("doctor", "Bác sĩ")], "doctor", None))
            (field(&Field::new("mau-dt", "Điện thoại", Sort::Text).value("09123").error(Some("Số điện thoại có 10 chữ số.")).optional()))
        }
        (summary(&[("mau-dt", "Số điện thoại có 10 chữ số.")]))
        p { (tick("mau-dau", "Giấy đã ký rồi", true)) }
        div .still { (toast("Đã lưu phiếu XN-1042.")) }
        button .btn type="button" data-dialog="mau-hop-thoai" { "Mở hộp thoại" }
        (dialog("mau-hop-thoai", "Huỷ phiếu XN-1042?", html! { p { "Phiếu sẽ không còn trong danh sách chờ lấy mẫu." } },
            html! { button .btn.danger type="button" { "Huỷ phiếu XN-1042" } }))
    }
}
