//! The pages of forms for their authors, drawn.

use super::{FORMS, examples, name};
use crate::Admin;
use maud::{Markup, html};
use yba_content::Example;
use yba_fhir::json::{self, JsonContainerTrait, JsonValueTrait, Value, items};
use yba_forms::library::Edition;
use yba_forms::page::Look;
use yba_forms::{OfTerminology, Played};
use yba_ui::card::{self, Card};
use yba_ui::state;

/// A form and one of its examples.
pub(super) struct Shown<'s> {
    pub form: &'s str,
    pub examples: &'s [&'s Example],
    pub example: Option<&'s Example>,
    pub played: Result<Played<'s>, Vec<(u32, String)>>,
    pub choices: &'s OfTerminology<'s>,
}

pub(super) fn list(admin: &Admin) -> Markup {
    let slugs: Vec<&str> = admin.forms.slugs().collect();
    let sub = format!("{} biểu mẫu trong nội dung đang dùng", slugs.len());
    html! {
        (card::page_title("Biểu mẫu", html! { (sub) }, html! {}))
        (card::column(html! {
            (Card::new("bieu-mau", "Biểu mẫu").flush(html! {
                @if slugs.is_empty() { (state::empty_line("Chưa có biểu mẫu nào.")) }
                (card::rows(slugs.iter().filter_map(|slug| {
                    let edition = admin.forms.editions(slug).last()?;
                    Some(html! {
                        span { a href=(format!("{FORMS}/{slug}")) { b { (edition.form.title()) } } }
                        span .sub { "forms/" (slug) " · từ " (edition.from) " · " (examples(admin, slug).len()) " ví dụ" (mark(edition)) }
                    })
                })))
            }))
        }))
    }
}

fn mark(edition: &Edition) -> &'static str {
    if edition.uncertain.is_some() { " · còn điều chưa đối chiếu" } else { "" }
}

pub(super) fn one(admin: &Admin, shown: &Shown) -> Markup {
    let editions = admin.forms.editions(shown.form);
    let Some(newest) = editions.last() else { return html! {} };
    let dates: Vec<String> = editions.iter().map(|edition| edition.from.to_string()).collect();
    let facts = [
        ("Thư mục", html! { "forms/" (shown.form) "/" }),
        ("Các bản, từ ngày", html! { (dates.join(", ")) }),
        ("Căn cứ", html! { (newest.basis.join(", ")) }),
        ("Chưa chắc", html! { (newest.uncertain.as_deref().unwrap_or("không ghi")) }),
    ];
    html! {
        (card::back(FORMS, "Biểu mẫu"))
        (card::page_title(newest.form.title(), html! { "Gõ thử được; không có gì được ghi vào hồ sơ" }, html! {}))
        (card::column(html! {
            (Card::new("ban", "Bản của biểu mẫu").padded(card::facts(&facts)))
            (Card::new("vi-du", "Ví dụ").flush(html! {
                @if shown.examples.is_empty() { (state::empty_line("Chưa có ví dụ nào: thêm examples/<tên>.toml.")) }
                (card::rows(shown.examples.iter().map(|example| link(shown, example))))
            }))
            @match &shown.played {
                Ok(played) => (playing(shown, played)),
                Err(faults) => (Card::new("hong", "Ví dụ không chạy được").padded(html! {
                    ul { @for (line, text) in faults { li { @if *line > 0 { "dòng " (line) ": " } (text) } } }
                })),
            }
        }))
    }
}

fn link(shown: &Shown, example: &Example) -> Markup {
    let is_this = shown.example.is_some_and(|one| one.path == example.path);
    let href = format!("{FORMS}/{}?vi-du={}", shown.form, name(example));
    html! {
        span { @if is_this { b { (name(example)) } " · đang xem" } @else { a href=(href) { (name(example)) } } }
        span .sub { (example.path) }
    }
}

/// The form as it is after the answers, and what comes of it.
fn playing(shown: &Shown, played: &Played) -> Markup {
    let action = format!("{FORMS}/{}?vi-du={}", shown.form, shown.example.map_or("", name));
    let look = Look {
        action: &action,
        verb: "Chạy thử",
        key: None,
        offers: None,
        choices: shown.choices,
        uncertain: played.edition.uncertain.as_deref(),
        moves: None,
        kept: "",
        fields: html! {},
    };
    let part = |name: &str| played.made.get(name).cloned();
    let resources: Vec<Value> = items(&played.made, "resources").cloned().collect();
    html! {
        (Card::new("phieu-thu", "Phiếu sau khi gõ các câu trả lời").padded(yba_forms::page::page(&played.taken, &look)))
        @for (name, title) in [("prefilled", "Mở ra đã có sẵn"), ("calculated", "Máy tính ra")] {
            @if let Some(values) = part(name) { (Card::new(name, title).padded(values_of(&values))) }
        }
        @if let Some(faults) = part("faults") {
            (Card::new("faults", "Câu báo").padded(html! {
                ul { @for fault in faults.as_array().into_iter().flatten() { li { (fault.as_str().unwrap_or_default()) } } }
            }))
        }
        (Card::new("resources", "Bản ghi sinh ra").padded(html! {
            @if resources.is_empty() { p { "Không có bản ghi nào." } }
            @for resource in &resources { (card::prose(html! { pre { (pretty(resource)) } })) }
        }))
        (Card::new("ket-qua-vi-du", "Nội dung tệp .expected.json, để đọc kỹ rồi chép").padded(html! {
            details { summary { "Hiện" } (card::prose(html! { pre { (pretty(&played.made)) } })) }
        }))
    }
}

fn values_of(values: &Value) -> Markup {
    html! {
        ul {
            @for (name, value) in values.as_object().into_iter().flat_map(|all| all.iter()) {
                li { (name) ": " code { (json::to_string(value).unwrap_or_default()) } }
            }
        }
    }
}

fn pretty(resource: &Value) -> String {
    json::to_string_pretty(&json::ordered(resource)).unwrap_or_default()
}
