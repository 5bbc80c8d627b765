//! The one search box and its results: people, and behind `>` commands, behind `#` codes. A combobox while script runs, a
//! form and a list of links otherwise.

use crate::icon::icon;
use crate::{format, hx};
use maud::{Markup, html};

const PLACEHOLDER: &str = "Tìm người: tên, năm sinh, số giấy tờ… · > lệnh · # mã";

/// Where the box stands: in the top bar, with results floating under it; or on the search page itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    Bar,
    Page,
    /// On the search page, where the answer holds what one goes on with.
    Answered,
}

/// The box with its results. `action` is the address the form posts to; `results` what is already found.
pub fn search_box(place: Place, action: &str, value: &str, results: Markup) -> Markup {
    let big = place != Place::Bar;
    html! {
        form #tim .search .big[big] role="search" method="post" action=(action) {
            label .sr for="q" { "Tìm người, lệnh, mã" }
            div .line {
                (icon("search"))
                (hx::search_input(action, value, PLACEHOLDER, place == Place::Page))
                @if big { button .btn.main type="submit" { "Tìm" } } @else { kbd aria-hidden="true" { "Ctrl K" } button type="submit" hidden {} }
            }
            p #q-tin .sr role="status" {}
            div #ket-qua .results { (results) }
        }
    }
}

/// One line: a person, a command or a code. `name` is cut into pieces; `true` marks what matched.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Hit {
    pub href: String,
    pub name: Vec<(bool, String)>,
    /// First line under the name: year, sex, place.
    pub about: Vec<String>,
    /// Second line: masked numbers, insurance.
    pub papers: Vec<String>,
    /// At the right of the name.
    pub side: String,
}

/// A button under the results that sends what stands in the box elsewhere: there is nobody, so register them.
pub fn send_on(action: &str, word: &str, first: bool) -> Markup {
    html! { p .hits-act { button .btn.main type="submit" formaction=(action) autofocus[first] { (word) } } }
}

/// What a search answers.
pub enum Found<'a> {
    Hits(&'a [Hit]),
    /// More people match than are shown.
    TooMany(&'a [Hit]),
    TooShort,
    Nothing,
    Commands(&'a [Hit]),
    Codes(&'a [Hit]),
}

/// Results for `query`; the first is preselected.
pub fn results(query: &str, found: &Found) -> Markup {
    let head = match found {
        Found::Hits(hits) => format!("{} người", format::count(hits.len())),
        Found::TooMany(hits) => format!(
            "Hơn {} người. Gõ thêm tên, năm sinh hoặc số giấy tờ để thu hẹp.",
            format::count(hits.len())
        ),
        Found::Commands([]) => "Không có lệnh nào như vậy. Gõ > để thấy mọi lệnh.".into(),
        Found::Commands(hits) => format!("{} lệnh", format::count(hits.len())),
        Found::Codes([]) => "Không có mã nào như vậy. Gõ mã (#E11) hoặc tên (#dai thao duong).".into(),
        Found::Codes(hits) => format!("{} mã", format::count(hits.len())),
        Found::TooShort => "Gõ ít nhất 2 ký tự.".into(),
        Found::Nothing => {
            "Không tìm thấy ai. Thử bớt chữ, chỉ năm sinh, hoặc số định danh, số thẻ BHYT, điện thoại.".into()
        }
    };
    html! {
        p .hits-head data-q=(query) { (head) }
        @if let Found::Hits(hits @ [_, ..]) | Found::TooMany(hits) | Found::Commands(hits @ [_, ..]) | Found::Codes(hits @ [_, ..]) = found {
            div #ket-qua-ds role="listbox" aria-label="Kết quả tìm" {
                @for (at, hit) in hits.iter().enumerate() { (option(at, hit)) }
            }
        }
    }
}

/// The same lines as plain links, outside of the box.
pub fn lines(hits: &[Hit]) -> Markup {
    html! { ul .hits { @for hit in hits { li { a .hit href=(hit.href) { (parts(hit)) } } } } }
}

fn option(at: usize, hit: &Hit) -> Markup {
    html! {
        a .hit id={ "kq-" (at) } role="option" aria-selected=(if at == 0 { "true" } else { "false" }) href=(hit.href) {
            (parts(hit))
        }
    }
}

fn parts(hit: &Hit) -> Markup {
    html! {
        span .name { @for (matched, piece) in &hit.name { @if *matched { mark { (piece) } } @else { (piece) } } }
        span .side.top { (hit.side) }
        span .more { (hit.about.join(" · ")) }
        span .side { (hit.papers.join(" · ")) }
    }
}

pub fn sample() -> Markup {
    let hit = |name: &[(bool, &str)], about: &[&str], papers: &[&str], side: &str| Hit {
        href: "#".into(),
        name: name.iter().map(|(matched, piece)| (*matched, (*piece).to_string())).collect(),
        about: about.iter().map(|text| (*text).to_string()).collect(),
        papers: papers.iter().map(|text| (*text).to_string()).collect(),
        side: side.to_string(),
    };
    let hits = [
        hit(
            &[(false, "Huỳnh "), (true, "Ngọc"), (false, " Ẩn")],
            &["1979", "Nam", "Xã Bản Bo, Lai Châu"],
            &["CCCD ••••4821", "BHYT còn hạn"],
            "2 cơ sở",
        ),
        hit(
            &[(false, "Bùi Thị "), (true, "Ngọc"), (false, " Điệp")],
            &["1948", "Nữ", "Phường Tân Phong, Lai Châu"],
            &["CCCD ••••0117", "BHYT hết hạn"],
            "1 cơ sở",
        ),
    ];
    let commands = [hit(&[(false, "Đăng ký người bệnh")], &["Hồ sơ"], &[], "g n")];
    let codes = [hit(&[(false, "E11 Bệnh đái tháo đường không phụ thuộc insuline")], &["ICD-10"], &[], "")];
    html! {
        div .search.big {
            div .results { (results("ngoc", &Found::Hits(&hits))) }
            div .results { (results(">dang", &Found::Commands(&commands))) }
            div .results { (results("#E11", &Found::Codes(&codes))) }
            div .results { (results("n", &Found::TooShort)) }
            div .results { (results("xyz", &Found::Nothing)) }
        }
    }
}
