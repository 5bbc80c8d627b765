//! The chart card: its title says what is found, the period stands at its right, and the same values as a table are one key
//! away.

use crate::card::Card;
use crate::state;
use crate::table::Table;
use crate::trend::{Trend, trend};
use maud::{Markup, html};

/// What a chart shows.
pub struct Chart<'a> {
    pub id: &'a str,
    /// The finding: «HbA1c tăng từ 7,1 lên 8,1 %».
    pub title: &'a str,
    pub period: &'a str,
    pub trend: Trend<'a>,
    /// The same as a table: day, value.
    pub values: &'a [(String, String)],
}

pub fn chart(c: &Chart) -> Markup {
    let table = Table { caption: c.title, heads: &[("Ngày", false), ("Giá trị", true)], stack: false };
    Card::new(c.id, c.title).aside(html! { (c.period) }).flush(html! {
        @if c.values.is_empty() { (state::empty_line("Chưa có lần đo nào trong khoảng này.")) }
        @else {
            div .body.wide-chart { (trend(&c.trend)) }
            details .fold { summary { "Xem dạng bảng" } (table.draw(html! { @for (day, value) in c.values { tr { th scope="row" { (day) } td .num { (value) } } } }, html! {})) }
        }
    })
}

pub fn sample() -> Markup {
    use crate::trend::Point;
    let measured = [7.1, 7.4, 7.2, 8.1];
    let points: Vec<Point> = (0..)
        .zip(measured)
        .map(|(at, value)| Point { day: at * 90, value, source: 0, abnormal: value > 7.0 })
        .collect();
    let values: Vec<(String, String)> = ["12/02/2026", "13/05/2026", "11/08/2026", "09/11/2026"]
        .into_iter()
        .zip(["7,1", "7,4", "7,2", "8,1"])
        .map(|(day, value)| (day.to_owned(), value.to_owned()))
        .collect();
    let drawn = |points| Trend {
        label: "HbA1c từ 12/02/2026 đến 09/11/2026, 4 lần đo, gần nhất 8,1 %, cao.",
        points,
        low: None,
        high: Some(7.0),
    };
    html! {
        (chart(&Chart { id: "mau-do-thi", title: "HbA1c tăng từ 7,1 lên 8,1 %", period: "12 tháng", trend: drawn(&points), values: &values }))
        (chart(&Chart { id: "mau-do-thi-trong", title: "Creatinin", period: "12 tháng", trend: drawn(&[]), values: &[] }))
    }
}
