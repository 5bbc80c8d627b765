//! Measurements over all facilities: laboratory series with their trend, and the latest vital signs.
//!
//! A series is one test by its LOINC code, so that two hospitals' local codes meet; without LOINC by the
//! local code, else by name. Only values in the unit of the latest one are drawn together.

use super::older::Older;
use super::ranges::Ranges;
use super::read::{self, Places};
use std::borrow::Cow;
use std::collections::HashMap;
use yba_fhir::json::{JsonValueTrait, Value, items, str_at};
use yba_fhir::text::fold;
use yba_ui::result::Flag;
use yba_ui::trend::Point;
use yba_ui::{format, vitals::Vital};

/// Points drawn at most, so that shapes stay apart; older values stay in the list.
const POINTS_MAX: usize = 16;
/// Values listed under a test; older ones stand in their visits.
pub const VALUES_MAX: usize = 20;

/// One test with its newest values, newest first.
#[derive(Debug, Clone, PartialEq)]
pub struct Lab {
    pub name: String,
    pub loinc: String,
    pub values: Vec<Measured>,
    /// How often it was measured, ever, and when first.
    pub count: usize,
    pub since: String,
    /// What can be drawn, oldest first.
    pub points: Vec<Point>,
    pub low: Option<f64>,
    pub high: Option<f64>,
}

/// One measured value.
#[derive(Debug, Clone, PartialEq)]
pub struct Measured {
    pub date: String,
    /// Decimal token or text.
    pub value: String,
    pub unit: String,
    pub flag: Flag,
    /// Reference range as text.
    pub range: String,
    /// The range is our catalogue's, because the laboratory gave none.
    pub general: bool,
    /// Index into the list of facilities.
    pub place: usize,
    limits: (Option<f64>, Option<f64>),
}

/// What belongs to one test, before its values are read.
struct Series<'a> {
    loinc: &'a str,
    concept: &'a Value,
    /// Date, facility, observation.
    taken: Vec<(&'a str, usize, &'a Value)>,
    /// How many older ones there are besides, and the date of the first.
    older: usize,
    since: &'a str,
}

/// Series of laboratory tests, newest first; and the facilities in the order of their shapes.
pub fn of<'a>(
    found: impl Iterator<Item = &'a Value>,
    places: &Places<'a>,
    ranges: &Ranges,
    older: &'a Older,
) -> (Vec<Lab>, Vec<String>) {
    let mut names: Vec<&str> = Vec::new();
    let mut series: HashMap<Cow<'a, str>, Series<'a>> = HashMap::new();
    for one in found.filter(|one| !is_no_lab(one)) {
        let Some(concept) = one.get("code") else { continue };
        let name = places.name(one);
        // Few facilities, and mostly the same one as before: quicker than hashing a long name.
        let known = names.iter().position(|have| std::ptr::eq(*have, name) || *have == name);
        let place = known.unwrap_or_else(|| {
            names.push(name);
            names.len() - 1
        });
        let loinc = read::code_in(concept, read::LOINC).unwrap_or("");
        let own = series.entry(key(concept, loinc)).or_insert_with(|| Series {
            loinc,
            concept,
            taken: Vec::new(),
            older: 0,
            since: "",
        });
        own.taken.push((read::when(one), place, one));
    }
    for one in &older.tests {
        let loinc = read::code_in(&one.concept, read::LOINC).unwrap_or("");
        if let Some(own) = series.get_mut(&key(&one.concept, loinc)) {
            own.older += one.count;
            own.since = if own.since.is_empty() { &one.since } else { own.since.min(&one.since) };
        }
    }
    let mut labs: Vec<Lab> =
        series.into_values().map(|own| lab(own, ranges)).filter(|lab| !lab.values.is_empty()).collect();
    // Newest day first, what is abnormal first within a day.
    let abnormal = |lab: &Lab| lab.values.first().is_some_and(|value| value.flag.is_abnormal());
    labs.sort_by(|a, b| {
        (day(b), abnormal(b))
            .cmp(&(day(a), abnormal(a)))
            .then_with(|| (&a.name, &a.loinc).cmp(&(&b.name, &b.loinc)))
    });
    (labs, names.into_iter().map(str::to_string).collect())
}

/// Reads the newest values of a series; of a long one the rest is only counted.
fn lab(mut series: Series, ranges: &Ranges) -> Lab {
    series.taken.sort_by(|a, b| b.0.cmp(a.0));
    let read = series
        .taken
        .iter()
        .filter_map(|(_, place, one)| Some(Measured { place: *place, ..measure(one, ranges)? }));
    let values: Vec<Measured> = read.take(VALUES_MAX).collect();
    let first = series.taken.last().map_or("", |(when, ..)| when);
    let first = if series.older == 0 { first } else { first.min(series.since) };
    let latest = series.taken.first().and_then(|(_, _, one)| one.get("code")).unwrap_or(series.concept);
    finish(Lab {
        name: read::words(latest),
        loinc: series.loinc.to_string(),
        count: if values.len() < VALUES_MAX && series.older == 0 {
            values.len()
        } else {
            series.taken.len() + series.older
        },
        since: first.to_string(),
        values,
        points: Vec::new(),
        low: None,
        high: None,
    })
}

fn key<'a>(concept: &'a Value, loinc: &'a str) -> Cow<'a, str> {
    match (loinc, read::code(concept)) {
        ("", Some(code)) => Cow::Owned(format!("{}|{}", fold(&read::words(concept)), code)),
        ("", None) => Cow::Owned(fold(&read::words(concept))),
        (loinc, _) => Cow::Borrowed(loinc),
    }
}

fn day(lab: &Lab) -> &str {
    lab.values.first().map_or("", |value| value.date.get(..10).unwrap_or(&value.date))
}

/// Prepares the drawing of a series.
fn finish(mut lab: Lab) -> Lab {
    let Some(latest) = lab.values.first() else { return lab };
    let unit = latest.unit.clone();
    (lab.low, lab.high) = latest.limits;
    let drawn = lab.values.iter().filter(|value| value.unit.eq_ignore_ascii_case(&unit)).take(POINTS_MAX);
    lab.points = drawn
        .filter_map(|value| {
            Some(Point {
                day: format::day_number(&value.date)?,
                value: value.value.parse().ok()?,
                source: value.place,
                abnormal: value.flag.is_abnormal(),
            })
        })
        .collect();
    lab.points.reverse();
    lab
}

/// The value of an observation with its flag, against its own range or else the general one; `None` when it
/// holds no value.
pub fn measure(one: &Value, ranges: &Ranges) -> Option<Measured> {
    let quantity = one.get("valueQuantity");
    let (value, unit) = match quantity {
        Some(quantity) => {
            let comparator = str_at(quantity, &["comparator"]).unwrap_or("");
            (format!("{comparator}{}", read::value_of(quantity)?), read::unit_of(quantity).to_string())
        }
        None => (plain_value(one)?, String::new()),
    };
    let range = items(one, "referenceRange").next();
    let limit = |end: &str| range.and_then(|range| range.get(end)).and_then(read::value_of);
    let (mut low, mut high) = (limit("low"), limit("high"));
    let text = range.and_then(|range| str_at(range, &["text"]));
    let lent = match (&low, &high, text) {
        (None, None, None) => ranges.general(one),
        _ => None,
    };
    if let Some(lent) = lent {
        (low, high) = (lent.low.map(str::to_string), lent.high.map(str::to_string));
    }
    let limits = (number(low.as_deref()), number(high.as_deref()));
    Some(Measured {
        date: read::when(one).to_string(),
        flag: flag(one, number(Some(&value)), limits),
        value,
        unit,
        range: match format::range(low.as_deref(), high.as_deref()) {
            range if range.is_empty() => text.unwrap_or("").to_string(),
            range => range,
        },
        general: lent.is_some(),
        place: 0,
        limits,
    })
}

fn plain_value(one: &Value) -> Option<String> {
    if let Some(text) = str_at(one, &["valueString"]) {
        return Some(text.to_string());
    }
    if let Some(concept) = one.get("valueCodeableConcept") {
        return Some(read::words(concept));
    }
    if let Some(integer) = one.get("valueInteger") {
        return yba_fhir::json::number_text(integer);
    }
    one.get("valueBoolean")
        .and_then(|value| value.as_bool())
        .map(|yes| if yes { "Có" } else { "Không" }.to_string())
}

fn number(token: Option<&str>) -> Option<f64> {
    token.and_then(|token| token.parse().ok()).filter(|value: &f64| value.is_finite())
}

/// What the laboratory said; else the value against its own range. Text is never judged by us.
fn flag(one: &Value, value: Option<f64>, (low, high): (Option<f64>, Option<f64>)) -> Flag {
    if let Some(said) = items(one, "interpretation").find_map(read::code) {
        return Flag::from_code(said);
    }
    match value {
        Some(value) if low.is_some_and(|low| value < low) => Flag::Low,
        Some(value) if high.is_some_and(|high| value > high) => Flag::High,
        _ => Flag::Normal,
    }
}

/// LOINC codes of the vital-signs profile, with our words and order.
const VITALS: &[(&str, &str)] = &[
    ("8867-4", "Mạch"),
    ("85354-9", "HA"),
    ("8310-5", "T°"),
    ("9279-1", "Nhịp thở"),
    ("59408-5", "SpO₂"),
    ("2708-6", "SpO₂"),
    ("29463-7", "Nặng"),
    ("8302-2", "Cao"),
    ("39156-5", "BMI"),
];

fn vital_rank(one: &Value) -> Option<usize> {
    let code = read::code_in(one.get("code")?, read::LOINC)?;
    VITALS.iter().position(|(loinc, _)| *loinc == code)
}

/// Vital signs have their strip; findings of images are read in their visit.
fn is_no_lab(one: &Value) -> bool {
    let category = |one: &Value| {
        items(one, "category").find_map(read::code).is_some_and(|c| matches!(c, "vital-signs" | "imaging"))
    };
    vital_rank(one).is_some() || category(one)
}

/// The latest vital signs, each the newest of its kind, and the day of the newest.
pub fn vitals<'a>(found: impl Iterator<Item = &'a Value>, ranges: &Ranges) -> (Vec<Vital>, String) {
    let mut latest: Vec<Option<&Value>> = vec![None; VITALS.len()];
    for one in found {
        let Some(rank) = vital_rank(one) else { continue };
        if latest[rank].is_none_or(|have| read::when(have) < read::when(one)) {
            latest[rank] = Some(one);
        }
    }
    let newest = latest.iter().flatten().map(|one| read::when(one)).max().unwrap_or("").to_string();
    let cells =
        latest.iter().zip(VITALS).filter_map(|(one, (_, word))| vital((*one)?, word, ranges)).collect();
    (cells, newest)
}

fn vital(one: &Value, word: &str, ranges: &Ranges) -> Option<Vital> {
    let cell = |value: String, unit: &str, flag| Vital {
        name: word.to_string(),
        unit: match format::unit(unit).as_str() {
            "lần/phút" => "l/ph".to_string(),
            other => other.to_string(),
        },
        value,
        flag,
    };
    if let Some(measured) = measure(one, ranges) {
        return Some(cell(format::number(&measured.value), &measured.unit, measured.flag));
    }
    let pressure = pressure(one, ranges)?;
    Some(cell(pressure.value, &pressure.unit, pressure.flag))
}

/// A blood pressure as one value, «152/94»; its two halves are components (vital signs profile of R4).
pub fn pressure(one: &Value, ranges: &Ranges) -> Option<Measured> {
    let part = |code: &str| {
        let found = items(one, "component")
            .find(|part| part.get("code").and_then(|c| read::code_in(c, read::LOINC)) == Some(code))?;
        measure(found, ranges)
    };
    let (systolic, diastolic) = (part("8480-6")?, part("8462-4")?);
    let flag = if systolic.flag.is_abnormal() { systolic.flag } else { diastolic.flag };
    let value = format!("{}/{}", format::number(&systolic.value), format::number(&diastolic.value));
    Some(Measured { date: read::when(one).to_string(), value, flag, range: String::new(), ..systolic })
}
