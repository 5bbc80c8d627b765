//! Rows understood by the columns of the edition in force on the day the visit ended. Columns the edition does not
//! have are looked for in the other editions; what nobody knows is kept raw and reported, never refused.

use crate::problem::{Problem, Problems, Severity};
use crate::value::{Decimal, Moment};
use crate::visit::{Form, Origin, VisitFile};
use std::sync::Arc;
use yba_content::claims::{Column, Element, Table, Target};
use yba_content::{Content, Edition};
use yba_fhir::Day;

/// A cell with what the edition says about it.
#[derive(Debug, Clone)]
pub struct Cell<'c> {
    /// As the file names it.
    pub name: String,
    /// Trimmed, never empty.
    pub text: String,
    /// `None` when no edition has such a column.
    pub column: Option<&'c Column>,
    /// Set when mapping reads the value; what stays unread is kept raw, so that nothing is lost.
    pub(crate) read: std::cell::Cell<bool>,
}

/// A row: cells asked for by concept, the name of the column in QĐ 3176.
#[derive(Debug, Clone)]
pub struct Row<'c> {
    /// From 1, within the part.
    pub number: u32,
    pub cells: Vec<Cell<'c>>,
}

impl<'c> Row<'c> {
    /// The cell that carries a concept, when it is filled.
    pub fn cell(&self, concept: &str) -> Option<&Cell<'c>> {
        self.cells.iter().find(|cell| cell.column.is_some_and(|column| column.concept == concept))
    }

    /// The value, for using it: it then counts as read.
    pub fn text(&self, concept: &str) -> Option<&str> {
        let cell = self.cell(concept)?;
        cell.read.set(true);
        Some(&cell.text)
    }

    /// The value, for looking at it only.
    pub fn peek(&self, concept: &str) -> Option<&str> {
        self.cell(concept).map(|cell| cell.text.as_str())
    }

    /// A decimal; `None` when empty or malformed (which the check reports, and the text is kept raw).
    pub fn decimal(&self, concept: &str) -> Option<Decimal> {
        self.value(concept, Decimal::parse)
    }

    pub fn moment(&self, concept: &str) -> Option<Moment> {
        self.value(concept, Moment::parse)
    }

    fn value<T>(&self, concept: &str, parse: fn(&str) -> Option<T>) -> Option<T> {
        let cell = self.cell(concept)?;
        let value = parse(&cell.text)?;
        cell.read.set(true);
        Some(value)
    }

    /// The values of a list cell, without empty ones at the end; positions are kept because lists run parallel.
    pub fn list(&self, concept: &str) -> Vec<&str> {
        self.text(concept).map(parts).unwrap_or_default()
    }

    /// The values of a list cell, for looking at them only.
    pub fn peek_list(&self, concept: &str) -> Vec<&str> {
        self.peek(concept).map(parts).unwrap_or_default()
    }

    /// The name of a column in this file, for telling people.
    pub fn name_of<'a>(&'a self, concept: &'a str) -> &'a str {
        self.cell(concept).map_or(concept, |cell| cell.name.as_str())
    }

    /// Cells that mapping has not read, but for keys and for copies of what `summary` says.
    pub(crate) fn unread<'a>(&'a self, summary: &'a Row<'_>) -> impl Iterator<Item = &'a Cell<'c>> {
        self.cells.iter().filter(move |cell| match cell.column {
            None => true,
            Some(column) if column.target == Target::Key || column.concept == "MA_LK" => false,
            Some(column) if column.target == Target::Same => {
                let concept = if column.concept == "MA_YTE" { "MA_BN" } else { column.concept.as_str() };
                !cell.read.get() && summary.peek(concept) != Some(cell.text.as_str())
            }
            Some(_) => !cell.read.get(),
        })
    }

    /// Forgets what was read, before mapping begins.
    pub(crate) fn unread_all(&self) {
        self.cells.iter().for_each(|cell| cell.read.set(false));
    }
}

fn parts(text: &str) -> Vec<&str> {
    let mut values: Vec<&str> = text.split(';').map(str::trim).collect();
    while values.last().is_some_and(|last| last.is_empty()) {
        values.pop();
    }
    values
}

/// One part of a visit.
#[derive(Debug, Clone)]
pub struct Rows<'c> {
    /// `XML2`.
    pub kind: String,
    /// `None` when no edition knows the part.
    pub table: Option<&'c Table>,
    pub form: Form,
    pub rows: Vec<Row<'c>>,
    /// The content as it stood.
    pub xml: String,
}

impl Rows<'_> {
    /// Whether the part is mapped to resources; otherwise it is kept raw.
    pub fn mapped(&self) -> bool {
        self.table.is_some_and(|table| table.mapped)
    }
}

/// A visit, understood but not yet judged.
#[derive(Debug, Clone)]
pub struct Visit<'c> {
    pub origin: Arc<Origin>,
    pub ordinal: u32,
    /// `MA_CSKCB`.
    pub facility: String,
    /// `MA_LK`.
    pub key: String,
    pub edition: &'c Edition,
    /// The day whose lists and columns count: the end of the visit.
    pub day: Day,
    pub parts: Vec<Rows<'c>>,
}

impl<'c> Visit<'c> {
    /// The rows of a part; none when it is missing.
    pub fn rows(&self, kind: &str) -> &[Row<'c>] {
        self.parts.iter().find(|part| part.kind == kind).map_or(&[], |part| part.rows.as_slice())
    }

    /// The summary row. Present in every visit that passed the check.
    pub fn summary(&self) -> Option<&Row<'c>> {
        self.rows("XML1").first()
    }
}

/// Understands a visit. Findings about its form are added; nothing is refused here.
pub(crate) fn understand<'c>(file: &VisitFile, content: &'c Content, problems: &mut Problems) -> Visit<'c> {
    let day = edition_day(file);
    let edition = match day {
        Some(day) => content.claims().on(day),
        None => content.claims().all().next_back().expect("content is checked to have an edition"),
    };
    let mut parts: Vec<Rows<'c>> = Vec::new();
    for part in &file.parts {
        let rows = part_rows(part, edition, content, problems);
        match parts.iter_mut().find(|known| known.kind == rows.kind) {
            Some(known) => append(known, rows, problems),
            None => parts.push(rows),
        }
    }
    Visit {
        origin: file.origin.clone(),
        ordinal: file.ordinal,
        facility: file.facility().unwrap_or_default().to_owned(),
        key: file.key().unwrap_or_default().to_owned(),
        edition,
        day: day.unwrap_or(edition.from),
        parts,
    }
}

fn append<'c>(known: &mut Rows<'c>, mut more: Rows<'c>, problems: &mut Problems) {
    let text = format!("Phần {} xuất hiện hai lần trong một hồ sơ; đã gộp các dòng.", known.kind);
    problems.add(Problem::warning("part-twice", text, "part occurs twice").part(&known.kind));
    let offset = known.rows.len() as u32;
    more.rows.iter_mut().for_each(|row| row.number += offset);
    known.rows.append(&mut more.rows);
    known.xml.push_str(&more.xml);
}

/// The day that chooses the edition: the end of the visit, else its beginning, else the day the file was made.
fn edition_day(file: &VisitFile) -> Option<Day> {
    let row = file.part("XML1")?.rows.first()?;
    let stated = ["NGAY_RA", "NGAY_VAO"].iter().find_map(|name| Moment::parse(row.get(name)?));
    stated.map(Moment::day).or(file.origin.prepared)
}

fn part_rows<'c>(
    part: &crate::visit::Part,
    edition: &'c Edition,
    content: &'c Content,
    problems: &mut Problems,
) -> Rows<'c> {
    let table = find_table(&part.kind, edition, content, problems);
    match table {
        None => {
            let text =
                format!("Phần {} không có trong chuẩn dữ liệu nào đã biết; được giữ nguyên văn.", part.kind);
            problems.add(Problem::note("part-unknown", text, "unknown part kept raw").part(&part.kind));
        }
        Some(table) if !table.mapped => {
            let text = format!(
                "Phần {} ({}) chưa chuyển thành bản ghi; được giữ nguyên văn.",
                part.kind, table.title
            );
            problems.add(Problem::note("part-raw", text, "part kept raw").part(&part.kind));
        }
        Some(table) => report_shape(part, table, problems),
    }
    let mut told: Vec<&str> = Vec::new();
    let mut rows = Vec::with_capacity(part.rows.len());
    for (at, raw) in part.rows.iter().enumerate() {
        let mut cells: Vec<Cell<'c>> = Vec::with_capacity(raw.cells.len());
        for (name, value) in &raw.cells {
            let found =
                table.filter(|table| table.mapped).map(|table| find_column(name, table, edition, content));
            let column = match found {
                Some(Found::Usual(column)) => Some(column),
                Some(Found::Elsewhere(column, slug)) => {
                    if !told.contains(&name.as_str()) {
                        told.push(name);
                        problems.add(elsewhere(part, name, slug, edition));
                    }
                    Some(column)
                }
                Some(Found::Nowhere) => {
                    if !told.contains(&name.as_str()) && !value.is_empty() {
                        told.push(name);
                        problems.add(unknown_column(part, name));
                    }
                    None
                }
                None => None,
            };
            if value.is_empty() {
                continue;
            }
            let twice = cells.iter().any(|cell| cell.name == *name);
            if twice {
                let text = format!("Cột {name} xuất hiện hai lần trong một dòng; chỉ giá trị đầu được dùng.");
                let problem = Problem::warning("column-twice", text, "column occurs twice in a row");
                problems.add(problem.part(&part.kind).row(at as u32 + 1).column(name));
            }
            let column = if twice { None } else { column };
            cells.push(Cell {
                name: name.clone(),
                text: value.clone(),
                column,
                read: std::cell::Cell::new(false),
            });
        }
        rows.push(Row { number: at as u32 + 1, cells });
    }
    Rows { kind: part.kind.clone(), table, form: part.form, rows, xml: part.xml() }
}

fn find_table<'c>(
    kind: &str,
    edition: &'c Edition,
    content: &'c Content,
    problems: &mut Problems,
) -> Option<&'c Table> {
    if let Some(table) = edition.table(kind) {
        return Some(table);
    }
    let (other, table) =
        content.claims().all().rev().find_map(|other| other.table(kind).map(|table| (other, table)))?;
    let text = format!(
        "Phần {kind} không có trong bản {} đang áp dụng; đã đọc theo bản {}.",
        edition.slug, other.slug
    );
    problems.add(Problem::note("part-other-edition", text, "part of another edition").part(kind));
    Some(table)
}

fn report_shape(part: &crate::visit::Part, table: &Table, problems: &mut Problems) {
    let Some(first) = part.rows.first() else { return };
    if table.element(&first.element) != (Element::Row { usual: true }) {
        let usual = if table.row.is_empty() { &table.root } else { &table.row };
        let text = format!("Dòng được gói trong {} thay vì {usual}; vẫn đọc được.", first.element);
        problems.add(Problem::note("row-name", text, "unusual row element").part(&part.kind));
    }
}

enum Found<'c> {
    Usual(&'c Column),
    /// The column of another edition, and that edition's slug.
    Elsewhere(&'c Column, &'c str),
    Nowhere,
}

fn find_column<'c>(name: &str, table: &'c Table, edition: &'c Edition, content: &'c Content) -> Found<'c> {
    if let Some(column) = table.column(name) {
        return Found::Usual(column);
    }
    let others = content.claims().all().rev().filter(|other| other.slug != edition.slug);
    for other in others {
        if let Some(column) = other.table(&table.loai).and_then(|table| table.column(name)) {
            return Found::Elsewhere(column, &other.slug);
        }
    }
    Found::Nowhere
}

fn elsewhere(part: &crate::visit::Part, name: &str, slug: &str, edition: &Edition) -> Problem {
    let text =
        format!("Cột {name} là của bản {slug}, không phải bản {} đang áp dụng; vẫn đọc được.", edition.slug);
    Problem::new(Severity::Note, "column-other-edition", text, "column of another edition")
        .part(&part.kind)
        .column(name)
}

fn unknown_column(part: &crate::visit::Part, name: &str) -> Problem {
    let name: String = name.chars().take(60).collect();
    let text = format!("Không biết cột {name}; giá trị được giữ nguyên văn.");
    Problem::note("column-unknown", text, "unknown column kept raw").part(&part.kind).column(&name)
}
