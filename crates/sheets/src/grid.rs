//! A table of text cells, whatever file it came from. Rows and columns are counted from 0 here, from 1 and A for people.

use crate::xlsx;
use std::path::Path;
use yba_fhir::{Kind, Outcome};

/// Largest file.
pub const FILE_BYTES_MAX: u64 = 64 << 20;
/// Most rows of a sheet, as many as a list of content may have.
pub const ROWS_MAX: usize = 200_000;
/// Most columns that are looked at.
pub const COLUMNS_MAX: usize = 256;
/// Longest cell, in bytes.
pub const CELL_BYTES_MAX: usize = 8_000;
/// Most text of a file in all.
pub const TEXT_BYTES_MAX: usize = 128 << 20;

/// One cell.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Cell {
    /// Trimmed, with single spaces.
    pub text: String,
    /// It was a number in the file, and so may have lost zeros that a person sees.
    pub is_number: bool,
}

/// One sheet.
#[derive(Debug, Clone, Default)]
pub struct Grid {
    pub name: String,
    rows: Vec<Vec<Cell>>,
}

impl Grid {
    pub fn new(name: impl Into<String>) -> Grid {
        Grid { name: name.into(), rows: Vec::new() }
    }

    pub fn len(&self) -> usize {
        self.rows.len()
    }

    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The cells of a row up to its last one that has text.
    pub fn row(&self, row: usize) -> &[Cell] {
        self.rows.get(row).map_or(&[], Vec::as_slice)
    }

    pub fn text(&self, row: usize, column: usize) -> &str {
        self.row(row).get(column).map_or("", |cell| cell.text.as_str())
    }

    /// Sets a cell. Refuses what is beyond the bounds.
    pub fn set(&mut self, row: usize, column: usize, text: &str, is_number: bool) -> Result<(), Outcome> {
        let text = yba_fhir::text::tidy(text);
        if text.is_empty() || column >= COLUMNS_MAX {
            return Ok(());
        }
        if row >= ROWS_MAX {
            return Err(too_much(format!("trang “{}” có hơn {ROWS_MAX} dòng", self.name)));
        }
        if text.len() > CELL_BYTES_MAX {
            let place = format!("{}{}", column_name(column), row + 1);
            return Err(too_much(format!(
                "ô {place} của trang “{}” dài quá {CELL_BYTES_MAX} byte",
                self.name
            )));
        }
        if self.rows.len() <= row {
            self.rows.resize_with(row + 1, Vec::new);
        }
        let cells = &mut self.rows[row];
        if cells.len() <= column {
            cells.resize_with(column + 1, Cell::default);
        }
        cells[column] = Cell { text, is_number };
        Ok(())
    }
}

/// The name people know a column by: A, B, …, Z, AA.
pub fn column_name(column: usize) -> String {
    let (mut rest, mut name) = (column + 1, String::new());
    while rest > 0 {
        rest -= 1;
        name.insert(0, (b'A' + (rest % 26) as u8) as char);
        rest /= 26;
    }
    name
}

/// Reads a file: XLSX by its content, else CSV. With `sheet`, other sheets of a workbook are not looked at.
pub fn read(path: &Path, sheet: Option<&str>) -> Result<Vec<Grid>, Outcome> {
    let unreadable = |error: std::io::Error| {
        let text = format!("Không đọc được tệp {}: {error}.", path.display());
        Outcome::new(Kind::NotFound, "sheet-unreadable", text, format!("{}: {error}", path.display()))
    };
    let length = std::fs::metadata(path).map_err(unreadable)?.len();
    if length > FILE_BYTES_MAX {
        return Err(too_much(format!("tệp lớn quá {} MB", FILE_BYTES_MAX >> 20)));
    }
    let bytes = std::fs::read(path).map_err(unreadable)?;
    match bytes.as_slice() {
        [0xd0, 0xcf, 0x11, 0xe0, ..] => Err(xlsx::old_or_locked(&bytes)),
        [b'P', b'K', ..] => xlsx::read(bytes, sheet),
        _ => Ok(vec![csv(&bytes)?]),
    }
}

fn csv(bytes: &[u8]) -> Result<Grid, Outcome> {
    let text = std::str::from_utf8(bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes)).map_err(|_| {
        let text =
            "Tệp không phải XLSX, cũng không phải CSV mã UTF-8. Hãy lưu lại thành .xlsx, hoặc CSV UTF-8.";
        Outcome::invalid("sheet-encoding", text, "neither a zip archive nor UTF-8")
    })?;
    if text.contains('\0') {
        let text = "Tệp không phải bảng tính. Hãy lưu lại thành .xlsx, hoặc CSV UTF-8.";
        return Err(Outcome::invalid("sheet-encoding", text, "U+0000 in a text file"));
    }
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(delimiter(text))
        .from_reader(text.as_bytes());
    let mut grid = Grid::new("CSV");
    for (row, record) in reader.records().enumerate() {
        let record = record.map_err(|error| {
            let text = format!("Tệp CSV hỏng ở dòng {}: không đọc được.", row + 1);
            Outcome::invalid("sheet-broken", text, error.to_string())
        })?;
        for (column, cell) in record.iter().enumerate() {
            grid.set(row, column, cell, false)?;
        }
    }
    Ok(grid)
}

/// What parts the cells: of comma, semicolon and tab the one that the first lines have most of.
fn delimiter(text: &str) -> u8 {
    let head: Vec<&str> = text.lines().take(20).collect();
    let count =
        |sign: &u8| head.iter().map(|line| line.bytes().filter(|byte| byte == sign).count()).sum::<usize>();
    [b'\t', b';', b','].into_iter().max_by_key(count).unwrap_or(b',')
}

/// A file that is more than a list of codes can be.
pub(crate) fn too_much(what: String) -> Outcome {
    let text = format!("Không nhập được: {what}. Hãy tách tệp, hoặc bỏ bớt trang và cột không cần.");
    Outcome::new(Kind::TooLarge, "sheet-too-large", text, "the spreadsheet exceeds the bounds of an import")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_have_the_names_of_spreadsheets() {
        for (column, name) in
            [(0, "A"), (25, "Z"), (26, "AA"), (51, "AZ"), (52, "BA"), (701, "ZZ"), (702, "AAA")]
        {
            assert_eq!(column_name(column), name);
        }
    }

    #[test]
    fn csv_may_be_parted_by_comma_semicolon_or_tab() {
        for text in ["Mã,Tên\nA,\"x, y\"\n", "Mã;Tên\nA;x, y\n", "\u{feff}Mã\tTên\nA\tx, y\n"] {
            let grid = csv(text.as_bytes()).unwrap();
            assert_eq!((grid.text(0, 1), grid.text(1, 1)), ("Tên", "x, y"), "{text:?}");
        }
        assert_eq!(csv(b"\xff\xfe").unwrap_err().issues[0].key, "sheet-encoding");
        assert_eq!(csv(b"a\0b").unwrap_err().issues[0].key, "sheet-encoding");
    }

    #[test]
    fn bounds_are_told() {
        let mut grid = Grid::new("a");
        assert!(grid.set(ROWS_MAX - 1, 0, "x", false).is_ok());
        assert_eq!(grid.set(ROWS_MAX, 0, "x", false).unwrap_err().issues[0].key, "sheet-too-large");
        assert!(grid.set(0, 0, &"x".repeat(CELL_BYTES_MAX), false).is_ok());
        assert!(grid.set(0, 0, &"x".repeat(CELL_BYTES_MAX + 1), false).is_err());
        assert!(grid.set(0, COLUMNS_MAX, "x", false).is_ok());
        assert_eq!(grid.row(0).len(), 1, "columns beyond are not looked at");
        assert!(grid.set(ROWS_MAX * 5, 0, "", false).is_ok(), "nothing is nowhere");
    }
}
