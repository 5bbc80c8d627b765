//! The pages of days of vaccination: markup only.

use super::SESSIONS;
use super::model::{Counts, Line, Need, State, Used, Wasted, opened_of, thrown_of};
use crate::roll::{Roll, Village};
use crate::vaccinate::VACCINATE;
use maud::{Markup, html};
use std::collections::BTreeMap;
use yba_care::Finding;
use yba_care::session::{Lot, Mark, Plan, Session, Stage};
use yba_content::Day;
use yba_fhir::Outcome;
use yba_fhir::json::{JsonValueTrait, Value, items, str_at};
use yba_fhir::view::Patient;
use yba_ui::card::{self, Card};
use yba_ui::form::{self, Field, Sort, Tab, hidden};
use yba_ui::status::{Status, status};
use yba_ui::table::{Table, number};
use yba_ui::{format, state};

/// The pages of vaccination, one tab each.
pub(crate) fn rooms(here: &str) -> Markup {
    let all = [
        (VACCINATE, "Cần gọi"),
        (SESSIONS, "Buổi tiêm"),
        (crate::watch::WATCH, "Theo dõi 30 phút"),
        (crate::reactions::REACTIONS, "Phản ứng"),
        (crate::coverage::COVERAGE, "Bao phủ"),
        (crate::fridge::FRIDGE, "Tủ lạnh"),
    ];
    let tabs = all.map(|(href, word)| Tab { href, word, count: None, current: href == here });
    form::tabs("Tiêm chủng", &tabs)
}

/// What the list shows.
pub struct Listed<'a> {
    pub today: Day,
    /// For which day the needs are counted.
    pub day: Day,
    pub sessions: &'a [Session],
    pub needs: &'a [Need],
    pub villages: &'a [Village],
    /// What was typed of a plan, and what is wrong with it.
    pub plan: &'a Plan,
    pub found: &'a [Finding],
    /// `2026-11`, and the months before and after.
    pub month: &'a str,
    pub months: [String; 2],
    pub wastage: &'a [Wasted],
    pub uncertain: &'a str,
    pub done: Option<&'static str>,
}

pub fn list(shown: &Listed) -> Markup {
    let coming = shown.sessions.iter().filter(|one| one.is_open()).count();
    html! {
        (card::page_title("Buổi tiêm", html! { (format::count(coming)) " buổi sắp tới" }, html! {}))
        @if let Some(done) = shown.done { (form::toast(done)) }
        (rooms(SESSIONS))
        div .cols.two.even {
            div .col { (days(shown)) (wastage(shown)) }
            div .col { (planning(shown)) }
        }
        @if !shown.uncertain.is_empty() { p .hint { (shown.uncertain) } }
    }
}

fn stage(stage: Stage) -> Markup {
    match stage {
        Stage::Planned => status(Status::Waiting, "Đã lập"),
        Stage::Open => status(Status::Running, "Đang tiêm"),
        Stage::Closed => status(Status::Done, "Đã kết thúc"),
        Stage::Cancelled => status(Status::Waiting, "Đã hủy"),
    }
}

fn days(shown: &Listed) -> Markup {
    Card::new("cac-buoi", "Các buổi").flush(html! {
        @if shown.sessions.is_empty() {
            (state::empty_line("Chưa có buổi tiêm nào. Lập buổi đầu tiên ở bên."))
        } @else {
            (card::rows(shown.sessions.iter().rev().map(|one| html! {
                a href={ (SESSIONS) "/" (one.id) } { (format::date(&one.day.to_string())) " · " (one.place) }
                span .sub { (stage(one.stage)) @if one.day == shown.today { " · hôm nay" } @if !one.villages.is_empty() { " · " (one.villages.join(", ")) } }
            })))
        }
    })
}

const NEED_HEADS: [(&str, bool); 4] =
    [("Vắc xin", false), ("Trẻ", true), ("Liều/lọ", true), ("Lọ cần", true)];

fn planning(shown: &Listed) -> Markup {
    let error = |field: &str| shown.found.iter().find(|one| one.field == field).map(|one| one.text.as_str());
    let is_new = shown.found.is_empty();
    let day = if is_new { shown.day.to_string() } else { shown.plan.day.clone() };
    let place = if is_new { "Trạm y tế" } else { &shown.plan.place };
    let ids = [("day", "ngay"), ("place", "noi"), ("vaccines", "vac-xin")];
    let wrong: Vec<(&str, &str)> = ids.iter().filter_map(|(field, id)| Some((*id, error(field)?))).collect();
    let aside = html! { "đến lịch tính đến " (format::date(&shown.day.to_string())) };
    Card::new("lap", "Lập buổi tiêm").aside(aside).padded(html! {
        form .line-form method="get" action=(SESSIONS) {
            (form::named(&Field::new("xem-ngay", "Trẻ đến lịch trước hoặc trong ngày", Sort::Day).value(&format::date(&shown.day.to_string())), "ngay"))
            button .btn type="submit" { "Tính lại" }
        }
        (form::summary(&wrong))
        form .form method="post" action=(SESSIONS) {
            (hidden("phieu", &shown.plan.form))
            (form::field(&Field::new("ngay", "Ngày", Sort::Day).value(&format::date(&day)).error(error("day"))))
            (form::field(&Field::new("noi", "Nơi tiêm", Sort::Text).value(place).hint("Ví dụ: Nhà văn hóa bản Nà Khương").error(error("place"))))
            @if !shown.villages.is_empty() {
                fieldset {
                    legend { "Gọi trẻ ở thôn, bản (không chọn: cả xã)" }
                    @for (at, one) in shown.villages.iter().enumerate().filter(|(_, one)| !one.name.is_empty()) {
                        (choice("thon", at, &one.name, html! { (one.name) " (" (one.count) ")" }, shown.plan.villages.contains(&one.name)))
                    }
                }
            }
            fieldset #vac-xin {
                legend { "Vắc xin" }
                @if let Some(text) = error("vaccines") { p .error { (text) } }
                @if shown.needs.is_empty() { p { "Đến ngày này chưa trẻ nào đến lịch. Hãy chọn ngày khác." } }
                @for (at, one) in shown.needs.iter().enumerate() {
                    (choice("vx", at, &one.vaccine, html! { (one.words) }, is_new || shown.plan.vaccines.contains(&one.vaccine)))
                }
            }
            @if !shown.needs.is_empty() { (needs(shown.needs)) }
            (card::main_button("Lập buổi tiêm", None))
        }
    })
}

/// One tick of several of a name.
fn choice(name: &str, at: usize, value: &str, words: Markup, is_on: bool) -> Markup {
    let id = format!("{name}-{at}");
    html! { label .tick for=(id) { input type="checkbox" id=(id) name=(name) value=(value) checked[is_on]; " " (words) } }
}

fn needs(all: &[Need]) -> Markup {
    Table { caption: "Vắc xin cần mang", heads: &NEED_HEADS, stack: true }.draw(
        html! {
            @for one in all {
                tr {
                    td { (one.words) @if !one.note.is_empty() { span .sub { (one.note) } } }
                    (number("Trẻ", html! { (one.children) }))
                    (number("Liều/lọ", html! { (one.doses_of_vial) }))
                    (number("Lọ cần", html! { b { (one.vials) } }))
                }
            }
        },
        html! {},
    )
}

const WASTE_HEADS: [(&str, bool); 5] =
    [("Vắc xin", false), ("Lọ mở", true), ("Liều tiêm", true), ("Liều bỏ", true), ("Hao phí", true)];

fn wastage(shown: &Listed) -> Markup {
    let month =
        |iso: &str| iso.split_once('-').map_or(String::new(), |(year, month)| format!("{month}/{year}"));
    let link = |iso: &String, word: &str| html! { a href={ (SESSIONS) "?thang=" (iso) } { (word) } };
    let aside =
        html! { (link(&shown.months[0], "←")) " " (month(shown.month)) " " (link(&shown.months[1], "→")) };
    Card::new("hao-phi", "Hao phí vắc xin trong tháng").aside(aside).flush(html! {
        @if shown.wastage.is_empty() { (state::empty_line("Tháng này chưa kết thúc buổi tiêm nào.")) }
        @else { (wasted(shown.wastage)) }
    })
}

fn wasted(all: &[Wasted]) -> Markup {
    Table { caption: "Hao phí vắc xin", heads: &WASTE_HEADS, stack: true }.draw(
        html! {
            @for one in all {
                tr {
                    td { (one.words) }
                    (number("Lọ mở", html! { (one.vials) }))
                    (number("Liều tiêm", html! { (one.given) }))
                    (number("Liều bỏ", html! { (one.thrown) }))
                    (number("Hao phí", html! { (percent(one.percent())) }))
                }
            }
        },
        html! {},
    )
}

/// `12,5 %`; a dash of nothing.
pub(crate) fn percent(of: Option<f64>) -> String {
    of.map_or("–".to_owned(), |of| format!("{} %", format::number(&format!("{of:.1}"))))
}

/// What the page of a day shows.
pub struct Shown<'a> {
    pub session: &'a Session,
    pub lines: &'a [&'a Line],
    pub counts: Counts,
    /// Which part of the list.
    pub roll: Roll<'a>,
    pub people: &'a BTreeMap<String, Value>,
    pub needs: &'a [Need],
    pub used: &'a [Used],
    /// What was counted at closing, when that was refused.
    pub counted: &'a [(String, String)],
    /// The lot and expiry of each vaccine as they were given last.
    pub vials: &'a BTreeMap<String, (String, String)>,
    /// A lot as it was typed, when it was refused.
    pub lot: &'a Lot,
    pub is_behind: bool,
    /// Whether it is of the caller's station.
    pub is_own: bool,
    pub watch_minutes: u32,
    pub done: Option<&'static str>,
    /// The child of whom something was just written.
    pub child: Option<&'a Value>,
    pub wrong: Option<&'a Outcome>,
}

pub fn day(shown: &Shown) -> Markup {
    let Shown { session, counts, .. } = shown;
    let title = format!("Buổi tiêm {}", format::date(&session.day.to_string()));
    let sub = html! { (session.place) " · " (stage(session.stage)) };
    html! {
        (card::back(SESSIONS, "Các buổi tiêm"))
        (card::page_title(&title, sub, card::printed(&format!("{SESSIONS}/{}/in", session.id), if session.stage == Stage::Closed { "In báo cáo" } else { "In danh sách" })))
        @if let Some(done) = shown.done { (form::toast(&said(shown, done))) }
        @if let Some(wrong) = shown.wrong { (state::warning(&crate::words_of(wrong), "Những gì đã ghi vẫn còn.")) }
        @if shown.is_behind { (state::warning("Danh sách đang được cập nhật.", "Vài mũi vừa ghi có thể chưa tính. Tải lại trang sau ít giây.")) }
        @if !shown.is_own { (state::warning("Buổi tiêm của trạm khác.", "Bạn chỉ xem được.")) }
        p {
            (format::count(counts.all)) " trẻ: " b { (counts.given) } " đã tiêm, " (counts.waiting) " còn chờ, "
            (counts.put_off) " tạm hoãn, " (counts.not_found) " không gặp. "
            a .no-print href=(crate::watch::WATCH) { "Theo dõi " (shown.watch_minutes) " phút" }
        }
        // Before there are lots they are what is to be done; then it is the children.
        @let is_ready = shown.needs.iter().all(|need| shown.used.iter().any(|one| one.lot.vaccine == need.vaccine));
        @if !is_ready { (lots(shown)) }
        // When nobody is waited for any more, the end is what is to be done.
        @let is_over = shown.is_own && (counts.waiting == 0 && counts.given > 0 || session.stage == Stage::Closed);
        @if is_over { (closing(shown)) }
        (shown.roll.tabs())
        (roster(shown))
        (shown.roll.paging())
        @if is_ready { (lots(shown)) }
        @if shown.is_own && !is_over { (closing(shown)) }
    }
}

/// What was done, and of whom.
fn said(shown: &Shown, done: &str) -> String {
    match shown.child.and_then(|child| Patient(child).name()) {
        Some(name) => format!("{name}: {}", done.replacen('Đ', "đ", 1)),
        None => done.to_owned(),
    }
}

const ROSTER_HEADS: [(&str, bool); 4] =
    [("Trẻ", false), ("Mũi", false), ("Người nhà", false), ("Tình trạng", false)];

fn roster(shown: &Shown) -> Markup {
    Card::new("danh-sach", "Danh sách").aside(html! { "ai còn chờ đứng trước" }).flush(html! {
        @if shown.lines.is_empty() {
            (state::empty("Chưa có trẻ nào trong buổi này.", "Danh sách tự lập từ lịch tiêm của trẻ trong các thôn đã chọn.", html! {}))
        } @else {
            (Table { caption: "Trẻ của buổi tiêm", heads: &ROSTER_HEADS, stack: true }
                .draw(html! { @for line in shown.lines { (row(shown, line)) } }, html! {}))
        }
    })
}

fn row(shown: &Shown, line: &Line) -> Markup {
    let tree = shown.people.get(&line.patient);
    let patient = tree.map(Patient);
    let name = patient.and_then(|one| one.name()).unwrap_or_else(|| "chưa rõ tên".to_owned());
    let href = format!("{VACCINATE}/{}?buoi={}", line.patient, shown.session.id);
    let kin = tree.and_then(|tree| items(tree, "contact").find_map(|one| str_at(one, &["name", "text"])));
    // Of whom only a dose is known, the record says the village.
    let home =
        tree.and_then(|tree| items(tree, "address").find_map(|one| items(one, "line").next()?.as_str()));
    let village = Some(line.village.as_str()).filter(|village| !village.is_empty()).or(home);
    html! {
        tr {
            td {
                a href=(href) { (name) }
                @if let Some(one) = patient { span .sub { (format::sex(one.gender().unwrap_or_default())) " · " (format::date(one.birth_date().unwrap_or_default())) @if let Some(village) = village { " · " (village) } } }
            }
            td .headed data-head="Mũi" { (line.doses.join(", ")) @if line.is_late { b { " (trễ)" } } }
            td .headed data-head="Người nhà" { (kin.unwrap_or_default()) @if let Some(phone) = patient.and_then(|one| one.phones().next()) { span .sub { (phone) } } }
            td .headed data-head="Tình trạng" { (standing(line)) (marks(shown, line)) }
        }
    }
}

fn standing(line: &Line) -> Markup {
    let how = match line.state {
        State::Given => Status::Done,
        State::PutOff | State::NotFound => Status::Attention,
        State::Came | State::Invited => Status::Running,
        State::Waiting => Status::Waiting,
    };
    html! { (status(how, line.state.words())) @if !line.reason.is_empty() { span .sub { (line.reason) } } }
}

/// What may be said of a child in one tap.
fn marks(shown: &Shown, line: &Line) -> Markup {
    if !shown.is_own
        || !shown.session.is_open()
        || line.state >= State::PutOff && line.state != State::NotFound
    {
        return html! {};
    }
    let now = match line.state {
        State::Came => Some(Mark::Came),
        State::Invited => Some(Mark::Invited),
        State::NotFound => Some(Mark::NotFound),
        _ => None,
    };
    html! {
        details .no-print {
            summary { "Ghi" }
            form method="post" action={ (SESSIONS) "/" (shown.session.id) "/danh-dau" } {
                (hidden("tre", &line.patient))
                @for mark in Mark::ALL.into_iter().filter(|mark| Some(*mark) != now) {
                    button .btn type="submit" name="the" value=(mark.code()) { (mark.words()) } " "
                }
                @if now.is_some() { button .btn type="submit" name="the" value="" { "Xóa" } }
            }
        }
    }
}

const LOT_HEADS: [(&str, bool); 4] =
    [("Vắc xin", false), ("Cần", false), ("Lô đang dùng", false), ("Lấy lô", false)];

/// What is needed, and from which lots it comes today.
fn lots(shown: &Shown) -> Markup {
    let may = shown.is_own && shown.session.is_open();
    Card::new("lo", "Vắc xin và lô").aside(html! { "chọn lô một lần, các trẻ sau có sẵn" }).flush(
        Table { caption: "Vắc xin và lô của buổi", heads: &LOT_HEADS, stack: true }.draw(
            html! {
                @for need in shown.needs {
                    tr {
                        td { (need.words) @if let Some(hours) = need.open_hours { span .sub { "lọ đã mở dùng trong " (open_for(hours)) } } }
                        td .headed data-head="Cần" { (need.children) " trẻ, " (need.vials) " lọ" }
                        td .headed data-head="Lô đang dùng" { (lots_of(shown, need)) }
                        td .headed data-head="Lấy lô" { @if may { (lot_form(shown, need)) } }
                    }
                }
            },
            html! {},
        ),
    )
}

fn open_for(hours: u32) -> String {
    if hours >= 48 { format!("{} ngày", hours / 24) } else { format!("{hours} giờ") }
}

fn lots_of(shown: &Shown, need: &Need) -> Markup {
    let of: Vec<&Used> = shown.used.iter().filter(|one| one.lot.vaccine == need.vaccine).collect();
    html! {
        @if of.is_empty() { "chưa lấy" }
        @for one in of {
            div {
                b { (one.lot.lot) } " hạn " (format::date(&one.lot.expiry)) " · " (one.given) " liều"
                @if one.given == 0 && shown.is_own && shown.session.is_open() {
                    details .no-print {
                        summary { "Ghi nhầm?" }
                        form method="post" action={ (SESSIONS) "/" (shown.session.id) "/bo-lo" } {
                            (hidden("vx", &one.lot.vaccine)) (hidden("lo", &one.lot.lot))
                            button .btn type="submit" { "Bỏ lô " (one.lot.lot) }
                        }
                    }
                }
            }
        }
    }
}

fn lot_form(shown: &Shown, need: &Need) -> Markup {
    let is_typed = shown.lot.vaccine == need.vaccine;
    let known = shown.vials.get(&need.vaccine);
    let is_taken = shown.session.lot_of(&need.vaccine).is_some();
    let (lot, expiry) = match (is_typed, known) {
        (true, _) => (shown.lot.lot.clone(), shown.lot.expiry.clone()),
        (false, Some((lot, expiry))) if !is_taken => (lot.clone(), expiry.clone()),
        _ => Default::default(),
    };
    let wrong = shown.wrong.filter(|_| is_typed).map(crate::words_of);
    let id = |name: &str| format!("{name}-{}", need.vaccine);
    let body = html! {
        form method="post" action={ (SESSIONS) "/" (shown.session.id) "/lo" } {
            (hidden("vx", &need.vaccine))
            (form::named(&Field::new(&id("lo"), "Số lô", Sort::Text).value(&lot).error(wrong.as_deref()), "lo"))
            (form::named(&Field::new(&id("han"), "Hạn dùng", Sort::Day).value(&format::date(&expiry)), "han"))
            button .btn type="submit" { "Lấy lô " (need.words) }
        }
    };
    html! {
        @if is_taken { details .no-print open[is_typed] { summary { "Thêm lô" } (body) } }
        @else { div .no-print { (body) } }
    }
}

const CLOSE_HEADS: [(&str, bool); 4] =
    [("Vắc xin, lô", false), ("Đã tiêm", true), ("Lọ đã mở", false), ("Liều bỏ", false)];

/// The end of a day: what was opened and thrown away.
fn closing(shown: &Shown) -> Markup {
    let address = format!("{SESSIONS}/{}", shown.session.id);
    let is_closed = shown.session.stage == Stage::Closed;
    if shown.session.stage == Stage::Cancelled {
        return html! { form method="post" action={ (address) "/mo-lai" } { button .btn type="submit" { "Mở lại buổi tiêm" } } };
    }
    Card::new("ket-thuc", if is_closed { "Hao phí của buổi" } else { "Kết thúc buổi" }).padded(html! {
        @if is_closed {
            (closed_table(shown))
            form .no-print method="post" action={ (address) "/mo-lai" } { button .btn type="submit" { "Mở lại buổi tiêm" } }
        } @else {
            form .form method="post" action={ (address) "/ket-thuc" } {
                @if shown.used.is_empty() { p { "Chưa lấy lô nào." } } @else {
                    (Table { caption: "Lọ đã mở và liều bỏ", heads: &CLOSE_HEADS, stack: true }.draw(html! {
                        @for one in shown.used { (closing_row(one, shown.counted)) }
                    }, html! {}))
                    p .hint { "Số lọ tính sẵn từ các mũi đã ghi; sửa theo số lọ đã mở thật. Liều bỏ: để trống thì máy lấy mọi liều còn lại trong lọ đã mở; ghi ít hơn khi giữ lọ cho buổi sau." }
                }
                (card::main_button("Kết thúc buổi tiêm", None))
            }
            @if shown.counts.given == 0 {
                details .no-print {
                    summary { "Hủy buổi này" }
                    form method="post" action={ (address) "/huy" } { button .btn.danger type="submit" { "Hủy buổi tiêm " (format::date(&shown.session.day.to_string())) } }
                }
            }
        }
    })
}

fn closing_row(one: &Used, counted: &[(String, String)]) -> Markup {
    let (opened, thrown) = (opened_of(&one.lot), thrown_of(&one.lot));
    let typed = |name: &str, otherwise: String| {
        let found = counted.iter().find(|(known, _)| known == name);
        found.map_or(otherwise, |(_, value)| value.clone())
    };
    let vials = typed(&opened, one.opened().to_string());
    let doses = typed(&thrown, one.lot.thrown.map(|count| count.to_string()).unwrap_or_default());
    let of = format!("{} lô {}", one.words, one.lot.lot);
    html! {
        tr {
            td { (one.words) span .sub { "lô " (one.lot.lot) " · " (one.doses_of_vial) " liều/lọ" } }
            (number("Đã tiêm", html! { (one.given) }))
            td .headed data-head="Lọ đã mở" { (form::cell(&opened, &format!("Lọ đã mở của {of}"), &vials, None)) }
            td .headed data-head="Liều bỏ" { (form::cell(&thrown, &format!("Liều bỏ của {of}"), &doses, None)) }
        }
    }
}

fn closed_table(shown: &Shown) -> Markup {
    Table { caption: "Hao phí của buổi", heads: &WASTE_HEADS, stack: true }.draw(
        html! {
            @for one in shown.used {
                @let held = one.opened() * one.doses_of_vial;
                tr {
                    td { (one.words) span .sub { "lô " (one.lot.lot) } }
                    (number("Lọ mở", html! { (one.opened()) }))
                    (number("Liều tiêm", html! { (one.given) }))
                    (number("Liều bỏ", html! { (one.thrown()) }))
                    (number("Hao phí", html! { (percent((held > 0).then(|| 100.0 * f64::from(one.thrown()) / f64::from(held)))) }))
                }
            }
        },
        html! {},
    )
}
