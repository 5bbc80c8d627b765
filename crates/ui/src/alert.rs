//! The safety alert: beside the line that caused it, in two levels. A note asks for nothing; a stop needs a reason, chosen
//! from a list, which is kept. Never a question of the browser.

use crate::form::choice;
use crate::icon::icon;
use maud::{Markup, html};

/// Worth knowing before going on; nothing is asked.
pub fn note(what: &str, why: &str) -> Markup {
    html! { div .alert.warn role="status" { (icon("triangle-alert")) p { b { (what) } " " (why) } } }
}

/// What must not go on without a reason.
pub struct Stop<'a> {
    /// Of the choice; also the name of its field.
    pub id: &'a str,
    pub what: &'a str,
    pub why: &'a str,
    /// Value and words; the first is empty.
    pub reasons: &'a [(&'a str, &'a str)],
    pub chosen: &'a str,
    /// Said when it was sent without a reason.
    pub error: Option<&'a str>,
}

/// Draws a stop; it stands in the form that it stops.
pub fn stop(s: &Stop) -> Markup {
    html! {
        div .alert.bad role="alert" {
            (icon("triangle-alert"))
            div {
                p { b { (s.what) } " " (s.why) }
                (choice(s.id, "Vẫn làm, vì", s.reasons, s.chosen, s.error))
            }
        }
    }
}

/// How much a reminder weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weight {
    Info,
    Warn,
    Stop,
}

/// What a rule says of what is being written down.
pub struct Reminder<'a> {
    pub weight: Weight,
    pub title: &'a str,
    pub what: &'a str,
    /// What to do.
    pub suggest: &'a str,
    /// On what ground, and what of it nobody has compared with the original yet.
    pub source: &'a str,
    pub uncertain: &'a str,
    /// Of one that stops.
    pub reason: Option<Reason<'a>>,
}

/// The field for the reason of going on all the same.
pub struct Reason<'a> {
    pub id: &'a str,
    pub name: &'a str,
    /// The id of the form that it belongs to, wherever it stands.
    pub form: &'a str,
    pub typed: &'a str,
    pub offered: &'a [String],
    pub error: Option<&'a str>,
}

/// Draws a reminder: nothing is asked, unless it stops.
pub fn reminder(r: &Reminder) -> Markup {
    let (class, role) = match r.weight {
        Weight::Info => ("alert info", "status"),
        Weight::Warn => ("alert warn", "status"),
        Weight::Stop => ("alert bad", "alert"),
    };
    html! {
        div class=(class) role=(role) {
            (icon(if r.weight == Weight::Info { "info" } else { "triangle-alert" }))
            div {
                p { b { (r.title) } }
                p { (r.what) }
                p { (r.suggest) }
                @if let Some(reason) = &r.reason { (because(reason)) }
                details {
                    summary { "Căn cứ" }
                    p { (r.source) } @if !r.uncertain.is_empty() { p { (r.uncertain) } }
                }
            }
        }
    }
}

fn because(r: &Reason) -> Markup {
    let (list, wrong) = (format!("{}-goi-y", r.id), format!("{}-loi", r.id));
    html! {
        div class={ "field" @if r.error.is_some() { " wrong" } } {
            label for=(r.id) { "Vẫn ghi, vì" }
            @if let Some(error) = r.error { span .error id=(wrong) { (error) } }
            input id=(r.id) name=(r.name) form=(r.form) type="text" maxlength="500" autocomplete="off" value=(r.typed)
                list=[(!r.offered.is_empty()).then_some(&list)] aria-invalid=[r.error.map(|_| "true")] aria-describedby=[r.error.map(|_| &wrong)];
            @if !r.offered.is_empty() { datalist id=(list) { @for one in r.offered { option value=(one) {} } } }
        }
    }
}

pub fn sample() -> Markup {
    let reasons = [
        ("", ""),
        ("da-dung", "Đã dùng trước đây, không phản ứng"),
        ("loi-hon-hai", "Lợi ích lớn hơn nguy cơ, có theo dõi"),
    ];
    let stopped = |id, chosen, error| {
        stop(&Stop {
            id,
            what: "Dị ứng Penicillin – phản vệ 2019.",
            why: "Amoxicillin cùng nhóm.",
            reasons: &reasons,
            chosen,
            error,
        })
    };
    html! {
        (note("Trùng hoạt chất:", "Paracetamol đã có trong đơn ngày 12/11/2026."))
        (stopped("mau-dung", "", None))
        (stopped("mau-dung-sai", "", Some("Chọn lý do trước khi ký.")))
        (stopped("mau-dung-co", "loi-hon-hai", None))
        @for (weight, error) in [(Weight::Info, None), (Weight::Warn, None), (Weight::Stop, None), (Weight::Stop, Some("Ghi lý do rồi bấm ghi lại."))] {
            (reminder(&Reminder {
                weight,
                title: "Huyết áp rất cao",
                what: "Huyết áp 190/120 mmHg (từ 180/110 trở lên).",
                suggest: "Cho nằm nghỉ, đo lại sau 5 đến 15 phút.",
                source: "3192/QĐ-BYT",
                uncertain: "Ngưỡng ghi theo hiểu biết chung; cần so với bản gốc.",
                reason: (weight == Weight::Stop).then_some(Reason {
                    id: if error.is_some() { "mau-vi-sao-loi" } else { "mau-vi-sao" },
                    name: "mau-vi-sao",
                    form: "mau",
                    typed: "",
                    offered: &[],
                    error,
                }),
            }))
        }
    }
}
