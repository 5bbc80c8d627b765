//! The pages of births and deaths: markup only.

use super::model::{Birth, Death, Line};
use super::{LIFE, PERSON, around};
use crate::person::Person;
use crate::vaccinate::VACCINATE;
use maud::{Markup, html};
use yba_content::Day;
use yba_report::Period;
use yba_ui::card::{self, Card};
use yba_ui::form::{self, hidden};
use yba_ui::table::{Table, number};
use yba_ui::{format, state};

/// Nobody younger has given birth: a birth is not offered.
const YOUNGEST: i32 = 9;

/// What the list of a month shows.
pub(super) struct Month<'a> {
    pub period: Period,
    pub today: Day,
    /// The station, when that had to be chosen.
    pub place: Option<&'a str>,
    pub births: &'a [Line],
    pub deaths: &'a [Line],
    /// There are more than are shown.
    pub more: bool,
}

pub(super) fn list(month: &Month) -> Markup {
    let address = |period: Period| {
        let place = month.place.map(|place| format!("&noi={place}")).unwrap_or_default();
        format!("{LIFE}?ky={period}{place}")
    };
    let (before, after) = around(month.period, month.today);
    html! {
        (card::page_title("Sinh và tử", html! { (month.period.title()) }, html! { button .btn type="button" data-print { "In danh sách" } }))
        p .no-print {
            (card::link_button(&address(before), html! { "← " (before.title()) })) " "
            @if let Some(after) = after { (card::link_button(&address(after), html! { (after.title()) " →" })) }
        }
        (births(month))
        (deaths(month))
        @if month.more { p .hint { "Còn dòng khác; xem đủ ở Báo cáo." } }
    }
}

fn births(month: &Month) -> Markup {
    let heads = [
        ("Sinh lúc", false),
        ("Mẹ", false),
        ("Trẻ", false),
        ("Cân nặng", true),
        ("Nơi sinh, người đỡ", false),
    ];
    let aside = html! { (month.births.len()) " trẻ · tìm người mẹ ở ô trên cùng để ghi" };
    Card::new("sinh", "Sinh").aside(aside).flush(html! {
        @if month.births.is_empty() {
            (state::empty("Tháng này chưa ghi trẻ nào sinh.", "Tìm người mẹ, mở hồ sơ rồi bấm «Sinh và tử», «Ghi sinh con».", card::link_button("/", html! { "Tìm một người" })))
        } @else {
            (Table { caption: "Trẻ sinh trong tháng", heads: &heads, stack: true }.draw(html! {
                @for line in month.births {
                    tr {
                        td { (format::date_time(line.says("born"))) }
                        td .headed data-head="Mẹ" { span { a href={ (PERSON) "/" (line.patient) } { (line.says("mother")) } span .sub { (line.says("address")) } } }
                        td .headed data-head="Trẻ" { (line.says("sex")) " · " (line.says("outcome")) }
                        (number("Cân nặng", html! { (grams(line.says("weight"))) }))
                        td .headed data-head="Nơi sinh" { span { (line.says("place")) span .sub { (line.says("attendant")) } } }
                    }
                }
            }, html! {}))
        }
    })
}

fn grams(text: &str) -> String {
    if text.is_empty() { String::new() } else { format::quantity(text, "g") }
}

fn deaths(month: &Month) -> Markup {
    let heads =
        [("Chết lúc", false), ("Họ và tên", false), ("Nơi chết", false), ("Nguyên nhân chính", false)];
    let aside = html! { (month.deaths.len()) " người" };
    Card::new("tu", "Tử vong").aside(aside).flush(html! {
        @if month.deaths.is_empty() {
            (state::empty("Tháng này chưa ghi ai mất.", "Tìm người ấy, mở hồ sơ rồi bấm «Sinh và tử», «Ghi tử vong».", card::link_button("/", html! { "Tìm một người" })))
        } @else {
            (Table { caption: "Người mất trong tháng", heads: &heads, stack: true }.draw(html! {
                @for line in month.deaths {
                    tr {
                        td { (format::date_time(line.says("died"))) }
                        td .headed data-head="Họ và tên" { span { a href={ (PERSON) "/" (line.patient) } { (line.says("name")) } span .sub { (line.says("gender")) " · " (format::date(line.says("birth_date"))) } } }
                        td .headed data-head="Nơi chết" { (line.says("place")) }
                        td .headed data-head="Nguyên nhân" { span { (line.says("cause")) @if !line.says("icd").is_empty() { span .sub { (line.says("icd")) } } } }
                    }
                }
            }, html! {}))
        }
    })
}

/// The page of a form.
pub(super) fn form(title: &str, person: &Person, today: &str, form: Markup, note: Option<Markup>) -> Markup {
    let back = format!("{PERSON}/{}", person.id);
    html! {
        (card::back(&back, "Sinh và tử"))
        (person.banner(today, card::link_button(&format!("/nguoi/{}", person.id), html! { "Mở hồ sơ" })))
        @if let Some(note) = note { (note) }
        (Card::new("phieu", title).padded(form))
    }
}

/// What the page of a person shows.
pub(super) struct Shown<'a> {
    pub person: &'a Person,
    pub today: Day,
    pub births: &'a [Birth],
    pub death: Option<Death>,
    pub done: Option<&'a str>,
    pub note: Option<Markup>,
}

pub(super) fn person(shown: &Shown) -> Markup {
    let record = format!("/nguoi/{}", shown.person.id);
    html! {
        (card::back(LIFE, "Sinh và tử"))
        (shown.person.banner(&shown.today.to_string(), card::link_button(&record, html! { "Mở hồ sơ" })))
        @if let Some(done) = shown.done { (form::toast(done)) }
        @if let Some(note) = &shown.note { (note) }
        (acts(shown))
        @if let Some(death) = &shown.death { (death_card(shown, death)) }
        @for one in shown.births { (birth_card(shown, one)) }
        @if shown.births.is_empty() && shown.death.is_none() {
            (Card::new("chua-ghi", "Sinh và tử").flush(state::empty_line("Chưa ghi lần sinh con nào của người này, cũng chưa ghi nguyên nhân tử vong.")))
        }
    }
}

fn acts(shown: &Shown) -> Markup {
    let id = &shown.person.id;
    let years = format::year(shown.person.says("birthDate")).map(|year| i32::from(shown.today.year()) - year);
    let is_woman = shown.person.says("gender") != "male" && years.is_none_or(|years| years >= YOUNGEST);
    let death = if shown.person.dead().is_some() { "Ghi nguyên nhân tử vong" } else { "Ghi tử vong" };
    let again = shown.births.first().is_some_and(|one| is_recent(one, shown.today));
    let birth = if again { "Ghi trẻ tiếp theo (sinh đôi)" } else { "Ghi sinh con" };
    html! {
        p .no-print {
            @if is_woman { (card::link_button(&format!("{LIFE}/sinh/{id}"), html! { (birth) })) " " }
            @if shown.death.is_none() { (card::link_button(&format!("{LIFE}/tu/{id}"), html! { (death) })) }
        }
    }
}

/// Within the week in which a second child of the same delivery is likely to be written down.
fn is_recent(birth: &Birth, today: Day) -> bool {
    let day = birth.at.get(..10).and_then(Day::parse);
    day.is_some_and(|day| today.days_since_epoch() - day.days_since_epoch() <= 7)
}

fn birth_card(shown: &Shown, one: &Birth) -> Markup {
    let title = format!("Sinh con {}", format::date_time(&one.at));
    Card::new(&one.id, &title).aside(html! { (one.outcome) }).padded(html! {
        p { (one.facts.join(" · ")) }
        @if !one.certificate.is_empty() { p { "Giấy chứng sinh " b { (one.certificate) } } }
        @if let Some((child, name, codes)) = &one.child {
            p { a href={ "/nguoi/" (child) } { (name) } @if !codes.is_empty() { " · " (codes) } }
            p .no-print { (card::link_button(&format!("{VACCINATE}/{child}"), html! { "Tiêm viêm gan B, lao" })) }
        }
        @if !one.is_alive { p .hint { "Trẻ không có hồ sơ riêng; lần sinh này đứng ở sổ đẻ và báo cáo." } }
        @if one.is_own { (taken_back(shown, "rut-sinh", &one.id, "Rút lần sinh này")) }
    })
}

fn death_card(shown: &Shown, death: &Death) -> Markup {
    let facts: Vec<(&str, Markup)> =
        death.facts.iter().map(|(name, words)| (name.as_str(), html! { (words) })).collect();
    let heads = [("Dòng", false), ("Bệnh, tình trạng", false), ("Từ khi bị đến khi chết", false)];
    Card::new("tu-vong", "Tử vong").padded(html! {
        (card::facts(&facts))
        @if death.underlying.is_empty() {
            p .hint { "Chưa thấy nguyên nhân nào. Nguyên nhân thuộc nhóm nhạy cảm chỉ người có quyền mới thấy." }
        } @else {
            @if !death.lines.is_empty() {
                (Table { caption: "Chuỗi nguyên nhân", heads: &heads, stack: true }.draw(html! {
                    @for (line, words, interval) in &death.lines {
                        tr { th scope="row" { (line) } td { (words) } td .headed data-head="Khoảng thời gian" { (interval) } }
                    }
                }, html! {}))
            }
            p { "Nguyên nhân chính: " b { (death.underlying) } }
            p .hint {
                @if death.is_lowest { "Lấy dòng thấp nhất của phần I; quy tắc chọn chưa đối chiếu đủ với hướng dẫn của Tổ chức Y tế thế giới." }
                @else if !death.lines.is_empty() { "Do người ghi chọn." }
            }
        }
        @if death.is_own { (taken_back(shown, "rut-tu", &death.id, "Rút lần ghi tử vong")) }
    })
}

fn taken_back(shown: &Shown, part: &str, id: &str, verb: &str) -> Markup {
    html! {
        details .no-print {
            summary { "Ghi nhầm?" }
            form method="post" action={ (PERSON) "/" (shown.person.id) "/" (part) } {
                (hidden("ghi", id))
                button .btn.danger type="submit" { (verb) }
            }
        }
    }
}
