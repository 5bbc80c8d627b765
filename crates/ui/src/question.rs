//! One question of a form: its words, hint and error around what answers it. Everything is sent by plain fields.

use crate::hx;
use maud::{Markup, html};

/// What stands around an answer. Its id is also where the summary of errors leads.
#[derive(Clone, Copy)]
pub struct Question<'a> {
    pub id: &'a str,
    /// The name it is sent under.
    pub name: &'a str,
    pub label: &'a str,
    pub hint: &'a str,
    pub error: Option<&'a str>,
    pub optional: bool,
    /// The page begins here.
    pub first: bool,
}

/// One thing to choose.
#[derive(Clone, Copy)]
pub struct Choice<'a> {
    pub key: &'a str,
    pub word: &'a str,
    pub chosen: bool,
}

/// What is typed into a line.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Typed {
    Text,
    Decimal,
    Integer,
    Day,
    Moment,
    Time,
}

/// What stands beside a number.
#[derive(Clone, Copy)]
pub enum Beside<'a> {
    Nothing,
    Unit(&'a str),
    /// Units to choose from, sent under this name.
    Units(&'a str, &'a [Choice<'a>]),
}

impl Typed {
    fn keys(self) -> Option<&'static str> {
        match self {
            Typed::Decimal => Some("decimal"),
            Typed::Integer | Typed::Day | Typed::Time => Some("numeric"),
            Typed::Text | Typed::Moment => None,
        }
    }

    fn example(self) -> Option<&'static str> {
        match self {
            Typed::Day => Some("ngày/tháng/năm"),
            Typed::Moment => Some("ngày/tháng/năm giờ:phút"),
            Typed::Time => Some("giờ:phút"),
            _ => None,
        }
    }
}

/// A line to type into, with its unit.
pub fn line(q: &Question, value: &str, typed: Typed, beside: Beside) -> Markup {
    let narrow = typed != Typed::Text;
    framed(q, |described| {
        html! {
            span .beside {
                input class=[narrow.then_some("narrow")] id=(q.id) name=(q.name) type="text" value=(value) maxlength="2000" autocomplete="off"
                    inputmode=[typed.keys()] placeholder=[typed.example()] autofocus[q.first]
                    aria-required=[(!q.optional).then_some("true")]
                    aria-invalid=[q.error.map(|_| "true")] aria-describedby=[described];
                @match beside {
                    Beside::Nothing => {}
                    Beside::Unit(unit) => span .unit { (unit) }
                    Beside::Units(name, units) => select name=(name) aria-label={ "Đơn vị: " (q.label) } {
                        @if units.iter().all(|one| !one.chosen) { option value="" { "đơn vị" } }
                        @for one in units { option value=(one.key) selected[one.chosen] { (one.word) } }
                    }
                }
            }
        }
    })
}

/// Most letters of several lines of text.
pub const LETTERS_MAX: usize = 20_000;

/// Several lines of text.
pub fn area(q: &Question, value: &str) -> Markup {
    framed(q, |described| {
        html! {
            textarea id=(q.id) name=(q.name) rows="3" maxlength=(LETTERS_MAX) autofocus[q.first] aria-required=[(!q.optional).then_some("true")]
                aria-invalid=[q.error.map(|_| "true")] aria-describedby=[described] { (value) }
        }
    })
}

/// One of many words, as a closed list.
pub fn list(q: &Question, choices: &[Choice]) -> Markup {
    framed(q, |described| {
        html! {
            select id=(q.id) name=(q.name) autofocus[q.first] aria-required=[(!q.optional).then_some("true")]
                aria-invalid=[q.error.map(|_| "true")] aria-describedby=[described] {
                option value="" {}
                @for one in choices { option value=(one.key) selected[one.chosen] { (one.word) } }
            }
        }
    })
}

/// A line that offers what the server at `action` finds for it; without script a plain line.
pub fn offering(q: &Question, value: &str, action: &str) -> Markup {
    let list = format!("{}-ds", q.id);
    framed(q, |described| {
        html! { (hx::offering_question(q, value, action, &list, described)) datalist id=(list) {} }
    })
}

/// A few words side by side: one to choose, or several.
pub fn few(q: &Question, choices: &[Choice], several: bool, more: Markup) -> Markup {
    let (hint_id, error_id) = ids(q);
    let kind = if several { "checkbox" } else { "radio" };
    html! {
        fieldset .field.few .wrong[q.error.is_some()] aria-describedby=[described(&hint_id, &error_id)] {
            legend { (q.label) @if q.optional { span .muted { " (không bắt buộc)" } } }
            (words(q, &hint_id, &error_id))
            div .choose {
                @for (at, one) in choices.iter().enumerate() {
                    label .tick {
                        input id=(if at == 0 { q.id.to_owned() } else { format!("{}-{at}", q.id) }) name=(q.name) type=(kind)
                            value=(one.key) checked[one.chosen] autofocus[q.first && at == 0];
                        " " (one.word)
                    }
                }
                (more)
            }
        }
    }
}

/// What is known or worked out, and not typed.
pub fn known(id: &str, label: &str, hint: &str, value: &str) -> Markup {
    html! {
        div .field.known {
            span .label id={ (id) "-n" } { (label) }
            @if !hint.is_empty() { p .hint { (hint) } }
            output id=(id) aria-labelledby={ (id) "-n" } { (worked_out(value)) }
        }
    }
}

/// What stands in [`known`].
pub fn worked_out(value: &str) -> Markup {
    html! { @if value.is_empty() { span .muted { "—" } } @else { b { (value) } } }
}

/// Questions that belong together.
pub fn group(id: &str, title: &str, content: Markup) -> Markup {
    html! { fieldset .group id=(id) tabindex="-1" { @if !title.is_empty() { legend { (title) } } (content) } }
}

/// A button that sends the form without keeping it.
pub fn side_button(name: &str, value: &str, word: &str, about: &str) -> Markup {
    html! { button .btn type="submit" name=(name) value=(value) formnovalidate aria-label=[(!about.is_empty()).then_some(about)] { (word) } }
}

/// Label, hint and error around an input, tied to it.
pub(crate) fn framed(q: &Question, answer: impl FnOnce(Option<String>) -> Markup) -> Markup {
    let (hint_id, error_id) = ids(q);
    html! {
        div .field .wrong[q.error.is_some()] {
            label for=(q.id) { (q.label) @if q.optional { span .muted { " (không bắt buộc)" } } }
            (words(q, &hint_id, &error_id))
            (answer(described(&hint_id, &error_id)))
        }
    }
}

fn words(q: &Question, hint_id: &Option<String>, error_id: &Option<String>) -> Markup {
    html! {
        @if let Some(id) = hint_id { p .hint id=(id) { (q.hint) } }
        @if let (Some(id), Some(error)) = (error_id, q.error) { p .error id=(id) { (error) } }
    }
}

fn ids(q: &Question) -> (Option<String>, Option<String>) {
    let hint = (!q.hint.is_empty()).then(|| format!("{}-goi-y", q.id));
    (hint, q.error.map(|_| format!("{}-loi", q.id)))
}

fn described(hint: &Option<String>, error: &Option<String>) -> Option<String> {
    let ids: Vec<&str> = [hint, error].into_iter().flatten().map(String::as_str).collect();
    (!ids.is_empty()).then(|| ids.join(" "))
}

pub fn sample() -> Markup {
    let q = |id: &'static str, label: &'static str| Question {
        id,
        name: id,
        label,
        hint: "",
        error: None,
        optional: false,
        first: false,
    };
    let choice = |key: &'static str, word: &'static str, chosen| Choice { key, word, chosen };
    html! {
        form .form.sheet action="#" {
            (group("mau-ha", "Huyết áp", html! {
                (line(&q("mau-tt", "Huyết áp tâm thu, lần 1"), "152", Typed::Integer, Beside::Unit("mmHg")))
                (line(&Question { error: Some("Phải từ 40 đến 200 mmHg. Hãy xem lại."), ..q("mau-ttr", "Huyết áp tâm trương, lần 1") }, "940", Typed::Integer, Beside::Unit("mmHg")))
                (known("mau-do", "Phân độ", "Theo lần đo cao hơn", "Tăng huyết áp độ 1"))
            }))
            (few(&q("mau-hut", "Hút thuốc lá"), &[choice("n", "Không", true), choice("y", "Đang hút", false)], false, html! {}))
            (area(&Question { optional: true, hint: "Ghi cả thuốc tự mua.", ..q("mau-gc", "Ghi chú") }, ""))
        }
    }
}
