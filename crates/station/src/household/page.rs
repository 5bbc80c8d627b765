//! The pages of the household book: markup only.

use super::model::{Household, Part, ago, share};
use super::{BOOK, PAGE, PERSON};
use crate::roll;
use maud::{Markup, html};
use std::collections::BTreeMap;
use yba_content::Day;
use yba_fhir::json::{Value, str_at};
use yba_fhir::view::Patient;
use yba_recall::book::{Member, Shares};
use yba_recall::standard::Standard;
use yba_ui::card::{self, Card};
use yba_ui::form::{self, Tab};
use yba_ui::status::{Status, status};
use yba_ui::table::{Table, number};
use yba_ui::{format, state};
use yba_web::encoded;

const HEADS: [(&str, bool); 7] = [
    ("Thôn, bản", false),
    ("Hộ", true),
    ("Người", true),
    ("Đã lập hồ sơ", true),
    ("Có lần khám", true),
    ("Khám định kỳ", true),
    ("Có bác sĩ", true),
];

/// What the page of villages shows.
pub(super) struct Villages<'a> {
    pub station: &'a str,
    pub lines: &'a [(String, Shares)],
    pub standard: &'a Standard,
    pub more: &'a str,
    pub is_behind: bool,
}

pub(super) fn villages(shown: &Villages) -> Markup {
    let mut total = Shares::default();
    shown.lines.iter().for_each(|(_, shares)| total += shares);
    let sub = html! {
        @if !shown.station.is_empty() { (shown.station) " · " }
        (format::count(total.people)) " người, " (format::count(total.households)) " hộ"
    };
    html! {
        (card::page_title("Sổ hộ", sub, html! { button .btn type="button" data-print { "In" } }))
        @if shown.is_behind { (state::warning("Sổ đang được cập nhật.", "Vài việc vừa ghi có thể chưa tính. Tải lại trang sau ít giây.")) }
        (Card::new("thon", "Theo thôn, bản").aside(html! { "bấm số để xem những người còn thiếu" }).flush(html! {
            @if shown.lines.is_empty() {
                (state::empty("Sổ chưa có ai.", "Người được đăng ký ở trạm, hoặc ở xã của trạm, tự vào sổ.",
                    card::link_button("/dang-ky", html! { "Đăng ký một người" })))
            } @else {
                (Table { caption: "Thôn, bản", heads: &HEADS, stack: true }.draw(html! {
                    @for (name, shares) in shown.lines {
                        (line(html! { a href={ (BOOK) "/thon?ten=" (encoded(name)) (shown.more) } { (named(name)) } }, shares,
                            &|part, words| wanting_link(part, Some(name), shown.more, words)))
                    }
                }, html! {
                    (line(html! { b { "Cả trạm" } }, &total, &|part, words| wanting_link(part, None, shown.more, words)))
                }))
            }
        }))
        (basis(shown.standard))
    }
}

fn named(village: &str) -> &str {
    if village.is_empty() { "Chưa ghi thôn" } else { village }
}

/// A share that leads to who is missing from it.
fn wanting_link(part: Part, village: Option<&str>, more: &str, words: Markup) -> Markup {
    let village = village.map(|name| format!("&thon={}", encoded(name))).unwrap_or_default();
    html! { a href={ (BOOK) "/thieu?gi=" (part.code()) (village) (more) } { (words) } }
}

fn line(name: Markup, shares: &Shares, link: &dyn Fn(Part, Markup) -> Markup) -> Markup {
    let people = shares.people;
    let cell = |head: &str, part: Part, count: usize| {
        let words = html! { (share(count, people)) };
        html! {
            (number(head, html! { @if count < people { (link(part, words)) } @else { (words) } }))
        }
    };
    html! {
        tr {
            td { (name) }
            (number("Hộ", html! { (format::count(shares.households)) }))
            (number("Người", html! { (format::count(people)) }))
            (cell("Đã lập hồ sơ", Part::Items, shares.begun))
            (cell("Có lần khám", Part::Visit, shares.seen))
            (cell("Khám định kỳ", Part::Check, shares.checked))
            (cell("Có bác sĩ", Part::Doctor, shares.doctors))
        }
    }
}

/// What the shares mean.
fn basis(standard: &Standard) -> Markup {
    let items: Vec<&str> = standard.about.items.iter().map(|item| item.title.as_str()).collect();
    card::prose(html! {
        p .sub {
            "Đã lập hồ sơ: đủ " (items.join("; ").to_lowercase()) ". "
            "Khám định kỳ: trong " (standard.about.check_up.months) " tháng qua. "
            (standard.about.uncertain)
        }
    })
}

/// Stations to choose from: id, name, shares.
pub(super) fn choose(lines: &[(String, String, Shares)], standard: &Standard) -> Markup {
    let heads: Vec<(&str, bool)> = HEADS
        .iter()
        .map(|(head, is_number)| (if *head == "Thôn, bản" { "Cơ sở" } else { *head }, *is_number))
        .collect();
    html! {
        (card::page_title("Sổ hộ", html! { "chọn trạm" }, html! {}))
        (Card::new("tram", "Các cơ sở").flush(html! {
            @if lines.is_empty() { (state::empty_line("Chưa cơ sở nào có ai trong sổ.")) }
            @else {
                (Table { caption: "Các cơ sở", heads: &heads, stack: true }.draw(html! {
                    @for (id, name, shares) in lines {
                        (line(html! { a href={ (BOOK) "?noi=" (id) } { (name) } }, shares, &|_, words| words))
                    }
                }, html! {}))
            }
        }))
        (basis(standard))
    }
}

/// What the page of one village shows.
pub(super) struct Village<'a> {
    pub name: &'a str,
    pub part: &'a [&'a Household],
    /// Records by id.
    pub people: &'a BTreeMap<String, Value>,
    pub count: usize,
    pub first: usize,
    pub more: &'a str,
    pub today: Day,
}

pub(super) fn village(shown: &Village) -> Markup {
    let last = shown.first + shown.part.len();
    let address = |first: usize| format!("{BOOK}/thon?ten={}{}&tu={first}", encoded(shown.name), shown.more);
    html! {
        (card::back(&format!("{BOOK}?{}", shown.more.trim_start_matches('&')), "Sổ hộ"))
        (card::page_title(named(shown.name), html! { (format::count(shown.count)) " hộ" }, html! { button .btn type="button" data-print { "In" } }))
        @if shown.part.is_empty() { (state::empty("Thôn này chưa có ai.", "Có thể tên thôn đã đổi.", card::link_button(BOOK, html! { "Về sổ hộ" }))) }
        div .cols.two.even {
            @for (column, half) in shown.part.chunks(shown.part.len().div_ceil(2).max(1)).enumerate() {
                div .col { @for (at, one) in half.iter().enumerate() { (household_card(shown, column * PAGE + at, one)) } }
            }
        }
        @if shown.count > PAGE {
            p .no-print {
                (shown.first + 1) "–" (last) " trên " (format::count(shown.count)) " "
                @if shown.first > 0 { (card::link_button(&address(shown.first.saturating_sub(PAGE)), html! { "Trước" })) " " }
                @if last < shown.count { (card::link_button(&address(last), html! { "Tiếp" })) }
            }
        }
    }
}

fn household_card(shown: &Village, at: usize, one: &Household) -> Markup {
    let title =
        if one.number.is_empty() { "Chưa ghi hộ".to_owned() } else { format!("Hộ {}", one.number) };
    let aside = html! {
        @if one.number.is_empty() { "" } @else {
            a href={ (BOOK) "/ho/" (encoded(&one.number)) "?" (shown.more.trim_start_matches('&')) } { "Mở hộ" }
        }
    };
    Card::new(&format!("ho-{at}"), &title).aside(aside).flush(card::rows(one.members.iter().map(|member| {
        html! {
            (person(shown.people, member))
            span .sub {
                @if !member.relation.is_empty() { (member.relation) " · " }
                (about(shown.people, member, shown.today))
            }
            @if !member.missing.is_empty() { (status(Status::Attention, &format!("thiếu {} mục", member.missing.len()))) }
        }
    })))
}

fn person(people: &BTreeMap<String, Value>, member: &Member) -> Markup {
    let name = people.get(&member.patient).and_then(|tree| Patient(tree).name());
    html! { a href={ (PERSON) "/" (member.patient) } { (name.unwrap_or_else(|| "chưa rõ tên".to_owned())) } }
}

/// Sex and birth.
fn about(people: &BTreeMap<String, Value>, member: &Member, today: Day) -> Markup {
    let birth = people.get(&member.patient).and_then(|tree| str_at(tree, &["birthDate"])).unwrap_or_default();
    html! { (format::sex(&member.sex)) @if !birth.is_empty() { " · " (format::born(birth, &today.to_string())) } }
}

/// What the page of those of whom something is wanting shows.
pub(super) struct Wanting<'a> {
    pub part: Part,
    pub village: Option<&'a str>,
    pub lines: &'a [&'a Member],
    pub people: &'a BTreeMap<String, Value>,
    pub count: usize,
    pub first: usize,
    pub more: &'a str,
    pub standard: &'a Standard,
    pub today: Day,
}

pub(super) fn wanting(shown: &Wanting) -> Markup {
    let village = shown.village.map(|name| format!("&thon={}", encoded(name))).unwrap_or_default();
    let address = |part: Part, first: usize| {
        let first = if first > 0 { format!("&tu={first}") } else { String::new() };
        format!("{BOOK}/thieu?gi={}{village}{}{first}", part.code(), shown.more)
    };
    let hrefs = Part::EACH.map(|part| address(part, 0));
    let tabs: Vec<Tab> = Part::EACH
        .iter()
        .zip(&hrefs)
        .map(|(part, href)| Tab { href, word: part.words(), count: None, current: *part == shown.part })
        .collect();
    let heads = [
        ("Người", false),
        ("Thôn, bản", false),
        ("Hộ", false),
        (what(shown.part), false),
        ("Điện thoại", false),
    ];
    let last = shown.first + shown.lines.len();
    html! {
        (card::back(&format!("{BOOK}?{}", shown.more.trim_start_matches('&')), "Sổ hộ"))
        (card::page_title(shown.part.words(), html! {
            @if let Some(name) = shown.village { (named(name)) " · " } (format::count(shown.count)) " người"
        }, html! { button .btn type="button" data-print { "In danh sách" } }))
        (form::tabs("Còn thiếu gì", &tabs))
        (Card::new("thieu", shown.part.words()).flush(html! {
            @if shown.lines.is_empty() { (state::empty("Không thiếu ai.", "Mọi người trong phần này đều đã có.", card::link_button(BOOK, html! { "Về sổ hộ" }))) }
            @else {
                (Table { caption: shown.part.words(), heads: &heads, stack: true }.draw(html! {
                    @for member in shown.lines {
                        tr {
                            td { (person(shown.people, member)) span .sub { (about(shown.people, member, shown.today)) } }
                            td .headed data-head="Thôn, bản" { (named(&member.village)) }
                            td .headed data-head="Hộ" { (member.household) }
                            td .headed data-head=(what(shown.part)) { (lacks(shown, member)) }
                            td .headed data-head="Điện thoại" { (phone(shown.people, member)) }
                        }
                    }
                }, html! {}))
            }
        }))
        @if shown.count > roll::PAGE {
            p .no-print {
                (shown.first + 1) "–" (last) " trên " (format::count(shown.count)) " "
                @if shown.first > 0 { (card::link_button(&address(shown.part, shown.first.saturating_sub(roll::PAGE)), html! { "Trước" })) " " }
                @if last < shown.count { (card::link_button(&address(shown.part, last), html! { "Tiếp" })) }
            }
        }
    }
}

fn what(part: Part) -> &'static str {
    match part {
        Part::Items | Part::Doctor | Part::Household => "Còn thiếu",
        Part::Visit => "Lần khám",
        Part::Check => "Khám lần trước",
    }
}

fn lacks(shown: &Wanting, member: &Member) -> Markup {
    html! {
        @match shown.part {
            Part::Items | Part::Household | Part::Doctor => (missing(shown.standard, member)),
            Part::Visit => "chưa có",
            Part::Check => @if member.checked.is_some() { (ago(member.checked)) } @else { "chưa lần nào" },
        }
    }
}

fn missing(standard: &Standard, member: &Member) -> Markup {
    let titles: Vec<&str> = member.missing.iter().map(|name| standard.title(name)).collect();
    html! { @if titles.is_empty() { "đủ mục" } @else { (titles.join("; ")) } }
}

fn phone<'p>(people: &'p BTreeMap<String, Value>, member: &Member) -> &'p str {
    people.get(&member.patient).and_then(|tree| Patient(tree).phones().next()).unwrap_or_default()
}

/// What the page of one household shows.
pub(super) struct House<'a> {
    pub number: &'a str,
    pub members: &'a [Member],
    pub people: &'a BTreeMap<String, Value>,
    /// Practitioners to choose from: reference and name.
    pub doctors: &'a [(String, String)],
    pub may_assign: bool,
    pub done: Option<&'a str>,
    pub more: &'a str,
    pub standard: &'a Standard,
    pub since: Day,
    pub today: Day,
}

pub(super) fn household(shown: &House) -> Markup {
    let village = shown.members.first().map(|one| one.village.as_str()).unwrap_or_default();
    let mut members = shown.members.to_vec();
    super::model::order(&mut members);
    let heads = [
        ("Người", false),
        ("Quan hệ với chủ hộ", false),
        ("Hồ sơ", false),
        ("Khám gần nhất", false),
        ("Khám định kỳ", false),
        ("Điện thoại", false),
    ];
    html! {
        (card::back(&format!("{BOOK}/thon?ten={}{}", encoded(village), shown.more), named(village)))
        (card::page_title(&format!("Hộ {}", shown.number), html! { (named(village)) " · "  (format::count(members.len())) " người" },
            html! { button .btn type="button" data-print { "In" } }))
        @if let Some(done) = shown.done { (form::toast(done)) }
        (Card::new("nguoi", "Người trong hộ").flush(html! {
            (Table { caption: "Người trong hộ", heads: &heads, stack: true }.draw(html! {
                @for member in &members {
                    tr {
                        td { (person(shown.people, member)) span .sub { (about(shown.people, member, shown.today)) } }
                        td .headed data-head="Quan hệ với chủ hộ" { (member.relation) }
                        td .headed data-head="Hồ sơ" {
                            @if member.missing.is_empty() { (status(Status::Done, "đủ mục")) } @else { (missing(shown.standard, member)) }
                        }
                        td .headed data-head="Khám gần nhất" { @if member.seen.is_some() { (ago(member.seen)) } @else { "chưa có" } }
                        td .headed data-head="Khám định kỳ" {
                            @if member.checked.is_some_and(|day| day >= shown.since) { (ago(member.checked)) }
                            @else { (status(Status::Attention, if member.checked.is_some() { "quá hạn" } else { "chưa khám" })) }
                        }
                        td .headed data-head="Điện thoại" { (phone(shown.people, member)) }
                    }
                }
            }, html! {}))
        }))
        (doctor(shown))
    }
}

/// Chosen where members have different doctors: everybody keeps theirs.
pub const AS_IT_IS: &str = "giu";

fn doctor(shown: &House) -> Markup {
    let now: Vec<&str> = shown.members.iter().map(|one| one.doctor.as_str()).collect();
    let one_for_all =
        now.first().filter(|first| now.iter().all(|one| one == *first)).copied().unwrap_or_default();
    let name = |reference: &str| {
        let known = shown.doctors.iter().find(|(one, _)| one == reference).map(|(_, name)| name.as_str());
        known.unwrap_or("người không còn ở trạm").to_owned()
    };
    let is_mixed = one_for_all.is_empty() && now.iter().any(|one| !one.is_empty());
    // Pressed as it stands, the form changes nothing.
    let chosen = if is_mixed { AS_IT_IS } else { one_for_all };
    let words: Vec<(&str, &str)> = is_mixed
        .then_some((AS_IT_IS, "Giữ như đang giao"))
        .into_iter()
        .chain([("", "Chưa giao ai")])
        .chain(shown.doctors.iter().map(|(reference, name)| (reference.as_str(), name.as_str())))
        .collect();
    Card::new("theo-doi", "Bác sĩ gia đình").padded(html! {
        p {
            @if !one_for_all.is_empty() { "Hộ này do " b { (name(one_for_all)) } " theo dõi." }
            @else if is_mixed { "Người trong hộ đang do nhiều người theo dõi, hoặc có người chưa giao." }
            @else { "Chưa giao hộ này cho ai." }
        }
        @if shown.may_assign && !shown.doctors.is_empty() {
            form .form .no-print method="post" action={ (BOOK) "/ho/" (encoded(shown.number)) "/bac-si?" (shown.more.trim_start_matches('&')) } {
                (form::choice("bac-si", "Giao cho", &words, chosen, None))
                (card::main_button("Ghi", None))
            }
        } @else if shown.may_assign {
            p .sub { "Trạm chưa có người nào trong danh sách nhân viên. Quản trị thêm ở «Nhân viên»." }
        }
    })
}
