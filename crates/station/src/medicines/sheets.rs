//! The sheets of the store: taking in, one lot, the stocktake, the request, the month. Markup only.

use super::model::{Shelf, Urgency, urgency};
use super::{COUNT, MEDICINES, MONTH, Place, RECEIVE, REQUEST, Typed};
use maud::{Markup, html};
use yba_care::Finding;
use yba_care::stock::counting::Requested;
use yba_care::stock::moving::{Cause, Movement};
use yba_care::stock::{Lot, Turnover};
use yba_content::prescribing::StoreLimits;
use yba_content::{Day, Essential};
use yba_fhir::Outcome;
use yba_report::Period;
use yba_ui::card::{self, Card};
use yba_ui::form::{self, Field, Sort, hidden};
use yba_ui::status::{Status, status};
use yba_ui::table::{Table, number};
use yba_ui::{format, state};

fn count(units: u32) -> String {
    format::count(units as usize)
}

fn said(place: &Place) -> Markup {
    html! { @if let Some(place) = place.said() { (hidden("noi", place)) } }
}

fn top(place: &Place) -> Markup {
    card::back(&place.at(MEDICINES), "Thuốc")
}

/// What the form that takes in shows.
pub(super) struct Receiving<'a> {
    pub place: &'a Place,
    pub drugs: &'a [Essential],
    pub typed: &'a Typed,
    pub form: &'a str,
    pub found: &'a [Finding],
    /// What came in today.
    pub came: &'a [(Movement, Lot)],
    pub done: Option<&'a str>,
    pub note: Option<Markup>,
}

/// The field of a finding.
fn field_of(name: &str) -> &'static str {
    match name {
        "lot" => "lo",
        "expiry" => "han",
        "units" => "so-luong",
        "source" => "nguon",
        _ => "thuoc",
    }
}

pub(super) fn receipt(shown: &Receiving) -> Markup {
    let wrong =
        |name: &str| shown.found.iter().find(|one| field_of(&one.field) == name).map(|one| one.text.as_str());
    let list: Vec<(&str, &str)> =
        shown.found.iter().map(|one| (field_of(&one.field), one.text.as_str())).collect();
    let field = |id: &'static str, label: &'static str, sort| {
        Field::new(id, label, sort).value(shown.typed.of(id)).error(wrong(id))
    };
    html! {
        (top(shown.place))
        (card::page_title("Nhập thuốc", html! { "từng lô một" }, html! {}))
        @if let Some(done) = shown.done { (form::toast(done)) }
        @if let Some(note) = &shown.note { (note) }
        (Card::new("nhap", "Lô thuốc vừa nhận").padded(html! {
            (form::summary(&list))
            form .form.two method="post" action=(RECEIVE) {
                (hidden("phieu", shown.form)) (said(shown.place))
                (drug_field("thuoc", "Thuốc", shown.typed.of("thuoc"), wrong("thuoc"), shown.drugs))
                (form::field(&field("lo", "Số lô", Sort::Text).hint("In trên hộp")))
                (form::field(&field("han", "Hạn dùng", Sort::Text).hint("31/12/2027, hoặc 12/2027")))
                (form::field(&field("so-luong", "Số lượng", Sort::Digits).hint("Theo đơn vị nhỏ nhất: viên, gói, ống, lọ")))
                (form::field(&field("nguon", "Nguồn", Sort::Text).optional().hint("Ví dụ: Trung tâm y tế, phiếu 125")))
                (card::main_button("Nhập kho, ghi tiếp lô khác", None))
            }
        }))
        (Card::new("da-nhap", "Đã nhập hôm nay").flush(html! {
            @if shown.came.is_empty() { (state::empty_line("Hôm nay chưa nhập lô nào.")) }
            @else {
                (card::rows(shown.came.iter().map(|(one, lot)| html! {
                    div { b { (lot.name) } " · lô " (lot.number) " · hạn " (format::date(&lot.expiry.to_string())) " · " (count(one.units)) " " (lot.unit) }
                    @if !one.why.is_empty() { span .sub { (one.why) } }
                    (mistaken(shown.place, &one.id, "nhap"))
                })))
            }
        }))
    }
}

/// A drug by a few letters: the browser's own list of the station's drugs.
pub(crate) fn drug_field(
    id: &str,
    label: &str,
    value: &str,
    error: Option<&str>,
    drugs: &[Essential],
) -> Markup {
    let (list, wrong) = (format!("{id}-ds"), format!("{id}-loi"));
    html! {
        div .field .wrong[error.is_some()] {
            label for=(id) { (label) }
            p .hint { "Gõ vài chữ đầu, không cần dấu" }
            @if let Some(error) = error { p .error id=(wrong) { (error) } }
            input id=(id) name=(id) type="text" value=(value) list=(list) maxlength="100" autocomplete="off" autofocus
                aria-invalid=[error.map(|_| "true")] aria-describedby=[error.map(|_| &wrong)];
            datalist id=(list) { @for one in drugs { option value=(one.name) { (one.inn) } } }
        }
    }
}

fn mistaken(place: &Place, movement: &str, back: &str) -> Markup {
    html! {
        details .no-print {
            summary { "Ghi nhầm?" }
            form method="post" action="/thuoc/rut" {
                (hidden("muc", movement)) (hidden("ve", back)) (said(place))
                button .btn.danger type="submit" { "Rút mục này" }
            }
        }
    }
}

/// What the page of a lot shows.
pub(super) struct OneLot<'a> {
    pub place: &'a Place,
    pub lot: &'a Lot,
    pub today: Day,
    pub limits: StoreLimits,
    /// The last first.
    pub moved: &'a [Movement],
    pub form: String,
    pub typed: &'a Typed,
    pub may: bool,
    pub done: Option<&'a str>,
    pub wrong: Option<&'a Outcome>,
    pub note: Option<Markup>,
}

pub(super) fn lot(shown: &OneLot) -> Markup {
    let lot = shown.lot;
    let standing = match urgency(lot, shown.today, shown.limits) {
        Urgency::Expired => status(Status::Danger, "Hết hạn"),
        Urgency::Soon => status(Status::Attention, "Sắp hết hạn"),
        Urgency::Near | Urgency::Good => status(Status::Done, "Còn hạn"),
    };
    html! {
        (top(shown.place))
        (card::page_title(&lot.name, html! { "lô " (lot.number) }, html! { button .btn type="button" data-print { "In thẻ kho" } }))
        @if let Some(done) = shown.done { (form::toast(done)) }
        @if let Some(note) = &shown.note { (note) }
        (Card::new("lo", "Lô").padded(card::facts(&[
            ("Còn trong kho", html! { b { (count(lot.units)) " " (lot.unit) } }),
            ("Hạn dùng", html! { (format::date(&lot.expiry.to_string())) " " (standing) }),
        ])))
        (Card::new("the-kho", "Nhập, xuất của lô này").flush(html! {
            @if shown.moved.is_empty() { (state::empty_line("Chưa có lần nhập, xuất nào.")) }
            @else { (card::rows(shown.moved.iter().map(|one| moved(shown, one)))) }
        }))
        @if shown.may && lot.units > 0 { (discard(shown)) }
    }
}

fn moved(shown: &OneLot, one: &Movement) -> Markup {
    let sign = if one.cause.signed(1) > 0 { "+" } else { "−" };
    html! {
        div { (format::date(&one.day.to_string())) " · " (one.cause.words()) " · " b { (sign) (count(one.units)) " " (shown.lot.unit) } }
        span .sub { (one.why) @if !one.why.is_empty() && !one.by.is_empty() && one.cause != Cause::Given { " · " } @if one.cause != Cause::Given { (one.by) } }
        @if shown.may && one.cause != Cause::Given { (mistaken(shown.place, &one.id, "")) }
    }
}

fn discard(shown: &OneLot) -> Markup {
    let at = |name: &str| {
        let issue = shown.wrong.and_then(|outcome| outcome.issues.first());
        issue.filter(|issue| issue.path.as_deref() == Some(name)).map(|issue| issue.text.as_str())
    };
    let units = match shown.typed.of("so-luong") {
        "" => shown.lot.units.to_string(),
        typed => typed.to_owned(),
    };
    Card::new("huy", "Hủy hoặc xuất khác").padded(html! {
        form .form.two method="post" action={ "/thuoc/lo/" (shown.lot.id) "/huy" } {
            (hidden("phieu", &shown.form)) (said(shown.place))
            (form::field(&Field::new("so-luong", "Số lượng", Sort::Digits).value(&units).error(at("units"))))
            (form::field(&Field::new("ly-do", "Lý do", Sort::Text).value(shown.typed.of("ly-do")).error(at("reason")).hint("Hết hạn, vỡ, trả kho huyện")))
            button .btn.danger type="submit" { "Xuất khỏi kho" }
        }
    })
}

/// The sheet on which a store is counted.
pub(super) fn count_sheet(
    place: &Place,
    lots: &[Lot],
    form: &str,
    typed: &Typed,
    (wrong, note): (Option<&Outcome>, Option<Markup>),
) -> Markup {
    let heads =
        [("Thuốc", false), ("Lô", false), ("Sổ ghi", true), ("Đếm được", false), ("Lý do khi lệch", false)];
    let at = |lot: &Lot, is_reason: bool| {
        let issue = wrong.and_then(|outcome| outcome.issues.first());
        let own = issue.filter(|issue| issue.path.as_deref() == Some(&lot.id));
        own.filter(|issue| (issue.key == "reason") == is_reason).map(|issue| issue.text.as_str())
    };
    let error = |lot: &Lot| at(lot, false);
    // What moved since is counted anew against the book of now.
    let is_moved = |lot: &Lot| {
        error(lot).is_some()
            && wrong.is_some_and(|outcome| outcome.issues.iter().any(|issue| issue.key == "book-moved"))
    };
    let book = |lot: &Lot| match typed.of(&format!("so-{}", lot.id)) {
        typed if !typed.is_empty() && !is_moved(lot) => typed.to_owned(),
        _ => lot.units.to_string(),
    };
    html! {
        (top(place))
        (card::page_title("Kiểm kê", html! { "ô để trống là chưa đếm, sổ giữ nguyên" }, html! { button .btn type="button" data-print { "In phiếu đếm" } }))
        @if let Some(note) = note { (note) }
        @if lots.is_empty() { (state::empty("Kho chưa có thuốc nào.", "Nhập thuốc theo từng lô trước.", card::link_button(&place.at(RECEIVE), html! { "Nhập thuốc" }))) }
        @else {
            form method="post" action=(COUNT) {
                (hidden("phieu", form)) (said(place))
                (Card::new("dem", "Phiếu đếm").flush(Table { caption: "Phiếu kiểm kê", heads: &heads, stack: true }.draw(html! {
                    @for lot in lots {
                        tr {
                            td { (lot.name) }
                            td .headed data-head="Lô" { (lot.number) " · " (format::date(&lot.expiry.to_string())) }
                            (number("Sổ ghi", html! { (format::number(&book(lot))) " " (lot.unit) (hidden(&format!("so-{}", lot.id), &book(lot))) }))
                            td .headed data-head="Đếm được" { (form::short_cell(&format!("dem-{}", lot.id), &format!("Đếm được, {} lô {}", lot.name, lot.number), typed.of(&format!("dem-{}", lot.id)), error(lot))) }
                            td .headed data-head="Lý do khi lệch" { (form::cell(&format!("ly-do-{}", lot.id), &format!("Lý do lệch, {} lô {}", lot.name, lot.number), typed.of(&format!("ly-do-{}", lot.id)), at(lot, true))) }
                        }
                    }
                }, html! {})))
                p { (card::main_button("Ghi kiểm kê", None)) }
            }
        }
    }
}

/// What the request shows.
pub(super) struct Requesting<'a> {
    pub place: &'a Place,
    pub shelves: &'a [Shelf],
    pub limits: StoreLimits,
    pub sent: &'a [Requested],
    pub form: String,
    pub typed: &'a Typed,
    pub may: bool,
    pub done: Option<&'a str>,
    pub note: Option<Markup>,
}

pub(super) fn request(shown: &Requesting) -> Markup {
    let limits = shown.limits;
    let sub =
        html! { "đủ dùng " (limits.keep_months) " tháng, theo mức phát " (limits.use_months) " tháng qua" };
    let heads = [("Thuốc", false), ("Còn", true), ("Phát mỗi tháng", true), ("Xin thêm", false)];
    let value = |shelf: &Shelf| match shown.typed.of("phieu") {
        "" if shelf.wanted == 0 => String::new(),
        "" => shelf.wanted.to_string(),
        _ => shown.typed.of(&format!("can-{}", shelf.code)).to_owned(),
    };
    html! {
        (top(shown.place))
        (card::page_title("Dự trù thuốc", sub, html! { button .btn type="button" data-print { "In" } }))
        @if let Some(done) = shown.done { (form::toast(done)) }
        @if let Some(note) = &shown.note { (note) }
        @if shown.may {
            form method="post" action=(REQUEST) {
                (hidden("phieu", &shown.form)) (said(shown.place))
                (Card::new("xin", "Xin tuyến trên").flush(html! {
                    @if shown.shelves.is_empty() { (state::empty_line("Kho chưa có thuốc nào để tính mức dùng.")) }
                    @else {
                        (Table { caption: "Dự trù", heads: &heads, stack: true }.draw(html! {
                            @for shelf in shown.shelves {
                                tr {
                                    td { (shelf.name) }
                                    (number("Còn", html! { (count(shelf.good)) " " (shelf.unit) }))
                                    (number("Phát mỗi tháng", html! { (format::count((shelf.monthly_hundredths / 100) as usize)) }))
                                    td .headed data-head="Xin thêm" { (form::short_cell(&format!("can-{}", shelf.code), &format!("Xin thêm {}", shelf.name), &value(shelf), None)) }
                                }
                            }
                        }, html! {}))
                    }
                }))
                p { (card::main_button("Ghi dự trù", None)) }
            }
        }
        (Card::new("da-xin", "Đã dự trù").flush(html! {
            @if shown.sent.is_empty() { (state::empty_line("Chưa có dự trù nào.")) }
            @else {
                (card::rows(shown.sent.iter().map(|one| html! {
                    div { (format::date(&one.day)) " · " b { (one.name) } " · " (count(one.units)) " " (one.unit) }
                    @if shown.may {
                        details .no-print {
                            summary { "Ghi nhầm?" }
                            form method="post" action="/thuoc/du-tru/rut" {
                                (hidden("muc", &one.id)) (said(shown.place))
                                button .btn.danger type="submit" { "Rút dự trù này" }
                            }
                        }
                    }
                })))
            }
        }))
        p .hint { "Dự trù ghi ở đây và in ra để gửi; máy chưa gửi qua mạng." }
    }
}

/// What came and went in a month.
pub(super) fn month(place: &Place, period: Period, today: Day, lines: &[Turnover]) -> Markup {
    let heads = [
        ("Thuốc", false),
        ("Lô, hạn dùng", false),
        ("Tồn đầu", true),
        ("Nhập", true),
        ("Phát", true),
        ("Hủy, xuất khác", true),
        ("Kiểm kê", true),
        ("Tồn cuối", true),
    ];
    let signed = |value: i64| format::number(&value.to_string());
    let file = |name: &str| place.at(&format!("{MONTH}/{name}?ky={period}"));
    let other = |months: i32| {
        let day = period.first().plus_months(months);
        (day <= today).then(|| place.at(&format!("{MONTH}?ky={:04}-{:02}", day.year(), day.month())))
    };
    let acts = html! {
        @if let Some(before) = other(-1) { (card::link_button(&before, html! { "Tháng trước" })) " " }
        @if let Some(after) = other(1) { (card::link_button(&after, html! { "Tháng sau" })) " " }
        (card::link_button(&format!("{}/monthly-drugs?ky={period}{}", crate::reports::REPORTS, place.said().map(|one| format!("&noi={one}")).unwrap_or_default()), html! { "Báo cáo tháng" })) " "
        (card::taken_along(&file("in"), &file("xlsx"), &file("xml")))
    };
    html! {
        (top(place))
        (card::page_title("Xuất nhập tồn", html! { (period.title()) }, acts))
        (Card::new("thang", "Theo lô").flush(html! {
            @if lines.is_empty() { (state::empty_line("Tháng này kho không có gì.")) }
            @else {
                (Table { caption: "Xuất nhập tồn thuốc", heads: &heads, stack: true }.draw(html! {
                    @for one in lines {
                        tr {
                            td { (one.lot.name) span .sub { (one.lot.unit) } }
                            td .headed data-head="Lô, hạn dùng" { (one.lot.number) " · " (format::date(&one.lot.expiry.to_string())) }
                            (number("Tồn đầu", html! { (signed(one.opening)) }))
                            (number("Nhập", html! { (count(one.received)) }))
                            (number("Phát", html! { (count(one.given)) }))
                            (number("Hủy, xuất khác", html! { (count(one.discarded)) }))
                            (number("Kiểm kê", html! { (signed(one.counted)) }))
                            (number("Tồn cuối", html! { b { (signed(one.closing)) } }))
                        }
                    }
                }, html! {}))
            }
        }))
    }
}
