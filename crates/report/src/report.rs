//! A report as content says it, compiled: a grid of cells, each of which counts rows of a register or is computed from
//! others.

use crate::condition::{Condition, Wrong, names};
use crate::grid::{Formula, order};
use crate::period::Period;
use crate::register::Register;
use std::collections::BTreeMap;
use std::sync::Arc;
use yba_content::registers::About;
use yba_content::reports::{Counted, Due, Every, LineText};
use yba_content::{Day, Placed, Problem, ReportEdition};
use yba_fhirpath::Decimal;

/// An edition of a report.
#[derive(Debug)]
pub struct Report {
    pub slug: String,
    /// The first day in force.
    pub from: Day,
    pub about: About,
    pub every: Every,
    pub due: Due,
    pub rows: Vec<Line>,
    pub columns: Vec<Line>,
    pub(crate) counted: Vec<Counting>,
    /// What each cell is, row by row.
    pub(crate) cells: Vec<Plan>,
    /// The computed cells, each after those it asks for.
    pub(crate) order: Vec<usize>,
}

/// A row or a column of the grid.
#[derive(Debug)]
pub struct Line {
    pub name: String,
    /// Vietnamese.
    pub title: String,
    /// What of it nobody has compared with the original.
    pub uncertain: String,
    /// A row of a list: it stands on no paper while it is nothing but zeros.
    pub listed: bool,
}

/// What a cell is.
#[derive(Debug)]
pub(crate) enum Plan {
    /// The paper has none here.
    Blank,
    /// Counted in the register at this place.
    Count(usize),
    Formula(Formula),
}

/// What is counted in one register.
#[derive(Debug)]
pub(crate) struct Counting {
    pub slug: String,
    /// The editions of the register; that of the period's days is used.
    pub editions: Vec<Arc<Register>>,
    /// The programs by edition: names of columns are those of the edition.
    pub programs: Vec<Programs>,
    pub tallies: Vec<CellCount>,
}

/// The programs of one edition of a register.
#[derive(Debug)]
pub(crate) struct Programs {
    pub conditions: Vec<Condition>,
    pub sums: Vec<Condition>,
    /// The columns that any of them names.
    pub needs: Vec<usize>,
}

/// A counted cell.
#[derive(Debug)]
pub(crate) struct CellCount {
    pub cell: usize,
    /// Places of the conditions that must hold.
    pub when: Vec<usize>,
    pub what: What,
    /// Of what was before the period, not of the period.
    pub before: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum What {
    Rows,
    People,
    /// The sum at this place.
    Sum(usize),
}

impl Report {
    /// Compiles an edition over registers. Tells all problems at once.
    pub(crate) fn compile(
        text: &ReportEdition,
        registers: &BTreeMap<String, Vec<Arc<Register>>>,
    ) -> Result<Report, Vec<Problem>> {
        let mut problems = Vec::new();
        let line = |line: &LineText| Line {
            name: line.name.text.clone(),
            title: line.title.clone(),
            uncertain: line.uncertain.clone(),
            listed: line.listed,
        };
        let mut report = Report {
            slug: text.slug.clone(),
            from: text.from,
            about: text.about.clone(),
            every: text.every,
            due: text.due,
            rows: text.rows.iter().map(line).collect(),
            columns: text.columns.iter().map(line).collect(),
            counted: Vec::new(),
            cells: Vec::new(),
            order: Vec::new(),
        };
        for slug in slugs(text) {
            report.count_in(text, slug, registers, &mut problems);
        }
        report.plan(text, &mut problems);
        match order(&report.cells) {
            Ok(order) => report.order = order,
            Err(cell) => {
                let row = &text.rows[cell / text.columns.len()];
                let said = format!("ô tính vòng tròn: {} cần chính nó", report.name(cell));
                problems.push(Problem { file: text.path.clone(), line: row.name.line, text: said });
            }
        }
        problems.dedup();
        if problems.is_empty() { Ok(report) } else { Err(problems) }
    }

    /// The register in which a cell is counted, as it is on a day; none for a cell that is computed or blank.
    pub fn register(&self, cell: usize, on: Day) -> Option<&Register> {
        let Plan::Count(at) = self.cells.get(cell)? else { return None };
        let editions = &self.counted[*at].editions;
        editions.iter().rev().find(|edition| edition.from <= on).map(AsRef::as_ref)
    }

    /// The name of a cell: row and column with a point between.
    pub fn name(&self, cell: usize) -> String {
        let (row, column) = (cell / self.columns.len(), cell % self.columns.len());
        format!("{}.{}", self.rows[row].name, self.columns[column].name)
    }

    /// The cell of this name.
    pub fn cell(&self, name: &str) -> Option<usize> {
        let (row, column) = name.split_once('.')?;
        let row = self.rows.iter().position(|one| one.name == row)?;
        let column = self.columns.iter().position(|one| one.name == column)?;
        Some(row * self.columns.len() + column)
    }

    /// The rows that stand on paper, by their numbers: those of a list only while they say something.
    pub fn shown(&self, number: impl Fn(usize) -> Option<Decimal>) -> Vec<usize> {
        let width = self.columns.len();
        let says = |row: usize| {
            (row * width..(row + 1) * width).any(|at| number(at).is_some_and(|one| !one.is_zero()))
        };
        (0..self.rows.len()).filter(|row| !self.rows[*row].listed || says(*row)).collect()
    }

    /// The types of records that it counts or asks something of.
    pub fn kinds(&self) -> Vec<&str> {
        let mut kinds: Vec<&str> = Vec::new();
        for kind in self.counted.iter().flat_map(|one| &one.editions).flat_map(|register| register.kinds()) {
            if !kinds.contains(&kind) {
                kinds.push(kind);
            }
        }
        kinds
    }

    /// The canonical of the edition.
    pub fn canonical(&self) -> String {
        format!("https://yba.vn/fhir/Measure/{}|{}", self.slug, self.from)
    }

    fn count_in(
        &mut self,
        text: &ReportEdition,
        slug: &str,
        registers: &BTreeMap<String, Vec<Arc<Register>>>,
        problems: &mut Vec<Problem>,
    ) {
        let editions = registers.get(slug).cloned().unwrap_or_default();
        let (mut filters, mut sums, mut tallies) = (Vec::<&Placed>::new(), Vec::<&Placed>::new(), Vec::new());
        let place = |list: &mut Vec<&Placed>, filter: &Placed| list.iter().position(|one| *one == filter);
        for (r, row) in text.rows.iter().enumerate().filter(|(_, row)| counts_in(row, slug)) {
            for (c, column) in text.columns.iter().enumerate().filter(|(_, column)| is_cell(row, column)) {
                if column.formula.is_some() {
                    continue;
                }
                let mut when = Vec::new();
                for filter in [&row.filter, &column.filter].into_iter().flatten() {
                    let at = place(&mut filters, filter).unwrap_or_else(|| push(&mut filters, filter));
                    when.push(at);
                }
                let counted = if let Counted::Sum(_) = &column.count { &column.count } else { &row.count };
                let what = match counted {
                    Counted::Rows => What::Rows,
                    Counted::People => What::People,
                    Counted::Sum(sum) => {
                        What::Sum(place(&mut sums, sum).unwrap_or_else(|| push(&mut sums, sum)))
                    }
                };
                let cell = r * text.columns.len() + c;
                tallies.push(CellCount { cell, when, what, before: column.before });
            }
        }
        let mut programs = Vec::new();
        for register in &editions {
            match Programs::compile(register, &filters, &sums) {
                Ok(compiled) => programs.push(compiled),
                Err(wrong) => problems.extend(wrong.into_iter().map(|one| one.in_file(&text.path))),
            }
        }
        self.counted.push(Counting { slug: slug.to_owned(), editions, programs, tallies });
    }

    fn plan(&mut self, text: &ReportEdition, problems: &mut Vec<Problem>) {
        let (row_names, column_names): (Vec<&str>, Vec<&str>) = (
            text.rows.iter().map(|row| row.name.text.as_str()).collect(),
            text.columns.iter().map(|column| column.name.text.as_str()).collect(),
        );
        for (r, row) in text.rows.iter().enumerate() {
            for (c, column) in text.columns.iter().enumerate() {
                let width = text.columns.len();
                let plan = match (&row.formula, &column.formula) {
                    _ if !is_cell(row, column) => Ok(Plan::Blank),
                    (Some(formula), _) => Formula::compile(formula, &row_names, |other| other * width + c),
                    (None, Some(formula)) => {
                        Formula::compile(formula, &column_names, |other| r * width + other)
                    }
                    (None, None) => Ok(Plan::Count(self.register_of(row))),
                };
                self.cells.push(plan.unwrap_or_else(|wrong: Wrong| {
                    problems.push(wrong.in_file(&text.path));
                    Plan::Blank
                }));
            }
        }
    }

    fn register_of(&self, row: &LineText) -> usize {
        let slug = row.register.as_ref().map_or("", |one| one.text.as_str());
        self.counted.iter().position(|one| one.slug == slug).unwrap_or_default()
    }
}

impl Programs {
    fn compile(register: &Register, filters: &[&Placed], sums: &[&Placed]) -> Result<Programs, Vec<Wrong>> {
        let names = names(&register.columns);
        let mut wrong = Vec::new();
        let mut compiled = |texts: &[&Placed]| -> Vec<Condition> {
            let mut all = Vec::new();
            for text in texts {
                match Condition::compile(text, &names) {
                    Ok(condition) => all.push(condition),
                    Err(one) => wrong.push(one),
                }
            }
            all
        };
        let (conditions, sums) = (compiled(filters), compiled(sums));
        let mut needs: Vec<usize> =
            conditions.iter().chain(&sums).flat_map(|one| one.needs.iter().copied()).collect();
        needs.sort_unstable();
        needs.dedup();
        if wrong.is_empty() { Ok(Programs { conditions, sums, needs }) } else { Err(wrong) }
    }
}

impl Counting {
    /// The days that its cells ask for in a period: the period's own, and all before it where some cell asks for that.
    pub fn spans(&self, period: Period) -> Vec<(bool, Day, Day)> {
        let mut spans = vec![(false, period.first(), period.last())];
        if self.tallies.iter().any(|one| one.before) {
            spans.push((true, beginning(), period.first().plus_days(-1)));
        }
        spans
    }

    /// The days that one of its cells asks for in a period.
    pub fn span(&self, cell: usize, period: Period) -> (bool, Day, Day) {
        let before = self.tallies.iter().any(|one| one.cell == cell && one.before);
        self.spans(period).into_iter().find(|span| span.0 == before).expect("the cell's own span is there")
    }

    /// The editions whose days touch these, with their programs, oldest first.
    pub fn within(&self, first: Day, last: Day) -> impl Iterator<Item = (&Arc<Register>, &Programs)> {
        let touches = move |one: &Register| one.from <= last && one.until.is_none_or(|until| until > first);
        self.editions.iter().zip(&self.programs).filter(move |(register, _)| touches(register))
    }
}

/// The first day that a row can have: 0 is that of rows without one.
fn beginning() -> Day {
    Day::new(1, 1, 1).expect("a day")
}

fn push<'t>(list: &mut Vec<&'t Placed>, one: &'t Placed) -> usize {
    list.push(one);
    list.len() - 1
}

/// The registers that some row counts in.
fn slugs(text: &ReportEdition) -> Vec<&str> {
    let mut all: Vec<&str> = Vec::new();
    for row in text.rows.iter().filter(|row| row.formula.is_none()) {
        let slug = row.register.as_ref().map_or("", |one| one.text.as_str());
        if !all.contains(&slug) {
            all.push(slug);
        }
    }
    all
}

fn counts_in(row: &LineText, slug: &str) -> bool {
    row.formula.is_none() && row.register.as_ref().is_some_and(|one| one.text == slug)
}

fn is_cell(row: &LineText, column: &LineText) -> bool {
    row.cells.is_empty() || row.cells.iter().any(|one| one.text == column.name.text)
}
