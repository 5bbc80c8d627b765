//! The search page: the one box, what was found, and what can be typed.

use super::model::{self, SHOWN};
use crate::people::People;
use maud::{Markup, html};
use yba_ui::search::{Found, Hit, Place, results, search_box, send_on};
use yba_ui::{card, state};

/// What stands under the box.
pub enum Answer<'a> {
    /// Nothing asked yet.
    Start,
    TooShort(&'a str),
    People(&'a str, People),
    Commands(&'a str, Vec<Hit>),
    Codes(&'a str, Vec<Hit>),
    /// The search failed; drawn from the outcome by the shell.
    Failed(&'a str, Markup),
}

/// The whole content.
pub fn page(answer: &Answer, today: &str) -> Markup {
    let query = match answer {
        Answer::Start => "",
        Answer::TooShort(query)
        | Answer::People(query, _)
        | Answer::Commands(query, _)
        | Answer::Codes(query, _)
        | Answer::Failed(query, _) => query,
    };
    // A scanned card of nobody: Enter goes on with the button under the results.
    let goes_on = matches!(answer, Answer::People(_, found) if found.people.is_empty() && found.scanned && found.may_register);
    let place = if goes_on { Place::Answered } else { Place::Page };
    html! {
        (card::page_title("Tìm người", html! { "một người, một hồ sơ, từ mọi cơ sở" }, html! {}))
        (card::column(html! {
            (search_box(place, yba_web::site::SEARCH, query, found(answer, today)))
            (help())
        }))
    }
}

/// What goes under the box; also the answer to the box while someone types.
pub fn found(answer: &Answer, today: &str) -> Markup {
    match answer {
        Answer::Start => html! {},
        Answer::TooShort(query) => results(query, &Found::TooShort),
        Answer::Failed(_, note) => note.clone(),
        Answer::Commands(query, hits) => results(query, &Found::Commands(hits)),
        Answer::Codes(query, hits) => results(query, &Found::Codes(hits)),
        Answer::People(query, found) => {
            let hits: Vec<Hit> =
                found.people.iter().take(SHOWN).map(|person| model::hit(person, query, today)).collect();
            let shown = match (hits.len(), found.more) {
                (0, _) => Found::Nothing,
                (_, true) => Found::TooMany(&hits),
                _ => Found::Hits(&hits),
            };
            html! { (results(query, &shown)) @if let Some(note) = &found.note { p .hits-note { (note) } }
                @if hits.is_empty() && found.may_register { (send_on("/dang-ky/quet", "Đăng ký người này", found.scanned)) }
            }
        }
    }
}

/// For an account whose roles open no page.
pub fn nothing_to_do() -> Markup {
    html! {
        (card::page_title("Chưa có việc nào", html! {}, html! {}))
        (card::column(card::Card::new("chua-co", "Vai trò của bạn chưa mở trang nào").padded(state::empty(
            "Chưa có trang nào cho vai trò này.",
            "Cần thêm vai trò thì báo người giữ tài khoản của đơn vị (cán bộ CNTT).",
            card::link_button("/tai-khoan", html! { "Tài khoản của tôi" }),
        ))))
    }
}

fn help() -> Markup {
    let rows: [(&str, &str); 8] = [
        ("nguyen thi lanh 1986", "tên không cần dấu, thêm năm sinh để thu hẹp"),
        ("Lò Thị Lả", "gõ đủ dấu thì tên đúng dấu lên trước"),
        ("012190001234", "số định danh cá nhân (căn cước), hoặc số CMND cũ"),
        ("DN4121234567890", "thẻ BHYT, hoặc 10 số cuối là mã số BHXH"),
        ("0912345678", "số điện thoại"),
        ("> dang ky", "lệnh: mở trang, bắt đầu một việc"),
        ("# dai thao duong", "mã bệnh ICD-10, xã phường cũ và mới; gõ mã hoặc tên"),
        ("quét thẻ", "quét mã QR trên căn cước hoặc thẻ BHYT ở bất kỳ trang nào"),
    ];
    card::Card::new("cach-tim", "Có thể tìm bằng").flush(html! {
        (card::rows(rows.iter().map(|(typed, words)| html! { b { (typed) } span .sub { (words) } })))
        (state::empty_line("Bấm / hoặc Ctrl K ở bất kỳ trang nào để về ô tìm; ↑ ↓ chọn người, Enter mở hồ sơ."))
    })
}
