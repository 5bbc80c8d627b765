//! XLSX files. What is unpacked is bounded before it is looked at, and cells are read one by one, so that a small file
//! that claims to be a huge one costs little.

use crate::grid::{Grid, TEXT_BYTES_MAX, too_much};
use calamine::{DataRef, ExcelDateTime, Reader, Xlsx, XlsxError};
use std::io::{Cursor, Read};
use yba_fhir::{Kind, Outcome};

/// Most bytes of all parts of a workbook, unpacked.
const UNPACKED_BYTES_MAX: u64 = 512 << 20;
/// Most parts, and most sheets that are looked at.
const PARTS_MAX: usize = 2_000;
const SHEETS_MAX: usize = 64;

/// The sheets of a workbook, or the one of this name.
pub fn read(bytes: Vec<u8>, sheet: Option<&str>) -> Result<Vec<Grid>, Outcome> {
    check_size(&bytes)?;
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).map_err(|error| broken(&error))?;
    let (mut grids, mut left) = (Vec::new(), TEXT_BYTES_MAX);
    for name in book.sheet_names().into_iter().take(SHEETS_MAX) {
        if sheet.is_some_and(|wanted| wanted != name) {
            // Kept by name, so that whoever misspelled one is told which there are.
            grids.push(Grid::new(name));
            continue;
        }
        match grid(&mut book, &name, &mut left) {
            Ok(grid) => grids.push(grid),
            Err(Stop::Refused(outcome)) => return Err(*outcome),
            // A sheet of charts has no cells.
            Err(Stop::Broken(XlsxError::NotAWorksheet(_))) => {}
            Err(Stop::Broken(error)) => return Err(broken(&error)),
        }
    }
    Ok(grids)
}

enum Stop {
    Refused(Box<Outcome>),
    Broken(XlsxError),
}

fn grid(book: &mut Xlsx<Cursor<Vec<u8>>>, name: &str, left: &mut usize) -> Result<Grid, Stop> {
    let mut grid = Grid::new(name);
    let mut cells = book.worksheet_cells_reader(name).map_err(Stop::Broken)?;
    while let Some(cell) = cells.next_cell().map_err(Stop::Broken)? {
        let (row, column) = cell.get_position();
        let Some((text, is_number)) = text_of(cell.get_value()) else { continue };
        let refused = |outcome| Stop::Refused(Box::new(outcome));
        *left = left.checked_sub(text.len()).ok_or_else(|| {
            refused(too_much(format!("chữ trong tệp nhiều quá {} MB", TEXT_BYTES_MAX >> 20)))
        })?;
        grid.set(row as usize, column as usize, &text, is_number).map_err(refused)?;
    }
    Ok(grid)
}

/// What a person sees in a cell, and whether it is a number.
fn text_of(value: &DataRef) -> Option<(String, bool)> {
    match value {
        DataRef::Empty | DataRef::Error(_) => None,
        DataRef::String(text) => Some((text.clone(), false)),
        DataRef::SharedString(text) => Some(((*text).to_owned(), false)),
        DataRef::Int(number) => Some((number.to_string(), true)),
        DataRef::Float(number) => Some((number.to_string(), true)),
        DataRef::Bool(flag) => Some((if *flag { "1" } else { "0" }.to_owned(), true)),
        DataRef::DateTime(moment) => Some((day(moment), false)),
        DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => Some((text.clone(), false)),
    }
}

fn day(moment: &ExcelDateTime) -> String {
    let (year, month, day, ..) = moment.to_ymd_hms_milli();
    format!("{year:04}-{month:02}-{day:02}")
}

/// Unpacks everything once, counting, whatever sizes the archive names.
fn check_size(bytes: &[u8]) -> Result<(), Outcome> {
    let torn = |error: zip::result::ZipError| not_xlsx(&error.to_string());
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).map_err(torn)?;
    if archive.len() > PARTS_MAX {
        return Err(too_much(format!("tệp có hơn {PARTS_MAX} phần")));
    }
    let mut left = UNPACKED_BYTES_MAX;
    for at in 0..archive.len() {
        let part = archive.by_index(at).map_err(torn)?;
        let read = std::io::copy(&mut part.take(left + 1), &mut std::io::sink())
            .map_err(|error| not_xlsx(&error.to_string()))?;
        left = left
            .checked_sub(read)
            .ok_or_else(|| too_much(format!("tệp mở ra lớn quá {} MB", UNPACKED_BYTES_MAX >> 20)))?;
    }
    Ok(())
}

/// A file of the format before 2007, or one with a password, which is packed in that format.
pub fn old_or_locked(bytes: &[u8]) -> Outcome {
    let name: Vec<u8> = "EncryptedPackage".encode_utf16().flat_map(u16::to_le_bytes).collect();
    match bytes.windows(name.len()).any(|window| window == name) {
        true => locked(),
        false => {
            let text = "Đây là tệp Excel kiểu cũ (.xls). Hãy mở bằng Excel và lưu lại thành .xlsx.";
            Outcome::new(Kind::Unsupported, "sheet-old", text, "a compound file: Excel 97-2003")
        }
    }
}

fn locked() -> Outcome {
    let text = "Tệp có mật khẩu. Hãy mở bằng Excel, bỏ mật khẩu (Tệp > Thông tin > Bảo vệ), rồi lưu lại.";
    Outcome::new(Kind::Unsupported, "sheet-locked", text, "the workbook is encrypted")
}

fn broken(error: &XlsxError) -> Outcome {
    match error {
        XlsxError::Password => locked(),
        other => not_xlsx(&other.to_string()),
    }
}

fn not_xlsx(detail: &str) -> Outcome {
    let text = "Tệp hỏng hoặc không phải .xlsx. Hãy mở bằng Excel và lưu lại thành tệp mới.";
    Outcome::invalid("sheet-broken", text, format!("not a readable workbook: {detail}"))
}
