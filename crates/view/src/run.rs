//! Rows of one resource.
//! <https://build.fhir.org/ig/FHIR/sql-on-fhir-v2/StructureDefinition-ViewDefinition.html#processing-algorithm>
//!
//! A select gives partial rows for each item it is evaluated on: its own columns beside every combination of what the
//! selects inside it give. As columns lie in the order of the table, combining rows is putting them side by side.

use crate::compile::ROW_INDEX;
use crate::fault::at_run;
use crate::select::{ColumnSource, Each, Left, Select, Source, View};
use yba_fhir::Outcome;
use yba_fhir::json::{Value, str_at};
use yba_fhirpath::{Environment, Item, Limits as PathLimits, Node};

/// What stands in one column of one row.
#[derive(Debug, Clone)]
pub enum Cell<'a> {
    Null,
    One(Item<'a>),
    /// Of a column that holds lists.
    Many(Vec<Item<'a>>),
}

/// One row: a cell for each of [`View::columns`].
#[derive(Debug, Clone, Copy)]
pub struct Row<'r, 'a> {
    pub cells: &'r [Cell<'a>],
}

/// Partial rows, one after the other.
#[derive(Debug, Default)]
struct Table<'a> {
    cells: Vec<Cell<'a>>,
    rows: usize,
}

type Run<T = ()> = Result<T, Outcome>;

impl View {
    /// Gives the rows of one resource to `visit`; answers how many there were. A resource of another type, or one that
    /// a condition leaves out, has none. Refuses when a value is not what its column says, or a limit is reached; then
    /// no row was given.
    pub fn rows<'a>(&'a self, resource: &'a Value, visit: &mut impl FnMut(Row<'_, 'a>)) -> Run<usize> {
        self.rows_within(resource, &mut Left::UNBOUNDED.clone(), visit)
    }

    /// As [`View::rows`], for resources that share what may be spent. What this one takes is taken from `left`.
    pub fn rows_within<'a>(
        &'a self,
        resource: &'a Value,
        left: &mut Left,
        visit: &mut impl FnMut(Row<'_, 'a>),
    ) -> Run<usize> {
        if str_at(resource, &["resourceType"]) != Some(&self.resource) {
            return Ok(0);
        }
        let most = self.limits.steps.min(left.steps);
        let mut runner = Runner::new(self, resource, most);
        let table = runner.table(resource).map_err(|outcome| naming(outcome, resource));
        left.steps -= most - runner.steps;
        let table = table?;
        left.rows = left.rows.checked_sub(table.rows).ok_or_else(too_many_rows)?;
        let width = self.root.width();
        for position in 0..table.rows {
            visit(Row { cells: &table.cells[position * width..][..width] });
        }
        Ok(table.rows)
    }
}

fn too_many_rows() -> Outcome {
    let text = "bảng có quá nhiều dòng cho một lần; hãy thu hẹp định nghĩa hoặc chia nhỏ dữ liệu";
    at_run("ViewDefinition", "view-limit", text, "the view gives more rows than one run may")
}

/// The rows of one resource are longer than they may be.
pub(crate) fn too_long(resource: &Value) -> Outcome {
    naming(limit("ViewDefinition.select", "độ dài của các dòng", "text of its rows"), resource)
}

/// Says which resource it was.
fn naming(mut outcome: Outcome, resource: &Value) -> Outcome {
    let kind = str_at(resource, &["resourceType"]).unwrap_or_default();
    let id = str_at(resource, &["id"]).unwrap_or("?");
    for issue in &mut outcome.issues {
        issue.text = format!("{kind}/{id}: {}", issue.text);
        issue.diagnostics = format!("{kind}/{id}: {}", issue.diagnostics);
    }
    outcome
}

/// The work on one resource.
struct Runner<'a> {
    view: &'a View,
    environment: Environment<'a>,
    /// Steps that are left.
    steps: u64,
    /// Cells that are held.
    held: usize,
    /// Room for the items of an expression.
    items: Vec<Item<'a>>,
}

impl<'a> Runner<'a> {
    fn new(view: &'a View, resource: &'a Value, steps: u64) -> Runner<'a> {
        let root = Some(Node::root(resource));
        let mut environment = Environment { resource: root, root_resource: root, ..Environment::default() };
        environment.limits = PathLimits { items: view.limits.rows, ..PathLimits::default() };
        if view.counts_rows {
            environment.variables.push((ROW_INDEX.to_owned(), vec![Item::Integer(0)]));
        }
        Runner { view, environment, steps, held: 0, items: Vec::new() }
    }

    /// All rows of the resource.
    fn table(&mut self, resource: &'a Value) -> Run<Table<'a>> {
        let (view, root) = (self.view, Item::Node(Node::root(resource)));
        match self.admits(&root)? {
            true => self.select(&view.root, &root),
            false => Ok(Table::default()),
        }
    }

    /// Whether every condition is true.
    fn admits(&mut self, root: &Item<'a>) -> Run<bool> {
        for source in &self.view.conditions {
            self.evaluate(source, root)?;
            let verdict = match self.items.as_slice() {
                [] => Some(false),
                [only] => match only.to_system() {
                    Item::Boolean(verdict) => Some(verdict),
                    _ => None,
                },
                _ => None,
            };
            match verdict {
                Some(true) => {}
                Some(false) => return Ok(false),
                None => {
                    let (vi, en) = ("điều kiện không cho kết quả đúng/sai", "the condition is not a Boolean");
                    return Err(at_run(&source.place, "view-condition", vi, en));
                }
            }
        }
        Ok(true)
    }

    /// Leaves the items of an expression in `items`.
    fn evaluate(&mut self, source: &'a Source, focus: &Item<'a>) -> Run {
        self.spend(1, source)?;
        source.program.evaluate_into(focus, &self.environment, &mut self.steps, &mut self.items).map_err(
            |error| {
                let mut outcome = Outcome::from(error).at(source.place.clone());
                outcome.kind = yba_fhir::Kind::Unprocessable;
                outcome
            },
        )
    }

    fn spend(&mut self, steps: u64, source: &Source) -> Run {
        match self.steps.checked_sub(steps) {
            Some(left) => {
                self.steps = left;
                Ok(())
            }
            None => Err(limit(&source.place, "số bước", "steps")),
        }
    }

    /// The rows of a select on one item of what is around it.
    fn select(&mut self, select: &'a Select, focus: &Item<'a>) -> Run<Table<'a>> {
        let mut table = Table::default();
        let foci = match &select.each {
            Each::Here => {
                self.rows_of(select, focus, &mut table)?;
                return Ok(table);
            }
            Each::Items(source) | Each::ItemsOrNull(source) => {
                self.evaluate(source, focus)?;
                std::mem::take(&mut self.items)
            }
            Each::Repeat(sources) => {
                let mut found = Vec::new();
                self.repeat(sources, focus, 0, &mut found)?;
                found
            }
        };
        let outer = self.row_index();
        for (position, item) in foci.iter().enumerate() {
            self.set_row_index(position as i32);
            self.rows_of(select, item, &mut table)?;
        }
        self.set_row_index(outer);
        if foci.is_empty() && matches!(select.each, Each::ItemsOrNull(_)) {
            let null = |cell: &Option<Item<'static>>| cell.clone().map_or(Cell::Null, Cell::One);
            table.cells.extend(select.null_row.iter().map(null));
            self.hold(select.width())?;
            table.rows = 1;
        }
        Ok(table)
    }

    /// What the paths find, each thing before what is found in it.
    fn repeat(
        &mut self,
        sources: &'a [Source],
        focus: &Item<'a>,
        depth: usize,
        found: &mut Vec<Item<'a>>,
    ) -> Run {
        for source in sources {
            self.evaluate(source, focus)?;
            if self.items.is_empty() {
                continue;
            }
            if depth >= self.view.limits.repeat_depth {
                return Err(limit(&source.place, "số tầng của repeat", "depth of repeat"));
            }
            for item in std::mem::take(&mut self.items) {
                if found.len() >= self.view.limits.rows {
                    return Err(limit(&source.place, "số mục của repeat", "items of repeat"));
                }
                found.push(item.clone());
                self.repeat(sources, &item, depth + 1, found)?;
            }
        }
        Ok(())
    }

    /// Adds the rows of one item.
    fn rows_of(&mut self, select: &'a Select, focus: &Item<'a>, table: &mut Table<'a>) -> Run {
        let start = table.cells.len();
        for column in &select.columns {
            let cell = self.cell(column, focus)?;
            table.cells.push(cell);
        }
        self.hold(select.columns.len())?;
        let mut parts = Vec::new();
        for inner in &select.selects {
            parts.push((self.select(inner, focus)?, inner.width()));
        }
        if let Some(first) = select.union.first() {
            let mut all = Table::default();
            for branch in &select.union {
                let rows = self.select(branch, focus)?;
                all.cells.extend(rows.cells);
                all.rows += rows.rows;
            }
            parts.push((all, first.width()));
        }
        self.combine(select, parts, start, table)
    }

    /// Puts every combination of the parts beside the columns that stand at the end of the table.
    fn combine(
        &mut self,
        select: &Select,
        mut parts: Vec<(Table<'a>, usize)>,
        start: usize,
        table: &mut Table<'a>,
    ) -> Run {
        let rows = parts.iter().try_fold(1usize, |rows, (part, _)| rows.checked_mul(part.rows));
        let rows = rows.filter(|rows| *rows <= self.view.limits.rows.saturating_sub(table.rows));
        let Some(rows) = rows else { return Err(limit("ViewDefinition.select", "số dòng", "rows")) };
        if rows == 0 {
            table.cells.truncate(start);
            return Ok(());
        }
        table.rows += rows;
        if rows == 1 {
            parts.iter_mut().for_each(|(part, _)| table.cells.append(&mut part.cells));
            return Ok(());
        }
        self.hold(rows.saturating_mul(select.width()))?;
        let head: Vec<Cell<'a>> = table.cells.drain(start..).collect();
        for row in 0..rows {
            table.cells.extend_from_slice(&head);
            // The last part turns fastest.
            let mut turns = rows;
            for (part, width) in &parts {
                turns /= part.rows;
                let position = row / turns % part.rows;
                table.cells.extend_from_slice(&part.cells[position * width..][..*width]);
            }
        }
        Ok(())
    }

    fn cell(&mut self, column: &'a ColumnSource, focus: &Item<'a>) -> Run<Cell<'a>> {
        self.evaluate(&column.source, focus)?;
        for item in &self.items {
            if !column.wanted.admits_item(item) {
                return Err(wrong_type(column, item));
            }
        }
        if column.collection {
            return Ok(Cell::Many(self.items.drain(..).collect()));
        }
        match self.items.len() {
            0 => Ok(Cell::Null),
            1 => Ok(self.items.pop().filter(has_value).map_or(Cell::Null, Cell::One)),
            many => Err(at_run(
                &column.source.place,
                "view-collection",
                format!(
                    "cột “{}” có {many} giá trị nhưng không phải danh sách; dùng first(), join() hoặc collection",
                    column.name
                ),
                format!("column \"{}\" has {many} values but is no collection", column.name),
            )),
        }
    }

    fn hold(&mut self, cells: usize) -> Run {
        self.held = self.held.saturating_add(cells);
        if self.held > self.view.limits.cells {
            return Err(limit("ViewDefinition.select", "số ô", "cells"));
        }
        Ok(())
    }

    fn row_index(&self) -> i32 {
        match self.environment.variables.first().map(|(_, items)| items.as_slice()) {
            Some([Item::Integer(position)]) => *position,
            _ => 0,
        }
    }

    fn set_row_index(&mut self, position: i32) {
        if let Some((_, items)) = self.environment.variables.first_mut() {
            items.clear();
            items.push(Item::Integer(position));
        }
    }
}

/// A primitive may have extensions and no value.
fn has_value(item: &Item) -> bool {
    item.node().is_none_or(|node| node.value.is_some())
}

fn wrong_type(column: &ColumnSource, item: &Item) -> Outcome {
    let (name, found) = (&column.name, item.type_name());
    at_run(
        &column.source.place,
        "view-column-type",
        format!("cột “{name}” không nhận giá trị kiểu {found}; hãy xem “type” của cột"),
        format!("column \"{name}\" does not take a value of type {found}"),
    )
}

fn limit(place: &str, vi: &str, en: &str) -> Outcome {
    at_run(
        place,
        "view-limit",
        format!("một tài nguyên vượt giới hạn ({vi}); hãy thu hẹp định nghĩa"),
        format!("one resource exceeds the limit of {en}"),
    )
}
