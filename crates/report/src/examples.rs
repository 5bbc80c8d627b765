//! The examples that stand beside registers and reports, run by `yba content check`. No store is needed: what a record
//! gives and how rows are counted is pure.
//!
//! `registers/<slug>/examples/<name>.json` is `{"resources": […], "rows": […]}`: the rows in the order of days and records,
//! each with its `day` and the columns that have a value. `reports/<slug>/examples/<name>.json` is `{"resources": […],
//! "period": "2026-02", "facility": "…", "cells": {"row.column": 3}}`: every cell that is not named has 0 or nothing.
//! Examples belong to the newest edition.

use crate::library::Library;
use crate::period::Period;
use crate::piece::{Bare, Found, pieces};
use crate::reading::Key;
use crate::register::Register;
use crate::report::Report;
use crate::row::{Origin, Row};
use crate::running::Run;
use crate::tally::{ROWS_MAX, Tally, belongs};
use std::collections::BTreeMap;
use std::sync::Arc;
use yba_content::{Content, Example, Problem};
use yba_fhir::Outcome;
use yba_fhir::json::{
    JsonContainerTrait, JsonValueTrait, Value, items, json, number_text, ordered, str_at, to_string,
};
use yba_fhir::resource::{Limits, parse_json};
use yba_fhirpath::Decimal;
use yba_view::library::line_of;

/// What is wrong with an example, and the member it concerns: a path, or a name as it is written, in quotes.
type Wrong = (String, String);

impl Library {
    /// Runs every example of content; answers what is wrong, and which registers and reports have none.
    pub fn try_examples(&self, content: &Content) -> Vec<Problem> {
        let mut problems = Vec::new();
        for example in content.examples() {
            let done = match example.edition.split_once('/') {
                Some(("registers", slug)) => {
                    self.registers().find(|one| one.slug == slug).map(|one| rows_as_said(one, example))
                }
                Some(("reports", slug)) => {
                    self.reports().find(|one| one.slug == slug).map(|one| cells_as_said(one, example))
                }
                _ => continue,
            };
            let unknown = || Err(("không có định nghĩa cho ví dụ này".to_owned(), String::new()));
            if let Err((text, place)) = done.unwrap_or_else(unknown) {
                let line = line(&example.text, &place);
                problems.push(Problem { file: example.path.clone(), line, text });
            }
        }
        let all = self.registers().map(|one| format!("registers/{}", one.slug));
        for folder in all.chain(self.reports().map(|one| format!("reports/{}", one.slug))) {
            if !content.examples().any(|example| example.edition == folder) {
                let text = "chưa có ví dụ nào; hãy thêm examples/<tên>.json".to_owned();
                problems.push(Problem { file: format!("{folder}/"), line: 0, text });
            }
        }
        problems
    }
}

impl Library {
    /// The rows that an example of a register gives, for whoever shows them; none when there is no such example, or when
    /// it is broken.
    pub fn example_rows(&self, example: &Example) -> Option<(&Arc<Register>, Vec<Row>)> {
        let (folder, slug) = example.edition.split_once('/')?;
        let register = self.registers().find(|one| folder == "registers" && one.slug == slug)?;
        let document = document(example, &["resources", "rows"]).ok()?;
        Some((register, rows_of(register, &document).ok()?))
    }

    /// The numbers of an example of a report, with its period and facility.
    pub fn example_run(&self, example: &Example) -> Option<(&Arc<Report>, Period, Run)> {
        let (folder, slug) = example.edition.split_once('/')?;
        let report = self.reports().find(|one| folder == "reports" && one.slug == slug)?;
        let document = document(example, &["resources", "period", "facility", "cells"]).ok()?;
        let period = Period::asked(str_at(&document, &["period"])?, report.every).ok()?;
        let facility = str_at(&document, &["facility"]).unwrap_or_default();
        let cells = counted(report, &document, period, facility).ok()?;
        Some((report, period, Run { cells, checksum: String::new(), rows: 0, undated: 0, faulty: 0 }))
    }
}

fn line(text: &str, place: &str) -> u32 {
    match place.starts_with('"') {
        true => text.find(place).map_or(0, |at| text[..at].matches('\n').count() as u32 + 1),
        false if place.is_empty() => 0,
        false => line_of(text, place),
    }
}

fn document(example: &Example, known: &[&str]) -> Result<Value, Wrong> {
    let document =
        parse_json(example.text.as_bytes(), &Limits::default()).map_err(|outcome| said(&outcome, ""))?;
    let is_whole = document.as_object().is_some_and(|members| {
        members.len() == known.len() && members.iter().all(|(name, _)| known.contains(&name))
    });
    match is_whole {
        true => Ok(document),
        false => Err((format!("ví dụ phải có đúng các phần: {}", known.join(", ")), String::new())),
    }
}

fn said(outcome: &Outcome, place: &str) -> Wrong {
    (outcome.issues.first().map_or(String::new(), |issue| issue.text.clone()), place.to_owned())
}

/// The rows that records give to a register.
fn rows_of(register: &Register, document: &Value) -> Result<Vec<Row>, Wrong> {
    let mut bare: Vec<Bare> = Vec::new();
    let mut parts: BTreeMap<(usize, String), Vec<Found>> = BTreeMap::new();
    for (position, resource) in items(document, "resources").enumerate() {
        let of = |text: &str| str_at(resource, &[text]).unwrap_or_default().to_owned();
        let origin = Origin { kind: of("resourceType"), id: of("id"), version: String::new() };
        let wrong = |outcome: Outcome| said(&outcome, &format!("resources[{position}]"));
        let own = pieces(&register.main, resource).map_err(wrong)?;
        bare.extend(own.into_iter().map(|piece| Bare { origin: origin.clone(), piece }));
        for (part, source) in register.parts.iter().map(|part| &part.source).enumerate() {
            for piece in pieces(source, resource).map_err(wrong)? {
                let found = Found { part, origin: origin.clone(), cells: piece.cells };
                parts.entry((part, piece.key)).or_default().push(found);
            }
        }
    }
    bare.sort_by_key(Key::of);
    let mut rows = Vec::new();
    for one in bare {
        let keys =
            register.parts.iter().enumerate().filter_map(|(place, part)| Some((place, one.key(part)?)));
        let found: Vec<Found> = keys.filter_map(|key| parts.get(&key)).flatten().cloned().collect();
        let row = one.assemble(register, found);
        if belongs(register, &row).map_err(|outcome| said(&outcome, ""))? {
            rows.push(row);
        }
    }
    Ok(rows)
}

fn rows_as_said(register: &Register, example: &Example) -> Result<(), Wrong> {
    let document = document(example, &["resources", "rows"])?;
    let found: Vec<String> =
        rows_of(register, &document)?.iter().map(|row| printed(&shown(register, row))).collect();
    let expected: Vec<String> = items(&document, "rows").map(printed).collect();
    for (position, row) in expected.iter().enumerate() {
        if found.get(position) != Some(row) {
            let ours =
                found.get(position).map_or("không có dòng này".to_owned(), |found| format!("ra {found}"));
            return Err((
                format!("dòng {} {ours}, ví dụ viết {row}", position + 1),
                format!("rows[{position}]"),
            ));
        }
    }
    match found.get(expected.len()) {
        None => Ok(()),
        Some(more) => Err((format!("sổ cho thêm dòng mà ví dụ không có: {more}"), "rows".to_owned())),
    }
}

/// A row as examples write it: its day, and the columns that have a value.
fn shown(register: &Register, row: &Row) -> Value {
    let mut value = json!({});
    if let Some(day) = row.day {
        value["day"] = Value::from(day.to_string().as_str());
    }
    for (column, cell) in register.columns.iter().zip(&row.cells) {
        if !cell.is_null() && !cell.as_array().is_some_and(|list| list.is_empty()) {
            value[column.name.as_str()] = cell.clone();
        }
    }
    value
}

fn cells_as_said(report: &Report, example: &Example) -> Result<(), Wrong> {
    let document = document(example, &["resources", "period", "facility", "cells"])?;
    let text = |name: &str| str_at(&document, &[name]).unwrap_or_default();
    let period = Period::asked(text("period"), report.every).map_err(|outcome| said(&outcome, "period"))?;
    let found = counted(report, &document, period, text("facility"))?;
    let cells = document.get("cells").and_then(|cells| cells.as_object());
    let Some(cells) = cells else {
        return Err(("cells phải là một bảng tên ô và số".to_owned(), "cells".to_owned()));
    };
    if let Some((name, _)) = cells.iter().find(|(name, _)| report.cell(name).is_none()) {
        return Err((format!("biểu không có ô “{name}”"), format!("\"{name}\"")));
    }
    for (at, number) in found.iter().enumerate() {
        let name = report.name(at);
        let written =
            cells.get(&name).and_then(number_text).and_then(|digits| digits.parse::<Decimal>().ok());
        let fits = match written {
            Some(written) => *number == Some(written),
            None => number.is_none_or(|number| number.is_zero()),
        };
        if !fits {
            let plain =
                |number: Option<Decimal>| number.map_or("trống".to_owned(), |number| number.to_string());
            let text = format!("ô {name} ra {}, ví dụ viết {}", plain(*number), plain(written));
            return Err((text, if written.is_some() { format!("\"{name}\"") } else { "cells".to_owned() }));
        }
    }
    Ok(())
}

fn counted(
    report: &Report,
    document: &Value,
    period: Period,
    facility: &str,
) -> Result<Vec<Option<Decimal>>, Wrong> {
    let mut tally = Tally::new(report, ROWS_MAX);
    let spans = report.counted.iter().flat_map(|counting| {
        counting.spans(period).into_iter().map(move |(before, first, last)| (counting, before, first, last))
    });
    for (counting, before, first, last) in spans {
        for (register, programs) in counting.within(first, last) {
            for row in rows_of(register, document)? {
                let is_within = row.day.is_some_and(|day| day >= first && day <= last);
                if is_within && row.facility == facility {
                    tally
                        .add(counting, register, programs, &row, before)
                        .map_err(|outcome| said(&outcome, "resources"))?;
                }
            }
        }
    }
    tally.finish().map(|counted| counted.cells).map_err(|outcome| said(&outcome, "cells"))
}

/// With its members in one order, and every digit.
fn printed(row: &Value) -> String {
    to_string(&ordered(row)).unwrap_or_default()
}
