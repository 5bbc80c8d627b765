//! The pages of reactions after vaccines: markup only.

use super::model::Dose;
use super::{REACTIONS, name};
use crate::notify::model::{Clock, clock};
use crate::person::Person;
use crate::sessions::{rooms, vaccine_words};
use maud::{Markup, html};
use std::collections::BTreeMap;
use yba_care::Finding;
use yba_care::notify::WAYS;
use yba_care::reaction::{Draft, ENDS, GRAVITY, Reaction, StoppedLot};
use yba_content::VaccinationDay;
use yba_content::schedules::Schedule;
use yba_fhir::json::Value;
use yba_ui::card::{self, Card};
use yba_ui::form::{self, Field, Sort, hidden};
use yba_ui::status::{Status, status};
use yba_ui::{format, state};

/// What the list shows.
pub(super) struct Listed<'a> {
    pub all: &'a [Reaction],
    pub stopped: &'a [StoppedLot],
    pub people: &'a BTreeMap<String, Value>,
    /// Names of the stations that stopped lots.
    pub names: &'a BTreeMap<String, String>,
    pub schedule: Option<&'a Schedule>,
    pub own: Option<String>,
    pub now_ms: i64,
    pub may_release: bool,
    pub done: Option<&'static str>,
}

pub(super) fn words<'w>(list: &[(&'w str, &'w str)], code: &str) -> &'w str {
    list.iter().find(|(known, _)| *known == code).map_or("", |(_, words)| *words)
}

/// Until when a report must go up, or when it went.
fn standing(one: &Reaction, now_ms: i64) -> Markup {
    match &one.report {
        _ if one.is_mistaken => status(Status::Waiting, "đã rút vì ghi nhầm"),
        None if one.is_serious => status(Status::Danger, "nặng"),
        None => status(Status::Waiting, "không nặng"),
        Some(report) if !report.sent.is_empty() => {
            status(Status::Done, &format!("nặng, đã báo {}", format::date_time(&report.sent)))
        }
        Some(report) => {
            let Clock { words, .. } = clock(report.due_ms, now_ms);
            status(Status::Danger, &format!("nặng, phải báo: {words}"))
        }
    }
}

pub(super) fn list(shown: &Listed) -> Markup {
    let pressing = shown.all.iter().filter(|one| one.is_pressing()).count();
    // What was taken back stays on the list, and is none.
    let count = shown.all.iter().filter(|one| !one.is_mistaken).count();
    let sub = html! { (format::count(count)) " phản ứng" @if pressing > 0 { ", " b { (pressing) " tai biến nặng chưa báo" } } };
    html! {
        (card::page_title("Phản ứng sau tiêm", sub, html! { button .btn type="button" data-print { "In" } }))
        @if let Some(done) = shown.done { (form::toast(done)) }
        (rooms(REACTIONS))
        (Card::new("phan-ung", "Phản ứng đã ghi").flush(html! {
            @if shown.all.is_empty() {
                (state::empty("Chưa ghi phản ứng nào.", "Ghi từ danh sách «Theo dõi 30 phút» hoặc từ trang tiêm chủng của trẻ.", html! {}))
            } @else {
                (card::rows(shown.all.iter().map(|one| html! {
                    a href={ (REACTIONS) "/" (one.patient) } { (name(shown.people.get(&one.patient))) } " · " (one.title)
                    span .sub { (format::date_time(&one.began)) " · " (words(&GRAVITY, &one.gravity)) " · " (words(&ENDS, &one.end)) " · " (standing(one, shown.now_ms)) }
                })))
            }
        }))
        (Card::new("lo-dung", "Lô đang dừng dùng").flush(html! {
            @if shown.stopped.is_empty() { (state::empty_line("Không có lô nào đang dừng.")) }
            @else { (card::rows(shown.stopped.iter().map(|one| lot(shown, one)))) }
        }))
    }
}

fn lot(shown: &Listed, one: &StoppedLot) -> Markup {
    let vaccine =
        shown.schedule.map_or_else(|| one.vaccine.clone(), |schedule| vaccine_words(schedule, &one.vaccine));
    let by = shown.names.get(&one.by).map_or("", String::as_str);
    html! {
        (status(Status::Danger, &format!("{vaccine} lô {}", one.lot)))
        span .sub { "từ " (format::date_time(&one.since)) " · " (one.why) @if !by.is_empty() { " · " (by) } }
        @if shown.may_release && shown.own.as_ref().is_none_or(|own| *own == one.by) {
            details .no-print {
                summary { "Cho dùng lại" }
                form .form method="post" action={ "/lo-dung/" (one.id) } {
                    (form::named(&Field::new(&format!("ly-do-{}", one.id), "Vì sao được dùng lại", Sort::Text).hint("Ví dụ: CDC kết luận không do vắc xin, văn bản số 12"), "ly-do"))
                    button .btn type="submit" { "Cho dùng lại lô " (one.lot) }
                }
            }
        }
    }
}

/// What the page of a child shows.
pub(super) struct Shown<'a> {
    pub person: &'a Person,
    pub today: &'a str,
    pub day: &'a VaccinationDay,
    pub doses: &'a [Dose],
    pub reactions: &'a [Reaction],
    pub draft: &'a Draft,
    pub found: &'a [Finding],
    pub now_ms: i64,
    pub done: Option<&'static str>,
    pub may_write: bool,
    pub note: Option<Markup>,
}

pub(super) fn child(shown: &Shown) -> Markup {
    let vaccines = format!("{}/{}", crate::vaccinate::VACCINATE, shown.person.id);
    html! {
        (card::back(REACTIONS, "Phản ứng sau tiêm"))
        (shown.person.banner(shown.today, card::link_button(&vaccines, html! { "Tiêm chủng" })))
        @if let Some(done) = shown.done { (form::toast(done)) }
        @if let Some(note) = &shown.note { (note) }
        @for one in shown.reactions.iter().filter(|one| one.is_pressing()) { (serious(shown, one)) }
        @if !shown.reactions.is_empty() {
            (Card::new("da-ghi", "Phản ứng đã ghi").flush(card::rows(shown.reactions.iter().map(|one| written(shown, one)))))
        }
        @if shown.may_write { (writing(shown)) }
    }
}

/// Where the report of a reaction is printed.
fn address(shown: &Shown, one: &Reaction) -> String {
    format!("{REACTIONS}/{}/in?pu={}", shown.person.id, one.id)
}

/// What must be done now, and by when.
fn serious(shown: &Shown, one: &Reaction) -> Markup {
    let due = one.report.as_ref().map_or(0, |report| report.due_ms);
    let Clock { words, .. } = clock(due, shown.now_ms);
    html! {
        section .note.bad role="alert" {
            div {
                b { (one.title) ": tai biến nặng. Phải báo Sở Y tế và CDC trước " (format::date_time(&yba_fhir::date::instant(due))) " (" (words) ")." }
                ol { @for step in &shown.day.reactions.steps { li { (step) } } }
                p { (card::printed(&address(shown, one), "In báo cáo")) }
                form method="post" action={ (REACTIONS) "/" (shown.person.id) "/bao-len" } {
                    (hidden("pu", &one.id))
                    @for (code, word) in WAYS { button .btn type="submit" name="cach" value=(code) { "Đã báo: " (word) } " " }
                }
            }
        }
    }
}

fn written(shown: &Shown, one: &Reaction) -> Markup {
    let doses = shown.doses.iter().filter(|dose| one.doses.contains(&dose.id));
    let doses: Vec<String> = doses.map(|dose| format!("{} lô {}", dose.words, dose.lot)).collect();
    html! {
        span { b { (one.title) } @if !one.words.is_empty() { ": " (one.words) } }
        span .sub {
            "bắt đầu " (format::date_time(&one.began)) " · " (words(&GRAVITY, &one.gravity)) " · " (words(&ENDS, &one.end))
            " · " (standing(one, shown.now_ms))
        }
        @if !one.handled.is_empty() { span .sub { "Đã xử trí: " (one.handled) } }
        @if !doses.is_empty() { span .sub { "Nghi do: " (doses.join(", ")) } }
        @if !one.is_mistaken {
            p .no-print { (card::printed(&address(shown, one), "In báo cáo")) }
            details .no-print {
                summary { "Ghi nhầm?" }
                form method="post" action={ (REACTIONS) "/" (shown.person.id) "/rut" } {
                    (hidden("pu", &one.id))
                    button .btn.danger type="submit" { "Rút phản ứng " (one.title) }
                }
            }
        }
    }
}

fn writing(shown: &Shown) -> Markup {
    let error = |field: &str| shown.found.iter().find(|one| one.field == field).map(|one| one.text.as_str());
    let ids = [
        ("doses", "mui-nghi"),
        ("kind", "loai"),
        ("words", "mo-ta"),
        ("began", "luc"),
        ("gravity", "muc-do"),
        ("end", "dien-bien"),
        ("handled", "xu-tri"),
    ];
    let wrong: Vec<(&str, &str)> = ids.iter().filter_map(|(field, id)| Some((*id, error(field)?))).collect();
    let mut kinds = vec![("", "Chọn…")];
    kinds.extend(shown.day.reaction.iter().map(|one| (one.slug.as_str(), one.title.as_str())));
    let gravity: Vec<(&str, &str)> = [("", "Chọn…")].into_iter().chain(GRAVITY).collect();
    let began = match yba_fhir::DateRange::parse(&shown.draft.began) {
        Some(_) => format::date_time(&shown.draft.began),
        None => shown.draft.began.clone(),
    };
    let end = if shown.draft.end.is_empty() { "ongoing" } else { &shown.draft.end };
    Card::new("ghi", "Ghi phản ứng").padded(html! {
        @if shown.doses.is_empty() { (state::empty_line("Trẻ chưa có mũi tiêm nào để ghi phản ứng.")) } @else {
            (form::summary(&wrong))
            form .form method="post" action={ (REACTIONS) "/" (shown.person.id) } {
                (hidden("phieu", &shown.draft.form))
                fieldset #mui-nghi {
                    legend { "Nghi do mũi" }
                    @if let Some(text) = error("doses") { p .error { (text) } }
                    @for (at, dose) in shown.doses.iter().take(12).enumerate() {
                        @let id = format!("mui-{at}");
                        label .tick for=(id) {
                            input type="checkbox" id=(id) name="mui" value=(dose.id) checked[shown.draft.doses.contains(&dose.id)]; " "
                            (dose.words) " · " (format::date_time(&dose.given)) @if !dose.lot.is_empty() { " · lô " (dose.lot) }
                        }
                    }
                }
                (form::choice("loai", "Phản ứng", &kinds, &shown.draft.kind, error("kind")))
                (form::field(&Field::new("luc", "Bắt đầu lúc", Sort::Text).value(&began).hint("Ví dụ: 08:40, hoặc 08:40 23/11/2026").error(error("began"))))
                (form::choice("muc-do", "Mức độ", &gravity, &shown.draft.gravity, error("gravity")))
                (form::choice("dien-bien", "Diễn biến", &ENDS, end, error("end")))
                (form::field(&Field::new("mo-ta", "Mô tả", Sort::Text).value(&shown.draft.words).error(error("words")).optional()))
                (form::field(&Field::new("xu-tri", "Đã xử trí", Sort::Text).value(&shown.draft.handled).error(error("handled")).optional()))
                (form::tick("nang", "Tai biến nặng: nằm viện, đe dọa tính mạng, di chứng hoặc tử vong", shown.draft.is_serious))
                p .hint { "Tai biến nặng: máy dừng các lô đã tiêm cho trẻ này ở trạm và tính hạn báo cáo " (shown.day.reactions.report_hours) " giờ." }
                (card::main_button("Ghi phản ứng", None))
            }
        }
    })
}
