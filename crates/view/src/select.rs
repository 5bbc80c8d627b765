//! The compiled view: a tree of selects whose columns lie side by side in the order of the table.

use crate::column::{Column, Wanted};
use crate::compile;
use yba_fhir::Outcome;
use yba_fhir::json::Value;
use yba_fhirpath::{Item, Program};

/// Bounds of a definition, and of what one resource may become.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Columns of all selects, each branch of a union counted.
    pub columns: usize,
    /// Selects, branches, constants and conditions together.
    pub parts: usize,
    /// Selects inside selects.
    pub depth: usize,
    /// Steps of all expressions on one resource, and as many items looked at one by one.
    pub steps: u64,
    /// How deep `repeat` goes.
    pub repeat_depth: usize,
    /// Rows one resource may give.
    pub rows: usize,
    /// Cells held for one resource.
    pub cells: usize,
    /// Bytes of text that the rows of one resource may have.
    pub text: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            columns: 1_000,
            parts: 1_000,
            depth: 16,
            steps: 10_000_000,
            repeat_depth: 64,
            rows: 100_000,
            cells: 1_000_000,
            text: 64 << 20,
        }
    }
}

/// What may still be spent on many resources together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Left {
    pub steps: u64,
    pub rows: usize,
}

impl Left {
    /// No bound but those of each resource.
    pub const UNBOUNDED: Left = Left { steps: u64::MAX, rows: usize::MAX };
}

/// A compiled ViewDefinition; shared by threads.
#[derive(Debug)]
pub struct View {
    pub(crate) name: Option<String>,
    pub(crate) url: Option<String>,
    pub(crate) title: Option<String>,
    pub(crate) resource: String,
    pub(crate) conditions: Vec<Source>,
    pub(crate) root: Select,
    pub(crate) columns: Vec<Column>,
    /// Whether some expression asks for `%rowIndex`.
    pub(crate) counts_rows: bool,
    pub(crate) limits: Limits,
}

/// An expression and its place in the definition.
#[derive(Debug)]
pub(crate) struct Source {
    pub place: String,
    pub program: Program,
}

/// Where a column's values come from.
#[derive(Debug)]
pub(crate) struct ColumnSource {
    pub source: Source,
    pub name: String,
    pub wanted: Wanted,
    pub collection: bool,
    /// Whether it is `%rowIndex` and nothing else.
    pub is_row_index: bool,
}

/// What a select is evaluated on.
#[derive(Debug)]
pub(crate) enum Each {
    /// What the select around it is evaluated on.
    Here,
    Items(Source),
    /// As `Items`, with a row of nulls when there are none.
    ItemsOrNull(Source),
    /// What these find, and what they find in that.
    Repeat(Vec<Source>),
}

#[derive(Debug)]
pub(crate) struct Select {
    pub each: Each,
    pub columns: Vec<ColumnSource>,
    pub selects: Vec<Select>,
    pub union: Vec<Select>,
    /// The row that stands for no items; as long as every other row.
    pub null_row: Vec<Option<Item<'static>>>,
}

impl View {
    /// Compiles a ViewDefinition. Refuses with all faults at once, each with its place in the definition.
    pub fn compile(definition: &Value) -> Result<View, Outcome> {
        View::compile_within(definition, Limits::default())
    }

    /// As [`View::compile`], with limits of the caller.
    pub fn compile_within(definition: &Value, limits: Limits) -> Result<View, Outcome> {
        compile::compile(definition, limits)
    }

    /// `ViewDefinition.name`: the name of the table.
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// `ViewDefinition.title`: for people.
    pub fn title(&self) -> Option<&str> {
        self.title.as_deref()
    }

    /// The canonical URL.
    pub fn url(&self) -> Option<&str> {
        self.url.as_deref()
    }

    /// The type of resource it gives rows for.
    pub fn resource(&self) -> &str {
        &self.resource
    }

    /// The columns in the order of the table.
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }
}
