//! Spreadsheets of code lists, as the Ministry and hospitals hand them out, become editions of content: a file is read
//! ([`grid`]), its header row found by the titles that content knows ([`header`]), its rows read as codes ([`rows`]),
//! compared with the edition before ([`difference`]) and written into a content folder ([`edition`]).
//!
//! It deliberately does not know: where a node keeps its folder, what a code means, the clock. A new layout of a file is
//! a map in `content/maps/spreadsheets/`, not code.
//!
//! Start reading at [`import`].

pub mod cell;
pub mod difference;
pub mod edition;
pub mod grid;
pub mod header;
pub mod rows;
mod xlsx;

pub use difference::Difference;
pub use edition::Edition;
pub use grid::{Grid, read};
pub use rows::{Imported, Trouble};

use yba_content::{Content, Day};
use yba_fhir::{Kind, Outcome};

/// Reads the sheet of a file that holds a list: the named one, or else the one whose header fits best.
///
/// Refuses a list that no map is about, and a file without a header row that any of its maps knows.
pub fn import(
    grids: &[Grid],
    content: &Content,
    list: &str,
    sheet: Option<&str>,
    from: Day,
) -> Result<Imported, Outcome> {
    let layouts: Vec<_> = content.spreadsheets().filter(|layout| layout.list == list).collect();
    if layouts.is_empty() {
        let known: Vec<&str> = content.spreadsheets().map(|layout| layout.list.as_str()).collect();
        let text = format!("Chưa có mẫu bảng tính cho danh mục “{list}”. Có: {}.", known.join(", "));
        return Err(Outcome::invalid("sheet-no-map", text, format!("no spreadsheet map for list {list}")));
    }
    let chosen: Vec<&Grid> = grids.iter().filter(|grid| sheet.is_none_or(|name| grid.name == name)).collect();
    if chosen.is_empty() {
        let names: Vec<&str> = grids.iter().map(|grid| grid.name.as_str()).collect();
        let text = format!("Tệp không có trang “{}”. Có: {}.", sheet.unwrap_or_default(), names.join(", "));
        return Err(Outcome::new(Kind::NotFound, "sheet-missing", text, "no sheet of that name"));
    }
    match header::find(&chosen, &layouts) {
        Some(header) => Ok(rows::read(&header, from)),
        None => Err(header::not_found(&chosen, &layouts)),
    }
}
