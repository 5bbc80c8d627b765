//! Short ways to make a workbook and to import it.

use rust_xlsxwriter::{ExcelDateTime, Format, Workbook};
use std::path::PathBuf;
use tempfile::TempDir;
use yba_content::{Content, Day};
use yba_fhir::Outcome;
use yba_sheets::Imported;

/// What a test puts into a cell.
pub enum Put {
    Text(&'static str),
    Number(f64),
    /// A cell of Excel's own date type.
    Date(u16, u8, u8),
}

impl From<&'static str> for Put {
    fn from(text: &'static str) -> Put {
        Put::Text(text)
    }
}

pub struct Book {
    /// Goes away with the book.
    #[allow(dead_code)]
    pub folder: TempDir,
    pub path: PathBuf,
}

/// A workbook of these sheets.
pub fn book(sheets: Vec<(&str, Vec<Vec<Put>>)>) -> Book {
    let mut workbook = Workbook::new();
    let as_date = Format::new().set_num_format("dd/mm/yyyy");
    for (name, rows) in sheets {
        let sheet = workbook.add_worksheet();
        sheet.set_name(name).unwrap();
        for (row, cells) in rows.into_iter().enumerate() {
            for (column, cell) in cells.into_iter().enumerate() {
                let (row, column) = (row as u32, column as u16);
                match cell {
                    Put::Text(text) => sheet.write_string(row, column, text).unwrap(),
                    Put::Number(number) => sheet.write_number(row, column, number).unwrap(),
                    Put::Date(year, month, day) => {
                        let date = ExcelDateTime::from_ymd(year, month, day).unwrap();
                        sheet.write_datetime_with_format(row, column, &date, &as_date).unwrap()
                    }
                };
            }
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bang.xlsx");
    workbook.save(&path).unwrap();
    Book { folder, path }
}

/// A row of text cells.
pub fn texts(cells: &[&'static str]) -> Vec<Put> {
    cells.iter().map(|text| Put::Text(text)).collect()
}

pub fn day(text: &str) -> Day {
    Day::parse(text).unwrap()
}

pub fn import(book: &Book, list: &str, sheet: Option<&str>) -> Result<Imported, Outcome> {
    let grids = yba_sheets::read(&book.path, sheet)?;
    yba_sheets::import(&grids, &Content::built_in(), list, sheet, day("2026-07-01"))
}

/// Rows as `code|title|from|to|price|unit`.
pub fn shown(found: &Imported) -> Vec<String> {
    let day = |day: Option<Day>| day.map(|day| day.to_string()).unwrap_or_default();
    let row = |row: &yba_sheets::rows::Row| {
        [&row.code, &row.title, &day(row.from), &day(row.to), &row.price, &row.unit]
            .map(String::as_str)
            .join("|")
    };
    found.rows.iter().map(row).collect()
}
