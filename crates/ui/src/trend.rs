//! A small chart of one measurement over time, drawn on the server.
//!
//! The picture is for a glance: a sentence is its label, the table beside it holds the values. Facilities
//! are told apart by the shape of their points, abnormal values by colour and by the arrow in the table.

use crate::format;
use maud::{Markup, html};

/// One measured point.
#[derive(Debug, Clone, PartialEq)]
pub struct Point {
    /// Days since 1970-01-01.
    pub day: i64,
    pub value: f64,
    /// Which facility, as an index that [`legend`] names; shapes repeat after the sixth.
    pub source: usize,
    pub abnormal: bool,
}

/// What is drawn. Points are in the order of time.
pub struct Trend<'a> {
    pub label: &'a str,
    pub points: &'a [Point],
    pub low: Option<f64>,
    pub high: Option<f64>,
}

const WIDTH: f64 = 150.0;
const HEIGHT: f64 = 44.0;
const EDGE: f64 = 5.0;

/// The chart; nothing when there are fewer than two points.
pub fn trend(t: &Trend) -> Markup {
    if t.points.len() < 2 {
        return html! {};
    }
    let scale = Scale::of(t);
    let path: String =
        t.points.iter().map(|p| format!("{:.1},{:.1} ", scale.x(p.day), scale.y(p.value))).collect();
    html! {
        svg .trend role="img" aria-label=(t.label) viewBox={ "0 0 " (WIDTH) " " (HEIGHT) } {
            (band(t, &scale))
            polyline .path points=(path.trim_end()) {}
            @for point in t.points {
                (shape(point.source, scale.x(point.day), scale.y(point.value), point.abnormal))
            }
        }
    }
}

fn band(t: &Trend, scale: &Scale) -> Markup {
    let top = t.high.map_or(0.0, |high| scale.y(high)).clamp(0.0, HEIGHT);
    let bottom = t.low.map_or(HEIGHT, |low| scale.y(low)).clamp(0.0, HEIGHT);
    html! {
        @if t.low.is_some() || t.high.is_some() {
            rect .band x="0" y=(px(top)) width=(WIDTH) height=(px((bottom - top).max(0.0))) {}
            @for limit in [t.high.map(|_| top), t.low.map(|_| bottom)].into_iter().flatten() {
                line .limit x1="0" x2=(WIDTH) y1=(px(limit)) y2=(px(limit)) {}
            }
        }
    }
}

struct Scale {
    day: (f64, f64),
    value: (f64, f64),
}

impl Scale {
    /// Holds all points, and the near limits of the range so that "how far out" can be seen.
    fn of(t: &Trend) -> Scale {
        let values = || t.points.iter().map(|p| p.value).chain(t.low).chain(t.high);
        let (min, max) = values().fold((f64::MAX, f64::MIN), |(min, max), v| (min.min(v), max.max(v)));
        let first = t.points.first().map_or(0, |p| p.day) as f64;
        let last = t.points.last().map_or(0, |p| p.day) as f64;
        Scale { day: (first, (last - first).max(1.0)), value: (min, (max - min).max(f64::EPSILON)) }
    }

    fn x(&self, day: i64) -> f64 {
        EDGE + (day as f64 - self.day.0) / self.day.1 * (WIDTH - 2.0 * EDGE)
    }

    fn y(&self, value: f64) -> f64 {
        HEIGHT - EDGE - (value - self.value.0) / self.value.1 * (HEIGHT - 2.0 * EDGE)
    }
}

fn px(value: f64) -> String {
    format!("{value:.1}")
}

fn shape(source: usize, x: f64, y: f64, out: bool) -> Markup {
    let class = if out { "pt out" } else { "pt" };
    let polygon = |corners: &[(f64, f64)]| {
        let points: String = corners.iter().map(|(dx, dy)| format!("{:.1},{:.1} ", x + dx, y + dy)).collect();
        html! { polygon class=(class) points=(points.trim_end()) {} }
    };
    match source % 6 {
        0 => html! { circle class=(class) cx=(px(x)) cy=(px(y)) r="3.2" {} },
        1 => html! { rect class=(class) x=(px(x - 2.9)) y=(px(y - 2.9)) width="5.8" height="5.8" {} },
        2 => polygon(&[(0.0, -3.8), (3.7, 2.8), (-3.7, 2.8)]),
        3 => polygon(&[(0.0, -4.2), (4.2, 0.0), (0.0, 4.2), (-4.2, 0.0)]),
        4 => polygon(&[(0.0, 3.8), (3.7, -2.8), (-3.7, -2.8)]),
        _ => polygon(&[
            (-1.3, -4.0),
            (1.3, -4.0),
            (1.3, -1.3),
            (4.0, -1.3),
            (4.0, 1.3),
            (1.3, 1.3),
            (1.3, 4.0),
            (-1.3, 4.0),
            (-1.3, 1.3),
            (-4.0, 1.3),
            (-4.0, -1.3),
            (-1.3, -1.3),
        ]),
    }
}

/// Which shape is which facility.
pub fn legend(names: &[String]) -> Markup {
    html! {
        ul .legend aria-label="Ký hiệu điểm theo cơ sở" {
            @for (at, name) in names.iter().enumerate() {
                li { svg viewBox="0 0 10 10" aria-hidden="true" { (shape(at, 5.0, 5.0, false)) } (name) }
            }
        }
    }
}

/// The sentence for a chart: «HbA1c: 5 lần đo từ 12/08/2024 đến 14/11/2026, gần nhất 8,1 %, cao».
pub fn sentence(name: &str, dates: (&str, &str), count: usize, last: &str, word: &str) -> String {
    let mut text = format!(
        "{name}: {count} lần đo từ {} đến {}, gần nhất {last}",
        format::date(dates.0),
        format::date(dates.1)
    );
    if !word.is_empty() {
        text.push_str(", ");
        text.push_str(word);
    }
    text
}

pub fn sample() -> Markup {
    let points: Vec<Point> = [7.1, 7.4, 7.6, 7.2, 7.9, 8.3, 7.7, 8.1]
        .into_iter()
        .enumerate()
        .map(|(at, value)| Point { day: at as i64 * 90, value, source: at % 6, abnormal: value > 7.5 })
        .collect();
    let label = sentence("HbA1c", ("2024-08-12", "2026-11-14"), points.len(), "8,1 %", "cao");
    html! {
        (trend(&Trend { label: &label, points: &points, low: None, high: Some(7.5) }))
        (legend(&["BVĐK tỉnh".into(), "TTYT Tam Đường".into(), "Trạm Bản Bo".into(), "BV Phổi".into(), "TTYT Sìn Hồ".into(), "CDC".into()]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_point_draws_nothing_and_equal_points_do_not_divide_by_zero() {
        let point = |day| Point { day, value: 5.0, source: 0, abnormal: false };
        assert!(trend(&Trend { label: "", points: &[point(1)], low: None, high: None }).0.is_empty());
        let svg = trend(&Trend { label: "x", points: &[point(1), point(1)], low: None, high: None }).0;
        assert!(svg.contains("polyline") && !svg.contains("NaN") && !svg.contains("inf"), "{svg}");
    }
}
