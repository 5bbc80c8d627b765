//! Rows and numbers as CSV (RFC 4180), for spreadsheets.

use crate::period::Period;
use crate::register::Register;
use crate::report::Report;
use crate::row::Row;
use yba_fhirpath::Decimal;

/// What spreadsheets need at the beginning of a file to read Vietnamese.
pub const MARK: &str = "\u{feff}";

/// The line of titles of a register.
pub fn head(register: &Register, out: &mut String) {
    let own = ["STT", "Ngày"].into_iter();
    line(own.chain(register.columns.iter().map(|column| column.title.as_str())).map(str::to_owned), out);
}

/// Rows of a register; `number` is that of the first.
pub fn rows(register: &Register, rows: &[Row], number: usize, out: &mut String) {
    for (place, row) in rows.iter().enumerate() {
        let day = row.day.map(|day| format!("{:02}/{:02}/{}", day.day(), day.month(), day.year()));
        let own = [(number + place).to_string(), day.unwrap_or_default()];
        let cells = (0..register.columns.len()).map(|at| in_words(register, row, at));
        line(own.into_iter().chain(cells), out);
    }
}

/// What stands in a column, with what a code is called in place of the code.
pub fn in_words(register: &Register, row: &Row, column: usize) -> String {
    let text = row.text(column);
    match register.columns[column].words.get(&text) {
        Some(words) => words.clone(),
        None => text,
    }
}

/// A report: a line for each row of the grid, of cells by their place in it.
pub fn report(report: &Report, period: Period, cell: impl Fn(usize) -> Option<Decimal>, out: &mut String) {
    let title = format!("{} ({}), {}", report.about.title, report.about.form, period.title());
    line([title].into_iter(), out);
    let columns = report.columns.iter().map(|column| column.title.clone());
    line(std::iter::once(String::new()).chain(columns), out);
    let width = report.columns.len();
    for (r, row) in report.rows.iter().enumerate() {
        let cells = (r * width..(r + 1) * width).map(&cell);
        let cells = cells.map(|cell| cell.map(|number| number.to_string()).unwrap_or_default());
        line(std::iter::once(row.title.clone()).chain(cells), out);
    }
}

fn line(cells: impl Iterator<Item = String>, out: &mut String) {
    for (place, cell) in cells.enumerate() {
        if place > 0 {
            out.push(',');
        }
        write(&cell, out);
    }
    out.push_str("\r\n");
}

/// Quotes what must be quoted. What a spreadsheet would compute as a formula is made plain text: names come from outside.
fn write(cell: &str, out: &mut String) {
    let is_number = cell.parse::<f64>().is_ok();
    let starts = cell.starts_with(['=', '+', '-', '@', '\t']);
    let plain = if starts && !is_number { format!("'{cell}") } else { cell.to_owned() };
    if plain.contains(['"', ',', '\r', '\n']) {
        out.push('"');
        out.push_str(&plain.replace('"', "\"\""));
        out.push('"');
    } else {
        out.push_str(&plain);
    }
}

#[cfg(test)]
mod tests {
    use super::line;

    #[test]
    fn cells_are_quoted_and_no_formula_survives() {
        let rows: [(&[&str], &str); 3] = [
            (&["Lò Thị Mẫu", "Bản Nà Củng, xã Mẫu"], "Lò Thị Mẫu,\"Bản Nà Củng, xã Mẫu\"\r\n"),
            (&["a\"b", "", "hai\ndòng"], "\"a\"\"b\",,\"hai\ndòng\"\r\n"),
            (&["=1+1", "-5", "+84", "@x", "-"], "'=1+1,-5,+84,'@x,'-\r\n"),
        ];
        for (cells, expected) in rows {
            let mut out = String::new();
            line(cells.iter().map(|one| (*one).to_owned()), &mut out);
            assert_eq!(out, expected);
        }
    }
}
