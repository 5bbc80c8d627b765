//! The page of a month's end: markup only.

use super::jobs::Look;
use super::{Line, MONTH_END, Month, State, address};
use crate::reports::REPORTS;
use maud::{Markup, html};
use yba_content::reports::Every;
use yba_report::Period;
use yba_ui::card::{self, Card};
use yba_ui::form::hidden;
use yba_ui::status::{Status, status};
use yba_ui::table::{Table, number};
use yba_ui::{format, hx, state};

/// What the page shows.
pub(super) struct Shown<'a> {
    pub month: &'a Month,
    pub lines: &'a [Line],
    pub may_close: bool,
    /// The month is over.
    pub is_over: bool,
    pub today: &'a str,
    pub job: Option<&'a Look>,
}

pub(super) fn month(shown: &Shown) -> Markup {
    let (month, ready) = (shown.month, shown.lines.iter().filter(|line| is_ready(line)).count());
    html! {
        (card::back(REPORTS, "Báo cáo và sổ"))
        (card::page_title("Kết thúc tháng", html! { (month.period.title()) }, html! {}))
        @if let Some(look) = shown.job { (job(look)) }
        (months(shown))
        (Card::new("bieu", "Các biểu của tháng").aside(html! { "bấm tên biểu để xem số" }).flush(lines(shown)))
        (Card::new("ket-thuc", "Khóa và lấy bản in").padded(act(shown, ready)))
    }
}

fn is_ready(line: &Line) -> bool {
    matches!(line.state, State::Ready { .. })
}

fn lines(shown: &Shown) -> Markup {
    let heads = [("Biểu", false), ("Dòng sổ", true), ("Tình trạng", false)];
    html! {
        @if shown.lines.is_empty() { (state::empty_line("Tháng này không có biểu nào.")) }
        @else {
            (Table { caption: "Các biểu của tháng", heads: &heads, stack: true }.draw(html! {
                @for line in shown.lines {
                    @let report = &line.asked.report;
                    tr {
                        td {
                            a href=(line.asked.address("")) { (report.about.title) } span .sub { (report.about.form) " · " (line.asked.period.title()) }
                        }
                        (number("Dòng sổ", html! { @if let State::Ready { rows, .. } | State::Closed { rows, .. } = line.state { (format::count(rows)) } }))
                        td .headed data-head="Tình trạng" { (standing(line)) }
                    }
                }
            }, html! {}))
        }
    }
}

fn standing(line: &Line) -> Markup {
    match &line.state {
        State::Ready { .. } => status(Status::Waiting, "Sẵn sàng khóa"),
        State::Closed { at, .. } => status(Status::Done, &format!("Đã khóa {}", format::date_time(at))),
        State::Moved { at, cells } => html! { div {
            (status(Status::Attention, &format!("Đã khóa {}, nay {cells} số khác", format::date_time(at))))
            span .sub { "Mở biểu để sửa bản đã khóa và ghi lý do." }
        } },
        State::NotReady(why) => {
            html! { div { (status(Status::Attention, "Chưa khóa được")) span .sub { (why) } } }
        }
    }
}

/// The one action.
fn act(shown: &Shown, ready: usize) -> Markup {
    html! {
        @if !shown.is_over {
            p { "Tháng này chưa hết nên chưa khóa được; bộ tệp in ra là bản xem trước." }
        } @else if ready > 0 && shown.may_close {
            p { "Khóa " (ready) " biểu đang sẵn sàng dưới tên bạn, với đúng các số đang hiện trên trang từng biểu. Biểu chưa sẵn sàng thì để nguyên." }
        } @else if ready > 0 {
            p .muted { "Vai trò của bạn không khóa báo cáo; bạn vẫn lấy được bản in." }
        } @else {
            p { "Không còn biểu nào chờ khóa." }
        }
        p .hint { "Bộ tệp gồm bản in PDF, XLSX và XML của mọi biểu và sổ trong tháng. Sổ có tên người bệnh: việc tải được ghi vào nhật ký." }
        form method="post" action=(shown.month.address()) {
            @for line in shown.lines {
                @if let State::Ready { checksum, .. } = &line.state { (hidden(&format!("thay-{}", line.asked.report.slug), checksum)) }
            }
            (card::main_button(&if ready > 0 && shown.may_close { format!("Kết thúc {}", shown.month.period.title()) } else { "Tạo bộ tệp".to_owned() }, None))
        }
    }
}

fn months(shown: &Shown) -> Markup {
    let period = shown.month.period;
    let before = Period::of(Every::Month, period.first().plus_days(-1));
    let after = Period::of(Every::Month, period.last().plus_days(1));
    let of = |period: Period| address(period, shown.month.facility.as_deref());
    html! {
        p .no-print {
            (card::link_button(&of(before), html! { "← " (before.title()) })) " "
            @if after.first().to_string().as_str() <= shown.today { (card::link_button(&of(after), html! { (after.title()) " →" })) }
        }
    }
}

/// How far the file is; asks for itself until it is done.
pub(super) fn job(look: &Look) -> Markup {
    let said = Card::new("bo-tep", "Bộ tệp của tháng").padded(html! {
        @match look.bytes {
            Some(bytes) => {
                p { "Đã xong " (look.done) " biểu và sổ." }
                p { a .btn.main href={ (MONTH_END) "/tep/" (look.id) } download { "Tải bộ tệp (" (format::bytes(bytes)) ")" } }
            }
            None => {
                p { "Đang làm " b { (look.done + 1) "/" (look.total) } ": " (look.now) }
                progress max=(look.total) value=(look.done) {}
                noscript { p { "Mở lại trang này sau ít phút." } }
            }
        }
        @for (title, why) in &look.refused { (state::warning(&format!("Chưa khóa «{title}»."), why)) }
        @for (title, why) in &look.left_out { (state::warning(&format!("Bộ tệp thiếu «{title}»."), why)) }
    });
    match look.bytes {
        Some(_) => html! { div #viec role="status" { (said) } },
        None => hx::under_way("viec", &format!("{MONTH_END}/viec/{}", look.id), &said),
    }
}
