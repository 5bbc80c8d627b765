//! The pages of prescriptions: markup only.

use super::model::{field, worked_out};
use super::{PRESCRIBE, Reminded};
use crate::medicines::MEDICINES;
use crate::medicines::handing::{self, Counter};
use crate::person::Person;
use crate::reminders::{self, Beside};
use crate::typing;
use maud::{Markup, html};
use std::collections::BTreeMap;
use yba_care::Finding;
use yba_care::advise::Told;
use yba_care::prescribe::{Draft, Line, Prescription, Setting, Standing};
use yba_content::{Day, Essential};
use yba_fhir::json::{Value, str_at};
use yba_fhir::view::Patient;
use yba_ui::card::{self, Card};
use yba_ui::form::{self, Field, Sort, hidden};
use yba_ui::status::{Status, status};
use yba_ui::table::Table;
use yba_ui::{alert, format, hx, state};

/// The id of the form on its page.
const FORM: &str = "don-moi";
/// Earlier prescriptions that stand open; older ones are folded.
const EARLIER: usize = 3;
/// The place that says when a draft was kept.
pub(super) const KEPT: &str = "nhap-luc";

/// A prescription that is being written.
pub(super) struct Form<'a> {
    pub draft: &'a Draft,
    pub found: &'a [Finding],
    pub reminded: &'a Reminded,
    /// Drugs to choose from, and the letters that say them.
    pub offered: &'a [&'a Essential],
    pub searched: &'a str,
    /// When it was left half typed, as an ISO instant; it is gone on with.
    pub resumed: Option<&'a str>,
}

impl<'a> Form<'a> {
    /// A draft with what the rules say of it.
    pub fn of(draft: &'a Draft, reminded: &'a Reminded) -> Form<'a> {
        Form { draft, found: &[], reminded, offered: &[], searched: "", resumed: None }
    }
}

/// What the page of a person shows.
pub(super) struct Shown<'a> {
    pub person: &'a Person,
    pub today: Day,
    pub setting: &'a Setting<'a>,
    pub all: &'a [Prescription],
    pub told: &'a [Told],
    pub counter: &'a Counter<'a>,
    /// Whether whoever looks may prescribe.
    pub may: bool,
    pub form: Option<Form<'a>>,
    pub done: Option<&'a str>,
    pub note: Option<Markup>,
}

/// What was prescribed at the station in the last days.
pub(super) fn list(all: &[Prescription], people: &BTreeMap<String, Value>, today: Day) -> Markup {
    let heads = [("Lúc", false), ("Người bệnh", false), ("Thuốc", false), ("Người kê", false)];
    html! {
        (card::back(MEDICINES, "Thuốc"))
        (card::page_title("Đơn thuốc", html! { "còn hạn, đến " (format::date(&today.to_string())) }, html! {}))
        (Card::new("don", "Đã kê ở trạm").aside(html! { "tìm người ở ô trên cùng để kê" }).flush(html! {
            @if all.is_empty() {
                (state::empty("Chưa có đơn nào còn hạn.", "Khám xong bấm «Kê đơn thuốc», hoặc mở hồ sơ rồi bấm «Kê đơn».", card::link_button("/", html! { "Tìm một người" })))
            } @else {
                (Table { caption: "Đơn thuốc", heads: &heads, stack: true }.draw(html! {
                    @for one in all.iter().rev() {
                        tr {
                            td { (format::date_time(&one.at)) }
                            td .headed data-head="Người bệnh" { a href={ (PRESCRIBE) "/" (one.patient) } {
                                (people.get(&one.patient).and_then(|tree| Patient(tree).name()).unwrap_or_else(|| "chưa rõ tên".to_owned())) } }
                            td .headed data-head="Thuốc" { (one.lines.iter().map(|line| line.name.as_str()).collect::<Vec<_>>().join("; ")) }
                            td .headed data-head="Người kê" { (one.by) }
                        }
                    }
                }, html! {}))
            }
        }))
    }
}

pub(super) fn person(shown: &Shown) -> Markup {
    let id = &shown.person.id;
    let record = format!("/nguoi/{id}");
    let good = |one: &&Prescription| one.standing == Standing::Active && one.is_good(shown.today);
    let has_form = shown.form.is_some();
    html! {
        (card::back(MEDICINES, "Thuốc"))
        (shown.person.banner(&shown.today.to_string(), card::link_button(&record, html! { "Mở hồ sơ" })))
        @if let Some(done) = shown.done { (form::toast(done)) }
        @if let Some(note) = &shown.note { (note) }
        @if shown.person.dead().is_some() { (alert::note("Người này đã ghi tử vong.", "Hãy xem lại có đúng người không.")) }
        @if let (Some(form), true) = (&shown.form, shown.may) { (writing(shown, form)) }
        @for one in shown.all.iter().filter(good) { (standing(shown, one)) }
        @if shown.may && !has_form {
            p .no-print {
                (card::link_button(&format!("{PRESCRIBE}/{id}?them=1"), html! { "Kê thêm một đơn" })) " "
                (card::link_button(MEDICINES, html! { "Đơn chờ phát" }))
            }
        }
        (earlier(shown))
    }
}

fn diagnosis_words(setting: &Setting) -> String {
    let words = setting.diagnoses.iter().filter_map(|one| {
        let code = yba_recall::chronic::icd10(one).next();
        let text = str_at(one, &["code", "text"]).or(code)?;
        Some(
            code.filter(|code| *code != text)
                .map_or_else(|| text.to_owned(), |code| format!("{text} ({code})")),
        )
    });
    words.collect::<Vec<_>>().join("; ")
}

fn writing(shown: &Shown, form: &Form) -> Markup {
    let action = format!("{PRESCRIBE}/{}", shown.person.id);
    let Reminded { verdict, reasons, asks } = form.reminded;
    let beside = Beside { verdict, reasons, asks: *asks, form: FORM };
    let list: Vec<(String, &str)> =
        form.found.iter().map(|one| (field(&one.field), one.text.as_str())).collect();
    let list: Vec<(&str, &str)> = list.iter().map(|(id, text)| (id.as_str(), *text)).collect();
    let reason = diagnosis_words(shown.setting);
    let title = if form.draft.replaces.is_some() { "Đơn thay đơn cũ" } else { "Đơn mới" };
    Card::new("don", title).aside(html! { (reason) }).padded(html! {
        @if let Some(at) = form.resumed { (typing::resumed(&action, at)) }
        @if reason.is_empty() {
            (alert::note("Hôm nay chưa ghi lần khám nào có chẩn đoán.", "Đơn thuốc phải có chẩn đoán."))
            p { (card::link_button(&format!("/kham/{}", shown.person.id), html! { "Khám bệnh" })) }
        }
        (form::summary(&list))
        (beside.around(&html! {
            form .form #(FORM) method="post" action=(action) novalidate {
                (hidden("phieu", &form.draft.form))
                @if let Some(old) = &form.draft.replaces { (hidden("thay", old)) p { "Thay đơn " b { (old) } ": đơn cũ sẽ không phát được nữa." } }
                (search(shown, form))
                (lines(shown, form))
                (rest(shown, form))
                div .send {
                    button .btn.main type="submit" name="viec" value="ghi" { "Ghi đơn" }
                    (hx::while_typing(&format!("{action}/nhap"), html! { span .muted #(KEPT) aria-live="polite" {} }))
                }
            }
        }))
    })
}

/// The box in which a drug is found. Its button is the form's first: Enter puts the drug on.
fn search(shown: &Shown, form: &Form) -> Markup {
    html! {
        (crate::medicines::drug_field("tim", "Thêm thuốc", form.searched, None, shown.setting.list.drugs()))
        p { button .btn type="submit" name="viec" value="them" { "Thêm thuốc" } }
        @if !form.offered.is_empty() {
            div .acts-line role="group" aria-label="Chọn thuốc" {
                @for one in form.offered { button .btn type="submit" name="viec" value={ "chon-" (one.slug) } { (one.name) " · " (left(shown, one)) } }
            }
        }
    }
}

/// `còn 120 viên`
fn left(shown: &Shown, drug: &Essential) -> String {
    let own = shown.counter.lots.iter().filter(|lot| lot.code == drug.slug && lot.is_good(shown.today));
    match own.map(|lot| lot.units as usize).sum::<usize>() {
        0 => "kho hết".to_owned(),
        units => format!("kho còn {} {}", format::count(units), drug.unit),
    }
}

fn lines(shown: &Shown, form: &Form) -> Markup {
    let heads = [
        ("Thuốc", false),
        ("Mỗi lần", false),
        ("Lần mỗi ngày", false),
        ("Số ngày", false),
        ("Số lượng", false),
        ("Cách dùng", false),
        ("Bỏ", false),
    ];
    if form.draft.lines.is_empty() {
        return html! {};
    }
    Table { caption: "Thuốc trong đơn", heads: &heads, stack: true }.draw(
        html! { @for (at, one) in form.draft.lines.iter().enumerate() { (line(shown, form, one, at + 1)) } },
        html! {},
    )
}

fn line(shown: &Shown, form: &Form, one: &Line, number: usize) -> Markup {
    let Some(drug) = shown.setting.list.drug(&one.drug) else {
        return html! { tr { td { (one.drug) (hidden(&format!("thuoc-{number}"), &one.drug)) } td .full { "không có trong danh mục của trạm" }
        td { button .btn type="submit" name="viec" value={ "bo-" (number) } { "Bỏ" } } } };
    };
    let wrong = |name: &str| {
        form.found
            .iter()
            .find(|found| field(&found.field) == format!("{name}-{number}"))
            .map(|found| found.text.as_str())
    };
    let short = |name: &str, label: &str, value: &str| {
        form::short_cell(&format!("{name}-{number}"), &format!("{label}, {}", drug.name), value, wrong(name))
    };
    html! {
        tr {
            td {
                b { (drug.name) } span .sub { (left(shown, drug)) }
                (hidden(&format!("thuoc-{number}"), &one.drug)) (hidden(&format!("tinh-{number}"), &worked_out(shown.setting.list, one)))
            }
            td .headed data-head={ "Mỗi lần (" (drug.dose_unit) ")" } { (short("lan", "Mỗi lần", &one.take)) }
            td .headed data-head="Lần mỗi ngày" { (short("ngay", "Lần mỗi ngày", &one.times)) }
            td .headed data-head="Số ngày" { (short("so-ngay", "Số ngày", &one.days)) }
            td .headed data-head={ "Số lượng (" (drug.unit) ")" } { (short("sl", "Số lượng", &one.units)) }
            td .headed data-head="Cách dùng" { (form::cell(&format!("cach-{number}"), &format!("Cách dùng, {}", drug.name), &one.how, wrong("cach"))) }
            td { button .btn type="submit" name="viec" value={ "bo-" (number) } aria-label={ "Bỏ " (drug.name) } { "Bỏ" } }
        }
    }
}

fn rest(shown: &Shown, form: &Form) -> Markup {
    let draft = form.draft;
    let wrong = |name: &str| {
        form.found.iter().find(|found| field(&found.field) == name).map(|found| found.text.as_str())
    };
    html! {
        div .form.two {
            @if shown.setting.is_small_child() {
                (form::field(&Field::new("can-nang", "Cân nặng của trẻ (kg)", Sort::Text).value(&draft.weight).error(wrong("can-nang"))))
                (form::field(&Field::new("nguoi-dua", "Người đưa trẻ đến", Sort::Text).value(&draft.companion).error(wrong("nguoi-dua"))))
            }
            (form::field(&Field::new("loi-dan", "Lời dặn", Sort::Text).value(&draft.advice).error(wrong("loi-dan")).optional()))
        }
    }
}

/// A prescription that is good.
fn standing(shown: &Shown, it: &Prescription) -> Markup {
    let given = |line: &yba_care::prescribe::Ordered| yba_care::dispense::left(line, shown.counter.given);
    let left: u32 = it.lines.iter().map(given).sum();
    let all: u32 = it.lines.iter().map(|line| line.units).sum();
    let word = match left {
        0 => status(Status::Done, "Đã phát"),
        left if left < all => status(Status::Running, "Phát một phần"),
        _ => status(Status::Waiting, "Chờ phát"),
    };
    let about: Vec<String> =
        it.lines.iter().map(|line| format!("MedicationRequest/{}", line.request)).collect();
    let is_told = |one: &&Told| about.contains(&one.about);
    // A prescription is changed where it was written.
    let may_change = shown.may && left == all && it.facility == shown.setting.facility;
    Card::new(&it.code, &format!("Đơn {}", it.code)).aside(word).flush(html! {
        (handing::lines(it, shown.counter))
        div .body {
            p .muted { "Kê " (format::date_time(&it.at)) " · " (it.by) @if let Some(until) = it.until { " · mua được đến " (format::date(&until.to_string())) } }
            @if !it.advice.is_empty() { p { "Lời dặn: " (it.advice) } }
            (reminders::kept(shown.told.iter().filter(is_told)))
            (handing::form(it, shown.counter))
            p .no-print {
                (printed(shown, it))
                @if may_change { " " (card::link_button(&format!("{PRESCRIBE}/{}?thay={}", shown.person.id, it.code), html! { "Sửa, thay bằng đơn mới" })) }
            }
            @if may_change {
                details .no-print {
                    summary { "Ghi nhầm?" }
                    form method="post" action={ (PRESCRIBE) "/" (shown.person.id) "/rut" } {
                        (hidden("don", &it.code))
                        button .btn.danger type="submit" { "Rút đơn " (it.code) }
                    }
                }
            }
        }
    })
}

fn printed(shown: &Shown, it: &Prescription) -> Markup {
    card::printed(&format!("{PRESCRIBE}/{}/{}/in", shown.person.id, it.code), "In đơn")
}

/// Prescriptions of before: to be repeated by one press, printed again, and what was handed out of them taken back.
fn earlier(shown: &Shown) -> Markup {
    let is_old = |one: &&Prescription| one.standing == Standing::Active && !one.is_good(shown.today);
    let all: Vec<&Prescription> = shown.all.iter().filter(is_old).collect();
    if all.is_empty() {
        return html! {};
    }
    let (first, older) = all.split_at(all.len().min(EARLIER));
    Card::new("truoc", "Đơn trước").flush(html! {
        (card::rows(first.iter().map(|one| before(shown, one))))
        @if !older.is_empty() {
            details { summary { (format::count(older.len())) " đơn cũ hơn" } (card::rows(older.iter().map(|one| before(shown, one)))) }
        }
    })
}

fn before(shown: &Shown, it: &Prescription) -> Markup {
    html! {
        div { (format::date(&it.at)) " · " (it.lines.iter().map(|line| line.name.as_str()).collect::<Vec<_>>().join("; ")) }
        div .no-print {
            @if shown.may { (card::link_button(&format!("{PRESCRIBE}/{}?lai={}", shown.person.id, it.code), html! { "Kê lại đơn này" })) " " }
            (printed(shown, it))
        }
        span .sub { (it.by) " · " (it.code) }
        (handing::handed(it, shown.counter))
        (handing::form(it, shown.counter))
    }
}
