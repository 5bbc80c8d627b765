//! The patient banner: who this is and what must not be given, never off screen while a record is open.

use crate::format;
use crate::icon::icon;
use maud::{Markup, html};

/// What is known about allergies: three different states.
#[derive(Debug, Clone, PartialEq)]
pub enum Allergy {
    Known(Vec<String>),
    /// Someone asked, and there is none.
    None,
    NotAsked,
    /// The role does not see allergies; nothing is said of them.
    NotSeen,
}

/// Values of the banner. `facts` stand after sex and birth, most important first; `extra` ones give way on
/// a phone.
pub struct Banner<'a> {
    pub name: &'a str,
    pub sex: &'a str,
    pub birth: &'a str,
    pub today: &'a str,
    /// Day of death, or empty text when only the fact is known.
    pub dead: Option<&'a str>,
    pub facts: Vec<String>,
    pub extra: Vec<String>,
    pub allergy: &'a Allergy,
    pub acts: Markup,
}

pub fn banner(b: &Banner) -> Markup {
    html! {
        section .banner #nguoi-benh aria-label="Người bệnh" {
            div {
                h1 { (format::name_capitals(b.name)) }
                div .facts {
                    span { (format::sex(b.sex)) " · " (birth(b)) }
                    @if let Some(day) = b.dead {
                        span .dead { "Đã mất" @if !day.is_empty() { " " (format::date(day)) } }
                    }
                    @for fact in &b.facts { span { (fact) } }
                    @for fact in &b.extra { span .extra { (fact) } }
                }
            }
            (allergy(b.allergy))
            div .acts .no-print { (b.acts) }
        }
    }
}

fn birth(b: &Banner) -> String {
    match (b.birth, b.dead) {
        ("", _) => "chưa rõ ngày sinh".into(),
        (birth, Some(day)) => format::born(birth, day),
        (birth, None) => format::born(birth, b.today),
    }
}

/// The allergy box alone.
pub fn allergy(state: &Allergy) -> Markup {
    html! {
        @match state {
            Allergy::Known(list) => p #di-ung .allergy.known { (icon("triangle-alert")) span { "Dị ứng " (list.join(", ")) } },
            Allergy::None => p #di-ung .allergy.none { "Không ghi nhận dị ứng" },
            Allergy::NotAsked => p #di-ung .allergy.not-asked { "Chưa hỏi dị ứng" },
            Allergy::NotSeen => {},
        }
    }
}

/// Others of the same name are in today's list.
pub fn same_name(count: usize) -> Markup {
    html! { p .same-name { (icon("users")) b { "Trùng tên: " } "hôm nay còn " (count) " người cùng tên. Đối chiếu ngày sinh và số giấy tờ." } }
}

pub fn sample() -> Markup {
    let states = [
        Allergy::Known(vec!["Penicillin – phản vệ 2019".into(), "Iod cản quang".into()]),
        Allergy::None,
        Allergy::NotAsked,
    ];
    let names = [
        "Nguyễn Thị Thanh Hương",
        "Đèo Ẩn",
        "Hồ Sín Chứ Phùng Lò Mé Xá Pờ Sào Mỉn Thị Nguyễn Đặng Ngọc Ẩn Hương",
    ];
    html! {
        @for (state, name) in states.iter().zip(names) {
            (banner(&Banner {
                name, sex: "female", birth: "1968-03-14", today: "2026-11-26", dead: None,
                facts: vec!["BHYT mức 4 · 80 % · còn hạn".into()], extra: vec!["Xã Bản Bo".into(), "CCCD ••••4821".into()],
                allergy: state, acts: html! { button .btn type="button" { "In" } },
            }))
        }
        (same_name(2))
    }
}
