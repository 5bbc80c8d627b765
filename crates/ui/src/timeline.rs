//! The timeline: what happened, newest first, grouped by year, each item with where it came from.

use crate::{format, hx};
use maud::{Markup, html};

/// How an item is marked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    Visit,
    Stay,
    Emergency,
    Dose,
}

/// One item. `line` and `origin` are short texts; `href` leads to the detail.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    pub date: String,
    pub mark: Mark,
    pub kind: String,
    pub title: String,
    pub line: String,
    pub origin: String,
    pub href: Option<String>,
}

/// A filter by kind: a plain link.
#[derive(Debug, Clone, PartialEq)]
pub struct Filter {
    pub href: String,
    pub word: String,
    pub count: usize,
    pub current: bool,
}

/// Filters above a timeline; `target` is the element they replace.
pub fn filters(list: &[Filter], target: &str) -> Markup {
    html! {
        nav .filters aria-label="Lọc diễn tiến" {
            @for filter in list {
                (hx::filter_link(&filter.href, target, filter.current, &html! { (filter.word) " " (format::count(filter.count)) }))
            }
        }
    }
}

/// Items under headings of years. `after` is the year that already stands above, when this continues a list.
pub fn events(list: &[Event], after: Option<i32>) -> Markup {
    let years: Vec<Option<i32>> = list.iter().map(|event| format::year(&event.date)).collect();
    html! {
        @for (at, event) in list.iter().enumerate() {
            @let before = if at == 0 { after } else { years[at - 1] };
            @if years[at] != before || (at == 0 && after.is_none()) {
                h3 .year { @if let Some(year) = years[at] { (year) } @else { "Không rõ năm" } }
            }
            (item(event))
        }
    }
}

fn item(event: &Event) -> Markup {
    let class = match event.mark {
        Mark::Visit => "event",
        Mark::Stay => "event stay",
        Mark::Emergency => "event emergency",
        Mark::Dose => "event dose",
    };
    html! {
        article class=(class) {
            time datetime=(event.date.get(..10).unwrap_or(&event.date)) { (format::day_month(&event.date)) }
            span .mark {}
            div .what {
                @match &event.href {
                    Some(href) => a .title href=(href) { (event.title) },
                    None => span .title { (event.title) },
                }
                p .line { (event.kind) @if !event.line.is_empty() { " · " (event.line) } }
                p .origin { (event.origin) }
            }
        }
    }
}

pub fn sample() -> Markup {
    let event = |date: &str, mark, kind: &str, title: &str, line: &str, origin: &str| Event {
        date: date.into(),
        mark,
        kind: kind.into(),
        title: title.into(),
        line: line.into(),
        origin: origin.into(),
        href: Some("#".into()),
    };
    let list = [
        event(
            "2026-08-12",
            Mark::Visit,
            "Khám bệnh",
            "Đái tháo đường típ 2",
            "3 thuốc · 4 xét nghiệm",
            "TTYT huyện Tam Đường",
        ),
        event(
            "2026-05-03",
            Mark::Emergency,
            "Cấp cứu",
            "Hạ đường huyết",
            "nằm lưu 6 giờ",
            "Bệnh viện đa khoa tỉnh",
        ),
        event("2025-10-20", Mark::Dose, "Tiêm chủng", "Cúm mùa mũi 1", "", "Trạm y tế xã Bản Bo"),
        event(
            "2025-02-11",
            Mark::Stay,
            "Nội trú",
            "Viêm phổi không xác định tác nhân gây bệnh, theo dõi suy hô hấp",
            "5 ngày",
            "Bệnh viện đa khoa tỉnh",
        ),
    ];
    let filter = |word: &str, count, current| Filter { href: "#".into(), word: word.into(), count, current };
    html! {
        div .card #mau-dien-tien {
            (filters(&[filter("Tất cả", 4, true), filter("Khám", 1, false), filter("Nội trú", 1, false)], "mau-dien-tien"))
            (events(&list, None))
            (hx::more_link("mau-them", "#", "Xem thêm 12 mục cũ hơn"))
        }
    }
}
