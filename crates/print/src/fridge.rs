//! A month of the vaccine fridge as a sheet: what a template reads.

use crate::paper::Place;
use yba_fhir::Day;
use yba_fhir::json::{Value, json};
use yba_ui::format;

/// The sheet of a month.
pub struct Month<'m> {
    pub title: &'m str,
    /// The first day of the month.
    pub first: Day,
    pub place: Place,
    /// °C, as content writes them.
    pub low: &'m str,
    pub high: &'m str,
    /// Slugs and titles of the readings of a day: `sang`, `Sáng`.
    pub slots: Vec<(&'m str, &'m str)>,
    /// In their order.
    pub readings: Vec<Reading<'m>>,
    /// Numbers of laws.
    pub basis: Vec<String>,
    pub uncertain: &'m str,
}

/// One look at the thermometer.
pub struct Reading<'r> {
    pub day: Day,
    /// A slug of the slots; any other was read beside them.
    pub slot: &'r str,
    pub celsius: f64,
    /// Its digits, with a point.
    pub digits: &'r str,
    /// When it was written (ISO), and by whom.
    pub at: &'r str,
    pub by: &'r str,
    pub note: &'r str,
    pub strays: Strays,
}

/// How a temperature lies to its limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Strays {
    No,
    Cold,
    Warm,
}

impl Strays {
    fn code(self) -> &'static str {
        match self {
            Strays::No => "",
            Strays::Cold => "low",
            Strays::Warm => "high",
        }
    }
}

/// What a template reads, as docs/vi/noi-dung.md describes it: every day of the month, whether or not anything was read.
pub fn data(month: &Month) -> Value {
    let last = month.first.plus_months(1).plus_days(-1);
    let days = (0..i64::from(last.day())).map(|at| day(month, month.first.plus_days(at)));
    let days: Vec<Value> = days.collect();
    let slots: Vec<&str> = month.slots.iter().map(|(_, title)| *title).collect();
    let by_warmth = |one: &&Reading, other: &&Reading| one.celsius.total_cmp(&other.celsius);
    let extreme = |found: Option<&Reading>| found.map(|one| extreme(month, one)).unwrap_or_default();
    let strayed = month.readings.iter().filter(|one| one.strays != Strays::No).count();
    json!({
        "title": month.title, "month": format!("{:02}/{}", month.first.month(), month.first.year()).as_str(),
        "first": format::date(&month.first.to_string()), "last": format::date(&last.to_string()),
        "place": month.place.data(), "low": format::number(month.low), "high": format::number(month.high),
        "slots": slots, "days": days, "count": month.readings.len(), "strayed": strayed,
        "lowest": extreme(month.readings.iter().min_by(by_warmth)),
        "highest": extreme(month.readings.iter().max_by(by_warmth)),
        "basis": month.basis, "uncertain": month.uncertain,
    })
}

fn extreme(month: &Month, one: &Reading) -> String {
    let (day, number) = (one.day.day(), one.day.month());
    format!("{} ({} {day:02}/{number:02})", celsius(one), slot(month, one).to_lowercase())
}

fn day(month: &Month, day: Day) -> Value {
    let of_day = || month.readings.iter().filter(move |one| one.day == day);
    // Of one time of a day the last word counts, as on the page.
    let cell = |slug: &str| {
        let read = of_day().rfind(|one| one.slot == slug);
        read.map_or_else(|| json!({"at": "", "celsius": "", "by": "", "strays": ""}), cell)
    };
    let cells: Vec<Value> = month.slots.iter().map(|(slug, _)| cell(slug)).collect();
    let more: Vec<String> = of_day().filter_map(|one| told(month, one)).collect();
    json!({"day": format!("{:02}", day.day()).as_str(), "cells": cells, "more": more})
}

fn cell(one: &Reading) -> Value {
    json!({"at": clock(one.at), "celsius": format::number(one.digits), "by": one.by, "strays": one.strays.code()})
}

/// What must be said of a reading in words: that it strayed, what was done, that it was read again.
fn told(month: &Month, one: &Reading) -> Option<String> {
    let is_again = month.slots.iter().all(|(slug, _)| *slug != one.slot);
    let strays = match one.strays {
        Strays::No => "",
        Strays::Cold => ", lạnh quá",
        Strays::Warm => ", nóng quá",
    };
    if !is_again && strays.is_empty() && one.note.is_empty() {
        return None;
    }
    let mut words = slot(month, one).to_owned();
    if is_again {
        words += &format!(" lúc {}: {}", clock(one.at), celsius(one));
        if !one.by.is_empty() {
            words += &format!(" ({})", one.by);
        }
    } else if !strays.is_empty() {
        words += &format!(": {}", celsius(one));
    }
    words += strays;
    if !one.note.is_empty() {
        words += &format!(": {}", one.note);
    }
    Some(words)
}

fn slot<'m>(month: &Month<'m>, one: &Reading) -> &'m str {
    month.slots.iter().find(|(slug, _)| *slug == one.slot).map_or("Đo lại", |(_, title)| title)
}

fn celsius(one: &Reading) -> String {
    format::quantity(one.digits, "°C")
}

/// `09:41` of an ISO instant.
fn clock(at: &str) -> String {
    format::date_time(at).split(' ').nth(1).unwrap_or_default().to_owned()
}

/// An invented month, for examples: of so many days it was read.
pub(crate) fn example(place: Place, _: &Value, days: usize) -> Value {
    let first = Day::new(2026, 3, 1).expect("it is a day");
    let instants: Vec<(Day, String, String)> = (0..days.min(31))
        .map(|at| {
            let day = first.plus_days(at as i64);
            (day, format!("{day}T07:{:02}:00+07:00", 10 + at), format!("{day}T16:{:02}:00+07:00", 5 + at))
        })
        .collect();
    let digits = ["4.5", "5", "4", "3.5", "5.2", "6"];
    let mut readings = Vec::new();
    for (at, (day, morning, evening)) in instants.iter().enumerate() {
        let by = if at % 7 < 5 { "Giàng Thị Mẫu" } else { "Lò Văn Thử" };
        let read = |slot, at: usize, when| Reading {
            day: *day,
            slot,
            celsius: digits[at % 6].parse().unwrap_or_default(),
            digits: digits[at % 6],
            at: when,
            by,
            note: "",
            strays: Strays::No,
        };
        readings.push(read("sang", at, morning));
        match at {
            11 => {
                let note = "Mất điện từ 13 giờ; đã chuyển vắc xin sang hòm lạnh có bình tích lạnh, đặt nhiệt kế kèm theo, gọi người phụ trách dây chuyền lạnh";
                readings.push(Reading {
                    celsius: 9.5,
                    digits: "9.5",
                    note,
                    strays: Strays::Warm,
                    ..read("chieu", at, evening)
                });
                readings.push(Reading {
                    note: "Có điện lại, tủ đã ổn định", ..read("do-lai", at, evening)
                });
            }
            19 => {
                let note = "Chỉnh nút nhiệt độ, làm nghiệm pháp lắc";
                readings.push(Reading {
                    celsius: -0.5,
                    digits: "-0.5",
                    note,
                    strays: Strays::Cold,
                    ..read("chieu", at, evening)
                });
            }
            _ => readings.push(read("chieu", at + 1, evening)),
        }
    }
    data(&Month {
        title: "Phiếu theo dõi nhiệt độ tủ lạnh",
        first,
        place,
        low: "2",
        high: "8",
        slots: vec![("sang", "Sáng"), ("chieu", "Chiều")],
        readings,
        basis: vec!["13/2026/TT-BYT".into()],
        uncertain: "",
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use yba_fhir::json::{JsonContainerTrait, JsonValueTrait};

    #[test]
    fn every_day_stands_and_what_strayed_says_what_was_done() {
        let place = Place::default();
        let told = example(place.clone(), &Value::default(), 20);
        let days = told["days"].as_array().expect("days");
        assert_eq!((days.len(), told["count"].as_u64(), told["strayed"].as_u64()), (31, Some(41), Some(2)));
        assert_eq!(told["highest"].as_str(), Some("9,5\u{202f}°C (chiều 12/03)"));
        assert_eq!(told["lowest"].as_str(), Some("−0,5\u{202f}°C (chiều 20/03)"));
        let more = days[11]["more"].as_array().expect("words");
        assert!(
            more[0].as_str().is_some_and(|one| one.starts_with("Chiều: 9,5\u{202f}°C, nóng quá: Mất điện")),
            "{more:?}"
        );
        assert_eq!(
            more[1].as_str(),
            Some("Đo lại lúc 16:16: 6\u{202f}°C (Giàng Thị Mẫu): Có điện lại, tủ đã ổn định")
        );
        assert_eq!(days[30]["cells"][0]["celsius"].as_str(), Some(""));
        let none = example(place, &Value::default(), 0);
        assert_eq!((none["lowest"].as_str(), none["count"].as_u64()), (Some(""), Some(0)));
    }
}
