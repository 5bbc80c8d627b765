//! What the pages of births and deaths show, made of records by pure functions.

use std::collections::BTreeMap;
use yba_care::{birth, death};
use yba_fhir::json::{JsonValueTrait, Value, items, number_text, str_at};
use yba_fhir::view::Patient;
use yba_report::register::Column;
use yba_report::{Register, Row, csv};
use yba_ui::format;

/// A row of a register by the names of its columns, in words.
#[derive(Debug)]
pub(super) struct Line {
    pub patient: String,
    cells: BTreeMap<String, String>,
}

impl Line {
    /// What stands in a column; nothing when the register has none of this name.
    pub fn says(&self, column: &str) -> &str {
        self.cells.get(column).map_or("", String::as_str)
    }
}

pub(super) fn line(register: &Register, row: &Row) -> Line {
    let cell = |(at, column): (usize, &Column)| (column.name.clone(), csv::in_words(register, row, at));
    Line { patient: row.patient.clone(), cells: register.columns.iter().enumerate().map(cell).collect() }
}

/// A birth on the mother's page.
#[derive(Debug)]
pub(super) struct Birth {
    /// Id of the line.
    pub id: String,
    /// ISO instant.
    pub at: String,
    /// Words: `Sống`.
    pub outcome: String,
    pub is_alive: bool,
    /// `Nữ · 3.100 g · 39 tuần · đẻ thường · tại trạm`, the parts.
    pub facts: Vec<String>,
    pub certificate: String,
    /// The child's id, name and numbers; none of a stillborn child, or of one that is not seen.
    pub child: Option<(String, String, String)>,
    /// Written here: can be taken back here.
    pub is_own: bool,
}

/// The words of a concept.
fn words(value: &Value) -> Option<&str> {
    let concept = value.get("valueCodeableConcept")?;
    str_at(concept, &["text"]).or_else(|| items(concept, "coding").find_map(|one| str_at(one, &["display"])))
}

fn amount(value: &Value) -> Option<String> {
    let quantity = value.get("valueQuantity")?;
    let unit = str_at(quantity, &["unit"]).unwrap_or_default();
    Some(format::quantity(&number_text(quantity.get("value")?)?, unit))
}

/// A birth's line; `children` are the files of those who are seen.
pub(super) fn birth(line: &Value, children: &BTreeMap<String, Value>) -> Option<Birth> {
    let id = str_at(line, &["id"])?.to_owned();
    let part = |code: &str| birth::component(line, code);
    let facts = ["sex", "weight", "length", "weeks", "mode", "place", "attendant", "complications"]
        .into_iter()
        .filter_map(|code| {
            let part = part(code)?;
            words(part).map(str::to_owned).or_else(|| amount(part))
        });
    let child = birth::child(line).and_then(|id| {
        let file = children.get(id)?;
        let codes = items(file, "identifier").filter_map(|one| str_at(one, &["value"]));
        let codes = codes.collect::<Vec<_>>().join(", ");
        Some((id.to_owned(), Patient(file).name().unwrap_or_default(), codes))
    });
    let certificate = items(line, "identifier")
        .filter(|one| str_at(one, &["system"]) == Some(birth::CERTIFICATE))
        .find_map(|one| str_at(one, &["value"]));
    Some(Birth {
        at: str_at(line, &["effectiveDateTime"]).unwrap_or_default().to_owned(),
        outcome: words(line).unwrap_or_default().to_owned(),
        is_alive: birth::outcome(line) == Some("alive"),
        facts: facts.collect(),
        certificate: certificate.unwrap_or_default().to_owned(),
        child,
        is_own: id.starts_with("lk-"),
        id,
    })
}

/// A death on the person's page.
#[derive(Debug, Default)]
pub(super) struct Death {
    /// Id of the record of the day.
    pub id: String,
    /// `Nơi chết`: `Tại nhà`.
    pub facts: Vec<(String, String)>,
    /// `Ia`, words with code, interval.
    pub lines: Vec<(String, String, String)>,
    pub underlying: String,
    /// The underlying cause is the lowest line of the chain; otherwise whoever wrote it down chose another.
    pub is_lowest: bool,
    pub is_own: bool,
}

/// `Xuất huyết não (I61.9)`
fn coded(concept: &Value) -> String {
    let code = items(concept, "coding").find_map(|one| str_at(one, &["code"])).unwrap_or_default();
    match str_at(concept, &["text"]).unwrap_or_default() {
        "" => code.to_owned(),
        text if code.is_empty() => text.to_owned(),
        text => format!("{text} ({code})"),
    }
}

fn said(one: &Value) -> Option<String> {
    let yes_or_no = |flag: bool| if flag { "Có" } else { "Không" }.to_owned();
    words(one).map(str::to_owned).or_else(|| one.get("valueBoolean")?.as_bool().map(yes_or_no))
}

/// The records of a death, that of the day first when it was written here; none when there are none.
pub(super) fn death(records: &[Value]) -> Option<Death> {
    let id = str_at(records.first()?, &["id"])?.to_owned();
    let mut found = Death { is_own: id.starts_with("lk-"), id, ..Death::default() };
    for one in records {
        if let Some(day) = str_at(one, &["valueDateTime"]) {
            found.facts.push(("Lúc chết".to_owned(), format::date_time(day)));
            continue;
        }
        let chain = death::chain(one);
        let concept = one.get("valueCodeableConcept");
        if let Some(concept) = concept.filter(|_| is_cause(one)) {
            found.underlying = coded(concept);
            let lines = chain.iter().map(|(line, concept, interval)| {
                let interval = interval.and_then(|interval| {
                    let unit = str_at(interval, &["unit"]).unwrap_or_default();
                    Some(format::quantity(&number_text(interval.get("value")?)?, unit))
                });
                ((*line).to_owned(), coded(concept), interval.unwrap_or_default())
            });
            found.lines = lines.collect();
            let lowest = found.lines.iter().rfind(|(line, ..)| line.starts_with("I") && line != "II");
            found.is_lowest = lowest.is_some_and(|(_, words, _)| *words == found.underlying);
        } else if let (Some(name), Some(words)) = (str_at(one, &["code", "text"]), said(one)) {
            found.facts.push((name.to_owned(), words));
        }
    }
    Some(found)
}

fn is_cause(one: &Value) -> bool {
    items(one.get("code").unwrap_or(one), "coding")
        .any(|coding| str_at(coding, &["code"]) == Some(death::CAUSE))
}
