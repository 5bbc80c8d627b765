//! Form field, dialog, toast, tabs.

use maud::{Markup, html};

/// A labelled text field; the error stands above the input and is tied to it.
pub struct Field<'a> {
    pub id: &'a str,
    pub label: &'a str,
    pub hint: &'a str,
    pub value: &'a str,
    pub error: Option<&'a str>,
    pub optional: bool,
}

pub fn field(f: &Field) -> Markup {
    let hint_id = (!f.hint.is_empty()).then(|| format!("{}-goi-y", f.id));
    let error_id = f.error.map(|_| format!("{}-loi", f.id));
    let described: Vec<&str> = [&hint_id, &error_id].into_iter().flatten().map(String::as_str).collect();
    html! {
        div .field .wrong[f.error.is_some()] {
            label for=(f.id) { (f.label) @if f.optional { span .muted { " (không bắt buộc)" } } }
            @if let Some(id) = &hint_id { p .hint id=(id) { (f.hint) } }
            @if let (Some(id), Some(error)) = (&error_id, f.error) { p .error id=(id) { (error) } }
            input id=(f.id) name=(f.id) value=(f.value) required[!f.optional] aria-invalid=[f.error.map(|_| "true")]
                aria-describedby=[(!described.is_empty()).then(|| described.join(" "))];
        }
    }
}

/// A native dialog with one task; opened by a button with `data-dialog`.
pub fn dialog(id: &str, title: &str, body: Markup, acts: Markup) -> Markup {
    html! {
        dialog id=(id) aria-labelledby={ (id) "-t" } {
            header { h2 id={ (id) "-t" } { (title) } }
            div .body { (body) }
            footer { (acts) form method="dialog" { button .btn { "Đóng" } } }
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
    html! {
        nav .tabs aria-label=(label) {
            @for tab in list {
                a href=(tab.href) aria-current=[tab.current.then_some("page")] {
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
            (field(&Field { id: "mau-ten", label: "Họ và tên", hint: "Như trên căn cước", value: "Lò Thị Lả", error: None, optional: false }))
            (field(&Field { id: "mau-dt", label: "Điện thoại", hint: "", value: "09123", error: Some("Số điện thoại có 10 chữ số."), optional: true }))
        }
        button .btn type="button" data-dialog="mau-hop-thoai" { "Mở hộp thoại" }
        (dialog("mau-hop-thoai", "Huỷ phiếu XN-1042?", html! { p { "Phiếu sẽ không còn trong danh sách chờ lấy mẫu." } },
            html! { button .btn.danger type="button" { "Huỷ phiếu XN-1042" } }))
    }
}
