//! Markup of the pages of infectious diseases.

use super::NOTIFY;
use super::model::{Clock, Hint, Line, Member, Near, Part, Shown as Said, asks_reason, beside, words};
use maud::{Markup, html};
use yba_care::Finding;
use yba_care::notify::case::Case;
use yba_care::notify::{
    self, CLASSES, CONTACTS_MAX, Contact, Doses, Draft, Notified, OUTCOMES, SAMPLES, WAYS,
};
use yba_care::outbreak::Outbreak;
use yba_content::Notifiable;
use yba_ui::banner::{Allergy, Banner, banner};
use yba_ui::card::{self, Card};
use yba_ui::form::{self, Field, Sort, Tab, hidden};
use yba_ui::icon::icon;
use yba_ui::paper::{Paper, paper};
use yba_ui::status::{Status, status};
use yba_ui::table::Table;
use yba_ui::{alert, format, state};

/// What stands on every page that writes: nothing goes over a network yet.
const NOT_SENT: &str = "Thông báo được ghi vào hồ sơ tại đây, chưa gửi điện tử lên hệ thống của Bộ Y tế.";

/// What the list shows.
pub struct Listed<'a> {
    /// The edition of today.
    pub edition: Option<&'a Notifiable>,
    pub lines: &'a [Line],
    pub hints: &'a [Hint],
    pub part: Part,
    /// Cases of each part.
    pub counts: [usize; 3],
    /// Of those to be notified, whose deadline is over.
    pub late: usize,
    /// The place in the list of the first line, from 0, and how many a page holds.
    pub first: usize,
    pub page: usize,
    /// Whether only the newest diagnoses were looked at.
    pub is_cut: bool,
    pub done: Option<&'a str>,
}

pub fn list(shown: &Listed) -> Markup {
    let sub = html! {
        (format::count(shown.counts[0])) " ca phải thông báo"
        @if shown.late > 0 { ", " b { (format::count(shown.late)) " ca quá hạn" } }
    };
    html! {
        (card::page_title("Dịch bệnh", sub, html! { button .btn type="button" data-print { "In danh sách" } }))
        @if let Some(done) = shown.done { (form::toast(done)) }
        @if shown.is_cut {
            (state::warning("Có nhiều ca hơn danh sách này.", "Chỉ xét 1.000 chẩn đoán mới nhất trong phạm vi bạn được xem."))
        }
        @for one in shown.hints { (hint(one)) }
        (parts(shown))
        (Card::new("ca-benh", shown.part.words()).aside(aside(shown)).flush(html! {
            @if shown.lines.is_empty() { (nothing(shown)) }
            @else {
                (Table { caption: shown.part.words(), heads: heads(shown.part), stack: true }
                    .draw(html! { @for line in shown.lines { (row(line, shown.part)) } }, html! {}))
            }
        }))
        (paging(shown))
        @if let Some(edition) = shown.edition { (source(edition)) }
    }
}

fn aside(shown: &Listed) -> Markup {
    let days = shown.edition.map_or(0, |edition| edition.listed_days);
    html! { "ca chẩn đoán trong " (days) " ngày qua" }
}

fn nothing(shown: &Listed) -> Markup {
    let why =
        "Danh sách tự lập từ các chẩn đoán đã ghi của người trong địa bàn, theo danh mục bệnh phải báo.";
    match shown.part {
        Part::Waiting => state::empty(
            "Không có ca nào phải thông báo.",
            why,
            card::link_button("/", html! { "Tìm một người" }),
        ),
        Part::Written => state::empty_line("Không có thông báo nào chờ báo lên."),
        Part::Sent => state::empty_line("Chưa có thông báo nào đã báo lên."),
    }
}

fn heads(part: Part) -> &'static [(&'static str, bool)] {
    match part {
        Part::Waiting => {
            &[("Người bệnh", false), ("Bệnh", false), ("Nơi ở", false), ("Hạn thông báo", false)]
        }
        Part::Written => &[("Người bệnh", false), ("Bệnh", false), ("Nơi ở", false), ("Đã ghi lúc", false)],
        Part::Sent => &[("Người bệnh", false), ("Bệnh", false), ("Nơi ở", false), ("Đã báo lên lúc", false)],
    }
}

fn row(line: &Line, part: Part) -> Markup {
    html! {
        tr {
            td { a href={ (NOTIFY) "/" (line.case) } { (line.name) } span .sub { (format::sex(&line.sex)) " · " (format::date(&line.birth)) } }
            td .headed data-head="Bệnh" {
                div {
                    b { (line.disease) } @if line.is_suspected { " (nghi ngờ)" }
                    span .sub { "Nhóm " (line.group) " · chẩn đoán " (format::date_time(&line.diagnosed)) }
                }
            }
            td .headed data-head="Nơi ở" {
                div { @if line.address.is_empty() { "chưa ghi" } @else { (line.address) } @if !line.phone.is_empty() { span .sub { (line.phone) } } }
            }
            @match part {
                Part::Waiting => td .headed data-head="Hạn" { (left(&line.clock)) },
                Part::Written => td .headed data-head="Đã ghi lúc" { div { (format::date_time(&line.written)) span .sub { (line.clock.words) " để báo lên" } } },
                Part::Sent => td .headed data-head="Đã báo lên lúc" { (format::date_time(&line.sent)) },
            }
        }
    }
}

fn left(clock: &Clock) -> Markup {
    let kind = match (clock.is_over, clock.is_near) {
        (true, _) => Status::Danger,
        (false, true) => Status::Attention,
        (false, false) => Status::Running,
    };
    html! { @if clock.is_over { b { (status(kind, &clock.words)) } } @else { (status(kind, &clock.words)) } }
}

/// Cases that are near each other, and what can be done about it.
fn hint(one: &Hint) -> Markup {
    let span = format::period(&one.first, &one.last);
    let (what, act) = match &one.outbreak {
        None => (
            format!("{} ca {} ở {}, {span}.", one.count, one.title, one.place.words),
            "Lập ổ dịch".to_owned(),
        ),
        Some((_, name)) if one.missing > 0 => (
            format!("{name}: thêm {} ca chưa ghi vào ổ dịch.", one.missing),
            format!("Thêm {} ca vào ổ dịch", one.missing),
        ),
        Some((_, name)) => (format!("{name}: {} ca, {span}.", one.count), String::new()),
    };
    html! {
        div .alert.warn role="status" {
            (icon("triangle-alert"))
            div {
                p { b { (what) } @if one.outbreak.is_none() { " Các ca gần nhau cả nơi ở lẫn thời gian: hãy xem có liên quan không. Đây là lời nhắc, chưa phải kết luận có dịch." } }
                div .acts-line .no-print {
                    @if let Some((id, _)) = &one.outbreak { (card::link_button(&format!("{NOTIFY}/o-dich/{id}"), html! { "Mở ổ dịch" })) }
                    @if one.may_write && one.missing > 0 { (outbreak_form(one, &act)) }
                }
            }
        }
    }
}

fn outbreak_form(one: &Hint, act: &str) -> Markup {
    html! {
        form method="post" action={ (NOTIFY) "/o-dich" } {
            (hidden("benh", &one.disease)) (hidden("noi", &one.place.key))
            button .btn type="submit" { (act) }
        }
    }
}

fn parts(shown: &Listed) -> Markup {
    let hrefs = Part::ALL.map(|part| format!("{NOTIFY}?loc={}", part.key()));
    let tab = |at: usize| Tab {
        href: &hrefs[at],
        word: Part::ALL[at].words(),
        count: Some(shown.counts[at]),
        current: Part::ALL[at] == shown.part,
    };
    form::tabs("Các ca", &[tab(0), tab(1), tab(2)])
}

fn paging(shown: &Listed) -> Markup {
    let at = Part::ALL.iter().position(|part| *part == shown.part).unwrap_or_default();
    let (count, last) = (shown.counts[at], (shown.first + shown.page).min(shown.counts[at]));
    if count <= shown.page {
        return html! {};
    }
    let href = |first: usize| format!("{NOTIFY}?loc={}&tu={first}", shown.part.key());
    html! {
        p .no-print {
            (shown.first + 1) "–" (last) " trên " (format::count(count)) " "
            @if shown.first > 0 { (card::link_button(&href(shown.first.saturating_sub(shown.page)), html! { "Trước" })) " " }
            @if last < count { (card::link_button(&href(last), html! { "Tiếp" })) }
        }
    }
}

/// What the list rests on, and what of it is not sure.
fn source(edition: &Notifiable) -> Markup {
    html! {
        details {
            summary { "Danh mục đang dùng: từ " (format::date(&edition.from.to_string())) }
            div .prose {
                p { (edition.title) " (" (edition.basis.join(", ")) ")." }
                @if !edition.uncertain.is_empty() { p .muted { "Chưa chắc: " (edition.uncertain) } }
            }
        }
    }
}

/// What the page of a case shows.
pub struct Shown<'a> {
    pub case: &'a Case<'a>,
    pub shown: &'a Said,
    pub today: &'a str,
    pub allergy: &'a Allergy,
    pub doses: &'a Doses,
    /// Whether the reader may know of doses at all.
    pub sees_doses: bool,
    /// Where it was diagnosed, and who notified it.
    pub place: &'a str,
    pub sender: &'a str,
    /// Whether the notification may be taken back here.
    pub is_own: bool,
    pub outbreak: Option<&'a Outbreak>,
    pub near: &'a [Near],
    pub draft: &'a Draft,
    /// Lines for contacts beyond those that are filled in.
    pub rows: usize,
    pub found: &'a [Finding],
    pub is_open: bool,
    pub may_write: bool,
    pub done: Option<&'a str>,
    /// Why what was sent was not kept.
    pub note: Option<Markup>,
}

pub fn case(page: &Shown) -> Markup {
    let said = page.shown;
    let record = format!("/nguoi/{}", said.patient);
    let facts = if said.address.is_empty() { Vec::new() } else { vec![said.address.clone()] };
    html! {
        (card::back(NOTIFY, "Danh sách ca bệnh"))
        (banner(&Banner {
            name: &said.name, sex: &said.sex, birth: &said.birth, today: page.today, dead: said.dead.as_deref(),
            facts, extra: Vec::new(), allergy: page.allergy, acts: card::link_button(&record, html! { "Mở hồ sơ" }),
        }))
        @if let Some(done) = page.done { (form::toast(done)) }
        @if let Some(note) = &page.note { (note) }
        (standing(page))
        div .cols.two {
            div .col { (report(page)) }
            div .col { (about(page)) (definition(page.case)) }
        }
    }
}

/// Where the notification is: the clock, or what was done when.
fn standing(page: &Shown) -> Markup {
    let (said, disease) = (page.shown, &page.case.disease.title);
    let due = format::date_time(&said.due);
    match &page.case.notified {
        None if said.clock.is_over => html! {
            div .note.bad role="alert" { p { b { (disease) ": " (said.clock.words) "." } " Hạn thông báo là " (due) ". Ghi và báo lên ngay; báo muộn vẫn phải báo." } }
        },
        None => state::warning(
            &format!("{disease}: {} để thông báo.", said.clock.words),
            &format!("Hạn là {due}."),
        ),
        Some(one) if one.is_sent() => html! {
            div .note role="status" { p {
                b { "Đã báo lên lúc " (format::date_time(&one.sent)) " bằng " (way(one)) "." } " "
                @if notify::is_in_time(&one.sent, &one.due) { "Đúng hạn." } @else { "Sau hạn " (format::date_time(&one.due)) "." }
            } }
        },
        Some(one) => state::warning(
            &format!("Đã ghi thông báo lúc {}, chưa báo lên.", format::date_time(&one.written)),
            &format!(
                "{NOT_SENT} In phiếu, nhập vào phần mềm của Bộ hoặc gọi điện trước {due}, rồi ghi là đã báo lên."
            ),
        ),
    }
}

fn way(one: &Notified) -> &'static str {
    WAYS.iter().find(|(code, _)| *code == one.way).map_or("cách khác", |(_, words)| words)
}

fn about(page: &Shown) -> Markup {
    let said = page.shown;
    Card::new("ca", "Ca bệnh").padded(html! {
        (card::facts(&[
            ("Bệnh", html! { (page.case.disease.title) ", nhóm " (page.case.disease.group) }),
            ("Chẩn đoán", html! { @for (at, one) in said.diagnoses.iter().enumerate() { @if at > 0 { "; " } (one) } }),
            ("Chẩn đoán lúc", html! { (format::date_time(&said.diagnosed)) @if page.case.is_suspected { " (nghi ngờ)" } }),
            ("Nơi chẩn đoán", html! { (page.place) }),
            ("Điện thoại", html! { (said.phone) }),
            ("Nghề nghiệp", html! { (said.work) }),
            ("Vắc xin bệnh này", html! { @if page.sees_doses { (doses(page.doses)) } }),
        ]))
        @if let Some(outbreak) = page.outbreak {
            p { "Thuộc " a href={ (NOTIFY) "/o-dich/" (outbreak.id) } { (outbreak.name) } "." }
        }
    })
}

fn doses(doses: &Doses) -> Markup {
    html! {
        @if doses.count == 0 { "không có mũi nào trong hồ sơ" }
        @else { (doses.count) " mũi, mũi cuối " (format::date(&doses.last)) }
    }
}

fn definition(case: &Case<'_>) -> Markup {
    let definition = &case.disease.definition;
    let steps = case.disease.steps.iter().chain(&case.edition.steps);
    html! {
        (Card::new("dinh-nghia", "Định nghĩa ca bệnh").aside(html! { "ghi theo trí nhớ" }).padded(html! {
            (card::facts(&[
                ("Nghi ngờ", html! { (definition.suspected) }),
                ("Có thể", html! { (definition.probable) }),
                ("Xác định", html! { (definition.confirmed) }),
            ]))
        }))
        (Card::new("viec", "Việc phải làm").flush(card::rows(steps.map(|step| html! { (step) }))))
        @if !case.disease.uncertain.is_empty() { p .muted { "Chưa chắc: " (case.disease.uncertain) } }
    }
}

/// The notification: a form, or what was told with what can be done about it.
fn report(page: &Shown) -> Markup {
    let notified = page.case.notified.as_ref();
    let Some(one) = notified else {
        return Card::new("thong-bao", "Thông báo ca bệnh").padded(html! {
            @if page.may_write { (fill(page, "Gửi thông báo ca bệnh")) }
            @else { (state::no_permission("Bạn xem được ca này nhưng không ghi thông báo.", "nhân viên trạm y tế xã, bác sĩ, chuyên viên dịch tễ")) }
        });
    };
    let is_open = page.is_open || !page.found.is_empty();
    html! {
        // What was just sent and not kept stands first.
        @if is_open { (update(page)) }
        (Card::new("thong-bao", "Thông báo ca bệnh").aside(html! { (format::date_time(&one.written)) }).padded(html! {
            (told(one, vec![("Nơi báo", html! { (page.sender) })]))
            div .acts-line {
                (card::link_button(&format!("{NOTIFY}/{}/in", page.case.id()), html! { "In phiếu" }))
            }
            @if page.may_write && !one.is_sent() { (send(page)) }
        }))
        @if !is_open { (update(page)) }
    }
}

/// What can be done about a notification that was written.
fn update(page: &Shown) -> Markup {
    if !page.may_write {
        return html! {};
    }
    Card::new("cap-nhat", "Cập nhật").padded(html! {
        (form_summary(page.found))
        details open[page.is_open || !page.found.is_empty()] {
            summary { "Có kết quả mới, ra viện, chuyển viện, tử vong" }
            (fill(page, "Ghi bản cập nhật"))
        }
        @if page.is_own {
            details {
                summary { "Ghi nhầm?" }
                form method="post" action={ (NOTIFY) "/" (page.case.id()) "/rut" } {
                    button .btn.danger type="submit" { "Rút thông báo này" }
                }
            }
        }
    })
}

/// What was told, after other facts.
fn told(one: &Notified, mut facts: Vec<(&str, Markup)>) -> Markup {
    let draft = &one.draft;
    facts.extend([
            ("Khởi phát", html! { (format::date(&draft.onset)) }),
            ("Phân loại", html! { (words(&CLASSES, &draft.class)) }),
            ("Mẫu xét nghiệm", html! { (words(&SAMPLES, &draft.sample)) @if !draft.sample_day.is_empty() { ", lấy ngày " (format::date(&draft.sample_day)) } }),
            ("Vắc xin bệnh này", doses(&one.doses)),
            ("Tình trạng", html! { (words(&OUTCOMES, &draft.outcome)) }),
            ("Ghi chú", html! { (draft.note) }),
            ("Lý do", html! { (draft.reason) }),
    ]);
    html! {
        (card::facts(&facts))
        (near_table(&draft.contacts))
    }
}

fn near_table(contacts: &[Contact]) -> Markup {
    let heads = [("Người tiếp xúc", false), ("Điện thoại", false), ("Quan hệ", false)];
    html! {
        @if contacts.is_empty() { p .muted { "Chưa ghi người tiếp xúc nào." } }
        @else {
            (Table { caption: "Người tiếp xúc", heads: &heads, stack: true }.draw(html! {
                @for one in contacts {
                    tr { td { (one.name) } td .headed data-head="Điện thoại" { (one.phone) } td .headed data-head="Quan hệ" { (one.relation) } }
                }
            }, html! {}))
        }
    }
}

fn send(page: &Shown) -> Markup {
    html! {
        form .form method="post" action={ (NOTIFY) "/" (page.case.id()) "/bao-len" } {
            (form::choice("cach", "Đã báo lên tuyến trên bằng", &WAYS, WAYS[0].0, None))
            div .acts-line { button .btn.main type="submit" { "Đã báo lên" } }
        }
    }
}

fn form_summary(found: &[Finding]) -> Markup {
    let id = |field: &str| match field {
        "onset" => "khoi-phat".to_owned(),
        "class" => "phan-loai".to_owned(),
        "sample" => "mau".to_owned(),
        "sample-day" => "ngay-lay-mau".to_owned(),
        "outcome" => "tinh-trang".to_owned(),
        "note" => "ghi-chu".to_owned(),
        "reason" => "ly-do".to_owned(),
        other => match (other.strip_prefix("contact-name-"), other.strip_prefix("contact-phone-")) {
            (Some(at), _) => format!("tx-ten-{at}"),
            (_, Some(at)) => format!("tx-dt-{at}"),
            _ => "tiep-xuc".to_owned(),
        },
    };
    let list: Vec<(String, &str)> = found.iter().map(|one| (id(&one.field), one.text.as_str())).collect();
    let list: Vec<(&str, &str)> = list.iter().map(|(id, text)| (id.as_str(), *text)).collect();
    form::summary(&list)
}

/// The form: what the record knows stands there already.
fn fill(page: &Shown, act: &str) -> Markup {
    let (draft, found) = (page.draft, page.found);
    let is_new = page.case.notified.is_none();
    html! {
        @if is_new { (form_summary(found)) }
        form .form method="post" action={ (NOTIFY) "/" (page.case.id()) } {
            (hidden("phieu", &draft.form)) (hidden("ban", &draft.version))
            div .form.two {
                (form::field(&Field::new("khoi-phat", "Ngày khởi phát", Sort::Day).value(&format::date(&draft.onset)).error(beside(found, "onset"))))
                (form::choice("phan-loai", "Phân loại ca bệnh", &CLASSES, &draft.class, beside(found, "class")))
                (form::choice("tinh-trang", "Tình trạng hiện tại", &OUTCOMES, &draft.outcome, beside(found, "outcome")))
                (form::choice("mau", "Mẫu xét nghiệm", &SAMPLES, &draft.sample, beside(found, "sample")))
                (form::field(&Field::new("ngay-lay-mau", "Ngày lấy mẫu", Sort::Day).value(&format::date(&draft.sample_day)).error(beside(found, "sample-day")).optional()))
                (form::field(&Field::new("ghi-chu", "Ghi chú dịch tễ", Sort::Text).value(&draft.note).error(beside(found, "note")).optional()))
            }
            (contacts(page))
            @if asks_reason(found) || !draft.reason.is_empty() {
                (form::field(&Field::new("ly-do", "Lý do vẫn ghi như vậy", Sort::Text).value(&draft.reason).error(beside(found, "reason")).optional()))
            }
            p .hint { (NOT_SENT) }
            div .acts-line { (card::main_button(act, None)) }
        }
    }
}

const CONTACT_HEADS: [(&str, bool); 3] = [("Họ và tên", false), ("Điện thoại", false), ("Quan hệ", false)];

fn contacts(page: &Shown) -> Markup {
    let (draft, found) = (page.draft, page.found);
    let rows = (draft.contacts.len() + page.rows).min(CONTACTS_MAX.max(draft.contacts.len()));
    let empty = Contact::default();
    let is_there = |near: &Near| draft.contacts.iter().any(|one| one.name == near.contact.name);
    html! {
        div #tiep-xuc {
            p { b { "Người tiếp xúc gần" } span .muted { " (không bắt buộc)" } }
            @if let Some(error) = beside(found, "contacts") { p .error { (error) } }
            @for (at, near) in page.near.iter().enumerate().filter(|(_, near)| !is_there(near)) {
                label .tick { input type="checkbox" name="nha" value=(at); " " (near.words) }
            }
            (Table { caption: "Người tiếp xúc gần", heads: &CONTACT_HEADS, stack: true }.draw(html! {
                @for at in 0..rows { (contact_row(at, draft.contacts.get(at).unwrap_or(&empty), found)) }
            }, html! {}))
            div .acts-line { button .btn type="submit" name="them" value="1" formnovalidate
                formaction={ (NOTIFY) "/" (page.case.id()) "#tiep-xuc" } { "Thêm dòng" } }
        }
    }
}

fn contact_row(at: usize, one: &Contact, found: &[Finding]) -> Markup {
    let label = |word: &str| format!("{word} của người tiếp xúc {}", at + 1);
    let cell = |key: &str, word: &str, value: &str, field: &str| {
        form::cell(&format!("tx-{key}-{at}"), &label(word), value, beside(found, &format!("{field}-{at}")))
    };
    html! {
        tr {
            td .headed data-head="Họ và tên" { (cell("ten", "Họ và tên", &one.name, "contact-name")) }
            td .headed data-head="Điện thoại" { (cell("dt", "Điện thoại", &one.phone, "contact-phone")) }
            td .headed data-head="Quan hệ" { (cell("qh", "Quan hệ", &one.relation, "contact-relation")) }
        }
    }
}

/// What is printed of a notification.
pub struct Sheet<'a> {
    pub case: &'a Case<'a>,
    pub notified: &'a Notified,
    pub shown: &'a Said,
    pub today: &'a str,
    pub place: &'a str,
    pub sender: &'a str,
}

pub fn sheet(page: &Sheet) -> Markup {
    let (said, case) = (page.shown, page.case);
    let facts = vec![
        ("Họ và tên", html! { b { (format::name_capitals(&said.name)) } }),
        ("Sinh, giới tính", html! { (format::born(&said.birth, page.today)) " · " (format::sex(&said.sex)) }),
        ("Số định danh", html! { (said.identity) }),
        ("Nghề nghiệp", html! { (said.work) }),
        ("Nơi ở", html! { (said.address) }),
        ("Điện thoại", html! { (said.phone) }),
        ("Bệnh", html! { b { (case.disease.title) } ", nhóm " (case.disease.group) }),
        ("Chẩn đoán", html! { (said.diagnoses.join("; ")) }),
        ("Chẩn đoán lúc", html! { (format::date_time(&said.diagnosed)) }),
        ("Nơi chẩn đoán", html! { (page.place) }),
        ("Hạn thông báo", html! { (format::date_time(&page.notified.due)) }),
        ("Ghi thông báo lúc", html! { (format::date_time(&page.notified.written)) }),
    ];
    let body = told(page.notified, facts);
    html! {
        (card::back(&format!("{NOTIFY}/{}", case.id()), "Ca bệnh"))
        (card::page_title("Phiếu thông báo ca bệnh", html! {}, html! { button .btn.main type="button" data-print { "In phiếu" } }))
        div .no-print { (state::warning("Trình bày theo nội dung phải báo, chưa phải mẫu in của Bộ.", "Chưa có bản gốc của biểu mẫu 1; đối chiếu trước khi dùng làm mẫu chính thức.")) }
        (paper(&Paper {
            agency: page.sender,
            title: "Thông báo ca bệnh truyền nhiễm",
            date: page.today,
            body,
            signatures: &[("Người báo cáo", ""), ("Trưởng trạm", "")],
            foot: &format!("Mã thông báo {}", page.notified.id),
        }))
    }
}

/// What the page of an outbreak shows.
pub struct OutbreakShown<'a> {
    pub outbreak: &'a Outbreak,
    pub members: &'a [Member],
    /// Cases that are not in it yet.
    pub hint: Option<&'a Hint>,
    pub may_write: bool,
    pub done: Option<&'a str>,
}

const MEMBER_HEADS: [(&str, bool); 4] =
    [("Người bệnh", false), ("Khởi phát", false), ("Phân loại", false), ("Tình trạng", false)];

pub fn outbreak(page: &OutbreakShown) -> Markup {
    let one = page.outbreak;
    let sub = html! {
        @if one.is_active { "đang theo dõi" } @else { "đã kết thúc" } ", " (format::count(page.members.len())) " ca"
    };
    html! {
        (card::back(NOTIFY, "Danh sách ca bệnh"))
        (card::page_title(&one.name, sub, html! { button .btn type="button" data-print { "In danh sách" } }))
        @if let Some(done) = page.done { (form::toast(done)) }
        @if let Some(hint) = page.hint.filter(|_| one.is_active) {
            (alert::note(&format!("Thêm {} ca chưa ghi vào ổ dịch.", hint.missing), ""))
            @if page.may_write { (outbreak_form(hint, &format!("Thêm {} ca vào ổ dịch", hint.missing))) }
        }
        (Card::new("o-dich", "Ổ dịch").padded(card::facts(&[
            ("Nơi", html! { (one.place.words) }),
            ("Từ ngày", html! { (format::date(&one.first)) }),
            ("Đến ngày", html! { (format::date(&one.last)) }),
        ])))
        (Card::new("ca-benh", "Các ca").flush(
            Table { caption: "Các ca của ổ dịch", heads: &MEMBER_HEADS, stack: true }
                .draw(html! { @for member in page.members { (member_row(member)) } }, html! {}),
        ))
        @if page.may_write && one.is_active {
            details .no-print {
                summary { "Kết thúc ổ dịch" }
                form .form method="post" action={ (NOTIFY) "/o-dich/" (one.id) "/ket-thuc" } {
                    p .hint { "Chỉ ghi khi người có thẩm quyền đã công bố hết dịch. Mẫu 01, Mẫu 02 của TT 15/2026 chưa in được từ đây." }
                    div .acts-line { button .btn.danger type="submit" { "Kết thúc ổ dịch này" } }
                }
            }
        }
    }
}

fn member_row(one: &Member) -> Markup {
    html! {
        tr {
            td {
                @if let Some(case) = &one.case { a href={ (NOTIFY) "/" (case) } { (one.name) } } @else { (one.name) }
                span .sub { (format::sex(&one.sex)) " · " (format::date(&one.birth)) }
            }
            td .headed data-head="Khởi phát" { (format::date(&one.onset)) }
            td .headed data-head="Phân loại" { @if one.class.is_empty() { (status(Status::Attention, "Chưa thông báo")) } @else { (words(&CLASSES, &one.class)) } }
            td .headed data-head="Tình trạng" { (words(&OUTCOMES, &one.outcome)) }
        }
    }
}
