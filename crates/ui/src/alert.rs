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
    }
}
