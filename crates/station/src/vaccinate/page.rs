//! The pages of vaccination: markup only.

use super::model::{Line, Offer, SeriesLine, Written, asks_reason, beside};
use super::screen::{MEASURES, NOTHING};
use super::{Reminded, Typed, VACCINATE};
use crate::person::Person;
use crate::reactions::REACTIONS;
use crate::reminders::{self, Beside};
use crate::roll::Roll;
use crate::sessions::{SESSIONS, rooms};
use maud::{Markup, html};
use yba_care::advise::Told;
use yba_care::immunise::Draft;
use yba_care::reaction::{Reaction, StoppedLot};
use yba_care::screening::Screened;
use yba_care::session::Session;
use yba_care::{Finding, Severity};
use yba_content::VaccinationDay;
use yba_recall::Standing;
use yba_ui::alert;
use yba_ui::card::{self, Card};
use yba_ui::form::{self, Field, Sort, hidden};
use yba_ui::status::{Status, status};
use yba_ui::table::Table;
use yba_ui::{format, state};

/// The id of the form on its page.
const FORM: &str = "phieu-tiem";

/// What the list shows.
pub struct Listed<'a> {
    pub lines: &'a [Line],
    /// Which part of it.
    pub roll: Roll<'a>,
    /// Whose list, when that had to be chosen.
    pub place: Option<&'a str>,
    /// Until when doses are due (ISO day), and whether that is today.
    pub until: &'a str,
    pub is_today: bool,
    pub late: usize,
    /// Whether the tables are behind the records.
    pub is_behind: bool,
}

pub fn list(shown: &Listed) -> Markup {
    let sub = html! {
        (format::count(shown.roll.count)) " trẻ đến lịch"
        @if shown.late > 0 { ", " (format::count(shown.late)) " trẻ trễ" }
        @if !shown.is_today { " tính đến " (format::date(shown.until)) }
    };
    html! {
        (card::page_title("Tiêm chủng", sub, html! { button .btn type="button" data-print { "In danh sách" } }))
        @if shown.is_behind {
            (state::warning("Danh sách đang được cập nhật.", "Vài mũi vừa ghi có thể chưa tính. Tải lại trang sau ít giây."))
        }
        (rooms(VACCINATE))
        (days(shown))
        (shown.roll.tabs())
        (Card::new("can-tiem", "Cần gọi").aside(html! { "trễ và đến lịch" }).flush(html! {
            @if shown.lines.is_empty() {
                (state::empty("Không có trẻ nào đến lịch.", "Danh sách tự lập từ ngày sinh và các mũi đã ghi của trẻ trong xã.",
                    card::link_button("/", html! { "Tìm một trẻ" })))
            } @else {
                (Table { caption: "Trẻ cần gọi tiêm", heads: &HEADS, stack: true }
                    .draw(html! { @for line in shown.lines { (row(line)) } }, html! {}))
            }
        }))
        (shown.roll.paging())
    }
}

const HEADS: [(&str, bool); 4] = [("Trẻ", false), ("Thôn, bản", false), ("Mũi", false), ("Người nhà", false)];

fn row(line: &Line) -> Markup {
    html! {
        tr {
            td { a href={ (VACCINATE) "/" (line.patient) } { (line.name) } span .sub { (format::sex(&line.sex)) " · " (format::date(&line.birth)) } }
            td .headed data-head="Thôn, bản" { @if line.village.is_empty() { "chưa ghi" } @else { (line.village) } }
            td .headed data-head="Mũi" {
                @for (at, (words, standing)) in line.doses.iter().enumerate() {
                    @if at > 0 { ", " }
                    @if *standing == Standing::Late { b { (words) } " (trễ)" } @else { (words) }
                }
            }
            td .headed data-head="Người nhà" { (line.mother) @if !line.phone.is_empty() { span .sub { (line.phone) } } }
        }
    }
}

/// Stations to choose from: id, name, children to call.
pub fn choose(lines: &[(String, String, usize)]) -> Markup {
    html! {
        (card::page_title("Tiêm chủng", html! { "chọn trạm" }, html! {}))
        (Card::new("tram", "Trạm có trẻ đến lịch").flush(html! {
            @if lines.is_empty() { (state::empty_line("Chưa có trẻ nào đến lịch ở trạm nào.")) }
            @else {
                (card::rows(lines.iter().map(|(id, name, count)| html! {
                    a href={ (VACCINATE) "?noi=" (id) } { (name) } span .sub { (format::count(*count)) " trẻ" }
                })))
            }
        }))
    }
}

/// Today, or everything until the next session.
fn days(shown: &Listed) -> Markup {
    html! {
        form .line-form method="get" action=(VACCINATE) {
            @if let Some(village) = shown.roll.village { (hidden("thon", village)) }
            @if let Some(place) = shown.place { (hidden("noi", place)) }
            (form::field(&Field::new("den", "Đến lịch trước hoặc trong ngày", Sort::Day).value(&format::date(shown.until))))
            button .btn type="submit" { "Xem" }
        }
    }
}

/// What the page of a child shows.
pub struct Shown<'a> {
    pub person: &'a Person,
    pub today: &'a str,
    pub series: &'a [SeriesLine],
    pub offers: &'a [Offer],
    pub written: &'a [Written],
    pub draft: &'a Draft,
    pub found: &'a [Finding],
    pub reminded: &'a Reminded,
    /// Why doses were given although a rule stopped them.
    pub told: &'a [Told],
    /// What was just done, in words.
    pub done: Option<&'a str>,
    /// Why what was sent was not kept.
    pub note: Option<Markup>,
    /// The day of vaccination to which the page belongs.
    pub session: Option<&'a Session>,
    /// What was concluded before vaccines today, and what was sent of it.
    pub screened: Option<&'a Screened>,
    pub typed: &'a Typed,
    /// Lots that some station stopped.
    pub stopped: &'a [StoppedLot],
    pub reactions: &'a [Reaction],
    pub day: Option<&'a VaccinationDay>,
}

pub fn child(shown: &Shown) -> Markup {
    let record = format!("/nguoi/{}", shown.person.id);
    html! {
        @match shown.session {
            Some(session) => (card::back(&format!("{SESSIONS}/{}", session.id), "Danh sách buổi tiêm")),
            None => (card::back(VACCINATE, "Danh sách cần tiêm")),
        }
        (shown.person.banner(shown.today, card::link_button(&record, html! { "Mở hồ sơ" })))
        @if let Some(done) = shown.done { (form::toast(done)) }
        @if let Some(note) = &shown.note { (note) }
        @for one in shown.written.iter().filter(|one| !one.watch_until.is_empty()).take(1) {
            (state::warning(&format!("Theo dõi tại trạm đến {}.", clock(&one.watch_until)),
                shown.day.map_or("", |day| day.reactions.home.as_str())))
        }
        @for one in shown.reactions.iter().filter(|one| one.is_serious && !one.is_mistaken) {
            (state::warning(&format!("Từng có phản ứng nặng sau tiêm: {}.", one.title), "Hỏi kỹ trước khi tiêm; khám sàng lọc tại bệnh viện nếu là vắc xin cùng thành phần."))
        }
        (to_give(shown))
        (schedule(shown))
        (history(shown))
    }
}

/// `09:41`
fn clock(instant: &str) -> String {
    format::date_time(instant).split(' ').nth(1).unwrap_or_default().to_owned()
}

fn to_give(shown: &Shown) -> Markup {
    let action = format!("{VACCINATE}/{}", shown.person.id);
    let Reminded { verdict, reasons, asks } = shown.reminded;
    let beside = Beside { verdict, reasons, asks: *asks, form: FORM };
    Card::new("tiem-hom-nay", "Tiêm hôm nay").padded(beside.around(&html! {
        (stopped(shown.found))
        @if shown.offers.is_empty() {
            (state::empty_line(&next_words(shown.series)))
        } @else {
            (stopped_lots(shown))
            form .form #(FORM) method="post" action=(action) {
                (hidden("phieu", &shown.draft.form)) (vaccines(shown)) (session(shown))
                (screening(shown))
                (Table { caption: "Mũi đến lịch", heads: &OFFER_HEADS, stack: true }
                    .draw(html! { @for offer in shown.offers { (offered(offer, shown.found)) } }, html! {}))
                (form::field(&Field::new("ngay", "Ngày tiêm", Sort::Day).value(&format::date(&shown.draft.day)).error(words(shown.found, "day"))))
                @if asks_reason(shown.found) {
                    (form::field(&Field::new("ly-do", "Lý do vẫn tiêm", Sort::Text).value(&shown.draft.reason).error(words(shown.found, "reason"))))
                }
                (card::main_button("Tiêm và ghi", None))
            }
            details open[!put_off_reason(shown).is_empty()] {
                summary { "Tạm hoãn hoặc chống chỉ định" }
                form .form method="post" action={ (action) "/hoan" } {
                    (hidden("phieu", &shown.draft.form)) (hidden("ngay", shown.today)) (vaccines(shown)) (session(shown))
                    @for offer in shown.offers { (hidden("mui", &offer.series)) }
                    (form::field(&Field::new("hoan-ly-do", "Vì sao chưa tiêm", Sort::Text).value(put_off_reason(shown)).hint("Ví dụ: sốt 38,5 °C, hẹn lại sau một tuần")))
                    button .btn type="submit" { "Ghi tạm hoãn" }
                }
            }
        }
    }))
}

/// The day of vaccination goes along.
fn session(shown: &Shown) -> Markup {
    html! { @if let Some(session) = shown.session { (hidden("buoi", &session.id)) } }
}

/// What was concluded, or the one tick that concludes it.
fn screening(shown: &Shown) -> Markup {
    let more = shown.session.map_or(String::new(), |session| format!("?buoi={}", session.id));
    let sheet = format!("{VACCINATE}/{}/sang-loc{more}", shown.person.id);
    let open = |word: &str| html! { a href=(sheet) { (word) } };
    html! {
        fieldset #sang-loc {
            legend { "Khám sàng lọc" }
            @match shown.screened {
                Some(one) if one.is_eligible() => {
                    p { (status(Status::Done, &one.words)) " · lúc " (clock(&one.at)) " · " (open("khám lại")) }
                    (mistaken(shown))
                }
                Some(one) => {
                    (state::warning(&format!("{}. Hôm nay không tiêm.", one.words), &one.reason))
                    p { (open("Khám sàng lọc lại")) }
                    (mistaken(shown))
                }
                None => {
                    @if let Some(text) = words(shown.found, "screening") { p .error { (text) } }
                    label .tick for=(NOTHING) {
                        input type="checkbox" id=(NOTHING) name=(NOTHING) value="1" checked[shown.typed.is_ticked]; " "
                        span { b { "Không có chống chỉ định" } " (cả bảng kiểm đều «không»)" }
                    }
                    (form::field(&Field::new(MEASURES[0], "Thân nhiệt, °C", Sort::Text).value(&shown.typed.temperature).optional()))
                    (form::field(&Field::new(MEASURES[1], "Cân nặng, kg", Sort::Text).value(&shown.typed.weight).optional()))
                    p { (open("Có điểm bất thường: mở bảng kiểm")) }
                }
            }
        }
    }
}

/// For a conclusion that was written of the wrong child. It stands within the form of the doses, and is sent elsewhere.
fn mistaken(shown: &Shown) -> Markup {
    let action = format!("{VACCINATE}/{}/sang-loc/rut", shown.person.id);
    html! {
        details {
            summary { "Ghi nhầm?" }
            button .btn type="submit" formaction=(action) formnovalidate { "Rút lần sàng lọc này" }
        }
    }
}

/// Lots that must not be used, for the vaccines of this form.
fn stopped_lots(shown: &Shown) -> Markup {
    let of = |one: &&StoppedLot| shown.offers.iter().any(|offer| offer.vaccine == one.vaccine);
    html! {
        @for one in shown.stopped.iter().filter(of) {
            (state::warning(&format!("Lô {} đang dừng dùng từ {}.", one.lot, format::date_time(&one.since)),
                "Có phản ứng nặng sau tiêm. Không dùng lô này; giữ nguyên các lọ cùng lô trong tủ lạnh."))
        }
    }
}

/// Which vaccine each dose is of.
fn vaccines(shown: &Shown) -> Markup {
    html! { @for offer in shown.offers { (hidden(&format!("vx-{}", offer.series), &offer.vaccine)) } }
}

/// What was typed as the reason of putting off, when that was refused.
fn put_off_reason<'a>(shown: &Shown<'a>) -> &'a str {
    if asks_reason(shown.found) { "" } else { &shown.draft.reason }
}

const OFFER_HEADS: [(&str, bool); 4] =
    [("Mũi", false), ("Vắc xin", false), ("Số lô", false), ("Hạn dùng", false)];

fn offered(offer: &Offer, found: &[Finding]) -> Markup {
    let at = |name: &str| format!("{name}-{}", offer.series);
    html! {
        tr {
            td {
                label .tick for=(at("mui")) {
                    input type="checkbox" id=(at("mui")) name="mui" value=(offer.series) checked[offer.is_chosen]; " "
                    (offer.words) @if offer.standing == Standing::Late { " (trễ)" }
                }
                @if let Some(one) = beside(found, &at("dose")) { (finding(one)) }
            }
            td .headed data-head="Vắc xin" { (offer.vaccine_words) }
            td .headed data-head="Số lô" { (form::cell(&at("lo"), &format!("Số lô của {}", offer.words), &offer.lot, words(found, &at("lot")))) }
            td .headed data-head="Hạn dùng" { (form::cell(&at("han"), &format!("Hạn dùng của {}", offer.words), &format::date(&offer.expiry), words(found, &at("expiry")))) }
        }
    }
}

fn finding(one: &Finding) -> Markup {
    match one.severity {
        Severity::Stop => html! { p .error { (one.text) } },
        Severity::Ask => alert::note(&one.text, ""),
    }
}

fn words<'f>(found: &'f [Finding], field: &str) -> Option<&'f str> {
    beside(found, field).map(|one| one.text.as_str())
}

/// Everything that stands in the way, above the form.
fn stopped(found: &[Finding]) -> Markup {
    let id = |field: &str| match field.split_once('-') {
        Some(("lot", series)) => format!("lo-{series}"),
        Some(("expiry", series)) => format!("han-{series}"),
        Some((_, series)) => format!("mui-{series}"),
        None if field == "day" => "ngay".to_owned(),
        None if field == "reason" => "ly-do".to_owned(),
        None if field == "screening" => "sang-loc".to_owned(),
        None => "tiem-hom-nay".to_owned(),
    };
    let list: Vec<(String, &str)> = found.iter().map(|one| (id(&one.field), one.text.as_str())).collect();
    let list: Vec<(&str, &str)> = list.iter().map(|(id, text)| (id.as_str(), *text)).collect();
    form::summary(&list)
}

/// When somebody should come again.
fn next_words(series: &[SeriesLine]) -> String {
    let next = series.iter().filter(|one| one.standing == Standing::Waiting).min_by_key(|one| &one.due);
    match next {
        Some(one) => {
            format!("Hôm nay không có mũi nào. Lần tới: {} ngày {}.", one.short, format::date(&one.due))
        }
        None => "Hôm nay không có mũi nào, và lịch không còn mũi nào chờ.".to_owned(),
    }
}

fn schedule(shown: &Shown) -> Markup {
    let heads = [("Bệnh", false), ("Đã tiêm", false), ("Mũi tới", false), ("Tình trạng", false)];
    Card::new("lich-tiem", "Lịch tiêm").flush(
        Table { caption: "Lịch tiêm của trẻ", heads: &heads, stack: true }.draw(
            html! {
                @for one in shown.series {
                    tr {
                        td { (one.title) @if !one.note.is_empty() { span .sub { (one.note) } } }
                        td .headed data-head="Đã tiêm" {
                            @for (at, shot) in one.given.iter().enumerate() {
                                @if at > 0 { ", " }
                                (format::date(&shot.day)) @if shot.number.is_none() { " (sớm, không tính)" }
                            }
                        }
                        td .headed data-head="Mũi tới" {
                            @if let (Some(number), false) = (one.number, one.due.is_empty()) { "Mũi " (number) ": " (format::date(&one.due)) }
                        }
                        td .headed data-head="Tình trạng" { (standing(one.standing)) }
                    }
                }
            },
            html! {},
        ),
    )
}

fn standing(standing: Standing) -> Markup {
    match standing {
        Standing::Late => status(Status::Attention, "Trễ"),
        Standing::Due => status(Status::Running, "Đến lịch"),
        Standing::Waiting => status(Status::Waiting, "Chưa đến"),
        Standing::Over => status(Status::Waiting, "Quá tuổi tiêm"),
        Standing::Complete => status(Status::Done, "Đủ mũi"),
    }
}

fn history(shown: &Shown) -> Markup {
    Card::new("da-ghi", "Đã ghi").flush(html! {
        @if shown.written.is_empty() { (state::empty_line("Chưa ghi mũi nào cho trẻ này.")) }
        @else { (card::rows(shown.written.iter().map(|one| written(shown, one)))) }
    })
}

fn written(shown: &Shown, one: &Written) -> Markup {
    let (patient, about) = (&shown.person.id, format!("Immunization/{}", one.id));
    html! {
        (format::date_time(&one.day)) " · " (one.words)
        @if one.status == "not-done" { " · không tiêm: " (one.reason) }
        @if one.status == "entered-in-error" { " · đã rút vì ghi nhầm" }
        span .sub { @if !one.lot.is_empty() { "lô " (one.lot) } @if !one.facility.is_empty() { " · " (one.facility) } }
        (reminders::kept(shown.told.iter().filter(|told| told.about == about)))
        @for reaction in shown.reactions.iter().filter(|reaction| !reaction.is_mistaken && reaction.doses.contains(&one.id)) {
            span .sub { (status(if reaction.is_serious { Status::Danger } else { Status::Attention }, &format!("Phản ứng: {}", reaction.title))) }
        }
        @if one.status == "completed" {
            span .sub .no-print { a href={ (REACTIONS) "/" (patient) "?mui=" (one.id) } { "Ghi phản ứng sau tiêm" } }
        }
        @if one.status == "completed" && one.is_own {
            details .no-print {
                summary { "Ghi nhầm?" }
                form method="post" action={ (VACCINATE) "/" (patient) "/rut" } {
                    (hidden("mui", &one.id))
                    button .btn.danger type="submit" { "Rút mũi " (one.words) }
                }
            }
        }
    }
}
