//! The pages of referrals: markup only.

use super::REFER;
use super::model::{Referral, State};
use crate::person::Person;
use maud::{Markup, html};
use std::collections::BTreeMap;
use yba_fhir::json::Value;
use yba_fhir::view::Patient;
use yba_ui::card::{self, Card};
use yba_ui::form::{self, hidden};
use yba_ui::status::{Status, status};
use yba_ui::table::Table;
use yba_ui::{format, state};

/// What the page of both lists shows.
pub(super) struct Lists<'a> {
    pub come: &'a [Referral],
    pub sent: &'a [Referral],
    /// Records by id.
    pub people: &'a BTreeMap<String, Value>,
    /// Whether the reader works at one facility.
    pub is_own: bool,
}

pub(super) fn lists(shown: &Lists) -> Markup {
    let (come, sent) =
        if shown.is_own { ("Chuyển đến", "Đã chuyển đi") } else { ("Các lần chuyển", "") };
    html! {
        (card::page_title("Chuyển tuyến", html! { "60 ngày qua" }, html! { button .btn type="button" data-print { "In" } }))
        (list("den", come, shown.come, shown.people, "Chưa ai được chuyển đến."))
        @if shown.is_own { (list("di", sent, shown.sent, shown.people, "Chưa chuyển ai đi. Mở hồ sơ một người rồi bấm «Chuyển tuyến».")) }
    }
}

fn list(id: &str, title: &str, all: &[Referral], people: &BTreeMap<String, Value>, empty: &str) -> Markup {
    let heads = [
        ("Người bệnh", false),
        ("Chẩn đoán", false),
        ("Từ, đến", false),
        ("Lúc", false),
        ("Tình trạng", false),
    ];
    let waiting = all.iter().filter(|one| one.state == State::Waiting).count();
    let aside = html! { @if waiting > 0 { (format::count(waiting)) " chờ tiếp nhận" } };
    Card::new(id, title).aside(aside).flush(html! {
        @if all.is_empty() { (state::empty_line(empty)) }
        @else {
            (Table { caption: title, heads: &heads, stack: true }.draw(html! {
                @for one in all {
                    @let name = people.get(&one.patient).and_then(|tree| Patient(tree).name());
                    tr {
                        td { a href={ (REFER) "/" (one.patient) } { (name.unwrap_or_else(|| "chưa rõ tên".to_owned())) } }
                        td .headed data-head="Chẩn đoán" { (one.diagnosis) }
                        td .headed data-head="Từ, đến" { (one.from_name) " → " (one.to_name) }
                        td .headed data-head="Lúc" { (format::date_time(&one.at)) }
                        td .headed data-head="Tình trạng" { (standing(one)) }
                    }
                }
            }, html! {}))
        }
    })
}

fn standing(one: &Referral) -> Markup {
    match (one.state, one.is_urgent) {
        (State::Received, _) => status(Status::Done, "Đã tiếp nhận"),
        (State::Waiting, true) => status(Status::Danger, "Cấp cứu, chờ tiếp nhận"),
        (State::Waiting, false) => status(Status::Running, "Chờ tiếp nhận"),
    }
}

/// What the page of one person shows.
pub(super) struct Shown<'a> {
    pub person: &'a Person,
    pub today: &'a str,
    pub referrals: &'a [Referral],
    /// Facilities to choose from: id and name.
    pub places: &'a [(String, String)],
    pub own: Option<&'a str>,
    pub may_refer: bool,
    pub done: Option<&'a str>,
}

pub(super) fn person(shown: &Shown) -> Markup {
    let id = &shown.person.id;
    html! {
        (card::back(REFER, "Chuyển tuyến"))
        (shown.person.banner(shown.today, card::link_button(&format!("/nguoi/{id}"), html! { "Mở hồ sơ" })))
        @if let Some(done) = shown.done { (form::toast(done)) }
        @for one in shown.referrals { (referral(shown, one)) }
        @if shown.may_refer {
            (Card::new("chuyen", "Chuyển đến cơ sở khác").padded(html! {
                @if shown.places.is_empty() { p { "Chưa có cơ sở nào để chuyển đến. Quản trị thêm ở «Danh mục»." } }
                @else {
                    @let words: Vec<(&str, &str)> = shown.places.iter().map(|(id, name)| (id.as_str(), name.as_str())).collect();
                    form .form method="get" action={ (REFER) "/" (id) } {
                        (form::choice("den", "Nơi chuyển đến", &words, "", None))
                        (card::main_button("Viết phiếu chuyển", None))
                    }
                    p .sub { "Nơi nhận xem được hồ sơ của người này ngay khi phiếu được ghi." }
                }
            }))
        }
    }
}

fn referral(shown: &Shown, one: &Referral) -> Markup {
    let is_own = |place: &str| shown.own.is_none_or(|own| own == place);
    let act = |part: &str| format!("{REFER}/{}/{part}", shown.person.id);
    Card::new(&format!("phieu-{}", one.id), &format!("Chuyển đến {}", one.to_name)).aside(standing(one)).padded(html! {
        (card::facts(&facts(one)))
        p .no-print {
            (card::printed(&crate::print::sheet::address(&one.id), "In phiếu chuyển"))
            @if one.state == State::Waiting && is_own(&one.to) {
                form .inline method="post" action=(act("nhan")) { (hidden("phieu", &one.id)) button .btn.main type="submit" { "Đã tiếp nhận" } }
            }
        }
        @if one.state == State::Waiting && is_own(&one.from) {
            details .no-print {
                summary { "Ghi nhầm, không chuyển nữa?" }
                form method="post" action=(act("rut")) { (hidden("phieu", &one.id)) button .btn.danger type="submit" { "Rút phiếu chuyển" } }
            }
        }
    })
}

/// Who sends whom when, and what the form says.
fn facts(one: &Referral) -> Vec<(&str, Markup)> {
    let mut facts = vec![("Từ", html! { (one.from_name) }), ("Lúc", html! { (format::date_time(&one.at)) })];
    if one.said.is_empty() {
        facts.push(("Chẩn đoán", html! { (one.diagnosis) }));
    }
    facts.extend(one.said.iter().map(|(question, answer)| (question.as_str(), html! { (answer) })));
    facts
}

/// The form.
pub(super) fn form(person: &Person, today: &str, sheet: &Markup, note: Option<Markup>) -> Markup {
    html! {
        (card::back(&format!("{REFER}/{}", person.id), "Chuyển tuyến"))
        (person.banner(today, card::link_button(&format!("/nguoi/{}", person.id), html! { "Mở hồ sơ" })))
        @if let Some(note) = note { (note) }
        (Card::new("phieu-chuyen", "Phiếu chuyển tuyến").padded(html! { (sheet) }))
    }
}
