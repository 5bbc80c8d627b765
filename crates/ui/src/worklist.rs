//! A list of people or things to work on: time, name and reason, status.

use crate::status::{Status, dot};
use maud::{Markup, html};

/// One line of a worklist.
pub struct Row {
    pub href: String,
    pub time: String,
    pub late: bool,
    pub name: String,
    pub reason: String,
    pub status: Status,
    pub word: String,
    pub current: bool,
}

pub fn worklist(label: &str, rows: &[Row]) -> Markup {
    html! {
        ul .worklist aria-label=(label) {
            @for row in rows {
                li {
                    a href=(row.href) aria-current=[row.current.then_some("true")] {
                        span .late[row.late] { (row.time) @if row.late { span .sr { " quá hẹn" } } }
                        span { span .name { (row.name) } span .reason { (row.reason) } }
                        (dot(row.status, &row.word))
                    }
                }
            }
        }
    }
}

pub fn sample() -> Markup {
    let row = |time: &str, name: &str, reason: &str, status, word: &str, late, current| Row {
        href: "#".into(),
        time: time.into(),
        late,
        name: name.into(),
        reason: reason.into(),
        status,
        word: word.into(),
        current,
    };
    html! {
        div .card {
            (worklist("Danh sách chờ", &[
                row("08:42", "Nguyễn Thị Thanh Hương", "Đái tháo đường típ 2, tái khám", Status::Running, "Đang khám", false, true),
                row("08:31", "Trần Văn Đức", "Đau ngực, khó thở", Status::Danger, "Cấp cứu", true, false),
                row("08:50", "Hồ Sín Chứ Phùng Lò Mé Xá", "Khám thai 32 tuần", Status::Waiting, "Chờ khám", false, false),
            ]))
        }
    }
}
