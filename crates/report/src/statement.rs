//! A closed report as FHIR: a MeasureReport whose groups are the rows of the grid and whose populations are its cells.
//! <https://hl7.org/fhir/R4/measurereport.html>
//!
//! What R4 cannot say (a number with decimals in a cell, the checksum, who closed it, what a re-statement changed and
//! why) stands in extensions of ours.

use crate::period::Period;
use crate::report::Report;
use crate::running::Run;
use sha2::{Digest, Sha256};
use yba_fhir::json::{
    JsonContainerTrait, JsonValueTrait, Value, from_str, items, json, number_text, ordered, str_at,
};
use yba_fhirpath::Decimal;
use yba_records::CLOSED;

const EXTENSION: &str = "https://yba.vn/fhir/StructureDefinition/report-";
const CODES: &str = "https://yba.vn/fhir/CodeSystem/report-";
/// Whose reports they are when they are of all facilities together.
const PROVINCE: &str = "tỉnh";

/// A closed report as it was read.
#[derive(Debug, Clone, PartialEq)]
pub struct Closed {
    /// The id of the MeasureReport.
    pub id: String,
    pub version: String,
    /// The canonical of the edition it was closed by.
    pub measure: String,
    /// Names of cells with their numbers; blank ones are not there.
    pub cells: Vec<(String, Decimal)>,
    pub checksum: String,
    /// How many rows of registers stood behind them; none of what was closed before that was kept.
    pub rows: Option<usize>,
    /// Who closed or re-stated it last, as the trail names them, and when.
    pub by: String,
    pub at: String,
    /// What was changed after it was first closed, oldest first.
    pub restated: Vec<Restated>,
}

/// A re-statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restated {
    pub by: String,
    pub at: String,
    /// Why, in the words of who did it.
    pub explanation: String,
    /// The version that said otherwise.
    pub before: String,
    pub changes: Vec<Change>,
}

/// A cell that says something else than before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Its name: row and column with a point between.
    pub cell: String,
    pub before: Option<Decimal>,
    pub after: Option<Decimal>,
}

/// Who closes, and when.
#[derive(Debug, Clone)]
pub(crate) struct Signature {
    pub by: String,
    /// An instant of FHIR.
    pub at: String,
}

/// The id of the one MeasureReport for a report, a period and a facility.
pub fn id_of(slug: &str, period: Period, facility: Option<&str>) -> String {
    let digest = Sha256::digest(format!("{slug}\n{period}\n{}", facility.unwrap_or(PROVINCE)));
    let short: String = digest[..16].iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{CLOSED}{short}")
}

/// The MeasureReport.
pub(crate) fn written(
    report: &Report,
    period: Period,
    facility: Option<&str>,
    run: &Run,
    signature: &Signature,
    restated: &[Restated],
) -> Value {
    let mut extensions = vec![
        text("checksum", &run.checksum),
        json!({"url": url("rows"), "valueInteger": i32::try_from(run.rows).unwrap_or(i32::MAX)}),
        text("form", &report.about.form),
        json!({"url": url("signature"), "extension": [
            {"url": "by", "valueString": signature.by.as_str()},
            {"url": "at", "valueInstant": signature.at.as_str()}]}),
    ];
    extensions.extend(restated.iter().map(restatement));
    let mut value = json!({
        "resourceType": "MeasureReport",
        "id": id_of(&report.slug, period, facility),
        "extension": extensions,
        "status": "complete",
        "type": "summary",
        "measure": report.canonical(),
        "date": signature.at.as_str(),
        "period": {"start": period.first().to_string(), "end": period.last().to_string()},
        "group": groups(report, run)
    });
    if let Some(facility) = facility {
        value["reporter"] = json!({"reference": format!("Organization/{facility}")});
    }
    ordered(&value)
}

fn groups(report: &Report, run: &Run) -> Vec<Value> {
    let width = report.columns.len();
    let group = |(r, row): (usize, &crate::report::Line)| {
        let cells = report.columns.iter().enumerate().filter_map(|(c, column)| {
            let number = run.cells.get(r * width + c).copied().flatten()?;
            let mut population = json!({"code": code("column", &column.name, &column.title)});
            match number.to_string().parse::<i32>() {
                Ok(count) => population["count"] = Value::from(count),
                Err(_) => {
                    let digits: Value = from_str(&number.to_string()).unwrap_or_default();
                    population["extension"] = json!([{"url": url("value"), "valueDecimal": digits}]);
                }
            }
            Some(population)
        });
        let cells: Vec<Value> = cells.collect();
        let mut group = json!({"code": code("row", &row.name, &row.title)});
        if !cells.is_empty() {
            group["population"] = Value::from(cells);
        }
        group
    };
    report.rows.iter().enumerate().map(group).collect()
}

fn code(system: &str, name: &str, title: &str) -> Value {
    json!({"coding": [{"system": format!("{CODES}{system}"), "code": name, "display": title}]})
}

fn url(name: &str) -> String {
    format!("{EXTENSION}{name}")
}

fn text(name: &str, value: &str) -> Value {
    json!({"url": url(name), "valueString": value})
}

fn restatement(one: &Restated) -> Value {
    let mut parts = vec![
        json!({"url": "by", "valueString": one.by.as_str()}),
        json!({"url": "at", "valueInstant": one.at.as_str()}),
        json!({"url": "explanation", "valueString": one.explanation.as_str()}),
        json!({"url": "before", "valueId": one.before.as_str()}),
    ];
    for change in &one.changes {
        let mut said = vec![json!({"url": "cell", "valueString": change.cell.as_str()})];
        for (name, number) in [("before", change.before), ("after", change.after)] {
            if let Some(number) = number {
                let digits: Value = from_str(&number.to_string()).unwrap_or_default();
                said.push(json!({"url": name, "valueDecimal": digits}));
            }
        }
        parts.push(json!({"url": "change", "extension": said}));
    }
    json!({"url": url("restatement"), "extension": parts})
}

/// Reads a MeasureReport that [`written`] made.
pub(crate) fn read(tree: &Value) -> Closed {
    let text_at = |path: &[&str]| str_at(tree, path).unwrap_or_default().to_owned();
    let named = |name: &str| {
        let url = url(name);
        items(tree, "extension").filter(move |one| str_at(one, &["url"]) == Some(&url))
    };
    let signature = named("signature").next();
    let mut cells = Vec::new();
    for group in items(tree, "group") {
        for population in items(group, "population") {
            let number = population
                .get("count")
                .or_else(|| items(population, "extension").next()?.get("valueDecimal"));
            if let (Some(row), Some(column), Some(number)) =
                (code_of(group), code_of(population), number.and_then(decimal))
            {
                cells.push((format!("{row}.{column}"), number));
            }
        }
    }
    Closed {
        id: text_at(&["id"]),
        version: text_at(&["meta", "versionId"]),
        measure: text_at(&["measure"]),
        cells,
        checksum: named("checksum")
            .next()
            .and_then(|one| str_at(one, &["valueString"]))
            .unwrap_or_default()
            .to_owned(),
        rows: named("rows")
            .next()
            .and_then(|one| one.get("valueInteger")?.as_u64())
            .and_then(|rows| usize::try_from(rows).ok()),
        by: signature.map(|one| part(one, "by", "valueString")).unwrap_or_default(),
        at: signature.map(|one| part(one, "at", "valueInstant")).unwrap_or_default(),
        restated: named("restatement").map(read_restatement).collect(),
    }
}

fn code_of(value: &Value) -> Option<&str> {
    value.get("code")?.get("coding")?.as_array()?.first()?.get("code")?.as_str()
}

fn decimal(value: &Value) -> Option<Decimal> {
    number_text(value)?.parse().ok()
}

/// A part of one of our extensions, as text.
fn part(extension: &Value, name: &str, member: &str) -> String {
    let found = items(extension, "extension").find(|one| str_at(one, &["url"]) == Some(name));
    found.and_then(|one| str_at(one, &[member])).unwrap_or_default().to_owned()
}

fn read_restatement(one: &Value) -> Restated {
    let changes =
        items(one, "extension").filter(|part| str_at(part, &["url"]) == Some("change")).map(|change| {
            let number = |name: &str| {
                let found = items(change, "extension").find(|one| str_at(one, &["url"]) == Some(name));
                found.and_then(|one| one.get("valueDecimal")).and_then(decimal)
            };
            Change {
                cell: part(change, "cell", "valueString"),
                before: number("before"),
                after: number("after"),
            }
        });
    Restated {
        by: part(one, "by", "valueString"),
        at: part(one, "at", "valueInstant"),
        explanation: part(one, "explanation", "valueString"),
        before: part(one, "before", "valueId"),
        changes: changes.collect(),
    }
}

impl Closed {
    /// What a report says now that it did not say when it was closed, in the order of the grid.
    pub fn changes(&self, report: &Report, run: &Run) -> Vec<Change> {
        let mut changes = Vec::new();
        for (at, after) in run.cells.iter().enumerate() {
            let cell = report.name(at);
            let before = self.cells.iter().find(|(name, _)| *name == cell).map(|(_, number)| *number);
            // A row that a newer list brought, and that has nothing, changes nothing.
            let is_new_and_empty = before.is_none() && after.is_some_and(|after| after == Decimal::ZERO);
            if before != *after && !is_new_and_empty {
                changes.push(Change { cell, before, after: *after });
            }
        }
        // Cells that the report no longer has, by a newer definition.
        let gone = self.cells.iter().filter(|(name, _)| report.cell(name).is_none());
        changes.extend(gone.map(|(cell, before)| Change {
            cell: cell.clone(),
            before: Some(*before),
            after: None,
        }));
        changes
    }
}
