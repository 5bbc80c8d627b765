//! The rows below a header as codes, and what is wrong with the others.

use crate::cell;
use crate::grid::{Cell, column_name};
use crate::header::Header;
use std::collections::{HashMap, HashSet};
use std::fmt;
use yba_content::{Day, Field};

/// Most troubles that are told one by one.
const TROUBLES_MAX: usize = 1_000;

/// One code of the edition.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Row {
    pub code: String,
    pub title: String,
    pub english: String,
    pub note: String,
    pub parent: String,
    pub from: Option<Day>,
    pub to: Option<Day>,
    /// Plain digits, in đồng.
    pub price: String,
    pub unit: String,
    /// Where it stood, counted from 1.
    pub line: usize,
}

/// A cell that cannot be used, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    pub sheet: String,
    /// Counted from 1, as spreadsheets do.
    pub row: usize,
    /// `C`; empty when it concerns the whole row.
    pub column: String,
    pub text: String,
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "trang “{}”, ô {}{}: {}", self.sheet, self.column, self.row, self.text)
    }
}

/// What a sheet held.
#[derive(Debug, Clone, Default)]
pub struct Imported {
    pub rows: Vec<Row>,
    /// The first of them; `refused` counts all.
    pub troubles: Vec<Trouble>,
    /// Rows that cannot be used.
    pub refused: usize,
    /// Headings of groups, and the row that numbers the columns.
    pub headings: usize,
    /// Rows of a code that were over before the edition begins, beside one that is not.
    pub outdated: usize,
}

/// Reads all rows. Of a code with several periods the one in force on `from` counts.
pub fn read(header: &Header, from: Day) -> Imported {
    let mut reading = Reading { header, found: Imported::default() };
    let mut by_code: HashMap<String, Vec<usize>> = HashMap::new();
    let mut rows = Vec::new();
    for at in header.first_row..header.grid.len() {
        if let Some(row) = reading.row(at) {
            by_code.entry(row.code.clone()).or_default().push(rows.len());
            rows.push(row);
        }
    }
    let mut kept = vec![true; rows.len()];
    let mut several: Vec<&Vec<usize>> = by_code.values().filter(|all| all.len() > 1).collect();
    several.sort();
    for all in several {
        reading.one_of(&rows, all, from, &mut kept);
    }
    let mut found = reading.found;
    found.rows = rows.into_iter().zip(kept).filter_map(|(row, kept)| kept.then_some(row)).collect();
    found.troubles.sort_by_key(|trouble| trouble.row);
    drop_parents_elsewhere(&mut found.rows);
    found
}

/// A code above that is of another list, or the code itself, as tables name them, says nothing within this one.
fn drop_parents_elsewhere(rows: &mut [Row]) {
    let codes: HashSet<String> = rows.iter().map(|row| row.code.clone()).collect();
    for row in rows {
        if row.parent == row.code || !codes.contains(&row.parent) {
            row.parent.clear();
        }
    }
}

struct Reading<'a> {
    header: &'a Header<'a>,
    found: Imported,
}

impl Reading<'_> {
    fn cell(&self, row: usize, field: Field) -> Cell {
        let column = self.header.columns.get(&field);
        column.and_then(|column| self.header.grid.row(row).get(*column)).cloned().unwrap_or_default()
    }

    fn trouble(&mut self, row: usize, field: Option<Field>, text: impl Into<String>) {
        if self.found.troubles.len() < TROUBLES_MAX {
            let column = field.and_then(|field| self.header.columns.get(&field));
            self.found.troubles.push(Trouble {
                sheet: self.header.grid.name.clone(),
                row: row + 1,
                column: column.map(|column| column_name(*column)).unwrap_or_default(),
                text: text.into(),
            });
        }
    }

    /// One row; `None` when it is empty, a heading, or cannot be used.
    fn row(&mut self, at: usize) -> Option<Row> {
        if self.header.grid.row(at).is_empty() {
            return None;
        }
        if self.is_heading(at) {
            self.found.headings += 1;
            return None;
        }
        let before = self.found.refused;
        let row = Row {
            code: self.code(at),
            title: self.title(at),
            english: self.cell(at, Field::English).text,
            note: self.cell(at, Field::Note).text,
            parent: self.without_signs(&self.cell(at, Field::Parent).text),
            from: self.day(at, Field::From),
            to: self.day(at, Field::To),
            price: self.price(at),
            unit: self.cell(at, Field::Unit).text,
            line: at + 1,
        };
        if let (Some(first), Some(last)) = (row.from, row.to)
            && last < first
        {
            self.refuse(
                at,
                Field::To,
                format!("ngày hết hiệu lực {last} trước ngày bắt đầu {first}; hãy sửa một trong hai"),
            );
        }
        if self.found.refused > before {
            // A row is refused once, however much is wrong with it.
            self.found.refused = before + 1;
            return None;
        }
        Some(row)
    }

    fn refuse(&mut self, row: usize, field: Field, text: impl Into<String>) {
        self.found.refused += 1;
        self.trouble(row, Some(field), text);
    }

    /// The name of a group, which has no code; or the numbers of columns, as decisions print them below the titles.
    fn is_heading(&self, at: usize) -> bool {
        let (code, title) = (self.cell(at, Field::Code).text, self.cell(at, Field::Title).text);
        let numbers = |text: &str| {
            let inner = text.trim_start_matches('(').trim_end_matches(')');
            (1..=2).contains(&inner.len()) && inner.bytes().all(|byte| byte.is_ascii_digit())
        };
        let texts = self.header.grid.row(at).iter().filter(|cell| !cell.text.is_empty()).count();
        (numbers(&code) && numbers(&title))
            || (code.is_empty() && texts <= 2)
            || (texts == 1 && title.is_empty())
    }

    fn without_signs(&self, code: &str) -> String {
        code.chars().filter(|letter| !self.header.layout.code_without.contains(*letter)).collect()
    }

    fn code(&mut self, at: usize) -> String {
        let cell = self.cell(at, Field::Code);
        let code = self.without_signs(&cell.text);
        if code.is_empty() {
            self.refuse(at, Field::Code, "thiếu mã; hãy điền mã, hoặc xóa dòng");
        } else if cell.is_number && code.contains(['.', 'e', 'E']) {
            let text = format!(
                "mã {code} là ô kiểu số nên có thể đã mất số 0 (40.10 thành 40.1); hãy lấy bản gốc có cột mã kiểu chữ (Text)"
            );
            self.refuse(at, Field::Code, text);
        } else if !self.header.layout.fits(&code) {
            let text = format!("mã “{code}” không đúng dạng của danh mục này; hãy sửa mã, hoặc xóa dòng");
            self.refuse(at, Field::Code, text);
        }
        code
    }

    fn title(&mut self, at: usize) -> String {
        let title = self.cell(at, Field::Title).text;
        if title.is_empty() {
            self.refuse(at, Field::Title, "thiếu tên; hãy điền tên, hoặc xóa dòng");
        }
        title
    }

    fn day(&mut self, at: usize, field: Field) -> Option<Day> {
        let text = self.cell(at, field).text;
        let day = cell::day(&text);
        if day.is_none() && !text.is_empty() {
            self.refuse(at, field, format!("“{text}” không phải một ngày; hãy viết như 01/07/2026"));
        }
        day
    }

    fn price(&mut self, at: usize) -> String {
        let text = self.cell(at, Field::Price).text;
        let price = cell::amount(&text);
        if price.is_none() && !text.is_empty() {
            self.refuse(at, Field::Price, format!("“{text}” không phải một số tiền; hãy viết như 45900"));
        }
        price.unwrap_or_default()
    }

    /// Keeps one of the rows of a code.
    fn one_of(&mut self, rows: &[Row], all: &[usize], from: Day, kept: &mut [bool]) {
        let in_force =
            |row: &Row| row.from.is_none_or(|first| first <= from) && row.to.is_none_or(|last| last >= from);
        let current: Vec<usize> = all.iter().copied().filter(|at| in_force(&rows[*at])).collect();
        // None in force on the day: they are looked at as they stand.
        let candidates = if current.is_empty() { all.to_vec() } else { current };
        let first = candidates[0];
        let same =
            |at: &usize| Row { line: 0, ..rows[*at].clone() } == Row { line: 0, ..rows[first].clone() };
        all.iter().for_each(|at| kept[*at] = *at == first);
        if candidates.iter().all(same) {
            self.found.outdated += all.len() - candidates.len();
            return;
        }
        let lines: Vec<String> = candidates.iter().map(|at| rows[*at].line.to_string()).collect();
        let code = &rows[first].code;
        let text = format!(
            "mã {code} có nhiều dòng khác nhau ({}); hãy giữ một dòng, hoặc ghi ngày hiệu lực không chồng nhau",
            lines.join(", ")
        );
        self.refuse(rows[candidates[1]].line - 1, Field::Code, text);
    }
}
