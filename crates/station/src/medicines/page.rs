//! The page of the store: markup only.

use super::handing::{self, Counter};
use super::model::{Shelf, Urgency, urgency};
use super::{COUNT, MONTH, People, Place, RECEIVE, REQUEST};
use crate::prescribe::PRESCRIBE;
use maud::{Markup, html};
use yba_care::prescribe::Prescription;
use yba_care::stock::Lot;
use yba_content::Day;
use yba_content::prescribing::StoreLimits;
use yba_fhir::view::Patient;
use yba_ui::card::{self, Card};
use yba_ui::form;
use yba_ui::status::{Status, status};
use yba_ui::table::{Table, number};
use yba_ui::{format, state};

/// What the page shows.
pub(super) struct Shown<'a> {
    pub place: &'a Place,
    pub today: Day,
    pub limits: StoreLimits,
    pub shelves: &'a [Shelf],
    pub waiting: &'a [Prescription],
    pub people: &'a People,
    pub counter: &'a Counter<'a>,
    /// Whether whoever looks may change the store.
    pub may: bool,
    pub done: Option<&'a str>,
    pub note: Option<Markup>,
}

pub(super) fn store(shown: &Shown) -> Markup {
    let link = |path: &str, word: &str| card::link_button(&shown.place.at(path), html! { (word) });
    let acts = html! {
        @if shown.may { (link(RECEIVE, "Nhập thuốc")) " " (link(COUNT, "Kiểm kê")) " " (link(REQUEST, "Dự trù")) " " }
        (link(MONTH, "Xuất nhập tồn"))
    };
    let count = shown.shelves.iter().filter(|shelf| shelf.good > 0).count();
    html! {
        (card::page_title("Thuốc", html! { (format::count(count)) " thuốc còn trong kho" }, acts))
        @if let Some(done) = shown.done { (form::toast(done)) }
        @if let Some(note) = &shown.note { (note) }
        div .cols.two {
            div .col { (waiting(shown)) (shelves(shown)) }
            div .col { (expiring(shown)) (running_out(shown)) }
        }
    }
}

fn waiting(shown: &Shown) -> Markup {
    let aside = html! { (format::count(shown.waiting.len())) " đơn" };
    Card::new("cho-phat", "Đơn chờ phát thuốc").aside(aside).flush(html! {
        @if shown.waiting.is_empty() {
            (state::empty_line("Không có đơn nào chờ. Đơn kê ở «Khám bệnh» hiện ngay ở đây."))
        } @else {
            @for it in shown.waiting { (prescription(shown, it)) }
        }
    })
}

fn prescription(shown: &Shown, it: &Prescription) -> Markup {
    let record = shown.people.get(&it.patient).map(Patient);
    let name = record.as_ref().and_then(|one| one.name()).unwrap_or_else(|| "chưa rõ tên".to_owned());
    let born = record.as_ref().and_then(|one| one.birth_date()).unwrap_or_default().to_owned();
    html! {
        div .body #{ "don-" (it.code) } {
            p {
                a href={ (PRESCRIBE) "/" (it.patient) } { b { (name) } } " · " (format::born(&born, &shown.today.to_string()))
                span .muted { " · kê " (format::date_time(&it.at)) " · " (it.by) " · " (it.code) }
            }
            (handing::lines(it, shown.counter))
            (handing::form(it, shown.counter))
        }
    }
}

fn shelves(shown: &Shown) -> Markup {
    let heads = [("Thuốc", false), ("Còn", true), ("Lô, hết hạn trước lên trên", false)];
    Card::new("kho", "Trong kho").flush(html! {
        @if shown.shelves.is_empty() {
            (state::empty("Kho chưa có thuốc nào.", "Nhập thuốc đang có trên kệ theo từng lô: số lô, hạn dùng, số lượng.",
                card::link_button(&shown.place.at(RECEIVE), html! { "Nhập thuốc" })))
        } @else {
            (Table { caption: "Thuốc trong kho", heads: &heads, stack: true }.draw(html! {
                @for shelf in shown.shelves {
                    tr {
                        td { (shelf.name) @if !shelf.lasts().is_empty() { span .sub { (shelf.lasts()) } } }
                        (number("Còn", html! { (format::count(shelf.good as usize)) " " (shelf.unit) }))
                        td .full { @for lot in &shelf.lots { (lot_line(shown, lot)) } }
                    }
                }
            }, html! {}))
        }
    })
}

fn lot_line(shown: &Shown, lot: &Lot) -> Markup {
    html! {
        div {
            a href=(shown.place.at(&format!("/thuoc/lo/{}", lot.id))) { "Lô " (lot.number) }
            " · " (format::date(&lot.expiry.to_string())) " · " (format::count(lot.units as usize)) " " (lot.unit)
            @match urgency(lot, shown.today, shown.limits) {
                Urgency::Expired => { " " (status(Status::Danger, "Hết hạn")) }
                Urgency::Soon => { " " (status(Status::Attention, "Sắp hết hạn")) }
                Urgency::Near | Urgency::Good => {}
            }
        }
    }
}

/// What expires, and what to do about it.
fn expiring(shown: &Shown) -> Markup {
    let all = || shown.shelves.iter().flat_map(|shelf| &shelf.lots);
    let of = |wanted: Urgency| -> Vec<&Lot> {
        all().filter(|lot| urgency(lot, shown.today, shown.limits) == wanted).collect()
    };
    let part = |lots: &[&Lot], title: &str, what: &str| {
        html! {
            @if !lots.is_empty() {
                div .body { p { b { (title) } } p .hint { (what) } }
                (card::rows(lots.iter().map(|lot| html! {
                    a href=(shown.place.at(&format!("/thuoc/lo/{}", lot.id))) { (lot.name) }
                    span .sub { "lô " (lot.number) " · " (format::date(&lot.expiry.to_string())) " · " (format::count(lot.units as usize)) " " (lot.unit) }
                })))
            }
        }
    };
    let (expired, soon, near) = (of(Urgency::Expired), of(Urgency::Soon), of(Urgency::Near));
    let (first, second) = (shown.limits.soon_months, shown.limits.near_months);
    Card::new("het-han", "Hạn dùng").flush(html! {
        @if expired.is_empty() && soon.is_empty() && near.is_empty() {
            (state::empty_line(&format!("Không có lô nào hết hạn trong {second} tháng tới.")))
        }
        (part(&expired, "Đã hết hạn", "Để riêng, không phát; mở lô để xuất hủy."))
        (part(&soon, &format!("Trong {first} tháng"), "Phát trước; dùng không hết thì báo tuyến trên điều chuyển."))
        (part(&near, &format!("Trong {second} tháng"), "Phát trước các lô khác, chưa dự trù thêm."))
    })
}

fn running_out(shown: &Shown) -> Markup {
    let all: Vec<&Shelf> = shown.shelves.iter().filter(|shelf| shelf.runs_out()).collect();
    Card::new("sap-het", "Sắp hết").aside(html! { "chưa đủ một tháng" }).flush(html! {
        @if all.is_empty() { (state::empty_line("Chưa thuốc nào sắp hết, tính theo mức phát các tháng qua.")) }
        @else {
            (card::rows(all.iter().map(|shelf| html! {
                div { b { (shelf.name) } } span .sub { "còn " (format::count(shelf.good as usize)) " " (shelf.unit)
                    ", mỗi tháng phát khoảng " (format::count((shelf.monthly_hundredths / 100) as usize)) }
            })))
            @if shown.may { div .body { (card::link_button(&shown.place.at(REQUEST), html! { "Lập dự trù" })) } }
        }
    })
}
