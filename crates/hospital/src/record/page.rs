//! The person's page: markup only.

use super::drugs::Drug;
use super::labs::{Lab, Measured};
use super::model::{Doubt, Line, Problem, Record};
use super::timeline::{self, Cut, View};
use super::who::{Member, Paper};
use maud::{Markup, html};
use yba_ui::banner::{Banner, banner};
use yba_ui::card::Card;
use yba_ui::form::{Tab, keyed_tabs, tabs};
use yba_ui::icon::icon;
use yba_ui::status::{Tone, badge};
use yba_ui::table::Table;
use yba_ui::trend::{Trend, legend, sentence, trend};
use yba_ui::{card, format, hx, result, state, timeline as line, vitals};

/// Lines shown before the rest folds away.
const PROBLEMS_OPEN: usize = 10;
const DRUGS_OPEN: usize = 10;
const LABS_OPEN: usize = 14;

/// The whole content.
pub fn page(record: &Record) -> Markup {
    html! {
        (head(record))
        (parts(record, Part::Summary))
        (jumps(record))
        (hidden(record, &View { reveal: true, ..View::default() }.href(&record.person)))
        @if record.members.is_empty() { (state::warning("Hồ sơ trống.", "Chưa cơ sở nào gửi dữ liệu của người này.")) }
        div .cols {
            div .col {
                @if !record.allergies.is_empty() { (allergies(&record.allergies)) }
                @if record.sees("Condition") { (problems(&record.problems)) }
                @if record.sees("MedicationRequest") { (drugs(&record.drugs)) }
                @if record.sees("Immunization") { (doses(&record.doses)) }
            }
            div .col {
                @if !record.vitals.is_empty() {
                    (Card::new("sinh-ton", "Dấu hiệu sinh tồn").aside(html! { "gần nhất " (format::date(&record.vitals_when)) })
                        .padded(vitals::vitals(&record.vitals)))
                }
                @if record.sees("Observation") { (labs(record)) } @else { (narrowed()) }
            }
            div .col { (history(&record.person, &record.history)) }
            div .col { (members(record)) (doubts(&record.doubts)) (papers(&record.papers)) }
        }
    }
}

/// The banner, also above the person's other pages.
pub fn head(record: &Record) -> Markup {
    html! {
        (identity(record))
        // On a phone the banner, which stays, has no room for them.
        nav .phone-acts.no-print aria-label="Việc với hồ sơ này" {
            @if record.may.edit { a .btn href={ "/nguoi/" (record.person) "/sua" } { (icon("pencil")) "Sửa" } }
            @if record.may.lookers { a .btn href={ "/nguoi/" (record.person) "/ai-xem" } { (icon("activity")) "Ai đã xem" } }
        }
        @if !record.may.acts.is_empty() {
            nav .room-acts.no-print aria-label="Làm với người này" {
                @for act in &record.may.acts { a .btn href=(act.href) { (icon(act.icon)) (act.word) } }
            }
        }
        @if let Some(until) = &record.may.open_until {
            (state::warning(&format!("Đang mở khẩn cấp đến {}.", format::date_time(until)),
                "Lý do, tên bạn và giờ mở đã ghi vào nhật ký; người bệnh được báo. Hết giờ hồ sơ tự đóng."))
        }
    }
}

fn identity(record: &Record) -> Markup {
    let who = &record.who;
    let facilities = facility_count(&record.members);
    let mut facts = Vec::new();
    facts.extend(who.insurance.as_ref().map(|insurance| insurance.words()));
    let mut extra = Vec::new();
    extra.extend(who.identity.as_ref().map(|number| format!("CCCD {}", format::masked(number))));
    extra.push(format!("{} cơ sở", format::count(facilities)));
    if !who.address.is_empty() {
        extra.push(who.address.clone());
    }
    banner(&Banner {
        name: &who.name,
        sex: &who.sex,
        birth: &who.birth,
        today: &record.today,
        dead: who.dead.as_deref(),
        facts,
        extra,
        allergy: &record.allergy,
        acts: html! {
            @if record.may.edit { a .btn href={ "/nguoi/" (record.person) "/sua" } aria-keyshortcuts="e" data-word="Sửa thông tin hành chính" { (icon("pencil")) "Sửa" } }
            @if record.may.lookers { a .btn href={ "/nguoi/" (record.person) "/ai-xem" } data-word="Ai đã xem hồ sơ này" { (icon("activity")) "Ai đã xem" } }
            @if record.may.apps { a .btn href={ "/ung-dung/mo/" (record.person) } data-word="Mở ứng dụng với hồ sơ này" { (icon("plug")) "Mở ứng dụng" } }
            button .btn type="button" data-print { (icon("printer")) "In" }
        },
    })
}

fn facility_count(members: &[Member]) -> usize {
    let mut names: Vec<&str> = members.iter().map(|member| member.facility.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    names.len()
}

/// The pages of a record.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Part {
    Summary,
    Results,
    Documents,
    Family,
    Rights,
}

/// The tabs of a record; 1 to 5 lead there.
pub fn parts(record: &Record, here: Part) -> Markup {
    let person = &record.person;
    let all = [
        (Part::Summary, String::new(), "Tóm tắt", "Patient"),
        (Part::Results, "/ket-qua".into(), "Kết quả", "Observation"),
        (Part::Documents, "/tai-lieu".into(), "Tài liệu", "DocumentReference"),
        (Part::Family, "/gia-dinh".into(), "Gia đình", "RelatedPerson"),
        (Part::Rights, "/quyen-xem".into(), "Quyền xem", "Consent"),
    ];
    let seen = all.into_iter().filter(|(.., kind)| record.sees(kind));
    let hrefs: Vec<(Part, String, &str)> =
        seen.map(|(part, tail, word, _)| (part, format!("/nguoi/{person}{tail}"), word)).collect();
    let list: Vec<Tab> = hrefs
        .iter()
        .map(|(part, href, word)| Tab { href, word, count: None, current: *part == here })
        .collect();
    keyed_tabs("Các trang của hồ sơ", &list)
}

/// What is marked as sensitive stands behind a click.
pub fn hidden(record: &Record, href: &str) -> Markup {
    html! {
        @if record.hidden > 0 {
            div .note.warn { p { b { (format::count(record.hidden)) " mục nhạy cảm đang ẩn. " } a href=(href) { "Hiện các mục này" } } }
        }
    }
}

/// In the place of what the role does not see.
fn narrowed() -> Markup {
    Card::new("pham-vi", "Phạm vi xem").flush(state::empty_line(
        "Vai trò của bạn xem thông tin hành chính và các lượt khám; phần lâm sàng do bác sĩ, điều dưỡng xem.",
    ))
}

fn jumps(record: &Record) -> Markup {
    let tab = |href: &'static str, word: &'static str, count: usize| Tab {
        href,
        word,
        count: Some(count),
        current: false,
    };
    html! {
        div .jumps {
            (tabs("Các phần của hồ sơ", &[
                tab("#van-de", "Chẩn đoán", record.problems.len()),
                tab("#thuoc", "Thuốc", record.drugs.len()),
                tab("#xet-nghiem", "Xét nghiệm", record.labs.len()),
                tab("#dien-tien", "Diễn tiến", record.history.total()),
                tab("#ho-so-co-so", "Cơ sở", record.members.len()),
            ]))
        }
    }
}

/// The first lines open, the rest behind a click that needs no script.
fn folded<T>(all: &[T], open: usize, words: &str, draw: impl Fn(&[T]) -> Markup) -> Markup {
    let (first, rest) = all.split_at(all.len().min(open));
    html! {
        (draw(first))
        @if !rest.is_empty() {
            details .fold { summary { "Xem thêm " (format::count(rest.len())) " " (words) } (draw(rest)) }
        }
    }
}

fn origins(list: &[String]) -> String {
    list.iter().map(|name| format::facility_short(name)).collect::<Vec<_>>().join(", ")
}

fn allergies(list: &[Line]) -> Markup {
    Card::new("di-ung-ghi", "Dị ứng đã ghi").flush(card::rows(list.iter().map(|one| {
        html! {
            b { (one.words) } span .muted { (format::date(&one.date)) }
            span .sub { @if !one.more.is_empty() { (one.more) " · " } (format::facility_short(&one.origin)) }
        }
    })))
}

fn problems(list: &[Problem]) -> Markup {
    let draw = |some: &[Problem]| {
        card::rows(some.iter().map(|one| {
            html! {
                span { (one.words) @if !one.code.is_empty() { " " span .muted .small { (one.code) } } }
                span .muted .nowrap { (years(one)) }
                span .sub { (format::count(one.visits)) " lượt · " (origins(&one.origins)) }
            }
        }))
    };
    Card::new("van-de", "Chẩn đoán").aside(html! { "lặp lại xếp trước" }).flush(match list {
        [] => state::empty_line("Chưa có chẩn đoán nào được ghi."),
        list => folded(list, PROBLEMS_OPEN, "chẩn đoán", draw),
    })
}

/// «2021–2026», or one date.
fn years(problem: &Problem) -> String {
    match (format::year(&problem.first), format::year(&problem.last)) {
        (Some(first), Some(last)) if first != last => format!("{first}–{last}"),
        _ => format::date(problem.last.get(..10).unwrap_or(&problem.last)),
    }
}

fn drugs(list: &[Drug]) -> Markup {
    let running = list.iter().filter(|drug| drug.running).count();
    let aside = if running > 0 { format!("{running} đang dùng") } else { String::new() };
    Card::new("thuoc", "Thuốc trong 12 tháng").aside(html! { (aside) }).flush(match list {
        [] => state::empty_line("Không có đơn thuốc nào trong 12 tháng qua."),
        list => folded(list, DRUGS_OPEN, "thuốc", |some| card::rows(some.iter().map(drug))),
    })
}

fn drug(one: &Drug) -> Markup {
    html! {
        span { b { (one.name) } @if one.running { " " (badge(Tone::Info, "đang dùng")) } }
        span .muted .nowrap { (format::date(&one.last)) }
        @if !one.dose.is_empty() { span .sub-ink { (one.dose) } }
        span .sub {
            @if !one.quantity.is_empty() { (one.quantity) " · " }
            @if one.running { "đủ đến " (format::date(&one.until)) " · " }
            @if one.times > 1 { (one.times) " đơn · " }
            (origins(&one.origins))
        }
    }
}

fn doses(list: &[Line]) -> Markup {
    Card::new("tiem-chung", "Tiêm chủng").flush(match list {
        [] => state::empty_line("Chưa có mũi tiêm nào được ghi."),
        list => folded(list, 8, "mũi tiêm", |some| {
            card::rows(some.iter().map(|one| {
                html! {
                    span { (one.words) @if !one.more.is_empty() { " · " (one.more) } }
                    span .muted .nowrap { (format::date(&one.date)) }
                    span .sub { (format::facility_short(&one.origin)) }
                }
            }))
        }),
    })
}

fn labs(record: &Record) -> Markup {
    let places = &record.lab_places;
    Card::new("xet-nghiem", "Xét nghiệm").aside(html! { "mọi cơ sở, mới nhất trước" }).flush(match record.labs.as_slice() {
        [] => state::empty_line("Chưa có kết quả xét nghiệm nào."),
        list => html! {
            @if places.len() > 1 { div .legend-row { (legend(&short(places))) } }
            (folded(list, LABS_OPEN, "xét nghiệm", |some| html! { @for one in some { (lab(one, places)) } }))
            @if list.iter().any(|lab| lab.values.iter().any(|value| value.general)) { (general_note()) }
        },
    })
}

/// Whose the general ranges are; also under the results of a visit.
pub fn general_note() -> Markup {
    state::empty_line(
        "Khoảng tham chiếu chung là của người lớn, theo danh mục xét nghiệm của Y Bạ; dùng khi nơi làm xét nghiệm không gửi khoảng của mình.",
    )
}

fn lab(one: &Lab, places: &[String]) -> Markup {
    let Some(last) = one.values.first() else { return html! {} };
    html! {
        div .lab {
            div .line {
                span .name { (one.name) }
                (result::result(&last.value, &last.unit, last.flag))
                @if !last.range.is_empty() {
                    span .muted .small { @if last.general { "tham chiếu chung " } @else { "tham chiếu " } (last.range) }
                }
            }
            div .chart { (chart(one)) }
            @if one.values.len() > 1 { (values(one, places)) }
            @else { div .where { (taken(last, places)) } }
        }
    }
}

/// The trend of a test.
pub fn chart(one: &Lab) -> Markup {
    let Some(last) = one.values.first() else { return html! {} };
    let text = format!("{} {}", format::number(&last.value), format::unit(&last.unit));
    let label = sentence(&one.name, (&one.since, &last.date), one.count, text.trim_end(), last.flag.word());
    trend(&Trend { label: &label, points: &one.points, low: one.low, high: one.high })
}

fn values(one: &Lab, places: &[String]) -> Markup {
    let caption = format!("Các lần đo {}", one.name);
    let table = Table {
        caption: &caption,
        heads: &[("Ngày", false), ("Kết quả", false), ("Nơi đo", false)],
        stack: true,
    };
    html! {
        details .history {
            summary { @if let Some(last) = one.values.first() { (taken(last, places)) " · " } span .n { (format::count(one.count)) " lần đo" } }
            (table.draw(html! {
                @for value in &one.values {
                    tr { td { (format::date(&value.date)) } td { (result::result(&value.value, &value.unit, value.flag)) } td .full { (place(value, places)) } }
                }
            }, html! {}))
            @if one.count > one.values.len() { p .muted .small { "Cũ hơn nữa xem trong từng lượt khám." } }
        }
    }
}

/// Names for the legend, as many as there are shapes.
fn short(places: &[String]) -> Vec<String> {
    places.iter().take(6).map(|name| format::facility_short(name)).collect()
}

/// When and where a value was measured.
fn taken(value: &Measured, places: &[String]) -> String {
    format!("{} · {}", format::date(&value.date), format::facility_short(place(value, places)))
}

fn place<'a>(value: &Measured, places: &'a [String]) -> &'a str {
    places.get(value.place).map_or("", String::as_str)
}

/// The timeline's card; also the answer to a filter.
pub fn history(person: &str, cut: &Cut) -> Markup {
    let all = cut.total();
    Card::new("dien-tien", "Diễn tiến").aside(html! { (format::count(all)) " mục, mọi cơ sở" }).flush(html! {
        @if all == 0 { (state::empty_line("Chưa có lượt khám nào.")) }
        @else {
            (line::filters(&cut.filters, "dien-tien"))
            @if cut.skip > 0 { p .more-row { a href=(View { kind: chosen(cut), skip: 0, reveal: cut.reveal }.href(person)) { "Về mục mới nhất" } } }
            (events(person, cut))
        }
    })
}

fn chosen(cut: &Cut) -> Option<timeline::Kind> {
    let current = cut.filters.iter().find(|filter| filter.current)?;
    timeline::Kind::ALL.into_iter().find(|kind| kind.word() == current.word)
}

/// The items of one page and the way to the next; also the answer to «Xem thêm».
pub fn events(person: &str, cut: &Cut) -> Markup {
    let next = View { kind: chosen(cut), skip: cut.skip + cut.events.len(), reveal: cut.reveal };
    html! {
        (line::events(&cut.events, cut.after))
        @if cut.older > 0 {
            (hx::more_link("them", &next.href(person), &format!("Xem thêm {} mục cũ hơn", format::count(cut.older))))
        }
    }
}

fn members(record: &Record) -> Markup {
    let list = record.members.as_slice();
    let heads = [
        ("Cơ sở", false),
        ("Họ tên ghi tại cơ sở", false),
        ("Sinh, giới", false),
        ("Giấy tờ", false),
        ("Vì sao là người này", false),
    ];
    let table = Table { caption: "Hồ sơ tại các cơ sở", heads: &heads, stack: true };
    Card::new("ho-so-co-so", "Hồ sơ tại cơ sở")
        .aside(
            html! { a href={ "/nguoi/" (record.person) "/ho-so" } { (format::count(list.len())) " hồ sơ đã gộp" } },
        )
        .flush(match list {
            [] => state::empty_line("Chưa có hồ sơ nào."),
            list => table.draw(html! { @for one in list { (member(one, record)) } }, html! {}),
        })
}

fn member(one: &Member, record: &Record) -> Markup {
    html! {
        tr {
            th scope="row" .full { (one.facility) @if !one.number.is_empty() { span .sub { "Mã BN " (one.number) } } }
            td .full {
                (one.name)
                @if !one.differs.is_empty() { " " (badge(Tone::Warn, &format!("khác {}", one.differs.join(", ")))) }
            }
            td .full { (format::date(&one.birth)) " · " (format::sex(&one.sex)) }
            td .full { (one.papers.join(" · ")) }
            td .full {
                @if one.reason.is_empty() { span .muted { "Hồ sơ duy nhất" } } @else { (one.reason) }
                span .sub .no-print {
                    @if record.may.edit { a href={ "/nguoi/" (record.person) "/sua?ho-so=" (one.patient) } { "Sửa" } " · " }
                    @if record.may.history { a href={ "/nguoi/" (record.person) "/lich-su?ho-so=" (one.patient) } { "Lịch sử sửa" } }
                }
            }
        }
    }
}

fn doubts(list: &[Doubt]) -> Markup {
    if list.is_empty() {
        return html! {};
    }
    Card::new("nghi-trung", "Có thể cùng một người, chưa nối").aside(html! { "cần người xem lại" }).flush(
        card::rows(list.iter().map(|one| {
            html! {
                a href=(one.href) { (one.name) }
                span .muted .nowrap { (format::date(&one.birth)) " · " (format::sex(&one.sex)) }
                span .sub { "Cơ sở " (one.facility) " · " (one.words) }
            }
        })),
    )
}

fn papers(list: &[Paper]) -> Markup {
    Card::new("giay-to", "Số giấy tờ").flush(match list {
        [] => state::empty_line("Chưa có số giấy tờ nào."),
        list => card::rows(list.iter().map(|one| {
            html! {
                span { (one.word) " " b { (one.masked) } @if !one.current { " " (badge(Tone::Plain, "số cũ")) } }
                span .muted { (format::count(one.records)) " hồ sơ" }
            }
        })),
    })
}
