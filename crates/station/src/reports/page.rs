//! The pages of reports: markup only.

use super::{Asked, REPORTS};
use maud::{Markup, html};
use yba_report::closing::Standing;
use yba_report::listing::Page;
use yba_report::{Period, Register, csv};
use yba_ui::card::{self, Card};
use yba_ui::form::{self, Field, Sort, hidden};
use yba_ui::status::{Status, status};
use yba_ui::table::{Table, number};
use yba_ui::{format, state};

/// A report of the list.
pub struct Due {
    pub href: String,
    pub title: String,
    pub form: String,
    /// «tháng 10/2026».
    pub period: String,
    /// The last day in time (ISO).
    pub due: String,
    /// When it was closed (ISO instant); empty while it is open.
    pub closed_at: String,
}

/// A register of the list.
pub struct Book {
    pub href: String,
    pub title: String,
    pub form: String,
}

pub fn list(lines: &[Due], registers: &[Book], month_end: &str, today: &str) -> Markup {
    let heads = [("Báo cáo", false), ("Kỳ", false), ("Hạn gửi", false), ("Tình trạng", false)];
    html! {
        (card::page_title("Báo cáo", html! { "số liệu tính từ sổ, không phải gõ" }, card::link_button(month_end, html! { "Kết thúc tháng" })))
        (Card::new("bao-cao", "Kỳ vừa hết").flush(html! {
            @if lines.is_empty() { (state::empty_line("Chưa có biểu mẫu báo cáo nào.")) }
            @else {
                (Table { caption: "Báo cáo đến hạn", heads: &heads, stack: true }.draw(html! {
                    @for line in lines {
                        tr {
                            td { a href=(line.href) { (line.title) } span .sub { (line.form) } }
                            td .headed data-head="Kỳ" { (line.period) }
                            td .headed data-head="Hạn gửi" { (format::date(&line.due)) }
                            td .headed data-head="Tình trạng" { (standing(line, today)) }
                        }
                    }
                }, html! {}))
            }
        }))
        @if !registers.is_empty() {
            (Card::new("so", "Sổ của trạm").aside(html! { "xem, in, tải theo tháng" }).flush(card::rows(registers.iter().map(|book| html! {
                a href=(book.href) { (book.title) } span .muted { (book.form) }
            }))))
        }
    }
}

/// Whether it is late.
pub(crate) fn standing(line: &Due, today: &str) -> Markup {
    match (line.closed_at.as_str(), line.due.as_str() < today) {
        ("", true) => status(Status::Attention, "Quá hạn"),
        ("", false) => status(Status::Waiting, "Chưa khóa"),
        (at, _) => status(Status::Done, &format!("Đã khóa {}", format::date(at))),
    }
}

/// What the page of a period shows.
pub struct Shown<'a> {
    pub(crate) asked: &'a Asked,
    pub standing: &'a Standing,
    pub today: &'a str,
    /// The period is over: it may be closed.
    pub is_over: bool,
    pub may_close: bool,
    /// What was typed as the reason of a re-statement.
    pub explanation: &'a str,
    pub done: Option<&'a str>,
    pub note: Option<Markup>,
}

pub fn one(shown: &Shown) -> Markup {
    let (asked, report) = (shown.asked, &shown.asked.report);
    let acts = html! {
        (card::taken_along(&asked.address("/in"), &asked.address("/xlsx"), &asked.address("/xml"))) " "
        (card::link_button(&asked.address("/csv"), html! { "Tải CSV" }))
        @if shown.standing.closed.is_some() { " " (card::link_button(&asked.address("/fhir"), html! { "Tải FHIR" })) }
    };
    let sub = html! { (report.about.form) " · " (asked.period.title()) " · hạn gửi " (format::date(&asked.period.due(report.due).to_string())) };
    html! {
        (card::back(REPORTS, "Các báo cáo"))
        (card::page_title(&report.about.title, sub, acts))
        @if let Some(done) = shown.done { (form::toast(done)) }
        @if let Some(note) = &shown.note { (note) }
        (changed(shown))
        @if !report.about.uncertain.is_empty() { (state::warning("Biểu mẫu chưa đối chiếu với nguyên văn.", &report.about.uncertain)) }
        (unfit(shown))
        (periods(asked, shown.today))
        (Card::new("so-lieu", "Số liệu").aside(html! { "bấm vào số để xem từng dòng sổ" }).flush(grid(shown)))
        (seal(shown))
    }
}

/// Something was written since the report was closed.
fn changed(shown: &Shown) -> Markup {
    let count = shown.standing.changes.len();
    html! {
        @if count > 0 {
            (state::warning(&format!("{count} số khác với bản đã khóa."), "Hồ sơ được ghi thêm hoặc sửa sau khi khóa. Bản đã khóa không tự đổi; hãy sửa và ghi lý do."))
        }
    }
}

/// Rows that cannot be counted.
fn unfit(shown: &Shown) -> Markup {
    let run = &shown.standing.now;
    html! {
        @if run.undated > 0 { (state::warning(&format!("{} dòng chưa rõ ngày nên chưa tính vào kỳ nào.", run.undated), "Hãy bổ sung ngày trong hồ sơ.")) }
        @if run.faulty > 0 { (state::warning(&format!("{} hồ sơ không lập được dòng sổ.", run.faulty), "Hãy báo người quản trị.")) }
    }
}

fn periods(asked: &Asked, today: &str) -> Markup {
    let before = Period::of(asked.report.every, asked.period.first().plus_days(-1));
    let after = Period::of(asked.report.every, asked.period.last().plus_days(1));
    let begun = after.first().to_string().as_str() <= today;
    html! {
        p .no-print {
            (card::link_button(&asked.address_of("", before), html! { "← " (before.title()) })) " "
            @if begun { (card::link_button(&asked.address_of("", after), html! { (after.title()) " →" })) }
        }
    }
}

fn grid(shown: &Shown) -> Markup {
    let (asked, report, run) = (shown.asked, &shown.asked.report, &shown.standing.now);
    let width = report.columns.len();
    let mut heads: Vec<(&str, bool)> = vec![("Chỉ tiêu", false)];
    heads.extend(report.columns.iter().map(|column| (column.title.as_str(), true)));
    Table { caption: &report.about.title, heads: &heads, stack: true }.draw(
        html! {
            @for at in report.shown(|cell| run.cells.get(cell).copied().flatten()) {
                @let row = &report.rows[at];
                tr {
                    td { (row.title) @if !row.uncertain.is_empty() { span .sub { (row.uncertain) } } }
                    @for (column, cell) in report.columns.iter().zip(at * width..) {
                        (number(&column.title, cell_of(asked, run.cells[cell].map(|one| one.to_string()), cell)))
                    }
                }
            }
        },
        html! {},
    )
}

fn cell_of(asked: &Asked, value: Option<String>, cell: usize) -> Markup {
    let Some(value) = value else { return html! {} };
    let is_counted = asked.report.register(cell, asked.period.first()).is_some();
    html! {
        @if is_counted && value != "0" { a href=(asked.address(&format!("/o/{cell}"))) { (format::number(&value)) } }
        @else { (format::number(&value)) }
    }
}

/// What closes the period, or says that it is closed.
fn seal(shown: &Shown) -> Markup {
    let (asked, standing) = (shown.asked, shown.standing);
    let seen = html! { (hidden("thay", &standing.now.checksum)) };
    Card::new("khoa", "Khóa báo cáo").padded(html! {
        @match &standing.closed {
            None if !shown.is_over => p .muted { "Kỳ này chưa hết nên chưa khóa được." },
            None if !shown.may_close => p .muted { "Chưa khóa. Vai trò của bạn không khóa báo cáo." },
            None => form method="post" action=(asked.address("/khoa")) {
                (seen)
                p { "Khóa là ghi lại các số này dưới tên bạn. Hồ sơ ghi sau đó không làm đổi bản đã khóa." }
                (card::main_button(&format!("Khóa {}", asked.period.title()), None))
            },
            Some(closed) => {
                p { "Đã khóa lúc " (format::date_time(&closed.at)) "." }
                @for one in &closed.restated {
                    p { "Sửa lúc " (format::date_time(&one.at)) ": " (one.explanation) }
                }
                @if !standing.changes.is_empty() {
                    (Table { caption: "Chỗ khác bản đã khóa", heads: &[("Ô", false), ("Đã khóa", true), ("Bây giờ", true)], stack: true }.draw(html! {
                        @for change in &standing.changes {
                            tr {
                                td { (cell_words(asked, &change.cell)) }
                                (number("Đã khóa", html! { (words(change.before.map(|one| one.to_string()))) }))
                                (number("Bây giờ", html! { (words(change.after.map(|one| one.to_string()))) }))
                            }
                        }
                    }, html! {}))
                    @if shown.may_close {
                        form .form method="post" action=(asked.address("/sua")) {
                            (seen)
                            (form::field(&Field::new("giai-thich", "Vì sao số thay đổi", Sort::Text).value(shown.explanation).hint("Ví dụ: bổ sung hai lượt khám ghi muộn")))
                            (card::main_button("Sửa bản đã khóa", None))
                        }
                    }
                }
            }
        }
        p .hint { "Mã kiểm của nguồn số liệu: " (standing.now.checksum.get(..16).unwrap_or(&standing.now.checksum)) ", " (format::count(standing.now.rows)) " dòng sổ." }
    })
}

/// Titles of row and column of a cell's name.
fn cell_words(asked: &Asked, name: &str) -> String {
    let report = &asked.report;
    let (row, column) = name.split_once('.').unwrap_or((name, ""));
    let row = report.rows.iter().find(|one| one.name == row).map_or(row, |one| one.title.as_str());
    let column =
        report.columns.iter().find(|one| one.name == column).map_or(column, |one| one.title.as_str());
    format!("{row}, {}", column.to_lowercase())
}

fn words(value: Option<String>) -> String {
    value.map_or_else(|| "–".to_owned(), |value| format::number(&value))
}

/// The rows behind a number.
pub(crate) fn behind(asked: &Asked, cell: usize, register: &Register, page: &Page) -> Markup {
    let name = cell_words(asked, &asked.report.name(cell));
    let mut heads: Vec<(&str, bool)> = vec![("Ngày", false)];
    heads.extend(register.columns.iter().map(|column| (column.title.as_str(), false)));
    html! {
        (card::back(&asked.address(""), &asked.report.about.title))
        (card::page_title(&name, html! { (register.about.title) " · " (asked.period.title()) }, html! {}))
        @if page.withheld { (state::warning("Có dòng bạn không được xem.", "Số vẫn tính đủ; tên và nội dung chỉ hiện với người bệnh thuộc cơ sở của bạn.")) }
        (Card::new("dong", "Các dòng sổ").flush(html! {
            @if page.rows.is_empty() { (state::empty_line("Không có dòng nào.")) }
            @else {
                (Table { caption: &name, heads: &heads, stack: false }.draw(html! {
                    @for row in &page.rows {
                        tr {
                            td {
                                @let day = row.day.map(|day| format::date(&day.to_string())).unwrap_or_else(|| "chưa rõ ngày".to_owned());
                                @if row.patient.is_empty() { (day) } @else { a href={ "/nguoi/" (row.patient) } { (day) } }
                            }
                            @for at in 0..register.columns.len() { td { (in_words(register, row, at)) } }
                        }
                    }
                }, html! {}))
            }
        }))
        @if let Some(next) = &page.next {
            p .no-print { (card::link_button(&format!("{}&sau={}", asked.address(&format!("/o/{cell}")), yba_web::encoded(next)), html! { "Xem tiếp" })) }
        }
    }
}

pub(crate) fn in_words(register: &Register, row: &yba_report::Row, at: usize) -> String {
    let text = csv::in_words(register, row, at);
    // Dates of the record are shown as people write them.
    let is_date = text.len() >= 10 && text.as_bytes()[4] == b'-' && text.as_bytes()[7] == b'-';
    if is_date { format::date_time(&text) } else { text }
}
