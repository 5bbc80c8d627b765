//! The pages of visits: markup only.

use super::VISITS;
use super::model::{Line, Seen};
use super::procedures;
use crate::notify::NOTIFY;
use crate::person::Person;
use crate::prescribe::PRESCRIBE;
use crate::print::sheet;
use crate::refer::REFER;
use crate::reminders;
use maud::{Markup, html};
use yba_ui::card::{self, Card};
use yba_ui::form::{self, hidden};
use yba_ui::table::Table;
use yba_ui::{alert, format, state};

pub(super) fn list(lines: &[Line], day: &str, more: bool) -> Markup {
    let heads = [("Lúc", false), ("Người bệnh", false), ("Chẩn đoán", false), ("Người khám", false)];
    html! {
        (card::page_title("Khám bệnh", html! { "hôm nay " (format::date(day)) }, html! { button .btn type="button" data-print { "In danh sách" } }))
        (Card::new("hom-nay", "Đã khám hôm nay").aside(html! { "tìm người ở ô trên cùng để khám" }).flush(html! {
            @if lines.is_empty() {
                (state::empty("Hôm nay chưa khám ai.", "Tìm người bệnh, mở hồ sơ rồi bấm «Khám bệnh»; người mới thì đăng ký trước.", card::link_button("/", html! { "Tìm một người" })))
            } @else {
                (Table { caption: "Đã khám hôm nay", heads: &heads, stack: true }.draw(html! {
                    @for line in lines {
                        tr {
                            td { (clock(&line.at)) }
                            td .headed data-head="Người bệnh" { span { a href={ (VISITS) "/" (line.patient) } { (line.name) } span .sub { (format::sex(&line.sex)) " · " (format::date(&line.birth)) } } }
                            td .headed data-head="Chẩn đoán" { (line.diagnoses) }
                            td .headed data-head="Người khám" { (line.examiner) }
                        }
                    }
                }, html! {}))
            }
        }))
        @if more { p .hint { "Còn lượt khám khác; xem đủ ở Sổ khám bệnh trong Báo cáo." } }
    }
}

/// `09:41`
fn clock(instant: &str) -> String {
    format::date_time(instant).split(' ').nth(1).unwrap_or_default().to_owned()
}

/// What the page of a person shows.
pub(super) struct Shown<'a> {
    pub person: &'a Person,
    pub today: &'a str,
    /// What was written at this station today, the last first.
    pub seen: &'a [Seen],
    pub procedures: procedures::Shown<'a>,
    /// The form to fill in; none when they were seen today.
    pub form: Option<Markup>,
    pub done: Option<&'a str>,
    /// What the rules say of what was just written.
    pub said: Markup,
    pub note: Option<Markup>,
}

pub(super) fn person(shown: &Shown) -> Markup {
    let record = format!("/nguoi/{}", shown.person.id);
    html! {
        (card::back(VISITS, "Khám bệnh"))
        (shown.person.banner(shown.today, card::link_button(&record, html! { "Mở hồ sơ" })))
        @if let Some(done) = shown.done { (form::toast(done)) }
        @if let Some(note) = &shown.note { (note) }
        @if shown.person.dead().is_some() { (alert::note("Người này đã ghi tử vong.", "Hãy xem lại có đúng người không; nếu ghi tử vong nhầm thì rút ở «Sinh và tử».")) }
        (shown.said)
        @for one in shown.seen { (seen(shown, one)) }
        @match &shown.form {
            Some(form) => (Card::new("kham", "Khám bệnh").padded(html! { (form) })),
            None => p .no-print {
                (card::link_button(VISITS, html! { "Người tiếp theo" })) " "
                (card::link_button(&format!("{VISITS}/{}?them=1", shown.person.id), html! { "Ghi thêm một lần khám" })) " "
                button .btn type="button" data-print { "In" }
            },
        }
    }
}

fn seen(shown: &Shown, one: &Seen) -> Markup {
    let title = format!("Đã khám lúc {}", clock(&one.at));
    Card::new(&one.visit, &title).padded(html! {
        p { (one.reason) }
        @for diagnosis in &one.diagnoses {
            p { b { (diagnosis.words) } }
            @if !diagnosis.notify.is_empty() {
                (alert::note(&diagnosis.notify, ""))
                p .no-print { (card::link_button(&format!("{NOTIFY}/{}", diagnosis.condition), html! { "Thông báo ca bệnh" })) }
            }
        }
        (reminders::kept(one.told.iter()))
        (procedures::of(&shown.procedures, &shown.person.id, one))
        p .no-print {
            (card::link_button(&format!("{PRESCRIBE}/{}", shown.person.id), html! { "Kê đơn thuốc" })) " "
            (card::link_button(&format!("{REFER}/{}", shown.person.id), html! { "Viết phiếu chuyển tuyến" })) " "
            (card::printed(&sheet::address(&one.visit), "In phiếu khám"))
        }
        details .no-print {
            summary { "Ghi nhầm?" }
            form method="post" action={ (VISITS) "/" (shown.person.id) "/rut" } {
                (hidden("kham", &one.visit))
                button .btn.danger type="submit" { "Rút lần khám này" }
            }
        }
    })
}
