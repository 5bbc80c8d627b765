//! The pages of the trail, drawn.

use super::asked::Asked;
use super::names::Names;
use super::{BREACH, TRAIL, words};
use maud::{Markup, html};
use std::sync::Arc;
use yba_auth::Account;
use yba_fhir::{Outcome, date};
use yba_records::audit::{Entry, Found, Report};
use yba_ui::form::{Field, Sort, choice, field};
use yba_ui::table::{Table, number};
use yba_ui::{card, format, state};
use yba_web::enter::page::{about, at_large};

const FIELDS: [&str; 5] = ["tu", "den", "nguoi", "ai", "dia-chi"];
/// Most patients of a report that are shown on its page; the file has them all.
const SHOWN_MAX: usize = 200;

fn moment(ms: i64) -> String {
    format::date_time(&date::instant(ms))
}

fn posts(names: &Names, entry: &Entry) -> Markup {
    html! {
        @for (role, facility) in names.posts(&entry.posts) {
            span .sub { (role) @if !facility.is_empty() { " · " (facility) } }
        }
    }
}

/// Entries of one request, one after the other, are one look for a person.
fn looks(entries: &[Entry]) -> Vec<&[Entry]> {
    let same = |one: &Entry, other: &Entry| {
        !one.request.is_empty()
            && one.request == other.request
            && one.agent == other.agent
            && one.refused == other.refused
    };
    entries.chunk_by(same).collect()
}

pub(super) fn who_looked(
    person: &str,
    name: Option<&str>,
    found: &Found,
    names: &Names,
    is_later: bool,
) -> Markup {
    let looks = looks(&found.entries);
    html! {
        (card::back(&format!("/nguoi/{person}"), "Hồ sơ"))
        (card::page_title("Ai đã xem hồ sơ", html! { (name.unwrap_or("Mã hồ sơ ")) @if name.is_none() { (person) } }, html! {}))
        p .muted { "Mỗi dòng là một lần có người hoặc phần mềm mở, tìm thấy hay sửa hồ sơ này, mới nhất trước. Lần xem của chính bạn cũng được ghi." }
        (card::Card::new("ai-xem", "Các lần xem").flush(html! {
            @if looks.is_empty() {
                (state::empty_line(if is_later { "Không còn dòng nào cũ hơn." } else { "Chưa ai xem hồ sơ này trên máy chủ này." }))
            } @else {
                (table("Các lần xem hồ sơ", &[("Lúc", false), ("Ai", false), ("Việc", false), ("Để làm gì", false)],
                    html! { @for look in &looks { (look_row(look, names)) } }))
            }
        }))
        (further(&format!("/nguoi/{person}/ai-xem?"), found))
        p .muted { "Thấy lần xem nào không đúng? Ghi lại giờ và tên, báo cho bộ phận bảo vệ dữ liệu của đơn vị; mọi khiếu nại phải được trả lời." }
    }
}

fn look_row(look: &[Entry], names: &Names) -> Markup {
    let Some(last) = look.first() else { return html! {} };
    let mut done: Vec<&str> = look.iter().map(|entry| words::action(&entry.action)).collect();
    done.sort_unstable();
    done.dedup();
    html! {
        tr {
            th scope="row" { (moment(last.at)) }
            td .full { b { (names.agent(&last.agent)) } (posts(names, last)) }
            td .full { (done.join(", ")) @if last.refused { " – " b { "bị từ chối, không được xem" } } span .sub { "qua " (words::source(&last.source)) } }
            td { (words::purpose(&last.purpose)) }
        }
    }
}

fn table(caption: &str, heads: &[(&str, bool)], body: Markup) -> Markup {
    Table { caption, heads, stack: true }.draw(body, html! {})
}

fn further(base: &str, found: &Found) -> Markup {
    html! {
        @if let Some(next) = &found.next {
            p .no-print { (card::link_button(&format!("{base}{}trang={next}", if base.ends_with(['?', '&']) { "" } else { "&" }), html! { "Xem các dòng cũ hơn" })) }
        }
    }
}

fn fields(asked: &Asked, accounts: &[Arc<Account>], wrong: Option<&Outcome>) -> Markup {
    let known: Vec<(String, String)> = accounts
        .iter()
        .map(|one| (format!("account/{}", one.id), format!("{} ({})", one.name, one.login)))
        .collect();
    let mut people: Vec<(&str, &str)> = vec![("", "Mọi người")];
    people.extend(known.iter().map(|(agent, name)| (agent.as_str(), name.as_str())));
    people.extend([("stranger", "Người lạ, chưa đăng nhập")]);
    if !asked.ai.is_empty() && !people.iter().any(|(agent, _)| *agent == asked.ai) {
        people.push((&asked.ai, &asked.ai));
    }
    html! {
        (choice("ai", "Ai", &people, &asked.ai, about(wrong, "ai")))
        (field(&Field::new("tu", "Từ ngày", Sort::Day).value(&format::date(&asked.tu)).error(about(wrong, "tu")).optional()))
        (field(&Field::new("den", "Đến hết ngày", Sort::Day).value(&format::date(&asked.den)).error(about(wrong, "den")).optional()))
        (field(&Field::new("dia-chi", "Địa chỉ mạng", Sort::Login).hint("Ví dụ: 10.1.2.3").value(&asked.dia_chi).error(about(wrong, "dia-chi")).optional()))
    }
}

pub(super) fn search(
    asked: &Asked,
    accounts: &[Arc<Account>],
    found: &Found,
    names: &Names,
    wrong: Option<&Outcome>,
) -> Markup {
    let mut actions: Vec<(&str, &str)> = vec![("", "Mọi việc")];
    actions.extend(words::ACTIONS);
    let results = [("", "Được và bị từ chối"), ("duoc", "Được"), ("tu-choi", "Bị từ chối")];
    let file = format!("{TRAIL}/tep?{}", asked.query(None));
    html! {
        (card::page_title("Nhật ký truy cập", html! { "mới nhất trước" }, html! {
            (card::link_button(&file, html! { "Tải về (CSV)" })) " " (card::link_button(BREACH, html! { "Báo cáo lộ dữ liệu" }))
        }))
        (at_large(wrong, &FIELDS))
        (card::Card::new("tim-nhat-ky", "Tìm trong nhật ký").padded(html! {
            form .form.two method="get" action=(TRAIL) {
                (fields(asked, accounts, wrong))
                (field(&Field::new("nguoi", "Mã hồ sơ người bệnh", Sort::Login).value(&asked.nguoi).error(about(wrong, "nguoi")).optional()))
                (choice("viec", "Việc", &actions, &asked.viec, None))
                (choice("ket-cuc", "Kết quả", &results, &asked.ket_cuc, None))
                (card::main_button("Tìm", None))
            }
        }))
        (card::Card::new("cac-dong", "Các dòng nhật ký").flush(html! {
            @if found.entries.is_empty() { (state::empty_line("Không có dòng nào như vậy. Hãy bỏ bớt điều kiện rồi tìm lại.")) }
            @else {
                (table("Các dòng nhật ký", &[("Lúc", false), ("Ai", false), ("Việc", false), ("Hồ sơ", false), ("Từ đâu", false)],
                    html! { @for entry in &found.entries { (entry_row(entry, names)) } }))
            }
        }))
        (further(&format!("{TRAIL}?{}", asked.query(None)), found))
    }
}

fn entry_row(entry: &Entry, names: &Names) -> Markup {
    const FEW: usize = 3;
    let more = entry.patients.len().saturating_sub(FEW);
    html! {
        tr {
            th scope="row" { (moment(entry.at)) }
            td .full { b { (names.agent(&entry.agent)) } (posts(names, entry)) }
            td .full { (words::action(&entry.action)) @if entry.refused { " – " b { "bị từ chối" } } span .sub { (entry.kind) } }
            td .full {
                @for id in entry.patients.iter().take(FEW) { a href={ "/nguoi/" (id) "/ai-xem" } { (id) } " " }
                @if more > 0 { span .sub { "và " (more) " hồ sơ nữa" } }
            }
            td { (words::source(&entry.source)) span .sub { (entry.address) } }
        }
    }
}

pub(super) fn breach_form(asked: &Asked, accounts: &[Arc<Account>]) -> Markup {
    html! {
        (card::back(TRAIL, "Nhật ký truy cập"))
        (card::page_title("Báo cáo lộ dữ liệu", html! {}, html! {}))
        (card::column(card::Card::new("khoang", "Xảy ra khi nào?").padded(html! {
            p { "Khi một tài khoản bị lộ hoặc có người lạ vào được: chọn khoảng thời gian (và tài khoản, địa chỉ mạng nếu biết) để biết dữ liệu của những ai đã bị xem. Sự cố lộ dữ liệu cá nhân phải báo cơ quan chức năng trong 72 giờ." }
            form .form.two method="get" action=(BREACH) { (fields(asked, accounts, None)) (card::main_button("Lập báo cáo", None)) }
        })))
    }
}

pub(super) fn breach(asked: &Asked, accounts: &[Arc<Account>], report: &Report, names: &Names) -> Markup {
    let file = format!("{BREACH}/tep?{}", asked.query(None));
    let span = format!("{} – {}", format::date(&asked.tu), format::date(&asked.den));
    let beyond = report.patients.len().saturating_sub(SHOWN_MAX);
    html! {
        (card::back(BREACH, "Khoảng khác"))
        (card::page_title("Báo cáo lộ dữ liệu", html! { (span) }, html! { (card::link_button(&file, html! { "Tải danh sách (CSV)" })) }))
        (card::Card::new("tong-so", "Tổng số").padded(card::facts(&[
            ("Người bệnh có dữ liệu bị xem", html! { b { (format::count(report.patients.len())) } }),
            ("Lần truy cập", html! { (format::count(report.entries as usize)) }),
            ("Người và phần mềm đã truy cập", html! { (format::count(report.agents.len())) }),
        ])))
        @if !report.exports.is_empty() || report.exports_beyond > 0 {
            (state::warning("Có lần xuất dữ liệu hàng loạt.", "Mỗi lần xuất có thể gồm dữ liệu của mọi người bệnh, không chỉ những người trong danh sách dưới đây."))
            (card::Card::new("xuat", "Các lần xuất dữ liệu").flush(table("Các lần xuất", &[("Lúc", false), ("Ai", false), ("Loại", false)], html! {
                @for entry in &report.exports {
                    tr { th scope="row" { (moment(entry.at)) } td .full { (names.agent(&entry.agent)) } td { @if entry.kind.is_empty() { "mọi loại" } @else { (entry.kind) } } }
                }
                @if report.exports_beyond > 0 { tr { th scope="row" { "…" } td .full { "và " (report.exports_beyond) " lần nữa" } td {} } }
            })))
        }
        (card::Card::new("boi-ai", "Bởi ai").flush(html! {
            @if report.agents.is_empty() { (state::empty_line("Không có truy cập nào trong khoảng này.")) }
            @else {
                (table("Bởi ai", &[("Ai", false), ("Người bệnh", true), ("Lần truy cập", true), ("Bị từ chối", true)], html! {
                    @for (agent, looker) in &report.agents {
                        tr {
                            th scope="row" { (names.agent(agent)) }
                            (number("Người bệnh", html! { (format::count(looker.patients as usize)) }))
                            (number("Lần truy cập", html! { (format::count(looker.times as usize)) }))
                            (number("Bị từ chối", html! { (format::count(looker.refused as usize)) }))
                        }
                    }
                }))
            }
        }))
        @if !report.patients.is_empty() {
            (card::Card::new("nhung-ai", "Dữ liệu của những ai").flush(html! {
                (table("Dữ liệu của những ai", &[("Mã hồ sơ", false), ("Số lần", true), ("Lần đầu", true), ("Lần cuối", true), ("Bởi", false)], html! {
                    @for one in report.patients.iter().take(SHOWN_MAX) {
                        tr {
                            th scope="row" { a href={ "/nguoi/" (one.patient) "/ai-xem" } { (one.patient) } }
                            (number("Số lần", html! { (one.times) }))
                            (number("Lần đầu", html! { (moment(one.first_ms)) }))
                            (number("Lần cuối", html! { (moment(one.last_ms)) }))
                            td .full { (one.agents.iter().map(|agent| names.agent(agent)).collect::<Vec<_>>().join(", ")) }
                        }
                    }
                }))
                @if beyond > 0 { (state::empty_line(&format!("Còn {} người nữa: xem đủ trong tệp tải về.", format::count(beyond)))) }
            }))
        }
        (card::Card::new("khoang-khac", "Hỏi lại").padded(html! {
            form .form.two method="get" action=(BREACH) { (fields(asked, accounts, None)) (card::main_button("Lập báo cáo", None)) }
        }))
    }
}
