//! The row with the titles of columns: found by content's maps, wherever it stands.

use crate::grid::Grid;
use std::collections::BTreeMap;
use yba_content::{Field, Spreadsheet};
use yba_fhir::Outcome;
use yba_fhir::text::fold;

/// How far down a sheet the header is looked for: decisions put letterheads above their tables.
const ROWS_LOOKED_AT: usize = 60;

/// A header that was found.
#[derive(Debug, Clone)]
pub struct Header<'a> {
    pub grid: &'a Grid,
    pub layout: &'a Spreadsheet,
    /// The first row below the titles.
    pub first_row: usize,
    pub columns: BTreeMap<Field, usize>,
}

/// The header that knows most columns; of equals the first.
pub fn find<'a>(grids: &[&'a Grid], layouts: &[&'a Spreadsheet]) -> Option<Header<'a>> {
    let mut best: Option<Header<'a>> = None;
    for grid in grids {
        for layout in layouts {
            for row in 0..grid.len().min(ROWS_LOOKED_AT) {
                // Titles of two rows, one below a merged cell, are read as one row.
                for height in [1, 2] {
                    let columns = columns_of(grid, layout, row, height);
                    let complete = columns.contains_key(&Field::Code) && columns.contains_key(&Field::Title);
                    let better = best.as_ref().is_none_or(|best| columns.len() > best.columns.len());
                    if complete && better {
                        best = Some(Header { grid, layout, first_row: row + height, columns });
                    }
                }
            }
        }
    }
    best
}

fn columns_of(grid: &Grid, layout: &Spreadsheet, row: usize, height: usize) -> BTreeMap<Field, usize> {
    let width = (row..row + height).map(|row| grid.row(row).len()).max().unwrap_or(0);
    let title = |column: usize| {
        let below = (row..row + height).rev().map(|row| grid.text(row, column));
        below.filter(|text| !text.is_empty()).map(fold).next().unwrap_or_default()
    };
    let titles: Vec<String> = (0..width).map(title).collect();
    let mut columns = BTreeMap::new();
    for (field, known) in &layout.columns {
        // The spelling that stands first in the map counts most, and of equal titles the column that comes first.
        let found = known.iter().find_map(|name| titles.iter().position(|title| title == name));
        if let Some(column) = found.filter(|column| !columns.values().any(|taken| taken == column)) {
            columns.insert(*field, column);
        }
    }
    columns
}

/// What to say when no header was found: what was looked for, and which titles came nearest.
pub fn not_found(grids: &[&Grid], layouts: &[&Spreadsheet]) -> Outcome {
    let wanted = |field: Field| {
        let names = layouts.iter().filter_map(|layout| layout.columns.get(&field)).flatten();
        names.take(4).map(|name| format!("“{name}”")).collect::<Vec<_>>().join(", ")
    };
    let names: Vec<&str> = grids.iter().map(|grid| grid.name.as_str()).take(8).collect();
    let text = format!(
        "Không thấy dòng tiêu đề trong {ROWS_LOOKED_AT} dòng đầu của trang {}. Cần một cột mã (như {}) và một cột tên \
         (như {}). Nếu tệp dùng tiêu đề khác, thêm tiêu đề đó vào maps/spreadsheets/.",
        names.join(", "),
        wanted(Field::Code),
        wanted(Field::Title)
    );
    Outcome::invalid("sheet-no-header", text, "no row has the titles of a known layout")
}
