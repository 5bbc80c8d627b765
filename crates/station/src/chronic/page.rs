//! The pages of chronic care: markup only.

use super::CHRONIC;
use super::model::{Earlier, Line, Part};
use crate::person::Person;
use crate::reminders;
use crate::roll::Roll;
use maud::{Markup, html};
use yba_care::advise::Told;
use yba_content::Programme;
use yba_recall::Standing;
use yba_ui::card::{self, Card};
use yba_ui::form::{self, Field, Sort, Tab, hidden};
use yba_ui::status::{Status, status};
use yba_ui::table::Table;
use yba_ui::{format, state};

/// What the list shows.
pub(super) struct Listed<'a> {
    pub programme: &'a Programme,
    /// All programmes in force: slug and title.
    pub programmes: &'a [(&'a str, &'a str)],
    pub lines: &'a [Line],
    pub part: Part,
    /// How many people each part has, of the village that is shown.
    pub counts: [usize; 3],
    pub roll: Roll<'a>,
    /// Whose list, when that had to be chosen.
    pub place: Option<&'a str>,
    /// Whether the tables are behind the records.
    pub is_behind: bool,
}

pub(super) fn list(shown: &Listed) -> Markup {
    let outcomes = super::outcomes::address(&shown.programme.slug, shown.place);
    let sub = html! { (shown.programme.title) " · " (format::count(shown.counts[2])) " người đang quản lý" };
    html! {
        (card::page_title("Bệnh mạn tính", sub, html! {
            (card::link_button(&outcomes, html! { "Kết quả điều trị" })) " "
            button .btn type="button" data-print { "In danh sách" }
        }))
        @if shown.is_behind {
            (state::warning("Danh sách đang được cập nhật.", "Vài lần khám vừa ghi có thể chưa tính. Tải lại trang sau ít giây."))
        }
        (programmes(shown.programmes, shown.programme, &shown.place.map(|place| format!("?noi={place}")).unwrap_or_default()))
        (parts(shown))
        (shown.roll.tabs())
        (Card::new("can-goi", shown.part.words()).aside(html! { "quá hẹn đứng trước" }).flush(html! {
            @if shown.lines.is_empty() { (nobody(shown)) }
            @else {
                (Table { caption: shown.part.words(), heads: &HEADS, stack: true }
                    .draw(html! { @for line in shown.lines { (row(shown.programme, line)) } }, html! {}))
            }
        }))
        (shown.roll.paging())
    }
}

fn nobody(shown: &Listed) -> Markup {
    let find = card::link_button("/", html! { "Tìm một người" });
    match shown.part {
        Part::Late => {
            state::empty("Không ai quá hẹn.", "Người chưa đến theo hẹn quá một tuần sẽ đứng ở đây.", find)
        }
        Part::Expected => state::empty(
            "Không ai đến hẹn trong bảy ngày tới.",
            "Danh sách tự lập từ lịch hẹn ghi ở mỗi lần khám.",
            find,
        ),
        Part::All => state::empty(
            "Chưa quản lý ai.",
            "Ai có chẩn đoán thuộc chương trình trong hồ sơ sẽ tự vào danh sách; hoặc mở hồ sơ một người và đưa vào quản lý.",
            find,
        ),
    }
}

/// How the form of leaving says that somebody lives elsewhere now.
pub(super) const MOVED: &str = "chuyen";

const HEADS: [(&str, bool); 4] =
    [("Người bệnh", false), ("Thôn, bản", false), ("Hẹn khám", false), ("Điện thoại", false)];

fn row(programme: &Programme, line: &Line) -> Markup {
    html! {
        tr {
            td {
                a href={ (CHRONIC) "/" (programme.slug) "/" (line.patient) } { (line.name) }
                span .sub { (format::sex(&line.sex)) " · " (format::date(&line.birth)) }
            }
            td .headed data-head="Thôn, bản" { @if line.village.is_empty() { "chưa ghi" } @else { (line.village) } }
            td .headed data-head="Hẹn khám" { (expected(line)) }
            td .headed data-head="Điện thoại" { (line.phone) }
        }
    }
}

fn expected(line: &Line) -> Markup {
    html! {
        @if line.due.is_empty() { (status(Status::Attention, "Chưa hẹn lần nào")) }
        @else if line.standing == Standing::Late { (status(Status::Attention, &format!("Trễ {} ngày", line.days))) span .sub { "hẹn " (format::date(&line.due)) } }
        @else if line.days == 0 { (status(Status::Running, "Hẹn hôm nay")) }
        @else if line.days > 0 { (status(Status::Running, &format!("Quá {} ngày", line.days))) span .sub { "hẹn " (format::date(&line.due)) } }
        @else { (format::date(&line.due)) }
    }
}

/// One tab for each programme; `rest` is what the address says after its slug.
fn programmes(all: &[(&str, &str)], here: &Programme, rest: &str) -> Markup {
    if all.len() < 2 {
        return html! {};
    }
    let hrefs: Vec<String> = all.iter().map(|(slug, _)| format!("{CHRONIC}/{slug}{rest}")).collect();
    let tabs: Vec<Tab> = all
        .iter()
        .zip(&hrefs)
        .map(|((slug, title), href)| Tab { href, word: title, count: None, current: *slug == here.slug })
        .collect();
    form::tabs("Chương trình", &tabs)
}

fn parts(shown: &Listed) -> Markup {
    let place = shown.place.map(|place| format!("&noi={place}")).unwrap_or_default();
    let village =
        shown.roll.village.map(|one| format!("&thon={}", yba_web::encoded(one))).unwrap_or_default();
    let base = format!("{CHRONIC}/{}", shown.programme.slug);
    let hrefs = Part::EACH.map(|part| format!("{base}?xem={}{place}{village}", part.code()));
    let tabs: Vec<Tab> = Part::EACH
        .iter()
        .zip(&hrefs)
        .zip(shown.counts)
        .map(|((part, href), count)| Tab {
            href,
            word: part.words(),
            count: Some(count),
            current: *part == shown.part,
        })
        .collect();
    form::tabs("Ai", &tabs)
}

/// Stations to choose from: id, name, people. `rest` is what the address says after the programme.
pub(super) fn choose(programme: &Programme, lines: &[(String, String, usize)], rest: &str) -> Markup {
    html! {
        (card::page_title("Bệnh mạn tính", html! { (programme.title) " · chọn trạm" }, html! {}))
        (Card::new("tram", "Trạm đang quản lý").flush(html! {
            @if lines.is_empty() { (state::empty_line("Chưa trạm nào quản lý ai.")) }
            @else {
                (card::rows(lines.iter().map(|(id, name, count)| html! {
                    a href={ (CHRONIC) "/" (programme.slug) (rest) "?noi=" (id) } { (name) } span .sub { (format::count(*count)) " người" }
                })))
            }
        }))
    }
}

/// What the page of a person shows.
pub(super) struct Shown<'a> {
    pub programme: &'a Programme,
    /// All programmes in force: slug and title.
    pub programmes: &'a [(&'a str, &'a str)],
    pub person: &'a Person,
    pub today: &'a str,
    /// Words of the diagnosis by which they are in the programme; none when they are not.
    pub diagnosis: Option<&'a str>,
    /// The day they are expected, when there is an appointment.
    pub due: &'a str,
    pub earlier: &'a [Earlier],
    /// The form to fill in; none when they were seen today.
    pub form: Option<Markup>,
    /// A fresh id for the small forms of the page.
    pub fresh: &'a str,
    /// Diagnoses to choose from: code and words.
    pub codes: &'a [(String, String)],
    pub chosen: &'a str,
    /// What was typed as the reason of leaving.
    pub reason: &'a str,
    pub has_moved: bool,
    pub done: Option<&'a str>,
    /// What the rules say of what was just written.
    pub after: &'a Markup,
    /// Why today's visits were written although a rule stopped them.
    pub told: &'a [Told],
    pub note: Option<Markup>,
}

pub(super) fn person(shown: &Shown) -> Markup {
    let programme = shown.programme;
    let record = format!("/nguoi/{}", shown.person.id);
    html! {
        (card::back(&format!("{CHRONIC}/{}", programme.slug), &programme.title))
        (shown.person.banner(shown.today, card::link_button(&record, html! { "Mở hồ sơ" })))
        @if let Some(done) = shown.done { (form::toast(done)) }
        @if let Some(note) = &shown.note { (note) }
        (shown.after)
        (programmes(shown.programmes, programme, &format!("/{}", shown.person.id)))
        @match shown.diagnosis {
            None => (join(shown)),
            Some(diagnosis) => {
                (before(shown, diagnosis))
                @match &shown.form {
                    Some(form) => (Card::new("kham", &format!("Khám định kỳ: {}", programme.title.to_lowercase())).padded(html! {
                        (form)
                    })),
                    None => (seen_today(shown)),
                }
                (leave(shown))
            }
        }
    }
}

fn address(shown: &Shown) -> String {
    format!("{CHRONIC}/{}/{}", shown.programme.slug, shown.person.id)
}

fn before(shown: &Shown, diagnosis: &str) -> Markup {
    let mut heads = vec![("Ngày", false)];
    heads.extend(shown.programme.shown.iter().map(|one| (one.title.as_str(), false)));
    let due = html! { @if !shown.due.is_empty() { "hẹn khám " (format::date(shown.due)) } };
    Card::new("lan-truoc", diagnosis).aside(due).flush(html! {
        @if shown.earlier.is_empty() { (state::empty_line("Chưa có lần khám nào được ghi.")) }
        @else {
            (Table { caption: "Các lần trước", heads: &heads, stack: true }.draw(html! {
                @for one in shown.earlier {
                    tr {
                        td { (one.day) @if one.is_today { " (hôm nay)" } }
                        @for (value, about) in one.values.iter().zip(&shown.programme.shown) {
                            td .headed data-head=(about.title) { @if value.is_empty() { "–" } @else { (value) } }
                        }
                    }
                }
            }, html! {}))
        }
    })
}

fn seen_today(shown: &Shown) -> Markup {
    let seen = shown.earlier.iter().find(|one| one.is_today && one.visit.is_some());
    Card::new("hom-nay", "Hôm nay").padded(html! {
        (reminders::kept(shown.told.iter()))
        p { "Đã ghi lần khám hôm nay." @if !shown.due.is_empty() { " Hẹn khám lại ngày " b { (format::date(shown.due)) } "." } }
        p .no-print {
            (card::link_button(&format!("{CHRONIC}/{}", shown.programme.slug), html! { "Người tiếp theo" })) " "
            (card::link_button(&format!("{}?them=1", address(shown)), html! { "Ghi thêm một lần khám" })) " "
            @if let Some(visit) = seen.and_then(|one| one.visit.as_deref()) { (card::printed(&crate::print::sheet::address(visit), "In phiếu khám")) }
        }
        @if let Some(visit) = seen.and_then(|one| one.visit.as_deref()) {
            details .no-print {
                summary { "Ghi nhầm?" }
                form method="post" action={ (address(shown)) "/rut" } {
                    (hidden("kham", visit))
                    button .btn.danger type="submit" { "Rút lần khám hôm nay" }
                }
            }
        }
    })
}

fn join(shown: &Shown) -> Markup {
    let words: Vec<(&str, &str)> =
        shown.codes.iter().map(|(code, words)| (code.as_str(), words.as_str())).collect();
    let title = format!("Đưa vào quản lý: {}", shown.programme.title.to_lowercase());
    Card::new("vao", &title).padded(html! {
        p { "Hồ sơ chưa có chẩn đoán thuộc chương trình này." }
        form .form method="post" action={ (address(shown)) "/vao" } {
            (hidden("phieu", shown.fresh))
            (form::choice("ma", "Chẩn đoán", &words, shown.chosen, None))
            (card::main_button("Đưa vào quản lý", None))
        }
    })
}

fn leave(shown: &Shown) -> Markup {
    html! {
        details .no-print open[!shown.reason.is_empty()] {
            summary { "Thôi quản lý người này" }
            form .form method="post" action={ (address(shown)) "/thoi" } {
                (hidden("phieu", shown.fresh))
                (form::choice("loai", "Thôi quản lý vì", &[("khac", "Lý do khác"), (MOVED, "Chuyển đi nơi khác")], if shown.has_moved { MOVED } else { "khac" }, None))
                (form::field(&Field::new("ly-do", "Vì sao thôi quản lý", Sort::Text).value(shown.reason).hint("Ví dụ: chuyển đi tỉnh khác; chẩn đoán lại")))
                button .btn type="submit" { "Thôi quản lý" }
            }
        }
    }
}
