//! TOML documents: read into structs that refuse unknown keys, with the line of what is wrong.

use serde::de::DeserializeOwned;
use toml::value::Datetime;
use yba_fhir::Day;

use crate::problem::Report;
use crate::source::Source;

/// Reads a document; a fault is reported with its line and gives `None`.
pub(crate) fn read<T: DeserializeOwned>(source: &Source, report: &mut Report) -> Option<T> {
    match toml::from_str(&source.text) {
        Ok(value) => Some(value),
        Err(error) => {
            let line = error.span().map_or(0, |span| line_at(&source.text, span.start));
            report.add(&source.path, line, format!("không đọc được: {}", error.message()));
            None
        }
    }
}

/// The line, from 1, of a byte position.
pub(crate) fn line_at(text: &str, at: usize) -> u32 {
    text.as_bytes().iter().take(at).filter(|byte| **byte == b'\n').count() as u32 + 1
}

/// The line of a value that remembers where it stood.
pub(crate) fn line_of<T>(source: &Source, value: &toml::Spanned<T>) -> u32 {
    line_at(&source.text, value.span().start)
}

/// A TOML local date as a day; a time of day or a zone is a fault of the author.
pub(crate) fn day(source: &Source, value: &toml::Spanned<Datetime>, report: &mut Report) -> Option<Day> {
    let plain = value.as_ref();
    let day = match (plain.date, plain.time, plain.offset) {
        (Some(date), None, None) => {
            i16::try_from(date.year).ok().and_then(|year| Day::new(year, date.month as i8, date.day as i8))
        }
        _ => None,
    };
    if day.is_none() {
        report.add(&source.path, line_of(source, value), "cần một ngày dạng 2025-01-31");
    }
    day
}
