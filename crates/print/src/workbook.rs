//! Registers and reports as workbooks: dates are dates, numbers are numbers, and what somebody typed is text whatever it
//! begins with. <https://ecma-international.org/publications-and-standards/standards/ecma-376/>

use crate::paper::{Cell, Paper};
use rust_xlsxwriter::{ExcelDateTime, Format, FormatAlign, FormatBorder, Workbook, Worksheet, XlsxError};
use yba_fhir::{Day, Outcome};
use yba_fhirpath::Decimal;
use yba_ui::format;

/// Most letters of a cell, by the format.
const LETTERS_MAX: usize = 32_767;
/// The row of titles: what stands above says what the table is.
pub const HEAD: u32 = 6;

/// The paper as an `.xlsx` file.
pub fn write(paper: &Paper) -> Result<Vec<u8>, Outcome> {
    written(paper).map_err(|error| Outcome::fault(format!("a workbook could not be written: {error}")))
}

fn written(paper: &Paper) -> Result<Vec<u8>, XlsxError> {
    let mut workbook = Workbook::new();
    let looks = Looks::new();
    let sheet = workbook.add_worksheet();
    // What a sheet may not be called is told apart by a dash.
    let name: String =
        paper.form.chars().map(|one| if one.is_alphanumeric() || one == '.' { one } else { '-' }).collect();
    sheet.set_name(if name.is_empty() { "Y Bạ".to_owned() } else { name.chars().take(31).collect() })?;
    about(sheet, paper, &looks)?;
    for (at, column) in (0..).zip(&paper.columns) {
        sheet.write_string_with_format(HEAD, at, bounded(&column.title), &looks.head)?;
        sheet.set_column_width(at, width(paper, usize::from(at)))?;
    }
    for (row, line) in (HEAD + 1..).zip(&paper.lines) {
        for (at, cell) in (0..).zip(&line.cells) {
            put(sheet, row, at, cell, &looks)?;
        }
    }
    sheet.set_freeze_panes(HEAD + 1, 0)?;
    if paper.is_report {
        sheet.set_portrait()
    } else {
        sheet.set_landscape()
    };
    sheet.set_paper_size(9).set_repeat_rows(HEAD, HEAD)?;
    sheet.set_print_fit_to_pages(1, 0);
    workbook.save_to_buffer()
}

struct Looks {
    title: Format,
    head: Format,
    text: Format,
    number: Format,
    day: Format,
    moment: Format,
}

impl Looks {
    fn new() -> Looks {
        let plain = || Format::new().set_border(FormatBorder::Thin).set_align(FormatAlign::Top);
        Looks {
            title: Format::new().set_bold().set_font_size(14),
            head: plain().set_bold().set_text_wrap().set_align(FormatAlign::Center),
            text: plain().set_text_wrap(),
            number: plain(),
            day: plain().set_num_format("dd/mm/yyyy"),
            moment: plain().set_num_format("dd/mm/yyyy hh:mm"),
        }
    }
}

fn about(sheet: &mut Worksheet, paper: &Paper, looks: &Looks) -> Result<(), XlsxError> {
    sheet.write_string_with_format(0, 0, bounded(&paper.title), &looks.title)?;
    let place = if paper.place.name.is_empty() { "Tất cả cơ sở" } else { &paper.place.name };
    let closed = paper.closed_at.as_deref().map(format::date_time);
    let closed = closed.map_or(String::new(), |at| format!(", số đã khóa lúc {at}"));
    let days = [paper.days.0, paper.days.1].map(|day| format::date(&day.to_string()));
    for (row, text) in [
        (1, place.to_owned()),
        (2, format!("Mẫu {}{closed}", paper.form)),
        (3, format!("Kỳ: {} (từ {} đến {})", paper.period, days[0], days[1])),
        (4, format!("Mã kiểm nguồn số liệu: {} ({} dòng sổ)", paper.checksum, paper.rows)),
    ] {
        sheet.write_string(row, 0, bounded(&text))?;
    }
    Ok(())
}

fn put(sheet: &mut Worksheet, row: u32, at: u16, cell: &Cell, looks: &Looks) -> Result<(), XlsxError> {
    match cell {
        Cell::Empty => sheet.write_blank(row, at, &looks.text)?,
        // A string is never a formula: it stands in the file as a string.
        Cell::Text(text) => sheet.write_string_with_format(row, at, bounded(text), &looks.text)?,
        Cell::Number(number) => match exact(*number) {
            Some(exact) => sheet.write_number_with_format(row, at, exact, &looks.number)?,
            None => sheet.write_string_with_format(row, at, number.to_string(), &looks.text)?,
        },
        Cell::Day(day) => match serial(*day, 0, 0) {
            Some(serial) => sheet.write_datetime_with_format(row, at, &serial, &looks.day)?,
            None => sheet.write_string_with_format(row, at, cell.words(), &looks.text)?,
        },
        Cell::Moment(_) => match moment(&cell.words()) {
            Some(serial) => sheet.write_datetime_with_format(row, at, &serial, &looks.moment)?,
            None => sheet.write_string_with_format(row, at, cell.words(), &looks.text)?,
        },
    };
    Ok(())
}

/// A number that a spreadsheet holds without losing a digit: of fifteen digits at most.
fn exact(number: Decimal) -> Option<f64> {
    let text = number.normalize().to_string();
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    if digits > 15 { None } else { text.parse().ok() }
}

/// A day as spreadsheets count it; none before 1900, which they do not know.
fn serial(day: Day, hour: u16, minute: u8) -> Option<ExcelDateTime> {
    let year = u16::try_from(day.year()).ok().filter(|year| *year >= 1900)?;
    let date = ExcelDateTime::from_ymd(year, day.month() as u8, day.day() as u8).ok()?;
    date.and_hms(hour, minute, 0.0).ok()
}

/// `26/11/2026 07:30`, the hour as it was in Vietnam.
fn moment(words: &str) -> Option<ExcelDateTime> {
    let (day, clock) = words.split_once(' ')?;
    let mut parts = day.split('/');
    let (d, m, y) = (parts.next()?, parts.next()?, parts.next()?);
    let day = Day::new(y.parse().ok()?, m.parse().ok()?, d.parse().ok()?)?;
    let (hour, minute) = clock.split_once(':')?;
    serial(day, hour.parse().ok()?, minute.parse().ok()?)
}

fn bounded(text: &str) -> String {
    text.chars().take(LETTERS_MAX).collect()
}

/// As wide as what usually stands in it, in letters.
fn width(paper: &Paper, at: usize) -> f64 {
    let title = paper.columns[at].title.chars().count().min(16);
    let cells = paper.lines.iter().filter_map(|line| line.cells.get(at));
    let longest = cells.map(|cell| cell.words().chars().count()).max().unwrap_or_default();
    (longest.clamp(title, 44) + 2) as f64
}
